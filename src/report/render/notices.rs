//! What people should know about a plan beside its changes, in words. Raw: formats escape and arrange them.

use crate::model::{
    date,
    finding::Finding,
    ids::CompanyId,
    plan::{
        Accepted, Cause, Difference, Gap, GapCause, Outside, People, Plan, Side, Soon, Survivor,
        UnmanagedGroup, Withheld, WithheldReason,
    },
    portion::Portion,
    rules::Unmanaged,
    source::Sources,
    state::Edit,
};

use super::{
    View, counted, direct, first, leavers, more, named,
    scope::Words,
    thousands,
    withheld::{self, Held},
};

/// Unmanaged groups named one by one; the others are counted.
const GROUPS: usize = 20;
/// Lines of one kind; the others are counted.
const LINES: usize = 20;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    Portion,
    Expiring,
    Starting,
    Gap,
    Remark,
    Inactive,
    Unclear,
    Survivor,
    Leaver,
    Outside,
    Accepted,
    Forbidden,
    Unmanaged,
}

impl Topic {
    /// The word that lines begin with, and how one and several are counted.
    const fn words(self) -> [&'static str; 3] {
        match self {
            Self::Portion => ["Part", "part", "parts"],
            Self::Expiring => ["Expiring", "thing that ends soon", "things that end soon"],
            Self::Starting => ["Starting", "thing that begins soon", "things that begin soon"],
            Self::Gap => ["Gaps", "gap", "gaps"],
            Self::Remark => ["Remarks", "remark", "remarks"],
            Self::Inactive => ["Inactive", "inactive member", "inactive members"],
            Self::Unclear => ["Unclear", "unclear entry", "unclear entries"],
            Self::Survivor => ["Survives", "survivor", "survivors"],
            Self::Leaver => ["Leavers", "line about leavers", "lines about leavers"],
            Self::Outside => {
                ["Outside", "person with access outside groups", "people with access outside groups"]
            }
            Self::Accepted => ["Accepted", "accepted difference", "accepted differences"],
            Self::Forbidden => ["Forbidden", "list of forbidden groups", "lists of forbidden groups"],
            Self::Unmanaged => ["Unmanaged", "list of unmanaged groups", "lists of unmanaged groups"],
        }
    }

    pub(super) fn word(self) -> &'static str {
        self.words()[0]
    }

    /// How much there is of what is counted before it is named.
    pub(super) fn sum(self, plan: &Plan) -> Option<String> {
        let begins = match self {
            Self::Expiring => false,
            Self::Starting => true,
            Self::Portion
            | Self::Gap
            | Self::Remark
            | Self::Inactive
            | Self::Unclear
            | Self::Survivor
            | Self::Leaver
            | Self::Outside
            | Self::Accepted
            | Self::Forbidden
            | Self::Unmanaged => return None,
        };
        let n = plan.soon.iter().filter(|it| it.begins == begins).count();
        (n > 0).then(|| format!("{} within {} days", thousands(n), Plan::NOTICE_DAYS))
    }

    pub(super) fn counted(self, n: usize) -> String {
        let [_, one, many] = self.words();
        counted(n, one, many)
    }
}

/// Returns how many gain and how many lose, if anybody does; of a change under review what it does itself, and what an apply
/// of it does beside.
pub(super) fn people(view: &View<'_>) -> Vec<(&'static str, String)> {
    let not_asked = not_asked(view.judgement.not_asked);
    let Some([change, drift]) = &view.judgement.by_cause else {
        let people = of_people(&view.judgement.people).map(|it| ("People", it));
        return people.into_iter().chain(not_asked).collect();
    };
    let differences = |drifted| {
        let alike = |it: &&Edit| (view.plan.note(&it.key).cause == Some(Cause::Drift)) == drifted;
        match view.plan.edits.iter().filter(alike).count() {
            0 => String::new(),
            n => format!("{}: ", counted(n, "difference", "differences")),
        }
    };
    let own = of_people(change).unwrap_or_else(|| "nobody gains or loses access".to_owned());
    let mut said = vec![("This change", differences(false) + &own)];
    if view.plan.edits.iter().any(|it| view.plan.note(&it.key).cause == Some(Cause::Drift)) {
        let before = of_people(drift).unwrap_or_else(|| "nobody gains or loses access by it".to_owned());
        said.push(("Already drifted, and undone with it", differences(true) + &before));
    }
    let already = view.plan.already_live.as_ref().map_or(0, |it| it.iter().len());
    if already > 0 {
        said.push((
            "Already live",
            counted(already, "thing that the change asks for", "things that the change asks for"),
        ));
    }
    said.extend(not_asked);
    said
}

/// Of how many it is not known what else they hold.
fn not_asked(n: usize) -> Option<(&'static str, String)> {
    (n > 0).then(|| ("Not asked", counted(n, "person", "people") + " for groups that no file names"))
}

fn of_people(found: &People) -> Option<String> {
    if found.gain == 0 && found.lose == 0 && found.lose_everything.is_empty() {
        return None;
    }
    let mut text = counted(found.gain, "gains access", "gain access")
        + ", "
        + &counted(found.lose, "loses access", "lose access");
    let nothing = &found.lose_everything;
    if !nothing.is_empty() {
        text += ", ";
        text += &counted(nothing.len(), "loses everything", "lose everything");
    }
    Some(text)
}

/// Returns the other notices, topic by topic, each within one line.
pub(super) fn lines(view: &View<'_>, words: &Words<'_>) -> Vec<(Topic, String)> {
    let &View { plan, sources, .. } = view;
    let gaps = gaps(view, words);
    let remarks = plan.remarks.iter().map(|it| remark(it, sources)).collect();
    let inactive =
        withheld::those(plan, sources, |it| matches!(it.what, WithheldReason::InactiveMember { .. }))
            .into_iter()
            .map(as_it_is)
            .collect();
    let unclear = withheld::those(plan, sources, is_unclear).into_iter().map(as_it_is).collect();
    let survivors = plan.survivors.iter().map(|it| survivor(it, words)).collect();
    let leavers = leavers::lines(plan, words, sources);
    let outside = plan.outside.iter().map(|it| outside(it, words)).collect();
    let accepted = accepted(view, words);
    let all = [
        (Topic::Portion, view.portion.map(|it| portion(it, plan)).into_iter().collect()),
        (Topic::Expiring, soon(view, words, false)),
        (Topic::Starting, soon(view, words, true)),
        (Topic::Gap, gaps),
        (Topic::Remark, remarks),
        (Topic::Inactive, inactive),
        (Topic::Unclear, unclear),
        (Topic::Survivor, survivors),
        (Topic::Leaver, leavers),
        (Topic::Outside, outside),
        (Topic::Accepted, accepted),
    ];
    all.into_iter().flat_map(|(topic, all)| cut(all).into_iter().map(move |it| (topic, it))).collect()
}

/// Which of the companies of the workspace it is about: what guards count over a whole plan is of these alone.
fn portion(it: Portion, plan: &Plan) -> String {
    let shard = it.shard.map(|it| format!("shard {it}, ")).unwrap_or_default();
    let failed = plan.withheld.iter().filter(|it| it.company().is_some()).count();
    let about = thousands(plan.companies.len() + failed);
    format!("{shard}{about} of {}; guards count these alone", counted(it.companies, "company", "companies"))
}

/// Returns how much ends soon, if anything does.
pub(super) fn expiring(plan: &Plan) -> Option<String> {
    Topic::Expiring.sum(plan).map(|it| format!("{} {it}", Topic::Expiring.word()))
}

/// Returns what ends soon, or begins.
fn soon(view: &View<'_>, words: &Words<'_>, begins: bool) -> Vec<String> {
    let all = view.plan.soon.iter().filter(|it| it.begins == begins);
    all.map(|it| soon_line(it, words, view.sources)).collect()
}

/// Returns when something begins or ends, what that is, and where it is said.
pub(super) fn soon_line(soon: &Soon, words: &Words<'_>, sources: &Sources) -> String {
    let what = match (&soon.group, soon.user, soon.role, &soon.role_type) {
        (Some(group), Some(user), ..) => format!("{} in {group}", words.person(user)),
        (Some(group), None, Some(role), _) => format!("{} of {group}", words.role(role)),
        (Some(group), None, None, _) => format!("the group {group}"),
        (None, user, _, role) => {
            let who = user.map_or_else(String::new, |it| words.person(it));
            format!("{} of {who}, outside groups", role.as_deref().unwrap_or_default())
        }
    };
    let (at, zone) = (soon.at, sources.zone());
    let when = if soon.begins { date::from(at, &zone) } else { date::until(at, &zone) };
    format!("{when}: {what} ({})", sources.line(soon.from))
}

/// Groups that no file names.
pub(super) struct Unnamed {
    pub(super) topic: Topic,
    /// How many, and what about them.
    pub(super) head: String,
    /// The first of their names.
    pub(super) names: String,
}

/// Returns the groups that no file names and that are forbidden, and the others.
pub(super) fn unmanaged(view: &View<'_>, words: &Words<'_>) -> Vec<Unnamed> {
    let plan = view.plan;
    let all = plan.companies.iter().flat_map(|it| it.unmanaged.iter().map(|group| (it.company, group)));
    let (forbidden, others): (Vec<_>, Vec<_>) = all.partition(|it| plan.forbids(it.1));
    let others = if plan.unmanaged == Unmanaged::Ignore { Vec::new() } else { others };
    let left = if view.partial { "Not in these files, left alone" } else { "Unmanaged, left alone" };
    let name = |(company, group): &(CompanyId, &UnmanagedGroup)| {
        let name = match plan.companies.len() {
            1 => group.name.to_string(),
            _ => format!("{} of {}", group.name, words.company(*company)),
        };
        let created = group
            .created
            .as_ref()
            .filter(|_| plan.forbids(group))
            .map(|it| format!(" (created {})", words.stamp(it)));
        name + &created.unwrap_or_default()
    };
    let others: Vec<_> = others.into_iter().filter(|it| !it.1.is_accepted).collect();
    [(Topic::Forbidden, "Forbidden, as no file names them", forbidden), (Topic::Unmanaged, left, others)]
        .into_iter()
        .filter(|it| !it.2.is_empty())
        .map(|(topic, label, groups)| Unnamed {
            topic,
            head: format!("{label}: {}", counted(groups.len(), "group", "groups")),
            names: first(groups.iter().map(name), GROUPS),
        })
        .collect()
}

/// Returns what differs and is left as it is for a while: what is privileged first, of which all is named.
pub(super) fn accepted(view: &View<'_>, words: &Words<'_>) -> Vec<String> {
    let (privileged, others): (Vec<&Accepted>, Vec<&Accepted>) =
        view.plan.accepted.iter().partition(|it| it.privileged);
    let more = more(others.len(), LINES);
    let shown = privileged.into_iter().chain(others.into_iter().take(LINES));
    let line = |it: &Accepted| {
        let mark = if it.privileged { "PRIVILEGED " } else { "" };
        format!("{mark}{} ({})", left_alone(it, words), view.sources.line(it.from))
    };
    shown.map(line).chain(more).collect()
}

/// Returns what differs, until when that is accepted, by whose word and why.
pub(super) fn left_alone(accepted: &Accepted, words: &Words<'_>) -> String {
    let Accepted { what, owner, reason, ends, .. } = accepted;
    format!("{}: accepted until {ends:.0}, {owner}: {reason}", difference(what, words))
}

fn difference(what: &Difference, words: &Words<'_>) -> String {
    let side = |side: &Side, there: &str| match side {
        Side::Live => format!("{there}, and is not declared"),
        Side::Files => "is declared, and missing".to_owned(),
        Side::Both => "is not as declared".to_owned(),
    };
    match what {
        Difference::Unmanaged { group } => format!("group {group} exists, and no file names it"),
        Difference::Group { group, side: it } => format!("group {group} {}", side(it, "exists")),
        Difference::Role { group, role, side: it } => {
            format!("role {} of {group} {}", words.role(*role), side(it, "is there"))
        }
        Difference::Member { group, user, side: it } => {
            format!("member {} in {group} {}", words.person(*user), side(it, "is there"))
        }
        Difference::DirectRole { user, role_type, side: it } => {
            format!("direct role {role_type} of {} {}", words.person(*user), side(it, "is held"))
        }
    }
}

/// Returns how much is accepted, and the first instant at which some of it is a difference again.
pub fn accepted_in_all(plan: &Plan) -> Option<String> {
    let ends = plan.accepted.iter().map(|it| it.ends).min()?;
    let n = counted(plan.accepted.len(), "difference is", "differences are");
    Some(format!("{n} accepted, the first until {ends:.0}"))
}

/// Returns one line for all people who lack the same role between the same two changes.
fn gaps(view: &View<'_>, words: &Words<'_>) -> Vec<String> {
    let what = |it: &Gap| (it.taken, it.given, it.role, it.why);
    let mut gaps: Vec<&Gap> = view.judgement.gaps.iter().collect();
    gaps.sort_by_key(|it| (what(it), it.user));
    let name = |change: usize| view.plan.change(change).map_or("", |it| it.name());
    let line = |alike: &[&Gap]| {
        let &Gap { taken, given, role, why, user: _ } = alike[0];
        let who = named(alike.iter().map(|it| words.person(it.user)));
        let verb = if alike.len() == 1 { "is" } else { "are" };
        let between = if taken == given {
            name(taken).to_owned()
        } else {
            format!("{} → {}", name(taken), name(given))
        };
        let why = match why {
            GapCause::Cycle => "in this order, as the moves wait for each other",
            GapCause::RevokeFirst => "as the API takes a changed scope only as a removal and an addition",
        };
        format!("{who} {verb} for a moment without {}: {between}, {why}", words.role(role))
    };
    gaps.chunk_by(|a, b| what(a) == what(b)).map(line).collect()
}

fn remark(finding: &Finding, sources: &Sources) -> String {
    let place = finding.place.map(|it| sources.line(it) + "  ").unwrap_or_default();
    let help = finding.help.as_ref().map(|it| format!("; {it}")).unwrap_or_default();
    format!("{place}{}  {}{help}", finding.code, finding.message)
}

/// Whether something is not known of a person of whom nothing is asked.
fn is_unclear(it: &Withheld) -> bool {
    matches!(it.what, WithheldReason::UnmanagedUser { .. } | WithheldReason::UnmanagedUnread { .. })
}

fn as_it_is(Held { what, why, origin, place: _, noun: _ }: Held) -> String {
    let place = origin.map(|it| format!(" ({it})")).unwrap_or_default();
    format!("{what} {why}{place}")
}

fn survivor(survivor: &Survivor, words: &Words<'_>) -> String {
    let roles = named(survivor.roles.iter().map(ToString::to_string));
    format!("{} keeps roles outside groups: {roles}", words.person(survivor.user))
}

fn outside(outside: &Outside, words: &Words<'_>) -> String {
    let roles: Vec<String> = outside.roles.iter().map(|it| direct::role(it, words)).collect();
    format!("{} holds outside groups: {}", words.person(outside.user), named(roles.into_iter()))
}

fn cut(mut lines: Vec<String>) -> Vec<String> {
    let more = more(lines.len(), LINES);
    lines.truncate(LINES);
    lines.extend(more);
    lines
}
