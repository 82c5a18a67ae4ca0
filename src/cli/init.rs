//! `rolecall init`: a workspace begun: what it needs to know is asked or given, and its files are written where none are.
//! Sends nothing, and never asks for a secret.

mod asking;
mod begun;

use std::{
    fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use rolecall::{
    files::{
        WORKSPACE_FILE,
        disk::{self, Named},
        forge::{Forge, Repository},
        load,
    },
    model::{escape::terminal as show, ids::CompanyId},
    report::{render::counted, schema},
};
use serde_json::{Value, json};

use super::{
    Exit, Failure, Format, Global, Output, import, next,
    settings::{SANDBOX, credentials_are_set, endpoint},
};
pub(super) use begun::Begun;
use begun::Place;

/// Most bytes of a `.gitignore` that a line is added to.
const IGNORED: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// For which forge jobs are written, instead of the one that `git remote` names
    #[arg(long, value_name = "FORGE", env = "ROLECALL_INIT_CI")]
    ci: Option<Ci>,
    /// Begin with files to fill in, not with what the API holds
    #[arg(long, env = "ROLECALL_INIT_NO_IMPORT")]
    no_import: bool,
    /// Print the files instead of writing them
    #[arg(long, env = "ROLECALL_INIT_DRY_RUN")]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ci {
    Github,
    Gitlab,
    Azure,
    None,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let root = global.here();
    not_inside_another(root)?;
    let repository = Repository::around(existing(root));
    let forge = match arguments.ci {
        Some(Ci::Github) => Some(Forge::GitHub),
        Some(Ci::Gitlab) => Some(Forge::GitLab),
        Some(Ci::Azure) => Some(Forge::Azure),
        Some(Ci::None) => None,
        None => repository.as_ref().and_then(Repository::forge),
    };
    let place = Place::new(root, existing(root), repository.as_ref());
    // What is in the way is told before anything is asked, as far as it does not depend on the answers.
    let workspace = root.join(WORKSPACE_FILE);
    let jobs = begun::jobs(forge, &place);
    free(jobs.iter().map(|it| it.0.as_path()).chain([workspace.as_path()]))?;
    let begun = told(global, output)?;
    let imports = match &begun {
        Begun::Own { .. } if !arguments.no_import => wants_import(output)?,
        Begun::Own { .. } | Begun::Rehearsal => false,
    };
    // The import writes those of the workspace itself, or none.
    let mut files = if imports { Vec::new() } else { begun.files(root) };
    files.extend(jobs);
    free(files.iter().map(|it| it.0.as_path()))?;
    // Those of an earlier time, or of another version, are somebody's.
    if !imports {
        let schemas = schema::of_a_workspace().map(|(path, text)| (root.join(path), text));
        files.extend(schemas.into_iter().filter(|it| it.0.symlink_metadata().is_err()));
    }
    let ignore = ignoring(&root.join(".gitignore"))?;
    if let (true, Begun::Own { endpoint, company }) = (imports, &begun) {
        let (endpoint, company) = (Some(endpoint.clone()), Some(company.to_string()));
        let global = Global { endpoint, company: company.into_iter().collect(), ..global.clone() };
        import::fresh(&global, &import::Arguments::all(arguments.dry_run), output)?;
    }
    let named: Vec<&Path> = files.iter().chain(&ignore).map(|it| typed(&it.0)).collect();
    let next = next::after_init(global, &begun, imports, arguments.no_import);
    if arguments.dry_run {
        print(&files, ignore.as_ref(), output);
    } else {
        write(&files, ignore.as_ref())?;
        let facts = json!({ "files": named, "next": next });
        let names: String =
            named.iter().map(|it| format!("  {}\n", show(&it.display().to_string()))).collect();
        let text = format!("Wrote {}:\n{names}", counted(named.len(), "file", "files"));
        output.sentence(&text, "init", &facts);
    }
    say(&begun, arguments.ci, forge, repository.as_ref(), output);
    output.remark(&format!("Next: {next}"));
    Ok(Exit::Ok)
}

/// What the workspace is about: as it was given, else as it is answered on the terminal.
fn told(global: &Global, output: &Output) -> Result<Begun, Failure> {
    let can_ask = io::stdin().is_terminal();
    let missing: Vec<&str> = [
        (global.endpoint.is_none(), "--endpoint URL (or `sandbox`)"),
        (global.endpoint.as_deref() != Some(SANDBOX) && global.company.is_empty(), "--company ID"),
    ]
    .into_iter()
    .filter_map(|it| it.0.then_some(it.1))
    .collect();
    if !missing.is_empty() && !can_ask {
        let message = format!("no terminal to ask on, and not given: {}", missing.join(", "));
        return Err(Failure::invalid(message).hint("give what is missing, or run it in a terminal"));
    }
    let endpoint = match &global.endpoint {
        Some(given) => endpoint(given)?,
        None => asking::api(output)?,
    };
    if endpoint == SANDBOX {
        return match global.one_company()? {
            None | Some(begun::REHEARSED | begun::REHEARSED_ID) => Ok(Begun::Rehearsal),
            Some(_) => {
                Err(Failure::invalid(format!("the sandbox holds another company: {}", begun::REHEARSED))
                    .hint("leave --company out, or give the endpoint of your own"))
            }
        };
    }
    let company = match global.one_company()? {
        Some(given) => company(given)?,
        None => asking::company(output)?,
    };
    Ok(Begun::Own { endpoint, company })
}

/// Whether what the API holds is imported: it takes credentials, and on a terminal a yes.
fn wants_import(output: &Output) -> Result<bool, Failure> {
    if !credentials_are_set() {
        output.message("No credentials are set, so nothing is imported.");
        return Ok(false);
    }
    if output.format == Format::Json {
        return Err(Failure::invalid("an import makes a document of its own")
            .hint("with `--format json` give `--no-import`, or run `rolecall import --format json` first"));
    }
    if io::stdin().is_terminal() { asking::import(output) } else { Ok(true) }
}

fn company(raw: &str) -> Result<CompanyId, Failure> {
    // Whatever was put there stays unsaid: it may be something that belongs elsewhere.
    raw.trim().parse().map_err(|_| {
        Failure::invalid("the company is not given by its id")
            .hint("a name means nothing before a file says what it stands for; an id looks like 1a6f0000-0000-4000-8000-000000000001")
    })
}

/// A workspace within another would be read by neither.
fn not_inside_another(root: &Path) -> Result<(), Failure> {
    let start = existing(root);
    let around = load::root_around(start);
    let whole = |it: &Path| fs::canonicalize(it).unwrap_or_else(|_| it.to_owned());
    if around == start || whole(&around) == whole(root) {
        return Ok(());
    }
    Err(Failure::invalid(format!("the folder is in a workspace already: {}", around.display()))
        .hint("run rolecall there, or begin outside of it: `-C DIR`"))
}

/// The folder, or the nearest above it that is there.
fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|it| it.is_dir()).unwrap_or(Path::new("."))
}

/// A path without the folder that is meant where none is named.
fn typed(path: &Path) -> &Path {
    path.strip_prefix(".").unwrap_or(path)
}

/// Refuses to take the place of any file.
fn free<'a>(files: impl Iterator<Item = &'a Path>) -> Result<(), Failure> {
    let there: Vec<String> =
        files.filter(|it| it.symlink_metadata().is_ok()).map(|it| typed(it).display().to_string()).collect();
    if there.is_empty() {
        return Ok(());
    }
    let what = counted(there.len(), "file is", "files are");
    Err(Failure::invalid(format!("{what} there already: {}; nothing was written", there.join(", ")))
        .hint("move them away; `-C DIR` begins in another folder, and `--ci none` leaves the jobs out"))
}

/// `.gitignore` with the folder of what runs leave behind in it, unless it has it.
fn ignoring(path: &Path) -> Result<Option<(PathBuf, String)>, Failure> {
    let wrong = |why: String| {
        Failure::invalid(format!("cannot add to {}: {why}; nothing was written", path.display()))
            .hint("it is to hold the line `.rolecall/`")
    };
    let there = path.symlink_metadata().is_ok();
    let mut text = if there {
        disk::text(path, Named::In(disk::around(path)), IGNORED).map_err(|error| wrong(error.to_string()))?
    } else {
        String::new()
    };
    disk::through_link(path).map_err(|error| wrong(error.to_string()))?;
    if text.lines().any(|it| it.trim().trim_matches('/') == ".rolecall") {
        return Ok(None);
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    text.push_str(".rolecall/");
    text.push_str(end);
    Ok(Some((path.to_owned(), text)))
}

fn write(files: &[(PathBuf, String)], ignore: Option<&(PathBuf, String)>) -> Result<(), Failure> {
    let failed = |path: &Path, error: &io::Error| {
        Failure::invalid(format!("cannot write {}: {error}", path.display()))
            .hint("check the folder and its permissions, or give another one as `-C DIR`")
    };
    disk::place(files).map_err(|(path, error)| failed(&path, &error))?;
    match ignore {
        Some((path, text)) => disk::publish(path, text.as_bytes()).map_err(|error| failed(path, &error)),
        None => Ok(()),
    }
}

/// Prints the files instead of writing them.
fn print(files: &[(PathBuf, String)], ignore: Option<&(PathBuf, String)>, output: &Output) {
    let all = || files.iter().chain(ignore);
    if output.format == Format::Json {
        let files: Value = all().map(|it| json!({ "path": typed(&it.0), "text": it.1 })).collect();
        return output.sentence("", "init", &json!({ "files": files }));
    }
    let texts: Vec<String> =
        all().map(|it| format!("# ---- {}\n{}", show(&typed(&it.0).display().to_string()), it.1)).collect();
    output.result(&texts.join("\n"));
}

/// Says what the files do not: where credentials come from, and what is to be done for the jobs.
fn say(
    begun: &Begun,
    asked: Option<Ci>,
    forge: Option<Forge>,
    repository: Option<&Repository>,
    output: &Output,
) {
    match forge {
        Some(forge) => {
            let name = match forge {
                Forge::GitHub => "GitHub",
                Forge::GitLab => "GitLab",
                Forge::Azure => "Azure",
            };
            output.remark(&format!(
                "Jobs for {name}: put in place of OWNER and the zeros who you have rolecall from and what you looked at, and set on {name} what their first lines name."
            ));
        }
        None if asked.is_some() => (),
        None => {
            let why = match repository.map(|it| &it.hosts[..]) {
                None => "this is not in a Git repository".to_owned(),
                Some([]) => "the repository has no remote".to_owned(),
                Some(hosts) => format!("what runs jobs at {} is not known", hosts.join(", ")),
            };
            output.remark(&format!(
                "No jobs are written: {why}. `--ci github`, `gitlab` or `azure` writes them; they are under examples/ of rolecall as well."
            ));
        }
    }
    if let Begun::Own { .. } = begun {
        output.remark(
            "Credentials are read from the environment, never from files of the workspace: export ROLECALL_CLIENT_ID and \
             ROLECALL_CLIENT_SECRET, or ROLECALL_TOKEN; with _FILE at the end of a name, the path of a file that holds it.",
        );
    }
}
