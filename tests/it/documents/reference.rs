//! The reference pages, written from what they are about: the help of the program, the schemas, the finding codes.

use std::{collections::BTreeMap, fmt::Write as _};

use rolecall::model::finding::Code;
use serde_json::Value;

use crate::support::{binary, repository};

/// Each page, by its path, and its text.
pub(super) fn pages() -> [(&'static str, String); 4] {
    [
        ("docs/reference/commands.md", commands()),
        ("docs/reference/environment.md", environment()),
        ("docs/reference/files.md", files()),
        ("docs/reference/findings.md", findings()),
    ]
}

fn help(command: &[&str]) -> String {
    String::from_utf8(binary().args(command).arg("--help").output().unwrap().stdout).unwrap()
}

/// The names of the commands, with what each is for.
fn names() -> Vec<(String, String)> {
    let top = help(&[]);
    let list = top.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let mut names: Vec<(String, String)> = Vec::new();
    for line in list.lines() {
        match line.strip_prefix("  ").filter(|it| !it.starts_with(' ')).and_then(|it| it.split_once("  ")) {
            Some((name, about)) => names.push((name.to_owned(), about.trim().to_owned())),
            None => names.last_mut().unwrap().1.extend([" ", line.trim()]),
        }
    }
    names
}

fn commands() -> String {
    let mut page = "# Commands\n\nWhat `rolecall COMMAND --help` says. The [exit codes](exit-codes.md) mean the same for each.\n\n| command | what it does |\n|---|---|\n".to_owned();
    for (name, about) in names() {
        let _ = writeln!(page, "| [`rolecall {name}`](#rolecall-{name}) | {} |", cell(&about));
    }
    for (name, _) in names() {
        let _ = write!(page, "\n## rolecall {name}\n\n```text\n{}\n```\n", help(&[&name]).trim_end());
    }
    page
}

/// The variables, each with the flag that it stands for, and what that does; those without a flag are in the table below.
fn environment() -> String {
    const ALONE: [(&str, &str); 13] = [
        (
            "ROLECALL_ALLOWED_ENDPOINTS",
            "Hosts or URLs, between commas, to which credentials may go although only a file names them",
        ),
        (
            "ROLECALL_…_NAME",
            "Of the variables for endpoint, allowed endpoints, client id, client secret and token: that of the endpoint of this name under `api.endpoints`",
        ),
        ("ROLECALL_CLIENT_ID", "Client id; also `ROLECALL_CLIENT_ID_FILE`"),
        ("ROLECALL_CLIENT_SECRET", "Client secret; also `ROLECALL_CLIENT_SECRET_FILE`"),
        (
            "ROLECALL_COMMENT_NAME",
            "What the comment on a pull request is about, instead of the folder of the workspace in its repository (`--comment-name`)",
        ),
        ("ROLECALL_COMMIT", "The commit that reports name, instead of what CI says (`--commit`)"),
        (
            "ROLECALL_FORGE_TOKEN",
            "Token of the forge for `comment`, instead of that of the job; also `ROLECALL_FORGE_TOKEN_FILE`",
        ),
        (
            "ROLECALL_JOURNAL_KEY",
            "Key that journals are sealed with, for runners that keep no disk; also `ROLECALL_JOURNAL_KEY_FILE`",
        ),
        (
            "ROLECALL_SNAPSHOT_SALT",
            "Salt of the pseudonyms in a sanitized snapshot; also `ROLECALL_SNAPSHOT_SALT_FILE`",
        ),
        ("ROLECALL_TOKEN", "Token, instead of client id and secret; also `ROLECALL_TOKEN_FILE`"),
        ("HTTPS_PROXY, NO_PROXY", "Proxy for HTTPS, and the hosts that go without"),
        ("NO_COLOR", "No colour, unless `--color always`"),
        ("SSL_CERT_FILE", "PEM file of the authorities to trust, instead of those of this machine"),
    ];
    let mut page = "# Environment\n\nA flag wins over the environment, the environment over the file. An empty variable counts as none; for a flag without a value `1`, `true` and `yes` set it.\n\n| variable | flag | commands | what it does |\n|---|---|---|---|\n".to_owned();
    let mut rows: Vec<(String, String, Vec<String>, String)> = Vec::new();
    let mut add = |command: Option<&str>| {
        for (variable, flag, about) in variables(&help(&command.into_iter().collect::<Vec<_>>())) {
            let row = rows.iter_mut().find(|it| it.0 == variable && it.1 == flag);
            match (row, command) {
                (Some(row), Some(name)) => row.2.push(name.to_owned()),
                (Some(_), None) => (),
                (None, name) => {
                    rows.push((variable, flag, name.into_iter().map(str::to_owned).collect(), about));
                }
            }
        }
    };
    let names = names();
    names.iter().for_each(|it| add(Some(&it.0)));
    rows.sort();
    for (variable, flag, commands, about) in &rows {
        let commands = if commands.len() + 3 > names.len() { "all".to_owned() } else { commands.join(", ") };
        let _ = writeln!(page, "| `{variable}` | `{flag}` | {commands} | {} |", cell(about));
    }
    page += "\nThese have no flag:\n\n| variable | what it is |\n|---|---|\n";
    for (variable, about) in ALONE {
        let _ = writeln!(page, "| `{}` | {about} |", variable.replace(", ", "`, `"));
    }
    page
}

/// Variable, flag and description of each option that has a variable.
fn variables(help: &str) -> Vec<(String, String, String)> {
    let mut options: Vec<String> = Vec::new();
    let mut inside = false;
    for line in help.lines() {
        if line.trim_start().starts_with('-') {
            options.push(line.trim().to_owned());
            inside = true;
        } else if inside && line.starts_with("      ") {
            options.last_mut().unwrap().extend([" ", line.trim()]);
        } else {
            inside = false;
        }
    }
    let variable = |option: &String| {
        let (before, rest) = option.split_once("[env: ")?;
        let (name, _) = rest.split_once(['=', ']'])?;
        let flag = before.split_whitespace().find(|it| it.starts_with("--"))?;
        let about = before.split_once("  ").map_or("", |it| it.1).trim();
        let about = about.split(" [default").next().unwrap_or_default();
        Some((name.to_owned(), flag.to_owned(), about.to_owned()))
    };
    options.iter().filter_map(variable).collect()
}

fn findings() -> String {
    let mut page = "# Findings\n\nWhat is wrong with the files, or odd about them, has a code, a place, and a sentence that says what to do.\n`rolecall validate` reports all of them at once.\n\n| code | meaning |\n|---|---|\n".to_owned();
    for code in Code::ALL {
        let _ = writeln!(page, "| `{code}` | {} |", code.meaning());
    }
    page
}

fn files() -> String {
    let mut page = "# Files\n\nEvery key of every file that you write, from the schemas that editors use (`rolecall schema KIND`).\n".to_owned();
    let mut parts: BTreeMap<String, Value> = BTreeMap::new();
    for (kind, title) in [
        ("access", "Access files"),
        ("workspace", "rolecall.yaml"),
        ("policy", "Policy files, for `--policy`"),
    ] {
        let schema: Value =
            serde_json::from_str(&repository(&format!("schemas/{kind}.schema.json"))).unwrap();
        let _ = write!(page, "\n## {title}\n{}", keys(&schema));
        for (name, part) in schema["definitions"].as_object().into_iter().flatten() {
            let same = parts.insert(name.clone(), part.clone()).is_none_or(|it| it == *part);
            assert!(same, "two files mean two things by {name}");
        }
    }
    page += "\n## Their parts\n";
    for (name, part) in &parts {
        let _ = write!(page, "\n### {name}\n{}", keys(part));
    }
    page
}

/// What a schema says of a value, and its keys where it is a mapping.
fn keys(schema: &Value) -> String {
    let mut text = String::new();
    if let Some(about) = schema["description"].as_str() {
        let _ = write!(text, "\n{}\n", about.replace("\n", " ").replace("  ", "\n\n"));
    }
    let Some(properties) = schema["properties"].as_object() else {
        return text + "\n" + &form(schema) + "\n";
    };
    text += "\n| key | value | what it says |\n|---|---|---|\n";
    for (key, value) in properties {
        let is_required = schema["required"].as_array().is_some_and(|it| it.iter().any(|it| it == key));
        let star = if is_required { ", required" } else { "" };
        let about = cell(value["description"].as_str().unwrap_or_default());
        let _ = writeln!(text, "| `{key}`{star} | {} | {about} |", cell(&form(value)));
    }
    text
}

/// The form of a value in few words.
fn form(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|it| it.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for several in ["anyOf", "oneOf", "allOf"] {
        if let Some(all) = schema[several].as_array() {
            let mut forms: Vec<String> = all.iter().map(form).filter(|it| it != "null").collect();
            forms.dedup();
            return forms.join(" or ");
        }
    }
    if let Some(one) = schema.get("const") {
        return format!("`{}`", one.as_str().map_or_else(|| one.to_string(), str::to_owned));
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().filter_map(Value::as_str).map(|it| format!("`{it}`")).collect();
        return words.join(", ");
    }
    let bounds = match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        (Some(from), Some(to)) => format!(" from {from} to {to}"),
        (Some(from), None) => format!(" from {from} up"),
        _ => String::new(),
    };
    let named = match &schema["type"] {
        Value::Array(several) => several.iter().filter_map(Value::as_str).find(|it| *it != "null"),
        one => one.as_str(),
    };
    match named {
        Some("array") => format!("list of {}", form(&schema["items"])),
        Some("object") => match &schema["additionalProperties"] {
            values @ Value::Object(_) => format!("mapping of names to {}", form(values)),
            _ => match schema["properties"].as_object() {
                Some(keys) => format!(
                    "`{{ {} }}`",
                    keys.keys().map(|it| format!("{it}: …")).collect::<Vec<_>>().join(", ")
                ),
                None => "mapping".to_owned(),
            },
        },
        Some("string") => "text".to_owned(),
        Some("integer") => format!("number{bounds}"),
        Some("boolean") => "`true` or `false`".to_owned(),
        other => other.unwrap_or("anything").to_owned(),
    }
}

/// A text inside of a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}
