//! Everything that any later plan may ask, read once: the deed behind a snapshot. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, future::try_join, stream};
use jiff::Timestamp;

use crate::{
    live::{
        api::Clients,
        snapshot::{self, Answer, Company, Person, Reach, Snapshot},
        source::Source,
    },
    model::{
        access::{Contents, Members},
        directory::Directory,
        ids::{CompanyId, GroupId, PersonRef, UserId},
        observed::{GroupHead, ObservedCompany, User},
        selector::{Attribute, Traits},
        stamp::Stamps,
        units::Units,
    },
};

use super::{
    AT_ONCE, FetchError, Profiles, Read, ReadList, list::CompanyReads, policies::concerned, profiles,
};

/// Reads all groups and roles of the companies on the list, with everything in them, and everybody of these and of
/// the other companies that the workspace names.
///
/// Where the API refuses a list of everybody, people are asked for one by one: those on the list and those
/// who are in groups. Direct roles take a request for each person, so they are read of those that the files single
/// out.
///
/// # Errors
/// The first request that failed; nothing partial is returned.
pub async fn record(
    clients: &Clients,
    list: &ReadList<'_>,
    (endpoint, apart): (&str, &dyn Fn(CompanyId) -> Option<Box<str>>),
    now: Timestamp,
) -> Result<Snapshot, FetchError> {
    let source = Source::Api(clients.clone());
    let mut companies = Vec::new();
    for reads in &list.companies {
        companies.push(Company { endpoint: apart(reads.id), ..company(&source, reads.id).await? });
    }
    let (mut directories, mut known) = (Vec::new(), BTreeMap::new());
    for (reads, company) in list.companies.iter().zip(&companies) {
        let members: BTreeSet<UserId> = company.groups.iter().flat_map(|it| &*it.members).copied().collect();
        let attributes: BTreeSet<Attribute> = reads.selectors.iter().flat_map(|it| it.attributes()).collect();
        let is_everybody = list.profiles == Profiles::Everybody;
        let what = (&attributes, is_everybody || !reads.profiles.is_empty());
        let (mut directory, users, mut told) =
            directory((clients, &source), reads.id, &reads.people, &members, what).await?;
        // Of those whom the files declare more may be asked than the list tells.
        let (profiles, _, grades) =
            profiles::complete(&source, reads, &Directory::new(&users), &mut told).await?;
        directory.profiles = profiles;
        directory.units.extend(grades);
        if is_everybody {
            directory.profiles.extend(profiles::listed(&directory.users, told));
        }
        directories.push(directory);
        known.insert(reads.id, users);
    }
    let everybody: BTreeSet<&PersonRef> =
        list.companies.iter().flat_map(|it| &it.people).chain(&list.singled_out).collect();
    let everybody: Vec<PersonRef> = everybody.into_iter().cloned().collect();
    for &id in list.known.iter().filter(|it| !known.contains_key(it) && source.home(**it).is_some()) {
        // A token of one company may not look into another; then nobody is known there.
        let found =
            match directory((clients, &source), id, &everybody, &BTreeSet::new(), (&BTreeSet::new(), false))
                .await
            {
                Err(error) if matches!(error.refused(), Some(403 | 404)) => snapshot::Directory {
                    company: id,
                    reach: Reach::Closed,
                    users: Vec::new(),
                    asked: Vec::new(),
                    attributes: None,
                    profiles: BTreeMap::new(),
                    units: Units::default(),
                },
                found => found?.0,
            };
        directories.push(found);
    }
    let people = singled_out(&source, list, (&companies, &known)).await?;
    Ok(Snapshot::new((now, endpoint, source.names()), companies, directories, people))
}

async fn company(source: &Source, id: CompanyId) -> Read<Company> {
    let (heads, roles) = try_join(source.list_groups(id), source.list_roles(id)).await?;
    let groups = stream::iter(heads).map(|it| group(source, id, it)).buffered(AT_ONCE);
    Ok(Company { id, endpoint: None, groups: groups.try_collect().await?, roles })
}

async fn group(source: &Source, company: CompanyId, head: GroupHead) -> Read<snapshot::Group> {
    let members = source.list_members(company, head.id);
    let (members, roles) = try_join(members, source.list_group_roles(company, head.id)).await?;
    let GroupHead { id, name, description, unmodifiable, stamps: Stamps { created, updated } } = head;
    let Members { ids: members, added } = members;
    Ok(snapshot::Group { id, name, description, unmodifiable, roles, members, added, created, updated })
}

/// Reads who is known in a company, and whom single questions find beyond.
async fn directory(
    (clients, source): (&Clients, &Source),
    company: CompanyId,
    named: &[PersonRef],
    members: &BTreeSet<UserId>,
    (known, has_profiles): (&BTreeSet<Attribute>, bool),
) -> Read<(snapshot::Directory, Vec<User>, BTreeMap<UserId, Traits>)> {
    let (mut told, mut units) = (BTreeMap::new(), Units::default());
    let (reach, mut users, attributes) = if known.is_empty() && !has_profiles {
        match clients.of(company)?.reader.list_users(company).await? {
            Some(users) => (Reach::Whole, clients.found(company, users), None),
            None => (Reach::Asked, Vec::new(), None),
        }
    } else {
        match clients.of(company)?.reader.list_traits(company).await? {
            Some((rows, names)) => {
                units = if has_profiles { names } else { units };
                told.extend(rows.iter().filter(|_| has_profiles).map(|it| (it.0.id, it.1.clone())));
                let (users, attributes) = recorded(rows, known);
                let attributes = Some(attributes).filter(|_| !known.is_empty());
                (Reach::Whole, clients.found(company, users), attributes)
            }
            None => (Reach::Asked, Vec::new(), None),
        }
    };
    // The list may not show everybody (contract §7.2): whom it does not show is asked for, as for a plan.
    let listed = Directory::new(&users);
    let named = named.iter().filter(|it| !listed.knows(it)).cloned();
    let members = members.iter().copied().map(PersonRef::UserId).filter(|it| !listed.tells(it));
    let ask: BTreeSet<PersonRef> = named.chain(members).collect();
    let asked = stream::iter(ask).map(|person| async move {
        let users = source.query_user(company, &person).await?;
        Read::Ok(Answer { person, users })
    });
    let asked: Vec<Answer> = asked.buffered(AT_ONCE).try_collect().await?;
    let directory = snapshot::Directory {
        company,
        reach,
        users: users.clone(),
        asked: asked.clone(),
        attributes,
        profiles: BTreeMap::new(),
        units,
    };
    users.extend(asked.into_iter().flat_map(|it| it.users));
    Ok((directory, users, told))
}

/// What is kept of the rows of a directory: of the attributes only those that rules look at.
fn recorded(rows: Vec<(User, Traits)>, known: &BTreeSet<Attribute>) -> (Vec<User>, snapshot::Attributes) {
    let mut attributes = snapshot::Attributes { known: known.clone(), of: BTreeMap::new() };
    let mut users = Vec::with_capacity(rows.len());
    for (user, mut traits) in rows {
        traits.keep(known);
        if traits != Traits::default() {
            attributes.of.insert(user.id, traits);
        }
        users.push(user);
    }
    (users, attributes)
}

/// Reads the groups and direct roles of everybody that the files single out.
async fn singled_out(
    source: &Source,
    list: &ReadList<'_>,
    (companies, known): (&[Company], &BTreeMap<CompanyId, Vec<User>>),
) -> Read<Vec<Person>> {
    let mut users = BTreeMap::new();
    for reads in &list.companies {
        let there = known.iter().filter(|it| source.home(*it.0) == source.home(reads.id));
        let there: Vec<User> = there.flat_map(|it| it.1).cloned().collect();
        let there = Directory::new(&there);
        let directory = Directory::new(&known[&reads.id]);
        let people = list.companies.iter().flat_map(|it| &it.direct).chain(&list.singled_out);
        let found = people.filter_map(|it| directory.anyone(reads.id, it).ok()).chain(reads.cut_off(&there));
        let found = found.chain(reads.leaving(&directory)).chain(reads.coming_back(&directory));
        let found = found.chain(for_policies(reads, companies, &known[&reads.id]));
        found.for_each(|it| _ = users.entry(it).or_insert(reads.id));
    }
    let people = stream::iter(users).map(|(user_id, company)| async move {
        let groups = source.groups_of_user(company, user_id);
        let (groups, direct_roles) = try_join(groups, source.direct_roles(company, user_id)).await?;
        let own = groups.into_iter().filter(|it| known.contains_key(&it.0));
        let groups: BTreeSet<GroupId> = own.map(|it| it.1.id).collect();
        Read::Ok(Person { user_id, groups: groups.into_iter().collect(), direct_roles })
    });
    people.buffered(AT_ONCE).try_collect().await
}

/// Those of whom policies ask what they hold outside groups.
fn for_policies(reads: &CompanyReads<'_>, companies: &[Company], known: &[User]) -> BTreeSet<UserId> {
    let Some(company) = companies.iter().find(|it| it.id == reads.id) else { return BTreeSet::new() };
    let contents =
        company.groups.iter().map(|it| (it.id, Contents { members: it.members.clone(), grants: Vec::new() }));
    let groups = company.groups.iter().map(snapshot::head).collect();
    let observed = ObservedCompany { groups, contents: contents.collect(), ..ObservedCompany::new(reads.id) };
    let mut people = concerned(reads, &observed, &Directory::new(known));
    let own = known.iter().filter(|it| it.active && it.company == Some(reads.id));
    // Whom rules mean is found by who looks into the snapshot.
    let all = reads.policies.everybody || !reads.policies.selectors.is_empty();
    people.extend(own.map(|it| it.id).filter(|_| all));
    people
}
