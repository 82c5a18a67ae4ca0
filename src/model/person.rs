//! One person as a list of people tells, and what is held of one.

use super::{object::Object, observed::User, part::Part, units::Unit};

/// A row of the list.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Entry {
    pub user: User,
    pub persona: Option<Box<str>>,
    pub designation: Option<Box<str>>,
    pub legal_entity: Option<Unit>,
    pub department: Option<Unit>,
    pub cost_center: Option<Unit>,
    pub office: Option<Unit>,
    /// When the account was created and last changed, in the words of the API: local times without a zone.
    pub created: Option<Box<str>>,
    pub updated: Option<Box<str>>,
}

/// A part of a person, and what is held of it, or in a few words why that is not told.
pub type Held = (Part, Result<Object, String>);
