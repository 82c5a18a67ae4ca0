//! Names under `ids:` against those by which the API calls the same companies and legal entities. Knows no file and no client.
//!
//! A plan says the name of the files, and whoever reads it believes that: a wrong one makes a wide scope look narrow, and two
//! that are swapped a removal look like a grant. A name is one's own to choose, so a word in common is enough.

use std::collections::BTreeMap;

use strsim::jaro_winkler;
use uuid::Uuid;

use crate::{
    files::declared::Declared,
    model::finding::{Code, Finding},
};

/// Words that are this alike are one: a letter is missing or has an accent.
const ALIKE: f64 = 0.9;

/// A remark for each name that has nothing in common with the one that the API told; sorted.
pub fn remarks(declared: &Declared, told: &BTreeMap<Uuid, Box<str>>) -> Vec<Finding> {
    let odd = declared.aliases.iter().filter_map(|(id, alias)| {
        let (told, from) = (told.get(id)?, declared.named_at.get(id)?);
        if agrees(alias, told) {
            return None;
        }
        let message = format!("`{alias}` stands for {id}, which the API calls `{told}`");
        let meant = declared.aliases.iter().find(|it| it.0 != id && agrees(it.1, told));
        let help = match meant {
            Some((_, other)) => format!("is it `{other}` that is meant? plans would say `{alias}` of it"),
            None => {
                format!("correct the id, or choose a name by which it is known: plans say `{alias}` of it")
            }
        };
        Some(Finding::new(Code::OtherName, *from, message).help(help))
    });
    let mut odd: Vec<Finding> = odd.collect();
    odd.sort();
    odd
}

/// Whether two names may be of one thing: they share a word, a beginning, or one is the initials of the other. Names without
/// letters in common to compare, as of another alphabet, may be.
fn agrees(alias: &str, told: &str) -> bool {
    let (alias, told) = (words(alias), words(told));
    let initials: String = told.iter().filter_map(|it| it.chars().next()).collect();
    let [whole, other] = [&alias, &told].map(|it| it.concat());
    let is_latin = |it: &str| it.chars().any(|it| it.is_ascii_alphabetic());
    let alike = |a: &String, b: &String| {
        let short = a.len().min(b.len()) < 3;
        !short && (a.starts_with(b.as_str()) || b.starts_with(a.as_str()) || jaro_winkler(a, b) >= ALIKE)
    };
    is_latin(&whole) != is_latin(&other)
        || whole == other
        || alias.contains(&initials)
        || whole == initials
        || alias
            .iter()
            .any(|a| told.iter().any(|b| a == b && !a.chars().all(char::is_numeric) || alike(a, b)))
}

fn words(name: &str) -> Vec<String> {
    let parts = name.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty());
    parts.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_ones_own_is_no_difference_and_another_companys_is() {
        for (alias, told, expected) in [
            ("globex", "Globex Corporation", true),
            ("globex-uk", "Globex (UK) Ltd.", true),
            ("GLOBEX", "globex", true),
            ("acme-de", "ACME Deutschland GmbH", true),
            ("bmw", "Bayerische Motoren Werke", true),
            ("bmw-group", "Bayerische Motoren Werke", true),
            ("muller", "Müller AG", true),
            ("initech", "Inittech Inc", true),
            ("voyager-travel", "VoyagerTravel", true),
            ("kk", "株式会社", true),
            ("株式会社", "株式会社", true),
            ("initech", "Globex Corporation", false),
            ("zz-tiny-test-client", "Voyager Travel Management", false),
            ("hq", "Voyager", false),
            ("client-4", "Umbrella 4", false),
            ("уб", "Глобэкс", false),
        ] {
            assert_eq!(agrees(alias, told), expected, "{alias} {told}");
        }
    }
}
