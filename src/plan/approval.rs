//! An approved plan against the one that would be applied now: what the approval does not cover.
//!
//! Less is always covered: what somebody else has done meanwhile needs no second
//! approval. More never is, and more is also a role that a touched group holds by
//! now and that would come to whoever joins it (P5).

use std::collections::BTreeMap;

use crate::model::{
    direct::{DirectRole, Kind},
    ids::{CompanyId, GroupId, RoleId, UserId},
    plan::{Action, Change, Plan},
    scope::Scope,
    state::Edit,
};

/// Something a plan would do, or would leave behind, that the approved one would not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The change of the new plan, by its position there.
    pub change: usize,
    /// What is not covered.
    pub what: Beyond,
}

/// What an approval does not cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The group would be created, or with another description.
    Created,
    /// The group would be deleted.
    Deleted,
    /// The group would get another name than approved, or from another.
    Renamed,
    /// The group would get another description than approved, or from another.
    Described,
    /// A role would be added, moved to another scope or removed otherwise than approved.
    Role(RoleId),
    /// The group would have the role on more than approved.
    Holds(RoleId, Scope),
    /// Somebody would join.
    Joins(UserId),
    /// Somebody would leave.
    Leaves(UserId),
    /// The person would get a direct role, hold it for other travellers or lose it otherwise than approved.
    Direct(Kind),
    /// The person holds a direct role by now, or more is said of it, that would be sent with the others.
    HoldsDirect(Kind),
}

/// What a change is about, in any plan: a group by its id or by the name it will be created under, or a person.
type Subject<'a> = (CompanyId, Result<GroupId, &'a str>, Option<UserId>);

fn subject<'a>(change: &Change<'a>) -> Subject<'a> {
    (change.company(), change.id().ok_or(change.name()), change.user())
}

/// Returns everything in `new` that `approved` does not contain, in the order of `new`; nothing where it is covered.
pub fn differences(approved: &Plan, new: &Plan) -> Vec<Difference> {
    let known: BTreeMap<Subject<'_>, Change<'_>> = approved.changes().map(|it| (subject(&it), it)).collect();
    let mut found = Vec::new();
    for change in new.changes() {
        let approved = known.get(&subject(&change));
        let beyond = match change.user() {
            Some(_) => beyond_direct(approved, &change),
            None => beyond(approved, &change),
        };
        found.extend(beyond.into_iter().map(|what| Difference { change: change.at, what }));
    }
    found
}

fn beyond_direct(approved: Option<&Change<'_>>, new: &Change<'_>) -> Vec<Beyond> {
    let spelling = |it: &Edit| it.direct().map(|it| it.map(DirectRole::spelling));
    let mut found = Vec::new();
    for edit in new.direct() {
        let known = approved.and_then(|it| it.direct().find(|known| known.kind() == edit.kind()));
        if known.is_none_or(|it| spelling(it) != spelling(edit)) {
            found.extend(edit.kind().cloned().map(Beyond::Direct));
        }
    }
    if let Some(approved) = approved {
        let known = approved.direct_after();
        for role in new.direct_after().iter() {
            let told = found.iter().any(|it| matches!(it, Beyond::Direct(kind) if kind == role.kind()));
            if !told && known.get(role.kind()).is_none_or(|it| it.spelling() != role.spelling()) {
                found.push(Beyond::HoldsDirect(role.kind().clone()));
            }
        }
    }
    found
}

fn beyond(approved: Option<&Change<'_>>, new: &Change<'_>) -> Vec<Beyond> {
    let mut found = itself(approved, new);
    for edit in new.grants() {
        let known = approved.and_then(|it| it.grants().find(|known| known.role() == edit.role()));
        if known.is_none_or(|it| it.scopes() != edit.scopes()) {
            found.extend(edit.role().map(Beyond::Role));
        }
    }
    if let Some(approved) = approved {
        let known = approved.roles_after();
        for (role, scope) in new.roles_after() {
            // One that is changed otherwise is told already.
            if !found.contains(&Beyond::Role(role)) && !known.get(&role).is_some_and(|it| it.contains(scope))
            {
                found.push(Beyond::Holds(role, scope.clone()));
            }
        }
    }
    let members = |it: &Change<'_>| {
        let all = it.joining().map(|it| (it, true)).chain(it.leaving().map(|it| (it, false)));
        all.collect::<BTreeMap<UserId, bool>>()
    };
    let known = approved.map(members).unwrap_or_default();
    let beyond = members(new).into_iter().filter(|(user, joins)| known.get(user) != Some(joins));
    found.extend(beyond.map(|(user, joins)| if joins { Beyond::Joins(user) } else { Beyond::Leaves(user) }));
    found
}

/// Compares what happens to the group itself.
fn itself(approved: Option<&Change<'_>>, new: &Change<'_>) -> Vec<Beyond> {
    let action = approved.map(Change::action);
    let known = approved.map(|it| (it.attributes_before(), it.attributes_after()));
    match (new.action(), new.attributes_before(), new.attributes_after()) {
        (Action::Create, _, to) => {
            let same = action == Some(Action::Create) && known == Some((None, to));
            if same { Vec::new() } else { vec![Beyond::Created] }
        }
        (Action::Delete, ..) => {
            if action == Some(Action::Delete) {
                Vec::new()
            } else {
                vec![Beyond::Deleted]
            }
        }
        (Action::Alter, Some(before), Some(after)) => {
            let known = match known {
                Some((Some(before), Some(after))) => Some((before, after)),
                Some(_) | None => None,
            };
            let mut found = Vec::new();
            let name = Some((&before.name, &after.name));
            if before.name != after.name && known.map(|it| (&it.0.name, &it.1.name)) != name {
                found.push(Beyond::Renamed);
            }
            let text = Some((&before.description, &after.description));
            if before.description != after.description
                && known.map(|it| (&it.0.description, &it.1.description)) != text
            {
                found.push(Beyond::Described);
            }
            found
        }
        // Of a group that was not looked into nothing of that kind changes.
        (Action::Alter, ..) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        model::plan::Edits,
        plan::{digest::tests::mutations, worlds::world},
    };

    /// Every plan with one effect less, as if somebody had made it already.
    fn fewer(plan: &Plan) -> Vec<Plan> {
        let mut all = Vec::new();
        for change in plan.changes() {
            let mut without = plan.clone();
            without.retain(|it| it.at != change.at);
            all.push(without);
            let own = change.edits.iter().filter(|it| it.role().is_some() || it.member().is_some());
            let altered = change.itself().filter(|_| change.action() == Action::Alter);
            for edit in own.chain(altered) {
                let mut made = plan.clone();
                made.live.apply([edit]);
                made.edits = Edits::new(plan.edits.iter().filter(|it| it.key != edit.key).cloned().collect());
                all.push(made);
            }
        }
        all
    }

    proptest! {
        #[test]
        fn less_is_covered(plan in world().prop_map(|it| it.plan())) {
            prop_assert_eq!(differences(&plan, &plan), []);
            prop_assert_eq!(differences(&plan, &Plan::default()), []);
            for fewer in fewer(&plan) {
                prop_assert_eq!(differences(&plan, &fewer), []);
                for fewest in self::fewer(&fewer) {
                    prop_assert_eq!(differences(&plan, &fewest), []);
                }
            }
        }

        #[test]
        fn more_is_not(plan in world().prop_map(|it| it.plan())) {
            for n in 0..plan.len() {
                let mut fewer = plan.clone();
                fewer.retain(|it| it.at != n);
                prop_assert!(differences(&fewer, &plan).iter().all(|it| it.change == n));
                prop_assert!(!differences(&fewer, &plan).is_empty());
            }
            for fewer in fewer(&plan) {
                let back = differences(&fewer, &plan);
                prop_assert!(!back.is_empty());
            }
        }

        /// Whatever makes it another plan is told, unless it only does less or leaves less behind.
        #[test]
        fn what_differs_is_told(world in world()) {
            let plan = world.plan();
            for (what, other) in mutations(&world) {
                let less = ["no member", "no grant", "kept role gone", "before unknown", "wider"].contains(&what);
                if !less {
                    prop_assert!(!differences(&plan, &other).is_empty(), "{}", what);
                }
                if what == "wider" {
                    prop_assert!(!differences(&plan, &other).is_empty() && !differences(&other, &plan).is_empty());
                }
            }
        }
    }
}
