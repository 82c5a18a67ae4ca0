//! Entries of a list in brackets: what parts them stays as it is.

use super::{
    super::{
        tree::Form,
        yaml::{Noted, WIDTH, Yaml},
    },
    Refused, Splice,
    meaning::{Entries, Entry, ListChange},
    outline::{Outline, Part},
};

pub(super) fn splices(
    outline: &Outline<'_>,
    list: Part,
    change: &ListChange,
    entries: &Entries,
    to: &mut Vec<Splice>,
) -> Result<(), Refused> {
    let (span, parts) = (outline.node(list).span(), outline.inside(list));
    if outline.has_comment(&span) {
        return commented(outline, list, change, to);
    }
    let text = outline.text;
    let quote = quote_of(outline, parts);
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        let new = change.added.iter().map(|it| it.value.bare()).collect::<Vec<String>>();
        to.push(Splice { range: span, text: format!("[{}]", new.join(", ")) });
        return Ok(());
    };
    if entries.is_empty() {
        to.push(Splice { range: span, text: "[]".to_owned() });
        return Ok(());
    }
    removals(outline, parts, change, to);
    let margin = outline.column(begin(outline, *first));
    // What stands between entries here, without the blank lines in it.
    let between = parts.windows(2).last().map(|it| &text[outline.end(it[0])..begin(outline, it[1])]);
    let usual = match between.unwrap_or(", ").rsplit_once('\n') {
        Some((_, margin)) => format!(",{}{margin}", outline.end_of_line),
        None => between.unwrap_or(", ").to_owned(),
    };
    // Behind the entry before it, or before all others.
    let mut before: Option<Part> = None;
    let mut column = 0;
    let mut front = String::new();
    for entry in entries {
        let new = match entry {
            Entry::Kept(at) => {
                before = Some(parts[*at]);
                column = outline.column(outline.end(parts[*at]));
                continue;
            }
            Entry::New(new) => quoted(new, quote).value.bare(),
        };
        let Some(before) = before else {
            front.push_str(&format!("{new}{usual}"));
            continue;
        };
        let fits = usual.contains('\n') || column + usual.len() + new.chars().count() < WIDTH;
        let parted = match fits {
            true => usual.clone(),
            false => format!(",{}{}", outline.end_of_line, " ".repeat(margin)),
        };
        column = new.chars().count() + if fits { column + parted.len() } else { margin };
        let end = outline.end(before);
        to.push(Splice { range: end..end, text: format!("{parted}{new}") });
    }
    if front.is_empty() {
        return Ok(());
    }
    let kept = entries.iter().find_map(|it| match it {
        Entry::Kept(at) => Some(begin(outline, parts[*at])),
        Entry::New(_) => None,
    });
    match kept {
        Some(at) => to.push(Splice { range: at..at, text: front }),
        // All others go.
        None => {
            let at = outline.end(*last);
            front.truncate(front.len() - usual.len());
            to.push(Splice { range: at..at, text: front });
        }
    }
    Ok(())
}

/// Cuts out entries with what parts them from those before, or of the first from those behind.
fn removals(outline: &Outline<'_>, parts: &[Part], change: &ListChange, to: &mut Vec<Splice>) {
    let mut at = 0;
    while at < parts.len() {
        let run = (at..parts.len()).take_while(|it| change.removed.contains(it)).count();
        if run == 0 {
            at += 1;
            continue;
        }
        let (next, last) = (at + run, outline.end(parts[at + run - 1]));
        let range = match (at, parts.get(next)) {
            (0, Some(next)) => begin(outline, parts[0])..begin(outline, *next),
            (0, None) => begin(outline, parts[0])..last,
            _ => outline.end(parts[at - 1])..last,
        };
        to.push(Splice { range, text: String::new() });
        at = next;
    }
}

/// Where an entry begins, with an anchor or a tag before it.
fn begin(outline: &Outline<'_>, entry: Part) -> usize {
    let start = outline.node(entry).span().start;
    let before = outline.text[..start].rfind(['[', ',', '\n']).map_or(0, |it| it + 1);
    let blank = outline.text[before..start].len() - outline.text[before..start].trim_start().len();
    before + blank
}

/// Of a list with comments in it, entries go with their lines, and new ones get lines of their own at its end.
fn commented(
    outline: &Outline<'_>,
    list: Part,
    change: &ListChange,
    to: &mut Vec<Splice>,
) -> Result<(), Refused> {
    let parts = outline.inside(list);
    let Some(last) = parts.last() else { return Err(outline.odd(list)) };
    for part in change.removed.iter().map(|it| parts[*it]) {
        let (start, end) = (begin(outline, part), outline.end(part));
        let top = outline.line_start(start);
        let comma = outline.text[end..].starts_with(',');
        if !outline.text[top..start].trim().is_empty() || !outline.ends_line(end + usize::from(comma)) {
            return Err(outline.odd(part));
        }
        to.push(Splice { range: top..outline.line_end(end), text: String::new() });
    }
    if change.added.is_empty() {
        return Ok(());
    }
    let (start, end) = (begin(outline, *last), outline.end(*last));
    let top = outline.line_start(start);
    let margin = &outline.text[top..start];
    let comma = outline.text[end..].starts_with(',');
    let line_end = outline.line_end(end);
    if !margin.trim().is_empty()
        || !outline.ends_line(end + usize::from(comma))
        || change.removed.contains(&outline.position(*last))
    {
        return Err(outline.odd(*last));
    }
    if !comma {
        to.push(Splice { range: end..end, text: ",".to_owned() });
    }
    let quote = quote_of(outline, parts);
    let mut lines = String::new();
    for (at, entry) in change.added.iter().enumerate() {
        let parted = if comma || at + 1 < change.added.len() { "," } else { "" };
        lines.push_str(&format!(
            "{margin}{}{parted}{}",
            quoted(entry, quote).value.bare(),
            outline.end_of_line
        ));
    }
    to.push(Splice { range: line_end..line_end, text: lines });
    Ok(())
}

/// The quotation mark around all texts of a list, where they have one.
pub(super) fn quote_of(outline: &Outline<'_>, parts: &[Part]) -> Option<char> {
    let texts = parts.iter().map(|it| outline.node(*it)).filter(|it| it.form() == Form::Scalar);
    let mut quotes = texts.map(|it| outline.text[it.span().start..].chars().next());
    let first = quotes.next().flatten().filter(|it| ['"', '\''].contains(it))?;
    quotes.all(|it| it == Some(first)).then_some(first)
}

/// The entry in quotes like its neighbours.
pub(super) fn quoted(entry: &Noted, quote: Option<char>) -> Noted {
    let value = match (&entry.value, quote) {
        (Yaml::Scalar(text), Some(quote)) => Yaml::Scalar(in_quotes(text, quote)),
        (value, _) => value.clone(),
    };
    Noted { value, ..entry.clone() }
}

/// A text as it may be spelled, in quotes.
pub(super) fn in_quotes(spelled: &str, quote: char) -> String {
    match quote {
        '\'' if spelled.starts_with('"') && !spelled.contains('\\') => {
            in_quotes(&spelled[1..spelled.len() - 1], quote)
        }
        _ if spelled.starts_with('"') => spelled.to_owned(),
        '\'' => format!("'{}'", spelled.replace('\'', "''")),
        _ => serde_json::Value::from(spelled).to_string(),
    }
}
