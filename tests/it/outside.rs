//! Nothing outside a workspace is read, quoted or written because something in the workspace says so.
#![cfg(unix)]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::{Command, Stdio},
};

use proptest::prelude::*;

use crate::support::{Run, World, words};

/// In every file outside, and never to be seen.
const MARK: &str = "ghp_OUTSIDEzQ9";
/// The credential of every run.
const TOKEN: &str = "full-token";
const DESK: &str =
    "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n";

/// A world with files beside its workspace that are none of its business.
fn world() -> World {
    let world = World::new().groups(DESK).with("sandbox.yaml", crate::support::SEED);
    let key = format!("{{\"{MARK}\": 1, \"kind\": \"{MARK}\", \"version\": \"{MARK}\"}}");
    let state = format!("{{\"version\": 1, \"objects\": {{\"created\": \"{MARK}\"}}}}");
    for (name, text) in [
        ("token", format!("{MARK}\n")),
        ("key.json", key),
        ("state.json", state),
        ("plan.json", format!("{{\"kind\": \"plan\", \"version\": 1, \"id\": \"{MARK}\"}}")),
        ("live.json", format!("{{\"kind\": \"snapshot\", \"version\": 1, \"{MARK}\": 1}}")),
        ("journal", format!("{{\"record\": \"{MARK}\"}}\n")),
        ("groups.yaml", format!("version: 1\ngroups: [{{ name: {MARK} }}]\n")),
        ("rolecall.yaml", format!("version: 1\n{MARK}: 1\n")),
        ("bytes", format!("\u{feff}{MARK}: [\u{7}")),
    ] {
        world.write(&format!("../out/{name}"), &text);
    }
    world
}

/// Runs the binary with little memory: what has no end would take all there is.
fn run(world: &World, line: &str) -> Run {
    let given = world.command();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -v 4000000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_rolecall")]);
    shell.args(words(line)).current_dir(world.path()).env_clear();
    shell.envs(given.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("HIDDEN_FROM_ALL", MARK).stdin(Stdio::null()).output().unwrap().into()
}

/// Puts a link into the workspace in the place of whatever is there.
fn link(world: &World, place: &str, to: &str) {
    let at = world.path().join(place);
    let _ = fs::remove_file(&at).or_else(|_| fs::remove_dir_all(&at));
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    symlink(to.replace("OUT", world.path().join("../out").to_str().unwrap()), at).unwrap();
}

/// Every file outside, with what is in it.
fn outside(world: &World) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(world.path().join("../out")).unwrap().map(|it| it.unwrap());
    entries
        .map(|it| (it.file_name().into_string().unwrap(), fs::read(it.path()).unwrap_or_default()))
        .collect()
}

#[track_caller]
fn nothing_is_told(run: &Run, what: &str) {
    for secret in [MARK, TOKEN] {
        let told = run.stdout.contains(secret) || run.stderr.contains(secret);
        assert!(!told, "{what} shows {secret}:\n{}\n{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_link_out_of_the_workspace_is_refused_by_its_name() {
    for (place, to, line, named) in [
        ("access/x.yaml", "OUT/token", "validate", "access/x.yaml"),
        ("access/x.yaml", "OUT/groups.yaml", "plan --format markdown", "access/x.yaml"),
        ("access/x.yaml", "../../out/groups.yaml", "plan access/x.yaml", "access/x.yaml"),
        ("access/x.yaml", "/proc/self/environ", "plan", "access/x.yaml"),
        ("access/x.yaml", "/proc/self/pagemap", "plan --format json", "access/x.yaml"),
        ("access/x.yaml", "/dev/stdin", "plan", "access/x.yaml"),
        ("access/x.yaml", "/dev/zero", "plan", "access/x.yaml"),
        ("access/a.yaml", "OUT/bytes", "explain ana@voyager.example", "access/a.yaml"),
        ("access", "OUT", "plan", "access"),
        ("access/more", "OUT", "plan", "access/more"),
        ("other.yaml", "OUT", "plan other.yaml", "other.yaml"),
        ("more", "OUT", "validate more/groups.yaml", "more"),
        ("more", "OUT", "explain ana@voyager.example more", "more"),
        ("more", "OUT", "fmt more", "more"),
        ("more", "OUT", "fmt --check more/groups.yaml", "more"),
        ("access/x.yaml", "OUT/groups.yaml", "fmt --diff access/x.yaml", "access/x.yaml"),
        ("rolecall.yaml", "OUT/rolecall.yaml", "validate", "rolecall.yaml"),
        ("rolecall.yaml", "OUT/rolecall.yaml", "doctor", "rolecall.yaml"),
        ("rolecall.yaml", "OUT/token", "duplicate Desk --as Copy", "rolecall.yaml"),
        ("sandbox.yaml", "OUT/token", "plan --endpoint sandbox", "sandbox.yaml"),
        ("sandbox.yaml", "OUT/missing", "plan --endpoint sandbox", "sandbox.yaml"),
        ("seed.yaml", "OUT/token", "sandbox --from seed.yaml", "seed.yaml"),
        (".rolecall", "OUT", "plan --endpoint sandbox", ".rolecall"),
        (".rolecall", "OUT", "apply --auto-approve", ".rolecall"),
        (".rolecall/sandbox.json", "OUT/key.json", "plan --endpoint sandbox", "sandbox.json"),
        (".rolecall/sandbox.json", "OUT/state.json", "snapshot --endpoint sandbox", "sandbox.json"),
        (".rolecall/sandbox.json.lock", "OUT/token", "plan --endpoint sandbox", "sandbox.json"),
        (".rolecall/journal", "OUT", "apply --auto-approve", "journal"),
        ("state.json", "OUT/key.json", "sandbox --state state.json", "state.json"),
        ("plan.json", "OUT/token", "plan --out plan.json", "plan.json"),
        ("plan.json", "OUT/missing", "plan --out plan.json", "plan.json"),
        ("made", "OUT", "plan --out made/plan.json", "made"),
        ("live.json", "OUT/token", "snapshot --out live.json", "live.json"),
        ("log.json", "OUT/token", "plan --events log.json", "log.json"),
        ("log.json", "OUT/token", "sandbox --log log.json", "log.json"),
        ("journal", "OUT/missing", "apply --auto-approve --journal journal", "journal"),
    ] {
        let world = world();
        link(&world, place, to);
        let before = outside(&world);
        let what = format!("{place} -> {to}: {line}");
        let refused = run(&world, line);
        assert_eq!(refused.code, 4, "{what}\n{}\n{}", refused.stdout, refused.stderr);
        assert!((refused.stderr.clone() + &refused.stdout).contains(named), "{what}\n{}", refused.stderr);
        nothing_is_told(&refused, &what);
        assert_eq!(outside(&world), before, "{what}: something was written outside");
        assert_eq!(world.writes(), [""; 0], "{what}");
    }
}

#[test]
fn a_file_that_is_no_document_of_ours_is_not_quoted() {
    for (line, name) in [
        ("plan --live ../out/key.json", "key.json"),
        ("plan --live ../out/live.json", "live.json"),
        ("plan --live ../out/token --format json", "token"),
        ("apply ../out/key.json", "key.json"),
        ("apply ../out/plan.json --format json", "plan.json"),
        ("apply --approved-at-most ../out/plan.json", "plan.json"),
        ("apply linked.json", "linked.json"),
        ("rollback ../out/journal", "journal"),
        ("rollback ../out/bytes", "bytes"),
        ("sandbox --load ../out/live.json", "live.json"),
        ("sandbox --state ../out/state.json", "state.json"),
        ("sandbox --state ../out/token", "token"),
    ] {
        let world = world();
        link(&world, "linked.json", "OUT/plan.json");
        let refused = run(&world, line);
        nothing_is_told(&refused, line);
        refused.expect(4).says(&[name, "hint: "]);
    }
}

#[test]
fn a_device_is_not_read_to_its_end_and_a_pipe_of_the_caller_is() {
    let world = world();
    for line in ["plan --live /dev/zero", "apply /dev/zero", "rollback /dev/zero", "sandbox --load /dev/zero"]
    {
        let refused = run(&world, line);
        // A plan is known by its name.
        assert!(refused.code == 4, "{line}: {}", refused.stderr);
    }
    world.run("plan --out ../plan.json --group-is-not-an-option").expect(4);
    world.run("snapshot --out ../live.json").expect(0);
    world.run("plan --out ../plan.json").expect(0);
    for (file, line) in [("live.json", "plan --live"), ("live.json", "drift --live")] {
        let mut bash = Command::new("bash");
        let line = format!("\"$0\" {line} <(cat ../{file})");
        bash.args(["-c", &line, env!("CARGO_BIN_EXE_rolecall")]).current_dir(world.path());
        let run: Run = bash.stdin(Stdio::null()).output().unwrap().into();
        assert!([0, 2, 6].contains(&run.code), "{line}: {}", run.stderr);
    }
    // What the streams of the machine lead to is neither emptied nor replaced.
    world.write("kept", "kept\n");
    let mut bash = Command::new("bash");
    let line = "\"$0\" plan --live ../live.json --out /dev/stdout >> kept; test -h /dev/stdout";
    bash.args(["-c", line, env!("CARGO_BIN_EXE_rolecall")]).current_dir(world.path());
    Run::from(bash.stdin(Stdio::null()).output().unwrap()).expect(0);
    let kept = fs::read_to_string(world.path().join("kept")).unwrap();
    assert!(kept.starts_with("kept\n") && kept.contains("\"kind\": \"plan\""), "{kept}");
    let mut bash = Command::new("bash");
    bash.args(["-c", "\"$0\" plan --live /dev/stdin < ../live.json", env!("CARGO_BIN_EXE_rolecall")]);
    let run: Run = bash.current_dir(world.path()).stdin(Stdio::null()).output().unwrap().into();
    run.expect(0);
}

#[test]
fn what_names_people_or_secrets_is_for_its_owner_alone() {
    let world = world();
    let mode = |name: &str| fs::metadata(world.path().join(name)).unwrap().permissions().mode() & 0o777;
    for name in ["events.json", "plan.json", "live.json"] {
        world.write(name, "old");
        fs::set_permissions(world.path().join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    world.run("plan --out plan.json --events events.json --endpoint sandbox").expect(0);
    world.run("snapshot --out live.json").expect(0);
    world.run("apply --auto-approve --journal journal.ndjson").expect(0);
    for name in [
        "plan.json",
        "live.json",
        "events.json",
        "journal.ndjson",
        ".rolecall/sandbox.json",
        ".rolecall/sandbox.json.lock",
    ] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
}

#[test]
fn a_secret_that_others_may_read_is_said_once_and_taken() {
    let world =
        world().with("token", TOKEN).variable("ROLECALL_TOKEN", "").variable("ROLECALL_TOKEN_FILE", "token");
    for (mode, warned) in [(0o600, 0), (0o400, 0), (0o644, 1), (0o640, 1), (0o604, 1)] {
        fs::set_permissions(world.path().join("token"), fs::Permissions::from_mode(mode)).unwrap();
        for line in ["plan", "doctor", "plan --format json -q"] {
            let run = world.run(line);
            assert_eq!(
                run.stderr.matches("chmod 600 token").count(),
                warned,
                "{mode:o} {line}: {}",
                run.stderr
            );
            assert!(!run.stdout.contains("chmod"), "{}", run.stdout);
        }
    }
    for (name, words) in [("/dev/zero", "a device"), (".", "a folder"), ("large", "more than 65536 bytes")] {
        world.write("large", &"x".repeat(70_000));
        let mut command = world.command();
        command.env("ROLECALL_TOKEN_FILE", name).arg("plan").stdin(Stdio::null());
        Run::from(command.output().unwrap()).expect(5).says(&["ROLECALL_TOKEN_FILE", words]);
    }
}

/// Neither a crash nor another program of the same user gets at what is in memory.
#[cfg(target_os = "linux")]
#[test]
fn memory_that_holds_a_credential_is_not_dumped() {
    let world = world();
    // Where it is switched on, as far as that is allowed here.
    let mut served = Command::new("sh")
        .args(["-c", "ulimit -c unlimited 2>&-; exec \"$0\" sandbox", env!("CARGO_BIN_EXE_rolecall")])
        .env_clear()
        .current_dir(world.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(served.stdout.as_mut().unwrap()), &mut line)
        .unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", served.id())).unwrap();
    // Of a process that may not be dumped the system owns what it tells of it.
    let owner =
        std::os::unix::fs::MetadataExt::uid(&fs::metadata(format!("/proc/{}/mem", served.id())).unwrap());
    served.kill().unwrap();
    served.wait().unwrap();
    let core = limits.lines().find(|it| it.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    assert_eq!(owner, 0);
}

/// What a change may put where.
const PLACES: &[&str] = &[
    "access/x.yaml",
    "access/deep/x.yaml",
    "access/a.yaml",
    "access/deep",
    "access",
    "rolecall.yaml",
    "sandbox.yaml",
    ".rolecall",
    ".rolecall/sandbox.json",
    ".rolecall/journal",
    ".rolecall/.gitignore",
    "plan.json",
    "live.json",
    "journal.ndjson",
    "other.yaml",
];
/// Where links lead; or what a file is that is none.
const TARGETS: &[&str] = &[
    "OUT/token",
    "OUT/key.json",
    "OUT/state.json",
    "OUT/plan.json",
    "OUT/live.json",
    "OUT/journal",
    "OUT/groups.yaml",
    "OUT/rolecall.yaml",
    "OUT/bytes",
    "OUT/missing",
    "OUT",
    "/proc/self/environ",
    "/proc/self/cmdline",
    "/proc/self/fd/0",
    "/dev/zero",
    "/dev/null",
    "/dev/stdin",
    "nowhere",
    "a pipe",
    "malformed: {",
    "version: 1\ngroups: [{ name: 7, members: {} }]\n",
    "{\"kind\":\"plan\",\"version\":1}",
];
const COMMANDS: &[&str] = &[
    "validate --format json",
    "validate access/x.yaml access/a.yaml",
    "plan --format markdown",
    "plan other.yaml",
    "plan --endpoint sandbox --format json",
    "plan --out plan.json --events live.json -vv",
    "plan --live live.json --format markdown",
    "drift --endpoint sandbox",
    "apply plan.json --format json",
    "apply --auto-approve --endpoint sandbox",
    "apply --auto-approve --journal journal.ndjson",
    "rollback journal.ndjson",
    "explain ana@voyager.example --endpoint sandbox --format json",
    "report --endpoint sandbox --format json",
    "snapshot --out live.json",
    "duplicate Desk --as Copy",
    "doctor --format json",
];

/// Puts into a place what a target says.
fn put(world: &World, place: &str, target: &str) {
    let at = world.path().join(place);
    let parent = at.parent().unwrap();
    // Another may be a file by now, or a link: then there is no such place.
    let root = world.path().canonicalize().unwrap();
    if fs::create_dir_all(parent).is_err() || !parent.canonicalize().is_ok_and(|it| it.starts_with(root)) {
        return;
    }
    if ["OUT", "/", "nowhere"].iter().any(|it| target.starts_with(it)) {
        link(world, place, target);
        return;
    }
    let _ = fs::remove_file(&at).or_else(|_| fs::remove_dir_all(&at));
    if target == "a pipe" {
        assert!(Command::new("mkfifo").arg(&at).status().unwrap().success());
    } else {
        fs::write(&at, target).unwrap();
    }
}

/// Whether a command would wait for somebody at the other end of a pipe that it was told of.
fn waits(world: &World, line: &str) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let is_pipe = |it: &str| fs::metadata(world.path().join(it)).is_ok_and(|it| it.file_type().is_fifo());
    line.split(' ').any(is_pipe)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_change_puts_where_nothing_outside_is_told_or_touched(
        puts in prop::collection::vec((prop::sample::select(PLACES), prop::sample::select(TARGETS)), 1..4),
        lines in prop::collection::vec(prop::sample::select(COMMANDS), 3),
    ) {
        let world = world();
        for (place, target) in &puts {
            put(&world, place, target);
        }
        let before = outside(&world);
        for line in lines.iter().filter(|it| !waits(&world, it)) {
            let what = format!("{puts:?}: {line}");
            let run = run(&world, line);
            nothing_is_told(&run, &what);
            prop_assert!((0..=8).contains(&run.code), "{what}: {} {}", run.code, run.stderr);
            if line.contains("--format json") {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&run.stdout).is_ok(), "{what}: {}", run.stdout);
            }
            prop_assert_eq!(outside(&world), before.clone(), "{}: something was written outside", what);
        }
    }
}

#[test]
fn what_may_be_linked_within_a_workspace_still_may() {
    let world = World::new().with("shared/b", &format!("version: 1\ngroups:\n{DESK}"));
    fs::create_dir_all(world.path().join("access")).unwrap();
    symlink("../shared/b", world.path().join("access/b.yaml")).unwrap();
    let plan = world.plan().expect(0);
    assert!(plan.stdout.contains("shared/b:"), "{}", plan.stdout);
    // The folder of the workspace may be given by a link.
    symlink("workspace", world.path().join("../way")).unwrap();
    let there = |line: &str| -> Run {
        let mut command = world.command();
        command.current_dir(world.path().join("..")).args(words(line)).stdin(Stdio::null());
        command.output().unwrap().into()
    };
    there("-C way plan --out plan.json").expect(0);
    assert!(world.path().join("plan.json").is_file());
    there("-C way apply plan.json --auto-approve").expect(0);
    assert!(Path::new(&world.path().join(".rolecall/journal")).is_dir());
}
