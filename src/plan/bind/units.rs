//! Departments and the like by name: what files call them and no `ids:` knows, by what the answers of the API call them.
//!
//! What cannot be told is withheld alone; of whom an account is to be made without a legal entity, nothing is left to bind.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use uuid::Uuid;

use crate::{
    files::declared::{Declared, DeclaredCompany, DeclaredUser, TraitValue},
    model::{
        directory::Directory,
        finding::nearest,
        ids::UserId,
        observed::{Observed, ObservedCompany},
        plan::{Unnamed, Withheld, WithheldReason},
        selector::Attribute,
        units::Units,
    },
};

/// What is declared with ids for names, and what was read without those for whom no account can be made.
pub(super) struct Resolved<'a> {
    pub(super) declared: Cow<'a, Declared>,
    pub(super) snapshot: Cow<'a, Observed>,
    pub(super) withheld: Vec<Withheld>,
    /// What the departments and the like are called that people are in or are to be in.
    pub(super) names: BTreeMap<Uuid, Box<str>>,
}

/// Puts ids in the place of names. Of somebody of whom nothing was read the names stay: that is said of the whole person.
pub(super) fn resolved<'a>(declared: &'a Declared, snapshot: &'a Observed) -> Resolved<'a> {
    let mut resolved = Resolved {
        declared: Cow::Borrowed(declared),
        snapshot: Cow::Borrowed(snapshot),
        withheld: Vec::new(),
        names: BTreeMap::new(),
    };
    let says_names = |it: &DeclaredCompany| it.users.iter().any(DeclaredUser::says_names);
    if !declared.companies.iter().any(says_names) {
        return resolved;
    }
    let directory = Directory::new(&snapshot.users);
    let mut homeless = BTreeSet::new();
    for company in resolved.declared.to_mut().companies.iter_mut().filter(|it| says_names(it)) {
        let live = snapshot.companies.iter().find(|it| it.id == company.id).unwrap_or(ObservedCompany::NONE);
        let mut resolving = Resolving {
            units: &live.units,
            known: &declared.attribute_names,
            withheld: &mut resolved.withheld,
            names: &mut resolved.names,
        };
        let id = company.id;
        company.users.retain_mut(|user| {
            let read =
                directory.anyone(id, &user.person).ok().filter(|it| snapshot.profiles.contains_key(it));
            let Some(of) = read else { return true };
            let stays = resolving.user(user, snapshot.newcomers.contains(&of));
            homeless.extend((!stays).then_some(of));
            stays
        });
        let lived: BTreeSet<&str> =
            snapshot.profiles.values().flat_map(|it| it.iter().map(|it| it.1)).collect();
        let known = live.units.iter().filter(|it| lived.contains(&*it.0.to_string()));
        known.for_each(|(id, name)| _ = resolved.names.entry(id).or_insert_with(|| name.into()));
    }
    if !homeless.is_empty() {
        forget(resolved.snapshot.to_mut(), &homeless);
    }
    resolved
}

/// Takes out of what was read those for whom no account is made.
fn forget(snapshot: &mut Observed, who: &BTreeSet<UserId>) {
    snapshot.users.retain(|it| !who.contains(&it.id));
    snapshot.newcomers.retain(|it| !who.contains(it));
    snapshot.direct.retain(|it, _| !who.contains(it));
    snapshot.profiles.retain(|it, _| !who.contains(it));
}

struct Resolving<'a> {
    units: &'a Units,
    /// The names of the workspace.
    known: &'a BTreeMap<Attribute, BTreeSet<Box<str>>>,
    withheld: &'a mut Vec<Withheld>,
    names: &'a mut BTreeMap<Uuid, Box<str>>,
}

impl Resolving<'_> {
    /// Resolves the names that an entry says; returns whether it can be.
    fn user(&mut self, user: &mut DeclaredUser, is_new: bool) -> bool {
        for at in 0..user.traits.len() {
            let declared = &mut user.traits[at];
            let TraitValue::Named(name) = &declared.value else { continue };
            let (attribute, from) = (declared.attribute, declared.from);
            match self.unit(attribute, name) {
                Ok(id) => {
                    self.names.entry(id).or_insert_with(|| name.clone());
                    declared.value = TraitValue::Ready(id.to_string().into());
                }
                Err(why) => {
                    let (person, name) = (user.person.clone(), name.clone());
                    let is_vain = is_new && attribute == Attribute::LegalEntity;
                    let what = match is_vain {
                        true => WithheldReason::NoLegalEntity { person, name, why },
                        false => WithheldReason::Unit { user: person, attribute, name, why },
                    };
                    self.withheld.push(Withheld { from: Some(from), group: "".into(), what });
                    if is_vain {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn unit(&self, attribute: Attribute, name: &str) -> Result<Uuid, Unnamed> {
        let names = self.units.of(attribute).ok_or(Unnamed::Untold)?;
        let ids: Vec<Uuid> = names.get(name).into_iter().flatten().copied().collect();
        match ids[..] {
            [id] => Ok(id),
            [] => {
                let all = names.keys().chain(self.known.get(&attribute).into_iter().flatten());
                let near = nearest(name, all.map(|it| &**it));
                Err(near.map_or(Unnamed::Unknown, |it| Unnamed::Near(it.into())))
            }
            _ => Err(Unnamed::Ambiguous(ids)),
        }
    }
}
