//! What reading a list will cost, before it is read: asks what is cheap to ask, and counts the rest. Reads only.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use futures_util::future::try_join3;

use super::{
    Failed, FetchError, GroupReads, Read, ReadList, accounts, list::CompanyReads, naming, newcomers, people,
    policies, profiles,
};
use crate::{
    live::{api::FILTER_SIZE, source::Source},
    model::{
        dialect::{Dialect, UserDelete},
        directory::Directory,
        ids::{CompanyId, PersonRef},
    },
};

/// What a reading will take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Requests that were not sent to find out: the contents of groups, and what only a person's own record tells.
    pub requests: u64,
    /// Groups that are not read: what they give to whoever gains or loses may be asked for.
    pub unread: u64,
    /// How long an answer takes here.
    pub latency: Duration,
}

/// Returns what [`fetch`](super::fetch) would ask beyond what this asks: the lists of members and roles of each group.
///
/// Groups are taken to be as large as the files say, and pages as long as a company's API lets them be. People that no file names, and who would be looked up to
/// be named, are not counted; nor is what confirms removals, nor who else holds a privileged role that the plan takes away, nor
/// repeated requests.
pub async fn estimate<'a>(
    source: &Source,
    list: &ReadList<'_>,
    dialect: impl Fn(CompanyId) -> &'a Dialect,
) -> Result<Estimate, FetchError> {
    let answers = Cell::new((0, Duration::ZERO));
    let (mut requests, mut unread, mut failed) = (0, 0, Failed::default());
    for reads in &list.companies {
        let page = usize::try_from(dialect(reads.id).page_limit.max(1)).unwrap_or(usize::MAX);
        let pages = |rows: usize| rows.div_ceil(page).max(1);
        let count = |rows: usize, waited: Duration| {
            let (answered, total) = answers.get();
            answers.set((answered + u32::try_from(pages(rows)).unwrap_or(u32::MAX), total + waited));
        };
        let heads = timed(source.list_groups(reads.id), &count);
        let roles = timed(source.list_roles(reads.id), &count);
        let lists = try_join3(heads, roles, people(source, &list.known, reads)).await;
        let Some((heads, _, people)) = failed.note(reads.id, lists)? else { continue };
        let groups = reads.groups(&heads);
        let rest = reads.rest(&heads, &groups, &people.held);
        // A page of members or more, and the roles.
        let whole = |it: &GroupReads| it.values().map(|it| pages(it.members) + 1).sum::<usize>();
        // Of a rule a page or more: how many it means is not known.
        requests += (whole(&groups) + whole(&rest) + reads.selectors.len()) as u64;
        let directory = Directory::new(&people.users);
        let alone = profiles::alone(reads, &directory, &people.profiles);
        requests += alone.len() as u64 + profiles::mails(reads, &directory);
        requests += holders_of_keys(source, reads, &directory, page).await?;
        let listed = policies::everybody(source, reads).await?;
        requests += policies::requests(reads, listed.as_deref(), (&heads, &people.users));
        let newcomers = newcomers::newcomers(reads, &directory);
        let accounts = accounts(source, reads, &directory, &newcomers).await?;
        if !reads.leaving(&directory).is_empty() && dialect(reads.id).user_delete == UserDelete::Deactivates {
            let known = (&*people.users, accounts, &alone);
            requests += naming::requests(source, (reads.id, list.look_ups), listed, known).await?;
        }
        unread += heads.len().saturating_sub(groups.len() + rest.len()) as u64;
    }
    failed.not_all(list.companies.len())?;
    let (answered, waited) = answers.get();
    Ok(Estimate { requests, unread, latency: waited / answered.max(1) })
}

/// How many requests it takes to look for who has the keys that people are to get: one for each list of external ids, and one
/// for each employee id, or the list of everybody where that is less.
async fn holders_of_keys(
    source: &Source,
    reads: &CompanyReads<'_>,
    directory: &Directory<'_>,
    page: usize,
) -> Read<u64> {
    let rows = profiles::rows(reads, directory);
    let keys = profiles::new_keys(reads, directory, &rows);
    let (numbers, others): (Vec<_>, Vec<_>) =
        keys.into_iter().partition(|it| matches!(it, PersonRef::EmployeeId(_)));
    let lists = others.len().div_ceil(FILTER_SIZE) as u64;
    let each = numbers.len() as u64;
    if numbers.len() <= FILTER_SIZE {
        return Ok(lists + each);
    }
    let pages = source.count_active(reads.id).await?.map(|it| it.div_ceil(page as u64));
    Ok(lists + pages.map_or(each, |it| 1 + it.min(each)))
}

async fn timed<T>(
    asking: impl Future<Output = Read<Vec<T>>>,
    count: &impl Fn(usize, Duration),
) -> Read<Vec<T>> {
    let started = Instant::now();
    let rows = asking.await?;
    count(rows.len(), started.elapsed());
    Ok(rows)
}
