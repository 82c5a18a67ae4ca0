//! The README and the pages of docs/ are run: every command of a page, in order, in one shell, on the examples as they are
//! committed. Their links lead somewhere, and the reference pages are what the program says.

mod reference;

use std::{collections::BTreeSet, fs, path::Path, process::Stdio};

use crate::support::repository;

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

/// Replaces what differs from run to run, and from one machine to the next: counts of requests, seconds, checks, and on which
/// day something was made or changed.
fn steady(line: &str) -> String {
    let undated = |line: &str, words: &str| line.split_once(words).map(|it| it.0.trim_end().to_owned());
    let dated = ["last changed 20", "; added 20", "  added 20", "Read 20"];
    if let Some(line) = dated.into_iter().find_map(|it| undated(line, it)) {
        return line;
    }
    if let Some((problems, _)) = line.split_once(" problems, ") {
        return format!("{problems} problems");
    }
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

/// Every page with commands, by its path.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    for folder in ["docs", "docs/reference"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            pages.extend(name.ends_with(".md").then(|| format!("{folder}/{name}")));
        }
    }
    pages.sort();
    pages
}

#[test]
fn the_commands_of_every_page_print_what_it_says() {
    let readme = repository("README.md");
    assert!(readme.contains("`cargo test`"), "how everything is tested");
    assert!(readme.contains(concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"), " or later")), "the toolchain");
    let mut run = 0;
    for page in pages() {
        let commands = shown(&repository(&page));
        run += commands.len();
        runs_as_shown(&page, &commands);
    }
    assert!(run > 30, "{run}");
}

/// Whoever reads on in the same shell is not led astray by what a page has set.
#[test]
fn what_a_page_exports_it_unsets() {
    for page in pages() {
        let mut set = BTreeSet::new();
        for Shown { command, .. } in shown(&repository(&page)) {
            let words: Vec<&str> = command.split_whitespace().collect();
            match words.first() {
                Some(&"export") => {
                    set.extend(words[1..].iter().map(|it| it.split('=').next().unwrap().to_owned()));
                }
                Some(&"unset") => words[1..].iter().for_each(|it| assert!(set.remove(*it), "{page}: {it}")),
                _ => (),
            }
        }
        assert!(set.is_empty(), "{page} leaves {set:?} set");
    }
}

#[test]
fn the_readme_is_read_in_five_minutes() {
    let readme = repository("README.md");
    let (text, _) = readme.split_once("## Read on").expect("the links come last");
    assert!(text.split_whitespace().count() <= 900, "{} words", text.split_whitespace().count());
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let summary = repository("docs/SUMMARY.md");
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut links = 0;
    for page in pages() {
        let text = repository(&page);
        let in_book = page.strip_prefix("docs/").filter(|it| *it != "SUMMARY.md");
        assert!(in_book.is_none_or(|it| summary.contains(&format!("({it})"))), "{page} is not in the book");
        for target in text.split("](").skip(1).filter_map(|it| it.split(')').next()) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            if path.contains("://") {
                continue;
            }
            let led =
                if path.is_empty() { top.join(&page) } else { top.join(&page).parent().unwrap().join(path) };
            assert!(led.exists(), "{page}: {target}");
            if !anchor.is_empty() {
                let there = fs::read_to_string(&led).unwrap();
                let anchors: Vec<String> =
                    there.lines().filter(|it| it.starts_with('#')).map(anchor_of).collect();
                assert!(anchors.iter().any(|it| it == anchor), "{page}: {target}");
            }
            links += 1;
        }
    }
    assert!(links > 60, "{links}");
}

/// The anchor that a heading has in the book, and on the forges.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|it| it.is_alphanumeric() || "-_ ".contains(*it))
        .collect::<String>()
        .replace(' ', "-")
}

#[test]
fn the_reference_is_what_the_program_says() {
    let overwrite = std::env::var_os("SNAPSHOTS").is_some_and(|it| it == "overwrite");
    for (page, wanted) in reference::pages() {
        if overwrite {
            fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(page), wanted).unwrap();
        } else {
            assert!(
                repository(page) == wanted,
                "{page}: refresh it with SNAPSHOTS=overwrite cargo test --test it"
            );
        }
    }
}

/// Runs the commands of one page in a folder of its own.
fn runs_as_shown(page: &str, commands: &[Shown]) {
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
        script += &format!(
            "echo '@@command {n}'\n{command}\nstatus=$?; [ $status = 0 ] || echo \"exit code $status\"\n"
        );
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
    let mut parts = text.split("@@command ").skip(1);
    for Shown { command, output } in commands {
        let part =
            parts.next().unwrap_or_else(|| panic!("{page}: `{command}` was not reached\n{text}\n{errors}"));
        let found: Vec<String> = part.lines().skip(1).map(str::to_owned).collect();
        assert!(
            matches(output, &found),
            "{page}: `{command}` should print\n{}\nand printed\n{}\n{errors}",
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
fn every_promise_is_the_name_of_a_test() {
    let readme = repository("docs/unattended.md");
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
    let text = repository("docs/threat-model.md");
    assert!(text.lines().count() <= 210, "{} lines", text.lines().count());
    let claims = claims(&text, &["| cannot |"]);
    assert!(claims >= 60, "{claims}");
}

#[test]
fn every_check_is_held_by_the_tests_it_names() {
    // What takes time is measured, and not tested.
    assert_eq!(claims(&repository("docs/checks.md"), &["| what must hold |", "| 25."]), 25);
}

/// Returns how many rows of tables there are but for those that begin like these, and makes sure that each names its tests.
fn claims(text: &str, but: &[&str]) -> usize {
    let tests = tests();
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
        let is_claim = line.starts_with("| ") && !but.iter().any(|it| line.starts_with(it));
        if is_claim {
            assert!(cells.len() == 2 && !named(cells[1]).is_empty(), "a claim without a test: {line}");
            claims += 1;
        }
    }
    claims
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
