//! People as files name them.

use super::{super::At, values::is_unseen};
use crate::model::{
    finding::{Code, Finding},
    ids::{PersonRef, parse_uuid},
    source::{FileId, Place},
};

/// Returns the person that a plain text names.
pub(super) fn address(at: Place, raw: &str) -> Result<PersonRef, Finding> {
    seen(at, raw)?;
    raw.parse().map(PersonRef::Email).map_err(|_| {
        Finding::new(Code::InvalidEmail, at, format!("`{raw}` is not an e-mail address"))
            .help("other keys are written out: `{ externalId: … }`, `{ employeeId: … }` or `{ userId: … }`")
    })
}

/// Refuses a key with something in it that is not seen: nobody could find out why it is nobody's.
fn seen(at: Place, raw: &str) -> Result<(), Finding> {
    raw.trim().chars().find(|it| is_unseen(*it)).map_or(Ok(()), |it| {
        let why = format!("a key of a person holds a character that is not seen (U+{:04X})", u32::from(it));
        Err(Finding::new(Code::InvalidPerson, at, why).help("write the key anew, by hand"))
    })
}

/// Returns the person that exactly one of the keys e-mail, external id, employee id, user id names.
pub(super) fn person(file: FileId, at: Place, keys: [&Option<At<String>>; 4]) -> Result<PersonRef, Finding> {
    let given = keys.iter().flat_map(|it| it.as_ref()).count();
    if given != 1 {
        return Err(Finding::new(
            Code::InvalidPerson,
            at,
            format!("a person is named by one key, here are {given}"),
        )
        .help("the keys are `email`, `externalId`, `employeeId` and `userId`"));
    }
    let plain = |raw: &At<String>| -> Result<Box<str>, Finding> {
        if raw.v.trim().is_empty() {
            Err(Finding::new(Code::InvalidPerson, raw.place(file), "the key of a person is empty"))
        } else {
            seen(raw.place(file), &raw.v)?;
            Ok(raw.v.trim().into())
        }
    };
    match keys {
        [Some(email), ..] => address(email.place(file), &email.v),
        [_, Some(id), ..] => plain(id).map(PersonRef::ExternalId),
        [_, _, Some(id), _] => plain(id).map(PersonRef::EmployeeId),
        [.., Some(id)] => {
            parse_uuid(&id.v).map(|it| PersonRef::UserId(crate::model::ids::UserId(it))).ok_or_else(|| {
                Finding::new(Code::InvalidId, id.place(file), format!("`{}` is not a user id", id.v))
            })
        }
        [None, None, None, None] => {
            Err(Finding::new(Code::InvalidPerson, at, "a person is named by one key"))
        }
    }
}
