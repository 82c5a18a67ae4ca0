//! The ways to a plan: from the files, from the lock-outs alone, from a saved plan, and back from a journal.
//!
//! Each reads the live state, binds the files to it, compares, and asks again for what goes. Judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Checked, Error, Live, Note, Observation, Run, Wanted, observed, runs, wrong};
use crate::{
    apply::{
        journal::Trust,
        record::{self, Creation},
    },
    files::declared::{Bare, Declared, DeclaredCompany},
    live::{
        FetchError,
        fetch::{Failed, Going, ReadList, confirm, fetch_lockouts, holders, lockout_holders, named, naming},
    },
    model::{
        finding::Code,
        ids::{CompanyId, GroupId, PersonRef, UserId},
        observed::{Leads, Observed, User},
        plan::{Action, Digest, Names, Plan, Undone},
        rules::{Rules, Taken, Unmanaged},
        selector::Attribute,
        source::{Place, Sources},
        state::Edit,
    },
    plan::{
        adopt, base,
        bind::bind,
        diff, digest,
        guard::takes_privileged,
        held::held,
        leavers, rollback,
        takeup::{TakenUp, as_approved, needed, same_again},
    },
    report::{document::Saved, render::counted},
};

/// A plan, not yet judged.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) rules: Rules,
    /// The files its places point into.
    pub(super) sources: Sources,
    pub(super) notes: Vec<Note>,
    /// Those of whom all groups of a company were read.
    pub(super) whole: BTreeSet<(CompanyId, UserId)>,
    /// Everything that was read, where it is needed once more.
    pub(super) observed: Option<(Observed, Leads)>,
}

/// Reads the live state and plans what is wanted.
pub(super) async fn planned(
    live: &Live,
    checked: &mut Checked,
    wanted: Wanted,
    now: Timestamp,
) -> Result<Planned, Error> {
    match wanted {
        Wanted::Files => Ok(Planned { observed: None, ..from_files(live, checked, now).await? }),
        Wanted::Expired => {
            // Nobody leaves by what has ended.
            checked.declared.rules.without_look_ups();
            let mut planned = Planned { observed: None, ..from_files(live, checked, now).await? };
            planned.plan.keep_ended();
            Ok(planned)
        }
        Wanted::Adoption => {
            let mut planned = from_files(live, checked, now).await?;
            if let Some((observed, leads)) = &mut planned.observed {
                let people = adopt::people(&planned.plan);
                *leads = named(&live.source, &checked.declared, observed, &people).await?;
            }
            Ok(planned)
        }
        Wanted::Lockouts => lockouts(live, checked, now).await,
        Wanted::Saved { saved, from_files, undoes } => {
            taken_up(live, checked, (*saved, from_files, undoes.as_deref()), now).await
        }
        Wanted::Undo { run, later } => undo(live, checked, (*run, &later), now).await,
    }
}

/// Compares the live state with the files. What goes is asked for again.
async fn from_files(live: &Live, checked: &Checked, now: Timestamp) -> Result<Planned, Error> {
    let observation = observed(live, checked, &[], now).await?;
    let plan = |it: &Observation| Ok(diff::plan(&it.bound, &it.snapshot));
    let (Observation { mut snapshot, mut bound }, mut plan) =
        with_holders((live, checked), observation, now, plan).await?;
    let failed = confirm(&live.source, &going(&plan), &snapshot).await?;
    if failed.leave_out(&mut snapshot)? {
        bound = bind(&checked.declared, &snapshot, now).map_err(|it| wrong(it, &checked.loaded))?;
        plan = diff::plan(&bound, &snapshot);
        leavers::tell(&mut plan, &snapshot);
    }
    if checked.loaded.partial {
        // Other files may name them.
        plan.unmanaged = plan.unmanaged.allowing();
        // What accepts something of these may find nothing in the part.
        plan.remarks.retain(|it| it.code != Code::UnusedAccept);
    }
    let sources = checked.loaded.sources.clone();
    let mut notes = Vec::new();
    if let Some(then) = &checked.declared.base {
        match bind(then, &snapshot, now) {
            Ok(then) => base::split(&mut plan, &bound, &diff::plan(&then, &snapshot)),
            Err(findings) => notes.extend(findings.into_iter().next().map(|it| Note::NoSides(it.message))),
        }
    }
    let whole = whole(&snapshot);
    Ok(Planned { plan, rules: bound.rules, sources, notes, whole, observed: Some((snapshot, Leads::new())) })
}

/// Makes a plan, and where it takes a privileged role from somebody, makes it once more knowing who else holds one; and where it
/// deactivates somebody, knowing who names the person.
async fn with_holders(
    (live, checked): (&Live, &Checked),
    mut observation: Observation,
    now: Timestamp,
    plan: impl Fn(&Observation) -> Result<Plan, Error>,
) -> Result<(Observation, Plan), Error> {
    let mut made = plan(&observation)?;
    let Observation { snapshot, bound } = &mut observation;
    if takes_privileged(&made, &bound.rules) && holders(&live.source, &bound.rules.held(), snapshot).await? {
        *bound = bind(&checked.declared, snapshot, now).map_err(|it| wrong(it, &checked.loaded))?;
        made = plan(&observation)?;
    }
    let leaving: BTreeSet<(CompanyId, UserId)> = made.leaving().collect();
    let Observation { snapshot, bound } = &mut observation;
    if naming(&live.source, checked.declared.rules.look_ups(), &leaving, snapshot).await? {
        *bound = bind(&checked.declared, snapshot, now).map_err(|it| wrong(it, &checked.loaded))?;
        made = plan(&observation)?;
    }
    leavers::tell(&mut made, &observation.snapshot);
    Ok((observation, made))
}

async fn lockouts(live: &Live, checked: &Checked, now: Timestamp) -> Result<Planned, Error> {
    let mut snapshot = fetch_lockouts(&live.source, &ReadList::new(&checked.declared, &[])).await?;
    let mut declared = checked.declared.lockouts_only();
    if bind(&declared, &snapshot, now).is_err() {
        // A role that nobody knows holds up no lock-out: those that manage access are privileged all the same.
        declared.without_names();
    }
    let bound = |snapshot: &Observed| bind(&declared, snapshot, now).map_err(|it| wrong(it, &checked.loaded));
    let privileged = bound(&snapshot)?.rules.held();
    let read = lockout_holders(&live.source, &privileged, &mut snapshot).await?;
    let mut bound = bound(&snapshot)?;
    // That no entry is declared takes nothing from anybody here: with nobody to cut off there is nothing to do.
    bound.rules.declared = bound.rules.declared.max(1);
    let mut plan = diff::plan(&bound, &snapshot);
    // Few groups were looked into: what else is in the others is not known, and nothing is compared with it.
    plan.unmanaged = Unmanaged::Ignore;
    plan.read.clear();
    let unread = plan.groups().filter(|it| it.id().is_some_and(|it| !read.contains(&it)));
    plan.unread = unread.filter_map(|it| it.group()).collect();
    Ok(Planned {
        plan,
        rules: bound.rules,
        sources: checked.loaded.sources.clone(),
        notes: Vec::new(),
        whole: BTreeSet::new(),
        observed: None,
    })
}

fn whole(snapshot: &Observed) -> BTreeSet<(CompanyId, UserId)> {
    snapshot.companies.iter().flat_map(|it| it.held.keys().map(|user| (it.id, *user))).collect()
}

/// Says whether a saved plan can be taken up with the files as they are; others need its id in `approve`.
///
/// # Errors
///
/// Where files changed and the plan is not approved by its id.
pub fn retaken(
    saved: Saved,
    checked: &Checked,
    approve: Option<&str>,
    undoes: Option<Box<Run>>,
) -> Result<(Wanted, Option<Note>), Error> {
    let changed = changed(&saved, &checked.loaded.sources);
    let approved = approve.is_some_and(|it| saved.id.to_string().starts_with(it));
    if !changed.is_empty() && !approved {
        return Err(Error::FilesChanged { changed, id: saved.id });
    }
    let note = (!changed.is_empty()).then_some(Note::FilesChanged(changed.len()));
    Ok((Wanted::Saved { saved: Box::new(saved), from_files: changed.is_empty(), undoes }, note))
}

/// The files that are not what the plan was made from, each with how.
fn changed(saved: &Saved, sources: &Sources) -> Vec<String> {
    // What a rollback was made from is a journal.
    if saved.plan.undoes.is_some() {
        return Vec::new();
    }
    let now: Vec<(&str, Digest)> =
        sources.files().filter_map(|(_, it)| Some((it.path.as_str(), digest::source(it)?))).collect();
    let mut changed = Vec::new();
    for (path, digest) in &saved.files {
        match now.iter().find(|it| it.0 == &**path) {
            Some((_, same)) if same == digest => (),
            Some(_) => changed.push(format!("{path} says something else")),
            None => changed.push(format!("{path} is gone")),
        }
    }
    // A plan of a part of the files knows nothing of the others.
    if saved.files.is_empty() {
        changed.push("the plan names no file that it was made from".to_owned());
    } else if !saved.partial {
        let new = now.iter().filter(|it| saved.files.iter().all(|known| *known.0 != *it.0));
        changed.extend(new.map(|it| format!("{} is new", it.0)));
    }
    changed
}

async fn taken_up(
    live: &Live,
    checked: &mut Checked,
    (saved, from_files, undoes): (Saved, bool, Option<&Run>),
    now: Timestamp,
) -> Result<Planned, Error> {
    same_api(&saved, live)?;
    let Saved { plan, mut sources, id, .. } = saved;
    let touched = touched(&plan, &mut checked.declared);
    // What it was not about, it is not about now.
    let of_plan: BTreeSet<CompanyId> = plan.companies.iter().map(|it| it.company).collect();
    checked.declared.keep(|it| of_plan.contains(&it) || touched.iter().any(|touched| touched.0 == it));
    if plan.undoes.is_some() {
        checked.declared.without_computed_members();
        checked.declared.without_accounts();
    }
    let observation = observed(live, checked, &touched, now).await?;
    all_read(&observation.snapshot, plan.changes().map(|it| it.company()))?;
    let taken_up = |Observation { snapshot, bound }: &Observation| {
        let mut fresh = diff::plan(bound, snapshot);
        // Without a base it is not known that what was weaker is not, and the approval was of that as well.
        fresh.weakened = fresh.weakened.or_else(|| plan.weakened.clone());
        // A rollback comes from no file, and of files that are others by now nothing can be asked.
        let taken_up = if from_files && plan.undoes.is_none() {
            same_again(&plan, id, &fresh, bound)
        } else {
            as_approved(&plan, id, &fresh, (bound, snapshot), now)
        };
        match taken_up {
            TakenUp::Plan(plan) => Ok(*plan),
            // Everything is as it wants it: nothing is left of it.
            TakenUp::Already(withheld) => {
                let mut nothing = Plan { withheld, ..fresh };
                nothing.retain(|_| false);
                Ok(nothing)
            }
            TakenUp::Stale(stale) => Err(Error::Stale(stale)),
        }
    };
    let (Observation { snapshot, mut bound }, mut today) =
        with_holders((live, checked), observation, now, taken_up).await?;
    let needed = needed(&plan, &today);
    if !needed.is_empty() {
        return Err(Error::Stale(needed));
    }
    if let Some(run) = undoes {
        // Again, and not as the plan says: only the journal tells what that apply gave.
        let done = record::done(&run.records);
        let ids = rollback::touched(&run.saved.plan, &done, &BTreeMap::new(), &snapshot);
        let from = run.place(&mut sources);
        allow(&mut bound.rules, rollback::taken(&run.saved.plan, &done, &ids, &today, from));
    }
    today.undoes = plan.undoes.clone();
    // Companies that could not be read when it was made are not done by applying it.
    today.withheld.extend(plan.withheld.iter().filter(|it| it.company().is_some()).cloned());
    today.withheld.sort();
    today.withheld.dedup();
    confirm(&live.source, &going(&today), &snapshot).await?.none()?;
    let already = today.is_empty() && !plan.is_empty();
    let notes = already.then_some(Note::AlreadySo).into_iter().collect();
    Ok(Planned { plan: today, rules: bound.rules, sources, notes, whole: whole(&snapshot), observed: None })
}

async fn undo(
    live: &Live,
    checked: &mut Checked,
    (run, later): (Run, &[Run]),
    now: Timestamp,
) -> Result<Planned, Error> {
    same_api(&run.saved, live)?;
    let first = runs::first(&run, later);
    let successors = runs::successors(later);
    let Run { mut saved, records, journal, trust, .. } = run;
    let accounts = accounts(live, &record::creations(&records)).await?;
    let (plan, done) = rollback::with_accounts(&saved.plan, record::done(&records), &accounts);
    saved.plan = plan;
    let mut touched = touched(&saved.plan, &mut checked.declared);
    // Groups that were created have ids that the journal alone knows, or no file at all.
    for (change, done) in &done {
        let company = saved.plan.change(*change).map(|it| it.company());
        touched.extend(company.zip(done.created.flatten()));
    }
    touched.extend(runs::succeeding(&touched, &successors));
    let unknown = done.values().any(|it| it.created == Some(None));
    // Perhaps the apply created all there is, and somebody has undone it.
    checked.declared.create_all();
    checked.declared.without_computed_members();
    checked.declared.without_accounts();
    let mut observed = super::observed(live, checked, &touched, now).await?;
    all_read(&observed.snapshot, saved.plan.changes().map(|it| it.company()))?;
    let ids = rollback::touched(&saved.plan, &done, &successors, &observed.snapshot);
    if unknown {
        // By name, now that all names are known.
        let company = |it: &usize| saved.plan.change(*it).map(|it| it.company());
        touched.extend(ids.iter().filter_map(|(change, id)| Some((company(change)?, *id))));
        observed = super::observed(live, checked, &touched, now).await?;
    }
    // Without their texts: the files did not ask for it, and may change before it is applied.
    let mut sources = Sources::default();
    for (_, file) in checked.loaded.sources.files() {
        sources.add(file.path.clone(), String::new());
    }
    let file = sources.add(journal.display().to_string(), String::new());
    let unsettled = rollback::unsettled(&saved.plan, &done, &ids, &observed.snapshot);
    let mut notes: Vec<Note> = unsettled.into_iter().map(|it| Note::Unsettled(it.into())).collect();
    notes.extend(first.into_iter().map(|it| Note::First(it.display().to_string().into())));
    let undo = |Observation { snapshot, bound }: &Observation| {
        let bound = rollback::bound(&saved.plan, &done, &ids, (bound, snapshot), file);
        Ok(diff::plan(&bound, snapshot))
    };
    let (Observation { snapshot, mut bound }, mut plan) =
        with_holders((live, checked), observed, now, undo).await?;
    plan.undoes = Some(Undone { journal: journal.display().to_string().into(), plan: saved.id });
    match trust {
        Trust::Sealed => {
            let from = Place::new(file, 1, 1);
            allow(&mut bound.rules, rollback::taken(&saved.plan, &done, &ids, &plan, from));
        }
        Trust::Unproven => notes.push(Note::Unproven(journal.display().to_string().into())),
    }
    // It is about what the apply did, and not about what others make.
    plan.unmanaged = plan.unmanaged.allowing();
    // People that no file names any more are still known to the journal.
    for (user, name) in saved.plan.names.people {
        plan.names.people.entry(user).or_insert(name);
    }
    confirm(&live.source, &going(&plan), &snapshot).await?.none()?;
    Ok(Planned { plan, rules: bound.rules, sources, notes, whole: whole(&snapshot), observed: None })
}

/// The accounts that a run has made, by the ids that its plan made up for them. One of which the answer was lost is known by its
/// address or external id: before it was sent, nobody had either. Somebody of another address got the external id since then.
async fn accounts(live: &Live, creations: &[Creation]) -> Result<BTreeMap<UserId, UserId>, Error> {
    let mut accounts = BTreeMap::new();
    for it in creations.iter().filter(|it| !it.is_refused) {
        let found = match it.given {
            Some(given) => vec![given],
            None => {
                let mut found = live.source.find_users(it.company, &it.keys).await?;
                let address = it.keys.iter().find(|key| matches!(key, PersonRef::Email(_)));
                let told = |user: &User| user.email.clone().map(PersonRef::Email);
                found.retain(|user| told(user).is_none_or(|told| address.is_none_or(|it| *it == told)));
                found.into_iter().map(|it| it.id).collect()
            }
        };
        // By two keys somebody is found twice.
        if let [one, ref others @ ..] = found[..]
            && others.iter().all(|it| *it == one)
        {
            accounts.insert(it.made_up, one);
        }
    }
    Ok(accounts)
}

/// Makes sure that companies were read whose groups are to change: who knows nothing of them could take them for gone.
fn all_read(snapshot: &Observed, companies: impl IntoIterator<Item = CompanyId>) -> Result<(), Error> {
    let unread = companies.into_iter().find_map(|it| Some((it, snapshot.failed.get(&it)?)));
    match unread {
        None => Ok(()),
        Some((company, why)) => Err(Error::NotRead { company, why: why.clone() }),
    }
}

/// Lets what only takes away again what an apply gave pass the limits on removals, whoever set them.
fn allow(rules: &mut Rules, taken: Taken) {
    rules.floors.iter_mut().for_each(|it| it.rules.undone = Some(taken.clone()));
    rules.undone = Some(taken);
}

/// Doubts an empty list of groups where the files declare some: by it, everything would be created a second time, and
/// nobody would seem to have anything.
pub(super) fn doubted(declared: &Declared, snapshot: &Observed) -> Result<Failed, Error> {
    let is_doubted = |it: &&DeclaredCompany| {
        let read = snapshot.companies.iter().find(|live| live.id == it.id);
        it.bare == Bare::Doubted && !it.groups.is_empty() && read.is_some_and(|live| live.groups.is_empty())
    };
    let names = Names { values: declared.aliases.clone(), ..Names::default() };
    let mut failed = Failed::default();
    for company in declared.companies.iter().filter(is_doubted) {
        let declared = counted(company.groups.len(), "group", "groups");
        let doubt = FetchError::NoGroups { company: names.company(company.id), declared };
        failed.note(company.id, Err::<(), _>(doubt))?;
    }
    Ok(failed)
}

/// What a plan takes away, by group.
fn going(plan: &Plan) -> Vec<Going> {
    let decides = |it: Attribute| it == Attribute::Active || Attribute::RULES.contains(&it);
    let others = plan.people().filter(|it| it.traits().filter_map(Edit::attribute).any(decides));
    let others: BTreeSet<UserId> = others.filter_map(|it| it.user()).collect();
    let going = plan.groups().filter_map(|it| {
        Some(Going {
            company: it.company(),
            group: it.id()?,
            name: it.name().into(),
            deleted: it.action() == Action::Delete,
            members: it.leaving().collect(),
            unmeant: it
                .members()
                .filter(|it| it.removes() && plan.by_rule.contains_key(&it.key))
                .filter_map(|it| Some(plan.index.user(it.member()?)))
                // Whoever is another by this very plan is meant until it is made.
                .filter(|it| !others.contains(it))
                .collect(),
            rules: it.group().and_then(|it| plan.selectors.get(&it)).map_or(Vec::new(), |it| it.to_vec()),
            roles: it.grants().filter(|it| !it.adds()).filter_map(Edit::role).collect(),
        })
    });
    going.collect()
}

/// The groups that a plan touches, and makes sure that its companies and people are looked at.
fn touched(plan: &Plan, declared: &mut Declared) -> Vec<(CompanyId, GroupId)> {
    for change in plan.changes() {
        match change.user() {
            Some(user) => {
                declared.look_at_user(change.company(), user);
                let attributes: BTreeSet<_> = change.traits().filter_map(Edit::attribute).collect();
                declared.look_at_traits(change.company(), user, &attributes);
                if change.account().is_some() {
                    declared.look_at_groups(change.company(), user);
                }
            }
            None => declared.look_at(change.company()),
        }
    }
    for (right, (company, user)) in held(plan).into_values().flat_map(|it| it.over).flatten() {
        declared.look_at_traits(company, user, &right.attribute().into_iter().collect());
    }
    plan.groups().filter_map(|it| Some((it.company(), it.id()?))).collect()
}

fn same_api(saved: &Saved, live: &Live) -> Result<(), Error> {
    live.sites.other_than(saved).map_or(Ok(()), |(then, now)| Err(Error::OtherApi { then, now }))
}
