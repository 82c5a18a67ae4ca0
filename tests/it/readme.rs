//! The README is run: every command of it, in order, in one shell, on the example as it is committed.

use std::{collections::BTreeSet, fs, path::Path, process::Stdio};

use rolecall::model::finding::Code;

use crate::support::{binary, repository};

/// A command of the README and what it says the command prints.
struct Shown {
    command: String,
    output: Vec<String>,
}

/// Returns the commands of all `console` blocks.
fn shown(readme: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    for block in readme.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            match line.strip_prefix("$ ") {
                Some(command) => commands.push(Shown { command: command.to_owned(), output: Vec::new() }),
                None => commands.last_mut().unwrap().output.push(line.to_owned()),
            }
        }
    }
    commands
}

/// Replaces what differs from run to run: counts of requests and seconds.
fn steady(line: &str) -> String {
    match line.split_once(" requests, ") {
        Some((before, _)) => {
            format!("{} requests", before.rsplit_once(' ').map_or(before, |it| it.0).trim_end())
        }
        None => line.to_owned(),
    }
}

/// Compares line by line; `...` stands for any number of lines.
fn matches(expected: &[String], found: &[String]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((first, rest)) if first == "..." => (0..=found.len()).any(|it| matches(rest, &found[it..])),
        Some((first, rest)) => found
            .split_first()
            .is_some_and(|(line, others)| steady(line) == steady(first) && matches(rest, others)),
    }
}

#[test]
fn the_commands_of_the_readme_print_what_it_says() {
    let readme = repository("README.md");
    let commands = shown(&readme);
    assert!(commands.len() > 6, "the README shows its commands in `console` blocks");
    assert!(commands[0].command.starts_with("cargo run -- plan examples/quickstart"));
    assert!(readme.contains("`cargo test`"), "the second command");
    assert!(readme.contains(concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"), " or later")), "the toolchain");

    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), &folder.path().join("examples"));
    let binary_path = env!("CARGO_BIN_EXE_rolecall");
    let tools = folder.path().join("bin");
    fs::create_dir(&tools).unwrap();
    std::os::unix::fs::symlink(binary_path, tools.join("rolecall")).unwrap();
    let mut script = String::from("set -u\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n");
    for (n, Shown { command, .. }) in commands.iter().enumerate() {
        // What the two cargo commands make is the binary under test.
        let mut command = command
            .replace("cargo run --", binary_path)
            .replace("cargo install --path . --locked", ":")
            .replace("--port 8080", "--port 0")
            .replace("8080", "$PORT");
        if command.ends_with('&') {
            // A person reads the address before going on; the script waits for it, or for the end of the server.
            command.truncate(command.len() - 1);
            command += "> started &\nwhile kill -0 $! && ! grep -q API started; do sleep 0.05; done\n";
            command += "PORT=$(sed -n 's/.*127.0.0.1://p' started); echo $PORT > port; cat started";
        }
        script +=
            &format!("echo '@@ {n}'\n{command}\nstatus=$?; [ $status = 0 ] || echo \"exit code $status\"\n");
    }
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .expect("bash");
    let port = fs::read_to_string(folder.path().join("port")).unwrap_or_default();
    let port = format!("127.0.0.1:{}", port.trim());
    let text = String::from_utf8(output.stdout).unwrap().replace(&port, "127.0.0.1:8080");
    let errors = String::from_utf8_lossy(&output.stderr);
    let mut parts = text.split("@@ ").skip(1);
    for Shown { command, output } in &commands {
        let part = parts.next().unwrap_or_else(|| panic!("`{command}` was not reached\n{text}\n{errors}"));
        let found: Vec<String> = part.lines().skip(1).map(str::to_owned).collect();
        assert!(
            matches(output, &found),
            "`{command}` should print\n{}\nand printed\n{}\n{errors}",
            output.join("\n"),
            found.join("\n")
        );
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|it| it.unwrap()) {
        // The state of a sandbox that somebody ran here is not part of the example.
        if entry.file_name() == ".rolecall" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn every_finding_is_documented() {
    let readme = repository("README.md");
    let (begin, end) = ("<!-- findings:begin -->\n", "<!-- findings:end -->");
    let (before, rest) = readme.split_once(begin).expect("the table of findings");
    let (table, after) = rest.split_once(end).expect("the end of the table");
    let mut wanted = "| code | meaning |\n|---|---|\n".to_owned();
    for code in Code::ALL {
        wanted += &format!("| `{code}` | {} |\n", code.meaning());
    }
    if std::env::var_os("SNAPSHOTS").is_some_and(|it| it == "overwrite") {
        fs::write(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"),
            format!("{before}{begin}{wanted}{end}{after}"),
        )
        .unwrap();
    } else {
        assert_eq!(table, wanted, "refresh it with SNAPSHOTS=overwrite cargo test --test it");
    }
}

#[test]
fn every_promise_of_the_readme_is_the_name_of_a_test() {
    let readme = repository("README.md");
    let (_, rest) = readme.split_once("<!-- tests:begin -->\n").expect("the list of promises");
    let (promises, _) = rest.split_once("<!-- tests:end -->").expect("its end");
    let tests = tests();
    assert!(promises.lines().count() >= 15);
    for promise in promises.lines() {
        let sentence = promise.strip_prefix("- ").and_then(|it| it.strip_suffix('.')).expect(promise);
        let name = sentence.to_lowercase().replace(' ', "_");
        let is_there = tests.iter().any(|it| it.ends_with(&format!("::{name}")));
        assert!(is_there, "no test is called {name}");
    }
}

/// Every claim of a table has its test, by the name that `cargo test` shows, and what is not held has none.
#[test]
fn every_claim_of_the_threat_model_is_held_by_the_tests_it_names() {
    let (text, tests) = (repository("docs/threat-model.md"), tests());
    assert!(text.lines().count() <= 200, "{} lines", text.lines().count());
    let is_name =
        |it: &&str| it.contains("::") && it.chars().all(|it| it.is_ascii_alphanumeric() || "_:".contains(it));
    let named = |line: &str| -> Vec<String> {
        line.split('`').skip(1).step_by(2).filter(is_name).map(str::to_owned).collect()
    };
    let mut claims = 0;
    for line in text.lines() {
        for name in named(line) {
            assert!(tests.contains(&name), "no test is called {name}");
        }
        let cells: Vec<&str> = line.split(" | ").collect();
        let is_claim = line.starts_with("| ") && !line.starts_with("| cannot |");
        if is_claim {
            assert!(cells.len() == 2 && !named(cells[1]).is_empty(), "a claim without a test: {line}");
            claims += 1;
        }
    }
    assert!(claims >= 60, "{claims}");
}

/// The names of all tests, as `cargo test` shows them, those of the library, the program and this one.
fn tests() -> BTreeSet<String> {
    let (mut names, top) = (BTreeSet::new(), Path::new(env!("CARGO_MANIFEST_DIR")));
    for root in ["src", "tests/it"] {
        let mut folders = vec![top.join(root)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.extension().is_some_and(|it| it == "rs") {
                    let path = entry.strip_prefix(top.join(root)).unwrap().with_extension("");
                    let parts = path.iter().map(|it| it.to_str().unwrap());
                    let module: Vec<&str> = parts.filter(|it| !["lib", "main", "mod"].contains(it)).collect();
                    let file = syn::parse_file(&fs::read_to_string(&entry).unwrap()).unwrap();
                    collect(&file.items, &module.join("::"), &mut names);
                }
            }
        }
    }
    names
}

fn collect(items: &[syn::Item], module: &str, names: &mut BTreeSet<String>) {
    for item in items {
        match item {
            syn::Item::Fn(it)
                if it.attrs.iter().any(|it| it.path().segments.last().unwrap().ident == "test") =>
            {
                names.insert(format!("{module}::{}", it.sig.ident));
            }
            syn::Item::Mod(it) => {
                let inner = format!("{module}::{}", it.ident);
                it.content.iter().for_each(|(_, items)| collect(items, &inner, names));
            }
            // Those of `proptest!`, and of macros of our own.
            syn::Item::Macro(it) => {
                let text = it.mac.tokens.to_string();
                let tests = text.split("[test]").skip(1);
                let heads = tests.filter_map(|it| it.split_once("fn ")?.1.split_once(['(', ' ']));
                names.extend(heads.map(|(name, _)| format!("{module}::{name}")));
            }
            _ => (),
        }
    }
}

#[test]
fn every_command_is_in_the_readme() {
    let readme = repository("README.md");
    let help = String::from_utf8(binary().arg("--help").output().unwrap().stdout).unwrap();
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    for command in commands.lines().filter_map(|it| it.split_whitespace().next()) {
        assert!(readme.contains(&format!("| `rolecall {command}")), "{command} is not in the README");
    }
}
