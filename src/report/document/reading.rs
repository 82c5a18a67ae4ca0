//! The form of a document back to the plan it was written from.
//!
//! What the document says is not trusted to be ours: every word is looked up and
//! every position is checked. Scopes that were live are read from the API's own
//! entries, as they were then, so that even one no version can read stays what it was.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::model::{
    date,
    direct::DirectRoles,
    finding::{Code, Finding},
    index::{GroupName, Index},
    plan::{Digest, Edits, Judgement, Note, Plan},
    scope::Scope,
    source::{FileId, Place, Sources},
    stamp::Stamps,
    state::{Attributes, Edit, Fact, Facts, Key, Owner, State, Value},
};

use super::shape::{self, Action, ByCause, Document, Group, Kind, Naming, Row, User};
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

    #[expect(clippy::needless_pass_by_value, reason = "what a place is made from is spent")]
    fn place(&mut self, origin: Origin) -> Place {
        Place::new(self.id(&origin.file), origin.line, origin.column)
    }
}

/// Returns the plan, and the files that its places point into.
pub(super) fn plan(mut document: Document, sources: Sources) -> Result<(Plan, Judgement, Files), Wrong> {
    let by_path = sources.files().map(|(id, it)| (it.path.as_str().into(), id)).collect();
    let mut files = Files { sources, by_path, digests: Vec::new() };
    let zone = document
        .time_zone
        .as_deref()
        .map(|it| date::zone(it).ok_or_else(|| format!("the time zone `{it}` is not known")));
    files.sources.keep_zone(zone.transpose()?);
    for shape::File { path, sha256 } in std::mem::take(&mut document.files) {
        files.id(&path);
        files.digests.push((path, sha256));
    }
    let index = Arc::new(index(&document)?);
    let mut reading = Reading { plan: Plan { index, ..Plan::default() }, files: &mut files };
    reading.live(document.groups, document.users)?;
    let edits: Vec<Edit> = document.edits.into_iter().map(|it| reading.edit(it)).collect::<Result<_, _>>()?;
    ascending(&edits, "edits", |it| &it.key)?;
    let already = document.already_live.map(|rows| rows.into_iter().map(|it| reading.already(it)).collect());
    let already: Option<Vec<Edit>> = already.transpose()?;
    already.iter().try_for_each(|it| ascending(it, "alreadyLive", |it| &it.key))?;
    let (edits, plan) = (Edits::new(edits), reading.plan);
    if document.gaps.iter().any(|it| it.taken.max(it.given) >= edits.owners()) {
        return Err("a gap names something that does not change".to_owned());
    }
    let judgement = Judgement {
        people: document.people.map(|it| files.place(it)),
        by_cause: document
            .people_by_cause
            .map(|ByCause { change, drift }| [change, drift].map(|it| it.map(|it| files.place(it)))),
        not_asked: document.not_asked,
        gaps: document.gaps,
        guards: document.guards.into_iter().map(|it| it.it.map(|it| files.place(it))).collect(),
    };
    let plan = Plan {
        edits,
        companies: document.companies,
        withheld: document.withheld.into_iter().map(|it| it.it.map(|it| files.place(it))).collect(),
        accepted: document.accepted.into_iter().map(|it| it.map(|it| files.place(it))).collect(),
        soon: document.soon.into_iter().map(|it| it.map(|it| files.place(it))).collect(),
        unmanaged: document.unmanaged,
        names: document.names,
        read: document.live,
        remarks: document.remarks.into_iter().map(|it| remark(it, &mut files)).collect::<Result<_, _>>()?,
        survivors: document.survivors,
        leavers: document.leavers.into_iter().map(|it| it.map(|it| files.place(it))).collect(),
        look_ups: document.look_ups,
        outside: document.outside,
        weakened: document.weakened.map(|it| it.map(|it| files.place(it))),
        undoes: document.undoes,
        already_live: already.map(Edits::new),
        ..plan
    };
    Ok((plan, judgement, files))
}

/// Numbers everything that changes: what exists as it was read, and what is created.
fn index(document: &Document) -> Result<Index, Wrong> {
    let (created, existing) = (document.edits.iter().filter(|it| creates(it)), &document.groups);
    let existing: Vec<GroupName> = existing.iter().map(known).collect::<Result<_, _>>()?;
    ascending(&existing, "groups", |it| it)?;
    ascending(&document.users, "users", |it| (it.company, it.user_id))?;
    let before = document.groups.iter().flat_map(|it| &it.contents).flat_map(|it| &it.members).copied();
    // What is live already may be about groups and people that do not change.
    let already = || document.already_live.iter().flatten();
    let users = before.chain(document.edits.iter().chain(already()).filter_map(|it| it.user_id)).collect();
    let people = document.users.iter().map(|it| (it.company, it.user_id));
    let is_outside = |it: &&Row| matches!(it.kind, Kind::DirectRole | Kind::Person);
    let outside = already().filter(is_outside);
    let people: Vec<_> = people.chain(outside.filter_map(|it| Some((it.company, it.user_id?)))).collect();
    let naming = document.users.iter().flat_map(|it| &it.named_by).map(|it| (it.company, it.user_id));
    let groups = created.chain(already().filter(|it| !is_outside(it))).map(named);
    // Those in which somebody is whose account comes or goes, changed or not.
    let held: BTreeSet<_> =
        document.users.iter().flat_map(|user| user.groups.iter().map(|it| (user.company, *it))).collect();
    let others = document.live.iter().filter(|it| held.contains(&(it.company, it.group)));
    let others = others.map(|it| GroupName::existing(it.company, it.name.clone(), it.group));
    let groups = existing.into_iter().chain(groups).chain(others).collect();
    Ok(Index::new(groups, users, people.into_iter().chain(naming).collect()))
}

fn creates(row: &Row) -> bool {
    row.kind == Kind::Group && row.action == Action::Add
}

fn known(group: &Group) -> Result<GroupName, Wrong> {
    Ok(GroupName::existing(group.company, group.name.clone(), required(group.id, "id")?))
}

/// What the group of an edit is recognised by.
fn named(row: &Row) -> GroupName {
    let name = row.group.clone().unwrap_or_default();
    GroupName { company: row.company, name, id: row.group_id, twin: row.twin }
}

/// Returns the field, which the kind of entry around it requires.
fn required<T>(field: Option<T>, what: &str) -> Result<T, Wrong> {
    field.ok_or_else(|| format!("`{what}` is missing"))
}

/// Whether the keys only grow: what is looked up in a list must be sorted and there once.
fn ascending<'a, T, K: Ord>(items: &'a [T], what: &str, key: impl Fn(&'a T) -> K) -> Result<(), Wrong> {
    if items.is_sorted_by(|a, b| key(a) < key(b)) {
        Ok(())
    } else {
        Err(format!("`{what}` is not sorted, or names something twice"))
    }
}

/// The rows of a document on their way to facts and edits.
struct Reading<'a> {
    plan: Plan,
    files: &'a mut Files,
}

impl Reading<'_> {
    fn note(&mut self, key: Key, note: Note) {
        if note != Note::default() {
            self.plan.notes.insert(key, note);
        }
    }

    /// Takes up what was read of everything that changes.
    fn live(&mut self, groups: Vec<Group>, users: Vec<User>) -> Result<(), Wrong> {
        let mut facts = Facts::default();
        groups.into_iter().try_for_each(|it| self.group(it, &mut facts))?;
        for User { company, user_id, origin, direct_roles, attributes, groups, named_by } in users {
            let person = self.plan.index.find_person(company, user_id).ok_or("`users` names nobody")?;
            let from = origin.map(|it| self.files.place(it));
            let key = Key { owner: Owner::Person(person), fact: Fact::Attributes };
            self.note(key, Note { from, ..Note::default() });
            facts.direct(person, &direct_roles);
            attributes.iter().for_each(|it| facts.person(person, it.0, it.1));
            for group in groups {
                let group = self.plan.index.find_group(company, group);
                let group = group.ok_or("somebody is in a group that is not in `live`")?;
                self.plan.index.find_user(user_id).into_iter().for_each(|it| facts.member(group, it));
            }
            for Naming { company, user_id, attributes } in named_by {
                let person = self.plan.index.find_person(company, user_id).into_iter();
                person.for_each(|it| attributes.iter().for_each(|of| facts.person(it, of.0, of.1)));
            }
        }
        self.plan.live = State::new(facts);
        Ok(())
    }

    fn group(&mut self, group: Group, facts: &mut Facts) -> Result<(), Wrong> {
        let ix = self.plan.index.find(&known(&group)?).ok_or("`groups` names one twice")?;
        let Group { name, description, origin, contents, created, updated, company: _, id: _ } = group;
        let stamps = Stamps { created, updated };
        if !stamps.is_empty() {
            self.plan.stamps.insert(ix, stamps);
        }
        facts.group(ix, Arc::new(Attributes { name, description }));
        let from = origin.map(|it| self.files.place(it));
        self.note(Key { owner: Owner::Group(ix), fact: Fact::Attributes }, Note { from, ..Note::default() });
        let Some(shape::Contents { members, roles }) = contents else {
            self.plan.unread.insert(ix);
            return Ok(());
        };
        ascending(&roles, "roles", |it| it.role_id)?;
        ascending(&members, "members", |it| *it)?;
        for shape::Grant { role_id, scope, entries } in roles {
            let entries = entries.unwrap_or_else(|| vec![Some(scope.spelled())]);
            let spelled = entries.iter().map(|it| Scope::read(it.as_deref()));
            let scope = if entries.is_empty() { scope } else { Scope::any(spelled) };
            facts.grant(ix, role_id, Arc::new(scope));
            let entries = entries.into_iter().map(|it| it.map(Arc::from)).collect();
            self.plan.entries.insert((ix, role_id), entries);
        }
        for user in members.iter().filter_map(|it| self.plan.index.find_user(*it)) {
            facts.member(ix, user);
        }
        Ok(())
    }

    /// What a row says, whatever was read.
    fn said(&self, row: &mut Row) -> Result<Edit, Wrong> {
        let index = &self.plan.index;
        let owner = match row.kind {
            Kind::DirectRole | Kind::Person => {
                let user = required(row.user_id, "userId")?;
                let person = index.find_person(row.company, user);
                Owner::Person(person.ok_or("an edit is about a person who is not in `users`")?)
            }
            Kind::Group | Kind::Role | Kind::Member => {
                let group = index.find(&named(row));
                Owner::Group(group.ok_or("an edit is about a group that is not in `groups`")?)
            }
        };
        let value = |raw: Option<Box<RawValue>>, what| match row.kind {
            Kind::Member => Ok(Value::Member),
            Kind::Group => read(raw, what).map(|it| Value::Attributes(Arc::new(it))),
            Kind::Role => read(raw, what).map(|it| Value::Scope(Arc::new(it))),
            Kind::Person => read::<Box<str>>(raw, what).map(|it| Value::Trait(it.into())),
            Kind::DirectRole => {
                let roles: DirectRoles = read(raw, what)?;
                let [role] = &roles.iter().collect::<Vec<_>>()[..] else {
                    return Err(format!("`{what}` is not one role"));
                };
                Ok(Value::Direct(Arc::new((*role).clone())))
            }
        };
        let (before, after) = (row.before.take(), row.after.take());
        let before = (row.action != Action::Add).then(|| value(before, "before")).transpose()?;
        let after = (row.action != Action::Remove).then(|| value(after, "after")).transpose()?;
        let fact = match (row.kind, before.as_ref().or(after.as_ref())) {
            (Kind::Role, _) => Fact::Grant(required(row.role_id, "roleId")?),
            (Kind::Member, _) => {
                let user = required(row.user_id, "userId")?;
                Fact::Member(index.find_user(user).ok_or("an edit is about nobody")?)
            }
            (Kind::Person, _) => Fact::Trait(required(row.attribute, "attribute")?),
            (_, Some(Value::Direct(role))) => Fact::Direct(Box::new(role.kind().clone())),
            _ => Fact::Attributes,
        };
        Ok(Edit { key: Key { owner, fact }, before, after })
    }

    /// A row of what is live already: it changes nothing, and only readers look at it.
    fn already(&mut self, mut row: Row) -> Result<Edit, Wrong> {
        let edit = self.said(&mut row)?;
        let note = row.note.map(|it| self.files.place(it));
        self.note(edit.key.clone(), note);
        Ok(edit)
    }

    fn edit(&mut self, mut row: Row) -> Result<Edit, Wrong> {
        let Edit { key, before: was, after } = self.said(&mut row)?;
        // What was read is what was there; of a group that nobody looked into the edit alone knows.
        let unread = matches!(key.owner, Owner::Group(it) if self.plan.unread.contains(&it));
        let before = if unread && row.kind != Kind::Group { was.clone() } else { self.plan.live.value(&key) };
        if before.is_some() != was.is_some() {
            return Err("the `before` of an edit is not what was read".to_owned());
        }
        if before == after {
            return Err("an edit changes nothing".to_owned());
        }
        match (key.owner, &key.fact, &after) {
            (Owner::Group(_), Fact::Attributes, None) => {
                self.plan.reasons.insert(key.owner, required(row.reason, "reason")?);
            }
            (Owner::Person(_), ..) => self.plan.reasons.extend(row.reason.map(|it| (key.owner, it))),
            _ => (),
        }
        let note = row.note.map(|it| self.files.place(it));
        self.note(key.clone(), note);
        let by_rule = row.by_rule.map(|it| it.map(|it| self.files.place(it)));
        self.plan.by_rule.extend(by_rule.map(|it| (key.clone(), it)));
        self.plan.added.extend(row.added_at.map(|it| (key.clone(), it)));
        Ok(Edit { key, before, after })
    }
}

fn read<T: DeserializeOwned>(raw: Option<Box<RawValue>>, what: &str) -> Result<T, Wrong> {
    let raw = required(raw, what)?;
    serde_json::from_str(raw.get()).map_err(|_| format!("`{what}` of an edit has another form"))
}

fn remark(remark: shape::Remark, files: &mut Files) -> Result<Finding, Wrong> {
    let known = Code::ALL.iter().copied().find(|it| it.as_str() == &*remark.code);
    let related = remark.related.into_iter();
    Ok(Finding {
        code: known.ok_or_else(|| format!("the remark `{}` is not known", remark.code))?,
        message: remark.message.into(),
        related: related.map(|it| (files.place(it.origin), it.message.into())).collect(),
        help: remark.help.map(Into::into),
        place: remark.origin.map(|it| files.place(it)),
    })
}
