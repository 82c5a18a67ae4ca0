//! What somebody only thinks of has the plan of files that say it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, list, text};
use crate::support::{
    library::{plan_from_everything, plan_supposed},
    worlds::{NOW, Tape, World, tapes},
};

/// A change as it is typed, and the same in the files.
struct Thought {
    comes: bool,
    thing: String,
    world: World,
}

/// A person of a list, as a command line names one.
fn typed(member: &Value) -> String {
    let keys = ["email", "externalId", "employeeId", "userId"];
    let key = keys.iter().find(|it| member[**it].is_string()).unwrap();
    let value = text(&member[*key]);
    if *key == "email" { value.to_owned() } else { format!("{key}={value}") }
}

/// Puts an entry into a list, whatever its meaning.
fn put(list: &mut Value, entry: Value) {
    match list {
        Value::Array(entries) => entries.push(entry),
        Value::Object(_) => list["atLeast"].as_array_mut().unwrap().push(entry),
        _ => *list = json!({ "atLeast": [entry] }),
    }
}

/// The entries of a list, whatever its meaning.
fn entries(list: &mut Value) -> Option<&mut Vec<Value>> {
    if list.is_object() { list["atLeast"].as_array_mut() } else { list.as_array_mut() }
}

/// A role outside groups comes or goes.
fn direct(mut world: World, tape: &mut Tape) -> Option<Thought> {
    let users = world.files[1].1["users"].as_array_mut().unwrap();
    let key = |user: &Value| match &user["user"] {
        Value::String(email) => email.clone(),
        keys => typed(keys),
    };
    let (role, on) = *tape.pick(&[
        ("COMPANY_REPORT_ADMIN", "company"),
        ("COMPANY_ADMIN", "company"),
        ("GLOBAL_AGENT", ""),
        ("TMC_AGENT", "tmc"),
        ("TRAVEL_ARRANGER", "arrangerFor"),
    ]);
    if !users.is_empty() && tape.often(50) {
        let n = tape.below(users.len());
        let user = &mut users[n];
        let who = key(user);
        let own = entries(&mut user["directRoles"])?;
        let gone = own.iter().find_map(|it| it["type"].as_str())?.to_owned();
        own.retain(|it| it["type"] != *gone);
        return Some(Thought { comes: false, thing: format!("direct:{who}={gone}"), world });
    }
    let who = format!("p{}@voyager.example", tape.below(8));
    let (value, said) = match on {
        "" => (json!({ "type": role }), role.to_owned()),
        "arrangerFor" => {
            (json!({ "type": role, on: ["p1@voyager.example"] }), format!("{role}@{on}=p1@voyager.example"))
        }
        _ => (json!({ "type": role, on: "voyager" }), format!("{role}@{on}=voyager")),
    };
    match users.iter_mut().find(|it| key(it) == who) {
        Some(user) => put(&mut user["directRoles"], value),
        None => users.push(json!({ "user": who, "directRoles": { "atLeast": [value] } })),
    }
    Some(Thought { comes: true, thing: format!("direct:{who}={said}"), world })
}

/// Somebody is cut off everywhere, or is no longer.
fn lockout(mut world: World, tape: &mut Tape) -> Option<Thought> {
    let workspace = &mut world.files[0].1;
    if let Some(own) = workspace["lockout"].as_array().cloned().filter(|_| tape.often(50)) {
        let gone = typed(own.first()?);
        workspace.as_object_mut().unwrap().remove("lockout");
        return Some(Thought { comes: false, thing: format!("lockout:{gone}"), world });
    }
    let who = format!("p{}@voyager.example", tape.below(8));
    let entry = json!({ "email": who, "since": NOW, "reason": "what if" });
    match workspace["lockout"].as_array_mut() {
        Some(all) => all.push(entry),
        None => workspace["lockout"] = json!([entry]),
    }
    Some(Thought { comes: true, thing: format!("lockout:{who}"), world })
}

fn thought(world: &World, tape: &mut Tape) -> Option<Thought> {
    let mut world = world.clone();
    let names: Vec<String> = world.files[1..]
        .iter()
        .flat_map(|it| list(&it.1, "groups"))
        .map(|it| text(&it["name"]).to_owned())
        .collect();
    let file = &mut world.files[1].1;
    let count = list(file, "groups").len();
    if count == 0 {
        return None;
    }
    match tape.below(8) {
        0 | 1 => return direct(world, tape),
        2 => return lockout(world, tape),
        _ => (),
    }
    let file = &mut world.files[1].1;
    let n = tape.below(count);
    let group = &mut file["groups"][n];
    let name = text(&group["name"]).to_owned();
    if names.iter().filter(|it| **it == name).count() > 1 {
        return None;
    }
    let (comes, thing) = match tape.below(5) {
        0 => {
            let who = format!("p{}@voyager.example", tape.below(8));
            put(&mut group["members"], json!(who));
            (true, format!("member:{who}={name}"))
        }
        1 => {
            let own = entries(&mut group["members"]).filter(|it| !it.is_empty())?;
            let gone = typed(&own[tape.below(own.len())]);
            own.retain(|it| typed(it) != gone);
            (false, format!("member:{gone}={name}"))
        }
        2 => {
            let client = *tape.pick(&["voyager", "globex", "initech"]);
            put(&mut group["roles"], json!({ "role": "Agent", "scope": { "company": client } }));
            (true, format!("role:Agent@company={client}={name}"))
        }
        3 => {
            let own = entries(&mut group["roles"])?;
            let gone = own.iter().find_map(|it| it["role"].as_str())?.to_owned();
            own.retain(|it| it["role"] != gone && it["role"]["name"] != gone);
            (false, format!("role:{gone}={name}"))
        }
        _ => {
            file["groups"].as_array_mut().unwrap().remove(n);
            file["removed"].as_array_mut().unwrap().push(json!({ "group": name, "reason": "what if" }));
            (false, format!("group:{name}"))
        }
    };
    Some(Thought { comes, thing, world })
}

/// What a plan does, but for where that stands.
fn deeds(plan: &Value) -> (Vec<Value>, Value) {
    let bare = |it: &Value| {
        let mut bare = it.clone();
        bare.as_object_mut().unwrap().retain(|it, _| !["origin", "why"].contains(&it.as_str()));
        if let Some(rule) = bare.get_mut("byRule").and_then(Value::as_object_mut) {
            rule.remove("origin");
        }
        bare
    };
    let people = ["gain", "lose", "loseEverything"].map(|it| plan["people"][it].clone());
    (list(plan, "edits").iter().map(bare).collect(), json!(people))
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn what_is_thought_of_has_the_plan_of_files_that_say_it(mut tape in tapes(), choice in prop::collection::vec(any::<u8>(), 4)) {
        let world = World::drawn(&mut tape);
        let mut own = Tape::of(choice);
        let Some(Thought { comes, thing, world: edited }) = thought(&world, &mut own) else { return Ok(()) };
        let found = world.with(|it| plan_supposed(it, comes, &thing));
        let expected = edited.with(plan_from_everything);
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                prop_assert_eq!(deeds(&found), deeds(&expected), "{} {}", comes, thing);
            }
            // What is wrong with the one is wrong with the other.
            (Err(found), Err(expected)) => prop_assert_eq!(
                found.split(':').next(), expected.split(':').next(), "{}\n{}", &found, &expected
            ),
            // Nothing is thought of beside files that are not sound, even if they would be then.
            (Err(_), Ok(_)) if world.with(plan_from_everything).is_err() => (),
            (found, expected) => prop_assert!(false, "{} {}: {:?} {:?}", comes, thing, found.err(), expected.err()),
        }
    }
}

#[test]
fn enough_is_thought_of() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut compared = 0;
    for n in 0..100_u8 {
        let world = World::drawn(&mut tapes().new_tree(&mut runner).unwrap().current());
        let Some(it) = thought(&world, &mut Tape::of(vec![n, n / 5, n])) else { continue };
        compared += u32::from(world.with(|inputs| plan_supposed(inputs, it.comes, &it.thing)).is_ok());
    }
    assert!(compared > 20, "{compared}");
}
