//! What is written is read as what was meant, whatever the texts.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    files::{
        access::{AccessFile, AudienceEntry, ScopeEntry},
        decode,
        entry::PersonKeyed,
        mapping::Given,
        shape::{OneOrMany, TextOr},
    },
    model::{
        ids::PersonKey,
        scope::{Dimension, Kind, Value},
        source::FileId,
    },
};

/// Texts in which YAML has a meaning for everything.
fn texts() -> impl Strategy<Value = String> {
    let signs = "[ab1 ,:#'\"{}\\[\\]&*!|>%@`~?=;.\\-\\\\/<$^()+_éЖ東🚀]{1,12}";
    prop_oneof![
        4 => signs,
        1 => "\\PC{1,30}",
        1 => prop::sample::select(vec![
            "true", "no", "null", "~", "1", "1.5", "1e3", "0x1f", "2026-01-31", "12:30", "- a", "? a", ": a", "a: b", "a #b",
            "a:", "#", "---", "...", "<<", "=", "*a", "&a", "!a", ".inf", "y, n", "on", "a\nb", " a", "a ", "a\tb",
        ]).prop_map(str::to_owned),
    ]
}

fn given<T>(it: &Given<T>) -> &T {
    it.as_ref().expect("it was written")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_text_is_written_is_read_as_that(text in texts(), other in texts()) {
        let id = Uuid::from_u128(7);
        let values = vec![Value::Id(id)];
        let mut values_of_other = vec![Value::from_wire(&text), Value::from_wire(&other)];
        values_of_other.sort();
        values_of_other.dedup();
        let odd = Dimension { kind: Kind::Other("ODD".into()), values: values_of_other };
        let scope = Scope::new([vec![Dimension { kind: Kind::Company, values }, odd]]);
        let known = Known { companies: [(id, text.clone().into())].into(), ..Known::default() };
        let grant = DraftGrant {
            role: RoleRef::Name { name: text.clone().into(), provided_by: None },
            called: text.clone().into(),
            scope: Arc::new(scope),
        };
        let mut members = vec![DraftPerson { person: PersonRef::EmployeeId(other.clone().into()), who: Some(text.clone()) }];
        members.extend(PersonRef::by(PersonKey::UserId, "5e500000-0000-4000-8000-000000000001").map(|person| DraftPerson { person, who: None }));
        let group = DraftGroup {
            comments: vec![text.clone()],
            remark: Some(other.clone()),
            description: Some(other.clone().into()),
            grants: Some(vec![grant.clone()]),
            others: vec![text.clone()],
            members,
            ..DraftGroup::new(&text)
        };
        let second = DraftGroup { grants: Some(vec![grant]), ..DraftGroup::new(&other) };
        let file = DraftFile {
            path: "access/a.yaml".to_owned(),
            comments: vec![other.clone()],
            company: Some(text.clone().into()),
            groups: vec![group, second],
            users: Vec::new(),
        };
        let written = file.text(&known);
        let read = decode::<AccessFile>(&written, FileId(0));
        let read = read.map_err(|it| TestCaseError::fail(format!("{it:?}\n{written}")))?;
        prop_assert_eq!(&given(&read.company).v, &text);
        let groups: Vec<_> = read.groups.iter().map(|it| &it.v).collect();
        prop_assert_eq!(&given(&groups[0].name).v, &text, "{}", written);
        prop_assert_eq!(&given(&groups[1].name).v, &other, "{}", written);
        prop_assert_eq!(&given(&groups[0].description).v, &other, "{}", written);
        let role = &given(&groups[0].roles).v.entries[0].v;
        let TextOr::Text(name) = &given(&role.role).v else { panic!("{written}") };
        prop_assert_eq!(name, &text);
        // Two roles have the scope, and it names two things: it has a name.
        let ScopeEntry::Name(name) = &given(&role.scope).v else { panic!("{written}") };
        let scopes = given(&read.scopes);
        let scope = scopes.iter().find(|it| it.0 == name).and_then(|it| it.1.as_ref()).expect("it is there");
        let ScopeEntry::One(audience) = &scope.v else { panic!("{written}") };
        let AudienceEntry { company, predicates, .. } = &**audience;
        let OneOrMany(companies) = given(company);
        prop_assert_eq!(&companies[0].v, &text, "{}", written);
        let mut wanted = vec![text.clone(), other.clone()];
        wanted.sort();
        wanted.dedup();
        let mut values = given(&given(predicates)[0].v.values).clone();
        values.sort();
        prop_assert_eq!(&values, &wanted, "{}", written);
        let TextOr::Keys(member) = &given(&groups[0].members).v.entries[0].v else { panic!("{written}") };
        prop_assert_eq!(&given(member.keys()[2]).v, &other, "{}", written);
    }
}

#[test]
fn a_scope_is_called_by_what_it_names() {
    let id = Uuid::from_u128;
    let names = |all: &[(u128, &str)]| all.iter().map(|(n, name)| (id(*n), (*name).into())).collect();
    let known = Known {
        companies: names(&[(1, "globex"), (2, "initech"), (3, "umbrella-corporation-international")]),
        legal_entities: names(&[(9, "globex-uk")]),
        travellers: [(
            crate::model::ids::UserId(id(5)),
            "vip@globex.example".parse().map(PersonRef::Email).unwrap(),
        )]
        .into(),
    };
    let of =
        |kind, ids: &[u128]| Dimension { kind, values: ids.iter().map(|it| Value::Id(id(*it))).collect() };
    let many: Vec<u128> = (1..9).collect();
    for (audiences, expected) in [
        (vec![vec![of(Kind::Company, &[1])]], "globex"),
        (vec![vec![of(Kind::Company, &[1, 2])]], "globex-initech"),
        (vec![vec![of(Kind::Company, &[1]), of(Kind::LegalEntity, &[9])]], "globex-uk"),
        (
            vec![vec![of(Kind::Company, &[1]), of(Kind::LegalEntity, &[9])], vec![of(Kind::Profile, &[5])]],
            "globex-uk-or-vip",
        ),
        (vec![vec![of(Kind::Company, &many)]], "globex-and-7-more"),
        (vec![vec![of(Kind::Company, &[1, 3])]], "globex-and-1-more"),
        (vec![vec![Dimension { kind: Kind::Platform, values: vec![Value::Nothing] }]], "platform"),
        (vec![vec![of(Kind::ContractingTmc, &[2])]], "initech"),
    ] {
        assert_eq!(known.title(&Scope::new(audiences)), expected);
    }
}
