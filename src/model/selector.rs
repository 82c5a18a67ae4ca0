//! People by what they are: what files may declare of a person apart from access, and an entry of `membersFrom`, which
//! looks at some of it.
//!
//! The one place that says whether a person is meant. Ids are UUIDs in lower case, several of them joined by commas; all
//! other values are compared as they are spelt, but lists of addresses.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::folded_address;

/// What is held about a person apart from access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Attribute {
    Department,
    LegalEntity,
    CostCenter,
    Office,
    Designation,
    Persona,
    /// Whether the account can be used; of somebody without an account it is not held.
    Active,
    ExternalId,
    EmployeeId,
    Grade,
    WorkerType,
    Manager,
    /// In the order in which they are asked.
    Approvers,
    /// The address that an account is made with, and with it the next two: nothing changes them afterwards.
    Email,
    FirstName,
    LastName,
    /// Whether mails of a type are sent to the person. Of an account that can be read these four are always held: what the
    /// API leaves out has the default of its description.
    FlightNotificationEnabled,
    /// Who gets a copy of them: e-mail addresses, joined by [`BETWEEN`], in any order; empty where nobody does.
    FlightNotificationCcEmails,
    BookingNotificationEnabled,
    BookingNotificationCcEmails,
}

/// What stands between two e-mail addresses of one value: an address has no space.
pub const BETWEEN: &str = ", ";

/// Where the API holds an attribute: what is there is written together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of the API")]
pub enum PersonPart {
    Account,
    ExternalId,
    BusinessInfo,
    NotificationPreferences,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: &[Self] = &[
        Self::Department,
        Self::LegalEntity,
        Self::CostCenter,
        Self::Office,
        Self::Designation,
        Self::Persona,
        Self::Active,
        Self::ExternalId,
        Self::EmployeeId,
        Self::Grade,
        Self::WorkerType,
        Self::Manager,
        Self::Approvers,
        Self::Email,
        Self::FirstName,
        Self::LastName,
        Self::FlightNotificationEnabled,
        Self::FlightNotificationCcEmails,
        Self::BookingNotificationEnabled,
        Self::BookingNotificationCcEmails,
    ];

    /// What a rule may look at, in the order of the documentation: what `POST /v3/users/list` both filters by and shows
    /// (contract §7.2). It filters by `tiers` and `roles` too and shows neither, so that nothing could tell whether it
    /// did; of a worker's type it does neither.
    pub const RULES: &[Self] = &[
        Self::Department,
        Self::LegalEntity,
        Self::CostCenter,
        Self::Office,
        Self::Designation,
        Self::Persona,
    ];

    /// The key that names it in documents, and in files but of [notifications](Self::notification).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::LegalEntity => "legalEntity",
            Self::CostCenter => "costCenter",
            Self::Office => "office",
            Self::Designation => "designation",
            Self::Persona => "persona",
            Self::Active => "active",
            Self::ExternalId => "externalId",
            Self::EmployeeId => "employeeId",
            Self::Grade => "grade",
            Self::WorkerType => "workerType",
            Self::Manager => "manager",
            Self::Approvers => "approvers",
            Self::Email => "email",
            Self::FirstName => "firstName",
            Self::LastName => "lastName",
            Self::FlightNotificationEnabled => "flightNotificationEnabled",
            Self::FlightNotificationCcEmails => "flightNotificationCcEmails",
            Self::BookingNotificationEnabled => "bookingNotificationEnabled",
            Self::BookingNotificationCcEmails => "bookingNotificationCcEmails",
        }
    }

    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::LegalEntity => "legal entity",
            Self::CostCenter => "cost center",
            Self::Office => "office",
            Self::Designation => "designation",
            Self::Persona => "persona",
            Self::Active => "account",
            Self::ExternalId => "external id",
            Self::EmployeeId => "employee id",
            Self::Grade => "grade",
            Self::WorkerType => "worker type",
            Self::Manager => "manager",
            Self::Approvers => "approvers",
            Self::Email => "e-mail address",
            Self::FirstName => "first name",
            Self::LastName => "last name",
            Self::FlightNotificationEnabled => "FLIGHT_NOTIFICATION e-mails",
            Self::FlightNotificationCcEmails => "FLIGHT_NOTIFICATION cc",
            Self::BookingNotificationEnabled => "BOOKING_NOTIFICATION e-mails",
            Self::BookingNotificationCcEmails => "BOOKING_NOTIFICATION cc",
        }
    }

    /// Whether its values are ids.
    pub fn has_ids(self) -> bool {
        match self {
            Self::Department | Self::LegalEntity | Self::CostCenter | Self::Office | Self::Grade => true,
            Self::Manager | Self::Approvers => true,
            Self::Designation | Self::Persona | Self::Active | Self::ExternalId => false,
            Self::EmployeeId | Self::WorkerType | Self::Email | Self::FirstName | Self::LastName => false,
            Self::FlightNotificationEnabled | Self::FlightNotificationCcEmails => false,
            Self::BookingNotificationEnabled | Self::BookingNotificationCcEmails => false,
        }
    }

    /// The type of notification that it is about, and the key by which files and the API call what it says of that.
    pub fn notification(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::FlightNotificationEnabled => Some(("FLIGHT_NOTIFICATION", "enabled")),
            Self::FlightNotificationCcEmails => Some(("FLIGHT_NOTIFICATION", "ccEmails")),
            Self::BookingNotificationEnabled => Some(("BOOKING_NOTIFICATION", "enabled")),
            Self::BookingNotificationCcEmails => Some(("BOOKING_NOTIFICATION", "ccEmails")),
            _ => None,
        }
    }

    /// Whether its value is a list of e-mail addresses.
    pub fn has_addresses(self) -> bool {
        matches!(self, Self::FlightNotificationCcEmails | Self::BookingNotificationCcEmails)
    }

    /// Whether two values say the same: of addresses neither order nor case is a difference.
    pub fn same(self, a: Option<&str>, b: Option<&str>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) if self.has_addresses() => distinct(a) == distinct(b),
            (a, b) => a == b,
        }
    }

    /// What people call a value, where that is not how it is written.
    pub fn called(self, value: &str) -> Option<&'static str> {
        match (self.notification()?.1, value) {
            ("enabled", "true") => Some("on"),
            ("enabled", "false") => Some("off"),
            (_, "") => Some("nobody"),
            _ => None,
        }
    }

    /// The field of `POST /v3/users/list` that filters by it (contract §7.2); `None` where none does.
    pub fn filter(self) -> Option<&'static str> {
        match self {
            Self::Department => Some("departmentIds"),
            Self::LegalEntity => Some("legalEntityIds"),
            Self::CostCenter => Some("costCenterIds"),
            Self::Office => Some("officeIds"),
            Self::Designation => Some("designations"),
            Self::Persona => Some("personas"),
            Self::Active | Self::ExternalId | Self::EmployeeId | Self::Grade | Self::WorkerType => None,
            Self::Manager | Self::Approvers | Self::Email | Self::FirstName | Self::LastName => None,
            Self::FlightNotificationEnabled | Self::FlightNotificationCcEmails => None,
            Self::BookingNotificationEnabled | Self::BookingNotificationCcEmails => None,
        }
    }

    /// Whether its values are people.
    pub fn has_people(self) -> bool {
        matches!(self, Self::Manager | Self::Approvers)
    }

    /// Whether only the making of an account says it.
    pub fn is_of_new_account(self) -> bool {
        matches!(self, Self::Persona | Self::Email | Self::FirstName | Self::LastName)
    }

    /// Where the API holds it.
    pub fn part(self) -> PersonPart {
        match self {
            Self::Active | Self::Persona | Self::Email | Self::FirstName | Self::LastName => {
                PersonPart::Account
            }
            Self::ExternalId => PersonPart::ExternalId,
            Self::Department | Self::LegalEntity | Self::CostCenter | Self::Office | Self::Designation => {
                PersonPart::BusinessInfo
            }
            Self::EmployeeId | Self::Grade | Self::WorkerType | Self::Manager | Self::Approvers => {
                PersonPart::BusinessInfo
            }
            Self::FlightNotificationEnabled | Self::FlightNotificationCcEmails => {
                PersonPart::NotificationPreferences
            }
            Self::BookingNotificationEnabled | Self::BookingNotificationCcEmails => {
                PersonPart::NotificationPreferences
            }
        }
    }

    /// Whether the list of users shows it; what it does not show takes a request for each person.
    pub fn is_listed(self) -> bool {
        match self {
            Self::Department | Self::LegalEntity | Self::CostCenter | Self::Office | Self::Designation => {
                true
            }
            Self::Persona | Self::Active | Self::ExternalId | Self::EmployeeId => true,
            Self::Grade | Self::WorkerType | Self::Manager | Self::Approvers => false,
            Self::Email | Self::FirstName | Self::LastName => false,
            Self::FlightNotificationEnabled | Self::FlightNotificationCcEmails => false,
            Self::BookingNotificationEnabled | Self::BookingNotificationCcEmails => false,
        }
    }
}

/// The addresses of a value, each once.
pub fn addresses(value: &str) -> impl Iterator<Item = &str> {
    value.split(BETWEEN).filter(|it| !it.is_empty())
}

fn distinct(value: &str) -> BTreeSet<String> {
    addresses(value).map(folded_address).collect()
}

/// What is known of a person, as far as files or rules look at it. What is absent was not told.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Traits(BTreeMap<Attribute, Box<str>>);

impl Traits {
    /// Notes a value.
    pub fn put(&mut self, attribute: Attribute, value: impl Into<Box<str>>) {
        self.0.insert(attribute, value.into());
    }

    /// Forgets a value.
    pub(crate) fn take(&mut self, attribute: Attribute) {
        self.0.remove(&attribute);
    }

    /// The value of an attribute, where it is told.
    pub fn get(&self, attribute: Attribute) -> Option<&str> {
        self.0.get(&attribute).map(|it| &**it)
    }

    /// Every value, sorted by attribute.
    pub fn iter(&self) -> impl Iterator<Item = (Attribute, &str)> {
        self.0.iter().map(|it| (*it.0, &**it.1))
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all but these.
    pub fn keep(&mut self, attributes: &BTreeSet<Attribute>) {
        self.0.retain(|it, _| attributes.contains(it));
    }

    /// Replaces every value.
    pub(crate) fn each(&mut self, replace: impl Fn(Attribute, &str) -> Box<str>) {
        self.0.iter_mut().for_each(|(attribute, value)| *value = replace(*attribute, value));
    }
}

/// An entry of `membersFrom`: all its attributes must fit, and of each any value does.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector(BTreeMap<Attribute, BTreeSet<Box<str>>>);

/// How a person differs from what a rule asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Nothing is told of this attribute.
    Untold(Attribute),
    /// It is another, if only by how letters are written.
    Spelling,
    /// It is another.
    Other(Attribute),
}

impl Selector {
    /// Adds values of an attribute.
    pub fn put(&mut self, attribute: Attribute, values: impl IntoIterator<Item = Box<str>>) {
        self.0.entry(attribute).or_default().extend(values);
    }

    /// The attributes that it looks at, each with its values; sorted.
    pub fn parts(&self) -> impl Iterator<Item = (Attribute, &BTreeSet<Box<str>>)> {
        self.0.iter().map(|it| (*it.0, it.1))
    }

    /// The attributes that it looks at.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute> {
        self.0.keys().copied()
    }

    /// Whether it asks for nothing, and so for nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it means a person. One without an attribute that it looks at is not meant.
    pub fn means(&self, traits: &Traits) -> bool {
        self.misfit(traits).is_none() && !self.is_empty()
    }

    /// Why it does not mean a person, if it does not; what is worst first.
    pub fn misfit(&self, traits: &Traits) -> Option<Misfit> {
        let mut misfit = None;
        for (attribute, values) in self.parts() {
            match traits.get(attribute) {
                Some(value) if values.contains(value) => (),
                Some(value) => {
                    let folded = value.to_lowercase();
                    if !values.iter().any(|it| it.to_lowercase() == folded) {
                        return Some(Misfit::Other(attribute));
                    }
                    misfit = misfit.or(Some(Misfit::Spelling));
                }
                None => misfit = Some(Misfit::Untold(attribute)),
            }
        }
        misfit
    }

    /// The same with every value replaced.
    #[must_use]
    pub(crate) fn each(&self, replace: impl Fn(Attribute, &str) -> Box<str>) -> Self {
        let values = |(attribute, values): (&Attribute, &BTreeSet<Box<str>>)| {
            (*attribute, values.iter().map(|it| replace(*attribute, it)).collect())
        };
        Self(self.0.iter().map(values).collect())
    }

    /// What it is for people: `department sales or emea, office berlin`.
    pub fn text(&self, names: &BTreeMap<Uuid, Box<str>>) -> String {
        let name = |it: &str| {
            let known = it.parse::<Uuid>().ok().and_then(|it| names.get(&it));
            known.map_or_else(|| it.to_owned(), ToString::to_string)
        };
        let part = |(attribute, values): (Attribute, &BTreeSet<Box<str>>)| {
            let mut values: Vec<String> = values.iter().map(|it| name(it)).collect();
            values.sort();
            format!("{} {}", attribute.word(), values.join(" or "))
        };
        self.parts().map(part).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traits(all: &[(Attribute, &str)]) -> Traits {
        let mut traits = Traits::default();
        all.iter().for_each(|it| traits.put(it.0, it.1));
        traits
    }

    #[test]
    fn all_attributes_must_fit_and_of_each_any_value_does() {
        let mut rule = Selector::default();
        rule.put(Attribute::Department, ["a".into(), "b".into()]);
        rule.put(Attribute::Designation, ["Agent".into()]);
        let (department, designation) = (Attribute::Department, Attribute::Designation);
        for (person, misfit) in [
            (&[(department, "a"), (designation, "Agent")][..], None),
            (&[(department, "b"), (designation, "Agent"), (Attribute::Office, "x")], None),
            (&[(department, "a"), (designation, "agent")], Some(Misfit::Spelling)),
            (&[(department, "c"), (designation, "Agent")], Some(Misfit::Other(department))),
            (&[(department, "c")], Some(Misfit::Other(department))),
            (&[(designation, "Lead")], Some(Misfit::Other(designation))),
            (&[(designation, "Agent")], Some(Misfit::Untold(department))),
            (&[], Some(Misfit::Untold(designation))),
        ] {
            assert_eq!(rule.misfit(&traits(person)), misfit, "{person:?}");
            assert_eq!(rule.means(&traits(person)), misfit.is_none());
        }
        assert!(!Selector::default().means(&traits(&[])), "nothing asked for is nobody");
    }

    #[test]
    fn a_rule_is_said_by_the_names_of_the_workspace() {
        let id = Uuid::from_u128(7);
        let mut rule = Selector::default();
        rule.put(Attribute::Persona, ["GUEST".into(), "EMPLOYEE".into()]);
        rule.put(Attribute::Department, [id.to_string().into(), Uuid::from_u128(9).to_string().into()]);
        let names = [(id, "sales".into())].into();
        let text = "department 00000000-0000-0000-0000-000000000009 or sales, persona EMPLOYEE or GUEST";
        assert_eq!(rule.text(&names), text);
    }
}
