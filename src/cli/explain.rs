//! `rolecall explain`: one person's access, and which line of the files asks for it. Only reads.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    live::fetch::fetch_person,
    model::{ids::PersonRef, plan::Unresolved},
    plan::explain::{self, companies},
    report::{
        document,
        render::explanation::{Explanation, markdown, text},
    },
};

use super::{
    Format, Global, Now,
    failure::{Exit, Failure},
    output::{MARKDOWN_BUDGET, Output},
    run::{self, Checked},
    settings,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Whose: an e-mail address, externalId=…, employeeId=… or userId=…
    #[arg(value_parser = person)]
    person: PersonRef,
    /// Workspace folders or access files; the workspace around here where absent
    paths: Vec<PathBuf>,
    #[command(flatten)]
    now: Now,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = arguments.now.get()?;
    let mut checked = run::checked(global, &arguments.paths)?;
    if let Some(company) = checked.declared.company {
        checked.declared.look_at(company);
    }
    let connected = settings::connect(global, &checked.loaded)?;
    let person = &arguments.person;
    let fetching = fetch_person(&connected.reader, &checked.declared, person);
    let reading = async { Ok(run::read(output, &connected, fetching).await?) };
    let snapshot = run::block_on(run::until_signal(reading))?;
    let explained = explain::explain(&checked.declared, &snapshot, person, now)
        .map_err(|why| nobody(person, &why, &checked))?;
    let view = Explanation {
        explained: &explained,
        sources: &checked.loaded.sources,
        endpoint: &connected.host,
        url: &connected.url,
        now,
    };
    output.result(&match output.format {
        Format::Text => text(&view),
        Format::Json => document::explanation::write(&view),
        Format::Markdown => markdown(&view, MARKDOWN_BUDGET),
    });
    Ok(Exit::Ok)
}

/// Returns why there is nobody to explain.
fn nobody(person: &PersonRef, why: &Unresolved, checked: &Checked) -> Failure {
    let names =
        rolecall::model::plan::Names { values: checked.declared.aliases.clone(), ..Default::default() };
    let places: Vec<String> = companies(&checked.declared).into_iter().map(|it| names.company(it)).collect();
    let failure = match why {
        Unresolved::Ambiguous(users) => {
            let ids: Vec<String> = users.iter().map(|it| format!("userId={it}")).collect();
            return Failure::invalid(format!("{person} is not one user but {}", users.len()))
                .hint(format!("name one of them: {}", ids.join(", ")));
        }
        Unresolved::Hidden => {
            return Failure::new(Exit::Auth, format!("the API does not tell this token who {person} is"))
                .hint("give the token the right to see the user");
        }
        Unresolved::Unknown | Unresolved::Inactive | Unresolved::Foreign(_) if places.is_empty() => {
            return Failure::invalid("where to look for people is not said")
                .hint("set `company:` in rolecall.yaml, or give `--company`");
        }
        Unresolved::Unknown | Unresolved::Inactive | Unresolved::Foreign(_) => {
            Failure::invalid(format!("{person} is no user of {}", places.join(", ")))
        }
    };
    failure.hint(match explain::near(&checked.declared, person) {
        Some(near) => format!("did you mean `{}`?", spelled(near)),
        None => {
            "check the address, or name the person by `externalId=…`, `employeeId=…` or `userId=…`".to_owned()
        }
    })
}

/// Returns a person as this command line names one.
fn spelled(person: &PersonRef) -> String {
    match person {
        PersonRef::Email(email) => email.to_string(),
        PersonRef::ExternalId(id) => format!("externalId={id}"),
        PersonRef::EmployeeId(id) => format!("employeeId={id}"),
        PersonRef::UserId(id) => format!("userId={id}"),
    }
}

fn person(raw: &str) -> Result<PersonRef, String> {
    let wrong = || "write an e-mail address, externalId=…, employeeId=… or userId=…".to_owned();
    let Some((key, value)) = raw.split_once('=').filter(|it| !it.0.contains('@')) else {
        return raw.parse().map(PersonRef::Email).map_err(|_| wrong());
    };
    let value = value.trim();
    match key {
        "externalId" if !value.is_empty() => Ok(PersonRef::ExternalId(value.into())),
        "employeeId" if !value.is_empty() => Ok(PersonRef::EmployeeId(value.into())),
        "userId" => value.parse().map(PersonRef::UserId).map_err(|it| it.to_string()),
        "email" => value.parse().map(PersonRef::Email).map_err(|it| it.to_string()),
        _ => Err(wrong()),
    }
}
