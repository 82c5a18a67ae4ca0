//! Which companies a run is about: those that were named, and those of a shard. A value; finds no company in any file.

use std::collections::BTreeSet;

use crate::model::{ids::CompanyId, portion::Shard};

/// Which companies a run is about.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub(super) shard: Option<Shard>,
    /// Those that were named, where any were.
    pub(super) named: Option<BTreeSet<CompanyId>>,
    /// The companies of the files that the run is not about.
    pub(crate) aside: BTreeSet<CompanyId>,
}

impl Choice {
    /// Whether the run is about this company.
    pub fn holds(&self, company: CompanyId) -> bool {
        self.shard.is_none_or(|it| it.holds(company))
            && self.named.as_ref().is_none_or(|it| it.contains(&company))
    }

    /// The one company that was named.
    pub(super) fn only(&self) -> Option<CompanyId> {
        let named = self.named.as_ref().filter(|it| it.len() == 1)?;
        named.first().copied()
    }

    /// Whether it leaves nothing out.
    pub(super) fn is_everything(&self) -> bool {
        self.shard.is_none() && self.named.is_none()
    }
}
