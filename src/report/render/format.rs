//! The forms that a result can have, and what a run came to in each of them: one row for each form, one file beside
//! this one for what it looks like. Every form says something in every outcome, so that a pipeline that passes a file
//! on always has one.

use std::str::FromStr;

use super::{
    csv,
    ending::{About, Ending},
    failure, findings,
    fit::Width,
    github, gitlab, html, junit, markdown, openmetrics, review, sarif, slack, text,
};
use crate::report::document;

/// Longest Markdown, in bytes: the forges cut comments near 65,000 characters.
pub const MARKDOWN_BUDGET: usize = 60_000;

macro_rules! formats {
    ($($name:ident $word:literal $purpose:literal, $render:expr;)*) => {
        /// The form of a result.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Format { $(#[doc = $purpose] $name,)* }

        impl Format {
            /// In the order in which people read of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word by which it is asked for.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it is for.
            pub fn purpose(self) -> &'static str {
                match self { $(Self::$name => $purpose,)* }
            }

            /// What the run came to, in this form, with a newline at the end unless nothing is said.
            pub fn render(self, ending: &Ending<'_>) -> String {
                let render: fn(&Ending<'_>) -> String = match self { $(Self::$name => $render,)* };
                render(ending)
            }
        }
    };
}

formats! {
    Text "text" "for people, in a terminal", in_text;
    Json "json" "for programs", in_json;
    Markdown "markdown" "for pull requests", in_markdown;
    Html "html" "a page for reviewers, with a picture and a matrix of who may do what", html::document;
    Csv "csv" "who gains and loses what, for a spreadsheet", csv::document;
    Sarif "sarif" "for code scanning (SARIF 2.1.0)", sarif::document;
    Junit "junit" "a test for each guard, for test reports of CI systems", junit::document;
    Github "github" "annotations of GitHub Actions", github::document;
    Gitlab "gitlab" "a code quality report of GitLab", gitlab::document;
    Slack "slack" "a message for a webhook of Slack", slack::document;
    Openmetrics "openmetrics" "measurements for node_exporter's textfile collector", openmetrics::document;
}

impl FromStr for Format {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let word = if raw == "md" { "markdown" } else { raw };
        Self::ALL.iter().copied().find(|it| it.name() == word).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|it| it.name()).collect();
            format!("there are {}", names.join(", "))
        })
    }
}

fn in_text(ending: &Ending<'_>) -> String {
    match &ending.about {
        About::Plan(view, trouble) => {
            let plan = super::plain(&text::plan(view, Width::Any));
            trouble.iter().fold(plan, |text, it| text + "\n" + &failure::text(it))
        }
        About::Review(view) => review::text(view),
        About::Findings([], _) => "The files are valid.\n".to_owned(),
        About::Findings(findings, sources) => super::plain(&findings::text(findings, sources, Width::Any)),
        About::Trouble(trouble) => failure::text(trouble),
    }
}

fn in_json(ending: &Ending<'_>) -> String {
    match &ending.about {
        About::Plan(view, _) => document::write(view),
        About::Review(view) => document::review::write(view),
        About::Findings(findings, sources) => findings::json(findings, sources),
        About::Trouble(trouble) => failure::json("error", ending.code, ending.result, trouble),
    }
}

fn in_markdown(ending: &Ending<'_>) -> String {
    match &ending.about {
        About::Plan(view, trouble) => {
            let note = trouble.map_or_else(String::new, |it| failure::note(&it));
            markdown::plan(view, MARKDOWN_BUDGET - note.len()) + &note
        }
        About::Review(view) => review::markdown(view),
        About::Findings(findings, sources) => findings::markdown(findings, sources, MARKDOWN_BUDGET),
        About::Trouble(trouble) => {
            failure::markdown(if ending.command == "report" { "review" } else { "plan" }, trouble)
        }
    }
}
