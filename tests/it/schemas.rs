//! The schemas that editors read say what `validate` says, in both drafts, as far as a schema can.
//!
//! Files are read by another YAML reader than the product's, as editors do.

use std::{collections::BTreeMap, fs};

use jsonschema::Validator;
use proptest::{prelude::*, sample::Index, test_runner::TestRunner};
use rolecall::{
    files::{access::AccessFile, check, declared::Declared, decoded, outside, workspace::WorkspaceFile},
    model::{
        finding::{Code, Finding},
        source::Sources,
    },
    report::schema::{Draft, Kind, schema},
};
use serde_json::{Map, Value};

use crate::support::repository;

use mutation::{mutate, mutations};

mod live;
mod mutation;

/// What takes more than the form of one file, each with the words of the findings it is about (all, where there are none)
/// and the reason. Of everything else the schema has something to say as well.
const BEYOND: [(Code, &[&str], &str); 37] = [
    (Code::Syntax, &[], "the other reader of YAML says it"),
    (Code::DuplicateKey, &[], "the other reader of YAML says it"),
    (Code::LimitExceeded, &[], "of the text, not of what it says"),
    (Code::NoAccessFiles, &[], "of several files"),
    (Code::InvalidUsersFrom, &[], "of several files, and of keys that go together"),
    (Code::InvalidRow, &[], "of another file"),
    (Code::PassedOver, &[], "of several files"),
    (Code::NothingDeclared, &[], "of several files"),
    (Code::NoCompany, &[], "of several files"),
    (Code::UnknownKey, &["`api` means nothing here"], "of several files"),
    (Code::UnknownAlias, &[], "of several files; `--live` puts the names into the schema"),
    (Code::UnknownScope, &[], "names of the same file"),
    (Code::ConfusableName, &[], "takes the alphabets of Unicode"),
    (
        Code::InvalidName,
        &["U+200C", "U+200D", "U+FE0E", "U+FE0F", "(U+E", "(U+1"],
        "seen beside some characters; or beyond the first plane, which editors spell differently",
    ),
    (
        Code::InvalidPerson,
        &["U+200C", "U+200D", "U+FE0E", "U+FE0F", "U+0009", "U+000A", "U+000D", "(U+E", "(U+1"],
        "as in names",
    ),
    (Code::InvalidDescription, &["U+200C", "U+200D", "U+FE0E", "U+FE0F", "(U+E", "(U+1"], "as in names"),
    (
        Code::InvalidUser,
        &[
            "is another key",
            "is not a",
            "that this changes",
            "listed twice as approver",
            "nothing is declared",
        ],
        "two places of a file; words of the API are open",
    ),
    (Code::InvalidTimeZone, &[], "the names of a database"),
    (Code::InvalidDate, &["ends before it begins"], "two places of a file"),
    (Code::DuplicateAlias, &[], "two places of a file"),
    (Code::DuplicateGroup, &[], "two places of a file"),
    (Code::DuplicateMember, &[], "people by meaning; and for a schema the numbers 0112 and 112 are one"),
    (Code::DuplicateGrant, &[], "scopes by meaning"),
    (Code::DuplicateUser, &[], "people by meaning"),
    (Code::DuplicateDirectRole, &[], "roles by meaning"),
    (Code::RemovedAndDeclared, &[], "two places of a file"),
    (Code::InvalidScope, &["the scope covers nobody"], "audiences by meaning"),
    (Code::InvalidDirectRole, &["is a type that this rolecall knows"], "what is known in which form"),
    (Code::InvalidException, &["the company of the group or role is not given"], "two places of a file"),
    (Code::InvalidExpression, &[], "the other language inside of a text"),
    (Code::InvalidEndpoint, &["as well as at", "two endpoints are called"], "two places of a file"),
    (
        Code::InvalidPolicy,
        &[
            "the company of the group or role is not given",
            "two policies are called",
            "in both lists",
            "and nothing is",
        ],
        "two places of a file",
    ),
    (
        Code::InvalidPolicy,
        &["is not the domain", "is not a name by which a forge"],
        "the grammar of addresses",
    ),
    (Code::InvalidAccept, &["the company of the group or role is not given"], "two places of a file"),
    (Code::InvalidGuard, &["is not a pattern: ", "is not a pattern"], "the grammar of patterns"),
    (Code::WrongType, &["expected a whole number, found `1.0`"], "for a schema 1.0 is a whole number"),
    (Code::MisreadText, &[], "only remarked on; takes the text, not what it says"),
];

/// Where the two disagree all the same: a file, whether `validate` takes it, and why the schema does not follow.
const APART: [(Kind, &str, bool, &str); 5] = [
    (
        Kind::Workspace,
        "version: 1\nguards: { removals: { atMost: 1_000 } }\n",
        true,
        "1_000 is a text for some readers, as is 0b1",
    ),
    (Kind::Access, "version: 1.0\nusers: []\n", false, "for a schema 1.0 is a whole number"),
    (
        Kind::Access,
        "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\nremoved: [{ group: A, reason: LONG }]\n",
        true,
        "the line breaks at the end of a text are not of it, and a schema counts them",
    ),
    (
        Kind::Access,
        "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\nremoved: [{ group: TWICE, reason: r }]\n",
        true,
        "a letter with its accent is one character, and a schema counts the two it is spelt with",
    ),
    (
        Kind::Workspace,
        "version: 1\nguards: { removals: { percent: 3e1 } }\n",
        false,
        "a number with an exponent is a whole one for a schema",
    ),
];

fn finding_is_beyond(finding: &Finding) -> bool {
    finding.code.is_remark()
        || BEYOND.iter().any(|(code, words, _)| {
            *code == finding.code && (words.is_empty() || words.iter().any(|it| finding.message.contains(it)))
        })
}

/// The schemas of one kind of file in both drafts.
struct Schemas([Validator; 2]);

impl Schemas {
    fn of(kind: Kind) -> Self {
        Self([Draft::Seven, Draft::TwentyTwenty].map(|draft| {
            let schema: Value = serde_json::from_str(&schema(kind, draft).to_string()).unwrap();
            jsonschema::validator_for(&schema).unwrap()
        }))
    }

    /// What the schema has against a file; both drafts have something, or none.
    fn against(&self, file: &Value) -> Vec<String> {
        let [seven, twenty] = &self.0;
        assert_eq!(seven.is_valid(file), twenty.is_valid(file), "the drafts disagree about {file}");
        seven.iter_errors(file).map(|it| format!("{}: {it}", it.instance_path())).collect()
    }
}

/// Reads a file as an editor does.
fn read(text: &str) -> Option<Value> {
    fn json(value: serde_yaml::Value) -> Option<Value> {
        Some(match value {
            serde_yaml::Value::Sequence(items) => {
                Value::Array(items.into_iter().map(json).collect::<Option<_>>()?)
            }
            serde_yaml::Value::Mapping(keys) => {
                let entry = |(key, value)| {
                    let key = match json(key)? {
                        Value::String(key) => key,
                        key => key.to_string(),
                    };
                    Some((key, json(value)?))
                };
                Value::Object(keys.into_iter().map(entry).collect::<Option<Map<_, _>>>()?)
            }
            serde_yaml::Value::Tagged(_) => return None,
            plain => serde_json::to_value(plain).ok()?,
        })
    }
    json(serde_yaml::from_str(text).ok()?)
}

/// What `validate` has against a file that stands alone.
fn findings(kind: Kind, text: &str) -> Vec<Finding> {
    let file = Sources::default().add("file.yaml".to_owned(), text.to_owned());
    let mut files = check::Files::default();
    let mut found = match kind {
        Kind::Access => {
            let decoded = decoded::<AccessFile>(text, file);
            files.access.extend(decoded.value.map(|it| (file, it)));
            decoded.findings
        }
        Kind::Workspace => {
            let decoded = decoded::<WorkspaceFile>(text, file);
            files.workspace = decoded.value.map(|it| (file, it));
            decoded.findings
        }
        _ => {
            let policy =
                outside::policy(&mut Declared::default(), &mut Sources::default(), "policy.yaml", text);
            return policy.err().map(|it| it.findings).unwrap_or_default();
        }
    };
    found.extend(check::check(&files).err().into_iter().flatten());
    found
}

/// Compares what the two say of a file, and returns what they say: whether it is valid, and which codes it has.
fn compare(kind: Kind, schemas: &Schemas, text: &str) -> Result<(bool, Vec<Code>), String> {
    let Some(file) = read(text) else { return Ok((false, Vec::new())) };
    let (findings, problems) = (findings(kind, text), schemas.against(&file));
    let seen: Vec<&Finding> = findings.iter().filter(|it| !finding_is_beyond(it)).collect();
    let has_errors = findings.iter().any(|it| !it.code.is_remark());
    if !has_errors && !problems.is_empty() {
        return Err(format!("`validate` takes it, and the schema says {problems:#?} of\n{text}"));
    }
    if !seen.is_empty() && problems.is_empty() {
        return Err(format!("the schema takes it, and `validate` says {seen:#?} of\n{text}"));
    }
    Ok((problems.is_empty(), findings.iter().map(|it| it.code).collect()))
}

/// Every file of the repository that somebody might open in an editor.
fn samples() -> Vec<(Kind, String, String)> {
    fn walk(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
            if entry.is_dir() { walk(&entry, found) } else { found.push(entry) }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["tests/manifests", "examples/quickstart"] {
        walk(&root.join(folder), &mut paths);
    }
    paths.sort();
    let kind = |name: &str| match name {
        "rolecall.yaml" => Some(Kind::Workspace),
        "sandbox.yaml" => None,
        other => other.ends_with(".yaml").then_some(Kind::Access),
    };
    let sample = |path: std::path::PathBuf| {
        let kind = kind(path.file_name()?.to_str()?)?;
        Some((kind, path.display().to_string(), fs::read_to_string(&path).unwrap()))
    };
    paths.into_iter().filter_map(sample).collect()
}

/// The files of `tests/mistakes.md`.
fn mistakes() -> Vec<(Kind, String, String)> {
    let page = repository("tests/mistakes.md");
    let mut found = Vec::new();
    for part in page.split("```yaml ").skip(1) {
        let (path, rest) = part.split_once('\n').unwrap();
        let (text, _) = rest.split_once("```\n").unwrap();
        let kind = if path == "rolecall.yaml" { Kind::Workspace } else { Kind::Access };
        found.push((kind, format!("tests/mistakes.md: {path}"), text.to_owned()));
    }
    found
}

#[test]
fn a_file_is_valid_for_validate_and_for_its_schema_or_for_neither() {
    let schemas = [Kind::Access, Kind::Workspace].map(|it| (it, Schemas::of(it)));
    let mut valid = 0;
    let mut problems = Vec::new();
    for (kind, path, text) in samples().into_iter().chain(mistakes()) {
        let schemas = &schemas.iter().find(|it| it.0 == kind).unwrap().1;
        match compare(kind, schemas, &text) {
            Ok((is_valid, _)) => valid += usize::from(is_valid),
            Err(problem) => problems.push(format!("{path}: {problem}")),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    assert!(valid > 30, "{valid}");
}

#[test]
fn where_the_two_disagree_is_known() {
    for (kind, text, is_valid, why) in APART {
        let long = format!("\"{}\\n\"", "x".repeat(1_000));
        let text = text.replace("LONG", &long).replace("TWICE", &"a\u{301}".repeat(200));
        let file = read(&text).unwrap();
        let schema = Schemas::of(kind).against(&file);
        let errors: Vec<Finding> =
            findings(kind, &text).into_iter().filter(|it| !it.code.is_remark()).collect();
        assert_eq!(errors.is_empty(), is_valid, "{why}: {errors:?} of\n{text}");
        assert_eq!(schema.is_empty(), !is_valid, "{why}: {schema:?} of\n{text}");
    }
}

#[test]
fn whatever_is_done_to_a_valid_file_the_two_agree() {
    let mut bases: Vec<(Kind, Value)> = samples()
        .into_iter()
        .filter(|(kind, path, text)| !path.contains("longest") && findings(*kind, text).is_empty())
        .map(|(kind, _, text)| (kind, read(&text).unwrap()))
        .collect();
    let limits = "version: 1\nguards: { removals: { percent: 20, from: 5, atMost: 0 }, holders: 3, privileged: [Agent], protected: { groups: [A], people: [\"*@x.example\"] } }\n";
    bases.push((Kind::Policy, read(limits).unwrap()));
    let policies = "version: 1\ncompany: voyager\nids: { company: { voyager: 1a6f0000-0000-4000-8000-000000000001 } }\npolicies: { owners: [{ name: o, companies: [voyager], approvers: [\"@a/b\", c@d.example], reason: r }], exclusive: [{ name: e, groups: [A], companies: [voyager], severity: warn, strict: true, exceptions: [{ person: a@b.example, until: 2099-01-01, reason: r }] }], maxDuration: [{ name: m, days: 3 }] }\n";
    bases.push((Kind::Policy, read(policies).unwrap()));
    assert!(bases.len() > 15, "{}", bases.len());
    let schemas = [Kind::Access, Kind::Workspace, Kind::Policy].map(|it| (it, Schemas::of(it)));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) };
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    let count = std::cell::RefCell::new(&mut tally);
    let done = TestRunner::new(config).run(&(any::<Index>(), mutations()), |(base, mutations)| {
        let (kind, file) = &bases[base.index(bases.len())];
        let mut file = file.clone();
        for (at, mutation) in &mutations {
            mutate(&mut file, at, mutation);
        }
        let text = serde_yaml::to_string(&file).unwrap();
        let schemas = &schemas.iter().find(|it| it.0 == *kind).unwrap().1;
        let (is_valid, codes) = compare(*kind, schemas, &text).map_err(TestCaseError::fail)?;
        let mut count = count.borrow_mut();
        *count.entry(if is_valid { "valid" } else { "invalid" }).or_default() += 1;
        for code in codes {
            *count.entry(code.as_str()).or_default() += 1;
        }
        Ok(())
    });
    if let Err(error) = done {
        panic!("{error}");
    }
    // The law speaks of many kinds of mistakes, and of files without any.
    assert!(tally["valid"] > 150 && tally.len() > 15, "{tally:?}");
}
