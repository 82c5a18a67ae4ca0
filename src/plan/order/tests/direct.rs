//! Where the calls stand that replace what people hold outside groups.

use proptest::prelude::*;

use super::{
    laws::{sides, styles},
    *,
};
use crate::{
    model::direct::{DirectRole, DirectRoles},
    plan::worlds::{COMPANY, Person},
};

/// A person who gets one role, loses another, or both.
fn person(n: u128, gives: bool, takes: bool) -> Person {
    let role = |it: bool, name: &'static str| DirectRoles::new(it.then(|| DirectRole::new(name, None)));
    let (before, after) = (role(takes, "GLOBAL_AGENT"), role(gives, "GLOBAL_ADMIN"));
    Person { company: COMPANY, user: user(n), before, after }
}

fn people() -> impl Strategy<Value = Vec<Person>> {
    let kinds = prop_oneof![Just((true, false)), Just((false, true)), Just((true, true))];
    let one = prop::option::of(kinds);
    prop::collection::vec(one, 6).prop_map(|all| {
        let given = (0..).zip(all).filter_map(|(n, it)| Some((n, it?)));
        given.map(|(n, (gives, takes))| person(n, gives, takes)).collect()
    })
}

fn is_put(step: &Step) -> bool {
    matches!(step.call, Call::PutDirectRoles { .. })
}

proptest! {
    /// Each person is one call with the whole list; what only takes waits for nothing and comes before all but
    /// lock-outs, what gives waits for the end of all that takes from the same person, and groups go on as without.
    #[test]
    fn people_are_narrowed_before_they_are_widened(mut sides in sides(), users in people(), style in styles()) {
        let alone = order(&sides.plan(), &|_| style, &BTreeSet::new());
        sides.people = users;
        let plan = sides.plan();
        let ordered = order(&plan, &|_| style, &BTreeSet::new());
        let steps = &ordered.steps;
        let text = show(&plan, &ordered);

        for (n, person) in plan.people().map(|it| (it.at, it)) {
            let user = &person.user().unwrap();
            let own: Vec<usize> = (0..steps.len()).filter(|it| steps[*it].change == n).collect();
            prop_assert_eq!(own.len(), 1, "{}", &text);
            let step = &steps[own[0]];
            let Call::PutDirectRoles { user: id, roles, .. } = &step.call else { panic!("{text}") };
            prop_assert_eq!((id, roles), (user, &person.direct_after()));
            if !person.gives() {
                prop_assert!(step.after.is_empty());
                prop_assert!(steps[..own[0]].iter().all(|it| it.lockout || is_put(it)), "{}", &text);
            }
            prop_assert!(step.after.iter().all(|it| it.until == Until::Ended && it.step < own[0]), "{}", &text);
            let old = before(&plan);
            let takes = |it: &Step| match &it.call {
                Call::PatchMembers { remove, .. } => remove.contains(id),
                Call::DeleteGroup { .. } => old[it.change].members.contains(id),
                Call::PatchRoles { delete, .. } => !delete.is_empty() && old[it.change].members.contains(id),
                Call::CreateGroup { .. } | Call::UpdateGroup { .. } | Call::PutDirectRoles { .. } | Call::PutPerson { .. } => false,
            };
            let wanted: Vec<usize> =
                (0..steps.len()).filter(|it| person.gives() && !steps[*it].lockout && takes(&steps[*it])).collect();
            prop_assert_eq!(step.after.iter().map(|it| it.step).collect::<Vec<_>>(), wanted, "{}", &text);
        }

        // The steps of groups are the same ones, and wait for the same.
        let group: Vec<usize> = (0..steps.len()).filter(|it| !is_put(&steps[*it])).collect();
        prop_assert_eq!(group.len(), alone.steps.len());
        for (n, step) in group.iter().zip(&alone.steps) {
            let waits: Vec<Wait> =
                step.after.iter().map(|it| Wait { step: group[it.step], until: it.until }).collect();
            prop_assert_eq!(format!("{:?}", steps[*n].call), format!("{:?}", step.call));
            prop_assert_eq!((&steps[*n].after, steps[*n].lockout), (&waits, step.lockout), "{}", &text);
        }
    }
}
