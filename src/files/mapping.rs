//! Mappings with known keys: how a type is declared by its keys, and how each is read.
//!
//! Which keys must be there is asked later, of what is [absent](Given::Absent) for certain: a key that is misspelt,
//! or whose value was refused, is not.

use super::{
    decode::{Decode, Findings, quoted},
    layout::Layout,
    tree::{Form, Node},
};
use crate::model::finding::{Code, Finding, nearest};

/// Keys of texts for people, in which a `#` or a quotation mark is more likely part of the text than not.
const PROSE: &[&str] = &["name", "description", "reason", "group", "renamedFrom", "role"];

/// No mapping has more known keys.
const MOST_KEYS: usize = 16;

/// The value of a key.
///
/// A key without a value is refused rather than taken for absent: `until:` with its date forgotten would make a
/// membership permanent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// The key is not there.
    #[default]
    Absent,
    /// The value was refused, or the key may be there under a misspelt name: nothing is known of it.
    Wrong,
    /// The value.
    Is(T),
}

impl<T> Given<T> {
    /// The value, if there is one.
    pub fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Wrong => None,
        }
    }

    /// What is read of the value; nothing inside where there is none, and nothing at all where that is not certain.
    pub(crate) fn read<'a, R>(&'a self, read: impl FnOnce(&'a T) -> Option<R>) -> Option<Option<R>> {
        match self {
            Self::Absent => Some(None),
            Self::Wrong => None,
            Self::Is(value) => read(value).map(Some),
        }
    }

    /// Whether the key is certain not to be there.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether nothing certain is known.
    pub(crate) fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong)
    }
}

impl<T: Decode> Given<T> {
    /// How the value is laid out.
    pub(super) const LAYOUT: &'static Layout = T::LAYOUT;
}

/// The field of a key.
pub(super) trait Field {
    /// Takes an entry of the mapping; `None` says that the key may be there under another name.
    fn put(&mut self, entry: Option<(Node<'_>, Node<'_>)>, to: &mut Findings);
}

impl<T: Decode> Field for Given<T> {
    fn put(&mut self, entry: Option<(Node<'_>, Node<'_>)>, to: &mut Findings) {
        match entry {
            Some((key, value)) => *self = to.value(key, value).map_or(Self::Wrong, Self::Is),
            None if self.is_absent() => *self = Self::Wrong,
            None => (),
        }
    }
}

impl Findings {
    /// Reads a mapping with known keys; `None` where the node is something else.
    pub(super) fn mapping(
        &mut self,
        node: Node<'_>,
        expected: &str,
        known: &[&'static str],
        fields: &mut [&mut dyn Field],
    ) -> Option<()> {
        if node.form() != Form::Mapping {
            return self.unexpected(node, expected, None);
        }
        let mut doubtful = [false; MOST_KEYS];
        for (key, value) in node.entries() {
            let Some(name) = key.scalar() else {
                doubtful.fill(true);
                continue;
            };
            match known.iter().position(|it| *it == name) {
                Some(at) => fields[at].put(Some((key, value)), self),
                None => match self.unknown(key, name, known) {
                    Some(near) => doubtful[near] = true,
                    None => doubtful.fill(true),
                },
            }
        }
        for (field, _) in fields.iter_mut().zip(doubtful).filter(|it| it.1) {
            field.put(None, self);
        }
        Some(())
    }

    /// Reports a key that means nothing here, and returns the one that is probably meant.
    fn unknown(&mut self, key: Node<'_>, name: &str, known: &[&'static str]) -> Option<usize> {
        let near = nearest(name, known.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known keys here: {}", known.join(", ")),
        };
        let message = format!("unknown key `{}`", quoted(name));
        self.say(Finding::new(Code::UnknownKey, key.place(self.file), message).help(help));
        known.iter().position(|it| Some(*it) == near)
    }

    /// Reads the value of a key.
    pub(super) fn value<T: Decode>(&mut self, key: Node<'_>, value: Node<'_>) -> Option<T> {
        let name = key.scalar().unwrap_or_default();
        if value.is_null() {
            let written = value.scalar().filter(|it| !it.is_empty());
            let message = match written {
                None => format!("`{}` has no value", quoted(name)),
                Some(null) => format!("`{}` is `{null}`, which is no value", quoted(name)),
            };
            let place = if written.is_some() { value.place(self.file) } else { key.place(self.file) };
            self.say(Finding::new(Code::WrongType, place, message).help(T::EMPTY));
            return None;
        }
        if value.is_plain() && PROSE.contains(&name) {
            self.misread(name, value);
        }
        T::decode(value, self)
    }

    /// Remarks on a text that ends sooner than it seems, or holds the quotes that were meant to be around it.
    fn misread(&mut self, key: &str, value: Node<'_>) {
        const QUOTES: [char; 5] = ['“', '”', '„', '‘', '’'];
        let text = value.scalar().unwrap_or_default();
        let rest = value.rest_of_line();
        let cut = rest.trim();
        let is_cut = rest.starts_with([' ', '\t'])
            && cut.strip_prefix('#').is_some_and(|it| it.starts_with(char::is_alphanumeric));
        let (message, help) = if is_cut {
            let (shown, cut) = (quoted(text), quoted(cut));
            let help = format!(
                "write `{key}: \"{shown} {cut}\"` if it is part of the text, or a space after `#` if not"
            );
            (format!("`{shown}` is all of the text: `{cut}` is a comment"), help)
        } else if text.starts_with(QUOTES) && text.ends_with(QUOTES) {
            let bare = quoted(text.trim_matches(QUOTES));
            let help = format!("write `{key}: \"{bare}\"` with straight quotes, or leave them out");
            (format!("the quotes of `{}` are part of the text", quoted(text)), help)
        } else {
            return;
        };
        self.remark(Finding::new(Code::MisreadText, value.place(self.file), message).help(help));
    }
}

/// Declares a type by the keys of a mapping: `"key" field: Given<…>`. What is expected is said for people. The order of
/// the keys is the one that files are formatted to; each key takes a line of its own where the type is a `block`.
macro_rules! mapping {
    (@style) => { $crate::files::yaml::Style::Line };
    (@style block) => { $crate::files::yaml::Style::Block };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident: $expected:literal $(, $style:ident)? {
            $($(#[$about:meta])* $key:literal $seen:vis $field:ident: $type:ty,)*
        }
    ) => {
        #[derive(Clone, Debug, Default, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields, default)]
        $(#[$meta])*
        $vis struct $name {
            $($(#[$about])* #[schemars(rename = $key)] $seen $field: $type,)*
        }

        impl $crate::files::decode::Decode for $name {
            const EXPECTED: &'static str = $expected;
            const LAYOUT: &'static $crate::files::layout::Layout = &$crate::files::layout::Layout::keys(
                $crate::files::mapping::mapping!(@style $($style)?),
                &[$(($key, <$type>::LAYOUT)),*],
            );

            fn decode(
                node: $crate::files::tree::Node<'_>,
                to: &mut $crate::files::decode::Findings,
            ) -> Option<Self> {
                const KEYS: &[&str] = &[$($key),*];
                let mut it = Self::default();
                to.mapping(node, Self::EXPECTED, KEYS, &mut [$(&mut it.$field),*])?;
                Some(it)
            }
        }
    };
}
pub(super) use mapping;
