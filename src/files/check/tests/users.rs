//! Rules of `users:`, one line each: what is written, what is found.

use super::*;
use crate::files::declared::{DeclaredDirect, DeclaredUser};

fn roles(list: &str) -> String {
    format!("version: 1\nusers:\n  - user: ana@voyager.example\n    directRoles: {list}\n")
}

#[test]
fn each_rule_of_direct_roles_finds_what_it_forbids() {
    let rows = [
        ("version: 1\nusers: [{ directRoles: [] }]\n".to_owned(), "1:2:9 missing-key"),
        ("version: 1\nusers: [{ user: ana@voyager.example }]\n".to_owned(), "1:2:9 invalid-user"),
        ("version: 1\nusers: [{ user: ana, directRoles: [] }]\n".to_owned(), "1:2:17 invalid-email"),
        (
            "version: 1\nusers: [{ user: { externalId: a, userId: b }, directRoles: [] }]\n".to_owned(),
            "1:2:17 invalid-person",
        ),
        (
            "version: 1\nusers: [{ user: ana@voyager.example, directRole: [] }]\n".to_owned(),
            "1:2:38 unknown-key",
        ),
        (roles("none"), "1:4:18 wrong-type"),
        (roles("[{}]"), "1:4:19 missing-key"),
        (roles("[{ type: COMPANY_ADMN, company: globex }]"), "1:4:27 invalid-direct-role"),
        (roles("[{ type: COMPANY_ADMIN }]"), "1:4:19 missing-key"),
        (roles("[{ type: COMPANY_ADMIN, company: globx }]"), "1:4:51 unknown-alias"),
        (roles("[{ type: COMPANY_ADMIN, tmc: globex }]"), "1:4:47 invalid-direct-role"),
        (roles("[{ type: TMC_AGENT, tmc: voyager, company: globex }]"), "1:4:61 invalid-direct-role"),
        (roles("[{ type: TMC_ADMIN }]"), "1:4:19 missing-key"),
        (roles("[{ type: GLOBAL_ADMIN, arrangerFor: [a@b.example] }]"), "1:4:54 invalid-direct-role"),
        (roles("[{ type: TRAVEL_ARRANGER }]"), "1:4:19 missing-key"),
        (roles("[{ type: TRAVEL_ARRANGER, arrangerFor: [] }]"), "1:4:19 missing-key"),
        (roles("[{ type: TRAVEL_ARRANGER, arrangerFor: [vip] }]"), "1:4:58 invalid-email"),
        (
            roles("[{ type: TRAVEL_ARRANGER, arrangerFor: [{ sendConfirmationEmail: true }] }]"),
            "1:4:58 missing-key",
        ),
        (
            roles("[{ type: TRAVEL_ARRANGER, arrangerFor: [{ user: a@b.example, sendEmail: true }] }]"),
            "1:4:79 unknown-key",
        ),
        (
            roles("[{ type: TRAVEL_ARRANGER, arrangerFor: [a@b.example, { user: A@b.example }] }]"),
            "1:4:71 duplicate-direct-role",
        ),
        (roles("[{ type: GLOBAL_AGENT }, { type: GLOBAL_AGENT }]"), "1:4:43 duplicate-direct-role"),
        (roles("[{ type: GLOBAL_AGENT, until: soon }]"), "1:4:48 invalid-date"),
        (roles("[{ type: GLOBAL_AGENT, until: }]"), "1:4:41 wrong-type"),
        (roles("[{ type: GLOBAL_AGENT, raw: { roleType: X } }]"), "1:4:27 invalid-direct-role"),
        (roles("[{ raw: {} }]"), "1:4:26 invalid-direct-role"),
        (roles("[{ raw: { roleType: GLOBAL_AGENT } }]"), "1:4:26 invalid-direct-role"),
        (roles("[{ raw: { roleType: X }, company: globex }]"), "1:4:52 invalid-direct-role"),
        (
            roles(
                "[{ raw: { roleType: X, a: { b: 1, c: 2 } } }, { raw: { a: { c: 2, b: 1 }, roleType: X } }]",
            ),
            "1:4:64 duplicate-direct-role",
        ),
    ];
    table(rows, |it| findings(&[it]));
}

#[test]
fn a_person_is_declared_once_in_all_files_of_a_company() {
    let file = |who: &str| format!("version: 1\nusers: [{{ user: {who}, directRoles: [] }}]\n");
    let (ana, same) = (file("ana@voyager.example"), file("{ email: Ana@Voyager.example }"));
    assert_eq!(findings(&[&ana, &same]), ["2:2:9 duplicate-user"]);
    let elsewhere = format!("{same}company: globex\n");
    assert_eq!(findings(&[&ana, &elsewhere]), [""; 0]);
}

#[test]
fn what_is_declared_is_read_whole() {
    let text = roles(
        "{ atLeast: [{ type: TRAVEL_ARRANGER, arrangerFor: [b@x.example, { user: a@x.example, sendFlightStatsNotificationEmail: true }], until: 2027-01-31 }] }",
    );
    let declared = check(&files(&[&text]).unwrap()).unwrap();
    let [DeclaredUser { roles, from, .. }] = &declared.companies[0].users[..] else { panic!("{declared:?}") };
    assert_eq!((roles.rest, from.line.get()), (Rest::Kept, 3));
    assert!(roles.entries[0].term.ends.is_some());
    let DeclaredDirect::Arranger(travellers) = &roles.entries[0].what else { panic!("{roles:?}") };
    let shown: Vec<String> = travellers
        .iter()
        .map(|it| format!("{} {} {}", it.person, it.confirmations, it.flight_stats))
        .collect();
    assert_eq!(shown, ["a@x.example false true", "b@x.example false false"]);
}
