//! `--estimate`: what a run will cost, before it is made.

use std::collections::BTreeMap;

use rolecall::{
    live::api::Rate,
    report::render::counted,
    workflow::{
        Judged,
        estimate::{self, Estimate},
    },
};
use serde_json::json;

use super::{Exit, Failure, Global, Output, Selection, run, settings::connect};

/// Says what a plan would cost, by the requests that are cheap.
pub(super) fn plan(global: &Global, selection: &Selection, output: &Output) -> Result<Exit, Failure> {
    let checked = global.selected(selection)?;
    let live = connect(global, &checked, &checked.declared.compared_companies())?;
    let asked = selection.asking.ask_people;
    let asking = estimate::of_plan(&live.live, &checked, asked, global.pace());
    let estimate = run::reading(output.reading(&live.live.source, asking))?;
    tell(&estimate, output);
    Ok(Exit::Ok)
}

/// Says what an apply of a plan would cost, after the plan was made.
pub(super) fn apply(global: &Global, judged: &Judged, witness: bool, output: &Output) -> Exit {
    // However many may be made at once, an answer is waited for as with the usual number of steps.
    let estimate = estimate::of_apply(judged, witness, global.pace(), rolecall::apply::WRITERS);
    tell(&estimate, output);
    Exit::Ok
}

fn tell(estimate: &Estimate, output: &Output) {
    let Estimate { parts, more, sent, pace } = estimate;
    let (requests, seconds) = (estimate.requests(), estimate.seconds());
    let (ms, at_once) = (pace.latency.as_secs_f64() * 1000.0, pace.at_once);
    let rate = pace.rate.map(Rate::per_second);
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let words: Vec<String> = parts.iter().map(|(name, n)| format!("{n} {}", words(name))).collect();
    let text = format!(
        "Estimate: {} ({}), {seconds:.1} s at {ms:.0} ms an answer, {at_once} at once{}; {} sent to find out{}.\n",
        counted(number(requests), "request", "requests"),
        words.join(", "),
        rate.map_or_else(String::new, |it| format!(" and {it} a second")),
        counted(number(*sent), "request", "requests"),
        match number(*more) {
            0 => String::new(),
            n => format!(
                "; at most {} to ask who gains or loses for other groups (`--ask-people`)",
                counted(n, "more", "more")
            ),
        },
    );
    let parts: BTreeMap<&str, u64> = parts.iter().copied().collect();
    let facts = json!({
        "requests": requests, "parts": parts, "sent": sent, "latencyMs": ms, "atOnce": at_once, "maxRps": rate,
        "seconds": seconds, "atMostMore": more,
    });
    output.sentence(&text, "estimate", &facts);
}

fn words(part: &str) -> &str {
    if part == "readBacks" { "read-backs" } else { part }
}
