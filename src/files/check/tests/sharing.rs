//! What is kept once, and what is dropped early, changes nothing that the files say.

use super::*;

/// Files in which people and scopes come again, right and wrong, spelled alike and not.
const FILES: [&str; 5] = [
    "version: 1
groups:
  - name: One
    description: d
    roles: [{ role: Agent, scope: { company: globex } }, { role: Guide, scope: [{ company: globex }, { profile: [ana@x.example] }] }]
    members: [ana@x.example, Bo@X.example, { email: cy@x.example, until: 2027-01-31 }, { externalId: 7 }]
  - name: Two
    description: d
    roles: [{ role: Agent, scope: { company: globex, profile: [Ana@x.example] } }, { role: Guide, scope: { company: globex } }]
    members: [bo@x.example, ana@x.example]
",
    "version: 1
users: [{ user: ana@x.example, directRoles: [{ type: COMPANY_ADMIN, company: globex }] }]
removed: [{ group: Three, reason: r }]
",
    "version: 1
groups: [{ name: Four, description: d, roles: [], members: [ana@x.example, ANA@x.example, ana, ana] }]
",
    "version: 1
groups: [{ name: One, description: d, roles: [{ role: Agent, scope: { company: [] } }, { role: Agent, scope: {} }], members: [ana] }]
",
    "version: 1
company: 1a6f0000-0000-4000-8000-000000000009
api: { endpoint: sandbox, identity: { email: ana@x.example } }
groups: []
",
];

fn chosen(set: usize, in_workspace: bool) -> Files {
    let chosen: Vec<&str> = (0..FILES.len()).filter(|it| set >> it & 1 == 1).map(|it| FILES[it]).collect();
    let files = files(&chosen).unwrap();
    Files { workspace: files.workspace.filter(|_| in_workspace), ..files }
}

#[test]
fn what_is_dropped_early_was_checked_all_the_same() {
    for (set, in_workspace) in (0..1 << FILES.len()).flat_map(|it| [(it, true), (it, false)]) {
        let mut files = chosen(set, in_workspace);
        let apis = |it: &Files| format!("{:?}", it.access.iter().map(|it| &it.1.api).collect::<Vec<_>>());
        let (whole, before) = (format!("{:?}", check(&files)), apis(&files));
        assert_eq!(format!("{:?}", check_and_forget(&mut files)), whole, "{set:b} {in_workspace}");
        assert!(files.access.iter().all(|it| it.1.groups.is_absent()));
        assert_eq!(apis(&files), before, "settings are asked for later");
    }
}

#[test]
fn an_address_or_a_scope_that_comes_again_is_kept_once_and_a_wrong_one_found_each_time() {
    let declared = check(&chosen(1, true)).unwrap();
    let [one, two] = &declared.companies[0].groups[..] else { panic!("two groups") };
    assert!(Arc::ptr_eq(&one.grants.entries[0].scope, &two.grants.entries[1].scope));
    assert_ne!(one.grants.entries[0].scope, two.grants.entries[0].scope);
    let person = |group: &DeclaredGroup, n: usize| group.members.entries[n].person.clone();
    assert_eq!((person(one, 0), person(one, 1)), (person(two, 1), person(two, 0)));
    let said = |it: &DeclaredGroup, n: usize| match person(it, n) {
        PersonRef::Email(email) => email.as_str().as_ptr(),
        other => panic!("{other}"),
    };
    assert_eq!(said(one, 0), said(two, 1), "one text");

    let found = check(&chosen(1 << 2, true)).unwrap_err();
    assert_eq!(found.iter().filter(|it| it.code == Code::InvalidEmail).count(), 2);
    assert_eq!(found.iter().filter(|it| it.code == Code::DuplicateMember).count(), 1);
}
