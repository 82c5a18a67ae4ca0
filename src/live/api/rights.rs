//! Which right an operation needs, as far as its name tells: no public document says.
//!
//! The one table of them: hints quote it, and the page of operations has the same rows.

use std::fmt;

/// A permission, and what is done by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Right {
    permission: &'static str,
    action: &'static str,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.permission, self.action)
    }
}

/// Returns the right that a request needs; `None` of what is no operation with a permission. A method that no document
/// names is a write spelt otherwise.
pub(super) fn right(method: &str, template: &str) -> Option<Right> {
    let own = |it: &&Row| (it.0, it.1) == (method, template);
    let alike = |it: &&Row| it.1 == template && it.3 == WRITE && method == "PATCH";
    let (.., permission, action) = *RIGHTS.iter().find(own).or_else(|| RIGHTS.iter().find(alike))?;
    Some(Right { permission, action })
}

const ACCESS: &str = "ACCESS_MANAGEMENT";
const USERS: &str = "USER_MANAGEMENT";
const PROFILE: &str = "USER_PROFILE";
const READ: &str = "read";
const WRITE: &str = "write";

/// Method, path, permission, action.
type Row = (&'static str, &'static str, &'static str, &'static str);

const RIGHTS: &[Row] = &[
    ("POST", "/v3/companies/{companyId}/user-groups/list", ACCESS, READ),
    ("GET", "/v3/companies/{companyId}/user-groups/{groupId}", ACCESS, READ),
    ("POST", "/v3/companies/{companyId}/user-groups", ACCESS, WRITE),
    ("PUT", "/v3/companies/{companyId}/user-groups/{groupId}", ACCESS, WRITE),
    ("DELETE", "/v3/companies/{companyId}/user-groups/{groupId}", ACCESS, WRITE),
    ("POST", "/v3/companies/{companyId}/user-groups/{groupId}/members", ACCESS, READ),
    ("PATCH", "/v3/companies/{companyId}/user-groups/{groupId}/members", ACCESS, WRITE),
    ("POST", "/v3/companies/{companyId}/user-groups/{groupId}/roles", ACCESS, READ),
    ("PATCH", "/v3/companies/{companyId}/user-groups/{groupId}/roles", ACCESS, WRITE),
    ("POST", "/v3/companies/{companyId}/roles", ACCESS, READ),
    ("GET", "/v3/roles/{roleId}", ACCESS, READ),
    ("GET", "/v3/permissions", ACCESS, READ),
    ("POST", "/v3/users/{userId}/user-groups", ACCESS, READ),
    ("GET", "/v3/users/{userId}/rbac-info", USERS, READ),
    ("POST", "/v3/users/list", USERS, READ),
    ("GET", "/v2/users", USERS, READ),
    ("GET", "/v2/users/{userId}", USERS, READ),
    ("PUT", "/v2/users/{userId}", PROFILE, WRITE),
    ("POST", "/v2/users", USERS, WRITE),
    ("DELETE", "/v2/users/{userId}", USERS, WRITE),
    ("POST", "/v2/users/{userId}/activate", USERS, WRITE),
    ("GET", "/v2/users/{userId}/business-info", PROFILE, READ),
    ("PUT", "/v2/users/{userId}/business-info", PROFILE, WRITE),
    ("GET", "/v2/users/{userId}/personal-info", PROFILE, READ),
    ("PUT", "/v2/users/{userId}/personal-info", PROFILE, WRITE),
    ("GET", "/v2/users/{userId}/travel-preferences", PROFILE, READ),
    ("PUT", "/v2/users/{userId}/travel-preferences", PROFILE, WRITE),
    ("GET", "/v2/users/{userId}/membership-info", PROFILE, READ),
    ("PUT", "/v2/users/{userId}/membership-info", PROFILE, WRITE),
    ("GET", "/v2/users/{userId}/roles", USERS, READ),
    ("PUT", "/v2/users/{userId}/roles", USERS, WRITE),
    ("GET", "/v2/users/{userId}/notification-preferences", PROFILE, READ),
    ("PUT", "/v2/users/{userId}/notification-preferences", PROFILE, WRITE),
    ("GET", "/v2/users/{userId}/external-id", PROFILE, READ),
    ("PUT", "/v2/users/{userId}/external-id", PROFILE, WRITE),
    ("GET", "/v2/users/{userId}/travel-arrangers", PROFILE, READ),
    ("GET", "/v2/users/{userId}/applicable-policies", PROFILE, READ),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The rows of the page of operations that name a permission, without the commands that use them.
    fn on_the_page() -> Vec<String> {
        let page =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api.md")).unwrap();
        let rows =
            page.lines().filter_map(|it| it.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "));
        let rows = rows.map(|(operation, rest)| (operation, rest.rsplit_once(" | ").expect("three cells").1));
        // Credentials are no permission.
        rows.filter(|it| it.0 != "POST /v2/auth/oauth2-token")
            .map(|it| format!("{} {}", it.0, it.1))
            .collect()
    }

    #[test]
    fn the_page_of_operations_has_these_rights_row_by_row() {
        let rows: Vec<String> =
            RIGHTS.iter().map(|it| format!("{} {} {}, {}", it.0, it.1, it.2, it.3)).collect();
        assert_eq!(on_the_page(), rows);
    }

    #[test]
    fn what_reads_needs_no_right_to_write() {
        for (method, path, _, action) in RIGHTS {
            let lists = *method == "POST"
                && (path.starts_with("/v3/") && !path.ends_with("companies/{companyId}/user-groups"));
            assert_eq!(*action == READ, *method == "GET" || lists, "{method} {path}");
            assert_eq!(right(method, path).map(|it| it.action), Some(*action), "{method} {path}");
        }
        let group = "/v3/companies/{companyId}/user-groups/{groupId}";
        assert_eq!(right("PATCH", group), right("PUT", group));
        assert_eq!(right("POST", "/v2/auth/oauth2-token"), None);
    }
}
