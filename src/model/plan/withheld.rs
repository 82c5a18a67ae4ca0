//! The reasons for which something is withheld: one row each, with its code and what it is about.
//!
//! What a reason says to people is the report's; which place of a file asks for it is said beside it.

use crate::model::{
    ids::{CompanyId, GroupId, PersonRef, UserId},
    plan::Unresolved,
};

/// What a reason is about, whichever it is.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The name of the role.
    pub role: Option<Box<str>>,
    /// Who holds, or stays.
    pub user: Option<UserId>,
    /// As the file names the person.
    pub person: Option<PersonRef>,
    /// Why the person cannot be resolved.
    pub why: Option<Unresolved>,
    /// The ids of groups that may be meant.
    pub candidates: Option<Vec<GroupId>>,
    /// The company.
    pub company: Option<CompanyId>,
    /// What the API answered instead.
    pub answer: Option<Box<str>>,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident $code:literal { $($field:ident: $type:ty),* };)+) => {
        /// What is withheld, and why.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the fields are those of `About`")]
        pub enum WithheldReason { $($(#[doc = $doc])+ $name { $($field: $type),* },)+ }

        impl WithheldReason {
            /// The word for programs: `kind` in a plan's document.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$name { .. } => $code,)+ }
            }

            /// What it is about.
            pub fn about(&self) -> About {
                match self {
                    $(Self::$name { $($field),* } => About { $($field: Some($field.clone()),)* ..About::default() },)+
                }
            }

            /// The reason of a code.
            ///
            /// # Errors
            ///
            /// The code is not known, or `about` lacks what the reason is about.
            pub fn of(code: &str, about: About) -> Result<Self, String> {
                match code {
                    $($code => Ok(Self::$name { $($field: required(about.$field, stringify!($field))?),* }),)+
                    other => Err(format!("the kind `{other}` of what is withheld is not known")),
                }
            }
        }
    };
}

reasons! {
    /// Adding a person who cannot be resolved to exactly one active user of the company.
    Person "person" { person: PersonRef, why: Unresolved };
    /// A role whose scope names a person who cannot be resolved: the role stays as it is.
    Grant "role" { role: Box<str>, person: PersonRef, why: Unresolved };
    /// A role that a name does not mean, or not alone: what it may replace stays.
    UnknownRole "unknownRole" { role: Box<str> };
    /// Adding to a role whose live scope is in a form this version cannot read: the role stays as it is.
    Unreadable "unreadable" { role: Box<str> };
    /// A removal of a user who may be the unresolved person of another entry.
    Removal "removal" { user: UserId, person: PersonRef };
    /// A removal of somebody of whom the API does not tell who it is, where people are protected by their address.
    HiddenRemoval "hiddenRemoval" { user: UserId };
    /// A company with all its groups: the API does not tell of it, or tells nonsense.
    Company "company" { company: CompanyId, answer: Box<str> };
    /// The whole group: more than one live group has the name.
    Group "group" { candidates: Vec<GroupId> };
    /// Nothing is withheld: a member who is there and declared, but inactive, stays.
    InactiveMember "inactiveMember" { person: PersonRef };
    /// A change of a standard group's roles (contract §8); its members change all the same.
    FrozenRoles "unmodifiableRoles" {};
    /// A change of a standard group's name or description.
    FrozenAttributes "unmodifiableAttributes" {};
    /// Deleting a standard group.
    FrozenGroup "unmodifiableGroup" {};
    /// Cutting off a person who cannot be resolved to exactly one user, active or not.
    Lockout "lockout" { person: PersonRef, why: Unresolved };
    /// Telling what a person who is cut off holds outside groups: it could not be read. The groups go all the same.
    UnreadLockout "unreadLockout" { user: UserId };
    /// The direct roles of a person who cannot be resolved to exactly one active user of the company.
    User "user" { person: PersonRef, why: Unresolved };
    /// The direct roles of a person of whom the token may not know them: they stay as they are.
    UnreadUser "unreadUser" { person: PersonRef };
    /// Nothing is withheld: of a person who cannot be resolved no direct roles are asked for.
    UnmanagedUser "unmanagedUser" { person: PersonRef, why: Unresolved };
    /// Nothing is withheld: of a person of whom the token may not know the direct roles none are asked for.
    UnmanagedUnread "unmanagedUnread" { person: PersonRef };
    /// A direct role of a user that names a traveller who cannot be resolved: the role stays as it is.
    Traveller "traveller" { user: UserId, person: PersonRef, why: Unresolved };
}

/// Fields are called in a document as they are called here, but for two.
fn required<T>(field: Option<T>, name: &str) -> Result<T, String> {
    let name = match name {
        "user" => "userId",
        "candidates" => "groups",
        other => other,
    };
    field.ok_or_else(|| format!("`{name}` is missing"))
}
