//! What is odd about the files and stops nothing, as far as it is seen without the API.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::declared::{Declared, DeclaredAccept, DeclaredLockout, DeclaredUser};
use crate::model::{
    finding::{Code, Finding},
    ids::PersonRef,
    rules,
    selector::Attribute,
    source::Place,
};

impl Declared {
    /// The texts that may be misread, the exceptions that have ended, who is to approve for themselves, and the members who are locked out under the very key
    /// they are declared by; sorted. One who has another key is found when people are bound to users.
    pub fn remarks(&self, now: Timestamp) -> Vec<Finding> {
        let exceptions = self.rules.exceptions.iter().filter(|it| it.ends <= now);
        let mut remarks: Vec<Finding> =
            exceptions.map(|it| rules::expired(it.rule(), it.ends, it.from)).collect();
        remarks.extend(self.misread.iter().cloned());
        remarks.extend(self.accepts.iter().filter_map(|it| void(it, now)));
        let users = self.companies.iter().flat_map(|it| &it.users);
        let managed =
            users.clone().filter(|it| it.people_of(Attribute::Manager).any(|it_is| *it_is == it.person));
        remarks.extend(
            managed.filter_map(|it| Some(circle(&[it.person.to_string()], of(it, Attribute::Manager)?))),
        );
        let own = users.filter(|it| it.people_of(Attribute::Approvers).any(|other| *other == it.person));
        remarks.extend(own.filter_map(|it| Some(approves_own(&it.person, of(it, Attribute::Approvers)?))));
        let in_force = self.lockouts.iter().rev().filter(|it| it.holds(now));
        let locked: BTreeMap<&PersonRef, &DeclaredLockout> = in_force.map(|it| (&it.person, it)).collect();
        let groups = self.companies.iter().flat_map(|it| &it.groups);
        for member in groups.flat_map(|it| &it.members.entries) {
            let wanted = !member.term().is_over(now);
            if let Some(lockout) = locked.get(&member.person).filter(|_| wanted) {
                remarks.push(locked_out(&member.person, member.from, lockout.from));
            }
        }
        remarks.sort();
        remarks
    }
}

/// Where an attribute of a person is declared.
fn of(user: &DeclaredUser, attribute: Attribute) -> Option<Place> {
    user.traits.iter().find(|it| it.attribute == attribute).map(|it| it.from)
}

/// Nobody's approval is asked where somebody gives it alone.
pub(crate) fn approves_own(person: &PersonRef, at: Place) -> Finding {
    let message = format!("{person} is to approve for themselves");
    Finding::new(Code::ApprovesOwn, at, message).help("name somebody else, if anybody is to look at it")
}

/// People of whom each is managed by the next, and the last by the first.
pub(crate) fn circle(people: &[String], at: Place) -> Finding {
    let message = match people {
        [one] => format!("{one} is to be their own manager"),
        [first, rest @ ..] => {
            format!("{first} is managed by {}, who is managed by {first}", rest.join(", who is managed by "))
        }
        [] => "nobody is managed by anybody".to_owned(),
    };
    Finding::new(Code::ApprovesOwn, at, message)
        .help("name somebody else, if anybody is to look at what they ask for")
}

/// Why something is not accepted, as far as dates tell.
fn void(accept: &DeclaredAccept, now: Timestamp) -> Option<Finding> {
    let DeclaredAccept { what, ends, from, .. } = accept;
    if *ends <= now {
        let message = format!("{what}: that this differs was accepted until {ends:.0}");
        let help = "delete the entry, or give it a new `until` if it is still to be left as it is";
        return Some(Finding::new(Code::ExpiredAccept, *from, message).help(help));
    }
    let most = DeclaredAccept::MOST_DAYS;
    accept.is_long(now).then(|| {
        let message =
            format!("{what}: nothing is accepted for longer than {most} days from now, so this is not");
        Finding::new(Code::LongAccept, *from, message)
            .help("give it an `until` that is nearer, and look at it again then")
    })
}

/// A declared member, or holder of a direct role, leaves.
pub(crate) fn leaves(person: &PersonRef, member: Place, from: Place) -> Finding {
    Finding::new(Code::LockedOutMember, member, format!("{person} leaves, and this entry is void"))
        .related(from, "leaves here")
        .help("delete the entry; who is not active is in no group")
}

/// Somebody who leaves, or is cut off everywhere, is to be put above a person: `word` says as what.
pub(crate) fn idle_superior(
    person: &PersonRef,
    (word, of): (&str, &PersonRef),
    entry: Place,
    (from, leaves): (Place, bool),
) -> Finding {
    let (does, here) = if leaves { ("leaves", "leaves here") } else { ("is locked out", "locked out here") };
    let message = format!("{word} of {of}: left as it is, as {person} {does}");
    Finding::new(Code::LockedOutMember, entry, message).related(from, here).help("name somebody who stays")
}

/// A declared member, or holder of a direct role, is cut off everywhere.
pub(crate) fn locked_out(person: &PersonRef, member: Place, lockout: Place) -> Finding {
    Finding::new(Code::LockedOutMember, member, format!("{person} is locked out, and this entry is void"))
        .related(lockout, "locked out here")
        .help("delete the entry; the lock-out stands for as long as `lockout:` says so")
}
