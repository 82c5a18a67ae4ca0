//! Names for things that are known by an id, or by a longer name: of small letters, digits and hyphens, each once.
//!
//! A name depends on what it is for and on those it would be taken for, never on the order of anything.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::model::{ids::parse_uuid, name};

/// Names that stand for devices on some machines, whatever comes behind their dot.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// The words of a text, of small ASCII letters and digits, joined by hyphens, in at most so many characters; empty where
/// that leaves nothing to be known by.
pub(crate) fn slug(text: &str, longest: usize) -> String {
    let apart = name::decomposed(text);
    let mut words = String::with_capacity(text.len());
    for it in apart.as_deref().unwrap_or(text).chars().flat_map(char::to_lowercase) {
        match it {
            'a'..='z' | '0'..='9' => words.push(it),
            'ß' => words.push_str("ss"),
            'æ' => words.push_str("ae"),
            'œ' => words.push_str("oe"),
            'ø' => words.push('o'),
            'ł' => words.push('l'),
            'đ' | 'ð' => words.push('d'),
            'þ' => words.push_str("th"),
            '\'' | '’' | '\u{300}'..='\u{36f}' => (),
            _ => words.push('-'),
        }
    }
    let mut slug = String::new();
    for word in words.split('-').filter(|it| !it.is_empty()) {
        let joint = usize::from(!slug.is_empty());
        if slug.len() + joint + word.len() > longest {
            if slug.is_empty() {
                slug.push_str(&word[..longest]);
            }
            break;
        }
        slug.extend((joint == 1).then_some('-'));
        slug.push_str(word);
    }
    // What reads as an id would be taken for one.
    if parse_uuid(&slug).is_some() { String::new() } else { slug }
}

/// The names by which something may be told from others of the same name, the best first; the last is its own.
pub(crate) fn candidates(best: &str, otherwise: &str, id: Uuid) -> Vec<String> {
    let hex = id.simple().to_string();
    let base = if best.is_empty() { otherwise } else { best };
    let plain = (!best.is_empty() && !DEVICES.contains(&best)).then(|| best.to_owned());
    let short = format!("{base}-{}", &hex[..4]);
    let longer = format!("{short}-{}", &hex[28..]);
    plain.into_iter().chain([short, longer, format!("{base}-{hex}")]).collect()
}

/// Gives everything the first of its names that nothing else has; those that are `taken` nobody gets.
pub(crate) fn unique<K: Ord + Copy>(
    things: impl IntoIterator<Item = (K, Vec<String>)>,
    taken: &[&str],
) -> BTreeMap<K, String> {
    let things: BTreeMap<K, Vec<String>> = things.into_iter().collect();
    let mut turn: BTreeMap<K, usize> = things.keys().map(|it| (*it, 0)).collect();
    loop {
        let mut seen: BTreeSet<&str> = taken.iter().copied().collect();
        let mut twice: BTreeSet<&str> = seen.clone();
        for (key, names) in &things {
            let name = &*names[turn[key]];
            if !seen.insert(name) {
                twice.insert(name);
            }
        }
        let mut moved = false;
        for (key, names) in &things {
            let at = turn[key];
            if twice.contains(&*names[at]) && at + 1 < names.len() {
                turn.insert(*key, at + 1);
                moved = true;
            }
        }
        if !moved {
            return things.into_iter().map(|(key, mut names)| (key, names.swap_remove(turn[&key]))).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_portable_and_readable() {
        for (text, expected) in [
            ("Dedicated Client Agents", "dedicated-client-agents"),
            ("  Globex  GmbH & Co. KG ", "globex-gmbh-co-kg"),
            ("O'Brien’s Desk", "obriens-desk"),
            ("Équipe Zürich/Straße", "equipe-zurich-strasse"),
            ("../../etc/passwd", "etc-passwd"),
            ("東京", ""),
            ("東京 EU", "eu"),
            ("a-very-long-name-of-a-group", "a-very-long-name-of-a"),
            ("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwx"),
            ("1a6f0000-0000-4000-8000-000000000001", "1a6f0000-0000-4000-8000"),
            ("", ""),
        ] {
            assert_eq!(slug(text, 24), expected, "{text}");
        }
        assert_eq!(slug("1a6f0000-0000-4000-8000-000000000001", 40), "", "an id is no name");
    }

    #[test]
    fn names_are_given_once_and_whatever_the_order() {
        let id = |n: u128| Uuid::from_u128(0x1a6f_0000_0000_4000_8000_0000_0000_0000 + n);
        let named = |best: &str, n| (n, candidates(best, "company", id(n)));
        let all =
            [named("globex", 1), named("globex", 2), named("con", 3), named("", 4), named("initech", 5)];
        let found = unique(all.clone(), &["initech"]);
        let names: Vec<&str> = found.values().map(String::as_str).collect();
        assert_eq!(
            names,
            ["globex-1a6f-0001", "globex-1a6f-0002", "con-1a6f", "company-1a6f", "initech-1a6f"],
        );
        assert_eq!(unique(all.into_iter().rev(), &["initech"]), found);
    }
}
