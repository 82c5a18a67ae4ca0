//! Edges by their ends, and how deep each node lies: what every walk over the graph starts from.

use super::graph::Edge;

/// For every node, the numbers of the edges at one of their ends, in order.
#[derive(Debug)]
pub(super) struct Links {
    start: Vec<usize>,
    edges: Vec<usize>,
}

impl Links {
    /// Returns the edges of each node, by the end that `end` picks.
    pub(super) fn new(nodes: usize, edges: &[Edge], end: impl Fn(&Edge) -> usize) -> Self {
        let mut start = vec![0; nodes + 1];
        for edge in edges {
            start[end(edge) + 1] += 1;
        }
        for n in 0..nodes {
            start[n + 1] += start[n];
        }
        let mut next = start.clone();
        let mut sorted = vec![0; edges.len()];
        for (n, edge) in edges.iter().enumerate() {
            let at = &mut next[end(edge)];
            sorted[*at] = n;
            *at += 1;
        }
        Self { start, edges: sorted }
    }

    /// Returns the edges of one node.
    pub(super) fn of(&self, node: usize) -> &[usize] {
        &self.edges[self.start[node]..self.start[node + 1]]
    }
}

/// Returns for every node the length of the longest way to it, or `None` where a way leads back to its start.
pub(super) fn depths(nodes: usize, edges: &[Edge]) -> Option<Vec<usize>> {
    let out = Links::new(nodes, edges, |it| it.from);
    let mut unmet = vec![0_usize; nodes];
    for edge in edges {
        unmet[edge.to] += 1;
    }
    let mut depth = vec![0; nodes];
    let mut ready: Vec<usize> = (0..nodes).filter(|it| unmet[*it] == 0).collect();
    let mut seen = 0;
    while let Some(node) = ready.pop() {
        seen += 1;
        for edge in out.of(node) {
            let to = edges[*edge].to;
            depth[to] = depth[to].max(depth[node] + 1);
            unmet[to] -= 1;
            if unmet[to] == 0 {
                ready.push(to);
            }
        }
    }
    (seen == nodes).then_some(depth)
}
