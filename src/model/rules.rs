//! The rules of a workspace that a plan is judged by: limits, protected things, exceptions.
//!
//! In ids, ready to be compared; what they mean is in `guard`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    finding::{Code, Finding},
    ids::{CompanyId, RoleId, UserId},
    source::Place,
};

macro_rules! guards {
    ($($name:ident $word:literal $meaning:literal;)*) => {
        /// A limit on what a plan may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Guard {
            $(#[doc = $meaning] $name,)*
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
    Removals "removals" "No more members, roles and groups go, and no more people lose everything, than a share and a number.";
    GroupEmptied "group-emptied" "No group loses its last member.";
    EmptyDesired "empty-desired" "The files declare something.";
    IncompleteLive "incomplete-live" "Every list of the API adds up; cannot be excepted.";
    SelfLockout "self-lockout" "The account that runs rolecall keeps what it needs to repair things; cannot be excepted.";
    LastHolder "last-holder" "Each privileged role keeps enough holders, after every step.";
    Privileged "privileged" "Nobody gains a privileged role, or more of one, without an exception or an approval.";
    Protected "protected" "Protected groups and people lose nothing.";
    Unmodifiable "unmodifiable" "Standard groups change their members only.";
}

impl Guard {
    /// Whether an exception can allow what it stops.
    pub fn can_be_excepted(self) -> bool {
        match self {
            Self::IncompleteLive | Self::SelfLockout | Self::EmptyDesired | Self::Unmodifiable => false,
            Self::Removals | Self::GroupEmptied | Self::LastHolder | Self::Privileged | Self::Protected => {
                true
            }
        }
    }

    /// Returns what an exception from it can be for: what the guard itself looks at, so that none is void by design.
    pub fn targets(self) -> &'static [Target] {
        match self {
            Self::IncompleteLive | Self::SelfLockout | Self::EmptyDesired | Self::Unmodifiable => &[],
            Self::Removals => &[Target::Group, Target::Person, Target::Company],
            Self::GroupEmptied => &[Target::Group],
            Self::Privileged => &[Target::Group, Target::Person],
            Self::LastHolder => &[Target::Role],
            Self::Protected => &[Target::Group, Target::Person],
        }
    }
}

/// What kind of thing an exception is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A group.
    Group,
    /// A person.
    Person,
    /// A role of a company.
    Role,
    /// A company.
    Company,
}

impl Target {
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
    /// People who are left with nothing.
    People,
}

impl Level {
    /// Every level, in the order in which they are shown.
    pub const ALL: &[Self] = &[Self::Members, Self::Roles, Self::Groups, Self::People];

    /// Returns the word for it in files and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Roles => "roles",
            Self::Groups => "groups",
            Self::People => "people",
        }
    }

    /// Returns what an exception from `removals` at this level can be for.
    pub fn targets(self) -> &'static [Target] {
        match self {
            Self::Members | Self::Groups => &[Target::Group, Target::Company],
            Self::Roles => &[Target::Group, Target::Person, Target::Company],
            Self::People => &[Target::Person, Target::Company],
        }
    }
}

/// What a guard looks at, and an exception is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The whole plan.
    Plan,
    /// A company.
    Company(CompanyId),
    /// A group, by the name it has, or will have if it is created.
    Group(CompanyId, Box<str>),
    /// A person.
    Person(UserId),
    /// A role of a company.
    Role(CompanyId, RoleId),
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

/// What is done about groups that no file names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unmanaged {
    /// Nothing is said of them.
    Ignore,
    /// They are named.
    #[default]
    Report,
    /// They are named, and those made by hand are a difference from the files. Standard groups are not: every company
    /// has them, and nobody can make or delete one.
    Forbid,
}

impl Unmanaged {
    /// The same where nothing can be forbidden, as not all files are looked at.
    #[must_use]
    pub fn allowing(self) -> Self {
        match self {
            Self::Ignore => Self::Ignore,
            Self::Report | Self::Forbid => Self::Report,
        }
    }
}

/// Everything a plan is judged by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Most of what exists that may go, in percent (1 to 100), per group and in all.
    pub percent: u8,
    /// The share is looked at where at least so many exist.
    pub from: usize,
    /// Most that may go in one apply.
    pub at_most: usize,
    /// Roles that are privileged, by company, sorted.
    pub privileged: Vec<(CompanyId, RoleId)>,
    /// Types of roles outside groups that are privileged, sorted.
    pub privileged_direct: Vec<&'static str>,
    /// How many holders each privileged role keeps at least.
    pub holders: usize,
    /// Groups that lose nothing, sorted, by the name they have.
    pub protected_groups: Vec<(CompanyId, Box<str>)>,
    /// People who lose nothing, sorted.
    pub protected_people: Vec<UserId>,
    /// The account that runs rolecall, where the files say.
    pub identity: Option<UserId>,
    /// Roles that let their holder change who may do what, by company, sorted.
    pub access_roles: Vec<(CompanyId, RoleId)>,
    /// What may go beyond a limit, and until when.
    pub exceptions: Vec<Exception>,
    /// How many groups, removals, users and lock-outs the files declare.
    pub declared: usize,
}

impl Default for Rules {
    /// The limits of the product's documentation: 30 % from 10 up, 50 in one apply, 2 holders.
    fn default() -> Self {
        Self {
            percent: 30,
            from: 10,
            at_most: 50,
            privileged: Vec::new(),
            privileged_direct: Vec::new(),
            holders: 2,
            protected_groups: Vec::new(),
            protected_people: Vec::new(),
            identity: None,
            access_roles: Vec::new(),
            exceptions: Vec::new(),
            declared: 0,
        }
    }
}

/// Something that may go beyond a limit: targeted, bounded, dated and reasoned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Which guard.
    pub guard: Guard,
    /// What it is for.
    pub subject: Subject,
    /// What `removals` counts; `None` for the other guards.
    pub level: Option<Level>,
    /// How far beyond: the largest value it allows.
    pub up_to: usize,
    /// The instant from which it is void.
    pub ends: Timestamp,
    /// Why.
    pub reason: Box<str>,
    /// Where it is written.
    pub from: Place,
}

impl Exception {
    /// Whether it is still in force.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.ends
    }
}

/// Returns the remark that an exception has ended.
pub fn expired(guard: Guard, ends: Timestamp, from: Place) -> Finding {
    Finding::new(
        Code::ExpiredException,
        from,
        format!("this exception from `{}` ended at {ends}", guard.as_str()),
    )
    .help("delete it, or give it a new `until` if it is still needed")
}

/// Returns the remark that nothing needs an exception.
pub fn unused(guard: Guard, from: Place) -> Finding {
    Finding::new(
        Code::UnusedException,
        from,
        format!("nothing in this plan needs this exception from `{}`", guard.as_str()),
    )
    .help("delete it: whatever it was for is done, or is named otherwise")
}
