//! JSON Schemas of the published files, generated from the types that read and write them.
//!
//! In two drafts that say the same: draft 7, which the YAML plugins of all editors read, and 2020-12.

use std::fmt;

use schemars::{
    JsonSchema,
    generate::{SchemaGenerator, SchemaSettings},
};
use serde_json::{Value, json};

use crate::{
    files::{
        access::AccessFile,
        fixtures::FixtureFile,
        workspace::{PolicyFile, WorkspaceFile},
    },
    live::snapshot::Snapshot,
    report::document::{Document, answer, explanation, facts, history, moments, review, upcoming, users},
};

mod order;
mod snippets;
mod vocabulary;

pub use vocabulary::Vocabulary;

/// What a schema is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An access file.
    Access,
    /// An answer as JSON.
    Answer,
    /// A difference between two snapshots as JSON.
    Difference,
    /// What begins and ends as JSON.
    Expiring,
    /// An explanation as JSON.
    Explanation,
    /// What rules look at, as `policy facts` prints it.
    Facts,
    /// A history as JSON.
    History,
    /// A plan as JSON: what `--format json` prints and `plan --out` saves.
    Plan,
    /// A policy: what `--policy` names.
    Policy,
    /// Tests of rules: what `policy test` runs.
    PolicyTests,
    /// A review as JSON.
    Review,
    /// A snapshot: what `rolecall snapshot` takes.
    Snapshot,
    /// What is held of a person as JSON.
    User,
    /// People as JSON.
    Users,
    /// What is held of a person as files: what they are.
    UsersExport,
    /// What became of a part of a person as JSON.
    UsersPut,
    /// `rolecall.yaml`.
    Workspace,
}

impl Kind {
    /// In the order of their names.
    pub const ALL: [Self; 17] = [
        Self::Access,
        Self::Answer,
        Self::Difference,
        Self::Expiring,
        Self::Explanation,
        Self::Facts,
        Self::History,
        Self::Plan,
        Self::Policy,
        Self::PolicyTests,
        Self::Review,
        Self::Snapshot,
        Self::User,
        Self::Users,
        Self::UsersExport,
        Self::UsersPut,
        Self::Workspace,
    ];

    /// Returns the name in files and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Answer => "answer",
            Self::Difference => "difference",
            Self::Expiring => "expiring",
            Self::Explanation => "explanation",
            Self::Facts => "facts",
            Self::History => "history",
            Self::Plan => "plan",
            Self::Policy => "policy",
            Self::PolicyTests => "policy-tests",
            Self::Review => "review",
            Self::Snapshot => "snapshot",
            Self::User => "user",
            Self::Users => "users",
            Self::UsersExport => "users-export",
            Self::UsersPut => "users-put",
            Self::Workspace => "workspace",
        }
    }

    /// Returns whether people write such a file, in an editor.
    pub fn is_written(self) -> bool {
        match self {
            Self::Access | Self::Policy | Self::PolicyTests | Self::Workspace => true,
            Self::Answer
            | Self::Difference
            | Self::Expiring
            | Self::Explanation
            | Self::Facts
            | Self::History
            | Self::Plan
            | Self::Review
            | Self::Snapshot
            | Self::User
            | Self::Users
            | Self::UsersExport
            | Self::UsersPut => false,
        }
    }
}

/// The language a schema is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Draft {
    /// Draft 7: what every editor reads.
    #[default]
    Seven,
    /// 2020-12.
    TwentyTwenty,
}

impl Draft {
    /// Returns its name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seven => "draft-07",
            Self::TwentyTwenty => "2020-12",
        }
    }

    /// Returns the key under which a schema keeps its parts.
    fn definitions(self) -> &'static str {
        match self {
            Self::Seven => "definitions",
            Self::TwentyTwenty => "$defs",
        }
    }

    fn generator(self, kind: Kind) -> SchemaGenerator {
        let mut settings = match self {
            Self::Seven => SchemaSettings::draft07(),
            Self::TwentyTwenty => SchemaSettings::draft2020_12(),
        };
        if kind.is_written() {
            // In draft 7 only words stand beside a reference; those are taken up by editors, and an `allOf` around it is not.
            settings.transforms.clear();
        }
        settings.into_generator()
    }
}

/// A schema as JSON.
#[derive(Clone, Debug)]
pub struct Schema {
    kind: Kind,
    draft: Draft,
    schema: Value,
}

/// Returns the schema of a kind of file.
pub fn schema(kind: Kind, draft: Draft) -> Schema {
    let schema = match kind {
        Kind::Access => of::<AccessFile>(kind, draft),
        Kind::Answer => of::<answer::Document>(kind, draft),
        Kind::Difference => of::<moments::Document>(kind, draft),
        Kind::Expiring => of::<upcoming::Document>(kind, draft),
        Kind::Explanation => of::<explanation::Document>(kind, draft),
        Kind::Facts => of::<facts::Document>(kind, draft),
        Kind::History => of::<history::Document>(kind, draft),
        Kind::Plan => of::<Document>(kind, draft),
        Kind::Policy => of::<PolicyFile>(kind, draft),
        Kind::PolicyTests => of::<FixtureFile>(kind, draft),
        Kind::Review => of::<review::Document>(kind, draft),
        Kind::Snapshot => of::<Snapshot>(kind, draft),
        Kind::User => of::<users::Shown<'_>>(kind, draft),
        Kind::Users => of::<users::List<'_>>(kind, draft),
        Kind::UsersExport => of::<users::Manifest<'_>>(kind, draft),
        Kind::UsersPut => of::<users::Replaced<'_>>(kind, draft),
        Kind::Workspace => of::<WorkspaceFile>(kind, draft),
    };
    let mut schema = Schema { kind, draft, schema };
    if kind.is_written() {
        words(&mut schema.schema);
        schema.name("");
        snippets::add(kind, &mut schema.schema);
    }
    schema
}

/// The schemas that the files of a workspace name for editors, each by its path in the workspace.
pub fn of_a_workspace() -> [(&'static str, String); 2] {
    let text = |kind| schema(kind, Draft::default()).to_string();
    [
        ("schemas/workspace.schema.json", text(Kind::Workspace)),
        ("schemas/access.schema.json", text(Kind::Access)),
    ]
}

fn of<T: JsonSchema>(kind: Kind, draft: Draft) -> Value {
    let schema = draft.generator(kind).into_root_schema_for::<T>();
    let mut schema = Value::from(schema);
    without_nulls(&mut schema);
    without_sources(&mut schema);
    schema
}

impl Schema {
    /// Returns the schema with the names of a company: only what it knows can be written, or an id.
    #[must_use]
    pub fn knowing(mut self, vocabulary: &Vocabulary) -> Self {
        self.name(":live");
        vocabulary.tell(&mut self.schema[self.draft.definitions()]);
        self
    }

    /// Gives the schema an address; no server is behind it.
    fn name(&mut self, suffix: &str) {
        let id = format!("urn:rolecall:schema:{}:{}{suffix}", self.kind.as_str(), self.draft.as_str());
        self.schema["$id"] = id.into();
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = &self.schema;
        if self.kind.is_written() {
            writeln!(f, "{}", order::Ordered::new(schema))
        } else {
            writeln!(f, "{schema:#}")
        }
    }
}

/// Makes a choice of words one list with what each means: editors offer a key with a value only where they find its type.
fn words(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            let options = keys.get("oneOf").and_then(Value::as_array);
            let word = |it: &Value| Some((it.get("const")?.clone(), it.get("description")?.clone()));
            if let Some(found) = options.and_then(|it| it.iter().map(word).collect::<Option<Vec<_>>>()) {
                let (words, meanings): (Vec<Value>, Vec<Value>) = found.into_iter().unzip();
                keys.remove("oneOf");
                keys.extend([
                    ("type".to_owned(), "string".into()),
                    ("enum".to_owned(), words.into()),
                    ("enumDescriptions".to_owned(), meanings.into()),
                ]);
            }
            keys.values_mut().for_each(self::words);
        }
        Value::Array(items) => items.iter_mut().for_each(self::words),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// Takes null out of every type: a key is given a value or left out.
fn without_nulls(schema: &mut Value) {
    let is_null = |it: &Value| *it == json!("null") || *it == json!({ "type": "null" });
    match schema {
        Value::Object(keys) => {
            for (key, value) in keys.iter_mut() {
                if let (Value::Array(options), "type" | "anyOf") = (&mut *value, key.as_str()) {
                    options.retain(|it| !is_null(it));
                    if let ("type", [one]) = (key.as_str(), &options[..]) {
                        *value = one.clone();
                    }
                }
                without_nulls(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// Takes out which section of the wire contract a description rests on: that is for whoever reads the code.
fn without_sources(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            if let Some(Value::String(text)) = keys.get_mut("description") {
                while let Some(from) = text.find(" (contract §") {
                    let end = text[from..].find(')').map_or(text.len(), |it| from + it + 1);
                    text.replace_range(from..end, "");
                }
            }
            keys.values_mut().for_each(without_sources);
        }
        Value::Array(items) => items.iter_mut().for_each(without_sources),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}
