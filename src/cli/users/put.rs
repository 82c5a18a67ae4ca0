//! `rolecall users put`: one part of one person, replaced by what a file says. Writes once, after it was shown and agreed to.

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rolecall::{
    files::disk,
    model::{escape::terminal, ids::PersonRef, object::Difference, observed::User, part::Part},
    report::{
        document::users,
        render::{
            counted,
            held::{self, Values},
            users::called,
        },
    },
    workflow::{
        self,
        users::{NotReplaced, Replacement},
    },
};

use super::{Exit, Failure, Global, Output, connected, file};
use crate::cli::{
    Format, Now,
    approval::consent,
    files::{ignored, inside, keep},
    run,
};

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) person: &'a PersonRef,
    pub(super) part: Part,
    pub(super) file: &'a Path,
    pub(super) values: Values,
    pub(super) consented: bool,
}

pub(super) fn run(global: &Global, asked: Asked<'_>, output: &Output) -> Result<Exit, Failure> {
    let Asked { person, part, file, values, consented } = asked;
    let word = part.word();
    if part == Part::Roles {
        return Err(Failure::invalid("roles of a person are access, which only a plan changes").hint(
            "declare them as `directRoles` under `users:`, and apply: guards and policies look at that",
        ));
    }
    if !part.is_writable() {
        return Err(Failure::invalid(format!("{word} cannot be put: the API only shows them"))
            .hint("arrangers follow from the roles of others, and policies from those of the company"));
    }
    // Before any request, as with an apply.
    if !consented && (!io::stdin().is_terminal() || file == Path::new("-")) {
        return Err(Failure::invalid("no terminal to confirm on")
            .hint("give `--auto-approve`, or run it in a terminal with the part in a file"));
    }
    let wanted = file::read(global, file, part)?;
    let at = Now { now: None }.get()?.dated;
    let (checked, connected) = connected(global)?;
    run::block_on(async {
        let (company, user) =
            run::until_signal(workflow::users::found(&connected.live.source, &checked, person)).await?;
        if let Some(path) = Some(file).filter(|it| *it != Path::new("-")) {
            file::beside(&global.at(path), &user, part)?;
        }
        let client = connected.clients.of(company)?;
        let url = &*connected.live.sites.of(company).url;
        let before = run::until_signal(client.reader.part(user.id, part)).await?;
        workflow::users::fitting(&user, part, &before, &wanted)?;
        let replacement = Replacement::new(part, before, wanted);
        if let redacted @ [first, ..] = &replacement.redacted()[..] {
            return Err(Failure::invalid(format!(
                "{} only what the API shows instead of a value, at {first}: it would take the place of the value",
                counted(redacted.len(), "field says", "fields say")
            ))
            .hint("write the value itself, or read the part with a token that may see it; nothing was written"));
        }
        for field in replacement.unknown() {
            output.message(&format!(
                "warning: {word} has no field `{}` that is known: the API may refuse or forget it",
                terminal(field)
            ));
        }
        let differences = replacement.differences();
        if differences.is_empty() {
            let text = format!("No changes. The part {word} of {} is what the file says.\n", called(&user));
            output.document(&text, || users::replaced((&user, part, url), (&[], None), &[], at));
            return Ok(Exit::Ok);
        }
        for field in replacement.remarkable() {
            output.message(&format!(
                "warning: `{field}` may decide what the person may do and see, and no guard or policy looks at it here"
            ));
        }
        announce(&user, &replacement, &differences, values, output);
        if !consented {
            run::until_signal(consent(output, &format!("Replace the part {word}?"))).await?;
        }
        let undo = kept(global, &checked.loaded.root, &user, &replacement)?;
        // From here on a signal waits for the answer.
        let _stop = run::stop_on_signal(output);
        let replaced = workflow::users::replace(client, &user, &replacement).await;
        let unlike = replaced.inspect_err(|error| {
            // Nobody needs what was where nothing was written, and it is somebody's.
            if error.is_unwritten() {
                disk::forget(&global.at(&undo));
            } else {
                output.message(&format!("What was is in {}.", terminal(&undo.display().to_string())));
            }
        })?;
        Ok(told((&user, part, url), &undo, (&differences, &unlike), (at, output)))
    })
}

fn announce(
    user: &User,
    replacement: &Replacement,
    differences: &[Difference],
    values: Values,
    output: &Output,
) {
    let text = format!(
        "{} of {} (user {})\n\n{}\n{} to change; what the file leaves out goes.\n",
        replacement.part.word(),
        called(user),
        user.id,
        held::difference(replacement.part, differences, values),
        counted(differences.len(), "value", "values"),
    );
    // Of JSON the one document comes at the end.
    if output.format != Format::Json {
        output.document(&text, String::new);
    }
}

/// Keeps what was, so that it can be put again.
fn kept(global: &Global, root: &Path, user: &User, replacement: &Replacement) -> Result<PathBuf, Failure> {
    let folder = root.join(".rolecall");
    ignored(&folder);
    let at = Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ").to_string();
    let path = folder.join("users").join(format!("{}-{}-{at}.json", user.id, replacement.part.word()));
    disk::private_folder(&folder.join("users")).map_err(|error| {
        Failure::invalid(format!(
            "cannot keep what was in {}: {error}; nothing was written",
            folder.display()
        ))
    })?;
    let text = users::part(&replacement.before);
    keep("part as it was", &path, &text)?;
    Ok(inside(&path, global))
}

fn told(
    (user, part, url): (&User, Part, &str),
    undo: &Path,
    (differences, unlike): (&[Difference], &[String]),
    (at, output): (Timestamp, &Output),
) -> Exit {
    let undo = undo.display().to_string();
    let shown = terminal(&undo);
    let mut text = format!(
        "Replaced. What was is in {shown}; to put it back: rolecall users put userId={} --part {} {shown}\n",
        user.id,
        part.word()
    );
    for path in unlike {
        text += &format!("Not as it was sent: {path}\n");
    }
    output.document(&text, || users::replaced((user, part, url), (differences, Some(&undo)), unlike, at));
    if unlike.is_empty() {
        return Exit::Ok;
    }
    output.message("warning: the API says something else of it than what was sent; nothing more was written");
    Exit::Partial
}

impl From<NotReplaced> for Failure {
    fn from(error: NotReplaced) -> Self {
        match error {
            NotReplaced::Api(error) => error.into(),
            NotReplaced::Stale(_) => {
                Self::new(Exit::Stale, error.to_string()).hint("run it again: it shows what there is now")
            }
            NotReplaced::Unclear(_) => Self::new(Exit::Partial, error.to_string())
                .hint("look with `rolecall users show`; what was is kept below .rolecall/users"),
        }
    }
}
