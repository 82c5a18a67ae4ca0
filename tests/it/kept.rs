//! What people keep through groups that no file names: neither gained nor lost, as far as they were asked.

use serde_json::{Value, json};

use crate::support::{SEED, World};

/// Desk gives Agent on Globex and Initech, and these are in it.
fn desk(members: &str) -> String {
    let desk = "{ name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: [globex, initech] } }]";
    format!("  - {desk}, members: [{members}] }}\n")
}

/// Voyager, where Desk has these members and there are further groups, each with what it gives and to whom.
fn seed(members: &str, groups: &[(&str, &str, &str)]) -> String {
    let seed = SEED.replace(
        "[{ role: Agent, scope: [{ COMPANY: [globex] }] }]",
        "[{ role: Agent, scope: [{ COMPANY: [globex, initech] }] }]",
    );
    let mut seed =
        seed.replace("members: [ana@voyager.example, bo@voyager.example]", &format!("members: [{members}]"));
    for (name, roles, members) in groups {
        seed += &format!(
            "  - {{ name: {name}, company: voyager, description: By hand., roles: [{roles}], members: [{members}] }}\n"
        );
    }
    seed
}

const ALL: &str = "{ role: Agent, scope: [{ COMPANY: [globex, initech] }] }";
const PART: &str = "{ role: Agent, scope: [{ COMPANY: [globex] }] }";
const OTHER: &str = "{ role: Trip Manager, scope: [{ COMPANY: [globex] }] }";
const ANA: &str = "ana@voyager.example";
const BO: &str = "bo@voyager.example";
const CY: &str = "cy@voyager.example";

/// Returns who was asked for groups, and which groups were read for their roles but Desk, in the order of the requests.
fn asked(world: &World) -> (usize, usize) {
    let desk = world.id("Desk");
    let log = world.log();
    let paths: Vec<&str> = log.iter().filter_map(|it| it["path"].as_str()).collect();
    let people = paths.iter().filter(|it| it.starts_with("/v3/users/") && it.ends_with("/user-groups"));
    let groups = paths
        .iter()
        .filter(|it| it.ends_with("/roles") && it.contains("/user-groups/") && !it.contains(&desk));
    (people.count(), groups.count())
}

/// Returns gain, lose, lose everything.
fn sums(plan: &Value) -> [u64; 3] {
    let people = &plan["people"];
    [
        people["gain"].as_u64().unwrap(),
        people["lose"].as_u64().unwrap(),
        people["loseEverything"].as_array().unwrap().len() as u64,
    ]
}

#[test]
fn access_that_another_group_gives_is_neither_gained_nor_lost() {
    for (what, live, files, groups, [without, with], reads) in [
        ("who leaves keeps all of it", (ANA), (""), &[("Other", ALL, ANA)][..], [[0, 1, 1], [0, 0, 0]], 1),
        ("who leaves keeps a part", (ANA), (""), &[("Other", PART, ANA)], [[0, 1, 1], [0, 1, 0]], 1),
        ("who leaves keeps something else", (ANA), (""), &[("Other", OTHER, ANA)], [[0, 1, 1], [0, 1, 0]], 1),
        (
            "two groups keep it together",
            (ANA),
            (""),
            &[("One", PART, ANA), ("Two", "{ role: Agent, scope: [{ COMPANY: [initech] }] }", ANA)],
            [[0, 1, 1], [0, 0, 0]],
            2,
        ),
        (
            "a group without roles keeps nothing",
            (ANA),
            (""),
            &[("Other", "", ANA)],
            [[0, 1, 1], [0, 1, 1]],
            1,
        ),
        (
            "somebody else's group is none of it",
            (ANA),
            (""),
            &[("Other", ALL, BO)],
            [[0, 1, 1], [0, 1, 1]],
            0,
        ),
        ("who joins had it before", (""), (ANA), &[("Other", ALL, ANA)], [[1, 0, 0], [0, 0, 0]], 1),
        ("who joins had a part", (""), (ANA), &[("Other", PART, ANA)], [[1, 0, 0], [1, 0, 0]], 1),
        (
            "each on their own",
            ("ana@voyager.example, cy@voyager.example"),
            (BO),
            &[("Other", ALL, "ana@voyager.example, bo@voyager.example")],
            [[1, 2, 2], [0, 0, 0]],
            2,
        ),
    ] {
        let exceptions = "exceptions: [{ guard: group-emptied, group: Desk, upTo: 9, until: 2099-01-01, reason: moved }]\n";
        let world = World::seeded(&seed(live, groups)).groups(&desk(files)).ruled(exceptions);
        let off = world.run("plan --ask-people 0 --format json").expect(0).json();
        assert_eq!(sums(&off), without, "{what}");
        assert_eq!(off["notAsked"], without[0] + without[1], "{what}");
        world.forget();
        let on = world.run("plan --format json").expect(0).json();
        assert_eq!(sums(&on), with, "{what}");
        assert_eq!(on["notAsked"], Value::Null, "{what}: everybody was asked");
        assert_eq!(
            asked(&world),
            ((without[0] + without[1]) as usize, reads),
            "{what}: a request a person, and one a group"
        );
        assert_eq!(
            (&on["id"], &on["guards"], &on["edits"]),
            (&off["id"], &off["guards"], &off["edits"]),
            "{what}"
        );
        // From a snapshot all is known without a request, whatever the bound.
        world.run("snapshot --out live.json").expect(0);
        world.forget();
        let snapshot = world.run("plan --live live.json --ask-people 0 --format json").expect(0).json();
        assert_eq!((&snapshot["people"], &snapshot["notAsked"]), (&on["people"], &Value::Null), "{what}");
        assert_eq!(asked(&world), (0, 0), "{what}");
    }
}

#[test]
fn the_first_who_are_asked_are_those_to_whom_it_matters_most() {
    let people = (0..12)
        .map(|n| format!("  - {{ email: p{n:02}@voyager.example, company: voyager }}\n"))
        .collect::<String>();
    let names = |of: std::ops::Range<usize>| {
        of.map(|n| format!("p{n:02}@voyager.example")).collect::<Vec<_>>().join(", ")
    };
    // Six leave and keep it all by another group, and six join.
    let seed = seed(&names(0..6), &[("Other", ALL, &names(0..6))]);
    let seed = seed.replace("groups:\n  - name: Company", &format!("{people}groups:\n  - name: Company"));
    let rules = "guards: { removals: { percent: 100 } }\nexceptions: [{ guard: group-emptied, group: Desk, upTo: 9, until: 2099-01-01, reason: moved }]\n";
    let world = World::seeded(&seed).groups(&desk(&names(6..12))).ruled(rules);
    for (most, people, groups, sums_of, not_asked) in [
        ("0", 0, 0, [6, 6, 6], 12),
        ("1", 1, 1, [6, 5, 5], 11),
        ("4", 4, 1, [6, 2, 2], 8),
        ("6", 6, 1, [6, 0, 0], 6),
        ("12", 12, 1, [6, 0, 0], 0),
        ("500", 12, 1, [6, 0, 0], 0),
    ] {
        world.forget();
        let run = world.run(&format!("plan --ask-people {most} --format json")).expect(0);
        let plan = run.json();
        assert_eq!(asked(&world), (people, groups), "{most}");
        assert_eq!(sums(&plan), sums_of, "{most}");
        assert_eq!(plan["notAsked"].as_u64().unwrap_or(0), not_asked, "{most}");
        let said = format!("{not_asked} people for groups that no file names");
        for format in ["text", "markdown", "slack"] {
            let shown = world.run(&format!("plan --ask-people {most} --format {format}")).expect(0).stdout;
            assert_eq!(shown.contains(&said), not_asked > 0, "{most}\n{shown}");
        }
    }
    // The variable does the same, and an estimate counts the most it can come to.
    let estimate = |most: &str| {
        world.run(&format!("plan --estimate --ask-people {most} --format json")).expect(0).json()
    };
    assert_eq!((&estimate("4")["atMostMore"], &estimate("0")["atMostMore"]), (&json!(7), &json!(0)));
    let text = world.run("plan --estimate --ask-people 4").expect(0).stdout;
    assert!(
        text.contains("; at most 7 more to ask who gains or loses for other groups")
            && text.lines().count() == 1,
        "{text}"
    );
    let world = world.variable("ROLECALL_ASK_PEOPLE", "1");
    assert_eq!(world.run("plan --format json").expect(0).json()["notAsked"], 11);
}

/// Roles of more groups than people may be asked are not read: of who is in those it is not known.
#[test]
fn groups_are_bounded_like_people() {
    let groups = ["A", "B", "C"].map(|it| (it, PART, ANA));
    let world = World::seeded(&seed(ANA, &groups)).groups(&desk(BO));
    world.forget();
    let plan = world.run("plan --ask-people 2 --format json").expect(0).json();
    assert_eq!(asked(&world), (2, 2));
    assert_eq!((sums(&plan), &plan["notAsked"]), ([1, 1, 1], &json!(1)));
}

/// A token that may not ask finds out by one request, and the plan is as good as before.
#[test]
fn a_refusal_is_said_and_stops_nothing() {
    let members = "ana@voyager.example, bo@voyager.example";
    for (path, status, people, gain, not_asked) in [
        ("/v3/users/", 403, 1, 1, 3),
        ("/v3/users/", 400, 1, 1, 3),
        ("/v3/users/", 404, 3, 1, 3),
        // The roles of a group, of which the plan itself reads nothing; what cy has by Night is known.
        ("OTHER", 403, 3, 0, 2),
    ] {
        let world = World::seeded(&seed(members, &[("Other", ALL, members)])).groups(&desk(CY));
        let path = path.replace("OTHER", &world.id("Other"));
        world.faults(json!([{ "method": "POST", "path": path, "skip": if path.contains("users") { 1 } else { 0 }, "times": 0, "kind": { "status": { "code": status } } }]));
        world.forget();
        let run = world.run("plan --format json").expect(0);
        let plan = run.json();
        let run =
            run.says(&[&format!("warning: the API refuses to tell which groups people are in ({status})")]);
        assert_eq!(sums(&plan), [gain, 2, 2], "{path} {status}: {}", run.stderr);
        assert_eq!(plan["notAsked"], not_asked, "{path} {status}");
        assert_eq!(asked(&world).0, people, "{path} {status}");
    }
    // What is no refusal leaves nobody in the dark: the read is incomplete.
    let world = World::seeded(&seed(members, &[("Other", ALL, members)])).groups(&desk(CY));
    world.faults(json!([{ "method": "POST", "path": "/user-groups", "skip": 2, "times": 0, "kind": { "status": { "code": 500 } } }]));
    world.plan().expect(8);
}

/// Nothing is asked where nothing is left to know: nobody gains or loses, or every group is read.
#[test]
fn nobody_is_asked_for_what_is_known() {
    let world = World::seeded(&seed(ANA, &[("Other", ALL, ANA)])).groups(&desk(ANA));
    world.forget();
    world.settled();
    assert_eq!(asked(&world).0, 0);
    let admins = "  - { name: Company Admins, description: Administrators of the company., roles: unmanaged, members: { atLeast: [] } }\n  - { name: Night, description: The night., roles: unmanaged, members: { atLeast: [] } }\n";
    let world = World::seeded(&seed(ANA, &[])).groups(&(desk(BO) + admins));
    world.forget();
    let plan = world.run("plan --format json").expect(0).json();
    assert_eq!((asked(&world).0, sums(&plan), &plan["notAsked"]), (0, [1, 1, 1], &Value::Null));
}

/// Whoever reads a plan that was taken up again, or the way back, sees the same people.
#[test]
fn an_apply_and_a_way_back_know_as_much_as_the_plan() {
    let world = World::seeded(&seed(ANA, &[("Other", ALL, "ana@voyager.example, bo@voyager.example")]))
        .groups(&desk(BO));
    let plan = world.run("plan --out plan.json").expect(0).stdout;
    assert!(!plan.contains("People "), "{plan}");
    let applied = world.run("apply plan.json").expect(0).stdout;
    assert!(!applied.contains("People "), "{applied}");
    let journal =
        std::fs::read_dir(world.path().join(".rolecall/journal")).unwrap().next().unwrap().unwrap().path();
    let back = format!("rollback {}", journal.display());
    let undo = world.run(&back).expect(0).stdout;
    assert!(!undo.contains("People "), "{undo}");
    let blind = world.run(&format!("{back} --ask-people 0")).expect(0).stdout;
    assert!(
        blind.contains("1 loses everything") && blind.contains("2 people for groups that no file names"),
        "{blind}"
    );
}
