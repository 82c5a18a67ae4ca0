//! Everybody's access as it is, for people who have to say every quarter whether it should be: through what, since when,
//! until when, and which line of the files asks for it.
//!
//! Pure: of what was read and what is declared. Compares nothing and changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    files::{
        declared::{Declared, DeclaredCompany, DeclaredGroup, DeclaredUser, Rest},
        matching::{Target, matching},
    },
    live::{
        fetch,
        snapshot::{self, Snapshot},
    },
    model::{
        acting::{self, Act},
        direct::{DirectRoles, Kind},
        directory::Directory,
        ids::{CompanyId, GroupId, RoleId, UserId},
        observed::{GroupHead, RoleHead, User, completed},
        plan::{Names, Soon},
        rules::PrivilegedTypes,
        scope::{Scope, Shared},
        selector::{Selector, Traits},
        source::Place,
    },
    plan::{
        bind::{grants::Roles, privileged_direct, soon},
        effective::{self, effects},
        explain::{self, Asked, Managed, Standing},
    },
};

/// Who may do what, everybody and every group of some companies.
#[derive(Clone, Debug)]
pub struct Review {
    /// The companies, sorted by id.
    pub companies: Vec<Reviewed>,
    /// Their groups, sorted by company, name and id.
    pub groups: Vec<Group>,
    /// Everybody who is in a group, holds a direct role or is in the directory; sorted by company, key and id.
    pub people: Vec<Person>,
    /// The roles that the companies may assign, as far as they are looked at; sorted.
    pub roles: BTreeMap<(CompanyId, RoleId), RoleHead>,
    /// Privileged roles of groups, by company, sorted.
    pub privileged: BTreeSet<(CompanyId, RoleId)>,
    /// Which direct roles are privileged.
    pub privileged_direct: PrivilegedTypes,
    /// What ends or begins within [`NOTICE_DAYS`](crate::model::plan::Plan::NOTICE_DAYS), as a plan says it; sorted.
    pub soon: Vec<Soon>,
    /// Of how many people it was read who approves for them and manages them.
    pub led: usize,
    /// Whether addresses are pseudonyms, by which no line of a file is found.
    pub is_sanitized: bool,
    /// Names for the ids above.
    pub names: Names,
}

/// A company, and how much of it was read.
#[derive(Clone, Copy, Debug)]
pub struct Reviewed {
    /// Which one.
    pub id: CompanyId,
    /// Whether the directory was read whole: only then it is known who has no access.
    pub is_whole: bool,
}

/// A group.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Group {
    pub company: CompanyId,
    pub id: GroupId,
    pub name: Box<str>,
    /// A standard group: everything but its members is frozen.
    pub is_standard: bool,
    /// What the files say of it.
    pub managed: Managed,
    pub members: usize,
    /// Its roles with their scopes, sorted by role.
    pub grants: Vec<(RoleId, Arc<Scope>)>,
}

/// Somebody, with everything that gives access.
#[derive(Clone, Debug)]
pub struct Person {
    /// The company whose groups and directory these are.
    pub company: CompanyId,
    /// Who; hidden where the API does not tell.
    pub user: User,
    /// What groups give together, sorted by role; each through groups in their order.
    pub effects: Vec<effective::Effect<Way>>,
    /// The roles held outside groups; `None` where that was not read.
    pub direct: Option<DirectRoles>,
    /// What the files say of each of these.
    pub direct_asked: BTreeMap<Kind, Standing>,
    /// For which people the person approves and which the person manages, as far as it was read; sorted. Whom the person
    /// arranges for stands in the role.
    pub acts: Vec<Act>,
    /// The lines of the files that ask for some of these.
    pub acts_asked: BTreeMap<Act, Place>,
    /// Where the files cut the person off everywhere, if they do.
    pub locked_out: Option<Place>,
}

/// A membership that gives a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The position of the group.
    pub group: usize,
    /// Where this group gives the role.
    pub scope: Arc<Scope>,
    /// When the person was added to it, as far as the API tells.
    pub added: Option<Timestamp>,
    /// What the files say of the membership.
    pub asked: Asked,
    /// The line that asks for the membership.
    pub from: Option<Place>,
    /// The line that asks for the role.
    pub granted: Option<Place>,
    /// The instant at which the files let it end: the membership, the role of the group, or the group.
    pub ends: Option<Timestamp>,
}

impl Person {
    /// Whether anything is held, as far as it was read.
    pub fn has_access(&self) -> bool {
        !self.effects.is_empty()
            || !self.acts.is_empty()
            || self.direct.as_ref().is_some_and(|it| !it.is_empty())
    }
}

/// Which grants of groups are looked at.
pub type Lens<'a> = &'a dyn Fn(CompanyId, RoleId, &Scope) -> bool;

/// Everybody whom each rule for members of a company means, sorted.
pub type Selected = BTreeMap<(CompanyId, Selector), Arc<[UserId]>>;

/// Reviews everything that was read of some companies.
///
/// In time linear in the memberships and in what the files declare.
pub fn review(declared: &Declared, all: &Snapshot, selected: &Selected, now: Timestamp) -> Review {
    through(declared, (all, selected), None, now)
}

/// The same of some grants alone, and of those who hold them or a role outside groups; without a lens, of all and everybody.
pub(super) fn through(
    declared: &Declared,
    (all, selected): (&Snapshot, &Selected),
    lens: Option<Lens<'_>>,
    now: Timestamp,
) -> Review {
    let rows = completed(all.directories.iter().flat_map(everybody).cloned().collect());
    let directory = Directory::new(&rows);
    let roles = |id| all.companies.iter().find(|it| it.id == id).map_or(&[][..], |it| &it.roles);
    let soon = soon::soon(declared, &roles, &directory, now);
    let declared = &*declared.at(now);
    let mut review = Review {
        companies: Vec::new(),
        groups: Vec::new(),
        people: Vec::new(),
        roles: BTreeMap::new(),
        privileged: BTreeSet::new(),
        privileged_direct: match privileged_direct(declared) {
            PrivilegedTypes::Off => PrivilegedTypes::Known,
            types => types,
        },
        soon,
        led: 0,
        is_sanitized: all.sanitized.is_some(),
        names: names(declared, all, &rows),
    };
    let locked: HashMap<UserId, Place> = declared
        .lockouts
        .iter()
        .filter(|it| it.holds(now))
        .flat_map(|it| directory.find(&it.person).iter().map(|user| (user.id, it.from)))
        .collect();
    let direct: HashMap<UserId, &DirectRoles> =
        all.people.iter().filter_map(|it| Some((it.user_id, it.direct_roles.as_ref()?))).collect();
    let mut users: HashMap<UserId, Vec<&DeclaredUser>> = HashMap::new();
    for it in declared.companies.iter().flat_map(|it| &it.users) {
        directory.find(&it.person).iter().for_each(|user| users.entry(user.id).or_default().push(it));
    }
    // A question about roles is answered by roles.
    let profiles: BTreeMap<UserId, &Traits> = match lens {
        None => all.directories.iter().flat_map(|it| &it.profiles).map(|it| (*it.0, it.1)).collect(),
        Some(_) => BTreeMap::new(),
    };
    let mut acts: HashMap<UserId, Vec<Act>> = HashMap::new();
    for act in acting::acts([], profiles.iter().map(|it| (it.0, *it.1))) {
        acts.entry(act.who).or_default().push(act);
    }
    let mut asked: BTreeMap<Act, Place> = BTreeMap::new();
    for company in declared.companies.iter().filter(|_| !profiles.is_empty()) {
        for user in &company.users {
            if let Ok(over) = directory.anyone(company.id, &user.person) {
                asked.extend(explain::led((over, user), (company.id, &directory)).map(|it| (it.0, it.1)));
            }
        }
    }
    review.led = profiles.len();
    let mut scopes = Shared::default();
    for company in &all.companies {
        let none = DeclaredCompany::new(company.id);
        let own = declared.companies.iter().find(|it| it.id == company.id).unwrap_or(&none);
        let reach = all.directories.iter().find(|it| it.company == company.id).map(|it| it.reach);
        review.companies.push(Reviewed { id: company.id, is_whole: reach == Some(snapshot::Reach::Whole) });
        // By whatever names the files call it, what lets its holder change access is privileged.
        let privileged =
            company.roles.iter().filter(|it| it.manages_access || declared.rules.is_privileged(it));
        review.privileged.extend(privileged.map(|it| (company.id, it.id)));
        review.roles.extend(company.roles.iter().map(|it| ((company.id, it.id), it.clone())));
        let ways = groups(&mut review, (company, own), (&directory, selected), (&mut scopes, lens), now);
        people(
            &mut review,
            company.id,
            (ways, lens.is_none()),
            &rows,
            (&locked, &direct, &users, (&acts, &asked)),
            now,
        );
    }
    review
}

/// Everybody whom a directory tells of.
fn everybody(directory: &snapshot::Directory) -> impl Iterator<Item = &User> {
    directory.users.iter().chain(directory.asked.iter().flat_map(|it| &it.users))
}

/// When a member was added, as far as the API tells.
fn added(group: &snapshot::Group, n: usize) -> Option<Timestamp> {
    group.added.get(n).copied().flatten()
}

/// The ways to access of everybody who is in a group.
type Ways = BTreeMap<UserId, Vec<(RoleId, Way)>>;

/// Adds the groups of a company, and returns what they give to whom.
fn groups(
    review: &mut Review,
    (company, declared): (&snapshot::Company, &DeclaredCompany),
    (directory, selected): (&Directory<'_>, &Selected),
    (scopes, lens): (&mut Shared, Option<Lens<'_>>),
    now: Timestamp,
) -> Ways {
    let heads: Vec<GroupHead> = company.groups.iter().map(snapshot::head).collect();
    let spoken = spoken(declared, &heads);
    let roles = Roles::new(&company.roles);
    let mut sorted: Vec<&snapshot::Group> = company.groups.iter().collect();
    sorted.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let mut ways = Ways::new();
    for group in sorted {
        let (managed, own) = spoken.get(&group.id).copied().unwrap_or((Managed::No, None));
        let grants: Vec<(RoleId, Arc<Scope>)> =
            fetch::shared(group.roles.clone(), scopes).into_iter().map(|it| (it.role, it.scope)).collect();
        let at = review.groups.len();
        let is_seen = |it: &&(RoleId, Arc<Scope>)| lens.is_none_or(|lens| lens(company.id, it.0, &it.1));
        let seen: Vec<&(RoleId, Arc<Scope>)> = grants.iter().filter(is_seen).collect();
        if !seen.is_empty() || lens.is_none() {
            let mut members = Members::of(own, directory, now);
            if let Some(own) = own {
                members.add_selected(own, directory, |it| selected.get(&(company.id, it.clone())).cloned());
            }
            let lines = own.map(|it| role_lines(it, &roles, now)).unwrap_or_default();
            let gone = own.and_then(|it| it.term.ends);
            for (n, user) in group.members.iter().enumerate() {
                let (asked, from, until) = members.said(*user);
                let added = added(group, n);
                let all = ways.entry(*user).or_default();
                for (role, scope) in &seen {
                    let (granted, ends) = lines.get(role).copied().unwrap_or_default();
                    let ends = [until, ends, gone].into_iter().flatten().min();
                    all.push((
                        *role,
                        Way { group: at, scope: scope.clone(), added, asked, from, granted, ends },
                    ));
                }
            }
        }
        review.groups.push(Group {
            company: company.id,
            id: group.id,
            name: group.name.clone(),
            is_standard: group.unmodifiable,
            managed,
            members: group.members.len(),
            grants,
        });
    }
    ways
}

/// What the files say of each group that they speak of.
fn spoken<'a>(
    declared: &'a DeclaredCompany,
    heads: &[GroupHead],
) -> HashMap<GroupId, (Managed, Option<&'a DeclaredGroup>)> {
    // Of two lives: the heads are asked here and forgotten.
    let mut found: HashMap<GroupId, (Managed, Option<&'a DeclaredGroup>)> = HashMap::new();
    let by_place: HashMap<Place, &'a DeclaredGroup> =
        declared.groups.iter().map(|it| (it.from, it)).collect();
    let matched = matching(declared, heads);
    for (group, target) in &matched.groups {
        match target {
            Target::Missing => (),
            Target::Found(head) => {
                _ = found
                    .insert(head.id, (Managed::Declared(group.from), by_place.get(&group.from).copied()));
            }
            Target::Ambiguous(ids) => {
                found.extend(ids.iter().map(|it| (*it, (Managed::OneOfSeveral(group.from), None))));
            }
        }
    }
    for (removal, target) in &matched.removals {
        if let Target::Found(head) = target {
            found.insert(head.id, (Managed::Removed(removal.from), None));
        }
    }
    found
}

/// The members that the files ask for in one group, by who they are.
struct Members {
    lines: HashMap<UserId, (Place, Option<Timestamp>)>,
    ended: HashSet<UserId>,
    coming: HashSet<UserId>,
    rest: Rest,
}

impl Members {
    fn of(group: Option<&DeclaredGroup>, directory: &Directory<'_>, now: Timestamp) -> Self {
        let rest = group.map_or(Rest::Unmanaged, |it| it.members.rest);
        let coming = group.iter().flat_map(|it| &it.members.coming);
        let coming = coming.flat_map(|it| directory.find(&it.person)).map(|it| it.id).collect();
        let mut members = Self { lines: HashMap::new(), ended: HashSet::new(), coming, rest };
        for entry in group.iter().flat_map(|it| &it.members.entries) {
            for user in directory.find(&entry.person) {
                if entry.term().is_over(now) {
                    members.ended.insert(user.id);
                    continue;
                }
                // Of several lines the one counts that lasts longest.
                let ends = entry.term().ends;
                let line = members.lines.entry(user.id).or_insert((entry.from, ends));
                let lasts = |it: Option<Timestamp>| (it.is_none(), it);
                if lasts(ends) > lasts(line.1) {
                    *line = (entry.from, ends);
                }
            }
        }
        members
    }

    /// Adds those whom rules mean and no entry names.
    fn add_selected(
        &mut self,
        group: &DeclaredGroup,
        directory: &Directory<'_>,
        selected: impl Fn(&Selector) -> Option<Arc<[UserId]>>,
    ) {
        let excepted = group.computed.except.iter().flat_map(|it| directory.find(&it.person));
        let excepted: HashSet<UserId> = excepted.map(|it| it.id).collect();
        for rule in &group.computed.rules {
            for user in selected(&rule.selector).iter().flat_map(|it| it.iter()) {
                let is_named = self.ended.contains(user) || self.coming.contains(user);
                if !is_named && !excepted.contains(user) {
                    self.lines.entry(*user).or_insert((rule.from, None));
                }
            }
        }
    }

    fn said(&self, user: UserId) -> (Asked, Option<Place>, Option<Timestamp>) {
        match (self.lines.get(&user), self.ended.contains(&user)) {
            (Some((from, ends)), _) => (Asked::Declared, Some(*from), *ends),
            (None, true) => (Asked::Ended, None, None),
            (None, false) => match self.rest {
                Rest::Unmanaged => (Asked::Unmanaged, None, None),
                Rest::Kept => (Asked::Kept, None, None),
                Rest::Removed if self.coming.contains(&user) => (Asked::NotYet, None, None),
                Rest::Removed => (Asked::NotDeclared, None, None),
            },
        }
    }
}

/// Of each role of a group the first line that asks for it, and when its first part ends.
fn role_lines(
    group: &DeclaredGroup,
    roles: &Roles<'_>,
    now: Timestamp,
) -> HashMap<RoleId, (Option<Place>, Option<Timestamp>)> {
    let mut lines: HashMap<RoleId, (Option<Place>, Option<Timestamp>)> = HashMap::new();
    for entry in group.grants.entries.iter().filter(|it| !it.term.is_over(now)) {
        let Ok(role) = roles.find(&entry.role, entry.from) else { continue };
        let (from, ends) = lines.entry(role.id).or_default();
        *from = [*from, Some(entry.from)].into_iter().flatten().min();
        *ends = [*ends, entry.term.ends].into_iter().flatten().min();
    }
    lines
}

/// Where people are cut off, what they hold outside groups, the entries of the files about that, and for which people they act.
type Told<'a> = (
    &'a HashMap<UserId, Place>,
    &'a HashMap<UserId, &'a DirectRoles>,
    &'a HashMap<UserId, Vec<&'a DeclaredUser>>,
    (&'a HashMap<UserId, Vec<Act>>, &'a BTreeMap<Act, Place>),
);

/// Adds the people of a company.
fn people(
    review: &mut Review,
    company: CompanyId,
    (mut ways, all): (Ways, bool),
    rows: &[User],
    (locked, direct, users, (acts, asked)): Told<'_>,
    now: Timestamp,
) {
    let known: BTreeMap<UserId, &User> = rows.iter().rev().map(|it| (it.id, it)).collect();
    // Beyond a lens, whoever holds something outside groups may be asked for as well.
    let own = known.values().filter(|it| it.company == Some(company));
    let own = own.map(|it| it.id).filter(|it| all || direct.get(it).is_some_and(|it| !it.is_empty()));
    let everybody: BTreeSet<UserId> = own.chain(ways.keys().copied()).collect();
    let person = |id: UserId| {
        let ways = ways.remove(&id).unwrap_or_default();
        let paths = ways.iter().map(|(role, way)| (*role, &*way.scope, way.clone()));
        Person {
            company,
            user: known.get(&id).map_or_else(|| User::hidden(id), |it| (*it).clone()),
            effects: effects(paths, &BTreeMap::new()),
            direct: direct.get(&id).map(|it| (*it).clone()),
            direct_asked: direct.get(&id).zip(users.get(&id)).map_or_else(BTreeMap::new, |(live, own)| {
                let all = explain::direct(own, live, locked.contains_key(&id), now).into_iter();
                all.map(|it| (it.kind, it.standing)).collect()
            }),
            acts_asked: {
                let own = acts.get(&id).into_iter().flatten();
                own.filter_map(|it| Some((*it, *asked.get(it)?))).collect()
            },
            acts: acts.get(&id).cloned().unwrap_or_default(),
            locked_out: locked.get(&id).copied(),
        }
    };
    let mut people: Vec<Person> = everybody.into_iter().map(person).collect();
    people.sort_by_cached_key(|it| (review.names.person(it.user.id), it.user.id));
    review.people.extend(people);
}

fn names(declared: &Declared, all: &Snapshot, rows: &[User]) -> Names {
    let roles = all.companies.iter().flat_map(|it| &it.roles).map(|it| (it.id, it.name.clone()));
    let called = |it: &User| Some((it.id, it.best_key()?.to_string().into()));
    let email = |it: &User| Some((it.id, it.email.as_ref()?.as_str().into()));
    let mut people: BTreeMap<UserId, Box<str>> = rows.iter().filter_map(called).collect();
    people.extend(rows.iter().filter_map(email));
    let mut values = all.names.clone();
    values.extend(declared.aliases.iter().map(|(id, name)| (*id, name.clone())));
    Names { people, roles: roles.collect(), values }
}
