//! The library, called in memory by laws: files and a live state in, the documents of the program out.
//!
//! The only file of the laws that names types of the library, so that only it follows them. It decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use rolecall::{
    files::{
        access::AccessFile,
        check,
        declared::Declared,
        decode,
        load::Loaded,
        suppose::{Thing, Turn},
        workspace::WorkspaceFile,
    },
    live::{
        api::Dialect,
        fetch::{Profiles, ReadList, fetch, fetch_person, grants, named},
        snapshot::{self, Answers, Snapshot},
        source::Source,
    },
    model::{
        access::{Contents, Members},
        finding::Finding,
        ids::PersonRef,
        observed::{Observed, ObservedCompany},
        portion::{Portion, Shard},
        source::{FileId, Sources},
        state::{Fact, Key, Owner},
    },
    plan::{
        adopt::{self, Extent, Request, Why},
        bind::{Bound, bind},
        desired::desired,
        diff, digest, explain as explaining,
        judged::judged,
        takeup::{TakenUp as Again, as_approved, same_again},
    },
    report::{
        document,
        render::{View, explanation::Explanation, review::ReviewView, upcoming::UpcomingView},
    },
    workflow::{
        self, Live, Site, Sites,
        import::{self, Asked, Layout},
    },
};
use serde_json::Value;

/// The endpoint of every document.
const ENDPOINT: &str = "https://api.example";

/// What a run starts from: files as `(path, text)`, a live state in the form of a snapshot, and the time.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) files: &'a [(String, String)],
    pub(crate) live: &'a Value,
    pub(crate) now: &'a str,
}

/// A plan, and what was asked to make it.
pub(crate) struct Planned {
    pub(crate) document: Value,
    /// The groups whose members or roles were listed.
    pub(crate) asked: Vec<String>,
}

/// What became of a saved plan.
#[derive(Debug)]
pub(crate) enum TakenUp {
    Already,
    /// It is applied: what the plan is now.
    Plan(Value),
    /// What it saw is no longer so: one line for each group and person.
    Stale(Vec<String>),
    /// It is no plan, or the files or the live state are in no state for one.
    Refused(String),
}

/// Plans.
///
/// # Errors
///
/// The findings, or what could not be read.
pub(crate) fn plan(inputs: Inputs<'_>) -> Result<Planned, String> {
    let ready = Ready::new(inputs)?;
    let observed = wait(fetch(&ready.source, &ReadList::new(&ready.declared, &[])));
    let observed = observed.map_err(|it| it.to_string())?;
    let asked = observed.companies.iter().flat_map(|it| it.contents.keys()).map(ToString::to_string);
    Ok(Planned { asked: asked.collect(), document: ready.planned(&observed)? })
}

/// Plans from everything that there is, whatever the files need of it.
///
/// # Errors
///
/// As [`plan`].
pub(crate) fn plan_from_everything(inputs: Inputs<'_>) -> Result<Value, String> {
    let ready = Ready::new(inputs)?;
    ready.planned(&ready.everything()?)
}

/// Explains the access of the user of this id.
///
/// # Errors
///
/// As [`plan`].
pub(crate) fn explain(inputs: Inputs<'_>, user: &str) -> Result<Value, String> {
    let Ready { sources, mut declared, source, now, .. } = Ready::new(inputs)?;
    if let Some(company) = declared.company {
        declared.look_at(company);
    }
    let person = PersonRef::UserId(user.parse().unwrap());
    let observed = wait(fetch_person(&source, &declared, &person)).map_err(|it| it.to_string())?;
    let explained = explaining::explain(&declared, &observed, &person, now);
    let explained = explained.map_err(|it| format!("{user}: {it:?}"))?;
    let view = Explanation {
        explained: &explained,
        sources: &sources,
        endpoint: ENDPOINT,
        url: ENDPOINT,
        now: now.into(),
        is_foretold: false,
    };
    Ok(serde_json::from_str(&document::explanation::write(&view)).unwrap())
}

/// What three documents say of what ends: a plan, a review, and what is near or ends ever.
pub(crate) struct Endings {
    pub(crate) plan: Value,
    pub(crate) review: Value,
    pub(crate) near: Value,
    pub(crate) all: Value,
}

/// Plans, reviews, and asks what begins and ends within a week, and ever.
///
/// # Errors
///
/// As [`plan`].
pub(crate) fn endings(inputs: Inputs<'_>) -> Result<Endings, String> {
    let planned = plan(inputs)?.document;
    let now: jiff::Timestamp = inputs.now.parse().unwrap();
    let live =
        Live { source: Source::Snapshot(Box::new(answers(inputs.live, now)?)), sites: Sites::one(site()) };
    let why = |error: workflow::Error| format!("{error}: {:?}", error.reasons());
    let checked = || workflow::checked(Loaded::of(inputs.files.iter().cloned())).map_err(why);
    let (checked, mut reviewing) = (checked()?, checked()?);
    let of = workflow::DirectRolesOf::SingledOut;
    let review = wait(workflow::reviewed(&live, &mut reviewing, of, now.into())).map_err(why)?;
    let (endpoint, url, taken) = (ENDPOINT, ENDPOINT, None);
    let sources = &checked.loaded.sources;
    let view = ReviewView { review: &review, sources, endpoint, url, now: now.into(), taken };
    let ending = |within: jiff::Span| -> Result<Value, String> {
        let upcoming = wait(workflow::upcoming(&live, &checked, within, now.into())).map_err(why)?;
        let view = UpcomingView { upcoming: &upcoming, sources, endpoint, url, now: now.into(), taken };
        Ok(serde_json::from_str(&document::upcoming::write(&view)).unwrap())
    };
    Ok(Endings {
        plan: planned,
        review: serde_json::from_str(&document::review::write(&view)).unwrap(),
        near: ending(jiff::Span::new().days(7))?,
        all: ending(jiff::Span::new().years(100))?,
    })
}

/// Plans from everything that there is, with a change that somebody thinks of.
///
/// # Errors
///
/// As [`plan`].
pub(crate) fn plan_supposed(inputs: Inputs<'_>, comes: bool, thing: &str) -> Result<Value, String> {
    let ready = Ready::new(inputs)?;
    let why = |error: workflow::Error| match error {
        workflow::Error::Findings { findings, .. } => said(&findings),
        error => format!("{error}: {:?}", error.hint()),
    };
    let loaded = || Loaded::of(inputs.files.iter().cloned());
    let checked = workflow::checked(loaded()).map_err(why)?;
    let turn = if comes { Turn::Comes } else { Turn::Goes };
    let changes = [(turn, thing.parse::<Thing>()?)];
    let (checked, _) = workflow::supposed(checked, &loaded(), &[], &changes, ready.now).map_err(why)?;
    let observed = ready.everything()?;
    let bound = bind(&checked.declared, &observed, ready.now).map_err(|it| said(&it))?;
    let plan = diff::plan(&bound, &observed);
    let ready = Ready { sources: checked.loaded.sources, ..ready };
    Ok(ready.written(plan, &bound))
}

/// Plans from everything that there is, and once more from what there will be then.
///
/// # Errors
///
/// As [`plan`].
pub(crate) fn plan_twice(inputs: Inputs<'_>) -> Result<[Value; 2], String> {
    let mut ready = Ready::new(inputs)?;
    let observed = ready.everything()?;
    let bound = bind(&ready.declared, &observed, ready.now).map_err(|it| said(&it))?;
    let plan = diff::plan(&bound, &observed);
    let Source::Snapshot(answers) = &ready.source else { panic!("laws read snapshots") };
    let after = desired(answers.snapshot(), &plan);
    let before = ready.written(plan, &bound);
    ready.source = Source::Snapshot(Box::new(Answers::new(after, None).map_err(|it| it.to_string())?));
    Ok([before, ready.planned(&ready.everything()?)?])
}

/// What the files are to say so that nothing of a plan is left.
pub(crate) struct Adopted {
    pub(crate) files: Vec<(String, String)>,
    /// What each edit of the plan is about.
    pub(crate) edits: BTreeSet<String>,
    /// What is withheld.
    pub(crate) withheld: BTreeSet<String>,
    /// The edits that are left, each with why.
    pub(crate) left: BTreeMap<String, String>,
    /// How many are left because the file is not edited there.
    pub(crate) by_hand: usize,
}

/// Adopts what is live.
///
/// # Errors
///
/// As [`plan`].
pub(crate) fn adopt(inputs: Inputs<'_>) -> Result<Adopted, String> {
    let ready = Ready::new(inputs)?;
    let observed = wait(fetch(&ready.source, &ReadList::new(&ready.declared, &[])));
    let mut observed = observed.map_err(|it| it.to_string())?;
    observed.deactivating.extend(observed.companies.iter().map(|it| it.id));
    let bound = bind(&ready.declared, &observed, ready.now).map_err(|it| said(&it))?;
    let plan = diff::plan(&bound, &observed);
    let people = adopt::people(&plan);
    let leads =
        wait(named(&ready.source, &ready.declared, &mut observed, &people)).map_err(|it| it.to_string())?;
    let request = Request {
        declared: &ready.declared,
        files: &ready.files,
        sources: &ready.sources,
        observed: &observed,
        leads: &leads,
        plan: &plan,
        rules: &bound.rules,
        now: ready.now,
        extent: Extent::All,
    };
    let adopted = adopt::adopted(request).map_err(|it| said(&it))?;
    let name = |key: &Key| {
        let what = match &key.fact {
            Fact::Member(user) => format!("member {}", plan.index.user(*user)),
            other => format!("{other:?}"),
        };
        match key.owner {
            Owner::Group(group) => format!("{:?} {what}", plan.index.group(group)),
            Owner::Person(person) => format!("{:?} {what}", plan.index.person(person)),
        }
    };
    let text = |(path, text): &(String, String)| {
        let changed = adopted.files.iter().find(|it| ready.sources.file(*it.0).path == *path);
        (path.clone(), changed.map_or_else(|| text.clone(), |it| it.1.clone()))
    };
    let by_hand = adopted.left.iter().filter(|it| matches!(it.why, Why::ByHand(..))).count();
    Ok(Adopted {
        files: inputs.files.iter().map(text).collect(),
        edits: plan.edits.iter().map(|it| name(&it.key)).collect(),
        withheld: plan
            .withheld
            .iter()
            .filter(|it| it.withholds())
            .map(|it| format!("{:?}", it.what))
            .collect(),
        left: adopted.left.iter().map(|it| (name(&it.key), format!("{:?}", it.why))).collect(),
        by_hand,
    })
}

/// Takes a saved plan up again.
pub(crate) fn take_up(saved: &str, inputs: Inputs<'_>) -> TakenUp {
    tried(saved, inputs).unwrap_or_else(TakenUp::Refused)
}

fn tried(saved: &str, inputs: Inputs<'_>) -> Result<TakenUp, String> {
    let mut ready = Ready::new(inputs)?;
    let saved = document::read(saved, ready.sources.clone()).map_err(|it| it.to_string())?;
    let same = saved.files.iter().all(|(path, digest)| {
        let text = inputs.files.iter().find(|it| *it.0 == **path);
        text.is_some_and(|it| digest::file(&it.1) == *digest)
    });
    let mut touched = Vec::new();
    for change in saved.plan.changes() {
        match change.user() {
            Some(user) => ready.declared.look_at_user(change.company(), user),
            None => ready.declared.look_at(change.company()),
        }
        touched.extend(change.id().map(|it| (change.company(), it)));
    }
    let list = ReadList::new(&ready.declared, &touched);
    let observed = wait(fetch(&ready.source, &list)).map_err(|it| it.to_string())?;
    let bound = bind(&ready.declared, &observed, ready.now).map_err(|it| said(&it))?;
    let fresh = diff::plan(&bound, &observed);
    let again = if same && !saved.files.is_empty() {
        same_again(&saved.plan, saved.id, &fresh, &bound)
    } else {
        as_approved(&saved.plan, saved.id, &fresh, (&bound, &observed), ready.now)
    };
    Ok(match again {
        Again::Plan(plan) => TakenUp::Plan(ready.written(*plan, &bound)),
        Again::Already(_) => TakenUp::Already,
        Again::Stale(stale) => TakenUp::Stale([stale.groups, stale.people].concat()),
    })
}

/// Writes the files that say what there is of a company, or of all.
///
/// # Errors
///
/// Why that cannot be done.
pub(crate) fn import(
    live: &Value,
    company: Option<&str>,
    layout: Layout,
    direct_roles: bool,
) -> Result<Vec<(String, String)>, String> {
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let source = Source::Snapshot(Box::new(answers(live, now)?));
    let live = Live { source, sites: Sites::one(site()) };
    let files = check::Files { company: company.map(str::to_owned), ..check::Files::default() };
    let declared = check::check(&files).map_err(|it| said(&it))?;
    let asked = Asked { groups: &[], direct_roles, people: Profiles::Declared, layout, endpoint: ENDPOINT };
    let why = |error: workflow::Error| format!("{error}: {:?}", error.reasons());
    wait(async {
        let all = import::read(&live, &declared, &asked, now).await.map_err(why)?;
        Ok(import::drafted(all, &asked).await.map_err(why)?.texts())
    })
}

/// Where everything is said to be.
fn site() -> Site {
    Site { host: ENDPOINT.into(), url: ENDPOINT.into(), dialect: Dialect::default() }
}

/// What files are once what is missing was added.
pub(crate) struct Merged {
    pub(crate) files: Vec<(String, String)>,
    /// How many differences were left.
    pub(crate) left: usize,
    /// The groups that no file declares still.
    pub(crate) left_out: Vec<String>,
}

/// Adds to files what they do not say yet.
///
/// # Errors
///
/// The findings, or why that cannot be done.
pub(crate) fn merge(inputs: Inputs<'_>, layout: Layout) -> Result<Merged, String> {
    let now: jiff::Timestamp = inputs.now.parse().unwrap();
    let source = Source::Snapshot(Box::new(answers(inputs.live, now)?));
    let live = Live { source, sites: Sites::one(site()) };
    let asked =
        Asked { groups: &[], direct_roles: false, people: Profiles::Declared, layout, endpoint: ENDPOINT };
    let why = |error: workflow::Error| match error {
        workflow::Error::Findings { findings, .. } => said(&findings),
        error => format!("{error}: {:?}", error.reasons()),
    };
    let checked = import::checked_to_merge(Loaded::of(inputs.files.iter().cloned())).map_err(why)?;
    let merged = wait(import::merged(&live, checked, &asked, now.into())).map_err(why)?;
    let sources = &merged.judged.context.checked.loaded.sources;
    let text = |(path, text): &(String, String)| {
        let changed = merged.adopted.files.iter().find(|it| sources.file(*it.0).path == *path);
        (path.clone(), changed.map_or_else(|| text.clone(), |it| it.1.clone()))
    };
    let files = inputs.files.iter().map(text).chain(merged.files.iter().cloned()).collect();
    Ok(Merged { files, left: merged.adopted.left.len(), left_out: merged.imported.left_out })
}

/// A live state as the text of a snapshot.
pub(crate) fn recorded(live: &Value, now: jiff::Timestamp) -> String {
    let part = |name: &str| live[name].to_string();
    let snapshot = Snapshot::new(
        (now, ENDPOINT, serde_json::from_value(live["names"].clone()).unwrap_or_default()),
        serde_json::from_str(&part("companies")).unwrap(),
        serde_json::from_str(&part("directories")).unwrap(),
        serde_json::from_str(&part("people")).unwrap(),
    );
    snapshot::write(&snapshot)
}

/// A live state in the form of a snapshot, ready to be asked.
fn answers(live: &Value, now: jiff::Timestamp) -> Result<Answers, String> {
    let snapshot = snapshot::read(recorded(live, now)).map_err(|it| it.to_string())?;
    Answers::new(snapshot, None).map_err(|it| it.to_string())
}

/// Files that are sound, and a live state that can be asked.
struct Ready {
    sources: Sources,
    files: check::Files,
    declared: Declared,
    source: Source,
    now: jiff::Timestamp,
}

/// Plans a shard, as a document.
///
/// # Errors
///
/// As [`plan`].
pub(crate) fn plan_shard(inputs: Inputs<'_>, shard: Shard) -> Result<String, String> {
    let loaded = Loaded::of(inputs.files.iter().cloned()).about(&[], Some(shard));
    let mut loaded = loaded.map_err(|it| it.to_string())?;
    if !loaded.findings.is_empty() {
        return Err(said(&loaded.findings));
    }
    let declared = check::check(&loaded.files).map_err(|it| said(&it))?;
    let now = inputs.now.parse().unwrap();
    let source = Source::Snapshot(Box::new(answers(inputs.live, now)?));
    let (sources, files) = (std::mem::take(&mut loaded.sources), std::mem::take(&mut loaded.files));
    let ready = Ready { sources, files, declared, source, now };
    let observed = wait(fetch(&ready.source, &ReadList::new(&ready.declared, &[])));
    let bound =
        bind(&ready.declared, &observed.map_err(|it| it.to_string())?, now).map_err(|it| said(&it))?;
    let observed = wait(fetch(&ready.source, &ReadList::new(&ready.declared, &[]))).unwrap();
    Ok(ready.text(diff::plan(&bound, &observed), &bound, loaded.portion))
}

/// Joins the reports of shards.
///
/// # Errors
///
/// Why they are not those of one run.
pub(crate) fn join(reports: &[String]) -> Result<Value, String> {
    let named = reports.iter().enumerate().map(|(n, it)| (format!("{n}.json"), it.clone())).collect();
    let joined = document::joining::joined(named).map_err(|it| it.to_string())?;
    Ok(serde_json::from_str(&document::write(&joined.saved.view("", None))).unwrap())
}

impl Ready {
    fn new(Inputs { files, live, now }: Inputs<'_>) -> Result<Self, String> {
        let mut sources = Sources::default();
        let mut parsed = check::Files::default();
        let wrong = |it: Vec<Finding>| said(&it);
        for (path, text) in files {
            let file: FileId = sources.add(path.clone(), text.clone());
            if path == "rolecall.yaml" {
                let workspace = decode::<WorkspaceFile>(text, file).map_err(wrong)?;
                parsed.workspace = Some((file, workspace));
            } else {
                parsed.access.push((file, decode::<AccessFile>(text, file).map_err(wrong)?));
            }
        }
        let declared = check::check(&parsed).map_err(|it| said(&it))?;
        let now = now.parse().unwrap();
        let answers = answers(live, now)?;
        Ok(Self { sources, files: parsed, declared, source: Source::Snapshot(Box::new(answers)), now })
    }

    fn planned(&self, observed: &Observed) -> Result<Value, String> {
        let bound = bind(&self.declared, observed, self.now).map_err(|it| said(&it))?;
        Ok(self.written(diff::plan(&bound, observed), &bound))
    }

    fn written(&self, plan: rolecall::model::plan::Plan, bound: &Bound) -> Value {
        serde_json::from_str(&self.text(plan, bound, None)).unwrap()
    }

    fn text(&self, plan: rolecall::model::plan::Plan, bound: &Bound, portion: Option<Portion>) -> String {
        let style = Dialect::default().scope_changes();
        let judged = judged(plan, &bound.rules, |_| style, self.now);
        let view = View {
            plan: judged.plan(),
            judgement: judged.judgement(),
            sources: &self.sources,
            endpoint: ENDPOINT,
            url: ENDPOINT,
            now: self.now.into(),
            partial: false,
            portion,
            files: &[],
            taken: None,
            document: None,
            cost: None,
        };
        document::write(&view)
    }

    /// Returns all that the snapshot holds, as if it had been read.
    fn everything(&self) -> Result<Observed, String> {
        let Source::Snapshot(answers) = &self.source else { panic!("laws read snapshots") };
        let snapshot = answers.snapshot();
        let mut all = Observed::default();
        for directory in &snapshot.directories {
            let ids: Vec<PersonRef> = directory.users.iter().map(|it| PersonRef::UserId(it.id)).collect();
            all.users.extend(answers.find_users(directory.company, &ids).unwrap());
        }
        let direct = |it: &snapshot::Person| Some((it.user_id, it.direct_roles.clone()?));
        all.direct.extend(snapshot.people.iter().filter_map(direct));
        for recorded in &snapshot.companies {
            let mut live = ObservedCompany::new(recorded.id);
            live.groups = answers.list_groups(recorded.id).unwrap();
            live.roles = answers.list_roles(recorded.id).unwrap();
            for head in &live.groups {
                let members = answers.list_members(recorded.id, head.id).unwrap();
                let roles = answers.list_group_roles(recorded.id, head.id).unwrap().to_vec();
                members.ids.iter().for_each(|it| live.held.entry(*it).or_default().push(head.id));
                let Members { ids: members, added } = members;
                live.contents.insert(head.id, Contents { members, grants: grants(roles) });
                live.added.insert(head.id, added);
            }
            live.held.values_mut().for_each(|it| it.sort_unstable());
            all.companies.push(live);
        }
        // Whom rules mean is said by the rules alone, and there is one way to ask.
        let list = ReadList::new(&self.declared, &[]);
        let read = wait(fetch(&self.source, &list)).map_err(|it| it.to_string())?;
        for company in &mut all.companies {
            let own = read.companies.iter().find(|it| it.id == company.id);
            company.selected = own.map(|it| it.selected.clone()).unwrap_or_default();
        }
        Ok(all)
    }
}

fn said(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|it| format!("{}: {}", it.code.as_str(), it.message));
    lines.collect::<Vec<_>>().join("\n")
}

/// Waits for work that nothing outside has to happen for.
fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}
