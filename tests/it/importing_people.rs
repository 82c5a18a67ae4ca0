//! `rolecall import --people`: everybody of a company in files, with what the list of users tells.

use std::fs;

use serde_json::{Value, json};

use crate::support::{NO_CHANGES, VOYAGER, World};

/// People in units, some of them called alike, one of which has no name that a file can say; and people who are hard to name.
const SEED: &str = "
version: 1
companies:
  - name: Voyager
    kind: tmc
    id: 1a6f0000-0000-4000-8000-000000000001
    legalEntities: [{ name: Voyager DE, id: 3c8d0000-0000-4000-8000-000000000009 }]
    departments:
      - { name: 'Sales & Service', id: dede0000-0000-4000-8000-000000000001 }
      - { name: Sales Service, id: dede0000-0000-4000-8000-000000000002 }
      - { name: 東京, id: dede0000-0000-4000-8000-000000000003 }
    costCenters: [{ name: '4711', id: cccc0000-0000-4000-8000-000000000001 }]
    offices: [{ name: Berlin, id: 0f0f0000-0000-4000-8000-000000000001 }]
tokens:
  - { token: full-token, access: full }
roles:
  - { name: Agent, permissions: [{ permission: AGENT, actions: [ALL] }] }
users:
  - { email: root@voyager.example, company: Voyager }
  - { email: ana@voyager.example, company: Voyager, externalId: hr-1, employeeId: '0017', department: 'Sales & Service', costCenter: '4711', office: Berlin, designation: 'Lead: #1' }
  - { email: bo@voyager.example, company: Voyager, department: Sales Service, designation: 'yes', directRoles: [{ roleType: GLOBAL_AGENT, metadata: { roleType: GLOBAL_AGENT } }] }
  - { email: cy@voyager.example, company: Voyager, department: 東京, designation: ' spaced ' }
  - { email: twin@voyager.example, company: Voyager, designation: One, id: 5e500000-0000-4000-8000-000000000002 }
  - { email: twin@voyager.example, company: Voyager, designation: Two, id: 5e500000-0000-4000-8000-000000000003 }
  - { email: gone@voyager.example, company: Voyager, active: false, designation: Past }
groups:
  - { name: People, company: Voyager, description: The people., roles: [{ role: Agent, scope: [{ COMPANY: [Voyager] }] }], members: [ana@voyager.example] }
";

fn read(world: &World, path: &str) -> String {
    fs::read_to_string(world.path().join(path)).unwrap()
}

/// Panics unless a plan from an imported folder is empty.
#[track_caller]
fn is_what_there_is(world: &World, folder: &str) {
    world.run(&format!("validate -C {folder}")).expect(0);
    world.run(&format!("plan -C {folder} --check --detailed-exitcode")).expect(0).ends_with(NO_CHANGES);
}

#[test]
fn everybody_who_is_active_is_in_the_files_and_units_have_names() {
    let world = World::seeded(SEED);
    let run = world.run(&format!("import -C all --company {VOYAGER} --people --users")).expect(0);
    is_what_there_is(&world, "all");
    assert_eq!(
        read(&world, "all/access/people.yaml"),
        "# yaml-language-server: $schema=../schemas/access.schema.json
version: 1

users:
  - user: ana@voyager.example
    externalId: hr-1
    business:
      employeeId: \"0017\"
      legalEntity: voyager-de
      department: sales-service-dede-0001
      costCenter: \"4711\"
      office: berlin
      designation: \"Lead: #1\"

  - user: bo@voyager.example
    business: { legalEntity: voyager-de, department: sales-service-dede-0002, designation: \"yes\" }
    directRoles:
      - { type: GLOBAL_AGENT }

  - user: cy@voyager.example
    business: { legalEntity: voyager-de, department: department-dede }

  - user: root@voyager.example
    business: { legalEntity: voyager-de }

  - user: { userId: 5e500000-0000-4000-8000-000000000002 } # twin@voyager.example
    business: { legalEntity: voyager-de, designation: One }

  - user: { userId: 5e500000-0000-4000-8000-000000000003 } # twin@voyager.example
    business: { legalEntity: voyager-de, designation: Two }
"
    );
    let workspace = read(&world, "all/rolecall.yaml");
    for line in [
        "  legalEntity:\n    voyager-de: 3c8d0000-0000-4000-8000-000000000009\n",
        "    sales-service-dede-0001: dede0000-0000-4000-8000-000000000001\n",
        "    department-dede: dede0000-0000-4000-8000-000000000003 # give it a name; the API calls it 東京\n",
        "  costCenter:\n    \"4711\": cccc0000-0000-4000-8000-000000000001\n",
        "  office:\n    berlin: 0f0f0000-0000-4000-8000-000000000001\n",
    ] {
        assert!(workspace.contains(line), "{line}\n{workspace}");
    }
    run.says(&["note: people: 1 is not active and left out", "  department-dede  dede0000", "6 people."]);
    // A group called People has a file of its own.
    assert_eq!(fs::read_dir(world.path().join("all/access")).unwrap().count(), 2);
}

#[test]
fn what_is_imported_drifts_like_everything_else_and_only_the_list_is_asked() {
    let world = World::seeded(SEED);
    let lists = |world: &World| {
        let log = world.log();
        let of = |path: &str| {
            log.iter().filter(|it| it["path"].as_str().is_some_and(|it| it.starts_with(path))).count()
        };
        (of("/v3/users/list"), of("/v2/users"))
    };
    world.forget();
    world.run(&format!("import -C plain --company {VOYAGER}")).expect(0);
    let plain = lists(&world);
    world.forget();
    world.run(&format!("import -C all --company {VOYAGER} --people")).expect(0);
    assert_eq!(lists(&world), plain, "what people are costs no request more");
    is_what_there_is(&world, "all");
    // Without the direct roles nothing is said of them.
    assert!(!read(&world, "all/access/people.yaml").contains("directRoles"));
    let path = format!("/v2/users/{}/business-info", world.user("ana@voyager.example"));
    let mut now = world.call("GET", &path, Value::Null).1;
    now["designation"] = json!("Boss");
    assert!(world.call("PUT", &path, now).0 < 300);
    world.run("plan -C all --detailed-exitcode").expect(2).shows("~ person designation Boss → \"Lead: #1\"");
    world.run("drift -C all --adopt").expect(0);
    assert!(read(&world, "all/access/people.yaml").contains("designation: \"Boss\""));
    is_what_there_is(&world, "all");
    world.run("import -C none --people --sanitize").expect(4);
    world
        .run("import -C all --people --merge")
        .expect(0)
        .ends_with("Nothing to add: the files say everything that is live.");
    world.run("import -C all --people --merge --sanitize").expect(4);
}

#[test]
fn a_snapshot_tells_of_those_whom_it_recorded() {
    let world = World::seeded(SEED);
    world.run(&format!("snapshot --company {VOYAGER} --out live.json")).expect(0);
    let run =
        world.run(&format!("import -C offline --company {VOYAGER} --people --live ../live.json")).expect(0);
    run.says(&["it is not told what they are"]);
    assert!(!world.path().join("offline/access/people.yaml").exists());
}

/// Hundreds of people in many departments: two requests more than there are pages at most.
#[test]
fn hundreds_of_people_cost_the_pages_of_one_list() {
    let person = |n: usize| {
        format!(
            "  - {{ email: p{n}@voyager.example, company: Voyager, employeeId: E-{n}, department: D{}, designation: T{} }}\n",
            n % 7,
            n % 3
        )
    };
    let people: String = (0..350).map(person).collect();
    let departments: String = (0..7).map(|n| format!("      - {{ name: D{n} }}\n")).collect();
    let seed = format!(
        "\nversion: 1\ncompanies:\n  - name: Voyager\n    kind: tmc\n    id: {VOYAGER}\n    departments:\n{departments}tokens: [{{ token: full-token, access: full }}]\nroles: []\nusers:\n{people}groups: []\n"
    );
    let world = World::seeded(&seed);
    world.forget();
    world.run(&format!("import -C all --company {VOYAGER} --people")).expect(0);
    assert!(world.log().len() <= 12, "{} requests", world.log().len());
    assert_eq!(read(&world, "all/access/people.yaml").matches("  - user: ").count(), 350);
    is_what_there_is(&world, "all");
}
