//! Files and what becomes of them.

use proptest::{prelude::*, sample::Index};

use super::*;
use author::{Author, is_token, last_word};

mod author;

fn access(text: &str) -> Result<String, Unformattable> {
    formatted(text, Kind::Access, FileId::default())
}

/// What YAML can do beyond what people write here.
fn strange() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/layout/strange.yaml");
    std::fs::read_to_string(path).unwrap()
}

/// Compared by another reader of YAML, with lists in any order.
fn seen_by_another(text: &str) -> Option<serde_yaml::Value> {
    fn sorted(value: serde_yaml::Value) -> serde_yaml::Value {
        use serde_yaml::Value;
        match value {
            Value::Sequence(items) => {
                let mut items: Vec<Value> = items.into_iter().map(sorted).collect();
                items.sort_by_key(|it| serde_yaml::to_string(it).unwrap());
                Value::Sequence(items)
            }
            Value::Mapping(entries) => {
                let mut entries: Vec<_> = entries.into_iter().map(|(key, it)| (key, sorted(it))).collect();
                entries.sort_by_key(|it| serde_yaml::to_string(&it.0).unwrap());
                Value::Mapping(entries.into_iter().collect())
            }
            other => other,
        }
    }
    serde_yaml::from_str(text.trim_start_matches('\u{feff}')).ok().map(sorted)
}

proptest! {
    #[test]
    fn whatever_way_it_is_written_the_text_is_the_same_once_laid_out_and_each_comment_stays_with_what_it_is_about(
        numbers in proptest::collection::vec(any::<u8>(), 0..400),
        crlf in any::<bool>(),
    ) {
        let author = Author::file(&numbers);
        let text = if crlf { author.out.replace('\n', "\r\n") } else { author.out.clone() };
        let sources = decode::<AccessFile>(&text, FileId::default());
        prop_assert!(sources.is_ok(), "not valid: {sources:?}\n{text}");
        let new = access(&text);
        prop_assert!(new.is_ok(), "left: {new:?}\n{text}");
        let new = new.unwrap();
        let again = access(&new);
        prop_assert_eq!(again.as_ref(), Ok(&new), "not stable\n{}\n--- then\n{}", text, new);
        prop_assert_eq!(new.matches("# ").count(), author.comments, "{}\n---\n{}", text, new);
        prop_assert_eq!(new.matches('\n').count() * usize::from(crlf), new.matches("\r\n").count());
        prop_assert_eq!(seen_by_another(&text), seen_by_another(&new));
        let new = new.replace("\r\n", "\n");
        let lines: Vec<&str> = new.lines().collect();
        for (comment, about) in &author.beside {
            let token = last_word(about);
            let at = lines.iter().position(|it| it.contains(comment.as_str())).unwrap();
            let found = [at.checked_sub(1), Some(at), Some(at + 1)].into_iter().flatten().any(|it| lines.get(it).is_some_and(|it| it.contains(token)));
            prop_assert!(found, "{comment} was behind {about}\n{text}\n---\n{new}");
        }
        for (comment, about) in &author.above {
            let token = last_word(about);
            let after = new.split(comment.as_str()).nth(1).unwrap();
            let first = after.split(|it: char| !it.is_alphanumeric()).find(|it| is_token(it));
            prop_assert_eq!(first, Some(token), "{} was above {}\n{}\n---\n{}", comment, about, text, new);
        }
        prop_assert!(lines.iter().all(|it| it.len() == it.trim_end().len()), "spaces at the end of a line: {new:?}");
        prop_assert!(!new.contains("\n\n\n") && !new.starts_with('\n') && !new.ends_with("\n\n"), "{new:?}");
    }

    #[test]
    fn whatever_is_laid_out_at_all_means_the_same_and_is_laid_out_for_good(
        numbers in proptest::collection::vec(any::<u8>(), 0..200),
        is_strange in any::<bool>(),
        changes in proptest::collection::vec((any::<Index>(), 0..3usize, any::<Index>()), 0..6),
    ) {
        const PARTS: [&str; 24] = [
            "\n", "\n\n", " ", "  ", "# c\n", " # c", "- ", ": ", ", ", "[", "]", "{", "}", "\"", "'", "|\n", ">\n ",
            "&a ", "*a", "!!str ", "? ", "\t", "~", "a",
        ];
        let author = Author::file(&numbers);
        let mut text = if is_strange { strange() } else { author.out.clone() };
        for (at, how, part) in changes {
            let places: Vec<usize> = text.char_indices().map(|it| it.0).collect();
            if places.is_empty() {
                break;
            }
            let at = places[at.index(places.len())];
            match how {
                0 => text.insert_str(at, PARTS[part.index(PARTS.len())]),
                1 => _ = text.remove(at),
                _ => {
                    let end = places.iter().copied().find(|it| *it > at + part.index(20)).unwrap_or(text.len());
                    text.replace_range(at..end, "");
                }
            }
        }
        let Ok(new) = access(&text) else { return Ok(()) };
        let again = access(&new);
        prop_assert_eq!(again.as_ref(), Ok(&new), "not stable\n{}\n--- then\n{}", text, new);
        if let (Some(old), Some(new)) = (seen_by_another(&text), seen_by_another(&new)) {
            prop_assert_eq!(old, new);
        }
    }
}

#[test]
fn what_yaml_can_do_beyond_what_people_write_is_laid_out_as_well() {
    insta::assert_snapshot!(access(&strange()).unwrap());
}

#[test]
fn what_cannot_be_laid_out_for_certain_is_left() {
    for (more, what) in [
        ("users: [{ user: x, directRoles: [] }]\r# c\n", "a carriage return"),
        ("removed:\n- reason: |+\n    x\n\n  group: y\n", "keeps the blank lines"),
        ("removed:\n- reason: >\n  group: y\n", "what it means"),
        ("&a removed: []\n", "before a key"),
        ("removed:\n- !!str reason: x\n  group: y\n", "before a key"),
    ] {
        let error = access(&format!("version: 1\ngroups: []\n{more}")).unwrap_err().to_string();
        assert!(error.contains(what), "{error}\n{more}");
    }
    let error = access("%YAML 1.2\n---\nversion: 1\n").unwrap_err().to_string();
    assert!(error.contains("a directive"), "{error}");
    assert!(matches!(access("groups: [{ nmae: x }]"), Err(Unformattable::Invalid(_))));
}

#[test]
fn what_is_left_of_a_list_that_has_ended_is_brackets_and_the_comments_on_all_of_it() {
    let text = "groups:
  - name: A
    # the roles
    roles: # of the desk
      # all of them

      # one
      - { role: X, until: 2026-01-01 } # first
      # not any more
    members:
      # two people
      - { email: a@x.example, until: 2026-01-01 }
      - { email: b@x.example, until: 2027-01-01 }

      # one
      - { email: c@x.example, until: 2026-01-01 }
    description: D
";
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    let Formatted { text, ended } = without_ended(text, Kind::Access, FileId::default(), now).unwrap();
    let expected = "groups:
  - name: A
    description: D
    # the roles
    # all of them
    # not any more
    roles: [] # of the desk
    members:
      # two people
      - { email: b@x.example, until: 2027-01-01 }
";
    assert_eq!(text, expected);
    let gone: Vec<(u32, Fate, String)> =
        ended.into_iter().map(|it| (it.line, it.fate, it.comments.join(" "))).collect();
    let row = |line, fate, comments: &str| (line, fate, comments.to_owned());
    assert_eq!(
        gone,
        [row(8, Fate::LastOut, "# one # first"), row(12, Fate::Out, ""), row(16, Fate::Out, "# one")]
    );
}

#[test]
fn what_is_nearly_nothing_is_laid_out_as_well() {
    for (text, new) in [
        ("", ""),
        ("\n\n", ""),
        ("# c", "# c\n"),
        ("\n# c\n\n\n# d\n\n", "# c\n\n# d\n"),
        ("---\n", "---\n"),
        ("~ # c", "# c\n"),
        ("{}", ""),
        ("\u{feff}version: 1", "\u{feff}version: 1\n"),
        ("version: 1\r\n", "version: 1\r\n"),
        ("{version: 1} # c", "version: 1\n# c\n"),
        ("version: 1\ngroups: # c\n  []\n", "version: 1\n\ngroups: [] # c\n"),
        ("groups: [ # c\n]\nversion: 1", "version: 1\n\ngroups: [] # c\n"),
        ("company: x\n# m\n# yaml-language-server: y\nversion: 1", "# m\n"),
    ] {
        let made = access(text).unwrap();
        if new == "# m\n" {
            assert!(made.starts_with("# m\n# yaml-language-server: y\nversion: 1\n"), "{made}");
        } else {
            assert_eq!(made, new, "{text:?}");
        }
    }
}

#[test]
fn a_group_whose_time_is_over_stays_where_what_has_ended_is_taken_out() {
    let text = "version: 1\ngroups:\n  - name: Winter\n    description: d\n    until: 2026-03-31\n    roles: []\n    members: [{ email: bo@voyager.example, until: 2026-03-31 }]\n";
    let now = "2026-11-21T00:00:00Z".parse().unwrap();
    let Formatted { text, .. } = without_ended(text, Kind::Access, FileId::default(), now).unwrap();
    assert!(text.contains("until: 2026-03-31\n") && !text.contains("bo@"), "{text}");
}

/// A day that a file alone does not know the time zone of is over where it is over everywhere.
#[test]
fn a_day_has_passed_once_it_has_in_every_time_zone() {
    let text = "version: 1\ngroups:\n  - name: D\n    description: d\n    roles: []\n    members: [{ email: bo@voyager.example, until: 2026-11-20 }]\n";
    for (now, is_out) in
        [("2026-11-21T00:00:00Z", false), ("2026-11-21T11:59:59Z", false), ("2026-11-21T12:00:00Z", true)]
    {
        let Formatted { text, .. } =
            without_ended(text, Kind::Access, FileId::default(), now.parse().unwrap()).unwrap();
        assert_eq!(!text.contains("bo@"), is_out, "{now}");
    }
}

#[test]
fn a_relative_date_is_written_as_the_day_and_nothing_else_changes() {
    let today = "2026-11-29".parse().unwrap();
    let text = |from: &str, until: &str, other: &str| {
        format!(
            "# from: +3d\nversion: 1\ngroups:\n  - {{ name: \"+3d\", from: {from}, description: +3d, roles: [{{ role: {other}, until: {until} }}] }}  # +3d\n"
        )
    };
    let dated = |text: &str| dated(text, today).into_owned();
    assert_eq!(dated(&text("+3d", "\"+2w\"", "+1y")), text("2026-12-02", "2026-12-13", "+1y"));
    for same in ["2027-01-31", "+3m", "soon", "~"] {
        assert_eq!(dated(&text(same, same, "x")), text(same, same, "x"));
    }
    assert_eq!(dated("until: +3d"), "until: 2026-12-02");
    assert_eq!(dated("{ not yaml"), "{ not yaml");
}
