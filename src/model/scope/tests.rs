//! Laws of scopes: equal exactly where they mean the same.

use proptest::prelude::*;

use super::*;

/// Reads `company a b & legalEntity x | profile p`: audiences by `|`, dimensions by `&`.
fn scope(text: &str) -> Scope {
    Scope::new(text.split('|').map(|audience| {
        audience
            .split('&')
            .map(|dimension| {
                let mut words = dimension.split_whitespace();
                let kind = match words.next().unwrap() {
                    "company" => Kind::Company,
                    "legalEntity" => Kind::LegalEntity,
                    "profile" => Kind::Profile,
                    "platform" => Kind::Platform,
                    other => Kind::Other(other.into()),
                };
                let mut values: Vec<Value> = words.map(|it| Value::Text(it.into())).collect();
                if values.is_empty() {
                    values.push(Value::Nothing);
                }
                Dimension { kind, values }
            })
            .collect()
    }))
}

#[test]
fn spelling_does_not_matter() {
    for (left, right) in [
        ("company b a a", "company a b"),
        ("company a | company b", "company a b"),
        ("company a & legalEntity x", "legalEntity x & company a"),
        ("company a | company a & legalEntity x", "company a"),
        ("company a b & legalEntity x y", "company a & legalEntity x y | company b & legalEntity y x"),
        ("company a b & company b c", "company b"),
        ("company a & company b | profile p", "profile p"),
        ("company a | platform", "platform"),
        ("profile p | company a", "company a | profile p | profile p"),
    ] {
        assert_eq!(scope(left), scope(right), "{left} = {right}");
    }
}

#[test]
fn different_meanings_differ() {
    for (left, right) in [
        ("company a", "company b"),
        ("company a", "legalEntity a"),
        ("company a & legalEntity x", "company a | legalEntity x"),
        ("company a b", "company a b c"),
        ("tag a & tag b", "tag a b"),
    ] {
        assert_ne!(scope(left), scope(right), "{left} ≠ {right}");
    }
}

#[test]
fn a_change_widens_narrows_or_changes() {
    for (before, after, relation) in [
        ("company a", "company a b", Relation::Widens),
        ("company a b", "company b", Relation::Narrows),
        ("company a", "company b", Relation::Changes),
        ("company a & legalEntity x", "company a", Relation::Widens),
        ("company a", "company a & legalEntity x", Relation::Narrows),
        ("company a", "platform", Relation::Widens),
        ("platform", "company a", Relation::Narrows),
        ("company a b & legalEntity x", "company a & legalEntity x | company b", Relation::Widens),
    ] {
        assert_eq!(scope(before).relation(&scope(after)), Some(relation), "{before} → {after}");
    }
    assert_eq!(scope("company a | company b").relation(&scope("company b a")), None);
}

#[test]
fn a_meet_allows_what_both_allow() {
    for (left, right, both) in [
        ("company a b", "company b c", "company b"),
        ("company a", "legalEntity x", "company a & legalEntity x"),
        ("company a | profile p", "profile p", "profile p"),
        ("platform", "company a & legalEntity x", "company a & legalEntity x"),
        ("company a & legalEntity x", "platform", "company a & legalEntity x"),
        ("tag a", "tag b", "tag a & tag b"),
    ] {
        assert_eq!(scope(left).meet(&scope(right)), scope(both), "{left} and {right}");
    }
    assert!(scope("company a").meet(&scope("company b | company c & legalEntity x")).is_empty());
    assert!(scope("company a").meet(&Scope::default()).is_empty());
}

fn read(json: &str) -> Scope {
    Scope::read(Some(&RawValue::from_string(json.to_owned()).unwrap()))
}

const A: &str = "11111111-1111-4111-8111-111111111111";
const B: &str = "22222222-2222-4222-8222-222222222222";

#[test]
fn every_documented_reading_of_a_predicate_is_one_scope() {
    let documented = read(&format!(
        r#"{{"audiences":[{{"predicates":[{{"type":"COMPANY","comparator":"IN","values":["{A}"]}}]}}]}}"#
    ));
    for predicate in [
        format!(r#"{{"type":"COMPANY","values":"{A}"}}"#),
        format!(r#"{{"type":"COMPANY","id":"{A}"}}"#),
        format!(r#"{{"type":"COMPANY","id":{{"id":"{A}"}}}}"#),
        format!(r#"{{"type":"COMPANY","comparator":"IN","values":["{}"]}}"#, A.to_uppercase()),
    ] {
        let other = read(&format!(r#"{{"audiences":[{{"predicates":[{predicate}]}}]}}"#));
        assert_eq!(other, documented, "{predicate}");
    }
    assert_eq!(Scope::read(Some(&documented.to_wire())), documented);
}

#[test]
fn a_scope_can_be_written_in_every_form_of_predicates_and_says_the_same_in_each() {
    let two = format!(r#"["{A}","{B}"]"#);
    let scope = read(&format!(
        r#"{{"audiences":[{{"predicates":[{{"type":"COMPANY","values":{two}}},{{"type":"LEGAL_ENTITY","values":{two}}}]}},
        {{"predicates":[{{"type":"PLATFORM"}},{{"type":"STEALTH_TYPE","values":["STEALTH_TYPE_1"]}}]}}]}}"#
    ));
    let written = |form| scope.to_wire_as(form).get().to_owned();
    for form in [PredicateForm::List, PredicateForm::Single, PredicateForm::Id] {
        assert_eq!(read(&written(form)), scope, "{form:?}");
    }
    assert_eq!(written(PredicateForm::List).matches("predicates").count(), 2);
    assert_eq!(written(PredicateForm::Single).matches("predicates").count(), 5);
    assert!(written(PredicateForm::Single).contains(&format!(r#"{{"type":"COMPANY","values":"{A}"}}"#)));
    assert!(written(PredicateForm::Id).contains(&format!(r#"{{"type":"COMPANY","id":"{B}"}}"#)));
    let odd = r#"{"audiences":[{"rules":[1]}]}"#;
    assert_eq!(
        read(odd).to_wire_as(PredicateForm::Id).get(),
        odd,
        "what cannot be read goes back as it came"
    );
}

#[test]
fn what_cannot_be_read_equals_nothing_that_can_be_declared() {
    let normal = read(&format!(
        r#"{{"audiences":[{{"predicates":[{{"type":"COMPANY","comparator":"IN","values":["{A}"]}}]}}]}}"#
    ));
    for strange in [
        format!(
            r#"{{"audiences":[{{"predicates":[{{"type":"COMPANY","comparator":"NOT_IN","values":["{A}"]}}]}}]}}"#
        ),
        format!(
            r#"{{"audiences":[{{"predicates":[{{"type":"COMPANY","values":["{A}"],"negate":true}}]}}]}}"#
        ),
        format!(
            r#"{{"audiences":[{{"predicates":[{{"type":"COMPANY","values":["{A}"]}}],"excluded":[]}}]}}"#
        ),
        format!(
            r#"{{"audiences":[{{"predicates":[{{"type":"COMPANY","values":["{A}"],"id":"{}"}}]}}]}}"#,
            A.replace('1', "2")
        ),
        r#"{"audiences":[{"predicates":[{"type":"COMPANY","values":[]}]}]}"#.to_owned(),
        r#"{"audiences":[{"predicates":[]}]}"#.to_owned(),
        r#"{"audiences":[{"rules":[]}]}"#.to_owned(),
        r#""everything""#.to_owned(),
    ] {
        let scope = read(&strange);
        assert!(scope.has_unreadable(), "{strange}");
        assert_eq!(normal.relation(&scope), Some(Relation::Changes), "{strange}");
    }
    // No scope at all is no scope that can be declared, and does not vanish beside another.
    for unsaid in [Scope::read(None), read(r#"{"audiences":[]}"#), read("null"), read("{}")] {
        assert!(unsaid.has_unreadable());
        assert_ne!(normal.clone().union(unsaid.clone()), normal);
        assert_eq!(unsaid.to_wire().get(), r#"{"audiences":[]}"#);
    }
}

/// Entries that no version can read become one audience; each goes back as it came.
#[test]
fn several_that_cannot_be_read_stay_several() {
    let (a, b) = (r#"{"audiences":["x"]}"#, r#"{"audiences":[{"rules":[]}]}"#);
    let both = read(a).union(read(b)).union(Scope::read(None));
    assert_eq!(both.to_wire().get(), r#"{"audiences":["x",{"rules":[]}]}"#);
    assert_eq!(read(both.to_wire().get()), read(a).union(read(b)));
}

#[test]
fn the_whole_platform_is_sent_without_values() {
    assert_eq!(scope("platform").to_wire().get(), r#"{"audiences":[{"predicates":[{"type":"PLATFORM"}]}]}"#);
}

/// Thousands of audiences that hardly join: once cubic, which was as good as a hang.
#[test]
fn a_long_list_of_audiences_is_brought_to_its_form() {
    let dimension =
        |kind: Kind, n: usize| Dimension { kind, values: vec![Value::Text(n.to_string().into())] };
    let audiences = (0..4_000).map(|n| match n % 2 {
        0 => vec![dimension(Kind::Company, n)],
        _ => vec![dimension(Kind::Company, n - 1), dimension(Kind::LegalEntity, n)],
    });
    let scope = Scope::new(audiences);
    assert_eq!((scope.audiences().len(), scope.audiences()[0][0].values.len()), (1, 2_000));
}

/// Kinds this version does not know may hold several values at once: no two spellings of that are told apart.
#[test]
fn a_kind_twice_is_one_scope_however_it_is_spelled() {
    for (left, right) in [
        ("tag a b & tag a", "tag a"),
        ("tag a b & tag b c", "tag b | tag a & tag c"),
        ("tag a b & tag c", "tag a & tag c | tag c & tag b"),
        (
            "company x y & tag a b & tag c",
            "company x & tag a & tag c | company x y & tag b & tag c | company y & tag a & tag c",
        ),
    ] {
        assert_eq!(scope(left), scope(right), "{left} = {right}");
    }
}

/// Five dimensions with ten values each would be 100,000 audiences with one value each.
#[test]
fn what_is_too_large_to_be_split_is_sent_with_lists() {
    let values = (0..10).map(|n| Value::Text(n.to_string().into())).collect::<Vec<_>>();
    let kinds =
        [Kind::Company, Kind::LegalEntity, Kind::Profile, Kind::StealthType, Kind::Other("tag".into())];
    let scope = Scope::new([kinds.map(|kind| Dimension { kind, values: values.clone() }).to_vec()]);
    for form in [PredicateForm::Single, PredicateForm::Id] {
        assert_eq!(scope.to_wire_as(form).get(), scope.to_wire().get());
    }
}

/// The kinds of the laws: three of which a traveller has at most one value, and one with any number of them.
fn kinds() -> [Kind; 4] {
    [Kind::Company, Kind::LegalEntity, Kind::Profile, Kind::Other("tag".into())]
}

/// Audiences over four dimensions with three values each, small enough that they overlap; and now and then the platform,
/// alone or beside others.
fn audiences() -> impl Strategy<Value = Vec<Audience>> {
    let dimension = (0..4usize, prop::collection::vec(0..3u8, 1..3)).prop_map(|(kind, values)| Dimension {
        kind: kinds()[kind].clone(),
        values: values.into_iter().map(|it| Value::Text(it.to_string().into())).collect(),
    });
    let platform = Just(Dimension { kind: Kind::Platform, values: vec![Value::Nothing] });
    let dimension = prop_oneof![12 => dimension, 1 => platform];
    prop::collection::vec(prop::collection::vec(dimension, 1..4), 0..5)
}

/// The values that a traveller has of each kind.
type Traveller = [Vec<u8>; 4];

/// Whether this traveller is inside; the meaning itself, spelled out.
fn allows(audiences: &[Audience], traveller: &Traveller) -> bool {
    audiences.iter().any(|audience| {
        audience.iter().filter(|it| it.kind != Kind::Platform).all(|it| {
            let n = kinds().iter().position(|kind| *kind == it.kind).unwrap();
            traveller[n].iter().any(|value| it.values.contains(&Value::Text(value.to_string().into())))
        })
    })
}

/// All travellers: of each of the first kinds one value, up to one more than any scope names (the open end
/// of the dimension), and every set of tags.
fn travellers() -> impl Iterator<Item = Traveller> {
    (0..64_u8).flat_map(|n| {
        (0..8_u8).map(move |tags| {
            let tags = (0..3).filter(|tag| tags >> tag & 1 == 1).collect();
            [vec![n % 4], vec![n / 4 % 4], vec![n / 16], tags]
        })
    })
}

proptest! {
    /// Canonical forms are equal exactly where the scopes allow the same travellers.
    #[test]
    fn canonical_form_is_meaning(left in audiences(), right in audiences()) {
        let (a, b) = (Scope::new(left.clone()), Scope::new(right.clone()));
        let same = travellers().all(|it| allows(&left, &it) == allows(&right, &it));
        prop_assert_eq!(a == b, same);
        prop_assert!(travellers().all(|it| allows(&left, &it) == allows(a.audiences(), &it)));
    }

    /// `contains` is inclusion, and the union allows what either allows.
    #[test]
    fn contains_is_inclusion(left in audiences(), right in audiences()) {
        let (a, b) = (Scope::new(left.clone()), Scope::new(right.clone()));
        let inside = travellers().all(|it| allows(&left, &it) || !allows(&right, &it));
        prop_assert_eq!(a.contains(&b), inside);
        let union = a.union(b);
        let either = |it: &Traveller| allows(&left, it) || allows(&right, it);
        let agree = travellers().all(|it| allows(union.audiences(), &it) == either(&it));
        prop_assert!(agree);
    }

    /// The meet allows what both allow.
    #[test]
    fn meet_is_intersection(left in audiences(), right in audiences()) {
        let (a, b) = (Scope::new(left.clone()), Scope::new(right.clone()));
        let meet = a.meet(&b);
        let both = |it: &Traveller| allows(&left, it) && allows(&right, it);
        prop_assert!(travellers().all(|it| allows(meet.audiences(), &it) == both(&it)));
        prop_assert_eq!(&meet, &b.meet(&a));
    }

    /// Taking away leaves part of what was, and with what was taken away all of it again.
    #[test]
    fn without_takes_away_only_what_is_covered(left in audiences(), right in audiences()) {
        let (a, b) = (Scope::new(left), Scope::new(right));
        let rest = a.without(&b);
        prop_assert!(a.contains(&rest));
        prop_assert!(rest.clone().union(b.clone()).contains(&a));
        prop_assert_eq!(rest.without(&b), rest.clone());
        prop_assert!(!b.contains(&a) || rest.is_empty());
    }

    /// Order and repetition of audiences leave no trace.
    #[test]
    fn order_is_irrelevant(mut audiences in audiences()) {
        let before = Scope::new(audiences.clone());
        audiences.reverse();
        audiences.extend(audiences.clone());
        prop_assert_eq!(Scope::new(audiences), before);
    }

    /// What is sent reads back as what was meant, in every form of predicates.
    #[test]
    fn the_wire_keeps_the_meaning(audiences in audiences()) {
        let scope = Scope::new(audiences);
        // A scope that covers nobody is never sent: a file cannot say it.
        prop_assume!(!scope.is_empty());
        for form in [PredicateForm::List, PredicateForm::Single, PredicateForm::Id] {
            prop_assert_eq!(Scope::read(Some(&scope.to_wire_as(form))), scope.clone(), "{:?}", form);
        }
    }
}
