//! What is declared, as it stands at an instant: what starts later is not asked for yet, and a group whose time is over
//! is one to delete.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Computed, Declared, DeclaredCompany, DeclaredDirectRole, DeclaredGrant, DeclaredGroup, DeclaredMember,
    DeclaredRemoval, Listed, Rest,
};
use crate::model::date::{self, Term};

/// An entry that asks for something only for a time.
pub(crate) trait Timed {
    /// When it does.
    fn term(&self) -> Term;
}

impl Timed for DeclaredGrant {
    fn term(&self) -> Term {
        self.term
    }
}

impl Timed for DeclaredDirectRole {
    fn term(&self) -> Term {
        self.term
    }
}

impl Timed for DeclaredMember {
    fn term(&self) -> Term {
        Self::term(self)
    }
}

impl DeclaredMember {
    /// When the person shall be in the group.
    pub(crate) fn term(&self) -> Term {
        self.said.as_deref().map(|it| it.term).unwrap_or_default()
    }

    /// Whether it is said why.
    pub(crate) fn has_reason(&self) -> bool {
        self.said.as_deref().is_some_and(|it| it.has_reason)
    }
}

impl Declared {
    /// What is asked for at an instant. Entries of lists that have ended stay: what they asked for goes by them.
    pub(crate) fn at(&self, now: Timestamp) -> Cow<'_, Self> {
        if !self.companies.iter().any(|it| it.differs(now)) {
            return Cow::Borrowed(self);
        }
        let mut then = self.clone();
        let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
        then.companies.iter_mut().for_each(|it| it.settle(now, &zone));
        Cow::Owned(then)
    }
}

impl DeclaredCompany {
    fn differs(&self, now: Timestamp) -> bool {
        let of_group =
            |it: &DeclaredGroup| it.term.is_over(now) || it.terms().any(|term| term.is_coming(now));
        let of_lists = |it: &Listed<DeclaredDirectRole>| it.entries.iter().any(|it| it.term.is_coming(now));
        self.groups.iter().any(of_group) || self.users.iter().any(|it| of_lists(&it.roles))
    }

    fn settle(&mut self, now: Timestamp, zone: &TimeZone) {
        let over = self.groups.extract_if(.., |it| it.term.is_over(now));
        self.removals.extend(over.map(|it| DeclaredRemoval::of_ended(it, zone)));
        self.removals.sort_by(|a, b| (&a.name, a.from).cmp(&(&b.name, b.from)));
        for group in &mut self.groups {
            if group.term.is_coming(now) {
                group.wait();
            }
            group.grants.settle(now);
            group.members.settle(now);
        }
        self.users.iter_mut().for_each(|it| it.roles.settle(now));
    }
}

impl DeclaredGroup {
    /// When the group and everything in it shall be there.
    pub(super) fn terms(&self) -> impl Iterator<Item = Term> {
        let grants = self.grants.entries.iter().map(Timed::term);
        let members = self.members.entries.iter().map(Timed::term);
        std::iter::once(self.term).chain(grants).chain(members)
    }

    /// Asks for nothing: where the group is there already, under its name or a former one, it stays as it is.
    fn wait(&mut self) {
        self.description = None;
        self.grants = Listed::unmanaged();
        self.members = Listed::unmanaged();
        self.computed = Computed::default();
    }
}

impl DeclaredRemoval {
    fn of_ended(group: DeclaredGroup, zone: &TimeZone) -> Self {
        let reason = group.term.ends.map(|it| date::until(it, zone)).unwrap_or_default().into();
        let (name, id, from) = (group.name.clone(), group.id, group.from);
        Self { name, id, reason, ended: Some(Box::new(group)), from }
    }
}

impl<T> Listed<T> {
    /// A list that is not ours.
    pub(crate) fn unmanaged() -> Self {
        Self { entries: Vec::new(), coming: Vec::new(), rest: Rest::Unmanaged }
    }
}

impl<T: Timed> Listed<T> {
    fn settle(&mut self, now: Timestamp) {
        self.coming.extend(self.entries.extract_if(.., |it| it.term().is_coming(now)));
    }
}
