//! Scopes as files write them, to audiences; people in them stay names.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    super::{
        At,
        access::{AudienceEntry, AudienceOrName, OneOrMany, PersonEntry, ScopeEntry},
        declared::{DeclaredScope, PendingAudience},
    },
    Check, alias, people,
};
use crate::model::{
    finding::{Code, Finding, did_you_mean},
    ids::{CompanyId, PersonRef},
    scope::{Audience, Dimension, Kind, Scope, Value},
    source::{FileId, Place},
};

type Named<'a> = HashMap<&'a str, Arc<DeclaredScope>>;

impl Check {
    /// Reads the `scopes:` of a file. A named scope spells its audiences out, so order does not matter.
    pub(super) fn named_scopes<'a>(
        &mut self,
        file: FileId,
        scopes: &'a BTreeMap<String, At<ScopeEntry>>,
    ) -> Named<'a> {
        let none = Named::new();
        scopes
            .iter()
            .filter_map(|(name, entry)| {
                if let ScopeEntry::Name(other) = &entry.v {
                    self.say(
                        Finding::new(
                            Code::InvalidScope,
                            entry.place(file),
                            format!("scope `{name}` only names `{other}`"),
                        )
                        .help("a scope under `scopes:` spells its audiences out"),
                    );
                    return None;
                }
                Some((name.as_str(), self.scope(file, entry, &none)?))
            })
            .collect()
    }

    /// Reads a scope, by name or spelled out.
    pub(super) fn scope(
        &mut self,
        file: FileId,
        At { v: entry, line, column }: &At<ScopeEntry>,
        named: &Named<'_>,
    ) -> Option<Arc<DeclaredScope>> {
        let at = Place::new(file, *line, *column);
        match entry {
            ScopeEntry::Name(name) => self.named(at, name, named),
            ScopeEntry::One(audience) => {
                let audience = self.audience(file, at, audience)?;
                self.not_empty(at, scope_of([audience]))
            }
            ScopeEntry::Any(entries) => {
                let mut sum = DeclaredScope::default();
                let mut ready = Vec::new();
                let mut whole = true;
                for entry in entries {
                    let at = entry.place(file);
                    let part = match &entry.v {
                        AudienceOrName::Name(name) => self.named(at, name, named).map(|it| (*it).clone()),
                        AudienceOrName::Audience(audience) => {
                            self.audience(file, at, audience).map(|it| scope_of([it]))
                        }
                    };
                    whole &= part.is_some();
                    let part = part.unwrap_or_default();
                    ready.push(part.ready);
                    sum.pending.extend(part.pending);
                }
                sum.ready = Scope::any(ready);
                sum.pending.sort();
                sum.pending.dedup();
                if whole { self.not_empty(at, sum) } else { None }
            }
        }
    }

    fn named(&mut self, at: Place, name: &str, named: &Named<'_>) -> Option<Arc<DeclaredScope>> {
        let found = named.get(name).cloned();
        if found.is_none() {
            self.say(
                Finding::new(Code::UnknownScope, at, format!("no scope `{name}` in this file"))
                    .help(format!(
                        "define it under `scopes:` of this file, or write it out: `{{ company: {name} }}`"
                    ))
                    .maybe_help(did_you_mean(name, named.keys().copied())),
            );
        }
        found
    }

    /// A scope nobody can be in would read as a grant and give nothing.
    fn not_empty(&mut self, at: Place, scope: DeclaredScope) -> Option<Arc<DeclaredScope>> {
        if scope.ready.is_empty() && scope.pending.is_empty() {
            self.say(Finding::new(Code::InvalidScope, at, "the scope covers nobody").help(
                "name at least one company, legal entity or person; keys of one audience all have to hold",
            ));
            return None;
        }
        Some(Arc::new(scope))
    }

    fn audience(
        &mut self,
        file: FileId,
        at: Place,
        entry: &AudienceEntry,
    ) -> Option<(Audience, Vec<PersonRef>)> {
        let before = self.findings.len();
        let mut audience = Audience::new();
        for (kind, values) in [
            (Kind::Company, &entry.company),
            (Kind::BookingTmc, &entry.booking_tmc),
            (Kind::ContractingTmc, &entry.contracting_tmc),
        ] {
            let read =
                |it: &_| alias(file, it, "company", &self.companies, CompanyId).map(|it| Value::Id(it.0));
            audience.extend(dimension(&mut self.findings, at, kind, values.as_ref(), read));
        }
        let read = |it: &_| alias(file, it, "legalEntity", &self.legal_entities, |it| it).map(Value::Id);
        audience.extend(dimension(
            &mut self.findings,
            at,
            Kind::LegalEntity,
            entry.legal_entity.as_ref(),
            read,
        ));
        let read = |it: &At<String>| Ok(Value::from_wire(&it.v));
        audience.extend(dimension(
            &mut self.findings,
            at,
            Kind::StealthType,
            entry.stealth_type.as_ref(),
            read,
        ));
        match &entry.platform {
            Some(At { v: true, .. }) => {
                audience.push(Dimension { kind: Kind::Platform, values: vec![Value::Nothing] });
            }
            Some(it) => self.say(
                Finding::new(Code::InvalidScope, it.place(file), "`platform` is `true` or absent")
                    .help("delete the line: a scope without it is not platform-wide"),
            ),
            None => (),
        }
        for predicate in entry.predicates.iter().flatten() {
            let kind = Kind::from_wire(&predicate.v.r#type);
            if predicate.v.values.is_empty() && kind != Kind::Platform {
                self.say(empty_dimension(predicate.place(file), kind.as_wire()));
            }
            let mut values: Vec<Value> = predicate.v.values.iter().map(|it| Value::from_wire(it)).collect();
            if values.is_empty() {
                values.push(Value::Nothing);
            }
            audience.push(Dimension { kind, values });
        }
        let mut persons = Vec::new();
        if let Some(OneOrMany(entries)) = &entry.profile {
            if entries.is_empty() {
                self.say(empty_dimension(at, "profile"));
            }
            for it in entries {
                let at = it.place(file);
                let person = match &it.v {
                    PersonEntry::Address(address) => people::address(at, address),
                    PersonEntry::Keys(keys) => people::person(
                        file,
                        at,
                        [&keys.email, &keys.external_id, &keys.employee_id, &keys.user_id],
                    ),
                };
                persons.extend(self.take(person));
            }
            persons.sort();
            persons.dedup();
        }
        if audience.is_empty() && entry.profile.is_none() && self.findings.len() == before {
            self.say(
                Finding::new(Code::InvalidScope, at, "the audience is empty")
                    .help("an empty audience would cover everybody; say `platform: true` if that is meant"),
            );
        }
        (self.findings.len() == before).then_some((audience, persons))
    }
}

/// Reads the values of one key; what is wrong with them joins the findings.
fn dimension(
    findings: &mut Vec<Finding>,
    at: Place,
    kind: Kind,
    values: Option<&OneOrMany<At<String>>>,
    read: impl Fn(&At<String>) -> Result<Value, Finding>,
) -> Option<Dimension> {
    let OneOrMany(entries) = values?;
    if entries.is_empty() {
        findings.push(empty_dimension(at, kind.as_wire()));
    }
    let mut values = Vec::with_capacity(entries.len());
    for entry in entries {
        match read(entry) {
            Ok(value) => values.push(value),
            Err(finding) => findings.push(finding),
        }
    }
    Some(Dimension { kind, values })
}

fn empty_dimension(at: Place, key: &str) -> Finding {
    Finding::new(Code::InvalidScope, at, format!("`{key}` lists nothing"))
        .help("an empty list would cover nobody; delete the key or the role")
}

fn scope_of(audiences: impl IntoIterator<Item = (Audience, Vec<PersonRef>)>) -> DeclaredScope {
    let (ready, pending): (Vec<_>, Vec<_>) = audiences.into_iter().partition(|(_, people)| people.is_empty());
    DeclaredScope {
        ready: Scope::new(ready.into_iter().map(|(audience, _)| audience)),
        pending: pending.into_iter().map(|(rest, people)| PendingAudience { rest, people }).collect(),
    }
}
