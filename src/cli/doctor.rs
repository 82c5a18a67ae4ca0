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
    files::declared::{Declared, DeclaredEndpoint},
    model::ids::PersonRef,
    workflow,
};

use super::{
    Exit, Failure, Global, Output, probe, run,
    settings::{self, Found},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Learn the dialect by trying it on groups of its own, which are deleted again; needs `--company`
    #[arg(long)]
    pub(super) probe: bool,
    /// Learn what becomes of an account that is deleted, on an account of its own, instead
    #[arg(long, requires = "probe")]
    pub(super) people: bool,
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
        return probe::run(global, user, (arguments.people, auto_approve), matches, output);
    }
    let workspace = Workspace::read(global.here(), global.one_company()?).map_err(workflow::Error::from)?;
    let mut checks = given::configuration(global, matches, &workspace).checks();
    let (endpoint, found) = run::reading(async { Ok::<_, Failure>(looks(global, &workspace).await) })?;
    checks.extend(found);
    let report = Report { endpoint, company: workspace.company(), at: Timestamp::now(), checks };
    let exit = report.worst().map_or(Exit::Ok, Exit::from);
    let [ok, notes, problems] = report.counts();
    output.events.send("doctor", serde_json::json!({ "ok": ok, "notes": notes, "problems": problems }));
    output.document(&text::text(&report), || text::json(&report, exit.code(), exit.name()));
    Ok(exit)
}

/// Looks at every API that the workspace speaks of, or at that of the company that was named; returns what people call
/// these as well.
async fn looks(global: &Global, workspace: &Workspace) -> (String, Vec<Check>) {
    let (loaded, nothing) = (&workspace.loaded, Declared::default());
    let declared = workspace.declared.as_ref().unwrap_or(&nothing);
    let subject = workspace.declared.as_ref().map(Subject::declared).unwrap_or_default();
    let is_asked = |it: &&DeclaredEndpoint| match declared.company.filter(|_| !global.company.is_empty()) {
        Some(company) => it.companies.contains_key(&company),
        None => true,
    };
    let named: Vec<&DeclaredEndpoint> = declared.endpoints.iter().filter(is_asked).collect();
    let is_named = |company| named.iter().any(|it| it.companies.contains_key(&company));
    let has_rest = settings::given(global, loaded).is_some() || declared.endpoints.is_empty();
    let (mut hosts, mut checks) = (Vec::new(), Vec::new());
    let is_elsewhere = !global.company.is_empty() && subject.company.is_some_and(is_named);
    if has_rest && !is_elsewhere {
        let company = subject.company.filter(|it| !is_named(*it));
        let found = settings::rest(global, loaded, declared);
        let (host, found) = look(global, found, &Subject { company, ..subject.clone() }).await;
        hosts.push(host);
        checks.extend(found);
    }
    for endpoint in named {
        let company = subject.company.filter(|it| endpoint.companies.contains_key(it));
        let company = company.or_else(|| endpoint.companies.keys().next().copied());
        let subject = Subject { company, identity: None, ..subject.clone() };
        let (host, found) = look(global, settings::own(loaded, endpoint), &subject).await;
        hosts.push(host);
        checks.extend(found.into_iter().map(|it| Check { of: Some(endpoint.name.clone()), ..it }));
    }
    hosts.dedup();
    (hosts.join(", "), checks)
}

/// Looks at an API, as far as that leads.
async fn look(global: &Global, found: Result<Found, Failure>, subject: &Subject) -> (String, Vec<Check>) {
    let place = match found {
        Ok(place) => place,
        Err(failure) => {
            return ("an unknown endpoint".to_owned(), vec![failed(Area::Endpoint, "address", failure)]);
        }
    };
    let plain = if place.endpoint.is_plain() { "plain http, on this very machine" } else { "https" };
    let mut checks = vec![Check::ok(Area::Endpoint, "address", plain)];
    let (settings, without) = match settings::settings(global, &place) {
        Ok(settings) => (settings, None),
        Err(failure) => {
            let without = failed(Area::Token, "credentials", failure);
            (settings::anonymous(global, &place), Some(without))
        }
    };
    checks.extend(survey(settings, subject, without).await);
    (place.site.host.to_string(), checks)
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
