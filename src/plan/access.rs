//! Everybody's effective access, before and after a plan: of people the plan changes nothing for, too.
//!
//! Adds nothing up by itself: [`effective`](super::effective) does. Those for whom it is the same share it.

use std::collections::{BTreeMap, HashMap};

use crate::{
    model::{
        direct::DirectRoles,
        ids::{CompanyId, RoleId},
        index::{GroupIx, UserIx},
        scope::Scope,
        state::State,
    },
    plan::effective::{Part, Sides, direct_sides, effects, parts},
};

/// What people of a company may do, before and after; never nothing on both sides.
#[derive(Clone, Debug)]
pub struct Access {
    /// The company whose groups give it.
    pub company: CompanyId,
    /// Who, sorted.
    pub users: Vec<UserIx>,
    /// What groups give, sorted by role.
    pub roles: Vec<Held>,
    /// What is held outside groups, before and after, as far as it was read.
    pub direct: [DirectRoles; 2],
}

/// A role that groups give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which one.
    pub role: RoleId,
    /// Where it holds through everything together, before and after; `None` where it is not held.
    pub sides: [Option<Scope>; 2],
    /// The groups that give it on either side, sorted.
    pub through: Vec<GroupIx>,
}

impl Access {
    /// Whether a plan changes any of it.
    pub fn changes(&self) -> bool {
        self.roles.iter().any(Held::changes) || self.direct[0] != self.direct[1]
    }
}

impl Held {
    /// Whether a plan changes where it holds.
    pub fn changes(&self) -> bool {
        self.sides[0] != self.sides[1]
    }
}

/// Returns what everybody may do who is in a group that was read, or of whom direct roles were read: by company, those of
/// whom something changes first, then by who they are.
///
/// In time linear in the memberships, and in what each distinct set of groups gives.
pub fn access(sides: &Sides<'_>) -> Vec<Access> {
    let mut all = Vec::new();
    let mut alike: HashMap<(CompanyId, Vec<Part>), Vec<UserIx>> = HashMap::new();
    let mut direct: BTreeMap<(CompanyId, UserIx), [DirectRoles; 2]> = BTreeMap::new();
    for ((company, user), roles) in direct_sides(sides) {
        direct.extend(sides.plan.index.find_user(user).map(|it| ((company, it), roles)));
    }
    let mut parts = parts(sides, |_, _| true);
    for who in direct.keys() {
        parts.entry(*who).or_default();
    }
    for ((company, user), parts) in parts {
        match direct.remove(&(company, user)) {
            Some(direct) => {
                all.push(Access { company, users: vec![user], roles: roles(&parts, sides), direct });
            }
            None => alike.entry((company, parts)).or_default().push(user),
        }
    }
    all.extend(alike.into_iter().map(|((company, parts), users)| Access {
        company,
        users,
        roles: roles(&parts, sides),
        direct: [DirectRoles::default(), DirectRoles::default()],
    }));
    all.retain(|it| !it.roles.is_empty() || it.direct.iter().any(|it| !it.is_empty()));
    all.sort_by_cached_key(|it| (it.company, !it.changes(), it.users.clone()));
    all
}

/// What groups give together, on both sides.
fn roles(parts: &[Part], sides: &Sides<'_>) -> Vec<Held> {
    let side = |of: fn(&Part) -> bool, state: &State| {
        let groups = parts.iter().filter(|it| of(it)).map(|it| it.group);
        let grants = groups.flat_map(|group| state.grants(group).iter().map(move |it| (group, it)));
        effects(grants.map(|(group, ((_, role), scope))| (*role, &**scope, group)), &BTreeMap::new())
    };
    let mut all: BTreeMap<RoleId, Held> = BTreeMap::new();
    let both = [side(|it| it.before, sides.before()), side(|it| it.after, &sides.after)];
    for (n, effects) in both.into_iter().enumerate() {
        for effect in effects {
            let role = effect.role;
            let held = all.entry(role).or_insert(Held { role, sides: [None, None], through: Vec::new() });
            held.sides[n] = Some(effect.scope);
            held.through.extend(effect.through);
        }
    }
    for held in all.values_mut() {
        held.through.sort_unstable();
        held.through.dedup();
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::{
        effective::outcomes,
        worlds::{shuffled, world},
    };

    proptest! {
        /// What changes for people is what is said of who gains and who loses, and of everybody else the same stays.
        #[test]
        fn access_changes_just_where_somebody_gains_or_loses(world in prop_oneof![world(), shuffled()]) {
            let plan = world.plan();
            let sides = Sides::new(&plan);
            let outcomes = outcomes(&sides);
            let mut changing = Vec::new();
            for it in access(&sides) {
                for user in &it.users {
                    let outcome = outcomes.iter().find(|known| (known.company, known.user) == (it.company, *user));
                    for held in &it.roles {
                        let fate = outcome.and_then(|it| it.fate.roles.iter().find(|it| it.role == held.role));
                        let [before, after] = held.sides.clone().map(Option::unwrap_or_default);
                        prop_assert_eq!(fate.map(|it| (*it.gains).clone()).unwrap_or_default(), after.without(&before));
                        prop_assert_eq!(fate.map(|it| (*it.loses).clone()).unwrap_or_default(), before.without(&after));
                    }
                    if it.changes() {
                        changing.push((it.company, *user));
                    }
                }
            }
            changing.sort_unstable();
            let expected: Vec<_> = outcomes
                .iter()
                .filter(|it| it.gains() || it.loses())
                .map(|it| (it.company, it.user))
                .collect();
            prop_assert_eq!(changing, expected);
        }
    }
}
