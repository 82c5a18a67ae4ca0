//! `--estimate`: what a run will cost, before it is made.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rolecall::{
    live::{api::Rate, fetch::estimate},
    model::{
        ids::UserId,
        plan::{Action, Plan},
    },
    plan::{
        order::{Call, Step},
        witness::claims,
    },
    report::render::counted,
};
use serde_json::json;

use super::{
    Format, Global, Selection,
    failure::{Exit, Failure},
    live::Live,
    output::Output,
    run::{self, Planned},
    settings::{Connected, READERS, connect},
};

/// Says what a plan would cost, by the requests that are cheap.
pub(super) fn plan(global: &Global, selection: &Selection, output: &Output) -> Result<Exit, Failure> {
    let checked = run::checked(global, &selection.paths)?;
    let connected = connect(global, &checked.loaded)?;
    let page_limit = connected.dialect.page_limit;
    let work = async {
        let asking = estimate(connected.questions(), &checked.declared, page_limit);
        Ok(run::read(output, &connected, asking).await?)
    };
    let estimate = run::block_on(run::until_signal(work))?;
    let sent = connected.requests();
    let reads = sent + estimate.requests;
    let pace = Pace { latency: estimate.latency, ..Pace::new(global) };
    output.result(&told(output.format, &pace, &[("reads", reads)], sent));
    Ok(Exit::Ok)
}

/// Says what an apply of a plan would cost, after the plan was made.
pub(super) fn apply(global: &Global, planned: &Planned<Connected>, witness: bool, output: &Output) -> Exit {
    let sent = planned.connected.requests();
    let (looks, writes, read_backs) = apply_requests(&planned.judged.plan, &planned.judged.steps);
    let pace = Pace::new(global);
    let latency = planned.elapsed.div_f64(pace.rounds(sent));
    let pace = Pace { latency, at_once: pace.at_once.min(rolecall::apply::WRITERS), ..pace };
    let mut parts = vec![("looks", looks), ("writes", writes), ("readBacks", read_backs)];
    if witness {
        parts.push(("witness", 2 * people(&planned.judged.plan)));
    }
    output.result(&told(output.format, &pace, &parts, sent));
    Exit::Ok
}

/// Questions of a run that wait for each other: the token, lists, contents, people.
const PHASES: f64 = 4.0;

/// How fast requests are sent.
struct Pace {
    /// Requests in flight.
    at_once: usize,
    /// How long an answer takes.
    latency: Duration,
    /// The rate that is kept, if one was set.
    rate: Option<Rate>,
}

impl Pace {
    /// Returns the pace that the options allow; how long an answer takes is still to be seen.
    fn new(global: &Global) -> Self {
        let at_once = global.concurrency.map_or(READERS, usize::from).max(1);
        Self { at_once, latency: Duration::ZERO, rate: global.max_rps }
    }

    /// Returns how often a run waits for an answer.
    fn rounds(&self, requests: u64) -> f64 {
        (requests as f64 / self.at_once as f64).max(PHASES)
    }

    /// Returns how many seconds so many requests take.
    fn seconds(&self, requests: u64) -> f64 {
        let at_the_rate = self.rate.map_or(0.0, |it| requests as f64 / it.per_second());
        at_the_rate.max(self.rounds(requests) * self.latency.as_secs_f64())
    }
}

/// Returns how many people hold other roles after a plan.
fn people(plan: &Plan) -> u64 {
    let claims = claims(plan, &BTreeMap::new());
    let users: BTreeSet<UserId> =
        claims.iter().map(|it| it.user).chain(plan.people().filter_map(|it| it.user())).collect();
    users.len() as u64
}

/// Returns how often groups and people are looked at before a write, written to, and read after it.
fn apply_requests(plan: &Plan, steps: &[Step]) -> (u64, u64, u64) {
    let users = plan.people().count() as u64;
    let (mut looks, mut read_backs) = (users, users);
    for change in plan.groups() {
        let (grants, members) = (change.grants().next().is_some(), change.members().next().is_some());
        match change.action() {
            // Whether there is a group of that name, before and after; then all of it.
            Action::Create => (looks, read_backs) = (looks + 2, read_backs + 3),
            Action::Delete => (looks, read_backs) = (looks + 3, read_backs + 3),
            Action::Alter => {
                looks += 3;
                read_backs += u64::from(grants) + u64::from(members) + u64::from(change.itself().is_some());
            }
        }
    }
    // What was removed is asked for at once where others wait for it.
    let removals = steps.iter().filter(|it| match &it.call {
        Call::PatchMembers { remove, .. } => !remove.is_empty(),
        Call::PatchRoles { delete, .. } => !delete.is_empty(),
        _ => false,
    });
    (looks, steps.len() as u64, read_backs + removals.count() as u64)
}

fn told(format: Format, pace: &Pace, parts: &[(&str, u64)], sent: u64) -> String {
    let requests: u64 = parts.iter().map(|it| it.1).sum();
    let seconds = pace.seconds(requests);
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
                counted(number(sent), "request", "requests"),
            )
        }
    }
}

fn words(part: &str) -> &str {
    if part == "readBacks" { "read-backs" } else { part }
}
