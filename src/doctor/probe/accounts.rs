//! Learns what becomes of an account that is deleted (contract §7.4), on an account of its own.
//!
//! The account is nobody's: it has no role and is in no group. What it cannot learn without it, it says that it left.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Halt, PREFIX, SETTLE};
use crate::{
    doctor::learned::{Finding, Left, Probed},
    live::api::{ApiError, Part, Reader, Writer, attributes},
    model::{
        dialect::UserDelete,
        ids::{CompanyId, Email, PersonRef, UserId},
        selector::{Attribute, PersonPart, Traits},
    },
};

/// What a probe of accounts needs.
#[expect(missing_docs, reason = "the names say it")]
pub struct Accounts<'a> {
    pub reader: &'a Reader,
    pub writer: &'a Writer,
    pub company: CompanyId,
    /// The address of the account that it makes.
    pub address: Email,
    /// Where the account belongs.
    pub legal_entity: Box<str>,
    /// Ends it early, with the account deleted.
    pub stop: &'a AtomicBool,
}

/// Returns the address for a probe's account, of the domain of somebody who is there, and the legal entity of that person;
/// `None` where either is not told.
///
/// # Errors
/// What reading the person gives.
pub async fn beside(
    reader: &Reader,
    user: UserId,
    name: &str,
) -> Result<Option<(Email, Box<str>)>, ApiError> {
    let business = reader.part(user, Part::BusinessInfo).await?;
    let entity = attributes::traits(PersonPart::BusinessInfo, &business);
    let domain = business.read::<String>("email").and_then(|it| it.split_once('@').map(|it| it.1.to_owned()));
    let address = domain.and_then(|it| format!("{name}@{it}").parse().ok());
    Ok(address.zip(entity.get(Attribute::LegalEntity).map(Into::into)))
}

/// Makes an account, deletes it, looks whether it comes back, and deletes it once more.
pub async fn accounts(job: Accounts<'_>) -> (Probed, Option<Halt>) {
    let mut probed = Probed { of_accounts: true, ..Probed::default() };
    let halt = match create(&job).await {
        Ok(user) => {
            let halt = learn(&job, user, &mut probed).await.err();
            leave(&job, user, &mut probed).await;
            halt
        }
        Err(error) => Some(Halt::Failed(error)),
    };
    probed.cut_short = halt.as_ref().map(|it| match it {
        Halt::Asked => "it was interrupted".to_owned(),
        Halt::Failed(error) => error.to_string(),
        Halt::Unsafe(why) => why.clone(),
    });
    (probed, halt)
}

/// Makes the account; where the answer is lost, the one that is there by then is it: nobody else has such an address.
async fn create(job: &Accounts<'_>) -> Result<UserId, ApiError> {
    let mut profile = Traits::default();
    for (attribute, value) in [
        (Attribute::Active, "true"),
        (Attribute::Email, job.address.as_str()),
        (Attribute::FirstName, "Rolecall"),
        (Attribute::LastName, "Probe"),
        (Attribute::Persona, "EMPLOYEE"),
        (Attribute::LegalEntity, &job.legal_entity),
    ] {
        profile.put(attribute, value);
    }
    let error = match job.writer.create_user(&attributes::profile(job.company, &profile)).await {
        Ok(user) => return Ok(user),
        Err(error) => error,
    };
    let found = job.reader.query_user(job.company, &PersonRef::Email(job.address.clone())).await?;
    match &found[..] {
        [one] if error.ambiguous() => Ok(one.id),
        _ => Err(error),
    }
}

/// Whether the account is active; `None` where the API does not show it any more.
async fn is_active(job: &Accounts<'_>, user: UserId) -> Result<Option<bool>, ApiError> {
    match job.reader.part(user, Part::Profile).await {
        Ok(profile) => Ok(profile.read("isActive")),
        Err(ApiError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same, once more where it is not what a write was meant to do: what was written may show later.
async fn settled(job: &Accounts<'_>, user: UserId, wished: bool) -> Result<Option<bool>, ApiError> {
    let first = is_active(job, user).await?;
    if first == Some(wished) {
        return Ok(first);
    }
    tokio::time::sleep(SETTLE).await;
    is_active(job, user).await
}

async fn learn(job: &Accounts<'_>, user: UserId, probed: &mut Probed) -> Result<(), Halt> {
    let mut found = |verdict: &str, fact: &str| {
        probed.findings.push(Finding {
            name: "user delete",
            verdict: verdict.to_owned(),
            fact: fact.to_owned(),
        });
    };
    go_on(job)?;
    if let Err(error) = job.writer.delete_user(user).await {
        let status = error.refused().ok_or(error)?;
        found("unknown", &format!("DELETE was refused ({status})"));
        return Ok(());
    }
    match settled(job, user, false).await? {
        Some(false) => (),
        Some(true) => {
            found("unknown", "DELETE was accepted, and the account is active all the same");
            return Ok(());
        }
        None => {
            found("unknown", "a deleted account is not shown any more, with `includeInactive` neither");
            return Ok(());
        }
    }
    go_on(job)?;
    if let Err(error) = job.writer.activate_user(user).await {
        let status = error.refused().ok_or(error)?;
        found(
            "unknown",
            &format!("a deleted account is inactive, and to activate it was refused ({status})"),
        );
        return Ok(());
    }
    if settled(job, user, true).await? == Some(true) {
        probed.learned.user_delete = Some(UserDelete::Deactivates);
        let fact = "a deleted account is inactive, and active again once it is activated";
        probed.findings.push(Finding {
            name: "user delete",
            verdict: "deactivates".to_owned(),
            fact: fact.to_owned(),
        });
    } else {
        found("unknown", "a deleted account is inactive, and stays so where it is activated");
    }
    Ok(())
}

fn go_on(job: &Accounts<'_>) -> Result<(), Halt> {
    if job.stop.load(Ordering::Relaxed) { Err(Halt::Asked) } else { Ok(()) }
}

/// Deletes the account, and says what is left of it.
async fn leave(job: &Accounts<'_>, user: UserId, probed: &mut Probed) {
    let deleted = job.writer.delete_user(user).await;
    let shown = settled(job, user, false).await;
    let why = match (deleted, shown) {
        (_, Ok(None)) => return probed.deleted.push(job.address.to_string()),
        (_, Ok(Some(false))) => {
            probed.deactivated.push(format!("{} (user {user})", job.address));
            return;
        }
        (Err(error), _) | (Ok(()), Err(error)) => error.to_string(),
        (Ok(()), Ok(Some(true))) => "it is active all the same".to_owned(),
    };
    probed.left.push(Left { id: user.to_string(), name: job.address.to_string(), why });
}

/// Says what a probe of accounts does before it is done.
pub fn intent(company: &str, host: &str, address: &Email) -> String {
    let show = crate::model::escape::terminal;
    format!(
        "In {} at {}, rolecall will\n  \
         - make an account for {}, which gets no role and joins no group;\n  \
         - delete it, look whether it is shown as inactive, activate it, and delete it again.\n\
         An account that is only deactivated stays so: the API knows no way to erase it. Its name begins with {PREFIX}.",
        show(company),
        show(host),
        show(address.as_str()),
    )
}
