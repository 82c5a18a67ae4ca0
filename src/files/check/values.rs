//! Single values: names, texts, ids, dates and people, each by one grammar.

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    super::{
        At,
        shape::{Given, TextOr},
    },
    Check,
};
use crate::{
    files::entry::PersonKeyed,
    model::{
        date,
        finding::{Code, Finding, did_you_mean},
        ids::{CompanyId, InvalidPerson, PersonKey, PersonRef, is_bidi_control, is_unseen, parse_uuid},
        source::Place,
    },
};

/// Longest name of a group, in characters (contract §3.0).
const MAX_NAME: usize = 255;
/// Longest description of a group, in characters (contract §3.0); reasons have the same bound.
const MAX_TEXT: usize = 1_000;

/// What `ids:` of the workspace has names for.
#[derive(Clone, Copy)]
pub(super) enum Alias {
    Company,
    LegalEntity,
}

impl Check {
    pub(super) fn uuid(&mut self, raw: Option<&At<String>>, what: &str) -> Option<Uuid> {
        let raw = raw?;
        parse_uuid(&raw.v).or_else(|| {
            self.wrong(
                Finding::new(Code::InvalidId, self.at(raw), format!("`{}` is not {what}", raw.v))
                    .help("ids are UUIDs such as 1a6f0000-0000-4000-8000-000000000001"),
            )
        })
    }

    /// An id, or a name from `ids:` of the workspace.
    pub(super) fn id(&mut self, raw: &At<String>, alias: Alias) -> Option<Uuid> {
        let (kind, names) = match alias {
            Alias::Company => ("company", &self.companies),
            Alias::LegalEntity => ("legalEntity", &self.legal_entities),
        };
        let found = parse_uuid(&raw.v).or_else(|| names.get(&raw.v).copied());
        if found.is_some() {
            return found;
        }
        let near = did_you_mean(&raw.v, names.keys().map(String::as_str));
        let message = format!("`{}` is neither an id nor a name from `ids.{kind}`", raw.v);
        self.wrong(
            Finding::new(Code::UnknownAlias, self.at(raw), message)
                .help(format!("add it to `rolecall.yaml`: `ids: {{ {kind}: {{ {}: UUID }} }}`", raw.v))
                .maybe_help(near),
        )
    }

    pub(super) fn company(&mut self, raw: &At<String>) -> Option<CompanyId> {
        self.id(raw, Alias::Company).map(CompanyId)
    }

    /// The name of a group: it fits the API and holds nothing that is not seen.
    pub(super) fn name(&mut self, raw: Option<&At<String>>) -> Option<Box<str>> {
        let raw = raw?;
        let wrong =
            |why: String| Finding::new(Code::InvalidName, self.at(raw), format!("a group name {why}"));
        let length = raw.v.chars().count();
        let finding = if length == 0 || length > MAX_NAME {
            wrong(format!("has 1 to {MAX_NAME} characters, this one has {length}"))
        } else if raw.v.trim() != raw.v {
            wrong("does not begin or end with a space".to_owned())
        } else if raw.v.chars().any(|it| it.is_control() || is_unseen(it)) {
            wrong("holds no control characters, and no spaces but the common one".to_owned())
                .help("what is not seen makes one name look like another")
        } else {
            return Some(raw.v.as_str().into());
        };
        self.wrong(finding)
    }

    /// A text of 1 to [`MAX_TEXT`] characters.
    pub(super) fn text(&mut self, raw: Option<&At<String>>, what: &str) -> Option<Box<str>> {
        let raw = raw?;
        let length = raw.v.chars().count();
        let hidden = |it: char| (it.is_control() && it != '\n' && it != '\t') || is_bidi_control(it);
        let why = if raw.v.trim().is_empty() || length > MAX_TEXT {
            format!("{what} has 1 to {MAX_TEXT} characters, this one has {length}")
        } else if raw.v.chars().any(hidden) {
            format!("{what} holds no control characters")
        } else {
            return Some(raw.v.as_str().into());
        };
        self.wrong(Finding::new(Code::InvalidDescription, self.at(raw), why))
    }

    /// The instant from which something is no longer wanted.
    pub(super) fn until(&mut self, raw: &Given<At<String>>) -> Option<Timestamp> {
        let help = "write a day (2027-01-31, through its end in UTC) or an instant (2027-01-31T18:00:00Z)";
        self.instant(raw.as_ref()?, date::through_end, help)
    }

    /// The instant from which something is in force.
    pub(super) fn since(&mut self, raw: &Given<At<String>>) -> Option<Timestamp> {
        let help = "write a day (2026-11-20, from its start in UTC) or an instant (2026-11-20T18:00:00Z)";
        self.instant(raw.as_ref()?, date::from_start, help)
    }

    fn instant(
        &mut self,
        raw: &At<String>,
        read: fn(&str) -> Option<Timestamp>,
        help: &str,
    ) -> Option<Timestamp> {
        read(&raw.v).or_else(|| {
            let message = format!("`{}` is neither a date nor an instant", raw.v);
            self.wrong(Finding::new(Code::InvalidDate, self.at(raw), message).help(help))
        })
    }

    pub(super) fn person<K: PersonKeyed>(&mut self, entry: &At<TextOr<K>>) -> Option<PersonRef> {
        let at = self.at(entry);
        match &entry.v {
            TextOr::Text(address) => self.addressed(at, address),
            TextOr::Keys(keys) => self.keyed(at, &**keys),
        }
    }

    /// A person by address: one that was read before is not read again, and shares its text.
    fn addressed(&mut self, at: Place, address: &str) -> Option<PersonRef> {
        if let Some(known) = self.addresses.get(address) {
            return Some(known.clone());
        }
        let person = self.by(at, PersonKey::Email, address)?;
        self.addresses.insert(address.into(), person.clone());
        Some(person)
    }

    /// A person, by exactly one of the keys.
    pub(super) fn keyed(&mut self, at: Place, keys: &impl PersonKeyed) -> Option<PersonRef> {
        let keys = PersonKey::ALL.into_iter().zip(keys.keys());
        let given: Vec<_> = keys.filter_map(|(key, raw)| Some((key, raw?))).collect();
        let [(key, raw)] = given[..] else {
            let message = format!("a person is named by one key, here are {}", given.len());
            return self.wrong(
                Finding::new(Code::InvalidPerson, at, message)
                    .help("the keys are `email`, `externalId`, `employeeId` and `userId`"),
            );
        };
        self.by(self.at(raw), key, &raw.v)
    }

    pub(super) fn by(&mut self, at: Place, key: PersonKey, raw: &str) -> Option<PersonRef> {
        let found = PersonRef::by(key, raw).map_err(|error| {
            let (code, help) = match error {
                InvalidPerson::Email(_) => (
                    Code::InvalidEmail,
                    "other keys are written out: `{ externalId: … }`, `{ employeeId: … }` or `{ userId: … }`",
                ),
                InvalidPerson::Unseen(_) => (Code::InvalidPerson, "write the key anew, by hand"),
                InvalidPerson::UserId(_) => (Code::InvalidId, ""),
                InvalidPerson::Empty | InvalidPerson::Form => (Code::InvalidPerson, ""),
            };
            let finding = Finding::new(code, at, error.to_string());
            if help.is_empty() { finding } else { finding.help(help) }
        });
        self.take(found)
    }
}
