//! `policies`: each way in which the access that results breaks a policy, with what follows from it.
//!
//! What stood before stops nothing, unless the policy is strict; what cannot be known follows as if the policy were broken.

use std::collections::BTreeMap;

use super::{Judge, Thing, check};
use crate::{
    model::{
        plan::{Check, Verdict},
        rules::{Broken, Guard, Law, Limit, Policy, Severity, Subject, Unread},
    },
    plan::policy::{Breach, breaches},
};

impl Judge<'_> {
    pub(super) fn policies(&mut self) {
        let policies = &self.rules.policies;
        for (policy, breaches) in policies.iter().zip(breaches(self.sides, self.rules)) {
            self.policy(policy, breaches);
        }
        if !policies.is_empty() {
            self.or_nothing(Guard::Policies, true);
        }
    }

    /// Adds a check of each thing that breaks a policy in one way.
    fn policy(&mut self, policy: &Policy, breaches: Vec<Breach>) {
        let mut ways: BTreeMap<(Subject, bool, Option<Unread>, Option<Box<str>>), Vec<usize>> =
            BTreeMap::new();
        let mut things: Vec<Thing> = Vec::new();
        for Breach { subject, stood, unread, why, by } in breaches {
            // What could not be read is counted one by one, and a breach once.
            let counted: Vec<Thing> = match unread {
                Some(Unread::Company | Unread::Groups | Unread::People | Unread::DirectRoles) => {
                    by.into_iter().map(|it| vec![it]).collect()
                }
                Some(Unread::Expression) | None => vec![by],
            };
            let at = ways.entry((subject, stood, unread, why)).or_default();
            at.extend(things.len()..things.len() + counted.len());
            things.extend(counted);
        }
        let pool = self.exceptions.policy(&policy.name, things);
        for ((subject, stood, unread, why), at) in ways {
            let broken = Broken {
                name: policy.name.clone(),
                kind: policy.kind(),
                severity: policy.severity,
                stood,
                unread,
                why,
                reason: policy.reason.clone(),
                companies: match &policy.law {
                    Law::Exclusive { companies } => companies.clone(),
                    Law::Separation { .. } | Law::NoDirectRoles { .. } | Law::Rule { .. } => Vec::new(),
                },
                from: policy.from,
            };
            let follows = match (policy.severity, stood && !policy.strict) {
                (_, true) => Verdict::Stood,
                (Severity::Warn, false) => Verdict::Warning,
                (Severity::Deny, false) => Verdict::Stop,
            };
            let found = check(Guard::Policies, subject, Limit::AtMost(0));
            self.found(Check { policy: Some(Box::new(broken)), ..found }, &pool, &at);
            if let Some(check) = self.checks.last_mut().filter(|it| it.verdict == Verdict::Stop) {
                check.verdict = follows;
            }
        }
    }
}
