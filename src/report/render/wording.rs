//! What each line of a plan says, before a format gives it a look. The words are raw: formats escape them.

use std::collections::BTreeMap;

use crate::{
    model::{
        access::Why,
        ids::CompanyId,
        index::GroupIx,
        plan::{Action, ByRule, Cause, Change, ID_DIGITS, Judgement, Plan},
        scope::Relation,
        selector::Attribute,
        source::{Place, Sources},
        state::{Edit, Key},
    },
    plan::{diff, digest},
};

use super::{
    counted, description, direct,
    scope::{Words, day},
};

/// The sign in front of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Add,
    Change,
    Remove,
}

impl Sign {
    /// The first character of a line of a `diff` fence, by which forges colour it.
    pub(super) fn in_diff(self) -> char {
        match self {
            Self::Add => '+',
            Self::Change => '!',
            Self::Remove => '-',
        }
    }
}

macro_rules! facts {
    ($($name:ident $sign:ident $noun:literal $mark:expr, $one:literal $many:literal;)*) => {
        /// What a line reports; everything else about it follows. In the order in which left-out lines are counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Fact { $($name,)* }

        impl Fact {
            pub(super) fn sign(self) -> Sign {
                match self { $(Self::$name => Sign::$sign,)* }
            }

            pub(super) fn noun(self) -> &'static str {
                match self { $(Self::$name => $noun,)* }
            }

            /// The word that says what a changed scope comes to.
            pub(super) fn mark(self) -> Option<&'static str> {
                let relation: Option<Relation> = match self { $(Self::$name => $mark,)* };
                relation.map(Relation::word)
            }

            /// Returns `3 members removed`.
            pub(super) fn counted(self, n: usize) -> String {
                match self { $(Self::$name => counted(n, $one, $many),)* }
            }
        }
    };
}

facts! {
    GroupDeleted Remove "group" None, "group deleted" "groups deleted";
    MemberRemoved Remove "member" None, "member removed" "members removed";
    RoleRemoved Remove "role" None, "role removed" "roles removed";
    RoleChanged Change "role" Some(Relation::Changes), "role moved to another scope" "roles moved to another scope";
    RoleNarrowed Change "role" Some(Relation::Narrows), "role narrowed" "roles narrowed";
    AccountDeactivated Remove "person" None, "account deactivated" "accounts deactivated";
    DirectRemoved Remove "direct role" None, "direct role removed" "direct roles removed";
    DirectChanged Change "direct role" Some(Relation::Changes), "direct role changed" "direct roles changed";
    DirectNarrowed Change "direct role" Some(Relation::Narrows), "direct role narrowed" "direct roles narrowed";
    AccountCreated Add "person" None, "account created" "accounts created";
    AccountActivated Add "person" None, "account activated" "accounts activated";
    TraitAdded Add "person" None, "detail of a person added" "details of people added";
    TraitChanged Change "person" None, "detail of a person changed" "details of people changed";
    GroupCreated Add "group" None, "group created" "groups created";
    TextAdded Add "text" None, "description" "descriptions";
    MemberAdded Add "member" None, "member added" "members added";
    RoleAdded Add "role" None, "role added" "roles added";
    RoleWidened Change "role" Some(Relation::Widens), "role widened" "roles widened";
    DirectAdded Add "direct role" None, "direct role added" "direct roles added";
    DirectWidened Change "direct role" Some(Relation::Widens), "direct role widened" "direct roles widened";
    GroupRenamed Change "name" None, "group renamed" "groups renamed";
    TextChanged Change "text" None, "description changed" "descriptions changed";
}

/// A group or a person of the plan: its own line, and those below it.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) company: CompanyId,
    /// `group` or `user`.
    pub(super) noun: &'static str,
    pub(super) name: String,
    /// Set where the group itself comes or goes.
    pub(super) fact: Option<Fact>,
    /// `2 roles, 3 members`, where the group comes or goes.
    pub(super) size: Option<String>,
    /// Where it is declared.
    pub(super) origin: Option<String>,
    /// Why it goes.
    pub(super) reason: Option<String>,
    pub(super) lines: Vec<Line>,
}

impl Block {
    pub(super) fn sign(&self) -> Sign {
        self.fact.map_or(Sign::Change, Fact::sign)
    }
}

/// One change inside a group, or of a person.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) fact: Fact,
    pub(super) what: String,
    /// The role that it is about, by its name or its type.
    pub(super) role: Option<String>,
    /// Of a role that changes, where it holds before and after.
    pub(super) scopes: Option<[String; 2]>,
    /// `file:line` of the declaration.
    pub(super) origin: Option<String>,
    /// The same, for programs.
    pub(super) place: Option<Place>,
    /// Why, or what it is part of.
    pub(super) note: Option<String>,
    /// Whether it only undoes what has drifted before the change under review.
    pub(super) drifted: bool,
}

/// Returns the groups of a plan in its order, and then its people by name.
pub(super) fn blocks(plan: &Plan, sources: &Sources) -> Vec<Block> {
    let wording = Wording::new(plan, sources);
    let groups = plan.groups().map(|it| wording.group(&it));
    groups.chain(wording.people()).collect()
}

/// Returns the people of a plan by name.
pub(super) fn people(plan: &Plan, sources: &Sources) -> Vec<Block> {
    Wording::new(plan, sources).people()
}

/// What it takes to word an edit.
struct Wording<'a> {
    plan: &'a Plan,
    words: Words<'a>,
    /// The other group of everybody who moves.
    moves: BTreeMap<Key, GroupIx>,
    sources: &'a Sources,
}

impl<'a> Wording<'a> {
    fn new(plan: &'a Plan, sources: &'a Sources) -> Self {
        Self { plan, words: Words::new(plan), moves: diff::moves(plan), sources }
    }

    fn people(&self) -> Vec<Block> {
        let mut people: Vec<Block> = self.plan.people().map(|it| self.person(&it)).collect();
        people.sort_by(|a, b| a.name.cmp(&b.name));
        people
    }

    fn person(&self, change: &Change<'_>) -> Block {
        let mut lines: Vec<Line> = change.direct().filter_map(|it| self.direct(it)).collect();
        let is_new = matches!(change.account(), Some([None, _]));
        // The line of a new account says who it is for.
        let is_told = |it: &&Edit| !is_new || !it.attribute().is_some_and(Attribute::is_of_new_account);
        lines.extend(change.traits().filter(is_told).filter_map(|it| self.of_person(change, it)));
        removals_last(&mut lines);
        Block {
            company: change.company(),
            noun: "user",
            name: change.user().map_or_else(String::new, |it| self.words.person(it)),
            fact: None,
            size: None,
            origin: change.from().map(|it| self.sources.line(it)),
            reason: change.reason().map(str::to_owned),
            lines,
        }
    }

    fn group(&self, change: &Change<'_>) -> Block {
        let (fact, reason) = match change.action() {
            Action::Create => (Some(Fact::GroupCreated), None),
            Action::Alter => (None, self.touched(change)),
            Action::Delete => (Some(Fact::GroupDeleted), change.reason().map(str::to_owned)),
        };
        let size = fact.map(|_| {
            let roles = counted(change.grants().count(), "role", "roles");
            format!("{roles}, {}", counted(change.members().count(), "member", "members"))
        });
        let is_whole = fact.is_some();
        let mut lines = attributes(change);
        let mut roles: Vec<Line> = change.grants().filter_map(|it| self.role(it, is_whole)).collect();
        // `what` begins with the name of the role; a group has a role once.
        roles.sort_by(|a, b| a.what.cmp(&b.what));
        lines.extend(roles);
        let mut members: Vec<Line> = change.members().filter_map(|it| self.member(it, is_whole)).collect();
        removals_last(&mut members);
        lines.extend(members);
        Block {
            company: change.company(),
            noun: "group",
            name: change.name().to_owned(),
            fact,
            size,
            origin: change.from().map(|it| self.sources.line(it)),
            reason,
            lines,
        }
    }

    /// Who touched a group last, unless all that is different is the change under review.
    fn touched(&self, change: &Change<'_>) -> Option<String> {
        let own = |it: &Edit| change.note(it).cause == Some(Cause::Change);
        let stamp = self.plan.stamps.get(&change.group()?)?.updated.as_ref()?;
        (!change.edits.iter().all(own)).then(|| format!("last changed {}", self.words.stamp(stamp)))
    }

    /// A line about an edit that needs no note but, where something goes, why.
    fn line(&self, edit: &Edit, fact: Fact, what: String, is_whole: bool) -> Line {
        // The line of a group that comes or goes gives the reason for everything in it.
        let note = self.plan.note(&edit.key);
        let added = self.plan.added.get(&edit.key).filter(|_| note.cause != Some(Cause::Change));
        let added = added.map_or_else(String::new, |it| format!("; added {}", day(*it)));
        let by_rule = self.plan.by_rule.get(&edit.key);
        let usual = || match by_rule {
            Some(it) => format!("{} ({})", unmeant(it), self.sources.line(it.from)),
            // A rollback asks no file.
            None if self.plan.undoes.is_some() => BACK.to_owned(),
            None => "not declared".to_owned(),
        };
        let goes = |it: Why| self.ended(it).or_else(|| (!is_whole).then(|| format!("{}{added}", usual())));
        let why = if edit.removes() { goes(note.why) } else { by_rule.map(meant) };
        Line {
            fact,
            what,
            role: None,
            scopes: None,
            origin: note.from.map(|it| self.sources.line(it)),
            place: note.from,
            note: joined([why, cause(note.cause)]),
            drifted: note.cause == Some(Cause::Drift),
        }
    }

    fn ended(&self, why: Why) -> Option<String> {
        match why {
            Why::NotDeclared | Why::Unmeant(_) => None,
            Why::Ended(from) => Some(format!("expired ({})", self.sources.line(from))),
            Why::NotYet(from) => Some(format!("begins later ({})", self.sources.line(from))),
            Why::Excepted(from) => Some(format!("excepted ({})", self.sources.line(from))),
            Why::LockedOut(from) => Some(format!("locked out ({})", self.sources.line(from))),
            Why::Left(from) => Some(format!("`active: false` ({})", self.sources.line(from))),
        }
    }

    fn direct(&self, edit: &Edit) -> Option<Line> {
        let words = &self.words;
        let (fact, what) = match edit.direct() {
            [None, None] => return None,
            [None, Some(role)] => (Fact::DirectAdded, direct::role(role, words)),
            [Some(role), None] => (Fact::DirectRemoved, direct::role(role, words)),
            [Some(before), Some(after)] => {
                let facts = [Fact::DirectWidened, Fact::DirectNarrowed, Fact::DirectChanged];
                let after = direct::travellers(after.travellers(), words);
                (changed(edit, facts), format!("{} → {after}", direct::role(before, words)))
            }
        };
        let role = edit.kind().map(|it| it.role_type().to_owned());
        Some(Line { role, ..self.line(edit, fact, what, false) })
    }

    fn of_person(&self, change: &Change<'_>, edit: &Edit) -> Option<Line> {
        let attribute = edit.attribute()?;
        let fact = match (attribute, edit.traits()) {
            (Attribute::Active, [None, _]) => {
                let new =
                    change.traits().filter(|it| it.attribute().is_some_and(Attribute::is_of_new_account));
                let said: Vec<&str> = new
                    .filter(|it| it.attribute() != Some(Attribute::Email))
                    .filter_map(|it| it.traits()[1])
                    .collect();
                let what = format!("account created: {}", Words::listed(&said));
                return Some(self.line(edit, Fact::AccountCreated, what, false));
            }
            (_, [None, Some(_)]) => Fact::TraitAdded,
            (Attribute::Active, [_, Some("true")]) => Fact::AccountActivated,
            (Attribute::Active, _) => Fact::AccountDeactivated,
            _ => Fact::TraitChanged,
        };
        let mut line = self.line(edit, fact, self.words.attribute(attribute, edit.traits()), false);
        if fact == Fact::AccountDeactivated && self.plan.undoes.is_some() {
            line.note = joined([line.note, Some(STAYS.to_owned())]);
        }
        Some(line)
    }

    fn role(&self, edit: &Edit, is_whole: bool) -> Option<Line> {
        let words = &self.words;
        let name = words.role(edit.role()?);
        let (fact, what) = match edit.scopes() {
            [None, None] => return None,
            [None, Some(scope)] => (Fact::RoleAdded, format!("{name} on {}", words.scope(scope))),
            [Some(scope), None] => (Fact::RoleRemoved, format!("{name} on {}", words.scope(scope))),
            [Some(before), Some(after)] => {
                let facts = [Fact::RoleWidened, Fact::RoleNarrowed, Fact::RoleChanged];
                let (before, after) = words.rescope(before, after);
                let line = self.line(edit, changed(edit, facts), name.clone(), is_whole);
                return Some(Line { role: Some(name), scopes: Some([before, after]), ..line });
            }
        };
        Some(Line { role: Some(name), ..self.line(edit, fact, what, is_whole) })
    }

    fn member(&self, edit: &Edit, is_whole: bool) -> Option<Line> {
        let what = self.words.person(self.plan.index.user(edit.member()?));
        let other = self.moves.get(&edit.key).map(|it| &self.plan.index.group(*it).name);
        if edit.adds() {
            let line = self.line(edit, Fact::MemberAdded, what, is_whole);
            return Some(Line {
                note: joined([other.map(|it| format!("moved from {it}")), line.note]),
                ..line
            });
        }
        let line = self.line(edit, Fact::MemberRemoved, what, is_whole);
        let ended = self.ended(self.plan.note(&edit.key).why);
        let Some(moved) = other.map(|it| format!("moved to {it}")) else { return Some(line) };
        let note = joined([ended, Some(moved), cause(self.plan.note(&edit.key).cause)]);
        Some(Line { note, ..line })
    }
}

/// What a rollback cannot do.
const STAYS: &str = "the account itself stays: the API has no way to erase one";

/// Why something goes by a rollback.
pub(super) const BACK: &str = "back to what it was";

/// By which rule somebody joins.
pub(super) fn meant(by: &ByRule) -> String {
    format!("joined {}", by.rules.join("; "))
}

/// That no rule means who leaves: whether one ever did nobody knows.
pub(super) fn unmeant(by: &ByRule) -> String {
    match &by.rules[..] {
        [one] => format!("left {one}, or never in it"),
        several => format!("in none of: {}", several.join("; ")),
    }
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What is said of an edit that is not this change alone.
fn cause(cause: Option<Cause>) -> Option<String> {
    match cause {
        None | Some(Cause::Change) => None,
        Some(Cause::Drift) => Some("already drifted".to_owned()),
        Some(Cause::Conflict) => Some("conflict: changed by hand as well".to_owned()),
    }
}

/// What is reported of something that widens, narrows, or changes otherwise.
fn changed(edit: &Edit, [widened, narrowed, changed]: [Fact; 3]) -> Fact {
    match edit.relation() {
        Some(Relation::Widens) => widened,
        Some(Relation::Narrows) => narrowed,
        Some(Relation::Changes) | None => changed,
    }
}

/// Sorts what comes before what goes, each by name.
fn removals_last(lines: &mut [Line]) {
    let goes = |it: &Line| it.fact.sign() == Sign::Remove;
    lines.sort_by(|a, b| (goes(a), &a.what).cmp(&(goes(b), &b.what)));
}

fn attributes(change: &Change<'_>) -> Vec<Line> {
    let line = |fact, what| Line {
        fact,
        what,
        role: None,
        scopes: None,
        origin: None,
        place: None,
        note: None,
        drifted: false,
    };
    let mut lines = Vec::new();
    match (change.attributes_before(), change.attributes_after()) {
        (Some(before), Some(after)) => {
            if before.name != after.name {
                lines.push(line(Fact::GroupRenamed, format!("{} → {}", before.name, after.name)));
            }
            if before.description != after.description {
                let what = description::changed(&before.description, &after.description);
                lines.push(line(Fact::TextChanged, what));
            }
        }
        (None, Some(after)) => {
            lines.push(line(Fact::TextAdded, description::quoted(&after.description)));
        }
        (_, None) => (),
    }
    lines
}

/// The last line of a plan, without a newline: what it comes to, in a form that programs may rely on.
pub fn summary(plan: &Plan, judgement: &Judgement) -> String {
    if plan.is_settled() {
        return "No changes. Live state matches the files.".to_owned();
    }
    let sum = plan.summary();
    let groups = if sum.groups_created == 1 { "group" } else { "groups" };
    let [created, changed, deleted] = [sum.groups_created, sum.groups_changed, sum.groups_deleted];
    let people = match [sum.people_created, sum.people_changed, sum.people_deactivated] {
        [0, 0, 0] => String::new(),
        [created, changed, gone] => format!("; people +{created} ~{changed} -{gone}"),
    };
    let guards = counted(judgement.stops().count(), "guard", "guards");
    format!(
        "Plan: {created} {groups} to create, {changed} to change, {deleted} to delete; \
         roles +{} ~{} -{}; members +{} -{}{people}; {guards}.",
        sum.roles_added, sum.roles_changed, sum.roles_removed, sum.members_added, sum.members_removed
    )
}

/// Returns the digits by which a plan is named, where there is something to name.
pub(super) fn plan_id(plan: &Plan) -> Option<String> {
    let is_said = !plan.is_settled() || !plan.weakenings().is_empty();
    is_said.then(|| format!("{:.ID_DIGITS$}", digest::plan_id(plan)))
}
