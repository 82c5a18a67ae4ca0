//! Names to ids: what the files declare, against what the API reported.
//!
//! Whatever shall be left alone is copied from the live side into the desired
//! one here, so that the diff compares two plain states and knows no exceptions.
//! Decides by values only; `now` is an argument.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    files::manifest::{
        check::locked_out,
        declared::{Declared, DeclaredCompany, DeclaredGroup, DeclaredLockout, Rest},
    },
    files::matching::{self, Matched, Target},
    model::{
        access::{DesiredState, Ended, Group, GroupKey, Holding, LiveState, Member, Person, Removal, Why},
        finding::{Code, Finding},
        ids::{GroupId, PersonRef, UserId},
        plan::{Frozen, Outside, Overview, Plan, Quarantined, Withheld},
        rules::Rules,
        snapshot::{CompanySnapshot, GroupHead, Snapshot, User},
        source::Place,
    },
};

pub mod grants;
mod lockout;
pub mod people;
mod rules;
mod standard;
#[cfg(test)]
mod tests;
mod users;

use grants::Roles;
use people::Directory;

/// Both sides, ready to be compared, and what could not be bound.
#[derive(Clone, Debug, Default)]
pub struct Bound {
    /// What the files ask for.
    pub desired: DesiredState,
    /// What there is: the groups that the files speak of, and all others whose contents were read.
    pub live: LiveState,
    /// What was asked for and is withheld, sorted.
    pub quarantine: Vec<Quarantined>,
    /// The companies looked at.
    pub companies: Vec<Overview>,
    /// Memberships and grants that end soon.
    pub expiring: usize,
    /// Names of the companies and legal entities of the workspace.
    pub aliases: BTreeMap<Uuid, Box<str>>,
    /// What the plan is judged by.
    pub rules: Rules,
    /// What is odd about the files and stops nothing, sorted.
    pub remarks: Vec<Finding>,
    /// Everybody who is cut off everywhere.
    pub locked: BTreeSet<UserId>,
    /// What everybody who is not cut off holds outside groups, as far as that was read; sorted.
    pub outside: Vec<Outside>,
}

/// Binds what is declared to what exists.
///
/// # Errors
///
/// All findings that need the API to be seen: unknown and ambiguous roles,
/// unknown groups, an unknown identity. People who cannot be resolved and
/// changes of what cannot be changed are no error: they are quarantined (P7).
pub fn bind(declared: &Declared, snapshot: &Snapshot, now: Timestamp) -> Result<Bound, Vec<Finding>> {
    let directory = Directory::new(&snapshot.users);
    let mut bound = Bound { aliases: declared.aliases.clone(), ..Bound::default() };
    let mut findings = Vec::new();
    bound.remarks = declared.remarks(now);
    bound.rules = rules::rules(declared, snapshot, &directory, now, &mut findings, &mut bound.remarks);
    bound.quarantine = lockout::unresolved(declared, &directory, now);
    let unseen = rules::unseen(declared, snapshot, &directory, &bound.rules, now);
    for company in &declared.companies {
        let none = CompanySnapshot::new(company.id);
        let live = snapshot.companies.iter().find(|it| it.id == company.id).unwrap_or(&none);
        let mut binding = Binding {
            company,
            live,
            directory: &directory,
            roles: Roles::new(&live.roles),
            suspects: people::suspects(company, &directory, now),
            unseen: &unseen,
            locked: lockout::locked(declared, company.id, &directory, now),
            now,
            bound: &mut bound,
            findings: &mut findings,
        };
        binding.run();
        binding.users(snapshot, declared);
        let locked: Vec<UserId> = binding.locked.into_keys().collect();
        bound.locked.extend(&locked);
    }
    // A lock-out names whom it means: it does not wait until somebody may see who that is.
    let named = |it: &UserId| bound.locked.contains(it) && directory.user(*it).is_some_and(User::is_hidden);
    bound.rules.protected_people.retain(|it| !named(it));
    if !findings.is_empty() {
        findings.sort();
        findings.dedup();
        return Err(findings);
    }
    bound.desired.access.groups.sort_by(|a, b| a.identity().cmp(&b.identity()));
    bound.desired.removals.sort_by_key(Removal::identity);
    bound.desired.ended.sort();
    bound.desired.access.people.sort_by_key(Person::identity);
    bound.live.0.people.sort_by_key(Person::identity);
    bound.live.0.groups.sort_by(|a, b| a.identity().cmp(&b.identity()));
    bound.quarantine.sort();
    bound.quarantine.dedup();
    bound.remarks.sort();
    bound.remarks.dedup();
    bound.outside.sort_by_key(|it| (it.company, it.user));
    Ok(bound)
}

/// One company on its way from names to ids.
struct Binding<'a> {
    company: &'a DeclaredCompany,
    live: &'a CompanySnapshot,
    directory: &'a Directory<'a>,
    roles: Roles<'a>,
    /// The people whom the files name and the directory does not know.
    suspects: Vec<&'a PersonRef>,
    /// Everybody who stays a member because nobody can see whether it is somebody protected.
    unseen: &'a BTreeSet<UserId>,
    /// Everybody who is cut off everywhere, and by which entry.
    locked: BTreeMap<UserId, &'a DeclaredLockout>,
    now: Timestamp,
    bound: &'a mut Bound,
    findings: &'a mut Vec<Finding>,
}

impl Binding<'_> {
    fn run(&mut self) {
        let Matched { groups, removals, findings } = matching::matching(self.company, &self.live.groups);
        self.findings.extend(findings);
        let mut spoken_of = BTreeSet::new();
        let live = self.live_groups();
        for (declared, target) in groups {
            match target {
                Target::Missing => self.group(declared, None),
                Target::Found(head) => {
                    spoken_of.insert(head.id);
                    self.group(declared, Some((head, &live[&head.id])));
                }
                Target::Ambiguous(candidates) => {
                    spoken_of.extend(&candidates);
                    self.withhold(declared, Withheld::Group { candidates });
                }
            }
        }
        for (declared, target) in removals {
            let what = match target {
                Target::Missing => continue,
                Target::Found(head) if head.unmodifiable => {
                    spoken_of.insert(head.id);
                    Withheld::Unmodifiable { what: Frozen::Existence }
                }
                Target::Found(head) => {
                    spoken_of.insert(head.id);
                    self.bound.desired.removals.push(Removal {
                        company: self.company.id,
                        group: head.id,
                        reason: declared.reason.clone(),
                        from: declared.from,
                    });
                    continue;
                }
                Target::Ambiguous(candidates) => {
                    spoken_of.extend(&candidates);
                    Withheld::Group { candidates }
                }
            };
            let (from, group) = (Some(declared.from), declared.name.clone());
            self.bound.quarantine.push(Quarantined { from, group, what });
        }
        self.cut_off(&live);
        // Of the groups that nobody looked into nothing is known but their names.
        let read = |it: &Group| match &it.key {
            GroupKey::Existing(id) => {
                spoken_of.contains(id) || self.live.contents.contains_key(id) || !it.members.is_empty()
            }
            GroupKey::New(_) => false,
        };
        self.bound.live.0.groups.extend(live.into_values().filter(read));
        let mut unmanaged: Vec<Box<str>> = self
            .live
            .groups
            .iter()
            .filter(|it| !spoken_of.contains(&it.id))
            .map(|it| it.name.clone())
            .collect();
        unmanaged.sort();
        self.bound.companies.push(Overview {
            company: self.company.id,
            groups: self.live.groups.len(),
            memberships: self.live.contents.values().map(|it| it.members.len()).sum(),
            unmanaged,
        });
    }

    fn withhold(&mut self, group: &DeclaredGroup, what: Withheld) {
        self.bound.quarantine.push(Quarantined { from: Some(group.from), group: group.name.clone(), what });
    }

    /// Returns every group as it is, as far as it was read.
    fn live_groups(&self) -> BTreeMap<GroupId, Group> {
        let mut groups: BTreeMap<GroupId, Group> = BTreeMap::new();
        for head in &self.live.groups {
            let contents = self.live.contents.get(&head.id);
            let members = contents.map_or(&[][..], |it| &it.members);
            let group = Group {
                company: self.company.id,
                key: GroupKey::Existing(head.id),
                name: head.name.clone(),
                description: head.description.clone(),
                grants: contents.map_or_else(Vec::new, |it| it.grants.clone()),
                members: members.iter().map(|&user| Member { user, from: None }).collect(),
                from: None,
            };
            groups.insert(head.id, group);
        }
        // Members of a group need not be listed for the groups of a person to be known.
        for (&user, held) in &self.live.held {
            for id in held {
                if let Some(group) = groups.get_mut(id)
                    && let Err(at) = group.members.binary_search_by_key(&user, |it| it.user)
                {
                    group.members.insert(at, Member { user, from: None });
                }
            }
        }
        groups
    }

    fn group(&mut self, declared: &DeclaredGroup, live: Option<(&GroupHead, &Group)>) {
        let head = live.map(|it| it.0);
        let description = match (&declared.description, head) {
            (Some(description), _) => description.clone(),
            (None, Some(head)) => head.description.clone(),
            (None, None) => {
                self.findings.push(
                    Finding::new(
                        Code::UnknownGroup,
                        declared.from,
                        format!("no group is called `{}`", declared.name),
                    )
                    .help("to create it, give it a `description` and a list of `roles`")
                    .maybe_help(crate::model::finding::did_you_mean(
                        &declared.name,
                        self.live.groups.iter().map(|it| &*it.name),
                    )),
                );
                return;
            }
        };
        let (grants, members) = live.map_or((&[][..], &[][..]), |(_, it)| (&it.grants, &it.members));
        let mut desired = Group {
            company: self.company.id,
            key: head.map_or_else(|| GroupKey::New(declared.name.clone()), |it| GroupKey::Existing(it.id)),
            name: declared.name.clone(),
            description,
            grants: self.desired_grants(declared, head, grants),
            members: self.desired_members(declared, head, members),
            from: Some(declared.from),
        };
        if let Some((GroupHead { unmodifiable: true, .. }, live)) = live {
            self.keep_standard(declared, live, &mut desired);
        }
        self.bound.desired.access.groups.push(desired);
    }

    /// Who shall be in the group: the declared, and whoever is not ours to remove.
    fn desired_members(
        &mut self,
        declared: &DeclaredGroup,
        head: Option<&GroupHead>,
        live: &[Member],
    ) -> Vec<Member> {
        let is_live = |user: &UserId| live.binary_search_by_key(user, |it| it.user).is_ok();
        let mut members: BTreeMap<UserId, Member> = BTreeMap::new();
        let mut ended = BTreeMap::new();
        let mut unresolved = Vec::new();
        for entry in &declared.members.entries {
            let resolved = self.directory.member(self.company.id, &entry.person);
            // Inactive or not: one user whom the entry means is enough to take something away.
            let meant = match &resolved {
                Ok(user) => std::slice::from_ref(user),
                Err(failed) => &failed.candidates[..],
            };
            if entry.ends.is_some_and(|it| it <= self.now) {
                ended.extend(<&[UserId; 1]>::try_from(meant).map(|[user]| (*user, entry.from)));
                continue;
            }
            // Whichever of them it is, it is nobody who joins.
            let lockouts: Option<Vec<_>> = meant.iter().map(|user| self.locked.get(user)).collect();
            if let Some(lockout) = lockouts.and_then(|it| it.first().copied()) {
                self.bound.remarks.push(locked_out(&entry.person, entry.from, lockout.from));
                continue;
            }
            self.note_expiry(entry.ends);
            match resolved {
                Ok(user) => {
                    members.insert(user, Member { user, from: Some(entry.from) });
                }
                Err(people::Failed { why, candidates }) => {
                    let person = entry.person.clone();
                    // A declared member who is there stays; the report says what is odd about it.
                    let stays = |it: &UserId| is_live(it) && !self.locked.contains_key(it);
                    let there: Vec<UserId> = candidates.iter().copied().filter(stays).collect();
                    let what = match (&why, there.is_empty()) {
                        (crate::model::plan::Unresolved::Inactive, false) => {
                            Withheld::InactiveMember { person }
                        }
                        _ => Withheld::Person { person, why },
                    };
                    members.extend(there.into_iter().map(|user| (user, Member { user, from: None })));
                    self.bound.quarantine.push(Quarantined {
                        from: Some(entry.from),
                        group: declared.name.clone(),
                        what,
                    });
                    if candidates.is_empty() {
                        unresolved.push(&entry.person);
                    }
                }
            }
        }
        ended.retain(|user, _| !members.contains_key(user) && !self.locked.contains_key(user));
        for &Member { user, .. } in live {
            if self.locked.contains_key(&user) || members.contains_key(&user) {
                continue;
            }
            let goes = ended.contains_key(&user) || declared.members.rest == Rest::Removed;
            if goes && self.unseen.contains(&user) {
                members.insert(user, Member { user, from: None });
                self.withhold(declared, Withheld::HiddenRemoval { user });
                continue;
            }
            if ended.contains_key(&user) {
                continue;
            }
            let because = match declared.members.rest {
                Rest::Kept | Rest::Unmanaged => None,
                Rest::Removed => match self.directory.who_it_may_be(user, &unresolved, &self.suspects) {
                    Some(suspect) => Some(suspect.clone()),
                    None => continue,
                },
            };
            members.insert(user, Member { user, from: None });
            if let Some(because) = because {
                self.withhold(declared, Withheld::Removal { user, because });
            }
        }
        self.ended(head, ended.into_iter().map(|(user, from)| (Holding::Member(user), from)));
        members.into_values().collect()
    }

    /// Notes what is no longer wanted of a group that exists, so that a removal can say why.
    fn ended(&mut self, head: Option<&GroupHead>, what: impl Iterator<Item = (Holding, Place)>) {
        let (company, Some(group)) = (self.company.id, head.map(|it| it.id)) else { return };
        self.bound.desired.ended.extend(what.map(|(what, from)| Ended {
            company,
            group,
            what,
            why: Why::Ended(from),
        }));
    }

    fn note_expiry(&mut self, ends: Option<Timestamp>) {
        let notice = SignedDuration::from_hours(24 * Plan::EXPIRY_NOTICE_DAYS);
        if ends.is_some_and(|it| it.duration_since(self.now) <= notice) {
            self.bound.expiring += 1;
        }
    }
}
