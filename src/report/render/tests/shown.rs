//! A saved plan, shown again: the same in every form, and under every heading the same rows.

use proptest::prelude::*;

use super::{
    super::{
        ending::About,
        fit::Width,
        forge::Forge,
        format::Format,
        grouped::{self, By},
        people::rows,
        scope::Words,
        wording,
    },
    fixture::{everyday, everything, sources, view},
    formats::show,
    laws::sized,
    plain,
};
use crate::{
    model::{
        plan::{Edits, People},
        source::Sources,
        state::Edit,
    },
    plan::judged::Judged,
    report::document::{read, write},
};

/// The same plan, compared with a base: some of what it does is live already, and who gains is told by cause.
fn compared(mut judged: Judged, already: usize) -> Judged {
    let edits: Vec<Edit> = judged.plan.edits.iter().take(already).cloned().collect();
    judged.plan.already_live = Some(Edits::new(edits));
    judged.judgement.by_cause = Some([judged.judgement.people.clone(), People::default()]);
    judged.judgement.not_asked = already;
    judged
}

/// Panics where a form of a plan that was read back differs from that of the plan.
#[track_caller]
fn check(judged: &Judged) {
    let sources = sources();
    let made = view(judged, &sources);
    let text = write(&made);
    let saved = read(&text, Sources::default()).unwrap();
    let again = saved.view(made.endpoint, Some(&text));
    for form in Format::ALL {
        let [made, again] = [made, again].map(|it| show(*form, About::Plan(it, None)));
        let differs = made.lines().zip(again.lines()).find(|it| it.0 != it.1);
        assert_eq!(differs, None, "{}", form.name());
        assert_eq!(made.len(), again.len(), "{}", form.name());
    }
    for by in By::ALL {
        assert_eq!(grouped::json(&made, by), grouped::json(&again, by));
    }
    assert_eq!(saved.plan.already_live.is_some(), judged.plan.already_live.is_some());
}

#[test]
fn a_saved_plan_with_everything_is_shown_as_it_was() {
    for draft in [everyday(), everything(), everyday().does_nothing()] {
        let judged = draft.judged();
        check(&judged);
        check(&compared(judged, 3));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_saved_plan_is_shown_as_it_was(judged in sized(0..6, 0..12), already in prop::option::of(0..9_usize)) {
        check(&match already {
            None => judged,
            Some(already) => compared(judged, already),
        });
    }

    #[test]
    fn each_row_stands_under_one_heading_whatever_that_is(judged in sized(0..6, 0..12)) {
        each_row_once(&judged);
    }
}

/// Panics unless the rows under all headings are those of the plan.
#[track_caller]
fn each_row_once(judged: &Judged) {
    let sources = sources();
    let view = view(judged, &sources);
    let all = |by: By| -> [Vec<String>; 2] {
        let document: serde_json::Value = serde_json::from_str(&grouped::json(&view, by)).unwrap();
        let headings = document["headings"].as_array().unwrap().clone();
        ["people", "changes"].map(|of| {
            let rows = headings.iter().flat_map(|it| it[of].as_array().unwrap().clone());
            let mut rows: Vec<String> = rows.map(|it| it.to_string()).collect();
            rows.sort();
            rows
        })
    };
    let [people, changes] = all(By::Person);
    let words = Words::new(&judged.plan);
    let wanted: usize = rows(&view, &words).iter().map(|it| it.who.len() * it.roles.len()).sum();
    assert_eq!(people.len(), wanted);
    let blocks = wording::blocks(&judged.plan, &sources);
    assert_eq!(
        changes.len(),
        blocks.iter().map(|it| it.lines.len() + usize::from(it.fact.is_some())).sum::<usize>()
    );
    for by in By::ALL {
        let [mut found, same] = all(by);
        assert_eq!(same, changes, "{}", by.name());
        if by == By::Group {
            // What comes through two groups is the doing of both.
            found.dedup();
        }
        let mut people = people.clone();
        if by == By::Group {
            people.dedup();
        }
        assert_eq!(found, people, "{}", by.name());
    }
}

#[test]
fn each_row_of_a_plan_with_everything_stands_under_one_heading() {
    for draft in [everyday(), everything(), everyday().does_nothing()] {
        each_row_once(&draft.judged());
    }
}

#[test]
fn the_rows_of_an_everyday_plan_by_what_they_are_about() {
    let (judged, sources) = (everyday().judged(), sources());
    let view = view(&judged, &sources);
    for by in By::ALL {
        insta::assert_snapshot!(format!("by_{}", by.name()), plain(&grouped::text(&view, by, Width::Any)));
    }
    insta::assert_snapshot!(
        "by_person_markdown",
        grouped::markdown(&view, By::Person, Forge::Github, 60_000)
    );
    insta::assert_snapshot!("by_person_csv", grouped::csv(&view, By::Person));
    insta::assert_snapshot!("by_person_json", grouped::json(&view, By::Person));
}

/// Whatever names are, and however small the budget is.
#[test]
fn rows_under_headings_stay_inert_and_within_their_budget() {
    let (judged, sources) = (everything().judged(), sources());
    let view = view(&judged, &sources);
    for by in By::ALL {
        for width in [Width::Any, Width::Columns(60)] {
            let text = plain(&grouped::text(&view, by, width));
            assert!(!text.chars().any(|it| it.is_control() && it != '\n'), "{text}");
        }
        for (budget, forge) in
            [2_000, 4_000, 60_000].into_iter().flat_map(|it| Forge::ALL.map(|forge| (it, forge)))
        {
            let comment = grouped::markdown(&view, by, forge, budget);
            assert!(comment.len() <= budget, "{} of {budget}", comment.len());
            super::laws::check_markup(&comment, forge);
            assert!(
                comment.len() > 50_000 || budget > 4_000 || comment.contains("more not shown"),
                "{comment}"
            );
        }
        for line in grouped::csv(&view, by).lines() {
            assert!(line.starts_with('"') && line.ends_with('"'), "{line}");
        }
    }
}
