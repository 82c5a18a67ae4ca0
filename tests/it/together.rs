//! Two applies at once against one company: nothing is doubled, nothing breaks, and one more apply settles it.

use serde_json::json;

use crate::support::{
    Run, World,
    replay::State,
    tenant::{Dice, Tenant, side_by_side, workspace},
};

/// Pairs of runs for each test.
const PAIRS: u64 = 25;

/// Returns a state that gives everybody what any mixture of the wishes could: by group, all members and all roles.
fn mixture(live: &Tenant, wishes: &[&Tenant]) -> State {
    let mut all = live.clone();
    for desk in wishes.iter().flat_map(|it| &it.desks) {
        let was = desk.renamed_from.as_ref().unwrap_or(&desk.name);
        match all.desks.iter_mut().find(|it| it.name == *was) {
            Some(known) => {
                known.members.extend(&desk.members);
                for (role, on) in &desk.roles {
                    known.roles.entry(*role).or_default().extend(on);
                }
            }
            None => all.desks.push(desk.clone()),
        }
    }
    all.state()
}

/// Runs two applies at once, and lets none of them begin to read before the other.
fn at_once(world: &World, lines: [&str; 2]) -> [Run; 2] {
    let gate = json!({ "path": "/user-groups/list", "times": 0, "kind": { "slow": { "ms": 600_000 } } });
    world.forget();
    world.faults(json!([gate]));
    let both = lines.map(|line| world.start(line));
    world.until(|it| it["byRoute"]["POST /v3/companies/{companyId}/user-groups/list"] == 2);
    world.faults(json!([]));
    both.map(|it| it.wait_with_output().unwrap().into())
}

/// Panics unless a run among others ended as it may.
#[track_caller]
fn ended_well(run: &Run, seed: u64) {
    let what = format!("seed {seed}, exit {}\n{}\n{}", run.code, run.stdout, run.stderr);
    assert!(!run.stderr.contains("panicked"), "{what}");
    // A group that the other one deletes while it is read: an incomplete read, and nothing was written.
    let incomplete = run.code == 8 && run.stderr.contains("404") && run.stdout.is_empty();
    // Or that is changed between two reads of what would go.
    let changed = run.code == 8 && run.stderr.contains("incomplete or has changed") && run.stdout.is_empty();
    assert!([0, 3, 7].contains(&run.code) || incomplete || changed, "{what}");
}

/// Applies two files at once, and checks what holds whatever they want.
fn together(seed: u64, live: &Tenant, one: &Tenant, other: &Tenant) {
    let world = live.world("{}");
    world.write("access/a.yaml", &one.files());
    world.write("../other/rolecall.yaml", &workspace());
    world.write("../other/access/a.yaml", &other.files());
    world.call("POST", "/__sandbox/latency", json!({ "ms": seed % 4 }));
    for run in at_once(&world, ["apply --auto-approve", "-C ../other apply --auto-approve"]) {
        ended_well(&run, seed);
    }
    assert_eq!(world.state().doubled(), [""; 0], "seed {seed}: groups of one name");
    let allowed =
        if one == other { vec![live.state(), one.state()] } else { vec![mixture(live, &[one, other])] };
    let sides: Vec<&State> = allowed.iter().collect();
    world.history(world.at_start()).nobody_holds_more_than(&sides, &format!("seed {seed}"));
    world.apply().expect(0);
    world.settled();
    if one == other {
        assert_eq!(world.state().by_meaning(), one.state().by_meaning(), "seed {seed}");
    }
}

#[test]
fn two_applies_of_the_same_files_do_it_once() {
    side_by_side(&(0..PAIRS).collect::<Vec<_>>(), |seed| {
        let mut dice = Dice(*seed);
        let live = dice.tenant();
        let wish = dice.wish(&live);
        together(*seed, &live, &wish, &wish);
    });
}

#[test]
fn two_applies_of_different_files_corrupt_nothing() {
    side_by_side(&(100..100 + PAIRS).collect::<Vec<_>>(), |seed| {
        let mut dice = Dice(*seed);
        let live = dice.tenant();
        let one = dice.wish(&live);
        let other = dice.quarrel(&live, &one);
        together(*seed, &live, &one, &other);
    });
}

#[test]
fn two_applies_from_one_folder_have_a_journal_each() {
    side_by_side(&(200..200 + PAIRS).collect::<Vec<_>>(), |seed| {
        let mut dice = Dice(*seed);
        let live = dice.tenant();
        let world = live.world("{}");
        world.write("access/a.yaml", &dice.wish(&live).files());
        for run in at_once(&world, ["apply --auto-approve"; 2]) {
            ended_well(&run, *seed);
        }
    });
}
