//! Which live group a declared one is: by pin, by name, or by its former name.
//!
//! Compares names and ids; reads nothing, and looks into no group.

use std::collections::{HashMap, HashSet};

use crate::{
    files::declared::{Bare, DeclaredCompany, DeclaredGroup, DeclaredRemoval},
    model::{
        finding::{Code, Finding, did_you_mean},
        ids::GroupId,
        lookalike::{Lookalikes, difference},
        observed::GroupHead,
        source::Place,
    },
};

/// What a declared group stands for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Target<'a> {
    Missing,
    Found(&'a GroupHead),
    Ambiguous(Vec<GroupId>),
}

/// Every declared group and removal of a company with its target.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Matched<'a> {
    pub groups: Vec<(&'a DeclaredGroup, Target<'a>)>,
    pub removals: Vec<(&'a DeclaredRemoval, Target<'a>)>,
    /// Groups that have no sensible target.
    pub findings: Vec<Finding>,
    /// What is odd, and stops nothing.
    pub remarks: Vec<Finding>,
}

/// Matches what is declared with what exists.
pub fn matching<'a>(company: &'a DeclaredCompany, live: &'a [GroupHead]) -> Matched<'a> {
    let mut by_name: HashMap<&str, Vec<&GroupHead>> = HashMap::with_capacity(live.len());
    for head in live {
        by_name.entry(&head.name).or_default().push(head);
    }
    let by_id: HashMap<GroupId, &GroupHead> = live.iter().map(|it| (it.id, it)).collect();
    let is_new = company.bare == Bare::New && live.iter().all(|it| it.unmodifiable);
    let mut matched = Matched::default();
    for group in &company.groups {
        matched.remarks.extend(void_rename(group, &by_name));
        match target(group, &by_id, &by_name) {
            Ok(target) => matched.groups.push((group, target)),
            Err(finding) if is_new && finding.code == Code::UnknownGroup => {
                matched.remarks.push(created_anew(group));
                matched.groups.push((group, Target::Missing));
            }
            Err(finding) => matched.findings.push(finding),
        }
    }
    for removal in &company.removals {
        let pinned = removal.id.map(|id| by_id.get(&id).map_or(Target::Missing, |it| Target::Found(it)));
        let target = pinned.unwrap_or_else(|| by_exact_name(&removal.name, &by_name));
        let target = match (target, &removal.ended) {
            (Target::Missing, Some(group)) => by_former_name(group, &by_name),
            (target, _) => target,
        };
        match target {
            // A group whose time is over was perhaps never renamed.
            Target::Found(head) if head.name != removal.name && removal.ended.is_none() => {
                matched.findings.push(
                    Finding::new(
                        Code::UnknownGroup,
                        removal.from,
                        format!("the group {} is called `{}`, not `{}`", head.id, head.name, removal.name),
                    )
                    .help("a deletion names the group as it is called now: correct `group` or `id`"),
                );
            }
            target => matched.removals.push((removal, target)),
        }
    }
    let mut taken: HashMap<GroupId, Place> = HashMap::new();
    let spoken = matched.groups.iter().map(|(it, target)| (it.from, target));
    for (from, target) in spoken.chain(matched.removals.iter().map(|(it, target)| (it.from, target))) {
        let Target::Found(head) = target else { continue };
        if let Some(other) = taken.insert(head.id, from) {
            let message = format!("two entries speak of the group `{}` ({})", head.name, head.id);
            matched.findings.push(
                Finding::new(Code::DuplicateGroup, from.max(other), message)
                    .related(from.min(other), "the other entry")
                    .help("one of them names it by `id` or `renamedFrom`; join the two entries"),
            );
        }
    }
    matched
}

fn created_anew(group: &DeclaredGroup) -> Finding {
    let (from, key, help) = match &group.renamed_from {
        Some((_, at)) if group.id.is_none() => {
            (*at, "renamedFrom", "drop `renamedFrom`: no other plan can follow this one")
        }
        _ => (
            group.from,
            "id",
            "write the `id` that the group gets, or drop it: no other plan can follow this one",
        ),
    };
    let message = format!("`{key}` means no group of this company, and `{}` is created", group.name);
    Finding::new(Code::CreatedAnew, from, message).help(help)
}

impl Matched<'_> {
    /// The groups that exist and are declared or removed.
    pub fn spoken_of(&self) -> HashSet<GroupId> {
        let targets = self.groups.iter().map(|it| &it.1).chain(self.removals.iter().map(|it| &it.1));
        let ids = targets.flat_map(|it| match it {
            Target::Missing => &[],
            Target::Found(head) => std::slice::from_ref(&head.id),
            Target::Ambiguous(candidates) => &candidates[..],
        });
        ids.copied().collect()
    }

    /// What is odd about the names and stops nothing.
    pub fn name_remarks(&self, live: &[GroupHead]) -> Vec<Finding> {
        let spoken_of = self.spoken_of();
        // Whatever else the files speak of is neither misspelt nor a stranger.
        let others: Vec<&str> =
            live.iter().filter(|it| !spoken_of.contains(&it.id)).map(|it| &*it.name).collect();
        let missing = self.removals.iter().filter(|it| matches!(it.1, Target::Missing));
        let mut remarks: Vec<Finding> = missing.map(|it| removed_nothing(it.0, &others)).collect();
        let own = Lookalikes::new(self.groups.iter().map(|it| (&*it.0.name, it.0.from)));
        // Those that differ by more than a close look at ASCII shows are errors of the files already.
        remarks.extend(own.pairs().map(|((name, from), (other, first))| {
            lookalike(name, from, other).related(first, "the other group")
        }));
        for other in others {
            remarks.extend(own.of(other).map(|(name, from)| lookalike(name, from, other)));
        }
        remarks
    }
}

/// A removal names no group. One that was applied stays in the files for a while, so that it is only said.
fn removed_nothing(removal: &DeclaredRemoval, others: &[&str]) -> Finding {
    let message = match removal.id {
        Some(id) => format!("no group has the id {id} (`{}`)", removal.name),
        None => format!("no group is called `{}`", removal.name),
    };
    Finding::new(Code::RemovedNothing, removal.from, message)
        .help("if it is deleted already, this entry has done its work: delete it")
        .maybe_help(did_you_mean(&removal.name, others.iter().copied()))
}

fn lookalike(name: &str, from: Place, other: &str) -> Finding {
    let message = format!("`{name}` looks like `{other}`, another group: {}", difference(name, other));
    Finding::new(Code::LookalikeName, from, message)
        .help("make sure which of the two is meant, or rename one")
}

fn by_exact_name<'a>(name: &str, by_name: &HashMap<&str, Vec<&'a GroupHead>>) -> Target<'a> {
    match by_name.get(name).map(Vec::as_slice) {
        None | Some([]) => Target::Missing,
        Some([one]) => Target::Found(one),
        Some(several) => {
            let mut ids: Vec<GroupId> = several.iter().map(|it| it.id).collect();
            ids.sort_unstable();
            Target::Ambiguous(ids)
        }
    }
}

/// The group that was to get a name and has not.
fn by_former_name<'a>(group: &DeclaredGroup, by_name: &HashMap<&str, Vec<&'a GroupHead>>) -> Target<'a> {
    let former = group.renamed_from.as_ref().filter(|_| group.id.is_none());
    former.map_or(Target::Missing, |(former, _)| by_exact_name(former, by_name))
}

fn target<'a>(
    group: &DeclaredGroup,
    by_id: &HashMap<GroupId, &'a GroupHead>,
    by_name: &HashMap<&str, Vec<&'a GroupHead>>,
) -> Result<Target<'a>, Finding> {
    let now = by_exact_name(&group.name, by_name);
    let renamed = if let Some(id) = group.id {
        let head = by_id.get(&id).copied().ok_or_else(|| {
            let help = match &now {
                Target::Found(head) => format!("correct `id`: the group of this name has the id {}", head.id),
                Target::Missing | Target::Ambiguous(_) => {
                    "drop `id` to create the group, or correct it".to_owned()
                }
            };
            Finding::new(Code::UnknownGroup, group.from, format!("no group has the id {id}")).help(help)
        })?;
        Target::Found(head)
    } else if let Some((former, at)) = &group.renamed_from {
        match (by_exact_name(former, by_name), &now) {
            (Target::Missing, Target::Missing) => {
                return Err(Finding::new(
                    Code::UnknownGroup,
                    *at,
                    format!("neither `{former}` nor `{}` exists", group.name),
                )
                .help("drop `renamedFrom` to create the group, or write there the name that it has now"));
            }
            // The rename was applied before, whoever has made a group of the former name since.
            (Target::Missing, _) | (_, Target::Found(_)) => return Ok(now),
            (former, _) => former,
        }
    } else {
        return Ok(now);
    };
    let other = match (&renamed, &now) {
        // Only a change of name can take one; twins that are pinned apart may stay twins.
        (Target::Found(head), _) if head.name == group.name => None,
        (Target::Found(head), Target::Found(other)) => (head.id != other.id).then_some(other.id),
        (Target::Found(head), Target::Ambiguous(ids)) => ids.iter().copied().find(|it| *it != head.id),
        _ => None,
    };
    match other {
        Some(other) => Err(Finding::new(
            Code::NameTaken,
            group.from,
            format!("the name `{}` is taken by another group ({other})", group.name),
        )
        .help("pick another name, or remove the other group first")),
        None => Ok(renamed),
    }
}

/// Says that a rename has nothing left to do although a group has the former name.
fn void_rename(group: &DeclaredGroup, by_name: &HashMap<&str, Vec<&GroupHead>>) -> Option<Finding> {
    let (former, at) = group.renamed_from.as_ref().filter(|_| group.id.is_none())?;
    let Target::Found(head) = by_exact_name(&group.name, by_name) else { return None };
    let others = by_name.get(&**former)?;
    others.iter().all(|it| it.id != head.id).then(|| {
        let message = format!("`{}` exists, so nothing is renamed: `{former}` is another group", group.name);
        Finding::new(Code::VoidRename, *at, message).help("drop `renamedFrom`")
    })
}
