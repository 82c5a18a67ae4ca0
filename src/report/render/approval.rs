//! What an approval does not cover, in words. Raw: whoever prints them escapes them.

use crate::{
    model::{
        direct::Kind,
        ids::RoleId,
        plan::{Change, ChangeKind, DirectEffect, GrantEffect, GroupChange, Plan, UserChange},
    },
    plan::approval::{Beyond, Difference},
};

use super::{direct, scope::Words};

/// Returns one line for each difference, `GROUP: what would happen` or `PERSON: …`; they are of `new`.
pub fn lines(new: &Plan, differences: &[Difference]) -> Vec<String> {
    let words = Words::new(new);
    let line = |it: &Difference| {
        let said = match new.change(it.change) {
            Some(Change::Group(change)) => what(&it.what, Some(change), None, &words),
            Some(Change::User(change)) => what(&it.what, None, Some(change), &words),
            None => String::new(),
        };
        format!("{}: {said}", new.title(it.change))
    };
    differences.iter().map(line).collect()
}

fn what(
    beyond: &Beyond,
    group: Option<&GroupChange>,
    user: Option<&UserChange>,
    words: &Words<'_>,
) -> String {
    match beyond {
        Beyond::Created => "would be created".to_owned(),
        Beyond::Deleted => "would be deleted".to_owned(),
        Beyond::Renamed => match group.map(|it| &it.kind) {
            Some(ChangeKind::Alter { after, .. }) => format!("would be renamed to {}", after.name),
            Some(ChangeKind::Create { .. } | ChangeKind::Delete { .. }) | None => {
                "would be renamed".to_owned()
            }
        },
        Beyond::Described => "would get another description".to_owned(),
        Beyond::Role(role) => effect(*role, group, words),
        Beyond::Holds(role, scope) => {
            format!("has {} on {} by now", words.role(*role), words.scope(scope))
        }
        Beyond::Joins(user) => format!("{} would join", words.person(*user)),
        Beyond::Leaves(user) => format!("{} would leave", words.person(*user)),
        Beyond::Direct(kind) => direct_effect(kind, user, words),
        Beyond::HoldsDirect(kind) => {
            let held = user.and_then(|it| it.before.get(kind).map(|it| direct::role(it, words)));
            format!("has {} by now", held.unwrap_or_else(|| direct::kind(kind, words)))
        }
    }
}

fn direct_effect(kind: &Kind, user: Option<&UserChange>, words: &Words<'_>) -> String {
    let changed =
        user.and_then(|it| it.roles.iter().find(|it| it.effect.kind() == kind)).map(|it| &it.effect);
    match changed {
        Some(DirectEffect::Add { role }) => format!("would get {}", direct::role(role, words)),
        Some(DirectEffect::Change { before, after }) => {
            let before = direct::travellers(before.travellers(), words);
            format!("would get {} instead of {before}", direct::role(after, words))
        }
        Some(DirectEffect::Remove { role, .. }) => format!("would lose {}", direct::role(role, words)),
        None => format!("{} would change", direct::kind(kind, words)),
    }
}

fn effect(role: RoleId, change: Option<&GroupChange>, words: &Words<'_>) -> String {
    let name = words.role(role);
    match change.and_then(|it| it.grants.iter().find(|it| it.role == role)).map(|it| &it.effect) {
        Some(GrantEffect::Add { scope }) => format!("would get {name} on {}", words.scope(scope)),
        Some(GrantEffect::Rescope { before, after, .. }) => {
            let (before, after) = words.rescope(before, after);
            format!("would get {name} on {after} instead of {before}")
        }
        Some(GrantEffect::Remove { scope, .. }) => format!("would lose {name} on {}", words.scope(scope)),
        None => format!("{name} would change"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan::approval::differences, report::render::fixture::everyday};

    #[test]
    fn each_difference_has_its_line() {
        let new = everyday();
        let nothing = lines(&new, &differences(&new, &new));
        assert_eq!(nothing, [""; 0]);
        let mut approved = everyday();
        approved.changes.remove(2);
        approved.changes[0].members.clear();
        approved.changes[0].grants.clear();
        let said = lines(&new, &differences(&approved, &new));
        assert_eq!(
            said[..6],
            [
                "Dedicated Client Agents: would get Agent on company globex, initech instead of company globex",
                "Dedicated Client Agents: would get Trip Manager on company globex",
                "Dedicated Client Agents: ana@voyager.example would join",
                "Dedicated Client Agents: dee@voyager.example would leave",
                "Winter Migration: would be deleted",
                "Winter Migration: would lose Trip Manager on company globex, initech",
            ]
        );
        let mut grown = everyday();
        grown.changes[0].grants.remove(0);
        let scope = crate::report::render::fixture::companies([0, 1, 2]);
        grown.changes[0].before.as_mut().unwrap().grants[0].scope = scope;
        assert_eq!(
            lines(&grown, &differences(&new, &grown)),
            ["Dedicated Client Agents: has Agent on company globex, initech, umbrella by now"]
        );
    }
}
