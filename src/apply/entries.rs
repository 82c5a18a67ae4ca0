//! Which entries of a role a request names: what both sides give stays untouched, whatever the order of processing.
//!
//! A group may hold a role in several entries, each on a scope of its own; it holds the role wherever one of them
//! says (contract §3.9). What shall be is a scope as well. So an entry within it stays, any other goes, and where the
//! staying ones do not suffice the whole scope is added: never is one grant added and deleted at once. The whole one
//! and not what is missing, as an API may put it in the place of what is there. Values only; nothing is sent here.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{access::Grant, ids::RoleId, observed::GroupRole, scope::Scope};

#[cfg(test)]
mod tests;

/// What a call is to do about roles.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    /// The roles that shall hold on all of a scope.
    pub(super) give: &'a [(RoleId, Scope)],
    /// The roles that shall hold no further than `shall` says.
    pub(super) take: &'a [RoleId],
    /// How far each role shall hold once everything is done; the others not at all.
    pub(super) shall: &'a BTreeMap<RoleId, Scope>,
}

/// What an API makes of a deletion, and of an addition beside an entry that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deletion {
    /// Each entry goes by itself.
    Entry,
    /// All entries of the role go at once.
    Role,
    /// All entries have to go before one can come.
    First,
}

/// One request for roles.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// What comes.
    pub(super) add: Vec<(RoleId, Scope)>,
    /// What goes, each entry to the letter as it was read (contract §3.10).
    pub(super) delete: Vec<GroupRole>,
    /// What each role that is named holds on afterwards.
    pub(super) after: BTreeMap<RoleId, Scope>,
}

impl Asked {
    /// The request that fulfils a wish where the group holds these roles.
    pub(super) fn new(held: &[Grant], wish: Wish<'_>, deletion: Deletion) -> Self {
        Self::keeping(held, wish, deletion, true)
    }

    /// The same where the API takes no second entry of a role: what is added to takes the place of all that is there.
    pub(super) fn replacing(held: &[Grant], wish: Wish<'_>) -> Self {
        Self::keeping(held, wish, Deletion::Entry, false)
    }

    fn keeping(held: &[Grant], wish: Wish<'_>, deletion: Deletion, beside: bool) -> Self {
        let mut asked = Self::default();
        let mut roles: Vec<RoleId> =
            wish.give.iter().map(|it| it.0).chain(wish.take.iter().copied()).collect();
        roles.sort_unstable();
        roles.dedup();
        for role in roles {
            let entries = entries(held, role);
            let shall = wish.shall.get(&role).cloned().unwrap_or_default();
            let given: Vec<&Scope> = wish.give.iter().filter(|it| it.0 == role).map(|it| &it.1).collect();
            let given = Scope::any(given.into_iter().cloned());
            let stays = |entry: &Entry| match deletion {
                _ if !wish.take.contains(&role) => true,
                Deletion::Entry | Deletion::Role => shall.contains(&entry.scope),
                Deletion::First => false,
            };
            let (mut stay, mut go): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(stays);
            if deletion == Deletion::Role && !go.is_empty() {
                go.append(&mut stay);
            }
            let left = Scope::any(stay.iter().map(|it| it.scope.clone()));
            let lacks = !left.contains(&given);
            if lacks && !beside {
                go.append(&mut stay);
            }
            asked.delete.extend(go.into_iter().map(|it| GroupRole { role, scope: it.as_read }));
            if lacks {
                asked.add.push((role, given.clone()));
            }
            asked.after.insert(role, Scope::any([left, given]));
        }
        asked
    }

    /// Whether nothing is asked for.
    pub(super) fn is_nothing(&self) -> bool {
        self.add.is_empty() && self.delete.is_empty()
    }

    /// The roles of which an entry goes, each once.
    pub(super) fn deleted(&self) -> Vec<RoleId> {
        let mut roles: Vec<RoleId> = self.delete.iter().map(|it| it.role).collect();
        roles.dedup();
        roles
    }

    /// What the group holds once this was done, as far as it is known without a look.
    pub(super) fn done_to(&self, held: &mut Vec<Grant>) {
        for (role, scope) in &self.after {
            held.retain(|it| it.role != *role);
            if !scope.is_empty() {
                held.push(Grant { role: *role, scope: Arc::new(scope.clone()), as_read: Box::default() });
            }
        }
        held.sort_by_key(|it| it.role);
    }
}

/// One entry of a role.
struct Entry {
    scope: Scope,
    as_read: Option<Arc<serde_json::value::RawValue>>,
}

fn entries(held: &[Grant], role: RoleId) -> Vec<Entry> {
    let Some(grant) = held.iter().find(|it| it.role == role) else { return Vec::new() };
    if grant.as_read.is_empty() {
        // Not read since it was written: named as it was sent.
        return vec![Entry { scope: (*grant.scope).clone(), as_read: Some(grant.scope.to_wire().into()) }];
    }
    let entry = |raw: &Option<Arc<_>>| Entry { scope: Scope::read(raw.as_deref()), as_read: raw.clone() };
    grant.as_read.iter().map(entry).collect()
}
