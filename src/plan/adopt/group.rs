//! A group on its way into the files: its name and description, its members and its roles.

use std::collections::BTreeMap;

use super::{
    Why,
    drafting::{Drafted, Drafting},
};
use crate::{
    files::{
        check::says_description,
        declared::{DeclaredGrant, DeclaredGroup, DeclaredMember, DeclaredRemoval, Rest},
        edit::Change,
        write::DraftGroup,
        yaml::Yaml,
    },
    model::{
        access,
        ids::{GroupId, RoleId, UserId},
        index::GroupIx,
        plan::Action,
        scope::Scope,
        source::Place,
        state::{Edit, Fact},
    },
};

/// The changes for one edit.
#[derive(Default)]
struct Draft {
    changes: Vec<Change>,
    is_privileged: bool,
    /// Why a part of it is left.
    but: Option<Why>,
}

impl Drafting<'_> {
    pub(super) fn group(&self, group: GroupIx, to: &mut Drafted) {
        let (edits, key) = (self.change.edits, |it: &Edit| it.key.clone());
        match (self.change.action(), self.company.groups.get(&group)) {
            // What is not live comes by an apply.
            (Action::Create, _) if self.is_additions() => (),
            (Action::Delete, _) if self.is_additions() => {
                let why =
                    if self.company.removals.contains_key(&group) { Why::Differs } else { Why::NotDeclared };
                to.leave(&edits[..edits.len().min(1)], &why);
            }
            (Action::Create, Some(declared)) => {
                let Some(itself) = edits.first() else { return };
                let change = Change::RemoveAround(declared.from.into());
                to.take(&key(itself), declared.from, false, vec![change]);
            }
            (Action::Delete, _) => self.declared_again(group, to),
            (Action::Alter, Some(declared)) => {
                for edit in edits.iter().filter(|it| self.asks(it)) {
                    if let Some(why) = self.stays(edit) {
                        to.leave(std::slice::from_ref(edit), &why);
                        continue;
                    }
                    let drafted = match &edit.key.fact {
                        Fact::Attributes if self.is_additions() => Err(Why::Differs),
                        Fact::Attributes => self.attributes(declared, edit),
                        Fact::Member(user) => {
                            self.member(group, declared, edit, self.request.plan.index.user(*user))
                        }
                        Fact::Grant(role) => self.grant(declared, edit, *role),
                        Fact::Direct(_) | Fact::Trait(_) => Err(Why::NotDeclared),
                    };
                    match drafted {
                        Ok(Draft { changes, .. }) if changes.is_empty() => {
                            to.leave(std::slice::from_ref(edit), &Why::NotDeclared);
                        }
                        Ok(Draft { changes, is_privileged, but }) => {
                            to.take(&edit.key, declared.from, is_privileged, changes);
                            but.iter().for_each(|why| to.leave(std::slice::from_ref(edit), why));
                        }
                        Err(why) => to.leave(std::slice::from_ref(edit), &why),
                    }
                }
            }
            // Only those go who are cut off.
            (Action::Create | Action::Alter, None) => {
                for edit in edits.iter().filter(|it| !self.turn.later.contains(&it.key)) {
                    let why = self.stays(edit).unwrap_or(Why::NotDeclared);
                    to.leave(std::slice::from_ref(edit), &why);
                }
            }
        }
    }

    /// The changes by which a group that was to be deleted is declared as it is.
    fn declared_again(&self, group: GroupIx, to: &mut Drafted) {
        let (plan, company) = (self.request.plan, self.company.declared.id);
        let Some(removal) = self.company.removals.get(&group) else {
            return to.leave(self.change.edits, &Why::NotDeclared);
        };
        let (Some(itself), Some(attributes)) = (self.change.itself(), self.change.attributes_before()) else {
            return;
        };
        // Who is cut off goes out of it all the same.
        let (locked, kept): (Vec<&Edit>, Vec<&Edit>) =
            self.change.members().partition(|it| self.change.note(it).why.is_lockout());
        let unsayable = |what: String| Why::Unsayable(what.into());
        if !says_description(&attributes.description) {
            return to.leave(
                self.change.edits,
                &unsayable("a group needs a description that a file can say".to_owned()),
            );
        }
        let mut draft = DraftGroup::new(&attributes.name);
        draft.description = Some(attributes.description.clone());
        draft.id = self.removal_pin(removal);
        let mut grants = Vec::new();
        let mut scopes = Scope::default();
        for ((_, role), scope) in plan.live.grants(group) {
            let named = self.naming.grant(&self.company.roles, *role, scope);
            let Some(grant) = named.filter(|_| self.naming.known(scope).scope(scope).is_some()) else {
                let called = self.company.roles.called(*role);
                return to.leave(
                    self.change.edits,
                    &unsayable(format!("role {called} has a scope that a file cannot say")),
                );
            };
            scopes = scopes.union((**scope).clone());
            grants.push(grant);
        }
        draft.grants = Some(grants);
        for user in kept.iter().filter_map(|it| it.member()).map(|it| plan.index.user(it)) {
            let Some(person) = self.naming.member(company, user) else {
                return to.leave(self.change.edits, &unsayable(format!("member {user} cannot be named")));
            };
            draft.members.push(person);
        }
        let is_privileged = plan.live.grants(group).iter().any(|it| self.is_privileged(it.0.1));
        let entry = draft.entry(&self.naming.known(&scopes), &BTreeMap::new());
        let changes = vec![
            Change::RemoveAround(removal.from.into()),
            Change::Insert { of: None, key: "groups", entry },
        ];
        to.take(&itself.key, removal.from, is_privileged, changes);
        for edit in locked {
            if let Some(why) = self.stays(edit) {
                to.leave(std::slice::from_ref(edit), &why);
            }
        }
    }

    fn removal_pin(&self, removal: &DeclaredRemoval) -> Option<GroupId> {
        removal.id.filter(|_| self.change.id() == removal.id)
    }

    fn attributes(&self, declared: &DeclaredGroup, edit: &Edit) -> Result<Draft, Why> {
        let [Some(live), Some(wanted)] = edit.attributes() else { return Ok(Draft::default()) };
        let of = declared.from.into();
        let mut changes = Vec::new();
        let mut set = |key, value| changes.push(Change::Set { of: Some(of), key, value });
        if live.name != wanted.name {
            set("name", Yaml::text(&live.name));
        }
        if live.description != wanted.description {
            if !says_description(&live.description) {
                return Err(Why::Unsayable("the description is one that a file cannot say".into()));
            }
            set("description", Yaml::prose(&live.description));
        }
        if live.name != wanted.name && declared.renamed_from.is_some() {
            changes.push(Change::Unset { of, key: "renamedFrom" });
        }
        Ok(Draft { changes, ..Draft::default() })
    }

    fn member(
        &self,
        group: GroupIx,
        declared: &DeclaredGroup,
        edit: &Edit,
        user: UserId,
    ) -> Result<Draft, Why> {
        let company = self.company.declared.id;
        if let access::Why::Excepted(from) = self.change.note(edit).why {
            if self.is_additions() {
                return Err(Why::Differs);
            }
            // Then a rule means the person.
            let is_privileged =
                self.request.plan.live.grants(group).iter().any(|it| self.is_privileged(it.0.1));
            return Ok(Draft { changes: vec![Change::Remove(from.into())], is_privileged, but: None });
        }
        if edit.removes() {
            let person = self.naming.member(company, user);
            let person =
                person.ok_or_else(|| Why::Unsayable("no key of the person leads to nobody else".into()))?;
            let is_privileged =
                self.request.plan.live.grants(group).iter().any(|it| self.is_privileged(it.0.1));
            let change =
                Change::Insert { of: Some(declared.from.into()), key: "members", entry: person.entry() };
            // Nobody is listed and excepted at once.
            let own = |it: &&DeclaredMember| {
                let users = self.naming.directory.everybody(company, &it.person);
                users.is_ok_and(|it| it.contains(&user))
            };
            let excepted = declared.computed.except.iter().filter(own);
            let mut changes = vec![change];
            if !self.is_additions() {
                changes.extend(excepted.map(|it| Change::Remove(it.from.into())));
            }
            return Ok(Draft { changes, is_privileged, but: None });
        }
        let means = |it: &Place| Change::Remove((*it).into());
        let entries = declared.members.entries.iter().filter(|it| !it.term().is_over(self.request.now));
        let entries = entries.filter(|it| self.naming.directory.member(company, &it.person) == Ok(user));
        let mut changes: Vec<Change> = entries.map(|it| means(&it.from)).collect();
        if self.is_meant(declared, user) {
            let person = self.naming.member(company, user);
            let person =
                person.ok_or_else(|| Why::Unsayable("no key of the person leads to nobody else".into()))?;
            let of = Some(declared.from.into());
            changes.push(Change::Insert { of, key: "except", entry: person.entry() });
        }
        Ok(Draft { changes, ..Draft::default() })
    }

    /// Whether a rule of a group means somebody.
    fn is_meant(&self, declared: &DeclaredGroup, user: UserId) -> bool {
        let company = self.company.declared.id;
        let live = self.request.observed.companies.iter().find(|it| it.id == company);
        let mut selected = declared.computed.rules.iter().filter_map(|it| live?.selected.get(&it.selector));
        selected.any(|it| it.binary_search(&user).is_ok())
    }

    /// What is asked for of a role, entry by entry, becomes what is live of it; what is live and no entry asks for gets
    /// an entry of its own.
    fn grant(&self, declared: &DeclaredGroup, edit: &Edit, role: RoleId) -> Result<Draft, Why> {
        let [live, wanted] = edit.scopes();
        let mut live = live.cloned().unwrap_or_default();
        let is_privileged = edit.takes() && self.is_privileged(role);
        let nowhere =
            |it: &DeclaredGrant| self.company.roles.find(&it.role, it.from).is_ok_and(|it| it.id == role);
        let entries: Vec<(&DeclaredGrant, Scope)> = declared
            .grants
            .entries
            .iter()
            .filter(|it| nowhere(it))
            .map(|it| (it, self.naming.directory.scope(&it.scope).0))
            .collect();
        let (ended, mut entries): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|it| it.0.term.is_over(self.request.now));
        let coming = declared.grants.coming.iter().filter(|it| nowhere(it));
        let coming: Vec<(Place, Scope)> =
            coming.map(|it| (it.from, self.naming.directory.scope(&it.scope).0)).collect();
        let all = Scope::any(entries.iter().map(|it| it.1.clone()));
        // What will be wanted is neither wanted now nor to be taken out.
        let early = |it: &&(Place, Scope)| !it.1.without(&all).meet(&live).is_empty();
        if let Some((from, _)) = coming.iter().find(early) {
            return Err(Why::NotYet(*from));
        }
        let mut but = None;
        if let Some((first, _)) = ended.first() {
            // What was wanted until an instant now past is not wanted for good.
            let all_live = live.clone();
            live = live.without(&Scope::any(ended.iter().map(|it| it.1.clone())).without(&all));
            if wanted.cloned().unwrap_or_default() == live {
                return Err(Why::Ended(first.from));
            }
            but = (live != all_live).then_some(Why::Ended(first.from));
        }
        if self.is_additions() {
            let rest = live.without(&Scope::any(entries.iter().map(|it| it.1.clone())));
            let changes = self.insertion(declared, role, &rest)?;
            return Ok(Draft { changes, is_privileged, but });
        }
        let is_only = entries.len() == 1 && declared.grants.rest == Rest::Removed;
        let (mut said, mut made) = (Scope::default(), Vec::new());
        let mut changes = Vec::new();
        // What lasts longest first: what that says, no other needs to say.
        entries.sort_by_key(|it| (it.0.term.ends.is_some(), std::cmp::Reverse(it.0.term.ends), it.0.from));
        for (entry, scope) in &entries {
            let of = Some(entry.from.into());
            let now = if is_only { live.clone() } else { scope.meet(&live) };
            let is_said = said.contains(&now) && (now != *scope || made.contains(&now));
            made.push(now.clone());
            if now.is_empty() || is_said {
                changes.push(Change::Remove(entry.from.into()));
            } else if now != *scope {
                changes.push(Change::Set { of, key: "scope", value: self.scope(role, &now)? });
            }
            said = said.union(now);
        }
        let rest = live.without(&said);
        made.push(rest.clone());
        // No file says the same twice, be it now or later.
        if let Some((from, _)) = coming.iter().find(|it| made.contains(&it.1)) {
            return Err(Why::NotYet(*from));
        }
        // No file says the same twice, be it over or not.
        let over = ended.iter().filter(|it| made.contains(&it.1));
        changes.extend(over.map(|it| Change::Remove(it.0.from.into())));
        changes.extend(self.insertion(declared, role, &rest)?);
        Ok(Draft { changes, is_privileged, but })
    }

    /// An entry for what is live of a role and that no entry asks for; none where that stays anyhow.
    fn insertion(&self, declared: &DeclaredGroup, role: RoleId, rest: &Scope) -> Result<Vec<Change>, Why> {
        if declared.grants.rest != Rest::Removed || rest.is_empty() {
            return Ok(Vec::new());
        }
        let grant = self.naming.grant(&self.company.roles, role, rest);
        let entry = grant.and_then(|it| it.entry(&self.naming.known(rest), &BTreeMap::new()));
        let entry = entry.ok_or_else(|| self.unsayable(role))?.into();
        Ok(vec![Change::Insert { of: Some(declared.from.into()), key: "roles", entry }])
    }

    fn scope(&self, role: RoleId, scope: &Scope) -> Result<Yaml, Why> {
        let sayable = (!scope.has_unreadable()).then(|| self.naming.known(scope).scope(scope)).flatten();
        sayable.ok_or_else(|| self.unsayable(role))
    }

    fn unsayable(&self, role: RoleId) -> Why {
        let called = self.company.roles.called(role);
        Why::Unsayable(format!("role {called} holds on a scope that a file cannot say").into())
    }
}
