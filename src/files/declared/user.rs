//! A person, as the files declare what the person is and holds outside groups.

use std::fmt;

use crate::model::{
    date::Term,
    direct::{DirectRole, Kind},
    ids::{PersonKey, PersonRef},
    selector::Attribute,
    source::Place,
};

use super::Listed;

/// A person with what is declared of the person outside groups.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredUser {
    pub(crate) person: PersonRef,
    pub(crate) roles: Listed<DeclaredDirectRole>,
    /// Whether anything is said of direct roles: otherwise they are not looked at.
    pub(crate) says_roles: bool,
    /// Sorted by attribute.
    pub(crate) traits: Vec<DeclaredTrait>,
    /// What an account is made with beside that, where there shall be one; sorted by attribute.
    pub(crate) create: Vec<DeclaredTrait>,
    /// Where the mapping of what the company says begins.
    pub(crate) business: Option<Place>,
    /// Where what is said of each type of notification begins.
    pub(crate) notifications: Vec<(&'static str, Place)>,
    /// Why the person comes, moves or leaves; nothing but people read it.
    pub(crate) reason: Option<Box<str>>,
    pub(crate) from: Place,
    /// Whether it is a row of a CSV file, and no entry.
    pub(crate) is_row: bool,
}

/// What a person shall be apart from access.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredTrait {
    pub(crate) attribute: Attribute,
    pub(crate) value: TraitValue,
    pub(crate) from: Place,
}

/// A value of an attribute, as far as it is known offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TraitValue {
    Ready(Box<str>),
    /// What a department or the like is called; which that is is known to the API.
    Named(Box<str>),
    /// People by their names; in order.
    People(Vec<PersonRef>),
}

/// As files say it, but ids as ids.
impl fmt::Display for TraitValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(value) | Self::Named(value) => f.write_str(value),
            Self::People(people) => {
                let people: Vec<String> = people.iter().map(ToString::to_string).collect();
                f.write_str(&people.join(", "))
            }
        }
    }
}

/// A direct role that a person shall hold.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredDirectRole {
    pub(crate) what: DeclaredDirect,
    pub(crate) term: Term,
    pub(crate) has_reason: bool,
    pub(crate) from: Place,
}

/// A direct role, as far as it is known offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeclaredDirect {
    Ready(DirectRole),
    /// Its travellers are still names; sorted by person.
    Arranger(Vec<DeclaredTraveller>),
}

/// A traveller of an arranger, and which mails the arranger gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeclaredTraveller {
    pub(crate) person: PersonRef,
    pub(crate) confirmations: bool,
    pub(crate) flight_stats: bool,
}

impl DeclaredUser {
    /// The people that it names under an attribute; none where it does not speak of it.
    pub(crate) fn people_of(&self, attribute: Attribute) -> impl Iterator<Item = &PersonRef> {
        let said = self.traits.iter().filter(move |it| it.attribute == attribute);
        said.flat_map(|it| match &it.value {
            TraitValue::People(people) => &people[..],
            TraitValue::Ready(_) | TraitValue::Named(_) => &[],
        })
    }

    /// The managers and approvers that it names.
    pub(super) fn superiors(&self) -> impl Iterator<Item = &PersonRef> {
        self.traits.iter().flat_map(|it| match &it.value {
            TraitValue::People(people) => &people[..],
            TraitValue::Ready(_) | TraitValue::Named(_) => &[],
        })
    }

    /// Whether the account shall be active, where that is said: one that is made is so without.
    pub(crate) fn active(&self) -> Option<bool> {
        self.said(Attribute::Active).map(|it| it == "true")
    }

    /// The value that is declared of an attribute, where that is known offline.
    pub(crate) fn said(&self, attribute: Attribute) -> Option<&str> {
        self.traits.iter().find(|it| it.attribute == attribute).and_then(|it| match &it.value {
            TraitValue::Ready(value) => Some(&**value),
            TraitValue::Named(_) | TraitValue::People(_) => None,
        })
    }

    /// Whether an attribute is spoken of.
    pub(crate) fn says(&self, attribute: Attribute) -> bool {
        self.traits.iter().any(|it| it.attribute == attribute)
    }

    /// Whether something of the person is said by a name that only the API knows.
    pub(crate) fn says_names(&self) -> bool {
        self.traits.iter().any(|it| matches!(it.value, TraitValue::Named(_)))
    }

    /// The keys by which the person may be known who is to have an account, as a second one is never made, or to leave, as nobody
    /// else is to go.
    pub(crate) fn keys(&self) -> Vec<PersonRef> {
        let is_looked_for = !self.create.is_empty() || self.active() == Some(false);
        let more = self.given_keys().filter(|_| is_looked_for).map(|it| it.1);
        std::iter::once(self.person.clone()).chain(more).collect()
    }

    /// The keys that the person is to have by what is declared.
    pub(crate) fn given_keys(&self) -> impl Iterator<Item = (Attribute, PersonRef)> {
        let keys =
            [(PersonKey::ExternalId, Attribute::ExternalId), (PersonKey::EmployeeId, Attribute::EmployeeId)];
        keys.into_iter().filter_map(|it| Some((it.1, PersonRef::by(it.0, self.said(it.1)?).ok()?)))
    }
}

impl DeclaredDirect {
    /// Which role it is: a person holds each at most once.
    pub(crate) fn kind(&self) -> &Kind {
        match self {
            Self::Ready(role) => role.kind(),
            Self::Arranger(_) => &Kind::Arranger,
        }
    }

    /// Empty for every other role.
    pub(crate) fn travellers(&self) -> &[DeclaredTraveller] {
        match self {
            Self::Ready(_) => &[],
            Self::Arranger(travellers) => travellers,
        }
    }
}
