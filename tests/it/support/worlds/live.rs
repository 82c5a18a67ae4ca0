//! What there is: users, groups and what both hold, as the API says it and as files may name it.

use serde_json::{Value, json};

use super::{COMPANIES, Tape, company_id, user_id};

/// The roles of each of them; the last two have one name.
pub(super) const ROLES: [&str; 5] = ["Agent", "Trip Manager", "Profile Manager", "Reporter", "Reporter"];
/// Users, and the company of each.
pub(super) const USERS: [usize; 9] = [0, 0, 0, 0, 0, 0, 1, 1, 2];

pub(super) fn entity_id(n: usize) -> String {
    format!("3c8d0000-0000-4000-8000-{n:012}")
}

fn group_id(company: usize, n: usize) -> String {
    format!("6a0b0000-0000-4000-8000-{:012}", company * 100 + n)
}

pub(super) fn role_id(company: usize, n: usize) -> String {
    format!("401e0000-0000-4000-8000-{:012}", company * 100 + n)
}

/// A part of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Companies(Vec<usize>),
    Entity(usize),
    Travellers(Vec<usize>),
    Platform,
    /// Something that no version understands; no file can ask for it.
    Odd,
}

impl Audience {
    pub(super) fn drawn(tape: &mut Tape, live: bool) -> Self {
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
    pub(super) fn declared(&self, tape: &mut Tape, live: &Live) -> Option<Value> {
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
pub(super) struct User {
    pub(super) n: usize,
    email: String,
    external: bool,
    employee: bool,
    active: bool,
    pub(super) direct: Option<Vec<Direct>>,
    /// Where the person works, as far as that is told.
    department: Option<usize>,
    office: Option<usize>,
}

pub(super) fn department_id(n: usize) -> String {
    format!("de000000-0000-4000-8000-{n:012}")
}

pub(super) fn office_id(n: usize) -> String {
    format!("0f000000-0000-4000-8000-{n:012}")
}

impl User {
    /// What rules for members look at.
    fn traits(&self) -> Value {
        let mut traits = json!({});
        if let Some(n) = self.department {
            traits["department"] = department_id(n).into();
        }
        if let Some(n) = self.office {
            traits["office"] = office_id(n).into();
        }
        traits
    }

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
    pub(super) fn named(&self, tape: &mut Tape) -> Value {
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
pub(super) enum Direct {
    Admin(usize),
    Tmc,
    Global,
    Arranger(Vec<usize>),
    Raw,
}

impl Direct {
    pub(super) fn drawn(tape: &mut Tape) -> Self {
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

    pub(super) fn declared(&self, tape: &mut Tape, live: &Live) -> Value {
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
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self == other || matches!((self, other), (Self::Arranger(_), Self::Arranger(_)))
    }
}

/// A live group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    standard: bool,
    pub(super) roles: Vec<(usize, Vec<Audience>)>,
    pub(super) members: Vec<usize>,
}

/// What there is.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) users: Vec<User>,
    /// By company.
    pub(super) groups: [Vec<Group>; 3],
}

impl Live {
    pub(super) fn drawn(tape: &mut Tape) -> Self {
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

    pub(super) fn value(&self) -> Value {
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
            let traits =
                self.users.iter().filter(|it| USERS[it.n] == n).map(|it| (user_id(it.n), it.traits()));
            let traits: serde_json::Map<String, Value> = traits.collect();
            json!({
                "company": company_id(n), "reach": "whole", "users": users, "asked": [],
                "attributes": { "known": ["department", "office"], "of": traits },
            })
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
        department: Some(tape.below(4)).filter(|it| *it < 3),
        office: Some(tape.below(3)).filter(|it| *it < 2),
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
