//! Changes that somebody only thinks of: what the files would say with them. Writes nothing.
//!
//! The texts are edited as a person would edit them, so that what is wrong with such a file is found where every other file's
//! faults are.

use std::{collections::BTreeMap, str::FromStr};

use jiff::Timestamp;

use super::{
    declared::{Declared, DeclaredGroup, Rest, RoleRef},
    edit::{Change, edited},
    load::Loaded,
    write::DraftPerson,
    yaml::{Style, Yaml},
};
use crate::model::{
    finding::nearest,
    ids::PersonRef,
    source::{FileId, Place},
};

mod person;

/// A change that somebody thinks of, as it is typed: `member:PERSON=GROUP`, `role:ROLE@SCOPE=GROUP`, `group:GROUP`,
/// `direct:PERSON=TYPE@company=NAME`, `lockout:PERSON`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    kind: Kind,
    /// What stands behind the colon.
    rest: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Member,
    Role,
    Group,
    Direct,
    Lockout,
}

/// Whether it comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is added.
    Comes,
    /// It is taken out.
    Goes,
}

/// Why it cannot be thought of so.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Unthinkable {
    #[error("`{0}` names no person: {1}")]
    Person(Box<str>, String),
    #[error("`{0}` does not say where the role is to hold")]
    NoScope(Box<str>),
    #[error("`{0}` names no group: what follows the last `=` is one")]
    NoGroup(Box<str>),
    #[error("no file declares a group `{wanted}`")]
    Unknown { wanted: Box<str>, near: Option<Box<str>> },
    #[error("several companies have a group `{0}`")]
    Several(Box<str>),
    #[error("a group alone gives nobody anything")]
    GroupAlone,
    #[error("`{what}` is not in the list of `{group}` ({place}), so that it cannot be taken out")]
    NotListed { what: Box<str>, group: Box<str>, place: Box<str> },
    #[error("`{what}` is not under `{of}`, so that it cannot be taken out")]
    NoEntry { what: Box<str>, of: &'static str },
    #[error("`{0}` names no person with a type of direct role")]
    NoDirect(Box<str>),
    #[error("lock-outs stand in rolecall.yaml, and there is none")]
    NoWorkspace,
    #[error("there is no access file to write this into")]
    NoFile,
    #[error("{path} is not edited there: {why}")]
    ByHand { path: Box<str>, why: String },
}

impl Unthinkable {
    /// What to do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Person(..) => {
                "write member:ana@voyager.example=GROUP, or member:externalId=agent-17=GROUP".to_owned()
            }
            Self::NoScope(_) => {
                "write role:ROLE@SCOPE=GROUP: the name of a scope of the file, or company=globex".to_owned()
            }
            Self::NoGroup(_) => "write member:PERSON=GROUP or role:ROLE@SCOPE=GROUP".to_owned(),
            Self::Unknown { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::Unknown { .. } => {
                "`rolecall import --merge` declares groups that no file names; `rolecall groups` lists them"
                    .to_owned()
            }
            Self::Several(_) => "give `--company`".to_owned(),
            Self::GroupAlone => "add a member or a role to it".to_owned(),
            Self::NotListed { .. } => {
                "`rolecall explain PERSON` says which line asks for what somebody has".to_owned()
            }
            Self::NoEntry { .. } => {
                "what no file says cannot be taken out of one: `rolecall explain PERSON` says what the files ask for".to_owned()
            }
            Self::NoDirect(_) => {
                "write direct:PERSON=TYPE, with `@company=NAME`, `@tmc=NAME` or `@arrangerFor=PERSON` where the type needs it: direct:ana@voyager.example=COMPANY_ADMIN@company=voyager".to_owned()
            }
            Self::NoWorkspace => "run it in a workspace: `rolecall init` begins one".to_owned(),
            Self::NoFile => "name an access file".to_owned(),
            Self::ByHand { .. } => "change the file, and plan".to_owned(),
        })
    }
}

impl FromStr for Thing {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let form = || {
            "write member:PERSON=GROUP, role:ROLE@SCOPE=GROUP, group:GROUP, direct:PERSON=TYPE or lockout:PERSON"
                .to_owned()
        };
        let (kind, rest) = raw.split_once(':').ok_or_else(form)?;
        let kind = match kind.trim() {
            "member" => Kind::Member,
            "role" => Kind::Role,
            "group" => Kind::Group,
            "direct" => Kind::Direct,
            "lockout" => Kind::Lockout,
            _ => return Err(form()),
        };
        let is_alone = matches!(kind, Kind::Group | Kind::Lockout);
        if rest.trim().is_empty() || !is_alone && !rest.contains('=') {
            return Err(form());
        }
        Ok(Self { kind, rest: rest.trim().into() })
    }
}

/// The texts of the files with these changes, of those that change; who is cut off is so from `now` on.
///
/// # Errors
///
/// What of it the files cannot say.
pub fn supposed(
    loaded: &Loaded,
    declared: &Declared,
    changes: &[(Turn, Thing)],
    now: Timestamp,
) -> Result<BTreeMap<FileId, String>, Unthinkable> {
    let mut supposing = Supposing {
        loaded,
        declared,
        now,
        changes: BTreeMap::new(),
        lists: BTreeMap::new(),
        direct: BTreeMap::new(),
    };
    for (turn, thing) in changes {
        supposing.take(*turn, thing)?;
    }
    let begins =
        supposing.lists.keys().any(|it| it.0.is_none()) || supposing.direct.keys().any(|it| it.0.is_none());
    if begins {
        supposing.first_file()?;
    }
    let Supposing { changes, .. } = supposing.whole();
    let text = |(file, changes): (FileId, Vec<Change>)| {
        let source = loaded.sources.file(file);
        let edited = edited(&source.text, &changes);
        let edited = edited
            .map_err(|it| Unthinkable::ByHand { path: source.path.as_str().into(), why: it.to_string() });
        Ok((file, edited?))
    };
    changes.into_iter().map(text).collect()
}

/// The files on the way to what somebody thinks of.
struct Supposing<'a> {
    loaded: &'a Loaded,
    declared: &'a Declared,
    now: Timestamp,
    changes: BTreeMap<FileId, Vec<Change>>,
    /// Lists that no file has yet, by group: its place where it is declared, its name, and whether they are its members.
    lists: BTreeMap<(Option<Place>, Box<str>, bool), Vec<Yaml>>,
    /// The same of roles outside groups: by the entry of the person where there is one, and the person.
    direct: BTreeMap<(Option<Place>, PersonRef), Vec<Yaml>>,
}

impl<'a> Supposing<'a> {
    fn take(&mut self, turn: Turn, thing: &Thing) -> Result<(), Unthinkable> {
        let named = || {
            let (what, group) = self.split(&thing.rest)?;
            Ok((what, group, self.found(group)?))
        };
        match thing.kind {
            Kind::Group => self.group(turn, &thing.rest),
            Kind::Direct => self.direct(turn, &thing.rest),
            Kind::Lockout => self.lockout(turn, &thing.rest),
            Kind::Member => {
                let (what, group, found) = named()?;
                self.member(turn, what, (group, found))
            }
            Kind::Role => match named()? {
                (what, _, Some(found)) => self.role(turn, what, found),
                (_, group, None) => Err(self.unknown(group)),
            },
        }
    }

    /// What comes before the name of a group, and the name: it may hold a `=` of its own.
    fn split<'t>(&self, rest: &'t str) -> Result<(&'t str, &'t str), Unthinkable> {
        let parts = || rest.match_indices('=').map(|(at, _)| (rest[..at].trim(), rest[at + 1..].trim()));
        let known = parts().find(|it| self.groups().any(|group| *group.name == *it.1));
        let found = known.or_else(|| parts().next_back()).filter(|it| !it.0.is_empty() && !it.1.is_empty());
        found.ok_or_else(|| Unthinkable::NoGroup(rest.into()))
    }

    fn groups(&self) -> impl Iterator<Item = &'a DeclaredGroup> {
        self.declared.companies.iter().flat_map(|it| &it.groups)
    }

    fn found(&self, name: &str) -> Result<Option<&'a DeclaredGroup>, Unthinkable> {
        let mut found = self.groups().filter(|it| *it.name == *name);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(Unthinkable::Several(name.into())),
            (found, None) => Ok(found),
        }
    }

    fn unknown(&self, wanted: &str) -> Unthinkable {
        let near = nearest(wanted, self.groups().map(|it| &*it.name)).map(Box::from);
        Unthinkable::Unknown { wanted: wanted.into(), near }
    }

    fn not_listed(&self, what: &str, group: &DeclaredGroup) -> Unthinkable {
        let place = self.loaded.sources.line(group.from).into();
        Unthinkable::NotListed { what: what.into(), group: group.name.clone(), place }
    }

    fn member(
        &mut self,
        turn: Turn,
        what: &str,
        (name, found): (&str, Option<&DeclaredGroup>),
    ) -> Result<(), Unthinkable> {
        let person: PersonRef = what.parse().map_err(|it: crate::model::ids::InvalidPerson| {
            Unthinkable::Person(what.into(), it.to_string())
        })?;
        let entry = DraftPerson { person: person.clone(), who: None }.entry();
        match (turn, found) {
            (Turn::Comes, Some(group)) if group.members.rest != Rest::Unmanaged => {
                self.change(
                    group.from,
                    Change::Insert { of: Some(group.from.into()), key: "members", entry },
                );
            }
            (Turn::Comes, found) => self.begun(found, name, true, entry.value),
            (Turn::Goes, None) => return Err(self.unknown(name)),
            (Turn::Goes, Some(group)) => {
                let own = group
                    .members
                    .entries
                    .iter()
                    .chain(&group.members.coming)
                    .filter(|it| it.person == person);
                let places: Vec<Place> = own.map(|it| it.from).collect();
                self.removed(&places).then_some(()).ok_or_else(|| self.not_listed(what, group))?;
            }
        }
        Ok(())
    }

    fn role(&mut self, turn: Turn, what: &str, group: &DeclaredGroup) -> Result<(), Unthinkable> {
        let (role, scope) = match what.rsplit_once('@') {
            Some((role, scope)) => (role.trim(), Some(scope.trim())),
            None => (what, None),
        };
        let id = role.strip_prefix("id=");
        if turn == Turn::Goes {
            let is_meant = |it: &RoleRef| match (it, id) {
                (RoleRef::Id(known), Some(id)) => known.to_string().eq_ignore_ascii_case(id),
                (RoleRef::Name { name, .. }, None) => **name == *role,
                _ => false,
            };
            let own = group.grants.entries.iter().chain(&group.grants.coming).filter(|it| is_meant(&it.role));
            let places: Vec<Place> = own.map(|it| it.from).collect();
            return self.removed(&places).then_some(()).ok_or_else(|| self.not_listed(what, group));
        }
        let scope = scope.filter(|it| !it.is_empty()).ok_or_else(|| Unthinkable::NoScope(what.into()))?;
        let role = id.map_or_else(|| Yaml::text(role), |id| Yaml::map(Style::Line, [("id", Yaml::text(id))]));
        let entry = Yaml::map(Style::Line, [("role", role), ("scope", written(scope))]);
        match group.grants.rest {
            Rest::Unmanaged => self.begun(Some(group), &group.name, false, entry),
            Rest::Kept | Rest::Removed => {
                let change =
                    Change::Insert { of: Some(group.from.into()), key: "roles", entry: entry.into() };
                self.change(group.from, change);
            }
        }
        Ok(())
    }

    /// A group that goes is deleted, and named by no other entry.
    fn group(&mut self, turn: Turn, name: &str) -> Result<(), Unthinkable> {
        if turn == Turn::Comes {
            return Err(Unthinkable::GroupAlone);
        }
        let found = self.found(name)?;
        let file = found.map_or_else(|| self.first_file(), |it| Ok(it.from.file))?;
        let keys = [("group", Yaml::text(name)), ("reason", Yaml::text("what if"))];
        let entry = Yaml::map(Style::Line, keys).into();
        let changes = self.changes.entry(file).or_default();
        changes.extend(found.map(|it| Change::RemoveAround(it.from.into())));
        changes.push(Change::Insert { of: None, key: "removed", entry });
        Ok(())
    }

    fn change(&mut self, at: Place, change: Change) {
        self.changes.entry(at.file).or_default().push(change);
    }

    /// Takes entries out; whether there are any.
    fn removed(&mut self, places: &[Place]) -> bool {
        places.iter().for_each(|it| self.change(*it, Change::Remove((*it).into())));
        !places.is_empty()
    }

    /// Begins a list that lets others be: of a group that no file names, or of which they are not managed.
    fn begun(&mut self, group: Option<&DeclaredGroup>, name: &str, members: bool, entry: Yaml) {
        self.lists.entry((group.map(|it| it.from), name.into(), members)).or_default().push(entry);
    }

    /// The file for what is in none yet: the first of the company that is looked at.
    fn first_file(&self) -> Result<FileId, Unthinkable> {
        let access = self
            .loaded
            .sources
            .files()
            .find(|it| it.1.path != super::WORKSPACE_FILE && !it.1.text.is_empty());
        access.map(|it| it.0).ok_or(Unthinkable::NoFile)
    }

    /// Makes the lists that were begun.
    fn whole(mut self) -> Self {
        let first = self.first_file();
        self.whole_direct(first.as_ref().ok().copied());
        for ((from, name, members), entries) in std::mem::take(&mut self.lists) {
            let list = Yaml::map(Style::Line, [("atLeast", Yaml::list(Style::Line, entries))]);
            let key = if members { "members" } else { "roles" };
            match (from, &first) {
                (Some(from), _) => self.change(from, Change::Set { of: Some(from.into()), key, value: list }),
                (None, Ok(file)) => {
                    let keys =
                        [("name", Yaml::text(&name)), ("roles", Yaml::text("unmanaged")), ("members", list)];
                    let entry = Yaml::map(Style::Line, keys).into();
                    self.changes.entry(*file).or_default().push(Change::Insert {
                        of: None,
                        key: "groups",
                        entry,
                    });
                }
                (None, Err(_)) => (),
            }
        }
        self
    }
}

/// A scope as a file spells it: the name of one, or `company=globex,legalEntity=globex-uk`; several values with `|`.
fn written(scope: &str) -> Yaml {
    if !scope.contains('=') && scope != "platform" {
        return Yaml::text(scope);
    }
    let key = |part: &str| {
        let (key, value) = part.split_once('=').unwrap_or((part, "true"));
        let values = value.split('|').map(|it| Yaml::text(it.trim())).collect();
        let value = if key.trim() == "platform" {
            Yaml::Scalar("true".to_owned())
        } else {
            Yaml::one_or_many(values)
        };
        (key.trim().to_owned(), value.into())
    };
    Yaml::Map(Style::Line, scope.split(',').map(key).collect())
}
