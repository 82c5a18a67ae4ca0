//! Single values: names, texts, ids, dates and people, each by one grammar.

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use uuid::Uuid;

use super::{
    super::{At, mapping::Given, shape::TextOr},
    Aliases, Check,
};
use crate::{
    files::entry::PersonKeyed,
    model::{
        date::{self, Term},
        finding::{Code, Finding, did_you_mean},
        ids::{CompanyId, InvalidPerson, PersonKey, PersonRef, parse_uuid},
        lookalike,
        name::{self, MAX_NAME, MAX_TEXT},
        source::Place,
    },
};

/// What `ids:` of the workspace has names for.
#[derive(Clone, Copy)]
pub(super) enum Alias {
    Company,
    LegalEntity,
    Department,
    CostCenter,
    Office,
    Grade,
}

impl Check {
    pub(super) fn uuid(&mut self, raw: Option<&At<String>>, what: &str) -> Option<Uuid> {
        let raw = raw?;
        parse_uuid(&raw.v).or_else(|| {
            let message = format!("`{}` is not {what}{}", raw.v, hides(&raw.v));
            self.wrong(
                Finding::new(Code::InvalidId, self.at(raw), message)
                    .help("ids are UUIDs such as 1a6f0000-0000-4000-8000-000000000001"),
            )
        })
    }

    /// What `ids:` of the workspace calls by names, and the names.
    fn aliased(&self, alias: Alias) -> (&'static str, &Aliases) {
        match alias {
            Alias::Company => ("company", &self.companies),
            Alias::LegalEntity => ("legalEntity", &self.legal_entities),
            Alias::Department => ("department", &self.departments),
            Alias::CostCenter => ("costCenter", &self.cost_centers),
            Alias::Office => ("office", &self.offices),
            Alias::Grade => ("grade", &self.grades),
        }
    }

    /// An id, or what the workspace calls so: within, `None` for what is wrong there, which was reported.
    pub(super) fn known(&self, raw: &str, alias: Alias) -> Option<Option<Uuid>> {
        let names = self.aliased(alias).1;
        let known = parse_uuid(raw).map(Some).or_else(|| names.names.get(&*name::composed(raw)).copied());
        known.or(names.is_doubtful.then_some(None))
    }

    /// An id, or a name from `ids:` of the workspace.
    pub(super) fn id(&mut self, raw: &At<String>, alias: Alias) -> Option<Uuid> {
        if let Some(known) = self.known(&raw.v, alias) {
            return known;
        }
        let (kind, names) = self.aliased(alias);
        let near = did_you_mean(&raw.v, names.names.keys().map(String::as_str));
        let message = format!("`{}` is neither an id nor a name from `ids.{kind}`{}", raw.v, hides(&raw.v));
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
        let length = name::composed(&raw.v).chars().count();
        let finding = if length == 0 || length > MAX_NAME {
            wrong(format!("has 1 to {MAX_NAME} characters, this one has {length}"))
        } else if raw.v.trim_ascii() != raw.v {
            wrong("does not begin or end with a space".to_owned())
        } else {
            return self.seen(raw, "a group name").map(Into::into);
        };
        self.wrong(finding)
    }

    /// The name of a group that shall have it: one that also passes for no other.
    pub(super) fn own_name(&mut self, raw: Option<&At<String>>) -> Option<Box<str>> {
        let name = self.name(raw)?;
        self.one_alphabet(self.at(raw?), &name, "a group name");
        Some(name)
    }

    /// A name of any kind, in its one spelling: whatever it holds is seen.
    pub(super) fn seen<'a>(&mut self, raw: &'a At<String>, what: &str) -> Option<Cow<'a, str>> {
        self.seen_at(self.at(raw), &raw.v, what)
    }

    pub(super) fn seen_at<'a>(&mut self, at: Place, raw: &'a str, what: &str) -> Option<Cow<'a, str>> {
        match name::unseen(raw) {
            None => Some(name::composed(raw)),
            Some(it) => self.wrong(
                Finding::new(
                    Code::InvalidName,
                    at,
                    format!("{what} holds a character that is not seen ({})", point(it)),
                )
                .help("write it anew, by hand: what is not seen makes one name look like another"),
            ),
        }
    }

    /// Says where the words of a name hold letters of another alphabet that pass for its own.
    pub(super) fn one_alphabet(&mut self, at: Place, name: &str, what: &str) {
        if let Some(letters) = lookalike::mixed(name) {
            self.say(
                Finding::new(
                    Code::ConfusableName,
                    at,
                    format!("{what} mixes alphabets inside a word: {letters}"),
                )
                .help("write each word in one alphabet: readers take such a letter for another"),
            );
        }
    }

    /// A text of 1 to [`MAX_TEXT`] characters.
    pub(super) fn text(&mut self, raw: Option<&At<String>>, what: &str) -> Option<Box<str>> {
        let raw = raw?;
        // A block of text ends with its last line, and the line with a break that nobody means.
        let text = raw.v.trim_end_matches('\n');
        let length = text.chars().count();
        let why = if text.chars().all(|it| it.is_whitespace() || name::is_unseen(it)) || length > MAX_TEXT {
            format!("{what} has 1 to {MAX_TEXT} characters, this one has {length}{}", hides(&raw.v))
        } else if let Some(it) = name::unseen_in_text(text) {
            format!("{what} holds a character that is not seen ({})", point(it))
        } else {
            return Some(name::composed(text).into());
        };
        self.wrong(Finding::new(Code::InvalidDescription, self.at(raw), why))
    }

    /// A reason that may be left out, and that nothing but people read; `None` where it says nothing.
    pub(super) fn maybe_reason(&mut self, raw: &Given<At<String>>) -> Option<Box<str>> {
        let raw = raw.as_ref()?;
        if let Some(it) = name::unseen_in_text(&raw.v) {
            let message = format!("a reason holds a character that is not seen ({})", point(it));
            self.say(Finding::new(Code::InvalidDescription, self.at(raw), message));
        }
        let said = raw.v.trim();
        (!said.is_empty()).then(|| name::composed(said).into())
    }

    /// The instant from which something is no longer wanted.
    pub(super) fn until(&mut self, raw: &Given<At<String>>) -> Option<Timestamp> {
        let help = "write a day (2027-01-31, through its end in `timeZone`, or else in UTC) or an instant (2027-01-31T18:00:00Z)";
        self.instant(raw.as_ref()?, date::through_end, help)
    }

    pub(super) fn time_zone(&mut self, raw: &At<String>) -> Option<TimeZone> {
        date::zone(&raw.v).or_else(|| {
            let message = format!("`{}` is not the name of a time zone", raw.v);
            self.wrong(
                Finding::new(Code::InvalidTimeZone, self.at(raw), message)
                    .help("write one of the IANA database, such as `Europe/Berlin` or `UTC`"),
            )
        })
    }

    /// When something is wanted.
    pub(super) fn term(&mut self, from: &Given<At<String>>, until: &Given<At<String>>) -> Term {
        let (starts, ends) = (self.since(from), self.until(until));
        if let (Some(starts), Some(ends), Some(raw)) = (starts, ends, until.as_ref())
            && ends <= starts
        {
            let message = format!("`until: {}` ends before it begins", raw.v);
            self.say(
                Finding::new(Code::InvalidDate, self.at(raw), message)
                    .help("write under `until` the last day, which is not before the first"),
            );
        }
        Term { starts, ends }
    }

    /// The instant from which something is in force.
    pub(super) fn since(&mut self, raw: &Given<At<String>>) -> Option<Timestamp> {
        let help = "write a day (2026-11-20, from its start in `timeZone`, or else in UTC) or an instant (2026-11-20T18:00:00Z)";
        self.instant(raw.as_ref()?, date::from_start, help)
    }

    fn instant(
        &mut self,
        raw: &At<String>,
        read: fn(&str, &TimeZone) -> Option<Timestamp>,
        help: &str,
    ) -> Option<Timestamp> {
        read(&raw.v, self.zone.as_ref().unwrap_or(&TimeZone::UTC)).or_else(|| {
            if date::relative(&raw.v, Date::ZERO).is_some() {
                let message = format!("`{}` counts from the day on which it is written", raw.v);
                return self.wrong(
                    Finding::new(Code::RelativeDate, self.at(raw), message)
                        .help("run `rolecall fmt`, which writes the date in its place"),
                );
            }
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
    pub(super) fn addressed(&mut self, at: Place, address: &str) -> Option<PersonRef> {
        if let Some(known) = self.addresses.get(address) {
            return Some(known.clone());
        }
        let person = self.by(at, PersonKey::Email, address)?;
        self.addresses.insert(address.into(), person.clone());
        Some(person)
    }

    /// A person, by exactly one of the keys.
    pub(super) fn keyed(&mut self, at: Place, keys: &impl PersonKeyed) -> Option<PersonRef> {
        let keys = keys.keys();
        if keys.iter().any(|it| it.is_wrong()) {
            return None;
        }
        let keys = PersonKey::ALL.into_iter().zip(keys);
        let given: Vec<_> = keys.filter_map(|(key, raw)| Some((key, raw.as_ref()?))).collect();
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
                InvalidPerson::Empty | InvalidPerson::Long | InvalidPerson::Form => (Code::InvalidPerson, ""),
            };
            let finding = Finding::new(code, at, error.to_string());
            if help.is_empty() { finding } else { finding.help(help) }
        });
        let found = self.take(found)?;
        let before = self.findings.len();
        if let PersonRef::Email(address) = &found {
            self.one_alphabet(at, address.as_str(), "the address");
        }
        (self.findings.len() == before).then_some(found)
    }
}

fn point(it: char) -> String {
    format!("U+{:04X}", u32::from(it))
}

/// Says which character is not seen, where that may be what is wrong.
pub(super) fn hides(raw: &str) -> String {
    name::unseen(raw)
        .map_or_else(String::new, |it| format!("; it holds a character that is not seen ({})", point(it)))
}
