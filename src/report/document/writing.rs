//! A plan to the form of its document. Every fact in full; nothing is decided here.

use std::collections::BTreeMap;

use crate::{
    model::{
        access::Why,
        direct::{self, DirectRoles},
        finding::Finding,
        index::GroupIx,
        json::compact,
        plan::{self, About, Check, Plan, UnmanagedGroup, Unresolved, Withheld},
        rules::{self, HeldRole},
        scope::Scope,
        source::{Place, Sources},
        state,
    },
    plan::{diff, digest},
    report::render::{View, guards, json::Origin, scope::Words, withheld},
};

use super::shape::{
    Action, Before, Company, Counted, DirectRole, Document, Edit, File, Grant, Group, Held, Member, Note,
    Related, Remark, Role, Subject, Summary, User, Verdict, Weakened, Weakening,
};

impl Document {
    pub(super) fn new(view: &View<'_>) -> Self {
        let &View { partial, plan, judgement, sources, endpoint: _, url, now, taken, cost: _ } = view;
        let words = Words::new(plan);
        let moves = diff::moves(plan);
        let sentences = withheld::all(plan, sources).into_iter().map(|it| it.why);
        let mut files: Vec<File> = sources
            .files()
            .filter(|(_, it)| !it.text.is_empty())
            .map(|(_, it)| File { path: it.path.as_str().into(), sha256: digest::file(&it.text) })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self {
            version: super::VERSION,
            kind: super::KIND.into(),
            id: digest::plan_id(plan),
            partial,
            created_at: now.dated,
            now: now.is_given.then_some(now.at),
            tool: env!("CARGO_PKG_VERSION").into(),
            endpoint: url.into(),
            taken,
            changes: !plan.is_empty(),
            summary: Summary::new(plan, judgement),
            files,
            companies: plan.companies.iter().map(|it| Company::new(it, plan)).collect(),
            unmanaged: plan.unmanaged,
            groups: plan.groups().map(|it| Group::new(&it, plan, &moves, sources)).collect(),
            users: plan.people().filter_map(|it| user(&it, plan, sources)).collect(),
            quarantine: plan.withheld.iter().zip(sentences).map(|(it, why)| held(it, why, sources)).collect(),
            expiring: plan.expiring,
            people: judgement.people.clone(),
            gaps: judgement.gaps.clone(),
            guards: judgement.guards.iter().map(|it| check(it, &words, sources)).collect(),
            remarks: plan.remarks.iter().map(|it| remark(it, sources)).collect(),
            survivors: plan.survivors.clone(),
            outside: plan
                .outside
                .iter()
                .map(|it| plan::Outside { roles: compacted(&it.roles), ..it.clone() })
                .collect(),
            live: plan.read.clone(),
            names: plan.names.clone(),
            weakened: plan.weakened.as_ref().map(|it| weakened(it, sources)),
            undoes: plan.undoes.clone(),
        }
    }
}

fn weakened(weakened: &rules::Weakened, sources: &Sources) -> Weakened {
    let row = |it: &rules::Weakening| Weakening {
        what: it.what.clone(),
        before: it.before.clone(),
        after: it.after.clone(),
        why: it.why.clone(),
        origin: it.from.map(|it| Origin::new(it, sources)),
    };
    let rows = weakened.rows.iter().map(row).collect();
    Weakened { base: weakened.base.clone(), commit: weakened.commit.clone(), rows }
}

impl Summary {
    fn new(plan: &Plan, judgement: &plan::Judgement) -> Self {
        Self {
            changes: plan.summary(),
            users_changed: plan.people().count(),
            withheld: plan.withheld(),
            unmanaged: plan.companies.iter().map(|it| it.unmanaged.len()).sum(),
            forbidden: plan.forbidden().count(),
            guards: judgement.stops().count(),
        }
    }
}

impl Company {
    fn new(found: &plan::Overview, plan: &Plan) -> Self {
        let named = |is_meant: &dyn Fn(&UnmanagedGroup) -> bool| {
            found.unmanaged.iter().filter(|it| is_meant(it)).map(|it| it.name.clone()).collect()
        };
        Self {
            id: found.company,
            name: plan.names.values.get(&found.company.0).cloned(),
            groups: found.groups,
            memberships: found.memberships,
            unread: found.unread,
            unmanaged: named(&|_| true),
            standard: named(&|it| it.is_standard),
            forbidden: named(&|it| plan.forbids(it)),
        }
    }
}

impl Group {
    fn new(
        change: &plan::Change<'_>,
        plan: &Plan,
        moves: &BTreeMap<state::Key, GroupIx>,
        sources: &Sources,
    ) -> Self {
        let (before, after) = (change.attributes_before(), change.attributes_after());
        let text = |of: fn(&state::Attributes) -> &Box<str>| {
            let (from, to) = (before.map(of), after.map(of)?);
            (from != Some(to)).then(|| Edit { from: from.cloned(), to: to.clone() })
        };
        Self {
            action: match change.action() {
                plan::Action::Create => Action::Create,
                plan::Action::Alter => Action::Change,
                plan::Action::Delete => Action::Delete,
            },
            company: change.company(),
            id: change.id(),
            name: change.name().into(),
            rename: text(|it| &it.name).filter(|it| it.from.is_some()),
            description: text(|it| &it.description),
            description_before: before.map(|it| it.description.clone()),
            reason: (change.action() == plan::Action::Delete).then(|| change.reason().into()),
            origin: change.from().map(|it| Origin::new(it, sources)),
            roles: change.grants().filter_map(|it| role(it, plan, sources)).collect(),
            members: change.members().filter_map(|it| member(it, plan, moves, sources)).collect(),
            before: change.is_read().then(|| contents(change, plan)),
        }
    }
}

/// What was in a group when it was read.
fn contents(change: &plan::Change<'_>, plan: &Plan) -> Before {
    let entries = |role| plan.entries.get(&(change.group()?, role));
    let grant = |(role_id, scope): (_, &Scope)| Grant {
        role_id,
        scope: compact(&scope.to_wire()),
        entries: entries(role_id).into_iter().flatten().map(|it| it.as_deref().map(compact)).collect(),
    };
    Before { members: change.members_before().collect(), roles: change.roles_before().map(grant).collect() }
}

impl Note {
    fn new(note: plan::Note, sources: &Sources) -> Self {
        let origin = |it: Option<Place>| it.map(|it| Origin::new(it, sources));
        let (expired, locked_out) = match note.why {
            Why::NotDeclared => (None, None),
            Why::Ended(from) => (Some(from), None),
            Why::LockedOut(from) => (None, Some(from)),
        };
        Self {
            expired: origin(expired),
            locked_out: origin(locked_out),
            ends: note.ends,
            origin: origin(note.from),
        }
    }
}

fn role(edit: &state::Edit, plan: &Plan, sources: &Sources) -> Option<Role> {
    let (role_id, note) = (edit.role()?, plan.note(&edit.key));
    let [before, after] = edit.scopes().map(|it| it.map(|it| compact(&it.to_wire())));
    let relation = edit.relation();
    let (action, [scope, before, after]) = match relation {
        Some(_) => (Action::Rescope, [None, before, after]),
        None if edit.adds() => (Action::Add, [after, None, None]),
        None => (Action::Remove, [before, None, None]),
    };
    Some(Role {
        action,
        role_id,
        role: plan.names.roles.get(&role_id).cloned(),
        scope,
        before,
        after,
        relation,
        note: Note::new(note, sources),
    })
}

fn member(
    edit: &state::Edit,
    plan: &Plan,
    moves: &BTreeMap<state::Key, GroupIx>,
    sources: &Sources,
) -> Option<Member> {
    let (user_id, note) = (plan.index.user(edit.member()?), plan.note(&edit.key));
    let other = moves.get(&edit.key).map(|it| plan.index.group(*it).name.clone());
    let (moved_from, moved_to) = if edit.adds() { (other, None) } else { (None, other) };
    Some(Member {
        action: if edit.adds() { Action::Add } else { Action::Remove },
        user_id,
        person: plan.names.people.get(&user_id).cloned(),
        moved_from,
        moved_to,
        note: Note::new(note, sources),
    })
}

fn user(change: &plan::Change<'_>, plan: &Plan, sources: &Sources) -> Option<User> {
    let user_id = change.user()?;
    Some(User {
        company: change.company(),
        user_id,
        person: plan.names.people.get(&user_id).cloned(),
        origin: change.from().map(|it| Origin::new(it, sources)),
        direct_roles: change.direct().filter_map(|it| direct_role(it, plan, sources)).collect(),
        before: compacted(&change.direct_before()),
    })
}

fn direct_role(edit: &state::Edit, plan: &Plan, sources: &Sources) -> Option<DirectRole> {
    let one = |role: &direct::DirectRole| compacted(&DirectRoles::new([role.clone()]));
    let ([before, after], note) = (edit.direct().map(|it| it.map(one)), plan.note(&edit.key));
    Some(DirectRole {
        action: match (&before, &after) {
            (None, _) => Action::Add,
            (Some(_), Some(_)) => Action::Change,
            (Some(_), None) => Action::Remove,
        },
        role_type: edit.kind()?.role_type().into(),
        before,
        after,
        note: Note::new(note, sources),
    })
}

pub(super) fn compacted(roles: &DirectRoles) -> DirectRoles {
    DirectRoles::read(roles.elements().map(compact))
}

fn held(entry: &Withheld, message: String, sources: &Sources) -> Held {
    let About { role, user, person, why, candidates, company: failed, answer } = entry.what.about();
    let companies = if let Some(Unresolved::Nowhere(all)) = &why { Some(all.clone()) } else { None };
    let (word, users, company) = match why {
        None => (None, None, None),
        Some(Unresolved::Unknown | Unresolved::Nowhere(_)) => (Some("unknown"), None, None),
        Some(Unresolved::Inactive) => (Some("inactive"), None, None),
        Some(Unresolved::Ambiguous(users)) => (Some("ambiguous"), Some(users), None),
        Some(Unresolved::Foreign(company)) => (Some("foreign"), None, Some(company)),
        Some(Unresolved::Hidden) => (Some("hidden"), None, None),
    };
    Held {
        kind: entry.what.code().into(),
        group: entry.group.clone(),
        role,
        person,
        user_id: user,
        why: word.map(Into::into),
        companies,
        company: company.or(failed),
        answer,
        users,
        groups: candidates,
        message: message.into(),
        origin: entry.from.map(|it| Origin::new(it, sources)),
    }
}

fn check(check: &Check, words: &Words<'_>, sources: &Sources) -> super::shape::Check {
    let (verdict, exception) = match check.verdict {
        plan::Verdict::Ok => (Verdict::Ok, None),
        plan::Verdict::Unset => (Verdict::Unset, None),
        plan::Verdict::Excepted { from } => (Verdict::Excepted, Some(Origin::new(from, sources))),
        plan::Verdict::Approved => (Verdict::Approved, None),
        plan::Verdict::Stop => (Verdict::Stop, None),
    };
    super::shape::Check {
        guard: check.guard.as_str().into(),
        subject: match &check.subject {
            rules::Subject::Plan => Subject::Plan,
            rules::Subject::Company(company) => Subject::Company { company: *company },
            rules::Subject::Group(company, name) => Subject::Group { company: *company, name: name.clone() },
            rules::Subject::Person(user) => Subject::Person { user_id: *user },
            rules::Subject::Role(company, role) => Subject::Role { company: *company, role_id: *role },
        },
        level: check.level,
        value: check.value,
        of: check.of,
        limit: check.limit,
        excepted: check.excepted,
        verdict,
        by: check.by,
        items: check.items.iter().map(|it| item(it, words)).collect(),
        exception,
        message: guards::sentence(check, words, sources, |it| it).into(),
    }
}

fn item(item: &rules::Counted, words: &Words<'_>) -> Counted {
    let (role_id, role_type) = match &item.role {
        Some(HeldRole::Role(role)) => (Some(*role), None),
        Some(HeldRole::Direct(name)) => (None, Some(name.clone())),
        None => (None, None),
    };
    Counted {
        how: item.how,
        company: item.company,
        group: item.group.clone(),
        user_id: item.person,
        person: item.person.and_then(|it| words.names.people.get(&it).cloned()),
        role_id,
        role: role_id.and_then(|it| words.names.roles.get(&it).cloned()),
        role_type,
        scope: item.scope.as_ref().map(|it| it.to_wire()),
    }
}

fn remark(finding: &Finding, sources: &Sources) -> Remark {
    let related = finding.related.iter().map(|(place, message)| Related {
        origin: Origin::new(*place, sources),
        message: message.as_str().into(),
    });
    Remark {
        code: finding.code.as_str().into(),
        message: finding.message.as_str().into(),
        origin: finding.place.map(|it| Origin::new(it, sources)),
        help: finding.help.as_deref().map(Into::into),
        related: related.collect(),
    }
}
