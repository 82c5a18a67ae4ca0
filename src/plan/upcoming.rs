//! What begins and what ends within a time: every entry of the files with such a date, with what it gives then or takes.
//!
//! Pure. What a date gives is what the files ask for at that instant, and what it takes what they ask for just before,
//! of the live state as it is now.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::{
    bind::{
        Bound, bind, keys,
        people::Directory,
        soon::{self, Found},
    },
    explain::names,
};
use crate::{
    files::{
        declared::{Declared, DeclaredException},
        matching::{Target, matching},
    },
    model::{
        date::Term,
        ids::{CompanyId, GroupId, UserId},
        index::GroupName,
        observed::Observed,
        plan::Names,
    },
};

pub use soon::{Item, What};

/// What begins and ends within a time.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Upcoming {
    /// Sorted by time, and then in the order of the files.
    pub items: Vec<Item>,
    /// The last instant that is looked at.
    pub to: Timestamp,
    pub companies: Vec<CompanyId>,
    /// Those of the files that could not be read: what begins and ends there is not told.
    pub unread: Vec<CompanyId>,
    /// How many of them give or take what cannot be told, as names of groups do not fit then.
    pub untold: usize,
    pub names: Names,
}

/// Finds what begins and ends after `now` and until `to`.
pub fn upcoming(declared: &Declared, snapshot: &Observed, now: Timestamp, to: Timestamp) -> Upcoming {
    let declared = &*declared.without(&snapshot.failed);
    let known = Directory::new(&snapshot.users);
    let (users, _) = keys::given((declared, declared), (&known, snapshot));
    let changed = users.as_deref().map(Directory::new);
    let mut found = Found::new((now, to), changed.as_ref().unwrap_or(&known));
    found.companies(declared, &|it| soon::roles(&snapshot.companies, it));
    for lockout in &declared.lockouts {
        let term = Term { starts: Some(lockout.since), ends: lockout.ends };
        let (what, reason) = (What::Lockout { person: lockout.person.clone() }, Some(&*lockout.reason));
        found.add(term, lockout.from, None, &what, reason);
    }
    for it in declared.rules.all().flat_map(|it| &it.exceptions) {
        let what = What::Exception { of: said(it).into() };
        let term = Term { starts: None, ends: Some(it.ends) };
        found.add(term, it.from, it.target.company, &what, Some(&*it.reason));
    }
    for it in &declared.accepts {
        let what = What::Accept { of: it.what.to_string().into() };
        let term = Term { starts: None, ends: Some(it.ends) };
        found.add(term, it.from, Some(it.company), &what, Some(&*it.reason));
    }
    let mut items = found.items;
    items.sort_by_key(|it| (it.at, it.from, it.begins));
    let untold = told(&mut items, declared, snapshot);
    let unread = snapshot.failed.keys().copied().collect();
    Upcoming {
        items,
        to,
        companies: declared.own_companies(),
        unread,
        untold,
        names: names(declared, snapshot),
    }
}

/// What an exception is for.
fn said(it: &DeclaredException) -> String {
    let target = &it.target;
    let group = target.group.as_ref().map(|it| format!("group {it}"));
    let person = target.person.as_ref().map(ToString::to_string);
    let role = target.role.as_ref().map(|it| format!("role {it}"));
    let all: Vec<String> = [group, person, role].into_iter().flatten().collect();
    let about = if all.is_empty() { String::new() } else { format!(" for {}", all.join(", ")) };
    format!("{}{about}, up to {}", it.guard.as_str(), it.up_to)
}

/// Notes who gets or loses what by each, and returns of how many that cannot be told.
fn told(items: &mut [Item], declared: &Declared, snapshot: &Observed) -> usize {
    let mut by_side: BTreeMap<Timestamp, Vec<usize>> = BTreeMap::new();
    let of_group = items.iter().enumerate().filter(|it| it.1.what.group().is_some());
    for (n, item) in of_group {
        // What ends is asked for until just before.
        let side = if item.begins { item.at } else { item.at - SignedDuration::from_nanos(1) };
        by_side.entry(side).or_default().push(n);
    }
    let groups = groups(declared, snapshot);
    let mut untold = 0;
    for (side, numbers) in by_side {
        let Ok(bound) = bind(declared, snapshot, side) else {
            untold += numbers.len();
            continue;
        };
        for n in numbers {
            tell(&mut items[n], &groups, &bound);
        }
    }
    untold
}

/// The declared groups, each with the id of the one that it means, if there is one; those that may mean several are left out.
type Groups<'a> = HashMap<(CompanyId, &'a str), Option<GroupId>>;

fn groups<'a>(declared: &'a Declared, snapshot: &'a Observed) -> Groups<'a> {
    let mut groups = Groups::new();
    for company in &declared.companies {
        let Some(live) = snapshot.companies.iter().find(|it| it.id == company.id) else { continue };
        for (group, target) in matching(company, &live.groups).groups {
            match target {
                Target::Found(head) => _ = groups.insert((company.id, &group.name), Some(head.id)),
                Target::Missing => _ = groups.insert((company.id, &group.name), None),
                Target::Ambiguous(_) => (),
            }
        }
    }
    groups
}

fn tell(item: &mut Item, groups: &Groups<'_>, bound: &Bound) {
    let Some((company, name)) = item.company.zip(item.what.group()) else { return };
    let group = match groups.get(&(company, name)) {
        Some(Some(id)) => bound.index.find_group(company, *id),
        Some(None) => bound.index.find(&GroupName::new(company, name.into())),
        None => None,
    };
    let Some(group) = group else { return };
    let everybody = || {
        let mut all: Vec<UserId> = bound.desired.members(group).map(|it| bound.index.user(it)).collect();
        all.sort_unstable();
        all
    };
    let grants = || {
        let all = bound.desired.grants(group).iter();
        all.map(|((_, role), scope)| (*role, scope.clone())).collect::<Vec<_>>()
    };
    match item.what {
        What::Group { .. } => (item.people, item.roles) = (everybody(), grants()),
        What::Member { .. } => item.roles = grants(),
        What::Role { .. } => item.people = everybody(),
        What::DirectRole { .. } | What::Lockout { .. } | What::Exception { .. } | What::Accept { .. } => (),
    }
}
