//! People beside those of whom files say already what they are: who is left aside, where the others come, and the names
//! that they need. Reads and writes nothing.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use uuid::Uuid;

use super::super::draft::There;
use crate::{
    files::{
        declared::{Declared, DeclaredCompany, DeclaredUser},
        edit::{Change, edited},
        load::Loaded,
        write::{DraftFile, DraftPerson, DraftUser, DraftWorkspace},
    },
    model::{
        directory::Directory,
        ids::{CompanyId, PersonRef, UserId},
        plan::Unresolved,
        source::FileId,
    },
    report::render::counted,
    workflow::{Checked, Judged},
};

type People = BTreeSet<(CompanyId, UserId)>;

/// Notes who is left aside and where people stand; says how many are left out only because they are cut off.
pub(super) fn beside(there: &mut There, judged: &Judged, directory: &Directory<'_>) -> Option<String> {
    let Checked { declared, loaded } = &judged.context.checked;
    let now = judged.context.now.at;
    there.people = spoken_of(declared, directory);
    there.units.clone_from(&declared.attribute_names);
    let homes = declared.companies.iter().filter_map(|it| Some((it.id, home(it, loaded)?)));
    there.homes = homes.collect();
    let locked = || declared.lockouts.iter().filter(|it| it.holds(now));
    let cut = declared.companies.iter().flat_map(|company| {
        locked().flat_map(|it| known_by(directory, company.id, &it.person)).map(|it| (company.id, it))
    });
    let is_active = |it: &UserId| directory.user(*it).is_some_and(|it| it.active);
    let new: People = cut.filter(|it| !there.people.contains(it) && is_active(&it.1)).collect();
    let count = counted(new.len(), "is", "are");
    let note = (!new.is_empty()).then(|| format!("people: {count} locked out and left out"));
    there.people.extend(new);
    note
}

/// Everybody who may be meant by an entry or by a row: by any key that an account is looked for by.
fn spoken_of(declared: &Declared, directory: &Directory<'_>) -> People {
    let of_company = |it: &DeclaredCompany| -> People {
        let keys = it.users.iter().flat_map(DeclaredUser::keys);
        keys.flat_map(|key| known_by(directory, it.id, &key)).map(|user| (it.id, user)).collect()
    };
    declared.companies.iter().flat_map(of_company).collect()
}

fn known_by(directory: &Directory<'_>, company: CompanyId, person: &PersonRef) -> Vec<UserId> {
    match directory.everybody(company, person) {
        Ok(all) | Err(Unresolved::Ambiguous(all)) => all,
        Err(_) => Vec::new(),
    }
}

/// The file in which most people of the company stand, of those that can be added to.
fn home(company: &DeclaredCompany, loaded: &Loaded) -> Option<String> {
    let mut counts: BTreeMap<FileId, usize> = BTreeMap::new();
    company.users.iter().for_each(|it| *counts.entry(it.from.file).or_default() += 1);
    // Rows stand in other files.
    counts.retain(|file, _| loaded.files.access.iter().any(|it| it.0 == *file));
    let mut homes: Vec<FileId> = counts.keys().copied().collect();
    homes.sort_by_key(|it| (Reverse(counts[it]), *it));
    let anybody = DraftPerson { person: PersonRef::UserId(UserId(Uuid::nil())), who: None };
    let probe = entries(&[DraftUser::new(anybody)]);
    let mut found = homes.into_iter().map(|it| loaded.sources.file(it));
    found.find(|it| edited(&it.text, &probe).is_ok()).map(|it| it.path.clone())
}

/// The access file of this path, where it is one that was read.
pub(super) fn file(loaded: &Loaded, path: &str) -> Option<FileId> {
    let mut files = loaded.files.access.iter().map(|it| it.0);
    files.find(|it| loaded.sources.file(*it).path == path)
}

/// What comes into a file that is there.
pub(super) fn entries(users: &[DraftUser]) -> Vec<Change> {
    users.iter().map(|it| Change::Insert { of: None, key: "users", entry: it.entry() }).collect()
}

/// What people are said to be of, each with the key under `ids:`.
pub(super) fn said(files: &[DraftFile]) -> BTreeSet<(&'static str, Box<str>)> {
    let users = files.iter().flat_map(|it| &it.users);
    let business = users.flat_map(|it| &it.business).filter(|it| it.0.has_ids());
    business.map(|(attribute, value)| (attribute.as_str(), value.clone())).collect()
}

/// Puts ids for the new names.
pub(super) fn by_id(workspace: &DraftWorkspace, files: &mut [DraftFile]) {
    let units = workspace.units.iter().map(|(kind, all)| (*kind, all));
    let all = [("legalEntity", &workspace.legal_entities)].into_iter().chain(units);
    let ids: BTreeMap<(&str, &str), Uuid> =
        all.flat_map(|(kind, all)| all.iter().map(move |it| ((kind, &*it.name), it.id))).collect();
    for (attribute, value) in files.iter_mut().flat_map(|it| &mut it.users).flat_map(|it| &mut it.business) {
        if let Some(id) = ids.get(&(attribute.as_str(), &**value)).filter(|_| attribute.has_ids()) {
            *value = id.to_string().into();
        }
    }
}
