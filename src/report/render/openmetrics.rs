//! Measurements of a run for node_exporter's textfile collector, in the text form of OpenMetrics that Prometheus reads
//! too: gauges without a timestamp, each with what it means, and labels from lists that are known beforehand.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    View,
    ending::{About, Ending},
    guards::Outcome,
    lives,
};
use crate::model::{
    plan::{Cause, Plan},
    state::Fact,
};

/// Bytes of the one label that somebody chose.
const LABEL: usize = 200;

pub(super) fn document(ending: &Ending<'_>) -> String {
    let mut out =
        Metrics { text: String::new(), workspace: label(ending.workspace), command: label(ending.command) };
    let &Ending { at, elapsed, code, about, .. } = ending;
    let seconds = |ms: i128| format!("{}.{:03}", ms / 1_000, ms % 1_000);
    let at = seconds(i128::from(at.as_millisecond().max(0)));
    out.one("last_run_timestamp_seconds", "When the last run ended, in seconds since 1970.", &at);
    let complete = u8::from(ending.is_complete());
    out.one(
        "last_run_success",
        "Whether the last run came to what was asked for; differences and guards are no failure.",
        &complete.to_string(),
    );
    out.one("last_run_exit_code", "The exit code of the last run.", &code.to_string());
    let elapsed = seconds(i128::try_from(elapsed.as_millis()).unwrap_or(i128::MAX));
    out.one("last_run_duration_seconds", "How long the last run took.", &elapsed);
    match about {
        About::Plan(view, _) => of_plan(&view, &mut out),
        About::Findings(findings, _) => {
            out.one("findings", "What is wrong in the files.", &findings.len().to_string());
        }
        About::Review(_) | About::Trouble(_) => (),
    }
    out.text + "# EOF\n"
}

fn of_plan(view: &View<'_>, out: &mut Metrics) {
    let &View { plan, judgement, .. } = view;
    if let Some(cost) = view.cost {
        out.one(
            "last_run_requests",
            "Requests that reading the live state took.",
            &cost.requests.to_string(),
        );
    }
    out.many("drifted", "Facts in which the live state differs from the files.", &drifted(plan));
    let people = &judgement.people;
    let escalate: usize = people.affected.iter().filter(|it| it.escalates()).map(|it| it.users.len()).sum();
    let rows = [
        ("escalate", escalate),
        ("gain", people.gain),
        ("lose", people.lose),
        ("lose_everything", people.lose_everything.len()),
    ];
    let rows: Vec<(String, usize)> = rows.map(|(it, n)| (format!("change=\"{it}\""), n)).to_vec();
    out.many("people", "People whose access the plan changes.", &rows);
    let lives = lives::counts(plan).into_iter();
    let rows: Vec<(String, usize)> = lives.map(|(it, n)| (format!("change=\"{}\"", it.word()), n)).collect();
    out.many(
        "accounts",
        "People whose account, details or roles outside groups the plan changes, each once.",
        &rows,
    );
    let help = format!("Groups, memberships and roles that end within {} days.", Plan::NOTICE_DAYS);
    out.one("expiring", &help, &plan.expiring().count().to_string());
    out.one("withheld", "What is asked for and withheld.", &plan.withheld().to_string());
    let causes = [
        (None, "unknown"),
        (Some(Cause::Change), "change"),
        (Some(Cause::Drift), "drift"),
        (Some(Cause::Conflict), "conflict"),
    ];
    let caused =
        |cause: Option<Cause>| plan.edits.iter().filter(|it| plan.note(&it.key).cause == cause).count();
    let rows: Vec<(String, usize)> =
        causes.into_iter().map(|(cause, word)| (format!("cause=\"{word}\""), caused(cause))).collect();
    out.many(
        "drifted_by_cause",
        "The same facts by where that comes from, seen from the base where one was given.",
        &rows,
    );
    let privileged = plan.accepted.iter().filter(|it| it.privileged).count();
    let rows = [("no", plan.accepted.len() - privileged), ("yes", privileged)];
    let rows: Vec<(String, usize)> = rows.map(|(it, n)| (format!("privileged=\"{it}\""), n)).to_vec();
    out.many("accepted", "Differences that the files accept for a while.", &rows);
    let unmanaged: usize = plan.companies.iter().map(|it| it.unmanaged.len()).sum();
    out.one("unmanaged_groups", "Groups that no file names.", &unmanaged.to_string());
    let mut guards: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for it in &judgement.guards {
        *guards.entry((it.guard.as_str(), Outcome::of(it).word())).or_default() += 1;
    }
    let row = |((guard, verdict), n): ((&str, &str), usize)| {
        (format!("guard=\"{guard}\",verdict=\"{}\"", verdict.to_ascii_lowercase()), n)
    };
    out.many("guards", "What the guards found.", &guards.into_iter().map(row).collect::<Vec<_>>());
}

/// Counts by kind and what becomes of it, those of which there are none too: a row that comes and goes alerts nobody.
fn drifted(plan: &Plan) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for kind in ["group", "role", "member", "direct_role", "person"] {
        for action in ["add", "change", "remove"] {
            counts.insert((kind, action), 0);
        }
    }
    for edit in plan.edits.iter() {
        let kind = match edit.key.fact {
            Fact::Attributes => "group",
            Fact::Grant(_) => "role",
            Fact::Member(_) => "member",
            Fact::Direct(_) => "direct_role",
            Fact::Trait(_) => "person",
        };
        let action = match (edit.adds(), edit.removes()) {
            (true, _) => "add",
            (_, true) => "remove",
            (false, false) => "change",
        };
        *counts.entry((kind, action)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((kind, action), n)| (format!("kind=\"{kind}\",action=\"{action}\""), n))
        .collect()
}

struct Metrics {
    text: String,
    workspace: String,
    command: String,
}

impl Metrics {
    fn one(&mut self, name: &str, help: &str, value: &str) {
        self.head(name, help);
        self.sample(name, "", value);
    }

    fn many(&mut self, name: &str, help: &str, rows: &[(String, usize)]) {
        self.head(name, help);
        for (labels, n) in rows {
            self.sample(name, &format!(",{labels}"), &n.to_string());
        }
    }

    fn head(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP rolecall_{name} {help}\n# TYPE rolecall_{name} gauge");
    }

    fn sample(&mut self, name: &str, more: &str, value: &str) {
        let Self { text, workspace, command } = self;
        let _ = writeln!(
            text,
            "rolecall_{name}{{workspace=\"{workspace}\",command=\"{command}\"{more}}} {value}"
        );
    }
}

/// The value of a label between its quotes.
fn label(text: &str) -> String {
    let shown = crate::model::escape::terminal(text);
    let shown = crate::model::escape::clip(&shown, LABEL);
    shown.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
