//! `policies`: each way in which the access that results breaks a policy, with what follows from it.
//!
//! What stood before stops nothing, unless the policy is strict; what cannot be known follows as if the policy were broken.

use std::collections::BTreeMap;

use super::{Judge, Thing, check};
use crate::{
    model::{
        plan::{Check, Verdict},
        rules::{Broken, Guard, Limit, Policy, PolicyKind, Severity, Subject, Unread},
    },
    plan::policy::{Breach, breaches},
};

impl Judge<'_> {
    pub(super) fn policies(&mut self) {
        let policies = &self.rules.policies;
        for (policy, breaches) in policies.iter().zip(breaches(self.sides, self.rules, self.now)) {
            self.policy(policy, breaches);
        }
        if !policies.is_empty() {
            self.or_nothing(Guard::Policies, true);
        }
    }

    /// Adds a check of each thing that breaks a policy in one way.
    fn policy(&mut self, policy: &Policy, breaches: Vec<Breach>) {
        type Way = (Subject, bool, Option<Unread>, Option<Box<str>>, usize);
        let mut ways: BTreeMap<Way, Vec<usize>> = BTreeMap::new();
        let mut things: Vec<Thing> = Vec::new();
        for Breach { subject, stood, unread, why, things: counted, most } in breaches {
            let at = ways.entry((subject, stood, unread, why, most)).or_default();
            at.extend(things.len()..things.len() + counted.len());
            things.extend(counted);
        }
        let pool = self.exceptions.policy(&policy.name, things);
        for ((subject, stood, unread, why, most), at) in ways {
            let broken = Broken {
                name: policy.name.clone(),
                kind: policy.kind(),
                severity: policy.severity,
                stood,
                unread,
                why,
                reason: policy.reason.clone(),
                companies: policy.law.companies().to_vec(),
                approvers: policy.law.approvers().to_vec(),
                number: policy.law.number(),
                from: policy.from,
            };
            let follows = match (policy.severity, stood && !policy.strict) {
                _ if policy.kind() == PolicyKind::Owners && unread.is_none() => Verdict::Review,
                (_, true) => Verdict::Stood,
                (Severity::Warn, false) => Verdict::Warning,
                (Severity::Deny, false) => Verdict::Stop,
            };
            let found = check(Guard::Policies, subject, Limit::AtMost(most));
            self.found(Check { policy: Some(Box::new(broken)), ..found }, &pool, &at);
            if let Some(check) = self.checks.last_mut().filter(|it| it.verdict == Verdict::Stop) {
                check.verdict = follows;
            }
        }
    }
}
