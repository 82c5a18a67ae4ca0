//! People who have no account yet: each stands among the users under an id that is made up, so that what they are to have
//! is planned like what anybody has.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::list::CompanyReads;
use crate::{
    files::declared::DeclaredUser,
    model::{
        directory::Directory,
        ids::{CompanyId, PersonRef, UserId},
        observed::User,
        selector::Attribute,
    },
};

/// Returns those who shall have an account and of whom nobody is known by any of their keys; nobody who is locked out.
pub(super) fn newcomers(reads: &CompanyReads<'_>, directory: &Directory<'_>) -> Vec<User> {
    let unknown =
        |it: &&&DeclaredUser| it.active() != Some(false) && it.keys().iter().all(|key| !directory.knows(key));
    // Whoever is cut off gets none, and an id that is made up is nothing to ask the API for.
    let cut_off = |it: &&&DeclaredUser| it.keys().iter().any(|key| reads.lockouts.contains(key));
    let own = reads.newcomers.iter().filter(|it| unknown(it) && !cut_off(it));
    let user = |it: &&DeclaredUser| {
        let PersonRef::Email(email) = &it.person else { return None };
        Some(User {
            id: made_up(reads.id, email.as_str()),
            email: Some(email.clone()),
            external_id: it.said(Attribute::ExternalId).map(Into::into),
            employee_id: it.said(Attribute::EmployeeId).map(Into::into),
            company: Some(reads.id),
            active: true,
        })
    };
    own.filter_map(user).collect()
}

/// The same for the same person in every run, so that a plan has one id.
fn made_up(company: CompanyId, email: &str) -> UserId {
    let mut hash = Sha256::new();
    hash.update(b"rolecall newcomer 1");
    hash.update(company.0.as_bytes());
    hash.update(email.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    UserId(Uuid::new_v8(bytes))
}
