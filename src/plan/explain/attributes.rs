//! What the files declare of a person apart from access, attribute by attribute, beside what the person is, as far as that was
//! read anyhow: nothing is asked for it.

use crate::{
    files::declared::{DeclaredTrait, DeclaredUser, TraitValue},
    model::{
        ids::CompanyId,
        observed::{Observed, ObservedCompany, User},
        selector::{Attribute, PersonPart},
        source::Place,
    },
    plan::bind::people::Directory,
};

/// What an entry of the files declares of the person by one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributed {
    /// Which one.
    pub attribute: Attribute,
    /// What the person shall be, in ids; people who cannot be resolved by their names.
    pub asked: Box<str>,
    /// What the person is; `None` where nothing is held, or it is not known.
    pub live: Option<Box<str>>,
    /// How the two stand to each other.
    pub agrees: Agreement,
    /// The entry.
    pub from: Place,
}

/// How what is declared of a person stands to what the person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// It is so.
    Is,
    /// It is otherwise, or not at all.
    Differs,
    /// It says somebody, or a name, that is not resolved here.
    Unresolved,
    /// What the person is was not read, or which it is that the files call by a name.
    Unread,
    /// It is for an account that is made, and there is one.
    Moot,
}

/// Returns what these entries declare, in the order of the attributes.
pub(super) fn attributes(
    own: &[&DeclaredUser],
    (companies, directory): (&[CompanyId], &Directory<'_>),
    (person, snapshot): (&User, &Observed),
) -> Vec<Attributed> {
    let own_company = snapshot.companies.iter().find(|it| Some(it.id) == person.company);
    let units = &own_company.unwrap_or(ObservedCompany::NONE).units;
    let said = own.iter().flat_map(|it| it.traits.iter().map(|it| (it, false)));
    let create = own.iter().flat_map(|it| it.create.iter().map(|it| (it, true)));
    let mut all: Vec<Attributed> = said
        .chain(create)
        .map(|(declared, is_moot)| {
            let (asked, is_resolved) = asked(declared, companies, directory);
            let (live, is_read) = live(declared.attribute, person, snapshot);
            // What others than the person's own are called only the list of everybody tells, which is not read for one person.
            let called = match &declared.value {
                TraitValue::Named(name) => {
                    units.only(declared.attribute, name).map(|it| it.to_string().into())
                }
                TraitValue::Ready(_) | TraitValue::People(_) => Some(asked.clone()),
            };
            let is_read = is_read && called.is_some();
            let asked: Box<str> = called.unwrap_or(asked);
            let agrees = if is_moot {
                Agreement::Moot
            } else if !is_read {
                Agreement::Unread
            } else if !is_resolved {
                Agreement::Unresolved
            } else if declared.attribute.same(live.as_deref(), Some(&asked)) {
                Agreement::Is
            } else {
                Agreement::Differs
            };
            Attributed { attribute: declared.attribute, asked, live, agrees, from: declared.from }
        })
        .collect();
    all.sort_by_key(|it| (it.attribute, it.from));
    all
}

/// What is asked for, and whether everybody whom it names is known.
fn asked(declared: &DeclaredTrait, companies: &[CompanyId], directory: &Directory<'_>) -> (Box<str>, bool) {
    match &declared.value {
        TraitValue::Ready(value) | TraitValue::Named(value) => (value.clone(), true),
        TraitValue::People(people) => {
            let found = people.iter().map(|it| Some(directory.nearest(companies, it).ok()?.to_string()));
            match found.collect::<Option<Vec<_>>>() {
                Some(found) => (found.join(",").into(), true),
                None => (declared.value.to_string().into(), false),
            }
        }
    }
}

/// What the person is by one attribute, and whether that was read.
fn live(attribute: Attribute, person: &User, snapshot: &Observed) -> (Option<Box<str>>, bool) {
    let told = snapshot.profiles.get(&person.id).and_then(|it| it.get(attribute)).map(Box::from);
    let is_seen = !person.is_hidden();
    match attribute {
        Attribute::Active => (Some(if person.active { "true" } else { "false" }.into()), is_seen),
        Attribute::ExternalId => (person.external_id.clone(), is_seen),
        Attribute::EmployeeId => {
            let live = told.or_else(|| person.employee_id.clone());
            (live, is_seen)
        }
        _ => {
            let is_whole = attribute.part() == PersonPart::BusinessInfo && snapshot.led.contains(&person.id);
            let is_read = told.is_some() || is_whole;
            (told, is_read)
        }
    }
}
