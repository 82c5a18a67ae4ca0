//! What a person gets mails about, read out of the list of preferences and put back into it: one element for each type of
//! notification.
//!
//! What is left out has the default of the description: mails are sent, and nobody gets a copy. Of a type that has two
//! elements, or one in another form, nothing is told, and nothing is put. All else stays to the letter, in its place.
//! Addresses are told in one order and spelling, whatever the API has, and put in the order in which they are given.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{
    json,
    value::{RawValue, to_raw_value},
};

use crate::model::{
    ids::Email,
    object::Object,
    selector::{Attribute, BETWEEN, addresses},
};

const LIST: &str = "preferences";
const TYPE: &str = "notificationType";
const MAILS: &str = "emailPreference";

/// The elements of the list, and which of them is of a type.
struct Preferences {
    all: Vec<Box<RawValue>>,
    own: Option<(usize, Object)>,
}

impl Preferences {
    /// `None` where it is in another form.
    fn read(object: &Object, of: &str) -> Option<Self> {
        let all: Vec<Box<RawValue>> = told(object, LIST)?.unwrap_or_default();
        let elements = all.iter().enumerate();
        let mut own = elements.filter_map(|(n, it)| {
            let element: Object = serde_json::from_str(it.get()).ok()?;
            (element.read::<String>(TYPE)? == of).then_some((n, element))
        });
        let first = own.next();
        if own.next().is_some() {
            return None;
        }
        drop(own);
        Some(Self { all, own: first })
    }

    /// What is said of mails; `None` where that is in another form.
    fn mails(&self) -> Option<Object> {
        self.own.as_ref().map_or(Some(Object::default()), |it| Some(told(&it.1, MAILS)?.unwrap_or_default()))
    }
}

/// Returns what the list says; `None` where this version does not understand it.
pub(super) fn preference(attribute: Attribute, object: &Object) -> Option<String> {
    let (of, field) = attribute.notification()?;
    let mails = Preferences::read(object, of)?.mails()?;
    if !attribute.has_addresses() {
        return Some(told::<bool>(&mails, field)?.unwrap_or(true).to_string());
    }
    let all: Vec<String> = told(&mails, field)?.unwrap_or_default();
    let all: Option<BTreeSet<Email>> = all.iter().map(|it| it.parse().ok()).collect();
    Some(all?.iter().map(Email::as_str).collect::<Vec<_>>().join(BETWEEN))
}

/// Puts what the list is to say into it; `None` takes it out.
pub(super) fn put_preference(attribute: Attribute, value: Option<&str>, object: &mut Object) {
    let Some((of, field)) = attribute.notification() else { return };
    let Some(mut list) = Preferences::read(object, of) else { return };
    let Some(mut mails) = list.mails() else { return };
    match value {
        Some(value) if attribute.has_addresses() => mails.set(field, &addresses(value).collect::<Vec<_>>()),
        Some(value) => mails.set(field, &(value == "true")),
        None => mails.remove(field),
    }
    let (at, mut element) = match list.own.take() {
        Some(own) => own,
        None => (list.all.len(), Object::of(&json!({ TYPE: of }))),
    };
    element.set(MAILS, &mails);
    let Ok(element) = to_raw_value(&element) else { return };
    match list.all.get_mut(at) {
        Some(there) => *there = element,
        None => list.all.push(element),
    }
    object.set(LIST, &list.all);
}

/// Returns a field, or that there is none; `None` where it is of another form.
fn told<T: DeserializeOwned>(object: &Object, field: &str) -> Option<Option<T>> {
    object.get(field).map_or(Some(None), |it| serde_json::from_str(it.get()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON: Attribute = Attribute::BookingNotificationEnabled;
    const CC: Attribute = Attribute::BookingNotificationCcEmails;

    fn object(text: &str) -> Object {
        serde_json::from_str(text).expect("an object")
    }

    fn written(object: &Object) -> String {
        serde_json::to_string(object).expect("JSON")
    }

    #[test]
    fn what_is_left_out_has_the_default_and_what_is_not_understood_is_not_told() {
        let of = |mails: &str| {
            format!(
                r#"{{"preferences":[{{"notificationType":"BOOKING_NOTIFICATION","emailPreference":{mails}}}]}}"#
            )
        };
        let one = r#"{"notificationType":"BOOKING_NOTIFICATION"}"#;
        for (text, on, cc) in [
            ("{}".to_owned(), Some("true"), Some("")),
            (r#"{"preferences":null}"#.to_owned(), Some("true"), Some("")),
            (r#"{"preferences":[null,7,{"notificationType":null}]}"#.to_owned(), Some("true"), Some("")),
            (format!(r#"{{"preferences":[{one}]}}"#), Some("true"), Some("")),
            (of("null"), Some("true"), Some("")),
            (of(r#"{"enabled":null,"ccEmails":null}"#), Some("true"), Some("")),
            (of(r#"{"enabled":false}"#), Some("false"), Some("")),
            (
                of(r#"{"enabled":true,"ccEmails":["B@x.example","a@x.example","b@X.example"]}"#),
                Some("true"),
                Some("a@x.example, b@x.example"),
            ),
            // What one field does not say is not what the other does.
            (of(r#"{"enabled":"no","ccEmails":[]}"#), None, Some("")),
            (of(r#"{"enabled":false,"ccEmails":"a@x.example"}"#), Some("false"), None),
            (of(r#"{"ccEmails":["a@x.example",1]}"#), Some("true"), None),
            (of(r#"{"ccEmails":["the desk"]}"#), Some("true"), None),
            (of("[]"), None, None),
            (r#"{"preferences":{}}"#.to_owned(), None, None),
            (format!(r#"{{"preferences":[{one},{{"notificationType":"OTHER"}},{one}]}}"#), None, None),
        ] {
            let it = object(&text);
            assert_eq!(preference(ON, &it).as_deref(), on, "{text}");
            assert_eq!(preference(CC, &it).as_deref(), cc, "{text}");
            // Nothing is put where nothing is told of the type.
            if (on, cc) == (None, None) {
                let mut put = it.clone();
                put_preference(ON, Some("false"), &mut put);
                put_preference(CC, Some("a@x.example"), &mut put);
                assert_eq!(written(&put), text);
            }
        }
    }

    #[test]
    fn only_what_is_put_changes_and_stays_in_its_place() {
        let rest = r#"{"n":1.10,"emailPreference":{"x":[null,"\u00e9"],"enabled":true,"ccEmails":["a@x.example"]},"notificationType":"BOOKING_NOTIFICATION","y":2}"#;
        let text = format!(
            r#"{{"before":1.0,"preferences":[{{"notificationType":"OTHER","emailPreference":{{"enabled":1e2}}}},{rest},{{"notificationType":"OTHER"}}],"after":[]}}"#
        );
        let mut it = object(&text);
        put_preference(ON, Some("false"), &mut it);
        assert_eq!(written(&it), text.replace(r#""enabled":true"#, r#""enabled":false"#));
        put_preference(CC, Some("c@x.example, b@x.example"), &mut it);
        let copies = text.replace(r#""enabled":true"#, r#""enabled":false"#);
        assert_eq!(written(&it), copies.replace(r#"["a@x.example"]"#, r#"["c@x.example","b@x.example"]"#));
        put_preference(CC, Some(""), &mut it);
        assert_eq!(written(&it), copies.replace(r#"["a@x.example"]"#, "[]"));
        // A type that is not there is put behind all others.
        let new = Attribute::FlightNotificationEnabled;
        let mut it = object(&text);
        put_preference(new, Some("false"), &mut it);
        let element =
            r#",{"notificationType":"FLIGHT_NOTIFICATION","emailPreference":{"enabled":false}}],"after""#;
        assert_eq!(written(&it), text.replace(r#"],"after""#, element));
    }
}
