//! What expressions find of rows, what is wrong with them, and the laws of both.

use proptest::prelude::*;

use super::{
    schema::{ACCESS, EDIT, Holds, Record, WAY},
    *,
};

/// What is wrong with an expression.
fn wrong(deny: &str) -> Vec<Wrong> {
    Rule::new(None, deny).err().unwrap_or_default()
}

fn text(it: &str) -> Datum {
    Datum::Text(it.into())
}

fn answer(rule: &Rule, fields: Vec<(&'static str, Datum)>) -> Answer {
    let (own, shared): (Vec<_>, Vec<_>) =
        fields.into_iter().partition(|it| schema::OF_PERSON.contains(&it.0));
    let (own, shared) = (Facts::new(own), Facts::new(shared));
    Runner::new(rule).answer(Row { shared: &shared, own: &own })
}

#[test]
fn what_is_too_deep_too_long_or_too_much_is_refused() {
    let nested = |it: &str| format!("{}access.direct{}", "(".repeat(400), ")".repeat(400)) + it;
    let pattern = "access.role.matches(\"\\\\pL{200}{200}\")";
    let loops = "access.through.all(a, access.through.all(b, access.through.all(c, true)))";
    for expression in [
        nested("").as_str(),
        &format!("{}access.direct", "!".repeat(600)),
        &format!("access.direct{}", " || access.direct".repeat(200)),
        &format!("\"{}\" == access.role", "x".repeat(2_000)),
        &"[".repeat(300),
        &"(".repeat(9),
        &format!("{}access.direct", "access.new ? access.new : ".repeat(60)),
        pattern,
        loops,
    ] {
        assert!(!wrong(expression).is_empty(), "{expression}");
    }
    // As deep and as long as is allowed.
    for expression in [
        format!("{}access.direct{}", "(".repeat(8), ")".repeat(8)),
        format!("{}access.direct", "!".repeat(490)),
        format!("access.direct{}", " || access.new".repeat(90)),
        format!("1{} == 3 || access.direct", "+1".repeat(230)),
    ] {
        assert_eq!(wrong(&expression), [], "{expression}");
    }
}

#[test]
fn too_much_work_is_not_begun_and_counts_as_unknown() {
    let rule =
        Rule::new(None, "access.through.exists(a, access.through.exists(b, a.group == b.group))").unwrap();
    let ways = |n: usize| (0..n).map(|_| vec![("group", text("x"))]).collect::<Vec<_>>();
    assert_eq!(answer(&rule, vec![("through", Datum::Many(ways(10)))]), Answer::Broken);
    let much = answer(&rule, vec![("through", Datum::Many(ways(2_000)))]);
    assert!(matches!(much, Answer::Unknown(_)), "{much:?}");
}

#[test]
fn a_part_that_is_false_keeps_the_rule_whatever_cannot_be_evaluated() {
    let missing = "access.domain == \"x\"";
    for (when, deny, expected) in [
        (Some("access.direct"), missing, true),
        (Some(missing), "access.direct", true),
        (None, &*format!("{missing} && access.direct"), true),
        (None, &*format!("access.direct && {missing}"), true),
        (Some("!access.direct"), missing, false),
        (Some(missing), "!access.direct", false),
        (None, "has(access.domain) && access.domain == \"x\"", true),
        (None, "!has(access.domain) || access.domain == \"x\"", false),
    ] {
        let rule = Rule::new(when, deny).unwrap();
        let found = answer(&rule, vec![("direct", Datum::Bool(false))]);
        assert_eq!(found == Answer::Kept, expected, "{when:?} {deny}: {found:?}");
    }
    assert!(Rule::new(None, "!access.direct && access.gives").unwrap().spares_direct_roles());
    assert!(Rule::new(Some("access.direct == false"), "access.gives").unwrap().spares_direct_roles());
    assert!(!Rule::new(None, "!access.direct || access.gives").unwrap().spares_direct_roles());
    assert!(!Rule::new(None, "access.direct").unwrap().spares_direct_roles());
}

/// The value of a field, by a seed.
fn datum(holds: Holds, seed: &mut u64) -> Datum {
    let mut next = || {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*seed >> 33).unwrap()
    };
    const TEXTS: [&str; 6] = ["", "a", "Agent", "globex", "ana@voyager.example", "é\"\\`${x}"];
    match holds {
        Holds::Bool => Datum::Bool(next() % 2 == 0),
        Holds::Text => text(TEXTS[next() % 6]),
        Holds::Number => Datum::Number(u32::try_from(next() % 1000).unwrap()),
        Holds::Word(words) => text(words[next() % words.len()]),
        Holds::Time => Datum::Time(jiff::Timestamp::from_second(i64::try_from(next()).unwrap()).unwrap()),
        Holds::Texts => Datum::Texts((0..next() % 4).map(|n| TEXTS[n].into()).collect()),
        Holds::TextsByName => {
            Datum::TextsByName((0..next() % 3).map(|n| (TEXTS[n].into(), vec!["READ".into()])).collect())
        }
        Holds::One(record) => Datum::One(complete(record, seed)),
        Holds::Many(record) => {
            let n = next() % 3;
            Datum::Many((0..n).map(|_| complete(record, seed)).collect())
        }
    }
}

/// A row that says everything.
fn complete(record: &'static Record, seed: &mut u64) -> Vec<(&'static str, Datum)> {
    record.fields.iter().map(|it| (it.name, datum(it.holds, seed))).collect()
}

/// Fields of a record that hold something, as expressions.
fn fields(of: &'static str, record: &'static Record, holds: fn(Holds) -> bool) -> Vec<String> {
    let found = record.fields.iter().filter(move |it| holds(it.holds));
    found.map(|it| format!("{of}.{}", it.name)).collect()
}

fn texts(of: &'static str, record: &'static Record) -> BoxedStrategy<String> {
    let fields = fields(of, record, |it| it == Holds::Text);
    prop_oneof![
        3 => proptest::sample::select(fields),
        1 => proptest::sample::select(vec!["\"Agent\"", "\"globex\"", "\"\"", "'é'"]).prop_map(str::to_owned),
    ]
    .boxed()
}

/// Expressions that are true or false.
fn sound(of: &'static str, record: &'static Record, depth: u32) -> BoxedStrategy<String> {
    let flags = proptest::sample::select(fields(of, record, |it| it == Holds::Bool));
    let optional: Vec<String> =
        record.fields.iter().filter(|it| it.optional).map(|it| format!("has({of}.{})", it.name)).collect();
    let two = || (texts(of, record), texts(of, record));
    let leaf = prop_oneof![
        flags,
        proptest::sample::select(optional),
        two().prop_map(|(a, b)| format!("{a} == {b}")),
        two().prop_map(|(a, b)| format!("{a} < {b}")),
        two().prop_map(|(a, b)| format!("{a}.startsWith({b})")),
        two().prop_map(|(a, b)| format!("({a} + {b}).contains({b})")),
        two().prop_map(|(a, b)| format!("{a} in [{b}, \"x\"]")),
        texts(of, record).prop_map(|it| format!("size({it}) >= 2 + 3 * 1 - 4")),
        texts(of, record).prop_map(|it| format!("{it}.matches(\"^[a-z]+$\")")),
        Just(format!("{of}.ends - timestamp(\"2027-01-01T00:00:00Z\") > duration(\"24h\")")),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let deeper = || sound(of, record, depth - 1);
    let one = prop_oneof![
        3 => leaf,
        1 => deeper().prop_map(|it| format!("!({it})")),
        2 => (deeper(), deeper()).prop_map(|(a, b)| format!("({a}) && ({b})")),
        2 => (deeper(), deeper()).prop_map(|(a, b)| format!("({a}) || ({b})")),
        1 => (deeper(), deeper(), deeper()).prop_map(|(a, b, c)| format!("(({a}) ? ({b}) : ({c}))")),
    ];
    if record.name != "access" {
        return one.boxed();
    }
    let loops = (proptest::sample::select(vec!["all", "exists", "exists_one"]), sound("way", &WAY, 0));
    prop_oneof![
        3 => one,
        1 => loops.clone().prop_map(|(how, it)| format!("access.through.{how}(way, {it})")),
        1 => loops.prop_map(|(_, it)| format!("size(access.through.filter(way, {it}).map(way, way.group)) > 1")),
        1 => Just("access.reaches.companies.all(it, it in [\"globex\"]) || \"a\" in access.permissions".to_owned()),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is accepted can be evaluated on every row that says everything.
    #[test]
    fn what_the_types_allow_is_evaluated(expression in sound("access", &ACCESS, 2), edit in sound("edit", &EDIT, 2), mut seed: u64) {
        for (expression, record) in [(expression, &ACCESS), (edit, &EDIT)] {
            match Rule::new(None, &expression) {
                // Too deep, or of no row.
                Err(all) => prop_assert!(
                    all.iter().all(|it| it.message.contains("more than") || it.message.contains("neither")),
                    "{expression}: {all:?}"
                ),
                Ok(rule) => {
                    let found = answer(&rule, complete(record, &mut seed));
                    prop_assert!(!matches!(found, Answer::Unknown(_)), "{expression}: {found:?}");
                }
            }
        }
    }

    /// A field that is misspelt is found, wherever it stands.
    #[test]
    fn a_misspelt_field_is_always_found(expression in sound("access", &ACCESS, 2), which: proptest::sample::Index, letter in "[a-z]") {
        prop_assume!(Rule::new(None, &expression).is_ok());
        let dots: Vec<usize> = expression.match_indices("access.").map(|it| it.0 + 7).collect();
        prop_assume!(!dots.is_empty());
        let at = dots[which.index(dots.len())];
        let end = at + expression[at..].find(|it: char| !it.is_alphanumeric()).unwrap_or(expression.len() - at);
        let name = format!("{}{letter}", &expression[at..end]);
        prop_assume!(ACCESS.field(&name).is_none());
        let other = format!("{}{name}{}", &expression[..at], &expression[end..]);
        let found = wrong(&other);
        let here = other[..at].chars().count();
        prop_assert!(found.iter().any(|it| it.at == here && it.message.contains(&name)), "{other}: {found:?}");
    }

    /// No text makes it panic, whatever it says.
    #[test]
    fn any_text_is_refused_or_read(text in "(access|edit|\\.|direct|role|\\(|\\)|\\[|\\]|\\{|\\}|!|&&|\\|\\||==|\"|'|\\\\|é|1|,|has|all|it| |\n){0,40}") {
        let _ = Rule::new(Some(&text), &text);
    }

    /// A table of rules finds what code that was written by hand finds.
    #[test]
    fn rules_find_what_code_finds(mut seed: u64) {
        let row = complete(&ACCESS, &mut seed);
        let get = |name: &str| row.iter().find(|it| it.0 == name).map(|it| it.1.clone());
        let flag = |name: &str| get(name) == Some(Datum::Bool(true));
        let said = |name: &str| match get(name) { Some(Datum::Text(it)) => it.to_string(), _ => String::new() };
        let ways = match get("through") { Some(Datum::Many(all)) => all, _ => Vec::new() };
        let is = |way: &Vec<(&'static str, Datum)>, name: &str| way.contains(&(WAY.field(name).unwrap().name, Datum::Bool(true)));
        let companies = match get("reaches") {
            Some(Datum::One(fields)) => fields.iter().find_map(|it| match &it.1 {
                Datum::Texts(all) if it.0 == "companies" => Some(all.clone()),
                _ => None,
            }).unwrap_or_default(),
            _ => Vec::new(),
        };
        let ends = match get("ends") { Some(Datum::Time(it)) => it, _ => jiff::Timestamp::MIN };
        let table: [(&str, bool); 10] = [
            ("access.privileged && access.gives", flag("privileged") && flag("gives")),
            ("access.direct || !access.new", flag("direct") || !flag("new")),
            ("access.person.endsWith(\".example\")", said("person").ends_with(".example")),
            ("access.role == access.domain", said("role") == said("domain")),
            ("size(access.through) > 1", ways.len() > 1),
            ("access.through.exists(it, it.managed && !it.standard)", ways.iter().any(|it| is(it, "managed") && !is(it, "standard"))),
            ("access.through.all(it, it.standard)", ways.iter().all(|it| is(it, "standard"))),
            ("access.reaches.companies.exists(it, it == \"a\")", companies.iter().any(|it| &**it == "a")),
            ("access.ends < timestamp(\"1990-01-01T00:00:00Z\")", ends < "1990-01-01T00:00:00Z".parse().unwrap()),
            ("access.role in [\"a\", \"globex\"] ? access.direct : access.gives", if ["a", "globex"].contains(&&*said("role")) { flag("direct") } else { flag("gives") }),
        ];
        for (expression, expected) in table {
            let found = answer(&Rule::new(None, expression).unwrap(), row.clone());
            let expected = if expected { Answer::Broken } else { Answer::Kept };
            prop_assert_eq!(found, expected, "{}", expression);
        }
    }
}
