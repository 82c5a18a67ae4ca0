//! What an import writes says what there is, no more and no less: a plan from it is empty, and withholds nothing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rolecall::workflow::import::Layout;
use serde_json::{Value, json};

use super::{cases, list, text};
use crate::support::{
    World as Running,
    library::{Inputs, import, plan, recorded},
    tenant::side_by_side,
    worlds::{COMPANIES, NOW, Tape, World, company_id, tapes},
};

const LAYOUTS: [Layout; 3] = [Layout::One, Layout::PerGroup, Layout::PerPrefix];

/// Names that somebody may have given to a group, a role or a person, and descriptions.
const ODD: [&str; 24] = [
    "Night Desk: EU",
    "- dashed",
    "Client #4",
    "it's \"quoted\"",
    "Équipe Zürich",
    "東京デスク",
    "Ночь",
    "true",
    "null",
    "2026-01-31",
    "1e3",
    "~",
    "&anchor",
    "*alias",
    "!tag",
    "{ brace",
    "[ bracket",
    "per cent %",
    "@home",
    "`code`",
    "a, b",
    "trailing:",
    "back\\slash",
    "🚀 launch",
];

/// Names and descriptions that no file can say, or only some of them.
const WORSE: [&str; 8] =
    ["", " padded ", "line\nbreak", "zero\u{200b}width", "Аgent", "tab\there", "ends\n", "\u{202e}turned"];

/// Makes the live state odder than files can be: names, descriptions, e-mail addresses, scopes.
fn odder(live: &mut Value, tape: &mut Tape) {
    for company in live["companies"].as_array_mut().unwrap() {
        for group in company["groups"].as_array_mut().unwrap() {
            match tape.below(8) {
                0..3 => group["name"] = (*tape.pick(&ODD)).into(),
                3 => group["name"] = (*tape.pick(&WORSE)).into(),
                4 => group["name"] = "x".repeat(255).into(),
                _ => (),
            }
            match tape.below(8) {
                0 | 1 => group["description"] = (*tape.pick(&ODD)).into(),
                2 => group["description"] = (*tape.pick(&WORSE)).into(),
                3 => group["description"] = "long, ".repeat(166).trim().into(),
                _ => (),
            }
            for role in group["roles"].as_array_mut().unwrap() {
                let predicate = match tape.below(12) {
                    0 => json!({ "type": "COST_CENTER", "comparator": "IN", "values": ["a: b", "7"] }),
                    1 => json!({ "type": "COMPANY", "comparator": "IN", "values": ["not an id"] }),
                    2 => json!({ "type": "STEALTH_TYPE", "comparator": "IN", "values": ["STEALTH_TYPE_1"] }),
                    3 => json!({ "type": "BOOKING_TMC", "comparator": "IN", "values": [company_id(2)] }),
                    4 => {
                        json!({ "type": "PROFILE", "comparator": "IN", "values": ["5e500000-0000-4000-8000-00000000dead"] })
                    }
                    5 => {
                        role.as_object_mut().unwrap().remove("scope");
                        continue;
                    }
                    _ => continue,
                };
                role["scope"]["audiences"][0]["predicates"].as_array_mut().unwrap().push(predicate);
            }
            if tape.often(10) {
                group["members"].as_array_mut().unwrap().push("5e500000-0000-4000-8000-00000000beef".into());
            }
        }
        for role in company["roles"].as_array_mut().unwrap() {
            match tape.below(8) {
                0 => role["name"] = (*tape.pick(&ODD)).into(),
                1 => role["name"] = (*tape.pick(&WORSE)).into(),
                2 => _ = role.as_object_mut().unwrap().remove("platform"),
                _ => (),
            }
        }
        if tape.often(10) {
            company["roles"].as_array_mut().unwrap().remove(0);
        }
    }
    for directory in live["directories"].as_array_mut().unwrap() {
        for user in directory["users"].as_array_mut().unwrap() {
            match tape.below(10) {
                0 => _ = user.as_object_mut().unwrap().remove("email"),
                1 => user["email"] = "аna@voyager.example".into(),
                2 => user["externalId"] = (*tape.pick(&ODD)).into(),
                3 => user["email"] = "ana@voyager.example".into(),
                _ => (),
            }
        }
    }
    if tape.often(50) {
        live["names"] = json!({ company_id(0): "Voyager GmbH", company_id(1): tape.pick(&ODD), company_id(2): "Voyager, GmbH" });
    }
}

/// Takes out what a sandbox does not take in: scopes that no version reads.
fn readable(live: &mut Value) {
    for company in live["companies"].as_array_mut().unwrap() {
        for group in company["groups"].as_array_mut().unwrap() {
            let roles = group["roles"].as_array_mut().unwrap();
            roles.retain(|it| it["scope"].is_object() && !it["scope"].to_string().contains("unless"));
        }
    }
}

/// The live state of companies that is left where only these are looked at.
fn imported(world: &World, company: Option<usize>, layout: Layout, users: bool) -> Vec<(String, String)> {
    let company = company.map(company_id);
    import(&world.live, company.as_deref(), layout, users)
        .unwrap_or_else(|error| panic!("{error}\n{world:?}"))
}

/// Checks that a plan from the files would do nothing, and leave nothing undone.
fn nothing_to_do(files: &[(String, String)], live: &Value) -> Result<(), TestCaseError> {
    if files.len() == 1 {
        return Ok(());
    }
    let shown: String = files.iter().map(|(path, text)| format!("# {path}\n{text}\n")).collect();
    let planned = plan(Inputs { files, live, now: NOW });
    let plan = planned.map_err(|error| TestCaseError::fail(format!("{error}\n{shown}")))?.document;
    for part in ["edits", "withheld"] {
        let empty = plan[part].as_array().is_some_and(Vec::is_empty);
        prop_assert!(empty, "{part}: {:#}\n{shown}", plan[part]);
    }
    Ok(())
}

#[test]
fn the_imports_are_as_diverse_as_the_laws_need() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut seen = String::new();
    for n in 0..150 {
        let mut tape = tapes().new_tree(&mut runner).unwrap().current();
        let mut world = World::drawn(&mut tape);
        if n % 2 == 0 {
            odder(&mut world.live, &mut tape);
        }
        let files = imported(&world, (n % 3 > 0).then_some(0), LAYOUTS[n / 3 % 3], true);
        files.iter().for_each(|it| seen += &format!("{}\n{}", it.0, it.1));
    }
    for needed in [
        "\n    id: ",
        "atLeast:\n",
        "atLeast: []",
        "# Also a member, and stays one: ",
        ": the account is not active.",
        ": belongs to another company.",
        ": in no directory that this token sees.",
        "# Its roles are not managed: the role ",
        "# Its roles are not managed: a group with roles needs",
        "roles: unmanaged",
        "roles: []",
        "members: []",
        " # a standard group",
        "\nscopes:\n",
        "scope: { platform: true }",
        "legalEntity: ",
        "bookingTmc: ",
        "stealthType: ",
        "predicates: [{ type: COST_CENTER, values: [\"7\", \"a: b\"] }]",
        "{ type: PROFILE, values: ",
        "profile: p7@globex.example",
        "profile: { userId: ",
        "providedBy: platform",
        "role: { id: ",
        "- { externalId: ",
        "- { employeeId: ",
        "- { userId: ",
        "} # p4@voyager.example",
        "\ncompany: company-2b7e-0001",
        "company: voyager-gmbh",
        "# give it a name: the API tells no name of this company",
        "# give it a name; the API calls it ",
        "type: COMPANY_ADMIN, company: ",
        "type: TMC_AGENT, tmc: ",
        "type: GLOBAL_AGENT",
        "arrangerFor: ",
        "raw: ",
        "# Also held, and stays: TRAVEL_ARRANGER",
        "access/users.yaml",
        "access/groups.yaml",
        "access/desk-0.yaml",
        "access/desk.yaml",
        "access/company-2b7e",
    ] {
        assert!(seen.contains(needed), "no import has `{needed}`");
    }
}

#[test]
fn a_plan_from_an_import_of_such_a_world_is_empty_over_http() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let worlds: Vec<(usize, String)> = (0..24)
        .map(|n| {
            let mut tape = tapes().new_tree(&mut runner).unwrap().current();
            let mut world = World::drawn(&mut tape);
            if n % 2 == 0 {
                odder(&mut world.live, &mut tape);
            }
            readable(&mut world.live);
            (n, recorded(&world.live, NOW.parse().unwrap()))
        })
        .collect();
    side_by_side(&worlds, |(n, snapshot)| {
        let world = Running::recorded(snapshot);
        for company in 0..2 {
            let layout = ["one", "per-group", "per-prefix"][n % 3];
            let line =
                format!("import -C {company} --company {} --layout {layout} --users", company_id(company));
            let said = world.run(&line).expect(0).stderr;
            assert_eq!(world.writes(), [""; 0]);
            if said.contains("No group is declared yet") && !said.contains("direct roles") {
                continue;
            }
            let run = world.run(&format!("plan -C {company} --check --detailed-exitcode"));
            assert_eq!(
                run.code, 0,
                "world {n}, company {company}:\n{}{}\n{snapshot}",
                run.stdout, run.stderr
            );
        }
    });
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn a_plan_from_an_import_is_empty(mut tape in tapes()) {
        let mut world = World::drawn(&mut tape);
        let (strange, users) = (tape.often(60), tape.often(50));
        if strange {
            odder(&mut world.live, &mut tape);
        }
        let layout = *tape.pick(&LAYOUTS);
        for company in [Some(0), Some(1), None] {
            let files = imported(&world, company, layout, users);
            nothing_to_do(&files, &world.live)?;
        }
    }

    #[test]
    fn an_import_depends_on_no_order_and_declares_what_can_be_declared(mut tape in tapes()) {
        let world = World::drawn(&mut tape);
        let mut turned = world.clone();
        for company in turned.live["companies"].as_array_mut().unwrap() {
            company["groups"].as_array_mut().unwrap().reverse();
            company["roles"].as_array_mut().unwrap().reverse();
            for group in company["groups"].as_array_mut().unwrap() {
                group["members"].as_array_mut().unwrap().reverse();
            }
        }
        for directory in turned.live["directories"].as_array_mut().unwrap() {
            directory["users"].as_array_mut().unwrap().reverse();
        }
        let files: BTreeMap<String, String> = imported(&world, Some(0), Layout::One, true).into_iter().collect();
        let again: BTreeMap<String, String> = imported(&turned, Some(0), Layout::One, true).into_iter().collect();
        prop_assert_eq!(&files, &again);
        // All groups but twins, by their names.
        let live = list(&world.live, "companies").iter().filter(|it| it["id"] == company_id(0));
        let names: BTreeSet<&str> = live.flat_map(|it| list(it, "groups")).map(|it| text(&it["name"])).collect();
        let declared = &files["access/groups.yaml"];
        for name in names {
            prop_assert!(declared.contains(&format!("- name: {name}")), "{}\n{}", name, declared);
        }
        prop_assert!(declared.contains("roles:"), "{}", COMPANIES[0]);
    }
}
