//! `rolecall man`: a manual page for each command, from the same definitions as its help.

use std::{
    io,
    path::{Path, PathBuf},
};

use clap::{Args, Command};
use clap_mangen::Man;
use rolecall::{
    files::disk::{self, Named},
    model::escape::terminal as show,
    report::render::counted,
};

use super::{
    Exit, Failure, Output,
    help::{Detail, command},
};

/// The section of the manual for programs.
const SECTION: &str = "1";
const PROGRAM: &str = "rolecall";
const SOURCE: &str = concat!("rolecall ", env!("CARGO_PKG_VERSION"));
/// How a page of ours begins, somewhere in its first lines.
const TITLE: &str = ".TH rolecall";
/// Most bytes that are looked at of a file in the way.
const HEAD: u64 = 4 << 10;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder to write the pages to, such as ~/.local/share/man/man1; made if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let folder = &arguments.folder;
    let failed = |path: &Path, error: io::Error| {
        Failure::invalid(format!("cannot write {}: {error}", path.display()))
            .hint("name a folder that you may write to")
    };
    let pages: Vec<(PathBuf, Vec<u8>)> = pages().map_err(|error| failed(folder, error))?;
    let pages: Vec<_> = pages.into_iter().map(|(name, text)| (folder.join(name), text)).collect();
    let foreign: Vec<String> = pages.iter().filter(|it| is_foreign(&it.0)).map(|it| named(&it.0)).collect();
    if !foreign.is_empty() {
        let message = format!("not a manual page of rolecall, and in its place: {}", foreign.join(", "));
        return Err(
            Failure::invalid(message).hint("move it away, or name another folder; nothing was written")
        );
    }
    disk::folder(folder).map_err(|error| failed(folder, error))?;
    for (path, text) in &pages {
        disk::publish(path, text).map_err(|error| failed(path, error))?;
    }
    let pages = counted(pages.len(), "page", "pages");
    output.result(&format!("Wrote {pages} to {}.\n", named(folder)));
    output.remark("Read one with `man -l DIR/rolecall.1`, or put the folder where `manpath` looks.");
    Ok(Exit::Ok)
}

/// Each page with the name of its file.
fn pages() -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut whole = command(Detail::Whole);
    whole.build();
    let page = |of: &Command, name: &str| {
        // What clap would write for it names every option once more, without its value.
        let usage = of.clone().render_usage().to_string();
        let of = of.clone().display_name(name).override_usage(usage.trim_start_matches("Usage: ").to_owned());
        let man = Man::new(of).section(SECTION).source(SOURCE).manual(PROGRAM);
        let mut text = Vec::new();
        man.render(&mut text)?;
        Ok((PathBuf::from(format!("{name}.{SECTION}")), text))
    };
    let mut pages = vec![page(&whole, PROGRAM)];
    pages.extend(whole.get_subcommands().map(|it| page(it, &format!("{PROGRAM}-{}", it.get_name()))));
    pages.into_iter().collect()
}

/// Whether something is there that was not written by an earlier run.
fn is_foreign(path: &Path) -> bool {
    if path.symlink_metadata().is_err() {
        return false;
    }
    let head = disk::beginning(path, Named::In(disk::around(path)), HEAD).unwrap_or_default();
    !String::from_utf8_lossy(&head).lines().any(|it| it.starts_with(TITLE))
}

fn named(path: &Path) -> String {
    show(&path.display().to_string()).into_owned()
}
