//! Roles and scopes: from names to what a group shall hold.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

use super::{Binding, people::nowhere};
use crate::{
    files::declared::{DeclaredGroup, ProvidedBy, Rest, RoleRef},
    model::{
        access::Why,
        finding::{Code, Finding, did_you_mean, nearest},
        ids::RoleId,
        index::GroupIx,
        lookalike::{Lookalikes, difference},
        name,
        observed::RoleHead,
        plan::{Withheld, WithheldReason},
        scope::Scope,
        source::{FileId, Place},
        state::{Fact, Owner},
    },
};

/// The roles a company may assign, by name.
#[derive(Debug)]
pub struct Roles<'a> {
    all: &'a [RoleHead],
    by_name: HashMap<&'a str, Vec<&'a RoleHead>>,
    lookalikes: Lookalikes<'a, ()>,
}

impl<'a> Roles<'a> {
    /// Indexes the roles.
    pub fn new(all: &'a [RoleHead]) -> Self {
        let mut by_name: HashMap<&str, Vec<&RoleHead>> = HashMap::with_capacity(all.len());
        for role in all {
            by_name.entry(&role.name).or_default().push(role);
        }
        let lookalikes = Lookalikes::new(all.iter().map(|it| (&*it.name, ())));
        Self { all, by_name, lookalikes }
    }

    /// Returns the remark that a role which a file names looks like another one, if it does.
    fn lookalike(&self, role: &RoleHead, from: Place) -> Option<Finding> {
        let (other, ()) = self.lookalikes.of(&role.name).next()?;
        let message = format!(
            "role `{}` looks like `{other}`, another role: {}",
            role.name,
            difference(&role.name, other)
        );
        Some(Finding::new(Code::LookalikeName, from, message).help("make sure which of the two is meant"))
    }

    /// The roles that may be meant where none is, or several are: what their names resemble.
    pub(super) fn near(&self, role: &RoleRef) -> Vec<RoleId> {
        let RoleRef::Name { name, .. } = role else { return Vec::new() };
        let near = match self.by_name.get_key_value(&**name) {
            Some((same, _)) => Some(*same),
            None => nearest(name, self.by_name.keys().copied()),
        };
        near.into_iter().flat_map(|it| &self.by_name[it]).map(|it| it.id).collect()
    }

    /// How a file names a role: by name, by name and provider, or by id; `None` where the company cannot assign it.
    pub(crate) fn named(&self, id: RoleId) -> Option<RoleRef> {
        let head = self.all.iter().find(|it| it.id == id)?;
        let by = |provided_by| RoleRef::Name { name: head.name.clone(), provided_by };
        let provider = head.platform.map(|it| if it { ProvidedBy::Platform } else { ProvidedBy::Company });
        let names = [Some(by(None)), provider.map(|it| by(Some(it)))].into_iter().flatten();
        let can_be_said = !head.name.is_empty() && name::unseen(&head.name).is_none();
        let mut names = names.filter(|_| can_be_said).chain([RoleRef::Id(id)]);
        let nowhere = Place::new(FileId(0), 1, 1);
        names.find(|it| self.find(it, nowhere).is_ok_and(|found| found.id == id))
    }

    /// What a role is called, or else its id.
    pub(crate) fn called(&self, id: RoleId) -> Box<str> {
        self.all.iter().find(|it| it.id == id).map_or_else(|| id.to_string().into(), |it| it.name.clone())
    }

    /// Returns the role that a file names at `from`.
    ///
    /// # Errors
    ///
    /// That no role is meant, or not one alone.
    pub fn find(&self, role: &RoleRef, from: Place) -> Result<&'a RoleHead, Finding> {
        let (name, provided_by) = match role {
            RoleRef::Id(id) => {
                return self.all.iter().find(|it| it.id == *id).ok_or_else(|| {
                    Finding::new(Code::UnknownRole, from, format!("no role has the id {id}"))
                        .help("the company can assign only the roles that its role list holds")
                });
            }
            RoleRef::Name { name, provided_by } => (name, *provided_by),
        };
        let named = self.by_name.get(&**name).map_or(&[][..], Vec::as_slice);
        // One of whom the provider is not told may be the one that is meant.
        let fits = |role: &&&RoleHead| match provided_by {
            None => true,
            Some(ProvidedBy::Platform) => role.platform.unwrap_or(true),
            Some(ProvidedBy::Company) => !role.platform.unwrap_or(false),
        };
        let fitting: Vec<&RoleHead> = named.iter().filter(fits).copied().collect();
        match &fitting[..] {
            [one] if provided_by.is_none() || one.platform.is_some() => Ok(one),
            [one] => {
                let what = format!("the API does not say who provides the role `{name}`");
                let help = format!("name it by id, as in `{{ id: {} }}`", one.id);
                Err(Finding::new(Code::AmbiguousRole, from, what).help(help))
            }
            [] => Err(Finding::new(Code::UnknownRole, from, format!("the company has no role `{name}`"))
                .help(match did_you_mean(name, self.by_name.keys().copied()) {
                    Some(near) => near,
                    None => format!("its roles are: {}", list(self.all)),
                })),
            several => Err(Finding::new(
                Code::AmbiguousRole,
                from,
                format!("{} roles are called `{name}`", several.len()),
            )
            .help(format!(
                "name one by id, as in `{{ id: {} }}`: {}",
                several[0].id,
                list(several.iter().copied())
            ))),
        }
    }
}

/// Returns `Name (provider, id), …`, sorted.
fn list<'a>(roles: impl IntoIterator<Item = &'a RoleHead>) -> String {
    let mut names: Vec<String> = roles
        .into_iter()
        .map(|it| {
            let provider = match it.platform {
                Some(true) => "platform",
                Some(false) => "company",
                None => "provider not told",
            };
            format!("{} ({provider}, {})", it.name, it.id)
        })
        .collect();
    names.sort();
    names.join(", ")
}

/// What the entries of one role ask for.
#[derive(Default)]
struct Asked {
    wanted: Vec<Scope>,
    from: Option<Place>,
    /// When the first of what is wanted ends.
    ends: Option<Timestamp>,
    /// What was wanted until an instant now past.
    ended: Vec<Scope>,
    ended_at: Option<Place>,
    /// Something is withheld: the role stays as it is, neither granted nor taken on half of it.
    doubt: bool,
}

impl Binding<'_> {
    /// What the group shall hold: the declared, and whatever is not ours to take.
    pub(super) fn desired_grants(
        &mut self,
        declared: &DeclaredGroup,
        group: GroupIx,
    ) -> Vec<super::Asked<(RoleId, Arc<Scope>)>> {
        let (mut asked, unknown) = self.asked(declared);
        let mut grants = Vec::new();
        let live = self.live;
        for ((_, role), _) in live.grants(group) {
            asked.entry(*role).or_default();
        }
        for (role, mut asked) in asked {
            let held = live.scope(group, role);
            let rest = declared.grants.rest;
            if rest == Rest::Kept && held.is_some_and(|it| it.has_unreadable()) && !asked.wanted.is_empty() {
                // Adding to what cannot be read would mean to write it anew by guess.
                asked.doubt = true;
                let what = WithheldReason::Unreadable { role: self.roles.called(role) };
                self.bound.withheld.push(Withheld { from: asked.from, group: declared.name.clone(), what });
            }
            if asked.doubt {
                asked.wanted.clear();
            }
            let kept = match rest {
                _ if asked.doubt => held.cloned(),
                Rest::Unmanaged => held.cloned(),
                // What nobody knows may take its place, here or elsewhere.
                _ if unknown || self.doubtful_roles.contains(&role) => held.cloned(),
                Rest::Kept if asked.ended.is_empty() => held.cloned(),
                Rest::Kept => held.map(|it| Arc::new(it.without(&Scope::any(asked.ended)))),
                Rest::Removed => None,
            };
            let scope = match kept {
                Some(kept) if asked.wanted.is_empty() => kept,
                kept => {
                    asked.wanted.extend(kept.map(Arc::unwrap_or_clone));
                    Arc::new(Scope::any(asked.wanted))
                }
            };
            if !scope.is_empty() {
                grants.push(super::Asked { what: (role, scope), from: asked.from, ends: asked.ends });
            } else if let (Some(from), Some(_)) = (asked.ended_at, held) {
                self.note(Owner::Group(group), Fact::Grant(role)).why = Why::Ended(from);
            }
        }
        grants
    }

    /// Sorts the entries of a group by role, resolved; what cannot be is withheld. Says whether a role is unknown.
    fn asked(&mut self, declared: &DeclaredGroup) -> (BTreeMap<RoleId, Asked>, bool) {
        let (mut all, mut unknown): (BTreeMap<RoleId, Asked>, _) = Default::default();
        for entry in &declared.grants.entries {
            let role = match self.roles.find(&entry.role, entry.from) {
                Ok(role) => role,
                Err(finding) => {
                    // What it says of the name is worth more than that it is withheld.
                    self.bound.remarks.push(finding);
                    let what = WithheldReason::UnknownRole { role: entry.role.to_string().into() };
                    let group = declared.name.clone();
                    self.bound.withheld.push(Withheld { from: Some(entry.from), group, what });
                    unknown = true;
                    continue;
                }
            };
            let lookalike = self.roles.lookalike(role, entry.from);
            let said = |it: &Finding| self.bound.remarks.iter().any(|known| known.message == it.message);
            if let Some(remark) = lookalike.filter(|it| !said(it)) {
                self.bound.remarks.push(remark);
            }
            let asked = all.entry(role.id).or_default();
            let (scope, failures) = self.directory.scope(&entry.scope);
            if entry.term.is_over(self.now) {
                // What has ended is not wanted, whoever of its people can still be found.
                asked.ended.push(scope);
                asked.ended_at.get_or_insert(entry.from);
                continue;
            }
            asked.from.get_or_insert(entry.from);
            asked.wanted.push(scope);
            asked.ends = asked.ends.into_iter().chain(entry.term.ends).min();
            asked.doubt |= !failures.is_empty();
            self.bound.withheld.extend(failures.into_iter().map(|(person, why)| Withheld {
                from: Some(entry.from),
                group: declared.name.clone(),
                what: WithheldReason::Grant {
                    role: role.name.clone(),
                    person,
                    why: nowhere(why, self.searched),
                },
            }));
        }
        (all, unknown)
    }
}
