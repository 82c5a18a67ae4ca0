//! `rolecall doctor --probe`: learns the dialect by trying. Writes to groups of its own and deletes them, or to an account of
//! its own.

use std::io::{self, IsTerminal};

use clap::{ArgMatches, parser::ValueSource};
use rolecall::{
    doctor::{
        learned::{self, Probed},
        look::Observer,
        probe::{self, Accounts, Halt, Job, Prepared},
    },
    model::{
        escape::terminal as show,
        ids::{CompanyId, PersonRef, RoleId},
    },
    report::render::causes,
};

use super::{Exit, Failure, Global, Output, apply, output::trouble, run, settings};

pub(super) fn run(
    global: &Global,
    user: Option<PersonRef>,
    (people, auto_approve): (bool, bool),
    matches: &ArgMatches,
    output: &Output,
) -> Result<Exit, Failure> {
    let given = matches.subcommand().and_then(|it| it.1.value_source("company"));
    if given != Some(ValueSource::CommandLine) {
        return Err(Failure::invalid("a probe writes: the company has to be named on the command line")
            .hint("give `--company ID`; neither file nor environment counts here"));
    }
    // Before any request, as with an apply.
    if !auto_approve && !io::stdin().is_terminal() {
        return Err(Failure::invalid("no terminal to confirm the probe on").hint(
            "give `--auto-approve`, or run it in a terminal; `rolecall doctor` without `--probe` only reads",
        ));
    }
    let checked = global.checked_workspace().or_else(|failure| global.without_workspace(failure))?;
    let Some(company) = checked.declared.company else {
        return Err(Failure::invalid("no company to probe is given").hint("give `--company ID`"));
    };
    let person = user.or_else(|| checked.declared.rules.identity.as_ref().map(|it| it.0.clone()));
    let label = match checked.declared.aliases.get(&company.0) {
        Some(name) => format!("{name} ({company})"),
        None => company.to_string(),
    };
    run::block_on(async {
        let place = settings::place(global, &checked, company)?;
        let settings = settings::settings(global, &place)?;
        let wanted = settings.dialect.page_limit.max(1);
        let mut observer = Observer::new(settings)?;
        let reading = probe::prepare(&mut observer, company, person.as_ref(), wanted);
        let Prepared { reader, writer, user, roles, earlier } = run::until_signal(reading).await?;
        let host = &*place.site.host;
        if people {
            let beside = run::until_signal(probe::beside(&reader, company, user)).await?;
            let Some((address, legal_entity)) = beside else {
                return Err(Failure::invalid(
                    "the API does not say the address and the legal entity of that user",
                )
                .hint("name somebody else with `--user`: an account takes both"));
            };
            let earlier = run::until_signal(probe::earlier(&reader, company, &address)).await?;
            if !auto_approve {
                output.message(&probe::intent_of_accounts(&label, host, &address, earlier));
                run::until_signal(apply::consent(output, "Probe this company?")).await?;
            }
            let stop = run::stop_on_signal(output);
            output.remark(&format!(
                "Probing {} at {} with the account {address} …",
                show(&label),
                show(host)
            ));
            let (reader, writer, stop) = (&reader, &writer, &stop);
            let job = Accounts { reader, writer, company, address, earlier, legal_entity, stop };
            let found = probe::accounts(job).await;
            return end(output, found, (&label, host), company);
        }
        let name = probe::name();
        if !auto_approve {
            output.message(&probe::intent(&label, host, &name, user, &roles));
            run::until_signal(apply::consent(output, "Probe this company?")).await?;
        }
        let stop = run::stop_on_signal(output);
        output.remark(&format!("Probing {} at {} with a group {name} …", show(&label), show(host)));
        let roles: Vec<RoleId> = roles.iter().map(|it| it.id).collect();
        let observer = &observer;
        let job = Job { reader: &reader, writer: &writer, observer, company, user, roles, name, stop: &stop };
        let (mut probed, halt) = probe::probe(job).await;
        probed.earlier = earlier;
        end(output, (probed, halt), (&label, host), company)
    })
}

/// Tells what was learned and what is left, and how it ended.
fn end(
    output: &Output,
    (probed, halt): (Probed, Option<Halt>),
    of: (&str, &str),
    company: CompanyId,
) -> Result<Exit, Failure> {
    let made = probed.made_something();
    if !made && let Some(Halt::Failed(error)) = halt {
        // Nothing was written, so there is nothing to tell but this.
        return Err(error.into());
    }
    let exit = match &halt {
        _ if !probed.left.is_empty() => Exit::Partial,
        None => Exit::Ok,
        Some(Halt::Asked) if !made => Exit::Interrupted,
        Some(Halt::Asked | Halt::Failed(_) | Halt::Unsafe(_)) => Exit::Partial,
    };
    finish(output, &probed, of, company, exit);
    if let Some(Halt::Failed(error)) = &halt {
        output.message(&trouble(&error.to_string(), &causes(error), error.hint().as_deref()));
    }
    Ok(exit)
}

fn finish(output: &Output, probed: &Probed, (label, host): (&str, &str), company: CompanyId, exit: Exit) {
    let deleted = probed.deleted.len();
    let facts = serde_json::json!({ "findings": probed.findings.len(), "deleted": deleted, "left": probed.left.len() });
    output.events.send("probe", facts);
    let text = learned::text(probed, label, host, company);
    output.document(&text, || learned::json(probed, &company.to_string(), exit.code(), exit.name()));
    if let Some(left) = probed.what_is_left() {
        output.message(&trouble(&left, &[], Some("the report says how to delete it by hand")));
    }
}
