//! Plans with one of everything, for the tests of every format.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    model::{
        access::Why,
        acting::Right,
        direct::{DirectRole, DirectRoles, Traveller},
        finding::{Code, Finding},
        ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
        index::{GroupName, Index},
        plan::{
            Accepted, Check, Difference, Digest, Edits, Gap, GapCause, Judgement, Leaver, LookUps, Names,
            Note, Outside, Overview, Plan, ReadGroup, Side, Soon, Still, Survivor, Unasked, Undone,
            UnmanagedGroup, Unresolved, Verdict, Withheld, WithheldReason,
        },
        rules::{
            self, Broken, Counted, Guard, HeldRole, How, Level, Limit, PolicyKind, Rules, Severity, Subject,
            Unread, Weakened, Weakening,
        },
        scope::{Dimension, Kind, Scope, Value},
        selector::Attribute,
        source::{FileId, Place, Sources},
        stamp::{Stamp, Stamps},
        state::{self, Attributes, Edit, Fact, Facts, Key, Owner, State},
    },
    plan::{
        effective::{Sides, outcomes},
        judged::Judged,
        people::people,
    },
};

use super::super::View;

pub(crate) const HOST: &str = "api-ext-sboxmeta.partners.spotnana.com";

/// A name that tries everything a name can try.
pub(crate) const HOSTILE: &str =
    "`a` ```|@team <details> #1 https://x.example\nnew \u{1b}[31mred \u{202e}txet\u{200b} -->";

pub(crate) fn id(start: u32, n: u16) -> Uuid {
    Uuid::from_fields(start, 0, 0x4000, &[0x80, 0, 0, 0, 0, 0, n.to_be_bytes()[0], n.to_be_bytes()[1]])
}

pub(crate) fn company() -> CompanyId {
    CompanyId(id(0x1a6f_0000, 1))
}

pub(crate) fn dimension(kind: Kind, values: impl IntoIterator<Item = Value>) -> Dimension {
    Dimension { kind, values: values.into_iter().collect() }
}

/// A scope of companies, by the number in `names`.
pub(crate) fn companies(numbers: impl IntoIterator<Item = u32>) -> Scope {
    let values = numbers.into_iter().map(|it| Value::Id(id(0x2b7e_0000 + it, 2)));
    Scope::new([vec![dimension(Kind::Company, values)]])
}

pub(crate) fn user(n: u32) -> UserId {
    UserId(id(0xfeed_0000 + n, 3))
}

pub(crate) fn role(n: u32) -> RoleId {
    RoleId(id(0xaced_0000 + n, 4))
}

fn at(file: u32, line: u32) -> Option<Place> {
    Some(Place::new(FileId(file), line, 5))
}

/// A member who joins or leaves.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) user: UserId,
    joins: bool,
    note: Note,
}

/// A role before and after.
#[derive(Clone)]
pub(crate) struct Role {
    role: RoleId,
    sides: [Option<Scope>; 2],
    note: Note,
}

/// A group that changes.
#[derive(Clone)]
pub(crate) struct Group {
    company: CompanyId,
    id: GroupId,
    pub(crate) name: Box<str>,
    sides: [Option<Attributes>; 2],
    reason: Box<str>,
    pub(crate) roles: Vec<Role>,
    pub(crate) members: Vec<Member>,
    from: Option<Place>,
}

/// A person whose direct roles change.
struct User {
    user: UserId,
    before: DirectRoles,
    roles: Vec<([Option<DirectRole>; 2], Note)>,
    traits: Vec<Trait>,
    from: Option<Place>,
}

/// What a person is, before and after.
pub(crate) type Trait = (Attribute, [Option<String>; 2]);

/// A plan in the making: what changes group by group and person by person, and all the rest.
pub(crate) struct Draft {
    pub(crate) groups: Vec<Group>,
    users: Vec<User>,
    /// Everything but what changes.
    pub(crate) plan: Plan,
    /// Gaps name groups by their position above.
    pub(crate) judgement: Judgement,
}

impl Draft {
    pub(crate) fn does_nothing(mut self) -> Self {
        self.groups.clear();
        self.users.clear();
        self
    }

    pub(crate) fn judged(&self) -> Judged {
        let name = |it: &Group| GroupName {
            company: it.company,
            name: it.name.clone(),
            id: it.sides[0].as_ref().map(|_| it.id),
            twin: 0,
        };
        let members = self.groups.iter().flat_map(|it| &it.members).map(|it| it.user);
        let index = Index::new(
            self.groups.iter().map(name).collect(),
            members.chain([user(200_000)]).collect(),
            self.users.iter().map(|it| (company(), it.user)).collect(),
        );
        let (mut facts, mut edits, mut notes) = (Facts::default(), Vec::new(), BTreeMap::new());
        let mut plan = self.plan.clone();
        let mut edit = |owner, fact, sides: [Option<state::Value>; 2], note: Note| {
            let (key, [before, after]) = (Key { owner, fact }, sides);
            if note != Note::default() {
                notes.insert(key.clone(), note);
            }
            if before != after {
                edits.push(Edit { key, before, after });
            }
        };
        for it in &self.groups {
            let group = index.find(&name(it)).expect("it is in the index");
            let owner = Owner::Group(group);
            let value = |it: &Option<Attributes>| it.clone().map(|it| state::Value::Attributes(Arc::new(it)));
            edit(
                owner,
                Fact::Attributes,
                [value(&it.sides[0]), value(&it.sides[1])],
                Note { from: it.from, ..Note::default() },
            );
            if it.sides[1].is_none() {
                plan.reasons.insert(Owner::Group(group), it.reason.clone());
            }
            for Role { role, sides, note } in &it.roles {
                let value = |it: &Option<Scope>| it.clone().map(|it| state::Value::Scope(Arc::new(it)));
                edit(owner, Fact::Grant(*role), [value(&sides[0]), value(&sides[1])], *note);
                if let Some(scope) = &sides[0] {
                    facts.grant(group, *role, Arc::new(scope.clone()));
                    let raw = (*scope != Scope::read(None)).then(|| scope.to_wire().into());
                    plan.entries.insert((group, *role), [raw].into());
                }
            }
            for Member { user, joins, note } in &it.members {
                let ix = index.find_user(*user).expect("it is in the index");
                let sides = if *joins {
                    [None, Some(state::Value::Member)]
                } else {
                    [Some(state::Value::Member), None]
                };
                // Half of those who go were added at a time that is known.
                let added =
                    (!joins && user.0.as_u128() >> 96 & 1 == 0).then(|| "2026-11-19T10:20:00Z".parse());
                let added = added.map(|it| it.expect("an instant"));
                let key = Key { owner, fact: Fact::Member(ix) };
                plan.added.extend(added.map(|it| (key, it)));
                edit(owner, Fact::Member(ix), sides, *note);
                if !joins {
                    facts.member(group, ix);
                }
            }
            if let Some(attributes) = &it.sides[0] {
                facts.group(group, Arc::new(attributes.clone()));
            }
            // Somebody who stays in every group that stays.
            if it.sides.iter().all(Option::is_some) {
                let at = "2026-11-18T08:00:00Z".parse().ok();
                let is_hostile = it.sides[0].as_ref().is_some_and(|it| *it.name == *HOSTILE);
                let (by, called) = if is_hostile { (None, HOSTILE) } else { (Some(user(4)), "Ana") };
                let updated = Stamp::new(at, by, Some(called.into()));
                plan.stamps.insert(group, Stamps { created: None, updated });
                facts.member(group, index.find_user(user(200_000)).expect("it is in the index"));
            }
        }
        for User { user, before, roles, traits, from } in &self.users {
            let person = index.find_person(company(), *user).expect("it is in the index");
            let owner = Owner::Person(person);
            facts.direct(person, before);
            edit(owner, Fact::Attributes, [None, None], Note { from: *from, ..Note::default() });
            for (sides, note) in roles {
                let kind = sides.iter().flatten().map(DirectRole::kind).next().expect("one side").clone();
                let value = |it: &Option<DirectRole>| it.clone().map(|it| state::Value::Direct(Arc::new(it)));
                edit(owner, Fact::Direct(Box::new(kind)), [value(&sides[0]), value(&sides[1])], *note);
            }
            for (attribute, sides) in traits {
                let value = |it: &Option<String>| it.as_deref().map(|it| state::Value::Trait(it.into()));
                if let Some(before) = &sides[0] {
                    facts.person(person, *attribute, before);
                }
                let note = Note { from: *from, ..Note::default() };
                edit(owner, Fact::Trait(*attribute), [value(&sides[0]), value(&sides[1])], note);
            }
        }
        plan.edits = Edits::new(edits);
        plan.notes = notes;
        plan.live = State::new(facts);
        plan.index = Arc::new(index);
        let mut judgement = self.judgement.clone();
        let place = |n: usize| {
            let group = plan.index.find(&name(&self.groups[n]));
            plan.groups().find(|it| it.group() == group).expect("the group changes").at
        };
        for gap in judgement.gaps.iter_mut().filter(|_| !self.groups.is_empty()) {
            (gap.taken, gap.given) = (place(gap.taken), place(gap.given));
        }
        judgement.people = {
            let sides = Sides::new(&plan);
            let rules = Rules { privileged: vec![(company(), role(1))], ..Rules::default() };
            people(&sides, &outcomes(&sides), &rules)
        };
        Judged::chosen(plan, judgement)
    }
}

/// Somebody in a group until then, or from then on.
pub(crate) fn soon(at: &str, begins: bool, n: u32, line: u32) -> Soon {
    let (group, from) = (Some("Dedicated Client Agents".into()), Place::new(FileId(0), line, 5));
    let at = at.parse().expect("an instant");
    Soon { at, begins, company: company(), group, user: Some(user(n)), role: None, role_type: None, from }
}

fn asked(file: u32, line: u32) -> Note {
    // One of them for a time.
    let ends = (line == 17).then(|| "2026-12-24T18:00:00Z".parse().expect("an instant"));
    Note { from: at(file, line), ends, ..Note::default() }
}

pub(crate) fn add(n: u32, line: u32) -> Member {
    Member { user: user(n), joins: true, note: asked(0, line) }
}

pub(crate) fn remove(n: u32) -> Member {
    Member { user: user(n), joins: false, note: Note::default() }
}

pub(crate) fn grant(n: u32, line: u32, scope: Scope) -> Role {
    Role { role: role(n), sides: [None, Some(scope)], note: asked(0, line) }
}

pub(crate) fn revoke(n: u32, scope: Scope) -> Role {
    Role { role: role(n), sides: [Some(scope), None], note: Note::default() }
}

pub(crate) fn rescope(n: u32, line: u32, before: Scope, after: Scope) -> Role {
    Role { role: role(n), sides: [Some(before), Some(after)], note: asked(0, line) }
}

fn said(name: &str, description: &str) -> Option<Attributes> {
    Some(Attributes { name: name.into(), description: description.into() })
}

pub(crate) fn altered(name: &str, roles: Vec<Role>, members: Vec<Member>) -> Group {
    let same = said(name, "What it is for");
    let n = name.bytes().fold(0, |n, it| (31 * n + u32::from(it)) % 0xffff);
    Group {
        company: company(),
        id: GroupId(id(0x9000_0000 + n, 5)),
        name: name.into(),
        sides: [same.clone(), same],
        reason: "".into(),
        roles,
        members,
        from: at(0, 11),
    }
}

/// A group that is deleted, for a reason.
pub(crate) fn deleted(name: &str, reason: &str, roles: Vec<Role>, members: Vec<Member>) -> Group {
    let group = altered(name, roles, members);
    let [before, _] = group.sides;
    Group { sides: [before, None], reason: reason.into(), from: at(0, 25), ..group }
}

fn names() -> Names {
    let people =
        ["ana", "bo", "cy", "dee", "eli", "flo", "gus"].into_iter().zip(0..).map(|(name, n)| (user(n), name));
    let mut names = Names {
        people: people.map(|(user, name)| (user, format!("{name}@voyager.example").into())).collect(),
        ..Names::default()
    };
    // Two accounts with one address, and two roles with one name.
    names.people.insert(user(7), "twin@voyager.example".into());
    names.people.insert(user(8), "twin@voyager.example".into());
    names.people.insert(user(9), HOSTILE.into());
    for (n, name) in
        ["Agent", "Trip Manager", "Travel Arranger", "Auditor", "Auditor", HOSTILE].iter().enumerate()
    {
        names.roles.insert(role(u32::try_from(n).expect("few")), (*name).into());
    }
    names.values.insert(company().0, "voyager".into());
    for (n, alias) in ["globex", "initech", "umbrella"].into_iter().zip(0..) {
        names.values.insert(id(0x2b7e_0000 + alias, 2), n.into());
    }
    names.values.insert(id(0x3c8d_0000, 2), "globex-uk".into());
    names
}

pub(crate) fn sources() -> Sources {
    let mut sources = Sources::default();
    let agents = "version: 1\ngroups:\n  - name: Agents\n    memebrs: [ana@voyager.example]\n    roles:\n      - { role: Agent, scope: gloobex }\n    members:\n      - ana@voyager.example\n      - Ana@Voyager.example\n";
    sources.add("access/agents.yaml".into(), agents.into());
    sources.add(
        "access/oncall.yaml".into(),
        format!(
            "- {{ email: bo@voyager.example }}\n- [{}, \u{1b}[31m日本語\u{202e}, x@\n",
            "a, ".repeat(200)
        ),
    );
    sources
}

/// The plan of the product page: what people see most.
pub(crate) fn everyday() -> Draft {
    let agents = altered(
        "Dedicated Client Agents",
        vec![rescope(0, 14, companies([0]), companies([0, 1])), grant(1, 15, companies([0]))],
        vec![add(0, 17), remove(3)],
    );
    let oncall = Group {
        sides: [None, said("Oncall EU", "Who is called at night")],
        from: at(1, 4),
        ..altered(
            "Oncall EU",
            vec![grant(0, 6, companies([0])), grant(2, 7, companies([1]))],
            vec![add(1, 9), add(2, 10), add(4, 11)],
        )
    };
    let leaving = [0, 1, 2, 3, 10, 11, 12].map(remove);
    let winter =
        deleted("Winter Migration", "project ended", vec![revoke(1, companies([0, 1]))], leaving.to_vec());
    let unmanaged = (0..12).map(|n| UnmanagedGroup {
        name: format!("Other {n}").into(),
        is_standard: n == 0,
        is_accepted: false,
        created: None,
    });
    let unmanaged = unmanaged.collect();
    Draft {
        groups: vec![agents, oncall, winter],
        users: Vec::new(),
        plan: Plan {
            companies: vec![Overview {
                endpoint: None,
                company: company(),
                groups: 214,
                memberships: 3902,
                unread: 11,
                unmanaged,
            }],
            soon: vec![soon("2026-12-01T00:00:00Z", false, 1, 17), soon("2026-12-03T12:00:00Z", true, 2, 18)],
            names: names(),
            read: vec![ReadGroup {
                company: company(),
                group: GroupId(id(0x9000_0000, 5)),
                name: "Desk".into(),
                attributes: Digest([1; 32]),
                roles: Digest([2; 32]),
                members: Digest([3; 32]),
            }],
            ..Plan::default()
        },
        judgement: Judgement { guards: guards(), ..Judgement::default() },
    }
}

fn check(guard: Guard, subject: Subject, value: usize, limit: Limit, verdict: Verdict) -> Check {
    Check {
        guard,
        subject,
        level: None,
        value,
        excepted: 0,
        of: None,
        limit,
        verdict,
        by: None,
        rules: Vec::new(),
        items: Vec::new(),
        policy: None,
    }
}

/// What the guards say of the everyday plan: one of them stops it, two are not set.
fn guards() -> Vec<Check> {
    let removals = |level, value, of, percent, at_most| {
        let check = |of, limit| Check {
            level: Some(level),
            of,
            ..check(Guard::Removals, Subject::Plan, value, limit, Verdict::Ok)
        };
        [check(Some(of), Limit::Percent(percent)), check(None, Limit::AtMost(at_most))]
    };
    let dedicated = Subject::Group(company(), "Dedicated Client Agents".into());
    let mut all = Vec::new();
    all.extend(removals(Level::Members, 8, 3902, 30, 50));
    all.extend(removals(Level::Roles, 1, 428, 30, 50));
    all.extend(removals(Level::Groups, 1, 214, 30, 50));
    all.extend([
        check(Guard::GroupEmptied, Subject::Plan, 0, Limit::AtMost(0), Verdict::Ok),
        check(Guard::EmptyDesired, Subject::Plan, 3, Limit::AtLeast(1), Verdict::Ok),
        check(Guard::IncompleteLive, Subject::Plan, 0, Limit::AtMost(0), Verdict::Ok),
        check(Guard::SelfLockout, Subject::Plan, 0, Limit::AtMost(0), Verdict::Unset),
        check(Guard::LastHolder, Subject::Role(company(), role(1)), 0, Limit::AtMost(0), Verdict::Ok),
        Check {
            items: vec![
                counted(Some(1), Some(HeldRole::Role(role(1))), How::Joins),
                counted(Some(2), Some(HeldRole::Role(role(1))), How::Gains),
                counted(None, Some(HeldRole::Role(role(3))), How::Gains),
            ],
            ..check(Guard::Privileged, dedicated, 3, Limit::AtMost(0), Verdict::Stop)
        },
        check(Guard::Protected, Subject::Plan, 0, Limit::AtMost(0), Verdict::Unset),
        check(Guard::Unmodifiable, Subject::Plan, 0, Limit::AtMost(0), Verdict::Ok),
    ]);
    all
}

/// Something that a guard counted in a group.
fn counted(person: Option<u32>, role: Option<HeldRole>, how: How) -> Counted {
    let scope = matches!(role, Some(HeldRole::Role(_))).then(|| Arc::new(companies([1])));
    let group = Some("Dedicated Client Agents".into());
    Counted { company: company(), group, person: person.map(user), role, scope, how, from: None }
}

/// Guards with every subject and verdict, and names that mean harm.
fn more_guards() -> Vec<Check> {
    let group = |name: &str| Subject::Group(company(), name.into());
    let from = |line| Verdict::Excepted { from: Place::new(FileId(0), line, 5) };
    let share = |subject, value, of, verdict| Check {
        level: Some(Level::Members),
        of: Some(of),
        ..check(Guard::Removals, subject, value, Limit::Percent(30), verdict)
    };
    vec![
        share(Subject::Company(company()), 1_170, 3_902, Verdict::Ok),
        Check { excepted: 7, ..share(group("Winter Migration"), 7, 7, from(31)) },
        Check {
            excepted: 12,
            items: (0..9).map(|n| counted(Some(n), None, How::Leaves)).collect(),
            ..share(group(HOSTILE), 3_001, 10_000, Verdict::Stop)
        },
        Check {
            level: Some(Level::People),
            ..check(Guard::Removals, Subject::Plan, 1, Limit::AtMost(0), from(32))
        },
        Check {
            level: Some(Level::People),
            items: (0..9).map(|n| counted(Some(n), None, How::Leaves)).collect(),
            ..check(Guard::Lockouts, Subject::Plan, 9, Limit::AtMost(5), Verdict::Stop)
        },
        Check {
            by: Some(rules::Outside::Base),
            ..check(Guard::GroupEmptied, group("Oncall EU"), 1, Limit::AtMost(0), Verdict::Stop)
        },
        check(Guard::GroupEmptied, group("Winter Migration"), 1, Limit::AtMost(0), from(33)),
        check(Guard::SelfLockout, Subject::Company(company()), 1, Limit::AtMost(0), Verdict::Stop),
        Check {
            items: vec![Counted {
                group: None,
                scope: None,
                ..counted(Some(3), Some(HeldRole::Role(role(3))), How::Loses)
            }],
            ..check(Guard::LastHolder, Subject::Role(company(), role(3)), 1, Limit::AtMost(0), Verdict::Stop)
        },
        check(Guard::Privileged, group("Oncall EU"), 2, Limit::AtMost(0), Verdict::Approved),
        Check {
            items: vec![
                counted(Some(9), Some(HeldRole::Role(role(1))), How::Loses),
                counted(Some(9), Some(HeldRole::Role(role(1))), How::Leaves),
                counted(Some(9), Some(HeldRole::Role(role(1))), How::Deleted),
                Counted {
                    group: None,
                    ..counted(Some(9), Some(HeldRole::Direct("TMC_ADMIN".into())), How::Loses)
                },
                Counted { group: Some(HOSTILE.into()), ..counted(None, None, How::Renamed) },
            ],
            ..check(Guard::Protected, Subject::Person(user(9)), 5, Limit::AtMost(0), Verdict::Stop)
        },
        check(Guard::Protected, Subject::Plan, 1, Limit::AtMost(0), Verdict::Stop),
        Check {
            by: Some(rules::Outside::Policy),
            ..check(Guard::Protected, group("Desk"), 1, Limit::AtMost(0), Verdict::Stop)
        },
        check(Guard::Weakened, Subject::Plan, 43, Limit::AtMost(0), Verdict::Stop),
    ]
    .into_iter()
    .chain(policies())
    .collect()
}

/// Policies of every kind that are broken, with every verdict and all that could not be read, and names that mean harm.
fn policies() -> Vec<Check> {
    let verdicts = [
        Verdict::Stop,
        Verdict::Warning,
        Verdict::Stood,
        Verdict::Excepted { from: Place::new(FileId(0), 35, 5) },
        Verdict::Stop,
    ];
    let broken = |kind, unread, stood| Broken {
        name: if stood { HOSTILE.into() } else { "globex only".into() },
        kind,
        severity: Severity::Deny,
        stood,
        unread,
        why: (unread == Some(Unread::Expression)).then(|| HOSTILE.into()),
        reason: stood.then(|| HOSTILE.into()),
        companies: vec![company()],
        approvers: if kind == PolicyKind::Owners { vec!["@acme/globex-team".into()] } else { Vec::new() },
        number: Some(3),
        from: Place::new(FileId(0), 34, 7),
    };
    let way = |how| Counted {
        group: Some(HOSTILE.into()),
        from: Some(Place::new(FileId(0), 36, 9)),
        ..counted(Some(9), Some(HeldRole::Role(role(1))), how)
    };
    let outside =
        Counted { group: None, ..counted(Some(9), Some(HeldRole::Direct(HOSTILE.into())), How::Holds) };
    let mut all = Vec::new();
    for (n, kind) in PolicyKind::ALL.iter().enumerate() {
        let (how, subject) = match kind {
            PolicyKind::Exclusive | PolicyKind::Separation | PolicyKind::NoDirectRoles => {
                (How::Holds, Subject::Person(user(9)))
            }
            PolicyKind::Owners => (How::Holds, Subject::Company(company())),
            PolicyKind::MinMembers | PolicyKind::RequiredMembers => {
                (How::Lacks, Subject::Group(company(), HOSTILE.into()))
            }
            _ => (How::Holds, Subject::Group(company(), HOSTILE.into())),
        };
        let verdict = match kind {
            PolicyKind::Owners => Verdict::Review,
            _ => verdicts[n % verdicts.len()].clone(),
        };
        all.push(Check {
            items: vec![way(how), outside.clone()],
            policy: Some(Box::new(broken(*kind, None, n % 2 == 0))),
            ..check(Guard::Policies, subject, 2, Limit::AtMost(0), verdict)
        });
    }
    let kinds = [
        Unread::Company,
        Unread::Groups,
        Unread::People,
        Unread::DirectRoles,
        Unread::Addresses,
        Unread::Expression,
    ];
    for unread in kinds {
        let person = matches!(unread, Unread::DirectRoles | Unread::Addresses).then_some(9);
        let item = Counted { group: None, ..counted(person, None, How::Unknown) };
        all.push(Check {
            items: vec![item],
            policy: Some(Box::new(broken(PolicyKind::Separation, Some(unread), false))),
            ..check(Guard::Policies, Subject::Company(company()), 1, Limit::AtMost(0), Verdict::Stop)
        });
    }
    all
}

/// Rules that are weaker than in the base: of every form, and more than are told one by one.
fn weakened() -> Weakened {
    let row = |what: &str, before: Option<&str>, after: Option<&str>, line| Weakening {
        what: what.into(),
        before: before.map(Into::into),
        after: after.map(Into::into),
        why: "it stops less".into(),
        from: line,
    };
    let mut rows = vec![
        row("api.identity", Some("robot@voyager.example"), None, at(0, 3)),
        row("guards.removals.percent", Some("30"), Some("100"), None),
        row(HOSTILE, Some(HOSTILE), Some(HOSTILE), at(0, 9)),
    ];
    rows.extend(
        (0..40).map(|n| row("exceptions", None, Some(&format!("removals for group {n}")), at(0, 30 + n))),
    );
    Weakened { base: "origin/main".into(), commit: "0123456789abcdef0123456789abcdef01234567".into(), rows }
}

/// Every variant of everything, and names that mean harm.
pub(crate) fn everything() -> Draft {
    let mut draft = everyday();
    let other = CompanyId(id(0x1a6f_0001, 1));
    let Draft { groups, users, plan, judgement } = &mut draft;
    plan.companies.push(Overview {
        endpoint: None,
        company: other,
        groups: 1,
        memberships: 1,
        unread: 0,
        unmanaged: Vec::new(),
    });
    groups[2].members.truncate(2);
    groups.extend([attributes(), members(), scopes()]);
    let hostile = altered(HOSTILE, vec![grant(5, 15, text_scope(HOSTILE))], vec![remove(9)]);
    let long = altered(&"W".repeat(255), vec![grant(99, 30, companies([99]))], vec![remove(99)]);
    groups.extend([hostile, Group { company: other, ..long }]);
    plan.withheld = withheld();
    plan.weakened = Some(weakened());
    plan.undoes = Some(Undone { journal: ".rolecall/journal/a.ndjson".into(), plan: Digest([7; 32]) });
    judgement.guards.extend(more_guards());
    judgement.guards.sort_by_key(|it| it.guard);
    let gap = |n, role, taken, given, why| Gap { user: user(n), role, taken, given, why };
    judgement.gaps = (0..9).map(|it| gap(it, role(1), 5, 5, GapCause::RevokeFirst)).collect();
    judgement.gaps.push(gap(0, role(0), 0, 4, GapCause::Cycle));
    judgement.gaps.push(gap(9, role(5), 6, 6, GapCause::RevokeFirst));
    plan.remarks = remarks();
    plan.accepted = accepted();
    plan.survivors = vec![
        Survivor { user: user(4), roles: vec!["COMPANY_ADMIN".into(), "TRAVEL_ARRANGER".into()] },
        Survivor { user: user(9), roles: vec![HOSTILE.into()] },
    ];
    let still =
        |right, only, over: &[u32]| Still { right, only, over: over.iter().map(|it| user(*it)).collect() };
    let (manager, approver) = (still(Right::Manager, false, &[9]), still(Right::Approver, true, &[3, 9]));
    let all =
        vec![still(Right::Arranger, false, &[1]), still(Right::Approver, false, &[2]), approver, manager];
    plan.leavers = vec![
        Leaver { company: company(), user: user(9), from: Some(Place::new(FileId(0), 36, 5)), still: all },
        Leaver {
            company: company(),
            user: user(4),
            from: None,
            still: vec![still(Right::Arranger, false, &[9])],
        },
    ];
    let missing = |read, refused, because| LookUps {
        company: company(),
        active: Some(1_240),
        at_least: read == 3,
        read,
        refused,
        because,
        limit: (read == 3).then_some(1_000),
    };
    plan.look_ups = vec![
        missing(1_230, 10, None),
        missing(3, 0, Some(Unasked::TooMany)),
        LookUps { active: None, ..missing(1, 0, Some(Unasked::Off)) },
        missing(4, 0, Some(Unasked::Snapshot)),
        missing(5, 0, Some(Unasked::Unlisted)),
    ];
    *users = self::users();
    let held = |it: &User| Outside { company: company(), user: it.user, roles: it.before.clone() };
    plan.outside = users[2..4].iter().map(held).collect();
    draft
}

/// A difference of each kind, on each side of some.
fn accepted() -> Vec<Accepted> {
    let group: Box<str> = "Night Shift".into();
    let all = [
        Difference::Unmanaged { group: HOSTILE.into() },
        Difference::Group { group: group.clone(), side: Side::Both },
        Difference::Role { group: group.clone(), role: role(1), side: Side::Live },
        Difference::Role { group: group.clone(), role: role(6), side: Side::Both },
        Difference::Member { group: group.clone(), user: user(4), side: Side::Live },
        Difference::Member { group, user: user(9), side: Side::Files },
        Difference::DirectRole { user: user(4), role_type: "COMPANY_ADMIN".into(), side: Side::Live },
    ];
    let entry = |(n, what): (u32, Difference)| Accepted {
        privileged: n == 2,
        from: Place::new(FileId(0), 60 + n, 5),
        company: company(),
        what,
        owner: if n == 3 { HOSTILE.into() } else { "The night desk".into() },
        reason: if n == 4 { HOSTILE.into() } else { "until the desk moves".into() },
        ends: "2026-12-31T00:00:00Z".parse().expect("an instant"),
    };
    let mut all: Vec<Accepted> = (0..).zip(all).map(entry).collect();
    all.sort();
    all
}

fn remarks() -> Vec<Finding> {
    let place = |line| Place::new(FileId(0), line, 5);
    vec![
        Finding::new(Code::InvalidDate, place(41), "the exception for `Oncall EU` has ended")
            .help("remove it, or date it anew"),
        Finding::new(Code::UnknownGroup, place(44), format!("the exception for `{HOSTILE}` matches nothing"))
            .related(place(11), format!("{HOSTILE} is near")),
        Finding::general(Code::NoAccessFiles, "no file matches `more/*.yaml`"),
    ]
}

fn text_scope(value: &str) -> Scope {
    Scope::new([vec![dimension(Kind::Other(value.into()), [Value::Text(value.into())])]])
}

fn attributes() -> Group {
    let before = "Agents who serve employees of one client company and nobody else, in all countries, by day";
    let after = before.replace("one client company", "two client companies");
    Group {
        sides: [said("Night Shift", before), said("Night Desk", &after)],
        ..altered("Night Shift", Vec::new(), Vec::new())
    }
}

fn members() -> Group {
    let ended = |line| Note { why: at(0, line).map_or(Why::NotDeclared, Why::Ended), ..Note::default() };
    let changes = vec![
        add(0, 40),
        Member { note: ended(41), ..remove(10) },
        remove(2),
        Member { note: ended(42), ..remove(4) },
        add(7, 43),
        remove(8),
        remove(98),
    ];
    altered("Members of every kind", Vec::new(), changes)
}

fn scopes() -> Group {
    let ids = |start: u32, n| (0..n).map(move |it| Value::Id(id(start + it, 2)));
    let text = |it: &str| Value::Text(it.into());
    let both = Scope::new([
        vec![
            dimension(Kind::Company, ids(0x2b7e_0000, 1)),
            dimension(Kind::LegalEntity, ids(0x3c8d_0000, 1)),
        ],
        vec![dimension(Kind::Profile, [Value::Id(user(4).0)])],
    ]);
    let rest = Scope::new([
        vec![
            dimension(Kind::BookingTmc, ids(0x5555_0000, 1)),
            dimension(Kind::ContractingTmc, ids(0x2b7e_0002, 1)),
        ],
        vec![
            dimension(Kind::StealthType, [text("STEALTH_TYPE_1")]),
            dimension(Kind::Other("REGION".into()), [text("north east"), text("south")]),
        ],
    ]);
    // Two entries that no version can read, joined as the canonical form does it.
    let strange = |it: &str| Scope::new([vec![dimension(Kind::Unreadable, [text(it)])]]);
    let unreadable = strange("{\"x\":1}").union(strange("\"y\""));
    let mut twins = companies([]);
    twins = twins.union(Scope::new([vec![dimension(
        Kind::Company,
        [Value::Id(id(0x7777_0000, 1)), Value::Id(id(0x7777_0000, 2))],
    )]]));
    altered(
        "Scopes of every kind",
        vec![
            rescope(0, 50, companies(0..3), companies([2])),
            rescope(1, 51, companies([0]), both),
            grant(2, 52, rest),
            rescope(3, 53, companies(0..30), companies((0..30).filter(|it| *it != 17).chain([40]))),
            revoke(4, unreadable),
            grant(5, 54, Scope::new([vec![dimension(Kind::Platform, [Value::Nothing])]])),
            revoke(6, Scope::read(None)),
            grant(7, 55, twins),
        ],
        Vec::new(),
    )
}

fn withheld() -> Vec<Withheld> {
    let email = |it: &str| PersonRef::Email(it.parse().expect("an address"));
    let zoe = || email("zoe@voyager.example");
    let held = |line, what| Withheld { from: at(1, line), group: "Oncall EU".into(), what };
    let outside = |line, what| Withheld { from: at(1, line), group: "".into(), what };
    vec![
        held(9, WithheldReason::Person { person: zoe(), why: Unresolved::Unknown }),
        held(
            10,
            WithheldReason::Person {
                person: PersonRef::ExternalId(HOSTILE.into()),
                why: Unresolved::Inactive,
            },
        ),
        held(
            11,
            WithheldReason::Person {
                person: PersonRef::EmployeeId("0042".into()),
                why: Unresolved::Ambiguous(vec![user(7), user(8)]),
            },
        ),
        held(
            12,
            WithheldReason::Person {
                person: PersonRef::UserId(user(50)),
                why: Unresolved::Foreign(CompanyId(id(0x1a6f_0001, 1))),
            },
        ),
        held(13, WithheldReason::Grant { role: "Agent".into(), person: zoe(), why: Unresolved::Unknown }),
        held(14, WithheldReason::Removal { user: user(5), person: zoe() }),
        held(14, WithheldReason::HiddenRemoval { user: user(51) }),
        held(15, WithheldReason::Group { candidates: vec![GroupId(id(1, 5)), GroupId(id(2, 5))] }),
        held(16, WithheldReason::InactiveMember { person: email("gus@voyager.example") }),
        outside(20, WithheldReason::UnreadLockout { user: user(4) }),
        outside(21, WithheldReason::User { person: zoe(), why: Unresolved::Unknown }),
        outside(22, WithheldReason::UnreadUser { person: email("gus@voyager.example") }),
        outside(22, WithheldReason::UnmanagedUser { person: zoe(), why: Unresolved::Hidden }),
        outside(22, WithheldReason::UnmanagedUnread { person: email("gus@voyager.example") }),
        outside(23, WithheldReason::Traveller { user: user(5), person: zoe(), why: Unresolved::Unknown }),
    ]
}

/// A plan about people alone: of each what changes apart from access.
pub(crate) fn lives(people: impl IntoIterator<Item = (u32, Vec<Trait>)>) -> Draft {
    let mut draft = everyday().does_nothing();
    draft.plan.soon.clear();
    draft.users = people
        .into_iter()
        .map(|(n, traits)| User {
            user: user(n),
            before: DirectRoles::default(),
            roles: Vec::new(),
            traits,
            from: at(1, 40 + n),
        })
        .collect();
    draft
}

/// People whose direct roles change in every way.
fn users() -> Vec<User> {
    let traveller =
        |n: u32, mails: bool| Traveller { user: user(n), confirmations: mails, flight_stats: mails };
    let arranger =
        |all: &[u32]| DirectRole::arranger(all.iter().map(|it| traveller(*it, *it == 2)).collect());
    let unknown = |text: &str| {
        let element = serde_json::json!({ "roleType": text, "metadata": { "note": text } });
        // As a document writes it.
        let text = crate::model::escape::json(&element.to_string());
        DirectRole::read(serde_json::value::RawValue::from_string(text).expect("plain data is always JSON"))
    };
    let admin = || DirectRole::new("COMPANY_ADMIN", Some(CompanyId(id(0x2b7e_0000, 2))));
    let agent = || DirectRole::new("TMC_AGENT", Some(company()));
    let global = || DirectRole::new("GLOBAL_ADMIN", None);
    let add = |line, role| ([None, Some(role)], asked(1, line));
    let remove = |why, role| ([Some(role), None], Note { why, ..Note::default() });
    let of = |n: u32, before: Vec<DirectRole>, roles| User {
        user: user(n),
        before: DirectRoles::new(before),
        roles,
        traits: Vec::new(),
        from: at(1, 40 + n),
    };
    let to = |before: &[u32], after: &[u32]| {
        let sides = [Some(arranger(before)), Some(arranger(after))];
        of(u32::try_from(after.len()).unwrap_or(0), vec![arranger(before)], vec![(sides, asked(1, 50))])
    };
    vec![
        to(&[5, 6], &[6]),
        to(&[5, 6], &[6, 7]),
        to(&[5, 2], &[2, 5, 6]),
        of(
            5,
            vec![global(), admin(), unknown(HOSTILE)],
            vec![
                remove(Why::LockedOut(Place::new(FileId(1), 43, 9)), global()),
                remove(Why::NotDeclared, admin()),
                add(47, agent()),
                remove(Why::Ended(Place::new(FileId(1), 42, 9)), unknown(HOSTILE)),
            ],
        ),
        of(9, vec![], vec![add(51, DirectRole::new("GLOBAL_AGENT", None)), add(52, unknown("NEW_THING"))]),
    ]
}

/// Findings of every shape, on [`sources`].
pub(crate) fn findings() -> Vec<Finding> {
    let place = |file, line, column| Place::new(FileId(file), line, column);
    vec![
        Finding::general(Code::NoAccessFiles, "no file matches `access/**/*.yaml`")
            .help("check `access:` in rolecall.yaml"),
        Finding::new(Code::UnknownKey, place(0, 4, 5), "`memebrs` is not a key of a group")
            .help("did you mean `members`?"),
        Finding::new(Code::UnknownScope, place(0, 6, 31), "no scope is called `gloobex`"),
        Finding::new(Code::DuplicateMember, place(0, 9, 9), "`ana@voyager.example` is listed twice")
            .related(place(0, 8, 9), "first listed here")
            .related(place(1, 1, 12), format!("and here {HOSTILE}")),
        Finding::new(Code::InvalidEmail, place(1, 2, 606), format!("{HOSTILE} is not an e-mail address")),
        Finding::new(Code::Syntax, place(1, 99, 1), "the file ends too early"),
    ]
}

pub(crate) fn view<'a>(judged: &'a Judged, sources: &'a Sources) -> View<'a> {
    let now: Timestamp = "2026-11-21T08:00:00Z".parse().expect("an instant");
    View {
        partial: false,
        portion: None,
        files: &[],
        plan: &judged.plan,
        judgement: &judged.judgement,
        sources,
        endpoint: HOST,
        url: "https://api-ext-sboxmeta.partners.spotnana.com",
        now: now.into(),
        taken: None,
        document: None,
        cost: None,
    }
}
