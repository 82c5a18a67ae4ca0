//! What policies need of a company, in names: part of the read list.

use std::collections::BTreeSet;

use crate::{
    files::declared::{Declared, DeclaredCompany, DirectOf},
    model::{ids::PersonRef, selector::Selector},
};

/// What policies need of one company.
#[derive(Debug, Default)]
pub(super) struct PolicyReads {
    /// Whether every group is read.
    pub(super) all_groups: bool,
    /// Whether it is read of everybody what they hold outside groups.
    pub(super) everybody: bool,
    /// Whether it is read who everybody is.
    pub(super) listed: bool,
    /// The groups that policies name.
    pub(super) groups: BTreeSet<Box<str>>,
    /// Those of them of whose members that is read.
    pub(super) direct_of: BTreeSet<Box<str>>,
    /// The people whom the files ask for in these.
    pub(super) members: Vec<PersonRef>,
    /// The rules by which people are in these.
    pub(super) selectors: BTreeSet<Selector>,
}

impl PolicyReads {
    /// What the policies of the files, of a base and of whoever else judges need.
    pub(super) fn new(declared: &Declared, company: &DeclaredCompany) -> Self {
        let mut reads = Self::default();
        let policies = declared.rules.all().flat_map(|it| &it.policies);
        for policy in policies.filter(|it| it.concerns(company.id)) {
            reads.all_groups |= policy.reads_all_groups();
            reads.listed |= policy.lists_people();
            reads.groups.extend(policy.groups.iter().map(|it| it.0.clone()));
            match policy.direct_of() {
                DirectOf::Nobody => (),
                DirectOf::Members => reads.direct_of.extend(policy.groups.iter().map(|it| it.0.clone())),
                DirectOf::Everybody => reads.everybody = true,
            }
        }
        let groups = company.groups.iter().filter(|it| reads.direct_of.contains(&it.name));
        let groups: Vec<_> = groups.collect();
        let rules = groups.iter().flat_map(|it| &it.computed.rules);
        reads.selectors = rules.map(|it| it.selector.clone()).collect();
        let people: BTreeSet<&PersonRef> =
            groups.iter().flat_map(|it| &it.members.entries).map(|it| &it.person).collect();
        reads.members = people.into_iter().cloned().collect();
        reads
    }
}
