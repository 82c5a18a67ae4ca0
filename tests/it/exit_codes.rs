//! Bad input and bad credentials: one clear message, a hint, the right exit code, and nothing written.

use std::{fs, net::TcpListener};

use crate::support::{Run, World, binary, words};

const DESK: &str =
    "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n";

fn world() -> World {
    World::new().groups(DESK)
}

/// Checks what every failed run owes its reader.
#[track_caller]
fn fails(run: Run, code: i32, words: &[&str]) -> Run {
    let run = run.expect(code).says(words);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    assert_eq!(run.stdout, "", "a result without a result");
    run
}

#[test]
fn a_wrong_command_line_costs_no_request_and_suggests_the_right_one() {
    let world = world();
    world.forget();
    for (line, words) in [
        ("plan --detailed-exit-code", &["--detailed-exit-code", "--detailed-exitcode"][..]),
        ("apply --auto-aprove", &["--auto-aprove", "--auto-approve"]),
        ("plan --format yaml", &["yaml", "markdown"]),
        ("plan --concurrency 0", &["0", "1..=256"]),
        ("plan --timeout soon", &["soon", "30s"]),
        ("plan --now yesterday", &["yesterday", "2027-01-31T18:00:00Z"]),
        ("plna", &["plna", "plan"]),
        ("", &["Usage"]),
    ] {
        fails(world.run(line), 4, words);
    }
    assert_eq!(world.log().len(), 0);
}

#[test]
fn what_is_wrong_with_the_files_is_found_before_any_request() {
    let broken = [
        (
            "version: 1\ngruops: []\n",
            &["error[unknown-key]", "access/a.yaml:2:1", "did you mean `groups`?"][..],
        ),
        ("version: 1\ngroups: [\n", &["error[syntax]", "access/a.yaml:"]),
        ("", &["error[unsupported-version]", "access/a.yaml:1:1", "start the file with `version: 1`"]),
        ("version: 2\n", &["error[unsupported-version]", "this rolecall reads version 1"]),
    ];
    for line in ["validate", "plan", "apply --auto-approve", "drift"] {
        for (text, words) in broken {
            let world = World::new().with("access/a.yaml", text);
            world.forget();
            // For `validate` the findings are the result, for the others the reason why there is none.
            let run = world.run(line).expect(4);
            let told = if line == "validate" { &run.stdout } else { &run.stderr };
            for word in words {
                assert!(told.contains(word), "{line}: no `{word}` in\n{told}");
            }
            assert!(!run.stderr.contains("panicked"));
            assert_eq!(world.log().len(), 0, "{line}");
        }
    }
}

#[test]
fn paths_that_lead_nowhere_are_named() {
    let world = world();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(world.path().join("access/latin.yaml"), b"version: 1 # \xe9\n").unwrap();
    for (line, words) in [
        ("plan no/such/folder", &["no/such/folder", "hint: check the path"][..]),
        (
            "plan access/latin.yaml",
            &["access/latin.yaml is not UTF-8", "access/latin.yaml:1:14", "help: save the file as UTF-8"],
        ),
    ] {
        world.run(line).expect(4).says(words);
    }
    let alone: Run = binary().arg("plan").current_dir(&elsewhere).output().unwrap().into();
    fails(alone, 4, &["no rolecall.yaml", "hint: ", "rolecall plan examples/quickstart"]);
}

#[test]
fn credentials_are_looked_for_before_any_request() {
    for (variables, words) in [
        (&[][..], &["no credentials", "hint: set ROLECALL_CLIENT_ID"][..]),
        (&[("ROLECALL_CLIENT_ID", "sandbox")], &["ROLECALL_CLIENT_SECRET is not", "hint: "]),
        (&[("ROLECALL_CLIENT_SECRET", "sandbox")], &["ROLECALL_CLIENT_ID is not", "hint: "]),
        (&[("ROLECALL_TOKEN_FILE", "no-such-file")], &["ROLECALL_TOKEN_FILE", "cannot read", "hint: "]),
        (&[("ROLECALL_TOKEN_FILE", "empty")], &["ROLECALL_TOKEN_FILE", "empty", "hint: "]),
        (
            &[("ROLECALL_TOKEN", "t0ken"), ("ROLECALL_CLIENT_ID", "x"), ("ROLECALL_CLIENT_SECRET", "y")],
            &["both a token and client credentials", "hint: keep"],
        ),
        (
            &[("ROLECALL_TOKEN", "t0\nken")],
            &["the access token contains characters", "hint: check the token"],
        ),
    ] {
        let world = variables
            .iter()
            .fold(world().variable("ROLECALL_TOKEN", ""), |it, (name, value)| it.variable(name, value));
        world.write("empty", "\n");
        world.forget();
        let run = fails(world.run("plan"), 5, words);
        assert!(
            !run.stderr.contains("ken`") && !run.stderr.contains("t0"),
            "a secret is shown: {}",
            run.stderr
        );
        assert_eq!(world.log().len(), 0, "{variables:?}");
    }
}

#[test]
fn credentials_may_stand_in_files() {
    let world = world()
        .variable("ROLECALL_TOKEN", "")
        .variable("ROLECALL_CLIENT_ID_FILE", "id")
        .variable("ROLECALL_CLIENT_SECRET_FILE", "secret")
        .with("id", "sandbox\n");
    world.write("secret", &format!("{}\n", world.client().1));
    world.plan().expect(0).shows("- member bo@voyager.example");
    world.variable("ROLECALL_CLIENT_SECRET_FILE", "").run("plan").expect(5);
}

#[test]
fn credentials_that_are_not_accepted_are_not_authorised() {
    let wrong = world().variable("ROLECALL_TOKEN", "wrong-token");
    let run = fails(wrong.run("plan"), 5, &["401", "hint: the access token is missing, expired or revoked"]);
    assert!(!run.stderr.contains("wrong-token"), "{}", run.stderr);
    let world = world()
        .variable("ROLECALL_TOKEN", "")
        .variable("ROLECALL_CLIENT_ID", "sandbox")
        .variable("ROLECALL_CLIENT_SECRET", "hush-hush");
    let run = fails(
        world.run("plan"),
        5,
        &["no access token for these credentials", "hint: check the client id and secret"],
    );
    assert!(!run.stderr.contains("hush-hush"), "{}", run.stderr);
}

#[test]
fn an_endpoint_must_be_sound_safe_and_there() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (endpoint, code, words) in [
        (
            "http://api.example",
            4,
            &["refusing to send credentials to api.example over plain http", "hint: use https"][..],
        ),
        ("api.example", 4, &["the endpoint is not usable", "hint: "]),
        ("https://me:pass@api.example", 4, &["user name or password", "hint: "]),
        (
            &format!("http://{closed}"),
            8,
            &["cannot connect", "hint: check the endpoint, the network and any proxy"],
        ),
    ] {
        let world = world();
        let run = fails(world.run(&format!("plan --endpoint {endpoint}")), code, words);
        assert!(!run.stderr.contains("pass@"), "{}", run.stderr);
    }
}

/// Workflows set variables that have no value to nothing.
#[test]
fn an_empty_variable_is_none() {
    let names = [
        "COMPANY",
        "FORMAT",
        "EVENTS",
        "COLOR",
        "TIMEOUT",
        "CONCURRENCY",
        "MAX_RPS",
        "NOW",
        "JOURNAL",
        "LOG_FORMAT",
        "WORKSPACE",
    ];
    let world = names.iter().fold(world(), |it, name| it.variable(&format!("ROLECALL_{name}"), ""));
    world.apply().expect(0);
}

#[test]
fn what_writes_json_does_not_take_the_place_of_yaml() {
    let world = world();
    let before = fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
    for line in [
        "plan --out access/a.yaml",
        "snapshot --out access/a.yaml",
        "rollback j.ndjson --out access/a.yml",
        "plan --events access/a.yaml",
        "sandbox --log access/a.yaml",
    ] {
        fails(world.run(line), 4, &["would take the place of a YAML file"]);
    }
    assert_eq!(fs::read_to_string(world.path().join("access/a.yaml")).unwrap(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_printed_is_a_failure_and_one_that_nobody_reads_is_none() {
    let world = world();
    let to = |line: &str, path: &str| -> Run {
        let mut command = world.command();
        command.args(words(line)).stdout(fs::OpenOptions::new().write(true).open(path).unwrap());
        command.output().unwrap().into()
    };
    for line in [
        "plan",
        "snapshot",
        "schema plan",
        "explain ana@voyager.example",
        "report",
        "report --format html",
        "plan --events -",
        "apply --auto-approve",
    ] {
        to(line, "/dev/null").expect(0);
        to(line, "/dev/full").expect(1).says(&["cannot be ", "No space left on device"]);
    }
    to("plan --events /dev/full", "/dev/null").expect(1).says(&["the events cannot be written"]);
    // What a command says by its code stays so.
    let other = "version: 1\ngroups:\n  - { name: Desk, description: Other., roles: unmanaged, members: unmanaged }\n";
    world.write("access/a.yaml", other);
    to("drift", "/dev/full").expect(2).says(&["the result cannot be printed"]);
    let mut child = world.start("plan");
    drop(child.stdout.take());
    Run::from(child.wait_with_output().unwrap()).expect(0);
}

#[test]
fn settings_that_name_nothing_are_refused() {
    let nowhere = world().variable("ROLECALL_ENDPOINT", "");
    let unset = nowhere.command().env_remove("ROLECALL_ENDPOINT").arg("plan").output().unwrap();
    fails(unset.into(), 4, &["no API endpoint is given", "hint: set `api: { endpoint"]);
    let world = world();
    world.forget();
    fails(
        world.run("plan --company voyagr"),
        4,
        &["`voyagr` is neither a company id nor a name", "did you mean `voyager`?"],
    );
    let dated = world.variable("SOURCE_DATE_EPOCH", "noon");
    fails(dated.run("plan"), 4, &["SOURCE_DATE_EPOCH is `noon`", "hint: "]);
    assert_eq!(dated.log().len(), 0);
}

#[test]
fn a_seed_that_cannot_be_used_is_quoted() {
    for (seed, words) in [
        ("version: 1\ncompanys: []\n", &["sandbox.yaml:2:", "companys"][..]),
        (
            "version: 1\ngroups: [{ name: A, company: nowhere }]\n",
            &["group `A`", "there is no company `nowhere`"],
        ),
    ] {
        let world = world().with("sandbox.yaml", seed);
        fails(world.run("plan --endpoint sandbox"), 4, words);
    }
}
