//! Lock-outs: whom they mean, and every group that loses them, declared or not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Binding, Directory, Ended, Group, GroupKey, Holding, Quarantined, Why, Withheld};
use crate::{
    files::declared::{Declared, DeclaredLockout},
    model::{
        ids::{CompanyId, GroupId, UserId},
        plan::Unresolved,
    },
};

/// Returns the users of a company who are cut off now, under every account; one who is named twice by the first entry.
pub(super) fn locked<'a>(
    declared: &'a Declared,
    company: CompanyId,
    directory: &Directory<'_>,
    now: Timestamp,
) -> BTreeMap<UserId, &'a DeclaredLockout> {
    // The last to be put in stays.
    let in_force = declared.lockouts.iter().rev().filter(|it| it.holds(now));
    let meant = in_force.filter_map(|it| Some((directory.everybody(company, &it.person).ok()?, it)));
    meant.flat_map(|(users, it)| users.into_iter().map(move |user| (user, it))).collect()
}

/// Returns the lock-outs in force that mean nobody, or nobody in particular.
pub(super) fn unresolved(declared: &Declared, directory: &Directory<'_>, now: Timestamp) -> Vec<Quarantined> {
    let mut all = Vec::new();
    for lockout in declared.lockouts.iter().filter(|it| it.holds(now)) {
        let companies = declared.companies.iter();
        let results: Vec<_> = companies.map(|it| directory.everybody(it.id, &lockout.person)).collect();
        let somewhere = results.iter().any(Result::is_ok);
        // A person of one company is no stranger because there are others.
        let matters = |why: &Unresolved| match why {
            Unresolved::Ambiguous(_) => true,
            Unresolved::Unknown | Unresolved::Inactive | Unresolved::Hidden | Unresolved::Foreign(_) => {
                !somewhere
            }
        };
        all.extend(results.into_iter().filter_map(Result::err).filter(matters).map(|why| Quarantined {
            from: Some(lockout.from),
            group: "".into(),
            what: Withheld::Lockout { person: lockout.person.clone(), why },
        }));
    }
    all
}

impl Binding<'_> {
    /// Takes everybody who is cut off out of every group: those the files speak of want them no more
    /// already and learn why, all others are wanted as they are without them.
    pub(super) fn cut_off(&mut self, live: &BTreeMap<GroupId, Group>) {
        if self.locked.is_empty() {
            return;
        }
        let company = self.company.id;
        let own = |it: &&Group| it.company == company;
        let wanted = self.bound.desired.access.groups.iter().filter(own).filter_map(|it| match it.key {
            GroupKey::Existing(id) => Some(id),
            GroupKey::New(_) => None,
        });
        let removed =
            self.bound.desired.removals.iter().filter(|it| it.company == company).map(|it| it.group);
        let spoken_of: BTreeSet<GroupId> = wanted.chain(removed).collect();
        for (&group, live) in live {
            let gone = live.members.iter().filter_map(|it| Some((it.user, self.locked.get(&it.user)?.from)));
            let Some(from) = gone.clone().map(|it| it.1).min() else { continue };
            self.bound.desired.ended.extend(gone.map(|(user, from)| Ended {
                company,
                group,
                what: Holding::Member(user),
                why: Why::LockedOut(from),
            }));
            if !spoken_of.contains(&group) {
                let mut desired = Group { from: Some(from), ..live.clone() };
                desired.members.retain(|it| !self.locked.contains_key(&it.user));
                self.bound.desired.access.groups.push(desired);
            }
        }
    }
}
