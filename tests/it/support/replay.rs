//! Who could do what after every single write: recomputed from the sandbox's log alone.
//!
//! Shares nothing with the product: scopes are taken apart here, and what a write does is said once
//! more. Access is a set of `(role, atom)`, where an atom is one value for each kind of predicate.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;

use super::World;

/// One value for each kind of predicate; fewer predicates reach further.
pub(crate) type Atom = BTreeSet<(String, String)>;
/// All that a scope reaches.
pub(crate) type Scope = BTreeSet<Atom>;
/// What a person may do: role and atom.
type Access = BTreeSet<(String, Atom)>;

/// A group without its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) members: BTreeSet<String>,
    /// Every entry, sorted; one that is there twice is twice in it.
    pub(crate) roles: Vec<(String, Scope)>,
}

/// Groups by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(pub(crate) BTreeMap<String, Group>);

impl State {
    /// Returns the groups by name, whatever their ids.
    pub(crate) fn groups(&self) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self.0.values().collect();
        groups.sort();
        groups
    }

    /// Returns the groups by name, with one entry for each role, on all that its entries reach.
    ///
    /// The API keeps a pair that is given twice as two entries, and what is added to a scope as one more; they mean
    /// what one means.
    pub(crate) fn by_meaning(&self) -> Vec<Group> {
        let merged = |group: &Group| {
            let mut roles: BTreeMap<String, Scope> = BTreeMap::new();
            for (role, scope) in &group.roles {
                roles.entry(role.clone()).or_default().extend(scope.iter().cloned());
            }
            for scope in roles.values_mut() {
                // What another atom reaches as well says nothing of its own.
                let all = scope.clone();
                scope.retain(|atom| !all.iter().any(|it| it != atom && it.is_subset(atom)));
            }
            Group { roles: roles.into_iter().collect(), ..group.clone() }
        };
        let mut groups: Vec<Group> = self.0.values().map(merged).collect();
        groups.sort();
        groups
    }

    /// Returns the names that more than one group has.
    pub(crate) fn doubled(&self) -> Vec<&str> {
        let groups = self.groups();
        groups.windows(2).filter(|it| it[0].name == it[1].name).map(|it| &*it[0].name).collect()
    }

    fn access(&self) -> BTreeMap<&str, Access> {
        let mut access: BTreeMap<&str, Access> = BTreeMap::new();
        for group in self.0.values() {
            for member in &group.members {
                let held = access.entry(member).or_default();
                for (role, scope) in &group.roles {
                    held.extend(scope.iter().map(|atom| (role.clone(), atom.clone())));
                }
            }
        }
        access
    }

    /// Does what a write does.
    fn make(&mut self, write: &Write) {
        let group = self.0.entry(write.group.clone()).or_default();
        let list = |name: &str| write.body[name].as_array().into_iter().flatten();
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        match write.what {
            What::Update => {
                (group.name, group.description) =
                    (text(&write.body["name"]), text(&write.body["description"]));
            }
            What::Delete => _ = self.0.remove(&write.group),
            What::Members => {
                for user in list("userIdsToDelete") {
                    group.members.remove(user.as_str().unwrap());
                }
                group.members.extend(list("userIdsToAdd").map(text));
            }
            What::Roles => {
                let role = |it: &Value| (text(&it["roleId"]), atoms(&it["scope"]));
                for gone in list("rolesToDelete").map(role) {
                    group.roles.retain(|it| *it != gone);
                }
                group.roles.extend(list("rolesToAdd").map(role));
                group.roles.sort();
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum What {
    Update,
    Delete,
    Members,
    Roles,
}

/// A write that took effect.
#[derive(Clone, Debug)]
struct Write {
    what: What,
    group: String,
    body: Value,
    line: String,
}

impl Write {
    /// Returns nothing for a creation: the group is empty, so it counts from the first write to it.
    fn new(entry: &Value) -> Option<Self> {
        let route = entry["route"].as_str().unwrap();
        let method = entry["method"].as_str().unwrap();
        let what = match (method, route.rsplit('/').next().unwrap()) {
            ("PUT" | "PATCH", "{groupId}") => What::Update,
            ("DELETE", "{groupId}") => What::Delete,
            ("PATCH", "members") => What::Members,
            ("PATCH", "roles") => What::Roles,
            ("POST", "user-groups") => return None,
            other => panic!("a write that nobody expects: {other:?}"),
        };
        let group = entry["path"].as_str().unwrap().split('/').nth(5).unwrap().to_owned();
        Some(Self { what, group, body: entry["body"].clone(), line: entry.to_string() })
    }
}

/// Returns what a scope of the API reaches, atom by atom.
pub(crate) fn atoms(scope: &Value) -> Scope {
    let mut atoms = Scope::new();
    for audience in scope["audiences"].as_array().into_iter().flatten() {
        let mut some = vec![Atom::new()];
        if audience.as_object().is_none_or(|it| it.keys().any(|key| key != "predicates")) {
            // What nobody can read reaches as far as itself.
            atoms.insert(Atom::from([("UNREADABLE".to_owned(), audience.to_string())]));
            continue;
        }
        for predicate in audience["predicates"].as_array().into_iter().flatten() {
            let kind = predicate["type"].as_str().unwrap();
            let values: Vec<&str> =
                predicate["values"].as_array().into_iter().flatten().map(|it| it.as_str().unwrap()).collect();
            let values = if values.is_empty() { vec![""] } else { values };
            some = some
                .iter()
                .flat_map(|atom| {
                    values.iter().map(|value| {
                        let mut atom = atom.clone();
                        atom.insert((kind.to_owned(), (*value).to_owned()));
                        atom
                    })
                })
                .collect();
        }
        atoms.extend(some);
    }
    atoms
}

/// Whether one of these reaches at least as far.
fn covered(wanted: &(String, Atom), by: &Access) -> bool {
    by.iter().any(|(role, atom)| *role == wanted.0 && atom.is_subset(&wanted.1))
}

/// Returns what both give.
fn both(a: &Access, b: &Access) -> Access {
    let mut common = Access::new();
    for (role, one) in a {
        for (_, other) in b.iter().filter(|it| it.0 == *role) {
            let atom: Atom = one.union(other).cloned().collect();
            let kinds: BTreeSet<&str> = atom.iter().map(|it| &*it.0).collect();
            // A traveller is of one company: two values of one kind reach nobody.
            if kinds.len() == atom.len() {
                common.insert((role.clone(), atom));
            }
        }
    }
    common
}

/// The states that the writes of a log led through.
#[derive(Debug)]
pub(crate) struct History {
    before: State,
    /// The write, as logged, and the state right after it.
    moments: Vec<(String, State)>,
}

/// Somebody held at some moment what nobody should have held, or lacked what everybody kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    person: String,
    access: (String, Atom),
    after: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}, right after {}", self.person, self.access, self.after)
    }
}

impl History {
    /// Recomputes the states; the log may be in any order.
    pub(crate) fn new(before: State, log: &[Value]) -> Self {
        let mut entries: Vec<(u64, &Value)> = log
            .iter()
            .filter(|it| it["write"] == true)
            .filter_map(|it| Some((it["applied"].as_u64()?, it)))
            .collect();
        entries.sort_by_key(|it| it.0);
        let mut state = before.clone();
        let mut moments = Vec::new();
        for write in entries.into_iter().filter_map(|it| Write::new(it.1)) {
            state.make(&write);
            moments.push((write.line, state.clone()));
        }
        Self { before, moments }
    }

    /// Returns where it ended.
    pub(crate) fn last(&self) -> &State {
        self.moments.last().map_or(&self.before, |it| &it.1)
    }

    /// Returns who held at some moment what none of the sides gives.
    pub(crate) fn excess(&self, sides: &[&State]) -> Vec<Violation> {
        let sides: Vec<BTreeMap<&str, Access>> = sides.iter().map(|it| it.access()).collect();
        let allowed = |person: &str, one: &(String, Atom)| {
            sides.iter().filter_map(|it| it.get(person)).any(|it| covered(one, it))
        };
        self.violations(|now| {
            let held = now.iter().flat_map(|(person, access)| access.iter().map(move |it| (*person, it)));
            held.filter(|(person, one)| !allowed(person, one))
                .map(|(person, one)| (person.to_owned(), one.clone()))
                .collect()
        })
    }

    /// Returns who lacked at some moment what both sides give.
    pub(crate) fn gaps(&self, after: &State) -> Vec<Violation> {
        let (before, after) = (self.before.access(), after.access());
        let kept: Vec<(&str, Access)> = before
            .iter()
            .filter_map(|(person, access)| Some((*person, both(access, after.get(person)?))))
            .collect();
        self.violations(|now| {
            let nothing = Access::new();
            let wanted = kept.iter().flat_map(|(person, access)| access.iter().map(move |it| (*person, it)));
            wanted
                .filter(|(person, one)| !covered(one, now.get(person).unwrap_or(&nothing)))
                .map(|(person, one)| (person.to_owned(), one.clone()))
                .collect()
        })
    }

    /// The first moment of each violation is the one worth reading.
    fn violations(
        &self,
        found: impl Fn(&BTreeMap<&str, Access>) -> Vec<(String, (String, Atom))>,
    ) -> Vec<Violation> {
        let mut known = BTreeSet::new();
        let mut violations = Vec::new();
        for (line, state) in &self.moments {
            for (person, access) in found(&state.access()) {
                if known.insert((person.clone(), access.clone())) {
                    violations.push(Violation { person, access, after: line.clone() });
                }
            }
        }
        violations
    }

    /// Panics if anybody held at any moment what no side gives.
    #[track_caller]
    pub(crate) fn nobody_holds_more_than(&self, sides: &[&State], what: &str) {
        told(&self.excess(sides), &format!("{what}: held, and neither side gives it"));
    }

    /// Panics if anybody lacked at any moment what both sides give, except people whom the plan names.
    #[track_caller]
    pub(crate) fn nobody_holds_less_than_both(&self, after: &State, named: &BTreeSet<String>, what: &str) {
        let gaps: Vec<Violation> =
            self.gaps(after).into_iter().filter(|it| !named.contains(&it.person)).collect();
        told(&gaps, &format!("{what}: lacked, and both sides give it"));
    }
}

#[track_caller]
fn told(violations: &[Violation], what: &str) {
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{what}\n{}", lines.join("\n"));
}

impl World {
    /// Returns all groups of the company as the API lists them.
    pub(crate) fn state(&self) -> State {
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let group = |head: Value| {
            let id = text(&head["id"]);
            let members = self.list(&format!("user-groups/{id}/members"));
            let held = self.list(&format!("user-groups/{id}/roles"));
            // Flat elements are the role itself, with the scope among its fields.
            let role = |it: &Value| text(if it["role"].is_null() { &it["id"] } else { &it["role"]["id"] });
            let mut roles: Vec<(String, Scope)> =
                held.iter().map(|it| (role(it), atoms(&it["scope"]))).collect();
            roles.sort();
            let group = Group {
                name: text(&head["name"]),
                description: text(&head["description"]),
                members: members.iter().map(|it| text(&it["userId"])).collect(),
                roles,
            };
            (id, group)
        };
        State(self.list("user-groups/list").into_iter().map(group).collect())
    }

    /// Returns what the sandbox held at the start; for worlds of a tenant.
    #[track_caller]
    pub(crate) fn at_start(&self) -> &State {
        self.seeded.as_ref().expect("a world of a tenant")
    }

    /// Returns the ids and addresses of the people whose access the plan says to have gaps.
    pub(crate) fn named_gaps(&self) -> BTreeSet<String> {
        fn texts(value: &Value, found: &mut BTreeSet<String>) {
            match value {
                Value::String(text) => _ = found.insert(text.clone()),
                Value::Array(values) => values.iter().for_each(|it| texts(it, found)),
                Value::Object(fields) => fields.values().for_each(|it| texts(it, found)),
                Value::Null | Value::Bool(_) | Value::Number(_) => (),
            }
        }
        let mut found = BTreeSet::new();
        texts(&self.run("plan --format json").json()["gaps"], &mut found);
        found
    }

    /// Returns what the writes since the last [`World::forget`] led through, having checked that it
    /// ends where the sandbox is now, and that no two groups have one name there.
    #[track_caller]
    pub(crate) fn history(&self, before: &State) -> History {
        let history = History::new(before.clone(), &self.log());
        let now = self.state();
        // A creation is not in a history, so neither are the names of created groups.
        let filled = |it: &State| -> BTreeMap<String, Group> {
            let groups = it.0.iter().filter(|(_, it)| !it.members.is_empty() || !it.roles.is_empty());
            let nameless =
                |it: &Group| Group { name: String::new(), description: String::new(), ..it.clone() };
            groups.map(|(id, it)| (id.clone(), nameless(it))).collect()
        };
        assert_eq!(filled(history.last()), filled(&now), "the log does not tell all that was written");
        assert_eq!(now.doubled(), [""; 0], "groups of one name");
        history
    }
}

mod tests {
    use serde_json::json;

    use super::*;

    fn scope(audiences: &[&[(&str, &[&str])]]) -> Value {
        let audience = |it: &&[(&str, &[&str])]| {
            let predicates: Vec<Value> = it
                .iter()
                .map(|(kind, values)| json!({ "type": kind, "comparator": "IN", "values": values }))
                .collect();
            json!({ "predicates": predicates })
        };
        json!({ "audiences": audiences.iter().map(audience).collect::<Vec<_>>() })
    }

    const GLOBEX: &[(&str, &[&str])] = &[("COMPANY", &["globex"])];
    const GLOBEX_UK: &[(&str, &[&str])] = &[("COMPANY", &["globex"]), ("LEGAL_ENTITY", &["uk"])];

    /// A group of one role.
    fn state(groups: &[(&str, &[&str], &Value)]) -> State {
        let group = |(id, members, scope): &(&str, &[&str], &Value)| {
            let group = Group {
                members: members.iter().map(|it| (*it).to_owned()).collect(),
                roles: vec![("agent".to_owned(), atoms(scope))],
                ..Group::default()
            };
            ((*id).to_owned(), group)
        };
        State(groups.iter().map(group).collect())
    }

    fn entry(applied: u64, method: &str, group: &str, what: &str, body: &Value) -> Value {
        let path = format!("/v3/companies/c/user-groups/{group}/{what}");
        let route = format!("/v3/companies/{{companyId}}/user-groups/{{groupId}}/{what}");
        json!({ "write": true, "applied": applied, "method": method, "path": path, "route": route, "body": body })
    }

    fn joins(applied: u64, group: &str, user: &str) -> Value {
        entry(applied, "PATCH", group, "members", &json!({ "userIdsToAdd": [user] }))
    }

    fn leaves(applied: u64, group: &str, user: &str) -> Value {
        entry(applied, "PATCH", group, "members", &json!({ "userIdsToDelete": [user] }))
    }

    fn rescoped(applied: u64, group: &str, from: &Value, to: &Value) -> Value {
        let change = json!({
            "rolesToDelete": [{ "roleId": "agent", "scope": from }],
            "rolesToAdd": [{ "roleId": "agent", "scope": to }],
        });
        entry(applied, "PATCH", group, "roles", &change)
    }

    #[test]
    fn who_joins_before_the_roles_narrow_is_found_and_who_joins_after_is_not() {
        let (wide, narrow) = (scope(&[GLOBEX]), scope(&[GLOBEX_UK]));
        let before = state(&[("a", &["ana"], &wide)]);
        let after = state(&[("a", &["ana", "bo"], &narrow)]);
        let found = |log: &[Value]| History::new(before.clone(), log).excess(&[&before, &after]);
        assert_eq!(found(&[rescoped(1, "a", &wide, &narrow), joins(2, "a", "bo")]), []);
        let excess = found(&[joins(1, "a", "bo"), rescoped(2, "a", &wide, &narrow)]);
        assert_eq!((excess.len(), &*excess[0].person), (1, "bo"));
    }

    #[test]
    fn who_moves_without_a_gap_is_told_from_who_does_not() {
        // Both sides give Bo the legal entity; one of them gives more.
        let (wide, narrow) = (scope(&[GLOBEX]), scope(&[GLOBEX_UK]));
        let before = state(&[("a", &["bo"], &wide), ("b", &[], &narrow)]);
        let after = state(&[("a", &[], &wide), ("b", &["bo"], &narrow)]);
        let found = |log: &[Value]| History::new(before.clone(), log).gaps(&after);
        assert_eq!(found(&[joins(1, "b", "bo"), leaves(2, "a", "bo")]), []);
        let gaps = found(&[leaves(1, "a", "bo"), joins(2, "b", "bo")]);
        assert_eq!((gaps.len(), &*gaps[0].person), (1, "bo"));
        let named = BTreeSet::from(["bo".to_owned()]);
        History::new(before.clone(), &[leaves(1, "a", "bo"), joins(2, "b", "bo")])
            .nobody_holds_less_than_both(&after, &named, "named");
    }

    #[test]
    fn the_order_is_that_of_the_changes_and_what_took_no_effect_does_not_count() {
        let wide = scope(&[GLOBEX]);
        let before = state(&[("a", &[], &wide)]);
        let mut lost = joins(9, "a", "cy");
        lost["applied"] = Value::Null;
        let history = History::new(before.clone(), &[leaves(2, "a", "bo"), lost, joins(1, "a", "bo")]);
        assert_eq!(history.last(), &before);
        assert_eq!(history.excess(&[&before]).len(), 1, "Bo was in it for a moment");
    }

    #[test]
    fn a_scope_is_what_it_reaches() {
        let (one, two) =
            (scope(&[&[("COMPANY", &["b", "a"])]]), scope(&[&[("COMPANY", &["a"])], &[("COMPANY", &["b"])]]));
        assert_eq!(atoms(&one), atoms(&two));
        assert_eq!(atoms(&scope(&[GLOBEX_UK])).len(), 1);
        assert_eq!(atoms(&json!({})), Scope::new(), "nothing is not everything");
    }
}
