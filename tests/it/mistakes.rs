//! The mistakes of `tests/mistakes.md`: what `validate` says of each, as people read it.

use std::fs;

use crate::support::{Run, binary, repository};

const FILE: &str = "tests/mistakes.md";
const WORKSPACE: &str = "version: 1
company: voyager
ids:
  company: { voyager: 1a6f0000-0000-4000-8000-000000000001 }
  legalEntity: { voyager-de: 3c8d0000-0000-4000-8000-000000000001 }
";
const ACCESS: &str = "version: 1
groups:
  - { name: Desk, description: The desk, roles: [], members: [ana@voyager.example] }
";
const PEOPLE: &str = "E-mail,Status,Name,Name2,Company\nana@voyager.example,A,Ana,Ort,voyager-de\n";
/// What only those who know the parser, or the language rolecall is written in, would understand.
const JARGON: [&str; 12] = [
    "scalar",
    "sequence",
    "block mapping",
    "flow",
    "expected key",
    "simple key",
    "unit value",
    "u64",
    "struct",
    "enum",
    "token",
    "node",
];

/// Runs a command in the workspace with one file that is wrong; no API is where it is looked for.
fn run(command: &str, path: &str, text: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    ["access", "people"].iter().for_each(|it| fs::create_dir(folder.path().join(it)).unwrap());
    for (sound, text) in [("rolecall.yaml", WORKSPACE), ("access/a.yaml", ACCESS), ("people/hr.csv", PEOPLE)]
    {
        fs::write(folder.path().join(sound), text).unwrap();
    }
    fs::write(folder.path().join(path), text).unwrap();
    let endpoint = ("ROLECALL_ENDPOINT", "http://127.0.0.1:1");
    let environment = [endpoint, ("ROLECALL_TOKEN", "not-a-secret")];
    binary().arg(command).envs(environment).current_dir(folder.path()).output().unwrap().into()
}

/// Returns the page with the answers of this build, and the answers by title.
fn answered(page: &str) -> (String, Vec<(&str, String)>) {
    let (mut written, mut answers) = (String::new(), Vec::new());
    let mut title = "";
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("```yaml ") {
        title = before.rsplit_once("### ").map_or(title, |it| it.1.trim());
        let (path, after) = after.split_once('\n').unwrap();
        let (text, after) = after.split_once("```\n\n```text\n").unwrap();
        let (_, after) = after.split_once("```\n").unwrap();
        let answer = run("validate", path, text).stdout;
        // Nothing is asked of an API, whatever could be read of the files; what is only remarked on stops no plan.
        let code = if answer.contains("error[misread-text]") { 8 } else { 4 };
        assert_eq!(run("plan", path, text).code, code, "{title}");
        written += &format!("{before}```yaml {path}\n{text}```\n\n```text\n{answer}```\n");
        answers.push((title, answer));
        rest = after;
    }
    (written + rest, answers)
}

#[test]
fn each_mistake_is_told_in_words_of_the_files() {
    let page = repository(FILE);
    let (written, answers) = answered(&page);
    if std::env::var("SNAPSHOTS").is_ok_and(|it| it == "overwrite") {
        fs::write(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE), &written).unwrap();
    }
    assert!(answers.len() > 90, "{}", answers.len());
    for (title, answer) in &answers {
        // What to do is said of each finding, and none speaks of something that is not in the file.
        let findings = answer.matches("error[").count();
        assert!(findings > 0, "{title}\n{answer}");
        // Where somebody is listed twice the two places say enough.
        let enough = ["error[duplicate-member]"].iter().map(|it| answer.matches(it).count()).sum::<usize>();
        assert_eq!(answer.matches("= help: ").count() + enough, findings, "{title}\n{answer}");
        let said = answer.lines().filter(|it| it.starts_with("error[") || it.contains("= help: "));
        for line in said {
            let jargon = JARGON.iter().find(|it| line.contains(*it));
            assert_eq!(jargon, None, "{title}\n{answer}");
        }
    }
    assert!(written == repository(FILE), "{FILE} is out of date: run SNAPSHOTS=overwrite cargo test");
}
