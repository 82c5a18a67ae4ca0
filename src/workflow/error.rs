//! Why the main line ends early: what the files, the live state or a saved plan stand in the way with.
//!
//! Says what and what to do; how a process ends of it is for the program to say.

use crate::{
    apply::journal::JournalError,
    files::{base::BaseError, load::LoadError, suppose::Unthinkable},
    live::{FetchError, api::Skew, fetch::SnapshotError},
    model::{
        finding::Finding,
        ids::{CompanyId, PersonRef},
        plan::{Digest, ID_DIGITS, Plan, Unresolved},
        source::Sources,
    },
    plan::{approval::Difference, question, takeup::Stale},
    report::render::{approval::lines, counted},
};

/// Why a stage was not reached. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Error {
    /// The files are wrong, or cannot be bound to what there is.
    #[error("{} in the files", counted(findings.len(), "finding", "findings"))]
    Findings { findings: Vec<Finding>, sources: Sources },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error("`--base` compares a workspace, and there is none: no rolecall.yaml")]
    NoBase,
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the plan was made for {then}, and this is {now}; nothing was written")]
    OtherApi { then: Box<str>, now: Box<str> },
    #[error("{} changed since the plan was made; nothing was written", files(.changed))]
    FilesChanged {
        /// Each file, with how.
        changed: Vec<String>,
        id: Digest,
    },
    #[error("{} not what the plan saw; nothing was written", things(.0))]
    Stale(Stale),
    #[error("{0}; dates decide about this, and are not judged by clocks that far apart: nothing was written")]
    Clock(Skew),
    #[error("{}", not_one(.person, .why, .places, .refused.as_deref()))]
    NotOne {
        person: PersonRef,
        why: Unresolved,
        /// The companies where people were looked for.
        places: Vec<String>,
        /// Where the API refused that.
        refused: Option<Box<SearchRefused>>,
        /// The person of the files whose key is nearest.
        near: Option<PersonRef>,
    },
    #[error("the company {company} is to change, and cannot be read: {why}; nothing was written")]
    NotRead { company: CompanyId, why: Box<str> },
    #[error(
        "the snapshot is sanitized: its addresses are pseudonyms, which belong into no file of a workspace"
    )]
    Pseudonyms,
    #[error(
        "the new file {path} would not be read: no pattern under `access:` matches it; nothing was written"
    )]
    NotMatched { path: String },
    #[error("no company is given")]
    NoCompany,
    #[error(transparent)]
    Unknown(#[from] question::Unknown),
    #[error(transparent)]
    Unthinkable(#[from] Unthinkable),
    #[error("no group is called `{wanted}`, or by that pattern")]
    NoSuchGroup { wanted: Box<str>, near: Option<String> },
    #[error(
        "the files would not say what there is: a plan from them would not be empty; nothing was written"
    )]
    NotProven {
        /// The groups and people that a plan would touch, or leave as they are although the files ask otherwise.
        what: Vec<String>,
    },
}

/// Companies where the API refused to look for a person, and the status with which it did.
#[derive(Debug)]
pub struct SearchRefused {
    pub(super) status: u16,
    pub(super) companies: Vec<String>,
}

impl Error {
    /// What stands in the way, one by one.
    pub fn reasons(&self) -> Vec<String> {
        match self {
            Self::FilesChanged { changed, .. } => changed.clone(),
            Self::NotProven { what } => what.clone(),
            Self::Stale(Stale { groups, people }) => [&groups[..], people].concat(),
            _ => Vec::new(),
        }
    }

    /// What to do about it, as one sentence without a full stop.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Findings { .. } => return None,
            Self::Load(error) => error.hint()?,
            Self::Base(error) => return Some(error.hint()),
            Self::NoBase => "do without `--base`, or put the files into a workspace",
            Self::Fetch(error) => return error.hint(),
            Self::Snapshot(error) => error.hint(),
            Self::Journal(error) => error.hint(),
            Self::OtherApi { .. } => "give `--endpoint`, or plan again for this API",
            Self::FilesChanged { id, .. } => {
                return Some(format!(
                    "plan again; to apply the plan as it is all the same, give `--approve {id:.ID_DIGITS$}`"
                ));
            }
            Self::NotRead { .. } => {
                "try again later, or plan again: a new plan leaves this company out and says so"
            }
            Self::Clock(_) => Skew::HINT,
            Self::Unknown(unknown) => return unknown.hint(),
            Self::Unthinkable(error) => return error.hint(),
            Self::Stale(_) => "plan again, and have the new plan approved",
            Self::NotOne { why: Unresolved::Ambiguous(users), .. } => {
                let ids: Vec<String> = users.iter().map(|it| format!("userId={it}")).collect();
                return Some(format!("name one of them: {}", ids.join(", ")));
            }
            Self::NotOne { why: Unresolved::Hidden, .. } => "give the token the right to see the user",
            Self::NotOne { refused: Some(refused), .. } if refused.status == 400 => {
                "name the person by another key: an e-mail address, `externalId=…`, `employeeId=…` or `userId=…`"
            }
            Self::NotOne { near: Some(near), places, .. } if !places.is_empty() => {
                return Some(format!("did you mean `{}`?", as_argument(near)));
            }
            Self::NotOne { places, .. } if !places.is_empty() => {
                "check the address, or name the person by `externalId=…`, `employeeId=…` or `userId=…`"
            }
            Self::NotOne { refused: Some(_), .. } => "give the token the right to look for users there",
            Self::NoSuchGroup { near, .. } => {
                return Some(
                    near.clone().unwrap_or_else(|| "names are exact; `*` stands for any letters".to_owned()),
                );
            }
            Self::Pseudonyms => "merge from the API, or from a snapshot that was taken without `--sanitize`",
            Self::NotMatched { .. } => {
                "add `access/**/*.yaml` to the patterns under `access:` in rolecall.yaml; files may be moved afterwards"
            }
            Self::NotProven { .. } => {
                "this is a fault of rolecall: please report it; `--group` may leave these out until then"
            }
            Self::NotOne { .. } | Self::NoCompany => "set `company:` in rolecall.yaml, or give `--company`",
        };
        Some(hint.to_owned())
    }
}

/// Why a judged plan is not applied.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Refusal {
    #[error("the plan is not the one that was approved; nothing was written")]
    OtherPlan {
        /// The id that was approved, or its first digits.
        approved: String,
        id: Digest,
    },
    #[error("the approved plan was made for another API; nothing was written")]
    OtherApi { then: Box<str>, now: Box<str> },
    #[error("the plan does more than was approved: {}; nothing was written", counted(.0.len(), "thing", "things"))]
    Beyond(Vec<Difference>),
    #[error("stopped by {}: {}; nothing was written", if .0.len() == 1 { "a guard" } else { "guards" }, .0.join(", "))]
    Guards(Vec<&'static str>),
}

impl Refusal {
    /// What stands in the way, one by one; `plan` is the one that is refused.
    pub fn reasons(&self, plan: &Plan) -> Vec<String> {
        match self {
            Self::OtherPlan { approved, id } => {
                vec![format!("approved was {approved:.ID_DIGITS$}, and it is {id:.ID_DIGITS$} now")]
            }
            Self::OtherApi { then, now } => vec![format!("it was made for {then}, and this is {now}")],
            Self::Beyond(beyond) => lines(plan, beyond),
            Self::Guards(_) => Vec::new(),
        }
    }

    /// What to do about it, as one sentence without a full stop.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherPlan { .. } => "review the plan as it is now, and approve that",
            Self::OtherApi { .. } => "have a plan for this API approved",
            Self::Beyond(_) => "save the plan as it is now, and have that approved",
            Self::Guards(_) => {
                "the plan says what was counted and what the limit is; an exception belongs into rolecall.yaml, with a reason and a date"
            }
        }
    }
}

/// What people should know of a plan beside the plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// The files are others, and the plan was approved all the same; how many.
    #[error("{} changed since the plan was made; the plan is applied as it was approved", counted(*.0, "file", "files"))]
    FilesChanged(usize),
    /// A group of this name may have been created, and cannot be told from others.
    #[error("which group called {0} the apply created, if any, is not known; none is deleted")]
    Unsettled(Box<str>),
    /// A later apply changed some of the same, and is still in force.
    #[error(
        "a later apply changed some of the same: undo that first (`rolecall rollback {0}`), or this does not lead back to what was"
    )]
    First(Box<str>),
    /// Nobody can tell whether a journal is what rolecall wrote.
    #[error(
        "nothing proves that {0} is as rolecall wrote it, so `removals` counts what it undoes: the key is in .rolecall/journal.key \
         where the apply ran, or in ROLECALL_JOURNAL_KEY"
    )]
    Unproven(Box<str>),
    /// A saved plan whose effects are all there.
    #[error("already so: everything that the plan changes is as it wants it, and nothing is left to apply")]
    AlreadySo,
    /// How much is wrong in files that lock-outs do not need, and what first.
    #[error(
        "{} in the access files{}; they are left aside: only who is locked out in rolecall.yaml is cut off, and \
         `rolecall validate` shows what is wrong",
        counted(*.0, "finding", "findings"),
        .1.as_ref().map_or_else(String::new, |it| format!(" ({it})"))
    )]
    OnlyLockouts(usize, Option<String>),
    /// The clocks are far apart, and nothing goes by dates.
    #[error(
        "{0}; nothing here goes by a date, so this changes nothing yet: set the clock of this machine (NTP)"
    )]
    Clock(Skew),
    /// What the files of the base ask for cannot be bound to what there is, and why.
    #[error(
        "what is this change and what has drifted before cannot be told apart: the base does not fit what there is ({0})"
    )]
    NoSides(String),
    /// The API refuses to tell in which groups people are, with this status.
    #[error(
        "the API refuses to tell which groups people are in ({0}): what groups that no file names give to those who gain or \
         lose is not counted"
    )]
    NotAsked(u16),
    /// Patterns and near addresses cannot be compared with pseudonyms.
    #[error(
        "the snapshot is sanitized: addresses cannot be compared with patterns of `protected`, nor with those of unknown people"
    )]
    Sanitized,
}

fn files(changed: &[String]) -> String {
    counted(changed.len(), "file", "files")
}

fn things(Stale { groups, people }: &Stale) -> String {
    match (groups.len(), people.len()) {
        (groups, 0) => counted(groups, "group is", "groups are"),
        (0, people) => counted(people, "person is", "people are"),
        (groups, people) => {
            let groups = counted(groups, "group", "groups");
            format!("{groups} and {} are", counted(people, "person", "people"))
        }
    }
}

fn not_one(
    person: &PersonRef,
    why: &Unresolved,
    places: &[String],
    refused: Option<&SearchRefused>,
) -> String {
    let refused = refused.map(|SearchRefused { status, companies }| {
        format!("the API refuses to look for {person} in {} ({status})", companies.join(", "))
    });
    match why {
        Unresolved::Ambiguous(users) => format!("{person} is not one user but {}", users.len()),
        Unresolved::Hidden => format!("the API does not tell this token who {person} is"),
        Unresolved::Unknown | Unresolved::Nowhere(_) | Unresolved::Inactive | Unresolved::Foreign(_) => {
            let open =
                (!places.is_empty()).then(|| format!("{person} is not a user of {}", places.join(", ")));
            match (open, refused) {
                (Some(open), Some(refused)) => format!("{open}, and {refused}"),
                (Some(it), None) | (None, Some(it)) => it,
                (None, None) => "no company to look for people in is given".to_owned(),
            }
        }
    }
}

/// A person as a command line takes one.
fn as_argument(person: &PersonRef) -> String {
    match person {
        PersonRef::Email(email) => email.to_string(),
        PersonRef::ExternalId(id) => format!("externalId={id}"),
        PersonRef::EmployeeId(id) => format!("employeeId={id}"),
        PersonRef::UserId(id) => format!("userId={id}"),
    }
}
