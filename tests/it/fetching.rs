//! What is read, and how little: requests counted, lists paged, people looked up in bulk.

use serde_json::{Value, json};

use crate::support::{NO_CHANGES, Run, SEED, World, forget_world};

/// A world of so many groups of one role and of so many members each, all of them different people.
fn crowd(groups: usize, members: usize, more: &str) -> World {
    let people = |group: usize| (0..members).map(move |n| format!("p{group:02}-{n:03}@voyager.example"));
    let mut users = String::new();
    let mut seeded = String::new();
    let mut declared = String::from("version: 1\ngroups:\n");
    for group in 0..groups {
        users.extend(people(group).map(|it| format!("  - {{ email: {it}, company: voyager }}\n")));
        let members = people(group).collect::<Vec<_>>().join(", ");
        seeded += &format!(
            "  - {{ name: Team {group:02}, company: voyager, description: A team., roles: [{{ role: Agent, scope: [{{ COMPANY: [globex] }}] }}], members: [{members}] }}\n"
        );
        declared += &format!(
            "  - {{ name: Team {group:02}, description: A team., roles: [{{ role: Agent, scope: {{ company: globex }} }}], members: [{members}] }}\n"
        );
    }
    let seed = SEED.replace("groups:\n", &format!("{users}groups:\n"));
    World::seeded(&format!("{seed}{seeded}{more}")).with("access/a.yaml", &declared)
}

/// Returns how often each operation was asked for.
fn counts(world: &World) -> Value {
    world.stats()["byRoute"].clone()
}

#[test]
fn a_plan_of_many_groups_takes_no_more_requests_than_it_must() {
    let world = crowd(12, 20, "");
    world.forget();
    world.plan().expect(0).ends_with(NO_CHANGES);
    let counted = json!({
        "POST /v3/companies/{companyId}/user-groups/list": 1,
        "POST /v3/companies/{companyId}/roles": 1,
        "POST /v3/companies/{companyId}/user-groups/{groupId}/members": 12,
        "POST /v3/companies/{companyId}/user-groups/{groupId}/roles": 12,
        // 240 people, ninety-nine at a time: no page is full, so nothing is looked for behind it.
        "POST /v3/users/list": 3,
    });
    assert_eq!(counts(&world), counted);
}

#[test]
fn a_token_is_fetched_once_for_a_run() {
    let world = crowd(3, 2, "").with_client();
    world.forget();
    let plan = world.plan().expect(0).ends_with(NO_CHANGES);
    assert_eq!(counts(&world)["POST /v2/auth/oauth2-token"], 1);
    // Token, groups, roles, people, and two lists of each group; the header says so.
    assert_eq!(world.stats()["requests"], 10);
    assert!(plan.stdout.contains("10 requests"), "{}", plan.stdout);
}

#[test]
fn only_groups_that_the_files_speak_of_are_looked_into() {
    let world = World::new().groups("  - { name: Desk, description: The desk., roles: [], members: [] }\n");
    world.forget();
    world.plan().expect(0);
    let desk = world.id("Desk");
    let looked: Vec<String> = paths(&world, "{groupId}");
    assert_eq!(looked.len(), 2, "{looked:?}");
    assert!(looked.iter().all(|it| it.contains(&desk)), "{looked:?}");
}

/// Returns the paths of the requests whose route holds a word, but for those that confirm a plan.
fn paths(world: &World, word: &str) -> Vec<String> {
    let log = world.log().into_iter().filter(|it| it["body"].get("filters").is_none());
    let meant = log.filter(|it| it["route"].as_str().is_some_and(|route| route.contains(word)));
    meant.map(|it| it["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_group_is_read_whole_or_not_at_all() {
    for (roles, members, kinds) in [
        ("unmanaged", "[ana@voyager.example]", &["members", "roles"][..]),
        ("[]", "unmanaged", &["members", "roles"]),
        ("unmanaged", "unmanaged", &[]),
    ] {
        let world = World::new().groups(&format!(
            "  - {{ name: Desk, description: The desk., roles: {roles}, members: {members} }}\n"
        ));
        world.forget();
        world.plan().expect(0);
        let paths = paths(&world, "{groupId}");
        let mut read: Vec<&str> = paths.iter().map(|it| it.rsplit('/').next().unwrap()).collect();
        read.sort_unstable();
        assert_eq!(read, kinds, "roles {roles}, members {members}");
    }
}

#[test]
fn a_refused_bulk_list_of_users_makes_the_same_plan_person_by_person() {
    let json = |list: &str| {
        let world = crowd(4, 5, &format!("dialect: {{ usersList: {list} }}\n"));
        world.write("access/b.yaml", "version: 1\ngroups: [{ name: Desk, description: The desk., roles: [], members: [{ externalId: agent-17 }, nobody@voyager.example] }]\n");
        world.forget();
        let mut plan = world.run("plan --format json --now 2026-12-24T03:17:00Z").expect(0).json();
        forget_world(&mut plan);
        (plan.to_string(), counts(&world))
    };
    let ((in_bulk, bulk), (one_by_one, single)) = (json("available"), json("refused"));
    assert_eq!(in_bulk, one_by_one);
    assert!(in_bulk.contains("nobody@voyager.example"), "{in_bulk}");
    assert!(single["GET /v2/users"].as_u64() >= Some(20), "{single}");
    assert!(bulk["GET /v2/users"].as_u64().unwrap_or(0) < 5, "{bulk}");
}

#[test]
fn pages_shorter_than_asked_for_are_put_together() {
    let world = crowd(35, 1, "dialect: { maxLimit: 10 }\n");
    world.forget();
    world.plan().expect(0).shows("Unmanaged, left alone: 3 groups").ends_with(NO_CHANGES);
    assert_eq!(counts(&world)["POST /v3/companies/{companyId}/user-groups/list"], 4, "38 groups by tens");
    let world = crowd(1, 120, "dialect: { maxLimit: 10 }\n");
    world.forget();
    world.plan().expect(0).ends_with(NO_CHANGES);
    assert_eq!(
        counts(&world)["POST /v3/companies/{companyId}/user-groups/{groupId}/members"],
        13,
        "and one behind"
    );
    // One who is on the last page is seen there.
    world.patch_members("Team 00", &json!({ "userIdsToAdd": [world.user("ana@voyager.example")] }));
    world.plan().expect(0).shows("- member ana@voyager.example not declared");
}

#[test]
fn a_scope_may_name_a_traveller_of_a_client() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { profile: vip@globex.example } }], members: unmanaged }\n",
    );
    world.plan().expect(0).shows("~ role Agent: company globex → profile vip@globex.example CHANGES");
    world.apply().expect(0);
    let (_, body) = world.call(
        "GET",
        "/v2/users?companyId=2b7e0000-0000-4000-8000-000000000002&email=vip@globex.example",
        Value::Null,
    );
    assert_eq!(
        world.roles("Desk"),
        [format!("Agent PROFILE={}", body["elements"][0]["id"].as_str().unwrap())]
    );
    world.settled();
}

#[test]
fn a_role_that_the_company_does_not_have_is_withheld_with_candidates_and_the_rest_is_done() {
    for (role, words) in [
        ("Agnet", &["the company has no role `Agnet`", "did you mean `Agent`?"][..]),
        (
            "Emperor",
            &["the company has no role `Emperor`", "Agent", "Trip Manager", "Company Management Admin"],
        ),
        (
            "{ id: 00000000-0000-4000-8000-000000000099 }",
            &["no role has the id 00000000-0000-4000-8000-000000000099"],
        ),
        ("{ name: Agent, providedBy: company }", &["the company has no role `Agent`"]),
    ] {
        let world = World::new().groups(&format!(
            "  - {{ name: Desk, description: The desk., roles: [{{ role: {role}, scope: {{ company: globex }} }}], members: [ana@voyager.example] }}\n"
        ));
        world.forget();
        let run = world.apply().expect(3);
        for word in words.iter().chain(&["unknown-role", "access/a.yaml:3", "Withheld"]) {
            assert!(run.stdout.contains(word), "{word}: {}", run.stdout);
        }
        assert_eq!(world.writes(), ["PATCH members"]);
        assert_eq!(world.roles("Desk"), ["Agent COMPANY=2b7e0000-0000-4000-8000-000000000002"]);
    }
}

#[test]
fn a_role_of_several_is_withheld_with_their_ids_until_one_is_named() {
    let ours = "5a5a0000-0000-4000-8000-000000000001";
    let platform = "5a5a0000-0000-4000-8000-000000000002";
    let both = format!(
        "  - {{ name: Clerk, company: voyager, id: {ours} }}\n  - {{ name: Clerk, id: {platform} }}\n"
    );
    let world = World::seeded(&SEED.replace("users:\n", &format!("{both}users:\n")));
    let declare = |role: &str| {
        let roles = format!("[{{ role: {role}, scope: {{ company: initech }} }}]");
        let group = format!("{{ name: New, description: New., roles: {roles}, members: [] }}");
        world.write("access/a.yaml", &format!("version: 1\ngroups: [{group}]\n"));
    };
    declare("Clerk");
    let doubt = world.plan().expect(0).stdout;
    for word in ["ambiguous-role", "access/a.yaml:2", "Withheld", platform, ours] {
        assert!(doubt.contains(word), "{word}: {doubt}");
    }
    for (role, id) in [
        ("{ name: Clerk, providedBy: platform }", platform),
        ("{ name: Clerk, providedBy: company }", ours),
        (&format!("{{ id: {ours} }}"), ours),
    ] {
        declare(role);
        let plan = world.run("plan --format json").expect(0).json();
        let role_of = |it: &Value| it["roleId"].as_str() == Some(id);
        assert!(plan["edits"].as_array().unwrap().iter().any(role_of), "{role}");
    }
}

#[test]
fn no_more_requests_are_in_flight_than_allowed() {
    let world = crowd(30, 2, "");
    for (flag, allowed) in [("--concurrency 1", 1), ("--concurrency 3", 3), ("", 16)] {
        // By then as many are allowed as ever will be; all others wait to be let go together.
        world.faults(json!([{ "skip": 30, "times": 0, "kind": { "slow": { "ms": 600_000 } } }]));
        world.forget();
        let child = world.start(&format!("plan {flag}"));
        world.until(|it| it["inFlight"] == allowed);
        world.faults(json!([]));
        Run::from(child.wait_with_output().unwrap()).expect(0).ends_with(NO_CHANGES);
        assert_eq!(world.stats()["maxInFlight"], allowed, "{flag}");
    }
}

#[test]
fn files_may_speak_of_groups_by_file_or_folder() {
    let world = World::new()
        .with(
            "access/a.yaml",
            "version: 1\ngroups: [{ name: Desk, description: D., roles: unmanaged, members: unmanaged }]\n",
        )
        .with(
            "access/b.yaml",
            "version: 1\ngroups: [{ name: Night, description: N., roles: unmanaged, members: unmanaged }]\n",
        );
    let both = world.plan().expect(0).shows("~ group Desk").shows("~ group Night");
    assert!(both.stdout.contains("2 to change"));
    let one = world.run("plan access/b.yaml").expect(0).shows("~ group Night");
    assert!(one.stdout.contains("1 to change"), "{}", one.stdout);
}

#[test]
fn an_estimate_is_what_a_plan_then_sends() {
    for (groups, members, dialect) in
        [(12, 20, ""), (3, 130, ""), (7, 3, "dialect: { usersList: refused }\n"), (1, 0, "")]
    {
        let world = crowd(groups, members, dialect);
        world.forget();
        let estimate = world.run("plan --estimate --format json").expect(0).json();
        assert_eq!(estimate["kind"], "estimate");
        let sent = world.stats()["requests"].clone();
        assert_eq!(estimate["sent"], sent);
        world.forget();
        world.plan().expect(0).ends_with(NO_CHANGES);
        assert_eq!(estimate["requests"], world.stats()["requests"], "{groups} groups of {members}");
        assert!(sent.as_u64() < world.stats()["requests"].as_u64(), "it costs less than the plan");
    }
}

#[test]
fn an_estimate_knows_the_rate_that_is_set() {
    let world = crowd(12, 20, "");
    let estimate = world.run("plan --estimate --max-rps 10 --format json").expect(0).json();
    assert_eq!(estimate["maxRps"], 10.0);
    assert!(
        estimate["seconds"].as_f64() >= Some(estimate["requests"].as_f64().unwrap() / 10.0),
        "{estimate}"
    );
    let text = world.run("plan --estimate --max-rps 10").expect(0).stdout;
    assert!(text.contains(" at once and 10 a second; "), "{text}");
    assert!(world.run("plan --estimate --format json").expect(0).json()["maxRps"].is_null());
}

#[test]
fn an_estimate_of_an_apply_writes_nothing() {
    let direct = |email: &str| {
        format!(
            "  - {{ user: {email}, directRoles: {{ atLeast: [{{ type: TMC_AGENT, tmc: voyager }}] }} }}\n"
        )
    };
    let people = ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"].map(direct).concat();
    let world = World::new().groups(&format!(
        "  - {{ name: Desk, description: The desk., roles: [], members: [cy@voyager.example] }}\n  - {{ name: New, description: New., roles: [], members: [] }}\nusers:\n{people}",
    ));
    world.forget();
    let text = world.run("apply --estimate").expect(0).stdout;
    assert!(text.starts_with("Estimate: ") && text.contains("writes") && text.lines().count() == 1, "{text}");
    assert_eq!(world.writes(), [""; 0]);
    let witnessed = world.run("apply --estimate --witness --format json").expect(0).json();
    let estimate = world.run("apply --estimate --format json").expect(0).json();
    assert!(estimate["parts"]["witness"].is_null() && witnessed["parts"]["witness"].as_u64() >= Some(6));
    world.forget();
    world.apply().expect(0);
    let writes = world.writes().len();
    assert_eq!(estimate["parts"]["writes"], writes);
    let log = world.stats()["requests"].as_u64().unwrap() - estimate["sent"].as_u64().unwrap();
    let said = estimate["requests"].as_u64().unwrap();
    assert!(said.abs_diff(log) <= 2, "said {said}, took {log}");
}
