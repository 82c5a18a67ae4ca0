//! Guards over what people are: whose accounts come and go, who acts for whom, and who still holds what gives everything.

use serde_json::{Value, json};

use crate::support::{Run, SEED, VOYAGER, World};

const GLOBEX: &str = "2b7e0000-0000-4000-8000-000000000002";
const RULES: &str =
    "api: { identity: { email: root@voyager.example }, dialect: { userDelete: deactivates } }\n";

fn mail(n: usize) -> String {
    format!("c{n:02}@voyager.example")
}

/// The default companies with twelve more people in each, the ones of Voyager as the function says.
fn seed(more: impl Fn(usize) -> String) -> String {
    let crowd = (0..12).map(|n| format!("  - {{ email: {}, company: voyager{} }}\n", mail(n), more(n)));
    let others = (0..12).map(|n| format!("  - {{ email: g{n:02}@globex.example, company: globex }}\n"));
    SEED.replace("groups:\n", &format!("{}groups:\n", crowd.chain(others).collect::<String>()))
}

fn world(seed: &str, rules: &str, users: &str) -> World {
    let world = World::seeded(seed).ruled(&format!("{RULES}{rules}"));
    world.write("access/a.yaml", &format!("version: 1\nusers:\n{users}"));
    world
}

/// What a guard found of each thing: verdict, about what, of what, and how many.
fn found(world: &World, guard: &str, more: &str) -> Vec<String> {
    let plan = world.run(&format!("plan --format json {more}")).expect(0).json();
    let own = plan["guards"].as_array().unwrap().iter().filter(|it| it["guard"] == guard);
    let subject = |it: &Value| match it["company"].as_str() {
        Some(VOYAGER) => "voyager".to_owned(),
        Some(GLOBEX) => "globex".to_owned(),
        _ => it["kind"].as_str().unwrap().to_owned(),
    };
    let line = |it: &Value| {
        let level = it["level"].as_str().map_or(String::new(), |it| format!(" {it}"));
        let of = it["of"].as_u64().map_or(String::new(), |it| format!("/{it}"));
        format!("{} {}{level} {}{of}", it["verdict"].as_str().unwrap(), subject(&it["subject"]), it["value"])
    };
    own.map(line).collect()
}

#[track_caller]
fn has(run: &Run, phrases: &[&str]) {
    let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for it in phrases {
        assert!(text.contains(it), "no `{it}` in\n{}", run.stdout);
    }
}

/// Adds what the stops of a plan propose, and makes sure that it lets this very plan pass, and does no more.
#[track_caller]
fn allowed(world: World, rules: &str) -> Run {
    let plan = world.plan().expect(0).stdout;
    let lines = plan.lines().map(str::trim).filter(|it| it.starts_with("- { guard: "));
    let mut lines: Vec<String> = lines.map(|it| format!("  {it}\n")).collect();
    lines.sort();
    lines.dedup();
    assert!(!lines.is_empty(), "{plan}");
    world.apply().expect(6);
    let world = world.ruled(&format!("{RULES}{rules}exceptions:\n{}", lines.concat()));
    world.run("validate").expect(0);
    let plan = world.plan().expect(0);
    for it in ["small-exception", "unused-exception"] {
        assert!(!plan.stdout.contains(it), "{}", plan.stdout);
    }
    world.apply().expect(0);
    plan
}

fn leave(mails: impl Iterator<Item = String>) -> String {
    mails.map(|it| format!("  - {{ user: {it}, active: false, reason: left }}\n")).collect()
}

#[test]
fn the_share_of_accounts_is_one_of_each_company_and_the_number_one_of_the_apply() {
    let rules = "guards: { privileged: [], removals: { percent: 100 } }\n";
    let globex = |n: usize| {
        let users = leave((0..n).map(|it| format!("g{it:02}@globex.example")));
        format!("version: 1\ncompany: globex\nusers:\n{users}")
    };
    // Sixteen and thirteen accounts are active: one of each may go.
    let both = |voyager: usize, others: usize, rules: &str| {
        let world = world(&seed(|_| String::new()), rules, &leave((0..voyager).map(mail)));
        if others > 0 {
            world.write("access/b.yaml", &globex(others));
        }
        world
    };
    let one = both(1, 12, rules);
    let expected = ["ok plan people 13", "ok voyager people 1/16", "stop globex people 12/13"];
    assert_eq!(found(&one, "people", ""), expected);
    // Alone, in a shard, and merged: the same of each company.
    assert_eq!(found(&one, "people", "--company globex"), ["ok plan people 12", expected[2]]);
    assert_eq!(found(&one, "people", "--company voyager"), ["ok plan people 1", expected[1]]);
    for n in 0..3 {
        let run = one.run(&format!("plan --shard {n}/3 --format json"));
        one.write(&format!("{n}.json"), &run.stdout);
    }
    let merged = one.run("merge-reports 0.json 1.json 2.json --format json").json();
    let of_people = |plan: &Value| {
        let own = plan["guards"].as_array().unwrap().iter().filter(|it| it["guard"] == "people");
        own.map(|it| json!([it["subject"], it["value"], it["of"], it["limit"], it["verdict"]]))
            .collect::<Vec<_>>()
    };
    assert_eq!(of_people(&merged), of_people(&one.run("plan --format json").expect(0).json()));
    has(&allowed(one, rules), &["excepted people globex"]);
    assert_eq!(
        found(&both(1, 1, rules), "people", ""),
        ["ok plan people 2", "ok voyager people 1/16", "ok globex people 1/13"]
    );
    // Each company is proposed what it needs and no more.
    let few = "guards: { privileged: [], removals: { percent: 100 }, people: { percent: 100, atMost: 3 } }\n";
    let plan = both(3, 1, few).plan().expect(0);
    has(&plan, &["STOP people 4 accounts deactivated, activated or created (limit 3)"]);
    has(&plan, &["guard: people, company: voyager, upTo: 3,", "guard: people, company: globex, upTo: 1,"]);
    allowed(both(3, 1, few), few);
    let plan = both(3, 0, "guards: { privileged: [], removals: { percent: 100 } }\n").plan().expect(0);
    has(&plan, &["STOP people voyager", "guard: people, company: voyager, upTo: 3,"]);
}

/// Each of twelve manages the next one and approves for the one after.
fn led() -> String {
    seed(|n| format!(", manager: {}, approvers: [{}]", mail((n + 11) % 12), mail((n + 10) % 12)))
}

#[test]
fn whoever_no_longer_approves_or_manages_loses_access_to_every_guard() {
    let to_root = |n: usize| {
        format!(
            "  - {{ user: {}, business: {{ manager: root@voyager.example, approvers: [root@voyager.example] }} }}\n",
            mail(n)
        )
    };
    let all: String = (0..12).map(to_root).collect();
    let removals = |world: &World| -> Vec<String> {
        let all = found(world, "removals", "").into_iter();
        all.filter(|it| it.contains(" people ")).collect()
    };
    let everybody = world(&led(), "", &all);
    // Of everybody else Root alone is known to hold something.
    assert_eq!(removals(&everybody), ["ok plan people 12", "stop voyager people 12/13"]);
    let plan = everybody.plan().expect(0);
    has(&plan, &["12 of 13 people who lose access", "@voyager.example no longer approves for c"]);
    allowed(everybody, "");
    let at_most = world(
        &led(),
        "guards: { removals: { atMost: 3, percent: 100 } }\n",
        &(0..2).map(to_root).collect::<String>(),
    );
    // c11 manages c00, c10 approves for c00; c00 manages c01, and c11 approves for c01.
    assert_eq!(removals(&at_most), ["ok plan people 3", "ok voyager people 3/4"]);

    // A protected person keeps everybody, whoever it is that changes.
    let rules = "guards: { protected: { people: [c11@voyager.example] } }\n";
    let one = world(&led(), rules, &to_root(0));
    has(
        &one.plan().expect(0),
        &["STOP protected c11@voyager.example", "c11@voyager.example no longer manages c00@voyager.example"],
    );
    allowed(one, rules);
    let other = world(&led(), rules, &to_root(5));
    assert_eq!(found(&other, "protected", ""), ["ok plan 0"]);
    // Over whoever cannot use an account nobody has anything.
    let gone =
        SEED.replace("active: false }", &format!("active: false, manager: {} }}", "cy@voyager.example"));
    let gone = world(
        &gone,
        "guards: { protected: { people: [cy@voyager.example] } }\n",
        "  - { user: gone@voyager.example, business: { manager: root@voyager.example } }\n",
    );
    assert_eq!(found(&gone, "protected", ""), ["ok plan 0"]);
}

#[test]
fn what_a_rollback_takes_back_of_approving_waits_for_no_limit() {
    let rules = "guards: { removals: { percent: 1, from: 1, atMost: 0 } }\n";
    let users: String = (0..4)
        .map(|n| format!("  - {{ user: {}, business: {{ approvers: [root@voyager.example] }} }}\n", mail(n)))
        .collect();
    let world = world(&seed(|_| String::new()), rules, &users);
    world.run("apply --auto-approve --journal j").expect(0);
    let plan = world.run("rollback j").expect(0);
    assert!(!plan.stdout.contains("STOP"), "{}", plan.stdout);
    has(&plan, &["excepted removals"]);
}

/// Ana and Bo administer the company, and these as well.
fn admins(others: &[&str]) -> String {
    let role = format!(
        "directRoles: [{{ roleType: COMPANY_ADMIN, metadata: {{ roleType: COMPANY_ADMIN, companyRef: {{ id: {VOYAGER} }} }} }}]"
    );
    ["ana", "bo"].iter().chain(others).fold(seed(|_| String::new()), |it, who| {
        let plain = format!("email: {who}@voyager.example, company: voyager");
        assert!(it.contains(&plain), "{who}");
        it.replace(&plain, &format!("{plain}, {role}"))
    })
}

#[test]
fn the_last_who_hold_a_privileged_direct_role_are_kept_or_it_is_said_that_nobody_knows() {
    let usual = "guards: { removals: { percent: 100 }, people: { percent: 100 } }\n";
    let all = format!("{usual}policies: {{ noDirectRoles: [{{ name: p, types: [TMC_ADMIN] }}] }}\n");
    let takes = "  - { user: ana@voyager.example, active: false }\n  - { user: bo@voyager.example, directRoles: [] }\n";
    // Nobody else's were read.
    let unknown = world(&admins(&[]), usual, takes);
    assert!(found(&unknown, "last-holder", "").contains(&"unset voyager 0".to_owned()));
    let plan = unknown.plan().expect(0);
    has(
        &plan,
        &[
            "unset last-holder (ana@voyager.example, bo@voyager.example no longer hold the direct role COMPANY_ADMIN on company voyager; who else holds it was not read)",
        ],
    );
    assert_eq!(plan.stdout.matches("last-holder").count(), 1, "{}", plan.stdout);
    // Where a policy has everybody's read, it is judged.
    let known = world(&admins(&[]), &all, takes);
    let plan = known.plan().expect(0);
    has(&plan, &["STOP last-holder", "ana@voyager.example no longer holds the direct role COMPANY_ADMIN"]);
    allowed(known, &all);
    let enough = world(&admins(&["cy", "c01"]), &all, takes);
    assert!(found(&enough, "last-holder", "").iter().all(|it| it.starts_with("ok ")));
    // So it is where those that the files name hold on to it.
    let keep = "  - { user: cy@voyager.example, directRoles: { atLeast: [{ type: COMPANY_ADMIN, company: voyager }] } }\n  - { user: c01@voyager.example, directRoles: { atLeast: [{ type: COMPANY_ADMIN, company: voyager }] } }\n";
    let named = world(&admins(&["cy", "c01"]), usual, &format!("{takes}{keep}"));
    assert!(found(&named, "last-holder", "").iter().all(|it| it.starts_with("ok ")));
    // Switched off is switched off.
    let off = world(
        &admins(&[]),
        "guards: { privileged: [], removals: { percent: 100 }, people: { percent: 100 } }\n",
        takes,
    );
    assert_eq!(found(&off, "last-holder", ""), ["unset plan 0"]);
}

#[test]
fn whoever_is_activated_gains_what_others_name_the_account_for() {
    let plain = "email: ana@voyager.example, company: voyager";
    let led = format!("{plain}, manager: gone@voyager.example, approvers: [gone@voyager.example]");
    let seed = seed(|_| String::new()).replace(plain, &led);
    let back = "  - { user: gone@voyager.example, active: true }\n";
    // What Ana is is read where the files say any of it.
    let read = "  - { user: ana@voyager.example, business: { manager: gone@voyager.example } }\n";
    let one = world(&seed, "", &format!("{back}{read}"));
    let row =
        ["+ gone@voyager.example gains", "approves for ana@voyager.example", "manages ana@voyager.example"];
    has(&one.plan().expect(0), &row);
    let plan = one.run("plan --format json --out plan.json").expect(0).json();
    assert_eq!((&plan["people"]["gain"], &plan["people"]["lose"]), (&json!(1), &json!(0)));
    let edits = plan["edits"].as_array().unwrap();
    assert!(edits.iter().all(|it| it["attribute"] == "active"), "{edits:?}");
    has(&one.run("show plan.json").expect(0), &row);
    // To a policy it is new, and no breach of before.
    let apart = "policies: { separation: [{ name: p, roles: [APPROVER], apartFrom: [MANAGER] }] }\n";
    let kept = world(&seed, apart, &format!("{back}{read}"));
    assert!(found(&kept, "policies", "").iter().any(|it| it.starts_with("stop ")));
    one.run("apply plan.json --auto-approve").expect(0);
    one.plan().expect(0).ends_with("No changes. Live state matches the files.");
    // Who is active all along gains nothing by it.
    let other = world(&seed, "", &format!("  - {{ user: bo@voyager.example, active: true }}\n{read}"));
    other.plan().expect(0).ends_with("No changes. Live state matches the files.");
}
