//! Rules that are weaker than in the base, in words, and guards that are not set: what is said before anything else. Raw:
//! formats escape and arrange it.

use std::collections::BTreeSet;

use super::{View, counted, thousands};
use crate::model::{
    escape,
    plan::Verdict,
    rules::{Guard, Weakened, Weakening},
    source::Sources,
};

/// Rows that are said one by one, whatever else there is; the others are counted by what they are about.
pub(super) const ROWS: usize = 30;
/// Bytes of one text: more than any sane key or limit takes.
const TEXT: usize = 300;

/// A rule that is weaker, or what is left out.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) why: String,
    pub(super) origin: Option<String>,
}

/// Returns the heading and the rows, where something is weaker; no more than `most`, and how many the others are.
pub(super) fn rows(view: &View<'_>, most: usize) -> Option<(String, Vec<Row>)> {
    let Weakened { base, commit, rows } = view.plan.weakened.as_ref()?;
    if rows.is_empty() {
        return None;
    }
    let n = counted(rows.len(), "rule is weaker", "rules are weaker");
    let heading = format!("{n} than in {} ({:.12})", cut(base), cut(commit));
    let mut shown: Vec<Row> = rows.iter().take(most).map(|it| row(it, view.sources)).collect();
    if let Some(rest) = rows.get(most..).filter(|it| !it.is_empty()) {
        let topics: BTreeSet<&str> = rest.iter().map(|it| topic(&it.what)).collect();
        let of = |topic: &str| rest.iter().filter(|it| self::topic(&it.what) == topic).count();
        let counts: Vec<String> = topics.iter().map(|it| format!("{} of {it}", thousands(of(it)))).collect();
        let what = format!("and {} more", thousands(rest.len()));
        shown.push(Row { what, why: counts.join(", "), origin: None });
    }
    Some((heading, shown))
}

fn row(it: &Weakening, sources: &Sources) -> Row {
    let side = |it: &Option<Box<str>>| it.as_deref().map_or_else(|| "(nothing)".to_owned(), cut);
    let what = format!("{}: {} → {}", cut(&it.what), side(&it.before), side(&it.after));
    Row { what, why: it.why.to_string(), origin: it.from.map(|it| sources.line(it)) }
}

/// The first word of a key: of many rows more would not be read.
fn topic(what: &str) -> &str {
    what.split(['.', ' ', ',']).next().unwrap_or_default()
}

fn cut(text: &str) -> String {
    escape::clip(text, TEXT).into_owned()
}

/// The guards that look at nothing, as nothing is set for them.
pub(super) fn unset(view: &View<'_>) -> Vec<&'static str> {
    let guards = view.judgement.guards.iter().filter(|it| it.verdict == Verdict::Unset).map(|it| it.guard);
    let guards: BTreeSet<Guard> = guards.collect();
    guards.into_iter().map(Guard::as_str).collect()
}
