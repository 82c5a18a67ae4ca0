//! What is told of two moments is what a plan between them would tell, and backwards it is the same the other way round.

use proptest::prelude::*;

use super::*;
use crate::{
    live::snapshot::{Company, Group},
    model::{
        observed::{GroupRole, RoleHead},
        plan::{Affected, Loser},
        rules::HeldRole,
        scope::Scope,
    },
    plan::worlds::{COMPANY, Side, World, role, shuffled, world},
};

/// One side of a world, as a snapshot.
fn moment(world: &World, side: impl Fn(&crate::plan::worlds::Group) -> Option<&Side>) -> Snapshot {
    let group = |it: &crate::plan::worlds::Group| {
        let own = side(it)?;
        let grants = own.grants.iter();
        Some(Group {
            id: it.id,
            name: own.name.clone(),
            description: own.description.clone(),
            unmodifiable: false,
            roles: grants
                .map(|(role, scope)| GroupRole { role: *role, scope: Some(scope.to_wire().into()) })
                .collect(),
            members: own.members.iter().copied().collect(),
            added: Arc::default(),
            created: None,
            updated: None,
        })
    };
    let roles = (0..3).map(|n| RoleHead {
        id: role(n),
        name: format!("Role {n}").into(),
        platform: None,
        manages_access: n == 0,
        permissions: None,
    });
    let company = Company {
        id: COMPANY,
        groups: world.groups.iter().filter_map(group).collect(),
        roles: roles.collect(),
    };
    Snapshot::new(
        (jiff::Timestamp::UNIX_EPOCH, "sandbox", BTreeMap::new()),
        vec![company],
        Vec::new(),
        Vec::new(),
    )
}

/// Who, which role, whether it is privileged, and where it comes and goes.
type Row = (UserId, HeldRole, bool, Scope, Scope);

/// What becomes of whom, without by what.
fn told(people: &People) -> (usize, usize, Vec<Loser>, Vec<Row>) {
    let rows = people.affected.iter().flat_map(|Affected { users, roles, .. }| {
        users.iter().flat_map(move |user| {
            roles.iter().map(move |it| {
                (*user, it.role.clone(), it.privileged, (*it.gains).clone(), (*it.loses).clone())
            })
        })
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by(|a, b| (a.0, format!("{:?}", a.1)).cmp(&(b.0, format!("{:?}", b.1))));
    (people.gain, people.lose, people.lose_everything.clone(), rows)
}

proptest! {
    #[test]
    fn two_moments_tell_what_a_plan_between_them_tells(world in prop_oneof![world(), shuffled()]) {
        let (then, now) = (moment(&world, |it| it.before.as_ref()), moment(&world, |it| it.after.as_ref()));
        let found = between(&then, &now);
        let plan = world.plan();
        let sides = Sides::new(&plan);
        let rules = Rules { privileged: vec![(COMPANY, role(0))], ..Rules::default() };
        prop_assert_eq!(told(&found.people), told(&people(&sides, &outcomes(&sides), &rules)));
        prop_assert_eq!(found.plan.summary().groups_created, plan.summary().groups_created);
        prop_assert_eq!(found.plan.summary().groups_deleted, plan.summary().groups_deleted);
        prop_assert_eq!(found.plan.edits.iter().count(), plan.edits.iter().count());
    }

    #[test]
    fn backwards_who_gained_loses(world in prop_oneof![world(), shuffled()]) {
        let (then, now) = (moment(&world, |it| it.before.as_ref()), moment(&world, |it| it.after.as_ref()));
        let (there, back) = (between(&then, &now), between(&now, &then));
        let (gain, lose, _, rows) = told(&there.people);
        let (gain_back, lose_back, _, rows_back) = told(&back.people);
        prop_assert_eq!((gain, lose), (lose_back, gain_back));
        let mirrored: Vec<_> = rows_back.into_iter().map(|(user, role, privileged, gains, loses)| (user, role, privileged, loses, gains)).collect();
        prop_assert_eq!(rows, mirrored);
    }

    #[test]
    fn a_moment_and_itself_tell_nothing(world in world()) {
        let then = moment(&world, |it| it.before.as_ref());
        let found = between(&then, &then);
        prop_assert!(found.plan.is_empty() && found.people == People::default() && found.accounts.is_empty());
    }
}
