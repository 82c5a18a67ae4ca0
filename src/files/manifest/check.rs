//! Files to [`Declared`], offline: every rule that needs no API, all findings at once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    At,
    access::{AccessFile, GroupEntry, Listing, MemberEntry, RemovedEntry, RoleEntry, RoleName},
    declared::{
        Declared, DeclaredCompany, DeclaredGrant, DeclaredGroup, DeclaredMember, DeclaredRemoval,
        DeclaredRules, DeclaredScope, Listed, Rest, RoleRef,
    },
    workspace::WorkspaceFile,
};
use crate::model::{
    finding::{Code, Finding, did_you_mean},
    ids::{CompanyId, parse_uuid},
    source::{FileId, Place},
};

mod people;
mod remarks;
mod rules;
mod scopes;
#[cfg(test)]
mod tests;
mod unique;
mod users;
mod values;

pub use remarks::locked_out;
pub use unique::declared_twice;
use values::{MAX_DESCRIPTION, name, text, until, uuid};

/// The files of one run, parsed.
#[derive(Debug, Default)]
pub struct Files {
    /// The workspace, where there is one.
    pub workspace: Option<(FileId, WorkspaceFile)>,
    /// The access files, in any order.
    pub access: Vec<(FileId, AccessFile)>,
    /// A company given from outside: it stands in for the one of the workspace.
    pub company: Option<String>,
}

/// Checks everything that can be checked without the API.
///
/// # Errors
///
/// All findings, sorted by place. The result does not depend on the order of the files.
pub fn check(files: &Files) -> Result<Declared, Vec<Finding>> {
    let mut check = Check::default();
    if let Some((file, workspace)) = &files.workspace {
        check.workspace(*file, workspace);
    }
    let company = match (&files.company, &files.workspace) {
        (Some(company), _) => check.outside_company(company),
        (None, Some((file, WorkspaceFile { company: Some(company), .. }))) => check.company(*file, company),
        (None, _) => None,
    };
    // A company that could not be read was reported already; its groups are still checked.
    let given = files.company.is_some() || files.workspace.as_ref().is_some_and(|it| it.1.company.is_some());
    let fallback = company.or_else(|| given.then_some(CompanyId(Uuid::nil())));

    let (mut rules, mut lockouts) = (DeclaredRules::default(), Vec::new());
    if let Some((file, workspace)) = &files.workspace {
        rules = check.rules(*file, workspace, fallback);
        lockouts = workspace.lockout.iter().filter_map(|it| check.lockout(*file, it)).collect();
    }

    let mut companies: BTreeMap<CompanyId, DeclaredCompany> = BTreeMap::new();
    // Looked at even if no file declares a group: a plan of nothing still says what there is, and
    // who is cut off everywhere has to be found.
    if let Some(id) = company.filter(|_| files.access.is_empty() || !lockouts.is_empty()) {
        companies.insert(id, DeclaredCompany::new(id));
    }
    for (file, access) in &files.access {
        check.access_file(*file, access, fallback, files.workspace.is_some(), &mut companies);
        if let (None, Some(api)) = (&files.workspace, &access.api) {
            rules.identity = check.identity(*file, api).or(rules.identity);
        }
    }
    let mut companies: Vec<DeclaredCompany> = companies.into_values().collect();
    for company in &mut companies {
        company.groups.sort_by(|a, b| (&a.name, a.from).cmp(&(&b.name, b.from)));
        company.removals.sort_by(|a, b| (&a.name, a.from).cmp(&(&b.name, b.from)));
        check.one_entry_per_group(company);
        company.users.sort_by(|a, b| (&a.person, a.from).cmp(&(&b.person, b.from)));
        check.one_entry_per_user(company);
    }

    if check.findings.is_empty() {
        let mut known_companies: Vec<CompanyId> = check.companies.values().copied().collect();
        known_companies.sort_unstable();
        Ok(Declared { company, companies, aliases: check.aliases, known_companies, rules, lockouts })
    } else {
        check.findings.sort();
        check.findings.dedup();
        Err(check.findings)
    }
}

/// The names of the workspace, and what was found so far.
#[derive(Debug, Default)]
struct Check {
    companies: BTreeMap<String, CompanyId>,
    legal_entities: BTreeMap<String, Uuid>,
    aliases: BTreeMap<Uuid, Box<str>>,
    findings: Vec<Finding>,
}

impl Check {
    fn say(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Keeps a value, or the finding that stands in its place.
    fn take<T>(&mut self, result: Result<T, Finding>) -> Option<T> {
        result.map_err(|finding| self.say(finding)).ok()
    }

    fn version(&mut self, file: FileId, version: Option<&At<u64>>) {
        match version {
            Some(At { v: 1, .. }) => (),
            Some(other) => self.say(
                Finding::new(
                    Code::UnsupportedVersion,
                    other.place(file),
                    format!("version {} is not known", other.v),
                )
                .help("this rolecall reads version 1"),
            ),
            None => self.say(
                Finding::new(Code::UnsupportedVersion, Place::new(file, 1, 1), "`version` is missing")
                    .help("start the file with `version: 1`"),
            ),
        }
    }

    fn workspace(&mut self, file: FileId, workspace: &WorkspaceFile) {
        self.version(file, workspace.version.as_ref());
        for (name, id) in &workspace.ids.company {
            if let Some(id) = self.take(uuid(file, id, "a company id")) {
                self.companies.insert(name.clone(), CompanyId(id));
                self.aliases.insert(id, name.as_str().into());
            }
        }
        for (name, id) in &workspace.ids.legal_entity {
            if let Some(id) = self.take(uuid(file, id, "a legal entity id")) {
                self.legal_entities.insert(name.clone(), id);
                self.aliases.insert(id, name.as_str().into());
            }
        }
    }

    fn outside_company(&mut self, raw: &str) -> Option<CompanyId> {
        let found = parse_uuid(raw).map(CompanyId).or_else(|| self.companies.get(raw).copied());
        if found.is_none() {
            let help = did_you_mean(raw, self.companies.keys().map(String::as_str));
            self.say(
                Finding::general(
                    Code::UnknownAlias,
                    format!("`{raw}` is neither a company id nor a name from `ids.company`"),
                )
                .help("give `--company` a UUID, or add the name under `ids.company`")
                .maybe_help(help),
            );
        }
        found
    }

    fn company(&mut self, file: FileId, raw: &At<String>) -> Option<CompanyId> {
        let found = alias(file, raw, "company", &self.companies, CompanyId);
        self.take(found)
    }

    fn access_file(
        &mut self,
        file: FileId,
        access: &AccessFile,
        fallback: Option<CompanyId>,
        in_workspace: bool,
        companies: &mut BTreeMap<CompanyId, DeclaredCompany>,
    ) {
        self.version(file, access.version.as_ref());
        let api = access.api.as_ref().and_then(|it| {
            let identity = it.identity.as_ref().map(|it| it.place(file));
            it.endpoint.as_ref().map(|it| it.place(file)).or(identity)
        });
        if let (true, Some(at)) = (in_workspace, api) {
            self.say(
                Finding::new(Code::UnknownKey, at, "`api` means nothing here")
                    .help("`rolecall.yaml` says which API the whole workspace talks to"),
            );
        }
        let company = match &access.company {
            Some(company) => self.company(file, company).or(Some(CompanyId(Uuid::nil()))),
            None => fallback,
        };
        let Some(company) = company else {
            self.say(
                Finding::new(Code::NoCompany, Place::new(file, 1, 1), "whose groups these are is not said")
                    .help("set `company:` in `rolecall.yaml` or in this file, or give `--company`"),
            );
            return;
        };
        let scopes = self.named_scopes(file, &access.scopes);
        let entry = companies.entry(company).or_insert_with(|| DeclaredCompany::new(company));
        for group in &access.groups {
            entry.groups.extend(self.group(file, group, &scopes));
        }
        for removed in &access.removed {
            entry.removals.extend(self.removal(file, removed));
        }
        for user in &access.users {
            entry.users.extend(self.user(file, user));
        }
    }

    fn group(
        &mut self,
        file: FileId,
        At { v: group, line, column }: &At<GroupEntry>,
        scopes: &HashMap<&str, Arc<DeclaredScope>>,
    ) -> Option<DeclaredGroup> {
        let at = Place::new(file, *line, *column);
        let unmanaged = matches!(group.roles, Some(At { v: Listing::Unmanaged, .. }));
        let called = group.name.as_ref().map_or(String::new(), |it| format!(" `{}`", it.v));
        for (key, missing) in [
            ("name", group.name.is_none()),
            ("description", group.description.is_none() && !unmanaged),
            ("roles", group.roles.is_none()),
            ("members", group.members.is_none()),
        ] {
            if missing {
                self.say(
                    Finding::new(Code::MissingKey, at, format!("group{called} has no `{key}`")).help(match key {
                        "name" => "every group needs a name",
                        "description" => "say what the group is for; it may be left out where `roles` is `unmanaged`",
                        _ => "write the list, `[]` for nobody, `{ atLeast: […] }`, or `unmanaged` to leave it alone",
                    }),
                );
            }
        }
        let id = group.id.as_ref().and_then(|it| self.take(uuid(file, it, "a group id")));
        let renamed_from = group
            .renamed_from
            .as_ref()
            .and_then(|it| Some((self.take(name(file, it, "a group name"))?, it.place(file))));
        let description = group
            .description
            .as_ref()
            .and_then(|it| self.take(text(file, it, "a description", MAX_DESCRIPTION)));
        let grants = self.listing(group.roles.as_ref(), |check, role| check.grant(file, role, scopes));
        let members = self.listing(group.members.as_ref(), |check, member| check.member(file, member));
        self.no_grant_twice(&grants.entries);
        self.no_member_twice(&members.entries);
        let named = group.name.as_ref()?;
        Some(DeclaredGroup {
            from: named.place(file),
            name: self.take(name(file, named, "a group name"))?,
            description,
            id: id.map(crate::model::ids::GroupId),
            renamed_from,
            grants,
            members,
        })
    }

    fn listing<T, D>(
        &mut self,
        listing: Option<&At<Listing<T>>>,
        mut read: impl FnMut(&mut Self, &At<T>) -> Option<D>,
    ) -> Listed<D> {
        let (entries, rest): (&[At<T>], Rest) = match listing.map(|it| &it.v) {
            Some(Listing::Exactly(entries)) => (entries, Rest::Removed),
            Some(Listing::AtLeast(entries)) => (entries, Rest::Kept),
            Some(Listing::Unmanaged) | None => (&[], Rest::Unmanaged),
        };
        Listed { entries: entries.iter().filter_map(|it| read(self, it)).collect(), rest }
    }

    fn grant(
        &mut self,
        file: FileId,
        At { v: entry, line, column }: &At<RoleEntry>,
        scopes: &HashMap<&str, Arc<DeclaredScope>>,
    ) -> Option<DeclaredGrant> {
        let at = Place::new(file, *line, *column);
        for (key, missing) in [("role", entry.role.is_none()), ("scope", entry.scope.is_none())] {
            if missing {
                self.say(
                    Finding::new(Code::MissingKey, at, format!("a role entry has no `{key}`"))
                        .help("a role holds on a scope: `{ role: …, scope: … }`"),
                );
            }
        }
        let role = entry.role.as_ref().and_then(|it| self.role(file, it));
        let scope = entry.scope.as_ref().and_then(|it| self.scope(file, it, scopes));
        let ends = entry.until.as_ref().and_then(|it| self.take(until(file, it)));
        Some(DeclaredGrant { role: role?, scope: scope?, ends, from: at })
    }

    fn role(&mut self, file: FileId, At { v: role, line, column }: &At<RoleName>) -> Option<RoleRef> {
        let at = Place::new(file, *line, *column);
        let keys = match role {
            RoleName::Name(name) => {
                return Some(RoleRef::Name { name: name.as_str().into(), provided_by: None });
            }
            RoleName::Keys(keys) => keys,
        };
        match (&keys.id, &keys.name) {
            (Some(id), None) if keys.provided_by.is_none() => {
                let id = self.take(uuid(file, id, "a role id"))?;
                Some(RoleRef::Id(crate::model::ids::RoleId(id)))
            }
            (None, Some(name)) => {
                Some(RoleRef::Name { name: name.v.as_str().into(), provided_by: keys.provided_by })
            }
            _ => {
                self.say(
                    Finding::new(
                        Code::WrongType,
                        at,
                        "a role is named by `id`, or by `name` with or without `providedBy`",
                    )
                    .help("keep one of them"),
                );
                None
            }
        }
    }

    fn member(&mut self, file: FileId, At { v, line, column }: &At<MemberEntry>) -> Option<DeclaredMember> {
        let from = Place::new(file, *line, *column);
        let (person, ends) = match v {
            MemberEntry::Address(address) => (people::address(from, address), None),
            MemberEntry::Keys(keys) => (
                people::person(
                    file,
                    from,
                    [&keys.email, &keys.external_id, &keys.employee_id, &keys.user_id],
                ),
                keys.until.as_ref(),
            ),
        };
        let ends = ends.and_then(|it| self.take(until(file, it)));
        Some(DeclaredMember { person: self.take(person)?, ends, from })
    }

    fn removal(
        &mut self,
        file: FileId,
        At { v: entry, line, column }: &At<RemovedEntry>,
    ) -> Option<DeclaredRemoval> {
        let at = Place::new(file, *line, *column);
        for (key, missing) in [("group", entry.group.is_none()), ("reason", entry.reason.is_none())] {
            if missing {
                self.say(
                    Finding::new(Code::MissingKey, at, format!("a `removed:` entry has no `{key}`")).help(
                        "write `{ group: NAME, reason: WHY }`: a deletion is explained to those it concerns",
                    ),
                );
            }
        }
        let id = entry.id.as_ref().and_then(|it| self.take(uuid(file, it, "a group id")));
        let reason =
            entry.reason.as_ref().and_then(|it| self.take(text(file, it, "a reason", MAX_DESCRIPTION)));
        let group = entry.group.as_ref().and_then(|it| self.take(name(file, it, "a group name")));
        Some(DeclaredRemoval {
            name: group?,
            id: id.map(crate::model::ids::GroupId),
            reason: reason?,
            from: at,
        })
    }
}

/// Resolves an id or a name from `ids`.
fn alias<T: Copy>(
    file: FileId,
    raw: &At<String>,
    kind: &str,
    names: &BTreeMap<String, T>,
    id: impl Fn(Uuid) -> T,
) -> Result<T, Finding> {
    if let Some(found) = parse_uuid(&raw.v).map(id).or_else(|| names.get(&raw.v).copied()) {
        return Ok(found);
    }
    Err(Finding::new(
        Code::UnknownAlias,
        raw.place(file),
        format!("`{}` is neither an id nor a name from `ids.{kind}`", raw.v),
    )
    .help(format!("add it to `rolecall.yaml`: `ids: {{ {kind}: {{ {}: UUID }} }}`", raw.v))
    .maybe_help(did_you_mean(&raw.v, names.keys().map(String::as_str))))
}
