//! Undoing when it is needed: what a journal proves passes the limits on removals, nothing more does, and the order of
//! several is no matter or is told.

use std::{collections::BTreeSet, fs, path::PathBuf};

use proptest::prelude::*;
use serde_json::json;

use crate::support::{Run, SEED, World};

/// A crowd that may be let in by mistake, and one that is in already.
fn world() -> World {
    let people: Vec<String> = (0..90).map(|n| format!("p{n:02}@voyager.example")).collect();
    let users: String =
        people.iter().map(|it| format!("  - {{ email: {it}, company: voyager }}\n")).collect();
    let seed = SEED.replace("groups:\n", &format!("{users}groups:\n"))
        + &format!(
            "  - {{ name: Crowd, company: voyager, description: d, members: [{}] }}\n",
            people[..20].join(", ")
        );
    World::seeded(&seed)
}

fn crowd(world: &World, range: std::ops::Range<usize>) {
    let people: Vec<String> = range.map(|n| format!("p{n:02}@voyager.example")).collect();
    let group = format!(
        "  - {{ name: Crowd, description: d, roles: unmanaged, members: [{}] }}\n",
        people.join(", ")
    );
    world.write("access/a.yaml", &format!("version: 1\ngroups:\n{group}"));
}

fn journals(world: &World) -> Vec<PathBuf> {
    let folder = world.path().join(".rolecall/journal");
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut all: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    let began = |it: &PathBuf| {
        let text = fs::read_to_string(it).unwrap();
        let start: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        start["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    all.sort_by_key(began);
    all
}

/// Lets seventy people in by mistake, and returns the journal.
fn mistake(world: &World) -> PathBuf {
    crowd(world, 0..90);
    world.apply().expect(0);
    journals(world).pop().unwrap()
}

fn undo(world: &World, journal: &std::path::Path) -> Run {
    world.run(&format!("rollback {} --out undo.json", journal.display())).expect(0)
}

#[test]
fn what_an_apply_gave_is_taken_back_whatever_the_limit() {
    let world = world();
    let before = world.members("Crowd");
    let journal = mistake(&world);
    undo(&world, &journal).shows("Guards excepted removals").says(&[]);
    world.run("apply undo.json").expect(0);
    assert_eq!(world.members("Crowd"), before);
    // The same number by the files is stopped.
    crowd(&world, 0..90);
    world.apply().expect(0);
    crowd(&world, 0..20);
    world.apply().expect(6);
}

#[test]
fn what_was_there_before_or_came_since_is_no_part_of_it() {
    let world = world();
    let journal = mistake(&world);
    undo(&world, &journal);
    let plan = fs::read_to_string(world.path().join("undo.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let leaving = plan["edits"].as_array().unwrap().iter().filter(|it| it["kind"] == "member").count();
    assert_eq!(leaving, 70, "those who were in are none of them");
    // Somebody who came by hand stays, and is not exempt.
    let cy = world.user("cy@voyager.example");
    world.patch_members("Crowd", &json!({ "userIdsToAdd": [cy] }));
    undo(&world, &journal);
    world.run("apply undo.json").expect(0);
    assert_eq!(world.members("Crowd").len(), 21);
}

/// What is done to a journal, or to the key.
type Edit<'a> = &'a dyn Fn(&World, &std::path::Path);

/// Everything by which somebody may want more to be exempt than the apply gave.
#[test]
fn an_edited_journal_exempts_nothing() {
    let edits: [(&str, Edit); 6] = [
        ("a word of a line", &|_, journal| {
            let text = fs::read_to_string(journal).unwrap();
            fs::write(journal, text.replacen("\"attempt\":1", "\"attempt\":2", 1)).unwrap();
        }),
        ("another line", &|_, journal| {
            let text = fs::read_to_string(journal).unwrap();
            let intent = text.lines().find(|it| it.contains("\"intent\"")).unwrap();
            fs::write(journal, format!("{text}{intent}\n")).unwrap();
        }),
        ("no seals", &|_, journal| {
            let text = fs::read_to_string(journal).unwrap();
            let bare = |it: &str| it.split_once(",\"seal\"").unwrap().0.to_owned() + "}\n";
            fs::write(journal, text.lines().map(bare).collect::<String>()).unwrap();
        }),
        ("another key", &|world, _| {
            fs::write(world.path().join(".rolecall/journal.key"), [7; 32]).unwrap();
        }),
        ("no key", &|world, _| fs::remove_file(world.path().join(".rolecall/journal.key")).unwrap()),
        ("a key that others can read", &|world, _| {
            let path = world.path().join(".rolecall/journal.key");
            fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        }),
    ];
    for (what, edit) in edits {
        for before_the_rollback in [true, false] {
            let world = world();
            let journal = mistake(&world);
            if before_the_rollback {
                edit(&world, &journal);
            }
            let plan = undo(&world, &journal);
            assert_eq!(
                plan.stderr.contains("nothing proves"),
                before_the_rollback,
                "{what}\n{}",
                plan.stderr
            );
            if !before_the_rollback {
                edit(&world, &journal);
            }
            // The plan says that it is a rollback, and is not believed.
            world.run("apply undo.json").expect(6).says(&["removals"]);
            assert_eq!(world.members("Crowd").len(), 90, "{what}");
        }
    }
}

#[test]
fn a_plan_that_calls_itself_a_rollback_exempts_nothing() {
    let world = world().ruled("guards: { removals: { percent: 20 } }\n");
    let journal = mistake(&world);
    undo(&world, &journal);
    let undone: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(world.path().join("undo.json")).unwrap()).unwrap();
    // Back by the files what the journal gave: all of that is one removal after another, of the first twenty.
    crowd(&world, 40..90);
    let mut plan = world.run("plan --format json").expect(0).json();
    plan["undoes"] = undone["undoes"].clone();
    // Whole, as far as anybody can tell who does not sign it.
    plan.as_object_mut().unwrap().remove("digest");
    let blank = "0".repeat(64);
    let text = format!("{},\"digest\":\"{blank}\"}}", plan.to_string().trim_end_matches('}'));
    let digest = rolecall::report::document::seal(&text).unwrap().to_string();
    world.write("forged.json", &text.replace(&blank, &digest));
    let run = world.run("apply forged.json").expect(6);
    assert!(run.stdout.contains("STOP") && run.stdout.contains("removals"), "{}", run.stdout);
    // Without its journal a rollback is judged like any other.
    fs::remove_file(&journal).unwrap();
    world.run("apply undo.json").expect(6).says(&["judged like any other"]);
}

#[test]
fn a_group_that_was_empty_may_be_empty_again() {
    let world = World::seeded(&SEED.replace("members: [cy@voyager.example]", "members: []"));
    world.write(
        "access/a.yaml",
        "version: 1\ngroups:\n  - { name: Night, description: The night., roles: unmanaged, members: [ana@voyager.example] }\n",
    );
    world.apply().expect(0);
    undo(&world, &journals(&world)[0]);
    world.run("apply undo.json").expect(0);
    assert_eq!(world.members("Night"), [""; 0]);
    // One that was not is stopped as ever: who was in has gone since.
    let world = World::new();
    world.write(
        "access/a.yaml",
        "version: 1\ngroups:\n  - { name: Night, description: The night., roles: unmanaged, members: { atLeast: [ana@voyager.example] } }\n",
    );
    world.apply().expect(0);
    let cy = world.user("cy@voyager.example");
    world.patch_members("Night", &json!({ "userIdsToDelete": [cy] }));
    undo(&world, &journals(&world)[0]);
    world.run("apply undo.json").expect(6).says(&["group-emptied"]);
}

/// What the files ask for at one time: of two groups their roles and members, and whether they are there at all.
#[derive(Clone, Debug)]
struct Wish([(u8, u8, u8); 2]);

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    prop::collection::vec(prop::array::uniform2((0..6_u8, 1..8_u8, 0..4_u8)).prop_map(Wish), 2..4)
}

fn ask(world: &World, wish: &Wish) {
    let (mut groups, mut removed) = (String::new(), String::new());
    for (name, (kind, members, role)) in ["Desk", "Night"].iter().zip(wish.0) {
        if kind == 0 {
            removed += &format!("  - {{ group: {name}, reason: over }}\n");
            continue;
        }
        let people = ["ana", "bo", "cy"].iter().enumerate().filter(|it| members & (1 << it.0) != 0);
        let people: Vec<String> = people.map(|it| format!("{}@voyager.example", it.1)).collect();
        let role = match role {
            0 => "[]".to_owned(),
            1 => "[{ role: Agent, scope: { company: globex } }]".to_owned(),
            2 => "[{ role: Agent, scope: { company: [globex, initech] } }]".to_owned(),
            _ => "[{ role: Trip Manager, scope: { company: initech } }]".to_owned(),
        };
        groups += &format!(
            "  - {{ name: {name}, description: d{kind}, roles: {role}, members: [{}] }}\n",
            people.join(", ")
        );
    }
    let list = |name: &str, of: &str| if of.is_empty() { String::new() } else { format!("{name}:\n{of}") };
    world.write(
        "access/a.yaml",
        &format!("version: 1\n{}{}", list("groups", &groups), list("removed", &removed)),
    );
}

/// Of each role the companies that it is on, by however many entries: to widen one only adds.
fn by_meaning(roles: &[String]) -> Vec<String> {
    let mut companies: BTreeSet<String> = BTreeSet::new();
    for role in roles {
        let (name, scope) = role.split_once(" COMPANY=").unwrap();
        let simple = !scope.contains(['&', '|']);
        let each: Vec<&str> = if simple { scope.split(',').collect() } else { vec![scope] };
        companies.extend(each.into_iter().map(|it| format!("{name} on {it}")));
    }
    companies.into_iter().collect()
}

fn state(world: &World) -> Vec<(String, String, Vec<String>, Vec<String>)> {
    let groups = world.list("user-groups/list");
    let group = |it: &serde_json::Value| {
        let name = it["name"].as_str().unwrap();
        (name.to_owned(), it["description"].to_string(), by_meaning(&world.roles(name)), world.members(name))
    };
    let mut all: Vec<_> = groups.iter().map(group).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    /// The last first leads back to the start. Any other order does so too, or was told what to undo first.
    #[test]
    fn undoing_leads_back_or_says_what_is_first(wishes in wishes(), order in any::<u16>()) {
        for backwards in [true, false] {
            let world = World::new().ruled("guards: { removals: { percent: 100, atMost: 1000 } }\n");
            let before = state(&world);
            for wish in &wishes {
                ask(&world, wish);
                world.apply();
            }
            let made = journals(&world);
            let mut order: Vec<usize> = if backwards {
                (0..made.len()).rev().collect()
            } else {
                let mut left: Vec<usize> = (0..made.len()).collect();
                let pick = |at: usize, left: &mut Vec<usize>| left.remove(usize::from(order >> at) % left.len());
                (0..made.len()).map(|at| pick(at, &mut left)).collect()
            };
            order.dedup();
            let mut told = false;
            for at in order {
                let plan = undo(&world, &made[at]);
                told |= plan.stderr.contains("undo that first");
                prop_assert!(!(backwards && told), "{}", plan.stderr);
                let run = world.run("apply undo.json");
                prop_assert!(run.code == 0 || told, "{}\n{}", run.stdout, run.stderr);
            }
            prop_assert!(told || state(&world) == before, "{:?}\n{:?}", state(&world), before);
        }
    }
}
