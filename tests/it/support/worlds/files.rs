//! What files ask for: mostly something near what there is.

use serde_json::{Value, json};

use super::{
    Tape,
    live::{Audience, Direct, Live, ROLES, USERS, role_id},
};

pub(super) const PAST: &str = "2026-11-20";
pub(super) const FUTURE: &str = "2027-03-31";

/// How many names of groups there are in a company.
const DESKS: usize = 4;

/// Returns a person in the form of a mapping.
pub(super) fn keys(person: &Value) -> Value {
    if person.is_string() { json!({ "email": person }) } else { person.clone() }
}

/// Returns a list with one of its three meanings.
fn listing(entries: Vec<Value>, tape: &mut Tape) -> Value {
    match tape.below(10) {
        0..6 => entries.into(),
        6..9 => json!({ "atLeast": entries }),
        _ => json!("unmanaged"),
    }
}

/// Lets an entry begin and end, or not.
fn ending(mut entry: Value, tape: &mut Tape) -> Value {
    match tape.below(10) {
        4 => entry["from"] = FUTURE.into(),
        5 => entry["from"] = PAST.into(),
        6..8 => entry["until"] = PAST.into(),
        8..10 => entry["until"] = FUTURE.into(),
        _ => (),
    }
    entry
}

pub(super) fn access(company: usize, live: &Live, tape: &mut Tape) -> Value {
    let mut file = json!({ "version": 1, "groups": [] });
    let named = Audience::drawn(tape, false).declared(tape, live);
    file["scopes"] = json!({ "named": [named] });
    let (mut groups, mut removed) = (Vec::new(), Vec::new());
    for n in 0..DESKS {
        let name = format!("Desk {n}");
        match tape.below(10) {
            0 | 1 => (),
            8 => removed.push(json!({ "group": name, "reason": "gone" })),
            how => groups.push(declared(company, (n, &name), how, live, tape)),
        }
    }
    file["groups"] = groups.into();
    file["removed"] = removed.into();
    let mut users = Vec::new();
    for user in &live.users {
        // Of others only somebody whose own company no file speaks of: nobody is under `users:` twice.
        let chance = match USERS[user.n] {
            own if own == company => 30,
            2 => 5,
            _ => 0,
        };
        if tape.often(chance) {
            let mut roles: Vec<Direct> = Vec::new();
            let kept = user.direct.iter().flatten();
            let mut wanted: Vec<Direct> = kept.filter(|_| tape.often(60)).cloned().collect();
            wanted.extend((0..tape.below(3)).map(|_| Direct::drawn(tape)));
            for one in wanted {
                if !roles.iter().any(|it| it.is_like(&one)) {
                    roles.push(one);
                }
            }
            let roles = roles.iter().map(|it| {
                let entry = it.declared(tape, live);
                ending(entry, tape)
            });
            let roles: Vec<Value> = roles.collect();
            let roles = listing(roles, tape);
            users.push(json!({ "user": user.named(tape), "directRoles": roles }));
        }
    }
    file["users"] = users.into();
    file
}

/// Returns the entry of a group.
fn declared(company: usize, (n, name): (usize, &str), how: usize, live: &Live, tape: &mut Tape) -> Value {
    let found = live.groups[company].iter().find(|it| it.name == name);
    let mut entry = json!({ "name": name, "description": format!("The {name}.") });
    if how == 9 && (found.is_some() || tape.often(5)) {
        entry["name"] = format!("{name} II").into();
        entry["renamedFrom"] = name.into();
    }
    if tape.often(15) {
        entry["description"] = format!("Another desk {n}.").into();
    }
    if tape.often(25) {
        entry = ending(entry, tape);
    }
    if let Some(found) = found.filter(|_| tape.often(15)) {
        entry["id"] = found.id.clone().into();
    }
    let mut roles: Vec<Value> = Vec::new();
    for (role, scope) in found.iter().flat_map(|it| &it.roles) {
        for audience in scope {
            if tape.often(70) {
                roles.extend(grant(company, *role, std::slice::from_ref(audience), live, tape));
            }
        }
    }
    for _ in 0..tape.below(3) {
        let scope: Vec<Audience> = (0..1 + tape.below(2)).map(|_| Audience::drawn(tape, false)).collect();
        let role = tape.below(ROLES.len());
        roles.extend(grant(company, role, &scope, live, tape));
    }
    let mut said: Vec<(Value, Value)> = Vec::new();
    roles.retain(|it| {
        let new = !said.contains(&(it["role"].clone(), it["scope"].clone()));
        said.push((it["role"].clone(), it["scope"].clone()));
        new
    });
    entry["roles"] = listing(roles, tape);
    let mut members: Vec<Value> = Vec::new();
    for user in &live.users {
        let is_in = found.is_some_and(|it| it.members.contains(&user.n));
        let chance = match (USERS[user.n] == company, is_in) {
            (true, true) => 60,
            (true, false) => 25,
            (false, _) => 2,
        };
        // Now and then under two names.
        for _ in 0..usize::from(tape.often(chance)) * (1 + usize::from(tape.often(12))) {
            let person = user.named(tape);
            members.push(ending(keys(&person), tape));
        }
    }
    if tape.often(8) {
        members.push(json!({ "email": format!("nobody{n}@voyager.example") }));
    }
    let mut said: Vec<Value> = Vec::new();
    members.retain(|it| {
        let mut bare = it.clone();
        bare.as_object_mut().unwrap().retain(|it, _| !["from", "until"].contains(&it.as_str()));
        let new = !said.contains(&bare);
        said.push(bare);
        new
    });
    let named = members.clone();
    entry["members"] = listing(members, tape);
    if entry["members"] != "unmanaged" && tape.often(30) {
        rules(&mut entry, (company, &named), live, tape);
    }
    entry
}

/// Adds rules by which more people are members, and exceptions from them.
fn rules(entry: &mut Value, (company, named): (usize, &[Value]), live: &Live, tape: &mut Tape) {
    let mut rules: Vec<Value> = Vec::new();
    for _ in 0..1 + tape.below(2) {
        let rule = match tape.below(4) {
            0 => json!({ "department": format!("d{}", tape.below(3)) }),
            1 => json!({ "office": [format!("o{}", tape.below(2))] }),
            2 => json!({ "department": format!("d{}", tape.below(3)), "office": "o1" }),
            _ => json!({ "department": ["d1", "d2"] }),
        };
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    entry["membersFrom"] = rules.into();
    let mut except: Vec<Value> = Vec::new();
    for user in &live.users {
        if tape.often(if USERS[user.n] == company { 12 } else { 1 }) {
            let person = user.named(tape);
            let is_named = named.iter().any(|it| {
                let mut bare = it.clone();
                bare.as_object_mut().unwrap().retain(|it, _| !["from", "until"].contains(&it.as_str()));
                bare == keys(&person)
            });
            if !is_named && !except.contains(&person) {
                except.push(person);
            }
        }
    }
    if tape.often(4) {
        except.push(json!("nobody-excepted@voyager.example"));
    }
    if !except.is_empty() {
        entry["except"] = except.into();
    }
}

/// Returns the entry of a role; nothing for what no file can ask for.
fn grant(company: usize, role: usize, scope: &[Audience], live: &Live, tape: &mut Tape) -> Option<Value> {
    let audiences: Option<Vec<Value>> = scope.iter().map(|it| it.declared(tape, live)).collect();
    let audiences = audiences?;
    let scope = if tape.often(8) { json!("named") } else { json!(audiences) };
    let role = match (ROLES.iter().filter(|it| **it == ROLES[role]).count(), tape.below(10)) {
        (_, 9) => json!({ "id": role_id(company, role) }),
        (1, _) => json!(ROLES[role]),
        _ => {
            json!({ "name": ROLES[role], "providedBy": if role + 1 < ROLES.len() { "platform" } else { "company" } })
        }
    };
    Some(ending(json!({ "role": role, "scope": scope }), tape))
}
