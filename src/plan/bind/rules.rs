//! The rules of a plan, from names to ids.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Directory,
    grants::Roles,
    keys::Directories,
    policies::{self, means_something},
};
use crate::{
    files::declared::{Declared, DeclaredException, DeclaredFloor, DeclaredTarget, Pattern, RoleRef},
    model::{
        finding::{Code, Finding, did_you_mean},
        ids::{CompanyId, PersonRef, RoleId, UserId},
        observed::{Observed, ObservedCompany, User},
        rules::{Exception, ExceptionFor, Floor, Guard, HeldRole, Outside, PrivilegedTypes, Rules},
        source::Place,
    },
};

/// Binds the rules. What is wrong joins `findings`, what is odd `remarks`.
pub(super) fn rules(
    declared: &Declared,
    snapshot: &Observed,
    directories: Directories<'_>,
    now: Timestamp,
    findings: &mut Vec<Finding>,
    remarks: &mut Vec<Finding>,
) -> Rules {
    let directory = directories.then;
    let written = &declared.rules;
    let companies: Vec<CompanyId> = declared.companies.iter().map(|it| it.id).collect();
    let live = || snapshot.companies.iter().filter(|it| companies.contains(&it.id));
    let roles: Vec<(CompanyId, Roles<'_>)> = live().map(|it| (it.id, Roles::new(&it.roles))).collect();

    let mut exceptions = Vec::new();
    for exception in &written.exceptions {
        let world = World { declared, snapshot, companies: &companies, roles: &roles, directory };
        match target(exception, &world) {
            Ok(target) => exceptions.push(Exception {
                guard: exception.guard,
                policy: exception.policy.clone(),
                target,
                level: exception.level,
                up_to: exception.up_to,
                ends: exception.ends,
                reason: exception.reason.clone(),
                from: exception.from,
            }),
            Err(unknown) if exception.ends > now => {
                let message = format!("this exception from `{}` is for {}", exception.rule(), unknown.what);
                let finding = Finding::new(Code::UnknownException, exception.from, message);
                let help = "it allows nothing: correct it, or delete it if what it was for is gone";
                remarks.push(match unknown.near {
                    Some(near) => finding.help(near),
                    None => finding.help(help),
                });
            }
            Err(_) => (),
        }
    }
    let mut unmatched = Vec::new();
    let protected_groups = protected_groups(declared, snapshot, &mut unmatched);
    let protected_people = protected_people(declared, snapshot, directory, &mut unmatched);
    for Unmatched { pattern, from, what, .. } in &unmatched {
        let message = format!("`{}` under `guards.protected` matches no {what}", pattern.text());
        let help = "correct it, or delete it: it protects nothing";
        remarks.push(Finding::new(Code::UnmatchedPattern, *from, message).help(help));
    }
    // What was not read may be what a pattern means, and where the account is that runs rolecall.
    let is_part = !declared.aside.is_empty() || !snapshot.failed.is_empty();
    let certain = unmatched.into_iter().filter(|it| it.is_certain && !is_part);
    let unmatched = certain.map(|it| it.pattern.text().into()).collect();
    let mut unknown = Vec::new();
    let mut access_roles: Vec<(CompanyId, RoleId)> = live()
        .flat_map(|it| it.roles.iter().filter(|role| role.manages_access).map(|role| (it.id, role.id)))
        .collect();
    access_roles.sort_unstable();
    let world = policies::World { declared, snapshot, directory, roles: &roles };
    let is_rest = |it: &&CompanyId| declared.endpoints.iter().all(|own| !own.companies.contains_key(*it));
    let rest: Vec<CompanyId> = companies.iter().filter(is_rest).copied().collect();
    let written_identity = declared.rules.identity.as_ref();
    // Where nothing of the rest is looked at, the account of the rest is nobody here.
    let of_rest = written_identity.filter(|_| declared.endpoints.is_empty() || !rest.is_empty());
    let identity = identity(of_rest, &rest, directories, &mut unknown);
    let mut identities = BTreeMap::new();
    for endpoint in &declared.endpoints {
        let own: Vec<CompanyId> =
            companies.iter().filter(|it| endpoint.companies.contains_key(it)).copied().collect();
        let written = endpoint.identity.as_ref().filter(|_| !own.is_empty());
        let account = self::identity(written, &own, directories, &mut unknown);
        identities.extend(own.into_iter().map(|it| (it, account)));
    }
    let rules = Rules {
        percent: written.percent,
        from: written.from,
        at_most: written.at_most,
        people_percent: written.people_percent,
        people_from: written.people_from,
        people_at_most: written.people_at_most,
        lockout_people: written.lockout_people,
        lockout_memberships: written.lockout_memberships,
        privileged: privileged(declared, snapshot, &roles, &mut unknown),
        privileged_direct: privileged_direct(declared),
        holders: written.holders,
        protected_groups,
        protected_people,
        unmatched,
        accounts: snapshot.accounts.clone(),
        active: snapshot.users.iter().filter(|it| !it.is_hidden()).map(|it| (it.id, it.active)).collect(),
        homes: snapshot.users.iter().filter_map(|it| Some((it.id, it.company?))).collect(),
        identity,
        identities,
        access_roles,
        exceptions,
        declared: declared.entries().max(usize::from(is_part)),
        policies: world.policies(&mut unknown),
        unread: world.unread(),
        direct_read: match written.policies.is_empty() {
            true => BTreeSet::new(),
            false => snapshot.direct.keys().copied().collect(),
        },
        people: world.people(),
        names: world.names(),
        known: world.known(),
        floors: Vec::new(),
        barren: Vec::new(),
        undone: None,
    };
    findings.extend(unknown.into_iter().filter(|it| !(is_part && is_unknown(it.code))));
    rules
}

/// Whether something only is not there.
fn is_unknown(code: Code) -> bool {
    matches!(code, Code::UnknownRole | Code::UnknownIdentity | Code::UnknownGroup)
}

/// Binds the rules from outside the files. What is wrong with those of a policy is a finding; a base may name what
/// is gone by now, and what it names and nobody knows judges nothing.
pub(super) fn floors(
    declared: &Declared,
    snapshot: &Observed,
    directories: Directories<'_>,
    now: Timestamp,
    findings: &mut Vec<Finding>,
    remarks: &mut Vec<Finding>,
) -> Vec<Floor> {
    let floor = |floor: &DeclaredFloor| {
        let mut own = Declared { rules: floor.rules.clone(), ..declared.clone() };
        if let Some(aliases) = &floor.aliases {
            own.aliases.clone_from(aliases);
            // It may be for other workspaces as well, and of their companies this plan changes nothing.
            let is_here = |it: &CompanyId| declared.companies.iter().any(|own| own.id == *it);
            own.rules.policies.retain(|it| it.company.as_ref().is_none_or(is_here));
            let policies = &own.rules.policies;
            own.rules
                .exceptions
                .retain(|it| policies.iter().any(|policy| it.policy.as_ref() == Some(&policy.name)));
        }
        let (mut wrong, mut odd) = (Vec::new(), Vec::new());
        let mut rules = rules(&own, snapshot, directories, now, &mut wrong, &mut odd);
        // It may be a rule for other workspaces, or for what is no more.
        rules.unmatched.clear();
        match floor.by {
            Outside::Base => (),
            Outside::Policy => {
                findings.append(&mut wrong);
                remarks.append(&mut odd);
            }
        }
        Floor { by: floor.by, guards: floor.guards.clone(), rules }
    };
    declared.rules.floors.iter().map(floor).collect()
}

/// Returns which direct roles are privileged.
pub(in crate::plan) fn privileged_direct(declared: &Declared) -> PrivilegedTypes {
    let Some(listed) = &declared.rules.privileged else { return PrivilegedTypes::Known };
    let name = |role: &RoleRef| match role {
        RoleRef::Name { name, provided_by: None } => Some(name.clone()),
        RoleRef::Name { provided_by: Some(_), .. } | RoleRef::Id(_) => None,
    };
    match listed.is_empty() {
        true => PrivilegedTypes::Off,
        false => PrivilegedTypes::And(listed.iter().filter_map(|it| name(&it.0)).collect()),
    }
}

/// Returns the privileged roles of every company. A name has to mean something somewhere.
fn privileged(
    declared: &Declared,
    snapshot: &Observed,
    roles: &[(CompanyId, Roles<'_>)],
    findings: &mut Vec<Finding>,
) -> Vec<(CompanyId, RoleId)> {
    for (role, from) in declared.rules.privileged.iter().flatten() {
        let mut found: Vec<_> = roles.iter().map(|(_, roles)| roles.find(role, *from)).collect();
        let wrong = found.iter().position(|it| it.as_ref().is_err_and(|it| it.code != Code::UnknownRole));
        let unknown = found.iter().all(Result::is_err) && !means_something(role, declared, snapshot);
        if let Some(at) = wrong.or_else(|| unknown.then(|| found.len().checked_sub(1)).flatten()) {
            findings.extend(found.swap_remove(at).err());
        }
    }
    let companies = snapshot.companies.iter().filter(|it| roles.iter().any(|own| own.0 == it.id));
    let privileged = companies.flat_map(|company| {
        let roles = company.roles.iter().filter(|it| declared.rules.is_privileged(it));
        roles.map(|it| (company.id, it.id))
    });
    let mut found: Vec<(CompanyId, RoleId)> = privileged.collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// A pattern of what is protected that matches nothing of what was read.
struct Unmatched<'a> {
    pattern: &'a Pattern,
    from: Place,
    what: &'static str,
    /// Whether it could not match anything else either.
    is_certain: bool,
}

/// Returns the groups that patterns mean, as they are called now or will be when they are created.
fn protected_groups<'a>(
    declared: &'a Declared,
    snapshot: &Observed,
    unmatched: &mut Vec<Unmatched<'a>>,
) -> Vec<(CompanyId, Box<str>)> {
    let mut found = Vec::new();
    for (pattern, from) in &declared.rules.protected_groups {
        let before = found.len();
        for company in &declared.companies {
            let live = snapshot.companies.iter().filter(|it| it.id == company.id).flat_map(|it| &it.groups);
            let names = live.map(|it| &it.name).chain(company.groups.iter().map(|it| &it.name));
            let meant = names.filter(|name| pattern.matches(name));
            found.extend(meant.map(|it| (company.id, it.clone())));
        }
        if found.len() == before {
            unmatched.push(Unmatched { pattern, from: *from, what: "group", is_certain: true });
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the people that patterns mean, and whoever may be one of them because nobody can see who it is.
fn protected_people<'a>(
    declared: &'a Declared,
    snapshot: &Observed,
    directory: &Directory<'_>,
    unmatched: &mut Vec<Unmatched<'a>>,
) -> Vec<UserId> {
    let compared = !declared.rules.protected_people.is_empty();
    let mut found: Vec<UserId> = hidden(declared, snapshot, directory).filter(|_| compared).collect();
    let sees_everybody = found.is_empty();
    let read = |it: &ObservedCompany| it.groups.iter().all(|group| it.contents.contains_key(&group.id));
    let everything = snapshot.companies.iter().all(read);
    for (pattern, from) in &declared.rules.protected_people {
        let before = found.len();
        let meant = |it: &&User| it.email.as_ref().is_some_and(|email| pattern.matches(email.as_str()));
        found.extend(snapshot.users.iter().filter(meant).map(|it| it.id));
        // Somebody who cannot be seen may be meant.
        if found.len() == before && sees_everybody {
            // An address was looked up. A pattern may mean somebody in a group that was not read, who loses nothing.
            let is_certain = pattern.person().is_some() || everything;
            unmatched.push(Unmatched { pattern, from: *from, what: "person who was looked up", is_certain });
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns whoever cannot be compared with the patterns of protected people, where there are some: of whom no
/// answer tells the address.
fn hidden<'a>(
    declared: &'a Declared,
    snapshot: &'a Observed,
    directory: &'a Directory<'_>,
) -> impl Iterator<Item = UserId> + 'a {
    let compared = declared.rules.all().any(|it| !it.protected_people.is_empty());
    let ids = snapshot.users.iter().map(|it| it.id);
    ids.filter(move |it| compared && directory.user(*it).is_some_and(|it| it.email.is_none()))
}

/// Returns those who must not be removed because nobody can see whether they are protected. Where an exception in
/// force allows to take something from a protected person of that id, the guard decides.
pub(super) fn unseen(
    declared: &Declared,
    snapshot: &Observed,
    directory: &Directory<'_>,
    rules: &Rules,
    now: Timestamp,
) -> BTreeSet<UserId> {
    let excepts = |rules: &Rules, user: &UserId| {
        let mut own = rules.exceptions.iter().filter(|it| it.guard == Guard::Protected && it.holds(now));
        own.any(|it| it.target.person == Some(*user))
    };
    let excepted = |user: &UserId| rules.all_for(Guard::Protected).all(|it| excepts(it, user));
    hidden(declared, snapshot, directory).filter(|it| !excepted(it)).collect()
}

/// Returns the account that runs rolecall: whoever has the key now, whatever becomes of it by the plan.
fn identity(
    written: Option<&(PersonRef, Place)>,
    companies: &[CompanyId],
    Directories { now: directory, then }: Directories<'_>,
    findings: &mut Vec<Finding>,
) -> Option<UserId> {
    let (person, from) = written?;
    let new = || then.someone(companies, person).filter(|_| !directory.knows(person));
    let found = directory.someone(companies, person).or_else(new);
    if found.is_none() {
        let held = person.held_by(directory.find(person).len(), "these companies");
        findings.push(
            Finding::new(Code::UnknownIdentity, *from, format!("{held}, and exactly one is needed"))
                .help("name the user that the token stands for by `userId`, or delete `identity`"),
        );
    }
    found
}

/// What exceptions can be for.
struct World<'a> {
    declared: &'a Declared,
    snapshot: &'a Observed,
    companies: &'a [CompanyId],
    roles: &'a [(CompanyId, Roles<'a>)],
    directory: &'a Directory<'a>,
}

/// What an exception names and does not exist, and what it may mean.
struct Unknown {
    what: String,
    near: Option<String>,
}

/// Returns what an exception is for.
fn target(exception: &DeclaredException, world: &World<'_>) -> Result<ExceptionFor, Unknown> {
    let DeclaredTarget { company, group, person, role } = &exception.target;
    let unknown = |what: String| Unknown { what, near: None };
    if let Some(name) = group {
        let declared = world.declared.companies.iter().filter(|it| Some(it.id) == *company);
        let declared = declared.flat_map(|it| &it.groups).map(|it| &*it.name);
        let live = world.snapshot.companies.iter().filter(|it| Some(it.id) == *company);
        let names: BTreeSet<&str> =
            declared.chain(live.flat_map(|it| &it.groups).map(|it| &*it.name)).collect();
        if !names.contains(&**name) {
            let what = format!("the group `{name}`, and there is no such group");
            return Err(Unknown { what, near: did_you_mean(name, names) });
        }
    }
    let someone = |it: &PersonRef| {
        let found = world.directory.someone(world.companies, it);
        found.ok_or_else(|| unknown(format!("{it}, who is not exactly one user")))
    };
    Ok(ExceptionFor {
        company: *company,
        group: group.clone(),
        person: person.as_ref().map(someone).transpose()?,
        role: role.as_ref().map(|it| given(it, exception, world)).transpose()?,
    })
}

/// Returns the role that an exception is for: of groups, or a type of direct roles.
fn given(role: &RoleRef, exception: &DeclaredException, world: &World<'_>) -> Result<HeldRole, Unknown> {
    if let Some(right) = role.right().filter(|_| exception.policy.is_some()) {
        return Ok(HeldRole::Acts(right));
    }
    let own = world.roles.iter().find(|it| Some(it.0) == exception.target.company);
    let found = own.map(|it| it.1.find(role, exception.from));
    match (found, role) {
        (Some(Ok(role)), _) => Ok(HeldRole::Role(role.id)),
        (_, RoleRef::Name { name, .. }) if means_something(role, world.declared, world.snapshot) => {
            Ok(HeldRole::Direct(name.clone()))
        }
        (Some(Err(finding)), _) => {
            Err(Unknown { what: format!("a role, and {}", finding.message), near: finding.help })
        }
        (None, _) => {
            Err(Unknown { what: "a role of a company that is not looked at".to_owned(), near: None })
        }
    }
}
