//! The names that files may use, for the schema of an editor. Only reads, and of people nothing at all.

use std::collections::BTreeSet;

use super::{Checked, Error, Live, companies_alone};
use crate::{
    files::load::Loaded,
    live::source::Source,
    model::{
        finding::Finding,
        ids::CompanyId,
        name::{MAX_NAME, unseen},
        selector::Attribute,
    },
    report::schema::Vocabulary,
};

/// Checks files for the companies they are about and the names they have for ids, whatever else is wrong with them: they are
/// being edited.
///
/// # Errors
///
/// What is wrong with the workspace file.
pub fn checked_for_names(mut loaded: Loaded) -> Result<Checked, Error> {
    let workspace = loaded.files.workspace.as_ref().map(|it| it.0);
    let is_elsewhere = |it: &Finding| it.place.is_none_or(|it| Some(it.file) != workspace);
    if workspace.is_some() {
        loaded.findings.retain(|it| !is_elsewhere(it));
    }
    companies_alone(loaded)
}

/// Reads the names of the roles and groups of each company of the workspace, by one list each.
///
/// # Errors
///
/// Where they cannot be read, and where no company is named.
pub async fn vocabulary(live: &Live, checked: &Checked) -> Result<Vocabulary, Error> {
    let declared = &checked.declared;
    let companies = declared.aliases.iter().filter(|it| declared.known_companies.contains(&CompanyId(*it.0)));
    let names = |it: Attribute| declared.attribute_names.get(&it).cloned().unwrap_or_default();
    let mut found = Vocabulary {
        companies: companies.map(|it| it.1.clone()).collect(),
        legal_entities: names(Attribute::LegalEntity),
        departments: names(Attribute::Department),
        cost_centers: names(Attribute::CostCenter),
        offices: names(Attribute::Office),
        grades: names(Attribute::Grade),
        ..Vocabulary::default()
    };
    let mut own = declared.own_companies();
    if let (Source::Snapshot(answers), true) = (&live.source, own.is_empty()) {
        own.extend(answers.snapshot().companies.iter().map(|it| it.id));
    }
    if own.is_empty() {
        return Err(Error::NoCompany);
    }
    for company in own {
        let groups = live.source.list_groups(company).await?;
        keep(&mut found.groups, groups.into_iter().map(|it| it.name));
        keep(&mut found.roles, live.source.role_names(company).await?);
    }
    Ok(found)
}

/// Keeps the names that a file can spell.
fn keep(names: &mut BTreeSet<Box<str>>, all: impl IntoIterator<Item = Box<str>>) {
    let can_be_spelt = |it: &str| {
        unseen(it).is_none() && it.trim_ascii() == it && (1..=MAX_NAME).contains(&it.chars().count())
    };
    names.extend(all.into_iter().filter(|it| can_be_spelt(it)));
}
