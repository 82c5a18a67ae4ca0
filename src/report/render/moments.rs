//! What became of access between two moments, in words: by people, then the groups that were made, renamed and are gone. Raw:
//! formats escape and arrange it.

use jiff::Timestamp;

use super::{
    View, counted,
    forge::Forge,
    people::{self, Row, Turn},
    said::{Part, Said, Sheet},
    scope::Words,
};
use crate::{
    model::{
        date::Now,
        ids::{CompanyId, GroupId},
        plan::{Action, Change, Judgement},
        source::Sources,
    },
    plan::moments::{Account, Moments},
};

/// Two moments, and what else their readers see.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct MomentsView<'a> {
    pub moments: &'a Moments,
    /// When each snapshot was taken, and the URL of its API.
    pub sides: [(Timestamp, &'a str); 2],
    pub now: Now,
    /// Whether addresses are pseudonyms.
    pub is_sanitized: bool,
}

/// What became of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupTurn {
    pub(crate) company: CompanyId,
    pub(crate) id: Option<GroupId>,
    /// Its names, before and after; the same where it kept it.
    pub(crate) names: [Option<Box<str>>; 2],
    pub(crate) roles: usize,
    pub(crate) members: usize,
}

/// For a terminal.
pub fn text(view: &MomentsView<'_>) -> String {
    view.said().text()
}

/// For a comment or a ticket.
pub fn markdown(view: &MomentsView<'_>, forge: Forge) -> String {
    view.said().markdown(forge)
}

/// For a spreadsheet.
pub fn csv(view: &MomentsView<'_>) -> String {
    view.said().csv()
}

const COLUMNS: [&str; 8] =
    ["change", "person", "company", "role", "scope", "privileged", "losesEverything", "through"];

impl MomentsView<'_> {
    pub(crate) fn said(&self) -> Said {
        let moments = self.moments;
        let plan = &moments.plan;
        let words = Words::new(plan);
        let judgement = Judgement { people: moments.people.clone(), ..Judgement::default() };
        let sources = Sources::default();
        let view = View {
            plan,
            judgement: &judgement,
            sources: &sources,
            endpoint: "",
            url: self.sides[1].1,
            now: self.now,
            partial: false,
            portion: None,
            files: &[],
            taken: None,
            document: None,
            cost: None,
        };
        let rows = people::rows(&view, &words);
        let several = plan.companies.len() > 1;
        let of = |it: CompanyId| if several { format!(" of {}", words.company(it)) } else { String::new() };
        let mut parts: Vec<Part> = rows.iter().map(|it| part(it, &of(it.company))).collect();
        let mut sheet: Vec<Vec<String>> = rows.iter().flat_map(|it| cells(it, &words)).collect();
        let accounts: Vec<Vec<String>> = moments
            .accounts
            .iter()
            .map(|(company, user, turn)| {
                let what = match turn {
                    Account::Closed => "can no longer be used",
                    Account::Opened => "can be used again",
                };
                let change = match turn {
                    Account::Closed => "accountClosed",
                    Account::Opened => "accountOpened",
                };
                let (who, alias) = (words.person(*user), words.alias(*company));
                sheet.push([change, &who, &alias, "", "", "", "", ""].map(str::to_owned).to_vec());
                vec![format!("{who}{}", of(*company)), what.to_owned()]
            })
            .collect();
        let groups: Vec<Vec<String>> = self
            .groups()
            .iter()
            .map(|it| {
                let (change, line) = group(it);
                let name = it.names.iter().flatten().last().map_or("", |it| it);
                sheet.push(
                    [change, "", &words.alias(it.company), "", "", "", "", name].map(str::to_owned).to_vec(),
                );
                vec![format!("{}{}", line[0], of(it.company)), line[1].clone()]
            })
            .collect();
        let listed = |head: &str, lines: Vec<Vec<String>>| {
            (!lines.is_empty()).then(|| Part { head: Some(head.to_owned()), lines })
        };
        parts.extend(listed("Accounts", accounts));
        parts.extend(listed("Groups", groups));
        let [(then, _), (now, url)] = self.sides;
        let companies: Vec<String> =
            plan.companies.iter().take(5).map(|it| words.company(it.company)).collect();
        Said {
            title: format!("From {then:.0} to {now:.0}"),
            facts: vec![format!("{} at {url}", companies.join(", "))],
            parts,
            unseen: self.unseen(&words),
            summary: self.summary(),
            sheet: Sheet { columns: COLUMNS.to_vec(), rows: sheet },
        }
    }

    /// The groups that came, went or got another name; in the order of the plan.
    pub(crate) fn groups(&self) -> Vec<GroupTurn> {
        let plan = &self.moments.plan;
        let turned = |it: &Change<'_>| {
            let [before, after] = [it.attributes_before(), it.attributes_after()];
            let names = [before, after].map(|it| it.map(|it| it.name.clone()));
            let is_told = it.action() != Action::Alter || names[0] != names[1];
            is_told.then(|| GroupTurn {
                company: it.company(),
                id: it.group().and_then(|it| plan.index.group(it).id),
                names,
                roles: it.grants().count(),
                members: it.members().count(),
            })
        };
        plan.groups().filter_map(|it| turned(&it)).collect()
    }

    /// What was not compared, in whole sentences.
    fn unseen(&self, words: &Words<'_>) -> Vec<String> {
        let moments = self.moments;
        let mut unseen: Vec<String> = moments
            .alone
            .iter()
            .map(|it| {
                format!("Only one of the snapshots tells of {}: it was not compared", words.company(*it))
            })
            .collect();
        if moments.half_known > 0 {
            let people = counted(moments.half_known, "person", "people");
            unseen.push(format!(
                "Roles outside groups of {people} were read at one moment alone: they were not compared"
            ));
        }
        if moments.direct_unread {
            unseen.push("Roles outside groups were not read of everybody: a snapshot has those of people whom the files single out".to_owned());
        }
        if self.is_sanitized {
            unseen.push("Addresses are pseudonyms".to_owned());
        }
        unseen
    }

    fn summary(&self) -> String {
        let (people, plan) = (&self.moments.people, self.moments.plan.summary());
        if self.moments.plan.is_empty() && self.moments.accounts.is_empty() {
            return "No difference, as far as was seen.".to_owned();
        }
        let escalates = people.affected.iter().filter(|it| it.escalates()).map(|it| it.users.len()).sum();
        let who = |turn: Turn, n: usize| turn.counted(n);
        format!(
            "{}, {} of what is privileged; {}, {}; {}, {} gone.",
            who(Turn::Gains, people.gain),
            super::thousands(escalates),
            who(Turn::Loses, people.lose),
            who(Turn::LosesEverything, people.lose_everything.len()),
            counted(plan.groups_created, "group made", "groups made"),
            super::thousands(plan.groups_deleted),
        )
    }
}

/// People alike with what they gain or lose.
fn part(row: &Row, of: &str) -> Part {
    let who = row.who(str::to_owned);
    let line = |it: &people::Role| {
        let mark = if it.privileged { "   PRIVILEGED" } else { "" };
        vec![format!("{}{mark}", it.what), it.through.clone()]
    };
    let head = match row.turn {
        Turn::Escalates => format!("! {who}{of}"),
        Turn::Gains => format!("+ {who}{of}"),
        Turn::Loses | Turn::LosesEverything => format!("- {who}{of}"),
    };
    Part { head: Some(head), lines: row.roles.iter().map(line).collect() }
}

fn cells(row: &Row, words: &Words<'_>) -> Vec<Vec<String>> {
    let company = words.alias(row.company);
    let change = if matches!(row.turn, Turn::Escalates | Turn::Gains) { "gains" } else { "loses" };
    let everything = super::csv::yes(row.turn == Turn::LosesEverything);
    let cells = |who: &String, role: &people::Role| {
        let privileged = super::csv::yes(role.privileged);
        [change, who, &company, &role.name, &role.scope, privileged, everything, &role.through]
            .map(str::to_owned)
            .to_vec()
    };
    row.who
        .iter()
        .flat_map(|who| row.roles.iter().map(move |role| (who, role)))
        .map(|it| cells(it.0, it.1))
        .collect()
}

/// The word for a program, and the cells of a line.
fn group(it: &GroupTurn) -> (&'static str, [String; 2]) {
    let size =
        || format!("{}, {}", counted(it.roles, "role", "roles"), counted(it.members, "member", "members"));
    match &it.names {
        [Some(before), Some(after)] => {
            ("groupRenamed", [format!("~ {before} → {after}"), "renamed".to_owned()])
        }
        [None, Some(name)] => ("groupMade", [format!("+ {name}"), size()]),
        [Some(name), None] => ("groupGone", [format!("- {name}"), size()]),
        [None, None] => ("", [String::new(), String::new()]),
    }
}
