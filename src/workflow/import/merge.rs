//! What is live and in no file, beside what files say already: groups that none names, what declared groups have, and
//! where it is asked for people of whom none says what they are.
//!
//! ```text
//! API or snapshot ─taken─> Snapshot ─┬─ plan ─ adopt, additions alone ─> texts of files that are there ──┐
//!                                    └─ draft, of what is left over ──> new files, names under `ids:` ──┴─ proof
//! ```
//!
//! Nothing that a file says is taken out or changed. Before anybody sees the texts, a plan is made from them against
//! what was read: it does nothing that was not to be done before, and takes nothing but what is said to be left.
//! Writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Checked, Error, Judged, Live, Wanted, adopted, all_sound, judged},
    Asked, Imported,
    draft::{self, There},
    ids::Ids,
    no_such_group, taken,
};
use crate::{
    files::{
        declared::Declared,
        edit::{Change, edited},
        load::Loaded,
        matching::matching,
        write::{Alias, DraftFile, Known, alias_entry},
    },
    live::{
        api::Skew,
        fetch::{Profiles, ReadList, fetch},
        snapshot::{Answers, Snapshot},
        source::Source,
    },
    model::{
        date::Now,
        directory::Directory,
        finding::Code,
        ids::{CompanyId, GroupId, UserId},
        observed::{Observed, ObservedCompany, completed},
        plan::Plan,
        source::FileId,
        state::Edit,
    },
    plan::{
        adopt::{self, Adopted, Extent},
        bind::bind,
        diff,
    },
    report::render::counted,
};

mod people;

/// What is added, proven.
#[derive(Debug)]
pub struct Merged {
    /// The plan from the files as they are.
    pub judged: Judged,
    /// What comes into the files that are there, `rolecall.yaml` among them, and what of the plan would take something
    /// and is left.
    pub adopted: Adopted,
    /// The groups that no file named, the names that they need, and the groups that no file names still.
    pub imported: Imported,
    /// The new files, each with its path below the workspace.
    pub files: Vec<(String, String)>,
    /// The people who come into files that are there.
    pub joined: Vec<DraftFile>,
}

/// Checks files to which something is to be added: all that would be read is sound, and they may declare nothing yet.
///
/// # Errors
///
/// Everything that is wrong with them.
pub fn checked_to_merge(mut loaded: Loaded) -> Result<Checked, Error> {
    loaded.findings.retain(|it| it.code != Code::NoAccessFiles);
    let mut checked = all_sound(loaded)?;
    look(&mut checked.declared);
    Ok(checked)
}

/// Reads everything of the companies of a workspace, and adds to its files what they do not say.
///
/// # Errors
///
/// Where it cannot be read whole or bound to the files, where a new file would not be read, and where it is not proven
/// that a plan from the files would take nothing.
pub async fn merged(live: &Live, checked: Checked, asked: &Asked<'_>, now: Now) -> Result<Merged, Error> {
    if live.source.is_sanitized() {
        return Err(Error::Pseudonyms);
    }
    let snapshot = read(live, &checked.declared, asked, now).await?;
    no_such_group(&snapshot, asked)?;
    let timed = !now.is_given && checked.declared.has_dates();
    if let Some(skew) = live.source.skew().filter(|it| timed && Skew::is_far(it)) {
        return Err(Error::Clock(skew));
    }
    let answers = Answers::new(snapshot.clone(), None).map_err(|_| Error::Pseudonyms)?;
    let read = Live { source: Source::Snapshot(Box::new(answers)), sites: live.sites.clone() };
    let judged = judged(&read, checked, Wanted::Adoption, now, 0).await?;
    // Of what is not believed it is not known what the files lack.
    let failed = judged.reading.iter().flat_map(|it| &it.observed.failed);
    if let Some((company, why)) = failed.map(|it| (*it.0, it.1.clone())).next() {
        return Err(Error::NotRead { company, why });
    }
    let adopted = adopted(&judged, Extent::Additions(asked.groups))?;
    let mut there = there(&judged, &snapshot, asked);
    let rows = completed(taken::rows(&snapshot));
    let cut_off = people::beside(&mut there, &judged, &Directory::new(&rows));
    let mut drafted = draft::beside(&snapshot, asked, &there);
    let loaded = &judged.context.checked.loaded;
    placed(&mut drafted, loaded, &there)?;
    let merging =
        Merging { read: &read, judged: &judged, adopted: &adopted, snapshot: &snapshot, there: &there };
    let (mut imported, texts) = merging.sifted(drafted).await?;
    imported.notes.extend(texts.note);
    imported.notes.extend(cut_off.filter(|_| asked.people == Profiles::Everybody));
    // Such as mails and managers that a snapshot does not have.
    let withheld = judged.plan().withheld();
    imported.notes.extend((withheld > 0).then(|| {
        let things =
            counted(withheld, "thing that the files declare is", "things that the files declare are");
        format!("{things} withheld, and not compared with what is live: `rolecall plan` says which, and why")
    }));
    let is_there = |it: &mut DraftFile| people::file(loaded, &it.path).is_some();
    let joined = imported.files.extract_if(.., is_there).collect();
    let adopted = Adopted { files: texts.changed, ..adopted };
    Ok(Merged { judged, adopted, imported, files: texts.files, joined })
}

/// Looks at the company of the workspace, even if no file speaks of it.
fn look(declared: &mut Declared) {
    if let Some(company) = declared.company {
        declared.look_at(company);
    }
}

async fn read(live: &Live, declared: &Declared, asked: &Asked<'_>, now: Now) -> Result<Snapshot, Error> {
    // Of all companies that files speak of.
    let all = Declared { company: None, ..declared.clone() };
    let mut snapshot = taken::taken(live, &all, (false, asked.people), now.at).await?;
    snapshot.companies.retain(|it| all.companies.iter().any(|declared| declared.id == it.id));
    if snapshot.companies.is_empty() { Err(Error::NoCompany) } else { Ok(snapshot) }
}

/// What the files say.
fn there(judged: &Judged, snapshot: &Snapshot, asked: &Asked<'_>) -> There {
    let Checked { declared, loaded } = &judged.context.checked;
    let mut there = There { known: Known::named(declared), ..There::default() };
    // A company given from outside stands in for the one of the workspace in this run alone.
    there.company = declared.company.filter(|_| loaded.files.company.is_none() && loaded.portion.is_none());
    there.searched = declared.searched_companies().into_iter().collect();
    let plan = judged.plan();
    for change in plan.changes() {
        let Some(group) = change.id() else { continue };
        let cut_off = change.members().filter(|it| change.note(it).why.is_lockout());
        let users = cut_off.filter_map(Edit::member).map(|it| plan.index.user(it));
        there.cut_off.extend(users.map(|it| (group, it)));
    }
    let observed = judged.reading.iter().flat_map(|it| &it.observed.companies);
    let observed: Vec<&ObservedCompany> = observed.collect();
    for company in &declared.companies {
        let live = observed.iter().copied().find(|it| it.id == company.id).unwrap_or(ObservedCompany::NONE);
        let matched = matching(company, &live.groups);
        there.aside.extend(matched.spoken_of());
        let names = matched.groups.iter().map(|it| &it.0.name);
        let names = names.chain(matched.removals.iter().map(|it| &it.0.name));
        there.names.insert(company.id, names.cloned().collect());
    }
    let is_asked =
        |name: &str| asked.groups.is_empty() || asked.groups.iter().any(|pattern| pattern.matches(name));
    let groups = snapshot.companies.iter().flat_map(|it| &it.groups);
    there.aside.extend(groups.filter(|it| !is_asked(&it.name)).map(|it| it.id));
    there
}

/// Gives new files places where nothing is, and where they are read.
fn placed(drafted: &mut Imported, loaded: &Loaded, there: &There) -> Result<(), Error> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for file in drafted.files.iter_mut().filter(|it| !there.homes.values().any(|home| *home == it.path)) {
        let stem = file.path.trim_end_matches(".yaml").to_owned();
        let mut count = 1;
        while loaded.is_taken(&file.path) || taken.contains(&file.path) {
            count += 1;
            file.path = format!("{stem}-{count}.yaml");
        }
        if !loaded.would_read(&file.path)? {
            return Err(Error::NotMatched { path: file.path.clone() });
        }
        taken.insert(file.path.clone());
    }
    Ok(())
}

/// The texts that are to be written.
struct Texts {
    changed: BTreeMap<FileId, String>,
    files: Vec<(String, String)>,
    /// Why names were not added.
    note: Option<String>,
}

/// What additions are proven by.
struct Merging<'a> {
    /// What was read, to be asked.
    read: &'a Live,
    judged: &'a Judged,
    adopted: &'a Adopted,
    snapshot: &'a Snapshot,
    there: &'a There,
}

impl Merging<'_> {
    /// As many of the new groups and people as are proven together, with the texts, and why others are left out.
    async fn sifted(&self, drafted: Imported) -> Result<(Imported, Texts), Error> {
        let all = drafted.files.iter().enumerate();
        let all: Vec<(usize, usize)> = all
            .flat_map(|(file, it)| (0..it.groups.len() + it.users.len()).map(move |at| (file, at)))
            .collect();
        let (mut kept, mut waiting, mut out) = (Vec::new(), vec![&all[..]], Vec::new());
        while let Some(some) = waiting.pop() {
            let tried = [&kept[..], some].concat();
            match self.proven(&part(&drafted, &tried)).await {
                Ok(_) => kept = tried,
                Err(what) => match some {
                    [] => return Err(Error::NotProven { what }),
                    [(file, at)] => {
                        let DraftFile { groups, users, .. } = &drafted.files[*file];
                        let who = || &users[at - groups.len()].user.person;
                        let it = groups
                            .get(*at)
                            .map_or_else(|| format!("person {}", who()), |it| format!("group {}", it.name));
                        let why = what.first().map_or("", String::as_str);
                        out.push(format!("{it} is left out: {why}"));
                    }
                    several => {
                        let (first, second) = several.split_at(several.len() / 2);
                        waiting.extend([second, first]);
                    }
                },
            }
        }
        let mut imported = part(&drafted, &kept);
        imported.left_out.extend(out);
        let texts = self.proven(&imported).await.map_err(|what| Error::NotProven { what })?;
        self.keep_needed(&mut imported);
        if texts.note.is_some() {
            imported.workspace.companies.clear();
            imported.workspace.legal_entities.clear();
            imported.workspace.units.clear();
        }
        Ok((imported, texts))
    }

    /// The texts of all files, if a plan from them does nothing that was not to be done before.
    async fn proven(&self, imported: &Imported) -> Result<Texts, Vec<String>> {
        let Checked { loaded, declared: before } = &self.judged.context.checked;
        let texts = self.texts(imported)?;
        // Of a company that the run is not about the file was left out, with its text.
        let workspace = loaded.files.workspace.as_ref().map(|it| it.0);
        let read: BTreeSet<FileId> = loaded.files.access.iter().map(|it| it.0).chain(workspace).collect();
        let old = loaded
            .sources
            .files()
            .filter(|it| read.contains(&it.0))
            .map(|(file, it)| (it.path.clone(), texts.changed.get(&file).unwrap_or(&it.text).clone()));
        let new = Loaded::of(old.chain(texts.files.iter().cloned()));
        let mut new = new.with_tables_of(loaded);
        new.files.company.clone_from(&loaded.files.company);
        new.files.choice.clone_from(&loaded.files.choice);
        let messages = |error: Error| match error {
            Error::Findings { findings, .. } => findings.into_iter().map(|it| it.message).collect(),
            other => vec![other.to_string()],
        };
        let mut checked = all_sound(new).map_err(messages)?;
        look(&mut checked.declared);
        checked.declared.rules = before.rules.clone();
        let list = ReadList::new(&checked.declared, &[]);
        let observed = fetch(&self.read.source, &list).await.map_err(|it| vec![it.to_string()])?;
        let bound = bind(&checked.declared, &observed, self.judged.context.now.at);
        let bound = bound.map_err(|it| it.into_iter().map(|it| it.message).collect::<Vec<_>>())?;
        let plan = diff::plan(&bound, &observed);
        let wrong = self.wrong(imported, (&checked.declared, &observed), &plan);
        if wrong.is_empty() { Ok(texts) } else { Err(wrong) }
    }

    /// What a plan from the new texts would do or leave that it should not.
    fn wrong(
        &self,
        imported: &Imported,
        (declared, observed): (&Declared, &Observed),
        plan: &Plan,
    ) -> Vec<String> {
        let before = self.judged.plan();
        let known: BTreeSet<adopt::Name> =
            before.edits.iter().map(|it| adopt::name(before, &it.key)).collect();
        let new = plan
            .changes()
            .filter(|it| it.edits.iter().any(|edit| !known.contains(&adopt::name(plan, &edit.key))));
        let mut wrong: Vec<String> = new.map(|it| format!("a plan would change {}", it.name())).collect();
        let withheld = |plan: &Plan| -> BTreeSet<String> {
            let all = plan.withheld.iter().filter(|it| it.withholds());
            all.map(|it| format!("{}: {:?}", it.group, it.what)).collect()
        };
        let old = withheld(before);
        let newly = withheld(plan).into_iter().filter(|it| !old.contains(it));
        wrong.extend(newly.map(|_| "a plan could not do what the file asks".to_owned()));
        let managed: BTreeSet<GroupId> = declared
            .companies
            .iter()
            .filter_map(|it| Some((it, observed.companies.iter().find(|live| live.id == it.id)?)))
            .flat_map(|(it, live)| matching(it, &live.groups).spoken_of())
            .collect();
        let missing = imported.extent().groups + self.spoken_of().filter(|it| managed.contains(it)).count()
            != managed.len();
        wrong.extend(missing.then(|| "another group would be declared than is meant".to_owned()));
        wrong
    }

    /// The groups of which the files speak as they are.
    fn spoken_of(&self) -> impl Iterator<Item = GroupId> {
        let declared = &self.judged.context.checked.declared.companies;
        let observed = self.judged.reading.iter().flat_map(|it| &it.observed.companies);
        let observed: BTreeMap<CompanyId, &ObservedCompany> = observed.map(|it| (it.id, it)).collect();
        let both = declared.iter().filter_map(move |it| Some((it, *observed.get(&it.id)?)));
        both.flat_map(|(it, live)| matching(it, &live.groups).spoken_of())
    }

    fn texts(&self, imported: &Imported) -> Result<Texts, Vec<String>> {
        let loaded = &self.judged.context.checked.loaded;
        let mut changed = self.adopted.files.clone();
        let mut imported = imported.clone();
        self.keep_needed(&mut imported);
        let note = self.name(&mut imported, &mut changed).err();
        let mut files = Vec::new();
        for it in &imported.files {
            let Some(file) = people::file(loaded, &it.path) else {
                files.push((it.path.clone(), it.text(&imported.known)));
                continue;
            };
            let before = changed.get(&file).unwrap_or(&loaded.sources.file(file).text);
            let after = edited(before, &people::entries(&it.users));
            changed.insert(file, after.map_err(|why| vec![format!("{}: {why}", it.path)])?);
        }
        Ok(Texts { changed, files, note })
    }

    /// Adds new names to `rolecall.yaml`; where that is not edited, ids stand for themselves.
    fn name(&self, imported: &mut Imported, changed: &mut BTreeMap<FileId, String>) -> Result<(), String> {
        let loaded = &self.judged.context.checked.loaded;
        let Some((file, _)) = loaded.files.workspace else { return Ok(()) };
        let workspace = &imported.workspace;
        let units = workspace.units.iter().map(|(kind, all)| (*kind, all));
        let all = [("company", &workspace.companies), ("legalEntity", &workspace.legal_entities)];
        let name = |kind, it: &Alias| Change::Name {
            path: ["ids", kind],
            name: it.name.clone(),
            value: alias_entry(it),
        };
        let changes: Vec<Change> = all
            .into_iter()
            .chain(units)
            .flat_map(|(kind, all)| all.iter().map(move |it| name(kind, it)))
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        match edited(&loaded.sources.file(file).text, &changes) {
            Ok(text) => _ = changed.insert(file, text),
            Err(why) => {
                for file in &mut imported.files {
                    let new = workspace.companies.iter().find(|it| Some(&it.name) == file.company.as_ref());
                    file.company = new.map(|it| it.id.to_string().into()).or(file.company.take());
                }
                people::by_id(&imported.workspace, &mut imported.files);
                // By id travellers are found wherever they are.
                imported.known = self.there.known.clone();
                let count = changes.len();
                return Err(format!(
                    "rolecall.yaml is left as it is, so {count} ids stand in the files without names: {why}"
                ));
            }
        }
        Ok(())
    }

    /// Keeps of the new names those that the groups and people need.
    fn keep_needed(&self, imported: &mut Imported) {
        let mut ids = Ids::default();
        let mut people: BTreeSet<UserId> = BTreeSet::new();
        for grant in imported.files.iter().flat_map(|it| &it.groups).flat_map(|it| it.grants.iter().flatten())
        {
            ids.scope(&grant.scope);
            people.extend(grant.scope.people().map(UserId));
        }
        for user in taken::rows(self.snapshot).into_iter().filter(|it| people.contains(&it.id)) {
            user.company.into_iter().for_each(|it| ids.company(it));
        }
        let of_files: BTreeSet<Box<str>> =
            imported.files.iter().filter_map(|it| it.company.clone()).collect();
        let needed = |it: &Alias| ids.has(it.id) || of_files.contains(&it.name);
        let said = people::said(&imported.files);
        let of_people = |kind, it: &Alias| said.contains(&(kind, it.name.clone()));
        imported.workspace.companies.retain(needed);
        imported.workspace.legal_entities.retain(|it| needed(it) || of_people("legalEntity", it));
        let units = &mut imported.workspace.units;
        units.iter_mut().for_each(|(kind, all)| all.retain(|it| of_people(*kind, it)));
    }
}

/// The same with these groups and people alone, by file and position in it, and without the files that have none of them.
fn part(imported: &Imported, kept: &[(usize, usize)]) -> Imported {
    let kept: BTreeSet<(usize, usize)> = kept.iter().copied().collect();
    let mut part = imported.clone();
    for (file, it) in part.files.iter_mut().enumerate() {
        let mut at = 0..;
        let mut is_kept = || at.next().is_some_and(|at| kept.contains(&(file, at)));
        it.groups.retain(|_| is_kept());
        it.users.retain(|_| is_kept());
    }
    part.files.retain(|it| !(it.groups.is_empty() && it.users.is_empty()));
    part
}
