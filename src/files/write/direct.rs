//! Direct roles as files say them.

use serde_json::Value;

use super::{
    super::yaml::{Noted, Style, Yaml},
    scope::person,
};
use crate::model::ids::PersonRef;

/// A direct role to be written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum DraftDirect {
    Plain(&'static str),
    /// On a company, by its name.
    OnCompany(&'static str, String),
    /// On a TMC, by its name.
    OnTmc(&'static str, String),
    Arranger(Vec<DraftTraveller>),
    /// An element in the API's own form.
    Raw(Value),
}

/// A traveller to be written, with the mails that the arranger gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DraftTraveller {
    pub person: PersonRef,
    pub confirmations: bool,
    pub flight_stats: bool,
}

impl DraftDirect {
    /// The role as an entry of `directRoles:`.
    pub(crate) fn entry(&self) -> Yaml {
        let typed = |name: &str| ("type", Yaml::text(name));
        match self {
            Self::Plain(name) => Yaml::map(Style::Line, [typed(name)]),
            Self::OnCompany(name, on) => Yaml::map(Style::Line, [typed(name), ("company", Yaml::text(on))]),
            Self::OnTmc(name, on) => Yaml::map(Style::Line, [typed(name), ("tmc", Yaml::text(on))]),
            Self::Arranger(travellers) => {
                let mut travellers: Vec<&DraftTraveller> = travellers.iter().collect();
                travellers.sort_unstable();
                let list = Yaml::list(Style::Line, travellers.into_iter().map(DraftTraveller::entry));
                Yaml::map(Style::Line, [typed("TRAVEL_ARRANGER"), ("arrangerFor", list)])
            }
            Self::Raw(element) => Yaml::map(Style::Line, [("raw", verbatim(element))]),
        }
    }
}

impl DraftTraveller {
    fn entry(&self) -> Yaml {
        let yes = || Yaml::Scalar("true".to_owned());
        let mails = [
            ("sendConfirmationEmail", self.confirmations),
            ("sendFlightStatsNotificationEmail", self.flight_stats),
        ];
        let mails = mails.into_iter().filter(|it| it.1).map(|it| (it.0, yes()));
        let mails: Vec<(&str, Yaml)> = mails.collect();
        match &self.person {
            PersonRef::Email(email) if mails.is_empty() => Yaml::text(email),
            other => Yaml::map(Style::Line, [("user", person(other))].into_iter().chain(mails)),
        }
    }
}

/// JSON as it is: every value of it means the same in YAML.
fn verbatim(value: &Value) -> Yaml {
    match value {
        Value::Array(items) => Yaml::list(Style::Line, items.iter().map(verbatim)),
        Value::Object(keys) => {
            let entry = |(key, value): (&String, &Value)| {
                (super::super::yaml::scalar(key), Noted::from(verbatim(value)))
            };
            Yaml::Map(Style::Line, keys.iter().map(entry).collect())
        }
        Value::String(text) => Yaml::text(text),
        other => Yaml::Scalar(other.to_string()),
    }
}
