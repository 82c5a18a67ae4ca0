//! Access: groups with their grants and members, in one shape for both sides of a diff.
//!
//! Everything is sorted and by id, so that two sides are compared by walking
//! them together. Nothing here knows where a side comes from.

use serde_json::value::RawValue;

use crate::model::{
    direct::{DirectRoles, Kind},
    ids::{CompanyId, GroupId, RoleId, UserId},
    scope::Scope,
    source::Place,
};

/// Groups of one or more companies, sorted by [`Group::identity`], and what people hold outside them.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The groups.
    pub groups: Vec<Group>,
    /// The people whose roles outside groups were looked at, sorted by [`Person::identity`].
    pub people: Vec<Person>,
}

/// A person, with the roles held outside groups.
#[derive(Clone, Debug)]
pub struct Person {
    /// The company the person belongs to.
    pub company: CompanyId,
    /// Who.
    pub user: UserId,
    /// The roles.
    pub roles: DirectRoles,
    /// Where each role is declared, as far as it is.
    pub declared: Vec<(Kind, Place)>,
    /// Roles that are no longer wanted for a reason the files give: the reason of a removal.
    pub ended: Vec<(Kind, Why)>,
    /// Where the person is declared; `None` for what the API reports.
    pub from: Option<Place>,
}

impl Person {
    /// Returns a person as the API reports one.
    pub fn live(company: CompanyId, user: UserId, roles: DirectRoles) -> Self {
        Self { company, user, roles, declared: Vec::new(), ended: Vec::new(), from: None }
    }

    /// Returns what people are sorted by.
    pub fn identity(&self) -> (CompanyId, UserId) {
        (self.company, self.user)
    }
}

/// What the files ask for, in ids.
#[derive(Clone, Debug, Default)]
pub struct DesiredState {
    /// The groups that shall exist, exactly so.
    pub access: Access,
    /// The groups that shall not, sorted by [`Removal::identity`]. A group in
    /// neither list is left alone: absence never revokes.
    pub removals: Vec<Removal>,
    /// Memberships and roles that an entry ends, sorted: the reason of a removal.
    pub ended: Vec<Ended>,
}

/// What the API reports about the groups and people the files speak of.
#[derive(Clone, Debug, Default)]
pub struct LiveState(pub Access);

/// Which group: one that exists, or one to be created.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKey {
    /// A group the API knows.
    Existing(GroupId),
    /// A group to be created under this name.
    New(Box<str>),
}

/// A group, with who is in it and what that gives them.
#[derive(Clone, Debug)]
pub struct Group {
    /// The owner.
    pub company: CompanyId,
    /// Which one.
    pub key: GroupKey,
    /// The name, 1 to 255 characters.
    pub name: Box<str>,
    /// The description, at most 1,000 characters.
    pub description: Box<str>,
    /// One per role, sorted by role.
    pub grants: Vec<Grant>,
    /// Sorted by user, without duplicates.
    pub members: Vec<Member>,
    /// Where it is declared; `None` for what the API reports.
    pub from: Option<Place>,
}

impl Group {
    /// Returns what the group is sorted by.
    pub fn identity(&self) -> (CompanyId, &GroupKey) {
        (self.company, &self.key)
    }
}

/// A role on a scope.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The role.
    pub role: RoleId,
    /// Where it holds: the union of all scopes under which the group has the role.
    pub scope: Scope,
    /// The scopes exactly as the API spelled them, one per entry of its list;
    /// a deletion must name them so (contract §3.10). Empty for a declared grant.
    pub as_read: Vec<Option<Box<RawValue>>>,
    /// Where it is declared.
    pub from: Option<Place>,
}

/// A user in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: UserId,
    /// Where the membership is declared.
    pub from: Option<Place>,
}

/// A group that shall be deleted, and why.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The owner.
    pub company: CompanyId,
    /// Which one.
    pub group: GroupId,
    /// The reason given in the file.
    pub reason: Box<str>,
    /// Where the removal is declared.
    pub from: Place,
}

impl Removal {
    /// Returns what removals are sorted by.
    pub fn identity(&self) -> (CompanyId, GroupId) {
        (self.company, self.group)
    }
}

/// What is in a group.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Sorted, without duplicates.
    pub members: Vec<UserId>,
    /// One per role, sorted by role.
    pub grants: Vec<Grant>,
}

/// Something that a group has and that is no longer wanted, for a reason the files give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ended {
    /// The owner of the group.
    pub company: CompanyId,
    /// The group.
    pub group: GroupId,
    /// What has ended.
    pub what: Holding,
    /// Why.
    pub why: Why,
}

/// Why something is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// No entry asks for it.
    NotDeclared,
    /// The entry that asked for it has ended; where that is.
    Ended(Place),
    /// The person is cut off everywhere; where that is said.
    LockedOut(Place),
}

/// What a group has: a member or a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holding {
    /// A member.
    Member(UserId),
    /// A role.
    Role(RoleId),
}
