//! What is written is read back as it was, and nothing else is taken for a plan.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};

use super::*;
use crate::{
    model::{ids::RoleId, index::GroupIx, scope::Scope, state::Edit},
    plan::{judged::Judged, worlds::world},
    report::{
        render::tests::fixture::{everyday, everything, sources, view},
        schema,
    },
};

/// What the API might spell for a scope; the last ones hold what a document may not.
const ENTRIES: [&str; 10] = [
    r#"{"audiences":[{"predicates":[{"type":"COMPANY","comparator":"IN","values":["00000000-0000-0000-0000-000000000001"]}]}]}"#,
    r#"{"audiences":[{"predicates":[{"type":"REGION","comparator":"IN","values":["b","a","a"]}]}]}"#,
    r#"{"audiences":[{"predicates":[{"type":"COMPANY","comparator":"NOT_IN","values":["x"]}]}]}"#,
    r#"{"predicates":[{"type":"PLATFORM"}]}"#,
    r#"{"audiences":[]}"#,
    r#""everything""#,
    r#"[1.50,1e3,{"b":1,"a":2,"a":3}]"#,
    r#"{"audiences":[{"predicates":[{"type":"PLATFORM","values":["x"]}]}]}"#,
    "{ \"audiences\":\t[\r\n {\"x\": \"a \\\" \u{202e} b\"} ] }",
    "{\"x\": \"\u{200b}\\\\\" , \"y\" :\t1 }",
];
const TIDY: usize = 8;

/// A plan over a live side that spells its scopes in every way.
fn plan(entries: &'static [&'static str]) -> impl Strategy<Value = Judged> {
    let entry = prop::option::weighted(0.9, prop::sample::select(entries));
    let each = prop::collection::vec(prop::collection::vec(entry, 0..4), 12);
    (world(), each).prop_map(|(mut world, each)| {
        let mut spelled = Vec::new();
        let live = world.groups.iter_mut().filter_map(|it| Some((it.id, it.before.as_mut()?)));
        let grants = live.flat_map(|(id, side)| side.grants.iter_mut().map(move |it| (id, it)));
        for ((id, (role, scope)), entries) in grants.zip(each) {
            if !entries.is_empty() {
                let raw =
                    |it: Option<&str>| it.map(|it| RawValue::from_string(it.to_owned()).unwrap().into());
                let entries: Box<[Option<Arc<RawValue>>]> = entries.into_iter().map(raw).collect();
                *scope = Scope::any(entries.iter().map(|it| Scope::read(it.as_deref())));
                spelled.push(((id, *role), entries));
            }
        }
        let mut plan = world.plan();
        let spelled = spelled.into_iter().filter_map(|((id, role), entries)| {
            let changed = plan.groups().find(|it| it.id() == Some(id))?;
            Some(((changed.group()?, role), entries))
        });
        plan.entries = spelled.collect();
        Judged::chosen(saved(plan), Judgement::default())
    })
}

/// A plan as a saved one is: without the groups that do not change.
fn saved(mut plan: Plan) -> Plan {
    let groups: Vec<GroupIx> = plan.groups().filter_map(|it| it.group()).collect();
    plan.live = plan.live.of(|it| groups.contains(&it), |_| true);
    let index = crate::model::index::Index::new(
        groups.iter().map(|it| plan.index.group(*it).clone()).collect(),
        plan.live
            .memberships()
            .map(|it| it.1)
            .chain(plan.edits.iter().filter_map(Edit::member))
            .map(|it| plan.index.user(it))
            .collect(),
        plan.index.people().map(|it| it.1).collect(),
    );
    let mut plan = plan.renumbered(std::sync::Arc::new(index.clone()), &plan.index.within(&index));
    // What was spelled in no way is said in the canonical one.
    let spelled: Vec<(GroupIx, RoleId)> = plan.live.all_grants().iter().map(|it| it.0).collect();
    for key in spelled {
        plan.entries.entry(key).or_default();
    }
    plan
}

fn written(plan: &Judged) -> String {
    write(&view(plan, &sources()))
}

/// Panics at the first line in which the plans differ; the files stand in the same order on both sides.
#[track_caller]
fn assert_same(left: &Plan, right: &Plan) {
    let (left, right) = (format!("{left:#?}"), format!("{right:#?}"));
    let differs = left.lines().zip(right.lines()).find(|(left, right)| left != right);
    assert_eq!(differs, None);
    assert_eq!(left.len(), right.len());
}

/// Writes a plan that was read back.
fn again(saved: &Saved) -> String {
    let judged = Judged::chosen(saved.plan.clone(), saved.judgement.clone());
    write(&view(&judged, &saved.sources))
}

/// Returns the document as data, without the files: of a plan that is read back their texts are gone, and so its digest is
/// another.
fn data(text: &str) -> Value {
    let mut document: Value = serde_json::from_str(text).unwrap();
    document.as_object_mut().unwrap().retain(|it, _| it != "files" && it != "digest");
    document
}

#[test]
fn a_plan_with_everything_is_read_back_as_it_was() {
    for mut plan in
        [everyday().judged(), everything().judged(), Judged::chosen(Plan::default(), Judgement::default())]
    {
        plan.plan = saved(plan.plan);
        let text = written(&plan);
        let saved = read(&text, Sources::default()).unwrap();
        assert_same(&saved.plan, &plan.plan);
        assert_eq!(saved.judgement, plan.judgement);
        assert_eq!(saved.id, digest::plan_id(&plan.plan));
        assert_eq!(saved.now.dated.to_string(), "2026-11-21T08:00:00Z");
        assert_eq!(&*saved.endpoint, "https://api-ext-sboxmeta.partners.spotnana.com");
        let files: Vec<_> =
            sources().files().map(|(_, it)| (Box::from(it.path.as_str()), digest::file(&it.text))).collect();
        assert_eq!(saved.files, files);
        let places =
            |sources: &Sources| -> Vec<String> { sources.files().map(|(_, it)| it.path.clone()).collect() };
        assert_eq!(places(&saved.sources), places(&sources()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_is_read_back_as_it_was(plan in plan(&ENTRIES[..TIDY])) {
        let text = written(&plan);
        prop_assert_eq!(&text, &written(&plan));
        let saved = read(&text, Sources::default()).unwrap();
        assert_same(&saved.plan, &plan.plan);
        prop_assert_eq!(data(&again(&saved)), data(&text));
    }

    #[test]
    fn entries_of_any_spelling_are_read_back_by_meaning(plan in plan(&ENTRIES)) {
        let text = written(&plan);
        let hidden = ['\t', '\r', '\u{202e}', '\u{200b}'];
        prop_assert!(!text.contains(hidden));
        let saved = read(&text, Sources::default()).unwrap();
        prop_assert_eq!(saved.id, digest::plan_id(&plan.plan));
        let value = |it: &Option<Arc<RawValue>>| it.as_ref().map(|it| serde_json::from_str::<Value>(it.get()).unwrap());
        prop_assert_eq!(&saved.plan.live, &plan.plan.live);
        for ((key, read), (same, was)) in saved.plan.entries.iter().zip(&plan.plan.entries) {
            let values = |it: &[Option<Arc<RawValue>>]| it.iter().map(value).collect::<Vec<_>>();
            prop_assert_eq!((key, values(read)), (same, values(was)));
        }
    }

    #[test]
    fn every_plan_is_as_the_schema_says(plan in plan(&ENTRIES)) {
        check_schema(&plan);
    }

    /// Whatever is dropped or changed, of any field, shows; but for spaces, which mean nothing.
    #[test]
    fn a_plan_of_which_anything_is_changed_is_refused(
        plan in plan(&ENTRIES[..TIDY]),
        at in any::<prop::sample::Index>(),
        length in prop_oneof![Just(0), Just(1), 0_usize..400],
        with in "[ -~]{0,2}",
    ) {
        let text = written(&plan);
        let at = at.index(text.len() - 1);
        prop_assert!(read(&text[..at], Sources::default()).is_err());
        let mut damaged = text.clone();
        damaged.replace_range(at..(at + length).min(text.len()), &with);
        let significant = |it: &str| json::significant(it).collect::<String>();
        let same = significant(&damaged) == significant(&text);
        prop_assert_eq!(read(&damaged, Sources::default()).is_ok(), same);
    }
}

/// A document that is laid out anew is the same one.
#[test]
fn layout_means_nothing() {
    let plan = everything().judged();
    let line = line(&view(&plan, &sources()));
    let saved = read(line.get(), Sources::default()).unwrap();
    assert_eq!(data(&again(&saved)), data(&written(&plan)));
    let spread = written(&plan).replace(":{", " :\n\t{");
    assert!(spread.contains(" :\n\t{") && read(&spread, Sources::default()).is_ok());
}

/// The document with another digest that fits: what somebody makes who knows how it is made.
fn forged(document: &Value) -> String {
    let mut document = document.clone();
    document.as_object_mut().unwrap().remove("digest");
    let text = document.to_string();
    let start = text.strip_suffix('}').unwrap();
    sealed(format!("{start},{SEAL}{}\"}}", Digest::default()))
}

fn check_schema(plan: &Judged) {
    static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let schema: Value =
            serde_json::from_str(&schema::schema(schema::Kind::Plan, schema::Draft::Seven).to_string())
                .unwrap();
        jsonschema::validator_for(&schema).unwrap()
    });
    let document: Value = serde_json::from_str(&written(plan)).unwrap();
    let wrong: Vec<String> =
        VALIDATOR.iter_errors(&document).map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_plan_with_everything_is_as_the_schema_says() {
    check_schema(&everything().judged());
    check_schema(&Judged::chosen(Plan::default(), Judgement::default()));
}

#[test]
fn what_is_no_plan_is_refused_and_says_why() {
    let text = written(&everyday().judged());
    let document: Value = serde_json::from_str(&text).unwrap();
    let cut = &text[..text.len() / 2];
    let other = |field: &str, value: Value| {
        let mut document = document.clone();
        *document.pointer_mut(field).unwrap() = value;
        forged(&document)
    };
    let older = other("/version", json!(1));
    let alien = other("/guards/0/guard", json!("telepathy"));
    let twice = other("/edits/0", document["edits"][1].clone());
    let stranger = other("/edits/1/groupId", json!("feed0063-0000-4000-8000-000000000003"));
    let moved = text.replacen("\"version\": 2", "\"digest\": \"\",\n  \"version\": 2", 1);
    for (text, says) in [
        ("", "the plan is empty"),
        (" \n", "the plan is empty"),
        ("version: 2", "the plan is not JSON: "),
        (cut, "the plan is not JSON: the text ends"),
        ("[]", "the file is not a plan of rolecall"),
        ("{}", "the file is not a plan of rolecall"),
        ("{\"version\":2}", "the file is not a plan of rolecall"),
        ("{\"kind\":\"plan\"}", "the file is not a plan of rolecall"),
        ("{\"version\":2,\"kind\":\"error\"}", "the file is not a plan of rolecall: its kind is `error`"),
        ("{\"version\":4,\"terraform_version\":\"1.9.0\"}", "the file is not a plan of rolecall"),
        (&older, "the plan has version 1 of its form, and this rolecall reads version 2"),
        ("{\"version\":2,\"kind\":\"plan\"}", "the plan is incomplete or damaged: missing field `id`"),
        (&alien, "the plan is incomplete or damaged: expected one of `removals`, "),
        (&twice, "cannot be understood: `edits` is not sorted, or names something twice"),
        (&stranger, "cannot be understood: an edit is about a group that is not in `groups`"),
        (&moved, "the plan is incomplete or damaged: "),
        (&document.to_string(), "the plan is incomplete or damaged: `digest` is not its last field"),
    ] {
        let error = read(text, Sources::default()).unwrap_err();
        assert!(error.to_string().contains(says), "{says}: {error}");
        assert!(!error.hint().is_empty());
    }
}

#[test]
fn no_field_can_be_missing() {
    let document: Value = serde_json::from_str(&written(&everything().judged())).unwrap();
    // The digest covers what may be left out.
    let optional =
        ["now", "taken", "unmanaged", "digest", "undoes", "accepted", "soon", "leavers", "lookUps"];
    for field in document.as_object().unwrap().keys().filter(|it| !optional.contains(&it.as_str())) {
        let mut fewer = document.clone();
        fewer.as_object_mut().unwrap().remove(field);
        assert!(read(&forged(&fewer), Sources::default()).is_err(), "{field}");
    }
}

/// The id is of what the plan does: another effect under the same id is refused even with a digest that fits.
#[test]
fn no_other_effect_passes_under_an_id() {
    let text = written(&everyday().judged());
    let document: Value = serde_json::from_str(&text).unwrap();
    assert!(read(&forged(&document), Sources::default()).is_ok());
    let rows = document["edits"].as_array().unwrap();
    let find = |kind: &str, action: &str| {
        rows.iter().position(|it| it["kind"] == kind && it["action"] == action).unwrap()
    };
    let (added, joins, changed) = (find("role", "add"), find("member", "add"), find("role", "change"));
    let edits: [(String, Value); 6] = [
        (format!("/edits/{joins}/userId"), json!("00000000-0000-4000-8000-000000000003")),
        (format!("/edits/{added}/after/audiences/0/predicates/0/values/0"), json!("x")),
        (format!("/edits/{changed}/after/audiences/0/predicates/0/values/0"), json!("x")),
        ("/groups/0/contents/roles/0/scope/audiences/0/predicates/0/values/0".into(), json!("x")),
        ("/groups/0/id".into(), json!("00000000-0000-4000-8000-000000000009")),
        ("/id".into(), json!("0".repeat(64))),
    ];
    for (field, value) in edits {
        let mut document = document.clone();
        *document.pointer_mut(&field).unwrap_or_else(|| panic!("{field}")) = value;
        let error = read(&forged(&document), Sources::default()).unwrap_err();
        assert!(matches!(error, NotAPlan::OtherId { .. } | NotAPlan::Meaning { .. }), "{field}: {error}");
    }
}

/// What later versions add does not keep this one from reading.
#[test]
fn fields_that_are_not_known_are_passed_over() {
    fn extend(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                // A scope with a field that is not known means something else, and names and keys are no fields.
                // So is an element of the API's own list of roles.
                if fields.contains_key("roleType") && !fields.contains_key("action") {
                    return;
                }
                let skip = ["audiences", "entries", "names", "person", "limit", "before", "after", "why"];
                for (_, it) in fields.iter_mut().filter(|it| !skip.contains(&it.0.as_str())) {
                    extend(it);
                }
                let is_data = ["audiences", "email", "externalId", "employeeId"]
                    .iter()
                    .any(|it| fields.contains_key(*it));
                if !is_data {
                    fields.insert("later".to_owned(), json!({ "x": [1] }));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(extend),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
        }
    }
    let plan = everything().judged();
    let mut document: Value = serde_json::from_str(&written(&plan)).unwrap();
    extend(&mut document);
    let saved = read(&forged(&document), Sources::default()).unwrap();
    assert_eq!(data(&again(&saved)), data(&written(&plan)));
}

/// Consumers of version 2 find what they have always found (see the published schema for the rest).
#[test]
fn json_of_an_everyday_plan() {
    insta::assert_snapshot!(written(&everyday().judged()));
}

/// What a flood of ordinary changes comes to is bounded: 350 bytes each.
#[test]
fn a_member_who_comes_or_goes_takes_a_short_line() {
    let text = written(&everyday().judged());
    let lines: Vec<&str> = text.lines().filter(|it| it.contains("\"kind\":\"member\"")).collect();
    assert_eq!(lines.len(), 12);
    let long: Vec<&&str> = lines.iter().filter(|it| it.len() > 350 && !it.contains("moved")).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn json_of_everything() {
    insta::assert_snapshot!(written(&everything().judged()));
}
