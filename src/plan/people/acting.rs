//! Who comes to act for whom by what a plan makes of others, and who no longer does: approvers and managers stand with the person
//! they are over, and it is they who gain or lose.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    model::{
        acting::{self, Right},
        direct::DirectRoles,
        ids::{CompanyId, UserId},
        index::PersonIx,
        plan::{Note, Path, RoleEffect},
        rules::{HeldRole, How, Rules},
        selector::Attribute,
        state::{Fact, Key, Owner},
    },
    plan::effective::Sides,
};

/// That somebody acts for a person of a company: who, by what, and over whom.
type Acts = (CompanyId, UserId, Right, PersonIx);

/// What is said of it before and after.
#[derive(Default)]
struct Said {
    /// Whether the person names the one who acts.
    named: [bool; 2],
    /// Whether that one can act by it.
    acts: [bool; 2],
}

/// What changes for everybody who acts for somebody by what that one is; by the company of these and who it is.
pub(in crate::plan) type Acting = BTreeMap<(CompanyId, UserId), Vec<RoleEffect>>;

/// What changes for everybody who acts for somebody by what that one is.
///
/// It comes and goes with the account as well: nobody acts for others by one that cannot be used.
pub(in crate::plan) fn acting(sides: &Sides<'_>, rules: &Rules) -> Acting {
    let (plan, index) = (sides.plan, &sides.plan.index);
    let mut said: BTreeMap<Acts, Said> = BTreeMap::new();
    for (side, state) in [sides.before(), &sides.after].into_iter().enumerate() {
        for (person, attribute, value) in state.traits() {
            let Some(right) = Right::of(attribute) else { continue };
            let (company, _) = index.person(person);
            for who in acting::people(value) {
                let of = said.entry((company, who, right, person)).or_default();
                of.named[side] = true;
                of.acts[side] = sides.able(rules, who)[side];
            }
        }
    }
    let mut all: BTreeMap<(CompanyId, UserId), BTreeMap<Right, RoleEffect>> = BTreeMap::new();
    for ((company, who, right, person), Said { named, acts }) in said {
        let gains = match acts {
            [false, true] => true,
            [true, false] => false,
            [true, true] | [false, false] => continue,
        };
        let own = all.entry((company, who)).or_default();
        let effect = own.entry(right).or_insert_with(|| nothing(right));
        let (flag, people, how) = match gains {
            true => (&mut effect.gives, &mut effect.gains_over, How::Gains),
            false => (&mut effect.takes, &mut effect.loses_over, How::Loses),
        };
        *flag = true;
        people.push(index.person(person).1);
        // Who is named all along gains or loses by the account.
        let key = match (right.attribute(), index.find_person(company, who)) {
            (_, Some(own)) if named == [true; 2] => {
                Some(Key { owner: Owner::Person(own), fact: Fact::Trait(Attribute::Active) })
            }
            (attribute, _) => attribute.map(|it| Key { owner: Owner::Person(person), fact: Fact::Trait(it) }),
        };
        let note = key.map_or_else(Note::default, |it| plan.note(&it));
        let path = Path { group: None, how, note };
        if !effect.through.contains(&path) {
            effect.through.push(path);
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
