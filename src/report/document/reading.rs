//! The form of a document back to the plan it was written from.
//!
//! What the document says is not trusted to be ours: every word is looked up and
//! every position is checked. Scopes that were live are read from the API's own
//! entries, as they were then, so that even one no version can read stays what it was.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::model::{
    access::{Contents, Why},
    direct::DirectRoles,
    finding::{Code, Finding},
    ids::RoleId,
    plan::{
        Attributes, ChangeKind, Check, Digest, DirectChange, DirectEffect, Frozen, Gap, GrantChange,
        GrantEffect, GroupChange, MemberChange, MemberEffect, Names, Outside, Overview, People, Plan,
        Quarantined, ReadGroup, Survivor, Unresolved, UserChange, Verdict, Withheld,
    },
    rules::{Guard, Subject},
    scope::Scope,
    source::{FileId, Place, Sources},
};

use super::shape::{self, Action, Document, Held, Origin};

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

    fn why(&mut self, expired: Option<&Origin>, locked_out: Option<&Origin>) -> Why {
        match (expired, locked_out) {
            (None, None) => Why::NotDeclared,
            (_, Some(from)) => Why::LockedOut(self.place(from)),
            (Some(from), None) => Why::Ended(self.place(from)),
        }
    }
}

/// Returns the plan, and the files that its places point into.
pub(super) fn plan(document: Document, sources: Sources) -> Result<(Plan, Files), Wrong> {
    let by_path = sources.files().map(|(id, it)| (it.path.as_str().into(), id)).collect();
    let mut files = Files { sources, by_path, digests: Vec::new() };
    for shape::File { path, sha256 } in document.files {
        files.id(&path);
        files.digests.push((path, sha256));
    }
    let groups = document.groups.len() + document.users.len();
    let company = |it: shape::Company| Overview {
        company: it.id,
        groups: it.groups,
        memberships: it.memberships,
        unmanaged: it.unmanaged,
    };
    let plan = Plan {
        companies: document.companies.into_iter().map(company).collect(),
        changes: all(document.groups, |it| group(it, &mut files))?,
        users: all(document.users, |it| user(it, &mut files))?,
        quarantine: all(document.quarantine, |it| held(it, &mut files))?,
        expiring: document.expiring,
        names: Names {
            people: document.names.people,
            roles: document.names.roles,
            values: document.names.values,
        },
        read: document.live.into_iter().map(live).collect(),
        people: People {
            gain: document.people.gain,
            lose: document.people.lose,
            lose_everything: document
                .people
                .lose_everything
                .into_iter()
                .map(|it| (it.company, it.user_id))
                .collect(),
        },
        gaps: all(document.gaps, |it| gap(&it, groups))?,
        guards: all(document.guards, |it| check(it, &mut files))?,
        remarks: all(document.remarks, |it| remark(it, &mut files))?,
        survivors: document
            .survivors
            .into_iter()
            .map(|it| Survivor { user: it.user_id, roles: it.roles })
            .collect(),
        outside: document
            .outside
            .into_iter()
            .map(|it| Outside { company: it.company, user: it.user_id, roles: it.roles })
            .collect(),
    };
    Ok((plan, files))
}

fn all<A, B>(items: Vec<A>, each: impl FnMut(A) -> Result<B, Wrong>) -> Result<Vec<B>, Wrong> {
    items.into_iter().map(each).collect()
}

/// Returns the field, which the kind of entry around it requires.
fn required<T>(field: Option<T>, what: &str) -> Result<T, Wrong> {
    field.ok_or_else(|| format!("`{what}` is missing"))
}

/// Whether the keys only grow: what is looked up in a list must be sorted and there once.
fn ascending<T, K: Ord>(items: &[T], what: &str, key: impl Fn(&T) -> K) -> Result<(), Wrong> {
    if items.is_sorted_by(|a, b| key(a) < key(b)) {
        Ok(())
    } else {
        Err(format!("`{what}` is not sorted, or names something twice"))
    }
}

fn group(group: shape::Group, files: &mut Files) -> Result<GroupChange, Wrong> {
    let existing = || required(group.id, "id");
    let text = |field: &Option<Box<str>>| required(field.clone(), "descriptionBefore");
    let (id, kind) = match group.action {
        Action::Create => {
            let description = required(group.description, "description")?.to;
            (None, ChangeKind::Create { description })
        }
        Action::Change => {
            let before =
                Attributes { name: group.name.clone(), description: text(&group.description_before)? };
            let after = Attributes {
                name: group.rename.map_or_else(|| before.name.clone(), |it| it.to),
                description: group.description.map_or_else(|| before.description.clone(), |it| it.to),
            };
            (Some(existing()?), ChangeKind::Alter { before, after })
        }
        Action::Delete => {
            let description = text(&group.description_before)?;
            let reason = required(group.reason, "reason")?;
            (Some(existing()?), ChangeKind::Delete { description, reason })
        }
        Action::Add | Action::Rescope | Action::Remove => {
            return Err("the `action` of a group is none that groups have".to_owned());
        }
    };
    let from = files.maybe(group.origin.as_ref());
    let before = group.before.map(before).transpose()?;
    let held = |role: RoleId| {
        let grants = before.as_ref().map(|it| &it.grants[..]).unwrap_or_default();
        grants.binary_search_by_key(&role, |it| it.role).ok().map(|at| &grants[at].scope)
    };
    let grants = all(group.roles, |it| grant(it, &held, files))?;
    let members = all(group.members, |it| member(it, files))?;
    ascending(&grants, "roles", |it| it.role)?;
    ascending(&members, "members", |it| it.user)?;
    Ok(GroupChange { company: group.company, id, name: group.name, kind, grants, members, from, before })
}

fn before(before: shape::Before) -> Result<Contents, Wrong> {
    let grant = |it: shape::Grant| {
        let scope = if it.entries.is_empty() {
            Scope::read(Some(&it.scope))
        } else {
            Scope::any(it.entries.iter().map(|it| Scope::read(it.as_deref())))
        };
        crate::model::access::Grant { role: it.role_id, scope, as_read: it.entries, from: None }
    };
    let grants: Vec<_> = before.roles.into_iter().map(grant).collect();
    ascending(&grants, "roles", |it| it.role)?;
    ascending(&before.members, "members", |it| *it)?;
    Ok(Contents { members: before.members, grants })
}

fn grant<'a>(
    role: shape::Role,
    held: &impl Fn(RoleId) -> Option<&'a Scope>,
    files: &mut Files,
) -> Result<GrantChange, Wrong> {
    let wished = |raw: Option<Box<RawValue>>, what| required(raw, what).map(|it| Scope::read(Some(&it)));
    let live = |raw, what| held(role.role_id).cloned().map_or_else(|| wished(raw, what), Ok);
    let effect = match role.action {
        Action::Add => GrantEffect::Add { scope: wished(role.scope, "scope")? },
        Action::Rescope => {
            let (before, after) = (live(role.before, "before")?, wished(role.after, "after")?);
            let relation = before.relation(&after).ok_or("`before` and `after` mean the same")?;
            GrantEffect::Rescope { before, after, relation }
        }
        Action::Remove => GrantEffect::Remove {
            why: files.why(role.expired.as_ref(), role.locked_out.as_ref()),
            scope: live(role.scope, "scope")?,
        },
        Action::Create | Action::Change | Action::Delete => {
            return Err("the `action` of a role is none that roles have".to_owned());
        }
    };
    Ok(GrantChange { role: role.role_id, effect, from: files.maybe(role.origin.as_ref()) })
}

fn member(member: shape::Member, files: &mut Files) -> Result<MemberChange, Wrong> {
    let effect = match member.action {
        Action::Add => MemberEffect::Add { moved_from: member.moved_from },
        Action::Remove => MemberEffect::Remove {
            moved_to: member.moved_to,
            why: files.why(member.expired.as_ref(), member.locked_out.as_ref()),
        },
        Action::Create | Action::Change | Action::Delete | Action::Rescope => {
            return Err("the `action` of a member is none that members have".to_owned());
        }
    };
    Ok(MemberChange { user: member.user_id, effect, from: files.maybe(member.origin.as_ref()) })
}

fn user(user: shape::User, files: &mut Files) -> Result<UserChange, Wrong> {
    let from = files.maybe(user.origin.as_ref());
    let roles = all(user.direct_roles, |it| direct_role(it, &user.before, files))?;
    if !roles.is_sorted_by(|a, b| a.effect.kind() < b.effect.kind()) {
        return Err("`directRoles` is not sorted, or names something twice".to_owned());
    }
    Ok(UserChange { company: user.company, user: user.user_id, before: user.before, roles, from })
}

fn direct_role(
    role: shape::DirectRole,
    held: &DirectRoles,
    files: &mut Files,
) -> Result<DirectChange, Wrong> {
    let one = |roles: Option<DirectRoles>, what: &str| {
        let roles = required(roles, what)?;
        let mut roles = roles.iter();
        match (roles.next(), roles.next()) {
            (Some(role), None) => Ok(role.clone()),
            _ => Err(format!("`{what}` is not one role")),
        }
    };
    let effect = match role.action {
        Action::Add => DirectEffect::Add { role: one(role.after, "after")? },
        Action::Change => {
            DirectEffect::Change { before: one(role.before, "before")?, after: one(role.after, "after")? }
        }
        Action::Remove => DirectEffect::Remove {
            why: files.why(role.expired.as_ref(), role.locked_out.as_ref()),
            role: one(role.before, "before")?,
        },
        Action::Create | Action::Delete | Action::Rescope => {
            return Err("the `action` of a direct role is none that direct roles have".to_owned());
        }
    };
    let fits = match &effect {
        DirectEffect::Add { role } => held.get(role.kind()).is_none(),
        DirectEffect::Change { before, after } => {
            held.get(before.kind()) == Some(before) && before.kind() == after.kind() && before != after
        }
        DirectEffect::Remove { role, .. } => held.get(role.kind()) == Some(role),
    };
    if !fits {
        return Err("a direct role changes otherwise than `before` allows".to_owned());
    }
    Ok(DirectChange { effect, from: files.maybe(role.origin.as_ref()) })
}

fn held(mut held: Held, files: &mut Files) -> Result<Quarantined, Wrong> {
    let from = files.maybe(held.origin.as_ref());
    let person = held.person.take();
    let role = held.role.take();
    let what = match &*held.kind {
        "person" => Withheld::Person { person: required(person, "person")?, why: unresolved(&mut held)? },
        "role" => Withheld::Grant {
            role: required(role, "role")?,
            person: required(person, "person")?,
            why: unresolved(&mut held)?,
        },
        "unreadable" => Withheld::Unreadable { role: required(role, "role")? },
        "removal" => Withheld::Removal {
            user: required(held.user_id, "userId")?,
            because: required(person, "person")?,
        },
        "hiddenRemoval" => Withheld::HiddenRemoval { user: required(held.user_id, "userId")? },
        "group" => Withheld::Group { candidates: required(held.groups.take(), "groups")? },
        "inactiveMember" => Withheld::InactiveMember { person: required(person, "person")? },
        "unmodifiableRoles" => Withheld::Unmodifiable { what: Frozen::Roles },
        "unmodifiableAttributes" => Withheld::Unmodifiable { what: Frozen::Attributes },
        "unmodifiableGroup" => Withheld::Unmodifiable { what: Frozen::Existence },
        "lockout" => Withheld::Lockout { person: required(person, "person")?, why: unresolved(&mut held)? },
        "unreadLockout" => Withheld::UnreadLockout { user: required(held.user_id, "userId")? },
        "user" => Withheld::User { person: required(person, "person")?, why: unresolved(&mut held)? },
        "unreadUser" => Withheld::UnreadUser { person: required(person, "person")? },
        "unmanagedUser" => {
            Withheld::UnmanagedUser { person: required(person, "person")?, why: unresolved(&mut held)? }
        }
        "unmanagedUnread" => Withheld::UnmanagedUnread { person: required(person, "person")? },
        "traveller" => Withheld::Traveller {
            user: required(held.user_id, "userId")?,
            person: required(person, "person")?,
            why: unresolved(&mut held)?,
        },
        other => return Err(format!("the kind `{other}` of what is withheld is not known")),
    };
    Ok(Quarantined { from, group: held.group, what })
}

fn unresolved(held: &mut Held) -> Result<Unresolved, Wrong> {
    Ok(match required(held.why.as_deref(), "why")? {
        "unknown" => Unresolved::Unknown,
        "inactive" => Unresolved::Inactive,
        "ambiguous" => Unresolved::Ambiguous(required(held.users.take(), "users")?),
        "foreign" => Unresolved::Foreign(required(held.company, "company")?),
        "hidden" => Unresolved::Hidden,
        other => return Err(format!("the reason `{other}` of what is withheld is not known")),
    })
}

fn gap(gap: &shape::Gap, groups: usize) -> Result<Gap, Wrong> {
    let shape::Gap { user_id: user, role_id: role, taken, given, why } = *gap;
    if taken.max(given) >= groups {
        return Err("a gap names a group that is not in `groups`".to_owned());
    }
    Ok(Gap { user, role, taken, given, why })
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

fn live(live: shape::Live) -> ReadGroup {
    ReadGroup {
        company: live.company,
        group: live.id,
        name: live.name,
        attributes: live.attributes,
        roles: live.roles,
        members: live.members,
    }
}
