//! How each forge is asked: one row for each, of paths, fields and pages. Sends nothing.

use serde_json::{Value, json};

use crate::{live::api::Verb, report::render::forge::Forge};

/// How a forge is asked.
///
/// In paths `{repository}`, `{pull}`, `{comment}` and the like stand for what is filled in. Places in answers are JSON
/// pointers (RFC 6901).
pub(super) struct Row {
    /// The base of the API of the forge that everybody knows; none where everybody has a forge of their own.
    pub(super) api: Option<&'static str>,
    /// Who has this token: what is asked, and where the answer has an id that comments name too.
    pub(super) me: (Verb, &'static str, &'static str),
    /// All comments of a pull request, oldest first.
    pub(super) list: &'static str,
    /// How pages are asked for.
    pub(super) page: Option<(&'static str, &'static str)>,
    /// Where a list is in an answer, and where the answer says that there is another page, if no header does.
    pub(super) items: (&'static str, Option<&'static str>),
    /// What of one item of that list.
    pub(super) comment: Comment,
    /// Where a comment is made.
    pub(super) create: fn(&str) -> Value,
    /// How one is changed.
    pub(super) update: (Verb, &'static str, fn(&str) -> Value),
    /// The pull requests that have a commit.
    pub(super) of_commit: Option<OfCommit>,
    /// The version that requests name, and that of the question whose the token is, which has none that is final.
    pub(super) versions: [Option<&'static str>; 2],
    /// What a token needs, for people.
    pub(super) needs: &'static str,
}

/// Where a comment has what.
pub(super) struct Comment {
    pub(super) id: &'static str,
    /// The thread that it opens, where comments are in threads.
    pub(super) thread: Option<&'static str>,
    pub(super) author: &'static str,
    pub(super) body: &'static str,
    /// Whether it is gone, or the forge's own, where this is true.
    pub(super) not: &'static [&'static str],
}

/// How the pull requests of a commit are found.
pub(super) struct OfCommit {
    pub(super) path: &'static str,
    pub(super) items: &'static str,
    pub(super) number: &'static str,
    /// Where it says that it was merged.
    pub(super) merged: &'static str,
}

const BODY: fn(&str) -> Value = |text| json!({ "body": text });
const RAW: fn(&str) -> Value = |text| json!({ "content": { "raw": text } });

pub(super) fn row(forge: Forge) -> Row {
    match forge {
        Forge::Github => Row {
            api: Some("https://api.github.com"),
            // `/user` refuses the tokens of apps, and so that of a job. The other API lies beside this one.
            me: (Verb::Ask, "/../graphql", "/data/viewer/databaseId"),
            list: "/repos/{repository}/issues/{pull}/comments",
            page: Some(("per_page", "100")),
            items: ("", None),
            comment: Comment { id: "/id", thread: None, author: "/user/id", body: "/body", not: &[] },
            create: BODY,
            update: (Verb::Patch, "/repos/{repository}/issues/comments/{comment}", BODY),
            of_commit: Some(OfCommit {
                path: "/repos/{repository}/commits/{commit}/pulls",
                items: "",
                number: "/number",
                merged: "/merged_at",
            }),
            versions: [None; 2],
            needs: "`pull-requests: write`",
        },
        Forge::Gitlab => Row {
            api: Some("https://gitlab.com/api/v4"),
            me: (Verb::Get, "/user", "/id"),
            list: "/projects/{project}/merge_requests/{pull}/notes",
            page: Some(("per_page", "100")),
            items: ("", None),
            comment: Comment {
                id: "/id",
                thread: None,
                author: "/author/id",
                body: "/body",
                not: &["/system"],
            },
            create: BODY,
            update: (Verb::Put, "/projects/{project}/merge_requests/{pull}/notes/{comment}", BODY),
            of_commit: Some(OfCommit {
                path: "/projects/{project}/repository/commits/{commit}/merge_requests",
                items: "",
                number: "/iid",
                merged: "/merged_at",
            }),
            versions: [None; 2],
            needs: "the scope `api` and the role Reporter or more",
        },
        Forge::Azure => Row {
            api: None,
            me: (Verb::Get, "/_apis/connectionData", "/authenticatedUser/id"),
            list: "/{owner}/_apis/git/repositories/{name}/pullRequests/{pull}/threads",
            page: None,
            items: ("/value", None),
            comment: Comment {
                id: "/comments/0/id",
                thread: Some("/id"),
                author: "/comments/0/author/id",
                body: "/comments/0/content",
                not: &["/isDeleted", "/comments/0/isDeleted"],
            },
            // Closed: nobody has to resolve it before a merge.
            create: |text| json!({ "comments": [{ "parentCommentId": 0, "content": text, "commentType": "text" }], "status": "closed" }),
            update: (
                Verb::Patch,
                "/{owner}/_apis/git/repositories/{name}/pullRequests/{pull}/threads/{thread}/comments/{comment}",
                |text| json!({ "content": text }),
            ),
            of_commit: None,
            versions: [Some("7.0"), Some("7.0-preview")],
            needs: "`Contribute to pull requests`",
        },
        Forge::Bitbucket => Row {
            api: Some("https://api.bitbucket.org/2.0"),
            me: (Verb::Get, "/user", "/uuid"),
            list: "/repositories/{repository}/pullrequests/{pull}/comments",
            page: Some(("pagelen", "100")),
            items: ("/values", Some("/next")),
            comment: Comment {
                id: "/id",
                thread: None,
                author: "/user/uuid",
                body: "/content/raw",
                not: &["/deleted"],
            },
            create: RAW,
            update: (Verb::Put, "/repositories/{repository}/pullrequests/{pull}/comments/{comment}", RAW),
            of_commit: Some(OfCommit {
                path: "/repositories/{repository}/commit/{commit}/pullrequests",
                items: "/values",
                number: "/id",
                merged: "/merge_commit",
            }),
            versions: [None; 2],
            needs: "`pullrequest:write` and `account`",
        },
        Forge::Gitea => Row {
            api: None,
            me: (Verb::Get, "/user", "/id"),
            list: "/repos/{repository}/issues/{pull}/comments",
            page: None,
            items: ("", None),
            comment: Comment { id: "/id", thread: None, author: "/user/id", body: "/body", not: &[] },
            create: BODY,
            update: (Verb::Patch, "/repos/{repository}/issues/comments/{comment}", BODY),
            // One, not a list of them.
            of_commit: Some(OfCommit {
                path: "/repos/{repository}/commits/{commit}/pull",
                items: "",
                number: "/number",
                merged: "/merged_at",
            }),
            versions: [None; 2],
            needs: "`write:issue` and `read:user`",
        },
    }
}

/// What fills the places of a path, each of them one or more words that need no encoding after this.
pub(super) fn filled(path: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value))
}

/// Encodes a word of a path.
pub(super) fn encoded(word: &str) -> String {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~".contains(&it);
    word.bytes().map(|it| if plain(it) { char::from(it).to_string() } else { format!("%{it:02X}") }).collect()
}
