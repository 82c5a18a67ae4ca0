//! An account that comes: exactly one for its address and external id.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    apply::record::Write,
    live::api::{ApiError, Reader, attributes},
    model::{
        ids::{CompanyId, PersonKey, PersonRef, UserId},
        observed::User as Account,
        selector::{Attribute, PersonPart, Traits},
        state::Edit,
    },
};

use super::{
    ApplyError, Stale,
    attempt::{Attempt, Made},
    context::StepContext,
    group::Trouble,
    settling::Settling,
    user::User,
};

impl User<'_> {
    /// Whether the account is still to be made.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.change.account(), Some([None, Some(_)]))
    }

    /// What the person is to be.
    fn profile(&self) -> Traits {
        let mut profile = Traits::default();
        // Which mails the person gets is written once there is an account.
        let is_of_account = |it: &&Edit| it.part() != Some(PersonPart::NotificationPreferences);
        for edit in self.change.traits().filter(is_of_account) {
            if let (Some(attribute), [_, Some(value)]) = (edit.attribute(), edit.traits()) {
                profile.put(attribute, value);
            }
        }
        profile
    }

    /// Creates the account once: looks for its keys before, and again if the answer is lost (contract §1.3).
    pub(super) async fn create(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
    ) -> Result<(), Trouble> {
        let (profile, reader) = (self.profile(), &context.client.reader);
        let found = known(reader, company, &profile).await?;
        if !found.is_empty() {
            return Err(Trouble::Stale(Stale::PersonAppeared(found)));
        }
        let mut failed = 0;
        let id = loop {
            let error = match self.send_create(context, company, &profile).await? {
                Ok(id) => break id,
                // Which account was made, if any, is nothing to guess at.
                Err(error @ ApiError::Another { .. }) => return Err(error.into()),
                Err(error) if error.ambiguous() || failed > 0 => error,
                Err(error) => return Err(error.into()),
            };
            failed += 1;
            let hope = context.client.writer.before_look(error, failed).await;
            tracing::debug!("looking whether the account was created");
            let mut settling = Settling::new(context.job);
            let found = loop {
                match known(reader, company, &profile).await?[..] {
                    [one] => break Some(one),
                    [] => (),
                    ref several => return Err(Trouble::Stale(Stale::PersonAppeared(several.to_vec()))),
                }
                // As long as it may be sent again a short wait will do: the API refuses a second of one address, or it is seen
                // by the next look.
                if hope.is_ok() || !settling.pause().await {
                    break None;
                }
            };
            if let Some(id) = found {
                break id;
            }
            Attempt::again(context, hope?)?;
        };
        // Nothing is given to an account before it is seen, alone: of two, which is which nobody knows.
        let mut settling = Settling::new(context.job);
        loop {
            match known(reader, company, &profile).await?[..] {
                [one] if one == id => break,
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

/// Everybody of a company who has the address or the external id, active or not.
async fn known(reader: &Reader, company: CompanyId, profile: &Traits) -> Result<Vec<UserId>, ApiError> {
    let keys = [(PersonKey::Email, Attribute::Email), (PersonKey::ExternalId, Attribute::ExternalId)];
    let keys = keys.into_iter().filter_map(|it| PersonRef::by(it.0, profile.get(it.1)?).ok());
    let mut found: BTreeSet<UserId> = BTreeSet::new();
    for key in keys.collect::<Vec<_>>() {
        let users: Vec<Account> = reader.query_user(company, &key).await?;
        found.extend(users.iter().map(|it| it.id));
    }
    Ok(found.into_iter().collect())
}
