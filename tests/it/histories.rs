//! Which commit gave and which took it, over histories with renamed files, branches and merges.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    bases::git,
    support::{Run, binary, words},
};

const WORKSPACE: &str = "version: 1\ncompany: 1a6f0000-0000-4000-8000-000000000001\n";
const PEOPLE: [&str; 3] = ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"];
const GROUPS: usize = 3;

fn run(folder: &Path, line: &str) -> Run {
    binary().current_dir(folder).args(words(line)).output().unwrap().into()
}

/// What is done to the files, one commit each.
#[derive(Clone, Debug)]
enum Deed {
    /// Somebody joins a group, or leaves it.
    Turn { group: usize, who: usize },
    /// The file of a group has another name.
    Rename { group: usize },
    /// All this is done on a branch, while something else is done beside it, and the branch is merged or squashed.
    Branch { deeds: Vec<(usize, usize)>, beside: usize, squash: bool },
    /// Somebody is named by another key from now on.
    Key { who: usize },
    /// A person is declared otherwise: whether active, and with which designation.
    Life { who: usize, life: Life },
    /// A group has a rule for members, or has none any more.
    Rule { group: usize },
    /// The files are broken for a commit, in which somebody joins or leaves.
    Broken { group: usize, who: usize },
}

/// What the files say of a person: whether active, and which designation.
type Life = (Option<bool>, Option<usize>);

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let (group, who) = (0..GROUPS, 0..PEOPLE.len());
    let deed = prop_oneof![
        4 => (group.clone(), who.clone()).prop_map(|(group, who)| Deed::Turn { group, who }),
        1 => group.clone().prop_map(|group| Deed::Rename { group }),
        2 => (prop::collection::vec((0..1_usize, who.clone()), 1..4), who.clone(), any::<bool>())
            .prop_map(|(deeds, beside, squash)| Deed::Branch { deeds, beside, squash }),
        1 => who.clone().prop_map(|who| Deed::Key { who }),
        4 => (who.clone(), prop::option::of(any::<bool>()), prop::option::of(0..3_usize))
            .prop_map(|(who, active, designation)| Deed::Life { who, life: (active, designation) }),
        1 => group.clone().prop_map(|group| Deed::Rule { group }),
        1 => (group, who).prop_map(|(group, who)| Deed::Broken { group, who }),
    ];
    prop::collection::vec(deed, 1..8)
}

/// Whether it was given, by which commit, and by which merge.
type Happened = (bool, String, Option<String>);

/// A value before and after, and the commit.
type Turn = (Option<String>, Option<String>, String);

/// A repository, and what it ought to tell.
struct Told {
    folder: TempDir,
    members: [BTreeSet<usize>; GROUPS],
    paths: [String; GROUPS],
    /// Who is named by an id.
    by_id: BTreeSet<usize>,
    ruled: BTreeSet<usize>,
    /// Of each group, when rules began and ended.
    rules: BTreeMap<usize, Vec<Happened>>,
    lives: BTreeMap<usize, Life>,
    /// Of each person and attribute, the values before and after and the commit, the oldest first.
    turns: BTreeMap<(usize, String), Vec<Turn>>,
    commits: usize,
    /// Of each group and person, the oldest first.
    events: BTreeMap<(usize, usize), Vec<Happened>>,
}

impl Told {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "-q", "-b", "main"]);
        let mut told = Self {
            folder,
            members: [const { BTreeSet::new() }; GROUPS],
            paths: [0, 1, 2].map(|n| format!("access/g{n}.yaml")),
            by_id: BTreeSet::new(),
            ruled: BTreeSet::new(),
            rules: BTreeMap::new(),
            lives: BTreeMap::new(),
            turns: BTreeMap::new(),
            commits: 0,
            events: BTreeMap::new(),
        };
        fs::create_dir_all(told.path().join("ws/access")).unwrap();
        fs::write(told.path().join("ws/rolecall.yaml"), WORKSPACE).unwrap();
        (0..GROUPS).for_each(|it| told.write(it, ""));
        told.commit();
        told
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn name(&self, who: usize) -> String {
        match self.by_id.contains(&who) {
            true => format!("{{ externalId: key-{who} }}"),
            false => PEOPLE[who].to_owned(),
        }
    }

    fn write_lives(&self) {
        let mut text = "version: 1\nusers:\n".to_owned();
        let said = |it: &Life| it.0.is_some() || it.1.is_some();
        for (who, (active, designation)) in self.lives.iter().filter(|it| said(it.1)) {
            let active = active.map(|it| format!(", active: {it}")).unwrap_or_default();
            let business =
                designation.map(|it| format!(", business: {{ designation: D{it} }}")).unwrap_or_default();
            text.push_str(&format!("  - {{ user: {}{active}{business} }}\n", self.name(*who)));
        }
        if !self.lives.values().any(said) {
            text = "version: 1\n".to_owned();
        }
        fs::write(self.path().join("ws/access/lives.yaml"), text).unwrap();
    }

    fn write(&self, group: usize, more: &str) {
        let members: Vec<String> = self.members[group].iter().map(|it| self.name(*it)).collect();
        let rule =
            if self.ruled.contains(&group) { "    membersFrom: [{ persona: EMPLOYEE }]\n" } else { "" };
        let lines: String = members.iter().map(|it| format!("      - {it}\n")).collect();
        let list = if lines.is_empty() { " []\n".to_owned() } else { format!("\n{lines}") };
        let text = format!(
            "version: 1\ngroups:\n  - name: Group {group}\n    description: A group.\n    roles: []\n{rule}    members:{list}{more}"
        );
        fs::write(self.path().join("ws").join(&self.paths[group]), text).unwrap();
    }

    /// Commits everything, and returns the subject.
    fn commit(&mut self) -> String {
        self.commits += 1;
        let subject = format!("commit {}", self.commits);
        git(self.path(), &["add", "-A"]);
        git(self.path(), &["commit", "-q", "--allow-empty", "-m", &subject]);
        subject
    }

    /// Lets somebody join or leave; whether it is the former.
    fn turn(&mut self, group: usize, who: usize) -> bool {
        let joins = self.members[group].insert(who);
        if !joins {
            self.members[group].remove(&who);
        }
        self.write(group, "");
        joins
    }

    fn note(&mut self, (group, who): (usize, usize), event: Happened) {
        self.events.entry((group, who)).or_default().push(event);
    }

    fn done(&mut self, deed: &Deed) {
        match deed {
            Deed::Turn { group, who } => {
                let joins = self.turn(*group, *who);
                let subject = self.commit();
                self.note((*group, *who), (joins, subject, None));
            }
            Deed::Rename { group } => {
                let path = format!("access/moved/g{group}-{}.yaml", self.commits);
                fs::create_dir_all(self.path().join("ws/access/moved")).unwrap();
                git(&self.path().join("ws"), &["mv", &self.paths[*group], &path]);
                self.paths[*group] = path;
                self.commit();
            }
            Deed::Key { who } => {
                if !self.by_id.insert(*who) {
                    self.by_id.remove(who);
                }
                (0..GROUPS).for_each(|it| self.write(it, ""));
                self.write_lives();
                self.commit();
            }
            Deed::Life { who, life } => {
                let before = self.lives.insert(*who, *life).unwrap_or_default();
                self.write_lives();
                let subject = self.commit();
                let words = |it: Life| {
                    [
                        ("active", it.0.map(|it| it.to_string())),
                        ("designation", it.1.map(|it| format!("D{it}"))),
                    ]
                };
                for ((attribute, before), (_, after)) in words(before).into_iter().zip(words(*life)) {
                    if before != after {
                        let key = (*who, attribute.to_owned());
                        self.turns.entry(key).or_default().push((before, after, subject.clone()));
                    }
                }
            }
            Deed::Rule { group } => {
                let begins = self.ruled.insert(*group);
                if !begins {
                    self.ruled.remove(group);
                }
                self.write(*group, "");
                let subject = self.commit();
                self.rules.entry(*group).or_default().push((begins, subject, None));
            }
            Deed::Broken { group, who } => {
                let joins = self.turn(*group, *who);
                self.write(*group, "  - { name: [\n");
                self.commit();
                // Told of the next commit, which mends the files.
                self.write(*group, "");
                let subject = self.commit();
                self.note((*group, *who), (joins, subject, None));
            }
            Deed::Branch { deeds, beside, squash } => self.branch(deeds, *beside, *squash),
        }
    }

    fn branch(&mut self, deeds: &[(usize, usize)], beside: usize, squash: bool) {
        git(self.path(), &["checkout", "-q", "-b", "side"]);
        let before = self.members[0].clone();
        let mut did: BTreeMap<usize, String> = BTreeMap::new();
        for (group, who) in deeds {
            self.turn(*group, *who);
            let subject = self.commit();
            did.insert(*who, subject);
        }
        let after = self.members[0].clone();
        git(self.path(), &["checkout", "-q", "main"]);
        let joins = self.turn(1, beside);
        let subject = self.commit();
        self.note((1, beside), (joins, subject, None));
        let merge = if squash {
            git(self.path(), &["merge", "-q", "--squash", "side"]);
            self.commit()
        } else {
            self.commits += 1;
            let subject = format!("commit {}", self.commits);
            git(self.path(), &["merge", "-q", "--no-ff", "-m", &subject, "side"]);
            subject
        };
        git(self.path(), &["branch", "-q", "-D", "side"]);
        // Who joined and left again on the branch did neither.
        for who in before.symmetric_difference(&after) {
            let event = match squash {
                true => (after.contains(who), merge.clone(), None),
                false => (after.contains(who), did[who].clone(), Some(merge.clone())),
            };
            self.note((0, *who), event);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 60, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn a_history_replayed_is_what_there_is_and_names_each_commit(deeds in deeds()) {
        let mut told = Told::new();
        deeds.iter().for_each(|it| told.done(it));
        for (who, name) in PEOPLE.iter().enumerate() {
            let history = run(told.path(), &format!("history {name} ws --also externalId=key-{who} --format json")).expect(0).json();
            let mut members: BTreeSet<String> = BTreeSet::new();
            let mut found: BTreeMap<usize, Vec<Happened>> = BTreeMap::new();
            let mut turns: BTreeMap<(usize, String), Vec<_>> = BTreeMap::new();
            let (of, others): (Vec<&Value>, Vec<&Value>) = history["events"].as_array().unwrap().iter().rev().partition(|it| it["kind"] == "attribute");
            for event in of {
                let text = |it: &Value| it.as_str().map(str::to_owned);
                let (before, after) = match event["change"].as_str().unwrap() {
                    "given" => (None, text(&event["value"])),
                    "taken" => (text(&event["value"]), None),
                    _ => (text(&event["before"]), text(&event["value"])),
                };
                prop_assert!(event["commit"]["author"].is_string() && event["line"].as_u64() >= Some(3), "{}", event);
                prop_assert_eq!(event["file"].as_str(), Some("access/lives.yaml"));
                let key = (who, text(&event["attribute"]).unwrap());
                turns.entry(key).or_default().push((before, after, text(&event["commit"]["subject"]).unwrap()));
            }
            let own: BTreeMap<_, _> = told.turns.iter().filter(|it| it.0.0 == who).map(|(key, turns)| (key.clone(), turns.clone())).collect();
            prop_assert_eq!(turns, own, "{}", name);
            for event in others {
                prop_assert_eq!(&event["kind"], "member");
                let group = event["group"].as_str().unwrap().to_owned();
                let n: usize = group.rsplit(' ').next().unwrap().parse().unwrap();
                let given = event["change"] == "given";
                prop_assert!(if given { members.insert(group.clone()) } else { members.remove(&group) }, "{}", history);
                let subject = |it: &Value| it["subject"].as_str().map(str::to_owned);
                found.entry(n).or_default().push((given, subject(&event["commit"]).unwrap(), subject(&event["merged"])));
                prop_assert_eq!(event["file"].as_str().unwrap().contains(&format!("g{n}")), true);
            }
            let now: BTreeSet<String> = (0..GROUPS).filter(|it| told.members[*it].contains(&who)).map(|it| format!("Group {it}")).collect();
            prop_assert_eq!(&members, &now);
            let standing: BTreeSet<String> = history["now"].as_array().unwrap().iter().filter(|it| it["kind"] == "member").map(|it| it["group"].as_str().unwrap().to_owned()).collect();
            prop_assert_eq!(&standing, &now);
            let expected: BTreeMap<usize, _> = told.events.iter().filter(|it| it.0.1 == who).map(|(key, events)| (key.0, events.clone())).collect();
            prop_assert_eq!(found, expected, "{}", name);
            let says_rules = history["unseen"].to_string().contains("membersFrom");
            prop_assert_eq!(says_rules, !told.rules.is_empty(), "{}", history["unseen"]);
        }
        for group in 0..GROUPS {
            let history = run(told.path(), &format!("history \"Group {group}\" ws --format json")).expect(0).json();
            let rules = history["events"].as_array().unwrap().iter().rev().filter(|it| it["kind"] == "rule");
            let rules: Vec<Happened> = rules
                .map(|it| {
                    assert!(it["commit"]["author"].is_string() && it["line"].as_u64() == Some(6), "{it}");
                    (it["change"] == "given", it["commit"]["subject"].as_str().unwrap().to_owned(), None)
                })
                .collect();
            prop_assert_eq!(rules, told.rules.get(&group).cloned().unwrap_or_default());
        }
    }
}

/// A workspace with commits: a group is declared with a member and a role, gets an end, and is not committed at last.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    git(path, &["init", "-q", "-b", "main"]);
    fs::create_dir_all(path.join("access")).unwrap();
    fs::write(
        path.join("rolecall.yaml"),
        format!("{WORKSPACE}ids: {{ company: {{ globex: 2b7e0000-0000-4000-8000-000000000002 }} }}\n"),
    )
    .unwrap();
    let write = |members: &str, more: &str| {
        let text = format!(
            "version: 1\ngroups:\n  - name: Desk\n    description: The desk.\n    roles: [{{ role: Agent, scope: {{ company: globex }} }}]\n    members: {members}\n{more}"
        );
        fs::write(path.join("access/a.yaml"), text).unwrap();
    };
    let commit = |subject: &str| {
        git(path, &["add", "-A"]);
        git(path, &["commit", "-q", "-m", subject]);
    };
    write(
        "[ana@voyager.example]",
        "users: [{ user: ana@voyager.example, directRoles: [{ type: GLOBAL_AGENT }] }]\n",
    );
    commit("Begin");
    write("[{ email: ana@voyager.example, until: 2027-01-31 }, { externalId: agent-17 }]", "");
    commit("Until January");
    write("{ atLeast: [{ externalId: agent-17 }] }", "removed: [{ group: Old, reason: over }]\n");
    folder
}

#[test]
fn people_groups_roles_and_ends_are_told() {
    let folder = repository();
    let person = run(folder.path(), "history ANA@voyager.example").expect(0);
    person
        .shows("not committed")
        .shows("- member of Desk access/a.yaml:6 until 2027-01-31")
        .shows("- Agent on company globex, through Desk access/a.yaml:5")
        .shows("~ member of Desk access/a.yaml:6 until 2027-01-31")
        .shows("- GLOBAL_AGENT access/a.yaml:7")
        .shows("+ GLOBAL_AGENT access/a.yaml:7")
        .shows("Entries that name the person by an id")
        .ends_with("7 changes by 2 commits: 3 given, 3 taken, 1 changed.");
    let agent = run(folder.path(), "history externalId=agent-17 --format csv").expect(0).stdout;
    assert_eq!(agent.lines().count(), 3, "{agent}");
    assert!(agent.contains("\"Until January\""), "{agent}");
    let group = run(folder.path(), "history Desk --format json").expect(0).json();
    let kinds: Vec<(&str, &str)> = group["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["change"].as_str().unwrap(), it["kind"].as_str().unwrap()))
        .collect();
    let expected = [
        ("taken", "members"),
        ("given", "members"),
        ("taken", "member"),
        ("given", "member"),
        ("changed", "member"),
        ("given", "group"),
        ("given", "members"),
        ("given", "member"),
        ("given", "role"),
    ];
    assert_eq!(BTreeSet::from(expected), kinds.iter().copied().collect::<BTreeSet<_>>());
    run(folder.path(), "history Old --format markdown").expect(0).shows("**`1 change by 0 commits");
    for form in ["text", "json", "csv", "markdown"] {
        let text = run(folder.path(), &format!("history Desk --format {form}")).expect(0).stdout;
        assert!(text.contains("agent-17") && text.contains("Until January"), "{form}: {text}");
    }
}

/// Somebody joins, moves, leaves and comes back.
#[test]
fn a_life_is_told_by_its_commits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    git(path, &["init", "-q", "-b", "main"]);
    fs::create_dir_all(path.join("access")).unwrap();
    let ids = "ids: { legalEntity: { voyager-de: 3c8d0000-0000-4000-8000-000000000009 }, department: { sales: dede0000-0000-4000-8000-000000000001, service: dede0000-0000-4000-8000-000000000002 } }\n";
    fs::write(path.join("rolecall.yaml"), format!("{WORKSPACE}{ids}")).unwrap();
    let created = "    create: { name: { first: Noor, last: Haddad } }\n";
    let business = |department: &str, more: &str| {
        format!("    business: {{ legalEntity: voyager-de, department: {department}{more} }}\n")
    };
    let mails = |enabled: &str, copies: &str| {
        format!(
            "    active: true\n    notifications: {{ FLIGHT_NOTIFICATION: {{ enabled: {enabled}, ccEmails: {copies} }} }}\n"
        )
    };
    let manager = ", manager: bo@voyager.example, approvers: [cy@voyager.example, { externalId: x-1 }]";
    for (subject, keys) in [
        ("Noor joins", format!("{created}{}", business("sales", ""))),
        ("Noor moves", format!("{created}{}", business("service", manager))),
        ("Noor leaves", "    active: false\n    reason: left\n".to_owned()),
        ("Noor is back", "    active: true\n".to_owned()),
        ("mails", mails("false", "[cy@voyager.example, bo@voyager.example]")),
        ("in order", mails("false", "[bo@voyager.example, Cy@voyager.example]")),
        ("more mails", mails("true", "[]")),
    ] {
        let text = format!("version: 1\nusers:\n  - user: noor@voyager.example\n{keys}");
        fs::write(path.join("access/people.yaml"), text).unwrap();
        git(path, &["add", "-A"]);
        git(path, &["commit", "-q", "-m", subject]);
    }
    let told = run(path, "history noor@voyager.example").expect(0);
    let told = told
        .shows("+ account created: EMPLOYEE Noor Haddad access/people.yaml:4")
        .shows("+ legal entity voyager-de access/people.yaml:5")
        .shows("~ department sales → service access/people.yaml:5")
        .shows("+ manager bo@voyager.example access/people.yaml:5")
        .shows("+ approvers cy@voyager.example, externalId x-1 access/people.yaml:5")
        .shows("~ account created: EMPLOYEE Noor Haddad → not said any more access/people.yaml:4")
        .shows("- manager bo@voyager.example access/people.yaml:5")
        .shows("- account deactivated access/people.yaml:4")
        .shows("+ account deactivated → active access/people.yaml:4")
        .shows("+ FLIGHT_NOTIFICATION e-mails off access/people.yaml:5")
        .shows("~ FLIGHT_NOTIFICATION e-mails off → on access/people.yaml:5")
        .shows(
            "~ FLIGHT_NOTIFICATION cc bo@voyager.example, cy@voyager.example → nobody access/people.yaml:5",
        );
    assert_eq!(
        told.stdout.matches("FLIGHT_NOTIFICATION cc").count(),
        2,
        "in another order it is the same: {}",
        told.stdout
    );
    let rows = run(path, "history noor@voyager.example --format csv").expect(0).stdout;
    assert!(rows.contains("\"changed\",\"attribute\",\"department sales → service\""), "{rows}");
    let json = run(path, "history noor@voyager.example --format json").expect(0).json();
    let moved = json["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["change"] == "changed" && it["attribute"] == "department");
    let moved = moved.expect("she moved");
    assert_eq!(moved["before"], "dede0000-0000-4000-8000-000000000001");
    assert_eq!(moved["value"], "dede0000-0000-4000-8000-000000000002");
    assert_eq!(json["now"][0]["value"], "true");
}

/// What each commit asks for of one account, cut-off, exception and group, and the sign of it.
const TURNS: [(&str, &str, &str, &str); 8] = [
    ("active: true", "active: false, reason: left", "- account active → deactivated", "taken"),
    ("active: false", "active: true", "+ account deactivated → active", "given"),
    ("", "active: false", "- account deactivated", "taken"),
    ("", "active: true", "+ account active", "given"),
    ("active: false", "", "~ account deactivated → not said any more", "changed"),
    ("active: true", "", "~ account active → not said any more", "changed"),
    ("", "LOCKED", "- locked out", "taken"),
    ("LOCKED", "", "+ locked out no more", "given"),
];

#[test]
fn what_takes_has_the_sign_and_the_count_of_a_taking() {
    for (before, after, line, word) in TURNS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        git(path, &["init", "-q", "-b", "main"]);
        fs::create_dir_all(path.join("access")).unwrap();
        for (n, said) in ["", before, after].into_iter().enumerate() {
            let lockout =
                "lockout: [{ email: noor@voyager.example, since: 2026-01-01T00:00:00Z, reason: gone }]\n";
            let lockout = if said == "LOCKED" { lockout } else { "" };
            fs::write(path.join("rolecall.yaml"), format!("{WORKSPACE}{lockout}")).unwrap();
            let said = if said == "LOCKED" { "" } else { said };
            let more = if said.is_empty() { String::new() } else { format!(", {said}") };
            let text =
                format!("version: 1\nusers: [{{ user: noor@voyager.example, externalId: hr-1{more} }}]\n");
            fs::write(path.join("access/people.yaml"), text).unwrap();
            git(path, &["add", "-A"]);
            git(path, &["commit", "-q", "--allow-empty", "-m", &format!("commit {n}")]);
        }
        let told = run(path, "history noor@voyager.example").expect(0);
        let last: Vec<&str> = told.stdout.split("commit 1").next().unwrap().lines().map(str::trim).collect();
        let squeezed = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            last.iter().any(|it| squeezed(it).starts_with(line)),
            "{before} to {after}: {line}\n{}",
            told.stdout
        );
        let rows = run(path, "history noor@voyager.example --format csv").expect(0).stdout;
        assert!(rows.lines().nth(1).unwrap().starts_with(&format!("\"{word}\",")), "{rows}");
    }
}

/// Who is named by one key in one file is found by every key that an entry shows beside it.
#[test]
fn an_entry_says_whose_an_id_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    git(path, &["init", "-q", "-b", "main"]);
    fs::create_dir_all(path.join("access")).unwrap();
    fs::write(path.join("rolecall.yaml"), WORKSPACE).unwrap();
    let people = "users:
  - { user: bo@voyager.example, externalId: hr-2, business: { employeeId: \"1018\" }, directRoles: [{ type: TMC_AGENT, tmc: 1a6f0000-0000-4000-8000-000000000001 }] }
  - { user: cy@voyager.example, externalId: hr-3 }
";
    let group = |n: usize, member: &str| {
        format!("  - {{ name: Group {n}, description: One., roles: [], members: [{member}] }}\n")
    };
    let members =
        ["bo@voyager.example", "{ externalId: hr-2 }", "{ employeeId: \"1018\" }", "{ externalId: hr-3 }"];
    let groups: String = members.iter().enumerate().map(|(n, it)| group(n, it)).collect();
    fs::write(path.join("access/a.yaml"), format!("version: 1\n{people}groups:\n{groups}")).unwrap();
    git(path, &["add", "-A"]);
    git(path, &["commit", "-q", "-m", "All of it"]);
    for key in ["bo@voyager.example", "externalId=hr-2", "employeeId=1018"] {
        let told = run(path, &format!("history {key}")).expect(0);
        for n in 0..3 {
            assert!(told.stdout.contains(&format!("member of Group {n}")), "{key}, {n}: {}", told.stdout);
        }
        assert!(
            told.stdout.contains("TMC_AGENT") && !told.stdout.contains("Group 3"),
            "{key}: {}",
            told.stdout
        );
    }
    let told = run(path, "history externalId=hr-9").expect(0);
    assert!(told.stdout.contains("No commit asks for anything of externalId hr-9."), "{}", told.stdout);
}

#[test]
fn a_shallow_clone_says_where_it_ends() {
    let folder = repository();
    git(folder.path(), &["commit", "-q", "-a", "-m", "Desk"]);
    let clone = tempfile::tempdir().unwrap();
    let from = format!("file://{}", folder.path().display());
    git(clone.path(), &["clone", "-q", "--depth", "2", &from, "here"]);
    let run = run(&clone.path().join("here"), "history Desk");
    let run = run.expect(0).shows("= member externalId agent-17").shows("- member ana@voyager.example");
    assert!(run.stdout.contains("the clone is shallow"), "{}", run.stdout);
    assert!(!run.stdout.contains("Begin"), "{}", run.stdout);
}

#[test]
fn what_has_no_history_is_said() {
    let folder = repository();
    run(folder.path(), "history Dask")
        .expect(4)
        .says(&["no commit declares a group `Dask`", "did you mean `Desk`?"]);
    run(folder.path(), "history Desk --also externalId=agent-17").expect(4).says(&["`--also` is for people"]);
    run(folder.path(), "history nobody@voyager.example")
        .expect(0)
        .ends_with("No commit asks for anything of nobody@voyager.example.");
    let bare = tempfile::tempdir().unwrap();
    fs::write(bare.path().join("rolecall.yaml"), WORKSPACE).unwrap();
    run(bare.path(), "history Desk").expect(4).says(&["Git repository"]);
    git(bare.path(), &["init", "-q", "-b", "main"]);
    run(bare.path(), "history Desk").expect(4).says(&["a history is read from Git"]);
    let nowhere = tempfile::tempdir().unwrap();
    run(nowhere.path(), "history Desk").expect(4);
}
