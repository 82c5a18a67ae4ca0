//! The form of a plan as a JSON document, field by field: what is written, read and published as a schema.
//!
//! Fields may be added within version 1; none is renamed, removed or given another meaning.
//! What is absent is left out, never null. Nothing is computed here.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::model::{
    direct::DirectRoles,
    ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
    plan::{self, Digest, Gap, Names, Outside, People, ReadGroup, Survivor, Undone},
    rules::{self, How, Level, Limit, Unmanaged},
    scope::Relation,
};
use crate::report::render::json::Origin;

/// A plan of rolecall: what an apply would change, and everything needed to judge it and to apply exactly it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall plan")]
pub(crate) struct Document {
    /// The version of this form: 1. Fields may be added to it.
    pub(super) version: u32,
    /// What this document is: `plan`.
    pub(super) kind: Box<str>,
    /// The id of the plan: a digest of its effects and of the access that results.
    pub(super) id: Digest,
    /// When it was made: `SOURCE_DATE_EPOCH`, or else the time that the run went by.
    pub(super) created_at: Timestamp,
    /// What `until` was compared with, where `--now` said so; left out where it was the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) now: Option<Timestamp>,
    /// The version of the rolecall that made it.
    pub(super) tool: Box<str>,
    /// The URL of the API it was made for, or the word `sandbox`.
    pub(super) endpoint: Box<str>,
    /// When the snapshot was taken that it was made from; left out where the API was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) taken: Option<Timestamp>,
    /// Whether there is anything to do.
    pub(super) changes: bool,
    /// How much of what.
    pub(super) summary: Summary,
    /// Whether these are not all access files of the workspace.
    pub(super) partial: bool,
    /// The files it was made from, sorted by path.
    pub(super) files: Vec<File>,
    /// The companies looked at, sorted by id.
    pub(super) companies: Vec<Company>,
    /// What is done about groups that no file names, unless they are reported.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub(super) unmanaged: Unmanaged,
    /// The groups that change, sorted by company, name and id.
    pub(super) groups: Vec<Group>,
    /// The people whose roles outside groups change, sorted by company and id.
    pub(super) users: Vec<User>,
    /// What was asked for and is withheld.
    pub(super) quarantine: Vec<Held>,
    /// Memberships and roles that end within 7 days.
    pub(super) expiring: usize,
    /// Who gains and who loses access.
    pub(super) people: People,
    /// Who lacks for a moment what both sides give.
    pub(super) gaps: Vec<Gap>,
    /// What every guard found, with value, limit and verdict.
    pub(super) guards: Vec<Check>,
    /// What is odd about the files and stops nothing.
    pub(super) remarks: Vec<Remark>,
    /// Roles outside groups that people keep who are cut off everywhere.
    pub(super) survivors: Vec<Survivor>,
    /// Roles outside groups of everybody else whose roles there were looked at.
    pub(super) outside: Vec<Outside>,
    /// Every live group that was read, in digests, sorted by company and id.
    pub(super) live: Vec<ReadGroup>,
    /// Names for the ids of this document.
    pub(super) names: Names,
    /// What is weaker in the files than in the base; left out where no base was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) weakened: Option<Weakened>,
    /// The apply that this plan undoes, of a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) undoes: Option<Undone>,
}

/// What a plan's files were compared with, and every rule by which rolecall stops less than by that.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Weakened {
    /// The base as it was named.
    pub(super) base: Box<str>,
    /// The id of its commit.
    pub(super) commit: Box<str>,
    /// In the order in which people should read them.
    pub(super) rows: Vec<Weakening>,
}

/// A rule by which rolecall stops less in the files than in the base.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Weakening {
    /// The key of `rolecall.yaml`, or the group or person.
    pub(super) what: Box<str>,
    /// What the base says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Box<str>>,
    /// What the files say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Box<str>>,
    /// Why it matters.
    pub(super) why: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
}

fn is_usual(unmanaged: &Unmanaged) -> bool {
    *unmanaged == Unmanaged::default()
}

/// Counts of a plan.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    #[serde(flatten)]
    pub(super) changes: plan::Summary,
    /// People whose roles outside groups change; the roles themselves are among those above.
    pub(super) users_changed: usize,
    /// Entries of the quarantine but for those of the kinds `inactiveMember`, `unmanagedUser` and `unmanagedUnread`, of
    /// which nothing is withheld.
    pub(super) withheld: usize,
    pub(super) unmanaged: usize,
    /// Those among the unmanaged groups that are forbidden.
    #[serde(default)]
    pub(super) forbidden: usize,
    /// Guards that stop an apply.
    pub(super) guards: usize,
}

/// A file that the plan was made from.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct File {
    /// The path, relative to the workspace where it lies inside.
    pub(super) path: Box<str>,
    /// The SHA-256 digest of its text.
    pub(super) sha256: Digest,
}

/// A company as the plan found it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Company {
    pub(super) id: CompanyId,
    /// Its alias in the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Box<str>>,
    /// How many groups it has.
    pub(super) groups: usize,
    /// How many memberships the groups that were read have.
    pub(super) memberships: usize,
    /// How many groups were not looked into: what they give to whom is not known. Left out where none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) unread: usize,
    /// Names of the groups that no file speaks of.
    pub(super) unmanaged: Vec<Box<str>>,
    /// Names of the standard groups among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) standard: Vec<Box<str>>,
    /// Names of those among them that `unmanaged: forbid` forbids: all but standard groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) forbidden: Vec<Box<str>>,
}

/// What happens to a group, a role or a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    Create,
    Change,
    Delete,
    Add,
    Rescope,
    Remove,
}

/// Everything that changes about one group.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    /// `create`, `change` or `delete`.
    pub(super) action: Action,
    pub(super) company: CompanyId,
    /// Left out for a group that is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<GroupId>,
    /// The name it has, or will have if it is created.
    pub(super) name: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rename: Option<Edit>,
    /// The description of a group that is created, or how it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Edit>,
    /// The description of a group that exists, as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description_before: Option<Box<str>>,
    /// Why it is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
    pub(super) roles: Vec<Role>,
    pub(super) members: Vec<Member>,
    /// What was in it when it was read; left out where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Before>,
}

/// A text that changes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Edit {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Box<str>>,
    pub(super) to: Box<str>,
}

/// A role that a group gets, keeps on another scope, or loses.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = concerns_everybody)]
pub(super) struct Role {
    /// `add`, `rescope` or `remove`.
    pub(super) action: Action,
    pub(super) role_id: RoleId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Box<str>>,
    /// Where it will hold, or held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<WireScope>")]
    pub(super) scope: Option<Box<RawValue>>,
    /// Where it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<WireScope>")]
    pub(super) before: Option<Box<RawValue>>,
    /// Where it will hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<WireScope>")]
    pub(super) after: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) relation: Option<Relation>,
    #[serde(flatten)]
    pub(super) note: Note,
}

/// Who loses a role of a group is not one person.
fn concerns_everybody(schema: &mut Schema) {
    if let Some(description) = schema.pointer_mut("/properties/lockedOut/description") {
        *description = "The entry that cuts everybody off who would have it.".into();
    }
}

/// Where something is declared, and why it goes if it does.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Note {
    /// The entry that asked for it and has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expired: Option<Origin>,
    /// The entry that cuts the person off everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) locked_out: Option<Origin>,
    /// The instant from which it is no longer wanted, or a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ends: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
}

/// A scope in the API's form: audiences (OR) of predicates (AND) of values (OR).
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct WireScope {
    audiences: Vec<Value>,
}

/// Somebody who joins a group or leaves it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    /// `add` or `remove`.
    pub(super) action: Action,
    pub(super) user_id: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<Box<str>>,
    /// The group of the same company that the person leaves in the same plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) moved_from: Option<Box<str>>,
    /// The group of the same company that the person joins in the same plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) moved_to: Option<Box<str>>,
    #[serde(flatten)]
    pub(super) note: Note,
}

/// What was in a group when it was read: nothing for one that is created.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Before {
    /// Sorted.
    pub(super) members: Vec<UserId>,
    /// One per role, sorted by id.
    pub(super) roles: Vec<Grant>,
}

/// A role that a group had when it was read.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Grant {
    pub(super) role_id: RoleId,
    /// Where it holds, in canonical form.
    #[schemars(with = "WireScope")]
    pub(super) scope: Box<RawValue>,
    /// The scopes as the API spelled them, one for each of its entries; null where it gave none.
    #[schemars(with = "Vec<Value>")]
    pub(super) entries: Vec<Option<Box<RawValue>>>,
}

/// A person whose roles outside groups change: all of them are replaced by one call.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) company: CompanyId,
    pub(super) user_id: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
    /// Sorted by type.
    pub(super) direct_roles: Vec<DirectRole>,
    /// The whole list as it was read.
    #[schemars(with = "Vec<Value>")]
    pub(super) before: DirectRoles,
}

/// A role that a person gets outside groups, holds otherwise, or loses; in elements of the API's list.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DirectRole {
    /// `add`, `change` or `remove`.
    pub(super) action: Action,
    /// The type, as the API names it.
    pub(super) role_type: Box<str>,
    /// As it is, of one that changes or goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<Value>>")]
    pub(super) before: Option<DirectRoles>,
    /// As it shall be, of one that changes or comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<Value>>")]
    pub(super) after: Option<DirectRoles>,
    #[serde(flatten)]
    pub(super) note: Note,
}

/// An entry of the quarantine: `kind` says what is withheld, `why` is set where a person is not resolved.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Held {
    /// `person`, `role`, `unreadable`, `removal`, `hiddenRemoval`, `company`, `group`, `inactiveMember`, `lockout`, of roles outside
    /// groups `unreadLockout`, `user`, `unreadUser`, `unmanagedUser`, `unmanagedUnread` or `traveller`, or, of a standard group, `unmodifiableRoles`, `unmodifiableAttributes` or `unmodifiableGroup`.
    pub(super) kind: Box<str>,
    pub(super) group: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<UserId>,
    /// `unknown`, `inactive`, `ambiguous`, `foreign` or `hidden`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<Box<str>>,
    /// Where an `unknown` person of a scope was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) companies: Option<Vec<CompanyId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) company: Option<CompanyId>,
    /// What the API answered of a company that is withheld with all its groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) users: Option<Vec<UserId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) groups: Option<Vec<GroupId>>,
    /// The same for people.
    pub(super) message: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
}

/// What one guard found about one thing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Check {
    pub(super) guard: Box<str>,
    pub(super) subject: Subject,
    /// What was counted, where the guard counts several things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<Level>,
    /// How many.
    pub(super) value: usize,
    /// Of how many, where that matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) of: Option<usize>,
    pub(super) limit: Limit,
    /// How many of them exceptions allow; left out where none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) excepted: usize,
    pub(super) verdict: Verdict,
    /// Whose rules say so, where it is not those of the files: `base` or `policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<rules::Outside>,
    /// What was counted, one by one, where it is beyond the limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) items: Vec<Counted>,
    /// The exception that allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exception: Option<Origin>,
    /// The same for people.
    pub(super) message: Box<str>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// One thing that a guard counted: who, which role, where, through what.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counted {
    /// `joins`, `leaves`, `gains`, `loses`, `deleted` or `renamed`.
    pub(super) how: How,
    pub(super) company: CompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role_id: Option<RoleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Box<str>>,
    /// The type of a direct role, as the API names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role_type: Option<Box<str>>,
    /// Where the role of a group is given, or was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<WireScope>")]
    pub(super) scope: Option<Box<RawValue>>,
}

/// What a guard looked at.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Subject {
    Plan,
    Company { company: CompanyId },
    Group { company: CompanyId, name: Box<str> },
    Person { user_id: UserId },
    Role { company: CompanyId, role_id: RoleId },
}

/// What follows: `unset` was not looked at, `stop` forbids an apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Verdict {
    Ok,
    Unset,
    Excepted,
    Approved,
    Stop,
}

/// Something odd about the files.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Remark {
    pub(super) code: Box<str>,
    pub(super) message: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<Box<str>>,
    pub(super) related: Vec<Related>,
}

/// Another place that matters.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Related {
    pub(super) origin: Origin,
    pub(super) message: Box<str>,
}
