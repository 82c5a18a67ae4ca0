//! What `rbac-info` must say of people once a plan is made, compared with what it says (contract §6.3).
//!
//! It knows permissions and actions and no scopes, so a role on a wrong scope is never seen here.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    ids::{RoleId, UserId},
    permissions::Permissions,
    plan::{Action, Change, Plan},
};

/// What every traveller may do about the own trips and the own profile, whatever the roles (contract §5.3).
const SELF_SERVICE: [&str; 2] = ["TRIP_MANAGEMENT", "USER_PROFILE"];
/// What of a lost role is shown afterwards as before, leaving out what every traveller may do.
fn lingering(lost: &Permissions, before: &Permissions, after: &Permissions) -> Permissions {
    lost.expanded().retain(|permission, action| {
        !SELF_SERVICE.contains(&permission)
            && before.covers(permission, action)
            && after.covers(permission, action)
    })
}

/// Whether somebody gets a role by a group, or loses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// Joined the group, or the group got the role.
    Gained,
    /// Left the group, or the group lost the role.
    Lost,
}

/// A role that somebody gets or loses by a group, as a plan says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Claim {
    /// The group, by its position in the plan.
    pub change: usize,
    pub user: UserId,
    pub turn: Turn,
    pub role: RoleId,
}

/// Returns what a plan says of people's roles by groups, sorted; a role that is only rescoped is no claim.
///
/// `unread` are the roles of groups into which the plan did not look, by position.
pub fn claims(plan: &Plan, unread: &BTreeMap<usize, BTreeSet<RoleId>>) -> Vec<Claim> {
    let mut claims = Vec::new();
    for it in plan.groups() {
        let change = it.at;
        let mut before: BTreeSet<RoleId> = it.roles_before().map(|it| it.0).collect();
        before.extend(unread.get(&change).into_iter().flatten());
        let after: BTreeSet<RoleId> = match it.action() {
            Action::Delete => BTreeSet::new(),
            Action::Create | Action::Alter => it.roles_after().into_keys().collect(),
        };
        let mut say = |users: &[UserId], turn, roles: &BTreeSet<RoleId>| {
            for user in users {
                claims.extend(roles.iter().map(|role| Claim { change, user: *user, turn, role: *role }));
            }
        };
        let (staying, leaving) = stay_and_leave(&it);
        say(&it.joining().collect::<Vec<_>>(), Turn::Gained, &after);
        say(&staying, Turn::Gained, &(&after - &before));
        say(&staying, Turn::Lost, &(&before - &after));
        say(&leaving, Turn::Lost, &before);
    }
    claims.sort_unstable();
    claims.dedup();
    claims
}

/// Returns who stays in a group and who leaves it; of a group that is deleted all do.
fn stay_and_leave(change: &Change<'_>) -> (Vec<UserId>, Vec<UserId>) {
    let (staying, mut leaving): (Vec<_>, Vec<_>) = (change.staying().collect(), change.leaving().collect());
    match change.action() {
        Action::Delete => {
            leaving.extend(staying);
            (Vec::new(), leaving)
        }
        Action::Create | Action::Alter => (staying, leaving),
    }
}

/// What somebody holds after the plan was made.
#[derive(Clone, Debug, Default)]
pub struct Holds {
    /// The roles of all groups the person is in.
    pub roles: BTreeSet<RoleId>,
    /// Whether there are roles outside groups as well; what these permit is not public.
    pub direct: bool,
}

/// What was read, or why it could not be.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What roles are called; a plan that looks into no group does not know.
    pub names: BTreeMap<RoleId, Box<str>>,
    /// What roles permit.
    pub roles: BTreeMap<RoleId, Result<Permissions, String>>,
    /// What `rbac-info` said before the first write.
    pub before: BTreeMap<UserId, Result<Permissions, String>>,
    /// What it said after the last.
    pub after: BTreeMap<UserId, Result<Permissions, String>>,
    /// What people of whom this matters hold afterwards.
    pub holds: BTreeMap<UserId, Result<Holds, String>>,
}

/// Something that `rbac-info` says and the plan does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// What the plan says.
    pub claim: Claim,
    /// What the role is called, or its id.
    pub role: Box<str>,
    /// What is missing of a role that was gained, or still there of one that was lost.
    pub permissions: Permissions,
}

/// What the witness says of a plan that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Testimony {
    /// People of whom `rbac-info` was read.
    pub looked: usize,
    /// What is not as planned, in the order of the claims.
    pub contradictions: Vec<Contradiction>,
    /// Of whom something cannot be told, and why; sorted.
    pub untold: Vec<(UserId, String)>,
}

impl Testimony {
    /// Whether there was somebody to look at and nobody was seen.
    pub fn saw_nobody(&self) -> bool {
        self.looked == 0 && !self.untold.is_empty()
    }
}

impl Evidence {
    /// Returns the people of whom it has to be known what else they hold: a role was lost, and what it
    /// permits is shown all the same.
    pub fn doubtful(&self, claims: &[Claim]) -> BTreeSet<UserId> {
        let lost = claims.iter().filter(|it| it.turn == Turn::Lost);
        lost.filter(|it| self.lingering(it).is_ok_and(|it| !it.is_empty())).map(|it| it.user).collect()
    }

    /// Compares what was claimed, and made, with what was read.
    pub fn judge(&self, claims: &[Claim]) -> Testimony {
        let mut testimony =
            Testimony { looked: self.after.values().filter(|it| it.is_ok()).count(), ..Testimony::default() };
        let mut untold = BTreeSet::new();
        for claim in claims {
            let found = match claim.turn {
                Turn::Gained => self.missing(claim),
                Turn::Lost => self.left_over(claim),
            };
            match found {
                Ok(none) if none.is_empty() => (),
                Ok(permissions) => {
                    let name = self.names.get(&claim.role).cloned();
                    let role = name.unwrap_or_else(|| claim.role.to_string().into());
                    testimony.contradictions.push(Contradiction { claim: *claim, role, permissions });
                }
                Err(why) => {
                    untold.insert((claim.user, why));
                }
            }
        }
        testimony.untold = untold.into_iter().collect();
        testimony
    }

    fn missing(&self, claim: &Claim) -> Result<Permissions, String> {
        Ok(known(&self.roles, &claim.role)?.missing_in(known(&self.after, &claim.user)?))
    }

    fn lingering(&self, claim: &Claim) -> Result<Permissions, String> {
        let (role, after) = (known(&self.roles, &claim.role)?, known(&self.after, &claim.user)?);
        if lingering(role, after, after).is_empty() {
            // It is gone, whatever was.
            return Ok(Permissions::default());
        }
        Ok(lingering(role, known(&self.before, &claim.user)?, after))
    }

    fn left_over(&self, claim: &Claim) -> Result<Permissions, String> {
        let mut left = self.lingering(claim)?;
        if left.is_empty() {
            return Ok(left);
        }
        let holds = known(&self.holds, &claim.user)?;
        for role in &holds.roles {
            left = left.without(known(&self.roles, role)?);
        }
        if holds.direct && !left.is_empty() {
            return Err(format!("cannot tell whether direct roles give {}", left.words()));
        }
        Ok(left)
    }
}

fn known<'a, K: Ord, T>(all: &'a BTreeMap<K, Result<T, String>>, key: &K) -> Result<&'a T, String> {
    match all.get(key) {
        Some(Ok(it)) => Ok(it),
        Some(Err(why)) => Err(why.clone()),
        None => Err("not asked".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(rows: &[(&str, &[&str])]) -> Permissions {
        rows.iter().map(|(it, actions)| (Box::from(*it), actions.iter().map(|it| Box::from(*it)))).collect()
    }

    #[test]
    fn all_is_shown_by_name_or_by_what_it_means() {
        let role = permissions(&[("AGENT", &["ALL"])]);
        for (shown, missing) in [
            (permissions(&[("AGENT", &["ALL"])]), ""),
            (permissions(&[("AGENT", &["CREATE", "READ", "WRITE", "DELETE"])]), ""),
            (permissions(&[("AGENT", &["READ"])]), "AGENT"),
            (permissions(&[("OTHER", &["ALL"])]), "AGENT"),
        ] {
            assert_eq!(role.missing_in(&shown).words(), missing, "{shown:?}");
        }
        let role = permissions(&[("A", &["READ", "WRITE"]), ("B", &["READ"])]);
        assert_eq!(role.missing_in(&permissions(&[("A", &["READ"]), ("B", &["ALL"])])).words(), "A (WRITE)");
    }

    #[test]
    fn what_is_lost_may_stay_only_where_something_kept_carries_it_or_everybody_has_it() {
        let lost = permissions(&[("AGENT", &["ALL"]), ("TRIP_MANAGEMENT", &["READ"])]);
        let before = permissions(&[("AGENT", &["ALL"]), ("TRIP_MANAGEMENT", &["ALL"])]);
        let left = |after: &[(&str, &[&str])], kept: &[(&str, &[&str])]| {
            lingering(&lost, &before, &permissions(after)).without(&permissions(kept)).words()
        };
        assert_eq!(left(&[("TRIP_MANAGEMENT", &["READ"])], &[]), "");
        assert_eq!(left(&[("AGENT", &["ALL"])], &[]), "AGENT");
        assert_eq!(left(&[("AGENT", &["READ"])], &[]), "AGENT (READ)");
        assert_eq!(left(&[("AGENT", &["READ"])], &[("AGENT", &["READ"])]), "");
        assert_eq!(left(&[("AGENT", &["ALL"])], &[("AGENT", &["READ"])]), "AGENT");
        assert_eq!(left(&[("AGENT", &["ALL"])], &[("AGENT", &["ALL"])]), "");
        assert_eq!(lingering(&lost, &Permissions::default(), &before).words(), "", "it was not shown before");
    }
}
