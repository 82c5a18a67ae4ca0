//! A policy: limits of whoever runs rolecall, which no change of the files can touch. Only reads.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

use super::Failure;

/// Most bytes of one.
const MOST: u64 = 1 << 20;

/// Reads a policy, with the name by which findings call it. One in the repository of the workspace is refused: the change
/// that it is to limit could change it.
pub(super) fn policy(path: &Path, root: &Path) -> Result<(String, String), Failure> {
    let shown = path.display().to_string();
    let wrong = |error: io::Error| {
        Failure::invalid(format!("cannot read the policy {}: {error}", path.display()))
            .hint("`--policy` or ROLECALL_POLICY names a YAML file with `version: 1` and `guards:`")
    };
    let whole = fs::canonicalize(path).map_err(wrong)?;
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let top = root.ancestors().find(|it| it.join(".git").exists()).unwrap_or(&root);
    if whole.starts_with(top) {
        let message = format!("the policy {shown} lies in the repository, where a change can touch it");
        return Err(Failure::invalid(message).hint("keep it elsewhere on the machine that runs rolecall"));
    }
    if !whole.is_file() {
        return Err(wrong(io::Error::other("it is not a file")));
    }
    let mut text = String::new();
    let read = File::open(&whole).and_then(|it| it.take(MOST + 1).read_to_string(&mut text));
    if read.map_err(wrong)? as u64 > MOST {
        return Err(wrong(io::Error::other("it is larger than 1 MiB")));
    }
    Ok((shown, text))
}
