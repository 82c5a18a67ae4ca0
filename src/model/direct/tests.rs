//! Meaning and spelling: what is the same role, and what survives of an element.

use super::*;

fn id(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn read(element: &Value) -> DirectRole {
    DirectRole::read(raw(element))
}

fn sent(role: &DirectRole) -> Value {
    let sent: Vec<Value> =
        role.sent(Fields::Current).map(|it| serde_json::from_str(it.get()).unwrap()).collect();
    assert_eq!(sent.len(), 1);
    sent[0].clone()
}

fn plain(user: u128) -> Traveller {
    Traveller { user: id(user), confirmations: false, flight_stats: false }
}

#[test]
fn spelling_is_no_meaning() {
    let on = CompanyId(Uuid::from_u128(7));
    let admin = DirectRole::new("COMPANY_ADMIN", Some(on));
    for same in [
        json!({ "metadata": { "companyRef": { "id": on, "name": "Globex" }, "roleType": "COMPANY_ADMIN" }, "roleType": "COMPANY_ADMIN" }),
        json!({ "roleType": "COMPANY_ADMIN", "metadata": { "companyRef": { "id": on }, "tmcRef": { "id": id(9) } }, "roleMetadata": null }),
        json!({ "roleType": "COMPANY_ADMIN", "metadata": { "companyRef": { "id": on.to_string().to_uppercase() } }, "since": 3 }),
    ] {
        assert_eq!(read(&same), admin, "{same}");
    }
    for other in [
        json!({ "roleType": "COMPANY_REPORT_ADMIN", "metadata": { "companyRef": { "id": on } } }),
        json!({ "roleType": "COMPANY_ADMIN", "metadata": { "companyRef": { "id": id(8) } } }),
        json!({ "roleType": "COMPANY_ADMIN", "metadata": { "tmcRef": { "id": on } } }),
        json!({ "roleType": "COMPANY_ADMIN", "metadata": { "roleType": "TMC_ADMIN", "companyRef": { "id": on } } }),
        json!({ "roleType": "COMPANY_ADMIN" }),
        json!({ "metadata": { "companyRef": { "id": on } } }),
        json!("COMPANY_ADMIN"),
    ] {
        assert_ne!(read(&other), admin, "{other}");
    }
    assert_eq!(read(&json!({ "metadata": {} })).kind().role_type(), "UNKNOWN");
}

#[test]
fn travellers_mean_the_same_in_any_order_and_in_either_field() {
    let both = DirectRole::arranger(vec![plain(2), Traveller { confirmations: true, ..plain(1) }]);
    let list = json!([{ "userId": id(1), "sendConfirmationEmail": true }, { "userId": { "id": id(2) } }]);
    let newer =
        read(&json!({ "roleType": ARRANGER, "metadata": { "roleType": ARRANGER, "arrangerFor": list } }));
    let older = read(
        &json!({ "roleType": ARRANGER, "roleMetadata": { "travelArrangerMetadata": { "arrangerFor": list } } }),
    );
    assert_eq!((&newer, &older), (&both, &both));
    let split =
        DirectRoles::new([DirectRole::arranger(vec![plain(2)]), DirectRole::arranger(vec![plain(1)])]);
    assert_eq!(split, DirectRoles::new([DirectRole::arranger(vec![plain(1), plain(2)])]));
    assert_eq!(split.sent(Fields::Current).len(), 2, "as it was read");
    // The field in use has to be filled when it is sent; the older one is not sent.
    let filled = sent(&older);
    assert_eq!(filled["metadata"]["arrangerFor"], list);
    assert!(filled.get("roleMetadata").is_none(), "{filled}");
    assert_eq!(read(&filled), both);
    // This version writes no arranger without travellers: what is read of one is kept as it is.
    assert!(matches!(read(&json!({ "roleType": ARRANGER })).kind(), Kind::Verbatim(..)));
}

#[test]
fn a_changed_list_of_travellers_keeps_all_else() {
    let live = read(&json!({
        "roleType": ARRANGER, "since": "2020", "roleMetadata": { "travelArrangerMetadata": { "arrangerFor": [] } },
        "metadata": { "roleType": ARRANGER, "note": 1, "arrangerFor": [{ "userId": id(1), "rank": 5 }, { "userId": id(2), "rank": 6 }] },
    }));
    let changed = live.with_travellers(vec![plain(3), Traveller { flight_stats: true, ..plain(2) }]);
    assert_eq!(
        sent(&changed),
        json!({
            "roleType": ARRANGER, "since": "2020",
            "metadata": { "roleType": ARRANGER, "note": 1, "arrangerFor": [
                { "userId": id(2), "rank": 6, "sendConfirmationEmail": false, "sendFlightStatsNotificationEmail": true },
                { "userId": id(3), "sendConfirmationEmail": false, "sendFlightStatsNotificationEmail": false },
            ] },
        })
    );
    assert_eq!(read(&sent(&changed)), changed);
}

#[test]
fn a_change_of_travellers_keeps_every_element_and_touches_only_those_it_is_about() {
    let element = |note: u32, travellers: &[u128]| {
        let list: Vec<Value> = travellers.iter().map(|it| json!({ "userId": id(*it), "rank": it })).collect();
        json!({ "roleType": ARRANGER, "note": note, "metadata": { "arrangerFor": list } })
    };
    let read = |elements: &[Value]| DirectRoles::read(elements.iter().map(raw));
    let live = read(&[element(1, &[1]), element(2, &[2, 3])]);
    let live = live.iter().next().unwrap();
    let to = |travellers: &[u128]| {
        let changed = live.with_travellers(travellers.iter().map(|it| plain(*it)).collect());
        let elements: Vec<Value> =
            changed.sent(Fields::Current).map(|it| serde_json::from_str(it.get()).unwrap()).collect();
        let again = read(&elements);
        assert_eq!(again.iter().collect::<Vec<_>>(), [&changed]);
        elements
    };
    let all = |it: &Value, note: u32, travellers: &[u128]| {
        let ids: Vec<Value> = travellers.iter().map(|it| json!(id(*it))).collect();
        let list = it["metadata"]["arrangerFor"].as_array().unwrap();
        let found: Vec<Value> = list.iter().map(|it| it["userId"].clone()).collect();
        assert_eq!((&it["note"], found), (&json!(note), ids), "{it}");
    };
    let [first, second] = &to(&[1, 2, 3, 4])[..] else { panic!("two elements") };
    all(first, 1, &[1, 4]);
    assert_eq!(*second, element(2, &[2, 3]), "nothing of it changes");
    let [first, second] = &to(&[1, 3])[..] else { panic!("two elements") };
    assert_eq!(*first, element(1, &[1]));
    all(second, 2, &[3]);
    assert_eq!(second["metadata"]["arrangerFor"][0], json!({ "userId": id(3), "rank": 3 }));
    // An element without travellers would be another role.
    let [only] = &to(&[2])[..] else { panic!("one element") };
    all(only, 2, &[2]);
    let [first, second] = &to(&[3, 4])[..] else { panic!("two elements") };
    all(first, 1, &[4]);
    all(second, 2, &[3]);
    // Another mail is a change of that entry, which keeps what else is said of it.
    let mails = Traveller { confirmations: true, ..plain(2) };
    let changed = live.with_travellers(vec![plain(1), mails, plain(3)]);
    let sent: Vec<Value> =
        changed.sent(Fields::Current).map(|it| serde_json::from_str(it.get()).unwrap()).collect();
    let entry = &sent[1]["metadata"]["arrangerFor"][0];
    assert_eq!((&entry["rank"], &entry[CONFIRMATIONS]), (&json!(2), &json!(true)), "{sent:?}");
    assert_eq!(sent[0], element(1, &[1]));
}

#[test]
fn what_is_not_understood_means_itself_and_stays_as_it_is() {
    let text = r#"{"roleType":"NEW_THING","metadata":{"b":1,"a":[{"y":2.50,"x":1}]}}"#;
    let new = DirectRole::read(RawValue::from_string(text.to_owned()).unwrap());
    assert_eq!(new.elements()[0].get(), text);
    assert_eq!(
        new,
        read(&json!({ "metadata": { "a": [{ "x": 1, "y": 2.5 }], "b": 1 }, "roleType": "NEW_THING" }))
    );
    assert_ne!(
        new,
        read(&json!({ "roleType": "NEW_THING", "metadata": { "b": 2, "a": [{ "x": 1, "y": 2.5 }] } }))
    );
    let kept = DirectRoles::read([new.elements()[0].clone()]);
    let text = serde_json::to_string(&kept).unwrap();
    assert_eq!(serde_json::from_str::<DirectRoles>(&text).unwrap(), kept);
}

#[test]
fn what_is_not_known_is_a_part_of_the_spelling_only() {
    let on = json!({ "companyRef": { "id": id(7) } });
    let plain = DirectRoles::new([read(&json!({ "roleType": "COMPANY_ADMIN", "metadata": on }))]);
    let more = DirectRoles::new([read(&json!({ "roleType": "COMPANY_ADMIN", "metadata": on, "since": 3 }))]);
    assert_eq!(plain, more);
    assert!(!plain.same_spelling(&more) && plain.same_spelling(&plain));
}

#[test]
fn what_two_roles_give_is_no_more_than_either() {
    let arranger = |all: &[u128]| DirectRole::arranger(all.iter().map(|it| plain(*it)).collect());
    let loud = Traveller { confirmations: true, ..plain(1) };
    let on = |n: u128| DirectRole::new("COMPANY_ADMIN", Some(CompanyId(Uuid::from_u128(n))));
    for (wanted, held, both) in [
        (on(7), on(7), Some(on(7))),
        (on(7), on(8), None),
        (arranger(&[1, 2]), arranger(&[2, 3]), Some(arranger(&[2]))),
        (arranger(&[1]), arranger(&[2]), None),
        // Neither mail is better than the other: what is there stays.
        (arranger(&[1]), DirectRole::arranger(vec![loud]), Some(DirectRole::arranger(vec![loud]))),
        (DirectRole::arranger(vec![loud]), arranger(&[1]), Some(arranger(&[1]))),
    ] {
        assert_eq!(wanted.within(&held), both, "{wanted:?} {held:?}");
    }
}

#[test]
fn what_is_not_for_those_who_write_is_not_sent_and_all_else_is_to_the_letter() {
    let older = r#""roleMetadata":{"travelArrangerMetadata":{"arrangerFor":[]}}"#;
    let company = id(1);
    let on = format!(r#""companyRef":{{"id":"{company}"}}"#);
    let tmc = format!(r#""tmcRef":{{"id":"{}","note":1.50}}"#, id(9));
    let digits = r#""x":123456789012345678901234567890.10"#;
    for (read, current) in [
        // The read-only field of a company's role, whichever; what nobody knows stays digit for digit.
        (
            format!(r#"{{"roleType":"COMPANY_ADMIN",{digits},"metadata":{{{on},{tmc},{digits}}}}}"#),
            format!(r#"{{"metadata":{{{on},{digits}}},"roleType":"COMPANY_ADMIN",{digits}}}"#),
        ),
        (
            format!(r#"{{"roleType":"COMPANY_REPORT_ADMIN","metadata":{{{on},{tmc}}},{older}}}"#),
            format!(r#"{{"metadata":{{{on}}},"roleType":"COMPANY_REPORT_ADMIN"}}"#),
        ),
        // A TMC's role is held on that field.
        (
            format!(r#"{{"roleType":"TMC_AGENT","metadata":{{{tmc}}}}}"#),
            format!(r#"{{"roleType":"TMC_AGENT","metadata":{{{tmc}}}}}"#),
        ),
        (format!(r#"{{"roleType":"GLOBAL_AGENT",{older}}}"#), r#"{"roleType":"GLOBAL_AGENT"}"#.to_owned()),
        // Without one of them nothing is written anew, not even a space.
        (
            format!(r#"{{ "roleType": "COMPANY_ADMIN", "metadata": {{ {on} }}, {digits} }}"#),
            format!(r#"{{ "roleType": "COMPANY_ADMIN", "metadata": {{ {on} }}, {digits} }}"#),
        ),
        // What nobody knows means itself, whole.
        (
            format!(r#"{{"roleType":"NEW_THING","metadata":{{{on},{tmc}}},{older}}}"#),
            format!(r#"{{"roleType":"NEW_THING","metadata":{{{on},{tmc}}},{older}}}"#),
        ),
    ] {
        let roles = DirectRoles::read([RawValue::from_string(read.clone()).unwrap()]);
        let sent = |which| roles.sent(which)[0].get().to_owned();
        assert_eq!(sent(Fields::Current), current, "{read}");
        assert_eq!(sent(Fields::AsRead), read);
        assert_eq!(DirectRoles::read(roles.sent(Fields::Current)), roles, "{read}");
    }
    for (refusal, misses) in [
        ("roles[0].metadata.tmcRef: is required", true),
        ("roleMetadata must not be null", true),
        ("roles[0].metadata: needs roleType", false),
    ] {
        assert_eq!((Fields::Current.misses(refusal), Fields::AsRead.misses(refusal)), (misses, false));
    }
}
