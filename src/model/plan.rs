//! The plan: every edit between two states of access, and what people need to judge it, as a value.
//!
//! A plan says what changes, never in which order or by which calls (that is `order`), and never how it looks (that
//! is the report's).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::model::{
    access::Why,
    finding::Finding,
    ids::{CompanyId, RoleId, UserId},
    index::{GroupIx, Index, Renumbering},
    rules::{Unmanaged, Weakened, Weakening},
    selector::Selector,
    source::{FileId, Place},
    stamp::{Stamp, Stamps},
    state::{Edit, Fact, Key, Owner, State},
};

mod accepted;
mod change;
mod judged;
mod leaver;
mod people;
mod withheld;

pub use accepted::{Accepted, Difference, Side};
pub use change::{Action, Change, Edits, relation};
pub use judged::{Check, Digest, Gap, GapCause, ID_DIGITS, Judgement, Outside, ReadGroup, Survivor, Verdict};
pub use leaver::{Leaver, LookUps, Still, Unasked};
pub use people::{Affected, Loser, Path, People, RoleEffect};
pub use withheld::{StaysActive, Unnamed, WithheldReason};

/// Every edit that turns the live state into the desired one, with places, reasons and names beside it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The numbers that the states and edits speak in.
    pub index: Arc<Index>,
    /// The state before: everything that was read, or of a saved plan the groups and people that change.
    pub live: State,
    /// What differs, sorted by key.
    pub edits: Edits,
    /// Where edits are asked for, and why something goes, as far as there is anything to say.
    pub notes: BTreeMap<Key, Note>,
    /// The reasons that the files give for deleting groups, and for what changes of people.
    pub reasons: BTreeMap<Owner, Box<str>>,
    /// The scopes of live roles exactly as the API spelled them, one per entry of its list.
    pub entries: Entries,
    /// When the members who go were added, as far as the API tells.
    // Not among the notes: by these, people who gain or lose in the same way are told together.
    pub added: BTreeMap<Key, Timestamp>,
    /// The rules by which members come, and of who goes those that do not mean the person.
    pub by_rule: BTreeMap<Key, ByRule>,
    /// The rules for members of each group that has some: what tells once more who is not meant.
    pub selectors: BTreeMap<GroupIx, Arc<[Selector]>>,
    /// Who made the groups that change and who touched them last, as far as the API tells.
    pub stamps: BTreeMap<GroupIx, Stamps>,
    /// Groups that were not looked into, because only members go who are cut off everywhere.
    pub unread: BTreeSet<GroupIx>,
    /// The companies looked at, sorted by id.
    pub companies: Vec<Overview>,
    /// What is done about groups that no file names.
    pub unmanaged: Unmanaged,
    /// What was asked for and is withheld, and why; sorted.
    pub withheld: Vec<Withheld>,
    /// What differs, and is left as it is because the files accept it for a while; what is privileged last. Sorted.
    pub accepted: Vec<Accepted>,
    /// What ends or begins within [`Plan::NOTICE_DAYS`]; sorted.
    pub soon: Vec<Soon>,
    /// Names for the ids above.
    pub names: Names,
    /// Digests of every live group that was read, sorted by company and id.
    pub read: Vec<ReadGroup>,
    /// What is odd about the files and stops nothing; sorted.
    pub remarks: Vec<Finding>,
    /// Direct roles that people keep who are cut off everywhere; sorted.
    pub survivors: Vec<Survivor>,
    /// Those whose accounts it deactivates while active people name them, or they arrange for some; sorted.
    pub leavers: Vec<Leaver>,
    /// How far that was looked at, of the companies where not everybody was; sorted.
    pub look_ups: Vec<LookUps>,
    /// Direct roles that were looked at, of everybody else; sorted.
    pub outside: Vec<Outside>,
    /// What is weaker in the files than in the base, where there is one.
    pub weakened: Option<Weakened>,
    /// Of a rollback, the apply that it undoes.
    pub undoes: Option<Undone>,
    /// What the change asks for, the base does not, and somebody has made already: from the base to what is live. Set where
    /// the plan was compared with a base.
    pub already_live: Option<Edits>,
    /// What the base asks for, where the plan was compared with one. Of no saved plan: it is judged anew.
    pub base: Option<Base>,
    /// Where everything is asked for that the files ask for, changed or not; kept where policies have to tell it.
    pub lines: BTreeMap<Key, Line>,
}

/// What the base of a change asks for.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// From what is live to that.
    pub edits: Edits,
    /// Where it asks for everything.
    pub lines: BTreeMap<Key, Line>,
}

/// The entry of a file that asks for a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it stands.
    pub from: Place,
    /// The instant from which it asks for it, where it says one.
    pub starts: Option<Timestamp>,
    /// The instant from which it no longer does.
    pub ends: Option<Timestamp>,
    /// Whether it says why.
    pub has_reason: bool,
}

impl Line {
    /// An entry that says neither when nor why, at a place that is still to be said.
    pub(crate) fn nothing() -> Self {
        Self { from: Place::new(FileId(0), 1, 1), starts: None, ends: None, has_reason: false }
    }
}

/// The rules of `membersFrom` that an edit of a member comes by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", bound(deserialize = "P: Deserialize<'de>"))]
pub struct ByRule<P = Place> {
    /// Of who joins the rule that means the person, of who leaves all rules of the group, in words.
    pub rules: Arc<[Box<str>]>,
    /// Where the rule stands, or the first of them.
    #[serde(rename = "origin")]
    pub from: P,
}

impl<P> ByRule<P> {
    /// The same with a place of another kind.
    pub(crate) fn map<Q>(self, place: impl FnOnce(P) -> Q) -> ByRule<Q> {
        ByRule { rules: self.rules, from: place(self.from) }
    }
}

/// The apply that a rollback undoes. Only its journal says what that did; this says where to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Undone")]
pub struct Undone {
    /// Its journal, as a path from the workspace where it lies inside.
    pub journal: Box<str>,
    /// The id of its plan.
    pub plan: Digest,
}

/// Scopes as the API spelled them, by group and role.
pub type Entries = BTreeMap<(GroupIx, RoleId), Box<[Option<Arc<RawValue>>]>>;

/// What is said beside an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "P: Deserialize<'de>"))]
pub struct Note<P = Place> {
    /// Where the fact, or the removal of a group, is declared.
    #[serde(rename = "origin", skip_serializing_if = "Option::is_none")]
    pub from: Option<P>,
    /// The instant from which the fact, or a part of it, is no longer wanted; of what goes because it begins later, the one
    /// from which it is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// Why it goes, if it does.
    #[serde(default, skip_serializing_if = "Why::is_usual")]
    pub why: Why<P>,
    /// Where it comes from, where a base was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// Something that the files ask for, and that ends or begins soon: a group with everything in it, a membership, a role of
/// a group, or a role outside groups.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", bound(deserialize = "P: Deserialize<'de>"))]
pub struct Soon<P = Place> {
    /// When.
    pub at: Timestamp,
    /// Whether it begins then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begins: bool,
    /// In which company.
    pub company: CompanyId,
    /// The name of the group; left out of a role outside groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<str>>,
    /// The member, or who holds a role outside groups.
    #[serde(default, rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The role of the group.
    #[serde(default, rename = "roleId", skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleId>,
    /// The type of the role outside groups, as the API names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_type: Option<Box<str>>,
    /// Where that is said.
    #[serde(rename = "origin")]
    pub from: P,
}

/// Where an edit comes from, seen from the base of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// The change under review.
    Change,
    /// Drift: the base asks for the same, and the live state is another. Merging would undo that as well.
    Drift,
    /// Both: the change asks for something else than the base, and so does the live state.
    Conflict,
}

impl<P> Soon<P> {
    /// The same with a place of another kind.
    pub(crate) fn map<Q>(self, place: impl FnOnce(P) -> Q) -> Soon<Q> {
        let Self { at, begins, company, group, user, role, role_type, from } = self;
        Soon { at, begins, company, group, user, role, role_type, from: place(from) }
    }
}

impl<P> Note<P> {
    /// The same with places of another kind.
    pub(crate) fn map<Q>(self, mut place: impl FnMut(P) -> Q) -> Note<Q> {
        Note { from: self.from.map(&mut place), ends: self.ends, why: self.why.map(place), cause: self.cause }
    }
}

// A derived one would ask for a place that is the usual one.
impl<P> Default for Note<P> {
    fn default() -> Self {
        Self { from: None, ends: None, why: Why::default(), cause: None }
    }
}

impl Plan {
    /// How many days ahead a `from` and an `until` are announced.
    pub const NOTICE_DAYS: i64 = 7;

    /// What ends within [`Plan::NOTICE_DAYS`].
    pub fn expiring(&self) -> impl Iterator<Item = &Soon> {
        self.soon.iter().filter(|it| !it.begins)
    }

    /// Whether applying it would do nothing.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// How many groups and people it changes.
    pub fn len(&self) -> usize {
        self.edits.owners()
    }

    /// The groups and people that change, in order.
    pub fn changes(&self) -> impl ExactSizeIterator<Item = Change<'_>> {
        (0..self.len()).map(|at| Change::new(self, at))
    }

    /// The groups that change, in order.
    pub fn groups(&self) -> impl Iterator<Item = Change<'_>> {
        self.changes().take_while(|it| it.group().is_some())
    }

    /// The people whose direct roles change, in order.
    pub fn people(&self) -> impl Iterator<Item = Change<'_>> {
        self.changes().filter(|it| it.group().is_none())
    }

    /// A change by its position.
    pub fn change(&self, at: usize) -> Option<Change<'_>> {
        (at < self.len()).then(|| Change::new(self, at))
    }

    /// The name of what a change is about: of the group, or of the person.
    pub fn title(&self, at: usize) -> String {
        let Some(change) = self.change(at) else { return String::new() };
        change.user().map_or_else(|| change.name().to_owned(), |it| self.names.person(it))
    }

    /// What is said beside an edit.
    pub fn note(&self, key: &Key) -> Note {
        self.notes.get(key).copied().unwrap_or_default()
    }

    /// Whether a change would give something that has ended by `now`, or take something that has begun.
    pub fn is_late(&self, change: &Change<'_>, now: Timestamp) -> bool {
        change.edits.iter().any(|it| self.note(&it.key).ends.is_some_and(|ends| ends <= now))
    }

    /// Whether anything that it gives has an end, or anything that it takes begins later.
    pub fn has_dates(&self) -> bool {
        self.notes.values().any(|it| it.ends.is_some())
    }

    /// The state that results.
    pub fn after(&self) -> State {
        let mut after = self.live.clone();
        after.apply(self.edits.iter());
        after
    }

    /// Keeps the changes for which `keep` holds.
    pub fn retain(&mut self, keep: impl Fn(&Change<'_>) -> bool) {
        let kept = self.changes().filter(keep).flat_map(|it| it.edits.iter().cloned()).collect();
        self.edits = Edits::new(kept);
        self.keep_leavers();
    }

    /// Keeps what goes because it has ended, and nothing else. A role of which a part has ended changes, and stays as it is.
    pub fn keep_ended(&mut self) {
        let ended = |it: &&Edit| it.removes() && matches!(self.note(&it.key).why, Why::Ended(_));
        self.edits = Edits::new(self.edits.iter().filter(ended).cloned().collect());
        self.keep_leavers();
        self.unmanaged = self.unmanaged.allowing();
    }

    /// Forgets of those who leave who no longer does by it.
    fn keep_leavers(&mut self) {
        let all: BTreeSet<_> = self.leaving().collect();
        self.leavers.retain(|it| all.contains(&(it.company, it.user)));
        self.look_ups.retain(|it| all.iter().any(|(company, _)| *company == it.company));
    }

    /// The plan with the edits alone that come from the change under review, or from drift.
    #[must_use]
    pub fn caused(&self, by_drift: bool) -> Self {
        let is_meant = |it: &&Edit| (self.note(&it.key).cause == Some(Cause::Drift)) == by_drift;
        Self { edits: Edits::new(self.edits.iter().filter(is_meant).cloned().collect()), ..self.clone() }
    }

    /// The same plan in other numbers, which must know everything it speaks of.
    #[must_use]
    pub fn renumbered(&self, index: Arc<Index>, numbers: &Renumbering) -> Self {
        let edit = |it: &Edit| it.clone().renumbered(numbers);
        let key = |it: &Key| it.renumbered(numbers);
        let group = |it: &GroupIx| numbers.group(*it);
        let lines = |it: &BTreeMap<Key, Line>| it.iter().filter_map(|it| Some((key(it.0)?, *it.1))).collect();
        Self {
            index,
            live: self.live.renumbered(numbers),
            edits: Edits::new(self.edits.iter().filter_map(edit).collect()),
            notes: self.notes.iter().filter_map(|it| Some((key(it.0)?, *it.1))).collect(),
            added: self.added.iter().filter_map(|it| Some((key(it.0)?, *it.1))).collect(),
            by_rule: self.by_rule.iter().filter_map(|it| Some((key(it.0)?, it.1.clone()))).collect(),
            selectors: self
                .selectors
                .iter()
                .filter_map(|(it, all)| Some((group(it)?, all.clone())))
                .collect(),
            reasons: self
                .reasons
                .iter()
                .filter_map(|(it, why)| Some((it.renumbered(numbers)?, why.clone())))
                .collect(),
            entries: self
                .entries
                .iter()
                .filter_map(|((it, role), raw)| Some(((group(it)?, *role), raw.clone())))
                .collect(),
            stamps: self.stamps.iter().filter_map(|(it, told)| Some((group(it)?, told.clone()))).collect(),
            unread: self.unread.iter().filter_map(group).collect(),
            already_live: self
                .already_live
                .as_ref()
                .map(|it| Edits::new(it.iter().filter_map(edit).collect())),
            base: self.base.as_ref().map(|it| Base {
                edits: Edits::new(it.edits.iter().filter_map(edit).collect()),
                lines: lines(&it.lines),
            }),
            lines: lines(&self.lines),
            ..self.clone()
        }
    }

    /// Whether live state is all that the files ask for: nothing to change, nothing withheld and nothing forbidden.
    pub fn is_settled(&self) -> bool {
        self.is_empty() && self.withheld() == 0 && self.forbidden().next().is_none()
    }

    /// Whether a group that no file names is a difference from the files.
    pub fn forbids(&self, group: &UnmanagedGroup) -> bool {
        self.unmanaged == Unmanaged::Forbid && !group.is_standard && !group.is_accepted
    }

    /// The groups that no file names although the files are to name all, with their companies.
    pub fn forbidden(&self) -> impl Iterator<Item = (CompanyId, &UnmanagedGroup)> {
        let all = self.companies.iter().flat_map(|it| it.unmanaged.iter().map(|group| (it.company, group)));
        all.filter(|it| self.forbids(it.1))
    }

    /// The rules by which rolecall stops less than by those of the base.
    pub fn weakenings(&self) -> &[Weakening] {
        self.weakened.as_ref().map_or(&[], |it| &it.rows)
    }

    /// Those whose accounts it creates, under the ids that are made up until the API gives others.
    pub fn newcomers(&self) -> impl Iterator<Item = (CompanyId, UserId)> {
        let new = self.people().filter(|it| matches!(it.account(), Some([None, Some(_)])));
        new.filter_map(|it| Some((it.company(), it.user()?)))
    }

    /// Those whose accounts it deactivates.
    pub fn leaving(&self) -> impl Iterator<Item = (CompanyId, UserId)> {
        let leaving = self.people().filter(|it| matches!(it.account(), Some([_, Some("false")])));
        leaving.filter_map(|it| Some((it.company(), it.user()?)))
    }

    /// How much was asked for and is withheld.
    pub fn withheld(&self) -> usize {
        self.withheld.iter().filter(|it| it.withholds()).count()
    }

    /// How much it changes.
    pub fn summary(&self) -> Summary {
        let mut sum = Summary::default();
        for change in self.groups() {
            match change.action() {
                Action::Create => sum.groups_created += 1,
                Action::Alter => sum.groups_changed += 1,
                Action::Delete => sum.groups_deleted += 1,
            }
        }
        for change in self.people().filter(|it| it.traits().next().is_some()) {
            match change.account() {
                Some([None, _]) => sum.people_created += 1,
                Some([_, Some("false")]) => sum.people_deactivated += 1,
                Some(_) | None => sum.people_changed += 1,
            }
        }
        for edit in self.edits.iter() {
            let [added, changed, removed] = match edit.key.fact {
                Fact::Attributes => continue,
                Fact::Grant(_) | Fact::Direct(_) => {
                    [&mut sum.roles_added, &mut sum.roles_changed, &mut sum.roles_removed]
                }
                Fact::Trait(_) => continue,
                // A membership has nothing about it that could change.
                Fact::Member(_) => [&mut sum.members_added, &mut 0, &mut sum.members_removed],
            };
            let count = match (edit.adds(), edit.removes()) {
                (true, _) => added,
                (_, true) => removed,
                (false, false) => changed,
            };
            *count += 1;
        }
        sum
    }
}

/// A company as the plan found it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Company")]
pub struct Overview {
    /// Which one.
    #[serde(rename = "id")]
    pub company: CompanyId,
    /// The URL of its API, where that is not the `endpoint` of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Box<str>>,
    /// All groups the company has.
    pub groups: usize,
    /// Memberships of the groups that were read, in all.
    pub memberships: usize,
    /// Groups that were not looked into: what they give to somebody is not known. Left out where none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unread: usize,
    /// The groups that no file speaks of, sorted by name.
    pub unmanaged: Vec<UnmanagedGroup>,
}

/// A group that no file speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct UnmanagedGroup {
    /// Its name.
    pub name: Box<str>,
    /// Whether every company has it, and nobody can make or delete it.
    #[serde(rename = "standard", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_standard: bool,
    /// Whether the files accept it for a while.
    #[serde(rename = "accepted", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_accepted: bool,
    /// Who made it and when, where it is forbidden and as far as the API tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Stamp>,
}

/// Whether a count is worth no field.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(crate) fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// Counts of a plan, in the order of its last line; roles are those of groups, and direct ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Summary {
    pub groups_created: usize,
    pub groups_changed: usize,
    pub groups_deleted: usize,
    pub roles_added: usize,
    pub roles_changed: usize,
    pub roles_removed: usize,
    pub members_added: usize,
    pub members_removed: usize,
    /// Accounts that are created, and with them the next two left out where there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub people_created: usize,
    /// People who are otherwise afterwards, or active again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub people_changed: usize,
    /// Accounts that are deactivated.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub people_deactivated: usize,
}

/// Something that was asked for and is withheld: the rest of the plan stands.
// P7. Of the kinds `inactiveMember`, `unmanagedUser` and `unmanagedUnread` nothing is withheld: it is only worth saying.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Withheld<P = Place> {
    /// Where it is declared.
    #[serde(rename = "origin", skip_serializing_if = "Option::is_none")]
    pub from: Option<P>,
    /// The group it concerns; left out where it concerns none in particular.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub group: Box<str>,
    /// What is withheld.
    #[serde(flatten)]
    pub what: WithheldReason,
}

impl<P> Withheld<P> {
    /// The same with places of another kind.
    pub(crate) fn map<Q>(self, place: impl FnOnce(P) -> Q) -> Withheld<Q> {
        Withheld { from: self.from.map(place), group: self.group, what: self.what }
    }

    /// The company that could not be read, where it is about one.
    pub fn company(&self) -> Option<CompanyId> {
        match &self.what {
            WithheldReason::Company { company, .. } => Some(*company),
            _ => None,
        }
    }

    /// Whether anything that was asked for is not done; otherwise it is only worth saying.
    pub fn withholds(&self) -> bool {
        !matches!(
            self.what,
            WithheldReason::InactiveMember { .. }
                | WithheldReason::UnmanagedUser { .. }
                | WithheldReason::UnmanagedUnread { .. }
        )
    }

    /// Whether it is about what a lock-out leaves: that is so of every plan, whatever asks for it.
    pub fn is_left_by_lockout(&self) -> bool {
        matches!(self.what, WithheldReason::UnreadLockout { .. })
    }
}

/// Why a person could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unresolved {
    /// The directory knows nobody by that key.
    Unknown,
    /// The directories of all these companies know nobody by that key, and the user may be of any.
    Nowhere(Vec<CompanyId>),
    /// The user exists but is not active.
    Inactive,
    /// Several users match.
    Ambiguous(Vec<UserId>),
    /// The user belongs to another company, and members must be of the group's own (contract §8).
    Foreign(CompanyId),
    /// The API does not tell who it is, or of which company.
    Hidden,
}

/// Names for ids, for people only.
// Nothing is decided by them. Of people it is the e-mail address, of values the alias of the workspace.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Names {
    pub people: BTreeMap<UserId, Box<str>>,
    pub roles: BTreeMap<RoleId, Box<str>>,
    /// Companies and legal entities.
    pub values: BTreeMap<Uuid, Box<str>>,
}

impl Names {
    /// Returns the name of a user, or the id.
    pub fn person(&self, user: UserId) -> String {
        self.people.get(&user).map_or_else(|| user.to_string(), ToString::to_string)
    }

    /// Returns the name of a role, or the id.
    pub fn role(&self, role: RoleId) -> String {
        self.roles.get(&role).map_or_else(|| role.to_string(), ToString::to_string)
    }

    /// Returns the alias of a company, or the id.
    pub fn company(&self, company: CompanyId) -> String {
        self.values.get(&company.0).map_or_else(|| company.to_string(), ToString::to_string)
    }
}
