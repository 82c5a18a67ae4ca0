//! The forms of values as schemas say them: patterns from the very grammars that read files, and words for editors.
//!
//! Reads no file and decides nothing: what a file may say is decided where it is checked, and a test holds the two together.
//! `patternErrorMessage` and `errorMessage` are read by the YAML plugins of editors, and by nothing else.

use std::{borrow::Cow, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::shape::inline_schemas;
use crate::model::{
    date,
    direct::{Reach, TYPES},
    ids::{EMAIL_PATTERN, LONGEST_KEY, PersonKey, UUID_PATTERN},
    name::{self, MAX_NAME, MAX_TEXT},
    pattern::MOST_BYTES,
    rules::{ExceptionKey, Guard, Level},
    scope::Kind,
};

/// Values that stand for texts: numbers are read as they are written.
const TEXT: [&str; 2] = ["string", "number"];
const UNSEEN: &str = "It holds a character that is not seen, or a line break.";

/// The version of a file.
pub(crate) enum Version {}

/// A text of which nothing more is known.
pub(crate) enum Word {}

/// The word `true`.
pub(crate) enum True {}

/// A mapping of names.
pub(crate) struct Named<T>(PhantomData<T>);

inline_schemas! {
    [] Version, |_| json_schema!({ "type": "integer", "const": 1 });
    [] Word, |_| json_schema!({ "type": TEXT });
    [] True, |_| json_schema!({ "type": "boolean", "const": true });
    [T] Named<T>, |generator| json_schema!({
        "type": "object",
        "propertyNames": { "title": "name", "pattern": seen_in_name(), "patternErrorMessage": UNSEEN },
        "additionalProperties": generator.subschema_for::<T>(),
    });
}

/// Declares forms that schemas refer to by name.
macro_rules! forms {
    ($($(#[$about:meta])* $name:ident $title:literal $schema:expr;)*) => {$(
        $(#[$about])*
        pub(crate) enum $name {}

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let mut schema = $schema;
                schema.insert("title".to_owned(), $title.into());
                schema
            }
        }
    )*};
}

forms! {
    /// The name that a group has or shall have.
    GroupName "Name of a group" group_name();
    /// The name of a group that exists.
    ExistingGroup "Name of a group that exists" group_name();
    /// A text for people that has to say something.
    Text "A text for people" json_schema!({
        "type": TEXT,
        "minLength": 1,
        "maxLength": MAX_TEXT,
        "pattern": says_something(),
        "patternErrorMessage": "It is blank, or holds a character that is not seen.",
    });
    /// A text for people that may be empty.
    Note "A text for people" json_schema!({
        "type": TEXT,
        "pattern": format!("^[^{}]*$", name::never_in_texts()),
        "patternErrorMessage": "It holds a character that is not seen.",
    });
    /// The name of a role.
    RoleTitle "Name of a role" named();
    /// The name of a scope.
    ScopeName "Name of a scope" json_schema!({ "type": TEXT });
    /// A company, by id or alias.
    Company "A company: an id, or a name from `ids.company` of rolecall.yaml" json_schema!({ "type": TEXT });
    /// The name of a policy.
    PolicyName "Name of a policy" json_schema!({
        "type": TEXT,
        "minLength": 1,
        "maxLength": MAX_TEXT,
        "pattern": says_something(),
        "patternErrorMessage": "It is blank, or holds a character that is not seen.",
        "allOf": [{ "pattern": seen_in_name(), "patternErrorMessage": UNSEEN }],
    });
    /// Somebody who reviews.
    Approver "Who reviews: `@user`, `@organisation/team` or an e-mail address" json_schema!({
        "type": "string",
        "pattern": "^(@[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*|[A-Za-z0-9._%+'-]+@[A-Za-z0-9.-]+)$",
        "patternErrorMessage": "Write `@user`, `@organisation/team` or an e-mail address.",
    });
    /// The name of an endpoint.
    EndpointName "Name of an endpoint" json_schema!({
        "type": TEXT,
        "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        "patternErrorMessage": "It has small letters, digits and single hyphens between them.",
        "not": { "pattern": "(^|-)file$" },
    });
    /// A legal entity, by id or alias.
    LegalEntity "A legal entity: an id, or a name from `ids.legalEntity` of rolecall.yaml"
        json_schema!({ "type": TEXT });
    /// A department, by id or alias.
    Department "A department: an id, or a name from `ids.department` of rolecall.yaml" json_schema!({ "type": TEXT });
    /// A cost center, by id or alias.
    CostCenter "A cost center: an id, or a name from `ids.costCenter` of rolecall.yaml" json_schema!({ "type": TEXT });
    /// An office, by id or alias.
    Office "An office: an id, or a name from `ids.office` of rolecall.yaml" json_schema!({ "type": TEXT });
    /// A grade, by id or alias.
    Grade "A grade: an id, or a name from `ids.grade` of rolecall.yaml" json_schema!({ "type": TEXT });
    /// A UUID.
    Id "A UUID" json_schema!({
        "type": "string",
        "format": "uuid",
        "pattern": UUID_PATTERN,
        "patternErrorMessage": "Ids are UUIDs such as 1a6f0000-0000-4000-8000-000000000001.",
    });
    /// An e-mail address.
    ///
    /// Without a `format`: what is called one refuses addresses with letters beyond ASCII.
    Address "An e-mail address" json_schema!({
        "type": "string",
        "maxLength": LONGEST_KEY,
        "pattern": EMAIL_PATTERN,
        "patternErrorMessage": "It is not an e-mail address. Other keys are written out: `{ externalId: … }`, `{ employeeId: … }` or `{ userId: … }`.",
        "allOf": [seen_in_key()],
    });
    /// What another system calls a person.
    Key "A key of a person" json_schema!({
        "type": TEXT,
        "maxLength": LONGEST_KEY,
        "pattern": r"\S",
        "patternErrorMessage": "The key of a person is empty.",
        "allOf": [seen_in_key()],
    });
    /// A day or an instant.
    DayOrInstant "A day or an instant" json_schema!({
        "type": "string",
        "pattern": date::PATTERN,
        "patternErrorMessage": "Write a day (2027-01-31, through its end in UTC) or an instant (2027-01-31T18:00:00Z).",
        "examples": ["2027-01-31"],
    });
    /// A name, or a pattern for some.
    NameOrPattern "A name, or a pattern for some" json_schema!({
        "type": TEXT,
        "maxLength": MOST_BYTES,
        "pattern": r"\S",
        "patternErrorMessage": "It is blank.",
        "allOf": [{ "pattern": seen_in_name(), "patternErrorMessage": UNSEEN }],
    });
}

fn seen_in_name() -> String {
    format!("^[^{}]*$", name::never_in_names())
}

fn says_something() -> String {
    let (never, blank) = (name::never_in_texts(), name::blank_in_texts());
    format!("^[^{never}]*[^{blank}][^{never}]*$")
}

/// Without the line breaks and tabs around a key, which are not of it.
fn seen_in_key() -> Value {
    let pattern = format!(r"^[ \t\n\f\r]*[^{}]*[ \t\n\f\r]*$", name::never_in_names());
    json!({ "pattern": pattern, "patternErrorMessage": UNSEEN })
}

fn group_name() -> Schema {
    let never = name::never_in_names();
    json_schema!({
        "type": TEXT,
        "minLength": 1,
        "maxLength": MAX_NAME,
        "pattern": format!("^[^{never} ]([^{never}]*[^{never} ])?$"),
        "patternErrorMessage": "It begins or ends with a space, or holds a character that is not seen.",
    })
}

fn named() -> Schema {
    json_schema!({ "type": TEXT, "pattern": seen_in_name(), "patternErrorMessage": UNSEEN })
}

/// What must be there, said by conditions rather than alternatives: editors then say what is missing. They draft an entry
/// from what is required at the top of a form, so that nothing is where it would not do: there are snippets instead.
pub(super) fn group(schema: &mut Schema) {
    schema.insert("if".to_owned(), has("roles", "unmanaged"));
    schema.insert("then".to_owned(), json!({ "required": ["name", "roles", "members"] }));
    schema.insert("else".to_owned(), json!({ "required": ["name", "description", "roles", "members"] }));
}

pub(super) fn role(schema: &mut Schema) {
    schema.insert("if".to_owned(), json!({ "required": ["id"] }));
    schema.insert("then".to_owned(), json!({ "properties": { "name": false, "providedBy": false } }));
    schema.insert("else".to_owned(), json!({ "required": ["name"] }));
}

pub(super) fn one_person(schema: &mut Schema) {
    let key = |it: PersonKey| {
        json!({
            "required": [it.as_str()],
            "errorMessage": "Name the person by one key: `email`, `externalId`, `employeeId` or `userId`.",
        })
    };
    schema.insert("oneOf".to_owned(), PersonKey::ALL.map(key).as_slice().into());
}

/// Only the platform has no values.
pub(super) fn predicate(schema: &mut Schema) {
    schema.insert("if".to_owned(), has("type", Kind::Platform.as_wire()));
    schema.insert("else".to_owned(), json!({ "properties": { "values": { "minItems": 1 } } }));
}

pub(super) fn direct_role(schema: &mut Schema) {
    let key = |reach| match reach {
        Reach::Company => Some("company"),
        Reach::Tmc => Some("tmc"),
        Reach::Travellers => Some("arrangerFor"),
        Reach::Everything => None,
    };
    let condition = |(role_type, reach): (&str, Reach)| {
        let needed = key(reach);
        let others = ["company", "tmc", "arrangerFor"].into_iter().filter(|it| Some(*it) != needed);
        json!({
            "if": has("type", role_type),
            "then": { "required": needed.as_slice(), "properties": refused(others) },
        })
    };
    let types = TYPES.map(condition);
    schema.insert("if".to_owned(), json!({ "required": ["raw"] }));
    let others = ["type", "company", "tmc", "arrangerFor"];
    schema.insert("then".to_owned(), json!({ "properties": refused(others) }));
    schema.insert("else".to_owned(), json!({ "required": ["type"], "allOf": types }));
}

/// What each guard looks at.
pub(super) fn exception(schema: &mut Schema) {
    let targets = |keys: &[ExceptionKey]| {
        let needed: Vec<Value> = keys.iter().map(|it| json!({ "required": [it.as_str()] })).collect();
        // A company beside others only says whose they are.
        let others =
            ExceptionKey::ALL.iter().filter(|it| !keys.contains(it) && **it != ExceptionKey::Company);
        json!({ "anyOf": needed, "properties": refused(others.map(|it| it.as_str())) })
    };
    let by_level = |it: &Level| json!({ "if": has("of", it.as_str()), "then": targets(it.targets()) });
    let by_guard = |it: &Guard| {
        let then = if *it == Guard::Removals {
            let mut levels: Vec<Value> = Level::ALL.iter().map(by_level).collect();
            levels.push(json!({ "if": { "required": ["of"] }, "else": targets(Level::Members.targets()) }));
            json!({ "allOf": levels })
        } else {
            let mut then = targets(it.targets());
            then["properties"]["of"] = false.into();
            then
        };
        json!({ "if": has("guard", it.as_str()), "then": then })
    };
    let guards = Guard::ALL.iter().filter(|it| it.can_be_excepted());
    let guards: Vec<Value> = guards.map(by_guard).collect();
    schema.insert("if".to_owned(), json!({ "required": ["guard"] }));
    schema.insert("then".to_owned(), json!({ "required": ["upTo", "until", "reason"], "allOf": guards }));
    schema.insert("else".to_owned(), json!({ "required": ["guard", "upTo", "until", "reason"] }));
}

/// What differs, in one of four ways.
pub(super) fn accept(schema: &mut Schema) {
    schema.insert("if".to_owned(), json!({ "required": ["group"] }));
    schema.insert(
        "then".to_owned(),
        json!({
            "required": ["owner", "until", "reason"],
            "if": { "required": ["person"] },
            "then": { "properties": refused(["role"]) },
        }),
    );
    schema.insert(
        "else".to_owned(),
        json!({
            "required": ["person", "role", "owner", "until", "reason"],
            "properties": { "role": { "properties": refused(["id", "providedBy"]) } },
        }),
    );
}

/// Whether a key has this word.
fn has(key: &str, word: &str) -> Value {
    json!({ "properties": { key: { "const": word } }, "required": [key] })
}

fn refused<'a>(keys: impl IntoIterator<Item = &'a str>) -> Value {
    keys.into_iter().map(|it| (it.to_owned(), Value::Bool(false))).collect::<serde_json::Map<_, _>>().into()
}

#[cfg(test)]
mod tests;
