//! The forms that a result can have, and what a run came to in each of them: one row for each form, one file beside
//! this one for what it looks like. Every form says something in every outcome, so that a pipeline that passes a file
//! on always has one.

use std::{borrow::Cow, str::FromStr};

use super::{
    csv,
    ending::{About, Ending},
    failure, findings,
    fit::Width,
    github, gitlab, html, junit,
    markdown::{self, Page},
    openmetrics, review, sarif, slack, text,
};
use crate::{model::escape, report::document};

/// Bytes of what is said of an apply.
const DONE: usize = 4_000;
/// Bytes of one line of it.
const LINE: usize = 400;

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

/// The comment for the forge of the pull request, which fits there with the lines that say which run it is of.
fn in_markdown(ending: &Ending<'_>) -> String {
    let forge = ending.pull_request.forge;
    let (first, last) = (ending.marker().line(), ending.stamp());
    let budget = forge.budget() - first.len() - last.len();
    let body = match &ending.about {
        About::Plan(view, trouble) => {
            let note = trouble.map_or_else(String::new, |it| failure::note(&it, forge));
            let said = note + &ending.done.map_or_else(String::new, done);
            markdown::told(view, &Page { forge, budget, deed: ending.deed(), said: &said })
        }
        About::Review(view) => return review::markdown(view),
        About::Findings(findings, sources) => findings::markdown(findings, sources, forge, budget),
        About::Trouble(trouble) if ending.command == "report" => {
            return failure::markdown("review", trouble, forge);
        }
        About::Trouble(trouble) => failure::markdown("plan", trouble, forge),
    };
    // In the place of the line that says only what kind of text it is.
    let rest = body.split_once('\n').map_or("", |it| it.1).trim_start_matches('\n');
    first + rest + &last
}

/// What was done, as a block of text that nothing in it ends: of much the beginning and the end, which has the counts.
fn done(said: &str) -> String {
    let lines: Vec<Cow<'_, str>> = said.trim().lines().map(|it| escape::clip(it, LINE)).collect();
    let fitting = |lines: &mut dyn Iterator<Item = &Cow<'_, str>>| {
        let sizes = lines.scan(0, |sum, it| {
            *sum += it.len() + 1;
            Some(*sum)
        });
        sizes.take_while(|it| *it <= DONE / 2).count()
    };
    let (first, last) = (fitting(&mut lines.iter()), fitting(&mut lines.iter().rev()));
    let mut shown: Vec<&str> = lines.iter().take(first).map(|it| &**it).collect();
    let rest = lines.len().saturating_sub(last).max(first);
    let more = (rest > first).then(|| format!("… {} lines more", rest - first));
    shown.extend(more.as_deref());
    shown.extend(lines[rest..].iter().map(|it| &**it));
    let text = shown.join("\n");
    let fence = "`".repeat(escape::longest_run(&text, '`').max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n\n")
}
