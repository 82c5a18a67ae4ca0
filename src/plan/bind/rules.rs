//! The rules of a plan, from names to ids.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Directory, grants::Roles};
use crate::{
    files::declared::{Declared, DeclaredException, DeclaredTarget, RoleRef},
    model::{
        direct::known,
        finding::{Code, Finding},
        ids::{CompanyId, RoleId, UserId},
        observed::{Observed, User},
        rules::{self, Exception, Guard, Rules, Subject},
    },
};

/// Binds the rules. What is wrong joins `findings`, what is odd `remarks`.
pub(super) fn rules(
    declared: &Declared,
    snapshot: &Observed,
    directory: &Directory<'_>,
    now: Timestamp,
    findings: &mut Vec<Finding>,
    remarks: &mut Vec<Finding>,
) -> Rules {
    let written = &declared.rules;
    let companies: Vec<CompanyId> = declared.companies.iter().map(|it| it.id).collect();
    let live = || snapshot.companies.iter().filter(|it| companies.contains(&it.id));
    let roles: Vec<(CompanyId, Roles<'_>)> = live().map(|it| (it.id, Roles::new(&it.roles))).collect();

    let mut exceptions = Vec::new();
    for exception in &written.exceptions {
        match subject(exception, &companies, &roles, directory) {
            Some(subject) => exceptions.push(Exception {
                guard: exception.guard,
                subject,
                level: exception.level,
                up_to: exception.up_to,
                ends: exception.ends,
                reason: exception.reason.clone(),
                from: exception.from,
            }),
            // What it is for does not exist, so nothing can need it.
            None if exception.ends > now => remarks.push(rules::unused(exception.guard, exception.from)),
            None => (),
        }
    }
    let mut access_roles: Vec<(CompanyId, RoleId)> = live()
        .flat_map(|it| it.roles.iter().filter(|role| role.manages_access).map(|role| (it.id, role.id)))
        .collect();
    access_roles.sort_unstable();
    Rules {
        percent: written.percent,
        from: written.from,
        at_most: written.at_most,
        privileged: privileged(declared, &roles, findings),
        privileged_direct: privileged_direct(declared),
        holders: written.holders,
        protected_groups: protected_groups(declared, snapshot),
        protected_people: protected_people(declared, snapshot, directory),
        identity: identity(declared, &companies, directory, findings),
        access_roles,
        exceptions,
        declared: declared.entries(),
    }
}

/// Returns the types of roles outside groups that are privileged.
fn privileged_direct(declared: &Declared) -> Vec<&'static str> {
    let mut found: Vec<&str> = declared.rules.privileged.iter().filter_map(|it| direct_type(&it.0)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the type of role outside groups that a name is, if it is one and says nothing more.
fn direct_type(role: &RoleRef) -> Option<&'static str> {
    match role {
        RoleRef::Name { name, provided_by: None } => known(name).map(|it| it.0),
        RoleRef::Name { provided_by: Some(_), .. } | RoleRef::Id(_) => None,
    }
}

/// Returns the privileged roles of every company that has them. A name has to mean something somewhere: a
/// role of groups, or a type of role outside them.
fn privileged(
    declared: &Declared,
    roles: &[(CompanyId, Roles<'_>)],
    findings: &mut Vec<Finding>,
) -> Vec<(CompanyId, RoleId)> {
    let mut found = Vec::new();
    for (role, from) in &declared.rules.privileged {
        let (mut unknown, before) = (None, found.len());
        for (company, roles) in roles {
            match roles.find(role, *from) {
                Ok(role) => found.push((*company, role.id)),
                Err(finding) if finding.code == Code::UnknownRole => unknown = Some(finding),
                Err(finding) => {
                    findings.push(finding);
                    unknown = None;
                    break;
                }
            }
        }
        if found.len() == before && direct_type(role).is_none() {
            findings.extend(unknown);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the groups that patterns mean, as they are called now or will be when they are created.
fn protected_groups(declared: &Declared, snapshot: &Observed) -> Vec<(CompanyId, Box<str>)> {
    let patterns = &declared.rules.protected_groups;
    let mut found = Vec::new();
    for company in &declared.companies {
        let live = snapshot.companies.iter().filter(|it| it.id == company.id).flat_map(|it| &it.groups);
        let names = live.map(|it| &it.name).chain(company.groups.iter().map(|it| &it.name));
        let meant = names.filter(|name| patterns.iter().any(|it| it.matches(name)));
        found.extend(meant.map(|it| (company.id, it.clone())));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the people that patterns mean, and whoever may be one of them because nobody can see who it is.
fn protected_people(declared: &Declared, snapshot: &Observed, directory: &Directory<'_>) -> Vec<UserId> {
    let patterns = &declared.rules.protected_people;
    let meant = |email: &str| patterns.iter().any(|it| it.matches(email));
    let users = snapshot.users.iter();
    let mut found: Vec<UserId> = users
        .filter(|it| it.email.as_ref().is_some_and(|email| meant(email.as_str())))
        .map(|it| it.id)
        .chain(hidden(declared, snapshot, directory))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns whoever cannot be compared with the patterns of protected people, where there are some.
fn hidden<'a>(
    declared: &'a Declared,
    snapshot: &'a Observed,
    directory: &'a Directory<'_>,
) -> impl Iterator<Item = UserId> + 'a {
    let compared = !declared.rules.protected_people.is_empty();
    let ids = snapshot.users.iter().map(|it| it.id);
    ids.filter(move |it| compared && directory.user(*it).is_some_and(User::is_hidden))
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
    let excepted = |user: &UserId| {
        let mut own = rules.exceptions.iter().filter(|it| it.guard == Guard::Protected && it.holds(now));
        own.any(|it| it.subject == Subject::Person(*user))
    };
    hidden(declared, snapshot, directory).filter(|it| !excepted(it)).collect()
}

fn identity(
    declared: &Declared,
    companies: &[CompanyId],
    directory: &Directory<'_>,
    findings: &mut Vec<Finding>,
) -> Option<UserId> {
    let (person, from) = declared.rules.identity.as_ref()?;
    let found = directory.someone(companies, person);
    if found.is_none() {
        let many = directory.find(person).len();
        let what = if many == 0 { "no user".to_owned() } else { format!("not one user but {many}") };
        findings.push(
            Finding::new(Code::UnknownIdentity, *from, format!("{person} is {what}"))
                .help("name the user that the token stands for by `userId`, or delete `identity`"),
        );
    }
    found
}

/// Returns what an exception is for, or `None` where that does not exist.
fn subject(
    exception: &DeclaredException,
    companies: &[CompanyId],
    roles: &[(CompanyId, Roles<'_>)],
    directory: &Directory<'_>,
) -> Option<Subject> {
    match &exception.target {
        DeclaredTarget::Group(company, name) => Some(Subject::Group(*company, name.clone())),
        DeclaredTarget::Company(company) => Some(Subject::Company(*company)),
        DeclaredTarget::Person(person) => directory.someone(companies, person).map(Subject::Person),
        DeclaredTarget::Role(company, role) => {
            let roles = &roles.iter().find(|it| it.0 == *company)?.1;
            Some(Subject::Role(*company, roles.find(role, exception.from).ok()?.id))
        }
    }
}
