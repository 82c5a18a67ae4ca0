//! A plan to the form of its document. Every fact in full; nothing is decided here.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

use crate::{
    model::{
        direct::DirectRoles,
        finding::Finding,
        ids::{GroupId, UserId},
        index::GroupIx,
        json::compact,
        plan::{self, Digest, Note, Plan},
        scope::Scope,
        selector::Traits,
        source::{Place, Sources},
        stamp::Stamps,
        state::{Edit, Fact, Key, Owner, Value},
    },
    plan::{
        diff, digest,
        held::{Held, held},
    },
    report::render::{View, guards, json::Origin, scope::Words, withheld},
};

use super::shape::{
    Action, ByCause, Contents, Document, File, Grant, Group, Kind, Naming, Related, Remark, Row, Summary,
    User, Worded,
};

impl Document {
    /// The document, with zeros for its digest.
    pub(super) fn new(view: &View<'_>) -> Self {
        let &View {
            partial,
            portion,
            files: known,
            plan,
            judgement,
            sources,
            endpoint: _,
            url,
            now,
            taken,
            document: _,
            cost: _,
        } = view;
        let words = Words::new(plan);
        let writing = Writing { plan, sources, moves: diff::moves(plan), held: held(plan) };
        let origin = |it: Place| Origin::new(it, sources);
        let withheld = plan.withheld.iter().zip(withheld::all(plan, sources));
        let guard = |it: &plan::Check| Worded {
            message: guards::sentence(it, &words, sources, |it| it).into(),
            it: it.clone().map(origin),
        };
        let outside = |it: &plan::Outside| plan::Outside { roles: compacted(&it.roles), ..it.clone() };
        let mut files: Vec<File> = sources
            .files()
            .filter_map(|(_, it)| Some(File { path: it.path.as_str().into(), sha256: digest::source(it)? }))
            .collect();
        files.extend(known.iter().map(|(path, sha256)| File { path: path.clone(), sha256: *sha256 }));
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self {
            version: super::VERSION,
            kind: super::KIND.into(),
            id: digest::plan_id(plan),
            created_at: now.dated,
            now: now.is_given.then_some(now.at),
            time_zone: sources.zone().iana_name().filter(|it| *it != "UTC").map(Box::from),
            tool: env!("CARGO_PKG_VERSION").into(),
            endpoint: url.into(),
            taken,
            changes: !plan.is_empty(),
            summary: Summary {
                changes: plan.summary(),
                users_changed: plan.people().count(),
                withheld: plan.withheld(),
                unmanaged: plan.companies.iter().map(|it| it.unmanaged.len()).sum(),
                forbidden: plan.forbidden().count(),
                accepted: plan.accepted.len(),
                guards: judgement.stops().count(),
            },
            partial: partial || portion.is_some(),
            portion,
            edits: plan.edits.iter().map(|it| writing.row(it)).collect(),
            groups: plan.groups().filter_map(|it| writing.group(&it)).collect(),
            users: plan.people().filter_map(|it| writing.user(&it)).collect(),
            files,
            companies: plan.companies.clone(),
            unmanaged: plan.unmanaged,
            withheld: withheld
                .map(|(it, said)| Worded { it: it.clone().map(origin), message: said.why.into() })
                .collect(),
            accepted: plan.accepted.iter().map(|it| it.clone().map(origin)).collect(),
            expiring: plan.expiring().count(),
            soon: plan.soon.iter().cloned().map(|it| it.map(origin)).collect(),
            people: judgement.people.clone().map(origin),
            people_by_cause: judgement.by_cause.clone().map(|it| {
                let [change, drift] = it.map(|it| it.map(origin));
                ByCause { change, drift }
            }),
            not_asked: judgement.not_asked,
            already_live: plan.already_live.as_ref().map(|it| it.iter().map(|it| writing.row(it)).collect()),
            gaps: judgement.gaps.clone(),
            guards: judgement.guards.iter().map(guard).collect(),
            remarks: plan.remarks.iter().map(|it| remark(it, sources)).collect(),
            survivors: plan.survivors.clone(),
            leavers: plan.leavers.iter().cloned().map(|it| it.map(origin)).collect(),
            look_ups: plan.look_ups.clone(),
            outside: plan.outside.iter().map(outside).collect(),
            live: plan.read.clone(),
            names: plan.names.clone(),
            weakened: plan.weakened.clone().map(|it| it.map(origin)),
            undoes: plan.undoes.clone(),
            digest: Digest::default(),
        }
    }
}

struct Writing<'a> {
    plan: &'a Plan,
    sources: &'a Sources,
    moves: BTreeMap<Key, GroupIx>,
    held: BTreeMap<UserId, Held>,
}

impl Writing<'_> {
    fn row(&self, edit: &Edit) -> Row {
        let Plan { index, names, reasons, .. } = self.plan;
        let (group, company, person) = match edit.key.owner {
            Owner::Group(group) => (Some(index.group(group)), index.group(group).company, None),
            Owner::Person(person) => (None, index.person(person).0, Some(index.person(person).1)),
        };
        let user = edit.member().map(|it| index.user(it)).or(person);
        let other = self.moves.get(&edit.key).map(|it| index.group(*it).name.clone());
        let (moved_from, moved_to) = if edit.adds() { (other, None) } else { (None, other) };
        Row {
            action: match (&edit.before, &edit.after) {
                (None, _) => Action::Add,
                (Some(_), Some(_)) => Action::Change,
                (Some(_), None) => Action::Remove,
            },
            kind: match edit.key.fact {
                Fact::Attributes => Kind::Group,
                Fact::Grant(_) => Kind::Role,
                Fact::Member(_) => Kind::Member,
                Fact::Direct(_) => Kind::DirectRole,
                Fact::Trait(_) => Kind::Person,
            },
            company,
            group: group.map(|it| it.name.clone()),
            group_id: group.and_then(|it| it.id),
            twin: group.map_or(0, |it| it.twin),
            person: user.and_then(|it| names.people.get(&it).cloned()),
            user_id: user,
            role: edit.role().and_then(|it| names.roles.get(&it).cloned()),
            role_id: edit.role(),
            role_type: edit.kind().map(|it| it.role_type().into()),
            attribute: edit.attribute(),
            before: edit.before.as_ref().and_then(raw),
            after: edit.after.as_ref().and_then(raw),
            relation: edit.relation(),
            moved_from,
            moved_to,
            reason: match (edit.key.owner, &edit.key.fact) {
                (Owner::Group(_), Fact::Attributes) | (Owner::Person(_), _) => {
                    reasons.get(&edit.key.owner).cloned()
                }
                _ => None,
            },
            added_at: self.plan.added.get(&edit.key).copied(),
            by_rule: self
                .plan
                .by_rule
                .get(&edit.key)
                .map(|it| it.clone().map(|it| Origin::new(it, self.sources))),
            note: self.note(&edit.key),
        }
    }

    fn note(&self, key: &Key) -> Note<Origin> {
        self.plan.note(key).map(|it| Origin::new(it, self.sources))
    }

    /// A group as it was read; `None` of one that is created.
    fn group(&self, change: &plan::Change<'_>) -> Option<Group> {
        let (group, before) = (change.group()?, change.attributes_before()?);
        let grant = |(role_id, scope): (_, &Scope)| {
            let entries = self.plan.entries.get(&(group, role_id)).map_or(&[][..], |it| it);
            let entries = match entries {
                [Some(one)] if compact(one).get() == scope.spelled().get() => None,
                _ => Some(entries.iter().map(|it| it.as_deref().map(compact)).collect()),
            };
            Grant { role_id, scope: scope.clone(), entries }
        };
        let Stamps { created, updated } = self.plan.stamps.get(&group).cloned().unwrap_or_default();
        Some(Group {
            created,
            updated,
            company: change.company(),
            id: change.id(),
            name: before.name.clone(),
            description: before.description.clone(),
            origin: change.from().map(|it| Origin::new(it, self.sources)),
            contents: change.is_read().then(|| Contents {
                members: change.members_before().collect(),
                roles: change.roles_before().map(grant).collect(),
            }),
        })
    }

    fn user(&self, change: &plan::Change<'_>) -> Option<User> {
        Some(User {
            company: change.company(),
            user_id: change.user()?,
            origin: change.from().map(|it| Origin::new(it, self.sources)),
            direct_roles: compacted(&change.direct_before()),
            attributes: change.traits_before(),
            groups: self.groups_of(change),
            named_by: self.named_by(change),
        })
    }

    fn held(&self, change: &plan::Change<'_>) -> Option<&Held> {
        self.held.get(&change.user()?).filter(|_| change.account().is_some())
    }

    fn groups_of(&self, change: &plan::Change<'_>) -> Vec<GroupId> {
        let groups = self.held(change).into_iter().flat_map(|it| &it.groups[0]);
        let mut groups: Vec<GroupId> = groups.filter_map(|it| self.plan.index.group(*it).id).collect();
        groups.sort_unstable();
        groups
    }

    fn named_by(&self, change: &plan::Change<'_>) -> Vec<Naming> {
        let mut naming: BTreeMap<_, Traits> = BTreeMap::new();
        for (right, over) in self.held(change).into_iter().flat_map(|it| &it.over[0]) {
            let person = self.plan.index.find_person(over.0, over.1);
            if let Some((person, attribute)) = person.zip(right.attribute())
                && let Some(is) = self.plan.live.of_person(person, attribute)
            {
                naming.entry(*over).or_default().put(attribute, is);
            }
        }
        let naming = naming.into_iter();
        naming.map(|((company, user_id), attributes)| Naming { company, user_id, attributes }).collect()
    }
}

/// What one side of an edit says; nothing of a member.
fn raw(value: &Value) -> Option<Box<RawValue>> {
    let raw = match value {
        Value::Attributes(attributes) => to_raw_value(attributes),
        Value::Scope(scope) => Ok(scope.spelled()),
        Value::Member => return None,
        Value::Trait(value) => to_raw_value(&**value),
        Value::Direct(role) => to_raw_value(&compacted(&DirectRoles::new([(**role).clone()]))),
    };
    Some(raw.expect("plain data with text keys is always JSON"))
}

pub(super) fn compacted(roles: &DirectRoles) -> DirectRoles {
    DirectRoles::read(roles.elements().map(compact))
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
