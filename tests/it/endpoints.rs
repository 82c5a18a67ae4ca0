//! Several endpoints: a company is asked at its own, in the name of the account that is for it, and at no other.

use std::{collections::BTreeSet, fs, process::Stdio};

use serde_json::{Value, json};

use crate::support::{Run, Server, VOYAGER, World, words};

const GLOBEX: &str = "2b7e0000-0000-4000-8000-000000000002";
const ACME: &str = "2b7e0000-0000-4000-8000-000000000004";

/// Globex and Acme, at an API of their own; one who works for Voyager has an account there as well.
const THERE: &str = "
version: 1
companies:
  - { name: globex, id: 2b7e0000-0000-4000-8000-000000000002, legalEntities: [{ name: globex-uk }] }
  - { name: acme, id: 2b7e0000-0000-4000-8000-000000000004, legalEntities: [{ name: acme-uk }] }
tokens: [{ token: token-of-eu, access: full }]
roles:
  - { name: Trip Manager, description: Changes trips., permissions: [{ permission: TRIP_MANAGEMENT, actions: [READ, WRITE] }] }
users:
  - { email: eve@globex.example, company: globex }
  - { email: uma@globex.example, company: globex }
  - { email: ana@voyager.example, company: globex }
  - { email: kim@acme.example, company: acme }
groups:
  - name: Desk
    company: globex
    description: The desk of Globex.
    roles: [{ role: Trip Manager, scope: [{ COMPANY: [globex] }] }]
    members: [eve@globex.example, uma@globex.example, ana@voyager.example]
  - { name: Old, company: acme, description: There before., roles: [], members: [] }
";

const IDS: &str = "version: 1
company: voyager
ids:
  company: { voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 2b7e0000-0000-4000-8000-000000000002, acme: 2b7e0000-0000-4000-8000-000000000004 }
";

const OF_VOYAGER: &str = "version: 1\ngroups:\n  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n";
const OF_GLOBEX: &str = "version: 1\ncompany: globex\ngroups:\n  - { name: Desk, description: The desk of Globex., roles: unmanaged, members: [eve@globex.example, ana@voyager.example] }\n  - { name: New, description: Theirs., roles: [{ role: Trip Manager, scope: { company: globex } }], members: [uma@globex.example] }\n";
const OF_ACME: &str = "version: 1\ncompany: acme\ngroups:\n  - { name: First, description: Of Acme., roles: [], members: [kim@acme.example] }\n";

/// Two APIs, of which neither knows the other's token.
struct Both {
    here: World,
    there: World,
}

impl Both {
    fn new() -> Self {
        let there = World::seeded(THERE);
        let here = World::new()
            .with("access/voyager.yaml", OF_VOYAGER)
            .with("access/globex.yaml", OF_GLOBEX)
            .with("access/acme.yaml", OF_ACME)
            .variable("ROLECALL_TOKEN_EU", "token-of-eu");
        let both = Self { here, there };
        both.configure("", "");
        both
    }

    fn configure(&self, of_eu: &str, more: &str) {
        let (here, there) = (self.here.url(), self.there.url());
        let api = format!(
            "api:\n  endpoint: {here}\n  endpoints:\n    - {{ name: eu, endpoint: '{there}', companies: [globex, 'ac*']{of_eu} }}\n"
        );
        self.here.write("rolecall.yaml", &format!("{IDS}{api}{more}"));
    }

    fn run(&self, line: &str) -> Run {
        self.here.run(line)
    }

    /// Runs it with some variables beside those of the world, or without.
    fn run_with(&self, line: &str, variables: &[(&str, &str)], without: &[&str]) -> Run {
        let mut command = self.here.command();
        command.envs(variables.iter().copied());
        without.iter().for_each(|it| _ = command.env_remove(it));
        command.args(words(line)).stdin(Stdio::null()).output().unwrap().into()
    }

    fn forget(&self) {
        self.here.forget();
        self.there.forget();
    }

    /// What was said to each since then.
    fn said(&self) -> [Vec<Value>; 2] {
        [self.here.log(), self.there.log()]
    }

    /// Panics where one was asked with the token of the other, about its companies, or for its people.
    #[track_caller]
    fn kept_apart(&self, line: &str) {
        let others = [&["eve@", "uma@", "kim@", ACME][..], &["cy@", "bo@", VOYAGER]];
        for (log, others) in self.said().iter().zip(others) {
            for it in log {
                // By this alone it is asked, without any token, whether anybody is there.
                let knocks = line.starts_with("doctor") && it["path"] == "/v3/permissions";
                assert!(knocks || it["status"] != 401, "{line}: {it}");
                let text = it.to_string();
                assert!(others.iter().all(|other| !text.contains(other)), "{line}: {it}");
            }
        }
        let of_globex = format!("/companies/{GLOBEX}");
        assert!(self.here.log().iter().all(|it| !it["path"].to_string().contains(&of_globex)), "{line}");
    }
}

/// Who is in a group, by their addresses as far as the plan's people are told.
fn members(snapshot: &Value, company: &str, group: &str) -> BTreeSet<String> {
    let of = |all: &Value, key: &str, wanted: &str| {
        all.as_array().unwrap().iter().find(|it| it[key] == wanted).cloned().unwrap_or_default()
    };
    let found = of(&of(&snapshot["companies"], "id", company)["groups"], "name", group);
    let people = of(&snapshot["directories"], "company", company);
    let email = |id: &Value| of(&people["users"], "userId", id.as_str().unwrap())["email"].clone();
    found["members"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|id| email(id).as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_command_asks_each_company_at_its_own_endpoint_and_says_nothing_of_it_elsewhere() {
    let both = Both::new();
    let plan = both.run("plan --out plan.json --format json").expect(0).json();
    assert_eq!(plan["endpoint"], both.here.url().as_str());
    let apart = plan["companies"].as_array().unwrap().iter();
    let apart: Vec<_> = apart.map(|it| (it["id"].as_str().unwrap(), it["endpoint"].as_str())).collect();
    let there = both.there.url();
    assert_eq!(apart, [(VOYAGER, None), (GLOBEX, Some(&*there)), (ACME, Some(&*there))]);
    both.run("snapshot --out live.json").expect(0);
    both.run("apply plan.json --journal journal.ndjson").expect(0);
    both.kept_apart("plan, snapshot, apply");
    both.here.write("part.json", r#"{"name":{"given":"Eve","family1":"Ash"}}"#);
    for (line, code) in [
        ("plan", 0),
        ("plan --check", 0),
        ("plan --estimate", 0),
        ("plan --only lockout", 0),
        ("plan --live live.json", 0),
        ("plan access/globex.yaml", 0),
        ("drift", 0),
        ("explain eve@globex.example --company globex", 0),
        ("explain cy@voyager.example --company voyager", 0),
        ("explain eve@globex.example --company globex --at 2027-01-01", 0),
        ("who-can TRIP_MANAGEMENT", 0),
        ("who-has \"Trip Manager\" --desired", 0),
        ("groups", 0),
        ("roles", 0),
        ("people --users", 0),
        ("users list", 0),
        ("users list --company globex --status active", 0),
        ("users list --live live.json", 0),
        ("users show eve@globex.example --company globex", 0),
        ("users show eve@globex.example --live live.json", 0),
        ("users export cy@voyager.example --company voyager --out cy", 0),
        ("users put eve@globex.example part.json --part personal-info --company globex --yes", 0),
        ("what-if --add member:uma@globex.example=Desk --company globex", 0),
        ("expiring", 0),
        ("report", 0),
        ("report --users --format json", 0),
        ("snapshot", 0),
        ("schema access --live", 0),
        ("duplicate Desk --as Another --company globex", 0),
        ("import --merge --dry-run", 0),
        ("import --merge --dry-run --company globex", 0),
        ("import --merge --dry-run --people", 0),
        ("doctor", 0),
        ("doctor --company globex", 0),
        ("rollback journal.ndjson --out undo.json", 0),
        ("apply undo.json", 0),
        ("apply --auto-approve --witness", 0),
    ] {
        both.forget();
        let run = both.run(line);
        assert_eq!(run.code, code, "{line}: {}\n{}", run.stdout, run.stderr);
        both.kept_apart(line);
    }
    both.run("plan").expect(0).ends_with("No changes. Live state matches the files.");
}

#[test]
fn one_plan_is_written_to_both_and_undone_at_both() {
    let both = Both::new();
    let before = both.run("snapshot").expect(0).json();
    assert_eq!(before["companies"][1]["endpoint"], both.there.url().as_str());
    let text = both.run("plan").expect(0);
    let (here, there) = (both.here.url(), both.there.url());
    let hosts: BTreeSet<&str> =
        [&here, &there].into_iter().map(|it| it.split_once("://").unwrap().1).collect();
    let hosts: Vec<&str> = hosts.into_iter().collect();
    assert!(text.stdout.contains(&hosts.join(", ")), "{}", text.stdout);
    both.run("plan --out plan.json").expect(0);
    both.run("apply plan.json --journal journal.ndjson").expect(0);
    let after = both.run("snapshot").expect(0).json();
    assert_eq!(members(&after, VOYAGER, "Desk"), ["ana@voyager.example".to_owned()].into());
    assert_eq!(
        members(&after, GLOBEX, "Desk"),
        ["ana@voyager.example".to_owned(), "eve@globex.example".to_owned()].into()
    );
    assert_eq!(members(&after, GLOBEX, "New"), ["uma@globex.example".to_owned()].into());
    assert_eq!(members(&after, ACME, "First"), ["kim@acme.example".to_owned()].into());
    both.run("show plan.json").expect(0).shows("").says(&[]);
    both.run("rollback journal.ndjson --out undo.json").expect(0);
    both.run("apply undo.json").expect(0);
    let again = both.run("snapshot").expect(0).json();
    let all = |it: &Value| {
        [(VOYAGER, "Desk"), (GLOBEX, "Desk"), (GLOBEX, "New")].map(|(id, name)| members(it, id, name))
    };
    assert_eq!(all(&again), all(&before));
}

/// A snapshot knows where each company was asked, so that a plan from it is the plan from the APIs.
#[test]
fn a_plan_from_a_snapshot_is_the_plan_from_the_apis() {
    let both = Both::new();
    both.run("snapshot --out live.json").expect(0);
    let live = both.run("plan --format json --now 2026-11-29T00:00:00Z").expect(0).json();
    let mut recorded =
        both.run("plan --format json --live live.json --now 2026-11-29T00:00:00Z").expect(0).json();
    for it in ["id", "endpoint", "companies", "edits", "people"] {
        assert_eq!(live[it], recorded[it].take(), "{it}");
    }
    both.run("plan --live live.json --out plan.json").expect(0);
    both.run("apply plan.json").expect(0);
}

/// Without the credentials of an endpoint nothing of its companies is asked, and no other's are sent in their place.
#[test]
fn each_endpoint_has_credentials_of_its_own_and_a_run_needs_those_it_uses() {
    let both = Both::new();
    both.run_with("plan", &[], &["ROLECALL_TOKEN_EU"]).expect(5).says(&[
        "no credentials",
        "ROLECALL_CLIENT_ID_EU",
        "ROLECALL_CLIENT_SECRET_EU",
        "ROLECALL_TOKEN_EU",
    ]);
    both.run_with("plan", &[], &["ROLECALL_TOKEN"]).expect(5).says(&["no credentials", "ROLECALL_TOKEN "]);
    assert_eq!(both.said(), [Vec::<Value>::new(), Vec::new()]);
    both.run_with("plan --company globex --company acme", &[], &["ROLECALL_TOKEN", "ROLECALL_ENDPOINT"])
        .expect(0);
    both.run_with("plan --company voyager", &[], &["ROLECALL_TOKEN_EU"]).expect(0);
    both.run_with("plan access/globex.yaml", &[], &["ROLECALL_TOKEN_EU"]).expect(5);
    for (variables, code, word) in [
        (&[("ROLECALL_TOKEN_EU", "full-token")][..], 5, "401"),
        (&[("ROLECALL_CLIENT_ID_EU", "ci")], 5, "both a token and client credentials"),
        (
            &[("ROLECALL_TOKEN_EU", ""), ("ROLECALL_CLIENT_ID_EU", "ci")],
            5,
            "ROLECALL_CLIENT_SECRET_EU is not",
        ),
        (&[("ROLECALL_TOKEN_EU", "short")], 0, ""),
        (&[("ROLECALL_TOKEN_EU", "Bearer token-of-eu")], 4, "ROLECALL_TOKEN_EU begins with `Bearer`"),
        (&[("ROLECALL_TOKEN_EU", "abc")], 4, "ROLECALL_TOKEN_EU has 3 characters"),
    ] {
        if word.is_empty() {
            continue;
        }
        let run = both.run_with("plan", variables, &[]).expect(code);
        assert!((run.stdout + &run.stderr).contains(word), "{variables:?}");
    }
    // From a file, as where secrets are mounted.
    let path = both.here.path().join("token");
    fs::write(&path, "token-of-eu\n").unwrap();
    both.run_with("plan", &[("ROLECALL_TOKEN_EU_FILE", path.to_str().unwrap())], &["ROLECALL_TOKEN_EU"])
        .expect(0);
    let (id, secret) = both.there.client();
    let client = [("ROLECALL_CLIENT_ID_EU", &*id), ("ROLECALL_CLIENT_SECRET_EU", &*secret)];
    both.run_with("plan", &client, &["ROLECALL_TOKEN_EU"]).expect(0);
}

/// A changed file sends nobody's credentials anywhere: each name has a list of its own.
#[test]
fn a_file_alone_decides_for_no_endpoint_where_credentials_go() {
    let both = Both::new();
    let proxy = Server::answering("502 Bad Gateway");
    let evil = |more: &str| {
        let api = format!(
            "api:\n  endpoint: {}\n  endpoints:\n    - {{ name: eu, endpoint: 'https://evil.example', companies: [globex, acme] }}\n{more}",
            both.here.url()
        );
        both.here.write("rolecall.yaml", &format!("{IDS}{api}"));
    };
    evil("");
    let proxied = [("HTTPS_PROXY", &*proxy.url), ("ALL_PROXY", &*proxy.url)];
    for line in [
        "plan",
        "drift",
        "apply --auto-approve",
        "snapshot",
        "report",
        "explain eve@globex.example",
        "doctor",
        "plan --estimate",
    ] {
        for listed in [
            &[][..],
            &[("ROLECALL_ALLOWED_ENDPOINTS", "evil.example")],
            &[("ROLECALL_ALLOWED_ENDPOINTS_US", "evil.example")],
        ] {
            let variables: Vec<(&str, &str)> = proxied.iter().chain(listed).copied().collect();
            let run = both.run_with(line, &variables, &[]).expect(4);
            let said = run.stdout + &run.stderr;
            for word in [
                "no credentials are sent to evil.example",
                "rolecall.yaml:",
                "nothing was sent",
                "ROLECALL_ALLOWED_ENDPOINTS_EU",
            ] {
                assert!(said.contains(word), "{line} {listed:?}: {said}");
            }
            assert!(!said.contains("token-of-eu"), "{line}: {said}");
        }
    }
    assert_eq!(proxy.asked(), [""; 0], "something left this machine");
    // With the list of its own, it is tried.
    let variables = [("HTTPS_PROXY", &*proxy.url), ("ROLECALL_ALLOWED_ENDPOINTS_EU", "evil.example")];
    both.run_with("plan --company globex", &variables, &[]).expect(8);
    assert_ne!(proxy.asked(), [""; 0]);
    // What the operator names needs no list, and wins.
    let there = both.there.url();
    both.run_with("plan", &[("ROLECALL_ENDPOINT_EU", &there)], &[]).expect(0);
    both.run_with("plan", &[("ROLECALL_ENDPOINT_EU", "ftp://x")], &[])
        .expect(4)
        .says(&["ROLECALL_ENDPOINT_EU cannot be used"]);
    // The names of the files are swapped: the token of one is for the list of one.
    let api = format!(
        "api:\n  endpoint: {there}\n  endpoints:\n    - {{ name: eu, endpoint: '{}', companies: [globex] }}\n",
        both.here.url()
    );
    both.here.write("rolecall.yaml", &format!("{IDS}{api}"));
    let lists = [("ROLECALL_ALLOWED_ENDPOINTS_EU", &*there)];
    both.forget();
    both.run_with("plan", &lists, &[]).expect(4).says(&["no credentials are sent to"]);
    assert_eq!(both.said(), [Vec::<Value>::new(), Vec::new()]);
}

/// The plan that was approved is for the APIs that it was made for, and so is what a journal can undo.
#[test]
fn a_saved_plan_and_a_journal_are_for_the_endpoint_of_each_company() {
    let both = Both::new();
    let third = World::seeded(THERE);
    let third = [("ROLECALL_ENDPOINT_EU", &*third.url())];
    both.run("plan --out plan.json").expect(0);
    both.run_with("apply plan.json", &third, &[])
        .expect(7)
        .says(&["the plan was made for", "nothing was written"]);
    both.run_with("apply --approved-at-most plan.json", &third, &[]).expect(7);
    both.run("plan --company voyager --out voyager.json").expect(0);
    both.run("apply plan.json --journal journal.ndjson").expect(0);
    both.run_with("rollback journal.ndjson", &third, &[]).expect(7);
    // A plan of what is elsewhere does not care.
    both.run_with("apply voyager.json", &third, &[]).expect(0);
}

/// What the two spell differently is each one's own.
#[test]
fn each_endpoint_has_a_dialect_of_its_own() {
    let both = Both {
        there: World::seeded(&THERE.replace(
            "version: 1",
            "version: 1\ndialect: { rolesToDelete: ids, memberRemovalField: userIdsToDelete }",
        )),
        ..Both::new()
    };
    both.configure(", dialect: { rolesToDelete: ids, memberRemovalField: userIdsToDelete }", "");
    let less = OF_GLOBEX.replace("roles: unmanaged", "roles: []");
    both.here.write("access/globex.yaml", &less);
    both.run("apply --auto-approve").expect(0);
    both.run("plan").expect(0).ends_with("No changes. Live state matches the files.");
}

/// Who is locked out is locked out at each, by the account that each has.
#[test]
fn a_lockout_reaches_the_account_of_every_endpoint() {
    let both = Both::new();
    both.run("apply --auto-approve").expect(0);
    both.configure("", "lockout: [{ email: ana@voyager.example, since: 2026-11-01, reason: left }]\n");
    both.here
        .write("access/voyager.yaml", &OF_VOYAGER.replace("[ana@voyager.example]", "[bo@voyager.example]"));
    both.forget();
    both.run("apply --only lockout --auto-approve").expect(0);
    let after = both.run("snapshot").expect(0).json();
    for (company, group) in [(VOYAGER, "Desk"), (GLOBEX, "Desk")] {
        assert!(!members(&after, company, group).contains("ana@voyager.example"), "{company}");
    }
    both.kept_apart("lock-out");
    let plan = both.run("plan --format json").expect(0).json();
    assert!(plan["edits"].as_array().unwrap().iter().all(|it| it["company"] != GLOBEX), "{plan}");
}

/// Somebody of one endpoint is nobody at another.
#[test]
fn who_is_known_at_another_endpoint_is_not_known() {
    let both = Both::new();
    both.here.write("access/acme.yaml", &OF_ACME.replace("kim@acme.example", "cy@voyager.example"));
    let plan = both.run("plan --format json").expect(0).json();
    let held = plan["withheld"].as_array().unwrap();
    assert!(
        held.iter().any(|it| it["group"] == "First" && it.to_string().contains("cy@voyager.example")),
        "{plan}"
    );
    let adds = |it: &&Value| it["company"] == ACME && it["kind"] == "member";
    assert_eq!(plan["edits"].as_array().unwrap().iter().filter(adds).count(), 0);
}

/// One endpoint that is down is down for all of its companies, and stops a run: nothing is planned on half of what there is.
#[test]
fn an_endpoint_that_refuses_the_token_or_is_down_ends_the_run() {
    let both = Both::new();
    both.there.faults(json!([{ "times": 0, "kind": { "status": { "code": 403 } } }]));
    both.run("plan --check").expect(3).shows("! company globex");
    both.there.faults(json!([{ "times": 0, "kind": { "status": { "code": 401 } } }]));
    both.run("plan").expect(5);
    both.here.write("access/voyager.yaml", "version: 1\ngroups: []\n");
}

#[test]
fn shards_of_several_endpoints_are_joined_to_the_report_of_one_run() {
    let both = Both::new();
    let one = both.run("drift --format json --now 2026-11-29T00:00:00Z").expect(2).json();
    for shard in 0..2 {
        let run = both.run(&format!("drift --format json --now 2026-11-29T00:00:00Z --shard {shard}/2"));
        both.here.write(&format!("{shard}.json"), &run.stdout);
    }
    let joined = both.run("merge-reports 0.json 1.json --format json").expect(2).json();
    for it in ["endpoint", "companies", "edits", "id"] {
        assert_eq!(joined[it], one[it], "{it}");
    }
}

#[test]
fn doctor_looks_at_each_and_says_which() {
    let both = Both::new();
    let run = both.run("doctor").expect(0).shows("Endpoint of `eu`").shows("Token of `eu`");
    assert!(run.stdout.contains("Rights of `eu`"), "{}", run.stdout);
    let broken =
        both.run_with("doctor --format json", &[("ROLECALL_TOKEN_EU", "token-of-us")], &[]).expect(5).json();
    let problems = broken["checks"].as_array().unwrap().iter().filter(|it| it["verdict"] == "problem");
    let of: BTreeSet<&str> = problems.map(|it| it["of"].as_str().unwrap_or_default()).collect();
    assert_eq!(of, ["eu"].into());
    let one = both.run("doctor --company globex --format json").expect(0).json();
    let all = one["checks"].as_array().unwrap().iter().filter(|it| it["area"] == "endpoint");
    assert!(all.clone().count() > 0 && all.clone().all(|it| it["of"] == "eu"), "{one}");
}

#[test]
fn what_is_wrong_with_endpoints_is_said_at_its_line() {
    let world = World::new().with("access/a.yaml", OF_VOYAGER);
    for (entries, code, word) in [
        (
            "[{ name: EU, endpoint: 'https://x.example', companies: [globex] }]",
            "invalid-endpoint",
            "small letters",
        ),
        (
            "[{ name: eu-file, endpoint: 'https://x.example', companies: [globex] }]",
            "invalid-endpoint",
            "file",
        ),
        (
            "[{ name: '', endpoint: 'https://x.example', companies: [globex] }]",
            "invalid-endpoint",
            "small letters",
        ),
        ("[{ name: eu, companies: [globex] }]", "missing-key", "endpoint"),
        ("[{ endpoint: 'https://x.example', companies: [globex] }]", "missing-key", "name"),
        ("[{ name: eu, endpoint: 'https://x.example' }]", "missing-key", "companies"),
        ("[{ name: eu, endpoint: 'https://x.example', companies: [globx] }]", "unknown-alias", "globex"),
        ("[{ name: eu, endpoint: 'https://x.example', companies: ['{a'] }]", "invalid-guard", "pattern"),
        ("[{ name: eu, endpoint: 'https://x.example', companies: globex }]", "wrong-type", "list"),
        ("[{ name: eu, url: 'https://x.example', companies: [globex] }]", "unknown-key", "url"),
        (
            "[{ name: eu, endpoint: 'https://x.example', companies: [globex], dialect: { x: y } }]",
            "unknown-key",
            "x",
        ),
        (
            "[{ name: eu, endpoint: 'https://x.example', companies: [globex] }, { name: us, endpoint: 'https://y.example', companies: ['*'] }]",
            "invalid-endpoint",
            "globex is at `eu` as well as at `us`",
        ),
        (
            "[{ name: eu, endpoint: 'https://x.example', companies: [globex] }, { name: eu, endpoint: 'https://y.example', companies: [initech] }]",
            "invalid-endpoint",
            "two endpoints are called `eu`",
        ),
    ] {
        let ids = "version: 1\ncompany: voyager\nids: { company: { voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 2b7e0000-0000-4000-8000-000000000002, initech: 2b7e0000-0000-4000-8000-000000000003 } }\n";
        world.write("rolecall.yaml", &format!("{ids}api: {{ endpoints: {entries} }}\n"));
        let run = world.run("validate").expect(4);
        let said = run.stdout + &run.stderr;
        assert!(
            said.contains(code) && said.contains(word) && said.contains("rolecall.yaml:4:"),
            "{entries}: {said}"
        );
    }
}

/// A company without an endpoint of its own needs the one of the rest, and it is said of which that is so.
#[test]
fn a_company_that_has_no_endpoint_is_named() {
    let both = Both::new();
    let api = format!(
        "api: {{ endpoints: [{{ name: eu, endpoint: '{}', companies: [globex, acme] }}] }}\n",
        both.there.url()
    );
    both.here.write("rolecall.yaml", &format!("{IDS}{api}"));
    both.run_with("plan", &[], &["ROLECALL_ENDPOINT"])
        .expect(4)
        .says(&["no API endpoint is given for voyager"]);
    fs::remove_file(both.here.path().join("access/voyager.yaml")).unwrap();
    let text = fs::read_to_string(both.here.path().join("rolecall.yaml")).unwrap();
    both.here.write("rolecall.yaml", &text.replace("company: voyager\n", ""));
    let plan =
        both.run_with("plan --format json", &[], &["ROLECALL_ENDPOINT", "ROLECALL_TOKEN"]).expect(0).json();
    assert_eq!(plan["endpoint"], both.there.url().as_str());
}

/// Each endpoint's account keeps what it needs there; where that is not said, nobody loses it.
#[test]
fn the_account_of_each_endpoint_keeps_what_it_needs() {
    let there = THERE
        .replace("roles:\n  - {", "roles:\n  - { name: Admin, description: Who may do what., permissions: [{ permission: ACCESS_MANAGEMENT, actions: [ALL] }] }\n  - {")
        .replace("members: [] }", "members: [] }\n  - { name: Admins, company: globex, description: Of Globex., roles: [{ role: Admin, scope: [{ COMPANY: [globex] }] }], members: [eve@globex.example, uma@globex.example, ana@voyager.example] }");
    let both = Both { there: World::seeded(&there), ..Both::new() };
    let admins = |members: &str| {
        let text = format!(
            "version: 1\ncompany: globex\ngroups:\n  - {{ name: Admins, description: Of Globex., roles: unmanaged, members: [{members}] }}\n"
        );
        both.here.write("access/globex.yaml", &text);
    };
    let stops = |of_eu: &str| {
        both.configure(of_eu, "guards: { holders: 1 }\n");
        let text = std::fs::read_to_string(both.here.path().join("rolecall.yaml")).unwrap();
        both.here.write(
            "rolecall.yaml",
            &text.replace("api:\n", "api:\n  identity: { email: root@voyager.example }\n"),
        );
        let plan = both.run("plan --format json").expect(0).json();
        let all = plan["guards"].as_array().unwrap().iter();
        all.filter(|it| {
            it["guard"] == "self-lockout" && it["verdict"] == "stop" && it["subject"]["company"] == GLOBEX
        })
        .count()
    };
    admins("eve@globex.example, ana@voyager.example");
    assert_eq!(stops(""), 1, "it may be whoever leaves");
    assert_eq!(stops(", identity: { email: uma@globex.example }"), 1);
    assert_eq!(stops(", identity: { email: eve@globex.example }"), 0);
    both.configure(", identity: { email: nobody@globex.example }", "");
    both.run("plan").expect(4).says(&["unknown-identity"]);
}
