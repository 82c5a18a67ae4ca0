//! What begins and ends within a time, in words. Raw: formats escape and arrange it.

use jiff::Timestamp;

use super::{
    counted,
    forge::Forge,
    said::{Part, Said, Sheet},
    scope::Words,
};
use crate::{
    model::{
        date::{self, Now},
        source::Sources,
    },
    plan::upcoming::{Item, Upcoming, What},
};

/// What begins and ends, and what else its readers see.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct UpcomingView<'a> {
    pub upcoming: &'a Upcoming,
    /// The files its places point into.
    pub sources: &'a Sources,
    /// The host of the API, as shown to people.
    pub endpoint: &'a str,
    /// The URL of the API, or the word `sandbox`; for programs.
    pub url: &'a str,
    pub now: Now,
    /// When the snapshot was taken that it is made from; `None` where the API was read.
    pub taken: Option<Timestamp>,
}

/// For a terminal.
pub fn text(view: &UpcomingView<'_>) -> String {
    view.said().text()
}

/// For a comment or a ticket.
pub fn markdown(view: &UpcomingView<'_>, forge: Forge) -> String {
    view.said().markdown(forge)
}

/// For a spreadsheet: a row for each person and role.
pub fn csv(view: &UpcomingView<'_>) -> String {
    view.said().csv()
}

/// People that one line names at most.
const NAMED: usize = 8;

const COLUMNS: [&str; 10] =
    ["at", "what", "kind", "company", "group", "person", "role", "scope", "about", "origin"];

impl UpcomingView<'_> {
    pub(crate) fn said(&self) -> Said {
        let it = self.upcoming;
        let scopes = it.items.iter().flat_map(|it| &it.roles).map(|it| &*it.1);
        let words = Words::of(&it.names, it.companies.iter().copied(), scopes);
        let mut parts: Vec<Part> = Vec::new();
        for item in &it.items {
            let head = self.when(item);
            if parts.last().is_none_or(|it| it.head.as_ref() != Some(&head)) {
                parts.push(Part { head: Some(head), lines: Vec::new() });
            }
            parts.last_mut().into_iter().for_each(|it| it.lines.extend(self.lines(item, &words)));
        }
        Said {
            title: format!("What begins and ends until {}", self.instant(it.to)),
            facts: self.facts(),
            parts,
            unseen: self.unseen(),
            summary: self.summary(),
            sheet: Sheet {
                columns: COLUMNS.to_vec(),
                rows: it.items.iter().flat_map(|it| self.rows(it, &words)).collect(),
            },
        }
    }

    /// An instant, or the day that begins with it.
    fn instant(&self, at: Timestamp) -> String {
        let said = date::from(at, &self.sources.zone());
        if said.len() == "from 2027-01-31".len() {
            said["from ".len()..].to_owned()
        } else {
            format!("{at:.0}")
        }
    }

    fn facts(&self) -> Vec<String> {
        let of = match self.taken {
            Some(taken) => format!("By the files, and a snapshot of {} from {taken:.0}", self.endpoint),
            None => format!("By the files, and what is live at {} now", self.endpoint),
        };
        let given = if self.now.is_given { " (--now)" } else { "" };
        vec![of, format!("From {}{given} on", self.instant(self.now.at))]
    }

    pub(crate) fn unseen(&self) -> Vec<String> {
        let n = self.upcoming.untold;
        let untold = format!(
            "What {} above or {} cannot be told: names of groups do not fit then",
            counted(n, "entry gives", "entries give"),
            if n == 1 { "takes" } else { "take" }
        );
        let names = &self.upcoming.names;
        let unread = self.upcoming.unread.iter();
        let unread = unread.map(|it| {
            format!("Company {} could not be read: what begins and ends there", names.company(*it))
        });
        unread.chain((n > 0).then_some(untold)).collect()
    }

    pub(crate) fn summary(&self) -> String {
        let begin = self.upcoming.items.iter().filter(|it| it.begins).count();
        let end = self.upcoming.items.len() - begin;
        format!("{}, {}.", counted(end, "thing ends", "things end"), counted(begin, "begins", "begin"))
    }

    fn when(&self, item: &Item) -> String {
        let zone = self.sources.zone();
        let when = if item.begins { date::from(item.at, &zone) } else { date::until(item.at, &zone) };
        // Counted to its last moment.
        let days = (item.at.as_second() - self.now.at.as_second()).max(0) / 86_400;
        let verb = if item.begins { "begins" } else { "ends" };
        match days {
            0 => format!("{when}  ({verb} in less than a day)"),
            1 => format!("{when}  ({verb} in a day)"),
            n => format!("{when}  ({verb} in {n} days)"),
        }
    }

    /// What it is, and what it gives or takes.
    fn lines(&self, item: &Item, words: &Words<'_>) -> Vec<Vec<String>> {
        let reason = item.reason.as_deref().unwrap_or_default().to_owned();
        let first = vec![about(item), self.sources.line(item.from), reason];
        let verb = if item.begins { "gives" } else { "takes" };
        let roles = item.roles.iter().map(|(role, scope)| {
            let what = format!("{} on {}", words.role(*role), words.scope(scope));
            // Of a member the line above says who.
            match &item.what {
                What::Role { .. } | What::Group { .. } => format!("  {verb} {what}: {}", who(item, words)),
                _ => format!("  {verb} {what}"),
            }
        });
        let mut lines = vec![first];
        lines.extend(roles.map(|it| vec![it]));
        lines
    }

    fn rows(&self, item: &Item, words: &Words<'_>) -> Vec<Vec<String>> {
        let named = item.what.person().map(ToString::to_string).unwrap_or_default();
        let mut people: Vec<String> = item.people.iter().map(|it| words.person(*it)).collect();
        if people.is_empty() {
            people.push(named);
        }
        let mut roles: Vec<(String, String)> =
            item.roles.iter().map(|(role, scope)| (words.role(*role), words.scope(scope))).collect();
        if roles.is_empty() {
            let role = match &item.what {
                What::DirectRole { role_type, .. } => role_type.to_string(),
                What::Role { role, .. } => role.to_string(),
                _ => String::new(),
            };
            roles.push((role, String::new()));
        }
        let row = |person: &String, (role, scope): &(String, String)| {
            vec![
                item.at.to_string(),
                if item.begins { "begins" } else { "ends" }.to_owned(),
                kind(item).to_owned(),
                item.company.map_or_else(String::new, |it| words.alias(it)),
                item.what.group().unwrap_or_default().to_owned(),
                person.clone(),
                role.clone(),
                scope.clone(),
                match &item.what {
                    What::Exception { of } | What::Accept { of } => of.to_string(),
                    _ => String::new(),
                },
                self.sources.line(item.from),
            ]
        };
        people.iter().flat_map(|person| roles.iter().map(move |it| row(person, it))).collect()
    }
}

fn who(item: &Item, words: &Words<'_>) -> String {
    let mut named: Vec<String> = item.people.iter().map(|it| words.person(*it)).collect();
    named.sort_unstable();
    named.truncate(NAMED);
    match (named.len(), item.people.len() - named.len()) {
        (0, _) => "nobody".to_owned(),
        (_, 0) => named.join(", "),
        (_, more) => format!("{} and {more} more", named.join(", ")),
    }
}

/// What an entry is about, for people.
fn about(item: &Item) -> String {
    match &item.what {
        What::Group { group } => format!("group {group}"),
        What::Member { group, person } => format!("{person} in {group}"),
        What::Role { group, role } => format!("role {role} of {group}"),
        What::DirectRole { person, role_type } => format!("{role_type} of {person}, outside groups"),
        What::Lockout { person } => format!("lock-out of {person}"),
        What::Exception { of } => format!("exception: {of}"),
        What::Accept { of } => format!("accepted: {of}"),
    }
}

/// The same for programs.
pub(crate) fn kind(item: &Item) -> &'static str {
    match item.what {
        What::Group { .. } => "group",
        What::Member { .. } => "member",
        What::Role { .. } => "role",
        What::DirectRole { .. } => "directRole",
        What::Lockout { .. } => "lockout",
        What::Exception { .. } => "exception",
        What::Accept { .. } => "accept",
    }
}
