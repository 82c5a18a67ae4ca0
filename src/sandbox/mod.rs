//! The embedded sandbox: a server on the loopback address that speaks the access management API.
//!
//! It is as strict as the API is known to be; what is not publicly documented
//! is a switch of its [`dialect`]. It never talks to anything else, and
//! nothing it holds is real.
//!
//! A request goes through `front` (counted, delayed, spoilt by a `fault`, let
//! in by `tokens`) to `call`, which finds the operation by `route`. Operations
//! read or change the `store`; `state` keeps it between two runs; `seed` and
//! `sow` fill it the first time.

mod call;
mod clock;
mod control;
pub mod dialect;
mod error;
mod fault;
mod front;
mod grants;
mod groups;
mod load;
mod mangle;
mod members;
mod model;
mod reply;
mod request;
mod roles;
mod route;
mod scope;
mod seed;
mod sow;
mod state;
mod store;
mod strict;
#[cfg(test)]
mod tests;
mod tokens;
mod traffic;
mod users;
mod wire;

use std::{
    future::IntoFuture,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::AtomicU64},
    thread::{self, JoinHandle},
    time::Duration,
};

use axum::{Router, serve::ListenerExt};
use tokio::{
    net::TcpListener,
    runtime::{self, Handle, Runtime},
    sync::watch,
};

pub use self::error::SandboxError;
use self::{
    clock::Clock, fault::Faults, front::App, seed::Seed, state::StateFile, store::Store, tokens::Tokens,
    traffic::Traffic,
};

/// How long requests under way may take once the server is to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// How to start a sandbox. The default: the built-in seed, no state file, any port, no latency, the real time.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The seed file. Objects come from it unless there is a state; clients, tokens, dialect and faults always do.
    pub seed: Option<PathBuf>,
    /// The state file, made when it is missing. Without one the sandbox forgets everything when it stops.
    pub state: Option<PathBuf>,
    /// The snapshot whose objects there are at first, in place of those of the seed.
    pub load: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 is any free one.
    pub port: u16,
    /// Added to every answer of the API, to the millisecond.
    pub latency: Duration,
    /// A clock that stands still, for tests.
    pub now: Option<jiff::Timestamp>,
}

/// A running server. It stops when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    stop: Arc<watch::Sender<bool>>,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a server on a thread of its own and returns when it listens.
    ///
    /// # Errors
    /// When the seed or the state cannot be used, another process keeps the
    /// state for ten seconds, or the port is taken.
    pub fn start(options: Options) -> Result<Self, SandboxError> {
        let Options { seed, state: state_path, load, port, latency, now } = options;
        let clock = now.map_or(Clock::System, Clock::Fixed);
        let (seed, place) = match &seed {
            Some(path) => (Seed::read(path)?, path.display().to_string()),
            None => (Seed::built_in()?, "built-in seed".to_owned()),
        };
        let (state, kept) = match &state_path {
            Some(path) => {
                let (file, objects) = StateFile::open(path)?;
                (Some(Arc::new(file)), objects)
            }
            None => (None, None),
        };
        let objects = match (kept, load) {
            (Some(objects), _) => objects,
            (None, Some(path)) => load::load(&path, clock.now())?,
            (None, None) => sow::sow(&seed, &place, clock.now())?,
        };
        let store = Arc::new(RwLock::new(Store::new(objects)));
        if let (Some(state), Some(path)) = (&state, state_path) {
            let write = |source| SandboxError::WriteState { path, source };
            state.save(&store, 0).map_err(write)?;
        }
        let app = App {
            store,
            state,
            tokens: Tokens::new(seed.clients, seed.tokens),
            faults: Mutex::new(Faults::new(seed.faults)),
            traffic: Traffic::default(),
            dialect: seed.dialect,
            clock,
            latency: AtomicU64::new(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)),
        };
        Self::listen(Arc::new(app), port)
    }

    fn listen(app: Arc<App>, port: u16) -> Result<Self, SandboxError> {
        let refused = |source| SandboxError::Listen { port, source };
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        // Two workers: enough to show what concurrency does, and to leave room for the client beside it.
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sandbox")
            .enable_all()
            .build()
            .map_err(SandboxError::Start)?;
        let handle = runtime.handle().clone();
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener).map_err(refused)?
        };
        let (stop, stopped) = watch::channel(false);
        let thread = thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || run(runtime, listener, app, stopped))
            .map_err(SandboxError::Start)?;
        tracing::debug!(%address, "sandbox listens");
        Ok(Self { address, stop: Arc::new(stop), handle, thread: Some(thread) })
    }

    /// Returns where the server is, for example `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the id and the secret of the client that exists unless the seed names others.
    pub fn credentials() -> (&'static str, &'static str) {
        ("sandbox", "sandbox")
    }

    /// Blocks until the process is asked to stop (an interrupt, or SIGTERM), then stops the server.
    pub fn wait(mut self) {
        let stop = Arc::clone(&self.stop);
        self.handle.spawn(async move {
            asked_to_stop().await;
            stop.send_replace(true);
        });
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic on the server's thread was reported there; there is nothing to add here.
            let _ = thread.join();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.join();
    }
}

/// Serves until `stopped`, then lets requests under way finish, writes the state and lets go of it.
fn run(runtime: Runtime, listener: TcpListener, app: Arc<App>, stopped: watch::Receiver<bool>) {
    let (state, store) = (app.state.clone(), Arc::clone(&app.store));
    let served = runtime.block_on(serve(listener, app, stopped));
    if let Err(error) = served {
        tracing::error!(%error, "the sandbox stopped serving");
    }
    runtime.shutdown_timeout(LAST_ANSWERS);
    if let Some(state) = state {
        let generation = store.read().unwrap_or_else(PoisonError::into_inner).generation();
        if let Err(error) = state.save(&store, generation) {
            tracing::error!(%error, "the sandbox state was not written");
        }
    }
}

async fn serve(listener: TcpListener, app: Arc<App>, stopped: watch::Receiver<bool>) -> io::Result<()> {
    let until = |mut stopped: watch::Receiver<bool>| async move {
        // An error means that the sender is gone, which is a reason to stop as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    // Answers are small and written at once: waiting to fill packets would only delay them.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let router = Router::new().fallback(front::front).with_state(app);
    let serving = axum::serve(listener, router).with_graceful_shutdown(until(stopped.clone())).into_future();
    let patience = async {
        until(stopped).await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        served = serving => served,
        () = patience => Ok(()),
    }
}

async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
