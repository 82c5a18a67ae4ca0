//! The line every command is a prefix of: load, check, connect, fetch, bind, diff.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rolecall::{
    apply::record::{self, Record},
    files::{
        check::check,
        declared::Declared,
        load::{self, LoadError, Loaded},
    },
    live::fetch::{FetchError, confirm, fetch, fetch_lockouts},
    model::{
        finding::{Code, Finding},
        ids::{CompanyId, GroupId},
        plan::{Judgement, Plan},
        snapshot::Snapshot,
        source::Sources,
    },
    plan::{
        bind::{Bound, bind},
        diff, digest,
        judged::{Judged, judged},
        rollback,
        takeup::{Stale, TakenUp, as_approved, same_again},
    },
    report::{
        document::{self, Saved},
        render::{Cost, View, counted},
    },
};
use serde_json::json;

use super::{
    Format, Global, Selection,
    failure::{Exit, Failure},
    live::Live,
    output::{MARKDOWN_BUDGET, Output, json_failure},
    settings::{Connected, connect},
};

/// Files that were read and found to be sound.
pub(crate) struct Checked {
    pub(crate) loaded: Loaded,
    pub(crate) declared: Declared,
}

/// Reads and checks the files. That there are none is for the guard `empty-desired` to judge, which shows the plan.
pub(crate) fn checked(global: &Global, paths: &[PathBuf]) -> Result<Checked, Failure> {
    let mut loaded = loaded(global, paths)?;
    loaded.findings.retain(|it| it.code != Code::NoAccessFiles);
    sound(global, loaded)
}

/// Reads and checks the files for their own sake: that there are none is wrong as well.
pub(crate) fn validated(global: &Global, paths: &[PathBuf]) -> Result<Checked, Failure> {
    sound(global, loaded(global, paths)?)
}

fn loaded(global: &Global, paths: &[PathBuf]) -> Result<Loaded, LoadError> {
    // As if started in that folder: paths are relative to it.
    let paths: Vec<PathBuf> = paths.iter().map(|it| here(global).join(it)).collect();
    load::load(&paths, &here(global))
}

/// Reads and checks the workspace file alone, for commands that need no access files.
pub(crate) fn checked_workspace(global: &Global) -> Result<Checked, Failure> {
    sound(global, load::load_workspace(&here(global))?)
}

/// Does without a workspace where there is none: flags may say enough.
pub(crate) fn without_workspace(global: &Global, failure: Failure) -> Result<Checked, Failure> {
    match load::load_workspace(&here(global)) {
        Err(LoadError::NoWorkspace { .. }) => {
            sound(global, Loaded { root: here(global), ..Loaded::default() })
        }
        Ok(_) | Err(_) => Err(failure),
    }
}

pub(crate) fn here(global: &Global) -> PathBuf {
    global.workspace.clone().unwrap_or_else(|| PathBuf::from("."))
}

/// Checks what was read, as one workspace.
pub(crate) fn sound(global: &Global, mut loaded: Loaded) -> Result<Checked, Failure> {
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

/// A plan, with everything that made it: from the API, or from a snapshot of it.
pub(crate) struct Planned<L = Connected> {
    pub(crate) checked: Checked,
    pub(crate) connected: L,
    pub(crate) judged: Judged,
    /// The files its places point into.
    pub(crate) sources: Sources,
    /// What `until` was compared with.
    pub(crate) now: Timestamp,
    pub(crate) elapsed: Duration,
}

/// The live state, and what the files ask of it.
struct Compared<L> {
    connected: L,
    snapshot: Snapshot,
    bound: Bound,
    started: Instant,
}

/// Reads the live state, and what else is asked for, and binds the files to it.
async fn compared<L: Live>(
    output: &Output,
    connected: L,
    checked: &mut Checked,
    also: &[(CompanyId, GroupId)],
    now: Timestamp,
) -> Result<Compared<L>, Failure> {
    let started = Instant::now();
    let snapshot = read(output, &connected, fetch(connected.questions(), &checked.declared, also)).await?;
    let bound = bind(&checked.declared, &snapshot, now);
    let bound = bound.map_err(|findings| wrong(findings, &mut checked.loaded))?;
    Ok(Compared { connected, snapshot, bound, started })
}

impl<L: Live> Compared<L> {
    /// Lets order and guards look at a plan, once what it takes away has been asked for again.
    async fn confirmed(
        self,
        checked: Checked,
        plan: Plan,
        sources: Sources,
        now: Timestamp,
    ) -> Result<Planned<L>, Failure> {
        confirm(self.connected.questions(), &plan, &self.snapshot).await?;
        Ok(self.assessed(checked, plan, sources, now))
    }

    /// Lets order and guards look at a plan.
    fn assessed(self, checked: Checked, plan: Plan, sources: Sources, now: Timestamp) -> Planned<L> {
        let Self { connected, bound, started, .. } = self;
        let style = connected.dialect().scope_changes();
        let judged = judged(plan, &bound.rules, style, now);
        Planned { checked, connected, judged, sources, now, elapsed: started.elapsed() }
    }
}

/// Reads the live state and compares it with the files.
pub(crate) async fn planned<L: Live>(
    live: L,
    output: &Output,
    mut checked: Checked,
    now: Timestamp,
) -> Result<Planned<L>, Failure> {
    let compared = compared(output, live, &mut checked, &[], now).await?;
    let plan = diff::plan(&compared.bound, &compared.snapshot);
    let sources = checked.loaded.sources.clone();
    compared.confirmed(checked, plan, sources, now).await
}

/// Takes a saved plan up again: it must be for this API, and what it touches must be what it saw.
/// `from_files` says that the files are those it was made from.
pub(crate) async fn taken_up(
    global: &Global,
    output: &Output,
    mut checked: Checked,
    (saved, from_files): (Saved, bool),
    now: Timestamp,
) -> Result<Planned, Failure> {
    let Saved { plan, sources, endpoint, id, files, .. } = saved;
    let touched = also(&plan, &mut checked.declared);
    let live = connect(global, &checked.loaded)?;
    let compared = compared(output, live, &mut checked, &touched, now).await?;
    same_api(&endpoint, &compared.connected.url)?;
    let fresh = diff::plan(&compared.bound, &compared.snapshot);
    // A rollback names no files, and of files that are others by now nothing can be asked.
    let taken_up = if from_files && !files.is_empty() {
        same_again(&plan, id, &fresh, &compared.bound)
    } else {
        as_approved(&plan, id, &fresh, (&compared.bound, &compared.snapshot))
    };
    let plan = match taken_up {
        TakenUp::Plan(plan) => *plan,
        TakenUp::Stale(Stale { groups, people }) => {
            let what = match (groups.len(), people.len()) {
                (groups, 0) => counted(groups, "group is", "groups are"),
                (0, people) => counted(people, "person is", "people are"),
                (groups, people) => {
                    let groups = counted(groups, "group", "groups");
                    format!("{groups} and {} are", counted(people, "person", "people"))
                }
            };
            return Err(Failure::new(
                Exit::Stale,
                format!("{what} not what the plan saw; nothing was written"),
            )
            .because([groups, people].concat())
            .hint("plan again, and have the new plan approved"));
        }
    };
    compared.confirmed(checked, plan, sources, now).await
}

/// Returns the plan that undoes what a journal tells.
pub(crate) async fn rolled_back<L: Live>(
    live: L,
    output: &Output,
    mut checked: Checked,
    (saved, records, journal): (Saved, Vec<Record>, &Path),
    now: Timestamp,
) -> Result<Planned<L>, Failure> {
    let done = record::done(&records);
    let mut touched = also(&saved.plan, &mut checked.declared);
    // Groups that were created have ids that only the journal knows, or nobody.
    for (change, done) in &done {
        let company = saved.plan.change(*change).map(|it| it.company());
        touched.extend(company.zip(done.created.flatten()));
    }
    let unknown = done.values().any(|it| it.created == Some(None));
    let mut compared = compared(output, live, &mut checked, &touched, now).await?;
    same_api(&saved.endpoint, compared.connected.url())?;
    let ids = rollback::touched(&saved.plan, &done, &compared.snapshot);
    if unknown {
        // By name, now that all names are known.
        let company = |it: &usize| saved.plan.change(*it).map(|it| it.company());
        touched.extend(ids.iter().filter_map(|(change, id)| Some((company(change)?, *id))));
        compared = self::compared(output, compared.connected, &mut checked, &touched, now).await?;
    }
    // Without their texts: the files did not ask for it, and may change before it is applied.
    let mut sources = Sources::default();
    for (_, file) in checked.loaded.sources.files() {
        sources.add(file.path.clone(), String::new());
    }
    let file = sources.add(journal.display().to_string(), String::new());
    for name in rollback::unsettled(&saved.plan, &done, &ids, &compared.snapshot) {
        output.message(&format!(
            "warning: which group called {} the apply created, if any, is not known; none is deleted",
            rolecall::report::render::escape::terminal(name)
        ));
    }
    let bound = rollback::bound(&saved.plan, &done, &ids, (&compared.bound, &compared.snapshot), file);
    let mut plan = diff::plan(&bound, &compared.snapshot);
    // Whom nobody names any more is still known to the journal.
    for (user, name) in saved.plan.names.people {
        plan.names.people.entry(user).or_insert(name);
    }
    compared.confirmed(checked, plan, sources, now).await
}

/// Returns the plan of the lock-outs alone, by the fewest requests.
pub(crate) async fn lockouts(
    global: &Global,
    output: &Output,
    mut checked: Checked,
    now: Timestamp,
) -> Result<Planned, Failure> {
    let started = Instant::now();
    let connected = connect(global, &checked.loaded)?;
    let snapshot = read(output, &connected, fetch_lockouts(&connected.reader, &checked.declared)).await?;
    let bound = bind(&checked.declared.lockouts_only(), &snapshot, now);
    let bound = bound.map_err(|findings| wrong(findings, &mut checked.loaded))?;
    let mut plan = diff::plan(&bound, &snapshot);
    // The groups were not looked into: what else is in them is not known, and nothing is compared with it.
    plan.read.clear();
    plan.unread = plan.groups().filter_map(|it| it.group()).collect();
    let sources = checked.loaded.sources.clone();
    let mut planned = Compared { connected, snapshot, bound, started }.assessed(checked, plan, sources, now);
    planned.judged.plan.remarks.retain(|it| it.code != Code::UnusedException);
    Ok(planned)
}

/// Returns the groups that a plan touches, and makes sure that its companies and people are looked at.
fn also(plan: &Plan, declared: &mut Declared) -> Vec<(CompanyId, GroupId)> {
    for change in plan.changes() {
        match change.user() {
            Some(user) => declared.look_at_user(change.company(), user),
            None => declared.look_at(change.company()),
        }
    }
    plan.groups().filter_map(|it| Some((it.company(), it.id()?))).collect()
}

fn same_api(then: &str, now: &str) -> Result<(), Failure> {
    if then == now {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Stale,
        format!("the plan was made for {then}, and this is {now}; nothing was written"),
    )
    .hint("give `--endpoint`, or plan again for this API"))
}

/// Reads, compares and prints: all that `plan` and `drift` do. Only reads.
pub(crate) fn print_plan<L: Live>(
    global: &Global,
    selection: &Selection,
    output: &Output,
    live: impl FnOnce(&Loaded) -> Result<L, Failure>,
) -> Result<Planned<L>, Failure> {
    let now = selection.now.get()?;
    let checked = checked(global, &selection.paths)?;
    let live = live(&checked.loaded)?;
    let planned = block_on(until_signal(planned(live, output, checked, now)))?;
    planned.print(output);
    Ok(planned)
}

/// Waits for a reading, and shows that something goes on.
pub(crate) async fn read<T>(
    output: &Output,
    live: &impl Live,
    fetching: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    live.watched(output, fetching).await
}

impl<L: Live> Planned<L> {
    /// Returns a plan with what else its readers see.
    pub(crate) fn view<'a>(&'a self, plan: &'a Plan, judgement: &'a Judgement) -> View<'a> {
        let cost = Cost { requests: self.connected.requests(), elapsed: self.elapsed };
        let taken = self.connected.taken();
        View {
            plan,
            judgement,
            sources: &self.sources,
            endpoint: self.connected.host(),
            url: self.connected.url(),
            now: self.now,
            partial: self.checked.loaded.partial,
            taken,
            cost: taken.is_none().then_some(cost),
        }
    }

    /// Returns the plan in the format asked for.
    pub(crate) fn rendered(&self, format: Format) -> String {
        let view = self.view(&self.judged.plan, &self.judged.judgement);
        match format {
            Format::Text => rolecall::report::render::text::plan(&view),
            Format::Json => document::write(&view),
            Format::Markdown => rolecall::report::render::markdown::plan(&view, MARKDOWN_BUDGET),
        }
    }

    /// Prints the plan, and tells whoever listens.
    pub(crate) fn print(&self, output: &Output) {
        self.announce(output);
        if let Some(doubt) = self.connected.doubt(&self.checked.declared, &self.judged.plan) {
            output.message(&format!("warning: {doubt}"));
        }
        output.result(&self.rendered(output.format));
    }

    /// Tells whoever listens what the plan is.
    pub(crate) fn announce(&self, output: &Output) {
        let Judged { plan, judgement, steps } = &self.judged;
        let id = digest::plan_id(plan).to_string();
        let stops: Vec<&str> = judgement.stops().map(|it| it.guard.as_str()).collect();
        output.events.send("plan", json!({ "id": id, "changes": plan.len(), "steps": steps.len(), "withheld": plan.withheld(), "stops": stops }));
    }

    /// Saves the plan, for `rolecall apply FILE`.
    pub(crate) fn save(&self, path: &Path) -> Result<(), Failure> {
        keep("plan", path, &document::write(&self.view(&self.judged.plan, &self.judged.judgement)))
    }

    /// Returns the exit code of a command that reports differences.
    pub(crate) fn differences(&self) -> Exit {
        if self.judged.plan.is_settled() { Exit::Ok } else { Exit::Changes }
    }
}

/// Writes what only its owner may read, as it names people and what they may do.
pub(crate) fn keep(what: &str, path: &Path, text: &str) -> Result<(), Failure> {
    private(path, text).map_err(|error| {
        Failure::invalid(format!("cannot write the {what} to {}: {error}", path.display()))
            .hint("give another file with `--out`")
    })
}

/// Puts a file that only its owner may read into a place, whole or not at all and whoever could read what was there.
fn private(path: &Path, text: &str) -> io::Result<()> {
    // A pipe or a device is nothing to replace.
    if fs::metadata(path).is_ok_and(|it| !it.is_file()) {
        return fs::write(path, text);
    }
    // What a link leads to is replaced, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_data()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
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

/// Returns at the next SIGINT or SIGTERM after the call.
fn signal() -> impl Future<Output = ()> + Send {
    #[cfg(unix)]
    let (interrupt, terminate) = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    };
    async move {
        #[cfg(unix)]
        if let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            }
            return;
        }
        drop(tokio::signal::ctrl_c().await);
    }
}
