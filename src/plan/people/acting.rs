//! Who comes to act for whom by what a plan makes of others, and who no longer does: approvers and managers stand with the person
//! they are over, and it is they who gain or lose.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    model::{
        acting::{self, Right},
        direct::DirectRoles,
        ids::{CompanyId, UserId},
        plan::{Path, RoleEffect},
        rules::{HeldRole, How},
        state::Edit,
    },
    plan::effective::Sides,
};

/// What changes for everybody who acts for somebody by what that one is; by company and who it is.
pub(super) fn acting(sides: &Sides<'_>) -> BTreeMap<(CompanyId, UserId), Vec<RoleEffect>> {
    let mut all: BTreeMap<(CompanyId, UserId), BTreeMap<Right, RoleEffect>> = BTreeMap::new();
    for change in sides.plan.people() {
        let Some(over) = change.user() else { continue };
        for edit in change.traits() {
            let Some(right) = edit.attribute().and_then(Right::of) else { continue };
            let [before, after] = actors(edit);
            for who in before.symmetric_difference(&after) {
                let gains = after.contains(who);
                let [acts_before, acts_after] = sides.acting(change.company(), *who);
                if !(if gains { acts_after } else { acts_before }) {
                    continue;
                }
                let own = all.entry((change.company(), *who)).or_default();
                let effect = own.entry(right).or_insert_with(|| nothing(right));
                let (flag, people, how) = match gains {
                    true => (&mut effect.gives, &mut effect.gains_over, How::Gains),
                    false => (&mut effect.takes, &mut effect.loses_over, How::Loses),
                };
                *flag = true;
                people.push(over);
                effect.through.push(Path { group: None, how, note: change.note(edit) });
            }
        }
    }
    let tidy = |mut it: RoleEffect| {
        it.gains_over.sort_unstable();
        it.loses_over.sort_unstable();
        // What gives more comes first.
        it.through.sort_by_key(|it| it.how != How::Gains);
        it
    };
    all.into_iter().map(|(who, it)| (who, it.into_values().map(tidy).collect())).collect()
}

/// Who acts by an attribute, before and after.
fn actors(edit: &Edit) -> [BTreeSet<UserId>; 2] {
    edit.traits().map(|it| it.into_iter().flat_map(acting::people).collect())
}

fn nothing(right: Right) -> RoleEffect {
    RoleEffect {
        role: HeldRole::Acts(right),
        gives: false,
        takes: false,
        privileged: false,
        gains: Arc::default(),
        loses: Arc::default(),
        gains_over: Vec::new(),
        loses_over: Vec::new(),
        before: DirectRoles::default(),
        after: DirectRoles::default(),
        through: Vec::new(),
    }
}
