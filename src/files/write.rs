//! Access to YAML: the text of an access file that declares what there is.
//!
//! Writes text, never a file. Names stand where they are unique, ids elsewhere.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    format::{self, formatted},
    yaml::{Style, Yaml},
};
use crate::model::{
    access::Grant,
    ids::{RoleId, UserId},
    scope::{Audience, Dimension, Kind, Scope, Value},
    source::FileId,
};

/// A group to be written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DraftGroup {
    pub name: String,
    pub description: String,
    pub grants: Vec<Grant>,
    pub members: Vec<UserId>,
}

/// Names that a file may use in place of ids.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Known<'a> {
    /// All roles of the company: a name that several have is not used.
    pub roles: &'a BTreeMap<RoleId, Box<str>>,
    pub people: &'a BTreeMap<UserId, Box<str>>,
    /// The names under `ids:` of the workspace.
    pub ids: &'a BTreeMap<Uuid, Box<str>>,
}

/// A scope that a file cannot express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scope of role `{role}` is in a form that a file cannot say")]
pub struct Unsayable {
    role: String,
}

/// An access file that declares `groups` exactly as they are.
///
/// # Errors
///
/// A scope that this version cannot read, and so cannot write down truthfully.
pub fn access_file(groups: &[DraftGroup], known: Known<'_>) -> Result<String, Unsayable> {
    let groups = groups.iter().map(|it| known.group(it)).collect::<Result<Vec<_>, _>>()?;
    let version = Yaml::Scalar("1".to_owned());
    let file = Yaml::map(Style::Block, [("version", version), ("groups", Yaml::list(Style::Block, groups))]);
    let text = file.document();
    // What is written here holds nothing that cannot be laid out.
    Ok(formatted(&text, format::Kind::Access, FileId::default()).unwrap_or(text))
}

impl Known<'_> {
    fn group(self, draft: &DraftGroup) -> Result<Yaml, Unsayable> {
        let mut roles = Vec::with_capacity(draft.grants.len());
        for Grant { role, scope, .. } in &draft.grants {
            let name = self.roles.get(role).map_or_else(|| role.to_string(), ToString::to_string);
            let unique = self.roles.values().filter(|it| ***it == *name).count() == 1;
            let Some(scope) = self.scope(scope) else { return Err(Unsayable { role: name }) };
            let (shown, named) = match unique {
                true => (name.clone(), Yaml::text(&name)),
                false => (role.to_string(), Yaml::map(Style::Line, [("id", Yaml::text(role))])),
            };
            roles.push((shown, Yaml::map(Style::Line, [("role", named), ("scope", scope)])));
        }
        roles.sort_by(|a, b| a.0.cmp(&b.0));
        let mut members: Vec<Yaml> = draft.members.iter().map(|it| self.person(*it)).collect();
        members.sort();
        Ok(Yaml::map(
            Style::Block,
            [
                ("name", Yaml::text(&draft.name)),
                ("description", Yaml::text(&draft.description)),
                ("roles", Yaml::list(Style::Block, roles.into_iter().map(|it| it.1))),
                ("members", Yaml::list(Style::Block, members)),
            ],
        ))
    }

    fn person(self, user: UserId) -> Yaml {
        let address = self.people.get(&user).map(Yaml::text);
        address.unwrap_or_else(|| Yaml::map(Style::Line, [("userId", Yaml::text(&user))]))
    }

    fn scope(self, scope: &Scope) -> Option<Yaml> {
        if scope.is_empty() {
            return None;
        }
        let mut audiences: Vec<Yaml> =
            scope.audiences().iter().map(|it| self.audience(it)).collect::<Option<_>>()?;
        Some(if audiences.len() == 1 { audiences.remove(0) } else { Yaml::list(Style::Block, audiences) })
    }

    /// An audience with its keys in the order of the file format; `None` where a part of it has no form.
    fn audience(self, audience: &Audience) -> Option<Yaml> {
        let mut keys = Vec::with_capacity(audience.len());
        let mut predicates = Vec::new();
        for Dimension { kind, values } in audience {
            let names = || Yaml::one_or_many(values.iter().map(|it| self.value(it)).collect());
            keys.push(match kind {
                Kind::Company => (0, "company", names()),
                Kind::LegalEntity => (1, "legalEntity", names()),
                Kind::BookingTmc => (2, "bookingTmc", names()),
                Kind::ContractingTmc => (3, "contractingTmc", names()),
                Kind::Profile => {
                    let person = |it: &Value| match it {
                        Value::Id(id) => Some(self.person(UserId(*id))),
                        Value::Nothing | Value::Text(_) => None,
                    };
                    let people = values.iter().map(person).collect::<Option<_>>()?;
                    (4, "profile", Yaml::one_or_many(people))
                }
                Kind::StealthType => (5, "stealthType", names()),
                Kind::Platform if *values == [Value::Nothing] => {
                    (6, "platform", Yaml::Scalar("true".to_owned()))
                }
                Kind::Platform | Kind::Other(_) => {
                    predicates.push(Yaml::map(
                        Style::Line,
                        [
                            ("type", Yaml::text(kind.as_wire())),
                            ("values", Yaml::list(Style::Line, values.iter().map(Yaml::text))),
                        ],
                    ));
                    continue;
                }
                Kind::Unreadable => return None,
            });
        }
        if !predicates.is_empty() {
            keys.push((7, "predicates", Yaml::list(Style::Line, predicates)));
        }
        keys.sort();
        Some(Yaml::map(Style::Line, keys.into_iter().map(|(_, key, value)| (key, value))))
    }

    fn value(self, value: &Value) -> Yaml {
        match value {
            Value::Id(id) => self.ids.get(id).map_or_else(|| Yaml::text(id), Yaml::text),
            Value::Nothing | Value::Text(_) => Yaml::text(value),
        }
    }
}
