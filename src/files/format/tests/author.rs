//! Somebody who writes files, in any of the ways there are.

/// A file in any of the ways to write it, decided by numbers: each the calmest way where it is 0, or there is none.
pub(super) struct Author<'t> {
    numbers: std::slice::Iter<'t, u8>,
    pub(super) out: String,
    /// Texts and comments are counted, so that each is there once.
    count: usize,
    /// Each comment with the text it is about, if that stands in one line with it or in the next.
    pub(super) beside: Vec<(String, String)>,
    pub(super) above: Vec<(String, String)>,
    pub(super) comments: usize,
    is_after_block: bool,
}

/// A number, which no text is.
const VERSION: &str = "1";

enum Value {
    Text(String),
    List(Vec<Self>),
    Mapping(Vec<(&'static str, Self)>),
}

impl<'t> Author<'t> {
    pub(super) fn file(numbers: &'t [u8]) -> Self {
        let mut it = Self {
            numbers: numbers.iter(),
            out: String::new(),
            count: 0,
            beside: Vec::new(),
            above: Vec::new(),
            comments: 0,
            is_after_block: false,
        };
        let mut keys = vec![("version", Value::Text(VERSION.to_owned()))];
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
            // In quotes it would be a text.
            _ if text == VERSION => self.out.push_str(text),
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
                    _ if text == VERSION => text.clone(),
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

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\""))
}

fn is_plain(text: &str) -> bool {
    !text.contains(": ") && !text.starts_with('{')
}

pub(super) fn last_word(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
}

pub(super) fn is_token(word: &str) -> bool {
    let number = word.strip_prefix('t').and_then(|it| it.strip_suffix('t'));
    number.is_some_and(|it| !it.is_empty() && it.chars().all(|it| it.is_ascii_digit()))
}
