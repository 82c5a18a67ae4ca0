//! Parts that wait for each other in a circle: here somebody lacks something for a moment.
//!
//! In this order, that is: a change of a scope stays one call here. Made in two, narrow first and wide last, some circles
//! would be none; so nobody is told that no order exists.
//! Only what keeps people from lacking is cut, never what keeps them from holding
//! too much, and only inside a circle. What is cut in the end, each alone would
//! close a circle again: there is no gap that the others make superfluous.

use crate::model::plan::{Gap, GapCause};

use super::{
    graph::{Edge, Graph, Operation, Reason},
    links::Links,
};

/// In a circle with more roles than this, several are released before it is looked at again.
///
/// One at a time is the most careful, and quadratic. What was released too much is held again afterwards.
const ONE_BY_ONE: usize = 64;

/// How many edges are followed to find what was released too much: a fraction of a second.
///
/// Beyond it a plan has more gaps than it needs, and each is still announced.
const PATIENCE: usize = 10_000_000;

/// Cuts every circle, and reports who lacks what by it.
pub(super) fn cut(graph: &mut Graph) {
    let dropped = Cutter::new(graph).run();
    let (edges, nodes) = (&graph.edges, &graph.nodes);
    for (edge, _) in edges.iter().zip(&dropped).filter(|it| *it.1) {
        if let Reason::Keep { user, role } = edge.why {
            let (taken, given) = (nodes[edge.to].change, nodes[edge.from].change);
            graph.gaps.push(Gap { user, role, taken, given, why: GapCause::Cycle });
        }
    }
    let mut dropped = dropped.into_iter();
    graph.edges.retain(|_| !dropped.next().unwrap_or(false));
}

struct Cutter<'g, 'a> {
    graph: &'g Graph<'a>,
    out: Links,
    into: Links,
    dropped: Vec<bool>,
    /// What was dropped, role by role.
    releases: Vec<Vec<usize>>,
    /// Which circle a node is in; other circles are not looked at.
    circle: Vec<usize>,
    circles: usize,
    visits: Visits,
}

/// What Tarjan's algorithm notes of each node.
struct Visits {
    /// When it was reached; 0 where it was not.
    index: Vec<usize>,
    /// The earliest that can be reached from it.
    low: Vec<usize>,
    /// Whether its circle is still open.
    open: Vec<bool>,
}

/// What can be reached, in the last of several searches.
struct Reached {
    by: Vec<usize>,
    last: usize,
}

impl Reached {
    fn contains(&self, node: usize) -> bool {
        self.by[node] == self.last
    }
}

impl<'g, 'a> Cutter<'g, 'a> {
    fn new(graph: &'g Graph<'a>) -> Self {
        let nodes = graph.nodes.len();
        Self {
            graph,
            out: Links::new(nodes, &graph.edges, |it| it.from),
            into: Links::new(nodes, &graph.edges, |it| it.to),
            dropped: vec![false; graph.edges.len()],
            releases: Vec::new(),
            circle: vec![0; nodes],
            circles: 0,
            visits: Visits { index: vec![0; nodes], low: vec![0; nodes], open: vec![false; nodes] },
        }
    }

    /// Returns for every edge whether it is to be dropped.
    fn run(mut self) -> Vec<bool> {
        let mut waiting = self.search(&(0..self.graph.nodes.len()).collect::<Vec<_>>());
        let mut outermost = vec![0; self.graph.nodes.len()];
        for (n, circle) in waiting.iter().enumerate() {
            circle.iter().for_each(|it| outermost[*it] = n + 1);
        }
        while let Some(circle) = waiting.pop() {
            self.circles += 1;
            for node in &circle {
                self.circle[*node] = self.circles;
            }
            self.release(&circle);
            waiting.extend(self.search(&circle));
        }
        self.circle = outermost;
        self.hold_again();
        self.dropped
    }

    /// Whether an edge still closes the circle that both its ends are in.
    fn closes(&self, edge: usize) -> bool {
        let Edge { from, to, .. } = self.graph.edges[edge];
        !self.dropped[edge] && self.circle[from] == self.circle[to]
    }

    /// Returns the edges that make `node` wait inside its circle.
    fn unmet(&self, node: usize) -> impl Iterator<Item = usize> {
        self.into.of(node).iter().copied().filter(|it| self.closes(*it))
    }

    /// Lets those go first whose gaps set free a role at the cost of the fewest people.
    ///
    /// Every circle leads through a role, as nothing else makes anybody wait who leaves.
    fn release(&mut self, circle: &[usize]) {
        let mut targets: Vec<(usize, usize)> = Vec::new();
        for node in circle {
            if let Operation::Role { .. } = self.graph.nodes[*node].operation {
                let cost = self.obstacles(*node).iter().map(|it| it.0).sum();
                targets.push((cost, *node));
            }
        }
        targets.sort_unstable();
        let count = if targets.len() > ONE_BY_ONE { targets.len() / 4 } else { 1 };
        for (_, target) in targets.into_iter().take(count) {
            let mut release = Vec::new();
            for (_, _, node) in self.obstacles(target) {
                let kept = |it: &usize| matches!(self.graph.edges[*it].why, Reason::Keep { .. });
                release.extend(self.unmet(node).filter(kept));
            }
            release.iter().for_each(|it| self.dropped[*it] = true);
            self.releases.push(release);
        }
    }

    /// Makes wait again who can without closing a circle; the costliest releases are tried first.
    fn hold_again(&mut self) {
        let mut patience = PATIENCE;
        let mut reached = Reached { by: vec![0; self.graph.nodes.len()], last: 0 };
        let mut exact = Reached { by: vec![0; self.graph.nodes.len()], last: 0 };
        for release in std::mem::take(&mut self.releases).into_iter().rev() {
            let mut roles: Vec<usize> =
                release.iter().flat_map(|it| self.held(self.graph.edges[*it].to)).collect();
            roles.sort_unstable();
            roles.dedup();
            self.follow(&roles, &mut reached, &mut patience);
            let mut looked_at = None;
            for edge in release {
                if patience == 0 {
                    return;
                }
                let Edge { from, to, .. } = self.graph.edges[edge];
                let mut closes = reached.contains(from);
                if closes && roles.len() > 1 && !self.held(to).eq(roles.iter().copied()) {
                    if looked_at != Some(to) {
                        self.follow(&[to], &mut exact, &mut patience);
                        looked_at = Some(to);
                    }
                    closes = exact.contains(from);
                }
                self.dropped[edge] = closes || patience == 0;
            }
        }
    }

    /// Returns the roles that a part holds back: a role itself, and those that wait for who leaves.
    fn held(&self, node: usize) -> impl Iterator<Item = usize> {
        let own = matches!(self.graph.nodes[node].operation, Operation::Role { .. });
        let next = if own { &[] } else { self.out.of(node) };
        let next = next.iter().filter(|it| self.closes(**it)).map(|it| self.graph.edges[*it].to);
        own.then_some(node).into_iter().chain(next)
    }

    /// Notes all that can be reached from `starts` inside their circle.
    fn follow(&self, starts: &[usize], reached: &mut Reached, patience: &mut usize) {
        reached.last += 1;
        let mut waiting = starts.to_vec();
        starts.iter().for_each(|it| reached.by[*it] = reached.last);
        while let Some(node) = waiting.pop() {
            let edges = self.out.of(node);
            *patience = patience.saturating_sub(edges.len());
            for edge in edges.iter().filter(|it| self.closes(**it)) {
                let to = self.graph.edges[*edge].to;
                if !reached.contains(to) {
                    reached.by[to] = reached.last;
                    waiting.push(to);
                }
            }
        }
    }

    /// Returns what waits for people's sake and holds a role back, itself among them: for how many,
    /// whether it is a role, and which; the cheapest first.
    fn obstacles(&self, role: usize) -> Vec<(usize, bool, usize)> {
        let before = self.unmet(role).filter(|it| matches!(self.graph.edges[*it].why, Reason::Access));
        let mut nodes: Vec<usize> = before.map(|it| self.graph.edges[it].from).collect();
        nodes.push(role);
        nodes.sort_unstable();
        nodes.dedup();
        let mut found: Vec<_> = nodes
            .into_iter()
            .map(|it| {
                let is_role = matches!(self.graph.nodes[it].operation, Operation::Role { .. });
                (self.people(it), is_role, it)
            })
            .filter(|it| it.0 > 0)
            .collect();
        found.sort_unstable();
        found
    }

    /// Returns for how many people's sake a part waits inside its circle.
    fn people(&self, node: usize) -> usize {
        let user = |it: usize| match self.graph.edges[it].why {
            Reason::Keep { user, .. } => Some(user),
            Reason::Access | Reason::Floor => None,
        };
        let mut users: Vec<_> = self.unmet(node).filter_map(user).collect();
        users.sort_unstable();
        users.dedup();
        users.len()
    }

    /// Returns the circles among `nodes`, all of which are in one circle so far (Tarjan, without recursion).
    fn search(&mut self, nodes: &[usize]) -> Vec<Vec<usize>> {
        for node in nodes {
            self.visits.index[*node] = 0;
        }
        let (mut found, mut open, mut next) = (Vec::new(), Vec::new(), 1);
        // A node with how many of its edges have been followed.
        let mut path: Vec<(usize, usize)> = Vec::new();
        for start in nodes {
            if self.visits.index[*start] != 0 {
                continue;
            }
            path.push((*start, 0));
            while let Some((node, followed)) = path.pop() {
                if followed == 0 {
                    self.visits.index[node] = next;
                    self.visits.low[node] = next;
                    self.visits.open[node] = true;
                    open.push(node);
                    next += 1;
                }
                if let Some(edge) = self.out.of(node).get(followed).copied() {
                    path.push((node, followed + 1));
                    let to = self.graph.edges[edge].to;
                    if !self.closes(edge) {
                        continue;
                    }
                    if self.visits.index[to] == 0 {
                        path.push((to, 0));
                    } else if self.visits.open[to] {
                        self.visits.low[node] = self.visits.low[node].min(self.visits.index[to]);
                    }
                    continue;
                }
                if let Some((parent, _)) = path.last() {
                    self.visits.low[*parent] = self.visits.low[*parent].min(self.visits.low[node]);
                }
                if self.visits.low[node] == self.visits.index[node] {
                    let at = open.iter().rposition(|it| *it == node).unwrap_or(0);
                    let circle = open.split_off(at);
                    for member in &circle {
                        self.visits.open[*member] = false;
                    }
                    if circle.len() > 1 {
                        found.push(circle);
                    }
                }
            }
        }
        found
    }
}
