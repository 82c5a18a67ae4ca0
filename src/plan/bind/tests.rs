//! From names to ids: what is bound, what is found, what is withheld.

use super::*;
use crate::{
    files::{
        check::{Files, check},
        decode,
    },
    model::{
        access::{Contents, Grant},
        ids::{CompanyId, GroupId, RoleId},
        observed::{RoleHead, User},
        plan::{Change, Plan, Unresolved},
        scope::{Dimension, Kind, Scope, Value},
        source::FileId,
        state::Edit,
    },
    plan::diff,
};

mod absence;
mod rules;
mod users;

const VOYAGER: CompanyId = CompanyId(Uuid::from_u128(0x1a6f_0000_0000_4000_8000_0000_0000_0001));
const GLOBEX: CompanyId = CompanyId(Uuid::from_u128(0x1a6f_0000_0000_4000_8000_0000_0000_0002));
const WORKSPACE: &str = "
version: 1
company: voyager
ids:
  company: { voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 1a6f0000-0000-4000-8000-000000000002 }
";

fn user(n: u128, email: &str) -> User {
    User {
        id: UserId(Uuid::from_u128(n)),
        email: Some(email.parse().unwrap()),
        external_id: Some(format!("ext-{n}").into()),
        employee_id: None,
        company: Some(if email.ends_with("globex.example") { GLOBEX } else { VOYAGER }),
        active: !email.starts_with("gone"),
    }
}

fn role(n: u128, name: &str, platform: bool) -> RoleHead {
    RoleHead {
        id: RoleId(Uuid::from_u128(n)),
        name: name.into(),
        platform: Some(platform),
        manages_access: false,
        permissions: None,
    }
}

fn globex() -> Scope {
    Scope::new([vec![Dimension { kind: Kind::Company, values: vec![Value::Id(GLOBEX.0)] }]])
}

/// Ana, Bo and Cy; a custom group `Desk` of ana and bo with Agent on globex; standard `Admins`; two `Twins`.
fn snapshot() -> Observed {
    let head = |n: u128, name: &str| GroupHead {
        id: GroupId(Uuid::from_u128(n)),
        name: name.into(),
        description: "d".into(),
        unmodifiable: name == "Admins",
        stamps: crate::model::stamp::Stamps::default(),
    };
    let contents = |members: &[u128]| Contents {
        members: members.iter().map(|it| UserId(Uuid::from_u128(*it))).collect(),
        grants: vec![Grant {
            role: RoleId(Uuid::from_u128(1)),
            scope: globex().into(),
            as_read: [Some(globex().to_wire().into())].into(),
        }],
    };
    let company = ObservedCompany {
        id: VOYAGER,
        groups: vec![
            head(1, "Desk"),
            head(2, "Admins"),
            head(3, "Twins"),
            head(4, "Twins"),
            head(5, "Other"),
        ],
        roles: vec![role(1, "Agent", true), role(2, "Desk Lead", true), role(3, "Desk Lead", false)],
        contents: BTreeMap::from([
            (GroupId(Uuid::from_u128(1)), contents(&[1, 2])),
            (GroupId(Uuid::from_u128(2)), contents(&[3])),
        ]),
        held: BTreeMap::new(),
        selected: BTreeMap::new(),
        units: crate::model::units::Units::default(),
        added: BTreeMap::new(),
    };
    let users = [
        (1, "ana@voyager.example"),
        (2, "bo@voyager.example"),
        (3, "cy@voyager.example"),
        (4, "gone@voyager.example"),
        (5, "vip@globex.example"),
        (6, "twin@voyager.example"),
        (7, "twin@voyager.example"),
    ];
    let users = users.iter().map(|(n, email)| user(*n, email)).collect();
    Observed { companies: vec![company], users, ..Observed::default() }
}

fn bound(access: &str) -> Result<Bound, Vec<Finding>> {
    bound_to(access, &snapshot())
}

fn bound_to(access: &str, snapshot: &Observed) -> Result<Bound, Vec<Finding>> {
    bound_by("", access, snapshot)
}

/// Binds an access file in a workspace that says more.
fn bound_by(workspace: &str, access: &str, snapshot: &Observed) -> Result<Bound, Vec<Finding>> {
    let access = format!("version: 1\n{access}");
    let workspace = format!("{WORKSPACE}{workspace}");
    let files = Files {
        workspace: Some((FileId(0), decode(&workspace, FileId(0)).unwrap())),
        access: vec![(FileId(1), decode(&access, FileId(1)).unwrap())],
        ..Files::default()
    };
    let declared = check(&files).unwrap_or_else(|it| panic!("{it:?}"));
    bind(&declared, snapshot, "2026-11-21T12:00:00Z".parse().unwrap())
}

fn outcome(access: &str) -> Vec<String> {
    lines(&diff::plan(&bound(access).unwrap_or_else(|it| panic!("{it:?}")), &snapshot()))
}

/// What an edit does: `+`, how a role relates to what it was, or why something goes. What stays has no reason to go.
fn effect(change: &Change<'_>, edit: &Edit) -> String {
    let why = change.note(edit).why;
    assert!(edit.removes() || why == Why::NotDeclared, "{edit:?}: {why:?}");
    match (edit.relation(), why) {
        (Some(relation), _) => format!("{relation:?}"),
        (None, _) if edit.adds() => "+".to_owned(),
        (None, Why::NotDeclared) => "-".to_owned(),
        (None, Why::Ended(_)) => "ended".to_owned(),
        (None, Why::NotYet(_)) => "not yet".to_owned(),
        (None, Why::Unmeant(_)) => "unmeant".to_owned(),
        (None, Why::Excepted(_)) => "excepted".to_owned(),
        (None, Why::LockedOut(_)) => "cut off".to_owned(),
        (None, Why::Left(_)) => "left".to_owned(),
    }
}

/// Every change and everything withheld, a line each.
fn lines(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for change in plan.changes() {
        let action = match change.user() {
            Some(_) => "user".to_owned(),
            None => format!("{:?}", change.action()).to_lowercase(),
        };
        lines.push(format!("{action} {}", plan.title(change.at)));
        for edit in change.edits {
            let what = match &edit.key.fact {
                // The line of the change says it.
                Fact::Attributes => continue,
                Fact::Grant(role) => plan.names.role(*role),
                Fact::Member(user) => plan.names.person(plan.index.user(*user)),
                Fact::Direct(kind) => kind.role_type().to_owned(),
                Fact::Trait(attribute) => attribute.as_str().to_owned(),
            };
            lines.push(format!("  {} {what}", effect(&change, edit)));
        }
    }
    for withheld in &plan.withheld {
        lines.push(match &withheld.what {
            WithheldReason::Person { person, why } => format!("withheld {person}: {}", words(why)),
            WithheldReason::Exception { person } => format!("no rules because of {person}"),
            WithheldReason::Grant { role, person, why } => {
                format!("withheld {role} for {person}: {}", words(why))
            }
            WithheldReason::Company { company, answer } => format!("withheld {company:?}: {answer}"),
            WithheldReason::UnknownRole { role } => format!("withheld {role}: no role"),
            WithheldReason::Unreadable { role } => format!("withheld {role}: unreadable"),
            WithheldReason::Removal { user, person } => {
                format!("kept {} because of {person}", plan.names.person(*user))
            }
            WithheldReason::HiddenRemoval { user } => format!("kept {} unseen", plan.names.person(*user)),
            WithheldReason::Group { candidates } => format!("withheld group {}", candidates.len()),
            WithheldReason::InactiveMember { person } => format!("inactive {person}"),
            WithheldReason::FrozenRoles {} => format!("Roles of {} stay", withheld.group),
            WithheldReason::FrozenAttributes {} => format!("Attributes of {} stay", withheld.group),
            WithheldReason::FrozenGroup {} => format!("Existence of {} stay", withheld.group),
            WithheldReason::Lockout { person, why } => format!("not cut off {person}: {}", words(why)),
            WithheldReason::User { person, why } => format!("withheld user {person}: {}", words(why)),
            WithheldReason::UnreadLockout { user } => {
                format!("not known what {} holds", plan.names.person(*user))
            }
            WithheldReason::UnreadUser { person } => format!("withheld user {person}: unread"),
            WithheldReason::UnreadPerson { person } => format!("withheld person {person}: unread"),
            WithheldReason::Superior { user, attribute, person, why } => {
                format!("withheld {} of {user} for {person}: {}", attribute.word(), words(why))
            }
            WithheldReason::Unit { user, attribute, name, why } => {
                format!("withheld {} of {user} for {name}: {why:?}", attribute.word())
            }
            WithheldReason::NoLegalEntity { person, name, why } => {
                format!("not created {person} for {name}: {why:?}")
            }
            WithheldReason::Taken { user, attribute, key, holder } => {
                let holder = plan.names.person(*holder);
                format!("withheld {} {key} of {user}: {holder} has it", attribute.word())
            }
            WithheldReason::Creation { person, .. } => format!("not created {person}"),
            WithheldReason::Contradiction { person, key, .. } => format!("another's key of {person}: {key}"),
            WithheldReason::Former { person, key, .. } => format!("former account of {person}: {key}"),
            WithheldReason::Untold { person, attribute } => {
                format!("withheld {} of {person}: untold", attribute.word())
            }
            WithheldReason::Irremovable { person, attribute } => {
                format!("kept {} of {person}", attribute.word())
            }
            WithheldReason::Deactivation { person, because, .. } => {
                format!("not deactivated {person}: {because:?}")
            }
            WithheldReason::UnmanagedUser { person, why } => {
                format!("unmanaged user {person}: {}", words(why))
            }
            WithheldReason::UnmanagedUnread { person } => format!("unmanaged user {person}: unread"),
            WithheldReason::Traveller { user, person, why } => {
                format!(
                    "withheld TRAVEL_ARRANGER of {} for {person}: {}",
                    plan.names.person(*user),
                    words(why)
                )
            }
        });
    }
    lines
}

fn words(why: &Unresolved) -> &'static str {
    match why {
        Unresolved::Unknown => "unknown",
        Unresolved::Nowhere(_) => "nowhere",
        Unresolved::Inactive => "inactive",
        Unresolved::Ambiguous(_) => "ambiguous",
        Unresolved::Foreign(_) => "foreign",
        Unresolved::Hidden => "hidden",
    }
}

proptest::proptest! {
    /// Whatever rows one address finds: of whom something may be given that is one whom it may be taken from.
    #[test]
    fn an_account_that_is_meant_is_one_of_all(rows in proptest::collection::vec((0..3_usize, proptest::prelude::any::<bool>()), 0..5)) {
        let companies = [None, Some(VOYAGER), Some(GLOBEX)];
        let row = |(n, (company, active)): (usize, &(usize, bool))| User {
            company: companies[*company],
            active: *active,
            ..user(n as u128, "ana@voyager.example")
        };
        let users: Vec<User> = rows.iter().enumerate().map(row).collect();
        let directory = Directory::new(&users);
        let person = PersonRef::Email("ana@voyager.example".parse().unwrap());
        let (member, one) = (directory.member(VOYAGER, &person), directory.anyone(VOYAGER, &person));
        let all = directory.everybody(VOYAGER, &person);
        let of = |company: Option<CompanyId>| users.iter().filter(|it| it.company == company).map(|it| it.id).collect::<Vec<_>>();
        let (own, untold) = (of(Some(VOYAGER)), of(None));
        if let Ok(user) = member {
            assert_eq!(one, Ok(user));
        }
        match all {
            // All of the company, or the only one whose company is not known.
            Ok(all) if untold.is_empty() => assert_eq!((&all, all.is_empty()), (&own, false)),
            Ok(all) => assert_eq!((all, own.len()), (untold, 0)),
            Err(Unresolved::Ambiguous(_)) => assert!(!untold.is_empty() && own.len() + untold.len() > 1),
            Err(Unresolved::Unknown) => assert!(users.is_empty()),
            Err(Unresolved::Foreign(company)) => assert_eq!((company, own.len() + untold.len()), (GLOBEX, 0)),
            Err(why) => panic!("{why:?}"),
        }
        if let (Ok(one), Ok(all)) = (one, directory.everybody(VOYAGER, &person)) {
            assert!(all.contains(&one));
        }
    }
}

fn desk(roles: &str, members: &str) -> String {
    format!("groups: [{{ name: Desk, description: d, roles: {roles}, members: {members} }}]\n")
}

const AGENT: &str = "[{ role: Agent, scope: { company: globex } }]";

#[test]
fn what_is_the_same_plans_to_nothing() {
    assert!(outcome(&desk(AGENT, "[bo@voyager.example, Ana@Voyager.Example]")).is_empty());
    assert!(outcome(&desk("unmanaged", "unmanaged")).is_empty());
    assert!(outcome(&desk("{ atLeast: [] }", "{ atLeast: [{ externalId: ext-1 }] }")).is_empty());
}

#[test]
fn lists_are_exact_or_at_least() {
    assert_eq!(
        outcome(&desk("[]", "[ana@voyager.example, cy@voyager.example]")),
        ["alter Desk", "  - Agent", "  - bo@voyager.example", "  + cy@voyager.example",]
    );
    assert_eq!(
        outcome(&desk(
            "{ atLeast: [{ role: Agent, scope: { company: voyager } }] }",
            "{ atLeast: [cy@voyager.example] }"
        )),
        ["alter Desk", "  Widens Agent", "  + cy@voyager.example"]
    );
}

#[test]
fn what_has_ended_is_not_wanted_even_where_the_list_is_open() {
    let ended = "{ email: bo@voyager.example, until: 2026-11-20 }";
    let lines = ["alter Desk", "  ended bo@voyager.example"];
    assert_eq!(outcome(&desk(AGENT, &format!("[ana@voyager.example, {ended}]"))), lines);
    assert_eq!(outcome(&desk(AGENT, &format!("{{ atLeast: [{ended}] }}"))), lines);
    let today = "[ana@voyager.example, { email: bo@voyager.example, until: 2026-11-21 }]";
    assert!(outcome(&desk(AGENT, today)).is_empty());
    let role = "[{ role: Agent, scope: { company: globex }, until: 2026-11-20 }]";
    assert_eq!(outcome(&desk(role, "unmanaged")), ["alter Desk", "  ended Agent"]);
    assert_eq!(
        outcome(&desk(&format!("{{ atLeast: {role} }}"), "unmanaged")),
        ["alter Desk", "  ended Agent"]
    );
}

#[test]
fn what_begins_later_is_asked_for_from_then_on() {
    let members = |bo: &str| format!("[ana@voyager.example, {{ email: bo@voyager.example, {bo} }}]");
    let later = members("from: 2026-11-22");
    assert_eq!(outcome(&desk(AGENT, &later)), ["alter Desk", "  not yet bo@voyager.example"]);
    // Where others may stay so may who is early.
    assert!(outcome(&desk(AGENT, &format!("{{ atLeast: {later} }}"))).is_empty());
    for begun in ["from: 2026-11-21", "from: 2026-11-21T12:00:00Z", "from: 2026-01-01, until: 2026-11-21"] {
        assert!(outcome(&desk(AGENT, &members(begun))).is_empty(), "{begun}");
    }
    let joins =
        |from: &str| desk(AGENT, &format!("{{ atLeast: [{{ email: cy@voyager.example, from: {from} }}] }}"));
    assert!(outcome(&joins("2026-11-21T12:00:01Z")).is_empty());
    assert_eq!(outcome(&joins("2026-11-21")), ["alter Desk", "  + cy@voyager.example"]);
    let role = "[{ role: Agent, scope: { company: globex }, from: 2026-12-01 }]";
    assert_eq!(outcome(&desk(role, "unmanaged")), ["alter Desk", "  not yet Agent"]);
    assert!(outcome(&desk(&format!("{{ atLeast: {role} }}"), "unmanaged")).is_empty());
    // Two terms of one role: what holds now is compared with what is there.
    let both = "[{ role: Agent, scope: { company: globex } }, { role: Agent, scope: { company: voyager }, from: 2026-12-01 }]";
    assert!(outcome(&desk(both, "unmanaged")).is_empty());
}

#[test]
fn a_group_is_left_alone_before_its_time_and_deleted_after_it() {
    let timed = |name: &str, term: &str| {
        format!(
            "groups:\n  - {{ name: {name}, {term}, description: d, roles: [], members: [cy@voyager.example] }}"
        )
    };
    for name in ["Desk", "Winter"] {
        assert!(outcome(&timed(name, "from: 2026-11-22")).is_empty(), "{name}");
    }
    assert_eq!(outcome(&timed("Winter", "from: 2026-11-21, until: 2026-11-21"))[0], "create Winter");
    assert_eq!(
        outcome(&timed("Desk", "until: 2026-11-20")),
        ["delete Desk", "  ended Agent", "  ended ana@voyager.example", "  ended bo@voyager.example"]
    );
    assert!(outcome(&timed("Winter", "until: 2026-11-20")).is_empty());
}

#[test]
fn a_role_that_has_ended_goes_whatever_else_the_group_holds_and_whoever_left() {
    let both = "[{ role: Agent, scope: { company: voyager } }, { role: Agent, scope: { company: globex }, until: 2026-11-20 }]";
    // Live is globex: it ends, and voyager comes, also where the list is open.
    for list in [both.to_owned(), format!("{{ atLeast: {both} }}")] {
        assert_eq!(outcome(&desk(&list, "unmanaged")), ["alter Desk", "  Changes Agent"], "{list}");
    }
    let gone = "[{ role: Agent, scope: [{ profile: gone@voyager.example }, { company: globex }], until: 2026-11-20 }]";
    for list in [gone.to_owned(), format!("{{ atLeast: {gone} }}")] {
        assert_eq!(outcome(&desk(&list, "unmanaged")), ["alter Desk", "  ended Agent"], "{list}");
    }
}

#[test]
fn a_membership_that_has_ended_goes_even_if_the_person_is_inactive() {
    let mut snapshot = snapshot();
    snapshot.users[1].active = false;
    let access = desk(AGENT, "{ atLeast: [{ email: bo@voyager.example, until: 2026-11-20 }] }");
    let plan = diff::plan(&bound_to(&access, &snapshot).unwrap(), &snapshot);
    assert_eq!(lines(&plan), ["alter Desk", "  ended bo@voyager.example"]);
}

#[test]
fn a_membership_that_has_ended_waits_where_its_group_names_somebody_unknown() {
    let ended = "{ email: bo@voyager.example, until: 2026-11-20 }";
    // Alike or not, by whatever key: it may be the same person's entry, and last.
    for (unknown, said) in [
        ("boo@voyager.example", "boo@voyager.example"),
        ("bartholomew@voyager.example", "bartholomew@voyager.example"),
        ("{ externalId: ext-99 }", "externalId ext-99"),
        ("{ employeeId: E-99, until: 2027-01-01 }", "employeeId E-99"),
        ("{ userId: 00000000-0000-0000-0000-000000000099 }", "userId 00000000-0000-0000-0000-000000000099"),
    ] {
        for list in ["[ana@voyager.example, UNKNOWN, ENDED]", "{ atLeast: [ENDED, UNKNOWN] }"] {
            let list = list.replace("UNKNOWN", unknown).replace("ENDED", ended);
            let expected = BTreeSet::from([
                format!("withheld {said}: unknown"),
                format!("kept bo@voyager.example because of {said}"),
            ]);
            assert_eq!(outcome(&desk(AGENT, &list)).into_iter().collect::<BTreeSet<_>>(), expected, "{list}");
        }
    }
    // One who is known, or whose own time has ended, is nobody's other name.
    for other in ["cy@voyager.example", "{ email: boo@voyager.example, until: 2026-11-19 }"] {
        let lines = outcome(&desk(AGENT, &format!("[ana@voyager.example, {other}, {ended}]")));
        assert!(lines.contains(&"  ended bo@voyager.example".to_owned()), "{other}: {lines:?}");
    }
}

#[test]
fn what_cannot_be_read_is_replaced_whole_or_left_whole() {
    let raw = r#"{"audiences":[{"predicates":[{"type":"COMPANY","comparator":"NOT_IN","values":["x"]}]}]}"#;
    let raw = serde_json::value::RawValue::from_string(raw.to_owned()).unwrap();
    let mut snapshot = snapshot();
    let grant = &mut snapshot.companies[0].contents.get_mut(&GroupId(Uuid::from_u128(1))).unwrap().grants[0];
    grant.scope = Scope::read(Some(&raw)).into();
    grant.as_read = [Some(raw.into())].into();
    let plan = |roles: &str| {
        let access = desk(roles, "unmanaged");
        lines(&diff::plan(&bound_to(&access, &snapshot).unwrap(), &snapshot))
    };
    assert_eq!(plan(AGENT), ["alter Desk", "  Changes Agent"]);
    assert_eq!(plan(&format!("{{ atLeast: {AGENT} }}")), ["withheld Agent: unreadable"]);
    assert!(plan("{ atLeast: [] }").is_empty());
}

#[test]
fn an_entry_without_a_scope_is_seen_beside_one_with_a_scope_and_never_overwritten_by_chance() {
    let mut snapshot = snapshot();
    let grant = &mut snapshot.companies[0].contents.get_mut(&GroupId(Uuid::from_u128(1))).unwrap().grants[0];
    grant.scope = Scope::any([globex(), Scope::read(None)]).into();
    grant.as_read = [grant.as_read[0].clone(), None].into();
    let plan = |roles: &str| {
        let access = desk(roles, "unmanaged");
        lines(&diff::plan(&bound_to(&access, &snapshot).unwrap(), &snapshot))
    };
    assert_eq!(plan(AGENT), ["alter Desk", "  Changes Agent"]);
    assert_eq!(plan(&format!("{{ atLeast: {AGENT} }}")), ["withheld Agent: unreadable"]);
    assert!(plan("{ atLeast: [] }").is_empty());
    assert!(plan("unmanaged").is_empty());
}

#[test]
fn a_traveller_is_looked_for_in_the_companies_that_the_audience_names() {
    let mut snapshot = snapshot();
    // The same external id means one person at home and another at the client.
    snapshot.users[4].external_id = Some("ext-1".into());
    let plan = |scope: &str| {
        let access = desk(&format!("[{{ role: Agent, scope: {scope} }}]"), "unmanaged");
        diff::plan(&bound_to(&access, &snapshot).unwrap(), &snapshot)
    };
    let named = plan("{ company: globex, profile: { externalId: ext-1 } }");
    assert!(named.names.people.values().any(|it| &**it == "vip@globex.example"), "{named:?}");
    assert_eq!(
        lines(&plan("{ profile: { externalId: ext-1 } }")),
        ["withheld Agent for externalId ext-1: ambiguous"]
    );
}

#[test]
fn an_id_tells_twins_apart_and_a_removal_names_what_it_removes() {
    let twin = format!(
        "groups: [{{ name: Twins, id: {}, description: e, roles: unmanaged, members: unmanaged }}]\n",
        Uuid::from_u128(3)
    );
    assert_eq!(outcome(&twin), ["alter Twins"]);
    let wrong = format!("removed: [{{ group: Other, id: {}, reason: r }}]\n", Uuid::from_u128(1));
    assert_eq!(bound(&wrong).unwrap_err()[0].code, Code::UnknownGroup);
}

#[test]
fn an_unknown_person_is_withheld_with_every_removal_that_may_be_theirs() {
    assert_eq!(
        outcome(&desk(AGENT, "[ana@voyager.example, bob@voyager.example, cy@voyager.example]")),
        [
            "alter Desk",
            "  + cy@voyager.example",
            "kept bo@voyager.example because of bob@voyager.example",
            "withheld bob@voyager.example: unknown",
        ]
    );
}

#[test]
fn a_typing_error_in_one_group_keeps_the_alike_in_another() {
    let lines = outcome(
        "groups:
  - { name: Desk, description: d, roles: unmanaged, members: [ana@voyager.example] }
  - { name: Admins, roles: unmanaged, members: [cy@voyager.example, bo@voyager.exmaple] }
",
    );
    assert_eq!(
        lines,
        ["kept bo@voyager.example because of bo@voyager.exmaple", "withheld bo@voyager.exmaple: unknown",]
    );
}

#[test]
fn inactive_foreign_and_ambiguous_people_are_withheld_and_the_rest_stands() {
    let members = "[ana@voyager.example, gone@voyager.example, vip@globex.example, twin@voyager.example]";
    assert_eq!(
        outcome(&desk(AGENT, members)),
        [
            "alter Desk",
            "  - bo@voyager.example",
            "withheld gone@voyager.example: inactive",
            "withheld vip@globex.example: foreign",
            "withheld twin@voyager.example: ambiguous",
        ]
    );
}

#[test]
fn a_role_whose_scope_names_an_unknown_traveller_stays_as_it_is() {
    let roles = "[{ role: Agent, scope: { profile: [vip@globex.example, wip@globex.example] } }]";
    assert_eq!(outcome(&desk(roles, "unmanaged")), ["withheld Agent for wip@globex.example: unknown"]);
    let roles = "[{ role: Agent, scope: { profile: vip@globex.example, company: globex } }]";
    assert_eq!(outcome(&desk(roles, "unmanaged")), ["alter Desk", "  Narrows Agent"]);
}

#[test]
fn groups_are_created_renamed_and_removed_as_said() {
    let new = "groups: [{ name: New, description: d, roles: [], members: [] }]\n";
    assert_eq!(outcome(new), ["create New"]);
    let renamed = "groups: [{ name: Front, renamedFrom: Desk, description: d, roles: unmanaged, members: unmanaged }]\n";
    assert_eq!(outcome(renamed), ["alter Desk"]);
    let pinned = format!(
        "groups: [{{ name: Front, id: {}, roles: unmanaged, members: unmanaged }}]\n",
        Uuid::from_u128(1)
    );
    assert_eq!(outcome(&pinned), ["alter Desk"]);
    let done = "groups: [{ name: Desk, renamedFrom: Bureau, roles: unmanaged, members: unmanaged }]\n";
    assert!(outcome(done).is_empty());
    // Somebody has made a group of the former name since, or two.
    for former in ["Admins", "Twins"] {
        let void = done.replace("Bureau", former);
        assert!(outcome(&void).is_empty(), "{former}");
        let remarks = bound(&void).unwrap().remarks;
        assert_eq!(remarks.iter().map(|it| it.code).collect::<Vec<_>>(), [Code::VoidRename], "{former}");
    }
    assert_eq!(
        outcome("removed: [{ group: Desk, reason: r }, { group: Never, reason: r }]\n"),
        ["delete Desk", "  - Agent", "  - ana@voyager.example", "  - bo@voyager.example",]
    );
    assert_eq!(outcome("groups: [{ name: Twins, roles: unmanaged, members: [] }]\n"), ["withheld group 2"]);
}

#[test]
fn what_the_api_shows_to_be_wrong_is_found_all_at_once() {
    let found = bound(
        "groups:
  - { name: Desk, description: d, members: [], roles: [{ role: Agnet, scope: { company: globex } }, { role: Desk Lead, scope: { company: globex } }] }
  - { name: Admins, description: d, members: [], roles: [] }
  - { name: Nobody, roles: unmanaged, members: [] }
  - { name: Front, renamedFrom: Nothing, description: d, members: [], roles: [] }
  - { name: Twins, renamedFrom: Other, description: d, members: [], roles: [] }
  - { name: Bureau, id: 00000000-0000-0000-0000-000000000001, description: d, members: [], roles: [] }
removed:
  - { group: Somebody, id: 00000000-0000-0000-0000-000000000002, reason: r }
",
    )
    .unwrap_err();
    let found: Vec<_> = found.iter().map(|it| (it.place.unwrap().line.get(), it.code)).collect();
    assert_eq!(
        found,
        [
            (5, Code::UnknownGroup),
            (6, Code::UnknownGroup),
            (7, Code::NameTaken),
            (8, Code::DuplicateGroup),
            (10, Code::UnknownGroup),
        ]
    );
}

/// What a group shall hold beside a role that is misspelt, and what of it happens.
#[test]
fn a_role_that_nobody_knows_is_withheld_with_every_removal_that_it_may_replace() {
    let agnet = "{ role: Agnet, scope: { company: globex } }";
    let lead = "{ role: { name: Desk Lead, providedBy: company }, scope: { company: globex } }";
    for (roles, lines) in [
        (format!("[{agnet}]"), &["withheld Agnet: no role"][..]),
        (format!("[{agnet}, {lead}]"), &["alter Desk", "  + Desk Lead", "withheld Agnet: no role"]),
        (
            format!("[{agnet}, {{ role: Agent, scope: {{ company: voyager }} }}]"),
            &["alter Desk", "  Widens Agent", "withheld Agnet: no role"],
        ),
        ("[{ role: Emperor, scope: { company: globex } }]".to_owned(), &["withheld Emperor: no role"]),
        ("[{ role: Desk Lead, scope: { company: globex } }]".to_owned(), &["withheld Desk Lead: no role"]),
    ] {
        assert_eq!(outcome(&desk(&roles, "unmanaged")), lines, "{roles}");
        assert_eq!(bound(&desk(&roles, "unmanaged")).unwrap().remarks.len(), 1, "{roles}");
    }
    // Elsewhere only what the name resembles waits.
    let elsewhere = |role: &str| {
        outcome(&format!(
            "groups:\n  - {{ name: Desk, description: d, roles: [], members: unmanaged }}\n  - {{ name: New, description: d, roles: [{{ role: {role}, scope: {{ company: globex }} }}], members: [] }}\n"
        ))
    };
    assert_eq!(elsewhere("Agnet"), ["create New", "withheld Agnet: no role"]);
    assert_eq!(elsewhere("Emperor"), ["alter Desk", "  - Agent", "create New", "withheld Emperor: no role"]);
}

#[test]
fn an_ambiguous_role_lists_its_candidates() {
    let help = |access: &str| bound(access).unwrap().remarks.remove(0).help.unwrap();
    let ambiguous = help(&desk("[{ role: Desk Lead, scope: { company: globex } }]", "[]"));
    for id in [2, 3] {
        assert!(ambiguous.contains(&Uuid::from_u128(id).to_string()), "{ambiguous}");
    }
    let company =
        desk("[{ role: { name: Desk Lead, providedBy: company }, scope: { company: globex } }]", "unmanaged");
    assert_eq!(outcome(&company), ["alter Desk", "  - Agent", "  + Desk Lead"]);
    assert_eq!(help(&desk("[{ role: Agnet, scope: { company: globex } }]", "[]")), "did you mean `Agent`?");
}

#[test]
fn what_a_standard_group_keeps_is_withheld_and_its_members_change() {
    let roles = "[{ role: Agent, scope: { company: voyager } }]";
    for (entry, lines) in [
        (
            format!("name: Admins, description: d, roles: {roles}, members: [ana@voyager.example]"),
            &["alter Admins", "  + ana@voyager.example", "  - cy@voyager.example", "Roles of Admins stay"][..],
        ),
        ("name: Admins, description: d, roles: [], members: unmanaged".to_owned(), &["Roles of Admins stay"]),
        (
            "name: Admins, description: e, roles: unmanaged, members: unmanaged".to_owned(),
            &["Attributes of Admins stay"],
        ),
        (
            "name: Chiefs, renamedFrom: Admins, description: d, roles: unmanaged, members: unmanaged"
                .to_owned(),
            &["Attributes of Admins stay"],
        ),
    ] {
        assert_eq!(outcome(&format!("groups: [{{ {entry} }}]\n")), lines, "{entry}");
    }
    assert_eq!(outcome("removed: [{ group: Admins, reason: r }]\n"), ["Existence of Admins stay"]);
    let same = "groups: [{ name: Admins, description: d, roles: [{ role: Agent, scope: { company: globex } }], members: unmanaged }]\n";
    assert!(outcome(same).is_empty());
}

/// Returns `items` in another order: by repeatedly taking the one that `seed` points at.
fn shuffled<T: Clone>(items: &[T], mut seed: usize) -> Vec<T> {
    let mut left = items.to_vec();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        order.push(left.remove(seed % left.len()));
        seed = seed / 3 + 7;
    }
    order
}

proptest::proptest! {
    /// Files, keys, lists and API pages may come in any order: the plan is the same.
    #[test]
    fn input_order_is_irrelevant(seeds in proptest::array::uniform6(0..1_000_usize)) {
        let plan = |[groups, members, roles, live, people, entries]: [usize; 6]| {
            let members = shuffled(&["ana@voyager.example", "bob@voyager.example", "cy@voyager.example"], members);
            let grants = shuffled(
                &[
                    "{ role: Agent, scope: { company: [voyager, globex] } }",
                    "{ role: { name: Desk Lead, providedBy: company }, scope: [{ profile: vip@globex.example }, { company: globex }] }",
                ],
                entries,
            );
            let groups = shuffled(
                &[
                    format!("  - {{ name: Desk, description: e, roles: [{}], members: [{}] }}", grants.join(", "), members.join(", ")),
                    "  - { members: [ana@voyager.example], roles: unmanaged, name: Admins }".to_owned(),
                    "  - { name: New, description: d, roles: [], members: [bo@voyager.example, cy@voyager.example] }".to_owned(),
                ],
                groups,
            );
            let access = format!("version: 1\ngroups:\n{}\n", groups.join("\n"));
            let files = Files {
                workspace: Some((FileId(0), decode(WORKSPACE, FileId(0)).unwrap())),
                access: vec![(FileId(1), decode(&access, FileId(1)).unwrap())],
                ..Files::default()
            };
            let mut snapshot = snapshot();
            snapshot.users = shuffled(&snapshot.users, people);
            let company = &mut snapshot.companies[0];
            company.groups = shuffled(&company.groups, live);
            company.roles = shuffled(&company.roles, roles);
            let bound = bind(&check(&files).unwrap(), &snapshot, "2026-11-21T12:00:00Z".parse().unwrap());
            lines(&diff::plan(&bound.unwrap(), &snapshot))
        };
        let lines = plan([0; 6]);
        proptest::prop_assert!(lines.len() > 10, "{:?}", lines);
        proptest::prop_assert_eq!(plan(seeds), lines);
    }
}
