//! The example of a policy of one's own, in Rego, over what `plan --format json` really prints.

use serde_json::Value;

use crate::support::{World, repository};

const POLICY: &str = "examples/conftest/policy/access.rego";

/// What a rule of the policy says of a plan, sorted.
fn said(policy: &str, rule: &str, plan: &Value) -> Vec<String> {
    let mut engine = regorus::Engine::new();
    engine.add_policy(POLICY.to_owned(), policy.to_owned()).unwrap();
    let data: Value = serde_yaml::from_str(&repository("examples/conftest/data.yaml")).unwrap();
    engine.add_data_json(&data.to_string()).unwrap();
    engine.set_input_json(&plan.to_string()).unwrap();
    let found = engine.eval_rule(format!("data.main.{rule}")).unwrap().to_json_str().unwrap();
    serde_json::from_str::<Vec<String>>(&found).unwrap()
}

fn group(name: &str, role: &str, company: &str, members: &str) -> String {
    format!(
        "  - {{ name: {name}, description: The {name}., roles: [{{ role: {role}, scope: {{ company: {company} }} }}], members: [{members}] }}\n"
    )
}

/// The plan of these files, where Company Management Admin is privileged.
fn plan(files: &str, flags: &str) -> Value {
    let rules = "guards: { privileged: [Company Management Admin, COMPANY_ADMIN] }\n";
    World::new().groups(files).ruled(rules).run(&format!("plan {flags} --format json")).expect(0).json()
}

/// Each plan with what is denied, and what is only warned of.
fn plans() -> Vec<(&'static str, Value, Vec<&'static str>, Vec<&'static str>)> {
    let admin = |who: &str| group("Admins", "Company Management Admin", "voyager", who);
    let direct = "  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }\nusers:\n  - { user: ana@voyager.example, directRoles: [{ type: COMPANY_ADMIN, company: voyager }] }\n";
    let gone = "removed:\n  - { group: Desk, reason: closed }\n  - { group: Night, reason: closed }\n";
    vec![
        (
            "somebody joins",
            plan(
                &group(
                    "Desk",
                    "Agent",
                    "globex",
                    "ana@voyager.example, bo@voyager.example, cy@voyager.example",
                ),
                "",
            ),
            vec![],
            vec![],
        ),
        ("security gains", plan(&admin("root@voyager.example, bo@voyager.example"), ""), vec![], vec![]),
        (
            "somebody else gains",
            plan(&admin("root@voyager.example, ana@voyager.example"), ""),
            vec![
                "ana@voyager.example gains Company Management Admin through Admins (access/a.yaml:3), and is not in the security team",
            ],
            vec![],
        ),
        (
            "a direct role",
            plan(direct, ""),
            vec![
                "ana@voyager.example gains COMPANY_ADMIN outside groups (access/a.yaml:5), and is not in the security team",
                "ana@voyager.example gets the direct role COMPANY_ADMIN: put it into a group",
            ],
            vec![],
        ),
        (
            "a wider scope",
            plan(&group("Desk", "Agent", "[globex, initech]", "ana@voyager.example, bo@voyager.example"), ""),
            vec![],
            vec!["Agent of Desk holds in more places than before"],
        ),
        (
            "nobody was asked",
            plan(&group("Desk", "Agent", "globex", "ana@voyager.example"), "--ask-people 0"),
            vec![],
            vec!["1 people were not asked for groups that no file names"],
        ),
        (
            "three lose everything",
            plan(&format!("  - {{ name: Spare, description: d, roles: [], members: [] }}\n{gone}"), ""),
            vec![],
            vec![],
        ),
    ]
}

#[test]
fn the_example_says_what_is_against_it_and_nothing_else() {
    let policy = repository(POLICY);
    for (what, plan, denied, warned) in plans() {
        assert_eq!(said(&policy, "deny", &plan), denied, "{what}");
        assert_eq!(said(&policy, "warn", &plan), warned, "{what}");
    }
    let mut plan = plans().swap_remove(6).1;
    let left = plan["people"]["loseEverything"].as_array_mut().unwrap();
    assert_eq!(left.len(), 3);
    left.push(left[0].clone());
    assert_eq!(said(&policy, "deny", &plan), ["4 people lose everything, at most 3 may in one plan"]);
    plan["version"] = 3.into();
    assert!(said(&policy, "deny", &plan).contains(&"this policy reads plans of version 2".to_owned()));
}

/// Each line of the policy matters: without it, something that is against it passes, or something else does not.
#[test]
fn no_line_of_the_example_is_idle() {
    let (policy, plans) = (repository(POLICY), plans());
    let all = |policy: &str| -> Vec<[Vec<String>; 2]> {
        plans.iter().map(|it| ["deny", "warn"].map(|rule| said(policy, rule, &it.1))).collect()
    };
    let wanted = all(&policy);
    for (line, other) in [
        ("\trole.privileged\n", ""),
        ("\trole.gives\n", "\trole.takes\n"),
        ("\tnot person(user) in data.security\n", ""),
        ("{\"joins\", \"gains\"}", "{\"leaves\"}"),
        ("edit.kind == \"directRole\"", "edit.kind == \"member\""),
        ("edit.action != \"remove\"", "edit.action == \"remove\""),
        ("left > data.mostWithoutAnything", "left >= data.mostWithoutAnything"),
        ("edit.relation == \"widens\"", "edit.relation == \"narrows\""),
        ("input.notAsked > 0", "input.notAsked > 1"),
        ("input.version == 2", "input.version == 1"),
    ] {
        assert!(policy.contains(line), "{line}");
        assert_ne!(all(&policy.replacen(line, other, 1)), wanted, "{line}");
    }
}
