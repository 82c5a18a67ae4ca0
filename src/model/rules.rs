//! The rules of a workspace that a plan is judged by: limits, protected things, exceptions.
//!
//! In ids, ready to be compared; what they mean is in `guard`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::model::{
    direct,
    finding::{Code, Finding},
    ids::{CompanyId, RoleId, UserId},
    index::GroupIx,
    scope::Scope,
    source::Place,
    state::Key,
};

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
    GroupEmptied "group-emptied" "No group loses its last member who can act.";
    EmptyDesired "empty-desired" "The files declare something.";
    IncompleteLive "incomplete-live" "Every list of the API adds up; cannot be excepted.";
    SelfLockout "self-lockout" "The account that runs rolecall keeps what it needs to repair things; cannot be excepted.";
    LastHolder "last-holder" "Each privileged role keeps enough holders who can act, after every step.";
    Privileged "privileged" "Nobody gains a privileged role, or more of one, without an exception or an approval.";
    Protected "protected" "Protected groups and people lose no access, whichever way.";
    Unmodifiable "unmodifiable" "Standard groups change their members only.";
    Weakened "weakened-rules" "No rule of the workspace is weaker than in the base (`--base`); an approval lifts it.";
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
            | Self::Weakened => false,
            Self::Removals | Self::GroupEmptied | Self::LastHolder | Self::Privileged | Self::Protected => {
                true
            }
        }
    }

    /// Whether the approval of a plan by its id allows what it stops: where the files may not say that it is wanted.
    pub fn can_be_approved(self) -> bool {
        match self {
            Self::Privileged | Self::Lockouts | Self::Weakened => true,
            Self::Removals
            | Self::GroupEmptied
            | Self::EmptyDesired
            | Self::IncompleteLive
            | Self::SelfLockout
            | Self::LastHolder
            | Self::Protected
            | Self::Unmodifiable => false,
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
            | Self::Weakened => &[],
            Self::Removals => &[ExceptionKey::Group, ExceptionKey::Person, ExceptionKey::Company],
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
    pub fn targets(self) -> &'static [ExceptionKey] {
        match self {
            Self::Groups => &[ExceptionKey::Group, ExceptionKey::Company],
            Self::Members => &[ExceptionKey::Group, ExceptionKey::Person, ExceptionKey::Company],
            Self::Roles | Self::People => {
                &[ExceptionKey::Group, ExceptionKey::Person, ExceptionKey::Role, ExceptionKey::Company]
            }
        }
    }
}

/// What a guard looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(from = "SubjectForm", into = "SubjectForm")]
#[schemars(with = "SubjectForm")]
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

/// What a guard looked at.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[schemars(rename = "Subject")]
enum SubjectForm {
    Plan,
    Company { company: CompanyId },
    Group { company: CompanyId, name: Box<str> },
    Person { user_id: UserId },
    Role { company: CompanyId, role_id: RoleId },
}

impl From<Subject> for SubjectForm {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Plan => Self::Plan,
            Subject::Company(company) => Self::Company { company },
            Subject::Group(company, name) => Self::Group { company, name },
            Subject::Person(user_id) => Self::Person { user_id },
            Subject::Role(company, role_id) => Self::Role { company, role_id },
        }
    }
}

impl From<SubjectForm> for Subject {
    fn from(form: SubjectForm) -> Self {
        match form {
            SubjectForm::Plan => Self::Plan,
            SubjectForm::Company { company } => Self::Company(company),
            SubjectForm::Group { company, name } => Self::Group(company, name),
            SubjectForm::Person { user_id } => Self::Person(user_id),
            SubjectForm::Role { company, role_id } => Self::Role(company, role_id),
        }
    }
}

/// One thing that a guard counted: who, which role, where, through what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counted {
    pub company: CompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<str>>,
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    #[serde(flatten)]
    pub role: Option<HeldRole>,
    /// Where the role is given, or was, of a role of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Arc<Scope>>,
    /// How it comes about.
    pub how: How,
}

/// How access comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum How {
    /// Somebody joins a group.
    Joins,
    /// Somebody leaves a group.
    Leaves,
    /// A role is given where it was not.
    Gains,
    /// A role goes, or holds on less.
    Loses,
    /// A group is deleted.
    Deleted,
    /// A group gets another name.
    Renamed,
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

/// From where rules come that a plan is judged by beside those of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outside {
    /// The workspace as it is without the change.
    Base,
    /// A file of whoever runs rolecall, which no change can touch.
    Policy,
}

/// Rules from outside the files, which judge a plan as well: the stricter verdict counts.
#[derive(Clone, Debug)]
pub struct Floor {
    /// From where.
    pub by: Outside,
    /// The guards it sets something for; no other is asked.
    pub guards: Vec<Guard>,
    /// The limits, and the exceptions from them.
    pub rules: Rules,
}

/// What a plan's files were compared with, and every rule by which rolecall stops less than by that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Weakened<P = Place> {
    /// The base as it was named.
    pub base: Box<str>,
    /// All digits of the id of its commit.
    pub commit: Box<str>,
    /// In the order in which people should read them; perhaps none.
    pub rows: Vec<Weakening<P>>,
}

/// A rule by which rolecall stops less in the files than in the base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Weakening<P = Place> {
    /// The key of `rolecall.yaml`, or the group or person.
    pub what: Box<str>,
    /// What the base says; left out where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<str>>,
    /// What the files say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Box<str>>,
    /// Why it matters.
    pub why: Box<str>,
    /// Where it is written, or was.
    #[serde(rename = "origin", skip_serializing_if = "Option::is_none")]
    pub from: Option<P>,
}

impl<P> Weakened<P> {
    /// The same with places of another kind.
    pub(crate) fn map<Q>(self, mut place: impl FnMut(P) -> Q) -> Weakened<Q> {
        let Self { base, commit, rows } = self;
        let row = |Weakening { what, before, after, why, from }| Weakening {
            what,
            before,
            after,
            why,
            from: from.map(&mut place),
        };
        Weakened { base, commit, rows: rows.into_iter().map(row).collect() }
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
    /// Most people who are cut off everywhere in one apply.
    pub lockout_people: usize,
    /// Most memberships that go by that.
    pub lockout_memberships: usize,
    /// Roles that are privileged, by company, sorted.
    pub privileged: Vec<(CompanyId, RoleId)>,
    /// Which direct roles are privileged.
    pub privileged_direct: PrivilegedTypes,
    /// How many holders each privileged role keeps at least.
    pub holders: usize,
    /// Groups that lose nothing, sorted, by the name they have.
    pub protected_groups: Vec<(CompanyId, Box<str>)>,
    /// People who lose nothing, sorted.
    pub protected_people: Vec<UserId>,
    /// Patterns of what is protected that match nothing, as they are written.
    pub unmatched: Vec<Box<str>>,
    /// Whether the account of everybody who was looked up is active. Who is not seen is not known to be.
    pub active: BTreeMap<UserId, bool>,
    /// The account that runs rolecall, where the files say.
    pub identity: Option<UserId>,
    /// Roles that let their holder change who may do what, by company, sorted.
    pub access_roles: Vec<(CompanyId, RoleId)>,
    /// What may go beyond a limit, and until when.
    pub exceptions: Vec<Exception>,
    /// How many groups, removals, users and lock-outs the files declare.
    pub declared: usize,
    /// Rules from outside the files.
    pub floors: Vec<Floor>,
    /// Of a rollback, what only takes away again what the apply gave.
    pub undone: Option<Taken>,
}

/// What a plan takes away that an apply gave, and that is there just as it gave it, as a journal proves.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Where the journal says so.
    pub from: Place,
    /// The edits, by what they change.
    pub edits: BTreeSet<Key>,
    /// Who was in each group before that apply.
    pub members_before: BTreeMap<GroupIx, Vec<UserId>>,
}

impl Default for Rules {
    /// The limits of the product's documentation: 30 % from 10 up, 50 in one apply, 5 lock-outs with 100 memberships, 2
    /// holders.
    fn default() -> Self {
        Self {
            percent: 30,
            from: 10,
            at_most: 50,
            lockout_people: 5,
            lockout_memberships: 100,
            privileged: Vec::new(),
            privileged_direct: PrivilegedTypes::default(),
            holders: 2,
            protected_groups: Vec::new(),
            protected_people: Vec::new(),
            unmatched: Vec::new(),
            active: BTreeMap::new(),
            identity: None,
            access_roles: Vec::new(),
            exceptions: Vec::new(),
            declared: 0,
            floors: Vec::new(),
            undone: None,
        }
    }
}

impl Rules {
    /// These rules, and those from outside the files that set something for a guard.
    pub fn all_for(&self, guard: Guard) -> impl Iterator<Item = &Self> {
        let floors = self.floors.iter().filter(move |it| it.guards.contains(&guard)).map(|it| &it.rules);
        std::iter::once(self).chain(floors)
    }

    /// The roles of which it matters who holds them, by whatever rules; sorted.
    pub fn held(&self) -> Vec<(CompanyId, RoleId)> {
        let mut all: Vec<(CompanyId, RoleId)> =
            self.all_for(Guard::LastHolder).flat_map(|it| it.privileged.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether a role of a company is privileged.
    pub fn is_privileged(&self, company: CompanyId, role: RoleId) -> bool {
        self.privileged.binary_search(&(company, role)).is_ok()
    }

    /// Whether somebody can use what is given: not, if the account is known to be inactive.
    pub fn may_act(&self, user: UserId) -> bool {
        self.active.get(&user) != Some(&false)
    }

    /// Whether somebody is known to be able to use what is given. Of who was not looked up that is not known.
    pub fn can_act(&self, user: UserId) -> bool {
        self.active.get(&user) == Some(&true)
    }
}

/// Which types of direct roles are privileged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PrivilegedTypes {
    /// None: the files say `privileged: []`.
    Off,
    /// Every type but the harmless ones that this version knows.
    #[default]
    Known,
    /// The same, and these.
    And(Vec<Box<str>>),
}

impl PrivilegedTypes {
    /// Whether a type is privileged, as the API names it. The case of letters makes no difference.
    pub fn contains(&self, role_type: &str) -> bool {
        let named = match self {
            Self::Off => return false,
            Self::Known => &[][..],
            Self::And(types) => types,
        };
        !direct::is_harmless(role_type) || named.iter().any(|it| it.eq_ignore_ascii_case(role_type))
    }
}

/// What an exception is for: everything that is given must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ExceptionFor {
    pub company: Option<CompanyId>,
    pub group: Option<Box<str>>,
    pub person: Option<UserId>,
    pub role: Option<HeldRole>,
}

impl ExceptionFor {
    /// Whether it is for this.
    pub fn fits(&self, item: &Counted) -> bool {
        let Self { company, group, person, role } = self;
        company.is_none_or(|it| it == item.company)
            && group.as_ref().is_none_or(|it| item.group.as_ref() == Some(it))
            && person.is_none_or(|it| item.person == Some(it))
            && role.as_ref().is_none_or(|it| item.role.as_ref() == Some(it))
    }

    /// Whether it says something by a key.
    pub fn names(&self, key: ExceptionKey) -> bool {
        match key {
            ExceptionKey::Group => self.group.is_some(),
            ExceptionKey::Person => self.person.is_some(),
            ExceptionKey::Role => self.role.is_some(),
            ExceptionKey::Company => self.company.is_some(),
        }
    }

    /// Whether it names a company and nothing in it.
    pub fn is_company(&self) -> bool {
        self.group.is_none() && self.person.is_none() && self.role.is_none()
    }

    /// How much it says: the more it says the less it is for.
    pub fn keys(&self) -> usize {
        ExceptionKey::ALL.iter().filter(|it| self.names(**it)).count()
    }
}

/// A role that is given to somebody, through groups or outside them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum HeldRole {
    /// A role of groups.
    #[serde(rename = "roleId")]
    Role(RoleId),
    /// A direct role, by its type as the API names it.
    #[serde(rename = "roleType")]
    Direct(Box<str>),
}

/// Something that may go beyond a limit: targeted, bounded, dated and reasoned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Which guard.
    pub guard: Guard,
    /// What it is for.
    pub target: ExceptionFor,
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

/// Returns the remark that an exception allows less than a plan counts.
pub fn too_small(exception: &Exception, counted: usize) -> Finding {
    let Exception { guard, up_to, from, .. } = exception;
    let message =
        format!("this exception from `{}` allows {up_to}, and this plan counts {counted}", guard.as_str());
    Finding::new(Code::SmallException, *from, message)
        .help(format!("so it allows nothing; write `upTo: {counted}` if all of that is wanted"))
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
