//! The plan for machines: every fact in full, byte for byte the same for the same plan.
//!
//! Fields may be added within version 1; none is renamed or removed.

use serde::Serialize;
use serde_json::Value;

use crate::{
    access::Why,
    ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
    plan::{
        ChangeKind, GrantChange, GrantEffect, GroupChange, MemberChange, MemberEffect, Plan, Quarantined,
        Unresolved, Withheld,
    },
    scope::{Relation, Scope},
    source::{Place, Sources},
};

use super::{View, escape, withheld};

/// Returns the plan as one JSON document, with a newline at the end.
pub fn plan(view: &View<'_>) -> String {
    document(&Document::new(view))
}

/// Writes a value of ours as JSON that is harmless to print.
pub(super) fn document(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("plain data with text keys is always JSON");
    escape::json(&text) + "\n"
}

/// Where something is declared.
#[derive(Serialize)]
pub(super) struct Origin<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

impl<'a> Origin<'a> {
    pub(super) fn new(place: Place, sources: &'a Sources) -> Self {
        Self { file: &sources.file(place.file).path, line: place.line.get(), column: place.column }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: u32,
    kind: &'static str,
    changes: bool,
    summary: Summary,
    companies: Vec<Company<'a>>,
    groups: Vec<Group<'a>>,
    quarantine: Vec<Held<'a>>,
    expiring: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    groups_created: usize,
    groups_changed: usize,
    groups_deleted: usize,
    roles_added: usize,
    roles_changed: usize,
    roles_removed: usize,
    members_added: usize,
    members_removed: usize,
    withheld: usize,
    unmanaged: usize,
    guards: usize,
}

#[derive(Serialize)]
struct Company<'a> {
    id: CompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    groups: usize,
    memberships: usize,
    unmanaged: &'a [Box<str>],
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Create,
    Change,
    Delete,
    Add,
    Rescope,
    Remove,
}

#[derive(Serialize)]
struct Group<'a> {
    action: Action,
    company: CompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<GroupId>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rename: Option<Edit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Edit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin<'a>>,
    roles: Vec<Role<'a>>,
    members: Vec<Member<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    to: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Role<'a> {
    action: Action,
    role_id: RoleId,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<Relation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<Origin<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Member<'a> {
    action: Action,
    user_id: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<Origin<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin<'a>>,
}

/// An entry of the quarantine: `kind` says what is withheld, `why` is set where a person is not resolved.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Held<'a> {
    kind: &'static str,
    group: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<&'a PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<CompanyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<&'a [UserId]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a [GroupId]>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin<'a>>,
}

impl<'a> Document<'a> {
    fn new(view: &View<'a>) -> Self {
        let &View { plan, sources, endpoint: _, cost: _ } = view;
        let sentences = withheld::entries(plan, sources);
        Self {
            version: 1,
            kind: "plan",
            changes: !plan.is_empty(),
            summary: Summary::new(plan),
            companies: plan
                .companies
                .iter()
                .map(|it| Company {
                    id: it.company,
                    name: plan.names.values.get(&it.company.0).map(AsRef::as_ref),
                    groups: it.groups,
                    memberships: it.memberships,
                    unmanaged: &it.unmanaged,
                })
                .collect(),
            groups: plan.changes.iter().map(|it| group(it, plan, sources)).collect(),
            quarantine: plan
                .quarantine
                .iter()
                .zip(sentences)
                .map(|(it, sentence)| held(it, sentence.why, sources))
                .collect(),
            expiring: plan.expiring,
        }
    }
}

impl Summary {
    fn new(plan: &Plan) -> Self {
        let sum = plan.summary();
        Self {
            groups_created: sum.groups_created,
            groups_changed: sum.groups_changed,
            groups_deleted: sum.groups_deleted,
            roles_added: sum.roles_added,
            roles_changed: sum.roles_changed,
            roles_removed: sum.roles_removed,
            members_added: sum.members_added,
            members_removed: sum.members_removed,
            withheld: plan.quarantine.len(),
            unmanaged: plan.companies.iter().map(|it| it.unmanaged.len()).sum(),
            guards: 0,
        }
    }
}

fn group<'a>(change: &'a GroupChange, plan: &'a Plan, sources: &'a Sources) -> Group<'a> {
    let (mut rename, mut description, mut reason) = (None, None, None);
    let action = match &change.kind {
        ChangeKind::Create { description: to } => {
            description = Some(Edit { from: None, to });
            Action::Create
        }
        ChangeKind::Alter { before, after } => {
            let edit = |from: &'a str, to: &'a str| (from != to).then_some(Edit { from: Some(from), to });
            rename = edit(&before.name, &after.name);
            description = edit(&before.description, &after.description);
            Action::Change
        }
        ChangeKind::Delete { reason: why, description: _ } => {
            reason = Some(why.as_ref());
            Action::Delete
        }
    };
    Group {
        action,
        company: change.company,
        id: change.id,
        name: &change.name,
        rename,
        description,
        reason,
        origin: change.from.map(|it| Origin::new(it, sources)),
        roles: change.grants.iter().map(|it| role(it, plan, sources)).collect(),
        members: change.members.iter().map(|it| member(it, plan, sources)).collect(),
    }
}

fn role<'a>(grant: &GrantChange, plan: &'a Plan, sources: &'a Sources) -> Role<'a> {
    let mut role = Role {
        action: Action::Add,
        role_id: grant.role,
        role: plan.names.roles.get(&grant.role).map(AsRef::as_ref),
        scope: None,
        before: None,
        after: None,
        relation: None,
        expired: None,
        origin: grant.from.map(|it| Origin::new(it, sources)),
    };
    match &grant.effect {
        GrantEffect::Add { scope } => role.scope = Some(wire(scope)),
        GrantEffect::Rescope { before, after, relation } => {
            role.action = Action::Rescope;
            (role.before, role.after, role.relation) =
                (Some(wire(before)), Some(wire(after)), Some(*relation));
        }
        GrantEffect::Remove { why, scope } => {
            role.action = Action::Remove;
            role.expired = ended(*why).map(|it| Origin::new(it, sources));
            role.scope = Some(wire(scope));
        }
    }
    role
}

fn ended(why: Why) -> Option<Place> {
    match why {
        Why::Ended(from) => Some(from),
        Why::NotDeclared | Why::LockedOut(_) => None,
    }
}

/// Returns the scope as the API wants it.
fn wire(scope: &Scope) -> Value {
    serde_json::from_str(scope.to_wire().get()).expect("raw JSON is JSON")
}

fn member<'a>(change: &'a MemberChange, plan: &'a Plan, sources: &'a Sources) -> Member<'a> {
    let mut member = Member {
        action: Action::Add,
        user_id: change.user,
        person: plan.names.people.get(&change.user).map(AsRef::as_ref),
        moved_from: None,
        moved_to: None,
        expired: None,
        origin: change.from.map(|it| Origin::new(it, sources)),
    };
    match &change.effect {
        MemberEffect::Add { moved_from } => member.moved_from = moved_from.as_deref(),
        MemberEffect::Remove { moved_to, why } => {
            member.action = Action::Remove;
            member.moved_to = moved_to.as_deref();
            member.expired = ended(*why).map(|it| Origin::new(it, sources));
        }
    }
    member
}

fn held<'a>(entry: &'a Quarantined, message: String, sources: &'a Sources) -> Held<'a> {
    let mut held = Held {
        group: &entry.group,
        message,
        origin: entry.from.map(|it| Origin::new(it, sources)),
        ..Held::default()
    };
    match &entry.what {
        Withheld::Person { person, why } => {
            (held.kind, held.person) = ("person", Some(person));
            held.unresolved(why);
        }
        Withheld::Grant { role, person, why } => {
            (held.kind, held.role, held.person) = ("role", Some(&**role), Some(person));
            held.unresolved(why);
        }
        Withheld::Unreadable { role } => (held.kind, held.role) = ("unreadable", Some(&**role)),
        Withheld::Removal { user, because } => {
            (held.kind, held.user_id, held.person) = ("removal", Some(*user), Some(because));
        }
        Withheld::Group { candidates } => (held.kind, held.groups) = ("group", Some(&candidates[..])),
        Withheld::InactiveMember { person } => {
            (held.kind, held.person) = ("inactiveMember", Some(person));
        }
    }
    held
}

impl<'a> Held<'a> {
    fn unresolved(&mut self, why: &'a Unresolved) {
        self.why = Some(match why {
            Unresolved::Unknown => "unknown",
            Unresolved::Inactive => "inactive",
            Unresolved::Ambiguous(users) => {
                self.users = Some(users);
                "ambiguous"
            }
            Unresolved::Foreign(company) => {
                self.company = Some(*company);
                "foreign"
            }
        });
    }
}
