//! Who may act for a person, and for which people that person acts, with what the files say of each: as far as it was read, and
//! it is said how far that was.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Asked, DirectAccess, Line, Standing, direct,
    standing::{lasting_longest, unlisted},
};
use crate::{
    files::declared::{Declared, DeclaredDirect, DeclaredUser, Rest},
    model::{
        acting::{self, Act, Arrangers, Consent, Right},
        direct::DirectRole,
        ids::{CompanyId, UserId},
        observed::{Observed, User},
        source::Place,
    },
    plan::bind::{keys, people::Directory},
};

/// Who may act for a person, and for which people the person acts.
#[derive(Clone, Debug, Default)]
pub struct Acting {
    /// For which people the person acts, or shall; sorted.
    pub own: Vec<Acted>,
    /// Who acts for the person, or shall; sorted.
    pub others: Vec<Acted>,
    /// Roles of others over everybody of some place, which may be over the person, of those whose roles were read; sorted.
    pub everybody: Vec<(UserId, DirectAccess)>,
    /// Whether the person's own list of arrangers was told.
    pub has_arrangers: bool,
    /// Whether it was told who leads the person and approves.
    pub has_superiors: bool,
    /// Of how many other people it was read who leads them and approves.
    pub read: usize,
    /// What the files ask for of the person and of which it was not read whether it is so; sorted.
    pub unread: Vec<Act>,
    /// Those of them all whose accounts cannot be used.
    pub idle: BTreeSet<UserId>,
}

/// That somebody acts for somebody, or shall.
#[derive(Clone, Debug)]
pub struct Acted {
    /// Who for which person, and by what.
    pub act: Act,
    /// Whether it is so, and shall be.
    pub standing: Standing,
    /// What is odd about it.
    pub doubt: Option<Doubt>,
}

/// What is odd about an arranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The arranger's role has the traveller, and the traveller's own list not the arranger.
    NotOnList,
    /// The traveller's own list has the arranger, and the arranger's role not the traveller.
    NotInRole,
    /// The traveller has not agreed yet.
    Pending,
    /// Nobody approves for themselves.
    Own,
    /// No plan gives it yet: the entry names somebody else as well who is not known or not active.
    Withheld,
}

impl Acting {
    /// In how many ways it is not what the files ask for. A role over everybody counts with who holds it.
    pub(super) fn differences(&self) -> usize {
        let people = self.own.iter().chain(&self.others).map(|it| &it.standing);
        people.filter(|it| it.differs()).count()
    }
}

/// Says who acts for a person, and for which people the person acts; `declared` is what the files say at this time.
pub fn acting(declared: &Declared, observed: &Observed, person: &User, now: Timestamp) -> Acting {
    let known = Directory::new(&observed.users);
    let (users, _) = keys::given((declared, declared), (&known, observed));
    let changed = users.as_deref().map(Directory::new);
    let directory = changed.as_ref().unwrap_or(&known);
    let said = Said::of(declared, directory, person.id, now);
    let live = live(observed, person.id);
    let standing = |act: &Act| {
        if said.locked.contains(&act.who) && act.right == Right::Arranger {
            return Standing::new(Asked::LockedOut, said.lines.get(act).copied());
        }
        match said.lines.get(act) {
            Some(line) => Standing::new(Asked::Declared, [*line]),
            None => unlisted(said.rest(act), None),
        }
    };
    let mut all: BTreeMap<Act, Acted> = BTreeMap::new();
    for act in live {
        let doubt = doubt(&act, observed);
        all.insert(act, Acted { act, standing: standing(&act), doubt });
    }
    let mut unread = Vec::new();
    for (act, line) in &said.lines {
        let is_read = match act.right {
            Right::Arranger => observed.direct.contains_key(&act.who),
            Right::Approver | Right::Manager => observed.profiles.contains_key(&act.over),
        };
        if !is_read {
            unread.push(*act);
        }
        if is_read && !all.contains_key(act) && !said.locked.contains(&act.who) {
            let standing = Standing::new(Asked::Missing, [*line]);
            let doubt = said.withheld.contains(act).then_some(Doubt::Withheld);
            all.insert(*act, Acted { act: *act, standing, doubt });
        }
    }
    let idle = |it: &UserId| directory.user(*it).is_some_and(|it| !it.active && !it.is_hidden());
    let everybody = everybody(declared, (observed, directory), (person, &said.locked), now);
    let people = all.keys().flat_map(|it| [it.who, it.over]).chain(everybody.iter().map(|it| it.0));
    let traits = observed.profiles.get(&person.id);
    let superiors = [Right::Approver, Right::Manager].map(Right::attribute);
    let has =
        || superiors.into_iter().flatten().any(|it| traits.is_some_and(|traits| traits.get(it).is_some()));
    Acting {
        idle: people.filter(idle).collect(),
        everybody,
        has_arrangers: observed.arrangers.contains_key(&person.id),
        // A snapshot does not say of everybody in it whether that was read.
        has_superiors: observed.led.contains(&person.id) || has(),
        read: observed.profiles.keys().filter(|it| **it != person.id).count(),
        unread,
        own: all.values().filter(|it| it.act.who == person.id).cloned().collect(),
        others: all.into_values().filter(|it| it.act.over == person.id).collect(),
    }
}

/// Who acts for the person, and for which people the person acts: by roles, by what people are, and by the person's own list.
fn live(observed: &Observed, person: UserId) -> BTreeSet<Act> {
    let mut live = acting::acts(&observed.direct, &observed.profiles);
    live.retain(|it| it.who == person || it.over == person);
    let told = observed
        .arrangers
        .iter()
        .flat_map(|(over, all)| all.keys().map(|who| Act { who: *who, right: Right::Arranger, over: *over }));
    live.extend(told.filter(|it| it.over == person));
    live
}

/// What is odd about what there is.
fn doubt(act: &Act, observed: &Observed) -> Option<Doubt> {
    match act.right {
        Right::Approver => (act.who == act.over).then_some(Doubt::Own),
        Right::Manager => None,
        Right::Arranger => {
            let list: Option<&Arrangers> = observed.arrangers.get(&act.over);
            let told = list.map(|it| it.get(&act.who));
            let mut travellers =
                observed.direct.get(&act.who).map(|it| it.iter().flat_map(DirectRole::travellers));
            let is_held = travellers.as_mut().map(|it| it.any(|it| it.user == act.over));
            match (told, is_held) {
                (Some(None), Some(true)) => Some(Doubt::NotOnList),
                (Some(Some(_)), Some(false)) => Some(Doubt::NotInRole),
                (Some(Some(Consent::Pending)), _) => Some(Doubt::Pending),
                _ => None,
            }
        }
    }
}

/// Who holds a role over everybody that may be over the person, of those whose roles were read.
fn everybody(
    declared: &Declared,
    (observed, directory): (&Observed, &Directory<'_>),
    (person, locked): (&User, &BTreeSet<UserId>),
    now: Timestamp,
) -> Vec<(UserId, DirectAccess)> {
    let users = declared.companies.iter().flat_map(|it| it.users.iter().map(move |user| (it.id, user)));
    let mut entries: BTreeMap<UserId, Vec<&DeclaredUser>> = BTreeMap::new();
    for (company, user) in users {
        if let Ok(id) = directory.anyone(company, &user.person) {
            entries.entry(id).or_default().push(user);
        }
    }
    let mut all = Vec::new();
    for (who, roles) in observed.direct.iter().filter(|it| *it.0 != person.id) {
        let own = entries.get(who).map_or(&[][..], Vec::as_slice);
        let held = direct(own, roles, locked.contains(who), now).into_iter();
        all.extend(held.filter(|it| acting::may_be_over(&it.kind, person.company)).map(|it| (*who, it)));
    }
    all
}

/// What the files say of who acts for the person and for which people the person acts.
struct Said {
    lines: BTreeMap<Act, Line>,
    /// What is to become of the others of a list.
    rest: BTreeMap<(Right, UserId), Rest>,
    locked: BTreeSet<UserId>,
    /// What entries ask for that a plan leaves undone.
    withheld: BTreeSet<Act>,
}

impl Said {
    fn of(declared: &Declared, directory: &Directory<'_>, person: UserId, now: Timestamp) -> Self {
        let in_force = declared.lockouts.iter().filter(|it| it.holds(now));
        let locked = in_force.flat_map(|it| directory.find(&it.person)).map(|it| it.id).collect();
        let mut said =
            Self { lines: BTreeMap::new(), rest: BTreeMap::new(), locked, withheld: BTreeSet::new() };
        for company in &declared.companies {
            for user in &company.users {
                if let Ok(id) = directory.anyone(company.id, &user.person) {
                    said.arranging((id, user), (company.id, directory), now);
                    said.led((id, user), (company.id, directory));
                }
            }
        }
        said.lines.retain(|it, _| it.who == person || it.over == person);
        said
    }

    /// What is to become of the others on the list that an act is on: of an arranger the role, else the attribute of the other.
    fn rest(&self, act: &Act) -> Rest {
        let whose = if act.right == Right::Arranger { act.who } else { act.over };
        self.rest.get(&(act.right, whose)).copied().unwrap_or(Rest::Unmanaged)
    }

    fn arranging(
        &mut self,
        (who, user): (UserId, &DeclaredUser),
        (company, directory): (CompanyId, &Directory<'_>),
        now: Timestamp,
    ) {
        self.rest.insert((Right::Arranger, who), user.roles.rest);
        let mut lines: BTreeMap<UserId, Vec<Line>> = BTreeMap::new();
        for entry in &user.roles.entries {
            let DeclaredDirect::Arranger(travellers) = &entry.what else { continue };
            let line = Line { from: entry.from, ends: entry.term.ends };
            // A plan gives all of a list or nothing of it.
            let is_whole = travellers.iter().all(|it| directory.anywhere(&it.person).is_ok());
            for it in travellers {
                if let Ok(over) = directory.nearest(&[company], &it.person) {
                    lines.entry(over).or_default().push(line);
                    let act = Act { who, right: Right::Arranger, over };
                    self.withheld.extend((!is_whole).then_some(act));
                }
            }
        }
        for (over, all) in lines {
            if let Some(line) = lasting_longest(all.into_iter(), now) {
                self.lines.insert(Act { who, right: Right::Arranger, over }, line);
            }
        }
    }

    fn led(
        &mut self,
        (over, user): (UserId, &DeclaredUser),
        (company, directory): (CompanyId, &Directory<'_>),
    ) {
        let rights = user.traits.iter().filter_map(|it| Right::of(it.attribute));
        self.rest.extend(rights.map(|right| ((right, over), Rest::Removed)));
        let lines = led((over, user), (company, directory));
        self.lines.extend(lines.map(|(act, from)| (act, Line { from, ends: None })));
    }
}

/// Who is to lead somebody or to approve, by the person's entry, each with the line that says so.
pub(in crate::plan) fn led<'a>(
    (over, user): (UserId, &'a DeclaredUser),
    (company, directory): (CompanyId, &'a Directory<'_>),
) -> impl Iterator<Item = (Act, Place)> + 'a {
    let rights = user.traits.iter().filter_map(|it| Some((Right::of(it.attribute)?, it)));
    rights.flat_map(move |(right, declared)| {
        let people = user.people_of(declared.attribute);
        let found = people.filter_map(move |it| directory.nearest(&[company], it).ok());
        found.map(move |who| (Act { who, right, over }, declared.from)).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::model::{
        direct::{DirectRole, DirectRoles, Traveller},
        selector::{Attribute, Traits},
    };

    const PEOPLE: u128 = 4;

    fn id(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn user(n: u128) -> User {
        let email = format!("p{n}@x.example").parse().ok();
        User { email, active: n != 0, ..User::hidden(id(n)) }
    }

    /// What one person holds and is: travellers of the role, the own list of arrangers, approvers and the manager; each where it
    /// was read.
    type One = (Option<Vec<u128>>, Option<Vec<(u128, bool)>>, Option<(Vec<u128>, Option<u128>)>);

    fn world() -> impl Strategy<Value = Vec<One>> {
        let people = || prop::collection::vec(0..PEOPLE, 0..4);
        let list = prop::collection::vec((0..PEOPLE, any::<bool>()), 0..4);
        let one = (
            prop::option::of(people()),
            prop::option::of(list),
            prop::option::of((people(), prop::option::of(0..PEOPLE))),
        );
        prop::collection::vec(one, PEOPLE as usize)
    }

    fn observed(world: &[One]) -> Observed {
        let mut observed = Observed { users: (0..PEOPLE).map(user).collect(), ..Observed::default() };
        for (n, (role, list, business)) in (0..PEOPLE).zip(world) {
            let travellers = role.iter().flatten();
            let travellers =
                travellers.map(|it| Traveller { user: id(*it), confirmations: false, flight_stats: false });
            let travellers: Vec<Traveller> = travellers.collect();
            let roles = (!travellers.is_empty()).then(|| DirectRole::arranger(travellers));
            observed.direct.extend(role.iter().map(|_| (id(n), DirectRoles::new(roles.clone()))));
            let consent = |pending: bool| if pending { Consent::Pending } else { Consent::Given };
            let list = list.as_ref().map(|it| it.iter().map(|it| (id(it.0), consent(it.1))).collect());
            observed.arrangers.extend(list.map(|it| (id(n), it)));
            if let Some((approvers, manager)) = business {
                let mut traits = Traits::default();
                let all: Vec<String> = approvers.iter().map(|it| id(*it).to_string()).collect();
                if !all.is_empty() {
                    traits.put(Attribute::Approvers, all.join(","));
                }
                manager.iter().for_each(|it| traits.put(Attribute::Manager, id(*it).to_string()));
                observed.profiles.insert(id(n), traits);
                observed.led.insert(id(n));
            }
        }
        observed
    }

    proptest! {
        /// Of each person it is said what looking at every pair of people shows, and nothing else.
        #[test]
        fn of_everybody_it_is_said_who_acts_and_what_is_odd(world in world()) {
            let observed = observed(&world);
            for person in 0..PEOPLE {
                let found = acting(&Declared::default(), &observed, &user(person), Timestamp::UNIX_EPOCH);
                let mut expected = BTreeMap::new();
                for (who, over) in (0..PEOPLE).flat_map(|a| (0..PEOPLE).map(move |b| (a, b))) {
                    let (role, list) = (&world[who as usize].0, &world[over as usize].1);
                    let in_role = role.as_ref().map(|it| it.contains(&over));
                    // Of several rows of one arranger the last counts; the own list of others is not looked at.
                    let list = list.as_ref().filter(|_| over == person);
                    let on_list = list.map(|it| it.iter().rfind(|it| it.0 == who).map(|it| it.1));
                    if in_role == Some(true) || matches!(on_list, Some(Some(_))) {
                        let own = observed.arrangers.get(&id(over)).map(|it| it.get(&id(who)));
                        let doubt = match (own, in_role) {
                            (Some(None), Some(true)) => Some(Doubt::NotOnList),
                            (Some(Some(_)), Some(false)) => Some(Doubt::NotInRole),
                            (Some(Some(Consent::Pending)), _) => Some(Doubt::Pending),
                            _ => None,
                        };
                        expected.insert((who, Right::Arranger, over), doubt);
                    }
                    let Some((approvers, manager)) = &world[over as usize].2 else { continue };
                    if approvers.contains(&who) {
                        expected.insert((who, Right::Approver, over), (who == over).then_some(Doubt::Own));
                    }
                    if *manager == Some(who) {
                        expected.insert((who, Right::Manager, over), None);
                    }
                }
                let said = |all: &[Acted]| -> BTreeMap<_, _> {
                    let n = |it: UserId| it.0.as_u128();
                    all.iter().map(|it| ((n(it.act.who), it.act.right, n(it.act.over)), it.doubt)).collect()
                };
                let of = |side: fn(&(u128, Right, u128)) -> u128| -> BTreeMap<_, _> {
                    expected.iter().filter(|it| side(it.0) == person).map(|it| (*it.0, *it.1)).collect()
                };
                prop_assert_eq!(said(&found.own), of(|it| it.0));
                prop_assert_eq!(said(&found.others), of(|it| it.2));
                prop_assert!(found.own.iter().chain(&found.others).all(|it| it.standing.asked == Asked::Unmanaged));
                let is_spoken_of = expected.keys().any(|it| (it.0 == person || it.2 == person) && (it.0 == 0 || it.2 == 0));
                prop_assert_eq!(found.idle.contains(&id(0)), is_spoken_of);
                prop_assert_eq!(found.has_arrangers, world[person as usize].1.is_some());
                prop_assert_eq!(found.has_superiors, world[person as usize].2.is_some());
                prop_assert_eq!(found.differences(), 0);
            }
        }
    }
}
