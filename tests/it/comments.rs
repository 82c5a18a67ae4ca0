//! `rolecall comment`: its own comment on a pull request, on a double of each forge, and no other's.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    Run, World,
    forge::{Comment, Fault, Forge, Kind, ME, OTHER, TOKEN},
    words,
};

const COMMIT: &str = "4b5cb01aa0000000000000000000000000000001";

/// A world whose plan adds one member.
fn desk() -> World {
    World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, bo@voyager.example, root@voyager.example] }\n",
    )
}

/// Runs a line with what a job of that forge has in its environment.
fn run(world: &World, forge: &Forge, line: &str) -> Run {
    let mut command = world.command();
    command
        .args(words(line))
        .env("ROLECALL_FORGE", forge.kind().name())
        .env("ROLECALL_FORGE_URL", forge.url())
        .env("ROLECALL_FORGE_TOKEN", TOKEN)
        .env("ROLECALL_REPOSITORY", "acme/access")
        .env("ROLECALL_PULL_REQUEST", "12")
        .env("ROLECALL_COMMIT", COMMIT);
    let run = Run::from(command.output().unwrap());
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(TOKEN), "{line} tells the token: {text}");
    }
    run
}

/// A report as one is written, of a run at that time.
fn report(kind: &str, target: &str, at: &str) -> String {
    format!(
        "<!-- rolecall:{kind} target={target} commit={COMMIT} at={at} forge=github -->\n### rolecall: 1 person gains access\n\n```diff\n+ ana\n```\n\n{kind} of commit `{COMMIT}`, {at}\n"
    )
}

const EARLY: &str = "2026-11-28T10:00:00.000Z";
const LATE: &str = "2026-11-28T10:02:00.000Z";

/// The commands of a pull request from its first plan to what was done, on each forge.
#[test]
fn one_comment_follows_a_change_from_plan_to_apply_on_every_forge() {
    for kind in Kind::ALL {
        let (world, forge) = (desk(), Forge::start(kind));
        let others: Vec<u64> = (0..5).map(|n| forge.says(OTHER, &format!("looks good {n}"))).collect();
        run(&world, &forge, "plan --report markdown=plan.md").expect(0);
        let posted = run(&world, &forge, "comment plan.md").expect(0);
        assert!(
            posted.stdout.starts_with("Created the comment about `.` on "),
            "{kind:?}: {}",
            posted.stdout
        );
        let id = forge.comments().last().unwrap().id;
        let plan = forge.body(id);
        assert!(plan.contains("### rolecall: 1 person gains access"), "{plan}");
        assert_eq!(plan, fs::read_to_string(world.path().join("plan.md")).unwrap());
        assert!(
            plan.contains(&format!("plan of commit `{COMMIT}`")) && plan.contains("rolecall apply --approve"),
            "{plan}"
        );
        // Another push.
        run(&world, &forge, "plan --report markdown=plan.md").expect(0);
        run(&world, &forge, "comment plan.md").expect(0).shows("Updated the comment about `.` on ");
        assert_ne!(forge.body(id), plan, "{kind:?}: it is of a later run");
        // The merge.
        run(&world, &forge, "apply --auto-approve --report markdown=done.md").expect(0);
        run(&world, &forge, "comment done.md").expect(0).shows("Updated the comment");
        let done = forge.body(id);
        for words in [
            "### rolecall applied: 1 person gains access",
            "Read back: live state matches the plan.",
            "rolecall:apply ",
        ] {
            assert!(done.contains(words), "{kind:?}: no {words} in {done}");
        }
        assert!(!done.contains("To apply exactly this"), "{done}");
        assert_eq!(forge.comments().len(), 6, "{kind:?}");
        for (n, other) in others.into_iter().enumerate() {
            assert_eq!(forge.body(other), format!("looks good {n}"));
        }
        let asked = forge.asked();
        assert!(asked.iter().any(|it| it.starts_with(&format!("POST {}", kind.list()))), "{asked:?}");
        assert!(asked.iter().any(|it| it.starts_with(&kind.change(id))), "{asked:?}");
        if ![Kind::Azure, Kind::Gitea].contains(&kind) {
            assert!(asked.iter().any(|it| it.ends_with("page=3")), "all pages are read: {asked:?}");
        }
    }
}

#[test]
fn every_outcome_has_a_report_that_is_posted() {
    let forge = Forge::start(Kind::GitHub);
    let broken = World::new().with("access/a.yaml", "version: 1\ngruops: []\n");
    let remote = desk();
    remote.faults(json!([{ "times": 0, "kind": { "status": { "code": 503 } } }]));
    let emptied =
        || World::new().groups("  - { name: Desk, description: The desk., roles: unmanaged, members: [] }\n");
    let partial = desk();
    partial.faults(
        json!([{ "times": 0, "writes": true, "method": "PATCH", "kind": { "status": { "code": 400 } } }]),
    );
    for (world, line, code, said) in [
        (&broken, "plan", 4, "### rolecall: 1 finding in 1 file"),
        (&broken, "validate", 4, "### rolecall: 1 finding in 1 file"),
        (&remote, "plan", 8, "### rolecall: no plan"),
        (&desk(), "drift", 2, "### rolecall: 1 person gains access"),
        (&emptied(), "plan --check", 6, "**Guards stop this plan: group-emptied"),
        (&emptied(), "apply --auto-approve", 6, "### rolecall did not apply: "),
        (&partial, "apply --auto-approve", 8, "### rolecall did not apply all of: 1 person gains access"),
        (&partial, "apply --auto-approve", 8, "1 failed"),
    ] {
        run(world, &forge, &format!("{line} --report markdown=out.md")).expect(code);
        run(world, &forge, "comment out.md").expect(0);
        let body = &forge.comments()[0].body;
        assert!(body.contains(said), "{line}: no {said} in {body}");
        assert_eq!(forge.comments().len(), 1, "{line}");
    }
}

/// A guard that trips leaves the plan and the comment complete.
#[test]
fn check_11_a_guard_that_trips_leaves_plan_and_comment_complete() {
    let forge = Forge::start(Kind::GitHub);
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [] }
  - { name: Night, description: The nights., roles: unmanaged, members: [cy@voyager.example, ana@voyager.example] }
",
    );
    let told = run(&world, &forge, "plan --check --report markdown=plan.md").expect(6);
    run(&world, &forge, "comment plan.md").expect(0);
    let body = &forge.comments()[0].body;
    for text in [&told.stdout, body] {
        for words in [
            "group-emptied",
            "ana@voyager.example",
            "bo@voyager.example",
            "Night",
            "The nights.",
            "needs an exception",
        ] {
            assert!(text.contains(words), "no {words} in {text}");
        }
        assert!(!text.contains("panicked") && !text.contains("truncated"), "{text}");
    }
    assert!(!told.stderr.contains("panicked"), "{}", told.stderr);
}

/// An older run that ends later does not overwrite a newer comment, and the same run may be posted again.
#[test]
fn check_21_an_older_run_does_not_overwrite_a_newer_one() {
    for kind in [Kind::GitHub, Kind::GitLab] {
        let (world, forge) = (desk(), Forge::start(kind));
        for (first, then, is_kept) in [
            (LATE, EARLY, true),
            (EARLY, LATE, false),
            (LATE, LATE, false),
            ("2026-11-28T10:02:00.001Z", "2026-11-28T10:02:00.000Z", true),
            ("2027-01-01T00:00:00.000Z", LATE, true),
        ] {
            forge.state().comments.clear();
            let id = forge.says(ME, &report("plan", "x", first));
            world.write("out.md", &report("apply", "x", then));
            let posted = run(&world, &forge, "comment out.md").expect(0);
            assert_eq!(forge.body(id) == report("plan", "x", first), is_kept, "{first} {then}");
            assert_eq!(posted.stdout.contains("is of a run that began later"), is_kept, "{}", posted.stdout);
            assert_eq!(forge.comments().len(), 1);
        }
    }
}

/// The run that begins first and is slow, through the binary.
#[test]
fn a_slow_run_says_that_a_later_one_was_faster() {
    let (world, forge) = (desk(), Forge::start(Kind::GitHub));
    run(&world, &forge, "plan --report markdown=slow.md").expect(0);
    run(&world, &forge, "plan --report markdown=fast.md").expect(0);
    run(&world, &forge, "comment fast.md").expect(0);
    let there = forge.comments();
    let late = run(&world, &forge, "comment slow.md --format json").expect(0).json();
    assert_eq!(
        (&late["kind"], &late["outcome"], &late["pullRequest"]),
        (&json!("comment"), &json!("newer"), &json!(12))
    );
    assert_eq!(forge.comments(), there);
}

#[test]
fn comments_of_others_are_left_alone() {
    let own = report("plan", "x", EARLY);
    let marker = own.lines().next().unwrap();
    for kind in [Kind::GitHub, Kind::GitLab] {
        let (world, forge) = (desk(), Forge::start(kind));
        world.write("out.md", &report("plan", "x", LATE));
        let future = report("plan", "x", "2099-01-01T00:00:00.000Z");
        let others = [
            // Somebody who quotes, copies or forges it, and would keep it from being brought up to date.
            (OTHER, own.clone()),
            (OTHER, future.clone()),
            (OTHER, format!("> {marker}\n> quoted")),
            // The same account: another workflow, another workspace, a text about it.
            (ME, "<!-- infracost -->\ncosts nothing".to_owned()),
            (ME, report("plan", "access/test", LATE)),
            (ME, format!("> {future}")),
            (ME, format!("```\n{future}\n```")),
            (ME, format!("see\n{future}")),
            (ME, format!("\u{feff}{future}")),
            (ME, future.replace("target=x", "target=x target=x")),
            (ME, future.replace(" forge=", "  forge=")),
            (ME, "<!-- rolecall:plan -->\n### rolecall: by an older version".to_owned()),
        ];
        for (author, body) in &others {
            forge.says(*author, body);
        }
        let posted = run(&world, &forge, "comment out.md").expect(0);
        assert!(posted.stdout.starts_with("Created"), "{}", posted.stdout);
        let now = forge.comments();
        assert_eq!(now.len(), others.len() + 1);
        for (it, (_, body)) in now.iter().zip(&others) {
            assert_eq!(&it.body, body);
        }
        assert_eq!(now.last().unwrap().body, report("plan", "x", LATE));
    }
}

#[test]
fn of_several_own_comments_the_oldest_is_kept_up_to_date_and_that_is_said() {
    let (world, forge) = (desk(), Forge::start(Kind::GitLab));
    let first = forge.says(ME, &report("plan", "x", EARLY));
    forge.says(OTHER, "hm");
    let second = forge.says(ME, &report("plan", "x", EARLY));
    let third = forge.says(ME, &report("plan", "x", EARLY));
    // A list in another order.
    forge.state().comments.reverse();
    world.write("out.md", &report("apply", "x", LATE));
    let posted = run(&world, &forge, "comment out.md").expect(0);
    posted.says(&["2 more comments of rolecall about the same", &second.to_string(), &third.to_string()]);
    assert_eq!(forge.body(first), report("apply", "x", LATE));
    assert_eq!(forge.body(second), report("plan", "x", EARLY));
    // A newer one among them counts.
    forge.state().comments.iter_mut().find(|it| it.id == third).unwrap().body =
        report("plan", "x", "2027-01-01T00:00:00.000Z");
    run(&world, &forge, "comment out.md").expect(0).shows("Left the comment");
}

#[test]
fn a_comment_that_is_deleted_meanwhile_is_made_again() {
    for kind in Kind::ALL {
        let (world, forge) = (desk(), Forge::start(kind));
        forge.says(ME, &report("plan", "x", EARLY));
        forge.state().deletes_first = true;
        world.write("out.md", &report("apply", "x", LATE));
        run(&world, &forge, "comment out.md").expect(0).shows("Created");
        assert_eq!(
            forge.comments().iter().map(|it| &*it.body).collect::<Vec<_>>(),
            [report("apply", "x", LATE)]
        );
        // One that is only marked as deleted, or is the forge's own.
        if [Kind::Azure, Kind::Bitbucket, Kind::GitLab].contains(&kind) {
            forge.state().comments[0].deleted = true;
            run(&world, &forge, "comment out.md").expect(0).shows("Created");
        }
    }
}

#[test]
fn what_the_forge_refuses_has_its_exit_code() {
    let list = "/comments";
    for (method, end, status, times, code, said) in [
        ("GET", list, 401, 9, 5, "`pull-requests: write`"),
        ("GET", list, 403, 9, 5, "may not do this"),
        ("POST", list, 403, 9, 5, "may not do this"),
        ("GET", list, 404, 9, 4, "check repository and pull request"),
        ("POST", list, 404, 9, 4, "check repository and pull request"),
        ("POST", list, 422, 9, 8, "422"),
        ("GET", list, 302, 9, 8, "redirected"),
        ("POST", list, 500, 9, 8, "the comment may be there"),
        ("POST", "/graphql", 401, 9, 5, "the token is wrong"),
        ("POST", "/graphql", 403, 9, 5, "--author"),
        // Harmless to repeat, and then all is well.
        ("GET", list, 500, 2, 0, ""),
        ("POST", "/graphql", 502, 2, 0, ""),
        ("POST", list, 429, 1, 0, ""),
    ] {
        let (world, forge) = (desk(), Forge::start(Kind::GitHub));
        world.write("out.md", &report("plan", "x", LATE));
        forge.fails(method, end, status, times);
        let before = forge.asked().len();
        let run = run(&world, &forge, "comment out.md").expect(code).says(&[said]);
        assert_eq!(forge.comments().len(), usize::from(code == 0), "{method} {status}: {}", run.stderr);
        let tried = forge
            .asked()
            .iter()
            .skip(before)
            .filter(|it| it.starts_with(method) && it.split('?').next().unwrap().ends_with(end))
            .count();
        let is_again = code == 0 && times > 0;
        assert!(if is_again { tried > times } else { tried <= 2 }, "{method} {status}: {:?}", forge.asked());
    }
}

#[test]
fn a_limit_of_rates_is_waited_for_and_a_redirect_is_not_followed() {
    let (world, forge, elsewhere) = (desk(), Forge::start(Kind::GitLab), Forge::start(Kind::GitLab));
    world.write("out.md", &report("plan", "x", LATE));
    forge.state().faults.push(Fault {
        method: "POST",
        end: "/notes",
        status: 429,
        header: Some(("retry-after", "1".to_owned())),
        times: 1,
    });
    run(&world, &forge, "comment out.md").expect(0).shows("Created");
    forge.state().faults.push(Fault {
        method: "GET",
        end: "/notes",
        status: 307,
        header: Some(("location", elsewhere.url() + "/steal")),
        times: 1,
    });
    run(&world, &forge, "comment out.md").expect(8).says(&["redirected"]);
    assert_eq!(elsewhere.asked(), [""; 0], "the token goes nowhere else");
}

#[test]
fn what_a_forge_finds_too_long_is_posted_as_its_headline() {
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Bitbucket] {
        for is_there in [false, true] {
            let (world, forge) = (desk(), Forge::start(kind));
            run(&world, &forge, "plan --report markdown=plan.md").expect(0);
            if is_there {
                run(&world, &forge, "comment plan.md").expect(0);
            }
            let whole = fs::read_to_string(world.path().join("plan.md")).unwrap();
            forge.state().limit = whole.len() - 1;
            let posted = run(&world, &forge, "comment plan.md").expect(0);
            posted.says(&["refused the whole comment for its length"]);
            let body = forge.comments()[0].body.clone();
            assert!(body.lines().next() == whole.lines().next() && body.len() < whole.len(), "{body}");
            for words in ["### rolecall: 1 person gains access", "This is not all", "Plan id: `", COMMIT] {
                assert!(body.contains(words), "no {words} in {body}");
            }
            assert!(!body.contains("```") && !body.contains("<details>"), "{body}");
            // It is found again.
            forge.state().limit = whole.len();
            run(&world, &forge, "comment plan.md").expect(0).shows("Updated");
            assert_eq!(forge.comments()[0].body, whole);
        }
    }
}

#[test]
fn what_is_not_a_report_is_refused_before_any_request() {
    let (world, forge) = (desk(), Forge::start(Kind::GitHub));
    let good = report("plan", "x", LATE);
    let marker = good.lines().next().unwrap();
    for (text, said) in [
        (String::new(), "its first line is not the marker"),
        ("# Mine\n".to_owned(), "its first line is not the marker"),
        (format!("\n{good}"), "its first line is not the marker"),
        ("<!-- rolecall:plan -->\n### rolecall: printed\n".to_owned(), "does not say which run wrote it"),
        (marker[..marker.len() - 9].to_owned(), "was cut or changed"),
        (marker.to_owned(), "was cut or changed"),
        (format!("{marker}\n@everybody look at this\n"), "was cut or changed"),
        (good.replace("target=x", "target=--><b>@team</b>"), "was cut or changed"),
        (good.replace("rolecall:plan", "rolecall:rollback"), "was cut or changed"),
        ("\u{0}\u{1b}[2J".to_owned(), "its first line is not the marker"),
    ] {
        world.write("out.md", &text);
        let run = run(&world, &forge, "comment out.md").expect(4).says(&[said, "--report markdown=FILE"]);
        assert_eq!(run.stdout, "");
    }
    world.write("good.md", &good);
    fs::write(world.path().join("bytes.md"), [0xff, 0xfe]).unwrap();
    for (line, said) in [
        ("comment no-such.md", "cannot read no-such.md"),
        ("comment bytes.md", "not UTF-8"),
        ("comment .", "not a regular file"),
        ("comment", "required"),
        ("comment good.md --repository acme", "`acme` is not a repository on GitHub"),
        ("comment good.md --repository acme/access/more", "write OWNER/NAME"),
        ("comment good.md --repository ../access", "is not a repository"),
        ("comment good.md --repository acme/acc?ess", "is not a repository"),
        ("comment good.md --pull-request 0", "0 is not in"),
        ("comment good.md --forge-url http://forge.example", "plain http"),
        ("comment good.md --forge sourceforge", "there are github, gitlab, azure, bitbucket, gitea"),
    ] {
        run(&world, &forge, line).expect(4).says(&[said]);
    }
    assert_eq!(forge.asked(), [""; 0]);
}

#[test]
fn what_is_missing_is_named() {
    let world = desk().with("out.md", &report("plan", "x", LATE));
    let given = [
        ("ROLECALL_FORGE", "gitlab"),
        ("ROLECALL_REPOSITORY", "acme/access"),
        ("ROLECALL_FORGE_TOKEN", TOKEN),
        ("ROLECALL_FORGE_URL", "http://127.0.0.1:9"),
    ];
    for (without, more, code, said) in [
        (&["ROLECALL_FORGE"][..], None, 4, "no forge is given"),
        (&["ROLECALL_REPOSITORY"], None, 4, "no repository is given"),
        (&["ROLECALL_FORGE_TOKEN"], None, 5, "no token for GitLab"),
        (
            &["ROLECALL_FORGE_TOKEN"],
            Some(("CI_JOB_TOKEN", "abcdefghij")),
            5,
            "CI_JOB_TOKEN may not write comments",
        ),
        (&["ROLECALL_FORGE_URL"], Some(("ROLECALL_FORGE", "gitea")), 4, "no address of Gitea is given"),
        (&[], Some(("ROLECALL_FORGE_TOKEN", "abc")), 4, "too few to be a secret"),
        (&[], Some(("ROLECALL_FORGE_TOKEN", "Bearer abcdefgh")), 4, "begins with `Bearer`"),
        (&[], Some(("ROLECALL_FORGE_TOKEN_FILE", "no-such-file")), 5, "both set"),
        (&[], None, 8, "cannot connect"),
    ] {
        let mut command = world.command();
        command.args(["comment", "out.md"]);
        command.envs(given.iter().filter(|it| !without.contains(&it.0)).copied()).envs(more);
        Run::from(command.output().unwrap()).expect(code).says(&[said]);
    }
    // Without commit and number nothing says which pull request it is.
    world.write("out.md", &report("plan", "x", LATE).replacen(&format!("commit={COMMIT} "), "", 1));
    let mut command = world.command();
    command.args(["comment", "out.md"]).envs(given);
    Run::from(command.output().unwrap())
        .expect(4)
        .says(&["no pull request is given", "--pull-request NUMBER"]);
}

/// After a merge the job knows a commit and no number.
#[test]
fn a_pull_request_is_found_by_its_commit() {
    for kind in Kind::ALL {
        let number = match kind {
            Kind::GitHub | Kind::Gitea | Kind::Azure => "number",
            Kind::GitLab => "iid",
            Kind::Bitbucket => "id",
        };
        let merged = if kind == Kind::Bitbucket { "merge_commit" } else { "merged_at" };
        let one = |n: u64, is_merged: bool| {
            let mut pull = json!({ "title": "x" });
            pull[number] = json!(n);
            pull[merged] = if is_merged { json!("2026-11-28T10:00:00Z") } else { Value::Null };
            pull
        };
        let mut rows = vec![
            (vec![one(12, true)], 0, "Created"),
            (vec![one(12, false)], 0, "Created"),
            (vec![one(3, false), one(12, true), one(9, false)], 0, "Created"),
            (vec![], 0, "No pull request: "),
            (vec![one(12, true), one(13, true)], 4, "#12, #13"),
            (vec![one(12, false), one(13, false)], 4, "#12, #13"),
            (vec![json!({ "title": "no number" })], 8, "in a form that is not known"),
        ];
        match kind {
            Kind::Gitea => rows.retain(|it| it.0.len() == 1),
            Kind::Azure => rows = vec![(vec![], 4, "no pull request is found by a commit")],
            Kind::GitHub | Kind::GitLab | Kind::Bitbucket => (),
        }
        for (pulls, code, said) in rows {
            let (world, forge) = (desk(), Forge::start(kind));
            world.write("out.md", &report("apply", "x", LATE));
            forge.state().pulls.insert(COMMIT.to_owned(), pulls);
            let mut command = world.command();
            command.args(["comment", "out.md", "--forge", kind.name(), "--repository", "acme/access"]);
            command.env("ROLECALL_FORGE_URL", forge.url()).env("ROLECALL_FORGE_TOKEN", TOKEN);
            let run = Run::from(command.output().unwrap()).expect(code);
            assert!(
                run.stdout.starts_with(said) || run.stderr.contains(said),
                "{kind:?}: {} {}",
                run.stdout,
                run.stderr
            );
            assert_eq!(forge.comments().len(), usize::from(said == "Created"));
        }
        if kind != Kind::Azure {
            let (world, forge) = (desk().with("out.md", &report("apply", "x", LATE)), Forge::start(kind));
            let mut command = world.command();
            command.args(["comment", "out.md", "--forge", kind.name(), "--repository", "acme/access"]);
            command.env("ROLECALL_FORGE_URL", forge.url()).env("ROLECALL_FORGE_TOKEN", TOKEN);
            Run::from(command.output().unwrap()).expect(0).shows("No pull request: ");
        }
    }
}

/// A job of GitHub and one of GitLab, which say nothing by flags.
#[test]
fn a_job_says_by_its_own_variables_where_it_is() {
    for kind in [Kind::GitHub, Kind::GitLab] {
        let (world, forge) = (desk(), Forge::start(kind));
        let url = forge.url();
        let variables = match kind {
            Kind::GitHub => vec![
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_API_URL", &*url),
                ("GITHUB_REPOSITORY", "acme/access"),
                ("GITHUB_REF", "refs/pull/12/merge"),
                ("GITHUB_SHA", COMMIT),
                ("GITHUB_TOKEN", TOKEN),
                ("GITHUB_SERVER_URL", "https://github.example"),
                ("GITHUB_RUN_ID", "55"),
            ],
            _ => vec![
                ("GITLAB_CI", "true"),
                ("CI_API_V4_URL", &url),
                ("CI_PROJECT_ID", "acme/access"),
                ("CI_MERGE_REQUEST_IID", "12"),
                ("CI_COMMIT_SHA", COMMIT),
                ("GITLAB_TOKEN", TOKEN),
                ("CI_JOB_TOKEN", "not-this-one"),
                ("CI_JOB_URL", "https://gitlab.example/acme/access/-/jobs/55"),
            ],
        };
        for line in ["plan --report markdown=plan.md", "comment plan.md"] {
            let mut command = world.command();
            command.args(words(line)).envs(variables.iter().copied());
            Run::from(command.output().unwrap()).expect(0);
        }
        let body = &forge.comments()[0].body;
        let run = if kind == Kind::GitHub {
            "https://github.example/acme/access/actions/runs/55"
        } else {
            "https://gitlab.example/acme/access/-/jobs/55"
        };
        assert!(
            body.contains(&format!("commit={COMMIT} ")) && body.ends_with(&format!(", [run]({run})\n")),
            "{body}"
        );
        assert!(forge.state().asked.iter().all(|it| it.authorization == format!("Bearer {TOKEN}")));
        // Of another forge, the variables of the job say nothing.
        let mut command = world.command();
        command.args(["comment", "plan.md", "--forge", "bitbucket", "--dry-run"]).envs(variables);
        Run::from(command.output().unwrap()).expect(4).says(&["no repository is given"]);
    }
}

#[test]
fn workspaces_of_one_repository_have_a_comment_each() {
    let forge = Forge::start(Kind::GitHub);
    let world = World::new();
    fs::create_dir_all(world.path().join(".git")).unwrap();
    let files = "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\ngroups: [{ name: Desk, description: The desk., roles: unmanaged, members: unmanaged }]\n";
    for place in ["prod", "test", "deep/er"] {
        world.write(
            &format!("{place}/rolecall.yaml"),
            "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\n",
        );
        world.write(&format!("{place}/access/a.yaml"), files);
    }
    for (line, about) in [
        ("plan prod --report markdown=out.md", "prod"),
        ("plan deep/er --report markdown=out.md", "deep/er"),
        ("-C test plan --report markdown=../out.md", "test"),
        ("-C prod apply --auto-approve --report markdown=../out.md", "prod"),
        ("validate prod --report markdown=out.md", "prod"),
        ("drift prod --report markdown=out.md --comment-name nightly", "nightly"),
    ] {
        run(&world, &forge, line).expect(0);
        let posted = run(&world, &forge, "comment out.md").expect(0);
        assert!(posted.stdout.contains(&format!("about `{about}` on")), "{line}: {}", posted.stdout);
    }
    assert_eq!(forge.comments().len(), 4);
}

#[test]
fn a_dry_run_sends_nothing_and_needs_no_token() {
    let world = desk().with("out.md", &report("plan", "x", LATE).replace("+ ana", "+ \u{1b}[2Jana"));
    let mut command = world.command();
    command.args(words("comment out.md --dry-run --forge github --repository acme/access --pull-request 12"));
    let run = Run::from(command.output().unwrap()).expect(0);
    assert!(run.stdout.starts_with("Would post out.md ("), "{}", run.stdout);
    for words in
        ["GitHub acme/access #12 at https://api.github.com", "### rolecall: 1 person", "+ \\u{1b}[2Jana"]
    {
        assert!(run.stdout.contains(words), "no {words} in {}", run.stdout);
    }
}

#[test]
fn without_knowing_whose_the_token_is_nothing_is_taken_for_ones_own() {
    for kind in Kind::ALL {
        let (world, forge) = (desk(), Forge::start(kind));
        let theirs = forge.says(OTHER, &report("plan", "x", EARLY));
        world.write("out.md", &report("plan", "x", LATE));
        forge.state().tells_author = false;
        run(&world, &forge, "comment out.md")
            .expect(5)
            .says(&["does not say whose token this is", "--author ID"]);
        let me = match kind {
            Kind::Azure => format!("account-{ME}"),
            Kind::Bitbucket => format!("{{account-{ME}}}"),
            Kind::GitHub | Kind::GitLab | Kind::Gitea => ME.to_string(),
        };
        for done in ["Created", "Updated"] {
            run(&world, &forge, &format!("comment out.md --author {me}")).expect(0).shows(done);
        }
        assert_eq!(forge.body(theirs), report("plan", "x", EARLY));
    }
}

#[test]
fn a_token_is_told_to_nobody() {
    let (world, forge) = (desk().with("out.md", &report("plan", "x", LATE)), Forge::start(Kind::Azure));
    world.write("token", &format!("me:{TOKEN}\n"));
    let wrong = "wrong-token-z9";
    for (variable, value, code) in [
        ("ROLECALL_FORGE_TOKEN_FILE", "token".to_owned(), 0),
        ("ROLECALL_FORGE_TOKEN", format!("me:{TOKEN}"), 0),
        ("SYSTEM_ACCESSTOKEN", TOKEN.to_owned(), 0),
        ("ROLECALL_FORGE_TOKEN", wrong.to_owned(), 5),
        ("ROLECALL_FORGE_TOKEN", format!("me:{wrong}"), 5),
    ] {
        let mut command = world.command();
        command.args(words("comment out.md -vv --forge azure --repository acme/access --pull-request 12"));
        command.env("ROLECALL_FORGE_URL", forge.url()).env(variable, &value);
        let run = Run::from(command.output().unwrap()).expect(code);
        for secret in [TOKEN, wrong, "bWU6", "d3Jvbmct"] {
            assert!(!run.stderr.contains(secret) && !run.stdout.contains(secret), "{secret}: {}", run.stderr);
        }
        assert!(run.stderr.contains("request"), "there is a log: {}", run.stderr);
    }
}

/// Names that try what a name can try, through the binary to the comment.
#[test]
fn check_20_hostile_names_call_nobody_and_format_nothing() {
    let names = [
        "`a` ```",
        "|a|b|",
        "@team",
        "@acme/admins",
        "<details>",
        "</details><b>",
        "#1 !2 &3 acme/access#4",
        "--> <!-- x",
        "~~~ ***x***",
        "![x](https://x.example/x.png)",
        "https://x.example",
        "@<0000-1111>",
        "/approve",
        "[//]: # (x)",
    ];
    let declared = |names: &[&str]| -> String {
        let of = |it: &&str| {
            format!(
                "  - {{ name: \"{it}\", description: \"{it}\", roles: [], members: [ana@voyager.example] }}\n"
            )
        };
        names.iter().map(of).collect()
    };
    // What no file may say, and an API may.
    let odd = ["new\\nline /approve @team", "\\u202etxet\\u200b", "\\e[2J", "a\\r@acme/admins"];
    let live = |it: &&str| {
        format!(
            "  - {{ name: \"{it}\", company: voyager, description: \"{it}\", roles: [{{ role: Agent, scope: [{{ COMPANY: [globex] }}] }}], members: [bo@voyager.example] }}\n"
        )
    };
    let seed = crate::support::SEED.to_owned() + &odd.iter().map(live).collect::<String>();
    let plans = || World::seeded(&seed).groups(&declared(&names));
    let findings = || World::new().groups(&(declared(&odd) + &declared(&names) + &declared(&names)));
    for (kind, world) in Kind::ALL.into_iter().flat_map(|it| [(it, plans()), (it, findings())]) {
        let forge = Forge::start(kind);
        let planned = run(&world, &forge, "plan --report markdown=out.md");
        run(&world, &forge, "comment out.md").expect(0);
        let comments: Vec<Comment> = forge.comments();
        let body = &comments[0].body;
        let mut fence: Option<&str> = None;
        for line in body.lines().skip(1) {
            match fence {
                Some(end) if line == end => fence = None,
                Some(_) => assert!(!line.starts_with("```"), "{line}"),
                None if line.starts_with("```") => fence = Some(line.trim_end_matches(char::is_alphabetic)),
                None => {
                    // What forges read outside of code: spans here have one backtick or more, and no name ends them.
                    let plain: String = spans(line);
                    let folds = plain.starts_with("<details><summary>") || plain == "</details>";
                    let html = !folds
                        && plain.contains(['<', '>'])
                        && !plain.starts_with("> ")
                        && !plain.ends_with("<br>");
                    assert!(!plain.contains("@") && !html && !line.starts_with('/'), "{kind:?}: {line}");
                    assert!(
                        !plain.contains("https://x.example") && !plain.contains("!["),
                        "{kind:?}: {line}"
                    );
                }
            }
        }
        assert!(fence.is_none(), "{body}");
        let shown = body.chars().filter(|it| it.is_control() && *it != '\n').count();
        assert_eq!(shown, 0);
        assert!(
            !body.contains(['\u{202e}', '\u{200b}']) && body.contains("@acme/admins"),
            "{planned:?}\n{body}"
        );
    }
}

/// A line without its code.
fn spans(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line.replace("<code>", "`").replace("</code>", "`");
    while let Some(at) = rest.find('`') {
        plain.push_str(&rest[..at]);
        let run: String = rest[at..].chars().take_while(|it| *it == '`').collect();
        let after = rest[at + run.len()..].to_owned();
        let end = after.find(&run).unwrap_or_else(|| panic!("code does not end: {line}"));
        rest = after[end + run.len()..].to_owned();
    }
    plain + &rest
}

/// Five thousand changes, written for each forge and posted whole.
#[test]
fn check_19_five_thousand_changes_fit_every_forge() {
    use std::fmt::Write as _;

    let mut seed = crate::support::SEED.to_owned();
    let people: String = (0..250).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "  - {{ email: p{n}@voyager.example, company: voyager }}");
        text
    });
    let all: Vec<String> = (0..250).map(|n| format!("p{n}@voyager.example")).collect();
    let groups: String = (0..20).fold(String::new(), |mut text, n| {
        // A person in one of the halves is removed, one of the other is added.
        let members = all[..125].join(", ");
        let _ = writeln!(
            text,
            "  - {{ name: Group {n}, company: voyager, description: One of many., roles: [], members: [{members}] }}"
        );
        text
    });
    seed = seed.replace("groups:\n", &format!("{people}groups:\n{groups}"));
    let declared: String = (0..20).fold(String::new(), |mut text, n| {
        let members = all[125..].join(", ");
        let _ = writeln!(
            text,
            "  - {{ name: Group {n}, description: One of many., roles: [], members: [{members}] }}"
        );
        text
    });
    let privileged = "  - { name: The One, description: One grant., roles: [{ role: Company Management Admin, scope: { company: globex } }], members: [ana@voyager.example] }\n";
    let world = World::seeded(&seed)
        .ruled("guards: { privileged: [Company Management Admin] }\n")
        .groups(&(declared + privileged));
    for (kind, limit) in Kind::ALL.into_iter().zip([65_536, 1_000_000, 150_000, 32_768, 65_536]) {
        let forge = Forge::start(kind);
        forge.state().limit = limit;
        run(&world, &forge, "plan --report markdown=out.md").expect(0);
        let posted = run(&world, &forge, "comment out.md").expect(0);
        assert!(!posted.stderr.contains("length"), "{kind:?}: {}", posted.stderr);
        let body = &forge.comments()[0].body;
        assert!(
            body.len() <= limit && body.lines().filter(|it| it.starts_with("```")).count() % 2 == 0,
            "{kind:?}: {}",
            body.len()
        );
        let named = body.lines().filter(|it| it.starts_with("-     member")).count();
        let counted = |word: &str| -> usize {
            let numbers = body.lines().filter_map(|it| {
                let number = it.strip_prefix(['-', '+'])?.trim().split_once(' ').filter(|it| it.1 == word)?.0;
                number.replace(',', "").parse::<usize>().ok()
            });
            let left = body.lines().filter(|it| it.starts_with("… and ")).flat_map(|it| {
                let counts = it.split_once(": ").map_or("", |it| it.1);
                counts
                    .split(", ")
                    .filter_map(|it| it.split_once(' '))
                    .filter(|it| it.1 == word)
                    .map(|it| it.0.replace(',', "").parse::<usize>().unwrap())
                    .collect::<Vec<_>>()
            });
            numbers.chain(left).sum()
        };
        assert_eq!(named + counted("members removed"), 2_500, "{kind:?}: {body}");
        assert!(
            body.contains("! ana@voyager.example gains")
                && body.contains("Company Management Admin on company globex   PRIVILEGED"),
            "{kind:?}"
        );
        let cut = body.lines().any(|it| it.starts_with("… and "));
        let title = body.lines().find(|it| it.starts_with("### ")).unwrap();
        assert_eq!(title.ends_with(" (truncated)"), cut, "{kind:?}: {title}");
        assert_eq!(body.contains("<details>"), kind != Kind::Bitbucket, "{kind:?}");
    }
}
