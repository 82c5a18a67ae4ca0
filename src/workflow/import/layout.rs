//! Which groups of an import stand in which file: a rule that depends on the names alone. Pure.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::files::write::{
    DraftGroup,
    naming::{candidates, slug, unique},
};

/// Longest name of a file without its end, in characters.
const LONGEST: usize = 60;
/// Names of files that are none of a group.
const TAKEN: [&str; 2] = ["people", "users"];

/// How groups are put into files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// All in one.
    One,
    /// Each in its own.
    #[default]
    PerGroup,
    /// By the first two words of the name, or by the first, where another group has them too.
    PerPrefix,
}

impl Layout {
    /// Puts the groups of a company into files: the name of each without its end, in order, with its groups as they came.
    pub(super) fn files(self, groups: Vec<(Uuid, DraftGroup)>) -> BTreeMap<String, Vec<DraftGroup>> {
        let names: BTreeMap<Uuid, String> = match self {
            Self::One => groups.iter().map(|it| (it.0, "groups".to_owned())).collect(),
            Self::PerGroup => {
                let named =
                    |it: &(Uuid, DraftGroup)| (it.0, candidates(&slug(&it.1.name, LONGEST), "group", it.0));
                unique(groups.iter().map(named), &TAKEN)
            }
            Self::PerPrefix => by_prefix(&groups),
        };
        let mut files: BTreeMap<String, Vec<DraftGroup>> = BTreeMap::new();
        for (id, group) in groups {
            files.entry(names[&id].clone()).or_default().push(group);
        }
        files
    }
}

fn by_prefix(groups: &[(Uuid, DraftGroup)]) -> BTreeMap<Uuid, String> {
    let prefixes = |it: &(Uuid, DraftGroup)| {
        let slug = slug(&it.1.name, LONGEST);
        let mut words = slug.splitn(3, '-');
        let first = words.next().unwrap_or_default().to_owned();
        let second = words.next().map(|it| format!("{first}-{it}"));
        (it.0, second, first)
    };
    let all: Vec<(Uuid, Option<String>, String)> = groups.iter().map(prefixes).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for prefix in all.iter().flat_map(|it| it.1.as_deref().into_iter().chain([&*it.2])) {
        *counts.entry(prefix).or_default() += 1;
    }
    let shared = |it: &&str| !it.is_empty() && counts[*it] > 1;
    let named = all.iter().map(|(id, second, first)| {
        let prefix = second.as_deref().filter(shared).or_else(|| Some(&**first).filter(shared));
        let plain = candidates(prefix.unwrap_or("other"), "other", *id).swap_remove(0);
        // The names of devices, and those of other files.
        let odd = prefix.is_some_and(|it| it != plain || TAKEN.contains(&it));
        (*id, if odd { format!("{}-groups", prefix.unwrap_or_default()) } else { plain })
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(layout: Layout, names: &[&str]) -> Vec<String> {
        let group = |(n, name): (usize, &&str)| {
            let group = DraftGroup::new(name);
            (Uuid::from_u128(0x1a6f_0000_0000_4000_8000_0000_0000_0000 + n as u128), group)
        };
        let files = layout.files(names.iter().enumerate().map(group).collect());
        files.into_iter().map(|(file, groups)| format!("{file} {}", groups.len())).collect()
    }

    #[test]
    fn files_have_portable_names_of_their_own() {
        let names = ["Night Desk", "night-desk", "NIGHT  DESK!", "Users", "Con", "東京", "../x", "Agents"];
        assert_eq!(
            files(Layout::PerGroup, &names),
            [
                "agents 1",
                "con-1a6f 1",
                "group-1a6f 1",
                "night-desk-1a6f-0000 1",
                "night-desk-1a6f-0001 1",
                "night-desk-1a6f-0002 1",
                "users-1a6f 1",
                "x 1",
            ]
        );
        assert_eq!(files(Layout::One, &names), ["groups 8"]);
    }

    #[test]
    fn a_prefix_is_one_that_several_groups_share() {
        let names = [
            "Client Globex Agents",
            "Client Globex Admins",
            "Client Initech Agents",
            "Con Air",
            "Con",
            "Night",
            "Users A",
            "Users B",
        ];
        let expected = ["client 1", "client-globex 2", "con-groups 2", "other 1", "users-groups 2"];
        assert_eq!(files(Layout::PerPrefix, &names), expected);
    }
}
