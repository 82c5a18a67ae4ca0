//! What is written is what is read, and a pseudonym is one.

use proptest::prelude::*;

use super::*;
use crate::model::{
    direct::DirectRoles,
    ids::{Email, RoleId},
    observed::GroupRole,
    stamp::Stamp,
};

fn snapshot() -> Snapshot {
    let id = |n: u128| uuid::Uuid::from_u128(n);
    let scope = RawValue::from_string("{ \"x\": \"a\u{202e}b\",\n \"n\": 1.0e400 }".to_owned()).unwrap();
    let group = |n: u128| Group {
        id: crate::model::ids::GroupId(id(n)),
        name: "N".into(),
        description: "D".into(),
        unmodifiable: false,
        roles: vec![GroupRole { role: RoleId(id(5)), scope: Some(scope.clone().into()) }],
        members: [UserId(id(9)), UserId(id(8))].into(),
        added: [None, Some("2026-11-19T10:20:00Z".parse().unwrap())].into(),
        created: None,
        updated: Stamp::new(
            Some("2026-11-20T00:00:00Z".parse().unwrap()),
            Some(UserId(id(8))),
            Some("Ana".into()),
        ),
    };
    let company =
        Company { id: CompanyId(id(1)), endpoint: None, groups: vec![group(3), group(2)], roles: Vec::new() };
    let user = User {
        id: UserId(id(8)),
        email: Some("ana@x.example".parse().unwrap()),
        external_id: Some("same".into()),
        employee_id: Some("same".into()),
        company: None,
        active: true,
    };
    let directory = Directory {
        company: CompanyId(id(1)),
        reach: Reach::Whole,
        users: vec![user],
        asked: Vec::new(),
        attributes: None,
        profiles: BTreeMap::new(),
        units: crate::model::units::Units::default(),
    };
    let at = "2026-11-21T00:00:00Z".parse().unwrap();
    Snapshot::new((at, "sandbox", BTreeMap::new()), vec![company], vec![directory], Vec::new())
}

#[test]
fn what_is_written_is_what_is_read() {
    let one = snapshot();
    let text = write(&one);
    assert!(!text.contains('\u{202e}'), "nothing in it acts where it is printed");
    assert_eq!(write(&read(text.clone()).unwrap()), text);
}

#[test]
fn every_fact_counts_in_the_digest() {
    let text = write(&snapshot());
    for (from, to) in
        [("\"D\"", "\"E\""), ("1.0e400", "1.0e401"), ("sandbox", "elsewhere"), ("\"whole\"", "\"asked\"")]
    {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(matches!(read(changed), Err(NotASnapshot::Changed { .. })), "{from}");
    }
}

#[test]
fn a_pseudonym_is_the_same_for_the_same_and_no_two_kinds_share_one() {
    let salt = Salt::new([7; 32]);
    let hidden = snapshot().sanitized(&salt, Keep::Inside);
    let text = write(&hidden);
    assert!(!text.contains("ana@x.example") && !text.contains("\"same\""));
    let row = &hidden.directories[0].users[0];
    assert_ne!(row.external_id, row.employee_id);
    let asked = PersonRef::Email("ana@x.example".parse::<Email>().unwrap());
    let answers = Answers::new(read(text.clone()).unwrap(), None).unwrap();
    let found = answers.find_users(hidden.companies[0].id, std::slice::from_ref(&asked)).unwrap();
    assert_eq!(
        found[0].email.as_ref().unwrap().as_str(),
        "ana@x.example",
        "shown by the name that was asked for"
    );
    let other = write(&snapshot().sanitized(&Salt::new([8; 32]), Keep::Inside));
    assert_ne!(other, text);
}

/// Layout of which JSON may have any amount anywhere.
const LAYOUT: &str = "[ \t\r\n]{0,3}";

/// A string as a server may write it: escaped or raw, with what hides, and with halves of pairs.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-zA-Zé日 ,:{}]{1,4}",
        "[\u{7f}\u{85}\u{ad}\u{200b}\u{202e}\u{feff}\u{e0041}]",
        r#"\\["\\/bfnrt]"#,
        r"\\u00[aA][dD]|\\u0009|\\ud83d\\ude00|\\uDEAD",
    ];
    prop::collection::vec(part, 0..4).prop_map(|it| format!("\"{}\"", it.concat()))
}

/// A value with layout around and in it.
fn value() -> impl Strategy<Value = String> {
    let number = r"-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,2})?([eE][+-]?(1|400))?";
    let leaf = prop_oneof![text(), number, "true|false|null"];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let inner = (LAYOUT, inner, LAYOUT).prop_map(|it| it.0 + &it.1 + &it.2);
        let field = (LAYOUT, text(), LAYOUT, inner.clone())
            .prop_map(|it| format!("{}{}{}:{}", it.0, it.1, it.2, it.3));
        prop_oneof![
            prop::collection::vec(inner, 1..3).prop_map(|it| format!("[{}]", it.join(","))),
            prop::collection::vec(field, 1..3).prop_map(|it| format!("{{{}}}", it.join(","))),
        ]
    })
}

/// An element of the list of somebody's roles outside groups: of a type that is known, of another, or of none.
fn element() -> impl Strategy<Value = Box<RawValue>> {
    let id = uuid::Uuid::from_u128(7);
    let company = format!(r#""roleType":"COMPANY_ADMIN","metadata":{{"companyRef":{{"id":"{id}"}}}},"#);
    let known =
        prop_oneof![Just(company), Just(r#""roleType":"GLOBAL_AGENT","#.to_owned()), Just(String::new())];
    let fields = (known, LAYOUT, text(), LAYOUT, value(), LAYOUT);
    let object = fields.prop_map(|it| format!("{{{}{}{}{}:{}{}}}", it.0, it.1, it.2, it.3, it.4, it.5));
    prop_oneof![4 => object, 1 => value()].prop_map(|it| RawValue::from_string(it).unwrap())
}

/// Lays a document out anew.
fn laid_out(document: &str) -> String {
    let (mut in_text, mut escaped, mut out) = (false, false, String::new());
    for c in document.chars() {
        (in_text, escaped) = match c {
            '"' if !escaped => (!in_text, false),
            '\\' => (in_text, !escaped),
            _ => (in_text, false),
        };
        out.push(c);
        if !in_text && matches!(c, ',' | ':' | '{' | '[') {
            out.push_str("\r\n\t ");
        }
    }
    out
}

proptest! {
    /// Whatever a server says of somebody's roles, and however it lays that out.
    #[test]
    fn direct_roles_are_read_as_they_were_written(elements in prop::collection::vec(element(), 0..4)) {
        let roles = DirectRoles::read(elements);
        let mut one = snapshot();
        let user_id = UserId(uuid::Uuid::from_u128(8));
        let people = vec![Person { user_id, groups: Vec::new(), direct_roles: Some(roles.clone()) }];
        one = Snapshot::new((one.created_at, &one.endpoint, one.names), one.companies, one.directories, people);
        let text = write(&one);
        prop_assert!(text.chars().all(|it| it == '\n' || escape::terminal(it.encode_utf8(&mut [0; 4])).starts_with(it)));
        for text in [text.clone(), laid_out(&text)] {
            let again = read(text.clone()).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(again.people[0].direct_roles.as_ref().is_some_and(|it| it.same_spelling(&roles)));
            prop_assert_eq!(again.digest, one.digest);
        }
    }
}
