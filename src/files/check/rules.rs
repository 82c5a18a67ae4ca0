//! `guards:`, `exceptions:`, `lockout:` and `api.identity` of a workspace, as rules in names.

use super::{
    super::{
        At,
        declared::{
            DeclaredAccept, DeclaredDifference, DeclaredException, DeclaredFloor, DeclaredLockout,
            DeclaredRules, DeclaredTarget, Pattern, RoleRef,
        },
        entry::{ApiSection, PersonKeys},
        mapping::Given,
        workspace::{AcceptEntry, ExceptionEntry, GuardsSection, LockoutEntry, PolicyFile, WorkspaceFile},
    },
    Check,
};
use crate::model::{
    escape,
    finding::{Code, Finding, did_you_mean},
    ids::{CompanyId, PersonRef, folded_address},
    name, pattern,
    rules::{ExceptionKey, Guard, Level, Outside},
    source::{FileId, Place},
};

/// Why a lock-out or an exception has no optional keys.
pub(super) const BOUNDED: &str =
    "what goes beyond the rules is bounded, dated and explained to the next reader";

/// The keys by which an exception says what it is for; `company` beside others only says whose they are.
fn given(v: &ExceptionEntry) -> impl Iterator<Item = ExceptionKey> {
    let alone = v.group.is_absent() && v.person.is_absent() && v.role.is_absent();
    ExceptionKey::ALL.iter().copied().filter(move |it| match it {
        ExceptionKey::Group => !v.group.is_absent(),
        ExceptionKey::Person => !v.person.is_absent(),
        ExceptionKey::Role => !v.role.is_absent(),
        ExceptionKey::Company => alone && !v.company.is_absent(),
    })
}

/// Reads a policy: the limits, and the guards it sets something for; what it leaves out limits nothing.
pub(in crate::files) fn policy(file: FileId, policy: &PolicyFile) -> Result<DeclaredFloor, Vec<Finding>> {
    let mut check = Check { file, ..Check::default() };
    check.version(&policy.version);
    check.ids(&policy.ids);
    let company = policy.company.as_ref().and_then(|it| check.company(it));
    let (mut rules, mut set) = (DeclaredRules::unlimited(), Vec::new());
    if let Some(guards) = policy.guards.as_ref() {
        check.guards(guards, &mut rules);
        let given = [
            (Guard::Removals, !guards.removals.is_absent()),
            (Guard::People, !guards.people.is_absent()),
            (Guard::Lockouts, !guards.lockouts.is_absent()),
            (Guard::LastHolder, !guards.holders.is_absent()),
            (Guard::Privileged, !guards.privileged.is_absent()),
            (Guard::Protected, !guards.protected.is_absent()),
        ];
        set.extend(given.into_iter().filter(|it| it.1).map(|it| it.0));
        if !guards.holders.is_absent() && guards.privileged.is_absent() {
            // Of the roles that manage access: otherwise there were none to count the holders of.
            rules.privileged = None;
        }
    }
    if let Some(policies) = policy.policies.as_ref() {
        let says_privileged = policy.guards.as_ref().is_some_and(|it| !it.privileged.is_absent());
        if !says_privileged {
            rules.privileged = None;
        }
        check.policies(policies, company, &mut rules);
        set.extend((!rules.policies.is_empty()).then_some(Guard::Policies));
    }
    let Check { findings, aliases, .. } = check;
    if findings.is_empty() {
        Ok(DeclaredFloor { by: Outside::Policy, guards: set, rules, aliases: Some(aliases) })
    } else {
        Err(findings)
    }
}

impl Check {
    /// Reads the rules; `company` is the one that exceptions are about unless they say otherwise.
    pub(super) fn rules(&mut self, workspace: &WorkspaceFile, company: Option<CompanyId>) -> DeclaredRules {
        let mut rules = DeclaredRules::default();
        if let Some(guards) = workspace.guards.as_ref() {
            self.guards(guards, &mut rules);
        }
        rules.exceptions = workspace.exceptions.iter().filter_map(|it| self.exception(it, company)).collect();
        if let Some(policies) = workspace.policies.as_ref() {
            self.policies(policies, company, &mut rules);
        }
        rules.identity = workspace.api.as_ref().and_then(|it| self.identity(it));
        rules
    }

    fn guards(&mut self, guards: &GuardsSection, rules: &mut DeclaredRules) {
        if let Some(removals) = guards.removals.as_ref() {
            let percent = self.number(&removals.percent, "percent", 1, 100);
            rules.percent = percent.and_then(|it| u8::try_from(it).ok()).unwrap_or(rules.percent);
            rules.from = self.number(&removals.from, "from", 1, u64::MAX).unwrap_or(rules.from);
            rules.at_most = self.number(&removals.at_most, "atMost", 0, u64::MAX).unwrap_or(rules.at_most);
        }
        if let Some(people) = guards.people.as_ref() {
            let percent = self.number(&people.percent, "percent", 1, 100);
            rules.people_percent =
                percent.and_then(|it| u8::try_from(it).ok()).unwrap_or(rules.people_percent);
            rules.people_from = self.number(&people.from, "from", 1, u64::MAX).unwrap_or(rules.people_from);
            let most = self.number(&people.at_most, "atMost", 0, u64::MAX);
            rules.people_at_most = most.unwrap_or(rules.people_at_most);
            let look_ups = self.number(&people.look_ups, "lookUps", 0, u64::MAX);
            rules.people_look_ups = look_ups.unwrap_or(rules.people_look_ups);
        }
        if let Some(lockouts) = guards.lockouts.as_ref() {
            let number = |check: &mut Self, raw, key| check.number(raw, key, 0, u64::MAX);
            let people = number(self, &lockouts.people, "people");
            rules.lockout_people = people.unwrap_or(rules.lockout_people);
            let memberships = number(self, &lockouts.memberships, "memberships");
            rules.lockout_memberships = memberships.unwrap_or(rules.lockout_memberships);
        }
        rules.holders = self.number(&guards.holders, "holders", 1, u64::MAX).unwrap_or(rules.holders);
        if let Some(privileged) = guards.privileged.as_ref() {
            let privileged = privileged.iter();
            rules.privileged =
                Some(privileged.filter_map(|it| Some((self.role(it)?, self.at(it)))).collect());
        }
        if let Some(protected) = guards.protected.as_ref() {
            let groups = protected.groups.as_ref().into_iter().flatten();
            rules.protected_groups = groups
                .filter_map(|it| Some((self.pattern(it, &name::composed(&it.v))?, self.at(it))))
                .collect();
            // Addresses are folded, so what is to match them is folded too.
            let people = protected.people.as_ref().into_iter().flatten();
            let pattern = |it: &At<String>| Some((self.pattern(it, &folded_address(&it.v))?, self.at(it)));
            rules.protected_people = people.filter_map(pattern).collect();
        }
    }

    pub(super) fn identity(&mut self, api: &ApiSection) -> Option<(PersonRef, Place)> {
        self.account(&api.identity)
    }

    /// The user that a token stands for.
    pub(super) fn account(&mut self, raw: &Given<At<PersonKeys>>) -> Option<(PersonRef, Place)> {
        let identity = raw.as_ref()?;
        let at = self.at(identity);
        Some((self.keyed(at, &identity.v)?, at))
    }

    pub(super) fn lockout(&mut self, entry: &At<LockoutEntry>) -> Option<DeclaredLockout> {
        let (from, v) = (self.at(entry), &entry.v);
        let person = self.keyed(from, v);
        let keys = [("since", v.since.is_absent(), BOUNDED), ("reason", v.reason.is_absent(), BOUNDED)];
        self.required(from, "a lock-out", &keys);
        let term = self.term(&v.since, &v.until);
        let reason = self.text(v.reason.as_ref(), "a reason");
        Some(DeclaredLockout { person: person?, since: term.starts?, ends: term.ends, reason: reason?, from })
    }

    /// Reads what is accepted, of `company` unless it names another.
    pub(super) fn accept(
        &mut self,
        entry: &At<AcceptEntry>,
        company: Option<CompanyId>,
    ) -> Option<DeclaredAccept> {
        const HELP: &str = "name a `group`, a `group` with a `person` or a `role`, or a `person` with the type of a direct role as `role`";
        let (from, v) = (self.at(entry), &entry.v);
        let keys = [
            ("owner", v.owner.is_absent(), BOUNDED),
            ("until", v.until.is_absent(), BOUNDED),
            ("reason", v.reason.is_absent(), BOUNDED),
        ];
        self.required(from, "an accepted difference", &keys);
        let owner = self.text(v.owner.as_ref(), "an owner");
        let reason = self.text(v.reason.as_ref(), "a reason");
        let ends = self.until(&v.until);
        let named = (!v.company.is_absent()).then(|| v.company.as_ref().and_then(|it| self.company(it)));
        let group = v.group.read(|it| self.name(Some(it)));
        let person = v.person.read(|it| self.person(it));
        let role = v.role.read(|it| self.role(it));
        let company = self.owner(from, named, company, Code::InvalidAccept);
        let (group, person, role) = (group?, person?, role?);
        let wrong = |check: &mut Self, message: &str| {
            check.wrong(Finding::new(Code::InvalidAccept, from, message).help(HELP))
        };
        let what = match (group, person, role) {
            (Some(group), None, None) => DeclaredDifference::Group(group),
            (Some(group), Some(person), None) => DeclaredDifference::Member { group, person },
            (Some(group), None, Some(role)) => DeclaredDifference::Role { group, role },
            (None, Some(person), Some(RoleRef::Name { name, provided_by: None })) => {
                DeclaredDifference::Direct { person, role_type: name }
            }
            (None, Some(_), Some(_)) => return wrong(self, "a direct role is named by its type alone"),
            (Some(_), Some(_), Some(_)) => {
                return wrong(self, "a group has members and it has roles: this names both at once");
            }
            (None, Some(_), None) => return wrong(self, "it is not said what of this person is accepted"),
            (None, None, Some(_)) => return wrong(self, "it is not said whose role this is"),
            (None, None, None) => return wrong(self, "something is accepted, and it is not said what"),
        };
        Some(DeclaredAccept { company: company?, what, owner: owner?, ends: ends?, reason: reason?, from })
    }

    fn exception(
        &mut self,
        entry: &At<ExceptionEntry>,
        company: Option<CompanyId>,
    ) -> Option<DeclaredException> {
        let (from, v) = (self.at(entry), &entry.v);
        let keys = [
            ("guard", v.guard.is_absent(), BOUNDED),
            ("upTo", v.up_to.is_absent(), BOUNDED),
            ("until", v.until.is_absent(), BOUNDED),
            ("reason", v.reason.is_absent(), BOUNDED),
        ];
        self.required(from, "an exception", &keys);
        let guard = v.guard.as_ref().and_then(|it| self.guard(it));
        let level = self.level(v, guard);
        let target = self.target(from, v, company);
        let up_to = self.number(&v.up_to, "upTo", 1, u64::MAX);
        let ends = self.until(&v.until);
        let reason = self.text(v.reason.as_ref(), "a reason");
        let (guard, target, level) = (guard?, target?, level?);
        let fits = level.map_or(guard.targets(), Level::targets);
        if let Some(key) = given(v).find(|it| !fits.contains(it)) {
            let of = level.map_or(String::new(), |it| format!(" of {}", it.as_str()));
            let keys: Vec<String> = fits.iter().map(|it| format!("`{}`", it.as_str())).collect();
            let message = format!("`{}`{of} does not look at a {}", guard.as_str(), key.as_str());
            return self.wrong(
                Finding::new(Code::InvalidException, from, message)
                    .help(format!("say what it is for by {}", keys.join(" or "))),
            );
        }
        let policy = None;
        Some(DeclaredException {
            guard,
            policy,
            target,
            level,
            up_to: up_to?,
            ends: ends?,
            reason: reason?,
            from,
        })
    }

    fn guard(&mut self, raw: &At<String>) -> Option<Guard> {
        let found = Guard::ALL.iter().copied().find(|it| it.as_str() == raw.v);
        if let Some(guard) = found.filter(|it| it.can_be_excepted()) {
            return Some(guard);
        }
        let words: Vec<&str> =
            Guard::ALL.iter().filter(|it| it.can_be_excepted()).map(|it| it.as_str()).collect();
        let list = format!("the guards with exceptions are {}", words.join(", "));
        let (message, near) = match found {
            Some(_) => (format!("`{}` knows no exception", raw.v), None),
            None => (format!("no guard is called `{}`", raw.v), did_you_mean(&raw.v, words)),
        };
        self.wrong(Finding::new(Code::InvalidException, self.at(raw), message).help(list).maybe_help(near))
    }

    /// What `removals` counts: `None` inside for every other guard.
    fn level(&mut self, v: &ExceptionEntry, guard: Option<Guard>) -> Option<Option<Level>> {
        let guard = guard?;
        let Some(of) = v.of.read(Some)? else {
            return Some((guard == Guard::Removals).then_some(Level::Members));
        };
        if guard != Guard::Removals {
            let message = format!("`of` means nothing for `{}`", guard.as_str());
            return self.wrong(
                Finding::new(Code::InvalidException, self.at(of), message)
                    .help("only `removals` counts several things"),
            );
        }
        let found = Level::ALL.iter().copied().find(|it| it.as_str() == of.v);
        found.map(Some).or_else(|| {
            let words: Vec<&str> = Level::ALL.iter().map(|it| it.as_str()).collect();
            let message = format!("`removals` does not count `{}`", of.v);
            self.wrong(
                Finding::new(Code::InvalidException, self.at(of), message)
                    .help(format!("it counts {}", words.join(", ")))
                    .maybe_help(did_you_mean(&of.v, words)),
            )
        })
    }

    /// What an exception is for: a group or role of `company` unless it names another, a person, or a company.
    pub(super) fn target(
        &mut self,
        at: Place,
        v: &ExceptionEntry,
        company: Option<CompanyId>,
    ) -> Option<DeclaredTarget> {
        let named = (!v.company.is_absent()).then(|| v.company.as_ref().and_then(|it| self.company(it)));
        if given(v).next().is_none() {
            return self.wrong(
                Finding::new(Code::InvalidException, at, "an exception is for something, here is nothing")
                    .help("name a `group`, a `person`, a `role` or a `company`, or several: all must be so"),
            );
        }
        let company = match (v.group.is_absent() && v.role.is_absent(), named) {
            (true, Some(company)) => Some(company?),
            (true, None) => None,
            (false, named) => Some(self.owner(at, named, company, Code::InvalidException)?),
        };
        let group = v.group.read(|it| self.name(Some(it)));
        let person = v.person.read(|it| self.person(it));
        let role = v.role.read(|it| self.role(it));
        Some(DeclaredTarget { company, group: group?, person: person?, role: role? })
    }

    /// The company that the entry names, or else the one of the workspace.
    pub(super) fn owner(
        &mut self,
        at: Place,
        named: Option<Option<CompanyId>>,
        company: Option<CompanyId>,
        code: Code,
    ) -> Option<CompanyId> {
        named.unwrap_or(company).or_else(|| {
            // A company that is named and not known was reported already.
            if named.is_some() {
                return None;
            }
            self.wrong(
                Finding::new(code, at, "the company of the group or role is not given")
                    .help("add `company:` here or to the workspace"),
            )
        })
    }

    pub(super) fn number(&mut self, raw: &Given<At<u64>>, key: &str, least: u64, most: u64) -> Option<usize> {
        let raw = raw.as_ref()?;
        if (least..=most).contains(&raw.v) {
            return Some(usize::try_from(raw.v).unwrap_or(usize::MAX));
        }
        let code = match key {
            "upTo" => Code::InvalidException,
            "days" | "atLeast" => Code::InvalidPolicy,
            _ => Code::InvalidGuard,
        };
        let range = if most == u64::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
        self.wrong(Finding::new(code, self.at(raw), format!("`{key}` is {range}, not {}", raw.v)))
    }

    pub(super) fn pattern(&mut self, raw: &At<String>, text: &str) -> Option<Pattern> {
        self.seen(raw, "a pattern")?;
        Pattern::new(text).filter(|_| !text.trim().is_empty()).or_else(|| {
            let why = pattern::glob(text).err().map(|it| format!(": {it}")).unwrap_or_default();
            let message = format!("`{}` is not a pattern{why}", escape::short(&raw.v));
            self.wrong(
                Finding::new(Code::InvalidGuard, self.at(raw), message)
                    .help("write a name, or one with `*` for any letters; quote a bracket with a backslash"),
            )
        })
    }
}
