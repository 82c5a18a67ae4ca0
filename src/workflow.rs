//! The main line: checked → observed → planned → judged → approved → applied, from top to bottom.
//!
//! Every command is a prefix of it, or a question to one of its values. Takes values and returns values: it prints
//! nothing, asks nothing on a terminal, and knows no arguments, signals or exit codes. What people should know
//! beside a plan is returned as notes.

use std::{
    collections::BTreeSet,
    ops::Deref,
    path::Path,
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use crate::{
    apply::{
        Job, Outcome, Report, apply,
        journal::{Journal, JournalError},
        record::{self, Record},
        seal::Key,
    },
    files::{
        check::{check, check_and_forget},
        declared::Declared,
        load::Loaded,
    },
    live::{
        api::{Clients, Skew},
        fetch::{ReadList, fetch, kept},
        source::Source,
    },
    model::{
        date::Now,
        dialect::UserDelete,
        finding::{Code, Finding},
        ids::{CompanyId, GroupId, UserId},
        kept::Kept,
        observed::{Leads, Observed},
        plan::{ID_DIGITS, Judgement, Plan, Unresolved, Withheld, WithheldReason},
        rules::Rules,
        source::Sources,
    },
    plan::{
        self,
        adopt::{self, Adopted, Extent, Request},
        aliases,
        approval::differences,
        bind::{Bound, bind},
        digest, rollback,
        takeup::Stale,
    },
    report::{
        document::{self, Saved},
        render::{Cost, View},
    },
};

pub mod duplicate;
mod error;
mod facts;
pub mod estimate;
pub mod import;
mod outside;
mod planned;
mod questions;
pub mod runs;
mod sites;
mod testing;
pub mod users;
mod vocabulary;
pub mod witness;

pub use error::{Error, Note, Refusal};
pub use facts::facts;
pub use outside::{Changed, Outside, judged_from, supposed};
pub use planned::retaken;
pub use questions::{Asking, DirectRolesOf, asked, explained, explained_at, recorded, reviewed, upcoming};
pub use runs::Run;
pub use sites::{Site, Sites};
pub use testing::tested;
pub use vocabulary::{checked_for_names, vocabulary};

use planned::{Planned, doubted, planned};

// ---- checked ---------------------------------------------------------------------------------------------------

/// Files that were read and found to be sound.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Checked {
    pub loaded: Loaded,
    pub declared: Declared,
}

/// Checks files that the live state is compared with: sound, and all that should have been read.
///
/// Where they declare nothing, or one of them was passed over, groups would go unwatched, and a comparison could only
/// be calm by mistake.
///
/// # Errors
///
/// Everything that is wrong with them.
pub fn checked(loaded: Loaded) -> Result<Checked, Error> {
    let checked = all_sound(loaded)?;
    // Of many companies a shard may have none.
    let is_shard = checked.loaded.portion.is_some_and(|it| it.shard.is_some());
    if checked.declared.entries() > 0 || is_shard {
        return Ok(checked);
    }
    let read = match &checked.loaded.files.access[..] {
        [] => "no access file was read".to_owned(),
        [(one, _)] => format!("{} has no entry", checked.loaded.sources.file(*one).path),
        several => format!("none of {} access files has an entry", several.len()),
    };
    let finding = Finding::general(Code::NothingDeclared, format!("the files declare nothing: {read}")).help(
        "declare at least one group; groups that no file names are left alone, and nobody watches them",
    );
    Err(wrong(vec![finding], &checked.loaded))
}

/// Checks files for what they say, where nothing is compared with them: for a snapshot, a saved plan, a rollback, or
/// lock-outs alone, which must not wait for a file that is missing.
///
/// # Errors
///
/// Everything that is wrong in what was read.
pub fn sound(mut loaded: Loaded) -> Result<Checked, Error> {
    loaded.findings.retain(|it| !matches!(it.code, Code::NoAccessFiles | Code::PassedOver));
    all_sound(loaded)
}

fn all_sound(mut loaded: Loaded) -> Result<Checked, Error> {
    let mut findings = std::mem::take(&mut loaded.findings);
    let declared = check_and_forget(&mut loaded.files).map_err(|more| findings.extend(more));
    match declared {
        Ok(declared) if findings.is_empty() => Ok(Checked { loaded, declared }),
        _ => Err(wrong(findings, &loaded)),
    }
}

/// Checks files for their lock-outs alone, which need the workspace file and no other: what is wrong elsewhere holds
/// up nobody's removal, and is counted in the note. A company that only a file names of which this cannot be read is
/// not looked at.
///
/// # Errors
///
/// What is wrong with the workspace file, or all there is where it names no company.
pub fn checked_for_lockouts(mut loaded: Loaded) -> Result<(Checked, Option<Note>), Error> {
    let Some(file) = loaded.files.workspace.as_ref().map(|it| it.0) else {
        return Ok((sound(loaded)?, None));
    };
    loaded.findings.retain(|it| !matches!(it.code, Code::NoAccessFiles | Code::PassedOver));
    let elsewhere = |it: &Finding| it.place.is_some_and(|it| it.file != file);
    let mut findings: Vec<Finding> = loaded.findings.extract_if(.., |it| elsewhere(it)).collect();
    findings.extend(check(&loaded.files).err().unwrap_or_default().into_iter().filter(elsewhere));
    if findings.is_empty() {
        return Ok((sound(loaded)?, None));
    }
    let left = companies_alone(loaded)?;
    if left.declared.companies.is_empty() {
        return Err(wrong(findings, &left.loaded));
    }
    Ok((left, Some(Note::OnlyLockouts(findings.len(), findings.into_iter().next().map(|it| it.message)))))
}

/// Checks files for which companies they are about, and what the workspace file says; a file of which the company cannot be
/// read is left out.
fn companies_alone(mut loaded: Loaded) -> Result<Checked, Error> {
    loaded.files.keep_companies();
    let unsound = check(&loaded.files).err().unwrap_or_default();
    let unsound = |file| unsound.iter().any(|it| it.place.is_some_and(|it| it.file == file));
    loaded.files.access.retain(|it| !unsound(it.0) && it.1.says_company());
    sound(loaded)
}

fn wrong(mut findings: Vec<Finding>, loaded: &Loaded) -> Error {
    findings.sort();
    Error::Findings { findings, sources: loaded.sources.clone() }
}

// ---- observed --------------------------------------------------------------------------------------------------

/// Where the live state is read, and what that place is called.
#[expect(missing_docs, reason = "the names say it")]
pub struct Live {
    pub source: Source,
    pub sites: Sites,
}

/// The live state, and what the files ask of it.
struct Observation {
    snapshot: Observed,
    bound: Bound,
}

/// Reads what the files speak of, and the groups named in `also`, and binds the files to it. An empty list is doubted.
async fn observed(
    live: &Live,
    checked: &Checked,
    also: &[(CompanyId, GroupId)],
    now: Timestamp,
) -> Result<Observation, Error> {
    let mut snapshot = fetch(&live.source, &ReadList::new(&checked.declared, also)).await?;
    let companies = snapshot.companies.iter().map(|it| it.id);
    let deactivates = |it: &CompanyId| live.sites.of(*it).dialect.user_delete == UserDelete::Deactivates;
    snapshot.deactivating = companies.filter(deactivates).collect();
    doubted(&checked.declared, &snapshot)?.leave_out(&mut snapshot)?;
    let bound = bind(&checked.declared, &snapshot, now);
    Ok(Observation { bound: bound.map_err(|it| wrong(it, &checked.loaded))?, snapshot })
}

// ---- planned: `planned::planned`, as what is wanted says -----------------------------------------------------

/// What a plan is made of, beside the live state.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Wanted {
    Files,
    /// The files, to adopt what is live where they differ.
    Adoption,
    /// What has ended by its date, and nothing else that differs.
    Expired,
    /// The lock-outs of the files alone, by the fewest requests.
    Lockouts,
    /// A saved plan: it must be for this API, and what it touches must be what it saw.
    Saved {
        saved: Box<Saved>,
        /// Whether the files are those it was made from.
        from_files: bool,
        /// Of a rollback, the run that it undoes, where its journal is there.
        undoes: Option<Box<Run>>,
    },
    Undo {
        run: Box<Run>,
        /// Later runs, of whatever is beside its journal.
        later: Vec<Run>,
    },
}

impl Wanted {
    /// Whether a date decides about any of it.
    fn has_dates(&self, declared: &Declared) -> bool {
        match self {
            Self::Files | Self::Expired | Self::Adoption => declared.has_dates(),
            Self::Lockouts => declared.lockouts_only().has_dates(),
            Self::Saved { saved, .. } => declared.has_dates() || saved.plan.has_dates(),
            Self::Undo { run, .. } => declared.has_dates() || run.saved.plan.has_dates(),
        }
    }
}

// ---- judged ----------------------------------------------------------------------------------------------------

/// A plan that guards have looked at, with what made it.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Judged {
    pub judged: plan::judged::Judged,
    pub context: Context,
    pub notes: Vec<Note>,
    /// Where what is live is to be adopted.
    reading: Option<Box<Reading>>,
}

/// What a plan was made of, beside the files.
#[derive(Debug)]
struct Reading {
    observed: Observed,
    leads: Leads,
    rules: Rules,
}

/// What made a plan, and what its readers see beside it.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Context {
    pub checked: Checked,
    /// The files that the places of the plan point into.
    pub sources: Sources,
    pub sites: Sites,
    /// The hosts of its companies, between commas.
    pub host: String,
    /// When the snapshot was taken; `None` where the API was read.
    pub taken: Option<Timestamp>,
    /// What `until` was compared with.
    pub now: Now,
    /// Whether a date decided about any of it, by the clock of this machine.
    pub timed: bool,
    pub requests: u64,
    pub elapsed: Duration,
}

/// Reads the live state, plans what is wanted, and lets order and guards look at the plan. At most `asked` of the people who
/// gain or lose are asked for groups that no file names.
///
/// # Errors
///
/// Where the live state cannot be read whole, where names cannot be bound to it, where a saved plan is not for
/// what there is, and where dates would decide by a clock that is far from the server's.
pub async fn judged(
    live: &Live,
    mut checked: Checked,
    wanted: Wanted,
    now: Now,
    asked: usize,
) -> Result<Judged, Error> {
    let started = Instant::now();
    // Where few requests are made, or nobody reads who gains, nobody is asked.
    let asked = if matches!(wanted, Wanted::Lockouts | Wanted::Adoption) { None } else { Some(asked) };
    let is_part = matches!(wanted, Wanted::Lockouts | Wanted::Expired) || checked.loaded.portion.is_some();
    let timed = !now.is_given && wanted.has_dates(&checked.declared);
    let planned = planned(live, &mut checked, wanted, now.at).await;
    // What has ended by a wrong clock may be all that is stale.
    let skew = match &planned {
        Ok(_) | Err(Error::Stale(_)) => live.source.skew().filter(Skew::is_far),
        Err(_) => None,
    };
    if let Some(skew) = skew.filter(|_| timed) {
        return Err(Error::Clock(skew));
    }
    let Planned { mut plan, mut rules, sources, mut notes, whole, observed } = planned?;
    rules.tell_files(&sources);
    live.sites.tell(&mut plan.companies);
    notes.extend(skew.filter(|_| !now.is_given).map(Note::Clock));
    let mut judged =
        plan::judged::judged(plan, &rules, |it| live.sites.of(it).dialect.scope_changes(), now.at);
    if let Some(most) = asked {
        let (known, note) = knowing((&live.source, most), judged, &rules, whole).await?;
        judged = known;
        notes.extend(note);
    }
    if is_part || judged.plan.withheld.iter().any(|it| it.company().is_some()) {
        // What is not read, or not done, is not measured against its exception.
        let needs_all = [Code::UnusedException, Code::UnknownException, Code::UnmatchedPattern];
        judged.plan.remarks.retain(|it| !needs_all.contains(&it.code));
    }
    judged.plan.remarks.extend(aliases::remarks(&checked.declared, &live.source.names()));
    judged.plan.remarks.sort();
    notes.extend(doubt(&live.source, &checked.declared, &judged.plan));
    let context = Context {
        checked,
        sources,
        host: live.sites.hosts(judged.plan.companies.iter().map(|it| it.company)),
        sites: live.sites.clone(),
        taken: live.source.taken(),
        now,
        timed,
        requests: live.source.requests(),
        elapsed: started.elapsed(),
    };
    let reading = observed.map(|(observed, leads)| Box::new(Reading { observed, leads, rules }));
    Ok(Judged { judged, context, notes, reading })
}

/// Asks those who gain or lose for the groups that were not looked into.
async fn knowing(
    (source, most): (&Source, usize),
    judged: plan::judged::Judged,
    rules: &Rules,
    whole: BTreeSet<(CompanyId, UserId)>,
) -> Result<(plan::judged::Judged, Option<Note>), Error> {
    let plan = judged.plan();
    let is_unread = |(company, group)| {
        let found = plan.index.find_group(company, group);
        found.is_some_and(|it| plan.live.grants(it).is_empty() && plan.live.members(it).len() == 0)
    };
    // Who has no account yet is in no group.
    let whole = Kept { whole: whole.into_iter().chain(plan.newcomers()).collect(), ..Kept::default() };
    let asked = kept(source, &judged.to_ask(&whole), most, is_unread).await?;
    let kept = Kept { whole: whole.whole, ..asked };
    let note = kept.refused.map(Note::NotAsked);
    Ok((judged.knowing(&kept, rules), note))
}

/// What of a plan the source cannot tell.
fn doubt(source: &Source, declared: &Declared, plan: &Plan) -> Option<Note> {
    let unknown = |it: &Withheld| {
        matches!(
            it.what,
            WithheldReason::Person { why: Unresolved::Unknown, .. }
                | WithheldReason::User { why: Unresolved::Unknown, .. }
                | WithheldReason::UnmanagedUser { why: Unresolved::Unknown, .. }
                | WithheldReason::UnreadPerson { .. }
        )
    };
    let protects = declared.rules.all().any(|it| !it.protected_people.is_empty());
    let compares = protects || plan.withheld.iter().any(unknown);
    (source.is_sanitized() && compares).then_some(Note::Sanitized)
}

/// What the files are to say so that nothing of the plan is left, as far as that is to be; nothing of a plan that was
/// not made for it.
///
/// # Errors
///
/// What would be wrong with the files.
pub fn adopted(judged: &Judged, extent: Extent<'_>) -> Result<Adopted, Error> {
    let Some(reading) = &judged.reading else { return Ok(Adopted::default()) };
    let Checked { loaded, declared } = &judged.context.checked;
    let request = Request {
        declared,
        files: &loaded.files,
        sources: &loaded.sources,
        observed: &reading.observed,
        leads: &reading.leads,
        plan: judged.plan(),
        rules: &reading.rules,
        now: judged.context.now.at,
        extent,
    };
    adopt::adopted(request).map_err(|it| wrong(it, loaded))
}

impl Deref for Judged {
    type Target = plan::judged::Judged;

    fn deref(&self) -> &Self::Target {
        &self.judged
    }
}

impl Deref for Approved {
    type Target = plan::judged::Judged;

    fn deref(&self) -> &Self::Target {
        &self.approved
    }
}

impl Context {
    /// A plan with what else its readers see.
    pub fn view<'a>(&'a self, plan: &'a Plan, judgement: &'a Judgement) -> View<'a> {
        let cost = Cost { requests: self.requests, elapsed: self.elapsed };
        View {
            plan,
            judgement,
            sources: &self.sources,
            endpoint: &self.host,
            url: &self.sites.rest.url,
            now: self.now,
            partial: self.checked.loaded.partial,
            portion: self.checked.loaded.portion,
            files: &[],
            taken: self.taken,
            document: None,
            cost: self.taken.is_none().then_some(cost),
        }
    }
}

// ---- approved --------------------------------------------------------------------------------------------------

/// What was approved before the plan was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Approval<'a> {
    /// The id of the plan, or its first digits; it stands for the exception that `privileged` asks for as well.
    pub id: Option<&'a str>,
    /// A saved plan: no more than it does.
    pub at_most: Option<&'a Saved>,
}

/// A plan that may be applied.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Approved {
    pub approved: plan::judged::Approved,
    pub context: Context,
}

impl Approved {
    /// Makes sure that nothing it gives has ended since it was made: reading takes minutes, and an answer may take days.
    ///
    /// # Errors
    ///
    /// What has ended by `now`.
    pub fn not_ended(&self, now: Timestamp) -> Result<(), Error> {
        let stale = Stale::ended(self.plan(), now);
        if stale.is_empty() { Ok(()) } else { Err(Error::Stale(stale)) }
    }
}

/// Approves a judged plan.
///
/// # Errors
///
/// The plan with the reason, where it is not what was approved or a guard stops it.
pub fn approved(judged: Judged, approval: Approval<'_>) -> Result<Approved, Box<(Judged, Refusal)>> {
    if let Some(why) = beyond(&judged, approval) {
        return Err(Box::new((judged, why)));
    }
    let Judged { judged, context, notes, reading } = judged;
    match judged.approve(approval.id.is_some()) {
        Ok(approved) => Ok(Approved { approved, context }),
        Err(judged) => {
            let mut guards: Vec<&str> = judged.judgement.stops().map(|it| it.guard.as_str()).collect();
            guards.dedup();
            let why = Refusal::Guards(guards);
            Err(Box::new((Judged { judged: *judged, context, notes, reading }, why)))
        }
    }
}

/// Why the plan is not the one that was approved.
fn beyond(judged: &Judged, Approval { id: approved, at_most }: Approval<'_>) -> Option<Refusal> {
    if judged.notes.contains(&Note::AlreadySo) {
        return None;
    }
    if let Some(approved) = approved {
        let id = digest::plan_id(&judged.plan);
        if !id.to_string().starts_with(approved) {
            return Some(Refusal::OtherPlan { approved: approved.to_owned(), id });
        }
    }
    let at_most = at_most?;
    if let Some((then, now)) = judged.context.sites.other_than(at_most) {
        return Some(Refusal::OtherApi { then, now });
    }
    let beyond = differences(&at_most.plan, &judged.plan);
    (!beyond.is_empty()).then_some(Refusal::Beyond(beyond))
}

// ---- applied ---------------------------------------------------------------------------------------------------

/// How a plan is applied.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Applying<'a> {
    pub clients: &'a Clients,
    pub journal: &'a Path,
    /// Set to end it before the next write.
    pub stop: &'a AtomicBool,
    /// Steps made at once, at least 1.
    pub writers: usize,
    /// Failed steps after which nothing new begins.
    pub max_failures: usize,
    /// What the journal is sealed with.
    pub key: Option<&'a Key>,
    /// How long it is waited for the API to show one write that it has accepted.
    pub settle: Duration,
}

/// What became of an apply.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Applied {
    pub report: Report,
    journal: Journal,
}

/// Makes the steps of a plan, and tells of each that has ended.
///
/// # Errors
///
/// When the journal cannot be begun; then nothing was written.
pub async fn applied(
    approved: &Approved,
    applying: Applying<'_>,
    progress: impl FnMut(usize, &Outcome),
) -> Result<Applied, Error> {
    let Approved { approved, context } = approved;
    let plan::judged::Judged { plan, judgement, .. } = &**approved;
    let Applying { clients, journal, stop, writers, max_failures, key, settle } = applying;
    let inverse = rollback::inverse(plan);
    let start = Record::Start {
        version: record::VERSION,
        at: Timestamp::now(),
        tool: env!("CARGO_PKG_VERSION").into(),
        plan: document::line(&context.view(plan, judgement)),
        inverse: document::line(&context.view(&inverse, &Judgement::default())),
    };
    let journal = Journal::create(journal, &start, key.cloned())?;
    // The answer to the question for consent may have taken days.
    clients.restart_clock();
    let label = format!("{:.ID_DIGITS$}", digest::plan_id(plan));
    let (plan, journal_of, label) = (approved, &journal, &*label);
    let timed = context.timed;
    let job = Job { clients, plan, timed, journal: journal_of, label, stop, writers, max_failures, settle };
    let report = apply(job, progress).await;
    Ok(Applied { report, journal })
}

impl Applied {
    /// Notes in the journal how the run ended.
    ///
    /// # Errors
    ///
    /// When that cannot be written.
    pub fn end(&self, exit: u8, result: &str) -> Result<(), JournalError> {
        self.journal.write(&Record::End { at: Timestamp::now(), exit, result: result.into() })
    }
}
