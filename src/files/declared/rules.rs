//! The rules of a workspace in names: limits, what is privileged and protected, exceptions, lock-outs.

use std::collections::BTreeMap;

use globset::GlobMatcher;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    policy::DeclaredPolicy,
    role::{ProvidedBy, RoleRef},
};
use crate::model::{
    ids::{CompanyId, PersonRef},
    observed::RoleHead,
    pattern,
    rules::{Guard, Level, Outside, Rules, Weakened},
    source::Place,
};

/// The rules a plan is judged by, in names.
#[derive(Clone, Debug)]
pub struct DeclaredRules {
    /// Most of what exists that may go, in percent (1 to 100).
    pub(crate) percent: u8,
    /// The share is looked at where at least so many exist.
    pub(crate) from: usize,
    /// Most that may go in one apply.
    pub(crate) at_most: usize,
    /// Most accounts that are deactivated, activated or created in one apply, in percent of those that are known to be active.
    pub(crate) people_percent: u8,
    /// That share is looked at where at least so many are.
    pub(crate) people_from: usize,
    /// Most accounts that are deactivated, activated or created in one apply.
    pub(crate) people_at_most: usize,
    /// Most people of a company who are asked whether they name somebody who leaves.
    pub(crate) people_look_ups: usize,
    /// Most people who are cut off everywhere in one apply.
    pub(crate) lockout_people: usize,
    /// Most memberships that go by that.
    pub(crate) lockout_memberships: usize,
    /// How many holders each privileged role keeps at least.
    pub(crate) holders: usize,
    /// What is privileged beside the default: roles by name or id, permissions, types of direct roles; in every company
    /// that has them. `None` where the files do not say, and nothing at all is privileged where the list is empty.
    pub(crate) privileged: Option<Vec<(RoleRef, Place)>>,
    pub(crate) protected_groups: Vec<(Pattern, Place)>,
    /// People who lose nothing, by address.
    pub protected_people: Vec<(Pattern, Place)>,
    pub(crate) exceptions: Vec<DeclaredException>,
    /// What the access that results must be like, in the order of the kinds and of the file.
    pub(crate) policies: Vec<DeclaredPolicy>,
    /// The account that runs rolecall.
    pub identity: Option<(PersonRef, Place)>,
    /// Rules from outside the files.
    pub(crate) floors: Vec<DeclaredFloor>,
    /// What is weaker than in the base, where there is one to compare with.
    pub(crate) weakened: Option<Weakened>,
}

/// Rules from outside the files, in names.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredFloor {
    pub(crate) by: Outside,
    /// The guards it sets something for.
    pub(crate) guards: Vec<Guard>,
    pub(crate) rules: DeclaredRules,
    /// Its own names for ids, where those of the files mean nothing to it.
    pub(crate) aliases: Option<BTreeMap<Uuid, Box<str>>>,
}

impl Default for DeclaredRules {
    fn default() -> Self {
        let default = Rules::default();
        Self {
            percent: default.percent,
            from: default.from,
            at_most: default.at_most,
            people_percent: default.people_percent,
            people_from: default.people_from,
            people_at_most: default.people_at_most,
            people_look_ups: Self::LOOK_UPS,
            lockout_people: default.lockout_people,
            lockout_memberships: default.lockout_memberships,
            holders: default.holders,
            privileged: None,
            protected_groups: Vec::new(),
            protected_people: Vec::new(),
            exceptions: Vec::new(),
            policies: Vec::new(),
            identity: None,
            floors: Vec::new(),
            weakened: None,
        }
    }
}

impl DeclaredRules {
    /// How many people are asked whether they name somebody who leaves, unless the files say otherwise.
    pub(crate) const LOOK_UPS: usize = 1000;

    /// Rules that limit nothing.
    pub(crate) fn unlimited() -> Self {
        Self {
            percent: 100,
            at_most: usize::MAX,
            people_percent: 100,
            people_at_most: usize::MAX,
            people_look_ups: 0,
            lockout_people: usize::MAX,
            lockout_memberships: usize::MAX,
            holders: 0,
            privileged: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// These rules, and those from outside the files.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.floors.iter().map(|it| &it.rules))
    }

    /// Most people of a company who are asked whether they name somebody who leaves: whoever sets more is followed.
    pub fn look_ups(&self) -> usize {
        self.all().map(|it| it.people_look_ups).max().unwrap_or_default()
    }

    /// Asks nobody for those who leave.
    pub(crate) fn without_look_ups(&mut self) {
        self.people_look_ups = 0;
        self.floors.iter_mut().for_each(|it| it.rules.people_look_ups = 0);
    }

    /// Whether a role of groups is privileged: by what it permits, or because the files name it or what it permits.
    pub(crate) fn is_privileged(&self, role: &RoleHead) -> bool {
        let named = |named: &RoleRef| match named {
            RoleRef::Id(id) => *id == role.id,
            RoleRef::Name { name, provided_by } => {
                // Of whom the API does not say it, it may be the one.
                let fits = |by| role.platform.is_none_or(|it| it == (by == ProvidedBy::Platform));
                *name == role.name && provided_by.is_none_or(fits)
                    || provided_by.is_none() && role.permissions.as_ref().is_some_and(|it| it.has(name))
            }
        };
        match &self.privileged {
            None => role.manages_access,
            Some(listed) if listed.is_empty() => false,
            Some(listed) => role.manages_access || listed.iter().any(|it| named(&it.0)),
        }
    }
}

/// A name, or a glob that stands for several.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    glob: GlobMatcher,
    /// The one person it means, where it is an address.
    person: Option<PersonRef>,
}

impl Pattern {
    /// `None` where `text` is not a pattern.
    pub fn new(text: &str) -> Option<Self> {
        // Names are not paths: a slash is a letter, and a backslash quotes everywhere.
        let mut glob = pattern::glob(text).ok()?;
        let glob = glob.literal_separator(false).backslash_escape(true).build().ok()?;
        let is_glob = text.contains(['*', '?', '[', '{']);
        let person = text.parse().ok().filter(|_| !is_glob).map(PersonRef::Email);
        Some(Self { text: text.into(), glob: glob.compile_matcher(), person })
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The one person it means, where it is an address.
    pub(crate) fn person(&self) -> Option<&PersonRef> {
        self.person.as_ref()
    }

    /// Whether it means all that another one means, as far as that is plain to see.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let is_glob = other.text.contains(['*', '?', '[', '{', '\\']);
        *self.text == *other.text || *self.text == *"*" || !is_glob && self.matches(&other.text)
    }

    /// Whether it means `name`; a name that reads as a pattern still means itself.
    pub fn matches(&self, name: &str) -> bool {
        *self.text == *name || self.glob.is_match(name)
    }
}

/// Something that may go beyond a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeclaredException {
    pub(crate) guard: Guard,
    /// The policy that it stands with, of `policies`.
    pub(crate) policy: Option<Box<str>>,
    pub(crate) target: DeclaredTarget,
    /// What `removals` counts; `None` for the other guards.
    pub(crate) level: Option<Level>,
    /// The largest value it allows.
    pub(crate) up_to: usize,
    /// The instant from which it is void.
    pub(crate) ends: Timestamp,
    pub(crate) reason: Box<str>,
    pub(crate) from: Place,
}

impl DeclaredException {
    /// What it is an exception from, for people.
    pub(crate) fn rule(&self) -> &str {
        self.policy.as_deref().unwrap_or(self.guard.as_str())
    }
}

/// What an exception is for, in names: everything that is given must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeclaredTarget {
    /// Always given beside a group or a role.
    pub(crate) company: Option<CompanyId>,
    pub(crate) group: Option<Box<str>>,
    pub(crate) person: Option<PersonRef>,
    pub(crate) role: Option<RoleRef>,
}

/// A difference that is left as it is for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeclaredAccept {
    pub(crate) company: CompanyId,
    pub(crate) what: DeclaredDifference,
    /// Who answers for it.
    pub(crate) owner: Box<str>,
    /// The instant from which it is a difference again.
    pub(crate) ends: Timestamp,
    pub(crate) reason: Box<str>,
    pub(crate) from: Place,
}

/// What differs, in names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeclaredDifference {
    /// Whatever differs in a group, or that no file names it.
    Group(Box<str>),
    Member {
        group: Box<str>,
        person: PersonRef,
    },
    Role {
        group: Box<str>,
        role: RoleRef,
    },
    /// A direct role, by its type.
    Direct {
        person: PersonRef,
        role_type: Box<str>,
    },
}

impl DeclaredAccept {
    /// The longest time, from now on, for which something is accepted.
    pub(crate) const MOST_DAYS: i64 = 90;

    /// Whether it ends later than anything may.
    pub(crate) fn is_long(&self, now: Timestamp) -> bool {
        // A day counts through its end.
        let most = SignedDuration::from_hours(24 * (Self::MOST_DAYS + 1));
        self.ends.duration_since(now) > most
    }

    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        now < self.ends && !self.is_long(now)
    }
}

impl std::fmt::Display for DeclaredDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Group(group) => write!(f, "group {group}"),
            Self::Member { group, person } => write!(f, "member {person} in {group}"),
            Self::Role { group, role } => write!(f, "role {role} of {group}"),
            Self::Direct { person, role_type } => write!(f, "direct role {role_type} of {person}"),
        }
    }
}

impl DeclaredDifference {
    /// The person it is about.
    pub(crate) fn person(&self) -> Option<&PersonRef> {
        match self {
            Self::Member { person, .. } | Self::Direct { person, .. } => Some(person),
            Self::Group(_) | Self::Role { .. } => None,
        }
    }
}

/// A lockout: a person who is cut off everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredLockout {
    pub(crate) person: PersonRef,
    /// The instant from which it is in force.
    pub(crate) since: Timestamp,
    /// The instant from which it is in force no longer.
    pub(crate) ends: Option<Timestamp>,
    pub(crate) reason: Box<str>,
    pub(crate) from: Place,
}

impl DeclaredLockout {
    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        self.since <= now && self.ends.is_none_or(|it| it > now)
    }
}
