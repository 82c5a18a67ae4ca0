//! Rules from outside the change: a base in Git, a policy, and whose token it is. They judge beside the rules of the files.

use super::{Checked, Error};
use crate::{
    files::{
        base::Base,
        load::WORKSPACE_FILE,
        outside::{self, Unsound},
    },
    model::ids::PersonRef,
};

/// What is given from outside the files.
#[derive(Debug, Default)]
pub struct Outside<'a> {
    /// A branch, tag or commit.
    pub base: Option<&'a str>,
    /// A policy, by what it is called, and its text.
    pub policy: Option<(String, String)>,
    /// The account that runs rolecall, by what says so.
    pub identity: Option<(&'a str, PersonRef)>,
}

/// Lets rules from outside judge as well.
///
/// # Errors
///
/// Where the base cannot be read, or what is given is wrong.
pub fn judged_from(mut checked: Checked, given: Outside<'_>) -> Result<Checked, Error> {
    let Outside { base, policy, identity } = given;
    let Checked { loaded, declared } = &mut checked;
    if let Some(reference) = base {
        if loaded.files.workspace.is_none() {
            return Err(Error::NoBase);
        }
        let base = Base::open(&loaded.root, reference)?;
        let is_yaml = |it: &str| it.ends_with(".yaml") || it.ends_with(".yml");
        let is_hidden = |it: &str| it.split('/').any(|it| it.starts_with('.'));
        let files = base.files(|it| it == WORKSPACE_FILE || is_yaml(it) && !is_hidden(it))?;
        outside::base((loaded, declared), (base.reference(), base.commit()), files).map_err(unsound)?;
    }
    if let Some((shown, text)) = policy {
        outside::policy(declared, &mut loaded.sources, &shown, &text).map_err(unsound)?;
    }
    if let Some((shown, person)) = identity {
        outside::identity(declared, &mut loaded.sources, shown, person);
    }
    Ok(checked)
}

fn unsound(Unsound { mut findings, sources }: Unsound) -> Error {
    findings.sort();
    Error::Findings { findings, sources }
}
