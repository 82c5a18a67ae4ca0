//! Which commit gave and which took it, in words: the newest first. Raw: formats escape and arrange it.

use jiff::Timestamp;

use super::{
    counted,
    forge::Forge,
    said::{Part, Said, Sheet},
    scope::{Words, day},
};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::{
    files::{
        declared::{DeclaredScope, PendingAudience},
        history::{Commit, End, Event, Exactness, History, Line, Subject, Turn, What},
    },
    model::{
        date::{self, Now},
        ids::PersonRef,
        plan::Names,
        scope::Scope,
        selector::Attribute,
    },
};

/// A history, and what else its readers see.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct HistoryView<'a> {
    pub history: &'a History,
    pub subject: &'a Subject,
    pub now: Now,
}

/// For a terminal.
pub fn text(view: &HistoryView<'_>) -> String {
    view.said().text()
}

/// For a comment or a ticket.
pub fn markdown(view: &HistoryView<'_>, forge: Forge) -> String {
    view.said().markdown(forge)
}

/// For a spreadsheet.
pub fn csv(view: &HistoryView<'_>) -> String {
    view.said().csv()
}

const COLUMNS: [&str; 15] = [
    "change", "kind", "what", "group", "company", "from", "until", "file", "line", "commit", "author",
    "date", "subject", "mergedBy", "mergedOn",
];
/// Digits of a commit that people see.
const DIGITS: usize = 10;

impl Subject {
    /// As people name it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Person(keys) => keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", also "),
            Self::Group(name) => format!("the group {name}"),
        }
    }
}

impl What {
    /// The word for programs.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Removed => "removed",
            Self::Members(_) => "members",
            Self::Member(_) => "member",
            Self::Rule(_) => "rule",
            Self::Except(_) => "except",
            Self::Role(..) => "role",
            Self::Direct(_) => "directRole",
            Self::Account => "account",
            Self::Attribute(_) => "attribute",
            Self::LockedOut => "lockout",
        }
    }
}

impl Event {
    /// What people make of it, with its sign, and the line. What an entry takes away is taken where the entry comes, and given
    /// where it goes: but nothing becomes of an account of which files no longer speak.
    fn told(&self) -> (&'static str, char, &Line) {
        const GIVEN: (&str, char) = ("given", '+');
        const TAKEN: (&str, char) = ("taken", '-');
        const CHANGED: (&str, char) = ("changed", '~');
        let is_active = self.fact.what == What::Attribute(Attribute::Active);
        let is_account = is_active || self.fact.what == What::Account;
        let takes = |line: &Line| match self.fact.what {
            What::LockedOut | What::Removed | What::Except(_) => true,
            _ => is_active && shuts(line),
        };
        let ((word, sign), line) = match &self.turn {
            Turn::Given(line) => (if takes(line) { TAKEN } else { GIVEN }, line),
            Turn::Taken(line) if is_account => (CHANGED, line),
            Turn::Taken(line) => (if takes(line) { GIVEN } else { TAKEN }, line),
            Turn::Changed(line, _) if is_active => (if takes(line) { TAKEN } else { GIVEN }, line),
            Turn::Changed(line, _) => (CHANGED, line),
            Turn::Found(line) => (("found", '='), line),
        };
        (word, sign, line)
    }
}

impl Turn {
    /// What became of what the files ask for, in a word for programs, and the line that asks for it, or did.
    pub(crate) fn told(&self) -> (&'static str, &Line) {
        match self {
            Self::Given(line) => ("given", line),
            Self::Taken(line) => ("taken", line),
            Self::Changed(line, _) => ("changed", line),
            Self::Found(line) => ("found", line),
        }
    }

    /// How it was before, where it is otherwise now.
    pub(crate) fn before(&self) -> Option<&Line> {
        match self {
            Self::Changed(_, before) => Some(before),
            Self::Given(_) | Self::Taken(_) | Self::Found(_) => None,
        }
    }
}

/// Whether an entry about an account shuts it.
fn shuts(line: &Line) -> bool {
    line.value.as_deref() == Some("false")
}

impl HistoryView<'_> {
    pub(crate) fn said(&self) -> Said {
        let names = Names { values: self.history.names.clone(), ..Names::default() };
        let scopes = self.history.events.iter().filter_map(|it| match &it.fact.what {
            What::Role(_, scope) => Some(&scope.ready),
            _ => None,
        });
        let companies = self.history.events.iter().map(|it| it.fact.company).filter(|it| !it.0.is_nil());
        let words = Words::of(&names, companies, scopes);
        let mut parts: Vec<(Option<&Commit>, Part)> = Vec::new();
        for event in &self.history.events {
            let head = head(event);
            let line = self.line(event, &words);
            match parts
                .last_mut()
                .filter(|it| it.0 == event.commit.as_ref() && it.1.head.as_ref() == Some(&head))
            {
                Some((_, part)) => part.lines.push(line),
                None => parts.push((event.commit.as_ref(), Part { head: Some(head), lines: vec![line] })),
            }
        }
        let rows = self.history.events.iter().map(|it| self.cells(it, &words)).collect();
        Said {
            title: format!("History of {}", self.subject.shown()),
            facts: vec![format!("{} read", counted(self.history.commits, "commit", "commits"))],
            parts: parts.into_iter().map(|it| it.1).collect(),
            unseen: self.unseen(),
            summary: self.summary(),
            sheet: Sheet { columns: COLUMNS.to_vec(), rows },
        }
    }

    /// Where a role holds, in words.
    pub(crate) fn scope(&self, scope: &DeclaredScope) -> String {
        let names = Names { values: self.history.names.clone(), ..Names::default() };
        scope_words(scope, &Words::of(&names, std::iter::empty(), std::iter::once(&scope.ready)))
    }

    fn line(&self, event: &Event, words: &Words<'_>) -> Vec<String> {
        let (_, sign, line) = event.told();
        let zone = self.history.zone.clone().unwrap_or(TimeZone::UTC);
        let starts = line.term.starts.map(|it| date::from(it, &zone));
        let term: Vec<String> =
            starts.into_iter().chain(line.term.ends.map(|it| date::until(it, &zone))).collect();
        let what = what(event, words);
        let group = event.fact.group.as_deref();
        let of = match (self.subject, &event.fact.what, group) {
            (Subject::Person(_), What::Member(_), Some(group)) => format!("member of {group}"),
            (Subject::Person(_), What::Except(_), Some(group)) => {
                let ended = if matches!(event.turn, Turn::Taken(_)) { " no more" } else { "" };
                format!("no member of {group} by any rule (`except`){ended}")
            }
            (Subject::Person(_), What::Role(..), Some(group)) => format!("{what}, through {group}"),
            _ => what,
        };
        vec![format!("{sign} {of}"), format!("{}:{}", line.path, line.line), term.join(", ")]
    }

    fn cells(&self, event: &Event, words: &Words<'_>) -> Vec<String> {
        let (change, _, line) = event.told();
        let instant = |it: Option<Timestamp>| it.map_or_else(String::new, |it| format!("{it:.0}"));
        let company =
            if event.fact.company.0.is_nil() { String::new() } else { words.alias(event.fact.company) };
        let (commit, merged) = (event.commit.as_ref(), event.merged.as_ref());
        vec![
            change.to_owned(),
            event.fact.what.kind().to_owned(),
            what(event, words),
            event.fact.group.as_deref().unwrap_or_default().to_owned(),
            company,
            instant(line.term.starts),
            instant(line.term.ends),
            line.path.to_string(),
            line.line.to_string(),
            commit.map_or_else(String::new, |it| it.id.to_string()),
            commit.map_or_else(String::new, |it| it.author.to_string()),
            instant(commit.map(|it| it.at)),
            commit.map_or_else(|| "not committed".to_owned(), |it| it.subject.to_string()),
            merged.map_or_else(String::new, |it| it.id.to_string()),
            instant(merged.map(|it| it.at)),
        ]
    }

    /// What was not seen, in whole sentences.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let mut unseen = Vec::new();
        if let Some((commit, end)) = &self.history.ends {
            let why = match end {
                End::Shallow => "the clone is shallow: `git fetch --unshallow` has the rest",
                End::TooMany => "older commits were not read",
            };
            unseen.push(format!(
                "What was before commit {:.DIGITS$} of {}: {why}",
                commit.id,
                day(commit.at)
            ));
        }
        if let Some(first) = self.history.unread.first() {
            let commits = counted(self.history.unread.len(), "commit", "commits");
            unseen.push(format!("The files of {commits} are not sound, such as {:.DIGITS$}: what these changed is told of the next", first.id));
        }
        if let Subject::Person(keys) = self.subject {
            let others = match &keys[..] {
                [PersonRef::Email(_)] => "an id",
                [_] => "an address or another id",
                _ => "any other key",
            };
            unseen.push(format!(
                "Entries that name the person by {others}: the files as they lie there do not say whose that is; give it as `--also externalId=…`"
            ));
            let ruled: Vec<&str> = self.history.ruled.iter().map(|it| &**it).collect();
            if !ruled.is_empty() {
                unseen.push(format!(
                    "Memberships by a rule (`membersFrom`), whom it means only the API knows: there were or are rules in {}, and `rolecall history GROUP` tells when each began and ended",
                    ruled.join(", ")
                ));
            }
        }
        unseen.push(
            "What was changed by hand and stands in no file: `rolecall drift` tells of that".to_owned(),
        );
        unseen
    }

    fn summary(&self) -> String {
        if self.history.events.is_empty() {
            return format!("No commit asks for anything of {}.", self.subject.shown());
        }
        let count = |word: &str| self.history.events.iter().filter(|it| it.told().0 == word).count();
        let commits: std::collections::BTreeSet<_> =
            self.history.events.iter().filter_map(|it| it.commit.as_ref()).map(|it| &it.id).collect();
        format!(
            "{} by {}: {} given, {} taken, {} changed.",
            counted(self.history.events.len(), "change", "changes"),
            counted(commits.len(), "commit", "commits"),
            count("given") + count("found"),
            count("taken"),
            count("changed"),
        )
    }
}

/// The commit of an event, with the merge by which it came.
fn head(event: &Event) -> String {
    let said = |it: &Commit| format!("{:.DIGITS$} {} {}: {}", it.id, day(it.at), it.author, it.subject);
    match (&event.commit, &event.merged) {
        (None, _) => "not committed".to_owned(),
        (Some(commit), None) => said(commit),
        (Some(commit), Some(merge)) => {
            format!(
                "{}  (merged by {:.DIGITS$} {}: {})",
                said(commit),
                merge.id,
                day(merge.at),
                merge.subject
            )
        }
    }
}

fn what(event: &Event, words: &Words<'_>) -> String {
    let ended = |what: String| match event.turn {
        Turn::Taken(_) => what + " no more",
        Turn::Given(_) | Turn::Changed(..) | Turn::Found(_) => what,
    };
    match &event.fact.what {
        What::Group => "the group".to_owned(),
        What::Removed => ended("to be deleted".to_owned()),
        What::Members(Exactness::Exact) => "members: these and nobody else".to_owned(),
        What::Members(Exactness::AtLeast) => "members: these and whoever else is there".to_owned(),
        What::Members(Exactness::Unmanaged) => "members: not managed".to_owned(),
        What::Member(person) => format!("member {person}"),
        What::Rule(selector) => format!("members from {}", selector.text(&words.names.values)),
        What::Except(person) => ended(format!("except {person}")),
        What::Role(role, scope) => format!("{role} on {}", scope_words(scope, words)),
        What::Direct(kind) => super::direct::kind(kind, words),
        What::Account => {
            let (_, line) = event.turn.told();
            format!("account created: {}{}", line.value.as_deref().unwrap_or_default(), unsaid(event))
        }
        What::Attribute(attribute) => {
            let value = |it: &Line| {
                let value = it.value.as_deref().unwrap_or_default();
                match (attribute, value.parse::<Uuid>()) {
                    (Attribute::Active, _) if shuts(it) => "deactivated".to_owned(),
                    (Attribute::Active, _) => "active".to_owned(),
                    _ if attribute.called(value).is_some() => {
                        attribute.called(value).unwrap_or_default().to_owned()
                    }
                    (_, Ok(id)) => words.names.values.get(&id).map_or(value, |it| it).to_owned(),
                    (_, Err(_)) => value.to_owned(),
                }
            };
            let before = event.turn.before().map(|it| format!("{} → ", value(it))).unwrap_or_default();
            let ended = if *attribute == Attribute::Active { unsaid(event) } else { "" };
            format!("{} {before}{}{ended}", attribute.word(), value(event.turn.told().1))
        }
        What::LockedOut => ended("locked out".to_owned()),
    }
}

/// That files no longer speak of an account: nothing becomes of it by that.
fn unsaid(event: &Event) -> &'static str {
    if matches!(event.turn, Turn::Taken(_)) { " → not said any more" } else { "" }
}

/// A scope with the people that it names as the files do.
fn scope_words(scope: &DeclaredScope, words: &Words<'_>) -> String {
    let pending = |PendingAudience { rest, people }: &PendingAudience| {
        let people: Vec<String> = people.iter().map(ToString::to_string).collect();
        let profile = format!("profile {}", people.join(", "));
        if rest.is_empty() {
            profile
        } else {
            format!("{} and {profile}", words.scope(&Scope::new([rest.clone()])))
        }
    };
    let ready = (!scope.ready.is_empty()).then(|| words.scope(&scope.ready));
    ready.into_iter().chain(scope.pending.iter().map(pending)).collect::<Vec<_>>().join("; ")
}
