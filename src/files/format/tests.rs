//! Files and what becomes of them.

use proptest::{prelude::*, sample::Index};

use super::*;

fn access(text: &str) -> Result<String, Unformattable> {
    formatted(text, Kind::Access, FileId::default())
}

/// A file in any of the ways to write it, decided by numbers: each the calmest way where it is 0, or there is none.
struct Author<'t> {
    numbers: std::slice::Iter<'t, u8>,
    out: String,
    /// Texts and comments are counted, so that each is there once.
    count: usize,
    /// Each comment with the text it is about, if that stands in one line with it or in the next.
    beside: Vec<(String, String)>,
    above: Vec<(String, String)>,
    comments: usize,
    is_after_block: bool,
}

enum Value {
    Text(String),
    List(Vec<Self>),
    Mapping(Vec<(&'static str, Self)>),
}

impl<'t> Author<'t> {
    fn file(numbers: &'t [u8]) -> Self {
        let mut it = Self {
            numbers: numbers.iter(),
            out: String::new(),
            count: 0,
            beside: Vec::new(),
            above: Vec::new(),
            comments: 0,
            is_after_block: false,
        };
        let mut keys = vec![("version", Value::Text("1".to_owned()))];
        let groups = (0..it.pick(4)).map(|_| it.group()).collect();
        keys.push(("groups", Value::List(groups)));
        if it.pick(3) == 1 {
            let removed = |it: &mut Self| Value::Mapping(vec![("group", it.text()), ("reason", it.text())]);
            let removed = (0..it.pick(4)).map(|_| removed(&mut it)).collect();
            keys.push(("removed", Value::List(removed)));
        }
        it.shuffle(&mut keys);
        if it.pick(8) == 1 {
            it.out.push_str("# yaml-language-server: $schema=x\n");
            it.comments += 1;
        }
        if it.pick(8) == 1 {
            it.out.push_str("---\n");
        }
        it.mapping(&keys, 0);
        it.between(0);
        it
    }

    fn pick(&mut self, of: usize) -> usize {
        self.numbers.next().map_or(0, |it| usize::from(*it) % of)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let with = at - self.pick(at + 1);
            items.swap(at, with);
        }
    }

    fn text(&mut self) -> Value {
        self.count += 1;
        let word = [
            "",
            "some words, and more ",
            "a longer text that goes on for a while ",
            "it's \"x\" ",
            "x: y ",
            "{a} ",
        ];
        let word = word[self.pick(word.len())];
        Value::Text(format!("{word}t{}t", self.count))
    }

    fn group(&mut self) -> Value {
        let mut keys = vec![("name", self.text()), ("description", self.text())];
        let members = (0..self.pick(4)).map(|_| self.member()).collect();
        let members = match self.pick(4) {
            1 => Value::Mapping(vec![("atLeast", Value::List(members))]),
            2 => Value::Text("unmanaged".to_owned()),
            _ => Value::List(members),
        };
        keys.push(("members", members));
        let roles = (0..self.pick(3)).map(|_| self.role()).collect();
        keys.push(("roles", Value::List(roles)));
        self.shuffle(&mut keys);
        Value::Mapping(keys)
    }

    fn member(&mut self) -> Value {
        if self.pick(3) < 2 {
            return self.text();
        }
        let mut keys = vec![("email", self.text()), ("reason", self.text())];
        self.shuffle(&mut keys);
        Value::Mapping(keys)
    }

    fn role(&mut self) -> Value {
        let audience = |it: &mut Self| {
            let values = Value::List((0..=it.pick(9)).map(|_| it.text()).collect());
            Value::Mapping(vec![("company", values), ("legalEntity", it.text())])
        };
        let scope = match self.pick(3) {
            0 => self.text(),
            1 => audience(self),
            _ => Value::List(vec![audience(self), self.text()]),
        };
        let mut keys = vec![("role", self.text()), ("scope", scope)];
        self.shuffle(&mut keys);
        Value::Mapping(keys)
    }

    fn comment(&mut self) -> String {
        self.comments += 1;
        format!("# c{}c", self.comments)
    }

    fn margin(&mut self, width: usize) {
        self.out.extend(std::iter::repeat_n(' ', width));
    }

    /// Blank lines and comments, on lines of their own; returns the last comment where it is about what follows.
    fn between(&mut self, margin: usize) -> Option<String> {
        let mut last = None;
        for _ in 0..self.pick(4) {
            last = None;
            match self.pick(3) {
                0 => {
                    let strange = self.pick(4);
                    let width = if strange == 1 && !self.is_after_block { self.pick(3) } else { 0 };
                    self.margin(width);
                }
                1 => {
                    self.margin(margin);
                    let comment = self.comment();
                    self.out.push_str(&comment);
                    last = Some(comment);
                }
                _ => {
                    let width = self.pick(12);
                    // After a block of text it would be one of its lines.
                    let width = if self.is_after_block { width.min(margin) } else { width };
                    self.margin(width);
                    let comment = self.comment();
                    self.out.push_str(&comment);
                }
            }
            self.out.push('\n');
        }
        last
    }

    /// Ends a line.
    fn ended(&mut self) -> Option<String> {
        let comment = (self.pick(4) == 1).then(|| self.comment());
        if let Some(comment) = &comment {
            self.out.push(' ');
            self.out.push_str(comment);
        }
        self.out.push('\n');
        comment
    }

    fn about(&mut self, above: Option<String>, value: &Value) {
        if let (Some(above), Value::Text(text)) = (above, value)
            && is_token(last_word(text))
        {
            self.above.push((above, text.clone()));
        }
    }

    fn mapping(&mut self, keys: &[(&'static str, Value)], margin: usize) {
        for (at, (key, value)) in keys.iter().enumerate() {
            if at > 0 || margin == 0 {
                let above = self.between(margin);
                self.about(above, value);
                self.margin(margin);
            }
            self.out.push_str(key);
            self.out.push(':');
            self.value(value, margin);
        }
    }

    fn list(&mut self, items: &[Value], margin: usize) {
        for item in items {
            let above = self.between(margin);
            self.about(above, item);
            self.margin(margin);
            self.out.push('-');
            match item {
                Value::Mapping(keys) if !keys.is_empty() && self.pick(2) == 0 => {
                    let deep = 1 + self.pick(3);
                    self.margin(deep);
                    self.mapping(keys, margin + 1 + deep);
                }
                _ => self.value(item, margin),
            }
        }
    }

    /// What stands behind a key or a dash, with the end of its line.
    fn value(&mut self, value: &Value, margin: usize) {
        let deeper = margin + 1 + self.pick(4);
        let in_brackets = self.pick(3) == 1;
        match value {
            Value::List(items) if !items.is_empty() && !in_brackets => {
                self.ended();
                self.list(items, deeper);
            }
            Value::Mapping(keys) if !keys.is_empty() && !in_brackets => {
                self.ended();
                let above = self.between(deeper);
                self.about(above, &keys[0].1);
                self.margin(deeper);
                let rest = keys;
                self.mapping_from(rest, deeper);
            }
            Value::Text(text) => {
                self.scalar(text, deeper);
            }
            _ => {
                self.out.push(' ');
                self.is_after_block = false;
                self.flow(value, deeper);
                self.ended();
            }
        }
    }

    /// As [`Self::mapping`], where the first line is begun.
    fn mapping_from(&mut self, keys: &[(&'static str, Value)], margin: usize) {
        let (key, value) = &keys[0];
        self.out.push_str(key);
        self.out.push(':');
        self.value(value, margin);
        for (key, value) in &keys[1..] {
            let above = self.between(margin);
            self.about(above, value);
            self.margin(margin);
            self.out.push_str(key);
            self.out.push(':');
            self.value(value, margin);
        }
    }

    fn scalar(&mut self, text: &str, deeper: usize) {
        self.is_after_block = false;
        if self.pick(8) == 1 && self.ended().is_none() {
            self.between(deeper);
            self.margin(deeper);
        } else if !self.out.ends_with('\n') {
            self.out.push(' ');
        } else {
            self.margin(deeper);
        }
        let words = |it: &str, margin: usize| it.replacen(' ', &format!("\n{}", " ".repeat(margin)), 1);
        match self.pick(9) {
            1 => self.out.push_str(&format!("'{}'", text.replace('\'', "''"))),
            2 => self.out.push_str(&quoted(text)),
            3 => {
                let folded = words(&quoted(text), deeper);
                self.out.push_str(&folded);
            }
            4 if is_plain(text) => {
                let folded = words(text, deeper);
                self.out.push_str(&folded);
            }
            5 | 6 => {
                let (sign, end) = (["|-", ">-"][self.pick(2)], ["", "2"][usize::from(false)]);
                self.out.push_str(sign);
                self.out.push_str(end);
                self.ended();
                self.margin(deeper);
                self.out.push_str(text);
                self.out.push('\n');
                self.is_after_block = true;
                for _ in 0..self.pick(3) {
                    self.out.push('\n');
                }
                return;
            }
            _ if is_plain(text) => self.out.push_str(text),
            _ => self.out.push_str(&quoted(text)),
        }
        if let Some(comment) = self.ended() {
            self.beside.push((comment, text.to_owned()));
        }
    }

    fn broken(&mut self, margin: usize) -> Option<String> {
        if self.pick(4) != 1 {
            return None;
        }
        let comment = self.ended();
        self.between(margin);
        self.margin(margin);
        comment
    }

    fn flow(&mut self, value: &Value, margin: usize) {
        match value {
            Value::Text(text) => {
                let is_safe = is_plain(text) && !text.contains([',', '{', '}']);
                let spelled = match self.pick(3) {
                    1 => format!("'{}'", text.replace('\'', "''")),
                    0 if is_safe => text.clone(),
                    _ => quoted(text),
                };
                self.out.push_str(&spelled);
            }
            Value::List(items) => {
                self.out.push('[');
                self.broken(margin);
                for (at, item) in items.iter().enumerate() {
                    self.flow(item, margin);
                    self.separated(item, at + 1 == items.len(), margin);
                }
                self.out.push(']');
            }
            Value::Mapping(keys) => {
                self.out.push('{');
                self.broken(margin);
                for (at, (key, value)) in keys.iter().enumerate() {
                    self.out.push_str(key);
                    self.out.push_str(": ");
                    self.flow(value, margin);
                    self.separated(value, at + 1 == keys.len(), margin);
                }
                self.out.push('}');
            }
        }
    }

    fn separated(&mut self, value: &Value, is_last: bool, margin: usize) {
        if !is_last || self.pick(3) == 1 {
            self.out.push(',');
        }
        self.out.push(' ');
        let comment = self.broken(margin);
        if let (Some(comment), Value::Text(text)) = (comment, value) {
            self.beside.push((comment, text.clone()));
        }
    }
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

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\""))
}

fn is_plain(text: &str) -> bool {
    !text.contains(": ") && !text.starts_with('{')
}

fn last_word(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
}

fn is_token(word: &str) -> bool {
    let number = word.strip_prefix('t').and_then(|it| it.strip_suffix('t'));
    number.is_some_and(|it| !it.is_empty() && it.chars().all(|it| it.is_ascii_digit()))
}

fn lines_of(text: &str) -> Vec<&str> {
    text.lines().collect()
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
        let lines = lines_of(&new);
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
