//! `rolecall doctor`: looks at everything a run depends on and says what it finds. Only reads, but for `--probe`.

mod seen;
mod told;

use clap::{ArgMatches, Args};
use jiff::Timestamp;
use rolecall::{
    doctor::{Area, Check, Report, Trouble, text},
    files::{
        load::{self, LoadError, Loaded},
        manifest::{check::check, declared::Declared},
    },
    live::api::{ApiError, Reader},
    model::{
        finding::Finding,
        ids::{CompanyId, PersonRef},
        snapshot::User,
    },
    plan::bind::people::Directory,
};

use super::{
    Format, Global,
    failure::{self, Exit, Failure},
    output::Output,
    probe, run, settings,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Learn the dialect by trying it on groups of its own, which are deleted again; needs `--company`
    #[arg(long)]
    pub(super) probe: bool,
    /// Who is put into those that hold no role, instead of `api.identity`: an e-mail address or user id
    #[arg(long, value_name = "PERSON", env = "ROLECALL_PROBE_USER", hide_env = true, requires = "probe")]
    pub(super) user: Option<PersonRef>,
    /// Probe without asking
    #[arg(long, visible_alias = "yes", env = "ROLECALL_AUTO_APPROVE", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    pub(super) auto_approve: bool,
}

pub(super) fn run(
    global: &Global,
    arguments: &Arguments,
    matches: &ArgMatches,
    output: &Output,
) -> Result<Exit, Failure> {
    if arguments.probe {
        return probe::run(global, arguments, matches, output);
    }
    let (report, interrupted) = run::block_on(async {
        let mut found = Found::in_files(global)?;
        told::check(global, matches, &mut found);
        let looking = async {
            seen::check(global, &mut found).await;
            Ok(())
        };
        let interrupted = run::until_signal(looking).await.err();
        Ok((found.report(), interrupted))
    })?;
    if let Some(failure) = interrupted {
        return Err(failure);
    }
    let exit = match report.worst() {
        None => Exit::Ok,
        Some(Trouble::Invalid) => Exit::Invalid,
        Some(Trouble::Remote) => Exit::Remote,
        Some(Trouble::Auth) => Exit::Auth,
    };
    let [ok, notes, problems] = report.counts();
    output.events.send("doctor", serde_json::json!({ "ok": ok, "notes": notes, "problems": problems }));
    output.result(&shown(output.format, &text::text(&report), || {
        text::json(&report, exit.code(), exit.name())
    }));
    Ok(exit)
}

/// Returns a result in the format asked for; Markdown is the text as an indented block, in which nothing calls anybody.
pub(super) fn shown(format: Format, text: &str, json: impl FnOnce() -> String) -> String {
    match format {
        Format::Text => text.to_owned(),
        Format::Json => json(),
        Format::Markdown => {
            let plain = anstream::adapter::strip_str(text).to_string();
            plain.lines().map(|it| format!("    {it}").trim_end().to_owned() + "\n").collect()
        }
    }
}

/// Returns the rows among which the person is, as a plan reads them: which is the one is for a [`Directory`] to say,
/// as a list may show others as well.
pub(super) async fn rows(
    reader: &Reader,
    company: CompanyId,
    person: &PersonRef,
) -> Result<Vec<User>, ApiError> {
    let mut users = reader.find_users(company, std::slice::from_ref(person)).await?;
    if !Directory::new(&users).knows(person) {
        // The bulk list is a draft in the API and may not match every address (contract §7.2).
        users.extend(reader.query_user(company, person).await?);
    }
    Ok(users)
}

/// What is known so far, and what was checked.
struct Found {
    loaded: Loaded,
    declared: Option<Declared>,
    /// What is wrong with the workspace file.
    findings: Vec<Finding>,
    /// Whether there is a workspace file.
    workspace: bool,
    endpoint: String,
    checks: Vec<Check>,
}

impl Found {
    /// Reads the workspace file; that there is none, or that it is wrong, is something to tell.
    fn in_files(global: &Global) -> Result<Self, Failure> {
        let here = global.here().to_owned();
        let (mut loaded, workspace) = match load::load_workspace(&here) {
            Ok(loaded) => (loaded, true),
            Err(LoadError::NoWorkspace { .. }) => (Loaded { root: here, ..Loaded::default() }, false),
            Err(error) => return Err(error.into()),
        };
        loaded.files.company.clone_from(&global.company);
        let mut findings = std::mem::take(&mut loaded.findings);
        let declared = check(&loaded.files).map_err(|more| findings.extend(more)).ok();
        findings.sort();
        findings.dedup();
        let endpoint = "an unknown endpoint".to_owned();
        Ok(Self { loaded, declared, findings, workspace, endpoint, checks: Vec::new() })
    }

    fn say(&mut self, check: Check) {
        self.checks.push(check);
    }

    /// Says what kept something from working.
    fn trouble(&mut self, area: Area, name: &str, failure: &Failure) {
        let trouble = match failure.exit() {
            Exit::Auth => Trouble::Auth,
            Exit::Remote => Trouble::Remote,
            Exit::Ok
            | Exit::Error
            | Exit::Changes
            | Exit::Partial
            | Exit::Invalid
            | Exit::Blocked
            | Exit::Stale
            | Exit::Interrupted => Trouble::Invalid,
        };
        let (fact, hint) = match failure {
            Failure::Trouble { message, causes, hint, .. } => (sentence(message, causes), hint.clone()),
            Failure::Findings { findings, .. } => (format!("{} findings", findings.len()), None),
        };
        let check = Check::problem(area, name, trouble, fact);
        self.say(match hint {
            Some(hint) => check.hint(hint),
            None => check,
        });
    }

    fn report(self) -> Report {
        let company = self.declared.as_ref().and_then(|it| Some((it.company?, it)));
        let company = company.map(|(id, declared)| match declared.aliases.get(&id.0) {
            Some(name) => format!("{name} ({:.4}…)", id.to_string()),
            None => id.to_string(),
        });
        Report { endpoint: self.endpoint, company, at: Timestamp::now(), checks: self.checks }
    }
}

/// Returns what happened and why, in one line.
fn sentence(message: &str, causes: &[String]) -> String {
    let causes: String = causes.iter().map(|it| format!(": {it}")).collect();
    format!("{message}{causes}")
}

/// Returns an error of the API and its causes in one line.
fn told(error: &ApiError) -> String {
    sentence(&error.to_string(), &failure::causes(error))
}

pub(super) use settings::{section, site};
