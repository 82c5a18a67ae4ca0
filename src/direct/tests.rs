//! Meaning and spelling: what is the same role, and what survives of an element.

use super::*;

fn id(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn read(element: &Value) -> DirectRole {
    DirectRole::read(raw(element))
}

fn sent(role: &DirectRole) -> Value {
    let sent: Vec<Value> = role.sent().map(|it| serde_json::from_str(it.get()).unwrap()).collect();
    assert_eq!(sent.len(), 1);
    sent[0].clone()
}

fn for_whom(user: u128) -> Traveller {
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
    let both = DirectRole::arranger(vec![for_whom(2), Traveller { confirmations: true, ..for_whom(1) }]);
    let list = json!([{ "userId": id(1), "sendConfirmationEmail": true }, { "userId": { "id": id(2) } }]);
    let newer =
        read(&json!({ "roleType": ARRANGER, "metadata": { "roleType": ARRANGER, "arrangerFor": list } }));
    let older = read(
        &json!({ "roleType": ARRANGER, "roleMetadata": { "travelArrangerMetadata": { "arrangerFor": list } } }),
    );
    assert_eq!((&newer, &older), (&both, &both));
    let split =
        DirectRoles::new([DirectRole::arranger(vec![for_whom(2)]), DirectRole::arranger(vec![for_whom(1)])]);
    assert_eq!(split, DirectRoles::new([DirectRole::arranger(vec![for_whom(1), for_whom(2)])]));
    assert_eq!(split.sent().len(), 2, "as it was read");
    // The field in use has to be filled when it is sent; what was read stays beside it.
    let filled = sent(&older);
    assert_eq!(filled["metadata"]["arrangerFor"], list);
    assert_eq!(filled["roleMetadata"]["travelArrangerMetadata"]["arrangerFor"], list);
    assert_eq!(read(&filled), both);
    // Nobody to arrange for is not what this version writes: it is kept as it is.
    assert!(matches!(read(&json!({ "roleType": ARRANGER })).kind(), Kind::Verbatim(..)));
}

#[test]
fn a_changed_list_of_travellers_keeps_all_else() {
    let live = read(&json!({
        "roleType": ARRANGER, "since": "2020", "roleMetadata": { "travelArrangerMetadata": { "arrangerFor": [] } },
        "metadata": { "roleType": ARRANGER, "note": 1, "arrangerFor": [{ "userId": id(1), "rank": 5 }, { "userId": id(2), "rank": 6 }] },
    }));
    let changed = live.with_travellers(vec![for_whom(3), Traveller { flight_stats: true, ..for_whom(2) }]);
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
