//! Worlds made by dice, with a server that misbehaves by dice: never a wrong write, never a false success.
//!
//! `ROLECALL_WORLDS=5000 cargo test --test it model` for a long run; `ROLECALL_SEED` is the first seed.

use serde_json::{Value, json};

use crate::support::tenant::{Dice, side_by_side};

/// Worlds tried unless `ROLECALL_WORLDS` says otherwise.
const WORLDS: u64 = 40;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |it| it.parse().unwrap())
}

fn one_of<T: Clone>(dice: &mut Dice, these: &[T]) -> T {
    these[dice.below(these.len())].clone()
}

/// Returns one to six rules.
fn faults(dice: &mut Dice) -> Value {
    let rule = |dice: &mut Dice| {
        let after = dice.in_hundred(50);
        let delta = one_of(dice, &[-2, -1, 1, 3]);
        let mut rule = match dice.below(14) {
            0 | 1 => {
                json!({ "times": 1 + dice.below(3), "kind": { "status": { "code": 429, "retryAfter": "0" } } })
            }
            2 | 3 => json!({ "writes": true, "kind": { "status": { "code": 500, "afterWrite": after } } }),
            4 | 5 => json!({ "writes": true, "kind": { "drop": { "afterWrite": after } } }),
            6 => json!({ "kind": { "drop": { "afterWrite": after } } }),
            7 => json!({ "kind": one_of(dice, &[json!({ "truncate": {} }), json!({ "garbage": {} })]) }),
            8 => json!({ "times": 1 + dice.below(2), "kind": { "lieTotal": { "delta": delta } } }),
            9 => json!({ "times": 1 + dice.below(2), "kind": { "duplicateRows": {} } }),
            10 => json!({ "times": 0, "kind": { "shuffle": {} } }),
            11 | 12 => json!({ "writes": true, "kind": { "ignoreWrite": {} } }),
            _ => json!({ "writes": true, "kind": one_of(dice, &[
                json!({ "status": { "code": 400 } }),
                json!({ "status": { "code": 503, "retryAfter": "0" } }),
            ]) }),
        };
        // There are fewer writes than requests.
        let within =
            if rule["writes"] == true { one_of(dice, &[2, 8, 16]) } else { one_of(dice, &[3, 20, 60]) };
        rule["skip"] = dice.below(within).into();
        if dice.in_hundred(40) {
            rule["path"] = one_of(dice, &["/members", "/roles", "/user-groups/list", "/users/list"]).into();
        }
        rule
    };
    (0..1 + dice.below(6)).map(|_| rule(dice)).collect()
}

/// Returns switches of the dialect that change how answers look, not what they mean.
fn dialect(dice: &mut Dice) -> String {
    format!(
        "{{ maxLimit: {}, groupRole: {}, scopeEcho: {}, duplicateGroupName: {} }}",
        one_of(dice, &["none", "2", "3", "7"]),
        one_of(dice, &["nested", "flat"]),
        one_of(dice, &["asSent", "sorted", "split"]),
        one_of(dice, &["allow", "reject"]),
    )
}

/// Applies once among faults and once without.
fn tried(seed: u64) {
    let mut dice = Dice(seed);
    let live = dice.tenant();
    let wish = dice.wish(&live);
    let (before, after) = (live.state(), wish.state());
    let (dialect, faults) = (dialect(&mut dice), faults(&mut dice));
    let world = live.world(&dialect);
    world.write("access/a.yaml", &wish.files());
    let what = format!("ROLECALL_SEED={seed} ROLECALL_WORLDS=1, {dialect}, {faults}");
    world.faults(faults);
    world.forget();
    let run = world.apply();
    assert!(!run.stderr.contains("panicked"), "{what}\n{}", run.stderr);
    world.faults(json!([]));
    let told = format!("{what}\nexit {}\n{}\n{}", run.code, run.stdout, run.stderr);
    if run.code == 0 {
        assert_eq!(world.state().by_meaning(), after.by_meaning(), "a false success: {told}");
    } else if run.code == 4 && what.contains("lieTotal") {
        // A page that is full and announces no more is a whole list: a role that is not in it is unknown.
        assert!(run.stdout.contains("[unknown-role]") || run.stderr.contains("[unknown-role]"), "{told}");
        assert_eq!(world.writes(), [""; 0], "{told}");
    } else {
        assert!([3, 7, 8].contains(&run.code), "{told}");
    }
    let again = world.apply();
    assert_eq!(again.code, 0, "{told}\nthen\n{}\n{}", again.stdout, again.stderr);
    assert_eq!(world.state().by_meaning(), after.by_meaning(), "{told}");
    let plan = world.run("plan --detailed-exitcode");
    assert_eq!(plan.code, 0, "{told}\nthen\n{}", plan.stdout);
    world.history(world.at_start()).nobody_holds_more_than(&[&before, &after], &told);
}

fn seeds() -> Vec<u64> {
    let first = number("ROLECALL_SEED", 1);
    (first..first + number("ROLECALL_WORLDS", WORLDS)).collect()
}

#[test]
fn no_fault_leads_to_a_wrong_write_or_a_false_success() {
    side_by_side(&seeds(), |seed| tried(*seed));
}

#[test]
fn without_faults_every_world_becomes_what_the_files_say_and_nobody_lacks_what_both_states_give() {
    side_by_side(&seeds(), |seed| {
        let mut dice = Dice(*seed);
        let live = dice.tenant();
        let wish = dice.wish(&live);
        let world = live.world("{}");
        world.write("access/a.yaml", &wish.files());
        let named = world.named_gaps();
        world.forget();
        world.apply().expect(0);
        let what = format!("ROLECALL_SEED={seed} ROLECALL_WORLDS=1");
        assert_eq!(world.state().by_meaning(), wish.state().by_meaning(), "{what}");
        world.settled();
        let history = world.history(world.at_start());
        history.nobody_holds_more_than(&[&live.state(), &wish.state()], &what);
        history.nobody_holds_less_than_both(&wish.state(), &named, &what);
    });
}
