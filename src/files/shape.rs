//! Values of more than one form: how they are decoded and what their schemas say.
//!
//! Lists with their meaning, a text or a mapping, one value or several, names with what they stand for. Knows no key by
//! name but `atLeast`.

use std::{collections::BTreeMap, ops::Deref};

use schemars::json_schema;

use super::{
    At,
    declared::{Listed, Rest},
    decode::{Decode, Findings},
    layout::{Items, Keys as KeysInOrder, Layout},
    mapping::Given,
    tree::{Form, Node},
    yaml::Style,
};
use crate::model::finding::{Code, Finding, did_you_mean};

/// The key of a list that says nothing of what is not in it.
pub(super) const AT_LEAST: &str = "atLeast";
const UNMANAGED: &str = "unmanaged";

/// A list as written, with its meaning.
pub(crate) type Listing<T> = Listed<At<T>>;

/// Entries that stand for themselves: one that is wrong takes nothing from the others.
#[derive(Clone, Debug)]
pub(crate) struct Entries<T>(Vec<At<T>>);

/// What names stand for; `None` where that was refused.
pub(crate) type Names<T> = BTreeMap<String, Option<At<T>>>;

/// A text, or a mapping that says more.
#[derive(Clone, Debug)]
pub(crate) enum TextOr<K> {
    Text(String),
    Keys(Box<K>),
}

/// A mapping in whose place a text may stand.
pub(crate) trait Keys {
    /// The form of the text, for the schema.
    type Text: schemars::JsonSchema;
    /// What is expected, for people: `an audience or …`.
    const OR_TEXT: &str;
    /// What the text is, for the schema.
    const TEXT: &str;
}

/// One value, or a list of them.
#[derive(Clone, Debug)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<T> Deref for Entries<T> {
    type Target = [At<T>];

    fn deref(&self) -> &[At<T>] {
        &self.0
    }
}

impl<T> Given<Entries<T>> {
    /// Those that are there.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &At<T>> {
        self.as_ref().into_iter().flat_map(|it| it.iter())
    }
}

impl Findings {
    /// What can be read of a list; `None` where that is nothing, though there are entries.
    fn entries<T: Decode>(&mut self, list: Node<'_>) -> Option<Vec<At<T>>> {
        // All lists of all files are there at once before they are checked: none has more room than it needs.
        let count = list.items().count();
        let mut entries: Vec<At<T>> = Vec::with_capacity(count);
        entries.extend(list.items().filter_map(|it| At::decode(it, self)));
        (count == 0 || !entries.is_empty()).then_some(entries)
    }

    /// Says that a list is expected, and how what stands there would be one.
    fn no_list<T: Decode, R>(&mut self, node: Node<'_>, expected: &str) -> Option<R> {
        let help = match (node.form(), node.text()) {
            (Form::Scalar, Some(text)) if text.contains(", ") || T::FROM_TEXT => {
                format!("put brackets around it: `[{text}]`")
            }
            (Form::Mapping, _) => "begin each entry with a dash, and indent what belongs to it".to_owned(),
            _ => format!("an entry of the list is {}", T::EXPECTED),
        };
        self.unexpected(node, expected, Some(help))
    }
}

impl<T: Decode> Decode for Entries<T> {
    const EXPECTED: &'static str = "a list";
    const LAYOUT: &'static Layout = &Layout::list(Style::Block, T::ENTRIES);
    const EMPTY: &'static str = "write its entries, each with a dash, or delete the line";

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        match node.form() {
            Form::List => to.entries(node).map(Self),
            Form::Scalar | Form::Mapping | Form::Wrong => to.no_list::<T, _>(node, Self::EXPECTED),
        }
    }
}

/// A list that means something as a whole: without one of its entries it is another.
impl<T: Decode> Decode for Vec<T> {
    const EXPECTED: &'static str = "a list";
    const LAYOUT: &'static Layout = &Layout::list(Style::Line, Items::ordered(T::LAYOUT));
    const EMPTY: &'static str = "write the list, or delete the line";

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        if node.form() != Form::List {
            return to.no_list::<T, _>(node, Self::EXPECTED);
        }
        // Each is read, though one that is wrong spoils all.
        let read: Vec<Option<T>> = node.items().map(|it| T::decode(it, to)).collect();
        read.into_iter().collect()
    }
}

impl<T: Decode> Decode for Listing<T> {
    const EXPECTED: &'static str = "a list, `{ atLeast: […] }` or the word `unmanaged`";
    const LAYOUT: &'static Layout = &Layout {
        mapping: Some((Style::Block, KeysInOrder::Known(&[(AT_LEAST, Entries::<T>::LAYOUT)]))),
        ..Layout::list(Style::Block, T::ENTRIES)
    };
    const EMPTY: &'static str =
        "write the list, `[]` for nobody, `{ atLeast: […] }`, or `unmanaged` to leave it alone";

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        if let Some(text) = node.text() {
            if text == UNMANAGED {
                return Some(Self::unmanaged());
            }
            return match did_you_mean(text, [UNMANAGED]) {
                Some(near) => to.unexpected(node, Self::EXPECTED, Some(near)),
                None => to.no_list::<T, _>(node, Self::EXPECTED),
            };
        }
        match node.form() {
            Form::List => {
                if let Some(key) = node.items().next().and_then(at_least) {
                    let message = "`atLeast` stands inside of a list";
                    to.say(
                        Finding::new(Code::WrongType, key.place(to.file), message).help(
                            "remove the brackets, or the dash, around it: `{ atLeast: […] }` is the list",
                        ),
                    );
                    return None;
                }
                Some(Self { entries: to.entries(node)?, coming: Vec::new(), rest: Rest::Removed })
            }
            Form::Mapping => {
                let mut entries: Given<Entries<T>> = Given::Absent;
                let is_other = node
                    .entries()
                    .all(|it| it.0.scalar().is_some_and(|it| did_you_mean(it, [AT_LEAST]).is_none()));
                if is_other && node.entries().next().is_some() {
                    return to.no_list::<T, _>(node, Self::EXPECTED);
                }
                to.mapping(node, Self::EXPECTED, &[AT_LEAST], &mut [&mut entries])?;
                if entries.is_absent() {
                    let missing = Finding::new(Code::MissingKey, node.place(to.file), "`atLeast` is missing");
                    to.say(missing.help(Self::EMPTY));
                }
                match entries {
                    Given::Is(Entries(entries)) => {
                        Some(Self { entries, coming: Vec::new(), rest: Rest::Kept })
                    }
                    Given::Absent | Given::Wrong => None,
                }
            }
            Form::Scalar | Form::Wrong => to.unexpected(node, Self::EXPECTED, Some(Self::EMPTY.to_owned())),
        }
    }
}

/// The key by which a mapping is a list of its own.
fn at_least(node: Node<'_>) -> Option<Node<'_>> {
    node.entries().map(|it| it.0).find(|it| it.scalar() == Some(AT_LEAST))
}

impl<K: Keys + Decode> Decode for TextOr<K> {
    const EXPECTED: &'static str = K::OR_TEXT;
    const FROM_TEXT: bool = true;
    const LAYOUT: &'static Layout = K::LAYOUT;

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        match node.form() {
            Form::Mapping => K::decode(node, to).map(|it| Self::Keys(Box::new(it))),
            Form::Scalar | Form::List | Form::Wrong => match node.text() {
                Some(text) => Some(Self::Text(text.to_owned())),
                None => to.unexpected(node, Self::EXPECTED, None),
            },
        }
    }
}

/// The element decides what a single value may be: text or a mapping.
impl<T: Decode> Decode for OneOrMany<At<T>> {
    const EXPECTED: &'static str = "one value or a list of values";
    const LAYOUT: &'static Layout =
        &Layout { mapping: T::LAYOUT.mapping, ..Layout::list(Style::Line, T::ENTRIES) };

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        match node.form() {
            Form::List => Vec::decode(node, to).map(Self),
            Form::Scalar | Form::Mapping | Form::Wrong => At::decode(node, to).map(|it| Self(vec![it])),
        }
    }
}

impl<T: Decode> Decode for Names<T> {
    const EXPECTED: &'static str = "a mapping of names";
    const LAYOUT: &'static Layout =
        &Layout { mapping: Some((Style::Block, KeysInOrder::Named(T::LAYOUT))), list: None };

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        if node.form() != Form::Mapping {
            let help = "write `name: value` for each".to_owned();
            return to.unexpected(node, Self::EXPECTED, Some(help));
        }
        let mut names = Self::new();
        let mut is_whole = true;
        for (key, value) in node.entries() {
            let entry = to.value(key, value);
            match key.scalar() {
                Some(name) => _ = names.insert(name.to_owned(), entry),
                None => is_whole = false,
            }
        }
        is_whole.then_some(names)
    }
}

/// A schema with words for what it is here.
pub(super) fn described<T: schemars::JsonSchema>(
    generator: &mut schemars::SchemaGenerator,
    description: &str,
) -> schemars::Schema {
    let mut schema = generator.subschema_for::<T>();
    schema.insert("description".to_owned(), description.into());
    schema
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
    [T] Given<T>, |generator| generator.subschema_for::<T>();
    [T] Entries<T>, |generator| generator.subschema_for::<Vec<T>>();
    [T] Listing<T>, |generator| {
        let items = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [
            // Without words of its own: an editor would show them in place of those for the key.
            { "type": "array", "items": items },
            {
                "title": "At least these",
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
        described::<K::Text>(generator, K::TEXT),
        generator.subschema_for::<K>(),
    ] });
}
