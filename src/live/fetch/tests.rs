//! What groups hold is the same whether its parts are kept once or each time.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::*;
use crate::model::ids::RoleId;

/// Scopes as an API may spell them: two for one meaning, one that covers more, and some that nobody can read.
const SPELLED: [Option<&str>; 7] = [
    None,
    Some("null"),
    Some(r#"{"audiences":[{"predicates":[{"type":"COMPANY","comparator":"IN","values":["a"]}]}]}"#),
    Some(r#"{"audiences":[{"predicates":[{"type":"COMPANY","values":"a"}]}]}"#),
    Some(r#"{"audiences":[{"predicates":[{"type":"COMPANY","values":["a","b"]}]}]}"#),
    Some(r#"{"audiences":[{"predicates":[{"type":"COMPANY","comparator":"NOT_IN","values":["a"]}]}]}"#),
    Some(r#"{"audiences":["x"]}"#),
];

type Read<'a> = (RoleId, Scope, Vec<Option<&'a str>>);

fn role(n: u128) -> RoleId {
    RoleId(Uuid::from_u128(n))
}

/// By definition: the entries of each role in their order, and what they say together.
fn expected(rows: &[(u128, usize)]) -> Vec<Read<'static>> {
    let mut by_role: BTreeMap<RoleId, Vec<Option<&str>>> = BTreeMap::new();
    for (n, spelled) in rows {
        by_role.entry(role(*n)).or_default().push(SPELLED[*spelled]);
    }
    let read = |raw: &str| Scope::read(Some(&RawValue::from_string(raw.to_owned()).unwrap()));
    let meant = |it: &Vec<Option<&str>>| Scope::any(it.iter().map(|it| it.map_or(Scope::read(None), read)));
    by_role.into_iter().map(|(role, spelled)| (role, meant(&spelled), spelled)).collect()
}

proptest! {
    #[test]
    fn sharing_changes_nothing(groups in prop::collection::vec(prop::collection::vec((0_u128..3, 0..SPELLED.len()), 0..6), 1..4)) {
        let mut scopes = Shared::default();
        for rows in &groups {
            let raw = |it: usize| SPELLED[it].map(|it| RawValue::from_string(it.to_owned()).unwrap().into());
            let roles = rows.iter().map(|(n, it)| GroupRole { role: role(*n), scope: raw(*it) }).collect();
            let grants = shared(roles, &mut scopes);
            let read = grants.iter().map(|it| {
                let spelled = it.as_read.iter().map(|it| it.as_deref().map(RawValue::get)).collect();
                (it.role, (*it.scope).clone(), spelled)
            });
            prop_assert_eq!(read.collect::<Vec<Read<'_>>>(), expected(rows));
        }
    }
}

#[test]
fn what_is_spelled_alike_is_kept_once() {
    let held = |n: u128| {
        let raw = RawValue::from_string(SPELLED[2].unwrap().to_owned()).unwrap();
        GroupRole { role: role(n), scope: Some(raw.into()) }
    };
    let grants = shared(vec![held(1), held(2)], &mut Shared::default());
    assert!(Arc::ptr_eq(&grants[0].scope, &grants[1].scope));
    let text = |n: usize| grants[n].as_read[0].as_ref().unwrap();
    assert!(Arc::ptr_eq(text(0), text(1)));
}
