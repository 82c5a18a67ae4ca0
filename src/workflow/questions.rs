//! Questions beside the main line: one person's access, and everything at once. Only reads.

use std::{borrow::Cow, collections::BTreeSet};

use jiff::{Span, Timestamp};

use super::{
    Checked, Declared, Error, Live, Observation, error::SearchRefused, import::taken::taken, observed,
    planned::doubted,
};
use crate::{
    live::{
        FetchError,
        api::Clients,
        fetch::{self, Profiles, ReadList, fetch_person},
        snapshot::{Answers, NotRecorded, Snapshot},
        source::Source,
    },
    model::{
        acting::Right,
        date::{self, Now},
        directory,
        ids::{CompanyId, PersonRef, UserId},
        observed::Observed,
        plan::{Names, Unresolved},
        scope::Scope,
    },
    plan::{
        desired::desired,
        diff,
        explain::{self, Explained},
        question::{self, Answer, Question, Side, Sought, Unseen, Whereabouts},
        review::{Review, Selected, review},
        upcoming::{self, Upcoming},
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
    explain::explain(declared, &snapshot, person, now.at).map_err(|why| not_one(live, declared, person, why))
}

/// Why there is not one person of a key, and where it was looked for.
fn not_one(live: &Live, declared: &Declared, person: &PersonRef, why: Unresolved) -> Error {
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
}

/// What the files let begin and end within a time from now.
///
/// # Errors
///
/// As for a plan, and where dates would be judged by a clock that is far from the server's.
pub async fn upcoming(live: &Live, checked: &Checked, within: Span, now: Now) -> Result<Upcoming, Error> {
    let Observation { snapshot, .. } = observed(live, checked, &[], now.at).await?;
    let timed = !now.is_given && checked.declared.has_dates();
    if let Some(skew) = live.source.skew().filter(|it| timed && it.is_far()) {
        return Err(Error::Clock(skew));
    }
    Ok(upcoming::upcoming(&checked.declared, &snapshot, now.at, date::later(now.at, within)))
}

/// Explains what a person will hold at an instant, if the files are applied then and nothing else changes until then.
///
/// # Errors
///
/// As [`explained`]; and from a snapshot with pseudonyms.
pub async fn explained_at(
    live: &Live,
    checked: &mut Checked,
    person: &PersonRef,
    (at, now): (Timestamp, Now),
) -> Result<Explained, Error> {
    let declared = &mut checked.declared;
    if let Some(company) = declared.company {
        declared.look_at(company);
    }
    if live.source.taken().is_none() {
        declared.look_at_person(person);
    }
    let all = everything(live, declared, false, now.dated).await?;
    let (all, _) = as_desired(live, checked, &all, at).await?;
    let answers = Answers::new(all, None).map_err(|_| Error::Pseudonyms)?;
    let then = Live { source: Source::Snapshot(Box::new(answers)), sites: live.sites.clone() };
    explained(&then, checked, person, Now { at, is_given: true, ..now }).await
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
    let all = everything(live, declared, everybodys, now.dated).await?;
    let timed = !now.is_given && declared.has_dates();
    if let Some(skew) = live.source.skew().filter(|it| timed && it.is_far()) {
        return Err(Error::Clock(skew));
    }
    let selected = selected(live, checked, &all).await?;
    Ok(review(&checked.declared, &all, &selected, now.at))
}

/// Whom each rule for members of these companies means.
async fn selected(live: &Live, checked: &Checked, all: &Snapshot) -> Result<Selected, Error> {
    let mut selected = Selected::new();
    let companies = checked.declared.companies.iter();
    for company in companies.filter(|own| all.companies.iter().any(|it| it.id == own.id)) {
        for rule in company.selectors() {
            let meant = live.source.select(company.id, rule).await?;
            let active: BTreeSet<UserId> = meant.iter().filter(|it| it.active).map(|it| it.id).collect();
            selected.insert((company.id, rule.clone()), active.into_iter().collect());
        }
    }
    Ok(selected)
}

/// Of whom it is read what is held outside groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectRolesOf {
    /// Everybody, by a request for each.
    Everybody,
    /// Those that the files single out.
    SingledOut,
}

/// A question, and how it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// What is asked.
    pub question: &'a Question,
    /// About which side.
    pub side: Side,
    /// Of whom it is read what they hold outside groups.
    pub direct_roles: DirectRolesOf,
    /// About which travellers: any of these, or all where there are none.
    pub reach: &'a [Whereabouts],
}

/// Answers a question over everybody's access. Of the API no more is read than it needs.
///
/// # Errors
///
/// Where a name is not known, where it cannot be read whole, where no company is named, and where dates would be judged by a
/// clock that is far from the server's.
pub async fn asked(
    live: &Live,
    checked: &mut Checked,
    asking: Asking<'_>,
    now: Now,
) -> Result<Answer, Error> {
    if let Some(company) = checked.declared.company {
        checked.declared.look_at(company);
    }
    let Asking { question, side, direct_roles, .. } = asking;
    if let Question::ActsFor(person) = question {
        return acted_for(live, checked, person, (side, direct_roles), now).await;
    }
    let declared = &checked.declared;
    let (all, sought) = match (&live.source, side, direct_roles) {
        (Source::Snapshot(answers), ..) => {
            let all = of_companies(answers.snapshot(), &declared.own_companies())?;
            let sought = sought(&asking, live, checked, &all)?;
            (all, sought)
        }
        (Source::Api(_), Side::Live, DirectRolesOf::SingledOut)
            if !matches!(question, Question::People(_)) =>
        {
            let companies = declared.own_companies();
            if companies.is_empty() {
                return Err(Error::NoCompany);
            }
            let roles = fetch::roles(&live.source, &companies).await?;
            let told = Snapshot::new(
                (now.dated, &live.sites.rest.url, live.source.names()),
                roles,
                Vec::new(),
                Vec::new(),
            );
            let sought = sought(&asking, live, checked, &told)?;
            let named = question.is_about_holders();
            let read = (sought.roles.as_ref(), named);
            let all =
                fetch::holders_of(&live.source, (&live.sites.rest.url, now.dated), told.companies, read)
                    .await?;
            (Cow::Owned(all), sought)
        }
        (Source::Api(_), ..) => {
            let everybodys = direct_roles == DirectRolesOf::Everybody;
            let all = everything(live, &mut checked.declared, everybodys, now.dated).await?;
            let sought = sought(&asking, live, checked, &all)?;
            (Cow::Owned(all), sought)
        }
    };
    let (all, withheld) = match side {
        Side::Live => (all, 0),
        Side::Desired => {
            let (all, withheld) = as_desired(live, checked, &all, now.at).await?;
            (Cow::Owned(all), withheld)
        }
    };
    let timed = !now.is_given && checked.declared.has_dates();
    if let Some(skew) = live.source.skew().filter(|it| timed && it.is_far()) {
        return Err(Error::Clock(skew));
    }
    let selected = selected(live, checked, &all).await?;
    let mut answer =
        question::answer(&checked.declared, (&all, &selected), (question, side), &sought, now.at);
    answer.unseen.extend((withheld > 0).then_some(Unseen::Withheld(withheld)));
    Ok(answer)
}

/// Says who may act for a person. Live, the person alone is looked at, unless what everybody holds outside groups is asked for.
async fn acted_for(
    live: &Live,
    checked: &mut Checked,
    person: &PersonRef,
    (side, direct_roles): (Side, DirectRolesOf),
    now: Now,
) -> Result<Answer, Error> {
    let is_live = matches!((&live.source, side), (Source::Api(_), Side::Live));
    let everybodys = direct_roles == DirectRolesOf::Everybody;
    let mut observed = fetch::fetch_actors(&live.source, &checked.declared, person).await?;
    let own = checked.declared.own_companies();
    let found = directory::Directory::new(&observed.users).nearest(&own, person);
    let user = found.map_err(|why| not_one(live, &checked.declared, person, why))?;
    let (mut unread, mut withheld) = (Some(Unseen::DirectRoles(None)), 0);
    if !is_live || everybodys {
        let company = observed.users.iter().find(|it| it.id == user).and_then(|it| it.company);
        if let (Some(company), Source::Api(_)) = (company, &live.source) {
            let superiors: BTreeSet<_> = Right::ALL.into_iter().filter_map(Right::attribute).collect();
            checked.declared.look_at_traits(company, user, &superiors);
        }
        let all = everything(live, &mut checked.declared, everybodys, now.dated).await?;
        unread = question::direct_unread(&all);
        let all = match side {
            Side::Live => all,
            Side::Desired => {
                let (all, more) = as_desired(live, checked, &all, now.at).await?;
                withheld = more;
                all
            }
        };
        let answers = Answers::new(all, None).map_err(|_| Error::Pseudonyms)?;
        let then = Source::Snapshot(Box::new(answers));
        let more = fetch::fetch_actors(&then, &checked.declared, person).await?;
        observed = match side {
            Side::Desired => more,
            // What the person's own list tells is only in the API.
            Side::Live => Observed {
                users: observed.users.into_iter().chain(more.users).collect(),
                direct: more.direct.into_iter().chain(observed.direct).collect(),
                profiles: more.profiles.into_iter().chain(observed.profiles).collect(),
                ..observed
            },
        };
    }
    let timed = !now.is_given && checked.declared.has_dates();
    if let Some(skew) = live.source.skew().filter(|it| timed && it.is_far()) {
        return Err(Error::Clock(skew));
    }
    let answer = question::acted_for(&checked.declared, (&observed, unread), (person, side), now.at);
    let mut answer = answer.map_err(|why| not_one(live, &checked.declared, person, why))?;
    answer.unseen.extend(live.source.is_sanitized().then_some(Unseen::Pseudonyms));
    answer.unseen.extend((withheld > 0).then_some(Unseen::Withheld(withheld)));
    Ok(answer)
}

/// Reads everything of every company that the files are about, not of the one of the workspace alone.
async fn everything(
    live: &Live,
    declared: &mut Declared,
    direct_roles: bool,
    now: Timestamp,
) -> Result<Snapshot, Error> {
    let own = declared.own_companies();
    let company = declared.company.take();
    let all = taken(live, declared, (direct_roles, Profiles::Declared), now).await;
    declared.company = company;
    let mut all = all?;
    if let Some(missing) = own.iter().find(|id| all.companies.iter().all(|it| it.id != **id)) {
        return Err(FetchError::from(NotRecorded::Company(*missing)).into());
    }
    all.companies.retain(|it| own.is_empty() || own.contains(&it.id));
    Ok(all)
}

fn sought(asking: &Asking<'_>, live: &Live, checked: &Checked, all: &Snapshot) -> Result<Sought, Error> {
    let mut told = live.source.names();
    told.extend(all.names.iter().map(|(id, name)| (*id, name.clone())));
    let reach = asking.reach.iter().map(|it| it.scope(&checked.declared, &told));
    let reach = reach.collect::<Result<Vec<Scope>, _>>()?;
    let reach = (!reach.is_empty()).then(|| Scope::any(reach));
    Ok(asking.question.sought(&all.companies, reach)?)
}

/// What a snapshot says of these companies; of all where none is named.
fn of_companies<'a>(all: &'a Snapshot, companies: &[CompanyId]) -> Result<Cow<'a, Snapshot>, Error> {
    let is_there = |id: &CompanyId| all.companies.iter().any(|it| it.id == *id);
    if let Some(missing) = companies.iter().find(|it| !is_there(it)) {
        return Err(FetchError::from(NotRecorded::Company(*missing)).into());
    }
    if companies.is_empty() || all.companies.len() == companies.len() {
        return Ok(Cow::Borrowed(all));
    }
    let mut some = all.clone();
    some.companies.retain(|it| companies.contains(&it.id));
    Ok(Cow::Owned(some))
}

/// Everything as it will be once the files are applied, and how much of what they ask for is withheld.
async fn as_desired(
    live: &Live,
    checked: &Checked,
    all: &Snapshot,
    now: Timestamp,
) -> Result<(Snapshot, usize), Error> {
    let read = match &live.source {
        Source::Snapshot(_) => None,
        // Asked once more, of what was read: the plan of a snapshot is that of the API.
        Source::Api(_) => {
            let answers = Answers::new(all.clone(), None).map_err(|_| Error::Pseudonyms)?;
            Some(Live { source: Source::Snapshot(Box::new(answers)), sites: live.sites.clone() })
        }
    };
    let Observation { snapshot, bound } = observed(read.as_ref().unwrap_or(live), checked, &[], now).await?;
    let plan = diff::plan(&bound, &snapshot);
    Ok((desired(all, &plan), plan.withheld()))
}
