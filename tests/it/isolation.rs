//! Agents of one client reach no other: the check that people are told to make by hand, as a policy.
//!
//! From outside: each way by which somebody comes to reach another client is stopped in the pull request and at the apply,
//! with its path; and what stood before, warns, is strict or is excepted does what it says.

use serde_json::{Value, json};

use crate::{
    bases::commit,
    support::{Run, SEED, World},
};

const ANA: &str = "ana@voyager.example";
const BO: &str = "bo@voyager.example";

/// What the policy of the tests says, with more of it.
fn policy(more: &str) -> String {
    format!(
        "guards: {{ privileged: [] }}\npolicies:\n  exclusive:\n    - {{ name: globex only, groups: [Dedicated Client Agents], companies: [globex]{more} }}\n"
    )
}

/// The usual seed with the dedicated group, in which Ana is, and a group that no file names, in which Bo is.
fn seed() -> String {
    let group = |name: &str, role: &str, scope: &str, members: &str| {
        format!(
            "  - {{ name: {name}, company: voyager, description: d, roles: [{{ role: {role}, scope: [{{ COMPANY: [{scope}] }}] }}], members: [{members}] }}\n"
        )
    };
    let seed = SEED.replace("members: [ana@voyager.example, bo@voyager.example]", "members: []");
    seed.replace("members: [cy@voyager.example]", "members: []")
        + &group("Dedicated Client Agents", "Agent", "globex", ANA)
        + &group("Side", "Trip Manager", "initech", BO)
        + &group("Own", "Trip Manager", "globex", "cy@voyager.example")
}

fn dedicated(scope: &str, members: &str) -> String {
    format!(
        "  - name: Dedicated Client Agents\n    description: d\n    roles:\n      - {{ role: Agent, scope: {{ company: [{scope}] }} }}\n    members:\n      - {}\n",
        members.replace(", ", "\n      - ")
    )
}

fn world(rules: &str, groups: &str) -> World {
    World::seeded(&seed()).ruled(rules).groups(groups)
}

fn direct(world: &World, who: &str, roles: &Value) {
    let path = format!("/v2/users/{}/roles", world.user(who));
    let (status, body) = world.call("PUT", &path, json!({ "roles": roles }));
    assert!(status < 300, "{status} {body}");
}

/// Each way by which somebody of the dedicated group comes to reach another client: the files, and the path that is shown.
fn ways() -> Vec<(&'static str, World, &'static str, &'static str)> {
    // The base is sound.
    let based = || {
        let world = world(&policy(""), &dedicated("globex", ANA));
        commit(&world.path());
        world
    };
    let usual = dedicated("globex", ANA);
    let second = "  - name: Second\n    description: d\n    roles: [{ role: Trip Manager, scope: { company: initech } }]\n    members:\n      - ana@voyager.example\n";
    let standard = "  - name: Company Admins\n    roles: unmanaged\n    members:\n      - root@voyager.example\n      - ana@voyager.example\n";
    let users = "version: 1\nusers:\n  - user: ana@voyager.example\n    directRoles:\n      - { type: COMPANY_ADMIN, company: initech }\n";
    let held = based().groups(&dedicated("globex", "ana@voyager.example, cy@voyager.example"));
    direct(&held, "cy@voyager.example", &json!([{ "roleType": "GLOBAL_AGENT" }]));
    vec![
        (
            "a second group",
            based().groups(&(usual.clone() + second)),
            ANA,
            "ana@voyager.example ← Second ← Trip Manager on company initech (access/a.yaml:13)",
        ),
        (
            "a direct role",
            based().with("access/u.yaml", users),
            ANA,
            "ana@voyager.example ← direct role COMPANY_ADMIN on company initech (access/u.yaml:5)",
        ),
        (
            "a direct role that is there",
            held,
            "cy@voyager.example",
            "cy@voyager.example ← direct role GLOBAL_AGENT (access/a.yaml:9)",
        ),
        (
            "a standard group",
            based().groups(&(usual.clone() + standard)),
            ANA,
            "ana@voyager.example ← Company Admins ← Company Management Admin on company voyager (access/a.yaml:13)",
        ),
        (
            "a group that no file names",
            based().groups(&dedicated("globex", "ana@voyager.example, bo@voyager.example")),
            BO,
            "bo@voyager.example ← Side ← Trip Manager on company initech (access/a.yaml:9)",
        ),
        (
            "a wider audience",
            based().groups(&dedicated("globex, initech", ANA)),
            ANA,
            "ana@voyager.example ← Dedicated Client Agents ← Agent on company globex, initech (access/a.yaml:6)",
        ),
    ]
}

fn stopped(run: Run, who: &str, path: &str) -> Run {
    run.expect(6)
        .shows(&format!(
            "Guards STOP policies globex only: {who} reaches more than globex (2b7e…); needs an exception"
        ))
        .shows(path)
}

#[test]
fn each_way_to_another_client_is_stopped_in_the_pull_request_and_at_the_apply() {
    for (_way, world, who, path) in ways() {
        stopped(world.run("plan --check --base main"), who, path);
        stopped(world.run("plan --check"), who, path);
        stopped(world.apply(), who, path).says(&["policies"]);
        // A plan that was saved is judged again.
        world.run("plan --out plan.json").expect(0);
        stopped(world.run("apply plan.json --auto-approve"), who, path);
        let id = world.run("plan --format json").json()["id"].as_str().unwrap().to_owned();
        stopped(world.run(&format!("apply --approve {id}")), who, path);
    }
}

#[test]
fn what_stays_with_the_one_client_is_let_through() {
    let more = "  - name: Second\n    description: d\n    roles: [{ role: Trip Manager, scope: { company: globex, legalEntity: globex-uk } }]\n    members: [ana@voyager.example]\n";
    let other = "  - name: Third\n    description: d\n    roles: [{ role: Trip Manager, scope: { company: initech } }]\n    members: [bo@voyager.example]\n";
    let files = dedicated("globex", "ana@voyager.example, cy@voyager.example") + more + other;
    let world = world(&policy(""), &files);
    direct(
        &world,
        ANA,
        &json!([{ "roleType": "COMPANY_TRAVEL_ARRANGER", "metadata": { "roleType": "COMPANY_TRAVEL_ARRANGER", "companyRef": { "id": "2b7e0000-0000-4000-8000-000000000002" } } }]),
    );
    world.apply().expect(0);
    world.settled();
}

/// Bo is in both groups already, and somebody else joins.
fn stood(more: &str) -> World {
    let world = world(&policy(more), &dedicated("globex", "ana@voyager.example, bo@voyager.example"));
    world.run("apply --auto-approve").expect(6);
    world.configure("guards: { privileged: [] }\n");
    world.apply().expect(0);
    world.configure(&policy(more));
    world.groups(&dedicated("globex", "ana@voyager.example, bo@voyager.example, cy@voyager.example"))
}

#[test]
fn what_stood_before_is_told_apart_and_stops_nothing_unless_the_policy_is_strict() {
    let line = "Guards stood policies globex only: bo@voyager.example reaches more than globex (2b7e…), as before this plan";
    let path = "bo@voyager.example ← Side ← Trip Manager on company initech";
    stood("").run("plan --check").expect(0).shows(line).shows(path);
    stood("").run("drift").expect(2).shows(line);
    stood("").apply().expect(0).shows(line);
    let strict = "Guards STOP policies globex only: bo@voyager.example reaches more than globex (2b7e…) as before, and the policy is strict; needs an exception";
    let world = stood(", strict: true");
    world.run("plan --check").expect(6).shows(strict);
    world.apply().expect(6).shows(strict);
    world.run("drift").expect(6).shows(strict);
    // Nothing is to do, and all the same it is told.
    let world = stood("");
    world.apply().expect(0);
    world.run("drift").expect(0).shows(line).shows("No changes. Live state matches the files.");
}

#[test]
fn what_the_base_asks_for_stood_and_what_only_the_change_asks_for_did_not() {
    let both = dedicated("globex", "ana@voyager.example, bo@voyager.example");
    // The base asks for it, and it is not applied yet.
    let world = world(&policy(""), &both);
    commit(&world.path());
    let then = world.groups(&(both.clone() + "  - { name: New, description: d, roles: [], members: [] }\n"));
    then.run("plan --check --base main").expect(0).shows("Guards stood policies globex only: bo@");
    then.run("plan --check").expect(6);
    // Somebody made it by hand, and the change takes it over.
    let world = stood("").groups(&dedicated("globex", ANA));
    commit(&world.path());
    let world = world.groups(&both);
    world.run("plan --check --base main").expect(6).shows("Guards STOP policies globex only: bo@");
    world.run("plan --check").expect(0).shows("Guards stood policies globex only: bo@");
}

#[test]
fn a_policy_that_warns_is_told_and_stops_nothing() {
    let files = dedicated("globex", "ana@voyager.example, bo@voyager.example");
    let world = world(&policy(", severity: warn"), &files);
    let line = "Guards warning policies globex only: bo@voyager.example reaches more than globex (2b7e…)";
    world.run("plan --check").expect(0).shows(line);
    world.apply().expect(0).shows(line);
}

#[test]
fn an_exception_allows_what_it_names_until_it_ends() {
    let files = dedicated("globex", "ana@voyager.example, bo@voyager.example");
    let rules = |exception: &str| policy(&format!(", exceptions: [{{ {exception}, reason: r }}]"));
    for (exception, exit, said) in [
        ("person: bo@voyager.example, until: 2099-01-01", 0, ""),
        ("group: Side, until: 2099-01-01", 0, ""),
        ("company: voyager, person: bo@voyager.example, role: Trip Manager, until: 2099-01-01", 0, ""),
        ("person: ana@voyager.example, until: 2099-01-01", 6, "unused-exception"),
        ("group: Own, until: 2099-01-01", 6, "unused-exception"),
        ("role: Agent, until: 2099-01-01", 6, "unused-exception"),
        ("person: bo@voyager.example, until: 2020-01-01", 6, "expired-exception"),
        ("person: nobody@voyager.example, until: 2099-01-01", 6, "unknown-exception"),
    ] {
        let run = world(&rules(exception), &files).run("plan --check");
        assert!(run.stdout.contains(said), "{exception}: {}", run.stdout);
        run.expect(exit);
    }
    // Two people, and it is for one.
    let files = dedicated("globex", "ana@voyager.example, bo@voyager.example, cy@voyager.example");
    let seed =
        seed().replace("members: [bo@voyager.example]", "members: [bo@voyager.example, cy@voyager.example]");
    for (up_to, exit) in [("", 6), (", upTo: 2", 0)] {
        let rules = rules(&format!("group: Side{up_to}, until: 2099-01-01"));
        World::seeded(&seed).ruled(&rules).groups(&files).run("plan --check").expect(exit);
    }
}

#[test]
fn what_could_not_be_read_counts_as_broken() {
    let files = dedicated("globex", "ana@voyager.example, cy@voyager.example");
    let world = world(&policy(""), &files);
    // A snapshot of before there was a policy tells of nobody what is held outside groups.
    world.configure("");
    world.run("snapshot --out old.json").expect(0);
    world.configure(&policy(""));
    world.run("snapshot --out new.json").expect(0);
    let line = "Guards STOP policies globex only: not evaluated for 2 people of voyager (1a6f…): direct roles were not read";
    world.run("plan --check --live old.json").expect(6).shows(line).shows("cy@voyager.example");
    world.run("plan --check --live new.json").expect(0);
    world.configure(&policy(", severity: warn"));
    world.run("plan --check --live old.json").expect(0).shows(&line.replace("STOP", "warning"));
}

#[test]
fn a_name_that_nobody_has_is_a_finding_where_it_stands() {
    let files = dedicated("globex", ANA);
    for (from, to, code, line) in [
        (
            "groups: [Dedicated Client Agents]",
            "groups: [Dedicated Client Agent]",
            "unknown-group",
            "rolecall.yaml:10",
        ),
        ("companies: [globex]", "companies: [globx]", "unknown-alias", "rolecall.yaml:10"),
        ("companies: [globex]", "companies: []", "invalid-policy", "rolecall.yaml:10"),
        ("groups: [Dedicated Client Agents]", "groups: []", "invalid-policy", "rolecall.yaml:10"),
        (", companies: [globex]", "", "missing-key", "rolecall.yaml:10"),
        ("name: globex only, ", "", "missing-key", "rolecall.yaml:10"),
        (
            "companies: [globex]",
            "companies: [globex], exceptions: [{ person: ana@voyager.example }]",
            "missing-key",
            "rolecall.yaml:10",
        ),
        (
            "companies: [globex]",
            "companies: [globex], exceptions: [{ until: 2099-01-01, reason: r }]",
            "invalid-exception",
            "rolecall.yaml:10",
        ),
        ("companies: [globex]", "companies: [globex], company: nowhere", "unknown-alias", "rolecall.yaml:10"),
        ("companies: [globex]", "companies: [globex], severty: warn", "unknown-key", "rolecall.yaml:10"),
        ("companies: [globex]", "companies: [globex], severity: stop", "wrong-type", "rolecall.yaml:10"),
    ] {
        let run = world(&policy("").replace(from, to), &files).run("plan");
        assert!(run.stderr.contains(code) && run.stderr.contains(line), "{to}: {}", run.stderr);
        run.expect(4);
    }
}
