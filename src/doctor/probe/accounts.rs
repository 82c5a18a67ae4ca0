//! Learns what becomes of an account that is deleted (contract §7.4), on an account of its own.
//!
//! The account is nobody's: it has no role and is in no group. Each probe of a company uses the same one, which is found by
//! its address, so that what a probe left that was killed is found as well. Nothing is done to an account of that address
//! that is not as a probe makes it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::{Halt, NotPrepared, PREFIX, SETTLE};
use crate::{
    doctor::learned::{Finding, Left, Probed},
    live::api::{ApiError, Part, Reader, Writer, attributes},
    model::{
        dialect::UserDelete,
        ids::{CompanyId, Email, PersonRef, UserId},
        selector::{Attribute, PersonPart, Traits},
    },
};

/// First and last name of a probe's account.
const NAME: [(Attribute, &str); 2] = [(Attribute::FirstName, "Rolecall"), (Attribute::LastName, "Probe")];

/// What a probe of accounts needs.
#[expect(missing_docs, reason = "the names say it")]
pub struct Accounts<'a> {
    pub reader: &'a Reader,
    pub writer: &'a Writer,
    pub company: CompanyId,
    /// The address of its account.
    pub address: Email,
    /// The account, where an earlier probe made it.
    pub earlier: Option<Earlier>,
    /// Where the account belongs.
    pub legal_entity: Box<str>,
    /// Ends it early, with the account deleted.
    pub stop: &'a AtomicBool,
}

/// The account of an earlier probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Earlier {
    pub user: UserId,
    /// It was killed before it was done with it.
    pub active: bool,
}

/// Returns the address of the account of every probe of a company, of the domain of somebody who is there, and the legal
/// entity of that person; `None` where either is not told.
///
/// # Errors
/// What reading the person gives.
pub async fn beside(
    reader: &Reader,
    company: CompanyId,
    user: UserId,
) -> Result<Option<(Email, Box<str>)>, ApiError> {
    let business = reader.part(user, Part::BusinessInfo).await?;
    let entity = attributes::traits(PersonPart::BusinessInfo, &business);
    let domain = business.read::<String>("email").and_then(|it| it.split_once('@').map(|it| it.1.to_owned()));
    // Another company may have people of the same domain, and a probe of its own.
    let name = format!("{PREFIX}{:.8}", company.0.simple().to_string());
    let address = domain.and_then(|it| format!("{name}@{it}").parse().ok());
    Ok(address.zip(entity.get(Attribute::LegalEntity).map(Into::into)))
}

/// Returns the account that an earlier probe made: the one of the address, if all that makes it one is told of it.
///
/// # Errors
/// What reading gives, and [`NotPrepared::Taken`] where an account of the address may be somebody's.
pub async fn earlier(
    reader: &Reader,
    company: CompanyId,
    address: &Email,
) -> Result<Option<Earlier>, NotPrepared> {
    let taken = |why: &str| Err(NotPrepared::Taken(address.clone(), why.to_owned()));
    let user = match &reader.query_user(company, &PersonRef::Email(address.clone())).await?[..] {
        [] => return Ok(None),
        [one] if one.company == Some(company) => one.id,
        [_] => return taken("of another company"),
        several => return taken(&format!("one of {} that have it", several.len())),
    };
    let profile = match reader.part(user, Part::Profile).await {
        Err(ApiError::Refused { status: 403 | 404, .. }) => return taken("not shown to this token"),
        profile => profile?,
    };
    let account = attributes::traits(PersonPart::Account, &profile);
    if NAME.iter().any(|(attribute, name)| account.get(*attribute) != Some(name)) {
        return taken("of somebody with another name than Rolecall Probe");
    }
    let Some(active) = profile.read("isActive") else { return taken("active or not, which is not told") };
    let roles = match reader.part(user, Part::Roles).await {
        // The roles of who is not active are not told by all, and a profile holds them as well.
        Err(ApiError::Refused { status: 404, .. }) => profile.read::<Vec<Value>>("roles"),
        roles => roles?.read("roles"),
    };
    match roles {
        Some(roles) if roles.is_empty() => (),
        Some(_) => return taken("of somebody with direct roles"),
        None => return taken("of somebody whose direct roles are not told"),
    }
    if !reader.groups_of_user(user).await?.is_empty() {
        return taken("in a group");
    }
    Ok(Some(Earlier { user, active }))
}

/// Makes an account, or takes that of an earlier probe, deletes it, looks whether it comes back, and deletes it once more.
pub async fn accounts(job: Accounts<'_>) -> (Probed, Option<Halt>) {
    let mut probed = Probed { of_accounts: true, ..Probed::default() };
    let halt = match own(&job, &mut probed).await {
        Ok(user) => {
            let halt = learn(&job, user, &mut probed).await.err();
            leave(&job, user, &mut probed).await;
            halt
        }
        Err(halt) => Some(halt),
    };
    probed.cut_short = halt.as_ref().map(|it| match it {
        Halt::Asked => "it was interrupted".to_owned(),
        Halt::Failed(error) => error.to_string(),
        Halt::Unsafe(why) => why.clone(),
    });
    (probed, halt)
}

/// The account to try with: that of an earlier probe, if it still is what was agreed to, or a new one.
async fn own(job: &Accounts<'_>, probed: &mut Probed) -> Result<UserId, Halt> {
    let now = match earlier(job.reader, job.company, &job.address).await {
        Ok(now) => now,
        Err(NotPrepared::Api(error)) => return Err(Halt::Failed(error)),
        Err(other) => return Err(Halt::Unsafe(other.to_string())),
    };
    if now != job.earlier {
        return Err(Halt::Unsafe(format!(
            "the account {} is otherwise by now; nothing was written",
            job.address
        )));
    }
    let Some(Earlier { user, active }) = now else { return create(job, probed).await };
    if active {
        let why = "still active, as that probe did not end".to_owned();
        probed.earlier.push(Left { id: user.to_string(), name: job.address.to_string(), why });
    }
    Ok(user)
}

/// Makes the account; where the answer is lost, the one that is there by then is it, if it is as it was to be made.
async fn create(job: &Accounts<'_>, probed: &mut Probed) -> Result<UserId, Halt> {
    let mut profile = Traits::default();
    for (attribute, value) in NAME.into_iter().chain([
        (Attribute::Active, "true"),
        (Attribute::Email, job.address.as_str()),
        (Attribute::Persona, "EMPLOYEE"),
        (Attribute::LegalEntity, &*job.legal_entity),
    ]) {
        profile.put(attribute, value);
    }
    let error = match job.writer.create_user(&attributes::profile(job.company, &profile)).await {
        Ok(user) => return Ok(user),
        Err(error) => error,
    };
    if error.ambiguous() {
        if let Ok(Some(made)) = earlier(job.reader, job.company, &job.address).await {
            return Ok(made.user);
        }
        let why = "its creation was never answered, and it may still come".to_owned();
        probed.left.push(Left { id: String::new(), name: job.address.to_string(), why });
    }
    Err(Halt::Failed(error))
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

fn found(probed: &mut Probed, verdict: &str, fact: impl Into<String>) {
    probed.findings.push(Finding { name: "user delete", verdict: verdict.to_owned(), fact: fact.into() });
}

async fn learn(job: &Accounts<'_>, user: UserId, probed: &mut Probed) -> Result<(), Halt> {
    // Who deleted that of an earlier probe is not known, so that it shows something only once it is deleted here.
    if job.earlier.is_some_and(|it| !it.active) && !comes_back(job, user, probed).await? {
        return Ok(());
    }
    go_on(job)?;
    if let Err(error) = job.writer.delete_user(user).await {
        let status = error.refused().ok_or(error)?;
        found(probed, "unknown", format!("DELETE was refused ({status})"));
        return Ok(());
    }
    match settled(job, user, false).await? {
        Some(false) => (),
        Some(true) => {
            found(probed, "unknown", "DELETE was accepted, and the account is active all the same");
            return Ok(());
        }
        None => {
            found(
                probed,
                "unknown",
                "a deleted account is not shown any more, with `includeInactive` neither",
            );
            return Ok(());
        }
    }
    if comes_back(job, user, probed).await? {
        probed.learned.user_delete = Some(UserDelete::Deactivates);
        found(probed, "deactivates", "a deleted account is inactive, and active again once it is activated");
    }
    Ok(())
}

/// Activates the account, and says why where it is not active after that.
async fn comes_back(job: &Accounts<'_>, user: UserId, probed: &mut Probed) -> Result<bool, Halt> {
    go_on(job)?;
    if let Err(error) = job.writer.activate_user(user).await {
        let status = error.refused().ok_or(error)?;
        let fact = format!("a deleted account is inactive, and to activate it was refused ({status})");
        found(probed, "unknown", fact);
        return Ok(false);
    }
    if settled(job, user, true).await? == Some(true) {
        return Ok(true);
    }
    found(probed, "unknown", "a deleted account is inactive, and stays so where it is activated");
    Ok(false)
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
pub fn intent(company: &str, host: &str, address: &Email, earlier: Option<Earlier>) -> String {
    let show = crate::model::escape::terminal;
    let address = show(address.as_str());
    let first = match earlier {
        None => format!("make an account for {address}, which gets no role and joins no group"),
        Some(Earlier { user, active: false }) => format!(
            "activate the account {address} (user {user}) that an earlier probe\n    \
             made: it has no role and is in no group"
        ),
        Some(Earlier { user, active: true }) => format!(
            "take the account {address} (user {user}) that an earlier probe\n    \
             left active: it has no role and is in no group"
        ),
    };
    format!(
        "In {} at {}, rolecall will\n  \
         - {first};\n  \
         - delete it, look whether it is shown as inactive, activate it, and delete it again.\n\
         An account that is only deactivated stays so, and the next probe takes it again: the API knows no way\n\
         to erase it. No other account is touched.",
        show(company),
        show(host),
    )
}
