//! Tests of rules: `policy-tests.yaml`, a list of rows with what a rule is to say of each.
//!
//! As written, with the place of each test; what a rule really says is for others to find out.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{
    At,
    decode::{Decode, Findings},
    forms,
    mapping::{Given, mapping},
    shape::Entries,
    tree::{Form, Node},
};
use crate::model::{
    expression::{
        Datum,
        schema::{Holds, Record, Subject},
    },
    finding::{Code, Finding, did_you_mean},
    source::Place,
};

mapping! {
    /// Tests of the rules of a workspace: what each says of a row.
    #[schemars(title = "rolecall: tests of rules", extend("required" = ["version", "tests"]))]
    pub struct FixtureFile: "the keys of tests, `version` and `tests`", block {
        /// The version of this format. Always 1.
        #[schemars(with = "forms::Version")]
        "version" pub(crate) version: Given<At<u64>>,
        /// The tests.
        "tests" pub(crate) tests: Given<Entries<FixtureEntry>>,
    }
}

mapping! {
    /// What a rule is to say of a row.
    #[schemars(title = "A test of a rule", extend(
        "required" = ["rule", "expect"],
        "oneOf" = [{ "required": ["access"] }, { "required": ["edit"] }],
    ))]
    pub(crate) struct FixtureEntry: "a test such as `{ rule: …, access: { … }, expect: deny }`", block {
        /// The name of the rule.
        #[schemars(with = "forms::Text")]
        "rule" pub(crate) rule: Given<At<String>>,
        /// What is special about this row.
        #[schemars(with = "forms::Text")]
        "case" pub(crate) case: Given<At<String>>,
        /// A role that somebody holds: the fields at which the rule looks.
        "access" pub(crate) access: Given<At<AccessFacts>>,
        /// An edit of a plan: the fields at which the rule looks.
        "edit" pub(crate) edit: Given<At<EditFacts>>,
        /// What follows: `deny`, `warn`, or `pass` where the rule has nothing against it.
        "expect" pub(crate) expect: Given<At<Expected>>,
    }
}

/// What a rule says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It stops an apply.
    Deny,
    /// It is told.
    Warn,
    /// Nothing.
    Pass,
}

impl Expected {
    const ALL: [Self; 3] = [Self::Deny, Self::Warn, Self::Pass];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::Pass => "pass",
        }
    }
}

/// A test with what came of it.
#[derive(Debug)]
pub struct Tested {
    /// The name of the rule.
    pub rule: Box<str>,
    /// What is special about the row.
    pub case: Option<Box<str>>,
    /// Where the test stands.
    pub from: Place,
    /// What the rule is to say.
    pub expected: Expected,
    /// What it says, or why it could not be evaluated.
    pub found: Result<Expected, String>,
}

impl Tested {
    /// Whether the rule says what it is to say. One that cannot be evaluated says nothing.
    pub fn passes(&self) -> bool {
        self.found.as_ref() == Ok(&self.expected)
    }
}

impl Decode for Expected {
    const EXPECTED: &'static str = "`deny`, `warn` or `pass`";

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        let found = node.scalar().and_then(|text| Self::ALL.into_iter().find(|it| it.as_str() == text));
        found.or_else(|| to.unexpected(node, Self::EXPECTED, None))
    }
}

impl JsonSchema for Expected {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expected".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": Self::ALL.map(Self::as_str) })
    }
}

macro_rules! facts {
    ($($(#[$about:meta])* $name:ident $subject:ident;)*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name(pub(crate) Vec<(&'static str, Datum)>);

        impl Decode for $name {
            const EXPECTED: &'static str = "the fields of a row";

            fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
                fields(node, Subject::$subject.record(), to).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($subject).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from(of_record(Subject::$subject.record())).expect("an object is a schema")
            }
        }
    )*};
}

facts! {
    /// What is said of a role that somebody holds.
    AccessFacts Access;
    /// What is said of an edit.
    EditFacts Edit;
}

fn of_record(record: &Record) -> Value {
    schema_of(record, false)
}

/// The schema of rows, or of what a test says of one; of rows all that is never missing is required.
pub(crate) fn schema_of(record: &Record, is_whole: bool) -> Value {
    let of = |holds| of(holds, is_whole);
    let one = |it: &'static crate::model::expression::schema::Field| {
        let mut schema = of(it.holds);
        if let Some(object) = schema.as_object_mut() {
            object.insert("description".to_owned(), it.meaning.into());
        }
        (it.name.to_owned(), schema)
    };
    let properties: Map<String, Value> = record.fields.iter().map(one).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if is_whole {
        let required = record.fields.iter().filter(|it| !it.optional).map(|it| it.name);
        schema["required"] = required.collect();
    }
    schema
}

fn of(holds: Holds, is_whole: bool) -> Value {
    match holds {
        Holds::Bool => json!({ "type": "boolean" }),
        Holds::Text => json!({ "type": "string" }),
        Holds::Number => json!({ "type": "integer", "minimum": 1 }),
        Holds::Word(words) => json!({ "type": "string", "enum": words }),
        Holds::Time => json!({ "type": "string", "format": "date-time" }),
        Holds::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Holds::TextsByName => {
            json!({ "type": "object", "additionalProperties": { "type": "array", "items": { "type": "string" } } })
        }
        Holds::One(record) => schema_of(record, is_whole),
        Holds::Many(record) => json!({ "type": "array", "items": schema_of(record, is_whole) }),
    }
}

fn fields(node: Node<'_>, record: &'static Record, to: &mut Findings) -> Option<Vec<(&'static str, Datum)>> {
    if node.form() != Form::Mapping {
        return to.unexpected(node, "the fields of a row", None);
    }
    let mut found = Some(Vec::new());
    for (key, value) in node.entries() {
        let name = key.scalar().unwrap_or_default();
        let Some(field) = record.field(name) else {
            let names = record.fields.iter().map(|it| it.name);
            let known = || format!("its fields: {}", names.clone().collect::<Vec<_>>().join(", "));
            let help = did_you_mean(name, names.clone()).unwrap_or_else(known);
            let message = format!("`{}` has no field `{}`", record.name, super::decode::quoted(name));
            to.say(Finding::new(Code::UnknownKey, key.place(to.file), message).help(help));
            found = None;
            continue;
        };
        let value = datum(value, field.holds, to);
        found = found.zip(value).map(|(mut all, it)| {
            all.push((field.name, it));
            all
        });
    }
    found
}

fn datum(node: Node<'_>, holds: Holds, to: &mut Findings) -> Option<Datum> {
    match holds {
        Holds::Bool => bool::decode(node, to).map(Datum::Bool),
        Holds::Text => text(node, to).map(Datum::Text),
        Holds::Number => match node.scalar().and_then(|it| it.parse().ok()) {
            Some(it) => Some(Datum::Number(it)),
            None => to.unexpected(node, "a whole number", None),
        },
        Holds::Word(words) => match node.scalar() {
            Some(it) if words.contains(&it) => Some(Datum::Text(it.into())),
            _ => to.unexpected(node, &format!("one of {}", words.join(", ")), None),
        },
        Holds::Time => match node.scalar().and_then(|it| it.parse::<Timestamp>().ok()) {
            Some(it) => Some(Datum::Time(it)),
            None => to.unexpected(node, "an instant such as `2027-01-31T00:00:00Z`", None),
        },
        Holds::Texts => texts(node, to).map(Datum::Texts),
        Holds::TextsByName => {
            if node.form() != Form::Mapping {
                return to.unexpected(node, "lists by name", None);
            }
            let all: Vec<_> =
                node.entries().map(|(key, value)| Some((text(key, to)?, texts(value, to)?))).collect();
            all.into_iter().collect::<Option<Vec<_>>>().map(Datum::TextsByName)
        }
        Holds::One(record) => fields(node, record, to).map(Datum::One),
        Holds::Many(record) => {
            if node.form() != Form::List {
                return to.unexpected(node, "a list", None);
            }
            let all: Vec<_> = node.items().map(|it| fields(it, record, to)).collect();
            all.into_iter().collect::<Option<Vec<_>>>().map(Datum::Many)
        }
    }
}

fn text(node: Node<'_>, to: &mut Findings) -> Option<Box<str>> {
    String::decode(node, to).map(Into::into)
}

fn texts(node: Node<'_>, to: &mut Findings) -> Option<Vec<Box<str>>> {
    if node.form() != Form::List {
        return to.unexpected(node, "a list", None);
    }
    let all: Vec<_> = node.items().map(|it| text(it, to)).collect();
    all.into_iter().collect()
}
