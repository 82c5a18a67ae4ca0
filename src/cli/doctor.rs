//! `rolecall doctor`: looks at everything a run depends on and says what it finds. Only reads, but for `--probe`.

mod given;

use clap::{ArgMatches, Args};
use jiff::Timestamp;
use rolecall::{
    doctor::{
        Area, Check, Report, Trouble,
        look::{Subject, survey},
        text,
        workspace::Workspace,
    },
    model::ids::PersonRef,
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
    let workspace = Workspace::read(global.here(), global.one_company()?).map_err(workflow::Error::from)?;
    let mut checks = given::configuration(global, matches, &workspace).checks();
    let (endpoint, found) = run::reading(async { Ok::<_, Failure>(look(global, &workspace).await) })?;
    checks.extend(found);
    let report = Report { endpoint, company: workspace.company(), at: Timestamp::now(), checks };
    let exit = report.worst().map_or(Exit::Ok, Exit::from);
    let [ok, notes, problems] = report.counts();
    output.events.send("doctor", serde_json::json!({ "ok": ok, "notes": notes, "problems": problems }));
    output.document(&text::text(&report), || text::json(&report, exit.code(), exit.name()));
    Ok(exit)
}

/// Looks at the API, as far as that leads; returns what people call it as well.
async fn look(global: &Global, workspace: &Workspace) -> (String, Vec<Check>) {
    let site = match settings::site(global, &workspace.loaded) {
        Ok(site) => site,
        Err(failure) => {
            return ("an unknown endpoint".to_owned(), vec![failed(Area::Endpoint, "address", failure)]);
        }
    };
    let plain = if site.endpoint.is_plain() { "plain http, on this very machine" } else { "https" };
    let mut checks = vec![Check::ok(Area::Endpoint, "address", plain)];
    let (settings, without) = match settings::settings(global, &workspace.loaded, &site) {
        Ok(settings) => (settings, None),
        Err(failure) => {
            let without = failed(Area::Token, "credentials", failure);
            (settings::anonymous(global, &site), Some(without))
        }
    };
    let subject = workspace.declared.as_ref().map(Subject::declared).unwrap_or_default();
    checks.extend(survey(settings, &subject, without).await);
    (site.host, checks)
}

fn failed(area: Area, name: &str, failure: Failure) -> Check {
    let trouble = match failure.exit() {
        Exit::Auth => Trouble::Auth,
        Exit::Remote => Trouble::Remote,
        _ => Trouble::Invalid,
    };
    let (fact, hint) = failure.in_one_line();
    Check { hint, ..Check::problem(area, name, trouble, fact) }
}
