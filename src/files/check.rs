//! Files to [`Declared`], offline: every rule that needs no API, all findings at once.
//!
//! Reads nothing, and decides nothing of what a declaration does.

use std::{
    borrow::{Borrow, Cow},
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use jiff::tz::TimeZone;
use uuid::Uuid;

use super::{
    At,
    access::{AccessFile, GroupEntry, MemberEntry, RemovedEntry, RoleEntry},
    choice::Choice,
    declared::{
        Declared, DeclaredCompany, DeclaredGrant, DeclaredGroup, DeclaredMember, DeclaredRemoval,
        DeclaredRules, DeclaredScope, DeclaredUser, Listed, Rest, RoleRef, Said,
    },
    entry::{ApiSection, RoleName},
    mapping::Given,
    shape::{Listing, Names, TextOr},
    table::Table,
    workspace::{Ids, WorkspaceFile},
};
use crate::model::{
    finding::{Code, Finding, did_you_mean},
    ids::{CompanyId, GroupId, PersonRef, RoleId, parse_uuid},
    name,
    source::{FileId, Place},
};

mod computed;
mod endpoints;
mod policies;
mod remarks;
mod rows;
mod rules;
mod scopes;
#[cfg(test)]
mod tests;
mod unique;
mod users;
mod values;

pub(crate) use remarks::{approves_own, circle, idle_superior, leaves, locked_out};
pub(super) use rules::policy;
pub(crate) use unique::declared_twice;

/// The files of one run, decoded.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Files {
    pub workspace: Option<(FileId, WorkspaceFile)>,
    pub access: Vec<(FileId, AccessFile)>,
    /// The CSV files that the access files take people from.
    pub tables: Vec<Table>,
    /// A company given from outside: it stands in for the one of the workspace.
    pub company: Option<String>,
    /// Which of the companies the run is about.
    pub choice: Choice,
    /// What is odd about how they are written, and stops nothing.
    pub remarks: Vec<Finding>,
}

impl Files {
    /// The section that says which API; a file that stands alone may have one as well.
    pub fn api(&self) -> Option<(FileId, &ApiSection)> {
        let workspace = self.workspace.as_ref().and_then(|it| Some((it.0, it.1.api.as_ref()?)));
        let alone = || self.access.iter().find_map(|it| Some((it.0, it.1.api.as_ref()?)));
        workspace.or_else(alone)
    }

    /// Leaves of the access files which company each is about.
    pub(crate) fn keep_companies(&mut self) {
        for (_, file) in &mut self.access {
            let AccessFile { version, company, .. } = std::mem::take(file);
            *file = AccessFile { version, company, ..AccessFile::default() };
        }
    }
}

/// Checks everything that can be checked without the API.
///
/// # Errors
///
/// All findings, sorted by place. The result does not depend on the order of the files.
pub fn check(files: &Files) -> Result<Declared, Vec<Finding>> {
    let access = files.access.iter().map(|it| (it.0, &it.1));
    let given = (files.workspace.as_ref(), files.company.as_deref(), &files.choice);
    Ok(Declared { misread: files.remarks.clone(), ..checked(given, &files.tables, access)? })
}

/// [`check`], which drops the entries of a file once they are checked: most of the memory of a large company's files.
pub(crate) fn check_and_forget(files: &mut Files) -> Result<Declared, Vec<Finding>> {
    let access = files.access.iter_mut().map(|(file, access)| {
        let kept = AccessFile { api: access.api.clone(), ..AccessFile::default() };
        (*file, std::mem::replace(access, kept))
    });
    let given = (files.workspace.as_ref(), files.company.as_deref(), &files.choice);
    let declared = checked(given, &files.tables, access)?;
    Ok(Declared { misread: std::mem::take(&mut files.remarks), ..declared })
}

fn checked(
    (workspace, given, choice): (Option<&(FileId, WorkspaceFile)>, Option<&str>, &Choice),
    tables: &[Table],
    files: impl ExactSizeIterator<Item = (FileId, impl Borrow<AccessFile>)>,
) -> Result<Declared, Vec<Finding>> {
    let mut check = Check::default();
    if let Some((file, workspace)) = workspace {
        check.file = *file;
        check.workspace(workspace);
    }
    let in_file = workspace.and_then(|it| it.1.company.as_ref());
    let company = match (given, in_file) {
        (Some(company), _) => check.given_company(company),
        (None, Some(company)) => check.company(company),
        (None, None) => None,
    };
    // A company that could not be read was reported already; its groups are still checked.
    let is_given = given.is_some() || workspace.is_some_and(|it| !it.1.company.is_absent());
    let fallback = company.or_else(|| is_given.then_some(CompanyId(Uuid::nil())));

    let (mut rules, mut lockouts, mut accepts) = (DeclaredRules::default(), Vec::new(), Vec::new());
    let mut endpoints = Vec::new();
    if let Some((_, workspace)) = workspace {
        endpoints = workspace.api.as_ref().map(|it| check.endpoints(it)).unwrap_or_default();
        rules = check.rules(workspace, fallback);
        lockouts = workspace.lockout.iter().filter_map(|it| check.lockout(it)).collect();
        accepts = workspace.accept.iter().filter_map(|it| check.accept(it, fallback)).collect();
    }

    let mut companies: BTreeMap<CompanyId, DeclaredCompany> = BTreeMap::new();
    // Looked at even if no file declares a group: a plan of nothing still says what there is, and
    // who is cut off everywhere has to be found.
    let is_whole = choice.is_everything();
    if let Some(id) = company.filter(|_| files.len() == 0 && is_whole || !lockouts.is_empty()) {
        companies.insert(id, DeclaredCompany::new(id));
    }
    for (file, access) in files {
        let access = access.borrow();
        check.file = file;
        check.access_file((access, tables), fallback, workspace.is_some(), &mut companies);
        if let (None, Some(api)) = (workspace, access.api.as_ref()) {
            rules.identity = check.identity(api).or(rules.identity);
            endpoints.extend(check.endpoints(api));
        }
    }
    let mut companies: Vec<DeclaredCompany> =
        companies.into_values().filter(|it| choice.holds(it.id) || it.id.0.is_nil()).collect();
    for company in &mut companies {
        company.groups.shrink_to_fit();
        company.groups.sort_by(|a, b| (&a.name, a.from).cmp(&(&b.name, b.from)));
        company.removals.sort_by(|a, b| (&a.name, a.from).cmp(&(&b.name, b.from)));
        check.one_entry_per_group(company);
        company.users.sort_by(|a, b| (&a.person, a.from).cmp(&(&b.person, b.from)));
        check.one_entry_per_user(company);
        check.join_rows(company);
        check.one_key_per_user(company);
        company.newcomers = company.users.iter().flat_map(|it| it.keys().into_iter().skip(1)).collect();
        check.people_told_apart(company);
    }

    if check.findings.is_empty() {
        let attribute_names = check.attribute_names();
        let named = check.companies.names.into_values();
        let mut known_companies: Vec<CompanyId> = named.flatten().map(CompanyId).collect();
        known_companies.sort_unstable();
        let unmanaged = workspace.and_then(|it| it.1.unmanaged.as_ref().copied()).unwrap_or_default();
        let (aliases, named_at) = (check.aliases, check.named_at);
        let misread = Vec::new();
        Ok(Declared {
            company: choice.only().or(company.filter(|it| choice.holds(*it))),
            aside: choice.aside.iter().copied().collect(),
            companies,
            zone: check.zone,
            aliases,
            named_at,
            attribute_names,
            known_companies,
            rules,
            endpoints,
            unmanaged,
            lockouts,
            accepts,
            misread,
            lined: false,
            base: None,
        })
    } else {
        check.findings.sort();
        check.findings.dedup();
        Err(check.findings)
    }
}

/// Whether a file can declare a group of this name, and means it to the letter.
pub(crate) fn says_name(name: &str) -> bool {
    let mut check = Check::default();
    let at = At { v: name.to_owned(), line: 1, column: 1 };
    check.own_name(Some(&at)).is_some_and(|it| *it == *name) && check.findings.is_empty()
}

/// Whether a file can say this description of a group, and means it to the letter.
pub(crate) fn says_description(text: &str) -> bool {
    let mut check = Check::default();
    let at = At { v: text.to_owned(), line: 1, column: 1 };
    check.text(Some(&at), "a description").is_some_and(|it| *it == *text)
}

/// The file that is checked, the names of the workspace, and what was found so far.
#[derive(Debug, Default)]
struct Check {
    file: FileId,
    companies: Aliases,
    legal_entities: Aliases,
    departments: Aliases,
    cost_centers: Aliases,
    grades: Aliases,
    offices: Aliases,
    aliases: BTreeMap<Uuid, Box<str>>,
    named_at: BTreeMap<Uuid, Place>,
    findings: Vec<Finding>,
    /// In which days begin and end; UTC where none is given.
    zone: Option<TimeZone>,
    /// The addresses that were read, as the files spell them, and the scopes: a company has many entries and few of
    /// these.
    addresses: HashMap<Box<str>, PersonRef>,
    scopes: HashSet<Arc<DeclaredScope>>,
    /// What rows say, by company, before it is joined with what is under `users:`.
    rows: BTreeMap<CompanyId, Vec<DeclaredUser>>,
}

/// Names for ids; `None` for what is wrong, which was reported.
#[derive(Debug, Default)]
struct Aliases {
    names: BTreeMap<String, Option<Uuid>>,
    /// Whether there may be others.
    is_doubtful: bool,
}

/// Scopes by the name they have in one file; `None` for one that is wrong, which was reported.
#[derive(Default)]
struct Scopes<'a> {
    names: HashMap<Cow<'a, str>, Option<Arc<DeclaredScope>>>,
    /// Whether there may be others.
    is_doubtful: bool,
}

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
        let (at, message, help) = match version {
            Given::Is(At { v: 1, .. }) | Given::Wrong => return,
            Given::Is(other) => {
                (self.at(other), format!("version {} is not known", other.v), "this rolecall reads version 1")
            }
            Given::Absent => {
                let start = Place::new(self.file, 1, 1);
                (start, "`version` is missing".to_owned(), "start the file with `version: 1`")
            }
        };
        self.say(Finding::new(Code::UnsupportedVersion, at, message).help(help));
    }

    fn workspace(&mut self, workspace: &WorkspaceFile) {
        self.version(&workspace.version);
        if let Some(raw) = workspace.time_zone.as_ref() {
            self.zone = self.time_zone(raw);
        }
        self.ids(&workspace.ids);
    }

    fn ids(&mut self, ids: &Given<Ids>) {
        match ids {
            Given::Is(ids) => {
                self.companies = self.aliases(&ids.company, "a company id");
                self.legal_entities = self.aliases(&ids.legal_entity, "a legal entity id");
                self.departments = self.aliases(&ids.department, "a department id");
                self.cost_centers = self.aliases(&ids.cost_center, "a cost center id");
                self.offices = self.aliases(&ids.office, "an office id");
                self.grades = self.aliases(&ids.grade, "a grade id");
            }
            ids => {
                let all = [
                    &mut self.companies,
                    &mut self.legal_entities,
                    &mut self.departments,
                    &mut self.cost_centers,
                    &mut self.offices,
                    &mut self.grades,
                ];
                all.into_iter().for_each(|it| it.is_doubtful = ids.is_wrong());
            }
        }
    }

    fn aliases(&mut self, ids: &Given<Names<String>>, what: &str) -> Aliases {
        let mut found = Aliases { is_doubtful: ids.is_wrong(), ..Aliases::default() };
        let Some(ids) = ids.as_ref() else { return found };
        found.names.extend(ids.keys().map(|it| (name::composed(it).into_owned(), None)));
        for (name, at) in self.names(ids, "a name under `ids:`") {
            let Some(id) = self.uuid(ids.get(name).and_then(Option::as_ref), what) else { continue };
            let name = name::composed(name);
            self.named_at.entry(id).or_insert(at);
            if let Some(first) = self.aliases.insert(id, name.as_ref().into()) {
                let place = |it: &str| {
                    let (_, first) = ids.iter().find(|(name, _)| name::composed(name) == it)?;
                    first.as_ref().map(|it| self.at(it))
                };
                let message = format!("`{name}` and `{first}` are names for one id");
                let twice = Finding::new(Code::DuplicateAlias, at, message)
                    .help("keep one of them: which of the two a plan shows would be a guess");
                let first = place(&first).filter(|it| *it != at);
                self.say(first.into_iter().fold(twice, |it, first| it.related(first, "the other name")));
            }
            found.names.insert(name.into_owned(), Some(id));
        }
        found
    }

    /// The keys of a mapping that are names, with the place of what each stands for: those that are seen, spelt in one
    /// alphabet a word, and told apart by reading.
    fn names<'a, T>(&mut self, all: &'a Names<T>, what: &str) -> Vec<(&'a String, Place)> {
        let mut names = Vec::with_capacity(all.len());
        for (name, entry) in all.iter().filter_map(|it| Some((it.0, it.1.as_ref()?))) {
            let at = self.at(entry);
            if self.seen_at(at, name, what).is_some() {
                self.one_alphabet(at, name, what);
                names.push((name, at));
            }
        }
        names.sort_by_key(|it: &(&String, Place)| it.1);
        self.told_apart(names.iter().map(|it| (it.0.as_str(), it.1)));
        names
    }

    fn given_company(&mut self, raw: &str) -> Option<CompanyId> {
        if let Some(id) = parse_uuid(raw) {
            return Some(CompanyId(id));
        }
        let known = self.companies.names.get(&*name::composed(raw)).copied();
        if known.is_some() || self.companies.is_doubtful {
            return known.flatten().map(CompanyId);
        }
        let near = did_you_mean(raw, self.companies.names.keys().map(String::as_str));
        let message = format!("`{raw}` is neither a company id nor a name from `ids.company`");
        self.wrong(
            Finding::general(Code::UnknownAlias, message)
                .help("give `--company` a UUID, or add the name under `ids.company`")
                .maybe_help(near),
        )
    }

    fn access_file(
        &mut self,
        (access, tables): (&AccessFile, &[Table]),
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
        let company = match &access.company {
            Given::Is(company) => self.company(company).or(Some(CompanyId(Uuid::nil()))),
            Given::Wrong => Some(CompanyId(Uuid::nil())),
            Given::Absent => fallback,
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
        let file = self.file;
        for (nth, it) in access.users_from.iter().enumerate() {
            let rows = self.users_from(it, tables.iter().filter(|it| it.of == (file, nth)));
            self.rows.entry(company).or_default().extend(rows);
        }
    }

    fn group(&mut self, entry: &At<GroupEntry>, scopes: &Scopes<'_>) -> Option<DeclaredGroup> {
        const LIST: &str =
            "write the list, `[]` for nobody, `{ atLeast: […] }`, or `unmanaged` to leave it alone";
        const DESCRIPTION: &str =
            "say what the group is for; it may be left out where `roles` is `unmanaged`";
        let v = &entry.v;
        let may_be_unmanaged =
            v.roles.is_wrong() || v.roles.as_ref().is_some_and(|it| it.v.rest == Rest::Unmanaged);
        let called = v.name.as_ref().map_or(String::new(), |it| format!(" `{}`", it.v));
        self.required(
            self.at(entry),
            &format!("group{called}"),
            &[
                ("name", v.name.is_absent(), "every group needs a name"),
                ("description", v.description.is_absent() && !may_be_unmanaged, DESCRIPTION),
                ("roles", v.roles.is_absent(), LIST),
                ("members", v.members.is_absent(), LIST),
            ],
        );
        let id = self.uuid(v.id.as_ref(), "a group id").map(GroupId);
        let former = v.renamed_from.as_ref();
        let renamed_from = former.and_then(|it| Some((self.name(Some(it))?, self.at(it))));
        let description = self.text(v.description.as_ref(), "a description");
        let grants = self.listing(&v.roles, |check, role| check.grant(role, scopes));
        let members = self.listing(&v.members, Self::member);
        let term = self.term(&v.from, &v.until);
        self.no_grant_twice(&grants.entries);
        self.no_member_twice(&members.entries);
        let computed = self.computed(v, &members);
        let from = self.at(v.name.as_ref()?);
        let name = self.own_name(v.name.as_ref())?;
        Some(DeclaredGroup { from, name, description, id, renamed_from, term, grants, members, computed })
    }

    fn listing<T, D>(
        &mut self,
        listing: &Given<At<Listing<T>>>,
        mut read: impl FnMut(&mut Self, &At<T>) -> Option<D>,
    ) -> Listed<D> {
        match listing.as_ref() {
            Some(At { v: Listed { entries, rest, .. }, .. }) => {
                let mut all = Vec::with_capacity(entries.len());
                all.extend(entries.iter().filter_map(|it| read(self, it)));
                Listed { entries: all, coming: Vec::new(), rest: *rest }
            }
            None => Listed::unmanaged(),
        }
    }

    fn grant(&mut self, entry: &At<RoleEntry>, scopes: &Scopes<'_>) -> Option<DeclaredGrant> {
        const HELP: &str = "a role holds on a scope: `{ role: …, scope: … }`";
        let (from, v) = (self.at(entry), &entry.v);
        let keys = [("role", v.role.is_absent(), HELP), ("scope", v.scope.is_absent(), HELP)];
        self.required(from, "a role entry", &keys);
        let role = v.role.as_ref().and_then(|it| self.role(it));
        let scope = v.scope.as_ref().and_then(|it| self.scope(it, scopes));
        let term = self.term(&v.from, &v.until);
        self.maybe_reason(&v.reason);
        Some(DeclaredGrant { role: role?, scope: scope?, term, from })
    }

    fn role(&mut self, role: &At<RoleName>) -> Option<RoleRef> {
        let keys = match &role.v {
            TextOr::Text(name) => {
                let name = self.seen_at(self.at(role), name, "a role name")?.into();
                return Some(RoleRef::Name { name, provided_by: None });
            }
            TextOr::Keys(keys) => keys,
        };
        match (keys.id.read(Some)?, keys.name.read(Some)?, keys.provided_by.read(|it| Some(*it))?) {
            (Some(id), None, None) => self.uuid(Some(id), "a role id").map(|id| RoleRef::Id(RoleId(id))),
            (None, Some(name), provided_by) => {
                Some(RoleRef::Name { name: self.seen(name, "a role name")?.into(), provided_by })
            }
            _ => {
                let message = "a role is named by `id`, or by `name` with or without `providedBy`";
                self.wrong(Finding::new(Code::WrongType, self.at(role), message).help("keep one of them"))
            }
        }
    }

    fn member(&mut self, entry: &At<MemberEntry>) -> Option<DeclaredMember> {
        let person = self.person(entry);
        let said = match &entry.v {
            TextOr::Text(_) => Said::default(),
            TextOr::Keys(keys) => {
                let has_reason = self.maybe_reason(&keys.reason).is_some();
                Said { term: self.term(&keys.from, &keys.until), has_reason }
            }
        };
        let said = (said != Said::default()).then(|| Box::new(said));
        Some(DeclaredMember { person: person?, said, from: self.at(entry) })
    }

    fn removal(&mut self, entry: &At<RemovedEntry>) -> Option<DeclaredRemoval> {
        const HELP: &str =
            "write `{ group: NAME, reason: WHY }`: a deletion is explained to those it concerns";
        let (from, v) = (self.at(entry), &entry.v);
        let keys = [("group", v.group.is_absent(), HELP), ("reason", v.reason.is_absent(), HELP)];
        self.required(from, "a `removed:` entry", &keys);
        let id = self.uuid(v.id.as_ref(), "a group id").map(GroupId);
        let reason = self.text(v.reason.as_ref(), "a reason");
        let name = self.name(v.group.as_ref());
        Some(DeclaredRemoval { name: name?, id, reason: reason?, ended: None, from })
    }
}
