//! Pull requests, merges and nights on GitHub.

use std::fs;

use serde_json::json;

use super::{
    github::Event,
    repository::{DESK, Repository, desk},
};
use crate::bases::{commit, git};

const OWN: Event = Event::PullRequest { is_fork: false };
const FORK: Event = Event::PullRequest { is_fork: true };
const NEWCOMER: [&str; 3] = ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"];

/// A snapshot is kept, and pull requests find it.
fn with_snapshot(repository: &Repository) {
    repository.runs("snapshot", &Event::Schedule, "4711").job("snapshot", "success", &[("Snapshot", 0)]);
    fs::write(repository.forge("snapshot-run"), "4711\n").unwrap();
    repository.world.forget();
}

fn push(repository: &Repository) -> Event {
    let before = repository.commit_of("main");
    repository.merges();
    Event::Push { before }
}

#[test]
fn a_change_is_planned_merged_approved_applied_and_looked_after() {
    ["", "ops/who may"].into_iter().for_each(looked_after);
}

fn looked_after(below: &'static str) {
    let repository = Repository::new().moved(below);
    // Names that a step may write to, were it to write into the checkout.
    let names = ["report", "plan.md", "files.md", "plan.json", "snapshot", "comment.md", "summary.md"];
    let elsewhere = repository.links(&names);
    with_snapshot(&repository);
    repository.proposes("access/desk.yaml", &desk(&NEWCOMER));
    let ended = repository.runs("pull-request", &OWN, "1");
    ended
        .job(
            "files",
            "success",
            &[("Touched", 0), ("Validate", 0), ("Snapshot", 0), ("Plan from the snapshot", 0), ("Format", 0)],
        )
        .job("live", "success", &[("Plan", 0)])
        .job("comment", "success", &[("Comment", 0)])
        .job("access", "success", &[("Verdict", 0)]);
    assert!(
        ended.summary.contains("cy@voyager.example") && ended.summary.contains("Plan id"),
        "{}",
        ended.summary
    );
    let comment = repository.kept("comment.md");
    assert!(comment.contains("cy@voyager.example") && !comment.contains("weaker"), "{comment}");
    assert_eq!(repository.world.writes(), [""; 0]);
    for report in [
        "access-report-plan/plan.xml",
        "access-report-plan/plan.sarif",
        "access-report-plan/plan.csv",
        "access-report-files/files.xml",
    ] {
        assert!(!repository.kept(&format!("artifacts/1/{report}")).is_empty(), "{report}");
    }
    fs::write(repository.forge("pull"), "7\n").unwrap();
    let push = push(&repository);
    let ended = repository.runs("merge", &push, "2");
    ended
        .job("plan", "success", &[("Plan", 0)])
        .job("apply", "success", &[("Still what the branch asks for", 0), ("Apply", 0)])
        .job("told", "success", &[("Comment", 0)]);
    // What people approve they have seen, and by which id.
    let plan: serde_json::Value =
        serde_json::from_str(&repository.kept("artifacts/2/access-plan/plan.json")).unwrap();
    let id = plan["id"].as_str().expect("an id");
    assert!(ended.summary.contains(&id[..32]), "{id}\n{}", ended.summary);
    assert!(repository.kept("comment.arguments").ends_with("/applied.md\n"));
    assert_eq!(repository.world.members("Desk"), NEWCOMER);
    assert!(repository.forge("artifacts/2/access-journal-1").is_dir());
    // Again, as somebody does who is not sure: nothing is left to do, and that is no failure.
    repository.world.forget();
    repository
        .reruns("merge", &push, "2-again", &["plan", "apply", "told"], ended)
        .job("plan", "success", &[("Plan", 0)])
        .job("apply", "skipped", &[]);
    assert_eq!(repository.world.writes(), [""; 0]);
    repository
        .runs("nightly", &Event::Schedule, "3")
        .job("drift", "success", &[("Compare", 0)])
        .job("ended", "success", &[("Plan", 0)])
        .job("expired", "skipped", &[]);
    assert_eq!(fs::read_to_string(elsewhere).unwrap(), "as it was");
}

#[test]
fn what_is_wrong_with_the_files_is_posted_and_no_token_is_asked_for() {
    for (text, told) in [
        ("version: 1\ngroup: []\n", "unknown-key"),
        ("version: 1\ngroups: [\n", "syntax"),
        ("version: 1\n", "nothing-declared"),
    ] {
        let repository = Repository::new();
        with_snapshot(&repository);
        repository.proposes("access/desk.yaml", text);
        let ended = repository.runs("pull-request", &OWN, "1");
        ended
            .job("files", "failure", &[("Touched", 0), ("Validate", 4)])
            .job("live", "skipped", &[])
            .job("comment", "success", &[("Comment", 0)])
            // A check that is skipped counts as passed, so that is not the one to require.
            .job("access", "failure", &[("Verdict", 1)]);
        assert!(repository.kept("comment.md").contains(told), "{}", repository.kept("comment.md"));
        assert!(repository.world.log().is_empty(), "something was asked of the API");
    }
}

#[test]
fn a_change_that_an_apply_would_stop_or_leave_undone_is_red() {
    for (rules, text, code, told) in [
        (
            "guards: { protected: { people: [bo@voyager.example] } }\n",
            desk(&["ana@voyager.example"]),
            6,
            "protected",
        ),
        ("guards: { removals: { atMost: 0 } }\n", desk(&["ana@voyager.example"]), 6, "removals"),
        ("", desk(&[DESK[0], DESK[1], "nobody@voyager.example"]), 3, "nobody@voyager.example"),
    ] {
        let repository = Repository::ruled(rules);
        with_snapshot(&repository);
        repository.proposes("access/desk.yaml", &text);
        let ended = repository.runs("pull-request", &OWN, "1");
        ended.job("live", "failure", &[("Plan", code)]).job("access", "failure", &[("Verdict", 1)]);
        assert_eq!(ended.jobs["files"].result, "success", "the live plan decides");
        assert!(repository.kept("comment.md").contains(told), "{}", repository.kept("comment.md"));
        assert_eq!(repository.world.writes(), [""; 0]);
    }
}

#[test]
fn a_change_of_the_rules_is_red_by_those_of_its_base_and_applied_once_it_is_approved() {
    let weaker = |repository: &Repository| {
        fs::read_to_string(repository.world.path().join("rolecall.yaml"))
            .unwrap()
            .replace("atMost: 5", "atMost: 500")
    };
    let unmanaged = desk(&[]).replace("members:", "members: unmanaged");
    let night = desk(&["cy@voyager.example"]).replace("Desk", "Night").replace("The desk", "The night");
    for (path, text, told) in [
        ("rolecall.yaml", None, "removals.atMost"),
        ("access/desk.yaml", Some(unmanaged), "Desk"),
        ("access/desk.yaml", Some(night), "Desk"),
    ] {
        let repository = Repository::new();
        let text = text.unwrap_or_else(|| weaker(&repository));
        repository.proposes(path, &text);
        let ended = repository.runs("pull-request", &OWN, "1");
        ended.job("live", "failure", &[("Plan", 6)]);
        let comment = repository.kept("comment.md");
        assert!(comment.contains(told) && comment.contains("weakened-rules"), "{comment}");
        // Merged all the same, the plan says so to those who approve it.
        let push = push(&repository);
        let ended = repository.runs("merge", &push, "2");
        assert!(ended.summary.contains("weakened-rules"), "{}", ended.summary);
    }
}

#[test]
fn layout_is_checked_and_the_plan_is_there_all_the_same() {
    let repository = Repository::new();
    repository.proposes("access/desk.yaml", &desk(&NEWCOMER).replace("    description", "    description  "));
    repository
        .runs("pull-request", &OWN, "1")
        .job("files", "failure", &[("Touched", 0), ("Validate", 0), ("Snapshot", 0), ("Format", 2)])
        .job("live", "success", &[("Plan", 0)])
        .job("access", "failure", &[("Verdict", 1)]);
    assert!(repository.kept("comment.md").contains("cy@voyager.example"));
}

#[test]
fn a_change_of_other_files_asks_for_no_credentials_and_is_green() {
    let repository = Repository::new().moved("ops/access");
    with_snapshot(&repository);
    repository.proposes("../../README.md", "Something else.\n");
    repository
        .runs("pull-request", &OWN, "1")
        .job("live", "skipped", &[])
        .job("comment", "skipped", &[])
        .job("access", "success", &[("Verdict", 0)]);
    assert!(repository.world.log().is_empty(), "something was asked of the API");
}

#[test]
fn a_fork_is_planned_from_the_snapshot_without_a_secret_and_told_by_another_run() {
    let repository = Repository::new();
    with_snapshot(&repository);
    repository.proposes("access/desk.yaml", &desk(&NEWCOMER));
    repository
        .runs("pull-request", &FORK, "files")
        .job(
            "files",
            "success",
            &[("Touched", 0), ("Validate", 0), ("Snapshot", 0), ("Plan from the snapshot", 0), ("Format", 0)],
        )
        .job("live", "skipped", &[])
        .job("comment", "skipped", &[])
        .job("access", "success", &[("Verdict", 0)]);
    assert!(repository.world.log().is_empty(), "something was asked of the API");
    // A fork can give its own workflow any name and its branch any: what counts is what started the run.
    let asked = repository.kept("gh.log");
    for word in [
        "--workflow access snapshot",
        "--branch main",
        r#"select(.event == "schedule" or .event == "workflow_dispatch")"#,
    ] {
        assert!(asked.contains(word), "{asked}");
    }
    let told = || {
        let head = repository.commit_of("change");
        repository.runs("comment", &Event::WorkflowRun { head }, "told")
    };
    // The pull request has gone on since: the newer run tells of it.
    told().job("comment", "success", &[("Find the pull request", 0)]);
    assert_eq!(repository.kept("comment.md"), "");
    fs::write(repository.forge("pull"), "8\n").unwrap();
    told().job("comment", "success", &[("Find the pull request", 0), ("Comment", 0)]);
    let asked = repository.kept("gh.log");
    assert!(asked.contains("head=stranger:change") && asked.contains("env.HEAD_SHA"), "{asked}");
    assert!(repository.kept("comment.arguments").contains("--pull-request 8"));
    let comment = repository.kept("comment.md");
    assert!(comment.contains("\n> From a fork") && comment.contains("cy@"), "{comment}");
    // What is in the report decides nothing, and what is no report is not posted.
    for poison in ["number: 666\n## Approved\n", "", "<!-- another:marker -->\n### rolecall: approved\n"] {
        fs::write(repository.forge("artifacts/files/access-report-files/files.md"), poison).unwrap();
        told().job("comment", "failure", &[("Find the pull request", 0), ("Comment", 4)]);
        assert!(!repository.kept("comment.arguments").contains("666"));
        assert_eq!(repository.kept("comment.md"), comment);
    }
    fs::write(repository.forge("pull"), "$(touch pwned)\n").unwrap();
    told().job("comment", "success", &[("Find the pull request", 0)]);
}

#[test]
fn a_fork_without_a_snapshot_or_that_a_guard_stops_is_red() {
    let repository = Repository::ruled("guards: { protected: { people: [bo@voyager.example] } }\n");
    repository.proposes("access/desk.yaml", &desk(&["ana@voyager.example"]));
    let ended = repository.runs("pull-request", &FORK, "1");
    ended.job("files", "failure", &[("Touched", 0), ("Validate", 0), ("Snapshot", 1)]).job(
        "access",
        "failure",
        &[("Verdict", 1)],
    );
    assert!(ended.log.contains("No snapshot was found to plan from"), "{}", ended.log);
    with_snapshot(&repository);
    let ended = repository.runs("pull-request", &FORK, "2");
    let steps = [("Touched", 0), ("Validate", 0), ("Snapshot", 0), ("Plan from the snapshot", 6)];
    ended.job("files", "failure", &steps).job("access", "failure", &[("Verdict", 1)]);
}

/// The approval of the environment is that of the exception that `privileged` asks for.
#[test]
fn a_privileged_grant_is_made_once_people_have_approved_its_plan() {
    let repository = Repository::ruled("guards: { privileged: [Company Management Admin] }\n");
    let admins = "version: 1\ngroups:\n  - name: Company Admins\n    roles: unmanaged\n    members: [ana@voyager.example, root@voyager.example]\n";
    repository.proposes("access/admins.yaml", admins);
    let push = push(&repository);
    let ended = repository.runs("merge", &push, "1");
    ended.job("apply", "success", &[("Still what the branch asks for", 0), ("Apply", 0)]);
    assert!(ended.summary.contains("privileged"), "{}", ended.summary);
    assert_eq!(repository.world.members("Company Admins"), ["ana@voyager.example", "root@voyager.example"]);
}

#[test]
fn what_no_approval_lifts_stops_the_apply() {
    let repository = Repository::ruled("guards: { protected: { people: [bo@voyager.example] } }\n");
    repository.proposes("access/desk.yaml", &desk(&["ana@voyager.example"]));
    fs::write(repository.forge("pull"), "7\n").unwrap();
    let push = push(&repository);
    let ended = repository.runs("merge", &push, "1");
    ended
        .job("apply", "failure", &[("Still what the branch asks for", 0), ("Apply", 6)])
        // The comment says that it was not done.
        .job("told", "success", &[("Comment", 0)]);
    assert_eq!(repository.world.writes(), [""; 0]);
    assert!(repository.kept("comment.md").contains("protected"), "{}", repository.kept("comment.md"));
}

/// Between the plan and the approval days may pass.
#[test]
fn a_plan_that_was_overtaken_is_not_applied() {
    let repository = Repository::new();
    repository.proposes("access/desk.yaml", &desk(&NEWCOMER));
    let event = push(&repository);
    let ended = repository.runs("merge", &event, "1");
    assert_eq!(ended.jobs["apply"].result, "success");
    // The same plan, approved late: first somebody changed the group by hand, ...
    let bo = repository.world.user("bo@voyager.example");
    let cy = repository.world.user("cy@voyager.example");
    repository.world.patch_members("Desk", &json!({ "userIdsToAdd": [], "userIdsToDelete": [bo, cy] }));
    repository.world.forget();
    let ended = repository.reruns("merge", &event, "1", &["apply", "told"], ended);
    ended.job("apply", "failure", &[("Still what the branch asks for", 0), ("Apply", 7)]);
    assert_eq!(repository.world.writes(), [""; 0]);
    // ... and then the branch asks for something else.
    repository.proposes("access/desk.yaml", &desk(&["ana@voyager.example"]));
    push(&repository);
    let ended = repository.reruns("merge", &event, "1", &["apply", "told"], ended);
    ended.job("apply", "failure", &[("Still what the branch asks for", 7)]);
    assert_eq!(repository.world.writes(), [""; 0]);
    assert!(ended.log.contains("Approve the run of the newest commit"), "{}", ended.log);
}

#[test]
fn drift_is_red_and_what_has_ended_is_taken_away_and_nothing_else() {
    let repository = Repository::new();
    let ends = ["ana@voyager.example", "{ email: bo@voyager.example, until: 2026-01-31 }"];
    repository.world.write("access/desk.yaml", &desk(&ends));
    commit(&repository.world.path());
    // And by hand, which is left: the night tells of it.
    let cy = repository.world.user("cy@voyager.example");
    repository.world.patch_members("Desk", &json!({ "userIdsToAdd": [cy], "userIdsToDelete": [] }));
    let night = |run: &str| repository.runs("nightly", &Event::Schedule, run);
    let ended = night("1");
    ended.job("drift", "failure", &[("Compare", 2)]).job("ended", "success", &[("Plan", 0)]).job(
        "expired",
        "success",
        &[("Take away what has ended", 0)],
    );
    for name in ["bo@voyager.example", "cy@voyager.example"] {
        assert!(ended.summary.contains(name) && ended.log.contains("::error"), "{}", ended.summary);
    }
    assert_eq!(repository.world.members("Desk"), ["ana@voyager.example", "cy@voyager.example"]);
    for report in ["drift.md", "drift.xml", "drift.sarif", "rolecall.prom"] {
        let kept = repository.kept(&format!("artifacts/1/access-report-drift/{report}"));
        assert!(!kept.is_empty(), "{report}");
    }
    repository.world.forget();
    night("2").job("drift", "failure", &[("Compare", 2)]).job("expired", "skipped", &[]);
    assert_eq!(repository.world.writes(), [""; 0]);
    repository.world.patch_members("Desk", &json!({ "userIdsToAdd": [], "userIdsToDelete": [cy] }));
    night("3").job("drift", "success", &[("Compare", 0)]).job("expired", "skipped", &[]);
}

/// A name can hold what a runner takes for a command, and the id of another plan with it.
#[test]
fn no_name_is_taken_for_a_command_or_an_output() {
    let repository = Repository::new();
    repository.is_hostile();
    let before = repository.commit_of("main~1");
    let ended = repository.runs("merge", &Event::Push { before }, "1");
    let plan: serde_json::Value =
        serde_json::from_str(&repository.kept("artifacts/1/access-plan/plan.json")).unwrap();
    assert!(plan["id"].as_str().unwrap().starts_with(ended.output("plan", "id")));
    assert!(
        ended.summary.contains("set-output") || ended.log.contains("set-output"),
        "they are not shown at all"
    );
    repository.runs("nightly", &Event::Schedule, "2");
    git(&repository.world.path(), &["branch", "change"]);
    repository.runs("pull-request", &OWN, "3");
    assert!(!repository.forge("checkout/pwned").exists());
}
