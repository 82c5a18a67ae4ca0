//! All that a running server consists of, shared by `server` and `control`. Nothing is done here.

use std::sync::{Arc, Mutex, RwLock, atomic::AtomicU64};

use super::{
    clock::Clock, dialect::Dialect, fault::Faults, rate::Rate, request_log::RequestLog, state::StateFile,
    store::Store, tokens::Tokens,
};

pub(super) struct App {
    pub(super) store: Arc<RwLock<Store>>,
    pub(super) state: Option<Arc<StateFile>>,
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
