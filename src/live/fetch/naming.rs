//! Who names others as manager or approver, of everybody active of a company of which somebody leaves: by a request for each,
//! within the limit of the files. Reads only.
//!
//! Of whom it is not read nothing is known, and what is missing is said.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, Failed, Read};
use crate::{
    live::source::Source,
    model::{
        acting::{self, Right},
        direct::{DirectRole, DirectRoles},
        ids::{CompanyId, PersonRef, UserId},
        observed::{Naming, Observed, User},
        plan::{LookUps, Unasked},
        selector::{Attribute, PersonPart, Traits},
    },
};

/// So many are asked first: where each of them is refused, nobody else is asked.
const FIRST: usize = 8;

/// Reads of everybody active of the companies of those who leave who manages them and approves for them, unless that was read
/// already or takes more than `most` requests. Returns whether anything is known now that was not.
///
/// # Errors
/// The first request that failed of the last company, or for a reason that is not of one company alone.
pub async fn naming(
    source: &Source,
    most: usize,
    leaving: &BTreeSet<(CompanyId, UserId)>,
    observed: &mut Observed,
) -> Read<bool> {
    let companies: BTreeSet<CompanyId> = leaving.iter().map(|it| it.0).collect();
    let gone: BTreeSet<UserId> = leaving.iter().map(|it| it.1).collect();
    let is_new = |it: &CompanyId| !observed.naming.contains_key(it);
    let companies: Vec<CompanyId> = companies.into_iter().filter(is_new).collect();
    let recorded = source.taken().filter(|_| !companies.is_empty()).map(|_| source.recorded().1);
    let mut failed = Failed::default();
    for company in &companies {
        let read = match &recorded {
            Some(recorded) => by_snapshot(source, *company, recorded).await,
            None => by_asking(source, (*company, most), &gone, observed).await,
        };
        observed.naming.extend(failed.note(*company, read)?.map(|it| (*company, it)));
    }
    Ok(failed.leave_out(observed)? || !companies.is_empty())
}

/// What a snapshot has of it, which is of those of whom the files declared it when it was taken.
async fn by_snapshot(
    source: &Source,
    company: CompanyId,
    recorded: &BTreeMap<UserId, Traits>,
) -> Read<Naming> {
    let people = source.list_active(company).await?.unwrap_or_default();
    let own = people.iter().filter_map(|it| Some((it.id, superiors(recorded.get(&it.id)?.clone()))));
    let traits: BTreeMap<UserId, Traits> = own.filter(|it| !it.1.is_empty()).collect();
    // Of whom it tells nothing it may not know it.
    let missing = (people.is_empty() || traits.len() < people.len())
        .then(|| missing(company, Some(people.len()), traits.len(), Some(Unasked::Snapshot)));
    Ok(Naming { people, traits, missing })
}

async fn by_asking(
    source: &Source,
    (company, most): (CompanyId, usize),
    gone: &BTreeSet<UserId>,
    observed: &Observed,
) -> Read<Naming> {
    let is_read = |it: &&UserId| observed.led.contains(it);
    let unasked = |read, because| {
        Ok(Naming { missing: Some(missing(company, None, read, Some(because))), ..Naming::default() })
    };
    let known = active_of(company, &observed.users);
    let read = known.iter().filter(is_read).count();
    if most == 0 {
        return unasked(read, Unasked::Off);
    }
    // The count, or who is known already, may say that there are too many, without the list of them all.
    let counted = observed.accounts.get(&company).copied();
    let all = at_least(counted, &known);
    if all.saturating_sub(read) > most {
        let too_many = missing(company, Some(all), read, Some(Unasked::TooMany));
        let too_many = LookUps { at_least: counted.is_none(), limit: Some(most), ..too_many };
        return Ok(Naming { missing: Some(too_many), ..Naming::default() });
    }
    let Some(people) = everybody(source, company, observed).await? else {
        return unasked(read, Unasked::Unlisted);
    };
    let active = active_of(company, &people);
    let (read, asked): (Vec<UserId>, Vec<UserId>) = active.iter().partition(is_read);
    if asked.len() > most {
        let too_many = missing(company, Some(active.len()), read.len(), Some(Unasked::TooMany));
        let too_many = LookUps { limit: Some(most), ..too_many };
        return Ok(Naming { people, missing: Some(too_many), ..Naming::default() });
    }
    let (first, rest) = asked.split_at(asked.len().min(FIRST));
    let mut traits = told(source, company, first).await?;
    if !traits.is_empty() {
        traits.extend(told(source, company, rest).await?);
    }
    let refused = asked.len() - traits.len();
    let left = LookUps { refused, ..missing(company, Some(active.len()), read.len() + traits.len(), None) };
    let mut naming = Naming { people, traits, missing: (refused > 0).then_some(left) };
    let others = unknown(gone, &naming, observed);
    naming.people.extend(source.find_users(company, &others).await?);
    Ok(naming)
}

fn missing(company: CompanyId, active: Option<usize>, read: usize, because: Option<Unasked>) -> LookUps {
    LookUps { company, active, at_least: false, read, refused: 0, because, limit: None }
}

/// Who manages these people and approves for them, as far as the API tells it.
async fn told(source: &Source, company: CompanyId, users: &[UserId]) -> Read<BTreeMap<UserId, Traits>> {
    let told = stream::iter(users).map(|&user| async move {
        Read::Ok(
            source.part(company, user, PersonPart::BusinessInfo).await?.map(|it| (user, superiors(it.0))),
        )
    });
    let told: Vec<Option<_>> = told.buffered(AT_ONCE).try_collect().await?;
    Ok(told.into_iter().flatten().collect())
}

/// How many people are asked where somebody leaves, beyond the list of who is active, which is read to know it.
pub(super) async fn requests(
    source: &Source,
    (company, most): (CompanyId, usize),
    listed: Option<Vec<User>>,
    (known, told, read): (&[User], Option<u64>, &BTreeSet<UserId>),
) -> Read<u64> {
    let asked = |people: &[User]| active_of(company, people).difference(read).count();
    let known = active_of(company, known);
    let too_many = at_least(told, &known).saturating_sub(known.intersection(read).count()) > most;
    if source.taken().is_some() || most == 0 || too_many {
        return Ok(0);
    }
    let active = match listed {
        Some(listed) => listed,
        None => source.list_active(company).await?.unwrap_or_default(),
    };
    let asked = asked(&active);
    Ok(if asked > most { 0 } else { asked as u64 })
}

/// How many are active, as the API counts them, or else of those who are known.
fn at_least(told: Option<u64>, known: &BTreeSet<UserId>) -> usize {
    told.and_then(|it| usize::try_from(it).ok()).unwrap_or(known.len())
}

/// Everybody active of a company, from the list of everybody where that was read.
async fn everybody(source: &Source, company: CompanyId, observed: &Observed) -> Read<Option<Vec<User>>> {
    if !observed.listed.contains(&company) {
        return source.list_active(company).await;
    }
    let own = observed.users.iter().filter(|it| it.active && it.company == Some(company));
    Ok(Some(own.cloned().collect()))
}

/// Those of a company who are active. Who leaves is among them: it may turn out that the person has to stay.
fn active_of(company: CompanyId, users: &[User]) -> BTreeSet<UserId> {
    users.iter().filter(|it| it.active && it.company == Some(company)).map(|it| it.id).collect()
}

/// What somebody is by the attributes that name others.
fn superiors(mut traits: Traits) -> Traits {
    traits.keep(&Right::ALL.into_iter().filter_map(Right::attribute).collect());
    traits
}

/// Those of whom it is not known whether they are active: approvers beside somebody who leaves, and those for whom somebody who
/// leaves arranges.
fn unknown(gone: &BTreeSet<UserId>, naming: &Naming, observed: &Observed) -> Vec<PersonRef> {
    let known: BTreeSet<UserId> = naming.people.iter().chain(&observed.users).map(|it| it.id).collect();
    let lists = naming.traits.values().chain(observed.profiles.values());
    let lists = lists.filter_map(|it| it.get(Attribute::Approvers));
    let lists = lists.map(|it| acting::people(it).collect::<BTreeSet<UserId>>());
    let beside = lists.filter(|it| !it.is_disjoint(gone)).flatten();
    let roles = gone.iter().filter_map(|it| observed.direct.get(it)).flat_map(DirectRoles::iter);
    let travellers = roles.flat_map(DirectRole::travellers).map(|it| it.user);
    let unknown: BTreeSet<UserId> = beside.chain(travellers).filter(|it| !known.contains(it)).collect();
    unknown.into_iter().map(PersonRef::UserId).collect()
}
