//! What a run will cost, before it is made: requests by kind, and the time they take. Counts; only the lists that
//! are cheap are read.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    live::{
        api::Rate,
        fetch::{self, ReadList},
    },
    model::{
        ids::UserId,
        plan::{Action, Plan},
        selector::{Attribute, PersonPart},
        state::Edit,
    },
    plan::{
        order::{Call, Step},
        witness::claims,
    },
};

use super::{Checked, Error, Judged, Live};

/// What a run will cost.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Estimate {
    /// Requests, by what they are for.
    pub parts: Vec<(&'static str, u64)>,
    /// Requests beyond these, at most: how many it takes to ask whoever gains or loses is only known with the plan.
    pub more: u64,
    /// Requests that were sent to find out.
    pub sent: u64,
    pub pace: Pace,
}

/// Questions of a run that wait for each other: the token, lists, contents, people.
const PHASES: f64 = 4.0;

/// How fast requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Pace {
    pub at_once: usize,
    pub latency: Duration,
    pub rate: Option<Rate>,
}

impl Pace {
    /// The pace that options allow; how long an answer takes is still to be seen.
    pub fn new(at_once: usize, rate: Option<Rate>) -> Self {
        Self { at_once: at_once.max(1), latency: Duration::ZERO, rate }
    }

    /// How often a run waits for an answer.
    fn rounds(&self, requests: u64) -> f64 {
        (requests as f64 / self.at_once as f64).max(PHASES)
    }
}

impl Estimate {
    /// Requests in all.
    pub fn requests(&self) -> u64 {
        self.parts.iter().map(|it| it.1).sum()
    }

    /// Seconds in all.
    pub fn seconds(&self) -> f64 {
        let requests = self.requests();
        let at_the_rate = self.pace.rate.map_or(0.0, |it| requests as f64 / it.per_second());
        at_the_rate.max(self.pace.rounds(requests) * self.pace.latency.as_secs_f64())
    }
}

/// Estimates what a plan from the files will cost that asks at most `asked` people for their groups.
///
/// # Errors
///
/// As a plan, for the lists that are read.
pub async fn of_plan(live: &Live, checked: &Checked, asked: usize, pace: Pace) -> Result<Estimate, Error> {
    let list = ReadList::new(&checked.declared, &[]);
    let found = fetch::estimate(&live.source, &list, |it| &live.sites.of(it).dialect).await?;
    let sent = live.source.requests();
    let pace = Pace { latency: found.latency, ..pace };
    let asked = if found.unread == 0 { 0 } else { asked as u64 };
    let more = asked + asked.min(found.unread);
    Ok(Estimate { parts: vec![("reads", sent + found.requests)], more, sent, pace })
}

/// Estimates what the apply of a plan will cost, with at most `writers` steps at once.
pub fn of_apply(judged: &Judged, witness: bool, pace: Pace, writers: usize) -> Estimate {
    let (plan, context) = (&judged.plan, &judged.context);
    let (looks, writes, read_backs) = apply_requests(plan, &judged.steps);
    let latency = context.elapsed.div_f64(pace.rounds(context.requests));
    let mut parts = vec![("looks", looks), ("writes", writes), ("readBacks", read_backs)];
    if witness {
        parts.push(("witness", 2 * people(plan)));
    }
    let pace = Pace { latency, at_once: pace.at_once.min(writers), ..pace };
    Estimate { parts, more: 0, sent: context.requests, pace }
}

/// How many people hold other roles after a plan.
fn people(plan: &Plan) -> u64 {
    let claims = claims(plan, &BTreeMap::new());
    let users: BTreeSet<UserId> =
        claims.iter().map(|it| it.user).chain(plan.people().filter_map(|it| it.user())).collect();
    users.len() as u64
}

/// How often groups and people are looked at before a write, written to, and read after it.
fn apply_requests(plan: &Plan, steps: &[Step]) -> (u64, u64, u64) {
    let (mut looks, mut read_backs, mut unwritten) = (0, 0, 0);
    for change in plan.people() {
        let parts: BTreeSet<PersonPart> = change.traits().filter_map(Edit::part).collect();
        let parts = parts.len() as u64 + u64::from(change.direct().next().is_some());
        (looks, read_backs) = (looks + parts, read_backs + parts);
        if change.leaves() || change.comes_back() {
            // Which groups and direct roles the person has.
            looks += 2;
        }
        if matches!(change.account(), Some([None, Some(_)])) {
            // Whether anybody has the address or the external id, before and after, and whether it is the one.
            let has_id = change.traits().any(|it| it.attribute() == Some(Attribute::ExternalId));
            looks += 2 * (1 + u64::from(has_id));
            // The account is made with the rest of it, which is only looked at then.
            unwritten += change.traits().filter_map(Edit::part).collect::<BTreeSet<_>>().len() as u64 - 1;
        }
    }
    for change in plan.groups() {
        let (grants, members) = (change.grants().next().is_some(), change.members().next().is_some());
        match change.action() {
            // Whether there is a group of that name, before and after, and whether it is the one; then all of it.
            Action::Create => (looks, read_backs) = (looks + 2, read_backs + 4),
            Action::Delete => (looks, read_backs) = (looks + 3, read_backs + 3),
            Action::Alter => {
                let parts = u64::from(grants) + u64::from(members) + u64::from(change.itself().is_some());
                (looks, read_backs) = (looks + parts, read_backs + parts);
            }
        }
    }
    // What was removed is asked for at once where others wait for it.
    let removals = steps.iter().filter(|it| match &it.call {
        Call::PatchMembers { remove, .. } => !remove.is_empty(),
        Call::PatchRoles { delete, .. } => !delete.is_empty(),
        _ => false,
    });
    (looks, steps.len() as u64 - unwritten, read_backs + removals.count() as u64)
}
