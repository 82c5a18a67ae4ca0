//! Rules that users write: expressions in CEL over what a plan does, checked before anything is read.
//!
//! An expression is about rows of one kind: [access](schema::ACCESS) that results, or [edits](schema::EDIT). It is parsed and
//! evaluated by the `cel` crate, which finds out only while it runs what an expression names; `check` does before, against
//! the published fields. What it accepts can fail only on a row that does not say what is asked of it, on numbers too large,
//! or on too much work. Builds no rows, and decides nothing.

use std::{collections::BTreeSet, fmt, sync::Arc};

use cel::{
    Env, IdedExpr, ParseErrors,
    common::ast::{EntryExpr, Expr, SourceInfo},
};

mod check;
mod facts;
mod run;
pub mod schema;
#[cfg(test)]
mod tests;

pub use facts::{Datum, Facts, object};
pub use run::{Answer, Row, Runner};

use schema::Subject;

/// Longest expression, in characters.
pub const MOST_CHARACTERS: usize = 2_000;
/// Most words and signs of an expression.
const MOST_WORDS: usize = 500;
/// Deepest nesting of brackets: the parser needs much of a stack for each.
const MOST_DEPTH: u16 = 8;
/// How deep loops (`all`, `exists`, `filter`, `map`) may stand in each other.
const MOST_LOOPS: usize = 2;

/// A rule: `deny`, of the rows that `when` chooses.
#[derive(Clone)]
pub struct Rule(Arc<Inner>);

struct Inner {
    when: Option<Box<str>>,
    deny: Box<str>,
    subject: Subject,
    /// All of which have to be true for a row to break the rule.
    parts: Vec<Part>,
    patterns: run::Patterns,
}

/// One of several expressions that are joined by AND.
struct Part {
    expression: IdedExpr,
    size: Size,
    /// The fields of the row that it looks at.
    fields: BTreeSet<&'static str>,
}

/// What the work for a row is counted by.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    /// How deep loops stand in each other.
    loops: u32,
    /// The longest list that is written out.
    longest: usize,
}

/// Which expression of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Half {
    When,
    Deny,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// In which.
    pub half: Half,
    /// At which character, from 0.
    pub at: usize,
    /// In one sentence without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in order.
    pub fn new(when: Option<&str>, deny: &str) -> Result<Self, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let halves = when.map(|it| (Half::When, it)).into_iter().chain([(Half::Deny, deny)]);
        let read: Vec<Parsed> =
            halves.filter_map(|(half, text)| Parsed::new(half, text, &mut wrong)).collect();
        let mut check = check::Check::default();
        for it in &read {
            check.half(it.half, &it.written, &it.info, &it.text);
        }
        wrong.append(&mut check.wrong);
        if wrong.is_empty() {
            wrong.extend(read.iter().filter_map(|it| it.expanded.as_ref().err().cloned()));
        }
        wrong.sort_by_key(|it| (it.half, it.at));
        let Some((subject, _)) = check.subject.filter(|_| wrong.is_empty()) else {
            if wrong.is_empty() {
                let message =
                    "it names neither `access` nor `edit`, so there is nothing that it looks at".to_owned();
                let help = "such as `access.privileged` or `edit.kind == \"member\"`";
                wrong.push(Wrong { half: Half::Deny, at: 0, message, help: Some(help.to_owned()) });
            }
            return Err(wrong);
        };
        let parts = read
            .into_iter()
            .filter_map(|it| it.expanded.ok())
            .flat_map(|it| run::parts(it, subject))
            .collect();
        let (when, deny) = (when.map(Into::into), deny.into());
        Ok(Self(Arc::new(Inner { when, deny, subject, parts, patterns: check.patterns })))
    }

    /// Which rows it is about.
    pub fn subject(&self) -> Subject {
        self.0.subject
    }

    /// What chooses rows; all where it is absent.
    pub fn when(&self) -> Option<&str> {
        self.0.when.as_deref()
    }

    /// What a row that breaks it is like.
    pub fn deny(&self) -> &str {
        &self.0.deny
    }

    /// Whether it looks at who people are, beyond their ids.
    pub(crate) fn looks_at_people(&self) -> bool {
        let of_person = |it: &'static str| schema::OF_PERSON.contains(&it) && it != "userId";
        self.0.parts.iter().any(|it| it.fields.iter().any(|it| of_person(it)))
    }

    /// Whether no role outside groups can break it, which is plain from one of its parts: `!access.direct`.
    pub(crate) fn spares_direct_roles(&self) -> bool {
        self.0.parts.iter().any(|it| run::is_not(&it.expression, "access.direct"))
    }
}

/// Two are the same that say the same.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        (self.when(), self.deny()) == (other.when(), other.deny())
    }
}

impl Eq for Rule {}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("when", &self.when()).field("deny", &self.deny()).finish()
    }
}

/// An expression as it was parsed, with its loops as they are written, and as they are evaluated.
struct Parsed {
    half: Half,
    text: Vec<char>,
    written: IdedExpr,
    info: SourceInfo,
    /// It fails only where a loop is not one, which is said of how it is written.
    expanded: Result<IdedExpr, Wrong>,
}

impl Parsed {
    fn new(half: Half, text: &str, wrong: &mut Vec<Wrong>) -> Option<Self> {
        let characters: Vec<char> = text.chars().collect();
        let say =
            |at: usize, message: String, help: &str| Wrong { half, at, message, help: Some(help.to_owned()) };
        if characters.len() > MOST_CHARACTERS {
            let message = format!("the expression has more than {MOST_CHARACTERS} characters");
            wrong.push(say(MOST_CHARACTERS, message, "make several rules of it"));
            return None;
        }
        if words(&characters) > MOST_WORDS {
            let message = format!("the expression has more than {MOST_WORDS} words and signs");
            wrong.push(say(0, message, "make several rules of it"));
            return None;
        }
        let plain = Env::default().with_optional_support(false);
        let parse = |env: &Env| {
            env.parser().max_recursion_depth(MOST_DEPTH).error_recovery_limit(3).parse_with_source_info(text)
        };
        match parse(&plain) {
            Ok((written, info)) => {
                let expanded = parse(&Env::stdlib().with_optional_support(false));
                let expanded = expanded.map(|it| it.0).map_err(|it| syntax(half, &it, &characters));
                Some(Self { half, text: characters, written, info, expanded })
            }
            Err(errors) => {
                wrong.push(syntax(half, &errors, &characters));
                None
            }
        }
    }
}

/// How many words and signs there are, those in quotes as well: a parser calls itself for each of a chain.
fn words(text: &[char]) -> usize {
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    let begins = |(n, it): (usize, &char)| match is_word(*it) {
        true => n == 0 || !is_word(text[n - 1]),
        false => !it.is_whitespace(),
    };
    text.iter().enumerate().filter(|it| begins(*it)).count()
}

/// The first thing that is not CEL: what follows from it is no help.
fn syntax(half: Half, errors: &ParseErrors, text: &[char]) -> Wrong {
    let first = errors.errors.first();
    let (line, column) = first.map_or((1, 1), |it| it.pos);
    let line = usize::try_from(line).unwrap_or(1).max(1) - 1;
    let column = usize::try_from(column).unwrap_or(1).max(1) - 1;
    let start = match line {
        0 => 0,
        _ => {
            let ends = text.iter().enumerate().filter(|it| *it.1 == '\n').map(|it| it.0 + 1);
            ends.clone().nth(line - 1).unwrap_or(text.len())
        }
    };
    let reason = first.map_or("", |it| &it.msg);
    if reason.contains("Recursion limit") {
        let message = format!("brackets stand in each other more than {MOST_DEPTH} deep");
        return Wrong { half, at: start, message, help: Some("make several rules of it".to_owned()) };
    }
    // The parser names every token that could stand there.
    let reason = reason.split(" expecting ").next().unwrap_or_default().replace('\n', " ");
    let reason = reason.strip_prefix("Syntax error: ").unwrap_or(&reason).to_owned();
    Wrong {
        half,
        at: (start + column).min(text.len()),
        message: format!("the expression is not CEL: {reason}"),
        help: Some("such as `access.privileged && access.domain != \"voyager.example\"`".to_owned()),
    }
}

/// Everything directly inside an expression.
fn inside(expression: &Expr) -> Vec<&IdedExpr> {
    match expression {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(it) => it.target.iter().map(|it| &**it).chain(&it.args).collect(),
        Expr::Comprehension(it) => {
            vec![&it.iter_range, &it.accu_init, &it.loop_cond, &it.loop_step, &it.result]
        }
        Expr::List(it) => it.elements.iter().collect(),
        Expr::Map(it) => it.entries.iter().flat_map(|it| entry(&it.expr)).collect(),
        Expr::Struct(it) => it.entries.iter().flat_map(|it| entry(&it.expr)).collect(),
        Expr::Select(it) => vec![&it.operand],
    }
}

fn entry(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(it) => vec![&it.value],
        EntryExpr::MapEntry(it) => vec![&it.key, &it.value],
    }
}
