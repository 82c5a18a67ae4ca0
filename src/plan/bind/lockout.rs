//! Lock-outs: which users they mean, and every group that loses them, declared or not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Binding, Directory, Fact, GroupIx, Owner, Place, Why, Withheld, WithheldReason, keys::Directories,
};
use crate::{
    files::{
        check::{leaves, locked_out},
        declared::Declared,
    },
    model::{
        finding::Finding,
        ids::{CompanyId, PersonRef, UserId},
        observed::ObservedCompany,
        plan::Unresolved,
    },
};

/// An entry by which somebody keeps nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Where it stands.
    pub(super) from: Place,
    /// Whether it says that the account is not active, and nothing of a lock-out.
    pub(super) leaves: bool,
}

impl Cut {
    /// That an entry is void by it.
    pub(super) fn remark(self, person: &PersonRef, entry: Place) -> Finding {
        let remark = if self.leaves { leaves } else { locked_out };
        remark(person, entry, self.from)
    }

    /// The reason for what goes by it.
    pub(super) fn why(self) -> Why {
        if self.leaves { Why::Left(self.from) } else { Why::LockedOut(self.from) }
    }
}

/// Returns everybody who is cut off now and is of the company, under every account, or in a group of it all the same;
/// one who is named twice by the first entry.
///
/// A key means both who has it and who is to have it: whichever of them was written down is not to keep anything by the other.
pub(super) fn locked(
    declared: &Declared,
    (company, live): (CompanyId, &ObservedCompany),
    directories: Directories<'_>,
    now: Timestamp,
) -> BTreeMap<UserId, Cut> {
    // The last to be put in stays.
    let in_force = declared.lockouts.iter().rev().filter(|it| it.holds(now));
    let own = declared.looked_at();
    let is_in_a_group = |it: &UserId| live.held.get(it).is_some_and(|groups| !groups.is_empty());
    let meant = in_force.flat_map(|it| {
        let everybody =
            |directory: &Directory<'_>| directory.everybody(company, &it.person).unwrap_or_default();
        let (known, then) = (everybody(directories.now), everybody(directories.then));
        // Of two, nobody knows whose it is to be.
        let then = Some(then).filter(|it| known.is_empty() || it.len() == 1).into_iter().flatten();
        let others = directories.now.cut_off_elsewhere(company, &own, &it.person);
        let users = known.into_iter().chain(then).chain(others.into_iter().filter(is_in_a_group));
        users.map(|user| (user, Cut { from: it.from, leaves: false })).collect::<Vec<_>>()
    });
    meant.collect()
}

/// Returns the lock-outs in force that mean nobody, or nobody in particular.
pub(super) fn unresolved(
    declared: &Declared,
    Directories { now: known, then }: Directories<'_>,
    now: Timestamp,
) -> Vec<Withheld> {
    let mut all = Vec::new();
    for lockout in declared.lockouts.iter().filter(|it| it.holds(now)) {
        let companies = declared.companies.iter();
        let everybody = |it: CompanyId| {
            let found = known.everybody(it, &lockout.person);
            if found == Err(Unresolved::Unknown) { then.everybody(it, &lockout.person) } else { found }
        };
        let results: Vec<_> = companies.map(|it| everybody(it.id)).collect();
        let somewhere = results.iter().any(Result::is_ok);
        // A person of one company is no stranger because there are others.
        let matters = |why: &Unresolved| match why {
            Unresolved::Ambiguous(_) => true,
            // Another run of the same workspace cuts off who is of a company that this one is not about.
            Unresolved::Foreign(other) if declared.aside.contains(other) => false,
            Unresolved::Unknown
            | Unresolved::Nowhere(_)
            | Unresolved::Inactive
            | Unresolved::Hidden
            | Unresolved::Foreign(_) => !somewhere,
        };
        all.extend(results.into_iter().filter_map(Result::err).filter(matters).map(|why| Withheld {
            from: Some(lockout.from),
            group: "".into(),
            what: WithheldReason::Lockout { person: lockout.person.clone(), why },
        }));
    }
    all
}

impl Binding<'_> {
    /// Leaves every group that nothing is decided about as it is, but for those who are cut off: these go out of
    /// every group, and the reason says so.
    pub(super) fn leave_alone(&mut self, settled: &BTreeSet<GroupIx>) {
        let company = self.company.id;
        let (index, live) = (self.index, self.live);
        for (group, attributes) in live.groups().iter().filter(|it| index.group(it.0).company == company) {
            let owner = Owner::Group(*group);
            let mut first: Option<Place> = None;
            let decided = settled.contains(group);
            for user in live.members(*group) {
                match self.locked.get(&index.user(user)).copied() {
                    Some(cut) => {
                        first = Some(first.map_or(cut.from, |it| it.min(cut.from)));
                        self.note(owner, Fact::Member(user)).why = cut.why();
                    }
                    None if decided => (),
                    None => self.desired.member(*group, user),
                }
            }
            if decided {
                continue;
            }
            if first.is_some() {
                self.note(owner, Fact::Attributes).from = first;
            }
            self.desired.group(*group, attributes.clone());
            for ((_, role), scope) in live.grants(*group) {
                self.desired.grant(*group, *role, scope.clone());
            }
        }
    }
}
