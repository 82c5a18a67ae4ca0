//! What a command line says about faults and the dialect: `429:0.05,slow:200ms` and `predicate=id,maxLimit=50`.
//!
//! This part reads it and says what is wrong with it. What becomes of it is the part of `fault` and `dialect`.

use std::{str::FromStr, time::Duration};

use serde_json::{Map, Value};

use super::{
    dialect::Dialect,
    dice::Probability,
    fault::{Fault, Rule},
};

/// Every kind with its parameters in brackets, for people.
const KINDS: &str = "a status such as 429[:retry-after=S][:after-write], reset[:after-write], slow:TIME[:after-write], \
                     truncate, garbage, huge[:bytes=N], expire-tokens, ignore-write, lie-total[:+N], shrink[:rows=N], \
                     overlap[:rows=N], repeat, reorder, shuffle, duplicate-rows, endless";
/// Bytes of a huge answer, unless it is said otherwise: more than the client takes.
const HUGE: u64 = 65 << 20;

/// Faults as a command line names them: `what[:parameter…][:probability]`, separated by commas.
#[derive(Clone, Debug, Default)]
pub struct FaultSpec {
    pub(super) rules: Vec<Rule>,
    /// Of every answer: what is certain to be slow is no matter of luck.
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
            let parsed = Item::parse(item)?;
            match (parsed.kind, parsed.probability) {
                (Fault::Slow { ms, after_write: false }, None) => spec.latency += Duration::from_millis(ms),
                (kind, probability) => spec.rules.push(Rule::lasting(kind, probability)),
            }
        }
        // The first that fires wins: what befalls everything must not keep the others from their turn.
        spec.rules.sort_by_key(|it| (it.is_certain(), it.is_broad()));
        let broad = |it: &&Rule| it.is_certain() && it.is_broad();
        if spec.rules.iter().filter(broad).count() > 1 {
            return Err(SpecError::new(
                raw,
                "two of these would befall every request; give one a probability",
            ));
        }
        Ok(spec)
    }
}

fn items(raw: &str) -> impl Iterator<Item = &str> {
    raw.split(',').map(str::trim).filter(|it| !it.is_empty())
}

struct Item {
    kind: Fault,
    probability: Option<Probability>,
}

/// What follows the first colon of an item, as far as it is understood.
#[derive(Default)]
struct Parameters<'s> {
    probability: Option<Probability>,
    after_write: bool,
    time: Option<Duration>,
    delta: Option<i64>,
    /// `name=value`, each asked for once.
    named: Vec<(&'s str, &'s str)>,
}

impl Item {
    fn parse(item: &str) -> Result<Self, SpecError> {
        let mut parts = item.split(':');
        let what = parts.next().unwrap_or_default();
        let mut given = Parameters::default();
        for part in parts {
            given.read(part).map_err(|problem| SpecError::new(item, problem))?;
        }
        let kind = given.kind(what).map_err(|problem| SpecError::new(item, problem))?;
        match given.left_over() {
            None => Ok(Self { kind, probability: given.probability }),
            Some(left) => Err(SpecError::new(item, format!("`{what}` has no {left}; there is {KINDS}"))),
        }
    }
}

impl<'s> Parameters<'s> {
    fn read(&mut self, part: &'s str) -> Result<(), String> {
        if part == "after-write" {
            self.after_write = true;
        } else if let Some(named) = part.split_once('=') {
            self.named.push(named);
        } else if part.starts_with(['+', '-']) {
            self.delta = Some(part.parse().map_err(|_| format!("`{part}` is no whole number"))?);
        } else if let Ok(number) = part.parse::<f64>() {
            self.probability = Some(Probability::try_from(number)?);
        } else {
            let time = part.parse::<jiff::SignedDuration>().ok().and_then(|it| Duration::try_from(it).ok());
            let what = "a probability from 0 to 1, a time such as 200ms, a number with its sign, `after-write` or NAME=VALUE";
            self.time = Some(time.ok_or_else(|| format!("`{part}` is none of: {what}"))?);
        }
        Ok(())
    }

    /// Takes what `what` needs; what is left over then means nothing for it.
    fn kind(&mut self, what: &str) -> Result<Fault, String> {
        Ok(match what {
            "reset" | "drop" => Fault::Drop { after_write: std::mem::take(&mut self.after_write) },
            "slow" => {
                let time = self.time.take().ok_or("say how slow, for example `slow:200ms`")?;
                let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                Fault::Slow { ms, after_write: std::mem::take(&mut self.after_write) }
            }
            "truncate" => Fault::Truncate {},
            "garbage" => Fault::Garbage {},
            "huge" => Fault::Huge { bytes: self.number("bytes")?.unwrap_or(HUGE) },
            "expire-tokens" => Fault::ExpireTokens {},
            "ignore-write" => Fault::IgnoreWrite {},
            "lie-total" => Fault::LieTotal { delta: self.delta.take().unwrap_or(1) },
            "shrink" => Fault::Shrink { rows: self.number("rows")?.unwrap_or(1) },
            "overlap" => Fault::Overlap { rows: self.number("rows")?.unwrap_or(1) },
            "repeat" => Fault::Repeat {},
            "reorder" => Fault::Reorder {},
            "shuffle" => Fault::Shuffle {},
            "duplicate-rows" => Fault::DuplicateRows {},
            "endless" => Fault::Endless {},
            status => match status.parse() {
                Ok(code @ 400..=599) => Fault::Status {
                    code,
                    retry_after: self.named("retry-after").map(str::to_owned),
                    body: None,
                    after_write: std::mem::take(&mut self.after_write),
                },
                _ => return Err(format!("there is {KINDS}")),
            },
        })
    }

    fn named(&mut self, name: &str) -> Option<&'s str> {
        let at = self.named.iter().position(|it| it.0 == name)?;
        Some(self.named.swap_remove(at).1)
    }

    fn number<N: FromStr>(&mut self, name: &str) -> Result<Option<N>, String> {
        let parse = |it: &str| it.parse().map_err(|_| format!("{name}={it} is no whole number"));
        self.named(name).map(parse).transpose()
    }

    fn left_over(&self) -> Option<String> {
        if let Some((name, value)) = self.named.first() {
            return Some(format!("`{name}={value}`"));
        }
        let left = [
            (self.after_write, "`after-write`"),
            (self.time.is_some(), "time"),
            (self.delta.is_some(), "number with a sign"),
        ];
        left.into_iter().find(|it| it.0).map(|it| it.1.to_owned())
    }
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
            let alone = Value::Object([(key.to_owned(), value.clone())].into_iter().collect());
            serde_json::from_value::<Dialect>(alone)
                .map_err(|error| SpecError::new(item, error.to_string()))?;
            if switches.insert(key.to_owned(), value).is_some() {
                return Err(SpecError::new(item, format!("`{key}` is given twice")));
            }
        }
        Ok(Self(switches))
    }
}

impl DialectSpec {
    /// Returns `dialect` with the switches set that this names.
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
