//! Roles outside groups: what is wanted of whom, and whom nobody may be sure of.

use serde_json::{json, value::RawValue};

use super::*;
use crate::model::direct::{DirectRole, DirectRoles, Fields};

/// The world of the other tests, in which Ana administers Globex and arranges for the VIP, and Bo holds
/// something that no version knows. Of Cy nothing could be read.
fn snapshot_with_direct_roles() -> Observed {
    let roles = |list: serde_json::Value| {
        let list: Vec<Box<RawValue>> = serde_json::from_str(&list.to_string()).unwrap();
        DirectRoles::read(list)
    };
    let ana = roles(json!([
        { "roleType": "COMPANY_ADMIN", "metadata": { "companyRef": { "id": GLOBEX } }, "note": 1 },
        { "roleType": "TRAVEL_ARRANGER", "metadata": { "arrangerFor": [{ "userId": UserId(Uuid::from_u128(5)) }] } },
    ]));
    let bo = roles(json!([{ "roleType": "NEW_THING", "metadata": { "a": 1 } }]));
    let direct = [(1, ana), (2, bo), (4, DirectRoles::default())];
    let direct = direct.into_iter().map(|(n, it)| (UserId(Uuid::from_u128(n)), it)).collect();
    Observed { direct, ..snapshot() }
}

fn user_entry(who: &str, roles: &str) -> String {
    format!("users: [{{ user: {who}, directRoles: {roles} }}]\n")
}

fn check_user(who: &str, roles: &str, expected: &[&str]) {
    let snapshot = snapshot_with_direct_roles();
    let bound = bound_to(&user_entry(who, roles), &snapshot).unwrap_or_else(|it| panic!("{it:?}"));
    assert_eq!(lines(&diff::plan(&bound, &snapshot)), expected, "{who}: {roles}");
}

const ADMIN: &str = "{ type: COMPANY_ADMIN, company: globex }";
const FOR_VIP: &str = "{ type: TRAVEL_ARRANGER, arrangerFor: [vip@globex.example] }";

#[test]
fn a_list_of_direct_roles_is_exact_or_at_least() {
    let ana = |roles: &str, expected: &[&str]| check_user("ana@voyager.example", roles, expected);
    let user = "user ana@voyager.example";
    ana(&format!("[{FOR_VIP}, {ADMIN}]"), &[]);
    ana("unmanaged", &[]);
    ana("{ atLeast: [] }", &[]);
    ana("[]", &[user, "  - COMPANY_ADMIN", "  - TRAVEL_ARRANGER"]);
    ana(&format!("[{ADMIN}]"), &[user, "  - TRAVEL_ARRANGER"]);
    ana(&format!("[{ADMIN}, {{ type: GLOBAL_AGENT }}]"), &[user, "  + GLOBAL_AGENT", "  - TRAVEL_ARRANGER"]);
    ana("{ atLeast: [{ type: TMC_AGENT, tmc: voyager }] }", &[user, "  + TMC_AGENT"]);
    // The same type on another company is another role.
    ana(
        &format!("[{FOR_VIP}, {{ type: COMPANY_ADMIN, company: voyager }}]"),
        &[user, "  + COMPANY_ADMIN", "  - COMPANY_ADMIN"],
    );
}

#[test]
fn travellers_are_compared_one_by_one() {
    let check = |travellers: &str, expected: &[&str]| {
        let role = format!("{{ type: TRAVEL_ARRANGER, arrangerFor: {travellers} }}");
        let all = [&["user ana@voyager.example"], expected].concat();
        check_user(
            "ana@voyager.example",
            &format!("[{ADMIN}, {role}]"),
            if expected.is_empty() { &[] } else { &all },
        );
    };
    check("[{ user: { externalId: ext-5 } }]", &[]);
    check("[vip@globex.example, bo@voyager.example]", &["  Widens TRAVEL_ARRANGER"]);
    check("[bo@voyager.example]", &["  Changes TRAVEL_ARRANGER"]);
    check("[{ user: vip@globex.example, sendConfirmationEmail: true }]", &["  Changes TRAVEL_ARRANGER"]);
    // In a list that is not exact, whoever else is there stays.
    let at_least = "{ atLeast: [{ type: TRAVEL_ARRANGER, arrangerFor: [bo@voyager.example] }] }";
    check_user("ana@voyager.example", at_least, &["user ana@voyager.example", "  Widens TRAVEL_ARRANGER"]);
    // Who is not known keeps the role as it is, and the rest of the list goes on.
    let typo = "[{ type: TRAVEL_ARRANGER, arrangerFor: [vp@globex.example] }]";
    check_user(
        "ana@voyager.example",
        typo,
        &[
            "user ana@voyager.example",
            "  - COMPANY_ADMIN",
            "withheld TRAVEL_ARRANGER of ana@voyager.example for vp@globex.example: unknown",
        ],
    );
}

#[test]
fn what_no_version_knows_stays_only_where_it_is_declared() {
    let bo = |roles: &str, expected: &[&str]| check_user("bo@voyager.example", roles, expected);
    bo("[{ raw: { metadata: { a: 1 }, roleType: NEW_THING } }]", &[]);
    bo("{ atLeast: [] }", &[]);
    bo("[]", &["user bo@voyager.example", "  - NEW_THING"]);
    bo(
        "[{ raw: { roleType: NEW_THING, metadata: { a: 2 } } }]",
        &["user bo@voyager.example", "  - NEW_THING", "  + NEW_THING"],
    );
}

#[test]
fn a_role_that_has_ended_goes() {
    let ended = "{ type: COMPANY_ADMIN, company: globex, until: 2026-11-20, reason: over }";
    let user = "user ana@voyager.example";
    check_user("ana@voyager.example", &format!("[{FOR_VIP}, {ended}]"), &[user, "  ended COMPANY_ADMIN"]);
    check_user("ana@voyager.example", &format!("{{ atLeast: [{ended}] }}"), &[user, "  ended COMPANY_ADMIN"]);
    let soon = user_entry("ana@voyager.example", &format!("[{FOR_VIP}, {}]", ended.replace("-20", "-22")));
    let snapshot = snapshot_with_direct_roles();
    let plan = diff::plan(&bound_to(&soon, &snapshot).unwrap(), &snapshot);
    assert_eq!((plan.soon.len(), plan.len()), (1, 0));
}

#[test]
fn a_list_of_travellers_that_has_ended_ends_for_those_it_names_only() {
    let traveller = |n: u128| json!({ "userId": UserId(Uuid::from_u128(n)) });
    let list = json!([{ "roleType": "TRAVEL_ARRANGER", "metadata": { "arrangerFor": [traveller(5), traveller(2), traveller(4)] } }]);
    let list: Vec<Box<RawValue>> = serde_json::from_str(&list.to_string()).unwrap();
    let ana = UserId(Uuid::from_u128(1));
    let snapshot = Observed { direct: BTreeMap::from([(ana, DirectRoles::read(list))]), ..snapshot() };
    let lockout = "lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: r }]\n";
    let check = |list: &str, travellers: &str, effect: &str, left: &[u128]| {
        let ended = format!("{{ type: TRAVEL_ARRANGER, arrangerFor: [{travellers}], until: 2026-11-20 }}");
        let entry = user_entry("ana@voyager.example", &list.replace('X', &ended));
        for workspace in ["", lockout] {
            let plan = diff::plan(&bound_by(workspace, &entry, &snapshot).unwrap(), &snapshot);
            let mut expected = vec![format!("  {effect} TRAVEL_ARRANGER")];
            expected.insert(0, "user ana@voyager.example".to_owned());
            if effect.is_empty() {
                expected.clear();
            } else if !workspace.is_empty() {
                expected[1] = expected[1].replace("ended", "cut off");
            }
            let found = lines(&plan).into_iter().skip_while(|it| !it.starts_with("user "));
            assert_eq!(found.collect::<Vec<_>>(), expected, "{entry}");
            let after = plan.people().next().map(|it| it.direct_after()).unwrap_or_default();
            let after: Vec<u128> =
                after.iter().flat_map(DirectRole::travellers).map(|it| it.user.0.as_u128()).collect();
            assert_eq!(after, left, "{entry}");
        }
    };
    let kept = "{ atLeast: [X] }";
    check(kept, "vip@globex.example", "Narrows", &[2, 4]);
    check(kept, "{ user: vip@globex.example, sendConfirmationEmail: true }", "Narrows", &[2, 4]);
    // Whoever is meant ends, active or not; who is not known, or not alone, takes nobody along.
    check(kept, "gone@voyager.example, nobody@voyager.example", "Narrows", &[2, 5]);
    check(kept, "nobody@voyager.example", "", &[]);
    check(kept, "twin@voyager.example", "", &[]);
    check(kept, "vip@globex.example, bo@voyager.example, gone@voyager.example", "ended", &[]);
    check("[X]", "vip@globex.example", "ended", &[]);
}

#[test]
fn nobody_is_changed_who_is_not_exactly_one_active_person_of_the_company() {
    for (who, why) in [
        ("nobody@voyager.example", "unknown"),
        ("twin@voyager.example", "ambiguous"),
        ("vip@globex.example", "foreign"),
        ("gone@voyager.example", "inactive"),
        // The API did not tell: that is never an empty list.
        ("cy@voyager.example", "unread"),
    ] {
        check_user(who, &format!("[{ADMIN}]"), &[&format!("withheld user {who}: {why}")]);
    }
    check_user("gone@voyager.example", "[]", &[]);
}

#[test]
fn a_person_with_two_keys_is_declared_once() {
    let twice = "users: [{ user: ana@voyager.example, directRoles: [] }, { user: { externalId: ext-1 }, directRoles: [] }]\n";
    let findings = bound_to(twice, &snapshot_with_direct_roles()).unwrap_err();
    let found: Vec<_> = findings.iter().map(|it| (it.code, it.place.unwrap().column)).collect();
    assert_eq!(found, [(Code::DuplicateUser, 57)], "{findings:?}");
}

#[test]
fn a_role_that_stays_is_the_one_that_is_there() {
    let snapshot = snapshot_with_direct_roles();
    let bound = bound_to(&user_entry("ana@voyager.example", &format!("[{ADMIN}]")), &snapshot).unwrap();
    let plan = diff::plan(&bound, &snapshot);
    let after = plan.people().next().unwrap().direct_after();
    let sent: Vec<String> = after.sent(Fields::Current).iter().map(|it| it.get().to_owned()).collect();
    assert!(sent.len() == 1 && sent[0].contains(r#""note":1"#), "{sent:?}");
}

#[test]
fn who_is_locked_out_is_given_nothing() {
    let lockout = "lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: r }]\n";
    let snapshot = snapshot_with_direct_roles();
    let of = |roles: &str| {
        let bound = bound_by(lockout, &user_entry("ana@voyager.example", roles), &snapshot).unwrap();
        let plan = diff::plan(&bound, &snapshot);
        let direct = plan.people().flat_map(|it| it.edits).map(Edit::gives).collect::<Vec<_>>();
        let codes: Vec<_> = plan.remarks.iter().map(|it| it.code).collect();
        (
            direct,
            codes,
            plan.survivors.iter().map(|it| it.roles.join(" ")).collect::<Vec<_>>(),
            plan.outside.len(),
        )
    };
    // What is not declared to go stays, and is told; what is declared to go goes.
    let all = vec!["COMPANY_ADMIN TRAVEL_ARRANGER".to_owned()];
    assert_eq!(of("unmanaged"), (vec![], vec![], all, 0));
    assert_eq!(of("[]"), (vec![false, false], vec![], vec![], 0));
    let given = format!("[{ADMIN}, {{ type: GLOBAL_AGENT }}]");
    assert_eq!(of(&given), (vec![false], vec![Code::LockedOutMember], vec!["COMPANY_ADMIN".to_owned()], 0));
}

#[test]
fn whoever_was_looked_at_is_shown_with_what_is_held_outside() {
    let snapshot = snapshot_with_direct_roles();
    let identity = "api: { identity: { email: bo@voyager.example } }\n";
    let bound = bound_by(identity, &user_entry("ana@voyager.example", "unmanaged"), &snapshot).unwrap();
    let outside: Vec<_> =
        bound.outside.iter().map(|it| (it.user.0.as_u128(), it.roles.types().join(" "))).collect();
    assert_eq!(outside, [(1, "COMPANY_ADMIN TRAVEL_ARRANGER".to_owned()), (2, "NEW_THING".to_owned())]);
    assert!(diff::plan(&bound, &snapshot).is_empty());
}

#[test]
fn of_several_accounts_the_active_one_is_meant() {
    let mut snapshot = snapshot_with_direct_roles();
    snapshot.users[6].active = false;
    snapshot.direct.insert(UserId(Uuid::from_u128(6)), DirectRoles::default());
    let entry = user_entry("twin@voyager.example", &format!("[{ADMIN}]"));
    let bound = bound_to(&entry, &snapshot).unwrap();
    assert_eq!(lines(&diff::plan(&bound, &snapshot)), ["user twin@voyager.example", "  + COMPANY_ADMIN"]);
    let read = bound.people.iter().map(|it| bound.index.person(*it).1.0.as_u128());
    assert_eq!(read.collect::<Vec<_>>(), [6]);
}

#[test]
fn where_nothing_is_asked_nothing_is_withheld() {
    for roles in ["unmanaged", "{ atLeast: [] }"] {
        for (who, why) in [
            ("nobody@voyager.example", "unknown"),
            ("twin@voyager.example", "ambiguous"),
            ("vip@globex.example", "foreign"),
            ("cy@voyager.example", "unread"),
        ] {
            check_user(who, roles, &[&format!("unmanaged user {who}: {why}")]);
            let snapshot = snapshot_with_direct_roles();
            let plan = diff::plan(&bound_to(&user_entry(who, roles), &snapshot).unwrap(), &snapshot);
            assert!(plan.is_settled());
        }
    }
}
