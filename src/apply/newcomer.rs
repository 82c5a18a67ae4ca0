//! An account that comes: exactly one for its address and external id.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    apply::record::{self, Write},
    live::api::{ApiError, Reader, attributes},
    model::{
        acting,
        ids::{CompanyId, Email, UserId},
        observed::User as Account,
        selector::{Attribute, PersonPart, Traits},
        state::Edit,
    },
};

use super::{
    ApplyError, Stale,
    attempt::Made,
    context::StepContext,
    group::Trouble,
    once::{Came, make_once},
    settling::Settling,
    user::User,
};

impl User<'_> {
    /// Whether the account is still to be made.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.change.account(), Some([None, Some(_)]))
    }

    /// What the account is made with: what the person is to be, but for what names somebody whose account is not made yet.
    fn profile(&self) -> Traits {
        let mut profile = Traits::default();
        // Which mails the person gets is written once there is an account.
        let is_of_account = |it: &&Edit| it.part() != Some(PersonPart::NotificationPreferences);
        for edit in self.change.traits().filter(is_of_account) {
            if let (Some(attribute), [_, Some(value)]) = (edit.attribute(), edit.traits()) {
                let awaits = |it| self.newcomers.is_awaited(it);
                if !attribute.has_people() || !acting::people(value).any(awaits) {
                    profile.put(attribute, acting::with_users(attribute, value, |it| self.newcomers.id(it)));
                }
            }
        }
        profile
    }

    /// Creates the account once, and gives nothing to it before it is seen.
    pub(super) async fn create(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
    ) -> Result<(), Trouble> {
        let (profile, reader) = (self.profile(), &context.client.reader);
        let look = async || Ok(ids(&known(reader, company, &profile).await?));
        let send = async || self.send_create(context, company, &profile).await;
        let came = make_once(context, send, look, Stale::PersonAppeared).await?;
        let (Came::Answered(id) | Came::Found(id)) = came;
        // What was found after a lost answer may be somebody else, who got the external id meanwhile.
        let address = profile.get(Attribute::Email);
        let is_own = |it: &Account| {
            matches!(came, Came::Answered(_)) || it.email.as_ref().map(Email::as_str) == address
        };
        // Nothing is given to an account before it is seen, alone: of two, which is which nobody knows.
        let mut settling = Settling::new(context.job);
        loop {
            let found = known(reader, company, &profile).await?;
            match ids(&found)[..] {
                [one] if one == id && found.iter().any(is_own) => break,
                ref several @ [_, ..] => {
                    return Err(Trouble::Stale(Stale::PersonAppeared(several.to_vec())));
                }
                [] if settling.pause().await => (),
                [] => return Err(ApplyError::PersonNotShown { user: id }.into()),
            }
        }
        context.newcomers.note(self.user, id);
        self.user = id;
        Ok(())
    }

    async fn send_create(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        profile: &Traits,
    ) -> Result<Result<UserId, ApiError>, ApplyError> {
        let attributes: BTreeMap<Attribute, Option<Box<str>>> =
            profile.iter().map(|it| (it.0, Some(it.1.into()))).collect();
        let write = Write::CreateUser { company, user: self.user, attributes };
        let (writer, id) = self.attempt.begin(context, write)?;
        let result = writer.create_user(&attributes::profile(company, profile)).await;
        let made = result.as_ref().ok().map(|it| Made::User(*it));
        Ok(self.attempt.end(context, &id, result, made))
    }
}

/// Everybody of a company who has the address or the external id, active or not; whoever has both may be there twice.
async fn known(reader: &Reader, company: CompanyId, profile: &Traits) -> Result<Vec<Account>, ApiError> {
    let mut found = Vec::new();
    for key in record::keys(|it| profile.get(it)) {
        found.extend(reader.query_user(company, &key).await?);
    }
    Ok(found)
}

fn ids(accounts: &[Account]) -> Vec<UserId> {
    let all: BTreeSet<UserId> = accounts.iter().map(|it| it.id).collect();
    all.into_iter().collect()
}
