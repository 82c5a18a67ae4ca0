//! What a role lets its holder do: permissions, each with its actions, and what `ALL` means among them.
//!
//! Knows no scopes: those belong to who holds the role.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The action that means all others.
const ALL: &str = "ALL";
/// The actions that together are as good as all; nobody needs `PURGE` to be shown by name.
const COMMON: [&str; 4] = ["CREATE", "READ", "WRITE", "DELETE"];
const RARE: &str = "PURGE";
/// The actions that the API names (contract §5).
pub(crate) const ACTIONS: [&str; 6] = [ALL, COMMON[0], COMMON[1], COMMON[2], COMMON[3], RARE];

/// Permissions, each with its actions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Permissions(BTreeMap<Box<str>, BTreeSet<Box<str>>>);

impl<A: IntoIterator<Item = Box<str>>> FromIterator<(Box<str>, A)> for Permissions {
    fn from_iter<I: IntoIterator<Item = (Box<str>, A)>>(rows: I) -> Self {
        let mut all = Self::default();
        for (permission, actions) in rows {
            all.0.entry(permission).or_default().extend(actions);
        }
        all
    }
}

impl Permissions {
    /// Whether they let their holder change who may do what (contract §5.2, §8).
    pub fn manage_access(&self) -> bool {
        self.covers("ACCESS_MANAGEMENT", "WRITE")
    }

    /// Whether any action of this permission is among them.
    pub fn has(&self, permission: &str) -> bool {
        self.0.contains_key(permission)
    }

    /// Whether it permits nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns every permission with its actions, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeSet<Box<str>>)> + Clone {
        self.0.iter().map(|(permission, actions)| (&**permission, actions))
    }

    /// Whether this action is covered, also by `ALL` or, for `ALL`, by the rest.
    pub fn covers(&self, permission: &str, action: &str) -> bool {
        let Some(actions) = self.0.get(permission) else { return false };
        actions.contains(action)
            || actions.contains(ALL)
            || (action == ALL && COMMON.iter().all(|it| actions.contains(*it)))
    }

    /// The same with `ALL` expanded to the actions it means, beside it.
    pub fn expanded(&self) -> Self {
        let mut all = self.clone();
        for actions in all.0.values_mut().filter(|it| it.contains(ALL)) {
            actions.extend(COMMON.iter().chain(&[RARE]).map(|it| Box::from(*it)));
        }
        all
    }

    pub(crate) fn retain(mut self, keep: impl Fn(&str, &str) -> bool) -> Self {
        self.0.retain(|permission, actions| {
            actions.retain(|action| keep(permission, action));
            !actions.is_empty()
        });
        self
    }

    /// Returns what of it is not shown.
    pub fn missing_in(&self, shown: &Self) -> Self {
        self.clone().retain(|permission, action| !shown.covers(permission, action))
    }

    /// Returns it without what a role that is kept carries.
    pub(crate) fn without(self, kept: &Self) -> Self {
        self.retain(|permission, action| !kept.covers(permission, action))
    }

    /// Returns `AGENT` where the whole permission is meant, `AGENT (READ, WRITE)` otherwise.
    pub fn words(&self) -> String {
        let word = |(permission, actions): (&str, &BTreeSet<Box<str>>)| {
            if actions.contains(ALL) {
                return permission.to_owned();
            }
            let actions: Vec<&str> = actions.iter().map(|it| &**it).collect();
            format!("{permission} ({})", actions.join(", "))
        };
        self.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}
