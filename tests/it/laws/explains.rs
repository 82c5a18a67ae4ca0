//! What an explanation says of a person is what the plan does with that person, and what there is.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, list, lost, minimal, reach, text};
use crate::support::{
    library::{explain, plan},
    replay::{Scope, atoms},
    worlds::{World, company_id, tapes, user_id},
};

/// A person, as one document and the other see it, and in how many ways they disagree.
struct Compared<'a> {
    plan: &'a Value,
    explained: &'a Value,
    wrong: Vec<String>,
}

impl<'a> Compared<'a> {
    fn user(&self) -> &'a str {
        text(&self.explained["person"]["userId"])
    }

    fn say(&mut self, what: &str, one: &Value, other: Option<&Value>) {
        self.wrong.push(format!("{}: {what}\n  explained: {one}\n  planned: {other:?}", self.user()));
    }

    /// Whether the plan withholds something of these kinds from the group, and from this person where it names one.
    fn withheld(&self, kinds: &[&str], group: &str, role: Option<&Value>) -> bool {
        let person = &self.explained["person"];
        let is_the_person = |it: &Value| match it.as_object().and_then(|it| it.iter().next()) {
            Some((key, value)) => person[key] == *value,
            None => false,
        };
        list(self.plan, "withheld").iter().any(|it| {
            let name = text(&it["group"]);
            // The declared name, which is that of the live group or its new one.
            let here = name == group || name.strip_suffix(" II") == Some(group) || it["kind"] == "lockout";
            let own = it["userId"] == person["userId"] || is_the_person(&it["person"]);
            let whose = match text(&it["kind"]) {
                "person" | "removal" | "hiddenRemoval" | "user" | "unmanagedUser" | "unreadUser"
                | "traveller" | "lockout" => own,
                "role" | "unreadable" => role.is_some_and(|role| *role == it["role"]),
                _ => true,
            };
            here && whose && kinds.contains(&text(&it["kind"]))
        })
    }

    /// Whether an edit is about the group.
    fn is_of(edit: &Value, group: &Value) -> bool {
        edit["company"] == group["company"]
            && match edit["groupId"].is_null() {
                true => group["id"].is_null() && edit["group"] == group["name"],
                false => edit["groupId"] == group["id"],
            }
    }

    /// Returns what the plan does with a kind of fact of the group.
    fn edits(&self, group: &Value, kind: &str) -> Vec<&'a Value> {
        let all = list(self.plan, "edits").iter();
        all.filter(|it| it["kind"] == kind && Self::is_of(it, group)).collect()
    }

    fn groups(&mut self) {
        for group in list(self.explained, "groups") {
            let change = self.edits(group, "group").first().copied();
            let members = self.edits(group, "member");
            let member = members.into_iter().find(|it| text(&it["userId"]) == self.user());
            let name = text(&group["name"]);
            if group["managed"] == "removed" {
                let goes = change.is_some_and(|it| it["action"] == "remove")
                    && member.is_some_and(|it| it["action"] == "remove");
                if !goes && !self.withheld(&["unmodifiableGroup"], name, None) {
                    self.say("a group that shall go", group, change);
                }
                continue;
            }
            let kinds = ["person", "removal", "hiddenRemoval", "group"];
            let agrees = match (text(&group["membership"]["files"]), member.map(|it| text(&it["action"]))) {
                ("declared" | "kept" | "unmanaged", None) => true,
                ("ended" | "notYet" | "notDeclared" | "lockedOut", Some("remove"))
                | ("missing", Some("add")) => true,
                // A lock-out takes people out of the groups of their own company alone.
                ("lockedOut", None) if group["company"] != self.explained["person"]["company"] => true,
                ("lockedOut", None) => self.withheld(&["hiddenRemoval", "lockout"], name, None),
                ("ended" | "notYet" | "notDeclared" | "missing", None) => self.withheld(&kinds, name, None),
                _ => false,
            };
            if !agrees {
                self.say("a membership", group, member);
            }
            if group["membership"]["live"] == true {
                self.roles(group);
            }
        }
        let own = |it: &&Value| it["kind"] == "member" && text(&it["userId"]) == self.user();
        for edit in list(self.plan, "edits").iter().filter(own).collect::<Vec<_>>() {
            if !list(self.explained, "groups").iter().any(|it| Self::is_of(edit, it)) {
                self.say("a change of a group that is not explained", &Value::Null, Some(edit));
            }
        }
    }

    /// Compares the roles of a group that the person is in.
    fn roles(&mut self, group: &Value) {
        let changed = self.edits(group, "role");
        for role in list(group, "roles") {
            let edit = changed.iter().copied().find(|it| it["roleId"] == role["roleId"]);
            let (before, after) = (|it: &Value| reach(&it["before"]), |it: &Value| reach(&it["after"]));
            let agrees = match (text(&role["files"]), edit, edit.map(|it| text(&it["action"]))) {
                ("declared" | "kept" | "unmanaged", None, _) => true,
                ("differs", Some(edit), Some("change")) => after(edit) == reach(&role["asked"]),
                ("ended", Some(edit), Some("change")) => !lost(&before(edit), &after(edit)).is_empty(),
                ("ended" | "notYet" | "notDeclared", _, Some("remove")) => true,
                ("missing", Some(edit), Some("add")) => after(edit) == reach(&role["scope"]),
                ("differs" | "ended" | "notYet" | "notDeclared" | "missing", None, _) => {
                    let kinds = ["role", "unreadable", "unmodifiableRoles"];
                    self.withheld(&kinds, text(&group["name"]), Some(&role["role"]))
                }
                _ => false,
            };
            if !agrees {
                self.say(&format!("a role of {}", group["name"]), role, edit);
            }
        }
        for edit in changed {
            if !list(group, "roles").iter().any(|it| it["roleId"] == edit["roleId"]) {
                self.say(&format!("a role of {} that is not explained", group["name"]), group, Some(edit));
            }
        }
    }

    fn direct(&mut self) {
        let key = |kind: &Value, element: &Value| {
            let on = &element["metadata"];
            (
                text(kind).to_owned(),
                [&on["companyRef"]["id"], &on["tmcRef"]["id"]].map(|it| text(it).to_owned()).concat(),
            )
        };
        let own = list(self.plan, "edits")
            .iter()
            .filter(|it| it["kind"] == "directRole" && text(&it["userId"]) == self.user());
        let mut edits: BTreeMap<(String, String), &Value> = own
            .map(|it| {
                (
                    key(
                        &it["roleType"],
                        if it["after"].is_null() { &it["before"][0] } else { &it["after"][0] },
                    ),
                    it,
                )
            })
            .collect();
        for role in list(&self.explained["direct"], "roles") {
            let edit = edits.remove(&(text(&role["roleType"]).to_owned(), text(&role["company"]).to_owned()));
            // For whom somebody arranges is not compared by an explanation.
            let arranges = role["roleType"] == "TRAVEL_ARRANGER";
            let agrees = match (text(&role["files"]), edit.map(|it| text(&it["action"]))) {
                ("declared" | "kept" | "unmanaged", None) => true,
                ("declared" | "ended", Some("change")) | ("ended", None) if arranges => true,
                ("ended" | "notYet" | "notDeclared", Some("remove")) | ("missing", Some("add")) => true,
                ("ended" | "notYet" | "notDeclared" | "missing", None) => {
                    self.withheld(&["user", "unmanagedUser", "unreadUser", "traveller"], "", None)
                }
                _ => false,
            };
            if !agrees {
                self.say("a direct role", role, edit);
            }
        }
        for edit in edits.into_values() {
            self.say("a direct role that is not explained", &Value::Null, Some(edit));
        }
    }

    /// Compares what is in effect with all that the person's groups hold.
    fn effective(&mut self, live: &Value) {
        let mut held: BTreeMap<String, Scope> = BTreeMap::new();
        for group in list(live, "companies").iter().flat_map(|it| list(it, "groups")) {
            if list(group, "members").iter().any(|it| *it == self.explained["person"]["userId"]) {
                for role in list(group, "roles") {
                    held.entry(text(&role["roleId"]).to_owned()).or_default().extend(atoms(&role["scope"]));
                }
            }
        }
        let held: BTreeMap<String, Scope> = held.into_iter().map(|(role, it)| (role, minimal(it))).collect();
        let told = list(self.explained, "effective").iter();
        let told: BTreeMap<String, Scope> =
            told.map(|it| (text(&it["roleId"]).to_owned(), reach(&it["scope"]))).collect();
        if held != told {
            self.wrong.push(format!("{}: in effect\n  held: {held:?}\n  told: {told:?}", self.user()));
        }
    }
}

/// Returns in how many ways plan and explanations disagree, over everybody; nothing where there is no plan.
fn disagreements(world: &World) -> Option<Vec<String>> {
    let planned = world.with(plan).ok()?;
    let mut wrong = Vec::new();
    let users = || list(&world.live, "directories").iter().flat_map(|it| list(it, "users"));
    for person in list(&world.live, "people") {
        // Which of two users an address means cannot be told by an explanation that was asked for by id: it knows
        // nothing of the other one.
        let user = users().find(|it| it["userId"] == person["userId"]).unwrap();
        let twin = |it: &&Value| it["email"] == user["email"] && it["userId"] != user["userId"];
        if users().any(|it| twin(&it)) {
            continue;
        }
        let explained = world.with(|it| explain(it, text(&person["userId"]))).unwrap();
        let mut compared = Compared { plan: &planned.document, explained: &explained, wrong: Vec::new() };
        compared.groups();
        compared.direct();
        compared.effective(&world.live);
        wrong.extend(compared.wrong);
    }
    Some(wrong)
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn what_is_explained_of_everybody_is_what_the_plan_does(mut tape in tapes()) {
        let world = World::drawn(&mut tape);
        let wrong = disagreements(&world).unwrap_or_default();
        prop_assert!(wrong.is_empty(), "{}\n{world:?}", wrong.join("\n"));
    }
}

/// Returns what is explained of the only role of a group of one member: where it is held, what its list says.
fn explained(held: &[usize], roles: &Value) -> Value {
    let id = |n: usize| format!("00000000-0000-4000-8000-{n:012}");
    let values: Vec<String> = held.iter().map(|it| company_id(*it)).collect();
    let predicate = json!({ "type": "COMPANY", "comparator": "IN", "values": values });
    let scope = json!({ "audiences": [{ "predicates": [predicate] }] });
    let ids =
        json!({ "company": { "voyager": company_id(0), "globex": company_id(1), "initech": company_id(2) } });
    let group = json!({ "name": "Desk", "description": "The desk.", "roles": roles, "members": "unmanaged" });
    let world = World {
        files: vec![
            ("rolecall.yaml".to_owned(), json!({ "version": 1, "company": "voyager", "ids": ids })),
            ("access/a.yaml".to_owned(), json!({ "version": 1, "groups": [group] })),
        ],
        live: json!({
            "companies": [{
                "id": company_id(0),
                "groups": [{
                    "id": id(1), "name": "Desk", "description": "The desk.", "unmodifiable": false,
                    "roles": [{ "roleId": id(2), "scope": scope }], "members": [user_id(0)],
                }],
                "roles": [{ "id": id(2), "name": "Agent", "platform": true, "managesAccess": false }],
            }],
            "directories": [{
                "company": company_id(0), "reach": "whole", "asked": [],
                "users": [{
                    "userId": user_id(0), "email": "ana@voyager.example", "externalId": "x", "employeeId": "y",
                    "company": company_id(0), "active": true,
                }],
            }],
            "people": [{ "userId": user_id(0), "groups": [id(1)], "directRoles": [] }],
        }),
    };
    assert_eq!(disagreements(&world), Some(Vec::new()));
    world.with(|it| explain(it, &user_id(0))).unwrap()["groups"][0]["roles"][0].take()
}

#[test]
fn where_one_of_two_scopes_of_a_role_has_ended_the_role_differs() {
    let lasting = json!({ "role": "Agent", "scope": { "company": "voyager" } });
    let ended =
        |company: &str| json!({ "role": "Agent", "scope": { "company": company }, "until": "2026-11-20" });
    let role = explained(&[0, 1], &json!({ "atLeast": [lasting, ended("globex")] }));
    assert_eq!(role["files"], "differs", "{role}");
    assert_eq!(
        reach(&role["asked"]),
        reach(&json!({ "audiences": [{ "predicates": [
        { "type": "COMPANY", "values": [company_id(0)] },
    ] }] }))
    );
    // What others gave it stays, and what has ended where it is not held ends nothing.
    let role = explained(&[0, 1, 2], &json!({ "atLeast": [lasting, ended("globex")] }));
    assert_eq!(reach(&role["asked"]).len(), 2, "{role}");
    assert_eq!(explained(&[0, 1], &json!({ "atLeast": [lasting, ended("initech")] }))["files"], "declared");
    assert_eq!(explained(&[0, 1], &json!({ "atLeast": [ended("initech")] }))["files"], "kept");
    assert_eq!(explained(&[0, 1], &json!({ "atLeast": [ended("globex")] }))["files"], "ended");
}
