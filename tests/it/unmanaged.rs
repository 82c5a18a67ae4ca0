//! Groups that no file names: said in every format, and a difference where the files are to name all.

use serde_json::{Value, json};

use crate::support::{NO_CHANGES, VOYAGER, World};

const ALL: &str = "  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }
  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }
";

fn by_hand(world: &World, name: &str) {
    let groups = format!("/v3/companies/{VOYAGER}/user-groups");
    let (status, body) = world.call("POST", &groups, json!({ "name": name, "description": "Made by hand." }));
    assert!(status < 300, "{status} {body}");
}

#[test]
fn they_are_named_in_every_format() {
    let world = World::new().groups(ALL);
    let names = ["By hand", "Odd `name` <b>", "Another\u{202e}one"];
    names.iter().for_each(|it| by_hand(&world, it));
    let text = world.plan().expect(0).shows("Unmanaged, left alone: 4 groups: ").stdout;
    let markdown = world.run("plan --format markdown").expect(0).stdout;
    for name in ["By hand", "Company Admins", "Odd `name` <b>"] {
        assert!(text.contains(name), "{text}");
    }
    assert!(
        markdown.contains("Unmanaged, left alone: 4 groups\n") && markdown.contains("By hand"),
        "{markdown}"
    );
    for inert in [&text, &markdown] {
        assert!(!inert.contains('\u{202e}'), "{inert}");
    }
    let json = world.run("plan --format json").expect(0).json();
    let unmanaged = json["companies"][0]["unmanaged"].as_array().unwrap();
    let listed = |it: &str| unmanaged.contains(&json!({ "name": it }));
    assert!(names.iter().all(|it| listed(it)) && unmanaged.len() == 4, "{unmanaged:?}");
    assert_eq!((&json["unmanaged"], &json["summary"]["forbidden"]), (&Value::Null, &json!(0)));
    assert!(unmanaged.contains(&json!({ "name": "Company Admins", "standard": true })), "{unmanaged:?}");
}

#[test]
fn of_many_only_some_are_named_and_no_line_is_too_long() {
    let world = World::new().groups(ALL);
    (0..40).for_each(|n| by_hand(&world, &format!("Some group with a long name, {n:02}")));
    let text = world.plan().expect(0).shows("Unmanaged, left alone: 41 groups: Company Admins,").stdout;
    let list = text.split("Unmanaged, ").nth(1).unwrap().split("\n\n").next().unwrap();
    assert!(list.contains("and 21 more"), "{list}");
    assert!(list.lines().count() > 3 && list.lines().all(|it| it.len() <= 120), "{list}");
    let markdown = world.run("plan --format markdown").expect(0).stdout;
    assert!(markdown.contains("and 21 more"), "{markdown}");
}

/// `unmanaged:`, whether somebody made a group, and the codes of `plan --detailed-exitcode`, `drift` and `apply`.
#[test]
fn what_is_made_by_hand_is_a_difference_only_where_it_is_forbidden() {
    for (rule, made, codes) in [
        ("", false, [0, 0, 0]),
        ("", true, [0, 0, 0]),
        ("unmanaged: report\n", true, [0, 0, 0]),
        ("unmanaged: ignore\n", true, [0, 0, 0]),
        // Every company has standard groups, and nobody can make one.
        ("unmanaged: forbid\n", false, [0, 0, 0]),
        ("unmanaged: forbid\n", true, [2, 2, 0]),
    ] {
        let world = World::new().groups(ALL).ruled(rule);
        if made {
            by_hand(&world, "By hand");
        }
        let forbidden = codes[0] == 2;
        for (line, code) in
            ["plan --detailed-exitcode", "drift", "apply --auto-approve"].into_iter().zip(codes)
        {
            for format in ["text", "markdown"] {
                let run = world.run(&format!("{line} --format {format}")).expect(code);
                let told = run.stdout.contains("Forbidden, as no file names them: 1 group");
                assert_eq!(told, forbidden, "{rule}{line}\n{}", run.stdout);
                assert_eq!(run.stdout.contains(NO_CHANGES), !forbidden, "{rule}{line}\n{}", run.stdout);
                let named = run.stdout.contains("By hand");
                assert_eq!(named, made && !rule.contains("ignore"), "{rule}{line}\n{}", run.stdout);
                let others = run.stdout.contains("Unmanaged, left alone: ");
                assert_eq!(others, !rule.contains("ignore"), "{rule}{line}\n{}", run.stdout);
            }
        }
        let json: Value = world.run("plan --format json").expect(0).json();
        assert_eq!(json["unmanaged"] == "forbid", rule.contains("forbid"), "{rule}");
        assert_eq!(json["summary"]["forbidden"], i32::from(forbidden), "{rule}");
    }
}

#[test]
fn a_part_of_the_files_forbids_nothing() {
    let world = World::new()
        .ruled("unmanaged: forbid\n")
        .with("access/a.yaml", &format!("version: 1\ngroups:\n{ALL}"))
        .with("access/b.yaml", "version: 1\nremoved: [{ group: Old, reason: over }]\n");
    world.run("drift").expect(0);
    let part = world.run("drift access/b.yaml").expect(0);
    part.shows("Not in these files, left alone: 3 groups: Company Admins, Desk, Night");
}

#[test]
fn a_word_that_is_none_of_the_three_is_a_finding() {
    for (word, near) in
        [("forbidden", "did you mean `forbid`?"), ("none", "not one of `ignore`, `report`, `forbid`")]
    {
        let world = World::new().groups(ALL).ruled(&format!("unmanaged: {word}\n"));
        world.plan().expect(4).says(&["error[wrong-type]", "rolecall.yaml:7", near]);
    }
}
