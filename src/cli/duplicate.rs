//! `rolecall duplicate`: a standard group's roles, as YAML for a custom group.

use clap::Args;
use rolecall::{
    files::{
        decode,
        write::{self, DraftGroup},
    },
    live::{
        api::Reader,
        fetch::{self, Questions},
    },
    model::{
        finding::did_you_mean,
        ids::{CompanyId, PersonRef, UserId},
        plan::Names,
        snapshot::GroupHead,
    },
};

use super::{
    Global,
    failure::{Exit, Failure},
    output::Output,
    run, settings,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The group to copy: its exact name, or its id
    group: String,
    /// The name of the new group
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// The description of the new group, instead of one made from the original's
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Copy the members too; without it the new group starts empty
    #[arg(long)]
    members: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let checked = run::checked_workspace(global)?;
    let company = match &checked.declared.company {
        Some(company) => *company,
        None => {
            return Err(Failure::invalid("whose group it is is not said")
                .hint("set `company:` in rolecall.yaml, or give `--company`"));
        }
    };
    let connected = settings::connect(global, &checked.loaded)?;
    let mut names = Names { values: checked.declared.aliases.clone(), ..Names::default() };
    let work = draft(&connected.reader, company, arguments, &mut names);
    let draft = run::block_on(run::until_signal(work))?;
    let known = write::Known { roles: &names.roles, people: &names.people, ids: &names.values };
    let text = write::access_file(&[draft], known).map_err(|error| {
        Failure::invalid(format!("`{}` cannot be written as YAML: {error}", arguments.group))
            .hint("a scope in a form this version does not know cannot be copied safely")
    })?;
    // Whatever the original and the flags hold: what is printed is what `validate` takes.
    let mut loaded = checked.loaded;
    let file = loaded.sources.add("(the copy)".to_owned(), text.clone());
    match decode(&text, file) {
        Ok(access) => loaded.files.access.push((file, access)),
        Err(finding) => loaded.findings.push(finding),
    }
    run::sound(global, loaded)?;
    output.result(&text);
    output.remark("Save it below access/, check it with `rolecall validate`, and plan.");
    Ok(Exit::Ok)
}

async fn draft(
    reader: &Reader,
    company: CompanyId,
    arguments: &Arguments,
    names: &mut Names,
) -> Result<DraftGroup, Failure> {
    let heads = Questions::list_groups(reader, company).await?;
    if heads.iter().any(|it| *it.name == *arguments.name) {
        return Err(Failure::invalid(format!("a group `{}` exists already", arguments.name))
            .hint("pick another name for the copy"));
    }
    let original = original(&heads, &arguments.group)?;
    for role in Questions::list_roles(reader, company).await? {
        names.roles.insert(role.id, role.name);
    }
    let held = reader.list_group_roles(company, original.id).await?;
    let grants = fetch::grants(held);
    let members =
        if arguments.members { reader.list_members(company, original.id).await? } else { Vec::new() };
    let in_scopes = grants.iter().flat_map(|it| it.scope.people()).map(UserId);
    let people: Vec<PersonRef> = members.iter().copied().chain(in_scopes).map(PersonRef::UserId).collect();
    for user in reader.find_users(company, &people).await? {
        if let Some(email) = user.email {
            names.people.insert(user.id, email.as_str().into());
        }
    }
    let description = arguments.description.clone().unwrap_or_else(|| {
        let copied = format!("Copied from {}. {}", original.name, original.description);
        copied.trim().chars().take(1_000).collect()
    });
    Ok(DraftGroup { name: arguments.name.clone(), description, grants, members })
}

fn original<'a>(heads: &'a [GroupHead], wanted: &str) -> Result<&'a GroupHead, Failure> {
    let found: Vec<&GroupHead> =
        heads.iter().filter(|it| *it.name == *wanted || it.id.to_string() == wanted).collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err(Failure::invalid(format!("no group is called `{wanted}`")).hint(
            did_you_mean(wanted, heads.iter().map(|it| &*it.name))
                .unwrap_or_else(|| format!("the company has {} groups; names are exact", heads.len())),
        )),
        _ => {
            let ids: Vec<String> = found.iter().map(|it| it.id.to_string()).collect();
            Err(Failure::invalid(format!("several groups are called `{wanted}`"))
                .hint(format!("name one by id: {}", ids.join(", "))))
        }
    }
}
