//! People with roles outside groups: what they shall hold, in ids, and what the API says they do.
//!
//! A declared role that is there already is the live one, with everything that is said of it there.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Binding, Fact, Owner, PersonIx, Why, Withheld, WithheldReason,
    lockout::Cut,
    people::{Failed, nowhere},
};
use crate::{
    files::{
        check::declared_twice,
        declared::{Declared, DeclaredDirect, DeclaredTraveller, DeclaredUser, Rest},
    },
    model::{
        direct::{DirectRole, DirectRoles, Kind, Traveller},
        finding::{Code, Finding},
        ids::{PersonRef, UserId},
        observed::Observed,
        plan::{Line, Outside, Unresolved},
        selector::Attribute,
        source::Place,
    },
};

impl Binding<'_> {
    /// Binds the people whose roles outside groups were looked at.
    pub(super) fn users(&mut self, snapshot: &Observed, declared: &Declared) {
        let mut bound: BTreeMap<UserId, &DeclaredUser> = BTreeMap::new();
        for user in self.company.users.iter().filter(|it| it.says_roles) {
            let id = match self.directory.member(self.company.id, &user.person) {
                Ok(id) => id,
                Err(Failed { why, candidates }) => match (why, &candidates[..]) {
                    // Who is gone keeps nothing; to take it away it is enough to know who is meant.
                    (Unresolved::Inactive, [one])
                        if user.active() == Some(false) || self.asks_for_nothing(user) =>
                    {
                        *one
                    }
                    (why, _) => {
                        let person = user.person.clone();
                        let what = if manages(user) {
                            WithheldReason::User { person, why }
                        } else {
                            WithheldReason::UnmanagedUser { person, why }
                        };
                        self.withhold_user(user.from, what);
                        continue;
                    }
                },
            };
            if let Some(first) = bound.insert(id, user) {
                // Two keys of one person, in the order of the files whichever comes first.
                let both = if first.from <= user.from { (first, user) } else { (user, first) };
                self.findings.push(declared_twice(both));
            }
        }
        let mut settled = BTreeSet::new();
        for (id, user) in bound {
            let Some(live) = snapshot.direct.get(&id) else {
                let person = user.person.clone();
                let what = if manages(user) {
                    WithheldReason::UnreadUser { person }
                } else {
                    WithheldReason::UnmanagedUnread { person }
                };
                self.withhold_user(user.from, what);
                continue;
            };
            let leaving = self.locked.get(&id).copied().filter(|it| it.leaves);
            let void = leaving
                .map(|it| user.roles.entries.iter().map(move |entry| it.remark(&user.person, entry.from)));
            self.bound.remarks.extend(void.into_iter().flatten());
            if user.roles.rest != Rest::Unmanaged
                && leaving.is_none()
                && let Some(person) = self.index.find_person(self.company.id, id)
            {
                self.desired_user(id, person, user, live);
                settled.insert(person);
            }
        }
        self.live_users(snapshot, declared, &settled);
    }

    /// Puts everybody of the company whose direct roles were read on the live side, and on both where nothing is
    /// decided about them; and tells who holds some.
    fn live_users(&mut self, snapshot: &Observed, declared: &Declared, settled: &BTreeSet<PersonIx>) {
        let company = self.company.id;
        let identity = declared.identity_of(company).map(|it| &it.0);
        let named = self.company.with_direct_roles().chain(identity);
        let mut people: Vec<UserId> = named
            .filter_map(|it| self.directory.anyone(company, it).ok())
            .chain(self.locked.keys().copied().filter(|it| self.is_own(*it)))
            .chain(self.coming_back(snapshot))
            .collect();
        people.sort_unstable();
        people.dedup();
        if self.lined {
            self.others(snapshot, &people);
        }
        for user in people {
            let Some(live) = snapshot.direct.get(&user) else {
                // Nobody may take a lock-out for complete of which it is not known what it leaves.
                // Of a leaver who is not active nothing more is read than the files speak of.
                let is_over = |it: &&Cut| it.leaves && !self.directory.user(user).is_some_and(|it| it.active);
                if let Some(cut) = self.locked.get(&user).filter(|it| !is_over(it)).copied() {
                    self.withhold_user(cut.from, WithheldReason::UnreadLockout { user });
                }
                continue;
            };
            if let Some(person) = self.index.find_person(company, user) {
                self.bound.people.insert(person);
                match self.locked.get(&user).filter(|it| it.leaves).copied() {
                    // Who leaves keeps nothing, whatever the files say of it.
                    Some(cut) => {
                        for role in live.iter() {
                            let fact = Fact::Direct(Box::new(role.kind().clone()));
                            self.note(Owner::Person(person), fact).why = cut.why();
                        }
                    }
                    None if settled.contains(&person) => (),
                    None => self.desired.direct(person, live),
                }
            }
            if !self.locked.contains_key(&user) && !live.is_empty() {
                self.bound.outside.push(Outside { company, user, roles: live.clone() });
            }
        }
    }

    /// Everybody whose account is to be activated: what is held comes back with it.
    fn coming_back(&self, snapshot: &Observed) -> Vec<UserId> {
        let back = self.company.users.iter().filter(|it| it.active() == Some(true));
        let back = back.filter_map(|it| self.directory.anyone(self.company.id, &it.person).ok());
        let was = |it: &UserId| snapshot.profiles.get(it).and_then(|it| it.get(Attribute::Active));
        back.filter(|it| was(it) == Some("false")).collect()
    }

    /// Puts everybody whose direct roles only policies ask for on both sides, as they are.
    fn others(&mut self, snapshot: &Observed, named: &[UserId]) {
        for (user, live) in snapshot.direct.iter().filter(|it| named.binary_search(it.0).is_err()) {
            if let Some(person) =
                self.index.find_person(self.company.id, *user).filter(|_| self.is_own(*user))
            {
                self.bound.people.insert(person);
                self.desired.direct(person, live);
            }
        }
    }

    /// Whether no entry of a person asks for a role any more.
    fn asks_for_nothing(&self, user: &DeclaredUser) -> bool {
        user.roles.entries.iter().all(|it| it.term.is_over(self.now))
    }

    /// Whether somebody is not known to be another company's.
    fn is_own(&self, user: UserId) -> bool {
        let company = self.directory.user(user).and_then(|it| it.company);
        company.is_none_or(|it| it == self.company.id)
    }

    fn desired_user(&mut self, id: UserId, person: PersonIx, user: &DeclaredUser, live: &DirectRoles) {
        let mut wanted = DirectRoles::default();
        let (mut declared, mut ended) = (Vec::new(), Vec::new());
        let cut = self.locked.get(&id).copied();
        for entry in &user.roles.entries {
            if entry.term.is_over(self.now) {
                let kind = match &entry.what {
                    DeclaredDirect::Ready(role) => role.kind(),
                    DeclaredDirect::Arranger(_) => &Kind::Arranger,
                };
                // Where the list is not exact it ends for those the entry names, and for nobody else.
                let others = match user.roles.rest {
                    Rest::Kept => live.get(kind).and_then(|it| self.without(it, entry.what.travellers())),
                    Rest::Removed | Rest::Unmanaged => None,
                };
                if let Some(role) = others {
                    declared.push((kind.clone(), entry.from, None));
                    wanted.put(role);
                }
                ended.push((kind.clone(), Why::Ended(entry.from)));
                continue;
            }
            let role = match &entry.what {
                DeclaredDirect::Ready(role) => live.get(role.kind()).unwrap_or(role).clone(),
                DeclaredDirect::Arranger(travellers) => {
                    let now = live.get(&Kind::Arranger);
                    match self.travellers(id, travellers, entry.from) {
                        Some(found) => arranger(now, found, user.roles.rest),
                        // Somebody is not known: the role stays as it is, or is not given.
                        None => match now {
                            Some(now) => now.clone(),
                            None => continue,
                        },
                    }
                }
            };
            match cut {
                // Nothing is given to who is cut off; what is there goes by what is declared, not by that.
                Some(cut) if live.get(role.kind()) != Some(&role) => {
                    self.bound.remarks.push(cut.remark(&user.person, entry.from));
                    wanted_as_is(&mut wanted, live, role.kind());
                }
                Some(_) | None => {
                    let line = Line {
                        starts: entry.term.starts,
                        ends: entry.term.ends,
                        has_reason: entry.has_reason,
                        ..Line::nothing()
                    };
                    let fact = Fact::Direct(Box::new(role.kind().clone()));
                    self.line(Owner::Person(person), fact, Some(entry.from), line);
                    declared.push((role.kind().clone(), entry.from, entry.term.ends));
                    wanted.put(role);
                }
            }
        }
        let goes = |kind: &Kind| match user.roles.rest {
            Rest::Removed => true,
            Rest::Kept | Rest::Unmanaged => ended.iter().any(|it: &(Kind, Why)| it.0 == *kind),
        };
        for role in live.iter().filter(|it| !goes(it.kind())) {
            if wanted.get(role.kind()).is_none() {
                wanted.put(role.clone());
            }
        }
        // What goes of who is cut off goes for that reason: it waits for no limit.
        if let Some(cut) = cut {
            ended = live.iter().map(|it| (it.kind().clone(), cut.why())).collect();
        }
        let owner = Owner::Person(person);
        self.declared_at(owner, user);
        // Of two entries of one kind the first counts.
        for (kind, from, ends) in declared.into_iter().rev() {
            let note = self.note(owner, Fact::Direct(Box::new(kind)));
            (note.from, note.ends) = (Some(from), ends);
        }
        for (kind, why) in ended.into_iter().rev().filter(|it| wanted.get(&it.0).is_none()) {
            self.note(owner, Fact::Direct(Box::new(kind))).why = why;
        }
        for entry in &user.roles.coming {
            let fact = Fact::Direct(Box::new(entry.what.kind().clone()));
            self.note_coming(owner, fact, entry.term, entry.from);
        }
        self.desired.direct(person, &wanted);
    }

    /// Returns the travellers, all of them, or reports who is not known.
    fn travellers(
        &mut self,
        arranger: UserId,
        travellers: &[DeclaredTraveller],
        from: Place,
    ) -> Option<Vec<Traveller>> {
        let mut found = Vec::with_capacity(travellers.len());
        let mut named: BTreeMap<UserId, &PersonRef> = BTreeMap::new();
        let mut void = 0;
        for DeclaredTraveller { person, confirmations, flight_stats } in travellers {
            // Nobody books for who leaves, be the account active still or not any more.
            let leaving = self.meant(person).and_then(|it| self.locked.get(&it)).filter(|it| it.leaves);
            if let Some(cut) = leaving.copied() {
                self.bound.remarks.push(cut.remark(person, from));
                void += 1;
                continue;
            }
            match self.directory.anywhere(person) {
                Ok(user) => {
                    if let Some(first) = named.insert(user, person) {
                        let message = format!("{first} and {person} are one traveller");
                        self.findings.push(
                            Finding::new(Code::DuplicateDirectRole, from, message)
                                .help("keep one of the two"),
                        );
                    }
                    found.push(Traveller {
                        user,
                        confirmations: *confirmations,
                        flight_stats: *flight_stats,
                    });
                }
                Err(Failed { why, .. }) => {
                    let why = nowhere(why, self.searched);
                    let what = WithheldReason::Traveller { user: arranger, person: person.clone(), why };
                    self.withhold_user(from, what);
                }
            }
        }
        (found.len() + void == travellers.len() && !found.is_empty()).then_some(found)
    }

    /// The one user that a key means, active or not.
    fn meant(&self, person: &PersonRef) -> Option<UserId> {
        match self.directory.anywhere(person) {
            Ok(user) => Some(user),
            Err(failed) => failed.candidates.first().copied().filter(|_| failed.candidates.len() == 1),
        }
    }

    /// Returns what an arranger's role is without these travellers, if anybody is left.
    ///
    /// Active or not: one user that an entry means is enough to take something away.
    fn without(&self, role: &DirectRole, travellers: &[DeclaredTraveller]) -> Option<DirectRole> {
        let gone: Vec<UserId> = travellers.iter().filter_map(|it| self.meant(&it.person)).collect();
        let left = role.travellers().iter().filter(|it| !gone.contains(&it.user));
        let left: Vec<Traveller> = left.copied().collect();
        (!left.is_empty()).then(|| role.with_travellers(left))
    }

    pub(super) fn withhold_user(&mut self, from: Place, what: WithheldReason) {
        self.bound.withheld.push(Withheld { from: Some(from), group: "".into(), what });
    }
}

/// Returns the role of somebody who arranges for these travellers, and where the list is not exact for all others
/// there are as well.
fn arranger(now: Option<&DirectRole>, mut found: Vec<Traveller>, rest: Rest) -> DirectRole {
    let Some(now) = now else { return DirectRole::arranger(found) };
    match rest {
        Rest::Removed => (),
        Rest::Kept | Rest::Unmanaged => {
            let others = now.travellers().iter().filter(|it| found.iter().all(|known| known.user != it.user));
            found.extend(others.copied().collect::<Vec<_>>());
        }
    }
    now.with_travellers(found)
}

/// Whether an entry asks for anything: not to give, to take or to keep is nothing that could be left undone.
fn manages(user: &DeclaredUser) -> bool {
    match user.roles.rest {
        Rest::Removed => true,
        Rest::Kept => !user.roles.entries.is_empty(),
        Rest::Unmanaged => false,
    }
}

fn wanted_as_is(wanted: &mut DirectRoles, live: &DirectRoles, kind: &Kind) {
    if let Some(role) = live.get(kind) {
        wanted.put(role.clone());
    }
}
