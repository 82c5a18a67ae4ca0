//! Words for scopes, people and roles: names where there are any, short ids where they are unambiguous.
//!
//! The words are raw: whoever shows them escapes them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use crate::model::{
    ids::{CompanyId, RoleId, UserId},
    plan::{Names, Plan},
    scope::{Audience, Dimension, Kind, Scope, Value},
    selector::{Attribute, addresses},
    stamp::Stamp,
    state::Edit,
};

/// The day of an instant, in UTC.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// Up to this many values are listed in full.
const LISTED: usize = 8;
/// Of more values than [`LISTED`], this many are shown.
const SHOWN: usize = 6;

/// Names for what a plan mentions, each of them meaning one thing.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    pub(crate) names: &'a Names,
    /// E-mail addresses that several people share.
    shared_people: BTreeSet<&'a str>,
    /// Role names that several roles share, as a platform role and a company's own may.
    shared_roles: BTreeSet<&'a str>,
    /// First eight digits that several ids share.
    crowded: BTreeSet<u32>,
    /// First four digits that several companies share.
    crowded_companies: BTreeSet<u16>,
}

impl<'a> Words<'a> {
    /// When something was done, and by whose account as far as that is told.
    pub(crate) fn stamp(&self, stamp: &Stamp) -> String {
        let Stamp { at, by, name } = stamp;
        let known = by.filter(|it| self.names.people.contains_key(it)).map(|it| self.person(it));
        let told =
            known.or_else(|| name.as_deref().map(str::to_owned)).or_else(|| by.map(|it| it.to_string()));
        day(*at) + &told.map_or_else(String::new, |it| format!(" by {it}"))
    }

    pub(crate) fn new(plan: &'a Plan) -> Self {
        let companies = plan.companies.iter().map(|it| it.company);
        let scopes = plan.edits.iter().flat_map(Edit::scopes).flatten();
        Self::of(&plan.names, companies, scopes)
    }

    /// Returns the words for everything that has a name, and for what the scopes say.
    pub(crate) fn of<'s>(
        names: &'a Names,
        companies: impl Iterator<Item = CompanyId>,
        scopes: impl Iterator<Item = &'s Scope>,
    ) -> Self {
        let values = scopes.flat_map(|it| it.audiences().iter().flatten());
        let companies: BTreeSet<Uuid> = companies.map(|it| it.0).collect();
        let ids = values.flat_map(|it| &it.values).filter_map(|it| match it {
            Value::Id(id) => Some(*id),
            Value::Nothing | Value::Text(_) => None,
        });
        let all: BTreeSet<Uuid> = ids
            .chain(names.people.keys().map(|it| it.0))
            .chain(names.roles.keys().map(|it| it.0))
            .chain(companies.iter().copied())
            .collect();
        Self {
            names,
            shared_people: repeated(names.people.values().map(AsRef::as_ref)),
            shared_roles: repeated(names.roles.values().map(AsRef::as_ref)),
            crowded: repeated(all.iter().map(|it| it.as_fields().0)),
            crowded_companies: repeated(companies.iter().map(first_four)),
        }
    }

    /// Returns the name of a person, with an id where others have it too.
    pub(super) fn person(&self, user: UserId) -> String {
        self.told_apart(self.names.people.get(&user).map(AsRef::as_ref), user.0, &self.shared_people)
    }

    /// Returns the name of a person, where there is one.
    pub(super) fn known_person(&self, user: UserId) -> Option<String> {
        self.names.people.contains_key(&user).then(|| self.person(user))
    }

    /// Returns what of a person changes, and how: `department sales → emea`.
    pub(super) fn attribute(&self, attribute: Attribute, sides: [Option<&str>; 2]) -> String {
        if attribute == Attribute::Active {
            return match sides {
                [None, _] => "account created",
                [_, Some("true")] => "account activated",
                [_, _] => "account deactivated",
            }
            .to_owned();
        }
        let [before, after] = sides.map(|it| it.map(|it| self.value_of(attribute, it)));
        let none = || "none".to_owned();
        if let (None, Some(after)) = (&before, &after) {
            return format!("{} {after}", attribute.word());
        }
        format!("{} {} → {}", attribute.word(), before.unwrap_or_else(none), after.unwrap_or_else(none))
    }

    /// Returns words of files, side by side.
    pub(super) fn listed(words: &[&str]) -> String {
        words.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(" ")
    }

    fn value_of(&self, attribute: Attribute, value: &str) -> String {
        let one = |it: &str| match (attribute.has_people(), it.parse::<Uuid>()) {
            (true, Ok(id)) => self.person(UserId(id)),
            (false, Ok(id)) => self.names.values.get(&id).map_or_else(|| self.short(id), ToString::to_string),
            (_, Err(_)) => quoted(it),
        };
        if let Some(called) = attribute.called(value) {
            called.to_owned()
        } else if attribute.has_addresses() {
            addresses(value).map(quoted).collect::<Vec<_>>().join(", ")
        } else if attribute.has_ids() {
            value.split(',').map(one).collect::<Vec<_>>().join(", ")
        } else {
            quoted(value)
        }
    }

    /// Returns the name of a role, with an id where others have it too.
    pub(super) fn role(&self, role: RoleId) -> String {
        self.told_apart(self.names.roles.get(&role).map(AsRef::as_ref), role.0, &self.shared_roles)
    }

    fn told_apart(&self, name: Option<&str>, id: Uuid, shared: &BTreeSet<&str>) -> String {
        match name {
            Some(name) if shared.contains(name) => format!("{name} ({})", self.short(id)),
            Some(name) => name.to_owned(),
            None => id.to_string(),
        }
    }

    /// Returns a company as `alias (1a6f…)`.
    pub(super) fn company(&self, company: CompanyId) -> String {
        let start = first_four(&company.0);
        match self.names.values.get(&company.0) {
            Some(alias) if self.crowded_companies.contains(&start) => {
                format!("{alias} ({})", self.short(company.0))
            }
            Some(alias) => format!("{alias} ({start:04x}…)"),
            None => company.to_string(),
        }
    }

    pub(super) fn alias(&self, company: CompanyId) -> String {
        self.names.company(company)
    }

    /// Returns the first digits of an id, or all of them where those would mean another one too.
    fn short(&self, id: Uuid) -> String {
        let start = id.as_fields().0;
        if self.crowded.contains(&start) { id.to_string() } else { format!("{start:08x}…") }
    }

    pub(super) fn scope(&self, scope: &Scope) -> String {
        self.phrase(scope, &Scope::default())
    }

    /// Returns both sides of a changed scope in words; what differs is listed first, so that shortening keeps it.
    pub(super) fn rescope(&self, before: &Scope, after: &Scope) -> (String, String) {
        (self.phrase(before, after), self.phrase(after, before))
    }

    fn phrase(&self, scope: &Scope, other: &Scope) -> String {
        if scope.is_empty() {
            return "nothing".to_owned();
        }
        let mut audiences: Vec<&Audience> = scope.audiences().iter().collect();
        audiences.sort_by_key(|it| other.audiences().contains(it));
        let words = audiences.into_iter().map(|it| self.audience(it, other)).collect();
        listed(words, "; ", " ")
    }

    fn audience(&self, audience: &Audience, other: &Scope) -> String {
        let words: Vec<String> = audience.iter().map(|it| self.dimension(it, other)).collect();
        words.join(" and ")
    }

    fn dimension(&self, dimension: &Dimension, other: &Scope) -> String {
        let kind = match &dimension.kind {
            Kind::Platform if dimension.values == [Value::Nothing] => return "the whole platform".to_owned(),
            Kind::Unreadable if dimension.values == [Value::Nothing] => {
                return "nothing (the API gave no scope)".to_owned();
            }
            Kind::Unreadable => return "a form this version cannot read".to_owned(),
            Kind::Platform => "platform",
            Kind::BookingTmc => "booking TMC",
            Kind::ContractingTmc => "contracting TMC",
            Kind::Company => "company",
            Kind::LegalEntity => "legal entity",
            Kind::Profile => "profile",
            Kind::StealthType => "stealth type",
            Kind::Other(name) => &quoted(name),
        };
        let same_kind = || other.audiences().iter().flatten().filter(|it| it.kind == dimension.kind);
        let mut values: Vec<(bool, String)> = dimension
            .values
            .iter()
            .map(|value| {
                let kept = same_kind().any(|it| it.values.binary_search(value).is_ok());
                (kept, self.value(&dimension.kind, value))
            })
            .collect();
        if values.len() <= LISTED {
            values.sort_by(|a, b| a.1.cmp(&b.1));
        } else {
            values.sort();
        }
        format!("{kind} {}", listed(values.into_iter().map(|it| it.1).collect(), ", ", " "))
    }

    fn value(&self, kind: &Kind, value: &Value) -> String {
        match value {
            Value::Nothing => "(no value)".to_owned(),
            Value::Text(text) => quoted(text),
            Value::Id(id) => match kind {
                Kind::Profile if self.names.people.contains_key(&UserId(*id)) => self.person(UserId(*id)),
                Kind::Platform
                | Kind::BookingTmc
                | Kind::ContractingTmc
                | Kind::Company
                | Kind::LegalEntity
                | Kind::Profile
                | Kind::StealthType
                | Kind::Other(_)
                | Kind::Unreadable => {
                    self.names.values.get(id).map_or_else(|| self.short(*id), ToString::to_string)
                }
            },
        }
    }
}

/// Joins words; of many only the first, and how many more there are.
fn listed(mut words: Vec<String>, separator: &str, before_more: &str) -> String {
    if words.len() <= LISTED {
        return words.join(separator);
    }
    let more = words.len() - SHOWN;
    words.truncate(SHOWN);
    format!("{}{before_more}+{more} more", words.join(separator))
}

/// Quotes text that could be read as more than one word of a phrase.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-.:@/+".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("{text:?}") }
}

fn first_four(id: &Uuid) -> u16 {
    let [a, b, ..] = *id.as_bytes();
    u16::from_be_bytes([a, b])
}

/// Returns what occurs more than once.
fn repeated<T: Ord + Copy>(all: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for it in all {
        *counts.entry(it).or_default() += 1;
    }
    counts.into_iter().filter(|(_, n)| *n > 1).map(|(it, _)| it).collect()
}
