//! What a person is, read out of the parts of the person and put back into them: one row for each attribute.
//!
//! Only what is asked for changes; every other field of a part stays to the letter.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Part,
    liberal::Named,
    notifications::{preference, put_preference},
};
use crate::model::{
    acting::{Arrangers, Consent},
    ids::{CompanyId, UserId, parse_uuid},
    name,
    object::Object,
    selector::{Attribute, PersonPart, Traits},
    units::Unit,
};

impl PersonPart {
    /// The part of the API by which it is read: of somebody without an external id there may be none to be read alone.
    pub fn shown_by(self) -> Part {
        match self {
            Self::Account | Self::ExternalId => Part::Profile,
            Self::BusinessInfo => Part::BusinessInfo,
            Self::NotificationPreferences => Part::NotificationPreferences,
        }
    }

    /// The part of the API by which it is written.
    pub fn of_api(self) -> Part {
        match self {
            Self::Account => Part::Profile,
            Self::ExternalId => Part::ExternalId,
            Self::BusinessInfo => Part::BusinessInfo,
            Self::NotificationPreferences => Part::NotificationPreferences,
        }
    }
}

/// In which form a part holds an attribute.
enum Form {
    Flag(&'static str),
    Text(&'static str),
    /// A reference, `{ id, name }`.
    Reference(&'static str),
    References(&'static str),
    /// A text in objects inside each other.
    Inside(&'static [&'static str]),
    /// In a list, with one element for each type of notification.
    Preference,
}

fn form(attribute: Attribute) -> Form {
    match attribute {
        Attribute::Active => Form::Flag("isActive"),
        Attribute::Persona => Form::Text("persona"),
        Attribute::ExternalId => Form::Text("externalId"),
        Attribute::EmployeeId => Form::Text("employeeId"),
        Attribute::Designation => Form::Text("designation"),
        Attribute::WorkerType => Form::Text("workerType"),
        Attribute::Department => Form::Reference("departmentRef"),
        Attribute::LegalEntity => Form::Reference("legalEntityRef"),
        Attribute::CostCenter => Form::Reference("costCenterRef"),
        Attribute::Office => Form::Reference("officeRef"),
        Attribute::Grade => Form::Reference("gradeRef"),
        Attribute::Manager => Form::Reference("managerRef"),
        Attribute::Approvers => Form::References("designatedApproverRefs"),
        Attribute::Email => Form::Inside(&["businessInfo", "email"]),
        Attribute::FirstName => Form::Inside(&["personalInfo", "name", "given"]),
        Attribute::LastName => Form::Inside(&["personalInfo", "name", "family1"]),
        Attribute::FlightNotificationEnabled | Attribute::FlightNotificationCcEmails => Form::Preference,
        Attribute::BookingNotificationEnabled | Attribute::BookingNotificationCcEmails => Form::Preference,
    }
}

/// Returns what a part says of the attributes that it holds; what is empty there is not held.
pub(crate) fn traits(part: PersonPart, object: &Object) -> Traits {
    #[derive(Deserialize)]
    struct Reference {
        id: String,
    }
    // An id in the one spelling in which they are compared.
    let id = |it: Reference| parse_uuid(&it.id).map_or(it.id, |it| it.to_string());
    let mut traits = Traits::default();
    for attribute in Attribute::ALL.iter().copied().filter(|it| it.part() == part) {
        let value = match form(attribute) {
            Form::Flag(field) => object.read::<bool>(field).map(|it| it.to_string()),
            Form::Text(field) => object.read::<String>(field),
            Form::Reference(field) => object.read::<Reference>(field).map(id),
            Form::References(field) => {
                let all = object.read::<Vec<Reference>>(field);
                all.map(|it| it.into_iter().map(id).collect::<Vec<_>>().join(","))
            }
            Form::Inside(path) => inside(object, path),
            Form::Preference => preference(attribute, object),
        };
        // That nobody gets a copy is told as well.
        let is_held = |it: &String| !it.is_empty() || attribute.has_addresses();
        value.into_iter().filter(is_held).for_each(|it| traits.put(attribute, it));
    }
    traits
}

/// Returns the department and the like that a part names, each with what it is called, where both are told.
pub(crate) fn units(part: PersonPart, object: &Object) -> Vec<(Attribute, Unit)> {
    let unit = |attribute: Attribute| {
        let Form::Reference(field) = form(attribute) else { return None };
        let Named { id, name } = object.read(field)?;
        let mut name = name.filter(|it| !it.is_empty() && parse_uuid(it).is_none())?;
        name::compose(&mut name);
        Some((attribute, Unit { id, name: Some(name) }))
    };
    let own = Attribute::ALL.iter().copied().filter(|it| it.part() == part && it.has_ids());
    own.filter_map(unit).collect()
}

/// Puts a value of an attribute into its part; `None` takes it out.
pub(crate) fn put(attribute: Attribute, value: Option<&str>, object: &mut Object) {
    let (field, value): (_, Option<Value>) = match form(attribute) {
        Form::Flag(field) => (field, value.map(|it| json!(it == "true"))),
        Form::Text(field) => (field, value.map(|it| json!(it))),
        Form::Reference(field) => (field, value.map(|it| json!({ "id": it }))),
        Form::References(field) => {
            let all = |it: &str| it.split(',').map(|it| json!({ "id": it })).collect::<Vec<_>>();
            (field, value.map(|it| json!(all(it))))
        }
        Form::Inside(path) => return put_inside(path, value, object),
        Form::Preference => return put_preference(attribute, value, object),
    };
    match value {
        Some(value) => object.set(field, &value),
        None => object.remove(field),
    }
}

fn inside(object: &Object, path: &[&str]) -> Option<String> {
    match path {
        [] => None,
        [field] => object.read(field),
        [field, rest @ ..] => inside(&object.read(field)?, rest),
    }
}

fn put_inside(path: &[&str], value: Option<&str>, object: &mut Object) {
    match (path, value) {
        ([], _) => (),
        ([field], Some(value)) => object.set(field, value),
        ([field], None) => object.remove(field),
        ([field, rest @ ..], _) => {
            let mut within: Object = object.read(field).unwrap_or_default();
            put_inside(rest, value, &mut within);
            object.set(field, &within);
        }
    }
}

/// Returns who arranges travel for the person of whom this list is; `None` where it does not say, or not of everybody on it.
pub(crate) fn arrangers(object: &Object) -> Option<Arrangers> {
    #[derive(Deserialize)]
    struct Arranger {
        #[serde(rename = "userId")]
        user: Value,
        status: Option<String>,
    }
    let all: Vec<Arranger> = object.read("travelArrangers")?;
    let mut arrangers = Arrangers::new();
    for it in all {
        let id = it.user.get("id").unwrap_or(&it.user).as_str().and_then(parse_uuid)?;
        let consent = match it.status.as_deref() {
            Some("DENIED") => continue,
            Some("PENDING") => Consent::Pending,
            _ => Consent::Given,
        };
        arrangers.insert(UserId(id), consent);
    }
    Some(arrangers)
}

/// Returns the profile that an account is made with: what a person is, in a company.
pub(crate) fn profile(company: CompanyId, traits: &Traits) -> Object {
    let (mut profile, mut business) = (Object::default(), Object::default());
    business.set("organizationRef", &json!({ "id": company }));
    for (attribute, value) in traits.iter().filter(|it| it.0.part() == PersonPart::BusinessInfo) {
        put(attribute, Some(value), &mut business);
    }
    profile.set("businessInfo", &business);
    for (attribute, value) in traits.iter().filter(|it| it.0.part() != PersonPart::BusinessInfo) {
        put(attribute, Some(value), &mut profile);
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn what_is_put_is_read_again_and_every_other_field_stays_to_the_letter() {
        let one = "1a6f0000-0000-4000-8000-000000000001";
        let two = "2b7e0000-0000-4000-8000-000000000002";
        let rest = r#""unknown":{"x":[1.10,null]},"phoneNumbers":[{"rawInput":"+49 30"}]"#;
        for attribute in Attribute::ALL.iter().copied() {
            let value = match form(attribute) {
                Form::Flag(_) => "false".to_owned(),
                Form::Text(_) | Form::Inside(_) => "A \u{e9}".to_owned(),
                Form::Reference(_) => one.to_owned(),
                Form::References(_) => format!("{two},{one}"),
                Form::Preference if attribute.has_addresses() => "a@x.example, b@x.example".to_owned(),
                Form::Preference => "false".to_owned(),
            };
            let mut it = object(&format!("{{{rest}}}"));
            let before = traits(attribute.part(), &it);
            put(attribute, Some(&value), &mut it);
            assert_eq!(traits(attribute.part(), &it).get(attribute), Some(&*value), "{attribute:?}");
            assert!(serde_json::to_string(&it).expect("JSON").starts_with(&format!("{{{rest},")));
            put(attribute, None, &mut it);
            assert_eq!(traits(attribute.part(), &it), before);
        }
    }

    #[test]
    fn a_list_of_arrangers_is_read_whole_or_not_at_all() {
        let (one, two) = ("1a6f0000-0000-4000-8000-000000000001", "2b7e0000-0000-4000-8000-000000000002");
        let read = |list: &str| arrangers(&object(&format!("{{\"travelArrangers\":{list}}}")));
        let id = |it: &str| UserId(parse_uuid(it).unwrap());
        for (list, expected) in [
            ("[]".to_owned(), Some(vec![])),
            (format!(r#"[{{"userId":{{"id":"{one}"}}}}]"#), Some(vec![(id(one), Consent::Given)])),
            (
                format!(
                    r#"[{{"userId":"{one}","status":"PENDING"}},{{"userId":"{two}","status":"DENIED"}}]"#
                ),
                Some(vec![(id(one), Consent::Pending)]),
            ),
            (format!(r#"[{{"userId":"{two}","status":"ACCEPTED"}}]"#), Some(vec![(id(two), Consent::Given)])),
            (format!(r#"[{{"userId":"{one}"}},{{"userId":"nobody"}}]"#), None),
            ("null".to_owned(), None),
            ("{}".to_owned(), None),
        ] {
            assert_eq!(read(&list).map(|it| it.into_iter().collect::<Vec<_>>()), expected, "{list}");
        }
        assert_eq!(arrangers(&object("{}")), None);
    }

    #[test]
    fn what_is_empty_or_of_another_form_is_not_held() {
        let it =
            object(r#"{"departmentRef":null,"designation":"","managerRef":"x","designatedApproverRefs":[]}"#);
        assert!(traits(PersonPart::BusinessInfo, &it).is_empty());
    }
}
