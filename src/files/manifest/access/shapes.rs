//! How the values of an access file are read that may be text, a list or a mapping.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer, value::SeqAccessDeserializer},
};

use super::{
    super::At, AudienceOrName, Listing, MemberEntry, OneOrMany, PersonEntry, RoleKeys, RoleName, ScopeEntry,
    TravellerEntry,
};

/// Reads a value that is text, a list or a mapping; untagged enums would lose the places inside.
struct Shapes<T> {
    expecting: &'static str,
    text: Option<fn(&str) -> Option<T>>,
    shape: PhantomData<T>,
}

/// How a type is read from a list or a mapping; the default refuses both.
trait FromShape<'de>: Sized {
    fn from_seq<A: SeqAccess<'de>>(_: A, expecting: &str) -> Result<Self, A::Error> {
        Err(A::Error::custom(format!("expected {expecting}, found a list")))
    }

    fn from_map<A: MapAccess<'de>>(_: A, expecting: &str) -> Result<Self, A::Error> {
        Err(A::Error::custom(format!("expected {expecting}, found a mapping")))
    }
}

impl<'de, T: FromShape<'de>> Visitor<'de> for Shapes<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        self.text
            .and_then(|read| read(text))
            .ok_or_else(|| E::custom(format!("expected {}, found `{text}`", self.expecting)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
        T::from_seq(seq, self.expecting)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::from_map(map, self.expecting)
    }
}

macro_rules! shaped {
    ($([$($generic:ident)?] $type:ty, $expecting:literal, $text:expr;)*) => {$(
        impl<'de $(, $generic: Deserialize<'de>)?> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Shapes {
                    expecting: $expecting,
                    text: $text,
                    shape: PhantomData,
                })
            }
        }
    )*};
}

shaped! {
    [T] Listing<T>, "a list, `{ atLeast: […] }` or the word `unmanaged`",
        Some(|text| (text == "unmanaged").then_some(Listing::Unmanaged));
    [] RoleName, "the name of a role, `{ id: … }` or `{ name: …, providedBy: … }`",
        Some(|text| Some(RoleName::Name(text.to_owned())));
    [] ScopeEntry, "the name of a scope, an audience or a list of audiences",
        Some(|text| Some(ScopeEntry::Name(text.to_owned())));
    [] AudienceOrName, "an audience or the name of a scope",
        Some(|text| Some(AudienceOrName::Name(text.to_owned())));
    [] MemberEntry, "an e-mail address or a mapping such as `{ externalId: … }`",
        Some(|text| Some(MemberEntry::Address(text.to_owned())));
    [] PersonEntry, "an e-mail address or a mapping such as `{ externalId: … }`",
        Some(|text| Some(PersonEntry::Address(text.to_owned())));
    [] TravellerEntry, "an e-mail address or a mapping such as `{ user: …, sendConfirmationEmail: true }`",
        Some(|text| Some(TravellerEntry::Address(text.to_owned())));
}

impl<'de, T: Deserialize<'de>> FromShape<'de> for Listing<T> {
    fn from_seq<A: SeqAccess<'de>>(seq: A, _: &str) -> Result<Self, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Self::Exactly)
    }

    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        struct AtLeast<T> {
            at_least: Vec<At<T>>,
        }
        AtLeast::deserialize(MapAccessDeserializer::new(map)).map(|it| Self::AtLeast(it.at_least))
    }
}

impl<'de> FromShape<'de> for RoleName {
    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        RoleKeys::deserialize(MapAccessDeserializer::new(map)).map(Self::Keys)
    }
}

impl<'de> FromShape<'de> for ScopeEntry {
    fn from_seq<A: SeqAccess<'de>>(seq: A, _: &str) -> Result<Self, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Self::Any)
    }

    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(map)).map(Self::One)
    }
}

impl<'de> FromShape<'de> for AudienceOrName {
    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(map)).map(Self::Audience)
    }
}

impl<'de> FromShape<'de> for MemberEntry {
    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(map)).map(Self::Keys)
    }
}

impl<'de> FromShape<'de> for PersonEntry {
    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(map)).map(Self::Keys)
    }
}

impl<'de> FromShape<'de> for TravellerEntry {
    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(map)).map(Self::Keys)
    }
}

/// Reads a list, or anything else as a list of one. Its own visitor, as the
/// element decides what a single value may be: text or a mapping.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<At<T>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        enum Either<T> {
            One(T),
            Many(Vec<At<T>>),
        }
        struct Read<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
            type Value = Either<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value or a list of values")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Either<T>, E> {
                T::deserialize(serde::de::value::StrDeserializer::new(text)).map(Either::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Either<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Either::Many)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Either<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Either::One)
            }
        }
        struct Shape<T>(Either<T>);
        impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shape<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Read(PhantomData)).map(Self)
            }
        }
        let At { v: Shape(either), line, column } = At::<Shape<T>>::deserialize(deserializer)?;
        Ok(Self(match either {
            Either::One(v) => vec![At { v, line, column }],
            Either::Many(many) => many,
        }))
    }
}
