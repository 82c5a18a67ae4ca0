//! What of a plan is the change under review and what has drifted before: each edit against what the base asks for.
//!
//! Three sides meet: the live state, what the base wants and what the files want. Both plans start from the same live
//! state, so that an edit of one of them is compared with the edit of the other for the same fact, or with none.

use std::collections::BTreeMap;

use crate::{
    model::{
        plan::{Base, Cause, Edits, Plan},
        state::{Edit, Key},
    },
    plan::bind::Bound,
};

/// Says of each edit of a plan what it comes from. `base` is the plan that the files of the base would make of the same
/// live state.
pub fn split(plan: &mut Plan, bound: &Bound, base: &Plan) {
    let numbers = base.index.within(&plan.index);
    let mut of_base: BTreeMap<Key, Edit> = base
        .edits
        .iter()
        .filter_map(|it| it.clone().renumbered(&numbers))
        .map(|it| (it.key.clone(), it))
        .collect();
    plan.base = Some(Base {
        edits: Edits::new(of_base.values().cloned().collect()),
        lines: base.lines.iter().filter_map(|(key, it)| Some((key.renumbered(&numbers)?, *it))).collect(),
    });
    for edit in plan.edits.iter() {
        let cause = match of_base.remove(&edit.key) {
            None => Cause::Change,
            Some(other) if other.ends_as(edit) => Cause::Drift,
            Some(_) => Cause::Conflict,
        };
        plan.notes.entry(edit.key.clone()).or_default().cause = Some(cause);
    }
    // What the files ask for, the base does not, and somebody has made already. Of what is not asked for it is not known
    // whether it shall not be, or is only not managed any more.
    let asked = |key: &Key| bound.notes.get(key).is_some_and(|it| it.from.is_some());
    // What is accepted is not asked for either.
    let accepted = |key: &Key| bound.left.contains(key);
    let already = of_base.into_values().filter(|it| asked(&it.key) && !accepted(&it.key)).map(Edit::inverse);
    plan.already_live = Some(Edits::new(already.collect()));
}

#[cfg(test)]
mod tests;
