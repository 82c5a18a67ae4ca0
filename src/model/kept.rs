//! What people keep through groups of which a plan reads nothing, as far as it was asked for: beside both states, and part
//! of neither.
//!
//! Nothing of it changes by a plan. It decides nothing: it is for whoever reads who gains and who loses.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    access::Grant,
    ids::{CompanyId, GroupId, UserId},
};

/// The groups of the people who were asked for, and what those of them give that were not read otherwise.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Everybody of whom all groups are known, with those that were read for this, sorted. Who is missing was not asked.
    pub people: BTreeMap<UserId, Vec<(CompanyId, GroupId)>>,
    /// What these groups give.
    pub groups: BTreeMap<(CompanyId, GroupId), Vec<Grant>>,
    /// People with companies of which the plan itself read all their groups: there is nothing to ask.
    pub whole: BTreeSet<(CompanyId, UserId)>,
    /// The status with which the API last refused to tell.
    pub refused: Option<u16>,
}

impl Kept {
    /// Nobody was asked.
    pub const NONE: &'static Self =
        &Self { people: BTreeMap::new(), groups: BTreeMap::new(), whole: BTreeSet::new(), refused: None };
}
