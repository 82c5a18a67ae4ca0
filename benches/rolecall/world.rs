//! A tenant of a given size: a seed for the sandbox, and the files that declare exactly that.

use std::{fmt::Write as _, fs, path::Path};

/// Limits that no change here reaches, once there are limits.
const LIMITS: &str = "guards: { removals: { percent: 100, from: 1000, atMost: 100000 } }\n";
const SCHEMA: &str = include_str!("../../schemas/workspace.schema.json");

const COMPANY: &str = "1a6f0000-0000-4000-8000-000000000001";

/// How large a tenant is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Custom groups, each with three roles on a client company.
    pub(crate) groups: usize,
    /// Members of each group.
    pub(crate) members: usize,
    /// People in all; every one is in some group as long as there are places.
    pub(crate) people: usize,
}

/// Groups declared in one file.
const GROUPS_PER_FILE: usize = 50;
const ROLES: [&str; 3] = ["Agent", "Trip Manager", "Reporting Administrator"];

/// Whom the files declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    /// Those of the seed.
    Seeded,
    /// Those of the seed, but for one of each group, who makes room for somebody else.
    Shifted,
}

/// Returns the members of a group, spread evenly over the people.
fn members(size: Size, group: usize, who: Members) -> impl Iterator<Item = String> {
    let shift = usize::from(who == Members::Shifted);
    (shift..size.members + shift)
        .map(move |n| format!("person{}@voyager.example", (group * size.members + n) % size.people))
}

/// Writes `seed.yaml`, `rolecall.yaml` and the `access/*.yaml` that declare the seed below `folder`.
pub(crate) fn write(folder: &Path, size: Size) {
    let mut seed = format!(
        "version: 1\ncompanies:\n  - {{ id: {COMPANY}, name: voyager, kind: tmc, legalEntities: [{{ name: voyager-de }}] }}\n"
    );
    let mut workspace = format!("version: 1\ncompany: voyager\nids:\n  company:\n    voyager: {COMPANY}\n");
    for client in 0..10 {
        let id = format!("2b7e0000-0000-4000-8000-0000000000{client:02}");
        let _ = writeln!(seed, "  - {{ id: {id}, name: client{client} }}");
        let _ = writeln!(workspace, "    client{client}: {id}");
    }
    seed += "roles:\n";
    for role in ROLES {
        let _ = writeln!(
            seed,
            "  - {{ name: {role}, description: d, permissions: [{{ permission: TRIP_MANAGEMENT, actions: [READ, WRITE] }}, {{ permission: USER_PROFILE, actions: [READ] }}] }}"
        );
    }
    seed += "users:\n";
    for person in 0..size.people {
        let _ = writeln!(seed, "  - {{ email: person{person}@voyager.example, company: voyager }}");
    }
    seed += "groups:\n";
    for group in 0..size.groups {
        let (name, client) = (format!("Desk {group:05}"), group % 10);
        let _ = writeln!(
            seed,
            "  - name: {name}\n    company: voyager\n    description: The desk {group}.\n    roles:"
        );
        for role in ROLES {
            let _ = writeln!(seed, "      - {{ role: {role}, scope: [{{ COMPANY: [client{client}] }}] }}");
        }
        seed += "    members:\n";
        for member in members(size, group, Members::Seeded) {
            let _ = writeln!(seed, "      - {member}");
        }
    }
    if SCHEMA.contains("\"atMost\"") {
        workspace += LIMITS;
    }
    fs::write(folder.join("seed.yaml"), seed).expect("the seed");
    fs::write(folder.join("rolecall.yaml"), workspace).expect("the workspace");
    declare(folder, size, Members::Seeded);
}

/// Writes the `access/*.yaml` below `folder`.
pub(crate) fn declare(folder: &Path, size: Size, who: Members) {
    fs::create_dir_all(folder.join("access")).expect("a folder for the access files");
    let mut file = String::new();
    for group in 0..size.groups {
        if group % GROUPS_PER_FILE == 0 {
            file = "version: 1\ngroups:\n".to_owned();
        }
        let (name, client) = (format!("Desk {group:05}"), group % 10);
        let _ = writeln!(file, "  - name: {name}\n    description: The desk {group}.\n    roles:");
        for role in ROLES {
            let _ = writeln!(file, "      - {{ role: {role}, scope: {{ company: client{client} }} }}");
        }
        file += "    members:\n";
        for member in members(size, group, who) {
            let _ = writeln!(file, "      - {member}");
        }
        if group % GROUPS_PER_FILE == GROUPS_PER_FILE - 1 || group + 1 == size.groups {
            let path = folder.join(format!("access/{:04}.yaml", group / GROUPS_PER_FILE));
            fs::write(path, &file).expect("an access file");
        }
    }
}
