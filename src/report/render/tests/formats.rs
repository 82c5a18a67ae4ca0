//! Every form in every outcome: what it looks like, that another program can read it, that its counts are those of the
//! plan, and that no name makes it say or do anything else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use proptest::prelude::*;
use serde_json::Value;

use super::{
    super::{
        View,
        ending::{About, Ending, PullRequest, Trouble},
        forge::Forge,
        format::Format,
        github,
        review::ReviewView,
    },
    fixture::{
        self, HOSTILE, add, altered, companies, deleted, everyday, everything, findings, grant, remove,
        rescope, revoke, sources, view,
    },
    laws::sized,
};
use crate::{
    model::{
        acting::{Act, Right},
        date::Now,
        finding::{Code, Finding},
        ids::{CompanyId, GroupId},
        observed::User,
        plan::{Check, Names, People, Soon, Verdict},
        rules::{Guard, PrivilegedTypes},
        source::{FileId, Place, Sources},
    },
    plan::{
        effective::Effect,
        explain::{Asked, Managed},
        judged::Judged,
        review::{Group, Person, Review, Reviewed, Way},
    },
};

mod page;

/// Those that are not shown elsewhere.
const NEW: [Format; 8] = [
    Format::Html,
    Format::Csv,
    Format::Sarif,
    Format::Junit,
    Format::Github,
    Format::Gitlab,
    Format::Slack,
    Format::Openmetrics,
];

/// Names that mean something to one form or another.
const NAMES: [&str; 24] = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "＝1",
    "'=1",
    "a\"b,c;d",
    "a\r\nb",
    "<!channel>",
    "<@U012AB3CD> *bold* _x_ ~y~",
    "<https://x.example|click>",
    "&lt;!here&gt; &amp;",
    "::error file=x::y",
    "%0A::set-output name=a::b%0D",
    "a,b:c",
    "]]><script>alert(1)</script>",
    "\u{0}\u{1b}[31m\u{fffe}\u{ffff}",
    "[x](https://x.example)",
    "a\\\"} 1\n# EOF",
    "{\"a\": 1}",
    "\u{202e}txet\u{200b}\u{2028}",
    HOSTILE,
];

fn ending(about: About<'_>) -> Ending<'_> {
    let (code, result) = match &about {
        About::Plan(_, None) | About::Findings([], _) | About::Review(_) => (0, "ok"),
        About::Plan(_, Some(_)) => (3, "partial"),
        About::Findings(..) => (4, "invalid"),
        About::Trouble(_) => (8, "remote"),
    };
    Ending {
        command: "drift",
        workspace: "voyager",
        at: "2026-11-21T08:00:00.25Z".parse().expect("an instant"),
        elapsed: Duration::from_millis(1_400),
        code,
        result,
        pull_request: PullRequest {
            forge: Forge::Github,
            name: "access",
            commit: Some("4b5cb01"),
            run: None,
        },
        done: None,
        about,
    }
}

const CAUSES: [String; 0] = [];

fn trouble() -> Trouble<'static> {
    Trouble { message: "the API answered 503 twice", causes: &CAUSES, hint: Some("try again later") }
}

pub(super) fn show(format: Format, about: About<'_>) -> String {
    format.render(&ending(about))
}

fn snapshots(name: &str, about: About<'_>) {
    for format in NEW {
        let text = show(format, about);
        let text = if format == Format::Html { page::without_ours(&text) } else { text };
        insta::assert_snapshot!(format!("{}_of_{name}", format.name()), text);
    }
}

#[test]
fn every_form_of_an_everyday_plan() {
    let (plan, sources) = (everyday().judged(), sources());
    snapshots("an_everyday_plan", About::Plan(view(&plan, &sources), None));
}

#[test]
fn every_form_of_everything() {
    let (plan, sources) = (everything().judged(), sources());
    snapshots("everything", About::Plan(view(&plan, &sources), None));
}

#[test]
fn every_form_of_findings_and_of_failures() {
    let (all, sources) = (findings(), sources());
    snapshots("findings", About::Findings(&all, &sources));
    snapshots("a_failure", About::Trouble(trouble()));
}

#[test]
fn outputs_are_numbers_and_words_of_ours() {
    let (plan, sources) = (everything().judged(), sources());
    let outputs = github::outputs(&ending(About::Plan(view(&plan, &sources), None)));
    for line in outputs.lines() {
        let (name, value) = line.split_once('=').expect("a name and a value");
        assert!(name.bytes().all(|it| it.is_ascii_lowercase() || it == b'-'), "{line}");
        assert!(value.bytes().all(|it| it.is_ascii_alphanumeric()), "{line}");
    }
    assert!(outputs.contains("\nstops=20\n") && outputs.contains("\nwithheld=12\n"), "{outputs}");
}

// ---- what others read in a form --------------------------------------------------------------------------------

/// The records of a CSV text, without the heading.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    reader.records().map(|it| it.expect("a record").iter().map(str::to_owned).collect()).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A measurement: its name, its labels and its value.
type Sample = (String, Vec<(String, String)>, f64);

/// Samples of an OpenMetrics text, by name, after every rule that both readers of the format share is checked.
fn samples(text: &str) -> Vec<Sample> {
    let body = text.strip_suffix("# EOF\n").expect("it ends so");
    let (mut help, mut kind, mut all) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            assert!(help.insert(rest.split_once(' ').expect("a name").0.to_owned()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let name = rest.strip_suffix(" gauge").expect("a gauge");
            assert!(help.contains(name) && kind.insert(name.to_owned()), "{line}");
        } else {
            assert!(seen.insert(line.rsplit_once(' ').expect("a value").0.to_owned()), "twice: {line}");
            let (name, rest) = line.split_once('{').expect("labels");
            assert!(kind.contains(name), "{line}");
            assert!(name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_'), "{line}");
            let (labels, rest) = labels(rest);
            all.push((name.to_owned(), labels, rest.trim_start().parse().expect("a number")));
        }
    }
    all
}

fn labels(mut text: &str) -> (Vec<(String, String)>, &str) {
    let mut all = Vec::new();
    loop {
        let (name, rest) = text.split_once("=\"").expect("a label");
        let mut value = String::new();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next().expect("the label ends") {
                (at, '"') => break at + 1,
                (_, '\\') => value.push(match chars.next().expect("an escape").1 {
                    'n' => '\n',
                    it @ ('\\' | '"') => it,
                    it => panic!("\\{it} is no escape"),
                }),
                (_, it) => value.push(it),
            }
        };
        all.push((name.to_owned(), value));
        text = &rest[end..];
        match text.strip_prefix(',') {
            Some(rest) => text = rest,
            None => return (all, text.strip_prefix('}').expect("labels end")),
        }
    }
}

/// The fields that the schema of SARIF 2.1.0 demands, and those that code scanning of GitHub does.
fn check_sarif(text: &str) -> Value {
    let sarif = json(text);
    assert_eq!(sarif["version"], "2.1.0");
    let runs = sarif["runs"].as_array().expect("runs");
    for run in runs {
        let driver = &run["tool"]["driver"];
        assert!(driver["name"].is_string());
        let rules = driver["rules"].as_array().expect("rules");
        let ids: BTreeSet<&str> = rules.iter().map(|it| it["id"].as_str().expect("an id")).collect();
        assert_eq!(ids.len(), rules.len(), "rules are unique");
        let mut prints = BTreeSet::new();
        for result in run["results"].as_array().expect("results") {
            let index =
                usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("it is small");
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")));
            let text = result["message"]["text"].as_str().expect("a text");
            // Without the escaped ones, no bracket is left that makes a link.
            let plain = text.replace("\\\\", "").replace("\\[", "").replace("\\]", "");
            assert!(!plain.contains(['[', ']']), "{text}");
            assert!(
                prints.insert(result["partialFingerprints"]["rolecall/v1"].as_str().expect("one").to_owned())
            );
            for at in result["locations"].as_array().expect("locations") {
                let at = &at["physicalLocation"];
                let uri = at["artifactLocation"]["uri"].as_str().expect("a uri");
                assert!(
                    uri.bytes().all(|it| it.is_ascii_graphic() && !b"<>\"{}|\\^`[]".contains(&it)),
                    "{uri}"
                );
                assert!(at["region"]["startLine"].as_u64() >= Some(1));
                assert!(at["region"]["startColumn"].as_u64() >= Some(1));
            }
        }
        let invocation = &run["invocations"][0];
        assert!(invocation["executionSuccessful"].is_boolean() && invocation["exitCode"].is_u64());
    }
    sarif
}

/// The commands of a GitHub log: what they are, their properties, and what they say.
fn commands(text: &str) -> Vec<(&str, &str, &str)> {
    let command = |line| -> (&str, &str, &str) {
        let (head, said) =
            str::strip_prefix(line, "::").and_then(|it| it.split_once("::")).expect("a command");
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        assert!(["error", "warning", "notice"].contains(&name), "{line}");
        for property in properties.split(',').filter(|it| !it.is_empty()) {
            let (key, value) = property.split_once('=').expect("a property");
            assert!(["file", "line", "col", "title"].contains(&key) && !value.contains(':'), "{line}");
        }
        (name, properties, said)
    };
    text.lines().map(command).collect()
}

/// Names and failures of the tests of a JUnit report, whose own counts are checked.
fn junit(text: &str) -> Vec<(String, String, bool)> {
    let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let mut tests = Vec::new();
    for suite in root.children().filter(|it| it.has_tag_name("testsuite")) {
        for case in suite.children().filter(|it| it.has_tag_name("testcase")) {
            let bad = case.children().any(|it| it.has_tag_name("failure") || it.has_tag_name("error"));
            let name = |it: roxmltree::Node<'_, '_>| it.attribute("name").expect("a name").to_owned();
            tests.push((name(suite), name(case), bad));
        }
    }
    assert_eq!(root.attribute("tests"), Some(&*tests.len().to_string()));
    assert!(!tests.is_empty(), "an empty report is an error to some");
    tests
}

/// What a message of Slack says to people, in plain text.
fn slack(text: &str) -> String {
    let message = json(text);
    let head = message["text"].as_str().expect("a text");
    assert!(!head.contains(['<', '>', '&', '*', '@']), "{head}");
    let mut said = Vec::new();
    for block in message["blocks"].as_array().expect("blocks") {
        assert_eq!(block["text"]["type"], "plain_text", "nothing else is inert");
        assert_eq!(block["text"]["emoji"], false);
        let text = block["text"]["text"].as_str().expect("a text");
        let most = if block["type"] == "header" { 150 } else { 2_900 };
        assert!(text.chars().count() <= most, "{} characters", text.chars().count());
        said.push(text);
    }
    assert!(said[0].len() > 10);
    said.join("\n")
}

/// Reads what was written in a form by another reader, whatever the outcome.
fn check(format: Format, text: &str) {
    let hides = |c: char| {
        (c.is_control() && c != '\n' && c != '\r') || ['\u{202e}', '\u{200b}', '\u{2028}'].contains(&c)
    };
    assert!(!text.contains(hides), "{}: {text:?}", format.name());
    match format {
        Format::Text => assert!(!text.is_empty()),
        Format::Markdown => {
            // What ends on its line again is a span.
            let is_fence = |it: &&str| it.starts_with("```") && !it.trim_start_matches('`').contains('`');
            let fences: Vec<&str> = text.lines().filter(is_fence).collect();
            let pairs = fences.chunks(2).all(|it| it.len() == 2 && it[1].trim_end_matches('`').is_empty());
            assert!(!text.is_empty() && pairs, "{fences:?}");
        }
        Format::Json => _ = json(text),
        Format::Html => _ = page::check(text),
        Format::Csv => {
            for cell in records(text).concat() {
                let start = cell.trim_start_matches([' ', '\u{3000}']);
                assert!(
                    !start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']),
                    "{cell}"
                );
            }
        }
        Format::Sarif => _ = check_sarif(text),
        Format::Junit => _ = junit(text),
        Format::Github => _ = commands(text),
        Format::Gitlab => {
            let report = json(text);
            let entries = report.as_array().expect("a list");
            let prints: BTreeSet<&str> =
                entries.iter().map(|it| it["fingerprint"].as_str().expect("one")).collect();
            assert_eq!(prints.len(), entries.len(), "each is told from the others");
            for it in entries {
                assert!(it["description"].is_string() && it["check_name"].is_string());
                assert!(
                    ["info", "minor", "major", "critical", "blocker"]
                        .contains(&it["severity"].as_str().expect("one"))
                );
                assert!(
                    it["location"]["path"].is_string()
                        && it["location"]["lines"]["begin"].as_u64() >= Some(1)
                );
            }
        }
        Format::Slack => _ = slack(text),
        Format::Openmetrics => _ = samples(text),
    }
}

fn sample(samples: &[Sample], name: &str, label: &str) -> f64 {
    let fits = |labels: &[(String, String)]| label.is_empty() || labels.iter().any(|it| it.1 == label);
    samples.iter().filter(|it| it.0 == format!("rolecall_{name}") && fits(&it.1)).map(|it| it.2).sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a test are small")]
fn number(n: usize) -> f64 {
    n as f64
}

/// Whether what each form counts is what the plan says.
fn check_counts(plan: &Judged, sources: &Sources) {
    let about = About::Plan(view(plan, sources), None);
    let (summary, people) = (plan.plan.summary(), &plan.judgement.people);
    let (stops, withheld) = (plan.judgement.stops().count(), plan.plan.withheld());
    // A policy that is broken and stops nothing is told all the same.
    let is_told = |it: &&Check| matches!(it.verdict, Verdict::Review | Verdict::Warning | Verdict::Stood);
    let told = plan.judgement.guards.iter().filter(is_told).count();
    let remarks = plan.plan.remarks.len();
    let weaker = plan.plan.weakenings().len();

    let rows = records(&show(Format::Csv, about));
    let who = |change: &str, everything: bool| {
        let rows = rows.iter().filter(|it| it[0] == change && (!everything || it[6] == "yes"));
        rows.map(|it| (it[1].clone(), it[2].clone())).collect::<BTreeSet<_>>().len()
    };
    let once_a_company = |of: fn(&crate::model::plan::Affected) -> bool| {
        people.affected.iter().filter(|it| of(it)).map(|it| it.users.len()).sum::<usize>()
    };
    assert_eq!(who("gains", false), once_a_company(crate::model::plan::Affected::gains));
    assert_eq!(who("loses", false), once_a_company(crate::model::plan::Affected::loses));
    assert_eq!(who("loses", true), people.lose_everything.len());
    let is_stop = |it: &str| it.starts_with("guard/") || it.starts_with("policy/");
    assert_eq!(rows.iter().filter(|it| is_stop(&it[0])).count(), stops + told);
    assert_eq!(rows.iter().filter(|it| it[0].starts_with("withheld/")).count(), withheld);

    let page = page::check(&show(Format::Html, about));
    let entries = |list: &str| page["lists"][list].as_array().cloned().unwrap_or_default();
    let named = |tones: [u64; 2]| {
        let people = entries("people");
        let of = people.iter().filter(|it| it[0].as_u64().is_some_and(|it| tones.contains(&it)));
        of.map(|it| it[2].as_array().map_or(0, Vec::len)).sum::<usize>()
    };
    assert_eq!(named([1, 3]), once_a_company(crate::model::plan::Affected::gains));
    assert_eq!(named([2, 4]), once_a_company(crate::model::plan::Affected::loses));
    assert_eq!(entries("withheld").len(), withheld);
    assert_eq!(entries("changes").len(), plan.plan.len());

    let tests = junit(&show(Format::Junit, about));
    let of = |suite: &str, bad: bool| tests.iter().filter(|it| it.0 == suite && it.2 == bad).count();
    let stopping: BTreeSet<Guard> = plan.judgement.stops().map(|it| it.guard).collect();
    let guards: BTreeSet<Guard> = plan.judgement.guards.iter().map(|it| it.guard).collect();
    assert_eq!([of("guards", true), of("guards", false)], [stopping.len(), guards.len() - stopping.len()]);
    assert_eq!(of("withheld", true), withheld);

    let sarif = check_sarif(&show(Format::Sarif, about));
    let rules = |prefix: &str| {
        let results = sarif["runs"][0]["results"].as_array().expect("results");
        results.iter().filter(|it| it["ruleId"].as_str().is_some_and(|it| it.starts_with(prefix))).count()
    };
    let found = [rules("guard/") + rules("policy/"), rules("withheld/"), rules("weakened")];
    assert_eq!(found, [stops + told, withheld, weaker]);
    let all = rules("");
    let accepted = plan.plan.accepted.len();
    assert_eq!(rules("accepted"), accepted);
    let leavers = plan.plan.leavers.len();
    assert_eq!(rules("leaver"), leavers);
    assert_eq!(
        all,
        stops + told + withheld + weaker + accepted + remarks + leavers + rules("privileged-access")
    );
    assert_eq!(tests.iter().filter(|it| it.0 == "accepted" && !it.2).count(), accepted);
    assert_eq!(json(&show(Format::Gitlab, about)).as_array().map(Vec::len), Some(all));

    let metrics = samples(&show(Format::Openmetrics, about));
    assert_eq!(sample(&metrics, "drifted", ""), number(plan.plan.edits.iter().len()));
    let drifted = |kind: &str, action: &str| {
        let is = |labels: &[(String, String)], value: &str| labels.iter().any(|it| it.1 == value);
        let of =
            metrics.iter().filter(|it| it.0 == "rolecall_drifted" && is(&it.1, kind) && is(&it.1, action));
        of.map(|it| it.2).sum::<f64>()
    };
    assert_eq!(drifted("member", "add"), number(summary.members_added));
    assert_eq!(drifted("member", "remove"), number(summary.members_removed));
    let roles = |action: &str| drifted("role", action) + drifted("direct_role", action);
    assert_eq!(roles("add"), number(summary.roles_added));
    assert_eq!(roles("change"), number(summary.roles_changed));
    assert_eq!(roles("remove"), number(summary.roles_removed));
    assert_eq!(sample(&metrics, "people", "gain"), number(people.gain));
    assert_eq!(sample(&metrics, "people", "lose"), number(people.lose));
    assert_eq!(sample(&metrics, "guards", "stop"), number(stops));
    assert_eq!(sample(&metrics, "withheld", ""), number(withheld));
    assert_eq!(sample(&metrics, "accepted", ""), number(accepted));
    assert_eq!(sample(&metrics, "drifted_by_cause", ""), number(plan.plan.edits.iter().len()));
}

/// A review in which whatever has a name has this one, with one of everything.
fn review(name: &str) -> Review {
    let (company, role) = (fixture::company(), fixture::role(1));
    let scope = Arc::new(companies([1]));
    let group = |managed| Group {
        company,
        id: GroupId(fixture::id(0x6000_0000, 1)),
        name: name.into(),
        is_standard: false,
        managed,
        members: 1,
        grants: vec![(role, scope.clone())],
    };
    let way = |group, asked| Way {
        group,
        scope: scope.clone(),
        added: Some(Timestamp::UNIX_EPOCH),
        asked,
        granted: None,
        from: None,
        ends: Some(Timestamp::MAX),
    };
    let through = vec![way(0, Asked::Unmanaged), way(1, Asked::NotDeclared)];
    let person = |n, effects| Person {
        company,
        user: User { active: true, ..User::hidden(fixture::user(n)) },
        effects,
        direct: None,
        direct_asked: BTreeMap::new(),
        acts_asked: BTreeMap::new(),
        acts: (n == 9)
            .then(|| Act { who: fixture::user(9), right: Right::Approver, over: fixture::user(8) })
            .into_iter()
            .collect(),
        locked_out: None,
    };
    let effect = Effect { role, scope: (*scope).clone(), permissions: None, through };
    let other = CompanyId(fixture::id(0x1b00_0000, 1));
    let mut names = Names::default();
    names.people.extend([9, 8].map(|it| (fixture::user(it), name.into())));
    names.roles.insert(role, name.into());
    names.values.extend([(company.0, name.into()), (fixture::id(0x2b7e_0001, 2), name.into())]);
    Review {
        roles: BTreeMap::new(),
        companies: [company, other].map(|id| Reviewed { id, is_whole: false }).to_vec(),
        groups: vec![group(Managed::No), group(Managed::Declared(Place::new(FileId(0), 1, 1)))],
        people: vec![person(9, vec![effect]), person(8, Vec::new())],
        privileged: BTreeSet::from([(company, role)]),
        privileged_direct: PrivilegedTypes::Known,
        led: 1,
        soon: vec![Soon { group: Some(name.into()), ..fixture::soon("2026-12-01T00:00:00Z", false, 9, 1) }],
        is_sanitized: true,
        names,
    }
}

// ---- laws ------------------------------------------------------------------------------------------------------

#[test]
fn every_form_says_what_a_run_came_to() {
    let (nothing, all, sources) = (everyday().does_nothing(), everything().judged(), sources());
    let mut settled = nothing.judged();
    settled.judgement.guards.retain(|it| it.verdict != Verdict::Stop);
    settled.plan.withheld.clear();
    let wrong = findings();
    let outcomes = [
        ("a plan", About::Plan(view(&all, &sources), None), true),
        ("nothing to do", About::Plan(view(&settled, &sources), None), true),
        ("an apply that ends early", About::Plan(view(&settled, &sources), Some(trouble())), false),
        ("findings", About::Findings(&wrong, &sources), false),
        ("sound files", About::Findings(&[], &sources), true),
        ("a failure", About::Trouble(trouble()), false),
    ];
    for (what, about, complete) in outcomes {
        for format in Format::ALL {
            check(*format, &show(*format, about));
        }
        let metrics = samples(&show(Format::Openmetrics, about));
        assert_eq!(sample(&metrics, "last_run_success", ""), f64::from(u8::from(complete)), "{what}");
        assert_eq!(sample(&metrics, "last_run_duration_seconds", ""), 1.4, "{what}");
        let failed = junit(&show(Format::Junit, about)).iter().any(|it| it.2);
        assert_eq!(failed, !complete || what == "a plan", "{what}");
        let failed = commands(&show(Format::Github, about)).iter().any(|it| it.0 == "error");
        assert_eq!(failed, !complete || what == "a plan", "{what}");
        let sarif = check_sarif(&show(Format::Sarif, about));
        let ran = !matches!(what, "a failure" | "an apply that ends early");
        assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], ran, "{what}");
        if matches!(about, About::Trouble(_)) {
            for format in Format::ALL.iter().filter(|it| **it != Format::Openmetrics) {
                assert!(show(*format, about).contains("503 twice"), "{what}, {}", format.name());
            }
        }
    }
}

#[test]
fn no_name_is_more_than_a_name_in_any_form() {
    for name in NAMES {
        let mut draft = everything();
        draft.groups.push(altered(name, vec![grant(1, 1, companies([1]))], vec![add(9, 1), remove(8)]));
        draft.plan.names.people.insert(fixture::user(9), name.into());
        draft.plan.names.people.insert(fixture::user(8), name.into());
        draft.plan.names.roles.insert(fixture::role(1), name.into());
        draft.plan.names.values.insert(fixture::company().0, name.into());
        let plan = draft.judged();
        let mut sources = sources();
        let file = sources.add(name.to_owned(), name.to_owned());
        let wrong = [Finding::new(Code::InvalidName, Place::new(file, 1, 1), name)
            .related(Place::new(file, 1, 1), name)
            .help(name)];
        let causes = [name.to_owned()];
        let trouble = Trouble { message: name, causes: &causes, hint: Some(name) };
        let shown = View { endpoint: name, ..view(&plan, &sources) };
        let (review, place) = (review(name), Place::new(file, 1, 1));
        let review = Review {
            people: review.people.into_iter().map(|it| Person { locked_out: Some(place), ..it }).collect(),
            ..review
        };
        let now = Now::from(Timestamp::UNIX_EPOCH);
        let reviewed =
            ReviewView { review: &review, sources: &sources, endpoint: name, url: name, now, taken: None };
        let all = [
            About::Plan(shown, Some(trouble)),
            About::Review(reviewed),
            About::Findings(&wrong, &sources),
            About::Trouble(trouble),
        ];
        for about in all {
            for format in Format::ALL {
                let named = Ending { workspace: name, ..ending(about) };
                check(*format, &format.render(&named));
            }
        }
        check_counts(&plan, &sources);
    }
}

#[test]
fn a_digest_never_leaves_out_who_gains_what_is_privileged() {
    let sources = sources();
    let floods = [
        (0..2_000)
            .map(|n| altered(&format!("G{n}"), Vec::new(), vec![remove(n + 1_000)]))
            .collect::<Vec<_>>(),
        (0..2_000)
            .map(|n| altered(&format!("G{n}"), vec![revoke(0, companies([0]))], vec![remove(n + 1_000)]))
            .collect(),
        (0..2_000)
            .map(|n| altered(&format!("G{n}"), vec![grant(0, 1, companies([0]))], vec![add(n + 1_000, 1)]))
            .collect(),
        (0..2_000)
            .map(|n| {
                altered(&format!("G{n}"), vec![grant(1, 1, companies([n % 3]))], vec![add(n + 1_000, 1)])
            })
            .collect(),
    ];
    for flood in floods {
        let mut draft = everyday();
        draft.groups.extend(flood);
        draft.groups.push(altered("The one", vec![grant(1, 66, companies([2]))], vec![add(6, 77)]));
        let plan = draft.judged();
        let said = slack(&show(Format::Slack, About::Plan(view(&plan, &sources), None)));
        assert!(said.lines().nth(1).is_some_and(|it| it.starts_with("PRIVILEGED Trip Manager")), "{said}");
        assert!(said.contains("Plan id: ") && said.contains("Plan: "), "{said}");
    }
}

#[test]
fn what_only_undoes_drift_is_told_apart_in_every_form_about_people() {
    let (mut plan, sources) = (everyday().judged(), sources());
    let people = plan.judgement.people.clone();
    for drifted in [false, true] {
        let (change, drift) =
            if drifted { (People::default(), people.clone()) } else { (people.clone(), People::default()) };
        plan.judgement.by_cause = Some([change, drift]);
        let about = About::Plan(view(&plan, &sources), None);
        let rows = records(&show(Format::Csv, about));
        let mut rows = rows.iter().filter(|it| it[0] == "gains" || it[0] == "loses").peekable();
        assert!(rows.peek().is_some() && rows.all(|it| (it[9] == "yes") == drifted));
        for format in [Format::Slack, Format::Sarif, Format::Github, Format::Gitlab] {
            assert_eq!(show(format, about).contains("already drifted"), drifted, "{}", format.name());
        }
        check_counts(&plan, &sources);
    }
}

/// Programs keep plans: what an edit takes in the document, with its share of the people rows and of what was read of its group.
///
/// A membership takes less than 350 bytes. A role says where it holds, in the API's form of 130 bytes for one company, in each
/// of five places: before, after, as it was read, and in what people lose and gain.
#[test]
fn a_document_grows_by_no_more_than_so_many_bytes_an_edit() {
    type Parts = (Vec<fixture::Role>, Vec<fixture::Member>);
    type Of<'a> = &'a dyn Fn(u32) -> Parts;
    let name = |n: u32| format!("Dedicated Client Agents of Region {n}");
    let members =
        |n: u32, each: fn(u32) -> fixture::Member| (0..20).map(|it| each(1_000 + 20 * n + it)).collect();
    let roles = |each: fn(u32) -> fixture::Role| (0..3).map(each).collect();
    let groups: [(&str, usize, Of<'_>); 7] = [
        ("people who join, among twenty", 350, &|n| (Vec::new(), members(n, |it| add(it, it)))),
        ("people who leave, among twenty", 350, &|n| (Vec::new(), members(n, remove))),
        ("people who join a group that gains a role", 400, &|n| {
            (vec![grant(n % 4, 1, companies([n % 3]))], members(n, |it| add(it, it)))
        }),
        ("roles that come, three in a group", 675, &|_| {
            (roles(|it| grant(it, 1, companies([it]))), Vec::new())
        }),
        ("roles that go, three in a group", 750, &|_| (roles(|it| revoke(it, companies([it]))), Vec::new())),
        ("roles that move, three in a group", 1125, &|_| {
            (roles(|it| rescope(it, 1, companies([it]), companies([it + 1]))), Vec::new())
        }),
        ("one role that widens", 1350, &|_| {
            (vec![rescope(0, 1, companies([0]), companies([0, 1]))], Vec::new())
        }),
    ];
    let mut bounds: Vec<(String, usize, usize)> = Vec::new();
    let mut measure = |what: &str, most: usize, of: &dyn Fn(u32) -> Vec<fixture::Group>| {
        let sources = sources();
        let size = |n: u32| {
            let mut draft = everyday();
            draft.groups.extend((0..n).flat_map(of));
            let plan = draft.judged();
            let text = show(Format::Json, About::Plan(view(&plan, &sources), None));
            (text.len(), plan.plan.edits.iter().len())
        };
        let ((few, some), (many, more)) = (size(20), size(220));
        bounds.push((what.to_owned(), most, (many - few) / (more - some)));
    };
    for (what, most, parts) in groups {
        measure(what, most, &|n| {
            let (roles, members) = parts(n);
            vec![altered(&name(n), roles, members)]
        });
    }
    measure("groups that are deleted", 650, &|n| {
        vec![deleted(&name(n), "The project has ended.", Vec::new(), Vec::new())]
    });
    measure("groups that are deleted with twenty people", 350, &|n| {
        vec![deleted(&name(n), "The project has ended.", Vec::new(), members(n, remove))]
    });
    for (what, most, each) in bounds {
        assert!(each <= most, "{what}: {each} bytes an edit, at most {most}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_form_of_any_plan_can_be_read_and_counts_what_the_plan_does(plan in sized(0..6, 0..20)) {
        let sources = sources();
        for format in Format::ALL {
            let about = About::Plan(view(&plan, &sources), None);
            let text = show(*format, about);
            prop_assert_eq!(&text, &show(*format, about));
            check(*format, &text);
        }
        check_counts(&plan, &sources);
    }
}
