//! Events of a run as newline-delimited JSON, for programs that watch: `end` is always the last.

use std::{
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use rolecall::files::disk::{self, Existing};
use serde_json::{Value, json};

use super::{Exit, Failure};

/// The version of the format. Fields may be added within it; none is renamed or removed.
const VERSION: u32 = 1;

/// Where events go; nowhere unless they are asked for.
#[derive(Default)]
pub(crate) struct Events {
    sink: Mutex<Option<Box<dyn Write + Send>>>,
    /// Why they could not be written.
    lost: Mutex<Option<io::Error>>,
    /// Whether they take the place of the result on standard output.
    on_stdout: bool,
}

impl Events {
    /// Sends events to a file, which is started anew, or to standard output for `-`.
    pub(crate) fn to(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let on_stdout = path.as_os_str() == "-";
        let sink: Box<dyn Write + Send> = if on_stdout {
            Box::new(io::stdout())
        } else {
            Box::new(disk::create(path, Existing::Emptied).map_err(|error| {
                Failure::invalid(format!("cannot write events to {}: {error}", path.display()))
                    .hint("give another file with `--events`, or `-` for standard output")
            })?)
        };
        Ok(Self { sink: Mutex::new(Some(sink)), on_stdout, ..Self::default() })
    }

    /// Whether standard output belongs to the events.
    pub(crate) fn on_stdout(&self) -> bool {
        self.on_stdout
    }

    pub(crate) fn wanted(&self) -> bool {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Sends one event; `facts` is an object.
    pub(crate) fn send(&self, event: &str, facts: Value) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(out) = sink.as_mut() else { return };
        let mut line = json!({ "event": event, "version": VERSION, "at": Timestamp::now() });
        if let (Some(line), Value::Object(facts)) = (line.as_object_mut(), facts) {
            line.extend(facts);
        }
        // Neither a listener that left nor a full disk stops a run half-way.
        if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
            *sink = None;
            if error.kind() != io::ErrorKind::BrokenPipe {
                *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
        }
    }

    /// Why events could not be written, if they could not; once.
    pub(crate) fn lost(&self) -> Option<io::Error> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Sends the last event; nothing is sent after it.
    pub(crate) fn end(&self, exit: Exit) {
        self.send("end", json!({ "exit": exit.code(), "result": exit.name() }));
        *self.sink.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
