//! Who still names those who leave, and how far it was looked at who does, in words. Raw: formats escape them.

use crate::model::{
    acting::Right,
    plan::{Leaver, LookUps, Plan, Still, Unasked},
    source::Sources,
};

use super::{counted, named, scope::Words, thousands};

/// A line for each, and then for each company of which not everybody was looked at.
pub(super) fn lines(plan: &Plan, words: &Words<'_>, sources: &Sources) -> Vec<String> {
    let leavers = plan.leavers.iter().map(|it| {
        let place = it.from.map(|it| format!(" ({})", sources.line(it))).unwrap_or_default();
        leaver(it, words) + &place
    });
    leavers.chain(plan.look_ups.iter().map(|it| look_ups(it, words))).collect()
}

/// What somebody who leaves still is to others.
pub(super) fn leaver(leaver: &Leaver, words: &Words<'_>) -> String {
    let over = |it: &Still| named(it.over.iter().map(|it| words.person(*it)));
    let is = |it: &Still| match (it.right, it.only) {
        (Right::Arranger, _) => None,
        (Right::Manager, _) => Some(format!("manager of {}", over(it))),
        (Right::Approver, false) => Some(format!("one of the approvers of {}", over(it))),
        (Right::Approver, true) => Some(format!("the only approver of {}", over(it))),
    };
    let is: Vec<String> = leaver.still.iter().rev().filter_map(is).collect();
    let books = leaver.still.iter().find(|it| it.right == Right::Arranger);
    let mut said = Vec::new();
    if !is.is_empty() {
        said.push(format!("is still {}", is.join(", ")));
    }
    said.extend(books.map(|it| format!("may book for {}", over(it))));
    format!("{} {}; name others for them in the same change", words.person(leaver.user), said.join("; "))
}

/// Of how many people of a company it is not known whether they name somebody who leaves, and why.
pub(super) fn look_ups(it: &LookUps, words: &Words<'_>) -> String {
    let company = words.company(it.company);
    let of = match it.active {
        Some(active) => {
            let least = if it.at_least { "at least " } else { "" };
            format!("of {least}{}", counted(active, "active person", "active people"))
        }
        None => "of the active people".to_owned(),
    };
    let looked_at = format!("{of} {} looked at", counted(it.read, "was", "were"));
    let because = match it.because {
        None => "the API does not tell this token about the others".to_owned(),
        Some(Unasked::TooMany) => {
            let most = it.limit.unwrap_or_default();
            let enough = it.active.map_or(most, |all| all.saturating_sub(it.read));
            let more = if it.at_least { " or more" } else { "" };
            format!(
                "as more than {} would have to be asked; `guards: {{ people: {{ lookUps: {enough} }} }}`{more} asks them",
                thousands(most)
            )
        }
        Some(Unasked::Off) => "as `guards: { people: { lookUps: 0 } }` says so".to_owned(),
        Some(Unasked::Snapshot) => {
            "as a snapshot has it of those alone of whom the files declared it; plan from the API".to_owned()
        }
        Some(Unasked::Unlisted) => {
            "as the API does not list who is active; give the token the right to list users".to_owned()
        }
    };
    format!("{company}: who names those who leave is not all known: {looked_at}, {because}")
}
