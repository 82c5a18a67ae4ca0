//! What one person is on the way: a part is read whole, what the plan changes is put into it, and it is written back.
//!
//! The API replaces a part whole and knows no version of it. So what the plan changes must be, just before, what the plan
//! saw of it, and everything else goes back to the letter as it came.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use crate::{
    apply::record::Write,
    live::api::{ApiError, Reader, attributes},
    model::{
        acting,
        ids::CompanyId,
        object::Object,
        selector::{Attribute, PersonPart, Traits},
        state::Edit,
    },
};

use super::{
    ApplyError, Stale,
    attempt::Attempt,
    context::StepContext,
    group::Trouble,
    user::{ATTEMPTS, User},
};

impl User<'_> {
    /// What changes of a part: what it is before and after, with the ids that the API gave.
    fn edits(&self, part: PersonPart) -> impl Iterator<Item = (Attribute, [Option<Cow<'_, str>>; 2])> {
        let all = self.change.traits().filter(move |it| it.part() == Some(part));
        all.filter_map(|it| {
            let attribute = it.attribute()?;
            let given = |it| acting::with_users(attribute, it, |it| self.newcomers.id(it));
            Some((attribute, it.traits().map(|it| it.map(given))))
        })
    }

    /// Whether all that changes of a part is already what it shall be.
    fn is_made(&self, part: PersonPart, now: &Traits) -> bool {
        self.edits(part).all(|(attribute, [_, after])| is(attribute, after.as_deref(), now))
    }

    /// Whether all that changes of a part is what the plan saw, or already what it shall be: a new account is made with most of
    /// it.
    fn is_seen(&self, part: PersonPart, now: &Traits) -> bool {
        self.edits(part).all(|(attribute, sides)| sides.iter().any(|it| is(attribute, it.as_deref(), now)))
    }

    /// Returns a part as it is; `None` where the API does not show the person.
    async fn part(&self, reader: &Reader, part: PersonPart) -> Result<Option<(Object, Traits)>, ApiError> {
        match reader.part(self.user, part.shown_by()).await {
            Ok(object) => {
                let now = attributes::traits(part, &object);
                Ok(Some((object, now)))
            }
            Err(ApiError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes what changes of a part. Where that fails it is sent again only after one more look: whatever the answer was, it
    /// may have been made, and somebody else may have changed it since.
    pub(super) async fn put_part(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        part: PersonPart,
    ) -> Result<(), Trouble> {
        let (mut failed, mut token_refused): (Option<ApiError>, bool) = (None, false);
        for n in 1..=ATTEMPTS {
            let Some((object, now)) = self.part(&context.client.reader, part).await? else {
                return Err(Trouble::Stale(Stale::UserGone));
            };
            if self.is_made(part, &now) {
                return Ok(());
            }
            if !self.is_seen(part, &now) {
                let is_ours = failed.is_some_and(|it| it.ambiguous());
                return Err(if is_ours { ApplyError::HalfWay.into() } else { Trouble::Stale(Stale::Person) });
            }
            if let Some(error) = failed.take() {
                Attempt::again(context, error)?;
            }
            let Err(error) = self.send_part(context, company, part, object).await? else { return Ok(()) };
            let wait = match error.refused() {
                // There is another token by now, if there can be one.
                Some(401) if !token_refused => {
                    token_refused = true;
                    Some(Duration::ZERO)
                }
                _ => error.again_after(),
            };
            let Some(wait) = wait.filter(|_| n < ATTEMPTS) else { return Err(error.into()) };
            context.client.writer.wait(wait).await;
            failed = Some(error);
        }
        Ok(())
    }

    async fn send_part(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        part: PersonPart,
        mut object: Object,
    ) -> Result<Result<(), ApiError>, ApplyError> {
        let (user, mut activates) = (self.user, false);
        let mut attributes: BTreeMap<Attribute, Option<Box<str>>> = BTreeMap::new();
        for (attribute, [_, after]) in self.edits(part) {
            let after = after.as_deref();
            attributes::put(attribute, after, &mut object);
            activates |= attribute == Attribute::Active && after == Some("true");
            attributes.insert(attribute, after.map(Into::into));
        }
        if part == PersonPart::ExternalId {
            // The operation takes nothing else.
            let after = attributes.get(&Attribute::ExternalId).and_then(Option::as_deref);
            object = Object::default();
            attributes::put(Attribute::ExternalId, after, &mut object);
        }
        let (writer, id) =
            self.attempt.begin(context, Write::PutPerson { company, user, part, attributes })?;
        let result = match part {
            PersonPart::Account if activates => writer.activate_user(user).await,
            PersonPart::Account => writer.delete_user(user).await,
            PersonPart::ExternalId | PersonPart::BusinessInfo | PersonPart::NotificationPreferences => {
                writer.put_part(user, part.of_api(), &object).await
            }
        };
        Ok(self.attempt.end(context, &id, result, None))
    }

    /// Looks whether what changes of a part is what the plan saw.
    pub(super) async fn check_part(&self, reader: &Reader, part: PersonPart) -> Result<(), Trouble> {
        match self.part(reader, part).await? {
            Some((_, now)) if self.is_seen(part, &now) => Ok(()),
            Some(_) => Err(Trouble::Stale(Stale::Person)),
            None => Err(Trouble::Stale(Stale::UserGone)),
        }
    }

    /// Compares what the person is with what it shall be.
    pub(super) async fn read_back_parts(&self, reader: &Reader) -> Result<Option<Stale>, ApplyError> {
        let mut parts: Vec<PersonPart> = self.change.traits().filter_map(Edit::part).collect();
        parts.sort_unstable();
        parts.dedup();
        for part in parts {
            match self.part(reader, part).await? {
                Some((_, now)) if self.is_made(part, &now) => (),
                Some(_) => return Ok(Some(Stale::Person)),
                None => return Ok(Some(Stale::UserGone)),
            }
        }
        Ok(None)
    }
}

/// Whether an attribute is what it was, or shall be.
fn is(attribute: Attribute, then: Option<&str>, now: &Traits) -> bool {
    match (then, now.get(attribute)) {
        // Of an account that was not there it was not known what it begins with.
        (None, now) if attribute.notification().is_some() => now.is_some(),
        (then, now) => attribute.same(then, now),
    }
}
