//! What there is, as files that ask for just that: the way in for a company that is not in files yet. Only reads.
//!
//! ```text
//! API or snapshot ─taken─> Snapshot ─draft─> Imported ─text─> files, proven to plan to nothing
//! ```
//!
//! [`Imported`] is the value between: what files shall say, before text is made of it. Nothing is written that, planned
//! against what was read, would change anything or leave anything undone.

use jiff::Timestamp;

use super::{Error, Live, checked, sound};
use crate::{
    files::{
        WORKSPACE_FILE,
        declared::{Declared, Pattern},
        load::Loaded,
        write::{Alias, DraftFile, DraftWorkspace, Known},
    },
    live::{
        fetch::{Profiles, ReadList, fetch},
        snapshot::{Answers, Snapshot},
        source::Source,
    },
    model::finding::did_you_mean,
    plan::{bind::bind, diff},
};

mod draft;
mod ids;
mod layout;
mod merge;
mod people;
pub(super) mod taken;

pub use layout::Layout;
pub use merge::{Merged, checked_to_merge, merged};

/// What is to be imported, and as what.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Of which groups: of all where none is given.
    pub groups: &'a [Pattern],
    /// Whether people's direct roles as well.
    pub direct_roles: bool,
    /// Of whom it is written what they are apart from access: of nobody, or of everybody who is active.
    pub people: Profiles,
    /// How groups are put into files.
    pub layout: Layout,
    /// The API as the workspace file names it.
    pub endpoint: &'a str,
}

/// What files shall say, and what people should know of it.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What `rolecall.yaml` says.
    pub workspace: DraftWorkspace,
    /// The names that the access files use.
    pub known: Known,
    /// The access files.
    pub files: Vec<DraftFile>,
    /// The groups that no file declares, each with why.
    pub left_out: Vec<String>,
    /// What else the files do not say, one line each.
    pub notes: Vec<String>,
}

/// How much was imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Extent {
    pub groups: usize,
    pub memberships: usize,
    pub people: usize,
}

/// Reads everything that is to be imported.
///
/// # Errors
///
/// Where it cannot be read whole, where no company is named, and where no group is called as asked.
pub async fn read(
    live: &Live,
    declared: &Declared,
    asked: &Asked<'_>,
    now: Timestamp,
) -> Result<Snapshot, Error> {
    let mut declared = declared.clone();
    if let Some(company) = declared.company {
        declared.look_at(company);
    }
    let mut all = taken::taken(live, &declared, (asked.direct_roles, asked.people), now).await?;
    no_such_group(&all, asked)?;
    if !asked.groups.is_empty() {
        let wanted = |name: &str| asked.groups.iter().any(|it| it.matches(name));
        all.companies.iter_mut().for_each(|it| it.groups.retain(|it| wanted(&it.name)));
    }
    Ok(all)
}

fn no_such_group(all: &Snapshot, asked: &Asked<'_>) -> Result<(), Error> {
    for pattern in asked.groups {
        let mut names = all.companies.iter().flat_map(|it| &it.groups).map(|it| &*it.name);
        if !names.clone().any(|it| pattern.matches(it)) {
            let near = did_you_mean(pattern.text(), names.by_ref());
            return Err(Error::NoSuchGroup { wanted: pattern.text().into(), near });
        }
    }
    Ok(())
}

/// Drafts the files that say what a snapshot holds, and makes sure that they do: that a plan from them is empty.
///
/// # Errors
///
/// What a plan from these files would do, or leave undone: then they are not true, and nobody gets them.
pub async fn drafted(snapshot: Snapshot, asked: &Asked<'_>) -> Result<Imported, Error> {
    let imported = draft::draft(&snapshot, asked);
    proven(&imported, snapshot).await?;
    Ok(imported)
}

impl Imported {
    /// Every file as its path below the folder of the workspace and its text, the workspace file first.
    pub fn texts(&self) -> Vec<(String, String)> {
        let workspace = (WORKSPACE_FILE.to_owned(), self.workspace.text());
        let files = self.files.iter().map(|it| (it.path.clone(), it.text(&self.known)));
        [workspace].into_iter().chain(files).collect()
    }

    /// What the files do not say, one line each.
    pub fn notes(&self) -> impl Iterator<Item = &String> {
        self.left_out.iter().chain(&self.notes)
    }

    /// The names under `ids:`, in the order in which they are written.
    pub fn names(&self) -> Vec<Alias> {
        let units = self.workspace.units.iter().flat_map(|it| it.1.iter().cloned());
        let all = [&self.workspace.companies[..], &self.workspace.legal_entities].concat();
        all.into_iter().chain(units).collect()
    }

    /// How much the files declare.
    pub fn extent(&self) -> Extent {
        let groups = || self.files.iter().flat_map(|it| &it.groups);
        let mut people: Vec<&str> = Vec::new();
        let ids: Vec<String> = groups().flat_map(|it| &it.members).map(|it| it.person.to_string()).collect();
        let users: Vec<String> =
            self.files.iter().flat_map(|it| &it.users).map(|it| it.user.person.to_string()).collect();
        people.extend(ids.iter().chain(&users).map(String::as_str));
        people.sort_unstable();
        people.dedup();
        Extent { groups: groups().count(), memberships: ids.len(), people: people.len() }
    }
}

/// Plans from the files what they were made of.
async fn proven(imported: &Imported, snapshot: Snapshot) -> Result<(), Error> {
    let now = snapshot.created_at;
    let loaded = Loaded::of(imported.texts());
    let checked = if imported.files.is_empty() { sound(loaded)? } else { checked(loaded)? };
    // By pseudonyms people are named, and by pseudonyms they are found.
    let answers = Answers::new(Snapshot { sanitized: None, ..snapshot }, None);
    let Ok(answers) = answers else { return Ok(()) };
    let source = Source::Snapshot(Box::new(answers));
    let observed = fetch(&source, &ReadList::new(&checked.declared, &[])).await?;
    let bound = bind(&checked.declared, &observed, now).map_err(|it| super::wrong(it, &checked.loaded))?;
    let plan = diff::plan(&bound, &observed);
    if plan.is_empty() && plan.withheld.is_empty() {
        return Ok(());
    }
    let groups = plan.withheld.iter().map(|it| it.group.to_string());
    let mut what: Vec<String> = (0..plan.len()).map(|it| plan.title(it)).chain(groups).collect();
    what.sort_unstable();
    what.dedup();
    Err(Error::NotProven { what })
}

#[cfg(test)]
mod tests;
