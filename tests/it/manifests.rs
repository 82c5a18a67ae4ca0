//! Sample files, one per rule: what is valid is valid for the binary and for the schema, what is invalid for neither.

use std::{collections::BTreeSet, fs, path::PathBuf};

use rolecall::{
    model::finding::Code,
    report::schema::{self, Draft, Kind},
};
use serde_json::Value;

use crate::support::{Run, World, binary, repository};

/// What the schema can see as well: the rest takes more than the form of one file.
const SEEN_BY_THE_SCHEMA: [Code; 6] = [
    Code::UnknownKey,
    Code::WrongType,
    Code::UnsupportedVersion,
    Code::MissingKey,
    Code::InvalidName,
    Code::InvalidDescription,
];

/// What only the API can tell, and a file that makes it tell so.
const SEEN_BY_THE_API: [(Code, &str); 2] = [
    (Code::UnknownGroup, "{ name: New, renamedFrom: Nothing, description: D., members: [], roles: [] }"),
    (Code::NameTaken, "{ name: Night, id: DESK, description: D., members: [], roles: [] }"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// In the repository.
fn run(arguments: &[&str]) -> Run {
    binary().args(arguments).current_dir(root()).output().unwrap().into()
}

/// The files, or folders, of a folder below `tests/manifests`, sorted.
fn samples(kind: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join("tests/manifests").join(kind)).unwrap();
    let mut names: Vec<String> = entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

fn written(kind: Kind) -> String {
    schema::schema(kind, Draft::default()).to_string()
}

/// What the schema has against a file, as a YAML reader other than the product's sees it.
fn against(schema: &str, path: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let file: Value = match serde_yaml::from_str(&repository(path)) {
        Ok(file) => file,
        Err(error) => return vec![error.to_string()],
    };
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(&file).map(|it| format!("{path}{}: {it}", it.instance_path())).collect()
}

#[test]
fn valid_files_are_valid_for_the_binary_and_for_the_schema() {
    for name in samples("valid") {
        let path = format!("tests/manifests/valid/{name}");
        if name == "accept" {
            // Nothing is accepted for as long as a sample has to last; there is nothing else to say of it.
            assert_eq!(codes(&path), ["long-accept"; 6]);
        } else {
            run(&["validate", &path]).expect(0).shows("Valid: ");
        }
        let (schema, path) = match root().join(&path).is_dir() {
            true => (written(Kind::Workspace), format!("{path}/rolecall.yaml")),
            false => (written(Kind::Access), path),
        };
        assert_eq!(against(&schema, &path), [""; 0], "{path}");
    }
}

/// The codes that `validate` reports for a sample, each with a message and a place in a file.
fn codes(path: &str) -> Vec<String> {
    let report = run(&["validate", "--format", "json", path]).expect(4).json();
    let findings = report["findings"].as_array().unwrap();
    for it in findings {
        assert!(it["message"].as_str().is_some_and(|it| !it.is_empty()), "{path}: {it}");
        assert!(it["line"].is_u64() || it["code"] == "nothing-declared", "{path}: {it}");
    }
    findings.iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_invalid_file_has_exactly_the_code_it_is_named_after() {
    for name in samples("invalid") {
        let path = format!("tests/manifests/invalid/{name}");
        assert_eq!(codes(&path), [name.trim_end_matches(".yaml")], "{path}");
        // People see the same, quoted, with what to do.
        let text = run(&["validate", &path]).expect(4).stdout;
        assert!(text.starts_with(&format!("error[{}]: ", name.trim_end_matches(".yaml"))), "{text}");
        assert!(text.ends_with("1 finding in 1 file.\n") || text.ends_with("1 finding.\n"), "{text}");
    }
}

#[test]
fn every_code_is_provoked() {
    let offline = samples("invalid").into_iter().map(|it| it.trim_end_matches(".yaml").to_owned());
    let online = SEEN_BY_THE_API.iter().map(|(code, _)| code.to_string());
    let in_plans = [
        Code::UnknownIdentity,
        Code::UnusedException,
        Code::UnknownException,
        Code::SmallException,
        Code::UnmatchedPattern,
        Code::CreatedAnew,
        Code::RemovedNothing,
        Code::LookalikeName,
        Code::VoidRename,
        Code::UnknownRole,
        Code::AmbiguousRole,
        Code::TwoKeys,
        Code::EmptyRule,
        Code::OtherName,
        Code::UnusedAccept,
        Code::PrivilegedAccept,
    ];
    let in_plans = in_plans.map(|it| it.to_string());
    let provoked: BTreeSet<String> = offline.chain(online).chain(in_plans).collect();
    let all: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(provoked, all);
}

#[test]
fn what_the_schema_can_see_it_refuses() {
    for code in SEEN_BY_THE_SCHEMA {
        let path = format!("tests/manifests/invalid/{code}.yaml");
        assert_ne!(against(&written(Kind::Access), &path), [""; 0], "{path}");
    }
}

#[test]
fn what_only_the_api_knows_is_found_when_planning() {
    let seed = crate::support::SEED
        .replace("users:\n", "  - { name: Clerk, company: voyager }\n  - { name: Clerk }\nusers:\n");
    for (code, group) in SEEN_BY_THE_API {
        let world = World::seeded(&seed);
        let group = group.replace("DESK", &world.id("Desk"));
        let world = world.groups(&format!("  - {group}\n"));
        world.run("validate").expect(0);
        world.forget();
        let report = world.run("apply --auto-approve --format json").expect(4).json();
        let codes: Vec<&str> =
            report["findings"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
        assert_eq!(codes, [code.as_str()]);
        let text = world.plan().expect(4).says(&["access/a.yaml:3:", "help: "]).stderr;
        assert!(text.starts_with(&format!("error[{code}]: ")), "{text}");
        assert_eq!(world.writes(), [""; 0]);
    }
}

#[test]
fn an_identity_that_is_nobody_is_found_when_planning() {
    let world = World::new().groups("  - { name: Desk, roles: unmanaged, members: unmanaged }\n");
    let workspace = fs::read_to_string(world.path().join("rolecall.yaml")).unwrap();
    let world = world.with(
        "rolecall.yaml",
        &format!("{workspace}api: {{ identity: {{ email: nobody@voyager.example }} }}\n"),
    );
    world.run("validate").expect(0);
    world.plan().expect(4).says(&["error[unknown-identity]", "rolecall.yaml:", "userId"]);
}

#[test]
fn rules_that_mean_nothing_are_remarked_in_the_plan_and_name_it() {
    let exception = |keys: &str| format!("exceptions: [{{ {keys}, until: 2099-01-01, reason: r }}]\n");
    let leaves = "groups: [{ name: Desk, roles: unmanaged, members: [ana@voyager.example] }]\n";
    for (rules, code, words) in [
        (exception("guard: removals, group: Desk, upTo: 1"), "unused-exception", "nothing in this plan"),
        (exception("guard: removals, group: Dsek, upTo: 1"), "unknown-exception", "`Dsek`"),
        (
            exception("guard: privileged, person: nobody@voyager.example, upTo: 1"),
            "unknown-exception",
            "nobody@",
        ),
        (exception("guard: privileged, group: Desk, role: Agnet, upTo: 1"), "unknown-exception", "`Agnet`"),
        ("guards: { protected: { groups: [Dsek] } }\n".to_owned(), "unmatched-pattern", "`Dsek`"),
        (
            "guards: { protected: { people: [bob@voyager.example] } }\n".to_owned(),
            "unmatched-pattern",
            "bob@",
        ),
        (
            "guards: { protected: { people: [\"*@voyagre.example\"] } }\n".to_owned(),
            "unmatched-pattern",
            "voyagre",
        ),
    ] {
        let world = World::new().ruled(&rules).with("access/a.yaml", &format!("version: 1\n{leaves}"));
        let plan = world.run("plan --format json").expect(0).json();
        let remarks = plan["remarks"].as_array().unwrap();
        let found = remarks.iter().find(|it| it["code"] == code);
        let message = found.unwrap_or_else(|| panic!("{rules}: {remarks:?}"))["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
    let narrow = "guards: { removals: { atMost: 0 } }\n".to_owned();
    let small = exception("guard: removals, company: voyager, upTo: 1");
    let nobody = "groups: [{ name: Desk, roles: unmanaged, members: [] }]\n";
    let world =
        World::new().ruled(&(narrow + &small)).with("access/a.yaml", &format!("version: 1\n{nobody}"));
    let plan = world.run("plan --format json").expect(0).json();
    let remarks = plan["remarks"].as_array().unwrap();
    assert!(remarks.iter().any(|it| it["code"] == "small-exception"), "{remarks:?}");
}

#[test]
fn validate_reports_everything_at_once_with_its_place() {
    let world = World::new()
        .with(
            "access/a.yaml",
            "version: 1
groups:
  - name: Desk
    description: The desk.
    roles:
      - { role: Agent, scope: globex-onyl }
      - { role: Agent, scope: { company: globax } }
    members:
      - ana@voyager
      - { externalId: a, employeeId: b }
      - { email: bo@voyager.example, until: someday }
  - name: Night
    roles: []
",
        )
        .with("access/b.yaml", "version: 1\nscopes: { globex-only: { company: globex } }\ngroups:\n  - { name: Desk, description: Again., roles: [], members: [] }\n")
        .with("access/c.yaml", "version: 1\ngroups: []\nmembers: []\n")
        .variable("ROLECALL_ENDPOINT", "http://127.0.0.1:1");
    let expected = [
        ("unknown-scope", "a.yaml", 6, 31),
        ("unknown-alias", "a.yaml", 7, 42),
        ("invalid-email", "a.yaml", 9, 9),
        ("invalid-person", "a.yaml", 10, 9),
        ("invalid-date", "a.yaml", 11, 45),
        ("missing-key", "a.yaml", 12, 5),
        ("missing-key", "a.yaml", 12, 5),
        ("duplicate-group", "b.yaml", 4, 13),
        ("unknown-key", "c.yaml", 3, 1),
    ];
    let report = world.run("validate --format json").expect(4).json();
    let findings = report["findings"].as_array().unwrap();
    let found: Vec<(&str, &str, u64, u64)> = findings
        .iter()
        .map(|it| {
            let file = it["file"].as_str().unwrap().trim_start_matches("access/");
            (it["code"].as_str().unwrap(), file, it["line"].as_u64().unwrap(), it["column"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(found, expected);
    let text = world.run("validate").expect(4).stdout;
    for (code, file, line, column) in expected {
        assert!(text.contains(&format!("error[{code}]")), "{text}");
        assert!(
            text.contains(&format!("access/{file}:{line}:{column}")),
            "no {file}:{line}:{column} in\n{text}"
        );
    }
    assert!(text.contains("did you mean `globex`?"), "{text}");
    assert!(text.contains("^^^^^^^^^^^"), "no caret in\n{text}");
    assert!(text.ends_with("9 findings in 3 files.\n"), "{text}");
}

#[test]
fn a_workspace_file_is_checked_too() {
    for (text, code, place) in [
        ("version: 1\ncompny: voyager\n", "unknown-key", "rolecall.yaml:2:1"),
        (
            "version: 1\ncompany: voyager\nids: { company: { voyager: 1a6f } }\n",
            "invalid-id",
            "rolecall.yaml:3:28",
        ),
        ("version: 1\ncompany: nobody\n", "unknown-alias", "rolecall.yaml:2:10"),
        (
            "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\naccess: access\n",
            "wrong-type",
            "rolecall.yaml:3:9",
        ),
    ] {
        let world = World::new()
            .groups("  - { name: A, description: A., roles: [], members: [] }\n")
            .with("rolecall.yaml", text);
        let report = world.run("validate").expect(4).stdout;
        assert!(report.contains(&format!("error[{code}]")) && report.contains(place), "{report}");
    }
}

#[test]
fn the_published_schemas_are_those_of_the_code() {
    let overwrite = std::env::var("SNAPSHOTS").is_ok_and(|it| it == "overwrite");
    for kind in Kind::ALL {
        for (draft, flag, folder) in
            [(Draft::Seven, "7", "schemas"), (Draft::TwentyTwenty, "2020-12", "schemas/2020-12")]
        {
            let generated = schema::schema(kind, draft).to_string();
            assert_eq!(run(&["schema", kind.as_str(), "--draft", flag]).expect(0).stdout, generated);
            // Nobody edits the others, and programs read the draft that is there.
            if draft == Draft::default() || kind.is_written() {
                let path = format!("{folder}/{}.schema.json", kind.as_str());
                if overwrite {
                    fs::write(root().join(&path), &generated).unwrap();
                }
                assert!(
                    repository(&path) == generated,
                    "{path} is out of date: run SNAPSHOTS=overwrite cargo test"
                );
            }
        }
        assert_eq!(
            run(&["schema", kind.as_str()]).expect(0).stdout,
            schema::schema(kind, Draft::default()).to_string()
        );
    }
}

#[test]
fn every_example_is_valid_for_the_binary_and_for_the_schema_it_names() {
    run(&["validate", "examples/quickstart"]).expect(0);
    let mut access = Vec::new();
    for folder in fs::read_dir(root().join("examples")).unwrap().map(|it| it.unwrap().path()) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if folder.join("rolecall.yaml").is_file() {
            run(&["validate", &format!("examples/{name}")]).expect(0);
            let files = fs::read_dir(folder.join("access")).unwrap();
            access.extend(
                files.map(|it| {
                    format!("examples/{name}/access/{}", it.unwrap().file_name().to_str().unwrap())
                }),
            );
            let path = format!("examples/{name}/rolecall.yaml");
            assert_eq!(against(&written(Kind::Workspace), &path), [""; 0]);
            names_schema(&path, "workspace");
        }
    }
    assert!(access.len() >= 3, "{access:?}");
    for path in access {
        assert_eq!(against(&written(Kind::Access), &path), [""; 0]);
        names_schema(&path, "access");
    }
}

/// The first line tells editors where the schema is, from where the file is.
fn names_schema(path: &str, kind: &str) {
    let text = repository(path);
    let schema = text.lines().next().and_then(|it| it.strip_prefix("# yaml-language-server: $schema="));
    let schema = schema.unwrap_or_else(|| panic!("{path} does not name its schema"));
    let meant = root().join(path).parent().unwrap().join(schema).canonicalize().unwrap();
    assert!(meant.ends_with(format!("schemas/{kind}.schema.json")), "{path} names {}", meant.display());
}
