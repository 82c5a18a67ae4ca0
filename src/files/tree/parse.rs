//! Text to [`Tree`], within limits: no repeated keys, no tags that change a meaning, no merge keys, bounded depth, nodes
//! and aliases.
//!
//! What is refused is a finding and a node of which nothing follows. After a syntax error the tree holds what was
//! certain before it.

use std::borrow::Cow;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StructureStyle, Tag};

use super::{Kind, Raw, Style, Tree, syntax};
use crate::model::{
    finding::{Code, Finding},
    source::{FileId, Place},
};

mod broken;
mod keys;

/// Nested lists and mappings, through aliases as well.
const MAX_DEPTH: u32 = 64;
/// A node costs 36 bytes, so that a file of [`MAX_FILE_BYTES`](crate::files::MAX_FILE_BYTES) stays within memory.
const MAX_NODES: usize = 20_000_000;
/// All texts, those behind aliases each time.
const MAX_TEXT_BYTES: u64 = 256 << 20;
/// Aliases add little to access files, so few are allowed.
const MAX_ALIASES: usize = 1_000;
const MAX_ANCHORS: usize = 1_000;
/// All nodes behind aliases, each time.
const MAX_ALIASED_NODES: u64 = 1_000_000;
/// Many aliases of few anchors are a way to say the same over and over: from so many on ten to one are too many.
const FEW_ALIASES: usize = 100;
const ALIASES_PER_ANCHOR: usize = 10;

/// Reads one document; the findings are added to `findings`.
pub(in crate::files) fn parse<'a>(text: &'a str, file: FileId, findings: &mut Vec<Finding>) -> Tree<'a> {
    let tree = Tree { text, unfolded: String::new(), nodes: Vec::with_capacity(text.len() / 16) };
    let mut builder = Builder {
        tree,
        file,
        findings,
        open: Vec::new(),
        anchors: Vec::new(),
        aliases: 0,
        total: Size::default(),
    };
    let options = granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut has_begun = false;
    let stopped = loop {
        let stop = match parser.next_event() {
            None => break Ok(()),
            Some(Err(error)) => Err(Stop::Syntax(Box::new(error))),
            Some(Ok((Event::DocumentStart(..), span))) if has_begun => {
                Err(Stop::SecondDocument(Here::of(&span)))
            }
            Some(Ok((event, span))) => {
                has_begun |= matches!(event, Event::DocumentStart(..));
                builder.take(event, &span)
            }
        };
        if stop.is_err() {
            break stop;
        }
    };
    match stopped {
        Ok(()) => (),
        Err(Stop::Syntax(error)) => builder.break_off(&error),
        Err(Stop::SecondDocument(at)) => {
            builder.say(
                Code::Syntax,
                at,
                "the file holds several documents",
                "give each document a file of its own",
            );
            builder.tree.nodes.clear();
        }
        Err(Stop::Conflict(finding)) => {
            builder.findings.push(*finding);
            builder.tree.nodes.clear();
        }
        Err(Stop::Limit(at, message)) => {
            let help = "write values out instead of using anchors, or split the file";
            builder.say(Code::LimitExceeded, at, message, help);
            builder.tree.nodes.clear();
        }
    }
    builder.tree
}

/// Why the rest of a file is not read.
enum Stop {
    Syntax(Box<ScanError>),
    SecondDocument(Here),
    /// The lines of a merge that nobody finished, inside a text.
    Conflict(Box<Finding>),
    Limit(Here, &'static str),
}

/// Where something stands, as [`Raw`] has it: a tenth of what the parser says of it.
#[derive(Clone, Copy)]
struct Here {
    line: u32,
    column: u32,
    start: u32,
    end: u32,
}

impl Here {
    fn of(span: &Span) -> Self {
        let byte = |it: &Marker| narrow(it.byte_offset().unwrap_or_default());
        let (start, end) = (byte(&span.start), byte(&span.end));
        Self { line: narrow(span.start.line()), column: narrow(span.start.col() + 1), start, end }
    }

    fn of_tag(span: &Span) -> Self {
        let start = span.tag_start.unwrap_or(span.start);
        Self::of(&Span::new(start, span.end))
    }
}

struct Builder<'a, 'f> {
    tree: Tree<'a>,
    file: FileId,
    findings: &'f mut Vec<Finding>,
    open: Vec<Open>,
    /// By the id that the parser gives them, from 1.
    anchors: Vec<Anchor>,
    aliases: usize,
    total: Size,
}

/// A list or mapping that has not ended yet.
struct Open {
    at: u32,
    in_flow: bool,
    /// Whether what comes next is a key; `None` in a list.
    wants_key: Option<bool>,
    /// Of what is in it, so far.
    height: u32,
    anchor: usize,
    before: Size,
}

/// How much there is, with what is behind aliases.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: u64,
    bytes: u64,
}

#[derive(Clone, Copy)]
struct Anchor {
    at: u32,
    /// `None` while it is open.
    whole: Option<(Size, u32)>,
}

impl Builder<'_, '_> {
    fn say(&mut self, code: Code, at: Here, message: impl Into<String>, help: impl Into<String>) {
        let at = Place::new(self.file, at.line, at.column);
        self.findings.push(Finding::new(code, at, message).help(help));
    }

    fn take(&mut self, event: Event<'_>, whole: &Span) -> Result<(), Stop> {
        let span = Here::of(whole);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // Where nothing stands the parser says `~`.
                let is_nothing = style == ScalarStyle::Plain && span.start == span.end;
                let text = if is_nothing { Cow::Borrowed("") } else { text };
                self.grow(span, text.len())?;
                let size = Size { nodes: 1, bytes: text.len() as u64 };
                let raw = self.scalar(&text, style, span)?;
                let at = self.push(raw);
                if let Some(tag) = tag {
                    self.tagged(at, Here::of_tag(whole), &tag);
                }
                self.anchor(anchor, at, span)?;
                self.placed(at, span, true);
                self.ended(at, anchor, size, 0);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.begin(Kind::List, style, anchor, tag.as_deref(), whole)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                self.begin(Kind::Mapping, style, anchor, tag.as_deref(), whole)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(id) => self.alias(id, span)?,
            Event::UnresolvedAlias(name) => {
                self.grow(span, 0)?;
                let message = format!("nothing before this line is named `&{name}`");
                let help = format!("a text that begins with `*` needs quotes: `\"*{name}\"`");
                self.say(Code::Syntax, span, message, help);
                let at = self.push(bare(Kind::Wrong, span));
                self.placed(at, span, true);
            }
            _ => (),
        }
        Ok(())
    }

    fn push(&mut self, mut raw: Raw) -> u32 {
        let at = narrow(self.tree.nodes.len());
        if !matches!(raw.kind, Kind::Scalar { .. } | Kind::Alias) {
            raw.this = at + 1;
        }
        self.tree.nodes.push(raw);
        at
    }

    /// Counts one node more.
    fn grow(&mut self, at: Here, bytes: usize) -> Result<(), Stop> {
        self.total.nodes += 1;
        self.total.bytes += bytes as u64;
        if self.tree.nodes.len() >= MAX_NODES {
            return Err(Stop::Limit(at, "the file has too many entries"));
        }
        self.bounded(at)
    }

    fn bounded(&self, at: Here) -> Result<(), Stop> {
        if self.total.bytes > MAX_TEXT_BYTES {
            return Err(Stop::Limit(at, "the file has too much text, with what its aliases repeat"));
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Here) -> Result<Raw, Stop> {
        let whole = self.tree.text;
        let kept = if style == ScalarStyle::Plain { Style::Plain } else { Style::Text };
        // A slice of the file is told by where it lies.
        let is_slice = whole.as_bytes().as_ptr_range().contains(&text.as_ptr());
        let (from, unfolded) = match text {
            "" => (0, false),
            _ if is_slice => (text.as_ptr() as usize - whole.as_ptr() as usize, false),
            _ => (self.tree.unfolded.len(), true),
        };
        if unfolded {
            // Lines between brackets are one text, whatever they say.
            if style == ScalarStyle::Plain
                && text.contains("<<<<<<<")
                && let Some(finding) = syntax::conflict(whole, self.file)
            {
                return Err(Stop::Conflict(Box::new(finding)));
            }
            self.tree.unfolded.push_str(text);
        }
        let mut raw = bare(Kind::Scalar { style: kept, unfolded }, span);
        (raw.this, raw.that) = (narrow(from), narrow(from + text.len()));
        Ok(raw)
    }

    /// A tag may say what a node is anyway; every other is refused.
    fn tagged(&mut self, at: u32, span: Here, tag: &Tag) {
        let raw = self.tree.nodes[at as usize];
        let kind = match (raw.kind, tag.core_suffix()) {
            (Kind::List, Some("seq")) | (Kind::Mapping, Some("map")) => return,
            (Kind::Scalar { unfolded, .. }, Some("str")) => Kind::Scalar { style: Style::Text, unfolded },
            (Kind::Scalar { unfolded, .. }, Some("int" | "float" | "bool")) => {
                Kind::Scalar { style: Style::Typed, unfolded }
            }
            _ => {
                self.say(
                    Code::Syntax,
                    span,
                    format!("tags (`{}`) are not read", tag.original()),
                    "delete the tag; a text that begins with `!` needs quotes",
                );
                Kind::Wrong
            }
        };
        let raw = &mut self.tree.nodes[at as usize];
        raw.kind = kind;
        if kind == Kind::Wrong {
            raw.this = at + 1;
        }
    }

    fn begin(
        &mut self,
        kind: Kind,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&Tag>,
        whole: &Span,
    ) -> Result<(), Stop> {
        let span = Here::of(whole);
        if self.open.len() >= MAX_DEPTH as usize {
            return Err(Stop::Limit(span, "lists and mappings are nested too deep"));
        }
        let before = self.total;
        self.grow(span, 0)?;
        let at = self.push(bare(kind, span));
        if let Some(tag) = tag {
            self.tagged(at, Here::of_tag(whole), tag);
        }
        self.anchor(anchor, at, span)?;
        let in_flow = style == StructureStyle::Flow;
        let wants_key = (kind == Kind::Mapping).then_some(true);
        self.open.push(Open { at, in_flow, wants_key, height: 0, anchor, before });
        Ok(())
    }

    fn end(&mut self, span: Here) {
        let Some(Open { at, in_flow, height, anchor, before, .. }) = self.open.pop() else { return };
        let next = narrow(self.tree.nodes.len());
        // A block ends with what is in it, not where the parser noticed.
        let inside = self.tree.nodes[at as usize + 1..].last().map(|it| it.end);
        let raw = &mut self.tree.nodes[at as usize];
        raw.this = next;
        raw.end = match inside {
            Some(end) if !in_flow => end,
            _ => span.end,
        };
        if raw.kind == Kind::Mapping {
            self.each_key_once(at);
        }
        let size = Size { nodes: self.total.nodes - before.nodes, bytes: self.total.bytes - before.bytes };
        self.placed(at, span, false);
        self.ended(at, anchor, size, height + 1);
    }

    /// Notes that a node has its place in the list or mapping around it.
    fn placed(&mut self, at: u32, span: Here, is_scalar: bool) {
        let Some(around) = self.open.last_mut() else { return };
        let Some(is_key) = around.wants_key else { return };
        around.wants_key = Some(!is_key);
        if is_key {
            self.key(at, span, is_scalar);
        }
    }

    /// Notes that a node is whole, for those that stand for it elsewhere.
    fn ended(&mut self, at: u32, anchor: usize, size: Size, height: u32) {
        if let Some(around) = self.open.last_mut() {
            around.height = around.height.max(height);
        }
        if anchor > 0
            && let Some(it) = self.anchors.get_mut(anchor - 1)
        {
            *it = Anchor { at, whole: Some((size, height)) };
        }
    }

    fn here(&self, at: u32) -> Here {
        let Raw { line, column, start, end, .. } = *self.tree.raw(at);
        Here { line, column, start, end }
    }

    fn anchor(&mut self, id: usize, at: u32, span: Here) -> Result<(), Stop> {
        if id == 0 {
            return Ok(());
        }
        if id > MAX_ANCHORS {
            return Err(Stop::Limit(span, "the file has too many anchors"));
        }
        self.anchors.resize(self.anchors.len().max(id), Anchor { at, whole: None });
        self.anchors[id - 1] = Anchor { at, whole: None };
        Ok(())
    }

    fn alias(&mut self, id: usize, span: Here) -> Result<(), Stop> {
        self.aliases += 1;
        let too_many = self.aliases > MAX_ALIASES
            || self.aliases >= FEW_ALIASES && self.aliases > ALIASES_PER_ANCHOR * self.anchors.len();
        if too_many {
            return Err(Stop::Limit(span, "the file uses too many aliases"));
        }
        let Some(Anchor { at: target, whole: Some((size, height)) }) = self.anchors.get(id - 1).copied()
        else {
            self.grow(span, 0)?;
            let message = "this alias stands inside of what it stands for";
            self.say(Code::Syntax, span, message, "write the value out");
            let at = self.push(bare(Kind::Wrong, span));
            self.placed(at, span, true);
            return Ok(());
        };
        self.grow(span, 0)?;
        self.total.nodes += size.nodes;
        self.total.bytes += size.bytes;
        self.bounded(span)?;
        if self.total.nodes > self.tree.nodes.len() as u64 + MAX_ALIASED_NODES {
            return Err(Stop::Limit(span, "aliases make the file too long"));
        }
        if self.open.len() + height as usize > MAX_DEPTH as usize {
            return Err(Stop::Limit(span, "aliases nest lists and mappings too deep"));
        }
        let mut raw = bare(Kind::Alias, span);
        raw.this = target;
        // What stands for nothing certain is not certain either.
        if self.tree.raw(target).kind == Kind::Wrong {
            raw.kind = Kind::Wrong;
        }
        let is_scalar = matches!(self.tree.raw(target).kind, Kind::Scalar { .. } | Kind::Wrong);
        let at = self.push(raw);
        self.placed(at, span, is_scalar);
        self.ended(at, 0, Size::default(), height);
        Ok(())
    }
}

fn bare(kind: Kind, Here { line, column, start, end }: Here) -> Raw {
    Raw { kind, line, column, start, end, this: 0, that: 0 }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
