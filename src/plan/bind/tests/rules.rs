//! Rules in ids, and people who are cut off everywhere.

use super::*;
use crate::model::{
    direct::{DirectRole, DirectRoles},
    rules::{ExceptionFor, Guard, HeldRole},
};

fn id(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

/// The world of the other tests, where `Other` holds bo as well, as the API says of bo.
fn snapshot_with_bo_elsewhere() -> Observed {
    let mut snapshot = snapshot();
    let company = &mut snapshot.companies[0];
    company.held = BTreeMap::from([(id(2), vec![GroupId(Uuid::from_u128(1)), GroupId(Uuid::from_u128(5))])]);
    company
        .contents
        .insert(GroupId(Uuid::from_u128(5)), Contents { members: [id(1), id(2)].into(), grants: Vec::new() });
    snapshot.direct = BTreeMap::from([(id(2), direct("GLOBAL_ADMIN")), (id(1), direct("GLOBAL_AGENT"))]);
    snapshot
}

fn direct(role_type: &'static str) -> DirectRoles {
    DirectRoles::new([DirectRole::new(role_type, None)])
}

const BO: &str = "lockout: [{ externalId: ext-2, since: 2026-11-20, reason: left }]\n";

/// Returns the plan of an access file in a workspace that says more, and what was odd.
fn cut(workspace: &str, access: &str, snapshot: &Observed) -> (Vec<String>, Vec<String>) {
    let bound = bound_by(workspace, access, snapshot).unwrap_or_else(|it| panic!("{it:?}"));
    let plan = diff::plan(&bound, snapshot);
    let remark = |it: &Finding| format!("{} {}", it.code, it.place.unwrap().line);
    (lines(&plan), plan.remarks.iter().map(remark).collect())
}

#[test]
fn who_is_locked_out_leaves_every_group_declared_or_not() {
    let snapshot = snapshot_with_bo_elsewhere();
    let elsewhere = ["alter Other", "  cut off bo@voyager.example"];
    let both = ["alter Desk", "  cut off bo@voyager.example", elsewhere[0], elsewhere[1]];
    for members in ["[ana@voyager.example]", "{ atLeast: [] }", "unmanaged"] {
        let (found, remarks) = cut(BO, &desk("unmanaged", members), &snapshot);
        assert_eq!(found, both, "{members}");
        assert!(remarks.is_empty());
    }
    // Declared under another key: void, and said so, whoever writes it.
    for members in ["[ana@voyager.example, bo@voyager.example]", "{ atLeast: [{ externalId: ext-2 }] }"] {
        let (found, remarks) = cut(BO, &desk("unmanaged", members), &snapshot);
        assert_eq!(found, both, "{members}");
        assert_eq!(remarks, ["locked-out-member 2"], "{members}");
    }
    // Nobody else declares anything.
    assert_eq!(cut(BO, "groups: []\n", &snapshot).0, both);
    let removed = cut(BO, "removed: [{ group: Desk, reason: r }]\n", &snapshot).0;
    assert_eq!(
        removed[..4],
        ["delete Desk", "  - Agent", "  - ana@voyager.example", "  cut off bo@voyager.example"]
    );
}

#[test]
fn a_lock_out_names_its_line_and_what_it_cannot_take() {
    let snapshot = snapshot_with_bo_elsewhere();
    let bound = bound_by(BO, "groups: []\n", &snapshot).unwrap();
    let plan = diff::plan(&bound, &snapshot);
    for change in plan.changes() {
        assert_eq!(change.from().unwrap().line.get(), 6);
        let [edit] = change.edits else { panic!("{change:?}") };
        assert!(edit.removes() && edit.member() == bound.index.find_user(id(2)), "{edit:?}");
        assert!(matches!(change.note(edit).why, Why::LockedOut(at) if at.line.get() == 6), "{change:?}");
    }
    let survivors: Vec<_> = plan.survivors.iter().map(|it| (it.user, it.roles.join(" "))).collect();
    assert_eq!(survivors, [(id(2), "GLOBAL_ADMIN".to_owned())]);
    assert_eq!(plan.companies[0].unmanaged.len(), 5);
    assert_eq!(plan.names.person(id(2)), "bo@voyager.example");
}

#[test]
fn doubt_keeps_nobody_in_who_is_locked_out() {
    let mut snapshot = snapshot_with_bo_elsewhere();
    // A typing error would keep bo; the lock-out does not wait for it to be mended.
    let typo = desk("unmanaged", "[ana@voyager.example, bob@voyager.example]");
    let (found, _) = cut(BO, &typo, &snapshot);
    assert_eq!(found[..2], ["alter Desk", "  cut off bo@voyager.example"]);
    assert_eq!(found.last().unwrap(), "withheld bob@voyager.example: unknown");
    snapshot.users[1].active = false;
    let declared = desk("unmanaged", "[ana@voyager.example, bo@voyager.example]");
    assert_eq!(cut(BO, &declared, &snapshot).0[..2], ["alter Desk", "  cut off bo@voyager.example"]);
    // Of two groups of one name no file speaks, but who is in one of them leaves it.
    snapshot.companies[0].held.get_mut(&id(2)).unwrap().push(GroupId(Uuid::from_u128(3)));
    let (found, _) = cut(BO, "groups: [{ name: Twins, roles: unmanaged, members: [] }]\n", &snapshot);
    assert!(found.windows(2).any(|it| it == ["alter Twins", "  cut off bo@voyager.example"]), "{found:?}");
}

#[test]
fn a_lock_out_has_a_beginning() {
    let snapshot = snapshot_with_bo_elsewhere();
    for (since, in_force) in [
        ("2026-11-21", true),
        ("2026-11-21T12:00:00Z", true),
        ("2026-11-21T12:00:01Z", false),
        ("2026-11-22", false),
    ] {
        let lockout = format!("lockout: [{{ email: BO@voyager.example, since: {since}, reason: left }}]\n");
        let declared = desk("unmanaged", "[ana@voyager.example, bo@voyager.example]");
        let (found, remarks) = cut(&lockout, &declared, &snapshot);
        assert_eq!((found.len(), remarks.len()), if in_force { (4, 1) } else { (0, 0) }, "{since}");
    }
}

#[test]
fn who_cannot_be_found_is_not_cut_off_and_that_is_said() {
    let nobody = "lockout: [{ email: nobody@voyager.example, since: 2026-11-20, reason: r }]\n";
    let (found, _) = cut(nobody, "groups: []\n", &snapshot());
    assert_eq!(found, ["not cut off nobody@voyager.example: unknown"]);
    let vip = "lockout: [{ email: vip@globex.example, since: 2026-11-20, reason: r }]\n";
    assert_eq!(cut(vip, "groups: []\n", &snapshot()).0, ["not cut off vip@globex.example: foreign"]);
    let mut both = snapshot();
    both.companies.push(ObservedCompany {
        id: GLOBEX,
        contents: BTreeMap::new(),
        held: BTreeMap::new(),
        added: BTreeMap::new(),
        selected: BTreeMap::new(),
        units: crate::model::units::Units::default(),
        groups: Vec::new(),
        roles: Vec::new(),
    });
    both.direct = BTreeMap::from([(id(5), DirectRoles::default())]);
    assert!(cut(vip, "company: globex\ngroups: []\n", &both).0.is_empty());
}

fn rules(workspace: &str) -> Rules {
    bound_by(workspace, "groups: [{ name: New, description: d, roles: [], members: [] }]\n", &snapshot())
        .unwrap_or_else(|it| panic!("{it:?}"))
        .rules
}

#[test]
fn rules_are_bound_to_what_exists() {
    let rules = rules(
        "api: { endpoint: sandbox, identity: { email: ana@voyager.example } }
guards:
  removals: { percent: 5, atMost: 7 }
  privileged: [Agent, { name: Desk Lead, providedBy: platform }, { id: 00000000-0000-0000-0000-000000000001 }]
  holders: 3
  protected: { groups: [Admins, \"N*\"], people: [\"B?@*\", \"*@globex.example\"] }
",
    );
    assert_eq!((rules.percent, rules.from, rules.at_most, rules.holders, rules.declared), (5, 10, 7, 3, 1));
    let role = |n| (VOYAGER, RoleId(Uuid::from_u128(n)));
    assert_eq!(rules.privileged, [role(1), role(2)]);
    assert_eq!(rules.protected_groups, [(VOYAGER, "Admins".into()), (VOYAGER, "New".into())]);
    assert_eq!(rules.protected_people, [id(2), id(5)]);
    assert_eq!(rules.identity, Some(id(1)));
}

#[test]
fn roles_that_manage_access_are_known() {
    let mut snapshot = snapshot();
    snapshot.companies[0].roles[2].manages_access = true;
    let rules = bound_by("", "groups: []\n", &snapshot).unwrap().rules;
    assert_eq!(rules.access_roles, [(VOYAGER, RoleId(Uuid::from_u128(3)))]);
    assert_eq!((rules.identity, rules.declared), (None, 0));
}

#[test]
fn an_unknown_role_or_identity_is_found() {
    for (workspace, code, line) in [
        ("guards: { privileged: [Agnet] }\n", Code::UnknownRole, 6),
        ("guards: { privileged: [Desk Lead] }\n", Code::AmbiguousRole, 6),
        ("api: { identity: { email: nobody@voyager.example } }\n", Code::UnknownIdentity, 6),
        ("api: { identity: { email: twin@voyager.example } }\n", Code::UnknownIdentity, 6),
        ("api: { identity: { userId: 00000000-0000-0000-0000-0000000000ff } }\n", Code::UnknownIdentity, 6),
    ] {
        let found = bound_by(workspace, "groups: []\n", &snapshot()).unwrap_err();
        let found: Vec<_> = found.iter().map(|it| (it.code, it.place.unwrap().line.get())).collect();
        assert_eq!(found, [(code, line)], "{workspace}");
    }
}

#[test]
fn a_privileged_role_needs_to_exist_in_one_of_the_companies() {
    let mut snapshot = snapshot();
    snapshot.companies.push(ObservedCompany {
        id: GLOBEX,
        groups: Vec::new(),
        roles: vec![role(9, "Agent", true), role(10, "Clerk", false)],
        contents: BTreeMap::new(),
        held: BTreeMap::new(),
        added: BTreeMap::new(),
        selected: BTreeMap::new(),
        units: crate::model::units::Units::default(),
    });
    let files = Files {
        workspace: Some((
            FileId(0),
            decode(&format!("{WORKSPACE}guards: {{ privileged: [Agent, Clerk] }}\n"), FileId(0)).unwrap(),
        )),
        access: [(1, "voyager"), (2, "globex")]
            .map(|(n, company)| {
                (FileId(n), decode(&format!("version: 1\ncompany: {company}\n"), FileId(n)).unwrap())
            })
            .to_vec(),
        ..Files::default()
    };
    let declared = check(&files).unwrap();
    let rules = bind(&declared, &snapshot, "2026-11-21T12:00:00Z".parse().unwrap()).unwrap().rules;
    let pair = |company, n| (company, RoleId(Uuid::from_u128(n)));
    assert_eq!(rules.privileged, [pair(VOYAGER, 1), pair(GLOBEX, 9), pair(GLOBEX, 10)]);
}

#[test]
fn exceptions_are_bound_or_odd() {
    let exceptions = "exceptions:
  - { guard: removals, group: Desk, upTo: 12, until: 2026-12-01, reason: r }
  - { guard: protected, person: { externalId: ext-2 }, upTo: 1, until: 2026-12-01, reason: r }
  - { guard: last-holder, role: Agent, upTo: 1, until: 2026-11-20, reason: r }
  - { guard: last-holder, role: Agnet, upTo: 1, until: 2026-12-01, reason: r }
  - { guard: protected, person: nobody@voyager.example, upTo: 1, until: 2026-12-01, reason: r }
";
    let bound = bound_by(exceptions, "groups: []\n", &snapshot()).unwrap();
    let targets: Vec<_> = bound.rules.exceptions.iter().map(|it| (it.guard, it.target.clone())).collect();
    let (nothing, own) = (ExceptionFor::default(), Some(VOYAGER));
    let role = Some(HeldRole::Role(RoleId(Uuid::from_u128(1))));
    assert_eq!(
        targets,
        [
            (Guard::Removals, ExceptionFor { company: own, group: Some("Desk".into()), ..nothing.clone() }),
            (Guard::Protected, ExceptionFor { person: Some(id(2)), ..nothing.clone() }),
            (Guard::LastHolder, ExceptionFor { company: own, role, ..nothing }),
        ]
    );
    let remarks: Vec<_> = bound.remarks.iter().map(|it| (it.place.unwrap().line.get(), it.code)).collect();
    assert_eq!(
        remarks,
        [(9, Code::ExpiredException), (10, Code::UnknownException), (11, Code::UnknownException)]
    );
}

#[test]
fn what_was_read_is_live_even_if_no_file_speaks_of_it() {
    let live = |snapshot: &Observed| -> Vec<String> {
        let bound = bound_by("", &desk(AGENT, "unmanaged"), snapshot).unwrap();
        let plan = diff::plan(&bound, snapshot);
        assert!(plan.is_empty(), "{:?}", plan.edits);
        bound.live.groups().iter().map(|it| it.1.name.to_string()).collect()
    };
    assert_eq!(live(&snapshot()), ["Admins", "Desk"]);
    assert_eq!(live(&snapshot_with_bo_elsewhere()), ["Admins", "Desk", "Other"]);
}

#[test]
fn whoever_has_several_accounts_of_one_key_is_cut_off_under_each() {
    let lockout = "lockout: [{ email: twin@voyager.example, since: 2026-11-20, reason: r }]\n";
    for active in [[true, true], [true, false], [false, true], [false, false]] {
        let mut snapshot = snapshot();
        snapshot.users[5].active = active[0];
        snapshot.users[6].active = active[1];
        let company = &mut snapshot.companies[0];
        company.held = BTreeMap::from([
            (id(6), vec![GroupId(Uuid::from_u128(1))]),
            (id(7), vec![GroupId(Uuid::from_u128(5))]),
        ]);
        snapshot.direct = BTreeMap::from([(id(6), direct("GLOBAL_ADMIN")), (id(7), DirectRoles::default())]);
        let declared = desk("unmanaged", "[ana@voyager.example, bo@voyager.example, twin@voyager.example]");
        let (found, remarks) = cut(lockout, &declared, &snapshot);
        let twin = "  cut off twin@voyager.example";
        assert_eq!(
            (found, remarks),
            (
                vec!["alter Desk".to_owned(), twin.to_owned(), "alter Other".to_owned(), twin.to_owned()],
                vec!["locked-out-member 2".to_owned()]
            ),
            "{active:?}"
        );
        // One of whom it is not known whose user it is may be somebody else.
        snapshot.users[6].company = None;
        assert_eq!(
            cut(lockout, "groups: []\n", &snapshot).0,
            ["not cut off twin@voyager.example: ambiguous"]
        );
        // Somebody of another company by now is the same person, and still in a group here.
        snapshot.users[6].company = Some(GLOBEX);
        assert_eq!(cut(lockout, "groups: []\n", &snapshot).0, ["alter Desk", twin, "alter Other", twin]);
    }
}

#[test]
fn what_is_not_known_of_who_is_locked_out_is_said() {
    let mut snapshot = snapshot_with_bo_elsewhere();
    snapshot.direct.clear();
    let plan = |access: &str| {
        let bound = bound_by(BO, access, &snapshot).unwrap();
        diff::plan(&bound, &snapshot)
    };
    let nobody = plan("groups: []\n");
    assert_eq!(lines(&nobody).last().unwrap(), "not known what bo@voyager.example holds");
    assert_eq!((nobody.withheld(), nobody.survivors.len()), (1, 0));
    assert_eq!(nobody.withheld[0].from.unwrap().line.get(), 6);
    // However an entry under `users:` is to be understood, it says so once more only where that asks for something.
    let user = |roles: &str| format!("users: [{{ user: bo@voyager.example, directRoles: {roles} }}]\n");
    assert_eq!((plan(&user("unmanaged")).withheld(), plan(&user("[]")).withheld()), (1, 2));
}

#[test]
fn who_is_not_seen_is_protected_where_people_are() {
    let mut snapshot = snapshot();
    snapshot.users[1] = User::hidden(id(2));
    let protected = "guards: { protected: { people: [\"ceo@*\"] } }\n";
    let exception = "exceptions: [{ guard: protected, person: { userId: 00000000-0000-0000-0000-000000000002 }, upTo: 1, until: DATE, reason: r }]\n";
    let gone = "  - 00000000-0000-0000-0000-000000000002";
    for (workspace, kept) in [
        (String::new(), false),
        ("guards: { protected: { groups: [Admins] } }\n".to_owned(), false),
        (protected.to_owned(), true),
        (format!("{protected}{}", exception.replace("DATE", "2026-11-20")), true),
        (format!("{protected}{}", exception.replace("DATE", "2026-12-20")), false),
    ] {
        let found = cut(&workspace, &desk("unmanaged", "[ana@voyager.example]"), &snapshot).0;
        let stays = "kept 00000000-0000-0000-0000-000000000002 unseen";
        assert_eq!(found, if kept { vec![stays] } else { vec!["alter Desk", gone] }, "{workspace}");
        let rules = bound_by(&workspace, "groups: []\n", &snapshot).unwrap().rules;
        assert_eq!(rules.protected_people.contains(&id(2)), workspace.contains("ceo"), "{workspace}");
    }
    // What somebody else knows of the same user counts.
    snapshot.users.push(user(2, "bo@voyager.example"));
    assert_eq!(
        cut(protected, &desk("unmanaged", "[ana@voyager.example]"), &snapshot).0,
        ["alter Desk", "  - bo@voyager.example"]
    );
}
