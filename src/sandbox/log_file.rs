//! A request as logs show it, and the log file: one line of JSON a request, written by a thread of its own.
//!
//! It holds no token and no secret: headers and what is sent to and given by the token endpoint never get here.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use axum::body::Bytes;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::files::disk::{self, Existing};

/// Lines that may wait for the disk; a server that is faster than it waits as well.
const MOST_WAITING: usize = 10_000;
/// The largest answer that is recorded, in bytes.
pub(super) const MOST_ANSWER: usize = 64 << 10;

/// A request of the log, in the order of the fields of a line.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) n: u64,
    pub(super) method: Box<str>,
    pub(super) path: Box<str>,
    /// The template of the path, if it leads to an operation.
    pub(super) route: Option<&'static str>,
    /// Null when the connection was closed without an answer.
    pub(super) status: Option<u16>,
    pub(super) write: bool,
    /// The generation of the store that it made: the order of all changes.
    pub(super) applied: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "json")]
    pub(super) body: Option<Bytes>,
    pub(super) at: Timestamp,
    /// `X-Request-Id`, where the client sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<Box<str>>,
    /// `User-Agent`, where there is a log file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agent: Option<Box<str>>,
    /// What was answered, in the log file only.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "json")]
    pub(super) answer: Option<Bytes>,
}

/// What is not JSON is null.
#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn json<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
    let parsed: Option<Value> = bytes.as_ref().and_then(|bytes| serde_json::from_slice(bytes).ok());
    parsed.serialize(serializer)
}

impl Entry {
    pub(super) fn write(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut out, self)?;
        out.write_all(b"\n")
    }
}

/// A log file that is open. What waits is written and flushed when this is dropped.
pub(super) struct LogFile {
    sender: Option<SyncSender<Entry>>,
    thread: Option<JoinHandle<()>>,
}

impl LogFile {
    /// Makes the file at `path`, or empties it; only its owner may read it, as it names people.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::new(disk::create(path, Existing::Emptied)?);
        let (sender, receiver) = sync_channel(MOST_WAITING);
        let thread = thread::Builder::new().name("sandbox log".to_owned()).spawn(move || {
            if let Err(error) = write(file, &receiver) {
                tracing::error!(%error, "the sandbox log was not written");
            }
        })?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    pub(super) fn add(&self, entry: Entry) {
        if let Some(sender) = &self.sender {
            // An error means that writing failed, which was reported.
            let _ = sender.send(entry);
        }
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported there.
            let _ = thread.join();
        }
    }
}

/// Writes what comes, and flushes whenever nothing waits.
fn write(mut file: BufWriter<File>, entries: &Receiver<Entry>) -> io::Result<()> {
    while let Ok(entry) = entries.recv() {
        entry.write(&mut file)?;
        while let Ok(entry) = entries.try_recv() {
            entry.write(&mut file)?;
        }
        file.flush()?;
    }
    Ok(())
}
