//! `rolecall users`: people and their data, on request. `list`, `show` and `export` only read; `put` replaces a part of one.

mod export;
mod file;
mod help;
mod put;

use std::{collections::BTreeSet, path::PathBuf};

use clap::{ArgMatches, Args, ValueEnum, parser::ValueSource};
use rolecall::{
    files::declared::Pattern,
    model::{
        finding::nearest,
        ids::{CompanyId, PersonRef},
        part::Part,
        person::Entry,
        plan::Names,
        selector::Attribute,
        units::Unit,
    },
    report::{
        document,
        render::{
            counted,
            format::Format as Form,
            held::{self, HeldView, Values},
            users::{self, UsersView},
        },
    },
    sandbox::Sandbox,
    workflow::{
        self, Checked, Live,
        users::{Roster, Unrecorded},
    },
};

pub(super) use help::narrowed;

use super::{
    Exit, Failure, Global, Now, Output,
    live::From,
    run,
    settings::{self, Connected},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What to do; `rolecall help users put` explains one alone
    action: Action,
    /// Whose: an e-mail address, externalId=…, employeeId=… or userId=…; of `list` nobody's
    #[arg(value_name = "PERSON")]
    person: Option<PersonRef>,
    /// For `put`: the part as a JSON file, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    from: From,
    /// For `show` and `put`: show the values that may be personal as well
    #[arg(long)]
    reveal: bool,
    /// For `export`: folder for a file for each part, made if it is missing; only you can read it
    #[arg(long, value_name = "DIR", env = "ROLECALL_EXPORT_OUT")]
    out: Option<PathBuf>,
    /// For `export`: replace the files of an earlier one
    #[arg(long, env = "ROLECALL_EXPORT_OVERWRITE")]
    overwrite: bool,
    /// For `put`: which part, such as travel-preferences
    #[arg(long, value_name = "PART", env = "ROLECALL_PART", value_parser = part)]
    part: Option<Part>,
    /// For `put`: without asking
    #[arg(long, visible_alias = "yes", env = "ROLECALL_AUTO_APPROVE")]
    auto_approve: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Everybody, with where each belongs
    List,
    /// What is held of one person, part by part
    Show,
    /// All parts of one person as files
    Export,
    /// Replace one part of one person
    Put,
}

/// Which people of the list: those that fit every flag; of several values of one flag, any.
#[derive(Debug, Args)]
struct Filters {
    /// For `list`: only of this department, by name, pattern or id
    #[arg(long, value_name = "NAME", env = "ROLECALL_DEPARTMENT", value_parser = pattern)]
    department: Vec<Pattern>,
    /// For `list`: only of this legal entity
    #[arg(long, value_name = "NAME", env = "ROLECALL_USERS_LEGAL_ENTITY", value_parser = pattern)]
    legal_entity: Vec<Pattern>,
    /// For `list`: only of this cost center
    #[arg(long, value_name = "NAME", env = "ROLECALL_COST_CENTER", value_parser = pattern)]
    cost_center: Vec<Pattern>,
    /// For `list`: only of this office
    #[arg(long, value_name = "NAME", env = "ROLECALL_OFFICE", value_parser = pattern)]
    office: Vec<Pattern>,
    /// For `list`: only who is called so at work
    #[arg(long, value_name = "NAME", env = "ROLECALL_DESIGNATION", value_parser = pattern)]
    designation: Vec<Pattern>,
    /// For `list`: only such as EMPLOYEE or GUEST
    #[arg(long, value_name = "PERSONA", env = "ROLECALL_PERSONA", value_parser = pattern)]
    persona: Vec<Pattern>,
    /// For `list`: whose accounts
    #[arg(long, value_name = "STATUS", env = "ROLECALL_STATUS", default_value = "all")]
    status: Status,
    /// For `list`: only those that the API finds by this text
    #[arg(long, value_name = "TEXT", env = "ROLECALL_SEARCH")]
    search: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Status {
    Active,
    Inactive,
    All,
}

fn pattern(raw: &str) -> Result<Pattern, String> {
    Pattern::new(raw).ok_or_else(|| "write a name, or a pattern such as `EU *`".to_owned())
}

fn part(raw: &str) -> Result<Part, String> {
    Part::named(raw).ok_or_else(|| {
        let words = Part::ALL.iter().copied().filter(|it| it.is_writable() && *it != Part::Roles);
        let words: Vec<&str> = words.map(Part::word).collect();
        let near = nearest(raw, words.iter().copied());
        let near = near.map(|it| format!("did you mean `{it}`? ")).unwrap_or_default();
        format!("{near}there are {}", words.join(", "))
    })
}

/// What each action takes beside the flags of every command, by the names of the arguments.
const TAKEN: [(Action, &[&str]); 4] = [
    (
        Action::List,
        &[
            "department",
            "legal_entity",
            "cost_center",
            "office",
            "designation",
            "persona",
            "status",
            "search",
            "live",
        ],
    ),
    (Action::Show, &["person", "reveal", "live"]),
    (Action::Export, &["person", "out", "overwrite"]),
    (Action::Put, &["person", "file", "part", "reveal", "auto_approve"]),
];

/// Refuses what was typed and belongs to another action; a variable may be set for all of them.
fn check(action: Action, matches: &ArgMatches) -> Result<(), Failure> {
    let Some((_, own)) = matches.subcommand() else { return Ok(()) };
    let typed = |id: &&str| own.value_source(id) == Some(ValueSource::CommandLine);
    let takes = |it: Action, id: &str| TAKEN.iter().any(|(of, ids)| *of == it && ids.contains(&id));
    let mut all = TAKEN.iter().flat_map(|it| it.1).copied();
    let Some(id) = all.find(|id| typed(id) && !takes(action, id)) else { return Ok(()) };
    let flag = match id {
        "person" | "file" => format!("a {id}"),
        id => format!("`--{}`", id.replace('_', "-")),
    };
    let others = TAKEN.iter().map(|it| it.0).filter(|it| takes(*it, id));
    let others: Vec<String> = others.map(|it| format!("`users {}`", it.word())).collect();
    Err(Failure::invalid(format!("`users {}` takes no {}", action.word(), flag.trim_start_matches("a ")))
        .hint(format!("it is for {}", others.join(" and "))))
}

pub(super) fn run(
    global: &Global,
    arguments: &Arguments,
    matches: &ArgMatches,
    output: &Output,
) -> Result<Exit, Failure> {
    let Arguments { action, person, file, part, out, .. } = arguments;
    let word = action.word();
    let missing = |what: &str| {
        Failure::invalid(format!("`users {word}` needs {what}"))
            .hint(format!("see `rolecall help users {word}`"))
    };
    // Before what is refused as of another action: why it is of no use here says more.
    if arguments.from.is_snapshot() && matches!(action, Action::Export | Action::Put) {
        let message = format!("`users {word}` is about what the API holds now, which no snapshot has");
        return Err(Failure::invalid(message).hint("leave `--live` out, and unset ROLECALL_LIVE"));
    }
    check(*action, matches)?;
    if *action == Action::List {
        return list(global, (&arguments.filters, &arguments.from), output);
    }
    let person = person.as_ref().ok_or_else(|| missing("a person, such as ana@voyager.example"))?;
    if output.form == Some(Form::Csv) && *action != Action::Show {
        return Err(Failure::invalid(format!("`users {word}` has no result in the form csv"))
            .hint("give `--format text`, `json` or `markdown`"));
    }
    match action {
        Action::List | Action::Show => show(global, (person, &arguments.from), arguments.reveal, output),
        Action::Export => {
            let out = out.as_ref().ok_or_else(|| missing("a folder to write to: `--out DIR`"))?;
            export::run(global, (person, out, arguments.overwrite), output)
        }
        Action::Put => {
            let part = part.ok_or_else(|| missing("a part: `--part travel-preferences`"))?;
            let file = file.as_ref().ok_or_else(|| missing("a file with the part, or `-`"))?;
            let values = if arguments.reveal { Values::Revealed } else { Values::Masked };
            put::run(
                global,
                put::Asked { person, part, file, values, consented: arguments.auto_approve },
                output,
            )
        }
    }
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Show => "show",
            Self::Export => "export",
            Self::Put => "put",
        }
    }
}

/// The files, as far as there are some.
fn files(global: &Global) -> Result<Checked, Failure> {
    // Whose people they are is said by all files; what else is wrong in these stands in nobody's way.
    let checked = global.sound(&[]).or_else(|_| global.checked_workspace());
    global.or_alone(checked, &[])
}

/// The files, as far as there are some, and the API of their companies.
fn connected(global: &Global) -> Result<(Checked, Connected), Failure> {
    let checked = files(global)?;
    settings::complete(global, &checked)?;
    let connected = settings::connect(global, &checked, &checked.declared.own_companies())?;
    Ok((checked, connected))
}

/// The files, as far as there are some, and a snapshot or the API of their companies.
fn opened(global: &Global, from: &From) -> Result<(Checked, Live, Option<Sandbox>), Failure> {
    let checked = files(global)?;
    if !from.is_snapshot() {
        settings::complete(global, &checked)?;
    }
    let (live, sandbox) = from.open(global, &checked, &checked.declared.own_companies())?;
    Ok((checked, live, sandbox))
}

fn names(checked: &Checked) -> Names {
    Names { values: checked.declared.aliases.clone(), ..Names::default() }
}

fn list(global: &Global, (filters, from): (&Filters, &From), output: &Output) -> Result<Exit, Failure> {
    if from.is_snapshot() && filters.search.is_some() {
        return Err(Failure::invalid("only the API searches for a text, and a snapshot does not")
            .hint("leave `--search` out, and choose by the other flags"));
    }
    let (checked, live, _sandbox) = opened(global, from)?;
    let companies = checked.declared.own_companies();
    let reading = workflow::users::roster(&live.source, &companies, filters.search.as_deref());
    let Roster { people: all, unrecorded } = run::reading(output.reading(&live.source, reading))?;
    filters.recorded(&unrecorded)?;
    let names = names(&checked);
    filters.known(&all, &names)?;
    let of = all.len();
    let mut people: Vec<_> = all.into_iter().filter(|it| filters.fit(&it.1, &names)).collect();
    people.sort_by_cached_key(|it| (it.0, it.1.user.email.as_ref().map(ToString::to_string), it.1.user.id));
    let view = UsersView {
        people: &people,
        companies: &companies,
        of,
        names: &names,
        endpoint: &live.sites.hosts(companies.iter().copied()),
        url: &live.sites.rest.url,
        at: Now { now: None }.get()?.dated,
        taken: live.source.taken(),
        unrecorded: &unrecorded,
        is_sanitized: live.source.is_sanitized(),
    };
    output.answered(&view, (users::csv, users::text, document::users::list, users::markdown));
    Ok(Exit::Ok)
}

impl Filters {
    fn patterns(&self) -> [(Attribute, &[Pattern]); 6] {
        [
            (Attribute::Department, &self.department),
            (Attribute::LegalEntity, &self.legal_entity),
            (Attribute::CostCenter, &self.cost_center),
            (Attribute::Office, &self.office),
            (Attribute::Designation, &self.designation),
            (Attribute::Persona, &self.persona),
        ]
    }

    /// Refuses to choose by what is not known of everybody: who is left out might fit.
    fn recorded(&self, unrecorded: &Unrecorded) -> Result<(), Failure> {
        let asked = self.patterns().into_iter().filter(|it| !it.1.is_empty());
        let mut unknown = asked.filter_map(|it| Some((it.0, *unrecorded.get(&it.0)?)));
        let Some((attribute, count)) = unknown.next() else { return Ok(()) };
        let people = counted(count, "person", "people");
        Err(Failure::invalid(format!("the snapshot does not tell the {} of {people}", attribute.word()))
            .hint("take a new snapshot with files that declare it of them, or ask the API without `--live`"))
    }

    /// What each pattern is compared with, in the same order: names and ids.
    fn told(entry: &Entry, names: &Names) -> [Vec<String>; 6] {
        let unit = |it: &Option<Unit>| {
            let all = it.iter().flat_map(|it| {
                let told = it.name.as_ref().map(ToString::to_string);
                [Some(users::unit(it, names)), told, Some(it.id.to_string())]
            });
            all.flatten().collect()
        };
        let text = |it: &Option<Box<str>>| it.iter().map(ToString::to_string).collect();
        [
            unit(&entry.department),
            unit(&entry.legal_entity),
            unit(&entry.cost_center),
            unit(&entry.office),
            text(&entry.designation),
            text(&entry.persona),
        ]
    }

    fn fit(&self, entry: &Entry, names: &Names) -> bool {
        let status = match self.status {
            Status::Active => entry.user.active,
            Status::Inactive => !entry.user.active,
            Status::All => true,
        };
        let fits = |((_, patterns), told): ((_, &[Pattern]), Vec<String>)| {
            patterns.is_empty() || told.iter().any(|it| patterns.iter().any(|pattern| pattern.matches(it)))
        };
        status && self.patterns().into_iter().zip(Self::told(entry, names)).all(fits)
    }

    /// Refuses a name that nothing is called: a list of nobody would look like an answer.
    fn known(&self, all: &[(CompanyId, Entry)], names: &Names) -> Result<(), Failure> {
        for (n, (kind, patterns)) in self.patterns().into_iter().enumerate() {
            for pattern in patterns {
                let told: BTreeSet<String> =
                    all.iter().flat_map(|it| Self::told(&it.1, names)[n].clone()).collect();
                if told.iter().any(|it| pattern.matches(it)) {
                    continue;
                }
                let message = format!("nobody is of the {} `{}`", kind.word(), pattern.text());
                let failure = Failure::invalid(message);
                return Err(match nearest(pattern.text(), told.iter().map(String::as_str)) {
                    Some(near) => failure.hint(format!("did you mean `{near}`?")),
                    None => {
                        failure.hint("`rolecall users list` shows what there is; `*` stands for any letters")
                    }
                });
            }
        }
        Ok(())
    }
}

fn show(
    global: &Global,
    (person, from): (&PersonRef, &From),
    reveal: bool,
    output: &Output,
) -> Result<Exit, Failure> {
    let (checked, live, _sandbox) = opened(global, from)?;
    let reading = async {
        let (company, user) = workflow::users::found(&live.source, &checked, person).await?;
        let parts = workflow::users::held(&live.source, company, &user).await?;
        let entry = workflow::users::entry(&live.source, company, &user).await;
        Ok::<_, workflow::Error>((company, user, parts, entry))
    };
    let (company, user, parts, entry) = run::reading(output.reading(&live.source, reading))?;
    let names = names(&checked);
    let view = HeldView {
        user: &user,
        entry: entry.as_ref(),
        company,
        parts: &parts,
        values: if reveal { Values::Revealed } else { Values::Masked },
        names: &names,
        endpoint: &live.sites.hosts([company].into_iter()),
        url: &live.sites.rest.url,
        at: Now { now: None }.get()?.dated,
        taken: live.source.taken(),
    };
    output.answered(&view, (held::csv, held::text, document::users::held, held::markdown));
    Ok(Exit::Ok)
}
