//! The names under `ids:` of an import: from what the API calls things, else readable ones to be filled in. Pure.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::{
    files::write::{
        Alias, Known,
        naming::{candidates, slug, unique},
    },
    model::{
        ids::CompanyId,
        scope::{Kind, Scope, Value},
        selector::Attribute,
    },
};

/// Longest name, in characters.
const LONGEST: usize = 40;

/// The ids that files point at, by what they are used for.
#[derive(Default)]
pub(super) struct Ids {
    /// Those that are more than TMCs.
    companies: BTreeSet<Uuid>,
    tmcs: BTreeSet<Uuid>,
    legal_entities: BTreeSet<Uuid>,
}

impl Ids {
    pub(super) fn company(&mut self, id: CompanyId) {
        self.companies.insert(id.0);
    }

    pub(super) fn legal_entity(&mut self, id: Uuid) {
        self.legal_entities.insert(id);
    }

    pub(super) fn tmc(&mut self, id: CompanyId) {
        self.tmcs.insert(id.0);
    }

    /// Whether anything points at it.
    pub(super) fn has(&self, id: Uuid) -> bool {
        [&self.companies, &self.tmcs, &self.legal_entities].into_iter().any(|it| it.contains(&id))
    }

    /// Adds everything that a scope points at.
    pub(super) fn scope(&mut self, scope: &Scope) {
        for dimension in scope.audiences().iter().flatten() {
            let of = match dimension.kind {
                Kind::Company => &mut self.companies,
                Kind::BookingTmc | Kind::ContractingTmc => &mut self.tmcs,
                Kind::LegalEntity => &mut self.legal_entities,
                Kind::Platform | Kind::Profile | Kind::StealthType | Kind::Other(_) | Kind::Unreadable => {
                    continue;
                }
            };
            of.extend(dimension.values.iter().filter_map(|it| match it {
                Value::Id(id) => Some(*id),
                Value::Nothing | Value::Text(_) => None,
            }));
        }
    }

    /// Names for companies and for legal entities, sorted but that those of `first` stand first.
    ///
    /// What has a name before keeps it, and nothing else gets that.
    /// An id has one name: one that is used as both is a company.
    pub(super) fn named<'b>(
        self,
        told: &BTreeMap<Uuid, Box<str>>,
        first: &[CompanyId],
        before: &'b Known,
    ) -> [Vec<Alias>; 2] {
        let Self { mut companies, mut tmcs, mut legal_entities } = self;
        let is_new =
            |it: &Uuid| !before.companies.contains_key(it) && !before.legal_entities.contains_key(it);
        [&mut companies, &mut tmcs, &mut legal_entities].into_iter().for_each(|it| it.retain(is_new));
        legal_entities.retain(|it| !companies.contains(it) && !tmcs.contains(it));
        let companies = companies.iter().map(|it| (*it, "company"));
        let mut all: BTreeMap<Uuid, &str> = tmcs.iter().map(|it| (*it, "tmc")).collect();
        all.extend(companies);
        let taken = |of: &'b BTreeMap<Uuid, Box<str>>| of.values().map(|it| &**it);
        let mut companies = aliases(&all, told, taken(&before.companies));
        companies.sort_by_key(|it| !first.contains(&CompanyId(it.id)));
        let legal_entities = legal_entities.iter().map(|it| (*it, "legal-entity")).collect();
        [companies, aliases(&legal_entities, told, taken(&before.legal_entities))]
    }
}

/// Names for departments and the like, by the key under `ids:`; sorted. What has a name already keeps that one, and nothing
/// else gets one that is taken.
pub(super) fn units(
    all: BTreeMap<Attribute, BTreeSet<Uuid>>,
    told: &BTreeMap<Uuid, Box<str>>,
    (mut named, taken): (BTreeSet<Uuid>, &BTreeMap<Attribute, BTreeSet<Box<str>>>),
) -> Vec<(Attribute, Vec<Alias>)> {
    let of = |(attribute, mut ids): (Attribute, BTreeSet<Uuid>)| {
        ids.retain(|it| named.insert(*it));
        let word = attribute.word().replace(' ', "-");
        let ids: BTreeMap<Uuid, &str> = ids.into_iter().map(|it| (it, &*word)).collect();
        let taken = taken.get(&attribute).into_iter().flatten().map(|it| &**it);
        (attribute, aliases(&ids, told, taken))
    };
    all.into_iter().map(of).collect()
}

fn aliases<'a>(
    ids: &BTreeMap<Uuid, &str>,
    told: &BTreeMap<Uuid, Box<str>>,
    taken: impl Iterator<Item = &'a str>,
) -> Vec<Alias> {
    let taken: Vec<&str> = taken.collect();
    let best = |id: &Uuid| told.get(id).map_or_else(String::new, |it| slug(it, LONGEST));
    let names = unique(ids.iter().map(|(id, what)| (*id, candidates(&best(id), what, *id))), &taken);
    let alias = |(id, name): (Uuid, String)| {
        let remark = match told.get(&id) {
            None => {
                Some(format!("give it a name: the API tells no name of this {}", ids[&id].replace('-', " ")))
            }
            Some(told) if best(&id).is_empty() => Some(format!("give it a name; the API calls it {told}")),
            Some(_) => None,
        };
        Alias { name: name.into(), id, is_placeholder: remark.is_some(), remark }
    };
    let mut aliases: Vec<Alias> = names.into_iter().map(alias).collect();
    aliases.sort_by(|a, b| (a.is_placeholder, &a.name).cmp(&(b.is_placeholder, &b.name)));
    aliases
}
