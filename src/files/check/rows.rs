//! People as the rows of CSV files say they are: the same as entries under `users:`, and joined with them.

use std::collections::BTreeMap;

use super::{
    super::{
        At,
        declared::{DeclaredCompany, DeclaredTrait, DeclaredUser, Listed, TraitValue},
        table::{Cell, Table, few},
        users_from::UsersFromEntry,
    },
    Check,
};
use crate::model::{
    finding::{Code, Finding, did_you_mean},
    ids::{PersonKey, PersonRef},
    selector::Attribute,
    source::Place,
};

/// What stands between two approvers.
const BETWEEN: [char; 5] = [';', ',', '|', '\n', '\r'];

/// What an entry says of all rows.
struct Meaning<'e> {
    key: PersonKey,
    column: Attribute,
    managers: PersonKey,
    /// The words of `active`, and which of them are certain; empty where these are `true` and `false`.
    words: BTreeMap<&'e str, Option<bool>>,
    creates: bool,
}

impl Check {
    /// The rows of the files that an entry of `usersFrom` means.
    pub(super) fn users_from<'t>(
        &mut self,
        entry: &At<UsersFromEntry>,
        tables: impl Iterator<Item = &'t Table>,
    ) -> Vec<DeclaredUser> {
        self.entry(entry);
        let v = &entry.v;
        let is_doubtful =
            [v.key.is_wrong(), v.manager_key.is_wrong(), v.values.is_wrong(), v.create.is_wrong()];
        let words = v.values.as_ref().and_then(|it| it.active.as_ref());
        if is_doubtful.contains(&true) || v.values.as_ref().is_some_and(|it| it.active.is_wrong()) {
            return Vec::new();
        }
        let meaning = Meaning {
            key: v.key().person(),
            column: v.key().attribute(),
            managers: v.manager_key.as_ref().copied().unwrap_or(v.key()).person(),
            words: words
                .into_iter()
                .flatten()
                .map(|(word, it)| (word.as_str(), it.as_ref().map(|it| it.v)))
                .collect(),
            creates: v.creates(),
        };
        let (file, mut users) = (self.file, Vec::new());
        for table in tables {
            self.file = table.file;
            let before = self.findings.len();
            users.reserve(table.rows.len());
            for (line, cells) in table.rows.iter() {
                users.extend(self.row(&meaning, line, cells));
            }
            let found = self.findings.split_off(before);
            self.findings.extend(few(found, table.file));
        }
        self.file = file;
        users
    }

    /// What is wrong with an entry, whatever is in the files.
    fn entry(&mut self, entry: &At<UsersFromEntry>) {
        let (at, v) = (self.at(entry), &entry.v);
        let help = "write `{ csv: people/*.csv, columns: { email: E-mail, department: Team } }`";
        let keys = [("csv", v.csv.is_absent(), help), ("columns", v.columns.is_absent(), help)];
        self.required(at, "a `usersFrom:` entry", &keys);
        let Some(columns) = v.columns.as_ref() else { return };
        let titles = columns.v.titles();
        if v.key.is_wrong() || v.create.is_wrong() || titles.iter().any(|it| it.1.is_wrong()) {
            return;
        }
        let asked = |attribute| titles.iter().find(|it| it.0 == attribute).and_then(|it| it.1.as_ref());
        let (key, at) = (v.key().attribute(), self.at(columns));
        let mut say = |at, message: String, help: &str| {
            self.findings.push(Finding::new(Code::InvalidUsersFrom, at, message).help(help));
        };
        if asked(key).is_none() {
            let message = format!("no column is `{}`, by which rows name people", key.as_str());
            return say(at, message, "add it to `columns`, or name people by another `key`");
        }
        if titles.iter().filter(|it| it.1.as_ref().is_some()).count() == 1 {
            say(at, "nothing is asked for but who somebody is".to_owned(), "add columns to `columns`");
        }
        match v.create.as_ref().filter(|it| it.v) {
            Some(create) => {
                let at = create.place(self.file);
                if key != Attribute::Email {
                    let message = format!(
                        "an account is made for an e-mail address, and rows name people by `{}`",
                        key.as_str()
                    );
                    say(at, message, "leave `key` out, and keep the other key among the columns");
                }
                let needed = [Attribute::FirstName, Attribute::LastName, Attribute::LegalEntity];
                let missing: Vec<&str> =
                    needed.into_iter().filter(|it| asked(*it).is_none()).map(Attribute::as_str).collect();
                if !missing.is_empty() {
                    let message = format!(
                        "an account is made with {}: no column is asked for that says it",
                        listed(&missing)
                    );
                    say(at, message, "add it to `columns`");
                }
            }
            None => {
                for (attribute, title) in titles.iter().filter(|it| it.0.is_of_new_account() && it.0 != key) {
                    let Some(title) = title.as_ref() else { continue };
                    let message = format!("`{}` means nothing without `create: true`", attribute.as_str());
                    say(
                        title.place(self.file),
                        message,
                        "take it out of `columns`: nothing changes it of an account that is there",
                    );
                }
            }
        }
        let words = v.values.as_ref().and_then(|it| it.active.as_ref());
        if words.is_some() && asked(Attribute::Active).is_none() {
            say(
                at,
                "`values.active` has words for a column that is not asked for".to_owned(),
                "add `active` to `columns`",
            );
        }
    }

    /// `None` where a row says nothing, or not of somebody.
    fn row<'r>(
        &mut self,
        meaning: &Meaning<'_>,
        line: u32,
        cells: impl Iterator<Item = Cell<'r>>,
    ) -> Option<DeclaredUser> {
        let from = Place::new(self.file, line, 1);
        let (mut person, mut traits, mut create) = (None, Vec::new(), Vec::new());
        let before = self.findings.len();
        for cell in cells {
            let at = Place::new(self.file, cell.line, cell.column);
            let attribute = cell.attribute;
            if attribute == meaning.column {
                person = self.somebody(at, meaning.key, cell.text);
                continue;
            }
            let value = match attribute {
                Attribute::Active => self.word(at, meaning, cell.text),
                Attribute::Manager => {
                    self.somebody(at, meaning.managers, cell.text).map(|it| TraitValue::People(vec![it]))
                }
                Attribute::Approvers => self.approvers(at, meaning.managers, cell.text),
                _ => {
                    let raw = At { v: cell.text.to_owned(), line: cell.line, column: cell.column };
                    self.of_person(attribute, &raw, Code::InvalidRow)
                }
            };
            let to = if attribute.is_of_new_account() { &mut create } else { &mut traits };
            to.extend(value.map(|value| DeclaredTrait { attribute, value, from: at }));
        }
        traits.sort_by_key(|it| it.attribute);
        let roles = Listed::unmanaged();
        let mut user = DeclaredUser {
            person: person?,
            roles,
            says_roles: false,
            traits,
            create: Vec::new(),
            business: None,
            notifications: Vec::new(),
            reason: None,
            from,
            is_row: true,
        };
        // Nobody gets an account to leave.
        if meaning.creates && user.active() != Some(false) && self.findings.len() == before {
            user.create = self.made_with(&user, create);
        }
        (!user.traits.is_empty() || !user.create.is_empty()).then_some(user)
    }

    /// What the account of a row is made with, where there is none for its address.
    fn made_with(&mut self, user: &DeclaredUser, mut create: Vec<DeclaredTrait>) -> Vec<DeclaredTrait> {
        let from = user.from;
        let PersonRef::Email(email) = &user.person else { return Vec::new() };
        let has = |attribute| create.iter().any(|it| it.attribute == attribute);
        let mut missing: Vec<&str> = [Attribute::FirstName, Attribute::LastName]
            .into_iter()
            .filter(|it| !has(*it))
            .map(Attribute::as_str)
            .collect();
        missing.extend((!user.says(Attribute::LegalEntity)).then_some(Attribute::LegalEntity.as_str()));
        if !missing.is_empty() {
            let message =
                format!("an account is made with {}, of which the row says nothing", listed(&missing));
            let help = "fill it in, or leave people who have no account out of a file with `create: true`";
            self.say(Finding::new(Code::InvalidRow, from, message).help(help));
            return Vec::new();
        }
        let persona = (!has(Attribute::Persona)).then_some((Attribute::Persona, "EMPLOYEE"));
        let own = [Some((Attribute::Email, email.as_str())), persona].into_iter().flatten();
        create.extend(own.map(|(attribute, value)| DeclaredTrait {
            attribute,
            value: TraitValue::Ready(value.into()),
            from,
        }));
        create.sort_by_key(|it| it.attribute);
        create
    }

    /// A person, by the key of a column.
    fn somebody(&mut self, at: Place, key: PersonKey, text: &str) -> Option<PersonRef> {
        let before = self.findings.len();
        let person = match key {
            PersonKey::Email if !text.is_empty() => self.addressed(at, text),
            _ => self.by(at, key, text),
        };
        for finding in &mut self.findings[before..] {
            let help = match (text.is_empty(), finding.code) {
                (true, _) => "every row names somebody; delete the row, or fill the field in",
                (false, Code::InvalidEmail) => {
                    "correct it where the list comes from; where the column holds another key, say so by `key` or `managerKey`"
                }
                (false, _) => continue,
            };
            finding.help = Some(help.to_owned());
        }
        person
    }

    fn approvers(&mut self, at: Place, key: PersonKey, text: &str) -> Option<TraitValue> {
        let names = text.split(BETWEEN).map(str::trim).filter(|it| !it.is_empty());
        let people: Vec<Option<PersonRef>> = names.map(|it| self.somebody(at, key, it)).collect();
        let people: Option<Vec<PersonRef>> = people.into_iter().collect();
        let all: Vec<_> = people.iter().flatten().map(|it| (it.clone(), at)).collect();
        self.no_approver_twice(&all, Code::InvalidRow);
        people.filter(|it| !it.is_empty()).map(TraitValue::People)
    }

    /// What a word of the column `active` means.
    fn word(&mut self, at: Place, meaning: &Meaning<'_>, text: &str) -> Option<TraitValue> {
        let plain = |it: &str| match it.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        let known = match meaning.words.is_empty() {
            true => plain(text).map(Some),
            false => meaning.words.get(text).copied(),
        };
        let Some(known) = known else {
            let words = || meaning.words.keys().copied();
            let (listed, near) = match meaning.words.is_empty() {
                true => ("the words are `true` and `false`; say what others mean by `values: { active: { WORD: true } }`".to_owned(), None),
                false => (
                    format!("`values.active` has {}", words().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")),
                    did_you_mean(text, words()),
                ),
            };
            let shown = super::super::decode::quoted(text);
            let message = format!("`{shown}` does not say whether somebody is active");
            return self.wrong(Finding::new(Code::InvalidRow, at, message).help(listed).maybe_help(near));
        };
        known.map(|it| TraitValue::Ready(if it { "true" } else { "false" }.into()))
    }

    /// Joins the rows of a company with its entries under `users:`, which are sorted by person.
    pub(super) fn join_rows(&mut self, company: &mut DeclaredCompany) {
        let mut rows = self.rows.remove(&company.id).unwrap_or_default();
        rows.sort_by(|a, b| (&a.person, a.from).cmp(&(&b.person, b.from)));
        let mut new: Vec<DeclaredUser> = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(first) = new.last().filter(|it| it.person == row.person) {
                let message = format!("{} has two rows", row.person);
                self.say(
                    Finding::new(Code::DuplicateUser, row.from, message)
                        .related(first.from, "the other row")
                        .help("delete one of them: which of the two holds would be a guess"),
                );
                continue;
            }
            new.push(row);
        }
        new.retain_mut(|row| match company.users.binary_search_by(|it| it.person.cmp(&row.person)) {
            Ok(at) => {
                self.join(&mut company.users[at], row);
                false
            }
            Err(_) => true,
        });
        if company.users.is_empty() {
            company.users = new;
        } else {
            company.users.append(&mut new);
            company.users.sort_by(|a, b| (&a.person, a.from).cmp(&(&b.person, b.from)));
        }
    }

    fn join(&mut self, user: &mut DeclaredUser, row: &mut DeclaredUser) {
        for said in &row.traits {
            if let Some(other) = user.traits.iter().find(|it| it.attribute == said.attribute) {
                let message = format!("the {} of {} is said twice", said.attribute.word(), user.person);
                self.said_twice(said.from, message, other.from);
            }
        }
        if let (false, Some(other)) = (row.create.is_empty(), user.create.first()) {
            let message = format!("what the account of {} is made with is said twice", user.person);
            self.said_twice(row.from, message, other.from);
        }
        user.traits.append(&mut row.traits);
        user.traits.sort_by_key(|it| it.attribute);
        if user.create.is_empty() {
            user.create = std::mem::take(&mut row.create);
        }
    }

    fn said_twice(&mut self, at: Place, message: String, other: Place) {
        self.say(
            Finding::new(Code::DuplicateUser, at, message)
                .related(other, "said under `users:` as well")
                .help("say it in one place: take it out of `users:`, or the person out of the file"),
        );
    }
}

/// Keys in words: `firstName`, `lastName` and `legalEntity`.
fn listed(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|it| format!("`{it}`")).collect();
    match &quoted[..] {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        all => all.concat(),
    }
}
