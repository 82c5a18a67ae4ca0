//! The line every command is a prefix of: load, check, connect, fetch, bind, diff.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rolecall::{
    api::ApiError,
    bind::bind,
    diff,
    fetch::fetch,
    finding::Finding,
    load::{self, Loaded},
    manifest::{check::check, declared::Declared},
    plan::Plan,
    render::{Cost, View},
    snapshot::Snapshot,
};

use super::{
    Format, Global, Selection,
    failure::{Exit, Failure},
    output::{MARKDOWN_BUDGET, Output},
    settings::{Connected, connect},
};

/// Files that were read and found to be sound.
pub(crate) struct Checked {
    pub(crate) loaded: Loaded,
    pub(crate) declared: Declared,
}

/// Reads and checks the files.
pub(crate) fn checked(global: &Global, paths: &[PathBuf]) -> Result<Checked, Failure> {
    // As if started in that folder: paths are relative to it.
    let paths: Vec<PathBuf> = paths.iter().map(|it| here(global).join(it)).collect();
    sound(global, load::load(&paths, &here(global))?)
}

/// Reads and checks the workspace file alone, for commands that need no access files.
pub(crate) fn checked_workspace(global: &Global) -> Result<Checked, Failure> {
    sound(global, load::load_workspace(&here(global))?)
}

fn here(global: &Global) -> PathBuf {
    global.workspace.clone().unwrap_or_else(|| PathBuf::from("."))
}

fn sound(global: &Global, mut loaded: Loaded) -> Result<Checked, Failure> {
    loaded.files.company.clone_from(&global.company);
    let mut findings = std::mem::take(&mut loaded.findings);
    match check(&loaded.files) {
        Ok(declared) if findings.is_empty() => Ok(Checked { loaded, declared }),
        Ok(_) => Err(wrong(findings, &mut loaded)),
        Err(more) => {
            findings.extend(more);
            Err(wrong(findings, &mut loaded))
        }
    }
}

fn wrong(mut findings: Vec<Finding>, loaded: &mut Loaded) -> Failure {
    findings.sort();
    Failure::Findings { findings, sources: std::mem::take(&mut loaded.sources) }
}

/// A plan, with everything that made it.
pub(crate) struct Planned {
    pub(crate) checked: Checked,
    pub(crate) connected: Connected,
    pub(crate) snapshot: Snapshot,
    pub(crate) plan: Plan,
    /// What `until` was compared with.
    pub(crate) now: Timestamp,
    pub(crate) elapsed: Duration,
}

/// Reads the live state and compares.
pub(crate) async fn planned(
    global: &Global,
    output: &Output,
    mut checked: Checked,
    now: Timestamp,
) -> Result<Planned, Failure> {
    let started = Instant::now();
    let connected = connect(global, &checked.loaded)?;
    let snapshot = read(output, &connected, &checked.declared).await?;
    let plan = compare(&checked.declared, &snapshot, now);
    let plan = plan.map_err(|findings| wrong(findings, &mut checked.loaded))?;
    Ok(Planned { checked, connected, snapshot, plan, now, elapsed: started.elapsed() })
}

/// Reads, compares and prints: all that `plan` and `drift` do. Only reads.
pub(crate) fn print_plan(
    global: &Global,
    selection: &Selection,
    output: &Output,
) -> Result<Planned, Failure> {
    let now = selection.now()?;
    let checked = checked(global, &selection.paths)?;
    let planned = block_on(until_signal(planned(global, output, checked, now)))?;
    output.result(&planned.rendered(output.format));
    Ok(planned)
}

/// Fetches what is declared, and shows that something goes on.
pub(crate) async fn read(
    output: &Output,
    connected: &Connected,
    declared: &Declared,
) -> Result<Snapshot, ApiError> {
    let spinner = output.spinner("reading");
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    let fetching = fetch(&connected.reader, declared);
    tokio::pin!(fetching);
    loop {
        tokio::select! {
            snapshot = &mut fetching => return snapshot,
            _ = tick.tick() => spinner.requests(&connected.reader),
        }
    }
}

/// Returns the plan, or what the API's answers show to be wrong in the files.
pub(crate) fn compare(
    declared: &Declared,
    snapshot: &Snapshot,
    now: Timestamp,
) -> Result<Plan, Vec<Finding>> {
    bind(declared, snapshot, now).map(|bound| diff::plan(bound, snapshot))
}

impl Planned {
    /// Returns the plan in the format asked for.
    pub(crate) fn rendered(&self, format: Format) -> String {
        let cost = Cost { requests: self.connected.reader.requests_made(), elapsed: self.elapsed };
        let view = View {
            plan: &self.plan,
            sources: &self.checked.loaded.sources,
            endpoint: &self.connected.host,
            cost: Some(cost),
        };
        match format {
            Format::Text => rolecall::render::text::plan(&view),
            Format::Json => rolecall::render::json::plan(&view),
            Format::Markdown => rolecall::render::markdown::plan(&view, MARKDOWN_BUDGET),
        }
    }

    /// Returns the exit code of a command that reports differences.
    pub(crate) fn differences(&self) -> Exit {
        if self.plan.is_settled() { Exit::Ok } else { Exit::Changes }
    }
}

/// Runs to the end, or to the first signal if nothing was written by then.
///
/// One thread: the work is waiting, and a second thread would only make each answer dearer.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Error, format!("cannot start: {error}")))?;
    let result = runtime.block_on(work);
    // A question on the terminal that nobody answered must not keep the process.
    runtime.shutdown_background();
    result
}

/// Waits for work that only reads: a signal ends it at once, nothing was written.
pub(crate) async fn until_signal<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        result = work => result,
        () = signal() => Err(Failure::new(Exit::Interrupted, "interrupted; nothing was written")),
    }
}

/// Sets a flag at the first signal and ends the process at the second.
pub(crate) fn stop_on_signal(output: &Output) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let (flag, events) = (stop.clone(), output.events.clone());
    tokio::spawn(async move {
        signal().await;
        flag.store(true, Ordering::Relaxed);
        signal().await;
        events.end(Exit::Partial);
        #[expect(clippy::exit, reason = "the second signal asks for just that")]
        std::process::exit(Exit::Partial.code().into());
    });
    stop
}

/// Returns at the next SIGINT or SIGTERM.
async fn signal() {
    let interrupt = async { drop(tokio::signal::ctrl_c().await) };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                () = interrupt => (),
                _ = terminate.recv() => (),
            }
            return;
        }
    }
    interrupt.await;
}
