//! Names to ids: what the files declare, against what the API reported.
//!
//! Whatever shall be left alone is copied from the live side into the desired
//! one here, so that the diff compares two plain states and knows no exceptions.
//! Decides by values only; `now` is an argument.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    files::{
        declared::{Declared, DeclaredCompany, DeclaredGroup, DeclaredMember, DeclaredPolicy, Rest},
        matching::{self, Matched, Target},
    },
    model::{
        access::Why,
        date::Term,
        finding::{Code, Finding, did_you_mean},
        ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
        index::{GroupIx, GroupName, Index, PersonIx, UserIx},
        observed::{GroupHead, Observed, ObservedCompany},
        plan::{
            Accepted, ByRule, Line, Note, Outside, Overview, Soon, UnmanagedGroup, Unresolved, Withheld,
            WithheldReason,
        },
        rules::{Rules, Unmanaged, Weakened},
        scope::Scope,
        selector::Selector,
        source::Place,
        state::{Attributes, Fact, Facts, Key, Owner, State},
    },
};

mod accept;
mod computed;
mod contradictions;
pub mod grants;
pub(super) mod keys;
mod lockout;
pub mod people;
mod person;
mod policies;
mod rules;
pub mod soon;
mod standard;
mod units;
#[cfg(test)]
mod tests;
mod users;

pub(super) use rules::privileged_direct;

use grants::Roles;
use lockout::Cut;
use people::Directory;

/// Both sides, ready to be compared, and what could not be bound.
#[derive(Clone, Debug, Default)]
pub struct Bound {
    /// The numbers that both sides speak in.
    pub index: Arc<Index>,
    /// What shall be: what the files ask for, and all else as it is.
    pub desired: State,
    /// What there is: the groups that the files speak of, and all others whose contents were read.
    pub live: State,
    /// Where what differs is declared, and why something goes; perhaps also of what does not differ.
    pub notes: BTreeMap<Key, Note>,
    /// The rules by which members come, and of who goes those that do not mean the person; perhaps also of who stays.
    pub by_rule: BTreeMap<Key, ByRule>,
    /// The rules for members of each group that has some.
    pub selectors: BTreeMap<GroupIx, Arc<[Selector]>>,
    /// Why groups shall be deleted.
    pub reasons: BTreeMap<Owner, Box<str>>,
    /// Everybody whose direct roles were read.
    pub people: BTreeSet<PersonIx>,
    /// What was asked for and is withheld, sorted.
    pub withheld: Vec<Withheld>,
    /// What differs and is accepted, sorted.
    pub accepted: Vec<Accepted>,
    /// The facts of it, which are on both sides as they are.
    pub left: BTreeSet<Key>,
    /// The companies looked at.
    pub companies: Vec<Overview>,
    /// What is done about groups that no file names.
    pub unmanaged: Unmanaged,
    /// What ends or begins soon, sorted.
    pub soon: Vec<Soon>,
    /// Names of the companies and legal entities of the workspace.
    pub aliases: BTreeMap<Uuid, Box<str>>,
    /// What the plan is judged by.
    pub rules: Rules,
    /// What is weaker in the files than in the base, where there is one.
    pub weakened: Option<Weakened>,
    /// What is odd about the files and stops nothing, sorted.
    pub remarks: Vec<Finding>,
    /// Everybody who is cut off everywhere.
    pub locked: BTreeSet<UserId>,
    /// The direct roles of everybody who is not cut off, as far as they were read; sorted.
    pub outside: Vec<Outside>,
    /// Where everything is asked for that the files ask for; kept where policies have to tell it.
    pub lines: BTreeMap<Key, Line>,
}

/// Binds what is declared to what exists.
///
/// # Errors
///
/// All findings that need the API to be seen: unknown and ambiguous roles,
/// unknown groups, an unknown identity. People who cannot be resolved and
/// changes of what cannot be changed are no error: they are withheld (P7).
pub fn bind(declared: &Declared, snapshot: &Observed, now: Timestamp) -> Result<Bound, Vec<Finding>> {
    let declared = &*declared.without(&snapshot.failed);
    let units::Resolved { declared, snapshot, withheld, names } = units::resolved(declared, snapshot);
    let (declared, snapshot) = (&*declared, &*snapshot);
    let all = declared;
    let (declared, doubted) = contradictions::without(declared, snapshot);
    let declared = &*declared;
    let (snapshot, back) = person::revived(declared, snapshot);
    let snapshot = &*snapshot;
    let known = Directory::new(&snapshot.users);
    let (users, mut taken) = keys::given((declared, all), (&known, snapshot));
    let changed = users.as_deref().map(Directory::new);
    let directories = keys::Directories { now: &known, then: changed.as_ref().unwrap_or(&known) };
    let directory = directories.then;
    let soon = soon::soon(declared, &|it| soon::roles(&snapshot.companies, it), directory, now);
    let declared = &*declared.at(now);
    let mut bound =
        Bound { aliases: declared.aliases.clone(), unmanaged: declared.unmanaged, soon, ..Bound::default() };
    // The names of the workspace go before those of the API.
    names.into_iter().for_each(|(id, name)| _ = bound.aliases.entry(id).or_insert(name));
    let mut findings = Vec::new();
    bound.remarks = declared.remarks(now);
    bound.rules = rules::rules(declared, snapshot, directories, now, &mut findings, &mut bound.remarks);
    let floors = rules::floors(declared, snapshot, directories, now, &mut findings, &mut bound.remarks);
    bound.rules.floors = floors;
    // An entry that nothing is done by is one all the same.
    bound.rules.declared += doubted.len();
    bound.weakened.clone_from(&declared.rules.weakened);
    bound.withheld = lockout::unresolved(declared, directories, now);
    bound.withheld.extend(withheld.into_iter().chain(doubted));
    for (company, answer) in &snapshot.failed {
        let what = WithheldReason::Company { company: *company, answer: answer.clone() };
        bound.withheld.push(Withheld { from: None, group: "".into(), what });
    }
    let unseen = rules::unseen(declared, snapshot, directory, &bound.rules, now);
    let companies: Vec<Company<'_>> =
        declared.companies.iter().map(|it| Company::new(it, snapshot, &mut findings)).collect();
    bound.remarks.extend(companies.iter().flat_map(|it| it.matched.remarks.iter().cloned()));
    bound.remarks.extend(companies.iter().flat_map(|it| it.matched.name_remarks(&it.live.groups)));
    let index = Arc::new(index(&companies, snapshot));
    let live = live(&companies, &index);
    let (mut desired, mut profiles) = (Facts::default(), Facts::default());
    let idle = person::idle(declared, directories, now);
    let mut leaving = person::leaving(declared, (directories, snapshot), &idle, &mut bound);
    for company in companies {
        let of = (company.declared, directory, snapshot);
        let person::Leaving { cut: mut locked, staying } =
            leaving.remove(&company.declared.id).unwrap_or_default();
        locked.extend(lockout::locked(declared, (company.declared.id, company.live), directories, now));
        let roles = Roles::new(&company.live.roles);
        let mut binding = Binding {
            company: company.declared,
            heads: company.live,
            index: &index,
            live: &live,
            desired: &mut desired,
            profiles: &mut profiles,
            directory,
            known: &known,
            doubtful_roles: doubtful_roles(company.declared, &roles),
            roles,
            suspects: people::suspects(company.declared, directory, now),
            meant: person::all_meant(company.live, &person::movers(of, &staying)),
            staying,
            taken: taken.remove(&company.declared.id).unwrap_or_default(),
            idle: &idle,
            unseen: &unseen,
            searched: &snapshot.searched,
            locked,
            now,
            back: &back,
            deactivating: snapshot.deactivating.contains(&company.declared.id),
            compared: declared.base.is_some(),
            acted_for: declared.rules.all().flat_map(|it| &it.policies).any(DeclaredPolicy::is_about_acting),
            lined: declared.lined || declared.rules.all().any(|it| !it.policies.is_empty()),
            bound: &mut bound,
            findings: &mut findings,
        };
        binding.groups(company);
        binding.users(snapshot, declared);
        binding.profiles(snapshot, declared);
        let locked: Vec<UserId> = binding.locked.into_keys().collect();
        bound.locked.extend(&locked);
    }
    // A lock-out names the people it means: it does not wait until somebody may see who that is.
    let unseen = |it: &UserId| directory.user(*it).is_some_and(|it| it.email.is_none());
    let named = |it: &UserId| bound.locked.contains(it) && unseen(it);
    bound.rules.protected_people.retain(|it| !named(it));
    bound.rules.floors.iter_mut().for_each(|it| it.rules.protected_people.retain(|it| !named(it)));
    if !findings.is_empty() {
        findings.sort();
        findings.dedup();
        return Err(findings);
    }
    let mut direct = Facts::default();
    for person in &bound.people {
        let user = index.person(*person).1;
        direct.direct(*person, &snapshot.direct[&user]);
    }
    direct.extend(profiles);
    bound.live = live.with(direct);
    bound.desired = State::new(desired);
    bound.index = index;
    accept::accept(&mut bound, declared, snapshot, directory, now);
    bound.withheld.sort();
    bound.withheld.dedup();
    bound.remarks.sort();
    bound.remarks.dedup();
    bound.outside.sort_by_key(|it| (it.company, it.user));
    Ok(bound)
}

/// A company with the groups that its files speak of.
struct Company<'a> {
    declared: &'a DeclaredCompany,
    live: &'a ObservedCompany,
    matched: Matched<'a>,
    spoken_of: HashSet<GroupId>,
}

impl<'a> Company<'a> {
    fn new(declared: &'a DeclaredCompany, snapshot: &'a Observed, findings: &mut Vec<Finding>) -> Self {
        let live = snapshot.companies.iter().find(|it| it.id == declared.id).unwrap_or(ObservedCompany::NONE);
        let mut matched = matching::matching(declared, &live.groups);
        findings.append(&mut matched.findings);
        let spoken_of = matched.spoken_of();
        Self { declared, live, matched, spoken_of }
    }

    /// Everybody who is known to be in a group, sorted.
    fn members(&self, group: GroupId) -> Arc<[UserId]> {
        let read = self.live.contents.get(&group).map_or_else(Arc::default, |it| it.members.clone());
        // Members of a group need not be listed for the groups of a person to be known.
        let held = self.live.held.iter().filter(|it| it.1.contains(&group)).map(|it| *it.0);
        let held: Vec<UserId> = held.filter(|it| read.binary_search(it).is_err()).collect();
        if held.is_empty() {
            return read;
        }
        let mut members = [&read, &held[..]].concat();
        members.sort_unstable();
        members.into()
    }
}

/// Numbers everything that the companies have and shall have.
fn index(companies: &[Company<'_>], snapshot: &Observed) -> Index {
    let mut groups = Vec::new();
    let mut users: Vec<UserId> = snapshot.users.iter().map(|it| it.id).collect();
    let mut people = Vec::new();
    for Company { declared, live, matched, .. } in companies {
        let company = declared.id;
        groups.extend(live.groups.iter().map(|it| GroupName::existing(company, it.name.clone(), it.id)));
        let missing = matched.groups.iter().filter(|it| matches!(it.1, Target::Missing));
        groups.extend(missing.map(|it| GroupName::new(company, it.0.name.clone())));
        users.extend(live.contents.values().flat_map(|it| &*it.members));
        users.extend(live.held.keys());
        people.extend(snapshot.direct.keys().chain(snapshot.profiles.keys()).map(|it| (company, *it)));
    }
    Index::new(groups, users, people)
}

/// The groups as they are: those that the files speak of, and of the others all that something is known of.
fn live(companies: &[Company<'_>], index: &Index) -> State {
    let mut facts = Facts::default();
    for company in companies {
        for head in &company.live.groups {
            let Some(group) = index.find_group(company.live.id, head.id) else { continue };
            let (contents, members) = (company.live.contents.get(&head.id), company.members(head.id));
            if contents.is_none() && members.is_empty() && !company.spoken_of.contains(&head.id) {
                continue;
            }
            let (name, description) = (head.name.clone(), head.description.clone());
            facts.group(group, Arc::new(Attributes { name, description }));
            for grant in contents.iter().flat_map(|it| &it.grants) {
                facts.grant(group, grant.role, grant.scope.clone());
            }
            for user in members.iter().filter_map(|it| index.find_user(*it)) {
                facts.member(group, user);
            }
        }
    }
    State::new(facts)
}

/// One company on its way from names to ids.
struct Binding<'a> {
    company: &'a DeclaredCompany,
    heads: &'a ObservedCompany,
    index: &'a Index,
    /// The groups as they are.
    live: &'a State,
    desired: &'a mut Facts,
    /// What people are apart from access, as far as it is declared.
    profiles: &'a mut Facts,
    /// By the keys that people are to have.
    directory: &'a Directory<'a>,
    /// By the keys that people have.
    known: &'a Directory<'a>,
    roles: Roles<'a>,
    /// The roles that an entry may mean that means none.
    doubtful_roles: BTreeSet<RoleId>,
    /// The people that the files name and the directory does not know.
    suspects: Vec<&'a PersonRef>,
    /// Everybody whom each rule for members means, once what the files say of people is so.
    meant: BTreeMap<&'a Selector, Arc<[UserId]>>,
    /// Everybody whose account stays active although the files say otherwise.
    staying: BTreeSet<UserId>,
    /// Who cannot get a key, as somebody else has it.
    taken: BTreeMap<keys::Held, UserId>,
    /// Everybody who shall leave or is locked out.
    idle: &'a BTreeMap<UserId, lockout::Cut>,
    /// Everybody who stays a member because nobody can see whether it is somebody protected.
    unseen: &'a BTreeSet<UserId>,
    /// Where people of scopes were looked for.
    searched: &'a BTreeSet<CompanyId>,
    /// Everybody who is cut off everywhere or leaves, and by which entry.
    locked: BTreeMap<UserId, Cut>,
    now: Timestamp,
    /// Those whose accounts are to be activated, of every company.
    back: &'a BTreeSet<UserId>,
    /// Whether accounts of the company are known to come back once they are deactivated.
    deactivating: bool,
    /// Whether a base is compared with: where something is asked for is noted then even if it is there.
    compared: bool,
    /// Whether policies have to tell where something is asked for.
    lined: bool,
    /// Whether policies look at who manages people and approves for them.
    acted_for: bool,
    bound: &'a mut Bound,
    findings: &'a mut Vec<Finding>,
}

fn doubtful_roles(company: &DeclaredCompany, roles: &Roles<'_>) -> BTreeSet<RoleId> {
    let entries = company.groups.iter().flat_map(|it| &it.grants.entries);
    let unknown = entries.filter(|it| roles.find(&it.role, it.from).is_err());
    unknown.flat_map(|it| roles.near(&it.role)).collect()
}

impl Binding<'_> {
    fn groups(&mut self, company: Company<'_>) {
        let Company { matched: Matched { groups, removals, .. }, spoken_of, live, .. } = company;
        // The groups whose facts are decided; all others stay as they are.
        let mut settled: BTreeSet<GroupIx> = BTreeSet::new();
        for (declared, target) in groups {
            match target {
                Target::Missing => {
                    if let Some(group) =
                        self.index.find(&GroupName::new(self.company.id, declared.name.clone()))
                    {
                        self.group(declared, group, None);
                    }
                }
                Target::Found(head) => {
                    if let Some(group) = self.index.find_group(self.company.id, head.id) {
                        settled.insert(group);
                        self.group(declared, group, Some(head));
                    }
                }
                Target::Ambiguous(candidates) => {
                    self.withhold(declared, WithheldReason::Group { candidates });
                }
            }
        }
        for (declared, target) in removals {
            let what = match target {
                Target::Missing => continue,
                Target::Found(head) if head.unmodifiable => WithheldReason::FrozenGroup {},
                Target::Found(head) => {
                    let Some(group) = self.index.find_group(self.company.id, head.id) else { continue };
                    settled.insert(group);
                    self.bound.reasons.insert(Owner::Group(group), declared.reason.clone());
                    self.note(Owner::Group(group), Fact::Attributes).from = Some(declared.from);
                    if declared.ended.is_some() {
                        self.note_ended(group, declared.from);
                    }
                    continue;
                }
                Target::Ambiguous(candidates) => WithheldReason::Group { candidates },
            };
            let (from, group) = (Some(declared.from), declared.name.clone());
            self.bound.withheld.push(Withheld { from, group, what });
        }
        self.leave_alone(&settled);
        let unmanaged = live.groups.iter().filter(|it| !spoken_of.contains(&it.id));
        let forbidden = |it: &GroupHead| self.bound.unmanaged == Unmanaged::Forbid && !it.unmodifiable;
        let group = |it: &GroupHead| UnmanagedGroup {
            name: it.name.clone(),
            is_standard: it.unmodifiable,
            is_accepted: false,
            created: it.stamps.created.clone().filter(|_| forbidden(it)),
        };
        let mut unmanaged: Vec<UnmanagedGroup> = unmanaged.map(group).collect();
        unmanaged.sort();
        self.bound.companies.push(Overview {
            endpoint: None,
            company: self.company.id,
            groups: live.groups.len(),
            memberships: live.contents.values().map(|it| it.members.len()).sum(),
            unread: live.groups.iter().filter(|it| !live.contents.contains_key(&it.id)).count(),
            unmanaged,
        });
    }

    /// Says of a group and of everything in it that its time is over.
    fn note_ended(&mut self, group: GroupIx, from: Place) {
        let (owner, live) = (Owner::Group(group), self.live);
        let grants = live.grants(group).iter().map(|((_, role), _)| Fact::Grant(*role));
        let facts = grants.chain(live.members(group).map(Fact::Member)).chain([Fact::Attributes]);
        for fact in facts {
            self.note(owner, fact).why = Why::Ended(from);
        }
    }

    fn withhold(&mut self, group: &DeclaredGroup, what: WithheldReason) {
        self.bound.withheld.push(Withheld { from: Some(group.from), group: group.name.clone(), what });
    }

    fn note(&mut self, owner: Owner, fact: Fact) -> &mut Note {
        self.bound.notes.entry(Key { owner, fact }).or_default()
    }

    fn group(&mut self, declared: &DeclaredGroup, group: GroupIx, head: Option<&GroupHead>) {
        if declared.term.is_coming(self.now) && head.is_none() {
            return;
        }
        let description = match (&declared.description, head) {
            (Some(description), _) => description.clone(),
            (None, Some(head)) => head.description.clone(),
            (None, None) => {
                let names = self.heads.groups.iter().map(|it| &*it.name);
                let message = format!("no group is called `{}`", declared.name);
                self.findings.push(
                    Finding::new(Code::UnknownGroup, declared.from, message)
                        .help("to create it, give it a `description` and a list of `roles`")
                        .maybe_help(did_you_mean(&declared.name, names)),
                );
                return;
            }
        };
        let name = head.filter(|_| declared.term.is_coming(self.now)).map_or(&declared.name, |it| &it.name);
        let mut wanted = Wanted {
            attributes: Arc::new(Attributes { name: name.clone(), description }),
            grants: self.desired_grants(declared, group),
            members: self.desired_members(declared, group),
        };
        if head.is_some_and(|it| it.unmodifiable) {
            self.keep_standard(declared, group, &mut wanted);
        }
        let note = self.note(Owner::Group(group), Fact::Attributes);
        (note.from, note.ends) = (Some(declared.from), declared.term.ends);
        let line = Line { ends: declared.term.ends, ..Line::nothing() };
        self.line(Owner::Group(group), Fact::Attributes, Some(declared.from), line);
        self.desired.group(group, wanted.attributes);
        for Asked { what: (role, scope), from, ends } in wanted.grants {
            if self.compared || self.live.scope(group, role).is_none_or(|it| *it != scope) {
                let note = self.note(Owner::Group(group), Fact::Grant(role));
                (note.from, note.ends) = (from, ends);
            }
            self.line(Owner::Group(group), Fact::Grant(role), from, Line { ends, ..Line::nothing() });
            self.desired.grant(group, role, scope);
        }
        for Asked { what: user, from, ends } in wanted.members {
            if self.compared || !self.live.has_member(group, user) {
                let note = self.note(Owner::Group(group), Fact::Member(user));
                (note.from, note.ends) = (from, ends);
            }
            self.desired.member(group, user);
        }
        self.note_all_coming(declared, group);
    }

    /// Keeps where something is asked for.
    fn line(&mut self, owner: Owner, fact: Fact, from: Option<Place>, line: Line) {
        if let Some(from) = from.filter(|_| self.lined) {
            self.bound.lines.insert(Key { owner, fact }, Line { from, ..line });
        }
    }

    /// Who shall be in the group: the declared, and whoever is not ours to remove.
    fn desired_members(&mut self, declared: &DeclaredGroup, group: GroupIx) -> Vec<Asked<UserIx>> {
        let live: Vec<UserId> = self.live.members(group).map(|it| self.index.user(it)).collect();
        let is_live = |user: &UserId| live.binary_search(user).is_ok();
        let mut members: BTreeMap<UserId, (Option<Place>, Option<Timestamp>)> = BTreeMap::new();
        let mut ended = BTreeMap::new();
        let mut unresolved = Vec::new();
        let mut named: BTreeMap<UserId, &DeclaredMember> = BTreeMap::new();
        for entry in &declared.members.entries {
            let resolved = self.directory.member(self.company.id, &entry.person);
            if let Ok(user) = resolved
                && let Some(first) = named.insert(user, entry)
            {
                // Two keys of one person, in the order of the files. It harms nobody: the longer entry counts.
                let message = format!("{} and {} are one person", first.person, entry.person);
                self.bound.remarks.push(
                    Finding::new(Code::TwoKeys, entry.from, message)
                        .related(first.from, "first listed here")
                        .help("keep one of the two entries: of two ends the later counts"),
                );
            }
            // Inactive or not: one user that the entry means is enough to take something away.
            let meant = match &resolved {
                Ok(user) => std::slice::from_ref(user),
                Err(failed) => &failed.candidates[..],
            };
            if entry.term().is_over(self.now) {
                ended.extend(<&[UserId; 1]>::try_from(meant).map(|[user]| (*user, entry.from)));
                continue;
            }
            // Whichever of them it is, it is nobody who joins.
            if meant.iter().all(|it| self.locked.contains_key(it))
                && let Some(cut) = meant.first().and_then(|it| self.locked.get(it))
            {
                self.bound.remarks.push(cut.remark(&entry.person, entry.from));
                continue;
            }
            let ends = entry.term().ends;
            match resolved {
                Ok(user) => {
                    // Of two keys of one person the one that lasts longer counts.
                    let known = members.get(&user).map(|it| it.1);
                    let ends = known.map_or(ends, |it| it.zip(ends).map(|(a, b)| a.max(b)));
                    members.insert(user, (Some(entry.from), ends));
                }
                Err(people::Failed { why, candidates }) => {
                    let person = entry.person.clone();
                    // A declared member who is there stays; the report says what is odd about it.
                    let stays = |it: &UserId| is_live(it) && !self.locked.contains_key(it);
                    let there: Vec<UserId> = candidates.iter().copied().filter(stays).collect();
                    let what = match (&why, there.is_empty()) {
                        (Unresolved::Inactive, false) => WithheldReason::InactiveMember { person },
                        _ => WithheldReason::Person { person, why },
                    };
                    members.extend(there.into_iter().map(|user| (user, (None, None))));
                    self.bound.withheld.push(Withheld {
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
        let excepted = self.computed_members(declared, group, &named, &mut members);
        ended.retain(|user, _| !members.contains_key(user) && !self.locked.contains_key(user));
        for &user in &live {
            if self.locked.contains_key(&user) || members.contains_key(&user) {
                continue;
            }
            let goes = ended.contains_key(&user) || declared.members.rest == Rest::Removed;
            if goes && self.unseen.contains(&user) {
                members.insert(user, (None, None));
                self.withhold(declared, WithheldReason::HiddenRemoval { user });
                continue;
            }
            let because = match (ended.contains_key(&user), declared.members.rest) {
                // Another entry of this group, which nobody can read, may be the same person's and last. What
                // another group says of somebody does not keep a membership that has ended here.
                (true, _) => self.directory.who_it_may_be(user, &unresolved, &[]),
                (false, Rest::Kept | Rest::Unmanaged) => {
                    members.insert(user, (None, None));
                    continue;
                }
                (false, Rest::Removed) => self.directory.who_it_may_be(user, &unresolved, &self.suspects),
            };
            let Some(person) = because.cloned() else { continue };
            members.insert(user, (None, None));
            self.withhold(declared, WithheldReason::Removal { user, person });
        }
        for (user, from) in ended.into_iter().filter(|it| is_live(&it.0) && !members.contains_key(&it.0)) {
            if let Some(user) = self.index.find_user(user) {
                self.note(Owner::Group(group), Fact::Member(user)).why = Why::Ended(from);
            }
        }
        for (user, (from, ends)) in members.iter().filter(|_| self.lined) {
            let Some(member) = self.index.find_user(*user) else { continue };
            let entry = named.get(user);
            let line = Line {
                starts: entry.and_then(|it| it.term().starts),
                ends: *ends,
                has_reason: entry.is_some_and(|it| it.has_reason()),
                ..Line::nothing()
            };
            let key = Key { owner: Owner::Group(group), fact: Fact::Member(member) };
            self.bound.lines.extend(from.map(|from| (key, Line { from, ..line })));
        }
        self.note_unmeant(declared, group, (&live, &members), &excepted);
        let asked = |(user, (from, ends))| Some(Asked { what: self.index.find_user(user)?, from, ends });
        members.into_iter().filter_map(asked).collect()
    }

    /// Notes what a group asks for later, once it is known what it asks for now.
    fn note_all_coming(&mut self, declared: &DeclaredGroup, group: GroupIx) {
        for entry in &declared.grants.coming {
            if let Ok(role) = self.roles.find(&entry.role, entry.from).map(|it| it.id) {
                self.note_coming(Owner::Group(group), Fact::Grant(role), entry.term, entry.from);
            }
        }
        for entry in &declared.members.coming {
            // Inactive or not: one user that the entry means is enough to take something away.
            let meant = match self.directory.member(self.company.id, &entry.person) {
                Ok(user) => Some(user),
                Err(failed) => <[UserId; 1]>::try_from(failed.candidates).ok().map(|[user]| user),
            };
            if let Some(user) = meant.and_then(|it| self.index.find_user(it)) {
                self.note_coming(Owner::Group(group), Fact::Member(user), entry.term(), entry.from);
            }
        }
    }

    /// Notes what begins later: why it goes, where it goes now.
    fn note_coming(&mut self, owner: Owner, fact: Fact, term: Term, from: Place) {
        let Some(at) = term.starts else { return };
        let note = self.note(owner, fact);
        // Where another entry asks for it now, or has ended, that is said.
        if note.from.is_none() && note.why.is_usual() {
            (note.why, note.ends) = (Why::NotYet(from), Some(at));
        }
    }
}

/// Something that shall be, with the entry that asks for it; `None` where it only is left as it is.
struct Asked<T> {
    what: T,
    from: Option<Place>,
    /// The instant from which it, or a part of it, is no longer wanted.
    ends: Option<Timestamp>,
}

/// What a declared group shall be.
struct Wanted {
    attributes: Arc<Attributes>,
    grants: Vec<Asked<(RoleId, Arc<Scope>)>>,
    members: Vec<Asked<UserIx>>,
}
