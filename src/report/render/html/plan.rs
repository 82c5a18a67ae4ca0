//! A plan as a page: what stops it and who it concerns first, then each group, then who may do what afterwards.

use super::{
    list::{Entry, Line, List, Tone},
    matrix,
    page::{Count, Page, Section},
    picture,
};
use crate::{
    model::plan::Withheld,
    report::render::{
        View, counted,
        guards::{self, Outcome},
        lives, markdown,
        notices::{self, Topic},
        people::{self, Turn},
        scope::Words,
        weakened, withheld,
        wording::{self, Sign},
    },
};

/// Rows of rules that are weaker; as many as there may be.
const WEAKENED: usize = 10_000;

/// What a plan does; above it, what an apply of it did not come to.
pub(super) fn page(view: &View<'_>, trouble: Option<List>) -> Page {
    let words = Words::new(view.plan);
    let several = view.plan.companies.len() > 1;
    let company = |it| if several { Some(words.company(it)) } else { None };
    let rows = people::rows(view, &words);
    let (stops, checks): (Vec<_>, Vec<_>) =
        guards::rows(view, &words, |it| it).into_iter().partition(|it| it.outcome == Outcome::Stop);
    let escalating: usize = rows.iter().filter(|it| it.turn == Turn::Escalates).map(|it| it.who.len()).sum();
    let people: Vec<Entry> = rows.into_iter().map(|it| of_people(it, company)).collect();
    let changes = wording::blocks(view.plan, view.sources);
    let changes: Vec<Entry> = changes.into_iter().map(|it| of_block(it, company)).collect();
    let held = withheld::those(view.plan, view.sources, Withheld::withholds).into_iter().map(|it| Entry {
        tone: Tone::Warning,
        tag: it.noun.to_owned(),
        names: vec![it.what],
        beside: it.origin.into_iter().collect(),
        lines: vec![Line::prose(it.why)],
    });
    let picture = picture::draw(view, &words).map(Section::Picture);
    let lists = [
        trouble,
        Some(stopped(stops.into_iter().map(of_guard).collect())),
        weaker(view),
        Some(List::new("people", "People", people)),
    ];
    let mut sections: Vec<Section> = lists.into_iter().flatten().map(Section::List).collect();
    sections.extend(picture);
    sections.push(Section::List(List::new("withheld", "Withheld", held.collect())));
    sections.push(Section::List(List::new("changes", "Changes, group by group", changes)));
    sections.extend(matrix::of_plan(view).map(Section::Matrix));
    sections.push(Section::List(List::new("known", "To know", known(view, &words))));
    sections.push(Section::List(List::new("guards", "Guards", checks.into_iter().map(of_guard).collect())));
    sections.retain(|it| !matches!(it, Section::List(list) if list.entries.is_empty()));
    Page {
        headline: headline(view),
        summary: wording::summary(view.plan, view.judgement),
        facts: facts(view, &words),
        counts: counts(view, escalating),
        sections,
        foot: foot(view),
    }
}

fn headline(view: &View<'_>) -> String {
    let title = markdown::title(view);
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |it| it.to_uppercase().collect::<String>() + letters.as_str())
}

/// What stops the plan; where that is much, folded, so that the people are seen as well.
fn stopped(entries: Vec<Entry>) -> List {
    let lines: usize = entries.iter().map(|it| it.lines.len()).sum();
    let list = List::new("stops", "Stopped by guards", entries);
    List { seen: if lines > MANY { 0 } else { list.seen }, ..list }
}

/// Lines about what stops a plan that leave room for who it concerns.
const MANY: usize = 9;

fn facts(view: &View<'_>, words: &Words<'_>) -> Vec<String> {
    let sizes = |groups, memberships| {
        counted(groups, "group", "groups") + ", " + &counted(memberships, "membership", "memberships")
    };
    let companies = view.plan.companies.iter().take(COMPANIES);
    let mut facts: Vec<String> = companies
        .map(|it| {
            format!(
                "{} at {}: {}",
                words.company(it.company),
                view.endpoint,
                sizes(it.groups, it.memberships)
            )
        })
        .collect();
    facts.extend(super::super::more(view.plan.companies.len(), COMPANIES).map(|it| it + " companies"));
    facts.extend(notices::people(view).into_iter().map(|(label, it)| format!("{label}: {it}")));
    facts.extend(view.taken.map(|it| format!("From a snapshot of {it:.0}, not from the API")));
    facts.extend(view.now.told().map(|it| format!("Judged {it}")));
    if view.partial {
        facts.push("Made from a part of the access files".to_owned());
    }
    let unset = weakened::unset(view);
    if !unset.is_empty() {
        facts.push(format!("Not checked: {}", unset.join(", ")));
    }
    facts
}

/// Companies that are named one by one.
const COMPANIES: usize = 5;

fn counts(view: &View<'_>, escalating: usize) -> Vec<Count> {
    let people = &view.judgement.people;
    let sum = view.plan.summary();
    let lives = lives::counts(view.plan);
    let of = |turn: lives::Turn| lives.get(&turn).copied().unwrap_or_default();
    let all = [
        (Tone::Stop, view.judgement.stops().count(), "stopped by guards"),
        (Tone::Escalates, escalating, "gain privileged access"),
        (Tone::Everything, people.lose_everything.len(), "lose everything"),
        (Tone::Gains, people.gain, "gain access"),
        (Tone::Loses, people.lose, "lose access"),
        (Tone::Warning, view.plan.withheld(), "withheld"),
        (Tone::Changes, sum.groups_created, "groups to create"),
        (Tone::Changes, sum.groups_changed, "groups to change"),
        (Tone::Changes, sum.groups_deleted, "groups to delete"),
        (Tone::Loses, of(lives::Turn::Deactivated), "accounts to deactivate"),
        (Tone::Gains, of(lives::Turn::Created), "accounts to create"),
        (Tone::Gains, of(lives::Turn::Activated), "accounts to activate"),
        (Tone::Changes, of(lives::Turn::Changed), "people to change"),
    ];
    all.into_iter().filter(|it| it.1 > 0).map(|(tone, n, what)| Count { tone, n, what }).collect()
}

fn of_people(row: people::Row, company: impl Fn(crate::model::ids::CompanyId) -> Option<String>) -> Entry {
    let tone = match row.turn {
        Turn::Escalates => Tone::Escalates,
        Turn::LosesEverything => Tone::Everything,
        Turn::Gains => Tone::Gains,
        Turn::Loses => Tone::Loses,
    };
    let sign = sign(row.turn.sign());
    let gains = row.turn.sign() == Sign::Add;
    let n = row.who.len();
    let tag = if n > 1 {
        format!("{}: {}", row.turn.title(), counted(n, "person", "people"))
    } else {
        row.turn.title().to_owned()
    };
    let drifted = row.drifted.then(|| "already drifted".to_owned());
    let lines = row.roles.into_iter().map(|it| Line {
        sign,
        what: it.name,
        scope: it.scope,
        mark: if it.privileged && gains { "PRIVILEGED" } else { "" },
        through: it.through,
        origin: it.origin.unwrap_or_default(),
        ..Line::default()
    });
    Entry {
        tone,
        tag,
        lines: lines.collect(),
        beside: company(row.company).into_iter().chain(drifted).collect(),
        names: row.who,
    }
}

fn of_block(
    block: wording::Block,
    company: impl Fn(crate::model::ids::CompanyId) -> Option<String>,
) -> Entry {
    let tone = match block.sign() {
        Sign::Add => Tone::Gains,
        Sign::Change => Tone::Changes,
        Sign::Remove => Tone::Loses,
    };
    let done = match (block.fact.is_some(), block.sign()) {
        (true, Sign::Add) => "new ",
        (true, Sign::Remove) => "deleted ",
        (true, Sign::Change) | (false, _) => "",
    };
    let tag = format!("{done}{}", block.noun);
    let beside = [company(block.company), block.size, block.origin, block.reason];
    let lines = block.lines.into_iter().map(|it| {
        let [before, after] = it.scopes.unwrap_or_default();
        Line {
            sign: sign(it.fact.sign()),
            what: format!("{} {}", it.fact.noun(), it.what),
            scope: after,
            before,
            mark: it.fact.mark().unwrap_or_default(),
            through: String::new(),
            origin: it.origin.unwrap_or_default(),
            note: it.note.unwrap_or_default(),
        }
    });
    Entry {
        tone,
        tag,
        names: vec![block.name],
        beside: beside.into_iter().flatten().collect(),
        lines: lines.collect(),
    }
}

fn of_guard(row: guards::Row) -> Entry {
    let tone = match row.outcome {
        Outcome::Stop => Tone::Stop,
        Outcome::Excepted | Outcome::Approved | Outcome::Review | Outcome::Warning | Outcome::Stood => {
            Tone::Warning
        }
        Outcome::Ok | Outcome::Unset => Tone::Plain,
    };
    let separator = if row.guard.is_empty() { ", " } else { "; " };
    let said = row.parts.join(separator);
    Entry {
        tone,
        tag: [row.outcome.word(), row.guard].join(" ").trim_end().to_owned(),
        names: vec![said],
        beside: Vec::new(),
        lines: row.below.into_iter().map(Line::prose).collect(),
    }
}

fn weaker(view: &View<'_>) -> Option<List> {
    let (heading, rows) = weakened::rows(view, WEAKENED)?;
    let entry = |it: weakened::Row| Entry {
        tone: Tone::Stop,
        tag: "weaker".to_owned(),
        names: vec![it.what],
        beside: it.origin.into_iter().collect(),
        lines: vec![Line::prose(it.why)],
    };
    let list = List::new("weakened", "Weaker rules", rows.into_iter().map(entry).collect());
    Some(List { about: heading, ..list })
}

/// What people should know beside the changes.
fn known(view: &View<'_>, words: &Words<'_>) -> Vec<Entry> {
    let entry = |topic: Topic, said: String, more: Option<String>| Entry {
        tag: topic.word().to_owned(),
        names: vec![said],
        lines: more.into_iter().map(Line::prose).collect(),
        ..Entry::default()
    };
    let lines = notices::lines(view, words).into_iter().map(|(topic, it)| entry(topic, it, None));
    let unmanaged = notices::unmanaged(view, words).into_iter();
    lines.chain(unmanaged.map(|it| entry(it.topic, it.head, Some(it.names)))).collect()
}

fn foot(view: &View<'_>) -> Vec<(String, String)> {
    let Some(id) = wording::plan_id(view.plan) else { return Vec::new() };
    let needs_more = view.judgement.stops().any(|it| !it.guard.can_be_approved());
    let apply = format!("rolecall apply --approve {id}");
    let mut foot = vec![("Plan id:".to_owned(), id)];
    if !needs_more {
        foot.push(("To apply exactly this:".to_owned(), apply));
    }
    foot
}

fn sign(sign: Sign) -> &'static str {
    match sign {
        Sign::Add => "+",
        Sign::Change => "~",
        Sign::Remove => "−",
    }
}
