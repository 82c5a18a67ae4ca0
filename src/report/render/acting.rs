//! Who acts for which people, in words: rows of one right, one line of the files and one doubt together. Raw: formats escape
//! them.

use std::collections::BTreeMap;

use super::{counted, scope::Words};
use crate::{
    model::{
        acting::Right,
        direct::{Kind, Reach, known},
        ids::UserId,
    },
    plan::explain::{Acted, Doubt, Standing},
};

/// People named one by one; the others are counted.
const NAMED: usize = 8;

/// People of whom the same is said.
pub(super) struct Alike<'a> {
    pub(super) right: Right,
    pub(super) standing: &'a Standing,
    pub(super) doubt: Option<Doubt>,
    pub(super) people: Vec<UserId>,
}

/// Brings together of whom the same is said; `whose` is the side that differs.
pub(super) fn alike(all: &[Acted], whose: impl Fn(&Acted) -> UserId) -> Vec<Alike<'_>> {
    type Key<'a> = (Right, Option<Doubt>, String);
    let mut found: BTreeMap<Key<'_>, Alike<'_>> = BTreeMap::new();
    for it in all {
        let (right, doubt) = (it.act.right, it.doubt);
        let key = (right, doubt, format!("{:?}", it.standing));
        let alike =
            found.entry(key).or_insert(Alike { right, standing: &it.standing, doubt, people: Vec::new() });
        alike.people.push(whose(it));
    }
    found.into_values().collect()
}

/// Names people, the first of many.
pub(super) fn named(people: &[UserId], words: &Words<'_>) -> String {
    let mut names: Vec<String> = people.iter().map(|it| words.person(*it)).collect();
    names.sort();
    match names.len().checked_sub(NAMED) {
        None | Some(0) => names.join(", "),
        Some(more) => {
            let all = counted(names.len(), "person", "people");
            format!("{all}: {} and {more} more", names[..NAMED].join(", "))
        }
    }
}

/// Returns for which people somebody acts: `may book for noor@voyager.example`.
pub(super) fn over(right: Right, people: &[UserId], words: &Words<'_>) -> String {
    format!("{} {}", right.verb(), named(people, words))
}

/// The same with how many they are: `may book for 12 people: …`.
pub(super) fn counted_over(right: Right, people: &[UserId], words: &Words<'_>) -> String {
    match people {
        [_] => over(right, people, words),
        all if all.len() > NAMED => over(right, people, words),
        all => format!("{} {}: {}", right.verb(), counted(all.len(), "person", "people"), named(all, words)),
    }
}

/// Returns who acts for somebody: `bo@voyager.example approves for ana@voyager.example`.
pub(super) fn by(right: Right, people: &[UserId], person: UserId, words: &Words<'_>) -> String {
    let verb = if people.len() == 1 { right.verb() } else { right.verb_of_several() };
    let (who, whose) = (named(people, words), words.person(person));
    if people.len() > NAMED { format!("{verb} {whose}: {who}") } else { format!("{who} {verb} {whose}") }
}

/// Returns over which people a role is that names none: `everybody of voyager`.
pub(super) fn everybody(kind: &Kind, words: &Words<'_>) -> String {
    match (known(kind.role_type()), kind.company()) {
        (Some((_, Reach::Company)), Some(company)) => format!("everybody of {}", words.alias(company)),
        (Some((_, Reach::Tmc)), Some(tmc)) => format!("travellers of the TMC {}", words.alias(tmc)),
        (Some((_, Reach::Everything)), _) => "everybody".to_owned(),
        _ => "people that this version cannot read out of it".to_owned(),
    }
}

/// Returns what is odd about it.
pub(super) fn doubt(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::NotOnList => "the role says so, the traveller's own list of arrangers does not",
        Doubt::NotInRole => "the traveller's own list of arrangers says so, the role does not",
        Doubt::Pending => "the traveller has not agreed yet",
        Doubt::Own => "approves for themselves",
        Doubt::Withheld => "withheld: the entry names somebody who is not known or not active",
    }
}
