//! One person on the way: looked at before the list of roles outside groups is replaced, and read back after.
//!
//! The API replaces the list whole and knows no version of it. So it must be, just before, to the letter what the
//! plan saw: what somebody else has added meanwhile would be gone, and what nobody understands as well.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use crate::{
    apply::record::Write,
    live::api::{ApiError, Reader},
    model::{
        direct::{DirectRoles, Fields},
        ids::{CompanyId, GroupId, UserId},
        plan::Change,
        selector::PersonPart,
    },
    plan::{held::Held, order::Call},
};

use super::{
    ApplyError, Outcome, Stale,
    attempt::Attempt,
    context::{Newcomers, StepContext},
    group::Trouble,
};

/// How often a list is sent, each time after a look.
pub(super) const ATTEMPTS: u32 = 5;

/// A person who is being changed.
pub(super) struct User<'a> {
    pub(super) change: Change<'a>,
    pub(super) user: UserId,
    pub(super) newcomers: &'a Newcomers,
    /// The groups that the person may be in while the account comes or goes: those of before and after.
    groups: BTreeSet<GroupId>,
    pub(super) attempt: Attempt,
}

impl<'a> User<'a> {
    pub(super) fn new(
        change: Change<'a>,
        user: UserId,
        newcomers: &'a Newcomers,
        held: Option<&Held>,
    ) -> Self {
        let groups = held.into_iter().flat_map(|it| it.groups.iter().flatten());
        let groups = groups.filter_map(|it| change.index().group(*it).id).collect();
        Self { change, user, newcomers, groups, attempt: Attempt::default() }
    }

    /// Makes one call.
    pub(super) async fn make(&mut self, context: StepContext<'_>, call: &Call) -> Outcome {
        self.attempt = Attempt::default();
        let reader = &context.client.reader;
        let made = match call {
            Call::PutDirectRoles { company, roles, .. } => match self.check(reader).await {
                Ok(()) => self.put(context, *company, roles).await,
                Err(trouble) => Err(trouble),
            },
            Call::PutPerson { company, part: PersonPart::Account, .. } if self.is_new() => {
                self.create(context, *company).await
            }
            Call::PutPerson { company, part, .. } => match self.check_held(reader, *part).await {
                Ok(()) => self.put_part(context, *company, *part).await,
                Err(trouble) => Err(trouble),
            },
            _ => return Outcome::Done,
        };
        let wrote = |it: &Self| it.attempt.wrote;
        match made {
            Ok(()) => Outcome::Done,
            Err(Trouble::Stale(how)) => Outcome::Stale { how, wrote: wrote(self) },
            Err(Trouble::Error(ApplyError::Halted)) => Outcome::Halted,
            Err(Trouble::Error(error)) => match self.overtaken(reader, call, &error).await {
                Some(how) => Outcome::Stale { how, wrote: wrote(self) },
                None => Outcome::Failed { error, wrote: wrote(self) },
            },
        }
    }

    /// Looks whether the list is what the plan saw.
    async fn check(&self, reader: &Reader) -> Result<(), Trouble> {
        match self.look(reader).await? {
            Some(now) if now.same_spelling(&self.change.direct_before()) => Ok(()),
            Some(_) => Err(Trouble::Stale(Stale::DirectRoles)),
            None => Err(Trouble::Stale(Stale::UserGone)),
        }
    }

    /// Looks, just before an account comes or goes, whether the person holds nothing that the plan did not see: who comes back
    /// would be given it, and who leaves would keep it. What this run has taken may still be shown.
    async fn check_held(&self, reader: &Reader, part: PersonPart) -> Result<(), Trouble> {
        if part != PersonPart::Account {
            return Ok(());
        }
        let groups = match reader.groups_of_user(self.user).await {
            Err(ApiError::Refused { status: 404, .. }) => return Err(Trouble::Stale(Stale::UserGone)),
            groups => groups?,
        };
        let own = groups.iter().filter(|it| it.company == self.change.company());
        let others = own.filter(|it| !self.groups.contains(&it.id)).count();
        if others > 0 {
            return Err(Trouble::Stale(Stale::Groups(others)));
        }
        let roles = match self.look(reader).await {
            // Of whom the token may not know it, it was not known before.
            Err(error) if error.refused() == Some(403) => None,
            roles => roles?,
        };
        match roles {
            Some(now) if !now.same_spelling(&self.change.direct_before()) && !self.is_after(&now) => {
                Err(Trouble::Stale(Stale::DirectRoles))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether these are the direct roles that the person shall have.
    fn is_after(&self, roles: &DirectRoles) -> bool {
        *roles == self.change.direct_after().with_users(|it| self.newcomers.id(it))
    }

    /// Returns what the user holds; `None` where the API does not say, or no longer knows the user.
    async fn look(&self, reader: &Reader) -> Result<Option<DirectRoles>, ApiError> {
        match reader.direct_roles(self.user).await {
            Err(ApiError::Refused { status: 404, .. }) => Ok(None),
            roles => roles,
        }
    }

    /// Returns how it has changed under a write that was refused, if that is why it was.
    async fn overtaken(&self, reader: &Reader, call: &Call, error: &ApplyError) -> Option<Stale> {
        let ApplyError::Api(ApiError::Refused { status: 400 | 404 | 409 | 422, .. }) = error else {
            return None;
        };
        let seen = match call {
            // There is nothing yet that could have changed.
            Call::PutPerson { part: PersonPart::Account, .. } if self.is_new() => return None,
            Call::PutPerson { part, .. } => self.check_part(reader, *part).await,
            _ => self.check(reader).await,
        };
        match seen {
            Err(Trouble::Stale(stale)) => Some(stale),
            Ok(()) | Err(Trouble::Error(_)) => None,
        }
    }

    /// Replaces the list. Where that fails, it is sent again only after one more look: whatever the answer
    /// was, in the meantime somebody else may have changed what it would overwrite.
    async fn put(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        roles: &DirectRoles,
    ) -> Result<(), Trouble> {
        let mut token_refused = false;
        let mut fields = Fields::Current;
        for _ in 1..ATTEMPTS {
            let Err(error) = self.send(context, company, roles, fields).await? else { return Ok(()) };
            let wait = match error.refused() {
                // It insists on a field that the official description does not want from who writes.
                Some(400) if error.said().any(|it| fields.misses(it)) => {
                    fields = Fields::AsRead;
                    Some(Duration::ZERO)
                }
                // There is another token by now, if there can be one.
                Some(401) if !token_refused => {
                    token_refused = true;
                    Some(Duration::ZERO)
                }
                _ => error.again_after(),
            };
            let Some(wait) = wait else { return Err(error.into()) };
            context.client.writer.wait(wait).await;
            tracing::debug!("looking what the person holds");
            match self.look(&context.client.reader).await? {
                Some(now) if error.ambiguous() && now == *roles => return Ok(()),
                Some(now) if now.same_spelling(&self.change.direct_before()) => {
                    Attempt::again(context, error)?;
                }
                Some(_) | None if error.ambiguous() => return Err(ApplyError::HalfWay.into()),
                Some(_) => return Err(Trouble::Stale(Stale::DirectRoles)),
                None => return Err(Trouble::Stale(Stale::UserGone)),
            }
        }
        Ok(self.send(context, company, roles, fields).await??)
    }

    async fn send(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        roles: &DirectRoles,
        fields: Fields,
    ) -> Result<Result<(), ApiError>, ApplyError> {
        let user = self.user;
        let sent = roles.sent(fields);
        let noted: Vec<Value> = sent.iter().filter_map(|it| serde_json::from_str(it.get()).ok()).collect();
        let (writer, id) =
            self.attempt.begin(context, Write::PutDirectRoles { company, user, roles: noted })?;
        let result = writer.put_direct_roles(user, &sent).await;
        Ok(self.attempt.end(context, &id, result, None))
    }

    /// Compares what the person is and holds with what it shall be, once that was written.
    pub(super) async fn read_back(&self, reader: &Reader) -> Result<Option<Stale>, ApplyError> {
        if let Some(stale) = self.read_back_parts(reader).await? {
            return Ok(Some(stale));
        }
        if self.change.direct().next().is_none() {
            return Ok(None);
        }
        Ok(match self.look(reader).await? {
            // The roles of who is not active are not told by all.
            None if self.change.leaves() => None,
            Some(now) => (!self.is_after(&now)).then_some(Stale::DirectRoles),
            None => Some(Stale::UserGone),
        })
    }
}
