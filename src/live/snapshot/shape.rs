//! The form of a snapshot as a JSON document, field by field: what is written, read and published as a schema.
//!
//! What is absent is left out, never null. A field that is not known is an error, as the digest covers all
//! of them: whoever adds one adds one to the version. Nothing is computed here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::model::{
    access::Members,
    direct::DirectRoles,
    ids::{CompanyId, GroupId, PersonRef, UserId},
    observed::{GroupRole, RoleHead, User},
    plan::Digest,
    selector::{Attribute, Traits},
    stamp::Stamp,
    units::Units,
};

/// A snapshot of rolecall: everything about a workspace's companies that any later plan may need.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "rolecall snapshot")]
pub struct Snapshot {
    /// The version of this form: 3. Version 2, which is read as well, does not have what rules for members look at; version 1
    /// does not say when somebody was added to a group either, nor who made or changed one.
    pub version: u32,
    /// What this document is: `snapshot`.
    pub kind: Box<str>,
    /// When reading began.
    pub created_at: Timestamp,
    /// The version of the rolecall that took it.
    pub tool: Box<str>,
    /// The URL of the API it was taken of, or the word `sandbox`.
    pub endpoint: Box<str>,
    /// The digest of everything else.
    pub digest: Digest,
    /// Present where addresses and numbers of people are pseudonyms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sanitized: Option<Sanitized>,
    /// The companies whose groups the workspace may manage, sorted by id.
    pub companies: Vec<Company>,
    /// Who is known in these companies and in the others that the workspace names, sorted by company.
    pub directories: Vec<Directory>,
    /// What was asked about single people: those whom `users:`, lock-outs, the identity or exceptions
    /// name.
    pub people: Vec<Person>,
    /// What companies and legal entities are called, as far as answers about people have said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<Uuid, Box<str>>,
}

/// How people were made unrecognisable: the same person has the same pseudonym everywhere in the file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sanitized {
    /// The salt of the pseudonyms, unless it is kept elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Box<str>>,
    /// By this a salt is recognised.
    pub check: Box<str>,
}

/// A company with all its groups and roles.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// Which one.
    pub id: CompanyId,
    /// The URL of its API, where that is not the `endpoint` of the snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Box<str>>,
    /// All its groups, sorted by id.
    pub groups: Vec<Group>,
    /// All roles that it may assign, sorted by id.
    pub roles: Vec<RoleHead>,
}

/// A group and what is in it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Group {
    pub id: GroupId,
    pub name: Box<str>,
    pub description: Box<str>,
    /// A standard group: everything but its members is frozen.
    pub unmodifiable: bool,
    /// Its roles, one entry per scope, in the order of the API.
    pub roles: Vec<GroupRole>,
    /// Its members, sorted.
    pub members: Arc<[UserId]>,
    /// When each of them was added, in the same order; null where the API does not tell it, and left out where it tells it
    /// of nobody.
    #[serde(rename = "addedAt", default, skip_serializing_if = "<[_]>::is_empty")]
    pub added: Arc<[Option<Timestamp>]>,
    /// When it was made, and by whose account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Stamp>,
    /// When it was changed last, and by whose account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Stamp>,
}

impl Group {
    /// Brings members into their order, and what is told of each with them.
    pub(super) fn sort_members(&mut self) {
        if self.added.len() != self.members.len() {
            self.added = Arc::default();
        }
        if self.members.is_sorted() {
            return;
        }
        let added = self.added.iter().copied().chain(std::iter::repeat(None));
        let rows: Vec<_> = self.members.iter().copied().zip(added).collect();
        Members { ids: self.members, added: self.added } = rows.into();
    }
}

/// How much of a directory is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Reach {
    /// Everybody: who is not here is not there.
    Whole,
    /// Only who is in `asked`: the API refused a list of all, and people were asked for one by one.
    Asked,
    /// Nobody: the token may not look into this company.
    Closed,
}

/// Who is known in a company.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Which company.
    pub company: CompanyId,
    /// How much of it is known.
    pub reach: Reach,
    /// Everybody, active or not, sorted by id; nobody unless the reach is `whole`.
    pub users: Vec<User>,
    /// What single questions were answered, sorted by whom they name.
    pub asked: Vec<Answer>,
    /// What rules for members look at; left out where the files had no rule. In a sanitized snapshot the values are
    /// pseudonyms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
    /// What those are apart from access of whom the files declared it, by user; who is not here is not known. Left out of a
    /// sanitized snapshot.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<UserId, Traits>,
    /// What departments and the like are called, by attribute and name, where that was told of people of whom the files
    /// declared something apart from access; files may say them by these names.
    #[serde(default, skip_serializing_if = "Units::is_empty")]
    pub units: Units,
}

/// What rules for members look at, of everybody in a directory.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    /// Those that were recorded, which the rules of the files looked at then; sorted. No other is known of anybody.
    pub known: BTreeSet<Attribute>,
    /// Their values, by user; left out of who has none of them.
    pub of: BTreeMap<UserId, Traits>,
}

/// What the question for one person was answered.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The people it names.
    pub person: PersonRef,
    /// The users it finds.
    pub users: Vec<User>,
}

/// What was asked about one person.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Person {
    pub user_id: UserId,
    /// The groups the API lists for the person, of the companies above, sorted.
    pub groups: Vec<GroupId>,
    /// The roles held outside groups, as the API spelled them; left out where the token may not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<Value>>")]
    pub direct_roles: Option<DirectRoles>,
}
