//! What an account holds that comes or goes: it is part of what was approved, and of what a plan was made from.

use serde_json::{Value, json};

use crate::{
    lives::{KNOWN, rules, seed},
    support::{NO_CHANGES, Run, VOYAGER, World},
};

/// Ana and Bo in Desk, Cy and Dee in Night, Eve in no group; the seed says which of them nobody can use yet.
fn world() -> World {
    let more = ["dee", "eve"].map(|it| format!("  - {{ email: {it}@voyager.example, company: voyager }}\n"));
    let seed = seed().replace("groups:\n", &format!("{}groups:\n", more.concat()));
    let seed =
        seed.replace("members: [cy@voyager.example]", "members: [cy@voyager.example, dee@voyager.example]");
    World::seeded(&seed).with("rolecall.yaml", &rules(KNOWN, ", people: { percent: 100 }"))
}

const GONE: &str = "  - { user: gone@voyager.example, active: true }\n";
const DEE: &str = "  - { user: dee@voyager.example, active: false }\n";
/// The same, and Night as it is.
const NIGHT: &str = "groups:\n  - { name: Night, description: The night., roles: unmanaged, members: [cy@voyager.example, dee@voyager.example] }\n";

fn declare(world: &World, groups: &str, users: &str) {
    world.write("access/a.yaml", &format!("version: 1\n{groups}users:\n{users}"));
}

fn mail(who: &str) -> String {
    format!("{who}@voyager.example")
}

fn id(world: &World, line: &str) -> String {
    let plan = world.run(line).expect(0).stdout;
    let id = plan.lines().find_map(|it| it.strip_prefix("Plan id: ")).unwrap_or_else(|| panic!("{plan}"));
    id.to_owned()
}

fn join(world: &World, group: &str, who: &str) {
    world.patch_members(group, &json!({ "userIdsToAdd": [world.user(&mail(who))] }));
}

fn hold(world: &World, who: &str, role: &str) {
    let globex = json!({ "id": "2b7e0000-0000-4000-8000-000000000002" });
    let role = json!({ "roleType": role, "metadata": { "roleType": role, "companyRef": globex } });
    let path = format!("/v2/users/{}/roles", world.user(&mail(who)));
    assert!(world.call("PUT", &path, json!({ "roles": [role] })).0 < 300);
}

fn lead(world: &World, who: &str, approver: &str) {
    let path = format!("/v2/users/{}/business-info", world.user(&mail(who)));
    let (_, mut info) = world.call("GET", &path, Value::Null);
    info["designatedApproverRefs"] = json!([{ "id": world.user(&mail(approver)) }]);
    assert!(world.call("PUT", &path, info).0 < 300);
}

fn is_active(world: &World, who: &str) -> bool {
    let path = format!("/v2/users/{}?includeInactive=true", world.user(&mail(who)));
    world.call("GET", &path, Value::Null).1["isActive"] == true
}

/// Gives Night another role, by hand.
fn widen(world: &World) {
    let scope = json!({ "audiences": [{ "predicates": [{ "type": "COMPANY", "values": [VOYAGER] }] }] });
    let role = json!({ "roleId": world.role("Trip Manager"), "scope": scope });
    let path = format!("/v3/companies/{VOYAGER}/user-groups/{}/roles", world.id("Night"));
    assert!(world.call("PATCH", &path, json!({ "rolesToAdd": [role], "rolesToDelete": [] })).0 < 300);
}

/// Refused as stale, and nothing is written.
fn stale(world: &World, line: &str, what: &str) -> Run {
    world.forget();
    let run = world.run(line);
    assert_eq!(run.code, 7, "{what}: {line}\n{}\n{}", run.stdout, run.stderr);
    assert_eq!(world.writes(), [""; 0], "{what}: {line}");
    run
}

type ByHand = (&'static str, fn(&World));

/// What gives more to who comes back, or is left to who goes.
fn by_hand(who: &'static str) -> Vec<ByHand> {
    match who {
        "gone" => vec![
            ("a group of no file", |it| join(it, "Desk", "gone")),
            ("a group of administrators", |it| join(it, "Company Admins", "gone")),
            ("a group of the files", |it| join(it, "Night", "gone")),
            ("a direct role", |it| hold(it, "gone", "COMPANY_ADMIN")),
        ],
        _ => vec![
            ("a group of no file", |it| join(it, "Desk", "dee")),
            ("a group of administrators", |it| join(it, "Company Admins", "dee")),
            ("a direct role", |it| hold(it, "dee", "COMPANY_ADMIN")),
        ],
    }
}

#[test]
fn who_holds_more_by_now_is_not_activated_or_deactivated_by_a_plan_from_before() {
    for (who, users) in [("gone", GONE), ("dee", DEE)] {
        for (what, by_hand) in by_hand(who) {
            let world = world();
            declare(&world, NIGHT, users);
            let id = id(&world, "plan --out plan.json");
            assert_eq!(self::id(&world, "plan"), id, "the same twice");
            by_hand(&world);
            let what = format!("{who}: {what}");
            stale(&world, &format!("apply --approve {id}"), &what);
            stale(&world, "apply --approved-at-most plan.json", &what);
            stale(&world, "apply plan.json", &what).says(&[&mail(who)]);
            stale(&world, &format!("apply plan.json --approve {id}"), &what);
            // And where the files have changed, so that nothing but the plan is believed.
            world.write("access/b.yaml", "version: 1\n");
            stale(&world, &format!("apply plan.json --approve {id}"), &what).says(&[&mail(who)]);
            assert_eq!(is_active(&world, who), who == "dee", "{what}");
        }
    }
}

#[test]
fn what_an_activated_account_is_in_counts_with_the_roles_it_gives_and_nothing_else_does() {
    let world = world();
    declare(&world, "", GONE);
    let nothing = id(&world, "plan");
    join(&world, "Night", "gone");
    let night = id(&world, "plan --out plan.json");
    assert_ne!(night, nothing);
    // Others who come, another name, and groups that it is not in.
    join(&world, "Night", "eve");
    join(&world, "Desk", "eve");
    let path = format!("/v3/companies/{VOYAGER}/user-groups/{}", world.id("Night"));
    assert!(world.call("PUT", &path, json!({ "name": "Late", "description": "By night." })).0 < 300);
    assert_eq!(id(&world, "plan"), night);
    assert!(world.call("PUT", &path, json!({ "name": "Night", "description": "The night." })).0 < 300);
    // A plan that was saved is taken up with it, from the files and by its id alone.
    world.run("show plan.json").expect(0);
    widen(&world);
    assert_ne!(id(&world, "plan"), night);
    for line in [
        "apply plan.json".to_owned(),
        format!("apply --approve {night}"),
        format!("apply plan.json --approve {night}"),
    ] {
        stale(&world, &line, "Night gives more");
    }
    let now = id(&world, "plan --out plan.json");
    world.write("access/b.yaml", "version: 1\n");
    world.run(&format!("apply plan.json --approve {now}")).expect(0);
    assert!(is_active(&world, "gone"));
    world.plan().expect(0).ends_with(NO_CHANGES);
}

#[test]
fn nothing_about_people_is_applied_that_the_approved_plan_does_not_do() {
    let noor = "  - { user: noor@voyager.example, create: { name: { first: Noor, last: Haddad } }, business: { legalEntity: voyager-de } }\n";
    let eve = |what: &str| format!("  - {{ user: eve@voyager.example, {what} }}\n");
    let world = world();
    declare(&world, "", DEE);
    world.run("plan --out plan.json").expect(0);
    for (more, says) in [
        (noor.to_owned(), "noor@voyager.example: the account would be created"),
        (GONE.to_owned(), "gone@voyager.example: the account would be activated"),
        (eve("active: false"), "eve@voyager.example: the account would be deactivated"),
        (eve("externalId: hr-9"), "eve@voyager.example: would change: external id hr-9"),
        (eve("business: { manager: cy@voyager.example }"), "would change: manager"),
        (
            eve("business: { approvers: [eve@voyager.example, cy@voyager.example] }"),
            "would change: approvers",
        ),
        (eve("business: { department: service }"), "would change: department"),
        (eve("business: { employeeId: \"9\" }"), "would change: employee id"),
        (eve("business: { designation: Lead }"), "would change: designation"),
        (eve("notifications: { FLIGHT_NOTIFICATION: { enabled: false } }"), "FLIGHT_NOTIFICATION"),
        (eve("notifications: { FLIGHT_NOTIFICATION: { ccEmails: [evil@x.example] } }"), "evil@x.example"),
        (eve("directRoles: [{ type: COMPANY_REPORT_ADMIN, company: globex }]"), "COMPANY_REPORT_ADMIN"),
    ] {
        declare(&world, "", &format!("{DEE}{more}"));
        stale(&world, "apply --approved-at-most plan.json", &more)
            .says(&["the plan does more than was approved", says]);
    }
    // Less is covered, and so is the same.
    declare(&world, "", &format!("{DEE}{GONE}{}", eve("business: { manager: cy@voyager.example }")));
    world.run("plan --out plan.json").expect(0);
    declare(&world, "", GONE);
    world.run("apply --approved-at-most plan.json").expect(0);
    declare(&world, "", &format!("{DEE}{GONE}{}", eve("business: { manager: cy@voyager.example }")));
    world.run("apply --approved-at-most plan.json").expect(0);
    assert!(is_active(&world, "gone") && !is_active(&world, "dee"));
    world.plan().expect(0).ends_with(NO_CHANGES);
    // In another sense than approved is not the same.
    declare(&world, "", &eve("business: { manager: bo@voyager.example }"));
    world.run("plan --out plan.json").expect(0);
    declare(&world, "", &eve("business: { manager: ana@voyager.example }"));
    stale(&world, "apply --approved-at-most plan.json", "another manager");
}

/// Who is put into another group while the apply waits with its first write is left as it is, and the next one sees it.
#[test]
fn just_before_an_account_comes_or_goes_it_is_looked_what_it_holds() {
    for (who, more) in [("gone", "Desk"), ("dee", "Desk"), ("gone", "a role"), ("dee", "a role")] {
        let world = world();
        join(&world, "Night", "gone");
        let users = if who == "gone" { GONE } else { DEE };
        declare(&world, NIGHT, users);
        let night = world.id("Night");
        world.forget();
        world.faults(
            json!([{ "method": "PATCH", "path": night, "times": 1, "kind": { "slow": { "ms": 600_000 } } }]),
        );
        let child = world.start("apply --auto-approve");
        world.until(|it| {
            it["byRoute"]["PATCH /v3/companies/{companyId}/user-groups/{groupId}/members"].is_u64()
        });
        if more == "Desk" {
            join(&world, "Desk", who);
        } else {
            hold(&world, who, "COMPANY_ADMIN");
        }
        world.faults(json!([]));
        let run = Run::from(child.wait_with_output().unwrap());
        // Night is made by then.
        assert_eq!(run.code, 7, "{who} {more}\n{}\n{}", run.stdout, run.stderr);
        assert_eq!(is_active(&world, who), who == "dee", "{who} {more}");
        assert!(!world.members("Night").contains(&mail(who)), "{who} {more}");
        world.apply().expect(0);
        world.plan().expect(0).ends_with(NO_CHANGES);
    }
}

#[test]
fn who_is_the_only_approver_by_now_does_not_leave_by_a_plan_from_before() {
    let world = world();
    declare(&world, "", DEE);
    let id = id(&world, "plan --out plan.json");
    lead(&world, "ana", "dee");
    stale(&world, "apply plan.json", "ana");
    world.write("access/b.yaml", "version: 1\n");
    stale(&world, &format!("apply plan.json --approve {id}"), "ana")
        .says(&["dee@voyager.example: is the only approver of ana@voyager.example by now"]);
    lead(&world, "ana", "bo");
    world.run(&format!("apply plan.json --approve {id}")).expect(0);
    assert!(!is_active(&world, "dee"));
}

#[test]
fn a_rollback_that_was_made_before_somebody_was_let_in_is_stale() {
    let world = world();
    declare(&world, "", GONE);
    world.run("apply --auto-approve --journal j.ndjson").expect(0);
    world.run("rollback j.ndjson --out back.json").expect(0);
    join(&world, "Night", "gone");
    stale(&world, "apply back.json --auto-approve", "Night")
        .says(&["gone@voyager.example: the person is in other groups"]);
    // The other way: who was deactivated comes back by it.
    let world = self::world();
    declare(&world, "", DEE);
    world.run("apply --auto-approve --journal j.ndjson").expect(0);
    world.run("rollback j.ndjson --out back.json").expect(0);
    join(&world, "Company Admins", "dee");
    stale(&world, "apply back.json --auto-approve", "Company Admins").says(&["dee@voyager.example"]);
}
