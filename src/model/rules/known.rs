//! What expressions look at beyond states and edits: names, permissions, and what groups and people are.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::model::{
    ids::{CompanyId, GroupId, RoleId},
    permissions::Permissions,
};

/// Facts about what a plan speaks of.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The names that the files give to companies and legal entities, and nobody else: who calls itself like one is not one.
    pub aliases: BTreeMap<Uuid, Box<str>>,
    /// What roles are called, and what they permit where the API tells.
    pub roles: BTreeMap<(CompanyId, RoleId), (Box<str>, Option<Permissions>)>,
    /// The groups that every company has.
    pub standard: BTreeSet<(CompanyId, GroupId)>,
    /// The groups that the files declare.
    pub managed: BTreeSet<(CompanyId, Box<str>)>,
    /// What the files are called, by their positions; nothing where nobody asks.
    pub files: Vec<Box<str>>,
}
