//! Who a plan concerns: what people can do after it that they could not do before, and what they no longer can.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    direct::DirectRoles,
    ids::{CompanyId, UserId},
    plan::Note,
    rules::{HeldRole, How},
    scope::Scope,
    source::Place,
};

/// Who gains access and who loses some, over all groups that were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", bound(deserialize = "P: Deserialize<'de>"))]
pub struct People<P = Place> {
    /// How many can do something they could not.
    pub gain: usize,
    /// How many can no longer do something they could.
    pub lose: usize,
    /// Who is left with no role at all in a company.
    // Sorted; they are among those who lose.
    pub lose_everything: Vec<Loser>,
    /// What becomes of whose access: everybody who gains or loses some, once for each company; who gains what is privileged
    /// first, then who gains, then who loses.
    pub affected: Vec<Affected<P>>,
}

/// Somebody who is left with no role at all in a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Loser {
    pub company: CompanyId,
    #[serde(rename = "userId")]
    pub user: UserId,
}

/// People of a company to whom a plan does the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", bound(deserialize = "P: Deserialize<'de>"))]
pub struct Affected<P = Place> {
    /// Whose groups give or gave the roles.
    pub company: CompanyId,
    /// Who, sorted.
    #[serde(rename = "userIds")]
    pub users: Vec<UserId>,
    /// Whether no role is left in this company.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub loses_everything: bool,
    /// What changes, role by role; never empty.
    pub roles: Vec<RoleEffect<P>>,
}

/// What becomes of a role that people have through everything together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "P: Deserialize<'de>"))]
pub struct RoleEffect<P = Place> {
    /// Which role.
    #[serde(flatten)]
    pub role: HeldRole,
    /// Whether more of it is held than before.
    pub gives: bool,
    /// Whether some of it is no longer held.
    pub takes: bool,
    /// Whether it is privileged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub privileged: bool,
    /// Where it holds after and did not before; of a role of groups.
    #[serde(default, skip_serializing_if = "is_nowhere")]
    pub gains: Arc<Scope>,
    /// Where it held before and does not after; of a role of groups.
    #[serde(default, skip_serializing_if = "is_nowhere")]
    pub loses: Arc<Scope>,
    /// Over which people somebody acts after and did not before; of a right over people. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "gainsOver")]
    pub gains_over: Vec<UserId>,
    /// Over which people somebody acted before and does not after; of a right over people. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "losesOver")]
    pub loses_over: Vec<UserId>,
    /// Of a role outside groups what it was, as an element of the API's list.
    #[serde(default, skip_serializing_if = "DirectRoles::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub before: DirectRoles,
    /// Of a role outside groups what it will be.
    #[serde(default, skip_serializing_if = "DirectRoles::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub after: DirectRoles,
    /// What gives more, and then what takes some.
    pub through: Vec<Path<P>>,
}

fn is_nowhere(scope: &Arc<Scope>) -> bool {
    scope.is_empty()
}

/// Through what access comes or goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "P: Deserialize<'de>"))]
pub struct Path<P = Place> {
    /// The group, by the name it has, or will have if it is created; left out of a role outside groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<str>>,
    /// How it comes about.
    pub how: How,
    /// Where it is asked for, until when, and why it goes. Of several people who join, where the group is declared.
    #[serde(flatten)]
    pub note: Note<P>,
}

// A derived one would ask for a place that is the usual one.
impl<P> Default for People<P> {
    fn default() -> Self {
        Self { gain: 0, lose: 0, lose_everything: Vec::new(), affected: Vec::new() }
    }
}

impl<P> Affected<P> {
    /// Whether they can do something they could not.
    pub fn gains(&self) -> bool {
        self.roles.iter().any(|it| it.gives)
    }

    /// Whether they can no longer do something they could.
    pub fn loses(&self) -> bool {
        self.roles.iter().any(|it| it.takes)
    }

    /// Whether they gain access that is privileged.
    pub fn escalates(&self) -> bool {
        self.roles.iter().any(|it| it.privileged && it.gives)
    }
}

impl<P> People<P> {
    /// The same with places of another kind.
    pub(crate) fn map<Q>(self, mut place: impl FnMut(P) -> Q) -> People<Q> {
        let mut path = |it: Path<P>| Path { group: it.group, how: it.how, note: it.note.map(&mut place) };
        let mut role = |it: RoleEffect<P>| RoleEffect {
            role: it.role,
            gives: it.gives,
            takes: it.takes,
            privileged: it.privileged,
            gains: it.gains,
            loses: it.loses,
            gains_over: it.gains_over,
            loses_over: it.loses_over,
            before: it.before,
            after: it.after,
            through: it.through.into_iter().map(&mut path).collect(),
        };
        let affected = |it: Affected<P>| Affected {
            company: it.company,
            users: it.users,
            loses_everything: it.loses_everything,
            roles: it.roles.into_iter().map(&mut role).collect(),
        };
        People {
            gain: self.gain,
            lose: self.lose,
            lose_everything: self.lose_everything,
            affected: self.affected.into_iter().map(affected).collect(),
        }
    }
}
