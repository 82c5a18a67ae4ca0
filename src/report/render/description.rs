//! How a description changed, on one line. Raw: formats escape it.

use similar::{ChangeTag, TextDiff};

use crate::model::escape::clip;

/// Both texts are quoted in full up to this many characters each.
const QUOTED: usize = 60;
/// Words kept on both sides of a change.
const CONTEXT: usize = 3;
/// Less likeness than this is a new text, not an edited one.
const EDITED: f32 = 0.4;
/// The API takes 1,000 characters; what is much longer is not compared word by word.
const COMPARED: usize = 8_000;

/// Returns the whole text of a new group in quotes: it is written as it stands, so it is shown so.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Returns `"old" → "new"`, or of long texts the words that differ as `[-old-]{+new+}` with their context.
pub(super) fn changed(before: &str, after: &str) -> String {
    let short = |it: &str| it.chars().count() <= QUOTED;
    if short(before) && short(after) {
        return format!("\"{before}\" → \"{after}\"");
    }
    if before.len().max(after.len()) <= COMPARED {
        let diff = TextDiff::from_words(before, after);
        if diff.ratio() >= EDITED {
            return words(&diff);
        }
    }
    format!("\"{}\" → \"{}\"", clip(before, QUOTED), clip(after, QUOTED))
}

fn words(diff: &TextDiff<'_, '_, str>) -> String {
    let runs = runs(diff);
    let mut out = String::from("\"");
    for (at, (tag, text)) in runs.iter().enumerate() {
        match tag {
            ChangeTag::Delete => out.extend(["[-", text, "-]"]),
            ChangeTag::Insert => out.extend(["{+", text, "+}"]),
            ChangeTag::Equal => out.push_str(&context(text, at == 0, at + 1 == runs.len())),
        }
    }
    out.push('"');
    out
}

/// Joins neighbouring words of one kind; a space between two changed words belongs to the change.
fn runs(diff: &TextDiff<'_, '_, str>) -> Vec<(ChangeTag, String)> {
    let mut runs: Vec<(ChangeTag, String)> = Vec::new();
    for change in diff.iter_all_changes() {
        match runs.last_mut() {
            Some((tag, text)) if *tag == change.tag() => text.push_str(change.value()),
            _ => runs.push((change.tag(), change.value().to_owned())),
        }
    }
    runs
}

/// Returns the ends of unchanged text that touch a change.
fn context(text: &str, first: bool, last: bool) -> String {
    let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
    // The space after a change comes first and is not a word.
    let space = usize::from(text.starts_with(char::is_whitespace));
    let (head, tail) = (if first { 0 } else { CONTEXT + space }, if last { 0 } else { CONTEXT });
    if words.len() <= head + tail + 1 {
        return text.to_owned();
    }
    let (head, tail) = (words[..head].concat(), words[words.len() - tail..].concat());
    match (first, last) {
        (true, _) => format!("… {tail}"),
        (_, true) => format!("{} …", head.trim_end()),
        (false, false) => format!("{} … {tail}", head.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_quoted_and_long_ones_show_what_differs() {
        assert_eq!(changed("old", "new"), "\"old\" → \"new\"");
        let long = "Agents who serve employees of one client company and nobody else, in all countries, day and night";
        assert_eq!(
            changed(long, &long.replace("one client", "two client")),
            "\"… serve employees of [-one-]{+two+} client company and …\""
        );
        assert_eq!(
            changed(long, "Nothing like it"),
            "\"Agents who serve employees of one client company and nobo…\" → \"Nothing like it\""
        );
    }
}
