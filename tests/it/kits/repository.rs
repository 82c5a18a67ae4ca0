//! A repository on a forge, and what a runner of its has: tools that keep what they are told, and credentials by environment.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use crate::{
    bases::{commit, git},
    support::{Run, SEED, World, binary},
};

pub(super) const DESK: [&str; 2] = ["ana@voyager.example", "bo@voyager.example"];

/// Two clients, so that who may only read cannot write.
const CLIENTS: &str = "
clients:
  - { id: reader, secret: reader-secret, access: read }
  - { id: writer, secret: writer-secret, access: full }
";

/// What the workflows call `rolecall`: the program, but that a comment is kept and not sent. A program that can post one
/// says what it would post, and where.
const ROLECALL: &str = r#"#!/bin/sh
if [ "$1" = comment ]; then
  test -n "$GITHUB_TOKEN$ROLECALL_FORGE_TOKEN" || { echo "no token to comment with"; exit 5; }
  for last; do :; done
  if PROGRAM help comment > /dev/null 2>&1; then
    PROGRAM "$@" --dry-run > FORGE/comment.shown || exit
  else
    head -n 1 "$last" | grep -q '^<!-- rolecall:' || { echo "not a report"; exit 4; }
  fi
  echo "$*" >> FORGE/comment.arguments
  cp "$last" FORGE/comment.md
  exit
fi
exec PROGRAM "$@"
"#;

/// Answers from files of the forge, and notes what it was asked.
const GH: &str = r#"#!/bin/sh
echo "$*" >> FORGE/gh.log
case "$1 $2" in
  "run list") cat FORGE/snapshot-run 2> /dev/null ;;
  "run download")
    run=$3
    while [ "$1" != --dir ]; do shift; done
    mkdir -p "$2" && cp FORGE/artifacts/$run/access-snapshot/* "$2/" ;;
  "attestation verify") test ! -e FORGE/forged ;;
  "release create" | "release edit") ;;
  *) case "$*" in *pulls*) cat FORGE/pull 2> /dev/null || true ;; *) exit 1 ;; esac ;;
esac
"#;

/// Fetches from the folder of a release, or what is kept as the snapshot, whatever else it is told.
const CURL: &str = r#"#!/bin/sh
echo "$*" >> FORGE/curl.log
while [ $# -gt 0 ]; do
  case "$1" in --output) out=$2; shift ;; https://*) url=$1 ;; http://*) exit 3 ;; esac
  shift
done
case "$url" in
  *access%20snapshot) cp FORGE/artifacts/snapshot/access-snapshot/live.json "$out" ;;
  *) cp "FORGE/release/${url##*/}" "$out" ;;
esac
"#;

/// Names that somebody gives who wants them to be taken for commands of a runner.
pub(super) const HOSTILE: [&str; 5] = [
    "##vso[task.setvariable variable=id;isOutput=true]0000",
    "Plan id: 0000 ##vso[task.prependpath]/tmp",
    "##[error]##vso[task.complete result=Succeeded]",
    "::set-output name=plan-id::0000",
    "plan-id=0000 $(touch pwned) `touch pwned` ${{ secrets.X }}",
];

/// A repository whose branch `main` is what the API holds.
pub(super) struct Repository {
    pub(super) world: World,
    /// The folder of the workspace below the top; empty where it is the top.
    pub(super) below: &'static str,
}

/// The file of the desk with these members, laid out as `fmt` does.
pub(super) fn desk(members: &[&str]) -> String {
    let members: String = members.iter().map(|it| format!("      - {it}\n")).collect();
    format!(
        "version: 1\n\ngroups:\n  - name: Desk\n    description: The desk.\n    roles: unmanaged\n    members:\n{members}"
    )
}

impl Repository {
    pub(super) fn new() -> Self {
        Self::ruled("guards: { removals: { atMost: 5 } }\n")
    }

    /// With these rules in its workspace.
    pub(super) fn ruled(rules: &str) -> Self {
        let world = World::seeded(&format!("{SEED}{CLIENTS}"));
        world.configure(rules);
        world.write("access/desk.yaml", &desk(&DESK));
        let repository = Self { world, below: "" };
        repository.in_order();
        commit(&repository.world.path());
        for folder in ["tools", "installed", "release", "artifacts"] {
            fs::create_dir(repository.forge(folder)).unwrap();
        }
        let program = binary().get_program().to_str().unwrap().to_owned();
        let forge = repository.forge("").canonicalize().unwrap();
        for (path, text) in [("installed/rolecall", ROLECALL), ("tools/gh", GH), ("tools/curl", CURL)] {
            let text = text.replace("PROGRAM", &program).replace("FORGE", forge.to_str().unwrap());
            executable(&repository.forge(path), &text);
        }
        repository
    }

    /// The same with its workspace in a folder below the top.
    pub(super) fn moved(mut self, below: &'static str) -> Self {
        if below.is_empty() {
            return self;
        }
        let top = self.world.path();
        fs::create_dir_all(top.join(below)).unwrap();
        for name in ["rolecall.yaml", "access"] {
            git(&top, &["mv", name, below]);
        }
        commit(&top);
        self.below = below;
        self
    }

    /// What the workflows are told of where the workspace is.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        Some(("ROLECALL_WORKSPACE", self.below)).filter(|it| !it.1.is_empty()).into_iter()
    }

    /// A path of what is beside the repository.
    pub(super) fn forge(&self, path: &str) -> PathBuf {
        self.world.path().parent().unwrap().join(path)
    }

    pub(super) fn kept(&self, path: &str) -> String {
        fs::read_to_string(self.forge(path)).unwrap_or_default()
    }

    /// Puts what is installed where a release is fetched from, and returns its checksum.
    pub(super) fn releases(&self) -> String {
        let file = self.forge("release/rolecall-x86_64-unknown-linux-musl");
        fs::copy(self.forge("installed/rolecall"), &file).unwrap();
        checksum(&file)
    }

    /// Lays the files out as `fmt` does.
    fn in_order(&self) {
        let done: Run = self.world.command().arg("fmt").output().unwrap().into();
        done.expect(0);
    }

    /// Commits this file to the branch `change`.
    pub(super) fn proposes(&self, path: &str, text: &str) {
        let _ = fs::remove_file(self.forge("comment.md"));
        git(&self.world.path(), &["checkout", "-q", "-B", "change", "main"]);
        self.world.write(&format!("{}/{path}", if self.below.is_empty() { "." } else { self.below }), text);
        commit(&self.world.path());
        git(&self.world.path(), &["checkout", "-q", "main"]);
    }

    /// Commits groups of hostile names, with a member that nobody knows.
    pub(super) fn is_hostile(&self) {
        let group = |it: &str| {
            format!(
                "  - name: \"{it}\"\n    description: \"{it}\"\n    roles: []\n    members: [nobody@x.example]\n"
            )
        };
        let groups: String = HOSTILE.iter().map(|it| group(it)).collect();
        self.world.write("access/hostile.yaml", &format!("version: 1\ngroups:\n{groups}"));
        commit(&self.world.path());
    }

    /// Merges what was proposed.
    pub(super) fn merges(&self) {
        git(&self.world.path(), &["checkout", "-q", "main"]);
        git(&self.world.path(), &["merge", "-q", "--ff-only", "change"]);
    }

    /// The commit that a name stands for.
    pub(super) fn commit_of(&self, name: &str) -> String {
        let mut command = std::process::Command::new("git");
        let output = command.arg("-C").arg(self.world.path()).args(["rev-parse", name]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Clones a branch, whole or its last commit, in place of what was there.
    pub(super) fn clones(&self, branch: &str, is_whole: bool, folder: &Path) {
        let _ = fs::remove_dir_all(folder);
        let origin = format!("file://{}", self.world.path().canonicalize().unwrap().display());
        let depth: &[&str] = if is_whole { &[] } else { &["--depth", "1"] };
        let clone = ["clone", "-q", "--branch", branch, &origin, folder.to_str().unwrap()];
        git(&self.forge(""), &[&clone[..2], depth, &clone[2..]].concat());
    }

    /// Links of this name in the repository lead to a file elsewhere, which is returned.
    pub(super) fn links(&self, names: &[&str]) -> PathBuf {
        let elsewhere = self.forge("elsewhere");
        fs::write(&elsewhere, "as it was").unwrap();
        for name in names {
            symlink(&elsewhere, self.world.path().join(name)).unwrap();
        }
        elsewhere
    }
}

pub(super) fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Digits of the SHA-256 of a file, as `sha256sum` shows them.
pub(super) fn checksum(path: &Path) -> String {
    use sha2::{Digest as _, Sha256};

    Sha256::digest(fs::read(path).unwrap()).iter().map(|it| format!("{it:02x}")).collect()
}
