//! What a question over everybody's access is answered, in words. Raw: formats escape and arrange it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    counted, direct,
    forge::Forge,
    review::{ReviewView, Row},
    said::{Part, Said, Sheet},
    scope::Words,
};
use crate::{
    model::{
        acting::Right,
        date::Now,
        ids::{CompanyId, RoleId, UserId},
        observed::RoleHead,
        permissions::Permissions,
        source::Sources,
    },
    plan::{
        desired::is_to_be_made,
        explain::Standing,
        question::{Ability, Actors, Answer, Question, Side, Unseen},
        review::{Group, Person},
    },
};

/// An answer, and what else its readers see.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct AnswerView<'a> {
    pub answer: &'a Answer,
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

/// The answer for a terminal.
pub fn text(view: &AnswerView<'_>) -> String {
    view.said().text()
}

/// The answer for a comment or a ticket.
pub fn markdown(view: &AnswerView<'_>, forge: Forge) -> String {
    view.said().markdown(forge)
}

/// The answer for a spreadsheet.
pub fn csv(view: &AnswerView<'_>) -> String {
    view.said().csv()
}

const HOLDERS: [&str; 13] = [
    "person",
    "company",
    "standing",
    "role",
    "scope",
    "permissions",
    "privileged",
    "through",
    "files",
    "added",
    "ends",
    "origin",
    "roleOrigin",
];
const ACTORS: [&str; 7] = ["person", "standing", "right", "through", "origin", "files", "note"];
const GROUPS: [&str; 7] = ["group", "company", "standard", "files", "members", "roles", "origin"];
const ROLES: [&str; 7] = ["role", "company", "providedBy", "privileged", "permissions", "groups", "people"];
const PEOPLE: [&str; 6] = ["person", "company", "standing", "privileged", "roles", "groups"];

impl<'a> AnswerView<'a> {
    pub(crate) fn review(&self) -> ReviewView<'a> {
        let Self { answer, sources, endpoint, url, now, taken } = *self;
        ReviewView { review: &answer.review, sources, endpoint, url, now, taken }
    }

    pub(crate) fn said(&self) -> Said {
        let review = self.review();
        let words = review.words();
        let mut facts = review.origins();
        if self.answer.side == Side::Desired {
            facts.push("As it will be once the files are applied; nothing was".to_owned());
        }
        let said = match &self.answer.question {
            Question::Can(_) | Question::Has(_) => self.holders(&words),
            Question::ActsFor(_) => self.actors(&words),
            Question::Groups(_) => self.groups(&words),
            Question::Roles(_) => self.roles(&words),
            Question::People(_) => self.people(&words),
        };
        Said { title: self.title(&words), facts, unseen: self.unseen(), ..said }
    }

    fn title(&self, words: &Words<'_>) -> String {
        let reach = self.answer.reach.as_ref();
        let reach = reach.map_or_else(String::new, |it| format!(" on {}", words.scope(it)));
        let asked = match &self.answer.question {
            Question::Can(Ability { permission, action: None }) => format!("Who can {permission}"),
            Question::Can(Ability { permission, action: Some(action) }) => {
                format!("Who can {permission}:{action}")
            }
            Question::Has(role) => format!("Who has {role}"),
            Question::ActsFor(person) => format!("Who may act for {person}"),
            Question::Groups(_) => "Groups".to_owned(),
            Question::Roles(_) => "Roles".to_owned(),
            Question::People(_) => "People".to_owned(),
        };
        asked + &reach
    }

    /// What was not seen, in whole sentences.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let sentence = |it: &Unseen| {
            match it {
            Unseen::DirectRoles(None) => "Roles outside groups were not read of everybody: give --users, one request for each person".to_owned(),
            Unseen::DirectRoles(Some(n)) => {
                let people = counted(*n, "active person", "active people");
                format!("Roles outside groups were not read of {people}: give --users, one request for each, or take the snapshot of files that name them")
            }
            Unseen::Permissions(roles) => {
                format!("What these roles permit, the API does not say, and groups hold them: {}", roles.join(", "))
            }
            Unseen::OutsideGroups(n) => {
                let people = counted(*n, "person holds", "people hold");
                format!("What roles outside groups permit, the API does not say: {people} some; ask who has COMPANY_ADMIN, TMC_AGENT and so on")
            }
            Unseen::Scopes(n) => {
                let grants = counted(*n, "grant", "grants");
                format!("{grants} above hold where this version cannot read it: perhaps not on what was asked for")
            }
            Unseen::Hidden(n) => {
                format!("Who {} above, the API does not tell", counted(*n, "person is", "people are"))
            }
            Unseen::Everybody => "The API lists not everybody: people in no group may be missing".to_owned(),
            Unseen::Pseudonyms => "Addresses are pseudonyms: lines of files are not found by them".to_owned(),
            Unseen::Withheld(n) => {
                let things = counted(*n, "thing that the files ask for is", "things that the files ask for are");
                format!("{things} withheld, and not in this: `rolecall plan` says which")
            }
            Unseen::OtherCompanies => "Groups that other companies own were not looked at".to_owned(),
            // Contract §5.3.
            Unseen::Themselves => "Every traveller is Trip Administrator and User Profile Administrator of themselves, through no group".to_owned(),
            Unseen::Arrangers => "The person's own list of arrangers: this token may not read it, or a snapshot was asked, which does not have it".to_owned(),
            Unseen::Superiors => "Who manages the person and approves: this token may not read it, or the snapshot does not say".to_owned(),
            Unseen::Entries(1) => "1 person acts for the person by the files, and whether that is so was not read".to_owned(),
            Unseen::Entries(n) => {
                format!("{} people act for the person by the files, and whether that is so was not read", super::thousands(*n))
            }
            Unseen::ThroughGroups => "Roles of groups that reach the person were not looked at: ask `rolecall who-can TRIP_MANAGEMENT:WRITE --company …`".to_owned(),
        }
        };
        self.answer.unseen.iter().map(sentence).collect()
    }

    /// Everybody with every way.
    fn holders(&self, words: &Words<'_>) -> Said {
        let review = self.review();
        let (mut parts, mut rows) = (Vec::new(), Vec::new());
        let (mut inactive, mut groups) = (0, BTreeSet::new());
        for person in &self.answer.review.people {
            inactive += usize::from(!person.user.active);
            groups.extend(person.effects.iter().flat_map(|it| &it.through).map(|it| it.group));
            let who = words.person(person.user.id);
            let company = if review.several() {
                format!(" of {}", words.company(person.company))
            } else {
                String::new()
            };
            let standing = review.standing(person);
            let beside = standing.as_ref().map_or_else(String::new, |it| format!("  ({it})"));
            let own = review.rows(person, words);
            parts.push(Part {
                head: Some(format!("{who}{company}{beside}")),
                lines: own.iter().map(|it| self.line(it)).collect(),
            });
            let standing = standing.unwrap_or_default();
            rows.extend(
                own.into_iter()
                    .map(|it| self.row(it, (&who, &words.alias(person.company), &standing), person)),
            );
        }
        let people = self.answer.review.people.len();
        let summary = match (people, inactive) {
            (0, _) => "Nobody, as far as was seen.".to_owned(),
            (_, 0) => format!(
                "{} through {}.",
                counted(people, "person", "people"),
                counted(groups.len(), "group", "groups")
            ),
            (_, n) => format!(
                "{} through {}; {n} of them cannot act: not active, or not told by the API.",
                counted(people, "person", "people"),
                counted(groups.len(), "group", "groups")
            ),
        };
        Said { parts, summary, sheet: Sheet { columns: HOLDERS.to_vec(), rows }, ..Said::default() }
    }

    fn line(&self, row: &Row) -> Vec<String> {
        let scope = if row.scope.is_empty() { String::new() } else { format!(" on {}", row.scope) };
        let mark = if row.privileged { "   PRIVILEGED" } else { "" };
        let through = match row.id {
            Some(_) => format!("through {}", row.through),
            None => row.through.clone(),
        };
        let role = if row.granted.is_empty() { String::new() } else { format!("role {}", row.granted) };
        vec![
            format!("{}{scope}{mark}", row.role),
            through,
            row.dates(&self.sources.zone()),
            row.origin.clone(),
            role,
            row.files.to_owned(),
        ]
    }

    fn row(&self, row: Row, (who, company, standing): (&str, &str, &str), person: &Person) -> Vec<String> {
        let instant = |it: Option<Timestamp>| it.map_or_else(String::new, |it| format!("{it:.0}"));
        let permissions = row.id.and_then(|it| self.permissions(person.company, it));
        let permissions = permissions.map_or_else(String::new, |it| it.words());
        vec![
            who.to_owned(),
            company.to_owned(),
            standing.to_owned(),
            row.role,
            row.scope,
            permissions,
            super::csv::yes(row.privileged).to_owned(),
            row.through,
            row.files.to_owned(),
            instant(row.added),
            instant(row.ends),
            row.origin,
            row.granted,
        ]
    }

    /// What a role permits, of a question for a permission that one alone; `None` where the API does not say.
    pub(crate) fn permissions(&self, company: CompanyId, role: RoleId) -> Option<Permissions> {
        let permissions = self.answer.review.roles.get(&(company, role))?.permissions.clone()?;
        Some(match &self.answer.question {
            Question::Can(asked) => permissions.retain(|it, _| it.eq_ignore_ascii_case(&asked.permission)),
            Question::Has(_)
            | Question::ActsFor(_)
            | Question::Groups(_)
            | Question::Roles(_)
            | Question::People(_) => permissions,
        })
    }

    /// Who acts for the person, each with every way.
    fn actors(&self, words: &Words<'_>) -> Said {
        let Some(Actors { person, acting, users }) = &self.answer.actors else { return Said::default() };
        let whose = words.person(person.id);
        let mut all: BTreeMap<(String, UserId), Vec<Vec<String>>> = BTreeMap::new();
        let origin =
            |it: &Standing| it.lines.first().map_or_else(String::new, |it| self.sources.line(it.from));
        for it in &acting.others {
            let (right, through) = match it.act.right {
                Right::Arranger => ("may book", "role TRAVEL_ARRANGER".to_owned()),
                Right::Approver => ("approves", format!("approvers of {whose}")),
                Right::Manager => ("manages", format!("manager of {whose}")),
            };
            let doubt = it.doubt.map_or("", super::acting::doubt);
            let files = super::review::unwanted(it.standing.asked, "");
            let row = [right, &through, &origin(&it.standing), files, doubt].map(str::to_owned).to_vec();
            all.entry((words.person(it.act.who), it.act.who)).or_default().push(row);
        }
        for (who, it) in &acting.everybody {
            let place = format!("may act for {}", super::acting::everybody(&it.kind, words));
            let through = format!("role {}", it.kind.role_type());
            let files = super::review::unwanted(it.standing.asked, "");
            let row = [&*place, &through, &origin(&it.standing), files, ""].map(str::to_owned).to_vec();
            all.entry((words.person(*who), *who)).or_default().push(row);
        }
        let (mut parts, mut rows, mut idle) = (Vec::new(), Vec::new(), 0);
        for ((name, id), lines) in all {
            let standing = match users.get(&id) {
                None => "not told by the API",
                Some(user) if !user.active => "not active",
                Some(_) => "",
            };
            idle += usize::from(!standing.is_empty());
            let beside = if standing.is_empty() { String::new() } else { format!("  ({standing})") };
            rows.extend(lines.iter().map(|it| {
                [name.clone(), standing.to_owned()].into_iter().chain(it.iter().cloned()).collect()
            }));
            parts.push(Part { head: Some(format!("{name}{beside}")), lines });
        }
        let people = counted(parts.len(), "person", "people");
        let summary = match (parts.len(), idle) {
            (0, _) => "Nobody, as far as was seen.".to_owned(),
            (_, 0) => format!("{people} may act for {whose}."),
            (_, n) => format!(
                "{people} may act for {whose}; {n} of them cannot now: not active, or not told by the API."
            ),
        };
        Said { parts, summary, sheet: Sheet { columns: ACTORS.to_vec(), rows }, ..Said::default() }
    }

    /// The groups that are asked for.
    pub(crate) fn shown_groups(&self) -> impl Iterator<Item = &'a Group> {
        let answer = self.answer;
        let is_asked = move |it: &&Group| match &answer.question {
            Question::Groups(pattern) => pattern.as_ref().is_none_or(|pattern| pattern.matches(&it.name)),
            Question::Can(_)
            | Question::Has(_)
            | Question::ActsFor(_)
            | Question::Roles(_)
            | Question::People(_) => false,
        };
        let reaches = move |it: &&Group| {
            let reach = answer.reach.as_ref();
            reach.is_none() || it.grants.iter().any(|it| crate::plan::question::reaches(&it.1, reach))
        };
        answer.review.groups.iter().filter(is_asked).filter(reaches)
    }

    fn groups(&self, words: &Words<'_>) -> Said {
        let review = self.review();
        let groups: Vec<&Group> = self.shown_groups().collect();
        let row = |it: &&Group| {
            let (files, origin) = review.managed(it);
            let files = if is_to_be_made(it.id) { "to be created" } else { files };
            let standard = super::csv::yes(it.is_standard).to_owned();
            let counts = [it.members.to_string(), it.grants.len().to_string()];
            let [members, roles] = counts;
            vec![
                it.name.to_string(),
                words.alias(it.company),
                standard,
                files.to_owned(),
                members,
                roles,
                origin,
            ]
        };
        let members = groups.iter().map(|it| it.members).sum();
        let summary = format!(
            "{}, {}.",
            counted(groups.len(), "group", "groups"),
            counted(members, "membership", "memberships")
        );
        table(GROUPS, groups.iter().map(row).collect(), summary)
    }

    /// The roles that are asked for, each with the groups that hold it and how many people have it through these.
    pub(crate) fn shown_roles(&self) -> Vec<(CompanyId, &'a RoleHead, usize, usize)> {
        let review = &self.answer.review;
        let mut groups: BTreeMap<(CompanyId, RoleId), usize> = BTreeMap::new();
        for group in &review.groups {
            for (role, scope) in &group.grants {
                if crate::plan::question::reaches(scope, self.answer.reach.as_ref()) {
                    *groups.entry((group.company, *role)).or_default() += 1;
                }
            }
        }
        let mut people: BTreeMap<(CompanyId, RoleId), BTreeSet<UserId>> = BTreeMap::new();
        for person in &review.people {
            for effect in &person.effects {
                people.entry((person.company, effect.role)).or_default().insert(person.user.id);
            }
        }
        let asked = review.roles.iter().filter(|it| match &self.answer.question {
            Question::Roles(pattern) => pattern.as_ref().is_none_or(|pattern| pattern.matches(&it.1.name)),
            Question::Can(_)
            | Question::Has(_)
            | Question::ActsFor(_)
            | Question::Groups(_)
            | Question::People(_) => false,
        });
        let of = |key: &(CompanyId, RoleId)| {
            (groups.get(key).copied().unwrap_or(0), people.get(key).map_or(0, BTreeSet::len))
        };
        let mut all: Vec<_> = asked.map(|(key, role)| (key.0, role, of(key).0, of(key).1)).collect();
        all.sort_by(|a, b| (a.0, &a.1.name, a.1.id).cmp(&(b.0, &b.1.name, b.1.id)));
        all
    }

    fn roles(&self, words: &Words<'_>) -> Said {
        let review = &self.answer.review;
        let roles = self.shown_roles();
        let row = |&(company, role, groups, people): &(CompanyId, &RoleHead, usize, usize)| {
            let by = match role.platform {
                Some(true) => "platform",
                Some(false) => "company",
                None => "not told",
            };
            let permissions =
                role.permissions.as_ref().map_or_else(|| "not told".to_owned(), Permissions::words);
            let privileged = super::csv::yes(review.privileged.contains(&(company, role.id)));
            vec![
                words.role(role.id),
                words.alias(company),
                by.to_owned(),
                privileged.to_owned(),
                permissions,
                groups.to_string(),
                people.to_string(),
            ]
        };
        let held = roles.iter().filter(|it| it.2 > 0).count();
        let summary = format!("{}, {held} of them held by groups.", counted(roles.len(), "role", "roles"));
        table(ROLES, roles.iter().map(row).collect(), summary)
    }

    fn people(&self, words: &Words<'_>) -> Said {
        let review = self.review();
        let people = &self.answer.review.people;
        let row = |it: &Person| {
            let groups: BTreeSet<usize> =
                it.effects.iter().flat_map(|it| &it.through).map(|it| it.group).collect();
            let outside = it.direct.iter().flat_map(|it| it.iter()).map(|it| direct::role(it, words));
            let roles: Vec<String> = it
                .effects
                .iter()
                .map(|it| words.role(it.role))
                .chain(outside)
                .chain(super::review::acts(it, words).into_iter().map(|it| it.1))
                .collect();
            vec![
                words.person(it.user.id),
                words.alias(it.company),
                review.standing(it).unwrap_or_default(),
                super::csv::yes(review.is_privileged(it)).to_owned(),
                roles.join(", "),
                groups.len().to_string(),
            ]
        };
        let with = people.iter().filter(|it| it.has_access()).count();
        let summary = format!("{}, {with} of them with access.", counted(people.len(), "person", "people"));
        table(PEOPLE, people.iter().map(row).collect(), summary)
    }
}

/// Rows under the names of their columns.
fn table<const N: usize>(columns: [&'static str; N], rows: Vec<Vec<String>>, summary: String) -> Said {
    let heads = columns.iter().map(|it| heading(it)).collect();
    let lines = if rows.is_empty() {
        Vec::new()
    } else {
        std::iter::once(heads).chain(rows.iter().cloned()).collect()
    };
    let parts = vec![Part { head: None, lines }];
    Said { parts, summary, sheet: Sheet { columns: columns.to_vec(), rows }, ..Said::default() }
}

/// `providedBy` as people read it above a column.
fn heading(column: &str) -> String {
    let spaced = column.chars().map(|it| if it.is_uppercase() { format!(" {it}") } else { it.to_string() });
    spaced.collect::<String>().to_uppercase()
}
