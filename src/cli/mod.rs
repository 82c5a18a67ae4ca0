//! The command line: what was typed, which command that is, and how it ends.
//!
//! The only module that prints and reads the environment. One file per command.

mod apply;
mod approval;
mod doctor;
mod drift;
mod duplicate;
mod estimate;
mod events;
mod explain;
mod failure;
mod live;
mod log;
mod output;
mod plan;
mod probe;
mod report;
mod rollback;
mod run;
mod sandbox;
mod schema;
mod settings;
mod snapshot;
mod telemetry;
mod validate;
mod waiting;
mod witness;

use std::{ffi::OsStr, path::PathBuf, process::ExitCode, time::Duration};

use clap::{
    Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    builder::{PathBufValueParser, TypedValueParser},
    error::ErrorKind,
};
use jiff::Timestamp;

use failure::{Exit, Failure};
use output::Output;

/// Keeps who may do what, where, in YAML in Git, and makes a Spotnana company match it.
#[derive(Debug, Parser)]
#[command(
    name = "rolecall",
    version,
    disable_help_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "\
Start with:   rolecall plan examples/quickstart
Credentials:  ROLECALL_CLIENT_ID and ROLECALL_CLIENT_SECRET, or ROLECALL_TOKEN; each also as …_FILE
Exit codes:   0 ok, 2 changes, 3 partial, 4 invalid, 5 not authorised, 6 blocked, 7 stale, 8 remote, 130 interrupted"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Print help
    // The short form for both spellings: the long one of a dozen options fills two screens.
    #[arg(short, long, global = true, action = clap::ArgAction::HelpShort)]
    help: Option<bool>,
    /// Folder of the workspace, instead of the current one
    #[arg(short = 'C', long, global = true, value_name = "DIR", env = "ROLECALL_WORKSPACE", hide_env = true)]
    workspace: Option<PathBuf>,
    /// Base URL of the API, or `sandbox`, instead of the one in rolecall.yaml
    #[arg(long, global = true, value_name = "URL", env = "ROLECALL_ENDPOINT", hide_env = true)]
    endpoint: Option<String>,
    /// Company id or name, instead of the one in rolecall.yaml
    #[arg(long, global = true, value_name = "ID", env = "ROLECALL_COMPANY", hide_env = true)]
    company: Option<String>,
    /// Form of the result: text, json or markdown
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "ROLECALL_FORMAT",
        default_value = "text",
        hide_possible_values = true,
        hide_env = true
    )]
    format: Format,
    /// Also write NDJSON events; `-` for standard output, not the result
    #[arg(long, global = true, value_name = "FILE", env = "ROLECALL_EVENTS", value_parser = json_file(), hide_env = true)]
    events: Option<PathBuf>,
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        env = "ROLECALL_COLOR",
        default_value = "auto",
        hide_env = true
    )]
    color: ColorChoice,
    /// Say less: no progress, no remarks
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Log requests to standard error; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Form of the log
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "ROLECALL_LOG_FORMAT",
        default_value = "text",
        hide_env = true
    )]
    log_format: LogFormat,
    /// No progress display, even on a terminal
    // Not shown: `-q` does it as well, and a help has to fit a screen.
    #[arg(long, global = true, hide = true, env = "ROLECALL_NO_PROGRESS", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    no_progress: bool,
    /// Request timeout, such as 30s
    #[arg(long, global = true, value_name = "TIME", env = "ROLECALL_TIMEOUT", default_value = "30s", value_parser = duration, hide_env = true)]
    timeout: Duration,
    /// Most requests and steps in flight [default: 16, and 8 steps]
    #[arg(long, global = true, value_name = "N", env = "ROLECALL_CONCURRENCY", value_parser = clap::value_parser!(u16).range(1..=256), hide_env = true)]
    concurrency: Option<u16>,
    /// Requests per second, at most; such as 20 or 0.5
    #[arg(long, global = true, value_name = "N", env = "ROLECALL_MAX_RPS", hide_env = true)]
    max_rps: Option<rolecall::live::api::Rate>,
}

/// What to read and compare; shared by the commands that plan.
#[derive(Debug, Args)]
struct Selection {
    /// Workspace folders or access files, or for apply one saved plan; the workspace around here where absent
    paths: Vec<PathBuf>,
    #[command(flatten)]
    now: Now,
}

/// The time of a run.
#[derive(Debug, Args)]
struct Now {
    /// The time that `until` is compared with, instead of now
    #[arg(long, value_name = "INSTANT", env = "ROLECALL_NOW", value_parser = instant, hide_env = true)]
    now: Option<Timestamp>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the files, offline, and report everything that is wrong
    #[command(after_help = "Example: rolecall validate examples/quickstart")]
    Validate(validate::Arguments),
    /// Show what apply would change
    #[command(after_help = "Example: rolecall plan examples/quickstart --format markdown")]
    Plan(plan::Arguments),
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
    /// Look at endpoint, token, rights and dialect; `--probe` learns the dialect by trying
    #[command(after_help = "Example: rolecall doctor --probe --company voyager")]
    Doctor(doctor::Arguments),
    /// Show what one person may do, and which line of the files asks for it
    #[command(after_help = "Example: rolecall explain ana@voyager.example examples/quickstart")]
    Explain(explain::Arguments),
    /// Read everything into one file, from which `--live` plans without a network
    #[command(after_help = "Example: rolecall snapshot --sanitize --out live.json")]
    Snapshot(snapshot::Arguments),
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, in a terminal
    Text,
    /// For programs: one JSON document in every outcome
    Json,
    /// For pull requests
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// Runs the program and returns its exit code.
pub(crate) fn main() -> ExitCode {
    // By hand, to keep what clap knows of where each value came from.
    let mut command = without_empty_variables(Cli::command());
    let parsed = command.try_get_matches_from_mut(std::env::args_os());
    let parsed = parsed
        .and_then(|it| Ok((Cli::from_arg_matches(&it).map_err(|error| error.format(&mut command))?, it)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error),
    };
    let output = match Output::new(&cli.global) {
        Ok(mut output) => {
            output.makes = cli.command.makes();
            output
        }
        Err(failure) => {
            Output::plain(&cli.global).failure(&failure);
            return failure.exit().into();
        }
    };
    let _telemetry = telemetry::start(&cli.global);
    let _run = tracing::info_span!("run", command = cli.command.name()).entered();
    output.events.send(
        "start",
        serde_json::json!({ "command": cli.command.name(), "tool": env!("CARGO_PKG_VERSION") }),
    );
    let result = match &cli.command {
        Command::Validate(arguments) => validate::run(&cli.global, arguments, &output),
        Command::Plan(arguments) => plan::run(&cli.global, arguments, &output),
        Command::Apply(arguments) => apply::run(&cli.global, arguments, &output),
        Command::Rollback(arguments) => rollback::run(&cli.global, arguments, &output),
        Command::Drift(arguments) => drift::run(&cli.global, arguments, &output),
        Command::Doctor(arguments) => doctor::run(&cli.global, arguments, &matches, &output),
        Command::Explain(arguments) => explain::run(&cli.global, arguments, &output),
        Command::Snapshot(arguments) => snapshot::run(&cli.global, arguments, &output),
        Command::Duplicate(arguments) => duplicate::run(&cli.global, arguments, &output),
        Command::Sandbox(arguments) => sandbox::run(&cli.global, arguments, &output),
        Command::Schema(arguments) => schema::run(arguments, &output),
    };
    let exit = result.unwrap_or_else(|failure| {
        output.failure(&failure);
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

/// Takes an empty variable for none: workflows set variables that have no value to nothing.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|it| it.is_empty());
    command
        .mut_args(|it| if it.get_env().is_some_and(is_empty) { it.env(None::<&str>) } else { it })
        .mut_subcommands(without_empty_variables)
}

/// Reads the name of a file that is written as JSON: never one of the workspace's own.
fn json_file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match path.extension().and_then(OsStr::to_str) {
        Some("yaml" | "yml") => {
            Err("JSON is written, and would take the place of a YAML file; give it another name")
        }
        _ => Ok(path),
    })
}

impl Command {
    /// Returns what a comment is about that the command makes.
    fn makes(&self) -> &'static str {
        match self {
            Self::Explain(_) => "explanation",
            Self::Doctor(_) => "report",
            Self::Validate(_)
            | Self::Plan(_)
            | Self::Apply(_)
            | Self::Rollback(_)
            | Self::Drift(_)
            | Self::Snapshot(_)
            | Self::Duplicate(_)
            | Self::Sandbox(_)
            | Self::Schema(_) => "plan",
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Validate(_) => "validate",
            Self::Plan(_) => "plan",
            Self::Apply(_) => "apply",
            Self::Rollback(_) => "rollback",
            Self::Drift(_) => "drift",
            Self::Doctor(_) => "doctor",
            Self::Explain(_) => "explain",
            Self::Snapshot(_) => "snapshot",
            Self::Duplicate(_) => "duplicate",
            Self::Sandbox(_) => "sandbox",
            Self::Schema(_) => "schema",
        }
    }
}

/// Help and version are no failure; everything else clap has to say is invalid input.
///
/// clap's own code for it is 2, which here means "there are changes".
fn usage(error: &clap::Error) -> ExitCode {
    let exit = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
        _ => Exit::Invalid,
    };
    // A JSON consumer gets a document even for a flag it misspelt.
    if exit == Exit::Invalid && wants_json() {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        let tip = text.lines().find_map(|it| it.trim().strip_prefix("tip: "));
        output::json_failure("usage", exit, first.trim_start_matches("error: "), &[], tip);
    }
    let _ = error.print();
    exit.into()
}

/// Whether the command line, or else the environment, asks for JSON; of a line that clap has not parsed.
fn wants_json() -> bool {
    let options: Vec<_> = std::env::args_os().skip(1).take_while(|it| it != "--").collect();
    let value = |n: usize| match options[n].to_str()?.strip_prefix("--format")? {
        "" => options.get(n + 1)?.to_str().filter(|it| !it.starts_with('-')),
        joined => joined.strip_prefix('='),
    };
    match (0..options.len()).find_map(value) {
        Some(format) => format == "json",
        None => std::env::var("ROLECALL_FORMAT").is_ok_and(|it| it == "json"),
    }
}

/// Reads `30s`, `500ms` or `2m`.
fn duration(raw: &str) -> Result<Duration, String> {
    let parsed: Result<jiff::SignedDuration, _> = raw.parse();
    match parsed.ok().and_then(|it| Duration::try_from(it).ok()) {
        Some(it) if !it.is_zero() => Ok(it),
        _ => Err("write a time such as 30s, 500ms or 2m".to_owned()),
    }
}

/// Reads an instant, or a day as its beginning in UTC.
fn instant(raw: &str) -> Result<Timestamp, String> {
    let day = || raw.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    raw.parse()
        .ok()
        .or_else(|| day().map(|it| it.timestamp()))
        .ok_or_else(|| "write an instant such as 2027-01-31T18:00:00Z".to_owned())
}

impl Now {
    /// Returns the time of the flag, or of the clock.
    fn or_clock(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// Returns the time the run takes for now: the flag, `SOURCE_DATE_EPOCH` (seconds), or the clock.
    fn get(&self) -> Result<Timestamp, Failure> {
        self.now.map_or_else(now, Ok)
    }
}

/// Returns `SOURCE_DATE_EPOCH` (seconds), or the clock.
fn now() -> Result<Timestamp, Failure> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(raw) => raw.parse().ok().and_then(|it| Timestamp::from_second(it).ok()).ok_or_else(|| {
            Failure::invalid(format!("SOURCE_DATE_EPOCH is `{raw}`, not a number of seconds"))
                .hint("unset it, or give `--now`")
        }),
        Err(_) => Ok(Timestamp::now()),
    }
}
