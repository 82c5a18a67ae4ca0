//! What was, or would be, written into the files so that they say what is live: as text, as a diff, and as facts.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{counted, direct, scope::Words};
use crate::{
    model::{
        escape,
        plan::{Change, Plan},
        selector::Attribute,
        source::Sources,
        state::{Edit, Fact},
    },
    plan::adopt::{Adopted, Left, Why},
};

/// What was adopted, with what its readers see.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Adoption<'a> {
    pub adopted: &'a Adopted,
    pub plan: &'a Plan,
    pub sources: &'a Sources,
    /// Whether the files were written.
    pub outcome: Outcome,
}

/// Whether files were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Outcome {
    Written,
    Shown,
}

/// An edit of the plan, as it is seen from the files.
struct Row {
    /// `+` comes into the files, `-` goes out of them.
    sign: char,
    noun: &'static str,
    what: String,
    of: String,
}

impl Adoption<'_> {
    /// Everything, for people: what changes in which file, what is left and why, and what comes next.
    pub fn text(&self) -> String {
        let mut out = self.body();
        let _ = writeln!(out, "{}{}", if out.is_empty() { "" } else { "\n" }, self.summary());
        out
    }

    /// What changes in which file, and what is left and why.
    pub(super) fn body(&self) -> String {
        let words = Words::new(self.plan);
        let mut out = String::new();
        if self.outcome == Outcome::Shown {
            out.push_str(&self.diff());
        }
        for file in self.adopted.files.keys().filter(|_| self.outcome == Outcome::Written) {
            let mut of = String::new();
            let mut own = self.adopted.taken.iter().filter(|it| it.place.file == *file).peekable();
            if own.peek().is_some() {
                let _ = writeln!(out, "{}", escape::terminal(&self.sources.file(*file).path));
            }
            for it in own {
                let Some(row) = self.row(&it.key, &words) else { continue };
                if of != row.of {
                    let _ = writeln!(out, "  {}", escape::terminal(&row.of));
                    of.clone_from(&row.of);
                }
                let mark = if it.is_privileged { "   PRIVILEGED: to be reviewed with care" } else { "" };
                let _ =
                    writeln!(out, "    {} {:6}  {}{mark}", row.sign, row.noun, escape::terminal(&row.what));
            }
        }
        let privileged = self.adopted.taken.iter().filter(|it| it.is_privileged).count();
        if privileged > 0 {
            let _ = writeln!(
                out,
                "\nPrivileged access appeared by hand and stands in the files now: {}.",
                counted(privileged, "line", "lines")
            );
        }
        if !self.adopted.left.is_empty() {
            let _ = writeln!(out, "\nLeft {}", self.adopted.left.len());
        }
        for it in &self.adopted.left {
            let Some(row) = self.row(&it.key, &words) else { continue };
            let (what, of) = (escape::terminal(&row.what), escape::terminal(&row.of));
            let _ = writeln!(out, "    ! {:6}  {what}, {of}: {}", row.noun, escape::terminal(&self.why(it)));
            for line in by_hand(it).iter().flat_map(|it| it.lines()) {
                let _ = writeln!(out, "        {}", escape::terminal(line));
            }
        }
        out
    }

    /// The last line.
    fn summary(&self) -> String {
        let Adopted { files, taken, left } = self.adopted;
        let changes = counted(taken.len(), "difference", "differences");
        let count = counted(files.len(), "file", "files");
        let left = match left.len() {
            0 => String::new(),
            n => format!(", {n} left"),
        };
        match (files.is_empty(), self.outcome) {
            (true, _) if left.is_empty() => "Nothing to adopt: the files say what is live.".to_owned(),
            (true, _) => format!("Nothing could be adopted{left}."),
            (false, Outcome::Shown) => format!("Adopt: {changes} in {count}{left}. Nothing was written."),
            (false, Outcome::Written) => {
                format!("Adopted: {changes} in {count}{left}. Review the files, and plan again.")
            }
        }
    }

    /// The files before and after, as a patch.
    pub fn diff(&self) -> String {
        let mut out = String::new();
        for (file, after) in &self.adopted.files {
            out.push_str(&self.file_diff(*file, after));
        }
        out
    }

    fn file_diff(&self, file: crate::model::source::FileId, after: &str) -> String {
        let source = self.sources.file(file);
        let path = escape::terminal(&source.path);
        let (old, new) = (format!("a/{path}"), format!("b/{path}"));
        let diff = similar::TextDiff::from_lines(source.text.as_str(), after);
        diff.unified_diff().context_radius(3).header(&old, &new).to_string()
    }

    /// The same, for programs.
    pub fn facts(&self) -> Value {
        let words = Words::new(self.plan);
        let row = |it: &crate::model::state::Key| match self.row(it, &words) {
            Some(row) => {
                json!({ "sign": row.sign.to_string(), "noun": row.noun, "what": row.what, "of": row.of })
            }
            None => json!({}),
        };
        let files = self.adopted.files.iter().map(|(file, after)| {
            let own = self.adopted.taken.iter().filter(|it| it.place.file == *file);
            let changes = own.map(|it| {
                let mut facts = row(&it.key);
                facts["privileged"] = it.is_privileged.into();
                facts
            });
            json!({
                "path": self.sources.file(*file).path,
                "changes": changes.collect::<Vec<_>>(),
                "diff": self.file_diff(*file, after),
            })
        });
        let left = self.adopted.left.iter().map(|it| {
            let mut facts = row(&it.key);
            facts["why"] = self.why(it).into();
            facts["byHand"] = by_hand(it).into();
            facts
        });
        json!({
            "written": self.outcome == Outcome::Written && !self.adopted.files.is_empty(),
            "files": files.collect::<Vec<_>>(),
            "left": left.collect::<Vec<_>>(),
        })
    }

    fn why(&self, left: &Left) -> String {
        match &left.why {
            Why::Ended(at) => {
                format!("has ended ({}), and what has ended is not adopted: apply", self.sources.line(*at))
            }
            Why::NotYet(at) => {
                format!("begins later ({}), and is not adopted: apply, or change `from`", self.sources.line(*at))
            }
            Why::LockedOut(at) => {
                format!("is locked out ({}), and that is not undone by a file: apply", self.sources.line(*at))
            }
            Why::Leaves(at) => {
                format!("is of somebody who leaves ({}), and who leaves keeps nothing: apply", self.sources.line(*at))
            }
            Why::Differs => {
                "the files ask otherwise, which takes more than another line: `rolecall drift --adopt`, or apply"
                    .to_owned()
            }
            Why::NotDeclared => "no entry of the files is about it: apply".to_owned(),
            Why::Unsayable(what) => format!("{what}: apply, or change it there"),
            Why::ByHand(at, why, _) => {
                format!("{why} ({}); change it by hand:", self.sources.line(*at))
            }
        }
    }

    fn row(&self, key: &crate::model::state::Key, words: &Words<'_>) -> Option<Row> {
        let change = self.plan.changes().find(|it| it.owner == key.owner)?;
        let edit = change.edits.iter().find(|it| it.key == *key)?;
        let of = match (change.user(), edit.attribute()) {
            (Some(user), Some(_)) => format!("person {}", words.person(user)),
            (Some(user), None) => format!("direct roles of {}", words.person(user)),
            (None, _) => format!("group {}", change.name()),
        };
        // From live to wanted is what an apply would do: the files go the other way.
        let sign = match (edit.adds(), edit.removes()) {
            (true, _) => '-',
            (_, true) => '+',
            (false, false) => '~',
        };
        let (noun, what) = self.said(&change, edit, words);
        Some(Row { sign, noun, what, of })
    }

    fn said(&self, change: &Change<'_>, edit: &Edit, words: &Words<'_>) -> (&'static str, String) {
        match &edit.key.fact {
            Fact::Attributes => {
                let said = match edit.attributes() {
                    [None, Some(_)] => {
                        "its declaration goes, as there is no such group (apply instead to create it)"
                            .to_owned()
                    }
                    [Some(_), _] if edit.removes() => format!(
                        "declared as it is, with {} and {}, instead of removed",
                        counted(change.grants().count(), "role", "roles"),
                        counted(change.members().count(), "member", "members"),
                    ),
                    [Some(live), Some(wanted)] if live.name != wanted.name => {
                        format!("name {} → {}", wanted.name, live.name)
                    }
                    _ => "description as it is".to_owned(),
                };
                ("group", said)
            }
            Fact::Member(user) => ("member", words.person(self.plan.index.user(*user))),
            Fact::Grant(role) => {
                let role = words.role(*role);
                let said = match edit.scopes() {
                    [Some(live), Some(wanted)] => {
                        let (wanted, live) = words.rescope(wanted, live);
                        format!("{role}: {wanted} → {live}")
                    }
                    [one, other] => {
                        let scope = one.or(other).map(|it| words.scope(it)).unwrap_or_default();
                        format!("{role} on {scope}")
                    }
                };
                ("role", said)
            }
            Fact::Direct(_) => {
                let [live, wanted] = edit.direct();
                ("role", live.or(wanted).map(|it| direct::role(it, words)).unwrap_or_default())
            }
            Fact::Trait(attribute) => {
                let [live, wanted] = edit.traits();
                let said = match (attribute, live) {
                    (Attribute::Active, Some("true")) => "account active, as it is".to_owned(),
                    (Attribute::Active, Some(_)) => "account not active, as it is".to_owned(),
                    _ => words.attribute(*attribute, [wanted, live]),
                };
                ("person", said)
            }
        }
    }
}

fn by_hand(left: &Left) -> &[String] {
    match &left.why {
        Why::ByHand(_, _, all) => all,
        Why::Ended(_)
        | Why::NotYet(_)
        | Why::LockedOut(_)
        | Why::Leaves(_)
        | Why::NotDeclared
        | Why::Differs
        | Why::Unsayable(_) => &[],
    }
}
