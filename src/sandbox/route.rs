//! The operations of the API: method, path template, and what kind of work each is. None is carried out here.

/// What an operation does, as far as the rest of the server cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Hands out a token; the only one that needs none.
    Token,
    /// Answers one object or an unpaged list.
    Read,
    /// Answers a page of a list.
    List,
    Write,
}

macro_rules! routes {
    ($($name:ident: $method:literal $template:literal $kind:ident,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Route { $($name),* }

        pub(super) const ALL: &[Route] = &[$(Route::$name),*];

        impl Route {
            pub(super) fn method(self) -> &'static str {
                match self { $(Self::$name => $method),* }
            }

            /// The path with its parameters in braces.
            pub(super) fn template(self) -> &'static str {
                match self { $(Self::$name => $template),* }
            }

            /// Method and path template, by which statistics are kept.
            pub(super) fn label(self) -> &'static str {
                match self { $(Self::$name => concat!($method, " ", $template)),* }
            }

            pub(super) fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind),* }
            }
        }
    };
}

routes! {
    ListMembers: "POST" "/v3/companies/{companyId}/user-groups/{groupId}/members" List,
    PatchMembers: "PATCH" "/v3/companies/{companyId}/user-groups/{groupId}/members" Write,
    ListGrants: "POST" "/v3/companies/{companyId}/user-groups/{groupId}/roles" List,
    PatchGrants: "PATCH" "/v3/companies/{companyId}/user-groups/{groupId}/roles" Write,
    ListGroups: "POST" "/v3/companies/{companyId}/user-groups/list" List,
    CreateGroup: "POST" "/v3/companies/{companyId}/user-groups" Write,
    GetGroup: "GET" "/v3/companies/{companyId}/user-groups/{groupId}" Read,
    PutGroup: "PUT" "/v3/companies/{companyId}/user-groups/{groupId}" Write,
    PatchGroup: "PATCH" "/v3/companies/{companyId}/user-groups/{groupId}" Write,
    DeleteGroup: "DELETE" "/v3/companies/{companyId}/user-groups/{groupId}" Write,
    ListGroupsOfUser: "POST" "/v3/users/{userId}/user-groups" List,
    ListRoles: "POST" "/v3/companies/{companyId}/roles" List,
    CreateRole: "POST" "/v3/roles" Write,
    GetRole: "GET" "/v3/roles/{roleId}" Read,
    PutRole: "PUT" "/v3/roles/{roleId}" Write,
    DeleteRole: "DELETE" "/v3/roles/{roleId}" Write,
    ListPermissions: "GET" "/v3/permissions" Read,
    ListCompanyPermissions: "GET" "/v3/companies/{companyId}/permissions" Read,
    GetRbacInfo: "GET" "/v3/users/{userId}/rbac-info" Read,
    ListUsers: "POST" "/v3/users/list" List,
    QueryUsers: "GET" "/v2/users" Read,
    CreateUser: "POST" "/v2/users" Write,
    GetUser: "GET" "/v2/users/{userId}" Read,
    DeleteUser: "DELETE" "/v2/users/{userId}" Write,
    ActivateUser: "POST" "/v2/users/{userId}/activate" Write,
    PutUser: "PUT" "/v2/users/{userId}" Write,
    GetBusinessInfo: "GET" "/v2/users/{userId}/business-info" Read,
    PutBusinessInfo: "PUT" "/v2/users/{userId}/business-info" Write,
    GetPersonalInfo: "GET" "/v2/users/{userId}/personal-info" Read,
    PutPersonalInfo: "PUT" "/v2/users/{userId}/personal-info" Write,
    GetTravelPreferences: "GET" "/v2/users/{userId}/travel-preferences" Read,
    PutTravelPreferences: "PUT" "/v2/users/{userId}/travel-preferences" Write,
    GetMembershipInfo: "GET" "/v2/users/{userId}/membership-info" Read,
    PutMembershipInfo: "PUT" "/v2/users/{userId}/membership-info" Write,
    GetNotificationPreferences: "GET" "/v2/users/{userId}/notification-preferences" Read,
    PutNotificationPreferences: "PUT" "/v2/users/{userId}/notification-preferences" Write,
    GetExternalId: "GET" "/v2/users/{userId}/external-id" Read,
    PutExternalId: "PUT" "/v2/users/{userId}/external-id" Write,
    GetTravelArrangers: "GET" "/v2/users/{userId}/travel-arrangers" Read,
    GetApplicablePolicies: "GET" "/v2/users/{userId}/applicable-policies" Read,
    GetLegacyRoles: "GET" "/v2/users/{userId}/roles" Read,
    PutLegacyRoles: "PUT" "/v2/users/{userId}/roles" Write,
    FetchToken: "POST" "/v2/auth/oauth2-token" Token,
}

/// Why a request leads to no operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// The path knows other methods only.
    Method,
    Path,
}

/// The path's parameters in order; no template has more than two, and absent ones are empty.
pub(super) type Parameters<'p> = [&'p str; 2];

/// The operation that `method` on `path` is, with the path's parameters.
pub(super) fn find<'p>(method: &str, path: &'p str) -> Result<(Route, Parameters<'p>), Miss> {
    let of_method = ALL.iter().filter(|it| it.method() == method);
    let found = of_method.filter_map(|it| Some((*it, matches(it.template(), path)?))).next();
    let known = || ALL.iter().any(|it| matches(it.template(), path).is_some());
    found.ok_or_else(|| if known() { Miss::Method } else { Miss::Path })
}

fn matches<'p>(template: &str, path: &'p str) -> Option<Parameters<'p>> {
    let mut parameters = [""; 2];
    let mut count = 0;
    let mut segments = path.split('/');
    for wanted in template.split('/') {
        let segment = segments.next()?;
        if wanted.starts_with('{') {
            *parameters.get_mut(count)? = segment;
            count += 1;
        } else if wanted != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_under_its_own_template() {
        for route in ALL {
            let path = route.template();
            assert_eq!(find(route.method(), path).map(|it| it.0), Ok(*route), "{path}");
        }
    }

    #[test]
    fn a_known_path_with_another_method_is_not_an_unknown_path() {
        assert_eq!(find("GET", "/v3/users/list"), Err(Miss::Method));
        assert_eq!(find("GET", "/v3/users/list/"), Err(Miss::Path));
        assert_eq!(find("GET", "/"), Err(Miss::Path));
        assert_eq!(find("GET", "/v2/users/u"), Ok((Route::GetUser, ["u", ""])));
    }
}
