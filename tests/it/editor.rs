//! The schemas in the YAML plugin that editors share: what it completes is valid, what it underlines is wrong.
//!
//! Skipped, and said so, where the plugin is not installed.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::support::{
    Run, World, binary,
    editor::{Editor, Offer},
    repository,
};

const WORKSPACE: &str = "version: 1
company: voyager
ids:
  company: { voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 2b7e0000-0000-4000-8000-000000000002 }
";
const ACCESS: &str =
    "version: 1\ngroups:\n  - { name: Desk, description: The desk, roles: [], members: [] }\n";

/// The committed schema of a kind in both drafts.
fn schemas(kind: &str) -> [PathBuf; 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    [root.join(format!("{kind}.schema.json")), root.join(format!("2020-12/{kind}.schema.json"))]
}

/// Validates a workspace in which one file is this.
fn validate(path: &str, text: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("access")).unwrap();
    for (sound, text) in [("rolecall.yaml", WORKSPACE), ("access/a.yaml", ACCESS)] {
        fs::write(folder.path().join(sound), text).unwrap();
    }
    fs::write(folder.path().join(path), text).unwrap();
    binary().arg("validate").current_dir(folder.path()).output().unwrap().into()
}

/// Places in files, marked `|`, with what has to be among the offers there.
const PLACES: [(&str, &str, &[&str]); 28] = [
    ("access", "|\n", &["access file"]),
    ("access", "version: |\ngroups:\n  - { name: A, description: A., roles: [], members: [] }\n", &["1"]),
    ("access", "version: 1\ngroups:\n  |\n", &["group", "standard group"]),
    ("access", "version: 1\ngroups:\n  - |\n", &["group", "standard group"]),
    ("access", "version: 1\ngroups:\n- |\n", &["group", "standard group"]),
    (
        "access",
        "version: 1\ngroups:\n  - name: A\n    roles: unmanaged\n    members: []\n  - |\n",
        &["group"],
    ),
    (
        "access",
        "version: 1\ngroups:\n  - name: A\n    description: A.\n    members: []\n    roles: |\n",
        &["[]", "role", "role with an end", "at least these", "unmanaged"],
    ),
    (
        "access",
        "version: 1\ngroups:\n  - name: A\n    description: A.\n    members: []\n    roles:\n      |\n",
        &["role"],
    ),
    (
        "access",
        "version: 1\ngroups:\n  - name: A\n    description: A.\n    members: []\n    roles:\n      - |\n",
        &["role", "role with an end"],
    ),
    (
        "access",
        "version: 1\ngroups:\n  - name: A\n    description: A.\n    roles: []\n    members: |\n",
        &["[]", "member with an end", "unmanaged"],
    ),
    (
        "access",
        "version: 1\ngroups:\n  - name: A\n    description: A.\n    roles: []\n    members:\n      - |\n",
        &["member with an end", "member by external id"],
    ),
    (
        "access",
        "version: 1\ngroups:\n  - name: A\n    description: A.\n    roles: []\n    members:\n      - email: ana@voyager.example\n        until: |\n",
        &["2027-01-31"],
    ),
    (
        "access",
        "version: 1\ngroups:\n  - name: A\n    description: A.\n    members: []\n    roles:\n      - role: Agent\n        scope: |\n",
        &["a company", "a legal entity", "list of audiences"],
    ),
    (
        "access",
        "version: 1\ngroups:\n  - name: A\n    description: A.\n    members: []\n    roles:\n      - role: Agent\n        scope: { company: globex }\n        |\n",
        &["until", "reason"],
    ),
    (
        "access",
        "version: 1\nscopes:\n  |\ngroups: [{ name: A, description: A., roles: [], members: [] }]\n",
        &["scope"],
    ),
    ("access", "version: 1\nremoved:\n  - |\n", &["removed group"]),
    (
        "access",
        "version: 1\nusers:\n  - |\n",
        &["person with direct roles", "person who joins", "person in a department", "person who leaves"],
    ),
    (
        "access",
        "version: 1\nusers:\n  - user: ana@voyager.example\n    directRoles:\n      - |\n",
        &["direct role of a company"],
    ),
    ("workspace", "|\n", &["workspace"]),
    ("workspace", "version: |\ncompany: 1a6f0000-0000-4000-8000-000000000001\n", &["1"]),
    (
        "workspace",
        "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\nunmanaged: |\n",
        &["ignore", "report", "forbid"],
    ),
    (
        "workspace",
        "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\nids:\n  company:\n    |\n",
        &["name for an id"],
    ),
    (
        "workspace",
        "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\nguards:\n  removals:\n    |\n",
        &["percent", "from", "atMost"],
    ),
    ("workspace", "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\nguards:\n  |\n", &["holders"]),
    (
        "workspace",
        "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\nexceptions:\n  - |\n",
        &["exception"],
    ),
    (
        "workspace",
        "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\nexceptions:\n  |\n",
        &["exception"],
    ),
    (
        "workspace",
        "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\nlockout:\n  - |\n",
        &["lock-out"],
    ),
    (
        "workspace",
        "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\napi:\n  endpoint: |\n",
        &["sandbox"],
    ),
];

#[test]
fn what_is_completed_is_valid() {
    let Some(mut editor) = Editor::start() else { return };
    // Both drafts offer the same; what was tried once is known.
    let mut taken = BTreeSet::new();
    for (kind, text, wanted) in PLACES {
        for schema in schemas(kind) {
            let offers = editor.offers(&schema, text);
            for label in wanted {
                assert!(
                    offers.iter().any(|it| it.label == *label),
                    "no `{label}` at `|` in\n{text}\n{offers:#?}"
                );
            }
            let path = if kind == "workspace" { "rolecall.yaml" } else { "access/a.yaml" };
            // Some are half of something: a key alone, or all that a file needs and nothing in it.
            let is_part = |it: &Offer| it.is_open || it.is_key || it.label.starts_with("rolecall: ");
            for offer in
                offers.iter().filter(|it| wanted.contains(&&*it.label) && !it.is_open || !is_part(it))
            {
                if !taken.insert((path, offer.file.clone())) {
                    continue;
                }
                let run = validate(path, &offer.file);
                assert_eq!(
                    run.code, 0,
                    "`{}` makes of\n{text}\nthis:\n{}\n{}",
                    offer.label, offer.file, run.stdout
                );
                assert_eq!(editor.problems(&schema, &offer.file), [""; 0], "{}", offer.file);
            }
        }
    }
    assert!(taken.len() > 40, "{taken:?}");
}

#[test]
fn with_live_the_names_of_the_company_are_offered_and_others_underlined() {
    let Some(mut editor) = Editor::start() else { return };
    let world = World::new();
    let role = |role: &str, scope: &str| {
        format!(
            "version: 1\ngroups:\n  - name: A\n    description: A.\n    members: []\n    roles:\n      - role: {role}\n        scope:\n          {scope}\n"
        )
    };
    for draft in ["7", "2020-12"] {
        let schema = world.path().join(format!("{draft}.json"));
        let text = world.run(&format!("schema access --live --draft {draft}")).expect(0).stdout;
        fs::write(&schema, text).unwrap();
        for (text, wanted) in [
            (role("|", "company: globex"), vec!["Agent", "Trip Manager"]),
            (role("Agent", "company: |"), vec!["globex", "initech", "voyager"]),
            (role("Agent", "legalEntity: |"), vec!["globex-uk"]),
            (
                "version: 1\nremoved:\n  - reason: r\n    group: |\n".to_owned(),
                vec!["Desk", "Night", "Company Admins"],
            ),
            (
                "version: 1\ngroups:\n  - roles: unmanaged\n    members: []\n    name: |\n".to_owned(),
                vec!["Company Admins"],
            ),
        ] {
            let offers = editor.offers(&schema, &text);
            for label in wanted {
                let offer = offers.iter().find(|it| it.label == label);
                let offer = offer.unwrap_or_else(|| panic!("no `{label}` at `|` in\n{text}\n{offers:#?}"));
                assert_eq!(editor.problems(&schema, &offer.file), [""; 0], "{}", offer.file);
            }
        }
        assert!(!editor.problems(&schema, &role("Agnet", "company: globex")).is_empty());
        assert!(!editor.problems(&schema, &role("Agent", "company: globax")).is_empty());
    }
}

#[test]
fn what_is_wrong_is_underlined_in_words_and_what_is_right_is_not() {
    let Some(mut editor) = Editor::start() else { return };
    let group = |lines: &str| format!("version: 1\ngroups:\n  - name: A\n    description: A.\n{lines}");
    let members = |list: &str| group(&format!("    roles: []\n    members: {list}\n"));
    let role = |entry: &str| group(&format!("    members: []\n    roles: [{entry}]\n"));
    let user = |entry: &str| {
        format!("version: 1\nusers: [{{ user: ana@voyager.example, directRoles: [{entry}] }}]\n")
    };
    for (text, words) in [
        ("version: 0\n".to_owned(), "1"),
        ("version: \"1\"\n".to_owned(), "Incorrect type"),
        ("version: 1\ngroups: [{ name: A, roles: [], members: [] }]\n".to_owned(), "description"),
        ("version: 1\ngroups: [{ name: A, description: A., members: [] }]\n".to_owned(), "roles"),
        (
            "version: 1\ngroups: [{ name: \"A \", description: A., roles: [], members: [] }]\n".to_owned(),
            "a space",
        ),
        (
            "version: 1\ngroups: [{ name: true, description: A., roles: [], members: [] }]\n".to_owned(),
            "Incorrect type",
        ),
        (
            "version: 1\ngroups: [{ name: A, description: \" \", roles: [], members: [] }]\n".to_owned(),
            "blank",
        ),
        (members("ana@voyager.example"), "Incorrect type"),
        (members("[ana]"), "not an e-mail address"),
        (members("[a b@voyager.example]"), "not an e-mail address"),
        (members("[{ email: ana@voyager.example, until: 2027-02-30 }]"), "Write a day"),
        (members("[{ email: ana@voyager.example, until: 31.01.2027 }]"), "Write a day"),
        (members("[{ email: ana@voyager.example, until: 2027-01-31T18:00 }]"), "Write a day"),
        (members("[{ email: ana@voyager.example, until: 2027 }]"), "Incorrect type"),
        (members("[{ until: 2027-01-31 }]"), "Name the person by one key"),
        (members("[{ email: ana@voyager.example, externalId: a }]"), "only one"),
        (members("[{ userId: agent-17 }]"), "UUID"),
        (members("\n"), "Incorrect type"),
        (role("{ role: Agent }"), "scope"),
        (role("{ role: { id: x }, scope: { platform: true } }"), "UUID"),
        (
            role(
                "{ role: { id: 5a5a0000-0000-4000-8000-000000000001, name: A }, scope: { platform: true } }",
            ),
            "not allowed",
        ),
        (role("{ role: Agent, scope: { platform: false } }"), "true"),
        (role("{ role: Agent, scope: {} }"), "fewer properties"),
        (role("{ role: Agent, scopes: all }"), "not allowed"),
        (user("{ type: COMPANY_ADMIN }"), "company"),
        (user("{ type: GLOBAL_AGENT, tmc: x }"), "not allowed"),
        (user("{ type: GLOBAL }"), "not accepted"),
    ] {
        for schema in schemas("access") {
            let problems = editor.problems(&schema, &text);
            assert!(problems.iter().any(|it| it.contains(words)), "no `{words}` in {problems:?} of\n{text}");
        }
        assert_eq!(validate("access/a.yaml", &text).code, 4, "{text}");
    }
    for (rules, words) in [
        ("exceptions: [{ guard: removals, upTo: 1, until: 2099-01-01, reason: r }]\n", "Missing property"),
        ("exceptions: [{ guard: last-holder, group: A, upTo: 1, until: 2099-01-01, reason: r }]\n", "role"),
        ("exceptions: [{ guard: removals, group: A, upTo: 0, until: 2099-01-01, reason: r }]\n", "minimum"),
        ("lockout: [{ email: a@b.example, since: 2026-11-20 }]\n", "reason"),
        ("guards: { removals: { percent: 101 } }\n", "maximum"),
    ] {
        let text = format!("{WORKSPACE}{rules}");
        for schema in schemas("workspace") {
            let problems = editor.problems(&schema, &text);
            assert!(problems.iter().any(|it| it.contains(words)), "no `{words}` in {problems:?} of\n{text}");
        }
        assert_eq!(validate("rolecall.yaml", &text).code, 4, "{text}");
    }
    for (kind, path) in [
        ("access", "tests/manifests/valid/direct-roles.yaml"),
        ("access", "tests/manifests/valid/lists.yaml"),
        ("access", "tests/manifests/valid/people.yaml"),
        ("access", "tests/manifests/valid/roles.yaml"),
        ("access", "tests/manifests/valid/scopes.yaml"),
        ("access", "tests/manifests/valid/longest.yaml"),
        ("access", "tests/manifests/valid/standard-group.yaml"),
        ("access", "examples/quickstart/access/agents.yaml"),
        ("workspace", "examples/quickstart/rolecall.yaml"),
        ("workspace", "tests/manifests/valid/exceptions/rolecall.yaml"),
        ("workspace", "tests/manifests/valid/lockout/rolecall.yaml"),
        ("workspace", "tests/manifests/valid/rules/rolecall.yaml"),
    ] {
        for schema in schemas(kind) {
            assert_eq!(editor.problems(&schema, &repository(path)), [""; 0], "{path}");
        }
    }
    let numbers =
        "version: 1\ngroups: [{ name: 2026, description: 7, roles: [], members: [{ employeeId: 0112 }] }]\n";
    for schema in schemas("access") {
        assert_eq!(editor.problems(&schema, numbers), [""; 0]);
    }
    validate("access/a.yaml", numbers).expect(0);
}

#[test]
fn a_key_is_explained_where_the_pointer_rests() {
    let Some(mut editor) = Editor::start() else { return };
    for (kind, text, words) in [
        ("access", "ver|sion: 1\n", "Always 1"),
        (
            "access",
            "version: 1\ngroups:\n  - nam|e: A\n    roles: []\n    members: []\n",
            "1 to 255 characters",
        ),
        ("access", "version: 1\ngroups:\n  - name: A\n    role|s: []\n    members: []\n", "exactly these"),
        (
            "access",
            "version: 1\ngroups:\n  - name: A\n    roles: []\n    members:\n      - email: a@b.example\n        unti|l: 2027-01-31\n",
            "through its end",
        ),
        ("workspace", "version: 1\nunmanaged: rep|ort\n", "They are named"),
        ("workspace", "version: 1\nguards:\n  removals:\n    perc|ent: 20\n", "30 where absent"),
    ] {
        for schema in schemas(kind) {
            let shown = editor.hover(&schema, text);
            assert!(shown.contains(words), "no `{words}` in `{shown}` of\n{text}");
        }
    }
}
