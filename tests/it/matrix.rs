//! Six dialects times the six everyday jobs: with the right `api.dialect` all of them arrive; with a wrong one a
//! run either arrives all the same, or says so and harms nobody.
//!
//! What the API holds is read here by other means than the product's, in whatever form it is shown.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::{Run, SEED, VOYAGER, World};

const GLOBEX: &str = "2b7e0000-0000-4000-8000-000000000002";
const INITECH: &str = "2b7e0000-0000-4000-8000-000000000003";
const GLOBEX_UK: &str = "3c8d0000-0000-4000-8000-000000000001";

/// An API, the setting that fits it, and one that does not.
struct Dialect {
    server: &'static str,
    right: &'static str,
    wrong: &'static str,
    /// Jobs that cannot be done with the wrong setting, by position.
    stopped: &'static [usize],
}

/// Type and value of each predicate of one combination.
type Part = &'static [(&'static str, &'static str)];

/// One everyday job: what the files say, and what there is in the end, by group; other groups stay as they are.
struct Job {
    groups: &'static str,
    /// Group, role, its parts as `TYPE=value&TYPE=value`.
    roles: &'static [(&'static str, &'static str, &'static [Part])],
    members: &'static [(&'static str, &'static [&'static str])],
}

const CLIENT: Part = &[("COMPANY", GLOBEX)];
const OTHER: Part = &[("COMPANY", INITECH)];
const BRITISH: Part = &[("COMPANY", GLOBEX), ("LEGAL_ENTITY", GLOBEX_UK)];

const JOBS: [Job; 6] = [
    // Somebody joins.
    Job {
        groups: "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, bo@voyager.example, cy@voyager.example] }\n",
        roles: &[("Desk", "Agent", &[CLIENT])],
        members: &[("Desk", &["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"])],
    },
    // Roles, scopes and the description change.
    Job {
        groups: "  - { name: Night, description: The late shift., roles: [{ role: Agent, scope: { company: globex, legalEntity: globex-uk } }, { role: Trip Manager, scope: { company: initech } }], members: unmanaged }\n",
        roles: &[("Night", "Agent", &[BRITISH]), ("Night", "Trip Manager", &[OTHER])],
        members: &[("Night", &["cy@voyager.example"])],
    },
    // Somebody moves.
    Job {
        groups: "  - { name: Desk, description: The desk., roles: unmanaged, members: [bo@voyager.example] }\n  - { name: Night, description: The night., roles: unmanaged, members: [ana@voyager.example, cy@voyager.example] }\n",
        roles: &[("Desk", "Agent", &[CLIENT]), ("Night", "Agent", &[CLIENT, OTHER])],
        members: &[
            ("Desk", &["bo@voyager.example"]),
            ("Night", &["ana@voyager.example", "cy@voyager.example"]),
        ],
    },
    // A group of one's own, on a scope of two values.
    Job {
        groups: "  - { name: Oncall, description: First to be called., roles: [{ role: Agent, scope: { company: [globex, initech] } }, { role: Trip Manager, scope: [{ company: globex, legalEntity: globex-uk }, { company: initech }] }], members: [ana@voyager.example, { employeeId: V-3 }] }\n",
        roles: &[("Oncall", "Agent", &[CLIENT, OTHER]), ("Oncall", "Trip Manager", &[BRITISH, OTHER])],
        members: &[("Oncall", &["ana@voyager.example", "cy@voyager.example"])],
    },
    // A standard group is duplicated; what `rolecall duplicate` writes comes on top.
    Job {
        groups: "  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n",
        roles: &[("EU Admins", "Company Management Admin", &[&[("COMPANY", VOYAGER)]])],
        members: &[("EU Admins", &[])],
    },
    // Agents of a TMC serve one client, and no longer another.
    Job {
        groups: "  - { name: Globex Agents, description: Globex only., roles: [{ role: Agent, scope: { company: globex } }], members: [cy@voyager.example] }\n  - { name: Night, description: The night., roles: [{ role: Trip Manager, scope: { company: initech } }], members: [] }\n",
        roles: &[("Globex Agents", "Agent", &[CLIENT]), ("Night", "Trip Manager", &[OTHER])],
        members: &[("Globex Agents", &["cy@voyager.example"]), ("Night", &[])],
    },
];

/// Members and roles of a group; a role is `NAME TYPE=value&…`, once for each combination of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Contents {
    members: BTreeSet<String>,
    roles: BTreeSet<String>,
}

type Access = BTreeMap<String, Contents>;

fn world(job: &Job, server: &str, client: &str) -> World {
    let world = World::seeded(&format!("{SEED}dialect: {{ {server} }}\n")).groups(job.groups);
    set(&world, client);
    world
}

/// Sets `api.dialect`, and guards that leave so small a company alone.
fn set(world: &World, client: &str) {
    let workspace = std::fs::read_to_string(world.path().join("rolecall.yaml")).unwrap();
    let bare = workspace.split("api:").next().unwrap();
    world.write("rolecall.yaml", &format!("{bare}api: {{ dialect: {{ {client} }} }}\n{EXCEPTION}"));
}

/// The last job empties a group on purpose.
const EXCEPTION: &str =
    "exceptions: [{ guard: group-emptied, group: Night, upTo: 1, until: 2999-01-01, reason: agents move }]\n";

/// Returns all access there is, in whatever form the API shows it.
fn access(world: &World) -> Access {
    let list = |path: &str, field: &str| {
        let mut rows: Vec<Value> = Vec::new();
        loop {
            let page = json!({ "pagination": { "offset": rows.len(), "limit": 3 } });
            let (status, body) = world.call("POST", &format!("/v3/companies/{VOYAGER}/{path}"), page);
            assert_eq!(status, 200, "{path}: {body}");
            rows.extend(body[field].as_array().unwrap().iter().cloned());
            if rows.len() as u64 >= body["pagination"]["totalNumResults"].as_u64().unwrap() {
                return rows;
            }
        }
    };
    let emails: BTreeMap<String, &str> = ["root", "ana", "bo", "cy"]
        .iter()
        .map(|it| (world.user(&format!("{it}@voyager.example")), *it))
        .collect();
    let groups = list("user-groups/list", "userGroups");
    let contents = groups.iter().map(|group| {
        let below = |what: &str| format!("user-groups/{}/{what}", group["id"].as_str().unwrap());
        let members = list(&below("members"), "members");
        let members =
            members.iter().map(|it| format!("{}@voyager.example", emails[it["userId"].as_str().unwrap()]));
        let roles = list(&below("roles"), "roles");
        let roles = roles.iter().flat_map(|it| {
            let name = it["role"]["name"].as_str().or(it["name"].as_str()).unwrap().to_owned();
            let audiences = it["scope"]["audiences"].as_array().unwrap().clone();
            audiences.into_iter().flat_map(move |it| parts(&name, &it["predicates"]))
        });
        (
            group["name"].as_str().unwrap().to_owned(),
            Contents { members: members.collect(), roles: roles.collect() },
        )
    });
    contents.collect()
}

/// Returns `NAME TYPE=value&…` for each combination of the values of an audience.
fn parts(name: &str, predicates: &Value) -> Vec<String> {
    let mut parts = vec![Vec::new()];
    for predicate in predicates.as_array().unwrap() {
        let values: Vec<&str> = match (&predicate["values"], &predicate["id"]) {
            (Value::Array(values), _) => values.iter().map(|it| it.as_str().unwrap()).collect(),
            (Value::String(value), _) | (_, Value::String(value)) => vec![value],
            other => panic!("{other:?}"),
        };
        let kind = predicate["type"].as_str().unwrap();
        parts = parts
            .iter()
            .flat_map(|part: &Vec<String>| {
                values.iter().map(|value| [part.clone(), vec![format!("{kind}={value}")]].concat())
            })
            .collect();
    }
    parts.into_iter().map(|it| part(name, it)).collect()
}

fn part(name: &str, mut predicates: Vec<String>) -> String {
    predicates.sort();
    format!("{name} {}", predicates.join("&"))
}

/// Returns what there is after a job that was done.
fn after(job: &Job, before: &Access) -> Access {
    let mut after = before.clone();
    for (group, members) in job.members {
        let members = members.iter().map(|it| (*it).to_owned()).collect();
        after.entry((*group).to_owned()).or_default().members = members;
    }
    let changed: BTreeSet<&str> = job.roles.iter().map(|it| it.0).collect();
    for group in changed {
        let own = job.roles.iter().filter(|it| it.0 == group);
        let roles = own.flat_map(|(_, role, parts)| {
            parts
                .iter()
                .map(|it| part(role, it.iter().map(|(kind, value)| format!("{kind}={value}")).collect()))
        });
        after.entry(group.to_owned()).or_default().roles = roles.collect();
    }
    if let Some(copy) = after.get_mut("EU Admins") {
        copy.roles.clone_from(&before["Company Admins"].roles);
    }
    after
}

/// Does a job and returns how it ended.
fn done(world: &World, n: usize) -> Run {
    if n == 4 && !world.path().join("access/eu.yaml").exists() {
        let copy = world.run("duplicate \"Company Admins\" --as \"EU Admins\"");
        if copy.code != 0 {
            return copy;
        }
        world.write("access/eu.yaml", &copy.stdout);
    }
    world.forget();
    world.apply()
}

/// Panics unless everybody has at least what both sides give and at most what either gives.
#[track_caller]
fn harmless(now: &Access, before: &Access, after: &Access, what: &str) {
    let none = Contents::default();
    let names: BTreeSet<&String> = now.keys().chain(before.keys()).chain(after.keys()).collect();
    for name in names {
        let of = |it: &Access| it.get(name).cloned().unwrap_or_else(|| none.clone());
        let (now, old, new) = (of(now), of(before), of(after));
        for (now, old, new) in
            [(&now.members, &old.members, &new.members), (&now.roles, &old.roles, &new.roles)]
        {
            assert!(now.is_subset(&(old | new)), "{what}: {name} has too much: {now:?}, {old:?} -> {new:?}");
            assert!(
                now.is_superset(&(old & new)),
                "{what}: {name} has too little: {now:?}, {old:?} -> {new:?}"
            );
        }
    }
}

#[track_caller]
fn walk(dialect: &Dialect) {
    let mut stopped = BTreeSet::new();
    for (n, job) in JOBS.iter().enumerate() {
        let what = format!("{} job {n}", dialect.server);
        let world_of = |server: &str, client| world(job, server, client);

        let right = world_of(dialect.server, dialect.right);
        let before = access(&right);
        let expected = after(job, &before);
        assert_ne!(before, expected, "{what}: there is nothing to do");
        done(&right, n).expect(0).shows("Applied: ");
        assert_eq!(access(&right), expected, "{what}");
        right.settled();

        // A server that minds unknown fields says so; one that does not leaves it to the reading back.
        for unknown in ["reject", "ignore"] {
            let what = format!("{what}, wrong, unknown fields: {unknown}");
            let server = [dialect.server, "unknownField: ", unknown].join(", ").replace(": , ", ": ");
            let wrong = world_of(server.trim_start_matches(", "), dialect.wrong);
            let run = done(&wrong, n);
            let now = access(&wrong);
            if run.code == 0 {
                assert_eq!(now, expected, "{what}: it says that it is done\n{}", run.stdout);
            } else {
                assert!([3, 8].contains(&run.code), "{what}: {run:?}");
                let said = [&*run.stdout, &*run.stderr].concat();
                assert!(said.contains("`api.dialect`") && said.contains("doctor --probe"), "{what}: {run:?}");
                harmless(&now, &before, &expected, &what);
                stopped.insert(n);
            }
            let mut writes: Vec<String> =
                wrong.written().iter().map(|it| format!("{} {} {}", it.what, it.path, it.body)).collect();
            writes.sort();
            assert!(writes.windows(2).all(|it| it[0] != it[1]), "{what}: repeated blindly\n{writes:#?}");
            // Once the setting is right, what was begun can be finished.
            set(&wrong, dialect.right);
            done(&wrong, n).expect(0);
            assert_eq!(access(&wrong), expected, "{what}, then set right");
            wrong.settled();
        }
    }
    assert_eq!(stopped, dialect.stopped.iter().copied().collect(), "{}", dialect.server);
}

#[test]
fn all_jobs_arrive_where_the_api_is_as_documented() {
    walk(&Dialect {
        server: "",
        right: "",
        wrong: "memberRemovalField: userIdsToRemove, rolesToDelete: ids, predicate: single",
        stopped: &[1, 2, 3, 4, 5],
    });
}

#[test]
fn all_jobs_arrive_where_members_are_removed_by_another_field() {
    walk(&Dialect {
        server: "memberRemovalField: userIdsToRemove",
        right: "memberRemovalField: userIdsToRemove",
        wrong: "",
        stopped: &[2, 5],
    });
}

#[test]
fn all_jobs_arrive_where_roles_are_taken_away_by_id() {
    walk(&Dialect { server: "rolesToDelete: ids", right: "rolesToDelete: ids", wrong: "", stopped: &[1, 5] });
}

#[test]
fn all_jobs_arrive_where_a_predicate_has_one_value_and_roles_are_listed_flat() {
    walk(&Dialect {
        server: "predicate: single, groupRole: flat",
        right: "predicate: single, groupRole: flat",
        wrong: "",
        stopped: &[1, 3, 4, 5],
    });
}

#[test]
fn all_jobs_arrive_where_a_predicate_has_an_id_and_groups_are_patched() {
    walk(&Dialect {
        server: "predicate: id, groupUpdate: patch",
        right: "predicate: id, groupUpdate: patch",
        wrong: "",
        stopped: &[1, 3, 4, 5],
    });
}

#[test]
fn all_jobs_arrive_where_pages_are_short_and_a_scope_changes_in_two_requests() {
    walk(&Dialect {
        server: "maxLimit: 3, aboveMaxLimit: reject, scopeChange: split",
        right: "pageLimit: 3, scopeChange: split",
        wrong: "pageLimit: 100",
        stopped: &[0, 1, 2, 3, 4, 5],
    });
}
