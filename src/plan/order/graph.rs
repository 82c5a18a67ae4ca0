//! The smallest parts of a plan and what waits for what, as data: says nothing about why.

use crate::model::{
    ids::{RoleId, UserId},
    plan::{Change, Gap},
};

use super::region::{Region, Regions};

/// The parts of a plan with what waits for what.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    /// The changes of groups, in the order of the plan.
    pub(super) groups: Vec<Change<'a>>,
    pub(super) regions: Regions,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// Sorted by user and change.
    pub(super) memberships: Vec<Membership>,
    /// Of every change: its roles, sorted.
    pub(super) roles: Vec<Vec<Row>>,
    /// Of every change: what it begins or ends with, if it creates or deletes.
    pub(super) whole: Vec<Option<usize>>,
    /// Of every change: who is in the group before and after.
    pub(super) stayers: Vec<Stayers>,
    /// Of every change: who is in no other.
    pub(super) rest: Vec<Rest>,
    pub(super) gaps: Vec<Gap>,
}

/// One part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) change: usize,
    pub(super) operation: Operation,
}

/// What a part does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Create,
    /// Deletes what by then is without members.
    Delete,
    LockOut(UserId),
    Leave(People),
    Role {
        /// Which of the change's edits.
        edit: usize,
        half: Half,
        /// Whether somebody may gain by it.
        gives: bool,
        /// Whether somebody may lose by it.
        takes: bool,
    },
    Join(People),
    Update,
    /// Nothing: it stands between those who all wait and those for whom they wait.
    Barrier,
}

/// Whose membership.
#[derive(Clone, Copy, Debug)]
pub(super) enum People {
    One(UserId),
    /// All who are in no other change.
    Rest,
}

/// What a call does about the entries of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Both,
    Deletion,
    Addition,
}

/// A wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) why: Reason,
}

/// Why one part waits for another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    /// Somebody would hold too much, or it cannot be called before.
    Access,
    /// Somebody would lack what both sides give.
    Keep { user: UserId, role: RoleId },
    /// A role would have too few holders.
    Floor,
}

/// A person in a group, before or after.
#[derive(Clone, Copy, Debug)]
pub(super) struct Membership {
    pub(super) user: UserId,
    pub(super) change: usize,
    pub(super) way: Way,
    /// What changes it; `None` for who stays.
    pub(super) node: Option<usize>,
}

/// What becomes of a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Stays,
    Leaves,
    /// Leaves because cut off everywhere: waits for nothing.
    LockedOut,
    Joins,
}

impl Way {
    /// Whether the person is in before.
    pub(super) fn was(self) -> bool {
        match self {
            Self::Stays | Self::Leaves | Self::LockedOut => true,
            Self::Joins => false,
        }
    }

    /// Whether the person is in after.
    pub(super) fn will(self) -> bool {
        match self {
            Self::Stays | Self::Joins => true,
            Self::Leaves | Self::LockedOut => false,
        }
    }
}

/// A role of a group, changed or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) role: RoleId,
    pub(super) before: Region,
    pub(super) after: Region,
    /// What takes some of it, if that is not the end of the group.
    pub(super) take: Option<usize>,
    /// What gives some of it.
    pub(super) give: Option<usize>,
    /// Whether the group is without the role between `take` and `give`.
    pub(super) cut: bool,
}

/// Who is in a group before and after: whoever else loses by a role loses by leaving anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stayers {
    Nobody,
    One(UserId),
    Several,
}

/// Those of one change who are in no other, each list sorted.
#[derive(Debug, Default)]
pub(super) struct Rest {
    pub(super) staying: Vec<UserId>,
    pub(super) leaving: Vec<UserId>,
    pub(super) joining: Vec<UserId>,
    pub(super) leave: Option<usize>,
    pub(super) join: Option<usize>,
}

impl Graph<'_> {
    /// Adds a part and returns its number.
    pub(super) fn add(&mut self, change: usize, operation: Operation) -> usize {
        self.nodes.push(Node { change, operation });
        self.nodes.len() - 1
    }

    /// Makes `to` wait for `from`.
    pub(super) fn wait(&mut self, from: usize, to: usize, why: Reason) {
        self.edges.push(Edge { from, to, why });
    }

    /// Whether anybody but `user` is in the group all the time.
    pub(super) fn others_stay(&self, change: usize, user: UserId) -> bool {
        match self.stayers[change] {
            Stayers::Nobody => false,
            Stayers::One(one) => one != user,
            Stayers::Several => true,
        }
    }
}

/// One group in which a person meets a role.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) change: usize,
    pub(super) way: Way,
    /// What changes the membership.
    pub(super) member: Option<usize>,
    pub(super) row: Row,
}

impl Part {
    /// Returns what it gives the person before.
    pub(super) fn before(&self) -> Region {
        if self.way.was() { self.row.before } else { Region::NOWHERE }
    }

    /// Returns what it gives the person after.
    pub(super) fn after(&self) -> Region {
        if self.way.will() { self.row.after } else { Region::NOWHERE }
    }

    /// Returns what makes the person leave, where that can wait.
    pub(super) fn leave(&self) -> Option<usize> {
        match self.way {
            Way::Leaves => self.member,
            Way::Stays | Way::LockedOut | Way::Joins => None,
        }
    }

    /// Returns what makes the person join.
    pub(super) fn join(&self) -> Option<usize> {
        match self.way {
            Way::Joins => self.member,
            Way::Stays | Way::LockedOut | Way::Leaves => None,
        }
    }

    /// Whether the person is in all the time, while the role is not.
    pub(super) fn is_cut(&self) -> bool {
        self.row.cut && self.way == Way::Stays
    }
}
