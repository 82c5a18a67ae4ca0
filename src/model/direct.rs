//! Direct roles, which people hold outside groups: compared by meaning, kept in the very JSON of the API.
//!
//! What this version does not know of a role survives: an element that stays is sent back as it was
//! read, one that changes keeps its other fields, and one of an unknown type means exactly itself. Only what the
//! official description takes from those who write is not sent: the read-only field of a company's role, and the one
//! that is past its sunset.
//! Knows the form of contract §6.1 and nothing of who holds what.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Map, Value, json, value::RawValue};
use uuid::Uuid;

use crate::model::{
    ids::{CompanyId, UserId},
    scope::Scope,
};

mod list;

pub use list::DirectRoles;

/// What a type of role is held on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A company.
    Company,
    /// A TMC.
    Tmc,
    /// Travellers, one by one.
    Travellers,
    /// The platform: nothing more is said.
    Everything,
}

/// The types of role that this version knows, and what each is held on (contract §6.1).
pub(crate) const TYPES: [(&str, Reach); 8] = [
    ("COMPANY_ADMIN", Reach::Company),
    ("COMPANY_REPORT_ADMIN", Reach::Company),
    ("COMPANY_TRAVEL_ARRANGER", Reach::Company),
    ("GLOBAL_ADMIN", Reach::Everything),
    ("GLOBAL_AGENT", Reach::Everything),
    ("TMC_ADMIN", Reach::Tmc),
    ("TMC_AGENT", Reach::Tmc),
    (ARRANGER, Reach::Travellers),
];

/// The types of role that let nobody change who may do what, or see more than reports.
const HARMLESS: [&str; 5] =
    ["COMPANY_REPORT_ADMIN", "COMPANY_TRAVEL_ARRANGER", "GLOBAL_AGENT", "TMC_AGENT", ARRANGER];

/// Whether a type of role is known to give no power over access. One that this version does not know is not.
pub(crate) fn is_harmless(role_type: &str) -> bool {
    HARMLESS.iter().any(|it| it.eq_ignore_ascii_case(role_type))
}

const ARRANGER: &str = "TRAVEL_ARRANGER";
/// What a role without a type is shown as.
const UNTOLD: &str = "UNKNOWN";

pub(crate) fn known(name: &str) -> Option<(&'static str, Reach)> {
    TYPES.into_iter().find(|it| it.0 == name)
}

/// Which role it is: a person holds each at most once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A type that needs nothing more.
    Plain(&'static str),
    /// A type on a company or a TMC.
    On(&'static str, CompanyId),
    /// Arranges for travellers, who stand in the role itself.
    Arranger,
    /// What this version cannot read: its type, and the whole element in one spelling.
    Verbatim(Box<str>, Box<str>),
}

impl Kind {
    /// As the API names it.
    pub(crate) fn role_type(&self) -> &str {
        match self {
            Self::Plain(name) | Self::On(name, _) => name,
            Self::Arranger => ARRANGER,
            Self::Verbatim(name, _) => name,
        }
    }

    /// Where it may reach: its company, or of every other type everything, as nothing narrower is known.
    pub(crate) fn reach(&self) -> Scope {
        let is_of_company = matches!(known(self.role_type()), Some((_, Reach::Company)));
        match self.company().filter(|_| is_of_company) {
            Some(company) => Scope::companies([company]),
            None => Scope::everything(),
        }
    }

    /// The company or TMC it is held on.
    pub(crate) fn company(&self) -> Option<CompanyId> {
        match self {
            Self::On(_, company) => Some(*company),
            Self::Plain(_) | Self::Arranger | Self::Verbatim(..) => None,
        }
    }
}

/// A traveller of an arranger, and which mails the arranger gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Traveller {
    pub user: UserId,
    pub confirmations: bool,
    pub flight_stats: bool,
}

/// A direct role. Equal means: of the same meaning.
#[derive(Clone, Debug)]
pub struct DirectRole {
    kind: Kind,
    travellers: Vec<Traveller>,
    elements: Vec<Box<RawValue>>,
}

impl PartialEq for DirectRole {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, &self.travellers) == (&other.kind, &other.travellers)
    }
}

impl Eq for DirectRole {}

impl DirectRole {
    /// A role held on nothing, on a company or on a TMC.
    pub(crate) fn new(role_type: &'static str, on: Option<CompanyId>) -> Self {
        let field = if matches!(known(role_type), Some((_, Reach::Tmc))) { "tmcRef" } else { "companyRef" };
        let element = match on {
            Some(on) => {
                json!({ "roleType": role_type, "metadata": { "roleType": role_type, (field): { "id": on } } })
            }
            None => json!({ "roleType": role_type }),
        };
        let kind = on.map_or(Kind::Plain(role_type), |on| Kind::On(role_type, on));
        Self { kind, travellers: Vec::new(), elements: vec![raw(&element)] }
    }

    /// The role of an arranger, with travellers in any order.
    pub(crate) fn arranger(travellers: Vec<Traveller>) -> Self {
        let none = json!({ "roleType": ARRANGER });
        Self { kind: Kind::Arranger, travellers: Vec::new(), elements: vec![raw(&none)] }
            .with_travellers(travellers)
    }

    /// Reads an element of the API's list (contract §6.1); one that is not understood means itself.
    pub(crate) fn read(element: Box<RawValue>) -> Self {
        let value = value(&element);
        let (kind, travellers) = understood(&value).unwrap_or_else(|| {
            let name = value["roleType"].as_str().unwrap_or(UNTOLD);
            (Kind::Verbatim(name.into(), canonical(&value).to_string().into()), Vec::new())
        });
        Self { kind, travellers, elements: vec![element] }
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Sorted; empty for every role but an arranger's.
    pub(crate) fn travellers(&self) -> &[Traveller] {
        &self.travellers
    }

    /// The elements of the API's list that mean this role: one or several.
    pub(crate) fn elements(&self) -> &[Box<RawValue>] {
        &self.elements
    }

    /// Everything that its elements say, in one spelling whatever the order of keys and travellers.
    pub(crate) fn spelling(&self) -> String {
        let mut elements: Vec<String> =
            self.elements.iter().map(|it| canonical(&value(it)).to_string()).collect();
        elements.sort();
        elements.join("\n")
    }

    /// The same role for other travellers; the other fields of it and of them stay.
    ///
    /// An element without a change is left as it was read. New travellers go into the first element, and an
    /// element without travellers is dropped, as alone it would mean something else.
    #[must_use]
    pub(crate) fn with_travellers(&self, mut travellers: Vec<Traveller>) -> Self {
        tidy(&mut travellers);
        let mut missing: Vec<Traveller> =
            travellers.iter().filter(|it| self.travellers.binary_search(it).is_err()).copied().collect();
        let mut edit = |entry: &Value| {
            let is = traveller(entry)?;
            if travellers.binary_search(&is).is_ok() {
                return Some(entry.clone());
            }
            let same = missing.iter().position(|it| it.user == is.user)?;
            Some(noted(entry.as_object().cloned()?, missing.remove(same)))
        };
        let values: Vec<Value> = self.elements.iter().map(|it| value(it)).collect();
        let mut lists: Vec<Vec<Value>> =
            values.iter().map(|it| arranged(it).filter_map(&mut edit).collect()).collect();
        if let Some(first) = lists.first_mut() {
            first.extend(missing.into_iter().map(|it| noted(Map::new(), it)));
        }
        let elements = self.elements.iter().zip(&values).zip(lists).filter(|it| !it.1.is_empty());
        let elements =
            elements.map(
                |((raw, value), list)| {
                    if arranged(value).eq(&list) { raw.clone() } else { with_list(value, list) }
                },
            );
        Self { kind: Kind::Arranger, elements: elements.collect(), travellers }
    }

    /// The same for other ids of its travellers.
    #[must_use]
    pub(crate) fn with_users(&self, rename: impl Fn(UserId) -> UserId) -> Self {
        let renamed = self.travellers.iter().map(|it| Traveller { user: rename(it.user), ..*it });
        let travellers: Vec<Traveller> = renamed.collect();
        if travellers == self.travellers { self.clone() } else { self.with_travellers(travellers) }
    }

    /// The part of the role that `held` gives as well, in the words of `held`; `None` where there is none.
    pub(crate) fn within(&self, held: &Self) -> Option<Self> {
        if self.kind != held.kind {
            return None;
        }
        if self.kind != Kind::Arranger {
            return Some(held.clone());
        }
        let wanted = |it: &&Traveller| self.travellers.iter().any(|wanted| wanted.user == it.user);
        let both: Vec<Traveller> = held.travellers.iter().filter(wanted).copied().collect();
        match both {
            both if both.is_empty() => None,
            both if both == self.travellers => Some(self.clone()),
            both => Some(held.with_travellers(both)),
        }
    }

    /// For a travel arranger `metadata` has to be filled (contract §6.1), be it from the older `roleMetadata`.
    fn sent(&self, which: Fields) -> impl Iterator<Item = Box<RawValue>> {
        self.elements.iter().map(move |it| self.written(it, which).unwrap_or_else(|| it.clone()))
    }

    /// An element with the fields to send; `None` where it is sent as it was read, to the letter.
    fn written(&self, element: &RawValue, which: Fields) -> Option<Box<RawValue>> {
        let read_only = match &self.kind {
            Kind::On(name, _) => matches!(known(name), Some((_, Reach::Company))),
            Kind::Plain(_) | Kind::Arranger => false,
            // Nobody knows what such a one would mean without a field.
            Kind::Verbatim(..) => return None,
        };
        let value = value(element);
        let has = |it: &Value, field: &str| it.get(field).is_some();
        let unfilled = self.kind == Kind::Arranger && value.get("metadata").is_none_or(Value::is_null);
        let (older, computed) = match which {
            Fields::Current => (has(&value, OLDER), read_only && has(&value["metadata"], READ_ONLY)),
            Fields::AsRead => (false, false),
        };
        if !unfilled && !older && !computed {
            return None;
        }
        // The other values stay as they are written: a number may have more digits than any type here.
        let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(element.get()).ok()?;
        if unfilled {
            let list: Vec<&Value> = arranged(&value).collect();
            fields.insert("metadata".to_owned(), raw(&json!({ "roleType": ARRANGER, "arrangerFor": list })));
        }
        if older {
            fields.remove(OLDER);
        }
        if computed {
            let mut metadata: BTreeMap<String, Box<RawValue>> =
                serde_json::from_str(fields.get("metadata")?.get()).ok()?;
            metadata.remove(READ_ONLY);
            fields.insert("metadata".to_owned(), serde_json::value::to_raw_value(&metadata).ok()?);
        }
        serde_json::value::to_raw_value(&fields).ok()
    }

    /// Adds what another element says of the same role.
    fn join(&mut self, other: Self) {
        self.travellers.extend(other.travellers);
        tidy(&mut self.travellers);
        self.elements.extend(other.elements);
    }
}

/// Which fields of a role are sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fields {
    /// Those that the official description leaves to who writes.
    Current,
    /// All that were read, for a server that misses one.
    AsRead,
}

impl Fields {
    /// Whether a server that refuses with these words misses a field that is not sent.
    pub(crate) fn misses(self, refusal: &str) -> bool {
        self == Self::Current && (refusal.contains(OLDER) || refusal.contains(READ_ONLY))
    }
}

/// Deprecated, with its sunset on 2026-07-01 (contract §6.1).
const OLDER: &str = "roleMetadata";
/// The TMC of the company that a role is held on: the API's own to say (contract §6.1).
const READ_ONLY: &str = "tmcRef";
const CONFIRMATIONS: &str = "sendConfirmationEmail";
const FLIGHT_STATS: &str = "sendFlightStatsNotificationEmail";

fn value(element: &RawValue) -> Value {
    serde_json::from_str(element.get()).unwrap_or(Value::Null)
}

fn tidy(travellers: &mut Vec<Traveller>) {
    travellers.sort_unstable();
    travellers.dedup();
}

/// An entry of a list of travellers, changed to mean this one; its other fields stay.
fn noted(mut entry: Map<String, Value>, traveller: Traveller) -> Value {
    if !entry.contains_key("userId") {
        entry.insert("userId".to_owned(), json!(traveller.user));
    }
    entry.insert(CONFIRMATIONS.to_owned(), json!(traveller.confirmations));
    entry.insert(FLIGHT_STATS.to_owned(), json!(traveller.flight_stats));
    Value::Object(entry)
}

/// The element of an arranger with other entries; its other fields stay.
fn with_list(element: &Value, list: Vec<Value>) -> Box<RawValue> {
    let object = |it: Option<&Value>| it.and_then(Value::as_object).cloned().unwrap_or_default();
    let mut metadata = object(element.get("metadata"));
    metadata.insert("roleType".to_owned(), ARRANGER.into());
    metadata.insert("arrangerFor".to_owned(), list.into());
    let mut element = object(Some(element));
    element.insert("metadata".to_owned(), metadata.into());
    // The older place must not contradict the newer.
    element.remove(OLDER);
    raw(&element.into())
}

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).expect("what was just written is JSON")
}

/// Reads an element, or nothing where a field it needs is missing or is not of its kind.
fn understood(element: &Value) -> Option<(Kind, Vec<Traveller>)> {
    let (name, reach) = known(element["roleType"].as_str()?)?;
    let metadata = &element["metadata"];
    // The inner type says of which kind the metadata is: it must be the same.
    if metadata.get("roleType").is_some_and(|it| it.as_str() != Some(name)) {
        return None;
    }
    let on = |field: &str| {
        let reference = metadata.get(field)?;
        let id = reference.get("id").unwrap_or(reference).as_str()?;
        Some((Kind::On(name, CompanyId(Uuid::try_parse(id).ok()?)), Vec::new()))
    };
    match reach {
        Reach::Company => on("companyRef"),
        Reach::Tmc => on("tmcRef"),
        Reach::Everything => Some((Kind::Plain(name), Vec::new())),
        Reach::Travellers => {
            let mut travellers = arranged(element).map(traveller).collect::<Option<Vec<_>>>()?;
            tidy(&mut travellers);
            (!travellers.is_empty()).then_some((Kind::Arranger, travellers))
        }
    }
}

/// The travellers of an element, from the field in use or else from the older one.
fn arranged(element: &Value) -> impl Iterator<Item = &Value> {
    let newer = element["metadata"]["arrangerFor"].as_array();
    let older = element[OLDER]["travelArrangerMetadata"]["arrangerFor"].as_array();
    newer.or(older).into_iter().flatten()
}

fn traveller(entry: &Value) -> Option<Traveller> {
    let id = entry.get("userId")?;
    let id = id.get("id").unwrap_or(id).as_str()?;
    let flag = |name: &str| match entry.get(name) {
        None | Some(Value::Null) => Some(false),
        Some(flag) => flag.as_bool(),
    };
    Some(Traveller {
        user: UserId(Uuid::try_parse(id).ok()?),
        confirmations: flag(CONFIRMATIONS)?,
        flight_stats: flag(FLIGHT_STATS)?,
    })
}

/// The value with the keys of every object, and the travellers of every list of them, in one order.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            let field = |name: &String| {
                let mut value = canonical(&fields[name]);
                if let (true, Value::Array(items)) = (name == "arrangerFor", &mut value) {
                    items.sort_by_key(ToString::to_string);
                }
                (name.clone(), value)
            };
            Value::Object(names.into_iter().map(field).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests;
