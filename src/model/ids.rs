//! Identities: one type per kind of thing, parsed once at the edge.
//!
//! Nothing here looks anything up: an id says which, never whether it exists.

use std::{fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::{escape::short, name};

/// A text that does not have the form its kind requires.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{raw}` is not {kind}")]
pub struct InvalidId {
    kind: &'static str,
    raw: String,
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident: $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(raw: &str) -> Result<Self, InvalidId> {
                parse_uuid(raw).map(Self).ok_or_else(|| InvalidId { kind: $kind, raw: short(raw) })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

uuid_ids! {
    /// A company: a client organisation or a TMC; both own user groups.
    CompanyId: "a company id (a UUID)";
    /// A user group.
    GroupId: "a group id (a UUID)";
    /// A role.
    RoleId: "a role id (a UUID)";
    /// A user.
    UserId: "a user id (a UUID)";
}

/// The UUID that `raw` spells in the hyphenated form the API uses, in any case.
///
/// The crate's other spellings (braces, `urn:uuid:`, no hyphens) are refused:
/// what a file says must look like what the API says.
pub fn parse_uuid(raw: &str) -> Option<Uuid> {
    if raw.len() == 36 { Uuid::try_parse(raw).ok() } else { None }
}

/// The form of a UUID as a regular expression, for schemas.
pub(crate) const UUID_PATTERN: &str = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";

/// The form of an e-mail address as a regular expression, for schemas.
pub(crate) const EMAIL_PATTERN: &str = r"^\s*[^@\s]+@[^@\s.][^@\s]*\.[^@\s]*[^@\s.]\s*$";

/// An e-mail address that names a person: trimmed, in lower case, in Unicode's composed form (NFC).
///
/// The directory compares addresses without regard to case (contract §7.2), so
/// `Ana@X.example` and `ana@x.example` are one person, and so are an ä of one
/// character and one of two. Lower case is Unicode's own, character by character and
/// for no language in particular: a dotless ı is no i, and a dotted İ is not one
/// either, so that no two people are taken for one. Folding happens here, once,
/// for the files and for what the API says, and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
// A copy shares the text.
pub struct Email(Arc<str>);

impl Email {
    /// Folded.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the last `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(local, _)| local)
    }
}

impl FromStr for Email {
    type Err = InvalidId;

    fn from_str(raw: &str) -> Result<Self, InvalidId> {
        let email = folded_address(raw.trim());
        let plausible = email.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !local.contains('@')
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        });
        if plausible && !email.contains(|c: char| c.is_whitespace() || c.is_control()) {
            Ok(Self(email.into()))
        } else {
            Err(InvalidId { kind: "an e-mail address", raw: short(raw) })
        }
    }
}

/// The one spelling of an address, or of a pattern for some.
///
/// Character by character: a Greek capital sigma would otherwise depend on what follows it.
pub fn folded_address(address: &str) -> String {
    if address.is_ascii() {
        return address.to_ascii_lowercase();
    }
    let lower: String = address.chars().flat_map(char::to_lowercase).collect();
    name::composed(&lower).into_owned()
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One of the keys by which the user directory can be asked for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum PersonKey {
    Email,
    ExternalId,
    EmployeeId,
    UserId,
}

impl PersonKey {
    /// In the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Email, Self::ExternalId, Self::EmployeeId, Self::UserId];

    /// The key as files and command lines spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::ExternalId => "externalId",
            Self::EmployeeId => "employeeId",
            Self::UserId => "userId",
        }
    }
}

/// Most bytes of a key of a person: an address has 254 (RFC 5321), other keys fewer.
pub(crate) const LONGEST_KEY: usize = 1_024;

/// A text that names no person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum InvalidPerson {
    #[error("`{0}` is not an e-mail address")]
    Email(String),
    #[error("`{0}` is not a user id")]
    UserId(String),
    #[error("the key of a person is empty")]
    Empty,
    #[error("the key of a person has more than {LONGEST_KEY} bytes")]
    Long,
    /// Nobody could find out why such a key finds no user.
    #[error("a key of a person holds a character that is not seen (U+{:04X})", u32::from(*.0))]
    Unseen(char),
    #[error("write an e-mail address, externalId=…, employeeId=… or userId=…")]
    Form,
}

/// How a file names a person: one of the four keys the user directory can be asked by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PersonRef {
    /// By business e-mail address.
    Email(Email),
    /// By the external id another system gave the person.
    ExternalId(Box<str>),
    /// By the employer's number for the person.
    EmployeeId(Box<str>),
    /// By the API's own id.
    UserId(UserId),
}

impl PersonRef {
    /// The person that `raw` names under `key`.
    ///
    /// # Errors
    ///
    /// What is empty, not of the form of the key, or holds a character that is not seen. Spaces around it are not of it.
    pub fn by(key: PersonKey, raw: &str) -> Result<Self, InvalidPerson> {
        let id = raw.trim_ascii();
        if id.len() > LONGEST_KEY {
            return Err(InvalidPerson::Long);
        }
        if let Some(unseen) = name::unseen(id) {
            return Err(InvalidPerson::Unseen(unseen));
        }
        let id = name::composed(id);
        match key {
            PersonKey::UserId => raw.parse().map(Self::UserId).map_err(|_| InvalidPerson::UserId(short(raw))),
            PersonKey::Email => id.parse().map(Self::Email).map_err(|_| InvalidPerson::Email(short(raw))),
            PersonKey::ExternalId | PersonKey::EmployeeId if id.is_empty() => Err(InvalidPerson::Empty),
            PersonKey::ExternalId => Ok(Self::ExternalId(id.into())),
            PersonKey::EmployeeId => Ok(Self::EmployeeId(id.into())),
        }
    }
}

impl PersonRef {
    /// The key that people write by hand; none of an id.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Self::Email(email) => Some(email.as_str()),
            Self::ExternalId(id) | Self::EmployeeId(id) => Some(id),
            Self::UserId(_) => None,
        }
    }
}

/// A person on a command line: an e-mail address, a user id, or `KEY=VALUE`; also `KEY:VALUE`, and
/// `KEY VALUE` as a person is shown.
impl FromStr for PersonRef {
    type Err = InvalidPerson;

    fn from_str(raw: &str) -> Result<Self, InvalidPerson> {
        let raw = raw.trim_ascii();
        let key = |word: &str| PersonKey::ALL.into_iter().find(|it| it.as_str() == word);
        if let Some((word, value)) = raw.split_once(['=', ':', ' '])
            && let Some(key) = key(word)
        {
            return Self::by(key, value.trim_ascii());
        }
        Self::by(PersonKey::UserId, raw).or_else(|_| Self::by(PersonKey::Email, raw)).map_err(|error| {
            if matches!(error, InvalidPerson::Unseen(_) | InvalidPerson::Long) {
                error
            } else {
                InvalidPerson::Form
            }
        })
    }
}

impl PersonRef {
    /// Says how many users of something have this key.
    pub(crate) fn held_by(&self, count: usize, of: &str) -> String {
        let key = match self {
            Self::Email(email) => format!("the address {email}"),
            Self::ExternalId(_) | Self::EmployeeId(_) | Self::UserId(_) => format!("the {self}"),
        };
        match count {
            0 => format!("no user of {of} has {key}"),
            1 => format!("one user of {of} has {key}"),
            many => format!("{many} users of {of} have {key}"),
        }
    }
}

impl fmt::Display for PersonRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(email) => email.fmt(f),
            Self::ExternalId(id) => write!(f, "externalId {id}"),
            Self::EmployeeId(id) => write!(f, "employeeId {id}"),
            Self::UserId(id) => write!(f, "userId {id}"),
        }
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_are_folded_and_nonsense_is_refused() {
        let folded: Email = "  Ana@Voyager.Example ".parse().unwrap();
        assert_eq!(folded.as_str(), "ana@voyager.example");
        for wrong in ["", "ana", "@x.example", "ana@", "ana@local", "a b@x.example", "a@b@x.example", "a@x."]
        {
            assert!(wrong.parse::<Email>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn one_person_has_one_spelling_and_two_people_have_two() {
        let folded = |raw: &str| raw.parse::<Email>().unwrap();
        for (a, b) in [
            ("j\u{e4}ger@x.example", "ja\u{308}ger@x.example"),
            ("J\u{c4}GER@X.example", "\u{a0}JA\u{308}GER@x.EXAMPLE\u{a0}"),
            ("\u{c5}sa@x.example", "\u{212b}sa@x.example"),
            ("\u{3a3}\u{3a3}@x.example", "\u{3c3}\u{3c3}@x.example"),
        ] {
            assert_eq!(folded(a), folded(b), "{a} {b}");
            assert_eq!(folded(folded(a).as_str()), folded(a), "folding twice changes nothing");
        }
        for (a, b) in [
            ("i\u{15f}\u{131}k@x.example", "i\u{15f}ik@x.example"),
            ("\u{131}da@x.example", "Ida@x.example"),
            ("\u{130}da@x.example", "ida@x.example"),
            ("j\u{e4}ger@x.example", "jager@x.example"),
            ("stra\u{df}e@x.example", "strasse@x.example"),
            // What only looks alike is not the same (NFC, not NFKC).
            ("\u{ff41}na@x.example", "ana@x.example"),
        ] {
            assert_ne!(folded(a), folded(b), "{a} {b}");
        }
    }

    #[test]
    fn a_person_is_read_by_one_grammar_and_as_it_is_shown() {
        let id = "1a6f0000-0000-4000-8000-000000000001";
        let email = |it: &str| Ok(PersonRef::Email(it.parse().unwrap()));
        let external = |it: &str| Ok(PersonRef::ExternalId(it.into()));
        let user = Ok(PersonRef::UserId(id.parse().unwrap()));
        for (raw, expected) in [
            ("Ana@X.example", email("ana@x.example")),
            (" email=ana@x.example", email("ana@x.example")),
            ("a=b@x.example", email("a=b@x.example")),
            (id, user.clone()),
            (&id.to_uppercase(), user.clone()),
            (&format!("userId={id}"), user.clone()),
            (&format!("userId: {id} "), user),
            ("externalId=agent-17", external("agent-17")),
            ("externalId:a=b:c", external("a=b:c")),
            ("externalId a 17", external("a 17")),
            ("employeeId= 17 ", Ok(PersonRef::EmployeeId("17".into()))),
            ("", Err(InvalidPerson::Form)),
            ("ana", Err(InvalidPerson::Form)),
            ("external=7", Err(InvalidPerson::Form)),
            ("externalId", Err(InvalidPerson::Form)),
            ("externalId=", Err(InvalidPerson::Empty)),
            ("userId=17", Err(InvalidPerson::UserId("17".to_owned()))),
            ("email=ana", Err(InvalidPerson::Email("ana".to_owned()))),
            ("ana@x.example\u{200b}.example", Err(InvalidPerson::Unseen('\u{200b}'))),
            ("externalId=7\u{a0}7", Err(InvalidPerson::Unseen('\u{a0}'))),
            ("externalId=\u{a0}7", Err(InvalidPerson::Unseen('\u{a0}'))),
            ("userId=\u{200b}7", Err(InvalidPerson::Unseen('\u{200b}'))),
            ("externalId=a\u{308}7", external("\u{e4}7")),
            (&format!("externalId={}", "7".repeat(LONGEST_KEY)), external(&"7".repeat(LONGEST_KEY))),
            (&format!("externalId={}", "7".repeat(LONGEST_KEY + 1)), Err(InvalidPerson::Long)),
            (&format!("{}@x.example", "a".repeat(1 << 20)), Err(InvalidPerson::Long)),
            (&"7".repeat(LONGEST_KEY + 1), Err(InvalidPerson::Long)),
        ] {
            let found: Result<PersonRef, _> = raw.parse();
            assert_eq!(found, expected, "{raw:?}");
            assert!(found.is_err() || found.clone().unwrap().to_string().parse() == found, "{raw:?}");
        }
    }

    #[test]
    fn only_the_hyphenated_spelling_of_a_uuid_is_an_id() {
        let id = "1A6F0000-0000-4000-8000-000000000001";
        assert_eq!(id.parse::<GroupId>().unwrap().to_string(), id.to_lowercase());
        for wrong in ["1a6f", "{1a6f0000-0000-4000-8000-000000000001}", "1a6f0000000040008000000000000001"] {
            assert!(wrong.parse::<GroupId>().is_err(), "{wrong:?}");
        }
    }
}
