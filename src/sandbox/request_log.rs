//! What was asked of the server: counts and a log, for tests to look at. The control plane is not in it.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use axum::body::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    log_file::{Entry, LogFile},
    route::{Kind, Route},
};

/// The log keeps this many requests, and no more than this many bytes of bodies; older ones go.
const MOST_ENTRIES: usize = 100_000;
const MOST_BODY_BYTES: usize = 256 << 20;

#[derive(Default)]
pub(super) struct RequestLog {
    counts: Mutex<Counts>,
    file: Option<LogFile>,
}

#[derive(Default)]
struct Counts {
    /// Requests since the start; never reset, so that numbers in errors stay unique.
    numbered: u64,
    stats: Stats,
    entries: VecDeque<Entry>,
    body_bytes: usize,
}

#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stats {
    requests: u64,
    reads: u64,
    writes: u64,
    /// Writes that took effect, answered or not.
    applied: u64,
    /// By method and path template; `unknown` is what leads to no operation.
    by_route: BTreeMap<&'static str, u64>,
    in_flight: usize,
    max_in_flight: usize,
    tokens: u64,
}

/// A request that is being answered. It enters the log when it leaves, answered or not.
pub(super) struct InFlight<'t> {
    log: &'t RequestLog,
    applied: OnceLock<u64>,
    pub(super) entry: Entry,
}

/// Whether the log shows what requests held.
#[derive(Clone, Copy)]
pub(super) enum Bodies {
    Shown,
    Hidden,
}

impl RequestLog {
    /// A log that is written to `file` as well, if there is one.
    pub(super) fn new(file: Option<LogFile>) -> Self {
        Self { file, ..Self::default() }
    }

    pub(super) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request in.
    pub(super) fn enter(&self, method: &str, path: &str, route: Option<Route>) -> InFlight<'_> {
        let kind = route.map(Route::kind);
        let mut counts = self.counts();
        counts.numbered += 1;
        let n = counts.numbered;
        let stats = &mut counts.stats;
        stats.requests += 1;
        stats.in_flight += 1;
        stats.max_in_flight = stats.max_in_flight.max(stats.in_flight);
        stats.reads += u64::from(matches!(kind, Some(Kind::Read | Kind::List)));
        stats.writes += u64::from(kind == Some(Kind::Write));
        *stats.by_route.entry(route.map_or("unknown", Route::label)).or_default() += 1;
        drop(counts);
        let entry = Entry {
            n,
            method: method.into(),
            path: path.into(),
            route: route.map(Route::template),
            write: kind == Some(Kind::Write),
            body: Some(Bytes::new()),
            at: Timestamp::now(),
            ..Entry::default()
        };
        InFlight { log: self, applied: OnceLock::new(), entry }
    }

    /// `tokens` is how many were issued.
    pub(super) fn stats(&self, tokens: u64) -> Stats {
        Stats { tokens, ..self.counts().stats.clone() }
    }

    /// Forgets log and counts; requests under way stay counted in.
    pub(super) fn reset(&self) {
        let mut counts = self.counts();
        let (numbered, in_flight) = (counts.numbered, counts.stats.in_flight);
        let stats = Stats { in_flight, max_in_flight: in_flight, ..Stats::default() };
        *counts = Counts { numbered, stats, ..Counts::default() };
    }

    /// The log, one JSON object a line, in the order in which requests were answered.
    pub(super) fn lines(&self, bodies: Bodies) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        for entry in &self.counts().entries {
            match bodies {
                Bodies::Shown => entry.write(&mut out)?,
                Bodies::Hidden => Entry { body: None, ..entry.clone() }.write(&mut out)?,
            }
        }
        Ok(out)
    }
}

impl InFlight<'_> {
    /// Notes that the request changed the store, right after it did: its sender may not wait for the answer.
    pub(super) fn took_effect(&self, generation: u64) {
        if self.applied.set(generation).is_ok() {
            self.log.counts().stats.applied += 1;
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut entry = std::mem::take(&mut self.entry);
        entry.applied = self.applied.get().copied();
        let answer = entry.answer.take();
        if let Some(file) = &self.log.file {
            file.add(Entry { answer, ..entry.clone() });
        }
        let mut counts = self.log.counts();
        counts.stats.in_flight = counts.stats.in_flight.saturating_sub(1);
        counts.body_bytes += body_bytes(&entry);
        counts.entries.push_back(entry);
        while counts.entries.len() > MOST_ENTRIES || counts.body_bytes > MOST_BODY_BYTES {
            let Some(oldest) = counts.entries.pop_front() else { break };
            counts.body_bytes = counts.body_bytes.saturating_sub(body_bytes(&oldest));
        }
    }
}

fn body_bytes(entry: &Entry) -> usize {
    entry.body.as_ref().map_or(0, Bytes::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_latest_hundred_thousand() {
        let log = RequestLog::default();
        for _ in 0..MOST_ENTRIES + 2 {
            drop(log.enter("GET", "/", None));
        }
        let counts = log.counts();
        assert_eq!(counts.entries.len(), MOST_ENTRIES);
        assert_eq!(counts.entries.front().map(|entry| entry.n), Some(3));
    }
}
