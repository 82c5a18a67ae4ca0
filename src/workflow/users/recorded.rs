//! People as a snapshot tells of them. What was not recorded is said to be so, and never taken for something that is not
//! there.

use std::collections::BTreeMap;

use super::{super::Error, Roster};
use crate::{
    live::{
        FetchError,
        api::attributes,
        snapshot::{Answers, Directory, NotRecorded, Reach},
    },
    model::{
        direct::{DirectRole, DirectRoles},
        ids::CompanyId,
        object::Object,
        observed::User,
        part::Part,
        person::{Entry, Held},
        selector::{Attribute, PersonPart, Traits},
        units::Unit,
    },
};

/// Of how many people it was not recorded what they are.
pub type Unrecorded = BTreeMap<Attribute, usize>;

/// Why a part is not told.
const NOTHING: &str = "not recorded in a snapshot";
const IN_PART: &str = "in part: a snapshot has what plans look at";

/// Everybody of the companies.
///
/// # Errors
///
/// Where not everybody of a company is in the snapshot: a part of a list would look like all of it.
pub(super) fn roster(answers: &Answers, companies: &[CompanyId]) -> Result<Roster, Error> {
    let mut roster = Roster::default();
    for &company in companies {
        let directory = directory(answers, company).filter(|it| it.reach == Reach::Whole);
        let directory = directory.ok_or_else(|| FetchError::from(NotRecorded::Everybody(company)))?;
        for user in &directory.users {
            let told = traits(directory, user);
            for attribute in Attribute::RULES.iter().copied().filter(|it| !knows(directory, user, *it)) {
                *roster.unrecorded.entry(attribute).or_default() += 1;
            }
            roster.people.push((company, entry(answers, user, &told)));
        }
    }
    Ok(roster)
}

/// What is recorded of a person in each part.
pub(super) fn held(answers: &Answers, company: CompanyId, user: &User) -> Vec<Held> {
    let told = directory(answers, company).map(|it| traits(it, user)).unwrap_or_default();
    let mut all = Vec::new();
    for part in Part::ALL.iter().copied() {
        let (recorded, missing) = match part {
            Part::Profile => (account(user, &told), Some(IN_PART)),
            Part::BusinessInfo => (business(user, &told), Some(IN_PART)),
            Part::NotificationPreferences => {
                (of_part(PersonPart::NotificationPreferences, &told), Some(IN_PART))
            }
            Part::ExternalId => (external_id(user), None),
            Part::Roles => match answers.direct_roles(user.id) {
                Ok(Some(roles)) => (direct(&roles), None),
                Ok(None) => (Object::default(), Some("not told when the snapshot was taken")),
                Err(_) => (Object::default(), None),
            },
            Part::PersonalInfo
            | Part::TravelPreferences
            | Part::MembershipInfo
            | Part::TravelArrangers
            | Part::ApplicablePolicies => (Object::default(), None),
        };
        let missing = if recorded.is_empty() {
            Some(missing.filter(|it| *it != IN_PART).unwrap_or(NOTHING))
        } else {
            missing
        };
        if !recorded.is_empty() {
            all.push((part, Ok(recorded)));
        }
        all.extend(missing.map(|why| (part, Err(why.to_owned()))));
    }
    all
}

fn directory(answers: &Answers, company: CompanyId) -> Option<&Directory> {
    answers.snapshot().directories.iter().find(|it| it.company == company)
}

/// Whether a value of the attribute would be in the snapshot, if there was one.
fn knows(directory: &Directory, user: &User, attribute: Attribute) -> bool {
    let profile = directory.profiles.get(&user.id);
    let of_rules = directory.attributes.as_ref().is_some_and(|it| it.known.contains(&attribute));
    // A profile may be what the company says of the person alone, which has none of the account.
    let of_profile = profile.is_some_and(|it| match attribute.part() {
        PersonPart::BusinessInfo => true,
        PersonPart::Account | PersonPart::ExternalId | PersonPart::NotificationPreferences => {
            it.get(attribute).is_some()
        }
    });
    of_rules || of_profile
}

/// Everything that is recorded of what a person is.
fn traits(directory: &Directory, user: &User) -> Traits {
    let of_rules = directory.attributes.as_ref().and_then(|it| it.of.get(&user.id));
    let mut told = of_rules.cloned().unwrap_or_default();
    for (attribute, value) in directory.profiles.get(&user.id).into_iter().flat_map(Traits::iter) {
        told.put(attribute, value);
    }
    told
}

fn entry(answers: &Answers, user: &User, told: &Traits) -> Entry {
    let names = &answers.snapshot().names;
    let unit = |it| {
        let id = told.get(it)?.parse().ok()?;
        Some(Unit { id, name: names.get(&id).cloned() })
    };
    let text = |it| told.get(it).map(Box::from);
    Entry {
        user: user.clone(),
        persona: text(Attribute::Persona),
        designation: text(Attribute::Designation),
        legal_entity: unit(Attribute::LegalEntity),
        department: unit(Attribute::Department),
        cost_center: unit(Attribute::CostCenter),
        office: unit(Attribute::Office),
        created: None,
        updated: None,
    }
}

fn account(user: &User, told: &Traits) -> Object {
    let mut object = Object::default();
    object.set("id", &user.id);
    let active = if user.active { "true" } else { "false" };
    attributes::put(Attribute::Active, Some(active), &mut object);
    for (attribute, value) in [
        (Attribute::Persona, told.get(Attribute::Persona)),
        (Attribute::ExternalId, user.external_id.as_deref()),
    ] {
        value.iter().for_each(|it| attributes::put(attribute, Some(it), &mut object));
    }
    object
}

fn of_part(part: PersonPart, told: &Traits) -> Object {
    let mut object = Object::default();
    for (attribute, value) in told.iter().filter(|it| it.0.part() == part) {
        attributes::put(attribute, Some(value), &mut object);
    }
    object
}

fn business(user: &User, told: &Traits) -> Object {
    let mut object = of_part(PersonPart::BusinessInfo, told);
    let number = user.employee_id.as_deref();
    number.iter().for_each(|it| attributes::put(Attribute::EmployeeId, Some(it), &mut object));
    object
}

fn external_id(user: &User) -> Object {
    let mut object = Object::default();
    let id = user.external_id.as_deref();
    id.iter().for_each(|it| attributes::put(Attribute::ExternalId, Some(it), &mut object));
    object
}

fn direct(roles: &DirectRoles) -> Object {
    let mut object = Object::default();
    object.set("roles", &roles.iter().flat_map(DirectRole::elements).collect::<Vec<_>>());
    object
}
