//! What the options of every command come to, resolved once; and the files that they name.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rolecall::{
    apply::WRITERS,
    files::load::{self, LoadError, Loaded},
    live::api::Rate,
    workflow::{self, Checked, estimate::Pace},
};

use super::{Flags, failure::Failure};

/// Requests in flight at once, unless it is said otherwise.
const READERS: usize = 16;

/// What holds for every command.
#[derive(Debug)]
pub(crate) struct Global {
    /// The folder that was named as that of the workspace.
    pub(super) workspace: Option<PathBuf>,
    pub(super) endpoint: Option<String>,
    pub(super) company: Option<String>,
    /// Longest time for one request.
    pub(super) timeout: Duration,
    /// Requests in flight at once.
    pub(super) readers: usize,
    /// Steps made at once.
    pub(super) writers: usize,
    pub(super) max_rps: Option<Rate>,
}

impl Global {
    pub(super) fn new(flags: &Flags) -> Self {
        Self {
            workspace: flags.workspace.clone(),
            endpoint: flags.endpoint.clone(),
            company: flags.company.clone(),
            timeout: flags.timeout,
            readers: flags.concurrency.map_or(READERS, usize::from),
            writers: flags.concurrency.map_or(WRITERS, usize::from),
            max_rps: flags.max_rps,
        }
    }

    /// The folder that paths are relative to, as if the program was started in it.
    pub(super) fn here(&self) -> &Path {
        self.workspace.as_deref().unwrap_or(Path::new("."))
    }

    /// How fast requests may be sent.
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.readers, self.max_rps)
    }

    /// Reads the files that paths name.
    pub(super) fn load(&self, paths: &[PathBuf]) -> Result<Loaded, LoadError> {
        let paths: Vec<PathBuf> = paths.iter().map(|it| self.here().join(it)).collect();
        load::load(&paths, self.here()).map(|it| self.about(it))
    }

    /// Reads and checks the files that paths name, for a plan.
    pub(super) fn checked(&self, paths: &[PathBuf]) -> Result<Checked, Failure> {
        Ok(workflow::checked(self.load(paths)?)?)
    }

    /// Reads and checks the workspace file alone, for commands that need no access files.
    pub(super) fn checked_workspace(&self) -> Result<Checked, Failure> {
        Ok(workflow::validated(self.about(load::load_workspace(self.here())?))?)
    }

    /// Does without a workspace where there is none: flags may say enough.
    pub(super) fn without_workspace(&self, failure: Failure) -> Result<Checked, Failure> {
        match load::load_workspace(self.here()) {
            Err(LoadError::NoWorkspace { .. }) => {
                let none = Loaded { root: self.here().to_owned(), ..Loaded::default() };
                Ok(workflow::validated(self.about(none))?)
            }
            Ok(_) | Err(_) => Err(failure),
        }
    }

    /// Makes files be about the company that was named.
    fn about(&self, mut loaded: Loaded) -> Loaded {
        loaded.files.company.clone_from(&self.company);
        loaded
    }
}
