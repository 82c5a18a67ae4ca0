//! What every format shows of every kind of change, and what no name can do to it.

use std::time::Duration;

use self::{
    super::{fit::Width, forge::Forge},
    fixture::{everyday, everything, findings, sources, view},
};
use super::*;
use crate::model::{ids::CompanyId, plan::Overview};

pub(crate) mod fixture;
mod formats;
mod laws;
mod lives;
mod shown;

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

#[test]
fn text_of_an_everyday_plan() {
    let (plan, sources) = (everyday().judged(), sources());
    let cost = Cost { requests: 23, elapsed: Duration::from_millis(1400) };
    let shown = text::plan(&View { cost: Some(cost), ..view(&plan, &sources) }, Width::Any);
    insta::assert_snapshot!(plain(&shown));
}

#[test]
fn text_of_everything() {
    let (plan, sources) = (everything().judged(), sources());
    insta::assert_snapshot!(plain(&text::plan(&view(&plan, &sources), Width::Any)));
}

#[test]
fn styles_of_an_everyday_plan() {
    let (plan, sources) = (everyday().judged(), sources());
    insta::assert_snapshot!(text::plan(&view(&plan, &sources), Width::Any).replace('\u{1b}', "␛"));
}

#[test]
fn text_of_nothing() {
    let (mut draft, sources) = (everyday().does_nothing(), sources());
    draft.plan.soon.clear();
    let plan = draft.judged();
    assert_eq!(text::summary(&plan.plan, &plan.judgement), "No changes. Live state matches the files.");
    insta::assert_snapshot!(plain(&text::plan(&view(&plan, &sources), Width::Any)));
}

/// A company of its own for each number, in which nothing changes.
fn unchanged(n: u32) -> Overview {
    let company = CompanyId(fixture::id(0x1b00_0000 + n, 1));
    Overview { company, unmanaged: Vec::new(), ..everyday().plan.companies[0].clone() }
}

#[test]
fn companies_without_changes_take_one_line_however_many_there_are() {
    let sources = sources();
    let cost = Cost { requests: 23, elapsed: Duration::from_millis(1400) };
    for (draft, alone) in [(everyday(), false), (everyday().does_nothing(), true)] {
        let lines = |n: u32| {
            let mut plan = draft.judged();
            // With several companies each of these says of which it is.
            plan.plan.companies[0].unmanaged.clear();
            plan.plan.companies.extend((0..n).map(unchanged));
            let shown = plain(&text::plan(&View { cost: Some(cost), ..view(&plan, &sources) }, Width::Any));
            assert_eq!(shown.matches("23 requests, 1.4 s").count(), 1, "{shown}");
            shown
        };
        let (few, many) = (lines(2), lines(3_000));
        assert_eq!(few.lines().count(), many.lines().count());
        assert_eq!(lines(0).lines().count() + if alone { 0 } else { 2 }, few.lines().count());
        let all =
            if alone { "3,001 companies without changes: " } else { "3,000 companies without changes: " };
        let line =
            many.lines().find(|it| it.starts_with(all)).unwrap_or_else(|| panic!("no {all} in {many}"));
        assert!(line.contains(if alone { " and 2,998 more at " } else { " and 2,997 more at " }), "{line}");
        assert!(line.contains(if alone { "642,214 groups" } else { "642,000 groups" }), "{line}");
        assert!(few.lines().any(|it| it.starts_with(if alone { "3 companies w" } else { "2 companies w" })));
    }
}

#[test]
fn a_plan_that_withholds_does_not_claim_that_live_state_matches() {
    let (plan, sources) = (everything().does_nothing().judged(), sources());
    assert_eq!(
        text::summary(&plan.plan, &plan.judgement),
        "Plan: 0 groups to create, 0 to change, 0 to delete; roles +0 ~0 -0; members +0 -0; 20 guards."
    );
    assert!(text::plan(&view(&plan, &sources), Width::Any).contains("Withheld 12"));
    assert!(markdown::plan(&view(&plan, &sources), Forge::Github, 60_000).contains("#### Withheld"));
}

#[test]
fn markdown_of_an_everyday_plan() {
    let (plan, sources) = (everyday().judged(), sources());
    insta::assert_snapshot!(markdown::plan(&view(&plan, &sources), Forge::Github, 60_000));
}

#[test]
fn markdown_of_everything() {
    let (plan, sources) = (everything().judged(), sources());
    insta::assert_snapshot!(markdown::plan(&view(&plan, &sources), Forge::Github, 60_000));
}

#[test]
fn markdown_that_does_not_fit() {
    let (plan, sources) = (everything().judged(), sources());
    insta::assert_snapshot!(markdown::plan(&view(&plan, &sources), Forge::Github, 3_000));
}

#[test]
fn markdown_folds_long_groups() {
    let (mut draft, sources) = (everyday(), sources());
    draft.groups[2].members = (0..30).map(fixture::remove).collect();
    draft.groups[2].name = fixture::HOSTILE.into();
    let plan = draft.judged();
    insta::assert_snapshot!(markdown::plan(&view(&plan, &sources), Forge::Github, 60_000));
}

#[test]
fn findings_as_text() {
    insta::assert_snapshot!(plain(&findings::text(&findings(), &sources(), Width::Any)));
}

#[test]
fn findings_as_json() {
    insta::assert_snapshot!(findings::json(&findings(), &sources()));
}

#[test]
fn findings_as_markdown() {
    insta::assert_snapshot!(findings::markdown(&findings(), &sources(), Forge::Github, 60_000));
}
