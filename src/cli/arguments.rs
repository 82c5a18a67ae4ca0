//! Arguments that several commands share, and the grammar of their values. Reads no file.

use std::{ffi::OsStr, path::PathBuf, time::Duration};

use clap::{
    Args, ColorChoice, ValueEnum,
    builder::{PathBufValueParser, TypedValueParser},
};
use jiff::Timestamp;
use rolecall::{
    model::{date, ids::PersonRef, portion::Shard},
    report::render::{forge::Forge, format::Format as Form},
    workflow::Checked,
};

use super::Failure;

/// Options of every command, before or after its name.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Print help; `--help` with the variable of each option
    // The short form for both spellings: the long one has an option on four lines.
    #[arg(short, long, global = true, action = clap::ArgAction::HelpShort)]
    pub(super) help: Option<bool>,
    /// Folder of the workspace, instead of the current one
    #[arg(short = 'C', long, global = true, value_name = "DIR", env = "ROLECALL_WORKSPACE")]
    pub(super) workspace: Option<PathBuf>,
    /// Base URL of the API, or `sandbox`, instead of the one in rolecall.yaml
    #[arg(long, global = true, value_name = "URL", env = "ROLECALL_ENDPOINT")]
    pub(super) endpoint: Option<String>,
    /// Only these companies: id, name or pattern; or whose groups these are
    #[arg(long, global = true, value_name = "COMPANY", env = "ROLECALL_COMPANY")]
    pub(super) company: Vec<String>,
    /// Form of the result: text, json or markdown; of plan, drift and validate also html, csv, sarif, junit, github, gitlab, slack
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "ROLECALL_FORMAT",
        default_value = "text",
        value_parser = str::parse::<Form>
    )]
    pub(super) format: Form,
    /// Whose Markdown it is: github, gitlab, azure, bitbucket or gitea, instead of what CI says
    // Not shown where it only shapes a comment: CI says it, and a help has to fit a screen.
    #[arg(long, global = true, hide = true, value_name = "FORGE", env = "ROLECALL_FORGE", value_parser = str::parse::<Forge>)]
    pub(super) forge: Option<Forge>,
    /// Also write NDJSON events; `-` for standard output, not the result
    #[arg(long, global = true, value_name = "FILE", env = "ROLECALL_EVENTS", value_parser = json_file())]
    pub(super) events: Option<PathBuf>,
    /// When to use colour: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        env = "ROLECALL_COLOR",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub(super) color: ColorChoice,
    /// Say less: no progress, no remarks
    #[arg(short, long, global = true, env = "ROLECALL_QUIET")]
    pub(super) quiet: bool,
    /// Log requests to standard error; twice for more
    #[arg(short, long, global = true, env = "ROLECALL_VERBOSE", action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Form of the log
    #[arg(long, global = true, value_name = "FORMAT", env = "ROLECALL_LOG_FORMAT", default_value = "text")]
    pub(super) log_format: LogFormat,
    /// No progress display, even on a terminal
    // Not shown: `-q` does it as well, and a help has to fit a screen.
    #[arg(long, global = true, hide = true, env = "ROLECALL_NO_PROGRESS")]
    pub(super) no_progress: bool,
    /// Request timeout, such as 30s
    #[arg(long, global = true, value_name = "TIME", env = "ROLECALL_TIMEOUT", default_value = "30s", value_parser = duration)]
    pub(super) timeout: Duration,
    /// Most requests and steps in flight [default: 16, and 8 steps]
    #[arg(long, global = true, value_name = "N", env = "ROLECALL_CONCURRENCY", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) concurrency: Option<u16>,
    /// Requests per second, at most; such as 20 or 0.5
    #[arg(long, global = true, value_name = "N", env = "ROLECALL_MAX_RPS")]
    pub(super) max_rps: Option<rolecall::live::api::Rate>,
}

/// What to read and compare; shared by the commands that plan.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Folders or access files, or for apply a saved plan; the workspace around here if none
    pub(super) paths: Vec<PathBuf>,
    /// Believe an API that lists no group: the company is new
    #[arg(long, env = "ROLECALL_CREATE_ALL")]
    pub(super) create_all: bool,
    /// Only this share of the companies: `0/4` to `3/4` are all
    #[arg(long, value_name = "I/N", env = "ROLECALL_SHARD")]
    pub(super) shard: Option<Shard>,
    /// Judge by the rules of this commit too, such as origin/main
    #[arg(long, value_name = "REF", env = "ROLECALL_BASE")]
    pub(super) base: Option<String>,
    #[command(flatten)]
    pub(super) asking: Asking,
    #[command(flatten)]
    pub(super) operator: Operator,
    #[command(flatten)]
    pub(super) now: Now,
}

/// How far a plan looks beyond the files.
#[derive(Debug, Args)]
pub(super) struct Asking {
    /// Most people to ask for groups that no file names
    #[arg(long, value_name = "N", env = "ROLECALL_ASK_PEOPLE", default_value_t = 200)]
    pub(super) ask_people: usize,
}

/// What whoever runs rolecall says, and no change of the files can take back.
#[derive(Debug, Args)]
pub(super) struct Operator {
    /// File with limits that the files here cannot loosen
    #[arg(long, value_name = "FILE", env = "ROLECALL_POLICY")]
    pub(super) policy: Option<PathBuf>,
    /// Whose token this is, instead of `api.identity`
    #[arg(long, value_name = "PERSON", env = "ROLECALL_IDENTITY")]
    pub(super) identity: Option<PersonRef>,
}

impl Selection {
    /// The files, with what the flags say of an API that lists no group.
    pub(super) fn believing(&self, mut checked: Checked) -> Checked {
        if self.create_all {
            checked.declared.create_all();
        }
        checked
    }
}

/// The part of a plan that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Only {
    /// The removals of people who are locked out
    Lockout,
    /// What has ended by its `until`
    Expired,
}

impl Only {
    /// As it is typed.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lockout => "lockout",
            Self::Expired => "expired",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Now {
    /// The time that `until` is compared with, instead of now
    #[arg(long, value_name = "INSTANT", env = "ROLECALL_NOW", value_parser = instant)]
    pub(super) now: Option<Timestamp>,
}

/// The forms that the result of every command has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// For people, in a terminal
    Text,
    /// For programs: one JSON document in every outcome
    Json,
    /// For pull requests
    Markdown,
}

impl Format {
    /// The form of every result, where it is one of these.
    pub(super) fn of(form: Form) -> Option<Self> {
        match form {
            Form::Text => Some(Self::Text),
            Form::Json => Some(Self::Json),
            Form::Markdown => Some(Self::Markdown),
            Form::Html
            | Form::Csv
            | Form::Sarif
            | Form::Junit
            | Form::Github
            | Form::Gitlab
            | Form::Slack
            | Form::Openmetrics => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

/// Reads the name of a file that is written as JSON: never one of the workspace's own.
pub(super) fn json_file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        let end = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
        match end.as_deref() {
            Some("yaml" | "yml") => {
                Err("JSON is written, and would take the place of a YAML file; give it another name")
            }
            _ => Ok(path),
        }
    })
}

/// Reads `30s`, `500ms` or `2m`.
pub(super) fn duration(raw: &str) -> Result<Duration, String> {
    let parsed: Result<jiff::SignedDuration, _> = raw.parse();
    match parsed.ok().and_then(|it| Duration::try_from(it).ok()) {
        Some(it) if !it.is_zero() => Ok(it),
        _ => Err("write a time such as 30s, 500ms or 2m".to_owned()),
    }
}

/// Reads an instant, or a day as its beginning in UTC.
pub(super) fn instant(raw: &str) -> Result<Timestamp, String> {
    let day = || raw.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    raw.parse()
        .ok()
        .or_else(|| day().map(|it| it.timestamp()))
        .ok_or_else(|| "write an instant such as 2027-01-31T18:00:00Z".to_owned())
}

impl Now {
    /// The time the run goes by: the flag, or the clock. `SOURCE_DATE_EPOCH` only dates documents: build shells set
    /// it, often to a day long past, and by that nothing would have ended.
    pub(super) fn get(&self) -> Result<date::Now, Failure> {
        let at = self.now.unwrap_or_else(Timestamp::now);
        Ok(date::Now { at, is_given: self.now.is_some(), dated: source_date()?.unwrap_or(at) })
    }
}

/// `SOURCE_DATE_EPOCH`, in seconds, where it is set.
fn source_date() -> Result<Option<Timestamp>, Failure> {
    let Ok(raw) = std::env::var("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let date = raw.parse().ok().and_then(|it| Timestamp::from_second(it).ok());
    date.map(Some).ok_or_else(|| {
        Failure::invalid(format!("SOURCE_DATE_EPOCH is `{raw}`, not a number of seconds")).hint("unset it")
    })
}
