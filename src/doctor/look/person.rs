//! Finds the one person that a look or a probe is about.

use crate::{
    live::api::{ApiError, Reader},
    model::{
        ids::{CompanyId, PersonRef},
        observed::User,
        plan::Unresolved,
    },
    plan::bind::people::Directory,
};

/// Returns the rows among which the person is, as a plan reads them: which of them it is, a [`Directory`] says, as
/// a list may show others as well.
pub(in crate::doctor) async fn rows(
    reader: &Reader,
    company: CompanyId,
    person: &PersonRef,
) -> Result<Vec<User>, ApiError> {
    let mut users = reader.find_users(company, std::slice::from_ref(person)).await?;
    if !Directory::new(&users).knows(person) {
        // The bulk list is a draft in the API and may not match every address (contract §7.2).
        users.extend(reader.query_user(company, person).await?);
    }
    Ok(users)
}

/// How many of the company's users it is that are not one.
pub(in crate::doctor) fn count(unresolved: &Unresolved) -> usize {
    match unresolved {
        Unresolved::Ambiguous(users) => users.len(),
        Unresolved::Unknown
        | Unresolved::Nowhere(_)
        | Unresolved::Inactive
        | Unresolved::Foreign(_)
        | Unresolved::Hidden => 0,
    }
}
