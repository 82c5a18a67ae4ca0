//! Users as they are made and described: contract §7.4. Who is in which group is not known here.

use axum::http::StatusCode;
use serde_json::Value;

use super::{
    call::Call,
    dialect::DuplicateUser,
    model::{Company, Reference, User},
    reply::{Refusal, Reply},
    request::{self, NewProfile, PersonalInfo, WriteBusinessInfo, WriteProfile},
    store::Store,
    wire::{BusinessInfo, Id},
};
use crate::model::{
    ids::{CompanyId, UserId, parse_uuid},
    object::Object,
};

const PERSONAS: [&str; 6] = ["UNKNOWN_PERSONA", "EMPLOYEE", "GUEST", "PERSONAL", "RELATIVE", "ADHOC"];
/// The fields of a profile that the sandbox keeps elsewhere, or that follow from what is said elsewhere.
const ELSEWHERE: [&str; 10] = [
    "id",
    "isActive",
    "persona",
    "externalId",
    "businessInfo",
    "roles",
    "travelArrangers",
    "stealthMode",
    "contractingTmcRef",
    "bookingTmcRef",
];
/// The fields of business info that refer to something with a name, beside the company and its legal entity.
const REFERENCES: [&str; 5] = ["departmentRef", "costCenterRef", "officeRef", "gradeRef", "managerRef"];

pub(super) fn create(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: NewProfile = call.body()?;
    let profile = call.object()?;
    known_persona(&request.persona)?;
    request::check_legacy_roles(&request.roles)?;
    let company = company(store, &request.business_info, "businessInfo.")?;
    let legal_entity = legal_entity(company, &request.business_info, "businessInfo.")?;
    let personal = request.personal_info.unwrap_or_default();
    let name = name(&personal);
    let email = request.business_info.email.or(personal.email);
    let problem = "the sandbox finds people by their e-mail: give one here or in businessInfo";
    let missing = || Refusal::invalid("personalInfo.email", problem);
    let email = email.filter(|it| it.contains('@')).ok_or_else(missing)?;
    let company = company.id;
    refuse_taken(store, call, company, ("businessInfo.email", &email), None)?;
    refuse_taken_id(store, call, company, request.external_id.as_deref(), None)?;
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
    let business = business(store, company, profile.read("businessInfo").unwrap_or_default());
    let id = UserId(store.new_id("user", company, &email));
    store.add_user(User {
        id,
        email: email.into(),
        name: name.into(),
        company,
        external_id: request.external_id.map(Into::into),
        employee_id: request.business_info.employee_id.map(Into::into),
        active: request.is_active.unwrap_or(true),
        persona: request.persona.into(),
        legal_entity,
        legacy_roles: request.roles.into_iter().map(Value::Object).collect(),
        business,
        profile: rest(profile),
        stamps: call.stamps(),
    });
    Reply::json(&Id { id }).map(Reply::created)
}

/// Replaces all of the profile; what is left out is gone. Roles are no part of it.
pub(super) fn update(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: WriteProfile = call.body()?;
    let profile = call.object()?;
    known_persona(&request.persona)?;
    let described = described(store, call, &request.business_info, "businessInfo.")?;
    refuse_taken_id(store, call, described.company, request.external_id.as_deref(), Some(described.user))?;
    let business = business(store, described.company, profile.read("businessInfo").unwrap_or_default());
    let name = request.personal_info.as_ref().and_then(name);
    store.change_user(described.user, call.stamps(), |user| {
        user.email = described.email.into();
        user.employee_id = request.business_info.employee_id.map(Into::into);
        user.legal_entity = described.legal_entity;
        user.business = business;
        user.persona = request.persona.into();
        user.external_id = request.external_id.map(Into::into);
        user.profile = rest(profile);
        name.into_iter().for_each(|it| user.name = it.into());
    });
    Ok(Reply::Empty(StatusCode::OK))
}

pub(super) fn business_info(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let (user, company) = call.shown_user(store)?;
    Reply::json(&BusinessInfo::new(user, company))
}

/// Replaces all of it; what is left out is gone.
pub(super) fn put_business_info(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: WriteBusinessInfo = call.body()?;
    call.shown_user(store)?;
    let described = described(store, call, &request, "")?;
    let business = business(store, described.company, call.object()?);
    store.change_user(described.user, call.stamps(), |user| {
        user.email = described.email.into();
        user.employee_id = request.employee_id.map(Into::into);
        user.legal_entity = described.legal_entity;
        user.business = business;
    });
    Ok(Reply::Empty(StatusCode::NO_CONTENT))
}

/// Where somebody who exists is to belong, and by which address to be found.
struct Described {
    user: UserId,
    company: CompanyId,
    legal_entity: Reference,
    email: String,
}

fn described(store: &Store, call: &Call, info: &WriteBusinessInfo, at: &str) -> Result<Described, Refusal> {
    let user = call.user(store)?;
    let company = company(store, info, at)?;
    if company.id != user.company {
        let problem = "the sandbox does not move users to another company";
        return Err(Refusal::invalid(&format!("{at}organizationRef.id"), problem));
    }
    let legal_entity = legal_entity(company, info, at)?;
    // Users are found by it, so that a user who has one keeps it.
    let email = info.email.clone().unwrap_or_else(|| user.email.to_string());
    refuse_taken(store, call, company.id, (&format!("{at}email"), &email), Some(user.id))?;
    Ok(Described { user: user.id, company: company.id, legal_entity, email })
}

fn known_persona(persona: &str) -> Result<(), Refusal> {
    if PERSONAS.contains(&persona) {
        return Ok(());
    }
    Err(Refusal::invalid("persona", format!("`{persona}` is none of {PERSONAS:?}")))
}

/// First and last name in one, as lists sort by it.
pub(super) fn name(personal: &PersonalInfo) -> Option<String> {
    personal.name.as_ref().map(|it| format!("{} {}", it.given, it.family1))
}

/// What of a profile is kept as it came.
fn rest(mut profile: Object) -> Object {
    ELSEWHERE.iter().for_each(|it| profile.remove(it));
    profile.compacted()
}

/// What of business info is kept as it came: references are shown by the name that they have here.
fn business(store: &Store, company: CompanyId, mut info: Object) -> Object {
    for field in ["organizationRef", "legalEntityRef", "email", "employeeId"] {
        info.remove(field);
    }
    let units = store.company(company).map(|it| it.units.as_slice()).unwrap_or_default();
    let named = |mut reference: Object| {
        let id = reference.read::<String>("id").and_then(|it| parse_uuid(&it));
        let unit = id.and_then(|id| units.iter().find(|it| it.id == id)).map(|it| &it.name);
        let name = unit.or_else(|| store.user(UserId(id?)).map(|it| &it.name));
        name.into_iter().for_each(|it| reference.set("name", it));
        reference
    };
    for field in REFERENCES {
        if let Some(reference) = info.read(field) {
            info.set(field, &named(reference));
        }
    }
    if let Some(approvers) = info.read::<Vec<Object>>("designatedApproverRefs") {
        info.set("designatedApproverRefs", &approvers.into_iter().map(named).collect::<Vec<_>>());
    }
    info.compacted()
}

fn company<'s>(store: &'s Store, info: &WriteBusinessInfo, at: &str) -> Result<&'s Company, Refusal> {
    let company = store.company(CompanyId(info.organization_ref.id.0));
    company.ok_or_else(|| Refusal::invalid(&format!("{at}organizationRef.id"), "the company does not exist"))
}

fn legal_entity(company: &Company, info: &WriteBusinessInfo, at: &str) -> Result<Reference, Refusal> {
    let id = info.legal_entity_ref.id.0;
    company.entities().iter().find(|it| it.id == id).cloned().ok_or_else(|| {
        let problem = format!("the company has no legal entity {id}");
        Refusal::invalid(&format!("{at}legalEntityRef.id"), problem)
    })
}

/// Invented: the documents do not say what happens to an e-mail that another user of the company has.
fn refuse_taken(
    store: &Store,
    call: &Call,
    company: CompanyId,
    (field, email): (&str, &str),
    except: Option<UserId>,
) -> Result<(), Refusal> {
    let folded = email.to_lowercase();
    let taken = store.users_with_email(&folded).any(|it| it.company == company && Some(it.id) != except);
    if taken && call.dialect.duplicate_user == DuplicateUser::Reject {
        return Err(Refusal::invalid(field, "another user of the company has it"));
    }
    Ok(())
}

/// The same of an external id, of which the description says that it is unique.
pub(super) fn refuse_taken_id(
    store: &Store,
    call: &Call,
    company: CompanyId,
    id: Option<&str>,
    except: Option<UserId>,
) -> Result<(), Refusal> {
    let others = id.into_iter().flat_map(|it| store.users_with_external_id(it));
    let taken = others.filter(|it| it.company == company && Some(it.id) != except).count() > 0;
    if taken && call.dialect.duplicate_user == DuplicateUser::Reject {
        return Err(Refusal::invalid("externalId", "another user of the company has it"));
    }
    Ok(())
}
