//! The rules of a workspace that a plan is judged by: limits, protected things, exceptions.
//!
//! In ids, ready to be compared; what they mean is in `guard`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    direct,
    ids::{CompanyId, RoleId, UserId},
    index::GroupIx,
    source::{Place, Sources},
    state::Key,
};

mod counted;
mod exception;
mod guard;
mod outside;
mod known;
mod policy;

pub use counted::{Counted, HeldRole, How, Subject};
pub use exception::{Exception, ExceptionFor, expired, too_small, unused};
pub use guard::{ExceptionKey, Guard, Level, Limit};
pub use known::Known;
pub use outside::{Outside, Weakened, Weakening};
pub use policy::{Broken, Law, Policy, PolicyKind, Powers, Severity, Unread};

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

/// Everything a plan is judged by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Most of what exists that may go, in percent (1 to 100), per group and in all.
    pub percent: u8,
    /// The share is looked at where at least so many exist.
    pub from: usize,
    /// Most that may go in one apply.
    pub at_most: usize,
    /// Most accounts of a company that are deactivated, activated or created in one apply, in percent of its active ones.
    pub people_percent: u8,
    /// That share is looked at where at least so many are.
    pub people_from: usize,
    /// Most accounts that are deactivated, activated or created in one apply.
    pub people_at_most: usize,
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
    /// How many accounts are active, of the companies of which some come or go and that was told.
    pub accounts: BTreeMap<CompanyId, u64>,
    /// Whether the account of everybody who was looked up is active. Who is not seen is not known to be.
    pub active: BTreeMap<UserId, bool>,
    /// The company of everybody who was looked up, where that is told.
    pub homes: BTreeMap<UserId, CompanyId>,
    /// The account that runs rolecall, where the files say.
    pub identity: Option<UserId>,
    /// The same of companies that are asked in another account's name.
    pub identities: BTreeMap<CompanyId, Option<UserId>>,
    /// Roles that let their holder change who may do what, by company, sorted.
    pub access_roles: Vec<(CompanyId, RoleId)>,
    /// What may go beyond a limit, and until when.
    pub exceptions: Vec<Exception>,
    /// How many groups, removals, users and lock-outs the files declare.
    pub declared: usize,
    /// What the access that results must be like.
    pub policies: Vec<Policy>,
    /// What could not be read of companies that policies are about, as far as a plan does not tell.
    pub unread: BTreeSet<(CompanyId, Unread)>,
    /// Those of whom it was read what they hold outside groups; of nobody where no policy asks for it.
    pub direct_read: BTreeSet<UserId>,
    /// Everybody who can act of the companies whose people policies are about; of the others nobody.
    pub people: BTreeSet<(CompanyId, UserId)>,
    /// What everybody who was looked up is called, where policies have to name somebody.
    pub names: BTreeMap<UserId, Box<str>>,
    /// What else rules look at; nothing where there are none.
    pub known: Known,
    /// Rules from outside the files.
    pub floors: Vec<Floor>,
    /// Rules for members that mean nobody who is active.
    pub barren: Vec<BarrenRule>,
    /// Of a rollback, what only takes away again what the apply gave.
    pub undone: Option<Taken>,
}

/// A rule of `membersFrom` that means nobody who is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarrenRule {
    /// The company of the group.
    pub company: CompanyId,
    /// The name that the group has, or will have.
    pub group: Box<str>,
    /// In words.
    pub rule: Box<str>,
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
    /// The limits of the product's documentation: 30 % from 10 up, 50 in one apply, 5 % of the accounts from 10 up and
    /// 20 of them, 5 lock-outs with 100 memberships, 2 holders.
    fn default() -> Self {
        Self {
            percent: 30,
            from: 10,
            at_most: 50,
            people_percent: 5,
            people_from: 10,
            people_at_most: 20,
            lockout_people: 5,
            lockout_memberships: 100,
            privileged: Vec::new(),
            privileged_direct: PrivilegedTypes::default(),
            holders: 2,
            protected_groups: Vec::new(),
            protected_people: Vec::new(),
            unmatched: Vec::new(),
            accounts: BTreeMap::new(),
            active: BTreeMap::new(),
            homes: BTreeMap::new(),
            identity: None,
            identities: BTreeMap::new(),
            access_roles: Vec::new(),
            exceptions: Vec::new(),
            declared: 0,
            policies: Vec::new(),
            unread: BTreeSet::new(),
            direct_read: BTreeSet::new(),
            people: BTreeSet::new(),
            names: BTreeMap::new(),
            known: Known::default(),
            floors: Vec::new(),
            barren: Vec::new(),
            undone: None,
        }
    }
}

impl Rules {
    /// Lets expressions see what files are called.
    pub(crate) fn tell_files(&mut self, sources: &Sources) {
        let files: Vec<Box<str>> = sources.files().map(|it| it.1.path.as_str().into()).collect();
        self.floors.iter_mut().for_each(|it| it.rules.known.files.clone_from(&files));
        self.known.files = files;
    }

    /// The account in whose name a company is asked, where the files say.
    pub fn identity_of(&self, company: CompanyId) -> Option<UserId> {
        self.identities.get(&company).copied().unwrap_or(self.identity)
    }

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
