//! What a text means and which comments it has, to be compared with another.

use std::collections::BTreeMap;

use super::{Unformattable, marks::Marks};
use crate::{
    files::{
        layout::Layout,
        tree::{self, Form, Node, Tree},
        words,
    },
    model::source::FileId,
};

/// A value without its place, its spelling, and an order that means nothing.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning<'t> {
    Nothing,
    /// A number, or true or false, as it is spelled.
    Typed(&'t str),
    Text(&'t str),
    List(Vec<Self>),
    Mapping(BTreeMap<&'t str, Self>),
}

/// Makes sure that two texts say the same.
pub(super) fn compared(old: &str, new: &str, layout: &Layout) -> Result<(), Unformattable> {
    let read = |text| {
        let mut findings = Vec::new();
        let tree = tree::parse(text, FileId::default(), &mut findings);
        if findings.is_empty() { Ok(tree) } else { Err(Unformattable::Differs("what it means")) }
    };
    let (before, after) = (read(old)?, read(new)?);
    if Meaning::whole(&before, layout) != Meaning::whole(&after, layout) {
        return Err(Unformattable::Differs("what it means"));
    }
    if comments(old, &before)? != comments(new, &after)? {
        return Err(Unformattable::Differs("a comment"));
    }
    Ok(())
}

/// The comments, sorted.
fn comments<'a>(text: &'a str, tree: &Tree<'_>) -> Result<Vec<&'a str>, Unformattable> {
    let notes = Marks::of(text, tree)?.notes;
    let mut texts: Vec<&str> = notes.iter().map(|it| it.text).filter(|it| it.starts_with('#')).collect();
    texts.sort_unstable();
    Ok(texts)
}

impl<'t> Meaning<'t> {
    fn whole(tree: &'t Tree<'_>, layout: &Layout) -> Self {
        tree.root().map_or(Self::Nothing, |it| Self::of(it, layout))
    }

    fn of(node: Node<'t>, layout: &Layout) -> Self {
        match node.form() {
            Form::Scalar | Form::Wrong => {
                let text = node.scalar().unwrap_or_default();
                if node.is_null() {
                    return Self::Nothing;
                }
                let is_typed = node.is_plain()
                    && (words::boolean(text).is_some()
                        || words::whole(text).is_some()
                        || words::fraction(text).is_some());
                if is_typed { Self::Typed(text) } else { Self::Text(text) }
            }
            Form::List => {
                let items = layout.list.map(|it| it.1);
                let inside = items.map_or(Layout::PLAIN, |it| it.layout);
                let mut entries: Vec<Self> = node.items().map(|it| Self::of(it, inside)).collect();
                if items.is_some_and(|it| it.are_names) {
                    entries.sort();
                }
                Self::List(entries)
            }
            Form::Mapping => {
                let keys = layout.mapping.map(|it| it.1);
                let entry = |(key, value): (Node<'t>, Node<'t>)| {
                    let key = key.scalar().unwrap_or_default();
                    (key, Self::of(value, keys.map_or(Layout::PLAIN, |it| it.of(key))))
                };
                Self::Mapping(node.entries().map(entry).collect())
            }
        }
    }
}
