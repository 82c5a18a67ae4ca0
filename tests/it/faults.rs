//! An apply that meets trouble: what it still does, what it never does twice, and what it says.

use serde_json::{Value, json};

use crate::support::{Run, World};

/// A fault of PATCHes to one kind of thing of one group.
fn on_patch(world: &World, group: &str, what: &str, kind: &Value) {
    let path = format!("{}/{what}", world.id(group));
    world.faults(json!([{ "method": "PATCH", "path": path, "kind": kind }]));
}

/// Desk gains a member; Night loses one, then its role moves to another scope, then it gains one.
fn two_groups() -> World {
    World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, bo@voyager.example, root@voyager.example] }
  - { name: Night, description: The night., roles: [{ role: Agent, scope: { company: [globex, voyager] } }], members: [bo@voyager.example] }
  - { name: Spare, description: Spare., roles: [], members: [] }
",
    )
}

#[test]
fn a_failing_group_does_not_stop_the_others() {
    let world = two_groups();
    on_patch(&world, "Desk", "members", &json!({ "status": { "code": 400 } }));
    let run = world
        .apply()
        .expect(3)
        .shows("Not done: Desk")
        .shows("failed add 1 member: ")
        .shows("Applied: 2 of 3 groups; steps: 4 done, 1 failed, 0 skipped, 0 stale, 0 not begun.");
    assert!(run.stdout.contains("refused with 400"), "{}", run.stdout);
    assert!(run.stdout.contains("rolecall apply"), "the way on is not named\n{}", run.stdout);
    assert_eq!(world.members("Night"), ["bo@voyager.example"]);
    assert!(world.group("Spare").is_some());
    world.forget();
    world.apply().expect(0);
    assert_eq!(world.writes(), ["PATCH members"], "the second apply does just what is missing");
    assert_eq!(world.writes_to("Desk"), ["PATCH members"]);
    world.settled();
}

#[test]
fn inside_a_group_nothing_comes_after_a_failed_step() {
    let world = two_groups();
    on_patch(&world, "Night", "members", &json!({ "status": { "code": 400 } }));
    world.forget();
    world
        .apply()
        .expect(3)
        .shows("failed remove 1 member:")
        .shows("skipped change roles")
        .shows("skipped add 1 member");
    assert_eq!(world.writes_to("Night"), ["PATCH members"]);
    assert_eq!(world.members("Night"), ["cy@voyager.example"]);
}

#[test]
fn a_report_in_json_says_what_became_of_every_step() {
    let world = two_groups();
    on_patch(&world, "Night", "members", &json!({ "status": { "code": 400 } }));
    let report = world.run("apply --auto-approve --format json").expect(3).json();
    assert_eq!(
        (&report["kind"], &report["exit"], &report["result"]),
        (&json!("apply"), &json!(3), &json!("partial"))
    );
    let night = report["groups"].as_array().unwrap().iter().find(|it| it["name"] == "Night").unwrap();
    let steps: Vec<&str> =
        night["steps"].as_array().unwrap().iter().map(|it| it["result"].as_str().unwrap()).collect();
    assert_eq!(steps, ["failed", "skipped", "skipped"]);
    assert_eq!(report["readBack"], json!({ "clean": false, "differ": ["Night"] }));
}

/// Applies a new group, with a fault of the request that creates it.
fn created_under(kind: &Value) -> (World, Run) {
    let world = World::new().groups(
        "  - { name: New, description: New., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example] }\n",
    );
    // Before it the groups are listed twice: all of them for the plan, and those of the name.
    world.faults(json!([{ "method": "POST", "path": "/user-groups", "skip": 2, "kind": kind }]));
    let world = world.variable("ROLECALL_ASK_PEOPLE", "0");
    world.forget();
    let run = world.apply();
    (world, run)
}

#[test]
fn a_group_is_created_once_whatever_becomes_of_the_answer() {
    let before = World::new().list("user-groups/list").len();
    for kind in [
        json!({ "status": { "code": 500, "afterWrite": true } }),
        json!({ "status": { "code": 500, "afterWrite": false } }),
        json!({ "status": { "code": 503, "retryAfter": "0" } }),
        json!({ "status": { "code": 429, "retryAfter": "0" } }),
        json!({ "drop": { "afterWrite": true } }),
        json!({ "drop": { "afterWrite": false } }),
        json!({ "garbage": {} }),
    ] {
        let (world, run) = created_under(&kind);
        run.expect(0);
        let creations: Vec<Option<u64>> =
            world.written().iter().filter(|it| it.what == "POST user-groups").map(|it| it.status).collect();
        assert!(
            creations.len() > 1 || creations != [Some(200)],
            "{kind}: the fault did not meet the creation"
        );
        assert_eq!(world.list("user-groups/list").len(), before + 1, "{kind}");
        assert_eq!(world.members("New"), ["ana@voyager.example"], "{kind}");
        assert_eq!(world.roles("New").len(), 1, "{kind}");
        world.settled();
    }
}

#[test]
fn a_lost_answer_to_a_change_is_looked_into_before_anything_is_repeated() {
    let kinds = [true, false].map(|after| {
        [
            json!({ "status": { "code": 500, "afterWrite": after } }),
            json!({ "status": { "code": 502, "afterWrite": after } }),
            json!({ "drop": { "afterWrite": after } }),
        ]
        .map(|kind| (kind, after))
    });
    for (kind, took_effect) in kinds.into_iter().flatten() {
        for (group, what) in [("Desk", "members"), ("Night", "roles"), ("Night", "members")] {
            let world = two_groups();
            on_patch(&world, group, what, &kind);
            world.forget();
            world.apply().expect(0);
            let patches: Vec<_> =
                world.writes_to(group).into_iter().filter(|it| *it == format!("PATCH {what}")).collect();
            let planned = if (group, what) == ("Night", "members") { 2 } else { 1 };
            assert_eq!(patches.len(), planned + usize::from(!took_effect), "{group} {what} {kind}");
            world.settled();
        }
    }
}

#[test]
fn a_write_that_is_accepted_and_ignored_is_found_out() {
    for (group, what, said) in [
        ("Desk", "members", "Desk: its members are others (+0 -1)"),
        ("Night", "roles", "failed change roles: the API accepted the change of roles"),
    ] {
        let world = two_groups();
        on_patch(&world, group, what, &json!({ "ignoreWrite": {} }));
        world.apply().expect(3).shows(said);
        world.apply().expect(0);
        world.settled();
    }
}

#[test]
fn a_write_that_is_ignored_when_it_is_repeated_gives_nobody_the_old_roles() {
    // The first answer is lost and nothing was done; the second request is accepted, and nothing is done either.
    for lost in [json!({ "status": { "code": 500 } }), json!({ "drop": {} })] {
        for (what, said, skipped) in [
            ("roles", "failed change roles: the API accepted the change of roles", "skipped add 1 member"),
            ("members", "failed remove 1 member: the API accepted the removal", "skipped change roles"),
        ] {
            let world = two_groups();
            let path = format!("{}/{what}", world.id("Night"));
            let rule = |kind: &Value| json!({ "method": "PATCH", "path": path, "kind": kind });
            world.faults(json!([rule(&lost), rule(&json!({ "ignoreWrite": {} }))]));
            let roles = world.roles("Night");
            world.apply().expect(3).shows(said).shows(skipped);
            assert_eq!(world.roles("Night"), roles, "{lost} {what}");
            assert!(
                !world.members("Night").contains(&"bo@voyager.example".to_owned()),
                "{lost} {what}: Bo holds what neither state gives"
            );
            world.apply().expect(0);
            world.settled();
        }
    }
}

#[test]
fn a_removal_that_is_ignored_gives_nobody_the_new_roles() {
    // Bo shall leave Desk, and Desk shall hold more. The API takes the removal and does nothing.
    let world = World::new().groups(
        "  - name: Desk
    description: The desk.
    roles: [{ role: Agent, scope: { company: [globex, initech] } }]
    members: [ana@voyager.example]\n",
    );
    let roles = world.roles("Desk");
    on_patch(&world, "Desk", "members", &json!({ "ignoreWrite": {} }));
    let apply = world.apply().expect(3);
    for words in ["1 of the removed are in the group all the same", "skipped  change roles"] {
        assert!(apply.stdout.contains(words), "{}", apply.stdout);
    }
    assert_eq!(world.roles("Desk"), roles);
    world.apply().expect(0);
    world.settled();
}

/// Bo moves from Desk to Night, and both give the same. The API takes the addition and does nothing.
#[test]
fn an_addition_that_is_ignored_takes_nothing_from_those_who_move() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }
  - { name: Night, description: The night., roles: unmanaged, members: { atLeast: [bo@voyager.example] } }\n",
    );
    on_patch(&world, "Night", "members", &json!({ "ignoreWrite": {} }));
    world
        .apply()
        .expect(3)
        .shows("failed add 1 member: the API accepted the addition, but 1 of the added are not in the group")
        .shows("skipped remove 1 member");
    assert!(
        world.members("Desk").contains(&"bo@voyager.example".to_owned()),
        "Bo has lost what both states give"
    );
    world.apply().expect(0);
    world.settled();
}

#[test]
fn what_was_written_before_a_failure_is_not_passed_over() {
    // The group cannot be deleted, so it is emptied; then it still cannot be deleted.
    let world = World::new().with("access/a.yaml", "version: 1\nremoved: [{ group: Desk, reason: r }]\n");
    world.faults(json!([{ "method": "DELETE", "times": 0, "kind": { "status": { "code": 400 } } }]));
    world.apply().expect(3);
    assert_eq!(world.members("Desk"), [""; 0]);
    // The group exists, though nobody could say so.
    let world = World::new().groups("  - { name: New, description: d, roles: [], members: [] }\n");
    world.faults(json!([
        { "method": "POST", "path": "/user-groups", "skip": 2, "times": 1, "kind": { "status": { "code": 500, "afterWrite": true } } },
        { "method": "POST", "path": "/user-groups/list", "skip": 2, "times": 0, "kind": { "status": { "code": 400 } } },
    ]));
    world.apply().expect(3);
    world.faults(json!([]));
    assert!(world.group("New").is_some());
}

#[test]
fn a_token_that_may_only_read_writes_nothing() {
    let world = two_groups().variable("ROLECALL_TOKEN", "read-token");
    let (members, roles) = (world.members("Desk"), world.roles("Night"));
    let run = world.apply().expect(5);
    assert!(run.stdout.contains("hint: ") && run.stdout.contains("403"), "{}", run.stdout);
    assert_eq!((world.members("Desk"), world.roles("Night")), (members, roles));
    assert_eq!(world.group("Spare"), None);
}

#[test]
fn a_token_that_dies_in_the_middle_is_renewed() {
    for skip in [1, 6, 14] {
        let world = two_groups().with_client();
        world.faults(json!([{ "path": "/v3/", "skip": skip, "kind": { "expireTokens": {} } }]));
        world.forget();
        world.apply().expect(0);
        assert!(world.log().iter().any(|it| it["status"] == 401), "skip {skip}: the token did not die");
        assert_eq!(world.stats()["tokens"], 2, "skip {skip}");
        world.settled();
    }
}

#[test]
fn limited_rates_slow_an_apply_down_and_no_more() {
    let world = two_groups();
    world.faults(
        json!([{ "method": "PATCH", "times": 3, "kind": { "status": { "code": 429, "retryAfter": "0" } } }]),
    );
    world.forget();
    world.apply().expect(0);
    assert_eq!(world.written().iter().filter(|it| it.status == Some(429)).count(), 3);
    world.settled();
}

#[test]
fn a_creation_that_is_refused_leaves_nothing_behind() {
    let (world, run) = created_under(&json!({ "status": { "code": 400 } }));
    run.expect(8).shows("Not done: New").shows("failed create the group:").shows("skipped change roles");
    assert_eq!(world.writes(), ["POST user-groups"]);
    assert_eq!(world.group("New"), None);
}

#[test]
fn an_apply_that_cannot_be_read_back_is_no_success() {
    let world = two_groups();
    // Of the groups that exist only lists are read; the new one is read back whole.
    world.faults(json!([{ "method": "GET", "path": "/user-groups/", "times": 0, "kind": { "status": { "code": 403 } } }]));
    let run = world
        .apply()
        .expect(3)
        .shows("Read back, and not as the plan says:")
        .shows("Spare: could not be read: ");
    assert!(!run.stdout.contains("live state matches"), "{}", run.stdout);
}

/// A write that the server fails is looked into and sent again, as often as a read, and never twice where it was made.
#[test]
fn a_server_error_on_a_write_is_tried_again_up_to_five_times() {
    let kinds = [("POST", "user-groups"), ("PATCH", "members"), ("PATCH", "roles")];
    for (method, path) in kinds {
        for (times, after, code) in [(1, false, 0), (4, false, 0), (1, true, 0), (5, true, 0), (5, false, 3)]
        {
            let world = World::new().groups(
                "  - { name: Fresh, description: New., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example] }\n",
            );
            let kind = json!({ "status": { "code": 503, "afterWrite": after } });
            world.faults(
                json!([{ "method": method, "path": path, "writes": true, "times": times, "kind": kind }]),
            );
            world.forget();
            let run = world.apply();
            // Of a creation that fails five times nothing is known to be written.
            let code = if code == 3 && path == "user-groups" { 3 } else { code };
            assert_eq!(run.code, code, "{method} {path} {times} {after}\n{}\n{}", run.stdout, run.stderr);
            let own = world.writes().iter().filter(|it| **it == format!("{method} {path}")).count();
            let wanted = match (after, times) {
                (true, _) => 1,
                (false, 5) => 5,
                (false, failed) => failed + 1,
            };
            assert_eq!(own, wanted, "{method} {path} {times} {after}");
            if code == 0 {
                world.settled();
            }
        }
    }
}

#[test]
fn a_member_who_does_not_exist_is_no_fault_of_the_dialect() {
    for (members, blames) in [
        ("[ana@voyager.example, bo@voyager.example, cy@voyager.example]", false),
        ("[ana@voyager.example]", true),
    ] {
        let world = World::new().groups(&format!(
            "  - {{ name: Desk, description: The desk., roles: unmanaged, members: {members} }}\n"
        ));
        let kind = json!({ "status": { "code": 400 } });
        world.faults(json!([{ "method": "PATCH", "path": "/members", "times": 0, "kind": kind }]));
        let run = world.apply();
        assert_ne!(run.code, 0);
        assert_eq!(run.stdout.contains("api.dialect"), blames, "{}", run.stdout);
    }
}
