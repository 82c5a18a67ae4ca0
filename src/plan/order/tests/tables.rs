//! Orders of small plans, as they read: `3 [1] add u1 after 0 (2)` is the step that adds to the group of
//! change 1, once step 0 is done and step 2 has ended.

use super::*;
use crate::plan::worlds::{COMPANY, Group, Side, World as Sides, companies, group_id};

/// Reads `1 2 | 0ab 1c`: members 1 and 2, role 0 on a and b, role 1 on c; `-` is no group at all.
fn side(n: usize, text: &str) -> Option<Side> {
    let (members, roles) = text.trim().split_once('|')?;
    let value = |it: char| u128::from(it as u32 - u32::from(b'a') + 10);
    let grant = |it: &str| (role(it[..1].parse().unwrap()), companies(it[1..].chars().map(value)));
    Some(Side {
        name: n.to_string().into(),
        description: "d".into(),
        grants: roles.split_whitespace().map(grant).collect(),
        members: members.split_whitespace().map(|it| user(it.parse().unwrap())).collect(),
    })
}

/// Reads one group per line, as `before > after`.
fn sides(text: &str) -> Sides {
    let group = |(n, line): (usize, &str)| {
        let (before, after) = line.split_once('>').unwrap();
        let (before, after) = (side(n, before), side(n, after));
        Group { company: COMPANY, id: group_id(n as u128), before, after }
    };
    Sides::new(text.split(" / ").enumerate().map(group).collect())
}

fn plan(text: &str) -> Plan {
    sides(text).plan()
}

fn check_with(style: ScopeChange, floors: &[u128], text: &str, expected: &[&str]) {
    let plan = plan(text);
    let floors = floors.iter().map(|it| (CompanyId(Uuid::nil()), role(*it))).collect();
    let shown = show(&plan, &order(&plan, &|_| style, &floors));
    let steps: Vec<&str> = shown.lines().filter_map(|it| it.strip_prefix("  ")).collect();
    assert_eq!(steps, expected, "{text}\n{shown}");
}

fn check(text: &str, expected: &[&str]) {
    check_with(ScopeChange::Atomic, &[], text, expected);
}

#[test]
fn who_moves_joins_before_leaving() {
    check("1 2 | 0a > 2 | 0a / 3 | 0a > 1 3 | 0a", &["0 [1] add u1", "1 [0] remove u1 after 0"]);
    // What is not on both sides, nobody waits for.
    check("1 | 0a > | 0a / | 0b > 1 | 0b", &["0 [0] remove u1", "1 [1] add u1"]);
    check(
        "1 | 0a > | 0a / - > 1 | 0a",
        &["0 [1] create", "1 [1] roles +r0@a after 0", "2 [1] add u1 after 0", "3 [0] remove u1 after 1 2"],
    );
}

#[test]
fn who_still_holds_it_elsewhere_until_something_gives_it_lacks_nothing_in_a_circle() {
    for text in [
        "3 | 1a > | 1a / 3 | 1b > 3 | 1a / 3 | 1a > 3 | 1b",
        "0 | 2b > 5 | 2a / 5 | 2a > 0 5 | 2b / 5 | 2a > |",
        "1 2 4 | 2b > 1 2 3 | 0a / 1 | 0a > 1 4 | 2b / 3 4 | 2b > -",
    ] {
        let plan = plan(text);
        let ordered = order(&plan, &|_| ScopeChange::Atomic, &BTreeSet::new());
        assert!(ordered.gaps.is_empty(), "{}", show(&plan, &ordered));
    }
}

#[test]
fn two_who_swap_groups_wait_for_nobody_else() {
    check(
        "1 | 0a > 2 | 0a / 2 | 0a > 1 | 0a",
        &["0 [0] add u2", "1 [1] remove u2 after 0", "2 [1] add u1", "3 [0] remove u1 after 2"],
    );
}

/// The groups swap their roles and their people, so that nobody is to see a change; but each role
/// comes only when those have left who wait for the other. 5 and 6, who just leave, are no part of it.
#[test]
fn a_circle_costs_as_few_as_possible_a_gap() {
    check(
        "1 5 | 0a > 2 | 0b / 2 3 6 | 0b > 1 | 0a",
        &[
            "0 [0] remove u1 u5",
            "1 [1] remove u3 u6",
            "2 [0] roles -r0 +r0@b after 0",
            "3 [0] add u2 after 2",
            "4 [1] remove u2 after 2 3",
            "5 [1] roles -r0 +r0@a after 1 2 3 4",
            "6 [1] add u1 after 5",
            "gap u1 r0 0>1 Cycle",
        ],
    );
}

#[test]
fn a_deleted_group_takes_along_who_waits_for_the_same() {
    check("1 2 | 0a > -", &["0 [0] delete"]);
    check("1 2 | 0a > - / | 0a > 1 2 | 0a", &["0 [1] add u1 u2", "1 [0] delete after 0"]);
    check(
        "1 2 3 | 0a > - / | 0a > 1 | 0a",
        &["0 [0] remove u2 u3", "1 [1] add u1", "2 [0] delete after 0 1"],
    );
    check(
        "1 2 | 0a > - / | 0a > 1 | 0a / | 0a > 2 | 0a",
        &[
            "0 [1] add u1",
            "1 [0] remove u1 after 0",
            "2 [2] add u2",
            "3 [0] remove u2 after 2",
            "4 [0] delete after 1 3",
        ],
    );
}

#[test]
fn a_role_is_narrowed_before_people_join_and_widened_after_people_left() {
    check("1 | 0ab > 1 2 | 0a", &["0 [0] roles -r0 +r0@a", "1 [0] add u2 after 0"]);
    check("1 2 | 0a > 1 | 0ab", &["0 [0] remove u2", "1 [0] roles -r0 +r0@ab after 0"]);
    // The other way round nothing can go wrong.
    check("1 | 0a > 1 2 | 0ab", &["0 [0] roles -r0 +r0@ab", "1 [0] add u2"]);
    check("1 2 | 0ab > 1 | 0a", &["0 [0] remove u2", "1 [0] roles -r0 +r0@a"]);
    // Who holds it elsewhere gains nothing by it.
    check("1 2 | > 1 | 0a / 2 | 0a > 2 3 | 0a", &["0 [0] remove u2", "1 [0] roles +r0@a", "2 [1] add u3"]);
}

#[test]
fn a_role_that_several_lose_waits_only_for_the_end_of_a_grant() {
    check("1 2 | 0a > 1 2 | / | 0a > 1 | 0a", &["0 [1] add u1", "1 [0] roles -r0 after (0)"]);
    check("1 | 0a > 1 | / | 0a > 1 | 0a", &["0 [1] add u1", "1 [0] roles -r0 after 0"]);
    // 2 stays and loses c, which must not wait for what becomes of 1.
    check(
        "1 2 | 0ac > 2 | 0ab / | 0a > 1 | 0a",
        &["0 [1] add u1", "1 [0] remove u1 after (0)", "2 [0] roles -r0 +r0@ab after 1"],
    );
}

#[test]
fn a_split_change_widens_first_and_narrows_last() {
    let split = |text, expected: &[&str]| check_with(ScopeChange::Split, &[], text, expected);
    split("1 | 0a > 1 | 0ab", &["0 [0] roles +r0@ab", "1 [0] roles -r0 after 0"]);
    split(
        "1 | 0ab > 1 2 | 0a",
        &[
            "0 [0] roles -r0",
            "1 [0] roles +r0@a after 0",
            "2 [0] add u2 after 0",
            "gap u1 r0 0>0 RevokeFirst",
        ],
    );
    // Another group holds it meanwhile.
    split(
        "1 | 0ab > 1 | 0a / 1 | 0a > | 0a",
        &["0 [0] roles -r0", "1 [0] roles +r0@a after 0", "2 [1] remove u1 after 1"],
    );
    // Or will hold it: first there, then here.
    split(
        "1 | 0ab > 1 | 0a / | 0a > 1 | 0a",
        &["0 [1] add u1", "1 [0] roles -r0 after 0", "2 [0] roles +r0@a after 1"],
    );
    // Two groups in turn.
    split(
        "1 | 0ab > 1 | 0a / 1 | 0ab > 1 | 0a",
        &[
            "0 [0] roles -r0",
            "1 [0] roles +r0@a after 0",
            "2 [1] roles -r0 after 1",
            "3 [1] roles +r0@a after 2",
        ],
    );
    split("1 | 0a > 1 | 0b", &["0 [0] roles -r0", "1 [0] roles +r0@b after 0"]);
}

#[test]
fn a_floor_makes_a_revocation_wait_for_the_grant_of_another() {
    let floor = |text, expected: &[&str]| check_with(ScopeChange::Atomic, &[0], text, expected);
    floor("1 | 0a > 2 | 0a", &["0 [0] add u2", "1 [0] remove u1 after 0"]);
    // Who keeps it, on another scope, never lacks it either.
    floor("1 | 0a > | 0a / | 0b > 1 | 0b", &["0 [1] add u1", "1 [0] remove u1 after 0"]);
    floor(
        "1 | 0b > 2 | 0a",
        &["0 [0] remove u1", "1 [0] roles -r0 +r0@a after 0", "2 [0] add u2 after 1", "unmet r0 of 0"],
    );
}

#[test]
fn members_change_in_calls_of_at_most_a_hundred() {
    let list = |range: std::ops::Range<usize>| range.map(|it| format!("{it} ")).collect::<String>();
    let mut sides = sides(&format!("{}| > {}|", list(0..150), list(150..400)));
    sides.groups[0].after.as_mut().unwrap().description = "other".into();
    let plan = sides.plan();
    let size = |it: &Step| match &it.call {
        Call::PatchMembers { add, remove, .. } => format!("+{} -{}", add.len(), remove.len()),
        other => format!("{other:?}").split(' ').next().unwrap_or_default().to_owned(),
    };
    let ordered = order(&plan, &|_| ScopeChange::Atomic, &BTreeSet::new());
    let sizes: Vec<String> = ordered.steps.iter().map(size).collect();
    assert_eq!(sizes, ["+0 -100", "+0 -50", "+100 -0", "+100 -0", "+50 -0", "UpdateGroup"]);
}
