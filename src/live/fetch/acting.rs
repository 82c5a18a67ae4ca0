//! What is needed to say who may act for one person, and for which people that one acts: little, as a search over everybody
//! would be a request for each. Reads only.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, future::try_join, stream};

use super::{AT_ONCE, FetchError, Read, keyed::keyed, lookup};
use crate::{
    files::declared::{Declared, DeclaredDirect, DeclaredUser},
    live::source::Source,
    model::{
        acting::{self, Right},
        direct::DirectRoles,
        directory::Directory,
        ids::{CompanyId, PersonRef, UserId},
        observed::{Observed, User, completed},
        selector::{PersonPart, Traits},
        units::Units,
    },
};

/// Most people of the files that are asked for what they are, and as many for what they hold.
const MOST_ASKED: usize = 100;

/// Reads who may act for a person: the person's own list of arrangers and what those hold, and who leads and approves.
///
/// Of a person who cannot be told, only the users that the key names are returned.
///
/// # Errors
/// The first request that failed, other than by a refusal.
pub async fn fetch_actors(
    source: &Source,
    declared: &Declared,
    person: &PersonRef,
) -> Result<Observed, FetchError> {
    let (mut observed, found) = lookup::observed(source, declared, person).await?;
    if let Some((here, user)) = found {
        read(source, declared, (here, user), &mut observed).await?;
        observed.users = completed(observed.users);
    }
    Ok(observed)
}

/// Adds to what was read of a person who may act for the person and for which people the person acts, as far as the person's own
/// lists tell it, the files speak of it, or a snapshot has it. Returns what the person's own department and the like are called.
pub(super) async fn read(
    source: &Source,
    declared: &Declared,
    (here, user): (CompanyId, UserId),
    observed: &mut Observed,
) -> Read<Units> {
    let (direct, profiles) = source.recorded();
    observed.direct.extend(direct);
    observed.profiles.extend(profiles);
    let (told, business) =
        try_join(source.travel_arrangers(here, user), source.part(here, user, PersonPart::BusinessInfo))
            .await?;
    // A snapshot may hold less of a person, and does not say so.
    observed.led.extend(business.iter().filter(|_| source.taken().is_none()).map(|_| user));
    let mut units = source.recorded_units(here);
    business.iter().flat_map(|it| &it.1).for_each(|it| units.put(it.0, &it.1));
    observed.profiles.extend(business.map(|it| (user, it.0)));
    let mut holders: BTreeSet<UserId> = told.iter().flat_map(|it| it.keys()).copied().collect();
    observed.arrangers.extend(told.map(|it| (user, it)));
    let SpokenOf { arranging, led, others } = SpokenOf::of(declared, user, observed);
    found(source, &others, observed).await?;
    // Travellers may be of any company.
    let unknown: Vec<PersonRef> = {
        let directory = Directory::new(&observed.users);
        others.iter().filter(|it| !directory.knows(it.1)).map(|it| it.1.clone()).collect()
    };
    observed.users.extend(unless_unrecorded(lookup::named(source, declared, here, unknown).await)?);
    let (arranging, led) = (found(source, &arranging, observed).await?, found(source, &led, observed).await?);
    holders.extend(arranging.into_iter().map(|it| it.1));
    holders.retain(|it| !observed.direct.contains_key(it));
    let holders = holders.into_iter().take(MOST_ASKED);
    let roles = stream::iter(holders).map(|it| async move {
        match source.direct_roles(here, it).await {
            Ok(roles) => Read::Ok(roles.map(|roles| (it, roles))),
            Err(FetchError::NotRecorded(_)) => Ok(None),
            Err(error) => Err(error),
        }
    });
    let roles: Vec<Option<(UserId, DirectRoles)>> = roles.buffered(AT_ONCE).try_collect().await?;
    let led = led.into_iter().filter(|it| !observed.profiles.contains_key(&it.1)).take(MOST_ASKED);
    let read = stream::iter(led).map(|(company, it)| async move {
        Read::Ok(source.part(company, it, PersonPart::BusinessInfo).await?.map(|(traits, _)| (it, traits)))
    });
    let read: Vec<Option<(UserId, Traits)>> = read.buffered(AT_ONCE).try_collect().await?;
    observed.direct.extend(roles.into_iter().flatten());
    observed.profiles.extend(read.into_iter().flatten());
    let acts = acting::acts(&observed.direct, &observed.profiles);
    let own = acts.iter().filter(|it| it.who == user || it.over == user).flat_map(|it| [it.who, it.over]);
    let told = observed.arrangers.values().flat_map(|it| it.keys()).copied();
    let holders = observed.direct.keys().copied();
    let named: BTreeSet<UserId> = own.chain(told).chain(holders).collect();
    let named = named.into_iter().map(PersonRef::UserId).collect();
    observed.users.extend(unless_unrecorded(lookup::named(source, declared, here, named).await)?);
    Ok(units)
}

/// A snapshot that was taken of other files may not know everybody whom these name: of those it says nothing.
fn unless_unrecorded<T: Default>(answer: Read<T>) -> Read<T> {
    match answer {
        Err(FetchError::NotRecorded(_)) => Ok(T::default()),
        other => other,
    }
}

/// People of the files, each with the company whose file it is.
type Named<'a> = Vec<(CompanyId, &'a PersonRef)>;

/// Those who have to do with a person, by the files.
struct SpokenOf<'a> {
    /// Who is to arrange for the person, or to hold a role over everybody that may be over the person.
    arranging: Named<'a>,
    /// Those for whom the person is to approve, and whom the person is to manage.
    led: Named<'a>,
    /// Those whom the person's own entries name, and those of others beside the person.
    others: Named<'a>,
}

impl<'a> SpokenOf<'a> {
    fn of(declared: &'a Declared, user: UserId, observed: &Observed) -> Self {
        let directory = Directory::new(&observed.users);
        let keyed: Vec<User> = declared.companies.iter().flat_map(|it| keyed(it, &directory)).collect();
        let keyed = Directory::new(&keyed);
        let is = |it: &PersonRef| {
            [&directory, &keyed].iter().any(|all| all.find(it).iter().any(|it| it.id == user))
        };
        let own = directory.user(user).and_then(|it| it.company);
        let mut all = Self { arranging: Vec::new(), led: Vec::new(), others: Vec::new() };
        let users = declared.companies.iter().flat_map(|it| it.users.iter().map(move |user| (it.id, user)));
        for (company, it) in users {
            if is(&it.person) {
                all.others.extend(travellers(it).chain(superiors(it)).map(|it| (company, it)));
            }
            if travellers(it).any(is) {
                // One of them who is not known keeps the others from being given.
                all.others.extend(travellers(it).map(|it| (company, it)));
            }
            let acts = travellers(it).any(is) || over_everybody(it, own);
            all.arranging.extend(acts.then_some((company, &it.person)));
            all.led.extend(superiors(it).any(is).then_some((company, &it.person)));
        }
        all
    }
}

/// The people for whom somebody is to arrange.
fn travellers(it: &DeclaredUser) -> impl Iterator<Item = &PersonRef> {
    let lists = it.roles.entries.iter().filter_map(|it| match &it.what {
        DeclaredDirect::Arranger(travellers) => Some(travellers),
        DeclaredDirect::Ready(_) => None,
    });
    lists.flatten().map(|it| &it.person)
}

/// Whether somebody is to hold a role over everybody of a place that a person of this company may be in.
fn over_everybody(it: &DeclaredUser, company: Option<CompanyId>) -> bool {
    it.roles.entries.iter().any(|it| acting::may_be_over(it.what.kind(), company))
}

/// The people who are to manage somebody or to approve.
fn superiors(it: &DeclaredUser) -> impl Iterator<Item = &PersonRef> {
    Right::ALL.into_iter().filter_map(Right::attribute).flat_map(|attribute| it.people_of(attribute))
}

/// Finds people of the files, and notes them.
async fn found(
    source: &Source,
    people: &Named<'_>,
    observed: &mut Observed,
) -> Read<BTreeSet<(CompanyId, UserId)>> {
    let companies: BTreeSet<CompanyId> = people.iter().map(|it| it.0).collect();
    let mut all = BTreeSet::new();
    for company in companies {
        let own: Vec<PersonRef> = people.iter().filter(|it| it.0 == company).map(|it| it.1.clone()).collect();
        let users = unless_unrecorded(source.find_users(company, &own).await)?;
        let directory = Directory::new(&users);
        all.extend(own.iter().filter_map(|it| Some((company, directory.anyone(company, it).ok()?))));
        observed.users.extend(users);
    }
    Ok(all)
}
