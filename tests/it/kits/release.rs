//! From a tag to a program on the PATH of a job: the steps of the release workflow, and of the action that fetches what it made.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::Value;

use super::repository::{Repository, executable};
use crate::support::{Run, repository};

/// Builds what is installed already, for the target that it is told.
const CARGO: &str = r#"#!/bin/sh
echo "$* RUSTFLAGS=$RUSTFLAGS $(env | grep ^CC_)" >> FORGE/cargo.log
while [ "$1" != --target ]; do shift; done
mkdir -p "target/$2/dist"
case "$2" in *-windows-*) end=.exe ;; esac
cp FORGE/installed/rolecall "target/$2/dist/rolecall$end"
"#;

fn workflow() -> Value {
    serde_yaml::from_str(&repository(".github/workflows/release.yml")).unwrap()
}

fn script(job: &str, name: &str) -> String {
    let workflow = workflow();
    let steps = workflow["jobs"][job]["steps"].as_array().unwrap();
    let step = steps.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("{job} {name}"));
    step["run"].as_str().unwrap().to_owned()
}

fn targets() -> Vec<String> {
    let matrix = workflow()["jobs"]["build"]["strategy"]["matrix"]["include"].clone();
    matrix.as_array().unwrap().iter().map(|it| it["target"].as_str().unwrap().to_owned()).collect()
}

/// Runs a script as a step with these variables.
fn runs(script: &str, folder: &Path, tools: &Path, variables: &[(&str, &str)]) -> Run {
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(folder).env_clear();
    command.env("PATH", format!("{}:{}", tools.display(), std::env::var("PATH").unwrap()));
    command.envs(variables.iter().copied()).output().unwrap().into()
}

/// Builds for all targets, and puts what comes of it where releases are fetched from.
fn released() -> Repository {
    let forge = Repository::new();
    let root = forge.forge("").canonicalize().unwrap();
    executable(&forge.forge("tools/cargo"), &CARGO.replace("FORGE", root.to_str().unwrap()));
    for target in targets() {
        let _ = fs::remove_dir_all(forge.forge("dist"));
        let built =
            runs(&script("build", "Build"), &root, &forge.forge("tools"), &[("TARGET", &target)]).expect(0);
        assert!(built.stdout.starts_with("rolecall "), "{}", built.stdout);
        for entry in fs::read_dir(forge.forge("dist")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, forge.forge("release").join(path.file_name().unwrap())).unwrap();
        }
    }
    let summary = forge.forge("summary.md");
    let summary = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
    runs(&script("release", "Checksums"), &forge.forge("release"), &forge.forge("tools"), &summary).expect(0);
    forge
}

/// Runs the action on a runner of this kind.
fn fetched(forge: &Repository, system: &str, architecture: &str, version: &str) -> Run {
    let action: Value = serde_yaml::from_str(&repository("action.yml")).unwrap();
    let script = action["runs"]["steps"][0]["run"].as_str().unwrap();
    for name in ["temp", "path", "output"] {
        let _ = fs::remove_dir_all(forge.forge(name));
        let _ = fs::remove_file(forge.forge(name));
    }
    fs::create_dir(forge.forge("temp")).unwrap();
    let at = |name: &str| forge.forge(name).to_str().unwrap().to_owned();
    let variables = [
        ("RUNNER_OS", system),
        ("RUNNER_ARCH", architecture),
        ("VERSION", version),
        ("REPOSITORY", "owner/rolecall"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("RUNNER_TEMP", &at("temp")),
        ("GITHUB_PATH", &at("path")),
        ("GITHUB_OUTPUT", &at("output")),
    ];
    runs(script, &forge.forge("temp"), &forge.forge("tools"), &variables)
}

const RUNNERS: [(&str, &str); 5] =
    [("Linux", "X64"), ("Linux", "ARM64"), ("macOS", "X64"), ("macOS", "ARM64"), ("Windows", "X64")];

#[test]
fn what_a_tag_makes_is_what_the_action_puts_on_the_path() {
    let forge = released();
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    for (system, architecture) in RUNNERS {
        fetched(&forge, system, architecture, version).expect(0);
        let folder = forge.kept("path");
        let name = if system == "Windows" { "rolecall.exe" } else { "rolecall" };
        let run: Run =
            Command::new(Path::new(folder.trim()).join(name)).arg("--version").output().unwrap().into();
        assert_eq!(
            forge.kept("output"),
            format!("version={}", run.expect(0).stdout),
            "{system} {architecture}"
        );
    }
    // Every program of a release is fetched by somebody, and from where it was asked for.
    let asked = forge.kept("curl.log");
    let fetched: BTreeSet<&str> = asked
        .split_whitespace()
        .filter(|it| it.starts_with("https://") && !it.ends_with("SHA256SUMS"))
        .collect();
    let at = |it: &String| {
        let end = if it.contains("windows") { ".exe" } else { "" };
        format!("https://github.com/owner/rolecall/releases/download/{version}/rolecall-{it}{end}")
    };
    assert_eq!(fetched, targets().iter().map(at).collect::<Vec<_>>().iter().map(String::as_str).collect());
    let verified = forge.kept("gh.log");
    for word in [
        "attestation verify",
        "--repo owner/rolecall",
        "--signer-workflow owner/rolecall/.github/workflows/release.yml",
    ] {
        assert_eq!(verified.matches(word).count(), RUNNERS.len(), "{word}\n{verified}");
    }
    assert!(verified.contains(&format!("--source-ref refs/tags/{version}")));
    // Nothing of the machine that built it is needed, on Linux and Windows.
    let built = forge.kept("cargo.log");
    for target in ["x86_64", "aarch64"] {
        assert_eq!(built.matches(&format!("CC_{target}_unknown_linux_musl=musl-gcc")).count(), 1, "{built}");
    }
    assert_eq!(built.matches("crt-static").count(), 1);
    assert_eq!(built.matches("--locked --package rolecall --profile dist").count(), 5);
}

#[test]
fn a_program_that_is_not_that_of_the_release_is_never_on_the_path() {
    let forge = released();
    let file = forge.forge("release/rolecall-x86_64-unknown-linux-musl");
    let sums = forge.kept("release/SHA256SUMS");
    let refused = |version: &str, why: &str| {
        let run = fetched(&forge, "Linux", "X64", version).expect(1);
        assert!(run.stdout.contains("::error") && run.stdout.contains(why), "{}{}", run.stdout, run.stderr);
        assert_eq!(forge.kept("path"), "", "{why}");
    };
    let sound = fs::read(&file).unwrap();
    fs::write(&file, "#!/bin/sh\nexit 0\n").unwrap();
    refused("v0.1.0", "The checksum of rolecall-x86_64-unknown-linux-musl is not that");
    fs::write(&file, &sound).unwrap();
    fs::write(forge.forge("release/SHA256SUMS"), sums.replace("x86_64-unknown", "x86_65-unknown")).unwrap();
    refused("v0.1.0", "does not name");
    fs::write(forge.forge("release/SHA256SUMS"), &sums).unwrap();
    fs::write(forge.forge("forged"), "").unwrap();
    refused("v0.1.0", "The provenance of");
    fs::remove_file(forge.forge("forged")).unwrap();
    for version in
        ["latest", "v1", "v0.1.0/../../../../other/releases/download/v0.1.0", "", "v0.1.0 --insecure"]
    {
        refused(version, "is to be the tag of a release");
    }
    let run = fetched(&forge, "Linux", "RISCV64", "v0.1.0").expect(1);
    assert!(run.stdout.contains("no program for Linux on RISCV64"), "{}", run.stdout);
    // Where there is no gh, that is said.
    fs::remove_file(forge.forge("tools/gh")).unwrap();
    if Command::new("gh").arg("--version").output().is_err() {
        let run = fetched(&forge, "Linux", "X64", "v0.1.0").expect(0);
        assert!(
            run.stdout.contains("::warning") && run.stdout.contains("the provenance was not"),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn a_tag_that_is_not_the_version_makes_no_release() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let check = script("check", "The tag is the version");
    for (tag, code) in [(concat!("v", env!("CARGO_PKG_VERSION")), 0), ("v9.9.9", 1), ("v0.1", 1), ("main", 1)]
    {
        runs(&check, root, root, &[("GITHUB_REF_NAME", tag)]).expect(code);
    }
    let jobs = workflow()["jobs"].clone();
    assert_eq!(jobs["release"]["needs"], serde_json::json!(["check", "build"]));
    assert_eq!(targets().len(), 5);
}

/// The kits name one version, that of the program that they are written for.
#[test]
fn kits_and_hooks_name_this_version() {
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    for path in [
        "action.yml",
        "examples/github-actions/merge.yml",
        "examples/gitlab-ci/.gitlab-ci.yml",
        "examples/azure-pipelines/azure-pipelines-rolecall.yml",
        "docs/ci.md",
    ] {
        assert!(repository(path).contains(version), "{path}");
    }
}
