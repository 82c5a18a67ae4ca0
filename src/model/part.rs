//! The parts of a person that the API reads and replaces one by one (contract §6.1, §7.4): one row each.
//!
//! Knows where each is and in what form, and nothing of what is in it.

/// What can be done with a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    ReadAndReplaced,
    /// It follows from what is said elsewhere.
    Read,
}

/// Whether its operations take `includeInactive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inactive {
    Asked,
    Untold,
}

macro_rules! parts {
    ($($name:ident: $word:literal $template:literal $access:ident $inactive:ident $key:expr, [$($field:literal),+];)+) => {
        /// A part of a person, each an object of its own. To replace one replaces it whole.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Part { $($name),+ }

        impl Part {
            /// All parts, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its word on the command line.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// The path of the operations on it.
            pub fn template(self) -> &'static str {
                match self { $(Self::$name => $template),+ }
            }

            fn access(self) -> Access {
                match self { $(Self::$name => Access::$access),+ }
            }

            fn inactive(self) -> Inactive {
                match self { $(Self::$name => Inactive::$inactive),+ }
            }

            /// The field that holds what there is of it, where the object is but a wrapping around that.
            pub fn key(self) -> Option<&'static str> {
                match self { $(Self::$name => $key),+ }
            }

            /// The fields that the description has.
            pub fn fields(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($field),+]),+ }
            }
        }
    };
}

parts! {
    Profile: "profile" "/v2/users/{userId}" ReadAndReplaced Asked None, [
        "id", "personalInfo", "businessInfo", "persona", "isActive", "tier", "stealthType", "stealthMode",
        "relativeOf", "travelPreferences", "membershipInfo", "notificationPreferences", "travelArrangers",
        "adhocUserInfo", "externalId", "contractingTmcRef", "bookingTmcRef"
    ];
    BusinessInfo: "business-info" "/v2/users/{userId}/business-info" ReadAndReplaced Asked None, [
        "departmentRef", "designation", "email", "employeeId", "gradeRef", "legalEntityRef", "managerRef",
        "officeRef", "organizationRef", "phoneNumbers", "costCenterRef", "countryCode", "workerType",
        "accountingCode", "companySpecifiedAttributes", "designatedApproverRefs", "authorizerEmail"
    ];
    PersonalInfo: "personal-info" "/v2/users/{userId}/personal-info" ReadAndReplaced Asked None, [
        "addresses", "dob", "email", "emergencyContactInfo", "emergencyContact", "gender", "identityDocs",
        "name", "phoneNumbers", "profilePicture", "nationality", "title", "preferredLanguage",
        "preferredPronoun", "travelerName"
    ];
    TravelPreferences: "travel-preferences" "/v2/users/{userId}/travel-preferences" ReadAndReplaced Untold Some("preferences"), ["preferences"];
    MembershipInfo: "membership-info" "/v2/users/{userId}/membership-info" ReadAndReplaced Untold Some("membershipInfos"), ["membershipInfos", "isLoyaltyBlocked"];
    Roles: "roles" "/v2/users/{userId}/roles" ReadAndReplaced Untold Some("roles"), ["roles"];
    NotificationPreferences: "notification-preferences" "/v2/users/{userId}/notification-preferences" ReadAndReplaced Untold Some("preferences"), ["preferences"];
    ExternalId: "external-id" "/v2/users/{userId}/external-id" ReadAndReplaced Asked Some("externalId"), ["externalId"];
    TravelArrangers: "travel-arrangers" "/v2/users/{userId}/travel-arrangers" Read Untold Some("travelArrangers"), ["travelArrangers"];
    ApplicablePolicies: "applicable-policies" "/v2/users/{userId}/applicable-policies" Read Untold Some("policies"), ["policies"];
}

impl Part {
    /// Returns the part of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.word() == word)
    }

    /// Whether it can be replaced.
    pub fn is_writable(self) -> bool {
        self.access() == Access::ReadAndReplaced
    }

    /// The fields that are shown and not for who writes to say.
    pub fn read_only(self) -> &'static [&'static str] {
        match self {
            Self::Profile => &["id", "isActive", "stealthMode", "contractingTmcRef", "bookingTmcRef"],
            _ => &[],
        }
    }

    /// Somebody inactive has the same parts; unless they are asked for, they are not shown.
    pub(crate) fn query(self) -> &'static str {
        match self.inactive() {
            Inactive::Asked => "includeInactive=true",
            Inactive::Untold => "",
        }
    }

    /// The same where it is replaced, which the profile of somebody inactive is without that.
    pub(crate) fn put_query(self) -> &'static str {
        match self {
            Self::Profile => "",
            _ => self.query(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_found_by_its_word_and_has_a_path_and_fields_of_its_own() {
        for part in Part::ALL.iter().copied() {
            assert_eq!(Part::named(part.word()), Some(part));
            assert!(part.template().starts_with("/v2/users/{userId}"), "{part:?}");
            assert!(part.key().is_none_or(|it| part.fields().contains(&it)), "{part:?}");
            assert!(part.read_only().iter().all(|it| part.fields().contains(it)), "{part:?}");
            assert_eq!(Part::ALL.iter().filter(|it| it.template() == part.template()).count(), 1, "{part:?}");
        }
        assert_eq!(Part::named("passports"), None);
    }
}
