//! The access of one person: through which group, role and scope, and which line of the files asks for it.
//!
//! Looks at this one person and nobody else, and changes nothing. What a plan would do about a
//! difference is for the plan to say; here it only has a name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    files::{
        declared::{Declared, DeclaredAccept, DeclaredCompany, DeclaredGroup, DeclaredMember},
        matching::{Matched, Target, matching},
    },
    model::{
        ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
        observed::{GroupHead, Observed, ObservedCompany, User},
        permissions::Permissions,
        plan::{Names, Unresolved},
        scope::Scope,
        source::Place,
    },
    plan::{
        bind::{
            grants::Roles,
            keys,
            people::{Directory, alike},
        },
        effective,
    },
};

mod accepting;
mod acting;
mod attributes;
mod direct;
mod standing;
#[cfg(test)]
mod tests;

pub(super) use acting::led;
pub use acting::{Acted, Acting, Doubt, acting};
pub use attributes::{Agreement, Attributed};
pub use direct::DirectAccess;
pub(super) use direct::direct;
pub use standing::{Accepted, Asked, Line, Standing};

use standing::Keys;

/// What one person may do, and why.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Who, with every key that the directory gave.
    pub person: User,
    /// Other users, not active, whom the same key names; sorted.
    pub twins: Vec<UserId>,
    /// Whether the person's company is one of the workspace, or the API does not say which it is.
    pub at_home: bool,
    /// The entries that cut the person off everywhere, in force or not yet, in the order of the file.
    pub lockouts: Vec<Lockout>,
    /// The groups of these companies that the person is in, or shall be; sorted by company, name and id.
    pub groups: Vec<GroupAccess>,
    /// What the groups that the person is in come to, one entry per role, sorted by its name and id.
    pub effects: Vec<Effect>,
    /// The roles held outside groups, or to be, sorted by kind; `None` where the API did not say.
    pub direct: Option<Vec<DirectAccess>>,
    /// What the files declare of the person apart from access, by attribute.
    pub attributes: Vec<Attributed>,
    /// Who may act for the person, and for which people the person acts.
    pub acting: Acting,
    /// How many groups of other companies the person is in.
    pub elsewhere: usize,
    /// How many entries of the files fit nothing that there is.
    pub misfits: usize,
    /// Names for the ids above.
    pub names: Names,
}

/// An entry that cuts the person off everywhere.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Lockout {
    pub since: Timestamp,
    pub ends: Option<Timestamp>,
    pub in_force: bool,
    pub reason: Box<str>,
    pub from: Place,
}

/// A role that a person has through groups.
pub type Effect = effective::Effect<Through>;

/// A group that gives a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Through {
    pub company: CompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<GroupId>,
    pub name: Box<str>,
}

/// One group, as far as it concerns the person.
#[derive(Clone, Debug)]
pub struct GroupAccess {
    /// The owner.
    pub company: CompanyId,
    /// Which one; `None` where it does not exist yet, or where several have the name and the person is in none.
    pub id: Option<GroupId>,
    /// Its name; the live one where it exists.
    pub name: Box<str>,
    /// What the files say about the group.
    pub managed: Managed,
    /// The entry of `accept:` by which it stays, where it is to go.
    pub accepted: Option<Box<Accepted>>,
    /// Whether the person is in it, and shall be.
    pub standing: Standing,
    /// The rule of `membersFrom` by which the person shall be, in words.
    pub rule: Option<Box<str>>,
    /// Its roles, sorted by name and id; empty where the person is not in it.
    pub roles: Vec<RoleAccess>,
}

/// What the files say about a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Managed {
    /// Nothing.
    No,
    /// That it shall exist.
    Declared(Place),
    /// That one of several groups of this name shall exist: none of them is touched.
    OneOfSeveral(Place),
    /// That it shall go.
    Removed(Place),
}

/// A role of a group.
#[derive(Clone, Debug)]
pub struct RoleAccess {
    /// The role.
    pub role: RoleId,
    /// Where it holds; where the group does not have it yet, where it shall.
    pub scope: Scope,
    /// Whether the group has it, and shall.
    pub standing: Standing,
    /// Where the files want it, if that is elsewhere.
    pub elsewhere: Option<Scope>,
}

impl Explained {
    /// Returns in how many ways the person's access is not what the files ask for.
    pub fn differences(&self) -> usize {
        let group = |it: &GroupAccess| {
            let gone = matches!(it.managed, Managed::Removed(_));
            let roles = it.roles.iter().filter(|role| role.standing.differs()).count();
            let goes = gone && it.accepted.is_none();
            usize::from(goes || it.standing.differs()) + if gone { 0 } else { roles }
        };
        let direct = self.direct.iter().flatten().filter(|it| it.standing.differs()).count();
        // Who manages and approves is counted by whoever acts.
        let own = self.attributes.iter().filter(|it| !it.attribute.has_people());
        let own = own.filter(|it| it.agrees == Agreement::Differs).count();
        own + direct + self.groups.iter().map(group).sum::<usize>() + self.acting.differences()
    }

    /// How many differences are accepted, and so left as they are.
    pub fn accepted(&self) -> usize {
        let of = |it: &Standing| usize::from(it.accepted.is_some());
        let group = |it: &GroupAccess| {
            let roles = it.roles.iter().map(|it| of(&it.standing)).sum::<usize>();
            usize::from(it.accepted.is_some()) + of(&it.standing) + roles
        };
        let direct = self.direct.iter().flatten().map(|it| of(&it.standing)).sum::<usize>();
        direct + self.groups.iter().map(group).sum::<usize>()
    }

    /// The groups that the person is in.
    pub fn live(&self) -> impl Iterator<Item = &GroupAccess> {
        self.groups.iter().filter(|it| it.standing.is_live())
    }

    /// Returns every company that is spoken of, perhaps more than once.
    pub fn companies(&self) -> impl Iterator<Item = CompanyId> {
        self.groups.iter().map(|it| it.company).chain(self.person.company)
    }

    /// Returns every scope that is spoken of.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        let roles = self.groups.iter().flat_map(|it| &it.roles);
        let asked = roles.clone().filter_map(|it| it.elsewhere.as_ref());
        roles.map(|it| &it.scope).chain(asked).chain(self.effects.iter().map(|it| &it.scope))
    }
}

/// Returns the person of the files whose key is nearest to one that nobody has, if one is near.
pub fn near<'a>(declared: &'a Declared, person: &PersonRef) -> Option<&'a PersonRef> {
    let members = declared.companies.iter().flat_map(DeclaredCompany::people);
    let distance = |it: &PersonRef| {
        let (text, other, near) = match (person, it) {
            (PersonRef::Email(a), PersonRef::Email(b)) => (a.as_str(), b.as_str(), alike(a, b)),
            (PersonRef::ExternalId(a), PersonRef::ExternalId(b))
            | (PersonRef::EmployeeId(a), PersonRef::EmployeeId(b)) => {
                (&**a, &**b, strsim::damerau_levenshtein(a, b) <= 1)
            }
            // A UUID is copied, not typed; and keys of two kinds have nothing in common.
            (
                PersonRef::Email(_)
                | PersonRef::ExternalId(_)
                | PersonRef::EmployeeId(_)
                | PersonRef::UserId(_),
                _,
            ) => return None,
        };
        near.then(|| strsim::damerau_levenshtein(text, other))
    };
    let known = members.chain(declared.singled_out());
    known.filter(|it| *it != person).filter_map(|it| Some((distance(it)?, it))).min().map(|it| it.1)
}

/// Explains the access of the one person that the key names.
///
/// # Errors
///
/// Why there is not exactly one.
pub fn explain(
    declared: &Declared,
    snapshot: &Observed,
    person: &PersonRef,
    now: Timestamp,
) -> Result<Explained, Unresolved> {
    let declared = &*declared.at(now);
    let known = Directory::new(&snapshot.users);
    let user = known.nearest(&declared.own_companies(), person)?;
    let twins: BTreeSet<UserId> = known.find(person).iter().map(|it| it.id).collect();
    // What the files say by a key that they give means who is to have it.
    let (users, _) = keys::given((declared, declared), (&known, snapshot));
    let changed = users.as_deref().map(Directory::new);
    let directory = changed.as_ref().unwrap_or(&known);
    let held = Keys::of(user, &snapshot.users);
    let keys = Keys::of(user, users.as_deref().unwrap_or(&snapshot.users)).of_person(held.person.clone());
    let lockouts: Vec<Lockout> = declared
        .lockouts
        .iter()
        // It means whoever has the key, and whoever is to have it.
        .filter(|it| held.are_those_of(&it.person) || keys.are_those_of(&it.person))
        .map(|it| Lockout {
            since: it.since,
            ends: it.ends,
            in_force: it.holds(now),
            reason: it.reason.clone(),
            from: it.from,
        })
        .collect();
    let companies = declared.all_companies();
    let locked = lockouts.iter().any(|it| it.in_force);
    let mut names = names(declared, snapshot);
    // The names of the workspace go before those of the API.
    let units = snapshot.companies.iter().flat_map(|it| it.units.iter());
    let lived: BTreeSet<&str> =
        snapshot.profiles.get(&user).iter().flat_map(|it| it.iter().map(|it| it.1)).collect();
    for (id, name) in units.filter(|it| lived.contains(&*it.0.to_string())) {
        names.values.entry(id).or_insert_with(|| name.into());
    }
    let mut explaining = Explaining {
        user,
        keys,
        directory,
        locked,
        now,
        names: &names,
        accepts: &declared.accepts,
        groups: Vec::new(),
        misfits: 0,
    };
    let (inside, outside): (Vec<_>, Vec<_>) =
        snapshot.companies.iter().partition(|it| companies.binary_search(&it.id).is_ok());
    for live in inside {
        let none = DeclaredCompany::new(live.id);
        explaining.company(declared.companies.iter().find(|it| it.id == live.id).unwrap_or(&none), live);
    }
    let Explaining { keys, mut groups, misfits, .. } = explaining;
    groups.sort_by(|a, b| (a.company, &a.name, a.id).cmp(&(b.company, &b.name, b.id)));
    let roles = snapshot.companies.iter().flat_map(|it| &it.roles);
    let permissions = roles.filter_map(|it| Some((it.id, it.permissions.as_ref()?))).collect();
    let effects = effects(&groups, &permissions, &names);
    let users = declared.companies.iter().flat_map(|it| &it.users);
    let own: Vec<_> = users.filter(|it| keys.are_those_of(&it.person)).collect();
    let mut direct = snapshot.direct.get(&user).map(|it| direct::direct(&own, it, locked, now));
    accepting::direct(declared, &keys, direct.as_deref_mut().filter(|_| !locked).unwrap_or_default(), now);
    let at_home = keys.person.company.is_none_or(|it| companies.binary_search(&it).is_ok());
    let acting = acting(declared, snapshot, &keys.person, now);
    let attributes =
        attributes::attributes(&own, (&declared.own_companies(), directory), (&keys.person, snapshot));
    Ok(Explained {
        acting,
        attributes,
        twins: twins.into_iter().filter(|it| *it != user).collect(),
        person: keys.person,
        at_home,
        lockouts,
        groups,
        effects,
        direct,
        elsewhere: outside.iter().filter_map(|it| it.held.get(&user)).map(Vec::len).sum(),
        misfits,
        names,
    })
}

/// What the groups that the person is in give together, sorted by name and id of the role; each through groups sorted
/// by company, name and id.
fn effects(
    groups: &[GroupAccess],
    permissions: &BTreeMap<RoleId, &Permissions>,
    names: &Names,
) -> Vec<Effect> {
    let groups = groups.iter().filter(|it| it.standing.is_live());
    let paths = groups.flat_map(|group| {
        let roles = group.roles.iter().filter(|it| it.standing.is_live());
        roles.map(|it| {
            let through = Through { company: group.company, name: group.name.clone(), id: group.id };
            (it.role, &it.scope, through)
        })
    });
    let mut effects = effective::effects(paths, permissions);
    for effect in &mut effects {
        effect.through.sort_by(|a, b| (a.company, &a.name, a.id).cmp(&(b.company, &b.name, b.id)));
    }
    effects.sort_by_cached_key(|it| (names.role(it.role), it.role));
    effects
}

/// Returns a user with the keys of every answer of the API.
pub(super) fn person(id: UserId, users: &[User]) -> User {
    Keys::of(id, users).person
}

pub(super) fn names(declared: &Declared, snapshot: &Observed) -> Names {
    let roles = snapshot.companies.iter().flat_map(|it| &it.roles).map(|it| (it.id, it.name.clone()));
    let email = |it: &User| Some((it.id, it.email.as_ref()?.as_str().into()));
    Names {
        people: snapshot.users.iter().filter_map(email).collect(),
        roles: roles.collect(),
        values: declared.aliases.clone(),
    }
}

/// A person on the way through the companies.
struct Explaining<'a> {
    user: UserId,
    keys: Keys,
    directory: &'a Directory<'a>,
    /// Whether the person is cut off everywhere, now.
    locked: bool,
    now: Timestamp,
    names: &'a Names,
    accepts: &'a [DeclaredAccept],
    groups: Vec<GroupAccess>,
    misfits: usize,
}

impl Explaining<'_> {
    fn company(&mut self, declared: &DeclaredCompany, live: &ObservedCompany) {
        let held: &[GroupId] = live.held.get(&self.user).map_or(&[], Vec::as_slice);
        let heads = live.groups.iter().filter(|it| held.contains(&it.id));
        let mut unmanaged: BTreeMap<GroupId, &GroupHead> = heads.map(|it| (it.id, it)).collect();
        let Matched { groups, removals, findings, remarks: _ } = matching(declared, &live.groups);
        self.misfits += findings.len();
        for (group, target) in groups {
            match target {
                Target::Missing => self.missing(live, group, None, Managed::Declared(group.from)),
                Target::Found(head) => match unmanaged.remove(&head.id) {
                    Some(head) => self.held(live, head, Managed::Declared(group.from), Some(group)),
                    None => self.missing(live, group, Some(head), Managed::Declared(group.from)),
                },
                Target::Ambiguous(ids) => {
                    let managed = Managed::OneOfSeveral(group.from);
                    let there: Vec<&GroupHead> = ids.iter().filter_map(|it| unmanaged.remove(it)).collect();
                    if there.is_empty() {
                        self.missing(live, group, None, managed);
                    }
                    there.into_iter().for_each(|it| self.held(live, it, managed, None));
                }
            }
        }
        for (removal, target) in removals {
            let ids = match target {
                Target::Missing => Vec::new(),
                Target::Found(head) => vec![head.id],
                Target::Ambiguous(ids) => ids,
            };
            let managed = match ids[..] {
                [_] => Managed::Removed(removal.from),
                _ => Managed::OneOfSeveral(removal.from),
            };
            let there: Vec<&GroupHead> = ids.iter().filter_map(|it| unmanaged.remove(it)).collect();
            there.into_iter().for_each(|it| self.held(live, it, managed, None));
        }
        unmanaged.into_values().for_each(|it| self.held(live, it, Managed::No, None));
    }

    /// Notes a group that the person is in.
    fn held(
        &mut self,
        live: &ObservedCompany,
        head: &GroupHead,
        managed: Managed,
        declared: Option<&DeclaredGroup>,
    ) {
        let grants = live.contents.get(&head.id).map_or(&[][..], |it| &it.grants);
        let standing = self.keys.standing(declared, live, self.locked, self.now);
        let rule = declared.and_then(|it| self.rule(it, live)).filter(|_| standing.asked == Asked::Declared);
        let (mut roles, unknown) =
            standing::roles(declared, grants, &Roles::new(&live.roles), self.directory, self.now);
        self.misfits += unknown;
        roles.sort_by_cached_key(|it| (self.names.role(it.role), it.role));
        let (company, id, name) = (live.id, Some(head.id), head.name.clone());
        let mut access = GroupAccess { company, id, name, managed, accepted: None, standing, rule, roles };
        accepting::group(&mut access, declared, live, (self.accepts, &self.keys, self.now));
        self.groups.push(access);
    }

    /// The rule by which the person is to be in a group, in words.
    fn rule(&self, declared: &DeclaredGroup, live: &ObservedCompany) -> Option<Box<str>> {
        Some(self.keys.rule(declared, live)?.selector.text(&self.names.values).into())
    }

    /// Notes a group that the person is not in, if the files want the person there.
    fn missing(
        &mut self,
        live: &ObservedCompany,
        declared: &DeclaredGroup,
        head: Option<&GroupHead>,
        managed: Managed,
    ) {
        let Some(line) = self.keys.wanted(declared, live, self.now).filter(|_| !self.locked) else { return };
        // As long as it is not known who is excepted, nobody joins by a rule.
        let is_unknown =
            |it: &DeclaredMember| self.directory.everybody(live.id, &it.person) == Err(Unresolved::Unknown);
        if self.keys.rule(declared, live).is_some_and(|it| it.from == line.from)
            && declared.computed.except.iter().any(is_unknown)
        {
            return;
        }
        let mut access = GroupAccess {
            company: live.id,
            id: head.map(|it| it.id),
            name: head.map_or(&declared.name, |it| &it.name).clone(),
            managed,
            accepted: None,
            standing: Standing::new(Asked::Missing, [line]),
            rule: self.rule(declared, live),
            roles: Vec::new(),
        };
        accepting::group(&mut access, Some(declared), live, (self.accepts, &self.keys, self.now));
        self.groups.push(access);
    }
}
