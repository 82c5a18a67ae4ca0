//! Where each global option comes from: a flag, a variable, or nothing but the default.

use clap::{ArgMatches, parser::ValueSource};
use rolecall::doctor::{
    settings::{Configuration, Given},
    workspace::Workspace,
};

use super::super::Global;

/// Everything that sets something, to be told.
pub(super) fn configuration<'a>(
    global: &Global,
    matches: &ArgMatches,
    workspace: &'a Workspace,
) -> Configuration<'a> {
    let origin = |id| given(matches, id).map(|it| it.origin).unwrap_or_default();
    let options = [
        ("timeout", "30s"),
        ("concurrency", "16 for reading, 8 steps of an apply"),
        ("max_rps", "no limit of its own"),
    ];
    Configuration {
        workspace,
        endpoint: global.endpoint.clone().map(|it| (it, origin("endpoint"))),
        company: global.company.first().map(|it| (it.clone(), origin("company"))),
        options: options.into_iter().filter_map(|(id, absent)| Some((given(matches, id)?, absent))).collect(),
        variable: &|name| std::env::var_os(name),
        exists: &|path| path.exists(),
    }
}

/// A global option as it is given, if there is such an option.
fn given(matches: &ArgMatches, id: &str) -> Option<Given> {
    let level = level(matches, id)?;
    let flag = id.replace('_', "-");
    let origin = match level.value_source(id) {
        Some(ValueSource::CommandLine) => format!("flag --{flag}"),
        Some(ValueSource::EnvVariable) => format!("environment ROLECALL_{}", id.to_uppercase()),
        // The source is an open enum: what is left are defaults.
        Some(_) | None => "default".to_owned(),
    };
    let mut values = level.get_raw(id).into_iter().flatten();
    Some(Given { flag, value: values.next().map(|it| it.to_string_lossy().into_owned()), origin })
}

/// The innermost level that knows an option: the others may not have heard of a value given there.
fn level<'a>(matches: &'a ArgMatches, id: &str) -> Option<&'a ArgMatches> {
    let inner = matches.subcommand().map(|it| it.1);
    [inner, Some(matches)].into_iter().flatten().find(|it| it.try_get_raw(id).is_ok())
}
