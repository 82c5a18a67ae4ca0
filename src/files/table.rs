//! CSV files that say what people are: read row by row, and of each row no more is kept than the columns that are asked for.
//!
//! Finds what is wrong with the form of a file; what its fields mean is checked with everything else. Nothing here quotes
//! a row: it may be about more of a person than is anybody's business.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    str,
    sync::Arc,
};

use super::{
    decode::quoted,
    mapping::Given,
    users_from::{Delimiter, Encoding, UsersFromEntry},
};
use crate::model::{
    finding::{Code, Finding, did_you_mean},
    name,
    selector::Attribute,
    source::{FileId, Place},
};

mod fields;

use fields::{Field, Fields, Flaw, MOST_BYTES};

/// Most rows of a file.
const MOST_ROWS: usize = 1_000_000;
/// Most fields of a row.
const MOST_FIELDS: usize = 1_000;
/// Findings of one file: of a column that is wrong in every row nobody reads more.
pub(super) const MOST_FINDINGS: usize = 100;

/// A file that an entry of `usersFrom` means.
#[derive(Clone, Debug)]
pub struct Table {
    /// The access file, and which of its entries.
    pub(crate) of: (FileId, usize),
    /// The CSV file, and its path in the workspace.
    pub(crate) file: FileId,
    pub(crate) path: Box<str>,
    /// The pattern that means it, and where that stands.
    pub(crate) pattern: (Box<str>, Place),
    pub(crate) rows: Arc<Rows>,
    /// The columns that are asked for.
    pub(crate) columns: Arc<[Attribute]>,
}

/// What an entry asks of a file, as far as that is certain.
pub(super) struct Wanted<'a> {
    /// Each attribute with the title of its column, and where that is said.
    columns: Vec<(Attribute, &'a str, Place)>,
    key: Attribute,
    delimiter: Delimiter,
    encoding: Encoding,
}

/// The fields of the columns that are asked for. One that is empty is not kept, but for that of the key.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    text: String,
    cells: Vec<Packed>,
    /// Where each begins, and where its cells end.
    rows: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Packed {
    attribute: Attribute,
    line: u32,
    column: u32,
    end: u32,
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'r> {
    pub(crate) attribute: Attribute,
    /// Without spaces around it.
    pub(crate) text: &'r str,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Rows {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows, each with its line.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, impl Iterator<Item = Cell<'_>>)> {
        let mut first = 0;
        self.rows.iter().map(move |&(line, end)| {
            let cells = first as usize..end as usize;
            first = end;
            (line, cells.map(|it| self.cell(it)))
        })
    }

    fn cell(&self, at: usize) -> Cell<'_> {
        let Packed { attribute, line, column, end } = self.cells[at];
        let start = at.checked_sub(1).map_or(0, |it| self.cells[it].end);
        Cell { attribute, text: &self.text[start as usize..end as usize], line, column }
    }
}

impl<'a> Wanted<'a> {
    /// The columns that are asked for.
    pub(super) fn asked(&self) -> Arc<[Attribute]> {
        self.columns.iter().map(|it| it.0).collect()
    }

    /// `None` where it is not certain what is asked for, of which everything was said then.
    pub(super) fn new(entry: &'a UsersFromEntry, file: FileId) -> Option<Self> {
        let columns = entry.columns.as_ref()?.v.titles();
        if entry.key.is_wrong() || entry.delimiter.is_wrong() || entry.encoding.is_wrong() {
            return None;
        }
        let columns: Vec<_> = columns
            .into_iter()
            .filter_map(|(attribute, title)| {
                let title = title.as_ref()?;
                Some((attribute, title.v.trim(), title.place(file)))
            })
            .collect();
        let key = entry.key().attribute();
        // Without it nothing is known of anybody; that is said where the entry is checked.
        columns.iter().any(|it| it.0 == key).then_some(Self {
            columns,
            key,
            delimiter: given(&entry.delimiter),
            encoding: given(&entry.encoding),
        })
    }
}

fn given<T: Copy + Default>(value: &Given<T>) -> T {
    value.as_ref().copied().unwrap_or_default()
}

/// Reads a file, called `path`, and says what is wrong with its form.
///
/// # Errors
///
/// Where it cannot be read.
pub(super) fn read(
    source: impl Read,
    wanted: &Wanted<'_>,
    (file, path): (FileId, &str),
) -> io::Result<(Rows, Vec<Finding>)> {
    let mut reading = Reading { file, rows: Rows::default(), findings: Vec::new() };
    let mut fields = Fields::new(source, wanted.delimiter, wanted.encoding);
    if let Some(columns) = reading.titles(&mut fields, wanted, path)? {
        reading.rows(&mut fields, &columns, wanted.key)?;
    }
    let Reading { mut rows, findings, .. } = reading;
    rows.text.shrink_to_fit();
    rows.cells.shrink_to_fit();
    Ok((rows, few(findings, file)))
}

struct Reading {
    file: FileId,
    rows: Rows,
    findings: Vec<Finding>,
}

impl Reading {
    fn place(&self, field: Field<'_>) -> Place {
        Place::new(self.file, field.line, field.column)
    }

    /// What each column of the file is; `None` where the titles are not those that are asked for.
    fn titles<R: Read>(
        &mut self,
        fields: &mut Fields<R>,
        wanted: &Wanted<'_>,
        path: &str,
    ) -> io::Result<Option<Vec<Option<Attribute>>>> {
        let mut titles: Vec<(String, Place)> = Vec::new();
        while let Some(field) = fields.next()? {
            let at = self.place(field);
            if self.is_beyond(field, titles.len(), titles.len() + 1) {
                return Ok(None);
            }
            titles.push((String::from_utf8_lossy(field.bytes).trim().to_owned(), at));
            if field.is_last {
                break;
            }
        }
        if titles.is_empty() {
            let at = Place::new(self.file, 1, 1);
            self.findings.push(
                Finding::new(Code::InvalidUsersFrom, at, "the file is empty")
                    .help("its first line holds the titles of the columns"),
            );
            return Ok(None);
        }
        if let Some((message, help)) = misread(&titles, wanted.delimiter) {
            // The rest of what could be said has this one cause.
            self.findings.push(Finding::new(Code::InvalidUsersFrom, titles[0].1, message).help(help));
            return Ok(None);
        }
        let mut columns = vec![None; titles.len()];
        for (attribute, title, said) in &wanted.columns {
            let mut found =
                titles.iter().enumerate().filter(|it| name::composed(&it.1.0) == name::composed(title));
            match (found.next(), found.next()) {
                (Some((column, _)), None) => match columns[column] {
                    None => columns[column] = Some(*attribute),
                    Some(_) => {
                        let message = format!("the column `{}` is asked for twice", quoted(title));
                        self.findings.push(
                            Finding::new(Code::InvalidUsersFrom, *said, message)
                                .help("a column says one thing of a person"),
                        );
                    }
                },
                (Some((_, first)), Some((_, second))) => {
                    let message = format!("two columns are called `{}`", quoted(title));
                    self.findings.push(
                        Finding::new(Code::InvalidUsersFrom, second.1, message)
                            .related(first.1, "the other")
                            .help("give one of them another title: which of them is meant would be a guess"),
                    );
                }
                (None, _) => {
                    let message = format!("{path} has no column `{}`", quoted(title));
                    let near = did_you_mean(title, titles.iter().map(|it| it.0.as_str()));
                    self.findings.push(
                        Finding::new(Code::InvalidUsersFrom, *said, message)
                            .related(titles[0].1, "the titles are in this line")
                            .help("write the title as the first line of the file has it, letter by letter")
                            .maybe_help(near.map(|it| escaped(&it))),
                    );
                }
            }
        }
        Ok(self.findings.is_empty().then_some(columns))
    }

    fn rows<R: Read>(
        &mut self,
        fields: &mut Fields<R>,
        columns: &[Option<Attribute>],
        key: Attribute,
    ) -> io::Result<()> {
        let mut at = 0;
        let (mut line, mut is_blank, mut is_sound) = (1, true, true);
        while let Some(field) = fields.next()? {
            if self.is_beyond(field, at, columns.len()) {
                return Ok(());
            }
            if at == 0 {
                (line, is_blank, is_sound) = (field.line, true, true);
            }
            is_blank &= field.bytes.trim_ascii().is_empty();
            if let Some(attribute) = columns.get(at).copied().flatten() {
                is_sound &= self.keep(attribute, field, attribute == key);
            }
            at += 1;
            if !field.is_last {
                continue;
            }
            let end = Place::new(self.file, field.line, field.column);
            let (count, start) = (std::mem::take(&mut at), self.rows.rows.last().map_or(0, |it| it.1));
            if count != columns.len() && !is_blank {
                self.ragged(Place::new(self.file, line, 1), end, (count, columns.len()));
                is_sound = false;
            }
            if is_blank || !is_sound {
                self.forget(start);
                continue;
            }
            if self.rows.rows.len() == MOST_ROWS {
                let message = format!("the file has more than {MOST_ROWS} rows");
                let at = Place::new(self.file, line, 1);
                self.findings
                    .push(Finding::new(Code::LimitExceeded, at, message).help("split it into several files"));
                return Ok(());
            }
            self.rows.rows.push((line, number(self.rows.cells.len())));
        }
        Ok(())
    }

    fn ragged(&mut self, start: Place, end: Place, (count, columns): (usize, usize)) {
        let message = format!("the row has {}, and the file {columns} columns", fields_of(count));
        let help = match count < columns {
            true => {
                "leave a field empty rather than out; a line break inside of a field needs quotation marks around the field"
            }
            false => "put quotation marks around a field that holds the delimiter",
        };
        let at = if count > columns { end } else { start };
        self.findings.push(Finding::new(Code::InvalidRow, at, message).help(help));
    }

    /// Forgets what was kept of a row.
    fn forget(&mut self, start: u32) {
        self.rows.cells.truncate(start as usize);
        let end = self.rows.cells.last().map_or(0, |it| it.end);
        self.rows.text.truncate(end as usize);
    }

    /// Keeps a field, if it says something; whether it is text.
    fn keep(&mut self, attribute: Attribute, field: Field<'_>, is_key: bool) -> bool {
        let text = match str::from_utf8(field.bytes) {
            Ok(text) if !text.contains(char::REPLACEMENT_CHARACTER) => text.trim_matches([' ', '\t']),
            found => {
                let byte = found.err().and_then(|it| field.bytes.get(it.valid_up_to()));
                let byte = byte.map_or_else(String::new, |it| format!(": byte 0x{it:02X}"));
                let message = format!(
                    "the field of `{}` is not text in the encoding of the file{byte}",
                    attribute.as_str()
                );
                let help = "export the file as UTF-8, or say how it is encoded (`encoding: windows-1252`)";
                self.findings.push(Finding::new(Code::InvalidRow, self.place(field), message).help(help));
                return false;
            }
        };
        if !text.is_empty() || is_key {
            self.rows.text.push_str(text);
            let (line, column, end) = (field.line, field.column, number(self.rows.text.len()));
            self.rows.cells.push(Packed { attribute, line, column, end });
        }
        true
    }

    /// Whether nothing more is read, of a row of so many columns; then it was said.
    fn is_beyond(&mut self, field: Field<'_>, before: usize, columns: usize) -> bool {
        const MARKS: &str = "a field that holds a quotation mark stands in quotation marks, with its own written twice: `\"5\"\" pipe\"`";
        let (code, message, help) = match field.flaw {
            Some(Flaw::Endless) => {
                let message = format!("a field has more than {MOST_BYTES} bytes");
                (Code::LimitExceeded, message, "close the quotation mark that stands before it")
            }
            Some(Flaw::Unclosed) => {
                (Code::InvalidRow, "the quotation mark that stands here is never closed".to_owned(), MARKS)
            }
            Some(Flaw::Behind) => (
                Code::InvalidRow,
                "a text follows the quotation mark that closes this field".to_owned(),
                MARKS,
            ),
            // A row of one column has no delimiter to tell it by.
            Some(Flaw::Spread(delimiters)) if delimiters > 0 && delimiters as usize + 1 == columns => {
                let message = "the row that ends here has several lines, and each looks like a row";
                (
                    Code::InvalidRow,
                    message.to_owned(),
                    "look for a quotation mark too many in its first line and in this",
                )
            }
            _ if before >= MOST_FIELDS => {
                let message = format!("a row has more than {MOST_FIELDS} fields");
                (Code::LimitExceeded, message, "export fewer columns")
            }
            // There is nothing to gain from reading on where nobody reads the findings.
            Some(Flaw::Spread(_)) | None => return self.findings.len() > MOST_FINDINGS,
        };
        self.findings.push(Finding::new(code, self.place(field), message).help(help));
        true
    }
}

/// What is wrong with titles that are those of a file read by another delimiter or encoding, and what to do.
fn misread(titles: &[(String, Place)], given: Delimiter) -> Option<(&'static str, String)> {
    if titles.iter().any(|it| it.0.contains('\0')) {
        return Some((
            "the first line holds zero bytes",
            "write `encoding: utf-16`, or export it as UTF-8".to_owned(),
        ));
    }
    let first = titles.first()?.0.as_str();
    if let Some(rest) = first.strip_prefix("sep=").filter(|it| it.chars().count() <= 1) {
        let other =
            Delimiter::ALL.into_iter().find(|it| rest.chars().eq([char::from(it.byte())])).unwrap_or(given);
        let help = format!("delete the line, and write `delimiter: \"{}\"`", other.as_str());
        return Some(("the first line is for a spreadsheet, and not the titles of the columns", help));
    }
    let [(only, _)] = titles else { return None };
    let other = Delimiter::ALL.into_iter().find(|it| *it != given && only.contains(char::from(it.byte())))?;
    let help = format!("write `delimiter: \"{}\"`", other.as_str());
    Some(("the first line is split by another delimiter", help))
}

fn fields_of(count: usize) -> String {
    if count == 1 { "1 field".to_owned() } else { format!("{count} fields") }
}

/// Without what makes more lines of one.
fn escaped(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

/// Findings that a person can read: what is said of many rows is said of the first, and of too many how many there are.
pub(super) fn few(findings: Vec<Finding>, file: FileId) -> Vec<Finding> {
    let mut known: BTreeMap<(Code, String), usize> = BTreeMap::new();
    let mut kept: Vec<(Finding, usize)> = Vec::new();
    for finding in findings {
        match known.get(&(finding.code, finding.message.clone())) {
            Some(at) => kept[*at].1 += 1,
            None => {
                known.insert((finding.code, finding.message.clone()), kept.len());
                kept.push((finding, 0));
            }
        }
    }
    let more = kept.len().saturating_sub(MOST_FINDINGS);
    let last = kept.get(MOST_FINDINGS).and_then(|it| it.0.place);
    kept.truncate(MOST_FINDINGS);
    let mut few: Vec<Finding> = kept
        .into_iter()
        .map(|(mut finding, others)| {
            match others {
                0 => (),
                1 => finding.message.push_str(", here and in 1 more row"),
                others => finding.message.push_str(&format!(", here and in {others} more rows")),
            }
            finding
        })
        .collect();
    if more > 0 {
        let at = last.unwrap_or(Place::new(file, 1, 1));
        few.push(
            Finding::new(Code::LimitExceeded, at, format!("{more} more findings in this file, from here on"))
                .help("mend the others first: often many have one cause, such as a column that is not the one meant"),
        );
    }
    few
}

#[cfg(test)]
mod tests;
