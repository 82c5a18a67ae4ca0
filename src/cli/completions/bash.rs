//! Completions for bash, which splits words at `@`, `=` and `:` and quotes nothing itself.
//!
//! The program is given the line as it was typed and finds the words in it; an answer is what has to be put in the place
//! of what bash takes for the word, with the quotes that were begun.

use std::{env, ffi::OsString, io, iter::Peekable, path::Path, str::Chars};

use clap::Command;
use clap_complete::{engine, env::EnvCompleter};

const LINE: &str = "_ROLECALL_LINE";
const WORD: &str = "_ROLECALL_WORD";

/// What bash runs. `nospace` where an answer may go on.
const SCRIPT: &str = r#"_rolecall() {
    local answer
    COMPREPLY=()
    while IFS= read -r answer; do
        COMPREPLY+=("$answer")
    done < <(_ROLECALL_LINE="${COMP_LINE:0:COMP_POINT}" _ROLECALL_WORD="$2" VARIABLE=bash command PROGRAM -- 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" =~ [=/:]$ ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _rolecall PROGRAM
"#;

#[derive(Debug)]
pub(super) struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        variable: &str,
        _: &str,
        _: &str,
        completer: &str,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        out.write_all(SCRIPT.replace("VARIABLE", variable).replace("PROGRAM", completer).as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut Command,
        _: Vec<OsString>,
        here: Option<&Path>,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let Some(line) = line() else { return Ok(()) };
        let replaced = env::var(WORD).unwrap_or_default();
        let (last, kept) = (line.words.len() - 1, line.kept(&replaced));
        for it in engine::complete(command, line.words.clone(), last, here)? {
            let value = it.get_value().to_string_lossy();
            // In another case than it was begun, the whole of it cannot be put there.
            if let Some(rest) = value.strip_prefix(&*kept).filter(|it| !it.contains(char::is_control)) {
                writeln!(out, "{}", quoted(rest, line.open))?;
            }
        }
        Ok(())
    }
}

/// The line that bash tells of, if it does.
pub(super) fn line() -> Option<Line> {
    env::var(LINE).ok().map(|it| Line::read(&it))
}

/// A line of a shell as far as it is typed.
#[derive(Debug)]
pub(super) struct Line {
    /// The words without their quotes; the last is the one that may go on, and empty after a space.
    pub(super) words: Vec<OsString>,
    /// The last word as it is typed.
    raw: String,
    /// The quote that is open at its end.
    open: Option<char>,
}

impl Line {
    fn read(line: &str) -> Self {
        let (mut words, mut rest) = (Vec::new(), line.trim_start().chars().peekable());
        loop {
            let (word, raw, open) = word(&mut rest);
            words.push(word.into());
            if rest.peek().is_none() {
                return Self { words, raw, open };
            }
            while rest.next_if(|it| it.is_whitespace()).is_some() {}
        }
    }

    /// What of the last word stays as it is, without its quotes, if bash replaces what is typed of its end.
    fn kept(&self, replaced: &str) -> String {
        let kept = self.raw.strip_suffix(replaced).unwrap_or_default();
        word(&mut kept.chars().peekable()).0
    }
}

/// Reads a word up to the space after it: without its quotes, as typed, and with the quote that was not closed.
fn word(rest: &mut Peekable<Chars<'_>>) -> (String, String, Option<char>) {
    let (mut word, mut raw, mut open) = (String::new(), String::new(), None);
    while let Some(c) = rest.next_if(|it| open.is_some() || !it.is_whitespace()) {
        raw.push(c);
        match (open, c) {
            (None, '"' | '\'') => open = Some(c),
            (Some(quote), c) if c == quote => open = None,
            (None, '\\') => word.extend(rest.next().inspect(|it| raw.push(*it))),
            (Some('"'), '\\') => match rest.next_if(|it| "\"\\$`".contains(*it)) {
                Some(escaped) => {
                    raw.push(escaped);
                    word.push(escaped);
                }
                None => word.push('\\'),
            },
            (_, c) => word.push(c),
        }
    }
    (word, raw, open)
}

/// A word, or the end of one, as it has to be typed.
fn quoted(word: &str, open: Option<char>) -> String {
    let mut typed = String::with_capacity(word.len());
    for c in word.chars() {
        match (open, c) {
            (Some('\''), '\'') => typed.push_str(r"'\''"),
            (Some('\''), c) => typed.push(c),
            (Some(_), '"' | '\\' | '$' | '`') => typed.extend(['\\', c]),
            (Some(_), c) => typed.push(c),
            (None, c) if c.is_alphanumeric() || "/._-:=@+,".contains(c) => typed.push(c),
            (None, c) => typed.extend(['\\', c]),
        }
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_as_a_shell_finds_them() {
        for (line, words, raw, open) in [
            ("rolecall", &["rolecall"][..], "rolecall", None),
            ("  rolecall  pl", &["rolecall", "pl"], "pl", None),
            ("rolecall plan ", &["rolecall", "plan", ""], "", None),
            ("rolecall duplicate Company\\ A", &["rolecall", "duplicate", "Company A"], "Company\\ A", None),
            (
                "rolecall duplicate \"Company A",
                &["rolecall", "duplicate", "Company A"],
                "\"Company A",
                Some('"'),
            ),
            (
                "rolecall duplicate 'Company \\",
                &["rolecall", "duplicate", "Company \\"],
                "'Company \\",
                Some('\''),
            ),
            ("rolecall --as 'a b'\"c d\" x", &["rolecall", "--as", "a bc d", "x"], "x", None),
            ("rolecall \"a\\\"b\\c", &["rolecall", "a\"b\\c"], "\"a\\\"b\\c", Some('"')),
            ("rolecall a\\", &["rolecall", "a"], "a\\", None),
            ("rolecall '' ", &["rolecall", "", ""], "", None),
        ] {
            let read = Line::read(line);
            let expected: Vec<OsString> = words.iter().map(OsString::from).collect();
            assert_eq!((read.words, &*read.raw, read.open), (expected, raw, open), "{line}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        for name in [
            "Company Admins",
            "it's",
            "a \"b\" $c `d` \\ !",
            "Nacht & Tag; (EU)",
            "ana@x.example",
            "日本 語",
            "#1 *?[a]~{b}",
        ] {
            for (open, begin) in [(None, ""), (Some('"'), "\""), (Some('\''), "'")] {
                let line = format!("rolecall {begin}{}{begin}", quoted(name, open));
                assert_eq!(Line::read(&line).words[1], OsString::from(name), "{line}");
            }
        }
    }

    #[test]
    fn only_what_bash_replaces_is_left_to_be_put_there() {
        for (line, replaced, kept) in [
            ("rolecall explain ana@voy", "voy", "ana@"),
            ("rolecall explain ana@", "", "ana@"),
            ("rolecall explain externalId=agent\\ 1", "agent\\ 1", "externalId="),
            ("rolecall duplicate Company\\ A", "Company\\ A", ""),
            ("rolecall duplicate \"Company A", "Company A", ""),
            ("rolecall plan --company=\"vo", "vo", "--company="),
        ] {
            assert_eq!(Line::read(line).kept(replaced), kept, "{line}");
        }
    }
}
