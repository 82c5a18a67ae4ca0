//! `guards:`, `exceptions:`, `lockout:` and `api.identity` of a workspace, as rules in names.

use super::{
    super::{
        At,
        declared::{DeclaredException, DeclaredLockout, DeclaredRules, DeclaredTarget, Pattern},
        workspace::{ApiSection, ExceptionEntry, LockoutEntry, WorkspaceFile},
    },
    Check, people,
    values::{MAX_DESCRIPTION, name, since, text, until},
};
use crate::model::{
    finding::{Code, Finding, did_you_mean},
    ids::{CompanyId, PersonRef, folded_address},
    rules::{Guard, Level, Target},
    source::{FileId, Place},
};

impl Check {
    /// Reads the rules; `company` is the one that exceptions are about unless they say otherwise.
    pub(super) fn rules(
        &mut self,
        file: FileId,
        workspace: &WorkspaceFile,
        company: Option<CompanyId>,
    ) -> DeclaredRules {
        let mut rules = DeclaredRules::default();
        if let Some(guards) = &workspace.guards {
            if let Some(removals) = &guards.removals {
                let percent = self.number(file, removals.percent.as_ref(), "percent", 1, 100);
                rules.percent = percent.and_then(|it| u8::try_from(it).ok()).unwrap_or(rules.percent);
                let from = self.number(file, removals.from.as_ref(), "from", 1, u64::MAX);
                rules.from = from.unwrap_or(rules.from);
                let at_most = self.number(file, removals.at_most.as_ref(), "atMost", 0, u64::MAX);
                rules.at_most = at_most.unwrap_or(rules.at_most);
            }
            let holders = self.number(file, guards.holders.as_ref(), "holders", 1, u64::MAX);
            rules.holders = holders.unwrap_or(rules.holders);
            rules.privileged = guards
                .privileged
                .iter()
                .filter_map(|it| Some((self.role(file, it)?, it.place(file))))
                .collect();
            if let Some(protected) = &guards.protected {
                rules.protected_groups =
                    protected.groups.iter().filter_map(|it| self.pattern(file, it, &it.v)).collect();
                // Addresses are folded, so what is to match them is folded too.
                let people = protected.people.iter();
                rules.protected_people =
                    people.filter_map(|it| self.pattern(file, it, &folded_address(&it.v))).collect();
            }
        }
        rules.exceptions =
            workspace.exceptions.iter().filter_map(|it| self.exception(file, it, company)).collect();
        rules.identity = workspace.api.as_ref().and_then(|it| self.identity(file, it));
        rules
    }

    /// Reads who runs rolecall.
    pub(super) fn identity(&mut self, file: FileId, api: &ApiSection) -> Option<(PersonRef, Place)> {
        let At { v: keys, .. } = api.identity.as_ref()?;
        let at = api.identity.as_ref()?.place(file);
        let keys = [&keys.email, &keys.external_id, &keys.employee_id, &keys.user_id];
        Some((self.take(people::person(file, at, keys))?, at))
    }

    /// Reads who is cut off everywhere.
    pub(super) fn lockout(&mut self, file: FileId, entry: &At<LockoutEntry>) -> Option<DeclaredLockout> {
        let (at, v) = (entry.place(file), &entry.v);
        let person = people::person(file, at, [&v.email, &v.external_id, &v.employee_id, &v.user_id]);
        let person = self.take(person);
        self.required(at, "a lock-out", &[("since", v.since.is_none()), ("reason", v.reason.is_none())]);
        let since = v.since.as_ref().and_then(|it| self.take(since(file, it)));
        let reason = self.reason(file, v.reason.as_ref());
        Some(DeclaredLockout { person: person?, since: since?, reason: reason?, from: at })
    }

    fn exception(
        &mut self,
        file: FileId,
        entry: &At<ExceptionEntry>,
        company: Option<CompanyId>,
    ) -> Option<DeclaredException> {
        let (at, v) = (entry.place(file), &entry.v);
        let keys = [
            ("guard", v.guard.is_none()),
            ("upTo", v.up_to.is_none()),
            ("until", v.until.is_none()),
            ("reason", v.reason.is_none()),
        ];
        self.required(at, "an exception", &keys);
        let guard = v.guard.as_ref().and_then(|it| self.guard(file, it));
        let target = self.target(file, at, v, company);
        let level = self.level(file, v, guard);
        let up_to = self.number(file, v.up_to.as_ref(), "upTo", 1, u64::MAX);
        let ends = v.until.as_ref().and_then(|it| self.take(until(file, it)));
        let reason = self.reason(file, v.reason.as_ref());
        let (guard, target, level) = (guard?, target?, level?);
        let fits = level.map_or(guard.targets(), Level::targets);
        if !fits.contains(&target.kind()) {
            let of = level.map_or(String::new(), |it| format!(" of {}", it.as_str()));
            let keys: Vec<String> = fits.iter().map(|it| format!("`{}`", it.as_str())).collect();
            self.say(
                Finding::new(
                    Code::InvalidException,
                    at,
                    format!("`{}`{of} does not look at a {}", guard.as_str(), target.kind().as_str()),
                )
                .help(format!("say what it is for by {}", keys.join(" or "))),
            );
            return None;
        }
        let exception =
            DeclaredException { guard, target, level, up_to: up_to?, ends: ends?, reason: reason?, from: at };
        Some(exception)
    }

    fn guard(&mut self, file: FileId, raw: &At<String>) -> Option<Guard> {
        let found = Guard::ALL.iter().copied().find(|it| it.as_str() == raw.v);
        if let Some(guard) = found.filter(|it| it.can_be_excepted()) {
            return Some(guard);
        }
        let message = match found {
            Some(_) => format!("`{}` knows no exception", raw.v),
            None => format!("no guard is called `{}`", raw.v),
        };
        let words = || Guard::ALL.iter().filter(|it| it.can_be_excepted()).map(|it| it.as_str());
        let list = format!("the guards with exceptions are {}", words().collect::<Vec<_>>().join(", "));
        let near = found.is_none().then(|| did_you_mean(&raw.v, words())).flatten();
        self.say(Finding::new(Code::InvalidException, raw.place(file), message).help(list).maybe_help(near));
        None
    }

    /// Reads what `removals` counts: `None` inside for every other guard.
    fn level(&mut self, file: FileId, v: &ExceptionEntry, guard: Option<Guard>) -> Option<Option<Level>> {
        match (&v.of, guard?) {
            (None, Guard::Removals) => Some(Some(Level::Members)),
            (None, _) => Some(None),
            (Some(of), Guard::Removals) => {
                let found = Level::ALL.iter().copied().find(|it| it.as_str() == of.v);
                if found.is_none() {
                    let words = || Level::ALL.iter().map(|it| it.as_str());
                    let list = format!("it counts {}", words().collect::<Vec<_>>().join(", "));
                    self.say(
                        Finding::new(
                            Code::InvalidException,
                            of.place(file),
                            format!("`removals` does not count `{}`", of.v),
                        )
                        .help(list)
                        .maybe_help(did_you_mean(&of.v, words())),
                    );
                }
                found.map(Some)
            }
            (Some(of), guard) => {
                let message = format!("`of` means nothing for `{}`", guard.as_str());
                self.say(
                    Finding::new(Code::InvalidException, of.place(file), message)
                        .help("only `removals` counts several things"),
                );
                None
            }
        }
    }

    fn target(
        &mut self,
        file: FileId,
        at: Place,
        v: &ExceptionEntry,
        company: Option<CompanyId>,
    ) -> Option<DeclaredTarget> {
        let given: Vec<Target> = [
            (Target::Group, v.group.is_some()),
            (Target::Person, v.person.is_some()),
            (Target::Role, v.role.is_some()),
        ]
        .into_iter()
        .filter_map(|(target, given)| given.then_some(target))
        .collect();
        let of_company = v.company.as_ref().map(|it| self.company(file, it));
        let exactly_one = |given: &[Target]| {
            let keys: Vec<&str> = given.iter().map(|it| it.as_str()).collect();
            let given =
                if keys.is_empty() { "nothing".to_owned() } else { format!("`{}`", keys.join("`, `")) };
            Finding::new(
                Code::InvalidException,
                at,
                format!("an exception is for one thing, here is {given}"),
            )
            .help("name one of `group`, `person`, `role` and `company`")
        };
        match (&given[..], of_company) {
            ([], Some(company)) => company.map(DeclaredTarget::Company),
            ([Target::Person], None) => {
                let person = v.person.as_ref()?;
                self.person(file, person).map(DeclaredTarget::Person)
            }
            ([Target::Group | Target::Role], of_company) => {
                let Some(owner) = of_company.unwrap_or(company) else {
                    if v.company.is_none() {
                        self.say(
                            Finding::new(Code::InvalidException, at, "whose group or role it is is not said")
                                .help("add `company:` here or to the workspace"),
                        );
                    }
                    return None;
                };
                match (&v.group, &v.role) {
                    (Some(group), _) => {
                        Some(DeclaredTarget::Group(owner, self.take(name(file, group, "a group name"))?))
                    }
                    (None, role) => Some(DeclaredTarget::Role(owner, self.role(file, role.as_ref()?)?)),
                }
            }
            ([Target::Person], Some(_)) => {
                self.say(exactly_one(&[Target::Person, Target::Company]));
                None
            }
            (several, _) => {
                self.say(exactly_one(several));
                None
            }
        }
    }

    fn required(&mut self, at: Place, what: &str, keys: &[(&str, bool)]) {
        for (key, _) in keys.iter().filter(|it| it.1) {
            self.say(
                Finding::new(Code::MissingKey, at, format!("{what} has no `{key}`"))
                    .help("what goes beyond the rules is bounded, dated and explained to the next reader"),
            );
        }
    }

    fn reason(&mut self, file: FileId, raw: Option<&At<String>>) -> Option<Box<str>> {
        raw.and_then(|it| self.take(text(file, it, "a reason", MAX_DESCRIPTION)))
    }

    fn number(
        &mut self,
        file: FileId,
        raw: Option<&At<u64>>,
        key: &str,
        least: u64,
        most: u64,
    ) -> Option<usize> {
        let raw = raw?;
        if (least..=most).contains(&raw.v) {
            return Some(usize::try_from(raw.v).unwrap_or(usize::MAX));
        }
        let code = if key == "upTo" { Code::InvalidException } else { Code::InvalidGuard };
        let range = if most == u64::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
        self.say(Finding::new(code, raw.place(file), format!("`{key}` is {range}, not {}", raw.v)));
        None
    }

    fn pattern(&mut self, file: FileId, raw: &At<String>, text: &str) -> Option<Pattern> {
        let found = Pattern::new(text).filter(|_| !text.trim().is_empty());
        if found.is_none() {
            self.say(
                Finding::new(Code::InvalidGuard, raw.place(file), format!("`{}` is not a pattern", raw.v))
                    .help("write a name, or one with `*` for any letters; quote a bracket with a backslash"),
            );
        }
        found
    }
}
