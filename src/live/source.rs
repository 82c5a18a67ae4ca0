//! Where the live state is read: the API, or a snapshot of it, asked the same questions.
//!
//! One way to read, so that a plan from a snapshot is the plan from the API by construction. Every list is
//! whole, or an error. Writes nothing.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    api::{self, Clients, Home, Part, Reader, Skew, attributes},
    error::FetchError,
    snapshot::{Answers, Snapshot},
};
use crate::model::{
    access::Members,
    acting::Arrangers,
    direct::DirectRoles,
    directory::Directory,
    ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
    observed::{GroupHead, GroupRole, RoleHead, User},
    permissions::Permissions,
    selector::{Attribute, PersonPart, Selector, Traits},
    units::{Unit, Units},
};

/// Questions kept alive at once; the connection limits the requests, this only the futures.
pub(super) const AT_ONCE: usize = 64;

/// Where live facts come from.
pub enum Source {
    /// The API, as it is now.
    Api(Clients),
    /// What a snapshot says of it: no request is sent.
    Snapshot(Box<Answers>),
}

type Read<T> = Result<T, FetchError>;

impl Source {
    /// When the state was read; `None` where that is now.
    pub fn taken(&self) -> Option<Timestamp> {
        match self {
            Self::Api(_) => None,
            Self::Snapshot(answers) => Some(answers.snapshot().created_at),
        }
    }

    /// Whether addresses and numbers of people are pseudonyms.
    pub fn is_sanitized(&self) -> bool {
        match self {
            Self::Api(_) => false,
            Self::Snapshot(answers) => answers.snapshot().sanitized.is_some(),
        }
    }

    /// Requests sent so far, by the writing half of the client as well.
    pub fn requests(&self) -> u64 {
        match self {
            Self::Api(clients) => clients.requests_made(),
            Self::Snapshot(_) => 0,
        }
    }

    /// How far the clocks are apart, as far as answers have said.
    pub(crate) fn skew(&self) -> Option<Skew> {
        match self {
            Self::Api(clients) => clients.skew(),
            Self::Snapshot(_) => None,
        }
    }

    /// The companies in which looking for a single person was refused last, each with the status.
    pub(crate) fn search_refused(&self) -> BTreeMap<CompanyId, u16> {
        match self {
            Self::Api(clients) => clients.search_refused(),
            Self::Snapshot(_) => BTreeMap::new(),
        }
    }

    /// What companies and legal entities are called, as far as that was told.
    pub(crate) fn names(&self) -> BTreeMap<Uuid, Box<str>> {
        match self {
            Self::Api(clients) => clients.names(),
            Self::Snapshot(answers) => answers.snapshot().names.clone(),
        }
    }

    /// Where a company is asked: the same for all where there is one endpoint, or a snapshot. `None` where it has no endpoint.
    pub(crate) fn home(&self, company: CompanyId) -> Option<Home> {
        match self {
            Self::Api(clients) => clients.home(company),
            Self::Snapshot(_) => Some(Home::default()),
        }
    }

    pub(crate) async fn list_groups(&self, company: CompanyId) -> Read<Vec<GroupHead>> {
        Ok(match self {
            Self::Api(it) => {
                it.of(company)?.reader.list_groups(company).await?.into_iter().map(|it| head(it).1).collect()
            }
            Self::Snapshot(it) => it.list_groups(company)?,
        })
    }

    /// Those of `groups` that a company has, by a list of just these.
    pub(crate) async fn groups_among(&self, company: CompanyId, groups: &[GroupId]) -> Read<Vec<GroupHead>> {
        match self {
            Self::Api(it) => {
                let found = it.of(company)?.reader.groups_among(company, groups).await?;
                Ok(found.into_iter().map(|it| head(it).1).collect())
            }
            Self::Snapshot(it) => {
                let all = it.list_groups(company)?;
                Ok(all.into_iter().filter(|it| groups.contains(&it.id)).collect())
            }
        }
    }

    pub(crate) async fn list_roles(&self, company: CompanyId) -> Read<Vec<RoleHead>> {
        match self {
            Self::Api(clients) => {
                let reader = &clients.of(company)?.reader;
                let roles = stream::iter(reader.list_roles(company).await?).map(|it| async move {
                    let (permissions, platform) = match (it.permissions, it.is_platform_role) {
                        (permissions @ Some(_), platform @ Some(_)) => (permissions, platform),
                        (permissions, platform) => {
                            let alone = untold(reader, it.id).await?;
                            let more = |role: &api::Role| role.is_platform_role;
                            let platform = platform.or_else(|| alone.as_ref().and_then(more));
                            (permissions.or_else(|| alone?.permissions), platform)
                        }
                    };
                    // What nobody says may be access management.
                    let manages_access = permissions.as_ref().is_none_or(Permissions::manage_access);
                    Ok(RoleHead { id: it.id, name: it.name, platform, manages_access, permissions })
                });
                roles.buffered(AT_ONCE).try_collect().await
            }
            Self::Snapshot(it) => Ok(it.list_roles(company)?),
        }
    }

    /// The names of the roles that a company may assign, by one list: what else is known of them is not asked for.
    pub(crate) async fn role_names(&self, company: CompanyId) -> Read<Vec<Box<str>>> {
        Ok(match self {
            Self::Api(it) => {
                it.of(company)?.reader.list_roles(company).await?.into_iter().map(|it| it.name).collect()
            }
            Self::Snapshot(it) => it.list_roles(company)?.into_iter().map(|it| it.name).collect(),
        })
    }

    pub(crate) async fn list_members(&self, company: CompanyId, group: GroupId) -> Read<Members> {
        match self {
            Self::Api(it) => Ok(it.of(company)?.reader.list_memberships(company, group).await?.into()),
            Self::Snapshot(it) => Ok(it.list_members(company, group)?),
        }
    }

    /// Those of `users` who are members of a group, by a list of just these.
    pub(crate) async fn members_among(
        &self,
        company: CompanyId,
        group: GroupId,
        users: &[UserId],
    ) -> Read<Vec<UserId>> {
        match self {
            Self::Api(it) => Ok(it.of(company)?.reader.members_among(company, group, users).await?),
            Self::Snapshot(it) => {
                let all = it.list_members(company, group)?;
                Ok(users.iter().copied().filter(|it| all.ids.binary_search(it).is_ok()).collect())
            }
        }
    }

    pub(crate) async fn list_group_roles(&self, company: CompanyId, group: GroupId) -> Read<Vec<GroupRole>> {
        match self {
            Self::Api(it) => Ok(it.of(company)?.reader.list_group_roles(company, group).await?),
            Self::Snapshot(it) => Ok(it.list_group_roles(company, group)?.to_vec()),
        }
    }

    /// What a group holds of `roles`, by a list of just these.
    pub(crate) async fn roles_among(
        &self,
        company: CompanyId,
        group: GroupId,
        roles: &[RoleId],
    ) -> Read<Vec<GroupRole>> {
        match self {
            Self::Api(it) => Ok(it.of(company)?.reader.roles_among(company, group, roles).await?),
            Self::Snapshot(_) => {
                let all = self.list_group_roles(company, group).await?;
                Ok(all.into_iter().filter(|it| roles.contains(&it.role)).collect())
            }
        }
    }

    pub(crate) async fn find_users(&self, company: CompanyId, people: &[PersonRef]) -> Read<Vec<User>> {
        Ok(match self {
            Self::Api(it) => it.found(company, it.of(company)?.reader.find_users(company, people).await?),
            Self::Snapshot(it) => it.find_users(company, people)?,
        })
    }

    /// The same with what is known of each apart from access, as far as that costs nothing more.
    pub(crate) async fn find_traits(
        &self,
        company: CompanyId,
        people: &[PersonRef],
    ) -> Read<Vec<(User, Option<Traits>)>> {
        match self {
            Self::Api(it) => {
                let found = it.of(company)?.reader.find_traits(company, people).await?;
                let (users, traits): (Vec<User>, Vec<_>) = found.into_iter().unzip();
                Ok(it.found(company, users).into_iter().zip(traits).collect())
            }
            Self::Snapshot(it) => {
                Ok(it.find_users(company, people)?.into_iter().map(|it| (it, None)).collect())
            }
        }
    }

    /// The same by the list of everybody, with what departments and the like are called there.
    pub(crate) async fn find_in_list(
        &self,
        company: CompanyId,
        people: &[PersonRef],
    ) -> Read<(Vec<(User, Option<Traits>)>, Units)> {
        let clients = match self {
            Self::Api(clients) => clients,
            Self::Snapshot(it) => return Ok((self.find_traits(company, people).await?, it.units(company))),
        };
        let Some((rows, units)) = clients.of(company)?.reader.list_traits(company).await? else {
            return Ok((self.find_traits(company, people).await?, Units::default()));
        };
        let (users, traits): (Vec<User>, Vec<Traits>) = rows.into_iter().unzip();
        let users = clients.found(company, users);
        let directory = Directory::new(&users);
        let meant: HashSet<UserId> =
            people.iter().flat_map(|it| directory.find(it)).map(|it| it.id).collect();
        let rows = users.iter().zip(traits).filter(|it| meant.contains(&it.0.id));
        let mut found: Vec<_> = rows.map(|(user, traits)| (user.clone(), Some(traits))).collect();
        // A list that shows nobody's employee id tells of none.
        if users.iter().all(|it| it.employee_id.is_none()) {
            let numbers = people.iter().filter(|it| matches!(it, PersonRef::EmployeeId(_)));
            let numbers: Vec<PersonRef> = numbers.cloned().collect();
            found.extend(self.find_traits(company, &numbers).await?);
        }
        Ok((found, units))
    }

    /// What a part of a user says, of a snapshot with all that is known besides; `None` where the token may not know. With
    /// what the department and the like are called that it names.
    pub(crate) async fn part(
        &self,
        company: CompanyId,
        user: UserId,
        part: PersonPart,
    ) -> Read<Option<(Traits, Vec<(Attribute, Unit)>)>> {
        match self {
            Self::Api(it) => match it.of(company)?.reader.part(user, part.of_api()).await {
                Ok(object) => Ok(Some((attributes::traits(part, &object), attributes::units(part, &object)))),
                Err(error) if matches!(error.refused(), Some(403 | 404)) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::Snapshot(it) => Ok(it.profile(user).map(|it| (it, Vec::new()))),
        }
    }

    /// What departments and the like of a company are called, by a snapshot; the API tells that beside other answers.
    pub(crate) fn recorded_units(&self, company: CompanyId) -> Units {
        match self {
            Self::Api(_) => Units::default(),
            Self::Snapshot(it) => it.units(company),
        }
    }

    /// Who arranges travel for a user, by the user's own list; `None` where the token may not know, or a snapshot is asked, in
    /// which it is not.
    pub(crate) async fn travel_arrangers(&self, company: CompanyId, user: UserId) -> Read<Option<Arrangers>> {
        match self {
            Self::Api(it) => match it.of(company)?.reader.part(user, Part::TravelArrangers).await {
                Ok(object) => Ok(attributes::arrangers(&object)),
                Err(error) if matches!(error.refused(), Some(403 | 404)) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::Snapshot(_) => Ok(None),
        }
    }

    /// What a snapshot says of everybody of whom it was recorded: what is held outside groups, and what people are apart from
    /// access. The API tells nothing of everybody at once.
    pub(crate) fn recorded(&self) -> (BTreeMap<UserId, DirectRoles>, BTreeMap<UserId, Traits>) {
        match self {
            Self::Api(_) => Default::default(),
            Self::Snapshot(answers) => {
                let Snapshot { people, directories, .. } = answers.snapshot();
                let direct = people.iter().filter_map(|it| Some((it.user_id, it.direct_roles.clone()?)));
                let profiles = directories.iter().flat_map(|it| &it.profiles);
                (direct.collect(), profiles.map(|it| (*it.0, it.1.clone())).collect())
            }
        }
    }

    /// Everybody of a company; `None` where that is not told.
    pub(crate) async fn list_users(&self, company: CompanyId) -> Read<Option<Vec<User>>> {
        match self {
            Self::Api(it) => {
                let listed = it.of(company)?.reader.list_users(company).await?;
                Ok(listed.map(|users| it.found(company, users)))
            }
            Self::Snapshot(it) => Ok(it.list_users(company)),
        }
    }

    /// Everybody of a company whose account is active; `None` where that is not told.
    pub(crate) async fn list_active(&self, company: CompanyId) -> Read<Option<Vec<User>>> {
        match self {
            Self::Api(it) => {
                let listed = it.of(company)?.reader.list_active(company).await?;
                Ok(listed.map(|users| it.found(company, users)))
            }
            Self::Snapshot(it) => {
                let listed = it.list_users(company);
                Ok(listed.map(|users| users.into_iter().filter(|it| it.active).collect()))
            }
        }
    }

    /// How many accounts of a company are active; `None` where that is not told.
    pub(crate) async fn count_active(&self, company: CompanyId) -> Read<Option<u64>> {
        match self {
            Self::Api(it) => Ok(it.of(company)?.reader.count_active(company).await?),
            Self::Snapshot(_) => Ok(self.list_active(company).await?.map(|it| it.len() as u64)),
        }
    }

    /// The users that one reference finds when it is asked for alone.
    pub(crate) async fn query_user(&self, company: CompanyId, person: &PersonRef) -> Read<Vec<User>> {
        Ok(match self {
            Self::Api(it) => it.found(company, it.of(company)?.reader.query_user(company, person).await?),
            Self::Snapshot(it) => it.query_user(company, person)?,
        })
    }

    /// Everybody of a company whom a rule for members means, inactive people included.
    pub(crate) async fn select(&self, company: CompanyId, rule: &Selector) -> Read<Vec<User>> {
        Ok(match self {
            Self::Api(it) => {
                let found = it.of(company)?.reader.select(company, rule).await;
                it.found(company, found.map_err(|source| FetchError::Rule { source })?)
            }
            Self::Snapshot(it) => it.select(company, rule)?,
        })
    }

    /// Those of `users` who are active and whom rules mean, each with the position of the rule; by a list of just these.
    pub(crate) async fn meant_among(
        &self,
        company: CompanyId,
        users: &[UserId],
        rules: &[Selector],
    ) -> Read<Vec<(UserId, usize)>> {
        let mut meant = Vec::new();
        match self {
            Self::Api(it) => {
                let rows = it.of(company)?.reader.traits_of(company, users).await;
                let rows = rows.map_err(|source| FetchError::Rule { source })?;
                for (user, traits) in rows {
                    if user.active && user.company == Some(company) && users.contains(&user.id) {
                        let of = rules.iter().enumerate().filter(|it| it.1.means(&traits));
                        meant.extend(of.map(|it| (user.id, it.0)));
                    }
                }
            }
            Self::Snapshot(it) => {
                for (at, rule) in rules.iter().enumerate() {
                    let all = it.select(company, rule)?;
                    let own = all.iter().filter(|it| it.active && users.contains(&it.id));
                    meant.extend(own.map(|it| (it.id, at)));
                }
            }
        }
        meant.sort_unstable();
        meant.dedup();
        Ok(meant)
    }

    /// The groups of a user, of whatever companies the endpoint of this one tells.
    pub(crate) async fn groups_of_user(
        &self,
        company: CompanyId,
        user: UserId,
    ) -> Read<Vec<(CompanyId, GroupHead)>> {
        Ok(match self {
            Self::Api(it) => {
                it.of(company)?.reader.groups_of_user(user).await?.into_iter().map(head).collect()
            }
            Self::Snapshot(it) => it.groups_of_user(user),
        })
    }

    /// The direct roles of a user, by the endpoint of a company; `None` where the token may not know, or the answer does not say.
    pub(crate) async fn direct_roles(&self, company: CompanyId, user: UserId) -> Read<Option<DirectRoles>> {
        match self {
            Self::Api(it) => match it.of(company)?.reader.direct_roles(user).await {
                Ok(roles) => Ok(roles),
                Err(error) if matches!(error.refused(), Some(403 | 404)) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::Snapshot(it) => Ok(it.direct_roles(user)?),
        }
    }
}

fn head(group: api::Group) -> (CompanyId, GroupHead) {
    let stamps = group.stamps();
    let api::Group { id, name, description, unmodifiable, company, .. } = group;
    // An encoder that leaves out what is empty tells no empty one.
    (company, GroupHead { id, name, description: description.unwrap_or_default(), unmodifiable, stamps })
}

/// Asks for a role alone of which the list does not say what it permits, or who provides it.
async fn untold(reader: &Reader, role: RoleId) -> Read<Option<api::Role>> {
    match reader.get_role(role).await {
        Ok(role) => Ok(Some(role)),
        Err(error) if error.refused().is_some() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
