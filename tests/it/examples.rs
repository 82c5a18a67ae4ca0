//! The examples do what they are there to show.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{NO_CHANGES, Run, VOYAGER, binary, http, repository, words};

/// A day on which the cover of the quickstart has ended.
const NOW: &str = "2026-11-20T09:00:00Z";

/// Copies the quickstart, so that its state is not kept in the repository.
fn quickstart() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    fs::create_dir(folder.path().join("access")).unwrap();
    for path in
        ["rolecall.yaml", "sandbox.yaml", "access/admins.yaml", "access/agents.yaml", "access/oncall.yaml"]
    {
        fs::copy(from.join(path), folder.path().join(path)).unwrap();
    }
    folder
}

fn run(folder: &TempDir, line: &str) -> Run {
    binary()
        .args(words(line))
        .args(["--workspace".as_ref(), folder.path()])
        .stdin(Stdio::null())
        .output()
        .unwrap()
        .into()
}

#[test]
fn the_first_plan_of_the_quickstart_shows_every_kind_of_line() {
    let folder = quickstart();
    let plan = run(&folder, &format!("plan --now {NOW}")).expect(0);
    let lines = [
        "~ group Company Admins access/admins.yaml:5",
        "+ member carla@voyager.example access/admins.yaml:8",
        "- member ines@voyager.example not declared",
        "~ text ",
        "~ role Agent: company globex → company globex, initech WIDENS access/agents.yaml:15",
        "- role Company Management Admin (Read Only) on company globex",
        "+ role Trip Manager on company globex access/agents.yaml:16",
        "- member bo@voyager.example expired (access/agents.yaml:19)",
        "~ name Night Shift → Night Desk",
        "~ role Agent: company globex, initech → company initech NARROWS",
        "+ group Oncall EU 2 roles, 3 members access/oncall.yaml:5",
        "- group Winter Migration 1 role, 3 members access/agents.yaml:33 the migration ended in March",
        "Unmanaged, left alone: 1 group",
    ];
    let plan = lines.into_iter().fold(plan, Run::shows);
    for word in ["CHANGES", "moved to Oncall EU", "moved from "] {
        assert!(plan.stdout.contains(word), "no `{word}` in\n{}", plan.stdout);
    }
    // The last line names the plan.
    let [.., summary, id] = &plan.stdout.lines().collect::<Vec<_>>()[..] else { panic!("{}", plan.stdout) };
    assert!(summary.starts_with("Plan: 1 group to create, 3 to change, 1 to delete; "), "{summary}");
    assert!(id.starts_with("Plan id: "), "{id}");
}

/// The id of the plan of the quickstart.
fn plan_id(folder: &TempDir) -> String {
    let plan = run(folder, &format!("plan --now {NOW}")).expect(0).stdout;
    plan.lines().last().unwrap().strip_prefix("Plan id: ").unwrap().to_owned()
}

#[test]
fn the_quickstart_is_applied_once_and_then_matches() {
    let folder = quickstart();
    run(&folder, "drift").expect(6);
    run(&folder, "apply").expect(4);
    // Somebody would become an administrator: that takes an approval of this very plan.
    run(&folder, &format!("apply --auto-approve --now {NOW}")).expect(6);
    let id = plan_id(&folder);
    let apply = run(&folder, &format!("apply --approve {id} --now {NOW}"));
    apply.expect(0).shows("Applied: 5 of 5 groups.");
    run(&folder, &format!("plan --detailed-exitcode --now {NOW}")).expect(0).ends_with(NO_CHANGES);
}

/// A sandbox started by the binary; ended with the test.
struct Served {
    process: Child,
    url: String,
}

impl Served {
    fn start(folder: &TempDir) -> Self {
        let mut process = binary()
            .args(["sandbox", "--port", "0", "--from", "sandbox.yaml", "--state", ".rolecall/sandbox.json"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("Sandbox API at ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { process, url }
    }

    fn list(&self, path: &str) -> Value {
        let path = format!("/v3/companies/{VOYAGER}/{path}");
        let (status, body) =
            http(&self.url, "quickstart", "POST", &path, &json!({ "pagination": {} }).to_string());
        assert_eq!(status, 200, "{body}");
        body
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn what_is_broken_by_hand_is_seen_as_drift() {
    let folder = quickstart();
    run(&folder, &format!("apply --approve {} --now {NOW}", plan_id(&folder))).expect(0);
    let served = Served::start(&folder);
    let groups = served.list("user-groups/list");
    let reporting =
        groups["userGroups"].as_array().unwrap().iter().find(|it| it["name"] == "Night Desk").unwrap();
    let path = format!("user-groups/{}/members", reporting["id"].as_str().unwrap());
    let member = served.list(&path)["members"][0]["userId"].clone();
    let patch = json!({ "userIdsToAdd": [], "userIdsToDelete": [member] }).to_string();
    let (status, _) =
        http(&served.url, "quickstart", "PATCH", &format!("/v3/companies/{VOYAGER}/{path}"), &patch);
    assert_eq!(status, 200);
    let live = |line: &str| -> Run {
        let mut command = binary();
        command.args(words(line)).args(["--now", NOW]).current_dir(&folder).stdin(Stdio::null());
        command
            .env("ROLECALL_ENDPOINT", &served.url)
            .env("ROLECALL_TOKEN", "quickstart")
            .output()
            .unwrap()
            .into()
    };
    live("drift").expect(2).shows("~ group Night Desk").ends_with(
        "Plan: 0 groups to create, 1 to change, 0 to delete; roles +0 ~0 -0; members +1 -0; 0 guards.",
    );
    live("apply --auto-approve").expect(0);
    live("drift").expect(0).shows(NO_CHANGES);
}

#[test]
fn the_quickstart_is_a_believable_company() {
    let seed: Value = serde_yaml::from_str(&repository("examples/quickstart/sandbox.yaml")).unwrap();
    let of = |key: &str, field: &str, value: Value| {
        seed[key].as_array().unwrap().iter().filter(|it| it[field] == value).count()
    };
    assert_eq!(of("companies", "kind", json!("tmc")), 1);
    assert_eq!(seed["companies"].as_array().map(Vec::len), Some(3), "a TMC and two clients");
    assert_eq!(
        of("users", "company", json!("voyager")),
        13,
        "twelve people and the account that runs rolecall"
    );
    let mut declared = 0;
    for file in ["admins", "agents", "oncall"] {
        let file: Value =
            serde_yaml::from_str(&repository(&format!("examples/quickstart/access/{file}.yaml"))).unwrap();
        declared += file["groups"].as_array().unwrap().len();
    }
    assert_eq!(declared, 5);
    assert!(of("groups", "unmodifiable", json!(true)) >= 1);
}
