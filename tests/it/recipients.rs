//! Credentials go where the operator says: a file that is changed decides nothing about that, in no command.

use std::{fs, process::Stdio};

use crate::support::{Run, Server, World, words};

const DESK: &str = "  - { name: Desk, description: The desk., roles: unmanaged, members: { atLeast: [cy@voyager.example] } }\n";

/// Every command that talks to an API, once `plan.json` and `journal.ndjson` are there.
const COMMANDS: [&str; 28] = [
    "plan",
    "plan --estimate",
    "plan --only lockout",
    "plan access/a.yaml",
    "drift",
    "apply --auto-approve",
    "apply plan.json",
    "apply --approved-at-most plan.json",
    "apply --only lockout --auto-approve",
    "rollback journal.ndjson",
    "explain ana@voyager.example",
    "explain ana@voyager.example --at 2027-01-01",
    "who-can AGENT",
    "who-has Agent --desired",
    "groups",
    "roles",
    "people",
    "users list",
    "users show ana@voyager.example",
    "users export ana@voyager.example --out export",
    "users put ana@voyager.example plan.json --part personal-info --yes",
    "what-if --add member:bo@voyager.example=Desk",
    "expiring",
    "report",
    "snapshot",
    "duplicate \"Company Admins\" --as New",
    "doctor",
    "doctor --probe --company 1a6f0000-0000-4000-8000-000000000001 --user ana@voyager.example --yes",
];

/// A world of which the files name `endpoint`, and flags and environment none.
struct Changed {
    world: World,
    /// Where whatever leaves this machine would have to go through.
    proxy: Server,
}

impl Changed {
    fn new(endpoint: &str) -> Self {
        let world = World::new().groups(DESK);
        let path = world.path().join("rolecall.yaml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}api: {{ endpoint: '{}' }}\n", endpoint.replace('\'', "''"))).unwrap();
        world.run("plan --out plan.json").expect(0);
        world.run("apply --auto-approve --journal journal.ndjson").expect(0);
        Self { world, proxy: Server::answering("502 Bad Gateway") }
    }

    fn run(&self, line: &str, variables: &[(&str, &str)]) -> Run {
        let mut command = self.world.command();
        command.env_remove("ROLECALL_ENDPOINT");
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
            command.env(name, &self.proxy.url);
        }
        command.envs(variables.iter().copied());
        command.args(words(line)).stdin(Stdio::null()).output().unwrap().into()
    }
}

#[test]
fn no_command_sends_credentials_to_a_host_that_only_a_file_names() {
    let changed = Changed::new("https://evil.example");
    changed.world.forget();
    for line in COMMANDS {
        for credentials in [
            &[("ROLECALL_TOKEN", "full-token")][..],
            &[("ROLECALL_TOKEN", ""), ("ROLECALL_CLIENT_ID", "ci"), ("ROLECALL_CLIENT_SECRET", "hush-hush")],
        ] {
            let run = changed.run(line, credentials).expect(4);
            let said = run.stdout + &run.stderr;
            for word in ["no credentials are sent to evil.example", "rolecall.yaml:", "ROLECALL_ENDPOINT"] {
                assert!(said.contains(word), "{line}: no `{word}` in {said}");
            }
            assert!(!said.contains("full-token") && !said.contains("hush-hush"), "{line}: {said}");
        }
    }
    assert_eq!(changed.proxy.asked(), [""; 0], "something left this machine");
    assert!(changed.world.log().is_empty(), "the operator's endpoint was not named either");
}

/// A lone access file names its own API.
#[test]
fn a_lone_access_file_is_a_file_as_well() {
    let changed = Changed::new("sandbox");
    let alone = "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\napi: { endpoint: https://evil.example }\ngroups:\n";
    fs::create_dir(changed.world.path().join("../alone")).unwrap();
    changed.world.write("../alone/a.yaml", &format!("{alone}{DESK}"));
    for line in ["plan ../alone/a.yaml", "drift ../alone/a.yaml", "apply ../alone/a.yaml --auto-approve"] {
        changed.run(line, &[]).expect(4).says(&["a.yaml:3", "no credentials are sent to evil.example"]);
    }
    assert_eq!(changed.proxy.asked(), [""; 0]);
}

/// What looks like a host that is listed, or like this machine.
#[test]
fn no_spelling_of_a_host_passes_for_another() {
    for trick in [
        "https://api.spotnana.com@evil.example",
        "https://api.spotnana.com:443@evil.example",
        "https://apis.spotnana.com.evil.example",
        "https://apis.spotnana.com.",
        "https://apis.spotnana.com:8443",
        "https://apis.spotnana.com%2eevil.example",
        "https://evil.example\\@apis.spotnana.com",
        "https://evil.example#@apis.spotnana.com",
        "https://арis.spotnana.com",
        "https://xn--api-5cd.spotnana.com",
        "http://apis.spotnana.com",
        "HTTPS://EVIL.EXAMPLE",
        "http://localhost.evil.example",
        "https://localhost.",
        "https://evil.localhost",
        "http://[::ffff:127.0.0.1]:PORT",
        "http://0.0.0.0:PORT",
        "https://[::]:PORT",
    ] {
        let here = Server::answering("200 OK");
        let port = here.url.rsplit(':').next().unwrap();
        let changed = Changed::new(&trick.replace("PORT", port));
        for line in ["plan", "doctor"] {
            let run = changed.run(line, &[]).expect(4);
            assert!(!(run.stdout + &run.stderr).contains("full-token"), "{trick}");
        }
        assert_eq!(changed.proxy.asked(), [""; 0], "{trick}");
        assert_eq!(here.asked(), [""; 0], "{trick}");
    }
}

/// Of the hosts that need no list, the ones that are documented are only knocked at: a proxy refuses the way there.
#[test]
fn documented_hosts_and_this_machine_may_stand_in_a_file() {
    for host in ["apis.spotnana.com", "api.spotnana.com", "api-ext-sboxmeta.partners.spotnana.com"] {
        let changed = Changed::new(&format!("https://{host}"));
        changed.run("plan", &[]).expect(8);
        let asked = changed.proxy.asked();
        assert!(asked.iter().all(|it| it.starts_with(&format!("CONNECT {host}:443 "))), "{asked:?}");
        assert!(!asked.is_empty() && !asked.concat().contains("full-token"), "{asked:?}");
    }
    let here = Server::answering("403 Forbidden");
    for address in ["127.0.0.1", "localhost", "2130706433", "0x7f.1"] {
        let changed = Changed::new(&here.url.replace("127.0.0.1", address));
        let before = here.asked().len();
        changed.run("plan", &[]).expect(5);
        assert!(here.asked().len() > before, "{address}");
        assert_eq!(changed.proxy.asked(), [""; 0], "{address}");
    }
}

#[test]
fn the_operator_has_the_last_word() {
    let here = Server::answering("403 Forbidden");
    let changed = Changed::new(&here.url);
    let url = changed.world.url();
    // A list of one's own is the whole list, and what is set to nothing is not set.
    for (listed, code) in [
        ("apis.spotnana.com", 4),
        ("127.0.0.1:1", 4),
        ("", 5),
        ("apis.spotnana.com, 127.0.0.1", 5),
        (&here.url, 5),
    ] {
        let before = here.asked().len();
        changed.run("plan", &[("ROLECALL_ALLOWED_ENDPOINTS", listed)]).expect(code);
        assert_eq!(here.asked().len() > before, code == 5, "{listed}");
    }
    for listed in ["*.example", ",", "http://api.example", "https://me:hush-hush@api.example"] {
        let run = changed.run("plan", &[("ROLECALL_ALLOWED_ENDPOINTS", listed)]).expect(4);
        let run = run.says(&["ROLECALL_ALLOWED_ENDPOINTS cannot be used", "hint: "]);
        assert!(!run.stderr.contains("hush-hush"), "{}", run.stderr);
    }
    // What is named outside the files needs no list, and the file is not asked.
    let before = here.asked().len();
    let nowhere = ("ROLECALL_ALLOWED_ENDPOINTS", "nowhere.example");
    changed.run("plan", &[("ROLECALL_ENDPOINT", &url), nowhere]).expect(0);
    changed.run(&format!("plan --endpoint {url}"), &[nowhere]).expect(0);
    assert_eq!(here.asked().len(), before);
}

/// A saved plan names the API that it was made for; it is compared, and never connected to.
#[test]
fn a_saved_plan_and_a_journal_name_no_endpoint_to_go_to() {
    let here = Server::answering("403 Forbidden");
    let changed = Changed::new("sandbox");
    let url = changed.world.url();
    for name in ["plan.json", "journal.ndjson"] {
        let path = changed.world.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(&url), "{name}");
        fs::write(path, text.replace(&url, &here.url)).unwrap();
    }
    changed.world.forget();
    for line in ["apply plan.json", "rollback journal.ndjson"] {
        let run = changed.run(line, &[("ROLECALL_ENDPOINT", &url)]);
        assert!(run.code == 7 || run.code == 4, "{line}: {} {}", run.code, run.stderr);
    }
    assert_eq!(here.asked(), [""; 0]);
    assert!(changed.world.log().is_empty(), "it is for another API, which is known before anything is read");
}
