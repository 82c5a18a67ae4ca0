//! The forges that show a plan on a pull request: how long a comment may be there, and what their Markdown can do.

use crate::model::escape;

/// Where pull requests are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Forge {
    Github,
    Gitlab,
    Azure,
    Bitbucket,
    Gitea,
}

/// What a forge does with Markdown.
struct Row {
    /// The word by which it is asked for.
    name: &'static str,
    /// What people call it.
    title: &'static str,
    /// Most bytes of a comment. A byte is never less than a character, however the forge counts those.
    budget: usize,
    /// Whether HTML is read: comments are hidden, `<details>` fold, `<br>` breaks a line. Elsewhere it is shown as text.
    html: bool,
    /// Whether a quote that begins with `[!CAUTION]` becomes a box.
    alerts: bool,
}

impl Forge {
    /// In the order in which people read of them.
    pub const ALL: [Self; 5] = [Self::Github, Self::Gitlab, Self::Azure, Self::Bitbucket, Self::Gitea];

    fn row(self) -> Row {
        match self {
            // 65,536 characters.
            Self::Github => Row { name: "github", title: "GitHub", budget: 60_000, html: true, alerts: true },
            // 1,048,576 bytes, of which a page shows all only after a long while.
            Self::Gitlab => {
                Row { name: "gitlab", title: "GitLab", budget: 200_000, html: true, alerts: true }
            }
            // 150,000 characters, by what other tools send; no document says it.
            Self::Azure => {
                Row { name: "azure", title: "Azure DevOps", budget: 140_000, html: true, alerts: false }
            }
            // 32,768 characters.
            Self::Bitbucket => Row {
                name: "bitbucket",
                title: "Bitbucket Cloud",
                budget: 30_000,
                html: false,
                alerts: false,
            },
            // No limit is known, here and of Forgejo.
            Self::Gitea => Row { name: "gitea", title: "Gitea", budget: 60_000, html: true, alerts: true },
        }
    }

    /// The word by which it is asked for.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// Most bytes of a comment.
    pub fn budget(self) -> usize {
        self.row().budget
    }

    /// A line that nobody sees, with the line end that it needs below it. `text` is of our own making.
    pub fn hidden(self, text: &str) -> String {
        // Where HTML is text, the definition of a link that nothing refers to is not shown.
        if self.row().html { format!("<!-- {text} -->\n") } else { format!("[//]: # ({text})\n\n") }
    }

    /// A box that is seen first of all.
    pub(super) fn warning(self, text: &str) -> String {
        let head = if self.row().alerts { "> [!CAUTION]\n" } else { "" };
        format!("{head}> {text}\n")
    }

    /// What opens lines that belong together: folded where that can be.
    pub(super) fn fold(self, name: &str, counts: &str) -> String {
        match self.row().html {
            true => format!("<details><summary>{}: {counts}</summary>\n\n", escape::html(name)),
            false => format!("**{}: {counts}**\n\n", escape::markdown(name)),
        }
    }

    /// What closes them.
    pub(super) fn fold_end(self) -> &'static str {
        if self.row().html { "</details>\n\n" } else { "" }
    }

    /// What stands between lines of a paragraph.
    pub(super) fn line_break(self) -> &'static str {
        if self.row().html { "<br>\n" } else { "\n\n" }
    }
}

impl std::str::FromStr for Forge {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let word = if raw == "forgejo" { "gitea" } else { raw };
        Self::ALL.into_iter().find(|it| it.name() == word).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            format!("there are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_forge_has_its_row() {
        for forge in Forge::ALL {
            assert_eq!(forge.name().parse(), Ok(forge));
        }
        assert_eq!("forgejo".parse(), Ok(Forge::Gitea));
        assert!("GitHub".parse::<Forge>().is_err_and(|it| it.contains("gitlab, azure, bitbucket")));
    }

    /// What the forges say that they take, or refuse with.
    #[test]
    fn a_comment_is_shorter_than_a_forge_takes() {
        for (forge, limit) in [
            (Forge::Github, 65_536),
            (Forge::Gitlab, 1_048_576),
            (Forge::Azure, 150_000),
            (Forge::Bitbucket, 32_768),
            (Forge::Gitea, 65_536),
        ] {
            assert!(forge.budget() < limit && forge.budget() > limit / 10, "{forge:?}");
        }
    }
}
