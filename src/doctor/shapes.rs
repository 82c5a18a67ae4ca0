//! How an API spells what its documentation leaves open, as far as answers show it.
//!
//! Counts forms and names; keeps no value of anybody.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Area, Check};
use crate::model::dialect::{Dialect, GroupRole, PredicateForm};

/// Fields of a condition that have a meaning here.
const KNOWN: [&str; 4] = ["type", "comparator", "values", "id"];

/// What was seen in answers so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shapes {
    pub(crate) group_roles: BTreeSet<&'static str>,
    pub(crate) predicates: BTreeSet<&'static str>,
    pub(crate) types: BTreeSet<String>,
    pub(crate) comparators: BTreeSet<String>,
    /// Fields of conditions, audiences and scopes that mean nothing here.
    pub(crate) unknown: BTreeSet<String>,
    pub(crate) unscoped: usize,
    /// How ids of members are written.
    pub(crate) ids: BTreeSet<&'static str>,
    pub(crate) no_total: BTreeSet<&'static str>,
    pub(crate) lists: usize,
    /// What came of asking for a page of one row.
    pub(crate) one_row: Option<Asked>,
    /// What came of asking for the usual page.
    pub(crate) usual: Option<Asked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) limit: u64,
    pub(crate) rows: u64,
    pub(crate) total: u64,
}

impl Asked {
    /// Returns what a page came to, if the list states its total.
    pub(crate) fn new(limit: u32, body: &Value, field: &str) -> Option<Self> {
        let rows = body[field].as_array()?.len() as u64;
        Some(Self { limit: limit.into(), rows, total: total(body)? })
    }

    /// Returns the rows that the server gives at most, if this page shows a bound.
    pub(crate) fn bound(self) -> Option<u64> {
        (self.rows > 0 && self.rows < self.limit.min(self.total)).then_some(self.rows)
    }
}

pub(crate) fn total(body: &Value) -> Option<u64> {
    body["pagination"]["totalNumResults"].as_u64()
}

/// Returns the shape of one listed group role, if it is one that is known.
pub(crate) fn group_role(row: &Value) -> Option<GroupRole> {
    if row["role"].is_object() { Some(GroupRole::Nested) } else { row.get("id").map(|_| GroupRole::Flat) }
}

/// Returns the form of one condition; a valueless one has none.
pub(crate) fn predicate(it: &Value) -> Option<PredicateForm> {
    match (&it["values"], &it["id"]) {
        (Value::Array(_), _) => Some(PredicateForm::List),
        (Value::String(_), _) => Some(PredicateForm::Single),
        (_, Value::String(_) | Value::Object(_)) => Some(PredicateForm::Id),
        _ => None,
    }
}

impl Shapes {
    pub(crate) fn list(&mut self, name: &'static str, body: &Value) {
        self.lists += 1;
        if total(body).is_none() {
            self.no_total.insert(name);
        }
    }

    pub(crate) fn members(&mut self, body: &Value) {
        self.list("members", body);
        for row in rows(body, "members") {
            self.ids.insert(if row["userId"].is_object() { "wrapped in an object" } else { "bare" });
        }
    }

    pub(crate) fn group_roles(&mut self, body: &Value) {
        self.list("roles of a group", body);
        for row in rows(body, "roles") {
            self.group_roles.insert(match group_role(row) {
                Some(GroupRole::Nested) => "nested",
                Some(GroupRole::Flat) => "flat",
                None if row.get("roleId").is_some() => "by roleId",
                None => "unknown",
            });
            match row.get("scope").filter(|it| it.is_object()) {
                Some(scope) => self.scope(scope),
                None => self.unscoped += 1,
            }
        }
    }

    fn scope(&mut self, scope: &Value) {
        self.strangers("scope", scope, &["audiences"]);
        for audience in rows(scope, "audiences") {
            self.strangers("audience", audience, &["predicates"]);
            for it in rows(audience, "predicates") {
                self.strangers("predicate", it, &KNOWN);
                self.predicates.extend(predicate(it).map(word));
                self.types.extend(it["type"].as_str().map(cut));
                self.comparators.extend(it["comparator"].as_str().map(cut));
            }
        }
    }

    fn strangers(&mut self, of: &str, it: &Value, known: &[&str]) {
        let names = it.as_object().into_iter().flatten().map(|it| it.0);
        self.unknown.extend(
            names.filter(|name| !known.contains(&name.as_str())).map(|name| format!("{of}.{}", cut(name))),
        );
    }

    pub(crate) fn checks(&self, dialect: &Dialect) -> Vec<Check> {
        let mut checks = vec![self.roles_check(dialect), self.predicates_check(dialect)];
        if !self.unknown.is_empty() {
            let fact = format!("fields that this version does not know: {}", joined(&self.unknown, ", "));
            checks.push(
                Check::note(Area::Shapes, "unknown fields", fact)
                    .hint("scopes with them are shown and left alone, never taken for what a file asks for"),
            );
        }
        if self.unscoped > 0 {
            let fact = format!("{} of a group came without a scope", counted(self.unscoped));
            checks.push(
                Check::note(Area::Shapes, "unscoped", fact)
                    .hint("that is not read as unrestricted: look at them by hand"),
            );
        }
        if !self.ids.is_empty() {
            let fact = format!("ids of members are {}", joined(&self.ids, " and "));
            checks.push(Check::ok(Area::Shapes, "ids", fact));
        }
        checks.push(if self.lists == 0 {
            Check::note(Area::Shapes, "totals", "no list was seen")
        } else if self.no_total.is_empty() {
            Check::ok(Area::Shapes, "totals", "every list states its total")
        } else {
            let fact = format!("no total in: {}", joined(&self.no_total, ", "));
            Check::problem(Area::Shapes, "totals", super::Trouble::Remote, fact)
                .hint("a list that cannot be proven complete is not believed: rolecall refuses to plan on it")
        });
        checks.push(self.pages_check(dialect));
        checks
    }

    fn roles_check(&self, dialect: &Dialect) -> Check {
        let name = "group roles";
        let set = match dialect.group_role {
            GroupRole::Nested => "nested",
            GroupRole::Flat => "flat",
        };
        let seen: Vec<&str> = self.group_roles.iter().copied().collect();
        match seen[..] {
            [] => Check::note(Area::Shapes, name, "no group that was looked at holds a role"),
            [one] if one == set => Check::ok(Area::Shapes, name, format!("{one}, as configured")),
            [one @ ("nested" | "flat")] => {
                differs(name, format!("{one}; configured is {set}"), "groupRole", one)
            }
            _ => Check::note(Area::Shapes, name, format!("several shapes: {}", seen.join(", "))),
        }
    }

    fn predicates_check(&self, dialect: &Dialect) -> Check {
        let name = "predicates";
        let set = word(dialect.predicate);
        let seen: Vec<&str> = self.predicates.iter().copied().collect();
        let mut with = vec![format!("types {}", joined(&self.types, ", "))];
        if !self.comparators.is_empty() {
            with.push(format!("comparators {}", joined(&self.comparators, ", ")));
        }
        let with = with.join("; ");
        let odd: Vec<&String> = self.comparators.iter().filter(|it| *it != "IN").collect();
        match seen[..] {
            [] if self.types.is_empty() => Check::note(Area::Shapes, name, "no scope was seen"),
            [] => Check::ok(Area::Shapes, name, format!("none with a value; {with}")),
            _ if !odd.is_empty() => Check::note(Area::Shapes, name, format!("{}; {with}", seen.join(", ")))
                .hint("a comparator other than IN is shown and left alone"),
            [one] if one == set => Check::ok(Area::Shapes, name, format!("{one}, as configured; {with}")),
            [one] => differs(name, format!("{one}; configured is {set}; {with}"), "predicate", one),
            _ => Check::note(Area::Shapes, name, format!("several forms: {}; {with}", seen.join(", "))),
        }
    }

    fn pages_check(&self, dialect: &Dialect) -> Check {
        let name = "pages";
        if let Some(bound) = self.usual.and_then(Asked::bound) {
            let fact = format!(
                "at most {bound} rows a page, whatever is asked for; configured is {}",
                dialect.page_limit
            );
            return Check::note(Area::Shapes, name, fact).hint(format!(
                "lists are read whole all the same; `api.dialect.pageLimit: {bound}` says what is so"
            ));
        }
        match self.one_row {
            Some(Asked { limit, rows, total }) if rows > limit => {
                let fact =
                    format!("asked for {limit} of {total} rows, {rows} came: the limit is not honoured");
                Check::note(Area::Shapes, name, fact).hint("lists are read whole all the same")
            }
            Some(Asked { total: 0 | 1, .. }) | None => {
                Check::note(Area::Shapes, name, "too few rows to see whether a limit is honoured")
            }
            Some(Asked { limit, .. }) => {
                Check::ok(Area::Shapes, name, format!("a limit of {limit} is honoured"))
            }
        }
    }
}

fn differs(name: &str, fact: String, field: &str, value: &str) -> Check {
    Check::note(Area::Shapes, name, fact).hint(format!(
        "set `api.dialect.{field}: {value}` in rolecall.yaml; `rolecall doctor --probe` learns the whole dialect"
    ))
}

pub(crate) fn word(form: PredicateForm) -> &'static str {
    match form {
        PredicateForm::List => "list",
        PredicateForm::Single => "single",
        PredicateForm::Id => "id",
    }
}

fn rows<'a>(it: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    it[field].as_array().into_iter().flatten()
}

fn counted(n: usize) -> String {
    if n == 1 { "1 role".to_owned() } else { format!("{n} roles") }
}

fn cut(text: impl AsRef<str>) -> String {
    text.as_ref().chars().take(60).collect()
}

fn joined<T: AsRef<str>>(names: &BTreeSet<T>, by: &str) -> String {
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(by)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "callers write the rows where they call")]
    fn seen(roles: Value) -> Shapes {
        let mut shapes = Shapes::default();
        shapes.group_roles(&json!({ "roles": roles, "pagination": { "totalNumResults": 1 } }));
        shapes
    }

    fn of(shapes: &Shapes, name: &str) -> String {
        let checks = shapes.checks(&Dialect::default());
        let check = checks.iter().find(|it| it.name == name).expect(name);
        format!("{} [{}]", check.fact, check.hint.as_deref().unwrap_or_default())
    }

    #[test]
    fn forms_are_told_apart_and_named_by_the_line_to_set() {
        let scope = |it: Value| json!({ "audiences": [{ "predicates": [it] }] });
        let nested = seen(
            json!([{ "role": { "id": "x" }, "scope": scope(json!({ "type": "COMPANY", "comparator": "IN", "values": ["x"] })) }]),
        );
        assert_eq!(of(&nested, "group roles"), "nested, as configured []");
        assert_eq!(of(&nested, "predicates"), "list, as configured; types COMPANY; comparators IN []");
        let flat = seen(json!([{ "id": "x", "scope": scope(json!({ "type": "PROFILE", "id": "x" })) }]));
        assert!(of(&flat, "group roles").contains("`api.dialect.groupRole: flat`"));
        assert!(of(&flat, "predicates").contains("`api.dialect.predicate: id`"));
        let single =
            seen(json!([{ "id": "x", "scope": scope(json!({ "type": "PROFILE", "values": "x" })) }]));
        assert!(of(&single, "predicates").contains("`api.dialect.predicate: single`"));
        let odd = seen(
            json!([{ "id": "x", "scope": scope(json!({ "type": "T", "comparator": "NOT_IN", "values": [], "except": 1 })) }, { "id": "y" }]),
        );
        assert!(of(&odd, "predicates").contains("NOT_IN"));
        assert!(of(&odd, "unknown fields").contains("predicate.except"));
        assert!(of(&odd, "unscoped").contains("1 role"));
    }

    #[test]
    fn a_page_shows_its_bound_only_where_more_was_there() {
        let asked = |limit, rows, total| Asked { limit, rows, total }.bound();
        assert_eq!(asked(100, 50, 214), Some(50));
        assert_eq!(asked(100, 100, 214), None);
        assert_eq!(asked(100, 3, 3), None);
        assert_eq!(asked(100, 0, 3), None);
    }
}
