//! Laws that hold for every plan, every name and every budget.

use std::ops::Range;

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use super::{
    super::{
        ending::{About, Ending, PullRequest, Trouble},
        fit::Width,
        forge::Forge,
        format::Format,
        marker::Marker,
        *,
    },
    fixture::{
        self, Group, HOSTILE, add, altered, companies, deleted, everyday, everything, grant, remove, rescope,
        revoke, sources, view,
    },
    plain,
};
use crate::{
    model::{
        finding::{Code, Finding},
        plan::{Check, Verdict},
        rules::{Guard, HeldRole, Subject},
        source::{FileId, Place},
    },
    plan::judged::Judged,
};

/// Names of what people and attackers write.
fn name() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "`",
        "```",
        "~~~",
        "\n",
        "\r\n",
        "\u{1b}[2J",
        "\u{9b}1m",
        "\u{7}",
        "\u{202e}",
        "\u{200b}",
        "@team",
        "#1",
        "<details>",
        "</details>",
        "<!--",
        "-->",
        "|",
        "[x](y)",
        "https://x.example",
        "日本",
        " ",
        "a",
        "Agents",
        "\u{1b}]8;;x\u{1b}\\",
        "&#64;",
        "\\",
        "*",
        "\t",
    ]);
    prop_oneof![prop::collection::vec(pieces, 1..40).prop_map(|it| it.concat()), any::<String>()]
}

/// Plans of any size: each number is a group with so many additions and removals.
pub(super) fn sized(groups: Range<usize>, members: Range<u32>) -> impl Strategy<Value = Judged> {
    let group = (name(), members.clone(), members, 0..4_u8);
    prop::collection::vec(group, groups).prop_map(|groups| {
        let mut draft = everything();
        let extra = groups.into_iter().enumerate().map(|(n, (name, added, removed, kind))| {
            // Two groups of one name have two ids; the fixture makes them of the name.
            let name = format!("{name}{n}");
            let mut members: Vec<_> = (0..added).map(|it| add(1000 + it, it + 1)).collect();
            members.extend((0..removed).map(|it| remove(5000 + it)));
            if kind == 0 {
                members.retain(|it| it.user >= fixture::user(5000));
                return deleted(&name, &name, Vec::new(), members);
            }
            altered(&name, Vec::new(), members)
        });
        draft.groups.extend(extra);
        draft.judged()
    })
}

/// Whether fences and folds open and close in turn, and nothing of a name is outside of code; and whether the forge can
/// read all of it.
pub(super) fn check_markup(comment: &str, forge: Forge) {
    let (html, alerts) = match forge {
        Forge::Github | Forge::Gitlab | Forge::Gitea => (true, true),
        Forge::Azure => (true, false),
        Forge::Bitbucket => (false, false),
    };
    let (mut fence, mut folds) = (None, 0);
    for line in comment.lines() {
        match fence {
            Some(end) if line == end => fence = None,
            Some(_) => assert!(!line.trim_start().starts_with("```"), "{line}"),
            None if line.starts_with("```") => fence = Some(line.trim_end_matches(char::is_alphabetic)),
            None if line.starts_with("<details>") => {
                assert!(html, "{line}");
                assert!(line.ends_with("</summary>"), "{line}");
                folds += 1;
                assert!(folds == 1, "{comment}");
            }
            None if line == "</details>" => folds -= 1,
            // A slash at the beginning would be an order to GitLab.
            None if line == comment.lines().next().unwrap_or_default() => (),
            None => {
                let seen = without_code(line);
                assert!(!seen.contains("details>") && !line.starts_with('/'), "{line}");
                assert!(html || !seen.contains('<'), "{line}");
                assert!(alerts || !seen.contains("[!"), "{line}");
                assert!(!seen.contains(['@', '`']), "{line}");
            }
        }
    }
    assert!(fence.is_none() && folds == 0, "{comment}");
}

/// A line without what stands in code.
fn without_code(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(at) = rest.find('`') {
        out.push_str(&rest[..at]);
        let run = rest[at..].bytes().take_while(|it| *it == b'`').count();
        let inside = &rest[at + run..];
        let end = inside.match_indices(&rest[at..at + run]).map(|it| it.0).find(|it| {
            let is = |at: Option<usize>| at.and_then(|at| inside.as_bytes().get(at)) == Some(&b'`');
            !is(it.checked_sub(1)) && !is(Some(it + run))
        });
        rest = &inside[end.expect("code ends on its line") + run..];
    }
    out + rest
}

/// Returns how often lines in fences begin so, and how many of the kind are counted there, or said to be left out.
fn accounted(comment: &str, line: &str, words: [&str; 2]) -> usize {
    let shown = comment.lines().filter(|it| it.starts_with(line)).count();
    let number = |it: &str| it.replace(',', "").parse::<usize>().expect("a number");
    let in_fences =
        comment.lines().filter_map(|it| it.strip_prefix(['+', '-'])?.strip_prefix("     ")?.split_once(' '));
    let counted: usize = in_fences.filter(|it| words.contains(&it.1)).map(|it| number(it.0)).sum();
    let left = comment.lines().filter(|it| it.starts_with("… and ")).flat_map(|it| {
        let counts = it.split_once(": ").map_or("", |it| it.1);
        counts
            .split(", ")
            .filter_map(|it| it.split_once(' '))
            .filter(|it| words.contains(&it.1))
            .map(|it| number(it.0))
            .collect::<Vec<_>>()
    });
    shown + counted + left.sum::<usize>()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_name_reaches_the_terminal_as_anything_but_text(name in name(), endpoint in name()) {
        let (mut draft, sources) = (everything(), sources());
        draft.groups.push(altered(&name, Vec::new(), vec![add(9, 1)]));
        draft.plan.names.people.insert(fixture::user(9), name.as_str().into());
        draft.plan.names.values.insert(fixture::company().0, name.as_str().into());
        let plan = draft.judged();
        let shown = text::plan(&View { endpoint: &endpoint, ..view(&plan, &sources) }, Width::Any);
        let plain = plain(&shown);
        prop_assert!(!plain.contains(|c: char| c.is_control() && c != '\n'));
        let hidden = ['\u{202e}', '\u{200b}', '\u{9b}'];
        prop_assert!(!shown.contains(hidden));
        let edits = |it: crate::model::plan::Change<'_>| 1 + it.grants().count() + it.members().count();
        let lines = 1 + plan.plan.groups().map(edits).sum::<usize>();
        prop_assert!(plain.lines().count() > lines, "every change has its line");
        prop_assert!(plain.lines().all(|it| it.trim_end_matches(' ') == it), "{}", plain);
    }

    #[test]
    fn a_plan_fits_every_terminal_and_loses_nothing_by_it(plan in sized(0..6, 0..9), columns in 60..=200_usize, origin in name()) {
        let mut sources = sources();
        sources.add(origin.clone(), origin);
        let cost = Cost { requests: 23, elapsed: std::time::Duration::from_millis(1400) };
        let view = View { cost: Some(cost), taken: Some("2026-11-21T00:00:00Z".parse().unwrap()), ..view(&plan, &sources) };
        let whole = plain(&text::plan(&view, Width::Any));
        let fitted = plain(&text::plan(&view, Width::Columns(columns)));
        let words = |it: &str| it.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(words(&fitted), words(&whole));
        for line in fitted.lines() {
            prop_assert!(line.trim_end_matches(' ') == line, "{:?}", line);
            prop_assert!(line.width() <= columns || fit::is_whole(line), "{} columns: {}", columns, line);
        }
        let wide = plain(&text::plan(&view, Width::Columns(100_000)));
        prop_assert_eq!(&wide, &whole);
        // Where a thing is declared is looked for as a whole.
        let places = |it: &str| it.matches(".yaml:").count();
        prop_assert_eq!(places(&fitted), places(&whole));
    }

    #[test]
    fn comments_fit_balance_and_account_for_everything(
        plan in sized(0..8, 0..60), budget in 4_000..20_000_usize, forge in prop::sample::select(&Forge::ALL[..]),
    ) {
        let sources = sources();
        let comment = markdown::plan(&view(&plan, &sources), forge, budget);
        prop_assert!(comment.len() <= budget, "{} > {budget}", comment.len());
        let first = forge.hidden("rolecall:plan") + "### rolecall: ";
        prop_assert!(comment.starts_with(&first));
        check_markup(&comment, forge);
        let sum = plan.plan.summary();
        let removed = accounted(&comment, "-     member", ["member removed", "members removed"]);
        prop_assert_eq!(removed, sum.members_removed);
        let added = accounted(&comment, "+     member", ["member added", "members added"]);
        prop_assert_eq!(added, sum.members_added);
        let deleted = accounted(&comment, "- group", ["group deleted", "groups deleted"]);
        prop_assert_eq!(deleted, sum.groups_deleted);
        let roles = accounted(&comment, "-     role", ["role removed", "roles removed"])
            + accounted(&comment, "-     direct role", ["direct role removed", "direct roles removed"]);
        prop_assert_eq!(roles, sum.roles_removed);
        prop_assert_eq!(accounted(&comment, "- STOP ", ["STOP"; 2]), plan.judgement.stops().count());
        let cut = comment.lines().any(|it| it.starts_with("… and "));
        prop_assert_eq!(cut, comment.lines().find(|it| it.starts_with("### ")).unwrap_or("").ends_with(" (truncated)"));
        // Whatever is left out, that somebody gains privileged access is not.
        let people = &plan.judgement.people;
        for who in people.affected.iter().filter(|it| it.escalates()) {
            let role = who.roles.iter().find(|it| it.privileged && it.gives).expect("it escalates");
            let named = match &role.role {
                HeldRole::Role(role) => plan.plan.names.roles.get(role).map_or_else(|| role.to_string(), ToString::to_string),
                HeldRole::Direct(_) | HeldRole::Acts(_) => continue,
            };
            prop_assert!(comment.contains(&named), "{named} is not named in {comment}");
        }
    }

    /// With the lines that say which run it is of, with what was done, and whatever came of the run.
    #[test]
    fn a_report_fits_its_forge_in_every_outcome(
        plan in sized(0..40, 0..200), forge in prop::sample::select(&Forge::ALL[..]), said in name(), copies in 1..400_usize,
        command in prop::sample::select(vec!["plan", "apply", "drift", "validate"]), has_done in any::<bool>(),
    ) {
        let mut sources = sources();
        let file = sources.add(said.clone(), said.clone());
        let finding = Finding::new(Code::InvalidName, Place::new(file, 1, 1), said.as_str()).help(said.clone());
        let (findings, causes) = (vec![finding; copies], vec![said.repeat(20); copies]);
        let trouble = Trouble { message: &causes[0], causes: &causes, hint: Some(&said) };
        let line = format!("  failed   {}\n", crate::model::escape::terminal(&said));
        let done = line.repeat(copies) + "Applied: 3 of 4 groups.";
        let mut plan = plan;
        plan.plan.names.values.insert(fixture::company().0, said.as_str().into());
        for about in [
            About::Plan(view(&plan, &sources), None),
            About::Plan(view(&plan, &sources), Some(trouble)),
            About::Findings(&findings, &sources),
            About::Trouble(trouble),
        ] {
            let pull_request = PullRequest { forge, name: &said, commit: Some("4b5cb01"), run: Some("https://forge.example/1") };
            let report = Format::Markdown.render(&Ending {
                command,
                workspace: &said,
                at: "2026-11-21T08:00:00.25Z".parse().unwrap(),
                elapsed: std::time::Duration::from_millis(1_400),
                code: 0,
                result: "ok",
                pull_request,
                done: has_done.then_some(&*done),
                about,
            });
            prop_assert!(report.len() <= forge.budget(), "{} for {forge:?}", report.len());
            check_markup(&report.replace("[run](https://forge.example/1)", ""), forge);
            let marker = Marker::read(&report);
            prop_assert!(marker.as_ref().is_ok_and(|it| it.commit.as_deref() == Some("4b5cb01")), "{:?}", marker);
            let begun = "2026-11-21T07:59:58.85Z".parse().unwrap();
            prop_assert_eq!(marker.map(|it| (it.kind.name(), it.at)), Ok((command, begun)));
            let heading = report.lines().skip(1).find(|it| !it.is_empty()).unwrap_or_default();
            prop_assert!(heading.starts_with("### rolecall"), "{heading}");
            let is_told = has_done && matches!(about, About::Plan(..));
            prop_assert_eq!(report.contains("Applied: 3 of 4 groups."), is_told);
        }
    }

    #[test]
    fn json_is_one_document_and_always_the_same(plan in sized(0..4, 0..9)) {
        let sources = sources();
        let first = crate::report::document::write(&view(&plan, &sources));
        prop_assert_eq!(&first, &crate::report::document::write(&view(&plan, &sources)));
        let value: serde_json::Value = serde_json::from_str(&first).unwrap();
        prop_assert_eq!(value["edits"].as_array().map(Vec::len), Some(plan.plan.edits.iter().len()));
        let named = |it: &&serde_json::Value| it["kind"] != "directRole";
        let name = value["edits"].as_array().and_then(|it| it.iter().rfind(named)).map(|it| it["group"].clone());
        prop_assert_eq!(name, plan.plan.groups().last().map(|it| it.name().into()));
        prop_assert!(!first.contains(|c: char| c.is_control() && c != '\n'));
    }

    #[test]
    fn findings_quote_any_file_at_any_place(
        text in name(), message in name(), line in 0..5_u32, column in 0..90_u32, other in 0..5_u32,
        copies in 1..60_usize, budget in 2_000..9_000_usize,
    ) {
        let mut sources = sources();
        let file = sources.add(text.clone(), text);
        let finding = Finding::new(Code::InvalidName, Place::new(file, line, column), message.as_str())
            .related(Place::new(file, other, column / 2), message.as_str())
            .related(Place::new(FileId(0), other, column), message.as_str())
            .help(message);
        let findings = vec![finding; copies];
        let shown = plain(&super::findings::text(&findings[..1], &sources, Width::Any));
        prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
        let comment = super::findings::markdown(&findings, &sources, Forge::Github, budget);
        prop_assert!(comment.len() <= budget);
        check_markup(&comment, Forge::Github);
        let shown = comment.lines().filter(|it| it.starts_with("error[")).count();
        let left = accounted(&comment, "error[", ["invalid-name"; 2]);
        prop_assert!(shown <= copies && left == copies, "{comment}");
        let value: serde_json::Value =
            serde_json::from_str(&super::findings::json(&findings, &sources)).unwrap();
        prop_assert_eq!(value["findings"].as_array().map(Vec::len), Some(copies));
    }
}

/// Plans that bury one grant of a privileged role under something else, at the size of a comment.
#[test]
fn no_flood_hides_who_gains_privileged_access() {
    let sources = sources();
    let many = |each: fn(u32) -> Group| {
        let mut draft = everyday();
        draft.groups.extend((0..3_000).map(each));
        draft
    };
    let guards = |excepted: bool| {
        let mut draft = everyday();
        let stop =
            draft.judgement.guards.iter().find(|it| it.verdict == Verdict::Stop).expect("one stops").clone();
        draft.judgement.guards = (0..3_000)
            .map(|n| Check {
                subject: Subject::Group(fixture::company(), format!("Group {n} {HOSTILE}").into()),
                verdict: match excepted {
                    true => Verdict::Excepted { from: Place::new(FileId(0), n, 1) },
                    false => Verdict::Stop,
                },
                ..stop.clone()
            })
            .collect();
        draft
    };
    let floods = [
        ("removals", many(|n| altered(&format!("Group {n}"), Vec::new(), vec![remove(n + 1_000)]))),
        (
            "additions",
            many(|n| {
                altered(&format!("Group {n}"), vec![grant(0, 1, companies([0]))], vec![add(n + 1_000, 1)])
            }),
        ),
        ("groups", many(|n| deleted(&format!("Group {n}"), "gone", Vec::new(), Vec::new()))),
        (
            "people who lose everything",
            many(|n| {
                altered(&format!("Group {n}"), vec![revoke(0, companies([0]))], vec![remove(n + 1_000)])
            }),
        ),
        (
            "wide scopes",
            many(|n| {
                altered(
                    &format!("Group {n}"),
                    vec![rescope(0, 1, companies([0]), companies([0, 1]))],
                    Vec::new(),
                )
            }),
        ),
        ("guards that stop it", guards(false)),
        ("exceptions", guards(true)),
    ];
    for (what, mut draft) in floods {
        draft.groups.push(altered("The one", vec![grant(1, 66, companies([2]))], vec![add(6, 77)]));
        let plan = draft.judged();
        for forge in [Forge::Github, Forge::Bitbucket] {
            let comment = markdown::plan(&view(&plan, &sources), forge, forge.budget());
            assert!(comment.len() <= forge.budget());
            check_markup(&comment, forge);
            let own: Vec<&str> =
                comment.lines().skip_while(|it| !it.contains("Gains privileged access")).collect();
            let who = own.iter().position(|it| it.starts_with("! gus@voyager.example gains"));
            let who = who.unwrap_or_else(|| panic!("{what}: {}", &comment[..3_000]));
            assert!(
                own[who + 1].starts_with("!     Trip Manager on company umbrella   PRIVILEGED"),
                "{what}: {}",
                own[who + 1]
            );
        }
    }
}

/// Of many who gain the same, a few are named, unless it is privileged.
#[test]
fn everybody_who_gains_privileged_access_in_one_row_is_named() {
    let sources = sources();
    for (role, all) in [(1, true), (0, false)] {
        let mut draft = everyday().does_nothing();
        let who = 1_000..1_040;
        for n in who.clone() {
            draft.plan.names.people.insert(fixture::user(n), format!("somebody-{n}@voyager.example").into());
        }
        let joining = who.clone().map(|n| add(n, n)).collect();
        draft.groups.push(altered("The many", vec![grant(role, 66, companies([2]))], joining));
        let plan = draft.judged();
        let shown = view(&plan, &sources);
        for text in [plain(&text::plan(&shown, Width::Any)), markdown::plan(&shown, Forge::Github, 60_000)] {
            let row = text.lines().find(|it| it.contains("somebody-1000@")).expect("a row");
            assert_eq!(who.clone().all(|n| row.contains(&format!("somebody-{n}@"))), all, "{row}");
        }
    }
}

/// Where all of them gain it, not everybody is named, and the role is.
#[test]
fn a_flood_of_people_who_gain_privileged_access_is_counted_with_the_role() {
    let (mut draft, sources) = (everyday(), sources());
    draft.groups.extend((0..2_000).map(|n| {
        altered(&format!("Group {n}"), vec![grant(1, 1, companies([n % 3]))], vec![add(n + 1_000, 1)])
    }));
    let plan = draft.judged();
    let comment = markdown::plan(&view(&plan, &sources), Forge::Github, 60_000);
    let shown = comment.lines().filter(|it| it.starts_with("! ") && it.ends_with(" gains")).count();
    let left = comment
        .lines()
        .find(|it| it.starts_with("… and ") && it.contains("who gain ("))
        .expect("some are left out");
    assert!(left.contains("`Trip Manager on company globex`"), "{left}");
    let counted =
        left.split_once(": ").and_then(|it| it.1.split_once(" people who gain")).expect("a count").0;
    let counted: usize = counted.replace(',', "").parse().expect("a number");
    // Whoever was in the group is one of them, and all others have a row of their own.
    assert_eq!(
        shown + counted,
        plan.judgement
            .people
            .affected
            .iter()
            .filter(|it| it.escalates())
            .map(|it| it.users.len())
            .sum::<usize>()
    );
}

#[test]
fn five_thousand_changes_fit_and_every_removal_is_accounted_for() {
    let (mut draft, sources) = (everyday(), sources());
    draft.groups.extend((0..100).map(|n| {
        let mut members: Vec<_> = (0..40).map(|it| add(n * 100 + it + 100, 1)).collect();
        members.extend((40..50).map(|it| remove(n * 100 + it + 100)));
        altered(&format!("Group {n} {HOSTILE}"), Vec::new(), members)
    }));
    let plan = draft.judged();
    let comment = markdown::plan(&view(&plan, &sources), Forge::Github, 60_000);
    assert!(comment.len() <= 60_000 && !comment.contains("… and "), "{}", comment.len());
    check_markup(&comment, Forge::Github);
    let removed = accounted(&comment, "-     member", ["member removed", "members removed"]);
    assert_eq!(removed, 1_008);
    assert_eq!(accounted(&comment, "+     member", ["member added", "members added"]), 4_004);
}

#[test]
fn every_guard_is_in_every_format_with_value_limit_and_verdict() {
    let (mut plan, sources) = (everything().judged(), sources());
    // A name as long as the API takes, all of it invisible.
    let stop = plan
        .judgement
        .guards
        .iter_mut()
        .find(|it| matches!(it.subject, Subject::Group(_, _)) && it.of == Some(10_000));
    stop.expect("the fixture has it").subject =
        Subject::Group(fixture::company(), "\u{200b}".repeat(255).into());
    let shown = view(&plan, &sources);
    for shown in [
        plain(&text::plan(&shown, Width::Any)),
        markdown::plan(&shown, Forge::Github, 60_000),
        crate::report::document::write(&shown),
    ] {
        for guard in Guard::ALL {
            assert!(shown.contains(guard.as_str()), "{guard:?} is missing in {shown}");
        }
        for words in [
            ": 3,001 of 10,000 members removed, 12 excepted (30.1 %, limit 30 %); needs an exception",
            "Winter Migration: 7 of 7 members removed (100 %, limit 30 %); excepted (access/agents.yaml:31)",
            "Oncall EU: 2 grants of a privileged role (limit 0); approved by the id of the plan",
            "1 right to change access lost (limit 0); cannot be excepted",
        ] {
            assert!(shown.contains(words), "`{words}` is missing in {shown}");
        }
    }
}

#[test]
fn a_plan_that_does_nothing_shows_only_guards_that_somebody_must_look_at() {
    let (mut plan, sources) = (everything().does_nothing().judged(), sources());
    plan.plan.withheld.clear();
    plan.plan.weakened = None;
    plan.judgement.gaps.clear();
    let text = plain(&text::plan(&view(&plan, &sources), Width::Any));
    let comment = markdown::plan(&view(&plan, &sources), Forge::Github, 60_000);
    assert!(text.ends_with("\n\nNo changes. Live state matches the files.\n"), "{text}");
    for shown in [text, comment] {
        assert!(shown.contains("STOP") && shown.contains("excepted"), "{shown}");
        // That a guard is not set is said in the heading all the same.
        let below = shown.split_once("\n\n").unwrap().1;
        assert!(!below.contains("unset") && !below.contains("ok  ") && !below.contains("Plan id"), "{shown}");
    }
}

/// A program may look for this line; the last one names the plan (checks.md, 26).
#[test]
fn the_summary_keeps_its_published_form() {
    let (mut plan, sources) = (everyday().judged(), sources());
    let stop = plan.judgement.stops().next().unwrap().clone();
    for (guards, last) in [(0, "0 guards"), (1, "1 guard"), (2, "2 guards")] {
        plan.judgement.guards = vec![stop.clone(); guards];
        let text = plain(&text::plan(&view(&plan, &sources), Width::Any));
        let mut lines = text.lines().rev();
        let id = lines.next().and_then(|it| it.strip_prefix("Plan id: ")).unwrap();
        assert!(id.len() == 32 && id.bytes().all(|it| it.is_ascii_hexdigit()), "{id}");
        assert_eq!(
            lines.next(),
            Some(&*format!(
                "Plan: 1 group to create, 1 to change, 1 to delete; roles +3 ~1 -1; members +4 -8; {last}."
            ))
        );
    }
}

#[test]
fn a_comment_never_exceeds_even_a_silly_budget() {
    let (plan, sources) = (everything().judged(), sources());
    for budget in [0, 10, 200, 500, 1_000, 1_999, 3_999] {
        assert!(markdown::plan(&view(&plan, &sources), Forge::Github, budget).len() <= budget);
        assert!(
            super::findings::markdown(&fixture::findings(), &sources, Forge::Github, budget).len() <= budget
        );
    }
}
