//! `rolecall import`: a company that is in no files yet, as files that plan to nothing; or what is missing in those of a
//! workspace. Only reads the API.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use rolecall::{
    files::{
        WORKSPACE_FILE,
        declared::Pattern,
        disk,
        load::{access_files, workspace_around},
    },
    live::{fetch::Profiles, snapshot::Snapshot},
    model::escape::terminal,
    report::{render::counted, schema},
    workflow::{
        self, Live,
        import::{Asked, Extent, Imported, Layout, drafted, read},
    },
};
use serde_json::{Value, json};

use super::{Exit, Failure, Format, Global, Now, Output, instant, live, next, run, settings, snapshot::salt};

mod merge;

/// Most lines of one kind that are said.
const SAID: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files: `one` for all groups, one `per-group`, or one `per-prefix` for names that begin alike
    #[arg(
        long,
        value_name = "LAYOUT",
        env = "ROLECALL_LAYOUT",
        default_value = "per-group",
        hide_possible_values = true
    )]
    layout: Files,
    /// Only groups of this name or pattern; may be given several times
    #[arg(long, value_name = "GLOB", env = "ROLECALL_IMPORT_GROUP", value_parser = pattern)]
    group: Vec<Pattern>,
    /// Add to the files of a workspace what they do not say yet, and leave every other byte alone
    #[arg(long, env = "ROLECALL_IMPORT_MERGE", conflicts_with_all = ["users", "sanitize"])]
    merge: bool,
    /// Also the direct roles that people hold outside groups: one request for each person
    #[arg(long, env = "ROLECALL_IMPORT_USERS")]
    users: bool,
    /// Also everybody who is active, with what the list of users tells: departments, offices and the like
    #[arg(long, env = "ROLECALL_IMPORT_PEOPLE", conflicts_with = "sanitize")]
    people: bool,
    /// Put pseudonyms for addresses and numbers of people; the files cannot be applied
    #[arg(long, env = "ROLECALL_SANITIZE")]
    sanitize: bool,
    /// Print the files instead of writing them
    #[arg(long, env = "ROLECALL_IMPORT_DRY_RUN")]
    dry_run: bool,
    #[command(flatten)]
    from: live::From,
    /// The time to read as, instead of now
    #[arg(long, value_name = "INSTANT", env = "ROLECALL_NOW", value_parser = instant, hide = true)]
    now: Option<Timestamp>,
}

impl Arguments {
    fn profiles(&self) -> Profiles {
        if self.people { Profiles::Everybody } else { Profiles::Declared }
    }

    /// What `init` asks for: everything but direct roles, each group in a file of its own.
    pub(super) fn all(dry_run: bool) -> Self {
        Self {
            layout: Files::PerGroup,
            group: Vec::new(),
            merge: false,
            users: false,
            people: false,
            sanitize: false,
            dry_run,
            from: live::From::default(),
            now: None,
        }
    }
}

/// How groups are put into files.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Files {
    /// All in access/groups.yaml
    One,
    /// Each in a file of its own
    PerGroup,
    /// Those whose names begin with the same two words, or the same one
    PerPrefix,
}

impl From<Files> for Layout {
    fn from(files: Files) -> Self {
        match files {
            Files::One => Self::One,
            Files::PerGroup => Self::PerGroup,
            Files::PerPrefix => Self::PerPrefix,
        }
    }
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    if arguments.merge {
        return merge::run(global, arguments, output);
    }
    let groups = fresh(global, arguments, output)?;
    match (groups, arguments.dry_run) {
        (_, true) => (),
        (0, false) => output.remark("No group is declared yet: write one below access/, and plan."),
        (_, false) => output.remark(&format!("Next: {}", next::plan(global))),
    }
    Ok(Exit::Ok)
}

/// Writes a workspace where there is none, and returns how many groups it declares.
pub(super) fn fresh(global: &Global, arguments: &Arguments, output: &Output) -> Result<usize, Failure> {
    let now = Now { now: arguments.now }.get()?.at;
    let root = global.here();
    nothing_there(global, root)?;
    let checked = global.alone()?;
    if !arguments.from.is_snapshot() {
        settings::complete(global, &checked)?;
    }
    // Before any request: with a salt that cannot be used nothing has to be read.
    let salt = if arguments.sanitize { Some(salt()?) } else { None };
    let (live, _sandbox) = arguments.from.open(global, &checked, &checked.declared.own_companies())?;
    let endpoint = global.endpoint.clone().unwrap_or_else(|| live.sites.rest.url.to_string());
    let asked = Asked {
        groups: &arguments.group,
        direct_roles: arguments.users,
        people: arguments.profiles(),
        layout: arguments.layout.into(),
        endpoint: &endpoint,
    };
    let imported = run::reading(output.reading(&live.source, imported(&live, &checked, &asked, salt, now)))?;
    let files = imported.texts();
    if arguments.dry_run {
        print(&imported, &files, output);
    } else {
        write(root, &files)?;
    }
    say(&imported, &files, arguments.dry_run, output);
    Ok(imported.extent().groups)
}

async fn imported(
    live: &Live,
    checked: &workflow::Checked,
    asked: &Asked<'_>,
    salt: Option<(rolecall::live::snapshot::Salt, rolecall::live::snapshot::Keep)>,
    now: Timestamp,
) -> Result<Imported, workflow::Error> {
    let mut all: Snapshot = read(live, &checked.declared, asked, now).await?;
    if let Some((salt, keep)) = salt {
        all = all.sanitized(&salt, keep);
    }
    drafted(all, asked).await
}

/// Refuses a folder that is a workspace, or would be one with more than is written.
fn nothing_there(global: &Global, root: &Path) -> Result<(), Failure> {
    const HINT: &str = "give `--merge` to add to it what is missing, or another folder as `-C DIR`";
    // Who names a folder means that one, whatever is around it.
    let workspace = match &global.workspace {
        Some(folder) => folder.join(WORKSPACE_FILE).symlink_metadata().is_ok().then(|| folder.clone()),
        None => workspace_around(root),
    };
    if let Some(path) = workspace.map(|it| it.join(WORKSPACE_FILE)) {
        return Err(Failure::invalid(format!("there is a workspace already: {}", path.display())).hint(HINT));
    }
    let others = if root.is_dir() { access_files(root).map_err(workflow::Error::from)? } else { Vec::new() };
    if others.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid(format!(
        "there are access files already, which would be read as well: {}",
        others.join(", ")
    ))
    .hint("take them away, or give another folder as `-C DIR`"))
}

/// Puts the files and their schemas into the folder, all of them or none.
fn write(root: &Path, files: &[(String, String)]) -> Result<(), Failure> {
    let mut all: Vec<(PathBuf, String)> = files.iter().map(|it| (root.join(&it.0), it.1.clone())).collect();
    let exist = |it: &PathBuf| it.symlink_metadata().is_ok();
    let there: Vec<String> =
        all.iter().filter(|it| exist(&it.0)).map(|it| it.0.display().to_string()).collect();
    if !there.is_empty() {
        let what = counted(there.len(), "file exists", "files exist");
        return Err(Failure::invalid(format!("{what} already: {}; nothing was written", there.join(", ")))
            .hint("take them away, or give another folder as `-C DIR`"));
    }
    // Those of an earlier import, or of another version, are somebody's.
    let schemas = schema::of_a_workspace().map(|(path, text)| (root.join(path), text));
    all.extend(schemas.into_iter().filter(|it| !exist(&it.0)));
    disk::place(&all).map_err(|(path, error)| {
        Failure::invalid(format!("cannot write {}: {error}; nothing was written", path.display()))
            .hint("check the folder and its permissions, or give another one as `-C DIR`")
    })
}

/// Prints the files instead of writing them.
fn print(imported: &Imported, files: &[(String, String)], output: &Output) {
    let text =
        files.iter().map(|(path, text)| format!("# ---- {path}\n{text}")).collect::<Vec<_>>().join("\n");
    match output.format {
        Format::Text | Format::Markdown => output.result(&text),
        Format::Json => {
            let files = files.iter().map(|(path, text)| json!({ "path": path, "text": text }));
            let mut facts = facts(imported);
            facts["files"] = files.collect();
            output.sentence("", "import", &facts);
        }
    }
}

fn facts(imported: &Imported) -> Value {
    let Extent { groups, memberships, people } = imported.extent();
    let notes: Vec<&String> = imported.notes().collect();
    let fill_in = imported.workspace.to_fill_in();
    let fill_in = fill_in.iter().map(|(at, it)| json!({ "at": at, "name": it.name, "id": it.id }));
    json!({
        "groups": groups, "memberships": memberships, "people": people,
        "notes": notes, "toFillIn": fill_in.collect::<Value>(),
    })
}

/// Says what was written, what was left out, and what to fill in.
fn say(imported: &Imported, files: &[(String, String)], dry_run: bool, output: &Output) {
    if !dry_run && output.format == Format::Json {
        let mut facts = facts(imported);
        facts["files"] = files.iter().map(|it| json!({ "path": it.0 })).collect();
        output.sentence("", "import", &facts);
    }
    let notes: Vec<&String> = imported.notes().collect();
    first(&notes, output, |it| output.message(&format!("note: {}", terminal(it))));
    let fill_in = imported.workspace.to_fill_in();
    if !fill_in.is_empty() {
        output.remark(&format!(
            "Names to fill in ({}), in rolecall.yaml and wherever they are used:",
            fill_in.len()
        ));
    }
    first(&fill_in, output, |(at, it)| output.remark(&format!("  {at}  {}  {}", it.name, it.id)));
    let Extent { groups, memberships, people } = imported.extent();
    let what = [
        counted(groups, "group", "groups"),
        counted(memberships, "membership", "memberships"),
        counted(people, "person", "people"),
    ];
    let done = if dry_run { "Would write" } else { "Wrote" };
    output.remark(&format!("{done} {}: {}.", counted(files.len(), "file", "files"), what.join(", ")));
}

/// Says the first of a list, and how many more there are.
fn first<T>(all: &[T], output: &Output, say: impl Fn(&T)) {
    all.iter().take(SAID).for_each(say);
    if let Some(more) = all.len().checked_sub(SAID).filter(|it| *it > 0) {
        output.remark(&format!("  … and {more} more: `--format json` has them all"));
    }
}

fn pattern(raw: &str) -> Result<Pattern, String> {
    Pattern::new(raw)
        .filter(|_| !raw.trim().is_empty())
        .ok_or_else(|| "write a name, or one with `*` for any letters".to_owned())
}
