//! What every format shows of every kind of change, and what no name can do to it.

use std::time::Duration;

use self::fixture::{everyday, everything, findings, sources, view};
use super::*;

pub(crate) mod fixture;
mod formats;
mod laws;

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

#[test]
fn text_of_an_everyday_plan() {
    let (plan, sources) = (everyday().judged(), sources());
    let cost = Cost { requests: 23, elapsed: Duration::from_millis(1400) };
    let shown = text::plan(&View { cost: Some(cost), ..view(&plan, &sources) });
    insta::assert_snapshot!(plain(&shown));
}

#[test]
fn text_of_everything() {
    let (plan, sources) = (everything().judged(), sources());
    insta::assert_snapshot!(plain(&text::plan(&view(&plan, &sources))));
}

#[test]
fn styles_of_an_everyday_plan() {
    let (plan, sources) = (everyday().judged(), sources());
    insta::assert_snapshot!(text::plan(&view(&plan, &sources)).replace('\u{1b}', "␛"));
}

#[test]
fn text_of_nothing() {
    let (mut draft, sources) = (everyday().does_nothing(), sources());
    draft.plan.expiring = 0;
    let plan = draft.judged();
    assert_eq!(text::summary(&plan.plan, &plan.judgement), "No changes. Live state matches the files.");
    insta::assert_snapshot!(plain(&text::plan(&view(&plan, &sources))));
}

#[test]
fn a_plan_that_withholds_does_not_claim_that_live_state_matches() {
    let (plan, sources) = (everything().does_nothing().judged(), sources());
    assert_eq!(
        text::summary(&plan.plan, &plan.judgement),
        "Plan: 0 groups to create, 0 to change, 0 to delete; roles +0 ~0 -0; members +0 -0; 10 guards."
    );
    assert!(text::plan(&view(&plan, &sources)).contains("Withheld 12"));
    assert!(markdown::plan(&view(&plan, &sources), 60_000).contains("#### Withheld"));
}

#[test]
fn markdown_of_an_everyday_plan() {
    let (plan, sources) = (everyday().judged(), sources());
    insta::assert_snapshot!(markdown::plan(&view(&plan, &sources), 60_000));
}

#[test]
fn markdown_of_everything() {
    let (plan, sources) = (everything().judged(), sources());
    insta::assert_snapshot!(markdown::plan(&view(&plan, &sources), 60_000));
}

#[test]
fn markdown_that_does_not_fit() {
    let (plan, sources) = (everything().judged(), sources());
    insta::assert_snapshot!(markdown::plan(&view(&plan, &sources), 3_000));
}

#[test]
fn markdown_folds_long_groups() {
    let (mut draft, sources) = (everyday(), sources());
    draft.groups[2].members = (0..30).map(fixture::remove).collect();
    draft.groups[2].name = fixture::HOSTILE.into();
    let plan = draft.judged();
    insta::assert_snapshot!(markdown::plan(&view(&plan, &sources), 60_000));
}

#[test]
fn findings_as_text() {
    insta::assert_snapshot!(plain(&findings::text(&findings(), &sources())));
}

#[test]
fn findings_as_json() {
    insta::assert_snapshot!(findings::json(&findings(), &sources()));
}

#[test]
fn findings_as_markdown() {
    insta::assert_snapshot!(findings::markdown(&findings(), &sources(), 60_000));
}
