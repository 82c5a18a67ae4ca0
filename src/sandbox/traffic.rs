//! What was asked of the server: counts and a log, for tests to look at. The control plane is not in it.

use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, Write},
    sync::{Mutex, OnceLock, PoisonError},
};

use axum::body::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    record::Recorder,
    route::{ALL, Kind, Route},
};

/// The log keeps this many requests, and no more than this many bytes of bodies; older ones go.
const MOST_ENTRIES: usize = 100_000;
const MOST_BODY_BYTES: usize = 256 << 20;

#[derive(Default)]
pub(super) struct Traffic {
    counts: Mutex<Counts>,
    recorder: Option<Recorder>,
}

#[derive(Default)]
struct Counts {
    /// Requests since the start; never reset, so that numbers in errors stay unique.
    numbered: u64,
    in_flight: usize,
    max_in_flight: usize,
    requests: u64,
    reads: u64,
    writes: u64,
    applied: u64,
    /// By the number of the operation; what leads nowhere comes last.
    by_route: ByRoute,
    log: VecDeque<Entry>,
    body_bytes: usize,
}

struct ByRoute([u64; ALL.len() + 1]);

impl Default for ByRoute {
    fn default() -> Self {
        Self([0; ALL.len() + 1])
    }
}

/// A request of the log: no header of it, and of what is sent to the token endpoint nothing.
#[derive(Clone)]
pub(super) struct Entry {
    n: u64,
    method: Box<str>,
    path: Box<str>,
    route: Option<Route>,
    status: Option<u16>,
    body: Bytes,
    at: Timestamp,
    /// `X-Request-Id`, where the client sent one.
    id: Option<Box<str>>,
    /// `User-Agent`, where the log file is to say it.
    agent: Option<Box<str>>,
    /// The generation of the store that it made.
    applied: Option<u64>,
}

/// A request that is being answered. It enters the log when it leaves, answered or not.
pub(super) struct Visit<'t> {
    traffic: &'t Traffic,
    entry: Option<Entry>,
    applied: OnceLock<u64>,
    answer: Option<Bytes>,
    pub(super) n: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stats {
    requests: u64,
    reads: u64,
    writes: u64,
    /// Writes that took effect, answered or not.
    applied: u64,
    by_route: BTreeMap<&'static str, u64>,
    in_flight: usize,
    max_in_flight: usize,
    tokens: u64,
}

/// Returns whether a request for `route` changes something.
fn is_write(route: Option<Route>) -> bool {
    route.is_some_and(|route| route.kind() == Kind::Write)
}

impl Traffic {
    /// Returns counts and a log that is written by `recorder` as well, if there is one.
    pub(super) fn new(recorder: Option<Recorder>) -> Self {
        Self { recorder, ..Self::default() }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request in.
    pub(super) fn enter(&self, method: &str, path: &str, route: Option<Route>) -> Visit<'_> {
        let mut counts = self.counts();
        counts.numbered += 1;
        counts.requests += 1;
        counts.in_flight += 1;
        counts.max_in_flight = counts.max_in_flight.max(counts.in_flight);
        match route.map(Route::kind) {
            Some(Kind::Read | Kind::List) => counts.reads += 1,
            Some(Kind::Write) => counts.writes += 1,
            Some(Kind::Token) | None => {}
        }
        counts.by_route.0[route.map_or(ALL.len(), |it| it as usize)] += 1;
        let n = counts.numbered;
        drop(counts);
        let entry = Entry {
            n,
            method: method.into(),
            path: path.into(),
            route,
            status: None,
            body: Bytes::new(),
            at: Timestamp::now(),
            id: None,
            agent: None,
            applied: None,
        };
        Visit { traffic: self, entry: Some(entry), applied: OnceLock::new(), answer: None, n }
    }

    /// Returns the counts since the last reset; `tokens` is how many were issued.
    pub(super) fn stats(&self, tokens: u64) -> Stats {
        let counts = self.counts();
        Stats {
            requests: counts.requests,
            reads: counts.reads,
            writes: counts.writes,
            applied: counts.applied,
            by_route: ALL
                .iter()
                .map(|it| it.label())
                .chain(["unknown"])
                .zip(counts.by_route.0)
                .filter(|it| it.1 > 0)
                .collect(),
            in_flight: counts.in_flight,
            max_in_flight: counts.max_in_flight,
            tokens,
        }
    }

    /// Forgets log and counts; requests under way stay counted in.
    pub(super) fn reset(&self) {
        let mut counts = self.counts();
        let (numbered, in_flight) = (counts.numbered, counts.in_flight);
        *counts = Counts { numbered, in_flight, max_in_flight: in_flight, ..Counts::default() };
    }

    /// Returns the log, one JSON object a line, in the order in which requests were answered.
    pub(super) fn log(&self, bodies: Bodies) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        for entry in &self.counts().log {
            let body = match bodies {
                Bodies::Shown => Some(entry.body()),
                Bodies::Hidden => None,
            };
            entry.write(&mut out, body, None)?;
        }
        Ok(out)
    }
}

/// A request as the log shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'e> {
    n: u64,
    method: &'e str,
    path: &'e str,
    route: Option<&'static str>,
    /// Null when the connection was closed without an answer.
    status: Option<u16>,
    write: bool,
    /// When the store was changed, in the order of all changes; null when it was not.
    applied: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'e str>,
    /// Who asked, where there is a log file.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'e str>,
    /// What was answered, in the log file only.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
}

impl Entry {
    /// Returns what was sent; what is not JSON is null.
    pub(super) fn body(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(super) fn write(
        &self,
        mut out: impl Write,
        body: Option<Value>,
        answer: Option<Value>,
    ) -> io::Result<()> {
        let line = Line {
            n: self.n,
            method: &self.method,
            path: &self.path,
            route: self.route.map(Route::template),
            status: self.status,
            write: is_write(self.route),
            applied: self.applied,
            body,
            at: self.at,
            request_id: self.id.as_deref(),
            agent: self.agent.as_deref(),
            answer,
        };
        serde_json::to_writer(&mut out, &line)?;
        out.write_all(b"\n")
    }
}

/// Whether the log shows what requests held.
#[derive(Clone, Copy)]
pub(super) enum Bodies {
    Shown,
    Hidden,
}

impl Visit<'_> {
    pub(super) fn brought(&mut self, body: &Bytes) {
        if let Some(entry) = &mut self.entry {
            entry.body = body.clone();
        }
    }

    pub(super) fn called(&mut self, id: &str) {
        if let Some(entry) = &mut self.entry {
            entry.id = Some(id.into());
        }
    }

    pub(super) fn came_from(&mut self, agent: &str) {
        if let Some(entry) = &mut self.entry {
            entry.agent = Some(agent.into());
        }
    }

    /// Notes that the request changed the store, right after it did: its sender may not wait for the answer.
    pub(super) fn took_effect(&self, generation: u64) {
        if self.applied.set(generation).is_ok() {
            self.traffic.counts().applied += 1;
        }
    }

    pub(super) fn answered(&mut self, status: u16) {
        if let Some(entry) = &mut self.entry {
            entry.status = Some(status);
        }
    }

    /// Returns whether somebody wants to know what is answered.
    pub(super) fn is_recorded(&self) -> bool {
        self.traffic.recorder.is_some()
    }

    pub(super) fn gave(&mut self, answer: Bytes) {
        self.answer = Some(answer);
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let mut entry = self.entry.take();
        if let Some(entry) = &mut entry {
            entry.applied = self.applied.get().copied();
            if let Some(recorder) = &self.traffic.recorder {
                recorder.record(entry.clone(), self.answer.take());
            }
        }
        let mut counts = self.traffic.counts();
        counts.in_flight = counts.in_flight.saturating_sub(1);
        if let Some(entry) = entry {
            counts.body_bytes += entry.body.len();
            counts.log.push_back(entry);
        }
        while counts.log.len() > MOST_ENTRIES || counts.body_bytes > MOST_BODY_BYTES {
            let Some(oldest) = counts.log.pop_front() else { break };
            counts.body_bytes = counts.body_bytes.saturating_sub(oldest.body.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_latest_hundred_thousand() {
        let traffic = Traffic::default();
        for _ in 0..MOST_ENTRIES + 2 {
            drop(traffic.enter("GET", "/", None));
        }
        let counts = traffic.counts();
        assert_eq!(counts.log.len(), MOST_ENTRIES);
        assert_eq!(counts.log.front().map(|entry| entry.n), Some(3));
    }
}
