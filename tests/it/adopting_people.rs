//! `--adopt` of what people are: what somebody changed by hand about a declared person is written into the files.

use std::fs;

use serde_json::{Value, json};

use crate::{
    lives::{KNOWN, SALES, SERVICE, business, declare, rules, world},
    support::{NO_CHANGES, World},
};

/// What somebody declared of people, in more than one style.
const FILE: &str = "version: 1
users:
  # moves often
  - user: ana@voyager.example
    externalId: hr-1   # as in HR
    business:
      department: sales   # by contract
      manager: bo@voyager.example
      # in this order
      approvers: [bo@voyager.example, cy@voyager.example]
      designation: 'Lead'
  - { user: bo@voyager.example, active: true, business: { department: service, employeeId: \"7\" } }
  - user: cy@voyager.example
    business:
      designation: Agent
    directRoles: unmanaged
";

const ADOPTED: &str = "version: 1
users:
  # moves often
  - user: ana@voyager.example
    externalId: hr-2   # as in HR
    business:
      department: service   # by contract
      manager: cy@voyager.example
      # in this order
      approvers: [cy@voyager.example]
  - { user: bo@voyager.example, active: true, business: { department: service, employeeId: \"8\" } }
  - user: cy@voyager.example
    directRoles: unmanaged
";

/// Changes what the API says of somebody by hand.
fn by_hand(world: &World, who: &str, change: impl Fn(&mut Value)) {
    let mut now = business(world, who);
    change(&mut now);
    let path = format!("/v2/users/{}/business-info", world.user(who));
    let (status, body) = world.call("PUT", &path, now);
    assert!(status < 300, "{status} {body}");
}

fn drop_field(it: &mut Value, field: &str) {
    it.as_object_mut().unwrap().remove(field);
}

fn file(world: &World) -> String {
    fs::read_to_string(world.path().join("access/a.yaml")).unwrap()
}

/// The files as they are live, and then by hand otherwise.
fn changed() -> World {
    let world = world();
    world.write("access/a.yaml", FILE);
    world.apply().expect(0);
    let (ana, cy) = ("ana@voyager.example", world.user("cy@voyager.example"));
    by_hand(&world, ana, |it| {
        it["departmentRef"] = json!({ "id": SERVICE });
        it["managerRef"] = json!({ "id": cy });
        it["designatedApproverRefs"] = json!([{ "id": cy }]);
        drop_field(it, "designation");
    });
    by_hand(&world, "bo@voyager.example", |it| it["employeeId"] = json!("8"));
    by_hand(&world, "cy@voyager.example", |it| drop_field(it, "designation"));
    let path = format!("/v2/users/{}/external-id", world.user(ana));
    let (status, body) = world.call("PUT", &path, json!({ "externalId": "hr-2" }));
    assert!(status < 300, "{status} {body}");
    world.forget();
    world
}

#[test]
fn what_people_are_by_hand_is_written_and_every_other_byte_stays() {
    for (line, end) in [("drift --adopt", "\n"), ("plan --adopt", "\r\n")] {
        let world = changed();
        world.write("access/a.yaml", &FILE.replace('\n', end));
        let run = world.run(&format!("{line} --dry-run")).expect(0);
        assert_eq!(file(&world), FILE.replace('\n', end), "a dry run writes nothing");
        assert!(run.stdout.contains("+      department: service   # by contract"), "{}", run.stdout);
        let run = world.run(line).expect(0);
        assert_eq!(file(&world), ADOPTED.replace('\n', end), "{line}\n{}", run.stdout);
        run.shows("person ana@voyager.example")
            .shows("~ person department sales → service")
            .shows("~ person manager bo@voyager.example → cy@voyager.example")
            .shows("- person designation Lead → none");
        world.plan().expect(0).ends_with(NO_CHANGES);
        assert!(world.writes().is_empty(), "only files are written: {:?}", world.writes());
        world.run(line).expect(0).ends_with("Nothing to adopt: the files say what is live.");
    }
    let world = changed();
    world.run("snapshot --out live.json").expect(0);
    world.run("plan --live live.json --adopt").expect(0);
    assert_eq!(file(&world), ADOPTED, "from a snapshot as well");
}

/// Who came back by hand is active in the files, and what the person holds is as the files or the API have it.
#[test]
fn whoever_came_back_by_hand_is_active_in_the_files_and_privileged_access_is_marked() {
    let world = world();
    let groups = |more: &str| {
        format!(
            "version: 1\ngroups:\n  - {{ name: Desk, description: The desk., roles: [], members: [bo@voyager.example] }}\n  - {{ name: Admins, description: All., roles: [{{ role: Company Management Admin, scope: {{ company: globex }} }}], members: [cy@voyager.example] }}\n{more}"
        )
    };
    let left = "users:\n  # a while\n  - { user: bo@voyager.example, active: false, reason: left }\n";
    world.write("access/a.yaml", &groups(""));
    world.apply().expect(0);
    let privileged = rules(KNOWN, "").replace("privileged: []", "privileged: [Company Management Admin]");
    world.write("rolecall.yaml", &privileged);
    world.write("access/a.yaml", &groups(left));
    let bo = json!([world.user("bo@voyager.example")]);
    world.patch_members("Admins", &json!({ "userIdsToAdd": bo, "userIdsToDelete": [] }));
    let run = world.run("drift --adopt").expect(0);
    let after = file(&world).split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = groups(&left.replace("active: false", "active: true"))
        .replace("members: [cy@voyager.example]", "members: [cy@voyager.example, bo@voyager.example]");
    assert_eq!(after, expected.split_whitespace().collect::<Vec<_>>().join(" "), "{}", run.stdout);
    let marked: Vec<&str> = run.stdout.lines().filter(|it| it.contains("PRIVILEGED")).collect();
    assert!(marked.iter().any(|it| it.contains("account active, as it is")), "{}", run.stdout);
    assert!(marked.iter().any(|it| it.contains("+ member  bo@voyager.example")), "{}", run.stdout);
    world.plan().expect(0).ends_with(NO_CHANGES);
}

/// What would give or take access is not adopted by the way, and what there is not yet is not taken out.
#[test]
fn what_would_give_or_take_access_is_left_with_its_reason() {
    // By the department Ana would be in the desk, where she is not.
    let world = world();
    declare(
        &world,
        "  - { user: ana@voyager.example, business: { department: sales, designation: Lead } }\n",
    );
    world.apply().expect(0);
    by_hand(&world, "ana@voyager.example", |it| {
        it["departmentRef"] = json!({ "id": SERVICE });
    });
    let before = file(&world);
    let run = world.run("drift --adopt").expect(3);
    assert_eq!(file(&world), before);
    for said in ["would give or take access because of it", "department: service"] {
        assert!(run.stdout.contains(said), "{said}\n{}", run.stdout);
    }
    // By the department she is in the desk no more, and by hand she is in it no more either.
    declare(&world, "  - { user: ana@voyager.example, business: { department: service } }\n");
    world.apply().expect(0);
    by_hand(&world, "ana@voyager.example", |it| {
        it["departmentRef"] = json!({ "id": SALES });
    });
    let ana = json!([world.user("ana@voyager.example")]);
    world.patch_members("Desk", &json!({ "userIdsToAdd": [], "userIdsToDelete": ana }));
    let before = file(&world);
    world.run("drift --adopt").expect(0);
    assert_eq!(
        file(&world),
        before.replace("service } }\n", "sales } }\n"),
        "and no exception from the rule"
    );
    world.plan().expect(0).ends_with(NO_CHANGES);
    // Nobody made the account yet: the entry stays.
    let joiner = "  - { user: noor@voyager.example, create: { name: { first: Noor, last: Haddad } }, business: { legalEntity: voyager-de, department: service } }\n";
    declare(&world, joiner);
    let before = file(&world);
    let run = world.run("drift --adopt").expect(3);
    assert_eq!(file(&world), before);
    assert!(run.stdout.contains("there is no account yet"), "{}", run.stdout);
    // Somebody deactivated by hand is still in the desk: to say so in the files would be to take that away.
    declare(&world, "  - { user: bo@voyager.example, active: true }\n");
    world.apply().expect(0);
    let path = format!("/v2/users/{}", world.user("bo@voyager.example"));
    assert!(world.call("DELETE", &path, Value::Null).0 < 300);
    let before = file(&world);
    let run = world.run("drift --adopt");
    assert_eq!(file(&world), before);
    run.expect(3);
}

/// A name that only the API knows is written as such where it is the only one, and the id where it could be another's.
#[test]
fn what_only_the_api_names_is_written_by_that_name() {
    let seed = crate::lives::seed().replace(
        "legalEntities: [{ name: voyager-de,",
        "offices: [{ name: Berlin }, { name: Wien }, { name: ' Graz' }, { name: Twin, id: 0f0f0000-0000-4000-8000-000000000001 }, { name: Twin, id: 0f0f0000-0000-4000-8000-000000000002 }], grades: [{ name: G7 }, { name: G8 }], legalEntities: [{ name: voyager-de,",
    );
    let others: String = [("b", "Berlin", "G7"), ("w", "Wien", "G8"), ("g", "' Graz'", "G8")]
        .map(|(who, office, grade)| {
            format!(
                "  - {{ email: {who}@voyager.example, company: voyager, office: {office}, grade: {grade} }}\n"
            )
        })
        .concat();
    let rules = rules(KNOWN, "");
    let nameless = &rules[..rules.find("  legalEntity:").unwrap()];
    let world = World::seeded(&seed.replace("groups:\n", &format!("{others}groups:\n"))).with(
        "rolecall.yaml",
        &format!("{nameless}  office: {{ Wien: 0f0f0000-0000-4000-8000-000000000002 }}\n"),
    );
    let people = |of_ana: &str| {
        format!(
            "version: 1\nusers:\n  - {{ user: ana@voyager.example, business: {{ {of_ana} }} }}\n  - {{ user: b@voyager.example, business: {{ grade: G7 }} }}\n  - {{ user: w@voyager.example, business: {{ grade: G8 }} }}\n"
        )
    };
    world.write("access/a.yaml", &people("department: sales, office: Berlin, grade: G7"));
    world.apply().expect(0);
    let of =
        |who: &str, field: &str| business(&world, &format!("{who}@voyager.example"))[field]["id"].clone();
    let (wien, graz) = (of("w", "officeRef"), of("g", "officeRef"));
    let second = json!("0f0f0000-0000-4000-8000-000000000002");
    for (office, written) in [
        // `Wien` is the name of another office under `ids:`, ` Graz` is none that a file says, and of the last the files have a name.
        (&wien, wien.as_str().unwrap()),
        (&graz, graz.as_str().unwrap()),
        (&second, "Wien"),
    ] {
        world.write("access/a.yaml", &people("department: sales, office: Berlin, grade: G7"));
        let grade = of("w", "gradeRef");
        by_hand(&world, "ana@voyager.example", |it| {
            it["departmentRef"] = json!({ "id": SERVICE });
            it["officeRef"] = json!({ "id": office });
            it["gradeRef"] = json!({ "id": grade });
        });
        world.run("drift --adopt").expect(0);
        let said = file(&world).replace('"', "");
        assert!(said.contains("department: service,"), "{said}");
        assert!(said.contains(&format!("office: {written},")), "{said}");
        assert!(said.contains("grade: G8"), "{said}");
        world.plan().expect(0).ends_with(NO_CHANGES);
    }
}
