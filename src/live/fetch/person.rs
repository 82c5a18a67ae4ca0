//! What is needed to explain one person's access. Reads only, and little: not who else is in a group.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join;

use super::{FetchError, acting, elsewhere, grants, lookup, missing, one_by_one, unless_refused};
use crate::{
    files::declared::{Declared, DeclaredCompany, DeclaredRule},
    live::source::Source,
    model::{
        access::Contents,
        direct::{DirectRole, DirectRoles},
        directory::Directory,
        ids::{CompanyId, GroupId, PersonRef, UserId},
        observed::{GroupHead, Observed, ObservedCompany, User, completed},
        selector::Selector,
    },
};

/// Reads one person's groups, in the companies of the workspace with their roles, and what is held outside groups.
///
/// The contents of a group are its roles and this one member. Of a person who cannot be told, only the
/// users that the key names are returned.
pub async fn fetch_person(
    source: &Source,
    declared: &Declared,
    person: &PersonRef,
) -> Result<Observed, FetchError> {
    let (mut observed, found) = lookup::observed(source, declared, person).await?;
    let Some((here, user)) = found else { return Ok(observed) };
    // A snapshot tells the direct roles of those whom its files singled out.
    let roles = async {
        match source.direct_roles(here, user).await {
            Err(FetchError::NotRecorded(_)) => Ok(None),
            roles => roles,
        }
    };
    let (groups, roles) = try_join(source.groups_of_user(here, user), roles).await?;
    observed.direct.extend(roles.map(|it| (user, it)));
    let travellers = observed.direct.values().flat_map(DirectRoles::iter).flat_map(DirectRole::travellers);
    let travellers = travellers.map(|it| PersonRef::UserId(it.user)).collect();
    observed.users.extend(lookup::named(source, declared, here, travellers).await?);
    let mut units = acting::read(source, declared, (here, user), &mut observed).await?;
    let mut by_company: BTreeMap<CompanyId, Vec<GroupHead>> =
        declared.own_companies().into_iter().map(|it| (it, Vec::new())).collect();
    for (company, head) in groups {
        by_company.entry(company).or_default().push(head);
    }
    let workspace = declared.all_companies();
    for (company, held) in by_company {
        let mut live = ObservedCompany::new(company);
        let mut ids: Vec<GroupId> = held.iter().map(|it| it.id).collect();
        ids.sort_unstable();
        live.held.insert(user, ids);
        live.groups = held;
        if company == here {
            live.units = std::mem::take(&mut units);
        }
        if workspace.binary_search(&company).is_ok() {
            observed.users.extend(inside(source, declared, &mut live, user).await?);
        }
        observed.companies.push(live);
    }
    observed.users = completed(observed.users);
    Ok(observed)
}

/// Reads what the person's groups of one company hold, and returns the people that their scopes name.
async fn inside(
    source: &Source,
    declared: &Declared,
    live: &mut ObservedCompany,
    user: UserId,
) -> Result<Vec<User>, FetchError> {
    let held = live.held.get(&user).cloned().unwrap_or_default();
    let files = declared.companies.iter().find(|it| it.id == live.id);
    if declared.own_companies().contains(&live.id) {
        // All groups: which of them a declared one is can depend on any.
        let (groups, roles) = try_join(source.list_groups(live.id), source.list_roles(live.id)).await?;
        live.roles = roles;
        let listed = |it: &GroupHead| groups.iter().any(|head| head.id == it.id);
        live.groups.retain(|it| !listed(it));
        live.groups.extend(groups);
    } else if !held.is_empty() {
        live.roles = unless_refused(source.list_roles(live.id).await)?;
    }
    let rules: Vec<Selector> = files.into_iter().flat_map(DeclaredCompany::selectors).cloned().collect();
    if !rules.is_empty() {
        let meant = source.meant_among(live.id, &[user], &rules).await?;
        let meant: BTreeSet<usize> = meant.into_iter().map(|it| it.1).collect();
        let users = |at: usize| if meant.contains(&at) { [user].into() } else { [].into() };
        live.selected = rules.into_iter().enumerate().map(|(at, rule)| (rule, users(at))).collect();
    }
    // Who is excepted from the rules that mean the person: as long as that is not known, nobody joins by them.
    let means = |it: &&DeclaredRule| live.selected.get(&it.selector).is_some_and(|it| !it.is_empty());
    let groups =
        files.iter().flat_map(|it| &it.groups).filter(|it| it.computed.rules.iter().any(|it| means(&it)));
    let excepted: BTreeSet<&PersonRef> =
        groups.flat_map(|it| &it.computed.except).map(|it| &it.person).collect();
    let excepted: Vec<PersonRef> = excepted.into_iter().cloned().collect();
    for group in held {
        let grants = grants(source.list_group_roles(live.id, group).await?);
        live.contents.insert(group, Contents { members: [user].into(), grants });
    }
    let grants = live.contents.values().flat_map(|it| &it.grants);
    let named: Vec<PersonRef> = grants
        .flat_map(|it| it.scope.people().collect::<Vec<_>>())
        .map(|it| PersonRef::UserId(UserId(it)))
        .collect();
    let mut users = lookup::named(source, declared, live.id, named).await?;
    if !excepted.is_empty() {
        let found = source.find_users(live.id, &excepted).await?;
        let missing = missing(&excepted, &Directory::new(&found));
        users.extend(one_by_one(source, live.id, &missing).await?);
        users.extend(found);
        users.extend(elsewhere(source, &declared.searched_companies(), live.id, &missing).await?.0);
    }
    if let Some(files) = files {
        // Travellers that the files name, to compare what is asked for with what there is.
        let names: Vec<&str> = live.groups.iter().map(|it| &*it.name).collect();
        let mut groups = files.groups.clone();
        groups.retain(|it| names.contains(&&*it.name) || it.id.is_some() || it.renamed_from.is_some());
        groups.iter_mut().for_each(|it| it.members.entries.clear());
        let part = DeclaredCompany { groups, ..DeclaredCompany::new(live.id) };
        let mut travellers: Vec<PersonRef> = part.travellers().cloned().collect();
        travellers.sort_unstable();
        travellers.dedup();
        if !travellers.is_empty() && !live.contents.is_empty() {
            users.extend(source.find_users(live.id, &travellers).await?);
            users.extend(elsewhere(source, &declared.searched_companies(), live.id, &travellers).await?.0);
        }
    }
    users.sort_by_key(|it| it.id);
    users.dedup();
    Ok(users)
}
