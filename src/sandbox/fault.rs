//! Faults: rules that make the server misbehave on purpose, deterministically.
//!
//! This part decides which request suffers what. `front` and `mangle` carry it out.

use serde::Deserialize;

use super::route::{Kind, Route};

/// One rule. Rules are asked in order; the first that fires wins, and later ones do not see the request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    /// Only requests of this method.
    method: Option<String>,
    /// Only requests whose path contains this.
    path: Option<String>,
    /// Requests to let through first.
    #[serde(default)]
    skip: u64,
    /// How often to fire; 0 is for ever.
    #[serde(default = "once")]
    times: u64,
    kind: Fault,
}

fn once() -> u64 {
    1
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum Fault {
    /// The status `code` is answered; `after_write` lets the request take effect first.
    Status {
        code: u16,
        retry_after: Option<String>,
        body: Option<String>,
        #[serde(default)]
        after_write: bool,
    },
    /// The connection is closed without an answer.
    Drop {
        #[serde(default)]
        after_write: bool,
    },
    /// 200 with a page of HTML.
    Garbage {},
    /// The answer, cut in the middle.
    Truncate {},
    /// Lists only: a total that is wrong by `delta`.
    LieTotal { delta: i64 },
    /// Lists only: full pages without end. A list without rows stays empty, but claims to have more.
    Endless {},
    /// Lists only: the last row of a page is its first once more.
    DuplicateRows {},
    /// 200 and this many bytes of JSON.
    Huge { bytes: u64 },
    /// The answer, this much later.
    Slow { ms: u64 },
    /// All issued tokens die; this request is answered 401.
    ExpireTokens {},
    /// Writes only: success is answered and nothing done.
    IgnoreWrite {},
}

impl Fault {
    /// Returns whether the fault can happen to a request for `route` at all.
    fn concerns(&self, route: Option<Route>) -> bool {
        let kind = route.map(Route::kind);
        match self {
            Self::LieTotal { .. } | Self::Endless {} | Self::DuplicateRows {} => kind == Some(Kind::List),
            Self::IgnoreWrite {} => kind == Some(Kind::Write),
            Self::Status { .. }
            | Self::Drop { .. }
            | Self::Garbage {}
            | Self::Truncate {}
            | Self::Huge { .. }
            | Self::Slow { .. }
            | Self::ExpireTokens {} => true,
        }
    }
}

/// The rules in force.
#[derive(Default)]
pub(super) struct Faults {
    rules: Vec<Rule>,
}

impl Faults {
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// Returns what befalls the next request, and counts it.
    pub(super) fn next(&mut self, method: &str, path: &str, route: Option<Route>) -> Option<Fault> {
        let at = self.rules.iter_mut().position(|rule| {
            let concerned = rule.kind.concerns(route)
                && rule.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && rule.path.as_deref().is_none_or(|wanted| path.contains(wanted));
            if concerned && rule.skip > 0 {
                rule.skip -= 1;
                return false;
            }
            concerned
        })?;
        let rule = &mut self.rules[at];
        match rule.times {
            0 => Some(rule.kind.clone()),
            1 => Some(self.rules.remove(at).kind),
            _ => {
                rule.times -= 1;
                Some(rule.kind.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Faults {
        Faults::new(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_rule_lets_some_through_then_fires_as_often_as_it_says() {
        let mut faults =
            faults(r#"[{"method":"patch","path":"/members","skip":1,"times":2,"kind":{"garbage":{}}}]"#);
        let mut fires = |method, path| faults.next(method, path, None).is_some();
        assert!(!fires("GET", "/x/members"));
        assert!(!fires("PATCH", "/x/roles"));
        assert!(!fires("PATCH", "/x/members"));
        assert!(fires("PATCH", "/x/members"));
        assert!(fires("PATCH", "/x/members"));
        assert!(!fires("PATCH", "/x/members"));
    }

    #[test]
    fn the_first_rule_wins_and_the_next_does_not_count() {
        let mut faults =
            faults(r#"[{"kind":{"slow":{"ms":1}}},{"times":0,"kind":{"drop":{"afterWrite":true}}}]"#);
        assert_eq!(faults.next("GET", "/", None), Some(Fault::Slow { ms: 1 }));
        for _ in 0..3 {
            assert_eq!(faults.next("GET", "/", None), Some(Fault::Drop { after_write: true }));
        }
    }

    #[test]
    fn list_faults_spare_everything_else() {
        let mut faults = faults(r#"[{"kind":{"lieTotal":{"delta":5}}},{"kind":{"ignoreWrite":{}}}]"#);
        assert_eq!(faults.next("GET", "/", Some(Route::GetUser)), None);
        assert_eq!(faults.next("POST", "/", Some(Route::ListUsers)), Some(Fault::LieTotal { delta: 5 }));
        assert_eq!(faults.next("PUT", "/", Some(Route::PutGroup)), Some(Fault::IgnoreWrite {}));
    }

    #[test]
    fn unknown_kinds_and_fields_are_refused() {
        for wrong in [
            r#"[{"kind":{"explode":{}}}]"#,
            r#"[{"kind":{"slow":{"s":1}}}]"#,
            r#"[{"when":1,"kind":{"garbage":{}}}]"#,
        ] {
            assert!(serde_json::from_str::<Vec<Rule>>(wrong).is_err(), "{wrong}");
        }
    }
}
