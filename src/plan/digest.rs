//! Digests: the id of a plan, and fingerprints of what a plan was made from.
//!
//! Everything is written in one unambiguous byte form before it is hashed: each
//! text with its length, each list with its count, each choice with a tag. Only
//! what an apply does goes in, and what access results; never how it is worded,
//! where it is declared, or when it was seen.

use std::{borrow::Cow, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::model::{
    access::Grant,
    direct::DirectRole,
    ids::{CompanyId, GroupId, UserId},
    plan::{
        Attributes, ChangeKind, Digest, DirectChange, DirectEffect, GrantChange, GrantEffect, GroupChange,
        MemberChange, MemberEffect, Plan, ReadGroup, UserChange,
    },
    scope::{Kind, Scope, Value},
};

/// Returns the id of a plan: the same for every plan that does the same and leaves the same access behind.
///
/// Beside the effects it covers every role that each touched group will have: who is added to
/// a group is given all of them, so a role that grew meanwhile makes it another plan (P5).
/// What is withheld, remarked or announced is no effect and does not count.
pub fn plan_id(plan: &Plan) -> Digest {
    let mut changes: Vec<(CompanyId, Result<GroupId, &str>, Digest)> = plan
        .changes
        .iter()
        .map(|it| (it.company, it.id.ok_or(&*it.name), Writer::of("change 1", |to| to.change(it))))
        .collect();
    changes.sort();
    let mut users: Vec<_> =
        plan.users.iter().map(|it| (it.company, it.user, Writer::of("user 1", |to| to.user(it)))).collect();
    users.sort();
    Writer::of("rolecall plan 1", |to| {
        to.list(&changes, |to, it| to.bytes(&it.2.0));
        // A plan that changes no people is what it always was.
        if !users.is_empty() {
            to.list(&users, |to, it| to.bytes(&it.2.0));
        }
    })
}

/// Returns what a live group is recognised by later; roles count by what they mean, not by their spelling.
pub fn group(
    company: CompanyId,
    id: GroupId,
    name: &str,
    description: &str,
    grants: &[Grant],
    members: &[UserId],
) -> ReadGroup {
    let mut roles: Vec<_> = grants.iter().map(|it| (it.role, &it.scope)).collect();
    roles.sort();
    let mut members = members.to_vec();
    members.sort_unstable();
    ReadGroup {
        company,
        group: id,
        name: name.into(),
        attributes: Writer::of("attributes 1", |to| {
            to.text(name);
            to.text(description);
        }),
        roles: Writer::of("roles 1", |to| {
            to.list(&roles, |to, (role, scope)| {
                to.bytes(role.0.as_bytes());
                to.scope(scope);
            });
        }),
        members: Writer::of("members 1", |to| to.list(&members, |to, it| to.bytes(it.0.as_bytes()))),
    }
}

/// Returns the digest of a file's text: what `sha256sum` says of it.
pub fn file(text: &str) -> Digest {
    Digest(Sha256::digest(text.as_bytes()).into())
}

impl FromStr for Digest {
    type Err = &'static str;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a digest is 64 hexadecimal digits";
        let mut digest = [0; 32];
        if raw.len() != 64 || !raw.bytes().all(|it| it.is_ascii_hexdigit()) {
            return Err(FORM);
        }
        for (n, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&raw[2 * n..2 * n + 2], 16).map_err(|_| FORM)?;
        }
        Ok(Self(digest))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Digest {
    fn schema_name() -> Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A SHA-256 digest.", "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

/// Writes values so that no two different ones come to the same bytes.
struct Writer(Sha256);

impl Writer {
    /// Returns the digest of what `write` writes; `form` names it with its version, so that forms never meet.
    fn of(form: &str, write: impl FnOnce(&mut Self)) -> Digest {
        let mut writer = Self(Sha256::new());
        writer.text(form);
        write(&mut writer);
        Digest(writer.0.finalize().into())
    }

    /// Writes bytes whose number is fixed by what they are.
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn count(&mut self, n: usize) {
        self.bytes(&(n as u64).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.count(items.len());
        items.iter().for_each(|it| each(self, it));
    }

    fn change(&mut self, change: &GroupChange) {
        self.bytes(change.company.0.as_bytes());
        match change.id {
            Some(id) => {
                self.bytes(b"i");
                self.bytes(id.0.as_bytes());
            }
            None => {
                self.bytes(b"n");
                self.text(&change.name);
            }
        }
        match &change.kind {
            ChangeKind::Create { description } => {
                self.bytes(b"+");
                self.text(&change.name);
                self.text(description);
            }
            ChangeKind::Alter { before, after } => {
                self.bytes(b"~");
                self.attributes(before, after);
            }
            ChangeKind::Delete { description: _, reason: _ } => self.bytes(b"-"),
        }
        let mut grants: Vec<&GrantChange> = change.grants.iter().collect();
        grants.sort_by_key(|it| it.role);
        self.list(&grants, |to, it| to.grant(it));
        let mut members: Vec<&MemberChange> = change.members.iter().collect();
        members.sort_by_key(|it| it.user);
        self.list(&members, |to, it| {
            to.bytes(it.user.0.as_bytes());
            to.bytes(match it.effect {
                MemberEffect::Add { .. } => b"+",
                MemberEffect::Remove { .. } => b"-",
            });
        });
        self.bytes(if change.before.is_some() { b"r" } else { b"?" });
        let roles: Vec<_> = change.roles_after().into_iter().collect();
        self.list(&roles, |to, (role, scope)| {
            to.bytes(role.0.as_bytes());
            to.scope(scope);
        });
    }

    fn attributes(&mut self, before: &Attributes, after: &Attributes) {
        for (before, after) in [(&before.name, &after.name), (&before.description, &after.description)] {
            if before == after {
                self.bytes(b"=");
            } else {
                self.bytes(b"~");
                self.text(before);
                self.text(after);
            }
        }
    }

    fn grant(&mut self, grant: &GrantChange) {
        self.bytes(grant.role.0.as_bytes());
        match &grant.effect {
            GrantEffect::Add { scope } => {
                self.bytes(b"+");
                self.scope(scope);
            }
            GrantEffect::Rescope { before, after, relation: _ } => {
                self.bytes(b"~");
                self.scope(before);
                self.scope(after);
            }
            GrantEffect::Remove { why: _, scope } => {
                self.bytes(b"-");
                self.scope(scope);
            }
        }
    }

    fn user(&mut self, change: &UserChange) {
        self.bytes(change.company.0.as_bytes());
        self.bytes(change.user.0.as_bytes());
        let mut roles: Vec<&DirectChange> = change.roles.iter().collect();
        roles.sort_by_key(|it| it.effect.kind());
        self.list(&roles, |to, it| match &it.effect {
            DirectEffect::Add { role } => {
                to.bytes(b"+");
                to.direct(role);
            }
            DirectEffect::Change { before, after } => {
                to.bytes(b"~");
                to.direct(before);
                to.direct(after);
            }
            DirectEffect::Remove { why: _, role } => {
                to.bytes(b"-");
                to.direct(role);
            }
        });
        // The whole list is sent, so all that stays is an effect as well.
        let after: Vec<DirectRole> = change.after().iter().cloned().collect();
        self.list(&after, Self::direct);
    }

    /// A role as it is said: what this version does not know of it is sent all the same.
    fn direct(&mut self, role: &DirectRole) {
        self.text(&role.spelling());
    }

    /// A scope is in canonical form already.
    fn scope(&mut self, scope: &Scope) {
        self.list(scope.audiences(), |to, audience| {
            to.list(audience, |to, dimension| {
                to.bytes(if dimension.kind == Kind::Unreadable { b"?" } else { b"k" });
                to.text(dimension.kind.as_wire());
                to.list(&dimension.values, |to, value| match value {
                    Value::Nothing => to.bytes(b"n"),
                    Value::Id(id) => {
                        to.bytes(b"i");
                        to.bytes(id.as_bytes());
                    }
                    Value::Text(text) => {
                        to.bytes(b"t");
                        to.text(text);
                    }
                });
            });
        });
    }
}

#[cfg(test)]
pub(crate) mod tests;
