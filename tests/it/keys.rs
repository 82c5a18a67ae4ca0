//! Keys of people that two entries, two people or nobody can have, and people who are above themselves.

use serde_json::Value;

use crate::{
    bases::commit,
    lives::{KNOWN, business, rules, seed},
    support::{NO_CHANGES, World},
};

/// Ana, Bo and Cy with external and employee ids of their own.
fn world() -> World {
    let ana = "email: ana@voyager.example, company: voyager";
    let seed = seed().replace("employeeId: V-3", "employeeId: N-cy");
    let seed = seed.replace(ana, &format!("{ana}, employeeId: N-ana"));
    let world = World::seeded(&seed).with("rolecall.yaml", &rules(KNOWN, ""));
    users(
        &world,
        "  - { user: ana@voyager.example, externalId: x-ana }\n  - { user: cy@voyager.example, externalId: x-cy }\n",
    );
    world.apply().expect(0);
    world.plan().expect(0).ends_with(NO_CHANGES);
    world
}

fn users(world: &World, users: &str) {
    world.write("access/a.yaml", &format!("version: 1\nusers:\n{users}"));
}

fn external(world: &World, who: &str) -> Value {
    let path = format!("/v2/users/{}?includeInactive=true", world.user(who));
    world.call("GET", &path, Value::Null).1["externalId"].clone()
}

#[test]
fn a_key_that_the_files_cannot_mean_is_found_offline() {
    let world = world();
    world.write("people/a.csv", "m,x,n\nana@voyager.example,same,\ncy@voyager.example,,7\n");
    let rows = "usersFrom: [{ csv: people/a.csv, columns: { email: m, externalId: x, employeeId: n } }]\n";
    for (text, code, words) in [
        // Changed by the entry that names the person by it.
        (
            "users: [{ user: { employeeId: N-ana }, business: { employeeId: \"9\" } }]\n",
            "invalid-user",
            "is named by the employee id that this changes",
        ),
        (
            "users: [{ user: { externalId: x-ana }, externalId: y }]\n",
            "invalid-user",
            "is named by the external id that this changes",
        ),
        (
            "users: [{ user: { externalId: x-ana }, externalId: x-ana }, { user: { employeeId: N-cy }, business: { employeeId: N-cyy } }]\n",
            "invalid-user",
            "N-cy is named by the employee id",
        ),
        // Of two people.
        (
            "users: [{ user: ana@voyager.example, externalId: same }, { user: bo@voyager.example, externalId: same }]\n",
            "duplicate-user",
            "ana@voyager.example and bo@voyager.example",
        ),
        (
            "users: [{ user: ana@voyager.example, business: { employeeId: \"7\" } }, { user: bo@voyager.example, business: { employeeId: \"7\" } }]\n",
            "duplicate-user",
            "one employee id is declared of two people",
        ),
        (
            &format!("{rows}users: [{{ user: bo@voyager.example, externalId: same }}]\n"),
            "duplicate-user",
            "one external id is declared of two people",
        ),
        (
            &format!("{rows}users: [{{ user: bo@voyager.example, business: {{ employeeId: \"7\" }} }}]\n"),
            "duplicate-user",
            "one employee id",
        ),
        (
            "users: [{ user: j1@voyager.example, create: { name: { first: A, last: B } }, externalId: z, business: { legalEntity: voyager-de } }, { user: j2@voyager.example, create: { name: { first: A, last: B } }, externalId: z, business: { legalEntity: voyager-de } }]\n",
            "duplicate-user",
            "one external id",
        ),
        // Asked twice.
        (
            "users: [{ user: ana@voyager.example, business: { approvers: [bo@voyager.example, cy@voyager.example, BO@voyager.example] } }]\n",
            "invalid-user",
            "listed twice as approver",
        ),
    ] {
        world.write("access/a.yaml", &format!("version: 1\n{text}"));
        let run = world.run("validate").expect(4);
        assert!(run.stdout.contains(code) && run.stdout.contains(words), "{text}\n{}", run.stdout);
    }
    world.write("people/a.csv", "m,by\nana@voyager.example,bo@voyager.example;bo@voyager.example\n");
    world.write(
        "access/a.yaml",
        "version: 1\nusersFrom: [{ csv: people/a.csv, columns: { email: m, approvers: by } }]\n",
    );
    assert!(world.run("validate").expect(4).stdout.contains("listed twice as approver"));
    // The key that the person is named by may be said again.
    users(
        &world,
        "  - { user: { externalId: x-ana }, externalId: x-ana, business: { designation: Lead } }\n",
    );
    let valid = world.run("validate").expect(0);
    assert!(valid.stdout.contains("Valid: 0 groups, 1 person in "), "{}", valid.stdout);
}

#[test]
fn a_key_that_somebody_else_has_is_withheld_alone_with_the_name() {
    let world = world();
    for (said, words) in [
        ("externalId: x-cy", "cy@voyager.example has the external id `x-cy`"),
        (
            "business: { employeeId: N-cy, designation: Lead }",
            "cy@voyager.example has the employee id `N-cy`",
        ),
        // Nor from somebody who leaves: the account keeps it.
        (
            "externalId: x-cy }\n  - { user: cy@voyager.example, active: false",
            "cy@voyager.example has the external id",
        ),
        // Of a circle nobody can be the first.
        (
            "externalId: x-cy }\n  - { user: cy@voyager.example, externalId: x-ana",
            "ana@voyager.example has the external id",
        ),
    ] {
        users(
            &world,
            &format!(
                "  - {{ user: ana@voyager.example, {said} }}\n  - {{ user: bo@voyager.example, business: {{ designation: Agent }} }}\n"
            ),
        );
        world.run("validate").expect(0);
        let plan = world.plan();
        assert!(plan.stdout.contains(words), "{said}\n{}", plan.stdout);
        assert!(plan.stdout.contains("designation Agent"), "{said}\n{}", plan.stdout);
    }
    users(&world, "  - { user: ana@voyager.example, business: { employeeId: N-cy, designation: Lead } }\n");
    world.apply().expect(3);
    let ana = business(&world, "ana@voyager.example");
    assert_eq!((&ana["employeeId"], &ana["designation"]), (&"N-ana".into(), &"Lead".into()));
}

#[test]
fn who_gives_a_key_up_does_so_before_who_gets_it() {
    let world = world();
    users(
        &world,
        "  - { user: ana@voyager.example, externalId: x-cy, business: { employeeId: N-cy } }\n  - { user: bo@voyager.example, externalId: x-ana, business: { employeeId: N-ana } }\n  - { user: cy@voyager.example, externalId: x-new, business: { employeeId: N-new } }\n",
    );
    world.apply().expect(0);
    let all = ["ana", "bo", "cy"].map(|it| external(&world, &format!("{it}@voyager.example")));
    assert_eq!(all, ["x-cy", "x-ana", "x-new"].map(Value::from));
    world.plan().expect(0).ends_with(NO_CHANGES);
}

#[test]
fn who_is_above_themselves_under_whatever_key_is_told_and_done_once() {
    let world = world();
    users(
        &world,
        "  - { user: ana@voyager.example, business: { approvers: [bo@voyager.example, { externalId: agent-17 }, { employeeId: N-ana }], manager: { employeeId: N-cy } } }\n  - { user: cy@voyager.example, business: { manager: bo@voyager.example } }\n  - { user: bo@voyager.example, business: { manager: ana@voyager.example } }\n",
    );
    let plan = world.plan().expect(0);
    for words in ["ana@voyager.example is to approve for themselves", "who is managed by"] {
        assert!(plan.stdout.contains(words), "{words}\n{}", plan.stdout);
    }
    assert_eq!(plan.stdout.matches("approves-own").count(), 2, "{}", plan.stdout);
    world.apply().expect(0);
    let asked = business(&world, "ana@voyager.example")["designatedApproverRefs"].clone();
    assert_eq!(asked.as_array().map(Vec::len), Some(2), "{asked}");
    users(&world, "  - { user: ana@voyager.example, business: { manager: { externalId: x-ana } } }\n");
    assert!(world.plan().stdout.contains("ana@voyager.example is to be their own manager"));
    users(&world, "  - { user: ana@voyager.example, business: { manager: ana@voyager.example } }\n");
    assert_eq!(world.plan().stdout.matches("approves-own").count(), 1);
}

#[test]
fn one_person_by_a_row_and_an_entry_is_told_which_key_to_take() {
    let world = world();
    world.write("people/a.csv", "n,t\nN-ana,Lead\n");
    world.write("access/a.yaml", "version: 1\nusersFrom: [{ csv: people/a.csv, key: employeeId, columns: { employeeId: n, designation: t } }]\nusers: [{ user: ana@voyager.example, active: true }]\n");
    let run = world.plan();
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains("name the person under `users:` by `{ employeeId: N-ana }`"), "{said}");
    assert!(!said.contains("lists are exact"), "{said}");
}

#[test]
fn what_a_change_says_less_of_people_is_told_against_a_base() {
    const TABLE: &str = "usersFrom: [{ csv: people/*.csv, columns: { email: m, active: a, approvers: b, designation: t } }]\n";
    let entries = "users:\n  - { user: bo@voyager.example, active: false, business: { designation: Agent, approvers: [cy@voyager.example, ana@voyager.example] } }\n";
    let rows = |from: usize, to: usize| {
        let all: Vec<String> = (from..to).map(|it| format!("p{it}@voyager.example,,,T\n")).collect();
        format!("m,a,b,t\n{}", all.concat())
    };
    let base = || {
        let world = World::seeded(&seed())
            .with("rolecall.yaml", &rules(KNOWN, "").replace("percent: 100", "percent: 20"))
            .with("people/hr.csv", &rows(0, 12))
            .with("access/a.yaml", &format!("version: 1\n{TABLE}{entries}"));
        commit(&world.path());
        world
    };
    for (before, after, told) in [
        ("active: false, ", "", &["user bo@voyager.example, active"][..]),
        ("active: false", "active: true", &[]),
        (
            ", approvers: [cy@voyager.example, ana@voyager.example]",
            "",
            &["user bo@voyager.example, approvers"],
        ),
        (", ana@voyager.example]", "]", &["user bo@voyager.example, approvers"]),
        ("ana@voyager.example]", "gone@voyager.example]", &[]),
        ("designation: Agent, ", "", &[]),
        (entries, "", &["user bo@voyager.example"]),
        ("active: a, ", "", &["usersFrom people/*.csv, active"]),
        ("approvers: b, ", "", &["usersFrom people/*.csv, approvers"]),
        (", designation: t", "", &[]),
    ] {
        let world = base();
        let text = format!("version: 1\n{TABLE}{entries}").replacen(before, after, 1);
        world.write("access/a.yaml", &text);
        let weakened = world.run("plan --base main --format json").json()["weakened"]["rows"].clone();
        let what: Vec<&str> =
            weakened.as_array().unwrap().iter().filter_map(|it| it["what"].as_str()).collect();
        assert_eq!(what, told, "{before} {after}: {weakened}");
        assert!(!weakened.to_string().contains("direct roles"), "{weakened}");
    }
    // The rows of one file in two of the same pattern, and with some of them lost.
    for (to, told) in [(12, 0), (7, 1)] {
        let world = base();
        world.write("people/hr.csv", &rows(0, 6));
        world.write("people/more.csv", &rows(6, to));
        let weakened = world.run("plan --base main --format json").json()["weakened"]["rows"].clone();
        assert_eq!(weakened.as_array().map(Vec::len), Some(told), "{weakened}");
    }
}

#[test]
fn nobody_comes_or_goes_by_keys_that_do_not_say_who_is_meant() {
    let rows = "usersFrom: [{ csv: people/a.csv, columns: { email: m, active: a, externalId: x } }]\n";
    for (text, exit, words) in [
        // Nobody has the key: it may be misspelt, and somebody who shall leave stays.
        ("{ user: { employeeId: \"0-cy\" }, active: false }", 3, "no user has this key"),
        ("{ user: cyy@voyager.example, active: false }", 3, "no user has this key"),
        // A list of human resources has people who never had an account.
        ("row cyy@voyager.example,false,", 0, "no user has this key"),
        // One key says one person, and the other another.
        (
            "{ user: cyy@voyager.example, active: false, externalId: x-cy }",
            3,
            "externalId x-cy is another person's: cy@voyager.example",
        ),
        ("row cyy@voyager.example,false,x-cy", 3, "externalId x-cy is another person's: cy@voyager.example"),
        (
            "{ user: bo@voyager.example, active: false, externalId: x-cy }",
            3,
            "externalId x-cy is another person's: cy@voyager.example",
        ),
        ("row bo@voyager.example,false,x-cy", 3, "externalId x-cy is another person's: cy@voyager.example"),
        (
            "{ user: bo@voyager.example, active: false, business: { employeeId: N-cy, department: sales } }",
            3,
            "employeeId N-cy is another person's: cy@voyager.example",
        ),
        (
            "{ user: gone@voyager.example, active: true, externalId: x-cy }",
            3,
            "externalId x-cy is another person's: cy@voyager.example",
        ),
        // The address of somebody who left is given to somebody else.
        (
            "{ user: gone@voyager.example, active: true, create: { name: { first: Greta, last: Other } }, externalId: x-greta, business: { legalEntity: voyager-de, department: service } }",
            3,
            "has externalId x-gone",
        ),
        (
            "{ user: gone@voyager.example, create: { name: { first: Greta, last: Other } }, externalId: x-greta, business: { legalEntity: voyager-de } }",
            3,
            "has externalId x-gone",
        ),
    ] {
        let world = world();
        users(&world, "  - { user: gone@voyager.example, externalId: x-gone }\n");
        world.apply().expect(0);
        match text.strip_prefix("row ") {
            Some(it) => {
                world.write("people/a.csv", &format!("m,a,x\n{it}\n"));
                world.write("access/a.yaml", &format!("version: 1\n{rows}"));
            }
            None => {
                users(&world, &format!("  - {text}\n  - {{ user: ana@voyager.example, active: true }}\n"));
            }
        }
        world.forget();
        let run = world.apply().expect(exit);
        assert!(run.stdout.contains(words), "{text}\n{}", run.stdout);
        assert_eq!(world.writes(), [] as [String; 0], "{text}");
    }
}

#[test]
fn whoever_comes_back_under_another_id_is_known_by_whoever_says_so() {
    let world = world();
    users(&world, "  - { user: gone@voyager.example, externalId: x-gone }\n");
    world.apply().expect(0);
    users(&world, "  - { user: gone@voyager.example, active: true, externalId: x-back }\n");
    world.apply().expect(0);
    assert_eq!(external(&world, "gone@voyager.example"), "x-back");
    world.plan().expect(0).ends_with(NO_CHANGES);
}
