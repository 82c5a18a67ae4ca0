//! Access to YAML: the text of an access file that declares what there is.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::model::{
    access::Grant,
    ids::UserId,
    plan::Names,
    scope::{Audience, Kind, Scope, Value},
};

/// A group to be written.
#[derive(Clone, Debug)]
pub struct DraftGroup {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its roles.
    pub grants: Vec<Grant>,
    /// Its members.
    pub members: Vec<UserId>,
}

/// A scope that a file cannot express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scope of role `{role}` is in a form that a file cannot say")]
pub struct Unsayable {
    role: String,
}

#[derive(Serialize)]
struct File<'a> {
    version: u8,
    groups: Vec<GroupOut<'a>>,
}

#[derive(Serialize)]
struct GroupOut<'a> {
    name: &'a str,
    description: &'a str,
    roles: Vec<RoleOut>,
    members: Vec<PersonOut>,
}

#[derive(Serialize)]
struct RoleOut {
    role: RoleNameOut,
    scope: ScopeOut,
}

#[derive(Serialize)]
#[serde(untagged)]
enum RoleNameOut {
    Name(String),
    Id { id: String },
}

#[derive(Serialize)]
#[serde(untagged)]
enum ScopeOut {
    One(AudienceOut),
    Any(Vec<AudienceOut>),
}

/// Keys in a fixed order, as the file format lists them.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct AudienceOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<OneOrMany<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_entity: Option<OneOrMany<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_tmc: Option<OneOrMany<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contracting_tmc: Option<OneOrMany<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<OneOrMany<PersonOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stealth_type: Option<OneOrMany<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    predicates: Vec<BTreeMap<&'static str, PredicateOut>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PredicateOut {
    Type(String),
    Values(Vec<String>),
}

#[derive(Serialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(untagged)]
enum PersonOut {
    Email(String),
    #[serde(rename_all = "camelCase")]
    Id {
        user_id: String,
    },
}

/// Returns an access file that declares `groups` exactly as they are, with names where there are any.
///
/// # Errors
///
/// A scope that this version cannot read, and so cannot write down truthfully.
pub fn access_file(groups: &[DraftGroup], names: &Names) -> Result<String, Unsayable> {
    let groups = groups.iter().map(|it| group(it, names)).collect::<Result<_, _>>()?;
    let file = File { version: 1, groups };
    Ok(serde_saphyr::to_string(&file).unwrap_or_default())
}

fn group<'a>(draft: &'a DraftGroup, names: &Names) -> Result<GroupOut<'a>, Unsayable> {
    let role_names: Vec<&str> = names.roles.values().map(|it| &**it).collect();
    let mut roles = Vec::new();
    for grant in &draft.grants {
        let name = names.role(grant.role);
        let unique = role_names.iter().filter(|it| **it == name).count() == 1;
        let Some(scope) = scope(&grant.scope, names) else { return Err(Unsayable { role: name }) };
        let role =
            if unique { RoleNameOut::Name(name) } else { RoleNameOut::Id { id: grant.role.to_string() } };
        roles.push(RoleOut { role, scope });
    }
    roles.sort_by_key(|it| it.role.to_string());
    let mut members: Vec<PersonOut> = draft.members.iter().map(|it| person(*it, names)).collect();
    members.sort();
    Ok(GroupOut { name: &draft.name, description: &draft.description, roles, members })
}

impl fmt::Display for RoleNameOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(text) | Self::Id { id: text } => f.write_str(text),
        }
    }
}

fn person(user: UserId, names: &Names) -> PersonOut {
    names
        .people
        .get(&user)
        .map_or_else(|| PersonOut::Id { user_id: user.to_string() }, |it| PersonOut::Email(it.to_string()))
}

fn scope(scope: &Scope, names: &Names) -> Option<ScopeOut> {
    if scope.is_empty() || scope.has_unreadable() {
        return None;
    }
    let mut audiences: Vec<AudienceOut> =
        scope.audiences().iter().map(|it| audience(it, names)).collect::<Option<_>>()?;
    Some(if audiences.len() == 1 { ScopeOut::One(audiences.remove(0)) } else { ScopeOut::Any(audiences) })
}

/// Returns the audience as a file says it; `None` where a part of it has no such form.
fn audience(audience: &Audience, names: &Names) -> Option<AudienceOut> {
    let mut out = AudienceOut::default();
    for dimension in audience {
        let values = || {
            let mut values: Vec<String> = dimension.values.iter().map(|it| alias(it, names)).collect();
            values.sort();
            Some(one_or_many(values))
        };
        match &dimension.kind {
            Kind::Platform if dimension.values == [Value::Nothing] => out.platform = Some(true),
            Kind::Company => out.company = values(),
            Kind::LegalEntity => out.legal_entity = values(),
            Kind::BookingTmc => out.booking_tmc = values(),
            Kind::ContractingTmc => out.contracting_tmc = values(),
            Kind::StealthType => out.stealth_type = values(),
            Kind::Profile => {
                let people = dimension.values.iter().map(|it| match it {
                    Value::Id(id) => Some(person(UserId(*id), names)),
                    Value::Nothing | Value::Text(_) => None,
                });
                let mut people: Vec<PersonOut> = people.collect::<Option<_>>()?;
                people.sort();
                out.profile = Some(one_or_many(people));
            }
            Kind::Platform | Kind::Other(_) => out.predicates.push(BTreeMap::from([
                ("type", PredicateOut::Type(dimension.kind.as_wire().to_owned())),
                ("values", PredicateOut::Values(dimension.values.iter().map(Value::to_string).collect())),
            ])),
            Kind::Unreadable => return None,
        }
    }
    Some(out)
}

fn alias(value: &Value, names: &Names) -> String {
    match value {
        Value::Id(id) => names.values.get(id).map_or_else(|| id.to_string(), ToString::to_string),
        Value::Nothing | Value::Text(_) => value.to_string(),
    }
}

fn one_or_many<T>(mut values: Vec<T>) -> OneOrMany<T> {
    if values.len() == 1 { OneOrMany::One(values.remove(0)) } else { OneOrMany::Many(values) }
}
