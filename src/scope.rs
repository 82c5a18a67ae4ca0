//! Scopes: where a role holds. Compared by meaning, kept in one canonical form.
//!
//! A scope is a union (OR) of audiences, an audience an intersection (AND) of
//! dimensions, a dimension a set (OR) of values (contract §4). Two scopes mean
//! the same exactly if their canonical forms are equal; `canonical` says how.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::ids::parse_uuid;

/// Above this many single-valued audiences a scope is not multiplied out.
///
/// Bounds the work for hostile input; real scopes have a handful. Beyond it two
/// spellings of one meaning may look different, which shows as a change and
/// never hides one.
const EXPANSION_LIMIT: usize = 10_000;

/// What a dimension restricts, with the API's predicate types (contract §4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The whole platform; carries no value.
    Platform,
    /// The TMC that handles the booking.
    BookingTmc,
    /// The TMC under contract.
    ContractingTmc,
    /// The client organisation.
    Company,
    /// The legal entity of the traveller.
    LegalEntity,
    /// An individual traveller.
    Profile,
    /// The traveller's stealth type.
    StealthType,
    /// A type this version does not know, by the API's name for it.
    Other(Box<str>),
    /// An audience this version cannot read: an unknown comparator or shape.
    ///
    /// Never equal to anything a file can declare, so it is never taken for what was asked.
    Unreadable,
}

impl Kind {
    const NAMED: [(Self, &'static str); 7] = [
        (Self::Platform, "PLATFORM"),
        (Self::BookingTmc, "BOOKING_TMC"),
        (Self::ContractingTmc, "CONTRACTING_TMC"),
        (Self::Company, "COMPANY"),
        (Self::LegalEntity, "LEGAL_ENTITY"),
        (Self::Profile, "PROFILE"),
        (Self::StealthType, "STEALTH_TYPE"),
    ];

    /// Returns the kind that the API calls `name`.
    pub fn from_wire(name: &str) -> Self {
        Self::NAMED
            .into_iter()
            .find(|(_, known)| *known == name)
            .map_or_else(|| Self::Other(name.into()), |(kind, _)| kind)
    }

    /// Returns the API's name for the kind.
    pub fn as_wire(&self) -> &str {
        match self {
            Self::Platform => "PLATFORM",
            Self::BookingTmc => "BOOKING_TMC",
            Self::ContractingTmc => "CONTRACTING_TMC",
            Self::Company => "COMPANY",
            Self::LegalEntity => "LEGAL_ENTITY",
            Self::Profile => "PROFILE",
            Self::StealthType => "STEALTH_TYPE",
            Self::Other(name) => name,
            Self::Unreadable => "UNREADABLE",
        }
    }

    /// Whether a traveller has at most one value of it, so that two sets joined by AND intersect.
    fn is_single_valued(&self) -> bool {
        match self {
            Self::BookingTmc
            | Self::ContractingTmc
            | Self::Company
            | Self::LegalEntity
            | Self::Profile
            | Self::StealthType
            | Self::Platform => true,
            Self::Other(_) | Self::Unreadable => false,
        }
    }
}

/// One value of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// No value: what `PLATFORM` carries.
    Nothing,
    /// An id.
    Id(Uuid),
    /// Any other text.
    Text(Box<str>),
}

impl Value {
    /// Returns the value that the API spells `text`; UUIDs are folded.
    pub fn from_wire(text: &str) -> Self {
        parse_uuid(text).map_or_else(|| Self::Text(text.into()), Self::Id)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Id(id) => id.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A set of values of one kind, any of which will do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dimension {
    /// What is restricted.
    pub kind: Kind,
    /// The values, sorted, without duplicates, never empty.
    pub values: Vec<Value>,
}

/// Dimensions that must all hold: sorted by kind, at most one of each known kind.
pub type Audience = Vec<Dimension>;

/// Where a role holds, in canonical form.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Vec<Audience>);

/// How a changed scope relates to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    /// Everything before, and more.
    Widens,
    /// Only part of what was before.
    Narrows,
    /// Some gained, some lost, or not comparable.
    Changes,
}

impl Relation {
    /// Returns the word that people read.
    pub fn word(self) -> &'static str {
        match self {
            Self::Widens => "WIDENS",
            Self::Narrows => "NARROWS",
            Self::Changes => "CHANGES",
        }
    }
}

impl Scope {
    /// Returns the canonical scope that allows exactly what `audiences` allow together.
    pub fn new(audiences: impl IntoIterator<Item = Audience>) -> Self {
        Self(canonical(audiences.into_iter().filter_map(tidy).collect()))
    }

    /// Returns the audiences in canonical order.
    pub fn audiences(&self) -> &[Audience] {
        &self.0
    }

    /// Whether it allows nothing, as a scope does that the API left out.
    ///
    /// The contract (§3.9) forbids to read a missing scope as "unrestricted".
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the scope that allows what either allows.
    pub fn union(self, other: Self) -> Self {
        if self.0.is_empty() {
            return other;
        }
        Self(canonical(self.0.into_iter().chain(other.0).collect()))
    }

    /// Whether everything that `other` allows is allowed here.
    pub fn contains(&self, other: &Self) -> bool {
        if self.0.iter().any(|audience| is_whole_platform(audience)) {
            return true;
        }
        other.0.iter().all(|audience| {
            if combinations(audience) <= EXPANSION_LIMIT {
                atoms(audience).iter().all(|atom| self.0.iter().any(|outer| covers(outer, atom)))
            } else {
                self.0.iter().any(|outer| covers(outer, audience))
            }
        })
    }

    /// Returns how `after` relates to this scope, or `None` where both mean the same.
    pub fn relation(&self, after: &Self) -> Option<Relation> {
        if self == after {
            return None;
        }
        let readable = !self.has_unreadable() && !after.has_unreadable();
        Some(match (readable, after.contains(self), self.contains(after)) {
            (true, true, false) => Relation::Widens,
            (true, false, true) => Relation::Narrows,
            _ => Relation::Changes,
        })
    }

    /// Whether a part of it is in a form this version cannot read.
    pub fn has_unreadable(&self) -> bool {
        self.0.iter().flatten().any(|dimension| dimension.kind == Kind::Unreadable)
    }

    /// Returns the ids of the individual travellers it names.
    pub fn people(&self) -> impl Iterator<Item = Uuid> {
        self.0.iter().flatten().filter(|it| it.kind == Kind::Profile).flat_map(|it| &it.values).filter_map(
            |it| match it {
                Value::Id(id) => Some(*id),
                Value::Nothing | Value::Text(_) => None,
            },
        )
    }

    /// Reads a scope as the API writes it; every documented reading is accepted (contract §4, C1).
    pub fn read(raw: Option<&RawValue>) -> Self {
        let Some(raw) = raw else { return Self::default() };
        match serde_json::from_str::<Option<wire::Scope>>(raw.get()) {
            Ok(scope) => {
                Self::new(scope.into_iter().flat_map(|it| it.audiences).map(|it| read_audience(&it)))
            }
            Err(_) => Self::new([unreadable(raw)]),
        }
    }

    /// Returns the scope as the API wants it: `{type, comparator: IN, values}` (contract §4, C1).
    pub fn to_wire(&self) -> Box<RawValue> {
        let audiences = self.0.iter().map(|audience| wire::AudienceOut {
            predicates: audience.iter().map(wire::PredicateOut::new).collect(),
        });
        let scope = wire::ScopeOut { audiences: audiences.collect() };
        serde_json::value::to_raw_value(&scope).expect("a scope is plain data")
    }
}

/// Whether the audience is `PLATFORM` alone, which the contract (§4) reads as everything.
fn is_whole_platform(audience: &[Dimension]) -> bool {
    matches!(audience, [Dimension { kind: Kind::Platform, values }] if values == &[Value::Nothing])
}

/// Sorts an audience and joins dimensions of one kind; `None` where nobody can match it.
fn tidy(mut audience: Audience) -> Option<Audience> {
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

/// Returns the one form of all spellings of the same union.
///
/// Every audience is multiplied out into audiences with one value per dimension
/// ("atoms"). As values are open sets, a union covers an atom only if one of its
/// atoms does; so after dropping covered atoms the rest is the same for every
/// spelling. Atoms that differ in one dimension only are then joined again,
/// dimension by dimension in a fixed order, which depends on nothing but the set.
fn canonical(mut audiences: Vec<Audience>) -> Vec<Audience> {
    if audiences.len() < 2 {
        return audiences;
    }
    let total = audiences.iter().map(|it| combinations(it)).fold(0, usize::saturating_add);
    if total > EXPANSION_LIMIT {
        audiences.sort();
        audiences.dedup();
        return audiences;
    }
    let all: BTreeSet<Audience> = audiences.iter().flat_map(|it| atoms(it)).collect();
    // A covering atom has fewer dimensions, so most atoms meet few candidates.
    let shortest = all.iter().map(Vec::len).min().unwrap_or(0);
    let mut boxes: Vec<Audience> = all
        .iter()
        .filter(|atom| {
            atom.len() == shortest || !all.iter().any(|outer| outer.len() < atom.len() && covers(outer, atom))
        })
        .cloned()
        .collect();
    let kinds: BTreeSet<Kind> = boxes.iter().flatten().map(|it| it.kind.clone()).collect();
    for kind in &kinds {
        boxes = join_along(kind, boxes);
    }
    boxes.sort();
    boxes
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
fn covers(outer: &[Dimension], inner: &[Dimension]) -> bool {
    outer.iter().all(|wide| {
        inner.iter().any(|narrow| {
            narrow.kind == wide.kind
                && narrow.values.iter().all(|value| wide.values.binary_search(value).is_ok())
        })
    })
}

fn combinations(audience: &[Dimension]) -> usize {
    audience.iter().map(|it| it.values.len()).fold(1, usize::saturating_mul)
}

fn atoms(audience: &[Dimension]) -> Vec<Audience> {
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
    atoms
}

fn read_audience(audience: &RawValue) -> Audience {
    let Ok(read) = serde_json::from_str::<wire::Audience>(audience.get()) else {
        return unreadable(audience);
    };
    let dimensions: Option<Audience> = read.predicates.into_iter().map(wire::Predicate::dimension).collect();
    // No predicate at all restricts nothing; the API never documents it, so it is not trusted.
    match dimensions {
        Some(dimensions) if !dimensions.is_empty() => dimensions,
        _ => unreadable(audience),
    }
}

fn unreadable(raw: &RawValue) -> Audience {
    let text = serde_json::from_str::<serde_json::Value>(raw.get())
        .map_or_else(|_| raw.get().to_owned(), |value| value.to_string());
    vec![Dimension { kind: Kind::Unreadable, values: vec![Value::Text(text.into())] }]
}

/// The JSON of a scope (contract §4): read liberally, written in one form.
mod wire {
    use super::{Deserialize, Dimension, Kind, RawValue, Serialize, Value};

    #[derive(Deserialize)]
    pub(super) struct Scope {
        #[serde(default)]
        pub(super) audiences: Vec<Box<RawValue>>,
    }

    #[derive(Deserialize)]
    pub(super) struct Audience {
        pub(super) predicates: Vec<Predicate>,
    }

    #[derive(Deserialize)]
    pub(super) struct Predicate {
        r#type: String,
        comparator: Option<String>,
        values: Option<OneOrMany>,
        id: Option<Id>,
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Bare(String),
        Wrapped { id: String },
    }

    impl Predicate {
        /// Returns the dimension, or `None` for a comparator that is not `IN`.
        pub(super) fn dimension(self) -> Option<Dimension> {
            if self.comparator.is_some_and(|it| it != "IN") {
                return None;
            }
            let kind = Kind::from_wire(&self.r#type);
            let mut texts = match self.values {
                None => Vec::new(),
                Some(OneOrMany::One(value)) => vec![value],
                Some(OneOrMany::Many(values)) => values,
            };
            match self.id {
                Some(Id::Bare(id) | Id::Wrapped { id }) if texts.is_empty() => texts.push(id),
                _ => (),
            }
            let values = match (&kind, texts.is_empty()) {
                (Kind::Platform, true) => vec![Value::Nothing],
                (_, true) => return None,
                (_, false) => texts.iter().map(|it| Value::from_wire(it)).collect(),
            };
            Some(Dimension { kind, values })
        }
    }

    #[derive(Serialize)]
    pub(super) struct ScopeOut<'a> {
        pub(super) audiences: Vec<AudienceOut<'a>>,
    }

    #[derive(Serialize)]
    pub(super) struct AudienceOut<'a> {
        pub(super) predicates: Vec<PredicateOut<'a>>,
    }

    #[derive(Serialize)]
    pub(super) struct PredicateOut<'a> {
        r#type: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        comparator: Option<&'static str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        values: Vec<String>,
    }

    impl<'a> PredicateOut<'a> {
        pub(super) fn new(dimension: &'a Dimension) -> Self {
            let values: Vec<String> =
                dimension.values.iter().filter(|it| **it != Value::Nothing).map(Value::to_string).collect();
            let comparator = (!values.is_empty()).then_some("IN");
            Self { r#type: dimension.kind.as_wire(), comparator, values }
        }
    }
}

#[cfg(test)]
mod tests;
