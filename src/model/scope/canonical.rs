//! The one form of all spellings of a scope.
//!
//! Works on audiences as plain data; what they mean is said in the module above.

use std::collections::BTreeSet;

use super::{Audience, Dimension, Kind, Value};

/// Above this many single-valued audiences a scope is not multiplied out.
///
/// Bounds the work for hostile input; real scopes have a handful. Beyond it two
/// spellings of one meaning may look different, which shows as a change and
/// never hides one.
pub(super) const EXPANSION_LIMIT: usize = 10_000;

/// Whether the audience is `PLATFORM` alone, which the contract (§4) reads as everything.
pub(super) fn is_whole_platform(audience: &[Dimension]) -> bool {
    matches!(audience, [Dimension { kind: Kind::Platform, values }] if values == &[Value::Nothing])
}

/// Sorts an audience and joins dimensions of one kind; `None` where it excludes everybody.
///
/// The platform is everything, so beside something else it restricts nothing.
pub(super) fn tidy(mut audience: Audience) -> Option<Audience> {
    let is_platform = |it: &Dimension| is_whole_platform(std::slice::from_ref(it));
    if audience.iter().any(|it| !is_platform(it)) {
        audience.retain(|it| !is_platform(it));
    }
    for dimension in &mut audience {
        dimension.values.sort_unstable();
        dimension.values.dedup();
    }
    audience.sort();
    audience.dedup();
    let mut tidied: Audience = Vec::with_capacity(audience.len());
    for dimension in audience {
        match tidied.last_mut() {
            Some(last) if last.kind == dimension.kind && last.kind.is_single_valued() => {
                last.values.retain(|value| dimension.values.binary_search(value).is_ok());
                if last.values.is_empty() {
                    return None;
                }
            }
            _ => tidied.push(dimension),
        }
    }
    Some(tidied)
}

/// The one form of all spellings of the same union.
///
/// Every audience is multiplied out into audiences with one value per dimension
/// ("atoms"). As values are open sets, a union covers an atom only if one of its
/// atoms does; so after dropping covered atoms the rest is the same for every
/// spelling. Atoms that differ in one dimension only are then joined again,
/// dimension by dimension in a fixed order, which depends on nothing but the set.
pub(super) fn canonical(mut audiences: Vec<Audience>) -> Vec<Audience> {
    // One audience with one dimension of each kind would come back as it is.
    if audiences.iter().map(|it| if has_each_kind_once(it) { 1 } else { 2 }).sum::<usize>() < 2 {
        return audiences;
    }
    if let Some(whole) = audiences.iter().position(|it| is_whole_platform(it)) {
        return vec![audiences.swap_remove(whole)];
    }
    let total = audiences.iter().map(|it| combinations(it)).fold(0, usize::saturating_add);
    if total > EXPANSION_LIMIT {
        audiences.sort();
        audiences.dedup();
        return audiences;
    }
    let all: BTreeSet<Audience> = audiences.iter().flat_map(|it| atoms(it)).collect();
    let lengths: BTreeSet<usize> = all.iter().map(Vec::len).collect();
    let mut boxes: Vec<Audience> =
        all.iter().filter(|atom| !is_covered(atom, &all, &lengths)).cloned().collect();
    let kinds: BTreeSet<Kind> = boxes.iter().flatten().map(|it| it.kind.clone()).collect();
    for kind in &kinds {
        boxes = join_along(kind, boxes);
    }
    boxes.sort();
    boxes
}

/// Whether no kind restricts the audience twice, as only kinds of which a traveller may have several values can.
fn has_each_kind_once(audience: &[Dimension]) -> bool {
    audience.is_sorted_by(|a, b| a.kind < b.kind)
}

/// Whether another atom covers this one: it then is this one without some of its dimensions.
///
/// Looked up, part by part, instead of compared with all: an atom has a handful of dimensions. Only parts
/// as long as some atom is are looked up; mostly all are equally long, and there is nothing to look for.
fn is_covered(atom: &[Dimension], all: &BTreeSet<Audience>, lengths: &BTreeSet<usize>) -> bool {
    const MOST_DIMENSIONS: usize = 10;
    if lengths.first() == Some(&atom.len()) {
        return false;
    }
    if atom.len() > MOST_DIMENSIONS {
        return all.iter().any(|outer| outer.len() < atom.len() && covers(outer, atom));
    }
    let parts = 1..(1_usize << atom.len()) - 1;
    parts.filter(|parts| lengths.contains(&(parts.count_ones() as usize))).any(|parts| {
        let chosen = atom.iter().enumerate().filter(|(n, _)| parts >> n & 1 == 1);
        all.contains(&chosen.map(|(_, it)| it.clone()).collect::<Audience>())
    })
}

/// Joins audiences that are equal but for their values of `kind`.
fn join_along(kind: &Kind, boxes: Vec<Audience>) -> Vec<Audience> {
    let mut keyed: Vec<(Audience, usize, Vec<Value>)> = Vec::new();
    let mut joined = Vec::new();
    for mut audience in boxes {
        match audience.iter().filter(|it| it.kind == *kind).count() {
            1 => {
                let at = audience.iter().position(|it| it.kind == *kind).unwrap_or(0);
                let values = audience.remove(at).values;
                keyed.push((audience, at, values));
            }
            _ => joined.push(audience),
        }
    }
    keyed.sort();
    for group in keyed.chunk_by(|a, b| a.0 == b.0) {
        let (rest, at, _) = &group[0];
        let mut values: Vec<Value> = group.iter().flat_map(|(_, _, values)| values.clone()).collect();
        values.sort_unstable();
        values.dedup();
        let mut audience = rest.clone();
        audience.insert(*at, Dimension { kind: kind.clone(), values });
        joined.push(audience);
    }
    joined.sort();
    joined
}

/// Whether everybody in `inner` is in `outer`.
pub(super) fn covers(outer: &[Dimension], inner: &[Dimension]) -> bool {
    is_whole_platform(outer)
        || outer.iter().all(|wide| {
            inner.iter().any(|narrow| {
                narrow.kind == wide.kind
                    && narrow.values.iter().all(|value| wide.values.binary_search(value).is_ok())
            })
        })
}

pub(super) fn combinations(audience: &[Dimension]) -> usize {
    audience.iter().map(|it| it.values.len()).fold(1, usize::saturating_mul)
}

/// Audiences with one value per dimension that allow together what this one allows: at most as many as
/// [`combinations`] says, which the caller looks at first.
pub(super) fn atoms(audience: &[Dimension]) -> Vec<Audience> {
    let mut atoms = vec![Vec::with_capacity(audience.len())];
    for Dimension { kind, values } in audience {
        atoms = atoms
            .into_iter()
            .flat_map(|atom| {
                values.iter().map(move |value| {
                    let mut atom = atom.clone();
                    atom.push(Dimension { kind: kind.clone(), values: vec![value.clone()] });
                    atom
                })
            })
            .collect();
    }
    if !has_each_kind_once(audience) {
        for atom in &mut atoms {
            atom.sort_unstable();
            atom.dedup();
        }
    }
    atoms
}
