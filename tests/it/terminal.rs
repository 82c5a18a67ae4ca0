//! The command line as people meet it: help, variables, suggestions, completions, manual pages.

use std::{collections::BTreeSet, fs, process::Stdio};

use unicode_width::UnicodeWidthStr as _;

use crate::support::{Run, World, binary, words};

pub(crate) const COMMANDS: [&str; 33] = [
    "init",
    "validate",
    "policy",
    "codeowners",
    "fmt",
    "plan",
    "show",
    "apply",
    "rollback",
    "drift",
    "comment",
    "doctor",
    "explain",
    "who-can",
    "who-has",
    "what-if",
    "diff",
    "history",
    "groups",
    "roles",
    "people",
    "users",
    "expiring",
    "report",
    "snapshot",
    "import",
    "merge-reports",
    "duplicate",
    "sandbox",
    "schema",
    "completions",
    "man",
    "help",
];

/// Flags that no variable stands for, and why.
const WITHOUT_VARIABLE: [(&str, &str); 11] = [
    ("--help", "explains"),
    ("--version", "explains"),
    ("users --reveal", "shows what is personal: has to be asked for on the command line"),
    ("--adopt", "writes into the files: has to be asked for on the command line"),
    ("plan --dry-run", "belongs to --adopt"),
    ("drift --dry-run", "belongs to --adopt"),
    ("what-if --add", "is the question: a variable that somebody has set answers another"),
    ("what-if --remove", "the same"),
    ("schema --live", "without a snapshot it means the API; which snapshot may stand in ROLECALL_LIVE"),
    ("--probe", "writes: has to be asked for on the command line, as its company has"),
    ("doctor --people", "belongs to --probe"),
];

fn run(line: &str) -> Run {
    binary().args(words(line)).stdin(Stdio::null()).output().unwrap().into()
}

/// The flags of a help, each with all that is said of it on one line.
fn flags(help: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in help.lines() {
        let is_flag = line.starts_with("  -") || line.starts_with("      --");
        match (is_flag, line.split_whitespace().find_map(|it| it.strip_prefix("--"))) {
            (true, Some(name)) => {
                let name: String = name.chars().take_while(|it| it.is_alphanumeric() || *it == '-').collect();
                found.push((format!("--{name}"), line.trim().to_owned()));
            }
            _ if line.starts_with("          ") => {
                if let Some(last) = found.last_mut() {
                    last.1 += &format!(" {}", line.trim());
                }
            }
            _ => (),
        }
    }
    found
}

/// The variable that a flag says stands for it.
fn variable(said: &str) -> Option<&str> {
    Some(said.split_once("[env: ")?.1.split_once(']')?.0)
}

#[test]
fn every_flag_says_which_variable_stands_for_it_and_a_brief_help_says_none() {
    let mut known = 0;
    for command in std::iter::once("").chain(COMMANDS) {
        let help = run(&format!("{command} --help")).expect(0).stdout;
        for (flag, said) in flags(&help) {
            let excused =
                WITHOUT_VARIABLE.iter().any(|it| it.0 == flag || it.0 == format!("{command} {flag}"));
            let variable = variable(&said);
            assert_eq!(variable.is_none(), excused, "{command} {flag}: {said}");
            assert!(
                variable.is_none_or(|it| it.starts_with("ROLECALL_") && !it.contains(['=', ' '])),
                "{said}"
            );
            known += usize::from(variable.is_some());
        }
        let brief = run(&format!("{command} -h")).expect(0).stdout;
        assert!(!brief.contains("[env"), "{brief}");
        let names = |help: &str| flags(help).into_iter().map(|it| it.0).collect::<Vec<_>>();
        assert_eq!(names(&brief), names(&help), "{command}");
    }
    assert!(known > 100, "{known} flags were looked at");
}

#[test]
fn a_help_shows_no_value_and_needs_no_sound_variable() {
    let names: BTreeSet<String> = COMMANDS
        .iter()
        .flat_map(|it| flags(&run(&format!("{it} --help")).stdout))
        .filter_map(|(_, said)| variable(&said).map(str::to_owned))
        .collect();
    for line in
        ["--help", "plan --help", "apply -h", "doctor --help", "sandbox --help", "plan --help --max-rps 3"]
    {
        let plain = run(line).expect(0);
        let set = binary().envs(names.iter().map(|it| (it, "val-of-it"))).args(words(line)).output().unwrap();
        let set = Run::from(set).expect(0);
        assert_eq!(set.stdout, plain.stdout, "{line}");
        assert!(!set.stdout.contains("val-of-it"));
    }
}

#[test]
fn a_variable_that_says_no_is_as_if_it_was_not_there() {
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    world.run("snapshot --out live.json").expect(0);
    for no in ["0", "no", "False", "off", ""] {
        let mut command = world.command();
        for variable in
            ["ROLECALL_ESTIMATE", "ROLECALL_CHECK", "ROLECALL_QUIET", "ROLECALL_DETAILED_EXITCODE"]
        {
            command.env(variable, no);
        }
        // `--estimate` and `--live` are not for one run.
        let run: Run = command.args(["plan", "--live", "live.json"]).output().unwrap().into();
        run.expect(0);
    }
    let estimate =
        world.command().env("ROLECALL_ESTIMATE", "yes").args(["plan", "--live", "live.json"]).output();
    Run::from(estimate.unwrap()).expect(4).says(&["--estimate", "--live"]);
}

#[test]
fn a_variable_does_what_its_flag_does() {
    let world =
        World::new().groups("  - { name: Desk, description: The desk., roles: unmanaged, members: [] }\n");
    for (line, flag, variable, value) in [
        ("plan", "--only lockout", "ROLECALL_ONLY", "lockout"),
        ("snapshot --now 2026-12-24", "--out live.json", "ROLECALL_SNAPSHOT_OUT", "live.json"),
        ("duplicate Desk", "--as Copy", "ROLECALL_DUPLICATE_AS", "Copy"),
        ("validate", "--quiet", "ROLECALL_QUIET", "1"),
        ("plan --detailed-exitcode", "--out plan.json", "ROLECALL_OUT", "plan.json"),
    ] {
        let by_flag = world.run(&format!("{line} {flag}"));
        let by_variable: Run =
            world.command().env(variable, value).args(words(line)).output().unwrap().into();
        let rest = |it: &Run| it.stdout.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!((by_variable.code, rest(&by_variable)), (by_flag.code, rest(&by_flag)), "{variable}");
        assert_ne!(by_flag.code, 4, "{line} {flag}\n{}", by_flag.stderr);
    }
    for (variable, value) in
        [("ROLECALL_ONLY", "nobody"), ("ROLECALL_VERBOSE", "loud"), ("ROLECALL_OUT", "plan.yaml")]
    {
        let run: Run = world.command().env(variable, value).arg("plan").output().unwrap().into();
        run.expect(4);
    }
}

#[test]
fn a_global_option_is_shown_where_it_means_something_and_taken_everywhere() {
    let of = |command: &str| flags(&run(&format!("{command} -h")).stdout);
    for (command, shown, hidden) in [
        ("schema", &["--help"][..], &["--max-rps", "--endpoint", "--workspace", "--format"][..]),
        ("completions", &["--help"], &["--company", "--timeout"]),
        ("man", &["--help", "--quiet"], &["--endpoint", "--log-format"]),
        ("validate", &["--workspace", "--company", "--format"], &["--endpoint", "--timeout", "--max-rps"]),
        ("sandbox", &["--max-rps", "--format"], &["--endpoint", "--company", "--concurrency"]),
        ("plan", &["--endpoint", "--max-rps", "--format", "--timeout", "--events"], &[]),
        ("doctor", &["--endpoint", "--timeout"], &[]),
    ] {
        let flags: Vec<String> = of(command).into_iter().map(|it| it.0).collect();
        assert!(shown.iter().all(|it| flags.iter().any(|flag| flag == it)), "{command}: {flags:?}");
        assert!(!hidden.iter().any(|it| flags.iter().any(|flag| flag == it)), "{command}: {flags:?}");
    }
    let given = "-C . --endpoint sandbox --company voyager --format text --color never -q -v --log-format text \
                 --no-progress --timeout 3s --concurrency 2 --max-rps 5";
    for command in COMMANDS {
        for line in [format!("{given} {command} --help"), format!("{command} {given} --help")] {
            run(&line).expect(0);
        }
    }
    let schema = run("schema access").expect(0).stdout;
    for line in [format!("{given} schema access"), format!("schema access {given}")] {
        assert_eq!(run(&line).expect(0).stdout, schema);
    }
}

#[test]
fn a_slip_of_a_finger_is_understood() {
    for (typed, meant) in
        [("plna", "plan"), ("aply", "apply"), ("exlain", "explain"), ("Doctor", "doctor"), ("drfit", "drift")]
    {
        run(typed).expect(4).says(&[&format!("a similar subcommand exists: '{meant}'")]);
    }
    // Of three letters with one amiss too little is left.
    for command in COMMANDS.into_iter().filter(|it| it.len() > 3) {
        let letters: Vec<char> = command.chars().collect();
        let swapped = (1..letters.len()).map(|at| {
            let mut typed = letters.clone();
            typed.swap(at - 1, at);
            typed
        });
        let missing = (1..letters.len()).map(|at| [&letters[..at], &letters[at + 1..]].concat());
        let doubled = (0..letters.len()).map(|at| [&letters[..=at], &letters[at..]].concat());
        for typed in swapped.chain(missing).chain(doubled) {
            let typed: String = typed.into_iter().collect();
            if COMMANDS.contains(&&*typed) {
                continue;
            }
            run(&typed).expect(4).says(&[&format!("a similar subcommand exists: '{command}'")]);
        }
    }
    let nothing = run("xyzzy").expect(4);
    assert!(!nothing.stderr.contains("similar"), "{}", nothing.stderr);
}

#[test]
fn help_of_a_command_is_what_its_flag_shows() {
    for command in COMMANDS {
        let flag = run(&format!("{command} --help")).expect(0).stdout;
        assert_eq!(run(&format!("help {command}")).expect(0).stdout, flag, "{command}");
    }
    assert_eq!(run("help").expect(0).stdout, run("--help").expect(0).stdout);
    run("help plna").expect(4).says(&["'plan'"]);
}

#[test]
fn manual_pages_are_the_same_each_time_and_take_the_place_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let write = || -> Run {
        binary().current_dir(folder.path()).args(["man", "share/man1"]).output().unwrap().into()
    };
    let pages = || {
        let mut pages: Vec<(String, String)> = fs::read_dir(folder.path().join("share/man1"))
            .unwrap()
            .map(|it| it.unwrap())
            .map(|it| (it.file_name().into_string().unwrap(), fs::read_to_string(it.path()).unwrap()))
            .collect();
        pages.sort();
        pages
    };
    assert_eq!(write().expect(0).stdout, "Wrote 34 pages to share/man1.\n");
    let first = pages();
    write().expect(0);
    assert_eq!(pages(), first);
    let mut names: Vec<String> = COMMANDS.iter().map(|it| format!("rolecall-{it}.1")).collect();
    names.push("rolecall.1".to_owned());
    names.sort();
    assert_eq!(first.iter().map(|it| &it.0).collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    for (name, text) in &first {
        let command = name.trim_start_matches("rolecall").trim_start_matches('-').trim_end_matches(".1");
        let command = command.trim_start_matches('1');
        for (flag, said) in flags(&run(&format!("{command} --help")).stdout) {
            assert!(text.contains(&flag.replace('-', "\\-")), "{name}: {flag}");
            assert!(variable(&said).is_none_or(|it| text.contains(it)), "{name}: {said}");
        }
        assert!(text.lines().any(|it| it.starts_with(".TH rolecall")), "{text}");
    }
    for mine in ["rolecall-plan.1", "rolecall.1"] {
        fs::write(folder.path().join("share/man1").join(mine), "mine\n").unwrap();
    }
    fs::remove_file(folder.path().join("share/man1/rolecall-apply.1")).unwrap();
    let refused = write().expect(4).says(&["rolecall-plan.1", "rolecall.1", "nothing was written"]);
    assert!(!refused.stderr.contains("rolecall-apply.1"), "{}", refused.stderr);
    assert!(!folder.path().join("share/man1/rolecall-apply.1").exists());
    assert_eq!(fs::read_to_string(folder.path().join("share/man1/rolecall.1")).unwrap(), "mine\n");
}

/// Names that shells, terminals and readers have to be careful with.
fn odd() -> World {
    World::new()
        .with("access/broken.yaml", "version: 1\ngroups:\n  - { name: Half, rolls: [ }\n")
        .with("access/misspelt.yaml", "version: 1\ngroups:\n  - { name: Night Owls, description: n, rolls: [], members: [cy@voyager.example] }\n")
        .groups(
            "  - { name: \"Desk (EU) & 'Co'\", description: d, roles: [], members: [ana@voyager.example, { externalId: \"agent 17\" }] }
  - { name: \"Desk $HOME `id` *\", description: d, roles: [], members: [bo@voyager.example] }
  - { name: \"Bad\\e[31m\\tname\\n\", description: d, roles: [], members: [] }
  - { name: \"Nacht 日本: x\", description: d, roles: [], members: [] }\n",
        )
}

/// What the program answers a shell that asks how the last of some words may go on.
fn asked(world: &World, shell: &str, words: &[&str]) -> Vec<String> {
    let mut command = world.command();
    command.env("ROLECALL_COMPLETE", shell).env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
    let run: Run = command.arg("--").args(words).output().unwrap().into();
    let run = run.expect(0);
    assert_eq!(run.stderr, "", "a prompt is not the place for messages");
    assert!(!run.stdout.contains(|it: char| it.is_control() && it != '\n' && it != '\t'), "{:?}", run.stdout);
    run.stdout.lines().map(|it| it.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn values_go_on_as_the_files_say_without_a_request() {
    let world = odd();
    world.forget();
    let desks = ["Desk $HOME `id` *", "Desk (EU) & 'Co'"];
    for (words, expected) in [
        (&["rolecall", "duplicate", "Desk"][..], &desks[..]),
        (&["rolecall", "duplicate", "desk"], &desks),
        (&["rolecall", "duplicate", "Night"], &["Night Owls"]),
        (&["rolecall", "duplicate", "Bad"], &[]),
        (&["rolecall", "explain", "a"], &["ana@voyager.example"]),
        (&["rolecall", "explain", "ext"], &["externalId=agent 17"]),
        (&["rolecall", "plan", "--identity", "b"], &["bo@voyager.example"]),
        (&["rolecall", "users", "e"], &["export"]),
        (&["rolecall", "users", "show", "a"], &["ana@voyager.example"]),
        (&["rolecall", "users", "put", "--part", "t"], &["travel-preferences"]),
        (&["rolecall", "plan", "--company", ""], &["globex", "initech", "voyager"]),
        (&["rolecall", "--company", "v"], &["voyager"]),
        (&["rolecall", "plan", "--company=g"], &["--company=globex"]),
        (&["rolecall", "plan", "--endpoint", "s"], &["sandbox"]),
        (&["rolecall", "dup"], &["duplicate"]),
        (&["rolecall", "completions", "z"], &["zsh"]),
        (&["rolecall", "help", "pl"], &["plan"]),
        (&["rolecall", "plan", "--max"], &["--max-rps"]),
        (&["rolecall", "schema", "--max"], &[]),
    ] {
        let found = asked(&world, "fish", words);
        // What nothing visible goes on as, a hidden option may.
        let found: Vec<_> = found
            .iter()
            .map(String::as_str)
            .filter(|it| words[1] != "schema" || *it != "--max-rps")
            .collect();
        assert_eq!(found, expected, "{words:?}");
    }
    assert_eq!(asked(&world, "zsh", &["rolecall", "duplicate", "Nacht"]), ["Nacht 日本\\: x"]);
    assert_eq!(asked(&world, "powershell", &["rolecall", "duplicate", "Night"]), ["'Night Owls'"]);
    assert_eq!(asked(&world, "elvish", &["rolecall", "explain", "c"]), ["cy@voyager.example"]);
    assert_eq!(world.log().len(), 0, "a request was made");
}

#[test]
fn the_workspace_is_the_one_that_the_line_names() {
    let world = odd();
    let folder = world.path();
    let elsewhere = folder.parent().unwrap();
    let here = folder.to_str().unwrap();
    for words in [
        &["rolecall", "-C", here, "duplicate", "Night"][..],
        &["rolecall", "duplicate", "--workspace", here, "Night"],
        &["rolecall", &format!("--workspace={here}"), "duplicate", "Night"],
    ] {
        let mut command = world.command();
        let run: Run = command
            .current_dir(elsewhere)
            .env("ROLECALL_COMPLETE", "fish")
            .arg("--")
            .args(words)
            .output()
            .unwrap()
            .into();
        assert_eq!(run.expect(0).stdout.trim_end(), "Night Owls", "{words:?}");
    }
}

#[test]
fn where_nothing_can_be_offered_nothing_is_said() {
    let bare = tempfile::tempdir().unwrap();
    for (shell, words) in [
        ("fish", &["rolecall", "duplicate", "D"][..]),
        ("fish", &["rolecall", "-C", "no/such/folder", "explain", "a"]),
        ("zsh", &["rolecall", "duplicate", "D"]),
        ("nosuchshell", &["rolecall", "p"]),
        ("fish", &["rolecall"]),
        ("bash", &[]),
    ] {
        let mut command = binary();
        command.current_dir(bare.path()).env("ROLECALL_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", "2");
        let run: Run = command.arg("--").args(words).output().unwrap().into();
        let run = run.expect(0);
        assert_eq!(run.stderr, "", "{shell} {words:?}");
    }
    // Without a shell that asks, it is a program like any other.
    let run: Run = binary().env("ROLECALL_COMPLETE", "").arg("--version").output().unwrap().into();
    assert!(run.expect(0).stdout.starts_with("rolecall "));
}

#[test]
fn each_shell_gets_a_script_that_calls_the_program_by_name() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&format!("completions {shell}")).expect(0).stdout;
        assert!(script.contains("ROLECALL_COMPLETE") && script.contains("rolecall"), "{script}");
        assert!(!script.contains("target/"), "{script}");
    }
    run("completions tcsh").expect(4).says(&["bash", "zsh"]);
}

#[cfg(target_os = "linux")]
mod in_bash {
    use std::{
        io::{Read as _, Write as _},
        path::Path,
        process::Command,
    };

    use super::*;

    /// What bash makes of a line that is typed with tabs in it: its words, in angle brackets.
    fn typed(world: &World, lines: &[&str]) -> Option<Vec<String>> {
        let has_bash = Command::new("bash").arg("--version").output().is_ok_and(|it| it.status.success());
        if !has_bash {
            // Past what the test runner keeps to itself.
            let _ = writeln!(std::io::stderr(), "SKIPPED: without bash, completions are not tried in it");
            return None;
        }
        let folder = Path::new(env!("CARGO_BIN_EXE_rolecall")).parent().unwrap();
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("script");
        command.args(["-qec", "bash --norc --noprofile -i", "/dev/null"]).env_clear();
        command.envs([
            ("PATH", path.as_str()),
            ("TERM", "dumb"),
            ("PS1", "READY> "),
            ("SHELL", "/bin/sh"),
            ("LC_ALL", "C.UTF-8"),
            ("INPUTRC", "/dev/null"),
        ]);
        command.current_dir(world.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("script(1), a part of util-linux, makes the terminal");
        let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut shown = Vec::new();
        // What a line prints last, and the prompt behind it: a completion may show the prompt as well.
        let mut until = |last: &str| {
            let is_there = |shown: &[u8]| {
                let text = String::from_utf8_lossy(shown);
                text.find(last).is_some_and(|at| text[at..].contains("READY> "))
            };
            while !is_there(&shown) {
                let mut some = [0; 4096];
                let n = screen.read(&mut some).unwrap();
                assert!(n > 0, "ended early:\n{}", String::from_utf8_lossy(&shown));
                shown.extend_from_slice(&some[..n]);
            }
        };
        until("");
        keys.write_all(b"source <(rolecall completions bash); printf 'done %s.' 0\n").unwrap();
        until("done 0.");
        for (n, line) in lines.iter().enumerate() {
            // To the beginning of the line, so that its words are printed in place of being run.
            let n = n + 1;
            let end = format!("; printf '\\ndone %s.\\n' {n}");
            keys.write_all(format!("{line}\u{1}printf '<%s>' \u{5}{end}\n").as_bytes()).unwrap();
            until(&format!("done {n}."));
        }
        keys.write_all(b"exit\n").unwrap();
        screen.read_to_end(&mut shown).unwrap();
        child.wait().unwrap();
        let shown = String::from_utf8_lossy(&shown).replace('\r', "");
        Some(shown.lines().filter(|it| it.starts_with("<rolecall>")).map(str::to_owned).collect())
    }

    #[test]
    fn bash_puts_there_what_was_meant() {
        let table = [
            ("rolecall dup\tNight\t", "<rolecall><duplicate><Night Owls>"),
            ("rolecall duplicate \"Night\t", "<rolecall><duplicate><Night Owls>"),
            ("rolecall duplicate 'Night\t", "<rolecall><duplicate><Night Owls>"),
            ("rolecall duplicate Night\\ O\t", "<rolecall><duplicate><Night Owls>"),
            ("rolecall duplicate Desk\\ \\(\t", "<rolecall><duplicate><Desk (EU) & 'Co'>"),
            ("rolecall duplicate Desk\\ \\$\t", "<rolecall><duplicate><Desk $HOME `id` *>"),
            ("rolecall duplicate \"Desk \\$\t", "<rolecall><duplicate><Desk $HOME `id` *>"),
            ("rolecall duplicate Nacht\t", "<rolecall><duplicate><Nacht 日本: x>"),
            ("rolecall explain ana\t", "<rolecall><explain><ana@voyager.example>"),
            ("rolecall explain ana@voy\t", "<rolecall><explain><ana@voyager.example>"),
            ("rolecall explain ext\t", "<rolecall><explain><externalId=agent 17>"),
            ("rolecall explain externalId=ag\t", "<rolecall><explain><externalId=agent 17>"),
            ("rolecall plan --company=vo\t", "<rolecall><plan><--company=voyager>"),
            ("rolecall plan --company vo\t --max\t 3", "<rolecall><plan><--company><voyager><--max-rps><3>"),
            ("rolecall validate acc\tbro\t", "<rolecall><validate><access/broken.yaml>"),
            ("rolecall -C . plan --comp\tglo\t", "<rolecall><-C><.><plan><--company><globex>"),
        ];
        let Some(found) = typed(&odd(), &table.map(|it| it.0)) else { return };
        for ((line, expected), found) in table.iter().zip(&found) {
            assert_eq!(found, expected, "{line:?}");
        }
        assert_eq!(found.len(), table.len(), "{found:?}");
    }
}

/// Whether no shorter line could be made of it: a word, a quotation or a command to type.
fn is_one_piece(line: &str) -> bool {
    let line = line.trim();
    !line.contains(' ') || line.starts_with("rolecall ") || line.starts_with('`') || line.starts_with("(`")
}

#[test]
fn whatever_people_read_fits_their_terminal_and_loses_nothing_by_it() {
    let new = || {
        World::new()
        .groups(
            "  - { name: Desk for everybody who is anybody, description: A desk., roles: [{ role: Agent, scope: { company: [globex, initech], legalEntity: globex-uk } }], members: [ana@voyager.example, zoe@voyager.example] }
  - { name: Desk, description: The desk of those who work by day., roles: [{ role: Trip Manager, scope: { profile: vip@globex.example } }, { role: Company Management Admin, scope: { company: globex } }], members: [ana@voyager.example, 日本語の名前とても長い@voyager.example] }\n",
        )
    };
    let world = new();
    let mut wrapped = 0;
    for line in [
        "plan",
        "drift",
        "apply --auto-approve --concurrency 1",
        "explain bo@voyager.example",
        "doctor",
        "plan --estimate",
        "validate",
        "plan --nonsense --that --is-longer-than-what-fits",
        "plan no/such/folder/anywhere/that/somebody/could/find/with/a/file.yaml",
        "plan --endpoint http://example.com/a/b/c",
    ] {
        let run = |columns: Option<&str>| -> Run {
            let other = line.starts_with("apply").then(new);
            let mut command = other.as_ref().unwrap_or(&world).command();
            command.envs(columns.map(|it| ("COLUMNS", it))).args(words(line));
            command.stdin(Stdio::null()).output().unwrap().into()
        };
        // Numbers of requests and times differ from run to run.
        let steady = |text: &str| {
            let text: Vec<_> =
                text.split_whitespace().map(|it| it.replace(|it: char| it.is_ascii_digit(), "0")).collect();
            text.into_iter().filter(|it| !it.starts_with('0')).collect::<Vec<_>>()
        };
        let whole = run(None);
        for odd in ["", "0", "wide", "-3"] {
            let odd = run(Some(odd));
            assert_eq!(steady(&odd.stdout), steady(&whole.stdout), "{line}");
            assert_eq!(odd.stdout.lines().count(), whole.stdout.lines().count(), "{line}");
        }
        for columns in [60, 72, 80, 100, 120, 200] {
            let fitted = run(Some(&columns.to_string()));
            assert_eq!(fitted.code, whole.code, "{line}");
            for (fitted, whole) in [(&fitted.stdout, &whole.stdout), (&fitted.stderr, &whole.stderr)] {
                assert_eq!(steady(fitted), steady(whole), "{line} in {columns} columns");
                for line in fitted.lines() {
                    assert!(line.width() <= columns || is_one_piece(line), "{columns}: {line}\n{fitted}");
                }
                wrapped += usize::from(fitted.lines().count() > whole.lines().count());
            }
        }
    }
    assert!(wrapped > 20, "{wrapped} texts were too wide for somebody");
    // What programs read has whole lines.
    for line in [
        "plan --format markdown",
        "plan --format json --now 2026-12-24",
        "schema access",
        "duplicate Desk --as Copy",
    ] {
        let run = |columns: &str| -> Run {
            world.command().env("COLUMNS", columns).args(words(line)).output().unwrap().into()
        };
        assert_eq!(run("60").expect(0).stdout, run("").expect(0).stdout, "{line}");
    }
}

#[test]
fn findings_fit_as_well_and_keep_their_marks_below_what_they_mark() {
    let world = World::new().groups(
        "  - { name: Desk, description: A very long description that goes on and on so that no terminal is wide enough for all of it, rolls: [], members: [one two three four five six seven eight] }\n",
    );
    for columns in [60, 80, 100] {
        let run: Run =
            world.command().env("COLUMNS", columns.to_string()).arg("validate").output().unwrap().into();
        let shown = run.expect(4).stdout;
        for line in shown.lines() {
            assert!(line.width() <= columns || is_one_piece(line), "{columns}: {line}\n{shown}");
        }
        let lines: Vec<&str> = shown.lines().collect();
        let marks: Vec<usize> = (0..lines.len()).filter(|it| lines[*it].contains("^^^")).collect();
        assert!(marks.len() > 1, "{shown}");
        for at in marks {
            let start = lines[at].find('^').unwrap();
            let marked: String = lines[at - 1].chars().skip(start).take(5).collect();
            assert!(["rolls", "one t"].contains(&&*marked), "`{marked}` is marked in\n{shown}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_asked_for_its_width() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk of those who work by day and by night and in between., roles: unmanaged, members: [ana@voyager.example] }\n",
    );
    for columns in [60, 75, 200] {
        let line = format!("stty cols {columns} rows 50; exec {} plan", env!("CARGO_BIN_EXE_rolecall"));
        let product = world.command();
        let variables = product.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let mut command = std::process::Command::new("script");
        command
            .args(["-qec", &line, "/dev/null"])
            .env_clear()
            .envs(variables)
            .env("SHELL", "/bin/sh")
            .env("TERM", "dumb");
        let run: Run = command.current_dir(world.path()).stdin(Stdio::null()).output().unwrap().into();
        let widest = run.expect(0).stdout.lines().map(|it| it.trim_end().width()).max().unwrap();
        assert!(widest <= columns && (columns > 100 || widest > columns - 15), "{widest} of {columns}");
    }
}
