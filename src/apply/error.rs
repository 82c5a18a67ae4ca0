//! Why a step was not made.

use std::fmt;

use crate::{
    apply::journal::JournalError,
    live::api::{ApiError, Skew},
    model::ids::{GroupId, UserId},
};

/// Why a step was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The API did not do it.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The journal cannot be written, and without it nothing is.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The API took a removal, and did not make it.
    #[error("the API accepted the removal, but {left} of the removed are in the group all the same")]
    Ignored {
        /// How many of them are left.
        left: usize,
    },
    /// The API took a change of roles, and did not make it.
    #[error("the API accepted the change of roles, but the group does not have them so")]
    RolesIgnored,
    /// The API took an addition, and did not make it.
    #[error("the API accepted the addition, but {missing} of the added are not in the group")]
    NotJoined {
        /// How many of them are missing.
        missing: usize,
    },
    /// The API said that it made an account, and does not show it.
    #[error("the API created the account ({user}), and does not show it")]
    PersonNotShown {
        /// Its id, as the API told it.
        user: UserId,
    },
    /// The API said that it made a group, and does not show it.
    #[error("the API created the group ({group}), and does not show it")]
    NotShown {
        /// Its id, as the API told it.
        group: GroupId,
    },
    /// The clocks are far apart, and dates decided about the plan.
    #[error("{0}: not written, as dates decided about the plan")]
    Clock(Skew),
    /// It was interrupted before its first write.
    #[error("interrupted before anything was written")]
    Halted,
    /// A write whose answer was lost took effect in part, or in another way than asked.
    #[error("the answer was lost, and the group is neither as it was nor as it shall be")]
    HalfWay,
}

impl ApplyError {
    /// Returns what can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Api(error) => error.hint(),
            Self::Journal(error) => Some(error.hint().to_owned()),
            Self::NotJoined { .. } => {
                Some("nothing that waits for it was done; plan again and look".to_owned())
            }
            Self::NotShown { .. } => Some(
                "wait until `rolecall plan` no longer wants to create it before anything is applied again: a second \
                 group of the name could be made otherwise"
                    .to_owned(),
            ),
            Self::PersonNotShown { .. } => Some(
                "wait until `rolecall plan` no longer wants to create it before anything is applied again: a second \
                 account for the address could be made otherwise"
                    .to_owned(),
            ),
            Self::Clock(_) => Some(Skew::HINT.to_owned()),
            Self::Halted => None,
            Self::Ignored { .. } => Some(ignored("memberRemovalField")),
            Self::RolesIgnored => Some(ignored("rolesToDelete, predicate")),
            Self::HalfWay => Some("plan again and look".to_owned()),
        }
    }
}

fn ignored(fields: &str) -> String {
    format!(
        "nothing that waits for it was done; the API may spell it otherwise: it is set by {fields} of `api.dialect`, \
         and `rolecall doctor --probe` finds out"
    )
}

/// How a group or a person is not what the plan saw, or not what it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stale {
    /// A group that was to be created exists by now.
    Appeared(Vec<GroupId>),
    /// The group is gone.
    Gone,
    /// Its name or description is another.
    Attributes,
    /// Its roles are others.
    Roles,
    /// Its members are others: so many came, so many went.
    Members {
        /// How many are there that were not.
        came: usize,
        /// How many were there that are not.
        went: usize,
    },
    /// What the person holds outside groups is otherwise.
    DirectRoles,
    /// What is about the person is otherwise.
    Person,
    /// The person, whose account comes or goes, is in groups that the plan did not see.
    Groups(usize),
    /// A person who was to have an account has one by now.
    PersonAppeared(Vec<UserId>),
    /// The API does not know the person any more.
    UserGone,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Appeared(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                write!(f, "a group of this name exists by now: {}", ids.join(", "))
            }
            Self::Gone => f.write_str("the group is gone"),
            Self::Attributes => f.write_str("its name or description is another"),
            Self::Roles => f.write_str("its roles or their scopes are others"),
            Self::DirectRoles => f.write_str("the direct roles are others"),
            Self::PersonAppeared(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                write!(f, "an account with this address or external id exists by now: {}", ids.join(", "))
            }
            Self::Person => f.write_str("what the API says of the person is otherwise"),
            Self::Groups(n) => {
                let groups = if *n == 1 { "another group" } else { "other groups" };
                write!(f, "the person is in {groups} by now ({n})")
            }
            Self::UserGone => f.write_str("the user is gone, or the API no longer says what the user holds"),
            Self::Members { came, went } => write!(f, "its members are others (+{came} -{went})"),
        }
    }
}
