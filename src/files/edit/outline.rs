//! The parts of a file with what is around them, and the lines they stand in.

use std::{collections::HashMap, ops::Range};

use super::{
    super::tree::{self, Form, Node},
    Refused, Spot,
};

/// A node of the file as it is written: an alias has nothing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part(usize);

/// All parts of a file, each before what is in it.
pub(super) struct Outline<'t> {
    pub(super) text: &'t str,
    parts: Vec<Written<'t>>,
    /// The outermost at each place that is not a list: a list may seem to begin where its first entry does.
    at: HashMap<Spot, Part>,
    /// The bytes of every comment, in order.
    pub(super) comments: Vec<Range<usize>>,
    /// How this file ends its lines.
    pub(super) end_of_line: &'static str,
}

struct Written<'t> {
    node: Node<'t>,
    parent: Option<Part>,
    /// Of the value of a mapping.
    key: Option<Node<'t>>,
    /// Among what is in the parent.
    position: usize,
    inside: Vec<Part>,
}

impl<'t> Outline<'t> {
    pub(super) fn new(text: &'t str, root: Node<'t>) -> Self {
        let first = text.find('\n');
        let is_crlf = first.is_some_and(|it| text[..it].ends_with('\r'));
        let mut outline = Self {
            text,
            parts: Vec::new(),
            at: HashMap::new(),
            comments: tree::comments(text),
            end_of_line: if is_crlf { "\r\n" } else { "\n" },
        };
        outline.add(root, None, None, 0);
        outline
    }

    fn add(&mut self, node: Node<'t>, parent: Option<Part>, key: Option<Node<'t>>, position: usize) -> Part {
        let part = Part(self.parts.len());
        self.parts.push(Written { node, parent, key, position, inside: Vec::new() });
        if node.form() != Form::List || node.is_alias() {
            let (line, column) = node.position();
            self.at.entry(Spot { line, column }).or_insert(part);
        }
        if !node.is_alias() {
            let items: Vec<Part> =
                node.items().enumerate().map(|(at, it)| self.add(it, Some(part), None, at)).collect();
            let values = node.entries().enumerate();
            let values: Vec<Part> =
                values.map(|(at, (key, it))| self.add(it, Some(part), Some(key), at)).collect();
            self.parts[part.0].inside = [items, values].concat();
        }
        part
    }

    pub(super) fn root() -> Part {
        Part(0)
    }

    pub(super) fn node(&self, part: Part) -> Node<'t> {
        self.parts[part.0].node
    }

    pub(super) fn key(&self, part: Part) -> Option<Node<'t>> {
        self.parts[part.0].key
    }

    pub(super) fn parent(&self, part: Part) -> Option<Part> {
        self.parts[part.0].parent
    }

    pub(super) fn position(&self, part: Part) -> usize {
        self.parts[part.0].position
    }

    pub(super) fn inside(&self, part: Part) -> &[Part] {
        &self.parts[part.0].inside
    }

    pub(super) fn parts(&self) -> impl DoubleEndedIterator<Item = Part> {
        (0..self.parts.len()).map(Part)
    }

    /// The mapping that stands there, or around the value that does; the outermost where no place is given.
    pub(super) fn mapping(&self, spot: Option<Spot>) -> Result<Part, Refused> {
        let Some(spot) = spot else { return Ok(Self::root()) };
        let mut part = self.at(spot)?;
        self.written_here(part)?;
        if self.node(part).form() != Form::Mapping {
            part = self.parent(part).ok_or(Refused::Astray)?;
        }
        if self.node(part).form() == Form::Mapping { Ok(part) } else { Err(self.odd(part)) }
    }

    /// What stands there.
    pub(super) fn at(&self, spot: Spot) -> Result<Part, Refused> {
        self.at.get(&spot).copied().ok_or(Refused::Astray)
    }

    /// The value of a key of a mapping.
    pub(super) fn value(&self, mapping: Part, key: &str) -> Option<Part> {
        let is = |it: &&Part| self.key(**it).and_then(Node::scalar) == Some(key);
        self.inside(mapping).iter().find(is).copied()
    }

    /// Refuses what is only referred to.
    pub(super) fn written_here(&self, part: Part) -> Result<(), Refused> {
        let node = self.node(part);
        if node.is_alias() { Err(Refused::Alias(self.line(node.span().start))) } else { Ok(()) }
    }

    pub(super) fn odd(&self, part: Part) -> Refused {
        Refused::Odd(self.line(self.node(part).span().start))
    }

    /// Whether a list or mapping stands in brackets.
    pub(super) fn is_flow(&self, part: Part) -> bool {
        let (node, text) = (self.node(part), self.text);
        let start = node.span().start;
        let bracket = match node.form() {
            Form::List => '[',
            Form::Mapping => '{',
            Form::Scalar | Form::Wrong => return false,
        };
        let first = node.items().next().or_else(|| node.entries().next().map(|it| it.0));
        text[start..].starts_with(bracket) && first.is_none_or(|it| it.span().start > start)
    }

    /// Where what is written of a part ends, without the blank that follows it.
    pub(super) fn end(&self, part: Part) -> usize {
        if let Some(last) = self.inside(part).last().filter(|_| !self.is_flow(part)) {
            return self.end(*last);
        }
        let span = self.node(part).span();
        let key = self.key(part).map_or(0, |it| self.after_colon(it));
        self.text[..span.end].trim_end().len().max(key)
    }

    /// What follows the colon of a key.
    pub(super) fn after_colon(&self, key: Node<'_>) -> usize {
        let end = key.span().end;
        end + self.text[end..].find(':').map_or(0, |it| it + 1)
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |it| it + 1)
    }

    /// Where the next line starts.
    pub(super) fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |it| at + it + 1)
    }

    /// The number of a line, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    /// How many characters stand before it in its line.
    pub(super) fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().filter(|it| *it != '\u{feff}').count()
    }

    pub(super) fn has_comment(&self, range: &Range<usize>) -> bool {
        self.comments.iter().any(|it| range.start <= it.start && it.start < range.end)
    }

    /// Whether nothing but a comment follows on the line.
    pub(super) fn ends_line(&self, at: usize) -> bool {
        let rest = self.text[at..self.line_end(at)].trim_start();
        rest.is_empty() || rest.starts_with('#')
    }
}
