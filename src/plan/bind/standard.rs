//! Standard groups: what of them cannot change stays as it is, and the plan says so.

use super::{Asked, Binding, GroupIx, Wanted, Withheld, WithheldReason};
use crate::files::declared::DeclaredGroup;

impl Binding<'_> {
    /// Lets a standard group keep its name, description and roles (contract §8); its members change all the same.
    pub(super) fn keep_standard(&mut self, declared: &DeclaredGroup, group: GroupIx, wanted: &mut Wanted) {
        let Some(attributes) = self.live.attributes(group) else { return };
        let grants = self.live.grants(group);
        let roles_differ = !wanted
            .grants
            .iter()
            .map(|it| (it.what.0, &it.what.1))
            .eq(grants.iter().map(|it| (it.0.1, &it.1)));
        let attributes_differ = wanted.attributes != *attributes;
        let first = declared.grants.entries.first().map_or(declared.from, |it| it.from);
        for (differ, from, what) in [
            (roles_differ, first, WithheldReason::FrozenRoles {}),
            (attributes_differ, declared.from, WithheldReason::FrozenAttributes {}),
        ] {
            if differ {
                let (from, group) = (Some(from), attributes.name.clone());
                self.bound.withheld.push(Withheld { from, group, what });
            }
        }
        let kept = |((_, role), scope): &crate::model::state::Grant| Asked {
            what: (*role, scope.clone()),
            from: None,
            ends: None,
        };
        wanted.grants = grants.iter().map(kept).collect();
        wanted.attributes = attributes.clone();
    }
}
