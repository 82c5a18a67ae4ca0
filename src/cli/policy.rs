//! A policy: limits of whoever runs rolecall, which no change of the files can touch. Only reads.

use std::{fmt::Display, fs, path::Path};

use rolecall::files::disk::{self, Named};

use super::Failure;

/// Most bytes of one.
const MOST: u64 = 1 << 20;

/// Reads a policy, with the name by which findings call it. One in the repository of the workspace is refused: the change
/// that it is to limit could change it.
pub(super) fn policy(path: &Path, root: &Path) -> Result<(String, String), Failure> {
    let shown = path.display().to_string();
    let wrong = |error: &dyn Display| {
        Failure::invalid(format!("cannot read the policy {}: {error}", path.display())).hint(
            "`--policy` or ROLECALL_POLICY names a YAML file with `version: 1`, and `guards:` or `policies:`",
        )
    };
    let whole = fs::canonicalize(path).map_err(|it| wrong(&it))?;
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let top = root.ancestors().find(|it| it.join(".git").exists()).unwrap_or(&root);
    if whole.starts_with(top) {
        let message = format!("the policy {shown} lies in the repository, where a change can touch it");
        return Err(Failure::invalid(message).hint("keep it elsewhere on the machine that runs rolecall"));
    }
    let text = disk::text(&whole, Named::ByCaller, MOST).map_err(|it| wrong(&it))?;
    Ok((shown, text))
}
