//! A saved plan, shown again: what `plan` printed, byte for byte, in every form; and its rows under headings.

use serde_json::Value;

use crate::{
    bases::commit,
    support::{Run, World},
};

const FORMS: [&str; 9] = ["text", "json", "markdown", "csv", "sarif", "junit", "github", "gitlab", "slack"];

fn group(name: &str, role: &str, members: &str) -> String {
    format!("  - {{ name: {name}, description: The {name}., roles: [{role}], members: [{members}] }}\n")
}

/// Worlds whose plans have little in common.
fn worlds() -> Vec<(&'static str, World, &'static str)> {
    let agent = "{ role: Agent, scope: { company: [globex, initech] } }";
    let admin = "{ role: Company Management Admin, scope: { company: voyager } }";
    let everything = group("Desk", agent, "ana@voyager.example, cy@voyager.example, nobody@voyager.example")
        + &group("New \"<b>\" =1", admin, "{ email: bo@voyager.example, until: 2099-01-01, reason: cover }")
        + "users:\n  - { user: cy@voyager.example, directRoles: [{ type: TMC_AGENT, tmc: voyager }] }\nremoved:\n  - { group: Night, reason: closed }\n";
    let base = World::new().groups(&group("Desk", agent, "cy@voyager.example"));
    base.apply().expect(0);
    commit(&base.path());
    let base = base.groups(&group("Desk", agent, "cy@voyager.example, ana@voyager.example"));
    for who in ["ana@voyager.example", "bo@voyager.example"] {
        base.patch_members("Desk", &serde_json::json!({ "userIdsToAdd": [base.user(who)] }));
    }
    vec![
        (
            "nothing",
            World::new().groups(
                "  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }\n",
            ),
            "",
        ),
        ("everything", World::new().groups(&everything), "--now 2027-01-01T00:00:00Z"),
        ("stopped", World::new().groups(&group("Desk", "", "")), "--ask-people 0"),
        ("compared", base, "--base main"),
    ]
}

/// The text without what reading took, which no plan tells.
fn without_cost(text: &str) -> String {
    let line = |it: &str| match it.split_once(" requests, ").or_else(|| it.split_once(" request, ")) {
        Some((start, rest)) if rest.ends_with(" s") => {
            start.trim_end_matches(char::is_numeric).trim_end().to_owned()
        }
        _ => it.to_owned(),
    };
    text.lines().map(|it| line(it) + "\n").collect()
}

#[test]
fn a_saved_plan_is_shown_as_it_was_in_every_form() {
    for (what, world, flags) in worlds() {
        world.run("snapshot --out live.json").expect(0);
        for live in ["", "--live live.json"] {
            for form in FORMS {
                let made =
                    world.run(&format!("plan {live} {flags} --out plan.json --format {form}")).expect(0);
                let shown = world.run(&format!("show plan.json --format {form}")).expect(0);
                let said = if form == "text" { without_cost(&made.stdout) } else { made.stdout };
                assert_eq!(shown.stdout, said, "{what} {live} {form}");
            }
        }
        // And to files, of which measurements tell when and how long.
        world.run(&format!("plan {flags} --out plan.json --report md=a.md --report csv=a.csv --report junit=a.xml --metrics-file a.prom")).expect(0);
        world.forget();
        world.run("show plan.json --report md=b.md --report csv=b.csv --report junit=b.xml --metrics-file b.prom").expect(0);
        assert_eq!(world.log(), Vec::<Value>::new(), "nothing is asked");
        let read = |name: &str| std::fs::read_to_string(world.path().join(name)).unwrap();
        // The first line and the last of a comment say when the run was that wrote it, and which.
        let body = |name: &str| -> Vec<String> {
            read(name)
                .lines()
                .filter(|it| !it.starts_with("<!--") && !it.contains(" 20"))
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(body("a.md"), body("b.md"), "{what}");
        for end in ["csv", "xml"] {
            assert_eq!(read(&format!("a.{end}")), read(&format!("b.{end}")), "{what} {end}");
        }
        let lines = |name: &str| -> Vec<String> {
            let differs = ["last_run_timestamp", "last_run_duration", "requests"];
            let text = read(name);
            text.lines()
                .filter(|it| !differs.iter().any(|word| it.contains(word)))
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(lines("a.prom"), lines("b.prom"), "{what}");
    }
}

#[test]
fn rows_stand_under_headings_in_four_forms() {
    let (_, world, flags) = worlds().swap_remove(1);
    world.run(&format!("plan {flags} --out plan.json")).expect(0);
    let show = |more: &str| world.run(&format!("show plan.json {more}"));
    for by in ["group", "person", "role", "company"] {
        let document = show(&format!("--by {by} --format json")).expect(0).json();
        assert_eq!((&document["kind"], &document["by"]), (&"planBy".into(), &by.into()));
        let names: Vec<&str> =
            document["headings"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
        for form in ["text", "markdown", "csv"] {
            let shown = show(&format!("--by {by} --format {form}")).expect(0).stdout;
            let has = |it: &&str| shown.contains(&it.replace('"', if form == "csv" { "\"\"" } else { "\"" }));
            assert!(names.iter().all(has), "{by} {form}: {names:?}\n{shown}");
        }
        for form in ["junit", "sarif", "slack", "github", "gitlab"] {
            show(&format!("--by {by} --format {form}")).expect(4).says(&["have no form", form]);
        }
    }
    let variable = world.variable("ROLECALL_BY", "role");
    assert_eq!(variable.run("show plan.json --format json").expect(0).json()["by"], "role");
    variable.run("show plan.json --by room").expect(4).says(&["there are group, person, role, company"]);
}

/// What is no whole plan is shown in no form, and nothing is asked for.
#[test]
fn only_a_whole_plan_is_shown() {
    let world = World::new().groups(&group("Desk", "", "ana@voyager.example"));
    let plan = world.run("plan --format json").expect(0).stdout;
    world.write("cut.json", &plan[..plan.len() / 2]);
    world.write(
        "changed.json",
        &plan
            .replace("\"partial\": false", "\"partial\": true")
            .replace("\"partial\":false", "\"partial\":true"),
    );
    world.write("none.json", "{}");
    world.forget();
    let refused = |run: Run, why: &str| _ = run.expect(4).says(&[why]);
    refused(world.run("show missing.json"), "cannot read the plan");
    refused(world.run("show cut.json"), "not JSON");
    refused(world.run("show changed.json --by person"), "was changed after it was made");
    refused(world.run("show none.json --format csv"), "is not a plan");
    assert_eq!(world.log(), Vec::<Value>::new());
}
