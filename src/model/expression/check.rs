//! Whether an expression can be evaluated: every name, operator and function against the types of the published fields.
//!
//! Works on loops as they are written. Of what was said to be wrong nothing further follows.

use std::fmt;

use cel::{
    IdedExpr,
    common::ast::{CallExpr, Expr, LiteralValue, SourceInfo, operators},
};
use regex::{Regex, RegexBuilder};

use super::{
    Half, MOST_LOOPS, Wrong, inside,
    run::Patterns,
    schema::{Field, Holds, Record, Subject},
};
use crate::model::finding::did_you_mean;

/// Largest compiled regular expression, in bytes.
const MOST_OF_PATTERN: usize = 1 << 18;

/// Everything that can be called, as it is written.
const FUNCTIONS: [&str; 13] = [
    "has",
    "size",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "timestamp",
    "duration",
    "all",
    "exists",
    "exists_one",
    "filter",
    "map",
];

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    Int,
    Text,
    Word(&'static [&'static str]),
    Time,
    Span,
    List(Box<Type>),
    /// By text.
    Map(Box<Type>),
    Record(&'static Record),
    /// What is in an empty list.
    Anything,
}

/// Checks the expressions of one rule.
#[derive(Default)]
pub(super) struct Check {
    pub(super) wrong: Vec<Wrong>,
    /// What the rule is about, and where that was seen first.
    pub(super) subject: Option<(Subject, (Half, usize))>,
    pub(super) patterns: Patterns,
}

/// Where an expression is checked.
struct At<'c> {
    check: &'c mut Check,
    half: Half,
    info: &'c SourceInfo,
    text: &'c [char],
    /// The variables of the loops around.
    names: Vec<(String, Type)>,
    loops: usize,
}

impl Check {
    /// Checks one of its halves: true or false has to come of it.
    pub(super) fn half(&mut self, half: Half, expression: &IdedExpr, info: &SourceInfo, text: &[char]) {
        let mut at = At { check: self, half, info, text, names: Vec::new(), loops: 0 };
        if let Some(found) = at.of(expression)
            && found != Type::Bool
        {
            let key = if half == Half::When { "when" } else { "deny" };
            let message = format!("`{key}` has to be true or false, and this is {found}");
            at.say::<()>(at.start(expression), message, Some("compare it with something".to_owned()));
        }
    }
}

impl At<'_> {
    fn say<T>(&mut self, at: usize, message: impl Into<String>, help: Option<String>) -> Option<T> {
        self.check.wrong.push(Wrong { half: self.half, at, message: message.into(), help });
        None
    }

    /// Where the sign or name of a node stands.
    fn own(&self, expression: &IdedExpr) -> usize {
        self.info.offset_for(expression.id).map_or(0, |it| it.0 as usize)
    }

    /// Where it begins.
    fn start(&self, expression: &IdedExpr) -> usize {
        let within = inside(&expression.expr).into_iter().map(|it| self.start(it));
        within.chain([self.own(expression)]).min().unwrap_or(0)
    }

    /// Where a name stands that follows a sign of the text, or that a bracket follows.
    fn name(&self, near: usize, name: &str) -> usize {
        let name: Vec<char> = name.chars().collect();
        let after = (near..self.text.len()).find(|it| self.text[*it..].starts_with(&name));
        let before = (0..near).rev().find(|it| self.text[*it..].starts_with(&name));
        match (before, after) {
            (Some(before), _) if self.text.get(near) == Some(&'(') => before,
            (_, Some(after)) => after,
            (Some(before), None) => before,
            (None, None) => near,
        }
    }

    fn of(&mut self, expression: &IdedExpr) -> Option<Type> {
        match &expression.expr {
            Expr::Ident(name) => self.ident(expression, name),
            Expr::Literal(it) => self.literal(expression, it),
            Expr::List(it) => {
                let mut of = Type::Anything;
                for element in &it.elements {
                    let found = self.of(element)?;
                    match of.with(&found) {
                        Some(both) => of = both,
                        None => {
                            let message = format!("this list holds {of} and {found}");
                            return self.say(self.start(element), message, one_kind());
                        }
                    }
                }
                Some(Type::List(Box::new(of)))
            }
            Expr::Select(it) if it.test => self.say(self.own(expression), "this is not understood", None),
            Expr::Select(it) => {
                let operand = self.of(&it.operand)?;
                self.field(expression, &operand, &it.field).map(Type::of)
            }
            Expr::Call(it) => self.call(expression, it),
            Expr::Map(_) | Expr::Struct(_) => {
                self.say(self.own(expression), "nothing can be made with `{…}` here", None)
            }
            Expr::Comprehension(_) | Expr::Unspecified => {
                self.say(self.own(expression), "this is not understood", None)
            }
        }
    }

    fn ident(&mut self, expression: &IdedExpr, name: &str) -> Option<Type> {
        let at = self.own(expression);
        if let Some((_, known)) = self.names.iter().rev().find(|it| it.0 == name) {
            return Some(known.clone());
        }
        let Some(subject) = Subject::ALL.into_iter().find(|it| it.as_str() == name) else {
            let names = self.names.iter().map(|it| it.0.as_str()).chain(Subject::ALL.map(Subject::as_str));
            let names: Vec<&str> = names.collect();
            let near = did_you_mean(name, names.iter().copied());
            let help = near.unwrap_or_else(|| format!("known here: {}", names.join(", ")));
            return self.say(at, format!("there is nothing called `{name}`"), Some(help));
        };
        match self.check.subject {
            None => self.check.subject = Some((subject, (self.half, at))),
            Some((known, _)) if known != subject => {
                let message = format!(
                    "a rule is about `{}` or about `{}`, not both",
                    Subject::ALL[0].as_str(),
                    Subject::ALL[1].as_str()
                );
                return self.say(at, message, Some("make two rules of it".to_owned()));
            }
            Some(_) => (),
        }
        Some(Type::Record(subject.record()))
    }

    fn literal(&mut self, expression: &IdedExpr, literal: &LiteralValue) -> Option<Type> {
        let wrong = match literal {
            LiteralValue::Boolean(_) => return Some(Type::Bool),
            LiteralValue::Int(_) => return Some(Type::Int),
            LiteralValue::String(_) => return Some(Type::Text),
            LiteralValue::Double(_) | LiteralValue::UInt(_) => ("numbers are whole here, such as `3`", None),
            LiteralValue::Bytes(_) => ("a text has no letter before its quotes here", None),
            LiteralValue::Null => ("nothing is null here", Some("`has(…)` says whether a field is there")),
        };
        self.say(self.own(expression), wrong.0, wrong.1.map(str::to_owned))
    }

    fn field(&mut self, select: &IdedExpr, operand: &Type, name: &str) -> Option<&'static Field> {
        let at = self.name(self.own(select), name);
        let Type::Record(record) = operand else {
            let help = match operand {
                Type::List(_) => Some("`exists(x, …)` and `all(x, …)` look at what is in a list".to_owned()),
                Type::Map(_) => {
                    Some(format!("what is under a name is `…[\"{name}\"]`, where `\"{name}\" in …`"))
                }
                _ => None,
            };
            return self.say(at, format!("{operand} has no fields, so no `{name}`"), help);
        };
        match record.field(name) {
            Some(field) => Some(field),
            None => {
                let names = record.fields.iter().map(|it| it.name);
                let known = || format!("its fields: {}", names.clone().collect::<Vec<_>>().join(", "));
                let help = did_you_mean(name, names.clone()).unwrap_or_else(known);
                self.say(at, format!("`{}` has no field `{name}`", record.name), Some(help))
            }
        }
    }

    fn call(&mut self, expression: &IdedExpr, call: &CallExpr) -> Option<Type> {
        let name = call.func_name.as_str();
        match (name, call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, None, [a, b]) => {
                let (a, b) = (self.must(a, &Type::Bool), self.must(b, &Type::Bool));
                a.and(b)
            }
            (operators::LOGICAL_NOT, None, [it]) => self.must(it, &Type::Bool),
            (operators::NEGATE, None, [it]) => self.must(it, &Type::Int),
            (operators::CONDITIONAL, None, [test, yes, no]) => {
                self.must(test, &Type::Bool)?;
                let (yes, other) = (self.of(yes)?, self.of(no)?);
                yes.with(&other).or_else(|| {
                    let message = format!("one way this is {yes}, the other way {other}");
                    self.say(self.start(no), message, one_kind())
                })
            }
            (operators::EQUALS | operators::NOT_EQUALS, None, [a, b]) => self.equal(a, b),
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                None,
                [a, b],
            ) => {
                let (left, right) = self.both(a, b)?;
                match left.with(&right).map(|it| it.plain()) {
                    Some(Type::Int | Type::Text | Type::Time | Type::Span) => Some(Type::Bool),
                    _ => self.unlike(expression, name, &left, &right),
                }
            }
            (operators::ADD, None, [a, b]) => {
                let (left, right) = self.both(a, b)?;
                match (left.plain(), right.plain()) {
                    (Type::Int, Type::Int) => Some(Type::Int),
                    (Type::Text, Type::Text) => Some(Type::Text),
                    (Type::Time, Type::Span) | (Type::Span, Type::Time) => Some(Type::Time),
                    (Type::Span, Type::Span) => Some(Type::Span),
                    _ => self.unlike(expression, name, &left, &right),
                }
            }
            (operators::SUBSTRACT, None, [a, b]) => {
                let (left, right) = self.both(a, b)?;
                match (&left, &right) {
                    (Type::Int, Type::Int) => Some(Type::Int),
                    (Type::Time, Type::Time) | (Type::Span, Type::Span) => Some(Type::Span),
                    (Type::Time, Type::Span) => Some(Type::Time),
                    _ => self.unlike(expression, name, &left, &right),
                }
            }
            (operators::MULTIPLY | operators::DIVIDE | operators::MODULO, None, [a, b]) => {
                let (a, b) = (self.must(a, &Type::Int), self.must(b, &Type::Int));
                a.and(b)
            }
            (operators::IN, None, [one, all]) => self.is_in(one, all),
            (operators::INDEX, None, [all, index]) => match self.of(all)? {
                Type::List(of) => self.must(index, &Type::Int).map(|_| *of),
                Type::Map(of) => self.must(index, &Type::Text).map(|_| *of),
                other => {
                    self.say(self.start(all), format!("{other} holds nothing that `[…]` could find"), None)
                }
            },
            ("has", None, [it]) => match &it.expr {
                Expr::Select(select) if !select.test => {
                    let operand = self.of(&select.operand)?;
                    self.field(it, &operand, &select.field).map(|_| Type::Bool)
                }
                _ => {
                    let help = Some("such as `has(access.ends)`".to_owned());
                    self.say(self.start(it), "`has(…)` asks whether a field is there", help)
                }
            },
            ("size", None, [it]) | ("size", Some(it), []) => match self.of(it)?.plain() {
                Type::Text | Type::List(_) | Type::Map(_) => Some(Type::Int),
                other => self.say(self.start(it), format!("{other} has no size"), None),
            },
            ("startsWith" | "endsWith" | "contains", Some(target), [it]) => {
                let (a, b) = (self.must(target, &Type::Text), self.must(it, &Type::Text));
                a.and(b).map(|_| Type::Bool)
            }
            ("matches", Some(target), [it]) => {
                let (a, b) = (self.must(target, &Type::Text), self.pattern(it));
                a.and(b).map(|()| Type::Bool)
            }
            ("timestamp", None, [it]) => self.constant(it, name, "2027-01-31T00:00:00Z").map(|()| Type::Time),
            ("duration", None, [it]) => self.constant(it, name, "720h").map(|()| Type::Span),
            ("all" | "exists" | "exists_one" | "filter" | "map", Some(range), [variable, body]) => {
                self.over((expression, name), range, variable, body)
            }
            _ => self.unknown(expression, call),
        }
    }

    fn unknown(&mut self, expression: &IdedExpr, call: &CallExpr) -> Option<Type> {
        let name = call.func_name.as_str();
        let at = self.name(self.own(expression), name);
        if !FUNCTIONS.contains(&name) {
            let known = || format!("known: {}", FUNCTIONS.join(", "));
            let help = did_you_mean(name, FUNCTIONS).unwrap_or_else(known);
            return self.say(at, format!("there is no function `{name}`"), Some(help));
        }
        let form = match name {
            "has" => "has(access.ends)",
            "size" => "size(access.through)",
            "timestamp" => "timestamp(\"2027-01-31T00:00:00Z\")",
            "duration" => "duration(\"720h\")",
            "all" | "exists" | "exists_one" | "filter" => "access.through.exists(it, it.managed)",
            "map" => "access.through.map(it, it.group)",
            _ => "access.role.startsWith(\"Company\")",
        };
        self.say(at, format!("`{name}` is not called like this"), Some(format!("such as `{form}`")))
    }

    fn both(&mut self, a: &IdedExpr, b: &IdedExpr) -> Option<(Type, Type)> {
        let (a, b) = (self.of(a), self.of(b));
        a.zip(b)
    }

    /// Its type, if it is this one.
    fn must(&mut self, expression: &IdedExpr, wanted: &Type) -> Option<Type> {
        let found = self.of(expression)?;
        match found.plain() == *wanted {
            true => Some(wanted.clone()),
            false => {
                self.say(self.start(expression), format!("{wanted} belongs here, and this is {found}"), None)
            }
        }
    }

    fn unlike<T>(&mut self, expression: &IdedExpr, operator: &str, left: &Type, right: &Type) -> Option<T> {
        let sign = operator.trim_matches('_');
        self.say(self.own(expression), format!("`{sign}` is not for {left} and {right}"), None)
    }

    fn equal(&mut self, a: &IdedExpr, b: &IdedExpr) -> Option<Type> {
        let (left, right) = self.both(a, b)?;
        self.word(&left, b)?;
        self.word(&right, a)?;
        match left.with(&right) {
            Some(both) if both.has_records() => {
                let help = Some("compare their fields".to_owned());
                self.say(self.start(a), format!("{both} cannot be compared as a whole"), help)
            }
            Some(_) => Some(Type::Bool),
            None => {
                let message = format!("{left} never equals {right}");
                self.say(self.start(b), message, None)
            }
        }
    }

    /// A text that is compared with one of some words is one of them: anything else is never so, or always.
    fn word(&mut self, words: &Type, other: &IdedExpr) -> Option<()> {
        let (Type::Word(words), Expr::Literal(LiteralValue::String(text))) = (words, &other.expr) else {
            return Some(());
        };
        if words.contains(&text.inner()) {
            return Some(());
        }
        let near = did_you_mean(text.inner(), words.iter().copied());
        let help = near.unwrap_or_else(|| format!("it is one of: {}", words.join(", ")));
        self.say(self.start(other), format!("it is never `{}`", text.inner()), Some(help))
    }

    fn is_in(&mut self, one: &IdedExpr, all: &IdedExpr) -> Option<Type> {
        let (element, list) = self.both(one, all)?;
        if let Expr::List(it) = &all.expr {
            for it in &it.elements {
                self.word(&element, it)?;
            }
        }
        if let Type::List(of) = &list {
            self.word(of, one)?;
        }
        let fits = match &list {
            Type::List(of) => of.with(&element).is_some_and(|it| !it.has_records()),
            Type::Map(_) => element.plain() == Type::Text,
            _ => {
                let message = format!("`in` looks into a list, and this is {list}");
                return self.say(self.start(all), message, None);
            }
        };
        match fits {
            true => Some(Type::Bool),
            false => self.say(self.start(one), format!("{element} is never in {list}"), None),
        }
    }

    /// A loop over a list, or over the names of a map.
    fn over(
        &mut self,
        (expression, name): (&IdedExpr, &str),
        range: &IdedExpr,
        variable: &IdedExpr,
        body: &IdedExpr,
    ) -> Option<Type> {
        let of = match self.of(range)? {
            Type::List(of) => *of,
            Type::Map(_) => Type::Text,
            other => {
                let message = format!("`{name}` goes through a list, and this is {other}");
                return self.say(self.start(range), message, None);
            }
        };
        let Expr::Ident(called) = &variable.expr else {
            let help = Some(format!("such as `{name}(it, it == \"…\")`"));
            return self.say(self.start(variable), "the first of the two is a name", help);
        };
        if Subject::ALL.iter().any(|it| it.as_str() == called) || self.names.iter().any(|it| it.0 == *called)
        {
            let help = Some("call it something else".to_owned());
            return self.say(self.start(variable), format!("`{called}` means something already"), help);
        }
        if self.loops == MOST_LOOPS {
            let at = self.name(self.own(expression), name);
            let message = format!("loops stand in each other more than {MOST_LOOPS} deep");
            return self.say(at, message, Some("make several rules of it".to_owned()));
        }
        self.names.push((called.clone(), of.clone()));
        self.loops += 1;
        let found = if name == "map" { self.of(body) } else { self.must(body, &Type::Bool) };
        self.loops -= 1;
        self.names.pop();
        let found = found?;
        Some(match name {
            "map" => Type::List(Box::new(found)),
            "filter" => Type::List(Box::new(of)),
            _ => Type::Bool,
        })
    }

    /// A regular expression that is written out, and not too large.
    fn pattern(&mut self, expression: &IdedExpr) -> Option<()> {
        let Expr::Literal(LiteralValue::String(text)) = &expression.expr else {
            let help = Some("it is checked before anything is read".to_owned());
            return self.say(self.start(expression), "the pattern of `matches` is written out", help);
        };
        let text = text.inner();
        let limits = |it: &str| -> Result<Regex, regex::Error> {
            RegexBuilder::new(it)
                .size_limit(MOST_OF_PATTERN)
                .dfa_size_limit(MOST_OF_PATTERN)
                .nest_limit(20)
                .build()
        };
        match limits(text) {
            Ok(regex) => {
                self.check.patterns.insert(text.into(), regex);
                Some(())
            }
            Err(regex::Error::CompiledTooBig(_)) => {
                self.say(self.start(expression), "this regular expression is too large", None)
            }
            Err(error) => {
                let said = error.to_string();
                let why = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.say(self.start(expression), format!("this is not a regular expression: {why}"), None)
            }
        }
    }

    /// An instant or a length of time that is written out.
    fn constant(&mut self, expression: &IdedExpr, name: &str, example: &str) -> Option<()> {
        let help = Some(format!("such as `{name}(\"{example}\")`"));
        let Expr::Literal(LiteralValue::String(text)) = &expression.expr else {
            let message = format!("what `{name}` is of is written out");
            return self.say(self.start(expression), message, help);
        };
        let call =
            Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args: vec![expression.clone()] });
        let whole = IdedExpr { id: 0, expr: call };
        match cel::Value::resolve(&whole, &cel::Context::default()) {
            Ok(_) => Some(()),
            Err(_) => {
                let what = if name == "timestamp" { "an instant" } else { "a length of time" };
                self.say(self.start(expression), format!("`{}` is not {what}", text.inner()), help)
            }
        }
    }
}

fn one_kind() -> Option<String> {
    Some("both have to be of one kind".to_owned())
}

impl Type {
    fn of(field: &Field) -> Self {
        match field.holds {
            Holds::Bool => Self::Bool,
            Holds::Text => Self::Text,
            Holds::Number => Self::Int,
            Holds::Word(words) => Self::Word(words),
            Holds::Time => Self::Time,
            Holds::Texts => Self::List(Box::new(Self::Text)),
            Holds::TextsByName => Self::Map(Box::new(Self::List(Box::new(Self::Text)))),
            Holds::One(record) => Self::Record(record),
            Holds::Many(record) => Self::List(Box::new(Self::Record(record))),
        }
    }

    /// The same where it does not matter which words.
    fn plain(&self) -> Self {
        match self {
            Self::Word(_) => Self::Text,
            other => other.clone(),
        }
    }

    /// What both are.
    fn with(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Anything, it) | (it, Self::Anything) => Some(it.clone()),
            (Self::List(a), Self::List(b)) => a.with(b).map(|it| Self::List(Box::new(it))),
            (Self::Map(a), Self::Map(b)) => a.with(b).map(|it| Self::Map(Box::new(it))),
            (a, b) if a == b => Some(a.clone()),
            (a, b) if a.plain() == b.plain() => Some(a.plain()),
            _ => None,
        }
    }

    fn has_records(&self) -> bool {
        match self {
            Self::Record(_) => true,
            Self::List(of) | Self::Map(of) => of.has_records(),
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Int => f.write_str("a number"),
            Self::Text => f.write_str("a text"),
            Self::Word(words) => write!(f, "a text ({})", words.join(", ")),
            Self::Time => f.write_str("an instant"),
            Self::Span => f.write_str("a length of time"),
            Self::List(of) if **of == Self::Anything => f.write_str("a list"),
            Self::List(of) => write!(f, "a list ({of})"),
            Self::Map(of) => write!(f, "a mapping ({of})"),
            Self::Record(record) => write!(f, "`{}`", record.name),
            Self::Anything => f.write_str("anything"),
        }
    }
}
