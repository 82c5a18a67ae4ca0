//! `rolecall import --merge`: what is live and in no file is added, and every other byte stays, through the real binary.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::json;

use crate::support::{
    NO_CHANGES, Run, SEED, VOYAGER, World, repository,
    tenant::{Dice, side_by_side},
};

/// The path and text of every file of a workspace, the schemas left out.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, String> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        } else if !path.to_str().unwrap().contains("schemas") {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    found
}

/// Panics unless every line of a text is in the other, byte for byte and in order; a list in brackets may be longer, and an
/// empty one may have become lines.
#[track_caller]
pub(crate) fn keeps_lines(before: &str, after: &str) {
    // A whole file in brackets grows anywhere.
    if before.trim_start().starts_with('{') {
        return assert!(within(&before.replace("[]", ""), after).is_some(), "{before}\n----\n{after}");
    }
    let mut rest = after;
    for line in before.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\r', '\n']);
        let mut at = 0;
        let found = rest.split_inclusive('\n').find_map(|it| {
            at += it.len();
            let is_same = it == line || !line.ends_with('\n') && it.trim_end_matches(['\r', '\n']) == bare;
            is_same.then_some(at)
        });
        let longer = within(&bare.replace(" []", ""), rest).filter(|_| bare.contains(['[', '{']));
        let end = found.into_iter().chain(longer).min();
        rest = &rest[end.unwrap_or_else(|| panic!("`{bare}` is gone:\n{before}\n----\n{after}"))..];
    }
}

/// Where the last line ends that has letters of a text, if they are all there, in order.
fn within(text: &str, other: &str) -> Option<usize> {
    let mut letters = other.char_indices();
    let mut end = 0;
    for it in text.trim_end().chars() {
        end = letters.find(|other| other.1 == it)?.0;
    }
    Some(other[end..].find('\n').map_or(other.len(), |it| end + it + 1))
}

/// Merges, and makes sure of everything that holds whatever there is.
#[track_caller]
pub(crate) fn merged(world: &World, more: &str) -> Run {
    let before = files(&world.path());
    world.forget();
    let shown = world.run(&format!("import --merge --dry-run {more}"));
    assert_eq!(files(&world.path()), before, "a dry run writes nothing");
    let run = world.run(&format!("import --merge {more}"));
    assert!([0, 3].contains(&run.code), "{}{}", run.stdout, run.stderr);
    assert_eq!(shown.code, run.code, "{}{}", shown.stdout, shown.stderr);
    assert_eq!(world.writes(), [""; 0], "only files are written");
    let after = files(&world.path());
    for (path, text) in &before {
        keeps_lines(text, &after[path]);
    }
    let again = world.run(&format!("import --merge {more}"));
    assert_eq!(again.code, run.code, "{}{}", again.stdout, again.stderr);
    assert_eq!(files(&world.path()), after, "once more: {}", again.stdout);
    world.run("validate").expect(0);
    run
}

/// Panics if an apply would take anything, or if there are groups that no file names.
#[track_caller]
fn takes_nothing(world: &World) {
    let plan = world.run("plan --format json").json();
    for edit in plan["edits"].as_array().unwrap() {
        assert_eq!(edit["before"], json!(null), "{edit:#}");
    }
    for company in plan["companies"].as_array().unwrap() {
        assert_eq!(company["unmanaged"], json!([]), "{plan:#}");
    }
}

/// One group of the three that are live, as somebody wrote it.
const DESK: &str = "# Ours.
version: 1   # the format
scopes:
  clients: &clients   # by contract
    company: globex
groups:

# The day.
- name: \"Desk\"
  description: 'The desk.'
  roles:
  - { role: Agent, scope: clients }   # theirs
  members:
  # mornings
  - ana@voyager.example\t# covers
";

#[test]
fn groups_and_members_that_are_missing_come_and_every_other_byte_stays() {
    for text in
        [DESK.to_owned(), DESK.replace('\n', "\r\n"), DESK.trim_end().to_owned(), format!("\u{feff}{DESK}")]
    {
        let world = World::new().with("access/mine.yaml", &text);
        let run = merged(&world, "").expect(0);
        for needed in [
            "access/mine.yaml",
            "+ member  bo@voyager.example",
            "access/night.yaml (new)",
            "+ group   Night: 1 role, 1 member",
        ] {
            assert!(run.stdout.contains(needed), "{needed}\n{}", run.stdout);
        }
        let after = files(&world.path());
        let (begin, end) = after["access/mine.yaml"].split_at(text.len());
        assert_eq!(begin, text);
        assert_eq!(end.trim(), "- bo@voyager.example");
        assert_eq!(end.contains('\r'), text.contains('\r'));
        assert!(after["access/company-admins.yaml"].contains("roles: unmanaged"));
        assert!(world.path().join("schemas/access.schema.json").is_file(), "new files name it");
        takes_nothing(&world);
        world.settled();
        world
            .run("import --merge")
            .expect(0)
            .ends_with("Nothing to add: the files say everything that is live.");
    }
}

#[test]
fn what_a_list_says_is_added_to_in_its_own_style() {
    let file = "version: 1
groups:
  - { name: Desk, roles: unmanaged, members: [ 'ana@voyager.example' ] }
  - name: Night
    description: The night.
    roles:
      # Half of it.
      - { role: Agent, scope: { company: globex } }
    members: []   # nobody yet
  - { name: Company Admins, roles: unmanaged, members: { atLeast: [] } }
";
    let expected = "version: 1
groups:
  - { name: Desk, roles: unmanaged, members: [ 'ana@voyager.example', 'bo@voyager.example' ] }
  - name: Night
    description: The night.
    roles:
      # Half of it.
      - { role: Agent, scope: { company: globex } }
      - { role: Agent, scope: { company: initech } }
    members:   # nobody yet
      - cy@voyager.example
  - { name: Company Admins, roles: unmanaged, members: { atLeast: [] } }
";
    let world = World::new().with("access/all.yaml", file);
    merged(&world, "").expect(0);
    assert_eq!(files(&world.path())["access/all.yaml"], expected);
    world.settled();
}

#[test]
fn a_merge_works_on_what_init_wrote() {
    for layout in ["per-group", "one", "per-prefix"] {
        let world = World::new();
        fs::remove_file(world.path().join("rolecall.yaml")).unwrap();
        let begun = format!("init -C fresh --endpoint {} --company {VOYAGER} --no-import", world.url());
        world.run(&begun).expect(0);
        world.run(&format!("import -C fresh --merge --layout {layout}")).expect(0);
        world.run("validate -C fresh").expect(0);
        world.run("plan -C fresh --detailed-exitcode").expect(0).ends_with(NO_CHANGES);
        let after = files(&world.path().join("fresh"));
        let text = &after["rolecall.yaml"];
        for needed in
            ["unmanaged: report\n\nids:\n  company:\n    globex: ", &format!("\ncompany: {VOYAGER}\n")]
        {
            assert!(text.contains(needed), "{needed}\n{text}");
        }
        assert!(after["access/groups.yaml"].ends_with("\ngroups: []\n"), "{}", after["access/groups.yaml"]);
        assert_eq!(
            after.keys().filter(|it| it.starts_with("access/")).count(),
            [4, 2, 2][["per-group", "one", "per-prefix"].iter().position(|it| *it == layout).unwrap()],
            "{:?}",
            after.keys()
        );
        world
            .run("import -C fresh --merge")
            .expect(0)
            .ends_with("Nothing to add: the files say everything that is live.");
    }
}

#[test]
fn names_that_stand_under_ids_are_used_and_what_is_new_is_added_beside_them() {
    let workspace = format!(
        "version: 1\ncompany: ours\nids:\n  # Ours.\n  company:\n    ours: {VOYAGER}\n    the-globe: 2b7e0000-0000-4000-8000-000000000002   # a client\n\nunmanaged: report\n"
    );
    let world = World::new().with("rolecall.yaml", &workspace);
    let run = merged(&world, "--layout one").expect(0);
    let after = files(&world.path());
    assert!(after["access/groups.yaml"].contains("company: the-globe"), "{}", after["access/groups.yaml"]);
    let added = "    company-2b7e: 2b7e0000-0000-4000-8000-000000000003 # give it a name";
    assert!(after["rolecall.yaml"].contains(added), "{}", after["rolecall.yaml"]);
    assert!(run.stdout.contains("rolecall.yaml:8  company-2b7e"), "{}", run.stdout);
    world.settled();
    // Where it cannot be edited, ids stand for themselves.
    let odd =
        format!("version: 1\ncompany: ours\nids: {{ company: {{ ours: {VOYAGER} }} , legalEntity: }}\n");
    let world = World::new().with("rolecall.yaml", &odd.replace(" , legalEntity: ", ""));
    merged(&world, "").expect(0);
    world.settled();
    let world = World::new().with("rolecall.yaml", &format!("version: 1\ncompany: {VOYAGER}\nids: {{}}\n"));
    merged(&world, "").expect(0).says(&["rolecall.yaml is left as it is"]);
    assert!(
        files(&world.path())["access/desk.yaml"].contains("company: 2b7e0000-0000-4000-8000-000000000002")
    );
    world.settled();
}

#[test]
fn nothing_is_taken_out_renamed_or_replaced() {
    let file = "version: 1
groups:
  - { name: Desk II, renamedFrom: Desk, description: Another desk., roles: [], members: [cy@voyager.example] }
  - name: Night
    description: The night.
    roles: [{ role: Agent, scope: { company: [globex, initech] } }]
    members:
      - { email: cy@voyager.example, until: 2020-01-01, reason: over }
removed:
  - { group: Night Watch, reason: never }
";
    let world = World::new().with("access/all.yaml", file);
    let run = merged(&world, "").expect(3);
    let after = files(&world.path());
    for needed in [
        "renamedFrom: Desk, description: Another desk.",
        "roles: [{ role: Agent, scope: { company: globex } }]",
        "- { group: Night Watch, reason: never }",
        "until: 2020-01-01",
    ] {
        assert!(after["access/all.yaml"].contains(needed), "{needed}\n{}", after["access/all.yaml"]);
    }
    for needed in ["has ended", "rolecall drift --adopt", "Left 2"] {
        assert!(run.stdout.contains(needed), "{needed}\n{}", run.stdout);
    }
    let facts = world.run("import --merge --format json").expect(3).json();
    assert_eq!(
        (&facts["kind"], &facts["written"], facts["left"].as_array().unwrap().len()),
        (&json!("merge"), &json!(false), 2)
    );
}

#[test]
fn who_is_locked_out_comes_into_no_file() {
    let world =
        World::new().ruled("lockout: [{ email: cy@voyager.example, since: 2020-01-01, reason: left }]\n");
    let world = world.with(
        "access/mine.yaml",
        "version: 1\ngroups: [{ name: Desk, roles: unmanaged, members: [] }, { name: Company Admins, roles: unmanaged, members: unmanaged }]\n",
    );
    world.patch_members("Desk", &json!({ "userIdsToAdd": [world.user("cy@voyager.example")] }));
    let run = merged(&world, "").expect(3);
    assert!(run.stdout.contains("is locked out (rolecall.yaml"), "{}", run.stdout);
    let after = files(&world.path());
    for (path, text) in &after {
        assert_eq!(text.contains("cy@"), path == "rolecall.yaml", "{path}\n{text}");
    }
    assert!(after["access/mine.yaml"].contains("bo@voyager.example"));
    assert!(after["access/night.yaml"].contains("members: []"), "{}", after["access/night.yaml"]);
    let plan = world.run("plan --format json").json();
    assert_eq!(plan["edits"].as_array().unwrap().len(), 2, "the two memberships of who is cut off: {plan:#}");
}

#[test]
fn a_company_that_is_not_of_the_workspace_is_said_in_its_new_files() {
    let world = World::seeded(
        &SEED
            .replace(
                "    company: voyager\n    description: The night.",
                "    company: globex\n    description: The night.",
            )
            .replace("members: [cy@voyager.example]", "members: [vip@globex.example]"),
    );
    let world = world
        .with("access/mine.yaml", DESK)
        .with("access/globex.yaml", "version: 1\ncompany: globex\ngroups: []\n");
    merged(&world, "").expect(0);
    let after = files(&world.path());
    assert!(after["access/globex/night.yaml"].contains("\ncompany: globex\n"), "{:?}", after.keys());
    assert!(!after["access/company-admins.yaml"].contains("\ncompany:"));
    world.settled();
}

#[test]
fn only_the_groups_that_are_asked_for_are_looked_at() {
    let world = World::new().with("access/mine.yaml", DESK);
    world.run("import --merge --group Nihgt").expect(4).says(&["no group is called `Nihgt`", "Night"]);
    world.run("import --merge --group Night").expect(0);
    let after = files(&world.path());
    assert_eq!(after["access/mine.yaml"], DESK);
    assert!(after.contains_key("access/night.yaml") && !after.contains_key("access/company-admins.yaml"));
    world.run("import --merge --group D*").expect(0);
    assert_eq!(files(&world.path())["access/mine.yaml"], format!("{DESK}  - bo@voyager.example\n"));
}

#[test]
fn new_files_are_put_where_they_are_read_and_where_nothing_is() {
    let patterns = |patterns: &str| {
        let text = format!("version: 1\ncompany: {VOYAGER}\naccess: {patterns}\n");
        World::new()
            .with("rolecall.yaml", &text)
            .with("teams/desk.yaml", DESK.replace("globex", VOYAGER).as_str())
    };
    let world = patterns("[teams/**/*.yaml]");
    let before = files(&world.path());
    world.run("import --merge").expect(4).says(&[
        "access/company-admins.yaml would not be read",
        "`access:`",
        "nothing was written",
    ]);
    assert_eq!(files(&world.path()), before);
    let world = patterns("[teams/**/*.yaml, access/**/*.yaml, '!access/night.yaml']");
    world.run("import --merge").expect(4).says(&["access/night.yaml would not be read"]);
    let world = patterns("[teams/**/*.yaml, access/**/*.yaml]");
    world.run("import --merge").expect(0);
    takes_nothing_of(&world, &["Desk"]);
    // A name that is taken, by whatever case.
    let world = World::new().with("access/Night.yaml", DESK);
    merged(&world, "").expect(0);
    assert!(files(&world.path()).contains_key("access/night-2.yaml"));
    world.settled();
}

/// Panics if an apply would take anything from another group.
#[track_caller]
fn takes_nothing_of(world: &World, but: &[&str]) {
    let plan = world.run("plan --format json").json();
    for edit in plan["edits"].as_array().unwrap() {
        assert!(edit["before"].is_null() || but.contains(&edit["group"].as_str().unwrap()), "{edit:#}");
    }
}

#[test]
fn what_is_no_workspace_or_is_not_sound_is_refused() {
    let world = World::new();
    world.forget();
    world.run("import -C / --merge").expect(4).says(&[
        "nothing to add to",
        "without `--merge`",
        "rolecall import",
    ]);
    world.run("import --merge --users").expect(4);
    world.run("import --merge --sanitize").expect(4);
    let world = world.with("access/a.yaml", "version: 1\ngroups: [{ nme: Desk }]\n");
    world.run("import --merge").expect(4).says(&["nme"]);
    let world = World::new().with("other/a.yaml", "version: 1\ngroups: []\n");
    world.run("import --merge").expect(4).says(&["other/a.yaml"]);
    assert_eq!(world.log().len(), 0, "found before any request");
    // Pseudonyms belong into no file.
    world.write("other/a.yaml", "");
    fs::remove_dir_all(world.path().join("other")).unwrap();
    world.run("snapshot --out live.json --sanitize").expect(0);
    world.run("import --merge --live live.json").expect(4).says(&["sanitized", "pseudonyms"]);
    world.run("snapshot --out plain.json").expect(0);
    world.forget();
    merged(&world, "--live plain.json").expect(0);
    world.settled();
}

#[test]
fn a_dry_run_shows_a_patch_of_what_is_there_and_new_files_whole() {
    let world = World::new().with("access/mine.yaml", DESK);
    let shown = world.run("import --merge --dry-run").expect(0).stdout;
    let facts = world.run("import --merge --dry-run --format json").expect(0).json();
    assert_eq!(facts["written"], json!(false));
    let patch = facts["files"][0]["diff"].as_str().unwrap();
    assert!(shown.contains(patch) && patch.contains("+  - bo@voyager.example\n"), "{shown}");
    world.run("import --merge").expect(0);
    let after = files(&world.path());
    let new = facts["newFiles"].as_array().unwrap();
    assert_eq!(new.len(), 2);
    for file in new {
        let (path, text) = (file["path"].as_str().unwrap(), file["text"].as_str().unwrap());
        assert_eq!(after[path], text);
        assert!(shown.contains(&format!("# ---- {path}\n{text}")), "{shown}");
    }
}

#[test]
fn a_merge_into_any_part_of_an_import_takes_nothing_over_http() {
    side_by_side(&(1..17_usize).collect::<Vec<_>>(), |n| {
        let dialects = ["{}", "{ groupRole: flat }", "{ scopeEcho: split }", "{ maxLimit: 2 }"];
        let world = Dice(*n as u64).tenant().world(dialects[n % dialects.len()]);
        let world = world.variable("ROLECALL_TOKEN", "full-token");
        fs::remove_file(world.path().join("rolecall.yaml")).unwrap();
        if world.path().join("access").is_dir() {
            fs::remove_dir_all(world.path().join("access")).unwrap();
        }
        let layout = ["one", "per-group", "per-prefix"][n % 3];
        world.run(&format!("import --company {VOYAGER} --layout {layout}")).expect(0);
        // A part of what was written goes: whole files, and members.
        for (at, (path, text)) in
            files(&world.path()).iter().filter(|it| it.0.starts_with("access/")).enumerate()
        {
            let is_member =
                |it: &str| it.trim_start().starts_with("- ") && it.contains('@') && !it.contains("scope");
            let lines = text.split_inclusive('\n').enumerate();
            let kept: String =
                lines.filter(|(line, it)| !is_member(it) || (line + n) % 3 > 0).map(|it| it.1).collect();
            // A list of which nothing is left.
            if (at + n) % 3 == 0 && layout != "one" {
                fs::remove_file(world.path().join(path)).unwrap();
            } else {
                world.write(path, &kept.replace("members:\n\n", "members: []\n\n"));
            }
        }
        if world.run("validate").code != 0 {
            return;
        }
        merged(&world, &format!("--layout {layout}"));
        takes_nothing(&world);
        world.settled();
    });
}

#[test]
fn the_quickstart_is_merged_as_it_says() {
    let seed =
        repository("examples/quickstart/sandbox.yaml").replace("token: quickstart", "token: full-token");
    let world = World::seeded(&seed);
    for file in ["access/admins.yaml", "access/agents.yaml", "access/oncall.yaml", "rolecall.yaml"] {
        world.write(file, &repository(&format!("examples/quickstart/{file}")));
    }
    let run = merged(&world, "");
    assert!([0, 3].contains(&run.code));
    let plan = world.run("plan --format json").json();
    for company in plan["companies"].as_array().unwrap() {
        assert_eq!(company["unmanaged"], json!([]));
    }
    assert!(SEED.contains("Desk"));
}

/// What is missing is added for the company that was named; the files of the others stay, and are not what is proven.
#[test]
fn one_company_of_several_is_merged_alone() {
    let world = World::new()
        .with("access/a.yaml", DESK)
        .with("access/b.yaml", "version: 1\ncompany: globex\ngroups: [{ name: New, description: d, roles: [], members: [vip@globex.example] }]\n");
    world.run("apply --auto-approve --create-all").expect(0);
    world.write("access/b.yaml", "version: 1\ncompany: globex\ngroups: []\n");
    for (company, more, others) in [("voyager", "Night", "New"), ("globex", "New", "Night")] {
        let before = files(&world.path());
        let shown = world.run(&format!("import --merge --dry-run --company {company}")).expect(0);
        assert!(shown.stdout.contains(more) && !shown.stdout.contains(others), "{company}: {}", shown.stdout);
        assert_eq!(files(&world.path()), before);
    }
}
