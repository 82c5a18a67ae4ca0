//! An API that suddenly lists no group: it is not believed, unless somebody says that the company is new.

use serde_json::json;

use crate::support::{SEED, World};

const ID: &str = "9a7e0000-0000-4000-8000-000000000001";

/// A company without any group, and files that declare some.
fn world(groups: &str) -> World {
    // All groups of the seed gone, its roles and people still there.
    let seed = SEED.split("groups:\n").next().unwrap();
    World::seeded(seed).groups(groups)
}

/// The same with the standard group that every real company has.
fn with_standard(groups: &str) -> World {
    let (head, tail) = SEED.split_once("groups:\n").unwrap();
    let standard = tail.split("  - name: Desk\n").next().unwrap();
    World::seeded(&format!("{head}groups:\n{standard}")).groups(groups)
}

fn group(name: &str, more: &str) -> String {
    format!(
        "  - {{ name: {name}, {more}description: Theirs., roles: [{{ role: Agent, scope: {{ company: globex }} }}], members: [ana@voyager.example] }}\n"
    )
}

fn kinds() -> [(&'static str, String); 4] {
    [
        ("plain", group("Desk", "")),
        ("pinned", group("Desk", &format!("id: {ID}, "))),
        ("renamed", group("Front", "renamedFrom: Desk, ")),
        (
            "several",
            group("Desk", "")
                + &group("Front", "renamedFrom: Back, ")
                + &group("Night", &format!("id: {ID}, ")),
        ),
    ]
}

#[test]
fn an_empty_list_is_doubted_whatever_the_files_say_of_their_groups() {
    for (kind, groups) in kinds() {
        let world = world(&groups);
        world.forget();
        for line in ["plan", "plan --check", "drift", "apply --auto-approve", "explain ana@voyager.example"] {
            world.run(line).expect(8).says(&["lists no group at all of voyager", "--create-all"]);
        }
        let json = world.run("plan --format json").expect(8).json();
        assert_eq!(json["error"]["name"], "remote", "{kind}");
        assert_eq!(world.writes(), [""; 0], "{kind}");
        // What was read is not better from a file.
        world.run("snapshot --out live.json").expect(0);
        world.run("drift --live live.json").expect(8).says(&["lists no group at all"]);
    }
}

#[test]
fn a_new_company_gets_everything_where_somebody_says_that_it_is_new() {
    for (kind, groups) in kinds() {
        for world in [world(&groups), with_standard(&groups)] {
            let odd = groups.contains("renamedFrom") || groups.contains("id: ");
            let plan = world.run("plan --create-all --check").expect(0);
            assert_eq!(plan.stdout.contains("created-anew"), odd, "{kind}\n{}", plan.stdout);
            let count = groups.lines().count();
            plan.shows(&format!(
                "Plan: {count} group{} to create, 0 to change",
                if count == 1 { "" } else { "s" }
            ));
            world.run("plan --create-all --out plan.json").expect(0);
            if world.list("user-groups/list").is_empty() {
                world.run("apply plan.json").expect(8).says(&["--create-all"]);
            }
            world.run("apply plan.json --create-all").expect(0);
            assert_eq!(
                world
                    .list("user-groups/list")
                    .iter()
                    .filter(|it| it["isUnmodifiable"] != json!(true))
                    .count(),
                count
            );
        }
    }
}

/// The flag says what an empty list means, and nothing of any other.
#[test]
fn the_flag_changes_nothing_where_there_are_groups() {
    for (kind, groups) in &kinds()[1..3] {
        let world = World::new().groups(&groups.replace("renamedFrom: Desk", "renamedFrom: Dask"));
        for line in ["plan", "plan --create-all"] {
            let run = world.run(line).expect(4).says(&["error[unknown-group]"]);
            assert!(
                run.stderr.contains("drop `renamedFrom`") || run.stderr.contains("correct `id`"),
                "{}",
                run.stderr
            );
            assert!(!run.stderr.contains("did you mean"), "{kind}: {}", run.stderr);
        }
    }
    let settled = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n")
        .variable("ROLECALL_CREATE_ALL", "1");
    settled.settled();
}

/// A pin that is wrong says which id the group has, as is so after everything was created.
#[test]
fn a_pinned_group_that_was_created_anew_asks_for_its_id() {
    let world = world(&group("Desk", &format!("id: {ID}, ")));
    world.run("apply --auto-approve --create-all").expect(0);
    let id = world.id("Desk");
    world
        .plan()
        .expect(4)
        .says(&["error[unknown-group]", &format!("the group of this name has the id {id}")]);
}

#[test]
fn files_without_groups_do_not_doubt_an_empty_list() {
    let world = world("").with("access/a.yaml", "version: 1\nremoved: [{ group: Old, reason: over }]\n");
    world.run("plan --check").expect(0);
}
