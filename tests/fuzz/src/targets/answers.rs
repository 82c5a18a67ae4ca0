//! What a server may send: every decoder of an answer, and scopes.

use rolecall::{
    live::api::fuzzing,
    model::{
        dialect::PredicateForm,
        scope::{Audience, Scope},
    },
};
use serde_json::value::RawValue;

/// Every paged list.
pub(crate) fn lists(input: &[u8]) {
    fuzzing::lists(input);
}

/// Every other answer.
pub(crate) fn objects(input: &[u8]) {
    fuzzing::objects(input);
}

/// What an error says: shown to people, and so without control characters and without the secret.
pub(crate) fn refusals(input: &[u8]) {
    fuzzing::refusals(input);
}

/// A scope means the same however it is spelled, and equals itself after every way there and back.
pub(crate) fn scopes(input: &[u8]) {
    let Ok(raw) = serde_json::from_slice::<Box<RawValue>>(input) else { return };
    let scope = Scope::read(Some(&raw));
    assert!(scope.relation(&scope).is_none());
    assert!(scope.contains(&scope) || scope.has_unreadable());
    // A scope is multiplied out for this law: small ones show all there is to see, and many of them.
    let values =
        |audience: &Audience| audience.iter().map(|it| it.values.len()).fold(1, usize::saturating_mul);
    let single = scope.audiences().iter().map(values).fold(0, usize::saturating_add);
    if scope.has_unreadable() || single > 500 {
        return;
    }
    for form in [PredicateForm::List, PredicateForm::Single, PredicateForm::Id] {
        let again = Scope::read(Some(&scope.to_wire_as(form)));
        assert_eq!(again, scope, "{form:?}");
    }
}
