//! What was, or would be, added to the files of a workspace: as text, as a diff, and as facts.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    adoption::{Adoption, Outcome},
    counted,
};
use crate::{
    files::{
        WORKSPACE_FILE,
        write::{Alias, DraftFile, DraftGroup, DraftPerson},
    },
    model::escape,
};

/// Most people of one file who are said by name.
const SAID: usize = 20;

/// What was added, with what its readers see.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Merging<'a> {
    /// What comes into the files that are there.
    pub adoption: Adoption<'a>,
    /// The new files, as values and as their paths and texts.
    pub drafted: &'a [DraftFile],
    pub files: &'a [(String, String)],
    /// The people who come into files that are there.
    pub joined: &'a [DraftFile],
    /// New names under `ids:`.
    pub names: &'a [Alias],
    /// The groups that no file names still, each with why.
    pub left_out: &'a [String],
    pub notes: &'a [String],
}

impl Merging<'_> {
    /// Everything, for people: what comes into which file, what is left and why, and what comes next.
    pub fn text(&self) -> String {
        let mut out = self.adoption.body();
        for file in self.joined.iter().filter(|_| self.adoption.outcome == Outcome::Written) {
            let _ = writeln!(out, "{}", escape::terminal(&file.path));
            people(file, &mut out);
        }
        for ((path, text), file) in self.files.iter().zip(self.drafted) {
            let path = escape::terminal(path);
            match self.adoption.outcome {
                Outcome::Shown => {
                    let _ = writeln!(out, "{}# ---- {path}\n{text}", if out.is_empty() { "" } else { "\n" });
                }
                Outcome::Written => {
                    let _ = writeln!(out, "{path} (new)");
                    for group in &file.groups {
                        let _ = writeln!(out, "    + group   {}", escape::terminal(&said(group)));
                    }
                    people(file, &mut out);
                }
            }
        }
        if !self.names.is_empty() {
            let _ = writeln!(out, "\nNew names under `ids:` in rolecall.yaml");
        }
        for (at, it) in self.placed() {
            let fill_in =
                if it.is_placeholder { "   to be given a real name, there and where it is used" } else { "" };
            let _ = writeln!(out, "    {at}  {}  {}{fill_in}", escape::terminal(&it.name), it.id);
        }
        if !self.left_out.is_empty() {
            let _ = writeln!(out, "\nNot declared {}", self.left_out.len());
        }
        for it in self.left_out {
            let _ = writeln!(out, "    ! {}", escape::terminal(it));
        }
        let _ = writeln!(out, "{}{}", if out.is_empty() { "" } else { "\n" }, self.summary());
        out
    }

    /// The last line.
    fn summary(&self) -> String {
        let adopted = self.adoption.adopted;
        let left = match adopted.left.len() + self.left_out.len() {
            0 => String::new(),
            n => format!(", {n} left"),
        };
        let mut added = Vec::new();
        if !adopted.taken.is_empty() {
            added.push(counted(
                adopted.taken.len(),
                "addition to a declared group",
                "additions to declared groups",
            ));
        }
        let with_groups = self.drafted.iter().filter(|it| !it.groups.is_empty());
        let groups = with_groups.clone().map(|it| it.groups.len()).sum();
        if groups > 0 {
            let files = counted(with_groups.count(), "new file", "new files");
            added.push(format!("{} in {files}", counted(groups, "group", "groups")));
        }
        let with_people: Vec<&DraftFile> =
            self.joined.iter().chain(self.drafted).filter(|it| !it.users.is_empty()).collect();
        if let [first, rest @ ..] = &with_people[..] {
            let people = counted(with_people.iter().map(|it| it.users.len()).sum(), "person", "people");
            let files = match rest.len() {
                0 => escape::terminal(&first.path).into_owned(),
                more => format!("{} files", more + 1),
            };
            added.push(format!("{people} in {files}"));
        }
        match (added.is_empty(), self.adoption.outcome) {
            (true, _) if left.is_empty() => {
                "Nothing to add: the files say everything that is live.".to_owned()
            }
            (true, _) => format!("Nothing could be added{left}."),
            (false, Outcome::Shown) => format!("Merge: {}{left}. Nothing was written.", added.join(", ")),
            (false, Outcome::Written) => {
                format!("Merged: {}{left}. Review the files, and plan again.", added.join(", "))
            }
        }
    }

    /// New names with where they stand.
    fn placed(&self) -> impl Iterator<Item = (String, &Alias)> {
        let sources = self.adoption.sources;
        let is_workspace = |it: &crate::model::source::FileId| sources.file(*it).path == WORKSPACE_FILE;
        let text = self.adoption.adopted.files.iter().find(|it| is_workspace(it.0)).map_or("", |it| it.1);
        self.names.iter().map(move |it| {
            let line = text.lines().position(|line| line.contains(&it.id.to_string()));
            (format!("{WORKSPACE_FILE}:{}", line.map_or(1, |it| it + 1)), it)
        })
    }

    /// The same, for programs.
    pub fn facts(&self) -> Value {
        let is_shown = self.adoption.outcome == Outcome::Shown;
        let mut facts = self.adoption.facts();
        let files = self.files.iter().zip(self.drafted).map(|((path, text), file)| {
            let groups: Vec<&str> = file.groups.iter().map(|it| &*it.name).collect();
            let mut facts = json!({ "path": path, "groups": groups });
            put_people(&mut facts, file);
            if is_shown {
                facts["text"] = text.as_str().into();
            }
            facts
        });
        let names = self
            .placed()
            .map(|(at, it)| json!({ "at": at, "name": it.name, "id": it.id, "toFillIn": it.is_placeholder }));
        for file in facts["files"].as_array_mut().into_iter().flatten() {
            let joined = self.joined.iter().find(|it| file["path"] == *it.path);
            joined.iter().for_each(|it| put_people(file, it));
        }
        let is_nothing = self.files.is_empty() && self.adoption.adopted.files.is_empty();
        let is_written = !(is_shown || is_nothing);
        facts["written"] = is_written.into();
        facts["newFiles"] = files.collect();
        facts["newNames"] = names.collect();
        facts["notDeclared"] = self.left_out.into();
        facts["notes"] = self.notes.into();
        facts
    }
}

/// Who comes into a file: the first of them by name.
fn people(file: &DraftFile, out: &mut String) {
    for it in file.users.iter().take(SAID) {
        let _ = writeln!(out, "    + person  {}", escape::terminal(&called(&it.user)));
    }
    if let Some(more) = file.users.len().checked_sub(SAID).filter(|it| *it > 0) {
        let _ = writeln!(out, "    + … and {more} more people");
    }
}

fn put_people(facts: &mut Value, file: &DraftFile) {
    if !file.users.is_empty() {
        facts["people"] = file.users.iter().map(|it| called(&it.user)).collect();
    }
}

fn called(person: &DraftPerson) -> String {
    match &person.who {
        None => person.person.to_string(),
        Some(who) => format!("{} ({who})", person.person),
    }
}

fn said(group: &DraftGroup) -> String {
    let roles = match &group.grants {
        None => "roles unmanaged".to_owned(),
        Some(grants) => counted(grants.len(), "role", "roles"),
    };
    format!("{}: {roles}, {}", group.name, counted(group.members.len(), "member", "members"))
}
