//! A group, its roles and members, as the files declare it.

use std::sync::Arc;

use crate::model::{
    date::Term,
    ids::{CompanyId, GroupId, PersonRef},
    scope::{self, Audience, Scope, Value},
    selector::Selector,
    source::Place,
};

use super::{Listed, RoleRef};

/// A group that shall exist.
#[derive(Clone, Debug)]
pub struct DeclaredGroup {
    pub(crate) from: Place,
    /// Its name, 1 to 255 characters.
    pub(crate) name: Box<str>,
    /// Its description; `None` only where the roles are unmanaged, and then it is left alone.
    pub(crate) description: Option<Box<str>>,
    pub(crate) id: Option<GroupId>,
    pub(crate) renamed_from: Option<(Box<str>, Place)>,
    /// When it shall be there: before it is left alone, and after it goes.
    pub(crate) term: Term,
    pub(crate) grants: Listed<DeclaredGrant>,
    pub(crate) members: Listed<DeclaredMember>,
    pub(crate) computed: Computed,
}

/// Members by what they are, beside those that are named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Computed {
    /// In the order of the file.
    pub(crate) rules: Vec<DeclaredRule>,
    /// People who are not members by any of them.
    pub(crate) except: Vec<DeclaredMember>,
}

/// An entry of `membersFrom`.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredRule {
    pub(crate) selector: Selector,
    pub(crate) from: Place,
}

/// A role on a scope that a group shall have.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredGrant {
    pub(crate) role: RoleRef,
    pub(crate) scope: Arc<DeclaredScope>,
    pub(crate) term: Term,
    pub(crate) from: Place,
}

/// A scope, as far as it is known offline.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeclaredScope {
    /// The audiences without people in them.
    pub(crate) ready: Scope,
    /// The audiences that wait for people to be resolved.
    pub(crate) pending: Vec<PendingAudience>,
}

/// An audience whose `PROFILE` values are still names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PendingAudience {
    pub(crate) rest: Audience,
    /// The people, any of whom will do.
    pub(crate) people: Vec<PersonRef>,
}

/// A person who shall be in a group. Of nothing else there is as much.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredMember {
    pub(crate) person: PersonRef,
    /// Few have one.
    pub(in crate::files) said: Option<Box<Said>>,
    pub(crate) from: Place,
}

/// When somebody shall be in a group, and whether it is said why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) term: Term,
    pub(crate) has_reason: bool,
}

/// A group that shall not exist.
#[derive(Clone, Debug)]
pub struct DeclaredRemoval {
    pub(crate) name: Box<str>,
    /// Its id, where the name alone would not do.
    pub(crate) id: Option<GroupId>,
    pub(crate) reason: Box<str>,
    /// The declared group that it is, where that shall not exist because its time is over.
    pub(crate) ended: Option<Box<DeclaredGroup>>,
    pub(crate) from: Place,
}

impl DeclaredScope {
    /// The companies that it names.
    pub(super) fn companies(&self) -> impl Iterator<Item = CompanyId> {
        let audiences = self.ready.audiences().iter().chain(self.pending.iter().map(|it| &it.rest));
        let companies = audiences.flatten().filter(|it| it.kind == scope::Kind::Company);
        companies.flat_map(|it| &it.values).filter_map(|it| match it {
            Value::Id(id) => Some(CompanyId(*id)),
            Value::Text(_) | Value::Nothing => None,
        })
    }
}
