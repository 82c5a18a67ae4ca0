//! The runtime of a run, and the signals that end it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rolecall::files::disk::{self, Named};

use super::{Exit, Failure, Format, Output, output::json_failure};

/// Runs to the end, or to the first signal if nothing was written by then.
///
/// One thread: the work is waiting, and a second thread would only make each answer dearer.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Error, format!("cannot start: {error}")))?;
    let result = runtime.block_on(work);
    // An unanswered question on the terminal must not keep the process.
    runtime.shutdown_background();
    result
}

/// Runs work that only reads, to its end or to the first signal.
pub(crate) fn reading<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, Failure>
where
    Failure: From<E>,
{
    block_on(until_signal(work))
}

/// Waits for work that only reads: a signal ends it at once, nothing was written.
pub(crate) async fn until_signal<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, Failure>
where
    Failure: From<E>,
{
    tokio::select! {
        result = work => Ok(result?),
        () = signal() => Err(Failure::new(Exit::Interrupted, "interrupted; nothing was written")),
    }
}

/// Sets a flag at the first signal and ends the process at the second. Listens from the moment it is called.
pub(crate) fn stop_on_signal(output: &Output) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let (flag, events, json) = (stop.clone(), output.events.clone(), output.format == Format::Json);
    let (first, second) = (signal(), signal());
    tokio::spawn(async move {
        tokio::pin!(second);
        first.await;
        flag.store(true, Ordering::Relaxed);
        // The second listener heard the first signal as well.
        second.as_mut().await;
        signal().await;
        if json && !events.on_stdout() {
            let hint = "the journal knows what was written; `rolecall rollback` reads it";
            json_failure("error", Exit::Partial, "interrupted twice: ended at once", &[], Some(hint));
        }
        events.end(Exit::Partial);
        #[expect(clippy::exit, reason = "the second signal asks for just that")]
        std::process::exit(Exit::Partial.code().into());
    });
    stop
}

/// Whether the caller told us to ignore hang-ups. Asked once: listening changes the answer.
#[cfg(unix)]
static HANGUP_IGNORED: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
    // The mask of ignored signals, of which a hang-up is the first.
    let status = disk::beginning(Path::new("/proc/self/status"), Named::ByCaller, 64 << 10);
    let mask = status.ok().and_then(|it| {
        let it = String::from_utf8(it).ok()?;
        let mask = it.lines().find_map(|it| it.strip_prefix("SigIgn:"))?.trim().to_owned();
        u64::from_str_radix(&mask, 16).ok()
    });
    // Where the system does not tell, nobody who ignores them has a terminal to write to.
    mask.map_or_else(|| !std::io::IsTerminal::is_terminal(&std::io::stderr()), |it| it & 1 == 1)
});

/// Waits for a signal that may not be listened for.
#[cfg(unix)]
async fn heard(signal: Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(mut signal) => _ = signal.recv().await,
        None => std::future::pending().await,
    }
}

/// Ends at the next SIGINT, SIGTERM or SIGHUP after the call; a hang-up that the caller told us to ignore, as `nohup`
/// does, stays ignored.
pub(crate) fn signal() -> impl Future<Output = ()> + Send {
    #[cfg(unix)]
    let (interrupt, terminate, hangup) = {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = if *HANGUP_IGNORED { None } else { signal(SignalKind::hangup()).ok() };
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), hangup)
    };
    async move {
        #[cfg(unix)]
        if let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
                () = heard(hangup) => (),
            }
            return;
        }
        drop(tokio::signal::ctrl_c().await);
    }
}
