//! People as a company lists them: who is there, and where each belongs. Raw: formats escape and arrange it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    counted,
    forge::Forge,
    said::{Part, Said, Sheet},
};
use crate::model::{
    ids::CompanyId, observed::User, person::Entry, plan::Names, selector::Attribute, units::Unit,
};

/// Those who were asked for, and what else readers of the list see.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct UsersView<'a> {
    /// Each with the company.
    pub people: &'a [(CompanyId, Entry)],
    /// Those of which people were asked for.
    pub companies: &'a [CompanyId],
    /// How many there are, whether or not they were asked for.
    pub of: usize,
    /// Names for ids: those of the files.
    pub names: &'a Names,
    /// The host of the API, as shown to people.
    pub endpoint: &'a str,
    /// The URL of the API, or the word `sandbox`; for programs.
    pub url: &'a str,
    pub at: Timestamp,
    /// When the snapshot was taken that it is made from; `None` where the API was read.
    pub taken: Option<Timestamp>,
    /// Of how many people it is not known what they are.
    pub unrecorded: &'a BTreeMap<Attribute, usize>,
    /// Whether addresses and numbers of people are pseudonyms.
    pub is_sanitized: bool,
}

const COLUMNS: [&str; 13] = [
    "person",
    "company",
    "status",
    "legalEntity",
    "department",
    "office",
    "costCenter",
    "designation",
    "persona",
    "externalId",
    "employeeId",
    "created",
    "updated",
];
/// The columns that people see, in the words of headings.
const SHOWN: [(&str, usize); 8] = [
    ("PERSON", 0),
    ("STATUS", 2),
    ("LEGAL ENTITY", 3),
    ("DEPARTMENT", 4),
    ("OFFICE", 5),
    ("COST CENTER", 6),
    ("DESIGNATION", 7),
    ("PERSONA", 8),
];

/// For a terminal.
pub fn text(view: &UsersView<'_>) -> String {
    view.said().text()
}

/// For a comment or a ticket.
pub fn markdown(view: &UsersView<'_>, forge: Forge) -> String {
    view.said().markdown(forge)
}

/// For a spreadsheet.
pub fn csv(view: &UsersView<'_>) -> String {
    view.said().csv()
}

/// A user by the best key that is told.
pub fn called(user: &User) -> String {
    let number = || user.external_id.as_ref().map(|it| format!("externalId={it}"));
    let email = user.email.as_ref().map(ToString::to_string);
    email.or_else(number).unwrap_or_else(|| format!("userId={}", user.id))
}

/// What people call a unit: its name in the files, or else the API's, or else the id.
pub fn unit(unit: &Unit, names: &Names) -> String {
    let name = names.values.get(&unit.id).or(unit.name.as_ref());
    name.map_or_else(|| unit.id.to_string(), ToString::to_string)
}

/// As of when it was read, or where it was not.
pub(crate) fn read(at: Timestamp, taken: Option<Timestamp>) -> String {
    match taken {
        Some(taken) => format!("From a snapshot of {taken:.0}"),
        None => format!("Read {at:.0}"),
    }
}

pub(crate) fn status(user: &User) -> &'static str {
    if user.active { "active" } else { "inactive" }
}

impl UsersView<'_> {
    fn said(&self) -> Said {
        let rows: Vec<Vec<String>> = self.people.iter().map(|(company, it)| self.row(*company, it)).collect();
        let is_told = |column: usize| column == 0 || rows.iter().any(|row| !row[column].is_empty());
        let several = self.people.iter().any(|it| it.0 != self.people[0].0);
        let company = several.then_some(("COMPANY", 1));
        let columns: Vec<(&str, usize)> = SHOWN[..1]
            .iter()
            .copied()
            .chain(company)
            .chain(SHOWN[1..].iter().copied())
            .filter(|it| is_told(it.1))
            .collect();
        let heads = columns.iter().map(|it| it.0.to_owned()).collect();
        let cells = rows.iter().map(|row| columns.iter().map(|it| row[it.1].clone()).collect());
        let lines = if rows.is_empty() { Vec::new() } else { std::iter::once(heads).chain(cells).collect() };
        Said {
            title: "People".to_owned(),
            facts: vec![format!("{} at {}", self.companies(), self.endpoint), read(self.at, self.taken)],
            parts: if rows.is_empty() { Vec::new() } else { vec![Part { head: None, lines }] },
            unseen: self.unseen(),
            summary: self.summary(),
            sheet: Sheet { columns: COLUMNS.to_vec(), rows },
        }
    }

    /// What is not known of some.
    fn unseen(&self) -> Vec<String> {
        let pseudonyms = "People are under pseudonyms: the snapshot is sanitized".to_owned();
        let stamps = "When accounts were created and changed: not recorded in a snapshot".to_owned();
        let unrecorded = self.unrecorded.iter().map(|(attribute, count)| {
            format!("The {} of {}: not recorded", attribute.word(), counted(*count, "person", "people"))
        });
        let is_snapshot = self.taken.is_some();
        let all = unrecorded.chain(is_snapshot.then_some(stamps));
        all.chain(self.is_sanitized.then_some(pseudonyms)).collect()
    }

    fn companies(&self) -> String {
        let all: Vec<String> = self.companies.iter().map(|it| self.names.company(*it)).collect();
        all.join(", ")
    }

    /// What it comes to.
    pub(crate) fn summary(&self) -> String {
        let inactive = self.people.iter().filter(|it| !it.1.user.active).count();
        let of = if self.people.len() == self.of { String::new() } else { format!(" of {}", self.of) };
        let people = match self.people.len() {
            0 if self.of == 0 => return "Nobody.".to_owned(),
            0 => return format!("None of {}.", counted(self.of, "person", "people")),
            n => counted(n, "person", "people"),
        };
        let inactive = if inactive == 0 { String::new() } else { format!(", {inactive} inactive") };
        format!("{people}{of}{inactive}.")
    }

    fn row(&self, company: CompanyId, it: &Entry) -> Vec<String> {
        let named = |it: &Option<Unit>| it.as_ref().map(|it| unit(it, self.names)).unwrap_or_default();
        let text = |it: &Option<Box<str>>| it.as_deref().unwrap_or_default().to_owned();
        vec![
            called(&it.user),
            self.names.company(company),
            status(&it.user).to_owned(),
            named(&it.legal_entity),
            named(&it.department),
            named(&it.office),
            named(&it.cost_center),
            text(&it.designation),
            text(&it.persona),
            text(&it.user.external_id),
            text(&it.user.employee_id),
            text(&it.created),
            text(&it.updated),
        ]
    }
}
