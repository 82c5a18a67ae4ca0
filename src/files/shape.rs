//! Values of more than one form: how they are decoded and what their schemas say.
//!
//! A key that may be left out, a list with its meaning, a text or a mapping, one value or several.
//! Untagged enums would lose the places inside. Knows no key by name but `atLeast`.

use std::{fmt, marker::PhantomData, ops::Deref};

use schemars::json_schema;
use serde::{
    Deserialize, Deserializer,
    de::{
        Error, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer},
    },
};

use super::{
    At,
    declared::{Listed, Rest},
};

/// A key that may be left out but not left empty.
///
/// An `Option` would take a null for an absent key, and `until:` with its date forgotten would make a
/// membership permanent.
#[derive(Clone, Copy, Debug)]
pub struct Given<T>(Option<T>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Given<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|it| Self(Some(it)))
    }
}

/// A list as written, with its meaning.
pub(crate) type Listing<T> = Listed<At<T>>;

/// A text, or a mapping that says more.
#[derive(Clone, Debug)]
pub(crate) enum TextOr<K> {
    Text(String),
    Keys(Box<K>),
}

/// A mapping in whose place a text may stand.
pub(crate) trait Keys {
    /// What is expected, for people: `an audience or …`.
    const EXPECTED: &str;
    /// What the text is, for the schema.
    const TEXT: &str;
}

/// One value, or a list of them.
#[derive(Clone, Debug)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

/// A value that is text, a list or a mapping; a list or mapping is refused unless it is decoded here.
pub(crate) trait Shape<'de>: Sized {
    /// What is expected, for people.
    const EXPECTED: &'static str;

    fn text<E: Error>(text: &str) -> Result<Self, E>;

    fn list<A: SeqAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(refused(Self::EXPECTED, "a list"))
    }

    fn mapping<A: MapAccess<'de>>(mapping: A) -> Result<Self, A::Error>;
}

fn refused<E: Error>(expected: &str, found: &str) -> E {
    E::custom(format!("expected {expected}, found {found}"))
}

/// Decodes a value by its form.
pub(crate) fn shaped<'de, T: Shape<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Forms<T>(PhantomData<T>);
    impl<'de, T: Shape<'de>> Visitor<'de> for Forms<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTED)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            T::text(text)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
            T::list(list)
        }

        fn visit_map<A: MapAccess<'de>>(self, mapping: A) -> Result<T, A::Error> {
            T::mapping(mapping)
        }
    }
    deserializer.deserialize_any(Forms(PhantomData))
}

impl<'de, T: Deserialize<'de>> Shape<'de> for Listing<T> {
    const EXPECTED: &'static str = "a list, `{ atLeast: […] }` or the word `unmanaged`";

    fn text<E: Error>(text: &str) -> Result<Self, E> {
        match text {
            "unmanaged" => Ok(Self { entries: Vec::new(), rest: Rest::Unmanaged }),
            _ => Err(refused(Self::EXPECTED, &format!("`{text}`"))),
        }
    }

    fn list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        let mut entries = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        // All lists of all files are there at once before they are checked.
        entries.shrink_to_fit();
        Ok(Self { entries, rest: Rest::Removed })
    }

    fn mapping<A: MapAccess<'de>>(mapping: A) -> Result<Self, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        struct AtLeast<T> {
            at_least: Vec<At<T>>,
        }
        let AtLeast { at_least } = AtLeast::deserialize(MapAccessDeserializer::new(mapping))?;
        Ok(Self { entries: at_least, rest: Rest::Kept })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listing<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shaped(deserializer)
    }
}

impl<'de, K: Keys + Deserialize<'de>> Shape<'de> for TextOr<K> {
    const EXPECTED: &'static str = K::EXPECTED;

    fn text<E>(text: &str) -> Result<Self, E> {
        Ok(Self::Text(text.to_owned()))
    }

    fn mapping<A: MapAccess<'de>>(mapping: A) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(mapping)).map(Self::Keys)
    }
}

impl<'de, K: Keys + Deserialize<'de>> Deserialize<'de> for TextOr<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shaped(deserializer)
    }
}

/// The element decides what a single value may be: text or a mapping.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<At<T>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        enum Either<T> {
            One(T),
            Many(Vec<At<T>>),
        }
        impl<'de, T: Deserialize<'de>> Shape<'de> for Either<T> {
            const EXPECTED: &'static str = "one value or a list of values";

            fn text<E: Error>(text: &str) -> Result<Self, E> {
                T::deserialize(StrDeserializer::new(text)).map(Self::One)
            }

            fn list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Self::Many)
            }

            fn mapping<A: MapAccess<'de>>(mapping: A) -> Result<Self, A::Error> {
                T::deserialize(MapAccessDeserializer::new(mapping)).map(Self::One)
            }
        }
        impl<'de, T: Deserialize<'de>> Deserialize<'de> for Either<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                shaped(deserializer)
            }
        }
        let At { v, line, column } = At::<Either<T>>::deserialize(deserializer)?;
        Ok(Self(match v {
            Either::One(v) => vec![At { v, line, column }],
            Either::Many(many) => many,
        }))
    }
}

/// Schemas that stand where they are used, without a name of their own.
macro_rules! inline_schemas {
    ($([$($generic:ident $(: $bound:path)?)?] $type:ty, |$generator:pat_param| $schema:expr;)*) => {$(
        impl $(<$generic: schemars::JsonSchema $(+ $bound)?>)? schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema($generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    )*};
}
pub(super) use inline_schemas;

inline_schemas! {
    [T] At<T>, |generator| generator.subschema_for::<T>();
    [T] Given<T>, |generator| generator.subschema_for::<Option<T>>();
    [T] Listing<T>, |generator| {
        let items = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [
            { "description": "Exactly these; `[]` is nobody.", "type": "array", "items": items },
            {
                "description": "These, and whoever else is there.",
                "type": "object",
                "properties": { "atLeast": { "type": "array", "items": items } },
                "required": ["atLeast"],
                "additionalProperties": false
            },
            { "description": "Not ours: whatever is there stays.", "const": "unmanaged" },
        ] })
    };
    [T] OneOrMany<T>, |generator| {
        let item = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [item, { "type": "array", "items": item, "minItems": 1 }] })
    };
    [K: Keys] TextOr<K>, |generator| json_schema!({ "anyOf": [
        { "description": K::TEXT, "type": "string" },
        generator.subschema_for::<K>(),
    ] });
}
