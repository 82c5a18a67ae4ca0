//! Who may act for another person, which is access over that person: by a role that arranges travel, as who approves, as who
//! manages, or by a role over everybody of a company or a TMC.
//!
//! The one place that reads this from roles and from what people are. Of who was not read nothing is said.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    direct::{DirectRole, DirectRoles, Kind, Reach, known},
    ids::UserId,
    selector::{Attribute, Traits},
};

/// By what somebody acts for one other person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Right {
    /// Books trips: `TRAVEL_ARRANGER`.
    Arranger,
    /// Approves trips.
    Approver,
    /// Leads.
    Manager,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 3] = [Self::Arranger, Self::Approver, Self::Manager];

    /// The word that names it in documents and rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arranger => "arranger",
            Self::Approver => "approver",
            Self::Manager => "manager",
        }
    }

    /// The word that names it among roles that policies keep apart.
    pub fn in_policies(self) -> &'static str {
        match self {
            Self::Arranger => "ARRANGER",
            Self::Approver => "APPROVER",
            Self::Manager => "MANAGER",
        }
    }

    /// What stands between who has it and the person it is over.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Arranger => "may book for",
            Self::Approver => "approves for",
            Self::Manager => "manages",
        }
    }

    /// What stands behind several who have it.
    pub fn verb_of_several(self) -> &'static str {
        match self {
            Self::Arranger => "may book for",
            Self::Approver => "approve for",
            Self::Manager => "manage",
        }
    }

    /// The attribute of the other person that gives it; none where a role does.
    pub fn attribute(self) -> Option<Attribute> {
        match self {
            Self::Arranger => None,
            Self::Approver => Some(Attribute::Approvers),
            Self::Manager => Some(Attribute::Manager),
        }
    }

    /// The right that an attribute of a person gives others over the person.
    pub fn of(attribute: Attribute) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.attribute() == Some(attribute))
    }
}

/// That one person acts for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Act {
    pub who: UserId,
    pub right: Right,
    pub over: UserId,
}

/// Whether a traveller has agreed to an arranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Consent {
    Given,
    /// It was asked for and not answered yet.
    Pending,
}

/// Who arranges for a traveller, by the traveller's own list: without those who were denied.
pub type Arrangers = BTreeMap<UserId, Consent>;

/// The people in a value of an attribute that names people.
pub fn people(value: &str) -> impl Iterator<Item = UserId> {
    value.split(',').filter_map(|it| it.parse().ok().map(UserId))
}

/// A value of an attribute with other ids of the people in it.
pub(crate) fn with_users<'v>(
    attribute: Attribute,
    value: &'v str,
    rename: impl Fn(UserId) -> UserId,
) -> Cow<'v, str> {
    if !attribute.has_people() || people(value).all(|it| rename(it) == it) {
        return value.into();
    }
    let renamed = |it: &str| it.parse().map_or_else(|_| it.to_owned(), |id| rename(UserId(id)).to_string());
    value.split(',').map(renamed).collect::<Vec<_>>().join(",").into()
}

/// Who acts for whom by what these people hold and are.
pub fn acts<'a>(
    direct: impl IntoIterator<Item = (&'a UserId, &'a DirectRoles)>,
    profiles: impl IntoIterator<Item = (&'a UserId, &'a Traits)>,
) -> BTreeSet<Act> {
    let direct = direct.into_iter().flat_map(|(who, roles)| {
        let travellers = roles.iter().flat_map(DirectRole::travellers);
        travellers.map(|it| Act { who: *who, right: Right::Arranger, over: it.user })
    });
    let profiles = profiles.into_iter().flat_map(|(over, traits)| by_traits(*over, traits));
    direct.chain(profiles).collect()
}

/// Who acts for a person by what the person is.
pub fn by_traits(over: UserId, traits: &Traits) -> impl Iterator<Item = Act> {
    let values =
        Right::ALL.into_iter().filter_map(|right| Some((right, traits.get(right.attribute()?)?.to_owned())));
    values.flat_map(move |(right, value)| {
        people(&value).map(|who| Act { who, right, over }).collect::<Vec<_>>()
    })
}

/// Whether a role lets its holder act for people that it does not name: for everybody of a company, or of a TMC. One that this
/// version does not know may.
pub(crate) fn is_over_everybody(kind: &Kind) -> bool {
    const REPORTS: &str = "COMPANY_REPORT_ADMIN";
    *kind != Kind::Arranger && kind.role_type() != REPORTS
}

/// Whether a role that is [over everybody](is_over_everybody) of some place may be over people of this company: not where it is
/// held on another one. Which TMC serves a company is not known.
pub(crate) fn may_be_over(kind: &Kind, company: Option<super::ids::CompanyId>) -> bool {
    let is_of_company = matches!(known(kind.role_type()), Some((_, Reach::Company)));
    is_over_everybody(kind) && (!is_of_company || company.is_none() || kind.company() == company)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::{direct::Traveller, ids::CompanyId};

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    #[test]
    fn every_right_has_one_word_and_one_place_it_comes_from() {
        for right in Right::ALL {
            assert_eq!(right.attribute().and_then(Right::of).unwrap_or(right), right);
            assert_eq!(Right::ALL.into_iter().filter(|it| it.as_str() == right.as_str()).count(), 1);
        }
        for attribute in Attribute::ALL.iter().copied() {
            assert_eq!(Right::of(attribute).is_some(), attribute.has_people(), "{attribute:?}");
        }
    }

    #[test]
    fn roles_and_what_people_are_say_who_acts_for_them() {
        let travellers =
            [3, 4].map(|n| Traveller { user: user(n), confirmations: false, flight_stats: true });
        let mut ana = Traits::default();
        ana.put(Attribute::Approvers, format!("{},{}", user(1).0, user(2).0));
        ana.put(Attribute::Manager, user(1).0.to_string());
        ana.put(Attribute::Designation, user(9).0.to_string());
        let roles = DirectRoles::new([
            DirectRole::arranger(travellers.to_vec()),
            DirectRole::new("GLOBAL_AGENT", None),
        ]);
        let all = acts([(&user(1), &roles)], [(&user(3), &ana)]);
        let said: Vec<_> =
            all.iter().map(|it| (it.who.0.as_u128(), it.right.as_str(), it.over.0.as_u128())).collect();
        assert_eq!(
            said,
            [
                (1, "arranger", 3),
                (1, "arranger", 4),
                (1, "approver", 3),
                (1, "manager", 3),
                (2, "approver", 3)
            ]
        );
    }

    #[test]
    fn a_role_over_everybody_is_over_a_person_of_its_company_or_of_no_known_place() {
        let (here, there) = (CompanyId(Uuid::from_u128(1)), CompanyId(Uuid::from_u128(2)));
        for (kind, of_here, of_there) in [
            (Kind::On("COMPANY_ADMIN", here), true, false),
            (Kind::On("COMPANY_TRAVEL_ARRANGER", here), true, false),
            (Kind::On("COMPANY_REPORT_ADMIN", here), false, false),
            (Kind::On("TMC_AGENT", here), true, true),
            (Kind::Plain("GLOBAL_AGENT"), true, true),
            (Kind::Arranger, false, false),
            (Kind::Verbatim("TMC_SOMETHING".into(), "{}".into()), true, true),
        ] {
            assert_eq!(may_be_over(&kind, Some(here)), of_here, "{kind:?}");
            assert_eq!(may_be_over(&kind, Some(there)), of_there, "{kind:?}");
        }
    }
}
