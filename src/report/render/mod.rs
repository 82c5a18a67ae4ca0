//! A plan or findings to text for people and machines: values in, text out.
//!
//! One module per format. Nothing here decides anything, prints, or knows the
//! time. What a line says is worded once, in `wording`; a format gives it a look.

use std::{error::Error, time::Duration};

use jiff::Timestamp;

use crate::model::{
    date::Now,
    plan::{Digest, Judgement, Plan},
    portion::Portion,
    source::Sources,
};

mod acting;
pub mod adoption;
pub mod answer;
pub mod approval;
pub mod difference;
pub mod ending;
pub mod explanation;
pub mod failure;
pub mod findings;
pub mod fit;
pub mod forge;
pub mod format;
pub mod github;
pub mod grouped;
pub(crate) mod json;
mod lives;
pub mod markdown;
pub mod history;
pub mod marker;
pub mod merging;
pub mod moments;
pub mod review;
pub mod text;
pub mod upcoming;
pub mod held;
pub mod users;

mod cells;
mod csv;
mod description;
mod direct;
mod gitlab;
mod html;
pub(crate) mod guards;
mod issues;
mod leavers;
mod junit;
mod notices;
mod openmetrics;
mod people;
mod policies;
pub mod tested;
mod remedy;
mod sarif;
pub(crate) mod said;
pub(crate) mod scope;
mod section;
mod slack;
pub(crate) mod withheld;
mod weakened;
mod wording;

pub use notices::accepted_in_all;

#[cfg(test)]
pub(crate) mod tests;

/// People named one by one; the others are counted.
const NAMED: usize = 6;

/// A plan, and what else its readers see.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Whom it concerns, and what the guards found.
    pub judgement: &'a Judgement,
    /// The files its places point into.
    pub sources: &'a Sources,
    /// The host of the API, as shown to people.
    pub endpoint: &'a str,
    /// The URL of the API, or the word `sandbox`; for programs.
    pub url: &'a str,
    /// The time that the run takes for now.
    pub now: Now,
    /// Whether it was made from a part of the workspace's access files.
    pub partial: bool,
    /// Which of the workspace's companies it is about, where that is not all of them.
    pub portion: Option<Portion>,
    /// Files that it was made from and of which only the digest is known.
    pub files: &'a [(Box<str>, Digest)],
    /// When the snapshot was taken that it is made from; `None` where the API was read.
    pub taken: Option<Timestamp>,
    /// The document that the plan was read from, of one that was saved: as JSON it is shown as it was written.
    pub document: Option<&'a str>,
    /// What reading the live state took; only the text header shows it, as it differs from run to run.
    pub cost: Option<Cost>,
}

/// What reading the live state took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Requests sent.
    pub requests: u64,
    /// Time from the first request to the last answer.
    pub elapsed: Duration,
}

/// `n things` in English, with separators between thousands.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// Lists names; of many only the first.
fn named(all: impl ExactSizeIterator<Item = String>) -> String {
    first(all, NAMED)
}

/// Lists so many names at most.
fn first(all: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let more = more(all.len(), most).map_or_else(String::new, |it| format!(" {it}"));
    all.take(most).collect::<Vec<_>>().join(", ") + &more
}

/// Our own text without its colours: what comes from outside has no escape by then.
fn plain(styled: &str) -> String {
    let mut parts = styled.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, it| text + it.split_once('m').map_or("", |it| it.1))
}

/// The reasons below an error, without those that its own message already holds.
pub fn causes(error: &dyn Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            causes.push(text.clone());
        }
        said = text;
        next = cause.source();
    }
    causes
}

/// `and 1,204 more`, where not all are shown.
fn more(all: usize, shown: usize) -> Option<String> {
    let more = all.checked_sub(shown).filter(|it| *it > 0)?;
    Some(format!("and {} more", thousands(more)))
}

/// The number with a comma between thousands.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
