//! Laws of entries: whatever the order in which an API takes a request, too much is never held, and what both sides
//! give is never deleted.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::{
    live::fetch::grants,
    plan::worlds::{companies, role},
};

/// The entries of each role, by the companies that each is on.
type World = Vec<(u128, Vec<BTreeSet<u128>>)>;

fn scope(ids: &BTreeSet<u128>) -> Scope {
    companies(ids.iter().copied())
}

fn held(world: &World) -> Vec<GroupRole> {
    let all = world
        .iter()
        .flat_map(|(n, entries)| entries.iter().map(|it| (role(*n), Some(scope(it).to_wire().into()))));
    all.map(|(role, scope)| GroupRole { role, scope }).collect()
}

/// Up to three roles with up to three entries each, and for each what it shall hold on.
fn worlds() -> impl Strategy<Value = (World, BTreeMap<RoleId, Scope>)> {
    let ids = || prop::collection::btree_set(0..4_u128, 1..4);
    let one = (prop::collection::vec(ids(), 0..4), prop::collection::btree_set(0..4_u128, 0..4));
    prop::collection::vec(one, 1..4).prop_map(|roles| {
        let mut world = World::new();
        let mut shall = BTreeMap::new();
        for (n, (entries, wanted)) in (0..).zip(roles) {
            world.push((n, entries));
            if !wanted.is_empty() {
                shall.insert(role(n), scope(&wanted));
            }
        }
        (world, shall)
    })
}

/// What an API makes of a role that is there already.
#[derive(Clone, Copy, Debug)]
enum Twice {
    Second,
    Merged,
    Replaced,
}

/// An API that takes the elements of a request one by one, in the order of `dice`.
struct Api {
    entries: Vec<(RoleId, Scope)>,
    twice: Twice,
    by_id: bool,
}

impl Api {
    fn union(&self, role: RoleId) -> Scope {
        Scope::any(self.entries.iter().filter(|it| it.0 == role).map(|it| it.1.clone()))
    }

    fn read(&self) -> Vec<Grant> {
        let wire = |scope: &Scope| -> Arc<RawValue> { scope.to_wire().into() };
        grants(self.entries.iter().map(|it| GroupRole { role: it.0, scope: Some(wire(&it.1)) }).collect())
    }

    fn take(&mut self, asked: &Asked, mut dice: u64, mut look: impl FnMut(&Self)) {
        let (mut add, mut delete) = (asked.add.clone(), asked.delete.clone());
        while !add.is_empty() || !delete.is_empty() {
            dice = dice.rotate_left(7) ^ 0x9e37_79b9;
            if delete.is_empty() || (!add.is_empty() && dice.is_multiple_of(2)) {
                let (role, scope) = add.remove(0);
                let there = self.entries.iter_mut().find(|it| it.0 == role);
                match (self.twice, there) {
                    (Twice::Second, _) | (_, None) => self.entries.push((role, scope)),
                    (Twice::Merged, Some(there)) => there.1 = Scope::any([there.1.clone(), scope]),
                    (Twice::Replaced, Some(_)) => {
                        self.entries.retain(|it| it.0 != role);
                        self.entries.push((role, scope));
                    }
                }
            } else {
                let gone = delete.remove(0);
                let scope = Scope::read(gone.scope.as_deref());
                self.entries.retain(|it| it.0 != gone.role || !self.by_id && it.1 != scope);
            }
            look(self);
        }
    }
}

fn wish<'a>(give: &'a [(RoleId, Scope)], take: &'a [RoleId], shall: &'a BTreeMap<RoleId, Scope>) -> Wish<'a> {
    Wish { give, take, shall }
}

proptest! {
    #[test]
    fn one_request_in_any_order_keeps_what_both_give_and_never_gives_more(
        (world, shall) in worlds(), dice in any::<u64>()
    ) {
        let held = grants(held(&world));
        let give: Vec<_> = shall.clone().into_iter().collect();
        let take: Vec<RoleId> = held.iter().map(|it| it.role).collect();
        let asked = Asked::new(&held, wish(&give, &take, &shall), Deletion::Entry);
        let wanted = |role: &RoleId| shall.get(role).cloned().unwrap_or_default();
        for gone in &asked.delete {
            let scope = Scope::read(gone.scope.as_deref());
            prop_assert!(!wanted(&gone.role).contains(&scope), "what both give is deleted: {scope:?}");
            prop_assert!(!asked.add.contains(&(gone.role, scope)), "added and deleted at once");
        }
        let mut api = Api { entries: Vec::new(), twice: Twice::Second, by_id: false };
        api.entries = world.iter().flat_map(|(n, all)| all.iter().map(|it| (role(*n), scope(it)))).collect();
        let before: BTreeMap<RoleId, Scope> = held.iter().map(|it| (it.role, (*it.scope).clone())).collect();
        let kept: Vec<_> = api.entries.iter().filter(|it| wanted(&it.0).contains(&it.1)).cloned().collect();
        let mut wrong = None;
        api.take(&asked, dice, |api| {
            for (n, _) in &world {
                let (role, now) = (role(*n), api.union(role(*n)));
                let most = Scope::any([before.get(&role).cloned().unwrap_or_default(), wanted(&role)]);
                let least = Scope::any(kept.iter().filter(|it| it.0 == role).map(|it| it.1.clone()));
                if !(most.contains(&now) && (least.is_empty() || now.contains(&least))) {
                    wrong = Some((role, now));
                }
            }
        });
        prop_assert_eq!(wrong, None);
        for (n, _) in &world {
            prop_assert_eq!(api.union(role(*n)), wanted(&role(*n)));
            prop_assert_eq!(asked.after.get(&role(*n)).cloned().unwrap_or_default(), wanted(&role(*n)));
        }
    }

    #[test]
    fn two_requests_arrive_whatever_the_api_makes_of_a_second_entry_and_of_a_deletion(
        (world, shall) in worlds(), dice in any::<u64>(),
        twice in prop_oneof![Just(Twice::Second), Just(Twice::Merged), Just(Twice::Replaced)],
        deletion in prop_oneof![Just(Deletion::Entry), Just(Deletion::Role), Just(Deletion::First)]
    ) {
        let give: Vec<_> = shall.clone().into_iter().collect();
        let entries = world.iter().flat_map(|(n, all)| all.iter().map(|it| (role(*n), scope(it))));
        let mut api = Api { entries: entries.collect(), twice, by_id: deletion == Deletion::Role };
        let before: BTreeMap<RoleId, Scope> = api.read().into_iter().map(|it| (it.role, (*it.scope).clone())).collect();
        let take: Vec<RoleId> = before.keys().copied().collect();
        let mut wrong = false;
        for (give, take) in [(&[][..], &take[..]), (&give[..], &[][..])] {
            let asked = Asked::new(&api.read(), wish(give, take, &shall), deletion);
            prop_assert!(asked.add.is_empty() || asked.delete.is_empty());
            api.take(&asked, dice, |api| {
                wrong |= world.iter().any(|(n, _)| {
                    let sides = [&before, &shall].map(|it| it.get(&role(*n)).cloned().unwrap_or_default());
                    !Scope::any(sides).contains(&api.union(role(*n)))
                });
            });
        }
        prop_assert!(!wrong, "somebody holds what neither side gives");
        for (n, _) in &world {
            prop_assert_eq!(api.union(role(*n)), shall.get(&role(*n)).cloned().unwrap_or_default());
        }
    }
}

/// Entries before, what shall be, and which entries come and go; each digit is a company, each word an entry.
#[track_caller]
fn check(before: &str, shall: &str, deletion: Deletion, come: &str, go: &str) {
    let ids = |word: &str| -> BTreeSet<u128> {
        word.chars().filter_map(|it| it.to_digit(10)).map(u128::from).collect()
    };
    let world = vec![(0, before.split_whitespace().map(ids).collect())];
    let wanted = BTreeMap::from([(role(0), scope(&ids(shall)))]);
    let give = [(role(0), scope(&ids(shall)))];
    let asked = Asked::new(&grants(held(&world)), wish(&give, &[role(0)], &wanted), deletion);
    let scopes = |text: &str| text.split_whitespace().map(|it| scope(&ids(it))).collect::<Vec<_>>();
    let added: Vec<Scope> = asked.add.into_iter().map(|it| it.1).collect();
    let deleted: Vec<Scope> = asked.delete.iter().map(|it| Scope::read(it.scope.as_deref())).collect();
    assert_eq!((added, deleted), (scopes(come), scopes(go)), "{before} -> {shall} {deletion:?}");
}

#[test]
fn only_entries_that_differ_are_named() {
    use Deletion::{Entry, First, Role};
    check("1 2", "1", Entry, "", "2");
    check("1", "12", Entry, "12", "");
    check("12", "1", Entry, "1", "12");
    check("1 23", "12", Entry, "12", "23");
    check("1 1 2", "1", Entry, "", "2");
    check("1", "2", Entry, "2", "1");
    check("1", "12", Role, "12", "");
    check("1 2", "1", Role, "1", "2 1");
    check("1", "12", First, "12", "1");
}

#[test]
fn where_no_second_entry_is_taken_the_new_one_takes_the_place_of_the_old() {
    let world = vec![(0, vec![BTreeSet::from([1])])];
    let wanted = BTreeMap::from([(role(0), companies([1, 2]))]);
    let give = [(role(0), companies([1, 2]))];
    let asked = Asked::replacing(&grants(held(&world)), wish(&give, &[role(0)], &wanted));
    assert_eq!(asked.add, [(role(0), companies([1, 2]))]);
    assert_eq!(asked.deleted(), [role(0)]);
}
