//! What is read before a probe writes, and what it says that it will do.

use jiff::Timestamp;

use super::{MOST_GROUPS, MOST_ROLES, abandoned};
use crate::{
    doctor::{
        learned::Left,
        look::{Observer, person},
    },
    live::api::{ApiError, Question, Reader, Role, Writer},
    model::{
        escape::terminal as show,
        ids::{CompanyId, Email, PersonRef, UserId},
        permissions::Permissions,
        plan::Unresolved,
    },
    plan::bind::people::Directory,
};

#[expect(missing_docs, reason = "the names say it")]
pub struct Prepared {
    pub reader: Reader,
    pub writer: Writer,
    pub user: UserId,
    /// Roles of the company, the one that permits least first.
    pub roles: Vec<Role>,
    pub earlier: Vec<Left>,
}

/// Why a probe cannot begin.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the names say it")]
pub enum NotPrepared {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("the user to put into the probe's group is not named")]
    NoPerson,
    #[error("{0} is of another company")]
    Foreign(PersonRef),
    #[error("{}, and exactly one is needed", .0.held_by(*.1, "this company"))]
    NotOne(PersonRef, usize),
    #[error("the account {0}, of which a probe would make use, is {1}: nothing was written")]
    Taken(Email, String),
}

impl NotPrepared {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Api(error) => return error.hint(),
            Self::NoPerson => {
                "give `--user PERSON`, or set `api.identity`; being in a group without roles gives nobody access"
            }
            Self::Foreign(_) | Self::NotOne(..) => "name somebody of this company with `--user`",
            Self::Taken(..) => {
                "look whose it is; name somebody with an address of another domain with `--user`, or give that account another address"
            }
        };
        Some(hint.to_owned())
    }
}

/// Reads what a probe needs: pages of at most `rows` rows, fewer where lists refuse that many.
pub async fn prepare(
    observer: &mut Observer,
    company: CompanyId,
    person: Option<&PersonRef>,
    rows: u32,
) -> Result<Prepared, NotPrepared> {
    observer.token().await?;
    let rows = observer.page_of(|limit| Question::Groups { company, limit }, rows).await?;
    let rows = observer.page_of(|limit| Question::Roles { company, limit }, rows).await?;
    observer.set_page_limit(rows);
    let (reader, writer) = observer.connect()?;
    let user = somebody(&reader, company, person).await?;
    let roles = least_first(reader.list_roles(company).await?);
    let earlier = abandoned(&reader, company, Timestamp::now()).await?;
    Ok(Prepared { reader, writer, user, roles, earlier })
}

async fn somebody(
    reader: &Reader,
    company: CompanyId,
    person: Option<&PersonRef>,
) -> Result<UserId, NotPrepared> {
    let person = person.ok_or(NotPrepared::NoPerson)?;
    let users = person::rows(reader, company, person).await?;
    Directory::new(&users).anyone(company, person).map_err(|it| match it {
        Unresolved::Foreign(_) => NotPrepared::Foreign(person.clone()),
        other => NotPrepared::NotOne(person.clone(), person::count(&other)),
    })
}

/// Sorts roles so that those come first that permit least: nobody gets them, and still.
fn least_first(mut roles: Vec<Role>) -> Vec<Role> {
    let weight = |it: &Role| {
        let permissions = it.permissions.iter().flat_map(Permissions::iter);
        let actions = permissions.clone().flat_map(|it| it.1);
        let more_than_reading = actions.filter(|it| ***it != *"READ").count();
        // What permits nothing that is told may permit anything.
        let count = permissions.count();
        (count == 0, more_than_reading, count)
    };
    roles.sort_by(|a, b| (weight(a), &a.name, a.id).cmp(&(weight(b), &b.name, b.id)));
    roles
}

/// Says what a probe does before it is done.
pub fn intent(company: &str, host: &str, name: &str, user: UserId, roles: &[Role]) -> String {
    let names: Vec<String> = roles.iter().take(MOST_ROLES).map(|it| show(&it.name).into()).collect();
    let roles = match &names[..] {
        [] => "a role".to_owned(),
        [one] => format!("the role {one}"),
        [first, others @ ..] => {
            format!("the role {first}; where that is not taken, {}", others.join(", then "))
        }
    };
    format!(
        "In {} at {}, rolecall will\n  \
         - create groups {name}, {name}-1 and so on: some for members, some for roles, and\n    \
           another wherever one is in doubt; about six as a rule, at most {MOST_GROUPS};\n  \
         - put user {user} into groups that never hold a role, which gives nobody access,\n    \
           and take the user out;\n  \
         - give groups that never have a member a role ({roles}), on that one user\n    \
           or, where that is refused, on the whole company, and take it away;\n  \
         - change a group's description, and make a second group of the same name;\n  \
         - delete all these groups.\n\
         No other group is touched, and nobody gains or loses access at any moment.",
        show(company),
        show(host),
    )
}
