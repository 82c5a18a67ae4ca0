//! All that a running server consists of, shared by `server` and `control`. Nothing is asked for or answered here.

use std::sync::{Arc, Mutex, PoisonError, RwLock, atomic::AtomicU64};

use super::{
    clock::Clock, dialect::Dialect, doors::Doors, fault::Faults, rate::Rate, request_log::RequestLog,
    state::StateFile, store::Store, tokens::Tokens,
};

pub(super) struct App {
    pub(super) store: Arc<RwLock<Store>>,
    /// What requests that read are shown in place of the store, and how many of them.
    pub(super) lagging: Mutex<Option<(u32, Arc<RwLock<Store>>)>>,
    pub(super) state: Option<Arc<StateFile>>,
    pub(super) doors: Doors,
    pub(super) tokens: Tokens,
    pub(super) faults: Mutex<Faults>,
    pub(super) log: RequestLog,
    pub(super) dialect: Dialect,
    pub(super) clock: Clock,
    /// What passes in a second; more is answered 429.
    pub(super) rate: Option<Rate>,
    /// Added to every answer, in milliseconds.
    pub(super) latency: AtomicU64,
}

impl App {
    /// The store that a request reads from, which may lag behind.
    pub(super) fn shown(&self) -> Arc<RwLock<Store>> {
        let mut lagging = self.lagging.lock().unwrap_or_else(PoisonError::into_inner);
        match lagging.take() {
            None => Arc::clone(&self.store),
            Some((reads, store)) => {
                *lagging = (reads > 1).then(|| (reads - 1, Arc::clone(&store)));
                store
            }
        }
    }

    /// Lets so many requests that read see the store as it is now, whatever is written.
    pub(super) fn lag(&self, reads: u32) {
        let before = self.store.read().unwrap_or_else(PoisonError::into_inner).clone();
        let lagging = (reads > 0).then(|| (reads, Arc::new(RwLock::new(before))));
        *self.lagging.lock().unwrap_or_else(PoisonError::into_inner) = lagging;
    }
}
