//! The files that a workspace begins with. Values in, texts out; reads and writes nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rolecall::{
    files::{
        WORKSPACE_FILE,
        forge::{Forge, Repository},
    },
    model::ids::CompanyId,
};

/// The company that the rehearsal is about.
pub(super) const REHEARSED: &str = "voyager";
pub(super) const REHEARSED_ID: &str = "1a6f0000-0000-4000-8000-000000000001";

/// A line by which an editor finds a schema.
const MODELINE: &str = "# yaml-language-server: $schema=";

const REHEARSAL: [(&str, &str); 5] = [
    (WORKSPACE_FILE, include_str!("../../../examples/quickstart/rolecall.yaml")),
    ("sandbox.yaml", include_str!("../../../examples/quickstart/sandbox.yaml")),
    ("access/admins.yaml", include_str!("../../../examples/quickstart/access/admins.yaml")),
    ("access/agents.yaml", include_str!("../../../examples/quickstart/access/agents.yaml")),
    ("access/oncall.yaml", include_str!("../../../examples/quickstart/access/oncall.yaml")),
];

const GITHUB: [(&str, &str); 5] = [
    ("access-plan.yml", include_str!("../../../examples/github-actions/pull-request.yml")),
    ("access-comment.yml", include_str!("../../../examples/github-actions/comment.yml")),
    ("access-apply.yml", include_str!("../../../examples/github-actions/merge.yml")),
    ("access-drift.yml", include_str!("../../../examples/github-actions/nightly.yml")),
    ("access-snapshot.yml", include_str!("../../../examples/github-actions/snapshot.yml")),
];

const GITLAB: [(&str, &str); 1] =
    [(".gitlab-ci.yml", include_str!("../../../examples/gitlab-ci/.gitlab-ci.yml"))];

const AZURE: [(&str, &str); 2] = [
    ("azure-pipelines.yml", include_str!("../../../examples/azure-pipelines/azure-pipelines.yml")),
    (
        "azure-pipelines-rolecall.yml",
        include_str!("../../../examples/azure-pipelines/azure-pipelines-rolecall.yml"),
    ),
];

/// What a workspace is about.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum Begun {
    /// The company of the quickstart, on the embedded API, with a plan that has something to do.
    Rehearsal,
    /// A company of one's own.
    Own { endpoint: String, company: CompanyId },
}

/// Where a workspace lies in its repository.
pub(super) struct Place {
    top: PathBuf,
    /// The folder of the workspace from the top, with `/` between names; empty where it is the top.
    below: String,
}

impl Place {
    /// Finds it; `there` is the folder, or what is there of it.
    pub(super) fn new(root: &Path, there: &Path, repository: Option<&Repository>) -> Self {
        let alone = || Self { top: root.to_owned(), below: String::new() };
        let Some(repository) = repository else { return alone() };
        // What is not there yet has no links in it.
        let rest = root.strip_prefix(there).unwrap_or(root);
        let whole = fs::canonicalize(there).map(|it| it.join(rest)).ok();
        let top = fs::canonicalize(&repository.top).ok();
        let Some((whole, top)) = whole.zip(top) else { return alone() };
        match whole.strip_prefix(&top) {
            Ok(below) if below.as_os_str().is_empty() => alone(),
            Ok(below) => {
                let names: Vec<_> = below.components().map(|it| it.as_os_str().to_string_lossy()).collect();
                Self { top, below: names.join("/") }
            }
            Err(_) => alone(),
        }
    }
}

impl Begun {
    /// The files of the workspace itself.
    pub(super) fn files(&self, root: &Path) -> Vec<(PathBuf, String)> {
        let files = match self {
            Self::Rehearsal => REHEARSAL.map(|(path, text)| (path, rehearsed(path, text))).to_vec(),
            Self::Own { endpoint, company } => {
                vec![
                    (WORKSPACE_FILE, workspace(endpoint, *company)),
                    ("access/groups.yaml", groups(*company)),
                ]
            }
        };
        files.into_iter().map(|(path, text)| (root.join(path), text)).collect()
    }
}

/// A file of the quickstart, with the schemas where they are written.
fn rehearsed(path: &str, text: &str) -> String {
    let body = if text.starts_with(MODELINE) { text.split_once('\n').map_or("", |it| it.1) } else { text };
    match path {
        "sandbox.yaml" => body.to_owned(),
        WORKSPACE_FILE => format!("{MODELINE}./schemas/workspace.schema.json\n{body}"),
        _ => format!("{MODELINE}../schemas/access.schema.json\n{body}"),
    }
}

fn workspace(endpoint: &str, company: CompanyId) -> String {
    format!(
        "{MODELINE}./schemas/workspace.schema.json
version: 1

api:
  endpoint: {endpoint}

# Whose groups these are: an id, or a name from `ids`.
company: {company}

# Names for the ids of client companies and legal entities, which scopes then go by:
# ids:
#   company: {{ NAME: {company} }}
#   legalEntity: {{ NAME: ID }}

# Groups that no file names: ignore, report or forbid.
unmanaged: report
"
    )
}

fn groups(company: CompanyId) -> String {
    format!(
        "{MODELINE}../schemas/access.schema.json
version: 1

# The groups that shall exist. One that is not listed is left alone; one that is has exactly these roles and members.
# Put the first in place of the brackets:
#
#   - name: Night Desk
#     description: Agents who work at night
#     roles:
#       - {{ role: Agent, scope: {{ company: {company} }} }}
#     members:
#       - somebody@example.com
groups: []
"
    )
}

/// The jobs of a forge, for a workspace that may lie below the top of its repository.
pub(super) fn jobs(forge: Option<Forge>, place: &Place) -> Vec<(PathBuf, String)> {
    let workflows = || place.top.join(".github").join("workflows");
    // Where a variable is said for all jobs: before this line, as that.
    let (folder, files, before, said) = match forge {
        None => return Vec::new(),
        Some(Forge::GitHub) => {
            (workflows(), &GITHUB[..], "\npermissions: {}\n", "\nenv:\n  ROLECALL_WORKSPACE: PATH\n")
        }
        Some(Forge::GitLab) => {
            let said = "\nvariables:\n  ROLECALL_WORKSPACE: PATH\n";
            (place.top.clone(), &GITLAB[..], "\nstages:", said)
        }
        Some(Forge::Azure) => {
            let said = "\n  - { name: ROLECALL_WORKSPACE, value: PATH }";
            (place.top.clone(), &AZURE[..], "\n  - group: access\n", said)
        }
    };
    let moved = |text: &str| match place.below.as_str() {
        "" => text.to_owned(),
        below => {
            let said = said.replace("PATH", &serde_json::Value::from(below).to_string());
            text.replacen(before, &(said + before), 1)
        }
    };
    files.iter().map(|(name, text)| (folder.join(name), moved(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing else of them depends on where that is: each path of theirs is a whole one.
    #[test]
    fn jobs_below_the_top_say_so_once_each() {
        for forge in [Forge::GitHub, Forge::GitLab, Forge::Azure] {
            let at =
                |below: &str| jobs(Some(forge), &Place { top: PathBuf::from("/r"), below: below.to_owned() });
            for ((path, top), (_, moved)) in at("").into_iter().zip(at("ops/who \"may\"")) {
                let said = r#"ops/who \"may\""#;
                let runs = top.contains("rolecall plan") || top.contains("rolecall snapshot");
                assert!(moved.matches(said).count() <= 1, "{moved}");
                assert!(moved.contains(said) || !runs, "{}", path.display());
                assert_eq!(moved.lines().count() > top.lines().count(), moved.contains(said));
            }
        }
    }

    #[test]
    fn what_is_begun_with_names_its_schemas_where_they_are() {
        let company: CompanyId = REHEARSED_ID.parse().unwrap();
        let own = Begun::Own { endpoint: "https://apis.spotnana.com".to_owned(), company };
        for begun in [own, Begun::Rehearsal] {
            for (path, text) in begun.files(Path::new("")) {
                let depth = path.components().count() - 1;
                let first = text.lines().next().unwrap();
                let up = if depth == 0 { "./" } else { "../" };
                let named =
                    first.strip_prefix(MODELINE).is_some_and(|it| it.starts_with(&format!("{up}schemas/")));
                assert!(named || path.ends_with("sandbox.yaml"), "{}: {first}", path.display());
            }
        }
    }
}
