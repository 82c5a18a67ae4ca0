//! Files to [`Declared`], offline: every rule that needs no API, all findings at once.
//!
//! Reads nothing, and decides nothing of what a declaration does.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    At,
    access::{AccessFile, GroupEntry, MemberEntry, RemovedEntry, RoleEntry},
    declared::{
        Declared, DeclaredCompany, DeclaredGrant, DeclaredGroup, DeclaredMember, DeclaredRemoval,
        DeclaredRules, DeclaredScope, Listed, Rest, RoleRef,
    },
    entry::RoleName,
    shape::{Given, Listing, TextOr},
    workspace::WorkspaceFile,
};
use crate::model::{
    finding::{Code, Finding, did_you_mean},
    ids::{CompanyId, GroupId, RoleId, parse_uuid},
    source::{FileId, Place},
};

mod remarks;
mod rules;
mod scopes;
#[cfg(test)]
mod tests;
mod unique;
mod users;
mod values;

pub(crate) use remarks::locked_out;
pub(crate) use unique::declared_twice;

/// The files of one run, decoded.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Files {
    pub workspace: Option<(FileId, WorkspaceFile)>,
    pub access: Vec<(FileId, AccessFile)>,
    /// A company given from outside: it stands in for the one of the workspace.
    pub company: Option<String>,
}

impl Files {
    /// Leaves of the access files which company each is about.
    pub(crate) fn keep_companies(&mut self) {
        for (_, file) in &mut self.access {
            let AccessFile { version, company, .. } = std::mem::take(file);
            *file = AccessFile { version, company, ..AccessFile::default() };
        }
    }

    /// Drops what [`check`] has returned in names: the entries, most of the memory of a large company's files.
    pub(crate) fn forget_entries(&mut self) {
        for (_, file) in &mut self.access {
            *file = AccessFile { api: std::mem::take(&mut file.api), ..AccessFile::default() };
        }
    }
}

/// Checks everything that can be checked without the API.
///
/// # Errors
///
/// All findings, sorted by place. The result does not depend on the order of the files.
pub fn check(files: &Files) -> Result<Declared, Vec<Finding>> {
    let mut check = Check::default();
    if let Some((file, workspace)) = &files.workspace {
        check.file = *file;
        check.workspace(workspace);
    }
    let in_file = files.workspace.as_ref().and_then(|it| it.1.company.as_ref());
    let company = match (&files.company, in_file) {
        (Some(company), _) => check.given_company(company),
        (None, Some(company)) => check.company(company),
        (None, None) => None,
    };
    // A company that could not be read was reported already; its groups are still checked.
    let given = files.company.is_some() || in_file.is_some();
    let fallback = company.or_else(|| given.then_some(CompanyId(Uuid::nil())));

    let (mut rules, mut lockouts) = (DeclaredRules::default(), Vec::new());
    if let Some((_, workspace)) = &files.workspace {
        rules = check.rules(workspace, fallback);
        lockouts = workspace.lockout.iter().filter_map(|it| check.lockout(it)).collect();
    }

    let mut companies: BTreeMap<CompanyId, DeclaredCompany> = BTreeMap::new();
    // Looked at even if no file declares a group: a plan of nothing still says what there is, and
    // who is cut off everywhere has to be found.
    if let Some(id) = company.filter(|_| files.access.is_empty() || !lockouts.is_empty()) {
        companies.insert(id, DeclaredCompany::new(id));
    }
    for (file, access) in &files.access {
        check.file = *file;
        check.access_file(access, fallback, files.workspace.is_some(), &mut companies);
        if let (None, Some(api)) = (&files.workspace, &*access.api) {
            rules.identity = check.identity(api).or(rules.identity);
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
        let mut known_companies: Vec<CompanyId> = check.companies.values().copied().map(CompanyId).collect();
        known_companies.sort_unstable();
        let unmanaged = files.workspace.as_ref().and_then(|it| *it.1.unmanaged).unwrap_or_default();
        let aliases = check.aliases;
        Ok(Declared { company, companies, aliases, known_companies, rules, unmanaged, lockouts })
    } else {
        check.findings.sort();
        check.findings.dedup();
        Err(check.findings)
    }
}

/// The file that is checked, the names of the workspace, and what was found so far.
#[derive(Debug, Default)]
struct Check {
    file: FileId,
    companies: BTreeMap<String, Uuid>,
    legal_entities: BTreeMap<String, Uuid>,
    aliases: BTreeMap<Uuid, Box<str>>,
    findings: Vec<Finding>,
}

/// Scopes by the name they have in one file.
type Scopes<'a> = HashMap<&'a str, Arc<DeclaredScope>>;

impl Check {
    fn at<T>(&self, it: &At<T>) -> Place {
        it.place(self.file)
    }

    fn say(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Keeps the finding that stands in the place of a value.
    fn wrong<T>(&mut self, finding: Finding) -> Option<T> {
        self.say(finding);
        None
    }

    /// Keeps a value, or the finding that stands in its place.
    fn take<T>(&mut self, result: Result<T, Finding>) -> Option<T> {
        result.map_err(|finding| self.say(finding)).ok()
    }

    /// Says which keys are missing, each with what to do.
    fn required(&mut self, at: Place, what: &str, keys: &[(&str, bool, &str)]) {
        for (key, _, help) in keys.iter().filter(|it| it.1) {
            self.say(Finding::new(Code::MissingKey, at, format!("{what} has no `{key}`")).help(*help));
        }
    }

    fn version(&mut self, version: &Given<At<u64>>) {
        let (at, message, help) = match &**version {
            Some(At { v: 1, .. }) => return,
            Some(other) => {
                (self.at(other), format!("version {} is not known", other.v), "this rolecall reads version 1")
            }
            None => {
                let start = Place::new(self.file, 1, 1);
                (start, "`version` is missing".to_owned(), "start the file with `version: 1`")
            }
        };
        self.say(Finding::new(Code::UnsupportedVersion, at, message).help(help));
    }

    fn workspace(&mut self, workspace: &WorkspaceFile) {
        self.version(&workspace.version);
        self.companies = self.aliases(&workspace.ids.company, "a company id");
        self.legal_entities = self.aliases(&workspace.ids.legal_entity, "a legal entity id");
    }

    fn aliases(&mut self, ids: &BTreeMap<String, At<String>>, what: &str) -> BTreeMap<String, Uuid> {
        let found: BTreeMap<String, Uuid> =
            ids.iter().filter_map(|(name, id)| Some((name.clone(), self.uuid(Some(id), what)?))).collect();
        self.aliases.extend(found.iter().map(|(name, id)| (*id, name.as_str().into())));
        found
    }

    fn given_company(&mut self, raw: &str) -> Option<CompanyId> {
        let found = parse_uuid(raw).or_else(|| self.companies.get(raw).copied());
        found.map(CompanyId).or_else(|| {
            let near = did_you_mean(raw, self.companies.keys().map(String::as_str));
            let message = format!("`{raw}` is neither a company id nor a name from `ids.company`");
            self.wrong(
                Finding::general(Code::UnknownAlias, message)
                    .help("give `--company` a UUID, or add the name under `ids.company`")
                    .maybe_help(near),
            )
        })
    }

    fn access_file(
        &mut self,
        access: &AccessFile,
        fallback: Option<CompanyId>,
        in_workspace: bool,
        companies: &mut BTreeMap<CompanyId, DeclaredCompany>,
    ) {
        self.version(&access.version);
        let api = access.api.as_ref().filter(|_| in_workspace).and_then(|it| {
            let identity = it.identity.as_ref().map(|it| self.at(it));
            it.endpoint.as_ref().map(|it| self.at(it)).or(identity)
        });
        if let Some(at) = api {
            self.say(
                Finding::new(Code::UnknownKey, at, "`api` means nothing here")
                    .help("`rolecall.yaml` says which API the whole workspace talks to"),
            );
        }
        let company = match &*access.company {
            Some(company) => self.company(company).or(Some(CompanyId(Uuid::nil()))),
            None => fallback,
        };
        let Some(company) = company else {
            let start = Place::new(self.file, 1, 1);
            return self.say(
                Finding::new(Code::NoCompany, start, "the company of these groups is not given")
                    .help("set `company:` in `rolecall.yaml` or in this file, or give `--company`"),
            );
        };
        let scopes = self.named_scopes(&access.scopes);
        let entry = companies.entry(company).or_insert_with(|| DeclaredCompany::new(company));
        entry.groups.extend(access.groups.iter().filter_map(|it| self.group(it, &scopes)));
        entry.removals.extend(access.removed.iter().filter_map(|it| self.removal(it)));
        entry.users.extend(access.users.iter().filter_map(|it| self.user(it)));
    }

    fn group(&mut self, entry: &At<GroupEntry>, scopes: &Scopes<'_>) -> Option<DeclaredGroup> {
        const LIST: &str =
            "write the list, `[]` for nobody, `{ atLeast: […] }`, or `unmanaged` to leave it alone";
        const DESCRIPTION: &str =
            "say what the group is for; it may be left out where `roles` is `unmanaged`";
        let v = &entry.v;
        let unmanaged = v.roles.as_ref().is_some_and(|it| it.v.rest == Rest::Unmanaged);
        let called = v.name.as_ref().map_or(String::new(), |it| format!(" `{}`", it.v));
        self.required(
            self.at(entry),
            &format!("group{called}"),
            &[
                ("name", v.name.is_none(), "every group needs a name"),
                ("description", v.description.is_none() && !unmanaged, DESCRIPTION),
                ("roles", v.roles.is_none(), LIST),
                ("members", v.members.is_none(), LIST),
            ],
        );
        let id = self.uuid(v.id.as_ref(), "a group id").map(GroupId);
        let former = v.renamed_from.as_ref();
        let renamed_from = former.and_then(|it| Some((self.name(Some(it))?, self.at(it))));
        let description = self.text(v.description.as_ref(), "a description");
        let grants = self.listing(&v.roles, |check, role| check.grant(role, scopes));
        let members = self.listing(&v.members, Self::member);
        self.no_grant_twice(&grants.entries);
        self.no_member_twice(&members.entries);
        let from = self.at(v.name.as_ref()?);
        let name = self.name(v.name.as_ref())?;
        Some(DeclaredGroup { from, name, description, id, renamed_from, grants, members })
    }

    fn listing<T, D>(
        &mut self,
        listing: &Given<At<Listing<T>>>,
        mut read: impl FnMut(&mut Self, &At<T>) -> Option<D>,
    ) -> Listed<D> {
        match &**listing {
            Some(At { v: Listed { entries, rest }, .. }) => {
                let mut all = Vec::with_capacity(entries.len());
                all.extend(entries.iter().filter_map(|it| read(self, it)));
                Listed { entries: all, rest: *rest }
            }
            None => Listed { entries: Vec::new(), rest: Rest::Unmanaged },
        }
    }

    fn grant(&mut self, entry: &At<RoleEntry>, scopes: &Scopes<'_>) -> Option<DeclaredGrant> {
        const HELP: &str = "a role holds on a scope: `{ role: …, scope: … }`";
        let (from, v) = (self.at(entry), &entry.v);
        let keys = [("role", v.role.is_none(), HELP), ("scope", v.scope.is_none(), HELP)];
        self.required(from, "a role entry", &keys);
        let role = v.role.as_ref().and_then(|it| self.role(it));
        let scope = v.scope.as_ref().and_then(|it| self.scope(it, scopes));
        let ends = self.until(&v.until);
        Some(DeclaredGrant { role: role?, scope: scope?, ends, from })
    }

    fn role(&mut self, role: &At<RoleName>) -> Option<RoleRef> {
        let keys = match &role.v {
            TextOr::Text(name) => {
                return Some(RoleRef::Name { name: name.as_str().into(), provided_by: None });
            }
            TextOr::Keys(keys) => keys,
        };
        match (&*keys.id, &*keys.name, *keys.provided_by) {
            (Some(id), None, None) => self.uuid(Some(id), "a role id").map(|id| RoleRef::Id(RoleId(id))),
            (None, Some(name), provided_by) => {
                Some(RoleRef::Name { name: name.v.as_str().into(), provided_by })
            }
            _ => {
                let message = "a role is named by `id`, or by `name` with or without `providedBy`";
                self.wrong(Finding::new(Code::WrongType, self.at(role), message).help("keep one of them"))
            }
        }
    }

    fn member(&mut self, entry: &At<MemberEntry>) -> Option<DeclaredMember> {
        let person = self.person(entry);
        let ends = match &entry.v {
            TextOr::Text(_) => None,
            TextOr::Keys(keys) => self.until(&keys.until),
        };
        Some(DeclaredMember { person: person?, ends, from: self.at(entry) })
    }

    fn removal(&mut self, entry: &At<RemovedEntry>) -> Option<DeclaredRemoval> {
        const HELP: &str =
            "write `{ group: NAME, reason: WHY }`: a deletion is explained to those it concerns";
        let (from, v) = (self.at(entry), &entry.v);
        let keys = [("group", v.group.is_none(), HELP), ("reason", v.reason.is_none(), HELP)];
        self.required(from, "a `removed:` entry", &keys);
        let id = self.uuid(v.id.as_ref(), "a group id").map(GroupId);
        let reason = self.text(v.reason.as_ref(), "a reason");
        let name = self.name(v.group.as_ref());
        Some(DeclaredRemoval { name: name?, id, reason: reason?, from })
    }
}
