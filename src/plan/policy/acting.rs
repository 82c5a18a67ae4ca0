//! Who acts for whom, as something that policies keep apart: who approves for people, manages them or books for them, and so may
//! do something over just these.
//!
//! By what was read and is declared: of who was not read nothing is known, and nothing is claimed.

use std::collections::BTreeMap;

use super::{Scene, Side, Via};
use crate::model::{
    acting::{self, Right},
    direct::DirectRole,
    ids::{CompanyId, UserId},
    rules::HeldRole,
    scope::{Dimension, Kind, Scope, Value},
    selector::Attribute,
};

/// What everybody may do for others, before and after, by the company of these or of the role.
pub(super) type Acting = BTreeMap<(CompanyId, UserId), [Vec<Via>; 2]>;

impl Scene<'_> {
    /// Everybody who acts for somebody.
    pub(super) fn acting(&self) -> Acting {
        let mut all = Acting::new();
        for side in [Side::Before, Side::After] {
            let state = self.state(side);
            for (person, attribute, value) in state.traits() {
                let Some(right) = Right::of(attribute) else { continue };
                let (company, over) = self.sides.plan.index.person(person);
                // Nobody does anything for an account that cannot be used.
                if !self.rules.may_act(over) || state.of_person(person, Attribute::Active) == Some("false") {
                    continue;
                }
                let able = |it: &UserId| self.sides.acting(*it)[side as usize];
                for who in acting::people(value).filter(able) {
                    all.entry((company, who)).or_default()[side as usize].push(self.over(right, over));
                }
            }
            for (who, sides) in &self.direct {
                let travellers = sides[side as usize].iter().flat_map(DirectRole::travellers);
                let vias: Vec<Via> = travellers
                    .filter(|it| self.rules.may_act(it.user))
                    .map(|it| self.over(Right::Arranger, it.user))
                    .collect();
                if !vias.is_empty() {
                    all.entry(*who).or_default()[side as usize].extend(vias);
                }
            }
        }
        all
    }

    /// That somebody acts for one person: on this traveller alone, and on no company but the person's own.
    fn over(&self, right: Right, over: UserId) -> Via {
        let dimension = |kind, id| Dimension { kind, values: vec![Value::Id(id)] };
        let home = self.rules.homes.get(&over).map(|it| dimension(Kind::Company, it.0));
        let audience = home.into_iter().chain([dimension(Kind::Profile, over.0)]).collect();
        Via { group: None, role: HeldRole::Acts(right), scope: Scope::new([audience]) }
    }
}
