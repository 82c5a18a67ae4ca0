//! Names that a reader cannot tell apart, and words that are not of the alphabet they seem to be (UTS #39).
//!
//! Says what looks alike; compares nothing with the API and reads nothing.

use std::{fmt::Write as _, sync::LazyLock};

use icu_properties::{CodePointMapData, props::Script};

/// What a name looks like: two names of one skeleton cannot be told apart by reading.
pub(crate) fn skeleton(name: &str) -> String {
    static ASCII: LazyLock<[Box<str>; 128]> = LazyLock::new(|| {
        std::array::from_fn(|at| {
            let it = u8::try_from(at).map(char::from).unwrap_or_default();
            unicode_security::skeleton(it.encode_utf8(&mut [0; 4])).collect::<String>().into()
        })
    });
    let mut skeleton = String::with_capacity(name.len() + 8);
    if name.is_ascii() {
        name.bytes().for_each(|it| skeleton.push_str(&ASCII[usize::from(it)]));
    } else {
        skeleton.extend(unicode_security::skeleton(name));
    }
    // A page shows a run of spaces as one.
    if skeleton.contains("  ") {
        skeleton = skeleton.split(' ').filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ");
    }
    skeleton
}

/// The names of several things by what they look like: sorted by that, and then as they were given.
#[derive(Debug)]
pub(crate) struct Lookalikes<'a, T>(Vec<(String, &'a str, T)>);

impl<'a, T: Copy> Lookalikes<'a, T> {
    pub(crate) fn new(names: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut all: Vec<(String, &str, T)> =
            names.into_iter().map(|(name, what)| (skeleton(name), name, what)).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Self(all)
    }

    /// Returns the other names that look like this one, in the order in which they were given.
    pub(crate) fn of(&self, name: &str) -> impl Iterator<Item = (&'a str, T)> {
        let skeleton = skeleton(name);
        let from = self.0.partition_point(|it| it.0 < skeleton);
        let same = self.0[from..].iter().take_while(move |it| it.0 == skeleton);
        same.filter(move |it| it.1 != name).map(|it| (it.1, it.2))
    }

    /// Returns each later name with the first one that it looks like.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = ((&'a str, T), (&'a str, T))> {
        self.0.chunk_by(|a, b| a.0 == b.0).flat_map(|it| {
            let first = (it[0].1, it[0].2);
            it[1..].iter().map(|it| (it.1, it.2)).filter(move |it| it.0 != first.0).map(move |it| (it, first))
        })
    }
}

/// Says where two names that look alike differ: `А is U+0410 in the one, A is U+0041 in the other`.
pub(crate) fn difference(name: &str, other: &str) -> String {
    let (mut a, mut b) = (name.chars(), other.chars());
    loop {
        match (a.next(), b.next()) {
            (Some(a), Some(b)) if a == b => (),
            (a, b) => return format!("{} here, {} there", point(a), point(b)),
        }
    }
}

fn point(it: Option<char>) -> String {
    it.map_or_else(|| "nothing".to_owned(), |it| format!("U+{:04X}", u32::from(it)))
}

/// Whether two names are spelt with ASCII alone: whoever looks closely can tell 0 from O and 1 from l.
pub(crate) fn is_plain(name: &str, other: &str) -> bool {
    name.is_ascii() && other.is_ascii()
}

/// Returns the letters of another alphabet inside the words of a name, where they may pass for its own: what they are,
/// for people.
///
/// Cyrillic in a word of Latin or Greek letters always does; a letter of another alphabet where it looks like a Latin
/// one. Words of one alphabet each may stand side by side, and scripts that are written beside Latin without a space
/// (Han, Kana, Hangul, Thai, Arabic, …) are not mistaken for it.
pub(crate) fn mixed(name: &str) -> Option<String> {
    if name.is_ascii() {
        return None;
    }
    name.split(|it: char| !it.is_alphanumeric() && !is_mark(it)).find_map(mixed_word)
}

fn mixed_word(word: &str) -> Option<String> {
    if word.is_ascii() {
        return None;
    }
    let script = |it: char| CodePointMapData::<Script>::new().get(it);
    let latin = word.chars().any(|it| script(it) == Script::Latin);
    let alphabets = word.chars().map(script).filter(|it| is_alphabet(*it));
    let mut others: Vec<Script> = alphabets.filter(|it| *it != Script::Latin).collect();
    others.dedup();
    if usize::from(latin) + others.len() < 2 {
        return None;
    }
    let passes = |it: &char| {
        let own = script(*it);
        is_alphabet(own)
            && own != Script::Latin
            && (own == Script::Cyrillic || skeleton(it.encode_utf8(&mut [0; 4])).is_ascii())
    };
    let mut found: Vec<char> = word.chars().filter(passes).collect();
    found.dedup();
    if found.is_empty() {
        return None;
    }
    let mut said = String::new();
    for (n, it) in found.iter().take(3).enumerate() {
        let _ = write!(
            said,
            "{}`{it}` (U+{:04X}, {})",
            if n == 0 { "" } else { ", " },
            u32::from(*it),
            called(script(*it))
        );
    }
    if found.len() > 3 {
        said += ", …";
    }
    Some(said)
}

fn is_mark(it: char) -> bool {
    CodePointMapData::<Script>::new().get(it) == Script::Inherited
}

/// Whether letters of the script may pass for Latin ones: all but those that nobody takes for an alphabet like it.
fn is_alphabet(script: Script) -> bool {
    const OTHERS: [Script; 30] = [
        Script::Common,
        Script::Inherited,
        Script::Arabic,
        Script::Bengali,
        Script::Bopomofo,
        Script::Devanagari,
        Script::Ethiopic,
        Script::Gujarati,
        Script::Gurmukhi,
        Script::Han,
        Script::Hangul,
        Script::Hebrew,
        Script::Hiragana,
        Script::Kannada,
        Script::Katakana,
        Script::Khmer,
        Script::Lao,
        Script::Malayalam,
        Script::Mongolian,
        Script::Myanmar,
        Script::Oriya,
        Script::Sinhala,
        Script::Syriac,
        Script::Tamil,
        Script::Telugu,
        Script::Thaana,
        Script::Thai,
        Script::Tibetan,
        Script::Unknown,
        Script::KatakanaOrHiragana,
    ];
    !OTHERS.contains(&script)
}

fn called(script: Script) -> &'static str {
    match script {
        Script::Greek => "Greek",
        Script::Cyrillic => "Cyrillic",
        Script::Armenian => "Armenian",
        Script::Cherokee => "Cherokee",
        _ => "of another alphabet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_read_the_same_have_one_skeleton() {
        for (a, b) in [
            ("Admins", "\u{410}dmins"),
            ("OCT", "\u{41e}\u{421}\u{422}"),
            ("Desk A", "Desk\u{a0}A"),
            ("Desk A", "Desk  A"),
            ("Desk", "De\u{200b}sk"),
            ("\u{26a0} Desk", "\u{26a0}\u{fe0f} Desk"),
            ("Team 1", "Team l"),
            ("Team O", "Team 0"),
            ("Modern", "Modem"),
            ("Admins", "\u{1d400}dmins"),
            ("Admins", "\u{ff21}dmins"),
            ("J\u{e4}ger", "Ja\u{308}ger"),
        ] {
            assert_eq!(skeleton(a), skeleton(b), "{a} {b}");
        }
        for (a, b) in [
            ("Desk", "desk"),
            ("Desk A", "DeskA"),
            ("Jäger", "Jager"),
            ("Team 1", "Team 2"),
            ("日本", "曰本人"),
        ] {
            assert_ne!(skeleton(a), skeleton(b), "{a} {b}");
        }
        let ascii: String = (' '..='~').collect();
        let by_character: String = ascii.chars().map(|it| skeleton(&it.to_string())).collect();
        assert_eq!(by_character, unicode_security::skeleton(&ascii).collect::<String>());
    }

    #[test]
    fn a_letter_of_another_alphabet_is_found_inside_a_word_only() {
        for (name, found) in [
            ("\u{410}dmins", "U+0410, Cyrillic"),
            ("Adm\u{438}ns", "U+0438, Cyrillic"),
            ("O\u{442}\u{434}\u{435}\u{43b}", "Cyrillic"),
            ("\u{391}dmins", "U+0391, Greek"),
            ("Adm\u{456}ns EU", "U+0456, Cyrillic"),
            ("\u{555}ps", "U+0555, Armenian"),
            ("\u{3bf}\u{43e}", "Cyrillic"),
            ("\u{13aa}dmins", "Cherokee"),
        ] {
            assert!(mixed(name).is_some_and(|it| it.contains(found)), "{name} {:?}", mixed(name));
        }
        for name in [
            "Admins",
            "Größe",
            "Отдел продаж",
            "Отдел IT",
            "IT-отдел",
            "Ομάδα",
            "Ομάδα EU",
            "営業部IT",
            "ITサポート",
            "日本語とEnglish",
            "한국IT",
            "ทีมIT",
            "فريقIT",
            "צוותIT",
            "ΔTeam",
            "µService",
            "Խումբ",
            "Ja\u{308}ger",
            "Naïve",
            "Agents 2027",
            "①Desk",
            "टीमIT",
        ] {
            assert_eq!(mixed(name), None, "{name}");
        }
    }

    #[test]
    fn what_differs_is_said_by_code_point() {
        assert_eq!(difference("\u{410}dmins", "Admins"), "U+0410 here, U+0041 there");
        assert_eq!(difference("Desk  A", "Desk A"), "U+0020 here, U+0041 there");
        assert_eq!(difference("\u{26a0}", "\u{26a0}\u{fe0f}"), "nothing here, U+FE0F there");
    }
}
