//! Questions beside the main line: one person's access, and everything at once. Only reads.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Checked, Error, Live, error::SearchRefused, import::taken::taken, planned::doubted};
use crate::{
    live::{
        api::Clients,
        fetch::{ReadList, fetch_person},
        snapshot::Snapshot,
    },
    model::{
        date::Now,
        ids::{CompanyId, PersonRef, UserId},
        plan::Names,
    },
    plan::{
        explain::{self, Explained},
        review::{Review, Selected, review},
    },
};

/// Explains the access of one person.
///
/// # Errors
///
/// Where it cannot be read, where there is not exactly one such person, and where dates would be judged by a clock
/// that is far from the server's.
pub async fn explained(
    live: &Live,
    checked: &mut Checked,
    person: &PersonRef,
    now: Now,
) -> Result<Explained, Error> {
    let declared = &mut checked.declared;
    if let Some(company) = declared.company {
        declared.look_at(company);
    }
    let snapshot = fetch_person(&live.source, declared, person).await?;
    doubted(declared, &snapshot)?.none()?;
    let timed = !now.is_given && declared.has_dates();
    if let Some(skew) = live.source.skew().filter(|it| timed && it.is_far()) {
        return Err(Error::Clock(skew));
    }
    explain::explain(declared, &snapshot, person, now.at).map_err(|why| {
        let names = Names { values: declared.aliases.clone(), ..Names::default() };
        let refused = live.source.search_refused();
        let (closed, open): (Vec<_>, Vec<_>) =
            declared.all_companies().into_iter().partition(|it| refused.contains_key(it));
        let called = |all: Vec<CompanyId>| all.into_iter().map(|it| names.company(it)).collect();
        Error::NotOne {
            person: person.clone(),
            why,
            places: called(open),
            refused: refused
                .into_values()
                .next()
                .map(|status| Box::new(SearchRefused { status, companies: called(closed) })),
            near: explain::near(declared, person).cloned(),
        }
    })
}

/// Reads everything that any later plan of the workspace may need.
///
/// # Errors
///
/// Where it cannot be read whole, and where no company is named.
pub async fn recorded(
    live: &Live,
    clients: &Clients,
    checked: &mut Checked,
    now: Timestamp,
) -> Result<Snapshot, Error> {
    if let Some(company) = checked.declared.company {
        checked.declared.look_at(company);
    }
    let snapshot = live.sites.recorded(clients, &ReadList::new(&checked.declared, &[]), now).await?;
    if snapshot.companies.is_empty() { Err(Error::NoCompany) } else { Ok(snapshot) }
}

/// Reviews everybody's access as it is; with what is held outside groups where `direct_roles` are asked for.
///
/// # Errors
///
/// Where it cannot be read whole, where no company is named, and where dates would be judged by a clock that is far from
/// the server's.
pub async fn reviewed(
    live: &Live,
    checked: &mut Checked,
    direct_roles: DirectRolesOf,
    now: Now,
) -> Result<Review, Error> {
    let declared = &mut checked.declared;
    if let Some(company) = declared.company {
        declared.look_at(company);
    }
    let everybodys = direct_roles == DirectRolesOf::Everybody;
    let all = taken(live, declared, everybodys, now.dated).await?;
    let timed = !now.is_given && declared.has_dates();
    if let Some(skew) = live.source.skew().filter(|it| timed && it.is_far()) {
        return Err(Error::Clock(skew));
    }
    let mut selected = Selected::new();
    for company in declared.companies.iter().filter(|own| all.companies.iter().any(|it| it.id == own.id)) {
        for rule in company.selectors() {
            let meant = live.source.select(company.id, rule).await?;
            let active: BTreeSet<UserId> = meant.iter().filter(|it| it.active).map(|it| it.id).collect();
            selected.insert((company.id, rule.clone()), active.into_iter().collect());
        }
    }
    Ok(review(declared, &all, &selected, now.at))
}

/// Of whom it is read what is held outside groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectRolesOf {
    /// Everybody, by a request for each.
    Everybody,
    /// Those that the files single out.
    SingledOut,
}
