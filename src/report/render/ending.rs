//! What a run came to, whatever that is: a plan, findings, or why there is neither.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    View,
    forge::Forge,
    markdown::Deed,
    marker::{Kind, Marker},
    review::ReviewView,
    wording,
};
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
    /// The pull request that it is told on.
    pub pull_request: PullRequest<'a>,
    /// What was done, in the words of an apply; nothing where nothing was begun.
    pub done: Option<&'a str>,
    /// What there is to show.
    pub about: About<'a>,
}

/// What is known of the pull request on which a result is told.
#[derive(Clone, Copy, Debug)]
pub struct PullRequest<'a> {
    /// Where it is.
    pub forge: Forge,
    /// What its comment is about: there is one comment of each name.
    pub name: &'a str,
    /// The commit of the files, in hexadecimal digits.
    pub commit: Option<&'a str>,
    /// The address of the run, for people to look at.
    pub run: Option<&'a str>,
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
    /// The line by which the comment is found again. Runs are compared by their beginning: what they read is not older.
    pub(super) fn marker(&self) -> Marker {
        let plan = match &self.about {
            About::Plan(view, _) => wording::plan_id(view.plan),
            About::Review(_) | About::Findings(..) | About::Trouble(_) => None,
        };
        Marker {
            kind: Kind::of(self.command).unwrap_or(Kind::Plan),
            target: self.pull_request.name.to_owned(),
            plan,
            commit: self.pull_request.commit.map(str::to_owned),
            at: self.at - jiff::SignedDuration::try_from(self.elapsed).unwrap_or_default(),
            forge: self.pull_request.forge,
        }
    }

    /// What became of a plan.
    pub(super) fn deed(&self) -> Deed {
        match (self.command, self.done, self.trouble()) {
            ("apply", Some(_), None) => Deed::Applied,
            ("apply", Some(_), Some(_)) => Deed::Part,
            ("apply", None, Some(_)) => Deed::Refused,
            _ => Deed::Planned,
        }
    }

    /// The last lines of a comment, by which people see which run it is of.
    pub(super) fn stamp(&self) -> String {
        let PullRequest { commit, run, .. } = self.pull_request;
        let commit = commit.map_or_else(String::new, |it| format!("of commit `{it}`, "));
        let run = run.map_or_else(String::new, |it| format!(", [run]({it})"));
        format!("\n{} {commit}{:.0}{run}\n", self.command, self.marker().at)
    }

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
