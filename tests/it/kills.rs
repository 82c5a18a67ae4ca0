//! An apply that is killed at every step: the next one goes on, a rollback leads back, and nobody ever
//! held what neither state gives.

use std::{
    collections::BTreeSet,
    sync::{LazyLock, Mutex},
};

use serde_json::{Value, json};

use crate::support::{
    World,
    replay::History,
    tenant::{Desk, Reach::*, Tenant, side_by_side},
};

/// Fewest writes that the way from [`live`] to [`desired`] takes.
const WRITES: u64 = 40;

fn live() -> Tenant {
    let desks = vec![
        Desk::new("Alpha", &[(0, &[Client(0)])], 0..5),
        Desk::new("Bravo", &[(0, &[Client(0), Client(1)])], 5..10),
        Desk::new("Charlie", &[(1, &[Client(2)])], 10..15),
        Desk::new("Delta", &[(1, &[Entity(2)])], 15..20),
        Desk::new("Echo", &[(0, &[Client(3)]), (2, &[Client(3)])], 20..25),
        Desk::new("Foxtrot", &[(2, &[Client(4)])], 25..30),
        Desk::new("Golf", &[(0, &[Client(1)])], [0, 30, 31, 32]),
        Desk::new("Hotel", &[(0, &[Client(1)])], 33..36),
        Desk::new("India", &[(0, &[Client(1), Client(2)])], 36..40),
        Desk::new("Juliett", &[(0, &[Client(1)])], 40..44),
        Desk::new("Kilo", &[(3, &[Client(5)])], 44..48),
        Desk::new("Lima", &[(3, &[Client(0)])], 48..51),
        Desk::new("Mike", &[(2, &[Client(5)])], 51..54),
        Desk::new("November", &[(1, &[Client(4)])], 54..58),
        Desk::new("Oscar", &[(1, &[Client(3)])], 0..3),
        Desk::new("Papa", &[(3, &[Client(1)])], 0..30),
        Desk::new("Quebec", &[(0, &[Client(5)])], [7, 8, 59]),
    ];
    Tenant { desks, removed: Vec::new() }
}

/// Creations, renames, deletions; roles widened, narrowed, given, taken and exchanged; people who join,
/// leave, move and change places.
fn desired() -> Tenant {
    let mut wish = live();
    wish.removed = ["Kilo", "Lima", "Mike"].map(str::to_owned).to_vec();
    wish.desks.retain(|it| !["Kilo", "Lima", "Mike"].contains(&&*it.name));
    for (name, leave, join) in [
        ("Alpha", Some(0), Some(5)),
        ("Bravo", Some(5), Some(10)),
        ("Charlie", None, Some(15)),
        ("Delta", Some(15), None),
        ("Golf", Some(30), None),
        ("Hotel", None, Some(30)),
        ("India", Some(36), Some(40)),
        ("Juliett", Some(40), Some(36)),
        ("November", Some(54), None),
        ("Oscar", None, Some(3)),
        ("Quebec", Some(59), Some(58)),
    ] {
        let members = &mut wish.desk(name).members;
        members.retain(|it| Some(*it) != leave);
        members.extend(join);
    }
    for (name, role, on) in [
        ("Alpha", 0, &[Client(0), Client(1)][..]),
        ("Bravo", 0, &[Client(0)]),
        ("Charlie", 1, &[Entity(2)]),
        ("Delta", 1, &[Client(2)]),
        ("Foxtrot", 3, &[Client(4)]),
        ("Oscar", 2, &[Client(3)]),
    ] {
        wish.desk(name).roles.insert(role, on.iter().copied().collect());
    }
    wish.desk("Echo").roles.remove(&2);
    wish.desk("Oscar").roles.remove(&1);
    wish.desk("Quebec").description = "Renewed.".to_owned();
    for desk in &mut wish.desks {
        if ["Echo", "Foxtrot", "November"].contains(&&*desk.name) {
            let name = format!("{} Two", desk.name);
            *desk = desk.clone().renamed(&name);
        }
    }
    wish.desks.extend([
        Desk::new("New Kilo", &[(3, &[Client(5)])], 44..48),
        Desk::new("New Lima", &[(3, &[Client(0), Client(2)])], 48..51),
        Desk::new("New Romeo", &[(0, &[Entity(5)]), (1, &[Client(1)])], [0, 15, 54]),
        Desk::new("New Sierra", &[(2, &[Client(1)])], [1, 30]),
    ]);
    wish
}

/// The moment at which a process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So many writes took effect, and the next ones are on their way.
    Before(u64),
    /// So many writes took effect, and all further requests are on their way.
    Between(u64),
    /// So many writes took effect, and the answer to the last one is on its way.
    After(u64),
}

impl Moment {
    fn all() -> Vec<Self> {
        let before = (0..WRITES).map(Self::Before);
        // The moment between two writes differs from the one before the second in the reads alone.
        let between = (1..=WRITES).step_by(5).map(Self::Between);
        before.chain(between).chain((1..=WRITES).map(Self::After)).collect()
    }

    /// Returns the faults that stop time at this moment.
    fn faults(self) -> Value {
        let hold = json!({ "slow": { "ms": 600_000 } });
        match self {
            Self::Before(k) => json!([{ "writes": true, "afterWrites": k, "times": 0, "kind": hold }]),
            Self::Between(k) => json!([{ "afterWrites": k, "times": 0, "kind": hold }]),
            Self::After(k) => json!([
                { "writes": true, "afterWrites": k - 1, "kind": { "slow": { "ms": 600_000, "afterWrite": true } } },
                { "afterWrites": k, "times": 0, "kind": hold },
            ]),
        }
    }

    fn has_come(self, stats: &Value) -> bool {
        let (applied, writes) = (stats["applied"].as_u64().unwrap(), stats["writes"].as_u64().unwrap());
        let under_way = stats["inFlight"].as_u64().unwrap();
        match self {
            Self::Before(k) => applied == k && writes > k,
            Self::Between(k) | Self::After(k) => applied == k && under_way > 0,
        }
    }
}

/// Applies, and kills the process at a moment; returns the world as the process left it.
fn killed(moment: Moment) -> World {
    let world = live().world("{}");
    world.write("access/a.yaml", &desired().files());
    world.forget();
    world.faults(moment.faults());
    let mut child = world.start("apply --auto-approve --journal j.ndjson");
    world.until(|stats| moment.has_come(stats));
    child.kill().unwrap();
    child.wait().unwrap();
    // What was held goes with its connection; only then may new rules let requests through.
    world.until(|stats| stats["inFlight"] == 0);
    world.faults(json!([]));
    world
}

/// Panics unless every write that took effect is in the journal.
fn foretold(world: &World, moment: Moment) {
    let journal = std::fs::read_to_string(world.path().join("j.ndjson")).unwrap();
    // A kill may tear the last line, which is of a write that was not sent.
    let whole = journal.rfind('\n').map_or("", |end| &journal[..end]);
    let intents: BTreeSet<String> = whole
        .lines()
        .map(|it| serde_json::from_str::<Value>(it).unwrap())
        .filter(|it| it["record"] == "intent")
        .map(|it| it["requestId"].as_str().unwrap().to_owned())
        .collect();
    for write in world.log().iter().filter(|it| it["applied"].is_u64()) {
        let id = write["requestId"].as_str().unwrap_or_else(|| panic!("{moment:?}: no id in {write}"));
        assert!(intents.contains(id), "{moment:?}: {id} is not in the journal");
    }
}

#[test]
fn the_way_from_one_state_to_the_other_takes_as_many_writes_as_are_tried() {
    let world = live().world("{}");
    world.write("access/a.yaml", &desired().files());
    world.forget();
    world.apply().expect(0);
    assert!(world.stats()["applied"].as_u64().unwrap() >= WRITES, "{}", world.stats());
    assert_eq!(world.state().by_meaning(), desired().state().by_meaning());
    world.settled();
}

/// What became of every group after an apply was killed and the next one went on, by the moment of the kill.
///
/// The laws below look at the same runs: a process is killed and resumed once for each moment.
static RESUMED: LazyLock<Vec<(Moment, History)>> = LazyLock::new(|| {
    let after = desired().state();
    let histories = Mutex::<Vec<(Moment, History)>>::default();
    side_by_side(&Moment::all(), |moment| {
        let world = killed(*moment);
        foretold(&world, *moment);
        world.apply().expect(0);
        world.settled();
        assert_eq!(world.state().by_meaning(), after.by_meaning(), "{moment:?}");
        let history = world.history(world.at_start());
        histories.lock().unwrap().push((*moment, history));
    });
    histories.into_inner().unwrap()
});

#[test]
fn whenever_it_is_killed_the_next_apply_goes_on_and_nobody_ever_holds_too_much() {
    assert_eq!(RESUMED.len(), Moment::all().len());
    for (moment, history) in &*RESUMED {
        history.nobody_holds_more_than(&[&live().state(), &desired().state()], &format!("{moment:?}"));
    }
}

#[test]
fn whenever_it_is_killed_nobody_lacks_for_a_moment_what_both_states_give() {
    let named = {
        let world = live().world("{}");
        world.write("access/a.yaml", &desired().files());
        world.named_gaps()
    };
    assert_eq!(RESUMED.len(), Moment::all().len());
    for (moment, history) in &*RESUMED {
        history.nobody_holds_less_than_both(&desired().state(), &named, &format!("{moment:?}"));
    }
}

#[test]
fn whenever_it_is_killed_a_rollback_leads_back_to_exactly_what_was() {
    let before = live().state();
    side_by_side(&Moment::all(), |moment| {
        let world = killed(*moment);
        let ids: BTreeSet<String> = world.state().0.into_keys().collect();
        world.run("rollback j.ndjson --out r.json").expect(0);
        world.run("apply r.json").expect(0);
        let now = world.state();
        assert_eq!(now.by_meaning(), before.by_meaning(), "{moment:?}");
        for (id, group) in &world.at_start().0 {
            let kept = now.0.get(id).map(|it| &it.name);
            assert!(
                kept == Some(&group.name) || !ids.contains(id),
                "{moment:?}: {} is another group by now",
                group.name
            );
        }
        let history = world.history(world.at_start());
        history.nobody_holds_more_than(&[&before, &desired().state()], &format!("{moment:?}"));
    });
}

#[test]
fn after_a_rollback_there_is_nothing_left_to_undo() {
    let world = live().world("{}");
    world.write("access/a.yaml", &desired().files());
    world.run("apply --auto-approve --journal j.ndjson").expect(0);
    world.run("rollback j.ndjson --out r.json").expect(0);
    world.run("apply r.json").expect(0);
    assert_eq!(world.state().by_meaning(), live().state().by_meaning());
    let again = world.run("rollback j.ndjson").expect(0);
    assert!(again.stdout.contains("No changes."), "{}", again.stdout);
}
