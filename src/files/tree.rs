//! A YAML file as one tree: every key and value with its place, its style and the bytes it stands in.
//!
//! The nodes lie in one vector, each before what is in it; texts are slices of the file wherever it spells them as they
//! are. Knows nothing of what a key means. What is not certain, because it was refused or because the file breaks off
//! there, is a node of the form [`Form::Wrong`], of which a finding says all there is to say.

use std::ops::Range;

use super::words::boolean;
use crate::model::source::{FileId, Place};

pub(super) use comments::comments;
pub(super) use parse::parse;

mod comments;
mod parse;
mod syntax;

/// The nodes of one document.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    text: &'a str,
    /// The texts that the file does not spell as they are: folded lines, escapes.
    unfolded: String,
    nodes: Vec<Raw>,
}

/// A node as it is kept.
#[derive(Clone, Copy, Debug)]
struct Raw {
    kind: Kind,
    line: u32,
    /// In characters, from 1.
    column: u32,
    /// In bytes; of a block of text its lines, without the sign before them.
    start: u32,
    end: u32,
    /// Of a scalar its text, from here to there; of an alias the node it stands for; of everything else the node after it.
    this: u32,
    that: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Scalar {
        style: Style,
        /// Whether its text is in `unfolded`.
        unfolded: bool,
    },
    List,
    Mapping,
    Alias,
    Wrong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    /// In quotes, as a block, or tagged as text: never null, and never cut off by a comment.
    Text,
    /// Tagged as a number or as true or false.
    Typed,
}

/// A node, seen from where it is used: what is behind an alias stands where the alias stands.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    tree: &'t Tree<'t>,
    at: u32,
    /// The alias it was reached through, or itself.
    shown: u32,
}

/// What is written out: a scalar with its text, or an alias.
#[derive(Debug)]
pub(super) struct Leaf<'t> {
    pub(super) bytes: Range<usize>,
    pub(super) value: Option<&'t str>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Scalar,
    List,
    Mapping,
    /// Refused or broken off, which was reported.
    Wrong,
}

impl Tree<'_> {
    /// Nothing where the document is empty or broke off before anything was certain.
    pub(super) fn root(&self) -> Option<Node<'_>> {
        (!self.nodes.is_empty()).then(|| Node { tree: self, at: 0, shown: 0 }.resolved())
    }

    /// The bytes of all scalars and aliases that are written out, in the order of the file.
    pub(super) fn leaves(&self) -> impl Iterator<Item = Leaf<'_>> {
        let leaves = self.nodes.iter().filter_map(|raw| {
            let bytes = raw.start as usize..raw.end as usize;
            match raw.kind {
                Kind::Scalar { unfolded, .. } => {
                    Some(Leaf { bytes, value: Some(self.scalar(raw, unfolded)) })
                }
                Kind::Alias => Some(Leaf { bytes, value: None }),
                Kind::List | Kind::Mapping | Kind::Wrong => None,
            }
        });
        leaves.filter(|it| !it.bytes.is_empty())
    }

    fn next(&self, at: u32) -> u32 {
        let raw = self.raw(at);
        match raw.kind {
            Kind::List | Kind::Mapping | Kind::Wrong => raw.this,
            Kind::Scalar { .. } | Kind::Alias => at + 1,
        }
    }

    fn raw(&self, at: u32) -> &Raw {
        &self.nodes[at as usize]
    }

    fn children(&self, at: u32) -> impl Iterator<Item = u32> {
        let end = self.next(at);
        let mut next = at + 1;
        std::iter::from_fn(move || {
            let here = next;
            (here < end).then(|| next = self.next(here)).map(|()| here)
        })
    }

    fn scalar(&self, raw: &Raw, unfolded: bool) -> &str {
        let range = raw.this as usize..raw.that as usize;
        if unfolded { &self.unfolded[range] } else { &self.text[range] }
    }
}

impl<'t> Node<'t> {
    fn raw(self) -> &'t Raw {
        self.tree.raw(self.at)
    }

    fn resolved(self) -> Self {
        match self.raw().kind {
            Kind::Alias => Self { at: self.raw().this, ..self },
            _ => self,
        }
    }

    pub(crate) fn form(self) -> Form {
        match self.raw().kind {
            Kind::Scalar { .. } => Form::Scalar,
            Kind::List => Form::List,
            Kind::Mapping => Form::Mapping,
            Kind::Wrong | Kind::Alias => Form::Wrong,
        }
    }

    /// Whether nothing was said of it, and of nothing in it.
    pub(crate) fn is_certain(self) -> bool {
        let all = self.at as usize..self.tree.next(self.at) as usize;
        self.tree.nodes[all].iter().all(|it| it.kind != Kind::Wrong)
    }

    /// Whether it stands elsewhere in the file, and an alias for it here.
    pub(crate) fn is_alias(self) -> bool {
        self.shown != self.at
    }

    /// The text of a scalar, whatever it is meant to be.
    pub(crate) fn scalar(self) -> Option<&'t str> {
        match self.raw().kind {
            Kind::Scalar { unfolded, .. } => Some(self.tree.scalar(self.raw(), unfolded)),
            _ => None,
        }
    }

    /// The text of a scalar that may be a text: neither null nor true or false, nor tagged as something else.
    pub(crate) fn text(self) -> Option<&'t str> {
        let is_word = || self.is_null() || self.word().and_then(boolean).is_some();
        match self.raw().kind {
            Kind::Scalar { style: Style::Typed, .. } => None,
            _ => self.scalar().filter(|_| !is_word()),
        }
    }

    /// The text of a scalar that may be a number, true or false: what is in quotes is a text.
    pub(crate) fn word(self) -> Option<&'t str> {
        self.scalar().filter(|_| self.is_plain())
    }

    /// Whether it is a scalar without quotes, whose words may mean something else than text.
    pub(crate) fn is_plain(self) -> bool {
        matches!(self.raw().kind, Kind::Scalar { style: Style::Plain | Style::Typed, .. })
    }

    /// Whether nothing stands there, or the word for it.
    pub(crate) fn is_null(self) -> bool {
        let raw = self.raw();
        matches!(raw.kind, Kind::Scalar { style: Style::Plain, .. })
            && raw.that - raw.this <= 4
            && matches!(self.scalar(), Some("" | "~" | "null" | "Null" | "NULL"))
    }

    fn child(self, at: u32) -> Self {
        let shown = if self.shown == self.at { at } else { self.shown };
        Self { tree: self.tree, at, shown }.resolved()
    }

    /// The entries of a list; of everything else none.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        let list = (self.form() == Form::List).then(|| self.tree.children(self.at));
        list.into_iter().flatten().map(move |it| self.child(it))
    }

    /// The keys of a mapping with their values; of everything else none.
    pub(crate) fn entries(self) -> impl Iterator<Item = (Self, Self)> {
        let mapping = (self.form() == Form::Mapping).then(|| self.tree.children(self.at));
        let mut nodes = mapping.into_iter().flatten().map(move |it| self.child(it));
        std::iter::from_fn(move || Some((nodes.next()?, nodes.next()?)))
    }

    /// Whether it is all there is.
    pub(super) fn is_root(self) -> bool {
        self.shown == 0
    }

    /// Line and column, from 1.
    pub(crate) fn position(self) -> (u32, u32) {
        let raw = self.tree.raw(self.shown);
        (raw.line, raw.column)
    }

    pub(crate) fn place(self, file: FileId) -> Place {
        let (line, column) = self.position();
        Place::new(file, line, column)
    }

    /// The bytes of the file it stands in.
    pub(crate) fn span(self) -> Range<usize> {
        let raw = self.tree.raw(self.shown);
        raw.start as usize..raw.end as usize
    }

    /// What stands in the file for it.
    pub(crate) fn written(self) -> &'t str {
        self.tree.text.get(self.span()).unwrap_or_default()
    }

    /// Of a block of text the line and column at which what is written for it begins.
    pub(crate) fn first_of_block(self) -> Option<(u32, u32)> {
        let raw = self.tree.raw(self.shown);
        let before = self.tree.text.get(..raw.start as usize)?;
        let line = u32::try_from(before.matches('\n').count()).ok()? + 1;
        let column = before.rsplit('\n').next().map_or(0, |it| it.chars().count());
        (line > raw.line).then_some((line, u32::try_from(column).ok()? + 1))
    }

    /// What follows it in the file, to the end of its line.
    pub(crate) fn rest_of_line(self) -> &'t str {
        let rest = self.tree.text.get(self.span().end..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }
}
