//! `noDirectRoles`: nobody holds a role outside groups, of these types or of any.

use super::{Breach, Scene};
use crate::model::{direct::DirectRole, rules::Policy};

impl Scene<'_> {
    pub(super) fn no_direct_roles(&self, policy: &Policy, types: &[Box<str>]) -> Vec<Breach> {
        let groups = self.groups(policy);
        let is_meant =
            |role_type: &str| types.is_empty() || types.iter().any(|it| it.eq_ignore_ascii_case(role_type));
        let mut found = Vec::new();
        for who in self.concerned(policy) {
            let Some([before, after]) = self.direct.get(&(who.0, self.sides.plan.index.user(who.1))) else {
                continue;
            };
            let meant = after.iter().filter(|it| is_meant(it.kind().role_type()));
            // One that reaches more travellers is another.
            let (old, new): (Vec<&DirectRole>, Vec<&DirectRole>) =
                meant.partition(|it| before.get(it.kind()) == Some(*it));
            for (stood, roles) in [(false, new), (true, old)] {
                let vias: Vec<_> = roles.into_iter().map(super::Via::outside).collect();
                found.extend(self.breach_of(&who, stood, vias.iter(), &groups));
            }
        }
        found
    }
}
