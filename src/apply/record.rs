//! Records of an apply: what was about to be written, and what became of it, line by line.
//!
//! Values only: `journal` puts them into a file. Each write has an [`Intent`] before it and an
//! [`Ending`] after it. An intent without an ending is a write of which nobody knows: [`Done`]
//! says so, and only reading the live state can tell.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::model::{
    ids::{CompanyId, GroupId, PersonKey, PersonRef, RoleId, UserId},
    scope::Scope,
    selector::{Attribute, PersonPart},
};
use crate::plan::rollback::Done;

/// The version of the format. Fields may be added within it; none is renamed or removed.
pub const VERSION: u32 = 1;

/// One line of a journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "camelCase")]
pub enum Record {
    /// The first line.
    #[serde(rename_all = "camelCase")]
    Start {
        /// [`VERSION`].
        version: u32,
        /// When.
        at: Timestamp,
        /// The version of rolecall.
        tool: Box<str>,
        /// The plan, whole, with the state before of everything it touches.
        plan: Box<RawValue>,
        /// The plan that undoes it, if all of it is made.
        inverse: Box<RawValue>,
    },
    /// Written before a request that changes something is sent.
    Intent(Intent),
    /// Written after it.
    Ending(Ending),
    /// The last line, unless the process died.
    #[serde(rename_all = "camelCase")]
    End {
        /// When.
        at: Timestamp,
        /// The exit code.
        exit: u8,
        /// Its name.
        result: Box<str>,
    },
}

/// A text that is no journal: which line says so, counted from 1, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Foreign {
    pub line: usize,
    pub why: &'static str,
}

/// Reads the text of a journal; a last line that was cut off is left out.
///
/// # Errors
///
/// Whatever is not a journal of a version this rolecall knows.
pub fn read(text: &str) -> Result<Vec<Record>, Foreign> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut records = Vec::new();
    for (n, line) in whole.lines().enumerate() {
        let record = if n == 0 { first(line) } else { serde_json::from_str(line) };
        records.push(record.map_err(|_| Foreign { line: n + 1, why: "is not a record of an apply" })?);
    }
    match records.first() {
        Some(Record::Start { version: VERSION, .. }) => Ok(records),
        Some(Record::Start { .. }) => Err(Foreign { line: 1, why: "is of a newer version" }),
        Some(Record::Intent(_) | Record::Ending(_) | Record::End { .. }) | None => {
            Err(Foreign { line: 1, why: "does not start an apply" })
        }
    }
}

/// Reads a line that should start an apply. By its own way, for a plan is believed only as it was written, to the letter,
/// and a record that is told by its tag is taken apart first.
fn first(line: &str) -> Result<Record, serde_json::Error> {
    #[derive(Deserialize)]
    struct Start {
        record: Box<str>,
        version: u32,
        at: Timestamp,
        tool: Box<str>,
        plan: Box<RawValue>,
        inverse: Box<RawValue>,
    }
    match serde_json::from_str(line) {
        Ok(Start { record, version, at, tool, plan, inverse }) if *record == *"start" => {
            Ok(Record::Start { version, at, tool, plan, inverse })
        }
        Ok(_) | Err(_) => serde_json::from_str(line),
    }
}

/// A write that is about to be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// When.
    pub at: Timestamp,
    /// Sent with the request as `X-Request-Id`: plan, step and attempt.
    pub request_id: Box<str>,
    /// The change of the plan it serves, by position: groups first, then people.
    pub change: usize,
    /// The step, by position.
    pub step: usize,
    /// 1 for the first time, 2 for a repetition after a look at the live state.
    pub attempt: u32,
    /// What is asked for.
    #[serde(flatten)]
    pub write: Write,
}

/// What became of a write.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// Which one.
    pub request_id: Box<str>,
    /// What the answer says.
    pub outcome: Answer,
    /// The group that was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// The account that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Why it was not made, or is not known to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What an answer says about a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// It was made.
    Done,
    /// It was not made.
    Refused,
    /// It may have been made: there was no clear answer.
    Unclear,
}

/// What a request asks for; ids, roles outside groups as they are sent, and of a person what is declared.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "write", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the names are those of the API")]
pub enum Write {
    CreateGroup {
        company: CompanyId,
        name: Box<str>,
        description: Box<str>,
    },
    UpdateGroup {
        company: CompanyId,
        group: GroupId,
        name: Box<str>,
        description: Box<str>,
    },
    DeleteGroup {
        company: CompanyId,
        group: GroupId,
    },
    PatchMembers {
        company: CompanyId,
        group: GroupId,
        add: Vec<UserId>,
        remove: Vec<UserId>,
    },
    PatchRoles {
        company: CompanyId,
        group: GroupId,
        add: Vec<Added>,
        remove: Vec<RoleId>,
    },
    PutDirectRoles {
        company: CompanyId,
        user: UserId,
        roles: Vec<Value>,
    },
    CreateUser {
        company: CompanyId,
        user: UserId,
        attributes: BTreeMap<Attribute, Option<Box<str>>>,
    },
    PutPerson {
        company: CompanyId,
        user: UserId,
        part: PersonPart,
        attributes: BTreeMap<Attribute, Option<Box<str>>>,
    },
}

/// A role that is given, on its scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Added {
    /// Which role.
    pub role_id: RoleId,
    /// Where, as it is sent.
    pub scope: Value,
}

impl Added {
    /// Returns a role as it is sent.
    pub fn new(role: RoleId, scope: &Scope) -> Self {
        let wire = serde_json::from_str(scope.to_wire().get());
        Self { role_id: role, scope: wire.expect("raw JSON is JSON") }
    }
}

/// Returns what was done, or may have been, to each change of the plan.
pub fn done(records: &[Record]) -> BTreeMap<usize, Done> {
    let endings: BTreeMap<&str, &Ending> = records
        .iter()
        .filter_map(|it| match it {
            Record::Ending(ending) => Some((&*ending.request_id, ending)),
            Record::Start { .. } | Record::Intent(_) | Record::End { .. } => None,
        })
        .collect();
    let mut all: BTreeMap<usize, Done> = BTreeMap::new();
    for (record, line) in records.iter().zip(1..) {
        let Record::Intent(intent) = record else { continue };
        let ending = endings.get(&*intent.request_id);
        if ending.is_some_and(|it| it.outcome == Answer::Refused) {
            continue;
        }
        let done = all.entry(intent.change).or_insert_with(|| Done { line, ..Done::default() });
        match &intent.write {
            Write::CreateGroup { .. } => {
                let id = ending.and_then(|it| it.group);
                done.created = Some(id.or(done.created.flatten()));
            }
            Write::UpdateGroup { .. } => done.renamed = true,
            Write::DeleteGroup { .. } => done.deleted = true,
            Write::PatchMembers { add, remove, group, .. } => {
                done.added.extend(add);
                done.removed.extend(remove);
                done.found(*group);
            }
            Write::PatchRoles { add, remove, group, .. } => {
                done.roles.extend(add.iter().map(|it| it.role_id).chain(remove.iter().copied()));
                let given = |role: &RoleId| add.iter().any(|it| it.role_id == *role);
                done.taken.extend(remove.iter().filter(|it| !given(it)));
                done.found(*group);
            }
            Write::PutDirectRoles { .. } => done.direct = true,
            Write::PutPerson { attributes, .. } => done.attributes.extend(attributes.keys()),
            Write::CreateUser { .. } => done.attributes.extend([Attribute::Active]),
        }
    }
    all
}

/// By what an account is known that is made with these attributes.
pub(super) fn keys<'v>(said: impl Fn(Attribute) -> Option<&'v str>) -> Vec<PersonRef> {
    let keys = [(PersonKey::Email, Attribute::Email), (PersonKey::ExternalId, Attribute::ExternalId)];
    keys.into_iter().filter_map(|it| PersonRef::by(it.0, said(it.1)?).ok()).collect()
}

/// An account that a run wanted to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// Whose it is.
    pub company: CompanyId,
    /// The id that the plan made up for it.
    pub made_up: UserId,
    /// The id that the API gave it; none where that answer is not known, or it was refused.
    pub given: Option<UserId>,
    /// Whether the API refused every time to make it.
    pub is_refused: bool,
    /// By what it is known.
    pub keys: Vec<PersonRef>,
}

/// Returns the accounts that a run wanted to make, each once.
pub fn creations(records: &[Record]) -> Vec<Creation> {
    let ending = |request: &str| {
        records.iter().find_map(|it| match it {
            Record::Ending(it) if *it.request_id == *request => Some(it),
            _ => None,
        })
    };
    let mut all: BTreeMap<UserId, Creation> = BTreeMap::new();
    for record in records {
        let Record::Intent(Intent { request_id, write, .. }) = record else { continue };
        let Write::CreateUser { company, user, attributes } = write else { continue };
        let ending = ending(request_id);
        let said = |it| attributes.get(&it).and_then(Option::as_deref);
        let it = all.entry(*user).or_insert_with(|| Creation {
            company: *company,
            made_up: *user,
            given: None,
            is_refused: true,
            keys: keys(said),
        });
        it.given = it.given.or(ending.and_then(|it| it.user));
        it.is_refused &= ending.is_some_and(|it| it.outcome == Answer::Refused);
    }
    all.into_values().collect()
}

impl Done {
    /// Learns the id of a group whose creation was not answered from what was written to it later.
    fn found(&mut self, group: GroupId) {
        if let Some(created) = &mut self.created {
            created.get_or_insert(group);
        }
    }
}
