//! Rules in CEL, from outside: what they stop, what they warn of, what stood before, and what is wrong in them.

use serde_json::Value;

use crate::{
    bases::commit,
    support::{Run, SEED, World},
};

const DESK: &str = "  - name: Desk\n    description: The desk.\n    roles:\n      - { role: Agent, scope: { company: globex } }\n    members:\n      - ana@voyager.example\n      - bo@voyager.example\n";
/// Cy joins.
const MORE: &str = "      - cy@voyager.example\n";

fn rules(rules: &str) -> String {
    format!("guards: {{ privileged: [] }}\npolicies:\n  rules:\n    - {rules}\n")
}

/// The usual seed, where Cy reaches another client than the desk does.
fn seed() -> String {
    SEED.replace("COMPANY: [globex, initech]", "COMPANY: [initech]")
}

fn world(said: &str, groups: &str) -> World {
    World::seeded(&seed()).ruled(&rules(said)).groups(groups)
}

fn deny(expression: &str) -> String {
    format!("{{ name: r, deny: '{expression}' }}")
}

/// Where in `rolecall.yaml` an expression begins that [`deny`] makes a rule of.
const COLUMN: usize = 25;

#[test]
fn what_is_wrong_with_an_expression_is_a_finding_where_it_stands() {
    for (expression, at, said) in [
        ("access.privilegd", 7, "did you mean `privileged`?"),
        ("acess.privileged", 0, "did you mean `access`?"),
        ("access.role == 3", 15, "a text never equals a number"),
        ("access.role", 0, "`deny` has to be true or false, and this is a text"),
        ("size(access.through)", 4, "`deny` has to be true or false, and this is a number"),
        ("access.role == ", 15, "the expression is not CEL"),
        ("access.direct &&& access.new", 16, "the expression is not CEL"),
        ("access.role.beginsWith(\"A\")", 12, "there is no function `beginsWith`"),
        ("access.role.startWith(\"A\")", 12, "did you mean `startsWith`?"),
        ("edit.kind == \"memeber\"", 13, "did you mean `member`?"),
        ("edit.kind in [\"role\", \"persn\"]", 22, "it is never `persn`"),
        ("access.direct && edit.kind == \"role\"", 17, "not both"),
        ("access.through.exists(it, it.mangaed)", 29, "did you mean `managed`?"),
        ("access.through.exists(access, true)", 22, "`access` means something already"),
        ("access.ends < timestamp(\"tomorrow\")", 24, "`tomorrow` is not an instant"),
        ("access.role.matches(\"(\")", 20, "not a regular expression"),
        ("access.role.matches(access.userId)", 20, "is written out"),
        ("access.reaches.companies == \"globex\"", 28, "never equals"),
        ("\"globex\" in access.role", 12, "`in` looks into a list"),
        ("access.permissions.AGENT", 19, "has no fields"),
        ("has(access)", 4, "asks whether a field is there"),
        ("1 == 1", 0, "names neither `access` nor `edit`"),
        ("((((((((((access.direct))))))))))", 0, "more than 8 deep"),
        ("\"é\" == access.rolle", 14, "did you mean `role`?"),
    ] {
        let run = world(&deny(expression), DESK).run("validate").expect(4);
        let place = format!("rolecall.yaml:10:{}", COLUMN + at);
        for words in [said, "invalid-expression", &place] {
            assert!(run.stdout.contains(words), "{expression}: no `{words}` in\n{}", run.stdout);
        }
        let plan = world(&deny(expression), DESK).run("plan").expect(4);
        assert!(plan.stderr.contains(&place), "{expression}\n{}", plan.stderr);
    }
    // Both expressions of a rule, over several lines, and a rule that says too little.
    let both = "{ name: r, when: access.nwe, deny: access.gves }";
    let run = world(both, DESK).run("validate").expect(4);
    assert!(run.stdout.contains("`nwe`") && run.stdout.contains("`gves`"), "{}", run.stdout);
    let block = "name: r\n      deny: |\n        access.gives\n        && access.nwe\n";
    let run = world(block, DESK).run("validate").expect(4);
    assert!(run.stdout.contains("rolecall.yaml:13:19"), "{}", run.stdout);
    for (wrong, code) in [
        ("{ name: r }", "missing-key"),
        ("{ deny: access.gives }", "missing-key"),
        ("{ name: r, deny: true }", "wrong-type"),
        ("{ name: r, deny: access.gives, wen: access.new }", "unknown-key"),
    ] {
        let run = world(wrong, DESK).run("validate").expect(4);
        assert!(run.stdout.contains(code), "{wrong}: {}", run.stdout);
    }
}

/// Each with the rule, and who or what breaks it.
fn broken() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "access.person == \"cy@voyager.example\" && \"globex\" in access.reaches.companies && access.through.exists(it, it.group == \"Desk\")",
            "cy@voyager.example",
        ),
        ("access.gives && access.domain == \"voyager.example\"", "cy@voyager.example"),
        ("access.role == \"Agent\" && size(access.through) > 1", "cy@voyager.example"),
        ("access.through.exists(a, !a.managed) && access.through.exists(b, b.managed)", "cy@voyager.example"),
        (
            "access.role.matches(\"^Ag.*t$\") && access.person.startsWith(\"cy\") && !access.direct",
            "cy@voyager.example",
        ),
        (
            "access.home == \"voyager\" && \"AGENT\" in access.permissions && access.userId != \"\" && access.through.all(it, !it.standard) && size(access.through) == 2",
            "cy@voyager.example",
        ),
        ("edit.kind == \"member\" && edit.action == \"add\"", "cy@voyager.example"),
        ("edit.group == \"Desk\" && edit.person.endsWith(\"@voyager.example\")", "cy@voyager.example"),
        ("edit.kind == \"member\" && !(edit.domain in [\"globex.example\"])", "cy@voyager.example"),
    ]
}

fn stopped(run: Run, who: &str) {
    run.expect(6).shows(&format!("Guards STOP policies r: {who} breaks the rule; needs an exception"));
}

#[test]
fn a_rule_that_denies_stops_the_plan_and_the_apply_and_nothing_is_written() {
    let files = format!("{DESK}{MORE}");
    for (expression, who) in broken() {
        let world = world(&deny(expression), &files);
        commit(&world.path());
        stopped(world.run("plan --check"), who);
        stopped(world.apply(), who);
        world.run("plan --out plan.json").expect(0);
        stopped(world.run("apply plan.json --auto-approve"), who);
        // It warns, or somebody is excepted.
        let softer = deny(expression).replace("{ name", "{ severity: warn, name");
        world.configure(&rules(&softer));
        world
            .run("plan --check")
            .expect(0)
            .shows(&format!("Guards warning policies r: {who} breaks the rule"));
        let excepted = format!("{{ exceptions: [{{ person: {who}, until: 2099-01-01, reason: r }}], name");
        world.configure(&rules(&deny(expression).replace("{ name", &excepted)));
        world.apply().expect(0);
    }
}

#[test]
fn what_a_rule_has_nothing_against_is_let_through() {
    let files = format!("{DESK}{MORE}");
    for expression in [
        "access.person == \"cy@globex.example\"",
        "access.privileged && access.gives",
        "access.direct",
        "edit.kind == \"member\" && edit.action == \"remove\"",
        "edit.kind == \"directRole\" && edit.roleType == \"COMPANY_ADMIN\"",
        "access.through.exists(it, it.standard) && access.gives",
        "access.gives && access.reaches.beyondCompanies",
    ] {
        let world = world(&deny(expression), &files);
        world.apply().expect(0);
        world.settled();
    }
}

#[test]
fn when_chooses_and_a_group_narrows() {
    let files = format!("{DESK}{MORE}");
    let all = "{ name: r, deny: 'access.gives' }";
    world(all, &files).run("plan --check").expect(6);
    for (more, exit) in [
        ("when: 'access.privileged', ", 0),
        ("when: 'access.role == \"Agent\"', ", 6),
        ("groups: [Night], ", 6),
        ("groups: [Company Admins], ", 0),
        ("company: globex, ", 0),
    ] {
        world(&all.replace("deny", &format!("{more}deny")), &files).run("plan --check").expect(exit);
    }
}

#[test]
fn what_stood_before_stops_nothing_unless_the_rule_is_strict() {
    let files = format!("{DESK}{MORE}");
    let rule = "{ name: r, deny: 'access.role == \"Agent\" && access.person.startsWith(\"ana\")' }";
    let line = "Guards stood policies r: ana@voyager.example breaks the rule, as before this plan";
    world(rule, &files).apply().expect(0).shows(line);
    let strict = rule.replace("{ name", "{ strict: true, name");
    world(&strict, &files).run("plan --check").expect(6).shows(
        "Guards STOP policies r: ana@voyager.example breaks the rule as before, and the rule is strict"
            .replace("the rule is", "the policy is")
            .as_str(),
    );
    // What is held as before, and was no breach before, is one by the change.
    let one = "{ name: r, deny: '!access.through.exists(it, it.group == \"Desk\") && access.role == \"Agent\" && access.person.startsWith(\"bo\")' }";
    let night = "  - name: Night\n    description: The night.\n    roles:\n      - { role: Agent, scope: { company: [globex, initech] } }\n    members:\n      - bo@voyager.example\n      - cy@voyager.example\n";
    let both = world("{ name: none, deny: access.direct }", &format!("{DESK}{night}"));
    both.apply().expect(0);
    both.configure(&rules(one));
    both.run("plan --check").expect(0);
    let left = both.groups(&format!("{}{night}", DESK.replace("      - bo@voyager.example\n", "")));
    left.run("plan --check")
        .expect(6)
        .shows("Guards STOP policies r: bo@voyager.example breaks the rule; needs");
}

#[test]
fn what_cannot_be_evaluated_counts_as_broken() {
    let files = format!("{DESK}{MORE}");
    for (expression, why) in [
        ("access.ends > timestamp(\"2027-01-01T00:00:00Z\") && access.gives", "the row has no `access.ends`"),
        ("access.gives && access.through[7].managed", "a list is shorter than that"),
        ("edit.role == \"Agent\"", "the row has no `edit.role`"),
        ("access.gives && access.permissions[\"NONE\"].exists(it, it == \"ALL\")", "there is no `NONE`"),
        ("access.gives && 1 / (size(access.person) - 18) == 1", "it divides by zero"),
    ] {
        let world = world(&deny(expression), &files);
        world
            .run("plan --check")
            .expect(6)
            .shows(&format!("Guards STOP policies r: not evaluated for cy@voyager.example: {why}"));
        world.configure(&rules(&deny(expression).replace("{ name", "{ severity: warn, name")));
        world.run("plan --check").expect(0).shows("Guards warning policies r: not evaluated");
    }
    // What is asked for is not missed.
    let sound = "has(access.ends) && access.ends > timestamp(\"2027-01-01T00:00:00Z\")";
    world(&deny(sound), &files).run("plan --check").expect(0);
}

#[test]
fn a_rule_that_the_change_takes_back_is_told_with_the_base() {
    let files = format!("{DESK}{MORE}");
    let world = world(&deny("access.gives"), &files);
    commit(&world.path());
    for (other, said) in [
        (deny("access.gives && access.privileged"), "policies.rules r, deny"),
        ("{ name: r, when: access.privileged, deny: access.gives }".to_owned(), "policies.rules r, when"),
        ("{ name: other, deny: access.gives }".to_owned(), "policies.rules r"),
        ("{ name: r, deny: access.gives, severity: warn }".to_owned(), "policies.rules r, severity"),
    ] {
        world.configure(&rules(&other));
        let run = world.run("plan --base main");
        assert!(run.stdout.contains(said), "{said}\n{}", run.stdout);
    }
}

#[test]
fn names_of_rows_are_values_and_never_code_and_are_shown_escaped() {
    let name = "Desk\\\" || true || \\\"<b>`";
    let seed = format!(
        "{}  - {{ name: \"{name}\", company: voyager, description: d, roles: [{{ role: Agent, scope: [{{ COMPANY: [globex] }}] }}], members: [root@voyager.example] }}\n",
        seed()
    );
    let files = format!("{DESK}{MORE}");
    let quoted = "{ name: r, deny: 'access.through.exists(it, it.group == \"x\")' }";
    let world = World::seeded(&seed).ruled(&rules(quoted)).groups(&files);
    world.run("plan --check").expect(0);
    let hits = "{ name: r, strict: true, deny: 'access.through.exists(it, it.group.contains(\"<b>\"))' }";
    world.configure(&rules(hits));
    world.run("plan --check").expect(6).shows("Guards STOP policies r: root@voyager.example breaks the rule");
    let html = world.run("plan --format html").expect(0).stdout;
    assert!(!html.contains("<b>`"), "{html}");
}

#[test]
fn order_of_rules_changes_nothing() {
    let files = format!("{DESK}{MORE}");
    let all: Vec<String> = ["access.gives", "access.role == \"Agent\"", "edit.kind == \"member\""]
        .iter()
        .enumerate()
        .map(|(n, it)| format!("{{ name: r{n}, deny: '{it}' }}"))
        .collect();
    let found = |order: [usize; 3]| -> Vec<Value> {
        let said: Vec<&str> = order.iter().map(|it| all[*it].as_str()).collect();
        let plan = world(&said.join("\n    - "), &files).run("plan --format json").expect(0).json();
        let mut all = plan["guards"].as_array().unwrap().clone();
        all.retain(|it| it["policy"]["kind"] == "rules");
        for it in &mut all {
            // Where the rule stands is another line.
            it["policy"].as_object_mut().unwrap().remove("origin");
        }
        all
    };
    let first = found([0, 1, 2]);
    assert!(first.len() >= 5, "{first:#?}");
    assert_eq!(found([2, 0, 1]), first);
    assert_eq!(found([1, 2, 0]), first);
}

#[test]
fn rules_are_tested_by_rows_of_their_own() {
    let rule = "{ name: ours, when: access.privileged, deny: access.domain != \"voyager.example\" }\n    - { name: quiet, severity: warn, deny: edit.kind == \"directRole\" }\n    - { name: idle, deny: access.direct }";
    let tests = "version: 1\ntests:\n  - { rule: ours, case: a stranger, access: { privileged: true, domain: evil.example }, expect: deny }\n  - { rule: ours, access: { privileged: false }, expect: pass }\n  - { rule: quiet, edit: { kind: directRole }, expect: warn }\n";
    let world = world(rule, DESK).with("policy-tests.yaml", tests);
    let run = world.run("policy test").expect(0).says(&["rules without a test: idle"]);
    assert!(run.stdout.contains("pass  ours: a stranger (policy-tests.yaml:3)"), "{}", run.stdout);
    assert!(run.stdout.contains("3 tests, 0 failing."), "{}", run.stdout);
    world.write("tests/a.yaml", &tests.replace("expect: pass", "expect: deny"));
    world.write("tests/b.yaml", &tests.replace("privileged: true, ", "privileged: true } #"));
    let run = world.run("policy test tests/a.yaml").expect(2);
    assert!(
        run.stdout.contains("FAIL  ours (tests/a.yaml:4)\n      expected deny, found pass"),
        "{}",
        run.stdout
    );
    world.write("tests/b.yaml", &tests.replace(", domain: evil.example", ""));
    let run = world.run("policy test tests").expect(2);
    assert!(run.stdout.contains("not evaluated: the row has no `access.domain`"), "{}", run.stdout);
    assert!(run.stdout.contains("6 tests, 2 failing."), "{}", run.stdout);
    let json = world.run("policy test tests --format json").expect(2).json();
    assert_eq!(json["untested"], serde_json::json!(["idle"]));
    assert_eq!(json["tests"][1]["passes"], false);
    for (from, to, said) in [
        ("rule: ours, case", "rule: our, case", "did you mean `ours`?"),
        ("privileged: true", "privilegd: true", "did you mean `privileged`?"),
        ("privileged: true", "privileged: 3", "wrong-type"),
        ("kind: directRole", "kind: direct", "one of group, role, member, directRole"),
        ("expect: warn", "expect: stop", "`deny`, `warn` or `pass`"),
        ("access: { privileged: false }", "edit: { kind: role }", "is about `access`"),
        ("version: 1", "version: 2", "unsupported-version"),
    ] {
        world.write("policy-tests.yaml", &tests.replace(from, to));
        let run = world.run("policy test").expect(4);
        assert!(run.stderr.contains(said), "{to}: {}", run.stderr);
    }
    world.run("policy test nothing.yaml").expect(4).says(&["nothing.yaml"]);
}

#[test]
fn the_page_has_every_field_with_what_it_is() {
    use rolecall::model::expression::schema::{ACCESS, EDIT, REACH, WAY};
    let page = crate::support::repository("docs/rules.md");
    for record in [&ACCESS, &REACH, &WAY, &EDIT] {
        for field in record.fields {
            let missing = if field.optional { " (may be missing)" } else { "" };
            let row = format!("| `{}`{missing} | {} | {} |", field.name, field.holds, field.meaning);
            assert!(page.contains(&row), "docs/rules.md has no row\n{row}");
        }
    }
    let rows = page.lines().filter(|it| it.starts_with("| `")).count();
    assert_eq!(rows, [&ACCESS, &REACH, &WAY, &EDIT].iter().map(|it| it.fields.len()).sum::<usize>());
}
