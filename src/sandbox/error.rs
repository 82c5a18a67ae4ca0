//! What can keep a sandbox from starting. Requests never end up here: they are answered.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::{files::disk::Unread, live::fetch::SnapshotError, model::json::Flaw};

/// Why a sandbox did not start. Paths are those of the file that is named in the message.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SandboxError {
    #[error("cannot read the seed {}", .0.display())]
    ReadSeed(PathBuf, #[source] Unread),
    /// The seed is not YAML, or not of the seed's form: `path:line:column: problem`, both counted from 1.
    #[error("{0}")]
    SeedForm(String),
    /// The seed is well formed but does not make sense: `path: entry: problem`.
    #[error("{0}")]
    SeedMeaning(String),
    #[error(transparent)]
    Snapshot(SnapshotError),
    #[error("the sandbox cannot hold what is in the snapshot {}", .0.display())]
    SnapshotForm(PathBuf, #[source] Flaw),
    #[error("cannot read the sandbox state {}", .0.display())]
    ReadState(PathBuf, #[source] Unread),
    #[error("{} is not a sandbox state", .0.display())]
    StateForm(PathBuf, #[source] Flaw),
    #[error("the sandbox state {} has version {version} of its form, and this rolecall reads version 1", path.display())]
    StateVersion { path: PathBuf, version: u32 },
    /// The state file, its folder or its lock could not be written.
    #[error("cannot write the sandbox state {}", .0.display())]
    WriteState(PathBuf, #[source] io::Error),
    #[error("cannot write the sandbox log {}", .0.display())]
    WriteLog(PathBuf, #[source] io::Error),
    #[error("the sandbox state {} is in use by another process", .0.display())]
    Locked(PathBuf),
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    #[error("cannot start the sandbox server")]
    Start(#[source] io::Error),
}

impl SandboxError {
    /// What to do about it, if there is something to say beyond the message.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::ReadSeed(..) | Self::WriteState(..) | Self::WriteLog(..) | Self::Start(_) => return None,
            Self::Snapshot(error) => error.hint(),
            Self::SnapshotForm(..) => "a scope in a form that is not known cannot be rehearsed with",
            Self::SeedForm(_) => {
                "the seed holds: version, companies, clients, tokens, roles, users, groups, dialect, faults"
            }
            Self::SeedMeaning(_) => {
                "entries refer to companies and roles by name, and to members by e-mail or id"
            }
            // Not to remove it: it may be anything.
            Self::ReadState(..) | Self::StateForm(..) | Self::StateVersion { .. } => {
                "name another file, which need not exist yet, to start again from the seed"
            }
            Self::Locked(_) => {
                "stop the other sandbox (or wait for the other command), or use another state file"
            }
            Self::Listen(_, source) if source.kind() == io::ErrorKind::AddrInUse => {
                "choose another port, or 0 for any free one"
            }
            Self::Listen(..) => return None,
        };
        Some(hint.to_owned())
    }
}
