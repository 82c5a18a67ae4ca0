//! What each line of a plan says, before a format gives it a look. The words are raw: formats escape them.

use crate::{
    model::{
        access::Why,
        ids::CompanyId,
        plan::{
            Attributes, ChangeKind, DirectChange, DirectEffect, GrantChange, GrantEffect, GroupChange,
            MemberChange, MemberEffect, Plan, Summary, UserChange,
        },
        scope::Relation,
        source::Sources,
    },
    plan::digest,
};

use super::{counted, description, direct, scope::Words};

/// What a line reports; everything else about it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    GroupDeleted,
    MemberRemoved,
    RoleRemoved,
    RoleChanged,
    RoleNarrowed,
    DirectRemoved,
    DirectChanged,
    DirectNarrowed,
    GroupCreated,
    TextAdded,
    MemberAdded,
    RoleAdded,
    RoleWidened,
    DirectAdded,
    DirectWidened,
    GroupRenamed,
    TextChanged,
}

/// The sign in front of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Add,
    Change,
    Remove,
}

/// What a line means for access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Somebody may lose some.
    Takes,
    /// Somebody gains some, nobody loses any.
    Gives,
    /// It stays as it is.
    None,
}

impl Fact {
    pub(super) fn sign(self) -> Sign {
        match self {
            Self::GroupCreated
            | Self::TextAdded
            | Self::MemberAdded
            | Self::RoleAdded
            | Self::DirectAdded => Sign::Add,
            Self::RoleChanged
            | Self::RoleNarrowed
            | Self::RoleWidened
            | Self::DirectChanged
            | Self::DirectNarrowed
            | Self::DirectWidened
            | Self::GroupRenamed
            | Self::TextChanged => Sign::Change,
            Self::GroupDeleted | Self::MemberRemoved | Self::RoleRemoved | Self::DirectRemoved => {
                Sign::Remove
            }
        }
    }

    pub(super) fn effect(self) -> Effect {
        match self {
            Self::GroupDeleted
            | Self::MemberRemoved
            | Self::RoleRemoved
            | Self::RoleChanged
            | Self::RoleNarrowed
            | Self::DirectRemoved
            | Self::DirectChanged
            | Self::DirectNarrowed => Effect::Takes,
            Self::GroupCreated
            | Self::TextAdded
            | Self::MemberAdded
            | Self::RoleAdded
            | Self::RoleWidened
            | Self::DirectAdded
            | Self::DirectWidened => Effect::Gives,
            Self::GroupRenamed | Self::TextChanged => Effect::None,
        }
    }

    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::GroupDeleted | Self::GroupCreated => "group",
            Self::MemberRemoved | Self::MemberAdded => "member",
            Self::RoleRemoved
            | Self::RoleChanged
            | Self::RoleNarrowed
            | Self::RoleAdded
            | Self::RoleWidened => "role",
            Self::DirectRemoved
            | Self::DirectChanged
            | Self::DirectNarrowed
            | Self::DirectAdded
            | Self::DirectWidened => "direct role",
            Self::GroupRenamed => "name",
            Self::TextAdded | Self::TextChanged => "text",
        }
    }

    /// The word that says what a changed scope comes to.
    pub(super) fn mark(self) -> Option<&'static str> {
        match self {
            Self::RoleChanged | Self::DirectChanged => Some(Relation::Changes.word()),
            Self::RoleNarrowed | Self::DirectNarrowed => Some(Relation::Narrows.word()),
            Self::RoleWidened | Self::DirectWidened => Some(Relation::Widens.word()),
            Self::GroupDeleted
            | Self::MemberRemoved
            | Self::RoleRemoved
            | Self::GroupCreated
            | Self::TextAdded
            | Self::MemberAdded
            | Self::RoleAdded
            | Self::DirectRemoved
            | Self::DirectAdded
            | Self::GroupRenamed
            | Self::TextChanged => None,
        }
    }

    /// Returns `3 members removed`.
    pub(super) fn counted(self, n: usize) -> String {
        let (one, many) = match self {
            Self::GroupDeleted => ("group deleted", "groups deleted"),
            Self::MemberRemoved => ("member removed", "members removed"),
            Self::RoleRemoved => ("role removed", "roles removed"),
            Self::RoleChanged => ("role moved to another scope", "roles moved to another scope"),
            Self::RoleNarrowed => ("role narrowed", "roles narrowed"),
            Self::DirectRemoved => ("direct role removed", "direct roles removed"),
            Self::DirectChanged => ("direct role changed", "direct roles changed"),
            Self::DirectNarrowed => ("direct role narrowed", "direct roles narrowed"),
            Self::DirectAdded => ("direct role added", "direct roles added"),
            Self::DirectWidened => ("direct role widened", "direct roles widened"),
            Self::GroupCreated => ("group created", "groups created"),
            Self::TextAdded => ("description", "descriptions"),
            Self::MemberAdded => ("member added", "members added"),
            Self::RoleAdded => ("role added", "roles added"),
            Self::RoleWidened => ("role widened", "roles widened"),
            Self::GroupRenamed => ("group renamed", "groups renamed"),
            Self::TextChanged => ("description changed", "descriptions changed"),
        };
        counted(n, one, many)
    }
}

/// A group or a person of the plan: its own line, and those below it.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) company: CompanyId,
    /// `group` or `user`.
    pub(super) noun: &'static str,
    pub(super) name: String,
    /// Set where the group itself comes or goes.
    pub(super) fact: Option<Fact>,
    /// `2 roles, 3 members`, where the group comes or goes.
    pub(super) size: Option<String>,
    /// Where it is declared.
    pub(super) origin: Option<String>,
    /// Why it goes.
    pub(super) reason: Option<String>,
    pub(super) lines: Vec<Line>,
}

impl Block {
    pub(super) fn sign(&self) -> Sign {
        self.fact.map_or(Sign::Change, Fact::sign)
    }
}

/// One change inside a group, or of a person.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) fact: Fact,
    pub(super) what: String,
    /// `file:line` of the declaration.
    pub(super) origin: Option<String>,
    /// Why, or what it is part of.
    pub(super) note: Option<String>,
}

/// Returns the groups of a plan in its order, and then its people by name.
pub(super) fn blocks(plan: &Plan, sources: &Sources) -> Vec<Block> {
    let words = Words::new(plan);
    let groups = plan.changes.iter().map(|it| block(it, &words, sources));
    let mut people: Vec<Block> = plan.users.iter().map(|it| user(it, &words, sources)).collect();
    people.sort_by(|a, b| a.name.cmp(&b.name));
    groups.chain(people).collect()
}

fn user(change: &UserChange, words: &Words<'_>, sources: &Sources) -> Block {
    let mut lines: Vec<Line> = change.roles.iter().map(|it| direct_role(it, words, sources)).collect();
    lines.sort_by(|a, b| {
        (a.fact == Fact::DirectRemoved, &a.what).cmp(&(b.fact == Fact::DirectRemoved, &b.what))
    });
    Block {
        company: change.company,
        noun: "user",
        name: words.person(change.user),
        fact: None,
        size: None,
        origin: change.from.map(|it| sources.line(it)),
        reason: None,
        lines,
    }
}

fn direct_role(change: &DirectChange, words: &Words<'_>, sources: &Sources) -> Line {
    let mut note = None;
    let (fact, what) = match &change.effect {
        DirectEffect::Add { role } => (Fact::DirectAdded, direct::role(role, words)),
        DirectEffect::Change { before, after } => {
            let fact = match change.effect.relation() {
                Some(Relation::Widens) => Fact::DirectWidened,
                Some(Relation::Narrows) => Fact::DirectNarrowed,
                Some(Relation::Changes) | None => Fact::DirectChanged,
            };
            let after = direct::travellers(after.travellers(), words);
            (fact, format!("{} → {after}", direct::role(before, words)))
        }
        DirectEffect::Remove { why, role } => {
            note = ended(*why, sources).or_else(|| not_declared(None));
            (Fact::DirectRemoved, direct::role(role, words))
        }
    };
    Line { fact, what, origin: change.from.map(|it| sources.line(it)), note }
}

fn block(change: &GroupChange, words: &Words<'_>, sources: &Sources) -> Block {
    let (fact, reason) = match &change.kind {
        ChangeKind::Create { .. } => (Some(Fact::GroupCreated), None),
        ChangeKind::Alter { .. } => (None, None),
        ChangeKind::Delete { reason, description: _ } => (Some(Fact::GroupDeleted), Some(reason.to_string())),
    };
    let size = fact.map(|_| {
        let roles = counted(change.grants.len(), "role", "roles");
        format!("{roles}, {}", counted(change.members.len(), "member", "members"))
    });
    let mut lines = attributes(change);
    let mut roles: Vec<Line> = change.grants.iter().map(|it| role(it, fact, words, sources)).collect();
    // `what` begins with the name of the role; a group has a role once.
    roles.sort_by(|a, b| a.what.cmp(&b.what));
    lines.extend(roles);
    let mut members: Vec<Line> = change.members.iter().map(|it| member(it, fact, words, sources)).collect();
    members.sort_by(|a, b| {
        (a.fact == Fact::MemberRemoved, &a.what).cmp(&(b.fact == Fact::MemberRemoved, &b.what))
    });
    lines.extend(members);
    Block {
        company: change.company,
        noun: "group",
        name: change.name.to_string(),
        fact,
        size,
        origin: change.from.map(|it| sources.line(it)),
        reason,
        lines,
    }
}

fn ended(why: Why, sources: &Sources) -> Option<String> {
    match why {
        Why::NotDeclared => None,
        Why::Ended(from) => Some(format!("expired ({})", sources.line(from))),
        Why::LockedOut(from) => Some(format!("locked out ({})", sources.line(from))),
    }
}

/// The line of a deleted group gives the reason for everything in it.
fn not_declared(group: Option<Fact>) -> Option<String> {
    group.is_none().then(|| "not declared".to_owned())
}

fn attributes(change: &GroupChange) -> Vec<Line> {
    let line = |fact, what| Line { fact, what, origin: None, note: None };
    let mut lines = Vec::new();
    match &change.kind {
        ChangeKind::Alter { before, after } => {
            let Attributes { name, description } = before;
            if *name != after.name {
                lines.push(line(Fact::GroupRenamed, format!("{name} → {}", after.name)));
            }
            if *description != after.description {
                let what = description::changed(description, &after.description);
                lines.push(line(Fact::TextChanged, what));
            }
        }
        ChangeKind::Create { description } => {
            lines.push(line(Fact::TextAdded, description::quoted(description)));
        }
        ChangeKind::Delete { .. } => (),
    }
    lines
}

fn role(grant: &GrantChange, group: Option<Fact>, words: &Words<'_>, sources: &Sources) -> Line {
    let name = words.role(grant.role);
    let mut note = None;
    let (fact, what) = match &grant.effect {
        GrantEffect::Add { scope } => (Fact::RoleAdded, format!("{name} on {}", words.scope(scope))),
        GrantEffect::Rescope { before, after, relation } => {
            let fact = match relation {
                Relation::Widens => Fact::RoleWidened,
                Relation::Narrows => Fact::RoleNarrowed,
                Relation::Changes => Fact::RoleChanged,
            };
            let (before, after) = words.rescope(before, after);
            (fact, format!("{name}: {before} → {after}"))
        }
        GrantEffect::Remove { why, scope } => {
            note = ended(*why, sources).or_else(|| not_declared(group));
            (Fact::RoleRemoved, format!("{name} on {}", words.scope(scope)))
        }
    };
    Line { fact, what, origin: grant.from.map(|it| sources.line(it)), note }
}

fn member(member: &MemberChange, group: Option<Fact>, words: &Words<'_>, sources: &Sources) -> Line {
    let (fact, note) = match &member.effect {
        MemberEffect::Add { moved_from } => {
            (Fact::MemberAdded, moved_from.as_ref().map(|it| format!("moved from {it}")))
        }
        MemberEffect::Remove { moved_to, why } => {
            let expired = ended(*why, sources);
            let moved = moved_to.as_ref().map(|it| format!("moved to {it}"));
            let note = match (expired, moved) {
                (Some(expired), Some(moved)) => Some(format!("{expired}, {moved}")),
                (Some(note), None) | (None, Some(note)) => Some(note),
                (None, None) => not_declared(group),
            };
            (Fact::MemberRemoved, note)
        }
    };
    Line { fact, what: words.person(member.user), origin: member.from.map(|it| sources.line(it)), note }
}

/// Returns what a plan comes to, in a form that programs may rely on.
pub(super) fn summary(plan: &Plan) -> String {
    if plan.is_settled() {
        return "No changes. Live state matches the files.".to_owned();
    }
    let Summary {
        groups_created,
        groups_changed,
        groups_deleted,
        roles_added,
        roles_changed,
        roles_removed,
        members_added,
        members_removed,
    } = plan.summary();
    let groups = if groups_created == 1 { "group" } else { "groups" };
    format!(
        "Plan: {groups_created} {groups} to create, {groups_changed} to change, {groups_deleted} to delete; \
         roles +{roles_added} ~{roles_changed} -{roles_removed}; \
         members +{members_added} -{members_removed}; {}.",
        counted(plan.stops().count(), "guard", "guards")
    )
}

/// Returns the digits by which a plan is named, where there is something to name.
pub(super) fn plan_id(plan: &Plan) -> Option<String> {
    (!plan.is_settled()).then(|| format!("{:.12}", digest::plan_id(plan)))
}
