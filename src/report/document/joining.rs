//! The reports of the shards of one workspace, joined into the one that a single run would have given.
//!
//! Every company is in one shard, and every list begins with the company: to join two is to put one into the other. What
//! a guard counts over a whole plan is added up, and judged by the same limit. Reads no file and asks nobody.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    KIND, NotAPlan, Saved, VERSION, reading,
    shape::{Document, File, Row, Worded},
};
use crate::{
    model::{
        finding::Code,
        ids::{CompanyId, UserId},
        json as form,
        plan::{Check, Digest, ID_DIGITS, People, Verdict},
        portion::{Portion, Shard},
        rules::{Guard, Limit, Subject},
        source::Sources,
    },
    plan::digest,
    report::render::json::Origin,
};

/// Longest time between the reports of one run, in seconds: the shards of a job do not begin at the same moment.
const LONGEST: i64 = 24 * 60 * 60;

/// The reports of one run.
#[derive(Debug)]
pub struct Joined {
    /// The plan of all.
    pub saved: Saved,
    /// What an apply came to, where they are those of one.
    pub applied: Option<Value>,
    /// The shards that have no report but an error, each with its exit code and its name.
    pub failures: Vec<Failed>,
    /// The worst exit code of the reports that say one.
    pub worst: u8,
}

/// A run that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Failed {
    pub file: String,
    pub exit: u8,
    pub message: String,
}

/// Why reports are not those of one run.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum NotJoined {
    #[error("{file}: {why}")]
    NotAReport { file: String, why: NotAPlan },
    #[error("{file} is not the report of a shard")]
    NoShard { file: String },
    #[error("{file} is the report of an apply, and {first} of a plan")]
    Kinds { first: String, file: String },
    #[error("{file} has another {what} than {first}: {theirs}, not {ours}")]
    Differ { what: &'static str, first: String, ours: String, file: String, theirs: String },
    #[error("{first} and {second} are both about shard {shard}")]
    Twice { first: String, second: String, shard: Shard },
    #[error("{first} and {second} are both about the company {company}")]
    Overlap { first: String, second: String, company: CompanyId },
    #[error("no report of {}", .0.iter().map(|it| format!("shard {it}")).collect::<Vec<_>>().join(", "))]
    Missing(Vec<Shard>),
    #[error("no report says what was planned: {0}")]
    OnlyFailures(String),
    #[error("the reports do not fit together: {0}")]
    Unfit(String),
}

impl NotJoined {
    /// What to do.
    pub fn hint(&self) -> &str {
        match self {
            Self::NotAReport { .. } => {
                "give what `plan`, `drift` or `apply` printed with `--format json --shard I/N`"
            }
            Self::NoShard { .. } => "a report without `--shard` is whole as it is",
            Self::Kinds { .. } => "join the reports of plans, or those of applies",
            Self::Differ { .. } => {
                "give the reports of one run: the same files, flags and version of rolecall"
            }
            Self::Twice { .. } | Self::Overlap { .. } => "give the report of each shard once",
            Self::Missing(_) => {
                "give the reports of all shards; one that failed prints a report of its error"
            }
            Self::OnlyFailures(_) => "look at each of these errors",
            Self::Unfit(_) => "give the reports as they were written",
        }
    }
}

/// A report, read.
struct Part {
    file: String,
    shard: Shard,
    portion: Portion,
    document: Document,
    /// Of an apply, all of its report.
    applied: Option<Value>,
}

/// Joins the texts of reports, each with the name of its file.
///
/// # Errors
///
/// Where one is no report, and where they are not those of one whole run.
pub fn joined(texts: Vec<(String, String)>) -> Result<Joined, NotJoined> {
    let (mut parts, mut failures) = (Vec::new(), Vec::new());
    for (file, text) in texts {
        match failure(&file, &text) {
            Some(failed) => failures.push(failed),
            None => parts.push(part(file, &text)?),
        }
    }
    if parts.is_empty() {
        let said: Vec<&str> = failures.iter().map(|it| it.message.as_str()).collect();
        return Err(NotJoined::OnlyFailures(said.join("; ")));
    }
    parts.sort_by_key(|it| it.shard);
    of_one_run(&parts)?;
    let missing = missing(&parts);
    if missing.len() > failures.len() {
        return Err(NotJoined::Missing(missing));
    }
    let portion = parts[0].portion;
    let left_out = !missing.is_empty();
    let applied: Option<Vec<Value>> = parts.iter_mut().map(|it| it.applied.take()).collect();
    let shards: Vec<Shard> = parts.iter().map(|it| it.shard).collect();
    let documents: Vec<Document> = parts.into_iter().map(|it| it.document).collect();
    let mut saved = saved(whole(documents)).map_err(NotJoined::Unfit)?;
    saved.partial = portion.of_paths;
    saved.portion = left_out.then_some(Portion { shard: None, ..portion });
    let exits =
        applied.iter().flatten().filter_map(|it| it["exit"].as_u64().and_then(|it| it.try_into().ok()));
    let worst = worst(exits.chain(failures.iter().map(|it| it.exit)));
    let applied = applied.map(|all| of_applies(&all, &shards, &saved, worst));
    Ok(Joined { saved, applied, failures, worst })
}

/// The exit codes, the worst first: what went wrong without a word, what nobody may do, what could not be reached, what was
/// stopped, what was left undone, and what there is to do.
pub const WORST_FIRST: [u8; 10] = [1, 4, 5, 8, 7, 6, 130, 3, 2, 0];

/// The worst of these exit codes.
pub fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let rank = |it: &u8| WORST_FIRST.iter().position(|known| known == it).unwrap_or(0);
    codes.into_iter().min_by_key(rank).unwrap_or(0)
}

/// What a report says that is one of an error.
fn failure(file: &str, text: &str) -> Option<Failed> {
    let value: Value = serde_json::from_str(text).ok()?;
    if value["kind"] != "error" {
        return None;
    }
    let said = |key: &str| value["error"][key].as_str().unwrap_or_default();
    let exit = value["error"]["exit"].as_u64().and_then(|it| it.try_into().ok()).unwrap_or(1);
    Some(Failed { file: file.to_owned(), exit, message: format!("{}: {}", said("name"), said("message")) })
}

fn part(file: String, text: &str) -> Result<Part, NotJoined> {
    match read(text) {
        Err(why) => Err(NotJoined::NotAReport { file, why }),
        Ok((document, applied)) => match document.portion.and_then(|it| Some((it.shard?, it))) {
            Some((shard, portion)) => Ok(Part { file, shard, portion, document, applied }),
            None => Err(NotJoined::NoShard { file }),
        },
    }
}

/// Reads a report of a plan, or of an apply and the plan in it; its content has to come to its id.
fn read(text: &str) -> Result<(Document, Option<Value>), NotAPlan> {
    let value: Option<Value> = serde_json::from_str(text).ok();
    let Some(applied) = value.filter(|it| it["kind"] == "apply") else {
        super::read(text, Sources::default())?;
        return Ok((document(text)?, None));
    };
    let mut plan = applied["plan"].clone();
    plan["digest"] = json!(Digest::default());
    let text = plan.to_string();
    form::is_a(KIND, VERSION..=VERSION, &text)?;
    let said = document(&text)?.id;
    let found = saved(document(&text)?).map_err(|what| NotAPlan::Meaning { tool: "".into(), what })?.id;
    if found == said { Ok((document(&text)?, Some(applied))) } else { Err(NotAPlan::OtherId { said, found }) }
}

fn document(text: &str) -> Result<Document, NotAPlan> {
    serde_json::from_str(text).map_err(|it| NotAPlan::Field(it.into()))
}

/// The plan of a document, under the id that it comes to.
fn saved(document: Document) -> Result<Saved, String> {
    let (now, endpoint) = (document.now(), document.endpoint.clone());
    let (taken, partial, portion) = (document.taken, document.partial, document.portion);
    let (plan, judgement, reading::Files { sources, digests: files, .. }) =
        reading::plan(document, Sources::default())?;
    let id = digest::plan_id(&plan);
    Ok(Saved { plan, judgement, sources, id, now, taken, endpoint, partial, portion, files })
}

/// Makes sure that reports are about one thing, each about another part of it.
fn of_one_run(parts: &[Part]) -> Result<(), NotJoined> {
    let first = &parts[0];
    for it in &parts[1..] {
        let (a, b) = (&first.document, &it.document);
        let text = |it: &dyn std::fmt::Debug| format!("{it:?}");
        let time = |it: Option<jiff::Timestamp>| it.map_or("the clock".to_owned(), |it| it.to_string());
        let base = |it: &Document| it.weakened.as_ref().map_or("none".to_owned(), |it| it.commit.to_string());
        let facts = [
            ("number of shards", first.shard.of().to_string(), it.shard.of().to_string()),
            ("number of companies", first.portion.companies.to_string(), it.portion.companies.to_string()),
            ("selection of files", text(&first.portion.of_paths), text(&it.portion.of_paths)),
            ("version of rolecall", a.tool.to_string(), b.tool.to_string()),
            ("endpoint", a.endpoint.to_string(), b.endpoint.to_string()),
            ("time (--now)", time(a.now), time(b.now)),
            ("snapshot", time(a.taken), time(b.taken)),
            ("base", base(a), base(b)),
            ("rule for unmanaged groups", text(&a.unmanaged), text(&b.unmanaged)),
        ];
        let of = |what, ours, theirs| NotJoined::Differ {
            what,
            first: first.file.clone(),
            ours,
            file: it.file.clone(),
            theirs,
        };
        if let Some((what, ours, theirs)) = facts.into_iter().find(|it| it.1 != it.2) {
            return Err(of(what, ours, theirs));
        }
        let apart = b.created_at.duration_since(a.created_at).as_secs().abs();
        if apart > LONGEST {
            return Err(of("day", a.created_at.to_string(), b.created_at.to_string()));
        }
        let known: BTreeMap<&str, Digest> = a.files.iter().map(|it| (&*it.path, it.sha256)).collect();
        let other = b.files.iter().find(|it| known.get(&*it.path).is_some_and(|known| *known != it.sha256));
        if let Some(File { path, sha256 }) = other {
            let ours = format!("{path} {:.ID_DIGITS$}", known[&**path]);
            return Err(of("file", ours, format!("{path} {sha256:.ID_DIGITS$}")));
        }
        if first.applied.is_some() != it.applied.is_some() {
            return Err(NotJoined::Kinds { first: first.file.clone(), file: it.file.clone() });
        }
    }
    if let Some([first, second]) = parts.windows(2).find(|it| it[0].shard == it[1].shard) {
        let shard = first.shard;
        return Err(NotJoined::Twice { first: first.file.clone(), second: second.file.clone(), shard });
    }
    let mut seen: BTreeMap<CompanyId, &str> = BTreeMap::new();
    for it in parts {
        for overview in &it.document.companies {
            let company = overview.company;
            if let Some(first) = seen.insert(company, &it.file) {
                return Err(NotJoined::Overlap { first: first.to_owned(), second: it.file.clone(), company });
            }
        }
    }
    Ok(())
}

fn missing(parts: &[Part]) -> Vec<Shard> {
    let of = parts[0].shard.of();
    let all = (0..of).filter_map(|index| Shard::new(index, of));
    all.filter(|shard| parts.iter().all(|it| it.shard != *shard)).collect()
}

/// One document for all of a run.
fn whole(mut all: Vec<Document>) -> Document {
    let gaps = gaps(&all);
    let people = people(all.iter_mut().map(|it| std::mem::take(&mut it.people)).collect());
    let causes: Option<Vec<_>> = all.iter_mut().map(|it| it.people_by_cause.take()).collect();
    let guards = guards(all.iter_mut().flat_map(|it| it.guards.drain(..)).map(|it| it.it).collect());
    let created_at = all.iter().map(|it| it.created_at).min();
    let mut rest = all.into_iter();
    let mut whole = rest.next().expect("there is a report");
    for it in rest {
        whole.changes |= it.changes;
        whole.time_zone = whole.time_zone.filter(|zone| it.time_zone.as_ref() == Some(zone));
        whole.soon.extend(it.soon);
        // Who is concerned in companies of two shards is of each.
        whole.not_asked += it.not_asked;
        whole.accepted.extend(it.accepted);
        whole.edits.extend(it.edits);
        whole.groups.extend(it.groups);
        whole.users.extend(it.users);
        whole.files.extend(it.files);
        whole.companies.extend(it.companies);
        whole.withheld.extend(it.withheld);
        whole.remarks.extend(it.remarks);
        whole.survivors.extend(it.survivors);
        whole.leavers.extend(it.leavers);
        whole.look_ups.extend(it.look_ups);
        whole.outside.extend(it.outside);
        whole.live.extend(it.live);
        whole.names.people.extend(it.names.people);
        whole.names.roles.extend(it.names.roles);
        whole.names.values.extend(it.names.values);
        if let (Some(weakened), Some(more)) = (&mut whole.weakened, it.weakened) {
            let known = weakened.rows.len();
            weakened.rows.extend(more.rows);
            let mut rows = std::mem::take(&mut weakened.rows);
            let more: Vec<_> = rows.split_off(known);
            rows.extend(more.into_iter().filter(|it| !rows.contains(it)).collect::<Vec<_>>());
            weakened.rows = rows;
        }
    }
    // Each list was sorted within its companies already.
    let is_person = |it: &Row| it.group.is_none();
    whole.edits.sort_by_key(|it| (is_person(it), it.company));
    whole.groups.sort_by_key(|it| it.company);
    whole.users.sort_by_key(|it| it.company);
    whole.companies.sort_by_key(|it| it.company);
    whole.outside.sort_by_key(|it| (it.company, it.user));
    whole.live.sort_by_key(|it| it.company);
    whole.files.sort_by(|a, b| a.path.cmp(&b.path));
    whole.files.dedup_by(|a, b| a.path == b.path);
    whole.withheld.sort_by_cached_key(|it| (in_order(it.it.from.as_ref()), it.it.clone()));
    whole.withheld.dedup_by(|a, b| a.it == b.it);
    // As findings are sorted.
    let rank = |code: &str| Code::ALL.iter().position(|it| it.as_str() == code);
    whole.remarks.sort_by_cached_key(|it| (in_order(it.origin.as_ref()), rank(&it.code), it.message.clone()));
    whole.remarks.dedup_by(|a, b| (&a.code, &a.message) == (&b.code, &b.message) && same(a, b));
    whole.soon.sort();
    whole.soon.dedup();
    whole.expiring = whole.soon.iter().filter(|it| !it.begins).count();
    whole.accepted.sort_by_cached_key(|it| in_order(Some(&it.from)));
    whole.survivors.sort();
    whole.survivors.dedup();
    whole.leavers.sort_by_key(|it| (it.company, it.user));
    whole.look_ups.sort();
    let worded = |it| Worded { it, message: Box::default() };
    whole.guards = guards.into_iter().map(worded).collect();
    whole.people = people;
    whole.people_by_cause = causes.map(|all| {
        let (change, drift) = all.into_iter().map(|it| (it.change, it.drift)).unzip();
        super::shape::ByCause { change: self::people(change), drift: self::people(drift) }
    });
    whole.gaps = gaps;
    whole.created_at = created_at.unwrap_or(whole.created_at);
    whole
}

fn same(a: &super::shape::Remark, b: &super::shape::Remark) -> bool {
    in_order(a.origin.as_ref()) == in_order(b.origin.as_ref())
}

/// Where a place stands: the workspace file is read before all others.
fn in_order(place: Option<&Origin>) -> Option<(bool, Box<str>, u32, u32)> {
    place.map(|it| (&*it.file != crate::files::WORKSPACE_FILE, it.file.clone(), it.line, it.column))
}

/// What a row of edits is about.
type Owner = (bool, CompanyId, Option<Box<str>>, Option<crate::model::ids::GroupId>, usize, Option<UserId>);

fn owner(row: &Row) -> Owner {
    let is_person = row.group.is_none();
    (is_person, row.company, row.group.clone(), row.group_id, row.twin, row.user_id.filter(|_| is_person))
}

/// The gaps of all, in the numbers of the whole.
fn gaps(all: &[Document]) -> Vec<crate::model::plan::Gap> {
    let owners = |it: &Document| -> Vec<Owner> {
        let mut owners: Vec<Owner> = it.edits.iter().map(owner).collect();
        owners.dedup();
        owners
    };
    let own: Vec<Vec<Owner>> = all.iter().map(owners).collect();
    let mut whole: Vec<&Owner> = own.iter().flatten().collect();
    whole.sort_by_key(|it| (it.0, it.1));
    let at: BTreeMap<&Owner, usize> = whole.into_iter().enumerate().map(|(n, it)| (it, n)).collect();
    let mut gaps = Vec::new();
    for (document, owners) in all.iter().zip(&own) {
        let number = |it: usize| owners.get(it).map_or(it, |it| at[it]);
        gaps.extend(document.gaps.iter().map(|it| crate::model::plan::Gap {
            taken: number(it.taken),
            given: number(it.given),
            ..it.clone()
        }));
    }
    gaps.sort();
    gaps
}

/// Who gains and loses over all companies; each is said of a person of a company.
fn people(all: Vec<People<Origin>>) -> People<Origin> {
    let mut whole = People::default();
    for it in all {
        whole.gain += it.gain;
        whole.lose += it.lose;
        whole.lose_everything.extend(it.lose_everything);
        whole.affected.extend(it.affected);
    }
    whole.lose_everything.sort();
    whole.affected.sort_by_key(|it| it.company);
    whole
}

/// What the guards find of the whole: what they count of a plan is added up and held against the same limit.
fn guards(all: Vec<Check<Origin>>) -> Vec<Check<Origin>> {
    let mut whole: Vec<Check<Origin>> = Vec::new();
    for it in all {
        let is_same = |known: &Check<Origin>| {
            it.subject == Subject::Plan
                && (known.guard, &known.subject, known.level, known.limit, known.by)
                    == (it.guard, &it.subject, it.level, it.limit, it.by)
        };
        match whole.iter().position(is_same) {
            // The rules are the same for all.
            Some(at) if it.guard == Guard::Weakened => whole[at].value = whole[at].value.max(it.value),
            Some(at) => add(&mut whole[at], it),
            None if whole.contains(&it) => (),
            None => whole.push(it),
        }
    }
    let about: BTreeSet<Guard> =
        whole.iter().filter(|it| it.subject != Subject::Plan).map(|it| it.guard).collect();
    // That there is nothing to say of a guard is said where no shard has more to say.
    let says_nothing = |it: &Check<Origin>| {
        it.subject == Subject::Plan
            && it.level.is_none()
            && it.value == 0
            && it.limit == Limit::AtMost(0)
            && matches!(it.verdict, Verdict::Ok | Verdict::Unset)
    };
    whole.retain(|it| !(says_nothing(it) && about.contains(&it.guard)));
    whole.sort_by(|a, b| {
        let key = |it: &Check<Origin>| (it.level, it.value, it.of);
        (a.guard, &a.policy, &a.subject, key(a), &a.items).cmp(&(
            b.guard,
            &b.policy,
            &b.subject,
            key(b),
            &b.items,
        ))
    });
    whole
}

fn add(known: &mut Check<Origin>, it: Check<Origin>) {
    known.value += it.value;
    known.excepted += it.excepted;
    known.of = known.of.zip(it.of).map(|it| it.0 + it.1);
    known.items.extend(it.items);
    known.items.sort();
    known.items.dedup();
    let is_beyond =
        matches!(known.limit, Limit::AtMost(most) if known.value - known.excepted.min(known.value) > most);
    known.verdict = match (std::mem::replace(&mut known.verdict, Verdict::Ok), it.verdict) {
        (Verdict::Stop, _) | (_, Verdict::Stop) => Verdict::Stop,
        (Verdict::Ok | Verdict::Unset, Verdict::Ok | Verdict::Unset) if is_beyond => Verdict::Stop,
        (Verdict::Unset, other) | (other, Verdict::Unset) => other,
        (Verdict::Ok, other) | (other, Verdict::Ok) => other,
        (Verdict::Excepted { from }, _) | (_, Verdict::Excepted { from }) => Verdict::Excepted { from },
        // Of what breaks a policy each company has its own.
        (Verdict::Warning, _) | (_, Verdict::Warning) => Verdict::Warning,
        (Verdict::Review, _) | (_, Verdict::Review) => Verdict::Review,
        (Verdict::Stood, _) | (_, Verdict::Stood) => Verdict::Stood,
        (Verdict::Approved, Verdict::Approved) => Verdict::Approved,
    };
}

/// The reports of the applies as one: what each shard has for itself stands under `shards`.
fn of_applies(all: &[Value], shards: &[Shard], saved: &Saved, exit: u8) -> Value {
    let list = |key: &str, by: &[&str]| -> Value {
        let mut rows: Vec<Value> =
            all.iter().filter_map(|it| it[key].as_array()).flatten().cloned().collect();
        rows.sort_by_cached_key(|it| by.iter().map(|key| it[*key].to_string()).collect::<Vec<_>>());
        rows.into()
    };
    let count = |name: &str| all.iter().filter_map(|it| it["steps"][name].as_u64()).sum::<u64>();
    let steps: BTreeMap<&str, u64> =
        ["done", "failed", "stale", "skipped", "notBegun"].into_iter().map(|it| (it, count(it))).collect();
    let mut differ: Vec<&Value> =
        all.iter().filter_map(|it| it["readBack"]["differ"].as_array()).flatten().collect();
    differ.sort_by_key(ToString::to_string);
    let own = |(it, shard): (&Value, &Shard)| {
        json!({
            "shard": shard, "exit": it["exit"], "result": it["result"], "journal": it["journal"],
            "halted": it["halted"], "witness": it["witness"], "continue": it["continue"], "undo": it["undo"],
        })
    };
    let mut plan: Value =
        serde_json::from_str(&super::write(&saved.view("", None))).expect("a document is JSON");
    plan.as_object_mut().expect("a plan is an object").remove("digest");
    let result = all.iter().find(|it| it["exit"] == exit).map_or(Value::Null, |it| it["result"].clone());
    json!({
        "exit": exit,
        "result": result,
        "plan": plan,
        "groups": list("groups", &["company", "name", "id"]),
        "users": list("users", &["company", "userId"]),
        "steps": steps,
        "readBack": { "clean": differ.is_empty(), "differ": differ },
        "shards": all.iter().zip(shards).map(own).collect::<Vec<_>>(),
    })
}
