//! `rolecall users export`: everything that is held of one person, as files that only their owner can read.

use std::{io, path::Path};

use rolecall::{
    files::disk::whole::{self, There},
    model::{escape::terminal, ids::PersonRef, part::Part},
    report::{document::users, render::counted},
    workflow,
};

use super::{
    Exit, Failure, Global, Output, connected,
    file::{MANIFEST, Manifest},
};
use crate::cli::{Now, run};

/// Keeps the folder out of Git.
const IGNORED: &str = ".gitignore";

pub(super) fn run(
    global: &Global,
    (person, out, overwrite): (&PersonRef, &Path, bool),
    output: &Output,
) -> Result<Exit, Failure> {
    let folder = global.at(out);
    // Before any request: what cannot be kept does not have to be read.
    let there = whole::there(&folder).map_err(|error| unwritten(&folder, &error))?;
    let earlier = Manifest::of(&folder);
    match (&earlier, there) {
        (Some(_), _) if !overwrite => {
            return Err(Failure::invalid(format!("there is an export already: {}", folder.display()))
                .hint("give another folder with `--out`, or `--overwrite`"));
        }
        (None, There::Something) => {
            let message = format!("{} is there, and not an earlier export", folder.display());
            return Err(Failure::invalid(message)
                .hint("give a folder with `--out` that is empty or not there yet: it is for this alone"));
        }
        _ => (),
    }
    let (checked, connected) = connected(global)?;
    let reading = async {
        let (company, user) = workflow::users::found(&connected.live.source, &checked, person).await?;
        let parts = workflow::users::held(&connected.live.source, company, &user).await?;
        Ok::<_, workflow::Error>((company, user, parts))
    };
    let (company, user, parts) = run::reading(output.reading(&connected.live.source, reading))?;
    let url = &connected.live.sites.of(company).url;
    let folder_said = out.display().to_string();
    let at = Now { now: None }.get()?.dated;
    let export = users::export((&user, company, url), &parts, (at, &folder_said));
    let mut files = export.files.clone();
    // It may lie in the clone of a repository, where nobody should add it by mistake.
    if folder.join(IGNORED).symlink_metadata().is_err() {
        files.insert(0, (IGNORED.to_owned(), "*\n".to_owned()));
    }
    // What an earlier one has of another person, or of a part that is not told now, does not stay beside this.
    let words = |name: &&String| Part::ALL.iter().any(|it| format!("{}.json", it.word()) == **name);
    let gone = earlier.iter().flat_map(|it| it.files.values()).filter(words).cloned();
    whole::fill(&folder, &files, &gone.collect::<Vec<_>>()).map_err(|error| unwritten(&folder, &error))?;
    if whole::is_open(&folder) {
        output.remark(&format!(
            "Others may look into {}, which was there before; only you can read the files.",
            terminal(&out.display().to_string())
        ));
    }
    let mut text = format!(
        "Wrote {} to {}, and what they are to {MANIFEST}.\n",
        counted(export.files.len() - 1, "part", "parts"),
        terminal(&folder_said)
    );
    for (part, why) in &export.not_read {
        text += &format!("Not read: {part}: {why}\n");
    }
    output.document(&text, || export.said);
    Ok(if export.not_read.is_empty() { Exit::Ok } else { Exit::Partial })
}

fn unwritten(folder: &Path, error: &io::Error) -> Failure {
    Failure::invalid(format!("cannot write the export to {}: {error}", folder.display()))
        .hint("give another folder with `--out`")
}
