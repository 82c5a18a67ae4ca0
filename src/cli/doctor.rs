//! `rolecall doctor`: looks at everything a run depends on and says what it finds. Only reads, but for `--probe`.

mod given;

use clap::{ArgMatches, Args};
use jiff::Timestamp;
use rolecall::{
    doctor::{
        Area, Check, Report, Trouble,
        look::{Subject, survey},
        settings::{Configuration, company},
        text,
    },
    files::{
        check::check,
        declared::Declared,
        load::{self, LoadError, Loaded},
    },
    live::api::{Credentials, Settings},
    model::{finding::Finding, ids::PersonRef},
    workflow,
};

use super::{Exit, Failure, Global, Output, probe, run, settings};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Learn the dialect by trying it on groups of its own, which are deleted again; needs `--company`
    #[arg(long)]
    pub(super) probe: bool,
    /// Who is put into those that hold no role, instead of `api.identity`: an e-mail address or user id
    #[arg(long, value_name = "PERSON", env = "ROLECALL_PROBE_USER", requires = "probe")]
    pub(super) user: Option<PersonRef>,
    /// Probe without asking
    #[arg(long, visible_alias = "yes", env = "ROLECALL_AUTO_APPROVE")]
    pub(super) auto_approve: bool,
}

pub(super) fn run(
    global: &Global,
    arguments: &Arguments,
    matches: &ArgMatches,
    output: &Output,
) -> Result<Exit, Failure> {
    if arguments.probe {
        let (user, auto_approve) = (arguments.user.clone(), arguments.auto_approve);
        return probe::run(global, user, auto_approve, matches, output);
    }
    let (report, interrupted) = run::block_on(async {
        let mut found = Found::in_files(global)?;
        found.settings(global, matches);
        let looking = async {
            found.look(global).await;
            Ok::<_, Failure>(())
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
    output.document(&text::text(&report), || text::json(&report, exit.code(), exit.name()));
    Ok(exit)
}

/// What is known so far, and what was checked.
struct Found {
    loaded: Loaded,
    declared: Option<Declared>,
    findings: Vec<Finding>,
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
            Err(error) => return Err(workflow::Error::from(error).into()),
        };
        loaded.files.company.clone_from(&global.company);
        let mut findings = std::mem::take(&mut loaded.findings);
        let declared = check(&loaded.files).map_err(|more| findings.extend(more)).ok();
        findings.sort();
        findings.dedup();
        let endpoint = "an unknown endpoint".to_owned();
        Ok(Self { loaded, declared, findings, workspace, endpoint, checks: Vec::new() })
    }

    fn settings(&mut self, global: &Global, matches: &ArgMatches) {
        let origin = |id| given::given(matches, id).map(|it| it.origin).unwrap_or_default();
        let option = |(id, absent)| Some((given::given(matches, id)?, absent));
        let options = [
            ("timeout", "30s"),
            ("concurrency", "16 for reading, 8 steps of an apply"),
            ("max_rps", "no limit of its own"),
        ];
        let configuration = Configuration {
            loaded: &self.loaded,
            declared: self.declared.as_ref(),
            findings: std::mem::take(&mut self.findings),
            workspace: self.workspace,
            section: section(&self.loaded),
            endpoint: global.endpoint.clone().map(|it| (it, origin("endpoint"))),
            company: global.company.clone().map(|it| (it, origin("company"))),
            options: options.into_iter().filter_map(option).collect(),
            variable: &|name| std::env::var_os(name),
            exists: &|path| path.exists(),
        };
        self.checks = configuration.checks();
    }

    /// Looks at the API, as far as that leads.
    async fn look(&mut self, global: &Global) {
        let site = match site(global, &self.loaded) {
            Ok(site) => site,
            Err(failure) => return self.checks.push(failed(Area::Endpoint, "address", &failure)),
        };
        self.endpoint.clone_from(&site.host);
        let plain = if site.endpoint.is_plain() { "plain http, on this very machine" } else { "https" };
        self.checks.push(Check::ok(Area::Endpoint, "address", plain));
        let (settings, without) = match settings::settings(global, &self.loaded, &site) {
            Ok(settings) => (settings, None),
            Err(failure) => {
                let anonymous = Settings::new(site.endpoint.clone(), Credentials::Token("none".into()));
                let settings = Settings { timeout: global.timeout, ..anonymous };
                (settings, Some(failed(Area::Token, "credentials", &failure)))
            }
        };
        let subject = self.declared.as_ref().map(Subject::declared).unwrap_or_default();
        self.checks.extend(survey(settings, &subject, without).await);
    }

    fn report(self) -> Report {
        let company = self.declared.as_ref().and_then(company);
        Report { endpoint: self.endpoint, company, at: Timestamp::now(), checks: self.checks }
    }
}

fn failed(area: Area, name: &str, failure: &Failure) -> Check {
    let trouble = match failure.exit() {
        Exit::Auth => Trouble::Auth,
        Exit::Remote => Trouble::Remote,
        _ => Trouble::Invalid,
    };
    let (fact, hint) = match failure {
        Failure::Trouble { message, causes, hint, .. } => {
            let causes: String = causes.iter().map(|it| format!(": {it}")).collect();
            (format!("{message}{causes}"), hint.clone())
        }
        Failure::Findings { findings, .. } => (format!("{} findings", findings.len()), None),
    };
    let check = Check::problem(area, name, trouble, fact);
    Check { hint, ..check }
}

pub(super) use settings::{section, site};
