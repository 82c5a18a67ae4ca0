//! Why nothing, or not all of it, could be read.

use crate::live::{api::ApiError, snapshot::NotRecorded};

/// A reading that failed. Nothing partial is returned beside it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the names and messages say it")]
pub enum FetchError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    NotRecorded(#[from] NotRecorded),
    /// Who is meant by a rule for members.
    #[error("the people that a rule of `membersFrom` means cannot be read")]
    Rule {
        /// Why.
        source: ApiError,
    },
    /// What would be taken away was asked for once more, alone, and the two answers differ.
    #[error("group {}: the list of its {list} is incomplete or has changed: {why}", name(.group))]
    Unconfirmed {
        group: Box<str>,
        list: &'static str,
        /// How they differ, without naming anybody.
        why: String,
    },
    /// An empty list of groups where the files declare some: by it, everything would be created a second time.
    #[error(
        "the API lists no group at all of {company}, and the files declare {declared}; nothing was planned"
    )]
    NoGroups {
        company: String,
        /// How many, in words.
        declared: String,
    },
}

impl FetchError {
    /// Returns the HTTP status with which the API refused to tell; a refused token, or a rate, is not that.
    pub(crate) fn refused(&self) -> Option<u16> {
        match self {
            Self::Api(error) => error.refused(),
            // The list of a company's people is not the company.
            Self::Rule { .. } | Self::NotRecorded(_) | Self::Unconfirmed { .. } | Self::NoGroups { .. } => {
                None
            }
        }
    }

    /// Whether it says nothing of other companies: the API does not tell of this one, fails at it, or tells nonsense.
    pub(crate) fn is_of_one_company(&self) -> bool {
        match self {
            Self::Api(error) => error.is_of_one_answer(),
            Self::Rule { source } => {
                source.is_of_one_answer() || source.refused().is_some_and(|status| status != 401)
            }
            Self::Unconfirmed { .. } | Self::NoGroups { .. } => true,
            Self::NotRecorded(_) => false,
        }
    }

    /// Returns what to do about it, as one sentence without a full stop.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Api(error) => error.hint(),
            Self::Rule { source } => match source.refused() {
                Some(400 | 403 | 404 | 405 | 501) => Some(
                    "the token, or this endpoint, has no list of people (`POST /v3/users/list`): list them under `members`".to_owned(),
                ),
                _ => source.hint(),
            },
            Self::NotRecorded(error) => Some(error.hint().to_owned()),
            Self::NoGroups { .. } => Some(
                "check `company:`, the endpoint and the rights of the token; if the company is new, give `--create-all` to plan and apply"
                    .to_owned(),
            ),
            Self::Unconfirmed { .. } => Some(
                "nothing was written; somebody may be changing it right now: run it again in a moment"
                    .to_owned(),
            ),
        }
    }
}

fn name(raw: &str) -> String {
    format!("`{}`", crate::model::escape::terminal(raw))
}
