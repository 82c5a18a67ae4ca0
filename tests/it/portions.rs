//! A part of the companies: `--company` and `--shard` choose files and requests, and `merge-reports` joins what shards say.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use crate::support::{Run, VOYAGER, World};

const GLOBEX: &str = "2b7e0000-0000-4000-8000-000000000002";
const INITECH: &str = "2b7e0000-0000-4000-8000-000000000003";
const NOW: &str = "2026-11-21T12:00:00Z";

const DESK: &str =
    "version: 1\ngroups: [{ name: Desk, roles: unmanaged, members: { atLeast: [cy@voyager.example] } }]\n";
const NEW: &str = "version: 1\ncompany: globex\ngroups: [{ name: New, description: d, roles: [], members: [vip@globex.example] }]\n";
const LONE: &str = "version: 1\ncompany: 2b7e0000-0000-4000-8000-000000000003\ngroups: [{ name: Lone, description: d, roles: [], members: [] }]\n";

/// Three companies, each with something to do; of three shards each holds one of them, in this order.
fn world() -> World {
    World::new()
        .with("access/v.yaml", DESK)
        .with("access/g.yaml", NEW)
        .with("access/i.yaml", LONE)
        .variable("ROLECALL_CREATE_ALL", "1")
        .variable("ROLECALL_NOW", NOW)
}

/// The companies that the requests of a run were about.
fn asked(world: &World) -> BTreeSet<String> {
    let log = world.log();
    let paths = log.iter().filter_map(|it| it["path"].as_str());
    let of = |path: &str| Some(path.strip_prefix("/v3/companies/")?.split('/').next()?.to_owned());
    paths.filter_map(of).collect()
}

fn companies(plan: &Value) -> Vec<&str> {
    plan["companies"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

fn files(plan: &Value) -> Vec<&str> {
    plan["files"].as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect()
}

#[test]
fn companies_that_are_named_choose_files_and_requests() {
    let world = world();
    world.forget();
    let whole = world.run("plan --format json").expect(0).json();
    assert_eq!(whole["partial"], false);
    let all = world.log().len();
    let mut sum = 0;
    for (flags, chosen, read) in [
        ("--company globex", &[GLOBEX][..], &["access/g.yaml", "rolecall.yaml"][..]),
        ("--company g*", &[GLOBEX], &["access/g.yaml", "rolecall.yaml"]),
        ("--company initech", &[INITECH], &["access/i.yaml", "rolecall.yaml"]),
        ("--company 2b7e0000-0000-4000-8000-000000000003", &[INITECH], &["access/i.yaml", "rolecall.yaml"]),
        ("--company voyager", &[VOYAGER], &["access/v.yaml", "rolecall.yaml"]),
        (
            "--company globex --company i*",
            &[GLOBEX, INITECH],
            &["access/g.yaml", "access/i.yaml", "rolecall.yaml"],
        ),
        (
            "--company {voyager,globex}",
            &[VOYAGER, GLOBEX],
            &["access/g.yaml", "access/v.yaml", "rolecall.yaml"],
        ),
    ] {
        world.forget();
        let plan = world.run(&format!("plan --format json {flags}")).expect(0).json();
        let expected: BTreeSet<String> = chosen.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(asked(&world), expected, "{flags}");
        assert_eq!((companies(&plan), files(&plan)), (chosen.to_vec(), read.to_vec()), "{flags}");
        assert_eq!(
            (&plan["partial"], &plan["portion"]),
            (&json!(true), &json!({ "companies": 3 })),
            "{flags}"
        );
        assert!(plan["groups"].as_array().unwrap().len() <= chosen.len());
        if let [_] = chosen
            && !flags.contains("g*")
            && !flags.contains("2b7e")
        {
            sum += world.log().len();
        }
        world.run(&format!("plan {flags}")).expect(0).shows(&format!("Part {} of 3 companies", chosen.len()));
    }
    assert_eq!(sum, all, "what the companies cost alone is what they cost together");
    world.forget();
    let every = world.run("plan --format json --company *").expect(0).json();
    assert_eq!((&every["partial"], companies(&every).len(), world.log().len()), (&json!(false), 3, all));
}

#[test]
fn every_command_that_reads_the_files_takes_the_same_companies() {
    let world = world().variable("ROLECALL_COMPANY", "globex");
    let only = |line: &str, code: i32| {
        world.forget();
        let run = world.run(line).expect(code);
        assert!(asked(&world).iter().all(|it| it == GLOBEX), "{line}: {:?}", asked(&world));
        run
    };
    only("drift", 2).shows("+ group New");
    let snapshot = only("snapshot", 0).json();
    assert_eq!(snapshot["companies"].as_array().unwrap().len(), 1);
    only("plan --estimate", 0);
    only("apply --auto-approve", 0);
    assert!(world.written().iter().all(|it| it.path.contains(GLOBEX)) && !world.written().is_empty());
    only("explain vip@globex.example", 0).shows("vip@globex.example");
    only("drift", 0).shows("No drift at");
    // What is wrong elsewhere is nothing to it.
    world.write("access/v.yaml", "version: 1\ngroups: [{ name: Desk, memebrs: [x] }]\n");
    world.run("validate").expect(0);
    only("plan", 0);
    assert_eq!(world.run("validate --company voyager").expect(4).code, 4);
}

#[test]
fn what_means_no_company_is_refused_before_any_request() {
    let world = world();
    world.forget();
    for line in ["plan", "drift", "apply --auto-approve", "validate", "snapshot"] {
        for (given, hint) in [
            ("globx", "did you mean `globex`?"),
            ("client-*", "a pattern such as `client-*`"),
            ("9f9f0000-0000-4000-8000-000000000001", "an id"),
        ] {
            let said: Run = world.run(&format!("{line} --company {given}")).expect(4);
            said.says(&[&format!("`--company {given}` is none of"), "globex, initech, voyager", hint]);
        }
    }
    assert_eq!(world.log(), Vec::<Value>::new());
    for (shard, why) in [("4/4", "the last is 3/4"), ("0/0", "at least one"), ("x", "I/N")] {
        world.run(&format!("plan --shard {shard}")).expect(4).says(&[why]);
    }
}

/// Where no file says its company, the flag says whose groups they are, as it always did.
#[test]
fn where_files_name_no_company_the_flag_does() {
    let world = World::new()
        .with("access/v.yaml", LONE.replace("company: 2b7e0000-0000-4000-8000-000000000003\n", "").as_str());
    world.forget();
    let plan = world.run("plan --create-all --company initech --format json").expect(0).json();
    assert_eq!(companies(&plan), [INITECH]);
    assert_eq!((&plan["partial"], asked(&world)), (&json!(false), [INITECH.to_owned()].into()));
    world.run("plan --company init*").expect(4).says(&["is none of the companies"]);
    world.run("plan --company globex --company initech").expect(4);
}

#[test]
fn a_saved_plan_is_about_what_it_was_made_of() {
    let world = world();
    world.run("plan --company globex --out plan.json").expect(0);
    world.run("apply plan.json --company initech").expect(4).says(&["the plan is about globex as well"]);
    world.run("apply plan.json --shard 0/3").expect(4).says(&["applied whole"]);
    assert_eq!(world.writes(), [""; 0]);
    // Files of other companies may change meanwhile, and are not read live.
    world.write("access/i.yaml", &LONE.replace("name: Lone", "name: Other"));
    world.forget();
    world.run("apply plan.json").expect(0);
    assert_eq!(asked(&world), [GLOBEX.to_owned()].into());
    // Its own may not.
    world.run("plan --company initech --out plan.json").expect(0);
    world.write("access/i.yaml", &LONE.replace("name: Lone", "name: Third"));
    world.run("apply plan.json").expect(7);
    world.run("plan --company initech --out plan.json").expect(0);
    world.run("apply plan.json --company i* --shard 2/3").expect(0);
    world.run("plan --company globex,initech").expect(4);
    world.run("plan --detailed-exitcode --company globex --company initech").expect(0);
}

#[test]
fn each_shard_reads_its_own_companies() {
    let world = world();
    for (shard, company) in [("0/3", VOYAGER), ("1/3", GLOBEX), ("2/3", INITECH)] {
        world.forget();
        let plan = world.run(&format!("plan --shard {shard} --format json")).expect(0).json();
        assert_eq!(
            (companies(&plan), asked(&world)),
            (vec![company], [company.to_owned()].into()),
            "{shard}"
        );
        let index: u64 = shard[..1].parse().unwrap();
        assert_eq!(plan["portion"], json!({ "shard": { "index": index, "of": 3 }, "companies": 3 }));
    }
    // All three are in the first of two shards: the other one has nothing to do, and that is no failure.
    for line in ["plan --check", "drift", "apply --auto-approve", "plan --detailed-exitcode"] {
        world.forget();
        let run = world.run(&format!("{line} --shard 1/2")).expect(0);
        assert_eq!(asked(&world), BTreeSet::new(), "{line}");
        run.shows("Part shard 1/2, 0 of 3 companies");
    }
    // In no shard is somebody missing who is of a company of another one.
    world.configure("api: { identity: { email: root@voyager.example } }\nguards: { privileged: [Agent], protected: { people: [\"root@*\"] } }\nlockout: [{ email: bo@voyager.example, since: 2026-11-20, reason: left }]\n");
    for (shard, code) in [("0/3", 0), ("1/3", 0), ("2/3", 0), ("1/2", 0)] {
        let run = world.run(&format!("plan --check --shard {shard}")).expect(code);
        assert!(!run.stdout.contains("unmatched-pattern"), "{}", run.stdout);
        assert_eq!(run.stdout.contains("bo@voyager.example"), shard == "0/3", "{}", run.stdout);
    }
}

/// Saves the reports of a command by each of three shards.
fn reports(world: &World, command: &str) -> Vec<String> {
    let report = |index: usize| {
        let run = world.run(&format!("{command} --format json --shard {index}/3"));
        let name = format!("{}-{index}.json", command.split(' ').next().unwrap());
        world.write(&name, &run.stdout);
        name
    };
    (0..3).map(report).collect()
}

#[test]
fn the_reports_of_shards_are_joined_into_the_one_of_a_single_run() {
    let world = world();
    let whole = world.run("plan --format json").expect(0).json();
    let names = reports(&world, "plan").join(" ");
    let mut joined = world.run(&format!("merge-reports {names} --format json")).expect(2).json();
    joined["digest"] = whole["digest"].clone();
    assert_eq!(joined, whole);
    let text = world.run(&format!("merge-reports {names} --report md=all.md --report csv=all.csv")).expect(2);
    text.shows("Plan: 2 groups to create, 1 to change").says(&[]);
    for (report, said) in [("all.md", "vip@globex.example"), ("all.csv", "person")] {
        assert!(fs::read_to_string(world.path().join(report)).unwrap().contains(said), "{report}");
    }
    // It is a plan, and can be applied like any other.
    world.write("plan.json", &world.run(&format!("merge-reports {names} --format json")).stdout);
    world.run("apply plan.json").expect(0);
    world.run("plan --detailed-exitcode").expect(0);
}

#[test]
fn the_reports_of_applies_are_joined_as_well() {
    let world = world();
    let names = reports(&world, "apply --auto-approve").join(" ");
    let joined = world.run(&format!("merge-reports {names} --format json")).expect(0).json();
    assert_eq!((&joined["kind"], &joined["exit"]), (&json!("apply"), &json!(0)));
    assert_eq!(joined["groups"].as_array().unwrap().len(), 3);
    assert_eq!(joined["steps"]["done"], 4);
    assert_eq!(joined["shards"].as_array().unwrap().len(), 3);
    assert!(joined["shards"][1]["journal"].as_str().unwrap().contains("journal"));
    world
        .run(&format!("merge-reports {names}"))
        .expect(0)
        .shows("Shard 2/3: ok, exit 0")
        .ends_with("Steps: 4 done");
    // Together with those of plans they are about nothing.
    let plans = reports(&world, "plan");
    world.run(&format!("merge-reports apply-0.json apply-1.json {}", plans[2])).expect(4);
}

#[test]
fn reports_that_are_not_of_one_whole_run_are_refused() {
    let world = world();
    let names = reports(&world, "plan");
    let all = names.join(" ");
    world.write("text.json", "{}");
    world.write("cut.json", &fs::read_to_string(world.path().join(&names[0])).unwrap()[..900]);
    let edited = fs::read_to_string(world.path().join(&names[1])).unwrap().replace("\"New\"", "\"Old\"");
    world.write("edited.json", &edited);
    let say = |name: &str, line: &str| world.write(name, &world.run(line).stdout);
    say("whole.json", "plan --format json");
    say("of-two.json", "plan --format json --shard 1/2");
    say("later.json", "plan --format json --shard 1/3 --now 2026-11-22T12:00:00Z");
    world.write("access/g.yaml", &NEW.replace("description: d", "description: e"));
    say("other.json", "plan --format json --shard 0/3 access");
    let table = [
        (format!("{all} {}", names[1]), "are both about shard 1/3"),
        (format!("{} {}", names[0], names[2]), "no report of shard 1/3"),
        (format!("{} {} text.json", names[0], names[2]), "text.json"),
        (format!("cut.json {} {}", names[1], names[2]), "cut.json"),
        (format!("{} edited.json {}", names[0], names[2]), "changed after it was made"),
        (format!("{} whole.json {}", names[0], names[2]), "not the report of a shard"),
        (format!("{} of-two.json {}", names[0], names[2]), "another number of shards"),
        (format!("{} later.json {}", names[0], names[2]), "another time (--now)"),
        (format!("other.json {} {}", names[1], names[2]), "another selection of files"),
        (format!("{} {} gone.json", names[0], names[1]), "cannot read gone.json"),
    ];
    for (given, why) in table {
        world.run(&format!("merge-reports {given}")).expect(4).says(&[why]);
        let json = world.run(&format!("merge-reports {given} --format json")).expect(4).json();
        assert_eq!(json["kind"], "error", "{given}");
    }
}

/// A shard that came to nothing leaves a report of its error, and the others are told all the same.
#[test]
fn a_shard_that_failed_is_named_and_its_code_is_the_worst() {
    let world = world();
    let names = reports(&world, "drift");
    world.faults(json!([{ "method": "POST", "path": format!("/v3/companies/{GLOBEX}/user-groups/list"), "times": 0, "kind": { "status": { "code": 403 } } }]));
    world.write(&names[1], &world.run("drift --format json --shard 1/3").expect(5).stdout);
    let run =
        world.run(&format!("merge-reports {} --format json --report md=all.md", names.join(" "))).expect(5);
    let plan = run.json();
    assert_eq!((companies(&plan), &plan["partial"]), (vec![VOYAGER, INITECH], &json!(true)));
    run.says(&["1 shard failed", "drift-1.json", "auth"]);
    assert!(fs::read_to_string(world.path().join("all.md")).unwrap().contains("1 shard failed"));
    world.run(&format!("merge-reports {}", names[1])).expect(4).says(&["no report says what was planned"]);
}
