//! What everybody of a company is apart from access, as far as its list tells and files can say. Pure.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{DraftUser, Drafting, There};
use crate::{
    live::{
        fetch::Profiles,
        snapshot::{Reach, Snapshot},
    },
    model::{
        ids::{CompanyId, PersonRef, UserId},
        name,
        selector::{Attribute, Traits},
    },
    report::render::counted,
};

/// What is written under `business:`, in this order.
const BUSINESS: [Attribute; 6] = [
    Attribute::EmployeeId,
    Attribute::LegalEntity,
    Attribute::Department,
    Attribute::CostCenter,
    Attribute::Office,
    Attribute::Designation,
];

/// The ids of legal entities, departments and the like of everybody who is written, each with what it is of.
pub(super) fn ids<'a>(
    snapshot: &'a Snapshot,
    whole: Profiles,
    there: Option<&'a There>,
) -> impl Iterator<Item = (Attribute, Uuid)> + 'a {
    let own = move |it: CompanyId| {
        whole == Profiles::Everybody && snapshot.companies.iter().any(|company| company.id == it)
    };
    let directories = snapshot.directories.iter().filter(move |it| own(it.company));
    let all =
        directories.flat_map(|it| it.profiles.iter().map(|(user, profile)| (it.company, *user, profile)));
    let written = all.filter(move |it| is_active(it.2) && !is_aside(there, it.0, it.1));
    written.flat_map(|(_, _, it)| {
        let of = |attribute: &Attribute| Some((*attribute, it.get(*attribute)?.parse().ok()?));
        BUSINESS.iter().filter(|it| it.has_ids()).filter_map(of).collect::<Vec<_>>()
    })
}

/// Whether files say already what somebody is, or cut the person off.
fn is_aside(there: Option<&There>, company: CompanyId, user: UserId) -> bool {
    there.is_some_and(|it| it.people.contains(&(company, user)))
}

fn is_active(profile: &Traits) -> bool {
    profile.get(Attribute::Active) == Some("true")
}

impl Drafting<'_> {
    /// Everybody of the company who is active, with what is known of each beside the direct roles that are drafted.
    pub(super) fn everybody(&mut self, company: CompanyId, held: Vec<DraftUser>) -> Vec<DraftUser> {
        let mut users: BTreeMap<PersonRef, DraftUser> =
            held.into_iter().map(|it| (it.user.person.clone(), it)).collect();
        let directories = &self.snapshot.directories;
        let Some(directory) = directories.iter().find(|it| it.company == company) else {
            return users.into_values().collect();
        };
        if directory.reach != Reach::Whole {
            let called =
                self.known.companies.get(&company.0).map_or_else(|| company.to_string(), ToString::to_string);
            self.notes
                .push(format!("people of {called} are left out: the API does not list everybody there"));
        }
        let (mut inactive, mut untold, mut silent) = (0, 0, 0);
        for row in directory.users.iter().filter(|it| !is_aside(self.there, company, it.id)) {
            let Some(profile) = directory.profiles.get(&row.id) else {
                untold += 1;
                continue;
            };
            if !is_active(profile) {
                inactive += 1;
                continue;
            }
            let user = match self.people.member(company, row.id) {
                Ok(user) => user,
                Err(why) => {
                    self.notes.push(format!("a person is left out: {why}"));
                    continue;
                }
            };
            let said = |of: Attribute| profile.get(of).filter(|it| name::is_sayable(it));
            let external_id = said(Attribute::ExternalId).map(Box::from);
            let called = |it: &str| {
                let id = it.parse::<Uuid>().ok()?;
                self.known.legal_entities.get(&id).or_else(|| self.units.get(&id)).cloned()
            };
            let value = |of: &Attribute| {
                let it = said(*of)?;
                let name = called(it).filter(|_| of.has_ids());
                Some((*of, name.unwrap_or_else(|| it.into())))
            };
            let business: Vec<(Attribute, Box<str>)> = BUSINESS.iter().filter_map(value).collect();
            if external_id.is_none() && business.is_empty() {
                silent += usize::from(!users.contains_key(&user.person));
                continue;
            }
            let draft = users.entry(user.person.clone()).or_insert_with(|| DraftUser::new(user));
            (draft.external_id, draft.business) = (external_id, business);
        }
        for (count, why) in [
            (inactive, "not active and left out"),
            (untold, "left out, as it is not told what they are: import from an API that lists people"),
            (silent, "left out, as the list tells nothing else of them"),
        ] {
            if count > 0 {
                self.notes.push(format!("people: {} {why}", counted(count, "is", "are")));
            }
        }
        let mut users: Vec<DraftUser> = users.into_values().collect();
        users.sort_by(|a, b| a.user.cmp(&b.user));
        users
    }
}
