//! Standard groups: what of them cannot change stays as it is, and the plan says so.

use super::{Binding, Frozen, Group, Quarantined, Withheld};
use crate::files::declared::DeclaredGroup;

impl Binding<'_> {
    /// Lets a standard group keep its name, description and roles (contract §8); its members change all the same.
    pub(super) fn keep_standard(&mut self, declared: &DeclaredGroup, live: &Group, desired: &mut Group) {
        let roles_differ = desired.grants.len() != live.grants.len()
            || desired.grants.iter().zip(&live.grants).any(|(a, b)| (a.role, &a.scope) != (b.role, &b.scope));
        let attributes_differ = (&desired.name, &desired.description) != (&live.name, &live.description);
        let first = declared.grants.entries.first().map_or(declared.from, |it| it.from);
        for (differ, from, what) in
            [(roles_differ, first, Frozen::Roles), (attributes_differ, declared.from, Frozen::Attributes)]
        {
            if differ {
                self.bound.quarantine.push(Quarantined {
                    from: Some(from),
                    group: live.name.clone(),
                    what: Withheld::Unmodifiable { what },
                });
            }
        }
        if roles_differ {
            desired.grants.clone_from(&live.grants);
        }
        if attributes_differ {
            desired.name.clone_from(&live.name);
            desired.description.clone_from(&live.description);
        }
    }
}
