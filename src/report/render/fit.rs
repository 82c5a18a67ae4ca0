//! Text in the columns that a terminal has: where lines may be broken, and what stands beside what.
//!
//! Nothing is left out and nothing is cut: what has no room goes below, indented. Names of files with their lines, what is
//! quoted in backticks and commands to type stay in one piece, so that they can be copied. Knows no terminal.

use std::{borrow::Cow, fmt::Write as _};

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use crate::model::escape;

/// The column at which origins begin, where what stands before them leaves room.
const ORIGIN: usize = 62;
/// Where lists are broken, however wide a line may be.
const LIST: usize = 120;
/// Fewest columns that text is made for: below that, a terminal breaks the lines itself.
const LEAST: usize = 60;
/// The least that what goes below is indented by.
const INDENT: usize = 2;
/// Most columns of a quotation that stays in one piece.
const QUOTED: usize = LEAST - INDENT;

/// How many columns a line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// As many as it takes: for files and other programs, which look for whole lines.
    Any,
    /// So many.
    Columns(usize),
}

impl Width {
    fn room(self) -> usize {
        match self {
            Self::Any => usize::MAX,
            Self::Columns(columns) => columns.max(LEAST),
        }
    }

    /// The most that what goes below is indented by.
    fn deepest(self) -> usize {
        match self {
            Self::Any => usize::MAX,
            Self::Columns(_) => self.room() / 2,
        }
    }
}

/// Returns text with its lines broken between words where they are too long, indented below what they say.
pub fn prose(text: &str, width: Width) -> String {
    if width == Width::Any {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |it| (it, "\n"));
        if seen(line) <= width.room() {
            out.push_str(line);
        } else {
            let mut column = 0;
            let hang = hang(line).min(width.deepest());
            for (spaces, token) in tokens(line) {
                let wide = seen(token);
                let indent = indent(hang, wide, width);
                let spaces =
                    if column + spaces + wide > width.room() && indent < column + spaces && column > 0 {
                        out.push('\n');
                        column = 0;
                        indent
                    } else {
                        spaces
                    };
                out.extend(std::iter::repeat_n(' ', spaces));
                out.push_str(token);
                column += spaces + wide;
            }
        }
        out.push_str(end);
    }
    out
}

/// By how much a piece is indented that goes below: as the rest, or less where it has no room there.
fn indent(hang: usize, wide: usize, width: Width) -> usize {
    [hang, hang / 2].into_iter().find(|it| it.saturating_add(wide) <= width.room()).unwrap_or(INDENT)
}

/// The column of what a line says: behind the last gap between columns at its beginning.
fn hang(line: &str) -> usize {
    let mut column = 0;
    let mut hang = INDENT;
    for (n, (spaces, token)) in tokens(line).into_iter().enumerate() {
        if n == 0 {
            hang = spaces + INDENT;
        } else if spaces > 1 && column < LEAST * 2 / 3 {
            hang = column + spaces;
        }
        column += spaces + seen(token);
    }
    hang
}

/// Columns that text takes on a screen: its styles take none.
fn seen(text: &str) -> usize {
    unstyled(text).width()
}

/// Text without its styles. Nothing else in it begins with an escape.
pub(super) fn unstyled(text: &str) -> Cow<'_, str> {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    if first.len() == text.len() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(parts.fold(first.to_owned(), |out, it| out + it.split_once('m').map_or("", |it| it.1)))
}

/// What is not broken, each with the spaces before it.
fn tokens(text: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = at + text[at..].bytes().take_while(|it| *it == b' ').count();
        let word_end = |from: usize| text[from..].find(' ').map_or(text.len(), |it| from + it);
        let mut end = word_end(start);
        let opens = text[start..end].matches('`').count() % 2 == 1;
        if let Some(closes) = text[end..].find('`').filter(|_| opens) {
            let closed = word_end(end + closes);
            end = if seen(&text[start..closed]) <= QUOTED { closed } else { end };
        }
        if text[start..].starts_with("rolecall ") && text[..start].trim_end().ends_with(':') {
            end = text.len();
        }
        if start < end {
            tokens.push((start - at, &text[start..end]));
        }
        at = end;
    }
    tokens
}

/// Whether a line is in one piece, and so cannot be shorter.
#[cfg(test)]
pub(super) fn is_whole(line: &str) -> bool {
    tokens(line).len() == 1
}

/// Where what stands beside lines begins, on the pages of one text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    width: Width,
    beside: usize,
}

impl Layout {
    /// A layout in which such origins have room beside what they belong to.
    pub(super) fn new<'a>(width: Width, origins: impl IntoIterator<Item = &'a str>) -> Self {
        let beside = match width {
            Width::Any => ORIGIN,
            Width::Columns(_) => {
                let widest = origins.into_iter().map(|it| escape::terminal(it).width()).max().unwrap_or(0);
                ORIGIN.min(width.room().saturating_sub(widest).max(width.room() / 2))
            }
        };
        Self { width, beside }
    }

    pub(super) fn row(self) -> Row {
        Row { layout: self, text: String::new(), column: 0, gap: 0, least: 0, hang: INDENT * 2 }
    }
}

/// A line in the making: knows how wide it is on the screen, and goes on below where it has no room. Escapes what it is
/// given.
pub(super) struct Row {
    layout: Layout,
    text: String,
    column: usize,
    /// Spaces that the next text will have before it; never written at the end of a line.
    gap: usize,
    /// As many will do, where there is no room.
    least: usize,
    /// The column of what goes below.
    hang: usize,
}

impl Row {
    pub(super) fn put(&mut self, style: Style, text: &str) -> &mut Self {
        let shown = escape::terminal(text);
        self.run(style, tokens(&shown));
        let spaces = shown.len() - shown.trim_end_matches(' ').len();
        self.space(spaces)
    }

    /// Puts what stays in one piece.
    pub(super) fn whole(&mut self, style: Style, text: &str) -> &mut Self {
        let shown = escape::terminal(text);
        self.run(style, [(0, &*shown)].into_iter().filter(|it| !it.1.is_empty()).collect())
    }

    /// Puts an element of a list, rather on a line of its own than over two.
    pub(super) fn item(&mut self, style: Style, text: &str) -> &mut Self {
        let most = self.layout.width.room().min(LIST);
        let wide = escape::terminal(text).trim_end_matches(' ').width();
        if self.column > self.hang && self.column + self.gap + wide > most {
            self.below();
        }
        self.put(style, text)
    }

    pub(super) fn space(&mut self, n: usize) -> &mut Self {
        self.gap += n;
        self.least += n;
        self
    }

    /// Moves to a column, by at least `gap` spaces.
    pub(super) fn to(&mut self, column: usize, gap: usize) -> &mut Self {
        self.gap = column.saturating_sub(self.column).max(gap);
        self.least = gap;
        self
    }

    /// Moves to the column of what stands below something in a table, or less far where that leaves little room.
    pub(super) fn under(&mut self, column: usize) -> &mut Self {
        self.to(column.min(self.layout.width.deepest()), 0)
    }

    /// Moves to where origins stand.
    pub(super) fn beside(&mut self, gap: usize) -> &mut Self {
        self.to(self.layout.beside, gap)
    }

    /// Lets what has no room go on below what comes next.
    pub(super) fn hanging(&mut self) -> &mut Self {
        self.hang = (self.column + self.gap).min(self.layout.width.deepest());
        self
    }

    /// Lets it go on deeper than that.
    pub(super) fn deeper(&mut self, by: usize) -> &mut Self {
        self.hang += by;
        self
    }

    /// Adds what stands beside a change: where it is declared, and why it happens.
    pub(super) fn aside(&mut self, gap: usize, origin: Option<(Style, &str)>, note: Option<(Style, &str)>) {
        self.beside(gap);
        if let Some((style, origin)) = origin {
            self.whole(style, origin).space(2);
        }
        // What says nothing takes no line of its own either.
        let Some((style, note)) = note.filter(|it| !it.1.is_empty()) else { return };
        let wide = escape::terminal(note).width();
        if self.column + self.gap + wide > self.layout.width.room() {
            self.gap = self.least;
            if self.column + self.gap + wide > self.layout.width.room() {
                self.below();
            }
        }
        self.put(style, note);
    }

    pub(super) fn end(&mut self) -> String {
        let ended = std::mem::replace(self, self.layout.row());
        ended.text + "\n"
    }

    fn below(&mut self) {
        self.text.push('\n');
        self.column = 0;
        (self.gap, self.least) = (self.hang, self.hang);
    }

    fn run(&mut self, style: Style, tokens: Vec<(usize, &str)>) -> &mut Self {
        let mut begun = false;
        for (spaces, token) in tokens {
            self.space(spaces);
            let (wide, room) = (token.width(), self.layout.width.room());
            let fits = |gap: usize| self.column.saturating_add(gap).saturating_add(wide) <= room;
            if !fits(self.gap) {
                self.gap = self.least;
                let indent = indent(self.hang, wide, self.layout.width);
                if !fits(self.gap) && self.column > 0 && indent < self.column + self.gap {
                    if std::mem::take(&mut begun) {
                        let _ = write!(self.text, "{style:#}");
                    }
                    self.below();
                    (self.gap, self.least) = (indent, indent);
                }
            }
            if !begun {
                self.text.extend(std::iter::repeat_n(' ', self.gap));
                let _ = write!(self.text, "{style}");
                begun = true;
            } else {
                self.text.extend(std::iter::repeat_n(' ', self.gap));
            }
            self.text.push_str(token);
            self.column += self.gap + wide;
            (self.gap, self.least) = (0, 0);
        }
        if begun {
            let _ = write!(self.text, "{style:#}");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_belongs_together_is_one_token() {
        for (text, expected) in [
            ("a  b", &["a", "b"][..]),
            ("give `--approve PLAN_ID` or not", &["give", "`--approve PLAN_ID`", "or", "not"]),
            ("an odd ` is a word", &["an", "odd", "`", "is", "a", "word"]),
            ("(`a b`, `c`)", &["(`a b`,", "`c`)"]),
            ("do this: rolecall apply --approve 12", &["do", "this:", "rolecall apply --approve 12"]),
            ("who runs rolecall keeps it", &["who", "runs", "rolecall", "keeps", "it"]),
            ("  日本 語 ", &["日本", "語"]),
            ("", &[]),
        ] {
            assert_eq!(tokens(text).into_iter().map(|it| it.1).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn prose_goes_on_below_what_it_says() {
        let columns = Width::Columns(60);
        for (text, expected) in [
            ("short\n", "short\n"),
            (
                "  failed   Group: change roles: the API says that it does not know this role\n",
                "  failed   Group: change roles: the API says that it does\n           not know this role\n",
            ),
            (
                "error: no terminal to confirm on, and a flag was not given either\nhint: x",
                "error: no terminal to confirm on, and a flag was not given\n  either\nhint: x",
            ),
            (
                "Undo:     rolecall rollback .rolecall/journal/7c1e09ab44d2-20261121T080000000Z.ndjson",
                "Undo:\n  rolecall rollback .rolecall/journal/7c1e09ab44d2-20261121T080000000Z.ndjson",
            ),
            (
                "日本日本日本日本日本日本日本日本日本日本日本日本日本日本 日本",
                "日本日本日本日本日本日本日本日本日本日本日本日本日本日本\n  日本",
            ),
        ] {
            assert_eq!(prose(text, columns), expected);
            assert_eq!(prose(text, Width::Any), text);
        }
    }

    proptest! {
        #[test]
        fn prose_loses_nothing_and_fits(
            words in prop::collection::vec("[a-z`:日 ]{1,12}|[a-z/.]{40,90}", 1..40), columns in 60..200_usize, indent in 0..12_usize,
        ) {
            let text = format!("{}{}", " ".repeat(indent), words.join(" "));
            let fitted = prose(&text, Width::Columns(columns));
            let plain = |it: &str| it.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(plain(&fitted), plain(&text));
            for line in fitted.lines() {
                prop_assert!(line.width() <= columns || tokens(line).len() == 1, "{:?}", line);
            }
        }
    }
}
