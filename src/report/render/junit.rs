//! JUnit XML for the test reports of CI systems: a test for each guard, and one for each thing that is wrong, withheld
//! or not done, or that becomes of a person; there is always one. What XML cannot hold is left out by the writer.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{
    View,
    ending::{About, Ending},
    guards,
    issues::{Issue, Kind, issues},
    scope::Words,
};
use crate::model::{
    escape,
    plan::{Check, Verdict},
    rules::Guard,
};

pub(super) fn document(ending: &Ending<'_>) -> String {
    let issues = issues(ending);
    let mut report = Report::new("rolecall");
    let of = |kinds: &[Kind]| issues.iter().filter(|it| kinds.contains(&it.kind)).map(failed).collect();
    report.add_test_suite(suite("run", vec![run(ending, &issues)]));
    if let About::Plan(view, _) = &ending.about {
        report.add_test_suite(suite("guards", of_guards(view, &issues)));
        report.add_test_suite(suite("withheld", or_none(of(&[Kind::Withheld]), "nothing is withheld")));
    }
    let people: Vec<TestCase> = issues.iter().filter(|it| it.kind == Kind::Person).map(told).collect();
    if !people.is_empty() {
        report.add_test_suite(suite("people", people));
    }
    let accepted = issues.iter().filter(|it| it.kind == Kind::Accepted).map(passed_over);
    let accepted: Vec<TestCase> = accepted.collect();
    if !accepted.is_empty() {
        report.add_test_suite(suite("accepted", accepted));
    }
    if let About::Findings(..) = &ending.about {
        report.add_test_suite(suite("files", or_none(of(&[Kind::Finding]), "the files are sound")));
    }
    let text = report.to_string().expect("text without what XML cannot hold is always XML");
    // The writer leaves controls out, and these in.
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}") + "\n"
}

fn suite(name: &str, tests: Vec<TestCase>) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.add_test_cases(tests.into_iter().map(|mut it| {
        it.set_classname(format!("rolecall.{name}"));
        it
    }));
    suite
}

/// That all is well is a test that passed.
fn or_none(tests: Vec<TestCase>, said: &str) -> Vec<TestCase> {
    if tests.is_empty() { vec![TestCase::new(said, TestCaseStatus::success())] } else { tests }
}

/// Whether the run came to what was asked for.
fn run(ending: &Ending<'_>, issues: &[Issue]) -> TestCase {
    let mut status = TestCaseStatus::success();
    if let Some(it) = issues.iter().find(|it| it.kind == Kind::Failure) {
        status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type(it.rule.as_str()).set_message(it.title.as_str());
    }
    TestCase::new(ending.command, status)
}

/// What is known and left as it is: it neither passed nor failed.
fn passed_over(issue: &Issue) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message(issue.title.as_str());
    TestCase::new(format!("{}: {}", issue.rule, escape::clip(&issue.title, NAME)), status)
}

/// What becomes of people is told, and nothing about it can fail: whether it may be, the guards say.
fn told(issue: &Issue) -> TestCase {
    let name = format!("{}: {}", issue.rule, escape::clip(&issue.title, NAME));
    let mut test = TestCase::new(name, TestCaseStatus::success());
    test.set_system_out(issue.message());
    test
}

fn failed(issue: &Issue) -> TestCase {
    let place = issue.spot.as_ref().map_or_else(String::new, |it| format!("{}:{}\n", it.path, it.line));
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(issue.rule.as_str()).set_message(issue.title.as_str());
    status.set_description(format!("{}{}", escape::terminal(place.trim_end()), after(issue)));
    TestCase::new(format!("{}: {}", issue.rule, escape::clip(&issue.title, NAME)), status)
}

/// Bytes of a test's name.
const NAME: usize = 200;

fn after(issue: &Issue) -> String {
    issue.more.iter().map(|it| format!("\n{it}")).collect()
}

fn of_guards(view: &View<'_>, issues: &[Issue]) -> Vec<TestCase> {
    let mut found: BTreeMap<Guard, Vec<&Check>> = BTreeMap::new();
    for it in &view.judgement.guards {
        found.entry(it.guard).or_default().push(it);
    }
    let words = Words::new(view.plan);
    // Each kind of policy is a rule of its own.
    let is_of = |guard: &Guard, it: &Issue| match guard {
        Guard::Policies => it.rule.starts_with("policy/"),
        guard => it.rule == format!("guard/{}", guard.as_str()),
    };
    let said = |checks: &[&Check]| {
        let sentences = checks.iter().map(|it| guards::sentence(it, &words, view.sources, |it| it));
        sentences.map(|it| escape::terminal(&it).into_owned()).collect::<Vec<_>>().join("\n")
    };
    let test = |(guard, checks): (&Guard, &Vec<&Check>)| {
        let name = guard.as_str();
        let rule = format!("guard/{name}");
        let stops: Vec<String> = issues
            .iter()
            .filter(|it| it.kind == Kind::Stop && is_of(guard, it))
            .map(Issue::message)
            .collect();
        let status = if let Some(first) = stops.first() {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(rule).set_message(first.lines().next().unwrap_or_default());
            status.set_description(stops.join("\n\n"));
            status
        } else if let open = checks.iter().copied().filter(|it| guards::is_open(it)).collect::<Vec<_>>()
            && (!open.is_empty() || checks.iter().all(|it| it.verdict == Verdict::Unset))
        {
            let mut status = TestCaseStatus::skipped();
            status.set_message(said(if open.is_empty() { checks } else { &open }));
            status
        } else {
            TestCaseStatus::success()
        };
        let mut test = TestCase::new(name, status);
        let excepted: Vec<&Check> = checks
            .iter()
            .copied()
            .filter(|it| !matches!(it.verdict, Verdict::Ok | Verdict::Unset | Verdict::Stop))
            .collect();
        if !excepted.is_empty() {
            test.set_system_out(said(&excepted));
        }
        test
    };
    found.iter().map(test).collect()
}
