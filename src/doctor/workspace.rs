//! The workspace file as far as it can be read: that there is none, or that it is wrong, is something to tell.
//!
//! Reads that one file, and asks nobody.

use std::path::Path;

use crate::{
    files::{
        check::check,
        declared::Declared,
        load::{self, LoadError, Loaded},
    },
    model::finding::Finding,
};

/// What is known of the workspace before anybody is asked.
pub struct Workspace {
    /// Whether there is a workspace file.
    pub is_there: bool,
    /// Without access files.
    pub loaded: Loaded,
    /// What it declares, unless that is wrong.
    pub declared: Option<Declared>,
    /// What is wrong with it, sorted.
    pub findings: Vec<Finding>,
}

impl Workspace {
    /// Reads the workspace around `here`; `company` stands in for the one of the file.
    ///
    /// # Errors
    /// Where the file is there and cannot be read.
    pub fn read(here: &Path, company: Option<&str>) -> Result<Self, LoadError> {
        let (mut loaded, is_there) = match load::load_workspace(here) {
            Ok(loaded) => (loaded, true),
            Err(LoadError::NoWorkspace { .. }) => {
                (Loaded { root: here.to_owned(), ..Loaded::default() }, false)
            }
            Err(error) => return Err(error),
        };
        loaded.files.company = company.map(str::to_owned);
        let mut findings = std::mem::take(&mut loaded.findings);
        let declared = check(&loaded.files).map_err(|more| findings.extend(more)).ok();
        let declared = declared.filter(|_| findings.is_empty());
        findings.sort();
        findings.dedup();
        Ok(Self { is_there, loaded, declared, findings })
    }

    /// Returns the company as people call it, if one is set.
    pub fn company(&self) -> Option<String> {
        let declared = self.declared.as_ref()?;
        let id = declared.company?;
        Some(match declared.aliases.get(&id.0) {
            Some(name) => format!("{name} ({:.4}…)", id.to_string()),
            None => id.to_string(),
        })
    }
}
