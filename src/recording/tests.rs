//! What is written is what is read, and a pseudonym is one.

use super::*;
use crate::ids::{Email, RoleId};

fn recording() -> Recording {
    let id = |n: u128| uuid::Uuid::from_u128(n);
    let scope = RawValue::from_string("{ \"x\": \"a\u{202e}b\",\n \"n\": 1.0e400 }".to_owned()).unwrap();
    let group = |n: u128| Group {
        id: crate::ids::GroupId(id(n)),
        name: "N".into(),
        description: "D".into(),
        unmodifiable: false,
        roles: vec![Grant { role_id: RoleId(id(5)), scope: Some(scope.clone()) }],
        members: vec![UserId(id(9)), UserId(id(8))],
    };
    let company = Company { id: CompanyId(id(1)), groups: vec![group(3), group(2)], roles: Vec::new() };
    let user = User {
        user_id: UserId(id(8)),
        email: Some("ana@x.example".parse().unwrap()),
        external_id: Some("same".into()),
        employee_id: Some("same".into()),
        company: None,
        active: true,
    };
    let directory =
        Directory { company: CompanyId(id(1)), reach: Reach::Whole, users: vec![user], asked: Vec::new() };
    let at = "2026-11-21T00:00:00Z".parse().unwrap();
    Recording::new((at, "sandbox"), vec![company], vec![directory], Vec::new())
}

#[test]
fn what_is_written_is_what_is_read() {
    let one = recording();
    let text = write(&one);
    assert!(!text.contains('\u{202e}'), "nothing in it acts where it is printed");
    assert_eq!(write(&read(&text).unwrap()), text);
}

#[test]
fn every_fact_counts_in_the_digest() {
    let text = write(&recording());
    for (from, to) in
        [("\"D\"", "\"E\""), ("1.0e400", "1.0e401"), ("sandbox", "elsewhere"), ("\"whole\"", "\"asked\"")]
    {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(matches!(read(&changed), Err(NotASnapshot::Changed { .. })), "{from}");
    }
}

#[test]
fn a_pseudonym_is_the_same_for_the_same_and_no_two_kinds_share_one() {
    let salt = Salt::new([7; 32]);
    let hidden = recording().sanitized(&salt, Keep::Inside);
    let text = write(&hidden);
    assert!(!text.contains("ana@x.example") && !text.contains("\"same\""));
    let row = &hidden.directories[0].users[0];
    assert_ne!(row.external_id, row.employee_id);
    let asked = PersonRef::Email("ana@x.example".parse::<Email>().unwrap());
    let answers = Answers::new(read(&text).unwrap(), None).unwrap();
    let found = answers.find_users(hidden.companies[0].id, std::slice::from_ref(&asked)).unwrap();
    assert_eq!(
        found[0].email.as_ref().unwrap().as_str(),
        "ana@x.example",
        "shown by the name that was asked for"
    );
    let other = write(&recording().sanitized(&Salt::new([8; 32]), Keep::Inside));
    assert_ne!(other, text);
}
