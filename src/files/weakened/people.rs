//! What is said less of people than in the base: direct roles, that somebody leaves, and who approves.

use super::{Said, managed, word};
use crate::{
    files::declared::{DeclaredUser, TraitValue},
    model::{ids::PersonRef, selector::Attribute, source::Place},
};

/// What is weaker, before, after, and why that matters.
type Row = (String, Said, Said, &'static str);

/// Adds what the new files say less of a person whom an entry of the base names.
pub(super) fn less(user: &DeclaredUser, now: Option<&DeclaredUser>, is_partial: bool, rows: &mut Vec<Row>) {
    let what = format!("user {}", user.person);
    let Some(now) = now else {
        if !is_partial {
            rows.push((what, Some((said(user), Some(user.from))), None, gone(user)));
        }
        return;
    };
    if managed(now.roles.rest) < managed(user.roles.rest) {
        let said = |it: &DeclaredUser| Some((word(it.roles.rest).to_owned(), Some(it.from)));
        rows.push((what.clone(), said(user), said(now), "direct roles that are not declared stay"));
    }
    if leaves(user) && !now.says(Attribute::Active) {
        let before = Some(("false".to_owned(), place(user, Attribute::Active)));
        let why = "the account is left alone: if somebody activates it, it stays so";
        rows.push((format!("{what}, active"), before, None, why));
    }
    let [before, after] = [user, now].map(|it| it.people_of(Attribute::Approvers).collect::<Vec<_>>());
    // Another one in the place of one is a change that the plan shows.
    if after.len() < before.len() && after.iter().all(|it| before.contains(it)) {
        let said = |it: &[&PersonRef], user| {
            let named: Vec<String> = it.iter().map(ToString::to_string).collect();
            (!named.is_empty()).then(|| (named.join(", "), place(user, Attribute::Approvers)))
        };
        let why = match after.is_empty() {
            true => "who approves is left as it is",
            false => "fewer people are to approve",
        };
        rows.push((format!("{what}, approvers"), said(&before, user), said(&after, now), why));
    }
}

fn place(user: &DeclaredUser, attribute: Attribute) -> Option<Place> {
    user.traits.iter().find(|it| it.attribute == attribute).map(|it| it.from)
}

fn leaves(user: &DeclaredUser) -> bool {
    user.said(Attribute::Active) == Some("false")
}

/// What an entry declares, in the words of the files.
fn said(user: &DeclaredUser) -> String {
    let roles = user.says_roles.then(|| format!("direct roles {}", word(user.roles.rest)));
    let traits = user.traits.iter().map(|it| match &it.value {
        TraitValue::Ready(value) if it.attribute == Attribute::Active => format!("active: {value}"),
        TraitValue::Ready(_) | TraitValue::Named(_) | TraitValue::People(_) => {
            it.attribute.as_str().to_owned()
        }
    });
    roles.into_iter().chain(traits).collect::<Vec<_>>().join(", ")
}

/// What it means that no entry names the person any more.
fn gone(user: &DeclaredUser) -> &'static str {
    match (leaves(user), user.says_roles) {
        (true, _) => "no file names the person any more: if somebody activates the account, it stays so",
        (false, true) => "no file names the person any more: direct roles are left alone",
        (false, false) => "no file names the person any more: what was declared is left alone",
    }
}
