//! A plan to its smallest parts, with the reasons inside one group why one waits for another.
//!
//! A person that only one change of the plan knows can neither gain elsewhere what
//! is lost here nor the reverse: all of them who go the same way are one part.
//! Only who is in several changes ("shared") is a part of their own. Looks at no
//! two groups together.

use crate::model::{
    ids::{CompanyId, RoleId, UserId},
    plan::{Action, Change, Gap, GapCause, Plan},
    scope::Relation,
};

use super::{
    ScopeChange,
    graph::{Graph, Half, Membership, Node, Operation, People, Reason, Rest, Row, Stayers, Way},
    region::{Region, Regions},
};

/// Returns the parts of a plan with what each group alone makes wait.
pub(super) fn graph<'a>(plan: &'a Plan, style: &dyn Fn(CompanyId) -> ScopeChange) -> Graph<'a> {
    let groups: Vec<Change<'_>> = plan.groups().collect();
    let mut graph = Graph {
        regions: Regions::new(),
        nodes: Vec::new(),
        edges: Vec::new(),
        memberships: memberships(&groups),
        roles: Vec::with_capacity(groups.len()),
        whole: Vec::with_capacity(groups.len()),
        stayers: vec![Stayers::Nobody; groups.len()],
        rest: groups.iter().map(|_| Rest::default()).collect(),
        gaps: Vec::new(),
        groups,
    };
    people(&mut graph);
    for n in 0..graph.groups.len() {
        let change = graph.groups[n];
        let whole = match change.action() {
            Action::Create => Some(graph.add(n, Operation::Create)),
            Action::Delete => Some(graph.add(n, Operation::Delete)),
            Action::Alter => {
                if change.itself().is_some() {
                    graph.add(n, Operation::Update);
                }
                None
            }
        };
        graph.whole.push(whole);
        let rows = rows(&mut graph, n, style(change.company()));
        rest(&mut graph, n, &rows);
        graph.roles.push(rows);
    }
    for n in 0..graph.nodes.len() {
        begin_and_end(&mut graph, n);
    }
    graph
}

/// Everybody who is in a group of the plan before or after, sorted by user and change.
fn memberships(groups: &[Change<'_>]) -> Vec<Membership> {
    let mut memberships = Vec::new();
    for (n, change) in groups.iter().enumerate() {
        let mut add = |user: UserId, way: Way| {
            memberships.push(Membership { user, change: n, way, node: None });
        };
        let stay = if change.action() == Action::Delete { Way::Leaves } else { Way::Stays };
        change.staying().for_each(|it| add(it, stay));
        change.joining().for_each(|it| add(it, Way::Joins));
        let mut locked_out = change.locked_out().peekable();
        for user in change.leaving() {
            let cut_off = locked_out.next_if_eq(&user).is_some();
            add(user, if cut_off { Way::LockedOut } else { Way::Leaves });
        }
    }
    memberships.sort_unstable_by_key(|it| (it.user, it.change));
    memberships
}

/// Gives shared people and locked-out ones parts of their own, and lists the rest by group.
fn people(graph: &mut Graph) {
    let Graph { memberships, rest, nodes, stayers, .. } = graph;
    for person in memberships.chunk_by_mut(|a, b| a.user == b.user) {
        let shared = person.len() > 1;
        for Membership { user, change, way, node } in person {
            let (rest, stayers) = (&mut rest[*change], &mut stayers[*change]);
            if *way == Way::Stays {
                *stayers = match stayers {
                    Stayers::Nobody => Stayers::One(*user),
                    Stayers::One(_) | Stayers::Several => Stayers::Several,
                };
            }
            let operation = match (*way, shared) {
                (Way::LockedOut, _) => Some(Operation::LockOut(*user)),
                (Way::Leaves, true) => Some(Operation::Leave(People::One(*user))),
                (Way::Joins, true) => Some(Operation::Join(People::One(*user))),
                (Way::Stays, true) => None,
                (Way::Leaves, false) => {
                    rest.leaving.push(*user);
                    None
                }
                (Way::Joins, false) => {
                    rest.joining.push(*user);
                    None
                }
                (Way::Stays, false) => {
                    rest.staying.push(*user);
                    None
                }
            };
            *node = operation.map(|operation| {
                nodes.push(Node { change: *change, operation });
                nodes.len() - 1
            });
        }
    }
}

/// Returns the roles of one group, and adds the parts that change them.
fn rows(graph: &mut Graph, n: usize, style: ScopeChange) -> Vec<Row> {
    let change = graph.groups[n];
    let mut rows: Vec<Row> = Vec::new();
    for (role, scope) in change.roles_before() {
        let before = graph.regions.of(scope);
        rows.push(Row { role, before, after: before, take: None, give: None, cut: false });
    }
    if change.action() == Action::Delete {
        // The roles go with the group, and the group goes when nobody is in it.
        rows.iter_mut().for_each(|it| it.after = Region::NOWHERE);
        return rows;
    }
    for (edit, it) in change.edits.iter().enumerate() {
        let Some(role) = it.role() else { continue };
        let row = row(graph, (n, edit), role, style);
        match rows.binary_search_by_key(&role, |it| it.role) {
            Ok(at) => rows[at] = row,
            Err(at) => rows.insert(at, row),
        }
    }
    rows
}

/// Returns one role that changes, and adds the parts that change it.
fn row(graph: &mut Graph, (change, edit): (usize, usize), role: RoleId, style: ScopeChange) -> Row {
    let changed = &graph.groups[change].edits[edit];
    let ([before, after], relation) = (changed.scopes(), changed.relation());
    let before = before.map_or(Region::NOWHERE, |it| graph.regions.of(it));
    let after = after.map_or(Region::NOWHERE, |it| graph.regions.of(it));
    let (takes, gives) = (!graph.regions.contains(after, before), !graph.regions.contains(before, after));
    let role = Row { role, before, after, take: None, give: None, cut: false };
    match (style, relation) {
        (ScopeChange::Atomic, _) | (ScopeChange::Split | ScopeChange::RevokeFirst, None) => {
            let node = graph.add(change, Operation::Role { edit, half: Half::Both, gives, takes });
            Row { take: takes.then_some(node), give: gives.then_some(node), ..role }
        }
        (ScopeChange::Split, Some(Relation::Widens)) => {
            let give = graph.add(change, Operation::Role { edit, half: Half::Addition, gives, takes: false });
            let rest =
                graph.add(change, Operation::Role { edit, half: Half::Deletion, gives: false, takes: false });
            graph.wait(give, rest, Reason::Access);
            Row { give: Some(give), ..role }
        }
        (ScopeChange::Split, Some(Relation::Narrows | Relation::Changes))
        | (ScopeChange::RevokeFirst, Some(_)) => {
            let take =
                graph.add(change, Operation::Role { edit, half: Half::Deletion, gives: false, takes: true });
            let give = graph.add(change, Operation::Role { edit, half: Half::Addition, gives, takes: false });
            graph.wait(take, give, Reason::Access);
            Row { take: Some(take), give: Some(give), cut: true, ..role }
        }
    }
}

/// Adds the parts of those who are in no other group, and what their group alone makes wait.
///
/// They have before what the group has before, and after what it has after.
fn rest(graph: &mut Graph, n: usize, rows: &[Row]) {
    if !graph.rest[n].leaving.is_empty() {
        let leave = graph.add(n, Operation::Leave(People::Rest));
        graph.rest[n].leave = Some(leave);
        for row in rows {
            if let Some(give) = row.give.filter(|_| !graph.regions.contains(row.before, row.after)) {
                graph.wait(leave, give, Reason::Access);
            }
        }
    }
    if !graph.rest[n].joining.is_empty() {
        let join = graph.add(n, Operation::Join(People::Rest));
        graph.rest[n].join = Some(join);
        for row in rows {
            if let Some(take) = row.take.filter(|_| !graph.regions.contains(row.after, row.before)) {
                graph.wait(take, join, Reason::Access);
            }
        }
    }
    for row in rows.iter().filter(|it| it.cut) {
        if !graph.regions.meet(row.before, row.after).is_nowhere() {
            let gap = |user: &UserId| Gap {
                user: *user,
                role: row.role,
                taken: n,
                given: n,
                why: GapCause::RevokeFirst,
            };
            graph.gaps.extend(graph.rest[n].staying.iter().map(gap));
        }
    }
}

/// Makes everything in a group wait for its creation, and its deletion for all who leave.
///
/// A deletion takes the group from nobody then, so that no revocation waits for what it does not need.
/// It does not wait for who is cut off: if that failed, the deletion makes it good.
fn begin_and_end(graph: &mut Graph, n: usize) {
    let Node { change, operation } = graph.nodes[n];
    let Some(whole) = graph.whole[change] else { return };
    match (operation, graph.nodes[whole].operation) {
        (Operation::Leave(_), Operation::Delete) => graph.wait(n, whole, Reason::Access),
        (Operation::Role { .. } | Operation::Join(_), Operation::Create) => {
            graph.wait(whole, n, Reason::Access);
        }
        (
            Operation::Create
            | Operation::Delete
            | Operation::LockOut(_)
            | Operation::Update
            | Operation::Barrier
            | Operation::Leave(_)
            | Operation::Role { .. }
            | Operation::Join(_),
            _,
        ) => (),
    }
}
