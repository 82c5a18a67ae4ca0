//! What the options of every command come to, resolved once; and the files that they name.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use rolecall::{
    apply::WRITERS,
    files::load::{self, LoadError, Loaded},
    model::portion::Shard,
    report::document::Saved,
    workflow::{self, Checked, Note, Outside, estimate::Pace},
};

use super::{Failure, Global, Operator, Selection, policy::policy};

/// Requests in flight at once, unless it is said otherwise.
const READERS: usize = 16;

impl Global {
    /// Requests in flight at once.
    pub(super) fn readers(&self) -> usize {
        self.concurrency.map_or(READERS, usize::from)
    }

    /// Steps made at once.
    pub(super) fn writers(&self) -> usize {
        self.concurrency.map_or(WRITERS, usize::from)
    }

    /// The folder that paths are relative to, as if the program was started in it.
    pub(super) fn here(&self) -> &Path {
        self.workspace.as_deref().unwrap_or(Path::new("."))
    }

    /// A path as it was given. The folder of the workspace may be given by a link: that was meant.
    pub(super) fn at(&self, path: &Path) -> PathBuf {
        match &self.workspace {
            None => path.to_owned(),
            Some(folder) => match fs::canonicalize(folder) {
                Ok(whole) => whole.join(path),
                // One that is yet to be made: nobody can have linked it elsewhere.
                Err(_) => without_steps_back(&folder.join(path)),
            },
        }
    }

    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.readers(), self.max_rps)
    }

    pub(super) fn load(&self, paths: &[PathBuf], shard: Option<Shard>) -> Result<Loaded, workflow::Error> {
        Ok(self.read(paths)?.about(&self.company, shard)?)
    }

    /// Reads the files that paths name, of whatever company.
    pub(super) fn read(&self, paths: &[PathBuf]) -> Result<Loaded, LoadError> {
        let paths: Vec<PathBuf> = paths.iter().map(|it| self.here().join(it)).collect();
        load::load(&paths, self.here())
    }

    /// The one company that is named, for what is about one.
    pub(super) fn one_company(&self) -> Result<Option<&str>, Failure> {
        match &self.company[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            several => Err(Failure::invalid(format!("{} companies are named", several.len()))
                .hint("give `--company` once: this is about one company")),
        }
    }

    /// Reads and checks the files that paths name, for a comparison with the live state.
    pub(super) fn checked(&self, paths: &[PathBuf]) -> Result<Checked, Failure> {
        Ok(workflow::checked(self.load(paths, None)?)?)
    }

    /// Reads and checks the files that are selected for a comparison.
    pub(super) fn selected(&self, selection: &Selection) -> Result<Checked, Failure> {
        let checked = workflow::checked(self.load(&selection.paths, selection.shard)?)?;
        self.judged_from(selection.believing(checked), selection)
    }

    /// Lets the rules from outside the files judge as well.
    pub(super) fn judged_from(&self, checked: Checked, selection: &Selection) -> Result<Checked, Failure> {
        self.judged_with(checked, selection.base.as_deref(), &selection.operator)
    }

    /// Lets a base judge as well, where there is one, and what the operator says.
    pub(super) fn judged_with(
        &self,
        checked: Checked,
        base: Option<&str>,
        operator: &Operator,
    ) -> Result<Checked, Failure> {
        let policy = operator.policy.as_ref().map(|it| policy(&self.at(it), &checked.loaded.root));
        let identity = operator.identity.clone().map(|it| ("--identity", it));
        Ok(workflow::judged_from(checked, Outside { base, policy: policy.transpose()?, identity })?)
    }

    /// Reads and checks the files that paths name, where nothing is compared with them.
    pub(super) fn sound(&self, paths: &[PathBuf]) -> Result<Checked, Failure> {
        Ok(workflow::sound(self.load(paths, None)?)?)
    }

    /// Reads and checks the whole workspace for a saved plan, which says what it is about; refuses one that is about more than
    /// flags choose.
    pub(super) fn sound_for(&self, saved: &Saved, shard: Option<Shard>) -> Result<Checked, Failure> {
        let chosen = self.load(&[], shard)?;
        if chosen.portion.is_none() {
            return Ok(workflow::sound(chosen)?);
        }
        let changed = saved.plan.changes().map(|it| it.company());
        let mut about = saved.plan.companies.iter().map(|it| it.company).chain(changed);
        if let Some(other) = about.find(|it| !chosen.files.choice.holds(*it)) {
            let name = saved.plan.names.company(other);
            return Err(Failure::invalid(format!(
                "the plan is about {name} as well, and `--company` or `--shard` leaves that out"
            ))
            .hint("a saved plan is applied whole: plan again with these flags, or apply it without them"));
        }
        Ok(workflow::sound(self.read(&[]).map_err(workflow::Error::from)?)?)
    }

    /// Reads and checks what the lock-outs need, and says what else is wrong; that holds up nobody's removal.
    pub(super) fn checked_for_lockouts(
        &self,
        paths: &[PathBuf],
        shard: Option<Shard>,
    ) -> Result<(Checked, Option<Note>), Failure> {
        match self.load(paths, shard) {
            Ok(loaded) => Ok(workflow::checked_for_lockouts(loaded)?),
            Err(error) => match self.checked_workspace() {
                Ok(checked) if !checked.declared.companies.is_empty() => {
                    Ok((checked, Some(Note::OnlyLockouts(1, Some(error.to_string())))))
                }
                Err(findings @ Failure::Findings { .. }) => Err(findings),
                Ok(_) | Err(_) => Err(error.into()),
            },
        }
    }

    /// Reads and checks the workspace file alone, for commands that need no access files.
    pub(super) fn checked_workspace(&self) -> Result<Checked, Failure> {
        let loaded = load::load_workspace(self.here()).and_then(|it| it.about(&self.company, None));
        Ok(workflow::sound(loaded.map_err(workflow::Error::from)?)?)
    }

    /// Does without a workspace where there is none: flags may say enough.
    pub(super) fn without_workspace(&self, failure: Failure) -> Result<Checked, Failure> {
        match load::load_workspace(self.here()) {
            Err(LoadError::NoWorkspace { .. }) => self.alone(),
            Ok(_) | Err(_) => Err(failure),
        }
    }

    /// Does without files where none are named and there is no workspace: flags may say enough for a question.
    pub(super) fn or_alone(
        &self,
        checked: Result<Checked, Failure>,
        paths: &[PathBuf],
    ) -> Result<Checked, Failure> {
        if paths.is_empty() { checked.or_else(|failure| self.without_workspace(failure)) } else { checked }
    }

    /// No workspace, whatever is around: the company alone that was named.
    pub(super) fn alone(&self) -> Result<Checked, Failure> {
        let none = Loaded { root: self.here().to_owned(), ..Loaded::default() };
        let none = none.about(&self.company, None).map_err(workflow::Error::from)?;
        Ok(workflow::sound(none)?)
    }
}

/// The path without `..`, by its words alone.
fn without_steps_back(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}
