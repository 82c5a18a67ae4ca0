//! Entries of a list in brackets: what parts them stays as it is.

use super::{
    super::{
        tree::Form,
        yaml::{Noted, WIDTH, Yaml},
    },
    Refused, Splice,
    list::ListChange,
    meaning::{Entries, Entry},
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
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        let new = line_of(entries, parts, outline)?;
        to.push(Splice { range: span, text: format!("[{}]", new.join(", ")) });
        return Ok(());
    };
    if entries.is_empty() {
        to.push(Splice { range: span, text: "[]".to_owned() });
        return Ok(());
    }
    let (start, end) = (begin(outline, *first), outline.end(*last));
    // What stands before each but the first.
    let between: Vec<&str> =
        parts.windows(2).map(|it| &text[outline.end(it[0])..begin(outline, it[1])]).collect();
    // Without the blank lines in it.
    let usual = match between.last().copied().unwrap_or(", ").rsplit_once('\n') {
        Some((_, margin)) => format!(",{}{margin}", outline.end_of_line),
        None => between.last().copied().unwrap_or(", ").to_owned(),
    };
    let margin = outline.column(start);
    let mut column = margin;
    let mut new = String::new();
    let texts = line_of(entries, parts, outline)?;
    for (at, (entry, text)) in entries.iter().zip(&texts).enumerate() {
        let parted = match (at, entry) {
            (0, _) => String::new(),
            (_, Entry::Kept(kept)) if *kept > 0 => between[kept - 1].to_owned(),
            (_, Entry::New(_)) if !usual.contains('\n') && column + text.chars().count() + 3 > WIDTH => {
                format!(",{}{}", outline.end_of_line, " ".repeat(margin))
            }
            (_, Entry::Kept(_) | Entry::New(_)) => usual.clone(),
        };
        column = match parted.rsplit_once('\n') {
            Some((_, line)) => line.chars().count(),
            None => column + parted.chars().count(),
        } + text.chars().count();
        new.push_str(&parted);
        new.push_str(text);
    }
    to.push(Splice { range: start..end, text: new });
    Ok(())
}

/// Where an entry begins, with an anchor or a tag before it.
fn begin(outline: &Outline<'_>, entry: Part) -> usize {
    let start = outline.node(entry).span().start;
    let before = outline.text[..start].rfind(['[', ',', '\n']).map_or(0, |it| it + 1);
    let blank = outline.text[before..start].len() - outline.text[before..start].trim_start().len();
    before + blank
}

fn line_of(entries: &Entries, parts: &[Part], outline: &Outline<'_>) -> Result<Vec<String>, Refused> {
    let quote = quote_of(outline, parts);
    let one = |it: &Entry| match it {
        Entry::Kept(at) => Ok(outline.text[begin(outline, parts[*at])..outline.end(parts[*at])].to_owned()),
        Entry::New(it) => line(&quoted(it, quote)),
    };
    entries.iter().map(one).collect()
}

/// An entry on one line, with no room for what is said beside it.
fn line(entry: &Noted) -> Result<String, Refused> {
    entry.value.line().ok_or(Refused::Astray)
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
        lines.push_str(&format!("{margin}{}{parted}{}", line(&quoted(entry, quote))?, outline.end_of_line));
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
        _ if spelled.starts_with('"') => spelled.to_owned(),
        '\'' => format!("'{}'", spelled.replace('\'', "''")),
        _ => format!("\"{spelled}\""),
    }
}
