//! What a plan is judged by: what was read for it, the people it concerns, and what the guards found.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    direct::DirectRoles,
    ids::{CompanyId, GroupId, RoleId, UserId},
    plan::{People, is_zero},
    rules::{self, Broken, Counted, Guard, Level, Limit, Subject},
    source::Place,
};

/// A live group as it was read, in digests.
// Enough to see later that it is no longer the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Live")]
#[expect(missing_docs, reason = "the names say it")]
pub struct ReadGroup {
    pub company: CompanyId,
    #[serde(rename = "id")]
    pub group: GroupId,
    pub name: Box<str>,
    /// Of name and description.
    pub attributes: Digest,
    /// Of the roles and their scopes, by meaning.
    pub roles: Digest,
    pub members: Digest,
}

/// Digits of a plan's id that people see, and the least that approves one: 128 bits, so that nobody finds two plans that
/// share them.
pub const ID_DIGITS: usize = 32;

/// A SHA-256 digest.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    /// Writes all 64 hexadecimal digits, or as many as the precision says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits: String = self.0.iter().map(|it| format!("{it:02x}")).collect();
        f.write_str(&digits[..f.precision().unwrap_or(64).min(64)])
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self:.ID_DIGITS$})")
    }
}

/// What people and machines need to judge a plan, computed from all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Who gains access and who loses some.
    pub people: People,
    /// The same for the change under review alone, and for undoing what has drifted before; set where there is a base.
    pub by_cause: Option<[People; 2]>,
    /// How many of them were not asked for groups that no file names, though there are such: what these give is not counted.
    pub not_asked: usize,
    /// Who lacks for a moment what both sides give, and why; sorted.
    pub gaps: Vec<Gap>,
    /// What every guard found, in the order of [`Guard::ALL`](crate::model::rules::Guard::ALL).
    pub guards: Vec<Check>,
}

impl Judgement {
    /// The guards that stop the plan.
    pub fn stops(&self) -> impl Iterator<Item = &Check> {
        self.guards.iter().filter(|it| matches!(it.verdict, Verdict::Stop))
    }
}

/// Access that both sides give a person and that is gone for a moment in between.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Gap {
    #[serde(rename = "userId")]
    pub user: UserId,
    #[serde(rename = "roleId")]
    pub role: RoleId,
    /// The group or person that takes it away, counted from 0 in the order in which `edits` come to them.
    pub taken: usize,
    /// The group or person that gives it back, counted in the same way.
    pub given: usize,
    pub why: GapCause,
}

/// Why somebody lacks for a moment what both sides give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum GapCause {
    /// Several changes wait for each other; without a gap in this order of whole changes somebody would for a moment hold
    /// too much. Narrowing first and widening later, in two plans, may have none.
    Cycle,
    /// The API takes a changed scope only as a removal and an addition.
    RevokeFirst,
}

/// What one guard found about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "P: Deserialize<'de>"))]
pub struct Check<P = Place> {
    /// Which guard.
    pub guard: Guard,
    /// What was looked at.
    pub subject: Subject,
    /// What was counted, where the guard counts several things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// How many.
    pub value: usize,
    /// How many of them exceptions allow; left out where none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub excepted: usize,
    /// Of how many, where that matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<usize>,
    /// How many there may be.
    pub limit: Limit,
    /// What follows.
    #[serde(flatten)]
    pub verdict: Verdict<P>,
    /// Whose rules say so, where it is not those of the files: `base` or `policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<rules::Outside>,
    /// The rules of `membersFrom` by which it comes, in words: those that mean nobody, or that do not mean who goes. Left out
    /// where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Box<str>>,
    /// What was counted, one by one, where it is beyond the limit: of what stops a plan what no exception allows. Of what was
    /// not checked for want of something that was not read, what would have been counted. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Counted<P>>,
    /// Which policy is broken, of `policies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Box<Broken<P>>>,
}

impl<P> Check<P> {
    /// The same with places of another kind.
    pub(crate) fn map<Q>(self, mut place: impl FnMut(P) -> Q) -> Check<Q> {
        let Self { guard, subject, level, value, excepted, of, limit, verdict, by, rules, items, policy } =
            self;
        let verdict = match verdict {
            Verdict::Ok => Verdict::Ok,
            Verdict::Unset => Verdict::Unset,
            Verdict::Excepted { from } => Verdict::Excepted { from: place(from) },
            Verdict::Approved => Verdict::Approved,
            Verdict::Stood => Verdict::Stood,
            Verdict::Warning => Verdict::Warning,
            Verdict::Review => Verdict::Review,
            Verdict::Stop => Verdict::Stop,
        };
        let items = items.into_iter().map(|it| it.map(&mut place)).collect();
        let policy = policy.map(|it| Box::new(it.map(&mut place)));
        Check { guard, subject, level, value, excepted, of, limit, verdict, by, rules, items, policy }
    }
}

/// What follows from what a guard found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum Verdict<P = Place> {
    /// Within the limit.
    Ok,
    /// Not looked at, as nothing tells what to look for, or as something it takes was not read.
    Unset,
    /// Beyond the limit, and an exception of the files allows it.
    Excepted {
        /// Where the exception is written.
        #[serde(rename = "exception")]
        from: P,
    },
    /// Beyond the limit, and the plan was approved by its id.
    Approved,
    /// A policy is broken, and was before.
    Stood,
    /// A policy is broken that only warns.
    Warning,
    /// The owners of a company have to review it, which cannot be seen from here: it stops nothing.
    Review,
    /// Beyond the limit: the plan cannot be applied.
    Stop,
}

/// Roles that somebody holds outside groups.
// Contract §6.1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Survivor {
    #[serde(rename = "userId")]
    pub user: UserId,
    /// The role types, as the API names them.
    pub roles: Vec<Box<str>>,
}

/// Roles that somebody holds outside groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Outside {
    pub company: CompanyId,
    #[serde(rename = "userId")]
    pub user: UserId,
    /// Elements of the API's list.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub roles: DirectRoles,
}
