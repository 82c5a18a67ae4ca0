//! Keys of a mapping come and go, and get other values.

use super::{
    super::{
        tree::{Form, Node},
        yaml::{Noted, Style, WIDTH, Yaml, scalar},
    },
    Refused, Splice, flow,
    list::put,
    outline::{Outline, Part},
};

/// Gives a key a value, be it there or not.
pub(super) fn set(
    outline: &Outline<'_>,
    (of, key): (Part, &str),
    noted: &Noted,
    to: &mut Vec<Splice>,
) -> Result<(), Refused> {
    let Some(old) = outline.value(of, key) else { return add(outline, (of, key), noted, to) };
    let value = &noted.value;
    let (Some(name), text) = (outline.key(old), outline.text) else { return Err(outline.odd(old)) };
    let (span, colon, end) = (outline.node(old).span(), outline.after_colon(name), outline.end(old));
    let before = text[colon..span.start].trim_end();
    // A list that is not indented seems to begin behind its first dash.
    let before = match outline.node(old).form() {
        Form::List if !outline.is_flow(old) => before.strip_suffix('-').unwrap_or(before),
        Form::List | Form::Mapping | Form::Scalar | Form::Wrong => before,
    };
    let is_apart = text[colon..span.start].contains('\n');
    let has_sign = before.trim_start().starts_with(['|', '>']);
    if outline.has_comment(&(colon..end)) {
        return Err(Refused::Comment(outline.line(span.start)));
    }
    if !(before.trim().is_empty() || has_sign && is_apart) {
        return Err(outline.odd(old));
    }
    let line = match value {
        Yaml::Scalar(text) if !outline.is_flow(of) => text.clone(),
        _ => value.bare(),
    };
    let line = match (value, text[span.start..].chars().next()) {
        (Yaml::Scalar(_), Some(quote @ ('"' | '\''))) if !outline.node(old).is_alias() => {
            flow::in_quotes(&line, quote)
        }
        _ => line,
    };
    let fits = outline.column(colon) + 1 + line.chars().count() <= WIDTH;
    if fits || matches!(value, Yaml::Scalar(_)) || outline.is_flow(of) {
        to.push(Splice { range: colon..end, text: format!(" {line}") });
        return Ok(());
    }
    let lines = lines(outline, key, noted, outline.column(name.span().start));
    to.push(Splice { range: name.span().start..end, text: lines.trim().to_owned() });
    Ok(())
}

/// A key with its value, on as many lines as it takes.
fn lines(outline: &Outline<'_>, key: &str, value: &Noted, column: usize) -> String {
    let map = Yaml::Map(Style::Block, vec![(scalar(key), value.clone())]);
    map.lines(column, None).replace('\n', outline.end_of_line)
}

fn add(
    outline: &Outline<'_>,
    (of, key): (Part, &str),
    value: &Noted,
    to: &mut Vec<Splice>,
) -> Result<(), Refused> {
    outline.written_here(of)?;
    let last = outline.inside(of).last().copied();
    let (Some(last), Form::Mapping) = (last, outline.node(of).form()) else { return Err(outline.odd(of)) };
    let end = outline.end(last);
    if outline.is_flow(of) {
        to.push(Splice { range: end..end, text: format!(", {}: {}", scalar(key), value.value.bare()) });
        return Ok(());
    }
    let first = outline.inside(of).first().and_then(|it| outline.key(*it));
    let column = first.map_or(0, |it| outline.column(it.span().start));
    if !outline.ends_line(end) {
        return Err(outline.odd(last));
    }
    put(outline, outline.line_end(end), &lines(outline, key, value, column), to);
    Ok(())
}

/// Takes a key away.
pub(super) fn unset(
    outline: &Outline<'_>,
    (of, key): (Part, &str),
    to: &mut Vec<Splice>,
) -> Result<(), Refused> {
    let Some(old) = outline.value(of, key) else { return Ok(()) };
    let Some(name) = outline.key(old) else { return Err(outline.odd(old)) };
    let at = outline.position(old);
    let (siblings, start, end) = (outline.inside(of), name.span().start, outline.end(old));
    let key_of = |at: usize| siblings.get(at).and_then(|it| outline.key(*it)).map(Node::span);
    let top = outline.line_start(start);
    let is_alone = outline.text[top..start].trim().is_empty() && outline.ends_line(end);
    let range = if !outline.is_flow(of) && is_alone {
        top..outline.line_end(end)
    } else if let Some(next) = key_of(at + 1) {
        start..next.start
    } else if let Some(before) = at.checked_sub(1).map(|it| outline.end(siblings[it])) {
        before..end
    } else {
        return Err(outline.odd(old));
    };
    if !is_alone && outline.has_comment(&range) {
        return Err(Refused::Comment(outline.line(start)));
    }
    to.push(Splice { range, text: String::new() });
    Ok(())
}
