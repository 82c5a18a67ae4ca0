//! Rules from outside the change: a base in Git, a policy, and whose token it is. They judge beside the rules of the files.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Checked, Error, checked as checked_anew};
use crate::{
    files::{
        base::Base,
        load::{Loaded, WORKSPACE_FILE},
        outside::{self, Unsound},
        suppose::{self, Thing, Turn},
    },
    model::{ids::PersonRef, source::FileId},
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
        let mut files = base.files(|it| it == WORKSPACE_FILE || is_yaml(it) && !is_hidden(it))?;
        let people = outside::people_files(&files);
        if !people.is_empty() {
            files.extend(base.files(|it| people.is_match(it) && !is_hidden(it))?);
        }
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

/// A file that changes: its path, its text, and the text it would have.
pub type Changed = (String, String, String);

/// The files with changes that somebody thinks of, compared with the files as they are: what is live and neither asks for is
/// no doing of these changes. `whole` are all files, of whatever company.
///
/// # Errors
///
/// What the files cannot say, and everything that would be wrong with them.
pub fn supposed(
    checked: Checked,
    whole: &Loaded,
    named: &[String],
    changes: &[(Turn, Thing)],
    now: Timestamp,
) -> Result<(Checked, Vec<Changed>), Error> {
    let texts = suppose::supposed(&checked.loaded, &checked.declared, changes, now)?;
    let shown = |it: FileId| checked.loaded.sources.file(it).path.clone();
    let texts: BTreeMap<String, String> = texts.into_iter().map(|(file, text)| (shown(file), text)).collect();
    let files = || whole.sources.files().map(|it| it.1).filter(|it| !it.text.is_empty());
    let text = |path: &str, text: &str| texts.get(path).map_or_else(|| text.to_owned(), Clone::clone);
    let changed =
        files().filter_map(|it| Some((it.path.clone(), it.text.clone(), texts.get(&it.path)?.clone())));
    let again = Loaded {
        root: whole.root.clone(),
        partial: whole.partial,
        ..Loaded::of(files().map(|it| (it.path.clone(), text(&it.path, &it.text))))
    };
    let again = again.with_tables_of(whole);
    let mut again = checked_anew(again.about(named, None)?)?;
    again.declared.base = Some(Box::new(checked.declared));
    Ok((again, changed.collect()))
}

fn unsound(Unsound { mut findings, sources }: Unsound) -> Error {
    findings.sort();
    Error::Findings { findings, sources }
}
