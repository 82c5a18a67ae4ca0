//! How a value is laid out when its file is formatted: the order of its keys, what may share a line, what is sorted.
//!
//! Each type says it beside how it is decoded, so that there is one list of keys. Knows no key of a file.

use super::yaml::Style;

/// The layout of a type, by the form that a value of it has in the file.
#[derive(Debug)]
pub struct Layout {
    pub(super) mapping: Option<(Style, Keys)>,
    pub(super) list: Option<(Style, Items)>,
}

/// The keys of a mapping.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keys {
    /// In this order.
    Known(&'static [(&'static str, &'static Layout)]),
    /// In the order they are given, each with a value of this layout.
    Named(&'static Layout),
}

/// The entries of a list.
#[derive(Clone, Copy, Debug)]
pub struct Items {
    /// Whether they are names, whose order means nothing.
    pub(super) are_names: bool,
    pub(super) layout: &'static Layout,
}

impl Items {
    pub(super) const PLAIN: Self = Self::ordered(Layout::PLAIN);

    /// Entries whose order stays.
    pub(super) const fn ordered(layout: &'static Layout) -> Self {
        Self { are_names: false, layout }
    }
}

impl Keys {
    /// Where a key stands among the others; nothing where that is as it is given.
    pub(super) fn position(self, key: &str) -> Option<usize> {
        match self {
            Self::Known(known) => known.iter().position(|it| it.0 == key),
            Self::Named(_) => None,
        }
    }

    /// The layout of what stands behind a key.
    pub(super) fn of(self, key: &str) -> &'static Layout {
        match self {
            Self::Known(known) => known.iter().find(|it| it.0 == key).map_or(Layout::PLAIN, |it| it.1),
            Self::Named(layout) => layout,
        }
    }
}

impl Layout {
    /// A value that has no order of its own: whatever is in it stays in the order it has.
    pub(super) const PLAIN: &'static Self = &Self { mapping: None, list: None };
    /// A mapping of settings, each in a line.
    pub(super) const SETTINGS: &'static Self =
        &Self { mapping: Some((Style::Block, Keys::Named(Self::PLAIN))), list: None };

    pub(super) const fn keys(style: Style, known: &'static [(&'static str, &'static Self)]) -> Self {
        Self { mapping: Some((style, Keys::Known(known))), list: None }
    }

    /// A list; names in it are sorted.
    pub(super) const fn list(style: Style, items: Items) -> Self {
        Self { mapping: None, list: Some((style, items)) }
    }

    /// Whether entries of this layout take lines of their own, with a blank one between them.
    pub(super) fn is_section(&self) -> bool {
        matches!(self.mapping, Some((Style::Block, Keys::Known(_))))
    }
}
