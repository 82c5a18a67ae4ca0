//! Changes of a YAML file in place: entries come and go, values are replaced, and every other byte stays.
//!
//! The text is cut where the tree says that something stands. What comes out is read again before anybody sees it: it
//! has to mean the old file with just these changes, and to hold every comment but those that went with an entry.
//! What cannot be done so is refused. Reads and writes no file, and knows no key by name but `atLeast`.
//!
//! A comment beside an entry goes with it. So do comment lines directly above it, at the place of its dash, unless they
//! head several entries: they go with the last entry before the next comment or blank line. Comment lines below that
//! are indented deeper than the dash go with the entry as well.

use std::{collections::BTreeMap, fmt, ops::Range};

use super::{
    tree::{self, Form},
    yaml::{Noted, Style, Yaml, scalar},
};
use crate::model::source::{FileId, Place};

use meaning::{ListChange, Meaning};
use outline::{Outline, Part};

mod flow;
mod key;
mod list;
mod meaning;
mod outline;
#[cfg(test)]
mod tests;

/// Where something stands: line and column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Spot {
    line: u32,
    column: u32,
}

/// What shall be changed. A mapping is named by its place, or by that of one of its values; the outermost by none.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The entry of a list that stands there goes.
    Remove(Spot),
    /// The entry of a list goes that is a mapping of which a key has its value there.
    RemoveAround(Spot),
    /// The list of a key gets an entry; where the key is missing, the list begins with it.
    Insert { of: Option<Spot>, key: &'static str, entry: Noted },
    /// A key has another value, or is new.
    Set { of: Option<Spot>, key: &'static str, value: Yaml },
    /// A new key of the mapping that is reached by these keys from the outermost; mappings that are missing are made.
    Name { path: [&'static str; 2], name: Box<str>, value: Noted },
    /// A key goes.
    Unset { of: Spot, key: &'static str },
}

/// Why a file is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("line {0} is written in a form that is not edited")]
    Odd(usize),
    #[error("what stands in line {0} is said elsewhere in the file, behind an anchor")]
    Alias(usize),
    #[error("a comment would be lost in line {0}")]
    Comment(usize),
    #[error("nothing stands there any more")]
    Astray,
    #[error("an anchor or alias makes the change reach further than it should")]
    Meaning,
}

/// What a person would do by hand.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |value: &Yaml| value.document().trim_end().to_owned();
        let lines =
            |key: &str, value: &Noted| whole(&Yaml::Map(Style::Block, vec![(key.to_owned(), value.clone())]));
        match self {
            Self::Remove(Spot { line, .. }) => write!(f, "take out the entry in line {line}"),
            Self::RemoveAround(Spot { line, .. }) => write!(f, "take out the entry around line {line}"),
            Self::Insert { key, entry, .. } => {
                write!(f, "add:\n{}", lines(key, &Yaml::block(vec![entry.clone()]).into()))
            }
            Self::Set { of, key, value } => {
                let line = of.map_or(1, |it| it.line);
                write!(f, "write at line {line}:\n{}", lines(key, &value.clone().into()))
            }
            Self::Name { path, name, value } => {
                write!(f, "add below `{}`:\n{}", path.join("."), lines(name, value))
            }
            Self::Unset { of: Spot { line, .. }, key } => write!(f, "take out `{key}` at line {line}"),
        }
    }
}

impl From<Place> for Spot {
    fn from(it: Place) -> Self {
        Self { line: it.line.get(), column: it.column }
    }
}

/// What is to be put in place of a stretch of the text.
#[derive(Clone, Debug)]
struct Splice {
    range: Range<usize>,
    text: String,
}

/// The text with the changes.
///
/// # Errors
///
/// Where one of them cannot be made without touching anything else; then none is.
pub(crate) fn edited(text: &str, changes: &[Change]) -> Result<String, Refused> {
    let tree = tree::parse(text, FileId::default(), &mut Vec::new());
    let outline = Outline::new(text, tree.root().ok_or(Refused::Astray)?);
    let mut changed = Changed::default();
    for change in changes {
        changed.take(&outline, change)?;
    }
    let mut splices = Vec::new();
    let mut expected = meaning::Changes::default();
    // From the inside out: of what comes in one place, what belongs to the innermost is first.
    for of in outline.parts().rev() {
        if let Some(change) = changed.lists.get(&of) {
            expected.lists.insert(of, list::splices(&outline, of, change, &mut splices)?);
        }
        for ((_, key), value) in changed.keys.range((of, "".into())..).take_while(|it| it.0.0 == of) {
            match value {
                Some(value) => key::set(&outline, (of, key), value, &mut splices)?,
                None => key::unset(&outline, (of, key), &mut splices)?,
            }
            expected.keys.push((of, key.clone(), value.as_ref().map(|it| it.value.clone())));
        }
    }
    let after = spliced(text, &mut splices)?;
    let meant = expected.applied(&outline);
    let tree = tree::parse(&after, FileId::default(), &mut Vec::new());
    if tree.root().map(Meaning::of) != Some(meant) {
        return Err(Refused::Meaning);
    }
    comments_kept(&outline, &splices, &after)?;
    Ok(after)
}

/// The changes, by what they are made in.
#[derive(Default)]
struct Changed {
    lists: BTreeMap<Part, ListChange>,
    keys: BTreeMap<(Part, Box<str>), Option<Noted>>,
}

impl Changed {
    fn take(&mut self, outline: &Outline<'_>, change: &Change) -> Result<(), Refused> {
        match change {
            Change::Remove(spot) | Change::RemoveAround(spot) => {
                let entry = match change {
                    Change::RemoveAround(_) => outline.mapping(Some(*spot))?,
                    _ => outline.at(*spot)?,
                };
                let list = outline.parent(entry).filter(|it| outline.node(*it).form() == Form::List);
                let list = list.ok_or_else(|| outline.odd(entry))?;
                self.lists.entry(list).or_default().removed.insert(outline.position(entry));
            }
            Change::Insert { of, key, entry } => {
                let of = outline.mapping(*of)?;
                let Some(value) = outline.value(of, key) else {
                    // Several entries of a list that is to be made make one list.
                    let list = || Some(Yaml::block(Vec::new()).into());
                    let value = self.keys.entry((of, (*key).into())).or_insert_with(list);
                    if let Some(Noted { value: Yaml::List(_, entries), .. }) = value {
                        entries.push(entry.clone());
                    }
                    return Ok(());
                };
                let list = match outline.node(value).form() {
                    Form::Mapping => outline.value(value, "atLeast").ok_or(Refused::Astray)?,
                    Form::List | Form::Scalar | Form::Wrong => value,
                };
                outline.written_here(list)?;
                if outline.node(list).form() != Form::List {
                    return Err(outline.odd(list));
                }
                self.lists.entry(list).or_default().added.push(entry.clone());
            }
            Change::Set { of, key, value } => {
                self.keys.insert((outline.mapping(*of)?, (*key).into()), Some(value.clone().into()));
            }
            Change::Name { path, name, value } => self.name(outline, path, (name, value))?,
            Change::Unset { of, key } => {
                self.keys.insert((outline.mapping(Some(*of))?, (*key).into()), None);
            }
        }
        Ok(())
    }

    fn name(
        &mut self,
        outline: &Outline<'_>,
        path: &[&'static str],
        (name, value): (&str, &Noted),
    ) -> Result<(), Refused> {
        let (mut of, mut rest) = (Outline::root(), path);
        while let [first, after @ ..] = rest
            && let Some(inside) = outline.value(of, first)
        {
            outline.written_here(inside)?;
            if outline.node(inside).form() != Form::Mapping {
                return Err(outline.odd(inside));
            }
            (of, rest) = (inside, after);
        }
        let Some((first, rest)) = rest.split_first() else {
            self.keys.insert((of, name.into()), Some(value.clone()));
            return Ok(());
        };
        // At the top of a file, what is new stands apart.
        let above = if of == Outline::root() { vec![String::new()] } else { Vec::new() };
        let map = || Some(Noted { above, ..Yaml::Map(Style::Block, Vec::new()).into() });
        let made = self.keys.entry((of, (*first).into())).or_insert_with(map);
        if let Some(Noted { value: Yaml::Map(_, keys), .. }) = made {
            nest(keys, rest, (name, value));
        }
        Ok(())
    }
}

/// A key to be made, with the mappings that lead to it.
fn nest(keys: &mut Vec<(String, Noted)>, path: &[&str], (name, value): (&str, &Noted)) {
    let Some((first, rest)) = path.split_first() else {
        return keys.push((scalar(name), value.clone()));
    };
    let at = keys.iter().position(|it| it.0 == *first).unwrap_or_else(|| {
        keys.push(((*first).to_owned(), Yaml::Map(Style::Block, Vec::new()).into()));
        keys.len() - 1
    });
    if let Yaml::Map(_, inside) = &mut keys[at].1.value {
        nest(inside, rest, (name, value));
    }
}

fn spliced(text: &str, splices: &mut [Splice]) -> Result<String, Refused> {
    // What is put in comes before what begins there and goes.
    splices.sort_by_key(|it| (it.range.start, it.range.end));
    let (mut after, mut done) = (String::with_capacity(text.len()), 0);
    for Splice { range, text: new } in splices {
        // What goes may go for two reasons; nothing else may lie inside of another.
        if range.start < done && !new.is_empty() {
            return Err(Refused::Astray);
        }
        after.push_str(&text[done..range.start.max(done)]);
        after.push_str(new);
        done = range.end.max(done);
    }
    after.push_str(&text[done..]);
    Ok(after)
}

/// Makes sure that every comment is still there, in order, but those that stood in what went.
fn comments_kept(outline: &Outline<'_>, splices: &[Splice], after: &str) -> Result<(), Refused> {
    let gone = |it: &Range<usize>| splices.iter().any(|s| s.range.start <= it.start && it.end <= s.range.end);
    let mut now = tree::comments(after).into_iter().map(|it| after[it].trim_end());
    for kept in outline.comments.iter().filter(|it| !gone(it)) {
        let kept_text = outline.text[kept.clone()].trim_end();
        if !now.any(|it| it == kept_text) {
            return Err(Refused::Comment(outline.line(kept.start)));
        }
    }
    Ok(())
}
