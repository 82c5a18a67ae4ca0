//! `owners` against the model: whoever reaches a traveller of a company after and did not before, by the same role.

use super::*;

fn owners(companies: &BTreeSet<u128>) -> Policy {
    let companies = companies.iter().map(|it| CompanyId(Uuid::from_u128(*it))).collect();
    let law = Law::Owners { companies, approvers: vec!["@acme/team".into()] };
    Policy { company: None, severity: Severity::Warn, ..policy(law, &BTreeSet::new()) }
}

/// Who reaches more of which company.
fn more(plan: &Plan, companies: &BTreeSet<u128>) -> BTreeSet<(u128, UserId)> {
    let found = breaches(&Sides::new(plan), &rules(owners(companies)), now());
    let mut more = BTreeSet::new();
    for breach in found.iter().flatten() {
        let Subject::Company(company) = breach.subject else { panic!("{breach:?}") };
        assert!(!breach.stood && breach.unread.is_none() && !breach.things.is_empty(), "{breach:?}");
        let people = breach.things.iter().flatten().map(|it| it.person.unwrap());
        more.extend(people.map(|it| (company.0.as_u128(), it)));
    }
    more
}

/// Whom somebody arranges for.
fn travellers(world: &World, who: UserId, after: bool) -> BTreeSet<UserId> {
    let people = world.people.iter().filter(|it| it.user == who);
    let roles = people.flat_map(|it| if after { it.after.iter() } else { it.before.iter() });
    roles.flat_map(DirectRole::travellers).map(|it| it.user).collect()
}

/// What the model says.
fn model(world: &World, companies: &BTreeSet<u128>) -> BTreeSet<(u128, UserId)> {
    let mut expected = BTreeSet::new();
    for (company, who) in companies.iter().flat_map(|it| (0..USERS).map(move |who| (*it, user(who)))) {
        let of = |after| {
            let ways = ways(world, who, after, &BTreeSet::new()).0;
            let pairs =
                ways.into_iter().flat_map(|it| it.points.into_iter().map(move |at| (it.role.clone(), at)));
            // An arranger for another traveller is another role.
            let pairs = pairs.flat_map(|(role, at)| {
                let of_role = travellers(world, who, after).into_iter().filter(|_| role == "TRAVEL_ARRANGER");
                let one: Vec<Option<UserId>> = of_role.map(Some).collect();
                let one = if one.is_empty() { vec![None] } else { one };
                one.into_iter().map(move |traveller| (role.clone(), traveller, at))
            });
            pairs.filter(|it| it.2.0 == company).collect::<BTreeSet<_>>()
        };
        if !of(true).is_subset(&of(false)) {
            expected.insert((company, who));
        }
    }
    expected
}

proptest! {
    #[test]
    fn owners_review_whoever_reaches_one_more_traveller(world in world(true), companies in ids(COMPANIES)) {
        prop_assert_eq!(more(&world.plan(), &companies), model(&world, &companies));
    }

    /// Where scopes say more than companies somebody may be told of too many, and never too few.
    #[test]
    fn owners_miss_nobody_who_reaches_one_more_traveller(world in world(false), companies in ids(COMPANIES)) {
        let (found, expected) = (more(&world.plan(), &companies), model(&world, &companies));
        prop_assert!(found.is_superset(&expected), "{found:?} {expected:?}");
    }

    /// Whoever only loses is nobody's to review.
    #[test]
    fn owners_review_no_loss(world in world(false), companies in ids(COMPANIES)) {
        let mut settled = world;
        settled.groups.retain(|it| it.before.is_some());
        settled.people.iter_mut().for_each(|it| it.after = DirectRoles::default());
        for (n, group) in settled.groups.iter_mut().enumerate() {
            group.after = group.before.clone().filter(|_| n % 2 == 0);
        }
        prop_assert_eq!(more(&settled.plan(), &companies), BTreeSet::new());
    }
}

/// Who cannot act now may act later, of which no plan tells.
#[test]
fn owners_review_accounts_that_are_not_active() {
    let plan = World::new(vec![group(0, "a", 1, &[1])]).plan();
    let mut rules = rules(owners(&[1].into()));
    rules.active = BTreeMap::from([(user(1), false)]);
    assert_eq!(breaches(&Sides::new(&plan), &rules, now())[0].len(), 1);
}

#[test]
fn an_arranger_of_one_traveller_more_reaches_more_and_of_one_less_does_not() {
    let arranger = |users: &[u128]| {
        let traveller = |it: &u128| Traveller { user: user(*it), confirmations: false, flight_stats: false };
        DirectRoles::new([DirectRole::arranger(users.iter().map(traveller).collect())])
    };
    for (before, after, expected) in
        [(&[0][..], &[0, 1][..], true), (&[0, 1], &[0], false), (&[0], &[1], true), (&[0], &[0], false)]
    {
        let person =
            Person { company: COMPANY, user: user(1), before: arranger(before), after: arranger(after) };
        let world = World { people: vec![person], ..World::default() };
        assert_eq!(!more(&world.plan(), &[2].into()).is_empty(), expected, "{before:?} {after:?}");
    }
}

/// What the base asks for was reviewed with it; what is live and the base does not ask for was not.
#[test]
fn with_a_base_owners_review_what_the_change_asks_for() {
    let mut world = World::new(vec![group(0, "a", 1, &[1])]);
    world.groups.iter_mut().for_each(|it| it.before = it.after.clone());
    let plan = world.plan();
    assert_eq!(more(&plan, &[1].into()), [].into());
    // The base would take the person out.
    let member = plan.live.memberships().next().unwrap();
    let key = Key { owner: Owner::Group(member.0), fact: Fact::Member(member.1) };
    let edit = diff(&plan.live, &State::default()).into_iter().find(|it| it.key == key).unwrap();
    let based = Plan { base: Some(Base { edits: Edits::new(vec![edit]), ..Base::default() }), ..plan };
    assert_eq!(more(&based, &[1].into()), [(1, user(1))].into());
}
