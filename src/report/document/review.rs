//! Everybody's access as a JSON document: its form, and how it is written.
//!
//! Fields may be added within version 1; none is renamed, removed or given another meaning. What is absent is left out,
//! never null.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::writing::compacted;
use crate::{
    model::{
        acting::Right,
        direct::{DirectRole, DirectRoles},
        ids::{CompanyId, GroupId, RoleId, UserId},
        json::{self, compact},
        observed::User,
        plan::{Names, Soon},
        scope::Scope,
    },
    plan::{
        desired::is_to_be_made,
        explain::{Asked, Managed},
        review::{self, Reviewed, Way},
    },
    report::render::{json::Origin, review::ReviewView},
};

/// What tells the document from the others that rolecall prints.
const KIND: &str = "review";

/// Who may do what: everybody and every group of some companies, as they are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall review")]
pub(crate) struct Document {
    /// The version of this form: 1. Fields may be added to it.
    version: u32,
    /// What this document is: `review`.
    kind: &'static str,
    /// When it was made: `SOURCE_DATE_EPOCH`, or else the time that the run went by.
    created_at: Timestamp,
    /// What `until` was compared with, where `--now` said so; left out where it was the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<Timestamp>,
    /// When the snapshot was taken that it is made from; left out where the API was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Timestamp>,
    /// The version of the rolecall that made it.
    tool: &'static str,
    /// The URL of the API, or the word `sandbox`.
    endpoint: Box<str>,
    companies: Vec<Company>,
    /// Every group, sorted by company, name and id.
    groups: Vec<Group>,
    /// Everybody, with access or without; sorted by company and name.
    people: Vec<Person>,
    /// The time zone of the workspace, in which days begin and end; left out where it says none: then that is UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<Box<str>>,
    /// What ends or begins within 7 days, sorted by time, as in a plan; left out where nothing does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<Soon<Origin>>>")]
    soon: Vec<Soon<Origin>>,
    /// Names for the ids of this document.
    names: Names,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Company {
    id: CompanyId,
    /// Whether everybody of its directory is here; otherwise people in no group may be missing.
    everybody: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    company: CompanyId,
    /// Left out of a group that is yet to be created.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<GroupId>,
    name: Box<str>,
    /// Whether every company has it, and nobody can make or delete it.
    standard: bool,
    /// What the files say of it.
    managed: ManagedWord,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    members: usize,
    roles: Vec<Role>,
}

/// `no` nothing, `declared` that it shall exist, `oneOfSeveral` that one of several of this name shall, `removed` that it
/// shall go.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ManagedGroup")]
enum ManagedWord {
    No,
    Declared,
    OneOfSeveral,
    Removed,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Role {
    role_id: RoleId,
    #[schemars(with = "Scope")]
    scope: Box<RawValue>,
}

/// A right over people, and which these are.
#[derive(Debug, Serialize, JsonSchema)]
struct Acts {
    right: Right,
    over: Vec<UserId>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Person {
    /// Whose groups and directory these are; the person may be another's.
    of_company: CompanyId,
    #[serde(flatten)]
    user: User,
    /// Where the files cut the person off everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_out: Option<Origin>,
    /// What the groups of the company give together, one entry per role; empty where nothing.
    access: Vec<Access>,
    /// For which people the person acts by what is said of them, as far as that was read; left out where for nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acts: Vec<Acts>,
    /// What is held outside groups, as elements of the API's list; left out where it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    direct_roles: Option<DirectRoles>,
    /// What the files say of each of them, in their order; left out where no file speaks of the person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<DirectFile>>")]
    direct_files: Vec<DirectFile>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DirectFile {
    role_type: Box<str>,
    /// On which company; left out of a role that is on none.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<CompanyId>,
    /// What the files say of it.
    files: Asked,
    /// The line that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    /// The instant at which the files let it end.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<Timestamp>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Access {
    role_id: RoleId,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Box<str>>,
    /// Whether it is privileged.
    privileged: bool,
    /// Wherever one of the groups says.
    #[schemars(with = "Scope")]
    scope: Box<RawValue>,
    through: Vec<Through>,
}

/// A membership that gives the role.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Through {
    /// Left out of a group that is yet to be created.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<GroupId>,
    group: Box<str>,
    /// When the person was added; left out where the API does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    added_at: Option<Timestamp>,
    /// The instant at which the files let it end: the membership, the role of the group, or the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<Timestamp>,
    /// What the files say of the membership.
    files: Asked,
    /// The line that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

/// Returns the document, with a newline at the end: a group or a person a line.
pub fn write(view: &ReviewView<'_>) -> String {
    let it = view.review;
    json::rows(&Document {
        version: 1,
        kind: KIND,
        created_at: view.now.dated,
        now: view.now.is_given.then_some(view.now.at),
        snapshot: view.taken,
        tool: env!("CARGO_PKG_VERSION"),
        endpoint: view.url.into(),
        companies: it
            .companies
            .iter()
            .map(|&Reviewed { id, is_whole }| Company { id, everybody: is_whole })
            .collect(),
        groups: it.groups.iter().map(|it| group(it, view)).collect(),
        people: it.people.iter().map(|it| person(it, view)).collect(),
        time_zone: view.sources.zone().iana_name().filter(|it| *it != "UTC").map(Box::from),
        soon: it.soon.iter().cloned().map(|it| it.map(|it| Origin::new(it, view.sources))).collect(),
        names: it.names.clone(),
    })
}

pub(super) fn group(group: &review::Group, view: &ReviewView<'_>) -> Group {
    let (managed, from) = match group.managed {
        Managed::No => (ManagedWord::No, None),
        Managed::Declared(from) => (ManagedWord::Declared, Some(from)),
        Managed::OneOfSeveral(from) => (ManagedWord::OneOfSeveral, Some(from)),
        Managed::Removed(from) => (ManagedWord::Removed, Some(from)),
    };
    Group {
        company: group.company,
        id: known(group.id),
        name: group.name.clone(),
        standard: group.is_standard,
        managed,
        origin: from.map(|it| Origin::new(it, view.sources)),
        members: group.members,
        roles: group.grants.iter().map(|it| Role { role_id: it.0, scope: scope(&it.1) }).collect(),
    }
}

fn person(person: &review::Person, view: &ReviewView<'_>) -> Person {
    let it = view.review;
    let access = person.effects.iter().map(|effect| Access {
        role_id: effect.role,
        role: it.names.roles.get(&effect.role).cloned(),
        privileged: it.privileged.contains(&(person.company, effect.role)),
        scope: scope(&effect.scope),
        through: effect.through.iter().map(|it| through(it, view)).collect(),
    });
    Person {
        of_company: person.company,
        user: person.user.clone(),
        locked_out: person.locked_out.map(|it| Origin::new(it, view.sources)),
        access: access.collect(),
        acts: acts(person),
        direct_roles: person.direct.as_ref().map(compacted),
        direct_files: person
            .direct
            .iter()
            .flat_map(|it| it.iter())
            .filter_map(|it| direct(it, person, view))
            .collect(),
    }
}

fn acts(person: &review::Person) -> Vec<Acts> {
    let of = |right: Right| {
        let over: Vec<UserId> = person.acts.iter().filter(|it| it.right == right).map(|it| it.over).collect();
        (!over.is_empty()).then_some(Acts { right, over })
    };
    Right::ALL.into_iter().filter_map(of).collect()
}

fn direct(role: &DirectRole, person: &review::Person, view: &ReviewView<'_>) -> Option<DirectFile> {
    let standing = person.direct_asked.get(role.kind())?;
    let line = standing.lines.first().filter(|_| standing.asked == Asked::Declared);
    Some(DirectFile {
        role_type: role.kind().role_type().into(),
        company: role.kind().company(),
        files: standing.asked,
        origin: line.map(|it| Origin::new(it.from, view.sources)),
        ends: line.and_then(|it| it.ends),
    })
}

pub(super) fn through(way: &Way, view: &ReviewView<'_>) -> Through {
    let group = &view.review.groups[way.group];
    Through {
        group_id: known(group.id),
        group: group.name.clone(),
        added_at: way.added,
        ends: way.ends,
        files: way.asked,
        origin: way.from.map(|it| Origin::new(it, view.sources)),
    }
}

fn known(group: GroupId) -> Option<GroupId> {
    (!is_to_be_made(group)).then_some(group)
}

fn scope(scope: &Scope) -> Box<RawValue> {
    compact(&scope.to_wire())
}
