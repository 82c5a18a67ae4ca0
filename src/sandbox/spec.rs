//! What a command line says about faults and the dialect: `429:0.05,slow:200ms` and `predicate=id,maxLimit=50`.
//!
//! It is translated into the form of a seed's `faults:` and `dialect:`. What becomes of it is not known here.

use std::{str::FromStr, time::Duration};

use serde_json::{Map, Value, json};

use super::{
    dialect::Dialect,
    fault::{Fault, Rule},
    random::Probability,
};

/// Every kind with its parameters in brackets: for people, and to know which parameters a kind takes.
const KINDS: &str = "a status such as 429[:retry-after=S][:after-write], reset[:after-write], slow:TIME[:after-write], \
                     truncate, garbage, huge[:bytes=N], expire-tokens, ignore-write, lag[:reads=N], lie-total[:+N], shrink[:rows=N], \
                     overlap[:rows=N], repeat, reorder, shuffle, duplicate-rows, endless, leave-out:field=NAME, another:field=NAME, \
                     shift-clock:+N";
/// Bytes of a huge answer, unless it is said otherwise: more than the client takes.
const HUGE: u64 = 65 << 20;

/// Faults as a command line names them: `what[:parameter…][:probability]`, separated by commas.
#[derive(Clone, Debug, Default)]
pub struct FaultSpec {
    pub(super) rules: Vec<Rule>,
    /// Added to every answer: the sum of what is slow for certain.
    pub(super) latency: Duration,
}

/// Switches of the dialect as a command line sets them: `KEY=VALUE`, separated by commas.
#[derive(Clone, Debug, Default)]
pub struct DialectSpec(Map<String, Value>);

/// What is wrong with a specification, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{item}`: {problem}")]
pub struct SpecError {
    item: String,
    problem: String,
}

impl SpecError {
    fn new(item: &str, problem: impl Into<String>) -> Self {
        Self { item: item.to_owned(), problem: problem.into() }
    }
}

impl FromStr for FaultSpec {
    type Err = SpecError;

    fn from_str(raw: &str) -> Result<Self, SpecError> {
        let mut spec = Self::default();
        for item in items(raw) {
            let rule = rule(item).map_err(|problem| SpecError::new(item, problem))?;
            match (rule.kind, rule.probability) {
                (Fault::Slow { ms, after_write: false }, None) => spec.latency += Duration::from_millis(ms),
                (kind, probability) => spec.rules.push(Rule::lasting(kind, probability)),
            }
        }
        // The first that fires wins: what can happen to everything must not keep the others from their turn.
        spec.rules.sort_by_key(|it| (it.is_certain(), it.is_broad()));
        if spec.rules.iter().filter(|it| it.is_certain() && it.is_broad()).count() > 1 {
            let problem = "two of these would befall every request; give one a probability";
            return Err(SpecError::new(raw, problem));
        }
        Ok(spec)
    }
}

fn items(raw: &str) -> impl Iterator<Item = &str> {
    raw.split(',').map(str::trim).filter(|it| !it.is_empty())
}

/// The parameters of a kind, under the names of a seed as far as their form says what they are.
#[derive(Default)]
struct Parameters<'s> {
    probability: Option<Probability>,
    fields: Map<String, Value>,
    /// `name=value`.
    named: Vec<(&'s str, &'s str)>,
}

impl<'s> Parameters<'s> {
    fn read(&mut self, part: &'s str) -> Result<(), String> {
        if let Some(named) = part.split_once('=') {
            self.named.push(named);
        } else if part == "after-write" {
            self.fields.insert("afterWrite".to_owned(), true.into());
        } else if part.starts_with(['+', '-']) {
            let delta: i64 = part.parse().map_err(|_| format!("`{part}` is not a whole number"))?;
            self.fields.insert("delta".to_owned(), delta.into());
        } else if let Ok(number) = part.parse::<f64>() {
            self.probability = Some(Probability::try_from(number)?);
        } else {
            let time = part.parse::<jiff::SignedDuration>().ok().and_then(|it| Duration::try_from(it).ok());
            let what = "a probability from 0 to 1, a time such as 200ms, a number with its sign, `after-write` or NAME=VALUE";
            let time = time.ok_or_else(|| format!("`{part}` is none of: {what}"))?;
            self.fields.insert("ms".to_owned(), u64::try_from(time.as_millis()).unwrap_or(u64::MAX).into());
        }
        Ok(())
    }

    fn take(&mut self, name: &str) -> Option<&'s str> {
        let at = self.named.iter().position(|it| it.0 == name)?;
        Some(self.named.swap_remove(at).1)
    }
}

/// The rule that `item` stands for.
fn rule(item: &str) -> Result<Rule, String> {
    let mut parts = item.split(':');
    let what = parts.next().unwrap_or_default();
    let mut given = Parameters::default();
    parts.try_for_each(|part| given.read(part))?;
    let status = what.parse::<u16>().ok().filter(|code| (400..=599).contains(code));
    let mut kinds = KINDS.split(", ");
    let of_status = kinds.next().filter(|_| status.is_some());
    let (name, kind) = match what {
        _ if status.is_some() => (what, "status".to_owned()),
        "reset" | "drop" => ("reset", "drop".to_owned()),
        _ => (what, camel_case(what)),
    };
    let syntax = of_status.or_else(|| kinds.find(|it| it.split([':', '[']).next() == Some(name)));
    let syntax = syntax.ok_or_else(|| format!("there is {KINDS}"))?;
    if syntax.contains("TIME") && !given.fields.contains_key("ms") {
        return Err("say how slow, for example `slow:200ms`".to_owned());
    }
    if syntax.contains("+N") {
        given.fields.entry("delta").or_insert(1.into());
    }
    for (name, default, most) in
        [("bytes", HUGE, u64::MAX), ("rows", 1, u32::MAX.into()), ("reads", 3, u32::MAX.into())]
    {
        if syntax.contains(&format!("{name}=N")) {
            let parse = |it: &str| it.parse().ok().filter(|it| *it <= most).ok_or_else(|| it.to_owned());
            let number = given.take(name).map_or(Ok(default), parse);
            let number = number.map_err(|it| format!("{name}={it} is not a whole number"))?;
            given.fields.insert(name.to_owned(), number.into());
        }
    }
    if syntax.contains("field=NAME") {
        let field = given
            .take("field")
            .ok_or_else(|| format!("say which field, for example `{name}:field=isActive`"))?;
        given.fields.insert("field".to_owned(), field.into());
    }
    if let Some(code) = status {
        given.fields.insert("code".to_owned(), code.into());
        let text = given.take("retry-after");
        given.fields.insert("retryAfter".to_owned(), text.into());
    }
    let named = given.named.first().map(|(name, value)| format!("`{name}={value}`"));
    let unnamed = [
        ("afterWrite", "after-write", "`after-write`"),
        ("ms", "TIME", "time"),
        ("delta", "+N", "number with a sign"),
    ]
    .into_iter()
    .find(|(field, mark, _)| given.fields.contains_key(*field) && !syntax.contains(mark));
    if let Some(left) = named.or(unnamed.map(|it| it.2.to_owned())) {
        return Err(format!("`{what}` has no {left}; there is {KINDS}"));
    }
    let kind = serde_json::from_value(json!({ kind: given.fields })).map_err(|error| error.to_string())?;
    Ok(Rule::lasting(kind, given.probability))
}

/// `lie-total` as a seed writes it: `lieTotal`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| match word.split_at_checked(1) {
        Some((initial, rest)) => name + &initial.to_uppercase() + rest,
        None => name + word,
    })
}

impl FromStr for DialectSpec {
    type Err = SpecError;

    fn from_str(raw: &str) -> Result<Self, SpecError> {
        let mut switches = Map::new();
        for item in items(raw) {
            let (key, text) = item
                .split_once('=')
                .ok_or_else(|| SpecError::new(item, "write KEY=VALUE, as in a seed's `dialect:`"))?;
            let value = text.parse::<u32>().map_or_else(|_| Value::from(text), Value::from);
            serde_json::from_value::<Dialect>(json!({ key: value }))
                .map_err(|error| SpecError::new(item, error.to_string()))?;
            if switches.insert(key.to_owned(), value).is_some() {
                return Err(SpecError::new(item, format!("`{key}` is given twice")));
            }
        }
        Ok(Self(switches))
    }
}

impl DialectSpec {
    /// `dialect` with the switches set that this names.
    pub(super) fn on(self, dialect: Dialect) -> Dialect {
        let Ok(Value::Object(mut switches)) = serde_json::to_value(dialect) else { return dialect };
        switches.extend(self.0);
        // Each was read alone before, and none depends on another.
        serde_json::from_value(Value::Object(switches)).unwrap_or(dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(raw: &str) -> Vec<String> {
        let spec: FaultSpec = raw.parse().unwrap();
        spec.rules.iter().map(|it| format!("{it:?}")).collect()
    }

    fn problem(raw: &str) -> String {
        raw.parse::<FaultSpec>().unwrap_err().to_string()
    }

    #[test]
    fn every_kind_can_be_named() {
        for (raw, kind) in [
            (
                "429:0.33:retry-after=1",
                "Status { code: 429, retry_after: Some(\"1\"), body: None, after_write: false }",
            ),
            (
                "500:0.02:after-write",
                "Status { code: 500, retry_after: None, body: None, after_write: true }",
            ),
            ("reset:0.01", "Drop { after_write: false }"),
            ("drop:after-write", "Drop { after_write: true }"),
            ("slow:200ms:0.1", "Slow { ms: 200, after_write: false }"),
            ("slow:2s:after-write", "Slow { ms: 2000, after_write: true }"),
            ("truncate:0.01", "Truncate"),
            ("garbage", "Garbage"),
            ("huge:bytes=7", "Huge { bytes: 7 }"),
            ("expire-tokens:0.1", "ExpireTokens"),
            ("ignore-write", "IgnoreWrite"),
            ("lag", "Lag { reads: 3 }"),
            ("lag:reads=7", "Lag { reads: 7 }"),
            ("lie-total:+5:0.01", "LieTotal { delta: 5 }"),
            ("lie-total:-2", "LieTotal { delta: -2 }"),
            ("lie-total:0.01", "LieTotal { delta: 1 }"),
            ("shrink:rows=3:0.5", "Shrink { rows: 3 }"),
            ("overlap", "Overlap { rows: 1 }"),
            ("repeat:1", "Repeat"),
            ("reorder", "Reorder"),
            ("shuffle", "Shuffle"),
            ("duplicate-rows", "DuplicateRows"),
            ("endless", "Endless"),
            ("leave-out:field=role.permissions:0.5", "LeaveOut { field: \"role.permissions\" }"),
            ("another:field=userGroups.companyId", "Another { field: \"userGroups.companyId\" }"),
            ("shift-clock:-3600", "ShiftClock { delta: -3600 }"),
        ] {
            let rules = rules(raw);
            assert!(rules.len() == 1 && rules[0].contains(&format!("kind: {kind}")), "{raw}: {rules:?}");
        }
        assert_eq!(rules(" 500:0.02 , ,reset:0.01,").len(), 2);
    }

    #[test]
    fn what_is_certain_leaves_the_others_their_turn() {
        let spec: FaultSpec = "slow:200ms,reset,429:0.1,shuffle".parse().unwrap();
        assert_eq!(spec.latency, Duration::from_millis(200));
        let kinds: Vec<String> = spec.rules.iter().map(|it| format!("{it:?}")).collect();
        for (rule, kind) in kinds.iter().zip(["Status", "Shuffle", "Drop"]) {
            assert!(rule.contains(kind), "{kinds:?}");
        }
        assert!(problem("reset,500").contains("every request"));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_would_be_right() {
        for (raw, words) in [
            ("explode:0.1", &["`explode:0.1`", "429", "lie-total"][..]),
            ("200:0.1", &["`200:0.1`"]),
            ("429:1.5", &["`429:1.5`", "from 0 to 1"]),
            ("429:often", &["`often`", "a time such as 200ms"]),
            ("slow:0.1", &["slow:200ms"]),
            ("reset:+5", &["`reset` has no number with a sign"]),
            ("truncate:rows=5", &["`truncate` has no `rows=5`"]),
            ("shrink:rows=many", &["rows=many"]),
            ("lie-total:+x", &["`+x`"]),
            ("leave-out", &["leave-out:field=isActive"]),
        ] {
            let problem = problem(raw);
            assert!(words.iter().all(|it| problem.contains(it)), "{raw}: {problem}");
        }
    }

    #[test]
    fn switches_override_those_of_the_seed_and_no_others() {
        let seed: Dialect = serde_json::from_str(r#"{"maxLimit": 7, "groupRole": "flat"}"#).unwrap();
        let spec: DialectSpec = "maxLimit=none,foreignMember=404,predicate=id".parse().unwrap();
        let both = r#"{"groupRole": "flat", "foreignMember": 404, "predicate": "id"}"#;
        assert_eq!(spec.on(seed), serde_json::from_str(both).unwrap());
    }

    #[test]
    fn a_wrong_switch_says_which_there_are() {
        for (raw, words) in [
            ("groupRoles=flat", &["`groupRoles=flat`", "groupRole"][..]),
            ("groupRole=round", &["nested", "flat"]),
            ("foreignGroup=418", &["418", "404, 403"]),
            ("maxLimit", &["KEY=VALUE"]),
            ("maxLimit=1,maxLimit=2", &["given twice"]),
        ] {
            let problem = raw.parse::<DialectSpec>().unwrap_err().to_string();
            assert!(words.iter().all(|it| problem.contains(it)), "{raw}: {problem}");
        }
    }
}
