//! What a text means and which comments it has, to be compared with another.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Unformattable,
    ended::{has_ended, keeps_ended},
    marks::Marks,
};
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
///
/// Of the old one that is without what had ended by then, and without the comments that are gone with it.
pub(super) fn compared<'t>(
    (old, now): (&str, Option<Timestamp>),
    new: &'t str,
    mut gone: Vec<&'t str>,
    layout: &Layout,
) -> Result<(), Unformattable> {
    let read = |text| {
        let mut findings = Vec::new();
        let tree = tree::parse(text, FileId::default(), &mut findings);
        if findings.is_empty() { Ok(tree) } else { Err(Unformattable::Differs("what it means")) }
    };
    let (before, after) = (read(old)?, read(new)?);
    if Meaning::whole(&before, layout, now) != Meaning::whole(&after, layout, None) {
        return Err(Unformattable::Differs("what it means"));
    }
    gone.append(&mut comments(new, &after)?);
    gone.sort_unstable();
    if comments(old, &before)? != gone {
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
    fn whole(tree: &'t Tree<'_>, layout: &Layout, now: Option<Timestamp>) -> Self {
        let root = tree.root().map_or(Self::Nothing, |it| Self::of(it, layout, now));
        // A file without keys is an empty one.
        if root == Self::Mapping(BTreeMap::new()) { Self::Nothing } else { root }
    }

    fn of(node: Node<'t>, layout: &Layout, now: Option<Timestamp>) -> Self {
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
                let kept = node.items().filter(|it| now.is_none_or(|now| !has_ended(*it, now)));
                let mut entries: Vec<Self> = kept.map(|it| Self::of(it, inside, now)).collect();
                if items.is_some_and(|it| it.are_names) {
                    entries.sort();
                }
                Self::List(entries)
            }
            Form::Mapping => {
                let keys = layout.mapping.map(|it| it.1);
                let entry = |(key, value): (Node<'t>, Node<'t>)| {
                    let key = key.scalar().unwrap_or_default();
                    let now = now.filter(|_| !keeps_ended(node, key));
                    (key, Self::of(value, keys.map_or(Layout::PLAIN, |it| it.of(key)), now))
                };
                Self::Mapping(node.entries().map(entry).collect())
            }
        }
    }
}
