//! Every decoder of an answer, for the fuzz targets and the replay of their corpora: not in a release build.
//!
//! Nothing is sent. A decoder may refuse anything; what it must not do is panic or believe nonsense.

use reqwest::header::{DATE, HeaderValue, RETRY_AFTER};

use super::{
    Group, RbacInfo, Role,
    page::{Page, Row},
    refusal, retry,
    secrets::Secrets,
    token,
    wire::{Catalogue, Created, Elements, HeldDirectly, Member, Told, Wire},
};
use crate::model::{
    direct::{DirectRoles, Fields},
    ids::GroupId,
    object::Object,
    observed::GroupRole,
};

/// Decodes `body` as a page of every list there is.
pub fn lists(body: &[u8]) {
    page::<Group>(body);
    page::<Member>(body);
    page::<Role>(body);
    page::<Told>(body);
    page::<Wire<GroupRole>>(body);
}

fn page<T: Row>(body: &[u8]) {
    if let Ok(page) = serde_json::from_slice::<Page<T>>(body) {
        page.rows.iter().for_each(|row| _ = row.key());
    }
}

/// Decodes `body` as everything else that is answered.
pub fn objects(body: &[u8]) {
    _ = serde_json::from_slice::<Group>(body);
    _ = serde_json::from_slice::<Role>(body);
    _ = serde_json::from_slice::<RbacInfo>(body);
    if let Ok(HeldDirectly { roles: Some(held) }) = serde_json::from_slice(body) {
        // What is sent back is read as the same again.
        for fields in [Fields::Current, Fields::AsRead] {
            let again = DirectRoles::read(held.sent(fields));
            assert!(again == held);
        }
    }
    _ = serde_json::from_slice::<Created<GroupId>>(body);
    _ = serde_json::from_slice::<Object>(body);
    _ = serde_json::from_slice::<Catalogue>(body);
    _ = serde_json::from_slice::<Elements>(body);
    _ = serde_json::from_slice::<token::Granted>(body);
    if let Ok(told) = serde_json::from_slice::<Told>(body) {
        assert!(told.settled(|_| false).email.is_none_or(|it| it.as_str().contains('@')));
    }
}

/// Reads `body` as what a refusal says, the secret being its first eight bytes, and as the headers that name times.
///
/// # Panics
/// When what would be shown has a control character or the secret in it, or is too long.
pub fn refusals(body: &[u8]) {
    let text = String::from_utf8_lossy(body);
    if let Ok(value) = HeaderValue::from_bytes(body) {
        let headers = [(RETRY_AFTER, value.clone()), (DATE, value)].into_iter().collect();
        _ = retry::stated(&headers, jiff::Timestamp::UNIX_EPOCH);
    }
    let secret: String = text.chars().take(8).filter(char::is_ascii_alphanumeric).collect();
    let secrets = Secrets::default();
    secrets.add(&secret.as_str().into());
    let said = refusal::read(body, &secrets);
    for shown in [said.code, said.message, said.debug_id].into_iter().flatten() {
        assert!(!shown.chars().any(char::is_control) && shown.chars().count() <= 300, "{shown:?}");
        // One of a few letters, or part of what it is blotted out with, may be made anew by that.
        let tellable = secret.len() == 8 && !"[REDACTED]".contains(&secret);
        assert!(!tellable || !shown.contains(&secret), "{shown:?}");
    }
}
