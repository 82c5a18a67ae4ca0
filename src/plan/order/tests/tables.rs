//! Orders of small plans, as they read: `3 [1] add u1 after 0 (2)` is the step that adds to the group of
//! change 1, once step 0 is done and step 2 has ended.

use super::*;
use crate::{
    model::{
        access::{Access, DesiredState, Grant, Group, GroupKey, LiveState, Member, Removal},
        ids::GroupId,
        scope::{Dimension, Kind},
        source::{FileId, Place},
    },
    plan::diff::diff,
};

/// Reads `1 2 | 0ab 1c`: members 1 and 2, role 0 on a and b, role 1 on c; `-` is no group at all.
fn group(n: usize, text: &str, exists: bool) -> Option<Group> {
    let (members, roles) = text.trim().split_once('|')?;
    let value = |it: char| Value::Id(Uuid::from_u128(u128::from(it as u32 - u32::from(b'a') + 10)));
    let grant = |it: &str| Grant {
        role: role(it[..1].parse().unwrap()),
        scope: Scope::new([vec![Dimension {
            kind: Kind::Company,
            values: it[1..].chars().map(value).collect(),
        }]]),
        as_read: Vec::new(),
        from: None,
    };
    let id = GroupId(Uuid::from_u128(n as u128));
    Some(Group {
        company: CompanyId(Uuid::nil()),
        key: if exists { GroupKey::Existing(id) } else { GroupKey::New(n.to_string().into()) },
        name: n.to_string().into(),
        description: "d".into(),
        grants: roles.split_whitespace().map(grant).collect(),
        members: members
            .split_whitespace()
            .map(|it| Member { user: user(it.parse().unwrap()), from: None })
            .collect(),
        from: None,
    })
}

/// Reads one group per line, as `before > after`.
fn plan(text: &str) -> Plan {
    let (mut desired, mut live) = (DesiredState::default(), LiveState(Access::default()));
    let mut created = Vec::new();
    for (n, line) in text.split(" / ").enumerate() {
        let (old, new) = line.split_once('>').unwrap();
        let old = group(n, old, true);
        match (group(n, new, old.is_some()), &old) {
            (Some(new), Some(_)) => desired.access.groups.push(new),
            (Some(new), None) => created.push(new),
            (None, _) => desired.removals.push(Removal {
                company: CompanyId(Uuid::nil()),
                group: GroupId(Uuid::from_u128(n as u128)),
                reason: "gone".into(),
                from: Place::new(FileId(0), 1, 1),
            }),
        }
        live.0.groups.extend(old);
    }
    desired.access.groups.extend(created);
    Plan { changes: diff(&desired, &live), ..Plan::default() }
}

fn check_with(style: ScopeChange, floors: &[u128], text: &str, expected: &[&str]) {
    let plan = plan(text);
    let floors = floors.iter().map(|it| (CompanyId(Uuid::nil()), role(*it))).collect();
    let shown = show(&plan, &order(&plan, style, &floors));
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
        &["0 [0] remove u1", "1 [0] roles -r0 +r0@a after 0", "2 [0] add u2 after 1", "sunk r0 of 0"],
    );
}

#[test]
fn members_change_in_calls_of_at_most_a_hundred() {
    let list = |range: std::ops::Range<usize>| range.map(|it| format!("{it} ")).collect::<String>();
    let mut plan = plan(&format!("{}| > {}|", list(0..150), list(150..400)));
    if let ChangeKind::Alter { after, .. } = &mut plan.changes[0].kind {
        after.description = "other".into();
    }
    let size = |it: &Step| match &it.call {
        Call::PatchMembers { add, remove, .. } => format!("+{} -{}", add.len(), remove.len()),
        other => format!("{other:?}").split(' ').next().unwrap_or_default().to_owned(),
    };
    let ordered = order(&plan, ScopeChange::Atomic, &BTreeSet::new());
    let sizes: Vec<String> = ordered.steps.iter().map(size).collect();
    assert_eq!(sizes, ["+0 -100", "+0 -50", "+100 -0", "+100 -0", "+50 -0", "UpdateGroup"]);
}
