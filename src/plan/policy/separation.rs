//! `separation`: nobody holds one of its roles and one of those that it keeps apart from them, where both reach. To approve for
//! people, to manage them and to book for them counts like a role on these.

use std::collections::HashMap;

use super::{Breach, Scene, Side, Via, acting::Acting};
use crate::{
    model::{
        ids::CompanyId,
        index::UserIx,
        rules::{HeldRole, Policy, Powers},
        scope::Scope,
    },
    plan::effective::Part,
};

/// With more pairs of audiences than this, what two scopes share is not worked out, and more is taken for shared.
const MOST_PAIRS: usize = 1_000;

/// What somebody holds of both sides, and whether that stood before; nothing where they do not meet.
#[derive(Clone)]
struct Both {
    stood: bool,
    vias: Vec<Via>,
}

impl Scene<'_> {
    /// Scopes meet where some traveller may be in both. What cannot be read meets everything.
    pub(super) fn separation(&self, policy: &Policy, roles: &Powers, apart_from: &Powers) -> Vec<Breach> {
        let groups = self.groups(policy);
        let looks_at_acting = !roles.acts.is_empty() || !apart_from.acts.is_empty();
        let acting = if looks_at_acting { self.acting() } else { Acting::new() };
        let index = &self.sides.plan.index;
        let acts = |who: &(CompanyId, UserIx)| acting.get(&(who.0, index.user(who.1)));
        let mut concerned = self.concerned(policy);
        if groups.is_empty() {
            let own = acting.keys().filter(|it| policy.concerns(it.0) && self.rules.may_act(it.1));
            concerned.extend(own.filter_map(|it| Some((it.0, index.find_user(it.1)?))));
        }
        // There are few sets of groups that people are in.
        let mut known: HashMap<(CompanyId, &[Part]), Option<Both>> = HashMap::new();
        let mut found = Vec::new();
        for who in concerned {
            let holds = |side| {
                let mut held = self.held(&who, side);
                held.extend(acts(&who).into_iter().flat_map(|it| &it[side as usize]).cloned());
                [roles, apart_from].map(|powers| {
                    held.iter().filter(|it| powers.contain(who.0, &it.role)).cloned().collect::<Vec<_>>()
                })
            };
            let was_in = groups.is_empty() || self.is_in(&groups, &who, Side::Before);
            let of =
                || both(&if was_in { holds(Side::Before) } else { Default::default() }, holds(Side::After));
            let is_alone = acts(&who).is_none()
                && self.outside(&who, Side::Before).next().is_none()
                && self.outside(&who, Side::After).next().is_none();
            let both = match is_alone {
                true => known.entry((who.0, self.parts(&who))).or_insert_with(of).clone(),
                false => of(),
            };
            let Some(Both { stood, vias }) = both else { continue };
            found.extend(self.breach_of(&who, stood, vias.iter(), &groups));
        }
        found
    }
}

/// What both sides come to.
fn both(before: &[Vec<Via>; 2], [left, right]: [Vec<Via>; 2]) -> Option<Both> {
    let all = |vias: &[Via]| Scope::any(vias.iter().map(|it| it.scope.clone()));
    let (ours, theirs) = (all(&left), all(&right));
    let shared = ours.meet(&theirs);
    if left.is_empty() || right.is_empty() || shared.is_empty() {
        return None;
    }
    let [was_ours, was_theirs] = [all(&before[0]), all(&before[1])];
    let pairs = was_ours.audiences().len().saturating_mul(was_theirs.audiences().len());
    let stood = was_ours.contains(&ours) && was_theirs.contains(&theirs)
        || pairs <= MOST_PAIRS && was_ours.meet(&was_theirs).contains(&shared);
    let meets = |it: &Via, other: &Scope| !it.scope.meet(other).is_empty();
    let mut vias: Vec<Via> = left.into_iter().filter(|it| meets(it, &theirs)).collect();
    for it in right.into_iter().filter(|it| meets(it, &ours)) {
        // A role may be of both lists.
        let is_known =
            |known: &Via| (known.group, &known.role, &known.scope) == (it.group, &it.role, &it.scope);
        if !vias.iter().any(is_known) {
            vias.push(it);
        }
    }
    Some(Both { stood, vias })
}

impl Powers {
    /// Whether somebody of a company has one of them by this role.
    fn contain(&self, company: CompanyId, role: &HeldRole) -> bool {
        match role {
            HeldRole::Role(role) => self.roles.binary_search(&(company, *role)).is_ok(),
            HeldRole::Acts(right) => self.acts.contains(right),
            HeldRole::Direct(name) => self.types.iter().any(|it| it.eq_ignore_ascii_case(name)),
        }
    }
}
