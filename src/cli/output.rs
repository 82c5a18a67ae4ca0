//! Standard output is the result, standard error is everything else.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use rolecall::report::render::{
    self,
    ending::Trouble,
    fit::{Width, prose},
    forge::Forge,
    format::Format as Form,
};
use serde_json::{Value, json};

use super::{Exit, Failure, Format, Global, ci::Ci, events::Events};

mod progress;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// The commands that write reports, by which they know what they are called.
const COMMANDS: [&str; 6] = ["apply", "drift", "merge-reports", "plan", "report", "validate"];
/// Those of them whose result has every form.
const FORMS: [&str; 6] = ["drift", "merge-reports", "plan", "show", "validate", "what-if"];
/// The commands that answer a question in rows, which have a form for a spreadsheet too.
pub(super) const ANSWERS: [&str; 9] =
    ["diff", "expiring", "groups", "history", "people", "roles", "users", "who-can", "who-has"];
/// The forms that a review has; the others are about what changes.
pub(super) const REVIEW: [Form; 5] = [Form::Text, Form::Json, Form::Markdown, Form::Html, Form::Csv];

pub(crate) struct Output {
    /// The form of the result; of one of `form` that of what stands beside it.
    pub(crate) format: Format,
    /// A form that is printed at the end, when it is known how that is, in the place of the result.
    pub(crate) form: Option<Form>,
    /// The command.
    pub(crate) command: &'static str,
    pub(crate) started: Instant,
    /// Where Markdown is read.
    pub(crate) forge: Forge,
    /// The workspace that the command is about, for the name of a comment.
    pub(crate) folder: PathBuf,
    /// What the command makes: a comment says so where there is none.
    pub(crate) makes: &'static str,
    color: ColorChoice,
    /// Of standard output, and of standard error.
    columns: [Width; 2],
    quiet: bool,
    progress: bool,
    logs: bool,
    /// Why the result could not be printed.
    lost: Mutex<Option<io::Error>>,
    pub(crate) events: Arc<Events>,
}

impl Output {
    /// Opens what the flags ask for, for the command of this name.
    pub(crate) fn new(global: &Global, command: &str) -> Result<Self, Failure> {
        let makes = match command {
            "explain" => "explanation",
            it if ANSWERS.contains(&it) => "answer",
            "report" => "review",
            "doctor" => "report",
            _ => "plan",
        };
        let plain = Self::plain(global);
        let is_of_review = |it: &Form| command == "report" && REVIEW.contains(it);
        let is_of_answer = |it: &Form| ANSWERS.contains(&command) && *it == Form::Csv;
        let has = |it: &Form| FORMS.contains(&command) || is_of_review(it) || is_of_answer(it);
        if let Some(form) = plain.form.filter(|it| !has(it)) {
            return Err(Failure::invalid(format!(
                "`rolecall {command}` has no result in the form {}",
                form.name()
            ))
            .hint(match ANSWERS.contains(&command) {
                true => "give `--format text`, `json`, `markdown` or `csv`",
                false => {
                    "give `--format text`, `json` or `markdown`; plan, show, drift and validate have the others"
                }
            }));
        }
        let events = Arc::new(Events::to(global.events.as_deref())?);
        // What is shown is what a plan said.
        let command = if ["show", "what-if"].contains(&command) { "plan" } else { command };
        let command = COMMANDS.iter().copied().find(|it| *it == command).unwrap_or_default();
        Ok(Self { events, makes, command, ..plain })
    }

    pub(crate) fn plain(global: &Global) -> Self {
        let color = choice(global.color);
        // A display that is renewed moves the cursor, by the same escapes that colours are.
        let escapes = match color {
            ColorChoice::Auto => anstream::AutoStream::choice(&io::stderr()),
            chosen => chosen,
        };
        let may_move = io::stderr().is_terminal() && escapes != ColorChoice::Never;
        let progress = may_move && !global.no_progress && !global.quiet;
        Self {
            format: Format::of(global.format).unwrap_or(Format::Text),
            form: Some(global.format).filter(|it| Format::of(*it).is_none()),
            command: "",
            started: Instant::now(),
            forge: global.forge.or_else(Ci::forge).unwrap_or(Forge::Github),
            folder: global.here().to_owned(),
            makes: "plan",
            color,
            columns: [columns(&io::stdout()), columns(&io::stderr())],
            quiet: global.quiet,
            progress,
            logs: global.verbose > 0,
            lost: Mutex::default(),
            events: Arc::default(),
        }
    }

    /// Says which workspace a command is about, where it names one.
    pub(crate) fn about(self, folder: Option<PathBuf>) -> Self {
        Self { folder: folder.unwrap_or(self.folder), ..self }
    }

    /// How wide the result may be: that of a terminal, where people look at it.
    pub(crate) fn width(&self) -> Width {
        if self.format == Format::Text { self.columns[0] } else { Width::Any }
    }

    /// How wide a message may be.
    pub(crate) fn message_width(&self) -> Width {
        self.columns[1]
    }

    /// Prints the result in the format asked for; Markdown is the text as an indented block, in which nothing calls anybody.
    pub(crate) fn document(&self, text: &str, json: impl FnOnce() -> String) {
        self.verbatim(&prose(text, self.width()), json);
    }

    /// The same where no line may be broken: files, and differences of files.
    pub(crate) fn verbatim(&self, text: &str, json: impl FnOnce() -> String) {
        match self.format {
            Format::Text => self.result(text),
            Format::Json => self.result(&json()),
            Format::Markdown => {
                let plain = anstream::adapter::strip_str(text).to_string();
                let indented = |it: &str| format!("    {it}").trim_end().to_owned() + "\n";
                self.result(&plain.lines().map(indented).collect::<String>());
            }
        }
    }

    /// Prints a sentence, or for programs a document of these facts.
    pub(crate) fn sentence(&self, text: &str, kind: &str, facts: &Value) {
        match self.format {
            Format::Text | Format::Markdown => self.result(&prose(text, self.width())),
            Format::Json => self.result(&document(kind, facts)),
        }
    }

    /// Prints the result. A reader that has seen enough (`| head`) is not a failure.
    pub(crate) fn result(&self, text: &str) {
        if self.form.is_none() {
            self.printed(text);
        }
    }

    /// Prints an answer in the form that is asked for.
    pub(crate) fn answered<V>(
        &self,
        view: &V,
        (csv, text, json, markdown): (
            impl Fn(&V) -> String,
            impl Fn(&V) -> String,
            impl Fn(&V) -> String,
            impl Fn(&V, Forge) -> String,
        ),
    ) {
        self.printed(&match (self.form, self.format) {
            (Some(Form::Csv), _) => csv(view),
            (_, Format::Text) => prose(&text(view), self.width()),
            (_, Format::Json) => json(view),
            (_, Format::Markdown) => markdown(view, self.forge),
        });
    }

    /// Prints what takes the place of the result.
    pub(crate) fn printed(&self, text: &str) {
        if self.events.on_stdout() {
            return;
        }
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color);
        let printed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        if let Err(error) = printed
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }

    /// The failure to print a result or to write events, if there was one.
    pub(crate) fn lost(&self) -> Option<Failure> {
        let result = self.lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (what, error) = match result {
            Some(error) => ("the result cannot be printed", error),
            None => ("the events cannot be written", self.events.lost()?),
        };
        Some(Failure::new(Exit::Error, format!("{what}: {error}")))
    }

    /// Prints a remark to people who watch.
    pub(crate) fn remark(&self, text: &str) {
        if !self.quiet {
            self.message(text);
        }
    }

    /// Prints what has to be seen, even if little is wanted.
    pub(crate) fn message(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.color);
        let _ = writeln!(stderr, "{}", prose(text, self.columns[1]));
    }

    /// Prints why there is no result; as JSON on standard output where that is the format.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.events.send("failure", facts(failure));
        match failure {
            Failure::Findings { findings, sources } => match self.format {
                Format::Json => self.result(&render::findings::json(findings, sources)),
                Format::Markdown => {
                    self.result(&render::findings::markdown(
                        findings,
                        sources,
                        self.forge,
                        self.forge.budget(),
                    ));
                }
                // Laid out already.
                Format::Text => {
                    let text = render::findings::text(findings, sources, self.message_width());
                    let mut stderr = AutoStream::new(io::stderr().lock(), self.color);
                    let _ = writeln!(stderr, "{}", text.trim_end());
                }
            },
            Failure::Trouble { exit, message, causes, hint } => {
                match self.format {
                    Format::Json if self.events.on_stdout() => (),
                    Format::Json => json_failure("error", *exit, message, causes, hint.as_deref()),
                    // A comment on a pull request says that there is no plan, and why.
                    Format::Markdown => {
                        let trouble = Trouble { message, causes, hint: hint.as_deref() };
                        self.result(&render::failure::markdown(self.makes, &trouble, self.forge));
                    }
                    Format::Text => (),
                }
                self.message(&trouble(message, causes, hint.as_deref()));
            }
        }
    }
}

/// Prints what is wrong with a command line that cannot be read.
pub(crate) fn print_error(text: &str, color: clap::ColorChoice) {
    let stderr = io::stderr();
    let text = prose(text.trim_end(), columns(&stderr));
    let _ = writeln!(AutoStream::new(stderr.lock(), choice(color)), "{text}");
}

/// What the program is told of colours; `NO_COLOR`, `TERM` and the stream decide where that is left to them.
fn choice(color: clap::ColorChoice) -> ColorChoice {
    match color {
        clap::ColorChoice::Auto => ColorChoice::Auto,
        clap::ColorChoice::Always => ColorChoice::Always,
        clap::ColorChoice::Never => ColorChoice::Never,
    }
}

/// How wide a stream is: as COLUMNS says, else as its terminal does. What goes to files and other programs has whole lines.
fn columns(stream: &impl IsTerminal) -> Width {
    let given = std::env::var("COLUMNS").ok().and_then(|it| it.parse().ok()).filter(|it| *it > 0);
    let seen = || terminal_size::terminal_size().map(|it| usize::from(it.0.0)).filter(|it| *it > 0);
    given.or_else(|| stream.is_terminal().then(seen).flatten()).map_or(Width::Any, Width::Columns)
}

fn facts(failure: &Failure) -> Value {
    match failure {
        Failure::Findings { findings, .. } => {
            let codes: Vec<&str> = findings.iter().map(|it| it.code.as_str()).collect();
            json!({ "findings": codes })
        }
        Failure::Trouble { message, causes, hint, .. } => {
            let causes: Vec<String> = causes.iter().map(|it| nameless(it)).collect();
            json!({ "message": nameless(message), "causes": causes, "hint": hint.as_deref().map(nameless) })
        }
    }
}

/// The text without e-mail addresses: events are kept and passed on.
fn nameless(text: &str) -> String {
    let word = |it: &'_ str| if it.contains('@') { "(an address)".to_owned() } else { it.to_owned() };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// `error: …`, the causes, and the hint on a line of its own.
pub(crate) fn trouble(message: &str, causes: &[String], hint: Option<&str>) -> String {
    let show = rolecall::model::escape::terminal;
    let mut text = format!("{ERROR}error{ERROR:#}: {}", show(message));
    for cause in causes {
        text += &format!("\n  because: {}", show(cause));
    }
    if let Some(hint) = hint {
        text += &format!("\n{HINT}hint{HINT:#}: {}", show(hint));
    }
    text
}

/// A JSON document of this kind, in version 1.
pub(crate) fn document(kind: &str, facts: &Value) -> String {
    let mut document = facts.clone();
    document["version"] = json!(1);
    document["kind"] = json!(kind);
    format!("{document:#}\n")
}

/// Prints a failure as the one JSON document of the run.
pub(crate) fn json_failure(kind: &str, exit: Exit, message: &str, causes: &[String], hint: Option<&str>) {
    let trouble = Trouble { message, causes, hint };
    let _ = write!(io::stdout(), "{}", render::failure::json(kind, exit.code(), exit.name(), &trouble));
}
