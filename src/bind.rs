//! Names to ids: what the files declare, against what the API reported.
//!
//! Whatever shall be left alone is copied from the live side into the desired
//! one here, so that the diff compares two plain states and knows no exceptions.
//! Decides by values only; `now` is an argument.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    access::{
        Contents, DesiredState, Ended, Grant, Group, GroupKey, Holding, LiveState, Member, Removal, Why,
    },
    finding::{Code, Finding},
    ids::{PersonRef, UserId},
    manifest::declared::{Declared, DeclaredCompany, DeclaredGroup, Rest},
    plan::{Overview, Plan, Quarantined, Withheld},
    snapshot::{CompanySnapshot, GroupHead, Snapshot},
    source::Place,
};

mod grants;
pub mod matching;
pub mod people;
#[cfg(test)]
mod tests;

use grants::Roles;
use matching::{Matched, Target};
use people::Directory;

/// Both sides, ready to be compared, and what could not be bound.
#[derive(Clone, Debug, Default)]
pub struct Bound {
    /// What the files ask for.
    pub desired: DesiredState,
    /// What there is, of the groups that the files speak of.
    pub live: LiveState,
    /// What was asked for and is withheld, sorted.
    pub quarantine: Vec<Quarantined>,
    /// The companies looked at.
    pub companies: Vec<Overview>,
    /// Memberships and grants that end soon.
    pub expiring: usize,
    /// Names of the companies and legal entities of the workspace.
    pub aliases: BTreeMap<Uuid, Box<str>>,
}

/// Binds what is declared to what exists.
///
/// # Errors
///
/// All findings that need the API to be seen: unknown and ambiguous roles,
/// unknown groups, changes of what cannot be changed. People who cannot be
/// resolved are no error: they are quarantined (P7).
pub fn bind(declared: &Declared, snapshot: &Snapshot, now: Timestamp) -> Result<Bound, Vec<Finding>> {
    let directory = Directory::new(&snapshot.users);
    let mut bound = Bound { aliases: declared.aliases.clone(), ..Bound::default() };
    let mut findings = Vec::new();
    for company in &declared.companies {
        let none = CompanySnapshot {
            id: company.id,
            groups: Vec::new(),
            roles: Vec::new(),
            contents: BTreeMap::new(),
        };
        let live = snapshot.companies.iter().find(|it| it.id == company.id).unwrap_or(&none);
        let mut binding = Binding {
            company,
            live,
            directory: &directory,
            roles: Roles::new(&live.roles),
            suspects: people::suspects(company, &directory, now),
            now,
            bound: &mut bound,
            findings: &mut findings,
        };
        binding.run();
    }
    if !findings.is_empty() {
        findings.sort();
        findings.dedup();
        return Err(findings);
    }
    bound.desired.access.groups.sort_by(|a, b| a.identity().cmp(&b.identity()));
    bound.desired.removals.sort_by_key(Removal::identity);
    bound.desired.ended.sort();
    bound.live.0.groups.sort_by(|a, b| a.identity().cmp(&b.identity()));
    bound.quarantine.sort();
    bound.quarantine.dedup();
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
    now: Timestamp,
    bound: &'a mut Bound,
    findings: &'a mut Vec<Finding>,
}

impl Binding<'_> {
    fn run(&mut self) {
        let Matched { groups, removals, findings } = matching::matching(self.company, &self.live.groups);
        self.findings.extend(findings);
        let mut spoken_of = BTreeSet::new();
        for (declared, target) in groups {
            match target {
                Target::Missing => self.group(declared, None),
                Target::Found(head) => {
                    spoken_of.insert(head.id);
                    self.group(declared, Some(head));
                }
                Target::Ambiguous(candidates) => {
                    spoken_of.extend(&candidates);
                    self.withhold(declared, Withheld::Group { candidates });
                }
            }
        }
        for (declared, target) in removals {
            match target {
                Target::Missing => (),
                Target::Found(head) => {
                    spoken_of.insert(head.id);
                    let live = self.live_group(head);
                    self.bound.live.0.groups.push(live);
                    self.bound.desired.removals.push(Removal {
                        company: self.company.id,
                        group: head.id,
                        reason: declared.reason.clone(),
                        from: declared.from,
                    });
                }
                Target::Ambiguous(candidates) => {
                    spoken_of.extend(&candidates);
                    self.bound.quarantine.push(Quarantined {
                        from: Some(declared.from),
                        group: declared.name.clone(),
                        what: Withheld::Group { candidates },
                    });
                }
            }
        }
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

    fn live_group(&self, head: &GroupHead) -> Group {
        let contents = self.live.contents.get(&head.id);
        Group {
            company: self.company.id,
            key: GroupKey::Existing(head.id),
            name: head.name.clone(),
            description: head.description.clone(),
            grants: contents.map_or_else(Vec::new, |it| it.grants.clone()),
            members: contents
                .map_or(&[][..], |it| &it.members)
                .iter()
                .map(|&user| Member { user, from: None })
                .collect(),
            from: None,
        }
    }

    fn group(&mut self, declared: &DeclaredGroup, head: Option<&GroupHead>) {
        let nothing = Contents::default();
        let contents = head.and_then(|it| self.live.contents.get(&it.id)).unwrap_or(&nothing);
        let desired = Group {
            company: self.company.id,
            key: head.map_or_else(|| GroupKey::New(declared.name.clone()), |it| GroupKey::Existing(it.id)),
            name: declared.name.clone(),
            description: match (&declared.description, head) {
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
                        .maybe_help(crate::finding::did_you_mean(
                            &declared.name,
                            self.live.groups.iter().map(|it| &*it.name),
                        )),
                    );
                    return;
                }
            },
            grants: self.desired_grants(declared, head, &contents.grants),
            members: self.desired_members(declared, head, &contents.members),
            from: Some(declared.from),
        };
        if let Some(head) = head {
            if head.unmodifiable {
                self.frozen(declared, head, &desired, &contents.grants);
            }
            let live = self.live_group(head);
            self.bound.live.0.groups.push(live);
        }
        self.bound.desired.access.groups.push(desired);
    }

    /// A standard group keeps its name, description and roles (contract §8).
    fn frozen(&mut self, declared: &DeclaredGroup, head: &GroupHead, desired: &Group, live: &[Grant]) {
        let roles_differ = desired.grants.len() != live.len()
            || desired.grants.iter().zip(live).any(|(a, b)| (a.role, &a.scope) != (b.role, &b.scope));
        if roles_differ {
            let at = declared.grants.entries.first().map_or(declared.from, |it| it.from);
            self.findings.push(
                Finding::new(
                    Code::UnmodifiableGroup,
                    at,
                    format!("`{}` is a standard group: its roles cannot be changed", head.name),
                )
                .help(format!(
                    "write `roles: unmanaged`, or copy it with `rolecall duplicate \"{}\" --as NAME`",
                    head.name
                )),
            );
        }
        if *desired.name != *head.name || *desired.description != *head.description {
            self.findings.push(
                Finding::new(
                    Code::UnmodifiableGroup,
                    declared.from,
                    format!(
                        "`{}` is a standard group: its name and description cannot be changed",
                        head.name
                    ),
                )
                .help("use the name it has, and leave `description` out with `roles: unmanaged`"),
            );
        }
    }

    /// Who shall be in the group: the declared, and whoever is not ours to remove.
    fn desired_members(
        &mut self,
        declared: &DeclaredGroup,
        head: Option<&GroupHead>,
        live: &[UserId],
    ) -> Vec<Member> {
        let is_live = |user: &UserId| live.binary_search(user).is_ok();
        let mut members: BTreeMap<UserId, Member> = BTreeMap::new();
        let mut ended = BTreeMap::new();
        let mut unresolved = Vec::new();
        for entry in &declared.members.entries {
            let resolved = self.directory.member(self.company.id, &entry.person);
            if entry.ends.is_some_and(|it| it <= self.now) {
                // Inactive or not: one user whom the entry means is enough to take away what has ended.
                let meant = resolved.map_or_else(|it| it.candidates, |user| vec![user]);
                if let [user] = meant[..] {
                    ended.insert(user, entry.from);
                }
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
                    let there: Vec<UserId> = candidates.iter().copied().filter(is_live).collect();
                    let what = match (&why, there.is_empty()) {
                        (crate::plan::Unresolved::Inactive, false) => Withheld::InactiveMember { person },
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
        ended.retain(|user, _| !members.contains_key(user));
        for &user in live {
            if members.contains_key(&user) || ended.contains_key(&user) {
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
