//! An access file: groups with their roles and members, as written.
//!
//! Only the form is looked at. What must be written may be absent here all the same: that is asked when everything is
//! checked, together with what else is wrong.

use std::collections::BTreeMap;

use schemars::json_schema;

use super::{
    At,
    decode::{Decode, Findings},
    entry::{ApiSection, PersonEntry, PersonKeys, RoleName, person_keys},
    forms,
    layout::{Items, Layout},
    mapping::{Given, mapping},
    shape::{Entries, Keys, Listing, Names, OneOrMany, TextOr, described, inline_schemas},
    tree::{Form, Node},
    users_from::UsersFromEntry,
    yaml::Style,
};
use crate::model::{direct, selector::Attribute};

mapping! {
    /// Who holds which roles on which scopes: one of the files below `access/`.
    #[schemars(title = "rolecall: an access file", extend("required" = ["version"]))]
    pub struct AccessFile: "the keys of an access file", block {
        /// The version of this format. Always 1.
        #[schemars(with = "forms::Version")]
        "version" pub(crate) version: Given<At<u64>>,
        /// Which API to talk to; only for a file that stands alone, without a `rolecall.yaml`.
        "api" pub api: Given<ApiSection>,
        /// Whose groups these are, where it is not the company of the workspace: an id or a name from `ids`.
        #[schemars(with = "forms::Company")]
        "company" pub(crate) company: Given<At<String>>,
        /// Named scopes, for the roles of this file.
        #[schemars(with = "forms::Named<ScopeDefinition>")]
        "scopes" pub(crate) scopes: Given<Names<ScopeEntry>>,
        /// The groups that shall exist. A group that is not listed is left alone.
        "groups" pub(crate) groups: Given<Entries<GroupEntry>>,
        /// People: their accounts, what their company says of them, and their roles outside groups, key by key. A person who is
        /// not listed is left alone, and so is a key that is not written.
        "users" pub(crate) users: Given<Entries<UserEntry>>,
        /// CSV files whose rows are people, such as an export of human resources. A person without a row is left alone.
        "usersFrom" pub(crate) users_from: Given<Entries<UsersFromEntry>>,
        /// The groups that shall be deleted, each with a reason.
        "removed" pub(crate) removed: Given<Entries<RemovedEntry>>,
    }
}

mapping! {
    /// A user group with everything it gives and everybody it gives it to.
    #[schemars(title = "A group", transform = forms::group)]
    pub(crate) struct GroupEntry: "a group, `{ name: …, description: …, roles: […], members: […] }`", block {
        /// The name: 1 to 255 characters, unique in its company.
        #[schemars(with = "forms::GroupName")]
        "name" pub(crate) name: Given<At<String>>,
        /// Pins the group by its id, whatever its name is now.
        #[schemars(with = "forms::Id")]
        "id" pub(crate) id: Given<At<String>>,
        /// The name the group has now, where `name` is to be its new one.
        #[schemars(with = "forms::ExistingGroup")]
        "renamedFrom" pub(crate) renamed_from: Given<At<String>>,
        /// What the group is for: 1 to 1,000 characters. May be left out only where `roles` is `unmanaged`.
        #[schemars(with = "forms::Text")]
        "description" pub(crate) description: Given<At<String>>,
        /// The first day (from its start, in `timeZone` or else UTC) or the instant from which the group shall exist; before, it is left alone.
        #[schemars(with = "forms::DayOrInstant")]
        "from" pub(crate) from: Given<At<String>>,
        /// The last day (through its end, in `timeZone` or else UTC) or the instant at which the group, with everything in it, is to be deleted.
        #[schemars(with = "forms::DayOrInstant")]
        "until" pub(crate) until: Given<At<String>>,
        /// The roles of the group: a list (exactly these; `[]` is none), `{ atLeast: […] }` (these, and whatever else is
        /// there), or `unmanaged` (not ours).
        "roles" pub(crate) roles: Given<At<Listing<RoleEntry>>>,
        /// The members of the group: a list (exactly these; `[]` is nobody), `{ atLeast: […] }` (these, and whoever else is
        /// there), or `unmanaged` (not ours).
        "members" pub(crate) members: Given<At<Listing<MemberEntry>>>,
        /// Rules by which more people are members: everybody whom one of them means, as the API knows them at that time.
        "membersFrom" pub(crate) members_from: Given<Entries<SelectorEntry>>,
        /// People who are not members by any rule.
        "except" pub(crate) except: Given<Entries<PersonEntry>>,
    }
}

mapping! {
    /// People by what they are: all keys must hold, any value of a key will do.
    #[schemars(title = "A rule for members", extend("minProperties" = 1))]
    pub(crate) struct SelectorEntry: "a rule, such as `{ department: … }`" {
        /// Departments: ids or names from `ids`.
        #[schemars(with = "OneOrMany<forms::Department>")]
        "department" pub(crate) department: Given<OneOrMany<At<String>>>,
        /// Legal entities: ids or names from `ids`.
        #[schemars(with = "OneOrMany<forms::LegalEntity>")]
        "legalEntity" pub(crate) legal_entity: Given<OneOrMany<At<String>>>,
        /// Cost centers: ids or names from `ids`.
        #[schemars(with = "OneOrMany<forms::CostCenter>")]
        "costCenter" pub(crate) cost_center: Given<OneOrMany<At<String>>>,
        /// Offices: ids or names from `ids`.
        #[schemars(with = "OneOrMany<forms::Office>")]
        "office" pub(crate) office: Given<OneOrMany<At<String>>>,
        /// Job titles, letter by letter as the API has them.
        #[schemars(with = "OneOrMany<forms::Word>")]
        "designation" pub(crate) designation: Given<OneOrMany<At<String>>>,
        /// Personas, as the API spells them (`EMPLOYEE`).
        #[schemars(with = "OneOrMany<forms::Word>")]
        "persona" pub(crate) persona: Given<OneOrMany<At<String>>>,
    }
}

mapping! {
    /// A group to delete.
    #[schemars(title = "A group to delete", extend("required" = ["group", "reason"]))]
    pub(crate) struct RemovedEntry: "`{ group: NAME, reason: WHY }`" {
        /// The name of the group.
        #[schemars(with = "forms::ExistingGroup")]
        "group" pub(crate) group: Given<At<String>>,
        /// Pins the group by its id, where several have the name.
        #[schemars(with = "forms::Id")]
        "id" pub(crate) id: Given<At<String>>,
        /// Why it goes.
        #[schemars(with = "forms::Text")]
        "reason" pub(crate) reason: Given<At<String>>,
    }
}

mapping! {
    /// A person: the account, what the company says of the person, the mails the person gets, and the roles held outside
    /// groups. A key that is not written is left alone.
    #[schemars(title = "A person", extend("required" = ["user"], "minProperties" = 2))]
    pub(crate) struct UserEntry: "`{ user: WHO, … }` with what is declared of the person", block {
        /// Who: an e-mail address, or a mapping such as `{ externalId: … }`.
        "user" pub(crate) user: Given<At<PersonEntry>>,
        /// How the account is made, where there is none for the address yet.
        "create" pub(crate) create: Given<At<CreateEntry>>,
        /// Whether the account can be used: `true` activates it, and `false` takes the person out of all groups and deactivates it.
        "active" pub(crate) active: Given<At<bool>>,
        /// The id of the person in another system, such as the one of human resources.
        #[schemars(with = "forms::Key")]
        "externalId" pub(crate) external_id: Given<At<String>>,
        /// What the company says of the person.
        "business" pub(crate) business: Given<At<BusinessEntry>>,
        /// Which mails the person gets, by type of notification.
        "notifications" pub(crate) notifications: Given<At<NotificationsEntry>>,
        /// Why the person comes, moves or leaves; a plan that changes something of the person says it.
        #[schemars(with = "forms::Note")]
        "reason" pub(crate) reason: Given<At<String>>,
        /// The roles the person holds outside groups: a list (exactly these; `[]` is none), `{ atLeast: […] }` (these, and
        /// whatever else is there), or `unmanaged` (not ours).
        "directRoles" pub(crate) direct_roles: Given<At<Listing<DirectRoleEntry>>>,
    }
}

mapping! {
    /// Which mails a person gets, by type of notification as the API spells it. A type that is not written is left alone.
    #[schemars(title = "Notifications of a person", extend("minProperties" = 1))]
    pub(crate) struct NotificationsEntry: "which mails a person gets, `{ BOOKING_NOTIFICATION: { enabled: false } }`" {
        /// Mails about flights.
        "FLIGHT_NOTIFICATION" pub(crate) flight: Given<At<NotificationEntry>>,
        /// Mails about bookings.
        "BOOKING_NOTIFICATION" pub(crate) booking: Given<At<NotificationEntry>>,
    }
}

mapping! {
    /// The mails of one type of notification. A key that is not written is left alone.
    #[schemars(title = "Notifications of one type", extend("minProperties" = 1))]
    pub(crate) struct NotificationEntry: "mails of one type, `{ enabled: true, ccEmails: [desk@voyager.example] }`" {
        /// Whether they are sent to the person.
        "enabled" pub(crate) enabled: Given<At<bool>>,
        /// Who else gets a copy of each: exactly these addresses, in any order; `[]` is nobody.
        #[schemars(with = "Vec<forms::Address>", extend("uniqueItems" = true))]
        "ccEmails" pub(crate) cc_emails: Given<At<Vec<At<String>>>>,
    }
}

mapping! {
    /// What an account is made with, beside the address, the external id and what the company says of the person. Nothing
    /// of it is looked at once there is an account.
    #[schemars(title = "A new account", extend("required" = ["name"]))]
    pub(crate) struct CreateEntry: "what an account is made with, `{ name: { first: …, last: … } }`" {
        /// The name of the person.
        "name" pub(crate) name: Given<At<FullNameEntry>>,
        /// The persona, as the API spells it; `EMPLOYEE` where absent.
        #[schemars(with = "forms::Word")]
        "persona" pub(crate) persona: Given<At<String>>,
    }
}

mapping! {
    /// The name of a person.
    #[schemars(title = "A name of a person", extend("required" = ["first", "last"]))]
    pub(crate) struct FullNameEntry: "a name, `{ first: …, last: … }`" {
        /// The given name.
        #[schemars(with = "forms::Word")]
        "first" pub(crate) first: Given<At<String>>,
        /// The family name.
        #[schemars(with = "forms::Word")]
        "last" pub(crate) last: Given<At<String>>,
    }
}

mapping! {
    /// What a company says of a person. A key that is not written is left alone.
    #[schemars(title = "A person in the company", extend("minProperties" = 1))]
    pub(crate) struct BusinessEntry: "what the company says of a person, `{ department: … }`" {
        /// The id of the person in the company.
        #[schemars(with = "forms::Key")]
        "employeeId" pub(crate) employee_id: Given<At<String>>,
        /// The legal entity: an id, a name from `ids.legalEntity`, or the name that the API shows of people.
        #[schemars(with = "forms::LegalEntity")]
        "legalEntity" pub(crate) legal_entity: Given<At<String>>,
        /// The department: an id, a name from `ids.department`, or the name that the API shows of people.
        #[schemars(with = "forms::Department")]
        "department" pub(crate) department: Given<At<String>>,
        /// The cost center: an id, a name from `ids.costCenter`, or the name that the API shows of people.
        #[schemars(with = "forms::CostCenter")]
        "costCenter" pub(crate) cost_center: Given<At<String>>,
        /// The office: an id, a name from `ids.office`, or the name that the API shows of people.
        #[schemars(with = "forms::Office")]
        "office" pub(crate) office: Given<At<String>>,
        /// The grade: an id, a name from `ids.grade`, or the name that the API shows of people.
        #[schemars(with = "forms::Grade")]
        "grade" pub(crate) grade: Given<At<String>>,
        /// The job title.
        #[schemars(with = "forms::Word")]
        "designation" pub(crate) designation: Given<At<String>>,
        /// The type of worker, as the API spells it.
        #[schemars(extend("examples" = WORKER_TYPES))]
        "workerType" pub(crate) worker_type: Given<At<String>>,
        /// The manager: an e-mail address, or a mapping such as `{ externalId: … }`.
        "manager" pub(crate) manager: Given<At<PersonEntry>>,
        /// Who approves the person's trips, in this order.
        #[schemars(extend("minItems" = 1))]
        "approvers" pub(crate) approvers: Given<At<Vec<At<PersonEntry>>>>,
    }
}

/// The types of workers that are known (contract §7.4); there may be more.
pub(crate) const WORKER_TYPES: [&str; 5] = ["EMPLOYEE", "CONTINGENT", "SEASONAL", "INTERN", "GUEST"];

mapping! {
    /// A role held outside groups: a `type` with what it is held on, or an element of the API's list as it is.
    #[schemars(title = "A direct role", transform = forms::direct_role)]
    pub(crate) struct DirectRoleEntry: "a direct role, `{ type: COMPANY_ADMIN, company: … }`" {
        /// The type, as the API spells it.
        #[schemars(extend("enum" = direct::TYPES.map(|it| it.0)))]
        "type" pub(crate) r#type: Given<At<String>>,
        /// The company: an id or a name from `ids.company`. For `COMPANY_…`.
        #[schemars(with = "forms::Company")]
        "company" pub(crate) company: Given<At<String>>,
        /// The TMC: an id or a name from `ids.company`. For `TMC_…`.
        #[schemars(with = "forms::Company")]
        "tmc" pub(crate) tmc: Given<At<String>>,
        /// The travellers, of any company. For `TRAVEL_ARRANGER`.
        #[schemars(extend("minItems" = 1))]
        "arrangerFor" pub(crate) arranger_for: Given<At<Vec<At<TravellerEntry>>>>,
        /// An element in the API's own form, for a type this version does not know.
        #[schemars(extend("required" = ["roleType"], "properties" = { "roleType": { "type": "string", "minLength": 1 } }))]
        "raw" pub(crate) raw: Given<At<BTreeMap<String, serde_json::Value>>>,
        /// The first day (from its start, in `timeZone` or else UTC) or the instant from which it holds; before, it asks for nothing.
        #[schemars(with = "forms::DayOrInstant")]
        "from" pub(crate) from: Given<At<String>>,
        /// The last day (through its end, in `timeZone` or else UTC) or the instant at which it ends.
        #[schemars(with = "forms::DayOrInstant")]
        "until" pub(crate) until: Given<At<String>>,
        /// Why, for the next reader.
        #[schemars(with = "forms::Note")]
        "reason" pub(crate) reason: Given<At<String>>,
    }
}

/// A traveller by e-mail address without mails to the arranger, or with the mails.
pub(crate) type TravellerEntry = TextOr<TravellerKeys>;

mapping! {
    /// A traveller with the mails that the arranger gets.
    #[schemars(title = "A traveller", extend("required" = ["user"]))]
    pub(crate) struct TravellerKeys: "`{ user: …, sendConfirmationEmail: true }`" {
        /// Who: an e-mail address, or a mapping such as `{ externalId: … }`.
        "user" pub(crate) user: Given<At<PersonEntry>>,
        /// Whether the arranger gets the confirmations.
        "sendConfirmationEmail" pub(crate) send_confirmation_email: Given<bool>,
        /// Whether the arranger gets the news about flights.
        "sendFlightStatsNotificationEmail" pub(crate) send_flight_stats_notification_email: Given<bool>,
    }
}

mapping! {
    /// A role on a scope.
    #[schemars(title = "A role on a scope", extend("required" = ["role", "scope"]))]
    pub(crate) struct RoleEntry: "a role with its scope, `{ role: …, scope: … }`" {
        /// Which role: its exact name, `{ id: … }`, or `{ name: …, providedBy: platform | company }`.
        "role" pub(crate) role: Given<At<RoleName>>,
        /// Where it holds: the name of a scope, or a scope.
        "scope" pub(crate) scope: Given<At<ScopeEntry>>,
        /// The first day (from its start, in `timeZone` or else UTC) or the instant from which it holds; before, it asks for nothing.
        #[schemars(with = "forms::DayOrInstant")]
        "from" pub(crate) from: Given<At<String>>,
        /// The last day (through its end, in `timeZone` or else UTC) or the instant at which it ends.
        #[schemars(with = "forms::DayOrInstant")]
        "until" pub(crate) until: Given<At<String>>,
        /// Why, for the next reader.
        #[schemars(with = "forms::Note")]
        "reason" pub(crate) reason: Given<At<String>>,
    }
}

/// Where a role holds.
#[derive(Clone, Debug)]
pub(crate) enum ScopeEntry {
    /// A scope defined under `scopes`.
    Name(String),
    /// One audience.
    One(Box<AudienceEntry>),
    /// Any of several audiences.
    Any(Vec<At<AudienceOrName>>),
}

/// A scope under `scopes:`, which spells its audiences out.
pub(crate) enum ScopeDefinition {}

/// An audience, or the name of a scope that stands for its audiences.
pub(crate) type AudienceOrName = TextOr<AudienceEntry>;

mapping! {
    /// The travellers a scope covers: all keys must hold, any value of a key will do.
    #[schemars(title = "An audience", extend("minProperties" = 1))]
    pub(crate) struct AudienceEntry: "an audience, such as `{ company: … }`" {
        /// Client organisations: ids or names from `ids`.
        #[schemars(with = "OneOrMany<forms::Company>")]
        "company" pub(crate) company: Given<OneOrMany<At<String>>>,
        /// Legal entities: ids or names from `ids`.
        #[schemars(with = "OneOrMany<forms::LegalEntity>")]
        "legalEntity" pub(crate) legal_entity: Given<OneOrMany<At<String>>>,
        /// TMCs that handle the booking: ids or names from `ids.company`.
        #[schemars(with = "OneOrMany<forms::Company>")]
        "bookingTmc" pub(crate) booking_tmc: Given<OneOrMany<At<String>>>,
        /// TMCs under contract: ids or names from `ids.company`.
        #[schemars(with = "OneOrMany<forms::Company>")]
        "contractingTmc" pub(crate) contracting_tmc: Given<OneOrMany<At<String>>>,
        /// Individual travellers.
        "profile" pub(crate) profile: Given<OneOrMany<At<PersonEntry>>>,
        /// Stealth types, as the API spells them (`STEALTH_TYPE_1`).
        #[schemars(with = "OneOrMany<forms::Word>")]
        "stealthType" pub(crate) stealth_type: Given<OneOrMany<At<String>>>,
        /// `true` for the whole platform.
        #[schemars(with = "forms::True")]
        "platform" pub(crate) platform: Given<At<bool>>,
        /// Predicates in the API's own form, for types this version does not know.
        #[schemars(extend("minItems" = 1))]
        "predicates" pub(crate) predicates: Given<Vec<At<RawPredicate>>>,
    }
}

mapping! {
    /// A predicate in the API's own form.
    #[schemars(title = "A predicate", extend("required" = ["type", "values"]), transform = forms::predicate)]
    pub(crate) struct RawPredicate: "`{ type: …, values: […] }`" {
        /// The type, as the API spells it.
        #[schemars(with = "forms::Word")]
        "type" pub(crate) r#type: Given<At<String>>,
        /// The values, any of which will do.
        #[schemars(with = "Vec<forms::Word>")]
        "values" pub(crate) values: Given<Vec<String>>,
    }
}

/// A member of a group.
pub(crate) type MemberEntry = TextOr<MemberKeys>;

person_keys! {
    /// A member named by one of four keys, with an end and a reason where there is one.
    MemberKeys {
        /// The first day (from its start, in `timeZone` or else UTC) or the instant from which the person is a member; before, it asks for nothing.
        #[schemars(with = "forms::DayOrInstant")]
        "from" pub(crate) from: Given<At<String>>,
        /// The last day (through its end, in `timeZone` or else UTC) or the instant at which the membership ends.
        #[schemars(with = "forms::DayOrInstant")]
        "until" pub(crate) until: Given<At<String>>,
        /// Why, for the next reader.
        #[schemars(with = "forms::Note")]
        "reason" pub(crate) reason: Given<At<String>>,
    }
}

impl AccessFile {
    /// Whether it is certain which company it is about: the one it names, or the one of the workspace.
    pub(crate) fn says_company(&self) -> bool {
        !self.company.is_wrong()
    }

    /// Whether it leaves its company to the workspace.
    pub(crate) fn says_no_company(&self) -> bool {
        self.company.is_absent()
    }
}

impl BusinessEntry {
    /// Every attribute that is not a person, with its value.
    pub(crate) fn texts(&self) -> [(Attribute, &Given<At<String>>); 8] {
        [
            (Attribute::EmployeeId, &self.employee_id),
            (Attribute::LegalEntity, &self.legal_entity),
            (Attribute::Department, &self.department),
            (Attribute::CostCenter, &self.cost_center),
            (Attribute::Office, &self.office),
            (Attribute::Grade, &self.grade),
            (Attribute::Designation, &self.designation),
            (Attribute::WorkerType, &self.worker_type),
        ]
    }
}

impl SelectorEntry {
    /// Every attribute with its values.
    pub(crate) fn values(&self) -> [(Attribute, &Given<OneOrMany<At<String>>>); 6] {
        [
            (Attribute::Department, &self.department),
            (Attribute::LegalEntity, &self.legal_entity),
            (Attribute::CostCenter, &self.cost_center),
            (Attribute::Office, &self.office),
            (Attribute::Designation, &self.designation),
            (Attribute::Persona, &self.persona),
        ]
    }
}

impl AudienceEntry {
    /// Whether something is left out that belongs to it.
    pub(crate) fn is_doubtful(&self) -> bool {
        let texts =
            [&self.company, &self.legal_entity, &self.booking_tmc, &self.contracting_tmc, &self.stealth_type];
        let others = [self.profile.is_wrong(), self.platform.is_wrong(), self.predicates.is_wrong()];
        texts.into_iter().any(Given::is_wrong) || others.contains(&true)
    }
}

impl Keys for MemberKeys {
    type Text = forms::Address;
    const OR_TEXT: &str = PersonKeys::OR_TEXT;
    const TEXT: &str = PersonKeys::TEXT;
}

impl Keys for TravellerKeys {
    type Text = forms::Address;
    const OR_TEXT: &str = "an e-mail address or a mapping such as `{ user: …, sendConfirmationEmail: true }`";
    const TEXT: &str = PersonKeys::TEXT;
}

impl Keys for AudienceEntry {
    type Text = forms::ScopeName;
    const OR_TEXT: &str = "an audience or the name of a scope";
    const TEXT: &str = "The name of a scope.";
}

impl Decode for ScopeEntry {
    const EXPECTED: &'static str = "the name of a scope, an audience or a list of audiences";
    const FROM_TEXT: bool = true;
    const LAYOUT: &'static Layout = &Layout {
        mapping: AudienceEntry::LAYOUT.mapping,
        ..Layout::list(Style::Block, Items::ordered(AudienceOrName::LAYOUT))
    };

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        match node.form() {
            Form::List => Vec::decode(node, to).map(Self::Any),
            Form::Mapping => AudienceEntry::decode(node, to).map(|it| Self::One(Box::new(it))),
            Form::Scalar | Form::Wrong => match node.text() {
                Some(name) => Some(Self::Name(name.to_owned())),
                None => to.unexpected(node, Self::EXPECTED, None),
            },
        }
    }
}

inline_schemas! {
    [] ScopeEntry, |generator| json_schema!({ "anyOf": [
        // First, as editors measure what fits none by the first.
        generator.subschema_for::<AudienceEntry>(),
        described::<forms::ScopeName>(generator, AudienceEntry::TEXT),
        {
            "description": "Any of these audiences.",
            "type": "array",
            "items": generator.subschema_for::<AudienceOrName>(),
            "minItems": 1
        },
    ] });
    [] ScopeDefinition, |generator| json_schema!({ "anyOf": [
        generator.subschema_for::<AudienceEntry>(),
        {
            "description": "Any of these audiences.",
            "type": "array",
            "items": generator.subschema_for::<AudienceEntry>(),
            "minItems": 1
        },
    ] });
}
