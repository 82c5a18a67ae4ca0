//! Scopes as files write them, to audiences; people in them stay names.

use std::sync::Arc;

use super::{
    super::{
        At,
        access::{AudienceEntry, ScopeEntry},
        declared::{DeclaredScope, PendingAudience},
        mapping::Given,
        shape::{Names, OneOrMany, TextOr},
    },
    Check, Scopes,
    values::{Alias, hides},
};
use crate::model::{
    finding::{Code, Finding, did_you_mean},
    ids::PersonRef,
    name,
    scope::{Audience, Dimension, Kind, Scope, Value},
    source::Place,
};

impl Check {
    /// Reads the `scopes:` of a file. A named scope spells its audiences out, so order does not matter.
    pub(super) fn named_scopes<'a>(&mut self, scopes: &'a Given<Names<ScopeEntry>>) -> Scopes<'a> {
        let none = Scopes::default();
        let mut found = Scopes { is_doubtful: scopes.is_wrong(), ..Scopes::default() };
        let Some(scopes) = scopes.as_ref() else { return found };
        self.names(scopes, "the name of a scope");
        for (name, entry) in scopes {
            let Some(entry) = entry else {
                found.names.insert(name::composed(name), None);
                continue;
            };
            let scope = match &entry.v {
                ScopeEntry::Name(other) => {
                    let message = format!("scope `{name}` only names `{other}`");
                    self.wrong(
                        Finding::new(Code::InvalidScope, self.at(entry), message)
                            .help("a scope under `scopes:` spells its audiences out"),
                    )
                }
                ScopeEntry::One(_) | ScopeEntry::Any(_) => self.scope(entry, &none),
            };
            found.names.insert(name::composed(name), scope);
        }
        found
    }

    pub(super) fn scope(&mut self, entry: &At<ScopeEntry>, named: &Scopes<'_>) -> Option<Arc<DeclaredScope>> {
        let at = self.at(entry);
        match &entry.v {
            ScopeEntry::Name(name) => self.named(at, name, named),
            ScopeEntry::One(audience) => {
                let audience = self.audience(at, audience)?;
                self.not_empty(at, scope_of(audience))
            }
            ScopeEntry::Any(entries) => {
                let mut parts = Vec::with_capacity(entries.len());
                for entry in entries {
                    let at = self.at(entry);
                    parts.extend(match &entry.v {
                        TextOr::Text(name) => self.named(at, name, named).map(Arc::unwrap_or_clone),
                        TextOr::Keys(audience) => self.audience(at, audience).map(scope_of),
                    });
                }
                if parts.len() < entries.len() {
                    return None;
                }
                let mut pending: Vec<PendingAudience> =
                    parts.iter_mut().flat_map(|it| std::mem::take(&mut it.pending)).collect();
                pending.sort();
                pending.dedup();
                let ready = Scope::any(parts.into_iter().map(|it| it.ready));
                self.not_empty(at, DeclaredScope { ready, pending })
            }
        }
    }

    fn named(&mut self, at: Place, name: &str, named: &Scopes<'_>) -> Option<Arc<DeclaredScope>> {
        let found = named.names.get(&name::composed(name)).cloned();
        found.or_else(|| named.is_doubtful.then_some(None)).unwrap_or_else(|| {
            let help = "define it under `scopes:` of this file, or write it out";
            self.wrong(
                Finding::new(
                    Code::UnknownScope,
                    at,
                    format!("no scope `{name}` in this file{}", hides(name)),
                )
                .help(format!("{help}: `{{ company: {name} }}`"))
                .maybe_help(did_you_mean(name, named.names.keys().map(|it| &**it))),
            )
        })
    }

    /// A scope that covers nobody would read as a grant and give nothing.
    fn not_empty(&mut self, at: Place, scope: DeclaredScope) -> Option<Arc<DeclaredScope>> {
        if scope.ready.is_empty() && scope.pending.is_empty() {
            return self.wrong(Finding::new(Code::InvalidScope, at, "the scope covers nobody").help(
                "name at least one company, legal entity or person; keys of one audience all have to hold",
            ));
        }
        if let Some(known) = self.scopes.get(&scope) {
            return Some(known.clone());
        }
        let scope = Arc::new(scope);
        self.scopes.insert(scope.clone());
        Some(scope)
    }

    fn audience(&mut self, at: Place, entry: &AudienceEntry) -> Option<(Audience, Vec<PersonRef>)> {
        let before = self.findings.len();
        let mut audience = Audience::new();
        for (kind, values, alias) in [
            (Kind::Company, &entry.company, Some(Alias::Company)),
            (Kind::BookingTmc, &entry.booking_tmc, Some(Alias::Company)),
            (Kind::ContractingTmc, &entry.contracting_tmc, Some(Alias::Company)),
            (Kind::LegalEntity, &entry.legal_entity, Some(Alias::LegalEntity)),
            (Kind::StealthType, &entry.stealth_type, None),
        ] {
            let Some(OneOrMany(values)) = values.as_ref() else { continue };
            self.lists_something(at, kind.as_wire(), values);
            let read = |it: &At<String>| match alias {
                Some(alias) => self.id(it, alias).map(Value::Id),
                None => Some(Value::from_wire(&it.v)),
            };
            let values = values.iter().filter_map(read).collect();
            audience.push(Dimension { kind, values });
        }
        match entry.platform.as_ref() {
            Some(At { v: true, .. }) => {
                audience.push(Dimension { kind: Kind::Platform, values: vec![Value::Nothing] });
            }
            Some(it) => self.say(
                Finding::new(Code::InvalidScope, self.at(it), "`platform` is `true` or absent")
                    .help("delete the line: a scope without it is not platform-wide"),
            ),
            None => (),
        }
        let mut is_doubtful = entry.is_doubtful();
        if let Some(predicates) = entry.predicates.as_ref() {
            self.lists_something(at, "predicates", predicates);
        }
        for predicate in entry.predicates.as_ref().into_iter().flatten() {
            const HELP: &str = "write `{ type: …, values: […] }`, as the API spells it";
            let (at, v) = (self.at(predicate), &predicate.v);
            let keys = [("type", v.r#type.is_absent(), HELP), ("values", v.values.is_absent(), HELP)];
            self.required(at, "a predicate", &keys);
            let (Some(name), Some(values)) = (v.r#type.as_ref(), v.values.as_ref()) else {
                is_doubtful = true;
                continue;
            };
            let kind = Kind::from_wire(&name.v);
            let mut values: Vec<Value> = values.iter().map(|it| Value::from_wire(it)).collect();
            if kind == Kind::Platform && values.is_empty() {
                values.push(Value::Nothing);
            }
            self.lists_something(self.at(predicate), kind.as_wire(), &values);
            audience.push(Dimension { kind, values });
        }
        let mut people = Vec::new();
        if let Some(OneOrMany(entries)) = entry.profile.as_ref() {
            self.lists_something(at, "profile", entries);
            people.extend(entries.iter().filter_map(|it| self.person(it)));
            people.sort();
            people.dedup();
        }
        let is_sound = !is_doubtful && self.findings.len() == before;
        if audience.is_empty() && entry.profile.is_absent() && is_sound {
            self.say(
                Finding::new(Code::InvalidScope, at, "the audience is empty")
                    .help("an empty audience would cover everybody; say `platform: true` if that is meant"),
            );
        }
        (!is_doubtful && self.findings.len() == before).then_some((audience, people))
    }

    fn lists_something<T>(&mut self, at: Place, key: &str, values: &[T]) {
        if values.is_empty() {
            self.say(
                Finding::new(Code::InvalidScope, at, format!("`{key}` lists nothing"))
                    .help("an empty list would cover nobody; delete the key or the role"),
            );
        }
    }
}

/// An audience with people in it waits for them to be resolved.
fn scope_of((audience, people): (Audience, Vec<PersonRef>)) -> DeclaredScope {
    if people.is_empty() {
        DeclaredScope { ready: Scope::new([audience]), pending: Vec::new() }
    } else {
        DeclaredScope { ready: Scope::default(), pending: vec![PendingAudience { rest: audience, people }] }
    }
}
