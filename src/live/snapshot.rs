//! A snapshot as one JSON document: all that any later plan of the same workspace may ask of the API.
//!
//! Complete where [`Observed`](crate::model::observed::Observed) is what one plan needs. It answers as the API
//! answered, or says that it does not know; it never guesses. Nothing here touches a file.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::model::{
    direct::DirectRoles,
    escape,
    ids::{CompanyId, PersonRef, UserId},
    json,
    observed::User,
    plan::Digest,
    selector::Attribute,
};

mod answers;
mod pseudonym;
mod shape;
#[cfg(test)]
mod tests;

pub use answers::Answers;
pub(crate) use answers::head;
pub use pseudonym::Salt;
pub use shape::{Answer, Attributes, Company, Directory, Group, Person, Reach, Sanitized, Snapshot};

/// The version of the form that is written; earlier ones are read as well.
pub const VERSION: u32 = 3;
/// What tells the document from the others that rolecall prints.
pub const KIND: &str = "snapshot";
/// Most bytes of a snapshot that is read: some millions of memberships.
pub const SIZE_LIMIT: u64 = 1 << 30;

/// What a snapshot does not tell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRecorded {
    /// Anything about a company.
    #[error("the snapshot does not know the company {0}")]
    Company(CompanyId),
    /// Whom the files name: the directory was not open as a whole when the snapshot was taken.
    #[error("the snapshot does not know who {} is, nor that there is nobody", escape::terminal(&.0.to_string()))]
    Person(PersonRef),
    /// What a rule for members looks at.
    #[error("the snapshot does not say what a rule of `membersFrom` looks at: the {} of people", .0.word())]
    Attribute(Attribute),
    /// The same, of a company of which not everybody is in the snapshot.
    #[error(
        "the snapshot does not know everybody of the company {0}, and so nobody whom a rule of `membersFrom` means"
    )]
    Rules(CompanyId),
    /// Who is there: the list was not read whole when the snapshot was taken.
    #[error("the snapshot does not know everybody of the company {0}")]
    Everybody(CompanyId),
    /// What somebody holds outside groups: that is read only of people that the files single out.
    #[error("the snapshot does not know which roles {0} holds outside groups")]
    DirectRoles(Box<str>),
}

impl NotRecorded {
    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        "take a new snapshot with these files (`rolecall snapshot --out FILE`), or plan from the API"
    }
}

/// Why a text is not a snapshot that can be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the names say it")]
pub enum NotASnapshot {
    #[error("the snapshot is empty")]
    Empty,
    #[error("the snapshot is not JSON: {0}")]
    Syntax(json::Flaw),
    #[error("the file is not a snapshot of rolecall{}", .0.as_deref().map(|it| format!(": its kind is `{}`", escape::terminal(it))).unwrap_or_default())]
    Foreign(Option<String>),
    #[error("the snapshot has version {0} of its form, and this rolecall reads versions 1 to {VERSION}")]
    Version(u64),
    /// A field is missing, is not of its kind, or is not known.
    #[error("the snapshot is incomplete or damaged: {0}")]
    Field(json::Flaw),
    #[error(
        "the snapshot was changed after it was taken: its digest is {said:.12}, and its content comes to {found:.12}"
    )]
    Changed { said: Digest, found: Digest },
    #[error("the snapshot is sanitized, and its salt is not in it")]
    NoSalt,
    /// It was made with another salt.
    #[error("the snapshot is sanitized, with another salt than the one given")]
    OtherSalt,
}

impl From<json::NotOurs> for NotASnapshot {
    fn from(why: json::NotOurs) -> Self {
        match why {
            json::NotOurs::Empty => Self::Empty,
            json::NotOurs::Syntax(error) => Self::Syntax(error),
            json::NotOurs::Foreign(kind) => Self::Foreign(kind),
            json::NotOurs::Version(version) => Self::Version(version),
        }
    }
}

impl NotASnapshot {
    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty | Self::Foreign(_) => {
                "take one with `rolecall snapshot --out FILE` and give that file"
            }
            Self::Syntax(_) | Self::Field(_) => {
                "take it again with `rolecall snapshot --out FILE`; was the file cut off on its way?"
            }
            Self::Version(_) => "read it with the version of rolecall that took it, or take one with this",
            Self::Changed { .. } => "take a new one; a snapshot cannot be edited",
            Self::NoSalt | Self::OtherSalt => "set ROLECALL_SNAPSHOT_SALT to the salt it was taken with",
        }
    }
}

impl Snapshot {
    /// Returns a snapshot with its digest, everything in order.
    pub fn new(
        (created_at, endpoint, names): (Timestamp, &str, BTreeMap<Uuid, Box<str>>),
        mut companies: Vec<Company>,
        mut directories: Vec<Directory>,
        mut people: Vec<Person>,
    ) -> Self {
        companies.sort_by_key(|it| it.id);
        for company in &mut companies {
            company.groups.sort_by_key(|it| it.id);
            company.roles.sort_by_key(|it| it.id);
            company.groups.iter_mut().for_each(Group::sort_members);
        }
        directories.sort_by_key(|it| it.company);
        people.sort_by_key(|it| it.user_id);
        let mut snapshot = Self {
            version: VERSION,
            kind: KIND.into(),
            created_at,
            tool: env!("CARGO_PKG_VERSION").into(),
            endpoint: endpoint.into(),
            digest: Digest([0; 32]),
            sanitized: None,
            companies,
            directories,
            people,
            names,
        };
        snapshot.sort_users();
        snapshot.respell();
        snapshot.digest = snapshot.found();
        snapshot
    }

    /// Writes what the API said in its own words in one layout, with nothing that acts where it is printed: a
    /// document that is laid out anew says the same.
    fn respell(&mut self) {
        // A company has many grants and few scopes: each is kept once.
        let mut known: HashMap<Box<str>, Arc<RawValue>> = HashMap::new();
        let groups = self.companies.iter_mut().flat_map(|it| &mut it.groups);
        for scope in groups.flat_map(|it| &mut it.roles).filter_map(|it| it.scope.as_mut()) {
            *scope = match known.get(scope.get()) {
                Some(known) => known.clone(),
                None => known.entry(scope.get().into()).or_insert(printable(scope).into()).clone(),
            };
        }
        for person in &mut self.people {
            let roles = person.direct_roles.take();
            person.direct_roles = roles.map(|it| DirectRoles::read(it.elements().map(printable)));
        }
    }

    fn sort_users(&mut self) {
        for directory in &mut self.directories {
            directory.users.sort_by_key(|it| it.id);
            directory.asked.sort_by(|a, b| a.person.cmp(&b.person));
        }
    }

    /// Returns the digest of everything but itself, in one form whatever the layout of the file.
    fn found(&mut self) -> Digest {
        let said = std::mem::replace(&mut self.digest, Digest([0; 32]));
        let mut hash = Hash(Sha256::new());
        serde_json::to_writer(&mut hash, self).expect("plain data with text keys is always JSON");
        self.digest = said;
        Digest(hash.0.finalize().into())
    }

    /// Returns the same with a pseudonym for every address and number of a person; see [`Salt`].
    ///
    /// `keep` says whether the salt stands in the file, so that everybody who has it can plan from it.
    pub fn sanitized(mut self, salt: &Salt, keep: Keep) -> Self {
        for user in self.directories.iter_mut().flat_map(|it| &mut it.users) {
            salt.hide(user);
        }
        let attributes = self.directories.iter_mut().filter_map(|it| it.attributes.as_mut());
        for traits in attributes.flat_map(|it| it.of.values_mut()) {
            traits.each(|attribute, value| salt.value(attribute, value));
        }
        self.directories.iter_mut().for_each(|it| it.profiles.clear());
        for answer in self.directories.iter_mut().flat_map(|it| &mut it.asked) {
            answer.person = salt.person(&answer.person);
            answer.users.iter_mut().for_each(|it| salt.hide(it));
        }
        for group in self.companies.iter_mut().flat_map(|it| &mut it.groups) {
            [&mut group.created, &mut group.updated].into_iter().flatten().for_each(|it| it.name = None);
        }
        self.sanitized = Some(Sanitized {
            salt: match keep {
                Keep::Inside => Some(salt.to_string().into()),
                Keep::Apart => None,
            },
            check: salt.check().into(),
        });
        self.sort_users();
        self.digest = self.found();
        self
    }
}

/// Takes a text in as it is written: the document of a large company would be the largest thing in memory.
struct Hash(Sha256);

impl io::Write for Hash {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0.update(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where the salt of a sanitized snapshot is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// In the file: whoever has it can plan from it, and can try whether a given address is in it.
    Inside,
    /// Elsewhere: it must be given to plan from the file.
    Apart,
}

/// Returns JSON without spaces and with nothing that acts where it is printed: it means the same.
fn printable(raw: &RawValue) -> Box<RawValue> {
    let text = escape::json(crate::model::json::compact(raw).get());
    RawValue::from_string(text).unwrap_or_else(|_| raw.to_owned())
}

/// Returns the snapshot as one JSON document, with a newline at the end.
pub fn write(snapshot: &Snapshot) -> String {
    json::document(snapshot)
}

/// Reads back what [`write()`] wrote. The text is not kept for longer than it is needed.
///
/// # Errors
/// Whatever is not a whole snapshot of a version that is known, as it was written.
pub fn read(text: String) -> Result<Snapshot, NotASnapshot> {
    json::is_a(KIND, 1..=VERSION, &text)?;
    let mut snapshot: Snapshot = serde_json::from_str(&text).map_err(|it| NotASnapshot::Field(it.into()))?;
    drop(text);
    snapshot.respell();
    let (said, found) = (snapshot.digest, snapshot.found());
    if said != found {
        return Err(NotASnapshot::Changed { said, found });
    }
    Ok(snapshot)
}

/// Returns what an error calls a user.
fn named(user: UserId, users: &[&User]) -> Box<str> {
    users.iter().find_map(|it| it.email.as_ref()).map_or_else(|| user.to_string(), ToString::to_string).into()
}
