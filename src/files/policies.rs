//! `policies:` of `rolecall.yaml`: what the access that results must be like, a key for each kind.
//!
//! As written, with the place of each value; what it means is for `check`.

use super::{
    At,
    code::Code,
    entry::{PersonEntry, RoleName},
    forms,
    mapping::{Given, mapping},
    shape::Entries,
};
use crate::model::rules::Severity;

/// What policies of every kind have.
#[derive(Clone, Copy)]
pub(super) struct Common<'a> {
    pub(super) name: &'a Given<At<String>>,
    pub(super) severity: &'a Given<Severity>,
    pub(super) strict: &'a Given<bool>,
    pub(super) company: &'a Given<At<String>>,
    pub(super) groups: &'a Given<Vec<At<String>>>,
    pub(super) reason: &'a Given<At<String>>,
    pub(super) exceptions: &'a Given<Entries<PolicyExceptionEntry>>,
}

/// Declares the kinds: what each has beside what all have.
macro_rules! policies {
    ($(
        $(#[$about:meta])*
        $name:ident $key:literal $field:ident $expected:literal ($groups:literal) { $($more:tt)* }
    )*) => {
        mapping! {
            /// What the access that results from a plan must be like, whatever gives it: kind by kind, a list of policies.
            pub(crate) struct PoliciesSection: "policies by kind, such as `{ exclusive: […] }`", block {
                $($(#[$about])* $key pub(super) $field: Given<Entries<$name>>,)*
                /// Who has to review a change by which anybody reaches these companies more than before. It stops nothing.
                "owners" pub(super) owners: Given<Entries<OwnersEntry>>,
            }
        }

        $(
            mapping! {
                $(#[$about])*
                pub(crate) struct $name: $expected, block {
                    /// What exceptions and reports call it; no two policies have one name.
                    #[schemars(with = "forms::PolicyName")]
                    "name" name: Given<At<String>>,
                    /// The company whose people it is about, instead of the one of the workspace.
                    #[schemars(with = "forms::Company")]
                    "company" company: Given<At<String>>,
                    #[doc = $groups]
                    #[schemars(with = "Vec<forms::ExistingGroup>", extend("minItems" = 1))]
                    "groups" groups: Given<Vec<At<String>>>,
                    $($more)*
                    /// What follows where it is broken: `deny` (where absent) stops the apply, `warn` only tells.
                    "severity" severity: Given<Severity>,
                    /// Whether it stops an apply too where it was broken before, and not by the change.
                    "strict" strict: Given<bool>,
                    /// Why it is there.
                    #[schemars(with = "forms::Text")]
                    "reason" reason: Given<At<String>>,
                    /// Who or what may break it until a day, and why.
                    "exceptions" exceptions: Given<Entries<PolicyExceptionEntry>>,
                }
            }

            impl $name {
                pub(super) fn common(&self) -> Common<'_> {
                    let Self { name, severity, strict, company, groups, reason, exceptions, .. } = self;
                    Common { name, severity, strict, company, groups, reason, exceptions }
                }
            }
        )*
    };
}

policies! {
    /// Members of these groups reach nothing but the named companies, through any group or role outside groups.
    #[schemars(extend("required" = ["name", "groups", "companies"]))]
    ExclusiveEntry "exclusive" exclusive "a policy such as `{ name: …, groups: […], companies: […] }`"
        ("The groups whose members it is about.") {
        /// The client companies that they may reach.
        #[schemars(with = "Vec<forms::Company>", extend("minItems" = 1))]
        "companies" pub(super) companies: Given<Vec<At<String>>>,
    }
    /// Nobody holds one of `roles` and one of `apartFrom`, where both reach.
    #[schemars(extend("required" = ["name", "roles", "apartFrom"]))]
    SeparationEntry "separation" separation "a policy such as `{ name: …, roles: […], apartFrom: […] }`"
        ("The groups whose members alone it is about; everybody where absent.") {
        /// Roles, permissions that make a role one of them, types of direct roles, and `APPROVER`, `MANAGER` and `ARRANGER`: who
        /// approves for people, manages them or books for them, over just these.
        #[schemars(extend("minItems" = 1))]
        "roles" pub(super) roles: Given<Vec<At<RoleName>>>,
        /// What nobody may hold who holds one of `roles`.
        #[schemars(extend("minItems" = 1))]
        "apartFrom" pub(super) apart_from: Given<Vec<At<RoleName>>>,
    }
    /// Nobody holds a role outside groups.
    #[schemars(extend("required" = ["name"]))]
    NoDirectRolesEntry "noDirectRoles" no_direct_roles "a policy such as `{ name: … }`"
        ("The groups whose members alone it is about; everybody where absent.") {
        /// Types of direct roles that it is about, as the API names them; all where absent.
        #[schemars(with = "Vec<forms::Word>", extend("minItems" = 1))]
        "types" pub(super) types: Given<Vec<At<String>>>,
    }
    /// Nothing is so that `deny` says, where `when` is so: expressions in CEL about one role that somebody holds after the
    /// plan, called `access`, or about one edit of it, called `edit`.
    #[schemars(extend("required" = ["name", "deny"]))]
    RuleEntry "rules" rules "a rule such as `{ name: …, when: …, deny: … }`"
        ("The groups whose members alone it is about, or of a rule about edits the groups that change; all where absent.") {
        /// Which roles or edits it looks at: a CEL expression that is true or false; all where absent.
        #[schemars(with = "forms::Text")]
        "when" pub(super) when: Given<At<Code>>,
        /// What breaks it: a CEL expression that is true or false.
        #[schemars(with = "forms::Text")]
        "deny" pub(super) deny: Given<At<Code>>,
    }
    /// Every membership has a `reason`.
    #[schemars(extend("required" = ["name"]))]
    RequireReasonEntry "requireReason" require_reason "a policy such as `{ name: …, groups: […] }`"
        ("The groups it is about; where absent, all that give a privileged role, and privileged direct roles.") {}
    /// Every membership has an end.
    #[schemars(extend("required" = ["name"]))]
    RequireUntilEntry "requireUntil" require_until "a policy such as `{ name: …, groups: […] }`"
        ("The groups it is about; where absent, all that give a privileged role, and privileged direct roles.") {}
    /// Every membership ends within so many days.
    #[schemars(extend("required" = ["name", "days"]))]
    MaxDurationEntry "maxDuration" max_duration "a policy such as `{ name: …, days: 90 }`"
        ("The groups it is about; where absent, all that give a privileged role, and privileged direct roles.") {
        /// The most days from `from`, or from now, to `until`.
        #[schemars(range(min = 1), extend("examples" = [90]))]
        "days" pub(super) days: Given<At<u64>>,
    }
    /// Members have addresses of these domains alone.
    #[schemars(extend("required" = ["name", "domains"]))]
    AllowedDomainsEntry "allowedDomains" allowed_domains "a policy such as `{ name: …, domains: […] }`"
        ("The groups it is about; all of the company where absent.") {
        /// The domains, as they stand behind the `@`.
        #[schemars(with = "Vec<forms::Word>", extend("minItems" = 1))]
        "domains" pub(super) domains: Given<Vec<At<String>>>,
    }
    /// A group has no more members than so many.
    #[schemars(extend("required" = ["name", "groups", "atMost"]))]
    MaxMembersEntry "maxMembers" max_members "a policy such as `{ name: …, groups: […], atMost: 5 }`"
        ("The groups, each of which it is about.") {
        /// How many members each has at most.
        #[schemars(extend("examples" = [5]))]
        "atMost" pub(super) at_most: Given<At<u64>>,
    }
    /// A group keeps so many members who can act.
    #[schemars(extend("required" = ["name", "groups", "atLeast"]))]
    MinMembersEntry "minMembers" min_members "a policy such as `{ name: …, groups: […], atLeast: 2 }`"
        ("The groups, each of which it is about.") {
        /// How many members with an active account each has at least.
        #[schemars(range(min = 1), extend("examples" = [2]))]
        "atLeast" pub(super) at_least: Given<At<u64>>,
    }
    /// These people are in a group.
    #[schemars(extend("required" = ["name", "groups", "people"]))]
    RequiredMembersEntry "requiredMembers" required_members "a policy such as `{ name: …, groups: […], people: […] }`"
        ("The groups, each of which it is about.") {
        /// Who is in each.
        #[schemars(extend("minItems" = 1))]
        "people" pub(super) people: Given<Vec<At<PersonEntry>>>,
    }
}

mapping! {
    /// Who has to review a change by which anybody reaches these companies more than before. It stops nothing: a review is
    /// given where the files are kept, and `rolecall codeowners` asks for it there.
    #[schemars(title = "Owners", extend("required" = ["name", "companies", "approvers"]))]
    pub(crate) struct OwnersEntry: "owners such as `{ name: …, companies: […], approvers: […] }`", block {
        /// What reports call it; no two policies have one name.
        #[schemars(with = "forms::PolicyName")]
        "name" pub(super) name: Given<At<String>>,
        /// The companies that are reached.
        #[schemars(with = "Vec<forms::Company>", extend("minItems" = 1))]
        "companies" pub(super) companies: Given<Vec<At<String>>>,
        /// Who reviews it, as the forge calls them: `@user`, `@organisation/team`, or an e-mail address.
        #[schemars(with = "Vec<forms::Approver>", extend("minItems" = 1))]
        "approvers" pub(super) approvers: Given<Vec<At<String>>>,
        /// Why it is there.
        #[schemars(with = "forms::Text")]
        "reason" pub(super) reason: Given<At<String>>,
    }
}

mapping! {
    /// Who or what may break a policy: by `person`, `group`, `role` or `company`; of several all must be so.
    #[schemars(title = "An exception from a policy", extend(
        "required" = ["until", "reason"],
        "anyOf" = [
            { "required": ["person"] },
            { "required": ["group"] },
            { "required": ["role"] },
            { "required": ["company"] },
        ],
    ))]
    pub(crate) struct PolicyExceptionEntry: "an exception, `{ person: …, until: …, reason: … }`" {
        /// For what comes about through this group, by the name it has, or will have.
        #[schemars(with = "forms::ExistingGroup")]
        "group" pub(super) group: Given<At<String>>,
        /// For this person: an e-mail address, or a mapping such as `{ externalId: … }`.
        "person" pub(super) person: Given<At<PersonEntry>>,
        /// For what comes about by this role.
        "role" pub(super) role: Given<At<RoleName>>,
        /// For this company; beside others: of this company instead of the one of the workspace.
        #[schemars(with = "forms::Company")]
        "company" pub(super) company: Given<At<String>>,
        /// The largest number it allows; 1 where absent.
        #[schemars(range(min = 1), extend("examples" = [1]))]
        "upTo" pub(super) up_to: Given<At<u64>>,
        /// The last day (through its end, in `timeZone` or else UTC) or the instant at which it ends.
        #[schemars(with = "forms::DayOrInstant")]
        "until" pub(super) until: Given<At<String>>,
        /// Why.
        #[schemars(with = "forms::Text")]
        "reason" pub(super) reason: Given<At<String>>,
    }
}

#[cfg(test)]
impl PoliciesSection {
    /// The expression of the first rule.
    pub(super) fn first_deny(&self) -> Option<&Code> {
        self.rules.iter().next()?.v.deny.as_ref().map(|it| &it.v)
    }
}
