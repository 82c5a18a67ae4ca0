//! The house rules that a compiler does not check.

use std::{fs, path::Path};

/// Modules that are pure, and the words that would betray them.
const PURE: [&str; 26] = [
    "ids",
    "source",
    "scope",
    "direct",
    "access",
    "finding",
    "rules",
    "plan",
    "snapshot",
    "manifest",
    "bind",
    "explain",
    "digest",
    "diff",
    "approval",
    "people",
    "witness",
    "guard",
    "order",
    "assess",
    "record",
    "rollback",
    "document",
    "recording",
    "schema",
    "doctor",
];
const IMPURE: [&str; 12] = [
    "async fn",
    "clap::",
    "reqwest",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::time",
    "tokio",
    "tracing",
    "Timestamp::now",
    "println!",
];

/// Words that only one module may say.
const RESERVED: [(&str, &[&str]); 4] = [
    ("serde_saphyr", &["manifest"]),
    ("reqwest", &["api", "sandbox"]),
    ("axum", &["api", "sandbox"]),
    ("process::exit", &["cli"]),
];

/// Returns every file of a module as `(path, text)`, tests left out.
fn code(module: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut waiting = vec![root.join(module), root.join(format!("{module}.rs"))];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        } else if path.is_file()
            && path.extension().is_some_and(|it| it == "rs")
            && !path.to_string_lossy().contains("tests")
        {
            let text = fs::read_to_string(&path).unwrap();
            // Unit tests stand at the end of a file.
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
            let statements = text.lines().filter(|it| !it.trim_start().starts_with("//"));
            found.push((path.display().to_string(), statements.collect::<Vec<_>>().join("\n")));
        }
    }
    assert!(!found.is_empty(), "module {module} has no file");
    found
}

/// Returns the modules in the order in which `lib.rs` tells them.
fn modules() -> Vec<String> {
    let lib = &code("lib")[0].1;
    lib.lines().filter_map(|it| Some(it.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned())).collect()
}

#[test]
fn pure_modules_know_no_world() {
    let modules = modules();
    for module in PURE.iter().chain(&["render"]) {
        assert!(modules.iter().any(|it| it == module), "{module} is not in lib.rs");
        for (path, text) in code(module) {
            for word in IMPURE {
                // A duration is a value; only reading a clock is a deed.
                let text = text.replace("std::time::Duration", "");
                assert!(!text.contains(word), "{path} mentions `{word}`");
            }
        }
    }
}

#[test]
fn a_module_uses_only_those_above_it() {
    let modules = modules();
    assert!(modules.len() > 12, "{modules:?}");
    for (n, module) in modules.iter().enumerate() {
        for (path, text) in code(module) {
            let used = text.split("crate::").skip(1).map(|it| {
                // `crate::a::…` or `crate::{a::…, b, …}` up to the end of the statement.
                it.split(';').next().unwrap_or_default()
            });
            for statement in used {
                for below in &modules[n + 1..] {
                    let first = |it: &str| it.trim().split("::").next().unwrap_or_default().trim() == below;
                    let names = match statement.strip_prefix('{') {
                        Some(list) => top_level(list).into_iter().any(|it| first(&it)),
                        None => {
                            first(statement.split([',', ' ', '(', ')', '>', '{']).next().unwrap_or_default())
                        }
                    };
                    assert!(!names, "{path} uses `{below}`, which is below it");
                }
            }
        }
    }
}

/// Splits `a::{b, c}, d}` at the commas that are not inside braces.
fn top_level(list: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for letter in list.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => (),
        }
        parts.last_mut().unwrap().push(letter);
    }
    parts
}

#[test]
fn each_crate_of_the_outside_world_has_one_home() {
    let mut all = modules();
    all.push("cli".to_owned());
    for (word, homes) in RESERVED {
        for module in all.iter().filter(|it| !homes.contains(&it.as_str())) {
            for (path, text) in code(module) {
                assert!(!text.contains(word), "{path} mentions `{word}`, which lives in {homes:?}");
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    let mut all = modules();
    all.extend(["cli".to_owned(), "lib".to_owned(), "main".to_owned()]);
    for module in all {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for (path, _) in code(&module) {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("//! "), "{path} does not open with `//!` (below {})", root.display());
        }
    }
}
