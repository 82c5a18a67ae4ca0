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
    source: BufReader<DecodeReaderBytes<R, Vec<u8>>>,
    core: Reader,
    field: Box<[u8]>,
    at: Position,
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
    /// Whether it has more than [`MOST_BYTES`]; nothing follows then.
    pub(super) is_endless: bool,
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
        // What is not UTF-8 comes through as it is, for a finding at its place. A mark at the beginning is believed first.
        let decoded = DecodeReaderBytesBuilder::new()
            .encoding(encoding)
            .utf8_passthru(true)
            .strip_bom(true)
            .bom_override(true)
            .build(source);
        Self {
            source: BufReader::with_capacity(64 << 10, decoded),
            core: ReaderBuilder::new().delimiter(delimiter.byte()).build(),
            field: vec![0; MOST_BYTES].into_boxed_slice(),
            at: Position { line: 1, column: 1, is_after_return: false },
            is_new: true,
        }
    }

    /// The next field, if there is one.
    pub(super) fn next(&mut self) -> io::Result<Option<Field<'_>>> {
        let (mut start, mut len) = (None, 0);
        loop {
            let input = self.source.fill_buf()?;
            let (result, taken, written) = self.core.read_field(input, &mut self.field[len..]);
            for byte in &input[..taken] {
                if start.is_none() && !(self.is_new && matches!(byte, b'\r' | b'\n')) {
                    start = Some(self.at.before(*byte));
                }
                self.at.pass(*byte);
            }
            self.source.consume(taken);
            len += written;
            let (is_last, is_endless) = match result {
                ReadFieldResult::InputEmpty => continue,
                ReadFieldResult::OutputFull => (true, true),
                ReadFieldResult::Field { record_end } => (record_end, false),
                ReadFieldResult::End => return Ok(None),
            };
            self.is_new = is_last;
            let Position { line, column, .. } = start.unwrap_or(self.at);
            return Ok(Some(Field { bytes: &self.field[..len], line, column, is_last, is_endless }));
        }
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
