//! A standard group's roles, as the draft of a custom group. Only reads.

use std::sync::Arc;

use crate::{
    files::write::DraftGroup,
    live::{FetchError, api::Reader, fetch, source::Source},
    model::{
        finding::did_you_mean,
        ids::{CompanyId, PersonRef, UserId},
        name,
        observed::GroupHead,
        plan::Names,
    },
};

/// What to copy, and as what.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Copy<'a> {
    /// The group to copy: its exact name, or its id.
    pub group: &'a str,
    pub name: &'a str,
    /// The description of the new group, instead of one made from the original's.
    pub description: Option<&'a str>,
    pub members: bool,
}

/// Why a group cannot be copied.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CopyError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("a group `{0}` exists already")]
    Taken(Box<str>),
    #[error("no group is called `{wanted}`")]
    Unknown { wanted: Box<str>, hint: String },
    #[error("several groups are called `{wanted}`")]
    Ambiguous { wanted: Box<str>, ids: Vec<String> },
}

impl CopyError {
    /// What to do about it, as one sentence without a full stop.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Fetch(error) => error.hint(),
            Self::Taken(_) => Some("pick another name for the copy".to_owned()),
            Self::Unknown { hint, .. } => Some(hint.clone()),
            Self::Ambiguous { ids, .. } => Some(format!("name one by id: {}", ids.join(", "))),
        }
    }
}

/// Reads a group and drafts its copy; the names that the draft needs are added to `names`.
///
/// # Errors
///
/// Where there is not exactly one group to copy, where the name is taken, and where something cannot be read.
pub async fn draft(
    reader: &Reader,
    company: CompanyId,
    copy: Copy<'_>,
    names: &mut Names,
) -> Result<DraftGroup, CopyError> {
    let source = Source::Api(reader.clone());
    let name = name::composed(copy.name);
    let heads = source.list_groups(company).await?;
    if heads.iter().any(|it| *it.name == *name) {
        return Err(CopyError::Taken(copy.name.into()));
    }
    let original = original(&heads, &name::composed(copy.group))?;
    for role in source.list_roles(company).await? {
        names.roles.insert(role.id, role.name);
    }
    let grants = fetch::grants(source.list_group_roles(company, original.id).await?);
    let members =
        if copy.members { source.list_members(company, original.id).await? } else { Arc::default() };
    let in_scopes = grants.iter().flat_map(|it| it.scope.people()).map(UserId);
    let people: Vec<PersonRef> = members.iter().copied().chain(in_scopes).map(PersonRef::UserId).collect();
    for user in source.find_users(company, &people).await? {
        if let Some(email) = user.email {
            names.people.insert(user.id, email.as_str().into());
        }
    }
    let description = copy.description.map_or_else(
        || {
            let copied = format!("Copied from {}. {}", original.name, original.description);
            copied.trim().chars().take(1_000).collect()
        },
        str::to_owned,
    );
    Ok(DraftGroup { name: name.into_owned(), description, grants, members: members.to_vec() })
}

fn original<'a>(heads: &'a [GroupHead], wanted: &str) -> Result<&'a GroupHead, CopyError> {
    let found: Vec<&GroupHead> =
        heads.iter().filter(|it| *it.name == *wanted || it.id.to_string() == wanted).collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err(CopyError::Unknown {
            wanted: wanted.into(),
            hint: did_you_mean(wanted, heads.iter().map(|it| &*it.name))
                .unwrap_or_else(|| format!("the company has {} groups; names are exact", heads.len())),
        }),
        _ => Err(CopyError::Ambiguous {
            wanted: wanted.into(),
            ids: found.iter().map(|it| it.id.to_string()).collect(),
        }),
    }
}
