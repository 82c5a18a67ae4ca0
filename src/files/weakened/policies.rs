//! Policies that demand less in the files than in the base: those that are gone, and each key by which one is looser.

use super::{Rows, Said};
use crate::{
    files::declared::{DeclaredLaw, DeclaredPolicy, RoleRef},
    model::{ids::CompanyId, rules::Severity, source::Place},
};

impl Rows<'_> {
    pub(super) fn policies(&mut self) {
        let [base, new] = [self.base, self.new].map(|it| &it.declared.rules.policies);
        for policy in base {
            let what = format!("policies.{} {}", policy.kind().as_str(), policy.name);
            let said = |it: &DeclaredPolicy, text: String| Some((text, Some(it.from)));
            let Some(now) = new.iter().find(|it| it.name == policy.name) else {
                let kind = policy.kind().as_str().to_owned();
                self.add(&what, said(policy, kind), None, "nothing is compared with it any more");
                continue;
            };
            if now.kind() != policy.kind() {
                let kind = |it: &DeclaredPolicy| said(it, it.kind().as_str().to_owned());
                self.add(&what, kind(policy), kind(now), "it demands something else under the same name");
                continue;
            }
            self.how_grave(&what, policy, now);
            self.about(&what, policy, now);
            self.law(&what, policy, now);
        }
    }

    /// What follows where it is broken.
    fn how_grave(&mut self, what: &str, base: &DeclaredPolicy, new: &DeclaredPolicy) {
        let severity = |it: &DeclaredPolicy| match it.severity {
            Severity::Warn => "warn",
            Severity::Deny => "deny",
        };
        if new.severity < base.severity {
            let said = |it: &DeclaredPolicy| Some((severity(it).to_owned(), Some(it.from)));
            let why = "it stops nothing any more where it is broken";
            self.add(&format!("{what}, severity"), said(base), said(new), why);
        }
        if base.strict && !new.strict {
            let said = |it: &DeclaredPolicy| Some((it.strict.to_string(), Some(it.from)));
            let why = "what broke it before stops nothing any more";
            self.add(&format!("{what}, strict"), said(base), said(new), why);
        }
    }

    /// Whom it is about.
    fn about(&mut self, what: &str, base: &DeclaredPolicy, new: &DeclaredPolicy) {
        if new.company.is_some() && new.company != base.company {
            let said = |it: &DeclaredPolicy| {
                let company = it.company.map(|it| self.company_name(it));
                Some((company.unwrap_or_else(|| "every company".to_owned()), Some(it.from)))
            };
            let (before, after) = (said(base), said(new));
            self.add(&format!("{what}, company"), before, after, "it is about the people of fewer companies");
        }
        let names = |it: &DeclaredPolicy| {
            let names: Vec<&str> = it.groups.iter().map(|it| &*it.0).collect();
            if names.is_empty() { "everybody".to_owned() } else { names.join(", ") }
        };
        let has = |it: &DeclaredPolicy, name: &str| it.groups.iter().any(|group| *group.0 == *name);
        let covers =
            new.groups.is_empty() || !base.groups.is_empty() && base.groups.iter().all(|it| has(new, &it.0));
        if !covers {
            let said = |it: &DeclaredPolicy| Some((names(it), Some(it.from)));
            let why = "it is about the members of fewer groups";
            self.add(&format!("{what}, groups"), said(base), said(new), why);
        }
    }

    /// What it demands.
    fn law(&mut self, what: &str, base: &DeclaredPolicy, new: &DeclaredPolicy) {
        match (&base.law, &new.law) {
            (DeclaredLaw::Exclusive { companies: was }, DeclaredLaw::Exclusive { companies: is }) => {
                for company in is.iter().filter(|it| !was.contains(it)) {
                    let said = Some((self.company_name(*company), Some(new.from)));
                    let why = "members of its groups may reach one company more";
                    self.add(&format!("{what}, companies"), None, said, why);
                }
            }
            (
                DeclaredLaw::Separation { roles, apart_from },
                DeclaredLaw::Separation { roles: now_roles, apart_from: now_apart },
            ) => {
                self.fewer(&format!("{what}, roles"), roles, now_roles);
                self.fewer(&format!("{what}, apartFrom"), apart_from, now_apart);
            }
            (DeclaredLaw::NoDirectRoles { types: was }, DeclaredLaw::NoDirectRoles { types: is }) => {
                let has = |it: &str| is.iter().any(|known| known.0.eq_ignore_ascii_case(it));
                let covers = is.is_empty() || !was.is_empty() && was.iter().all(|it| has(&it.0));
                if !covers {
                    let said = |it: &[(Box<str>, Place)], from| -> Said {
                        let types: Vec<&str> = it.iter().map(|it| &*it.0).collect();
                        let types = if types.is_empty() { "every type".to_owned() } else { types.join(", ") };
                        Some((types, Some(from)))
                    };
                    let why = "it is about fewer types of direct roles";
                    self.add(&format!("{what}, types"), said(was, base.from), said(is, new.from), why);
                }
            }
            (DeclaredLaw::Rule { rule: was }, DeclaredLaw::Rule { rule: is }) => {
                let said = |text: Option<&str>, from| text.map(|it| (it.to_owned(), Some(from)));
                // What one expression denies and another does not nobody can tell.
                if was.deny() != is.deny() {
                    let (before, after) =
                        (said(Some(was.deny()), base.from), said(Some(is.deny()), new.from));
                    self.add(&format!("{what}, deny"), before, after, "it may deny less");
                }
                if is.when().is_some() && was.when() != is.when() {
                    let (before, after) = (said(was.when(), base.from), said(is.when(), new.from));
                    self.add(&format!("{what}, when"), before, after, "it may look at less");
                }
            }
            (DeclaredLaw::MaxDuration { days: was }, DeclaredLaw::MaxDuration { days: is }) if is > was => {
                let said = |it: &usize, from| Some((it.to_string(), Some(from)));
                let why = "access may last longer";
                self.add(&format!("{what}, days"), said(was, base.from), said(is, new.from), why);
            }
            (DeclaredLaw::MaxMembers { at_most: was }, DeclaredLaw::MaxMembers { at_most: is })
                if is > was =>
            {
                let said = |it: &usize, from| Some((it.to_string(), Some(from)));
                let why = "groups may have more members";
                self.add(&format!("{what}, atMost"), said(was, base.from), said(is, new.from), why);
            }
            (DeclaredLaw::MinMembers { at_least: was }, DeclaredLaw::MinMembers { at_least: is })
                if is < was =>
            {
                let said = |it: &usize, from| Some((it.to_string(), Some(from)));
                let why = "groups may be left with fewer members";
                self.add(&format!("{what}, atLeast"), said(was, base.from), said(is, new.from), why);
            }
            (DeclaredLaw::AllowedDomains { domains: was }, DeclaredLaw::AllowedDomains { domains: is }) => {
                for domain in is.iter().filter(|it| !was.contains(it)) {
                    let said = Some((domain.to_string(), Some(new.from)));
                    self.add(&format!("{what}, domains"), None, said, "members may be of one domain more");
                }
            }
            (DeclaredLaw::RequiredMembers { people: was }, DeclaredLaw::RequiredMembers { people: is }) => {
                for person in was.iter().filter(|it| !is.contains(it)) {
                    let said = Some((person.to_string(), Some(base.from)));
                    self.add(&format!("{what}, people"), said, None, "the person may be missing");
                }
            }
            (
                DeclaredLaw::Owners { companies: was, approvers: asked },
                DeclaredLaw::Owners { companies: is, approvers: asks },
            ) => {
                for company in was.iter().filter(|it| !is.contains(it)) {
                    let said = Some((self.company_name(*company), Some(base.from)));
                    let why = "nobody has to review what reaches it more";
                    self.add(&format!("{what}, companies"), said, None, why);
                }
                let has = |all: &[Box<str>], it: &str| all.iter().any(|known| known.eq_ignore_ascii_case(it));
                let same = asked.iter().all(|it| has(asks, it)) && asks.iter().all(|it| has(asked, it));
                if !same {
                    let said = |it: &[Box<str>], from| Some((it.join(", "), Some(from)));
                    let (before, after) = (said(asked, base.from), said(asks, new.from));
                    self.add(&format!("{what}, approvers"), before, after, "others review it");
                }
            }
            // As strict as before, or of two kinds, of which something was said already.
            (
                DeclaredLaw::Exclusive { .. }
                | DeclaredLaw::Separation { .. }
                | DeclaredLaw::NoDirectRoles { .. }
                | DeclaredLaw::RequireReason
                | DeclaredLaw::RequireUntil
                | DeclaredLaw::MaxDuration { .. }
                | DeclaredLaw::AllowedDomains { .. }
                | DeclaredLaw::MaxMembers { .. }
                | DeclaredLaw::MinMembers { .. }
                | DeclaredLaw::RequiredMembers { .. }
                | DeclaredLaw::Owners { .. }
                | DeclaredLaw::Rule { .. },
                _,
            ) => (),
        }
    }

    fn fewer(&mut self, what: &str, base: &[(RoleRef, Place)], new: &[(RoleRef, Place)]) {
        for (role, from) in base.iter().filter(|it| new.iter().all(|now| now.0 != it.0)) {
            self.add(
                what,
                Some((role.to_string(), Some(*from))),
                None,
                "it is kept apart from nothing any more",
            );
        }
    }

    fn company_name(&self, company: CompanyId) -> String {
        let aliases = &self.new.declared.aliases;
        aliases.get(&company.0).map_or_else(|| company.to_string(), ToString::to_string)
    }
}
