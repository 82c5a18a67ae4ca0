//! Rows of CSV files: what is found where, and that they say the same as entries under `users:`.

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use super::*;
use crate::{
    files::{
        declared::{DeclaredUser, TraitValue},
        outside::tables,
        users_from::Delimiter,
    },
    model::selector::Attribute,
};

const PEOPLE: &str = "
version: 1
company: voyager
ids:
  company: { voyager: 1a6f0000-0000-4000-8000-000000000001 }
  legalEntity: { voyager-de: 3c8d0000-0000-4000-8000-000000000009 }
  department: { Sales: dede0000-0000-4000-8000-000000000001, \"R&D, \\\"new\\\"\": dede0000-0000-4000-8000-000000000002 }
";

/// Files with the rows of `people/hr.csv`, which is the last of them, and what is wrong with their form.
fn all_with(access: &[&str], csv: &[u8]) -> (Files, Vec<Finding>) {
    let (mut files, mut findings) = all(PEOPLE, access);
    let people = [("people/hr.csv".to_owned(), csv.to_vec())].into();
    let id = FileId(u32::try_from(access.len()).unwrap() + 1);
    let (tables, found) = tables(&files, &people, |_| id);
    findings.extend(found);
    files.tables = tables;
    (files, findings)
}

fn found(access: &[&str], csv: &[u8]) -> (Vec<String>, Vec<Finding>) {
    let (files, mut found) = all_with(access, csv);
    found.extend(check(&files).err().unwrap_or_default());
    found.sort();
    let show = |it: &Finding| {
        let at = it.place.unwrap();
        format!("{}:{}:{} {}", at.file.0, at.line, at.column, it.code)
    };
    (found.iter().map(show).collect(), found)
}

fn entry(columns: &str, more: &str) -> String {
    format!("version: 1\nusersFrom:\n  - csv: people/*.csv\n    columns: {{ {columns} }}\n{more}")
}

const BASIC: &str = "email: Mail, active: Active, department: Team";

#[test]
fn each_row_that_is_wrong_is_found_where_it_is() {
    let head = "Mail,Active,Team,Note\n";
    let rows: Vec<(&str, &str)> = vec![
        ("a@x.example,true,Sales,\n", ""),
        ("a@x.example,,,\n", ""),
        (",,,\n , ,,\n", ""),
        ("\n\r\na@x.example,TRUE,Sales,\"x\ny\"\n", ""),
        ("a@x.example,true,Sales\n", "2:2:1 invalid-row"),
        ("a@x.example,true,Sales,,\n", "2:2:25 invalid-row"),
        ("a@x.example,true,Sales,\"x\ny\"\nb@x.example\n", "2:4:1 invalid-row"),
        (",true,Sales,\n", "2:2:1 invalid-email"),
        ("ana,true,Sales,\n", "2:2:1 invalid-email"),
        ("a@x.example,true,Sales,\nA@X.example,true,,\n", "2:3:1 duplicate-user"),
        // What no `ids:` knows the API may know.
        ("a@x.example,true,Sale,\n", ""),
        ("\"a@x.example\", true ,\"Sa\u{200b}le\",\n", "2:2:22 invalid-name"),
        ("a@x.example,true,\"Sales\nx\",\n", "2:2:18 invalid-name"),
        ("a@x.example,yes,Sales,\n", "2:2:13 invalid-row"),
        ("a\u{200b}@x.example,true,Sales,\n", "2:2:1 invalid-person"),
        ("\u{430}na@x.example,true,Sales,\n", "2:2:1 confusable-name"),
        ("a@x.example,t,Sales,\nb@x.example,t,Sales,\nc@x.example,t,Sales,\n", "2:2:13 invalid-row"),
    ];
    let wrong: Vec<_> = rows
        .into_iter()
        .map(|(rows, expected)| {
            (found(&[&entry(BASIC, "")], format!("{head}{rows}").as_bytes()).0.join(", "), expected, rows)
        })
        .filter(|it| it.0 != it.1)
        .collect();
    assert!(wrong.is_empty(), "found, expected, in:\n{wrong:#?}");
    let latin = b"Mail,Active,Team,Note\na@x.example,true,B\xfcro,\xfc\n";
    assert_eq!(found(&[&entry(BASIC, "")], latin).0, ["2:2:18 invalid-row"]);
    let latin = b"Mail,Active,Team,Note\na@x.example,true,Sales,B\xfcro\n";
    assert_eq!(found(&[&entry(BASIC, "")], latin).0, [""; 0], "what is not looked at may be anything");
}

#[test]
fn each_entry_that_does_not_fit_is_found_where_it_stands() {
    let csv = b"Mail,Active,Team,Team2,Team2\na@x.example,true,Sales,,\n";
    let create = "    create: true\n";
    let rows = [
        (entry(BASIC, ""), ""),
        (entry("email: Mail, active: Aktive, department: Team", ""), "1:4:37 invalid-users-from"),
        (entry("email: mail, active: Active", ""), "1:4:23 invalid-users-from"),
        (entry("email: Mail, department: Team2", ""), "2:1:24 invalid-users-from"),
        (entry("email: Mail, department: Team, office: Team", ""), "1:4:55 invalid-users-from"),
        (entry(BASIC, "    delimiter: \";\"\n"), "2:1:1 invalid-users-from"),
        (entry(BASIC, "    key: employeeId\n"), "1:4:14 invalid-users-from"),
        (entry("email: Mail", ""), "1:4:14 invalid-users-from"),
        (entry("email: Mail, active: Active, firstName: Team", ""), "1:4:56 invalid-users-from"),
        (
            entry("employeeId: Mail, active: Active", &format!("    key: employeeId\n{create}")),
            "1:6:13 invalid-users-from, 1:6:13 invalid-users-from",
        ),
        (
            entry("email: Mail, department: Team", "    values: { active: { A: true } }\n"),
            "1:4:14 invalid-users-from",
        ),
        (entry("email: Mail, departmnt: Team", ""), "1:4:29 unknown-key"),
        (entry(BASIC, "    delimiter: comma\n"), "1:5:16 wrong-type"),
        (entry(BASIC, "    encoding: latin1\n"), "1:5:15 wrong-type"),
        (entry(BASIC, "    key: userId\n"), "1:5:10 wrong-type"),
        ("version: 1\nusersFrom: [{ csv: people/*.csv }]\n".to_owned(), "1:2:13 missing-key"),
        (
            "version: 1\nusersFrom: [{ columns: { email: Mail, active: Active } }]\n".to_owned(),
            "1:2:13 missing-key",
        ),
        ("version: 1\nusersFrom: people/*.csv\n".to_owned(), "1:2:12 wrong-type"),
    ];
    table(rows, |it| found(&[it], csv).0);
    assert_eq!(found(&[&entry(BASIC, "")], b"").0, ["2:1:1 invalid-users-from"]);
}

#[test]
fn words_and_other_keys_mean_what_the_entry_says() {
    let more =
        "    key: employeeId\n    managerKey: email\n    values: { active: { A: true, Out: false } }\n";
    let columns = "employeeId: No, active: State, manager: Boss, approvers: Ok";
    let csv = "No;State;Boss;Ok\n17;A;bo@x.example;\"cy@x.example; bo@x.example\"\n18;Out;;\n";
    let text = entry(columns, &format!("{more}    delimiter: \";\"\n"));
    let (files, found) = all_with(&[&text], csv.as_bytes());
    assert!(found.is_empty(), "{found:#?}");
    let declared = check(&files).unwrap();
    let said =
        |it: &DeclaredUser| format!("{} {}:{} {:?}", it.person, it.from.line, it.from.file.0, shown(it));
    let users: Vec<String> = declared.companies[0].users.iter().map(said).collect();
    assert_eq!(
        users,
        [
            "employeeId 17 2:2 [\"active true\", \"manager bo@x.example\", \"approvers cy@x.example bo@x.example\"]",
            "employeeId 18 3:2 [\"active false\"]",
        ]
    );
    let wrong = csv.replace("18;Out", "18;out");
    let (places, found) = super::rows::found(&[&text], wrong.as_bytes());
    assert_eq!(places, ["2:3:4 invalid-row"]);
    assert_eq!(found[0].help.as_deref(), Some("did you mean `Out`?"));
}

#[test]
fn a_row_and_an_entry_say_of_one_person_what_they_say_together() {
    let users = |said: &str| format!("{}users:\n  - {{ user: A@x.example, {said} }}\n", entry(BASIC, ""));
    let csv = b"Mail,Active,Team\na@x.example,true,Sales\n";
    let (files, _) = all_with(&[&users("business: { designation: Lead }")], csv);
    let declared = check(&files).unwrap();
    let [user] = &declared.companies[0].users[..] else { panic!("one person") };
    assert_eq!(
        shown(user),
        ["department dede0000-0000-4000-8000-000000000001", "designation Lead", "active true"]
    );
    for (said, expected) in [
        ("active: true", "2:2:13 duplicate-user"),
        ("active: false, business: { department: Sales }", "2:2:13 duplicate-user, 2:2:18 duplicate-user"),
    ] {
        assert_eq!(found(&[&users(said)], csv).0.join(", "), expected);
    }
    let other = "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000007\nusers: [{ user: a@x.example, active: false }]\n";
    assert_eq!(found(&[&entry(BASIC, ""), other], csv).0, [""; 0], "of another company");
}

#[test]
fn accounts_are_made_of_rows_that_say_enough_and_of_nobody_who_leaves() {
    let columns =
        "email: Mail, active: On, legalEntity: LE, firstName: First, lastName: Last, externalId: Id";
    let text = entry(columns, "    create: true\n");
    let head = "Mail,On,LE,First,Last,Id\n";
    let sound = format!("{head}a@x.example,,voyager-de,Ana,Ort,h1\nb@x.example,false,,,,\n");
    let (files, found) = all_with(&[&text], sound.as_bytes());
    assert!(found.is_empty(), "{found:#?}");
    let declared = check(&files).unwrap();
    let [ana, bo] = &declared.companies[0].users[..] else { panic!("two people") };
    let made: Vec<_> = ana.create.iter().map(|it| it.attribute).collect();
    assert_eq!(made, [Attribute::Persona, Attribute::Email, Attribute::FirstName, Attribute::LastName]);
    assert_eq!((ana.active(), bo.active(), bo.create.len()), (None, Some(false), 0));
    assert_eq!(declared.companies[0].newcomers.len(), 1, "looked for by the external id as well");
    for (row, expected) in [
        ("a@x.example,,,Ana,Ort,\n", "2:2:1 invalid-row"),
        ("a@x.example,true,voyager-de,,Ort,\n", "2:2:1 invalid-row"),
        ("a@x.example,true,voyager-de,Ana,,\n", "2:2:1 invalid-row"),
    ] {
        assert_eq!(super::rows::found(&[&text], format!("{head}{row}").as_bytes()).0, [expected], "{row}");
    }
}

#[test]
fn of_a_column_that_is_wrong_everywhere_no_more_is_said_than_somebody_reads() {
    let row = |n: usize| format!("p{n}@x.example,word {n},Sales\n");
    let many: String = std::iter::once("Mail,Active,Team\n".to_owned()).chain((0..2_000).map(row)).collect();
    let (_, found) = found(&[&entry(BASIC, "")], many.as_bytes());
    assert_eq!(found.len(), 101);
    assert!(found.last().unwrap().message.starts_with("1900 more findings"), "{:?}", found.last());
    let row = |n: usize| format!("p{n}@x.example,T,Sales\n");
    let same: String = std::iter::once("Mail,Active,Team\n".to_owned()).chain((0..2_000).map(row)).collect();
    let (_, found) = super::rows::found(&[&entry("email: Mail, active: Active", "")], same.as_bytes());
    assert_eq!(found.len(), 1);
    assert!(found[0].message.ends_with("here and in 1999 more rows"), "{}", found[0].message);
}

/// What is declared of a person, without where.
fn shown(user: &DeclaredUser) -> Vec<String> {
    let all = user.traits.iter().chain(&user.create);
    all.map(|it| match &it.value {
        TraitValue::Ready(value) | TraitValue::Named(value) => format!("{} {value}", it.attribute.as_str()),
        TraitValue::People(people) => {
            let people: Vec<String> = people.iter().map(ToString::to_string).collect();
            format!("{} {}", it.attribute.as_str(), people.join(" "))
        }
    })
    .collect()
}

/// The columns of a file in the law, in the order of a row's values.
const COLUMNS: [&str; 9] = [
    "active",
    "externalId",
    "employeeId",
    "legalEntity",
    "department",
    "designation",
    "workerType",
    "manager",
    "approvers",
];

fn values() -> impl Strategy<Value = Vec<Option<String>>> {
    let one = |of: &'static [&'static str]| prop::sample::select(of).prop_map(str::to_owned).boxed();
    let text = "[a-zé0-9,;|\"'#:]([a-zé ,;|\"'#:]{0,5}[a-z])?".boxed();
    let people = prop::sample::subsequence(vec!["bo@x.example", "cy@x.example", "dee@x.example"], 1..4);
    let columns = [
        one(&["true", "false"]),
        "[a-z0-9-]{1,8}".boxed(),
        "[0-9]{1,6}".boxed(),
        one(&["voyager-de"]),
        one(&["Sales", "R&D, \"new\"", "dede0000-0000-4000-8000-000000000009"]),
        text,
        one(&["EMPLOYEE", "INTERN"]),
        one(&["bo@x.example", "Cy@x.example"]),
        people.prop_map(|it| it.join("; ")).boxed(),
    ];
    columns.map(|it| prop::option::of(it).boxed()).to_vec()
}

/// The same person under `users:`.
fn as_entry(nth: usize, values: &[Option<String>]) -> Option<Value> {
    let mut user = json!({ "user": format!("p{nth}@x.example") });
    let mut business = json!({});
    for (key, value) in COLUMNS.iter().zip(values).filter_map(|(key, it)| Some((*key, it.as_ref()?))) {
        match key {
            "active" => user[key] = json!(value == "true"),
            "externalId" => user[key] = json!(value),
            "approvers" => business[key] = value.split("; ").collect(),
            _ => business[key] = json!(value),
        }
    }
    if business != json!({}) {
        user["business"] = business;
    }
    (user.as_object()?.len() > 1).then_some(user)
}

proptest! {
    #[test]
    fn rows_declare_the_same_as_entries_however_the_file_is_written(
        mut people in prop::collection::vec(values(), 0..6),
        quoted in prop::collection::vec(any::<bool>(), 1..40),
        order in any::<Index>(),
        delimiter in prop::sample::select(&Delimiter::ALL[..]),
        (is_marked, is_wide, crlf, last) in any::<(bool, bool, bool, bool)>(),
    ) {
        // Two people have no id in common.
        for (nth, values) in people.iter_mut().enumerate() {
            values[1..3].iter_mut().flatten().for_each(|it| *it += &format!("-{nth}"));
        }
        // Every order of columns that turning and mirroring make, with a column that nobody asks for.
        let mut columns: Vec<usize> = (0..=COLUMNS.len() + 1).collect();
        let turn = order.index(columns.len() * 2);
        columns.rotate_left(turn % (COLUMNS.len() + 2));
        if turn >= columns.len() {
            columns.reverse();
        }
        let end = if crlf { "\r\n" } else { "\n" };
        let mut quotes = quoted.iter().cycle();
        let mut field = |text: &str| {
            let needs = text.contains([',', ';', '|', '\t', '"', '\n', '\r']);
            match needs || *quotes.next().unwrap() {
                true => format!("\"{}\"", text.replace('"', "\"\"")),
                false => text.to_owned(),
            }
        };
        let mut rows: Vec<Vec<String>> = vec![COLUMNS.iter().map(|it| format!("Title of {it}")).chain(["Note".to_owned(), "Mail".to_owned()]).collect()];
        for (nth, values) in people.iter().enumerate() {
            let values = values.iter().map(|it| it.clone().unwrap_or_default());
            rows.push(values.chain(["one\ntwo".to_owned(), format!("p{nth}@x.example")]).collect());
        }
        let lines: Vec<String> = rows
            .iter()
            .map(|row| {
                let fields: Vec<String> = columns.iter().map(|at| field(&row[*at])).collect();
                fields.join(&char::from(delimiter.byte()).to_string())
            })
            .collect();
        let text = format!("{}{}", lines.join(end), if last { end } else { "" });
        let text = if is_marked || is_wide { format!("\u{feff}{text}") } else { text };
        let bytes: Vec<u8> =
            if is_wide { text.encode_utf16().flat_map(u16::to_be_bytes).collect() } else { text.into_bytes() };
        let titles: Vec<String> = COLUMNS.iter().map(|it| format!("{it}: Title of {it}")).collect();
        let from = entry(&format!("email: Mail, {}", titles.join(", ")), &format!("    delimiter: \"{}\"\n", delimiter.as_str()));
        let (files, found) = all_with(&[&from], &bytes);
        prop_assert!(found.is_empty(), "{:?}", found);
        let by_rows = check(&files).unwrap();
        let users: Vec<Value> = people.iter().enumerate().filter_map(|(nth, it)| as_entry(nth, it)).collect();
        let written = json!({ "version": 1, "users": users }).to_string();
        let by_entries = check(&all(PEOPLE, &[&written]).0).unwrap();
        let said = |it: &Declared| -> Vec<(String, Vec<String>)> {
            it.companies[0].users.iter().map(|it| (it.person.to_string(), shown(it))).collect()
        };
        prop_assert_eq!(said(&by_rows), said(&by_entries));
    }
}
