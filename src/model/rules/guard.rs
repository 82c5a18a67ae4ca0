//! The guards by name, what an exception from each can be for, and how their limits are said.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! guards {
    ($($name:ident $word:literal $meaning:literal;)*) => {
        /// A limit on what a plan may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Guard {
            $(#[doc = $meaning] #[serde(rename = $word)] $name,)*
        }

        impl Guard {
            /// Every guard, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// Returns what it limits, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }
        }
    };
}

guards! {
    Removals "removals" "No more people lose access, and no more members, roles and groups go, than a share and a number.";
    Lockouts "lockouts" "No more people are cut off everywhere in one apply than a number, and no more memberships go by that; an approval lifts it.";
    People "people" "No more accounts are deactivated, activated or created in one apply than a share and a number.";
    GroupEmptied "group-emptied" "No group loses its last member who can act.";
    EmptyDesired "empty-desired" "The files declare something.";
    IncompleteLive "incomplete-live" "Every list of the API adds up; cannot be excepted.";
    SelfLockout "self-lockout" "The account that runs rolecall keeps what it needs to repair things; cannot be excepted.";
    LastHolder "last-holder" "Each privileged role keeps enough holders who can act, after every step.";
    Privileged "privileged" "Nobody gains a privileged role, or more of one, without an exception or an approval.";
    Protected "protected" "Protected groups and people lose no access, whichever way.";
    Unmodifiable "unmodifiable" "Standard groups change their members only.";
    Weakened "weakened-rules" "No rule of the workspace is weaker than in the base (`--base`); an approval lifts it.";
    Policies "policies" "The access that results breaks no policy of the workspace; its own exceptions lift it.";
}

impl Guard {
    /// Whether an exception can allow what it stops.
    pub fn can_be_excepted(self) -> bool {
        match self {
            Self::IncompleteLive
            | Self::SelfLockout
            | Self::EmptyDesired
            | Self::Unmodifiable
            | Self::Lockouts
            | Self::Weakened
            | Self::Policies => false,
            Self::Removals | Self::People | Self::GroupEmptied | Self::LastHolder => true,
            Self::Privileged | Self::Protected => true,
        }
    }

    /// Whether the approval of a plan by its id allows what it stops: where the files may not say that it is wanted.
    pub fn can_be_approved(self) -> bool {
        match self {
            Self::Privileged | Self::Lockouts | Self::Weakened => true,
            Self::Removals
            | Self::People
            | Self::GroupEmptied
            | Self::EmptyDesired
            | Self::IncompleteLive
            | Self::SelfLockout
            | Self::LastHolder
            | Self::Protected
            | Self::Unmodifiable
            | Self::Policies => false,
        }
    }

    /// Returns what an exception from it can be for: what the guard itself looks at, so that none is void by design.
    pub fn targets(self) -> &'static [ExceptionKey] {
        match self {
            Self::IncompleteLive
            | Self::SelfLockout
            | Self::EmptyDesired
            | Self::Unmodifiable
            | Self::Lockouts
            | Self::Weakened
            | Self::Policies => &[],
            Self::Removals => &[ExceptionKey::Group, ExceptionKey::Person, ExceptionKey::Company],
            Self::People => &[ExceptionKey::Person, ExceptionKey::Company],
            Self::GroupEmptied => &[ExceptionKey::Group],
            Self::Privileged => &[ExceptionKey::Group, ExceptionKey::Person, ExceptionKey::Role],
            Self::LastHolder => &[ExceptionKey::Role],
            Self::Protected => &[ExceptionKey::Group, ExceptionKey::Person, ExceptionKey::Role],
        }
    }
}

/// A key by which an exception says what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExceptionKey {
    /// A group.
    Group,
    /// A person.
    Person,
    /// A role of a company.
    Role,
    /// A company.
    Company,
}

impl ExceptionKey {
    /// Every key, in the order of the documentation.
    pub const ALL: &[Self] = &[Self::Group, Self::Person, Self::Role, Self::Company];

    /// Returns the key that names it in a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Person => "person",
            Self::Role => "role",
            Self::Company => "company",
        }
    }
}

/// What `removals` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Memberships.
    Members,
    /// Role assignments of groups, and roles of people outside groups.
    Roles,
    /// Groups.
    Groups,
    /// People who lose access to something.
    People,
    /// Rules for members that mean nobody.
    Rules,
}

impl Level {
    /// Every level, in the order in which they are shown.
    pub const ALL: &[Self] = &[Self::Members, Self::Roles, Self::Groups, Self::People, Self::Rules];

    /// Returns the word for it in files and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Roles => "roles",
            Self::Groups => "groups",
            Self::People => "people",
            Self::Rules => "rules",
        }
    }

    /// Returns what an exception from `removals` at this level can be for.
    pub fn targets(self) -> &'static [ExceptionKey] {
        match self {
            Self::Groups | Self::Rules => &[ExceptionKey::Group, ExceptionKey::Company],
            Self::Members => &[ExceptionKey::Group, ExceptionKey::Person, ExceptionKey::Company],
            Self::Roles | Self::People => {
                &[ExceptionKey::Group, ExceptionKey::Person, ExceptionKey::Role, ExceptionKey::Company]
            }
        }
    }
}

/// How many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Limit {
    /// At most this share of what exists, in percent.
    Percent(u8),
    /// At most so many.
    AtMost(usize),
    /// At least so many.
    AtLeast(usize),
}
