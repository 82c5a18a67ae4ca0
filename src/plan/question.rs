//! Questions over everybody's access: who may do something, who holds a role, and what there is. Each answer is a
//! review of just what answers it, with what was not seen beside it.
//!
//! Pure: of what was read and what is declared. Compares nothing and changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    files::declared::{Declared, Pattern},
    live::snapshot::{Company, Reach, Snapshot},
    model::{
        direct::{DirectRole, DirectRoles, TYPES, is_harmless},
        finding::nearest,
        ids::{CompanyId, PersonRef, RoleId, UserId},
        observed::RoleHead,
        permissions::{self, Permissions},
        scope::{Dimension, Kind, Scope, Value},
    },
    plan::review::{self, Person, Review, Selected},
};

mod acting;
#[cfg(test)]
mod tests;

pub use acting::{Actors, acted_for};

/// What is asked.
#[derive(Clone, Debug)]
pub enum Question {
    /// Who may do something.
    Can(Ability),
    /// Who holds a role: its name, its id, or the type of one that is held outside groups.
    Has(Box<str>),
    /// Who may act for a person.
    ActsFor(PersonRef),
    /// The groups of these names, or all.
    Groups(Option<Pattern>),
    /// The roles of these names, or all.
    Roles(Option<Pattern>),
    /// The people of these addresses, or all.
    People(Option<Pattern>),
}

/// A permission, perhaps with one of its actions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Ability {
    pub permission: Box<str>,
    pub action: Option<Box<str>>,
}

/// Travellers by names or ids, as they are asked for: all of the keys, any of the values of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts(pub Vec<(Kind, Vec<Box<str>>)>);

/// Which side is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What there is.
    Live,
    /// What there will be once the files are applied.
    Desired,
}

/// A name that nothing has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {what} is called `{name}`")]
pub struct Unknown {
    /// What it was to name.
    pub what: &'static str,
    /// As it was given.
    pub name: Box<str>,
    /// What was probably meant.
    pub near: Option<Box<str>>,
    /// All there are, sorted.
    pub known: Vec<Box<str>>,
}

/// What a question looks for, in ids.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// The roles that answer it, by company; `None` where every role does.
    pub roles: Option<BTreeSet<(CompanyId, RoleId)>>,
    /// The travellers it is about; `None` where that is everybody.
    pub reach: Option<Scope>,
    /// Roles of which nobody says what they permit.
    pub untold: BTreeSet<(CompanyId, RoleId)>,
}

/// What answers a question.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// About which side.
    pub side: Side,
    /// About which travellers, where not about all.
    pub reach: Option<Scope>,
    /// Whoever and whatever answers it, and nothing else of what is held.
    pub review: Review,
    /// Who acts for somebody, where that is asked; nothing else of the review answers it.
    pub actors: Option<Actors>,
    /// What was not seen, in the order in which it is told.
    pub unseen: Vec<Unseen>,
}

/// What was not seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// Roles outside groups of so many people; of everybody where that is not known.
    DirectRoles(Option<usize>),
    /// What so many roles permit that groups hold, in names.
    Permissions(Vec<Box<str>>),
    /// What roles outside groups permit, which so many people hold.
    OutsideGroups(usize),
    /// Where so many roles hold, in a form that cannot be read: they are told of.
    Scopes(usize),
    /// Who so many people are.
    Hidden(usize),
    /// People in no group, as the API lists not everybody.
    Everybody,
    /// Lines of files, as addresses are pseudonyms.
    Pseudonyms,
    /// So many things that the files ask for and that are withheld.
    Withheld(usize),
    /// Groups that other companies own.
    OtherCompanies,
    /// What every traveller may do for themselves.
    Themselves,
    /// The person's own list of arrangers.
    Arrangers,
    /// Who leads the person and approves.
    Superiors,
    /// Whether so many entries of the files about the person are so.
    Entries(usize),
    /// Roles of groups that reach the person.
    ThroughGroups,
}

impl Question {
    /// Whether it is about who holds something.
    pub fn is_about_holders(&self) -> bool {
        matches!(self, Self::Can(_) | Self::Has(_))
    }

    /// Finds what it looks for among the roles of companies.
    ///
    /// # Errors
    ///
    /// A name that nothing has.
    pub fn sought(&self, companies: &[Company], reach: Option<Scope>) -> Result<Sought, Unknown> {
        let all = companies.iter().flat_map(|it| it.roles.iter().map(move |role| (it.id, role)));
        let mut sought = Sought { reach, ..Sought::default() };
        let ids = |it: (CompanyId, &RoleHead)| (it.0, it.1.id);
        match self {
            Self::ActsFor(_) | Self::Groups(_) | Self::Roles(_) | Self::People(_) => (),
            Self::Can(ability) => {
                ability.known(&all.clone().map(|it| it.1))?;
                let able = all.clone().filter(|it| ability.is_given_by(it.1) == Some(true)).map(ids);
                sought.roles = Some(able.collect());
                sought.untold = all.filter(|it| ability.is_given_by(it.1).is_none()).map(ids).collect();
            }
            Self::Has(name) => {
                let called: BTreeSet<_> = all.clone().filter(|it| is_called(it.1, name)).map(ids).collect();
                if called.is_empty() && !is_direct(name) {
                    let names = all.map(|it| it.1.name.clone());
                    return Err(unknown("role", name, names.chain(TYPES.map(|it| it.0.into()))));
                }
                sought.roles = Some(called);
            }
        }
        Ok(sought)
    }

    /// Whether a role outside groups answers it; `None` where nobody says what it permits.
    fn is_answered_by(&self, role: &DirectRole, reach: Option<&Scope>) -> Option<bool> {
        if !reaches_direct(role, reach) {
            return Some(false);
        }
        let role_type = role.kind().role_type();
        match self {
            Self::Can(ability) if ability.permission.eq_ignore_ascii_case(ACCESS) => {
                Some(!is_harmless(role_type))
            }
            Self::Can(_) => None,
            Self::Has(name) => Some(role_type.eq_ignore_ascii_case(name)),
            Self::ActsFor(_) | Self::Groups(_) | Self::Roles(_) | Self::People(_) => Some(true),
        }
    }
}

/// The permission over who may do what, of which it is known which roles outside groups have it.
const ACCESS: &str = "ACCESS_MANAGEMENT";

impl Ability {
    /// Whether a role gives it; `None` where the API does not say what that permits.
    pub fn is_given_by(&self, role: &RoleHead) -> Option<bool> {
        let Some(permissions) = &role.permissions else { return None };
        let spelt = permissions.iter().map(|it| it.0).find(|it| it.eq_ignore_ascii_case(&self.permission));
        Some(spelt.is_some_and(|permission| match &self.action {
            None => true,
            Some(action) => permissions.covers(permission, &action.to_ascii_uppercase()),
        }))
    }

    /// Makes sure that a role may have it: of an action that is known of no permission it is not known what gives it.
    fn known<'a>(&self, roles: &(impl Iterator<Item = &'a RoleHead> + Clone)) -> Result<(), Unknown> {
        let all = || roles.clone().filter_map(|it| it.permissions.as_ref()).flat_map(Permissions::iter);
        let own = || all().filter(|it| it.0.eq_ignore_ascii_case(&self.permission));
        if own().next().is_none() {
            return Err(unknown("permission", &self.permission, all().map(|it| it.0.into())));
        }
        let Some(action) = &self.action else { return Ok(()) };
        let actions = own().flat_map(|it| it.1.iter().map(|it| &**it)).chain(permissions::ACTIONS);
        if actions.clone().any(|it| it.eq_ignore_ascii_case(action)) {
            return Ok(());
        }
        Err(unknown("action", action, actions.map(Box::from)))
    }
}

impl std::str::FromStr for Ability {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let (permission, action) = match raw.split_once(':') {
            Some((permission, action)) => (permission, Some(action)),
            None => (raw, None),
        };
        if permission.is_empty() || action.is_some_and(|it| it.is_empty() || it.contains(':')) {
            return Err("write PERMISSION or PERMISSION:ACTION, such as TRIP:WRITE".to_owned());
        }
        Ok(Self { permission: permission.into(), action: action.map(Box::from) })
    }
}

impl std::str::FromStr for Whereabouts {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let mut all: BTreeMap<Kind, Vec<Box<str>>> = BTreeMap::new();
        for part in raw.split(',') {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let kind = KEYS.iter().find(|it| it.0 == key.trim()).map(|it| it.1.clone());
            let keys = || KEYS.map(|it| it.0).join(", ");
            let kind =
                kind.ok_or_else(|| format!("write KEY=VALUE, several with a comma: keys are {}", keys()))?;
            if value.trim().is_empty() != (kind == Kind::Platform) {
                return Err("write KEY=VALUE, such as company=globex; `platform` has no value".to_owned());
            }
            all.entry(kind).or_default().push(value.trim().into());
        }
        Ok(Self(all.into_iter().collect()))
    }
}

/// The keys of a scope, as in the files.
const KEYS: [(&str, Kind); 6] = [
    ("company", Kind::Company),
    ("legalEntity", Kind::LegalEntity),
    ("bookingTmc", Kind::BookingTmc),
    ("contractingTmc", Kind::ContractingTmc),
    ("stealthType", Kind::StealthType),
    ("platform", Kind::Platform),
];

impl Whereabouts {
    /// The scope of these travellers, by the names of the files and those that the API told.
    ///
    /// # Errors
    ///
    /// A name that nothing has.
    pub fn scope(&self, declared: &Declared, told: &BTreeMap<Uuid, Box<str>>) -> Result<Scope, Unknown> {
        let names = || declared.aliases.iter().chain(told);
        let dimension = |(kind, values): &(Kind, Vec<Box<str>>)| {
            let mut found = Vec::new();
            for value in values {
                let id = Value::from_wire(value);
                if matches!(kind, Kind::StealthType | Kind::Platform) || matches!(id, Value::Id(_)) {
                    found.push(if value.is_empty() { Value::Nothing } else { id });
                    continue;
                }
                let before = found.len();
                found.extend(names().filter(|it| it.1 == value).map(|it| Value::Id(*it.0)));
                if found.len() == before {
                    let what = if *kind == Kind::LegalEntity { "legal entity" } else { "company" };
                    return Err(unknown(what, value, names().map(|it| it.1.clone())));
                }
            }
            Ok(Dimension { kind: kind.clone(), values: found })
        };
        Ok(Scope::new([self.0.iter().map(dimension).collect::<Result<_, _>>()?]))
    }
}

/// Most names that are listed where one is not known.
const LISTED: usize = 40;

impl Unknown {
    /// What was probably meant, and what there is.
    pub fn hint(&self) -> Option<String> {
        let near = self.near.as_ref().map(|it| format!("did you mean `{it}`? "));
        let listed: Vec<&str> = self.known.iter().take(LISTED).map(|it| &**it).collect();
        let more = self.known.len().checked_sub(LISTED).filter(|it| *it > 0);
        let more = more.map_or_else(String::new, |it| format!(" and {it} more"));
        let all = (!listed.is_empty()).then(|| format!("there are: {}{more}", listed.join(", ")));
        (!listed.is_empty()).then(|| near.into_iter().chain(all).collect())
    }
}

fn unknown(what: &'static str, name: &str, known: impl Iterator<Item = Box<str>>) -> Unknown {
    let known: BTreeSet<Box<str>> = known.collect();
    let near = nearest(name, known.iter().map(|it| &**it)).map(Box::from);
    Unknown { what, name: name.into(), near, known: known.into_iter().collect() }
}

fn is_called(role: &RoleHead, name: &str) -> bool {
    *role.name == *name
        || name.strip_prefix("id=").unwrap_or(name).parse().is_ok_and(|it: RoleId| it == role.id)
}

fn is_direct(name: &str) -> bool {
    TYPES.iter().any(|it| it.0.eq_ignore_ascii_case(name))
}

/// Whether a scope covers some of these travellers, as far as the scope alone tells; one that cannot be read may.
pub fn reaches(scope: &Scope, reach: Option<&Scope>) -> bool {
    reach.is_none_or(|it| scope.has_unreadable() || !scope.meet(it).is_empty())
}

/// Whether a role outside groups may concern these travellers: not where it is held on another company.
fn reaches_direct(role: &DirectRole, reach: Option<&Scope>) -> bool {
    let (Some(reach), Some(company)) = (reach, role.kind().company()) else { return true };
    // A TMC is no company that travellers belong to.
    if !role.kind().role_type().starts_with("COMPANY_") {
        return true;
    }
    let own = vec![Dimension { kind: Kind::Company, values: vec![Value::Id(company.0)] }];
    reaches(&Scope::new([own]), Some(reach))
}

/// Answers a question from what was read.
///
/// In time linear in the memberships and in what the files declare.
pub fn answer(
    declared: &Declared,
    (all, selected): (&Snapshot, &Selected),
    (question, side): (&Question, Side),
    sought: &Sought,
    now: Timestamp,
) -> Answer {
    let seen = |company: CompanyId, role: RoleId, scope: &Scope| {
        let is_sought = sought.roles.as_ref().is_none_or(|it| it.contains(&(company, role)));
        is_sought && reaches(scope, sought.reach.as_ref())
    };
    let is_narrow = question.is_about_holders() || sought.reach.is_some();
    let mut review =
        review::through(declared, (all, selected), is_narrow.then_some(&seen as review::Lens<'_>), now);
    let people = std::mem::take(&mut review.people);
    let untold = people.iter().filter(|it| question.untold(it, sought.reach.as_ref())).count();
    let answering = people.into_iter().map(|it| question.narrowed(it, sought.reach.as_ref()));
    review.people = match question {
        Question::Can(_) | Question::Has(_) => answering.filter(Person::has_access).collect(),
        Question::People(pattern) => {
            let name = |it: &Person| review.names.person(it.user.id);
            let named = |it: &Person| pattern.as_ref().is_none_or(|pattern| pattern.matches(&name(it)));
            answering.filter(|it| named(it) && (!is_narrow || it.has_access())).collect()
        }
        Question::ActsFor(_) | Question::Groups(_) | Question::Roles(_) => answering.collect(),
    };
    let unseen = Unseen::of(all, &review, question, sought, untold);
    Answer { question: question.clone(), side, reach: sought.reach.clone(), review, actors: None, unseen }
}

impl Question {
    /// Whether somebody holds a role outside groups of which nobody says whether it answers this.
    fn untold(&self, person: &Person, reach: Option<&Scope>) -> bool {
        let direct = person.direct.iter().flat_map(DirectRoles::iter);
        direct.map(|it| self.is_answered_by(it, reach)).any(|it| it.is_none())
    }

    /// Somebody with the roles outside groups alone that answer this.
    fn narrowed(&self, mut person: Person, reach: Option<&Scope>) -> Person {
        let answers = |it: &&DirectRole| self.is_answered_by(it, reach) == Some(true);
        let direct = person.direct.take();
        person.direct = direct.map(|it| DirectRoles::new(it.iter().filter(answers).cloned()));
        person
    }
}

impl Unseen {
    fn of(all: &Snapshot, review: &Review, question: &Question, sought: &Sought, untold: usize) -> Vec<Self> {
        let holders = question.is_about_holders();
        let people = holders || matches!(question, Question::People(_));
        let (scopes, hidden) =
            (unreadable(review), review.people.iter().filter(|it| it.user.is_hidden()).count());
        let permissions = permissions_untold(all, sought);
        let is_whole = review.companies.iter().all(|it| it.is_whole);
        [
            people.then(|| direct_unread(all)).flatten(),
            (!permissions.is_empty()).then_some(Self::Permissions(permissions)),
            (untold > 0).then_some(Self::OutsideGroups(untold)),
            (sought.reach.is_some() && scopes > 0).then_some(Self::Scopes(scopes)),
            (people && hidden > 0).then_some(Self::Hidden(hidden)),
            (matches!(question, Question::People(_)) && !is_whole).then_some(Self::Everybody),
            review.is_sanitized.then_some(Self::Pseudonyms),
            holders.then_some(Self::OtherCompanies),
            matches!(question, Question::Can(_)).then_some(Self::Themselves),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Of whom it was not read what they hold outside groups.
pub fn direct_unread(all: &Snapshot) -> Option<Unseen> {
    let own: BTreeSet<CompanyId> = all.companies.iter().map(|it| it.id).collect();
    let read: BTreeSet<UserId> =
        all.people.iter().filter(|it| it.direct_roles.is_some()).map(|it| it.user_id).collect();
    let directories = || all.directories.iter().filter(|it| own.contains(&it.company));
    let listed = directories().flat_map(|it| &it.users).filter(|it| it.active && !read.contains(&it.id));
    let unread: BTreeSet<UserId> = listed.map(|it| it.id).collect();
    match (
        directories().count() == own.len() && directories().all(|it| it.reach == Reach::Whole),
        unread.len(),
    ) {
        (true, 0) => None,
        (true, n) => Some(Unseen::DirectRoles(Some(n))),
        (false, _) => Some(Unseen::DirectRoles(None)),
    }
}

/// How many grants that are told of hold where nobody can read it.
fn unreadable(review: &Review) -> usize {
    let ways = review
        .people
        .iter()
        .flat_map(|it| &it.effects)
        .flat_map(|it| it.through.iter().map(|way| (it.role, way)));
    ways.filter(|it| it.1.scope.has_unreadable()).map(|it| (it.1.group, it.0)).collect::<BTreeSet<_>>().len()
}

/// The roles that groups hold and of which nobody says what they permit.
fn permissions_untold(all: &Snapshot, sought: &Sought) -> Vec<Box<str>> {
    let held = all.companies.iter().flat_map(|it| {
        it.groups.iter().flat_map(move |group| group.roles.iter().map(move |role| (it.id, role.role)))
    });
    let held: BTreeSet<_> = held.filter(|it| sought.untold.contains(it)).collect();
    let names =
        all.companies.iter().flat_map(|it| it.roles.iter().filter(|role| held.contains(&(it.id, role.id))));
    names.map(|it| it.name.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}
