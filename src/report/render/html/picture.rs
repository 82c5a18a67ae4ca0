//! A picture of what changes for people: who, through which group, gets or loses which role, where.
//!
//! Four columns of boxes with lines between them. From a group on each role and scope has a box of its own, so that a line
//! can be followed. The most dangerous comes first; what is not drawn is counted.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthChar as _;

use super::{
    list::Tone,
    text::{shown, text},
};
use crate::{
    model::{
        plan::{Affected, People, RoleEffect},
        rules::{HeldRole, How},
    },
    report::render::{View, acting, direct, scope::Words, thousands},
};

/// Ways that are drawn: as many as a screen has room for.
const WAYS: usize = 26;
/// Where each column begins and how wide its boxes are.
const COLUMNS: [(&str, u32, u32); 4] =
    [("Who", 10, 230), ("Group", 310, 200), ("Role", 580, 190), ("Scope", 840, 250)];
const WIDTH: u32 = 1100;
const BOX: u32 = 28;
const STEP: u32 = 38;
const TOP: u32 = 34;
/// Roughly what a letter takes.
const LETTER: u32 = 7;

/// One way from people to what they may do where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    tone: Tone,
    boxes: [String; 4],
    /// How many people go it.
    people: usize,
}

/// Draws what a plan changes for people; nothing where that is nothing.
pub(super) fn draw(view: &View<'_>, words: &Words<'_>) -> Option<String> {
    let people: &People = view.judgement.by_cause.as_ref().map_or(&view.judgement.people, |it| &it[0]);
    let mut ways: Vec<Way> = people.affected.iter().flat_map(|it| of_people(it, words)).collect();
    ways.sort();
    ways.dedup();
    let left = ways.len().saturating_sub(WAYS);
    ways.truncate(WAYS);
    (!ways.is_empty()).then(|| drawn(&ways, left))
}

fn of_people(affected: &Affected, words: &Words<'_>) -> Vec<Way> {
    let mut names: Vec<String> = affected.users.iter().map(|it| words.person(*it)).collect();
    names.sort();
    let who = match &names[..] {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one}, {two}"),
        [one, rest @ ..] => format!("{one} and {} more", thousands(rest.len())),
    };
    let mut ways = Vec::new();
    for role in &affected.roles {
        for gains in [true, false].into_iter().filter(|it| if *it { role.gives } else { role.takes }) {
            let tone = match (gains, role.privileged, affected.loses_everything) {
                (true, true, _) => Tone::Escalates,
                (true, false, _) => Tone::Gains,
                (false, _, true) => Tone::Everything,
                (false, _, false) => Tone::Loses,
            };
            let comes = |it: How| matches!(it, How::Joins | How::Gains);
            let through = role.through.iter().filter(|it| it.group.is_none() || comes(it.how) == gains);
            for path in through {
                let group = path.group.as_deref().unwrap_or("outside groups").to_owned();
                let [name, scope] = what(role, gains, words);
                ways.push(Way { tone, boxes: [who.clone(), group, name, scope], people: names.len() });
            }
        }
    }
    ways
}

fn what(effect: &RoleEffect, gains: bool, words: &Words<'_>) -> [String; 2] {
    match &effect.role {
        HeldRole::Role(role) => {
            let scope = if gains { &effect.gains } else { &effect.loses };
            [words.role(*role), words.scope(scope)]
        }
        HeldRole::Acts(right) => {
            let people = if gains { &effect.gains_over } else { &effect.loses_over };
            [right.verb().to_owned(), acting::named(people, words)]
        }
        HeldRole::Direct(name) => {
            let side = if gains { &effect.after } else { &effect.before };
            let said = side.iter().next().map_or_else(String::new, |it| direct::role(it, words));
            [name.to_string(), said]
        }
    }
}

/// The boxes of a column by what tells them apart, each with where its top is.
type Tops = BTreeMap<Vec<String>, u32>;

/// What tells a box from others of its column: in the last two, all that is before it as well.
fn key(way: &Way, column: usize) -> Vec<String> {
    match column {
        0 | 1 => vec![way.boxes[column].clone()],
        _ => [vec![way.tone.class().to_owned()], way.boxes[1..=column].to_vec()].concat(),
    }
}

/// Where each box is: the scopes one below the other, and every other one beside the middle of those that it leads to, so
/// that lines cross as little as they can. And how high all of it is.
fn laid_out(ways: &[Way]) -> ([Tops; 4], u32) {
    let mut columns: [Tops; 4] = Default::default();
    let mut height = TOP;
    for column in (0..4).rev() {
        // In the order of the ways, which is that of danger.
        let mut boxes: Vec<(Vec<String>, Vec<u32>)> = Vec::new();
        for way in ways {
            let own = key(way, column);
            let next = columns.get(column + 1).and_then(|it| it.get(&key(way, column + 1))).copied();
            match boxes.iter_mut().find(|it| it.0 == own) {
                Some(known) => known.1.extend(next),
                None => boxes.push((own, next.into_iter().collect())),
            }
        }
        let wanted = |tops: &[u32]| match u32::try_from(tops.len()) {
            Ok(n @ 1..) => tops.iter().sum::<u32>() / n,
            Ok(_) | Err(_) => TOP,
        };
        let mut boxes: Vec<(u32, Vec<String>)> = boxes.into_iter().map(|it| (wanted(&it.1), it.0)).collect();
        boxes.sort_by_key(|it| it.0);
        let mut free = TOP;
        for (wanted, own) in boxes {
            let top = wanted.max(free);
            free = top + STEP;
            columns[column].insert(own, top);
        }
        height = height.max(free);
    }
    (columns, height)
}

fn drawn(ways: &[Way], left: usize) -> String {
    let (tops, height) = laid_out(ways);
    let total = height + if left > 0 { 24 } else { 0 } + 4;
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {total}\" role=\"img\" aria-label=\"who gains and loses what, through which group\" \
         xmlns=\"http://www.w3.org/2000/svg\">"
    );
    for (name, x, _) in COLUMNS {
        out.push_str(&format!("<text class=\"column\" x=\"{x}\" y=\"20\">{name}</text>"));
    }
    lines(ways, &tops, &mut out);
    boxes(ways, &tops, &mut out);
    if left > 0 {
        out.push_str(&format!(
            "<text class=\"column\" x=\"10\" y=\"{}\">and {} more, in the lists</text>",
            total - 10,
            thousands(left)
        ));
    }
    out + "</svg>"
}

/// Draws each line once, as the most dangerous way that goes along it.
fn lines(ways: &[Way], tops: &[Tops; 4], out: &mut String) {
    let mut lines: BTreeMap<(u32, u32, u32, u32), Tone> = BTreeMap::new();
    for way in ways {
        for column in 0..3 {
            let [from, to] = [column, column + 1].map(|it| tops[it][&key(way, it)] + BOX / 2);
            let (start, end) = (COLUMNS[column].1 + COLUMNS[column].2, COLUMNS[column + 1].1);
            let known = lines.entry((start, from, end, to)).or_insert(way.tone);
            *known = (*known).min(way.tone);
        }
    }
    for ((start, from, end, to), tone) in lines {
        let middle = u32::midpoint(start, end);
        let class = if tone == Tone::Everything { "loses everything" } else { tone.class() };
        out.push_str(&format!(
            "<path class=\"{class}\" d=\"M{start} {from}C{middle} {from} {middle} {to} {end} {to}\"/>"
        ));
    }
}

fn boxes(ways: &[Way], tops: &[Tops; 4], out: &mut String) {
    for (column, (_, x, width)) in COLUMNS.into_iter().enumerate() {
        for (own, top) in &tops[column] {
            let Some(way) = ways.iter().find(|it| key(it, column) == *own) else { continue };
            let sign = match (column, way.tone) {
                (2, Tone::Escalates | Tone::Gains) => "+ ",
                (2, _) => "− ",
                _ => "",
            };
            let label = format!("{sign}{}", shown(&way.boxes[column]));
            let class = if column == 2 { way.tone.class() } else { "plain" };
            out.push_str(&format!(
                "<g><title>{}</title><rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{BOX}\" rx=\"5\"/>\
                 <text x=\"{}\" y=\"{}\">{}</text></g>",
                text(&label),
                x + 9,
                top + 19,
                text(&fitting(&label, (width - 16) / LETTER))
            ));
        }
    }
}

/// As much as fits so many letters.
fn fitting(label: &str, letters: u32) -> String {
    let letters = usize::try_from(letters).unwrap_or(0);
    let mut width = 0;
    let mut out = String::new();
    for c in label.chars() {
        width += c.width().unwrap_or(0);
        if width >= letters {
            return out + "…";
        }
        out.push(c);
    }
    out
}
