//! Relative dates such as `+30d`, which are written as the day that they mean.

use std::{borrow::Cow, ops::Range};

use jiff::civil::Date;

use crate::{
    files::tree::{self, Node},
    model::{date, source::FileId},
};

/// The keys that take a day.
const KEYS: [&str; 3] = ["from", "since", "until"];

/// The text of a file with the days that its relative dates mean today in their place; every other byte stays.
pub fn dated(text: &str, today: Date) -> Cow<'_, str> {
    let tree = tree::parse(text, FileId::default(), &mut Vec::new());
    let mut found = Vec::new();
    tree.root().into_iter().for_each(|it| collect(it, today, &mut found));
    // From the end, so that the places before it stay what they are.
    found.sort_by_key(|it: &(Range<usize>, Date)| std::cmp::Reverse(it.0.start));
    found.dedup();
    found.into_iter().fold(Cow::Borrowed(text), |mut text, (span, day)| {
        text.to_mut().replace_range(span, &day.to_string());
        text
    })
}

fn collect(node: Node<'_>, today: Date, found: &mut Vec<(Range<usize>, Date)>) {
    node.items().for_each(|it| collect(it, today, found));
    for (key, value) in node.entries() {
        let day = value.scalar().filter(|_| key.scalar().is_some_and(|it| KEYS.contains(&it)));
        match day.and_then(|it| date::relative(it, today)) {
            Some(day) if !value.is_alias() => found.push((value.span(), day)),
            Some(_) | None => collect(value, today, found),
        }
    }
}
