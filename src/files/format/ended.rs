//! Entries of lists whose `until` has come: taken out, or told of.

use jiff::Timestamp;

use super::{Ended, Fate, order::Entry};
use crate::{
    files::{shape::AT_LEAST, tree::Node, yaml::Noted},
    model::date,
};

/// Whether an entry of a list has an end, and that has come. A group whose time is over is not meant: it is deleted by its
/// entry, and would be left alone without it.
pub(super) fn has_ended(entry: Node<'_>, now: Timestamp) -> bool {
    if entry.entries().any(|it| it.0.scalar() == Some("members")) {
        return false;
    }
    let until = entry.entries().find(|it| it.0.scalar() == Some("until")).and_then(|it| it.1.text());
    // A file alone does not say in which time zone its days end.
    until.and_then(|it| date::through_end(it, &date::last_zone())).is_some_and(|end| end <= now)
}

/// Whether the list under a key of a mapping keeps what has ended: under `atLeast` only such an entry takes access away, and
/// beside rules for members it keeps out whom it names.
pub(super) fn keeps_ended(of: Node<'_>, key: &str) -> bool {
    let has_rules = || of.entries().any(|it| it.0.scalar() == Some("membersFrom"));
    key == AT_LEAST || key == "members" && has_rules()
}

/// The entries that have not ended. With an entry goes what is behind and in it, and what is above it if that is about it
/// alone: not if the next stands right below it. What is left over stands above the next, or before `end`.
pub(super) fn without<'n>(
    entries: Vec<(Entry<'n>, Noted)>,
    now: Timestamp,
    end: &mut Vec<String>,
) -> (Vec<(Entry<'n>, Noted)>, Vec<Ended>) {
    let (mut kept, mut gone) = (Vec::with_capacity(entries.len()), Vec::new());
    let mut left: Vec<String> = Vec::new();
    let mut rest = entries.into_iter().peekable();
    while let Some((entry, mut noted)) = rest.next() {
        left.append(&mut noted.above);
        if !has_ended(entry.value, now) {
            noted.above = std::mem::take(&mut left);
            kept.push((entry, noted));
            continue;
        }
        let is_alone = rest.peek().is_none_or(|it| !it.1.above.is_empty());
        let about = left.iter().rposition(String::is_empty).map_or(0, |it| it + 1);
        let mut comments = left.split_off(if is_alone { about } else { left.len() });
        noted.comments(&mut comments);
        let fate = if kept.is_empty() && rest.peek().is_none() { Fate::LastOut } else { Fate::Out };
        gone.push(told(entry, &noted, comments, fate));
    }
    left.append(end);
    *end = left;
    (kept, gone)
}

/// All entries, and those of them that have ended.
pub(super) fn with<'n>(
    entries: Vec<(Entry<'n>, Noted)>,
    now: Timestamp,
) -> (Vec<(Entry<'n>, Noted)>, Vec<Ended>) {
    let kept = entries.iter().filter(|it| has_ended(it.0.value, now));
    let told = kept.map(|(entry, noted)| told(*entry, noted, Vec::new(), Fate::Kept)).collect();
    (entries, told)
}

fn told(entry: Entry<'_>, noted: &Noted, comments: Vec<String>, fate: Fate) -> Ended {
    Ended { line: entry.value.position().0, entry: noted.value.bare(), comments, fate }
}
