//! Worlds for laws: files and a live state that differ in every way that is known, as plain JSON.
//!
//! A world is drawn from a tape of bytes, on which zero always is the simplest choice: what a law fails on
//! shrinks to what matters. JSON is YAML, so the files are written as such. Knows nothing of the library.

use std::fmt;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::library::Inputs;

/// The time of every world.
pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";
const PAST: &str = "2026-11-20";
const FUTURE: &str = "2027-03-31";

/// The companies: files declare groups of the first two, and scopes and people are of all three.
pub(crate) const COMPANIES: [&str; 3] = ["voyager", "globex", "initech"];
/// The roles of each of them; the last two have one name.
const ROLES: [&str; 5] = ["Agent", "Trip Manager", "Profile Manager", "Reporter", "Reporter"];
/// Users, and the company of each.
const USERS: [usize; 9] = [0, 0, 0, 0, 0, 0, 1, 1, 2];
/// How many names of groups there are in a company.
const DESKS: usize = 4;

pub(crate) fn company_id(n: usize) -> String {
    format!("2b7e0000-0000-4000-8000-{n:012}")
}

fn entity_id(n: usize) -> String {
    format!("3c8d0000-0000-4000-8000-{n:012}")
}

pub(crate) fn user_id(n: usize) -> String {
    format!("5e500000-0000-4000-8000-{n:012}")
}

fn group_id(company: usize, n: usize) -> String {
    format!("6a0b0000-0000-4000-8000-{:012}", company * 100 + n)
}

fn role_id(company: usize, n: usize) -> String {
    format!("401e0000-0000-4000-8000-{:012}", company * 100 + n)
}

/// Choices, one after the other; after the last, always the simplest.
#[derive(Clone)]
pub(crate) struct Tape {
    bytes: Vec<u8>,
    at: usize,
}

/// A law says what world it fails on; the bytes tell nobody anything.
impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a tape of {} bytes", self.bytes.len())
    }
}

impl Tape {
    /// Returns a number below `n`, which is at most 256.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % n
    }

    /// Returns true in so many of a hundred cases.
    pub(crate) fn often(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    pub(crate) fn pick<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        &these[self.below(these.len())]
    }
}

/// Returns tapes on which a world, and something that happens to it, has room.
pub(crate) fn tapes() -> impl Strategy<Value = Tape> {
    // Shrunk from left to right: first the tape is cut, then what is left of it is made simple.
    (0..900_usize, prop::collection::vec(any::<u8>(), 900)).prop_map(|(length, mut bytes)| {
        bytes.truncate(length);
        Tape { bytes, at: 0 }
    })
}

/// A part of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Audience {
    Companies(Vec<usize>),
    Entity(usize),
    Travellers(Vec<usize>),
    Platform,
    /// Something that no version understands; no file can ask for it.
    Odd,
}

impl Audience {
    fn drawn(tape: &mut Tape, live: bool) -> Self {
        let some = |tape: &mut Tape, n: usize| {
            let mut some: Vec<usize> = (0..1 + tape.below(2)).map(|_| tape.below(n)).collect();
            some.sort_unstable();
            some.dedup();
            some
        };
        match tape.below(20) {
            0..10 => Self::Companies(some(tape, COMPANIES.len())),
            10..14 => Self::Entity(tape.below(COMPANIES.len())),
            14..18 => Self::Travellers(some(tape, USERS.len())),
            18 if live => Self::Odd,
            _ => Self::Platform,
        }
    }

    /// As the API says it.
    fn wire(&self) -> Value {
        let predicate =
            |kind: &str, values: Vec<String>| json!({ "type": kind, "comparator": "IN", "values": values });
        let ids = |these: &[usize], id: fn(usize) -> String| these.iter().map(|it| id(*it)).collect();
        let predicates = match self {
            Self::Companies(these) => vec![predicate("COMPANY", ids(these, company_id))],
            Self::Entity(n) => vec![
                predicate("COMPANY", vec![company_id(*n)]),
                predicate("LEGAL_ENTITY", vec![entity_id(*n)]),
            ],
            Self::Travellers(these) => vec![predicate("PROFILE", ids(these, user_id))],
            Self::Platform => vec![json!({ "type": "PLATFORM" })],
            Self::Odd => {
                return json!({ "predicates": [predicate("COMPANY", vec![company_id(1)])], "unless": "Monday" });
            }
        };
        json!({ "predicates": predicates })
    }

    /// As a file says it.
    fn declared(&self, tape: &mut Tape, live: &Live) -> Option<Value> {
        Some(match self {
            Self::Companies(these) => match &these[..] {
                [one] => json!({ "company": COMPANIES[*one] }),
                several => json!({ "company": several.iter().map(|it| COMPANIES[*it]).collect::<Vec<_>>() }),
            },
            Self::Entity(n) => {
                json!({ "company": COMPANIES[*n], "legalEntity": format!("{}-e", COMPANIES[*n]) })
            }
            Self::Travellers(these) => {
                json!({ "profile": these.iter().map(|it| live.users[*it].named(tape)).collect::<Vec<_>>() })
            }
            Self::Platform => json!({ "platform": true }),
            Self::Odd => return None,
        })
    }
}

/// A user of the directory.
#[derive(Clone, Debug)]
struct User {
    n: usize,
    email: String,
    external: bool,
    employee: bool,
    active: bool,
    direct: Option<Vec<Direct>>,
}

impl User {
    fn row(&self) -> Value {
        let mut row = json!({
            "userId": user_id(self.n), "email": self.email, "company": company_id(USERS[self.n]), "active": self.active,
        });
        if self.external {
            row["externalId"] = format!("ext-{}", self.n).into();
        }
        if self.employee {
            row["employeeId"] = format!("emp-{}", self.n).into();
        }
        row
    }

    /// Returns one of the names a file may use where an address alone will do as well.
    fn named(&self, tape: &mut Tape) -> Value {
        match tape.below(10) {
            6 | 7 if self.external => json!({ "externalId": format!("ext-{}", self.n) }),
            8 if self.employee => json!({ "employeeId": format!("emp-{}", self.n) }),
            9 => json!({ "userId": user_id(self.n) }),
            _ => json!(self.email),
        }
    }
}

/// A direct role.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Direct {
    Admin(usize),
    Tmc,
    Global,
    Arranger(Vec<usize>),
    Raw,
}

impl Direct {
    fn drawn(tape: &mut Tape) -> Self {
        match tape.below(5) {
            0 => Self::Admin(tape.below(COMPANIES.len())),
            1 => Self::Tmc,
            2 => Self::Global,
            3 => {
                let mut some: Vec<usize> = (0..1 + tape.below(3)).map(|_| tape.below(USERS.len())).collect();
                some.sort_unstable();
                some.dedup();
                Self::Arranger(some)
            }
            _ => Self::Raw,
        }
    }

    fn wire(&self) -> Value {
        let typed = |name: &str, rest: Value| {
            let mut metadata = rest;
            metadata["roleType"] = name.into();
            json!({ "roleType": name, "metadata": metadata })
        };
        match self {
            Self::Admin(n) => typed("COMPANY_ADMIN", json!({ "companyRef": { "id": company_id(*n) } })),
            Self::Tmc => typed("TMC_AGENT", json!({ "tmcRef": { "id": company_id(0) } })),
            Self::Global => json!({ "roleType": "GLOBAL_AGENT" }),
            Self::Arranger(these) => {
                let list: Vec<Value> =
                    these.iter().map(|it| json!({ "userId": { "id": user_id(*it) } })).collect();
                typed("TRAVEL_ARRANGER", json!({ "arrangerFor": list }))
            }
            Self::Raw => json!({ "roleType": "NEW_THING", "metadata": { "reach": [1, 2] } }),
        }
    }

    fn declared(&self, tape: &mut Tape, live: &Live) -> Value {
        match self {
            Self::Admin(n) => json!({ "type": "COMPANY_ADMIN", "company": COMPANIES[*n] }),
            Self::Tmc => json!({ "type": "TMC_AGENT", "tmc": COMPANIES[0] }),
            Self::Global => json!({ "type": "GLOBAL_AGENT" }),
            Self::Arranger(these) => {
                let list: Vec<Value> =
                    these.iter().map(|it| json!({ "user": live.users[*it].named(tape) })).collect();
                json!({ "type": "TRAVEL_ARRANGER", "arrangerFor": list })
            }
            Self::Raw => json!({ "raw": self.wire() }),
        }
    }

    /// Whether a person can hold only one of both.
    fn is_like(&self, other: &Self) -> bool {
        self == other || matches!((self, other), (Self::Arranger(_), Self::Arranger(_)))
    }
}

/// A live group.
#[derive(Clone, Debug)]
struct Group {
    id: String,
    name: String,
    standard: bool,
    roles: Vec<(usize, Vec<Audience>)>,
    members: Vec<usize>,
}

/// What there is.
#[derive(Clone, Debug)]
struct Live {
    users: Vec<User>,
    /// By company.
    groups: [Vec<Group>; 3],
}

impl Live {
    fn drawn(tape: &mut Tape) -> Self {
        let mut users: Vec<User> = (0..USERS.len()).map(|n| user(n, tape)).collect();
        if tape.often(30) {
            users[5].email = users[4].email.clone();
        }
        if tape.often(12) {
            users[7].email = users[0].email.clone();
        }
        let groups = [4, 3, 2].map(|most| tape.below(most) + usize::from(most == 4));
        let mut company = 0;
        let groups = groups.map(|count| {
            let own = company;
            company += 1;
            (0..count).map(|n| group(own, n, tape)).collect()
        });
        Self { users, groups }
    }

    fn value(&self) -> Value {
        let group = |company: usize, it: &Group| {
            let roles: Vec<Value> = it
                .roles
                .iter()
                .map(|(role, scope)| {
                    let audiences: Vec<Value> = scope.iter().map(Audience::wire).collect();
                    json!({ "roleId": role_id(company, *role), "scope": { "audiences": audiences } })
                })
                .collect();
            let members: Vec<String> = it.members.iter().map(|it| user_id(*it)).collect();
            json!({
                "id": it.id, "name": it.name, "description": format!("The {}.", it.name),
                "unmodifiable": it.standard, "roles": roles, "members": members,
            })
        };
        let role = |company: usize, n: usize| {
            let platform = n + 1 < ROLES.len();
            json!({ "id": role_id(company, n), "name": ROLES[n], "platform": platform, "managesAccess": n == 1 })
        };
        let company = |n: usize| {
            let groups: Vec<Value> = self.groups[n].iter().map(|it| group(n, it)).collect();
            let roles: Vec<Value> = (0..ROLES.len()).map(|role_n| role(n, role_n)).collect();
            json!({ "id": company_id(n), "groups": groups, "roles": roles })
        };
        let directory = |n: usize| {
            let users: Vec<Value> = self.users.iter().filter(|it| USERS[it.n] == n).map(User::row).collect();
            json!({ "company": company_id(n), "reach": "whole", "users": users, "asked": [] })
        };
        let person = |it: &User| {
            let all = self.groups.iter().flatten();
            let own: Vec<&str> =
                all.filter(|group| group.members.contains(&it.n)).map(|it| &*it.id).collect();
            let mut person = json!({ "userId": user_id(it.n), "groups": own });
            if let Some(direct) = &it.direct {
                person["directRoles"] = direct.iter().map(Direct::wire).collect();
            }
            person
        };
        json!({
            "companies": (0..COMPANIES.len()).map(company).collect::<Vec<_>>(),
            "directories": (0..COMPANIES.len()).map(directory).collect::<Vec<_>>(),
            "people": self.users.iter().map(person).collect::<Vec<_>>(),
        })
    }
}

fn user(n: usize, tape: &mut Tape) -> User {
    let mut direct: Vec<Direct> = Vec::new();
    for _ in 0..tape.below(4) {
        let one = Direct::drawn(tape);
        if !direct.iter().any(|it| it.is_like(&one)) {
            direct.push(one);
        }
    }
    User {
        n,
        email: format!("p{n}@{}.example", COMPANIES[USERS[n]]),
        external: tape.often(60),
        employee: tape.often(60),
        active: !tape.often(12),
        direct: (!tape.often(6)).then_some(direct),
    }
}

fn group(company: usize, n: usize, tape: &mut Tape) -> Group {
    let twin = n > 0 && tape.often(7);
    let scope = |tape: &mut Tape| (0..1 + tape.below(2)).map(|_| Audience::drawn(tape, true)).collect();
    let roles = (0..tape.below(4)).map(|_| (tape.below(ROLES.len()), scope(tape))).collect();
    // The API takes members of any company, and people change theirs.
    let is_in = |it: &usize, tape: &mut Tape| tape.often(if USERS[*it] == company { 45 } else { 2 });
    let members = (0..USERS.len()).filter(|it| is_in(it, tape)).collect();
    Group {
        id: group_id(company, n),
        name: format!("Desk {}", if twin { n - 1 } else { n }),
        standard: tape.often(8),
        roles,
        members,
    }
}

/// Files, and what there is.
#[derive(Clone)]
pub(crate) struct World {
    /// Each file as `(path, content)`.
    pub(crate) files: Vec<(String, Value)>,
    /// In the form of a snapshot.
    pub(crate) live: Value,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, file) in &self.files {
            writeln!(f, "# {path}\n{file}")?;
        }
        writeln!(f, "# live\n{}", self.live)
    }
}

impl World {
    pub(crate) fn drawn(tape: &mut Tape) -> Self {
        let live = Live::drawn(tape);
        let mut workspace = json!({
            "version": 1,
            "company": COMPANIES[0],
            "ids": {
                "company": { "voyager": company_id(0), "globex": company_id(1), "initech": company_id(2) },
                "legalEntity": { "voyager-e": entity_id(0), "globex-e": entity_id(1), "initech-e": entity_id(2) },
            },
        });
        if tape.often(20) {
            let mut cut = keys(&json!(live.users[tape.below(USERS.len())].named(tape)));
            cut["since"] = (*tape.pick(&[PAST, PAST, PAST, FUTURE])).into();
            cut["reason"] = "left".into();
            workspace["lockout"] = json!([cut]);
        }
        let mut files = vec![("rolecall.yaml".to_owned(), workspace)];
        files.push(("access/a.yaml".to_owned(), access(0, &live, tape)));
        if tape.often(50) {
            let mut file = access(1, &live, tape);
            file["company"] = COMPANIES[1].into();
            files.push(("access/b.yaml".to_owned(), file));
        }
        Self { files, live: live.value() }
    }

    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        self.files.iter().map(|(path, file)| (path.clone(), format!("{file:#}\n"))).collect()
    }

    /// Does something with what a run starts from.
    pub(crate) fn with<T>(&self, run: impl FnOnce(Inputs<'_>) -> T) -> T {
        run(Inputs { files: &self.texts(), live: &self.live, now: NOW })
    }
}

/// Returns a person in the form of a mapping.
fn keys(person: &Value) -> Value {
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

/// Lets an entry end, or not.
fn ending(mut entry: Value, tape: &mut Tape) -> Value {
    match tape.below(10) {
        6..8 => entry["until"] = PAST.into(),
        8..10 => entry["until"] = FUTURE.into(),
        _ => (),
    }
    entry
}

fn access(company: usize, live: &Live, tape: &mut Tape) -> Value {
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
        if tape.often(if USERS[user.n] == company { 30 } else { 2 }) {
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
        bare.as_object_mut().unwrap().remove("until");
        let new = !said.contains(&bare);
        said.push(bare);
        new
    });
    entry["members"] = listing(members, tape);
    entry
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
