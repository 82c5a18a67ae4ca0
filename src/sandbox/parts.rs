//! The parts of a person that are read and replaced one by one (contract §7.4): kept as they were put, to the letter.
//! Who belongs where is `profiles`.

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    call::Call,
    model::{User, derived_id},
    profiles,
    reply::{Refusal, Reply},
    request::{ExternalId, MembershipInfo, NotificationPreferences, PersonalInfo, TravelPreferences},
    route::Route,
    store::Store,
};
use crate::model::object::Object;

/// The field of the profile that is this part, and what there is of it where nothing was ever put.
fn part(route: Route) -> (&'static str, Value) {
    match route {
        Route::GetTravelPreferences | Route::PutTravelPreferences => {
            ("travelPreferences", json!({ "preferences": {} }))
        }
        Route::GetMembershipInfo | Route::PutMembershipInfo => {
            ("membershipInfo", json!({ "membershipInfos": [] }))
        }
        Route::GetNotificationPreferences | Route::PutNotificationPreferences => {
            ("notificationPreferences", json!({ "preferences": [] }))
        }
        _ => ("personalInfo", json!({})),
    }
}

/// Where the operation takes the flag, somebody inactive is shown only with it; the others do not tell the two apart.
fn user<'s>(store: &'s Store, call: &Call) -> Result<&'s User, Refusal> {
    match call.route {
        Route::GetPersonalInfo | Route::PutPersonalInfo | Route::GetExternalId | Route::PutExternalId => {
            Ok(call.shown_user(store)?.0)
        }
        _ => call.user(store),
    }
}

pub(super) fn get(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let user = user(store, call)?;
    if call.route == Route::GetPersonalInfo {
        return Reply::json(&user.personal());
    }
    let (field, nothing) = part(call.route);
    Reply::json(&user.profile.read(field).unwrap_or_else(|| Object::of(&nothing)))
}

/// Replaces all of it; what is left out is gone.
pub(super) fn put(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let mut name = None;
    let status = match call.route {
        Route::PutTravelPreferences => call.body::<TravelPreferences>().map(|_| StatusCode::NO_CONTENT)?,
        Route::PutMembershipInfo => call.body::<MembershipInfo>().map(|_| StatusCode::NO_CONTENT)?,
        Route::PutNotificationPreferences => {
            call.body::<NotificationPreferences>().map(|_| StatusCode::OK)?
        }
        _ => {
            name = profiles::name(&call.body::<PersonalInfo>()?);
            StatusCode::OK
        }
    };
    let object = call.object()?.compacted();
    let id = user(store, call)?.id;
    store.change_user(id, call.stamps(), |user| {
        user.profile.set(part(call.route).0, &object);
        name.into_iter().for_each(|it| user.name = it.into());
    });
    Ok(Reply::Empty(status))
}

pub(super) fn external_id(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let id = user(store, call)?.external_id.as_deref();
    Reply::json(&json!({ "externalId": id.unwrap_or_default() }))
}

pub(super) fn put_external_id(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let ExternalId { external_id } = call.body()?;
    let external_id = Some(external_id).filter(|it| !it.is_empty());
    let user = user(store, call)?;
    let (id, company) = (user.id, user.company);
    profiles::refuse_taken_id(store, call, company, external_id.as_deref(), Some(id))?;
    store.change_user(id, call.stamps(), |user| user.external_id = external_id.map(Into::into));
    Ok(Reply::Empty(StatusCode::OK))
}

/// Everybody whose role of an arranger names the user.
pub(super) fn travel_arrangers(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    #[derive(Serialize)]
    struct Arrangers {
        #[serde(rename = "travelArrangers")]
        all: Vec<Value>,
    }
    let id = user(store, call)?.id.to_string();
    let is_of = |entry: &Value| {
        let user = &entry["userId"];
        user.as_str().or_else(|| user["id"].as_str()) == Some(&*id)
    };
    let arranges = |user: &&User| {
        let lists = user.legacy_roles.iter().filter_map(|it| it["metadata"]["arrangerFor"].as_array());
        lists.flatten().any(is_of)
    };
    let shown = |user: &User| {
        let personal = user.personal();
        json!({ "userId": { "id": user.id }, "name": personal.read::<Value>("name"), "email": user.email, "status": "ACCEPTED" })
    };
    Reply::json(&Arrangers { all: store.users().iter().filter(arranges).map(shown).collect() })
}

/// Each company has one policy that goes for everybody.
pub(super) fn applicable_policies(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let user = user(store, call)?;
    let name = store.company(user.company).map_or("", |it| &it.name);
    let id = derived_id("policy", &[name]);
    Reply::json(&json!({ "policies": [{ "id": id, "name": format!("{name} travel policy") }] }))
}
