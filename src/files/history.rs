//! Who gave and who took it: what the files asked for, commit by commit, and what each commit changed of that.
//!
//! A commit is read as a base is, whole and by its own `rolecall.yaml`, so that it does not matter in which file something
//! stands. The way goes from each commit to its first parent, as changes land; of a merge the commit is looked for that did it on
//! the branch. Only git is asked, and only of this repository; nothing is fetched.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use jiff::{Timestamp, tz::TimeZone};
use uuid::Uuid;

use super::{
    access::AccessFile,
    base::{Base, BaseError},
    check::{self, Files},
    declared::{Declared, DeclaredScope, DeclaredUser, Listed, Rest, TraitValue},
    decode,
    load::WORKSPACE_FILE,
    outside::{access_files, people_files, tables},
    workspace::WorkspaceFile,
};
use crate::model::{
    date::Term,
    direct::Kind,
    ids::{CompanyId, PersonKey, PersonRef},
    selector::{Attribute, Selector},
    source::{FileId, Place, Sources},
};

/// Most commits that are read.
const MOST: usize = 3_000;

/// Of whom, or of what, it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A person, by the keys that the files use: each stands for the same person, and the first for all.
    Person(Vec<PersonRef>),
    /// A group, by its name.
    Group(Box<str>),
}

impl Subject {
    /// The same with every key by which an entry of these files shows the person: who is named by an address, with an external or
    /// employee id beside it, is found by each of them.
    #[must_use]
    pub fn known_by(self, declared: &Declared) -> Self {
        let Self::Person(mut keys) = self else { return self };
        let entries = declared.companies.iter().flat_map(|it| &it.users).map(own_keys);
        let entries: Vec<Vec<PersonRef>> = entries.filter(|it| it.len() > 1).collect();
        // An entry may be joined to another by a key that a third has shown; keys only come.
        loop {
            let more: Vec<PersonRef> = entries
                .iter()
                .filter(|it| it.iter().any(|key| keys.contains(key)))
                .flatten()
                .filter(|it| !keys.contains(it))
                .cloned()
                .collect();
            if more.is_empty() {
                return Self::Person(keys);
            }
            for key in more {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
    }

    /// The person that an entry names, where that is who it is told of, or all entries of its group are.
    fn meant(&self, person: &PersonRef, is_it: bool) -> Option<PersonRef> {
        match self {
            // By whichever key: another key alone gives and takes nothing.
            Self::Person(keys) => keys.first().filter(|_| keys.contains(person)).cloned(),
            Self::Group(_) => is_it.then(|| person.clone()),
        }
    }
}

/// Something that the files asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// In which company.
    pub company: CompanyId,
    /// In which group; `None` of what a person is or holds outside groups, and of a lock-out.
    pub group: Option<Box<str>>,
    /// What.
    pub what: What,
}

/// What the files asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// That the group exists.
    Group,
    /// That the group does not exist.
    Removed,
    /// That nobody else is in it, or that others may be.
    Members(Exactness),
    /// That somebody is in it.
    Member(PersonRef),
    /// That everybody is in it whom a rule means.
    Rule(Selector),
    /// That somebody is in it by none of the rules.
    Except(PersonRef),
    /// That the group has a role somewhere.
    Role(Box<str>, DeclaredScope),
    /// That a person holds a role outside groups.
    Direct(Kind),
    /// That a person has an account, which is made where there is none.
    Account,
    /// What a person is apart from access; the line has the value.
    Attribute(Attribute),
    /// That a person is cut off everywhere.
    LockedOut,
}

/// What a list means for who is not on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exactness {
    /// Nobody else.
    Exact,
    /// Others may be there.
    AtLeast,
    /// Nothing is asked for.
    Unmanaged,
}

/// Where something stood, for how long it was asked for, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file, as it was called then.
    pub path: Box<str>,
    /// The line, from 1.
    pub line: u32,
    /// From when and until when.
    pub term: Term,
    /// Of what a person is: ids as ids, and people as the files name them.
    pub value: Option<Box<str>>,
}

/// What the files of one commit asked for, of the subject.
pub type Facts = BTreeMap<Fact, Line>;

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Commit {
    pub id: Box<str>,
    pub author: Box<str>,
    pub at: Timestamp,
    pub subject: Box<str>,
    parents: Vec<Box<str>>,
}

/// What a commit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is asked for since.
    Given(Line),
    /// It is asked for no more; where it stood.
    Taken(Line),
    /// It is asked for from or until another time, or as something else; and how it was before.
    Changed(Line, Line),
    /// It was asked for already, and what was before is not here.
    Found(Line),
}

/// What became of something, and by which commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// By what; `None` where it is not committed yet.
    pub commit: Option<Commit>,
    /// The merge by which it came, where the commit was on a branch.
    pub merged: Option<Commit>,
    /// What.
    pub fact: Fact,
    /// How.
    pub turn: Turn,
}

/// Everything that became of a subject, the newest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The newest first; of one commit in the order of the facts.
    pub events: Vec<Event>,
    /// What the files ask for now, as they lie there.
    pub now: Facts,
    /// In which days begin and end by the files as they lie there; UTC where none is said.
    pub zone: Option<TimeZone>,
    /// The groups that had or have rules for members, of which only the API knows whom they mean; of a person alone.
    pub ruled: BTreeSet<Box<str>>,
    /// Names for ids, of all commits.
    pub names: BTreeMap<Uuid, Box<str>>,
    /// How many commits were read.
    pub commits: usize,
    /// Commits of which the files could not be read: what they changed is told of the next.
    pub unread: Vec<Commit>,
    /// Why there may have been more before: the commit at which it ends.
    pub ends: Option<(Commit, End)>,
}

/// Why a history ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The clone is shallow.
    Shallow,
    /// There are too many commits.
    TooMany,
}

/// Tells the history of a subject in the workspace at `root`, up to the files as they lie there now.
///
/// # Errors
///
/// Where git, the repository or a commit is missing.
pub fn history(
    root: &Path,
    (declared, files, sources): (&Declared, &Files, &Sources),
    subject: &Subject,
) -> Result<History, BaseError> {
    let base = Base::open(root, "HEAD")?;
    let mut told = Telling { base, files, subject, known: HashMap::new(), history: History::default() };
    let now = facts(declared, subject, &|place: Place| {
        (sources.file(place.file).path.as_str().into(), place.line.get())
    });
    told.history.names.extend(declared.aliases.clone());
    told.history.zone.clone_from(&declared.zone);
    told.note_rules(declared);
    let (line, is_cut) = told.line("HEAD", MOST)?;
    let is_shallow = told.base.is_shallow()?;
    let mut before: Option<Facts> = None;
    let mut by_commit: Vec<Vec<Event>> = Vec::new();
    for commit in &line {
        let Some(after) = told.facts(commit)? else {
            told.history.unread.push(commit.clone());
            continue;
        };
        // Of the first that can be read it is not known what is new, where others came before.
        let end = match &before {
            Some(_) => None,
            None if is_cut => Some(End::TooMany),
            None => (is_shallow && told.is_boundary(&line[0])?).then_some(End::Shallow),
        };
        let turns = turns(before.as_ref().unwrap_or(&Facts::new()), &after, end.is_some());
        let branch = if turns.is_empty() || end.is_some() { Vec::new() } else { told.branch(commit)? };
        let event = |(fact, turn): (Fact, Turn)| {
            let did = |own: &[(Fact, Turn)]| own.iter().any(|it| it.0 == fact && same(&it.1, &turn));
            let own = branch.iter().rev().find(|it| did(&it.1)).map(|it| it.0.clone());
            let merged = own.as_ref().map(|_| commit.clone());
            Event { commit: Some(own.unwrap_or_else(|| commit.clone())), merged, fact, turn }
        };
        by_commit.push(turns.into_iter().map(event).collect());
        if let Some(end) = end {
            told.history.ends = Some((line[0].clone(), end));
        }
        before = Some(after);
    }
    let uncommitted = turns(&before.unwrap_or_default(), &now, false);
    let uncommitted =
        uncommitted.into_iter().map(|(fact, turn)| Event { commit: None, merged: None, fact, turn });
    by_commit.push(uncommitted.collect());
    let mut history = told.history;
    history.events = by_commit.into_iter().rev().flatten().collect();
    history.now = now;
    Ok(history)
}

/// Whether two turns are of one kind.
fn same(one: &Turn, other: &Turn) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Whether two lines give a fact the same value.
fn is_same(fact: &Fact, lines: [&Line; 2]) -> bool {
    let [old, new] = lines.map(|it| it.value.as_deref());
    match fact.what {
        What::Attribute(attribute) => attribute.same(old, new),
        _ => old == new,
    }
}

/// What is different, in the order of the facts.
fn turns(before: &Facts, after: &Facts, is_end: bool) -> Vec<(Fact, Turn)> {
    let new = |line: &Line| if is_end { Turn::Found(line.clone()) } else { Turn::Given(line.clone()) };
    let given = after.iter().filter_map(|(fact, line)| match before.get(fact) {
        None => Some((fact.clone(), new(line))),
        Some(old) => (old.term != line.term || !is_same(fact, [old, line]))
            .then(|| (fact.clone(), Turn::Changed(line.clone(), old.clone()))),
    });
    let taken = before.iter().filter(|it| !after.contains_key(it.0));
    let taken = taken.map(|(fact, line)| (fact.clone(), Turn::Taken(line.clone())));
    let mut all: Vec<(Fact, Turn)> = given.chain(taken).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// A commit of a branch, and what it did.
type Did = (Commit, Vec<(Fact, Turn)>);

/// A history on its way.
struct Telling<'a> {
    base: Base,
    /// Which companies it is about.
    files: &'a Files,
    subject: &'a Subject,
    /// What commits asked for; `None` where that could not be read.
    known: HashMap<Box<str>, Option<Facts>>,
    history: History,
}

impl Telling<'_> {
    /// The commits from the oldest to one, each the first parent of the next, that touched the folder of the workspace; and
    /// whether there are more.
    fn line(&mut self, range: &str, most: usize) -> Result<(Vec<Commit>, bool), BaseError> {
        let count = format!("--max-count={}", most + 1);
        let format = "--format=%H%x1f%P%x1f%an%x1f%at%x1f%s";
        let arguments = [
            "log",
            "--first-parent",
            "--no-show-signature",
            "-z",
            &count,
            format,
            "--end-of-options",
            range,
            "--",
            ".",
        ];
        let told = self.base.told(arguments)?;
        let mut commits: Vec<Commit> = told.split('\0').filter_map(commit).collect();
        let is_cut = commits.len() > most;
        commits.truncate(most);
        commits.reverse();
        Ok((commits, is_cut))
    }

    /// Whether the parents of a commit are not in a shallow clone: git then tells of none.
    fn is_boundary(&self, commit: &Commit) -> Result<bool, BaseError> {
        let raw = self.base.told(["cat-file", "commit", &*commit.id])?;
        Ok(commit.parents.is_empty()
            && raw.lines().take_while(|it| !it.is_empty()).any(|it| it.starts_with("parent ")))
    }

    /// What each commit of the branch that a merge took in did, the oldest first; nothing for a commit that is no merge.
    fn branch(&mut self, merge: &Commit) -> Result<Vec<Did>, BaseError> {
        let [first, second, ..] = &merge.parents[..] else { return Ok(Vec::new()) };
        let (own, _) = self.line(&format!("{first}..{second}"), MOST)?;
        let Some(oldest) = own.first() else { return Ok(Vec::new()) };
        // Where the branch began.
        let mut then = match oldest.parents.first().cloned() {
            Some(parent) => self.facts_of(&parent)?.unwrap_or_default(),
            None => Facts::new(),
        };
        let mut did = Vec::new();
        for commit in own {
            let Some(after) = self.facts(&commit)? else { continue };
            did.push((commit, turns(&then, &after, false)));
            then = after;
        }
        Ok(did)
    }

    fn note_rules(&mut self, declared: &Declared) {
        if let Subject::Person(_) = self.subject {
            let groups = declared.companies.iter().flat_map(|it| &it.groups);
            let ruled = groups.filter(|it| !it.computed.rules.is_empty()).map(|it| it.name.clone());
            self.history.ruled.extend(ruled);
        }
    }

    fn facts(&mut self, commit: &Commit) -> Result<Option<Facts>, BaseError> {
        self.facts_of(&commit.id)
    }

    /// What the files of a commit asked for; `None` where they could not be read.
    fn facts_of(&mut self, commit: &str) -> Result<Option<Facts>, BaseError> {
        if let Some(known) = self.known.get(commit) {
            return Ok(known.clone());
        }
        self.history.commits += 1;
        let is_yaml = |it: &str| it.ends_with(".yaml") || it.ends_with(".yml");
        let is_hidden = |it: &str| it.split('/').any(|it| it.starts_with('.'));
        let base = self.base.at(commit);
        let mut files = base.files(|it| it == WORKSPACE_FILE || is_yaml(it) && !is_hidden(it))?;
        let people = people_files(&files);
        if !people.is_empty() {
            files.extend(base.files(|it| people.is_match(it) && !is_yaml(it) && !is_hidden(it))?);
        }
        let read = read(self.files, files);
        if let Some((declared, _)) = &read {
            self.history.names.extend(declared.aliases.clone());
            self.note_rules(declared);
        }
        let found = read.map(|(declared, paths)| {
            facts(&declared, self.subject, &|it: Place| (paths[&it.file].as_str().into(), it.line.get()))
        });
        self.known.insert(commit.into(), found.clone());
        Ok(found)
    }
}

/// Reads one commit of a log.
fn commit(raw: &str) -> Option<Commit> {
    let mut fields = raw.trim_start_matches('\n').split('\u{1f}');
    let mut next = || fields.next();
    let (id, parents, author, at, subject) = (next()?, next()?, next()?, next()?, next()?);
    Some(Commit {
        id: id.into(),
        author: author.into(),
        at: Timestamp::from_second(at.parse().ok()?).ok()?,
        subject: subject.into(),
        parents: parents.split_whitespace().map(Box::from).collect(),
    })
}

/// What the files of a commit declare, and how each is called; nothing where there is no workspace yet. `None` where one of them
/// cannot be read.
fn read(now: &Files, files: Vec<(String, Vec<u8>)>) -> Option<(Declared, BTreeMap<FileId, String>)> {
    let (workspace, access): (Vec<_>, Vec<_>) = files.into_iter().partition(|it| it.0 == WORKSPACE_FILE);
    let Some((path, text)) = workspace.into_iter().next() else {
        return Some((Declared::default(), BTreeMap::new()));
    };
    let is_yaml = |it: &str| it.ends_with(".yaml") || it.ends_with(".yml");
    let people = access.iter().filter(|it| !is_yaml(&it.0)).cloned().collect();
    let mut sources = Sources::default();
    let mut paths = BTreeMap::new();
    let mut id = |path: String| {
        let id = sources.add(path.clone(), String::new());
        paths.insert(id, path);
        id
    };
    let file = id(path);
    let found = decode::<WorkspaceFile>(&String::from_utf8(text).ok()?, file).ok()?;
    let (company, choice) = (now.company.clone(), now.choice.clone());
    let mut then = Files { workspace: Some((file, found)), company, choice, ..Files::default() };
    for (path, text) in access_files(&then, access) {
        let file = id(path);
        then.access.push((file, decode::<AccessFile>(&text, file).ok()?));
    }
    then.tables = tables(&then, &people, |path| id(path.to_owned())).0;
    Some((check::check(&then).ok()?, paths))
}

/// What is asked for of a subject, each with where.
fn facts(declared: &Declared, subject: &Subject, at: &dyn Fn(Place) -> (Box<str>, u32)) -> Facts {
    let line = |place: Place, term: Term| {
        let (path, line) = at(place);
        Line { path, line, term, value: None }
    };
    let mut all = Facts::new();
    for company in &declared.companies {
        let mut note = |group: Option<&str>, what: What, place: Place, term: Term| {
            let fact = Fact { company: company.id, group: group.map(Box::from), what };
            all.entry(fact).or_insert_with(|| line(place, term));
        };
        for group in &company.groups {
            let name = Some(&*group.name);
            let is_it = match subject {
                Subject::Group(wanted) => **wanted == *group.name,
                Subject::Person(_) => false,
            };
            if is_it {
                note(name, What::Group, group.from, group.term);
                note(name, What::Members(exactness(&group.members)), group.from, Term::default());
            }
            let mut is_in = is_it;
            for member in &group.members.entries {
                if let Some(person) = subject.meant(&member.person, is_it) {
                    is_in = true;
                    note(name, What::Member(person), member.from, member.term());
                }
            }
            for rule in group.computed.rules.iter().filter(|_| is_it) {
                note(name, What::Rule(rule.selector.clone()), rule.from, Term::default());
            }
            for member in &group.computed.except {
                if let Some(person) = subject.meant(&member.person, is_it) {
                    note(name, What::Except(person), member.from, member.term());
                }
            }
            for grant in group.grants.entries.iter().filter(|_| is_in) {
                let what = What::Role(grant.role.to_string().into(), (*grant.scope).clone());
                note(name, what, grant.from, grant.term);
            }
        }
        if let Subject::Group(wanted) = subject {
            for removal in company.removals.iter().filter(|it| it.name == *wanted) {
                note(Some(&removal.name), What::Removed, removal.from, Term::default());
            }
        }
        if let Subject::Person(keys) = subject {
            for user in company.users.iter().filter(|it| keys.contains(&it.person)) {
                for role in &user.roles.entries {
                    note(None, What::Direct(role.what.kind().clone()), role.from, role.term);
                }
            }
            for user in company.users.iter().filter(|it| keys.contains(&it.person)) {
                let mut note = |what: What, value: Box<str>, place: Place| {
                    let fact = Fact { company: company.id, group: None, what };
                    let line = Line { value: Some(value), ..line(place, Term::default()) };
                    all.entry(fact).or_insert(line);
                };
                if let Some(first) = user.create.first() {
                    note(What::Account, made_with(user), first.from);
                }
                for it in &user.traits {
                    note(What::Attribute(it.attribute), it.value.to_string().into(), it.from);
                }
            }
        }
    }
    if let Subject::Person(keys) = subject {
        for lockout in declared.lockouts.iter().filter(|it| keys.contains(&it.person)) {
            let fact = Fact { company: CompanyId(Uuid::nil()), group: None, what: What::LockedOut };
            let term = Term { ends: lockout.ends, ..Term::default() };
            all.entry(fact).or_insert_with(|| line(lockout.from, term));
        }
    }
    all
}

/// Every key by which an entry shows its person.
fn own_keys(user: &DeclaredUser) -> Vec<PersonRef> {
    let ids =
        [(Attribute::ExternalId, PersonKey::ExternalId), (Attribute::EmployeeId, PersonKey::EmployeeId)];
    let said = |attribute| user.traits.iter().find(|it| it.attribute == attribute);
    let ids = ids.into_iter().filter_map(|(attribute, key)| match &said(attribute)?.value {
        TraitValue::Ready(value) => PersonRef::by(key, value).ok(),
        TraitValue::Named(_) | TraitValue::People(_) => None,
    });
    std::iter::once(user.person.clone()).chain(ids).collect()
}

/// What an account is made with: persona and name.
fn made_with(user: &DeclaredUser) -> Box<str> {
    let of = |attribute: Attribute| user.create.iter().find(|it| it.attribute == attribute);
    let parts = [Attribute::Persona, Attribute::FirstName, Attribute::LastName].map(of);
    parts.into_iter().flatten().map(|it| it.value.to_string()).collect::<Vec<_>>().join(" ").into()
}

fn exactness<T>(list: &Listed<T>) -> Exactness {
    match list.rest {
        Rest::Removed => Exactness::Exact,
        Rest::Kept => Exactness::AtLeast,
        Rest::Unmanaged => Exactness::Unmanaged,
    }
}

/// The groups of these files whose name is near one that no commit knows.
pub fn near<'a>(declared: &'a Declared, name: &str) -> Option<&'a str> {
    let names = declared.companies.iter().flat_map(|it| &it.groups).map(|it| &*it.name);
    crate::model::finding::nearest(name, names)
}
