//! Evaluating: a rule over one row, with bounded work.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cel::{
    Context, Env, ExecutionError, IdedExpr, Value,
    common::{
        ast::{EntryExpr, Expr, LiteralValue, operators},
        value::CowVal,
    },
    context::VariableResolver,
    extractors::This,
};
use regex::Regex;

use super::{
    Facts, Part, Rule, Size, inside,
    schema::{self, Subject},
};

/// Most steps for one row.
const MOST_STEPS: usize = 200_000;
/// Most steps for all rows of a rule together.
const MOST_STEPS_IN_ALL: usize = 200_000_000;

/// Regular expressions, by how they are written.
pub(super) type Patterns = BTreeMap<Box<str>, Regex>;

/// What a rule finds of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The row is not chosen, or sound.
    Kept,
    /// The row breaks it.
    Broken,
    /// It could not be evaluated, for this reason.
    Unknown(String),
}

/// What a row says: what people alike share, and what tells them apart.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Of an edit everything.
    pub shared: &'a Facts,
    /// Nothing of an edit.
    pub own: &'a Facts,
}

/// Evaluates one rule over many rows.
pub struct Runner<'r> {
    rule: &'r Rule,
    context: Context<'static, 'static>,
    left: usize,
}

impl<'r> Runner<'r> {
    /// Begins with no work done.
    pub fn new(rule: &'r Rule) -> Self {
        let env = Env::stdlib().with_optional_support(false);
        let mut context = Context::with_env(Arc::new(env));
        let patterns = rule.0.patterns.clone();
        let matches =
            move |This(text): This<Arc<String>>, pattern: Arc<String>| -> Result<bool, ExecutionError> {
                match patterns.get(pattern.as_str()) {
                    Some(it) => Ok(it.is_match(&text)),
                    None => Err(ExecutionError::function_error("matches", "a pattern that nobody checked")),
                }
            };
        let added = context.add_function("matches", matches);
        debug_assert!(added.is_ok(), "the library has no such function");
        Self { rule, context, left: MOST_STEPS_IN_ALL }
    }

    /// What it finds of a row.
    pub fn answer(&mut self, row: Row<'_>) -> Answer {
        let shared = self.of(row, Sort::Shared);
        let of_person = if shared == Answer::Kept { Answer::Kept } else { self.of(row, Sort::Person) };
        all([shared, of_person])
    }

    /// What those parts find that do not look at who a person is: where that is [`Answer::Kept`], all people alike keep the
    /// rule; where no part looks at it, this is the answer of all of them.
    pub fn shared(&mut self, shared: &Facts) -> Answer {
        let nobody = Facts::default();
        self.of(Row { shared, own: &nobody }, Sort::Shared)
    }

    /// What the others find.
    pub fn of_person(&mut self, row: Row<'_>) -> Answer {
        self.of(row, Sort::Person)
    }

    /// Whether any part looks at who a person is.
    pub fn looks_at_people(&self) -> bool {
        self.rule.0.parts.iter().any(|it| it.sort() == Sort::Person)
    }

    fn of(&mut self, row: Row<'_>, sort: Sort) -> Answer {
        let rule = self.rule;
        let mut found = Answer::Broken;
        for part in rule.0.parts.iter().filter(|it| it.sort() == sort) {
            match self.part(part, row) {
                Answer::Kept => return Answer::Kept,
                Answer::Broken => (),
                unknown => found = unknown,
            }
        }
        found
    }

    fn part(&mut self, part: &Part, row: Row<'_>) -> Answer {
        let Size { nodes, loops, longest } = part.size;
        let longest = row.shared.longest().max(row.own.longest()).max(longest);
        let steps = nodes.saturating_mul(longest.saturating_pow(loops));
        if steps > MOST_STEPS || steps > self.left {
            return Answer::Unknown("it takes too much work: its lists are too long".to_owned());
        }
        self.left -= steps;
        let mut context = self.context.new_inner_scope();
        context.set_variable_resolver(&row);
        match Value::resolve(&part.expression, &context) {
            Ok(Value::Bool(true)) => Answer::Broken,
            Ok(Value::Bool(false)) => Answer::Kept,
            Ok(other) => Answer::Unknown(format!("it is {}, not true or false", other.type_of())),
            Err(error) => Answer::Unknown(reason(&error)),
        }
    }
}

/// What several parts come to: false where one is, whatever else.
pub(super) fn all(answers: impl IntoIterator<Item = Answer>) -> Answer {
    let mut found = Answer::Broken;
    for it in answers {
        match it {
            Answer::Kept => return Answer::Kept,
            Answer::Broken => (),
            unknown => found = unknown,
        }
    }
    found
}

/// Without the values of the row: those are personal data.
fn reason(error: &ExecutionError) -> String {
    match error {
        ExecutionError::UndeclaredReference(name) => format!("the row has no `{name}`"),
        ExecutionError::NoSuchKey(name) => format!("there is no `{name}`"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "it divides by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "a number is too large".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "a list is shorter than that".to_owned(),
        _ => "its values do not fit each other".to_owned(),
    }
}

/// What a part looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Nothing that tells people apart.
    Shared,
    Person,
}

impl Part {
    fn sort(&self) -> Sort {
        let is_own = self.fields.iter().any(|it| schema::OF_PERSON.contains(it));
        if is_own { Sort::Person } else { Sort::Shared }
    }
}

/// The sign behind the name of a field that asks whether it is there.
const IS_THERE: char = '?';

impl VariableResolver for Row<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let (_, name) = variable.split_once('.')?;
        let get = |name| self.own.get(name).or_else(|| self.shared.get(name));
        match name.strip_suffix(IS_THERE) {
            Some(name) => Some(CowVal::owned(cel::common::types::CelBool::from(get(name).is_some()))),
            None => get(name).map(CowVal::Borrowed),
        }
    }
}

/// An expression in the parts that have to be true together, with a variable for each field of the row.
pub(super) fn parts(expression: IdedExpr, subject: Subject) -> Vec<Part> {
    let mut found = Vec::new();
    split(expression, &mut |it| {
        let mut part = Part { size: size(&it), expression: it, fields: BTreeSet::new() };
        named(&mut part.expression, subject, &mut part.fields);
        found.push(part);
    });
    found
}

fn split(expression: IdedExpr, take: &mut impl FnMut(IdedExpr)) {
    match expression.expr {
        Expr::Call(it) if it.func_name == operators::LOGICAL_AND => {
            it.args.into_iter().for_each(|it| split(it, take));
        }
        _ => take(expression),
    }
}

/// Whether it says that something is not so.
pub(super) fn is_not(expression: &IdedExpr, field: &str) -> bool {
    let is_field = |it: &IdedExpr| matches!(&it.expr, Expr::Ident(name) if name == field);
    let is_false =
        |it: &IdedExpr| matches!(&it.expr, Expr::Literal(LiteralValue::Boolean(it)) if !*it.inner());
    let Expr::Call(call) = &expression.expr else { return false };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::LOGICAL_NOT, [it]) => is_field(it),
        (operators::EQUALS, [a, b]) => is_field(a) && is_false(b) || is_field(b) && is_false(a),
        _ => false,
    }
}

/// Puts a variable in the place of each field of the row.
fn named(expression: &mut IdedExpr, subject: Subject, fields: &mut BTreeSet<&'static str>) {
    if let Expr::Select(select) = &expression.expr
        && matches!(&select.operand.expr, Expr::Ident(it) if it == subject.as_str())
    {
        let (field, test) = (subject.record().field(&select.field), select.test);
        let Some(field) = field else { return };
        fields.insert(field.name);
        let sign = if test { IS_THERE.to_string() } else { String::new() };
        expression.expr = Expr::Ident(format!("{}.{}{sign}", subject.as_str(), field.name));
        return;
    }
    let mut go = |it: &mut IdedExpr| named(it, subject, fields);
    match &mut expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => (),
        Expr::Call(it) => {
            it.target.as_deref_mut().map(&mut go);
            it.args.iter_mut().for_each(go);
        }
        Expr::Comprehension(it) => {
            [&mut it.iter_range, &mut it.accu_init, &mut it.loop_cond, &mut it.loop_step, &mut it.result]
                .into_iter()
                .for_each(go);
        }
        Expr::List(it) => it.elements.iter_mut().for_each(go),
        Expr::Map(it) => it.entries.iter_mut().for_each(|it| match &mut it.expr {
            EntryExpr::MapEntry(it) => {
                go(&mut it.key);
                go(&mut it.value);
            }
            EntryExpr::StructField(it) => go(&mut it.value),
        }),
        Expr::Struct(_) => (),
        Expr::Select(it) => go(&mut it.operand),
    }
}

/// How many nodes there are, how deep loops stand in each other, and how long the longest list is that is written out.
fn size(expression: &IdedExpr) -> Size {
    let inside = inside(&expression.expr).into_iter().map(size);
    let mut all = inside.fold(Size { nodes: 1, loops: 0, longest: 1 }, |all, it| Size {
        nodes: all.nodes + it.nodes,
        loops: all.loops.max(it.loops),
        longest: all.longest.max(it.longest),
    });
    match &expression.expr {
        // What is gone through is made once.
        Expr::Comprehension(it) => {
            let each = [&it.accu_init, &it.loop_cond, &it.loop_step, &it.result];
            all.loops = all.loops.max(1 + each.into_iter().map(|it| size(it).loops).max().unwrap_or(0));
        }
        // To look into a list is to go through it.
        Expr::Call(it) if it.func_name == operators::IN => all.loops = all.loops.max(1),
        Expr::List(it) => all.longest = all.longest.max(it.elements.len()),
        _ => (),
    }
    all
}
