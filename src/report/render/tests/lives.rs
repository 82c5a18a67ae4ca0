//! Every form tells of people what becomes of them apart from access, and none tells one thing for another.

use proptest::prelude::*;

use super::{
    super::{ending::About, fit::Width, format::Format, markdown, text},
    fixture::{self, HOSTILE, Trait, everything, lives, sources, user, view},
    formats::show,
    plain,
};
use crate::model::selector::Attribute;

fn change(attribute: Attribute, before: Option<&str>, after: Option<&str>) -> Trait {
    (attribute, [before.map(str::to_owned), after.map(str::to_owned)])
}

/// Each kind of edit of a person: what it is, what says so in text, and what programs look for.
fn kinds() -> Vec<(Vec<Trait>, String, &'static str)> {
    let account = |before, after| vec![change(Attribute::Active, before, after)];
    let mut kinds = vec![
        (account(None, Some("true")), "account created".to_owned(), "created"),
        (account(Some("false"), Some("true")), "account activated".to_owned(), "activated"),
        (account(Some("true"), Some("false")), "account deactivated".to_owned(), "deactivated"),
    ];
    let own = |it: &&Attribute| **it != Attribute::Active && !it.is_of_new_account();
    for it in Attribute::ALL.iter().filter(own) {
        let ids = [user(5).0.to_string(), user(6).0.to_string()];
        let [before, after] =
            if it.has_ids() { [&*ids[0], &*ids[1]] } else { ["the old one", "the new one"] };
        for sides in [[None, Some(after)], [Some(before), Some(after)], [Some(before), None]] {
            kinds.push((vec![change(*it, sides[0], sides[1])], it.word().to_owned(), "changed"));
        }
    }
    kinds
}

/// What a form says where an account or a detail is told, for programs; the others say it in words.
fn said(format: Format, words: &str, turn: &str) -> Option<String> {
    Some(match format {
        Format::Text | Format::Markdown | Format::Html | Format::Slack => words.to_owned(),
        // A fact of a plan by its name there.
        Format::Json => return None,
        Format::Csv => format!("\"{turn}\",\"eli@voyager.example\""),
        Format::Sarif | Format::Junit | Format::Github | Format::Gitlab => format!("person/{turn}"),
        Format::Openmetrics => format!("change=\"{turn}\"}} 1"),
    })
}

#[test]
fn every_form_tells_each_kind_of_edit_of_a_person() {
    for (traits, words, turn) in kinds() {
        let (plan, sources) = (lives([(4, traits.clone())]).judged(), sources());
        for format in Format::ALL {
            let shown = plain(&show(*format, About::Plan(view(&plan, &sources), None)));
            let Some(said) = said(*format, &words, turn) else { continue };
            let short = if *format == Format::Slack { format!("account {turn}") } else { said.clone() };
            assert!(
                shown.contains(&said) || shown.contains(&short),
                "{}, {traits:?}: {said}\n{shown}",
                format.name()
            );
            let names_nobody = *format == Format::Openmetrics;
            assert!(names_nobody || shown.contains("eli@voyager.example"), "{}, {traits:?}", format.name());
        }
    }
}

#[test]
fn a_heading_tells_accounts_that_come_and_go_apart_from_people_who_change() {
    for n in 1..4_u32 {
        let kinds = kinds();
        let people = kinds[..4].iter().enumerate().flat_map(|(at, kind)| {
            let at = u32::try_from(at).unwrap_or_default();
            (0..n + at).map(move |it| (100 * at + it, kind.0.clone()))
        });
        let (plan, sources) = (lives(people).judged(), sources());
        let title = markdown::title(&view(&plan, &sources));
        let count = |n: u32, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        for said in [
            count(n + 2, "account deactivated", "accounts deactivated"),
            count(n, "account created", "accounts created"),
            count(n + 1, "account activated", "accounts activated"),
            count(n + 3, "user changed", "users changed"),
        ] {
            assert!(title.contains(&said), "{said}: {title}");
        }
    }
}

#[test]
fn forms_of_issues_say_one_thing_of_a_person_once_however_much_changes() {
    let all = kinds().into_iter().filter(|it| it.2 == "changed" && it.0[0].1.iter().all(Option::is_some));
    let traits: Vec<Trait> = all.flat_map(|it| it.0).collect();
    assert!(traits.len() > 9);
    let (plan, sources) = (lives([(4, traits.clone()), (9, traits.clone())]).judged(), sources());
    let shown = show(Format::Gitlab, About::Plan(view(&plan, &sources), None));
    let entries: Vec<serde_json::Value> = serde_json::from_str(&shown).expect("JSON");
    let of_people = entries.iter().filter(|it| it["check_name"] == "person/changed").count();
    assert_eq!(of_people, 2, "{shown}");
    let rows = show(Format::Csv, About::Plan(view(&plan, &sources), None));
    assert_eq!(rows.lines().filter(|it| it.starts_with("\"changed\"")).count(), 2 * traits.len(), "{rows}");
}

#[test]
fn a_flood_of_details_hides_no_account_from_a_chat() {
    let detail = || vec![change(Attribute::Department, None, Some(HOSTILE))];
    let mut people: Vec<_> = (100..1_100).map(|it| (it, detail())).collect();
    people.extend((2_000..2_050).map(|it| (it, kinds()[2].0.clone())));
    people.push((4, kinds()[0].0.clone()));
    let (plan, sources) = (lives(people).judged(), sources());
    let shown = show(Format::Slack, About::Plan(view(&plan, &sources), None));
    for said in ["50 accounts deactivated: ", " and 44 more", "1 account created: eli@voyager.example"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
}

/// A line that says nothing stands between blocks and nowhere else: a narrow terminal has no more of them than a wide one.
fn empty(text: &str) -> usize {
    plain(text).lines().filter(|it| it.trim().is_empty()).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_width_makes_a_line_of_nothing(columns in 30..140_usize) {
        let sources = sources();
        let manages = |n: u32| (n, vec![change(Attribute::Manager, None, Some(&user(n + 1).0.to_string()))]);
        let all = [lives([]), lives((1..9).map(manages)), fixture::everyday(), everything()];
        for draft in all {
            let plan = draft.judged();
            let view = view(&plan, &sources);
            let [fitted, whole] = [Width::Columns(columns), Width::Any].map(|it| text::plan(&view, it));
            prop_assert_eq!(empty(&fitted), empty(&whole), "{}", plain(&fitted));
        }
    }
}
