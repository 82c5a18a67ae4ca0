//! The command line: what was typed, which command that is, and how it ends.
//!
//! The only module that prints and reads the environment. One file per command.

mod adopt;
mod apply;
mod approval;
mod arguments;
mod ask;
mod ci;
mod codeowners;
mod comment;
mod completions;
mod credentials;
mod diff;
mod doctor;
mod drift;
mod duplicate;
mod estimate;
mod events;
mod expiring;
mod explain;
mod failure;
mod files;
mod fmt;
mod foretold;
mod global;
mod help;
mod history;
mod init;
mod import;
mod live;
mod log;
mod man;
mod merge_reports;
mod journals;
mod next;
mod output;
mod plan;
mod policy;
mod probe;
mod process;
mod report;
mod reporting;
mod rollback;
mod run;
mod sandbox;
mod saving;
mod schema;
mod settings;
mod show;
mod shown;
mod snapshot;
mod telemetry;
mod testing;
mod users;
mod validate;
mod waiting;
mod what_if;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{ColorChoice, FromArgMatches, Parser, Subcommand, ValueEnum, error::ErrorKind};

use arguments::{
    Asking, Format, Global, LogFormat, Now, Only, Operator, Selection, duration, instant, json_file,
};
use failure::{Exit, Failure};
use help::Detail;
use output::Output;
use reporting::Reporting;

/// Keeps who may do what, where, in YAML in Git, and makes a Spotnana company match it.
#[derive(Debug, Parser)]
#[command(
    name = "rolecall",
    version,
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    max_term_width = 100,
    after_help = "\
Start with:   rolecall plan examples/quickstart
Credentials:  ROLECALL_CLIENT_ID and ROLECALL_CLIENT_SECRET, or ROLECALL_TOKEN; each also as …_FILE
Exit codes:   0 ok, 2 changes, 3 partial, 4 invalid, 5 auth, 6 blocked, 7 stale, 8 remote"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    /// Print version
    #[arg(short = 'V', long, help_heading = "Global options", action = clap::ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a workspace: its files, and the jobs of the forge it is kept on
    #[command(after_help = "Example: rolecall init -C voyager --endpoint sandbox")]
    Init(init::Arguments),
    /// Check the files, offline, and report everything that is wrong
    #[command(after_help = "Example: rolecall validate examples/quickstart")]
    Validate(validate::Arguments),
    /// Run the tests of the rules under `policies:`, offline, or print what rules look at
    #[command(
        after_help = "Example: rolecall policy test policy-tests.yaml\n         rolecall policy facts | conftest test - --policy policies"
    )]
    Policy(testing::Arguments),
    /// Write the lines of CODEOWNERS that `owners` under `policies:` take, offline
    #[command(after_help = "Example: rolecall codeowners --check")]
    Codeowners(codeowners::Arguments),
    /// Lay the files out: keys in order, names sorted, comments where they belong
    #[command(after_help = "Example: rolecall fmt --check examples/quickstart")]
    Fmt(fmt::Arguments),
    /// Show what apply would change
    #[command(after_help = "Example: rolecall plan examples/quickstart --format markdown")]
    Plan(plan::Arguments),
    /// Show a saved plan, in any form, or by group, person, role or company
    #[command(after_help = "Example: rolecall show plan.json --by person --format markdown")]
    Show(shown::Arguments),
    /// Make the live access match the files
    #[command(after_help = "Example: rolecall apply examples/quickstart --auto-approve")]
    Apply(apply::Arguments),
    /// Show the plan that undoes what an apply did
    #[command(
        after_help = "Example: rolecall rollback .rolecall/journal/7c1e09ab44d2-20261121T080000000Z.ndjson --out undo.json"
    )]
    Rollback(rollback::Arguments),
    /// Compare for a cron job: exit 2 on differences, a heartbeat line when clean
    #[command(after_help = "Example: rolecall drift --format json > drift.json")]
    Drift(drift::Arguments),
    /// Post a report as the comment on a pull request, and keep that up to date
    #[command(after_help = "\
Example: rolecall comment plan.md
Token:   ROLECALL_FORGE_TOKEN, or the one that CI has (GITHUB_TOKEN, GITLAB_TOKEN, SYSTEM_ACCESSTOKEN, BITBUCKET_TOKEN)")]
    Comment(comment::Arguments),
    /// Look at endpoint, token, rights and dialect; `--probe` learns the dialect by trying
    #[command(after_help = "Example: rolecall doctor --probe --company voyager")]
    Doctor(doctor::Arguments),
    /// Show what one person may do, and which line of the files asks for it
    #[command(after_help = "Example: rolecall explain ana@voyager.example examples/quickstart")]
    Explain(explain::Arguments),
    /// Show who may do something, and through what
    #[command(after_help = "Example: rolecall who-can TRIP_MANAGEMENT:WRITE --company globex")]
    WhoCan(ask::WhoCan),
    /// Show who holds a role, and through what
    #[command(after_help = "Example: rolecall who-has Agent --scope company=globex")]
    WhoHas(ask::WhoHas),
    /// Show what a change would do to whom, without changing a file
    #[command(after_help = "\
Example: rolecall what-if --add member:ana@voyager.example=\"Night Desk\" examples/quickstart
         rolecall what-if --add role:Agent@company=globex=\"Night Desk\" --remove group:Reporting examples/quickstart")]
    WhatIf(what_if::Arguments),
    /// Show what became of access between two snapshots, by people
    #[command(after_help = "Example: rolecall diff july.json august.json --format csv")]
    Diff(diff::Arguments),
    /// Show which commit gave or took what the files ask for a person or in a group
    #[command(after_help = "Example: rolecall history ana@voyager.example")]
    History(history::Arguments),
    /// List groups: what files say of them, and how much is in them
    #[command(after_help = "Example: rolecall groups --name 'EU *' --format csv")]
    Groups(ask::Table),
    /// List roles: what they permit, and how many groups and people hold them
    #[command(after_help = "Example: rolecall roles --live live.json")]
    Roles(ask::Table),
    /// List people: their roles, with access or without
    #[command(after_help = "Example: rolecall people --name '*@voyager.example' --format csv")]
    People(ask::Table),
    /// List people and show, export or replace the data of one
    #[command(
        after_help = "Example: rolecall users put ana@voyager.example --part travel-preferences preferences.json"
    )]
    Users(users::Arguments),
    /// Show what begins and what ends soon, and what that gives and takes
    #[command(after_help = "Example: rolecall expiring --within 30d --format csv")]
    Expiring(expiring::Arguments),
    /// Show who may do what, everybody and every group, for the quarterly review
    #[command(
        after_help = "Example: rolecall report --users --report html=review.html --report csv=review.csv"
    )]
    Report(report::Arguments),
    /// Read everything into one file, from which `--live` plans without a network
    #[command(after_help = "Example: rolecall snapshot --sanitize --out live.json")]
    Snapshot(snapshot::Arguments),
    /// Write the files of a company that is in none yet
    #[command(
        after_help = "Example: rolecall import --company 1a6f0000-0000-4000-8000-000000000001 --dry-run"
    )]
    Import(import::Arguments),
    /// Join the JSON reports of the shards of one run
    #[command(after_help = "Example: rolecall merge-reports shard-0.json shard-1.json --report md=drift.md")]
    MergeReports(merge_reports::Arguments),
    /// Write YAML for a custom group with the roles of another
    #[command(
        after_help = "Example: rolecall duplicate \"Company Admins\" --as \"EU Admins\" > access/eu-admins.yaml"
    )]
    Duplicate(duplicate::Arguments),
    /// Run the embedded API as a server, to rehearse against
    #[command(after_help = "Example: rolecall sandbox --port 8080 --from examples/quickstart/sandbox.yaml")]
    Sandbox(sandbox::Arguments),
    /// Print the JSON Schema of a file, for editors and checks
    #[command(after_help = "Example: rolecall schema access > schemas/access.schema.json")]
    Schema(schema::Arguments),
    /// Print what makes a shell complete commands, options, and names of the workspace
    #[command(
        after_help = "Example: rolecall completions bash > ~/.local/share/bash-completion/completions/rolecall"
    )]
    Completions(completions::Arguments),
    /// Write a manual page for each command
    #[command(after_help = "Example: rolecall man ~/.local/share/man/man1")]
    Man(man::Arguments),
    /// Print the help of a command, with the variable of each option
    #[command(after_help = "Example: rolecall help plan")]
    Help(help::Arguments),
}

impl Command {
    /// Files and folders that a command with reports is about.
    fn paths(&self) -> &[PathBuf] {
        match self {
            Self::Validate(it) => &it.paths,
            Self::Plan(it) => &it.selection.paths,
            Self::Apply(it) => &it.selection.paths,
            Self::Drift(it) => &it.selection.paths,
            Self::WhatIf(it) => &it.paths,
            _ => &[],
        }
    }

    /// Where else the result is written, and where the plan is saved.
    fn reporting(&self) -> Option<(&Reporting, Option<&Path>)> {
        match self {
            Self::Validate(it) => Some((&it.reporting, None)),
            Self::Plan(it) => Some((&it.reporting, it.saving.out.as_deref())),
            Self::Show(it) => Some((&it.reporting, None)),
            Self::Apply(it) => Some((&it.reporting, None)),
            Self::Drift(it) => Some((&it.reporting, None)),
            Self::Report(it) => Some((&it.reporting, None)),
            Self::WhatIf(it) => Some((&it.reporting, None)),
            Self::MergeReports(it) => Some((&it.reporting, None)),
            Self::Init(_)
            | Self::Policy(_)
            | Self::Codeowners(_)
            | Self::Fmt(_)
            | Self::Rollback(_)
            | Self::Comment(_)
            | Self::Doctor(_)
            | Self::Explain(_)
            | Self::WhoCan(_)
            | Self::WhoHas(_)
            | Self::Groups(_)
            | Self::Diff(_)
            | Self::History(_)
            | Self::Roles(_)
            | Self::People(_)
            | Self::Users(_)
            | Self::Expiring(_)
            | Self::Snapshot(_)
            | Self::Import(_)
            | Self::Duplicate(_)
            | Self::Sandbox(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Help(_) => None,
        }
    }
}

pub(crate) fn main() -> ExitCode {
    process::keep_memory_private();
    if completions::answered() {
        return ExitCode::SUCCESS;
    }
    // By hand, to keep what clap knows of where each value came from.
    let color = asked("--color", "ROLECALL_COLOR").and_then(|it| ColorChoice::from_str(&it, true).ok());
    let color = color.unwrap_or_default();
    let command = help::command(Detail::of(std::env::args_os())).color(color);
    let mut command = users::narrowed(command, std::env::args_os());
    let parsed = command.try_get_matches_from_mut(std::env::args_os());
    let parsed = parsed
        .and_then(|it| Ok((Cli::from_arg_matches(&it).map_err(|error| error.format(&mut command))?, it)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage(&help::suggesting(error), color),
    };
    let global = &cli.global;
    let name = matches.subcommand_name().unwrap_or_default();
    let folder = cli.command.paths().first().map(|it| global.here().join(it)).filter(|it| it.is_dir());
    let output = match Output::new(global, name) {
        Ok(output) => output.about(folder),
        Err(failure) => {
            Output::plain(global).failure(&failure);
            return failure.exit().into();
        }
    };
    let reporting = cli.command.reporting();
    if let Some(Err(failure)) = reporting.map(|(it, out)| it.check(out)) {
        output.failure(&failure);
        return failure.exit().into();
    }
    let _telemetry = telemetry::start(global);
    let _run = tracing::info_span!("run", command = name).entered();
    output.events.send("start", serde_json::json!({ "command": name, "tool": env!("CARGO_PKG_VERSION") }));
    let result = match &cli.command {
        Command::Init(arguments) => init::run(global, arguments, &output),
        Command::Validate(arguments) => validate::run(global, arguments, &output),
        Command::Policy(arguments) => testing::run(global, arguments, &output),
        Command::Codeowners(arguments) => codeowners::run(global, arguments, &output),
        Command::Fmt(arguments) => fmt::run(global, arguments, &output),
        Command::Plan(arguments) => plan::run(global, arguments, &output),
        Command::Show(arguments) => shown::run(global, arguments, &output),
        Command::Apply(arguments) => apply::run(global, arguments, &output),
        Command::Rollback(arguments) => rollback::run(global, arguments, &output),
        Command::Drift(arguments) => drift::run(global, arguments, &output),
        Command::Comment(arguments) => comment::run(global, arguments, &output),
        Command::Doctor(arguments) => doctor::run(global, arguments, &matches, &output),
        Command::Explain(arguments) => explain::run(global, arguments, &output),
        Command::WhoCan(arguments) => ask::who_can(arguments, ask::Asked::new(global, &matches, &output)),
        Command::WhoHas(arguments) => ask::who_has(arguments, ask::Asked::new(global, &matches, &output)),
        Command::WhatIf(arguments) => what_if::run(global, arguments, &output),
        Command::History(arguments) => history::run(global, arguments, &output),
        Command::Diff(arguments) => diff::run(global, arguments, &output),
        Command::Groups(arguments) => arguments.groups(&ask::Asked::new(global, &matches, &output)),
        Command::Roles(arguments) => arguments.roles(&ask::Asked::new(global, &matches, &output)),
        Command::People(arguments) => arguments.people(&ask::Asked::new(global, &matches, &output)),
        Command::Users(arguments) => users::run(global, arguments, &matches, &output),
        Command::Expiring(arguments) => expiring::run(global, arguments, &output),
        Command::Report(arguments) => report::run(global, arguments, &output),
        Command::Snapshot(arguments) => snapshot::run(global, arguments, &output),
        Command::Import(arguments) => import::run(global, arguments, &output),
        Command::MergeReports(arguments) => merge_reports::run(global, arguments, &output),
        Command::Duplicate(arguments) => duplicate::run(global, arguments, &output),
        Command::Sandbox(arguments) => sandbox::run(global, arguments, &output),
        Command::Schema(arguments) => schema::run(global, arguments, &output),
        Command::Completions(arguments) => completions::run(arguments, &output),
        Command::Man(arguments) => man::run(arguments, &output),
        Command::Help(arguments) => help::run(arguments, &output),
    };
    let exit = result.unwrap_or_else(|failure| {
        output.failure(&failure);
        if let Some((reporting, _)) = reporting {
            reporting.failure(global, &failure, &output);
        }
        failure.exit()
    });
    output.events.end(exit);
    output
        .lost()
        .map_or(exit, |failure| {
            output.failure(&failure);
            if exit == Exit::Ok { failure.exit() } else { exit }
        })
        .into()
}

/// Help and version are not failures; everything else clap has to say is invalid input.
///
/// clap's own code for it is 2, which here means "there are changes".
fn usage(error: &clap::Error, color: ColorChoice) -> ExitCode {
    let exit = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
        _ => Exit::Invalid,
    };
    // A JSON consumer gets a document even for a flag it misspelt.
    if exit == Exit::Invalid && asked("--format", "ROLECALL_FORMAT").is_some_and(|it| it == "json") {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        let tip = text.lines().find_map(|it| it.trim().strip_prefix("tip: "));
        output::json_failure("usage", exit, first.trim_start_matches("error: "), &[], tip);
    }
    if exit == Exit::Invalid {
        output::print_error(&error.render().ansi().to_string(), color);
    } else {
        let _ = error.print();
    }
    exit.into()
}

/// What an option of the command line is given, or else its variable; of a line that clap has not parsed.
fn asked(option: &str, variable: &str) -> Option<String> {
    let options: Vec<_> = std::env::args_os().skip(1).take_while(|it| it != "--").collect();
    let value = |n: usize| match options[n].to_str()?.strip_prefix(option)? {
        "" => options.get(n + 1)?.to_str().filter(|it| !it.starts_with('-')),
        joined => joined.strip_prefix('='),
    };
    let given = (0..options.len()).find_map(value).map(str::to_owned);
    given.or_else(|| std::env::var(variable).ok())
}
