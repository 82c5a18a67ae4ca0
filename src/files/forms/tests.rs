//! The patterns against the grammars they stand for.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jsonschema::Validator;
use proptest::prelude::*;

use super::*;
use crate::model::{
    date,
    ids::{PersonRef, parse_uuid},
};

/// The form alone, as a schema.
fn form<T: JsonSchema>() -> Validator {
    let schema = schemars::generate::SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    jsonschema::validator_for(&Value::from(schema)).unwrap()
}

fn takes(form: &Validator, text: &str) -> bool {
    form.is_valid(&Value::from(text))
}

#[test]
fn a_day_is_one_for_both() {
    let form = form::<DayOrInstant>();
    for year in [0, 4, 100, 400, 1900, 1999, 2000, 2023, 2024, 2027, 2028, 2100, 2400, 9998, 9999] {
        for month in 0..=13 {
            for day in 0..=32 {
                let text = format!("{year:04}-{month:02}-{day:02}");
                assert_eq!(takes(&form, &text), date::from_start(&text, &TimeZone::UTC).is_some(), "{text}");
            }
        }
    }
}

#[test]
fn each_character_is_in_a_name_or_text_for_both() {
    let (name, text, note) = (form::<GroupName>(), form::<Text>(), form::<Note>());
    for it in '\0'..='\u{ffff}' {
        // What is seen in some places is left to the loader.
        if matches!(it, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}') {
            continue;
        }
        let inside = format!("a{it}b");
        assert_eq!(takes(&name, &inside), name::unseen(&inside).is_none(), "U+{:04X}", u32::from(it));
        assert_eq!(takes(&note, &inside), name::unseen_in_text(&inside).is_none(), "U+{:04X}", u32::from(it));
        let alone = it.to_string();
        let says_something = !it.is_whitespace() && !name::is_unseen(it);
        assert_eq!(takes(&text, &alone), says_something, "U+{:04X}", u32::from(it));
    }
}

static INSTANT: LazyLock<Validator> = LazyLock::new(form::<DayOrInstant>);
static ADDRESS: LazyLock<Validator> = LazyLock::new(form::<Address>);
static KEY: LazyLock<Validator> = LazyLock::new(form::<Key>);
static ID: LazyLock<Validator> = LazyLock::new(form::<Id>);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn an_instant_is_one_for_both(
        text in "(0000|1999|2000|2024|9999)-[0-1][0-9]-[0-3][0-9]([Tt _]?[0-2][0-9](:[0-6][0-9]){0,3}([.,][0-9]{0,11})?(Z|z|[+-][0-2][0-9](:?[0-6][0-9])?)?(\\[UTC\\])?)?"
    ) {
        prop_assert_eq!(takes(&INSTANT, &text), date::from_start(&text, &TimeZone::UTC).is_some());
        prop_assert_eq!(date::from_start(&text, &TimeZone::UTC).is_some(), date::through_end(&text, &TimeZone::UTC).is_some());
    }

    #[test]
    fn an_address_is_one_for_both(text in "[a@. é\t\u{200b}]{0,8}(@x\\.[a.@]{0,3})?[ \n]?") {
        prop_assert_eq!(takes(&ADDRESS, &text), PersonRef::by(PersonKey::Email, &text).is_ok());
    }

    #[test]
    fn a_key_of_a_person_is_one_for_both(text in "[a \n\té\u{a0}\u{200b}]{0,5}") {
        prop_assert_eq!(takes(&KEY, &text), PersonRef::by(PersonKey::ExternalId, &text).is_ok());
    }

    #[test]
    fn a_uuid_is_one_for_both(text in "[{ ]?[0-9a-fA-Fg]{7,8}(-?[0-9a-f]{4}){3}-?[0-9A-F]{12}[} ]?") {
        prop_assert_eq!(takes(&ID, &text), parse_uuid(&text).is_some());
    }
}
