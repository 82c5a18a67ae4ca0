//! What a plan will cost, before it is made: asks what is cheap to ask, and counts the rest. Reads only.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::{
    files::declared::{Declared, Rest},
    live::api::GroupRole,
    model::{
        direct::DirectRoles,
        ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
        snapshot::{GroupHead, RoleHead, User},
    },
    plan::bind::matching::{Target, matching},
};

use super::{FetchError, Questions, fetch};

/// What a reading will take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Requests that were not sent to find out: the contents of groups.
    pub requests: u64,
    /// How long an answer takes here.
    pub latency: Duration,
}

/// Returns what [`fetch`] would ask beyond what this asks: the lists of members and roles of each group.
///
/// Groups are taken to be as large as the files say. People whom no file names, and who would be looked up to
/// be named, are not counted; nor is what confirms removals, nor repeated requests.
///
/// # Errors
///
/// As [`fetch`].
pub async fn estimate<Q: Questions>(
    questions: &Q,
    declared: &Declared,
    page_limit: u32,
) -> Result<Estimate, FetchError> {
    let counting = Counting {
        questions,
        declared,
        page_limit: usize::try_from(page_limit.max(1)).unwrap_or(usize::MAX),
        sizes: RefCell::default(),
        requests: Cell::new(0),
        answers: Cell::new((0, Duration::ZERO)),
    };
    fetch(&counting, declared, &[]).await?;
    let (answers, waited) = counting.answers.get();
    Ok(Estimate { requests: counting.requests.get(), latency: waited / answers.max(1) })
}

/// Passes on what is cheap, and counts what is not.
struct Counting<'a, Q> {
    questions: &'a Q,
    declared: &'a Declared,
    page_limit: usize,
    /// How many members the files say a group has.
    sizes: RefCell<HashMap<GroupId, usize>>,
    requests: Cell<u64>,
    /// Lists of groups and roles that were answered, and how long that took in all.
    answers: Cell<(u32, Duration)>,
}

impl<Q: Questions> Counting<'_, Q> {
    fn count(&self, requests: usize) {
        self.requests.set(self.requests.get() + requests as u64);
    }

    /// Waits for a list and notes how long a page of it took.
    async fn timed<T>(
        &self,
        asking: impl Future<Output = Result<Vec<T>, FetchError>>,
    ) -> Result<Vec<T>, FetchError> {
        let started = Instant::now();
        let rows = asking.await?;
        let pages = u32::try_from(rows.len().div_ceil(self.page_limit).max(1)).unwrap_or(u32::MAX);
        let (answers, waited) = self.answers.get();
        self.answers.set((answers + pages, waited + started.elapsed()));
        Ok(rows)
    }
}

impl<Q: Questions> Questions for Counting<'_, Q> {
    async fn list_groups(&self, company: CompanyId) -> Result<Vec<GroupHead>, FetchError> {
        let heads = self.timed(self.questions.list_groups(company)).await?;
        for declared in self.declared.companies.iter().filter(|it| it.id == company) {
            for (group, target) in matching(declared, &heads).groups {
                if let (Target::Found(head), Rest::Removed | Rest::Kept) = (target, group.members.rest) {
                    self.sizes.borrow_mut().insert(head.id, group.members.entries.len());
                }
            }
        }
        Ok(heads)
    }

    async fn groups_among(
        &self,
        company: CompanyId,
        groups: &[GroupId],
    ) -> Result<Vec<GroupHead>, FetchError> {
        self.questions.groups_among(company, groups).await
    }

    async fn list_roles(&self, company: CompanyId) -> Result<Vec<RoleHead>, FetchError> {
        self.timed(self.questions.list_roles(company)).await
    }

    async fn list_members(&self, _: CompanyId, group: GroupId) -> Result<Vec<UserId>, FetchError> {
        let size = self.sizes.borrow().get(&group).copied().unwrap_or(0);
        self.count(size.div_ceil(self.page_limit).max(1));
        Ok(Vec::new())
    }

    async fn members_among(
        &self,
        company: CompanyId,
        group: GroupId,
        users: &[UserId],
    ) -> Result<Vec<UserId>, FetchError> {
        self.questions.members_among(company, group, users).await
    }

    async fn list_group_roles(&self, _: CompanyId, _: GroupId) -> Result<Vec<GroupRole>, FetchError> {
        self.count(1);
        Ok(Vec::new())
    }

    async fn roles_among(
        &self,
        company: CompanyId,
        group: GroupId,
        roles: &[RoleId],
    ) -> Result<Vec<GroupRole>, FetchError> {
        self.questions.roles_among(company, group, roles).await
    }

    async fn find_users(&self, company: CompanyId, people: &[PersonRef]) -> Result<Vec<User>, FetchError> {
        self.questions.find_users(company, people).await
    }

    async fn query_user(&self, company: CompanyId, person: &PersonRef) -> Result<Vec<User>, FetchError> {
        self.questions.query_user(company, person).await
    }

    async fn groups_of_user(&self, user: UserId) -> Result<Vec<(CompanyId, GroupHead)>, FetchError> {
        self.questions.groups_of_user(user).await
    }

    async fn direct_roles(&self, user: UserId) -> Result<Option<DirectRoles>, FetchError> {
        self.questions.direct_roles(user).await
    }
}
