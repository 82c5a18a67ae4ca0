//! Answers against a model that goes through every person, role, permission, company and legal entity.

use std::collections::BTreeSet;

use proptest::{prelude::*, sample::subsequence};
use uuid::Uuid;

use super::*;
use crate::{
    live::snapshot::{Answer as Told, Directory, Group, Person as Somebody},
    model::{
        ids::{GroupId, PersonRef},
        observed::{GroupRole, User},
        permissions::Permissions,
        scope::Audience,
    },
};

const OWNERS: [CompanyId; 2] = [CompanyId(Uuid::from_u128(0xA1)), CompanyId(Uuid::from_u128(0xA2))];
const CLIENTS: [u128; 3] = [0xC1, 0xC2, 0xC3];
const ENTITIES: [u128; 3] = [0xE1, 0xE2, 0xE3];
const PERMISSIONS: [&str; 3] = ["ACCESS_MANAGEMENT", "AGENT", "TRIP_MANAGEMENT"];
const ROLES: u128 = 3;
const USERS: u128 = 5;
const TYPES_HELD: [(&str, Option<u128>); 4] = [
    ("COMPANY_ADMIN", Some(0xC1)),
    ("COMPANY_TRAVEL_ARRANGER", Some(0xC2)),
    ("TMC_ADMIN", Some(0xC3)),
    ("GLOBAL_AGENT", None),
];

/// What a scope says, before anything makes sense of it: audiences of kinds with values; nothing where it cannot be read.
type Spelt = Option<Vec<Vec<(Kind, Vec<u128>)>>>;

/// Permissions, each with its actions.
type Permitted = Vec<(usize, Vec<usize>)>;

/// A group: whose it is, what it gives where, and who is in it.
type Desk = (usize, Vec<(u128, Spelt)>, Vec<u128>);

#[derive(Clone, Debug)]
struct World {
    /// By company and number: what it permits, where that is told.
    roles: Vec<Option<Permitted>>,
    groups: Vec<Desk>,
    /// What each holds outside groups, where that was read.
    direct: Vec<Option<Vec<usize>>>,
    active: Vec<bool>,
}

fn some<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>, least: usize) -> impl Strategy<Value = Vec<T>> {
    let most = all.len();
    subsequence(all, least..=most)
}

fn spelt() -> impl Strategy<Value = Spelt> {
    let audience = prop_oneof![
        some(CLIENTS.to_vec(), 1).prop_map(|it| vec![(Kind::Company, it)]),
        some(ENTITIES.to_vec(), 1).prop_map(|it| vec![(Kind::LegalEntity, it)]),
        (some(CLIENTS.to_vec(), 1), some(ENTITIES.to_vec(), 1))
            .prop_map(|it| vec![(Kind::Company, it.0), (Kind::LegalEntity, it.1)]),
        Just(vec![(Kind::Platform, Vec::new())]),
    ];
    prop_oneof![8 => prop::collection::vec(audience, 1..3).prop_map(Some), 1 => Just(None)]
}

fn world() -> impl Strategy<Value = World> {
    let permissions = some((0..PERMISSIONS.len()).collect(), 0).prop_flat_map(|it| {
        it.into_iter()
            .map(|it| (Just(it), some((0..permissions::ACTIONS.len()).collect(), 1)))
            .collect::<Vec<_>>()
    });
    let role = prop_oneof![6 => permissions.prop_map(Some), 1 => Just(None)];
    let grants = some((0..ROLES).collect(), 0)
        .prop_flat_map(|it| it.into_iter().map(|it| (Just(it), spelt())).collect::<Vec<_>>());
    let group = (0..OWNERS.len(), grants, some((0..USERS).collect(), 0));
    let direct = prop::option::of(some((0..TYPES_HELD.len()).collect(), 0));
    (
        prop::collection::vec(role, 2 * ROLES as usize),
        prop::collection::vec(group, 0..5),
        prop::collection::vec(direct, USERS as usize),
        prop::collection::vec(any::<bool>(), USERS as usize),
    )
        .prop_map(|(roles, groups, direct, active)| World { roles, groups, direct, active })
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(0x1000 + n))
}

fn role(company: usize, n: u128) -> RoleId {
    RoleId(Uuid::from_u128(0x2000 + 0x100 * company as u128 + n))
}

fn scope(spelt: &Spelt) -> Scope {
    let value = |kind: &Kind, it: &[u128]| match kind {
        Kind::Platform => vec![Value::Nothing],
        _ => it.iter().map(|it| Value::Id(Uuid::from_u128(*it))).collect(),
    };
    let Some(audiences) = spelt else { return Scope::read(None) };
    let audience = |it: &Vec<(Kind, Vec<u128>)>| -> Audience {
        it.iter()
            .map(|(kind, values)| Dimension { kind: kind.clone(), values: value(kind, values) })
            .collect()
    };
    Scope::new(audiences.iter().map(audience))
}

impl World {
    fn snapshot(&self) -> Snapshot {
        let company = |at: usize| Company {
            id: OWNERS[at],
            endpoint: None,
            roles: (0..ROLES)
                .map(|n| RoleHead {
                    id: role(at, n),
                    name: format!("Role {n}").into(),
                    platform: None,
                    manages_access: false,
                    permissions: self.permitted(at, n).map(|all| {
                        let actions = |it: &[usize]| {
                            it.iter().map(|it| permissions::ACTIONS[*it].into()).collect::<Vec<Box<str>>>()
                        };
                        all.iter()
                            .map(|(it, own)| (PERMISSIONS[*it].into(), actions(own)))
                            .collect::<Permissions>()
                    }),
                })
                .collect(),
            groups: self
                .own(at)
                .map(|(n, (_, grants, members))| Group {
                    id: GroupId(Uuid::from_u128(0x3000 + n as u128)),
                    name: format!("Group {n}").into(),
                    description: "".into(),
                    unmodifiable: false,
                    roles: grants
                        .iter()
                        .map(|(n, it)| GroupRole {
                            role: role(at, *n),
                            scope: it.as_ref().map(|_| scope(it).to_wire().into()),
                        })
                        .collect(),
                    members: members.iter().map(|it| user(*it)).collect(),
                    added: std::sync::Arc::default(),
                    created: None,
                    updated: None,
                })
                .collect(),
        };
        let users = (0..USERS).map(|n| User {
            email: Some(format!("u{n}@voyager.example").parse().unwrap()),
            active: self.active[n as usize],
            company: Some(OWNERS[0]),
            ..User::hidden(user(n))
        });
        let asked = users.map(|it| Told { person: PersonRef::UserId(it.id), users: vec![it] }).collect();
        let directory = Directory {
            company: OWNERS[0],
            reach: Reach::Asked,
            users: Vec::new(),
            asked,
            attributes: None,
            profiles: BTreeMap::new(),
            units: crate::model::units::Units::default(),
        };
        let people = (0..USERS).map(|n| Somebody {
            user_id: user(n),
            groups: Vec::new(),
            direct_roles: self.direct[n as usize].as_ref().map(|all| {
                DirectRoles::new(all.iter().map(|it| {
                    let (name, on) = TYPES_HELD[*it];
                    DirectRole::new(name, on.map(|it| CompanyId(Uuid::from_u128(it))))
                }))
            }),
        });
        let now = Timestamp::UNIX_EPOCH;
        Snapshot::new(
            (now, "sandbox", BTreeMap::new()),
            vec![company(0), company(1)],
            vec![directory],
            people.collect(),
        )
    }

    fn permitted(&self, company: usize, role: u128) -> Option<&Permitted> {
        self.roles[company * ROLES as usize + role as usize].as_ref()
    }

    fn own(&self, company: usize) -> impl Iterator<Item = (usize, &Desk)> {
        self.groups.iter().enumerate().filter(move |it| it.1.0 == company)
    }

    /// Who may do it, by which role of which company and which group: everything gone through.
    fn who_can(&self, permission: usize, action: Option<usize>, asked: &Reached) -> BTreeSet<Row> {
        let mut all = BTreeSet::new();
        for (n, (company, grants, members)) in self.groups.iter().enumerate() {
            for (role, spelt) in grants {
                let Some(permitted) = self.permitted(*company, *role) else { continue };
                let given = permitted.iter().filter(|it| it.0 == permission);
                let is_given = given.into_iter().any(|(_, actions)| match action {
                    None => true,
                    Some(wanted) => {
                        let word = permissions::ACTIONS[wanted];
                        let common = ["CREATE", "READ", "WRITE", "DELETE"];
                        let has = |word: &str| actions.iter().any(|it| permissions::ACTIONS[*it] == word);
                        has(word) || has("ALL") || word == "ALL" && common.iter().all(|it| has(it))
                    }
                });
                if is_given && asked.covers_some_of(spelt) {
                    all.extend(members.iter().map(|it| (*it, *company, Some((*role, n)), 0)));
                }
            }
        }
        all
    }
}

/// A person, a company, the role and group, or the number of a role outside groups.
type Row = (u128, usize, Option<(u128, usize)>, usize);

/// The travellers asked for: of any of these companies and any of these legal entities; empty is any.
#[derive(Clone, Debug)]
struct Reached {
    clients: Vec<u128>,
    entities: Vec<u128>,
}

impl Reached {
    fn covers_some_of(&self, spelt: &Spelt) -> bool {
        let Some(audiences) = spelt else { return true };
        let is_of = |own: &[u128], it: u128| own.is_empty() || own.contains(&it);
        let travellers =
            CLIENTS.iter().flat_map(|client| ENTITIES.iter().map(move |entity| (*client, *entity)));
        let mut asked = travellers.filter(|it| is_of(&self.clients, it.0) && is_of(&self.entities, it.1));
        asked.any(|(client, entity)| {
            audiences.iter().any(|it| {
                it.iter().all(|(kind, values)| match kind {
                    Kind::Company => values.contains(&client),
                    Kind::LegalEntity => values.contains(&entity),
                    _ => true,
                })
            })
        })
    }

    fn scope(&self) -> Option<Scope> {
        let part = |kind: Kind, all: &[u128]| {
            (!all.is_empty())
                .then(|| (kind, all.iter().map(|it| Uuid::from_u128(*it).to_string().into()).collect()))
        };
        let parts = [part(Kind::Company, &self.clients), part(Kind::LegalEntity, &self.entities)];
        let asked = Whereabouts(parts.into_iter().flatten().collect());
        (!asked.0.is_empty()).then(|| asked.scope(&Declared::default(), &BTreeMap::new()).unwrap())
    }
}

fn reached() -> impl Strategy<Value = Reached> {
    (some(CLIENTS.to_vec(), 0), some(ENTITIES.to_vec(), 0))
        .prop_map(|(clients, entities)| Reached { clients, entities })
}

/// What is said of roles of groups.
fn rows(answer: &Answer) -> BTreeSet<Row> {
    let mut all = BTreeSet::new();
    for person in &answer.review.people {
        let who = person.user.id.0.as_u128() - 0x1000;
        let company = OWNERS.iter().position(|it| *it == person.company).unwrap();
        for effect in &person.effects {
            let role = effect.role.0.as_u128() - 0x2000 - 0x100 * company as u128;
            let group = |it: usize| answer.review.groups[it].id.0.as_u128() - 0x3000;
            all.extend(
                effect.through.iter().map(|it| (who, company, Some((role, group(it.group) as usize)), 0)),
            );
        }
    }
    all
}

fn held_outside(answer: &Answer) -> BTreeSet<(u128, String)> {
    let direct = |it: &Person| {
        it.direct
            .iter()
            .flat_map(DirectRoles::iter)
            .map(|it| it.kind().role_type().to_owned())
            .collect::<Vec<_>>()
    };
    let all = answer.review.people.iter().map(|it| (it.user.id.0.as_u128() - 0x1000, direct(it)));
    all.flat_map(|(who, types)| types.into_iter().map(move |it| (who, it))).collect()
}

fn asked(world: &World, question: &Question, reach: Option<Scope>) -> Result<Answer, Unknown> {
    let (declared, all) = (Declared::default(), world.snapshot());
    let sought = question.sought(&all.companies, reach)?;
    Ok(answer(&declared, (&all, &Selected::new()), (question, Side::Live), &sought, Timestamp::UNIX_EPOCH))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn who_can_is_what_going_through_everything_finds(
        world in world(), permission in 0..PERMISSIONS.len(), action in prop::option::of(0..permissions::ACTIONS.len()), reached in reached(),
    ) {
        let ability = Ability { permission: PERMISSIONS[permission].to_lowercase().into(), action: action.map(|it| permissions::ACTIONS[it].into()) };
        let known = world.roles.iter().flatten().flatten().any(|it| it.0 == permission);
        match asked(&world, &Question::Can(ability), reached.scope()) {
            Err(unknown) => {
                prop_assert!(!known);
                prop_assert_eq!(unknown.what, "permission");
            }
            Ok(answer) => {
                prop_assert!(known);
                prop_assert_eq!(rows(&answer), world.who_can(permission, action, &reached));
                // Of roles outside groups only power over access is known.
                let mut outside = BTreeSet::new();
                for (n, all) in world.direct.iter().enumerate() {
                    for (name, on) in all.iter().flatten().map(|it| TYPES_HELD[*it]) {
                        let is_elsewhere = name.starts_with("COMPANY_") && !reached.clients.is_empty() && on.is_some_and(|it| !reached.clients.contains(&it));
                        if permission == 0 && name.ends_with("_ADMIN") && !is_elsewhere {
                            outside.insert((n as u128, name.to_owned()));
                        }
                    }
                }
                prop_assert_eq!(held_outside(&answer), outside);
                // Nobody is passed over in silence: what is held and not told of is said.
                let untold = world.groups.iter().any(|(company, grants, _)| grants.iter().any(|it| world.permitted(*company, it.0).is_none()));
                prop_assert_eq!(answer.unseen.iter().any(|it| matches!(it, Unseen::Permissions(_))), untold);
                prop_assert!(answer.unseen.contains(&Unseen::DirectRoles(None)));
                let active = answer.review.people.iter().all(|it| it.user.active == world.active[(it.user.id.0.as_u128() - 0x1000) as usize]);
                prop_assert!(active);
            }
        }
    }

    #[test]
    fn who_has_is_what_going_through_everything_finds(world in world(), n in 0..ROLES, by_id in any::<bool>(), reached in reached()) {
        let name = if by_id { role(1, n).to_string() } else { format!("Role {n}") };
        let answer = asked(&world, &Question::Has(name.into()), reached.scope()).unwrap();
        let mut expected = BTreeSet::new();
        for (group, (company, grants, members)) in world.groups.iter().enumerate() {
            for (it, spelt) in grants.iter().filter(|it| it.0 == n && (!by_id || *company == 1)) {
                if reached.covers_some_of(spelt) {
                    expected.extend(members.iter().map(|who| (*who, *company, Some((*it, group)), 0)));
                }
            }
        }
        prop_assert_eq!(rows(&answer), expected);
        prop_assert_eq!(held_outside(&answer), BTreeSet::new());
    }

    #[test]
    fn who_has_a_role_outside_groups_is_everybody_who_holds_it(world in world(), n in 0..TYPES_HELD.len(), reached in reached()) {
        let (name, on) = TYPES_HELD[n];
        let answer = asked(&world, &Question::Has(name.to_lowercase().into()), reached.scope()).unwrap();
        let is_elsewhere = name.starts_with("COMPANY_") && !reached.clients.is_empty() && on.is_some_and(|it| !reached.clients.contains(&it));
        let holders = world.direct.iter().enumerate().filter(|it| it.1.as_ref().is_some_and(|it| it.contains(&n)) && !is_elsewhere);
        let expected: BTreeSet<(u128, String)> = holders.map(|it| (it.0 as u128, name.to_owned())).collect();
        prop_assert_eq!(held_outside(&answer), expected);
        prop_assert_eq!(rows(&answer), BTreeSet::new());
    }
}

#[test]
fn a_name_that_nothing_has_is_told_with_what_was_meant_and_what_there_is() {
    let world = World {
        roles: vec![Some(vec![(0, vec![1]), (2, vec![0])]); 6],
        groups: Vec::new(),
        direct: vec![None; 5],
        active: vec![true; 5],
    };
    let can = |raw: &str| Question::Can(raw.parse().unwrap());
    for (question, what, near, known) in [
        (can("TRIP_MANAGMENT"), "permission", Some("TRIP_MANAGEMENT"), "ACCESS_MANAGEMENT"),
        (can("access-management:WRITE"), "permission", Some("ACCESS_MANAGEMENT"), "TRIP_MANAGEMENT"),
        (can("NOTHING_LIKE_IT"), "permission", None, "TRIP_MANAGEMENT"),
        (can("TRIP_MANAGEMENT:WRIT"), "action", Some("WRITE"), "PURGE"),
        (can("TRIP_MANAGEMENT:UPDATE"), "action", None, "READ"),
        (Question::Has("Rolle 1".into()), "role", Some("Role 1"), "COMPANY_ADMIN"),
        (Question::Has("COMPANY_ADMINS".into()), "role", Some("COMPANY_ADMIN"), "Role 0"),
        (Question::Has("id=00000000-0000-4000-8000-000000000000".into()), "role", None, "Role 2"),
    ] {
        let unknown = asked(&world, &question, None).unwrap_err();
        assert_eq!((unknown.what, unknown.near.as_deref()), (what, near), "{question:?}");
        assert!(unknown.known.iter().any(|it| **it == *known), "{:?}", unknown.known);
    }
}

#[test]
fn where_is_read_as_the_files_spell_it() {
    let read = |raw: &str| raw.parse::<Whereabouts>().map(|it| it.0);
    let values = |all: &[&str]| all.iter().map(|it| Box::from(*it)).collect::<Vec<Box<str>>>();
    assert_eq!(read("company=globex"), Ok(vec![(Kind::Company, values(&["globex"]))]));
    assert_eq!(
        read("legalEntity=uk,company=globex, company=initech"),
        Ok(vec![(Kind::Company, values(&["globex", "initech"])), (Kind::LegalEntity, values(&["uk"]))])
    );
    assert_eq!(read("platform"), Ok(vec![(Kind::Platform, values(&[""]))]));
    for wrong in [
        "",
        "globex",
        "company",
        "company=",
        "Company=globex",
        "platform=true",
        "profile=ana@x.example",
        "company=a,,",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
