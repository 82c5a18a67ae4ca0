//! `plan --adopt` and `drift --adopt`: what is live is written into the files, and nothing else of them changes.

use std::fs;

use serde_json::{Value, json};

use crate::support::{SEED, World};

/// What is live in these tests, for an apply from a file of its own.
const LIVE: &str = "version: 1
groups:
  - name: Desk
    description: The desk, by day.
    roles:
      - { role: Agent, scope: { company: [globex, initech] } }
      - { role: Trip Manager, scope: { legalEntity: globex-uk } }
    members: [ana@voyager.example, cy@voyager.example]
  - name: Night
    description: The night.
    roles: []
    members: [{ externalId: agent-17 }, cy@voyager.example]
  - name: Late
    description: The late shift.
    roles: [{ role: Agent, scope: { company: globex } }]
    members: [ana@voyager.example]
  - { name: Company Admins, roles: unmanaged, members: [root@voyager.example, ana@voyager.example] }
";

/// What people wrote, in more than one style.
const FILE: &str = "# yaml-language-server: $schema=../schemas/access.schema.json
version: 1   # the format
scopes:
  clients:   # two roles have it
    - { company: globex }
groups:

# The day.
- name: Desk
  description: 'The desk.'
  roles:
  - { role: Agent, scope: clients }   # by contract
  members:
  # mornings
  - ana@voyager.example\t# covers
  - bo@voyager.example

# The night.
- name: \"Night\"
  description: >-
    The night.
  roles: [{ role: Agent, scope: clients, until: 2030-01-01, reason: \"a test\" }]
  members: [ \"cy@voyager.example\" ]
- name: Never   # made tomorrow
  description: Nobody made it.
  roles: []
  members: []
- { name: Company Admins, roles: unmanaged, members: [root@voyager.example] }
removed:
- group: Late
  reason: over   # since May
";

const ADOPTED: &str = "# yaml-language-server: $schema=../schemas/access.schema.json
version: 1   # the format
scopes:
  clients:   # two roles have it
    - { company: globex }
groups:

# The day.
- name: Desk
  description: 'The desk, by day.'
  roles:
  - { role: Agent, scope: { company: [globex, initech] } }   # by contract
  - { role: Trip Manager, scope: { legalEntity: globex-uk } }
  members:
  # mornings
  - ana@voyager.example\t# covers
  - cy@voyager.example

# The night.
- name: \"Night\"
  description: >-
    The night.
  roles: []
  members: [ \"cy@voyager.example\", \"bo@voyager.example\" ]
- { name: Company Admins, roles: unmanaged, members: [root@voyager.example, ana@voyager.example] }
- name: Late
  description: The late shift.
  roles:
    - { role: Agent, scope: { company: globex } }
  members:
    - ana@voyager.example
removed: []
";

/// The live state of `live`, and the file `file` before it is told of it.
fn world(live: &str, file: &str) -> World {
    let world = World::new()
        .ruled("guards: { privileged: [], removals: { percent: 100 } }\n")
        .with("access/a.yaml", live);
    world.apply().expect(0);
    world.forget();
    world.write("access/a.yaml", file);
    world
}

fn file(world: &World) -> String {
    fs::read_to_string(world.path().join("access/a.yaml")).unwrap()
}

#[test]
fn what_is_live_is_written_and_every_other_byte_stays() {
    for (line, before, after) in [
        ("drift --adopt", FILE.to_owned(), ADOPTED.to_owned()),
        ("plan --adopt", FILE.replace('\n', "\r\n"), ADOPTED.replace('\n', "\r\n")),
        ("plan access/a.yaml --adopt", format!("\u{feff}{}", FILE.trim_end()), format!("\u{feff}{ADOPTED}")),
    ] {
        let world = world(LIVE, &before);
        let shown = world.run(&format!("{line} --dry-run")).expect(0);
        assert!(shown.stdout.contains("-  - bo@voyager.example"), "{}", shown.stdout);
        assert_eq!(file(&world), before, "a dry run writes nothing");
        let run = world.run(line).expect(0);
        assert_eq!(file(&world), after, "{line}\n{}", run.stdout);
        world.settled();
        assert!(world.writes().is_empty(), "only files are written: {:?}", world.writes());
        world.run(line).expect(0).ends_with("Nothing to adopt: the files say what is live.");
        assert_eq!(file(&world), after, "{line}: once more");
    }
}

#[test]
fn programs_are_told_what_changed_and_who_may_read_the_file_stays() {
    let world = world(LIVE, FILE);
    let path = world.path().join("access/a.yaml");
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o664)).unwrap();
    let document = world.run("drift --adopt --format json").expect(0).json();
    assert_eq!((&document["kind"], &document["written"]), (&json!("adoption"), &json!(true)));
    let changes = document["files"][0]["changes"].as_array().unwrap();
    let said: Vec<String> = changes
        .iter()
        .map(|it| ["sign", "noun", "what", "of"].map(|key| it[key].as_str().unwrap()).join(" "))
        .collect();
    for needed in [
        "+ member cy@voyager.example group Desk",
        "- member bo@voyager.example group Desk",
        "~ role Agent: company globex → company globex, initech group Desk",
        "+ role Trip Manager on legal entity globex-uk group Desk",
        "- role Agent on company globex group Night",
        "+ member bo@voyager.example group Night",
        "+ member ana@voyager.example group Company Admins",
        "- group its declaration goes, as there is no such group (apply instead to create it) group Never",
        "+ group declared as it is, with 1 role and 1 member, instead of removed group Late",
    ] {
        assert!(said.iter().any(|it| it == needed), "{needed}: {said:#?}");
    }
    assert_eq!(document["left"], json!([]));
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777,
        0o664
    );
}

/// Access that has ended, and access of who is cut off, is never written into a file.
#[test]
fn what_has_ended_or_is_cut_off_is_left() {
    let live = "version: 1
groups:
  - name: Desk
    description: The desk.
    roles:
      - { role: Agent, scope: { company: globex } }
      - { role: Trip Manager, scope: { company: [globex, initech] } }
    members: [ana@voyager.example, bo@voyager.example, cy@voyager.example]
";
    let asked = "version: 1
groups:
  - name: Desk
    description: The desk.
    roles:
      - { role: Agent, scope: { company: globex }, until: 2020-01-01, reason: over }
      - { role: Trip Manager, scope: { company: globex } }
      - { role: Trip Manager, scope: { company: initech }, until: 2020-01-01, reason: over }
    members:
      - { email: ana@voyager.example, until: 2020-01-01, reason: over }
      - bo@voyager.example
";
    let world = world(live, asked);
    world.configure("lockout: [{ email: bo@voyager.example, since: 2020-01-01, reason: left }]\n");
    let run = world.run("drift --adopt").expect(3);
    for line in [
        "    ! member  ana@voyager.example, group Desk: has ended (access/a.yaml:10)",
        "    ! member  bo@voyager.example, group Desk: is locked out (rolecall.yaml:",
        "    ! role    Agent on company globex, group Desk: has ended (access/a.yaml:6)",
        "    ! role    Trip Manager: ",
    ] {
        assert!(run.stdout.contains(line), "{line}\n{}", run.stdout);
    }
    let added = asked.replace("      - bo@", "      - cy@voyager.example\n      - bo@");
    let added =
        [added, asked.replace("bo@voyager.example\n", "bo@voyager.example\n      - cy@voyager.example\n")];
    assert!(added.contains(&file(&world)), "{}", file(&world));
    assert!(
        run.stdout.ends_with("Adopted: 1 difference in 1 file, 4 left. Review the files, and plan again.\n"),
        "{}",
        run.stdout
    );
}

/// What cannot be edited without touching something else is told, with what to write; all else is adopted.
#[test]
fn what_cannot_be_edited_is_left_to_a_person() {
    let live = "version: 1
groups:
  - { name: Desk, description: The desk., roles: [], members: [ana@voyager.example, cy@voyager.example] }
  - { name: Night, description: The night., roles: [], members: [ana@voyager.example, bo@voyager.example] }
";
    let asked = "version: 1
groups:
  - name: Desk
    description: &said The desk
    roles: []
    members: &all
      - ana@voyager.example
      - bo@voyager.example
  - { name: Night, description: *said, roles: [], members: *all }
";
    let world = world(live, asked);
    let run = world.run("plan --adopt").expect(3);
    for line in [
        "! member  cy@voyager.example, group Desk: an anchor or alias makes the change reach further than it should (access/a.yaml:3); change it by hand:",
        "        members:",
        "          - cy@voyager.example",
        "        take out the entry in line 8",
    ] {
        assert!(run.stdout.contains(line), "{line}\n{}", run.stdout);
    }
    assert!(
        file(&world).contains("{ name: Night, description: The night., roles: [], members: *all }"),
        "{}",
        file(&world)
    );
    let facts: Value = world.run("plan --adopt --format json").expect(3).json();
    assert!(facts["left"][0]["byHand"].as_array().is_some_and(|it| !it.is_empty()), "{facts}");
}

#[test]
fn a_rename_by_hand_and_a_rename_that_nobody_made_are_adopted() {
    let live = "version: 1
groups:
  - { name: Desk, description: The desk., roles: [], members: [ana@voyager.example] }
";
    let asked = "version: 1
groups:
  - name: Day Desk   # new
    renamedFrom: Desk
    description: The desk.
    roles: []
    members: [ana@voyager.example]
";
    let world = world(live, asked);
    world.run("plan --adopt").expect(0);
    let after = asked.replace("Day Desk", "Desk").replace("    renamedFrom: Desk\n", "");
    assert_eq!(file(&world), after);
    world.settled();
    let id = world.id("Desk");
    let pinned = format!(
        "version: 1\ngroups:\n  - name: Old Desk\n    id: {id}\n    description: \"The\\u0020desk, once.\"\n    roles: []\n    members: [ana@voyager.example]\n"
    );
    world.write("access/a.yaml", &pinned);
    world.run("drift --adopt").expect(0);
    assert_eq!(
        file(&world),
        pinned.replace("Old Desk", "Desk").replace("The\\u0020desk, once.", "The desk.")
    );
    world.settled();
}

#[test]
fn privileged_access_that_appeared_by_hand_is_marked() {
    let live = LIVE.replace(
        "role: Trip Manager, scope: { legalEntity: globex-uk }",
        "role: Company Management Admin, scope: { company: globex }",
    );
    let world = world(&live, FILE);
    world.configure("guards: { privileged: [Company Management Admin] }\n");
    let run = world.run("plan --adopt").expect(0);
    let marked: Vec<&str> = run.stdout.lines().filter(|it| it.contains("PRIVILEGED")).collect();
    assert!(
        marked.iter().any(|it| it.contains("+ role    Company Management Admin on company globex")),
        "{}",
        run.stdout
    );
    assert!(marked.iter().any(|it| it.contains("+ member  cy@voyager.example")), "{}", run.stdout);
    assert!(marked.iter().all(|it| it.contains(" + ")), "{}", run.stdout);
}

#[test]
fn direct_roles_are_adopted() {
    let seed = SEED.replace(
        "email: vip@globex.example,",
        "email: vip@globex.example, id: 5e500000-0000-4000-8000-000000000001,",
    );
    let world = World::seeded(&seed).ruled("guards: { privileged: [] }\n").with(
        "access/a.yaml",
        "version: 1\nusers:\n  # the desk\n  - { user: ana@voyager.example, directRoles: [] }\n  - user: bo@voyager.example\n    directRoles:\n      - { type: TRAVEL_ARRANGER, arrangerFor: [vip@globex.example] } # for the vip\n      - { type: GLOBAL_AGENT } # not so\n",
    );
    let put = |who: &str, roles: Value| {
        let path = format!("/v2/users/{}/roles", world.user(who));
        let (status, body) = world.call("PUT", &path, json!({ "roles": roles }));
        assert!(status < 300, "{status} {body}");
    };
    let globex = "2b7e0000-0000-4000-8000-000000000002";
    put(
        "ana@voyager.example",
        json!([
            { "roleType": "COMPANY_ADMIN", "metadata": { "roleType": "COMPANY_ADMIN", "companyRef": { "id": globex } } },
            { "roleType": "NEW_THING", "metadata": { "roleType": "NEW_THING", "reach": [3, "a: b"], "deep": { "b": null } } },
        ]),
    );
    let (vip, ana) = ("5e500000-0000-4000-8000-000000000001", world.user("ana@voyager.example"));
    put(
        "bo@voyager.example",
        json!([{ "roleType": "TRAVEL_ARRANGER", "metadata": { "roleType": "TRAVEL_ARRANGER", "arrangerFor": [
        { "userId": { "id": vip }, "sendConfirmationEmail": true }, { "userId": { "id": ana } },
    ] } }]),
    );
    let run = world.run("drift --adopt").expect(0);
    let after = file(&world);
    for line in [
        "  # the desk\n",
        "{ type: COMPANY_ADMIN, company: globex }",
        "raw: { metadata: ",
        "sendConfirmationEmail: true",
        "# for the vip\n",
    ] {
        assert!(after.contains(line), "{line}\n{after}\n{}", run.stdout);
    }
    assert!(!after.contains("GLOBAL_AGENT"), "{after}");
    world.settled();
}

#[test]
fn a_snapshot_will_do_and_what_no_file_names_is_left_alone() {
    let world = world(LIVE, FILE);
    world.run("snapshot --out live.json").expect(0);
    let asked = world.log().len();
    world.run("plan --live live.json --adopt").expect(0);
    assert_eq!((file(&world), world.log().len()), (ADOPTED.to_owned(), asked));
    world.settled();

    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    let before = file(&world);
    world.run("drift --adopt").expect(0).ends_with("Nothing to adopt: the files say what is live.");
    world.configure("unmanaged: forbid\n");
    world.run("drift --adopt").expect(3).says(&["1 group that no file names", "rolecall import --merge"]);
    assert_eq!(file(&world), before);
}

#[test]
fn what_cannot_be_written_or_makes_no_sense_is_refused() {
    let world = world(LIVE, FILE);
    for line in [
        "plan --dry-run",
        "drift --dry-run",
        "plan --adopt --out plan.json",
        "plan --adopt --estimate",
        "plan --adopt --only lockout",
    ] {
        world.run(line).expect(4);
    }
    #[cfg(unix)]
    {
        let (path, elsewhere) = (world.path().join("access/a.yaml"), world.path().join("real.yaml"));
        world.configure("access: [access/a.yaml, '!real.yaml']\n");
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        // It leads to a file of the workspace: that one is written, and the link stays.
        world.run("plan --adopt").expect(0);
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), ADOPTED);
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    }
    world.settled();
}
