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

const GITHUB: [(&str, &str); 3] = [
    ("access-plan.yml", include_str!("../../../examples/github-actions/pull-request.yml")),
    ("access-apply.yml", include_str!("../../../examples/github-actions/merge.yml")),
    ("access-drift.yml", include_str!("../../../examples/github-actions/nightly.yml")),
];

const GITLAB: (&str, &str) = (".gitlab-ci.yml", include_str!("../../../examples/gitlab-ci/.gitlab-ci.yml"));

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
    match forge {
        Some(Forge::GitHub) => {
            let folder = place.top.join(".github").join("workflows");
            GITHUB
                .map(|(name, text)| (folder.join(name), moved(text, &place.below, "\npermissions:\n", "env")))
                .into()
        }
        Some(Forge::GitLab) => {
            let text = moved(GITLAB.1, &place.below, "\n.rolecall:\n", "variables");
            vec![(place.top.join(GITLAB.0), text)]
        }
        None => Vec::new(),
    }
}

/// Lets jobs be about a folder below the top: what they wait for, what they keep, and where rolecall runs.
fn moved(text: &str, below: &str, before: &str, variables: &str) -> String {
    if below.is_empty() {
        return text.to_owned();
    }
    let quoted = |path: &str| serde_json::Value::from(path).to_string();
    let mut out = text.to_owned();
    for path in ["access/**", "access/**/*", "rolecall.yaml", ".rolecall/journal/"] {
        out = out.replace(&quoted(path), &quoted(&format!("{below}/{path}")));
    }
    out = out.replace(
        "path: .rolecall/journal/",
        &format!("path: {}", quoted(&format!("{below}/.rolecall/journal/"))),
    );
    let said = format!("\n{variables}:\n  ROLECALL_WORKSPACE: {}\n{before}", quoted(below));
    out.replacen(before, &said, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_below_the_top_say_so_everywhere() {
        for forge in [Forge::GitHub, Forge::GitLab] {
            let at =
                |below: &str| jobs(Some(forge), &Place { top: PathBuf::from("/r"), below: below.to_owned() });
            for ((path, top), (_, moved)) in at("").into_iter().zip(at("ops/who \"may\"")) {
                let said = r#"ROLECALL_WORKSPACE: "ops/who \"may\"""#;
                assert!(!top.contains("ROLECALL_WORKSPACE") && moved.matches(said).count() == 1, "{moved}");
                for name in ["access/**", "rolecall.yaml\"", ".rolecall/journal/\n", ".rolecall/journal/\""] {
                    let all = moved.matches(name).count();
                    let below = moved.matches(&format!(r#""ops/who \"may\"/{name}"#)).count();
                    // The line of GitHub's artifact gets quotes.
                    assert!(all == below, "{}: {name}\n{moved}", path.display());
                }
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
