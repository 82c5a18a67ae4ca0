//! What is asked to look at an API: a closed list of requests that only read.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Group, RbacInfo, Request, Role,
    about::{About, compared},
    page::Page,
    request::{GROUP_ROLES, GROUPS, MEMBERS},
    settings::form_encoded,
    wire::{Catalogue, Elements, HeldDirectly, Member, Told, Wire},
};
use crate::model::{
    ids::{CompanyId, GroupId, RoleId, UserId},
    object::Object,
    observed::GroupRole,
    part::Part,
};

/// A request that only reads, and of a list one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Groups {
        company: CompanyId,
        limit: u32,
    },
    Group {
        company: CompanyId,
        group: GroupId,
    },
    Members {
        company: CompanyId,
        group: GroupId,
        limit: u32,
    },
    GroupRoles {
        company: CompanyId,
        group: GroupId,
        limit: u32,
    },
    Roles {
        company: CompanyId,
        limit: u32,
    },
    Role {
        role: RoleId,
    },
    Users {
        company: CompanyId,
        limit: u32,
    },
    /// Looks for an external id that nobody has.
    Nobody {
        company: CompanyId,
    },
    GroupsOfUser {
        user: UserId,
        limit: u32,
    },
    DirectRoles {
        user: UserId,
    },
    Part {
        user: UserId,
        part: Part,
    },
    RbacInfo {
        user: UserId,
    },
    Permissions,
}

impl Question {
    pub(super) fn asked(self) -> (Request, String, Option<Value>) {
        let sorted = |limit: u32, by: &str| json!({ "pagination": { "offset": 0, "limit": limit }, "sortParams": { "sortBy": by, "sortOrder": "ASC" } });
        let get = |template, ids: &[Uuid]| (Request::reads(Method::GET, template, ids), String::new(), None);
        let list = |template, ids: &[Uuid], body| {
            (Request::reads(Method::POST, template, ids), String::new(), Some(body))
        };
        match self {
            Self::Groups { company, limit } => list(GROUPS, &[company.0], sorted(limit, "NAME")),
            Self::Group { company, group } => {
                get("/v3/companies/{companyId}/user-groups/{groupId}", &[company.0, group.0])
            }
            Self::Members { company, group, limit } => {
                list(MEMBERS, &[company.0, group.0], sorted(limit, "ADDED_AT"))
            }
            Self::GroupRoles { company, group, limit } => {
                list(GROUP_ROLES, &[company.0, group.0], sorted(limit, "NAME"))
            }
            Self::Roles { company, limit } => {
                list("/v3/companies/{companyId}/roles", &[company.0], sorted(limit, "NAME"))
            }
            Self::Role { role } => get("/v3/roles/{roleId}", &[role.0]),
            Self::Users { company, limit } => {
                let body = json!({
                    "companyId": { "id": company },
                    "pagination": { "offset": 0, "limit": limit },
                    "sort": { "sortBy": "NAME", "sortOrder": "ASCENDING" },
                });
                let (request, query, body) = list("/v3/users/list", &[], body);
                (request.about("companyId", company.0), query, body)
            }
            Self::Nobody { company } => {
                let company = company.to_string();
                let query =
                    form_encoded(&[("companyId", &company), ("externalId", "rolecall-doctor-nobody")]);
                (Request::reads(Method::GET, "/v2/users", &[]), query, None)
            }
            Self::GroupsOfUser { user, limit } => {
                list("/v3/users/{userId}/user-groups", &[user.0], sorted(limit, "NAME"))
            }
            Self::DirectRoles { user } => get(Part::Roles.template(), &[user.0]),
            Self::Part { user, part } => {
                (Request::reads(Method::GET, part.template(), &[user.0]), part.query().to_owned(), None)
            }
            Self::RbacInfo { user } => get("/v3/users/{userId}/rbac-info", &[user.0]),
            Self::Permissions => get("/v3/permissions", &[]),
        }
    }
}

impl Question {
    /// Returns why a client could not read this answer, if it could not: without a value of anybody's.
    pub(crate) fn flaw(self, body: &[u8]) -> Option<String> {
        let (request, ..) = self.asked();
        let request = &request;
        match self {
            Self::Groups { .. } | Self::GroupsOfUser { .. } => flaw::<Page<Group>>(request, body),
            Self::Group { .. } => flaw::<Group>(request, body),
            Self::Members { .. } => flaw::<Page<Member>>(request, body),
            Self::GroupRoles { .. } => flaw::<Page<Wire<GroupRole>>>(request, body),
            Self::Roles { .. } => flaw::<Page<Role>>(request, body),
            Self::Role { .. } => flaw::<Role>(request, body),
            Self::Users { .. } => flaw::<Page<Told>>(request, body),
            Self::Nobody { .. } => flaw::<Elements>(request, body),
            // Nobody's are known where it does not speak of them, and so nobody's can be changed.
            Self::DirectRoles { .. } => flaw::<HeldDirectly>(request, body).or_else(|| untold(body)),
            Self::Part { .. } => flaw::<Object>(request, body),
            Self::RbacInfo { .. } => flaw::<RbacInfo>(request, body),
            Self::Permissions => flaw::<Catalogue>(request, body),
        }
    }
}

fn untold(body: &[u8]) -> Option<String> {
    let held: HeldDirectly = serde_json::from_slice(body).ok()?;
    held.roles.is_none().then(|| "missing field `roles`".to_owned())
}

fn flaw<T: DeserializeOwned + About>(request: &Request, body: &[u8]) -> Option<String> {
    let error = match serde_json::from_slice::<T>(body) {
        Ok(answer) => return compared(request, answer).err().map(|it| it.to_string()),
        Err(error) => error,
    };
    let text = error.to_string();
    // Only the names of fields come from here rather than from the answer.
    let missing = text.starts_with("missing field");
    let at = || format!("not what is there usually at line {} column {}", error.line(), error.column());
    Some(if missing { text } else { at() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaw_is_told_without_what_the_answer_says() {
        let (company, user) = (CompanyId(Uuid::nil()), UserId(Uuid::nil()));
        let list = Question::GroupRoles { company, group: GroupId(Uuid::nil()), limit: 1 };
        assert_eq!(list.flaw(br#"{"roles":[],"pagination":{"totalNumResults":0}}"#), None);
        let missing = list.flaw(br#"{"roles":[{"name":"Agent"}]}"#).unwrap();
        assert!(missing.starts_with("missing field `roleId`"), "{missing}");
        for body in ["hush-hush", r#"{"roles":"hush-hush"}"#, r#"{"roles":[{"roleId":"hush-hush"}]}"#] {
            let said = list.flaw(body.as_bytes()).unwrap();
            assert!(said.contains("line 1") && !said.contains("hush"), "{said}");
        }
        assert_eq!(Question::RbacInfo { user }.flaw(b"{}"), None);
        assert!(Question::DirectRoles { user }.flaw(b"{}").is_some());
        assert!(Question::Permissions.flaw(b"{}").is_some());
    }
}
