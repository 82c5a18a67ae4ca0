//! Scopes: where a role holds. Compared by meaning, kept in one canonical form.
//!
//! A scope is a union (OR) of audiences, an audience an intersection (AND) of
//! dimensions, a dimension a set (OR) of values (contract §4). Two scopes mean
//! the same exactly if their canonical forms are equal; `canonical` says how.

use std::{
    borrow::{Borrow, Cow},
    collections::{HashMap, HashSet},
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::model::{
    dialect::PredicateForm,
    ids::{CompanyId, UserId, parse_uuid},
};

mod canonical;
#[cfg(test)]
mod tests;
mod wire;

use canonical::{EXPANSION_LIMIT, atoms, canonical, combinations, covers, is_whole_platform, tidy};

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
    /// The kinds with a name of the API.
    const NAMED: [Self; 7] = [
        Self::Platform,
        Self::BookingTmc,
        Self::ContractingTmc,
        Self::Company,
        Self::LegalEntity,
        Self::Profile,
        Self::StealthType,
    ];

    pub(crate) fn from_wire(name: &str) -> Self {
        let known = Self::NAMED.into_iter().find(|it| it.as_wire() == name);
        known.unwrap_or_else(|| Self::Other(name.into()))
    }

    pub(crate) fn as_wire(&self) -> &str {
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
        Self::NAMED.contains(self)
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
    /// UUIDs are folded.
    pub(crate) fn from_wire(text: &str) -> Self {
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

/// Keeps equal scopes once, and what the API spells the same: a company has many grants and few scopes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    scopes: HashSet<Arc<Scope>>,
    spellings: HashMap<Spelling, Arc<Scope>>,
}

/// A scope as the API spelled it, recognised by its very text.
#[derive(Clone, Debug)]
struct Spelling(Arc<RawValue>);

impl Shared {
    /// The equal scope that came first.
    pub(crate) fn scope(&mut self, scope: Arc<Scope>) -> Arc<Scope> {
        if let Some(known) = self.scopes.get(&scope) {
            return known.clone();
        }
        self.scopes.insert(scope.clone());
        scope
    }

    /// [`Scope::read`], once for each spelling; what the API said is the text that came first as well.
    pub(crate) fn read(&mut self, raw: &mut Option<Arc<RawValue>>) -> Arc<Scope> {
        let Some(raw) = raw else { return self.scope(Arc::new(Scope::read(None))) };
        if let Some((Spelling(known), scope)) = self.spellings.get_key_value(raw.get()) {
            raw.clone_from(known);
            return scope.clone();
        }
        let scope = self.scope(Arc::new(Scope::read(Some(raw))));
        self.spellings.insert(Spelling(raw.clone()), scope.clone());
        scope
    }
}

impl Borrow<str> for Spelling {
    fn borrow(&self) -> &str {
        self.0.get()
    }
}

impl Hash for Spelling {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.get().hash(state);
    }
}

impl PartialEq for Spelling {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Eq for Spelling {}

/// How a changed scope relates to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Widens => "WIDENS",
            Self::Narrows => "NARROWS",
            Self::Changes => "CHANGES",
        }
    }
}

impl Scope {
    /// The canonical form of the union of the audiences.
    pub fn new(audiences: impl IntoIterator<Item = Audience>) -> Self {
        Self(canonical(audiences.into_iter().filter_map(tidy).collect()))
    }

    /// Whole companies.
    pub(crate) fn companies(ids: impl IntoIterator<Item = CompanyId>) -> Self {
        let values: Vec<Value> = ids.into_iter().map(|it| Value::Id(it.0)).collect();
        if values.is_empty() {
            return Self::default();
        }
        Self::new([vec![Dimension { kind: Kind::Company, values }]])
    }

    /// Everything there is.
    pub(crate) fn everything() -> Self {
        Self::new([vec![Dimension { kind: Kind::Platform, values: vec![Value::Nothing] }]])
    }

    /// The part that may reach travellers of a company: all but what names other companies. What names none, or cannot be
    /// read, may.
    #[must_use]
    pub(crate) fn reaching(&self, company: CompanyId) -> Self {
        let narrowed = |audience: &Audience| {
            let dimension = |it: &Dimension| {
                let Dimension { kind, mut values } = it.clone();
                values.retain(|it| kind != Kind::Company || may_be(it, company));
                (!values.is_empty()).then_some(Dimension { kind, values })
            };
            audience.iter().map(dimension).collect::<Option<Audience>>()
        };
        Self::new(self.0.iter().filter_map(narrowed))
    }

    /// In canonical order.
    pub fn audiences(&self) -> &[Audience] {
        &self.0
    }

    /// An empty scope allows nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The union of all, brought to canonical form once.
    pub(crate) fn any(scopes: impl IntoIterator<Item = Self>) -> Self {
        Self(canonical(scopes.into_iter().flat_map(|it| it.0).collect()))
    }

    /// In canonical form, as all scopes are.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self::any([self, other])
    }

    /// The intersection; of scopes too long to be compared part by part more than that, but never less.
    #[must_use]
    pub(crate) fn meet(&self, other: &Self) -> Self {
        let whole = |it: &Self| it.0.iter().any(|audience| is_whole_platform(audience));
        if self == other || whole(other) || self.0.len().saturating_mul(other.0.len()) > EXPANSION_LIMIT {
            return self.clone();
        }
        if whole(self) {
            return other.clone();
        }
        let both = |left: &Audience, right: &Audience| left.iter().chain(right).cloned().collect();
        Self::new(self.0.iter().flat_map(|left| other.0.iter().map(move |right| both(left, right))))
    }

    /// The scope without every part that `other` covers whole; one that it covers only in part stays whole.
    #[must_use]
    pub(crate) fn without(&self, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        let parts = self.0.iter().flat_map(|audience| {
            if combinations(audience) <= EXPANSION_LIMIT { atoms(audience) } else { vec![audience.clone()] }
        });
        Self(canonical(parts.filter(|part| !other.0.iter().any(|outer| covers(outer, part))).collect()))
    }

    /// Whether everything that `other` allows is allowed here.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.iter().all(|audience| {
            if combinations(audience) <= EXPANSION_LIMIT {
                atoms(audience).iter().all(|atom| self.0.iter().any(|outer| covers(outer, atom)))
            } else {
                self.0.iter().any(|outer| covers(outer, audience))
            }
        })
    }

    /// How `after` relates to this scope; `None` where both mean the same.
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

    /// Whether a part of it has a form this version cannot read.
    pub fn has_unreadable(&self) -> bool {
        self.0.iter().flatten().any(|dimension| dimension.kind == Kind::Unreadable)
    }

    /// The user ids of the individual travellers it names.
    pub fn people(&self) -> impl Iterator<Item = Uuid> {
        self.0.iter().flatten().filter(|it| it.kind == Kind::Profile).flat_map(|it| &it.values).filter_map(
            |it| match it {
                Value::Id(id) => Some(*id),
                Value::Nothing | Value::Text(_) => None,
            },
        )
    }

    /// The same for other ids of the individual travellers.
    #[must_use]
    pub(crate) fn with_users(&self, rename: impl Fn(UserId) -> UserId) -> Self {
        let mut audiences = self.0.clone();
        for it in audiences.iter_mut().flatten().filter(|it| it.kind == Kind::Profile) {
            for value in &mut it.values {
                if let Value::Id(id) = value {
                    *id = rename(UserId(*id)).0;
                }
            }
        }
        Self::new(audiences)
    }

    /// Reads a scope as the API writes it; every documented reading is accepted (contract §4, C1).
    pub fn read(raw: Option<&RawValue>) -> Self {
        let read = raw.map_or(Ok(None), |it| serde_json::from_str::<Option<wire::Scope>>(it.get()));
        match (read, raw) {
            (Ok(Some(scope)), Some(raw)) if !scope.audiences.is_empty() => {
                let scope = Self::new(scope.audiences.into_iter().map(|it| read_audience(&it)));
                // A contradiction covers nobody, but the entry is there and must not vanish.
                if scope.is_empty() { Self::new([unreadable(raw)]) } else { scope }
            }
            (Err(_), Some(raw)) => Self::new([unreadable(raw)]),
            (Ok(_) | Err(_), _) => Self(vec![unsaid()]),
        }
    }

    /// The form that is documented best: `{type, comparator: IN, values}` (contract §4, C1).
    pub(crate) fn to_wire(&self) -> Box<RawValue> {
        self.to_wire_as(PredicateForm::List)
    }

    /// The scope for an API that takes this form of predicates.
    ///
    /// An audience that would become more than 10,000 with one value each stays whole, with lists: people
    /// write no such scope, and an API that cannot read it says so or is found out by the read-back.
    pub fn to_wire_as(&self, form: PredicateForm) -> Box<RawValue> {
        let split: Vec<Audience>;
        let audiences = match form {
            PredicateForm::List => &self.0,
            PredicateForm::Single | PredicateForm::Id => {
                split = self.0.iter().flat_map(single_valued).collect();
                &split
            }
        };
        let audiences = audiences.iter().flat_map(|it| wire::AudienceOut::of(it, form)).collect();
        wire::ScopeOut { audiences }.raw()
    }

    /// The form of documents: that of the API, with no spaces.
    pub(crate) fn spelled(&self) -> Box<RawValue> {
        let audiences = self.0.iter().flat_map(|it| wire::AudienceOut::of(it, PredicateForm::List));
        wire::ScopeOut { audiences: audiences.map(wire::AudienceOut::compact).collect() }.raw()
    }
}

/// In the API's form, with no spaces.
impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.spelled().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|it| Self::read(Some(&it)))
    }
}

impl JsonSchema for Scope {
    fn schema_name() -> Cow<'static, str> {
        "Scope".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A scope in the API's form: audiences (OR) of predicates (AND) of values (OR).",
            "type": "object",
            "properties": { "audiences": { "type": "array", "items": true } },
            "required": ["audiences"]
        })
    }
}

/// Whether an audience may reach travellers of a company: it names no other.
pub(crate) fn may_reach(audience: &Audience, company: CompanyId) -> bool {
    let mut companies = audience.iter().filter(|it| it.kind == Kind::Company);
    companies.all(|it| it.values.iter().any(|it| may_be(it, company)))
}

/// Whether a value stands for a company, as far as can be told: of what is no id nobody knows.
fn may_be(value: &Value, company: CompanyId) -> bool {
    match value {
        Value::Id(id) => *id == company.0,
        Value::Text(_) | Value::Nothing => true,
    }
}

/// Audiences that mean the same together, each predicate with one value.
fn single_valued(audience: &Audience) -> Vec<Audience> {
    // What could not be read goes back as it came.
    let unreadable = audience.iter().any(|it| it.kind == Kind::Unreadable);
    if unreadable || combinations(audience) > EXPANSION_LIMIT {
        vec![audience.clone()]
    } else {
        atoms(audience)
    }
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

/// What an entry covers for which the API says no scope.
///
/// The contract (§3.9) forbids to read that as "unrestricted". Nor is it nothing: beside another
/// entry of the role it must not vanish, and it equals no scope that a file can declare.
fn unsaid() -> Audience {
    vec![Dimension { kind: Kind::Unreadable, values: vec![Value::Nothing] }]
}

fn unreadable(raw: &RawValue) -> Audience {
    let text = serde_json::from_str::<serde_json::Value>(raw.get())
        .map_or_else(|_| raw.get().to_owned(), |value| value.to_string());
    vec![Dimension { kind: Kind::Unreadable, values: vec![Value::Text(text.into())] }]
}
