//! A workspace is begun: what is written, what is refused, what is asked.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    bases,
    support::{NO_CHANGES, Run, VOYAGER, World, binary, words},
};

/// Everything below a folder but what git keeps there, by its path.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
            if name == ".git" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

fn run(folder: &Path, line: &str) -> Run {
    binary().current_dir(folder).args(words(line)).stdin(Stdio::null()).output().unwrap().into()
}

#[track_caller]
fn git(folder: &Path, line: &str) {
    let line = words(line);
    bases::git(folder, &line.iter().map(String::as_str).collect::<Vec<_>>());
}

/// A repository with a remote at this address, if it has one.
fn repository(remote: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), "init -q");
    if !remote.is_empty() {
        git(folder.path(), &format!("remote add origin {remote}"));
    }
    folder
}

const REHEARSAL: [&str; 8] = [
    ".gitignore",
    "access/admins.yaml",
    "access/agents.yaml",
    "access/oncall.yaml",
    "rolecall.yaml",
    "sandbox.yaml",
    "schemas/access.schema.json",
    "schemas/workspace.schema.json",
];

#[test]
fn a_rehearsal_is_two_commands_to_a_true_plan() {
    let folder = tempfile::tempdir().unwrap();
    let begun = run(folder.path(), "init --endpoint sandbox").expect(0).says(&["Next: rolecall plan"]);
    assert_eq!(tree(folder.path()).into_keys().collect::<Vec<_>>(), REHEARSAL);
    for name in REHEARSAL {
        assert!(begun.stdout.contains(&format!("  {name}\n")), "{}", begun.stdout);
    }
    run(folder.path(), "validate").expect(0);
    let plan = run(folder.path(), "plan").expect(0);
    assert!(plan.stdout.contains("Plan: 1 group to create, 3 to change, 1 to delete; "), "{}", plan.stdout);
    // Elsewhere, the folder is made.
    for place in ["new", "new/and/deeper"] {
        let root = folder.path().parent().unwrap().join(format!(
            "{}-{}",
            folder.path().file_name().unwrap().to_str().unwrap(),
            place.replace('/', "-")
        ));
        let line = format!("init --endpoint sandbox --company voyager -C {}", root.display());
        run(folder.path(), &line).expect(0).says(&[&format!("Next: rolecall -C {} plan", root.display())]);
        run(&root, "plan").expect(0);
        fs::remove_dir_all(root).unwrap();
    }
    run(tempfile::tempdir().unwrap().path(), "init --endpoint sandbox --company globex").expect(4);
}

#[test]
fn a_company_of_ones_own_needs_only_its_first_group() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let own = |line: &str| -> Run {
        world
            .command()
            .current_dir(folder.path())
            .args(words(line))
            .stdin(Stdio::null())
            .output()
            .unwrap()
            .into()
    };
    world.forget();
    let begun = own(&format!("init --company {VOYAGER} --no-import")).expect(0);
    assert_eq!(world.log().len(), 0, "a request was made");
    let begun = begun.says(&["ROLECALL_CLIENT_ID", "ROLECALL_TOKEN", "_FILE"]);
    for text in [&begun.stdout, &begun.stderr].into_iter().chain(tree(folder.path()).values()) {
        assert!(!text.contains("full-token"), "{text}");
    }
    // There is nothing yet to plan, and nothing else is amiss.
    let empty = own("validate").expect(4);
    assert!(
        empty.stdout.contains("error[nothing-declared]") && empty.stdout.contains("1 finding"),
        "{}",
        empty.stdout
    );
    let path = folder.path().join("access/groups.yaml");
    let text = fs::read_to_string(&path).unwrap();
    // As the comment in it says.
    let group: String =
        text.lines().filter_map(|it| it.strip_prefix("#   ")).map(|it| format!("  {it}\n")).collect();
    fs::write(
        &path,
        text.replace(
            "groups: []\n",
            &format!("groups:\n{}", group.replace("somebody@example.com", "ana@voyager.example")),
        ),
    )
    .unwrap();
    own("validate").expect(0);
    own("plan").expect(0).says(&[]).shows("+ group Night Desk 1 role, 1 member access/groups.yaml:14");
}

#[test]
fn a_company_that_is_there_is_imported_and_its_first_plan_has_nothing_to_do() {
    let world = World::new();
    for line in ["init", "init -C deeper"] {
        let folder = repository("git@gitlab.com:voyager/access.git");
        let own = |line: &str| -> Run {
            let mut command = world.command();
            command.current_dir(folder.path()).env("ROLECALL_COMPANY", VOYAGER).args(words(line));
            command.stdin(Stdio::null()).output().unwrap().into()
        };
        own(&format!("{line} --dry-run")).expect(0);
        assert!(tree(folder.path()).is_empty());
        own(line).expect(0).says(&["Next: rolecall", "Jobs for GitLab"]);
        let files = tree(folder.path());
        for name in ["rolecall.yaml", ".gitignore", "schemas/access.schema.json"] {
            assert!(files.keys().any(|it| it.ends_with(name)), "{name}");
        }
        assert!(files.contains_key(".gitlab-ci.yml"));
        let plan =
            if line == "init" { "plan --detailed-exitcode" } else { "plan --detailed-exitcode -C deeper" };
        own(plan).expect(0).ends_with(NO_CHANGES);
        let again = own(line).expect(4);
        assert!(again.stderr.contains("rolecall.yaml"), "{}", again.stderr);
        assert_eq!(tree(folder.path()), files);
    }
    // What cannot be read leaves nothing behind.
    let folder = tempfile::tempdir().unwrap();
    let mut command = world.command();
    command.current_dir(folder.path()).env("ROLECALL_TOKEN", "no-such-token");
    let run: Run = command.args(["init", "--company", VOYAGER]).stdin(Stdio::null()).output().unwrap().into();
    run.expect(5);
    assert!(tree(folder.path()).is_empty());
    let mut command = world.command();
    command.current_dir(folder.path()).env("ROLECALL_TOKEN", "");
    let run: Run = command.args(["init", "--company", VOYAGER]).stdin(Stdio::null()).output().unwrap().into();
    run.expect(0).says(&["No credentials are set", "import --merge"]);
}

#[test]
fn nothing_is_taken_the_place_of_and_all_that_is_in_the_way_is_named() {
    let folder = repository("git@github.com:voyager/access.git");
    for (there, line) in [
        (&["rolecall.yaml"][..], "init --endpoint sandbox"),
        (&["access/admins.yaml", "sandbox.yaml"], "init --endpoint sandbox"),
        (
            &["access/groups.yaml"],
            "init --endpoint https://apis.spotnana.com --company 1a6f0000-0000-4000-8000-000000000001",
        ),
        (
            &[".github/workflows/access-plan.yml", ".github/workflows/access-drift.yml"],
            "init --endpoint sandbox",
        ),
        (&[".gitlab-ci.yml"], "init --endpoint sandbox --ci gitlab"),
    ] {
        for name in there {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "mine\n").unwrap();
        }
        let before = tree(folder.path());
        let words: Vec<&str> =
            there.iter().copied().chain(["nothing was written", "there already"]).collect();
        run(folder.path(), line).expect(4).says(&words);
        assert_eq!(tree(folder.path()), before, "{line}");
        for name in there {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
    }
    // What is given wrong is found before anything is written as well.
    for line in [
        "init --endpoint nowhere",
        "init --endpoint https://apis.spotnana.com --company voyager",
        "init --endpoint http://example.com --company x",
        "init --ci bitbucket",
    ] {
        let refused = run(folder.path(), line).expect(4);
        assert!(tree(folder.path()).is_empty(), "{line}: {}", refused.stderr);
    }
    // A schema of another version is somebody's, and in nobody's way.
    fs::create_dir_all(folder.path().join("schemas")).unwrap();
    fs::write(folder.path().join("schemas/access.schema.json"), "{}").unwrap();
    run(folder.path(), "init --endpoint sandbox --ci none").expect(0);
    assert_eq!(tree(folder.path())["schemas/access.schema.json"], "{}");
    let inner = folder.path().join("access/inner");
    fs::create_dir_all(&inner).unwrap();
    run(&inner, "init --endpoint sandbox").expect(4).says(&["in a workspace already"]);
    run(&inner, "init --endpoint sandbox -C deeper").expect(4).says(&["in a workspace already"]);
}

#[test]
fn without_a_terminal_it_is_said_which_flags_are_missing() {
    for (line, variables, missing) in [
        ("init", &[][..], &["--endpoint URL", "--company ID"][..]),
        ("init --company 1a6f0000-0000-4000-8000-000000000001", &[], &["--endpoint URL"]),
        ("init --endpoint https://apis.spotnana.com", &[], &["--company ID"]),
        ("init", &[("ROLECALL_ENDPOINT", "https://apis.spotnana.com")], &["--company ID"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = binary();
        command
            .current_dir(folder.path())
            .args(words(line))
            .envs(variables.iter().copied())
            .stdin(Stdio::null());
        let run: Run = command.output().unwrap().into();
        let run = run.expect(4).says(missing);
        for other in ["--endpoint URL", "--company ID"].iter().filter(|it| !missing.contains(it)) {
            assert!(!run.stderr.contains(other), "{}", run.stderr);
        }
        assert!(tree(folder.path()).is_empty());
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = binary();
    command.envs([("ROLECALL_ENDPOINT", "sandbox"), ("ROLECALL_INIT_CI", "none")]).arg("init");
    let run: Run = command.current_dir(folder.path()).stdin(Stdio::null()).output().unwrap().into();
    run.expect(0);
}

#[test]
fn what_is_only_shown_is_what_would_be_written() {
    let folder = repository("https://gitlab.example/voyager/access");
    let shown = run(folder.path(), "init --endpoint sandbox --dry-run").expect(0);
    assert!(tree(folder.path()).is_empty());
    let json = run(folder.path(), "init --endpoint sandbox --dry-run --format json").expect(0).json();
    let texts: BTreeMap<String, String> = json["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["path"].as_str().unwrap().to_owned(), it["text"].as_str().unwrap().to_owned()))
        .collect();
    let done = run(folder.path(), "init --endpoint sandbox --format json").expect(0).json();
    assert_eq!((done["kind"].as_str(), done["next"].as_str()), (Some("init"), Some("rolecall plan")));
    let written = tree(folder.path());
    for (name, text) in &written {
        assert!(shown.stdout.contains(text.as_str()), "{name}");
        let shown = texts
            .get(name)
            .or_else(|| texts.iter().find(|it| it.0.ends_with(&format!("/{name}"))).map(|it| it.1));
        assert_eq!(shown, Some(text), "{name}");
    }
    assert_eq!(done["files"].as_array().unwrap().len(), written.len());
}

#[test]
fn the_jobs_are_those_of_the_forge_that_the_remote_names() {
    let github = ["apply", "comment", "drift", "plan", "snapshot"];
    let github = github.map(|it| format!(".github/workflows/access-{it}.yml"));
    let github: Vec<&str> = github.iter().map(String::as_str).collect();
    let azure = ["azure-pipelines-rolecall.yml", "azure-pipelines.yml"];
    for (remote, flag, expected, said) in [
        ("git@github.com:voyager/access.git", "", &github[..], "Jobs for GitHub"),
        ("https://user:hush-hush@github.example/voyager/access", "", &github, "Jobs for GitHub"),
        ("https://gitlab.com/voyager/access.git", "", &[".gitlab-ci.yml"], "Jobs for GitLab"),
        ("https://codeberg.org/voyager/access.git", "", &[], "what runs jobs at codeberg.org is not known"),
        ("", "", &[], "the repository has no remote"),
        ("git@github.com:voyager/access.git", "--ci none", &[], "Next: rolecall plan"),
        ("git@github.com:voyager/access.git", "--ci gitlab", &[".gitlab-ci.yml"], "Jobs for GitLab"),
        ("", "--ci github", &github, "Jobs for GitHub"),
        ("git@ssh.dev.azure.com:v3/voyager/access/access", "", &azure, "Jobs for Azure"),
        ("git@github.com:voyager/access.git", "--ci azure", &azure, "Jobs for Azure"),
    ] {
        let folder = repository(remote);
        let begun = run(folder.path(), &format!("init --endpoint sandbox {flag}")).expect(0).says(&[said]);
        assert!(!begun.stderr.contains("hush-hush"), "{}", begun.stderr);
        let jobs: Vec<String> = tree(folder.path()).into_keys().filter(|it| it.ends_with(".yml")).collect();
        assert_eq!(jobs, expected, "{remote} {flag}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    run(nowhere.path(), "init --endpoint sandbox")
        .expect(0)
        .says(&["this is not in a Git repository", "--ci github"]);
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folder = repository("git@github.com:voyager/access.git");
    run(folder.path(), "init --endpoint sandbox").expect(0);
    let plan = fs::read_to_string(folder.path().join(github[3])).unwrap();
    assert_eq!(plan, fs::read_to_string(examples.join("github-actions/pull-request.yml")).unwrap());
}

#[test]
fn a_repository_runs_nothing_when_it_is_asked() {
    let folder = repository("git@github.com:voyager/access.git");
    let ran = folder.path().join("ran");
    git(folder.path(), &format!("config core.fsmonitor \"touch {}\"", ran.display()));
    git(folder.path(), &format!("config core.pager \"touch {}\"", ran.display()));
    run(folder.path(), "init --endpoint sandbox").expect(0).says(&["Jobs for GitHub"]);
    assert!(!ran.exists());
}

#[test]
fn jobs_stand_at_the_top_and_are_about_the_folder() {
    let remotes = [
        "git@github.com:voyager/access.git",
        "git@gitlab.com:voyager/access.git",
        "git@ssh.dev.azure.com:v3/v/a/a",
    ];
    for remote in remotes {
        let folder = repository(remote);
        let line = "init --endpoint sandbox -C \"ops/who may\"";
        run(folder.path(), line).expect(0);
        let files = tree(folder.path());
        assert!(
            files.contains_key("ops/who may/rolecall.yaml") && files.contains_key("ops/who may/.gitignore")
        );
        let jobs: Vec<_> = files.iter().filter(|it| it.0.ends_with(".yml")).collect();
        assert!(!jobs.is_empty());
        for (name, text) in jobs {
            assert!(!name.starts_with("ops"), "{name}");
            let parsed: Value = serde_yaml::from_str(text).unwrap();
            let said = match name.as_str() {
                "azure-pipelines-rolecall.yml" => continue, // which runs nothing of it
                "azure-pipelines.yml" => &parsed["variables"][0]["value"],
                ".gitlab-ci.yml" => &parsed["variables"]["ROLECALL_WORKSPACE"],
                _ => &parsed["env"]["ROLECALL_WORKSPACE"],
            };
            assert_eq!(said, "ops/who may", "{text}");
        }
        // The variable leads there from the top.
        let plan: Run = binary()
            .current_dir(folder.path())
            .env("ROLECALL_WORKSPACE", "ops/who may")
            .arg("plan")
            .output()
            .unwrap()
            .into();
        plan.expect(0);
    }
}

#[test]
fn what_runs_leave_behind_is_ignored_once_and_the_rest_of_the_list_stays() {
    for (before, after) in [
        (None, ".rolecall/\n"),
        (Some(""), ".rolecall/\n"),
        (Some("target\n"), "target\n.rolecall/\n"),
        (Some("target"), "target\n.rolecall/\n"),
        (Some("a\r\nb\r\n"), "a\r\nb\r\n.rolecall/\r\n"),
        (Some("# .rolecall/\n*.rolecall/\n"), "# .rolecall/\n*.rolecall/\n.rolecall/\n"),
        (Some(".rolecall/\n"), ".rolecall/\n"),
        (Some("/.rolecall\nx"), "/.rolecall\nx"),
        (Some(" .rolecall \n"), " .rolecall \n"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".gitignore");
        if let Some(before) = before {
            fs::write(&path, before).unwrap();
        }
        run(folder.path(), "init --endpoint sandbox").expect(0);
        assert_eq!(fs::read_to_string(&path).unwrap(), after, "{before:?}");
    }
    #[cfg(unix)]
    {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join(".gitignore")).unwrap();
        run(folder.path(), "init --endpoint sandbox").expect(4).says(&[".gitignore", "nothing was written"]);
        assert_eq!(fs::read_to_string(elsewhere.path()).unwrap(), "");
        assert!(!folder.path().join("rolecall.yaml").exists());
    }
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use std::io::{Read as _, Write as _};

    use super::*;

    /// Runs the program on a terminal of its own, and types each answer once its question is there; then ends the input.
    fn asked(folder: &Path, line: &str, answers: &[(&str, &str)]) -> Run {
        let line = format!("{} {line}", env!("CARGO_BIN_EXE_rolecall"));
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env_clear();
        command.envs([
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("SHELL", "/bin/sh".to_owned()),
            ("TERM", "dumb".to_owned()),
        ]);
        command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("script(1), a part of util-linux, makes the terminal");
        let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut shown = Vec::new();
        let mut seen = 0;
        for (question, answer) in answers {
            loop {
                let text = String::from_utf8_lossy(&shown).into_owned();
                if let Some(at) = text[seen..].find(question) {
                    seen += at + question.len();
                    break;
                }
                let mut some = [0; 4096];
                let n = screen.read(&mut some).unwrap();
                assert!(n > 0, "ended without `{question}`:\n{text}");
                shown.extend_from_slice(&some[..n]);
            }
            keys.write_all(answer.as_bytes()).unwrap();
        }
        screen.read_to_end(&mut shown).unwrap();
        drop(keys);
        let mut output = child.wait_with_output().unwrap();
        output.stdout = String::from_utf8_lossy(&shown).replace('\r', "").into_bytes();
        output.into()
    }

    const NUMBER: &str = "Number, or a URL: ";
    const ID: &str = "Its id: ";

    #[test]
    fn what_is_not_given_is_asked_for() {
        for answers in [
            &[(NUMBER, "1\n")][..],
            &[(NUMBER, " sandbox \n")],
            &[(NUMBER, "9\n"), (NUMBER, "nowhere\n"), (NUMBER, "1\n")],
        ] {
            let folder = tempfile::tempdir().unwrap();
            let begun = asked(folder.path(), "init", answers).expect(0);
            assert!(begun.stdout.contains("Next: rolecall plan"), "{}", begun.stdout);
            assert_eq!(tree(folder.path()).into_keys().collect::<Vec<_>>(), REHEARSAL);
        }
        for (line, answers) in [
            (
                "init --no-import",
                &[(NUMBER, "2\n"), (ID, "voyager\n"), (ID, "1A6F0000-0000-4000-8000-000000000001\n")][..],
            ),
            (
                "init --no-import --endpoint https://apis.spotnana.com",
                &[(ID, "1a6f0000-0000-4000-8000-000000000001\n")],
            ),
            (
                "init --no-import --company 1a6f0000-0000-4000-8000-000000000001",
                &[(NUMBER, "https://api.spotnana.com\n")],
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            asked(folder.path(), line, answers).expect(0);
            let text = &tree(folder.path())["rolecall.yaml"];
            let parsed: Value = serde_yaml::from_str(text).unwrap();
            assert_eq!(parsed["company"], VOYAGER, "{text}");
            let endpoint = parsed["api"]["endpoint"].as_str().unwrap();
            assert!(endpoint.starts_with("https://api") && endpoint.contains("spotnana.com"), "{endpoint}");
        }
    }

    #[test]
    fn who_does_not_answer_gets_no_files_and_a_secret_by_mistake_is_not_repeated() {
        for answers in [
            &[(NUMBER, "\u{4}")][..],
            &[(NUMBER, "\n"), (NUMBER, "x\n"), (NUMBER, "0\n")],
            &[(NUMBER, "2\n"), (ID, "\u{4}")],
            &[(NUMBER, "2\n"), (ID, "hush-hush-secret\n"), (ID, "\n"), (ID, "x\n")],
        ] {
            let folder = tempfile::tempdir().unwrap();
            let refused = asked(folder.path(), "init", answers).expect(4);
            assert!(
                tree(folder.path()).is_empty() && refused.stdout.contains("nothing was written"),
                "{}",
                refused.stdout
            );
            // The terminal itself shows what is typed, once.
            assert!(refused.stdout.matches("hush-hush-secret").count() <= 1, "{}", refused.stdout);
        }
    }
}
