//! Access to YAML: the text of an access file that declares what there is.
//!
//! Writes text, never a file. Names stand where they are unique, ids elsewhere.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::model::{
    access::Grant,
    ids::{RoleId, UserId},
    scope::{Audience, Dimension, Kind, Scope, Value},
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

/// YAML with keys in the order in which they are given.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Tree {
    Text(String),
    Number(u8),
    Flag(bool),
    List(Vec<Self>),
    Map(Vec<(&'static str, Self)>),
}

impl Tree {
    fn text(text: &(impl ToString + ?Sized)) -> Self {
        Self::Text(text.to_string())
    }

    /// Sorted, and without brackets around one.
    fn one_or_many(mut values: Vec<Self>) -> Self {
        values.sort();
        if values.len() == 1 { values.remove(0) } else { Self::List(values) }
    }

    /// Writes the node where a line is begun at a column already.
    fn write(&self, column: usize, out: &mut String) {
        let begin = |out: &mut String, at: usize| {
            if at > 0 {
                out.extend(std::iter::repeat_n(' ', column));
            }
        };
        match self {
            Self::List(items) if !items.is_empty() => {
                for (at, item) in items.iter().enumerate() {
                    begin(out, at);
                    out.push_str("- ");
                    item.write(column + 2, out);
                }
            }
            Self::Map(keys) if !keys.is_empty() => {
                for (at, (key, value)) in keys.iter().enumerate() {
                    begin(out, at);
                    out.push_str(key);
                    let inner = match value {
                        Self::List(items) if !items.is_empty() => column,
                        Self::Map(keys) if !keys.is_empty() => column + 2,
                        _ => {
                            out.push_str(": ");
                            value.write(column, out);
                            continue;
                        }
                    };
                    out.push_str(":\n");
                    out.extend(std::iter::repeat_n(' ', inner));
                    value.write(inner, out);
                }
            }
            Self::List(_) => out.push_str("[]\n"),
            Self::Map(_) => out.push_str("{}\n"),
            Self::Text(text) => out.push_str(&(scalar(text) + "\n")),
            Self::Number(number) => out.push_str(&format!("{number}\n")),
            Self::Flag(flag) => out.push_str(&format!("{flag}\n")),
        }
    }
}

/// A text as YAML, in brackets or not: as it is where it cannot be taken for anything else, and quoted otherwise.
pub(crate) fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = |it: char| it.is_alphanumeric() || "_@.+-/()&' ".contains(it);
    let is_told_apart =
        text.starts_with(char::is_alphabetic) || text.contains('@') || Uuid::try_parse(text).is_ok();
    let is_word = text.starts_with(char::is_alphanumeric)
        && is_told_apart
        && !text.ends_with(' ')
        && text.chars().all(is_plain)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// An access file that declares `groups` exactly as they are.
///
/// # Errors
///
/// A scope that this version cannot read, and so cannot write down truthfully.
pub fn access_file(groups: &[DraftGroup], known: Known<'_>) -> Result<String, Unsayable> {
    let groups = groups.iter().map(|it| known.group(it)).collect::<Result<_, _>>()?;
    let file = Tree::Map(vec![("version", Tree::Number(1)), ("groups", Tree::List(groups))]);
    let mut text = String::new();
    file.write(0, &mut text);
    Ok(text)
}

impl Known<'_> {
    fn group(self, draft: &DraftGroup) -> Result<Tree, Unsayable> {
        let mut roles = Vec::with_capacity(draft.grants.len());
        for Grant { role, scope, .. } in &draft.grants {
            let name = self.roles.get(role).map_or_else(|| role.to_string(), ToString::to_string);
            let unique = self.roles.values().filter(|it| ***it == *name).count() == 1;
            let Some(scope) = self.scope(scope) else { return Err(Unsayable { role: name }) };
            let (shown, named) = match unique {
                true => (name.clone(), Tree::Text(name)),
                false => (role.to_string(), Tree::Map(vec![("id", Tree::text(role))])),
            };
            roles.push((shown, Tree::Map(vec![("role", named), ("scope", scope)])));
        }
        roles.sort_by(|a, b| a.0.cmp(&b.0));
        let mut members: Vec<Tree> = draft.members.iter().map(|it| self.person(*it)).collect();
        members.sort();
        Ok(Tree::Map(vec![
            ("name", Tree::text(&draft.name)),
            ("description", Tree::text(&draft.description)),
            ("roles", Tree::List(roles.into_iter().map(|it| it.1).collect())),
            ("members", Tree::List(members)),
        ]))
    }

    fn person(self, user: UserId) -> Tree {
        let address = self.people.get(&user).map(Tree::text);
        address.unwrap_or_else(|| Tree::Map(vec![("userId", Tree::text(&user))]))
    }

    fn scope(self, scope: &Scope) -> Option<Tree> {
        if scope.is_empty() {
            return None;
        }
        let mut audiences: Vec<Tree> =
            scope.audiences().iter().map(|it| self.audience(it)).collect::<Option<_>>()?;
        Some(if audiences.len() == 1 { audiences.remove(0) } else { Tree::List(audiences) })
    }

    /// An audience with its keys in the order of the file format; `None` where a part of it has no form.
    fn audience(self, audience: &Audience) -> Option<Tree> {
        let mut keys = Vec::with_capacity(audience.len());
        let mut predicates = Vec::new();
        for Dimension { kind, values } in audience {
            let names = || Tree::one_or_many(values.iter().map(|it| self.value(it)).collect());
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
                    (4, "profile", Tree::one_or_many(people))
                }
                Kind::StealthType => (5, "stealthType", names()),
                Kind::Platform if *values == [Value::Nothing] => (6, "platform", Tree::Flag(true)),
                Kind::Platform | Kind::Other(_) => {
                    predicates.push(Tree::Map(vec![
                        ("type", Tree::text(kind.as_wire())),
                        ("values", Tree::List(values.iter().map(Tree::text).collect())),
                    ]));
                    continue;
                }
                Kind::Unreadable => return None,
            });
        }
        if !predicates.is_empty() {
            keys.push((7, "predicates", Tree::List(predicates)));
        }
        keys.sort();
        Some(Tree::Map(keys.into_iter().map(|(_, key, value)| (key, value)).collect()))
    }

    fn value(self, value: &Value) -> Tree {
        match value {
            Value::Id(id) => self.ids.get(id).map_or_else(|| Tree::text(id), Tree::text),
            Value::Nothing | Value::Text(_) => Tree::text(value),
        }
    }
}
