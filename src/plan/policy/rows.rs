//! Every row that rules look at, for engines outside of this program: the same fields by the same names.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::{Scene, rules::Alike, seen};
use crate::{
    model::{
        expression::Datum,
        ids::CompanyId,
        rules::{Policy, Rules, Unread},
    },
    plan::effective::Sides,
};

/// The fields of a row with their values.
pub type Fields = Vec<(&'static str, Datum)>;

/// Everything that rules look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// What people hold after the plan; by company and person.
    pub access: Vec<Fields>,
    /// What the plan changes, in its order.
    pub edits: Vec<Fields>,
    /// What could not be read, so that rows may be missing.
    pub unread: BTreeSet<(CompanyId, Unread)>,
}

/// The rows that a rule about everybody sees.
pub fn rows(sides: &Sides<'_>, rules: &Rules, rule: &Policy, now: Timestamp) -> Rows {
    seen(sides, rules, now, |it| it.rows(rule))
}

impl Scene<'_> {
    fn rows(&self, rule: &Policy) -> Rows {
        let mut access = Vec::new();
        let mut known: HashMap<Alike<'_>, Vec<Fields>> = HashMap::new();
        for who in self.concerned(rule) {
            let own = self.person(&who);
            let through = known.entry(self.alike(&who)).or_insert_with_key(|(company, parts, ends)| {
                self.through_groups(*company, parts, ends).into_iter().map(|it| it.facts).collect()
            });
            let outside = self.outside_groups(&who).into_iter().map(|it| it.facts);
            let held = through.iter().cloned().chain(outside);
            access.extend(held.map(|it| own.iter().cloned().chain(it).collect::<Fields>()));
        }
        let edits = self.sides.plan.edits.iter().map(|it| self.edit(it, self.company_of(it)));
        let unread = self.unread(rule).into_iter().filter_map(|it| {
            let company: CompanyId = it.things.first()?.first()?.company;
            Some((company, it.unread?))
        });
        Rows { access, edits: edits.collect(), unread: unread.collect() }
    }
}
