//! Entries that can be searched, each with its lines: the one thing that most of a page is made of.
//!
//! The script makes the same elements of the data; a test compares them.

use super::text::text;
use crate::report::render::{counted, thousands};

/// Entries of a list that are there without a script.
const ENTRIES: usize = 100;
/// Lines of an entry that are seen at once, if nothing else is said; the others are folded.
const LINES: usize = 20;
/// Lines of an entry that are there without a script.
const FOLDED: usize = 200;
/// Names of an entry that are seen at once; the others are folded.
const NAMES: usize = 12;

/// Entries that can be searched.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) id: &'static str,
    pub(super) title: String,
    /// What it holds, where the title does not say enough.
    pub(super) about: String,
    pub(super) entries: Vec<Entry>,
    /// Whether each line has room for who reviewed it.
    pub(super) signed: bool,
    /// Lines of an entry that are seen at once.
    pub(super) seen: usize,
}

/// How it looks, beside what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    #[default]
    Plain,
    Escalates,
    Everything,
    Gains,
    Loses,
    Changes,
    Stop,
    Warning,
}

/// Somebody or something, and what is said of it.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) tone: Tone,
    pub(super) tag: String,
    pub(super) names: Vec<String>,
    pub(super) beside: Vec<String>,
    pub(super) lines: Vec<Line>,
}

/// One thing that is said. What is empty is left out; a line of `what` alone is a sentence.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) sign: &'static str,
    pub(super) what: String,
    pub(super) scope: String,
    /// The scope before, where it changes.
    pub(super) before: String,
    pub(super) mark: &'static str,
    pub(super) through: String,
    pub(super) origin: String,
    pub(super) note: String,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Escalates => "escalates",
            Self::Everything => "everything",
            Self::Gains => "gains",
            Self::Loses => "loses",
            Self::Changes => "changes",
            Self::Stop => "stop",
            Self::Warning => "warning",
        }
    }
}

impl List {
    pub(super) fn new(id: &'static str, title: &str, entries: Vec<Entry>) -> Self {
        Self { id, title: title.to_owned(), entries, seen: LINES, ..Self::default() }
    }
}

impl Line {
    pub(super) fn prose(what: String) -> Self {
        Self { what, ..Self::default() }
    }

    fn is_prose(&self) -> bool {
        let rest = [&self.scope, &self.before, &self.through, &self.origin, &self.note];
        self.mark.is_empty() && rest.iter().all(|it| it.is_empty())
    }
}

impl List {
    pub(super) fn write(&self, out: &mut String) {
        let Self { id, title, about, entries, signed, seen } = self;
        let signed_as = if *signed { " data-signed=\"\"" } else { "" };
        let about =
            if about.is_empty() { String::new() } else { format!("<p class=\"about\">{}</p>", text(about)) };
        out.push_str(&format!(
            "<section id=\"{id}\" data-list=\"{id}\" data-seen=\"{seen}\"{signed_as}><div class=\"title\"><h2>{}</h2>\
             <span class=\"count\">{}</span></div>{about}<ul class=\"entries place\">",
            text(title),
            thousands(entries.len())
        ));
        entries.iter().take(ENTRIES).for_each(|it| it.write(*signed, *seen, out));
        out.push_str("</ul>");
        if let Some(rest) = entries.len().checked_sub(ENTRIES).filter(|it| *it > 0) {
            let rest = counted(rest, "entry more", "entries more");
            out.push_str(&format!(
                "<noscript><p class=\"none\">and {rest}: a script shows them</p></noscript>"
            ));
        }
        out.push_str("</section>\n");
    }
}

impl Entry {
    fn write(&self, signed: bool, most: usize, out: &mut String) {
        out.push_str(&format!("<li class=\"entry {}\"><div class=\"head\">", self.tone.class()));
        if !self.tag.is_empty() {
            out.push_str(&format!("<span class=\"tag\">{}</span>", text(&self.tag)));
        }
        if !self.names.is_empty() {
            let some: Vec<String> =
                self.names.iter().take(NAMES).map(|it| format!("<b>{}</b>", text(it))).collect();
            out.push_str(&format!("<span class=\"names\">{}", some.join(", ")));
            if let Some(rest) = self.names.get(NAMES..).filter(|it| !it.is_empty()) {
                let names: Vec<String> = rest.iter().map(|it| text(it)).collect();
                out.push_str(&format!(
                    "<details><summary>and {} more</summary>{}</details>",
                    thousands(rest.len()),
                    names.join(", ")
                ));
            }
            out.push_str("</span>");
        }
        let beside = self.beside.iter().map(|it| format!("<span class=\"beside\">{}</span>", text(it)));
        out.extend(beside);
        out.push_str("</div>");
        let (seen, rest) = self.lines.split_at(self.lines.len().min(most));
        if !seen.is_empty() {
            out.push_str("<ul class=\"lines\">");
            seen.iter().for_each(|it| it.write(signed, out));
            out.push_str("</ul>");
        }
        if !rest.is_empty() {
            let label = match most {
                0 => "what it found, and what would allow it".to_owned(),
                _ => format!("and {} more", thousands(rest.len())),
            };
            out.push_str(&format!("<details><summary>{label}</summary><ul class=\"lines\">"));
            rest.iter().take(FOLDED).for_each(|it| it.write(signed, out));
            out.push_str("</ul></details>");
        }
        out.push_str("</li>");
    }
}

impl Line {
    fn write(&self, signed: bool, out: &mut String) {
        let is_prose = self.is_prose() && !signed;
        let is_long = self.scope.is_empty() && self.through.is_empty();
        let more = match (is_prose, signed, is_long) {
            (true, ..) => " prose",
            (false, true, _) => " signed",
            (false, false, true) => " long",
            (false, false, false) => "",
        };
        out.push_str(&format!(
            "<li class=\"line{more}\"><span class=\"sign\">{}</span><span class=\"what\">{}",
            text(self.sign),
            text(&self.what)
        ));
        if !self.mark.is_empty() {
            out.push_str(&format!("<span class=\"mark\">{}</span>", text(self.mark)));
        }
        out.push_str("</span>");
        if !is_prose {
            let within = |tag: &str, it: &str| match it {
                "" => String::new(),
                it => format!("<{tag}>{}</{tag}>", text(it)),
            };
            out.push_str(&format!(
                "<span class=\"scope\">{}{}</span><span class=\"through\">{}</span><span class=\"origin\">{}{}</span>",
                text(&self.scope),
                within("s", &self.before),
                text(&self.through),
                within("code", &self.origin),
                within("i", &self.note)
            ));
        }
        if signed {
            out.push_str(
                "<span class=\"sign-off\"><span class=\"box\">keep</span><span class=\"box\">remove</span>\
                 <span class=\"blank\">by</span><span class=\"blank\">on</span></span>",
            );
        }
        out.push_str("</li>");
    }
}
