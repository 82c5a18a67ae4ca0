//! The plan: every change between two states of access, as a value.
//!
//! A plan says what changes, never in which order or by which calls (that is
//! `order`), and never how it looks (that is `render`).

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::model::{
    access::{Contents, Why},
    finding::Finding,
    ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
    scope::{Relation, Scope},
    source::Place,
};

mod judged;
mod users;

pub use judged::{Check, Digest, Gap, GapCause, Outside, People, ReadGroup, Survivor, Verdict};
pub use users::{DirectChange, DirectEffect, UserChange};

/// All changes that turn the live state into the desired one, and what people need to judge them.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The companies looked at, sorted by id.
    pub companies: Vec<Overview>,
    /// One entry per group that changes, sorted by company, name and id.
    pub changes: Vec<GroupChange>,
    /// One entry per person whose roles outside groups change, sorted by company and user.
    pub users: Vec<UserChange>,
    /// What was asked for and is withheld, and why; sorted.
    pub quarantine: Vec<Quarantined>,
    /// Memberships and grants that end within [`Plan::EXPIRY_NOTICE_DAYS`].
    pub expiring: usize,
    /// Names for the ids above.
    pub names: Names,
    /// Digests of every live group that was read, sorted by company and id.
    pub read: Vec<ReadGroup>,
    /// Who gains access and who loses some.
    pub people: People,
    /// Who lacks for a moment what both sides give, and why; sorted.
    pub gaps: Vec<Gap>,
    /// What every guard found, in the order of [`Guard::ALL`](crate::model::rules::Guard::ALL).
    pub guards: Vec<Check>,
    /// What is odd about the files and stops nothing; sorted.
    pub remarks: Vec<Finding>,
    /// Roles outside groups that people keep who are cut off everywhere; sorted.
    pub survivors: Vec<Survivor>,
    /// Access outside groups that was looked at, of everybody else; sorted.
    pub outside: Vec<Outside>,
}

/// What one change of a plan is about; changes are counted through groups first, then people.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// A group.
    Group(&'a GroupChange),
    /// A person.
    User(&'a UserChange),
}

impl Change<'_> {
    /// Returns whose it is.
    pub fn company(&self) -> CompanyId {
        match self {
            Self::Group(it) => it.company,
            Self::User(it) => it.company,
        }
    }
}

impl Plan {
    /// How many days ahead an `until` is announced.
    pub const EXPIRY_NOTICE_DAYS: i64 = 7;

    /// Whether applying it would do nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.users.is_empty()
    }

    /// Returns how many groups and people it changes.
    pub fn len(&self) -> usize {
        self.changes.len() + self.users.len()
    }

    /// Returns a change by its position: groups first, then people.
    pub fn change(&self, at: usize) -> Option<Change<'_>> {
        let user = || Some(Change::User(self.users.get(at.checked_sub(self.changes.len())?)?));
        self.changes.get(at).map(Change::Group).or_else(user)
    }

    /// Returns the name of what a change is about: of the group, or of the person.
    pub fn title(&self, at: usize) -> String {
        match self.change(at) {
            Some(Change::Group(it)) => it.name.to_string(),
            Some(Change::User(it)) => self.names.person(it.user),
            None => String::new(),
        }
    }

    /// Returns the guards that stop it.
    pub fn stops(&self) -> impl Iterator<Item = &Check> {
        self.guards.iter().filter(|it| matches!(it.verdict, Verdict::Stop))
    }

    /// Whether live state is all that the files ask for: nothing to change and nothing withheld.
    pub fn is_settled(&self) -> bool {
        self.is_empty() && self.withheld() == 0
    }

    /// Returns how much was asked for and is withheld.
    pub fn withheld(&self) -> usize {
        self.quarantine.iter().filter(|it| it.withholds()).count()
    }

    /// Returns how much it changes.
    pub fn summary(&self) -> Summary {
        let mut sum = Summary::default();
        for change in &self.changes {
            match change.kind {
                ChangeKind::Create { .. } => sum.groups_created += 1,
                ChangeKind::Alter { .. } => sum.groups_changed += 1,
                ChangeKind::Delete { .. } => sum.groups_deleted += 1,
            }
            for grant in &change.grants {
                match grant.effect {
                    GrantEffect::Add { .. } => sum.roles_added += 1,
                    GrantEffect::Rescope { .. } => sum.roles_changed += 1,
                    GrantEffect::Remove { .. } => sum.roles_removed += 1,
                }
            }
            for member in &change.members {
                match member.effect {
                    MemberEffect::Add { .. } => sum.members_added += 1,
                    MemberEffect::Remove { .. } => sum.members_removed += 1,
                }
            }
        }
        for role in self.users.iter().flat_map(|it| &it.roles) {
            match role.effect {
                DirectEffect::Add { .. } => sum.roles_added += 1,
                DirectEffect::Change { .. } => sum.roles_changed += 1,
                DirectEffect::Remove { .. } => sum.roles_removed += 1,
            }
        }
        sum
    }
}

/// A company as the plan found it.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Which one.
    pub company: CompanyId,
    /// All groups the company has.
    pub groups: usize,
    /// Memberships of the groups that were read, in all.
    pub memberships: usize,
    /// Names of the groups that no file speaks of, sorted.
    pub unmanaged: Vec<Box<str>>,
}

/// Counts of a plan, in the order of its last line; roles are those of groups, and of people outside groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Summary {
    pub groups_created: usize,
    pub groups_changed: usize,
    pub groups_deleted: usize,
    pub roles_added: usize,
    pub roles_changed: usize,
    pub roles_removed: usize,
    pub members_added: usize,
    pub members_removed: usize,
}

/// Everything that changes about one group.
#[derive(Clone, Debug)]
pub struct GroupChange {
    /// The owner.
    pub company: CompanyId,
    /// The group's id; `None` for one that is created.
    pub id: Option<GroupId>,
    /// The name it has, or will have if it is created.
    pub name: Box<str>,
    /// What happens to the group itself.
    pub kind: ChangeKind,
    /// Grants that change, sorted by role.
    pub grants: Vec<GrantChange>,
    /// Members that change, sorted by user.
    pub members: Vec<MemberChange>,
    /// Where the group, or its removal, is declared.
    pub from: Option<Place>,
    /// What was in the group when it was read: nothing for a group that is created, `None` where it was
    /// not looked at because only members go who are cut off everywhere.
    pub before: Option<Contents>,
}

/// What happens to a group itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is created.
    Create {
        /// Its description.
        description: Box<str>,
    },
    /// It stays; what differs is `after`, otherwise both are the same.
    Alter {
        /// Name and description as they are.
        before: Attributes,
        /// Name and description as they shall be.
        after: Attributes,
    },
    /// It is deleted.
    Delete {
        /// Its description.
        description: Box<str>,
        /// The reason the file gives.
        reason: Box<str>,
    },
}

/// What a group says about itself; the API only takes both together (contract §3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Attributes {
    pub name: Box<str>,
    pub description: Box<str>,
}

/// What changes about one role of a group.
#[derive(Clone, Debug)]
pub struct GrantChange {
    /// The role.
    pub role: RoleId,
    /// What happens to it.
    pub effect: GrantEffect,
    /// Where the grant is declared.
    pub from: Option<Place>,
}

/// What happens to a grant.
#[derive(Clone, Debug)]
pub enum GrantEffect {
    /// The group gets the role.
    Add {
        /// Where it will hold.
        scope: Scope,
    },
    /// The group keeps the role, on another scope.
    Rescope {
        /// Where it holds.
        before: Scope,
        /// Where it will hold.
        after: Scope,
        /// How the two relate.
        relation: Relation,
    },
    /// The group loses the role.
    Remove {
        /// Why.
        why: Why,
        /// Where it held.
        scope: Scope,
    },
}

impl GrantEffect {
    /// Returns the scopes it speaks of.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        let (first, second) = match self {
            Self::Add { scope } | Self::Remove { scope, .. } => (scope, None),
            Self::Rescope { before, after, .. } => (before, Some(after)),
        };
        std::iter::once(first).chain(second)
    }
}

impl GroupChange {
    /// Returns the roles the group has before, one entry per role, sorted by role.
    pub fn roles_before(&self) -> impl Iterator<Item = (RoleId, &Scope)> {
        self.before.iter().flat_map(|it| &it.grants).map(|it| (it.role, &it.scope))
    }

    /// Returns every role the group will have, changed or not.
    pub fn roles_after(&self) -> BTreeMap<RoleId, &Scope> {
        let mut roles: BTreeMap<RoleId, &Scope> = self.roles_before().collect();
        for grant in &self.grants {
            match &grant.effect {
                GrantEffect::Add { scope } | GrantEffect::Rescope { after: scope, .. } => {
                    roles.insert(grant.role, scope);
                }
                GrantEffect::Remove { .. } => {
                    roles.remove(&grant.role);
                }
            }
        }
        roles
    }

    /// Returns who is in the group before and after, sorted.
    pub fn staying(&self) -> impl Iterator<Item = UserId> {
        let changed = |user: &UserId| self.members.binary_search_by_key(user, |it| it.user).is_ok();
        self.before.iter().flat_map(|it| &it.members).copied().filter(move |it| !changed(it))
    }

    /// Returns who joins, sorted.
    pub fn joining(&self) -> impl Iterator<Item = UserId> {
        self.members.iter().filter(|it| matches!(it.effect, MemberEffect::Add { .. })).map(|it| it.user)
    }

    /// Returns who leaves, sorted.
    pub fn leaving(&self) -> impl Iterator<Item = UserId> {
        self.members.iter().filter(|it| matches!(it.effect, MemberEffect::Remove { .. })).map(|it| it.user)
    }
}

/// A membership that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChange {
    /// Who.
    pub user: UserId,
    /// What happens.
    pub effect: MemberEffect,
    /// Where the membership is declared.
    pub from: Option<Place>,
}

/// What happens to a membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberEffect {
    /// Joins the group.
    Add {
        /// The group of the same company that the person leaves in the same plan.
        moved_from: Option<Box<str>>,
    },
    /// Leaves the group.
    Remove {
        /// The group of the same company that the person joins in the same plan.
        moved_to: Option<Box<str>>,
        /// Why.
        why: Why,
    },
}

/// Something that was asked for and is withheld: the rest of the plan stands (P7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarantined {
    /// Where it is declared.
    pub from: Option<Place>,
    /// The group it concerns; empty where it concerns none in particular.
    pub group: Box<str>,
    /// What is withheld.
    pub what: Withheld,
}

impl Quarantined {
    /// Whether anything that was asked for is not done; otherwise it is only worth saying.
    pub fn withholds(&self) -> bool {
        !matches!(
            self.what,
            Withheld::InactiveMember { .. }
                | Withheld::UnmanagedUser { .. }
                | Withheld::UnmanagedUnread { .. }
        )
    }

    /// Whether it is about what a lock-out leaves: that is so of every plan, whatever asks for it.
    pub fn is_left_by_lockout(&self) -> bool {
        matches!(self.what, Withheld::UnreadLockout { .. })
    }
}

/// What is withheld, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withheld {
    /// Adding a person who cannot be resolved to exactly one active user of the company.
    Person {
        /// As the file names the person.
        person: PersonRef,
        /// Why.
        why: Unresolved,
    },
    /// A role whose scope names a person who cannot be resolved: the role stays as it is.
    Grant {
        /// The role's name.
        role: Box<str>,
        /// The person in its scope.
        person: PersonRef,
        /// Why the person cannot be resolved.
        why: Unresolved,
    },
    /// Adding to a role whose live scope is in a form this version cannot read: the role stays as it is.
    Unreadable {
        /// The role's name.
        role: Box<str>,
    },
    /// A removal that might concern the person whom the file names otherwise.
    Removal {
        /// Who stays for now.
        user: UserId,
        /// The unresolved person it may be.
        because: PersonRef,
    },
    /// A removal of somebody of whom the API does not tell who it is, where people are protected by their address.
    HiddenRemoval {
        /// Who stays for now.
        user: UserId,
    },
    /// The whole group: more than one live group has the name.
    Group {
        /// Their ids.
        candidates: Vec<GroupId>,
    },
    /// Nothing is withheld: a member who is there and declared, but inactive, stays.
    InactiveMember {
        /// As the file names the person.
        person: PersonRef,
    },
    /// A change of what a standard group keeps (contract §8); its members change all the same.
    Unmodifiable {
        /// What stays as it is.
        what: Frozen,
    },
    /// Cutting off a person who cannot be resolved to exactly one user, active or not.
    Lockout {
        /// As the file names the person.
        person: PersonRef,
        /// Why.
        why: Unresolved,
    },
    /// Telling what a person who is cut off holds outside groups: it could not be read. The groups go all the same.
    UnreadLockout {
        /// Who.
        user: UserId,
    },
    /// The roles outside groups of a person who cannot be resolved to exactly one active user of the company.
    User {
        /// As the file names the person.
        person: PersonRef,
        /// Why.
        why: Unresolved,
    },
    /// The roles outside groups of a person of whom the token may not know them: they stay as they are.
    UnreadUser {
        /// As the file names the person.
        person: PersonRef,
    },
    /// Nothing is withheld: of a person who cannot be resolved nothing is asked outside groups.
    UnmanagedUser {
        /// As the file names the person.
        person: PersonRef,
        /// Why.
        why: Unresolved,
    },
    /// Nothing is withheld: of a person of whom the token may not know the roles outside groups nothing is asked there.
    UnmanagedUnread {
        /// As the file names the person.
        person: PersonRef,
    },
    /// A role outside groups that names a traveller who cannot be resolved: the role stays as it is.
    Traveller {
        /// Who would arrange.
        user: UserId,
        /// The traveller.
        person: PersonRef,
        /// Why the traveller cannot be resolved.
        why: Unresolved,
    },
}

/// What a standard group keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frozen {
    /// Its roles and their scopes.
    Roles,
    /// Its name and description.
    Attributes,
    /// That it exists.
    Existence,
}

/// Why a person could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unresolved {
    /// The directory knows nobody by that key.
    Unknown,
    /// The user exists but is not active.
    Inactive,
    /// Several users match.
    Ambiguous(Vec<UserId>),
    /// The user belongs to another company, and members must be of the group's own (contract §8).
    Foreign(CompanyId),
    /// The API does not tell who it is, or of which company.
    Hidden,
}

/// Names for ids, for people only: nothing is decided by them.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Users: the e-mail address where there is one.
    pub people: BTreeMap<UserId, Box<str>>,
    /// Roles.
    pub roles: BTreeMap<RoleId, Box<str>>,
    /// Companies and legal entities, by the aliases of the workspace.
    pub values: BTreeMap<Uuid, Box<str>>,
}

impl Names {
    /// Returns the name of a user, or the id.
    pub fn person(&self, user: UserId) -> String {
        self.people.get(&user).map_or_else(|| user.to_string(), ToString::to_string)
    }

    /// Returns the name of a role, or the id.
    pub fn role(&self, role: RoleId) -> String {
        self.roles.get(&role).map_or_else(|| role.to_string(), ToString::to_string)
    }

    /// Returns the alias of a company, or the id.
    pub fn company(&self, company: CompanyId) -> String {
        self.values.get(&company.0).map_or_else(|| company.to_string(), ToString::to_string)
    }
}
