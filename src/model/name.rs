//! Texts that name something: one spelling each, and nothing in them that is not seen.
//!
//! Says which characters hide and where they may; whether that is an error is for whoever asks.

use std::{borrow::Cow, sync::LazyLock};

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic, GeneralCategory,
        PrependedConcatenationMark, Script,
    },
};

/// Longest name of a group, in characters (contract §3.0).
pub(crate) const MAX_NAME: usize = 255;
/// Longest description of a group, in characters (contract §3.0); reasons have the same bound.
pub(crate) const MAX_TEXT: usize = 1_000;

const JOINER: char = '\u{200d}';
const NON_JOINER: char = '\u{200c}';
/// The mark that makes a digit before it a key of a keyboard.
const KEYCAP: char = '\u{20e3}';

/// Scripts in which a joiner between two letters chooses their form, and so is seen.
const JOINING: [Script; 15] = [
    Script::Arabic,
    Script::Bengali,
    Script::Devanagari,
    Script::Gujarati,
    Script::Gurmukhi,
    Script::Kannada,
    Script::Khmer,
    Script::Malayalam,
    Script::Mongolian,
    Script::Myanmar,
    Script::Oriya,
    Script::Sinhala,
    Script::Syriac,
    Script::Tamil,
    Script::Telugu,
];

/// The one spelling of a name: Unicode's composed form (NFC).
///
/// An ä of one character and one of two are the same letter. The names of the files and those that the API tells are
/// brought into this form where they are read, and compared as they are from then on.
pub fn composed(name: &str) -> Cow<'_, str> {
    if name.is_ascii() { Cow::Borrowed(name) } else { ComposingNormalizerBorrowed::new_nfc().normalize(name) }
}

/// The other spelling of a name, Unicode's decomposed form (NFD), where that is another.
pub(crate) fn decomposed(name: &str) -> Option<String> {
    if name.is_ascii() {
        return None;
    }
    let other = DecomposingNormalizerBorrowed::new_nfd().normalize(name);
    (other != name).then(|| other.into_owned())
}

/// [`composed`], in place.
pub(crate) fn compose(name: &mut Box<str>) {
    if let Cow::Owned(composed) = composed(name) {
        *name = composed.into();
    }
}

/// Whether a character leaves no trace of its own, or the trace of another: a control, a space that is not the common
/// one, a mark of direction, whatever Unicode calls default-ignorable or a format.
pub(crate) fn is_unseen(it: char) -> bool {
    if it.is_ascii() {
        return it.is_ascii_control();
    }
    it.is_control()
        || it.is_whitespace()
        || is_ignorable(it)
        // Blank, though Unicode takes them for signs.
        || matches!(it, '\u{2800}' | '\u{16fe4}' | '\u{1d159}' | '\u{fffc}')
}

/// Whether Unicode calls the character default-ignorable or a format: it stands for nothing that is drawn.
pub(crate) fn is_ignorable(it: char) -> bool {
    let format = || CodePointMapData::<GeneralCategory>::new().get(it) == GeneralCategory::Format;
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(it)
        || (format() && !CodePointSetData::new::<PrependedConcatenationMark>().contains(it))
}

/// Returns the first character of a name that is not seen where it stands.
///
/// What chooses how an emoji or a letter of a joining script looks is seen by that, and passes there and nowhere else.
pub(crate) fn unseen(name: &str) -> Option<char> {
    unseen_by(name, is_unseen)
}

/// Whether a file says a name that the API tells letter by letter.
pub(crate) fn is_sayable(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && unseen(name).is_none() && composed(name) == name
}

/// Returns the first character of a description or reason that is not seen where it stands: line breaks, tabs and
/// spaces of any kind are layout there.
pub(crate) fn unseen_in_text(text: &str) -> Option<char> {
    unseen_by(text, is_hidden_in_text)
}

/// The characters that no name holds, as ranges of a class of a regular expression, for schemas.
///
/// Those that are seen in some places are not among them, nor those beyond the first plane: editors spell these differently.
pub(crate) fn never_in_names() -> &'static str {
    static CLASS: LazyLock<String> = LazyLock::new(|| class(|it| is_unseen(it) && !is_seen_somewhere(it)));
    &CLASS
}

/// The characters that no description or reason holds, likewise.
pub(crate) fn never_in_texts() -> &'static str {
    static CLASS: LazyLock<String> =
        LazyLock::new(|| class(|it| is_hidden_in_text(it) && !is_seen_somewhere(it)));
    &CLASS
}

/// The characters of which alone no description or reason consists, likewise.
pub(crate) fn blank_in_texts() -> &'static str {
    static CLASS: LazyLock<String> = LazyLock::new(|| class(|it| it.is_whitespace() || is_unseen(it)));
    &CLASS
}

/// Every character of the first plane is looked up: once for each class, as a schema has it in many places.
fn class(holds: impl Fn(char) -> bool) -> String {
    let held: Vec<u32> = ('\0'..='\u{ffff}').filter(|it| holds(*it)).map(u32::from).collect();
    let runs = held.chunk_by(|a, b| b - a == 1);
    let range = |run: &[u32]| match *run {
        [one] => format!("\\u{one:04X}"),
        [first, .., last] => format!("\\u{first:04X}-\\u{last:04X}"),
        [] => String::new(),
    };
    runs.map(range).collect()
}

/// Whether a character is seen by what it does to those beside it.
fn is_seen_somewhere(it: char) -> bool {
    is_variation(it) || matches!(it, JOINER | NON_JOINER)
}

fn is_hidden_in_text(it: char) -> bool {
    (it.is_control() && !matches!(it, '\n' | '\t')) || (!it.is_ascii() && is_ignorable(it))
}

fn unseen_by(text: &str, hides: impl Fn(char) -> bool) -> Option<char> {
    if text.is_ascii() {
        // Most are, and then a control is all there is to find.
        return text.bytes().find(u8::is_ascii_control).and_then(|_| text.chars().find(|it| hides(*it)));
    }
    let mut before = None;
    let mut rest = text.chars();
    while let Some(it) = rest.next() {
        if hides(it) && !is_shown_by(before, it, rest.clone().next()) {
            return Some(it);
        }
        // What changes an emoji stands between it and a joiner.
        let changes =
            !it.is_ascii() && (is_variation(it) || CodePointSetData::new::<EmojiModifier>().contains(it));
        if !changes || before.is_none() {
            before = Some(it);
        }
    }
    None
}

/// Whether a character chooses between the two looks of an emoji.
fn is_variation(it: char) -> bool {
    matches!(it, '\u{fe0e}' | '\u{fe0f}')
}

/// Whether a character that is not seen itself changes what is seen beside it.
fn is_shown_by(before: Option<char>, it: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    let pictographic = |it| CodePointSetData::new::<ExtendedPictographic>().contains(it);
    match it {
        _ if is_variation(it) && before.is_ascii() => {
            matches!(before, '0'..='9' | '#' | '*') && after == Some(KEYCAP)
        }
        _ if is_variation(it) => CodePointSetData::new::<Emoji>().contains(before),
        JOINER if pictographic(before) => after.is_some_and(pictographic),
        JOINER | NON_JOINER => {
            let script = |it| CodePointMapData::<Script>::new().get(it);
            JOINING.contains(&script(before)) && after.is_some_and(|it| script(it) == script(before))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_of_characters_that_are_not_seen_is_known_whole() {
        let ranges: &[std::ops::RangeInclusive<u32>] = &[
            0..=0x1f,
            0x7f..=0xa0,
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x1680..=0x1680,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x2000..=0x200f,
            0x2028..=0x202f,
            0x205f..=0x206f,
            0x2800..=0x2800,
            0x3000..=0x3000,
            0x3164..=0x3164,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfffc,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0000..=0xe0fff,
        ];
        for c in ranges.iter().flat_map(Clone::clone).filter_map(char::from_u32) {
            for name in [format!("De{c}sk"), format!("{c}Desk"), format!("Desk{c}"), format!("日{c}本")] {
                assert_eq!(unseen(&name), Some(c), "U+{:04X}", u32::from(c));
            }
        }
    }

    #[test]
    fn what_is_seen_passes_in_every_script() {
        for name in [
            "Agents – Größe",
            "Отдел продаж",
            "営業部 IT",
            "한국 지원",
            "ทีมสนับสนุน",
            "فريق الدعم",
            "צוות תמיכה",
            "टीम",
            "Ja\u{308}ger",
            "🛫 Desk",
            "⚠\u{fe0f} Desk",
            "👩\u{200d}💻 Desk",
            "🏳\u{fe0f}\u{200d}🌈",
            "👩🏽\u{200d}💻",
            "1\u{fe0f}\u{20e3} Desk",
            "می\u{200c}روم",
            "ක්\u{200d}ෂ",
            "\u{600}12",
        ] {
            assert_eq!(unseen(name), None, "{name}");
            assert_eq!(unseen_in_text(name), None, "{name}");
        }
        for (name, unseen_at) in [
            ("a\u{200d}b", '\u{200d}'),
            ("👩\u{200d}b", '\u{200d}'),
            ("1\u{fe0f}2", '\u{fe0f}'),
            ("می\u{200c}a", '\u{200c}'),
            ("⚠\u{fe0f}\u{fe0f}\u{200b}", '\u{200b}'),
            ("🏴\u{e0067}\u{e007f}", '\u{e0067}'),
        ] {
            assert_eq!(unseen(name), Some(unseen_at), "{}", name.escape_unicode());
        }
    }

    #[test]
    fn a_text_has_layout_and_nothing_hidden() {
        assert_eq!(unseen_in_text("one\n\ttwo\u{a0}three\u{3000}four"), None);
        for c in
            ['\u{200b}', '\u{202e}', '\u{61c}', '\u{e0041}', '\u{7}', '\r', '\u{9b}', '\u{feff}', '\u{3164}']
        {
            assert_eq!(unseen_in_text(&format!("a{c}b")), Some(c));
        }
    }

    #[test]
    fn both_spellings_of_a_letter_are_one_name() {
        assert_eq!(composed("Ja\u{308}ger"), "J\u{e4}ger");
        assert_eq!(composed("\u{1112}\u{1161}\u{11ab}"), "\u{d55c}");
        assert_eq!(composed("\u{212b}"), "\u{c5}");
        assert_ne!(composed("\u{ff21}"), "A", "NFC, not NFKC");
    }
}
