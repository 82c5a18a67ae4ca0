//! Findings for people and machines: quoted from the file, as a compiler does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    ops::Range,
};

use annotate_snippets::{AnnotationKind, Group, Level, Origin as Header, Renderer, Snippet};
use serde::Serialize;

use crate::model::{
    escape,
    finding::{Code, Finding},
    json,
    source::{FileId, Place, Sources},
};

use super::{
    counted,
    fit::{self, Width},
    forge::Forge,
    json::Origin,
};

/// More of a message than this says nothing more.
const MESSAGE: usize = 600;
/// Bytes of a line that is still quoted.
const READABLE: usize = 4_000;
/// Lines between places that share an excerpt.
const NEAR: u32 = 200;
/// Further places shown of one finding.
const RELATED: usize = 4;

/// Returns the findings as a compiler shows them, with ANSI styles, and how many there are.
pub fn text(findings: &[Finding], sources: &Sources, width: Width) -> String {
    let renderer = match width {
        Width::Any => Renderer::styled(),
        Width::Columns(columns) => Renderer::styled().term_width(columns),
    };
    let files = Files::new(findings, sources);
    let mut out = String::new();
    for it in findings {
        for line in files.report(it, &renderer).lines() {
            // Marks stand below what they mark.
            out.push_str(&if is_excerpt(line) { line.to_owned() } else { fit::prose(line, width) });
            out.push('\n');
        }
        out.push('\n');
    }
    out.push_str(&count(findings));
    out.push_str(".\n");
    out
}

/// Returns the findings as one JSON document, with a newline at the end.
pub fn json(findings: &[Finding], sources: &Sources) -> String {
    let findings = findings.iter().map(|it| Entry::new(it, sources)).collect();
    json::document(&Document { version: 1, findings })
}

/// Returns the findings as a pull-request comment of at most `budget` bytes.
///
/// A budget below 2,000 bytes may leave no room for more than their number.
pub fn markdown(findings: &[Finding], sources: &Sources, forge: Forge, budget: usize) -> String {
    let (files, renderer) = (Files::new(findings, sources), Renderer::plain());
    let head = format!("{}### rolecall: {}", forge.hidden("rolecall:findings"), count(findings));
    let all_left = left_out(findings);
    let mut body = String::new();
    let (mut shown, mut fence) = (0, 3);
    for it in findings {
        let report = trimmed(&files.report(it, &renderer));
        let wider = fence.max(escape::longest_run(&report, '`') + 1);
        let frame = head.len() + " (truncated)\n\n".len() + 2 * wider + "text\n\n".len() + all_left.len();
        if frame + body.len() + report.len() + 2 > budget {
            break;
        }
        fence = wider;
        if shown > 0 {
            body.push('\n');
        }
        body.push_str(&report);
        body.push('\n');
        shown += 1;
    }
    let left = &findings[shown..];
    let mut out = head;
    out.push_str(if left.is_empty() { "\n" } else { " (truncated)\n" });
    if shown > 0 {
        let fence = "`".repeat(fence);
        let _ = write!(out, "\n{fence}text\n{body}{fence}\n");
    }
    if !left.is_empty() {
        out.push_str(&left_out(left));
    }
    if out.len() <= budget { out } else { escape::clip(&out, budget).into_owned() }
}

/// Whether a line of a report shows a line of a file, or marks in it.
fn is_excerpt(line: &str) -> bool {
    fit::unstyled(line)
        .trim_start()
        .trim_start_matches(|it: char| it.is_ascii_digit())
        .trim_start()
        .starts_with(['|', ':'])
}

/// Returns `3 findings in 2 files`.
fn count(findings: &[Finding]) -> String {
    let files: BTreeSet<FileId> = findings.iter().filter_map(|it| it.place).map(|it| it.file).collect();
    let findings = counted(findings.len(), "finding", "findings");
    if files.is_empty() {
        findings
    } else {
        format!("{findings} in {}", counted(files.len(), "file", "files"))
    }
}

fn left_out(findings: &[Finding]) -> String {
    let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
    for it in findings {
        *codes.entry(it.code).or_default() += 1;
    }
    let codes: Vec<String> = codes.iter().map(|(code, n)| format!("{n} {code}")).collect();
    let total = counted(findings.len(), "more finding", "more findings");
    format!("\n… and {total} not shown: {}\n", codes.join(", "))
}

/// Drops the spaces at the ends of lines.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// The lines of the files that findings point into: found once, as many findings may share a file.
struct Files<'a> {
    sources: &'a Sources,
    lines: BTreeMap<FileId, Vec<&'a str>>,
}

impl<'a> Files<'a> {
    fn new(findings: &[Finding], sources: &'a Sources) -> Self {
        let related = findings.iter().flat_map(|it| &it.related).map(|it| it.0);
        let places = findings.iter().filter_map(|it| it.place).chain(related);
        let files: BTreeSet<FileId> = places.map(|it| it.file).collect();
        let lines = files.into_iter().map(|it| (it, sources.file(it).text.lines().collect())).collect();
        Self { sources, lines }
    }

    fn path(&self, file: FileId) -> String {
        escape::terminal(&self.sources.file(file).path).into_owned()
    }

    /// Returns a line, unless the file has no such line or it is longer than people can read.
    fn line(&self, file: FileId, number: usize) -> Option<&'a str> {
        let line = self.lines.get(&file)?.get(number - 1)?;
        (line.len() <= READABLE).then_some(line)
    }

    fn report(&self, finding: &Finding, renderer: &Renderer) -> String {
        let message = escape::terminal(&finding.message);
        let title = Level::ERROR.primary_title(escape::clip(&message, MESSAGE)).id(finding.code.as_str());
        let mut group = Group::with_title(title);
        let mut marks: Vec<Mark> =
            finding.place.map(|it| Mark { place: it, label: None }).into_iter().collect();
        marks.extend(finding.related.iter().take(RELATED).map(|(place, label)| {
            let label = escape::clip(&escape::terminal(label), MESSAGE).into_owned();
            Mark { place: *place, label: Some(label) }
        }));
        // Places that are near each other are shown in one excerpt.
        for near in marks.chunk_by(|a, b| {
            a.place.file == b.place.file && a.place.line.get().abs_diff(b.place.line.get()) <= NEAR
        }) {
            group = self.excerpt(group, near);
        }
        if let Some(more) = finding.related.len().checked_sub(RELATED).filter(|it| *it > 0) {
            let more = counted(more, "more place", "more places");
            group = group.element(Level::NOTE.message(format!("and {more}")));
        }
        if let Some(help) = &finding.help {
            let help = escape::terminal(help);
            group = group.element(Level::HELP.message(escape::clip(&help, MESSAGE).into_owned()));
        }
        renderer.render(&[group])
    }

    /// Adds where something is and, if the text is at hand, the lines from the first mark to the last.
    fn excerpt<'g>(&self, group: Group<'g>, marks: &[Mark]) -> Group<'g> {
        let file = marks[0].place.file;
        let numbers = || marks.iter().map(|it| it.place.line.get() as usize);
        let (first, last) = (numbers().min().unwrap_or(1), numbers().max().unwrap_or(1));
        let lines: Option<Vec<&str>> = (first..=last).map(|it| self.line(file, it)).collect();
        let Some(lines) = lines else {
            return marks.iter().fold(group, |group, mark| {
                let place = mark.place;
                let header = Header::path(self.path(file)).line(place.line.get() as usize);
                let group = group.element(header.char_column(place.column as usize));
                match &mark.label {
                    Some(label) => group.element(Level::NOTE.message(label.clone())),
                    None => group,
                }
            });
        };
        let mut text = String::new();
        let mut spans = Vec::with_capacity(marks.len());
        for (number, line) in (first..).zip(lines) {
            let line = escape::source_text(line);
            for mark in marks.iter().filter(|it| it.place.line.get() as usize == number) {
                let Range { start, end } = span(&line, mark.place.column as usize);
                spans.push((mark, text.len() + start..text.len() + end));
            }
            text.push_str(&line);
            text.push('\n');
        }
        let annotations = spans.into_iter().map(|(mark, span)| {
            let kind = if mark.label.is_none() { AnnotationKind::Primary } else { AnnotationKind::Context };
            kind.span(span).label(mark.label.clone())
        });
        group.element(Snippet::source(text).line_start(first).path(self.path(file)).annotations(annotations))
    }
}

/// A place of a finding; the one it is about has no label.
struct Mark {
    place: Place,
    label: Option<String>,
}

/// Returns the bytes of the line that the value at a column has.
fn span(line: &str, column: usize) -> Range<usize> {
    let chars: Vec<char> = line.chars().collect();
    let at = (column - 1).min(chars.len());
    let in_flow = chars[..at].iter().any(|it| matches!(it, '{' | '['));
    let bytes = |part: &[char]| part.iter().map(|it| it.len_utf8()).sum::<usize>();
    let start = bytes(&chars[..at]);
    start..start + bytes(&chars[at..at + extent(&chars[at..], in_flow)])
}

/// Returns how many characters the YAML value at the start of `rest` has on its line.
fn extent(rest: &[char], in_flow: bool) -> usize {
    let mut depth = 0_usize;
    let mut quote = None;
    for (n, c) in rest.iter().copied().enumerate() {
        let next = rest.get(n + 1).copied();
        match (quote, c) {
            (Some(open), _) if c == open => {
                quote = None;
                if depth == 0 {
                    return n + 1;
                }
            }
            (Some(_), _) => (),
            (None, '"' | '\'') if n == 0 || depth > 0 => quote = Some(c),
            (None, '{' | '[') if n == 0 || depth > 0 => depth += 1,
            (None, '}' | ']') if depth > 1 => depth -= 1,
            (None, '}' | ']') if depth == 1 => return n + 1,
            (None, '}' | ']' | ',') if depth == 0 && in_flow => return ended(rest, n),
            (None, ':') if depth == 0 && next.is_none_or(char::is_whitespace) => return ended(rest, n),
            (None, '#') if n > 0 && rest[n - 1].is_whitespace() => return ended(rest, n),
            (None, _) => (),
        }
    }
    ended(rest, rest.len())
}

/// Drops the spaces before position `n`.
fn ended(rest: &[char], n: usize) -> usize {
    rest[..n].iter().rposition(|it| !it.is_whitespace()).map_or(0, |it| it + 1)
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    findings: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'static str,
    severity: &'static str,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    message: &'a str,
    help: Option<&'a str>,
    related: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    origin: Origin,
    message: &'a str,
}

impl<'a> Entry<'a> {
    fn new(finding: &'a Finding, sources: &'a Sources) -> Self {
        Self {
            code: finding.code.as_str(),
            severity: "error",
            file: finding.place.map(|it| sources.file(it.file).path.as_str()),
            line: finding.place.map(|it| it.line.get()),
            column: finding.place.map(|it| it.column),
            message: &finding.message,
            help: finding.help.as_deref(),
            related: finding
                .related
                .iter()
                .map(|(place, label)| Related { origin: Origin::new(*place, sources), message: label })
                .collect(),
        }
    }
}
