//! What is said of text that is not well-formed: the place, the cause and the cure, in words of the file.
//!
//! The parser says where it gave up; the cause is often before that, and is looked for in the text.

use granit_parser::{ErrorKind, ScanError};

use crate::model::{
    finding::{Code, Finding},
    source::{FileId, Place},
};

/// Line and column, from 1.
type Spot = (u32, u32);

/// A finding before its place has a file: where, what, what to do.
type Said = (Spot, String, String);

const TAB: &str = "indent with spaces: YAML does not take tabs";
const LINED_UP: &str = "the keys of one mapping, and the dashes of one list, stand below each other";
const QUOTE: &str =
    "close it at the end of the text; what goes on in the next line is indented deeper than its key";

/// The finding of a syntax error, and whether the file is one of an unfinished merge, of which nothing is certain.
///
/// `bracket` is the innermost one that was open.
pub(super) fn finding(error: &ScanError, bracket: Option<Spot>, text: &str, file: FileId) -> (Finding, bool) {
    if let Some(conflict) = conflict(text, file) {
        return (conflict, true);
    }
    let code = match error.kind() {
        ErrorKind::RecursionLimitExceeded => Code::LimitExceeded,
        _ => Code::Syntax,
    };
    let ((line, column), message, help) = Error::new(error, bracket, text).said(error.kind());
    (Finding::new(code, Place::new(file, line, column), message).help(help), false)
}

/// The lines that a merge leaves where both sides changed something.
pub(super) fn conflict(text: &str, file: FileId) -> Option<Finding> {
    let mut lines = (1..).zip(text.lines());
    let (line, _) = lines.find(|it| marks(it.1))?;
    let help =
        "keep what is right of both sides, and delete the lines with `<<<<<<<`, `=======` and `>>>>>>>`";
    Some(Finding::new(Code::Syntax, Place::new(file, line, 1), "a merge was not finished here").help(help))
}

fn marks(line: &str) -> bool {
    ["<<<<<<<", ">>>>>>>"]
        .iter()
        .any(|it| line.strip_prefix(it).is_some_and(|it| it.is_empty() || it.starts_with(' ')))
}

/// Where the parser gave up.
struct Error<'a> {
    text: &'a str,
    at: Spot,
    /// In bytes.
    offset: usize,
    bracket: Option<Spot>,
}

impl<'a> Error<'a> {
    fn new(error: &ScanError, bracket: Option<Spot>, text: &'a str) -> Self {
        let mark = error.marker();
        let narrow = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        let at = (narrow(mark.line()), narrow(mark.col() + 1));
        let offset = mark.byte_offset().filter(|it| text.is_char_boundary(*it)).unwrap_or(text.len());
        Self { text, at, offset, bracket }
    }

    fn said(&self, kind: &ErrorKind) -> Said {
        use ErrorKind as Kind;
        if let Some(tab) = self.tab(kind) {
            return (tab, "a tab in the indentation".to_owned(), TAB.to_owned());
        }
        let fixed = |message: &str, help: &str| (self.at, message.to_owned(), help.to_owned());
        match kind {
            Kind::UnexpectedCharacter { character: '@' | '`' | '%' } | Kind::MissingAnchorOrAliasName => {
                self.unquoted_beginning()
            }
            Kind::UnexpectedCharacter { character } => {
                let message = format!("the file holds a control character (U+{:04X})", u32::from(*character));
                (self.first(*character), message, "delete it: it is not seen, and means nothing".to_owned())
            }
            Kind::MappingValueNotAllowed => self.colon(),
            Kind::ExpectedFlowMappingSeparator | Kind::InvalidColonPlacement
                if self.is_in_line_of_bracket() =>
            {
                fixed(
                    "a second `: ` in one entry",
                    "put a comma before the next key, or quotes around a text that holds a colon",
                )
            }
            Kind::UnclosedFlowCollection { .. } => self.unclosed_bracket(self.at),
            Kind::MismatchedFlowCollectionEnd { open, close } => {
                let message = format!("the bracket `{open}` is closed by `{close}`");
                (self.at, message, "close each bracket with its own kind".to_owned())
            }
            Kind::MisplacedFlowCollectionEnd => {
                fixed("this bracket closes nothing", "delete it, or open one before")
            }
            Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => {
                self.unclosed_quote(self.offset)
            }
            Kind::InvalidQuotedScalarIndent => {
                self.unclosed_quote(self.before(self.offset, &['"', '\'']).unwrap_or(self.offset))
            }
            Kind::InvalidTrailingDoubleQuotedScalar => self.after_quote('"'),
            Kind::InvalidTrailingSingleQuotedScalar => self.after_quote('\''),
            Kind::UnknownQuotedScalarEscape
            | Kind::InvalidQuotedScalarHexEscape
            | Kind::InvalidUnicodeEscape
            | Kind::InvalidLowSurrogate
            | Kind::InvalidLowSurrogateHexEscape
            | Kind::MissingLowSurrogate
            | Kind::UnpairedLowSurrogate => fixed(
                "a backslash in this text stands for nothing",
                "put the text into single quotes, or double the backslash",
            ),
            Kind::InvalidBlockScalarHeader | Kind::ZeroBlockScalarIndent => fixed(
                "after `>` or `|` a text begins in the next line",
                "write it there, indented; a text that begins with `>` or `|` needs quotes",
            ),
            Kind::BlockSequenceEntryNotAllowed => fixed(
                "a list of dashes does not begin in the line of its key",
                "begin it in the next line, or write `[…]`; a text that begins with a dash needs quotes",
            ),
            Kind::BlockEntryInFlowCollection | Kind::PlainScalarStartsWithDashFlowIndicator => fixed(
                "a dash inside of brackets",
                "in brackets entries are parted by commas; a text that begins with a dash needs quotes",
            ),
            Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => self.no_key(),
            Kind::CommentNotSeparated | Kind::CommentInterceptedScalar => fixed(
                "a comment in the middle of a value",
                "put a space before `#`, or quotes around the text",
            ),
            Kind::UndeclaredTagHandle
            | Kind::MissingTagUri
            | Kind::ExpectedTagBang
            | Kind::InvalidTagTerminator
            | Kind::InvalidGlobalTagCharacter
            | Kind::UnclosedVerbatimTag => {
                fixed("tags (`!…`) are not read", "delete the tag; a text that begins with `!` needs quotes")
            }
            Kind::RecursionLimitExceeded => {
                fixed("lists and mappings are nested too deep", "split the file, or write it flatter")
            }
            Kind::UnsupportedYamlMajorVersion | Kind::DuplicateVersionDirective => {
                fixed("this version of YAML is not read", "delete the line that begins with `%`")
            }
            Kind::MappingKeyNotAllowed => self.unquoted_beginning(),
            _ if self.text[self.offset..].starts_with(',') => {
                fixed("nothing stands before this comma", "delete the comma, or write the entry")
            }
            _ if self.bracket.is_some() => self.unclosed_bracket(self.bracket.unwrap_or(self.at)),
            Kind::ExpectedBlockMappingKey | Kind::ExpectedBlockSequenceEntry | Kind::InvalidIndentation => {
                fixed("this line does not line up with those above", LINED_UP)
            }
            _ => fixed(
                "this is not well-formed YAML",
                "look at the indentation, the quotes and the brackets of this line and the one before",
            ),
        }
    }

    fn line(&self, number: u32) -> &'a str {
        self.text.lines().nth(number.saturating_sub(1) as usize).unwrap_or_default()
    }

    /// The line and column of an offset.
    fn spot(&self, offset: usize) -> Spot {
        let before = &self.text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let narrow = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        (narrow(line), narrow(column))
    }

    fn before(&self, offset: usize, quotes: &[char]) -> Option<usize> {
        self.text[..offset].rfind(quotes)
    }

    /// The first place of a character from here on.
    fn first(&self, character: char) -> Spot {
        self.text[self.offset..].find(character).map_or(self.at, |it| self.spot(self.offset + it))
    }

    /// The tab among the spaces at the beginning of a line: of this one, or of the next for a text that goes on there.
    fn tab(&self, kind: &ErrorKind) -> Option<Spot> {
        let lines = if matches!(kind, ErrorKind::TabInPlainScalar) { 0..3 } else { 0..1 };
        let found = lines.map(|it| self.at.0 + it).find_map(|number| {
            let indentation = self.line(number).split(|it: char| !it.is_whitespace()).next()?;
            let column = indentation.chars().position(|it| it == '\t')?;
            Some((number, u32::try_from(column + 1).unwrap_or(u32::MAX)))
        });
        let is_tab = matches!(
            kind,
            ErrorKind::TabInBlockIndentation
                | ErrorKind::TabInIndentation
                | ErrorKind::TabNotAllowed
                | ErrorKind::TabAtBlockScalarStart
        );
        found.or_else(|| is_tab.then_some(self.at))
    }

    fn is_in_line_of_bracket(&self) -> bool {
        self.text[self.offset..].starts_with(':') && self.bracket.is_none_or(|it| it.0 == self.at.0)
    }

    fn unquoted_beginning(&self) -> Said {
        let rest = &self.text[self.offset..];
        let word = rest.split([',', ']', '}', '\n', '\r']).next().unwrap_or_default().trim();
        let sign = word.chars().next().unwrap_or(' ');
        let help = format!("put quotes around the text: `\"{word}\"`");
        // Between backticks one more would not be seen.
        let sign = if sign == '`' { "a backtick".to_owned() } else { format!("`{sign}`") };
        (self.at, format!("a text without quotes cannot begin with {sign}"), help)
    }

    /// A colon where none can be: the second of its line, or one that the line before does not expect.
    fn colon(&self) -> Said {
        let (number, column) = self.at;
        let line = self.line(number);
        let before: String = line.chars().take(column as usize - 1).collect();
        if let Some((key, text)) = before.split_once(": ") {
            let whole = line.split_once(": ").map_or(text, |it| it.1).trim();
            let key = key.trim_start_matches(['-', ' ', '{', '[']);
            let message = "a second `: ` in one text".to_owned();
            return (self.at, message, format!("put quotes around the text: `{key}: \"{whole}\"`"));
        }
        let above = self.text.lines().take(number as usize - 1).enumerate();
        let Some((index, above)) = above.filter(|it| !it.1.trim().is_empty()).last() else {
            return (self.at, "a colon where none can be".to_owned(), LINED_UP.to_owned());
        };
        let above_number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let (indent, words) = (above.chars().take_while(|it| *it == ' ').count(), above.trim_start());
        let spot = |further: usize| (above_number, u32::try_from(indent + further + 1).unwrap_or(u32::MAX));
        if words.starts_with('-') && !words.starts_with("- ") {
            let help = "write a space after the dash of an entry".to_owned();
            return (spot(0), "there is no space after this dash".to_owned(), help);
        }
        match words.find(':') {
            Some(at) if !words[at + 1..].starts_with(' ') && at + 1 < words.len() => {
                let help = "write a space after the colon of a key".to_owned();
                let column = words[..at].chars().count();
                (spot(column), "there is no space after this colon".to_owned(), help)
            }
            _ => {
                let start = u32::try_from(line.chars().take_while(|it| *it == ' ').count() + 1).unwrap_or(1);
                let message =
                    "this line is indented deeper than the one above, and reads as more of its text";
                let help = format!("{LINED_UP}; a text over several lines that holds a colon needs quotes");
                ((number, start), message.to_owned(), help)
            }
        }
    }

    fn unclosed_bracket(&self, open: Spot) -> Said {
        let bracket = self.line(open.0).chars().nth(open.1 as usize - 1).unwrap_or('[');
        let closed = if bracket == '{' { '}' } else { ']' };
        let message = format!("the bracket `{bracket}` that opens here is not closed");
        (open, message, format!("write `{closed}` where it ends"))
    }

    fn unclosed_quote(&self, open: usize) -> Said {
        (self.spot(open), "the quote that opens here is not closed".to_owned(), QUOTE.to_owned())
    }

    /// Something after what closes a quote: the quote was never closed, or closed too early.
    fn after_quote(&self, quote: char) -> Said {
        let close = self.before(self.offset, &[quote]).unwrap_or(self.offset);
        let open = self.before(close, &[quote]).unwrap_or(close);
        if self.spot(open).0 < self.spot(close).0 {
            return self.unclosed_quote(open);
        }
        let help = match quote {
            '"' => "put the whole text into the quotes, or a comma between two entries",
            _ => {
                "a quote that is part of the text is written twice (`''`), or the text put into double quotes"
            }
        };
        (self.at, "something follows after the quote is closed".to_owned(), help.to_owned())
    }

    /// A line that is no key with its value and no entry of a list.
    fn no_key(&self) -> Said {
        let line = self.line(self.at.0);
        let message = if line.chars().count() > 1_000 {
            "a key is longer than 1,024 characters"
        } else {
            "this line is neither a key with its value nor an entry of a list"
        };
        let help = "write `key: value` with a colon and a space, or `- entry` with a dash and a space";
        (self.at, message.to_owned(), help.to_owned())
    }
}
