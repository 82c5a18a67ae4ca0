//! What becomes of people apart from access: accounts that come, are used again or are shut, and what is said of people.
//! Raw: formats escape and arrange it. One list of it for every form that has no blocks of lines.

use std::collections::BTreeMap;

use crate::model::{
    ids::CompanyId,
    plan::{Change, Plan},
    source::{Place, Sources},
};

use super::{
    counted,
    wording::{self, Fact, Line},
};

/// What becomes of an account, or of what is said of its person: the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    Deactivated,
    Created,
    Activated,
    /// Something else about the person is another.
    Changed,
}

/// One thing that becomes of one person.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) company: CompanyId,
    pub(super) who: String,
    pub(super) turn: Turn,
    /// `account deactivated`, `department Service → Sales`.
    pub(super) what: String,
    /// Why, where that is said.
    pub(super) note: Option<String>,
    pub(super) place: Option<Place>,
    /// Where it is asked for.
    pub(super) origin: Option<String>,
    pub(super) drifted: bool,
}

impl Turn {
    pub(super) const ALL: [Self; 4] = [Self::Deactivated, Self::Created, Self::Activated, Self::Changed];

    /// The word for it, for programs too.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Deactivated => "deactivated",
            Self::Created => "created",
            Self::Activated => "activated",
            Self::Changed => "changed",
        }
    }

    /// What it means, in a sentence.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Deactivated => "The account of somebody is deactivated.",
            Self::Created => "An account is created.",
            Self::Activated => "The account of somebody is activated.",
            Self::Changed => "What is said of somebody changes.",
        }
    }

    /// Returns `2 accounts created`.
    pub(super) fn counted(self, n: usize) -> String {
        let accounts = match self {
            Self::Deactivated | Self::Created | Self::Activated => counted(n, "account", "accounts"),
            Self::Changed => counted(n, "user", "users"),
        };
        format!("{accounts} {}", self.word())
    }

    /// What of people a line tells; `None` of one about groups, members or roles.
    fn of(fact: Fact) -> Option<Self> {
        match fact {
            Fact::AccountCreated => Some(Self::Created),
            Fact::AccountActivated => Some(Self::Activated),
            Fact::AccountDeactivated => Some(Self::Deactivated),
            Fact::TraitAdded | Fact::TraitChanged => Some(Self::Changed),
            Fact::GroupDeleted
            | Fact::MemberRemoved
            | Fact::RoleRemoved
            | Fact::RoleChanged
            | Fact::RoleNarrowed
            | Fact::DirectRemoved
            | Fact::DirectChanged
            | Fact::DirectNarrowed
            | Fact::GroupCreated
            | Fact::TextAdded
            | Fact::MemberAdded
            | Fact::RoleAdded
            | Fact::RoleWidened
            | Fact::DirectAdded
            | Fact::DirectWidened
            | Fact::GroupRenamed
            | Fact::TextChanged => None,
        }
    }
}

/// Everything that becomes of people, person by person in the order of their names.
pub(super) fn lives(plan: &Plan, sources: &Sources) -> Vec<Life> {
    let mut all = Vec::new();
    for block in wording::people(plan, sources) {
        for Line { fact, what, note, place, origin, drifted, .. } in block.lines {
            if let Some(turn) = Turn::of(fact) {
                let (company, who) = (block.company, block.name.clone());
                all.push(Life { company, who, turn, what, note, place, origin, drifted });
            }
        }
    }
    all
}

/// How many people there are of each turn, those of which there are none too: whoever gets an account counts as that alone.
pub(super) fn counts(plan: &Plan) -> BTreeMap<Turn, usize> {
    let mut counts: BTreeMap<Turn, usize> = Turn::ALL.into_iter().map(|it| (it, 0)).collect();
    for change in plan.people() {
        *counts.entry(turn(&change)).or_default() += 1;
    }
    counts
}

/// What becomes of a person as a whole.
fn turn(change: &Change<'_>) -> Turn {
    match change.account() {
        Some([None, _]) => Turn::Created,
        Some([_, Some("true")]) => Turn::Activated,
        Some(_) => Turn::Deactivated,
        None => Turn::Changed,
    }
}
