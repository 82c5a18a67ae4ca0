//! The endpoints of companies that are not where the rest is.

use std::collections::BTreeMap;

use crate::model::{
    dialect::Dialect,
    ids::{CompanyId, PersonRef},
    source::Place,
};

/// Words that stand at the end of variables of their own, and so at the end of no name.
const TAKEN: &str = "file";

/// An endpoint of some companies.
#[derive(Clone, Debug)]
pub struct DeclaredEndpoint {
    /// By this the environment knows its credentials.
    pub name: Box<str>,
    /// Its URL, as it is written.
    pub url: Box<str>,
    /// Where that stands.
    pub place: Place,
    /// How it spells what its documentation leaves open.
    pub dialect: Dialect,
    /// The user that its token stands for, and where that stands.
    pub identity: Option<(PersonRef, Place)>,
    /// Every id that is its own, and every company of the workspace that a name or a pattern of its own means.
    pub companies: BTreeMap<CompanyId, Place>,
    /// Where the entry stands.
    pub from: Place,
}

impl DeclaredEndpoint {
    /// What stands at the end of its variables: `_EU` of `eu`.
    pub fn suffix(&self) -> String {
        suffix(&self.name)
    }
}

/// What stands at the end of the variables of an endpoint of this name.
fn suffix(name: &str) -> String {
    format!("_{}", name.to_ascii_uppercase().replace('-', "_"))
}

/// Why this is no name of an endpoint.
pub(in crate::files) fn no_name(name: &str) -> Option<&'static str> {
    let word =
        |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
    if !name.starts_with(|it: char| it.is_ascii_lowercase()) || !name.split('-').all(word) {
        return Some("has small letters, digits and single hyphens between them, and begins with a letter");
    }
    (name.split('-').next_back() == Some(TAKEN))
        .then_some("does not end with `file`, by which variables name files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_part_of_a_variable_that_is_nothing_else() {
        for fine in ["eu", "eu-2", "a", "profile", "file-eu"] {
            assert_eq!(no_name(fine), None, "{fine}");
        }
        for wrong in ["", "EU", "eu_2", "2eu", "-eu", "eu-", "eu--2", "file", "eu-file", "eü", "eu 2", "*"] {
            assert!(no_name(wrong).is_some(), "{wrong}");
        }
        assert_eq!(suffix("eu-2"), "_EU_2");
    }
}
