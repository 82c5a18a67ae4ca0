//! `api.endpoints`: which companies are at another endpoint than the rest.

use std::collections::BTreeMap;

use super::{
    super::{
        At,
        declared::{DeclaredEndpoint, Pattern, endpoints::no_name},
        entry::{ApiSection, EndpointEntry},
    },
    Check,
};
use crate::model::{
    finding::{Code, Finding},
    ids::{CompanyId, parse_uuid},
    name,
    source::Place,
};

/// Why an endpoint has no optional keys.
const CERTAIN: &str =
    "each endpoint has a name, a URL and its companies: `{ name: eu, endpoint: …, companies: […] }`";

impl Check {
    /// Reads the endpoints beside the one of the rest: no two have a name in common, or a company.
    pub(super) fn endpoints(&mut self, api: &ApiSection) -> Vec<DeclaredEndpoint> {
        let mut all: Vec<DeclaredEndpoint> = Vec::new();
        for entry in api.endpoints.iter() {
            let Some(endpoint) = self.endpoint(entry) else { continue };
            let twice = |at, message| Finding::new(Code::InvalidEndpoint, at, message);
            if let Some(other) = all.iter().find(|it| it.name == endpoint.name) {
                let message = format!("two endpoints are called `{}`", endpoint.name);
                self.say(
                    twice(endpoint.from, message)
                        .help("by the name the environment knows its credentials: give each its own")
                        .related(other.from, "the other one"),
                );
            }
            for (company, at) in &endpoint.companies {
                let Some((other, first)) = all.iter().find_map(|it| Some((it, *it.companies.get(company)?)))
                else {
                    continue;
                };
                let called =
                    self.aliases.get(&company.0).map_or_else(|| company.to_string(), ToString::to_string);
                let message = format!("{called} is at `{}` as well as at `{}`", other.name, endpoint.name);
                self.say(
                    twice(*at, message)
                        .help("a company is asked at one endpoint: name it once")
                        .related(first, "the other endpoint"),
                );
            }
            all.push(endpoint);
        }
        all
    }

    fn endpoint(&mut self, entry: &At<EndpointEntry>) -> Option<DeclaredEndpoint> {
        let (from, v) = (self.at(entry), &entry.v);
        let keys = [
            ("name", v.name.is_absent(), CERTAIN),
            ("endpoint", v.endpoint.is_absent(), CERTAIN),
            ("companies", v.companies.is_absent(), CERTAIN),
        ];
        self.required(from, "an endpoint", &keys);
        let name = v.name.as_ref().and_then(|it| self.endpoint_name(it));
        let mut companies = BTreeMap::new();
        for raw in v.companies.as_ref().into_iter().flatten() {
            companies.extend(self.companies_meant(raw));
        }
        let identity = self.account(&v.identity);
        let url = v.endpoint.as_ref()?;
        Some(DeclaredEndpoint {
            name: name?,
            url: url.v.as_str().into(),
            place: self.at(url),
            dialect: v.dialect.as_ref().copied().unwrap_or_default(),
            identity,
            companies,
            from,
        })
    }

    fn endpoint_name(&mut self, raw: &At<String>) -> Option<Box<str>> {
        let Some(why) = no_name(&raw.v) else { return Some(raw.v.as_str().into()) };
        self.wrong(
            Finding::new(Code::InvalidEndpoint, self.at(raw), format!("the name of an endpoint {why}"))
                .help("it stands in variables: the secret of `eu-2` is ROLECALL_CLIENT_SECRET_EU_2"),
        )
    }

    /// The companies that an id, a name or a pattern of names means.
    fn companies_meant(&mut self, raw: &At<String>) -> Vec<(CompanyId, Place)> {
        let at = self.at(raw);
        let is_pattern = raw.v.contains(['*', '?', '[', '{']) && parse_uuid(&raw.v).is_none();
        if !is_pattern {
            return self.company(raw).into_iter().map(|it| (it, at)).collect();
        }
        let Some(pattern) = self.pattern(raw, &name::composed(&raw.v)) else { return Vec::new() };
        let is_meant = |it: &(&String, &Option<uuid::Uuid>)| Pattern::matches(&pattern, it.0);
        let meant = self.companies.names.iter().filter(is_meant);
        meant.filter_map(|it| Some((CompanyId((*it.1)?), at))).collect()
    }
}
