//! A plan to steps: each exactly one API call, with the steps it must wait for.
//!
//! At every moment, whatever has failed until then, each person holds only what
//! the old or the new state gives (P6), and no less than what both give, except
//! where [`Ordered::gaps`] says so and where a revocation that takes from several
//! people does not wait for the failed grant of one of them. What a person holds
//! is the union over all groups, so the steps of one group may wait for those of
//! another.
//!
//! The plan falls into its smallest parts (`parts`), people tell which part waits
//! for which (`people`, `floors`), what waits for itself is cut (`cycles`), and
//! what waits for the same is put into one call (`batch`). What people hold outside
//! groups is one call for each of them, and so is each part of what they are (`users`). Knows no executor, and
//! nothing of groups outside the plan: those only add access that does not change.

use std::collections::BTreeSet;

use crate::model::{
    dialect::ScopeChange,
    direct::DirectRoles,
    ids::{CompanyId, GroupId, RoleId, UserId},
    plan::{Gap, Plan},
    scope::Scope,
    selector::PersonPart,
    state::Attributes,
};

mod batch;
mod cycles;
mod floors;
mod graph;
mod links;
mod parts;
mod people;
mod region;
mod users;

/// Most members one call changes. The contract (§3.7) knows no limit; this one keeps a call short.
pub const MEMBERS_PER_CALL: usize = 100;

/// One API call of an apply.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which change of the plan it serves: groups first, then people.
    pub change: usize,
    /// The call.
    pub call: Call,
    /// The steps it waits for; all earlier in the list, each once.
    pub after: Vec<Wait>,
    /// Whether it cuts somebody off everywhere: every other step waits until all of these have ended.
    pub lockout: bool,
}

/// A step that another waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait {
    /// Which step, by its position.
    pub step: usize,
    /// What has to become of it.
    pub until: Until,
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// It was made; if it was not, neither is the one that waits.
    Done,
    /// It has ended, whatever became of it.
    Ended,
}

/// The steps of a plan, and who lacks for a moment what both sides give.
#[derive(Clone, Debug, Default)]
pub struct Ordered {
    /// In an order in which they can be made one by one.
    pub steps: Vec<Step>,
    /// Sorted.
    pub gaps: Vec<Gap>,
    /// Floors that no order keeps.
    pub unmet: BTreeSet<(CompanyId, RoleId)>,
}

/// What is called. `group` is `None` where an earlier step creates the group. `delete` means every entry
/// that the role had in the group before the first step.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the API")]
pub enum Call {
    CreateGroup {
        company: CompanyId,
        attributes: Attributes,
    },
    UpdateGroup {
        company: CompanyId,
        group: GroupId,
        attributes: Attributes,
    },
    DeleteGroup {
        company: CompanyId,
        group: GroupId,
    },
    PatchMembers {
        company: CompanyId,
        group: Option<GroupId>,
        add: Vec<UserId>,
        remove: Vec<UserId>,
    },
    PatchRoles {
        company: CompanyId,
        group: Option<GroupId>,
        add: Vec<(RoleId, Scope)>,
        delete: Vec<RoleId>,
    },
    PutDirectRoles {
        company: CompanyId,
        user: UserId,
        roles: DirectRoles,
    },
    /// What changes of one part of a person; `active` says whether the account is to be used afterwards.
    PutPerson {
        company: CompanyId,
        user: UserId,
        part: PersonPart,
        active: bool,
    },
}

impl Call {
    /// The same with other ids of people, but for who is changed by it.
    #[must_use]
    pub(crate) fn with_users(mut self, rename: impl Fn(UserId) -> UserId) -> Self {
        match &mut self {
            Self::PatchMembers { add, .. } => add.iter_mut().for_each(|it| *it = rename(*it)),
            Self::PatchRoles { add, .. } => add.iter_mut().for_each(|it| it.1 = it.1.with_users(&rename)),
            Self::PutDirectRoles { roles, .. } => *roles = roles.with_users(&rename),
            Self::CreateGroup { .. }
            | Self::UpdateGroup { .. }
            | Self::DeleteGroup { .. }
            | Self::PutPerson { .. } => (),
        }
        self
    }
}

/// Returns the steps of a plan, and what could not be kept.
///
/// Each of `floors` is a role of which the groups of a company shall at no moment have fewer holders
/// than before or after, whichever is less; people who are cut off everywhere do not count. For these
/// roles alone a revocation waits for the grants of others.
pub fn order(
    plan: &Plan,
    style: &dyn Fn(CompanyId) -> ScopeChange,
    floors: &BTreeSet<(CompanyId, RoleId)>,
) -> Ordered {
    let mut graph = parts::graph(plan, style);
    let mut floors = floors::Floors::new(floors, &mut graph);
    people::connect(&mut graph, &mut floors);
    cycles::cut(&mut graph);
    let unmet = floors.settle(&mut graph);
    let steps = users::add(plan, batch::steps(&graph));
    let mut gaps = graph.gaps;
    gaps.sort_unstable();
    gaps.dedup();
    Ordered { steps, gaps, unmet }
}

#[cfg(test)]
mod tests;
