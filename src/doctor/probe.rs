//! Learns an API's dialect by trying it on groups of its own, and deletes them.
//!
//! Writes to no other group. A group of a probe never has a member and a role at once, so nobody gains
//! access at any moment: one that anybody was ever put into is never given a role, and the other way round,
//! and before either it is read and must be without the other. Every write is followed by a reading: one that
//! is accepted and ignored is not a success. As it may still show later, its group is deleted, never used again.

mod accounts;
mod members;
mod prepared;
mod roles;
mod rows;
mod scratch;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    doctor::{
        learned::{Finding, Left, Probed},
        look::Observer,
    },
    live::api::{ApiError, Dialect, Reader, Writer},
    model::{
        dialect::GroupUpdate,
        ids::{CompanyId, RoleId, UserId},
    },
};
use scratch::ScratchGroups;

pub use accounts::{Accounts, Earlier, accounts, beside, earlier, intent as intent_of_accounts};
pub use prepared::{NotPrepared, Prepared, intent, prepare};

/// What names of a probe's groups begin with.
pub const PREFIX: &str = "rolecall-probe-";
/// What their descriptions say.
pub const DESCRIPTION: &str = "Made by `rolecall doctor --probe` to learn how this API spells its requests. Gives nobody anything; can be deleted.";
/// Groups that a probe makes at most: each doubt costs one.
pub const MOST_GROUPS: usize = 32;
/// Roles that are tried before it is given up.
pub const MOST_ROLES: usize = 3;
/// Groups of earlier probes that are younger may belong to one that runs, in seconds.
const ABANDONED: i64 = 3600;
/// Wait before a second reading is believed that a write was ignored.
const SETTLE: Duration = Duration::from_millis(250);

#[expect(missing_docs, reason = "the names say it")]
pub struct Job<'a> {
    pub reader: &'a Reader,
    pub writer: &'a Writer,
    pub observer: &'a Observer,
    pub company: CompanyId,
    /// A user of the company.
    pub user: UserId,
    /// Roles of the company to try, the one that permits least first.
    pub roles: Vec<RoleId>,
    pub name: String,
    /// Ends it early, with everything deleted.
    pub stop: &'a AtomicBool,
}

/// Why a probe ends before its end.
#[expect(missing_docs, reason = "the names say it")]
pub enum Halt {
    Asked,
    Failed(ApiError),
    Unsafe(String),
}

impl From<ApiError> for Halt {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Wished,
    Before,
    Else,
}

/// How a write was taken, as the reading after it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tried {
    /// It did what it was meant to.
    Took,
    /// It was accepted, and nothing changed.
    Ignored,
    /// It was accepted, and did something else.
    Otherwise,
    /// It was refused, with this status and code.
    Refused(String),
    /// It was refused all the same as something changed: nobody knows what did that.
    Contradicted(String),
}

impl Tried {
    /// Judges by the refusal, if there was one, before anything else: what shows may be of an earlier write.
    fn new(refused: Option<String>, shown: Shown) -> Self {
        match (refused, shown) {
            (None, Shown::Wished) => Self::Took,
            (None, Shown::Before) => Self::Ignored,
            (None, Shown::Else) => Self::Otherwise,
            (Some(why), Shown::Before) => Self::Refused(why),
            (Some(why), Shown::Wished | Shown::Else) => Self::Contradicted(why),
        }
    }

    /// Says whether something may still come of it.
    fn in_doubt(&self) -> bool {
        match self {
            Self::Took | Self::Refused(_) => false,
            Self::Ignored | Self::Otherwise | Self::Contradicted(_) => true,
        }
    }

    /// Returns how it was taken, after the name of what was tried.
    fn told(&self, what: &str) -> String {
        match self {
            Self::Took => format!("{what} works"),
            Self::Ignored => format!("{what} was accepted and ignored"),
            Self::Otherwise => format!("{what} was accepted and did something else"),
            Self::Refused(why) => format!("{what} was refused ({why})"),
            Self::Contradicted(why) => {
                format!("{what} was refused ({why}), and something changed all the same")
            }
        }
    }
}

/// Returns the name for a probe's first group.
pub fn name() -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("{PREFIX}{:08x}", RandomState::new().hash_one(Timestamp::now().as_nanosecond()) & 0xffff_ffff)
}

/// Returns the groups that earlier probes left behind, an hour ago or more.
pub async fn abandoned(reader: &Reader, company: CompanyId, now: Timestamp) -> Result<Vec<Left>, ApiError> {
    let groups = reader.list_groups(company).await?;
    let ours = groups.into_iter().filter(|it| it.name.starts_with(PREFIX) && !it.unmodifiable);
    let mut left: Vec<Left> = ours
        .filter_map(|it| {
            let why = match it.updated_at.map(|it| now.duration_since(it).as_secs()) {
                Some(seconds) if seconds < ABANDONED => return None,
                Some(seconds) => format!("last changed {} hours ago", seconds / 3600),
                None => "of unknown age".to_owned(),
            };
            Some(Left { id: it.id.to_string(), name: it.name.into(), why })
        })
        .collect();
    left.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Ok(left)
}

/// Tries everything, deletes what it made, and tells both, and why it ended before its end, if it did. What fails
/// ends the trying, never the deleting.
pub async fn probe(job: Job<'_>) -> (Probed, Option<Halt>) {
    let mut scratch = ScratchGroups::new(job);
    let halt = trials(&mut scratch).await.err();
    scratch.leave().await;
    let mut probed = scratch.probed;
    probed.cut_short = halt.as_ref().map(|it| match it {
        Halt::Asked => "it was interrupted".to_owned(),
        Halt::Failed(error) => error.to_string(),
        Halt::Unsafe(why) => why.clone(),
    });
    (probed, halt)
}

async fn trials(scratch: &mut ScratchGroups<'_>) -> Result<(), Halt> {
    members::learn(scratch).await?;
    roles::learn(scratch).await?;
    update(scratch).await?;
    same_name(scratch).await?;
    rows::learn(scratch).await
}

/// Learns which method changes name and description (contract §3.4).
async fn update(scratch: &mut ScratchGroups<'_>) -> Result<(), Halt> {
    let mut facts = Vec::new();
    for (method, word) in [(GroupUpdate::Put, "PUT"), (GroupUpdate::Patch, "PATCH")] {
        scratch.go_on()?;
        let group = scratch.group().await?;
        let (company, name) = (scratch.company, scratch.name_of(group));
        let description = format!("{DESCRIPTION} Changed by {word}.");
        let sent = scratch.writer.update_group_by(method, company, group, (&name, &description)).await;
        let refused = scratch.refused(sent)?;
        let mut tried = scratch.reader.get_group(company, group).await?;
        if refused.is_none() && tried.description.as_deref() != Some(&description) {
            tokio::time::sleep(SETTLE).await;
            tried = scratch.reader.get_group(company, group).await?;
        }
        let shown = if *tried.name != *name {
            Shown::Else
        } else if tried.description.as_deref() == Some(&description) {
            Shown::Wished
        } else {
            Shown::Before
        };
        let tried = Tried::new(refused, shown);
        scratch.unless_doubtful(&tried).await?;
        facts.push(tried.told(word));
        if tried == Tried::Took {
            scratch.probed.learned.group_update = Some(method);
            scratch.found("group update", word.to_lowercase(), facts.join("; "));
            return Ok(());
        }
    }
    scratch.unknown("group update", facts.join("; "));
    Ok(())
}

/// Learns whether two groups may have one name (contract §3.3): the second goes at once.
async fn same_name(scratch: &mut ScratchGroups<'_>) -> Result<(), Halt> {
    scratch.go_on()?;
    let group = scratch.group().await?;
    let name = scratch.name_of(group);
    let sent = scratch.create(&name).await;
    let (verdict, fact) = match scratch.refused(sent)? {
        None => ("allowed", "a second group of the same name was made".to_owned()),
        Some(why) => ("refused", format!("a second group of the same name was refused ({why})")),
    };
    scratch.found("group name twice", verdict, fact);
    scratch.leave_all_but(group).await;
    Ok(())
}

impl ScratchGroups<'_> {
    fn go_on(&self) -> Result<(), Halt> {
        if self.stop.load(Ordering::Relaxed) { Err(Halt::Asked) } else { Ok(()) }
    }

    /// Returns status and code of a refusal, nothing for a success, and everything else as an end: after a
    /// write that may or may not have come about, nothing is tried any more.
    fn refused<T>(&self, sent: Result<T, ApiError>) -> Result<Option<String>, Halt> {
        match sent {
            Ok(_) => Ok(None),
            Err(ApiError::Refused { status: status @ (400 | 403..=405 | 409 | 415 | 422), code, .. }) => {
                Ok(Some(match code {
                    Some(code) => format!("{status} {code}"),
                    None => status.to_string(),
                }))
            }
            Err(error) => Err(Halt::Failed(error)),
        }
    }

    fn found(&mut self, name: &'static str, verdict: impl Into<String>, fact: impl Into<String>) {
        self.probed.findings.push(Finding { name, verdict: verdict.into(), fact: fact.into() });
    }

    fn unknown(&mut self, name: &'static str, fact: impl Into<String>) {
        self.found(name, "unknown", fact);
    }

    /// Returns the dialect as learned so far, for the requests to come.
    fn speech(&self) -> Dialect {
        let (learned, usual) = (&self.probed.learned, Dialect::default());
        Dialect {
            member_removal_field: learned.member_removal_field.unwrap_or(usual.member_removal_field),
            roles_to_delete: learned.roles_to_delete.unwrap_or(usual.roles_to_delete),
            predicate: learned.predicate.unwrap_or(usual.predicate),
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_never_credited_whatever_shows_after_it() {
        for shown in [Shown::Wished, Shown::Before, Shown::Else] {
            let refused = Tried::new(Some("400".to_owned()), shown);
            assert_ne!(refused, Tried::Took);
            assert_eq!(refused.in_doubt(), shown != Shown::Before);
            assert!(refused.told("it").contains("it was refused (400)"));
            assert_eq!(Tried::new(None, shown).in_doubt(), shown != Shown::Wished);
        }
    }

    #[test]
    fn two_probes_have_two_names() {
        let (one, two) = (name(), name());
        assert_ne!(one, two);
        assert!(one.starts_with(PREFIX) && one.len() == PREFIX.len() + 8, "{one}");
    }
}
