//! `policies:` of a workspace, as policies in names, and their exceptions.

use std::collections::BTreeMap;

use super::{
    super::{
        At,
        code::Code as Written,
        declared::{DeclaredException, DeclaredLaw, DeclaredPolicy, DeclaredRules, RoleRef},
        entry::RoleName,
        mapping::Given,
        policies::{Common, OwnersEntry, PoliciesSection, PolicyExceptionEntry},
        workspace::ExceptionEntry,
    },
    Check,
    rules::BOUNDED,
};
use crate::model::{
    escape,
    expression::{Half, Rule},
    finding::{Code, Finding},
    ids::{CompanyId, Email},
    rules::{Guard, Severity},
    source::Place,
};

/// Why a policy has a name.
const NAMED: &str = "exceptions and reports call it by its name";
/// Why a list of a policy is there.
const SAID: &str = "without it nobody can say what the policy demands";

/// The most days of a `maxDuration`: more is no limit.
const MOST_DAYS: u64 = 36_500;
/// The most members that a `minMembers` may ask for.
const MOST_MEMBERS: u64 = 10_000;

/// The policies read so far, by name.
type Names = BTreeMap<Box<str>, Place>;

impl Check {
    /// Reads the policies; `company` is the one whose people they are about unless they say otherwise.
    pub(super) fn policies(
        &mut self,
        policies: &PoliciesSection,
        company: Option<CompanyId>,
        rules: &mut DeclaredRules,
    ) {
        let mut names = Names::new();
        for entry in policies.exclusive.iter() {
            let v = &entry.v;
            let missing = [
                ("groups", v.common().groups.is_absent(), SAID),
                ("companies", v.companies.is_absent(), SAID),
            ];
            let companies = self.some((self.at(entry), "companies"), &v.companies, Self::company);
            let law = companies.map(|companies| DeclaredLaw::Exclusive { companies });
            self.policy((self.at(entry), v.common(), &missing), law, company, (rules, &mut names));
        }
        for entry in policies.separation.iter() {
            let (v, from) = (&entry.v, self.at(entry));
            let missing =
                [("roles", v.roles.is_absent(), SAID), ("apartFrom", v.apart_from.is_absent(), SAID)];
            let roles = self.some((from, "roles"), &v.roles, Self::placed_role);
            let apart_from = self.some((from, "apartFrom"), &v.apart_from, Self::placed_role);
            let law = roles.zip(apart_from).and_then(|(roles, apart_from)| {
                if let Some((role, at)) =
                    apart_from.iter().find(|it| roles.iter().any(|other| other.0 == it.0))
                {
                    let message =
                        format!("`{role}` is in both lists, and nobody can hold it apart from itself");
                    return self
                        .wrong(Finding::new(Code::InvalidPolicy, *at, message).help("keep it in one"));
                }
                Some(DeclaredLaw::Separation { roles, apart_from })
            });
            self.policy((from, v.common(), &missing), law, company, (rules, &mut names));
        }
        for entry in policies.no_direct_roles.iter() {
            let v = &entry.v;
            let types = match v.types.is_absent() {
                true => Some(Vec::new()),
                false => self.some((self.at(entry), "types"), &v.types, |check, it| {
                    Some((check.seen(it, "a type of direct roles")?.into(), check.at(it)))
                }),
            };
            let law = types.map(|types| DeclaredLaw::NoDirectRoles { types });
            self.policy((self.at(entry), v.common(), &[]), law, company, (rules, &mut names));
        }
        for entry in policies.require_reason.iter() {
            let law = Some(DeclaredLaw::RequireReason);
            self.policy((self.at(entry), entry.v.common(), &[]), law, company, (rules, &mut names));
        }
        for entry in policies.require_until.iter() {
            let law = Some(DeclaredLaw::RequireUntil);
            self.policy((self.at(entry), entry.v.common(), &[]), law, company, (rules, &mut names));
        }
        for entry in policies.max_duration.iter() {
            let v = &entry.v;
            let missing = [("days", v.days.is_absent(), SAID)];
            let law =
                self.number(&v.days, "days", 1, MOST_DAYS).map(|days| DeclaredLaw::MaxDuration { days });
            self.policy((self.at(entry), v.common(), &missing), law, company, (rules, &mut names));
        }
        for entry in policies.allowed_domains.iter() {
            let v = &entry.v;
            let missing = [("domains", v.domains.is_absent(), SAID)];
            let domains = self.some((self.at(entry), "domains"), &v.domains, Self::domain);
            let law = domains.map(|domains| DeclaredLaw::AllowedDomains { domains });
            self.policy((self.at(entry), v.common(), &missing), law, company, (rules, &mut names));
        }
        for entry in policies.max_members.iter() {
            let v = &entry.v;
            let missing =
                [("groups", v.common().groups.is_absent(), SAID), ("atMost", v.at_most.is_absent(), SAID)];
            let law = self.number(&v.at_most, "atMost", 0, u64::MAX);
            let law = law.map(|at_most| DeclaredLaw::MaxMembers { at_most });
            self.policy((self.at(entry), v.common(), &missing), law, company, (rules, &mut names));
        }
        for entry in policies.min_members.iter() {
            let v = &entry.v;
            let missing =
                [("groups", v.common().groups.is_absent(), SAID), ("atLeast", v.at_least.is_absent(), SAID)];
            let law = self.number(&v.at_least, "atLeast", 1, MOST_MEMBERS);
            let law = law.map(|at_least| DeclaredLaw::MinMembers { at_least });
            self.policy((self.at(entry), v.common(), &missing), law, company, (rules, &mut names));
        }
        for entry in policies.required_members.iter() {
            let v = &entry.v;
            let missing =
                [("groups", v.common().groups.is_absent(), SAID), ("people", v.people.is_absent(), SAID)];
            let people = self.some((self.at(entry), "people"), &v.people, Self::person);
            let law = people.map(|people| DeclaredLaw::RequiredMembers { people });
            self.policy((self.at(entry), v.common(), &missing), law, company, (rules, &mut names));
        }
        for entry in policies.rules.iter() {
            let v = &entry.v;
            let missing = [("deny", v.deny.is_absent(), SAID)];
            let when = v.when.read(Some);
            let law = when.zip(v.deny.as_ref()).and_then(|(when, deny)| self.expressions(when, deny));
            self.policy((self.at(entry), v.common(), &missing), law, company, (rules, &mut names));
        }
        for entry in policies.owners.iter() {
            self.owners(entry, (rules, &mut names));
        }
        self.about_privileged(rules);
    }

    /// Adds who reviews a change that reaches companies. It stops nothing, so that there is nothing to except.
    fn owners(&mut self, entry: &At<OwnersEntry>, (rules, names): (&mut DeclaredRules, &mut Names)) {
        let (v, from) = (&entry.v, self.at(entry));
        let missing = [
            ("name", v.name.is_absent(), "reports call it by its name"),
            ("companies", v.companies.is_absent(), SAID),
            ("approvers", v.approvers.is_absent(), "without it nobody can say who reviews"),
        ];
        self.required(from, "a policy", &missing);
        let name = v.name.as_ref().and_then(|it| self.policy_name(it, names));
        let companies = self.some((from, "companies"), &v.companies, Self::company);
        let approvers = self.some((from, "approvers"), &v.approvers, Self::approver);
        let reason = v.reason.read(|it| self.text(Some(it), "a reason"));
        let (Some(name), Some(mut companies), Some(approvers), Some(reason)) =
            (name, companies, approvers, reason)
        else {
            return;
        };
        companies.sort_unstable();
        companies.dedup();
        rules.policies.push(DeclaredPolicy {
            name,
            severity: Severity::Warn,
            strict: false,
            reason,
            company: None,
            groups: Vec::new(),
            law: DeclaredLaw::Owners { companies, approvers: each_once(approvers) },
            from,
        });
    }

    /// Somebody who reviews, as forges call them.
    fn approver(&mut self, raw: &At<String>) -> Option<Box<str>> {
        if is_approver(&raw.v) {
            return Some(raw.v.as_str().into());
        }
        let message = format!("`{}` is not a name by which a forge asks for a review", escape::short(&raw.v));
        self.wrong(
            Finding::new(Code::InvalidPolicy, self.at(raw), message)
                .help("write `@user`, `@organisation/team` or an e-mail address; in YAML with quotes, as in `\"@acme/globex-team\"`"),
        )
    }

    /// Says that a policy is about what is privileged, where nothing is.
    fn about_privileged(&mut self, rules: &DeclaredRules) {
        let is_off = rules.privileged.as_ref().is_some_and(Vec::is_empty);
        for policy in rules.policies.iter().filter(|it| is_off && it.is_about_privileged()) {
            let message = format!("the policy `{}` is about what is privileged, and nothing is", policy.name);
            self.say(
                Finding::new(Code::InvalidPolicy, policy.from, message)
                    .help("name its `groups`, or give `guards.privileged` something"),
            );
        }
    }

    /// A domain of addresses, in lower case as they are.
    fn domain(&mut self, raw: &At<String>) -> Option<Box<str>> {
        let domain = self.seen(raw, "a domain")?.to_lowercase();
        if format!("a@{domain}").parse::<Email>().is_ok() {
            return Some(domain.into());
        }
        let message = format!("`{}` is not the domain of an address", escape::short(&raw.v));
        self.wrong(
            Finding::new(Code::InvalidPolicy, self.at(raw), message)
                .help("write what stands behind the `@`, such as `globex.example`"),
        )
    }

    /// Reads the expressions of a rule; everything wrong is said at its place.
    fn expressions(&mut self, when: Option<&At<Written>>, deny: &At<Written>) -> Option<DeclaredLaw> {
        let wrong = match Rule::new(when.map(|it| it.v.text.as_str()), &deny.v.text) {
            Ok(rule) => return Some(DeclaredLaw::Rule { rule }),
            Err(wrong) => wrong,
        };
        for it in wrong {
            let half = match (it.half, when) {
                (Half::When, Some(when)) => when,
                (Half::When, None) | (Half::Deny, _) => deny,
            };
            let place = half.v.place(self.file, it.at, self.at(half));
            self.findings.push(Finding::new(Code::InvalidExpression, place, it.message).maybe_help(it.help));
        }
        None
    }

    /// Adds a policy, and its exceptions.
    fn policy(
        &mut self,
        (from, common, missing): (Place, Common<'_>, &[(&str, bool, &str)]),
        law: Option<DeclaredLaw>,
        company: Option<CompanyId>,
        (rules, names): (&mut DeclaredRules, &mut Names),
    ) {
        self.required(from, "a policy", &[("name", common.name.is_absent(), NAMED)]);
        self.required(from, "a policy", missing);
        let name = common.name.as_ref().and_then(|it| self.policy_name(it, names));
        let reason = common.reason.read(|it| self.text(Some(it), "a reason"));
        let groups = match common.groups.is_absent() {
            true => Some(Vec::new()),
            false => self.some((from, "groups"), common.groups, |check, it| {
                Some((check.name(Some(it))?, check.at(it)))
            }),
        };
        let named =
            (!common.company.is_absent()).then(|| common.company.as_ref().and_then(|it| self.company(it)));
        // Whose groups these are has to be known.
        let own = match groups.as_ref().is_some_and(|it| !it.is_empty()) {
            true => self.owner(from, named, company, Code::InvalidPolicy).map(Some),
            false => match named {
                None => Some(None),
                Some(named) => named.map(Some),
            },
        };
        for entry in common.exceptions.iter() {
            let exception = self.policy_exception(entry, name.as_deref(), own.flatten().or(company));
            rules.exceptions.extend(exception);
        }
        let severity = common.severity.read(|it| Some(*it));
        let strict = common.strict.read(|it| Some(*it));
        let (Some(name), Some(reason), Some(groups), Some(own), Some(law), Some(severity), Some(strict)) =
            (name, reason, groups, own, law, severity, strict)
        else {
            return;
        };
        rules.policies.push(DeclaredPolicy {
            name,
            severity: severity.unwrap_or_default(),
            strict: strict.unwrap_or_default(),
            reason,
            company: own,
            groups,
            law,
            from,
        });
    }

    fn policy_name(&mut self, raw: &At<String>, names: &mut Names) -> Option<Box<str>> {
        // A line break at the end is seen by nobody either.
        self.seen(raw, "the name of a policy")?;
        let name = self.text(Some(raw), "the name of a policy")?;
        let at = self.at(raw);
        if let Some(first) = names.insert(name.clone(), at) {
            names.insert(name.clone(), first);
            return self.wrong(
                Finding::new(Code::InvalidPolicy, at, format!("two policies are called `{name}`"))
                    .related(first, "first here")
                    .help("give each a name of its own: exceptions and reports call it by that"),
            );
        }
        Some(name)
    }

    /// Reads a list that says something.
    fn some<T, R>(
        &mut self,
        (from, key): (Place, &str),
        list: &Given<Vec<At<T>>>,
        read: impl Fn(&mut Self, &At<T>) -> Option<R>,
    ) -> Option<Vec<R>> {
        let list = list.as_ref()?;
        let read: Vec<Option<R>> = list.iter().map(|it| read(self, it)).collect();
        if read.is_empty() {
            let message = format!("`{key}` of this policy names nothing");
            return self.wrong(Finding::new(Code::InvalidPolicy, from, message).help(SAID));
        }
        read.into_iter().collect()
    }

    fn placed_role(&mut self, raw: &At<RoleName>) -> Option<(RoleRef, Place)> {
        Some((self.role(raw)?, self.at(raw)))
    }

    fn policy_exception(
        &mut self,
        entry: &At<PolicyExceptionEntry>,
        policy: Option<&str>,
        company: Option<CompanyId>,
    ) -> Option<DeclaredException> {
        let (from, v) = (self.at(entry), &entry.v);
        let keys = [("until", v.until.is_absent(), BOUNDED), ("reason", v.reason.is_absent(), BOUNDED)];
        self.required(from, "an exception", &keys);
        let PolicyExceptionEntry { group, person, role, company: own, .. } = v.clone();
        let target = ExceptionEntry { group, person, role, company: own, ..ExceptionEntry::default() };
        let target = self.target(from, &target, company);
        let up_to = match v.up_to.is_absent() {
            true => Some(1),
            false => self.number(&v.up_to, "upTo", 1, u64::MAX),
        };
        let ends = self.until(&v.until);
        let reason = self.text(v.reason.as_ref(), "a reason");
        Some(DeclaredException {
            guard: Guard::Policies,
            policy: Some(policy?.into()),
            target: target?,
            level: None,
            up_to: up_to?,
            ends: ends?,
            reason: reason?,
            from,
        })
    }
}

/// Whether this is a name by which forges ask for a review: `@user`, `@organisation/team` with as many parts as there are, or an address.
fn is_approver(raw: &str) -> bool {
    let is_word = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let is_part = |it: &str| it.starts_with(is_word) && it.chars().all(|it| is_word(it) || ".-".contains(it));
    match (raw.strip_prefix('@'), raw.split_once('@')) {
        (Some(name), _) => name.split('/').all(is_part),
        (None, Some((local, domain))) => {
            // Of what an address may have all that stands in a list of owners as it is.
            let is_plain = |it: char| it.is_ascii_alphanumeric() || "._%+'-".contains(it);
            let is_domain = |it: char| it.is_ascii_alphanumeric() || ".-".contains(it);
            local.chars().all(is_plain) && domain.chars().all(is_domain) && raw.parse::<Email>().is_ok()
        }
        (None, None) => false,
    }
}

/// Names in their order, each once: upper and lower case are one to forges.
fn each_once(names: Vec<Box<str>>) -> Vec<Box<str>> {
    let mut once: Vec<Box<str>> = Vec::new();
    for name in names {
        if once.iter().all(|it| !it.eq_ignore_ascii_case(&name)) {
            once.push(name);
        }
    }
    once
}
