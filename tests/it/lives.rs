//! People's lives: who moves, who leaves and who comes back, in one plan with what they may do.

use serde_json::{Value, json};

use crate::support::{NO_CHANGES, Run, SEED, World};

const SALES: &str = "dede0000-0000-4000-8000-000000000001";
const SERVICE: &str = "dede0000-0000-4000-8000-000000000002";

/// The default seed, in which Ana and the inactive one are in sales, and Bo and Cy in service.
fn seed() -> String {
    let units = format!(
        "legalEntities: [{{ name: voyager-de, id: 3c8d0000-0000-4000-8000-000000000009 }}], departments: [{{ name: sales, id: {SALES} }}, {{ name: service, id: {SERVICE} }}]"
    );
    let of = |email: &str, more: &str| {
        let plain = format!("email: {email}@voyager.example, company: voyager");
        (plain.clone(), format!("{plain}, department: {more}"))
    };
    let people = [of("ana", "sales"), of("bo", "service"), of("cy", "service"), of("gone", "sales")];
    let seed = SEED.replace("legalEntities: [{ name: voyager-de }]", &units);
    people.iter().fold(seed, |it, (plain, more)| it.replace(plain, more))
}

fn rules(dialect: &str) -> String {
    format!(
        "
version: 1
company: voyager
{dialect}guards: {{ privileged: [], removals: {{ percent: 100 }} }}
ids:
  company: {{ voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 2b7e0000-0000-4000-8000-000000000002 }}
  legalEntity: {{ voyager-de: 3c8d0000-0000-4000-8000-000000000009 }}
  department: {{ sales: {SALES}, service: {SERVICE} }}
"
    )
}

fn world() -> World {
    let world = World::seeded(&seed())
        .with("rolecall.yaml", &rules("api: { dialect: { userDelete: deactivates } }\n"));
    world.variable("ROLECALL_IDENTITY", "root@voyager.example")
}

/// Declares the desk of the service and these people.
fn declare(world: &World, users: &str) {
    let desk = "  - name: Desk\n    description: The desk.\n    roles: [{ role: Agent, scope: { company: globex } }]\n    members: []\n    membersFrom: [{ department: service }]\n";
    world.write("access/a.yaml", &format!("version: 1\ngroups:\n{desk}users:\n{users}"));
}

fn business(world: &World, who: &str) -> Value {
    let path = format!("/v2/users/{}/business-info?includeInactive=true", world.user(who));
    world.call("GET", &path, Value::Null).1
}

fn members(world: &World) -> Vec<String> {
    let mut all: Vec<String> = world.members("Desk").into_iter().collect();
    all.sort();
    all
}

fn shown(run: &Run) -> String {
    run.stdout.clone()
}

#[test]
fn whoever_moves_is_otherwise_and_in_the_groups_of_the_new_department_by_one_plan() {
    let world = world();
    declare(&world, "  - { user: cy@voyager.example, business: { department: service } }\n");
    world.apply().expect(0);
    assert_eq!(members(&world), ["bo@voyager.example", "cy@voyager.example"]);
    let path = format!("/v2/users/{}/business-info", world.user("ana@voyager.example"));
    let mut before = business(&world, "ana@voyager.example");
    before["fromTheFuture"] = json!({ "n": 1.10, "deep": [null, "\u{e9}"] });
    assert!(world.call("PUT", &path, before.clone()).0 < 300);

    declare(
        &world,
        "  - { user: ana@voyager.example, business: { department: service } }\n  - { user: bo@voyager.example, business: { department: sales } }\n",
    );
    let plan = world.plan().expect(0);
    eprintln!("{}", shown(&plan));
    plan.shows("~ person department sales → service access/a.yaml:9")
        .shows("+ member ana@voyager.example access/a.yaml:7 joined department service");
    world.apply().expect(0);
    assert_eq!(members(&world), ["ana@voyager.example", "cy@voyager.example"]);
    let mut after = business(&world, "ana@voyager.example");
    assert_eq!(after["departmentRef"]["id"], SERVICE);
    (before["departmentRef"], after["departmentRef"]) = (Value::Null, Value::Null);
    assert_eq!(after, before, "nothing else is written otherwise");
    world.plan().expect(0).ends_with(NO_CHANGES);
}

#[test]
fn whoever_leaves_keeps_nothing_and_is_deactivated_after_that() {
    let world = world();
    declare(&world, "  - { user: bo@voyager.example, active: true }\n");
    world.apply().expect(0);
    declare(&world, "  - { user: bo@voyager.example, active: false, reason: left }\n");
    let plan = world.plan().expect(0);
    eprintln!("{}", shown(&plan));
    plan.shows("- person account deactivated");
    let run = world.apply().expect(0);
    eprintln!("{}", shown(&run));
    assert_eq!(members(&world), ["cy@voyager.example"]);
    world.plan().expect(0).ends_with(NO_CHANGES);
    declare(&world, "  - { user: bo@voyager.example, active: true }\n");
    world.plan().expect(0).shows("+ person account activated");
    world.apply().expect(0);
    assert_eq!(members(&world), ["bo@voyager.example", "cy@voyager.example"]);
    world.plan().expect(0).ends_with(NO_CHANGES);
}

/// A joiner in the service who is also named in Night, with a direct role.
const NOOR: &str = "  - user: noor@voyager.example
    create: { name: { first: Noor, last: Haddad } }
    externalId: hr-1017
    business: { legalEntity: voyager-de, department: service, employeeId: \"1017\", manager: ana@voyager.example, approvers: [cy@voyager.example, ana@voyager.example] }
    directRoles: [{ type: COMPANY_REPORT_ADMIN, company: globex }]
";

#[test]
fn whoever_joins_gets_an_account_once_and_then_everything_else() {
    let world = world();
    declare(&world, NOOR);
    let plan = world.plan().expect(0);
    eprintln!("{}", shown(&plan));
    plan.shows("+ person account created: EMPLOYEE Noor Haddad access/a.yaml:9")
        .shows("+ member noor@voyager.example access/a.yaml:7 joined department service");
    let run = world.apply().expect(0);
    eprintln!("{}", shown(&run));
    assert_eq!(members(&world), ["bo@voyager.example", "cy@voyager.example", "noor@voyager.example"]);
    let business = business(&world, "noor@voyager.example");
    assert_eq!(business["employeeId"], "1017");
    assert_eq!(business["managerRef"]["id"], world.user("ana@voyager.example"));
    world.plan().expect(0).ends_with(NO_CHANGES);
}
