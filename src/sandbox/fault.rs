//! Faults: rules that make the server misbehave on purpose, deterministically.
//!
//! What is decided here is which request suffers what; it is never carried out here, but by `server` and `corrupt`.

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    random::{Probability, Random},
    route::{Kind, Route},
};

/// One rule. Rules are asked in order; the first that fires wins, and later ones do not see the request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    method: Option<String>,
    /// Only requests whose path contains this.
    path: Option<String>,
    /// Only requests that change something.
    #[serde(default)]
    writes: bool,
    /// Only once so many writes took effect since the rules were set.
    #[serde(default)]
    after_writes: u64,
    /// Requests to let through first.
    #[serde(default)]
    skip: u64,
    /// How often to fire, 0 for ever; without it once, or for ever where there is a probability.
    times: Option<u64>,
    /// How likely it is to fire; certain without it.
    pub(super) probability: Option<Probability>,
    pub(super) kind: Fault,
}

impl Rule {
    /// A rule for every request that `kind` can happen to.
    pub(super) fn lasting(kind: Fault, probability: Option<Probability>) -> Self {
        let (method, path) = (None, None);
        Self { method, path, writes: false, after_writes: 0, skip: 0, times: Some(0), probability, kind }
    }

    pub(super) fn is_certain(&self) -> bool {
        self.probability.is_none_or(|it| it.0 >= 1.0)
    }

    /// Whether it can happen to every request, so that no rule after it comes to its turn.
    pub(super) fn is_broad(&self) -> bool {
        self.kind.nature().0 == Reach::Everything
    }
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
    Garbage {},
    /// The answer, cut in the middle.
    Truncate {},
    /// Lists only: a total that is wrong by `delta`.
    LieTotal {
        delta: i64,
    },
    /// Lists only: full pages without end. A list without rows stays empty, but claims to have more.
    Endless {},
    /// Lists only: the last row of a page is its first once more.
    DuplicateRows {},
    Huge {
        bytes: u64,
    },
    /// Lists only: the rows of a page the other way round.
    Shuffle {},
    /// Lists only: a page after the first begins `rows` too early, and so ends too early.
    Overlap {
        #[serde(default = "one")]
        rows: u32,
    },
    /// Lists only: a page without its last `rows`; the total is what it was.
    Shrink {
        #[serde(default = "one")]
        rows: u32,
    },
    /// Lists only: instead of a page after the first, the one before it once more.
    Repeat {},
    /// Lists only: a page of the list in the opposite order.
    Reorder {},
    /// The answer, this much later, or once the rules are replaced; `after_write` lets the request
    /// take effect before the wait.
    Slow {
        ms: u64,
        #[serde(default)]
        after_write: bool,
    },
    /// The answer with another value of a field, named as in `LeaveOut`: another id, or another text.
    Another {
        field: String,
    },
    /// The answer, of which the `Date` is `delta` seconds from what it is.
    ShiftClock {
        delta: i64,
    },
    /// All issued tokens die; this request is answered 401.
    ExpireTokens {},
    /// Writes only: success is answered and nothing done.
    IgnoreWrite {},
    /// Writes only: it takes effect, and the next `reads` requests that read still see what was before,
    /// unless the rules are replaced.
    Lag {
        #[serde(default = "some")]
        reads: u32,
    },
    /// The answer without a field: its name, and before it the names of those it must stand in, as in `role.permissions`.
    LeaveOut {
        field: String,
    },
}

impl Fault {
    /// Which requests it can happen to, and whether it keeps a write from taking effect.
    fn nature(&self) -> (Reach, bool) {
        match self {
            Self::Status { after_write, .. } | Self::Drop { after_write } => {
                (Reach::Everything, !after_write)
            }
            Self::Garbage {} | Self::Huge { .. } | Self::ExpireTokens {} => (Reach::Everything, true),
            Self::Truncate {}
            | Self::Slow { .. }
            | Self::LeaveOut { .. }
            | Self::Another { .. }
            | Self::ShiftClock { .. } => (Reach::Everything, false),
            Self::IgnoreWrite {} => (Reach::Writes, true),
            Self::Lag { .. } => (Reach::Writes, false),
            Self::Overlap { .. } | Self::Repeat {} => (Reach::LaterPages, false),
            Self::LieTotal { .. }
            | Self::Endless {}
            | Self::DuplicateRows {}
            | Self::Shuffle {}
            | Self::Shrink { .. }
            | Self::Reorder {} => (Reach::Lists, false),
        }
    }

    fn concerns(&self, asked: &Asked<'_>) -> bool {
        let kind = asked.route.map(Route::kind);
        match self.nature().0 {
            Reach::Everything => true,
            Reach::Writes => kind == Some(Kind::Write),
            Reach::Lists => kind == Some(Kind::List),
            Reach::LaterPages => kind == Some(Kind::List) && is_later_page(asked.body),
        }
    }
}

fn one() -> u32 {
    1
}

fn some() -> u32 {
    3
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Everything,
    Writes,
    Lists,
    LaterPages,
}

fn is_later_page(body: &[u8]) -> bool {
    let request: Option<Value> = serde_json::from_slice(body).ok();
    request.is_some_and(|it| it["pagination"]["offset"].as_u64().is_some_and(|it| it > 0))
}

#[derive(Clone, Copy, Default)]
pub(super) struct Asked<'r> {
    pub(super) method: &'r str,
    /// With the query.
    pub(super) path: &'r str,
    pub(super) route: Option<Route>,
    pub(super) body: &'r [u8],
}

impl Asked<'_> {
    fn is_write(&self) -> bool {
        self.route.is_some_and(|it| it.kind() == Kind::Write)
    }
}

/// The rules in force.
#[derive(Default)]
pub(super) struct Faults {
    /// Each with its place in what was set, which it keeps when others are used up.
    rules: Vec<(usize, Rule)>,
    /// Writes that no rule kept from taking effect.
    writes: u64,
    random: Random,
    /// Closed when the rules are replaced, which ends the wait of requests that they made slow.
    replaced: watch::Sender<()>,
}

impl Faults {
    /// `seed` is what rules with a probability draw from.
    pub(super) fn new(rules: Vec<Rule>, seed: u64) -> Self {
        let rules = rules.into_iter().enumerate().collect();
        Self { rules, random: Random::new(seed), ..Self::default() }
    }

    /// Other rules that draw from the same seed.
    pub(super) fn replace(&self, rules: Vec<Rule>) -> Self {
        Self::new(rules, self.random.seed)
    }

    /// Has changed, or is closed, once these rules are replaced.
    pub(super) fn replaced(&self) -> watch::Receiver<()> {
        self.replaced.subscribe()
    }

    /// What happens to the next request, which is counted.
    pub(super) fn next(&mut self, asked: &Asked<'_>) -> Option<Fault> {
        if self.rules.is_empty() {
            return None;
        }
        let fault = self.find(asked);
        let prevented = fault.as_ref().is_some_and(|it| it.nature().1);
        self.writes += u64::from(asked.is_write() && !prevented);
        fault
    }

    fn find(&mut self, asked: &Asked<'_>) -> Option<Fault> {
        let drawn = self
            .rules
            .iter()
            .any(|(_, it)| it.probability.is_some())
            .then(|| self.random.draw([asked.method.as_bytes(), asked.path.as_bytes(), asked.body]));
        let at = self.rules.iter_mut().position(|(place, rule)| {
            let concerned = (asked.is_write() || !rule.writes)
                && rule.after_writes <= self.writes
                && rule.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(asked.method))
                && rule.path.as_deref().is_none_or(|wanted| asked.path.contains(wanted))
                && rule.kind.concerns(asked);
            if concerned && rule.skip > 0 {
                rule.skip -= 1;
                return false;
            }
            let chance = rule.probability.zip(drawn);
            concerned && chance.is_none_or(|(chance, drawn)| self.random.hits(drawn, *place, chance))
        })?;
        let (_, rule) = &mut self.rules[at];
        match rule.times.unwrap_or(if rule.probability.is_some() { 0 } else { 1 }) {
            0 => Some(rule.kind.clone()),
            1 => Some(self.rules.remove(at).1.kind),
            times => {
                rule.times = Some(times - 1);
                Some(rule.kind.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn faults(json: &str) -> Faults {
        Faults::new(serde_json::from_str(json).unwrap(), 7)
    }

    fn asked<'r>(method: &'r str, path: &'r str, route: Option<Route>) -> Asked<'r> {
        Asked { method, path, route, body: b"" }
    }

    #[test]
    fn a_rule_lets_some_through_then_fires_as_often_as_it_says() {
        let mut faults =
            faults(r#"[{"method":"patch","path":"/members","skip":1,"times":2,"kind":{"garbage":{}}}]"#);
        let mut fires = |method, path| faults.next(&asked(method, path, None)).is_some();
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
        assert_eq!(faults.next(&asked("GET", "/", None)), Some(Fault::Slow { ms: 1, after_write: false }));
        for _ in 0..3 {
            assert_eq!(faults.next(&asked("GET", "/", None)), Some(Fault::Drop { after_write: true }));
        }
    }

    #[test]
    fn list_faults_spare_everything_else() {
        let mut faults = faults(r#"[{"kind":{"lieTotal":{"delta":5}}},{"kind":{"ignoreWrite":{}}}]"#);
        assert_eq!(faults.next(&asked("GET", "/", Some(Route::GetUser))), None);
        assert_eq!(
            faults.next(&asked("POST", "/", Some(Route::ListUsers))),
            Some(Fault::LieTotal { delta: 5 })
        );
        assert_eq!(faults.next(&asked("PUT", "/", Some(Route::PutGroup))), Some(Fault::IgnoreWrite {}));
    }

    #[test]
    fn a_rule_can_wait_for_writes_that_take_effect() {
        let mut faults = faults(
            r#"[{"writes":true,"kind":{"drop":{}}},{"writes":true,"kind":{"drop":{"afterWrite":true}}},
                {"afterWrites":2,"times":0,"kind":{"garbage":{}}}]"#,
        );
        let mut next = |route| faults.next(&asked("", "", Some(route)));
        assert_eq!(next(Route::GetGroup), None);
        assert_eq!(next(Route::DeleteGroup), Some(Fault::Drop { after_write: false }));
        assert_eq!(next(Route::DeleteGroup), Some(Fault::Drop { after_write: true }));
        assert_eq!(next(Route::GetGroup), None, "one write took effect");
        assert_eq!(next(Route::PatchMembers), None);
        assert_eq!(next(Route::GetGroup), Some(Fault::Garbage {}));
    }

    /// Asks for a hundred pages three times each, in the given order: which of the three suffered, by page.
    fn suffered(seed: u64, order: impl Iterator<Item = u32>) -> BTreeMap<u32, Vec<bool>> {
        let rules = r#"[{"probability":0.2,"kind":{"garbage":{}}},{"probability":0.1,"kind":{"drop":{}}}]"#;
        let mut faults = Faults::new(serde_json::from_str(rules).unwrap(), seed);
        let mut suffered: BTreeMap<u32, Vec<bool>> = BTreeMap::new();
        for page in order {
            let body = page.to_string();
            let asked = Asked { method: "POST", path: "/list", route: None, body: body.as_bytes() };
            suffered.entry(page).or_default().push(faults.next(&asked).is_some());
        }
        suffered
    }

    #[test]
    fn the_order_of_arrival_does_not_change_what_a_request_suffers_and_another_seed_does() {
        let in_turn = suffered(1, (0..300).map(|n| n % 100));
        let one_by_one = suffered(1, (0..300).rev().map(|n| n / 3));
        assert_eq!(in_turn, one_by_one);
        assert_ne!(in_turn, suffered(2, (0..300).map(|n| n % 100)));
        let count = in_turn.values().flatten().filter(|it| **it).count();
        assert!((55..115).contains(&count), "28 % of 300 are 84: {count}");
        assert!(in_turn.values().any(|it| it[0] != it[1]), "a request that comes again draws again");
    }

    #[test]
    fn a_rule_that_is_used_up_does_not_change_what_others_draw() {
        let fired = |rules: &str| {
            let mut faults = faults(rules);
            (0..50)
                .map(|n| faults.next(&asked("GET", &format!("/{n}"), None)) == Some(Fault::Garbage {}))
                .collect::<Vec<_>>()
        };
        let lasting =
            fired(r#"[{"path":"/x","kind":{"drop":{}}},{"probability":0.5,"kind":{"garbage":{}}}]"#);
        let used_up =
            fired(r#"[{"path":"/0","kind":{"drop":{}}},{"probability":0.5,"kind":{"garbage":{}}}]"#);
        assert_eq!(lasting[1..], used_up[1..]);
        assert!(lasting.contains(&true) && lasting.contains(&false));
    }

    #[test]
    fn only_a_later_page_can_overlap_or_repeat() {
        let mut faults = faults(r#"[{"times":0,"kind":{"overlap":{}}}]"#);
        let mut page = |body: &str| {
            let route = Some(Route::ListGroups);
            faults.next(&Asked { method: "POST", path: "/", route, body: body.as_bytes() })
        };
        assert_eq!(page(r#"{"pagination":{"offset":0}}"#), None);
        assert_eq!(page(r#"{"pagination":{}}"#), None);
        assert_eq!(page(r#"{"pagination":{"offset":2}}"#), Some(Fault::Overlap { rows: 1 }));
    }

    #[test]
    fn unknown_kinds_and_fields_are_refused() {
        for wrong in [
            r#"[{"kind":{"explode":{}}}]"#,
            r#"[{"kind":{"slow":{"s":1}}}]"#,
            r#"[{"when":1,"kind":{"garbage":{}}}]"#,
            r#"[{"probability":1.5,"kind":{"garbage":{}}}]"#,
        ] {
            assert!(serde_json::from_str::<Vec<Rule>>(wrong).is_err(), "{wrong}");
        }
    }
}
