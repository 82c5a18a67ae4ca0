//! Completions for PowerShell: clap_complete's, with quotes around what would not be one word.

use std::{ffi::OsString, io, path::Path};

use clap::Command;
use clap_complete::{
    engine,
    env::{EnvCompleter, Powershell as Plain},
};

#[derive(Debug)]
pub(super) struct Powershell;

impl EnvCompleter for Powershell {
    fn name(&self) -> &'static str {
        Plain.name()
    }

    fn is(&self, name: &str) -> bool {
        Plain.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        name: &str,
        program: &str,
        completer: &str,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        Plain.write_registration(variable, name, program, completer, out)
    }

    fn write_complete(
        &self,
        command: &mut Command,
        words: Vec<OsString>,
        here: Option<&Path>,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let last = words.len().saturating_sub(1);
        for it in engine::complete(command, words, last, here)? {
            let help = it.get_help().and_then(|it| Some(format!("\t{}", it.to_string().lines().next()?)));
            let value = it.get_value().to_string_lossy();
            writeln!(out, "{}{}", quoted(&value), help.unwrap_or_default())?;
        }
        Ok(())
    }
}

/// A word as it has to be typed.
fn quoted(word: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || "/\\._-:=+".contains(it);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "''")) }
}
