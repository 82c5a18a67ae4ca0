//! The keys of a mapping: each a text that means itself, and each there once.

use super::{Builder, Here, Kind, Style, Tree};
use crate::model::{
    finding::{Code, Finding},
    source::Place,
};

/// In a mapping of so few keys each is compared with each; sorting them would take longer.
const FEW_KEYS: usize = 12;

impl Builder<'_, '_> {
    /// A key is a text, and means itself.
    pub(super) fn key(&mut self, at: u32, span: Here, is_scalar: bool) {
        let raw = self.tree.nodes[at as usize];
        if raw.kind == Kind::Wrong {
            return;
        }
        let text = match raw.kind {
            Kind::Scalar { style, unfolded } => Some((style, self.tree.scalar(&raw, unfolded))),
            Kind::Alias | Kind::List | Kind::Mapping | Kind::Wrong => None,
        };
        let (code, message, help) = match text {
            Some((Style::Plain, "<<")) => (
                Code::UnknownKey,
                "merge keys (`<<`) are not read".to_owned(),
                "write the keys out: who holds access should be readable where it stands",
            ),
            Some((Style::Plain, "")) => (
                Code::WrongType,
                "there is no key before the colon".to_owned(),
                "write the key, or delete the line",
            ),
            Some((Style::Plain, null @ ("~" | "null" | "Null" | "NULL"))) => {
                (Code::WrongType, format!("`{null}` is not a key"), "quote it if the word itself is meant")
            }
            Some(_) => return,
            None if is_scalar && raw.kind == Kind::Alias => return,
            None => (
                Code::WrongType,
                "a list or mapping stands where a key belongs".to_owned(),
                "a key is a text; a text that begins with a bracket needs quotes",
            ),
        };
        let place = if is_scalar { span } else { self.here(at) };
        self.say(code, place, message, help);
        let after = self.tree.next(at);
        let raw = &mut self.tree.nodes[at as usize];
        (raw.kind, raw.this) = (Kind::Wrong, after);
    }

    /// Which of two equal keys would win must not be a guess: the later ones are wrong.
    pub(super) fn each_key_once(&mut self, mapping: u32) {
        let tree = &self.tree;
        if tree.next(mapping) <= mapping + 3 {
            return;
        }
        let text = |at: u32| match tree.raw(at).kind {
            Kind::Scalar { unfolded, .. } => Some(tree.scalar(tree.raw(at), unfolded)),
            Kind::Alias => {
                let target = tree.raw(tree.raw(at).this);
                let Kind::Scalar { unfolded, .. } = target.kind else { return None };
                Some(tree.scalar(target, unfolded))
            }
            Kind::List | Kind::Mapping | Kind::Wrong => None,
        };
        let keys = || tree.children(mapping).step_by(2).filter_map(|it| Some((text(it)?, it)));
        let mut few = [("", 0); FEW_KEYS];
        let mut count = 0;
        let mut again: Vec<(u32, u32)> = Vec::new();
        for (key, at) in keys() {
            if count == FEW_KEYS {
                let mut sorted: Vec<(&str, u32)> = keys().collect();
                sorted.sort_unstable();
                let same = sorted.chunk_by(|a, b| a.0 == b.0);
                again = same.flat_map(|it| it[1..].iter().map(|again| (it[0].1, again.1))).collect();
                break;
            }
            if let Some((_, first)) = few[..count].iter().find(|it| it.0 == key) {
                again.push((*first, at));
                continue;
            }
            few[count] = (key, at);
            count += 1;
        }
        for (first, at) in again {
            let key = text_of(&self.tree, at);
            let place = |at| {
                let raw = self.tree.raw(at);
                Place::new(self.file, raw.line, raw.column)
            };
            self.findings.push(
                Finding::new(Code::DuplicateKey, place(at), format!("the key `{key}` is given twice"))
                    .related(place(first), "first given here")
                    .help("keep one of them: which one would win must not be a guess"),
            );
            let raw = &mut self.tree.nodes[at as usize];
            (raw.kind, raw.this) = (Kind::Wrong, at + 1);
        }
    }
}

fn text_of<'t>(tree: &'t Tree<'_>, at: u32) -> &'t str {
    match tree.raw(at).kind {
        Kind::Scalar { unfolded, .. } => tree.scalar(tree.raw(at), unfolded),
        Kind::Alias => text_of(tree, tree.raw(at).this),
        Kind::List | Kind::Mapping | Kind::Wrong => "",
    }
}
