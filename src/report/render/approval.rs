//! What an approval does not cover, in words. Raw: whoever prints them escapes them.

use crate::{
    model::{
        ids::RoleId,
        plan::{Change, Plan},
        selector::Attribute,
        state::Edit,
    },
    plan::approval::{Beyond, Difference},
};

use super::{direct, scope::Words};

/// Returns one line for each difference, `GROUP: what would happen` or `PERSON: …`; they are of `new`.
pub fn lines(new: &Plan, differences: &[Difference]) -> Vec<String> {
    let words = Words::new(new);
    let line = |it: &Difference| {
        let said = new.change(it.change).map_or_else(String::new, |change| what(&it.what, &change, &words));
        format!("{}: {said}", new.title(it.change))
    };
    differences.iter().map(line).collect()
}

fn what(beyond: &Beyond, change: &Change<'_>, words: &Words<'_>) -> String {
    match beyond {
        Beyond::Created => "would be created".to_owned(),
        Beyond::Deleted => "would be deleted".to_owned(),
        Beyond::Renamed => match change.attributes_after() {
            Some(after) => format!("would be renamed to {}", after.name),
            None => "would be renamed".to_owned(),
        },
        Beyond::Described => "would get another description".to_owned(),
        Beyond::Role(role) => grant(*role, change, words),
        Beyond::Holds(role, scope) => {
            format!("has {} on {} by now", words.role(*role), words.scope(scope))
        }
        Beyond::Joins(user) => format!("{} would join", words.person(*user)),
        Beyond::Leaves(user) => format!("{} would leave", words.person(*user)),
        Beyond::Direct(kind) => match change.direct().find(|it| it.kind() == Some(kind)).map(Edit::direct) {
            Some([None, Some(role)]) => format!("would get {}", direct::role(role, words)),
            Some([Some(before), Some(after)]) => {
                let before = direct::travellers(before.travellers(), words);
                format!("would get {} instead of {before}", direct::role(after, words))
            }
            Some([Some(role), None]) => format!("would lose {}", direct::role(role, words)),
            Some([None, None]) | None => format!("{} would change", direct::kind(kind, words)),
        },
        Beyond::HoldsDirect(kind) => {
            let held = change.direct_before();
            let held = held.get(kind).map(|it| direct::role(it, words));
            format!("has {} by now", held.unwrap_or_else(|| direct::kind(kind, words)))
        }
        Beyond::Person(attribute) => {
            let edit = change.traits().find(|it| it.attribute() == Some(*attribute));
            match (attribute, edit.map(Edit::traits).unwrap_or_default()) {
                (Attribute::Active, [None, _]) => "the account would be created".to_owned(),
                (Attribute::Active, [_, Some("true")]) => "the account would be activated".to_owned(),
                (Attribute::Active, _) => "the account would be deactivated".to_owned(),
                (attribute, sides) => format!("would change: {}", words.attribute(*attribute, sides)),
            }
        }
        Beyond::Back(group) => {
            let group = &change.index().group(*group).name;
            format!("would be activated with the roles that {group} gives by now")
        }
        Beyond::Acts(right, over) => {
            format!("would be activated, and {} {} by now", right.verb(), words.person(*over))
        }
    }
}

fn grant(role: RoleId, change: &Change<'_>, words: &Words<'_>) -> String {
    let name = words.role(role);
    match change.grants().find(|it| it.role() == Some(role)).map(Edit::scopes) {
        Some([None, Some(scope)]) => format!("would get {name} on {}", words.scope(scope)),
        Some([Some(before), Some(after)]) => {
            let (before, after) = words.rescope(before, after);
            format!("would get {name} on {after} instead of {before}")
        }
        Some([Some(scope), None]) => format!("would lose {name} on {}", words.scope(scope)),
        Some([None, None]) | None => format!("{name} would change"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        model::{plan::Edits, state::Value},
        plan::approval::differences,
        report::render::tests::fixture::everyday,
    };

    #[test]
    fn each_difference_has_its_line() {
        let new = everyday().judged().plan;
        let nothing = lines(&new, &differences(&new, &new));
        assert_eq!(nothing, [""; 0]);
        let mut approved = everyday();
        approved.groups.remove(2);
        approved.groups[0].members.clear();
        approved.groups[0].roles.clear();
        let said = lines(&new, &differences(&approved.judged().plan, &new));
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
        let mut grown = everyday().judged().plan;
        let agents = grown.change(0).unwrap();
        let first = agents.grants().next().unwrap().clone();
        let scope = Arc::new(crate::report::render::tests::fixture::companies([0, 1, 2]));
        grown.live.apply([&Edit { after: Some(Value::Scope(scope)), ..first.clone() }]);
        grown.edits = Edits::new(grown.edits.iter().filter(|it| it.key != first.key).cloned().collect());
        assert_eq!(
            lines(&grown, &differences(&new, &grown)),
            ["Dedicated Client Agents: has Agent on company globex, initech, umbrella by now"]
        );
    }
}
