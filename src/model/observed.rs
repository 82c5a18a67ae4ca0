//! What the API reported, as far as the files need it.
//!
//! A value; whether it is complete was proven while it was fetched.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::model::{
    access::Contents,
    acting::Arrangers,
    direct::DirectRoles,
    ids::{CompanyId, Email, GroupId, PersonKey, PersonRef, RoleId, UserId},
    lookalike,
    permissions::Permissions,
    plan::LookUps,
    selector::{Attribute, Selector, Traits},
    stamp::Stamps,
    units::Units,
};

/// Everything that was read for a run.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The companies, sorted by id.
    pub companies: Vec<ObservedCompany>,
    /// Companies of which nothing could be read, each with why.
    pub failed: BTreeMap<CompanyId, Box<str>>,
    /// The users that the files or the groups name, of any company, in any order.
    pub users: Vec<User>,
    /// Roles that users hold outside groups (contract §6.1): of those that the files declare under `users:`,
    /// of those who are locked out, and of the account that runs rolecall. Who is missing was not read, or the
    /// token may not know: never that there are none.
    pub direct: BTreeMap<UserId, DirectRoles>,
    /// What those are apart from access of whom the files declare it; complete in what they declare of each. Who is missing
    /// was not read, or the token may not know.
    pub profiles: BTreeMap<UserId, Traits>,
    /// Of whom it was read, for their own sake, who leads them and who approves: none where they have none.
    pub led: BTreeSet<UserId>,
    /// Who names others as manager or approver, of the companies of which that was asked.
    pub naming: BTreeMap<CompanyId, Naming>,
    /// The companies of which everybody is among the users.
    pub listed: BTreeSet<CompanyId>,
    /// How many accounts are active, of the companies of which some may come or go and that was told.
    pub accounts: BTreeMap<CompanyId, u64>,
    /// Who arranges travel for those of whom it was asked, by their own lists. Who is missing was not asked for, or the token
    /// may not know.
    pub arrangers: BTreeMap<UserId, Arrangers>,
    /// Those of the users who have no account yet: their ids are made up until the API gives others.
    pub newcomers: BTreeSet<UserId>,
    /// The companies where to delete an account is known to deactivate it, so that it can come back.
    pub deactivating: BTreeSet<CompanyId>,
    /// The companies in which people of scopes were looked for, and that let this token look.
    pub searched: BTreeSet<CompanyId>,
    /// The companies of which a policy asks who their people are, and that is not told.
    pub unlisted: BTreeSet<CompanyId>,
}

/// What was read of a company to know who names somebody who leaves.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    /// Active people of the company, and others as far as they had to be known.
    pub people: Vec<User>,
    /// Who manages these and approves for them, of those that were asked.
    pub traits: BTreeMap<UserId, Traits>,
    /// What was not looked at, if anything.
    pub missing: Option<LookUps>,
}

/// Users with the companies of which the answers say that the best key of the user leads to the user there.
pub type Leads = BTreeSet<(CompanyId, UserId)>;

/// What one company reported.
#[derive(Clone, Debug)]
pub struct ObservedCompany {
    /// Which one.
    pub id: CompanyId,
    /// All its groups, in any order.
    pub groups: Vec<GroupHead>,
    /// All roles that it may assign, in any order.
    pub roles: Vec<RoleHead>,
    /// What is in the groups that were read.
    pub contents: BTreeMap<GroupId, Contents>,
    /// All groups of everybody who is locked out, as the API lists them by person; each list is sorted.
    pub held: BTreeMap<UserId, Vec<GroupId>>,
    /// When the members of the groups that were read were added, as far as the API tells: in the order of
    /// [`Contents::members`].
    pub added: BTreeMap<GroupId, Arc<[Option<Timestamp>]>>,
    /// Everybody active whom each rule for members means, sorted; of those rules that were asked.
    pub selected: BTreeMap<Selector, Arc<[UserId]>>,
    /// What departments and the like are called, where the files say some by a name.
    pub units: Units,
}

impl ObservedCompany {
    /// No company: nothing of it was read.
    pub(crate) const NONE: &'static Self = &Self {
        id: CompanyId(uuid::Uuid::nil()),
        groups: Vec::new(),
        roles: Vec::new(),
        contents: BTreeMap::new(),
        held: BTreeMap::new(),
        added: BTreeMap::new(),
        selected: BTreeMap::new(),
        units: Units::NONE,
    };

    /// Returns a company of which nothing was read.
    pub fn new(id: CompanyId) -> Self {
        Self { id, ..Self::NONE.clone() }
    }

    /// When somebody was added to a group, as far as the API tells.
    pub(crate) fn added(&self, group: GroupId, user: UserId) -> Option<Timestamp> {
        let at = self.contents.get(&group)?.members.binary_search(&user).ok()?;
        *self.added.get(&group)?.get(at)?
    }
}

/// A group without its contents.
// Not to be compared as a whole: who touched it last is no part of what it is.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct GroupHead {
    pub id: GroupId,
    pub name: Box<str>,
    pub description: Box<str>,
    /// True only for standard groups: everything but their members is frozen (contract §3.0).
    pub unmodifiable: bool,
    pub stamps: Stamps,
}

// The rest is part of a published schema, with its words and names.

/// A role that can be assigned.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Role")]
#[expect(missing_docs, reason = "the names say it")]
pub struct RoleHead {
    pub id: RoleId,
    pub name: Box<str>,
    /// Provided by the platform, not by the company; left out where the API does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<bool>,
    /// Whether it lets its holder change who may do what.
    // `ACCESS_MANAGEMENT` to write (contract §5.2, §8).
    pub manages_access: bool,
    /// What it permits: the actions of each permission, as the API names them; left out where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
}

/// A role on a scope.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Grant")]
#[expect(missing_docs, reason = "the names say it")]
pub struct GroupRole {
    #[serde(rename = "roleId")]
    pub role: RoleId,
    /// The scope as the API spelled it; left out where it said nothing.
    // That does not mean unrestricted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub scope: Option<Arc<RawValue>>,
}

/// A user of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct User {
    #[serde(rename = "userId")]
    pub id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee_id: Option<Box<str>>,
    /// The company the person belongs to, where the API says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<CompanyId>,
    /// Whether the account can be used.
    pub active: bool,
}

impl User {
    /// Returns a user of whom the API tells nothing to this token (contract §7.4): who it is, and of which
    /// company, is not known. Who is not seen does not count as active.
    pub fn hidden(id: UserId) -> Self {
        Self { id, email: None, external_id: None, employee_id: None, company: None, active: false }
    }

    /// Whether the API tells nothing of the user.
    pub fn is_hidden(&self) -> bool {
        *self == Self::hidden(self.id)
    }

    /// The key by which people would name the user, of those that a file can say; the id is none.
    pub(crate) fn best_key(&self) -> Option<PersonRef> {
        let keys = [
            (PersonKey::Email, self.email.as_ref().map(Email::as_str)),
            (PersonKey::ExternalId, self.external_id.as_deref()),
            (PersonKey::EmployeeId, self.employee_id.as_deref()),
        ];
        keys.into_iter().find_map(|(key, raw)| {
            let person = PersonRef::by(key, raw?).ok()?;
            (person.key() == raw && lookalike::mixed(raw?).is_none()).then_some(person)
        })
    }

    /// Says by which key of a kind the user is known, if by any; nothing of an attribute that is no key.
    pub(crate) fn put_key(&mut self, attribute: Attribute, key: Option<&str>) {
        match attribute {
            Attribute::ExternalId => self.external_id = key.map(Into::into),
            Attribute::EmployeeId => self.employee_id = key.map(Into::into),
            _ => (),
        }
    }

    /// Takes from another answer about the same user what this one left out.
    fn complete(&mut self, other: &Self) {
        if self.is_hidden() {
            self.active = other.active;
        }
        self.email = self.email.take().or_else(|| other.email.clone());
        self.external_id = self.external_id.take().or_else(|| other.external_id.clone());
        self.employee_id = self.employee_id.take().or_else(|| other.employee_id.clone());
        self.company = self.company.or(other.company);
    }
}

/// Gives every row of a user what another row tells where it tells nothing: sorted by id, equal rows once.
///
/// Two answers may still tell two addresses of one user; then there are two rows, and each finds the user.
pub fn completed(mut users: Vec<User>) -> Vec<User> {
    // Those that tell come before those that do not.
    users.sort_by_key(|it| (it.id, it.is_hidden()));
    for rows in users.chunk_by_mut(|a, b| a.id == b.id) {
        for n in 0..rows.len() {
            for other in (0..rows.len()).filter(|it| *it != n) {
                let told = rows[other].clone();
                rows[n].complete(&told);
            }
        }
    }
    users.dedup();
    users
}
