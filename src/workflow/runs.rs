//! Runs of apply as their journals tell them: which came later, which were undone, and what they have in common.
//!
//! Values only: what a journal holds was read elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::Timestamp;

use crate::{
    apply::{
        journal::Trust,
        record::{self, Record},
    },
    model::{
        direct::Kind,
        ids::{CompanyId, GroupId, RoleId, UserId},
        plan::Action,
        source::{Place, Sources},
    },
    report::document::Saved,
};

/// One run of apply.
#[derive(Debug)]
pub struct Run {
    /// Its journal, as places name it.
    pub journal: Box<Path>,
    /// Its plan.
    pub saved: Saved,
    /// What it wrote.
    pub records: Vec<Record>,
    /// Whether the journal is what rolecall wrote.
    pub trust: Trust,
}

impl Run {
    /// When it began.
    pub fn began(&self) -> Option<Timestamp> {
        self.records.iter().find_map(|it| match it {
            Record::Start { at, .. } => Some(*at),
            Record::Intent(_) | Record::Ending(_) | Record::End { .. } => None,
        })
    }

    /// Whether it made all that it was to make.
    fn is_whole(&self) -> bool {
        self.records.iter().any(|it| matches!(it, Record::End { exit: 0, .. }))
    }

    /// The beginning of its journal.
    pub(super) fn place(&self, sources: &mut Sources) -> Place {
        Place::new(sources.add(self.journal.display().to_string(), String::new()), 1, 1)
    }

    /// Whether a rollback says that this is the run it undoes.
    fn is_undone_by(&self, other: &Self) -> bool {
        let name = |it: &Path| it.file_name().map(ToOwned::to_owned);
        other.saved.plan.undoes.as_ref().is_some_and(|it| {
            it.plan == self.saved.id && name(Path::new(&*it.journal)) == name(&self.journal)
        })
    }
}

/// What a run changed, one by one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Touched {
    /// The group itself: its name, or that it is there.
    Group(GroupId),
    /// The name of a group that came, went or was renamed: another may have it since.
    Name(CompanyId, Box<str>),
    Member(GroupId, UserId),
    Role(GroupId, RoleId),
    Direct(CompanyId, UserId, Kind),
}

fn touched(run: &Run) -> BTreeSet<Touched> {
    let mut all = BTreeSet::new();
    for (n, done) in record::done(&run.records) {
        let Some(change) = run.saved.plan.change(n) else { continue };
        if let Some(user) = change.user() {
            let kinds = change.direct().filter_map(|it| it.kind()).filter(|_| done.direct);
            all.extend(kinds.map(|it| Touched::Direct(change.company(), user, it.clone())));
            continue;
        }
        let Some(group) = change.id().or(done.created.flatten()) else { continue };
        if done.deleted || done.renamed || done.created.is_some() {
            all.insert(Touched::Group(group));
            let after = change.attributes_after().map(|it| it.name.clone());
            let names = after.into_iter().chain([change.name().into()]);
            all.extend(names.map(|it| Touched::Name(change.company(), it)));
        }
        all.extend(done.added.iter().chain(&done.removed).map(|it| Touched::Member(group, *it)));
        all.extend(done.roles.iter().map(|it| Touched::Role(group, *it)));
    }
    all
}

fn group(touched: &Touched) -> Option<GroupId> {
    match touched {
        Touched::Group(group) | Touched::Member(group, _) | Touched::Role(group, _) => Some(*group),
        Touched::Name(..) | Touched::Direct(..) => None,
    }
}

/// Whether two runs changed the same, so that it matters which is undone first. A group that one of them made, deleted or
/// renamed has everything in common with whatever is done in it.
fn have_in_common(one: &BTreeSet<Touched>, other: &BTreeSet<Touched>) -> bool {
    let whole = |it: &BTreeSet<Touched>| -> BTreeSet<GroupId> {
        it.iter().filter(|it| matches!(it, Touched::Group(_))).filter_map(group).collect()
    };
    let within = |these: &BTreeSet<GroupId>, all: &BTreeSet<Touched>| {
        all.iter().filter_map(group).any(|it| these.contains(&it))
    };
    one.intersection(other).next().is_some() || within(&whole(one), other) || within(&whole(other), one)
}

/// Returns the journals of the later runs that are to be undone before this one, the last first: they changed some of the
/// same, and were not undone. A rollback is no run of its own, but undoes one, or does again what was undone.
pub(super) fn first<'a>(run: &Run, later: &'a [Run]) -> Vec<&'a Path> {
    let mut later: Vec<&Run> =
        later.iter().filter(|it| !it.saved.urls().is_disjoint(&run.saved.urls())).collect();
    later.sort_by_key(|it| it.began());
    let mut in_force: Vec<bool> = later.iter().map(|it| it.saved.plan.undoes.is_none()).collect();
    // Of rollbacks, whether what they undo is in force by them.
    for (at, rollback) in later.iter().enumerate().filter(|it| it.1.is_whole()) {
        let (mut of, mut undone) = (at, rollback);
        let mut gives_back = true;
        while let Some(target) = later[..of].iter().rposition(|it| it.is_undone_by(undone)) {
            gives_back = !gives_back;
            (of, undone) = (target, &later[target]);
        }
        if of != at && later[of].saved.plan.undoes.is_none() {
            in_force[of] = gives_back;
        }
    }
    let own = touched(run);
    let after = run.began();
    let matters = later.iter().zip(in_force).filter(|(it, in_force)| *in_force && it.began() > after);
    let mut first: Vec<&Path> =
        matters.filter(|it| have_in_common(&own, &touched(it.0))).map(|it| &*it.0.journal).collect();
    first.reverse();
    first
}

/// Returns under which id groups are by now that a run deleted and its rollback created again.
pub(super) fn successors(runs: &[Run]) -> BTreeMap<GroupId, GroupId> {
    let mut found = BTreeMap::new();
    for rollback in runs {
        let Some(undone) = runs.iter().find(|it| it.is_undone_by(rollback)) else { continue };
        for (n, done) in record::done(&rollback.records) {
            let Some(new) = rollback.saved.plan.change(n) else { continue };
            let mut gone = undone.saved.plan.groups().filter(|it| {
                it.action() == Action::Delete && (it.company(), it.name()) == (new.company(), new.name())
            });
            // Of several groups of one name nobody can say which it is.
            let old = gone.next().filter(|_| gone.next().is_none()).and_then(|it| it.id());
            found.extend(old.zip(done.created.flatten()));
        }
    }
    found
}

/// Returns the groups that took the place of some.
pub(super) fn succeeding(
    groups: &[(CompanyId, GroupId)],
    successors: &BTreeMap<GroupId, GroupId>,
) -> Vec<(CompanyId, GroupId)> {
    let mut all = Vec::new();
    for (company, group) in groups {
        let mut at = *group;
        for _ in 0..successors.len() {
            let Some(next) = successors.get(&at) else { break };
            at = *next;
            all.push((*company, at));
        }
    }
    all
}
