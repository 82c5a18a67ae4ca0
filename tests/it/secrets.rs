//! No credential in anything that a run prints, writes or logs, whatever goes wrong.
//!
//! Every command runs with everything that can be told switched on: both formats, both logs at their finest,
//! events, plan, journal. The servers repeat what they were given, as careless ones do.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Stdio,
    thread,
};

use base64::prelude::{
    BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD, Engine as _,
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::json;

use crate::{
    support::{SEED, World, words},
    users::{CANARIES, seed},
};

const SECRET: &str = "s3cret-of-the-client-zQ9";
const TOKEN: &str = "t0ken-given-by-hand-xK7";
const FETCHED: &str = "t0ken-that-was-fetched-pW5";

const GROUPS: &str = "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, nobody@voyager.example] }
  - { name: New, description: New., roles: [], members: [cy@voyager.example] }
";

fn world() -> World {
    let people = format!("clients: [{{ id: robot, secret: {SECRET} }}]\n");
    let tokens = format!("  - {{ token: {TOKEN}, access: full }}\nroles:");
    World::seeded(&(SEED.replacen("roles:", &tokens, 1) + &people)).groups(GROUPS)
}

/// Runs the binary with these credentials and returns all it printed.
fn everything(world: &World, line: &str, credentials: &[(&str, &str)]) -> String {
    let mut command = world.command();
    command.env_remove("ROLECALL_TOKEN").env("RUST_BACKTRACE", "full").envs(credentials.iter().copied());
    let output = command.args(words(line)).stdin(Stdio::null()).output().unwrap();
    [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat()
}

#[track_caller]
fn clean(text: &str, what: &str) {
    for secret in [SECRET, TOKEN, FETCHED] {
        assert!(!text.contains(secret), "{what} shows {secret}:\n{text}");
    }
}

/// Looks into every file of the workspace.
#[track_caller]
fn clean_files(folder: &Path) -> usize {
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            seen += clean_files(&path);
        } else {
            seen += 1;
            clean(&String::from_utf8_lossy(&fs::read(&path).unwrap()), &path.display().to_string());
        }
    }
    seen
}

const COMMANDS: &[&str] = &[
    "validate",
    "plan --out plan.json",
    "plan --format json",
    "plan --format markdown --log-format json",
    "drift",
    "duplicate Desk --as Copy",
    "explain ana@voyager.example",
    "explain ana@voyager.example --format json",
    "report --users --format html",
    "doctor",
    "doctor --format json",
    "snapshot --out live.json",
    "snapshot --sanitize",
    "plan --live live.json",
    "plan --estimate",
    "apply plan.json --auto-approve",
    "apply --auto-approve --format json",
    "rollback JOURNAL --out undo.json",
];

const WAYS: [&[(&str, &str)]; 2] =
    [&[("ROLECALL_CLIENT_ID", "robot"), ("ROLECALL_CLIENT_SECRET", SECRET)], &[("ROLECALL_TOKEN", TOKEN)]];

#[test]
fn no_command_shows_a_credential() {
    for credentials in WAYS {
        let world = world();
        for command in COMMANDS {
            let journal = fs::read_dir(world.path().join(".rolecall/journal"));
            let journal = journal.ok().and_then(|mut it| it.next()).map(|it| it.unwrap().path());
            let command =
                command.replace("JOURNAL", &journal.map_or(String::new(), |it| it.display().to_string()));
            let text = everything(&world, &format!("{command} -vv --events events.ndjson"), credentials);
            clean(&text, &command);
            clean_files(&world.path());
        }
        assert!(world.path().join("undo.json").is_file(), "not every command did its work");
        assert!(clean_files(&world.path()) > 5);
    }
}

/// Passports, birth dates, loyalty numbers, names: without being asked for they are in nothing that a command says or leaves behind.
#[test]
fn no_command_shows_what_is_personal_unasked() {
    let world = World::seeded(&seed()).groups(GROUPS);
    let part = r#"{"membershipInfos":[{"id":"LOYAL-4711-NEW","type":"AIR","issuedBy":"NZ"}]}"#;
    world.write("part.json", part);
    let of_people = [
        "users list --format csv",
        "users show ana@voyager.example",
        "users show ana@voyager.example --format json --log-format json",
        "users put ana@voyager.example part.json --part membership-info --yes",
        "users put ana@voyager.example part.json --part membership-info --yes --format json",
        "import --dry-run -C empty --company 1a6f0000-0000-4000-8000-000000000001 --users",
    ];
    for line in COMMANDS.iter().chain(&of_people) {
        let journal = fs::read_dir(world.path().join(".rolecall/journal"));
        let journal = journal.ok().and_then(|mut it| it.next()).map(|it| it.unwrap().path());
        let line = line.replace("JOURNAL", &journal.map_or(String::new(), |it| it.display().to_string()));
        let run = world.run(&format!("{line} -vv --events events.ndjson"));
        let said = run.stdout + &run.stderr;
        assert!(CANARIES.iter().all(|it| !said.contains(it)), "{line}:\n{said}");
    }
    // What was before a part was replaced is kept where only its owner can read it: nowhere else.
    let kept = world.path().join(".rolecall/users");
    assert!(contents(&kept).concat().contains("LOYAL-4711"), "a part was replaced");
    fs::remove_dir_all(kept).unwrap();
    for name in ["seed.yaml", "part.json"] {
        fs::remove_file(world.path().join(name)).ok();
    }
    let files = contents(&world.path());
    assert!(files.len() > 5);
    assert!(CANARIES.iter().all(|it| files.iter().all(|file| !file.contains(it))), "in a file");
}

#[test]
fn a_server_that_repeats_the_credential_is_not_quoted() {
    for credentials in WAYS {
        for code in [400, 401, 403, 404, 429, 500, 503] {
            let world = world();
            let echo = json!({ "errorCode": SECRET, "message": format!("{TOKEN} {SECRET}"), "debugIdentifier": TOKEN, "error": SECRET, "error_description": TOKEN });
            let kind = json!({ "status": { "code": code, "body": echo.to_string() } });
            world.faults(json!([{ "times": 0, "kind": kind }]));
            for command in ["plan", "apply --auto-approve --format json"] {
                // Each way has one of the two; the other is a stranger's text.
                let own = credentials.last().unwrap().1;
                let text = everything(&world, &format!("{command} -vv --events events.ndjson"), credentials);
                assert!(!text.contains(own), "{code} {command}:\n{text}");
            }
        }
    }
}

/// Answers the token request with a token, and everything else with what it was sent.
fn parrot() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut buffer = [0; 65_536];
            let n = stream.read(&mut buffer).unwrap_or(0);
            let asked = String::from_utf8_lossy(&buffer[..n]).into_owned();
            let (head, body) = if asked.contains("oauth2-token") {
                (
                    "200 OK",
                    json!({ "access_token": FETCHED, "token_type": "Bearer", "expires_in": 3600 })
                        .to_string(),
                )
            } else {
                ("400 Bad Request", json!({ "message": asked, "errorCode": FETCHED }).to_string())
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {head}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

#[test]
fn a_fetched_token_is_not_shown_even_if_every_answer_repeats_it() {
    let world = world();
    let url = parrot();
    for format in ["text", "json"] {
        let credentials = [WAYS[0], &[("ROLECALL_ENDPOINT", &*url)]].concat();
        let text = everything(
            &world,
            &format!("plan -vv --log-format {format} --events events.ndjson"),
            &credentials,
        );
        assert!(text.contains("refused with 400"), "{text}");
        clean(&text, "plan");
        clean_files(&world.path());
    }
}

#[test]
fn a_credential_that_cannot_be_used_is_not_shown_either() {
    let world = world();
    let broken = format!("{TOKEN}\nline");
    for credentials in [
        &[("ROLECALL_TOKEN", &*broken)][..],
        &[("ROLECALL_TOKEN", TOKEN), ("ROLECALL_CLIENT_ID", "robot"), ("ROLECALL_CLIENT_SECRET", SECRET)],
        &[("ROLECALL_CLIENT_SECRET", SECRET)],
        &[("ROLECALL_CLIENT_ID", "robot"), ("ROLECALL_CLIENT_SECRET", FETCHED)],
        &[("ROLECALL_ENDPOINT", &*format!("https://me:{SECRET}@127.0.0.1:1")), ("ROLECALL_TOKEN", TOKEN)],
    ] {
        let text = everything(&world, "plan -vv --format json", credentials);
        assert!(text.contains("\"exit\": 5") || text.contains("\"exit\": 4"), "{text}");
        clean(&text, "plan");
    }
}

/// Every form in which a careless server may repeat a secret.
fn forms(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().map(|it| format!("%{it:02x}")).collect();
    let points: String = secret.chars().map(|it| format!("\\u{:04x}", u32::from(it))).collect();
    let json = json!(secret).to_string();
    let mut forms = vec![percent.to_uppercase(), percent, points, json[1..json.len() - 1].to_owned()];
    for text in [secret.to_owned(), format!("robot:{secret}"), format!("client_secret={secret}&x=1")] {
        forms.push(BASE64_STANDARD.encode(&text));
        forms.push(BASE64_STANDARD_NO_PAD.encode(&text));
        forms.push(BASE64_URL_SAFE.encode(&text));
        forms.push(BASE64_URL_SAFE_NO_PAD.encode(&text));
    }
    forms.sort();
    forms.dedup();
    forms
}

/// Whatever the secret is, and in whatever form a server repeats it in what it says of a refusal: on standard output,
/// in both logs, among the events, in the journal and in every other file nothing is left of any form.
#[test]
fn no_form_of_a_secret_leaves_by_any_way() {
    let secrets = "[!#-&(-~]{8,24}";
    let mut runner = TestRunner::deterministic();
    for n in 0..3 {
        let secret =
            proptest::string::string_regex(secrets).unwrap().new_tree(&mut runner).unwrap().current();
        let quoted = json!(secret).to_string();
        let seed = SEED.replacen("roles:", &format!("  - {{ token: {quoted}, access: full }}\nroles:"), 1)
            + &format!("clients: [{{ id: robot, secret: {quoted} }}]\n");
        let all = forms(&secret);
        let said = [&all[..], std::slice::from_ref(&secret)].concat().join(" & ");
        let body = json!({ "errorCode": all[0], "message": said, "debugIdentifier": all[all.len() - 1] });
        let kind = json!({ "status": { "code": 400, "body": body.to_string() } });
        let own: [&[(&str, &str)]; 2] = [
            &[("ROLECALL_TOKEN", &*secret)],
            &[("ROLECALL_CLIENT_ID", "robot"), ("ROLECALL_CLIENT_SECRET", &*secret)],
        ];
        for (way, credentials) in own.into_iter().enumerate() {
            // What is refused while it is read, while it is written, and before anything else.
            for (method, path) in
                [("POST", "/user-groups/list"), ("PATCH", "/members"), ("POST", "oauth2-token")]
            {
                let world = World::seeded(&seed).groups(GROUPS);
                world.faults(json!([{ "method": method, "path": path, "times": 0, "kind": kind }]));
                let format = ["json --log-format text", "text --log-format json"][(n + way) % 2];
                let line = format!("apply --auto-approve -vv --events events.ndjson --format {format}");
                let mut written = vec![everything(&world, &line, credentials)];
                let refused = way == 1 || path != "oauth2-token";
                assert_eq!(
                    written[0].contains("[REDACTED] & [REDACTED]"),
                    refused,
                    "{line}:\n{}",
                    written[0]
                );
                written.extend(contents(&world.path()));
                for form in all.iter().chain([&secret]) {
                    let shown = written.iter().find(|it| it.contains(form.as_str()));
                    assert!(shown.is_none(), "{form} of {secret}:\n{}", shown.unwrap());
                }
            }
        }
    }
}

/// Everything that the files of a folder hold.
fn contents(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|it| it.is_dir());
    let texts = files.iter().map(|it| String::from_utf8_lossy(&fs::read(it).unwrap()).into_owned());
    texts.chain(folders.iter().flat_map(|it| contents(it))).collect()
}

#[test]
fn what_cannot_be_a_secret_is_refused_by_the_name_of_its_variable_before_anything_is_sent() {
    let world = world();
    let remote = ("ROLECALL_ENDPOINT", "https://rolecall.invalid");
    for (credentials, words) in [
        (&[("ROLECALL_TOKEN", "t")][..], "ROLECALL_TOKEN has 1 character, too few to be a secret"),
        (&[("ROLECALL_TOKEN", "  ")], "ROLECALL_TOKEN has 0 characters"),
        (&[("ROLECALL_TOKEN", "q7Q7q7Q"), remote], "ROLECALL_TOKEN has 7 characters"),
        (
            &[("ROLECALL_CLIENT_ID", "robot"), ("ROLECALL_CLIENT_SECRET", "q7Q"), remote],
            "ROLECALL_CLIENT_SECRET has 3",
        ),
        (&[("ROLECALL_TOKEN_FILE", "short.txt")], "ROLECALL_TOKEN has 3 characters"),
        (&[("ROLECALL_TOKEN", "Bearer t0ken-given-by-hand-xK7")], "ROLECALL_TOKEN begins with `Bearer`"),
        (&[("ROLECALL_TOKEN", "bearer\tt0ken-given-by-hand-xK7")], "ROLECALL_TOKEN begins with `bearer`"),
        (
            &[("ROLECALL_TOKEN", "Authorization: Bearer t0ken-given-by-hand-xK7")],
            "begins with `Authorization`",
        ),
        (&[("ROLECALL_TOKEN", "t0ken-given-by-hand-xK7 and more")], "ROLECALL_TOKEN holds a space"),
    ] {
        world.write("short.txt", "q7Q\n");
        let text = everything(&world, "plan -vv --format json", credentials);
        assert!(text.contains(words) && text.contains("\"exit\": 4"), "{words}:\n{text}");
        clean(&text, words);
        assert!(!text.contains("q7Q"), "{text}");
    }
    // One of a few letters that a sandbox takes is a word and not a syllable.
    let seed = SEED.replacen("roles:", "  - { token: here, access: full }\nroles:", 1);
    let world = World::seeded(&seed).groups(GROUPS);
    let body = json!({ "message": "where there is a token here, it is not here2" }).to_string();
    world.faults(json!([{ "path": "/user-groups/list", "times": 0, "kind": { "status": { "code": 400, "body": body } } }]));
    let text = everything(&world, "plan", &[("ROLECALL_TOKEN", "here")]);
    assert!(text.contains("where there is a token [REDACTED], it is not here2"), "{text}");
}
