//! `--estimate`: what a run will cost, before it is made.

use rolecall::{
    live::api::Rate,
    report::render::counted,
    workflow::{
        Judged,
        estimate::{self, Estimate},
    },
};
use serde_json::json;

use super::{
    Format, Global, Selection,
    failure::{Exit, Failure},
    output::Output,
    run,
    settings::connect,
};

/// Says what a plan would cost, by the requests that are cheap.
pub(super) fn plan(global: &Global, selection: &Selection, output: &Output) -> Result<Exit, Failure> {
    let checked = global.checked(&selection.paths)?;
    let live = connect(global, &checked.loaded)?;
    let asking = estimate::of_plan(&live.live, &checked, global.pace());
    let estimate = run::reading(output.reading(&live.live.source, asking))?;
    output.result(&told(&estimate, output.format));
    Ok(Exit::Ok)
}

/// Says what an apply of a plan would cost, after the plan was made.
pub(super) fn apply(global: &Global, judged: &Judged, witness: bool, output: &Output) -> Exit {
    // However many may be made at once, an answer is waited for as with the usual number of steps.
    let estimate = estimate::of_apply(judged, witness, global.pace(), rolecall::apply::WRITERS);
    output.result(&told(&estimate, output.format));
    Exit::Ok
}

/// Returns the estimate in the format asked for.
fn told(estimate: &Estimate, format: Format) -> String {
    let Estimate { parts, sent, pace } = estimate;
    let (requests, seconds) = (estimate.requests(), estimate.seconds());
    let (ms, at_once) = (pace.latency.as_secs_f64() * 1000.0, pace.at_once);
    let rate = pace.rate.map(Rate::per_second);
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    match format {
        Format::Json => {
            let parts: serde_json::Map<String, serde_json::Value> =
                parts.iter().map(|(name, n)| ((*name).to_owned(), json!(n))).collect();
            let document = json!({
                "version": 1, "kind": "estimate", "requests": requests, "parts": parts, "sent": sent,
                "latencyMs": ms, "atOnce": at_once, "maxRps": rate, "seconds": seconds,
            });
            format!("{document:#}\n")
        }
        Format::Text | Format::Markdown => {
            let parts: Vec<String> = parts.iter().map(|(name, n)| format!("{n} {}", words(name))).collect();
            format!(
                "Estimate: {} ({}), {seconds:.1} s at {ms:.0} ms an answer, {at_once} at once{}; {} sent to find out.\n",
                counted(number(requests), "request", "requests"),
                parts.join(", "),
                rate.map_or_else(String::new, |it| format!(" and {it} a second")),
                counted(number(*sent), "request", "requests"),
            )
        }
    }
}

fn words(part: &str) -> &str {
    if part == "readBacks" { "read-backs" } else { part }
}
