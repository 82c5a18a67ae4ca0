//! What proves that a journal is what rolecall wrote: each line carries a seal over itself and all before it, made with a
//! key that whoever edits the file does not have.
//!
//! Values only: where the key is kept is for the program to say. A journal without seals, or with others, is a journal all
//! the same; only what is exempt from a guard on its word asks for them.

use std::fmt::Write as _;

use ring::hmac;

/// Where the seal begins in a line; nothing that is written has such an end of its own, as text is escaped.
const MARK: &str = ",\"seal\":\"";
/// Hexadecimal digits of a seal.
const DIGITS: usize = 64;

/// A key for seals.
#[derive(Clone, Debug)]
pub struct Key(hmac::Key);

impl Key {
    /// Makes a key of a secret.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    fn seal(&self, before: &str, line: &str) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"rolecall journal 1\n");
        context.update(before.as_bytes());
        context.update(line.as_bytes());
        context.sign().as_ref().iter().fold(String::new(), |mut digits, it| {
            let _ = write!(digits, "{it:02x}");
            digits
        })
    }
}

/// The seals of a journal, from line to line.
#[derive(Debug)]
pub(super) struct Seals {
    key: Key,
    last: String,
}

impl Seals {
    pub(super) fn new(key: Key) -> Self {
        Self { key, last: String::new() }
    }

    /// Adds its seal to a line: a JSON object without its end of line.
    pub(super) fn sealed(&mut self, line: &str) -> String {
        self.last = self.key.seal(&self.last, line);
        let open = line.strip_suffix('}').unwrap_or(line);
        format!("{open}{MARK}{}\"}}", self.last)
    }
}

/// Whether every whole line of a journal carries its seal; a last line that was cut off has none.
pub fn is_sealed(text: &str, key: &Key) -> bool {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut seals = Seals::new(key.clone());
    let is_sealed = |line: &str| {
        let end = MARK.len() + DIGITS + 2;
        let bare = line.len().checked_sub(end).and_then(|at| line.get(..at)).map(|it| format!("{it}}}"));
        // Compared as a whole: the key is not guessed by how long that takes, as nobody is answered.
        bare.is_some_and(|it| seals.sealed(&it) == line)
    };
    !whole.is_empty() && whole.lines().all(is_sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(key: &Key, lines: &[&str]) -> String {
        let mut seals = Seals::new(key.clone());
        lines.iter().map(|it| seals.sealed(it) + "\n").collect()
    }

    const LINES: [&str; 3] =
        [r#"{"record":"start","a":1}"#, r#"{"record":"intent","add":["x"]}"#, r#"{"record":"end"}"#];

    #[test]
    fn only_what_was_written_with_the_key_is_sealed() {
        let (key, other) = (Key::new(b"key"), Key::new(b"other"));
        let text = journal(&key, &LINES);
        assert!(is_sealed(&text, &key) && !is_sealed(&text, &other));
        // A journal whose end was cut off is what it was until then.
        assert!(is_sealed(&text[..text.len() - 9], &key));
        for (what, edited) in [
            ("a value", text.replace("\"x\"", "\"y\"")),
            ("one more", text.replace("[\"x\"", "[\"x\",\"y\"")),
            (
                "a line left out",
                text.lines().filter(|it| !it.contains("intent")).map(|it| format!("{it}\n")).collect(),
            ),
            ("a line twice", text.replacen('\n', &format!("\n{}\n", text.lines().next().unwrap()), 1)),
            ("a line without", text.clone() + "{\"record\":\"end\"}\n"),
            ("lines of another", journal(&other, &LINES)),
            ("another order", text.lines().rev().map(|it| format!("{it}\n")).collect()),
            ("nothing", String::new()),
            ("no line", "{".to_owned()),
        ] {
            assert!(!is_sealed(&edited, &key), "{what}");
        }
    }

    #[test]
    fn a_seal_is_a_field_that_readers_pass_over() {
        let text = journal(&Key::new(b"key"), &LINES);
        for (line, bare) in text.lines().zip(LINES) {
            let mut read: serde_json::Value = serde_json::from_str(line).unwrap();
            let seal = read.as_object_mut().unwrap().remove("seal").unwrap();
            assert_eq!(seal.as_str().unwrap().len(), DIGITS);
            assert_eq!(read, serde_json::from_str::<serde_json::Value>(bare).unwrap());
        }
    }
}
