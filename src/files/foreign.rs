//! Types of other rooms, and of the sandbox's seed, from the tree of a file: through serde, up to the first finding.
//!
//! Knows no type of the files of a workspace.

use std::fmt::Display;

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
        VariantAccess, Visitor,
        value::{BorrowedStrDeserializer, MapDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{
    decode::{Decode, Findings, found, instead},
    layout::Layout,
    tree::{self, Form, Node},
    words::{boolean, fraction, is_beyond, whole},
};
use crate::model::{
    finding::{Code, Finding, did_you_mean, nearest},
    source::{FileId, Place},
};

/// Decodes one YAML document to a type that is not of the files of a workspace.
///
/// # Errors
///
/// The first thing that is structurally wrong.
pub fn deserialize<T: DeserializeOwned>(text: &str, file: FileId) -> Result<T, Finding> {
    let mut findings = Vec::new();
    let tree = tree::parse(text, file, &mut findings);
    findings.sort();
    if let Some(first) = findings.into_iter().next() {
        return Err(first);
    }
    let read = match tree.root() {
        // An empty file is one without keys.
        None => {
            let nothing = std::iter::empty::<(&str, &str)>();
            T::deserialize(MapDeserializer::<_, Unfit>::new(nothing))
        }
        Some(root) => T::deserialize(Foreign(root)).map_err(|it| it.at(root)),
    };
    read.map_err(|it| it.place(file))
}

impl Findings {
    /// Reads a node as a type that knows nothing of files.
    pub(super) fn foreign<T: DeserializeOwned>(&mut self, node: Node<'_>) -> Option<T> {
        match T::deserialize(Foreign(node)) {
            Ok(value) => Some(value),
            Err(error) => {
                let error = error.at(node);
                if !error.is_known {
                    self.say(error.place(self.file));
                }
                None
            }
        }
    }
}

/// Types of other rooms that files hold.
macro_rules! foreign {
    ($($type:ty: $expected:literal $layout:ident,)*) => {$(
        impl Decode for $type {
            const EXPECTED: &'static str = $expected;
            const LAYOUT: &'static Layout = Layout::$layout;

            fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
                to.foreign(node)
            }
        }
    )*};
}

foreign! {
    crate::model::dialect::Dialect: "a mapping" SETTINGS,
    crate::model::rules::Severity: "a word" PLAIN,
    crate::model::rules::Unmanaged: "a word" PLAIN,
    super::declared::ProvidedBy: "a word" PLAIN,
    super::users_from::RowKey: "a word" PLAIN,
    super::users_from::Delimiter: "a word" PLAIN,
    super::users_from::Encoding: "a word" PLAIN,
    std::collections::BTreeMap<String, serde_json::Value>: "a mapping" PLAIN,
}

/// What does not fit, before its place has a file.
#[derive(Debug)]
struct Unfit {
    code: Code,
    message: String,
    help: Option<String>,
    at: Option<(u32, u32)>,
    /// It was reported when the tree was made.
    is_known: bool,
}

impl Unfit {
    fn new(code: Code, message: String) -> Self {
        Self { code, message, help: None, at: None, is_known: false }
    }

    fn at(mut self, node: Node<'_>) -> Self {
        self.at.get_or_insert_with(|| node.position());
        self
    }

    fn place(self, file: FileId) -> Finding {
        let (line, column) = self.at.unwrap_or((1, 1));
        Finding::new(self.code, Place::new(file, line, column), self.message).maybe_help(self.help)
    }
}

impl Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unfit {}

impl de::Error for Unfit {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(Code::WrongType, message.to_string())
    }

    fn invalid_value(unexpected: Unexpected<'_>, _: &dyn de::Expected) -> Self {
        match unexpected {
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => Self::custom("the number is out of its range"),
            _ => Self::custom("this value is not one that is known here"),
        }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let words: Vec<String> = expected.iter().map(|it| format!("`{it}`")).collect();
        let message = format!("`{variant}` is not one of {}", words.join(", "));
        let near = did_you_mean(variant, expected.iter().copied());
        Self {
            help: Some(near.unwrap_or_else(|| "write one of these words".to_owned())),
            ..Self::custom(message)
        }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let known = || format!("known keys here: {}", expected.join(", "));
        let near = nearest(field, expected.iter().copied());
        let help = near.map_or_else(known, |it| format!("did you mean `{it}`?"));
        Self { help: Some(help), ..Self::new(Code::UnknownKey, format!("unknown key `{field}`")) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Code::MissingKey, format!("`{field}` is missing"))
    }
}

/// Says that something else is expected.
fn unfit<T>(node: Node<'_>, expected: &str) -> Result<T, Unfit> {
    let error = Unfit::custom(format!("expected {expected}, found {}", found(node)));
    Err(Unfit { is_known: !node.is_certain(), help: Some(instead(node).to_owned()), ..error }.at(node))
}

fn text(node: Node<'_>) -> Result<&str, Unfit> {
    node.text().map_or_else(|| unfit(node, "text"), Ok)
}

macro_rules! numbers {
    ($($name:ident $visit:ident $type:ty,)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            let number = self.0.word().and_then(whole).and_then(|it| <$type>::try_from(it).ok());
            number.map_or_else(|| unfit(self.0, "a whole number"), |it| visitor.$visit(it))
        }
    )*};
}

/// A node for serde.
struct Foreign<'de>(Node<'de>);

impl<'de> Deserializer<'de> for Foreign<'de> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let Some(scalar) = self.0.scalar() else {
            return match self.0.form() {
                Form::List => self.deserialize_seq(visitor),
                Form::Mapping => self.deserialize_map(visitor),
                Form::Scalar | Form::Wrong => unfit(self.0, "a value"),
            };
        };
        if self.0.is_null() {
            return visitor.visit_unit();
        }
        if !self.0.is_plain() {
            return visitor.visit_borrowed_str(scalar);
        }
        if let Some(it) = boolean(scalar) {
            return visitor.visit_bool(it);
        }
        if is_beyond(scalar) {
            return unfit(self.0, "a number");
        }
        match whole(scalar).map(|it| (u64::try_from(it), i64::try_from(it))) {
            Some((Ok(it), _)) => visitor.visit_u64(it),
            Some((_, Ok(it))) => visitor.visit_i64(it),
            _ => match fraction(scalar) {
                Some(it) => visitor.visit_f64(it),
                None => visitor.visit_borrowed_str(scalar),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let boolean = self.0.word().and_then(boolean);
        boolean.map_or_else(|| unfit(self.0, "`true` or `false`"), |it| visitor.visit_bool(it))
    }

    numbers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_borrowed_str(text(self.0)?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0.form() {
            Form::List => visitor.visit_seq(Items(self.0.items())),
            Form::Scalar | Form::Mapping | Form::Wrong => unfit(self.0, "a list"),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0.form() {
            Form::Mapping => visitor.visit_map(Entries { entries: self.0.entries(), value: None }),
            Form::Scalar | Form::List | Form::Wrong => unfit(self.0, "a mapping"),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        if self.0.form() == Form::Mapping {
            let mut entries = self.0.entries();
            return match (entries.next(), entries.next()) {
                (Some((key, value)), None) => visitor.visit_enum(Variant { key, value: Some(value) }),
                _ => unfit(self.0, "a mapping with one key"),
            };
        }
        visitor.visit_enum(Variant { key: self.0, value: None })
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

struct Items<I>(I);

impl<'de, I: Iterator<Item = Node<'de>>> SeqAccess<'de> for Items<I> {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        let read = |it: Node<'de>| seed.deserialize(Foreign(it)).map_err(|error| error.at(it));
        self.0.next().map(read).transpose()
    }
}

struct Entries<'de, I> {
    entries: I,
    value: Option<Node<'de>>,
}

impl<'de, I: Iterator<Item = (Node<'de>, Node<'de>)>> MapAccess<'de> for Entries<'de, I> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unfit> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        let name = text(key)?;
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some).map_err(|error: Unfit| error.at(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unfit> {
        match self.value.take() {
            Some(value) => seed.deserialize(Foreign(value)).map_err(|error| error.at(value)),
            None => Err(Unfit::custom("a key without a value")),
        }
    }
}

/// A word, or one key with what it is about.
struct Variant<'de> {
    key: Node<'de>,
    value: Option<Node<'de>>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Unfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Unfit> {
        let word = text(self.key)?;
        let read = seed
            .deserialize(BorrowedStrDeserializer::new(word))
            .map_err(|error: Unfit| error.at(self.key))?;
        Ok((read, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Unfit;

    fn unit_variant(self) -> Result<(), Unfit> {
        match self.value {
            Some(value) if !value.is_null() => unfit(value, "nothing"),
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unfit> {
        match self.value {
            Some(value) => seed.deserialize(Foreign(value)).map_err(|error| error.at(value)),
            None => unfit(self.key, "a mapping"),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        self.value.map_or_else(|| unfit(self.key, "a mapping"), |it| Foreign(it).deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.value.map_or_else(|| unfit(self.key, "a mapping"), |it| Foreign(it).deserialize_map(visitor))
    }
}
