//! The probe: it learns every dialect the sandbox can speak, leaves nothing behind, and nobody gains anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use rolecall::{
    model::dialect::Dialect,
    sandbox::{Options, Sandbox},
};
use serde_json::{Value, json};

use crate::{
    consent::asked_on_a_terminal,
    interruption::send,
    support::{Run, SEED, VOYAGER, World, binary, tenant::side_by_side, words},
};

const PROBE: &str = "doctor --probe --yes --company voyager --user root@voyager.example";
const DESK: &str = "  - { name: Desk, description: The new desk., roles: [{ role: Agent, scope: { company: initech } }], members: [ana@voyager.example] }\n";

fn speaking(dialect: &str) -> World {
    World::seeded(&format!("{SEED}dialect: {{ {dialect} }}\n"))
}

/// Returns the lines to paste.
#[track_caller]
fn block(run: &Run) -> String {
    let (_, block) =
        run.stdout.split_once("\napi:\n").unwrap_or_else(|| panic!("no block in\n{}", run.stdout));
    format!("api:\n{block}")
}

/// Panics if a group of a probe is left, or if one ever had a member and a role, by the log of the sandbox.
#[track_caller]
fn nobody_gained_anything(world: &World, removal: &str) {
    let mut members: BTreeMap<String, bool> = BTreeMap::new();
    let mut roles: BTreeMap<String, bool> = BTreeMap::new();
    for write in world.written().into_iter().filter(|it| it.status.is_none_or(|status| status < 300)) {
        let Some(group) = write.path.split("/user-groups/").nth(1) else { continue };
        let group = group.split('/').next().unwrap().to_owned();
        let some = |field: &str| write.body[field].as_array().is_some_and(|it| !it.is_empty());
        match &*write.what {
            "PATCH members" => {
                let member = members.entry(group.clone()).or_default();
                *member = (*member && !some(removal)) || some("userIdsToAdd");
            }
            // Whether a deletion worked is not asked: once given, a role counts as held until the group is gone.
            "PATCH roles" => *roles.entry(group.clone()).or_default() |= some("rolesToAdd"),
            "DELETE {groupId}" => {
                members.remove(&group);
                roles.remove(&group);
            }
            _ => (),
        }
        let both = members.get(&group) == Some(&true) && roles.get(&group) == Some(&true);
        assert!(!both, "{} has a member and a role after {} {}", group, write.what, write.body);
    }
    let others = world.written().into_iter().filter(|it| it.what != "POST user-groups");
    let known = ["Company Admins", "Desk", "Night"].map(|it| world.id(it));
    for write in others {
        assert!(
            known.iter().all(|id| !write.path.contains(id)),
            "a group that is not its own: {}",
            write.path
        );
    }
}

fn no_group_is_left(world: &World) {
    let left: Vec<Value> = world
        .list("user-groups/list")
        .into_iter()
        .filter(|it| it["name"].as_str().unwrap().starts_with("rolecall-probe-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Probes, pastes, and makes a change that needs what was learned; returns the probe's output.
#[track_caller]
fn learns(dialect: &str, wanted: &Dialect) -> Run {
    let world = speaking(dialect);
    world.forget();
    let run = world.run(PROBE).expect(0);
    nobody_gained_anything(&world, wanted.member_removal_field.as_str());
    no_group_is_left(&world);
    let block = block(&run);
    let parsed: Value = serde_yaml::from_str(&block).unwrap();
    let learned: Dialect = serde_json::from_value(parsed["api"]["dialect"].clone()).unwrap();
    assert_eq!(learned, *wanted, "{dialect}\n{}", run.stdout);

    world.configure(&block);
    let world = world.groups(DESK);
    world.apply().expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"], "{dialect}");
    world.settled();
    run
}

/// Every combination of what a client has to know and of how strange fields are taken; with each pair of these,
/// large pages are refused and not, and changes are whole and not.
fn every() -> Vec<(String, Dialect)> {
    let mut all = Vec::new();
    for removal in ["userIdsToDelete", "userIdsToRemove"] {
        for delete in ["objects", "ids"] {
            for role in ["nested", "flat"] {
                for predicate in ["list", "single", "id"] {
                    for update in ["put", "patch"] {
                        for unknown in ["reject", "ignore"] {
                            let change = if delete == "ids" { "split" } else { "atomic" };
                            let at = all.len();
                            let (above, limit) =
                                if at.count_ones() % 2 == 0 { ("clamp", 100) } else { ("reject", 25) };
                            let atomic = if (at / 2).count_ones() % 2 == 0 { "yes" } else { "no" };
                            let most = if above == "clamp" { "none" } else { "30" };
                            let shared = json!({
                                "memberRemovalField": removal, "rolesToDelete": delete, "groupRole": role,
                                "predicate": predicate, "groupUpdate": update, "scopeChange": change,
                                "pageLimit": limit,
                            });
                            let wanted = serde_json::from_value(shared).unwrap();
                            let spoken = format!(
                                "memberRemovalField: {removal}, rolesToDelete: {delete}, groupRole: {role}, predicate: {predicate}, groupUpdate: {update}, unknownField: {unknown}, maxLimit: {most}, aboveMaxLimit: {above}, patchAtomic: {atomic}"
                            );
                            all.push((spoken, wanted));
                        }
                    }
                }
            }
        }
    }
    all
}

/// Returns every two settings that are spoken together.
fn pairs(spoken: &str) -> BTreeSet<(&str, &str)> {
    let settings: Vec<&str> = spoken.split(", ").collect();
    let with_later = |(n, one)| settings[n + 1..].iter().map(move |other| (one, *other));
    settings.iter().copied().enumerate().flat_map(with_later).collect()
}

/// Returns some of the dialects, such that every two settings of any are together in one of these.
fn pairwise(all: &[(String, Dialect)]) -> Vec<&(String, Dialect)> {
    let mut missing: BTreeSet<_> = all.iter().flat_map(|it| pairs(&it.0)).collect();
    let mut chosen = Vec::new();
    while !missing.is_empty() {
        // The first of those that add most.
        let gain = |it: &&(String, Dialect)| pairs(&it.0).intersection(&missing).count();
        let best = all.iter().rev().max_by_key(gain).unwrap();
        missing.retain(|it| !pairs(&best.0).contains(it));
        chosen.push(best);
    }
    chosen
}

#[test]
fn a_dialect_with_any_two_settings_is_learned_and_works() {
    let all = every();
    let some = pairwise(&all);
    // The product of the number of values of each two settings; of `maxLimit` and `aboveMaxLimit` two are impossible.
    let covered: BTreeSet<_> = some.iter().flat_map(|it| pairs(&it.0)).collect();
    assert_eq!((covered.len(), some.len() <= 12), (28 * 4 + 8 * 6 - 2, true));
    side_by_side(&some, |(spoken, wanted)| {
        learns(spoken, wanted);
    });
}

#[test]
#[ignore = "three times 96 processes; every two settings are tried above, and all of them in .ci/nightly"]
fn every_dialect_is_learned_and_works() {
    let all = every();
    assert_eq!(all.len(), 96);
    side_by_side(&all, |(spoken, wanted)| {
        learns(spoken, wanted);
    });
}

#[test]
fn other_manners_of_the_api_do_not_mislead() {
    let dialect = |fields: Value| serde_json::from_value::<Dialect>(fields).unwrap();
    let cases = [
        ("scopeChange: split", json!({ "scopeChange": "split" })),
        ("scopeChange: split, sameRoleTwice: merge", json!({ "scopeChange": "revokeFirst" })),
        ("scopeChange: split, sameRoleTwice: reject", json!({ "scopeChange": "revokeFirst" })),
        (
            "rolesToDelete: ids, sameRoleTwice: reject",
            json!({ "rolesToDelete": "ids", "scopeChange": "revokeFirst" }),
        ),
        ("deleteNonEmptyGroup: reject", json!({})),
        (
            "deleteNonEmptyGroup: reject, rolesToDelete: ids, memberRemovalField: userIdsToRemove, unknownField: ignore",
            json!({ "rolesToDelete": "ids", "memberRemovalField": "userIdsToRemove", "scopeChange": "split" }),
        ),
        ("addPresentMember: reject, removeAbsentMember: reject, duplicateGroupName: reject", json!({})),
        ("scopeEcho: split", json!({})),
        ("scopeEcho: sorted, writeAnswer: noContent", json!({})),
        ("writeAnswer: object, usersList: refused", json!({})),
        ("maxLimit: 2", json!({ "pageLimit": 2 })),
        ("maxLimit: 2, aboveMaxLimit: reject", json!({ "pageLimit": 1 })),
        ("maxLimit: 100, aboveMaxLimit: reject", json!({})),
    ];
    side_by_side(&cases, |(spoken, fields)| {
        learns(spoken, &dialect(fields.clone()));
    });
}

#[test]
fn what_is_accepted_and_ignored_is_told_as_ignored() {
    let wanted = serde_json::from_value(json!({ "memberRemovalField": "userIdsToRemove" })).unwrap();
    let run = learns("memberRemovalField: userIdsToRemove, unknownField: ignore", &wanted);
    assert!(
        run.stdout.contains("userIdsToDelete was accepted and ignored; userIdsToRemove works"),
        "{}",
        run.stdout
    );
    let refused = learns("memberRemovalField: userIdsToRemove", &wanted);
    assert!(
        refused.stdout.contains("userIdsToDelete was refused (400 API_VALIDATION_FAILED)"),
        "{}",
        refused.stdout
    );
}

#[test]
fn a_probe_is_told_its_company_and_asks() {
    let world = World::new().variable("ROLECALL_COMPANY", "voyager");
    world.forget();
    world
        .run("doctor --probe --yes --user root@voyager.example")
        .expect(4)
        .says(&["named on the command line"]);
    world
        .run(&PROBE.replace(" --yes", ""))
        .expect(4)
        .says(&["no terminal to confirm the probe on", "--auto-approve"]);
    assert_eq!(world.log().len(), 0, "no request was made");
    world.run("doctor --probe --yes --company voyager").expect(4).says(&[
        "the user to put into the probe",
        "api.identity",
        "--user",
    ]);
    world.run("doctor --probe --yes --company voyager --user vip@globex.example").expect(4);
    let unknown = "no user of this company has the address robot@voyager.example";
    world
        .run("doctor --probe --yes --company voyager --user robot@voyager.example")
        .expect(4)
        .says(&[unknown]);
    let other = World::new().groups(DESK);
    other.configure("api: { identity: { email: robot@voyager.example } }\n");
    other.plan().expect(4).says(&["no user of these companies has the address robot@voyager.example"]);
    assert_eq!(world.writes(), [""; 0]);
    world.configure("api: { identity: { email: root@voyager.example } }\n");
    world.run("doctor --probe --company voyager --auto-approve").expect(0);
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_it_says_what_it_will_do_and_only_a_whole_yes_counts() {
    let world = World::new();
    world.forget();
    let line = PROBE.replace(" --yes", "");
    let run = asked_on_a_terminal(&world, &line, || assert_eq!(world.writes(), [""; 0]), "y\n").expect(4);
    let text: String = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in [
        "nobody gains or loses access at any moment",
        "at most 32",
        "another wherever one is in doubt",
        "(the role Company Management Admin (Read Only); where that is not taken, Agent, then",
        "or, where that is refused, on the whole company",
        "a second group of the same name",
    ] {
        assert!(text.contains(told), "no `{told}` in {}", run.stdout);
    }
    assert_eq!(world.writes(), [""; 0]);
    asked_on_a_terminal(&world, &line, || (), "yes\n").expect(0);
    no_group_is_left(&world);
}

#[test]
fn who_may_not_write_learns_nothing_and_leaves_nothing() {
    let world = World::new().variable("ROLECALL_TOKEN", "read-token");
    let run = world.run(PROBE).expect(5);
    assert_eq!(run.stdout, "");
    no_group_is_left(&world);
}

#[test]
fn a_group_that_cannot_be_deleted_is_told_with_how_to_do_it_by_hand() {
    for kind in [json!({ "status": { "code": 400 } }), json!({ "ignoreWrite": {} })] {
        let world = World::new();
        world.faults(json!([{ "method": "DELETE", "times": 0, "kind": kind }]));
        let run = world.run(PROBE).expect(3).says(&["still there"]);
        let groups = world.list("user-groups/list");
        let left: Vec<&Value> =
            groups.iter().filter(|it| it["name"].as_str().unwrap().starts_with("rolecall-probe-")).collect();
        assert!(!left.is_empty());
        for group in left {
            for word in [&group["id"], &group["name"]] {
                assert!(run.stdout.contains(word.as_str().unwrap()), "{word} in\n{}", run.stdout);
            }
            let id = group["id"].as_str().unwrap();
            assert!(
                run.stdout.contains(&format!("/v3/companies/{VOYAGER}/user-groups/{id}")),
                "{}",
                run.stdout
            );
            let members = world.list(&format!("user-groups/{id}/members"));
            let roles = world.list(&format!("user-groups/{id}/roles"));
            assert!(members.is_empty() || roles.is_empty(), "it gives nobody anything");
        }
    }
}

#[test]
fn a_group_that_was_made_without_an_answer_is_found_and_deleted() {
    let world = World::new();
    let lost = json!({ "drop": { "afterWrite": true } });
    world.faults(json!([{ "method": "POST", "path": "/user-groups", "writes": true, "kind": lost }]));
    let run = world.run(PROBE);
    assert_ne!(run.code, 0, "{}", run.stdout);
    no_group_is_left(&world);
}

#[test]
fn one_write_that_fails_in_the_server_ends_no_probe() {
    let cases: Vec<(&str, &str, u32, bool)> =
        [("POST", "/user-groups"), ("PATCH", "/members"), ("PATCH", "/roles")]
            .into_iter()
            .flat_map(|(method, path)| {
                [(0, false), (0, true), (2, false)].map(|it| (method, path, it.0, it.1))
            })
            .collect();
    side_by_side(&cases, |(method, path, skip, after)| {
        let world = World::new();
        let kind = json!({ "status": { "code": 502, "afterWrite": after } });
        world.faults(json!([{ "method": method, "path": path, "writes": true, "skip": skip, "kind": kind }]));
        world.forget();
        let run = world.run(PROBE);
        assert_eq!(run.code, 0, "{method} {path} {skip} {after}\n{}\n{}", run.stdout, run.stderr);
        assert!(!run.stdout.contains("Not finished"), "{}", run.stdout);
        assert!(run.stdout.contains("rolesToDelete: objects"), "{}", run.stdout);
        nobody_gained_anything(&world, "userIdsToDelete");
        no_group_is_left(&world);
    });
}

#[test]
fn a_failure_on_the_way_still_deletes_and_tells_what_was_learned() {
    let world = World::new();
    let broken = json!({ "status": { "code": 500 } });
    world.faults(json!([{ "method": "PATCH", "path": "/roles", "times": 0, "kind": broken }]));
    world.forget();
    let run = world.run(PROBE).expect(3);
    assert!(run.stdout.contains("memberRemovalField: userIdsToDelete\n"), "{}", run.stdout);
    assert!(run.stdout.contains("# rolesToDelete: unknown"), "{}", run.stdout);
    assert!(run.stdout.contains("Not finished: "), "{}", run.stdout);
    nobody_gained_anything(&world, "userIdsToDelete");
    no_group_is_left(&world);
}

#[cfg(unix)]
#[test]
fn an_interrupted_probe_still_deletes() {
    for signal in ["-INT", "-TERM"] {
        let world = World::new();
        // It is in the middle of a write when it hears the signal.
        let held = json!({ "slow": { "ms": 600_000 } });
        world.faults(json!([{ "method": "PATCH", "path": "/members", "times": 0, "kind": held }]));
        world.forget();
        let child = world.start(PROBE);
        let members = "PATCH /v3/companies/{companyId}/user-groups/{groupId}/members";
        world.until(|it| it["byRoute"][members].as_u64() >= Some(1));
        send(&child, signal);
        world.faults(json!([]));
        let run = Run::from(child.wait_with_output().unwrap()).expect(3);
        assert!(run.stdout.contains("Not finished: it was interrupted"), "{}", run.stdout);
        nobody_gained_anything(&world, "userIdsToDelete");
        no_group_is_left(&world);
    }
}

#[test]
fn what_earlier_probes_left_is_named_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.yaml");
    let group = "  - { name: rolecall-probe-0badcafe, company: voyager, description: Left., roles: [], members: [] }\n";
    std::fs::write(&seed, format!("{SEED}{group}")).unwrap();
    let now = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let sandbox = Sandbox::start(Options { from: Some(seed), now, ..Options::default() }).unwrap();
    let line = PROBE.replace("voyager", VOYAGER).replace(&format!("root@{VOYAGER}"), "root@voyager");
    let probe = |format: &str| -> Run {
        let mut command = binary();
        command
            .current_dir(folder.path())
            .env("ROLECALL_ENDPOINT", sandbox.url())
            .env("ROLECALL_TOKEN", "full-token");
        command.args(words(&format!("{line} --format {format}"))).output().unwrap().into()
    };
    let run = probe("text").expect(0);
    assert!(run.stdout.contains("Left by an earlier probe: rolecall-probe-0badcafe ("), "{}", run.stdout);
    let report = probe("json").expect(0).json();
    assert_eq!((&report["version"], &report["kind"]), (&json!(1), &json!("probe")));
    assert_eq!(report["earlier"][0]["name"], "rolecall-probe-0badcafe");
    assert_eq!(report["dialect"]["predicate"], "list");
}

#[test]
fn a_rich_company_shows_how_many_rows_a_page_may_have() {
    let many: String =
        (0..120).map(|n| format!("  - {{ email: p{n:03}@voyager.example, company: voyager }}\n")).collect();
    let seed = SEED.replace("users:\n", &format!("users:\n{many}"));
    for (dialect, line) in [("", "pageLimit: 100"), ("dialect: { maxLimit: 60 }\n", "pageLimit: 60")] {
        let run = World::seeded(&format!("{seed}{dialect}")).run(PROBE).expect(0);
        assert!(block(&run).contains(line), "{}", run.stdout);
    }
}

/// What a proxy does with a request, by its first line and its body.
enum Deed {
    Pass,
    /// Answers it with this head, or not at all, and passes it on after a later request to the same path
    /// that is no list, or once it is told to.
    Hold(Option<&'static str>),
    /// Answers it with this head and does not pass it on.
    Refuse(&'static str),
}

type Decide = Box<dyn FnMut(&str, &str) -> Deed + Send>;

/// A proxy in front of a sandbox, as an API whose writes show late.
struct Late {
    url: String,
    held: Arc<Mutex<Held>>,
}

struct Held {
    sandbox: String,
    decide: Decide,
    /// Lines and texts of requests that were not passed on yet.
    waiting: Vec<(String, String)>,
}

impl Late {
    fn before(world: &World, decide: impl FnMut(&str, &str) -> Deed + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sandbox = world.url().strip_prefix("http://").unwrap().to_owned();
        let held = Arc::new(Mutex::new(Held { sandbox, decide: Box::new(decide), waiting: Vec::new() }));
        let shared = held.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A client may open a connection ahead and use it later, or never.
                let held = shared.clone();
                thread::spawn(move || serve(stream, &held));
            }
        });
        Self { url, held }
    }

    /// Passes on what is still held.
    fn release(&self) {
        let mut held = self.held.lock().unwrap();
        for (_, text) in std::mem::take(&mut held.waiting) {
            held.passed(&text);
        }
    }
}

impl Held {
    /// Passes a request on and returns the answer as it came.
    fn passed(&self, text: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.sandbox).unwrap();
        // The older protocol ends an answer with the connection.
        stream.write_all(text.replacen(" HTTP/1.1", " HTTP/1.0", 1).as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }
}

fn serve(mut stream: TcpStream, held: &Mutex<Held>) {
    let (mut text, mut buffer) = (String::new(), [0; 16_384]);
    let body = loop {
        let Ok(n @ 1..) = stream.read(&mut buffer) else { return };
        text += std::str::from_utf8(&buffer[..n]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase().split("content-length: ").nth(1).map(|it| {
            let digits: String = it.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap()
        });
        if body.len() >= length.unwrap_or(0) {
            break body.to_owned();
        }
    };
    let line = text.lines().next().unwrap().to_owned();
    let mut held = held.lock().unwrap();
    let empty = |head: &str| {
        format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
    };
    let answer = match (held.decide)(&line, &body) {
        Deed::Pass => {
            let answer = held.passed(&text);
            if !line.starts_with("GET") && !line.starts_with("POST") {
                let group = |line: &str| line.split("/user-groups/").nth(1).map(|it| it[..36].to_owned());
                let (due, waiting) = held
                    .waiting
                    .drain(..)
                    .partition(|(it, _)| group(it).is_some_and(|it| Some(it) == group(&line)));
                held.waiting = waiting;
                let due: Vec<(String, String)> = due;
                due.iter().for_each(|(_, text)| _ = held.passed(text));
            }
            answer
        }
        Deed::Hold(head) => {
            held.waiting.push((line, text));
            head.map(empty).unwrap_or_default()
        }
        Deed::Refuse(head) => empty(head),
    };
    drop(held);
    let _ = stream.write_all(&answer);
    let _ = stream.shutdown(Shutdown::Both);
}

/// Says whether everything that was learned is so.
#[track_caller]
fn nothing_wrong_was_learned(run: &Run, truth: &Dialect, about: &str) {
    let truth = serde_json::to_value(truth).unwrap();
    for (field, value) in run.json()["dialect"].as_object().unwrap() {
        assert_eq!(*value, truth[field], "{about}: {field}\n{}", run.stdout);
    }
}

#[test]
fn a_write_that_shows_late_gives_nobody_anything_and_teaches_nothing_wrong() {
    let other = "memberRemovalField: userIdsToRemove, groupUpdate: patch, predicate: single";
    let mut cases = Vec::new();
    for (dialect, writes) in [("", 14), (other, 18)] {
        cases.extend((0..writes).map(|it| (dialect, it)));
    }
    side_by_side(&cases, |(dialect, late)| {
        let world = speaking(dialect);
        let truth: Dialect = serde_yaml::from_str(&format!("{{ {dialect} }}")).unwrap();
        let mut writes = 0;
        let late = *late;
        let proxy = Late::before(&world, move |line, _| {
            if !line.starts_with("PATCH") && !line.starts_with("PUT") {
                return Deed::Pass;
            }
            writes += 1;
            if writes == late + 1 { Deed::Hold(Some("200 OK")) } else { Deed::Pass }
        });
        let world = world.variable("ROLECALL_ENDPOINT", &proxy.url);
        world.forget();
        let run = world.run(&format!("{PROBE} --format json"));
        let about = format!("{dialect:?}, write {late}");
        assert!([0, 3].contains(&run.code), "{about}: {run:?}");
        nothing_wrong_was_learned(&run, &truth, &about);
        proxy.release();
        nobody_gained_anything(&world, truth.member_removal_field.as_str());
        no_group_is_left(&world);
    });
}

#[test]
fn a_group_that_can_be_neither_deleted_nor_seen_is_still_there() {
    let world = World::new();
    world.faults(json!([
        { "method": "DELETE", "times": 0, "kind": { "status": { "code": 403 } } },
        { "method": "GET", "path": "/user-groups/", "times": 0, "kind": { "status": { "code": 403 } } },
    ]));
    let report = world.run(&format!("{PROBE} --format json")).expect(3).json();
    assert_eq!(report["deleted"], json!([]));
    let left: Vec<&Value> = report["left"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    let groups = world.list("user-groups/list");
    let there: Vec<&Value> = groups
        .iter()
        .map(|it| &it["name"])
        .filter(|it| it.as_str().unwrap().starts_with("rolecall-probe-"))
        .collect();
    assert_eq!(left, there);
    assert!(!there.is_empty());
}

#[test]
fn a_group_that_is_deleted_and_then_refused_is_gone() {
    let world = World::new();
    let refused = json!({ "status": { "code": 403 } });
    world.faults(json!([{ "method": "GET", "path": "/user-groups/", "times": 0, "kind": refused }]));
    let report = world.run(&format!("{PROBE} --format json")).json();
    assert_eq!(report["left"], json!([]));
    no_group_is_left(&world);
}

/// Probes with the first creation answered by nothing, and made after so many looks for it.
fn made_after(looks: usize) -> (World, Late, Run) {
    let world = World::new();
    let (mut name, mut seen) = (None, 0);
    let shared: Arc<Mutex<bool>> = Arc::default();
    let due = shared.clone();
    let proxy = Late::before(&world, move |line, body| {
        if line.starts_with("POST") && line.contains("/user-groups ") && name.is_none() {
            let sent: Value = serde_json::from_str(body).unwrap();
            name = sent["name"].as_str().map(str::to_owned);
            return Deed::Hold(None);
        }
        if name.as_ref().is_some_and(|it| body.contains(it.as_str())) {
            seen += 1;
            *due.lock().unwrap() = seen == looks;
        }
        Deed::Pass
    });
    let world = world.variable("ROLECALL_ENDPOINT", &proxy.url);
    let (held, done) = (proxy.held.clone(), Arc::new(Mutex::new(false)));
    let ended = done.clone();
    let releasing = thread::spawn(move || {
        while !*ended.lock().unwrap() {
            if std::mem::take(&mut *shared.lock().unwrap()) {
                Late { url: String::new(), held: held.clone() }.release();
            }
            thread::yield_now();
        }
    });
    let run = world.run(&format!("{PROBE} --format json"));
    *done.lock().unwrap() = true;
    releasing.join().unwrap();
    (world, proxy, run)
}

#[test]
fn a_group_that_is_made_after_a_look_for_it_is_found_by_the_next() {
    let (world, _, run) = made_after(1);
    let report = run.expect(3).json();
    assert_eq!((report["deleted"].as_array().unwrap().len(), &report["left"]), (1, &json!([])));
    no_group_is_left(&world);
}

#[test]
fn a_group_that_may_still_come_is_told_by_its_name() {
    let (world, proxy, run) = made_after(usize::MAX);
    let run = run.expect(3).says(&["may still be there"]);
    proxy.release();
    let groups = world.list("user-groups/list");
    let names = groups.iter().map(|it| it["name"].as_str().unwrap());
    let made: Vec<&str> = names.filter(|it| it.starts_with("rolecall-probe-")).collect();
    assert_eq!((made.len(), &run.json()["left"][0]["name"]), (1, &json!(made[0])));
}

#[test]
fn after_a_creation_without_an_answer_nothing_more_is_created() {
    for skip in 0..6 {
        let world = World::new();
        let rule = json!({ "method": "POST", "path": "/user-groups", "writes": true, "skip": skip, "kind": { "drop": {} } });
        world.faults(json!([rule]));
        world.forget();
        world.run(PROBE).expect(3);
        let made: Vec<_> = world.written().into_iter().filter(|it| it.what == "POST user-groups").collect();
        assert_eq!(made.len(), skip + 1);
        assert_eq!(made.last().unwrap().status, None);
        no_group_is_left(&world);
    }
}

#[test]
fn a_page_is_as_large_as_every_list_accepts() {
    let many: String =
        (0..260).map(|n| format!("  - {{ email: p{n:03}@voyager.example, company: voyager }}\n")).collect();
    let world = World::seeded(&SEED.replace("users:\n", &format!("users:\n{many}")));
    // Users come by the thousand, groups and roles by the hundred.
    let proxy = Late::before(&world, |line, body| {
        let sent: Value = serde_json::from_str(body).unwrap_or_default();
        match sent["pagination"]["limit"].as_u64() {
            Some(101..) if !line.contains("/v3/users/list ") => Deed::Refuse("400 Bad Request"),
            _ => Deed::Pass,
        }
    });
    let world = world.variable("ROLECALL_ENDPOINT", &proxy.url);
    let run = world.run(PROBE).expect(0);
    assert!(block(&run).contains("pageLimit: 100"), "{}", run.stdout);
}

/// Where there are client credentials, a token that is revoked on the way costs one request and leaves nothing behind.
#[test]
fn a_token_that_is_revoked_in_the_middle_of_a_probe_is_renewed() {
    let ends: Vec<u64> = (0..48).step_by(3).collect();
    side_by_side(&ends, |skip| {
        let world = World::new().with_client();
        world.faults(json!([{ "path": "/v3/", "skip": skip, "kind": { "expireTokens": {} } }]));
        world.forget();
        world.run(PROBE).expect(0);
        assert!(world.log().iter().any(|it| it["status"] == 401), "{skip}: it never happened");
        nobody_gained_anything(&world, "userIdsToDelete");
        no_group_is_left(&world);
    });
}

#[test]
fn a_probe_of_accounts_learns_whether_one_comes_back_and_leaves_nobody_who_could_do_anything() {
    for (dialect, learned) in [("userDelete: deactivates", true), ("userDelete: erases", false)] {
        let world = speaking(dialect);
        let run = world.run(&format!("{PROBE} --people")).expect(0);
        let block = block(&run);
        let said = if learned { "    userDelete: deactivates\n" } else { "    # userDelete: unknown\n" };
        assert!(block.contains(said), "{dialect}: {}", run.stdout);
        let everybody = json!({ "companyId": { "id": VOYAGER }, "pagination": { "limit": 100 }, "userStatusFilter": "ALL" });
        let (_, found) = world.call("POST", "/v3/users/list", everybody);
        let own = found["users"].as_array().unwrap().iter();
        let own: Vec<&Value> = own
            .filter(|it| {
                it["businessDetail"]["businessEmail"]
                    .as_str()
                    .is_some_and(|it| it.starts_with("rolecall-probe-"))
            })
            .collect();
        assert_eq!(own.len(), usize::from(learned), "{dialect}");
        assert!(own.iter().all(|it| it["isActive"] == false), "{dialect}: {own:?}");
        assert!(
            world.writes().iter().all(|it| !it.contains("members") && !it.contains("roles")),
            "{dialect}"
        );
        // The next takes the same account, and learns the same.
        let json = world.run(&format!("{PROBE} --people --format json")).expect(0).json();
        assert_eq!(json["deactivated"].as_array().unwrap().len(), usize::from(learned));
        assert_eq!(json["dialect"]["userDelete"] == "deactivates", learned);
        assert_eq!(json["earlier"], json!([]));
        assert_eq!(own_accounts(&world), vec![false; usize::from(learned)], "{dialect}");
    }
}

/// Whether each account of a probe is active.
fn own_accounts(world: &World) -> Vec<bool> {
    let everybody =
        json!({ "companyId": { "id": VOYAGER }, "pagination": { "limit": 100 }, "userStatusFilter": "ALL" });
    let (_, found) = world.call("POST", "/v3/users/list", everybody);
    let is_own = |it: &&Value| {
        it["businessDetail"]["businessEmail"].as_str().is_some_and(|it| it.starts_with("rolecall-probe-"))
    };
    found["users"].as_array().unwrap().iter().filter(is_own).map(|it| it["isActive"] == true).collect()
}

#[test]
fn whenever_a_probe_of_accounts_is_killed_the_next_leaves_one_account_that_is_not_active() {
    let line = format!("{PROBE} --people");
    // A new account takes four writes, that of an earlier probe four others.
    let cases: Vec<(bool, u64, bool)> = [false, true]
        .into_iter()
        .flat_map(|again| (0..4).flat_map(move |at| [false, true].map(|is_made| (again, at, is_made))))
        .collect();
    side_by_side(&cases, |(again, at, is_made)| {
        let what = format!("again: {again}, write {at}, made: {is_made}");
        let world = World::new();
        if *again {
            world.run(&line).expect(0);
        }
        world.forget();
        world.faults(json!([{ "writes": true, "afterWrites": at, "kind": { "slow": { "ms": 600_000, "afterWrite": is_made } } }]));
        let mut child = world.start(&line);
        let reached = at + u64::from(*is_made);
        world.until(|it| it["applied"] == reached && it["writes"] == at + 1);
        child.kill().unwrap();
        child.wait().unwrap();
        world.until(|it| it["inFlight"] == 0);
        world.faults(json!([]));
        let left = own_accounts(&world);
        let json = world.run(&format!("{line} --format json")).expect(0).json();
        assert_eq!(own_accounts(&world), [false], "{what}");
        assert_eq!(json["dialect"]["userDelete"], "deactivates", "{what}");
        let named: Vec<&Value> = json["earlier"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
        let address = "rolecall-probe-1a6f0000@voyager.example";
        assert_eq!(named, if left == [true] { vec![address] } else { Vec::new() }, "{what}");
    });
}

#[test]
fn an_account_of_that_address_that_is_not_as_a_probe_made_it_is_not_touched() {
    let line = format!("{PROBE} --people");
    let made = || {
        let world = World::new();
        world.run(&line).expect(0);
        let user = world.user("rolecall-probe-1a6f0000@voyager.example");
        (world, user)
    };
    let admin = json!({ "roleType": "COMPANY_ADMIN", "metadata": { "roleType": "COMPANY_ADMIN", "companyRef": { "id": VOYAGER } } });
    for (said, change) in [
        ("somebody with another name", 0),
        ("somebody with direct roles", 1),
        ("in a group", 2),
        ("not shown to this token", 3),
    ] {
        for active in [false, true] {
            let (world, user) = made();
            let path = format!("/v2/users/{user}");
            assert!(world.call("POST", &format!("{path}/activate"), Value::Null).0 < 300);
            match change {
                0 => {
                    let mut profile = world.call("GET", &path, Value::Null).1;
                    profile["personalInfo"]["name"]["family1"] = json!("Robot");
                    assert!(world.call("PUT", &path, profile).0 < 300);
                }
                1 => assert!(world.call("PUT", &format!("{path}/roles"), json!({ "roles": [admin] })).0 < 300),
                2 => world.patch_members("Night", &json!({ "userIdsToAdd": [user] })),
                _ => world.faults(json!([{ "method": "GET", "path": format!("{path}?"), "times": 0, "kind": { "status": { "code": 403 } } }])),
            }
            if !active {
                assert!(world.call("DELETE", &path, Value::Null).0 < 300);
            }
            world.forget();
            let run = world
                .run(&line)
                .expect(4)
                .says(&["rolecall-probe-1a6f0000@voyager.example", "nothing was written"]);
            assert!(run.stderr.contains(said), "{said} {active}: {}", run.stderr);
            assert_eq!(world.writes(), [""; 0], "{said} {active}");
        }
    }
}

/// What was read before the question is not what is there after it.
#[cfg(target_os = "linux")]
#[test]
fn a_probe_of_accounts_says_which_account_it_takes_and_takes_it_only_if_it_is_still_so() {
    let line = format!("{} --people", PROBE.replace(" --yes", ""));
    let world = World::new();
    let path = || format!("/v2/users/{}", world.user("rolecall-probe-1a6f0000@voyager.example"));
    let told = |run: &Run| run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let run = asked_on_a_terminal(&world, &line, || (), "yes\n").expect(0);
    let text = told(&run);
    assert!(
        text.contains("make an account for rolecall-probe-1a6f0000@voyager.example, which gets no role"),
        "{text}"
    );
    let run = asked_on_a_terminal(&world, &line, || (), "yes\n").expect(0);
    let text = told(&run);
    assert!(text.contains("activate the account rolecall-probe-1a6f0000@voyager.example (user"), "{text}");
    let activate = || assert!(world.call("POST", &format!("{}/activate", path()), Value::Null).0 < 300);
    let run = asked_on_a_terminal(&world, &line, activate, "yes\n");
    assert!(told(&run).contains("is otherwise by now; nothing was written"), "{}", run.stdout);
    assert_eq!(own_accounts(&world), [true]);
    let text = told(&asked_on_a_terminal(&world, &line, || (), "yes\n").expect(0));
    assert!(text.contains("that an earlier probe left active"), "{text}");
    assert!(text.contains("Left by an earlier probe: rolecall-probe-1a6f0000@voyager.example"), "{text}");
    assert_eq!(own_accounts(&world), [false]);
}

#[test]
fn a_probe_of_accounts_that_meets_trouble_says_what_is_left() {
    for (rules, code, said) in [
        (json!([{ "method": "POST", "path": "/v2/users", "kind": { "status": { "code": 403 } } }]), 5, "403"),
        (
            json!([{ "method": "POST", "path": "/v2/users", "kind": { "drop": { "afterWrite": true } } }]),
            0,
            "deactivates",
        ),
        (
            json!([{ "method": "DELETE", "times": 0, "kind": { "status": { "code": 403 } } }]),
            3,
            "NOT DELETED",
        ),
        (
            json!([{ "method": "DELETE", "times": 0, "kind": { "ignoreWrite": {} } }]),
            3,
            "it is active all the same",
        ),
        (json!([{ "path": "/activate", "kind": { "status": { "code": 403 } } }]), 0, "unknown"),
    ] {
        let world = World::new();
        world.faults(rules.clone());
        let run = world.run(&format!("{PROBE} --people")).expect(code);
        assert!(
            run.stdout.contains(said) || run.stderr.contains(said),
            "{rules}\n{}{}",
            run.stdout,
            run.stderr
        );
    }
    let world = World::new();
    let run = world.run("doctor --probe --people --company voyager --user root@voyager.example").expect(4);
    assert!(run.stderr.contains("--auto-approve") && world.writes().is_empty());
}
