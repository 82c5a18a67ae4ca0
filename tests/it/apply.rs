//! What an apply does to groups: the requests, their order, and what stays as it was.

use serde_json::{Value, json};

use crate::support::{NO_CHANGES, SEED, VOYAGER, World};

#[test]
fn inside_a_group_who_leaves_goes_first_and_who_joins_comes_last() {
    let world = World::new().groups(
        "  - name: Desk
    description: The desk, renewed.
    roles: [{ role: Agent, scope: { company: initech } }, { role: Trip Manager, scope: { company: globex } }]
    members: [ana@voyager.example, cy@voyager.example]
",
    );
    world.forget();
    world.apply().expect(0);
    let written = world.written();
    let access: Vec<(&str, bool)> = written
        .iter()
        .filter(|it| it.what != "PUT {groupId}")
        .map(|it| (&*it.what, it.body.get("userIdsToDelete").is_some()))
        .collect();
    assert_eq!(access, [("PATCH members", true), ("PATCH roles", false), ("PATCH members", false)]);
    assert_eq!(written.len(), 4, "{written:?}");
    world.settled();
}

/// 250 people of one company, and the YAML list that names them all.
fn crowd() -> (String, String) {
    let names: Vec<String> = (0..250).map(|n| format!("p{n:03}@voyager.example")).collect();
    let users: String = names.iter().map(|it| format!("  - {{ email: {it}, company: voyager }}\n")).collect();
    (SEED.replace("groups:\n", &format!("{users}groups:\n")), names.join(", "))
}

#[test]
pub(crate) fn many_members_are_changed_a_hundred_at_a_time() {
    let (seed, everybody) = crowd();
    let world = World::seeded(&seed).ruled(
        "guards: { removals: { percent: 100, atMost: 250 } }
exceptions: [{ guard: group-emptied, group: Crowd, upTo: 250, until: 2099-01-01, reason: over }]
",
    );
    let declare = |members: &str| {
        world.write("access/a.yaml", &format!("version: 1\ngroups:\n  - {{ name: Crowd, description: All., roles: [], members: [{members}] }}\n"));
    };
    let sizes = |field: &str| -> Vec<usize> {
        let patches = world.written().into_iter().filter(|it| it.what == "PATCH members");
        patches.map(|it| it.body[field].as_array().map_or(0, Vec::len)).collect()
    };
    world.forget();
    declare(&everybody);
    world.apply().expect(0);
    assert_eq!(sizes("userIdsToAdd"), [100, 100, 50]);
    assert_eq!(world.members("Crowd").len(), 250);
    world.settled();
    world.forget();
    declare("");
    world.apply().expect(0);
    assert_eq!(sizes("userIdsToDelete"), [100, 100, 50]);
    assert_eq!(world.members("Crowd"), [""; 0]);
}

#[test]
pub(crate) fn a_removed_group_is_deleted_with_everything_named_that_goes_with_it() {
    let world = World::new()
        .with("access/a.yaml", "version: 1\nremoved:\n  - { group: Desk, reason: the desk is closed }\n");
    world.forget();
    world
        .plan()
        .expect(0)
        .shows("- group Desk 1 role, 2 members access/a.yaml:3 the desk is closed")
        .shows("- role Agent on company globex")
        .shows("- member ana@voyager.example")
        .shows("- member bo@voyager.example")
        .ends_with(
            "Plan: 0 groups to create, 0 to change, 1 to delete; roles +0 ~0 -1; members +0 -2; 0 guards.",
        );
    world.apply().expect(0);
    assert_eq!(world.writes(), ["DELETE {groupId}"]);
    assert_eq!(world.group("Desk"), None);
    world.settled();
}

#[test]
fn a_group_that_leaves_the_files_is_reported_and_left_alone() {
    let world = World::new()
        .groups("  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }\n");
    world.plan().expect(0).shows("Unmanaged, left alone: 2 groups").ends_with(NO_CHANGES);
    world.forget();
    world.apply().expect(0);
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
pub(crate) fn a_rename_keeps_the_id_the_members_and_the_roles() {
    let renamed = "  - { name: Front Desk, renamedFrom: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, bo@voyager.example] }\n";
    let world = World::new().groups(renamed);
    let (id, members) = (world.id("Desk"), members_as_added(&world, "Desk"));
    world.forget();
    world.plan().expect(0).shows("~ name Desk → Front Desk");
    world.apply().expect(0);
    assert_eq!(world.writes(), ["PUT {groupId}"]);
    assert_eq!(world.written()[0].body, json!({ "name": "Front Desk", "description": "The desk." }));
    assert_eq!((world.group("Desk"), world.id("Front Desk")), (None, id));
    assert_eq!(members_as_added(&world, "Front Desk"), members);
    // `renamedFrom` may stay in the file.
    world.settled();
}

/// Returns the rows of a group's members, with the time each was added.
fn members_as_added(world: &World, group: &str) -> Vec<Value> {
    world.list(&format!("user-groups/{}/members", world.id(group)))
}

#[test]
fn a_group_pinned_by_its_id_takes_the_name_in_the_file() {
    let world = World::new();
    let id = world.id("Desk");
    let world = world.groups(&format!(
        "  - {{ name: Reception, id: {id}, description: The desk., roles: unmanaged, members: unmanaged }}\n"
    ));
    world.forget();
    world.plan().expect(0).shows("~ name Desk → Reception");
    world.apply().expect(0);
    assert_eq!(world.writes(), ["PUT {groupId}"]);
    assert_eq!(world.id("Reception"), id);
    world.settled();
}

#[test]
fn a_new_description_changes_nothing_else() {
    let world = World::new().groups(
        "  - { name: Desk, description: \"The desk, by day.\", roles: unmanaged, members: unmanaged }\n",
    );
    world.forget();
    world.plan().expect(0).shows("~ text");
    world.apply().expect(0);
    assert_eq!(world.writes(), ["PUT {groupId}"]);
    assert_eq!(world.group("Desk").unwrap()["description"], "The desk, by day.");
    assert_eq!(world.members("Desk").len(), 2);
    world.settled();
}

#[test]
fn the_other_method_is_tried_where_an_update_is_not_allowed() {
    let world = World::seeded(&format!("{SEED}dialect: {{ groupUpdate: patch }}\n"));
    let world = world.groups("  - { name: Desk, description: New., roles: unmanaged, members: unmanaged }\n");
    world.apply().expect(0);
    assert_eq!(world.group("Desk").unwrap()["description"], "New.");
    world.settled();
}

#[test]
fn other_roles_for_a_standard_group_are_withheld_and_the_way_out_is_named() {
    for roles in ["[]", "[{ role: Agent, scope: { company: globex } }]"] {
        let world = World::new().groups(&format!(
            "  - {{ name: Company Admins, description: Administrators of the company., roles: {roles}, members: [root@voyager.example, ana@voyager.example] }}\n"
        ));
        world.forget();
        let way_out = ["its roles stay", "rolecall duplicate \"Company Admins\" --as"];
        // What can be done is done; the rest keeps the run from being clean.
        for run in [world.plan().expect(0), world.apply().expect(3)] {
            assert!(way_out.iter().all(|it| run.stdout.contains(it)), "{}", run.stdout);
        }
        assert_eq!(world.writes(), ["PATCH members"]);
        assert_eq!(world.members("Company Admins"), ["ana@voyager.example", "root@voyager.example"]);
    }
}

#[test]
fn a_standard_group_is_not_deleted() {
    let world =
        World::new().with("access/a.yaml", "version: 1\nremoved: [{ group: Company Admins, reason: r }]\n");
    world.forget();
    let text = world.apply().expect(3).stdout;
    assert!(text.contains("a standard group cannot be deleted") && text.contains("`members: []`"), "{text}");
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
fn a_standard_group_may_be_declared_with_the_roles_it_has() {
    let world = World::new().groups(
        "  - name: Company Admins
    description: Administrators of the company.
    roles:
      - { role: Company Management Admin, scope: { company: voyager } }
      - { role: Trip Manager, scope: [{ profile: vip@globex.example }, { legalEntity: globex-uk, company: globex }] }
    members: [root@voyager.example, ana@voyager.example]
",
    );
    world.forget();
    world.apply().expect(0);
    assert_eq!(world.writes(), ["PATCH members"]);
    world.settled();
}

#[test]
fn scopes_are_equal_by_meaning_whatever_the_server_makes_of_them() {
    for echo in ["asSent", "sorted", "split"] {
        let world = World::seeded(&format!("{SEED}dialect: {{ scopeEcho: {echo} }}\n")).groups(
            "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: [{ company: [initech, globex] }, { company: globex, legalEntity: globex-uk }] }], members: unmanaged }\n",
        );
        world.apply().expect(0);
        world.settled();
    }
}

#[test]
fn each_spelling_that_the_api_may_have_works_or_is_reported() {
    for (dialect, code) in
        [("{ groupRole: flat }", 0), ("{ duplicateGroupName: reject }", 0), ("{ maxLimit: 1 }", 0)]
    {
        let world = World::seeded(&format!("{SEED}dialect: {dialect}\n")).groups(
            "  - { name: Desk, description: The desk., roles: [{ role: Trip Manager, scope: { company: globex } }], members: [cy@voyager.example] }
  - { name: New, description: New., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example] }\n",
        );
        world.apply().expect(code);
        world.settled();
    }
}

#[test]
fn a_removal_field_that_the_server_ignores_is_not_taken_for_done() {
    let world = World::seeded(&format!(
        "{SEED}dialect: {{ memberRemovalField: userIdsToRemove, unknownField: ignore }}\n"
    ));
    let world = world.groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n",
    );
    world
        .apply()
        .expect(3)
        .shows("failed remove 1 member: the API accepted the removal, but 1 of the removed");
    assert_eq!(world.members("Desk").len(), 2);
}

#[test]
fn groups_of_two_companies_are_kept_apart() {
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n")
        .with("access/globex.yaml", "version: 1\ncompany: globex\ngroups:\n  - { name: Desk, description: Theirs., roles: [], members: [vip@globex.example] }\n");
    world.forget();
    world.run("apply --auto-approve --create-all").expect(0);
    let mut companies: Vec<String> =
        world.written().iter().map(|it| it.path.split('/').nth(3).unwrap().to_owned()).collect();
    companies.dedup();
    companies.sort();
    companies.dedup();
    assert_eq!(companies, [VOYAGER, "2b7e0000-0000-4000-8000-000000000002"]);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
    world.settled();
}

#[test]
fn a_changed_scope_is_sent_as_the_dialect_says() {
    // Desk has Agent on globex.
    let wider = "[globex, initech]";
    let other = "initech";
    for (client, server, scope, calls) in [
        ("scopeChange: atomic", "{}", wider, &["+"][..]),
        ("scopeChange: atomic", "{}", other, &["+-"]),
        ("scopeChange: split", "{}", wider, &["+"]),
        ("scopeChange: split", "{}", other, &["-", "+"]),
        ("scopeChange: revokeFirst", "{}", wider, &["-", "+"]),
        ("scopeChange: revokeFirst", "{ scopeChange: split, sameRoleTwice: reject }", wider, &["-", "+"]),
        ("rolesToDelete: ids", "{ rolesToDelete: ids }", wider, &["+"]),
        ("rolesToDelete: ids", "{ rolesToDelete: ids }", other, &["-", "+"]),
    ] {
        let world = World::seeded(&format!("{SEED}dialect: {server}\n"))
            .ruled(&format!("api: {{ dialect: {{ {client} }} }}\n"))
            .groups(&format!("  - {{ name: Desk, description: The desk., roles: [{{ role: Agent, scope: {{ company: {scope} }} }}], members: unmanaged }}\n"));
        let plan = world.plan().expect(0).stdout;
        // Whoever keeps a part of it is without it for a moment where the deletion comes first.
        let gap = calls == ["-", "+"] && scope == wider;
        assert_eq!(plan.contains("\nGaps"), gap, "{client}: {plan}");
        world.forget();
        world.apply().expect(0);
        let full = |it: &Value| it.as_array().is_some_and(|it| !it.is_empty());
        let sent: Vec<String> = world
            .written()
            .iter()
            .map(|it| {
                let sign = |field: &str, sign: &str| {
                    if full(&it.body[field]) { sign.to_owned() } else { String::new() }
                };
                sign("rolesToAdd", "+") + &sign("rolesToDelete", "-")
            })
            .collect();
        assert_eq!(sent, calls, "{client}");
        world.settled();
    }
}

#[test]
fn a_rename_that_is_done_stays_done_whoever_makes_a_group_of_the_old_name() {
    for twins in [1, 2] {
        let world = World::new().groups(
            "  - { name: Front, renamedFrom: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n",
        );
        world.apply().expect(0);
        let front = world.id("Front");
        for _ in 0..twins {
            let path = format!("/v3/companies/{VOYAGER}/user-groups");
            assert!(world.call("POST", &path, json!({ "name": "Desk", "description": "Another." })).0 < 300);
        }
        world.forget();
        let run = world.apply().expect(0);
        assert!(
            run.stdout.contains("void-rename") || run.stdout.contains("nothing is renamed"),
            "{}",
            run.stdout
        );
        assert_eq!(world.writes(), [""; 0]);
        assert_eq!(world.id("Front"), front);
    }
}
