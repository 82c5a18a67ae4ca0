//! A tenant as a value: written as a seed, as the files that declare it, and as the access it gives.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::{
    VOYAGER, World,
    replay::{Group, Scope, State},
    repository,
};

/// Worlds that are tried at once: they wait more than they work.
const SIDE_BY_SIDE: usize = 3;
const PEOPLE: usize = 60;
const CLIENTS: usize = 6;
const ROLES: [&str; 4] = ["Agent", "Trip Manager", "Reporting Administrator", "Profile Manager"];

/// What a role holds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// A client, whole.
    Client(usize),
    /// The only legal entity of a client.
    Entity(usize),
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Desk {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) renamed_from: Option<String>,
    /// By the number of the role.
    pub(crate) roles: BTreeMap<usize, BTreeSet<Reach>>,
    /// By number.
    pub(crate) members: BTreeSet<usize>,
}

/// All groups of Voyager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tenant {
    pub(crate) desks: Vec<Desk>,
    /// Groups that are declared to be gone.
    pub(crate) removed: Vec<String>,
}

/// Returns the id of a person.
pub(crate) fn person(n: usize) -> String {
    format!("5e500000-0000-4000-8000-{n:012}")
}

fn role(n: usize) -> String {
    format!("401e0000-0000-4000-8000-{n:012}")
}

fn client(n: usize) -> String {
    format!("2b7e0000-0000-4000-8000-{n:012}")
}

fn entity(n: usize) -> String {
    format!("3c8d0000-0000-4000-8000-{n:012}")
}

impl Reach {
    /// Returns one of each kind, so that a scope never names a client and a part of it.
    pub(crate) fn of(n: usize) -> Self {
        if n % 3 == 2 { Self::Entity(n % CLIENTS) } else { Self::Client(n % CLIENTS) }
    }

    fn seeded(self) -> String {
        match self {
            Self::Client(n) => format!("{{ COMPANY: [c{n}] }}"),
            Self::Entity(n) => format!("{{ COMPANY: [c{n}], LEGAL_ENTITY: [c{n}-e] }}"),
        }
    }

    fn declared(self) -> String {
        match self {
            Self::Client(n) => format!("{{ company: c{n} }}"),
            Self::Entity(n) => format!("{{ company: c{n}, legalEntity: c{n}-e }}"),
        }
    }

    fn atom(self) -> super::replay::Atom {
        let company = |n| ("COMPANY".to_owned(), client(n));
        match self {
            Self::Client(n) => [company(n)].into(),
            Self::Entity(n) => [company(n), ("LEGAL_ENTITY".to_owned(), entity(n))].into(),
        }
    }
}

impl Desk {
    /// A group; `roles` are pairs of a role and what it holds on.
    pub(crate) fn new(
        name: &str,
        roles: &[(usize, &[Reach])],
        members: impl IntoIterator<Item = usize>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            description: format!("{name}."),
            renamed_from: None,
            roles: roles.iter().map(|(role, on)| (*role, on.iter().copied().collect())).collect(),
            members: members.into_iter().collect(),
        }
    }

    /// The same under another name.
    pub(crate) fn renamed(self, name: &str) -> Self {
        Self { name: name.to_owned(), renamed_from: Some(self.name), ..self }
    }

    fn group(&self) -> Group {
        let scope = |on: &BTreeSet<Reach>| -> Scope { on.iter().map(|it| it.atom()).collect() };
        let mut roles: Vec<(String, Scope)> =
            self.roles.iter().map(|(n, on)| (role(*n), scope(on))).collect();
        roles.sort();
        Group {
            name: self.name.clone(),
            description: self.description.clone(),
            members: self.members.iter().map(|it| person(*it)).collect(),
            roles,
        }
    }
}

impl Tenant {
    pub(crate) fn desk(&mut self, name: &str) -> &mut Desk {
        self.desks.iter_mut().find(|it| it.name == name).unwrap_or_else(|| panic!("no desk {name}"))
    }

    /// Returns the state it describes, with ids of its own.
    pub(crate) fn state(&self) -> State {
        State(self.desks.iter().enumerate().map(|(n, it)| (format!("desk {n}"), it.group())).collect())
    }

    /// Starts a sandbox that holds it, with these switches of the API's dialect.
    pub(crate) fn world(&self, dialect: &str) -> World {
        let mut world = World::started(&self.seed(dialect)).with("rolecall.yaml", &workspace());
        let seeded = world.state();
        assert_eq!(seeded.groups(), self.state().groups(), "the seed is the tenant");
        world.seeded = Some(seeded);
        world
    }

    fn seed(&self, dialect: &str) -> String {
        let mut seed = format!(
            "version: 1\ndialect: {dialect}\ntokens: [{{ token: full-token, access: full }}]\ncompanies:\n  - {{ name: voyager, kind: tmc, id: {VOYAGER} }}\n"
        );
        for n in 0..CLIENTS {
            let entities = format!("[{{ name: c{n}-e, id: {} }}]", entity(n));
            let _ = writeln!(seed, "  - {{ name: c{n}, id: {}, legalEntities: {entities} }}", client(n));
        }
        seed += "roles:\n";
        for (n, name) in ROLES.iter().enumerate() {
            let _ = writeln!(
                seed,
                "  - {{ name: {name}, id: {}, permissions: [{{ permission: TRIP_MANAGEMENT, actions: [READ] }}] }}",
                role(n)
            );
        }
        seed += "users:\n";
        for n in 0..PEOPLE {
            let _ =
                writeln!(seed, "  - {{ email: p{n}@voyager.example, id: {}, company: voyager }}", person(n));
        }
        seed += "groups:\n";
        for desk in &self.desks {
            let roles: Vec<String> = desk
                .roles
                .iter()
                .map(|(role, on)| {
                    let on: Vec<String> = on.iter().map(|it| it.seeded()).collect();
                    format!("{{ role: {}, scope: [{}] }}", ROLES[*role], on.join(", "))
                })
                .collect();
            let _ = writeln!(
                seed,
                "  - {{ name: {}, company: voyager, description: {}, roles: [{}], members: [{}] }}",
                desk.name,
                desk.description,
                roles.join(", "),
                emails(desk)
            );
        }
        seed
    }

    /// Returns the access file that declares it.
    pub(crate) fn files(&self) -> String {
        let mut file = "version: 1\ngroups:\n".to_owned();
        for desk in &self.desks {
            let renamed = desk.renamed_from.as_ref();
            let renamed = renamed.map(|it| format!(", renamedFrom: {it}")).unwrap_or_default();
            let roles: Vec<String> = desk
                .roles
                .iter()
                .map(|(role, on)| {
                    let on: Vec<String> = on.iter().map(|it| it.declared()).collect();
                    format!("{{ role: {}, scope: [{}] }}", ROLES[*role], on.join(", "))
                })
                .collect();
            let _ = writeln!(
                file,
                "  - {{ name: {}{renamed}, description: {}, roles: [{}], members: [{}] }}",
                desk.name,
                desk.description,
                roles.join(", "),
                emails(desk)
            );
        }
        let removed: Vec<String> =
            self.removed.iter().map(|it| format!("{{ group: {it}, reason: r }}")).collect();
        let _ = writeln!(file, "removed: [{}]", removed.join(", "));
        file
    }
}

fn emails(desk: &Desk) -> String {
    desk.members.iter().map(|it| format!("p{it}@voyager.example")).collect::<Vec<_>>().join(", ")
}

/// The workspace file; with limits that no tenant here reaches, once there are limits.
pub(crate) fn workspace() -> String {
    let mut file = format!("version: 1\ncompany: voyager\nids:\n  company:\n    voyager: {VOYAGER}\n");
    for n in 0..CLIENTS {
        let _ = writeln!(file, "    c{n}: {}", client(n));
    }
    file += "  legalEntity:\n";
    for n in 0..CLIENTS {
        let _ = writeln!(file, "    c{n}-e: {}", entity(n));
    }
    if repository("schemas/workspace.schema.json").contains("\"atMost\"") {
        file += "guards: { removals: { percent: 100, from: 1000, atMost: 100000 } }\n";
    }
    file
}

/// Numbers that look random and are the same for the same seed (splitmix64).
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Returns a number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((it ^ (it >> 31)) % n as u64).unwrap()
    }

    /// Returns true in so many of a hundred cases.
    pub(crate) fn in_hundred(&mut self, n: usize) -> bool {
        self.below(100) < n
    }

    /// Returns some of the numbers below `n`, at least one, at most `most`.
    fn some(&mut self, n: usize, most: usize) -> BTreeSet<usize> {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.below(n)).collect()
    }

    fn roles(&mut self) -> BTreeMap<usize, BTreeSet<Reach>> {
        let roles = self.some(ROLES.len(), 2);
        roles.into_iter().map(|it| (it, self.some(CLIENTS, 2).into_iter().map(Reach::of).collect())).collect()
    }

    /// Returns a tenant of four to eight groups over a dozen people.
    pub(crate) fn tenant(&mut self) -> Tenant {
        let desk = |n: usize, dice: &mut Self| Desk {
            name: format!("Desk {n}"),
            description: format!("The desk {n}."),
            renamed_from: None,
            roles: dice.roles(),
            members: dice.some(12, 5),
        };
        let count = 4 + self.below(5);
        Tenant { desks: (0..count).map(|n| desk(n, self)).collect(), removed: Vec::new() }
    }

    /// Returns what somebody may want of a tenant: at least one new group, and changes of all kinds.
    pub(crate) fn wish(&mut self, live: &Tenant) -> Tenant {
        let mut wish = Tenant::default();
        for desk in &live.desks {
            let mut desk = desk.clone();
            match self.below(100) {
                0..12 => {
                    wish.removed.push(desk.name);
                    continue;
                }
                12..28 => {
                    let name = format!("{} II", desk.name);
                    desk = desk.renamed(&name);
                }
                28..40 => desk.description += " Renewed.",
                _ => (),
            }
            if self.in_hundred(45) {
                desk.roles = self.roles();
            }
            if self.in_hundred(50) {
                desk.members = self.some(12, 5);
            }
            wish.desks.push(desk);
        }
        for n in 0..1 + self.below(2) {
            let (roles, members) = (self.roles(), self.some(12, 5));
            wish.desks.push(Desk {
                name: format!("New {n}"),
                description: "New.".to_owned(),
                renamed_from: None,
                roles,
                members,
            });
        }
        wish
    }

    /// Returns what somebody else may want at the same time: the same names for what stays, other
    /// roles and members, and some groups kept that go, and one more.
    pub(crate) fn quarrel(&mut self, live: &Tenant, wish: &Tenant) -> Tenant {
        let mut other = wish.clone();
        let removed = std::mem::take(&mut other.removed);
        for name in removed {
            if self.in_hundred(50) {
                other.removed.push(name);
            } else {
                other.desks.extend(live.desks.iter().find(|it| it.name == name).cloned());
            }
        }
        for desk in &mut other.desks {
            if self.in_hundred(20) {
                desk.description = "Mine.".to_owned();
            }
            if self.in_hundred(40) {
                desk.roles = self.roles();
            }
            if self.in_hundred(50) {
                desk.members = self.some(12, 5);
            }
        }
        other.desks.push(Desk {
            name: "Other".to_owned(),
            description: "Other.".to_owned(),
            renamed_from: None,
            roles: self.roles(),
            members: self.some(12, 5),
        });
        other
    }
}

/// Does something to every case, some side by side.
pub(crate) fn side_by_side<T: Sync>(cases: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(case);
                }
            });
        }
    });
}
