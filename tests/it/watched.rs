//! Files that are not read, and files that say nothing, are never calm: one rule for every command that compares.

use crate::support::{NO_CHANGES, Run, World};

const DESK: &str = "version: 1\ngroups: [{ name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, bo@voyager.example] }]\n";
const NIGHT: &str =
    "version: 1\ngroups: [{ name: Night, description: The night., roles: unmanaged, members: unmanaged }]\n";

/// Every command that compares the files with something, or speaks for them.
const COMMANDS: [&str; 9] = [
    "validate",
    "plan",
    "plan --check",
    "plan --detailed-exitcode",
    "plan --estimate",
    "drift",
    "drift --format json",
    "apply --auto-approve",
    "explain ana@voyager.example",
];

/// Runs every command, each of which must refuse before any request and name these words.
#[track_caller]
fn refused(what: &str, world: &World, words: &[&str]) {
    world.forget();
    for line in COMMANDS {
        let Run { code, stdout, stderr } = world.run(line);
        assert_eq!(code, 4, "{what}: {line}\n{stdout}\n{stderr}");
        for word in words {
            assert!(
                stdout.contains(word) || stderr.contains(word),
                "{what}: {line}: no `{word}`\n{stdout}\n{stderr}"
            );
        }
        assert!(!stdout.contains(NO_CHANGES) && !stdout.contains("No drift"), "{what}: {line}\n{stdout}");
    }
    assert_eq!(world.log().len(), 0, "{what}: it costs no request");
}

#[test]
fn what_declares_nothing_is_wrong_in_every_command() {
    for (what, text) in [
        ("an empty list", "version: 1\ngroups: []\n"),
        ("no list", "version: 1\n"),
        (
            "every list is empty",
            "version: 1\nscopes: { g: { company: globex } }\ngroups: []\nremoved: []\nusers: []\n",
        ),
    ] {
        refused(what, &World::new().with("access/a.yaml", text), &["nothing-declared", "access/a.yaml"]);
    }
    refused("no file", &World::new(), &["no-access-files", "access/**/*.yaml"]);
    let elsewhere =
        World::new().ruled("access: [\"access/*.yaml\", \"teams/*.yaml\"]\n").with("access/a.yaml", DESK);
    refused("one of two patterns", &elsewhere, &["no-access-files", "teams/*.yaml", "rolecall.yaml"]);
    refused(
        "no pattern",
        &World::new().ruled("access: []\n").with("access/a.yaml", DESK),
        &["no-access-files"],
    );
    // One entry of any kind is something.
    for text in [
        "removed: [{ group: Old, reason: over }]",
        "users: [{ user: ana@voyager.example, directRoles: unmanaged }]",
    ] {
        World::new().with("access/a.yaml", &format!("version: 1\n{text}\n")).run("plan --check").expect(0);
    }
}

#[test]
fn a_file_that_is_passed_over_is_named_by_every_command() {
    for path in [
        "access/ops.yml",
        "access/OPS.YAML",
        "access/deep/ops.YML",
        "access/ops.yaml.d/x.yml",
        "teams/ops.yaml",
        "ops.yaml",
    ] {
        let world = World::new().with("access/a.yaml", DESK).with(path, NIGHT);
        refused(path, &world, &["passed-over", path, &format!("!{path}")]);
        // Its groups are nobody's, so the files are not what they seem; named, or left out on purpose, they are.
        world.configure(&format!("access: [\"access/**/*.yaml\", {path}]\n"));
        world.run("plan --check").expect(0);
        world.configure(&format!("access: [\"access/**/*.yaml\", \"!{path}\"]\n"));
        world.run("plan --check").expect(0);
    }
    // In a place where only access files are expected, it need not be sound to be named.
    let broken = World::new().with("access/a.yaml", DESK).with("access/ops.yml", "gruops: [\n");
    refused("broken", &broken, &["passed-over", "access/ops.yml"]);
    // Where the patterns do not speak of the endings, both are read.
    let both = World::new()
        .ruled("access: [\"access/**/*.{yaml,yml}\"]\n")
        .with("access/a.yaml", DESK)
        .with("access/b.yml", NIGHT);
    both.run("validate").expect(0).shows("Valid: 2 groups in 3 files.");
}

#[test]
fn what_is_no_access_file_is_not_missed() {
    let world = World::new()
        .with("access/a.yaml", DESK)
        .with("sandbox.yaml", "version: 1\ngroups: []\nusers: []\n")
        .with("deploy/compose.yaml", "version: 1\nservices: {}\n")
        .with("deploy/alerts.yml", "groups: [{ name: x }]\n")
        .with("deploy/seed.yaml", "version: 1\ncompanies: []\ngroups: []\n")
        .with("access/.draft.yaml", NIGHT)
        .with(".github/access.yaml", NIGHT)
        .with("access/notes.txt", NIGHT)
        .with("access/a.yaml.orig", NIGHT)
        .with("other/rolecall.yaml", "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\n")
        .with("other/access/b.yaml", NIGHT);
    world.run("validate").expect(0);
    world.run("plan --check").expect(0);
}

#[test]
fn a_folder_that_is_named_is_read_whatever_the_case_of_its_names() {
    let world = World::new().ruled("access: [\"access/**/*.{yaml,yml,YAML,Yml}\"]\n");
    for (at, name) in ["a.yaml", "b.yml", "c.YAML", "d.Yml"].into_iter().enumerate() {
        let text = format!("version: 1\nremoved: [{{ group: Old {at}, reason: over }}]\n");
        world.write(&format!("access/{name}"), &text);
    }
    for line in ["validate", "validate access"] {
        world.run(line).expect(0).shows("Valid: 0 groups in 5 files.");
    }
    world.write("teams/notes.txt", "");
    world.run("plan access teams").expect(4).says(&["no-access-files", "no YAML file is below teams"]);
}

/// What compares nothing with the files must not wait for them.
#[test]
fn a_missing_file_stands_in_no_way_of_what_is_not_about_the_files() {
    let lockout = "lockout: [{ email: bo@voyager.example, since: 2026-11-20, reason: gone }]\n";
    let world = World::new().with(
        "access/a.yaml",
        &DESK.replace("ana@voyager.example, ", "ana@voyager.example, cy@voyager.example, "),
    );
    world.run("plan --out plan.json").expect(0);
    world.write("teams/ops.yaml", NIGHT);
    world.run("snapshot --out live.json").expect(0);
    world.run("apply plan.json").expect(0);
    let journal = std::fs::read_dir(world.path().join(".rolecall/journal")).unwrap().next().unwrap().unwrap();
    world
        .run(&format!("rollback {}", journal.path().display()))
        .expect(0)
        .shows("- member cy@voyager.example");
    world.configure(lockout);
    world.run("apply --only lockout --auto-approve").expect(0);
    assert!(!world.members("Desk").contains(&"bo@voyager.example".to_owned()));
}

/// A saved plan knows the files it was made from, so one that is gone or new since is noticed.
#[test]
fn a_file_that_is_gone_since_a_plan_was_saved_is_named() {
    let world = World::new()
        .with("access/a.yaml", &DESK.replace(", bo@voyager.example", ""))
        .with("access/b.yaml", NIGHT);
    world.run("plan --out plan.json").expect(0);
    std::fs::remove_file(world.path().join("access/b.yaml")).unwrap();
    world.run("apply plan.json").expect(7).says(&["access/b.yaml is gone"]);
    // Where nothing is declared any more, an approval of the plan does not do without the guard.
    let plan = std::fs::read_to_string(world.path().join("plan.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    std::fs::remove_file(world.path().join("access/a.yaml")).unwrap();
    let approved = format!("apply plan.json --approve {}", plan["id"].as_str().unwrap());
    world.run(&approved).expect(6).says(&["empty-desired"]);
}
