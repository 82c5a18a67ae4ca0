//! Users as they are made and described: contract §7.4. Who is in which group is not known here.

use axum::http::StatusCode;
use serde_json::Value;

use super::{
    call::Call,
    model::{Company, Reference, User},
    reply::{Refusal, Reply},
    request::{self, NewProfile, WriteBusinessInfo},
    store::Store,
    wire::{BusinessInfo, Id},
};
use crate::model::ids::{CompanyId, UserId};

const PERSONAS: [&str; 6] = ["UNKNOWN_PERSONA", "EMPLOYEE", "GUEST", "PERSONAL", "RELATIVE", "ADHOC"];

pub(super) fn create(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: NewProfile = call.body()?;
    if !PERSONAS.contains(&&*request.persona) {
        return Err(Refusal::invalid("persona", format!("`{}` is none of {PERSONAS:?}", request.persona)));
    }
    request::check_legacy_roles(&request.roles)?;
    let company = company(store, &request.business_info)?;
    let legal_entity = legal_entity(company, &request.business_info)?;
    let personal = request.personal_info.unwrap_or_default();
    let email = request.business_info.email.or(personal.email);
    let problem = "the sandbox finds people by their e-mail: give one here or in businessInfo";
    let missing = || Refusal::invalid("personalInfo.email", problem);
    let email = email.filter(|it| it.contains('@')).ok_or_else(missing)?;
    let company = company.id;
    refuse_taken(store, company, &email, None)?;
    let name = match &personal.name {
        Some(name) => format!("{} {}", name.given, name.family1),
        None => email.split('@').next().unwrap_or_default().to_owned(),
    };
    let id = UserId(store.new_id("user", company, &email));
    store.add_user(User {
        id,
        email: email.into(),
        name: name.into(),
        company,
        external_id: request.external_id.map(Into::into),
        employee_id: request.business_info.employee_id.map(Into::into),
        active: true,
        persona: request.persona.into(),
        legal_entity,
        legacy_roles: request.roles.into_iter().map(Value::Object).collect(),
        business: request.business_info.more,
        stamps: call.stamps(),
    });
    Reply::json(&Id { id }).map(Reply::created)
}

pub(super) fn business_info(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let (user, company) = call.shown_user(store)?;
    Reply::json(&BusinessInfo::new(user, company))
}

/// Replaces all of it; what is left out is gone.
pub(super) fn put_business_info(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: WriteBusinessInfo = call.body()?;
    let user = call.user(store)?;
    let company = company(store, &request)?;
    if company.id != user.company {
        let problem = "the sandbox does not move users to another company";
        return Err(Refusal::invalid("organizationRef.id", problem));
    }
    let legal_entity = legal_entity(company, &request)?;
    // Users are found by it, so that a user who has one keeps it.
    let email = request.email.unwrap_or_else(|| user.email.to_string());
    refuse_taken(store, company.id, &email, Some(user.id))?;
    store.change_user(user.id, call.stamps(), |user| {
        user.email = email.into();
        user.employee_id = request.employee_id.map(Into::into);
        user.legal_entity = legal_entity;
        user.business = request.more;
    });
    Ok(Reply::Empty(StatusCode::NO_CONTENT))
}

fn company<'s>(store: &'s Store, info: &WriteBusinessInfo) -> Result<&'s Company, Refusal> {
    let company = store.company(CompanyId(info.organization_ref.id.0));
    company.ok_or_else(|| Refusal::invalid("businessInfo.organizationRef.id", "the company does not exist"))
}

fn legal_entity(company: &Company, info: &WriteBusinessInfo) -> Result<Reference, Refusal> {
    let id = info.legal_entity_ref.id.0;
    company.entities().iter().find(|it| it.id == id).cloned().ok_or_else(|| {
        let problem = format!("the company has no legal entity {id}");
        Refusal::invalid("businessInfo.legalEntityRef.id", problem)
    })
}

/// Invented: the documents do not say what happens to an e-mail that another user of the company has.
fn refuse_taken(
    store: &Store,
    company: CompanyId,
    email: &str,
    except: Option<UserId>,
) -> Result<(), Refusal> {
    let folded = email.to_lowercase();
    if store.users_with_email(&folded).any(|it| it.company == company && Some(it.id) != except) {
        return Err(Refusal::invalid("businessInfo.email", "another user of the company has it"));
    }
    Ok(())
}
