//! The read list: what a run reads, made from the files and from what a saved plan or a journal touches.
//!
//! In two stages, as names become ids only once the groups of a company were listed. Both are pure: reader,
//! estimate and snapshot work from the same list, and nothing here is asked or read.

use std::collections::{BTreeMap, BTreeSet};

use super::policy_reads::PolicyReads;
use crate::{
    files::{
        declared::{Declared, DeclaredCompany, DeclaredUser, Rest},
        matching::{Target, matching},
    },
    model::{
        directory::Directory,
        ids::{CompanyId, GroupId, PersonRef, UserId},
        observed::GroupHead,
        selector::{Attribute, Selector},
    },
};

/// What is read of each company, in names.
#[derive(Debug)]
pub struct ReadList<'a> {
    /// The companies whose groups are read, sorted by id.
    pub(super) companies: Vec<CompanyReads<'a>>,
    /// The companies that may hold people whom this workspace names: its own, those it has names for, and those that
    /// scopes name.
    pub(super) known: Vec<CompanyId>,
    /// People that rules and lock-outs name, of any company; sorted.
    pub(super) singled_out: Vec<PersonRef>,
    /// Of whom it is read what they are apart from access.
    pub profiles: Profiles,
    /// Most people of a company who are asked whether they name somebody who leaves.
    pub(super) look_ups: usize,
}

/// Of whom it is read what they are apart from access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profiles {
    /// Those of whom the files declare it.
    #[default]
    Declared,
    /// Everybody of the companies, as far as their lists tell.
    Everybody,
}

/// What is read of one company, in names.
#[derive(Debug)]
pub(super) struct CompanyReads<'a> {
    pub(super) id: CompanyId,
    /// Users that groups or rules name; sorted.
    pub(super) people: Vec<PersonRef>,
    /// Users that the groups name: looked for in other companies where this one does not know them.
    pub(super) named: Vec<PersonRef>,
    /// Users that scopes name: looked for in other companies in any case.
    pub(super) travellers: Vec<PersonRef>,
    /// Users whose direct roles are read for their own sake.
    pub(super) direct: Vec<PersonRef>,
    /// Users who are locked out, in force or not yet: their groups and direct roles are read. They are looked for in all
    /// companies of the list.
    pub(super) lockouts: Vec<PersonRef>,
    /// The companies of the list.
    pub(super) own: Vec<CompanyId>,
    /// The account that runs rolecall: its groups and direct roles are read.
    identity: Option<PersonRef>,
    /// The attributes that are declared of people, by how they are named.
    pub(super) profiles: BTreeMap<&'a PersonRef, BTreeSet<Attribute>>,
    /// Who shall have an account.
    pub(super) newcomers: Vec<&'a DeclaredUser>,
    /// Who leaves, by how they are named: those among them who are active are looked at like those who are locked out.
    leavers: Vec<&'a PersonRef>,
    /// Who shall be active, by how they are named: those among them who are not come back with all that they hold.
    active: Vec<&'a PersonRef>,
    /// What policies need.
    pub(super) policies: PolicyReads,
    /// Groups that a saved plan or a journal touches.
    also: BTreeSet<GroupId>,
    /// The rules for members, each once: of the files and of the base.
    pub(super) selectors: BTreeSet<&'a Selector>,
    /// Whether something of people is said by what the API calls a department and the like.
    pub(super) says_names: bool,
    /// The groups that are read by name.
    pub(super) declared: &'a DeclaredCompany,
}

/// A group that is read whole, members and roles.
///
/// Always whole: what a new member gains depends on the roles that nobody manages, and the other way round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct GroupRead {
    /// Whether members that no file names may have to go, and so need names.
    pub(super) strangers: bool,
    /// Members that the files give it; 0 where they do not say.
    pub(super) members: usize,
}

pub(super) type GroupReads = BTreeMap<GroupId, GroupRead>;

#[derive(Debug)]
pub(super) struct Found {
    /// Who is locked out and may be in groups.
    pub(super) cut_off: BTreeSet<UserId>,
    /// Whose account is not active, and shall be; and whose groups are read although no file says so.
    pub(super) back: Vec<UserId>,
    pub(super) identity: Option<UserId>,
    /// Users whose direct roles are read.
    pub(super) direct: BTreeSet<UserId>,
}

impl Found {
    /// Adds who was found by other keys; the account that runs rolecall is who has the key now, where somebody has.
    pub(super) fn add(&mut self, other: Self) {
        self.cut_off.extend(other.cut_off);
        self.back.extend(other.back);
        self.identity = self.identity.or(other.identity);
        self.direct.extend(other.direct);
    }
}

impl<'a> ReadList<'a> {
    /// Makes the list of everything that the files speak of, and of the groups named in `also`.
    ///
    /// What the rules need is part of it: the groups of users who are locked out, and those of the account that runs
    /// rolecall.
    pub fn new(declared: &'a Declared, also: &[(CompanyId, GroupId)]) -> Self {
        let singled_out: Vec<PersonRef> = declared.singled_out().into_iter().cloned().collect();
        let company = |company: &'a DeclaredCompany| {
            // Whoever only the base names may be gone by this change, or by hand.
            let base = declared.base.iter().flat_map(|it| &it.companies).find(|it| it.id == company.id);
            let named: BTreeSet<PersonRef> = company
                .people()
                .into_iter()
                .chain(base.into_iter().flat_map(|it| it.people()))
                .cloned()
                .collect();
            let named: Vec<PersonRef> = named.into_iter().collect();
            // By the key that they are accepted by: of who is in a group by hand no file tells another.
            let accepted = declared.accepts.iter().filter(|it| it.company == company.id);
            let accepted = accepted.filter_map(|it| it.what.person());
            let people: BTreeSet<&PersonRef> = named.iter().chain(&singled_out).chain(accepted).collect();
            CompanyReads {
                id: company.id,
                people: people.into_iter().cloned().collect(),
                travellers: company.travellers().cloned().collect(),
                direct: company.with_direct_roles().cloned().collect(),
                own: declared.looked_at(),
                lockouts: declared.lockouts.iter().map(|it| it.person.clone()).collect(),
                identity: declared.identity_of(company.id).map(|it| it.0.clone()),
                also: also.iter().filter(|it| it.0 == company.id).map(|it| it.1).collect(),
                profiles: company.profiles(),
                newcomers: company.users.iter().filter(|it| !it.create.is_empty()).collect(),
                leavers: declared_active(company, false),
                active: declared_active(company, true),
                policies: PolicyReads::new(declared, company),
                selectors: company
                    .selectors()
                    .into_iter()
                    .chain(base.into_iter().flat_map(|it| it.selectors()))
                    .collect(),
                says_names: std::iter::once(company)
                    .chain(base)
                    .flat_map(|it| &it.users)
                    .any(DeclaredUser::says_names),
                declared: company,
                named,
            }
        };
        Self {
            companies: declared.companies.iter().map(company).collect(),
            known: declared.searched_companies(),
            singled_out,
            profiles: Profiles::default(),
            look_ups: declared.rules.look_ups(),
        }
    }
}

/// The people of whom the files say whether their accounts shall be active, of one answer.
fn declared_active(company: &DeclaredCompany, active: bool) -> Vec<&PersonRef> {
    company.users.iter().filter(|it| it.active() == Some(active)).map(|it| &it.person).collect()
}

impl CompanyReads<'_> {
    /// Returns the groups of which something is managed. The only place where names of groups become ids for reading.
    pub(super) fn groups(&self, heads: &[GroupHead]) -> GroupReads {
        let matched = matching(self.declared, heads);
        let mut reads = GroupReads::new();
        for (declared, target) in matched.groups {
            let Target::Found(head) = target else { continue };
            let managed = declared.members.rest != Rest::Unmanaged || declared.grants.rest != Rest::Unmanaged;
            let described = declared.description.as_ref().is_some_and(|it| *it != head.description);
            // It may be over by the time that is compared with, and goes with everybody in it.
            let ends = declared.term.ends.is_some();
            if managed || described || ends || declared.name != head.name {
                // Two entries may speak of one group; that is wrong, and for bind to say.
                let read = reads.entry(head.id).or_default();
                read.strangers |= ends || declared.members.rest == Rest::Removed;
                read.members = declared.members.entries.len();
            }
        }
        for (_, target) in matched.removals {
            if let Target::Found(head) = target {
                reads.entry(head.id).or_default().strangers = true;
            }
        }
        // Whoever breaks a policy is named.
        let named = self.named_by_policies(heads, &self.policies.groups);
        for (group, read) in &mut reads {
            read.strangers |= self.policies.all_groups || named.contains(group);
        }
        reads
    }

    /// Returns the groups that policies mean by these names, which some have and others will have.
    pub(super) fn named_by_policies(
        &self,
        heads: &[GroupHead],
        names: &BTreeSet<Box<str>>,
    ) -> BTreeSet<GroupId> {
        let matched = matching(self.declared, heads);
        let renamed = matched.groups.into_iter().filter(|it| names.contains(&it.0.name));
        let renamed = renamed.filter_map(|it| match it.1 {
            Target::Found(head) => Some(head.id),
            Target::Missing | Target::Ambiguous(_) => None,
        });
        let named = heads.iter().filter(|it| names.contains(&it.name)).map(|it| it.id);
        named.chain(renamed).collect()
    }

    /// Finds the users that the list speaks of.
    pub(super) fn find(&self, directory: &Directory<'_>) -> Found {
        let locked = self.locked(directory);
        let one = |person| directory.anyone(self.id, person).ok();
        let identity = self.identity.as_ref().and_then(one);
        let leavers = self.leaving(directory);
        let locked = locked.iter().chain(&leavers).copied();
        let back = self.coming_back(directory);
        let direct = self.direct.iter().filter_map(one).chain(identity).chain(locked);
        let direct = direct.chain(back.iter().copied()).collect();
        let cut_off = self.cut_off(directory).into_iter().chain(leavers).collect();
        let back = back.into_iter().chain(self.declared.held.iter().filter_map(one)).collect();
        Found { direct, identity, cut_off, back }
    }

    /// Finds those who come back: whose accounts are not active yet.
    pub(super) fn coming_back(&self, directory: &Directory<'_>) -> Vec<UserId> {
        let known = self.active.iter().filter_map(|it| directory.anyone(self.id, it).ok());
        known.filter(|it| directory.user(*it).is_some_and(|it| !it.active)).collect()
    }

    /// Finds those who leave: whose accounts are active by now.
    pub(super) fn leaving(&self, directory: &Directory<'_>) -> Vec<UserId> {
        self.leavers.iter().filter_map(|it| directory.member(self.id, it).ok()).collect()
    }

    /// Whether an account that is there comes back or goes.
    pub(super) fn comes_or_goes(&self, directory: &Directory<'_>) -> bool {
        !self.leaving(directory).is_empty() || !self.coming_back(directory).is_empty()
    }

    /// Finds the users of the company who are locked out, under every account.
    fn locked(&self, directory: &Directory<'_>) -> BTreeSet<UserId> {
        let meant = self.lockouts.iter().filter_map(|it| directory.everybody(self.id, it).ok());
        meant.flatten().collect()
    }

    /// Finds everybody who is locked out and may be in groups of the company: its own people, and those who by now are
    /// another company's.
    pub(super) fn cut_off(&self, directory: &Directory<'_>) -> BTreeSet<UserId> {
        let others = self.lockouts.iter().flat_map(|it| directory.cut_off_elsewhere(self.id, &self.own, it));
        others.chain(self.locked(directory)).collect()
    }

    /// Returns what is read beyond `reads`: groups that a saved plan or a journal speak of or policies need, and those in
    /// `held`, which are of those who are locked out and of the account that runs rolecall.
    pub(super) fn rest(
        &self,
        heads: &[GroupHead],
        reads: &GroupReads,
        held: &BTreeMap<UserId, Vec<GroupId>>,
    ) -> GroupReads {
        let held: BTreeSet<GroupId> = held.values().flatten().copied().collect();
        let named = self.named_by_policies(heads, &self.policies.groups);
        let asked = |it: &GroupId| self.also.contains(it) || self.policies.all_groups || named.contains(it);
        let rest = heads.iter().map(|it| it.id).filter(|it| !reads.contains_key(it));
        // A rollback may take out people that no file names.
        let rest = rest.map(|it| (it, GroupRead { strangers: asked(&it), members: 0 }));
        rest.filter(|it| it.1.strangers || held.contains(&it.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        files::{check, decode},
        model::source::Sources,
    };

    const FILE: &str = "
version: 1
company: 1a6f0000-0000-4000-8000-000000000001
groups:
  - { name: Desk, description: The desk., roles: [], members: [ana@x.example, bo@x.example] }
  - { name: Club, description: The club., roles: unmanaged, members: { atLeast: [ana@x.example] } }
  - { name: Left, description: Left alone., roles: unmanaged, members: unmanaged }
  - { name: New, description: Not there yet., roles: [], members: [] }
";

    fn declared() -> Declared {
        let file = Sources::default().add("access.yaml".to_owned(), FILE.to_owned());
        let access = decode(FILE, file).unwrap();
        check::check(&check::Files { access: vec![(file, access)], ..Default::default() }).unwrap()
    }

    fn heads() -> Vec<GroupHead> {
        let names = ["Desk", "Club", "Left", "Held", "Touched", "Other"];
        let head = |(n, name): (usize, &&str)| GroupHead {
            id: id(n),
            name: (*name).into(),
            description: if *name == "Left" { "Left alone.".into() } else { "".into() },
            unmodifiable: false,
            stamps: crate::model::stamp::Stamps::default(),
        };
        names.iter().enumerate().map(head).collect()
    }

    fn id(n: usize) -> GroupId {
        GroupId(Uuid::from_u128(n as u128))
    }

    #[test]
    fn groups_are_read_of_which_something_is_managed() {
        let declared = declared();
        let reads = ReadList::new(&declared, &[]).companies.remove(0).groups(&heads());
        let desk = GroupRead { strangers: true, members: 2 };
        let club = GroupRead { strangers: false, members: 1 };
        assert_eq!(reads, [(id(0), desk), (id(1), club)].into());
    }

    #[test]
    fn a_group_is_on_one_list_only() {
        let declared = declared();
        let company = declared.companies[0].id;
        let list = ReadList::new(&declared, &[(company, id(4)), (company, id(0)), (company, id(17))]);
        let reads = &list.companies[0];
        let (heads, groups) = (heads(), reads.groups(&heads()));
        let held = BTreeMap::from([(UserId(Uuid::nil()), vec![id(1), id(3)])]);
        let rest = reads.rest(&heads, &groups, &held);
        let rest: Vec<(GroupId, bool)> = rest.iter().map(|it| (*it.0, it.1.strangers)).collect();
        assert_eq!(rest, [(id(3), false), (id(4), true)]);
    }
}
