//! `removals`: how many people lose access, and how many memberships, roles and groups go.
//!
//! Counted per group, per person (direct roles), per company and in one apply. A role that is narrowed or moved counts
//! like one that goes, if people lose by it. People lose as well who no longer approve for others or manage them. A deleted
//! group counts as a group and by the people who lose, not once more by its members and roles. Whoever is cut off everywhere
//! is not counted: a lock-out must not wait for a limit.
//! What only takes away again what an apply gave, as its journal proves, is allowed by that: to undo a mistake must not
//! wait for a limit.
//! What an exception allows one group is not counted again as people who lose by it, or one thing would take two.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judge, Pool, Thing, check, subject};
use crate::model::{
    acting::{self, Right},
    ids::{CompanyId, RoleId, UserId},
    index::GroupIx,
    plan::{Action, Change, Check},
    rules::{Counted, Guard, HeldRole, How, Level, Limit, Subject},
    state::Edit,
};

/// What goes at one level: the changes by which it does, by position, and the thing.
type Going = Vec<(Vec<usize>, Thing)>;

/// Everything there is, by company and level.
type Existing = BTreeMap<(CompanyId, Level), usize>;

impl<'a> Judge<'a> {
    pub(super) fn removals(&mut self) {
        let (losers, felt) = self.losers();
        let (mut members, mut roles, mut groups) = (Going::new(), Going::new(), Going::new());
        let mut of: BTreeMap<(Level, usize), usize> = BTreeMap::new();
        for change in self.plan.changes() {
            let at = || vec![change.at];
            let Some(group) = change.group() else {
                of.insert((Level::Roles, change.at), change.direct_before().len());
                roles.extend(self.direct_losses(&change).map(|it| (at(), vec![it])));
                continue;
            };
            if change.action() == Action::Delete {
                groups.push((Vec::new(), vec![self.item(&change, How::Deleted)]));
                continue;
            }
            let live = self.sides.before();
            let able = live.members(group).filter(|it| self.rules.may_act(self.plan.index.user(*it)));
            of.insert((Level::Members, change.at), live.members(group).len());
            of.insert((Level::Roles, change.at), live.grants(group).len());
            of.insert((Level::People, change.at), able.count());
            let locked: BTreeSet<UserId> = change.locked_out().collect();
            for person in change.leaving().filter(|it| !locked.contains(it)) {
                let item = Counted { person: Some(person), ..self.item(&change, How::Leaves) };
                members.push((at(), vec![item]));
            }
            for edit in change.grants() {
                let Some(role) = edit.role() else { continue };
                if edit.removes() || edit.takes() && felt.contains(&(group, role)) {
                    let scope = live.scope(group, role).cloned();
                    let role = Some(HeldRole::Role(role));
                    roles.push((at(), vec![Counted { role, scope, ..self.item(&change, How::Loses) }]));
                }
            }
        }
        self.barren_rules();
        let existing = self.existing();
        let mut allowed: BTreeMap<Cause, usize> = BTreeMap::new();
        let undone = self.undone();
        for (level, going) in [
            (Level::Members, members),
            (Level::Roles, roles),
            (Level::Groups, groups),
            (Level::People, losers),
        ] {
            let (changes, things): (Vec<_>, Vec<_>) = going.into_iter().unzip();
            let known = |it: &Counted| {
                let by_journal = self.exceptions.journal().filter(|_| undone.contains(&cause(it)));
                by_journal.or_else(|| allowed.get(&cause(it)).copied().filter(|_| level == Level::People))
            };
            let pool = self.exceptions.removals(level, things, known);
            self.of_each(level, &changes, &pool, &of);
            self.in_all(level, &pool, &existing);
            allowed.extend(pool.allowed_items().map(|(item, by)| (cause(item), by)));
        }
    }

    /// What of the removals only takes away again what the apply gave that is rolled back: of groups of one name all of it.
    fn undone(&self) -> BTreeSet<Cause> {
        let Some(taken) = &self.rules.undone else { return BTreeSet::new() };
        let (mut undone, mut others) = (BTreeSet::new(), BTreeSet::new());
        for change in self.plan.changes() {
            let of = |it: &Edit| taken.edits.contains(&it.key);
            let mut add = |is_undone: bool, item: Counted| {
                if is_undone {
                    undone.insert(cause(&item))
                } else {
                    others.insert(cause(&item))
                };
            };
            if change.action() == Action::Delete {
                add(change.edits.iter().all(of), self.item(&change, How::Deleted));
                continue;
            }
            for edit in change.edits {
                let Some(right) = edit.attribute().and_then(Right::of) else { continue };
                let [before, after]: [BTreeSet<UserId>; 2] =
                    edit.traits().map(|it| it.into_iter().flat_map(acting::people).collect());
                for who in before.difference(&after) {
                    let role = Some(HeldRole::Acts(right));
                    add(of(edit), Counted { person: Some(*who), role, ..self.item(&change, How::Loses) });
                }
            }
            for edit in change.edits.iter().filter(|it| it.takes()) {
                let item = match (edit.member(), edit.role(), edit.kind()) {
                    (Some(member), ..) => {
                        let person = Some(self.plan.index.user(member));
                        Counted { person, ..self.item(&change, How::Leaves) }
                    }
                    (_, Some(role), _) => {
                        let role = Some(HeldRole::Role(role));
                        Counted { role, ..self.item(&change, How::Loses) }
                    }
                    (.., Some(_)) => self.direct(&change, edit, How::Loses),
                    (None, None, None) => continue,
                };
                add(of(edit), item);
            }
        }
        undone.retain(|it| !others.contains(it));
        undone
    }

    /// What goes of the direct roles of a person, but by a lock-out.
    fn direct_losses(&self, change: &Change<'a>) -> impl Iterator<Item = Counted> {
        let goes = change.direct().filter(|it| it.takes() && !change.note(it).why.is_lockout());
        goes.map(|it| self.direct(change, it, How::Loses))
    }

    /// Everybody who can act and loses something, with what it comes about by and the changed groups in which it does; and
    /// the roles of groups by which somebody loses.
    fn losers(&self) -> (Going, BTreeSet<(GroupIx, RoleId)>) {
        let locked = self.locked_out();
        let mut felt = BTreeSet::new();
        let mut losers = Vec::new();
        let mut acting = self.acting_losses();
        acting.retain(|who, _| !locked.contains(who));
        for outcome in self.effects.outcomes {
            let user = self.plan.index.user(outcome.user);
            if !self.rules.may_act(user) {
                continue;
            }
            for role in &outcome.fate.roles {
                felt.extend(role.lost.iter().map(|it| (it.0, role.role)));
            }
            if !outcome.loses() || locked.contains(&(outcome.company, user)) {
                continue;
            }
            let rights = acting.remove(&(outcome.company, user)).unwrap_or_default();
            let (mut causes, mut changes): (Thing, BTreeSet<usize>) = Default::default();
            for role in &outcome.fate.roles {
                for (group, scope) in &role.lost {
                    let Some(change) = self.sides.change(*group) else { continue };
                    let taken = change.grants().any(|it| it.role() == Some(role.role) && it.takes());
                    let leaves = !self.sides.after.has_member(*group, outcome.user);
                    let how = if change.action() == Action::Delete {
                        vec![How::Deleted]
                    } else {
                        // Whoever leaves would have lost by the role all the same.
                        let how = [(leaves, How::Leaves), (taken, How::Loses)];
                        how.into_iter().filter_map(|(is_so, how)| is_so.then_some(how)).collect()
                    };
                    // Where no role goes, who loses are those who leave, and these are counted as members.
                    if how.contains(&How::Loses) {
                        changes.insert(change.at);
                    }
                    causes.extend(how.into_iter().map(|how| Counted {
                        company: outcome.company,
                        group: Some(self.name(*group)),
                        person: Some(user),
                        role: Some(HeldRole::Role(role.role)),
                        scope: Some((*scope).clone()),
                        how,
                        from: None,
                    }));
                }
            }
            causes.extend(outcome.change.iter().flat_map(|it| self.direct_losses(it)));
            if causes.is_empty() {
                // However it comes about: somebody loses, and nothing less than an exception for that person allows it.
                let (company, person) = (outcome.company, Some(user));
                causes.push(Counted {
                    company,
                    group: None,
                    person,
                    role: None,
                    scope: None,
                    how: How::Loses,
                    from: None,
                });
            }
            causes.extend(rights);
            losers.push((changes.into_iter().collect(), causes));
        }
        losers.extend(acting.into_values().map(|rights| (Vec::new(), rights)));
        (losers, felt)
    }

    /// Says what goes of each group and person, where it is too much of that.
    fn of_each(
        &mut self,
        level: Level,
        changes: &[Vec<usize>],
        pool: &Pool,
        of: &BTreeMap<(Level, usize), usize>,
    ) {
        let mut each: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (thing, changes) in changes.iter().enumerate() {
            for change in changes {
                each.entry(*change).or_default().push(thing);
            }
        }
        let limit = Limit::Percent(self.rules.percent);
        for (change, things) in each {
            let of = of.get(&(level, change)).copied();
            let Some(change) = self.plan.change(change) else { continue };
            if self.is_beyond(things.len(), of, limit) {
                let check = check(Guard::Removals, subject(&change), limit);
                let rules = if level == Level::Members { self.unmeaning(&change) } else { Vec::new() };
                self.found(Check { level: Some(level), of, rules, ..check }, pool, &things);
            }
        }
    }

    /// The rules that do not mean those who leave a group.
    fn unmeaning(&self, change: &Change<'a>) -> Vec<Box<str>> {
        let leaving = change.members().filter(|it| it.removes());
        let rules = leaving.filter_map(|it| self.plan.by_rule.get(&it.key)).flat_map(|it| it.rules.iter());
        let rules: BTreeSet<&Box<str>> = rules.collect();
        rules.into_iter().cloned().collect()
    }

    /// A rule that means nobody is more likely wrong than right: it stops a group that is made with it, and one that
    /// somebody leaves by its rules.
    fn barren_rules(&mut self) {
        let mut found: Vec<(Change<'a>, Vec<Box<str>>)> = Vec::new();
        for change in self.plan.groups() {
            let by_rule = |it: &Edit| it.removes() && self.plan.by_rule.contains_key(&it.key);
            if change.action() == Action::Delete
                || change.action() == Action::Alter && !change.members().any(by_rule)
            {
                continue;
            }
            let barren = self
                .rules
                .barren
                .iter()
                .filter(|it| it.company == change.company() && *it.group == *change.name());
            let barren: Vec<Box<str>> = barren.map(|it| it.rule.clone()).collect();
            if !barren.is_empty() {
                found.push((change, barren));
            }
        }
        for (change, rules) in found {
            let things: Vec<Thing> = rules.iter().map(|_| vec![self.item(&change, How::Leaves)]).collect();
            let at: Vec<usize> = (0..things.len()).collect();
            let pool = self.exceptions.removals(Level::Rules, things, |_| None);
            let check = check(Guard::Removals, subject(&change), Limit::AtMost(0));
            self.found(Check { level: Some(Level::Rules), rules, ..check }, &pool, &at);
        }
    }

    /// Says what goes of each company, and in one apply.
    fn in_all(&mut self, level: Level, pool: &Pool, existing: &Existing) {
        let all: Vec<usize> = (0..pool.len()).collect();
        let mut own: BTreeMap<CompanyId, Vec<usize>> = BTreeMap::new();
        for &at in &all {
            // All that makes up a thing is of one company.
            own.entry(pool.items(at)[0].company).or_default().push(at);
        }
        for (&(company, _), &of) in existing.iter().filter(|it| it.0.1 == level) {
            let limit = Limit::Percent(self.rules.percent);
            let check = check(Guard::Removals, Subject::Company(company), limit);
            let own = own.get(&company).map_or(&[][..], |it| it);
            self.found(Check { level: Some(level), of: Some(of), ..check }, pool, own);
        }
        let check = check(Guard::Removals, Subject::Plan, Limit::AtMost(self.rules.at_most));
        self.found(Check { level: Some(level), ..check }, pool, &all);
    }

    /// Returns how much there is of everything that was read; of groups, all that the company has.
    fn existing(&self) -> Existing {
        let mut existing = Existing::new();
        let (live, sides, index) = (self.sides.before(), self.sides, &self.plan.index);
        let companies = self.plan.companies.iter().map(|it| it.company);
        let people = live.people().map(|it| index.person(it.0).0);
        let groups = sides.groups().into_iter().map(|it| sides.company(it));
        for company in companies.chain(groups).chain(people) {
            for &level in Level::ALL {
                existing.entry((company, level)).or_default();
            }
        }
        let mut add = |company, level, n| *existing.entry((company, level)).or_default() += n;
        for overview in &self.plan.companies {
            add(overview.company, Level::Groups, overview.groups);
        }
        let mut holders: BTreeSet<(CompanyId, UserId)> = BTreeSet::new();
        for (group, _) in live.groups() {
            let (company, grants) = (sides.company(*group), live.grants(*group).len());
            add(company, Level::Members, live.members(*group).len());
            add(company, Level::Roles, grants);
            if grants > 0 {
                holders.extend(live.members(*group).map(|it| (company, index.user(it))));
            }
        }
        for (person, roles) in live.people() {
            add(index.person(person).0, Level::Roles, roles.count());
            holders.insert(index.person(person));
        }
        // Whoever approves for people or manages them has something to lose.
        for (person, _, value) in live.traits().filter(|it| Right::of(it.1).is_some()) {
            let (company, over) = index.person(person);
            if self.rules.may_act(over) {
                holders.extend(acting::people(value).map(|it| (company, it)));
            }
        }
        for (company, _) in holders.iter().filter(|it| self.rules.may_act(it.1)) {
            add(*company, Level::People, 1);
        }
        existing
    }
}

/// What an item at one level and a cause of somebody's loss have in common.
type Cause = (CompanyId, Option<Box<str>>, Option<UserId>, Option<HeldRole>, How);

/// Who leaves loses every role of the group by that, and where a role goes or the group everybody does.
fn cause(item: &Counted) -> Cause {
    let Counted { company, group, person, role, how, scope: _, from: _ } = item.clone();
    let (person, role) = match how {
        How::Leaves => (person, None),
        How::Deleted => (None, None),
        // A direct role is one person's.
        _ if group.is_none() => (person, role),
        _ => (None, role),
    };
    (company, group, person, role, how)
}
