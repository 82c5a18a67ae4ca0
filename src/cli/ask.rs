//! `rolecall who-can`, `who-has`, `groups`, `roles`, `people`: questions over everybody's access, live, from a snapshot, or as
//! the files will make it. Only read.

use std::path::PathBuf;

use clap::{ArgMatches, Args, parser::ValueSource};
use rolecall::{
    files::declared::Pattern,
    model::{ids::InvalidPerson, scope::Kind},
    plan::question::{Ability, Question, Side, Whereabouts},
    report::{
        document::answer,
        render::answer::{AnswerView, csv, markdown, text},
    },
    workflow::{self, DirectRolesOf},
};

use super::{Exit, Failure, Global, Now, Output, live::From, run, settings};

#[derive(Debug, Args)]
pub(super) struct WhoCan {
    /// What, such as AGENT or TRIP_MANAGEMENT:WRITE; or act-for:PERSON, who may book, approve or decide for somebody
    #[arg(value_name = "PERMISSION[:ACTION]", value_parser = can)]
    what: Question,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Args)]
pub(super) struct WhoHas {
    /// Which role: its name, id=…, or the type of one outside groups, such as COMPANY_ADMIN
    role: String,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Args)]
pub(super) struct Table {
    #[command(flatten)]
    how: How,
    /// Only what is called so: a name or a pattern
    #[arg(long, value_name = "GLOB", env = "ROLECALL_NAME", value_parser = pattern)]
    name: Option<Pattern>,
}

/// About which travellers.
#[derive(Debug, Args)]
struct Reach {
    /// Only where it reaches this legal entity: an id, or a name from `ids`
    #[arg(long, value_name = "NAME", env = "ROLECALL_LEGAL_ENTITY")]
    legal_entity: Vec<String>,
    /// Only where it reaches these, such as company=globex,legalEntity=globex-uk; repeatable: any
    #[arg(long, value_name = "KEY=NAME", env = "ROLECALL_SCOPE", value_delimiter = ';', value_parser = str::parse::<Whereabouts>)]
    scope: Vec<Whereabouts>,
}

/// What is asked, and how.
#[derive(Debug, Args)]
struct How {
    /// Workspace folders or access files; the workspace around here where absent
    paths: Vec<PathBuf>,
    /// As it will be once the files are applied, instead of as it is
    #[arg(long, env = "ROLECALL_DESIRED")]
    desired: bool,
    /// Also the direct roles that people hold outside groups: one request for each person
    #[arg(long, env = "ROLECALL_REPORT_USERS")]
    users: bool,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    now: Now,
}

/// Before the person that others may act for.
const ACTS_FOR: &str = "act-for:";

fn can(raw: &str) -> Result<Question, String> {
    match raw.strip_prefix(ACTS_FOR) {
        Some(person) => person.parse().map(Question::ActsFor).map_err(|it: InvalidPerson| it.to_string()),
        None => raw.parse::<Ability>().map(Question::Can),
    }
}

fn pattern(raw: &str) -> Result<Pattern, String> {
    Pattern::new(raw).ok_or_else(|| "write a name, or a pattern such as `EU *`".to_owned())
}

impl Table {
    pub(super) fn groups(&self, asked: &Asked<'_>) -> Result<Exit, Failure> {
        asked.answered(&Question::Groups(self.name.clone()), &self.how, &[])
    }

    pub(super) fn roles(&self, asked: &Asked<'_>) -> Result<Exit, Failure> {
        asked.answered(&Question::Roles(self.name.clone()), &self.how, &[])
    }

    pub(super) fn people(&self, asked: &Asked<'_>) -> Result<Exit, Failure> {
        asked.answered(&Question::People(self.name.clone()), &self.how, &[])
    }
}

pub(super) fn who_can(arguments: &WhoCan, mut asked: Asked<'_>) -> Result<Exit, Failure> {
    if let Question::ActsFor(_) = arguments.what {
        if !arguments.reach.legal_entity.is_empty() || !arguments.reach.scope.is_empty() {
            return Err(Failure::invalid(
                "`act-for:` is about one person, wherever that one belongs".to_owned(),
            )
            .hint("leave out `--legal-entity` and `--scope`"));
        }
        return asked.answered(&arguments.what, &arguments.how, &[]);
    }
    let reach = arguments.reach.whereabouts(&asked.take_company())?;
    asked.answered(&arguments.what, &arguments.how, &reach)
}

pub(super) fn who_has(arguments: &WhoHas, mut asked: Asked<'_>) -> Result<Exit, Failure> {
    let reach = arguments.reach.whereabouts(&asked.take_company())?;
    asked.answered(&Question::Has(arguments.role.as_str().into()), &arguments.how, &reach)
}

impl Reach {
    /// The travellers that the flags say together: `--scope` any of them, the others whichever that is.
    fn whereabouts(&self, companies: &[String]) -> Result<Vec<Whereabouts>, Failure> {
        let named = |all: &[String]| all.iter().map(|it| it.as_str().into()).collect::<Vec<Box<str>>>();
        let flags = [
            (Kind::Company, "--company", named(companies)),
            (Kind::LegalEntity, "--legal-entity", named(&self.legal_entity)),
        ];
        let flags: Vec<_> = flags.into_iter().filter(|it| !it.2.is_empty()).collect();
        let none = [Whereabouts::default()];
        let terms = if self.scope.is_empty() { &none[..] } else { &self.scope };
        let mut all = Vec::new();
        for term in terms {
            let mut term = term.clone();
            for (kind, flag, values) in &flags {
                if term.0.iter().any(|it| it.0 == *kind) {
                    return Err(Failure::invalid(format!("`--scope` and `{flag}` say the same key"))
                        .hint("give one of them"));
                }
                term.0.push((kind.clone(), values.clone()));
            }
            all.extend((!term.0.is_empty()).then_some(term));
        }
        Ok(all)
    }
}

/// A run that is asked something.
pub(super) struct Asked<'a> {
    global: &'a Global,
    output: &'a Output,
    /// Whether `--company` was typed, and not only its variable set.
    typed: bool,
    /// Without a company that a question is about.
    plain: Global,
}

impl<'a> Asked<'a> {
    pub(super) fn new(global: &'a Global, matches: &ArgMatches, output: &'a Output) -> Self {
        let own = matches.subcommand().map(|it| it.1);
        let typed = own.and_then(|it| it.value_source("company")) == Some(ValueSource::CommandLine);
        Self { global, output, typed, plain: global.clone() }
    }

    /// The companies that were typed: of these travellers is asked, and not whose groups are looked at. The variable says that
    /// for every command.
    fn take_company(&mut self) -> Vec<String> {
        if self.typed { std::mem::take(&mut self.plain.company) } else { Vec::new() }
    }

    fn answered(&self, question: &Question, how: &How, reach: &[Whereabouts]) -> Result<Exit, Failure> {
        let Self { global, output, plain, .. } = self;
        let now = how.now.get()?;
        let checked = if how.desired { plain.checked(&how.paths) } else { plain.sound(&how.paths) };
        // Without files nobody says whose groups these are but the flag, or the snapshot.
        let alone = if how.from.is_snapshot() { plain } else { *global };
        let checked = if how.desired { checked } else { alone.or_alone(checked, &how.paths) };
        let mut checked = checked?;
        if !how.from.is_snapshot() {
            settings::complete(global, &checked)?;
        }
        let (live, _sandbox) = how.from.open(global, &checked, &checked.declared.own_companies())?;
        let side = if how.desired { Side::Desired } else { Side::Live };
        let direct_roles = if how.users { DirectRolesOf::Everybody } else { DirectRolesOf::SingledOut };
        let asking = workflow::Asking { question, side, direct_roles, reach };
        let answer =
            run::reading(output.reading(&live.source, workflow::asked(&live, &mut checked, asking, now)))?;
        let hosts = live.sites.hosts(answer.review.companies.iter().map(|it| it.id));
        let view = AnswerView {
            answer: &answer,
            sources: &checked.loaded.sources,
            endpoint: &hosts,
            url: &live.sites.rest.url,
            now,
            taken: live.source.taken(),
        };
        output.answered(&view, (csv, text, answer::write, markdown));
        Ok(Exit::Ok)
    }
}
