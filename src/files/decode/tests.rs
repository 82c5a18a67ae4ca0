//! Laws of reading: one mistake is one finding, two readers read the same, and nothing that was refused is read.

use std::{fs, ops::Range, path::Path};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::files::{
    access::AccessFile,
    check::{Files, check},
    deserialize,
    workspace::WorkspaceFile,
};

/// Everything that `rolecall.yaml` may say.
const WORKSPACE: &str = "version: 1
api:
  endpoint: sandbox
  dialect: { groupRole: flat, pageLimit: 50 }
  identity: { email: robot@voyager.example }
company: voyager
access: [\"access/**/*.yaml\"]
ids:
  company: { voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 1a6f0000-0000-4000-8000-000000000002 }
  legalEntity:
    globex-uk: 3c8d0000-0000-4000-8000-000000000001
unmanaged: forbid
guards:
  removals: { percent: 30, from: 10, atMost: 50 }
  privileged: [Agent, { name: Desk, providedBy: company }]
  holders: 2
  protected:
    groups: [Admins]
    people: [\"*@voyager.example\"]
exceptions:
  - { guard: removals, of: groups, company: globex, upTo: 3, until: 2099-01-01, reason: Move }
  - { guard: privileged, person: { externalId: x-1 }, role: Agent, company: voyager, upTo: 1, until: 2099-01-01, reason: New }
lockout:
  - { email: eve@voyager.example, since: 2026-11-20, reason: Gone }
";
/// Everything that an access file may say.
const ACCESS: &str = "version: 1
company: voyager
scopes:
  globex-only:
    - company: globex
      legalEntity: [globex-uk]
    - { profile: vip@globex.example }
  known: { stealthType: STEALTH_TYPE_1 }
groups:
  - name: Agents
    description: >
      Agents who serve
      Globex alone
    id: 5e9d0000-0000-4000-8000-000000000001
    renamedFrom: Clerks
    roles:
      - { role: Agent, scope: globex-only, until: 2099-01-01, reason: Trial }
      - { role: { id: 401e0000-0000-4000-8000-000000000001 }, scope: [known, { bookingTmc: voyager }] }
      - { role: { name: Desk, providedBy: company }, scope: { platform: true } }
      - role: Own
        scope: { predicates: [{ type: NEW, values: [a, b] }], contractingTmc: [voyager] }
    members:
      - ana@voyager.example
      - { externalId: agent-17 }
      - { email: bo@voyager.example, until: 2099-01-31, reason: leave }
  - name: Admins
    roles: unmanaged
    members: { atLeast: [root@voyager.example] }
removed:
  - { group: Winter, id: 5e9d0000-0000-4000-8000-000000000002, reason: over }
users:
  - user: ana@voyager.example
    directRoles:
      - { type: COMPANY_ADMIN, company: voyager, until: 2099-01-01 }
      - { type: TMC_AGENT, tmc: voyager }
      - type: TRAVEL_ARRANGER
        arrangerFor: [vip@globex.example, { user: { userId: 7d000000-0000-4000-8000-000000000001 }, sendConfirmationEmail: true }]
      - { raw: { roleType: NEW_ROLE, n: 1 } }
";

/// What is found in a workspace and an access file, however far each can be read.
fn found(workspace: &str, access: &str) -> Vec<Finding> {
    let workspace = decoded::<WorkspaceFile>(workspace, FileId(0));
    let access = decoded::<AccessFile>(access, FileId(1));
    let files = Files {
        workspace: workspace.value.map(|it| (FileId(0), it)),
        access: access.value.map(|it| (FileId(1), it)).into_iter().collect(),
        ..Files::default()
    };
    let mut found = [workspace.findings, access.findings].concat();
    found.extend(check(&files).err().unwrap_or_default());
    found
}

/// The keys that mean something and the values that stand alone, in bytes.
fn parts(node: Node<'_>, keys_are_names: bool, keys: &mut Vec<Range<usize>>, values: &mut Vec<Range<usize>>) {
    // Of a block of text only the lines are known, and not the sign before them.
    if node.form() == Form::Scalar && !node.scalar().unwrap().ends_with('\n') {
        values.push(node.span());
    }
    node.items().for_each(|it| parts(it, false, keys, values));
    for (key, value) in node.entries() {
        let name = key.scalar().unwrap();
        if !keys_are_names {
            keys.push(key.span());
        }
        let has_names =
            name == "scopes" || ["company", "legalEntity"].contains(&name) && value.form() == Form::Mapping;
        if name != "raw" {
            parts(value, has_names, keys, values);
        }
    }
}

/// Says where another number of findings follows from one mistake.
fn one_finding_each(text: &str, of: impl Fn(&str) -> Vec<Finding>) {
    assert_eq!(of(text), []);
    let tree = tree::parse(text, FileId(0), &mut Vec::new());
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    parts(tree.root().unwrap(), false, &mut keys, &mut values);
    assert!(keys.len() > 30 && values.len() > 30, "{} {}", keys.len(), values.len());
    let key = |at: &Range<usize>, by: &str| (at.clone(), by.to_owned());
    let misspelt = keys.iter().map(|it| key(it, &format!("{}x", &text[it.clone()])));
    let unknown = keys.iter().map(|it| key(it, "zzz"));
    let nested = values.iter().map(|it| key(it, "[[]]"));
    let tagged = values.iter().map(|it| key(it, &format!("!x {}", &text[it.clone()])));
    let all: Vec<_> = misspelt.chain(unknown).chain(nested).chain(tagged).collect();
    let wrong = all.into_iter().filter_map(|(at, by)| {
        let broken = format!("{}{by}{}", &text[..at.start], &text[at.end..]);
        let found = of(&broken);
        (found.len() != 1).then(|| format!("{by:?} at {:?}: {found:#?}", &text[at]))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_mistake_in_an_access_file_is_one_finding() {
    one_finding_each(ACCESS, |it| found(WORKSPACE, it));
}

#[test]
fn one_mistake_in_a_workspace_is_one_finding() {
    one_finding_each(WORKSPACE, |it| found(it, ACCESS));
}

#[test]
fn what_breaks_off_says_no_more_than_was_certain() {
    for (end, _) in ACCESS.match_indices('\n') {
        let text = format!("{}\n\"unclosed", &ACCESS[..end]);
        let found = found(WORKSPACE, &text);
        assert_eq!(found.iter().map(|it| it.code).collect::<Vec<_>>(), [Code::Syntax], "{text}\n{found:#?}");
    }
}

/// A reader that knows nothing of ours.
fn second_opinion(text: &str) -> Option<Value> {
    serde_yaml::from_str(text).ok()
}

fn yaml_files(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, files);
        } else if path.extension().is_some_and(|it| it == "yaml") {
            files.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_file_of_the_repository_reads_the_same_for_two_readers() {
    let mut files = vec![WORKSPACE.to_owned(), ACCESS.to_owned()];
    for folder in ["examples", "tests/manifests", "tests/fuzz/corpus", "tests/contract"] {
        yaml_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    let compared = files.iter().filter(|text| {
        let ours = deserialize::<Value>(text, FileId(0));
        let both = ours.as_ref().ok().zip(second_opinion(text));
        both.inspect(|(ours, theirs)| assert_eq!(*ours, theirs, "{text}")).is_some()
    });
    assert!(compared.count() > 40);
}

/// A value that both readers and JSON can say.
fn value() -> impl Strategy<Value = Value> {
    let text =
        prop_oneof!["[ -~]{0,12}", "\\PC{0,8}", "[a-z #:&*!|>'\"%@`{}\\[\\],?-]{0,10}", "[a-z\n ]{0,20}"];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z ]{1,6}", inner, 0..5)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_another_writes_is_read_as_it_was_meant(value in value()) {
        let text = serde_yaml::to_string(&value).unwrap();
        // An empty document is none.
        prop_assume!(!value.is_null());
        prop_assert_eq!(deserialize::<Value>(&text, FileId(0)).map_err(|it| format!("{it:?}\n{text}")), Ok(value));
    }

    /// Whatever somebody types, it is read, or said where it is not, with what to do.
    #[test]
    fn a_damaged_file_is_read_or_said_where_it_is_not(
        at in 0..ACCESS.len(),
        cut in 0..40_usize,
        put in "[ -~\t\n]{0,4}",
    ) {
        let text = format!("{}{put}{}", &ACCESS[..at], ACCESS.get(at + cut..).unwrap_or_default());
        let lines = text.lines().count();
        for it in found(WORKSPACE, &text).iter().filter(|it| it.place.unwrap().file == FileId(1)) {
            prop_assert!((1..=lines + 1).contains(&(it.place.unwrap().line.get() as usize)), "{text}\n{it:?}");
            let is_ours = !matches!(it.code, Code::Syntax | Code::WrongType | Code::UnknownKey | Code::DuplicateKey);
            prop_assert!(is_ours || it.help.is_some(), "{text}\n{it:?}");
        }
        let is_sound = decode::<AccessFile>(&text, FileId(1)).is_ok();
        // A text that looks like a number too large is a text where one is expected.
        let read = deserialize::<Value>(&text, FileId(1));
        let is_number = |it: &Finding| it.message.starts_with("expected a number");
        prop_assert!(!is_sound || read.as_ref().err().is_none_or(is_number), "{read:?}\n{text}");
    }
}

#[test]
fn what_is_refused_is_refused_wherever_it_stands() {
    let aliases = |count: usize| format!("a: &a x\nb: [{}]\n", "*a, ".repeat(count));
    let bomb: String = (1..30).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1)).collect();
    let deep = |count: usize| format!("a: {}{}\n", "[".repeat(count), "]".repeat(count));
    let behind = |count: usize| format!("a: &a {}{}\nb: [[[[*a]]]]\n", "[".repeat(count), "]".repeat(count));
    let anchors: String = (0..1_001).map(|n| format!("- &a{n} x\n")).collect();
    let block: String = (0..70).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    for (text, code) in [
        ("a: 1\na: 2\n".to_owned(), Code::DuplicateKey),
        ("a: 1\n\"a\": 2\n".to_owned(), Code::DuplicateKey),
        ("k: &k a\n*k : 1\na: 2\n".to_owned(), Code::DuplicateKey),
        ((0..20).map(|n| format!("k{}: x\n", n % 19)).collect(), Code::DuplicateKey),
        ("a: { b: [{ c: 1, c: 2 }] }\n".to_owned(), Code::DuplicateKey),
        ("a: !x b\n".to_owned(), Code::Syntax),
        ("a: !!binary aGk=\n".to_owned(), Code::Syntax),
        ("a: !!set { b }\n".to_owned(), Code::Syntax),
        ("a: !!null b\n".to_owned(), Code::Syntax),
        ("a: !!seq b\n".to_owned(), Code::Syntax),
        ("a: &a { b: 1 }\nc: { <<: *a }\n".to_owned(), Code::UnknownKey),
        ("? [a]\n: b\n".to_owned(), Code::WrongType),
        ("? { a: b }\n: b\n".to_owned(), Code::WrongType),
        ("~: b\n".to_owned(), Code::WrongType),
        (": b\n".to_owned(), Code::WrongType),
        ("a: *b\n".to_owned(), Code::Syntax),
        ("a: &a [*a]\n".to_owned(), Code::Syntax),
        ("a: 1\n---\na: 1\n".to_owned(), Code::Syntax),
        ("a: .inf\n".to_owned(), Code::WrongType),
        ("a: 1e999\n".to_owned(), Code::WrongType),
        (aliases(100), Code::LimitExceeded),
        (anchors, Code::LimitExceeded),
        (format!("a0: &a0 x\n{bomb}"), Code::LimitExceeded),
        (deep(65), Code::LimitExceeded),
        (deep(300), Code::LimitExceeded),
        (behind(62), Code::LimitExceeded),
        (block, Code::LimitExceeded),
    ] {
        let found = deserialize::<Value>(&text, FileId(0)).map_err(|it| it.code);
        assert_eq!(found, Err(code), "{text}");
    }
    for text in [aliases(9), deep(63), behind(58)] {
        assert!(deserialize::<Value>(&text, FileId(0)).is_ok(), "{text}");
    }
}

#[test]
fn signs_of_a_merge_inside_of_a_line_are_text() {
    let text = "a: left <<<<<<< right\n  >>>>>>> on\n";
    assert_eq!(deserialize::<Value>(text, FileId(0)).unwrap()["a"], "left <<<<<<< right >>>>>>> on");
    let merged = "a: [\n<<<<<<< ours\n  b,\n=======\n  c,\n>>>>>>> theirs\n]\n";
    assert_eq!(deserialize::<Value>(merged, FileId(0)).unwrap_err().place.unwrap().line.get(), 2);
}

#[test]
fn words_mean_what_they_say() {
    let read = |text: &str| deserialize::<Value>(&format!("k: {text}\n"), FileId(0)).unwrap()["k"].clone();
    for text in [
        "yes",
        "No",
        "on",
        "off",
        "y",
        "2027-01-31",
        "12:30",
        "1_000.5",
        "infinity",
        "nan",
        "1__0",
        "!!str 5",
    ] {
        assert_eq!(read(text), Value::from(text.trim_start_matches("!!str ")), "{text}");
    }
    for (text, number) in [
        ("7", 7),
        ("+7", 7),
        ("-7", -7),
        ("1_000", 1_000),
        ("0x1F", 31),
        ("0o17", 15),
        ("0b11", 3),
        ("-0x1f", -31),
        ("!!int \"7\"", 7),
    ] {
        assert_eq!(read(text), Value::from(number), "{text}");
    }
    for (text, number) in
        [("007", 7.0), ("1.", 1.0), (".5", 0.5), ("1e3", 1e3), ("99999999999999999999", 1e20)]
    {
        assert_eq!(read(text), Value::from(number), "{text}");
    }
    for text in ["", "~", "null", "Null", "NULL"] {
        assert_eq!(read(text), Value::Null, "{text}");
    }
    assert_eq!((read("True"), read("FALSE")), (Value::from(true), Value::from(false)));
}

#[test]
fn each_node_knows_its_place_its_bytes_and_its_text() {
    let text = "\u{feff}é: { 'a': \"b\\tc\" }\nlist:\n  - |\n    x\n    y\n  - two\n    lines\nsame: &s [1]\nalso: *s\n";
    let tree = tree::parse(text, FileId(0), &mut Vec::new());
    let mut all = Vec::new();
    fn walk<'t>(node: Node<'t>, all: &mut Vec<(Node<'t>, (u32, u32))>) {
        all.push((node, node.position()));
        node.items().for_each(|it| walk(it, all));
        node.entries().for_each(|(key, value)| [key, value].into_iter().for_each(|it| walk(it, all)));
    }
    walk(tree.root().unwrap(), &mut all);
    let shown = |(node, (line, column)): &(Node<'_>, (u32, u32))| {
        format!("{line}:{column} {:?} {:?}", &text[node.span()], node.scalar().unwrap_or("-"))
    };
    let shown: Vec<String> = all[1..].iter().map(shown).collect();
    assert_eq!(
        shown,
        [
            "1:1 \"é\" \"é\"",
            "1:4 \"{ 'a': \\\"b\\\\tc\\\" }\" \"-\"",
            "1:6 \"'a'\" \"a\"",
            "1:11 \"\\\"b\\\\tc\\\"\" \"b\\tc\"",
            "2:1 \"list\" \"list\"",
            "3:3 \"- |\\n    x\\n    y\\n  - two\\n    lines\" \"-\"",
            "4:5 \"x\\n    y\\n  \" \"x\\ny\\n\"",
            "6:5 \"two\\n    lines\" \"two lines\"",
            "8:1 \"same\" \"same\"",
            "8:10 \"[1]\" \"-\"",
            "8:11 \"1\" \"1\"",
            "9:1 \"also\" \"also\"",
            "9:7 \"*s\" \"-\"",
            "9:7 \"*s\" \"1\"",
        ]
    );
}
