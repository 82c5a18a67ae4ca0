//! Who is meant, who cannot be told, who stays and who has had their time.

use serde_json::{Value, json};

use crate::support::{NO_CHANGES, SEED, VOYAGER, World};

/// Declares the members of Desk, where Ana and Bo are now.
fn desk(members: &str) -> World {
    World::new().groups(&format!(
        "  - {{ name: Desk, description: The desk., roles: unmanaged, members: {members} }}
  - {{ name: Night, description: The night., roles: unmanaged, members: [cy@voyager.example, ana@voyager.example] }}\n"
    ))
}

#[test]
pub(crate) fn one_who_cannot_be_resolved_is_withheld_and_the_rest_is_done() {
    for (person, why) in [
        ("nobody@voyager.example", "no user has this key"),
        ("gone@voyager.example", "the user is not active"),
        ("vip@globex.example", "the user belongs to globex"),
        ("{ externalId: agent-99 }", "no user has this key"),
        ("{ employeeId: V-99 }", "no user has this key"),
        ("{ userId: 00000000-0000-4000-8000-000000000099 }", "no user has this key"),
    ] {
        let world = desk(&format!("[ana@voyager.example, bo@voyager.example, cy@voyager.example, {person}]"));
        let plan = world.plan().expect(0).shows("+ member cy@voyager.example").shows("Withheld 1");
        assert!(plan.stdout.contains(why), "{person}\n{}", plan.stdout);
        world.run("plan --detailed-exitcode").expect(2);
        world.apply().expect(3).shows("Withheld: 1 item");
        let there = ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"];
        assert_eq!(world.members("Desk"), there, "{person}");
        assert_eq!(world.members("Night"), ["ana@voyager.example", "cy@voyager.example"], "{person}");
        // Nothing is left to write, and yet it is not settled.
        world.forget();
        world.apply().expect(3);
        assert_eq!(world.writes(), [""; 0], "{person}");
    }
}

#[test]
fn nobody_is_removed_who_may_be_the_one_that_is_not_resolved() {
    // Bo is not declared, but one letter off Bo's address is.
    let world = desk("[ana@voyager.example, boo@voyager.example]");
    let plan = world.plan().expect(0).shows("Withheld 2");
    assert!(plan.stdout.contains("may be boo@voyager.example"), "{}", plan.stdout);
    world.apply().expect(3);
    assert_eq!(world.members("Desk"), ["ana@voyager.example", "bo@voyager.example"]);
    // Once the address is right, the doubt is gone.
    let declare = |member: &str| {
        let group =
            format!("{{ name: Desk, description: The desk., roles: unmanaged, members: [{member}] }}");
        world.write("access/a.yaml", &format!("version: 1\ngroups: [{group}]\n"));
    };
    declare("cy@voyager.example");
    world.apply().expect(0);
    assert_eq!(world.members("Desk"), ["cy@voyager.example"]);
}

#[test]
fn what_waits_because_of_another_group_is_not_reported_as_left_undone() {
    // Bo leaves Desk, but Night names somebody whose address is alike: Bo stays. Cy joins Desk all the same.
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, cy@voyager.example] }
  - { name: Night, description: The night., roles: unmanaged, members: [cy@voyager.example, bo@voyager.exmaple] }
",
    );
    let apply = world.apply().expect(3);
    assert!(
        apply.stdout.contains("Read back: everything that is not withheld is as the plan says."),
        "{}",
        apply.stdout
    );
    assert_eq!(world.members("Desk"), ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"]);
}

#[test]
fn one_who_left_the_company_but_is_declared_and_there_stays_until_someone_decides() {
    let seed =
        SEED.replace("members: [cy@voyager.example]", "members: [cy@voyager.example, gone@voyager.example]");
    let world = World::seeded(&seed).groups(
        "  - { name: Night, description: The night., roles: unmanaged, members: [cy@voyager.example, gone@voyager.example] }\n",
    );
    let plan = world.plan().expect(0);
    let plan = plan.shows("Inactive gone@voyager.example in Night stays a member, though not active;");
    // Nothing is withheld, in no count of any format.
    assert!(!plan.stdout.contains("ithheld"), "{}", plan.stdout);
    world.settled();
    let drift = world.run("drift").expect(0).stdout;
    assert!(drift.contains("Inactive gone@voyager.example") && drift.contains("\nNo drift at "), "{drift}");
    let json = world.run("plan --format json").expect(0).json();
    assert_eq!(
        (&json["summary"]["withheld"], &json["withheld"][0]["kind"]),
        (&0.into(), &"inactiveMember".into())
    );
    let markdown = world.run("plan --format markdown").expect(0).stdout;
    assert!(
        markdown.contains("### rolecall: no changes, ") && markdown.contains("gone@voyager.example"),
        "{markdown}"
    );
    assert!(!markdown.contains("ithheld"), "{markdown}");
    world.forget();
    world.apply().expect(0);
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
fn at_least_adds_and_never_removes() {
    let world = desk("{ atLeast: [cy@voyager.example] }");
    world.apply().expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"]);
    world.settled();
}

#[test]
fn unmanaged_members_and_roles_are_not_touched() {
    let world = desk("unmanaged");
    let before = (world.members("Desk"), world.roles("Desk"));
    world.forget();
    world.apply().expect(0);
    assert_eq!(world.writes_to("Desk"), [""; 0]);
    assert_eq!((world.members("Desk"), world.roles("Desk")), before);
    world.settled();
}

#[test]
fn roles_at_least_adds_and_never_removes() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: { atLeast: [{ role: Trip Manager, scope: { company: globex } }] }, members: unmanaged }\n",
    );
    world.apply().expect(0);
    assert_eq!(world.roles("Desk").len(), 2);
    world.settled();
}

#[test]
fn nobody_is_a_list_too() {
    let world = desk("[]").ruled(
        "exceptions: [{ guard: group-emptied, group: Desk, upTo: 2, until: 2099-01-01, reason: closed }]\n",
    );
    world.apply().expect(0);
    assert_eq!(world.members("Desk"), [""; 0]);
    world.settled();
}

#[test]
fn a_membership_ends_with_its_last_day() {
    let world =
        desk("[ana@voyager.example, { email: bo@voyager.example, until: 2027-01-31, reason: cover }]")
            .with("access/n.yaml", "version: 1\n");
    for (now, line) in [
        ("2027-01-20T00:00:00Z", None),
        ("2027-01-31T23:59:59Z", Some("Expiring 1 within 7 days")),
        ("2027-02-01T00:00:00Z", Some("- member bo@voyager.example expired (access/a.yaml:3)")),
    ] {
        let plan = world.run(&format!("plan --now {now}")).expect(0);
        match line {
            Some(line) => _ = plan.shows(line),
            None => assert!(
                !plan.stdout.contains("Expiring") && !plan.stdout.contains("- member"),
                "{}",
                plan.stdout
            ),
        }
    }
    world.run("apply --auto-approve --now 2027-02-01T00:00:00Z").expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
    world.run("plan --now 2027-02-01T00:00:00Z").expect(0).ends_with(NO_CHANGES);
}

#[test]
fn what_has_ended_goes_even_from_a_list_that_keeps_others() {
    let world = desk("{ atLeast: [{ email: bo@voyager.example, until: 2027-01-31 }] }");
    world.run("apply --auto-approve --now 2027-02-01").expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
}

#[test]
fn one_whose_ended_entry_is_spelt_right_and_whose_lasting_one_is_not_stays() {
    for lasting in ["bob@voyager.example", "{ externalId: agent-71 }", "{ employeeId: V-99 }"] {
        let ended = "{ email: bo@voyager.example, until: 2026-01-31 }";
        for list in [
            format!("[ana@voyager.example, {ended}, {lasting}]"),
            format!("{{ atLeast: [{lasting}, {ended}] }}"),
        ] {
            let world = desk(&list);
            let apply = world.apply().expect(3);
            assert!(apply.stdout.contains("not removed: may be"), "{list}: {}", apply.stdout);
            assert_eq!(world.members("Desk"), ["ana@voyager.example", "bo@voyager.example"], "{list}");
        }
        // Once the lasting entry is mended, nothing is left to doubt.
        let world = desk(&format!("[ana@voyager.example, {ended}, {{ externalId: agent-17 }}]"));
        world.apply().expect(0);
        assert_eq!(world.members("Desk"), ["ana@voyager.example", "bo@voyager.example"]);
    }
}

#[test]
fn a_role_ends_at_its_instant() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., members: unmanaged, roles: [{ role: Agent, scope: { company: globex }, until: \"2027-01-31T18:00:00Z\" }] }\n",
    );
    world.run("plan --now 2027-01-31T17:59:59Z").expect(0).ends_with(NO_CHANGES);
    world.run("plan --now 2027-01-31T18:00:00Z").expect(0).shows("- role Agent on company globex");
}

#[test]
pub(crate) fn each_key_of_a_person_finds_the_same_person() {
    let ana = World::new().user("ana@voyager.example");
    for (key, who) in [
        ("ANA@Voyager.Example", "ana@voyager.example"),
        ("{ email: ana@voyager.example }", "ana@voyager.example"),
        ("{ externalId: agent-17 }", "bo@voyager.example"),
        ("{ employeeId: V-3 }", "cy@voyager.example"),
        (&format!("{{ userId: {ana} }}"), "ana@voyager.example"),
    ] {
        for list in ["available", "refused"] {
            let world = World::seeded(&format!("{SEED}dialect: {{ usersList: {list} }}\n"))
                .groups(&format!("  - {{ name: New, description: New., roles: [], members: [{key}] }}\n"));
            world.apply().expect(0);
            assert_eq!(world.members("New"), [who], "{key}, bulk list {list}");
            world.settled();
        }
    }
}

#[test]
fn two_people_of_one_key_are_nobody() {
    let seed = SEED.replace(
        "groups:\n",
        "  - { email: twin@voyager.example, company: voyager, externalId: agent-17 }\ngroups:\n",
    );
    let world = World::seeded(&seed)
        .groups("  - { name: New, description: New., roles: [], members: [{ externalId: agent-17 }, ana@voyager.example] }\n");
    let plan = world.plan().expect(0).shows("Withheld 1");
    assert!(plan.stdout.contains("2 users match"), "{}", plan.stdout);
    world.apply().expect(3);
    assert_eq!(world.members("New"), ["ana@voyager.example"]);
}

#[test]
fn a_role_whose_scope_names_somebody_unknown_stays_as_it_is() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { profile: who@globex.example } }], members: [ana@voyager.example] }\n",
    );
    let before = world.roles("Desk");
    let plan = world.plan().expect(0).shows("Withheld 1");
    assert!(
        plan.stdout.contains("the role is withheld, neither given nor changed nor taken"),
        "{}",
        plan.stdout
    );
    world.apply().expect(3);
    assert_eq!(world.roles("Desk"), before);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
}

#[test]
fn what_is_withheld_is_in_every_format() {
    let world = desk("[ana@voyager.example, bo@voyager.example, nobody@voyager.example]");
    let json = world.run("plan --format json").expect(0).json();
    assert_eq!(json["summary"]["withheld"], 1);
    assert_eq!(json["withheld"][0]["why"], "unknown");
    assert_eq!(json["withheld"].as_array().map(Vec::len), Some(1));
    assert_ne!(json["withheld"][0]["origin"]["line"], Value::Null);
    let markdown = world.run("plan --format markdown").expect(0).stdout;
    assert!(markdown.contains("nobody") && markdown.contains("no user has this key"), "{markdown}");
}

/// A world in which the API will not tell this token who one of the members of Desk is: somebody who has moved to
/// another company, perhaps. People are asked for one by one, as no list shows everybody.
fn unseen(who: &str, rules: &str, members: &str) -> (World, String) {
    let world = World::seeded(&format!("{SEED}dialect: {{ usersList: refused }}\n"));
    let query = format!("/v2/users?companyId={VOYAGER}&email={who}");
    let id = world.call("GET", &query, Value::Null).1["elements"][0]["id"].as_str().unwrap().to_owned();
    let world = world.ruled(rules).groups(&format!(
        "  - {{ name: Desk, description: The desk., roles: unmanaged, members: {} }}\n",
        members.replace("ID", &id)
    ));
    world.faults(json!([{ "method": "GET", "path": format!("/v2/users/{id}"), "times": 0, "kind": { "status": { "code": 403 } } }]));
    (world, id)
}

#[test]
fn one_whom_the_api_does_not_show_ends_no_plan() {
    // Whom no file names is shown by id, and goes.
    let (world, id) = unseen("bo@voyager.example", "", "[ana@voyager.example]");
    world.plan().expect(0).shows(&format!("- member {id} not declared"));
    world.run("drift").expect(2);
    world.run("snapshot --out live.json").expect(0);
    world.run("plan --live live.json").expect(0).shows(&format!("- member {id} not declared"));
    world.apply().expect(0);
    world.faults(json!([]));
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
    // Whom a file names by id is withheld, in the group or not, and the rest is done.
    for (members, left) in [
        (
            "[ana@voyager.example, cy@voyager.example, { userId: ID }]",
            &["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"][..],
        ),
        ("[ana@voyager.example, { userId: ID }]", &["ana@voyager.example", "bo@voyager.example"]),
    ] {
        let (world, _) = unseen("bo@voyager.example", "", members);
        let run = world.apply().expect(3).shows("Withheld 1");
        assert!(
            run.stdout.contains("left as it is: the API does not tell this token whose user that is"),
            "{}",
            run.stdout
        );
        let plan = world.run("plan --format json").expect(0).json();
        assert_eq!(plan["withheld"][0]["why"], "hidden");
        world.faults(json!([]));
        assert_eq!(world.members("Desk"), left);
    }
    // Neither is anybody asked to arrange or be arranged for whom nobody can see.
    let (world, id) = unseen("bo@voyager.example", "", "unmanaged");
    world.write("access/a.yaml", &format!("version: 1\ngroups: [{{ name: Desk, description: The desk., roles: [{{ role: Agent, scope: {{ profile: [{{ userId: {id} }}] }} }}], members: unmanaged }}]\nusers: [{{ user: {{ userId: {id} }}, directRoles: [] }}]\n"));
    let run = world.apply().expect(3).shows("Withheld 2");
    assert_eq!(
        run.stdout.matches("the API does not tell this token whose user that is").count(),
        2,
        "{}",
        run.stdout
    );
}

#[test]
fn nobody_is_removed_unseen_who_may_be_protected() {
    let protected = "guards: { protected: { people: [\"ceo@*\"] } }\n";
    for members in ["[ana@voyager.example]", "[ana@voyager.example, { userId: ID, until: 2026-01-01 }]"] {
        let (world, id) = unseen("bo@voyager.example", protected, members);
        let run = world.apply().expect(3).shows(&format!("! member {id} in Desk"));
        assert!(run.stdout.contains("not removed: the API does not tell this token"), "{}", run.stdout);
        world.forget();
        world.run("drift").expect(3);
        world.run("snapshot --out live.json").expect(0);
        world.run("drift --live live.json").expect(3).shows(&format!("! member {id} in Desk"));
        // With the group it would be gone as well.
        world.write("access/a.yaml", "version: 1\nremoved: [{ group: Desk, reason: over }]\n");
        world.apply().expect(6);
        assert_eq!(world.writes(), [""; 0]);
        // Somebody who knows who it is can say so.
        let exception = format!(
            "{protected}exceptions: [{{ guard: protected, person: {{ userId: {id} }}, upTo: 1, until: 2099-01-01, reason: r }}]\n"
        );
        let (world, id) = unseen("bo@voyager.example", &exception, members);
        world.apply().expect(0).shows(&format!("- member {id}"));
        world.faults(json!([]));
        assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
    }
    // A lock-out names whom it means.
    let (world, id) = unseen("bo@voyager.example", "", "unmanaged");
    let world = world.ruled(&format!(
        "{protected}lockout: [{{ userId: {id}, since: 2026-11-20, reason: stolen laptop }}]\n"
    ));
    world.apply().expect(3).shows(&format!("- member {id} locked out"));
    world.faults(json!([]));
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
}

#[test]
fn who_may_not_ask_for_people_at_all_is_told_so() {
    let world = World::seeded(&format!("{SEED}dialect: {{ usersList: refused }}\n")).groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n",
    );
    world.faults(
        json!([{ "method": "GET", "path": "/v2/users", "times": 0, "kind": { "status": { "code": 403 } } }]),
    );
    world.plan().expect(5);
    for status in [401, 500] {
        let (world, id) = unseen("bo@voyager.example", "", "[ana@voyager.example]");
        world.faults(json!([{ "method": "GET", "path": format!("/v2/users/{id}"), "times": 0, "kind": { "status": { "code": status } } }]));
        world.plan().expect(if status == 401 { 5 } else { 8 });
    }
    let (world, id) = unseen("bo@voyager.example", "", "unmanaged");
    world.run(&format!("explain userId={id}")).expect(5).says(&["the API does not tell this token who"]);
}

const UMBRELLA: &str = "2b7e0000-0000-4000-8000-000000000009";

/// Night shall hold a role for a traveller; Umbrella is a company that only a scope names.
fn travelling(scope: &str, dialect: &str) -> World {
    let seed = SEED
        .replace("tokens:\n", &format!("  - {{ name: umbrella, id: {UMBRELLA}, legalEntities: [{{ name: u }}] }}\ntokens:\n"))
        .replace("groups:\n", "  - { email: ada@umbrella.example, company: umbrella, externalId: u-1, employeeId: U-1 }\ngroups:\n");
    World::seeded(&format!("{seed}dialect: {dialect}\n")).groups(&format!(
        "  - {{ name: Night, description: The night., members: unmanaged, roles: {{ atLeast: [{{ role: Trip Manager, scope: {scope} }}] }} }}
  - {{ name: Desk, description: The desk., members: [ana@voyager.example], roles: unmanaged }}\n"
    ))
}

#[test]
fn people_of_scopes_are_looked_for_in_every_company_that_could_hold_them() {
    for dialect in ["{}", "{ usersList: refused }"] {
        for scope in [
            "{ profile: vip@globex.example }".to_owned(),
            format!("{{ company: {UMBRELLA}, profile: ada@umbrella.example }}"),
            format!("[{{ company: {UMBRELLA} }}, {{ profile: {{ externalId: u-1 }} }}]"),
            format!("[{{ company: {UMBRELLA} }}, {{ profile: {{ employeeId: U-1 }} }}]"),
        ] {
            let world = travelling(&scope, dialect);
            // The bulk list may not match every address: who it does not find is asked for alone.
            let untold = json!({ "leaveOut": { "field": "businessDetail" } });
            let without = json!([{ "times": 0, "path": "/v3/users/list", "kind": untold }]);
            for faults in [json!([]), without] {
                world.faults(faults);
                let plan = world.plan().expect(0).shows("+ role Trip Manager");
                assert!(!plan.stdout.contains("Withheld"), "{scope}\n{}", plan.stdout);
            }
        }
    }
}

#[test]
fn of_a_person_in_a_scope_who_is_not_found_it_is_said_where_and_that_the_role_is_withheld() {
    let withheld = "the role is withheld, neither given nor changed nor taken:";
    for (scope, why) in [
        ("{ profile: vp@globex.example }", "no user of voyager (1a6f…), globex (2b7e0000…0002) and initech"),
        ("{ company: globex, profile: { externalId: x-9 } }", "no user of voyager"),
        ("{ company: initech, profile: vip@globex.example }", "the user belongs to globex"),
    ] {
        let world = travelling(scope, "{}");
        let run = world.apply().expect(3);
        assert!(
            run.stdout.contains(withheld) && run.stdout.contains(why.split(" (").next().unwrap()),
            "{scope}\n{}",
            run.stdout
        );
        assert_eq!(world.roles("Night").len(), 1, "{scope}");
        assert_eq!(world.members("Desk"), ["ana@voyager.example"], "the rest is done");
    }
    // A company that lets nobody look is none in which anybody was looked for.
    let world = travelling(&format!("[{{ company: {UMBRELLA} }}, {{ profile: vp@globex.example }}]"), "{}");
    let umbrella = |world: &World| {
        let plan = world.run("plan --format json").expect(0).json();
        let held = plan["withheld"][0].clone();
        assert_eq!(held["kind"], "role");
        held["why"]["nowhere"].as_array().unwrap().contains(&json!(UMBRELLA))
    };
    assert!(umbrella(&world));
    // What is saved says as much.
    world.run("plan --out plan.json").expect(0);
    let shown = world.run("apply plan.json").expect(3).stdout;
    assert!(shown.contains("and nobody was looked for elsewhere"), "{shown}");
    let world = travelling(
        &format!("[{{ company: {UMBRELLA} }}, {{ profile: vp@globex.example }}]"),
        "{ usersList: refused }",
    );
    let forbidden = json!({ "status": { "code": 403 } });
    world.faults(
        json!([{ "times": 0, "path": format!("/v2/users?companyId={UMBRELLA}"), "kind": forbidden }]),
    );
    assert!(!umbrella(&world));
}
