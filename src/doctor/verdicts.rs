//! From what was observed to checks: the clock, the token, the rights, the account, the rate.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Answer, Area, Came, Check, TokenFacts, Trouble};
use crate::live::api::{Skew, Traffic};

/// Seconds by which clocks may differ before it is worth a note: the header has no fractions, and answers take time.
const SKEW_NOTED: i64 = 5;
/// Seconds of life below which a given token may end during a run.
const SHORT_LIFE: i64 = 300;
/// The permission that rolecall itself needs (contract §8).
const NEEDED: &str = "ACCESS_MANAGEMENT";

pub(crate) fn clock(answer: &Answer) -> Check {
    let Some(date) = answer.date else {
        return Check::note(
            Area::Clock,
            "skew",
            "the server does not say what time it is (no `Date` header)",
        );
    };
    // The header names the second that is under way: half of it has passed on average.
    let ahead = answer.at.duration_since(date) - SignedDuration::from_millis(500);
    let seconds = (ahead.as_millis() as f64 / 1000.0).round() as i64;
    let side = if seconds > 0 { "ahead of" } else { "behind" };
    let fact = format!("this machine is {} {side} the server", span(seconds.abs()));
    let hint = "set the clock of this machine (NTP): `until` dates and the end of tokens go by it";
    match seconds.abs() {
        0..=1 => Check::ok(Area::Clock, "skew", "this machine and the server agree to the second"),
        2..=SKEW_NOTED => Check::ok(Area::Clock, "skew", fact),
        ..=Skew::MOST => Check::note(Area::Clock, "skew", fact).hint(hint),
        _ => Check::problem(Area::Clock, "skew", Trouble::Invalid, fact).hint(hint),
    }
}

/// Returns `42 s`, `7 min` or `3 h`.
fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

pub(crate) fn token(facts: &TokenFacts, now: Timestamp) -> Vec<Check> {
    let (how, name) = match facts.came {
        Came::Given => ("given as it is; rolecall cannot renew it", "origin"),
        Came::Fetched => ("got for the client credentials, and renewed as needed", "origin"),
    };
    let mut checks = vec![Check::ok(Area::Token, name, how)];
    let left = facts.ends.map(|it| it.duration_since(now).as_secs());
    let given = facts.expires_in.map(|it| i64::try_from(it).unwrap_or(i64::MAX));
    checks.push(match (left, given) {
        (Some(left), _) if left <= 0 => {
            Check::problem(Area::Token, "life", Trouble::Auth, format!("ended {} ago", span(-left)))
                .hint("get a new one")
        }
        (Some(left), _) if left < SHORT_LIFE => {
            Check::note(Area::Token, "life", format!("ends in {}", span(left)))
                .hint("a long run may outlive it: get a new one, or give client credentials")
        }
        (Some(left), _) => Check::ok(Area::Token, "life", format!("ends in {}", span(left))),
        (None, Some(seconds)) => Check::ok(Area::Token, "life", format!("{} from now", span(seconds))),
        (None, None) => match facts.came {
            Came::Given => Check::ok(Area::Token, "life", "not told"),
            Came::Fetched => Check::note(Area::Token, "life", "not told; an hour is assumed"),
        },
    });
    if let Some(scope) = &facts.scope {
        checks.push(Check::ok(Area::Token, "scope", scope.clone()));
    }
    checks
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Answered(u16),
    /// 401 or 403.
    Forbidden(u16),
    /// 404, 405 or 501.
    Missing(u16),
    /// 400: whether the request or its form is wrong, nobody knows.
    Unaccepted(String),
    /// With another status, with what cannot be read, or not at all.
    Failed(String),
    NotAsked(&'static str),
}

/// What it means not to get something that rolecall asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum IfMissing {
    /// rolecall cannot work: and how that shows.
    Fatal(&'static str),
    /// rolecall does it another way, or leaves it out.
    Fallback(&'static str),
}

pub(crate) fn right(name: &str, if_missing: IfMissing, reply: &Reply) -> Check {
    let (fact, trouble) = match reply {
        Reply::Answered(status) => return Check::ok(Area::Rights, name, format!("answers ({status})")),
        Reply::NotAsked(why) => return Check::note(Area::Rights, name, format!("not asked: {why}")),
        Reply::Forbidden(status) => (format!("refused ({status})"), Trouble::Auth),
        Reply::Missing(status) => (format!("not there ({status})"), Trouble::Remote),
        Reply::Unaccepted(why) | Reply::Failed(why) => (why.clone(), Trouble::Remote),
    };
    match if_missing {
        IfMissing::Fatal(so) => Check::problem(Area::Rights, name, trouble, fact).hint(so),
        IfMissing::Fallback(so) => Check::note(Area::Rights, name, fact).hint(so),
    }
}

/// Says which parts of a person are answered, and why the others are not: never in the words of an answer, as these may be
/// somebody's.
pub(crate) fn parts(replies: &[(&'static str, Reply)]) -> Check {
    let name = "parts of a user";
    if replies.is_empty() {
        return Check::note(Area::Rights, name, "not asked: no user is known to ask about");
    }
    let mut others: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (part, reply) in replies {
        let why = match reply {
            Reply::Answered(_) => continue,
            Reply::Forbidden(status) => format!("refused ({status})"),
            Reply::Missing(status) => format!("not there ({status})"),
            Reply::Unaccepted(_) | Reply::Failed(_) | Reply::NotAsked(_) => {
                "not answered as expected".to_owned()
            }
        };
        others.entry(why).or_default().push(part);
    }
    let answered = replies.len() - others.values().map(Vec::len).sum::<usize>();
    if others.is_empty() {
        return Check::ok(Area::Rights, name, format!("all {answered} answer"));
    }
    let others: Vec<String> =
        others.iter().map(|(why, parts)| format!("{why}: {}", parts.join(", "))).collect();
    let fact = format!("{answered} of {} answer; {}", replies.len(), others.join("; "));
    Check::note(Area::Rights, name, fact)
        .hint("`rolecall users` shows and exports those that answer, and says which do not")
}

/// Returns what an account may do, by the actions that its effective rights list (contract §6.3).
pub(crate) fn may(rbac_info: &Value) -> Check {
    let rows = rbac_info["permissions"].as_array();
    let held = rows.into_iter().flatten().filter(|it| it["permission"] == NEEDED);
    let actions: Vec<&str> = held
        .flat_map(|it| it["actions"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    let has = |action: &str| actions.iter().any(|it| *it == action || *it == "ALL");
    match (has("READ"), has("WRITE")) {
        (true, true) => Check::ok(Area::Identity, "rights", format!("{NEEDED} to write: may plan and apply")),
        (true, false) => {
            Check::note(Area::Identity, "rights", format!("{NEEDED} to read only: may plan, may not apply"))
                .hint("fine for pull requests and cron; an apply needs the right to write")
        }
        (false, true) => {
            Check::note(Area::Identity, "rights", format!("{NEEDED} to write, but not to read: may not plan"))
                .hint("a plan reads groups, members and roles: the account needs the right to read as well")
        }
        (false, false) => Check::note(Area::Identity, "rights", format!("no {NEEDED} among its rights"))
            .hint("if its rights come from elsewhere (an API user's role), this list does not show them"),
    }
}

pub(crate) fn rate(traffic: &Traffic, more: u64) -> Vec<Check> {
    let Some((median, worst)) = traffic.latency() else { return Vec::new() };
    let ms = |it: Duration| format!("{:.0} ms", it.as_secs_f64() * 1000.0);
    let asked = traffic.replies() as u64 + more;
    let fact = format!("{asked} requests; an answer took {} (median), {} at worst", ms(median), ms(worst));
    let mut checks = vec![Check::ok(Area::Rate, "latency", fact)];
    checks.push(match traffic.throttled {
        0 => Check::ok(Area::Rate, "limit", "no request was refused for its rate (429)"),
        n => Check::note(Area::Rate, "limit", format!("{n} of these refused for their rate (429)"))
            .hint("others use the same quota: allow fewer requests at once with `--concurrency`"),
    });
    if !traffic.limits.is_empty() {
        let told: Vec<String> =
            traffic.limits.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        checks.push(Check::ok(Area::Rate, "headers", told.join("; ")));
    }
    checks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn clocks_may_differ_by_seconds_but_not_by_minutes() {
        let date: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        for (offset, verdict, words) in [
            (0, Verdict::Ok, "to the second"),
            (4, Verdict::Ok, "4 s ahead of"),
            (-5, Verdict::Ok, "5 s behind"),
            (6, Verdict::Note, "6 s ahead of"),
            (-300, Verdict::Note, "5 min behind"),
            (301, Verdict::Problem(Trouble::Invalid), "5 min ahead of"),
            (-90_000, Verdict::Problem(Trouble::Invalid), "25 h behind"),
        ] {
            let at = date + SignedDuration::from_millis(offset * 1000 + 500);
            let answer = Answer {
                status: 401,
                version: "HTTP/2",
                date: Some(date),
                at,
                body: Value::Null,
                flaw: None,
            };
            let check = clock(&answer);
            assert_eq!(check.verdict, verdict, "{offset}: {}", check.fact);
            assert!(check.fact.contains(words), "{offset}: {}", check.fact);
        }
    }

    #[test]
    fn parts_that_do_not_answer_are_named_by_why_and_never_quoted() {
        let refused = || Reply::Forbidden(403);
        for (replies, fact) in [
            (vec![], "not asked: no user is known to ask about"),
            (vec![("profile", Reply::Answered(200)), ("roles", Reply::Answered(200))], "all 2 answer"),
            (
                vec![
                    ("profile", Reply::Answered(200)),
                    ("a", refused()),
                    ("b", Reply::Missing(404)),
                    ("c", refused()),
                ],
                "1 of 4 answer; not there (404): b; refused (403): a, c",
            ),
            (
                vec![("a", Reply::Failed("K22-Z".into())), ("b", Reply::Unaccepted("K22-Z".into()))],
                "0 of 2 answer; not answered as expected: a, b",
            ),
        ] {
            assert_eq!(parts(&replies).fact, fact);
        }
    }

    #[test]
    fn an_account_may_plan_or_apply_by_its_actions() {
        for (actions, words) in [
            (json!(["ALL"]), "may plan and apply"),
            (json!(["READ", "WRITE"]), "may plan and apply"),
            (json!(["READ"]), "may not apply"),
            (json!(["WRITE"]), "may not plan"),
            (json!([]), "no ACCESS_MANAGEMENT"),
        ] {
            let info = json!({ "permissions": [{ "permission": "AGENT", "actions": ["ALL"] }, { "permission": NEEDED, "actions": actions }] });
            assert!(may(&info).fact.contains(words), "{}", may(&info).fact);
        }
    }

    #[test]
    fn a_token_that_ended_is_a_problem_and_one_that_ends_soon_is_worth_a_note() {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        for (left, verdict) in
            [(-1, Verdict::Problem(Trouble::Auth)), (60, Verdict::Note), (3600, Verdict::Ok)]
        {
            let ends = Some(now + SignedDuration::from_secs(left));
            let facts = TokenFacts { came: Came::Given, expires_in: None, ends, scope: None };
            assert_eq!(token(&facts, now)[1].verdict, verdict, "{left}");
        }
    }
}
