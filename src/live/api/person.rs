//! One person as a whole: the parts of the profile, each read and replaced as it is, and the account itself.
//!
//! Nothing here looks into a part, and nothing that is in one is ever told: of what a server says when it refuses, the
//! words that stand in what was sent to it are left out, as a message that quotes them would be somebody's passport.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::value::RawValue;

use super::{
    ApiError, Reader, Request, Writer,
    paging::gather,
    wire::{Created, Told},
    writer::encoded,
};
use crate::model::{
    ids::{Email, UserId},
    object::Object,
    part::Part,
};

/// What stands where a word was that may be personal.
const PERSONAL: &str = "[PERSONAL]";
const USERS: &str = "/v2/users";

impl Reader {
    /// Returns a part of a person as the API tells it, with all that nobody here knows (contract §7.4). Somebody inactive
    /// is shown wherever the operation can be asked to.
    ///
    /// # Errors
    /// Any [`ApiError`]; what the server says of a refusal is left out.
    pub async fn part(&self, user: UserId, part: Part) -> Result<Object, ApiError> {
        let request = Request::reads(Method::GET, part.template(), &[user.0]);
        let read = self.connection.decoded(&request, part.query(), b"").await;
        read.map_err(|it| impersonal(it, None))
    }
}

/// A part of a person, and what the API tells of it or why it does not.
pub type PartRead = (Part, Result<Object, ApiError>);

impl Reader {
    /// Returns every part of a person. One that the API does not tell of, or not as it should, is not the others.
    ///
    /// # Errors
    /// What says nothing of one part alone: the way to the API, or a token that is not accepted.
    pub async fn parts(&self, user: UserId) -> Result<Vec<PartRead>, ApiError> {
        let each = Part::ALL.iter().map(|part| async move {
            match self.part(user, *part).await {
                Err(error) if !error.is_of_one_answer() => Err(error),
                read => Ok((*part, read)),
            }
        });
        gather(self.connection.concurrency, each).await
    }
}

impl Writer {
    /// Replaces a part of a person whole; of the profile, without the fields that are the API's to say.
    ///
    /// Sent once, whatever the answer, and only if its turn comes soon: what was read before may be no longer so after a
    /// wait. A part that cannot be replaced is refused by the API.
    ///
    /// # Errors
    /// Any [`ApiError`]; read the part before it is sent again.
    pub async fn put_part(&self, user: UserId, part: Part, object: &Object) -> Result<(), ApiError> {
        let mut object = object.clone();
        part.read_only().iter().for_each(|it| object.remove(it));
        let body = encoded(&object);
        let request = Request::replaces(Method::PUT, part.template(), &[user.0]);
        let put = self.answered::<serde::de::IgnoredAny>(&request, part.put_query(), &body).await;
        put.map_err(|it| impersonal(it, Some(&body)))
    }

    /// Creates an account and returns its id (contract §7.4), once that is not somebody else's: another person would be
    /// given what this one is to have. One that is not shown yet is not.
    ///
    /// # Errors
    /// Any [`ApiError`]; after an ambiguous one look for the e-mail and the external id before creating again.
    pub async fn create_user(&self, profile: &Object) -> Result<UserId, ApiError> {
        let body = encoded(profile);
        let request = Request::not_idempotent(Method::POST, USERS, &[]).identified(self.request_id.as_ref());
        let created: Result<Created<UserId>, ApiError> = self.connection.decoded(&request, "", &body).await;
        let id = created.map_err(|it| impersonal(it, Some(&body)))?.id;
        let look = Request::reads(Method::GET, Part::Profile.template(), &[id.0]);
        let what = match self.connection.decoded::<Told>(&look, Part::Profile.query(), b"").await {
            Ok(shown) if shown.may_be(&emails(profile)) => return Ok(id),
            Ok(_) => format!("userId is {id}, somebody with another e-mail"),
            Err(ApiError::Another { what, .. }) => what.into(),
            Err(_) => return Ok(id),
        };
        Err(ApiError::Another { request: Box::new(request), what: what.into() })
    }

    /// Deletes a user, which deactivates or erases the account: the documents do not say. One that does not exist counts as
    /// deleted.
    ///
    /// # Errors
    /// Any [`ApiError`]; after an ambiguous one read whether the user is active.
    pub async fn delete_user(&self, user: UserId) -> Result<(), ApiError> {
        let request = Request::idempotent(Method::DELETE, Part::Profile.template(), &[user.0]);
        match self.answered::<serde::de::IgnoredAny>(&request, "", b"").await {
            Err(ApiError::Refused { status: 404, .. }) => Ok(()),
            result => result,
        }
    }

    /// Activates a deactivated user. Not sent again unless it surely did not arrive: somebody may have been deactivated
    /// meanwhile, for a reason.
    ///
    /// # Errors
    /// Any [`ApiError`]; after an ambiguous one read whether the user is active.
    pub async fn activate_user(&self, user: UserId) -> Result<(), ApiError> {
        let request = Request::not_idempotent(Method::POST, "/v2/users/{userId}/activate", &[user.0]);
        self.answered::<serde::de::IgnoredAny>(&request, "", b"").await
    }
}

/// The addresses that a profile says the person has.
fn emails(profile: &Object) -> Vec<Email> {
    let of = |part: &str| profile.read::<Object>(part)?.read::<String>("email")?.parse().ok();
    ["businessInfo", "personalInfo"].into_iter().filter_map(of).collect()
}

/// Returns the error without what may be personal in the words of the server: all of them where nothing was sent that they
/// could be compared with.
fn impersonal(mut error: ApiError, sent: Option<&[u8]>) -> ApiError {
    match &mut error {
        ApiError::Refused { code, message, .. } => {
            let words = sent.map(words);
            for said in [code, message] {
                *said = said.take().and_then(|it| Some(without(&it, words.as_ref()?)));
            }
        }
        ApiError::Exhausted { source, .. } => {
            let cause = std::mem::replace(&mut **source, ApiError::UnsendableToken);
            **source = impersonal(cause, sent);
        }
        _ => (),
    }
    error
}

/// The words of all texts and numbers of a body, in lower case.
fn words(body: &[u8]) -> HashSet<String> {
    fn collect(value: &RawValue, words: &mut HashSet<String>) {
        match value.get().as_bytes().first() {
            Some(b'{') => {
                let object: Object = serde_json::from_str(value.get()).unwrap_or_default();
                object.iter().for_each(|it| collect(it.1, words));
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
                items.into_iter().for_each(|it| collect(it, words));
            }
            _ => {
                let text: Option<String> = serde_json::from_str(value.get()).ok();
                words.extend(split(text.as_deref().unwrap_or(value.get())));
            }
        }
    }
    let mut all = HashSet::new();
    if let Ok(body) = serde_json::from_slice(body) {
        collect(body, &mut all);
    }
    all
}

fn split(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).map(str::to_lowercase)
}

fn without(said: &str, personal: &HashSet<String>) -> Box<str> {
    let hides = |word: &str| word.contains('@') || split(word).any(|it| personal.contains(&it));
    let kept: Vec<&str> = said.split_whitespace().map(|it| if hides(it) { PERSONAL } else { it }).collect();
    kept.join(" ").into()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn said(message: &str, sent: Option<&str>) -> Option<String> {
        let request = Request::replaces(Method::PUT, Part::PersonalInfo.template(), &[Uuid::nil()]);
        let error = ApiError::Refused {
            request: Box::new(request),
            status: 400,
            code: Some("API_VALIDATION_FAILED".into()),
            message: Some(message.into()),
            debug_id: None,
            retry_after: None,
        };
        match impersonal(error, sent.map(str::as_bytes)) {
            ApiError::Refused { message, .. } => message.map(Into::into),
            _ => unreachable!("it stays a refusal"),
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_not_with_which_value() {
        let body = r#"{"identityDocs":[{"passport":{"docId":"K 22-Z","n":40721}}],"name":{"given":"Noor"},"big":1e999}"#;
        for (message, shown) in [
            ("identityDocs[0].passport.docId: too short", "identityDocs[0].passport.docId: too short"),
            ("`K 22-Z` is not a passport of `NOOR`", "[PERSONAL] [PERSONAL] is not a passport of [PERSONAL]"),
            ("no person noor@x.example", "no person [PERSONAL]"),
            ("(40721)", "[PERSONAL]"),
        ] {
            assert_eq!(said(message, Some(body)).as_deref(), Some(shown));
        }
        assert_eq!(said("K 22-Z is stored", None), None, "nothing to compare with");
    }
}
