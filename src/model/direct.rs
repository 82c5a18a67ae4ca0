//! Roles that people hold outside groups: compared by meaning, kept in the very JSON of the API.
//!
//! What this version does not know of a role survives: an element that stays is sent back as it was
//! read, one that changes keeps its other fields, and one of an unknown type means exactly itself.
//! Knows the form of contract §6.1 and nothing of who holds what.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Map, Value, json, value::RawValue};
use uuid::Uuid;

use crate::model::ids::{CompanyId, UserId};

mod list;

pub use list::DirectRoles;

/// What a type of role is held on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
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
pub const TYPES: [(&str, Reach); 8] = [
    ("COMPANY_ADMIN", Reach::Company),
    ("COMPANY_REPORT_ADMIN", Reach::Company),
    ("COMPANY_TRAVEL_ARRANGER", Reach::Company),
    ("GLOBAL_ADMIN", Reach::Everything),
    ("GLOBAL_AGENT", Reach::Everything),
    ("TMC_ADMIN", Reach::Tmc),
    ("TMC_AGENT", Reach::Tmc),
    (ARRANGER, Reach::Travellers),
];

const ARRANGER: &str = "TRAVEL_ARRANGER";
/// What a role without a type is shown as.
const UNTOLD: &str = "UNKNOWN";

/// Returns the known type of that name, with what it is held on.
pub fn known(name: &str) -> Option<(&'static str, Reach)> {
    TYPES.into_iter().find(|it| it.0 == name)
}

/// Which role it is: a person holds each at most once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A type that needs nothing more.
    Plain(&'static str),
    /// A type on a company or a TMC.
    On(&'static str, CompanyId),
    /// Arranges for travellers; for whom is in [`DirectRole::travellers`].
    Arranger,
    /// What this version cannot read: its type, and the whole element in one spelling.
    Verbatim(Box<str>, Box<str>),
}

impl Kind {
    /// Returns the type, as the API names it.
    pub fn role_type(&self) -> &str {
        match self {
            Self::Plain(name) | Self::On(name, _) => name,
            Self::Arranger => ARRANGER,
            Self::Verbatim(name, _) => name,
        }
    }

    /// Returns the company or TMC it is held on.
    pub fn company(&self) -> Option<CompanyId> {
        match self {
            Self::On(_, company) => Some(*company),
            Self::Plain(_) | Self::Arranger | Self::Verbatim(..) => None,
        }
    }
}

/// A traveller for whom somebody arranges, and which mails that somebody gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Traveller {
    pub user: UserId,
    pub confirmations: bool,
    pub flight_stats: bool,
}

/// A role that somebody holds outside groups. Equal means: of the same meaning.
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
    /// Returns a role that is held on nothing, or on a company or a TMC.
    pub fn new(role_type: &'static str, on: Option<CompanyId>) -> Self {
        let element = match (known(role_type), on) {
            (Some((_, Reach::Tmc)), Some(on)) => {
                json!({ "roleType": role_type, "metadata": { "roleType": role_type, "tmcRef": { "id": on } } })
            }
            (_, Some(on)) => {
                json!({ "roleType": role_type, "metadata": { "roleType": role_type, "companyRef": { "id": on } } })
            }
            (_, None) => json!({ "roleType": role_type }),
        };
        let kind = on.map_or(Kind::Plain(role_type), |on| Kind::On(role_type, on));
        Self { kind, travellers: Vec::new(), elements: vec![raw(&element)] }
    }

    /// Returns the role of somebody who arranges for these travellers, in any order.
    pub fn arranger(travellers: Vec<Traveller>) -> Self {
        let none = json!({ "roleType": ARRANGER });
        Self { kind: Kind::Arranger, travellers: Vec::new(), elements: vec![raw(&none)] }
            .with_travellers(travellers)
    }

    /// Returns the role that an element of the API's list is; one that is not understood means itself.
    pub fn read(element: Box<RawValue>) -> Self {
        let value: Value = serde_json::from_str(element.get()).unwrap_or(Value::Null);
        let (kind, travellers) = understood(&value).unwrap_or_else(|| {
            let name = value["roleType"].as_str().unwrap_or(UNTOLD);
            (Kind::Verbatim(name.into(), canonical(&value).to_string().into()), Vec::new())
        });
        Self { kind, travellers, elements: vec![element] }
    }

    /// Returns which role it is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Returns for whom it arranges: sorted, and empty for every other role.
    pub fn travellers(&self) -> &[Traveller] {
        &self.travellers
    }

    /// Returns the elements of the API's list by which it is said: one, or several that mean one role.
    pub fn elements(&self) -> &[Box<RawValue>] {
        &self.elements
    }

    /// Returns everything that is said of it, in one spelling whatever the order of keys and travellers.
    pub fn spelling(&self) -> String {
        let mut elements: Vec<String> = self.elements.iter().map(|it| spelling(it)).collect();
        elements.sort();
        elements.join("\n")
    }

    /// Returns the same role for other travellers; whatever else is said of it and of them stays.
    ///
    /// An element that says nothing of those who change is left as it was read. Who is new goes into the first,
    /// and an element with nobody left goes, as alone it would mean something else.
    #[must_use]
    pub fn with_travellers(&self, mut travellers: Vec<Traveller>) -> Self {
        travellers.sort_unstable();
        travellers.dedup();
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
        let values = self.elements.iter().map(|it| serde_json::from_str(it.get()).unwrap_or(Value::Null));
        let values: Vec<Value> = values.collect();
        let mut lists: Vec<Vec<Value>> =
            values.iter().map(|it| arranged(it).filter_map(&mut edit).collect()).collect();
        if let Some(first) = lists.first_mut() {
            first.extend(missing.into_iter().map(|it| noted(Map::new(), it)));
        }
        let elements = self.elements.iter().zip(values).zip(lists).filter(|it| !it.1.is_empty());
        let elements =
            elements.map(
                |((raw, value), list)| {
                    if arranged(&value).eq(&list) { raw.clone() } else { with_list(&value, list) }
                },
            );
        Self { kind: Kind::Arranger, elements: elements.collect(), travellers }
    }

    /// Returns as much of the role as `held` gives as well, if there is any; what both give is as `held` says it.
    pub fn within(&self, held: &Self) -> Option<Self> {
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

    /// Returns the elements as they are sent.
    ///
    /// For a travel arranger `metadata` has to be filled (contract §6.1); where the API itself gave only the
    /// older `roleMetadata`, the newer field is put beside it.
    fn sent(&self) -> impl Iterator<Item = Box<RawValue>> {
        self.elements.iter().map(|it| {
            let value: Value = serde_json::from_str(it.get()).unwrap_or(Value::Null);
            match value.as_object() {
                Some(fields)
                    if self.kind == Kind::Arranger && fields.get("metadata").is_none_or(Value::is_null) =>
                {
                    let list: Vec<Value> = arranged(&value).cloned().collect();
                    let mut fields = fields.clone();
                    let metadata = json!({ "roleType": ARRANGER, "arrangerFor": list });
                    fields.insert("metadata".to_owned(), metadata);
                    raw(&fields.into())
                }
                Some(_) | None => it.clone(),
            }
        })
    }

    /// Adds what another element says of the same role.
    fn join(&mut self, other: Self) {
        self.travellers.extend(other.travellers);
        self.travellers.sort_unstable();
        self.travellers.dedup();
        self.elements.extend(other.elements);
    }
}

const CONFIRMATIONS: &str = "sendConfirmationEmail";
const FLIGHT_STATS: &str = "sendFlightStatsNotificationEmail";

/// Returns an element in one spelling, whatever the order of keys and travellers.
fn spelling(element: &RawValue) -> String {
    canonical(&serde_json::from_str(element.get()).unwrap_or(Value::Null)).to_string()
}

/// Returns an entry of a list of travellers that means this one; what else it says stays.
fn noted(mut entry: Map<String, Value>, traveller: Traveller) -> Value {
    if !entry.contains_key("userId") {
        entry.insert("userId".to_owned(), json!(traveller.user));
    }
    entry.insert(CONFIRMATIONS.to_owned(), json!(traveller.confirmations));
    entry.insert(FLIGHT_STATS.to_owned(), json!(traveller.flight_stats));
    Value::Object(entry)
}

/// Returns the element of an arranger with other entries; what else it says stays.
fn with_list(element: &Value, list: Vec<Value>) -> Box<RawValue> {
    let object = |it: Option<&Value>| it.and_then(Value::as_object).cloned().unwrap_or_default();
    let mut metadata = object(element.get("metadata"));
    metadata.insert("roleType".to_owned(), ARRANGER.into());
    metadata.insert("arrangerFor".to_owned(), list.into());
    let mut element = object(Some(element));
    element.insert("metadata".to_owned(), metadata.into());
    // The older place must not contradict the newer.
    element.remove("roleMetadata");
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
            travellers.sort_unstable();
            travellers.dedup();
            (!travellers.is_empty()).then_some((Kind::Arranger, travellers))
        }
    }
}

/// Returns the travellers of an element, from the field in use or else from the older one.
fn arranged(element: &Value) -> impl Iterator<Item = &Value> {
    let newer = element["metadata"]["arrangerFor"].as_array();
    let older = element["roleMetadata"]["travelArrangerMetadata"]["arrangerFor"].as_array();
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

/// Returns the value with the keys of every object, and the travellers of every list of them, in one order.
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
