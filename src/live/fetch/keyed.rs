//! People by keys that the files give them and that they do not have yet: what is said by these is read of them as well.

use crate::{
    files::declared::{DeclaredCompany, DeclaredUser},
    model::{directory::Directory, observed::User},
};

/// Returns those of a company who are to get an external or employee id, each known by that. Whether they can get it is not
/// looked at: more is read of somebody then, and nothing else comes of it.
pub(super) fn keyed(company: &DeclaredCompany, directory: &Directory<'_>) -> Vec<User> {
    let keyed = |it: &DeclaredUser| {
        let mut keys = it.given_keys().peekable();
        keys.peek()?;
        let user = directory.user(directory.anyone(company.id, &it.person).ok()?)?;
        let mut keyed = user.clone();
        for (attribute, person) in keys {
            keyed.put_key(attribute, person.key());
        }
        (keyed != *user).then_some(keyed)
    };
    company.users.iter().filter_map(keyed).collect()
}
