//! The fields of a CSV file one after the other, each with where it begins. Holds one field at a time.
//!
//! By the machine inside of the `csv` crate rather than by its reader: that tells where a row begins, and not where a field
//! does, and it reads a file of one unclosed quotation mark whole.

use std::io::{self, BufRead, BufReader, Read};

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

use super::super::users_from::{Delimiter, Encoding};

/// Most bytes of a field.
pub(super) const MOST_BYTES: usize = 64 << 10;

/// Reads fields.
pub(super) struct Fields<R: Read> {
    source: BufReader<DecodeReaderBytes<BufReader<R>, Vec<u8>>>,
    core: Reader,
    delimiter: u8,
    field: Box<[u8]>,
    at: Position,
    lines: Lines,
    /// Whether a row begins: breaks before it are of the row before, or of no row.
    is_new: bool,
}

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'f> {
    /// As far as it is kept.
    pub(super) bytes: &'f [u8],
    /// From 1.
    pub(super) line: u32,
    /// In characters, from 1.
    pub(super) column: u32,
    /// Whether it is the last of its row.
    pub(super) is_last: bool,
    /// Whether what follows, if anything does, cannot be told from what is inside it.
    pub(super) flaw: Option<Flaw>,
}

/// What makes the rest of a file unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It has more than [`MOST_BYTES`].
    Endless,
    /// The file ends inside quotation marks.
    Unclosed,
    /// Something stands behind the quotation mark that closes it.
    Behind,
    /// It ends a row of several lines of which each has this many delimiters. Where that is as many as a row has, each rather
    /// is a row, and quotation marks stand where they do not belong.
    Spread(u32),
}

/// Where a field is with its quotation marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Marks {
    /// Nothing of it was seen.
    #[default]
    Before,
    /// It has none, or they are letters like others.
    Without,
    Inside,
    /// Behind one that closes it, or that is the first of a double one.
    Closed,
    /// Behind what stands behind that.
    Behind,
}

/// The lines of a row.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    /// Which one it is, and how many delimiters it has.
    now: Option<(u32, u32)>,
    /// How many those before it have, and whether all have that many.
    before: Option<(u32, bool)>,
}

#[derive(Clone, Copy, Debug)]
struct Position {
    line: u32,
    column: u32,
    is_after_return: bool,
}

impl<R: Read> Fields<R> {
    pub(super) fn new(source: R, delimiter: Delimiter, encoding: Encoding) -> Self {
        let encoding = match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16 => Some(encoding_rs::UTF_16LE),
            Encoding::Windows1252 => Some(encoding_rs::WINDOWS_1252),
        };
        // What is not UTF-8 comes through as it is, for a finding at its place. A mark at the beginning is believed first; what
        // cannot be read is said when it is read.
        let mut source = BufReader::new(source);
        let is_marked = source.fill_buf().is_ok_and(|it| it.starts_with("\u{feff}".as_bytes()));
        let decoded = DecodeReaderBytesBuilder::new()
            .encoding(encoding.filter(|_| !is_marked))
            .utf8_passthru(true)
            .strip_bom(true)
            .bom_override(true)
            .build(source);
        Self {
            source: BufReader::with_capacity(64 << 10, decoded),
            core: ReaderBuilder::new().delimiter(delimiter.byte()).build(),
            delimiter: delimiter.byte(),
            field: vec![0; MOST_BYTES].into_boxed_slice(),
            at: Position { line: 1, column: 1, is_after_return: false },
            lines: Lines::default(),
            is_new: true,
        }
    }

    /// The next field, if there is one.
    pub(super) fn next(&mut self) -> io::Result<Option<Field<'_>>> {
        let (mut start, mut len, mut marks) = (None, 0, Marks::Before);
        loop {
            let input = self.source.fill_buf()?;
            let (result, taken, written) = self.core.read_field(input, &mut self.field[len..]);
            for byte in &input[..taken] {
                let is_between = self.is_new && start.is_none() && matches!(byte, b'\r' | b'\n');
                if !is_between {
                    let at = self.at.before(*byte);
                    start = start.or(Some(at));
                    marks = marks.after(*byte, self.delimiter);
                    self.lines.pass(at.line, *byte == self.delimiter);
                }
                self.at.pass(*byte);
            }
            self.source.consume(taken);
            len += written;
            let (is_last, mut flaw) = match result {
                ReadFieldResult::InputEmpty => continue,
                ReadFieldResult::OutputFull => (true, Some(Flaw::Endless)),
                ReadFieldResult::Field { record_end } => (record_end, None),
                ReadFieldResult::End => return Ok(None),
            };
            self.is_new = is_last;
            flaw = flaw.or(match marks {
                Marks::Inside => Some(Flaw::Unclosed),
                Marks::Behind => Some(Flaw::Behind),
                Marks::Before | Marks::Without | Marks::Closed => None,
            });
            if is_last {
                flaw = flaw.or(std::mem::take(&mut self.lines).alike().map(Flaw::Spread));
            }
            let Position { line, column, .. } = start.unwrap_or(self.at);
            return Ok(Some(Field { bytes: &self.field[..len], line, column, is_last, flaw }));
        }
    }
}

impl Marks {
    /// Where it is behind one more byte, which may be what ends the field.
    fn after(self, byte: u8, delimiter: u8) -> Self {
        match (self, byte) {
            (Self::Before, b'"') | (Self::Closed, b'"') => Self::Inside,
            (Self::Before, _) => Self::Without,
            (Self::Inside, b'"') => Self::Closed,
            (Self::Closed, _) if byte != delimiter && !matches!(byte, b'\r' | b'\n') => Self::Behind,
            (now, _) => now,
        }
    }
}

impl Lines {
    fn pass(&mut self, line: u32, is_delimiter: bool) {
        let (of, mut count) = self.now.unwrap_or((line, 0));
        if of != line {
            let (first, alike) = self.before.unwrap_or((count, true));
            self.before = Some((first, alike && first == count));
            count = 0;
        }
        self.now = Some((line, count + u32::from(is_delimiter)));
    }

    /// How many delimiters each has, where there are several lines and all have as many.
    fn alike(self) -> Option<u32> {
        let (first, alike) = self.before?;
        self.now.filter(|it| alike && it.1 == first).map(|it| it.1)
    }
}

impl Position {
    /// Where a byte is that comes next.
    fn before(self, byte: u8) -> Self {
        match self.is_after_return && byte != b'\n' {
            true => Self { line: self.line.saturating_add(1), column: 1, is_after_return: false },
            false => self,
        }
    }

    fn pass(&mut self, byte: u8) {
        *self = self.before(byte);
        self.is_after_return = byte == b'\r';
        if byte == b'\n' {
            (self.line, self.column) = (self.line.saturating_add(1), 1);
        } else if byte & 0xc0 != 0x80 {
            self.column = self.column.saturating_add(1);
        }
    }
}
