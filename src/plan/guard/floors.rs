//! Rules from outside the files: what they find beside those of the files, and the stricter of both.

use super::{Check, Floor, Subject, Verdict};
use crate::model::rules::{Guard, HeldRole, Level, Limit, Unread};

/// Adds what a floor found. Of what both looked at the graver verdict stays, and the one of the files where both are as
/// grave.
pub(super) fn stricter(checks: &mut Vec<Check>, found: Vec<Check>, floor: &Floor) {
    for check in found.into_iter().filter(|it| floor.guards.contains(&it.guard)) {
        let check = Check { by: Some(floor.by), ..check };
        // Groups of one name are counted one by one: of these all are told.
        let same =
            |it: &&mut Check| key(it) == key(&check) && it.of == check.of && direct(it) == direct(&check);
        match checks.iter_mut().find(same) {
            Some(own) if gravity(&check) > gravity(own) => *own = check,
            Some(_) => (),
            None => checks.push(check),
        }
    }
    // What one of them looked at was looked at.
    let looked: Vec<Guard> =
        checks.iter().filter(|it| it.verdict != Verdict::Unset).map(|it| it.guard).collect();
    let is_moot = |it: &Check| it.items.is_empty() && looked.contains(&it.guard);
    checks.retain(|it| it.verdict != Verdict::Unset || !is_moot(it));
}

/// The direct role that a check is about: of a company there is one for each.
fn direct(check: &Check) -> Option<&HeldRole> {
    let is_of_company = matches!(check.subject, Subject::Company(_)) && check.guard == Guard::LastHolder;
    check.items.first().filter(|_| is_of_company)?.role.as_ref()
}

/// What tells two findings of a guard apart.
type Key<'a> =
    (Guard, &'a Subject, Option<Level>, u8, Option<(&'a str, bool, Option<Unread>, &'a [Box<str>])>);

fn key(check: &Check) -> Key<'_> {
    let limit = match check.limit {
        Limit::Percent(_) => 0,
        Limit::AtMost(_) => 1,
        Limit::AtLeast(_) => 2,
    };
    let policy = check.policy.as_ref().map(|it| (&*it.name, it.stood, it.unread, &*it.approvers));
    (check.guard, &check.subject, check.level, limit, policy)
}

/// How grave it is, and of what is as grave how much is left that nothing allows.
fn gravity(check: &Check) -> (u8, usize) {
    let verdict = match check.verdict {
        Verdict::Unset => 0,
        Verdict::Ok => 1,
        Verdict::Stood => 2,
        Verdict::Review => 3,
        Verdict::Warning => 4,
        Verdict::Approved => 5,
        Verdict::Excepted { .. } => 6,
        Verdict::Stop => 7,
    };
    (verdict, if check.verdict == Verdict::Stop { check.value - check.excepted.min(check.value) } else { 0 })
}
