//! What changes about the roles that people hold outside groups.

use crate::model::{
    access::Why,
    direct::{DirectRole, DirectRoles, Kind, Traveller},
    ids::{CompanyId, UserId},
    scope::Relation,
    source::Place,
};

/// Everything that changes about what one person holds outside groups; made by one call, whole.
#[derive(Clone, Debug)]
pub struct UserChange {
    /// The company the person belongs to.
    pub company: CompanyId,
    /// Who.
    pub user: UserId,
    /// What the person held when it was read.
    pub before: DirectRoles,
    /// The roles that change, sorted by kind.
    pub roles: Vec<DirectChange>,
    /// Where the person is declared.
    pub from: Option<Place>,
}

/// What changes about one role.
#[derive(Clone, Debug)]
pub struct DirectChange {
    /// What happens to it.
    pub effect: DirectEffect,
    /// Where the role is declared.
    pub from: Option<Place>,
}

/// What happens to a role outside groups.
#[derive(Clone, Debug)]
pub enum DirectEffect {
    /// The person gets it.
    Add {
        /// The role.
        role: DirectRole,
    },
    /// The person arranges for other travellers.
    Change {
        /// As it is.
        before: DirectRole,
        /// As it shall be.
        after: DirectRole,
    },
    /// The person loses it.
    Remove {
        /// Why.
        why: Why,
        /// The role.
        role: DirectRole,
    },
}

impl DirectEffect {
    /// Returns which role it is about.
    pub fn kind(&self) -> &Kind {
        match self {
            Self::Add { role } | Self::Remove { role, .. } => role.kind(),
            Self::Change { after, .. } => after.kind(),
        }
    }

    /// Returns how the travellers of a changed role relate: who is added, widens; a mail more or less is another
    /// traveller, as what it tells may be more or less.
    pub fn relation(&self) -> Option<Relation> {
        let Self::Change { before, after } = self else { return None };
        let within = |a: &[Traveller], b: &[Traveller]| a.iter().all(|it| b.binary_search(it).is_ok());
        match (
            within(before.travellers(), after.travellers()),
            within(after.travellers(), before.travellers()),
        ) {
            (true, true) => None,
            (true, false) => Some(Relation::Widens),
            (false, true) => Some(Relation::Narrows),
            (false, false) => Some(Relation::Changes),
        }
    }

    /// Whether the person may gain by it.
    pub fn gives(&self) -> bool {
        match (self, self.relation()) {
            (Self::Add { .. }, _) | (Self::Change { .. }, Some(Relation::Widens | Relation::Changes)) => true,
            (Self::Remove { .. }, _) | (Self::Change { .. }, Some(Relation::Narrows) | None) => false,
        }
    }

    /// Whether the person may lose by it.
    pub fn takes(&self) -> bool {
        match (self, self.relation()) {
            (Self::Remove { .. }, _) | (Self::Change { .. }, Some(Relation::Narrows | Relation::Changes)) => {
                true
            }
            (Self::Add { .. }, _) | (Self::Change { .. }, Some(Relation::Widens) | None) => false,
        }
    }

    /// Returns the travellers it speaks of.
    pub fn travellers(&self) -> impl Iterator<Item = &Traveller> {
        let (first, second) = match self {
            Self::Add { role } | Self::Remove { role, .. } => (role, None),
            Self::Change { before, after } => (before, Some(after)),
        };
        std::iter::once(first).chain(second).flat_map(DirectRole::travellers)
    }
}

impl UserChange {
    /// Returns what the person will hold, changed or not.
    pub fn after(&self) -> DirectRoles {
        let mut after = self.before.clone();
        for change in &self.roles {
            match &change.effect {
                DirectEffect::Add { role } | DirectEffect::Change { after: role, .. } => {
                    after.put(role.clone());
                }
                DirectEffect::Remove { role, .. } => after.take(role.kind()),
            }
        }
        after
    }

    /// Whether the person may gain by it.
    pub fn gives(&self) -> bool {
        self.roles.iter().any(|it| it.effect.gives())
    }

    /// Whether the person may lose by it.
    pub fn takes(&self) -> bool {
        self.roles.iter().any(|it| it.effect.takes())
    }

    /// Returns how many roles the person loses.
    pub fn removed(&self) -> usize {
        self.roles.iter().filter(|it| matches!(it.effect, DirectEffect::Remove { .. })).count()
    }
}
