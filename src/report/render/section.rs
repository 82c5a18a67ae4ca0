//! A part of a comment that shows as many of its lines as fit and counts the others.

use std::collections::{BTreeMap, BTreeSet};

use super::{forge::Forge, guards::Outcome, more, notices::Topic, people::Turn, thousands, wording::Fact};
use crate::model::escape;

/// A group with more lines than this is folded.
pub(super) const FOLDED: usize = 20;
/// Things that are said even where what they belong to is left out; the others are counted.
const NEVER_LEFT_OUT: usize = 20;
/// Bytes of such a thing.
const NAME: usize = 100;

const FENCE: &str = "```diff\n";
const FENCE_END: &str = "```\n\n";

/// Groups of lines under a title.
#[derive(Debug)]
pub(super) struct Section {
    /// Empty where the fold says what it is.
    title: &'static str,
    groups: Vec<Group>,
}

/// A heading and the lines below it, which appear with it or not at all.
#[derive(Debug)]
pub(super) struct Group {
    /// What the fold says it holds.
    pub(super) name: String,
    /// Whether it is folded even if it is short.
    pub(super) aside: bool,
    pub(super) items: Vec<Item>,
}

/// One or more whole lines; none of them begins with a backtick, which could end the fence.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) counts: Counts,
    /// How many of them it stands for.
    pub(super) of: usize,
    /// What is said of it even where it is left out.
    pub(super) never_left_out: Vec<String>,
    pub(super) text: String,
}

/// What is missing when an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Counts {
    /// People who gain or lose.
    People(Turn),
    /// A change.
    Change(Fact),
    /// Something withheld.
    Withheld,
    /// What a guard found.
    Guard(Outcome),
    /// Something people should know.
    Notice(Topic),
    /// Nothing: it only says what the next lines are about.
    Nothing,
}

/// A section as far as it fits.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) cut: bool,
}

/// What has to be closed before something else begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Fence,
    Fold,
}

impl Item {
    /// One line about one thing.
    pub(super) fn new(counts: Counts, text: String) -> Self {
        Self { counts, of: 1, never_left_out: Vec::new(), text }
    }
}

impl Open {
    fn end(self, forge: Forge) -> [&'static str; 2] {
        match self {
            Self::Nothing => ["", ""],
            Self::Fence => [FENCE_END, ""],
            Self::Fold => [FENCE_END, forge.fold_end()],
        }
    }

    fn cost(self, forge: Forge) -> usize {
        self.end(forge).iter().map(|it| it.len()).sum()
    }
}

impl Section {
    pub(super) fn new(title: &'static str, groups: Vec<Group>) -> Self {
        Self { title, groups }
    }

    /// Returns how many bytes it needs to say at least what it leaves out.
    pub(super) fn least(&self) -> usize {
        if self.groups.is_empty() { 0 } else { self.heading().len() + left_out(self.items()).len() }
    }

    /// Returns how many bytes it needs to leave nothing out.
    pub(super) fn whole(&self, forge: Forge) -> usize {
        self.render(forge, usize::MAX).text.len()
    }

    pub(super) fn render(&self, forge: Forge, budget: usize) -> Part {
        if self.groups.is_empty() {
            return Part { text: String::new(), cut: false };
        }
        // What is left out is part of all there is, so its counts are not longer.
        let whole = self.within(forge, budget);
        match whole.cut {
            true => self.within(forge, budget.saturating_sub(left_out(self.items()).len())),
            false => whole,
        }
    }

    fn within(&self, forge: Forge, budget: usize) -> Part {
        let mut text = self.heading();
        let mut open = Open::Nothing;
        let mut shown = 0;
        'groups: for group in &self.groups {
            let (opening, after) = group.opening(forge, open);
            let mut before = opening;
            for (at, item) in group.items.iter().enumerate() {
                // A heading with nothing below it says little; it waits for the first line.
                let with = if at == 0 { group.items.get(1).map_or(0, |it| it.text.len() + 1) } else { 0 };
                if text.len() + before.len() + item.text.len() + 1 + with + after.cost(forge) > budget {
                    break 'groups;
                }
                text.push_str(&std::mem::take(&mut before));
                open = after;
                text.push_str(&item.text);
                text.push('\n');
                shown += 1;
            }
        }
        text.extend(open.end(forge));
        let cut = self.items().nth(shown).is_some();
        if cut {
            text.push_str(&left_out(self.items().skip(shown)));
        }
        Part { text, cut }
    }

    fn heading(&self) -> String {
        if self.title.is_empty() { String::new() } else { format!("#### {}\n\n", self.title) }
    }

    fn items(&self) -> impl Iterator<Item = &Item> + Clone {
        self.groups.iter().flat_map(|it| &it.items)
    }
}

impl Group {
    /// Returns what goes before its first line, and what is open then.
    fn opening(&self, forge: Forge, open: Open) -> (String, Open) {
        if self.aside || self.items.len() > FOLDED {
            let fold = forge.fold(&escape::clip(&self.name, 100), &tally(&self.items).1);
            return (open.end(forge).concat() + &fold + FENCE, Open::Fold);
        }
        match open {
            Open::Fence => (String::new(), Open::Fence),
            Open::Nothing | Open::Fold => (open.end(forge).concat() + FENCE, Open::Fence),
        }
    }
}

/// Returns `… and 1,204 more not shown: 900 members added, 304 roles added`.
fn left_out<'a>(items: impl IntoIterator<Item = &'a Item> + Clone) -> String {
    let said: BTreeSet<&str> =
        items.clone().into_iter().flat_map(|it| &it.never_left_out).map(|it| &**it).collect();
    let mut names: Vec<String> =
        said.iter().take(NEVER_LEFT_OUT).map(|it| escape::markdown(&escape::clip(it, NAME))).collect();
    names.extend(more(said.len(), NEVER_LEFT_OUT));
    let said = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
    let (total, counts) = tally(items);
    format!("… and {} more not shown: {counts}{said}\n\n", thousands(total))
}

fn tally<'a>(items: impl IntoIterator<Item = &'a Item>) -> (usize, String) {
    let mut counts: BTreeMap<Counts, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(item.counts).or_default() += item.of;
    }
    counts.remove(&Counts::Nothing);
    let words: Vec<String> = counts
        .iter()
        .map(|(what, n)| match what {
            Counts::People(turn) => turn.counted(*n),
            Counts::Change(fact) => fact.counted(*n),
            Counts::Withheld => format!("{} withheld", thousands(*n)),
            Counts::Guard(outcome) => outcome.counted(*n),
            Counts::Notice(topic) => topic.counted(*n),
            Counts::Nothing => String::new(),
        })
        .collect();
    (counts.values().sum(), words.join(", "))
}
