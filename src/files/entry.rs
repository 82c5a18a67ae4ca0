//! Entries that both kinds of file have: the API to talk to, people, roles.
//!
//! As written, with the place of each value. Says nothing of what they mean.

use super::{
    At,
    declared::ProvidedBy,
    forms,
    mapping::{Given, mapping},
    shape::{Entries, Keys, TextOr},
};
use crate::model::dialect::Dialect;

mapping! {
    /// Which API to talk to. Credentials never stand in a file: they come from the environment.
    #[schemars(title = "Which API")]
    pub struct ApiSection: "`{ endpoint: … }`", block {
        /// The base URL of the API, or the word `sandbox` for the embedded one. Credentials go there only where flag,
        /// environment or the list of allowed endpoints names it as well.
        #[schemars(extend("type" = ["string", "number"], "examples" = ["sandbox", "https://api-ext-sboxmeta.partners.spotnana.com"]))]
        "endpoint" pub endpoint: Given<At<String>>,
        /// Other endpoints, each with the companies that are there.
        "endpoints" pub(crate) endpoints: Given<Entries<EndpointEntry>>,
        /// How this endpoint spells what its documentation leaves open.
        "dialect" pub dialect: Given<Dialect>,
        /// The user that the token stands for: no plan may take from this user what it takes to repair things.
        "identity" pub(crate) identity: Given<At<PersonKeys>>,
    }
}

mapping! {
    /// An endpoint of some companies.
    #[schemars(extend("required" = ["name", "endpoint", "companies"]))]
    pub struct EndpointEntry: "a mapping such as `{ name: eu, endpoint: …, companies: […] }`" {
        /// By this name the environment knows its credentials: of `eu` they are ROLECALL_CLIENT_ID_EU and
        /// ROLECALL_CLIENT_SECRET_EU, or ROLECALL_TOKEN_EU.
        #[schemars(with = "forms::EndpointName")]
        "name" pub(crate) name: Given<At<String>>,
        /// The base URL of the API. Credentials go there only where it is documented, on this very machine, or listed in
        /// ROLECALL_ALLOWED_ENDPOINTS with the name behind it.
        #[schemars(extend("type" = ["string", "number"]))]
        "endpoint" pub(crate) endpoint: Given<At<String>>,
        /// Its companies: ids, names from `ids.company`, and patterns of these names.
        #[schemars(with = "Vec<forms::Company>")]
        "companies" pub(crate) companies: Given<Vec<At<String>>>,
        /// How this endpoint spells what its documentation leaves open.
        "dialect" pub(crate) dialect: Given<Dialect>,
        /// The user that its token stands for.
        "identity" pub(crate) identity: Given<At<PersonKeys>>,
    }
}

/// An entry that names a person.
pub(crate) trait PersonKeyed {
    /// In the order of [`PersonKey::ALL`](crate::model::ids::PersonKey::ALL).
    fn keys(&self) -> [&Given<At<String>>; 4];
}

/// Declares an entry that names a person by one of four keys, and has some more.
macro_rules! person_keys {
    ($(#[$meta:meta])* $name:ident { $($more:tt)* }) => {
        $crate::files::mapping::mapping! {
            $(#[$meta])*
            #[schemars(transform = $crate::files::forms::one_person)]
            pub(crate) struct $name: "a mapping such as `{ email: … }`" {
                /// The business e-mail address; upper and lower case are one.
                #[schemars(with = "forms::Address")]
                "email" pub(crate) email: Given<At<String>>,
                /// The external id.
                #[schemars(with = "forms::Key")]
                "externalId" pub(crate) external_id: Given<At<String>>,
                /// The employee id.
                #[schemars(with = "forms::Key")]
                "employeeId" pub(crate) employee_id: Given<At<String>>,
                /// The API's user id.
                #[schemars(with = "forms::Id")]
                "userId" pub(crate) user_id: Given<At<String>>,
                $($more)*
            }
        }

        impl $crate::files::entry::PersonKeyed for $name {
            fn keys(&self) -> [&Given<At<String>>; 4] {
                [&self.email, &self.external_id, &self.employee_id, &self.user_id]
            }
        }
    };
}
pub(super) use person_keys;

person_keys! {
    /// A person named by one of four keys.
    PersonKeys {}
}

/// A person, by e-mail address or by the keys of a mapping.
pub(crate) type PersonEntry = TextOr<PersonKeys>;

impl Keys for PersonKeys {
    type Text = forms::Address;
    const OR_TEXT: &str = "an e-mail address or a mapping such as `{ externalId: … }`";
    const TEXT: &str = "A business e-mail address.";
}

/// A role, by exact name or by the keys of a mapping.
pub(crate) type RoleName = TextOr<RoleKeys>;

mapping! {
    /// A role named by id, or by name and origin.
    #[schemars(title = "A role by id, or by name and origin", transform = forms::role)]
    pub(crate) struct RoleKeys: "`{ id: … }` or `{ name: …, providedBy: … }`" {
        /// The role's id.
        #[schemars(with = "forms::Id")]
        "id" pub(crate) id: Given<At<String>>,
        /// The role's exact name.
        #[schemars(with = "forms::RoleTitle")]
        "name" pub(crate) name: Given<At<String>>,
        /// Who provides the role, where the name alone is ambiguous.
        "providedBy" pub(crate) provided_by: Given<ProvidedBy>,
    }
}

impl Keys for RoleKeys {
    type Text = forms::RoleTitle;
    const OR_TEXT: &str = "the name of a role, `{ id: … }` or `{ name: …, providedBy: … }`";
    const TEXT: &str = "The exact name of the role.";
}
