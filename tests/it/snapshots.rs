//! Snapshots: a plan from one is the plan from the API, without a network, and what is no snapshot is refused.

use std::{fs, process::Stdio};

use rolecall::sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::support::{
    NO_CHANGES, Run, SEED, VOYAGER, World, client, repository,
    tenant::{Dice, side_by_side},
    words,
};

/// Runs the binary without a token and with an endpoint where nobody answers.
fn offline(world: &World, line: &str) -> Run {
    let mut command = world.command();
    command.env("ROLECALL_ENDPOINT", "http://127.0.0.1:1").env_remove("ROLECALL_TOKEN");
    command.args(words(line)).stdin(Stdio::null()).output().unwrap().into()
}

/// Returns a plan as JSON without what tells where it comes from.
fn bare(run: &Run) -> Value {
    let mut plan = run.json();
    plan.as_object_mut().unwrap().retain(|it, _| it != "taken" && it != "digest");
    plan
}

const NOW: &str = "--now 2026-12-24T03:17:00Z";

/// Panics unless a plan from the API and one from a snapshot are the same.
#[track_caller]
fn same(world: &World, file: &str, what: &str) {
    let line = format!("plan --detailed-exitcode --format json {NOW}");
    let live = world.run(&line);
    let recorded = offline(world, &format!("{line} --live {file}"));
    assert_eq!(live.code, recorded.code, "{what}\n{}\n{}", live.stderr, recorded.stderr);
    assert!([0, 2].contains(&live.code), "{what}\n{}", live.stderr);
    let (one, other) = (bare(&live), bare(&recorded));
    assert!(one == other, "{what}\n{}", similar(&one, &other));
    let text = |run: Run| run.stdout.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        text(world.run(&format!("plan {NOW}"))),
        text(offline(world, &format!("plan {NOW} --live {file}"))),
        "{what}"
    );
}

/// Returns the lines in which two documents differ.
fn similar(one: &Value, other: &Value) -> String {
    let (one, other) = (format!("{one:#}"), format!("{other:#}"));
    let lines = one.lines().zip(other.lines()).filter(|(a, b)| a != b);
    lines.map(|(a, b)| format!("- {a}\n+ {b}\n")).take(20).collect()
}

#[test]
fn a_plan_from_a_snapshot_is_the_plan_from_the_api_in_every_world() {
    side_by_side(&(1..13_u64).collect::<Vec<_>>(), |seed| {
        let mut dice = Dice(*seed);
        let live = dice.tenant();
        let wish = dice.wish(&live);
        let echo = ["asSent", "sorted", "split"][dice.below(3)];
        let refused = dice.in_hundred(40);
        let list = if refused { "refused" } else { "available" };
        let world = live.world(&format!("{{ scopeEcho: {echo}, usersList: {list}, maxLimit: 3 }}"));
        // A directory that is open tells of people whom no file names yet.
        world.write("access/a.yaml", &if refused { wish.files() } else { live.files() });
        world.run("snapshot --out live.json").expect(0);
        world.run("snapshot --sanitize --out hidden.json").expect(0);
        world.write("access/a.yaml", &wish.files());
        same(&world, "live.json", &format!("seed {seed}"));
        // From the sanitized one it does the same; only strangers have no names.
        let line = format!("plan --format json {NOW}");
        let (one, other) = (
            world.run(&line).json(),
            offline(&world, &format!("{line} --live hidden.json")).expect(0).json(),
        );
        for field in ["id", "summary", "live", "people", "gaps", "withheld", "remarks", "companies"] {
            assert_eq!(one[field], other[field], "seed {seed}: {field}");
        }
    });
}

/// A world in which the files single people out and name them in every way, rightly and wrongly.
fn rich(dialect: &str) -> World {
    let seed = SEED.replace(
        "permissions: [{ permission: COMPANY_MANAGEMENT, actions: [ALL] }]",
        "permissions: [{ permission: ACCESS_MANAGEMENT, actions: [ALL] }]",
    );
    World::seeded(&format!("{seed}{dialect}"))
        .ruled(
            "api: { identity: { email: root@voyager.example } }
guards: { privileged: [Company Management Admin], protected: { people: [\"cy@*\"] } }
lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: stolen laptop }]
exceptions: [{ guard: protected, person: cy@voyager.example, upTo: 1, until: 2027-06-01, reason: moves }]
",
        )
        .groups(
            "  - name: Desk
    description: The desk, renewed.
    roles: [{ role: Agent, scope: { profile: vip@globex.example } }]
    members: [{ externalId: agent-17 }, { employeeId: V-3 }, gone@voyager.example, nobody@voyager.example, vip@globex.example, ana@voyager.example]
  - { name: Night, description: The night., roles: [], members: { atLeast: [{ externalId: nothing }] } }
",
        )
}

#[test]
fn everything_that_singles_people_out_is_in_a_snapshot() {
    for dialect in ["", "dialect: { usersList: refused }\n"] {
        let world = rich(dialect);
        world.run("snapshot --out live.json").expect(0);
        same(&world, "live.json", dialect);
    }
}

#[test]
fn a_snapshot_knows_what_later_files_will_ask() {
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    world.run("snapshot --out live.json").expect(0);
    world.write(
        "access/a.yaml",
        "version: 1
groups:
  - { name: Night, description: N., roles: [{ role: Trip Manager, scope: { profile: vip@globex.example } }], members: [{ externalId: agent-17 }, nobody@voyager.example] }
  - { name: New, description: New., roles: [], members: [{ employeeId: V-3 }] }
removed: [{ group: Desk, reason: over }]
",
    );
    same(&world, "live.json", "other files");
}

#[test]
fn a_snapshot_is_private_valid_and_the_same_twice() {
    let world = rich("");
    let read = || world.run(&format!("snapshot {NOW}")).expect(0);
    let text = read().stdout;
    assert_eq!(text, read().stdout);
    let schema: Value = serde_json::from_str(&repository("schemas/snapshot.schema.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    jsonschema::validate(&schema, &document).unwrap();
    world.forget();
    let run = world.run(&format!("snapshot --out live.json --format json {NOW}")).expect(0).json();
    assert_eq!((&run["kind"], &run["groups"]), (&"saved-snapshot".into(), &3.into()));
    assert_eq!(fs::read_to_string(world.path().join("live.json")).unwrap(), text);
    assert_eq!(world.writes(), [""; 0]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(world.path().join("live.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// A file that was there already may be open to everybody.
#[cfg(unix)]
#[test]
fn what_is_saved_is_private_also_in_the_place_of_an_open_file() {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
    let world = rich("");
    let at = |name: &str| world.path().join(name);
    let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
    for line in ["snapshot --sanitize --out", "plan --out"] {
        world.write("out.json", "old");
        fs::set_permissions(at("out.json"), fs::Permissions::from_mode(0o644)).unwrap();
        symlink("out.json", at("link.json")).unwrap();
        // Where it cannot be written whole, what was there stays.
        let before = fs::read_dir(world.path()).unwrap().count();
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_rolecall")]);
        shell.args(words(&format!("{line} out.json"))).current_dir(world.path());
        shell.env("ROLECALL_ENDPOINT", world.url()).env("ROLECALL_TOKEN", "full-token");
        let failed: Run = shell.output().unwrap().into();
        failed.expect(4).says(&["cannot write the ", "out.json", "hint: "]);
        assert_eq!(fs::read_to_string(at("out.json")).unwrap(), "old", "{line}");
        assert_eq!(fs::read_dir(world.path()).unwrap().count(), before, "{line}: something is left over");
        // A link may be of somebody else's change, and leads where they like.
        world.run(&format!("{line} link.json")).expect(4).says(&["link.json is a link", "hint: "]);
        assert!(fs::symlink_metadata(at("link.json")).unwrap().is_symlink(), "{line}");
        assert_eq!(fs::read_to_string(at("out.json")).unwrap(), "old", "{line}");
        world.run(&format!("{line} out.json")).expect(0);
        assert_eq!(mode("out.json"), 0o600, "{line}");
        assert!(fs::read_to_string(at("out.json")).unwrap().starts_with('{'), "{line}");
        // The machine's own links are meant.
        let streamed = world.run(&format!("{line} /dev/stdout --quiet")).expect(0);
        assert!(streamed.stdout.contains("\"kind\": "), "{line}: {}", streamed.stdout);
        fs::remove_file(at("link.json")).unwrap();
        // What is no file is written to and stays what it is.
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let pipe = at("pipe");
        let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
        world.run(&format!("{line} pipe")).expect(0);
        assert!(fs::metadata(at("pipe")).unwrap().file_type().is_fifo(), "{line}");
        assert!(reader.join().unwrap().starts_with('{'), "{line}");
        fs::remove_file(at("pipe")).unwrap();
    }
}

#[test]
fn a_token_that_may_only_read_takes_a_snapshot() {
    let world = rich("").variable("ROLECALL_TOKEN", "read-token");
    world.run("snapshot --out live.json").expect(0);
}

#[test]
fn what_is_no_whole_snapshot_is_refused_with_what_it_is() {
    let world = rich("");
    world.run("snapshot --out live.json").expect(0);
    let text = fs::read_to_string(world.path().join("live.json")).unwrap();
    let plan = world.run("plan --format json").expect(0).stdout;
    let half = &text[..text.len() / 2];
    for (text, words) in [
        (text.replacen("The night.", "The day.", 1), "was changed after it was taken"),
        (text.replacen("\"active\": true", "\"active\": false", 1), "was changed after it was taken"),
        (half.to_owned(), "the snapshot is not JSON"),
        (text.replacen("\"version\": 3", "\"version\": 4", 1), "has version 4 of its form"),
        (text.replacen("\"version\": 3", "\"version\": 3, \"more\": 1", 1), "incomplete or damaged"),
        (plan, "its kind is `plan`"),
        ("[1, 2]".to_owned(), "is not a snapshot of rolecall"),
        (String::new(), "the snapshot is empty"),
    ] {
        world.write("wrong.json", &text);
        let run = offline(&world, "plan --live wrong.json").expect(4).says(&[words, "wrong.json", "hint: "]);
        assert_eq!(run.stdout, "", "{words}");
    }
    offline(&world, "plan --live nowhere.json").expect(4).says(&["cannot read the snapshot"]);
    // Another layout says the same.
    world.write("narrow.json", &text.lines().map(str::trim_start).collect::<String>());
    offline(&world, "plan --live narrow.json").expect(0);
}

#[test]
fn what_a_snapshot_does_not_know_is_never_guessed() {
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    world.run("snapshot --out live.json").expect(0);
    // Whom a lock-out names later: what they hold outside groups was not asked.
    world.write(
        "rolecall.yaml",
        &format!(
            "{}lockout: [{{ email: bo@voyager.example, since: 2026-11-20, reason: gone }}]\n",
            fs::read_to_string(world.path().join("rolecall.yaml")).unwrap()
        ),
    );
    offline(&world, &format!("plan {NOW} --live live.json"))
        .expect(8)
        .says(&["which roles bo@voyager.example holds outside groups", "take a new snapshot"]);
    world.run("snapshot --out live.json").expect(0);
    same(&world, "live.json", "taken again");
    // A directory that was not open as a whole does not know whom it was not asked for.
    let world = World::seeded(&format!("{SEED}dialect: {{ usersList: refused }}\n"))
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    world.run("snapshot --out live.json").expect(0).says(&["refuses to list all users"]);
    world.write("access/a.yaml", "version: 1\ngroups: [{ name: Desk, description: The desk., roles: unmanaged, members: { atLeast: [root@voyager.example] } }]\n");
    offline(&world, "plan --live live.json").expect(8).says(&["who root@voyager.example is"]);
    // A company that came later.
    world.write("access/a.yaml", "version: 1\ncompany: globex\nremoved: [{ group: Old, reason: r }]\n");
    offline(&world, "plan --live live.json").expect(8).says(&["does not know the company"]);
}

#[test]
fn a_sanitized_snapshot_tells_no_address_and_plans_the_same() {
    let world = rich("");
    let text = world.run("snapshot --sanitize").expect(0).stdout;
    for secret in ["@voyager.example", "@globex.example", "agent-17", "V-3"] {
        assert!(!text.contains(secret), "{secret} is in the snapshot");
    }
    assert!(text.contains("\"Desk\""), "names of groups stay");
    world.write("hidden.json", &text);
    let line = format!("plan --format json {NOW}");
    let live = world.run(&line).expect(0).json();
    let run = offline(&world, &format!("{line} --live hidden.json"));
    let run = run.expect(0).says(&["warning: the snapshot is sanitized"]);
    assert_eq!((&live["id"], &live["withheld"]), (&run.json()["id"], &run.json()["withheld"]));
    // A salt that was given stays where it is, and makes the same pseudonyms every time.
    let salt = "00112233445566778899aabbccddeeff";
    let salted = |line: &str, salt: &str| -> Run {
        world.command().args(words(line)).env("ROLECALL_SNAPSHOT_SALT", salt).output().unwrap().into()
    };
    let text = salted(&format!("snapshot --sanitize {NOW}"), salt).expect(0).stdout;
    assert!(!text.contains(salt));
    assert_eq!(salted(&format!("snapshot --sanitize {NOW}"), salt).expect(0).stdout, text);
    world.write("apart.json", &text);
    offline(&world, "plan --live apart.json").expect(4).says(&["ROLECALL_SNAPSHOT_SALT"]);
    salted("plan --live apart.json", &salt.replace('0', "1")).expect(4).says(&["another salt"]);
    assert_eq!(salted(&format!("{line} --live apart.json"), salt).expect(0).json()["id"], live["id"]);
    salted("snapshot --sanitize", "short").expect(4).says(&["at least 32 hexadecimal digits"]);
}

/// What people are is for nobody who gets a sanitized snapshot: such a plan leaves them as they are.
#[test]
fn a_plan_from_a_sanitized_snapshot_changes_nobody_says_why_and_is_not_that_from_the_api() {
    let world = crate::lives::world();
    crate::lives::declare(&world, "  - { user: ana@voyager.example, business: { department: service } }\n");
    world.run("snapshot --sanitize --out hidden.json").expect(0);
    let plan = world.run("plan --live hidden.json --check --out plan.json").expect(3);
    let text = plan.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(text.matches("(a sanitized one says it of nobody)").count(), 1, "{text}");
    let json = offline(&world, "plan --live hidden.json --format json").json();
    assert!(json["edits"].as_array().unwrap().iter().all(|it| it["kind"] != "person"), "{json:#}");
    world.forget();
    world.run("apply plan.json --auto-approve").expect(7);
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
fn a_plan_from_a_snapshot_says_so_and_is_applied_like_any_other() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n",
    );
    world.run("snapshot --now 2026-11-21T08:00:00Z --out live.json").expect(0);
    let text = offline(&world, "plan --live live.json --out plan.json").expect(0).stdout;
    assert!(text.lines().next().unwrap().contains("snapshot of 2026-11-21T08:00:00Z"), "{text}");
    let markdown = offline(&world, "plan --live live.json --format markdown").expect(0).stdout;
    assert!(markdown.contains("From a snapshot of 2026-11-21T08:00:00Z, not from the API."), "{markdown}");
    world.run("apply --live live.json --auto-approve").expect(4).says(&["--live"]);
    world.run("apply plan.json").expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
    world.settled();
    // By now the group is another one than the snapshot shows.
    offline(&world, "plan --live live.json --out plan.json").expect(0).shows("- member bo@voyager.example");
    world.patch_members("Desk", &serde_json::json!({ "userIdsToAdd": [world.user("cy@voyager.example")] }));
    world.run("apply plan.json").expect(7);
}

#[test]
fn drift_and_rollback_read_snapshots_as_well() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n",
    );
    world.run("apply --auto-approve --journal journal.ndjson").expect(0);
    world.run("snapshot --out live.json").expect(0);
    let drift = offline(&world, "drift --live live.json").expect(0);
    assert!(
        drift.stdout.contains(NO_CHANGES) && drift.stdout.contains("in the snapshot of "),
        "{}",
        drift.stdout
    );
    let line = format!("rollback journal.ndjson --format json {NOW}");
    let live = world.run(&line).expect(0);
    assert_eq!(bare(&live), bare(&offline(&world, &format!("{line} --live live.json")).expect(0)));
}

#[test]
fn an_apply_is_rehearsed_in_a_sandbox_that_begins_with_a_snapshot() {
    for dialect in ["", "dialect: { usersList: refused }\n"] {
        let world = rich(dialect);
        world.run("snapshot --out live.json").expect(0);
        let line = format!("plan --format json {NOW}");
        let plan = world.run(&line).expect(0).json();
        let load = Some(world.path().join("live.json"));
        let sandbox = Sandbox::start(Options { load, ..Options::default() }).unwrap();
        let there = |line: &str| -> Run {
            let mut command = world.command();
            command.env_remove("ROLECALL_TOKEN").env("ROLECALL_ENDPOINT", sandbox.url());
            let (id, secret) = client(&sandbox);
            command.env("ROLECALL_CLIENT_ID", id).env("ROLECALL_CLIENT_SECRET", secret);
            command.args(words(line)).stdin(Stdio::null()).output().unwrap().into()
        };
        let rehearsed = there(&line).expect(0).json();
        for field in ["id", "summary", "edits", "groups", "live", "withheld", "survivors", "guards"] {
            assert_eq!(rehearsed[field], plan[field], "{dialect}{field}");
        }
        // It stops where the real one would: a guard holds the plan.
        let apply = there("apply --auto-approve --journal one.ndjson").code;
        assert_eq!(apply, world.run("apply --auto-approve --journal two.ndjson").code, "{dialect}");
    }
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: [{ role: Trip Manager, scope: { company: initech } }], members: [cy@voyager.example] }\n",
    );
    world.run("snapshot --out live.json").expect(0);
    let load = Some(world.path().join("live.json"));
    let sandbox = Sandbox::start(Options { load, ..Options::default() }).unwrap();
    let there = |line: &str| -> Run {
        let mut command = world.command();
        command.env_remove("ROLECALL_TOKEN").env("ROLECALL_ENDPOINT", sandbox.url());
        let (id, secret) = client(&sandbox);
        command.env("ROLECALL_CLIENT_ID", id).env("ROLECALL_CLIENT_SECRET", secret);
        command.args(words(line)).stdin(Stdio::null()).output().unwrap().into()
    };
    there("apply --auto-approve").expect(0);
    there("plan --detailed-exitcode").expect(0).ends_with(NO_CHANGES);
    assert_eq!(
        world.members("Desk"),
        ["ana@voyager.example", "bo@voyager.example"],
        "the real one is as it was"
    );
}

#[test]
fn a_sandbox_begins_with_no_file_that_is_no_snapshot() {
    let world = World::new();
    world.write("wrong.json", "{}");
    world.run("sandbox --load wrong.json").expect(4).says(&["is not a snapshot", "hint: "]);
}

/// What a group holds goes with the plan, whether or not the company's list shows that role.
#[test]
fn a_role_that_no_list_shows_is_rehearsed_as_well() {
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: [], members: [ana@voyager.example, bo@voyager.example] }\n");
    let agent = world.role("Agent");
    let mut listed = world.list("roles");
    listed.retain(|it| it["id"] != *agent);
    let total = listed.len();
    let body = json!({ "roles": listed, "pagination": { "totalNumResults": total } }).to_string();
    let path = format!("/v3/companies/{VOYAGER}/roles");
    world.faults(json!([{ "path": path, "times": 0, "kind": { "status": { "code": 200, "body": body } } }]));
    let line = format!("plan --format json {NOW}");
    let plan = world.run(&line).expect(0).json();
    assert!(plan["groups"].to_string().contains(&agent), "{plan:#}");
    world.run("snapshot --out live.json").expect(0);
    assert_eq!(offline(&world, &format!("{line} --live live.json")).expect(0).json()["id"], plan["id"]);
    let load = Some(world.path().join("live.json"));
    let sandbox = Sandbox::start(Options { load, ..Options::default() }).unwrap();
    let there = |line: &str| -> Run {
        let mut command = world.command();
        command.env_remove("ROLECALL_TOKEN").env("ROLECALL_ENDPOINT", sandbox.url());
        let (id, secret) = client(&sandbox);
        command.env("ROLECALL_CLIENT_ID", id).env("ROLECALL_CLIENT_SECRET", secret);
        command.args(words(line)).stdin(Stdio::null()).output().unwrap().into()
    };
    assert_eq!(there(&line).expect(0).json()["id"], plan["id"]);
    there("snapshot --out rehearsed.json").expect(0);
    let roles = |file: &str| {
        let text = fs::read_to_string(world.path().join(file)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["companies"][0]["roles"].clone()
    };
    assert_eq!(roles("rehearsed.json"), roles("live.json"), "no list shows it there either");
    there("apply --auto-approve").expect(0);
    there("plan --detailed-exitcode").expect(0).ends_with(NO_CHANGES);
}
