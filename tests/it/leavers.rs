//! Who still names somebody who leaves: found among everybody active, named, and asked for within the limit of the files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    lives::{KNOWN, rules, seed},
    support::{
        NO_CHANGES, World,
        tenant::{Dice, side_by_side},
    },
};

const DEE: &str = "  - { user: dee@voyager.example, active: false, reason: left }\n";

fn mail(who: &str) -> String {
    format!("{who}@voyager.example")
}

/// What a seed says of somebody: who manages the person, and who approves.
fn above(manager: &str, approvers: &[&str]) -> String {
    let manager = if manager.is_empty() { String::new() } else { format!(", manager: {}", mail(manager)) };
    let approvers: Vec<String> = approvers.iter().map(|it| mail(it)).collect();
    let approvers =
        if approvers.is_empty() { String::new() } else { format!(", approvers: [{}]", approvers.join(", ")) };
    manager + &approvers
}

/// Voyager with Root, Ana, Bo and Cy, somebody inactive, Dee, and these beside; each is led as it is said.
fn world(led: &[(&str, &str, &[&str])], others: &[&str], guards: &str) -> World {
    let lines: String = ["dee"]
        .iter()
        .chain(others)
        .map(|it| format!("  - {{ email: {}, company: voyager }}\n", mail(it)))
        .collect();
    let seed = seed().replace("groups:\n", &format!("{lines}groups:\n"));
    let seed = led.iter().fold(seed, |it, (who, manager, approvers)| {
        let plain = format!("email: {}, company: voyager", mail(who));
        assert!(it.contains(&plain), "{who}");
        it.replace(&plain, &format!("{plain}{}", above(manager, approvers)))
    });
    let world = World::seeded(&seed).with("rolecall.yaml", &rules(KNOWN, guards));
    declare(&world, DEE);
    world.forget();
    world
}

fn declare(world: &World, users: &str) {
    world.write("access/a.yaml", &format!("version: 1\nusers:\n{users}"));
}

fn arranges(world: &World, who: &str, travellers: &[&str]) {
    let list: Vec<Value> = travellers.iter().map(|it| json!({ "userId": world.user(&mail(it)) })).collect();
    let role = json!({ "roleType": "TRAVEL_ARRANGER", "metadata": { "roleType": "TRAVEL_ARRANGER", "arrangerFor": list } });
    let path = format!("/v2/users/{}/roles", world.user(&mail(who)));
    assert!(world.call("PUT", &path, json!({ "roles": [role] })).0 < 300);
}

/// How many were asked what they are, and how often for a list of users.
fn asked(world: &World) -> (u64, u64) {
    let counts = world.stats()["byRoute"].clone();
    let of = |route: &str| counts[route].as_u64().unwrap_or_default();
    (of("GET /v2/users/{userId}/business-info"), of("POST /v3/users/list"))
}

/// Who leaves, as what to which people: `dee manager ana`; and who stays, with those who have no other approver.
fn said(plan: &Value) -> BTreeSet<String> {
    let names = &plan["names"]["people"];
    let name = |id: &Value| {
        let full = names[id.as_str().unwrap()].as_str().unwrap_or_else(|| panic!("{id} in {names}"));
        full.split('@').next().unwrap().to_owned()
    };
    let mut all = BTreeSet::new();
    for leaver in plan["leavers"].as_array().into_iter().flatten() {
        for still in leaver["still"].as_array().unwrap() {
            let only = if still["only"] == true { "only " } else { "" };
            for over in still["userIds"].as_array().unwrap() {
                let right = still["right"].as_str().unwrap();
                all.insert(format!("{} {only}{right} {}", name(&leaver["userId"]), name(over)));
            }
        }
    }
    for it in plan["withheld"].as_array().unwrap().iter().filter(|it| it["kind"] == "deactivation") {
        let who = it["person"]["email"].as_str().unwrap().split('@').next().unwrap();
        let mut of: Vec<String> = it["of"].as_array().into_iter().flatten().map(name).collect();
        of.sort();
        assert!(it["because"] == "soleApprover", "{it}");
        all.insert(format!("{who} stays for {}", of.join(" ")));
    }
    all
}

fn planned(world: &World) -> BTreeSet<String> {
    said(&world.run("plan --format json").expect(0).json())
}

fn set(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|it| (*it).to_owned()).collect()
}

#[test]
fn everybody_active_who_names_the_leaver_is_named_in_every_form() {
    let led: [(&str, &str, &[&str]); 5] = [
        ("ana", "dee", &[]),
        ("bo", "", &["cy", "dee"]),
        ("cy", "ana", &["dee", "cy"]),
        ("gone", "dee", &["dee"]),
        ("dee", "dee", &["dee"]),
    ];
    let world = world(&led, &[], "");
    arranges(&world, "dee", &["cy", "gone", "dee"]);
    world.forget();
    let line = "dee@voyager.example is still manager of ana@voyager.example, one of the approvers of bo@voyager.example, cy@voyager.example; may book for cy@voyager.example; name others for them in the same change (access/a.yaml:3)";
    let plan = world.plan().expect(0);
    let text = plan.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("Leavers {line}")), "{}", plan.stdout);
    assert_eq!(asked(&world).0, 5, "everybody active");
    let markdown = world.run("plan --format markdown").expect(0).stdout;
    assert!(markdown.replace('`', "").contains(line), "{markdown}");
    let expected = ["dee manager ana", "dee approver bo", "dee approver cy", "dee arranger cy"];
    let json = world.run("plan --format json").expect(0).json();
    assert_eq!(said(&json), set(&expected));
    assert_eq!(json["leavers"][0]["origin"]["line"], 3);
    assert_eq!(json["lookUps"], Value::Null, "everybody was looked at");
    // A saved plan tells the same, and those who annotate lines of files do.
    world.run("plan --out plan.json").expect(0);
    let shown = world.run("show plan.json --format json").expect(0).json();
    assert_eq!(said(&shown), set(&expected));
    let annotated = world.run("plan --format github").expect(0);
    assert!(
        format!("{}{}", annotated.stdout, annotated.stderr).contains("is still manager of"),
        "{annotated:?}"
    );
    world.run("apply plan.json --auto-approve").expect(0);
    world.plan().expect(0).ends_with(crate::support::NO_CHANGES);
}

#[test]
fn nobody_goes_who_alone_approves_for_somebody_active() {
    for (led, expected) in [
        // Of whom no file speaks.
        (vec![("ana", "", &["dee"][..])], set(&["dee stays for ana"])),
        (vec![("ana", "", &["dee"]), ("bo", "dee", &["dee"])], set(&["dee stays for ana bo"])),
        // The other one has an account that cannot be used.
        (vec![("ana", "", &["gone", "dee"])], set(&["dee stays for ana"])),
        // Two who leave are no reason for each other, and for a third both are.
        (vec![("eve", "", &["dee"])], set(&[])),
        (vec![("ana", "", &["dee", "eve"])], set(&["dee stays for ana", "eve stays for ana"])),
        // Who stays is somebody who needs an approver.
        (
            vec![("ana", "", &["eve"]), ("eve", "", &["dee"])],
            set(&["dee stays for eve", "eve stays for ana"]),
        ),
        (vec![("gone", "", &["dee"])], set(&[])),
        (vec![("ana", "", &["dee", "bo"])], set(&["dee approver ana"])),
    ] {
        let world = world(&led, &["eve"], "");
        declare(&world, &format!("{DEE}{}", DEE.replace("dee@", "eve@")));
        assert_eq!(planned(&world), expected, "{led:?}");
        let stays = expected.iter().any(|it| it.starts_with("dee stays"));
        let run = world.apply();
        assert_eq!(run.code, if stays { 3 } else { 0 }, "{led:?} {}", run.stdout);
        let found = world.call(
            "GET",
            &format!("/v2/users/{}?includeInactive=true", world.user(&mail("dee"))),
            Value::Null,
        );
        assert_eq!(found.1["isActive"], stays, "{led:?}");
        let told =
            format!("nobody else approves for {}", mail(if led[0].0 == "ana" { "ana" } else { "eve" }));
        if stays && led.len() == 1 {
            assert!(run.stdout.contains(&told), "{}", run.stdout);
        }
    }
}

/// Of somebody who is declared it is known what they are, whether or not the account is active.
#[test]
fn whoever_is_not_active_or_leaves_keeps_nobody_as_an_approver() {
    let manages = |who: &str| {
        format!("  - {{ user: {who}@voyager.example, business: {{ manager: root@voyager.example }} }}\n")
    };
    for (led, users, expected) in [
        (vec![("gone", "", &["dee"][..])], manages("gone"), set(&[])),
        (vec![("gone", "dee", &["dee"])], manages("gone"), set(&[])),
        (
            vec![("eve", "", &["dee"])],
            manages("eve").replace("business", "active: false, business"),
            set(&[]),
        ),
        (vec![("ana", "", &["dee"]), ("gone", "", &["dee"])], manages("gone"), set(&["dee stays for ana"])),
        // Who is active again by the same plan is somebody who needs an approver.
        (
            vec![("gone", "", &["dee"])],
            manages("gone").replace("business", "active: true, business"),
            set(&["dee stays for gone"]),
        ),
        // Nobody is kept for themselves.
        (vec![("ana", "", &["dee"]), ("dee", "", &["dee"])], manages("ana"), set(&["dee stays for ana"])),
    ] {
        let world = world(&led, &["eve"], "");
        declare(&world, &format!("{DEE}{users}"));
        assert_eq!(planned(&world), expected, "{led:?} {users}");
    }
}

#[test]
fn what_the_files_say_goes_before_what_is() {
    let led: [(&str, &str, &[&str]); 3] = [("ana", "dee", &["dee"]), ("bo", "dee", &[]), ("cy", "ana", &[])];
    for (users, expected, requests) in [
        // Ana is read as something of her is declared, and the others for this.
        (
            "ana@voyager.example, business: { manager: bo@voyager.example, approvers: [cy@voyager.example] }",
            set(&["dee manager bo"]),
            5,
        ),
        (
            "ana@voyager.example, business: { approvers: [cy@voyager.example] }",
            set(&["dee manager ana", "dee manager bo"]),
            5,
        ),
        (
            "cy@voyager.example, business: { approvers: [dee@voyager.example, ana@voyager.example] }",
            set(&["dee stays for ana"]),
            5,
        ),
        // What cannot be done changes nothing, and is known before anybody else is asked.
        (
            "ana@voyager.example, business: { approvers: [nobody@voyager.example, cy@voyager.example] }",
            set(&["dee stays for ana"]),
            1,
        ),
        // What the list shows is no reason to be known.
        ("ana@voyager.example, business: { department: sales }", set(&["dee stays for ana"]), 5),
    ] {
        let world = world(&led, &[], "");
        declare(&world, &format!("{DEE}  - {{ user: {users} }}\n"));
        world.forget();
        assert_eq!(planned(&world), expected, "{users}");
        assert_eq!(asked(&world).0, requests, "{users}");
    }
}

#[test]
fn nobody_is_asked_where_nobody_leaves_or_too_many_would_be() {
    let led: [(&str, &str, &[&str]); 1] = [("ana", "dee", &["dee"])];
    let everybody = |active: &str| -> String {
        let all = ["root", "ana", "bo", "cy", "dee"];
        all.iter().map(|it| format!("  - {{ user: {}, active: {active} }}\n", mail(it))).collect()
    };
    let gone = "  - { user: gone@voyager.example, active: false }\n";
    for users in [everybody("true"), gone.to_owned()] {
        let world = world(&led, &[], "");
        declare(&world, &users);
        world.forget();
        let json = world.run("plan --format json").expect(0).json();
        assert_eq!((&json["leavers"], &json["lookUps"]), (&Value::Null, &Value::Null));
        assert_eq!(asked(&world), (0, 1), "{users}");
    }
    // Five people are active.
    for (guards, requests, told) in [
        (", people: { lookUps: 5 }", (5, 3), None),
        (
            ", people: { lookUps: 4 }",
            (0, 2),
            Some(
                "voyager (1a6f…): who names those who leave is not all known: of 5 active people 0 were looked at, as more than 4 would have to be asked; `guards: { people: { lookUps: 5 } }` asks them",
            ),
        ),
        (
            ", people: { lookUps: 0 }",
            (0, 2),
            Some("of the active people 0 were looked at, as `guards: { people: { lookUps: 0 } }` says so"),
        ),
    ] {
        let world = world(&led, &[], guards);
        let plan = world.plan().expect(0);
        assert_eq!(asked(&world), requests, "{guards}");
        let text = plan.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(text.contains("not deactivated, and keeps everything"), told.is_none(), "{text}");
        assert_eq!(text.contains("who names those who leave"), told.is_some(), "{text}");
        assert!(told.is_none_or(|it| text.contains(it)), "{text}");
        // Who is declared is known all the same.
        let ana = "  - { user: ana@voyager.example, business: { manager: dee@voyager.example } }\n";
        declare(&world, &format!("{DEE}{ana}"));
        assert_eq!(planned(&world), set(&["dee stays for ana"]), "{guards}");
    }
    // Where there are too many, not even the list of them is read.
    let world = world(&led, &[], ", people: { lookUps: 2 }");
    declare(
        &world,
        &format!(
            "{DEE}{}",
            everybody("true").replace("  - { user: dee@voyager.example, active: true }\n", "")
        ),
    );
    world.forget();
    let json = world.run("plan --format json").expect(0).json();
    assert_eq!(asked(&world), (0, 2));
    let told = json!([{ "company": crate::support::VOYAGER, "active": 5, "read": 0, "because": "tooMany", "limit": 2 }]);
    assert_eq!(json["lookUps"], told);
}

#[test]
fn who_may_not_be_looked_at_is_counted_and_nothing_is_claimed() {
    let led: [(&str, &str, &[&str]); 2] = [("ana", "dee", &["dee"]), ("bo", "dee", &[])];
    let refused = |world: &World, path: &str| {
        world.faults(json!([{ "path": path, "times": 0, "kind": { "status": { "code": 403 } } }]));
    };
    let world = world(&led, &[], "");
    let of_ana = format!("/v2/users/{}/business-info", world.user(&mail("ana")));
    world.forget();
    refused(&world, &of_ana);
    let json = world.run("plan --format json").expect(0).json();
    assert_eq!(said(&json), set(&["dee manager bo"]));
    let told = json!([{ "company": crate::support::VOYAGER, "active": 5, "read": 4, "refused": 1 }]);
    assert_eq!(json["lookUps"], told);
    let text = world.plan().expect(0).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = "of 5 active people 4 were looked at, the API does not tell this token about the others";
    assert!(text.contains(line), "{text}");
    // Where nobody is told, few are asked.
    let others: Vec<String> = (0..30).map(|it| format!("p{it:02}")).collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let world = self::world(&led, &others, "");
    refused(&world, "/business-info");
    let json = world.run("plan --format json").expect(0).json();
    let told = json!([{ "company": crate::support::VOYAGER, "active": 35, "read": 0, "refused": 35 }]);
    assert_eq!((&json["lookUps"], asked(&world).0), (&told, 8));
    // A list that is refused tells nobody, and who is declared is known.
    let world = self::world(&led, &[], "");
    declare(
        &world,
        &format!("{DEE}  - {{ user: bo@voyager.example, business: {{ manager: dee@voyager.example }} }}\n"),
    );
    refused(&world, "/v3/users/list");
    let json = world.run("plan --format json").expect(0).json();
    assert_eq!(said(&json), set(&["dee manager bo"]));
    assert_eq!(json["lookUps"][0]["because"], "unlisted");
    // What fails is no refusal.
    let world = self::world(&led, &[], "");
    world.faults(json!([{ "path": "/business-info", "times": 0, "kind": { "status": { "code": 500 } } }]));
    world.run("plan").expect(8);
}

#[test]
fn a_snapshot_tells_of_those_that_it_has_and_says_so() {
    let led: [(&str, &str, &[&str]); 2] = [("ana", "dee", &["cy", "dee"]), ("bo", "dee", &["dee"])];
    let world = world(&led, &[], "");
    declare(
        &world,
        &format!("{DEE}  - {{ user: ana@voyager.example, business: {{ manager: dee@voyager.example }} }}\n"),
    );
    assert_eq!(planned(&world), set(&["dee stays for bo"]));
    world.forget();
    world.run("snapshot --out live.json").expect(0);
    assert_eq!(asked(&world).0, 1, "it asks nobody for this");
    let json = world.run("plan --live live.json --format json").expect(0).json();
    assert_eq!(said(&json), set(&["dee manager ana", "dee approver ana"]));
    assert_eq!(json["lookUps"][0]["because"], "snapshot");
    let text = world.run("plan --live live.json").expect(0).stdout;
    assert!(text.contains("plan from the API"), "{text}");
    // A plan that was saved when nobody knew it is not applied by what is known now.
    world.run("plan --live live.json --out plan.json").expect(0);
    world.run("apply plan.json --auto-approve").expect(7);
}

#[test]
fn a_rollback_says_whom_an_account_that_goes_again_is_named_by() {
    let world = world(&[], &[], "");
    declare(
        &world,
        "  - { user: noor@voyager.example, create: { name: { first: Noor, last: Haddad } }, business: { legalEntity: voyager-de } }\n  - { user: ana@voyager.example, active: true }\n",
    );
    world.run("apply --auto-approve --journal j.ndjson").expect(0);
    let path = format!("/v2/users/{}/business-info", world.user(&mail("ana")));
    let mut business = world.call("GET", &path, Value::Null).1;
    business["managerRef"] = json!({ "id": world.user(&mail("noor")) });
    assert!(world.call("PUT", &path, business).0 < 300);
    let back = world.run("rollback j.ndjson --format json").expect(0).json();
    assert_eq!(said(&back), set(&["noor manager ana"]));
}

#[test]
fn a_rollback_deactivates_nobody_who_may_not_be_deactivated_by_the_files() {
    let files = "  - { user: gone@voyager.example, active: true }
  - { user: ana@voyager.example, active: true }
  - { user: noor@voyager.example, create: { name: { first: Noor, last: Haddad } }, business: { legalEntity: voyager-de } }
  - { user: hana@voyager.example, create: { name: { first: Hana, last: Sato } }, business: { legalEntity: voyager-de } }
";
    for (own, guards, approver, stays) in [
        ("root", "", "", &[][..]),
        ("root", "", "noor", &[("noor", "soleApprover")]),
        (
            "root",
            ", protected: { people: [\"gone@*\"] }",
            "hana",
            &[("gone", "protected"), ("hana", "soleApprover")],
        ),
        (
            "gone",
            ", protected: { people: [\"hana@*\"] }",
            "",
            &[("gone", "ownAccount"), ("hana", "protected")],
        ),
    ] {
        let world = world(&[], &[], "");
        declare(&world, files);
        world.run("apply --auto-approve --journal j.ndjson").expect(0);
        if !approver.is_empty() {
            let path = format!("/v2/users/{}/business-info", world.user(&mail("ana")));
            let mut business = world.call("GET", &path, Value::Null).1;
            business["designatedApproverRefs"] = json!([{ "id": world.user(&mail(approver)) }]);
            assert!(world.call("PUT", &path, business).0 < 300);
        }
        let rules = rules(
            &KNOWN.replace("root@", &format!("{own}@")),
            &format!("{guards}, people: {{ percent: 100 }}"),
        );
        world.write("rolecall.yaml", &rules);
        let back = world.run("rollback j.ndjson --out back.json --format json").expect(0).json();
        let name = |it: &Value| {
            let who = ["gone", "noor", "hana"].into_iter().find(|who| world.user(&mail(who)) == it["userId"]);
            (who.unwrap(), it["because"].as_str().unwrap().to_owned())
        };
        let withheld = back["withheld"].as_array().unwrap().iter().filter(|it| it["kind"] == "deactivation");
        let found: BTreeSet<(&str, String)> = withheld
            .map(|it| name(&json!({ "userId": it["person"]["userId"], "because": it["because"] })))
            .collect();
        let wanted: BTreeSet<(&str, String)> = stays.iter().map(|it| (it.0, it.1.to_owned())).collect();
        assert_eq!(found, wanted);
        world.run("apply back.json --auto-approve").expect(if stays.is_empty() { 0 } else { 3 });
        for who in ["gone", "noor", "hana"] {
            let path = format!("/v2/users/{}?includeInactive=true", world.user(&mail(who)));
            let is_active = world.call("GET", &path, Value::Null).1["isActive"] == true;
            assert_eq!(is_active, stays.iter().any(|it| it.0 == who), "{who}");
        }
    }
}

#[test]
fn an_estimate_counts_those_who_are_asked() {
    for (led, guards) in [
        (vec![("ana", "dee", &["dee", "cy"][..])], ""),
        (vec![("ana", "dee", &["dee", "cy"])], ", people: { lookUps: 2 }"),
        (vec![], ", people: { lookUps: 0 }"),
    ] {
        let world = world(&led, &[], guards);
        declare(
            &world,
            &format!(
                "{DEE}  - {{ user: bo@voyager.example, business: {{ manager: cy@voyager.example }} }}\n"
            ),
        );
        let estimate = world.run("plan --estimate --format json").expect(0).json();
        world.forget();
        world.run("plan --ask-people 0").expect(0);
        let sent: u64 =
            world.stats()["byRoute"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        assert_eq!(estimate["requests"].as_u64(), Some(sent), "{guards} {}", world.stats());
    }
}

/// People as they are in a random company, and what the files say.
#[derive(Debug, Default)]
struct Person {
    active: bool,
    manager: Option<usize>,
    approvers: Vec<usize>,
    leaves: bool,
    to_manager: Option<usize>,
    to_approvers: Option<Vec<usize>>,
    books: Vec<usize>,
}

fn some(dice: &mut Dice, n: usize, most: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..dice.below(most + 1)).map(|_| dice.below(n)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Every pair of a leaver and somebody else is looked at, in the plainest way: whoever must stay is found by trying.
fn oracle(people: &[Person]) -> BTreeSet<String> {
    let named = |it: usize| format!("p{it}");
    // Nobody is put above others who can do nothing for them.
    let can = |it: usize, now: &[usize]| now.contains(&it) || people[it].active && !people[it].leaves;
    let manager = |it: &Person| {
        let now: Vec<usize> = it.manager.into_iter().collect();
        it.to_manager.filter(|to| can(*to, &now)).or(it.manager)
    };
    let approvers = |it: &Person| {
        let to = it.to_approvers.as_ref().filter(|to| to.iter().all(|one| can(*one, &it.approvers)));
        to.unwrap_or(&it.approvers).clone()
    };
    let meant: BTreeSet<usize> =
        (0..people.len()).filter(|it| people[*it].leaves && people[*it].active).collect();
    let mut stays: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    loop {
        let before = stays.clone();
        for who in &meant {
            for (over, person) in people.iter().enumerate() {
                let counts = person.active && (!meant.contains(&over) || stays.contains_key(&over));
                let all = approvers(person);
                let others = all.iter().any(|it| people[*it].active && !meant.contains(it));
                if counts && over != *who && all.contains(who) && !others {
                    stays.entry(*who).or_default().insert(over);
                }
            }
        }
        if stays == before {
            break;
        }
    }
    let mut all = BTreeSet::new();
    for who in &meant {
        if let Some(of) = stays.get(who) {
            let of: Vec<String> = of.iter().map(|it| named(*it)).collect();
            all.insert(format!("p{who} stays for {}", of.join(" ")));
            continue;
        }
        for (over, person) in people.iter().enumerate() {
            if !person.active || over == *who || meant.contains(&over) && !stays.contains_key(&over) {
                continue;
            }
            if manager(person) == Some(*who) {
                all.insert(format!("p{who} manager p{over}"));
            }
            if approvers(person).contains(who) {
                all.insert(format!("p{who} approver p{over}"));
            }
            if people[*who].books.contains(&over) {
                all.insert(format!("p{who} arranger p{over}"));
            }
        }
    }
    all
}

/// In whatever company, and whatever the files say: those are named who name somebody who leaves, and nobody else.
#[test]
fn in_random_companies_the_plan_says_what_looking_at_every_pair_says() {
    const PEOPLE: usize = 7;
    let seeds: Vec<u64> = (1..=24).collect();
    side_by_side(&seeds, |number| {
        let mut dice = Dice(*number);
        let people: Vec<Person> = (0..PEOPLE)
            .map(|_| Person {
                active: dice.in_hundred(80),
                manager: dice.in_hundred(60).then(|| dice.below(PEOPLE)),
                approvers: some(&mut dice, PEOPLE, 3),
                leaves: dice.in_hundred(35),
                to_manager: dice.in_hundred(20).then(|| dice.below(PEOPLE)),
                to_approvers: dice
                    .in_hundred(20)
                    .then(|| some(&mut dice, PEOPLE, 2))
                    .filter(|it| !it.is_empty()),
                books: some(&mut dice, PEOPLE, 2),
            })
            .collect();
        // Who is told apart by an address is in the order of the numbers; ids are so too.
        let id = |it: usize| format!("5e500000-0000-4000-8000-{it:012}");
        let name = |it: usize| mail(&format!("p{it}"));
        let names = |all: &[usize]| all.iter().map(|it| name(*it)).collect::<Vec<_>>().join(", ");
        let lines: String = people
            .iter()
            .enumerate()
            .map(|(n, it)| {
                let manager = it.manager.map_or_else(String::new, |it| format!(", manager: {}", name(it)));
                format!(
                    "  - {{ id: {}, email: {}, company: voyager, active: {}{manager}, approvers: [{}] }}\n",
                    id(n),
                    name(n),
                    it.active,
                    names(&it.approvers)
                )
            })
            .collect();
        let world = World::seeded(&seed().replace("groups:\n", &format!("{lines}groups:\n")))
            .with("rolecall.yaml", &rules(KNOWN, ", people: { percent: 100 }"));
        for (n, person) in people.iter().enumerate().filter(|it| it.1.active && !it.1.books.is_empty()) {
            let books: Vec<String> = person.books.iter().map(|it| format!("p{it}")).collect();
            arranges(&world, &format!("p{n}"), &books.iter().map(String::as_str).collect::<Vec<_>>());
        }
        let mut users = String::new();
        for (n, it) in people.iter().enumerate() {
            let mut parts = vec![format!("user: {}", name(n))];
            parts.extend(it.leaves.then(|| "active: false".to_owned()));
            let mut business: Vec<String> =
                it.to_manager.iter().map(|it| format!("manager: {}", name(*it))).collect();
            business.extend(it.to_approvers.iter().map(|it| format!("approvers: [{}]", names(it))));
            if !business.is_empty() {
                parts.push(format!("business: {{ {} }}", business.join(", ")));
            }
            if parts.len() > 1 {
                users += &format!("  - {{ {} }}\n", parts.join(", "));
            }
        }
        if users.is_empty() {
            return;
        }
        declare(&world, &users);
        let plan = world.run("plan --format json").expect(0).json();
        assert_eq!(said(&plan), oracle(&people), "seed {number}\n{users}{people:#?}");
    });
}

#[test]
fn nobody_is_put_above_others_who_can_do_nothing_for_them() {
    let led: [(&str, &str, &[&str]); 2] = [("ana", "", &["dee"]), ("bo", "gone", &["gone"])];
    let cy_leaves = "  - { user: cy@voyager.example, active: false }\n";
    for (users, lockout, words) in [
        (
            "  - { user: ana@voyager.example, business: { approvers: [gone@voyager.example] } }\n",
            "",
            "the user is not active",
        ),
        (
            "  - { user: ana@voyager.example, business: { approvers: [dee@voyager.example, gone@voyager.example] } }\n",
            "",
            "the user is not active",
        ),
        (
            "  - { user: ana@voyager.example, business: { manager: gone@voyager.example } }\n",
            "",
            "the user is not active",
        ),
        (
            "  - { user: ana@voyager.example, business: { approvers: [bo@voyager.example] } }\n",
            "bo",
            "is locked out",
        ),
        (
            &format!(
                "{cy_leaves}  - {{ user: ana@voyager.example, business: {{ approvers: [cy@voyager.example] }} }}\n"
            ),
            "",
            "leaves",
        ),
    ] {
        let world = world(&led, &[], "");
        if !lockout.is_empty() {
            let mut rules = rules(KNOWN, "");
            rules += &format!(
                "lockout: [{{ email: {lockout}@voyager.example, since: 2026-11-20, reason: stolen laptop }}]\n"
            );
            world.write("rolecall.yaml", &rules);
        }
        declare(&world, &format!("{DEE}{users}"));
        let run = world.plan().expect(0);
        assert!(run.stdout.contains(words), "{users}\n{}", run.stdout);
        let plan = world.run("plan --format json").expect(0).json();
        let dee_stays = json!({ "kind": "deactivation", "because": "soleApprover" });
        let stays = plan["withheld"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["kind"] == dee_stays["kind"] && it["because"] == dee_stays["because"]);
        assert!(stays, "nobody else approves for Ana: {users}\n{}", run.stdout);
        let above =
            plan["edits"].as_array().unwrap().iter().filter(|it| {
                ["manager", "approvers"].contains(&it["attribute"].as_str().unwrap_or_default())
            });
        assert_eq!(above.count(), 0, "{users}\n{}", run.stdout);
    }
    // Whoever is there already may stay, and an entry that says so is no difference.
    let world = world(&led, &[], "");
    declare(
        &world,
        "  - { user: bo@voyager.example, business: { manager: gone@voyager.example, approvers: [gone@voyager.example] } }\n",
    );
    world.plan().expect(0).ends_with(NO_CHANGES);
    // Whoever comes back by the same plan can act.
    declare(
        &world,
        "  - { user: gone@voyager.example, active: true }\n  - { user: ana@voyager.example, business: { approvers: [gone@voyager.example] } }\n",
    );
    world.apply().expect(0);
    world.plan().expect(0).ends_with(NO_CHANGES);
}
