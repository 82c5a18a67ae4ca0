//! A standard group's roles, as the draft of a custom group. Only reads.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    files::{
        declared::{Declared, RoleRef},
        write::{
            DraftFile, DraftGrant, DraftGroup, DraftPerson, Known,
            naming::{candidates, slug},
        },
    },
    live::{FetchError, fetch, source::Source},
    model::{
        access::Grant,
        finding::did_you_mean,
        ids::{CompanyId, PersonRef, UserId},
        name,
        observed::{GroupHead, User},
    },
    plan::bind::grants::Roles,
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
    #[error(
        "`{group}` cannot be written as YAML: the scope of role `{role}` is in a form that a file cannot say"
    )]
    Unsayable { group: Box<str>, role: Box<str> },
}

impl CopyError {
    /// What to do about it, as one sentence without a full stop.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Fetch(error) => error.hint(),
            Self::Taken(_) => Some("pick another name for the copy".to_owned()),
            Self::Unknown { hint, .. } => Some(hint.clone()),
            Self::Unsayable { .. } => {
                Some("a scope in a form this version does not know cannot be copied safely".to_owned())
            }
            Self::Ambiguous { ids, .. } => Some(format!("name one by id: {}", ids.join(", "))),
        }
    }
}

/// Reads a group and drafts a file with its copy, with the names that the file uses.
///
/// # Errors
///
/// Where there is not exactly one group to copy, where the name is taken, and where something cannot be read, or not be
/// said.
pub async fn draft(
    source: &Source,
    declared: &Declared,
    company: CompanyId,
    copy: Copy<'_>,
) -> Result<(DraftFile, Known), CopyError> {
    let name = name::composed(copy.name);
    let heads = source.list_groups(company).await?;
    if heads.iter().any(|it| *it.name == *name) {
        return Err(CopyError::Taken(copy.name.into()));
    }
    let original = original(&heads, &name::composed(copy.group))?;
    let all = source.list_roles(company).await?;
    let roles = Roles::new(&all);
    let held = fetch::grants(source.list_group_roles(company, original.id).await?);
    let members =
        if copy.members { source.list_members(company, original.id).await?.ids } else { Arc::default() };
    let in_scopes = held.iter().flat_map(|it| it.scope.people()).map(UserId);
    let people: Vec<PersonRef> = members.iter().copied().chain(in_scopes).map(PersonRef::UserId).collect();
    let keys = keys(&source.find_users(company, &people).await?);
    let known = known(declared, keys.clone());
    let grant = |Grant { role, scope, .. }: Grant| {
        let called = roles.called(role);
        match known.scope(&scope).filter(|_| !scope.has_unreadable()) {
            Some(_) => Ok(DraftGrant { role: roles.named(role).unwrap_or(RoleRef::Id(role)), called, scope }),
            None => Err(CopyError::Unsayable { group: original.name.clone(), role: called }),
        }
    };
    let grants = held.into_iter().map(grant).collect::<Result<_, _>>()?;
    let member = |it: &UserId| DraftPerson {
        person: keys.get(it).cloned().unwrap_or(PersonRef::UserId(*it)),
        who: None,
    };
    let description = copy.description.map_or_else(
        || {
            let copied = format!("Copied from {}. {}", original.name, original.description);
            copied.trim().chars().take(1_000).collect()
        },
        str::to_owned,
    );
    let file = candidates(&slug(&name, 60), "copy", original.id.0).swap_remove(0);
    let group = DraftGroup {
        description: Some(description.into()),
        grants: Some(grants),
        members: members.iter().map(member).collect(),
        ..DraftGroup::new(&name)
    };
    Ok((
        DraftFile { path: format!("access/{file}.yaml"), groups: vec![group], ..DraftFile::default() },
        known,
    ))
}

/// The addresses of users, but those that several have.
fn keys(users: &[User]) -> BTreeMap<UserId, PersonRef> {
    let is_one = |user: &User| users.iter().filter(|it| it.email == user.email).all(|it| it.id == user.id);
    let one = users.iter().filter(|it| is_one(it));
    one.filter_map(|it| Some((it.id, PersonRef::Email(it.email.clone()?)))).collect()
}

/// The names of the workspace.
fn known(declared: &Declared, travellers: BTreeMap<UserId, PersonRef>) -> Known {
    let names = declared.aliases.iter().map(|it| (*it.0, it.1.clone()));
    let (companies, legal_entities) = names.partition(|it| declared.names_company(CompanyId(it.0)));
    Known { companies, legal_entities, travellers }
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
