//! The block of a CODEOWNERS file: its lines, and where it stands. Text in, text out.
//!
//! What stands outside the block stays, byte by byte. Of several lines that mean a file the last one counts, so that the block
//! stands behind all that mean one of its files; and before the first section, as forges that know sections look at each
//! by itself.

use std::collections::BTreeMap;

use super::Owned;
use crate::model::pattern;

/// Where a list of owners lies, and whose block it has.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The path of the list in the repository.
    pub file: &'a str,
    /// The folder of the workspace in the repository, with a slash at its end; empty where it is the top.
    pub prefix: &'a str,
}

/// What is wrong with the marks of a block, and in which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Misplaced {
    #[error("the block that begins in line {0} has no end")]
    NoEnd(usize),
    #[error("a block ends in line {0} that begins nowhere")]
    NoBegin(usize),
    #[error("line {0} begins a second block")]
    Twice(usize),
}

/// Returns the list with the block that these files take, which takes a review as well; without a block where there are no
/// such files.
///
/// # Errors
///
/// Where it cannot be told which lines are the block.
pub fn written(old: &str, owned: &BTreeMap<String, Owned>, place: Place<'_>) -> Result<String, Misplaced> {
    let marks = ["begin", "end"].map(|it| match place.prefix.trim_end_matches('/') {
        "" => format!("# rolecall codeowners: {it}"),
        folder => format!("# rolecall codeowners: {it} {folder}"),
    });
    let (mut rest, block) = parted(old, &marks)?;
    let eol =
        if old.split_inclusive('\n').next().is_some_and(|it| it.ends_with("\r\n")) { "\r\n" } else { "\n" };
    let Some(paths) = paths(owned, place) else { return Ok(rest.concat()) };
    let sections = |it: &&str| !place.file.starts_with(".github/") && is_section(it);
    let first_section = rest.iter().position(sections).unwrap_or(rest.len());
    let stays = block.filter(|at| {
        let after = rest.get(*at..first_section);
        after.is_some_and(|it| it.iter().all(|line| paths.iter().all(|path| !means(line, path.0))))
    });
    let at = stays.unwrap_or(first_section);
    let mut own = marks[0].clone() + eol;
    own += "# What lets people reach companies that have `owners:`. Written by `rolecall codeowners`; do not edit.";
    own += eol;
    for (path, approvers) in &paths {
        own += &format!("/{} {}{eol}", escaped(path), approvers.join(" "));
    }
    own += &(marks[1].clone() + eol);
    let ended = rest[..at].last().is_none_or(|it| it.ends_with('\n'));
    let own = if ended { own } else { format!("{eol}{own}") };
    rest.insert(at, &own);
    Ok(rest.concat())
}

/// The files by their path in the repository, and the list itself: who reviews what may take somebody off it.
fn paths(owned: &BTreeMap<String, Owned>, place: Place<'_>) -> Option<BTreeMap<String, Vec<Box<str>>>> {
    let all = owned.get(super::WORKSPACE_FILE)?.approvers.clone();
    let file = |(path, it): (&String, &Owned)| (format!("{}{path}", place.prefix), it.approvers.clone());
    Some(owned.iter().map(file).chain([(place.file.to_owned(), all)]).collect())
}

/// The lines outside the block, each with its end, and before which of them the block stands.
fn parted<'a>(old: &'a str, [begin, end]: &[String; 2]) -> Result<(Vec<&'a str>, Option<usize>), Misplaced> {
    let mut rest = Vec::new();
    let (mut begun, mut at) = (None, None);
    for (n, line) in old.split_inclusive('\n').enumerate() {
        let mark = line.trim_start_matches('\u{feff}').trim();
        if mark == begin {
            if at.is_some() {
                return Err(Misplaced::Twice(n + 1));
            }
            (begun, at) = (Some(n + 1), Some(rest.len()));
        } else if mark == end {
            if begun.take().is_none() {
                return Err(Misplaced::NoBegin(n + 1));
            }
        } else if begun.is_none() {
            rest.push(line);
        }
    }
    match begun {
        Some(line) => Err(Misplaced::NoEnd(line)),
        None => Ok((rest, at)),
    }
}

/// Whether a line begins a section, as GitLab has them.
fn is_section(line: &str) -> bool {
    let line = line.trim();
    line.strip_prefix('^').unwrap_or(line).starts_with('[') && line.contains(']')
}

/// Whether a line may be about a file, by the rules of `.gitignore`; in doubt it is.
fn means(line: &str, path: &str) -> bool {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return false;
    }
    let mut pattern = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next().filter(|it| !it.is_whitespace()) {
        match letter {
            '\\' => match letters.next() {
                Some(it) if it.is_alphanumeric() || it == ' ' || it == '#' => pattern.push(it),
                it => pattern.extend(['\\'].into_iter().chain(it)),
            },
            '{' | '}' => pattern.extend(['\\', letter]),
            letter => pattern.push(letter),
        }
    }
    let bare = pattern.trim_matches('/');
    let is_anchored = pattern.trim_end_matches('/').contains('/');
    let from_top = if is_anchored { bare.to_owned() } else { format!("**/{bare}") };
    let is_meant = |text: &str| {
        let glob = pattern::glob(text).ok();
        let glob = glob.and_then(|mut it| it.literal_separator(true).backslash_escape(true).build().ok());
        glob.is_none_or(|it| it.compile_matcher().is_match(path))
    };
    bare.is_empty() || is_meant(&from_top) || is_meant(&format!("{from_top}/**"))
}

/// A path as a pattern that means it alone.
fn escaped(path: &str) -> String {
    let letter = |it: char| match it {
        ' ' | '#' | '\\' | '*' | '?' | '[' | ']' | '!' => format!("\\{it}"),
        it => it.to_string(),
    };
    path.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "CODEOWNERS";

    fn owned(paths: &[(&str, &str)]) -> BTreeMap<String, Owned> {
        let file = |(path, approvers): &(&str, &str)| {
            let approvers = approvers.split(' ').map(Into::into).collect();
            ((*path).to_owned(), Owned { policies: vec!["p".into()], approvers })
        };
        paths.iter().map(file).collect()
    }

    fn usual() -> BTreeMap<String, Owned> {
        owned(&[("rolecall.yaml", "@a @b"), ("access/a.yaml", "@a")])
    }

    /// The block of a list that is called so.
    fn block(file: &str, eol: &str) -> String {
        let text = written("", &usual(), Place { file, prefix: "" }).unwrap();
        text.replace('\n', eol)
    }

    #[test]
    fn the_block_names_each_file_once_and_the_list_itself() {
        assert_eq!(
            block(FILE, "\n"),
            "# rolecall codeowners: begin\n\
             # What lets people reach companies that have `owners:`. Written by `rolecall codeowners`; do not edit.\n\
             /CODEOWNERS @a @b\n/access/a.yaml @a\n/rolecall.yaml @a @b\n# rolecall codeowners: end\n"
        );
        let place = Place { file: ".github/CODEOWNERS", prefix: "apps/de sk/" };
        let files =
            owned(&[("rolecall.yaml", "@a"), ("access/#1 [x]*.yaml", "@a"), ("access/b\\!.yaml", "@c")]);
        let text = written("", &files, place).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "# rolecall codeowners: begin apps/de sk");
        assert_eq!(
            lines[2..],
            [
                "/.github/CODEOWNERS @a",
                "/apps/de\\ sk/access/\\#1\\ \\[x\\]\\*.yaml @a",
                "/apps/de\\ sk/access/b\\\\\\!.yaml @c",
                "/apps/de\\ sk/rolecall.yaml @a",
                "# rolecall codeowners: end apps/de sk",
            ]
        );
    }

    /// Where the block comes to stand: before and after it, the list with `<>` in its place, or none.
    #[test]
    fn the_block_stands_where_its_lines_count() {
        for (file, old, new) in [
            (FILE, "", "<>"),
            (FILE, "* @all\n", "* @all\n<>"),
            (FILE, "* @all", "* @all\n<>"),
            (FILE, "* @all\r\n", "* @all\r\n<>"),
            // It stays where nothing after it is about its files.
            (
                FILE,
                "* @all\n<>/docs/ @d\n# * in words\n\n/src/**/*.rs @r\n",
                "* @all\n<>/docs/ @d\n# * in words\n\n/src/**/*.rs @r\n",
            ),
            (FILE, "<>* @all\n", "* @all\n<>"),
            (FILE, "<>*.yaml @all\n", "*.yaml @all\n<>"),
            (FILE, "<>/access/ @all\n", "/access/ @all\n<>"),
            (FILE, "<>access @all\n", "access @all\n<>"),
            (FILE, "<>/access/*.yaml @all\n", "/access/*.yaml @all\n<>"),
            (FILE, "<>/access/?.yaml @all\n", "/access/?.yaml @all\n<>"),
            (FILE, "<>/ac\\cess/a.yaml\n", "/ac\\cess/a.yaml\n<>"),
            (FILE, "<>/*.yaml @all\n", "/*.yaml @all\n<>"),
            (FILE, "<>/*/* @all\n", "/*/* @all\n<>"),
            (FILE, "<>CODEOWNERS @all\n", "CODEOWNERS @all\n<>"),
            (FILE, "<>/access/[ab].yaml @all\n", "/access/[ab].yaml @all\n<>"),
            (FILE, "<>/access/{a,b}.yaml @all\n", "<>/access/{a,b}.yaml @all\n"),
            (FILE, "<>/access/b.yaml @all\n/a.yaml @all\n", "<>/access/b.yaml @all\n/a.yaml @all\n"),
            // Sections are looked at each by itself, by forges that have them.
            (FILE, "* @all\n[Docs] @d\n* @d\n", "* @all\n<>[Docs] @d\n* @d\n"),
            (FILE, "* @all\n^[Docs]\n<>* @d\n", "* @all\n<>^[Docs]\n* @d\n"),
            (".github/CODEOWNERS", "[Docs] @d\n* @d\n", "[Docs] @d\n* @d\n<>"),
        ] {
            let eol = if old.contains("\r\n") { "\r\n" } else { "\n" };
            let with = |text: &str| text.replace("<>", &block(file, eol));
            let place = Place { file, prefix: "" };
            assert_eq!(written(&with(old), &usual(), place).unwrap(), with(new), "{old:?}");
            // Without owners there is none.
            let none = written(&with(new), &BTreeMap::new(), place).unwrap();
            assert_eq!(none, new.replace("<>", ""), "{old:?}");
        }
    }

    #[test]
    fn marks_that_do_not_fit_are_told_with_their_line() {
        let [begin, end] = ["begin", "end"].map(|it| format!("# rolecall codeowners: {it}\n"));
        for (text, wrong) in [
            (format!("*\n{begin}/a\n"), Misplaced::NoEnd(2)),
            (format!("*\n{end}"), Misplaced::NoBegin(2)),
            (format!("{begin}{end}{end}"), Misplaced::NoBegin(3)),
            (format!("{begin}{end}{begin}{end}"), Misplaced::Twice(3)),
            (format!("{begin}{begin}{end}"), Misplaced::Twice(2)),
        ] {
            assert_eq!(written(&text, &usual(), Place { file: FILE, prefix: "" }), Err(wrong), "{text}");
        }
        // That of another workspace is none of this one's.
        let other = "# rolecall codeowners: begin other\n";
        assert!(written(other, &usual(), Place { file: FILE, prefix: "" }).unwrap().starts_with(other));
    }

    fn list() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            "[*/a-c. #\\[\\]\\\\{}?!]{0,12}( @x)?",
            Just("[Part]".to_owned()),
            Just("/access/ @y".to_owned()),
            Just("*.yaml".to_owned()),
        ];
        let lines = prop::collection::vec(line, 0..6);
        (lines, prop::sample::select(vec!["\n", "\r\n"]), any::<bool>()).prop_map(|(lines, eol, ended)| {
            lines.join(eol) + if ended && !lines.is_empty() { eol } else { "" }
        })
    }

    proptest! {
        #[test]
        fn all_outside_the_block_stays_and_a_second_time_nothing_changes(
            old in list(), path in "[a-c #*!\\[\\]\\\\]{1,6}", github in any::<bool>(),
        ) {
            let path = format!("access/{path}");
            let files = owned(&[("rolecall.yaml", "@a"), (&path, "@b")]);
            let file = if github { ".github/CODEOWNERS" } else { FILE };
            let place = Place { file, prefix: "" };
            let new = written(&old, &files, place).unwrap();
            prop_assert_eq!(written(&new, &files, place).unwrap(), new.clone());
            let without = written(&new, &BTreeMap::new(), place).unwrap();
            prop_assert!(without == old || without.trim_end_matches(['\r', '\n']) == old, "{old:?} {without:?}");
            // The last line that is about a file is the one of the block.
            for path in [path.as_str(), "rolecall.yaml", file] {
                let counts = new.lines().take_while(|it| github || !is_section(it));
                let last = counts.filter(|it| means(it, path)).last();
                prop_assert!(last.is_some_and(|it| it.starts_with(&format!("/{} @", escaped(path)))), "{path:?} {new}");
            }
        }
    }
}
