//! What people are apart from access: what the files declare of each, in ids, against what the API says.
//!
//! Attribute by attribute: what is not declared is on neither side, and so is never compared or written.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    super::leavers::Superiors, Binding, Bound, Fact, Owner, PersonIx, Withheld, WithheldReason,
    keys::Directories, lockout::Cut, people::nowhere,
};
use crate::{
    files::{
        check::{approves_own, circle as circle_of, declared_twice, idle_superior, locked_out},
        declared::{Declared, DeclaredCompany, DeclaredTrait, DeclaredUser, TraitValue},
    },
    model::{
        acting::{self, Right},
        directory::{Directory, Failed},
        ids::{CompanyId, PersonRef, UserId},
        observed::{Observed, ObservedCompany, User},
        plan::{StaysActive, Unresolved},
        selector::{Attribute, Selector, Traits},
        source::Place,
    },
};

/// What was read, with everybody as active whose account is to be activated, and who that is: who is to be active by this plan
/// can be given something by it, and is judged as somebody who can act.
pub(super) fn revived<'a>(
    declared: &Declared,
    snapshot: &'a Observed,
) -> (Cow<'a, Observed>, BTreeSet<UserId>) {
    let directory = Directory::new(&snapshot.users);
    let users =
        declared.companies.iter().flat_map(|company| company.users.iter().map(move |it| (company.id, it)));
    let back = users.filter(|it| it.1.active() == Some(true)).filter_map(|(company, user)| {
        match directory.member(company, &user.person) {
            Err(Failed { why: Unresolved::Inactive, candidates }) if candidates.len() == 1 => {
                Some(candidates[0])
            }
            _ => None,
        }
    });
    let back: BTreeSet<UserId> = back.filter(|it| snapshot.profiles.contains_key(it)).collect();
    if back.is_empty() {
        return (Cow::Borrowed(snapshot), back);
    }
    let mut snapshot = snapshot.clone();
    snapshot.users.iter_mut().filter(|it| back.contains(&it.id)).for_each(|it| it.active = true);
    (Cow::Owned(snapshot), back)
}

/// Everybody who shall leave or is locked out: nobody is put above others who can do nothing for them.
pub(super) fn idle(
    declared: &Declared,
    directories: Directories<'_>,
    now: Timestamp,
) -> BTreeMap<UserId, Cut> {
    let lockouts = declared.lockouts.iter().filter(|it| it.holds(now));
    let locked = lockouts.flat_map(|it| {
        let cut = Cut { from: it.from, leaves: false };
        let users = [directories.now, directories.then].map(|all| all.find(&it.person));
        users.into_iter().flatten().map(move |user| (user.id, cut))
    });
    let users =
        declared.companies.iter().flat_map(|company| company.users.iter().map(move |it| (company.id, it)));
    let leavers = users.filter(|it| it.1.active() == Some(false)).filter_map(|(company, user)| {
        Some((directories.then.anyone(company, &user.person).ok()?, Cut { from: user.from, leaves: true }))
    });
    leavers.chain(locked).collect()
}

/// Whether somebody can act for others once the files are so; of whom nothing is told nothing else is known.
fn can_act(user: UserId, directory: &Directory<'_>, idle: &BTreeMap<UserId, Cut>) -> bool {
    !idle.contains_key(&user) && directory.user(user).is_none_or(|it| it.active || it.is_hidden())
}

/// Who is named by an attribute, as it was read.
fn named(live: Option<&str>) -> BTreeSet<UserId> {
    live.into_iter().flat_map(acting::people).collect()
}

/// Those of a company who leave: whose accounts shall not be active.
#[derive(Default)]
pub(super) struct Leaving {
    /// Who goes; whose account is not active already loses what is held all the same.
    pub(super) cut: BTreeMap<UserId, Cut>,
    /// Who stays, as the going would do harm, and keeps everything.
    pub(super) staying: BTreeSet<UserId>,
}

fn is_protected(bound: &Bound, user: UserId) -> bool {
    bound.rules.protected_people.binary_search(&user).is_ok()
}

/// Returns everybody who leaves, by company.
pub(super) fn leaving(
    declared: &Declared,
    (directories, snapshot): (Directories<'_>, &Observed),
    idle: &BTreeMap<UserId, Cut>,
    bound: &mut Bound,
) -> BTreeMap<CompanyId, Leaving> {
    let directory = directories.then;
    let mut all: BTreeMap<CompanyId, Leaving> = BTreeMap::new();
    let mut meant: BTreeMap<(CompanyId, UserId), &DeclaredUser> = BTreeMap::new();
    for company in &declared.companies {
        for user in company.users.iter().rev().filter(|it| it.active() == Some(false)) {
            match directory.member(company.id, &user.person) {
                Ok(id) => _ = meant.insert((company.id, id), user),
                Err(Failed { why: Unresolved::Inactive, candidates }) => {
                    let cut = Cut { from: user.from, leaves: true };
                    let gone = candidates.into_iter().filter(|it| !is_protected(bound, *it));
                    all.entry(company.id).or_default().cut.extend(gone.map(|it| (it, cut)));
                }
                Err(_) => (),
            }
        }
    }
    if meant.is_empty() {
        return all;
    }
    let mut because: BTreeMap<UserId, StaysActive> = BTreeMap::new();
    for &(company, id) in meant.keys() {
        // Whoever has the key that the account is named by, and whoever is to have it.
        let is_own = |it: &Directory<'_>| {
            declared.identity_of(company).is_some_and(|own| it.anyone(company, &own.0) == Ok(id))
        };
        if is_own(directories.now) || is_own(directories.then) {
            because.insert(id, StaysActive::OwnAccount);
        } else if is_protected(bound, id) {
            because.insert(id, StaysActive::Protected);
        }
    }
    let superiors = superiors(declared, (directories, snapshot), idle);
    let gone: BTreeSet<UserId> = meant.keys().map(|it| it.1).filter(|it| !because.contains_key(it)).collect();
    let of = superiors.irreplaceable(&gone);
    because.extend(of.keys().map(|it| (*it, StaysActive::SoleApprover)));
    for ((company, id), user) in meant {
        let leaving = all.entry(company).or_default();
        let Some(because) = because.get(&id).copied() else {
            leaving.cut.insert(id, Cut { from: user.from, leaves: true });
            continue;
        };
        let of = of.get(&id).into_iter().flatten().copied().collect();
        let what = WithheldReason::Deactivation { person: user.person.clone(), because, of };
        bound.withheld.push(Withheld { from: Some(user.from), group: "".into(), what });
        leaving.staying.insert(id);
    }
    all
}

/// Who is above people once the files are so, as far as that was read.
fn superiors(
    declared: &Declared,
    (directories, snapshot): (Directories<'_>, &Observed),
    idle: &BTreeMap<UserId, Cut>,
) -> Superiors {
    let directory = directories.then;
    let mut superiors = Superiors::read(snapshot);
    let users =
        declared.companies.iter().flat_map(|company| company.users.iter().map(move |it| (company.id, it)));
    for (company, user) in users {
        let said = user.traits.iter().filter_map(|it| match &it.value {
            TraitValue::People(people) => Some((it.attribute, people)),
            TraitValue::Ready(_) | TraitValue::Named(_) => None,
        });
        for (attribute, people) in said {
            let Ok(id) = directory.anyone(company, &user.person) else { continue };
            let Some(live) = snapshot.profiles.get(&id) else { continue };
            let now = named(live.get(attribute));
            let found = people.iter().map(|it| directory.nearest(&[company], it).ok());
            // Where one of them is not known, or cannot act, it stays as it is.
            let found =
                found.map(|it| it.filter(|it| now.contains(it) || can_act(*it, directories.now, idle)));
            if let Some(found) = found.collect::<Option<Vec<UserId>>>() {
                let found: Vec<String> = found.iter().map(ToString::to_string).collect();
                superiors.put(id, attribute, Some(&found.join(",")));
            }
        }
    }
    superiors
}

/// Somebody who is otherwise by this plan.
#[derive(Debug)]
pub(super) struct Mover {
    /// What the person is afterwards.
    after: Traits,
    /// What of it changes.
    changed: BTreeSet<Attribute>,
}

/// Everybody of a company who is otherwise by this plan, as far as rules for members look at it.
pub(super) fn movers(
    (company, directory, snapshot): (&DeclaredCompany, &Directory<'_>, &Observed),
    staying: &BTreeSet<UserId>,
) -> BTreeMap<UserId, Mover> {
    let mover = |user: &DeclaredUser| {
        let id = directory.anyone(company.id, &user.person).ok()?;
        let before = snapshot.profiles.get(&id)?;
        let mut mover = Mover { after: before.clone(), changed: BTreeSet::new() };
        let is_new = before.get(Attribute::Active).is_none();
        let all = user.traits.iter().chain(user.create.iter().filter(|_| is_new));
        let said = all.filter(|it| it.attribute != Attribute::Active).filter_map(|it| match &it.value {
            TraitValue::Ready(value) => Some((it.attribute, &**value)),
            TraitValue::Named(_) | TraitValue::People(_) => None,
        });
        let active = user
            .active()
            .or((is_new && !user.create.is_empty()).then_some(true))
            .filter(|_| !staying.contains(&id))
            .map(|it| (Attribute::Active, if it { "true" } else { "false" }));
        for (attribute, value) in said.chain(active) {
            if before.get(attribute) != Some(value) {
                mover.after.put(attribute, value);
                mover.changed.insert(attribute);
            }
        }
        (!mover.changed.is_empty()).then_some((id, mover))
    };
    company.users.iter().filter_map(mover).collect()
}

/// Whom each rule for members means once this plan is made.
pub(super) fn all_meant<'a>(
    live: &'a ObservedCompany,
    movers: &BTreeMap<UserId, Mover>,
) -> BTreeMap<&'a Selector, Arc<[UserId]>> {
    live.selected.iter().map(|(rule, now)| (rule, meant(rule, now, movers))).collect()
}

/// Whom a rule means afterwards: whom it means now, with those who will be and without those who will not.
fn meant(rule: &Selector, now: &Arc<[UserId]>, movers: &BTreeMap<UserId, Mover>) -> Arc<[UserId]> {
    let concerned = |it: &&Mover| {
        it.changed.contains(&Attribute::Active) || rule.attributes().any(|of| it.changed.contains(&of))
    };
    let mut concerned = movers.iter().filter(|it| concerned(&it.1)).peekable();
    if concerned.peek().is_none() {
        return now.clone();
    }
    let mut after: BTreeSet<UserId> = now.iter().copied().collect();
    for (user, mover) in concerned {
        let is_active = mover.after.get(Attribute::Active) == Some("true");
        if is_active && rule.means(&mover.after) {
            after.insert(*user);
        } else {
            after.remove(user);
        }
    }
    after.into_iter().collect()
}

impl Binding<'_> {
    /// Binds what is declared of people apart from access.
    pub(super) fn profiles(&mut self, snapshot: &Observed, declared: &Declared) {
        let company = self.company;
        let mut bound: BTreeMap<UserId, &DeclaredUser> = BTreeMap::new();
        for user in company.users.iter().filter(|it| !it.traits.is_empty() || !it.create.is_empty()) {
            let id = match self.directory.anyone(self.company.id, &user.person) {
                Ok(id) => id,
                // Who has no account cannot use it: an account that is not to be used is not made either. Only rows of a list
                // and entries with `create` come here: any other is a contradiction.
                Err(why @ (Unresolved::Unknown | Unresolved::Nowhere(_))) if user.active() == Some(false) => {
                    let person = user.person.clone();
                    self.withhold_user(user.from, WithheldReason::UnmanagedUser { person, why });
                    continue;
                }
                Err(Unresolved::Unknown | Unresolved::Nowhere(_))
                    if let Some(from) = self.cut_off(user, declared) =>
                {
                    self.bound.remarks.push(locked_out(&user.person, user.from, from));
                    continue;
                }
                Err(Unresolved::Unknown | Unresolved::Nowhere(_))
                    if let Some((key, id)) = self.holder(user) =>
                {
                    let person = user.person.clone();
                    self.withhold_user(user.from, WithheldReason::Contradiction { person, key, user: id });
                    continue;
                }
                Err(why) => {
                    self.withhold_user(user.from, WithheldReason::User { person: user.person.clone(), why });
                    continue;
                }
            };
            if let Some(first) = bound.insert(id, user) {
                // Two keys of one person, in the order of the files whichever comes first.
                let both = if first.from <= user.from { (first, user) } else { (user, first) };
                self.findings.push(declared_twice(both));
            }
            let live = snapshot.profiles.get(&id);
            match live.zip(self.index.find_person(self.company.id, id)) {
                Some((live, person)) => self.profile((id, person), user, live),
                None => {
                    let person = user.person.clone();
                    self.withhold_user(user.from, WithheldReason::UnreadPerson { person });
                }
            }
        }
        self.profiled(snapshot);
        self.circles(&bound, snapshot);
        self.led(snapshot);
    }

    /// Says where people who are declared with a manager are managed by themselves, through whomever.
    fn circles(&mut self, declared: &BTreeMap<UserId, &DeclaredUser>, snapshot: &Observed) {
        let said = |user: &DeclaredUser| {
            let person = user.people_of(Attribute::Manager).next()?;
            self.directory.nearest(&[self.company.id], person).ok()
        };
        let above = |it: UserId| -> Option<UserId> {
            let live = || snapshot.profiles.get(&it)?.get(Attribute::Manager)?.parse().ok().map(UserId);
            declared.get(&it).and_then(|it| said(it)).or_else(live)
        };
        // Who was followed up to the end, or into a circle that is told by now.
        let (mut done, mut remarks) = (BTreeSet::new(), Vec::new());
        for (&begin, user) in declared.iter().filter(|it| said(it.1).is_some()) {
            let mut way = vec![begin];
            while let Some(next) = above(way[way.len() - 1]).filter(|_| !done.contains(&way[way.len() - 1])) {
                if let Some(at) = way.iter().position(|it| *it == next) {
                    let circle = &way[at..];
                    let named = circle.iter().filter_map(|it| declared.get(it));
                    let from =
                        named.filter_map(|it| it.traits.iter().find(|it| it.attribute == Attribute::Manager));
                    let from = from.map(|it| it.from).min().unwrap_or(user.from);
                    let name = |it: &UserId| match (declared.get(it), self.directory.user(*it)) {
                        (Some(user), _) => user.person.to_string(),
                        (None, Some(User { email: Some(email), .. })) => email.to_string(),
                        (None, _) => it.to_string(),
                    };
                    remarks.push(circle_of(&circle.iter().map(name).collect::<Vec<_>>(), from));
                    break;
                }
                way.push(next);
            }
            done.extend(way);
        }
        self.bound.remarks.extend(remarks);
    }

    /// Puts who manages people and approves for them on both sides, where policies look at it, as far as it was read. What names
    /// somebody whose account is activated comes into force by that, whoever looks.
    fn led(&mut self, snapshot: &Observed) {
        if !self.acted_for && self.back.is_empty() {
            return;
        }
        let (all, back) = (self.acted_for, self.back);
        let counts = |it: &&str| all || acting::people(it).any(|who| back.contains(&who));
        let own =
            |it: &UserId| self.directory.user(*it).is_some_and(|it| it.company == Some(self.company.id));
        for (user, traits) in snapshot.profiles.iter().filter(|it| own(it.0)) {
            let Some(person) = self.index.find_person(self.company.id, *user) else { continue };
            for attribute in Right::ALL.into_iter().filter_map(Right::attribute) {
                if let Some(is) = traits.get(attribute).filter(counts) {
                    self.profiles.person(person, attribute, is);
                    // What is declared goes before this, as of two facts of one key the first stays.
                    self.desired.person(person, attribute, is);
                }
            }
        }
    }

    /// The lock-out in force of somebody who shall have an account.
    fn cut_off(&self, user: &DeclaredUser, declared: &Declared) -> Option<Place> {
        let keys = user.keys();
        let mut in_force = declared.lockouts.iter().filter(|it| it.holds(self.now));
        in_force.find(|it| keys.contains(&it.person)).map(|it| it.from)
    }

    /// Whoever is known by another key of somebody who shall have an account, with that key.
    fn holder(&self, user: &DeclaredUser) -> Option<(PersonRef, UserId)> {
        let mut keys = user.keys().into_iter().skip(1);
        keys.find_map(|key| {
            let user = self.known.find(&key).first()?.id;
            Some((key, user))
        })
    }

    /// Puts what people are of whom a run asks on both sides, as it is.
    fn profiled(&mut self, snapshot: &Observed) {
        let company = self.company;
        for (asked, attributes) in &company.profiled {
            let Ok(id) = self.directory.anyone(company.id, asked) else { continue };
            let Some((live, person)) = snapshot.profiles.get(&id).zip(self.index.find_person(company.id, id))
            else {
                continue;
            };
            for attribute in attributes {
                if let Some(is) = live.get(*attribute) {
                    self.profiles.person(person, *attribute, is);
                    // Of two facts of one key the first stays: what is declared goes before this.
                    self.desired.person(person, *attribute, is);
                }
            }
        }
    }

    /// Keeps where a person is declared, and why.
    pub(super) fn declared_at(&mut self, owner: Owner, user: &DeclaredUser) {
        self.note(owner, Fact::Attributes).from = Some(user.from);
        self.bound.reasons.extend(user.reason.clone().map(|it| (owner, it)));
    }

    fn profile(&mut self, (id, person): (UserId, PersonIx), user: &DeclaredUser, live: &Traits) {
        // Of somebody without an account nothing is held.
        let creates = live.get(Attribute::Active).is_none();
        let active = DeclaredTrait {
            attribute: Attribute::Active,
            value: TraitValue::Ready("true".into()),
            from: user.from,
        };
        let is_silent = !user.create.is_empty() && user.active().is_none();
        let implied = (is_silent && creates).then_some(&active);
        if is_silent && live.get(Attribute::Active) == Some("false") {
            let person = user.person.clone();
            self.withhold_user(user.from, WithheldReason::Creation { person, user: id });
        }
        let create = user.create.iter().filter(|_| creates).chain(implied);
        let owner = Owner::Person(person);
        self.declared_at(owner, user);
        for declared in user.traits.iter().chain(create) {
            let is = live.get(declared.attribute);
            if !creates && declared.attribute.notification().is_some() && is.is_none() {
                let (person, attribute) = (user.person.clone(), declared.attribute);
                self.withhold_user(declared.from, WithheldReason::Untold { person, attribute });
                continue;
            }
            let Some(wanted) = self.wanted(id, user, declared, is) else { continue };
            is.into_iter().for_each(|it| self.profiles.person(person, declared.attribute, it));
            self.desired.person(person, declared.attribute, &wanted);
            if is != Some(&*wanted) || self.compared {
                self.note(owner, Fact::Trait(declared.attribute)).from = Some(declared.from);
            }
        }
    }

    /// Whether somebody is put above a person who can do nothing for others; that is said. Whoever is there already may stay.
    fn are_idle(
        &mut self,
        user: &DeclaredUser,
        declared: &DeclaredTrait,
        (found, people): (&[UserId], &[PersonRef]),
        live: Option<&str>,
    ) -> bool {
        let (now, mut any) = (named(live), false);
        for (id, person) in found.iter().zip(people).filter(|it| !now.contains(it.0)) {
            if can_act(*id, self.known, self.idle) {
                continue;
            }
            any = true;
            match self.idle.get(id) {
                Some(cut) => {
                    let as_what = (declared.attribute.word(), &user.person);
                    let cause = (cut.from, cut.leaves);
                    self.bound.remarks.push(idle_superior(person, as_what, declared.from, cause));
                }
                None => {
                    let (user, person) = (user.person.clone(), person.clone());
                    let (attribute, why) = (declared.attribute, Unresolved::Inactive);
                    self.withhold_user(
                        declared.from,
                        WithheldReason::Superior { user, attribute, person, why },
                    );
                }
            }
        }
        any
    }

    /// What a person shall be by one attribute; `None` where that is left as it is.
    fn wanted(
        &mut self,
        id: UserId,
        user: &DeclaredUser,
        declared: &DeclaredTrait,
        live: Option<&str>,
    ) -> Option<Box<str>> {
        let value = match &declared.value {
            TraitValue::Ready(value) => value.clone(),
            // It is withheld.
            TraitValue::Named(_) => return None,
            TraitValue::People(people) => {
                let mut found = Vec::with_capacity(people.len());
                for person in people {
                    match self.directory.nearest(&[self.company.id], person) {
                        Ok(user) => found.push(user),
                        Err(why) => {
                            let why = nowhere(why, self.searched);
                            let (user, person) = (user.person.clone(), person.clone());
                            let what =
                                WithheldReason::Superior { user, attribute: declared.attribute, person, why };
                            self.withhold_user(declared.from, what);
                        }
                    }
                }
                if found.len() < people.len() || self.are_idle(user, declared, (&found, people), live) {
                    return None;
                }
                // Whoever is named by two keys is asked once.
                let mut seen = BTreeSet::new();
                found.retain(|it| seen.insert(*it));
                let is_own = declared.attribute == Attribute::Approvers && seen.contains(&id);
                self.bound.remarks.extend(is_own.then(|| approves_own(&user.person, declared.from)));
                let found: Vec<String> = found.iter().map(ToString::to_string).collect();
                found.join(",").into()
            }
        };
        if declared.attribute == Attribute::Active && self.staying.contains(&id) {
            return None;
        }
        if let Some(&holder) = self.taken.get(&(id, declared.attribute)) {
            let (user, attribute, key) = (user.person.clone(), declared.attribute, value);
            let what = WithheldReason::Taken { user, attribute, key, holder };
            self.withhold_user(declared.from, what);
            return None;
        }
        // Who is cut off gets no account back.
        let comes = declared.attribute == Attribute::Active && *value == *"true" && live != Some("true");
        if let Some(cut) = self.locked.get(&id).filter(|it| comes && !it.leaves) {
            self.bound.remarks.push(cut.remark(&user.person, declared.from));
            return None;
        }
        // Whoever is there already leaves only where that can be undone.
        let goes = declared.attribute == Attribute::Active && *value == *"false" && live == Some("true");
        if goes && !self.deactivating {
            let (person, because) = (user.person.clone(), StaysActive::Unproven);
            let what = WithheldReason::Deactivation { person, because, of: Vec::new() };
            self.withhold_user(declared.from, what);
            return None;
        }
        // What says the same is spelt as it is there.
        let same = live.filter(|it| declared.attribute.same(Some(it), Some(&value))).map(Box::from);
        Some(same.unwrap_or(value))
    }
}
