//! Digests: the id of a plan, and fingerprints of what a plan was made from.
//!
//! Everything is written in one unambiguous byte form before it is hashed: each
//! text with its length, each list with its count, each choice with a tag. Only
//! what an apply does goes in, and what access results; never how it is worded,
//! where it is declared, or when it was seen.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::{
    model::{
        direct::DirectRole,
        ids::{CompanyId, GroupId, RoleId, UserId},
        index::{GroupIx, GroupName, Index},
        plan::{Action, Change, Digest, Plan, ReadGroup},
        scope::{Kind, Scope, Value},
        selector::Attribute,
        source::SourceFile,
        state::{Edit, State},
    },
    plan::held::{Held, held},
};

/// Returns the id of a plan: the same for every plan that does the same and leaves the same access behind.
///
/// Beside the effects it covers every role that each touched group will have: who is added to
/// a group is given all of them, so a role that grew meanwhile makes it another plan (P5). For the same reason it covers
/// everything that an account holds which the plan activates.
/// What is withheld, remarked or announced is no effect and does not count. Rules that are weaker than in the base do: to
/// approve the plan is to approve these.
pub fn plan_id(plan: &Plan) -> Digest {
    let of = |it: Change<'_>| Writer::of("change 1", |to| to.change(&it));
    fn key<'a>(it: &Change<'a>) -> (CompanyId, Result<GroupId, &'a str>) {
        (it.company(), it.id().ok_or(it.name()))
    }
    // Whatever they are called: where a group was renamed since, its id is the same, and so is the plan's.
    let mut groups: Vec<_> = plan.groups().map(|it| (key(&it), of(it))).collect();
    groups.sort();
    let held = Holding::of(plan);
    let person = |it: Change<'_>| Writer::of("user 1", |to| to.person(&it, &held));
    let people: Vec<Digest> = plan.people().map(person).collect();
    Writer::of("rolecall plan 1", |to| {
        to.list(&groups, |to, it| to.bytes(&it.1.0));
        // A plan that changes no people is what it always was.
        if !people.is_empty() {
            to.list(&people, |to, it| to.bytes(&it.0));
        }
        if !plan.weakenings().is_empty() {
            to.text("weakened 1");
            to.list(plan.weakenings(), |to, it| {
                to.text(&it.what);
                for side in [&it.before, &it.after] {
                    to.either(side.is_none(), |to| to.text(side.as_deref().unwrap_or_default()));
                }
            });
        }
    })
}

/// Returns the digest of what each change of a plan does, and of what results.
pub fn changes<'a>(plan: &'a Plan) -> impl Iterator<Item = (Change<'a>, Digest)> {
    let held = Holding::of(plan);
    plan.changes().map(move |change| {
        let digest = Writer::of("change 1", |to| match change.user() {
            Some(_) => to.person(&change, &held),
            None => to.change(&change),
        });
        (change, digest)
    })
}

/// What those hold whose accounts come or go.
pub struct Holding {
    /// By person.
    pub all: BTreeMap<UserId, Held>,
    /// Digests of the roles that the groups give in which any of them is once the plan is made.
    pub roles: BTreeMap<GroupIx, Digest>,
}

impl Holding {
    /// What a plan says of them.
    pub fn of(plan: &Plan) -> Self {
        let all = held(plan);
        let groups: BTreeSet<GroupIx> = all.values().flat_map(|it| &it.groups[1]).copied().collect();
        if groups.is_empty() {
            return Self { all, roles: BTreeMap::new() };
        }
        let changed: BTreeMap<GroupIx, Change<'_>> =
            plan.groups().filter_map(|it| Some((it.group()?, it))).collect();
        // Of a saved plan the groups that do not change are known by this alone.
        let read: BTreeMap<(CompanyId, GroupId), Digest> =
            plan.read.iter().map(|it| ((it.company, it.group), it.roles)).collect();
        let of = |it: GroupIx| match changed.get(&it) {
            Some(change) => roles(change.roles_after()),
            None => {
                let of = plan.index.group(it);
                let read = of.id.and_then(|id| read.get(&(of.company, id)));
                read.copied().unwrap_or_else(|| roles_of(&plan.live, it))
            }
        };
        Self { roles: groups.into_iter().map(|it| (it, of(it))).collect(), all }
    }
}

/// Returns the digest of roles on their scopes, sorted by role; they count by what they mean, not by their spelling.
fn roles<'a>(roles: impl IntoIterator<Item = (RoleId, &'a Scope)>) -> Digest {
    let roles: Vec<_> = roles.into_iter().collect();
    Writer::of("roles 1", |to| {
        to.list(&roles, |to, (role, scope)| {
            to.bytes(role.0.as_bytes());
            to.scope(scope);
        });
    })
}

/// Returns the digest of the roles that a group has.
fn roles_of(state: &State, group: GroupIx) -> Digest {
    roles(state.grants(group).iter().map(|it| (it.0.1, &*it.1)))
}

/// Returns what a live group is recognised by later; roles count by what they mean, not by their spelling. `None` for
/// a group that does not exist.
pub fn group(index: &Index, state: &State, group: GroupIx) -> Option<ReadGroup> {
    let (attributes, GroupName { company, name, id, twin: _ }) =
        (state.attributes(group)?, index.group(group));
    let members: Vec<UserId> = state.members(group).map(|it| index.user(it)).collect();
    Some(ReadGroup {
        company: *company,
        group: (*id)?,
        name: name.clone(),
        attributes: Writer::of("attributes 1", |to| {
            to.text(&attributes.name);
            to.text(&attributes.description);
        }),
        roles: roles_of(state, group),
        members: Writer::of("members 1", |to| to.list(&members, |to, it| to.bytes(it.0.as_bytes()))),
    })
}

/// Returns the digest of a file's text: what `sha256sum` says of it.
pub fn file(text: &str) -> Digest {
    bytes(text.as_bytes())
}

/// Returns the digest of a file that a plan is made from; `None` of any other.
pub fn source(file: &SourceFile) -> Option<Digest> {
    let of_text = || (!file.text.is_empty()).then(|| self::file(&file.text));
    file.sha256.map(Digest).or_else(of_text)
}

/// Returns the digest of bytes.
pub fn bytes(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
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

    fn change(&mut self, change: &Change<'_>) {
        self.bytes(change.company().0.as_bytes());
        match change.id() {
            Some(id) => {
                self.bytes(b"i");
                self.bytes(id.0.as_bytes());
            }
            None => {
                self.bytes(b"n");
                self.text(change.name());
            }
        }
        match (change.action(), change.attributes_before(), change.attributes_after()) {
            (Action::Create, _, Some(after)) => {
                self.bytes(b"+");
                self.text(&after.name);
                self.text(&after.description);
            }
            (Action::Delete, ..) => self.bytes(b"-"),
            (_, Some(before), Some(after)) => {
                self.bytes(b"~");
                for (before, after) in
                    [(&before.name, &after.name), (&before.description, &after.description)]
                {
                    self.either(before == after, |to| {
                        to.text(before);
                        to.text(after);
                    });
                }
            }
            // Of a group that was not looked into the attributes are not known, and stay.
            _ => self.bytes(b"~=="),
        }
        self.edits(change.grants(), |to, edit| {
            to.bytes(edit.role().expect("an edit of a role").0.as_bytes());
            to.sides(edit.scopes(), Self::scope);
        });
        let index = change.index();
        self.edits(change.members(), |to, edit| {
            let user = edit.member().expect("an edit of a member");
            to.bytes(index.user(user).0.as_bytes());
            to.bytes(if edit.adds() { b"+" } else { b"-" });
        });
        self.bytes(if change.is_read() { b"r" } else { b"?" });
        let roles: Vec<_> = change.roles_after().into_iter().collect();
        self.list(&roles, |to, (role, scope)| {
            to.bytes(role.0.as_bytes());
            to.scope(scope);
        });
    }

    fn person(&mut self, change: &Change<'_>, held: &Holding) {
        let user = change.user().expect("a change of a person");
        self.bytes(change.company().0.as_bytes());
        self.bytes(user.0.as_bytes());
        self.edits(change.direct(), |to, edit| to.sides(edit.direct(), Self::direct));
        // The whole list is sent, so all that stays is an effect as well.
        let after: Vec<DirectRole> = change.direct_after().iter().cloned().collect();
        self.list(&after, Self::direct);
        // A plan that changes nothing else about people is what it always was.
        if change.traits().next().is_some() {
            self.edits(change.traits(), |to, edit| {
                to.text(edit.attribute().map_or("", Attribute::as_str));
                to.sides(edit.traits(), Self::text);
            });
        }
        // An activation that gives nothing else is what it always was.
        let given = held.all.get(&user).filter(|_| change.comes_back());
        if let Some(given) = given.filter(|it| !it.groups[1].is_empty() || !it.over[1].is_empty()) {
            self.held(change.index(), given, &held.roles);
        }
    }

    /// What an account holds once it is active, whether it is in the plan or not.
    fn held(&mut self, index: &Index, held: &Held, roles: &BTreeMap<GroupIx, Digest>) {
        let key = |it: &GroupName| it.id.ok_or_else(|| it.name.clone());
        let groups = held.groups[1].iter();
        let mut groups: Vec<_> =
            groups.filter_map(|it| Some((key(index.group(*it)), *roles.get(it)?))).collect();
        groups.sort();
        self.text("holds 1");
        self.list(&groups, |to, (group, roles)| {
            match group {
                Ok(id) => {
                    to.bytes(b"i");
                    to.bytes(id.0.as_bytes());
                }
                Err(name) => {
                    to.bytes(b"n");
                    to.text(name);
                }
            }
            to.bytes(&roles.0);
        });
        let over: Vec<_> = held.over[1].iter().collect();
        self.list(&over, |to, (right, over)| {
            to.text(right.as_str());
            to.bytes(over.0.0.as_bytes());
            to.bytes(over.1.0.as_bytes());
        });
    }

    fn edits<'a>(
        &mut self,
        edits: impl Iterator<Item = &'a Edit> + Clone,
        mut each: impl FnMut(&mut Self, &Edit),
    ) {
        self.count(edits.clone().count());
        edits.for_each(|it| each(self, it));
    }

    /// Writes what is the same as such, and what is not with both sides.
    fn either(&mut self, same: bool, write: impl FnOnce(&mut Self)) {
        if same {
            self.bytes(b"=");
        } else {
            self.bytes(b"~");
            write(self);
        }
    }

    /// Writes what comes, changes or goes.
    fn sides<T: ?Sized>(&mut self, sides: [Option<&T>; 2], each: impl Fn(&mut Self, &T)) {
        match sides {
            [None, None] => (),
            [None, Some(after)] => {
                self.bytes(b"+");
                each(self, after);
            }
            [Some(before), Some(after)] => {
                self.bytes(b"~");
                each(self, before);
                each(self, after);
            }
            [Some(before), None] => {
                self.bytes(b"-");
                each(self, before);
            }
        }
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
