//! `accept:`: a known difference is left as it is, by every command alike, until a day; and it hides nothing else.

use serde_json::{Value, json};

use crate::{
    bases::commit,
    support::{NO_CHANGES, VOYAGER, World},
};

/// In force, as long as it may be.
const IN_FORCE: &str = "--now 2026-11-21T00:00:00Z";
/// After the end of every entry here.
const LATER: &str = "--now 2027-01-01T00:00:00Z";

/// An entry for this.
fn entry(what: &str) -> String {
    format!("  - {{ {what}, owner: the desk, until: 2026-12-31, reason: handover }}\n")
}

fn accepts(all: &[&str]) -> String {
    format!("accept:\n{}", all.iter().map(|it| entry(it)).collect::<String>())
}

const NIGHT: &str = "  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }\n";

/// A group Desk as it is live, but for what is replaced.
fn desk(replaced: &[(&str, &str)]) -> String {
    let desk = "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, bo@voyager.example] }\n";
    replaced.iter().fold(desk.to_owned() + NIGHT, |all, (from, to)| {
        assert!(all.contains(from), "{from}");
        all.replacen(from, to, 1)
    })
}

/// Somebody with a direct role, of whom the files say this.
fn holder(roles: &str) -> String {
    format!("users: [{{ user: ana@voyager.example, directRoles: {roles} }}]\n")
}

const REPORTS: &str = "{ type: COMPANY_REPORT_ADMIN, company: voyager }";

fn by_hand(world: &World, name: &str) {
    let groups = format!("/v3/companies/{VOYAGER}/user-groups");
    let (status, body) = world.call("POST", &groups, json!({ "name": name, "description": "Made by hand." }));
    assert!(status < 300, "{status} {body}");
}

fn edits(plan: &Value) -> Vec<String> {
    let word = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
    let edits = plan["edits"].as_array().unwrap().iter();
    edits
        .map(|it| {
            let what = [word(it, "person"), word(it, "role"), word(it, "roleType")].concat();
            format!("{} {} {} {what}", word(it, "action"), word(it, "kind"), word(it, "group"))
        })
        .collect()
}

/// What is accepted, what the files say beside it, how many differences that is, and what is said of the first.
fn kinds() -> Vec<(&'static str, String, usize, &'static str)> {
    vec![
        (
            "group: Desk, person: bo@voyager.example",
            desk(&[(", bo@voyager.example", "")]),
            1,
            "member bo@voyager.example in Desk is there, and is not declared",
        ),
        (
            "group: Desk, person: cy@voyager.example",
            desk(&[("bo@voyager.example]", "bo@voyager.example, cy@voyager.example]")]),
            1,
            "member cy@voyager.example in Desk is declared, and missing",
        ),
        (
            "group: Desk, role: Agent",
            desk(&[("[{ role: Agent, scope: { company: globex } }]", "[]")]),
            1,
            "role Agent of Desk is there, and is not declared",
        ),
        (
            "group: Desk, role: Agent",
            desk(&[("{ company: globex }", "{ company: initech }")]),
            1,
            "role Agent of Desk is not as declared",
        ),
        (
            "group: Desk, role: { name: Trip Manager, providedBy: platform }",
            desk(&[("[{ role: Agent", "[{ role: Trip Manager, scope: { company: globex } }, { role: Agent")]),
            1,
            "role Trip Manager of Desk is declared, and missing",
        ),
        ("group: Desk", desk(&[("The desk.", "Another desk."), (", bo@voyager.example", "")]), 2, "group Desk is not as declared"),
        ("group: New", desk(&[("name: Night", "name: New"), ("unmanaged", "[]"), ("unmanaged", "[cy@voyager.example]")]), 2, "group New is declared, and missing"),
        ("group: Night", NIGHT.replace("- { name: Night, description: The night., roles: unmanaged, members: unmanaged }\n", "- { name: Desk, roles: unmanaged, members: unmanaged }\nremoved: [{ group: Night, reason: over }]\n"), 3, "group Night exists, and is not declared"),
        ("person: ana@voyager.example, role: COMPANY_REPORT_ADMIN", desk(&[]) + &holder("[]"), 1, "direct role COMPANY_REPORT_ADMIN of ana@voyager.example is held, and is not declared"),
        ("person: ana@voyager.example, role: company_admin", desk(&[]) + &holder(&format!("[{REPORTS}, {{ type: COMPANY_ADMIN, company: voyager }}]")), 1, "direct role COMPANY_ADMIN of ana@voyager.example is declared, and missing"),
    ]
}

fn world(groups: &str, rules: &str) -> World {
    let world = World::new().groups(&(desk(&[]) + &holder(&format!("[{REPORTS}]"))));
    world.run(&format!("apply --auto-approve {IN_FORCE}")).expect(0);
    world.forget();
    world.ruled(rules).groups(groups)
}

#[test]
fn every_kind_of_difference_is_left_as_it_is_until_it_ends() {
    for (what, groups, n, said) in kinds() {
        let world = world(&groups, "");
        world.run(&format!("plan --detailed-exitcode {IN_FORCE}")).expect(2);
        let before = world.run(&format!("plan --format json {IN_FORCE}")).expect(0).json();
        assert_eq!(before["edits"].as_array().unwrap().len(), n, "{what}: {:?}", edits(&before));

        world.configure(&accepts(&[what]));
        let text = world.run(&format!("drift {IN_FORCE}")).expect(0).stdout;
        assert!(text.contains("\nNo drift at "), "{what}: {text}");
        let heartbeat = if n == 1 { "1 difference is" } else { &format!("{n} differences are") };
        assert!(
            text.contains(&format!("{heartbeat} accepted, the first until 2027-01-01T00:00:00Z.")),
            "{text}"
        );
        let plan = world.run(&format!("plan --detailed-exitcode {IN_FORCE}")).expect(0).stdout;
        let line = format!(
            "Accepted {said}: accepted until 2027-01-01T00:00:00Z, the desk: handover (rolecall.yaml:8)"
        );
        let squeezed = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(&plan).contains(&line), "{what}: {plan}\n{line}");
        assert!(plan.contains(NO_CHANGES), "{plan}");
        let plan = world.run(&format!("plan --format json {IN_FORCE}")).expect(0).json();
        assert_eq!(plan["edits"], json!([]), "{what}");
        assert_eq!(
            (plan["accepted"].as_array().unwrap().len(), &plan["summary"]["accepted"]),
            (n, &json!(n))
        );
        assert_eq!(plan["accepted"][0]["owner"], "the desk");
        let codes: Vec<&Value> = plan["remarks"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
        assert!(
            codes.iter().all(|it| **it == "removed-nothing" || **it == "privileged-accept"),
            "{what}: {codes:?}"
        );
        world.run(&format!("apply --auto-approve {IN_FORCE}")).expect(0);
        world.run(&format!("apply --only expired --auto-approve {IN_FORCE}")).expect(0);
        assert_eq!(world.writes(), [""; 0], "{what}");

        // On the day it ends it is drift again, and that is said.
        let after = world.run(&format!("plan --detailed-exitcode --format json {LATER}")).expect(2).json();
        assert_eq!(edits(&after), edits(&before), "{what}");
        assert_eq!(after["remarks"][0]["code"], "expired-accept", "{what}");
        assert!(after.get("accepted").is_none());
    }
}

#[test]
fn what_is_not_named_is_not_hidden() {
    let groups = desk(&[("[ana@voyager.example, bo@voyager.example]", "[cy@voyager.example]")]);
    for (what, left) in [
        (
            "group: Desk, person: bo@voyager.example",
            &["add member Desk cy@voyager.example", "remove member Desk ana@voyager.example"][..],
        ),
        (
            "group: Desk, person: cy@voyager.example",
            &["remove member Desk ana@voyager.example", "remove member Desk bo@voyager.example"],
        ),
        // Nothing of these differs.
        ("group: Night, person: bo@voyager.example", &["add", "remove", "remove"]),
        ("group: Desk, role: Agent", &["add", "remove", "remove"]),
        ("group: Nothing", &["add", "remove", "remove"]),
        ("group: Desk, person: nobody@voyager.example", &["add", "remove", "remove"]),
        ("group: Desk, role: Agnet", &["add", "remove", "remove"]),
        ("person: ana@voyager.example, role: COMPANY_ADMIN", &["add", "remove", "remove"]),
        ("company: globex, group: Desk", &["add", "remove", "remove"]),
    ] {
        let world = World::new().ruled(&accepts(&[what])).groups(&groups);
        let plan = world.run(&format!("plan --format json {IN_FORCE}")).expect(0).json();
        let found = edits(&plan);
        assert_eq!(found.len(), left.len(), "{what}: {found:?}");
        assert!(left.iter().all(|it| found.iter().any(|edit| edit.starts_with(it))), "{what}: {found:?}");
        let unused = plan["remarks"].as_array().unwrap().iter().any(|it| it["code"] == "unused-accept");
        assert_eq!(unused, left.len() == 3, "{what}: {}", plan["remarks"]);
        world.run(&format!("plan --detailed-exitcode {IN_FORCE}")).expect(2);
    }
}

#[test]
fn a_group_made_by_hand_is_accepted_where_it_is_forbidden_and_only_the_one_of_the_name() {
    let files = desk(&[]);
    for (accepted, hand, code) in [
        ("group: By hand", &["By hand"][..], 0),
        ("group: By hand", &["By hand", "Another"], 2),
        // Which of the two was meant nobody can tell.
        ("group: By hand", &["By hand", "By hand"], 2),
        ("group: Another", &["By hand"], 2),
    ] {
        let world =
            World::new().ruled(&format!("unmanaged: forbid\n{}", accepts(&[accepted]))).groups(&files);
        hand.iter().for_each(|it| by_hand(&world, it));
        let text = world.run(&format!("drift {IN_FORCE}")).expect(code).stdout;
        let is_told = accepted == "group: By hand" && hand.iter().filter(|it| **it == "By hand").count() == 1;
        assert_eq!(text.contains("group By hand exists, and no file names it"), is_told, "{text}");
        let plan = world.run(&format!("plan --format json {IN_FORCE}")).expect(0).json();
        assert_eq!(plan["summary"]["forbidden"].as_u64().unwrap() > 0, code == 2, "{}", plan["summary"]);
    }
}

/// A lock-out and an end that has come are never accepted.
#[test]
fn what_is_locked_out_or_has_ended_goes_all_the_same() {
    let ended = desk(&[("bo@voyager.example]", "{ email: bo@voyager.example, until: 2026-11-01 }]")]);
    let lockout = "lockout: [{ email: bo@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n";
    for what in ["group: Desk, person: bo@voyager.example", "group: Desk"] {
        for (groups, rules) in
            [(&desk(&[]), lockout), (&desk(&[(", bo@voyager.example", "")]), lockout), (&ended, "")]
        {
            let world = World::new().ruled(&format!("{rules}{}", accepts(&[what]))).groups(groups);
            let plan = world.run(&format!("plan --format json {IN_FORCE}")).expect(0).json();
            assert_eq!(edits(&plan), ["remove member Desk bo@voyager.example"], "{what} {rules}");
            let remarks: Vec<&Value> =
                plan["remarks"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
            assert!(remarks.contains(&&json!("unused-accept")), "{remarks:?}");
        }
        // Of a plan of lock-outs alone nothing else is said.
        let world = World::new().ruled(&format!("{lockout}{}", accepts(&[what]))).groups(&desk(&[]));
        let plan = world.run(&format!("plan --only lockout --format json {IN_FORCE}")).expect(0).json();
        assert_eq!((edits(&plan).len(), &plan["remarks"]), (1, &json!([])));
        let world = World::new().ruled(&accepts(&[what])).groups(&ended);
        world.run(&format!("apply --only expired --auto-approve {IN_FORCE}")).expect(0);
        assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
    }
}

/// Privileged access that stays is told in every form, and first.
#[test]
fn privileged_access_that_is_left_is_told() {
    let admins = "  - { name: Company Admins, roles: unmanaged, members: [] }\n";
    let world = World::new()
        .ruled(
            &("guards: { privileged: [Company Management Admin] }\n".to_owned()
                + &accepts(&[
                    "group: Company Admins, person: root@voyager.example",
                    "group: Desk, person: bo@voyager.example",
                ])),
        )
        .groups(&(desk(&[(", bo@voyager.example", "")]) + admins));
    let plan = world.run(&format!("plan --format json {IN_FORCE}")).expect(0).json();
    let privileged: Vec<bool> =
        plan["accepted"].as_array().unwrap().iter().map(|it| it["privileged"] == true).collect();
    assert_eq!(privileged.iter().filter(|it| **it).count(), 1, "{}", plan["accepted"]);
    let codes: Vec<&Value> = plan["remarks"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
    assert!(codes.contains(&&json!("privileged-accept")), "{codes:?}");
    for format in ["text", "markdown", "csv", "sarif", "junit", "github", "gitlab", "slack", "openmetrics"] {
        let run = world.run(&format!("drift --format {format} {IN_FORCE}")).expect(0);
        let told = match format {
            "text" | "markdown" => "PRIVILEGED member root@voyager.example in Company Admins is there",
            "slack" => "2 differences are accepted, the first until 2027-01-01T00:00:00Z.",
            "openmetrics" => "privileged=\"yes\"} 1\n",
            _ => "member root@voyager.example in Company Admins is there, and is not declared",
        };
        let squeezed = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(run.stdout.contains(told) || squeezed.contains(told), "{format}: {}", run.stdout);
    }
}

/// A pull request that accepts something hides it: with the rules of its base that stops.
#[test]
fn to_accept_more_or_for_longer_is_a_weakened_rule() {
    let groups = desk(&[(", bo@voyager.example", "")]);
    let what = "group: Desk, person: bo@voyager.example";
    let world = World::new().groups(&groups);
    commit(&world.path());
    world.configure(&accepts(&[what]));
    let plan = world.run(&format!("plan --base main --format json {IN_FORCE}")).expect(0).json();
    assert_eq!(plan["weakened"]["rows"][0]["what"], "accept", "{}", plan["weakened"]);
    assert!(
        plan["weakened"]["rows"][0]["after"].as_str().unwrap().contains("member bo@voyager.example in Desk")
    );
    assert_eq!(plan["alreadyLive"], json!([]), "what is accepted is not asked for");
    world.run(&format!("apply --auto-approve --base main {IN_FORCE}")).expect(6).says(&["weakened-rules"]);
    commit(&world.path());
    world.run(&format!("apply --auto-approve --base main {IN_FORCE}")).expect(0);
    // And to take it back is this change, which undoes what is live.
    world.configure("");
    let plan = world.run(&format!("plan --base main --format json {IN_FORCE}")).expect(0).json();
    assert_eq!((edits(&plan).len(), &plan["edits"][0]["cause"]), (1, &json!("change")));
    assert_eq!(plan["weakened"]["rows"], json!([]));
}

/// What is accepted is known to be for a while: it is not written into the files.
#[test]
fn adopting_leaves_what_is_accepted() {
    let world = World::new()
        .ruled(&accepts(&["group: Desk, person: bo@voyager.example"]))
        .groups(&desk(&[("[ana@voyager.example, bo@voyager.example]", "[]")]));
    world.run(&format!("drift --adopt {IN_FORCE}")).expect(0);
    let files = std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
    assert!(files.contains("ana@voyager.example") && !files.contains("bo@voyager.example"), "{files}");
    world.run(&format!("drift {IN_FORCE}")).expect(0);
    world.run(&format!("drift {LATER}")).expect(2);
}

/// A saved plan does what it says, and a snapshot and its pseudonyms change nothing.
#[test]
fn a_saved_plan_and_a_snapshot_accept_the_same() {
    let world = World::new()
        .ruled(&accepts(&["group: Desk, person: bo@voyager.example"]))
        .groups(&desk(&[("[ana@voyager.example, bo@voyager.example]", "[cy@voyager.example]")]));
    world.run(&format!("plan --out plan.json {IN_FORCE}")).expect(0);
    let id = world.run(&format!("plan --format json {IN_FORCE}")).json()["id"].clone();
    for line in ["snapshot --out live.json", "snapshot --sanitize --out live.json"] {
        world.run(line).expect(0);
        let plan = world.run(&format!("plan --live live.json --format json {IN_FORCE}")).expect(0).json();
        assert_eq!((&plan["id"], plan["accepted"].as_array().unwrap().len()), (&id, 1), "{line}");
    }
    let shown = world.run(&format!("apply plan.json --auto-approve {IN_FORCE}")).expect(0).stdout;
    assert!(shown.contains("member bo@voyager.example in Desk is there"), "{shown}");
    assert_eq!(world.members("Desk"), ["bo@voyager.example", "cy@voyager.example"]);
}

#[test]
fn a_part_of_the_files_says_nothing_of_what_others_accept() {
    let world = World::new()
        .ruled(&accepts(&["group: Desk, person: bo@voyager.example"]))
        .groups(&desk(&[(", bo@voyager.example", "")]))
        .with(
            "access/b.yaml",
            "version: 1\ngroups: [{ name: New, description: d, roles: [], members: [] }]\n",
        );
    let plan = world.run(&format!("plan access/b.yaml --format json {IN_FORCE}")).expect(0).json();
    assert_eq!(plan["remarks"], json!([]));
    assert!(plan.get("accepted").is_none());
}

/// What one person's explanation says: how many differences, how many accepted, and the whole.
fn explained(world: &World, who: &str, now: &str) -> (u64, u64, Value) {
    let json = world.run(&format!("explain {who} --format json {now}")).expect(0).json();
    (json["differences"].as_u64().unwrap(), json["accepted"].as_u64().unwrap_or_default(), json)
}

/// Every acceptance in a document.
fn acceptances(json: &Value) -> Vec<Value> {
    let own = json.get("accepted").filter(|it| it.is_object()).cloned();
    let below: Vec<&Value> = match json {
        Value::Object(all) => all.values().collect(),
        Value::Array(all) => all.iter().collect(),
        _ => Vec::new(),
    };
    own.into_iter().chain(below.into_iter().flat_map(acceptances)).collect()
}

const PEOPLE: [&str; 4] =
    ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example", "root@voyager.example"];

/// Whatever a plan leaves as it is, an explanation of whoever it is about says so, and counts it no more.
#[test]
fn an_explanation_says_of_everybody_what_a_plan_accepts() {
    for (what, groups, ..) in kinds() {
        let world = world(&groups, "");
        let before = PEOPLE.map(|who| explained(&world, who, IN_FORCE));
        assert!(before.iter().any(|it| it.0 > 0), "{what} is about nobody");
        world.configure(&accepts(&[what]));
        for (who, before) in PEOPLE.iter().zip(before) {
            let (differences, accepted, json) = explained(&world, who, IN_FORCE);
            assert_eq!((differences, accepted), (0, before.0), "{what}: {who}: {json}");
            let all = acceptances(&json);
            assert_eq!(all.len() as u64, accepted, "{what}: {who}");
            for it in &all {
                assert_eq!(
                    (&it["owner"], &it["reason"], &it["until"], &it["origin"]["line"]),
                    (&json!("the desk"), &json!("handover"), &json!("2027-01-01T00:00:00Z"), &json!(8))
                );
            }
            let said = "accepted until 2027-01-01T00:00:00Z, the desk: handover (rolecall.yaml:8)";
            let text = world.run(&format!("explain {who} {IN_FORCE}")).expect(0).stdout;
            assert_eq!(text.matches(said).count() as u64, accepted, "{what}: {text}");
            assert_eq!(text.contains("accepted."), accepted > 0, "{what}: {text}");
            let markdown = world.run(&format!("explain {who} --format markdown {IN_FORCE}")).expect(0).stdout;
            assert_eq!(markdown.matches("accepted until").count() as u64, accepted, "{what}: {markdown}");
            // Nothing of it is drawn as if a plan would do it.
            let drawn =
                markdown.lines().find(|it| it.starts_with(['+', '-']) && it.contains("accepted until"));
            assert_eq!(drawn, None, "{what}");
            // Afterwards it is what it was.
            let (differences, accepted, json) = explained(&world, who, LATER);
            assert_eq!((differences, accepted), (before.0, 0), "{what}: {who}: {json}");
        }
    }
}

/// What a plan does not accept, no explanation does.
#[test]
fn an_explanation_accepts_no_more_than_a_plan() {
    let groups = desk(&[("[ana@voyager.example, bo@voyager.example]", "[cy@voyager.example]")]);
    let lockout = "lockout: [{ email: bo@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n";
    let ended = desk(&[("bo@voyager.example]", "{ email: bo@voyager.example, until: 2026-11-01 }]")]);
    let later = desk(&[("bo@voyager.example]", "{ email: bo@voyager.example, from: 2026-12-01 }]")]);
    for (what, groups, rules) in [
        ("group: Desk, person: bo@voyager.example", &groups, ""),
        ("group: Desk, person: cy@voyager.example", &groups, ""),
        ("group: Desk", &groups, ""),
        ("group: Night, person: bo@voyager.example", &groups, ""),
        ("group: Desk, role: Agent", &groups, ""),
        ("group: Desk, person: nobody@voyager.example", &groups, ""),
        ("company: globex, group: Desk", &groups, ""),
        ("group: Desk", &groups, lockout),
        ("group: Desk, person: bo@voyager.example", &groups, lockout),
        ("group: Desk, person: bo@voyager.example", &ended, ""),
        ("group: Desk", &ended, ""),
        ("group: Desk", &later, ""),
        ("group: Night, person: cy@voyager.example", &"  - { name: Desk, roles: unmanaged, members: unmanaged }\nremoved: [{ group: Night, reason: over }]\n".to_owned(), ""),
    ] {
        let world = World::new().ruled(&(accepts(&[what]) + rules)).groups(groups);
        let plan = world.run(&format!("plan --format json {IN_FORCE}")).expect(0).json();
        for who in PEOPLE {
            let accepted = plan["accepted"].as_array().into_iter().flatten();
            let of_plan = accepted.filter(|it| it["userId"] == world.user(who).as_str()).count() as u64;
            let (_, of_explanation, json) = explained(&world, who, IN_FORCE);
            assert_eq!(of_explanation, of_plan, "{what}: {who}: {json}");
        }
    }
}
