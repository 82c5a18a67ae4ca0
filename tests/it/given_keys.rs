//! Keys that files give to people and name them by in the same change: who is meant, in one plan, and who never is.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    lives::{KNOWN, business, rules, seed},
    support::{NO_CHANGES, World},
};

/// The people whose keys go round.
const PEOPLE: [&str; 4] = ["ana", "bo", "cy", "root"];

fn world() -> World {
    let ana = "email: ana@voyager.example, company: voyager";
    let seed = seed().replace("employeeId: V-3", "employeeId: n2, externalId: x2");
    let seed =
        seed.replace("members: [cy@voyager.example]", "members: [cy@voyager.example, root@voyager.example]");
    let seed = seed.replace("externalId: agent-17", "externalId: x1, employeeId: n1");
    let seed = seed.replace(ana, &format!("{ana}, employeeId: n0, externalId: x0"));
    World::seeded(&seed).with("rolecall.yaml", &rules(KNOWN, ""))
}

/// Files with a group of these members, and these people.
fn files(members: &str, users: &str) -> String {
    format!(
        "version: 1\ngroups:\n  - {{ name: Law, description: d, roles: [{{ role: Agent, scope: {{ company: globex }} }}], members: [{members}] }}\nusers:\n{users}"
    )
}

fn address(name: &str) -> String {
    format!("{name}@voyager.example")
}

/// The keys that everybody has by now, each with who has it.
fn holders(world: &World) -> BTreeMap<(&'static str, String), String> {
    let mut all = BTreeMap::new();
    for who in PEOPLE.map(address) {
        let path = format!("/v2/users/{}?includeInactive=true", world.user(&who));
        let profile = world.call("GET", &path, Value::Null).1;
        let keys = [
            ("externalId", profile["externalId"].as_str().map(str::to_owned)),
            ("employeeId", business(world, &who)["employeeId"].as_str().map(str::to_owned)),
        ];
        for (kind, key) in keys {
            all.extend(key.map(|it| ((kind, it), who.clone())));
        }
    }
    all
}

fn settled(world: &World) {
    world.run("plan --check --detailed-exitcode").expect(0).ends_with(NO_CHANGES);
}

#[test]
fn who_gets_a_key_is_meant_by_it_wherever_it_stands_in_one_plan() {
    for (key, given) in
        [("externalId: hr-9", "externalId: hr-9"), ("employeeId: hr-9", "business: { employeeId: hr-9 }")]
    {
        let world = world();
        let users = format!(
            "  - {{ user: ana@voyager.example, {given} }}
  - {{ user: cy@voyager.example, business: {{ manager: {{ {key} }}, approvers: [{{ {key} }}, bo@voyager.example] }}, directRoles: [{{ type: TRAVEL_ARRANGER, arrangerFor: [{{ user: {{ {key} }} }}] }}] }}
"
        );
        let scoped = format!(
            "  - {{ name: Scoped, description: d, roles: [{{ role: Trip Manager, scope: {{ profile: {{ {key} }} }} }}], members: {{ atLeast: [{{ {key}, until: 2099-01-01 }}] }} }}\nusers:"
        );
        world.write("access/a.yaml", &files(&format!("{{ {key} }}"), &users).replace("users:", &scoped));
        world.run("validate").expect(0);
        let plan = world.plan().expect(0);
        assert!(!plan.stdout.contains("Withheld"), "{}", plan.stdout);
        world.apply().expect(0);
        let ana = world.user("ana@voyager.example");
        assert_eq!(world.members("Law"), ["ana@voyager.example"]);
        assert_eq!(world.members("Scoped"), ["ana@voyager.example"]);
        assert!(
            world.roles("Scoped").iter().all(|it| it.contains(&ana) || it.contains("ana@")),
            "{:?}",
            world.roles("Scoped")
        );
        let cy = business(&world, "cy@voyager.example");
        assert_eq!(
            (&cy["managerRef"]["id"], &cy["designatedApproverRefs"][0]["id"]),
            (&json!(ana), &json!(ana))
        );
        settled(&world);
        let told = world.run("explain ana@voyager.example").expect(0);
        assert!(told.stdout.contains("0 differences") || !told.stdout.contains("missing"), "{}", told.stdout);
    }
}

/// Before it is made, a person is explained as the plan will have it.
#[test]
fn an_explanation_says_of_who_gets_a_key_what_the_plan_does() {
    let world = world();
    world.write(
        "access/a.yaml",
        &files("{ externalId: hr-9 }", "  - { user: ana@voyager.example, externalId: hr-9 }\n  - { user: cy@voyager.example, business: { manager: { externalId: hr-9 } } }\n"),
    );
    let told = world.run("explain ana@voyager.example --format json").expect(0).json();
    let law = told["groups"].as_array().unwrap().iter().find(|it| it["name"] == "Law");
    assert_eq!(law.map(|it| &it["membership"]["files"]), Some(&json!("missing")), "{told}");
    assert!(told["acting"].to_string().contains("missing"), "{told}");
}

#[test]
fn a_key_that_changes_hands_means_who_is_to_have_it() {
    let world = world();
    let users = "  - { user: ana@voyager.example, externalId: x2 }\n  - { user: cy@voyager.example, externalId: x9, business: { manager: { externalId: x2 } } }\n";
    world.write("access/a.yaml", &files("{ externalId: x2 }", users));
    world.apply().expect(0);
    assert_eq!(world.members("Law"), ["ana@voyager.example"]);
    assert_eq!(
        business(&world, "cy@voyager.example")["managerRef"]["id"],
        json!(world.user("ana@voyager.example"))
    );
    settled(&world);
}

/// Where the change of the key is withheld, nobody is meant by it: neither who has it nor who was to get it.
#[test]
fn by_a_key_that_cannot_be_given_nobody_is_meant() {
    for users in [
        "  - { user: ana@voyager.example, externalId: x2 }\n",
        "  - { user: ana@voyager.example, externalId: x2 }\n  - { user: cy@voyager.example, externalId: x0 }\n",
        "  - { user: ana@voyager.example, externalId: x2 }\n  - { user: cy@voyager.example, active: false }\n",
        // Whose entry does nothing, as it does not say who is meant.
        "  - { user: gone@voyager.example, active: true, externalId: x2 }\n",
    ] {
        let world = world();
        world.write("access/a.yaml", &files("{ externalId: x2 }, bo@voyager.example", &format!("{users}  - {{ user: root@voyager.example, business: {{ designation: Lead, manager: {{ externalId: x2 }} }} }}\n")));
        world.plan().shows("+ member bo@voyager.example");
        world.apply().expect(3);
        assert_eq!(world.members("Law"), ["bo@voyager.example"], "{users}");
        let root = business(&world, "root@voyager.example");
        assert_eq!((&root["designation"], &root["managerRef"]), (&json!("Lead"), &Value::Null), "{users}");
        let again = world.run("plan --format json").expect(0).json();
        assert_eq!(again["edits"], json!([]), "{users}");
    }
}

/// Nor is who gives a key up, though another key of the same person could not be given to somebody else.
#[test]
fn by_a_key_that_is_given_up_nobody_is_meant() {
    for more in ["", "  - { user: root@voyager.example, externalId: x0 }\n"] {
        let world = world();
        let users = format!("  - {{ user: ana@voyager.example, business: {{ employeeId: n9 }} }}\n{more}");
        world.write("access/a.yaml", &files("{ employeeId: n0 }, { employeeId: n1 }", &users));
        world.apply().expect(3);
        assert_eq!(world.members("Law"), ["bo@voyager.example"]);
        assert_eq!(business(&world, "ana@voyager.example")["employeeId"], json!("n9"));
    }
}

/// A lock-out means whoever has the key and whoever is to have it, and the account that runs rolecall is who has it.
#[test]
fn a_lock_out_by_a_key_holds_for_who_gets_it() {
    let world = world();
    let ruled = rules(KNOWN, "") + "lockout: [{ externalId: hr-9, since: 2020-01-01, reason: stolen }]\n";
    world.write("rolecall.yaml", &ruled);
    world.write("access/a.yaml", "version: 1\nusers:\n  - { user: ana@voyager.example, externalId: hr-9 }\n");
    world.apply().expect(0);
    assert!(
        !world.members("Desk").contains(&"ana@voyager.example".to_owned()),
        "{:?}",
        world.members("Desk")
    );
    settled(&world);
}

/// A new key of each kind, if any, for everybody.
type Keys = Vec<[Option<u8>; 2]>;

/// What the files say of everybody: their new keys, and by which keys members are named.
fn wishes() -> impl Strategy<Value = (Keys, Vec<(bool, u8)>)> {
    let key = || prop::option::of(0..5_u8);
    (
        prop::collection::vec([key(), key()], PEOPLE.len()),
        prop::collection::vec((any::<bool>(), 0..5_u8), 1..4),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whoever is a member by a key has it once the plan is made, nobody is who was not to have it, and nothing is left to do.
    #[test]
    fn who_is_a_member_by_a_key_has_it((mut keys, members) in wishes()) {
        for kind in 0..2 {
            let mut seen = BTreeSet::new();
            for of in &mut keys {
                of[kind] = of[kind].filter(|it| seen.insert(*it));
            }
        }
        let world = world();
        let before = holders(&world);
        let mut users = String::new();
        for (who, [external, employee]) in PEOPLE.iter().zip(&keys) {
            let external = external.map(|it| format!(", externalId: x{it}")).unwrap_or_default();
            let employee = employee.map(|it| format!(", business: {{ employeeId: n{it} }}")).unwrap_or_default();
            users += &format!("  - {{ user: {}, active: true{external}{employee} }}\n", address(who));
        }
        let named: BTreeSet<(&'static str, String)> = members
            .iter()
            .map(|(external, it)| if *external { ("externalId", format!("x{it}")) } else { ("employeeId", format!("n{it}")) })
            .collect();
        let list: Vec<String> = named.iter().map(|(kind, key)| format!("{{ {kind}: {key} }}")).collect();
        world.write("access/a.yaml", &files(&list.join(", "), &users));
        let run = world.apply();
        prop_assert!(run.code == 0 || run.code == 3, "{}\n{}", run.stdout, run.stderr);
        let after = holders(&world);
        let wanted = |named: &(&str, String)| {
            let kind = usize::from(named.0 == "employeeId");
            let number: u8 = named.1[1..].parse().unwrap();
            PEOPLE.iter().zip(&keys).find(|it| it.1[kind] == Some(number)).map(|it| address(it.0))
        };
        let meant = |it: &(&'static str, String)| {
            let holder = after.get(it)?;
            // Of two who are to have it, or had it and cannot give it up, nobody is meant.
            (wanted(it).is_none_or(|wanted| wanted == *holder)).then(|| holder.clone())
        };
        let expected: BTreeSet<String> = named.iter().filter_map(meant).collect();
        let is: BTreeSet<String> = world.members("Law").into_iter().collect();
        prop_assert_eq!(&is, &expected, "{:?}\n{:?}\n{}", before, after, run.stdout);
        let again = world.run("plan --format json").expect(0).json();
        prop_assert_eq!(&again["edits"], &json!([]), "{}", again);
        let is_whole = named.iter().all(|it| meant(it).is_some());
        prop_assert!(is_whole || run.code == 3, "what is withheld is told: {}", run.stdout);
    }
}
