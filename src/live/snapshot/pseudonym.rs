//! Pseudonyms: the same address, the same pseudonym, for whoever has the salt; without it no way back.
//!
//! Pseudonymous, not anonymous: whoever has file and salt can try addresses, and ids, names of groups and
//! who is in which stay. Nothing random is made here.

use std::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

use crate::model::{
    ids::{Email, PersonRef},
    observed::User,
    selector::Attribute,
};

/// Keeps pseudonyms of different snapshots apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt(Box<[u8]>);

/// The domain of the addresses that stand for others; it can never exist.
const DOMAIN: &str = "sanitized.invalid";
/// Fewest bytes of a salt that is given.
const LEAST: usize = 16;

impl Salt {
    /// Returns a salt of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes.into())
    }

    /// Returns what tells it from other salts, without telling it.
    pub(super) fn check(&self) -> String {
        self.digest("check", "")
    }

    /// Replaces what would tell who somebody is.
    pub(super) fn hide(&self, user: &mut User) {
        user.email = user.email.take().map(|it| self.email(&it));
        user.external_id = user.external_id.take().map(|it| self.text("externalId", &it));
        user.employee_id = user.employee_id.take().map(|it| self.text("employeeId", &it));
    }

    /// Returns how a sanitized snapshot spells a value of an attribute: a job title may be one person's, and who is in
    /// which department is nobody's business who need not know.
    pub(super) fn value(&self, attribute: Attribute, value: &str) -> Box<str> {
        self.text(attribute.as_str(), value)
    }

    /// Returns how a sanitized snapshot names a person.
    pub(super) fn person(&self, person: &PersonRef) -> PersonRef {
        match person {
            PersonRef::Email(email) => PersonRef::Email(self.email(email)),
            PersonRef::ExternalId(id) => PersonRef::ExternalId(self.text("externalId", id)),
            PersonRef::EmployeeId(id) => PersonRef::EmployeeId(self.text("employeeId", id)),
            PersonRef::UserId(id) => PersonRef::UserId(*id),
        }
    }

    /// Puts the name that was asked for where its pseudonym stands.
    pub(super) fn reveal(&self, user: &mut User, person: &PersonRef) {
        fn show<T: Clone + PartialEq>(field: &mut Option<T>, hidden: &T, plain: &T) {
            if field.as_ref() == Some(hidden) {
                *field = Some(plain.clone());
            }
        }
        match person {
            PersonRef::Email(it) => show(&mut user.email, &self.email(it), it),
            PersonRef::ExternalId(it) => show(&mut user.external_id, &self.text("externalId", it), it),
            PersonRef::EmployeeId(it) => show(&mut user.employee_id, &self.text("employeeId", it), it),
            PersonRef::UserId(_) => (),
        }
    }

    fn email(&self, email: &Email) -> Email {
        let address = format!("p-{}@{DOMAIN}", self.digest("email", email.as_str()));
        address.parse().expect("letters, an `@` and a domain are an address")
    }

    fn text(&self, kind: &str, text: &str) -> Box<str> {
        format!("p-{}", self.digest(kind, text)).into()
    }

    /// Returns 80 bits of the keyed digest of a text; no two kinds share a pseudonym.
    fn digest(&self, kind: &str, text: &str) -> String {
        let mut hash = Sha256::new();
        for part in [b"rolecall pseudonym 1".as_slice(), &self.0, kind.as_bytes(), text.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hex(&hash.finalize()[..10])
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl FromStr for Salt {
    type Err = &'static str;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a salt is at least 32 hexadecimal digits, such as `openssl rand -hex 32` prints";
        let raw = raw.trim();
        let digits = raw.len() >= 2 * LEAST
            && raw.len().is_multiple_of(2)
            && raw.bytes().all(|it| it.is_ascii_hexdigit());
        if !digits {
            return Err(FORM);
        }
        let byte = |n: usize| u8::from_str_radix(&raw[n..n + 2], 16).map_err(|_| FORM);
        (0..raw.len()).step_by(2).map(byte).collect::<Result<_, _>>().map(Self)
    }
}
