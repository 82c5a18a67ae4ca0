//! What was read is all that a plan needed, and no group was looked into for nothing.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, list, text};
use crate::support::{
    library::{plan, plan_from_everything},
    worlds::{COMPANIES, World, company_id, tapes},
};

/// Returns the ids of the groups that the files manage something of, or that hold somebody who is cut off.
fn needed(world: &World) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    for (_, file) in &world.files[1..] {
        let company = COMPANIES.iter().position(|it| file["company"] == *it).unwrap_or(0);
        let companies = list(&world.live, "companies").iter();
        let live = companies.filter(|it| it["id"] == company_id(company)).flat_map(|it| list(it, "groups"));
        for group in live {
            let removed = list(file, "removed").iter().any(|it| it["group"] == group["name"]);
            let managed = list(file, "groups").iter().any(|it| {
                let renamed = it["renamedFrom"] == group["name"];
                let same = it["name"] == group["name"] && it["description"] == group["description"];
                let left_alone = it["members"] == "unmanaged"
                    && it["roles"] == "unmanaged"
                    && same
                    && it["until"].is_null();
                let meant = renamed || it["name"] == group["name"] || it["id"] == group["id"];
                meant && !left_alone
            });
            if removed || managed {
                needed.insert(text(&group["id"]).to_owned());
            }
        }
    }
    let users = || list(&world.live, "directories").iter().flat_map(|it| list(it, "users"));
    for cut in list(&world.files[0].1, "lockout") {
        let is = |it: &&Value| {
            ["email", "externalId", "employeeId", "userId"]
                .iter()
                .any(|key| !cut[key].is_null() && cut[key] == it[key])
        };
        for user in users().filter(is) {
            let people = list(&world.live, "people").iter().filter(|it| it["userId"] == user["userId"]);
            needed.extend(people.flat_map(|it| list(it, "groups")).map(|it| text(it).to_owned()));
        }
    }
    needed
}

/// Returns the world without the contents of all groups but these.
fn emptied(mut world: World, kept: &BTreeSet<String>) -> World {
    for company in world.live["companies"].as_array_mut().unwrap() {
        for group in company["groups"].as_array_mut().unwrap() {
            if !kept.contains(text(&group["id"])) {
                group["members"] = json!([]);
                group["roles"] = json!([]);
            }
        }
    }
    world
}

/// Returns what a plan withholds. Whether somebody who is cut off is unknown, or known to another company, is not
/// asked: in neither case is there anything to do here.
fn withheld(document: &Value) -> Vec<Value> {
    let mut all = list(document, "withheld").to_vec();
    for held in all.iter_mut().filter(|it| it["kind"] == "lockout") {
        held.as_object_mut().unwrap().retain(|key, _| key == "kind" || key == "person");
    }
    all
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn what_was_read_is_all_that_the_plan_needed(mut tape in tapes()) {
        let world = World::drawn(&mut tape);
        if let Ok(planned) = world.with(plan) {
            let everything = world.with(plan_from_everything).unwrap();
            for part in ["id", "edits", "groups", "users", "soon", "survivors"] {
                prop_assert_eq!(&planned.document[part], &everything[part], "{} of\n{:?}", part, &world);
            }
            prop_assert_eq!(withheld(&planned.document), withheld(&everything), "{:?}", &world);
            let asked: BTreeSet<String> = planned.asked.iter().cloned().collect();
            let again = emptied(world, &asked);
            prop_assert_eq!(planned.document, again.with(plan).unwrap().document, "{:?}", again);
        }
    }

    #[test]
    fn no_group_is_looked_into_for_nothing(mut tape in tapes()) {
        let world = World::drawn(&mut tape);
        if let Ok(planned) = world.with(plan) {
            let needed = needed(&world);
            for group in planned.asked {
                prop_assert!(needed.contains(&group), "{group} is read for nothing\n{world:?}");
            }
        }
    }
}
