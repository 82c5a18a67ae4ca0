//! What can keep a sandbox from starting. Requests never end up here: they are answered.

use std::{io, path::PathBuf};

use crate::live::fetch::SnapshotError;

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The seed file could not be read.
    #[error("cannot read the seed {}", path.display())]
    ReadSeed {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The seed is not YAML, or not of the seed's form.
    #[error("{place}: {problem}")]
    SeedForm {
        /// `path:line:column`, lines and columns counted from 1.
        place: String,
        /// What is wrong there.
        problem: String,
    },
    /// The seed is well formed but does not make sense.
    #[error("{place}: {entry}: {problem}")]
    SeedMeaning {
        /// The file, or `built-in seed`.
        place: String,
        /// The entry, for example ``group `Agents` ``.
        entry: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The snapshot to begin with could not be used.
    #[error(transparent)]
    Snapshot(SnapshotError),
    /// The snapshot holds something that the sandbox cannot keep.
    #[error("the sandbox cannot hold what is in the snapshot {}", path.display())]
    SnapshotForm {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The state file could not be read.
    #[error("cannot read the sandbox state {}", path.display())]
    ReadState {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The state file is not one that a sandbox wrote.
    #[error("{} is not a sandbox state", path.display())]
    StateForm {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The state file, its folder or its lock could not be written.
    #[error("cannot write the sandbox state {}", path.display())]
    WriteState {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log file could not be written.
    #[error("cannot write the sandbox log {}", path.display())]
    WriteLog {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process keeps the state.
    #[error("the sandbox state {} is in use by another process", path.display())]
    Locked {
        /// The state file.
        path: PathBuf,
    },
    /// The port could not be had.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The server's thread or runtime could not be started.
    #[error("cannot start the sandbox server")]
    Start(#[source] io::Error),
}

impl SandboxError {
    /// Returns what to do about it, if there is something to say beyond the message.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::ReadSeed { .. } | Self::WriteState { .. } | Self::WriteLog { .. } | Self::Start(_) => None,
            Self::Snapshot(error) => Some(error.hint().to_owned()),
            Self::SnapshotForm { .. } => {
                Some("a scope in a form that is not known cannot be rehearsed with".to_owned())
            }
            Self::SeedForm { .. } => Some(
                "the seed holds: version, companies, clients, tokens, roles, users, groups, dialect, faults"
                    .to_owned(),
            ),
            Self::SeedMeaning { .. } => Some(
                "entries refer to companies and roles by name, and to members by e-mail or id".to_owned(),
            ),
            // Not to remove it: it may be anything.
            Self::ReadState { .. } | Self::StateForm { .. } => {
                Some("name another file, which need not exist yet, to start again from the seed".to_owned())
            }
            Self::Locked { .. } => Some(
                "stop the other sandbox (or wait for the other command), or use another state file"
                    .to_owned(),
            ),
            Self::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Some("choose another port, or 0 for any free one".to_owned())
            }
            Self::Listen { .. } => None,
        }
    }
}
