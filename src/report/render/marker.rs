//! The hidden first line of a comment: by it rolecall finds its own comment again, and knows which run wrote it.
//!
//! Nothing of it is text that somebody else chose: names are encoded, and what is read has to be just what is written.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::forge::Forge;
use crate::model::escape;

/// Longest line that is looked at.
const LONGEST: usize = 2_000;
/// Longest name of what a comment is about, in bytes.
const NAME: usize = 200;

/// What a comment is about, and which run wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The command that ran.
    pub kind: Kind,
    /// What the comment is about: of one name there is one comment on a pull request.
    pub target: String,
    /// The id of the plan, where there is one.
    pub plan: Option<String>,
    /// The commit of the files, where that is known.
    pub commit: Option<String>,
    /// When the run began: what it read is not older.
    pub at: Timestamp,
    /// The forge that the text was made for.
    pub forge: Forge,
}

/// The command that a comment tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Plan,
    Apply,
    Drift,
    Validate,
}

/// Why a text has no marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmarked {
    /// It does not begin with anything of that kind.
    Foreign,
    /// It was printed, not written as a report: the line does not say which run it was.
    Printed,
    /// The line was cut or changed.
    Damaged,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Plan, Self::Apply, Self::Drift, Self::Validate];

    /// The name of the command.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Drift => "drift",
            Self::Validate => "validate",
        }
    }

    /// The command of this name.
    pub fn of(command: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == command)
    }
}

impl Marker {
    /// The line, with the line end that it needs.
    pub fn line(&self) -> String {
        let Self { kind, target, plan, commit, at, forge } = self;
        let mut text = format!("rolecall:{} target={}", kind.name(), encoded(target));
        for (key, value) in [("plan", plan), ("commit", commit)] {
            if let Some(value) = value {
                let _ = write!(text, " {key}={value}");
            }
        }
        let _ = write!(text, " at={at:.3} forge={}", forge.name());
        forge.hidden(&text)
    }

    /// Reads the line that a text begins with.
    ///
    /// # Errors
    ///
    /// Where it begins with anything else than what [`Self::line`] writes.
    pub fn read(text: &str) -> Result<Self, Unmarked> {
        let line = text.lines().next().unwrap_or_default();
        let inner = ["<!-- rolecall:", "[//]: # (rolecall:"].into_iter().find_map(|it| line.strip_prefix(it));
        let inner = inner.ok_or(Unmarked::Foreign)?;
        let whole =
            inner.strip_suffix(" -->").or_else(|| inner.strip_suffix(')')).ok_or(Unmarked::Damaged)?;
        if !whole.contains(' ') {
            return Err(Unmarked::Printed);
        }
        let read = (line.len() <= LONGEST).then(|| Self::facts(whole)).flatten();
        read.filter(|it| it.line().lines().next() == Some(line)).ok_or(Unmarked::Damaged)
    }

    fn facts(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let kind = Kind::of(words.next()?)?;
        let [mut target, mut plan, mut commit, mut at, mut forge] = [const { None }; 5];
        for word in words {
            let (key, value) = word.split_once('=')?;
            let place = match key {
                "target" => &mut target,
                "plan" => &mut plan,
                "commit" => &mut commit,
                "at" => &mut at,
                "forge" => &mut forge,
                _ => return None,
            };
            *place = Some(value);
        }
        let hex = |it: Option<&str>| match it {
            Some(it) if !is_hex(it) => None,
            it => Some(it.map(str::to_owned)),
        };
        Some(Self {
            kind,
            target: decoded(target?)?,
            plan: hex(plan)?,
            commit: hex(commit)?,
            at: at?.parse().ok()?,
            forge: forge?.parse().ok()?,
        })
    }
}

/// Whether a text may be the id of a plan or of a commit.
pub fn is_hex(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_hexdigit())
}

/// Writes a name so that it is one word, which ends no comment and names nobody.
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in escape::clip(name, NAME).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'/' => out.push(char::from(byte)),
            // Two of them are not allowed in a comment.
            b'-' if !out.ends_with('-') => out.push('-'),
            other => _ = write!(out, "%{other:02X}"),
        }
    }
    out
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        (rest, _) = match (first, tail) {
            (b'%', [a, b, tail @ ..]) => {
                let digit = |it: &u8| char::from(*it).to_digit(16);
                (tail, bytes.push(u8::try_from(digit(a)? * 16 + digit(b)?).ok()?))
            }
            (first, tail) => (tail, bytes.push(*first)),
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marker() -> Marker {
        Marker {
            kind: Kind::Plan,
            target: "access/prod".to_owned(),
            plan: Some("7c1e09ab44d27c1e09ab44d27c1e09ab".to_owned()),
            commit: Some("4b5cb01".to_owned()),
            at: "2026-11-28T16:16:04.5Z".parse().unwrap(),
            forge: Forge::Github,
        }
    }

    #[test]
    fn a_marker_is_a_line_that_nobody_sees() {
        let facts = "rolecall:plan target=access/prod plan=7c1e09ab44d27c1e09ab44d27c1e09ab commit=4b5cb01 at=2026-11-28T16:16:04.500Z";
        assert_eq!(marker().line(), format!("<!-- {facts} forge=github -->\n"));
        let elsewhere = Marker { forge: Forge::Bitbucket, ..marker() };
        assert_eq!(elsewhere.line(), format!("[//]: # ({facts} forge=bitbucket)\n\n"));
    }

    #[test]
    fn what_is_not_just_as_it_was_written_is_no_marker() {
        let line = marker().line();
        let line = line.trim_end();
        for (text, why) in [
            (String::new(), Unmarked::Foreign),
            ("# Plan".to_owned(), Unmarked::Foreign),
            (format!("> {line}"), Unmarked::Foreign),
            (format!("\n{line}"), Unmarked::Foreign),
            (format!(" {line}"), Unmarked::Foreign),
            (format!("```\n{line}\n```"), Unmarked::Foreign),
            ("<!-- rolecall:plan -->\n### rolecall".to_owned(), Unmarked::Printed),
            (line[..60].to_owned(), Unmarked::Damaged),
            (line.replace(" -->", ")"), Unmarked::Damaged),
            (line.replace("rolecall:plan", "rolecall:destroy"), Unmarked::Damaged),
            (line.replace("access/prod", "access/prod@team"), Unmarked::Damaged),
            (line.replace("access/prod", "a%2Fb"), Unmarked::Damaged),
            (line.replace(" at=", " at=2026-01-01T00:00:00.000Z at="), Unmarked::Damaged),
            (line.replace("16:16", "16:99"), Unmarked::Damaged),
            (line.replace("4b5cb01", "4b5cb0x"), Unmarked::Damaged),
            (line.replace("github", "gitsomething"), Unmarked::Damaged),
            (line.replace(" commit", "  commit"), Unmarked::Damaged),
            (line.replace(" -->", " --> <b>x</b> -->"), Unmarked::Damaged),
            (line.replace("target=access/prod ", ""), Unmarked::Damaged),
            (format!("<!-- rolecall:plan target={} -->", "a".repeat(4_000)), Unmarked::Damaged),
        ] {
            assert_eq!(Marker::read(&text), Err(why), "{text}");
        }
        assert_eq!(Marker::read(&format!("{line}\r\n### rolecall")), Ok(marker()));
    }

    proptest! {
        #[test]
        fn a_marker_is_read_as_it_was_written_and_holds_no_markup(
            target in "\\PC{0,40}|[-/%@<>()a-z]{0,40}", kind in 0..4_usize, forge in 0..5_usize,
            hex in prop::option::of("[0-9a-f]{7,40}"), seconds in 0..4_000_000_000_i64,
        ) {
            let marker = Marker {
                kind: Kind::ALL[kind],
                target,
                plan: hex.clone(),
                commit: hex,
                at: Timestamp::from_second(seconds).unwrap(),
                forge: Forge::ALL[forge],
            };
            let line = marker.line();
            prop_assert_eq!(Marker::read(&format!("{line}### rolecall")), Ok(marker));
            let inner = line.trim_end().trim_start_matches("<!-- ").trim_end_matches(" -->");
            let inner = inner.trim_start_matches("[//]: # (").trim_end_matches(')');
            prop_assert!(!inner.contains(['@', '<', '>', '#', '`', '(', ')', '!', '\n']) && !inner.contains("--"), "{inner}");
        }
    }
}
