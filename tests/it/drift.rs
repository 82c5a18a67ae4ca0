//! What drifted: when it came to be there and by whose account, as far as the API tells.

use rolecall::{
    live::snapshot::{self, Snapshot},
    model::{ids::UserId, stamp::Stamp},
};
use serde_json::{Value, json};

use crate::support::{World, repository};

/// The members of Desk in the default seed and two more; Night as it is.
const DECLARED: &str = "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example] }
  - { name: Night, description: At night., roles: unmanaged, members: unmanaged }
";

/// A world of which the API tells times: each member of Desk was added a day after the one before, from the 10th on, and Bo's
/// account touched Desk, one without a user touched Night.
fn world(rules: &str, change: impl Fn(&mut Snapshot)) -> World {
    World::recorded(&recorded(change)).ruled(rules).groups(DECLARED)
}

fn recorded(change: impl Fn(&mut Snapshot)) -> String {
    let seeded = World::new().groups(DECLARED);
    seeded.run("snapshot --out live.json").expect(0);
    let text = std::fs::read_to_string(seeded.path().join("live.json")).unwrap();
    let mut live = snapshot::read(text).unwrap();
    let at = |text: &str| Some(text.parse().unwrap());
    let bo: UserId = UserId(seeded.user("bo@voyager.example").parse().unwrap());
    for group in live.companies.iter_mut().flat_map(|it| &mut it.groups) {
        let day = |n: usize| at(&format!("2026-11-{:02}T09:12:00Z", 10 + n));
        group.added = (0..group.members.len()).map(day).collect();
        group.created = Stamp::new(at("2026-03-01T08:00:00Z"), None, Some("portal".into()));
        let (by, name) =
            if &*group.name == "Desk" { (Some(bo), None) } else { (None, Some("Portal `job`".into())) };
        group.updated = Stamp::new(at("2026-11-19T10:20:00Z"), by, name);
    }
    change(&mut live);
    let live = Snapshot::new(
        (live.created_at, &live.endpoint, live.names),
        live.companies,
        live.directories,
        live.people,
    );
    snapshot::write(&live)
}

fn untold(live: &mut Snapshot) {
    for group in live.companies.iter_mut().flat_map(|it| &mut it.groups) {
        (group.added, group.created, group.updated) = ([].into(), None, None);
    }
}

#[test]
fn what_drifted_says_when_it_appeared_and_who_touched_its_group() {
    let world = world("", |_| ());
    for line in ["drift", "plan --detailed-exitcode"] {
        let text = world.run(line).expect(2);
        let text = text.shows("~ group Desk access/a.yaml:3 last changed 2026-11-19 by bo@voyager.example");
        let added = text.stdout.lines().find(|it| it.contains("- member  bo@")).unwrap();
        assert!(added.contains("not declared; added 2026-11-1"), "{added}");
        text.shows("~ group Night access/a.yaml:4 last changed 2026-11-19 by Portal `job`");
        let markdown = world.run(&format!("{line} --format markdown")).expect(2).stdout;
        for told in ["last changed 2026-11-19 by bo@voyager.example", "not declared; added 2026-11-1"] {
            assert!(markdown.contains(told), "{markdown}");
        }
    }
    let plan = world.run("drift --format json").expect(2).json();
    let members = world.list(&format!("user-groups/{}/members", world.id("Desk")));
    let bo = world.user("bo@voyager.example");
    let told = members.iter().find(|it| it["userId"] == bo).unwrap()["addedAt"]["iso8601"].clone();
    let removed = plan["edits"].as_array().unwrap().iter().find(|it| it["userId"] == bo).unwrap();
    assert_eq!(removed["addedAt"], told);
    assert!(removed.to_string().len() <= 350, "{removed}");
    assert_eq!(plan["groups"][0]["updated"], json!({ "at": "2026-11-19T10:20:00Z", "by": bo }));
    assert_eq!(plan["names"]["people"][&bo], "bo@voyager.example");
    // A saved plan says the same.
    world.run("plan --out plan.json").expect(0);
    let planned = world.run("plan").expect(0).stdout;
    let shown = world.run("apply plan.json --auto-approve").expect(0).stdout;
    let rows =
        |it: &str| it.lines().filter(|it| it.contains("2026-11-1")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&shown), rows(&planned));
    assert!(!rows(&shown).is_empty());
}

#[test]
fn where_nothing_is_told_nothing_is_said() {
    let world = world("", |_| ());
    world.write("live.json", &recorded(untold));
    let text = world.run("drift --live live.json").expect(2);
    for word in ["last changed", "added 20", "created 20"] {
        assert!(!text.stdout.contains(word), "{}", text.stdout);
    }
    text.shows("- member bo@voyager.example not declared");
}

#[test]
fn a_group_made_by_hand_says_who_made_it_where_it_is_forbidden() {
    for (rules, told) in [("unmanaged: forbid\n", true), ("", false)] {
        let world = world(rules, |live| {
            live.companies[0]
                .groups
                .iter_mut()
                .filter(|it| &*it.name == "Night")
                .for_each(|it| it.name = "By hand".into());
        });
        world.write("access/a.yaml", &format!("version: 1\ngroups:\n{}", DECLARED.lines().next().unwrap()));
        let text = world.run("drift").expect(2).stdout;
        let line = "By hand (created 2026-03-01 by portal)";
        assert_eq!(text.contains(line), told, "{text}");
        let plan = world.run("plan --format json").expect(0).json();
        let unmanaged = plan["companies"][0]["unmanaged"].as_array().unwrap();
        let created = unmanaged.iter().filter(|it| it.get("created").is_some()).count();
        assert_eq!(created, usize::from(told), "{unmanaged:?}");
        assert!(unmanaged.iter().all(|it| it.get("standard").is_none() || it.get("created").is_none()));
    }
}

/// What a change itself does away with has not drifted.
#[test]
fn of_a_change_under_review_only_the_drift_tells_when_it_appeared() {
    let world = world("", |_| ());
    world.write(
        "access/a.yaml",
        &format!("version: 1\ngroups:\n{}", DECLARED.replace("ana@voyager.example", "bo@voyager.example")),
    );
    crate::bases::commit(&world.path());
    world.write(
        "access/a.yaml",
        &format!("version: 1\ngroups:\n{}", DECLARED.replace("[ana@voyager.example]", "[]")),
    );
    let text = world.run("plan --base main").expect(0).stdout;
    let line =
        |who: &str| text.lines().find(|it| it.contains(&format!("- member  {who}"))).unwrap().to_owned();
    assert!(!line("bo@").contains("added 20"), "{text}");
    assert!(line("ana@").contains("not declared; added 2026-11-1"), "{text}");
}

/// The times are in a snapshot, and one of the form before this is read as well.
#[test]
fn a_snapshot_keeps_the_times_and_an_old_one_is_read() {
    let world = world("", |_| ());
    world.run("snapshot --out live.json").expect(0);
    let rows = |text: String| {
        text.lines().filter(|it| it.contains(" 2026-11-1")).map(str::to_owned).collect::<Vec<_>>()
    };
    let live = rows(world.run("plan").expect(0).stdout);
    assert_eq!(live.len(), 3, "{live:?}");
    assert_eq!(rows(world.run("plan --live live.json").expect(0).stdout), live);
    let recorded: Value =
        serde_json::from_str(&std::fs::read_to_string(world.path().join("live.json")).unwrap()).unwrap();
    assert_eq!(recorded["version"], 3);
    // Without the names that may be people's.
    world.run("snapshot --sanitize --out bare.json").expect(0);
    let bare = std::fs::read_to_string(world.path().join("bare.json")).unwrap();
    assert!(!bare.contains("Portal") && bare.contains("2026-11-19T10:20:00Z"), "{bare}");

    let old = repository("tests/fuzz/corpus/snapshot/quickstart.json");
    assert!(old.contains("\"version\": 1,") && !old.contains("addedAt"));
    assert_eq!(snapshot::read(old.clone()).unwrap().version, 1);
    let changed = old.replacen("Winter Migration", "Summer Migration", 1);
    assert!(snapshot::read(changed).is_err(), "the digest is of the old form as well");
    for version in ["0", "4"] {
        let other = old.replacen("\"version\": 1,", &format!("\"version\": {version},"), 1);
        let why = snapshot::read(other).unwrap_err().to_string();
        assert!(
            why.contains(&format!(
                "has version {version} of its form, and this rolecall reads versions 1 to 3"
            )),
            "{why}"
        );
    }
}

/// What only reads needs no more than that: the token is refused for every write, and nothing is tried.
#[test]
fn a_token_that_may_not_write_is_enough_for_whatever_only_reads() {
    let accept =
        "accept: [{ group: Desk, person: bo@voyager.example, owner: o, until: 2026-12-31, reason: r }]\n";
    for (rules, code) in [("", 2), (accept, 0)] {
        let declared = DECLARED.replace("At night.", "The night.");
        let world = World::new().ruled(rules).groups(&declared).variable("ROLECALL_TOKEN", "read-token");
        let now = "--now 2026-11-21T00:00:00Z";
        for line in [
            "plan --detailed-exitcode",
            "drift",
            "drift --format json",
            "plan --format markdown --detailed-exitcode",
        ] {
            world.run(&format!("{line} {now}")).expect(code);
        }
        for line in [
            format!("drift --adopt --dry-run {now}"),
            "import --merge --dry-run".to_owned(),
            "snapshot --out live.json".to_owned(),
        ] {
            let run = world.run(&line);
            assert!(![1, 4, 5, 8].contains(&run.code), "{line}: {}\n{}", run.stdout, run.stderr);
        }
        assert_eq!(world.writes(), [""; 0]);
    }
}
