//! Entries of a list come and go, each with the lines it stands in.

use super::{
    super::{
        tree::{Form, Node},
        yaml::{Noted, Style, Yaml},
    },
    Refused, Splice, flow,
    meaning::{Entries, Entry, ListChange},
    outline::{Outline, Part},
};

/// How far lists are indented where a file does not show it.
const STEP: usize = 2;

/// How the text changes, and what the list holds then.
pub(super) fn splices(
    outline: &Outline<'_>,
    list: Part,
    change: &ListChange,
    to: &mut Vec<Splice>,
) -> Result<Entries, Refused> {
    outline.written_here(list)?;
    let entries = places(outline, list, change);
    let is_empty = outline.inside(list).is_empty();
    if is_empty && let Some(margin) = opened(outline, list, to)? {
        let mut new = String::new();
        for entry in &change.added {
            let text = written(outline, entry, margin, 1);
            let is_apart = is_long(entry) && !new.is_empty();
            if is_apart {
                new.push_str(outline.end_of_line);
            }
            new.push_str(&text);
        }
        put(outline, outline.line_end(outline.end(list)), &new, to);
    } else if outline.is_flow(list) {
        flow::splices(outline, list, change, &entries, to)?;
    } else {
        block(outline, list, change, &entries, to)?;
    }
    Ok(entries)
}

/// The order in which a list holds what stays and what is new: behind the last, or where the list is in order there too.
fn places(outline: &Outline<'_>, list: Part, change: &ListChange) -> Entries {
    let old = outline.inside(list);
    let words: Vec<String> = old.iter().map(|it| sort_key(outline.node(*it))).collect();
    let in_order = old.len() > 1 && words.is_sorted() && is_one_run(outline, list);
    let mut entries: Vec<(usize, bool, Entry)> = Vec::new();
    for added in &change.added {
        let key = yaml_key(&added.value);
        let at = if in_order { words.partition_point(|it| *it <= key) } else { old.len() };
        entries.push((at, false, Entry::New(added.clone())));
    }
    if in_order {
        entries.sort_by_cached_key(|(at, _, it)| match it {
            Entry::New(it) => (*at, yaml_key(&it.value)),
            Entry::Kept(_) => (*at, String::new()),
        });
    }
    let kept = (0..old.len()).filter(|it| !change.removed.contains(it));
    entries.extend(kept.map(|at| (at, true, Entry::Kept(at))));
    // Stable: what is new stays in its order, before the entry that it precedes.
    entries.sort_by_key(|it| (it.0, it.1));
    entries.into_iter().map(|it| it.2).collect()
}

/// Whether no comment or blank line parts the entries.
fn is_one_run(outline: &Outline<'_>, list: Part) -> bool {
    if outline.is_flow(list) {
        return true;
    }
    let blocks: Result<Vec<Block>, Refused> =
        outline.inside(list).iter().map(|it| Block::of(outline, *it)).collect();
    blocks.is_ok_and(|it| it.windows(2).all(|it| it[0].bottom == it[1].top))
}

/// The text that an entry is found by: the first value that it holds.
fn sort_key(node: Node<'_>) -> String {
    let first = match node.form() {
        Form::Scalar | Form::Wrong => return node.scalar().unwrap_or_default().to_lowercase(),
        Form::List => node.items().next(),
        Form::Mapping => node.entries().next().map(|it| it.1),
    };
    first.map(sort_key).unwrap_or_default()
}

fn yaml_key(value: &Yaml) -> String {
    match value {
        Yaml::Scalar(text) => text.trim_matches('"').to_lowercase(),
        Yaml::List(_, items) => items.first().map(|it| yaml_key(&it.value)).unwrap_or_default(),
        Yaml::Map(_, keys) => keys.first().map(|it| yaml_key(&it.1.value)).unwrap_or_default(),
        Yaml::Marked(_, value) => yaml_key(value),
        Yaml::Lines(_) | Yaml::End => String::new(),
    }
}

/// The lines of an entry.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// Where its first line starts.
    top: usize,
    /// Where the line after its last one starts, with the comments that belong to it.
    bottom: usize,
    /// What stands before the dash, and between it and the entry.
    margin: usize,
    gap: usize,
}

impl Block {
    fn of(outline: &Outline<'_>, entry: Part) -> Result<Self, Refused> {
        let (text, start) = (outline.text, outline.node(entry).span().start);
        let top = outline.line_start(start);
        let before = &text[top..start];
        let margin = before.bytes().take_while(|it| *it == b' ').count();
        let dash = before[margin..].strip_prefix('-').ok_or_else(|| outline.odd(entry))?;
        let gap = dash.bytes().take_while(|it| *it == b' ').count();
        // An anchor or tag before the entry goes with it.
        if gap == 0 || dash[gap..].starts_with(['-', '?']) {
            return Err(outline.odd(entry));
        }
        let end = outline.end(entry).max(start);
        if !outline.ends_line(end) {
            return Err(outline.odd(entry));
        }
        let mut bottom = outline.line_end(end);
        while let Some(indent) = comment_line(outline, bottom)
            && indent > margin
        {
            bottom = outline.line_end(bottom);
        }
        Ok(Self { top, bottom, margin, gap })
    }
}

/// How far the comment is indented that is all of a line; `None` where the line is something else.
fn comment_line(outline: &Outline<'_>, at: usize) -> Option<usize> {
    let line = &outline.text[at..outline.line_end(at)];
    let rest = line.trim_start_matches(' ');
    rest.starts_with('#').then(|| line.len() - rest.len())
}

fn is_blank(outline: &Outline<'_>, at: usize) -> bool {
    at < outline.text.len() && outline.text[at..outline.line_end(at)].trim().is_empty()
}

/// Where the line before starts.
fn line_before(outline: &Outline<'_>, at: usize) -> Option<usize> {
    at.checked_sub(1).map(|it| outline.line_start(it))
}

fn block(
    outline: &Outline<'_>,
    list: Part,
    change: &ListChange,
    entries: &Entries,
    to: &mut Vec<Splice>,
) -> Result<(), Refused> {
    let parts = outline.inside(list);
    let blocks: Vec<Block> = parts.iter().map(|it| Block::of(outline, *it)).collect::<Result<_, _>>()?;
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Err(outline.odd(list)) };
    if blocks.iter().any(|it| it.margin != first.margin) {
        return Err(outline.odd(list));
    }
    let before = to.len();
    removals(outline, &blocks, change, to);
    let top = to[before..].first().map_or(first.top, |it| it.range.start.min(first.top));
    if change.removed.len() == blocks.len() && change.added.is_empty() {
        to.push(emptied(outline, list)?);
        return Ok(());
    }
    // Long entries are told apart by a blank line, unless those that are there are not.
    let is_apart = match &blocks[..] {
        [.., a, b] => a.bottom < b.top && is_blank(outline, a.bottom),
        _ => true,
    };
    let quote = flow::quote_of(outline, parts);
    // What is new stands behind the entry that stays before it.
    let mut new: Vec<(usize, String)> = Vec::new();
    let mut at = top;
    for entry in entries {
        match entry {
            Entry::Kept(kept) => at = blocks[*kept].bottom,
            Entry::New(entry) => {
                let text = written(outline, &flow::quoted(entry, quote), last.margin, last.gap);
                let text =
                    if is_apart && is_long(entry) { format!("{}{text}", outline.end_of_line) } else { text };
                match new.last_mut().filter(|it| it.0 == at) {
                    Some((_, texts)) => texts.push_str(&text),
                    None => new.push((at, text)),
                }
            }
        }
    }
    for (at, texts) in new {
        put(outline, at, &texts, to);
    }
    Ok(())
}

/// Whether an entry is told apart from others by a blank line.
fn is_long(entry: &Noted) -> bool {
    matches!(entry.value, Yaml::Map(Style::Block, _))
}

/// Cuts out entries with what belongs to them.
fn removals(outline: &Outline<'_>, blocks: &[Block], change: &ListChange, to: &mut Vec<Splice>) {
    // Entries that stand directly below each other, without a comment between them, are a run.
    let mut from = 0;
    while from < blocks.len() {
        let run = blocks[from..].windows(2).take_while(|it| it[0].bottom == it[1].top).count() + 1;
        let run = from..from + run;
        let goes = run.clone().all(|it| change.removed.contains(&it));
        for at in run.clone().filter(|it| change.removed.contains(it)) {
            let (mut top, mut bottom) = (blocks[at].top, blocks[at].bottom);
            if goes && at == run.start {
                let floor = at.checked_sub(1).map_or(0, |it| blocks[it].bottom);
                let above = |it: &usize| *it >= floor;
                while let Some(line) = line_before(outline, top).filter(above)
                    && comment_line(outline, line) == Some(blocks[at].margin)
                {
                    top = line;
                }
                let last = blocks[run.end - 1].bottom;
                let is_end = last >= outline.text.len() || is_blank(outline, last);
                while is_end
                    && let Some(line) = line_before(outline, top).filter(above)
                    && is_blank(outline, line)
                {
                    top = line;
                }
            }
            // What is first now follows the key directly, as what was first did.
            while goes
                && run.start == 0
                && at + 1 == run.end
                && run.end < blocks.len()
                && is_blank(outline, bottom)
            {
                bottom = outline.line_end(bottom);
            }
            to.push(Splice { range: top..bottom, text: String::new() });
        }
        from = run.end;
    }
}

/// The brackets of a list without entries, behind its key.
fn emptied(outline: &Outline<'_>, list: Part) -> Result<Splice, Refused> {
    let key = outline.key(list).ok_or_else(|| outline.odd(list))?;
    let colon = outline.after_colon(key);
    // An anchor, or a tag.
    if !outline.ends_line(colon) {
        return Err(outline.odd(list));
    }
    Ok(Splice { range: colon..colon, text: " []".to_owned() })
}

/// Takes away the brackets of an empty list, where it stands behind a key, and returns how far its entries are to be
/// indented.
fn opened(outline: &Outline<'_>, list: Part, to: &mut Vec<Splice>) -> Result<Option<usize>, Refused> {
    let Some((key, mapping)) = outline.key(list).zip(outline.parent(list)) else { return Ok(None) };
    let (span, colon) = (outline.node(list).span(), outline.after_colon(key));
    if outline.is_flow(mapping) || outline.text[span.clone()].contains(['\n', '#']) {
        return Ok(None);
    }
    let before = outline.text[colon..span.start].trim();
    if !before.is_empty() || !outline.ends_line(span.end) {
        return Err(outline.odd(list));
    }
    to.push(Splice { range: colon..span.end, text: String::new() });
    Ok(Some(outline.column(key.span().start) + step(outline, key.scalar())))
}

/// By how much lists stand to the right of their keys in this file: those of the same name, else any inside.
fn step(outline: &Outline<'_>, key: Option<&str>) -> usize {
    let shown = |part: &Part| {
        let key = outline.key(*part)?;
        let first = outline.inside(*part).first()?;
        let is_block = outline.node(*part).form() == Form::List && !outline.is_flow(*part);
        let margin = is_block.then(|| Block::of(outline, *first).ok())??.margin;
        Some((key.scalar(), margin.checked_sub(outline.column(key.span().start))?))
    };
    let shown: Vec<_> = outline.parts().filter_map(|it| shown(&it)).collect();
    let same = shown.iter().find(|it| it.0 == key).or(shown.last());
    same.map_or(STEP, |it| it.1)
}

/// The lines of an entry.
fn written(outline: &Outline<'_>, entry: &Noted, margin: usize, gap: usize) -> String {
    let blank = |n: usize| " ".repeat(n);
    let mut text = String::new();
    for line in &entry.above {
        text.push_str(&format!("{}{line}\n", blank(margin)));
    }
    let column = margin + 1 + gap;
    let lines = entry.value.lines(column, entry.beside.as_deref());
    text.push_str(&format!("{}-{}{}", blank(margin), blank(gap), &lines[column..]));
    text.replace('\n', outline.end_of_line)
}

/// Puts lines in where a line starts, or behind a last line that does not end.
pub(super) fn put(outline: &Outline<'_>, at: usize, lines: &str, to: &mut Vec<Splice>) {
    let mut text = lines.to_owned();
    if at == outline.text.len() && !outline.text.is_empty() && !outline.text.ends_with('\n') {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        text.insert_str(0, outline.end_of_line);
    }
    to.push(Splice { range: at..at, text });
}
