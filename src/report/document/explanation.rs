//! One person's access as a JSON document: its form, and how it is written.
//!
//! Fields may be added within version 1; none is renamed, removed or given another meaning.
//! What is absent is left out, never null.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    acting::{Act, Entry, entries},
    writing::compacted,
};
use crate::{
    model::{
        direct::DirectRoles,
        ids::{CompanyId, GroupId, RoleId, UserId},
        json::{self, compact},
        observed::User,
        permissions::Permissions,
        plan::{Names, is_zero},
        scope::Scope,
        selector::Attribute,
        source::Sources,
    },
    plan::explain::{self, Agreement, Asked, Explained, GroupAccess, Managed, RoleAccess, Through},
    report::render::{
        explanation::{Explanation, remarks, summary},
        json::Origin,
        scope::Words,
    },
};

/// What tells the document from the others that rolecall prints.
const KIND: &str = "explanation";

/// One person's access: through which group, role and scope, and which line of the files asks for it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall explanation")]
pub(crate) struct Document {
    /// The version of this form: 1. Fields may be added to it.
    version: u32,
    /// What this document is: `explanation`.
    kind: &'static str,
    /// When it was made: `SOURCE_DATE_EPOCH`, or else the time that the run went by.
    created_at: Timestamp,
    /// What `until` was compared with, where `--now` said so; left out where it was the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<Timestamp>,
    /// Whether it is of that time, once the files are applied and if nothing else changes until then; left out where it is as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    foretold: bool,
    /// The version of the rolecall that made it.
    tool: &'static str,
    /// The URL of the API, or the word `sandbox`.
    endpoint: Box<str>,
    person: Person,
    /// The entries that cut the person off everywhere, in force or not yet.
    lockouts: Vec<Lockout>,
    /// What the groups that the person is in come to, one entry per role. Of somebody who is not active
    /// nothing of it is in effect.
    effective: Vec<Effective>,
    /// The groups that the person is in, or shall be; sorted by company, name and id.
    groups: Vec<Group>,
    /// What is held outside groups.
    direct: Direct,
    /// What the files declare of the person apart from access; left out where they declare nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<Attributed>>")]
    attributes: Vec<Attributed>,
    acting: Acting,
    /// In how many ways this is not what the files ask for.
    differences: usize,
    /// How many differences are accepted, and are no longer counted; left out where none is.
    #[serde(skip_serializing_if = "is_zero")]
    #[schemars(with = "Option<usize>")]
    accepted: usize,
    /// Groups of companies that the workspace has no name for: they were not looked into.
    groups_elsewhere: usize,
    /// Entries of the files that fit nothing that there is.
    misfits: usize,
    remarks: Vec<Box<str>>,
    /// What it comes to, for people.
    message: Box<str>,
    /// Names for the ids of this document.
    names: Names,
}

/// Whose access it is.
#[derive(Debug, Serialize, JsonSchema)]
struct Person {
    #[serde(flatten)]
    user: User,
    /// Other users, not active, whom the same key names.
    twins: Vec<UserId>,
}

/// What an entry of the files declares of the person.
#[derive(Debug, Serialize, JsonSchema)]
struct Attributed {
    /// By which attribute.
    attribute: Attribute,
    /// What the person shall be, as edits of a plan say it; people who are not known by the names that the files give them.
    asked: Box<str>,
    /// What the person is; left out where nothing is held, or it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<Box<str>>,
    files: Agrees,
    origin: Origin,
}

/// `declared`: the person is so; `differs`: otherwise, or not at all; `unresolved`: it names somebody who is not known, and stays as
/// it is; `unread`: what the person is was not read; `created`: it is for an account that is made, and there is one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Agrees {
    Declared,
    Differs,
    Unresolved,
    Unread,
    Created,
}

/// An entry that cuts the person off everywhere.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Lockout {
    since: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    in_force: bool,
    reason: Box<str>,
    origin: Origin,
}

/// A role that the groups give together.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Effective {
    role_id: RoleId,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Box<str>>,
    /// Wherever one of the groups says.
    #[schemars(with = "Scope")]
    scope: Box<RawValue>,
    /// What it permits: the actions of each permission, `ALL` with those it means; left out where the API does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Permissions>,
    /// The groups that give it.
    groups: Vec<Through>,
}

/// A group, as far as it concerns the person.
#[derive(Debug, Serialize, JsonSchema)]
struct Group {
    company: CompanyId,
    /// Left out where it does not exist yet, or where several have the name and the person is in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<GroupId>,
    name: Box<str>,
    /// What the files say about the group.
    managed: ManagedWord,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    /// Why it stays although it is to go; left out where it is not to go, or not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Acceptance>,
    membership: Membership,
    /// Empty where the person is not in it.
    roles: Vec<Role>,
}

/// `no`: nothing; `declared`: it shall exist; `oneOfSeveral`: one of several groups of that name shall, or shall
/// not; `removed`: it shall be deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum ManagedWord {
    No,
    Declared,
    OneOfSeveral,
    Removed,
}

/// Whether the person is in the group, and shall be.
#[derive(Debug, Serialize, JsonSchema)]
struct Membership {
    /// Whether the person is in it.
    live: bool,
    /// What the files say about it: `missing` where they ask for what is not there.
    files: Asked,
    /// The entries it rests on.
    entries: Vec<Entry>,
    /// The rule of `membersFrom` by which the person shall be in it; left out where no rule decides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Box<str>>,
    /// Why a difference is left as it is; left out where there is none, or it is not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Acceptance>,
}

/// An entry of `accept:`, by which a difference is left as it is for a while.
#[derive(Debug, Serialize, JsonSchema)]
struct Acceptance {
    /// Who answers for it.
    owner: Box<str>,
    reason: Box<str>,
    /// The instant from which it is a difference again.
    until: Timestamp,
    origin: Origin,
}

/// A role of a group.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Role {
    role_id: RoleId,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Box<str>>,
    /// Whether the group has it.
    live: bool,
    /// What the files say about it.
    files: Asked,
    /// Where it holds; where the group lacks it, where it shall.
    #[schemars(with = "Scope")]
    scope: Box<RawValue>,
    /// Where the files want it, if that is elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scope>")]
    asked: Option<Box<RawValue>>,
    entries: Vec<Entry>,
    /// Why a difference is left as it is; left out where there is none, or it is not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Acceptance>,
}

/// Roles held outside groups.
#[derive(Debug, Serialize, JsonSchema)]
struct Direct {
    /// Whether the API said; a token may not be allowed to know.
    known: bool,
    /// Sorted by type.
    roles: Vec<DirectRole>,
}

/// A role held outside groups, or to be. For whom an arranger acts is not compared with the files.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DirectRole {
    /// The type, as the API names it.
    role_type: Box<str>,
    /// The company or TMC that it is held on.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<CompanyId>,
    /// Whether the person holds it.
    live: bool,
    /// What the files say about it.
    files: Asked,
    entries: Vec<Entry>,
    /// Why a difference is left as it is; left out where there is none, or it is not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Acceptance>,
    /// The elements of the API's list; none where it is not held.
    #[schemars(with = "Vec<serde_json::Value>")]
    elements: DirectRoles,
}

/// Who may act for the person, and for which people the person acts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Acting {
    /// For which people the person acts, or shall: sorted. Roles over everybody stand under `direct`.
    own: Vec<Act>,
    /// Who acts for the person, or shall: sorted, and then those whose role is over everybody of some place, as far as that was read.
    others: Vec<Act>,
    /// Whether the person's own list of arrangers was told.
    arrangers_known: bool,
    /// Whether it was told who manages the person and approves.
    superiors_known: bool,
    /// Of how many other people it was read who manages them and approves: only of these `own` tells that.
    read: usize,
    /// How much the files ask for of who acts for the person, and for which people the person acts, of which it was not read whether it is so.
    unread: usize,
}

fn acting(it: &explain::Acting, sources: &Sources) -> Acting {
    let all = |acts: &[explain::Acted]| -> Vec<Act> {
        acts.iter().map(|act| super::acting::act(act, it, sources)).collect()
    };
    let everybody = it.everybody.iter().map(|(who, role)| super::acting::role(*who, role, it, sources));
    Acting {
        own: all(&it.own),
        others: all(&it.others).into_iter().chain(everybody).collect(),
        arrangers_known: it.has_arrangers,
        superiors_known: it.has_superiors,
        read: it.read,
        unread: it.unread.len(),
    }
}

/// Writes an explanation as one JSON document.
pub fn write(view: &Explanation<'_>) -> String {
    let it = view.explained;
    let words = Words::of(&it.names, it.companies(), it.scopes());
    json::document(&Document {
        version: 1,
        kind: KIND,
        created_at: view.now.dated,
        now: view.now.is_given.then_some(view.now.at),
        foretold: view.is_foretold,
        tool: env!("CARGO_PKG_VERSION"),
        endpoint: view.url.into(),
        person: Person { user: it.person.clone(), twins: it.twins.clone() },
        lockouts: it.lockouts.iter().map(|it| lockout(it, view.sources)).collect(),
        effective: it.effects.iter().map(|effect| effective(effect, it)).collect(),
        groups: it.groups.iter().map(|group| self::group(group, it, view.sources)).collect(),
        direct: Direct {
            known: it.direct.is_some(),
            roles: it.direct.iter().flatten().map(|role| direct(role, view.sources)).collect(),
        },
        attributes: it.attributes.iter().map(|it| attributed(it, view.sources)).collect(),
        acting: acting(&it.acting, view.sources),
        differences: it.differences(),
        accepted: it.accepted(),
        groups_elsewhere: it.elsewhere,
        misfits: it.misfits,
        remarks: remarks(it, &words).into_iter().map(Into::into).collect(),
        message: summary(it).into(),
        names: it.names.clone(),
    })
}

fn attributed(it: &explain::Attributed, sources: &Sources) -> Attributed {
    Attributed {
        attribute: it.attribute,
        asked: it.asked.clone(),
        live: it.live.clone(),
        files: match it.agrees {
            Agreement::Is => Agrees::Declared,
            Agreement::Differs => Agrees::Differs,
            Agreement::Unresolved => Agrees::Unresolved,
            Agreement::Unread => Agrees::Unread,
            Agreement::Moot => Agrees::Created,
        },
        origin: Origin::new(it.from, sources),
    }
}

fn lockout(it: &explain::Lockout, sources: &Sources) -> Lockout {
    Lockout {
        since: it.since,
        until: it.ends,
        in_force: it.in_force,
        reason: it.reason.clone(),
        origin: Origin::new(it.from, sources),
    }
}

fn effective(effect: &explain::Effect, it: &Explained) -> Effective {
    Effective {
        role_id: effect.role,
        role: it.names.roles.get(&effect.role).cloned(),
        scope: scope(&effect.scope),
        permissions: effect.permissions.clone(),
        groups: effect.through.clone(),
    }
}

fn group(group: &GroupAccess, it: &Explained, sources: &Sources) -> Group {
    let (managed, from) = match group.managed {
        Managed::No => (ManagedWord::No, None),
        Managed::Declared(from) => (ManagedWord::Declared, Some(from)),
        Managed::OneOfSeveral(from) => (ManagedWord::OneOfSeveral, Some(from)),
        Managed::Removed(from) => (ManagedWord::Removed, Some(from)),
    };
    Group {
        company: group.company,
        id: group.id,
        name: group.name.clone(),
        managed,
        origin: from.map(|it| Origin::new(it, sources)),
        accepted: acceptance(group.accepted.as_deref(), sources),
        membership: Membership {
            live: group.standing.is_live(),
            files: group.standing.asked,
            entries: entries(&group.standing, sources),
            rule: group.rule.clone(),
            accepted: acceptance(group.standing.accepted.as_deref(), sources),
        },
        roles: group.roles.iter().map(|role| self::role(role, it, sources)).collect(),
    }
}

fn direct(role: &explain::DirectAccess, sources: &Sources) -> DirectRole {
    DirectRole {
        role_type: role.kind.role_type().into(),
        company: role.kind.company(),
        live: role.live.is_some(),
        files: role.standing.asked,
        entries: entries(&role.standing, sources),
        accepted: acceptance(role.standing.accepted.as_deref(), sources),
        elements: compacted(&DirectRoles::new(role.live.clone())),
    }
}

fn role(role: &RoleAccess, it: &Explained, sources: &Sources) -> Role {
    Role {
        role_id: role.role,
        role: it.names.roles.get(&role.role).cloned(),
        live: role.standing.is_live(),
        files: role.standing.asked,
        scope: scope(&role.scope),
        asked: role.elsewhere.as_ref().map(scope),
        entries: entries(&role.standing, sources),
        accepted: acceptance(role.standing.accepted.as_deref(), sources),
    }
}

fn acceptance(accepted: Option<&explain::Accepted>, sources: &Sources) -> Option<Acceptance> {
    let explain::Accepted { owner, reason, ends, from } = accepted?.clone();
    Some(Acceptance { owner, reason, until: ends, origin: Origin::new(from, sources) })
}

fn scope(scope: &Scope) -> Box<RawValue> {
    compact(&scope.to_wire())
}
