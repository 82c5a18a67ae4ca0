//! Members by rules: who is meant joins, beside those who are named, and of who leaves it is said that no rule means them.
//!
//! Who is named under `members` is a member as that entry says, whatever the rules; who is locked out or excepted is none
//! by any rule.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{Binding, Owner};
use crate::{
    files::declared::{DeclaredGroup, DeclaredMember, DeclaredRule},
    model::{
        access::Why,
        finding::{Code, Finding},
        ids::UserId,
        index::GroupIx,
        plan::{ByRule, Unresolved, WithheldReason},
        rules::BarrenRule,
        source::Place,
        state::{Fact, Key},
    },
};

/// Who shall be in a group, each with the entry that asks for it and the end.
type Wanted = BTreeMap<UserId, (Option<Place>, Option<Timestamp>)>;

/// People of whom the files say something else than the rules do.
pub(super) type Excepted = BTreeMap<UserId, Place>;

impl Binding<'_> {
    /// Adds everybody whom the rules of a group mean. Returns who is excepted from them.
    pub(super) fn computed_members(
        &mut self,
        declared: &DeclaredGroup,
        group: GroupIx,
        named: &BTreeMap<UserId, &DeclaredMember>,
        members: &mut Wanted,
    ) -> Excepted {
        let computed = &declared.computed;
        let (mut excepted, mut is_doubtful) = (Excepted::new(), false);
        if computed.rules.is_empty() {
            return excepted;
        }
        for entry in &computed.except {
            match self.directory.everybody(self.company.id, &entry.person) {
                Ok(users) | Err(Unresolved::Ambiguous(users)) => {
                    excepted.extend(users.into_iter().map(|it| (it, entry.from)));
                }
                // Nobody of another company is meant by a rule.
                Err(Unresolved::Foreign(_)) => (),
                Err(_) => {
                    is_doubtful = true;
                    let what = WithheldReason::Exception { person: entry.person.clone() };
                    self.bound.withheld.push(super::Withheld {
                        from: Some(entry.from),
                        group: declared.name.clone(),
                        what,
                    });
                }
            }
        }
        // What begins later is left to that entry as well.
        let coming = declared.members.coming.iter();
        let coming = coming.filter_map(|it| self.directory.member(self.company.id, &it.person).ok());
        let coming: Vec<UserId> = coming.collect();
        let owner = Owner::Group(group);
        for rule in &computed.rules {
            let Some(users) = self.meant.get(&rule.selector) else { continue };
            let text: Box<str> = rule.selector.text(&self.bound.aliases).into();
            if users.is_empty() {
                self.bound.remarks.push(
                    Finding::new(Code::EmptyRule, rule.from, format!("nobody who is active is in {text}"))
                        .help("check what the rule asks for; delete it if nobody is meant any more"),
                );
                let barren =
                    BarrenRule { company: self.company.id, group: declared.name.clone(), rule: text.clone() };
                for it in self.bound.rules.floors.iter_mut().map(|it| &mut it.rules) {
                    it.barren.push(barren.clone());
                }
                self.bound.rules.barren.push(barren);
            }
            let by = ByRule { rules: [text].into(), from: rule.from };
            for &user in &**users {
                let is_named = named.contains_key(&user) || coming.contains(&user);
                if is_named || self.locked.contains_key(&user) || excepted.contains_key(&user) {
                    continue;
                }
                let Some(member) = self.index.find_user(user) else { continue };
                if members.contains_key(&user) || is_doubtful && !self.live.has_member(group, member) {
                    continue;
                }
                members.insert(user, (Some(rule.from), None));
                self.bound.by_rule.insert(Key { owner, fact: Fact::Member(member) }, by.clone());
            }
        }
        self.bound
            .selectors
            .insert(group, computed.rules.iter().map(|it| it.selector.clone()).collect::<Vec<_>>().into());
        excepted
    }

    /// Says of who leaves a group that has rules why: an exception, or that no rule means the person.
    pub(super) fn note_unmeant(
        &mut self,
        declared: &DeclaredGroup,
        group: GroupIx,
        (live, members): (&[UserId], &Wanted),
        excepted: &Excepted,
    ) {
        let Some(first) = declared.computed.rules.first() else { return };
        let texts = declared.computed.rules.iter().map(|it| it.selector.text(&self.bound.aliases).into());
        // What begins later is said of that entry.
        let coming = declared.members.coming.iter();
        let coming: Vec<UserId> = coming
            .flat_map(|it| match self.directory.member(self.company.id, &it.person) {
                Ok(user) => vec![user],
                Err(failed) => failed.candidates,
            })
            .collect();
        let by = ByRule { rules: texts.collect::<Arc<[Box<str>]>>(), from: first.from };
        for &user in live.iter().filter(|it| !members.contains_key(it) && !coming.contains(it)) {
            let Some(member) = self.index.find_user(user) else { continue };
            let key = Key { owner: Owner::Group(group), fact: Fact::Member(member) };
            let is_usual = self.bound.notes.get(&key).is_none_or(|it| it.why.is_usual());
            if !is_usual || self.locked.contains_key(&user) {
                continue;
            }
            let is_meant = |it: &DeclaredRule| {
                self.meant.get(&it.selector).is_some_and(|it| it.binary_search(&user).is_ok())
            };
            match excepted.get(&user).filter(|_| declared.computed.rules.iter().any(is_meant)) {
                Some(from) => self.bound.notes.entry(key).or_default().why = Why::Excepted(*from),
                None => {
                    self.bound.notes.entry(key.clone()).or_default().why = Why::Unmeant(by.from);
                    self.bound.by_rule.insert(key, by.clone());
                }
            }
        }
    }
}
