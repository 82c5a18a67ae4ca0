//! Exceptions: what each is for, and what is odd about one. Which of them allows what is for the guards to say.

use jiff::Timestamp;

use super::{
    counted::{Counted, HeldRole},
    guard::{ExceptionKey, Guard, Level},
};
use crate::model::{
    finding::{Code, Finding},
    ids::{CompanyId, UserId},
    source::Place,
};

/// What an exception is for: everything that is given must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ExceptionFor {
    pub company: Option<CompanyId>,
    pub group: Option<Box<str>>,
    pub person: Option<UserId>,
    pub role: Option<HeldRole>,
}

impl ExceptionFor {
    /// Whether it is for this.
    pub fn fits(&self, item: &Counted) -> bool {
        let Self { company, group, person, role } = self;
        company.is_none_or(|it| it == item.company)
            && group.as_ref().is_none_or(|it| item.group.as_ref() == Some(it))
            && person.is_none_or(|it| item.person == Some(it))
            && role.as_ref().is_none_or(|it| item.role.as_ref() == Some(it))
    }

    /// Whether it says something by a key.
    pub fn names(&self, key: ExceptionKey) -> bool {
        match key {
            ExceptionKey::Group => self.group.is_some(),
            ExceptionKey::Person => self.person.is_some(),
            ExceptionKey::Role => self.role.is_some(),
            ExceptionKey::Company => self.company.is_some(),
        }
    }

    /// Whether it names a company and nothing in it.
    pub fn is_company(&self) -> bool {
        self.group.is_none() && self.person.is_none() && self.role.is_none()
    }

    /// How much it says: the more it says the less it is for.
    pub fn keys(&self) -> usize {
        ExceptionKey::ALL.iter().filter(|it| self.names(**it)).count()
    }
}

/// Something that may go beyond a limit: targeted, bounded, dated and reasoned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Which guard.
    pub guard: Guard,
    /// The policy that it stands with, of `policies`.
    pub policy: Option<Box<str>>,
    /// What it is for.
    pub target: ExceptionFor,
    /// What `removals` counts; `None` for the other guards.
    pub level: Option<Level>,
    /// How far beyond: the largest value it allows.
    pub up_to: usize,
    /// The instant from which it is void.
    pub ends: Timestamp,
    /// Why.
    pub reason: Box<str>,
    /// Where it is written.
    pub from: Place,
}

impl Exception {
    /// What it is an exception from, for people.
    pub fn rule(&self) -> &str {
        self.policy.as_deref().unwrap_or(self.guard.as_str())
    }

    /// Whether it is still in force.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.ends
    }
}

/// Returns the remark that an exception has ended.
pub fn expired(rule: &str, ends: Timestamp, from: Place) -> Finding {
    Finding::new(Code::ExpiredException, from, format!("this exception from `{rule}` ended at {ends}"))
        .help("delete it, or give it a new `until` if it is still needed")
}

/// Returns the remark that an exception allows less than a plan counts.
pub fn too_small(exception: &Exception, counted: usize) -> Finding {
    let Exception { up_to, from, .. } = exception;
    let rule = exception.rule();
    let message = format!("this exception from `{rule}` allows {up_to}, and this plan counts {counted}");
    Finding::new(Code::SmallException, *from, message)
        .help(format!("so it allows nothing; write `upTo: {counted}` if all of that is wanted"))
}

/// Returns the remark that nothing needs an exception.
pub fn unused(rule: &str, from: Place) -> Finding {
    Finding::new(
        Code::UnusedException,
        from,
        format!("nothing in this plan needs this exception from `{rule}`"),
    )
    .help("delete it: whatever it was for is done, or is named otherwise")
}
