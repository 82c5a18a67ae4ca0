//! The other answer to a plan: what is live is written into the files, and nothing live changes.
//!
//! ```text
//! edits of a plan ─draft─> changes of the files ─edit─> texts ─check, bind, diff─> proof that nothing of it is left
//! ```
//!
//! Access that has ended, or that a lock-out takes away, is never adopted: it is left for an apply. So is what a file
//! cannot say, and what stands in a file in a form that is not edited; for that it is told what to write by hand. Groups
//! that no file names are no difference, and stay where they are. Reads and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    files::{
        check::Files,
        declared::{Declared, Pattern},
        edit::{Change, edited},
    },
    model::{
        finding::Finding,
        ids::{CompanyId, UserId},
        observed::{Leads, Observed},
        plan::{self, Plan},
        rules::Rules,
        scope::Scope,
        selector::Attribute,
        source::{FileId, Place, Sources},
        state::{Edit, Fact, Key, Owner},
    },
};

mod drafting;
mod group;
mod naming;
mod proof;
mod user;

pub(crate) use proof::{Name, name};

use drafting::{Company, Drafted, Drafting, Turn};
use naming::Naming;

/// What is to be adopted, and what that is judged by.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Request<'a> {
    pub declared: &'a Declared,
    pub files: &'a Files,
    pub sources: &'a Sources,
    pub observed: &'a Observed,
    /// The keys that are known to lead to people.
    pub leads: &'a Leads,
    pub plan: &'a Plan,
    pub rules: &'a Rules,
    pub now: Timestamp,
    pub extent: Extent<'a>,
}

/// How far the files may change.
#[derive(Clone, Copy, Debug)]
pub enum Extent<'a> {
    /// They say what is live.
    All,
    /// Entries come, of these groups or where none is named of everything, and nothing goes or is replaced: what would
    /// be taken from what is live is asked for.
    Additions(&'a [Pattern]),
}

/// What the files are to say, and what of the plan is left.
#[derive(Clone, Debug, Default)]
pub struct Adopted {
    /// The whole text of each file that changes.
    pub files: BTreeMap<FileId, String>,
    /// In the order of the plan.
    pub taken: Vec<Taken>,
    /// In the order of the plan.
    pub left: Vec<Left>,
}

/// An edit of the plan that the files no longer ask for.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Which.
    pub key: Key,
    /// In which file, and about where.
    pub place: Place,
    /// Whether it writes into the files that somebody holds a privileged role: who reviews it should know.
    pub is_privileged: bool,
    changes: Vec<Change>,
}

/// An edit of the plan that is left.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Left {
    pub key: Key,
    pub why: Why,
}

/// Why an edit is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The entry that asked for it has ended, at this place.
    Ended(Place),
    /// The entry that asks for it begins later, at this place.
    NotYet(Place),
    /// Somebody is cut off everywhere, at this place.
    LockedOut(Place),
    /// It is of somebody who leaves by the files.
    Leaves(Place),
    /// No entry of the files is about it.
    NotDeclared,
    /// It takes more than another entry.
    Differs,
    /// A file has no words for it.
    Unsayable(Box<str>),
    /// The file is not edited there: why, and what to write by hand.
    ByHand(Place, Box<str>, Vec<String>),
}

/// Everybody whom the files would have to name: those who are live and that the files do not ask for, and those who are to
/// join by a rule, as exceptions from it.
pub fn people(plan: &Plan) -> BTreeSet<UserId> {
    let named = |it: &&Edit| it.removes() || plan.by_rule.contains_key(&it.key);
    let members = plan.edits.iter().filter(named).filter_map(Edit::member);
    let mut people: BTreeSet<UserId> = members.map(|it| plan.index.user(it)).collect();
    for edit in plan.edits.iter() {
        people.extend(edit.travellers().map(|it| it.user));
        if let (Some(attribute), Some(live)) = (edit.attribute(), edit.traits()[0])
            && attribute.has_people()
        {
            people.extend(live.split(',').filter_map(|it| it.parse().ok().map(UserId)));
        }
        people.extend(edit.scopes().into_iter().flatten().flat_map(Scope::people).map(UserId));
    }
    people
}

/// Adopts what is live. Whatever the outcome says was proven: a plan from these files is what is left.
///
/// # Errors
///
/// What would be wrong with the files for a reason that is none of these changes; then nothing is adopted.
pub fn adopted(request: Request<'_>) -> Result<Adopted, Vec<Finding>> {
    let declared = request.declared.at(request.now);
    let request = Request { declared: &declared, ..request };
    let Drafted { taken, left } = in_turns(&request);
    let mut adopted = Adopted { files: BTreeMap::new(), taken, left };
    let planned: BTreeSet<proof::Name> =
        request.plan.edits.iter().map(|it| proof::name(request.plan, &it.key)).collect();
    loop {
        adopted.edit(request.sources);
        match proof::remaining(&request, &adopted.files) {
            Ok(remaining) => {
                let known: BTreeSet<proof::Name> =
                    adopted.left.iter().map(|it| proof::name(request.plan, &it.key)).collect();
                let fails = |it: &Taken| {
                    let name = proof::name(request.plan, &it.key);
                    remaining.contains(&name) && !known.contains(&name)
                };
                // What people are decides what they hold: not even that is to give or take anything that was not planned.
                let more: Vec<UserId> =
                    remaining.difference(&planned).filter_map(proof::Name::user).collect();
                let moves = |it: &Taken| {
                    proof::name(request.plan, &it.key).of_person().is_some_and(|it| more.contains(&it))
                };
                // Nor that others are led by somebody who can act again only by what is adopted.
                let comes = |it: &Taken| !more.is_empty() && it.key.fact == Fact::Trait(Attribute::Active);
                let access = "a plan from the changed file would give or take access because of it";
                if !adopted.take_back(fails, "a plan from the changed file would still ask for it")
                    && !adopted.take_back(moves, access)
                    && !adopted.take_back(comes, access)
                {
                    adopted.leave_rest(&request, &remaining);
                    return Ok(adopted);
                }
            }
            Err(findings) => {
                if !adopted.sift(&request) {
                    return Err(findings);
                }
            }
        }
    }
}

/// What becomes of each edit of the plan: first of what people are, and then of what they hold, as far as it is not so by that.
fn in_turns(request: &Request<'_>) -> Drafted {
    let (plan, index) = (request.plan, &request.plan.index);
    let user = |it: &Edit| match it.key.owner {
        Owner::Person(person) => Some(index.person(person).1),
        Owner::Group(_) => it.member().map(|it| index.user(it)),
    };
    let attributes = || plan.edits.iter().filter(|it| it.attribute().is_some());
    let active = || attributes().filter(|it| it.attribute() == Some(Attribute::Active));
    let newcomers = active().filter(|it| it.adds()).filter_map(user).collect();
    let mut turn = Turn { newcomers, ..Turn::default() };
    let movers: BTreeSet<UserId> =
        attributes().filter_map(user).filter(|it| !turn.newcomers.contains(it)).collect();
    if movers.is_empty() || matches!(request.extent, Extent::Additions(_)) {
        return drafted(request, &turn);
    }
    let follows = |it: &&Edit| it.attribute().is_none() && user(it).is_some_and(|it| movers.contains(&it));
    turn.later = plan.edits.iter().filter(follows).map(|it| it.key.clone()).collect();
    let first = drafted(request, &turn);
    if turn.later.is_empty() {
        return first;
    }
    let taken = |key: &Key| first.taken.iter().any(|it| it.key == *key);
    turn.back =
        active().filter(|it| it.traits()[0] == Some("true") && taken(&it.key)).filter_map(user).collect();
    let mut adopted = Adopted { taken: first.taken, ..Adopted::default() };
    adopted.edit(request.sources);
    match proof::remaining(request, &adopted.files) {
        Ok(remaining) => turn.later.retain(|it| !remaining.contains(&proof::name(plan, it))),
        Err(_) => turn.later.clear(),
    }
    drafted(request, &turn)
}

/// What becomes of each edit of the plan that is not for later.
fn drafted(request: &Request<'_>, turn: &Turn) -> Drafted {
    let naming = Naming::new(request.declared, request.observed, request.leads);
    let companies: BTreeMap<CompanyId, Company<'_>> =
        request.declared.companies.iter().map(|it| (it.id, Company::new(it, request))).collect();
    let mut drafted = Drafted::default();
    for change in request.plan.changes().filter(|it| request.extent.has(it)) {
        let Some(company) = companies.get(&change.company()) else {
            drafted.leave(change.edits, &Why::NotDeclared);
            continue;
        };
        let drafting = Drafting { request, naming: &naming, company, change, turn };
        match change.group() {
            Some(group) => drafting.group(group, &mut drafted),
            None => user::drafted(&drafting, &mut drafted),
        }
    }
    drafted
}

impl Extent<'_> {
    /// Whether it is about that group or person.
    fn has(self, change: &plan::Change<'_>) -> bool {
        let before = change.attributes_before().map(|it| &*it.name);
        let names = |it: &Pattern| it.matches(change.name()) || before.is_some_and(|name| it.matches(name));
        match self {
            Self::All | Self::Additions([]) => true,
            Self::Additions(groups) => change.user().is_none() && groups.iter().any(names),
        }
    }

    /// Whether the files are to say something else because of it.
    fn asks(self, edit: &Edit) -> bool {
        match self {
            Self::All => true,
            Self::Additions(_) => {
                let differs = edit.key.fact == Fact::Attributes || edit.attribute().is_some();
                !edit.adds() && (edit.takes() || differs)
            }
        }
    }
}

impl Adopted {
    /// Edits the files; what cannot be edited is left, each edit of the plan as a whole.
    fn edit(&mut self, sources: &Sources) {
        self.files.clear();
        let files: BTreeSet<FileId> = self.taken.iter().map(|it| it.place.file).collect();
        for file in files {
            let text = &sources.file(file).text;
            let all: Vec<&Taken> = self.taken.iter().filter(|it| it.place.file == file).collect();
            let (after, failed) = edited_in_part(text, &all);
            for (key, why) in failed {
                self.take_back(|it| it.key == key, &why);
            }
            if after != *text {
                self.files.insert(file, after);
            }
        }
    }

    /// Leaves what makes files unsound, beside what was taken before it, and says whether there was any.
    fn sift(&mut self, request: &Request<'_>) -> bool {
        let mut sound = Self::default();
        let mut failed: BTreeMap<Key, String> = BTreeMap::new();
        for it in &self.taken {
            sound.taken.push(it.clone());
            sound.edit(request.sources);
            if let Err(findings) = proof::remaining(request, &sound.files) {
                sound.taken.pop();
                let why = findings.first().map(|it| it.message.clone()).unwrap_or_default();
                failed.insert(it.key.clone(), why);
            }
        }
        for (key, why) in &failed {
            self.take_back(|it| it.key == *key, why);
        }
        !failed.is_empty()
    }

    /// Leaves what follows from what people are, and is not so by what could be adopted of that.
    fn leave_rest(&mut self, request: &Request<'_>, remaining: &BTreeSet<proof::Name>) {
        let said: BTreeSet<&Key> =
            self.taken.iter().map(|it| &it.key).chain(self.left.iter().map(|it| &it.key)).collect();
        let is_left = |it: &&Edit| {
            !said.contains(&it.key)
                && request.extent.asks(it)
                && remaining.contains(&proof::name(request.plan, &it.key))
        };
        let changes = request.plan.changes().filter(|it| request.extent.has(it));
        let rest = changes.flat_map(|it| it.edits).filter(is_left);
        let why = || Why::Unsayable("it follows from what the person is, which is left as well".into());
        let rest: Vec<Left> = rest.map(|it| Left { key: it.key.clone(), why: why() }).collect();
        self.left.extend(rest);
        self.left.sort_by(|a, b| a.key.cmp(&b.key));
    }

    /// Leaves what fails for a person to do by hand, and says whether there was any.
    fn take_back(&mut self, fails: impl Fn(&Taken) -> bool, why: &str) -> bool {
        let back: Vec<Taken> = self.taken.extract_if(.., |it| fails(it)).collect();
        let is_any = !back.is_empty();
        self.left.extend(back.into_iter().map(|Taken { key, place, changes, .. }| {
            let by_hand = changes.iter().map(ToString::to_string).collect();
            Left { key, why: Why::ByHand(place, why.into(), by_hand) }
        }));
        self.left.sort_by(|a, b| a.key.cmp(&b.key));
        is_any
    }
}

/// The text with all these changes, or else with as many as can be made, and why the others cannot.
fn edited_in_part(text: &str, all: &[&Taken]) -> (String, BTreeMap<Key, String>) {
    let changes: Vec<Change> = all.iter().flat_map(|it| &it.changes).cloned().collect();
    if let Ok(after) = edited(text, &changes) {
        return (after, BTreeMap::new());
    }
    // One by one: what fails alone, or beside those before it, is left.
    let (mut made, mut after, mut failed) = (Vec::new(), text.to_owned(), BTreeMap::new());
    for it in all {
        let more = [&made[..], &it.changes].concat();
        match edited(text, &more) {
            Ok(text) => (made, after) = (more, text),
            Err(why) => _ = failed.insert(it.key.clone(), why.to_string()),
        }
    }
    (after, failed)
}
