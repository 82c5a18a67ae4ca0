//! The form of a plan as a JSON document, field by field: what is written, read and published as a schema.
//!
//! Fields may be added within a version; none is renamed, removed or given another meaning.
//! What is absent is left out, never null. Nothing is computed here.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, value::RawValue};

use crate::model::{
    date::Now,
    direct::DirectRoles,
    ids::{CompanyId, GroupId, RoleId, UserId},
    plan::{
        self, Accepted, ByRule, Check, Digest, Gap, Leaver, LookUps, Names, Note, Outside, Overview, People,
        ReadGroup, Soon, Survivor, Undone, Withheld, is_zero,
    },
    portion::Portion,
    rules::{Unmanaged, Weakened},
    scope::{Relation, Scope},
    selector::{Attribute, Traits},
    stamp::Stamp,
};
use crate::report::render::json::Origin;

/// A plan of rolecall: what an apply would change, and everything needed to judge it and to apply exactly it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall plan")]
pub(crate) struct Document {
    /// The version of this form: 2. Fields may be added to it.
    pub(super) version: u32,
    /// What this document is: `plan`.
    pub(super) kind: Box<str>,
    /// The id of the plan: a digest of its effects and of the access that results.
    pub(super) id: Digest,
    /// When it was made: `SOURCE_DATE_EPOCH`, or else the time that the run went by.
    pub(super) created_at: Timestamp,
    /// What `until` was compared with, where `--now` said so; left out where it was the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) now: Option<Timestamp>,
    /// The time zone of the workspace, in which days begin and end; left out where it says none: then that is UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) time_zone: Option<Box<str>>,
    /// The version of the rolecall that made it.
    pub(super) tool: Box<str>,
    /// The URL of the API it was made for, or the word `sandbox`.
    pub(super) endpoint: Box<str>,
    /// When the snapshot was taken that it was made from; left out where the API was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) taken: Option<Timestamp>,
    /// Whether there is anything to do.
    pub(super) changes: bool,
    /// How much of what.
    pub(super) summary: Summary,
    /// Whether these are not all access files of the workspace.
    pub(super) partial: bool,
    /// Which of the companies of the workspace it is about, where `--company` or `--shard` said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) portion: Option<Portion>,
    /// Everything that changes, fact by fact: of groups, sorted by company, name and id, then of people, sorted by company and
    /// id; of each first itself, then its roles, then its members.
    pub(super) edits: Vec<Row>,
    /// The groups that change and exist, as they were read; sorted by company, name and id.
    pub(super) groups: Vec<Group>,
    /// The people whose roles outside groups change, as they were read; sorted by company and id.
    pub(super) users: Vec<User>,
    /// The files it was made from, sorted by path.
    pub(super) files: Vec<File>,
    /// The companies looked at, sorted by id.
    pub(super) companies: Vec<Overview>,
    /// What is done about groups that no file names, unless they are reported.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub(super) unmanaged: Unmanaged,
    /// What was asked for and is withheld, or only worth saying.
    pub(super) withheld: Vec<Worded<Withheld<Origin>>>,
    /// What differs, and is left as it is because the files accept it for a while; left out where nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) accepted: Vec<Accepted<Origin>>,
    /// How much of `soon` ends.
    pub(super) expiring: usize,
    /// What ends or begins within 7 days, sorted by time; left out where nothing does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) soon: Vec<Soon<Origin>>,
    /// Who gains and who loses access.
    pub(super) people: People<Origin>,
    /// The same for the change under review alone, and for undoing what has drifted before; left out where no base was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) people_by_cause: Option<ByCause>,
    /// How many of those who gain or lose were not asked for groups that no file names: what these give them is not counted.
    /// Left out where none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) not_asked: usize,
    /// What the change under review asks for, its base does not, and somebody has made already; left out where no base was
    /// given.
    // For readers: an apply needs none of it, and it may be of groups that do not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) already_live: Option<Vec<Row>>,
    /// Who lacks for a moment what both sides give.
    pub(super) gaps: Vec<Gap>,
    /// What every guard found, with value, limit and verdict.
    pub(super) guards: Vec<Worded<Check<Origin>>>,
    /// What is odd about the files and stops nothing.
    pub(super) remarks: Vec<Remark>,
    /// Roles outside groups that people keep who are cut off everywhere.
    pub(super) survivors: Vec<Survivor>,
    /// Those whose accounts are deactivated while active people name them as manager or approver, or they arrange for some; left
    /// out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) leavers: Vec<Leaver<Origin>>,
    /// The companies of which not everybody was asked for that; left out where everybody was, or nobody leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) look_ups: Vec<LookUps>,
    /// Roles outside groups of everybody else whose roles there were looked at.
    pub(super) outside: Vec<Outside>,
    /// Every live group that was read, in digests, sorted by company and id.
    pub(super) live: Vec<ReadGroup>,
    /// Names for the ids of this document.
    pub(super) names: Names,
    /// What is weaker in the files than in the base; left out where no base was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) weakened: Option<Weakened<Origin>>,
    /// The apply that this plan undoes, of a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) undoes: Option<Undone>,
    /// The SHA-256 digest of all of this document, without the spaces between the parts of the JSON, and with zeros in
    /// the place of this digest. The last field.
    pub(super) digest: Digest,
}

impl Document {
    /// What the run that made it took for now.
    pub(super) fn now(&self) -> Now {
        Now { at: self.now.unwrap_or(self.created_at), is_given: self.now.is_some(), dated: self.created_at }
    }
}

/// Who gains and who loses access, by where that comes from.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ByCause {
    /// By the change under review, conflicts included.
    pub(super) change: People<Origin>,
    /// By undoing what has drifted before.
    pub(super) drift: People<Origin>,
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
    /// Entries of `withheld` but for those of the kinds `inactiveMember`, `unmanagedUser` and `unmanagedUnread`, of
    /// which nothing is withheld.
    pub(super) withheld: usize,
    pub(super) unmanaged: usize,
    /// Those among the unmanaged groups that are forbidden.
    #[serde(default)]
    pub(super) forbidden: usize,
    /// Differences that the files accept for a while.
    #[serde(default)]
    pub(super) accepted: usize,
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

/// What happens to a fact: it comes, changes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    Add,
    Change,
    Remove,
}

/// Which fact: that a group exists with its name and description, that it gives a role, that somebody is in it, that
/// a person holds a role outside groups, or what a person is apart from access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    Group,
    Role,
    Member,
    DirectRole,
    Person,
}

/// One fact that changes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) action: Action,
    pub(super) kind: Kind,
    pub(super) company: CompanyId,
    /// The name that the group has, or will have if it is created; left out of a direct role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<Box<str>>,
    /// Left out for a group that is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group_id: Option<GroupId>,
    /// Which of several groups that are created under one name, counted from 0; left out for the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) twin: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role_id: Option<RoleId>,
    /// The type of a direct role, as the API names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role_type: Option<Box<str>>,
    /// What of a person changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attribute: Option<Attribute>,
    /// What is: of a group its name and description, of a role where it holds, of a direct role the elements of the API's
    /// list. Left out where nothing is, and of a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub(super) before: Option<Box<RawValue>>,
    /// What shall be, in the same form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub(super) after: Option<Box<RawValue>>,
    /// How a role that changes holds after, compared with before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) relation: Option<Relation>,
    /// The group of the same company that the person leaves in the same plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) moved_from: Option<Box<str>>,
    /// The group of the same company that the person joins in the same plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) moved_to: Option<Box<str>>,
    /// Why the group is deleted, or why the person comes, moves or leaves, as the files say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Box<str>>,
    /// When the API says that a member who goes was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) added_at: Option<Timestamp>,
    /// The rules of `membersFrom` by which a member joins, or of which none means a member who leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by_rule: Option<ByRule<Origin>>,
    #[serde(flatten)]
    pub(super) note: Note<Origin>,
}

/// A group as it was read.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Group {
    pub(super) company: CompanyId,
    /// Left out, in the way back that a journal tells of, for a group that the apply creates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<GroupId>,
    pub(super) name: Box<str>,
    pub(super) description: Box<str>,
    /// Where it is declared, or its removal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
    /// When it was made, and by whose account, as far as the API tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<Stamp>,
    /// When it was changed last, and by whose account, as far as the API tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) updated: Option<Stamp>,
    /// What was in it; left out where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contents: Option<Contents>,
}

/// What was in a group when it was read.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Contents {
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
    pub(super) scope: Scope,
    /// The scopes as the API spelled them, one for each of its entries; null where it gave none. Left out where there is one
    /// entry, spelled just as `scope` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<Value>>")]
    pub(super) entries: Option<Vec<Option<Box<RawValue>>>>,
}

/// A person about whom something changes outside groups, as it was read: direct roles are replaced all at once.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) company: CompanyId,
    pub(super) user_id: UserId,
    /// Where the person is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
    /// The whole list, in elements of the API's.
    #[schemars(with = "Vec<Value>")]
    pub(super) direct_roles: DirectRoles,
    /// What the person is apart from access, of that which changes.
    #[serde(default, skip_serializing_if = "Traits::is_empty")]
    pub(super) attributes: Traits,
    /// The groups of the company that the person is in, where the account is activated or deactivated; sorted, of those in
    /// `live`. Left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<GroupId>,
    /// Those who name the person as manager or approver, where the account is activated or deactivated and as far as it was
    /// read; sorted by company and id. Left out where nobody does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) named_by: Vec<Naming>,
}

/// Somebody who names another person as manager or approver.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Naming {
    pub(super) company: CompanyId,
    pub(super) user_id: UserId,
    /// Everybody who is named in this way.
    pub(super) attributes: Traits,
}

/// Something for programs, and the same in a sentence.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Worded<T> {
    #[serde(flatten)]
    pub(super) it: T,
    /// The same for people.
    pub(super) message: Box<str>,
}

/// The sentence is made again when it is wanted.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Worded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|it| Self { it, message: Box::default() })
    }
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
