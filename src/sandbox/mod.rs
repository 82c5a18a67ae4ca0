//! The embedded API: a server on the loopback address that speaks the access management API.
//!
//! It is as strict as the API is known to be; what is not publicly documented is a switch of its `dialect`. It never
//! talks to anything else, nothing it holds is real, and it shares no scope code with the client, whose oracle it is.
//!
//! A request goes through `server` (let in by its `doors`, counted in `request_log`, delayed, corrupted by a `fault`, authenticated by `tokens`) to
//! `dispatch`, which finds the operation: `groups`, `members`, `grants`, `roles`, `users`, `profiles`, `parts`. Operations get a
//! `call`, decode it into a `request` and read or change the `store`; `wire` has the shapes of answers. `state` keeps
//! the store between two runs; `seed` and `seed_builder`, or a `snapshot`, fill it the first time. `spec` reads what a
//! command line says of faults and dialect; `control` is for tests.

mod app;
mod call;
mod clock;
mod control;
mod corrupt;
mod decode;
mod dialect;
mod dispatch;
mod doors;
mod error;
mod fault;
mod grants;
mod groups;
mod left_out;
mod log_file;
mod members;
mod model;
mod parts;
mod predicate_form;
mod profiles;
mod random;
mod rate;
mod reply;
mod request;
mod request_log;
mod roles;
mod route;
mod scope;
mod seed;
mod seed_builder;
mod server;
mod snapshot;
mod spec;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod tokens;
mod users;
mod validation;
mod wire;

use std::{
    future::IntoFuture,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::AtomicU64},
    thread::{self, JoinHandle},
    time::Duration,
};

use axum::{Router, serve::ListenerExt};
use secrecy::SecretString;
use tokio::{
    net::TcpListener,
    runtime::{self, Runtime},
    sync::watch,
};

use self::{
    app::App,
    clock::Clock,
    doors::Doors,
    fault::Faults,
    log_file::LogFile,
    rate::Rate,
    request_log::RequestLog,
    seed::{Client, Rights, Seed},
    state::StateFile,
    store::Store,
    tokens::Tokens,
};
pub use self::{
    error::SandboxError,
    spec::{DialectSpec, FaultSpec, SpecError},
};

/// How long requests under way may take once the server is to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// How to start a sandbox. The default: the built-in seed, no state file, any port, no latency, the real time.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The seed file. Objects come from it unless there is a state; clients, tokens, dialect and faults always do.
    pub from: Option<PathBuf>,
    /// The state file, made when it is missing. Without one the sandbox forgets everything when it stops.
    pub state: Option<PathBuf>,
    /// The snapshot whose objects there are at first, in place of those of the seed.
    pub load: Option<PathBuf>,
    /// The address to listen on; 127.0.0.1, for this machine alone, where absent.
    pub listen: Option<IpAddr>,
    /// Names by which it may be asked for, beside its address and `localhost`.
    pub hosts: Vec<String>,
    /// The port; 0 is any free one.
    pub port: u16,
    /// Added to every answer of the API, to the millisecond.
    pub latency: Duration,
    /// A clock that stands still, for tests.
    pub now: Option<jiff::Timestamp>,
    /// Faults, after those of the seed file.
    pub faults: FaultSpec,
    /// What faults with a probability draw from; the same number and the same requests give the same faults.
    pub seed: u64,
    /// The most requests a second, and as many at once, or one; more are answered 429. Without it, as many as come.
    pub max_rps: Option<crate::live::api::Rate>,
    /// Switches of the dialect, over those of the seed file.
    pub dialect: DialectSpec,
    /// A file that gets one line of JSON a request, made anew.
    pub log: Option<PathBuf>,
}

/// A running server. It stops when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    credentials: Option<(String, SecretString)>,
    control: SecretString,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a server on a thread of its own and returns when it listens.
    ///
    /// # Errors
    /// When the seed or the state cannot be used, another process keeps the state for ten seconds, or the port is taken.
    pub fn start(options: Options) -> Result<Self, SandboxError> {
        let clock = options.now.map_or(Clock::System, Clock::Fixed);
        let (seed, place) = match &options.from {
            Some(path) => (Seed::read(path)?, path.display().to_string()),
            None => (Seed::built_in()?, "built-in seed".to_owned()),
        };
        let opened = options.state.as_deref().map(StateFile::open).transpose()?;
        let (state, kept) = opened.map_or((None, None), |(file, kept)| (Some(Arc::new(file)), kept));
        let objects = match (kept, options.load) {
            (Some(objects), _) => objects,
            (None, Some(path)) => snapshot::load(&path, clock.now())?,
            (None, None) => seed_builder::build(&seed, &place, clock.now())?,
        };
        let store = Arc::new(RwLock::new(Store::new(objects)));
        if let (Some(state), Some(path)) = (&state, options.state) {
            state.save(&store, 0).map_err(|source| SandboxError::WriteState(path, source))?;
        }
        let log =
            |path: PathBuf| LogFile::create(&path).map_err(|source| SandboxError::WriteLog(path, source));
        let log = RequestLog::new(options.log.map(log).transpose()?);
        let rules = seed.faults.into_iter().chain(options.faults.rules).collect();
        let latency = (options.latency + options.faults.latency).as_millis();
        let clients = match seed.clients {
            Some(clients) => clients,
            None => {
                let secret = tokens::fresh().map_err(SandboxError::Start)?;
                vec![Client { id: "sandbox".to_owned(), secret, access: Rights::Full }]
            }
        };
        let known = clients.iter().find(|it| it.access == Rights::Full).or(clients.first());
        let credentials = known.map(|it| (it.id.clone(), it.secret.as_str().into()));
        let listen = options.listen.unwrap_or(Ipv4Addr::LOCALHOST.into());
        let control = tokens::fresh().map_err(SandboxError::Start)?;
        let doors = Doors { beyond: !listen.is_loopback(), names: options.hosts, control: control.clone() };
        let app = App {
            doors,
            store,
            state,
            tokens: Tokens::new(clients, seed.tokens),
            lagging: Mutex::default(),
            faults: Mutex::new(Faults::new(rules, options.seed)),
            log,
            dialect: options.dialect.on(seed.dialect),
            clock,
            rate: options.max_rps.map(Rate::new),
            latency: AtomicU64::new(u64::try_from(latency).unwrap_or(u64::MAX)),
        };
        let (address, stop, thread) = listen_at(Arc::new(app), SocketAddr::new(listen, options.port))?;
        Ok(Self { address, credentials, control: control.into(), stop, thread: Some(thread) })
    }

    /// Where the server is, for example `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Id and secret of a client that may do everything: of the one that the seed names, or else of one that is made up
    /// at every start.
    pub fn credentials(&self) -> Option<(&str, &SecretString)> {
        self.credentials.as_ref().map(|(id, secret)| (id.as_str(), secret))
    }

    /// The bearer token for what is below `/__sandbox/`, made up at every start.
    pub fn control_token(&self) -> &SecretString {
        &self.control
    }
}

type Listening = (SocketAddr, watch::Sender<bool>, JoinHandle<()>);

fn listen_at(app: Arc<App>, address: SocketAddr) -> Result<Listening, SandboxError> {
    let refused = |source| SandboxError::Listen(address, source);
    let listener = std::net::TcpListener::bind(address).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    // Two workers: enough to show what concurrency does, and to leave room for the client beside it.
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("sandbox")
        .enable_all()
        .build()
        .map_err(SandboxError::Start)?;
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
    Ok((address, stop, thread))
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic on the server's thread was reported there; there is nothing to add here.
            let _ = thread.join();
        }
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
    // Answers are small and written at once: waiting to fill packets would only delay them.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let router = Router::new().fallback(server::serve).with_state(app);
    let serving = axum::serve(listener, router).with_graceful_shutdown(until(stopped.clone())).into_future();
    tokio::select! {
        served = serving => served,
        () = async {
            until(stopped).await;
            tokio::time::sleep(LAST_ANSWERS).await;
        } => Ok(()),
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a reason to stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}
