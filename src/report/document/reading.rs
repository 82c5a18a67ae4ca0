//! The form of a document back to the plan it was written from.
//!
//! What the document says is not trusted to be ours: every word is looked up and
//! every position is checked. Scopes that were live are read from the API's own
//! entries, as they were then, so that even one no version can read stays what it was.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::value::RawValue;

use crate::model::{
    access::Why,
    direct::{DirectRole, DirectRoles},
    finding::{Code, Finding},
    ids::RoleId,
    index::{GroupIx, GroupName, Index},
    plan::{
        About, Check, Digest, Edits, Judgement, Note, Overview, Plan, UnmanagedGroup, Unresolved, Verdict,
        Withheld, WithheldReason,
    },
    rules::{Counted, Guard, HeldRole, Subject, Weakened, Weakening},
    scope::Scope,
    source::{FileId, Place, Sources},
    state::{Attributes, Edit, Fact, Facts, Key, Owner, State, Value},
};

use super::shape::{self, Action, Document, Held};
use crate::report::render::json::Origin;

/// What a document says that no plan can: the field, and what is wrong with it.
pub(super) type Wrong = String;

/// The files a document points into.
pub(super) struct Files {
    pub(super) sources: Sources,
    pub(super) digests: Vec<(Box<str>, Digest)>,
    by_path: BTreeMap<Box<str>, FileId>,
}

impl Files {
    fn id(&mut self, path: &str) -> FileId {
        match self.by_path.get(path) {
            Some(id) => *id,
            None => {
                let id = self.sources.add(path.to_owned(), String::new());
                self.by_path.insert(path.into(), id);
                id
            }
        }
    }

    fn place(&mut self, origin: &Origin) -> Place {
        Place::new(self.id(&origin.file), origin.line, origin.column)
    }

    fn maybe(&mut self, origin: Option<&Origin>) -> Option<Place> {
        origin.map(|it| self.place(it))
    }

    fn note(&mut self, note: &shape::Note) -> Note {
        let why = match (&note.expired, &note.locked_out) {
            (None, None) => Why::NotDeclared,
            (_, Some(from)) => Why::LockedOut(self.place(from)),
            (Some(from), None) => Why::Ended(self.place(from)),
        };
        Note { from: self.maybe(note.origin.as_ref()), ends: note.ends, why }
    }
}

/// Returns the plan, and the files that its places point into.
pub(super) fn plan(mut document: Document, sources: Sources) -> Result<(Plan, Judgement, Files), Wrong> {
    let by_path = sources.files().map(|(id, it)| (it.path.as_str().into(), id)).collect();
    let mut files = Files { sources, by_path, digests: Vec::new() };
    for shape::File { path, sha256 } in std::mem::take(&mut document.files) {
        files.id(&path);
        files.digests.push((path, sha256));
    }
    let owners = document.groups.len() + document.users.len();
    let company = |it: shape::Company| Overview {
        company: it.id,
        groups: it.groups,
        memberships: it.memberships,
        unread: it.unread,
        unmanaged: it
            .unmanaged
            .into_iter()
            .map(|name| UnmanagedGroup { is_standard: it.standard.contains(&name), name })
            .collect(),
    };
    let index = Arc::new(index(&document)?);
    let plan = Plan { index, ..Plan::default() };
    let mut reading = Reading { plan, files: &mut files, facts: Facts::default(), edits: Vec::new() };
    let names = names(&document.groups);
    for (group, name) in document.groups.into_iter().zip(&names) {
        reading.group(group, name)?;
    }
    document.users.into_iter().try_for_each(|it| reading.user(it))?;
    let Reading { plan, facts, mut edits, .. } = reading;
    edits.sort_by(|a, b| a.key.cmp(&b.key));
    ascending(&edits, "groups", |it| &it.key)?;
    if document.gaps.iter().any(|it| it.taken.max(it.given) >= owners) {
        return Err("a gap names a group that is not in `groups`".to_owned());
    }
    let judgement = Judgement {
        people: document.people,
        gaps: document.gaps,
        guards: all(document.guards, |it| check(it, &mut files))?,
    };
    let plan = Plan {
        live: State::new(facts),
        edits: Edits::new(edits),
        companies: document.companies.into_iter().map(company).collect(),
        withheld: all(document.quarantine, |it| held(it, &mut files))?,
        expiring: document.expiring,
        unmanaged: document.unmanaged,
        names: document.names,
        read: document.live,
        remarks: all(document.remarks, |it| remark(it, &mut files))?,
        survivors: document.survivors,
        outside: document.outside,
        weakened: document.weakened.map(|it| weakened(it, &mut files)),
        undoes: document.undoes,
        ..plan
    };
    Ok((plan, judgement, files))
}

fn weakened(weakened: shape::Weakened, files: &mut Files) -> Weakened {
    let row = |it: shape::Weakening| {
        let from = files.maybe(it.origin.as_ref());
        Weakening { what: it.what, before: it.before, after: it.after, why: it.why, from }
    };
    let shape::Weakened { base, commit, rows } = weakened;
    Weakened { base, commit, rows: rows.into_iter().map(row).collect() }
}

/// What each group is recognised by; of several that are created under one name each is one of its own.
fn names(groups: &[shape::Group]) -> Vec<GroupName> {
    let mut names: Vec<GroupName> = Vec::with_capacity(groups.len());
    for group in groups {
        let name = GroupName { company: group.company, name: group.name.clone(), id: group.id, twin: 0 };
        let before =
            names.last().filter(|it| name.id.is_none() && GroupName { twin: 0, ..(*it).clone() } == name);
        let twin = before.map_or(0, |it| it.twin + 1);
        names.push(GroupName { twin, ..name });
    }
    names
}

/// Numbers everything that changes.
fn index(document: &Document) -> Result<Index, Wrong> {
    let groups = names(&document.groups);
    ascending(&groups, "groups", |it| it)?;
    ascending(&document.users, "users", |it| (it.company, it.user_id))?;
    let before = document.groups.iter().flat_map(|it| &it.before).flat_map(|it| &it.members);
    let members = document.groups.iter().flat_map(|it| &it.members).map(|it| it.user_id);
    let people = document.users.iter().map(|it| (it.company, it.user_id));
    Ok(Index::new(groups, before.copied().chain(members).collect(), people.collect()))
}

fn all<A, B>(items: Vec<A>, each: impl FnMut(A) -> Result<B, Wrong>) -> Result<Vec<B>, Wrong> {
    items.into_iter().map(each).collect()
}

/// Returns the field, which the kind of entry around it requires.
fn required<T>(field: Option<T>, what: &str) -> Result<T, Wrong> {
    field.ok_or_else(|| format!("`{what}` is missing"))
}

/// Whether something is there before, and after, by an action that must be one of those that such things have.
fn sides_of<const N: usize>(action: Action, known: [Action; N], what: &str) -> Result<[bool; 2], Wrong> {
    if !known.contains(&action) {
        return Err(format!("the `action` of a {what} is none that {what}s have"));
    }
    Ok(match action {
        Action::Create | Action::Add => [false, true],
        Action::Change | Action::Rescope => [true, true],
        Action::Delete | Action::Remove => [true, false],
    })
}

/// Whether the keys only grow: what is looked up in a list must be sorted and there once.
fn ascending<'a, T, K: Ord>(items: &'a [T], what: &str, key: impl Fn(&'a T) -> K) -> Result<(), Wrong> {
    if items.is_sorted_by(|a, b| key(a) < key(b)) {
        Ok(())
    } else {
        Err(format!("`{what}` is not sorted, or names something twice"))
    }
}

/// The groups and people of a document on their way to facts and edits.
struct Reading<'a> {
    /// What is said beside the edits.
    plan: Plan,
    files: &'a mut Files,
    facts: Facts,
    edits: Vec<Edit>,
}

impl Reading<'_> {
    fn edit(&mut self, (owner, fact): (Owner, Fact), sides: [Option<Value>; 2], note: Note) {
        let (key, [before, after]) = (Key { owner, fact }, sides);
        self.note(key.clone(), note);
        self.edits.push(Edit { key, before, after });
    }

    fn note(&mut self, key: Key, note: Note) {
        if note != Note::default() {
            self.plan.notes.insert(key, note);
        }
    }

    fn group(&mut self, group: shape::Group, name: &GroupName) -> Result<(), Wrong> {
        let ix = self.plan.index.find(name).ok_or("`groups` names one twice")?;
        let owner = Owner::Group(ix);
        let attributes = |name: &str, description: &str| {
            Arc::new(Attributes { name: name.into(), description: description.into() })
        };
        let [was, will] = sides_of(group.action, [Action::Create, Action::Change, Action::Delete], "group")?;
        let mut before = None;
        if was {
            required(group.id, "id")?;
            before = Some(attributes(&group.name, &required(group.description_before, "descriptionBefore")?));
        }
        let after = match (&before, will) {
            (None, _) => Some(attributes(&group.name, &required(group.description, "description")?.to)),
            (Some(before), true) => {
                let name = group.rename.map_or_else(|| before.name.clone(), |it| it.to);
                let description = group.description.map_or_else(|| before.description.clone(), |it| it.to);
                Some(attributes(&name, &description))
            }
            (Some(_), false) => {
                self.plan.reasons.insert(ix, required(group.reason, "reason")?);
                None
            }
        };
        if let Some(before) = &before {
            self.facts.group(ix, before.clone());
        }
        let sides = [before, after].map(|it| it.map(Value::Attributes));
        let note = Note { from: self.files.maybe(group.origin.as_ref()), ..Note::default() };
        if sides[0] == sides[1] {
            self.note(Key { owner, fact: Fact::Attributes }, note);
        } else {
            self.edit((owner, Fact::Attributes), sides, note);
        }
        let held = match group.before {
            Some(before) => self.before(ix, before)?,
            None => {
                self.plan.unread.insert(ix);
                BTreeMap::new()
            }
        };
        ascending(&group.roles, "roles", |it| it.role_id)?;
        ascending(&group.members, "members", |it| it.user_id)?;
        group.roles.into_iter().try_for_each(|it| self.grant(owner, it, &held))?;
        group.members.into_iter().try_for_each(|it| self.member(owner, &it))
    }

    /// Reads what was in a group, and returns its roles.
    fn before(
        &mut self,
        group: GroupIx,
        before: shape::Before,
    ) -> Result<BTreeMap<RoleId, Arc<Scope>>, Wrong> {
        ascending(&before.roles, "roles", |it| it.role_id)?;
        ascending(&before.members, "members", |it| *it)?;
        let mut held = BTreeMap::new();
        for shape::Grant { role_id, scope, entries } in before.roles {
            let scope = if entries.is_empty() {
                Scope::read(Some(&scope))
            } else {
                Scope::any(entries.iter().map(|it| Scope::read(it.as_deref())))
            };
            let scope = Arc::new(scope);
            self.facts.grant(group, role_id, scope.clone());
            let entries = entries.into_iter().map(|it| it.map(Arc::from)).collect();
            self.plan.entries.insert((group, role_id), entries);
            held.insert(role_id, scope);
        }
        for user in before.members.iter().filter_map(|it| self.plan.index.find_user(*it)) {
            self.facts.member(group, user);
        }
        Ok(held)
    }

    fn grant(
        &mut self,
        owner: Owner,
        role: shape::Role,
        held: &BTreeMap<RoleId, Arc<Scope>>,
    ) -> Result<(), Wrong> {
        let wished =
            |raw: Option<Box<RawValue>>, what| required(raw, what).map(|it| Arc::new(Scope::read(Some(&it))));
        let live = |raw, what| held.get(&role.role_id).cloned().map_or_else(|| wished(raw, what), Ok);
        let sides = match sides_of(role.action, [Action::Add, Action::Rescope, Action::Remove], "role")? {
            [false, _] => [None, Some(wished(role.scope, "scope")?)],
            [true, false] => [Some(live(role.scope, "scope")?), None],
            [true, true] => {
                let (before, after) = (live(role.before, "before")?, wished(role.after, "after")?);
                before.relation(&after).ok_or("`before` and `after` mean the same")?;
                [Some(before), Some(after)]
            }
        };
        let note = self.files.note(&role.note);
        self.edit((owner, Fact::Grant(role.role_id)), sides.map(|it| it.map(Value::Scope)), note);
        Ok(())
    }

    fn member(&mut self, owner: Owner, member: &shape::Member) -> Result<(), Wrong> {
        let sides = sides_of(member.action, [Action::Add, Action::Remove], "member")?;
        let sides = sides.map(|it| it.then_some(Value::Member));
        let user = self.plan.index.find_user(member.user_id).ok_or("`members` names nobody")?;
        let note = self.files.note(&member.note);
        self.edit((owner, Fact::Member(user)), sides, note);
        Ok(())
    }

    fn user(&mut self, user: shape::User) -> Result<(), Wrong> {
        let person = self.plan.index.find_person(user.company, user.user_id).ok_or("`users` names nobody")?;
        let owner = Owner::Person(person);
        let from = self.files.maybe(user.origin.as_ref());
        self.note(Key { owner, fact: Fact::Attributes }, Note { from, ..Note::default() });
        self.facts.direct(person, &user.before);
        let before = self.edits.len();
        user.direct_roles.into_iter().try_for_each(|it| self.direct_role(owner, it, &user.before))?;
        ascending(&self.edits[before..], "directRoles", |it| &it.key)
    }

    fn direct_role(
        &mut self,
        owner: Owner,
        role: shape::DirectRole,
        held: &DirectRoles,
    ) -> Result<(), Wrong> {
        let one = |roles: Option<DirectRoles>, what: &str| {
            let roles = required(roles, what)?;
            let mut roles = roles.iter();
            match (roles.next(), roles.next()) {
                (Some(role), None) => Ok(Some(role.clone())),
                _ => Err(format!("`{what}` is not one role")),
            }
        };
        let [was, will] =
            sides_of(role.action, [Action::Add, Action::Change, Action::Remove], "direct role")?;
        let before = if was { one(role.before, "before")? } else { None };
        let after = if will { one(role.after, "after")? } else { None };
        let sides = [before, after];
        let [before, after] = &sides;
        let kind = before.iter().chain(after).map(DirectRole::kind).next().cloned();
        let kind = required(kind, "before")?;
        let fits = held.get(&kind) == before.as_ref()
            && before != after
            && after.as_ref().is_none_or(|it| *it.kind() == kind);
        if !fits {
            return Err("a direct role changes otherwise than `before` allows".to_owned());
        }
        let note = self.files.note(&role.note);
        let value = |it: Option<DirectRole>| it.map(|it| Value::Direct(Arc::new(it)));
        self.edit((owner, Fact::Direct(Box::new(kind))), sides.map(value), note);
        Ok(())
    }
}

fn held(held: Held, files: &mut Files) -> Result<Withheld, Wrong> {
    let why = match held.why.as_deref() {
        None => None,
        Some("unknown") => Some(held.companies.map_or(Unresolved::Unknown, Unresolved::Nowhere)),
        Some("inactive") => Some(Unresolved::Inactive),
        Some("ambiguous") => Some(Unresolved::Ambiguous(required(held.users, "users")?)),
        Some("foreign") => Some(Unresolved::Foreign(required(held.company, "company")?)),
        Some("hidden") => Some(Unresolved::Hidden),
        Some(other) => return Err(format!("the reason `{other}` of what is withheld is not known")),
    };
    let Held { role, person, user_id: user, groups: candidates, company, answer, .. } = held;
    let about = About { role, user, person, why, candidates, company, answer };
    let what = WithheldReason::of(&held.kind, about)?;
    Ok(Withheld { from: files.maybe(held.origin.as_ref()), group: held.group, what })
}

fn check(check: shape::Check, files: &mut Files) -> Result<Check, Wrong> {
    let known = Guard::ALL.iter().copied().find(|it| it.as_str() == &*check.guard);
    Ok(Check {
        guard: known.ok_or_else(|| format!("the guard `{}` is not known", check.guard))?,
        subject: match check.subject {
            shape::Subject::Plan => Subject::Plan,
            shape::Subject::Company { company } => Subject::Company(company),
            shape::Subject::Group { company, name } => Subject::Group(company, name),
            shape::Subject::Person { user_id } => Subject::Person(user_id),
            shape::Subject::Role { company, role_id } => Subject::Role(company, role_id),
        },
        level: check.level,
        value: check.value,
        of: check.of,
        limit: check.limit,
        excepted: check.excepted,
        by: check.by,
        items: check.items.into_iter().map(item).collect(),
        verdict: match check.verdict {
            shape::Verdict::Ok => Verdict::Ok,
            shape::Verdict::Unset => Verdict::Unset,
            shape::Verdict::Excepted => {
                Verdict::Excepted { from: files.place(&required(check.exception, "exception")?) }
            }
            shape::Verdict::Approved => Verdict::Approved,
            shape::Verdict::Stop => Verdict::Stop,
        },
    })
}

fn item(item: shape::Counted) -> Counted {
    let shape::Counted { how, company, group, user_id, role_id, role_type, scope, person: _, role: _ } = item;
    Counted {
        company,
        group,
        person: user_id,
        role: role_id.map(HeldRole::Role).or(role_type.map(HeldRole::Direct)),
        scope: scope.map(|it| Arc::new(Scope::read(Some(&it)))),
        how,
    }
}

fn remark(remark: shape::Remark, files: &mut Files) -> Result<Finding, Wrong> {
    let known = Code::ALL.iter().copied().find(|it| it.as_str() == &*remark.code);
    Ok(Finding {
        place: files.maybe(remark.origin.as_ref()),
        code: known.ok_or_else(|| format!("the remark `{}` is not known", remark.code))?,
        message: remark.message.into(),
        related: remark.related.into_iter().map(|it| (files.place(&it.origin), it.message.into())).collect(),
        help: remark.help.map(Into::into),
    })
}
