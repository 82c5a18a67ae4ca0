//! What `--estimate` says of people is what a plan and an apply then send, or at most that.

use serde_json::Value;

use crate::{
    lives::{declare, world},
    support::World,
};

/// Who is declared, by what it costs.
const PEOPLE: [(&str, &str); 9] = [
    ("nobody", "  - { user: cy@voyager.example, active: true }\n"),
    ("a mover on the list", "  - { user: cy@voyager.example, business: { department: sales } }\n"),
    (
        "a mover beyond the list",
        "  - { user: cy@voyager.example, business: { manager: bo@voyager.example } }\n",
    ),
    ("another id", "  - { user: ana@voyager.example, externalId: hr-1 }\n"),
    ("who comes back", "  - { user: gone@voyager.example, active: true }\n"),
    (
        "a joiner",
        "  - { user: noor@voyager.example, create: { name: { first: Noor, last: Haddad } }, business: { legalEntity: voyager-de } }\n",
    ),
    (
        "a joiner with an id",
        "  - { user: noor@voyager.example, create: { name: { first: Noor, last: Haddad } }, externalId: hr-9, business: { legalEntity: voyager-de, manager: bo@voyager.example } }\n",
    ),
    ("a leaver", "  - { user: bo@voyager.example, active: false, reason: left }\n"),
    (
        "roles",
        "  - { user: cy@voyager.example, directRoles: [{ type: COMPANY_REPORT_ADMIN, company: globex }] }\n",
    ),
];

fn number(it: &Value) -> u64 {
    it.as_u64().unwrap_or_else(|| panic!("{it} is not a number"))
}

/// Returns what a line sends.
fn sent(world: &World, line: &str, code: i32) -> u64 {
    world.forget();
    world.run(line).expect(code);
    number(&world.stats()["requests"])
}

#[test]
fn a_plan_sends_what_its_estimate_says_and_no_more_than_it_says_at_most() {
    for (what, people) in PEOPLE {
        let world = world();
        declare(&world, people);
        let estimate = world.run("plan --estimate --format json").expect(0).json();
        let (least, more) = (number(&estimate["requests"]), number(&estimate["atMostMore"]));
        let sent = sent(&world, "plan", 0);
        assert!((least..=least + more).contains(&sent), "{what}: {sent} requests, estimated {estimate}");
    }
}

#[test]
fn an_apply_sends_no_more_than_its_estimate_says() {
    for (what, people) in PEOPLE {
        let world = world();
        declare(&world, people);
        world.run("plan --out p.json").expect(0);
        let own = sent(&world, "apply p.json --estimate", 0);
        let estimate = world.run("apply p.json --estimate --format json").expect(0).json();
        let all = sent(&world, "apply p.json --auto-approve", 0);
        let said = number(&estimate["requests"]);
        assert!(all - own <= said, "{what}: {} requests beyond the plan, estimated {estimate}", all - own);
        // Not so much more that nobody could believe it.
        assert!(
            said <= 2 * (all - own) + 8,
            "{what}: {} requests beyond the plan, estimated {estimate}",
            all - own
        );
    }
}

/// Who has a key that somebody is to get is looked for, and that is counted.
#[test]
fn the_look_for_who_has_a_new_key_is_counted() {
    let keys = |external: &str, employee: &str| {
        format!(
            "  - {{ user: ana@voyager.example, externalId: {external}, business: {{ employeeId: {employee} }} }}\n  - {{ user: bo@voyager.example, business: {{ employeeId: {employee}0 }} }}\n"
        )
    };
    let world = world();
    declare(&world, &keys("hr-1", "n-1"));
    world.run("apply --auto-approve").expect(0);
    let counted = || {
        let estimate = world.run("plan --estimate --format json").expect(0).json();
        (number(&estimate["requests"]), sent(&world, "plan", 0))
    };
    let old = counted();
    declare(&world, &keys("hr-2", "n-2"));
    let new = counted();
    assert_eq!((new.0 - old.0, new.1 - old.1), (3, 3), "one list of external ids, and two employee ids");
    // Nor less than it says where there are more than are asked for one by one.
    let many: String =
        (0..120).map(|n| format!("  - {{ email: p{n}@voyager.example, company: voyager }}\n")).collect();
    let world = World::seeded(&crate::lives::seed().replace("groups:\n", &format!("{many}groups:\n")))
        .with("rolecall.yaml", &crate::lives::rules(crate::lives::KNOWN, ""));
    let many: String = (0..120)
        .map(|n| format!("  - {{ user: p{n}@voyager.example, business: {{ employeeId: e{n} }} }}\n"))
        .collect();
    declare(&world, &many);
    let estimate = world.run("plan --estimate --format json").expect(0).json();
    let (least, more) = (number(&estimate["requests"]), number(&estimate["atMostMore"]));
    let sent = sent(&world, "plan", 0);
    assert!((least..=least + more).contains(&sent), "{sent} requests, estimated {estimate}");
}
