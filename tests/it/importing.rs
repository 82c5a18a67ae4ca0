//! `rolecall import`: files for a company that is in none yet, through the real binary.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::{
    NO_CHANGES, Run, SEED, VOYAGER, World, binary, repository,
    tenant::{Dice, side_by_side},
    words,
};

/// A TMC with two clients whose people tell their names and one of which nobody tells anything, a standard group,
/// scopes that several roles have, and people who are hard to name.
const TELLING: &str = "
version: 1
companies:
  - { name: Voyager Travel GmbH, kind: tmc, id: 1a6f0000-0000-4000-8000-000000000001, legalEntities: [{ name: voyager-de }] }
  - { name: Globex, id: 2b7e0000-0000-4000-8000-000000000002, legalEntities: [{ name: Globex UK, id: 3c8d0000-0000-4000-8000-000000000001 }] }
  - { name: Initech, id: 4c7e0000-0000-4000-8000-000000000003, legalEntities: [{ name: initech-us }] }
  - { name: Umbrella, id: 5d7e0000-0000-4000-8000-000000000004, legalEntities: [{ name: umbrella-fr, id: 3c8d0000-0000-4000-8000-000000000002 }] }
tokens:
  - { token: full-token, access: full }
  - { token: read-token, access: read }
roles:
  - { name: Agent, permissions: [{ permission: AGENT, actions: [ALL] }] }
  - { name: Trip Manager, permissions: [{ permission: TRIP_MANAGEMENT, actions: [READ, WRITE] }] }
  - { name: Company Management Admin, permissions: [{ permission: COMPANY_MANAGEMENT, actions: [ALL] }] }
users:
  - { email: root@voyager.example, company: Voyager Travel GmbH }
  - { email: ana@voyager.example, company: Voyager Travel GmbH }
  - { email: bo@voyager.example, company: Voyager Travel GmbH, externalId: agent-17, id: 5e500000-0000-4000-8000-000000000009 }
  - { email: bo@voyager.example, company: Voyager Travel GmbH, employeeId: V-3, id: 5e500000-0000-4000-8000-000000000001 }
  - { email: twin@voyager.example, company: Voyager Travel GmbH, id: 5e500000-0000-4000-8000-000000000002 }
  - { email: twin@voyager.example, company: Voyager Travel GmbH, id: 5e500000-0000-4000-8000-000000000003 }
  - { email: gone@voyager.example, company: Voyager Travel GmbH, active: false, id: 5e500000-0000-4000-8000-000000000004 }
  - { email: vip@globex.example, company: Globex, legalEntity: Globex UK }
  - { email: boss@initech.example, company: Initech }
groups:
  - name: Company Admins
    company: Voyager Travel GmbH
    description: Administrators of the company.
    unmodifiable: true
    roles: [{ role: Company Management Admin, scope: [{ COMPANY: [Voyager Travel GmbH] }] }]
    members: [root@voyager.example]
  - name: 'Client Globex: Agents'
    company: Voyager Travel GmbH
    description: Agents who serve the employees of Globex in the United Kingdom, its guests, and nobody else
    roles:
      - { role: Agent, scope: [{ COMPANY: [Globex], LEGAL_ENTITY: [Globex UK] }, { PROFILE: [vip@globex.example] }] }
      - { role: Trip Manager, scope: [{ COMPANY: [Globex], LEGAL_ENTITY: [Globex UK] }, { PROFILE: [vip@globex.example] }] }
      - { role: Company Management Admin, scope: [{ COMPANY: [Globex] }] }
    members: [ana@voyager.example, 5e500000-0000-4000-8000-000000000001, 5e500000-0000-4000-8000-000000000002]
  - name: Client Initech Agents
    company: Voyager Travel GmbH
    description: 'Initech #1'
    roles: [{ role: Agent, scope: [{ COMPANY: [Initech] }] }]
    members: [ana@voyager.example, 5e500000-0000-4000-8000-000000000009]
  - name: Night Desk
    company: Voyager Travel GmbH
    description: Whoever is awake
    roles:
      - { role: Agent, scope: [{ COMPANY: [Globex, Initech] }] }
      - { role: Trip Manager, scope: [{ COMPANY: [Globex, Initech] }] }
      - { role: Company Management Admin, scope: [{ COMPANY: [Umbrella], LEGAL_ENTITY: [umbrella-fr] }] }
    members: [gone@voyager.example]
  - name: Empty
    company: Voyager Travel GmbH
    description: Nobody yet.
    roles: []
    members: []
";

/// Runs an import into a folder beside the workspace of the world.
fn import(world: &World, folder: &str, more: &str) -> Run {
    world.run(&format!("import -C {folder} --company {VOYAGER} {more}"))
}

/// Every file below a folder with its text, the schemas left out.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        } else if !path.to_str().unwrap().contains("schemas") {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// Panics unless a plan from an imported folder is empty and its files are valid.
#[track_caller]
fn is_what_there_is(world: &World, folder: &str, what: &str) {
    let run = world.run(&format!("validate -C {folder}"));
    assert_eq!(run.code, 0, "{what}: {}{}", run.stdout, run.stderr);
    let run = world.run(&format!("plan -C {folder} --check --detailed-exitcode"));
    assert_eq!(run.code, 0, "{what}: {}{}", run.stdout, run.stderr);
    run.ends_with(NO_CHANGES);
}

#[test]
fn an_import_reads_as_if_somebody_had_written_it() {
    let world = World::seeded(TELLING);
    let run = import(&world, "one", "--layout one").expect(0);
    is_what_there_is(&world, "one", "one");
    let all = files(&world.path().join("one"));
    let text: String = all.iter().map(|(path, text)| format!("==== {path}\n{text}\n")).collect();
    let text = format!("{text}==== standard error\n{}", run.stderr).replace(&world.url(), "URL");
    insta::assert_snapshot!(text);
    assert_eq!(run.stdout, "");
}

#[test]
fn every_layout_says_the_same_in_files_of_portable_names() {
    let world = World::seeded(TELLING);
    for (layout, expected) in [
        ("one", &["groups"][..]),
        (
            "per-group",
            &["client-globex-agents", "client-initech-agents", "company-admins", "empty", "night-desk"],
        ),
        ("per-prefix", &["client", "other"]),
    ] {
        import(&world, layout, &format!("--layout {layout}")).expect(0);
        is_what_there_is(&world, layout, layout);
        let names: Vec<String> = files(&world.path().join(layout)).into_iter().map(|it| it.0).collect();
        let expected: Vec<String> = expected.iter().map(|it| format!("access/{it}.yaml")).collect();
        assert_eq!(names[..names.len() - 1], expected, "{layout}");
    }
    import(&world, "default", "").expect(0);
    assert_eq!(files(&world.path().join("default")), files(&world.path().join("per-group")));
    for name in ["workspace", "access"] {
        let path = world.path().join(format!("one/schemas/{name}.schema.json"));
        assert_eq!(fs::read_to_string(path).unwrap(), repository(&format!("schemas/{name}.schema.json")));
    }
}

#[test]
fn a_plan_from_an_import_is_empty_over_http_in_every_world() {
    let dialects = ["{}", "{ groupRole: flat }", "{ scopeEcho: split }", "{ maxLimit: 2 }"];
    side_by_side(&(1..25_usize).collect::<Vec<_>>(), |n| {
        let world = Dice(*n as u64).tenant().world(dialects[n % dialects.len()]);
        let world = world.variable("ROLECALL_TOKEN", "full-token");
        world.forget();
        let layout = ["one", "per-group", "per-prefix"][n % 3];
        import(&world, "fresh", &format!("--layout {layout} --users")).expect(0);
        assert_eq!(world.writes(), [""; 0], "{n}: an import writes");
        is_what_there_is(&world, "fresh", &format!("{n}"));
    });
}

#[test]
fn the_quickstart_is_imported_after_it_has_drifted() {
    let seed =
        repository("examples/quickstart/sandbox.yaml").replace("token: quickstart", "token: full-token");
    let world = World::seeded(&seed);
    for file in ["admins", "agents", "oncall"] {
        let path = format!("access/{file}.yaml");
        let known = repository(&format!("examples/quickstart/{path}"));
        world.write(&path, &known);
    }
    world.write("rolecall.yaml", &repository("examples/quickstart/rolecall.yaml"));
    let plan = world.run("plan --format json").expect(0).json();
    world.run(&format!("apply --approve {}", text(&plan["id"]))).expect(0);
    world.patch_members("Oncall EU", &json!({ "userIdsToAdd": [world.user("ines@voyager.example")] }));
    world.run("drift").expect(2);
    import(&world, "drifted", "--users").expect(0);
    is_what_there_is(&world, "drifted", "after drift");
    assert!(files(&world.path().join("drifted")).iter().any(|it| it.1.contains("ines@voyager.example")));
}

#[test]
fn a_token_that_may_only_read_suffices_and_an_import_asks_little_more_than_a_snapshot() {
    let world = World::new().variable("ROLECALL_TOKEN", "read-token");
    world.forget();
    world.run("snapshot --out live.json").expect(0);
    let asked = world.log().len();
    world.forget();
    import(&world, "fresh", "").expect(0);
    // Where the workspace names the clients, a snapshot lists all their people. Here each of the two is asked for its name
    // and for the one traveller of a scope, who is asked for by id and by address as well.
    assert!(world.log().len() <= asked + 4, "{} and {asked}", world.log().len());
    assert_eq!(world.writes(), [""; 0]);
    let fresh = files(&world.path().join("fresh"));
    // Without a network, from that snapshot.
    let mut command = world.command();
    command.env("ROLECALL_ENDPOINT", "").env_remove("ROLECALL_TOKEN");
    let line = "import -C offline --live ../live.json";
    world.forget();
    let run: Run = command.args(words(&format!("{line} --company {VOYAGER}"))).output().unwrap().into();
    run.expect(0);
    assert_eq!(world.log().len(), 0);
    assert_eq!(files(&world.path().join("offline")), fresh);
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    for (path, words) in [
        ("fresh/rolecall.yaml", &["there is a workspace already", "rolecall.yaml", "--merge", "-C DIR"][..]),
        ("fresh/access/mine.yaml", &["access files already", "access/mine.yaml"]),
        ("fresh/access/deep/desk.yaml", &["access files already", "access/deep/desk.yaml"]),
    ] {
        let world = World::new().with(path, "version: 1\n");
        world.forget();
        import(&world, "fresh", "").expect(4).says(words);
        assert_eq!(world.log().len(), 0, "{path}: found before any request");
        assert_eq!(files(&world.path().join("fresh")).len(), 1, "{path}");
    }
    // In a folder of a workspace that is meant by where one is.
    let world = World::new();
    world.run(&format!("import --company {VOYAGER}")).expect(4).says(&["there is a workspace already"]);
    // A link is in the way as well, and what was written before it is gone again.
    #[cfg(unix)]
    {
        let world = World::new();
        fs::create_dir_all(world.path().join("fresh")).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", world.path().join("fresh/access")).unwrap();
        import(&world, "fresh", "").expect(4);
        assert_eq!(fs::read_dir(world.path().join("fresh")).unwrap().count(), 1);
    }
    // Schemas that are there are somebody's.
    let world = World::new().with("fresh/schemas/access.schema.json", "{}");
    import(&world, "fresh", "").expect(0);
    let kept = fs::read_to_string(world.path().join("fresh/schemas/access.schema.json")).unwrap();
    assert_eq!(kept, "{}");
}

#[test]
fn a_dry_run_prints_the_files_and_writes_none() {
    let world = World::new();
    import(&world, "fresh", "").expect(0);
    let written = files(&world.path().join("fresh"));
    let run = import(&world, "dry", "--dry-run").expect(0);
    assert!(!world.path().join("dry").exists());
    for (path, text) in &written {
        assert!(run.stdout.contains(&format!("# ---- {path}\n{text}")), "{path}\n{}", run.stdout);
    }
    let json = import(&world, "dry", "--dry-run --format json").expect(0).json();
    assert_eq!(json["kind"], "import");
    let told: BTreeSet<(&str, &str)> =
        json["files"].as_array().unwrap().iter().map(|it| (text(&it["path"]), text(&it["text"]))).collect();
    assert_eq!(told, written.iter().map(|it| (&*it.0, &*it.1)).collect());
    let json = import(&world, "json", "--format json").expect(0).json();
    assert_eq!((&json["groups"], &json["memberships"], &json["people"]), (&json!(3), &json!(4), &json!(4)));
    assert!(json["files"].as_array().unwrap().iter().all(|it| it["text"].is_null()));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn groups_are_chosen_by_name_or_pattern() {
    let world = World::seeded(TELLING);
    for (more, expected) in [
        ("--group Empty", &["empty"][..]),
        ("--group \"Client *\"", &["client-globex-agents", "client-initech-agents"]),
        ("--group \"{Night,Company}*\" --group Empty", &["company-admins", "empty", "night-desk"]),
    ] {
        let _ = fs::remove_dir_all(world.path().join("some"));
        import(&world, "some", more).expect(0);
        let run = world.run("plan -C some --detailed-exitcode").expect(0);
        assert!(run.stdout.contains(NO_CHANGES), "{more}: {}", run.stdout);
        let names: Vec<String> = files(&world.path().join("some")).into_iter().map(|it| it.0).collect();
        let expected: Vec<String> = expected.iter().map(|it| format!("access/{it}.yaml")).collect();
        assert_eq!(names[..names.len() - 1], expected, "{more}");
    }
    import(&world, "none", "--group \"Night Dest\"")
        .expect(4)
        .says(&["Night Dest", "did you mean `Night Desk`?"]);
    assert!(!world.path().join("none").exists());
}

#[test]
fn a_sanitized_import_names_nobody_and_says_so() {
    let world = World::seeded(TELLING);
    import(&world, "fresh", "--sanitize").expect(0);
    for (path, text) in files(&world.path().join("fresh")) {
        assert!(text.lines().nth(1).unwrap().starts_with("# Sanitized: "), "{path}\n{text}");
        for secret in ["ana@", "root@", "vip@", "agent-17", "V-3"] {
            assert!(!text.contains(secret), "{path} has {secret}\n{text}");
        }
    }
    world.run("validate -C fresh").expect(0);
}

#[test]
fn where_the_api_does_not_list_people_they_are_asked_for_one_by_one() {
    let world = World::seeded(TELLING);
    let refused = |code: u16| json!([{ "method": "POST", "path": "/v3/users/list", "times": 0, "kind": { "status": { "code": code } } }]);
    for code in [403, 404] {
        world.faults(refused(code));
        let folder = format!("refused-{code}");
        import(&world, &folder, "--layout one --users").expect(0);
        is_what_there_is(&world, &folder, &folder);
        let text = fs::read_to_string(world.path().join(folder).join("access/groups.yaml")).unwrap();
        assert!(text.contains("- ana@voyager.example\n"), "{text}");
    }
}

#[test]
fn a_company_without_groups_gets_its_workspace_file() {
    let seed = SEED.split("groups:\n").next().unwrap().to_owned();
    let world = World::seeded(&seed);
    import(&world, "fresh", "").expect(0).says(&["No group is declared yet"]);
    let names: Vec<String> = files(&world.path().join("fresh")).into_iter().map(|it| it.0).collect();
    assert_eq!(names, ["rolecall.yaml"]);
}

#[test]
fn what_fails_on_the_way_leaves_nothing() {
    let world = World::new();
    for (code, exit) in [(500, 8), (401, 5), (403, 5)] {
        let path = format!("/v3/companies/{VOYAGER}/user-groups/list");
        world.faults(
            json!([{ "method": "POST", "path": path, "times": 0, "kind": { "status": { "code": code } } }]),
        );
        import(&world, "fresh", "").expect(exit);
        assert!(!world.path().join("fresh").exists(), "{code}");
    }
}

/// A command in an empty folder, with some of what it needs.
fn alone(folder: &Path, line: &str, given: &[(&str, &str)]) -> Run {
    let mut command: Command = binary();
    command.current_dir(folder).stdin(Stdio::null());
    command.envs(given.iter().copied()).args(words(line)).output().unwrap().into()
}

#[test]
fn commands_about_a_company_do_without_a_workspace_and_say_at_once_what_is_missing() {
    let world = World::new();
    let url = world.url();
    let endpoint = ("ROLECALL_ENDPOINT", &*url);
    let company = ("ROLECALL_COMPANY", VOYAGER);
    let token = ("ROLECALL_TOKEN", "read-token");
    let hints = [
        (endpoint, ["no API endpoint", "--endpoint URL", "ROLECALL_ENDPOINT"]),
        (company, ["no company", "--company ID", "ROLECALL_COMPANY"]),
        (token, ["no credentials", "ROLECALL_CLIENT_ID", "ROLECALL_TOKEN"]),
    ];
    for line in ["import", "snapshot", "explain ana@voyager.example", "duplicate \"Company Admins\" --as New"]
    {
        let folder = tempfile::tempdir().unwrap();
        alone(folder.path(), line, &[endpoint, company, token]).expect(0);
        for given in 0..7_usize {
            let folder = tempfile::tempdir().unwrap();
            let some: Vec<(&str, &str)> =
                (0..3).filter(|it| given & (1 << it) > 0).map(|it| hints[it].0).collect();
            world.forget();
            let run = alone(folder.path(), line, &some);
            // Credentials alone that are missing have the exit code that they have everywhere.
            let run = run.expect(if given == 3 { 5 } else { 4 });
            for (n, (_, words)) in hints.iter().enumerate() {
                let is_missing = given & (1 << n) == 0;
                for word in &words[..if is_missing { 3 } else { 1 }] {
                    assert_eq!(
                        run.stderr.contains(word),
                        is_missing,
                        "{line} with {some:?}: {word}\n{}",
                        run.stderr
                    );
                }
            }
            assert_eq!((world.log().len(), &*run.stdout), (0, ""), "{line} with {some:?}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
    for line in ["plan", "apply --auto-approve", "drift", "validate"] {
        let folder = tempfile::tempdir().unwrap();
        let run = alone(folder.path(), line, &[endpoint, company, token]).expect(4);
        run.says(&["no rolecall.yaml", "rolecall init", "rolecall import"]);
    }
}

/// The text of the groups of a world whose desk has this scope, with the notes.
fn desk(scope: &str, members: &str) -> (World, String) {
    let seed = SEED
        .replace(
            "{ role: Agent, scope: [{ COMPANY: [globex] }] }",
            &format!("{{ role: Agent, scope: {scope} }}"),
        )
        .replace("[ana@voyager.example, bo@voyager.example]", members);
    let world = World::seeded(&seed);
    let run = import(&world, "fresh", "--group Desk").expect(0);
    is_what_there_is(&world, "fresh", scope);
    let text = fs::read_to_string(world.path().join("fresh/access/desk.yaml")).unwrap();
    (world, text + &run.stderr)
}

#[test]
fn each_kind_of_scope_is_said_as_it_is() {
    for (scope, expected) in [
        ("[{ COMPANY: [globex] }]", "scope: { company: globex }"),
        ("[{ BOOKING_TMC: [initech] }]", "scope: { bookingTmc: tmc-2b7e }"),
        (
            "[{ CONTRACTING_TMC: [initech], COMPANY: [globex] }]",
            "scope: { company: globex, contractingTmc: tmc-2b7e }",
        ),
        ("[{ PLATFORM: [] }]", "scope: { platform: true }"),
        (
            "[{ STEALTH_TYPE: [STEALTH_TYPE_1, STEALTH_TYPE_2] }]",
            "{ stealthType: [STEALTH_TYPE_1, STEALTH_TYPE_2] }",
        ),
        ("[{ PROFILE: [vip@globex.example] }]", "scope: { profile: vip@globex.example }"),
        (
            "[{ PROFILE: [vip@globex.example], COMPANY: [globex] }]",
            "{ company: globex, profile: vip@globex.example }",
        ),
        // Nobody who can act: no key leads there, and the id is as the API says it.
        ("[{ PROFILE: [gone@voyager.example] }]", "{ predicates: [{ type: PROFILE, values: ["),
        ("[{ COST_CENTER: ['a: b'] }]", "{ predicates: [{ type: COST_CENTER, values: [\"a: b\"] }] }"),
    ] {
        let (_, text) = desk(scope, "[ana@voyager.example]");
        assert!(text.contains(expected), "{scope}: no `{expected}` in\n{text}");
        assert!(!text.contains("note: "), "{scope}: {text}");
    }
}

#[test]
fn members_who_cannot_be_listed_stay_and_are_told() {
    for members in [
        "[gone@voyager.example]",
        "[gone@voyager.example, ana@voyager.example]",
        "[gone@voyager.example, ana@voyager.example, bo@voyager.example]",
    ] {
        let (world, text) = desk("[{ COMPANY: [globex] }]", members);
        for word in [
            "      # Also a member, and stays one: gone@voyager.example (",
            "): the account is not active.\n      atLeast:",
            "note: group Desk: no file can name 1 member",
        ] {
            assert!(text.contains(word), "{members}: no `{word}` in\n{text}");
        }
        // Whoever takes it for an exact list takes nobody out by it.
        world.run("apply -C fresh --auto-approve").expect(0);
        assert_eq!(world.members("Desk").len(), members.split(',').count());
    }
}

#[test]
fn groups_of_one_name_are_told_apart_by_id_or_left_out() {
    let world = World::new();
    let path = format!("/v3/companies/{VOYAGER}/user-groups");
    for name in ["Desk", "Night", "Night"] {
        assert_eq!(world.call("POST", &path, json!({ "name": name, "description": "Another." })).0, 200);
    }
    let run = import(&world, "fresh", "--layout one").expect(0);
    let out =
        run.stderr.lines().filter(|it| it.contains("is left out: another group has the same name")).count();
    assert_eq!(out, 3, "{}", run.stderr);
    let text = fs::read_to_string(world.path().join("fresh/access/groups.yaml")).unwrap();
    assert_eq!(text.matches("\n    id: ").count(), 2, "{text}");
    world.run("plan -C fresh --check --detailed-exitcode").expect(0).ends_with(NO_CHANGES);
}

#[test]
fn a_company_that_is_none_or_not_of_the_snapshot_is_told() {
    let world = World::new();
    world.run("snapshot --out live.json").expect(0);
    for (line, code, words) in [
        ("import -C fresh --company globex", 4, &["`globex` is neither a company id nor a name", "UUID"][..]),
        ("import -C fresh --company 9f9f0000-0000-4000-8000-000000000001", 8, &["404"]),
        (
            "import -C fresh --live ../live.json --company 9f9f0000-0000-4000-8000-000000000001",
            8,
            &["the snapshot does not know the company 9f9f"],
        ),
        ("import -C fresh --live ../nothing.json", 4, &["nothing.json"]),
        ("import -C fresh --group \"\"", 4, &["--group"]),
        ("import -C fresh --layout two", 4, &["two", "per-prefix"]),
    ] {
        world.run(line).expect(code).says(words);
        assert!(!world.path().join("fresh").exists(), "{line}");
    }
    // A snapshot alone says enough.
    world.run("import -C fresh --live ../live.json").expect(0);
    is_what_there_is(&world, "fresh", "from a snapshot");
}
