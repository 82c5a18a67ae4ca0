//! What the variables of a CI system say: the forge, the repository, the pull request, the commit, this run.
//!
//! One row for each system. Only what is there is believed, and of odd form nothing: flags take its place.

use std::path::Path;

use rolecall::{
    files::disk::{self, Named},
    report::render::{forge::Forge, marker::is_hex},
};
use serde_json::Value;

/// Most bytes of what GitHub tells of an event.
const EVENT: u64 = 64 << 20;

/// What is known of the run by its environment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ci {
    pub(super) forge: Option<Forge>,
    /// The base of the forge's API.
    pub(super) api: Option<String>,
    /// The repository, as the forge's API calls it.
    pub(super) repository: Option<String>,
    pub(super) pull_request: Option<u64>,
    /// The commit of the files: of a pull request its own, not that of a merge that was tried.
    pub(super) commit: Option<String>,
    /// The address of the run.
    pub(super) run: Option<String>,
}

/// How a system's variables are read: whether it is this one, the forge, and the rest.
type Row = (fn(Variables<'_>) -> bool, fn(Variables<'_>) -> Forge, fn(Variables<'_>) -> Ci);

/// Returns the value of a variable that is set and not empty.
type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Heirs of GitHub's runner set its variables too, and so come first.
const ROWS: [Row; 5] = [
    (|it| it("GITEA_ACTIONS").or_else(|| it("FORGEJO_ACTIONS")).is_some(), |_| Forge::Gitea, actions),
    (|it| it("GITHUB_ACTIONS").is_some(), |_| Forge::Github, actions),
    (|it| it("GITLAB_CI").is_some(), |_| Forge::Gitlab, gitlab),
    (|it| it("TF_BUILD").is_some(), |it| if is_on_github(it) { Forge::Github } else { Forge::Azure }, azure),
    (|it| it("BITBUCKET_BUILD_NUMBER").is_some(), |_| Forge::Bitbucket, bitbucket),
];

impl Ci {
    /// What the environment says.
    pub(super) fn here() -> Self {
        Self::of(&variable)
    }

    /// The forge alone, which needs no file to be read.
    pub(super) fn forge() -> Option<Forge> {
        ROWS.iter().find(|it| it.0(&variable)).map(|it| it.1(&variable))
    }

    fn of(variables: Variables<'_>) -> Self {
        let row = ROWS.iter().find(|it| it.0(variables));
        let mut found = row.map_or_else(Self::default, |it| it.2(variables));
        found.forge = row.map(|it| it.1(variables));
        found.commit = found.commit.filter(|it| is_hex(it));
        found.run = found.run.filter(|it| is_address(it));
        found
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|it| !it.is_empty())
}

/// Whether a text may stand as the address of a link.
fn is_address(text: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~:/?=&%#".contains(&it);
    text.starts_with("https://") && text.len() <= 500 && text.bytes().all(plain)
}

fn actions(it: Variables<'_>) -> Ci {
    let event = it("GITHUB_EVENT_PATH").and_then(|it| event(Path::new(&it))).unwrap_or_default();
    let of_ref = it("GITHUB_REF").and_then(|it| {
        let (number, kind) = it.strip_prefix("refs/pull/")?.split_once('/')?;
        matches!(kind, "merge" | "head").then(|| number.parse().ok()).flatten()
    });
    let number = |pointer: &str| event.pointer(pointer).and_then(Value::as_u64);
    let pull = || {
        number("/pull_request/number")
            .or_else(|| event.pointer("/issue/pull_request").and_then(|_| number("/issue/number")))
            .or_else(|| number("/workflow_run/pull_requests/0/number"))
    };
    let head = ["/pull_request/head/sha", "/workflow_run/head_sha"]
        .into_iter()
        .find_map(|it| event.pointer(it)?.as_str().map(str::to_owned));
    let run = || {
        Some(format!(
            "{}/{}/actions/runs/{}",
            it("GITHUB_SERVER_URL")?,
            it("GITHUB_REPOSITORY")?,
            it("GITHUB_RUN_ID")?
        ))
    };
    Ci {
        forge: None,
        api: it("GITHUB_API_URL"),
        repository: it("GITHUB_REPOSITORY"),
        pull_request: of_ref.or_else(pull),
        commit: head.or_else(|| it("GITHUB_SHA")),
        run: run(),
    }
}

/// What started the run, as GitHub tells it.
fn event(path: &Path) -> Option<Value> {
    serde_json::from_slice(&disk::read(path, Named::ByCaller, EVENT).ok()?).ok()
}

fn gitlab(it: Variables<'_>) -> Ci {
    Ci {
        forge: None,
        api: it("CI_API_V4_URL"),
        // Of a fork, the merge request is in the project that it goes to.
        repository: it("CI_MERGE_REQUEST_PROJECT_ID").or_else(|| it("CI_PROJECT_ID")),
        pull_request: it("CI_MERGE_REQUEST_IID").and_then(|it| it.parse().ok()),
        commit: it("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA").or_else(|| it("CI_COMMIT_SHA")),
        run: it("CI_JOB_URL"),
    }
}

/// Azure Pipelines also run for repositories on GitHub.
fn is_on_github(it: Variables<'_>) -> bool {
    it("BUILD_REPOSITORY_PROVIDER").is_some_and(|it| it.starts_with("GitHub"))
}

fn azure(it: Variables<'_>) -> Ci {
    let collection = || it("SYSTEM_COLLECTIONURI");
    let project = || it("SYSTEM_TEAMPROJECTID").or_else(|| it("SYSTEM_TEAMPROJECT"));
    let run =
        || Some(format!("{}{}/_build/results?buildId={}", collection()?, project()?, it("BUILD_BUILDID")?));
    let (api, repository, number) = match is_on_github(it) {
        true => (None, it("BUILD_REPOSITORY_NAME"), "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER"),
        false => {
            let repository = project().zip(it("BUILD_REPOSITORY_ID")).map(|it| format!("{}/{}", it.0, it.1));
            (collection(), repository, "SYSTEM_PULLREQUEST_PULLREQUESTID")
        }
    };
    Ci {
        forge: None,
        api,
        repository,
        pull_request: it(number).and_then(|it| it.parse().ok()),
        commit: it("SYSTEM_PULLREQUEST_SOURCECOMMITID").or_else(|| it("BUILD_SOURCEVERSION")),
        run: run(),
    }
}

fn bitbucket(it: Variables<'_>) -> Ci {
    let run = || {
        let (repository, number) = it("BITBUCKET_REPO_FULL_NAME").zip(it("BITBUCKET_BUILD_NUMBER"))?;
        Some(format!("https://bitbucket.org/{repository}/pipelines/results/{number}"))
    };
    Ci {
        forge: None,
        api: None,
        repository: it("BITBUCKET_REPO_FULL_NAME"),
        pull_request: it("BITBUCKET_PR_ID").and_then(|it| it.parse().ok()),
        commit: it("BITBUCKET_COMMIT"),
        run: run(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "4b5cb01aa0000000000000000000000000000001";
    const OWN: &str = "5c6dc12bb0000000000000000000000000000002";

    fn found(variables: &[(&str, &str)]) -> Ci {
        let value = |name: &str| variables.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
        Ci::of(&value)
    }

    /// What of it is shown: forge, repository, pull request, first letter of the commit, and whether the run has an address.
    fn shown(ci: &Ci) -> (Option<Forge>, Option<&str>, Option<u64>, Option<&str>, bool) {
        (ci.forge, ci.repository.as_deref(), ci.pull_request, ci.commit.as_deref(), ci.run.is_some())
    }

    #[test]
    fn every_ci_system_says_where_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let event = |name: &str, text: &str| {
            let path = folder.path().join(name);
            disk::replace(&path, text.as_bytes(), disk::Readers::Owner).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let target =
            event("target", &format!(r#"{{"pull_request":{{"number":7,"head":{{"sha":"{OWN}"}}}}}}"#));
        let issue = event("issue", r#"{"issue":{"number":8}}"#);
        let comment = event("comment", r#"{"issue":{"number":9,"pull_request":{}}}"#);
        let broken = event("broken", "{");
        let github = |more: &[(&'static str, &str)]| {
            let mut all = vec![
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_REPOSITORY", "acme/access"),
                ("GITHUB_SHA", SHA),
                ("GITHUB_SERVER_URL", "https://github.com"),
                ("GITHUB_RUN_ID", "55"),
            ];
            all.extend_from_slice(more);
            found(&all)
        };
        let (gh, acme) = (Some(Forge::Github), Some("acme/access"));
        for (ci, expected) in [
            (github(&[("GITHUB_REF", "refs/pull/12/merge")]), (gh, acme, Some(12), Some(SHA), true)),
            (github(&[("GITHUB_REF", "refs/heads/main")]), (gh, acme, None, Some(SHA), true)),
            (github(&[("GITHUB_REF", "refs/pull/x/merge")]), (gh, acme, None, Some(SHA), true)),
            (github(&[("GITHUB_EVENT_PATH", &target)]), (gh, acme, Some(7), Some(OWN), true)),
            (github(&[("GITHUB_EVENT_PATH", &issue)]), (gh, acme, None, Some(SHA), true)),
            (github(&[("GITHUB_EVENT_PATH", &comment)]), (gh, acme, Some(9), Some(SHA), true)),
            (github(&[("GITHUB_EVENT_PATH", &broken)]), (gh, acme, None, Some(SHA), true)),
            (
                github(&[("GITEA_ACTIONS", "true"), ("GITHUB_REF", "refs/pull/3/head")]),
                (Some(Forge::Gitea), acme, Some(3), Some(SHA), true),
            ),
            (
                found(&[
                    ("GITLAB_CI", "true"),
                    ("CI_PROJECT_ID", "1"),
                    ("CI_MERGE_REQUEST_PROJECT_ID", "2"),
                    ("CI_MERGE_REQUEST_IID", "4"),
                    ("CI_COMMIT_SHA", SHA),
                    ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", OWN),
                    ("CI_JOB_URL", "https://gitlab.example/j) [x](https://y"),
                ]),
                (Some(Forge::Gitlab), Some("2"), Some(4), Some(OWN), false),
            ),
            (
                found(&[("GITLAB_CI", "true"), ("CI_PROJECT_ID", "1"), ("CI_COMMIT_SHA", "not a commit")]),
                (Some(Forge::Gitlab), Some("1"), None, None, false),
            ),
            (
                found(&[
                    ("TF_BUILD", "True"),
                    ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/acme/"),
                    ("SYSTEM_TEAMPROJECTID", "p1"),
                    ("BUILD_REPOSITORY_ID", "r1"),
                    ("BUILD_BUILDID", "66"),
                    ("SYSTEM_PULLREQUEST_PULLREQUESTID", "5"),
                    ("BUILD_SOURCEVERSION", SHA),
                    ("SYSTEM_PULLREQUEST_SOURCECOMMITID", OWN),
                ]),
                (Some(Forge::Azure), Some("p1/r1"), Some(5), Some(OWN), true),
            ),
            (
                found(&[
                    ("TF_BUILD", "True"),
                    ("BUILD_REPOSITORY_PROVIDER", "GitHub"),
                    ("BUILD_REPOSITORY_NAME", "acme/access"),
                    ("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "6"),
                    ("SYSTEM_PULLREQUEST_PULLREQUESTID", "999"),
                ]),
                (gh, acme, Some(6), None, false),
            ),
            (
                found(&[
                    ("BITBUCKET_BUILD_NUMBER", "9"),
                    ("BITBUCKET_REPO_FULL_NAME", "acme/access"),
                    ("BITBUCKET_PR_ID", "10"),
                    ("BITBUCKET_COMMIT", "4b5cb01aa000"),
                ]),
                (Some(Forge::Bitbucket), acme, Some(10), Some("4b5cb01aa000"), true),
            ),
            (found(&[("CI", "true")]), (None, None, None, None, false)),
        ] {
            assert_eq!(shown(&ci), expected);
        }
    }
}
