//! The image: what is in it, and that the program does with what is there: nothing but itself, another user, no home.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    os::unix::fs::{PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{hooks::tool, repository::Repository};
use crate::support::{Run, binary, repository, words};

/// The user of the image.
const USER: u32 = 65532;

#[test]
fn the_image_is_the_program_alone_under_a_user_without_rights() {
    let text = repository("Containerfile");
    let lines: Vec<&str> = text.lines().filter(|it| !it.starts_with('#') && !it.is_empty()).collect();
    let bases: Vec<&str> = lines.iter().copied().filter(|it| it.starts_with("FROM ")).collect();
    assert_eq!(bases.len(), 2);
    for base in &bases {
        let digest = base.split_once("@sha256:").unwrap_or_else(|| panic!("{base}")).1;
        assert_eq!(digest.chars().take_while(char::is_ascii_hexdigit).count(), 64, "{base}");
    }
    let last: Vec<&str> = lines.iter().copied().skip_while(|it| *it != bases[1]).collect();
    assert!(bases[1].contains("/distroless/static"), "{}", bases[1]);
    assert!(
        last.contains(&"USER 65532:65532") && last.contains(&r#"ENTRYPOINT ["/usr/local/bin/rolecall"]"#)
    );
    assert!(!last.iter().any(|it| it.starts_with("RUN ") || it.starts_with("ENV ")), "{last:?}");
    // What is copied for the build is enough for cargo to see the whole workspace.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = tempfile::tempdir().unwrap();
    for line in lines.iter().filter(|it| it.starts_with("COPY ") && !it.contains("--from")) {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        for name in &words[..words.len() - 1] {
            symlink(root.join(name), source.path().join(name)).unwrap();
        }
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(&source);
    let known: Run = cargo.output().unwrap().into();
    assert!(known.expect(0).stdout.contains("\"name\":\"rolecall\""));
    // And what the program holds of other files is there.
    let held = Command::new("grep")
        .args(["-rhoE", r#"include_(str|bytes)!\("[^"]*"#])
        .arg(root.join("src"))
        .output()
        .unwrap();
    for path in
        String::from_utf8(held.stdout).unwrap().lines().filter_map(|it| it.split_once('"').map(|it| it.1))
    {
        // What stays below `src` is there anyway.
        let top = path.trim_start_matches("../").split('/').next().unwrap();
        let is_below = !path.starts_with("../../") || root.join("src/report/render").join(top).exists();
        assert!(is_below || source.path().join(top).exists(), "{path}");
    }
}

#[test]
fn the_containerfile_is_as_its_linter_wants_it() {
    let Some(hadolint) = tool("hadolint") else { return };
    let mut command = Command::new(hadolint);
    let run: Run =
        command.arg("Containerfile").current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap().into();
    run.expect(0);
}

/// A root for a container: the program with what it is linked to here, a workspace, and a folder that stands for a volume.
struct Root {
    folder: tempfile::TempDir,
}

impl Root {
    fn new(repository: &Repository) -> Self {
        let root = Self { folder: tempfile::tempdir().unwrap() };
        let program = binary().get_program().to_owned();
        root.copied(Path::new(&program), Path::new("/usr/local/bin/rolecall"));
        // Released programs are linked to nothing.
        let linked = Command::new("ldd").arg(&program).output().unwrap();
        for word in
            String::from_utf8(linked.stdout).unwrap().split_whitespace().filter(|it| it.starts_with('/'))
        {
            root.copied(Path::new(word), Path::new(word));
        }
        for path in ["rolecall.yaml", "access/desk.yaml"] {
            root.copied(&repository.world.path().join(path), &Path::new("/workspace").join(path));
        }
        fs::create_dir(root.at("/volume")).unwrap();
        chown(root.at("/volume"), Some(USER), Some(USER)).unwrap();
        root
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    fn copied(&self, from: &Path, to: &Path) {
        let to = self.at(to.to_str().unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, &to).unwrap();
    }

    /// Takes away all rights to write, but in the volume.
    fn read_only(&self) {
        let volume = self.at("/volume");
        for path in self.everything().keys().filter(|it| **it != volume) {
            let run = path.is_dir() || path.ends_with("rolecall") || path.to_str().unwrap().contains(".so");
            fs::set_permissions(path, fs::Permissions::from_mode(if run { 0o555 } else { 0o444 })).unwrap();
        }
    }

    /// Every path, with when it was last changed.
    fn everything(&self) -> BTreeMap<PathBuf, std::time::SystemTime> {
        let mut all = BTreeMap::new();
        let mut left = vec![self.folder.path().to_owned()];
        while let Some(path) = left.pop() {
            if path.is_dir() {
                left.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
            }
            all.insert(path.clone(), path.symlink_metadata().unwrap().modified().unwrap());
        }
        all
    }

    /// Runs the program in it as its user, with these variables and no others.
    fn run(&self, line: &str, variables: &[(&str, &str)]) -> Run {
        let mut command = Command::new("chroot");
        command.arg(format!("--userspec={USER}:{USER}")).arg(self.folder.path());
        command.arg("/usr/local/bin/rolecall").args(["-C", "/workspace"]).args(words(line));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap().into()
    }
}

#[test]
fn another_user_without_a_home_plans_and_applies_where_only_a_volume_can_be_written() {
    let possible = Command::new("chroot").args(["--userspec=65532:65532", "/", "true"]).output();
    if !possible.is_ok_and(|it| it.status.success()) {
        let text = "SKIPPED: a test of the image without an image, which takes root for chroot(1)\n";
        io::stderr().write_all(text.as_bytes()).unwrap();
        return;
    }
    let repository = Repository::new();
    repository
        .world
        .write("access/desk.yaml", &super::repository::desk(&["ana@voyager.example", "cy@voyager.example"]));
    let root = Root::new(&repository);
    root.read_only();
    let before = root.everything();
    let url = repository.world.url();
    let live = [("ROLECALL_ENDPOINT", &*url), ("ROLECALL_TOKEN", "full-token"), ("ROLECALL_SETTLE", "30ms")];
    root.run("validate", &[]).expect(0);
    root.run("plan --report junit=/volume/plan.xml --out /volume/plan.json", &live).expect(0);
    root.run("drift --metrics-file /volume/rolecall.prom", &live).expect(2);
    // Without a place for its journal nothing is written, there or live.
    let refused = root.run("apply /volume/plan.json", &live);
    assert!(refused.code == 4 && refused.stderr.contains("journal"), "{} {}", refused.code, refused.stderr);
    assert_eq!(repository.world.writes(), [""; 0]);
    root.run("apply /volume/plan.json --journal /volume/journal.ndjson", &live).expect(0);
    assert_eq!(repository.world.members("Desk"), ["ana@voyager.example", "cy@voyager.example"]);
    root.run("drift", &live).expect(0);
    // No certificate of a CA is read from a file: there is none, and it gets as far as the connection.
    let far = root.run(
        "plan --timeout 5s",
        &[("ROLECALL_ENDPOINT", "https://127.0.0.1:9"), ("ROLECALL_TOKEN", "full-token")],
    );
    assert!(far.code == 8 && !far.stderr.contains("certificate"), "{} {}", far.code, far.stderr);
    // What is there since is on the volume.
    let volume = root.at("/volume");
    let after = root.everything();
    let new: Vec<&PathBuf> = after
        .iter()
        .filter(|it| before.get(it.0) != Some(it.1) && !it.0.starts_with(&volume))
        .map(|it| it.0)
        .collect();
    assert!(new.is_empty(), "{new:?}");
    assert!(root.at("/volume/journal.ndjson").exists());
}
