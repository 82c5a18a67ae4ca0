//! What is weaker in the files than in the base: every key of `rolecall.yaml` by which rolecall stops less, and groups
//! and people that are managed less; and CSV files that lost many of their rows. Compares what the files say, not what a plan does.

use super::{
    check::Files,
    declared::{
        Declared, DeclaredAccept, DeclaredException, DeclaredGroup, DeclaredLockout, DeclaredTarget,
        DeclaredUser, Pattern, Rest, RoleRef,
    },
    mapping::Given,
    table::Table,
    workspace::Ids,
};
use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::model::{
    date,
    ids::{CompanyId, PersonRef},
    rules::{Unmanaged, Weakening},
    selector::Attribute,
    source::Place,
};

mod api;
mod people;
mod policies;

/// The files of one side, and what they declare.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) files: &'a Files,
    pub(super) declared: &'a Declared,
}

/// Returns what is weaker in `new` than in `base`, what matters most first. Of a part of the files it is not said what
/// they leave out.
pub(super) fn weakened(base: Side<'_>, new: Side<'_>, is_partial: bool) -> Vec<Weakening> {
    let mut rows = Rows { base, new, rows: Vec::new() };
    rows.api();
    rows.limits();
    rows.privileged();
    rows.protected();
    rows.policies();
    rows.unmanaged();
    rows.exceptions();
    rows.accepts();
    rows.lockouts();
    rows.names();
    rows.files();
    rows.groups(is_partial);
    rows.users(is_partial);
    rows.people(is_partial);
    rows.rows
}

struct Rows<'a> {
    base: Side<'a>,
    new: Side<'a>,
    rows: Vec<Weakening>,
}

/// What is said of a side: its text, and where.
type Said = Option<(String, Option<Place>)>;

impl Rows<'_> {
    /// The time zone of the new files.
    fn zone(&self) -> TimeZone {
        self.new.declared.zone.clone().unwrap_or(TimeZone::UTC)
    }

    fn add(&mut self, what: &str, before: Said, after: Said, why: &str) {
        let from = after.as_ref().or(before.as_ref()).and_then(|it| it.1);
        let text = |it: Said| it.map(|it| it.0.into());
        self.rows.push(Weakening {
            what: what.into(),
            before: text(before),
            after: text(after),
            why: why.into(),
            from,
        });
    }

    /// Limits that are numbers.
    fn limits(&mut self) {
        let [base, new] = [self.base, self.new].map(|it| &it.declared.rules);
        let higher = "more may go before an apply is stopped";
        let cut_off = "more people may be cut off before an apply is stopped";
        let accounts = "more accounts may come and go before an apply is stopped";
        let number = |n: usize| n.to_string();
        let rows = [
            ("guards.removals.percent", usize::from(base.percent), usize::from(new.percent), higher),
            ("guards.removals.from", base.from, new.from, "the share is looked at in fewer cases"),
            ("guards.removals.atMost", base.at_most, new.at_most, higher),
            (
                "guards.people.percent",
                usize::from(base.people_percent),
                usize::from(new.people_percent),
                accounts,
            ),
            (
                "guards.people.from",
                base.people_from,
                new.people_from,
                "the share is looked at in fewer cases",
            ),
            ("guards.people.atMost", base.people_at_most, new.people_at_most, accounts),
            ("guards.lockouts.people", base.lockout_people, new.lockout_people, cut_off),
            ("guards.lockouts.memberships", base.lockout_memberships, new.lockout_memberships, cut_off),
        ];
        for (what, before, after, why) in rows {
            if after > before {
                self.add(what, Some((number(before), None)), Some((number(after), None)), why);
            }
        }
        if new.people_look_ups < base.people_look_ups {
            let why = "somebody may be deactivated who is the only approver of others";
            let (before, after) = (number(base.people_look_ups), number(new.people_look_ups));
            self.add("guards.people.lookUps", Some((before, None)), Some((after, None)), why);
        }
        if new.holders < base.holders {
            let why = "privileged roles may be left with fewer holders";
            let (before, after) = (number(base.holders), number(new.holders));
            self.add("guards.holders", Some((before, None)), Some((after, None)), why);
        }
    }

    fn privileged(&mut self) {
        let [base, new] = [self.base, self.new].map(|it| it.declared.rules.privileged.as_ref());
        let is_off = |it: Option<&Vec<(RoleRef, Place)>>| it.is_some_and(Vec::is_empty);
        if is_off(base) {
            return;
        }
        if is_off(new) {
            let before = match base {
                Some(listed) => listed.iter().map(|it| it.0.to_string()).collect::<Vec<_>>().join(", "),
                None => "roles that manage access".to_owned(),
            };
            let why = "nobody is asked before somebody gets a privileged role";
            return self.add("guards.privileged", Some((before, None)), Some(("[]".to_owned(), None)), why);
        }
        let kept = |role: &RoleRef| new.is_some_and(|it| it.iter().any(|it| it.0 == *role));
        for (role, from) in base.into_iter().flatten().filter(|it| !kept(&it.0)) {
            let why = "nobody is asked before somebody gets it, nor does it keep its holders";
            self.add("guards.privileged", Some((role.to_string(), Some(*from))), None, why);
        }
    }

    fn protected(&mut self) {
        let [base, new] = [self.base, self.new].map(|it| &it.declared.rules);
        let lists = [
            (
                "guards.protected.groups",
                &base.protected_groups,
                &new.protected_groups,
                "what it matches may lose members and roles",
            ),
            (
                "guards.protected.people",
                &base.protected_people,
                &new.protected_people,
                "who it matches may lose access",
            ),
        ];
        for (what, base, new, why) in lists {
            let kept = |it: &Pattern| new.iter().any(|new| new.0.covers(it));
            for (pattern, from) in base.iter().filter(|it| !kept(&it.0)) {
                self.add(what, Some((pattern.text().to_owned(), Some(*from))), None, why);
            }
        }
    }

    fn unmanaged(&mut self) {
        let [base, new] = [self.base, self.new].map(|it| it.declared.unmanaged);
        let (word, rank) = (
            |it| match it {
                Unmanaged::Ignore => "ignore",
                Unmanaged::Report => "report",
                Unmanaged::Forbid => "forbid",
            },
            |it| match it {
                Unmanaged::Ignore => 0,
                Unmanaged::Report => 1,
                Unmanaged::Forbid => 2,
            },
        );
        if rank(new) < rank(base) {
            let said = |it| Some((word(it).to_owned(), None));
            self.add("unmanaged", said(base), said(new), "less is said of groups that no file names");
        }
    }

    fn exceptions(&mut self) {
        let [base, new] = [self.base, self.new].map(|it| &it.declared.rules.exceptions);
        for exception in new {
            let alike = |it: &&DeclaredException| {
                (it.guard, &it.policy, &it.target, it.level)
                    == (exception.guard, &exception.policy, &exception.target, exception.level)
            };
            let covers = |it: &DeclaredException| it.up_to >= exception.up_to && it.ends >= exception.ends;
            let mut known = base.iter().filter(alike).peekable();
            let widest = known.peek().copied();
            if known.any(covers) {
                continue;
            }
            let said = |it: &DeclaredException| {
                (format!("{}: up to {}, until {}", self.target(it), it.up_to, it.ends), Some(it.from))
            };
            let why = match widest {
                Some(_) => "it allows more, or for longer, than before",
                None if exception.policy.is_some() => "it lifts what the policy stops",
                None => "it lifts what the guard stops",
            };
            let (before, after) = (widest.map(said), Some(said(exception)));
            let what = match &exception.policy {
                Some(name) => format!("policies.exceptions {name}"),
                None => "exceptions".to_owned(),
            };
            self.add(&what, before, after, why);
        }
    }

    /// What an exception is for.
    fn target(&self, exception: &DeclaredException) -> String {
        let DeclaredTarget { company, group, person, role } = &exception.target;
        let of = exception.level.map(|it| format!(" of {}", it.as_str()));
        let aliases = &self.new.declared.aliases;
        let name = |it: &CompanyId| aliases.get(&it.0).map_or_else(|| it.to_string(), ToString::to_string);
        let keys = [
            group.as_ref().map(|it| format!("group {it}")),
            person.as_ref().map(|it| format!("person {it}")),
            role.as_ref().map(|it| format!("role {it}")),
            company.as_ref().map(|it| format!("company {}", name(it))),
        ];
        let keys: Vec<String> = keys.into_iter().flatten().collect();
        format!("{}{} for {}", exception.rule(), of.unwrap_or_default(), keys.join(", "))
    }

    fn accepts(&mut self) {
        let [base, new] = [self.base, self.new].map(|it| &it.declared.accepts);
        for accept in new {
            let mut known = base.iter().filter(|it| (it.company, &it.what) == (accept.company, &accept.what));
            let longest = known.clone().max_by_key(|it| it.ends);
            if known.any(|it| it.ends >= accept.ends) {
                continue;
            }
            let said = |it: &DeclaredAccept| (format!("{}, until {}", it.what, it.ends), Some(it.from));
            let why = match longest {
                Some(_) => "a difference from the files is left as it is for longer than before",
                None => "a difference from the files is left as it is, and is no drift",
            };
            self.add("accept", longest.map(said), Some(said(accept)), why);
        }
    }

    fn lockouts(&mut self) {
        let (new, zone) = (&self.new.declared.lockouts, self.zone());
        for lockout in &self.base.declared.lockouts {
            let said = |it: &DeclaredLockout| {
                let until = it.ends.map(|it| format!(" {}", date::until(it, &zone))).unwrap_or_default();
                (format!("{} since {}{until}", it.person, it.since), Some(it.from))
            };
            let of_person = || new.iter().filter(|it| it.person == lockout.person);
            let lasts = |it: &&DeclaredLockout| {
                it.since <= lockout.since
                    && it.ends.is_none_or(|end| lockout.ends.is_some_and(|it| it <= end))
            };
            if !of_person().any(|it| lasts(&it)) {
                let why = "who was cut off everywhere may be given access again";
                self.add("lockout", Some(said(lockout)), of_person().next().map(said), why);
            }
        }
    }

    /// Names for ids that mean something else by now.
    fn names(&mut self) {
        let [base, new] = [self.base, self.new].map(|it| it.files.workspace.as_ref());
        let (Some((of_base, base)), Some((of_new, new))) = (base, new) else { return };
        let (of_base, of_new) = (*of_base, *of_new);
        let names = |ids: &Given<Ids>| {
            let ids = ids.as_ref();
            let lists = [
                ids.and_then(|it| it.company.as_ref()),
                ids.and_then(|it| it.legal_entity.as_ref()),
                ids.and_then(|it| it.department.as_ref()),
                ids.and_then(|it| it.cost_center.as_ref()),
                ids.and_then(|it| it.office.as_ref()),
                ids.and_then(|it| it.grade.as_ref()),
            ];
            lists.map(|it| it.cloned().unwrap_or_default())
        };
        let lists =
            ["ids.company", "ids.legalEntity", "ids.department", "ids.costCenter", "ids.office", "ids.grade"]
                .into_iter()
                .zip(names(&base.ids).into_iter().zip(names(&new.ids)));
        for (list, (base, new)) in lists {
            for (name, before) in base.iter().filter_map(|(name, it)| Some((name, it.as_ref()?))) {
                let after = new.get(name).and_then(Option::as_ref);
                if after.is_some_and(|it| it.v.eq_ignore_ascii_case(&before.v)) {
                    continue;
                }
                let is_of_rules = !matches!(list, "ids.company" | "ids.legalEntity");
                let why = match after {
                    Some(_) if is_of_rules => {
                        "the name means something else, and rules for members that say it others"
                    }
                    Some(_) => {
                        "the name means something else: plans and exceptions that say it are about that"
                    }
                    None if is_of_rules => "no rule for members can say it any more",
                    None => "people and lock-outs are no longer looked for there",
                };
                let before = Some((before.v.clone(), Some(before.place(of_base))));
                let after = after.map(|it| (it.v.clone(), Some(it.place(of_new))));
                self.add(&format!("{list}.{name}"), before, after, why);
            }
        }
    }

    /// Which files are read.
    fn files(&mut self) {
        let patterns = |it: Side<'_>| -> Vec<(String, Option<Place>)> {
            let given = it.files.workspace.as_ref().and_then(|it| Some((it.0, it.1.access.as_ref()?)));
            match given {
                Some((file, all)) => all.iter().map(|it| (it.v.clone(), Some(it.place(file)))).collect(),
                None => vec![(super::read::DEFAULT_PATTERN.to_owned(), None)],
            }
        };
        let (base, new) = (patterns(self.base), patterns(self.new));
        let has = |all: &[(String, Option<Place>)], it: &str| all.iter().any(|known| known.0 == it);
        let why = "groups in files that are not read are left alone";
        for pattern in base.iter().filter(|it| !it.0.starts_with('!') && !has(&new, &it.0)) {
            self.add("access", Some(pattern.clone()), None, why);
        }
        for pattern in new.iter().filter(|it| it.0.starts_with('!') && !has(&base, &it.0)) {
            self.add("access", None, Some(pattern.clone()), why);
        }
    }

    /// Groups of which less is managed.
    fn groups(&mut self, is_partial: bool) {
        let [base, new] = [self.base, self.new].map(|it| &it.declared.companies);
        let (mut rows, zone) = (Vec::new(), self.zone());
        for company in base {
            let now = new.iter().find(|it| it.id == company.id);
            for group in &company.groups {
                let of_name = |it: &&DeclaredGroup| {
                    let renamed = it.renamed_from.as_ref().is_some_and(|it| it.0 == group.name);
                    it.name == group.name || renamed || it.id.is_some() && it.id == group.id
                };
                let what = format!("group {}", group.name);
                match now.and_then(|it| it.groups.iter().find(of_name)) {
                    Some(now) => {
                        let lists = [
                            ("roles", group.grants.rest, now.grants.rest),
                            ("members", group.members.rest, now.members.rest),
                        ];
                        if now.term.starts > group.term.starts {
                            let said = |it: &DeclaredGroup| {
                                let since = it
                                    .term
                                    .starts
                                    .map_or_else(|| "declared".to_owned(), |it| date::from(it, &zone));
                                Some((since, Some(it.from)))
                            };
                            let why = "until then it is left alone, with all who are in it";
                            rows.push((what.clone(), said(group), said(now), why));
                        }
                        for (list, before, after) in
                            lists.into_iter().filter(|it| managed(it.2) < managed(it.1))
                        {
                            let said = |it, from| Some((word(it).to_owned(), Some(from)));
                            rows.push((
                                format!("{what}, {list}"),
                                said(before, group.from),
                                said(after, now.from),
                                "what is there and not declared stays",
                            ));
                        }
                    }
                    None => {
                        let removed =
                            now.is_some_and(|it| it.removals.iter().any(|it| it.name == group.name));
                        if !removed && !is_partial {
                            let before = Some(("declared".to_owned(), Some(group.from)));
                            rows.push((
                                what,
                                before,
                                None,
                                "no file names it any more: it is left alone, with all who are in it",
                            ));
                        }
                    }
                }
            }
        }
        rows.into_iter().for_each(|it| self.add(&it.0, it.1, it.2, it.3));
    }

    /// People of whom less is managed.
    fn users(&mut self, is_partial: bool) {
        let [base, new] = [self.base, self.new].map(|it| &it.declared.companies);
        let mut rows = Vec::new();
        for company in base {
            let now = new.iter().find(|it| it.id == company.id);
            let now: BTreeMap<&PersonRef, &DeclaredUser> =
                now.into_iter().flat_map(|it| &it.users).map(|it| (&it.person, it)).collect();
            // Rows come and go with the people; of a file that lost many it is said below.
            for user in company.users.iter().filter(|it| !it.is_row) {
                people::less(user, now.get(&user.person).copied(), is_partial, &mut rows);
            }
        }
        rows.into_iter().for_each(|it| self.add(&it.0, it.1, it.2, it.3));
    }

    /// Files whose rows are people, and that have fewer by more than the share that may go at once. An export that went
    /// wrong leaves people out: they are left alone, so that nobody who leaves is seen.
    fn people(&mut self, is_partial: bool) {
        let [base, new] = [self.base, self.new].map(|it| tables(it));
        // Where a pattern means another file than before, its rows may be those of one that has fewer.
        let others: BTreeSet<&str> = new.keys().filter(|it| !base.contains_key(*it)).map(|it| it.0).collect();
        let grouped = |all: &BTreeMap<(&str, &str), (usize, Place)>| {
            let mut rows: BTreeMap<String, (usize, Place)> = BTreeMap::new();
            for (it, (count, at)) in all {
                let name = if others.contains(it.0) || !new.contains_key(it) { it.0 } else { it.1 };
                rows.entry(name.to_owned()).or_insert((0, *at)).0 += count;
            }
            rows
        };
        let rules = &self.base.declared.rules;
        let (percent, from) = (usize::from(rules.percent), rules.from);
        let mut rows = Vec::new();
        let now = grouped(&new);
        for (name, (before, at)) in grouped(&base) {
            let after = now.get(&name);
            let count = after.map_or(0, |it| it.0);
            let lost = before.saturating_sub(count);
            if before < from || lost * 100 <= before * percent || is_partial && after.is_none() {
                continue;
            }
            let said = |(count, at): (usize, Place)| Some((format!("{count} rows"), Some(at)));
            rows.push((name, said((before, at)), after.copied().and_then(said)));
        }
        for (name, before, after) in rows {
            let why = "people without a row are left alone: nobody sees who of them leaves";
            self.add(&format!("usersFrom {name}"), before, after, why);
        }
        self.columns();
    }

    /// Files that are still read, and of which it is not asked any more who leaves, or who approves.
    fn columns(&mut self) {
        let asked = |side: Side<'_>| {
            let mut all: BTreeMap<Box<str>, (BTreeSet<Attribute>, Place)> = BTreeMap::new();
            for table in &side.files.tables {
                let (pattern, at) = &table.pattern;
                all.entry(pattern.clone()).or_insert((BTreeSet::new(), *at)).0.extend(&*table.columns);
            }
            all
        };
        let (base, new) = (asked(self.base), asked(self.new));
        for (pattern, (columns, at)) in base {
            let Some((now, there)) = new.get(&pattern) else { continue };
            for (attribute, why) in [
                (Attribute::Active, "whoever leaves by the file is left alone"),
                (Attribute::Approvers, "who approves is left as it is"),
            ] {
                if columns.contains(&attribute) && !now.contains(&attribute) {
                    let what = format!("usersFrom {pattern}, {}", attribute.as_str());
                    let said = |it: &str, at| Some((it.to_owned(), Some(at)));
                    self.add(&what, said("a column", at), said("no column", *there), why);
                }
            }
        }
    }
}

/// How many rows each CSV file has, by the pattern that means it and its path, and where the pattern stands.
fn tables(side: Side<'_>) -> BTreeMap<(&str, &str), (usize, Place)> {
    let mut all = BTreeMap::new();
    for Table { path, pattern: (pattern, at), rows, .. } in &side.files.tables {
        all.entry((&**pattern, &**path)).or_insert((0, *at)).0 += rows.len();
    }
    all
}

/// How much of a list is managed.
fn managed(rest: Rest) -> u8 {
    match rest {
        Rest::Unmanaged => 0,
        Rest::Kept => 1,
        Rest::Removed => 2,
    }
}

fn word(rest: Rest) -> &'static str {
    match rest {
        Rest::Unmanaged => "unmanaged",
        Rest::Kept => "atLeast",
        Rest::Removed => "exactly these",
    }
}
