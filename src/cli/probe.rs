//! `rolecall doctor --probe`: learns the dialect by trying. Writes to groups of its own and deletes them.

use std::io::{self, IsTerminal};

use clap::{ArgMatches, parser::ValueSource};
use jiff::Timestamp;
use rolecall::{
    doctor::learned::{self, Left, Probed},
    doctor::probe::{self, Ending, Job},
    live::api::{ApiError, Observer, Question, Reader, Role},
    model::{
        ids::{CompanyId, PersonRef, RoleId, UserId},
        plan::Unresolved,
    },
    plan::bind::people::Directory,
    report::render::{counted, escape::terminal as show},
};

use super::{
    Global, apply,
    doctor::{self, Arguments},
    failure::{Exit, Failure},
    output::{Output, trouble},
    run, settings,
};

pub(super) fn run(
    global: &Global,
    arguments: &Arguments,
    matches: &ArgMatches,
    output: &Output,
) -> Result<Exit, Failure> {
    let given = matches.subcommand().and_then(|it| it.1.value_source("company"));
    if given != Some(ValueSource::CommandLine) {
        return Err(Failure::invalid("a probe writes: the company has to be named on the command line")
            .hint("give `--company ID`; neither file nor environment counts here"));
    }
    // Before any request, as with an apply.
    if !arguments.auto_approve && !io::stdin().is_terminal() {
        return Err(Failure::invalid("nobody is there to approve the probe")
            .hint("give `--yes`, or run it in a terminal; `rolecall doctor` without `--probe` only reads"));
    }
    let checked = global.checked_workspace().or_else(|failure| global.without_workspace(failure))?;
    let Some(company) = checked.declared.company else {
        return Err(Failure::invalid("which company to probe is not said").hint("give `--company ID`"));
    };
    let person =
        arguments.user.clone().or_else(|| checked.declared.rules.identity.as_ref().map(|it| it.0.clone()));
    let label = match checked.declared.aliases.get(&company.0) {
        Some(name) => format!("{name} ({company})"),
        None => company.to_string(),
    };
    run::block_on(async {
        let site = settings::site(global, &checked.loaded)?;
        let settings = settings::settings(global, &checked.loaded, &site)?;
        let wanted = settings.dialect.page_limit.max(1);
        let mut observer = Observer::new(settings)?;
        let reading = async {
            observer.token().await?;
            let rows = page_limit(&mut observer, company, wanted).await?;
            observer.set_page_limit(rows);
            let (reader, writer) = observer.connect()?;
            let user = somebody(&reader, company, person.as_ref()).await?;
            let roles = least_first(reader.list_roles(company).await?);
            let earlier = probe::abandoned(&reader, company, Timestamp::now()).await?;
            Ok::<_, Failure>((reader, writer, user, roles, earlier))
        };
        let (reader, writer, user, roles, earlier) = run::until_signal(reading).await?;
        let (name, host) = (probe::name(), &site.host);
        if !arguments.auto_approve {
            output.message(&intent(&label, host, &name, user, &roles));
            run::until_signal(apply::consent(output, "Probe this company?")).await?;
        }
        let stop = run::stop_on_signal(output);
        output.remark(&format!("Probing {} at {} with a group {name} …", show(&label), show(host)));
        let roles: Vec<RoleId> = roles.iter().map(|it| it.id).collect();
        let observer = &mut observer;
        let job = Job { reader: &reader, writer: &writer, observer, company, user, roles, name, stop: &stop };
        let (mut probed, ending) = probe::probe(job).await;
        probed.earlier = earlier;
        let made = !probed.deleted.is_empty() || !probed.left.is_empty();
        if !made && let Ending::Failed(error) = ending {
            // Nothing was written, so there is nothing to tell but this.
            return Err(error.into());
        }
        let exit = match &ending {
            _ if !probed.left.is_empty() => Exit::Partial,
            Ending::Whole => Exit::Ok,
            Ending::Interrupted if made => Exit::Partial,
            Ending::Interrupted => Exit::Interrupted,
            Ending::Failed(_) | Ending::Unsafe => Exit::Partial,
        };
        finish(output, &probed, (&label, host), company, exit);
        if let Ending::Failed(error) = &ending {
            output.message(&trouble(
                &error.to_string(),
                &super::failure::causes(error),
                error.hint().as_deref(),
            ));
        }
        Ok(exit)
    })
}

fn finish(output: &Output, probed: &Probed, (label, host): (&str, &str), company: CompanyId, exit: Exit) {
    let deleted = probed.deleted.len();
    let facts = serde_json::json!({ "findings": probed.findings.len(), "deleted": deleted, "left": probed.left.len() });
    output.events.send("probe", facts);
    let text = learned::text(probed, label, host, |left| by_hand(left, company));
    output.result(&doctor::shown(output.format, &text, || {
        learned::json(probed, &company.to_string(), exit.code(), exit.name())
    }));
    if !probed.left.is_empty() {
        let what = counted(probed.left.len(), "group of the probe", "groups of the probe");
        let known = probed.left.iter().all(|it| !it.id.is_empty());
        let how = match (known, probed.left.len()) {
            (false, _) => "may still be there",
            (true, 1) => "is still there",
            (true, _) => "are still there",
        };
        output.message(&trouble(
            &format!("{what} {how}"),
            &[],
            Some("the report says how to delete it by hand"),
        ));
    }
}

/// Returns how a group that is left is deleted by hand.
fn by_hand(left: &Left, company: CompanyId) -> String {
    let Left { id, name, .. } = left;
    let name = show(name);
    if id.is_empty() {
        return format!("  look for a group called {name}; if there is one, delete it");
    }
    format!(
        "  delete the user group {name} (id {id}) where you administer groups, or by DELETE\n  \
         /v3/companies/{company}/user-groups/{id}, or by an access file with\n  \
         `removed: [{{ group: {name}, id: {id}, reason: left by a probe }}]` and an apply"
    )
}

/// Says what a probe does before it is done.
fn intent(company: &str, host: &str, name: &str, user: UserId, roles: &[Role]) -> String {
    let names: Vec<String> = roles.iter().take(probe::MOST_ROLES).map(|it| show(&it.name).into()).collect();
    let roles = match &names[..] {
        [] => "a role".to_owned(),
        [one] => format!("the role {one}"),
        [first, others @ ..] => {
            format!("the role {first}; where that is not taken, {}", others.join(", then "))
        }
    };
    format!(
        "In {} at {}, rolecall will\n  \
         - create groups {name}, {name}-1 and so on: some for members, some for roles, and\n    \
           another wherever one is in doubt; about six as a rule, at most {};\n  \
         - put user {user} into groups that never hold a role, which gives nobody access,\n    \
           and take the user out;\n  \
         - give groups that never have a member a role ({roles}), on that one user\n    \
           or, where that is refused, on the whole company, and take it away;\n  \
         - change a group's description, and make a second group of the same name;\n  \
         - delete all these groups.\n\
         No other group is touched, and nobody gains or loses access at any moment.",
        show(company),
        show(host),
        probe::MOST_GROUPS,
    )
}

/// Returns the rows of a page that the lists accept which a probe reads, as many as wanted if they do.
async fn page_limit(observer: &mut Observer, company: CompanyId, wanted: u32) -> Result<u32, ApiError> {
    let rows = observer.page_of(|limit| Question::Groups { company, limit }, wanted).await?;
    observer.page_of(|limit| Question::Roles { company, limit }, rows).await
}

/// Returns the user that is put into the group: who is named, or nobody in particular.
async fn somebody(
    reader: &Reader,
    company: CompanyId,
    person: Option<&PersonRef>,
) -> Result<UserId, Failure> {
    let Some(person) = person else {
        return Err(Failure::invalid("whom to put into the group of the probe is not said").hint(
            "give `--user PERSON`, or set `api.identity`; being in a group without roles gives nobody access",
        ));
    };
    let users = doctor::rows(reader, company, person).await?;
    let many = match Directory::new(&users).anyone(company, person) {
        Ok(user) => return Ok(user),
        Err(Unresolved::Foreign(_)) => {
            return Err(Failure::invalid(format!("{person} is of another company"))
                .hint("name somebody of this company with `--user`"));
        }
        Err(Unresolved::Ambiguous(users)) => users.len(),
        Err(Unresolved::Unknown | Unresolved::Inactive | Unresolved::Hidden) => 0,
    };
    Err(Failure::invalid(format!("{person} is {many} users of this company, and has to be one"))
        .hint("name somebody of this company with `--user`"))
}

/// Returns roles with those first that permit least: nobody gets them, and still.
fn least_first(mut roles: Vec<Role>) -> Vec<Role> {
    let weight = |it: &Role| {
        let permissions = it.permissions.as_deref().unwrap_or_default();
        let actions = permissions.iter().flat_map(|it| &it.actions);
        let more_than_reading = actions.filter(|it| ***it != *"READ").count();
        // What permits nothing that is told may permit anything.
        (permissions.is_empty(), more_than_reading, permissions.len())
    };
    roles.sort_by(|a, b| (weight(a), &a.name, a.id).cmp(&(weight(b), &b.name, b.id)));
    roles
}
