//! The log file: one line of JSON a request, written by a thread of its own as requests are answered.
//!
//! It holds no token and no secret: headers and what is sent to and given by the token endpoint never get here.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread::{self, JoinHandle},
};

use axum::body::Bytes;
use serde_json::Value;

use super::traffic::Entry;

/// Lines that may wait for the disk; a server that is faster than it waits as well.
const MOST_WAITING: usize = 10_000;
/// The largest answer that is recorded, in bytes.
pub(super) const MOST_ANSWER: usize = 64 << 10;

/// A log file that is open. What waits is written and flushed when this is dropped.
pub(super) struct Recorder {
    sender: Option<SyncSender<(Entry, Option<Bytes>)>>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Makes the file at `path`, or empties it.
    ///
    /// # Errors
    /// When it cannot be written, or the thread cannot be started.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::new(File::create(path)?);
        let (sender, receiver) = sync_channel(MOST_WAITING);
        let thread = thread::Builder::new().name("sandbox log".to_owned()).spawn(move || {
            if let Err(error) = write(file, &receiver) {
                tracing::error!(%error, "the sandbox log was not written");
            }
        })?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    pub(super) fn record(&self, entry: Entry, answer: Option<Bytes>) {
        if let Some(sender) = &self.sender {
            // An error means that writing failed, which was reported.
            let _ = sender.send((entry, answer));
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported there.
            let _ = thread.join();
        }
    }
}

/// Writes what comes, and flushes whenever nothing waits.
fn write(mut file: BufWriter<File>, lines: &Receiver<(Entry, Option<Bytes>)>) -> io::Result<()> {
    loop {
        let next = match lines.try_recv() {
            Ok(next) => next,
            Err(TryRecvError::Disconnected) => return file.flush(),
            Err(TryRecvError::Empty) => {
                file.flush()?;
                match lines.recv() {
                    Ok(next) => next,
                    Err(_) => return Ok(()),
                }
            }
        };
        let (entry, answer) = next;
        let answer = answer.map(|bytes| serde_json::from_slice(&bytes).unwrap_or(Value::Null));
        entry.write(&mut file, Some(entry.body()), answer)?;
    }
}
