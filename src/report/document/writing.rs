//! A plan to the form of its document. Every fact in full; nothing is decided here.

use serde_json::value::RawValue;

use crate::{
    model::{
        access::{Contents, Why},
        direct::DirectRoles,
        finding::Finding,
        plan::{
            self, ChangeKind, Check, DirectChange, DirectEffect, Frozen, GrantChange, GrantEffect,
            GroupChange, MemberChange, MemberEffect, Plan, Quarantined, Unresolved, UserChange, Withheld,
        },
        rules,
        source::{Place, Sources},
    },
    plan::digest,
    report::render::{View, guards, scope::Words, withheld},
};

use super::shape::{
    Action, Before, Company, DirectRole, Document, Edit, File, Gap, Grant, Group, Held, Live, Loser, Member,
    Names, Origin, Outside, People, Related, Remark, Role, Subject, Summary, Survivor, User, Verdict,
};

impl Document {
    pub(super) fn new(view: &View<'_>) -> Self {
        let &View { partial, plan, sources, endpoint: _, url, now, taken, cost: _ } = view;
        let words = Words::new(plan);
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
            created_at: now,
            tool: env!("CARGO_PKG_VERSION").into(),
            endpoint: url.into(),
            taken,
            changes: !plan.is_empty(),
            summary: Summary::new(plan),
            files,
            companies: plan.companies.iter().map(|it| Company::new(it, plan)).collect(),
            groups: plan.changes.iter().map(|it| Group::new(it, plan, sources)).collect(),
            users: plan.users.iter().map(|it| user(it, plan, sources)).collect(),
            quarantine: plan
                .quarantine
                .iter()
                .zip(sentences)
                .map(|(it, why)| held(it, why, sources))
                .collect(),
            expiring: plan.expiring,
            people: people(plan),
            gaps: plan.gaps.iter().map(gap).collect(),
            guards: plan.guards.iter().map(|it| check(it, &words, sources)).collect(),
            remarks: plan.remarks.iter().map(|it| remark(it, sources)).collect(),
            survivors: plan
                .survivors
                .iter()
                .map(|it| Survivor { user_id: it.user, roles: it.roles.clone() })
                .collect(),
            outside: plan
                .outside
                .iter()
                .map(|it| Outside { company: it.company, user_id: it.user, roles: compacted(&it.roles) })
                .collect(),
            live: plan.read.iter().map(live).collect(),
            names: Names {
                people: plan.names.people.clone(),
                roles: plan.names.roles.clone(),
                values: plan.names.values.clone(),
            },
        }
    }
}

impl Summary {
    fn new(plan: &Plan) -> Self {
        let sum = plan.summary();
        Self {
            groups_created: sum.groups_created,
            groups_changed: sum.groups_changed,
            groups_deleted: sum.groups_deleted,
            roles_added: sum.roles_added,
            roles_changed: sum.roles_changed,
            roles_removed: sum.roles_removed,
            members_added: sum.members_added,
            members_removed: sum.members_removed,
            users_changed: plan.users.len(),
            withheld: plan.withheld(),
            unmanaged: plan.companies.iter().map(|it| it.unmanaged.len()).sum(),
            guards: plan.stops().count(),
        }
    }
}

impl Company {
    fn new(found: &plan::Overview, plan: &Plan) -> Self {
        Self {
            id: found.company,
            name: plan.names.values.get(&found.company.0).cloned(),
            groups: found.groups,
            memberships: found.memberships,
            unmanaged: found.unmanaged.clone(),
        }
    }
}

impl Origin {
    pub(super) fn new(place: Place, sources: &Sources) -> Self {
        Self {
            file: sources.file(place.file).path.as_str().into(),
            line: place.line.get(),
            column: place.column,
        }
    }
}

impl Group {
    fn new(change: &GroupChange, plan: &Plan, sources: &Sources) -> Self {
        let mut group = Self {
            action: Action::Change,
            company: change.company,
            id: change.id,
            name: change.name.clone(),
            rename: None,
            description: None,
            description_before: None,
            reason: None,
            origin: change.from.map(|it| Origin::new(it, sources)),
            roles: change.grants.iter().map(|it| role(it, plan, sources)).collect(),
            members: change.members.iter().map(|it| member(it, plan, sources)).collect(),
            before: change.before.as_ref().map(before),
        };
        match &change.kind {
            ChangeKind::Create { description } => {
                group.action = Action::Create;
                group.description = Some(Edit { from: None, to: description.clone() });
            }
            ChangeKind::Alter { before, after } => {
                let edit = |from: &str, to: &str| {
                    (from != to).then(|| Edit { from: Some(from.into()), to: to.into() })
                };
                group.rename = edit(&before.name, &after.name);
                group.description = edit(&before.description, &after.description);
                group.description_before = Some(before.description.clone());
            }
            ChangeKind::Delete { description, reason } => {
                group.action = Action::Delete;
                group.description_before = Some(description.clone());
                group.reason = Some(reason.clone());
            }
        }
        group
    }
}

fn before(contents: &Contents) -> Before {
    let grant = |it: &crate::model::access::Grant| Grant {
        role_id: it.role,
        scope: compact(&it.scope.to_wire()),
        entries: it.as_read.iter().map(|it| it.as_deref().map(compact)).collect(),
    };
    Before { members: contents.members.clone(), roles: contents.grants.iter().map(grant).collect() }
}

/// Takes out the spaces between the parts, which mean nothing and could break the layout of the document.
///
/// Numbers, repeated keys and their order stay: an entry is named to the API as it was read.
pub(crate) fn compact(raw: &RawValue) -> Box<RawValue> {
    let (mut in_text, mut escaped) = (false, false);
    let mut text = raw.get().to_owned();
    text.retain(|c| {
        let keep = in_text || !matches!(c, ' ' | '\t' | '\n' | '\r');
        (in_text, escaped) = match c {
            '"' if !escaped => (!in_text, false),
            '\\' => (in_text, !escaped),
            _ => (in_text, false),
        };
        keep
    });
    RawValue::from_string(text).unwrap_or_else(|_| raw.to_owned())
}

/// Returns why something goes, as the entry that has ended and the one that cuts off.
fn reason(why: Why, sources: &Sources) -> (Option<Origin>, Option<Origin>) {
    match why {
        Why::NotDeclared => (None, None),
        Why::Ended(from) => (Some(Origin::new(from, sources)), None),
        Why::LockedOut(from) => (None, Some(Origin::new(from, sources))),
    }
}

fn role(grant: &GrantChange, plan: &Plan, sources: &Sources) -> Role {
    let mut role = Role {
        action: Action::Add,
        role_id: grant.role,
        role: plan.names.roles.get(&grant.role).cloned(),
        scope: None,
        before: None,
        after: None,
        relation: None,
        expired: None,
        locked_out: None,
        origin: grant.from.map(|it| Origin::new(it, sources)),
    };
    match &grant.effect {
        GrantEffect::Add { scope } => role.scope = Some(compact(&scope.to_wire())),
        GrantEffect::Rescope { before, after, relation } => {
            role.action = Action::Rescope;
            role.before = Some(compact(&before.to_wire()));
            role.after = Some(compact(&after.to_wire()));
            role.relation = Some(*relation);
        }
        GrantEffect::Remove { why, scope } => {
            role.action = Action::Remove;
            (role.expired, role.locked_out) = reason(*why, sources);
            role.scope = Some(compact(&scope.to_wire()));
        }
    }
    role
}

fn member(change: &MemberChange, plan: &Plan, sources: &Sources) -> Member {
    let mut member = Member {
        action: Action::Add,
        user_id: change.user,
        person: plan.names.people.get(&change.user).cloned(),
        moved_from: None,
        moved_to: None,
        expired: None,
        locked_out: None,
        origin: change.from.map(|it| Origin::new(it, sources)),
    };
    match &change.effect {
        MemberEffect::Add { moved_from } => member.moved_from = moved_from.clone(),
        MemberEffect::Remove { moved_to, why } => {
            member.action = Action::Remove;
            member.moved_to = moved_to.clone();
            (member.expired, member.locked_out) = reason(*why, sources);
        }
    }
    member
}

fn user(change: &UserChange, plan: &Plan, sources: &Sources) -> User {
    User {
        company: change.company,
        user_id: change.user,
        person: plan.names.people.get(&change.user).cloned(),
        origin: change.from.map(|it| Origin::new(it, sources)),
        direct_roles: change.roles.iter().map(|it| direct_role(it, sources)).collect(),
        before: compacted(&change.before),
    }
}

fn direct_role(change: &DirectChange, sources: &Sources) -> DirectRole {
    let one = |role: &crate::model::direct::DirectRole| Some(compacted(&DirectRoles::new([role.clone()])));
    let (action, before, after, (expired, locked_out)) = match &change.effect {
        DirectEffect::Add { role } => (Action::Add, None, one(role), (None, None)),
        DirectEffect::Change { before, after } => (Action::Change, one(before), one(after), (None, None)),
        DirectEffect::Remove { why, role } => (Action::Remove, one(role), None, reason(*why, sources)),
    };
    DirectRole {
        action,
        role_type: change.effect.kind().role_type().into(),
        before,
        after,
        expired,
        locked_out,
        origin: change.from.map(|it| Origin::new(it, sources)),
    }
}

pub(super) fn compacted(roles: &DirectRoles) -> DirectRoles {
    DirectRoles::read(roles.elements().map(compact))
}

fn held(entry: &Quarantined, message: String, sources: &Sources) -> Held {
    let mut held = Held {
        group: entry.group.clone(),
        message: message.into(),
        origin: entry.from.map(|it| Origin::new(it, sources)),
        ..Held::default()
    };
    let kind = match &entry.what {
        Withheld::Person { person, why } => {
            held.person = Some(person.clone());
            held.unresolved(why);
            "person"
        }
        Withheld::Grant { role, person, why } => {
            (held.role, held.person) = (Some(role.clone()), Some(person.clone()));
            held.unresolved(why);
            "role"
        }
        Withheld::Unreadable { role } => {
            held.role = Some(role.clone());
            "unreadable"
        }
        Withheld::Removal { user, because } => {
            (held.user_id, held.person) = (Some(*user), Some(because.clone()));
            "removal"
        }
        Withheld::HiddenRemoval { user } => {
            held.user_id = Some(*user);
            "hiddenRemoval"
        }
        Withheld::Group { candidates } => {
            held.groups = Some(candidates.clone());
            "group"
        }
        Withheld::InactiveMember { person } => {
            held.person = Some(person.clone());
            "inactiveMember"
        }
        Withheld::Unmodifiable { what: Frozen::Roles } => "unmodifiableRoles",
        Withheld::Unmodifiable { what: Frozen::Attributes } => "unmodifiableAttributes",
        Withheld::Unmodifiable { what: Frozen::Existence } => "unmodifiableGroup",
        Withheld::Lockout { person, why } => {
            held.person = Some(person.clone());
            held.unresolved(why);
            "lockout"
        }
        Withheld::UnreadLockout { user } => {
            held.user_id = Some(*user);
            "unreadLockout"
        }
        Withheld::User { person, why } => {
            held.person = Some(person.clone());
            held.unresolved(why);
            "user"
        }
        Withheld::UnreadUser { person } => {
            held.person = Some(person.clone());
            "unreadUser"
        }
        Withheld::UnmanagedUser { person, why } => {
            held.person = Some(person.clone());
            held.unresolved(why);
            "unmanagedUser"
        }
        Withheld::UnmanagedUnread { person } => {
            held.person = Some(person.clone());
            "unmanagedUnread"
        }
        Withheld::Traveller { user, person, why } => {
            (held.user_id, held.person) = (Some(*user), Some(person.clone()));
            held.unresolved(why);
            "traveller"
        }
    };
    Held { kind: kind.into(), ..held }
}

impl Held {
    fn unresolved(&mut self, why: &Unresolved) {
        let word = match why {
            Unresolved::Unknown => "unknown",
            Unresolved::Inactive => "inactive",
            Unresolved::Ambiguous(users) => {
                self.users = Some(users.clone());
                "ambiguous"
            }
            Unresolved::Foreign(company) => {
                self.company = Some(*company);
                "foreign"
            }
            Unresolved::Hidden => "hidden",
        };
        self.why = Some(word.into());
    }
}

fn people(plan: &Plan) -> People {
    let plan::People { gain, lose, lose_everything } = &plan.people;
    let losers = lose_everything.iter().map(|&(company, user_id)| Loser { company, user_id });
    People { gain: *gain, lose: *lose, lose_everything: losers.collect() }
}

fn gap(gap: &plan::Gap) -> Gap {
    let plan::Gap { user, role, taken, given, why } = *gap;
    Gap { user_id: user, role_id: role, taken, given, why }
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
        verdict,
        exception,
        message: guards::sentence(check, words, sources, |it| it).into(),
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

fn live(read: &plan::ReadGroup) -> Live {
    Live {
        company: read.company,
        id: read.group,
        name: read.name.clone(),
        attributes: read.attributes,
        roles: read.roles,
        members: read.members,
    }
}
