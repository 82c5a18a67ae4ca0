//! The repository that a folder lies in, and by its remotes the forge it is kept on. Asks `git`, and only reads.

use std::path::{Path, PathBuf};

use super::git::{self, MOST};

/// A repository with a work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The top of its work tree.
    pub top: PathBuf,
    /// The hosts of its remotes, that of `origin` first.
    pub hosts: Vec<String>,
}

/// What runs the jobs of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Forge {
    GitHub,
    GitLab,
    Azure,
}

impl Repository {
    /// The repository around a folder; none where there is none, or no git to ask.
    pub fn around(folder: &Path) -> Option<Self> {
        let asked = |words: &[&str]| {
            let answer = git::run(folder, words.iter().copied(), String::new(), MOST).ok()?;
            answer.is_ok.then(|| String::from_utf8_lossy(&answer.out).into_owned())
        };
        let top = asked(&["rev-parse", "--show-toplevel"])?;
        let top = top.strip_suffix('\n').filter(|it| !it.is_empty())?.into();
        let remotes = asked(&["config", "--null", "--get-regexp", r"^remote\..*\.url$"]).unwrap_or_default();
        let mut remotes: Vec<(&str, &str)> =
            remotes.split('\0').filter_map(|it| it.split_once('\n')).collect();
        remotes.sort_by_key(|it| it.0 != "remote.origin.url");
        let hosts = remotes.into_iter().filter_map(|it| host(it.1)).collect();
        Some(Self { top, hosts })
    }

    /// The forge of the first remote that is on one.
    pub fn forge(&self) -> Option<Forge> {
        self.hosts.iter().find_map(|it| Forge::at(it))
    }
}

impl Forge {
    /// The forge at a host, which names it in one of its labels: also one of a company's own.
    fn at(host: &str) -> Option<Self> {
        let named = |name: &str| host.split('.').any(|it| it == name || it.starts_with(&format!("{name}-")));
        // Of Azure there is none of a company's own under this name.
        let azure =
            host.ends_with(".visualstudio.com") || ["dev.azure.com", "ssh.dev.azure.com"].contains(&host);
        match (named("github"), named("gitlab")) {
            _ if azure => Some(Self::Azure),
            (true, false) => Some(Self::GitHub),
            (false, true) => Some(Self::GitLab),
            _ => None,
        }
    }
}

/// The host of the address of a remote: of a URL, or of `user@host:path`; none of a path.
fn host(address: &str) -> Option<String> {
    let rest = match address.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.split(['/', '?', '#']).next()?,
        None => {
            address.split_once(':').map(|it| it.0).filter(|it| !it.contains(['/', '\\']) && it.len() > 1)?
        }
    };
    let host = rest.rsplit_once('@').map_or(rest, |it| it.1);
    let host = host.split_once(':').map_or(host, |it| it.0).to_lowercase();
    let plain = |it: char| it.is_ascii_alphanumeric() || ".-_".contains(it);
    (!host.is_empty() && host.chars().all(plain)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_say_where_a_repository_is_kept() {
        use Forge::{Azure, GitHub, GitLab};
        for (address, expected, forge) in [
            ("git@github.com:o/r.git", Some("github.com"), Some(GitHub)),
            ("https://user:secret@GitHub.com/o/r", Some("github.com"), Some(GitHub)),
            ("https://github.corp.example:8443/o/r", Some("github.corp.example"), Some(GitHub)),
            ("ssh://git@gitlab.example:2222/o/r", Some("gitlab.example"), Some(GitLab)),
            ("git@gitlab-ee.corp.example:o/r", Some("gitlab-ee.corp.example"), Some(GitLab)),
            ("gitlab.com:o/r", Some("gitlab.com"), Some(GitLab)),
            ("https://voyager@dev.azure.com/voyager/access/_git/access", Some("dev.azure.com"), Some(Azure)),
            ("git@ssh.dev.azure.com:v3/voyager/access/access", Some("ssh.dev.azure.com"), Some(Azure)),
            ("https://github.visualstudio.com/access/_git/r", Some("github.visualstudio.com"), Some(Azure)),
            ("https://azure.example/voyager/r", Some("azure.example"), None),
            ("https://notdev.azure.com/voyager/r", Some("notdev.azure.com"), None),
            ("https://codeberg.org/github.com/r", Some("codeberg.org"), None),
            ("https://notgithub.com/o/r", Some("notgithub.com"), None),
            ("https://github.gitlab.example/o/r", Some("github.gitlab.example"), None),
            ("file:///srv/github.com/r", None, None),
            ("/srv/github.com/r", None, None),
            ("../github.com:r", None, None),
            ("C:\\github.com", None, None),
            ("https://\u{1b}[31mgithub.com/x", None, None),
            ("", None, None),
        ] {
            let found = host(address);
            assert_eq!(found.as_deref(), expected, "{address}");
            assert_eq!(found.and_then(|it| Forge::at(&it)), forge, "{address}");
        }
    }
}
