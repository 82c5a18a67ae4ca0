//! What a run came to, whatever that is: a plan, findings, or why there is neither.

use std::time::Duration;

use jiff::Timestamp;

use super::{View, review::ReviewView};
use crate::model::{finding::Finding, source::Sources};

/// What a run came to.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// The command, such as `plan`.
    pub command: &'a str,
    /// The name of the folder that the workspace is in.
    pub workspace: &'a str,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub elapsed: Duration,
    /// The exit code.
    pub code: u8,
    /// What the exit code means, in a word.
    pub result: &'a str,
    /// What there is to show.
    pub about: About<'a>,
}

/// What there is to show of a run.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// A plan, and of an apply why it was not done in full, where it was not.
    Plan(View<'a>, Option<Trouble<'a>>),
    /// Who may do what.
    Review(ReviewView<'a>),
    /// What is wrong with the files; nothing where they are sound.
    Findings(&'a [Finding], &'a Sources),
    /// Why there is nothing.
    Trouble(Trouble<'a>),
}

/// Why a run did not come to what was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Trouble<'a> {
    /// What, in one sentence.
    pub message: &'a str,
    /// Why, outermost first.
    pub causes: &'a [String],
    /// What to do.
    pub hint: Option<&'a str>,
}

impl Ending<'_> {
    /// Why it did not come to what was asked for, where it did not.
    pub(super) fn trouble(&self) -> Option<Trouble<'_>> {
        match self.about {
            About::Plan(_, trouble) => trouble,
            About::Findings(..) | About::Review(_) => None,
            About::Trouble(trouble) => Some(trouble),
        }
    }

    /// Whether it came to what was asked for. That there are differences, or that a guard stops them, is not a failure
    /// of a run that only looks.
    pub(super) fn is_complete(&self) -> bool {
        match self.about {
            About::Plan(_, trouble) => trouble.is_none(),
            About::Findings(findings, _) => findings.is_empty(),
            About::Review(_) => true,
            About::Trouble(_) => false,
        }
    }
}
