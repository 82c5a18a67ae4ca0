//! Rules of the files, one line each: what is written, what is found.

use super::*;
use crate::files::{decode, decoded};

const WORKSPACE: &str = "
version: 1
company: voyager
ids:
  company: { voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 1a6f0000-0000-4000-8000-000000000002 }
  legalEntity: { globex-uk: 3c8d0000-0000-4000-8000-000000000001 }
";

fn files(access: &[&str]) -> Result<Files, Vec<Finding>> {
    match all(WORKSPACE, access) {
        (files, findings) if findings.is_empty() => Ok(files),
        (_, findings) => Err(findings),
    }
}

/// The files as far as they are certain, and what is structurally wrong with them.
fn all(workspace: &str, access: &[&str]) -> (Files, Vec<Finding>) {
    let (mut files, mut findings) = (Files::default(), Vec::new());
    let workspace = decoded(workspace, FileId(0));
    findings.extend(workspace.findings);
    files.workspace = workspace.value.map(|it| (FileId(0), it));
    for (file, text) in (1..).map(FileId).zip(access) {
        let access = decoded(text, file);
        findings.extend(access.findings);
        files.access.extend(access.value.map(|it| (file, it)));
    }
    (files, findings)
}

/// `file:line:column code` of everything found.
fn findings(access: &[&str]) -> Vec<String> {
    let (files, mut found) = all(WORKSPACE, access);
    found.extend(check(&files).err().unwrap_or_default());
    found.sort();
    let show = |it: Finding| {
        let at = it.place.unwrap();
        format!("{}:{}:{} {}", at.file.0, at.line, at.column, it.code)
    };
    found.into_iter().map(show).collect()
}

fn group(body: &str) -> String {
    format!("version: 1\ngroups:\n  - name: G\n    description: d\n{body}")
}

fn members(list: &str) -> String {
    group(&format!("    roles: []\n    members: {list}\n"))
}

fn scoped(scope: &str) -> String {
    group(&format!("    roles: [{{ role: Agent, scope: {scope} }}]\n    members: []\n"))
}

/// Says of all rows at once where something else is found than is expected.
fn table<'a>(rows: impl IntoIterator<Item = (String, &'a str)>, found: impl Fn(&str) -> Vec<String>) {
    let found = rows.into_iter().map(|(text, expected)| (found(&text).join(", "), expected, text));
    let wrong: Vec<_> = found.filter(|(found, expected, _)| found != expected).collect();
    assert!(wrong.is_empty(), "found, expected, in:\n{wrong:#?}");
}

#[test]
fn each_rule_finds_what_it_forbids() {
    let rows = [
        ("version: 2\n".to_owned(), "1:1:10 unsupported-version"),
        ("groups: []\n".to_owned(), "1:1:1 unsupported-version"),
        ("version: 1\ngruops: []\n".to_owned(), "1:2:1 unknown-key"),
        ("version: 1\ngroups: []\ngroups: []\n".to_owned(), "1:3:1 duplicate-key"),
        ("version: 1\ngroups: {}\n".to_owned(), "1:2:9 wrong-type"),
        ("version: 1\ngroups: [\n".to_owned(), "1:2:9 syntax"),
        (members("unmanged"), "1:6:14 wrong-type"),
        (members("[ana]"), "1:6:15 invalid-email"),
        (members("[{ email: ana@x.example, userId: u }]"), "1:6:15 invalid-person"),
        (members("[{ until: 2027-01-31 }]"), "1:6:15 invalid-person"),
        (members("[ana@x.example\u{202e}]"), "1:6:15 invalid-person"),
        (members("[{ externalId: \"7\u{200b}\" }]"), "1:6:29 invalid-person"),
        (members("[{ userId: 17 }]"), "1:6:25 invalid-id"),
        (members("[{ email: a@x.example, until: 2027-02-30 }]"), "1:6:44 invalid-date"),
        (members("[a@x.example, A@X.example]"), "1:6:28 duplicate-member"),
        (members("[{ email: a@x.example, untill: 2027-01-31 }]"), "1:6:37 unknown-key"),
        (scoped("globex-only"), "1:5:35 unknown-scope"),
        (scoped("{ company: globx }"), "1:5:46 unknown-alias"),
        (scoped("{}"), "1:5:35 invalid-scope"),
        (scoped("[]"), "1:5:35 invalid-scope"),
        (scoped("{ company: [] }"), "1:5:35 invalid-scope"),
        (scoped("{ platform: false }"), "1:5:47 invalid-scope"),
        (scoped("{ profile: vip }"), "1:5:46 invalid-email"),
        (scoped("{ predicates: [{ type: X, values: [] }] }"), "1:5:50 invalid-scope"),
        (group("    roles: []\n"), "1:3:5 missing-key"),
        (group("    members: []\n"), "1:3:5 missing-key"),
        (group("    roles: [{ role: Agent }]\n    members: []\n"), "1:5:13 missing-key"),
        (group("    id: 12\n    roles: []\n    members: []\n"), "1:5:9 invalid-id"),
        ("version: 1\ncompany: nobody\n".to_owned(), "1:2:10 unknown-alias"),
        ("version: 1\napi: { endpoint: sandbox }\n".to_owned(), "1:2:18 unknown-key"),
        ("version: 1\nremoved: [{ group: Old }]\n".to_owned(), "1:2:11 missing-key"),
        (
            group("    roles: []\n    members: []\nremoved: [{ group: G, reason: r }]\n"),
            "1:7:11 removed-and-declared",
        ),
        (
            group(
                "    roles: [{ role: A, scope: { company: globex } }, { role: A, scope: { company: [globex, globex] } }]\n    members: []\n",
            ),
            "1:5:54 duplicate-grant",
        ),
    ];
    table(rows, |it| findings(&[it]));
}

#[test]
fn names_and_descriptions_have_bounds() {
    let named = |name: &str, description: &str| {
        format!(
            "version: 1\ngroups:\n  - {{ name: {name}, description: {description}, roles: [], members: [] }}\n"
        )
    };
    let (long, longer) = ("n".repeat(255), "n".repeat(256));
    assert!(findings(&[&named(&long, "d")]).is_empty());
    assert_eq!(findings(&[&named(&longer, "d")]), ["1:3:13 invalid-name"]);
    assert_eq!(findings(&[&named("\"\"", "d")]), ["1:3:13 invalid-name"]);
    assert_eq!(findings(&[&named("\" G\"", "d")]), ["1:3:13 invalid-name"]);
    assert_eq!(findings(&[&named("\"G\\u202e\"", "d")]), ["1:3:13 invalid-name"]);
    for unseen in ["G\\u00a0H", "G\\u200bH", "\\ufeffG"] {
        assert_eq!(findings(&[&named(&format!("\"{unseen}\""), "d")]), ["1:3:13 invalid-name"], "{unseen}");
    }
    assert!(findings(&[&named("G", &"d".repeat(1_000))]).is_empty());
    assert_eq!(findings(&[&named("G", "\"d\\e\"")]), ["1:3:29 invalid-description"]);
    assert_eq!(findings(&[&named("G", &"d".repeat(1_001))]), ["1:3:29 invalid-description"]);
}

/// A forgotten value must not read as a forgotten key: that would widen a scope or keep somebody for ever.
#[test]
fn a_key_without_a_value_is_never_taken_for_an_absent_key() {
    let roles = |entry: &str| group(&format!("    roles: [{entry}]\n    members: []\n"));
    for text in [
        "version:\n".to_owned(),
        "version: 1\ncompany:\n".to_owned(),
        "version: 1\napi:\n".to_owned(),
        group("    id:\n    roles: []\n    members: []\n"),
        group("    renamedFrom:\n    roles: []\n    members: []\n"),
        group("    roles:\n    members: []\n"),
        group("    roles: []\n    members:\n"),
        members("[{ email: a@x.example, until: }]"),
        members("[{ email: a@x.example, reason: ~ }]"),
        members("[{ email: }]"),
        members("[null]"),
        roles("{ role: Agent, scope: { company: globex }, until: }"),
        roles("{ role: Agent, scope: }"),
        roles("{ role: { name: Agent, providedBy: }, scope: { company: globex } }"),
        scoped("{ company: globex, legalEntity: }"),
        scoped("{ company: }"),
        scoped("{ company: globex, profile: null }"),
        scoped("{ company: globex, stealthType: ~ }"),
        scoped("{ company: globex, predicates: }"),
        scoped("{ company: globex, platform: }"),
        "version: 1\nremoved: [{ group: Old, id: , reason: r }]\n".to_owned(),
    ] {
        let found = findings(&[&text]);
        assert!(found.iter().any(|it| it.ends_with("wrong-type")), "{text}: {found:?}");
    }
}

/// Nobody means the line break that ends a block of text, and an API may well not keep it.
#[test]
fn a_text_ends_with_its_last_line() {
    for written in [
        "The desk",
        "\"The desk\\n\"",
        ">\n      The\n      desk\n",
        "|\n      The desk\n\n\n",
        ">-\n      The desk\n",
    ] {
        let text = format!(
            "version: 1\ngroups:\n  - name: G\n    roles: []\n    members: []\n    description: {written}\n"
        );
        let declared = check(&files(&[&text]).unwrap()).unwrap();
        assert_eq!(declared.companies[0].groups[0].description.as_deref(), Some("The desk"), "{text}");
    }
    let inner = "version: 1\ngroups:\n  - name: G\n    roles: []\n    members: []\n    description: |\n      One\n\n      two\n";
    let declared = check(&files(&[inner]).unwrap()).unwrap();
    assert_eq!(declared.companies[0].groups[0].description.as_deref(), Some("One\n\ntwo"));
}

/// What names stand for was refused or may be misspelt: no scope, company or person is unknown for that.
#[test]
fn what_is_not_certain_makes_nothing_unknown() {
    let used = "groups: [{ name: G, description: d, members: [], roles: [{ role: A, scope: { company: globex } }, { role: B, scope: night }] }]\n";
    let access = |scopes: &str| format!("version: 1\n{scopes}{used}");
    let sound = access("scopes: { night: { company: voyager } }\n");
    for workspace in [
        WORKSPACE.replace("ids:", "idz:"),
        WORKSPACE.replace("company: {", "compny: {"),
        WORKSPACE.replace("{ voyager", "{ <<: x, voyager"),
        WORKSPACE.replace("globex: 1a6f0000-0000-4000-8000-000000000002", "globex: "),
        WORKSPACE.replace("globex: 1a6f0000-0000-4000-8000-000000000002", "globex: 1a6f"),
        WORKSPACE.replace("globex: 1a6f0000-0000-4000-8000-000000000002", "globex: [1a6f]"),
    ] {
        let (files, mut found) = all(&workspace, &[&sound]);
        found.extend(check(&files).err().unwrap_or_default());
        assert_eq!(found.len(), 1, "{workspace}\n{found:#?}");
    }
    for scopes in [
        "scopes:\n",
        "scopes: [night]\n",
        "scope: { night: { company: voyager } }\n",
        "scopes: { night: }\n",
        "scopes: { night: { compny: voyager } }\n",
        "scopes: { night: { company: [[]] } }\n",
        "scopes: { night: other }\n",
        "scopes: { <<: x }\n",
    ] {
        assert_eq!(findings(&[&access(scopes)]).len(), 1, "{scopes} {:?}", findings(&[&access(scopes)]));
    }
}

#[test]
fn everything_wrong_is_found_in_one_run() {
    let text = "version: 1
groups:
  - name: A
    roles: [{ role: Agent, scope: nowhere }, { scope: { company: globx } }]
    members: [ana, { userId: x }]
  - name: A
    description: d
    roles: unmanaged
    members: []
";
    assert_eq!(
        findings(&[text]),
        [
            "1:3:5 missing-key",
            "1:4:35 unknown-scope",
            "1:4:46 missing-key",
            "1:4:66 unknown-alias",
            "1:5:15 invalid-email",
            "1:5:30 invalid-id",
            "1:6:11 duplicate-group",
        ]
    );
}

#[test]
fn a_group_is_unique_across_files_whatever_their_order() {
    let a = group("    roles: []\n    members: []\n");
    assert_eq!(findings(&[&a, &a]), ["2:3:11 duplicate-group"]);
    let mut files = files(&[&a, &a]).unwrap();
    let forward = check(&files).unwrap_err();
    files.access.reverse();
    assert_eq!(check(&files).unwrap_err(), forward);
}

#[test]
fn a_near_name_is_offered() {
    let help = |text: &str| {
        let found = match files(&[text]) {
            Ok(files) => check(&files).unwrap_err().remove(0),
            Err(mut findings) => findings.remove(0),
        };
        found.help.unwrap()
    };
    assert_eq!(help("version: 1\ngruops: []\n"), "did you mean `groups`?");
    assert_eq!(help(&scoped("{ company: globx }")), "did you mean `globex`?");
    assert_eq!(help(&scoped("{ compny: globex }")), "did you mean `company`?");
    assert_eq!(
        help(
            "version: 1\nscopes: { globex-only: { company: globex } }\ngroups: [{ name: G, description: d, members: [], roles: [{ role: A, scope: globexonly }] }]\n"
        ),
        "did you mean `globex-only`?"
    );
}

#[test]
fn a_date_counts_through_its_end_and_an_instant_is_exact() {
    let ends = |until: &str| {
        let text = members(&format!("[{{ email: a@x.example, until: {until} }}]"));
        let declared = check(&files(&[&text]).unwrap()).unwrap();
        declared.companies[0].groups[0].members.entries[0].term().ends.unwrap().to_string()
    };
    assert_eq!(ends("2027-01-31"), "2027-02-01T00:00:00Z");
    assert_eq!(ends("\"2027-01-31T18:00:00+01:00\""), "2027-01-31T17:00:00Z");
}

#[test]
fn the_example_of_the_documentation_is_read_as_it_says() {
    let text = "
version: 1
scopes:
  globex-only:
    - company: globex
  globex-uk-or-vip:
    - { company: globex, legalEntity: globex-uk }
    - { profile: vip@globex.example }
groups:
  - name: Dedicated Client Agents
    description: Agents who serve Globex employees only
    roles:
      - { role: Agent, scope: globex-only }
      - { role: Trip Manager, scope: { company: [globex, voyager] } }
      - { role: { name: Desk, providedBy: company }, scope: globex-uk-or-vip }
    members:
      - ana@voyager.example
      - { externalId: agent-17 }
      - { email: bo@voyager.example, until: 2027-01-31, reason: parental-leave cover }
  - name: Company Admins
    roles: unmanaged
    members: { atLeast: [root@voyager.example] }
removed:
  - { group: Winter Migration, reason: project ended }
";
    let declared = check(&files(&[text]).unwrap()).unwrap();
    let company = &declared.companies[0];
    let [admins, agents] = &company.groups[..] else { panic!("two groups") };
    assert_eq!(
        (&*admins.name, admins.grants.rest, admins.members.rest),
        ("Company Admins", Rest::Unmanaged, Rest::Kept)
    );
    assert_eq!((agents.grants.entries.len(), agents.members.entries.len()), (3, 3));
    assert_eq!(agents.grants.entries[2].scope.pending.len(), 1);
    assert_eq!(&*company.removals[0].reason, "project ended");
    assert_eq!(company.people().len(), 5);
}

#[test]
fn a_file_alone_needs_a_company() {
    let file = FileId(0);
    let access = decode("version: 1\ngroups: []\n", file).unwrap();
    let alone = Files { workspace: None, access: vec![(file, access)], ..Files::default() };
    assert_eq!(check(&alone).unwrap_err()[0].code, Code::NoCompany);
    let given = Files { company: Some("1a6f0000-0000-4000-8000-000000000001".to_owned()), ..alone };
    assert!(check(&given).is_ok());
}

mod rows;
mod rules;
mod sharing;
mod users;
