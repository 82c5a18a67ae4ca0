//! Roles of which a company shall at no moment have too few holders.
//!
//! Whatever takes such a role from somebody waits for everything that gives it to
//! somebody, and whoever keeps it gets it in the new place first. Counts nobody:
//! if nothing is taken before all is given, there are never fewer than on one side.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ids::{CompanyId, RoleId};

use super::{
    graph::{Edge, Graph, Operation, Part, Reason, Rest, Row, Way},
    links::depths,
};

type Key = (CompanyId, RoleId);

/// What the floors make wait.
#[derive(Debug)]
pub(super) struct Floors {
    /// What stands between the givers and the takers.
    barriers: BTreeMap<Key, usize>,
    edges: BTreeMap<Key, Vec<Edge>>,
    unmet: BTreeSet<Key>,
}

/// What one person, or several alike, have of a role in a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Gains,
    Keeps,
    Loses,
    Never,
}

impl Holder {
    fn new(before: bool, after: bool) -> Self {
        match (before, after) {
            (false, true) => Self::Gains,
            (true, true) => Self::Keeps,
            (true, false) => Self::Loses,
            (false, false) => Self::Never,
        }
    }
}

impl Floors {
    pub(super) fn new(keys: &BTreeSet<Key>, graph: &mut Graph) -> Self {
        let barriers = keys.iter().map(|it| (*it, graph.add(0, Operation::Barrier))).collect();
        Self { barriers, edges: BTreeMap::new(), unmet: BTreeSet::new() }
    }

    /// Notes what a shared person makes wait; `parts` are all groups where they meet one role.
    pub(super) fn person(&mut self, graph: &Graph, parts: &[Part]) {
        if self.barriers.is_empty() {
            return;
        }
        let company = |it: &Part| graph.groups[it.change].company();
        for parts in parts.chunk_by(|a, b| company(a) == company(b)) {
            let key = (company(&parts[0]), parts[0].row.role);
            let Some(barrier) = self.barriers.get(&key).copied() else { continue };
            let before = parts.iter().any(|it| !it.before().is_nowhere());
            let after = parts.iter().any(|it| !it.after().is_nowhere());
            match Holder::new(before, after) {
                Holder::Gains => {
                    parts.iter().flat_map(gifts).for_each(|it| self.wait(key, it, barrier));
                }
                Holder::Loses => {
                    parts.iter().flat_map(losses).for_each(|it| self.wait(key, barrier, it));
                }
                Holder::Keeps => self.keeper(key, parts),
                Holder::Never => (),
            }
        }
    }

    /// Who has the role before and after, be it on other scopes, has it all the time.
    fn keeper(&mut self, key: Key, parts: &[Part]) {
        let both = |it: &Part| !it.before().is_nowhere() && !it.after().is_nowhere();
        if parts.iter().any(|it| both(it) && !it.is_cut()) {
            return;
        }
        let givers = || parts.iter().filter(|it| !it.after().is_nowhere());
        let Some(giver) = givers().find(|it| !both(it)).or_else(|| givers().next()) else { return };
        let mut takers =
            parts.iter().filter(|it| it.change != giver.change && !it.before().is_nowhere()).peekable();
        if both(giver) && takers.peek().is_none() {
            self.unmet.insert(key);
        }
        for taker in takers {
            for (gift, loss) in gifts(giver).flat_map(|gift| losses(taker).map(move |loss| (gift, loss))) {
                self.wait(key, gift, loss);
            }
        }
    }

    /// Notes what those make wait who are in one group only.
    pub(super) fn rest(&mut self, graph: &Graph) {
        for (key, barrier) in self.barriers.clone() {
            for n in (0..graph.groups.len()).filter(|it| graph.groups[*it].company() == key.0) {
                if let Ok(at) = graph.roles[n].binary_search_by_key(&key.1, |it| it.role) {
                    self.group(key, barrier, n, &graph.rest[n], &graph.roles[n][at]);
                }
            }
        }
    }

    fn group(&mut self, key: Key, barrier: usize, change: usize, rest: &Rest, row: &Row) {
        let part = |way: Way, member: Option<usize>| Part { change, way, member, row: *row };
        let stays = (!rest.staying.is_empty()).then(|| part(Way::Stays, None));
        let leaves = rest.leave.map(|_| part(Way::Leaves, rest.leave));
        let joins = rest.join.map(|_| part(Way::Joins, rest.join));
        for part in [stays, leaves, joins].into_iter().flatten() {
            match Holder::new(!part.before().is_nowhere(), !part.after().is_nowhere()) {
                Holder::Gains => gifts(&part).for_each(|it| self.wait(key, it, barrier)),
                Holder::Loses => losses(&part).for_each(|it| self.wait(key, barrier, it)),
                Holder::Keeps if part.is_cut() => {
                    self.unmet.insert(key);
                }
                Holder::Keeps | Holder::Never => (),
            }
        }
    }

    fn wait(&mut self, key: Key, from: usize, to: usize) {
        self.edges.entry(key).or_default().push(Edge { from, to, why: Reason::Floor });
    }

    /// Adds what makes nothing wait for itself, and returns the floors that no order keeps.
    pub(super) fn settle(mut self, graph: &mut Graph) -> BTreeSet<Key> {
        let kept = graph.edges.len();
        self.edges.retain(|key, _| !self.unmet.contains(key));
        graph.edges.extend(self.edges.values().flatten());
        if self.edges.is_empty() || depths(graph.nodes.len(), &graph.edges).is_some() {
            return self.unmet;
        }
        graph.edges.truncate(kept);
        for (key, edges) in self.edges {
            let kept = graph.edges.len();
            graph.edges.extend(edges);
            if depths(graph.nodes.len(), &graph.edges).is_none() {
                graph.edges.truncate(kept);
                self.unmet.insert(key);
            }
        }
        self.unmet
    }
}

/// Returns all that must be done for the person to hold the role there at all times from then on.
fn gifts(part: &Part) -> impl Iterator<Item = usize> {
    let given = !part.after().is_nowhere();
    let had = !part.row.before.is_nowhere() && !part.row.cut;
    part.join().into_iter().chain(part.row.give.filter(|_| !had)).filter(move |_| given)
}

/// Returns all by which the person may cease to hold the role there.
fn losses(part: &Part) -> impl Iterator<Item = usize> {
    let taken = !part.before().is_nowhere();
    let whole = part.row.after.is_nowhere() || part.row.cut;
    part.leave().into_iter().chain(part.row.take.filter(|_| whole)).filter(move |_| taken)
}
