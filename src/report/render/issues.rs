//! What somebody has to look at of a run, one by one with a rule and a place: for the forms that annotate files and
//! count tests. Raw, except that nothing in it acts or hides: formats quote it as theirs demands.

use super::{
    View,
    ending::{About, Ending},
    failure, guards, leavers,
    lives::{self, Life},
    notices,
    people::{self, Turn},
    policies, remedy,
    scope::Words,
    withheld,
};
use crate::{
    files::WORKSPACE_FILE,
    model::{
        escape,
        finding::Finding,
        plan::{Check, Verdict, Withheld},
        rules::Subject,
        source::{Place, Sources},
    },
};

/// Bytes of what is said of one thing.
const TEXT: usize = 4_000;

/// How grave it is: the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// It stops something.
    Error,
    /// Something is left undone, or is worth a look.
    Warning,
    /// Something is known, and is only told.
    Note,
}

/// What an issue is about; forms show some in ways of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The run did not come to what was asked for.
    Failure,
    /// Something in a file.
    Finding,
    /// A guard that stops the plan.
    Stop,
    /// A policy that is broken, and stops nothing.
    Policy,
    /// Somebody gains what is privileged.
    Privileged,
    /// An account comes, is used again or is shut, or something else about a person changes.
    Person,
    /// A rule that is weaker than in the base.
    Weakened,
    /// Something that is asked for and withheld.
    Withheld,
    /// A difference that the files accept for a while.
    Accepted,
}

/// One thing to look at.
#[derive(Debug)]
pub(super) struct Issue {
    pub(super) kind: Kind,
    pub(super) level: Level,
    /// The stable code of what was looked for.
    pub(super) rule: String,
    /// What the rule means, in a sentence.
    pub(super) meaning: &'static str,
    /// What it is, in one line.
    pub(super) title: String,
    /// What else there is to know, a line each.
    pub(super) more: Vec<String>,
    /// Where.
    pub(super) spot: Option<Spot>,
    /// Of what stands in no line of a file the beginning of the one that it could be mended in, for the forms that take
    /// nothing without a place.
    near: Option<Spot>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) path: String,
    pub(super) line: u32,
    /// In characters.
    pub(super) column: u32,
}

impl Issue {
    fn new(kind: Kind, level: Level, rule: impl Into<String>, meaning: &'static str, title: &str) -> Self {
        let title = shown(title);
        Self { kind, level, rule: rule.into(), meaning, title, more: Vec::new(), spot: None, near: None }
    }

    fn more(self, more: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self { more: more.into_iter().map(|it| shown(it.as_ref())).collect(), ..self }
    }

    fn at(self, place: Option<Place>, sources: &Sources) -> Self {
        let spot = place.map(|it| Spot {
            path: sources.file(it.file).path.clone(),
            line: it.line.get(),
            column: it.column,
        });
        let near = if spot.is_some() { None } else { near(sources) };
        Self { spot, near, ..self }
    }

    /// Where, or near where.
    pub(super) fn spot_or_near(&self) -> Option<&Spot> {
        self.spot.as_ref().or(self.near.as_ref())
    }

    /// All that is said, as lines.
    pub(super) fn message(&self) -> String {
        let lines: Vec<&str> = std::iter::once(&self.title).chain(&self.more).map(String::as_str).collect();
        escape::clip(&lines.join("\n"), TEXT).into_owned()
    }
}

/// Where what belongs to no line is mended: most of it in the file of the workspace.
fn near(sources: &Sources) -> Option<Spot> {
    let own = |path: &str| path == WORKSPACE_FILE || path.ends_with(&format!("/{WORKSPACE_FILE}"));
    let paths = || sources.files().map(|it| it.1.path.as_str());
    let path = paths().find(|it| own(it)).or_else(|| paths().next())?;
    Some(Spot { path: path.to_owned(), line: 1, column: 1 })
}

fn shown(text: &str) -> String {
    escape::terminal(text).into_owned()
}

/// All there is to look at, kind by kind.
pub(super) fn issues(ending: &Ending<'_>) -> Vec<Issue> {
    let failure = ending.trouble().map(|it| {
        let rule = format!("run/{}", ending.result);
        let meaning = "The run did not come to what was asked for.";
        Issue::new(Kind::Failure, Level::Error, rule, meaning, &failure::sentence(&it))
    });
    let rest = match &ending.about {
        About::Plan(view, _) => of_plan(view),
        About::Findings(findings, sources) => findings.iter().map(|it| finding(it, sources)).collect(),
        About::Review(_) | About::Trouble(_) => Vec::new(),
    };
    failure.into_iter().chain(rest).collect()
}

fn of_plan(view: &View<'_>) -> Vec<Issue> {
    let words = Words::new(view.plan);
    let mut all: Vec<Issue> = view.judgement.stops().map(|it| stop(it, view, &words)).collect();
    let told = view.judgement.guards.iter();
    let told = told.filter(|it| matches!(it.verdict, Verdict::Review | Verdict::Warning | Verdict::Stood));
    all.extend(told.map(|it| stop(it, view, &words)));
    all.extend(privileged(view, &words));
    all.extend(persons(view));
    let weaker = view.plan.weakenings().iter().map(|it| {
        let side = |it: &Option<Box<str>>| it.as_deref().unwrap_or("(nothing)").to_owned();
        let title = format!("{}: {} → {}, {}", it.what, side(&it.before), side(&it.after), it.why);
        let meaning = "A rule stops less than that of the base.";
        Issue::new(Kind::Weakened, Level::Warning, "weakened", meaning, &title).at(it.from, view.sources)
    });
    all.extend(weaker);
    let held = withheld::those(view.plan, view.sources, Withheld::withholds);
    let reasons = view.plan.withheld.iter().filter(|it| it.withholds());
    all.extend(reasons.zip(held).map(|(reason, it)| {
        let rule = format!("withheld/{}", kind(reason));
        let title = format!("{} {}: {}", it.noun, it.what, it.why);
        let meaning = "Something that is asked for is left undone.";
        Issue::new(Kind::Withheld, Level::Warning, rule, meaning, &title).at(it.place, view.sources)
    }));
    all.extend(view.plan.leavers.iter().map(|it| {
        let title = leavers::leaver(it, &words);
        let meaning =
            "Somebody is deactivated while others name the person, or are booked for by the person.";
        Issue::new(Kind::Finding, Level::Warning, "leaver", meaning, &title).at(it.from, view.sources)
    }));
    all.extend(view.plan.accepted.iter().map(|it| {
        let title = notices::left_alone(it, &words);
        let meaning = "A difference between the files and what is live is left as it is for a while.";
        Issue::new(Kind::Accepted, Level::Note, "accepted", meaning, &title).at(Some(it.from), view.sources)
    }));
    all.extend(view.plan.remarks.iter().map(|it| finding(it, view.sources)));
    all
}

/// The name of a reason, as the document of a plan has it.
fn kind(withheld: &Withheld) -> String {
    let document = serde_json::to_value(&withheld.what).unwrap_or_default();
    document["kind"].as_str().unwrap_or_default().to_owned()
}

fn stop(check: &Check, view: &View<'_>, words: &Words<'_>) -> Issue {
    let name = check.guard.as_str();
    let sentence = guards::sentence(check, words, view.sources, |it| it);
    let mut more = remedy::details(check, words, view.sources);
    more.extend(remedy::allow(check, view));
    let group = match &check.subject {
        Subject::Group(company, name) => Some((*company, &**name)),
        Subject::Plan | Subject::Company(_) | Subject::Person(_) | Subject::Role(..) => {
            check.items.iter().find_map(|it| Some((it.company, it.group.as_deref()?)))
        }
    };
    let place = group.and_then(|(company, name)| {
        view.plan.groups().find(|it| it.company() == company && it.name() == name)?.from()
    });
    if let Some(policy) = policies::of(check) {
        let (kind, level, title) = match check.verdict {
            Verdict::Review => (Kind::Policy, Level::Note, format!("owners have to review this: {sentence}")),
            Verdict::Warning => (Kind::Policy, Level::Warning, format!("a policy is broken: {sentence}")),
            Verdict::Stood => (Kind::Policy, Level::Note, format!("a policy is broken: {sentence}")),
            Verdict::Ok | Verdict::Unset | Verdict::Excepted { .. } | Verdict::Approved | Verdict::Stop => {
                (Kind::Stop, Level::Error, format!("a policy stops this plan: {sentence}"))
            }
        };
        let place = check.items.iter().find_map(|it| it.from).or(Some(policy.from));
        let rule = format!("policy/{}", policy.kind.as_str());
        return Issue::new(kind, level, rule, policy.kind.meaning(), &title)
            .more(more)
            .at(place, view.sources);
    }
    let title = format!("a guard stops this plan: {name}: {sentence}");
    let meaning = "A limit on what one plan may do; beyond it nothing is applied.";
    Issue::new(Kind::Stop, Level::Error, format!("guard/{name}"), meaning, &title)
        .more(more)
        .at(place, view.sources)
}

fn privileged(view: &View<'_>, words: &Words<'_>) -> Vec<Issue> {
    let rows = people::rows(view, words).into_iter().filter(|it| it.turn == Turn::Escalates);
    let of = |row: &people::Row| {
        let who = row.who(str::to_owned);
        let issue = |role: &people::Role| {
            let title = format!("{who}: {}, {}", role.what, role.through);
            let meaning = "Somebody gains privileged access.";
            Issue::new(Kind::Privileged, Level::Warning, "privileged-access", meaning, &title)
                .at(role.place, view.sources)
        };
        row.roles.iter().filter(|it| it.privileged).map(issue).collect::<Vec<_>>()
    };
    rows.flat_map(|it| of(&it)).collect()
}

/// One of each thing that becomes of a person, however much about the person changes.
fn persons(view: &View<'_>) -> Vec<Issue> {
    let all = lives::lives(view.plan, view.sources);
    let alike = all.chunk_by(|a, b| (a.company, &a.who, a.turn) == (b.company, &b.who, b.turn));
    let said =
        |it: &Life| it.note.as_ref().map_or_else(|| it.what.clone(), |note| format!("{}, {note}", it.what));
    let issue = |of: &[Life]| {
        let first = &of[0];
        let title = format!("{}: {}", first.who, of.iter().map(said).collect::<Vec<_>>().join("; "));
        let rule = format!("person/{}", first.turn.word());
        Issue::new(Kind::Person, Level::Note, rule, first.turn.meaning(), &title)
            .at(first.place, view.sources)
    };
    alike.map(issue).collect()
}

fn finding(finding: &Finding, sources: &Sources) -> Issue {
    let level = if finding.code.is_remark() { Level::Warning } else { Level::Error };
    let related = finding.related.iter().map(|(place, label)| format!("{}: {label}", sources.line(*place)));
    Issue::new(Kind::Finding, level, finding.code.as_str(), finding.code.meaning(), &finding.message)
        .more(related.chain(finding.help.clone()).collect::<Vec<_>>())
        .at(finding.place, sources)
}
