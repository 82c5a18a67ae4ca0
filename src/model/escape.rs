//! Makes text from files and the API harmless where it is shown; changes nothing a reader can see.

use std::{borrow::Cow, fmt::Write as _};

use super::name;

/// Returns `text` on one line, with every character that could act or hide shown as `\u{…}`.
///
/// Controls would drive the terminal, bidirectional marks would reorder what
/// stands beside them, and invisible characters let two names look alike.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.contains(hides) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hides(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Returns lines of a file with one `�` for each character that would act or hide, so that columns stay.
pub(crate) fn source_text(text: &str) -> String {
    text.chars().map(|c| if hides(c) && c != '\t' && c != '\n' { '�' } else { c }).collect()
}

/// Returns `text` as a Markdown code span: no forge looks inside for markup, mentions or links.
///
/// Not for the inside of HTML blocks, where Markdown is not read (see `html`),
/// nor for tables, whose cells end at a pipe even in code.
pub fn markdown(text: &str) -> String {
    let shown = terminal(text);
    if shown.is_empty() {
        return "` `".to_owned();
    }
    let fence = "`".repeat(longest_run(&shown, '`') + 1);
    // A space on both sides is dropped again; it keeps a backtick or a space at an end from being read as ours.
    let edge = |c: char| c == '`' || c == ' ';
    let pad = if shown.starts_with(edge) || shown.ends_with(edge) { " " } else { "" };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// Returns `text` as a `<code>` element for the inside of an HTML block, such as a `<summary>`.
///
/// The element keeps forges from seeing mentions and references, the entities keep out tags.
pub(crate) fn html(text: &str) -> String {
    format!("<code>{}</code>", markup(text))
}

/// Returns `text` as what stands between tags of HTML, or between the quotes of an attribute: no part of it is markup.
pub(crate) fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in terminal(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            // No document may hold them.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

/// Returns JSON in which what [`terminal`] would show as `\u{…}` is written as `\uXXXX`: the same value, harmless to print.
pub(crate) fn json(document: &str) -> String {
    // A line end is layout in a JSON document: those of strings are escaped already.
    let is_plain = |it: &u8| matches!(it, b'\n' | b' '..=b'~');
    let mut out = String::with_capacity(document.len());
    let mut rest = document;
    while !rest.is_empty() {
        let plain = rest.bytes().take_while(is_plain).count();
        out.push_str(&rest[..plain]);
        let mut others = rest[plain..].chars();
        match others.next() {
            Some('\t' | '\r') => out.push(' '),
            Some(c) if hides(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            other => out.extend(other),
        }
        rest = others.as_str();
    }
    out
}

/// Returns at most `limit` bytes of `text`, with `…` where some is missing.
pub(crate) fn clip(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let Some(mut end) = limit.checked_sub('…'.len_utf8()) else { return Cow::Borrowed("") };
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Cow::Owned(format!("{}…", text[..end].trim_end()))
}

/// Returns the length of the longest run of `wanted`.
pub(crate) fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Whether the character acts on the terminal, reorders text or cannot be seen.
///
/// Variation selectors that only choose how an emoji looks are left alone, and so are spaces.
fn hides(c: char) -> bool {
    !matches!(c, ' '..='~' | '\u{fe0e}' | '\u{fe0f}')
        && (name::is_ignorable(c) || (name::is_unseen(c) && !is_space(c)))
}

/// Spaces are seen as what they are but for those that end a line.
fn is_space(c: char) -> bool {
    c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// A text as a message quotes it: its beginning, where it is long.
pub fn short(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_quotes_the_beginning_of_what_is_long() {
        assert_eq!(short("a"), "a");
        assert_eq!(short(&"é".repeat(80)), "é".repeat(80));
        assert_eq!(short(&"é".repeat(81)), "é".repeat(80) + "…");
    }

    #[test]
    fn what_acts_or_hides_is_shown_and_the_rest_is_untouched() {
        for (raw, shown) in [
            ("Agents – Größe 日本", "Agents – Größe 日本"),
            ("a\nb\tc", r"a\u{a}b\u{9}c"),
            ("\u{1b}[31mred", r"\u{1b}[31mred"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("a\u{202e}b\u{200b}", r"a\u{202e}b\u{200b}"),
            ("a\u{2800}b\u{3164}\u{1bca0}\u{e0041}", r"a\u{2800}b\u{3164}\u{1bca0}\u{e0041}"),
            ("a\u{2028}b\u{61c}\u{fe00}", r"a\u{2028}b\u{61c}\u{fe00}"),
            (
                "\u{26a0}\u{fe0f} Desk\u{a0}: Größe\u{3000}日本",
                "\u{26a0}\u{fe0f} Desk\u{a0}: Größe\u{3000}日本",
            ),
        ] {
            assert_eq!(terminal(raw), shown);
        }
    }

    #[test]
    fn a_code_span_holds_whatever_it_is_given() {
        for (raw, span) in [
            ("plain", "`plain`"),
            ("", "` `"),
            ("@team #1 <b>|x|", "`@team #1 <b>|x|`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            (" x", "`  x `"),
        ] {
            assert_eq!(markdown(raw), span);
        }
    }

    #[test]
    fn an_html_block_gets_no_tag_from_a_name() {
        assert_eq!(html("</summary>&`"), "<code>&lt;/summary&gt;&amp;&#96;</code>");
    }

    #[test]
    fn json_keeps_its_meaning_and_loses_its_controls() {
        let raw = serde_json::to_string_pretty(&["\u{9b}\u{202e}\u{e0041}\n"]).unwrap();
        let safe = json(&raw);
        assert!(safe.is_ascii(), "{safe}");
        assert_eq!(
            serde_json::from_str::<Vec<String>>(&safe).unwrap(),
            serde_json::from_str::<Vec<String>>(&raw).unwrap()
        );
        // Layout stays layout.
        assert_eq!(json("[\r\n\t1,\t\"\\t\"]"), "[ \n 1, \"\\t\"]");
    }

    #[test]
    fn clipping_stays_within_the_limit() {
        assert_eq!(clip("abcdef", 6), "abcdef");
        assert_eq!(clip("abcdefg", 6), "abc…");
        assert!(clip("日本語日本語", 8).len() <= 8);
    }
}
