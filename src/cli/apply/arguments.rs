//! What `rolecall apply` is told: which plan, who consents to it, and when to stop.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use rolecall::model::{plan::ID_DIGITS, source::Sources};

use super::super::{Failure, Global, Only, Reporting, Selection, approval::PlanFile, next};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    pub(in crate::cli) selection: Selection,
    #[command(flatten)]
    pub(in crate::cli) reporting: Reporting,
    /// Apply without asking
    #[arg(long, visible_alias = "yes", env = "ROLECALL_AUTO_APPROVE")]
    pub(in crate::cli) auto_approve: bool,
    /// Apply without asking, if the plan still has this id
    #[arg(long, value_name = "PLAN_ID", env = "ROLECALL_APPROVE", value_parser = plan_id)]
    pub(in crate::cli) approve: Option<String>,
    /// Apply without asking, if the plan does no more than this saved one
    #[arg(long, value_name = "PLAN", env = "ROLECALL_APPROVED_AT_MOST", conflicts_with_all = ["approve", "auto_approve"])]
    pub(in crate::cli) approved_at_most: Option<PathBuf>,
    /// Apply only a saved plan that is signed by a key of this file (public keys in PEM)
    #[arg(long, value_name = "KEYS", env = "ROLECALL_REQUIRE_SIGNED")]
    pub(in crate::cli) require_signed: Option<PathBuf>,
    /// Only cut off who is locked out, or only take away what has ended
    #[arg(long, value_name = "PART", env = "ROLECALL_ONLY", conflicts_with = "approved_at_most")]
    pub(in crate::cli) only: Option<Only>,
    /// Only say how many requests and how much time it would take
    #[arg(long, env = "ROLECALL_ESTIMATE", conflicts_with_all = ["reports", "metrics_file"])]
    pub(in crate::cli) estimate: bool,
    /// Compare the rbac-info of users whose roles change, before and after; it has no scopes, so a wrong scope is not seen
    #[arg(long, env = "ROLECALL_WITNESS")]
    pub(in crate::cli) witness: bool,
    /// Stop starting steps after N failures [default: 10, or 5% if that is more]
    #[arg(long, value_name = "N", env = "ROLECALL_MAX_FAILURES", value_parser = failures)]
    pub(in crate::cli) max_failures: Option<Failures>,
    /// Longest wait for the API to show a write
    #[arg(long, value_name = "TIME", env = "ROLECALL_SETTLE", default_value = "10s", value_parser = super::super::duration)]
    pub(in crate::cli) settle: Duration,
    /// File that notes every write [default: below .rolecall/journal]
    #[arg(long, value_name = "FILE", env = "ROLECALL_JOURNAL")]
    pub(in crate::cli) journal: Option<PathBuf>,
}

pub(super) enum What {
    Saved(PlanFile),
    Files,
    Expired,
    Lockouts,
}

impl Arguments {
    /// What is to be applied; a saved plan is read before anything else.
    pub(super) fn what(&self, global: &Global) -> Result<What, Failure> {
        match &self.selection.paths[..] {
            [path] if self.only.is_none() && is_plan(path) => {
                let file = self.plan_file(global, path)?;
                file.plan(Sources::default())?;
                Ok(What::Saved(file))
            }
            _ if self.require_signed.is_some() && self.approved_at_most.is_none() => Err(Failure::invalid(
                "only a signed plan may be applied, and none is named",
            )
            .hint("apply one that `rolecall plan --out FILE --sign KEY` saved, or drop --require-signed")),
            _ if self.only == Some(Only::Lockout) => Ok(What::Lockouts),
            paths if paths.iter().any(|it| is_plan(it)) => {
                Err(Failure::invalid("a saved plan is applied alone")
                    .hint("name one plan, or files and folders"))
            }
            _ if self.only == Some(Only::Expired) => Ok(What::Expired),
            _ => Ok(What::Files),
        }
    }

    /// Reads a saved plan, signed where that is asked for.
    pub(super) fn plan_file(&self, global: &Global, path: &Path) -> Result<PlanFile, Failure> {
        let keys = self.require_signed.as_ref().map(|it| global.here().join(it));
        PlanFile::read(global.at(path), keys.as_deref())
    }

    pub(super) fn again(&self, global: &Global) -> String {
        let paths = &self.selection.paths;
        match (self.only, &paths[..]) {
            (None, [path]) if is_plan(path) => next::again_saved(global),
            (only, paths) => next::again(global, paths, (only, self.selection.shard)),
        }
    }

    /// After how many failures of so many steps nothing new begins.
    pub(super) fn max_failures(&self, steps: usize) -> usize {
        self.max_failures.unwrap_or(Failures::Usual).of(steps)
    }
}

fn is_plan(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "json")
}

/// How many failures end a run.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) enum Failures {
    Steps(usize),
    /// So many in a hundred steps.
    Percent(usize),
    /// Ten steps, or five in a hundred where that is more.
    Usual,
}

impl Failures {
    fn of(self, steps: usize) -> usize {
        match self {
            Self::Steps(n) => n,
            Self::Percent(n) => (steps * n).div_ceil(100),
            Self::Usual => 10.max(Self::Percent(5).of(steps)),
        }
    }
}

/// Reads `10` or `5%`.
fn failures(raw: &str) -> Result<Failures, String> {
    let parsed = match raw.strip_suffix('%') {
        Some(percent) => percent.parse().ok().filter(|it| (1..=100).contains(it)).map(Failures::Percent),
        None => raw.parse().ok().filter(|it| *it > 0).map(Failures::Steps),
    };
    parsed.ok_or_else(|| "write a number of steps such as 10, or a share of them such as 5%".to_owned())
}

/// Reads the id of a plan: all of its digits, or at least those that a plan shows.
fn plan_id(raw: &str) -> Result<String, String> {
    let digits = raw.to_ascii_lowercase();
    if (ID_DIGITS..=64).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_hexdigit()) {
        Ok(digits)
    } else {
        Err(format!("a plan id has {ID_DIGITS} to 64 hexadecimal digits, as `Plan id:` shows them"))
    }
}
