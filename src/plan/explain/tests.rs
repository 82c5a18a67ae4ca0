//! Laws of what groups come to.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::scope::{Audience, Dimension, Kind, Value};

/// Scopes over two dimensions with three values each: small enough that they overlap.
fn scopes() -> impl Strategy<Value = Scope> {
    let dimension = (0..2usize, prop::collection::vec(0..3u128, 1..3)).prop_map(|(kind, values)| Dimension {
        kind: [Kind::Company, Kind::LegalEntity][kind].clone(),
        values: values.into_iter().map(|it| Value::Id(Uuid::from_u128(it))).collect(),
    });
    let audience = prop::collection::vec(dimension, 1..3).prop_map(Audience::from);
    prop::collection::vec(audience, 1..3).prop_map(Scope::new)
}

/// Groups of one company, each with one or two of three roles; in some the person only shall be.
fn groups() -> impl Strategy<Value = Vec<GroupAccess>> {
    let roles = prop::collection::btree_map(0..3u128, (scopes(), any::<bool>()), 1..3);
    let group = (roles, any::<bool>());
    prop::collection::vec(group, 0..6).prop_map(|groups| {
        let line = Line { from: Place::new(crate::model::source::FileId(0), 1, 1), ends: None };
        let standing = |live| match live {
            true => Standing::new(Asked::Unmanaged, None),
            false => Standing::new(Asked::Missing, [line]),
        };
        let group = |n: usize, roles: BTreeMap<u128, (Scope, bool)>, live: bool| GroupAccess {
            company: CompanyId(Uuid::from_u128(1)),
            id: Some(GroupId(Uuid::from_u128(n as u128))),
            name: format!("g{n}").into(),
            managed: Managed::No,
            accepted: None,
            standing: standing(live),
            rule: None,
            roles: roles
                .into_iter()
                .map(|(role, (scope, live))| RoleAccess {
                    role: RoleId(Uuid::from_u128(role)),
                    scope,
                    standing: standing(live),
                    elsewhere: None,
                })
                .collect(),
        };
        groups.into_iter().enumerate().map(|(n, (roles, live))| group(n, roles, live)).collect()
    })
}

proptest! {
    /// The effect contains what each group gives, and nothing that none of them gives.
    #[test]
    fn the_effect_is_all_that_the_groups_give_and_no_more(groups in groups()) {
        let effects = effects(&groups, &BTreeMap::new(), &Names::default());
        let given: Vec<(RoleId, &str, &Scope)> = groups
            .iter()
            .filter(|it| it.standing.is_live())
            .flat_map(|group| group.roles.iter().filter(|it| it.standing.is_live()).map(|it| (it.role, &*group.name, &it.scope)))
            .collect();
        for (role, name, scope) in &given {
            let effect = effects.iter().find(|it| it.role == *role).unwrap();
            prop_assert!(effect.scope.contains(scope));
            prop_assert!(effect.through.iter().any(|it| *it.name == **name));
        }
        for effect in &effects {
            let own: Vec<&(RoleId, &str, &Scope)> = given.iter().filter(|it| it.0 == effect.role).collect();
            prop_assert_eq!(own.len(), effect.through.len());
            for audience in effect.scope.audiences() {
                let part = Scope::new([audience.clone()]);
                let left = own.iter().fold(part, |left, it| left.without(it.2));
                prop_assert!(left.is_empty(), "{:?} is given by no group", left);
            }
        }
    }

    /// The order of the groups plays no part.
    #[test]
    fn the_order_of_groups_is_irrelevant((groups, shuffled) in groups().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle()))) {
        let names = Names::default();
        let none = BTreeMap::new();
        prop_assert_eq!(effects(&groups, &none, &names), effects(&shuffled, &none, &names));
    }
}

fn user(n: u128, email: &str, company: u128, active: bool) -> User {
    User {
        id: UserId(Uuid::from_u128(n)),
        email: Some(email.parse().unwrap()),
        external_id: None,
        employee_id: None,
        company: Some(CompanyId(Uuid::from_u128(company))),
        active,
    }
}

#[test]
fn of_several_users_the_one_of_the_files_own_company_is_meant() {
    let mut declared = Declared::default();
    declared.look_at(CompanyId(Uuid::from_u128(1)));
    declared.known_companies.push(CompanyId(Uuid::from_u128(2)));
    let person = PersonRef::Email("ana@x.example".parse().unwrap());
    let ana = |n, company, active| user(n, "ana@x.example", company, active);
    let id = |n| UserId(Uuid::from_u128(n));
    for (users, expected) in [
        (vec![], Err(Unresolved::Unknown)),
        (vec![ana(1, 2, true)], Ok(id(1))),
        (vec![ana(1, 2, true), ana(2, 1, true)], Ok(id(2))),
        (vec![ana(1, 1, false), ana(2, 1, true)], Ok(id(2))),
        (vec![ana(1, 1, false)], Ok(id(1))),
        (vec![ana(2, 1, true), ana(1, 1, true)], Err(Unresolved::Ambiguous(vec![id(1), id(2)]))),
        (vec![ana(1, 1, true), ana(1, 1, true)], Ok(id(1))),
    ] {
        assert_eq!(Directory::new(&users).nearest(&declared.own_companies(), &person), expected, "{users:?}");
    }
}
