//! From a request that was let in to its operation, under the lock of the store. No operation is written here.

use std::sync::{PoisonError, RwLock};

use super::{
    call::{Call, Part},
    dialect::PatchAtomic,
    grants, groups, members, parts, profiles,
    reply::{Refusal, Reply},
    roles,
    route::Route,
    store::Store,
    users,
};

pub(super) struct Outcome {
    pub(super) reply: Result<Reply, Refusal>,
    /// For a write, the generation of the store that it made; a refused one may have done a part.
    pub(super) applied: Option<u64>,
}

/// Does what was asked, in one part or, where changes are not atomic, in two.
pub(super) fn carry_out(call: &Call, store: &RwLock<Store>) -> Outcome {
    let parted = matches!(call.route, Route::PatchMembers | Route::PatchGrants);
    let parts = match call.dialect.patch_atomic {
        PatchAtomic::No if parted => [Part::Additions, Part::Removals],
        PatchAtomic::RemovalsFirst if parted => [Part::Removals, Part::Additions],
        PatchAtomic::Yes | PatchAtomic::No | PatchAtomic::RemovalsFirst => {
            return carry_out_part(call, store);
        }
    };
    let [first, second] = parts;
    let first = carry_out_part(&Call { part: first, ..*call }, store);
    if first.reply.is_err() {
        return first;
    }
    let second = carry_out_part(&Call { part: second, ..*call }, store);
    Outcome { applied: second.applied.or(first.applied), ..second }
}

fn carry_out_part(call: &Call, store: &RwLock<Store>) -> Outcome {
    let read = || store.read().unwrap_or_else(PoisonError::into_inner);
    // The generation is taken under the same lock, so that its order is that of the changes.
    let write = |change: fn(&mut Store, &Call) -> Result<Reply, Refusal>| {
        let mut store = store.write().unwrap_or_else(PoisonError::into_inner);
        let before = store.generation();
        let reply = change(&mut store, call);
        let after = store.generation();
        Outcome { reply, applied: (after != before).then_some(after) }
    };
    let reply = match call.route {
        Route::ListGroups => groups::list(&read(), call),
        Route::ListGroupsOfUser => groups::list_of_user(&read(), call),
        Route::GetGroup => groups::get(&read(), call),
        Route::CreateGroup => return write(groups::create),
        Route::PutGroup | Route::PatchGroup => return write(groups::update),
        Route::DeleteGroup => return write(groups::delete),
        Route::ListMembers => members::list(&read(), call),
        Route::PatchMembers => return write(members::patch),
        Route::ListGrants => grants::list(&read(), call),
        Route::PatchGrants => return write(grants::patch),
        Route::ListRoles => roles::list(&read(), call),
        Route::CreateRole => return write(roles::create),
        Route::GetRole => roles::get(&read(), call),
        Route::PutRole => return write(roles::update),
        Route::DeleteRole => return write(roles::delete),
        Route::ListPermissions => roles::permissions(),
        Route::ListCompanyPermissions => call.company(&read()).and_then(|_| roles::permissions()),
        Route::GetRbacInfo => roles::rbac_info(&read(), call),
        Route::ListUsers => users::list(&read(), call),
        Route::QueryUsers => users::query(&read(), call),
        Route::CreateUser => return write(profiles::create),
        Route::GetBusinessInfo => profiles::business_info(&read(), call),
        Route::PutBusinessInfo => return write(profiles::put_business_info),
        Route::PutUser => return write(profiles::update),
        Route::GetPersonalInfo
        | Route::GetTravelPreferences
        | Route::GetMembershipInfo
        | Route::GetNotificationPreferences => parts::get(&read(), call),
        Route::PutPersonalInfo
        | Route::PutTravelPreferences
        | Route::PutMembershipInfo
        | Route::PutNotificationPreferences => return write(parts::put),
        Route::GetExternalId => parts::external_id(&read(), call),
        Route::PutExternalId => return write(parts::put_external_id),
        Route::GetTravelArrangers => parts::travel_arrangers(&read(), call),
        Route::GetApplicablePolicies => parts::applicable_policies(&read(), call),
        Route::GetUser => users::get(&read(), call),
        Route::DeleteUser => return write(users::delete),
        Route::ActivateUser => return write(users::activate),
        Route::GetLegacyRoles => users::legacy_roles(&read(), call),
        Route::PutLegacyRoles => return write(users::put_legacy_roles),
        Route::FetchToken => Err(Refusal::broken("a token is not fetched with a token")),
    };
    Outcome { reply, applied: None }
}
