//! Faults: rules that make the server misbehave on purpose, deterministically.
//!
//! This part decides which request suffers what. `front` and `mangle` carry it out.

use serde::Deserialize;
use tokio::sync::watch;

use super::route::{Kind, Route};

/// One rule. Rules are asked in order; the first that fires wins, and later ones do not see the request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    /// Only requests of this method.
    method: Option<String>,
    /// Only requests whose path contains this.
    path: Option<String>,
    /// Only requests that change something.
    #[serde(default)]
    writes: bool,
    /// Only once so many writes were not kept from taking effect, since the rules were set.
    #[serde(default)]
    after_writes: u64,
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
    /// Lists only: the rows of a page the other way round.
    Shuffle {},
    /// The answer, this much later, or once the rules are replaced; `after_write` lets the request
    /// take effect before the wait.
    Slow {
        ms: u64,
        #[serde(default)]
        after_write: bool,
    },
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
            Self::LieTotal { .. } | Self::Endless {} | Self::DuplicateRows {} | Self::Shuffle {} => {
                kind == Some(Kind::List)
            }
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

    /// Returns whether a write that it befalls is kept from taking effect.
    fn prevents(&self) -> bool {
        match self {
            Self::Status { after_write, .. } | Self::Drop { after_write } => !after_write,
            Self::Garbage {} | Self::Huge { .. } | Self::ExpireTokens {} | Self::IgnoreWrite {} => true,
            Self::Truncate {}
            | Self::LieTotal { .. }
            | Self::Endless {}
            | Self::DuplicateRows {}
            | Self::Shuffle {}
            | Self::Slow { .. } => false,
        }
    }
}

/// The rules in force.
#[derive(Default)]
pub(super) struct Faults {
    rules: Vec<Rule>,
    /// Writes that no rule kept from taking effect.
    writes: u64,
    /// Goes when the rules are replaced, and is heard of by whom they hold.
    replaced: watch::Sender<()>,
}

impl Faults {
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Returns what waits until these rules are replaced.
    pub(super) fn replaced(&self) -> watch::Receiver<()> {
        self.replaced.subscribe()
    }

    /// Returns what befalls the next request, and counts it.
    pub(super) fn next(&mut self, method: &str, path: &str, route: Option<Route>) -> Option<Fault> {
        let fault = self.find(method, path, route);
        let writes = route.is_some_and(|it| it.kind() == Kind::Write);
        self.writes += u64::from(writes && !fault.as_ref().is_some_and(Fault::prevents));
        fault
    }

    fn find(&mut self, method: &str, path: &str, route: Option<Route>) -> Option<Fault> {
        let writes = route.is_some_and(|it| it.kind() == Kind::Write);
        let written = self.writes;
        let at = self.rules.iter_mut().position(|rule| {
            let concerned = rule.kind.concerns(route)
                && (writes || !rule.writes)
                && rule.after_writes <= written
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
        assert_eq!(faults.next("GET", "/", None), Some(Fault::Slow { ms: 1, after_write: false }));
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
    fn a_rule_can_wait_for_writes_that_take_effect() {
        let mut faults = faults(
            r#"[{"writes":true,"kind":{"drop":{}}},{"writes":true,"kind":{"drop":{"afterWrite":true}}},
                {"afterWrites":2,"times":0,"kind":{"garbage":{}}}]"#,
        );
        let mut next = |route| faults.next("", "", Some(route));
        assert_eq!(next(Route::GetGroup), None);
        assert_eq!(next(Route::DeleteGroup), Some(Fault::Drop { after_write: false }));
        assert_eq!(next(Route::DeleteGroup), Some(Fault::Drop { after_write: true }));
        assert_eq!(next(Route::GetGroup), None, "one write took effect");
        assert_eq!(next(Route::PatchMembers), None);
        assert_eq!(next(Route::GetGroup), Some(Fault::Garbage {}));
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
