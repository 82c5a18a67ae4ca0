//! Results in several forms in one run: what is written where, in every outcome, and what GitHub Actions is told.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Run, SEED, World};

const FORMS: [&str; 11] =
    ["text", "json", "markdown", "html", "csv", "sarif", "junit", "github", "gitlab", "slack", "openmetrics"];
/// Forms with which GitLab, GitHub, test reports and code scanning say whether all is well.
const VERDICTS: [&str; 4] = ["sarif", "junit", "github", "gitlab"];

fn desk(members: &str) -> World {
    World::new().groups(&format!(
        "  - {{ name: Desk, description: The desk., roles: unmanaged, members: {members} }}\n"
    ))
}

/// `--report` for every form, in files called by it.
fn reports() -> String {
    FORMS.map(|it| format!(" --report {it}=out.{it}")).concat()
}

fn read(world: &World, form: &str) -> String {
    let path = world.path().join(format!("out.{form}"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(unix)]
fn mode(world: &World, name: &str) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(world.path().join(name)).unwrap().permissions())
        & 0o777
}

/// A run of each outcome: its name, the world, the line, the exit code, and what every report says of it.
fn outcomes() -> Vec<(&'static str, World, &'static str, i32, &'static str)> {
    let changed = || desk("[ana@voyager.example, cy@voyager.example, bo@voyager.example]");
    let remote = changed();
    remote.faults(json!([{ "times": 0, "kind": { "status": { "code": 503 } } }]));
    let broken = || World::new().with("access/a.yaml", "version: 1\ngruops: []\n");
    vec![
        ("a plan", changed(), "plan", 0, ""),
        ("nothing to do", desk("unmanaged"), "plan --check", 0, ""),
        ("findings", broken(), "plan", 4, "gruops"),
        ("findings of validate", broken(), "validate", 4, "gruops"),
        ("sound files", changed(), "validate", 0, ""),
        ("a guard", desk("[]"), "plan --check", 6, "group-emptied"),
        ("a guard of a drift", desk("[]"), "drift", 6, "group-emptied"),
        (
            "something withheld",
            desk("[ana@voyager.example, bo@voyager.example, nobody@voyager.example]"),
            "plan --check",
            3,
            "nobody@voyager.example",
        ),
        ("no answer", remote, "drift", 8, "503"),
        ("no credentials", changed().variable("ROLECALL_TOKEN", "wrong"), "plan", 5, "token"),
        ("no workspace", changed(), "plan no/such/folder", 4, "no/such/folder"),
        ("a refused apply", desk("[]"), "apply --auto-approve", 6, "group-emptied"),
        ("an apply", changed(), "apply --auto-approve", 0, ""),
        ("an apply without consent", changed(), "apply", 4, "no terminal to confirm on"),
    ]
}

#[test]
fn every_report_is_there_in_every_outcome() {
    for (what, world, line, code, said) in outcomes() {
        let plain = world.run(line).expect(code);
        let line = if what == "an apply" { "plan" } else { line };
        let run = world.run(&format!("{line}{}", reports())).expect(code);
        let first = |run: &Run| run.stdout.lines().last().map(str::to_owned);
        if what != "an apply" {
            assert_eq!(first(&run), first(&plain), "{what}: a report changes nothing of the result");
        }
        for form in FORMS {
            let text = read(&world, form);
            assert!(!text.is_empty() || form == "github", "{what}: {form}");
            assert!(!text.contains('\u{1b}'), "{what}: {form}");
            let names = form != "openmetrics" && !said.is_empty();
            assert!(!names || text.contains(said), "{what}: `{said}` is not in {form}:\n{text}");
            #[cfg(unix)]
            if form != "openmetrics" {
                assert_eq!(mode(&world, &format!("out.{form}")), 0o600, "{what}: {form}");
            }
        }
        let bad = code != 0;
        let sarif: Value = serde_json::from_str(&read(&world, "sarif")).unwrap();
        let invocation = &sarif["runs"][0]["invocations"][0];
        assert_eq!(invocation["exitCode"], code, "{what}");
        let results = sarif["runs"][0]["results"].as_array().map(Vec::len);
        let gitlab: Value = serde_json::from_str(&read(&world, "gitlab")).unwrap();
        for form in VERDICTS {
            let text = read(&world, form);
            let seen = match form {
                "sarif" => results != Some(0) || invocation["executionSuccessful"] == false,
                "gitlab" => gitlab.as_array().map(Vec::len) != Some(0),
                "junit" => text.contains("<failure") || text.contains("<error"),
                _ => text.contains("::error ") || text.contains("::warning "),
            };
            assert_eq!(seen, bad, "{what}: {form}:\n{text}");
        }
        let success =
            u8::from(!bad || matches!(what, "a guard" | "a guard of a drift" | "something withheld"));
        let metrics = read(&world, "openmetrics");
        assert!(
            metrics.contains(&format!(
                "rolecall_last_run_success{{workspace=\"workspace\",command=\"{}\"}} {success}\n",
                line.split(' ').next().unwrap()
            )),
            "{what}: {metrics}"
        );
        assert!(metrics.ends_with("# EOF\n"), "{what}");
    }
}

#[test]
fn a_form_is_the_same_as_a_result_and_as_a_report() {
    for line in ["plan", "drift", "validate"] {
        let world = desk("[ana@voyager.example, cy@voyager.example]");
        // Measurements and documents of a plan have times in them.
        for form in FORMS.into_iter().filter(|it| !["text", "json", "openmetrics"].contains(it)) {
            let run = world.run(&format!("{line} --format {form} --report {form}=out.{form}"));
            // A page says when it was made, once.
            let timeless = |text: &str| match text.split_once("<p class=\"brand\">") {
                Some((before, rest)) if form == "html" => {
                    format!("{before}{}", &rest[rest.find("</p>").unwrap()..])
                }
                _ => text.to_owned(),
            };
            let (mut printed, mut written) = (timeless(&run.stdout), timeless(&read(&world, form)));
            if form == "markdown" {
                // A file says which run wrote it, in its first line and its last.
                written = written.rsplit_once(&format!("\n{line} ")).unwrap().0.to_owned();
                for text in [&mut printed, &mut written] {
                    *text = text.split_once('\n').unwrap().1.to_owned();
                }
            }
            if line == "validate" && form == "markdown" {
                // Of sound files it is one sentence.
                continue;
            }
            assert_eq!(printed, written, "{line} {form}");
        }
    }
}

#[test]
fn several_reports_of_one_run_ask_the_api_once() {
    let world = desk("[ana@voyager.example, cy@voyager.example]");
    world.forget();
    world.plan();
    let alone = world.log().len();
    world.forget();
    world.run(&format!("plan{}", reports())).expect(0);
    assert_eq!(world.log().len(), alone);
}

#[test]
fn what_a_report_cannot_be_written_to_is_said_before_any_request() {
    let world = desk("[ana@voyager.example]");
    world.forget();
    for (line, words) in [
        ("plan --report junit", &["write FORMAT=FILE", "junit=plan.xml"][..]),
        ("plan --report junit=", &["write FORMAT=FILE"]),
        ("plan --report yunit=a.xml", &["there are text, json, markdown, html, csv, sarif, junit, github"]),
        ("drift --report csv=-", &["for standard output give `--format csv`"]),
        ("plan --report json=access/a.yaml", &["take the place of a YAML file"]),
        ("validate --report csv=rolecall.YML", &["take the place of a YAML file"]),
        ("plan --metrics-file rolecall.yaml", &["another name"]),
        ("plan --report csv=a --report json=a", &["a is to be written twice", "a file of its own"]),
        ("plan --report csv=a.json --out a.json", &["a.json is to be written twice"]),
        ("drift --report csv=a --metrics-file a", &["a is to be written twice"]),
        ("plan --format yaml", &["there are text, json, markdown, html, csv"]),
        (
            "apply --auto-approve --format sarif",
            &["`rolecall apply` has no result in the form sarif", "plan, show, drift and validate"],
        ),
        ("explain ana@voyager.example --format csv", &["`rolecall explain` has no result in the form csv"]),
        ("plan --estimate --report csv=a", &["--estimate", "--report"]),
    ] {
        let run = world.run(line).expect(4).says(words);
        assert_eq!(run.stdout, "", "{line}");
    }
    // Here the form is known, and says it as well.
    let run = world.run("plan --estimate --format slack").expect(4);
    let run = run.says(&["an estimate has no result in the form slack"]);
    assert!(run.stdout.contains("an estimate has no result in the form slack"), "{}", run.stdout);
    assert_eq!(world.log().len(), 0);
    assert!(!world.path().join("a").exists());
}

#[test]
fn a_report_that_cannot_be_written_fails_the_run_and_no_other_report() {
    let world = desk("[ana@voyager.example, cy@voyager.example, bo@voyager.example]");
    let run = world.run("plan --report csv=no/such/folder/a --report json=out.json").expect(4);
    let run = run.says(&["cannot write the csv report to", "no/such/folder/a"]);
    assert!(run.stdout.contains("Plan: "), "the plan is printed all the same: {}", run.stdout);
    assert!(read(&world, "json").contains("cannot write the csv report"));
    #[cfg(unix)]
    {
        fs::write(world.path().join("elsewhere"), "mine").unwrap();
        std::os::unix::fs::symlink("elsewhere", world.path().join("link")).unwrap();
        world.run("plan --report csv=link").expect(4).says(&["is a link"]);
        assert_eq!(fs::read_to_string(world.path().join("elsewhere")).unwrap(), "mine");
    }
}

#[test]
fn github_gets_a_summary_and_outputs_beside_its_annotations() {
    let seed = SEED.replace("name: Desk", "name: \"Desk%0A::error::x\"");
    for (line, told) in
        [("plan --format github", true), ("plan --report github=out.github", true), ("plan", false)]
    {
        let world = World::seeded(&seed).groups(
            "  - { name: \"Desk%0A::error::x\", description: The desk., roles: unmanaged, members: [] }\n",
        );
        world.write("summary.md", "from before\n");
        world.write("output", "a=b\n");
        let run = {
            let mut command = world.command();
            command.args(line.split(' ')).env("GITHUB_STEP_SUMMARY", world.path().join("summary.md"));
            command.env("GITHUB_OUTPUT", world.path().join("output"));
            Run::from(command.output().unwrap()).expect(0)
        };
        let text = |name: &str| fs::read_to_string(world.path().join(name)).unwrap();
        let (summary, outputs) = (text("summary.md"), text("output"));
        assert!(summary.starts_with("from before\n") && outputs.starts_with("a=b\n"), "{line}");
        assert_eq!(summary.contains("### rolecall: "), told, "{line}: {summary}");
        assert_eq!(outputs.lines().count() > 1, told, "{line}: {outputs}");
        if told {
            for wanted in ["\nexit=0\n", "\nresult=ok\n", "\nchanges=2\n", "\nstops=1\n", "\nlose=2\n"] {
                assert!(outputs.contains(wanted), "{wanted} is not in {outputs}");
            }
            let id = outputs.lines().find_map(|it| it.strip_prefix("plan-id=")).unwrap();
            assert!(id.len() == 32 && summary.contains(id), "{outputs}");
        }
        if line == "plan --format github" {
            assert!(run.stdout.lines().all(|it| it.starts_with("::error ") || it.starts_with("::warning ")));
            assert!(run.stdout.contains("Desk%250A::error::x"), "{}", run.stdout);
            assert!(run.stdout.starts_with("::error file=access/a.yaml,line=3,"), "{}", run.stdout);
        }
    }
}

#[test]
fn measurements_are_for_others_to_read_and_count_requests() {
    let world = desk("[ana@voyager.example, cy@voyager.example, bo@voyager.example]");
    world.forget();
    world.run("drift --metrics-file rolecall.prom").expect(2);
    let text = fs::read_to_string(world.path().join("rolecall.prom")).unwrap();
    for line in [
        format!(
            "rolecall_last_run_requests{{workspace=\"workspace\",command=\"drift\"}} {}",
            world.log().len()
        ),
        "rolecall_last_run_exit_code{workspace=\"workspace\",command=\"drift\"} 2".to_owned(),
        "rolecall_drifted{workspace=\"workspace\",command=\"drift\",kind=\"member\",action=\"add\"} 1"
            .to_owned(),
    ] {
        assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
    }
    assert!(!text.contains('@') && !text.contains("Desk"), "it names nobody: {text}");
    #[cfg(unix)]
    {
        fs::write(world.path().join("usual"), "").unwrap();
        assert_eq!(mode(&world, "rolecall.prom"), mode(&world, "usual") & 0o644);
    }
}

#[test]
fn an_apply_that_did_not_do_all_is_not_green_in_any_report() {
    let world = desk("[ana@voyager.example, cy@voyager.example, bo@voyager.example]");
    world.faults(
        json!([{ "times": 0, "writes": true, "method": "PATCH", "kind": { "status": { "code": 503 } } }]),
    );
    let run = world.run(&format!("apply --auto-approve{}", reports()));
    assert!(run.code != 0, "{}", run.stdout);
    assert!(read(&world, "junit").contains("<error"), "{}", read(&world, "junit"));
    assert!(read(&world, "github").contains("::error title=rolecall%3A run/"), "{}", read(&world, "github"));
    assert!(
        read(&world, "openmetrics").contains("last_run_success{workspace=\"workspace\",command=\"apply\"} 0")
    );
    for form in ["text", "markdown", "html", "csv", "gitlab", "slack"] {
        assert!(read(&world, form).contains("not all of the plan was done"), "{}", read(&world, form));
    }
    let sarif: Value = serde_json::from_str(&read(&world, "sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
}
