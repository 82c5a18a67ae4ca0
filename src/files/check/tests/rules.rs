//! Rules of the workspace file: what is written, what is found, what is declared.

use super::*;
use crate::{
    files::declared::{DeclaredTarget, Pattern},
    model::{
        ids::PersonRef,
        rules::{Guard, Level},
    },
};

fn workspace(text: &str, access: &[&str]) -> (Files, Vec<Finding>) {
    all(&format!("{WORKSPACE}{text}"), access)
}

fn declared(text: &str, access: &[&str]) -> Declared {
    let (files, findings) = workspace(text, access);
    assert_eq!(findings, []);
    check(&files).unwrap_or_else(|it| panic!("{it:?}"))
}

/// `line:column code` of everything found; the text starts in line 7.
fn found(text: &str) -> Vec<String> {
    let (files, mut found) = workspace(text, &[]);
    found.extend(check(&files).err().unwrap_or_default());
    found.sort();
    found
        .iter()
        .map(|it| format!("{}:{} {}", it.place.unwrap().line, it.place.unwrap().column, it.code))
        .collect()
}

/// An exception in one line, with an end and a reason.
fn exception(keys: &str) -> String {
    format!("exceptions: [{{ {keys}, until: 2026-12-01, reason: r }}]\n")
}

#[test]
fn each_rule_of_the_rules_finds_what_it_forbids() {
    let rows = [
        ("guards: { removals: { percent: 0 } }\n".to_owned(), "7:32 invalid-guard"),
        ("guards: { removals: { percent: 101 } }\n".to_owned(), "7:32 invalid-guard"),
        ("guards: { removals: { from: 0 } }\n".to_owned(), "7:29 invalid-guard"),
        ("guards: { removals: { atMost: 0 } }\n".to_owned(), ""),
        ("guards: { removals: { atMost: -1 } }\n".to_owned(), "7:31 wrong-type"),
        ("guards: { removals: }\n".to_owned(), "7:11 wrong-type"),
        ("guards: { holders: 0 }\n".to_owned(), "7:20 invalid-guard"),
        ("guards: { removal: { percent: 5 } }\n".to_owned(), "7:11 unknown-key"),
        ("guards: { protected: { groups: [\"a[\"] } }\n".to_owned(), "7:33 invalid-guard"),
        ("guards: { protected: { people: [\" \"] } }\n".to_owned(), "7:33 invalid-guard"),
        ("guards: { privileged: [{ id: x }] }\n".to_owned(), "7:30 invalid-id"),
        ("api: { identity: { email: root } }\n".to_owned(), "7:27 invalid-email"),
        ("api: { identity: {} }\n".to_owned(), "7:18 invalid-person"),
        (exception("guard: removals, group: G, upTo: 1"), ""),
        (exception("guard: removal, group: G, upTo: 1"), "7:23 invalid-exception"),
        (exception("guard: self-lockout, group: G, upTo: 1"), "7:23 invalid-exception"),
        (exception("guard: removals, upTo: 1"), "7:14 invalid-exception"),
        (exception("guard: removals, group: G, person: a@x.example, upTo: 1"), ""),
        (exception("guard: protected, company: voyager, person: a@x.example, upTo: 1"), ""),
        (exception("guard: privileged, group: G, person: a@x.example, role: R, upTo: 1"), ""),
        (exception("guard: privileged, company: voyager, upTo: 1"), "7:14 invalid-exception"),
        (exception("guard: last-holder, role: R, person: a@x.example, upTo: 1"), "7:14 invalid-exception"),
        (exception("guard: group-emptied, group: G, person: \"\", upTo: 1"), "7:56 invalid-email"),
        (exception("guard: removals, role: R, upTo: 1"), "7:14 invalid-exception"),
        (exception("guard: removals, group: G, of: people, upTo: 1"), ""),
        (exception("guard: removals, role: R, of: members, upTo: 1"), "7:14 invalid-exception"),
        (exception("guard: removals, group: G, of: memebrs, upTo: 1"), "7:47 invalid-exception"),
        (exception("guard: protected, group: G, of: members, upTo: 1"), "7:48 invalid-exception"),
        (exception("guard: removals, group: G, upTo: 0"), "7:49 invalid-exception"),
        (exception("guard: removals, company: globx, upTo: 1"), "7:42 unknown-alias"),
        (exception("guard: removals, group: G, upTo: 1, force: true"), "7:52 unknown-key"),
        (
            "exceptions: [{}]\n".to_owned(),
            "7:14 missing-key, 7:14 missing-key, 7:14 missing-key, 7:14 missing-key, 7:14 invalid-exception",
        ),
        ("lockout: [{ email: a@x.example }]\n".to_owned(), "7:11 missing-key, 7:11 missing-key"),
        ("lockout: [{ since: 2026-11-20, reason: r }]\n".to_owned(), "7:11 invalid-person"),
        ("lockout: [{ email: a@x.example, since: soon, reason: r }]\n".to_owned(), "7:40 invalid-date"),
        (
            "lockout: [{ email: a@x.example, since: 2026-11-20, reason: \"\" }]\n".to_owned(),
            "7:60 invalid-description",
        ),
    ];
    table(rows, found);
}

#[test]
fn a_misspelt_guard_is_recognised() {
    let help = |text: &str| check(&workspace(text, &[]).0).unwrap_err().remove(0).help.unwrap();
    assert_eq!(help(&exception("guard: removal, group: G, upTo: 1")), "did you mean `removals`?");
    assert_eq!(
        help(&exception("guard: removals, group: G, of: memebrs, upTo: 1")),
        "did you mean `members`?"
    );
    assert!(help(&exception("guard: self-lockout, group: G, upTo: 1")).contains("protected"));
}

#[test]
fn what_is_left_out_has_its_default() {
    let rules = declared("guards: { removals: { percent: 20 } }\n", &[]).rules;
    assert_eq!((rules.percent, rules.from, rules.at_most, rules.holders), (20, 10, 50, 2));
    let exceptions = declared(&exception("guard: removals, group: G, upTo: 3"), &[]).rules.exceptions;
    let group =
        |company| DeclaredTarget { company: Some(company), group: Some("G".into()), ..Default::default() };
    let voyager = CompanyId("1a6f0000-0000-4000-8000-000000000001".parse().unwrap());
    assert_eq!(exceptions[0].target, group(voyager));
    assert_eq!((exceptions[0].guard, exceptions[0].level), (Guard::Removals, Some(Level::Members)));
    assert_eq!(exceptions[0].ends.to_string(), "2026-12-02T00:00:00Z");
    let globex = CompanyId("1a6f0000-0000-4000-8000-000000000002".parse().unwrap());
    let other = declared(&exception("guard: group-emptied, group: G, company: globex, upTo: 3"), &[]);
    assert_eq!(other.rules.exceptions[0].target, group(globex));
}

#[test]
fn the_company_is_looked_at_even_if_no_file_declares_anything() {
    let companies = |text: &str, access: &[&str]| declared(text, access).companies.len();
    assert_eq!(companies("", &[]), 1);
    let elsewhere = "version: 1\ncompany: globex\n";
    assert_eq!(companies("", &[elsewhere]), 1);
    let lockout = "lockout: [{ email: a@x.example, since: 2026-11-20, reason: r }]\n";
    assert_eq!(companies(lockout, &[elsewhere]), 2);
}

#[test]
fn a_file_that_stands_alone_says_who_runs_rolecall() {
    let text = "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\napi: { endpoint: sandbox, identity: { email: Root@x.example } }\n";
    let alone = Files { workspace: None, ..files(&[text]).unwrap() };
    let (person, at) = check(&alone).unwrap().rules.identity.unwrap();
    assert_eq!((person, at.line.get()), (PersonRef::Email("root@x.example".parse().unwrap()), 3));
    let inside = "version: 1\napi: { identity: { email: root@x.example } }\n";
    assert_eq!(findings(&[inside]), ["1:2:18 unknown-key"]);
}

#[test]
fn remarks_are_what_has_ended_and_who_is_locked_out_by_now() {
    let text = format!(
        "{}lockout: [{{ email: Eve@x.example, since: 2026-11-20, reason: r }}]\n",
        exception("guard: removals, group: G, upTo: 3")
    );
    let declared = declared(
        &text,
        &[&members("[eve@x.example, { externalId: eve }, { email: ana@x.example, until: 2026-11-30 }]")],
    );
    let remarks = |now: &str| -> Vec<Code> {
        declared.remarks(now.parse().unwrap()).iter().map(|it| it.code).collect()
    };
    assert!(remarks("2026-11-19T23:59:59Z").is_empty());
    assert_eq!(remarks("2026-11-20T00:00:00Z"), [Code::LockedOutMember]);
    assert_eq!(remarks("2026-12-01T23:59:59Z"), [Code::LockedOutMember]);
    assert_eq!(remarks("2026-12-02T00:00:00Z"), [Code::ExpiredException, Code::LockedOutMember]);
}

#[test]
fn people_that_the_rules_name_are_known() {
    let text = "api: { identity: { userId: 3c8d0000-0000-4000-8000-000000000001 } }
lockout: [{ employeeId: e, since: 2026-11-20, reason: r }]
exceptions:
  - { guard: protected, person: a@x.example, upTo: 1, until: 2026-12-01, reason: r }
  - { guard: protected, group: G, upTo: 1, until: 2026-12-01, reason: r }
";
    let declared = declared(text, &[]);
    let people: Vec<String> = declared.singled_out().iter().map(ToString::to_string).collect();
    assert_eq!(people, ["a@x.example", "employeeId e", "userId 3c8d0000-0000-4000-8000-000000000001"]);
}

#[test]
fn patterns_are_names_or_globs() {
    for (pattern, name, expected) in [
        ("Company Admins", "Company Admins", true),
        ("Company Admins", "company admins", false),
        ("Break *", "Break glass / EU", true),
        ("Break *", "Breakfast", false),
        ("*@board.example", "cfo@board.example", true),
        ("Desk [EU]", "Desk [EU]", true),
        ("Desk [EU]", "Desk E", true),
        ("Desk \\[EU\\]", "Desk E", false),
    ] {
        assert_eq!(Pattern::new(pattern).unwrap().matches(name), expected, "{pattern} {name}");
    }
}
