//! Runs `git`, only to read: no hook, filter, pager or prompt, and nothing is fetched. The environment is the caller's.

use std::{
    ffi::OsStr,
    io::{self, Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    thread,
};

/// Most bytes that are read of a list or a message.
pub(super) const MOST: u64 = 64 << 20;

/// What git wrote.
pub(super) struct Answer {
    pub(super) is_ok: bool,
    pub(super) out: Vec<u8>,
    pub(super) said: String,
}

/// Runs git in a folder, with what it reads from its input, and takes no more than `most` bytes of its output.
pub(super) fn run<'a>(
    folder: &Path,
    arguments: impl IntoIterator<Item = &'a str>,
    input: String,
    most: u64,
) -> io::Result<Answer> {
    let mut git = Command::new("git");
    // A repository without a work tree among the files of a change could name commits of its own making.
    git.args([
        "--no-pager",
        "--no-replace-objects",
        "--literal-pathspecs",
        "-c",
        "safe.bareRepository=explicit",
    ])
    .arg("-C")
    .arg(if folder.as_os_str().is_empty() { OsStr::new(".") } else { folder.as_os_str() })
    .args(arguments)
    .envs([
        ("LC_ALL", "C"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
    ])
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped());
    let mut child = git.spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (out, said) = thread::scope(|scope| {
        scope.spawn(move || stdin.map(|mut it| it.write_all(input.as_bytes())));
        let said = scope.spawn(move || {
            let mut said = Vec::new();
            let _ = stderr.map(|it| it.take(MOST).read_to_end(&mut said));
            said
        });
        let mut out = Vec::new();
        let read = stdout.map_or(Ok(0), |it| it.take(most + 1).read_to_end(&mut out));
        (read.map(|_| out), said.join().unwrap_or_default())
    });
    let ended = child.wait()?;
    let out = out?;
    let whole = out.len() as u64 <= most;
    let said = String::from_utf8_lossy(&said).into_owned();
    Ok(Answer { is_ok: ended.success() && whole, out, said })
}
