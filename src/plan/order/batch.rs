//! Parts to steps: what one group does in one way and after the same steps is one call.
//!
//! Goes by depth, so that whatever a part waits for has its step already, and a
//! step waits for nothing that waits for it. Decides no order; only where it is
//! free, what takes comes before what gives.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use crate::model::{ids::UserId, plan::Change};

use super::{
    Call, MEMBERS_PER_CALL, Step, Until, Wait,
    graph::{Edge, Graph, Half, Node, Operation, People, Reason, Stayers},
    links::{Links, depths},
};

/// What a step is, in the order in which steps come where nothing else decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    LockOut,
    /// Somebody loses, nobody gains.
    Revocation,
    Roles,
    Joins,
    Attributes,
}

/// A step before its place is known; waits for drafts by their number.
#[derive(Debug)]
struct Draft {
    rank: Rank,
    step: Step,
    /// Whether another call does what it does.
    absorbed: bool,
}

/// What has become of a part: the first of its drafts, and the first after them.
type Made = (usize, usize);

struct Batcher<'g, 'a> {
    graph: &'g Graph<'a>,
    into: Links,
    /// Whether a revocation of others waits for who leaves.
    patient: Vec<bool>,
    drafts: Vec<Draft>,
    made: Vec<Made>,
    /// What those wait for who wait for a barrier.
    barriers: Vec<(usize, Vec<Wait>)>,
}

/// Returns the steps, in an order in which they can be made.
pub(super) fn steps(graph: &Graph) -> Vec<Step> {
    let depths = depths(graph.nodes.len(), &graph.edges).expect("circles have been cut");
    let mut levels: Vec<Vec<usize>> = vec![Vec::new(); depths.iter().max().map_or(0, |it| it + 1)];
    for (node, depth) in depths.into_iter().enumerate() {
        levels[depth].push(node);
    }
    let mut batcher = Batcher {
        graph,
        into: Links::new(graph.nodes.len(), &graph.edges, |it| it.to),
        patient: patient(graph),
        drafts: Vec::new(),
        made: vec![(0, 0); graph.nodes.len()],
        barriers: Vec::new(),
    };
    for level in levels {
        batcher.level(level);
    }
    join_members(&mut batcher.drafts);
    sorted(batcher.drafts)
}

/// Lets one call add and remove where a group's members change in one call each, and nothing waits for either.
///
/// Who joins and who leaves are different people, so whatever becomes of the call, each holds what one side gives.
fn join_members(drafts: &mut [Draft]) {
    let mut followed = vec![false; drafts.len()];
    for wait in drafts.iter().filter(|it| !it.absorbed).flat_map(|it| &it.step.after) {
        followed[wait.step] = true;
    }
    let mut own: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (n, draft) in drafts.iter().enumerate().filter(|it| !it.1.absorbed) {
        if matches!(draft.step.call, Call::PatchMembers { .. }) {
            own.entry(draft.step.change).or_default().push(n);
        }
    }
    for calls in own.into_values() {
        let [leave, join] = calls[..] else { continue };
        let free = |n: usize| !followed[n] && drafts[n].step.after.is_empty() && !drafts[n].step.lockout;
        let (Call::PatchMembers { remove, .. }, Call::PatchMembers { add, .. }) =
            (&drafts[leave].step.call, &drafts[join].step.call)
        else {
            continue;
        };
        let one_way = !remove.is_empty() && !add.is_empty() && remove.len() + add.len() <= MEMBERS_PER_CALL;
        if one_way && free(leave) && free(join) {
            let joining = add.clone();
            drafts[join].absorbed = true;
            if let Call::PatchMembers { add, .. } = &mut drafts[leave].step.call {
                *add = joining;
            }
        }
    }
}

/// A revocation never waits for somebody else's grant to be made. So who must leave before a role that
/// takes something from those who stay waits only for the end of a grant.
fn patient(graph: &Graph) -> Vec<bool> {
    let mut patient = vec![false; graph.nodes.len()];
    for Edge { from, to, why } in &graph.edges {
        let (from_deed, to) = (graph.nodes[*from].operation, graph.nodes[*to]);
        if let (Reason::Access, Operation::Leave(_), Operation::Role { takes: true, .. }) =
            (why, from_deed, to.operation)
        {
            patient[*from] |= graph.stayers[to.change] != Stayers::Nobody;
        }
    }
    patient
}

impl Batcher<'_, '_> {
    /// Adds the steps of all parts of one depth.
    fn level(&mut self, level: Vec<usize>) {
        let mut parts: Vec<(usize, u8, Vec<Wait>, usize)> = Vec::with_capacity(level.len());
        for node in level {
            let change = self.graph.nodes[node].change;
            let waits = self.waits(node);
            match self.graph.nodes[node].operation {
                Operation::Barrier => self.barriers.push((node, waits)),
                Operation::LockOut(_) => parts.push((change, 0, waits, node)),
                Operation::Leave(_) => parts.push((change, 1, waits, node)),
                Operation::Role { .. } => parts.push((change, 2, waits, node)),
                Operation::Join(_) => parts.push((change, 3, waits, node)),
                Operation::Create => parts.push((change, 4, waits, node)),
                Operation::Update => parts.push((change, 5, waits, node)),
                Operation::Delete => parts.push((change, 6, waits, node)),
            }
        }
        parts.sort_unstable();
        let alike = |a: &(usize, u8, Vec<Wait>, usize), b: &(usize, u8, Vec<Wait>, usize)| {
            (a.0, a.1, &a.2) == (b.0, b.1, &b.2)
        };
        for batch in parts.chunk_by(alike) {
            let nodes: Vec<usize> = batch.iter().map(|it| it.3).collect();
            self.batch(batch[0].0, &nodes, &batch[0].2);
        }
    }

    /// Whether others than `user` lose by what a part takes, or by what waits for it.
    fn concerns_others(&self, node: usize, user: UserId) -> bool {
        let Node { change, operation } = self.graph.nodes[node];
        match operation {
            Operation::Role { .. } => self.graph.others_stay(change, user),
            Operation::Leave(_) => self.patient[node],
            Operation::Create
            | Operation::Delete
            | Operation::LockOut(_)
            | Operation::Join(_)
            | Operation::Update
            | Operation::Barrier => false,
        }
    }

    /// Returns the drafts a part waits for, each once.
    fn waits(&self, node: usize) -> Vec<Wait> {
        let mut waits = Vec::new();
        for edge in self.into.of(node) {
            let edge = self.graph.edges[*edge];
            let until = match edge.why {
                Reason::Keep { user, .. } if self.concerns_others(node, user) => Until::Ended,
                Reason::Keep { .. } | Reason::Access | Reason::Floor => Until::Done,
            };
            if let Operation::Barrier = self.graph.nodes[edge.from].operation {
                let barrier = self.barriers.iter().find(|it| it.0 == edge.from);
                waits.extend(barrier.iter().flat_map(|it| &it.1));
            }
            let (first, end) = self.made[edge.from];
            waits.extend((first..end).map(|step| Wait { step, until }));
        }
        waits.sort_unstable();
        // `Done` is sorted before `Ended`, and is more.
        waits.dedup_by_key(|it| it.step);
        waits
    }

    /// Adds the steps of parts that one group does in one way, after the same steps.
    fn batch(&mut self, n: usize, nodes: &[usize], waits: &[Wait]) {
        let change = self.graph.groups[n];
        let (company, group) = (change.company(), change.id());
        let first = self.drafts.len();
        let (rank, call) = match (self.graph.nodes[nodes[0]].operation, group) {
            (Operation::LockOut(_) | Operation::Leave(_) | Operation::Join(_), _) => {
                return self.members(n, nodes, waits);
            }
            (Operation::Role { .. }, _) => self.roles(&change, nodes),
            (Operation::Create, _) => match change.attributes_after() {
                Some(to) => (Rank::Roles, Call::CreateGroup { company, attributes: to.clone() }),
                None => return,
            },
            (Operation::Update, Some(group)) => match change.attributes_after() {
                Some(to) => (Rank::Attributes, Call::UpdateGroup { company, group, attributes: to.clone() }),
                None => return,
            },
            (Operation::Delete, Some(group)) => {
                let waits = self.absorb(waits);
                self.push(n, Rank::Revocation, Call::DeleteGroup { company, group }, waits);
                return;
            }
            (Operation::Update | Operation::Delete | Operation::Barrier, _) => return,
        };
        self.push(n, rank, call, waits.to_vec());
        for node in nodes {
            self.made[*node] = (first, first + 1);
        }
    }

    fn push(&mut self, change: usize, rank: Rank, call: Call, after: Vec<Wait>) {
        let step = Step { change, call, after, lockout: rank == Rank::LockOut };
        self.drafts.push(Draft { rank, step, absorbed: false });
    }

    /// Adds calls of at most [`MEMBERS_PER_CALL`] members each.
    fn members(&mut self, n: usize, nodes: &[usize], waits: &[Wait]) {
        let change = self.graph.groups[n];
        let (company, group) = (change.company(), change.id());
        let rest = &self.graph.rest[n];
        let first = self.drafts.len();
        let mut users: Vec<UserId> = Vec::new();
        let (mut rank, mut joins) = (Rank::Revocation, false);
        for node in nodes {
            let from = users.len();
            match self.graph.nodes[*node].operation {
                Operation::LockOut(user) => {
                    rank = Rank::LockOut;
                    users.push(user);
                }
                Operation::Leave(People::One(user)) => users.push(user),
                Operation::Leave(People::Rest) => users.extend(&rest.leaving),
                Operation::Join(people) => {
                    (rank, joins) = (Rank::Joins, true);
                    match people {
                        People::One(user) => users.push(user),
                        People::Rest => users.extend(&rest.joining),
                    }
                }
                Operation::Create
                | Operation::Delete
                | Operation::Role { .. }
                | Operation::Update
                | Operation::Barrier => (),
            }
            let call = |at: usize| first + at / MEMBERS_PER_CALL;
            self.made[*node] = (call(from), call(users.len().saturating_sub(1)) + 1);
        }
        for users in users.chunks_mut(MEMBERS_PER_CALL) {
            users.sort_unstable();
            let (add, remove) = if joins { (users.to_vec(), vec![]) } else { (vec![], users.to_vec()) };
            self.push(n, rank, Call::PatchMembers { company, group, add, remove }, waits.to_vec());
        }
    }

    /// One call that deletes and adds, so that no moment has both or neither (contract §3.10).
    fn roles(&self, change: &Change<'_>, nodes: &[usize]) -> (Rank, Call) {
        let (mut add, mut delete, mut rank) = (Vec::new(), Vec::new(), Rank::Revocation);
        for node in nodes {
            let Operation::Role { edit, half, gives, .. } = self.graph.nodes[*node].operation else {
                continue;
            };
            let edit = &change.edits[edit];
            let Some(role) = edit.role() else { continue };
            if gives {
                rank = Rank::Roles;
            }
            let [old, new] = edit.scopes();
            add.extend(new.filter(|_| half != Half::Deletion).map(|scope| (role, scope.clone())));
            delete.extend(old.filter(|_| half != Half::Addition).map(|_| role));
        }
        (rank, Call::PatchRoles { company: change.company(), group: change.id(), add, delete })
    }

    /// Returns what a deletion waits for, and lets it do the removals that it may.
    ///
    /// The members go with the group: all of them if nobody has to wait, and if somebody has to,
    /// those who wait for the same. More would make people wait for the grants of others.
    fn absorb(&mut self, waits: &[Wait]) -> Vec<Wait> {
        let after = |it: &Wait| self.drafts[it.step].step.after.clone();
        let mut reasons: Vec<Vec<Wait>> = waits.iter().map(after).filter(|it| !it.is_empty()).collect();
        reasons.dedup();
        let reason = match &reasons[..] {
            [] => Vec::new(),
            [one] => one.clone(),
            _ => return waits.to_vec(),
        };
        let mut left = reason.clone();
        for wait in waits {
            let removal = &mut self.drafts[wait.step];
            removal.absorbed = removal.step.after == reason;
            left.extend((!removal.absorbed).then_some(*wait));
        }
        left.sort_unstable();
        left.dedup_by_key(|it| it.step);
        left
    }
}

/// Returns the steps with what they wait for before them, and otherwise by rank and in the order of the plan.
fn sorted(drafts: Vec<Draft>) -> Vec<Step> {
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    let mut unmet: Vec<usize> = drafts.iter().map(|it| it.step.after.len()).collect();
    for (n, draft) in drafts.iter().enumerate().filter(|it| !it.1.absorbed) {
        for wait in &draft.step.after {
            waiting[wait.step].push(n);
        }
    }
    let key = |n: usize| Reverse((drafts[n].rank, drafts[n].step.change, n));
    let free = |n: &usize| !drafts[*n].absorbed && unmet[*n] == 0;
    let mut ready: BinaryHeap<_> = (0..drafts.len()).filter(free).map(key).collect();
    let (mut order, mut place) = (Vec::new(), vec![0; drafts.len()]);
    while let Some(Reverse((_, _, n))) = ready.pop() {
        place[n] = order.len();
        order.push(n);
        for next in &waiting[n] {
            unmet[*next] -= 1;
            if unmet[*next] == 0 {
                ready.push(key(*next));
            }
        }
    }
    let mut drafts: Vec<Option<Step>> = drafts.into_iter().map(|it| Some(it.step)).collect();
    let mut steps: Vec<Step> = order.into_iter().filter_map(|n| drafts[n].take()).collect();
    for step in &mut steps {
        for wait in &mut step.after {
            wait.step = place[wait.step];
        }
        step.after.sort_unstable();
    }
    steps
}
