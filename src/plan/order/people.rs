//! What a person holds over all groups, and which part of one group therefore waits for one of another.
//!
//! Goes through shared people one by one, and for each through the roles they
//! meet. Knows no calls.

use crate::model::{
    ids::{RoleId, UserId},
    plan::{Gap, GapCause},
};

use super::{
    floors::Floors,
    graph::{Graph, Membership, Part, Reason, Row, Way},
    region::Region,
};

/// Adds what people make wait.
pub(super) fn connect(graph: &mut Graph, floors: &mut Floors) {
    let memberships = std::mem::take(&mut graph.memberships);
    let mut parts: Vec<Part> = Vec::new();
    // Who is cut off is a part of their own even in a single group.
    let own = |it: &&[Membership]| it.len() > 1 || it[0].way == Way::LockedOut;
    for person in memberships.chunk_by(|a, b| a.user == b.user).filter(own) {
        parts.clear();
        for Membership { change, way, node, .. } in person {
            let part = |row: &Row| Part { change: *change, way: *way, member: *node, row: *row };
            parts.extend(graph.roles[*change].iter().map(part));
        }
        parts.sort_unstable_by_key(|it| (it.row.role, it.change));
        for parts in parts.chunk_by(|a, b| a.row.role == b.row.role) {
            too_much(graph, parts);
            Needs { graph, user: person[0].user, role: parts[0].row.role }.too_little(parts);
            floors.person(graph, parts);
        }
    }
    floors.rest(graph);
    graph.memberships = memberships;
}

/// Nobody holds what neither side gives: whoever leaves is gone before a role brings such a thing,
/// whoever joins comes when the role has lost it.
fn too_much(graph: &mut Graph, parts: &[Part]) {
    let risky = |it: &Part| match it.way {
        Way::Stays => false,
        Way::Leaves | Way::LockedOut => it.row.give.is_some(),
        Way::Joins => it.row.take.is_some(),
    };
    if !parts.iter().any(risky) {
        return;
    }
    let mut either = Region::NOWHERE;
    for part in parts {
        either = graph.regions.union(either, part.before());
        either = graph.regions.union(either, part.after());
    }
    for part in parts.iter().filter(|it| risky(it)) {
        let (Some(member), Row { before, after, .. }) = (part.member, part.row) else { continue };
        match (part.way, part.row.give, part.row.take) {
            (Way::Leaves | Way::LockedOut, Some(give), _) if !graph.regions.contains(either, after) => {
                graph.wait(member, give, Reason::Access);
            }
            (Way::Joins, _, Some(take)) if !graph.regions.contains(either, before) => {
                graph.wait(take, member, Reason::Access);
            }
            (Way::Stays | Way::Leaves | Way::LockedOut | Way::Joins, _, _) => (),
        }
    }
}

/// What one person needs of one role.
struct Needs<'g, 'a> {
    graph: &'g mut Graph<'a>,
    user: UserId,
    role: RoleId,
}

impl Needs<'_, '_> {
    /// Nobody lacks what both sides give: whatever takes a part of it waits for what gives that part.
    fn too_little(&mut self, parts: &[Part]) {
        if parts.iter().all(|it| it.leave().is_none() && it.row.take.is_none()) {
            return;
        }
        let need = self.need(parts);
        if need.is_nowhere() {
            return;
        }
        let givers = self.givers(parts, need);
        for part in parts.iter().filter(|it| it.way.was()) {
            let lost = self.graph.regions.meet(part.row.before, need);
            if lost.is_nowhere() {
                continue;
            }
            let lasting = self.until_left(part, parts);
            let left = |it: &mut Self, lost| {
                lasting.iter().fold(lost, |lost, held| it.graph.regions.without(lost, *held))
            };
            if let Some(leave) = part.leave() {
                let lost = left(self, lost);
                self.keep(leave, lost, givers.iter());
            }
            let Some(take) = part.row.take else { continue };
            let own = self.cuts(part, need);
            let lost = if own {
                self.held_elsewhere(part, lost, parts, need)
            } else if part.row.cut {
                lost
            } else {
                self.graph.regions.without(lost, part.row.after)
            };
            let lost = if own { lost } else { left(self, lost) };
            // What the role gives by the same call, or a later one, it cannot wait for.
            let lost = self.keep(take, lost, givers.iter().filter(|it| it.change != part.change));
            if own && !lost.is_nowhere() {
                let (user, role, change) = (self.user, self.role, part.change);
                let why = GapCause::RevokeFirst;
                self.graph.gaps.push(Gap { user, role, taken: change, given: change, why });
            }
        }
    }

    /// Returns what both sides give and no group gives all the time.
    fn need(&mut self, parts: &[Part]) -> Region {
        let regions = &mut self.graph.regions;
        let (mut before, mut after) = (Region::NOWHERE, Region::NOWHERE);
        for part in parts {
            before = regions.union(before, part.before());
            after = regions.union(after, part.after());
        }
        let mut need = regions.meet(before, after);
        for Part { row, .. } in parts.iter().filter(|it| it.way == Way::Stays && !it.row.cut) {
            need = regions.without_both(need, row.before, row.after);
        }
        need
    }

    /// Returns what gives some of `need`, the simplest first: of several, one is enough.
    fn givers(&mut self, parts: &[Part], need: Region) -> Vec<Part> {
        let mut givers: Vec<(usize, Part)> = Vec::new();
        for part in parts.iter().filter(|it| it.way.will()) {
            let given = self.graph.regions.meet(part.row.after, need);
            if !given.is_nowhere() {
                let new = usize::from(self.graph.whole[part.change].is_some());
                let cut = if self.cuts(part, need) { 10 } else { 0 };
                givers.push((cut + new + self.gift(part, given).count(), *part));
            }
        }
        givers.sort_by_key(|(cost, part)| (*cost, part.change));
        givers.into_iter().map(|it| it.1).collect()
    }

    /// Returns what must be done for `part` to give `given`.
    fn gift(&mut self, part: &Part, given: Region) -> impl Iterator<Item = usize> + use<> {
        let had = !part.row.cut && self.graph.regions.contains(part.row.before, given);
        part.join().into_iter().chain(part.row.give.filter(|_| !had))
    }

    /// Makes `node`, which takes `lost`, wait for what gives it.
    ///
    /// Returns what nobody gives.
    fn keep<'p>(&mut self, node: usize, lost: Region, givers: impl Iterator<Item = &'p Part>) -> Region {
        let why = Reason::Keep { user: self.user, role: self.role };
        let mut rest = lost;
        for giver in givers {
            if rest.is_nowhere() {
                break;
            }
            let given = self.graph.regions.meet(giver.row.after, rest);
            if given.is_nowhere() {
                continue;
            }
            for gift in self.gift(giver, given) {
                self.graph.wait(gift, node, why);
            }
            rest = self.graph.regions.without(rest, giver.row.after);
        }
        rest
    }

    /// Returns what the person holds through groups that are left only later: to leave them, or to take the role from
    /// them, waits itself until another group gives it. So nothing of that has to be waited for here.
    ///
    /// Of several that are left each relies on those before it only, so that the first waits: one that gives nothing
    /// anew, as nothing else waits there for who leaves.
    fn until_left(&self, part: &Part, parts: &[Part]) -> Vec<Region> {
        let rank = |it: &Part| {
            let gives = self.graph.roles[it.change].iter().any(|row| row.give.is_some());
            (gives, it.row.take.is_some(), it.change)
        };
        let lasts = |it: &&Part| {
            it.change != part.change
                && it.leave().is_some()
                && (part.leave().is_none() || rank(it) < rank(part))
        };
        parts.iter().filter(lasts).map(|it| it.row.before).collect()
    }

    /// Whether the group itself takes something needed and then gives it back.
    fn cuts(&mut self, part: &Part, need: Region) -> bool {
        part.is_cut()
            && !self.graph.regions.meet(part.row.before, need).is_nowhere()
            && !self.graph.regions.meet(part.row.after, need).is_nowhere()
    }

    /// Returns what of `lost` no other group gives until a role, deleted here, is added again.
    ///
    /// Such a group waits itself until another gives it; of several that delete and add, the last does.
    fn held_elsewhere(&mut self, part: &Part, lost: Region, parts: &[Part], need: Region) -> Region {
        let mut lost = lost;
        for other in parts.iter().filter(|it| it.way.was() && it.change != part.change) {
            if !self.cuts(other, need) && other.way != Way::LockedOut {
                lost = self.graph.regions.without(lost, other.row.before);
            } else if other.change > part.change && other.way == Way::Stays {
                lost = self.graph.regions.without_both(lost, other.row.before, part.row.after);
            }
        }
        lost
    }
}
