//! `rolecall.yaml` as it is begun: where, whose, and names for ids.

use uuid::Uuid;

use super::super::{
    WORKSPACE_FILE,
    yaml::{Noted, Style, Yaml, scalar},
};
use crate::model::escape;

/// A workspace file to be written.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DraftWorkspace {
    /// Lines on top, of no more than one line each.
    pub comments: Vec<String>,
    /// A URL, or the word for the embedded API.
    pub endpoint: String,
    /// By its name; `None` where each access file says its own.
    pub company: Option<Box<str>>,
    /// In the order in which they are written.
    pub companies: Vec<Alias>,
    pub legal_entities: Vec<Alias>,
    /// Of departments and the like, each by the key under `ids:`.
    pub units: Vec<(&'static str, Vec<Alias>)>,
}

/// A name for an id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Alias {
    pub name: Box<str>,
    pub id: Uuid,
    /// Whether somebody has to put a real name in its place.
    pub is_placeholder: bool,
    /// What stands beside it.
    pub remark: Option<String>,
}

impl DraftWorkspace {
    /// The lines of the file.
    pub fn text(&self) -> String {
        let apart = |value: Yaml| Noted { above: vec![String::new()], ..value.into() };
        let lines = self.comments.iter().map(|it| format!("# {}", escape::terminal(it)));
        let above = [schema_line(0, "workspace")].into_iter().chain(lines).collect();
        let version = Noted { above, ..Yaml::Scalar("1".to_owned()).into() };
        let api = Yaml::map(Style::Block, [("endpoint", Yaml::prose(&self.endpoint))]);
        let mut keys = vec![("version".to_owned(), version), ("api".to_owned(), apart(api))];
        if let Some(company) = &self.company {
            keys.push(("company".to_owned(), apart(Yaml::text(company))));
        }
        let ids = [("company", &self.companies), ("legalEntity", &self.legal_entities)];
        let units = self.units.iter().map(|(kind, all)| (*kind, all));
        let ids = ids.into_iter().chain(units).filter(|it| !it.1.is_empty());
        let ids: Vec<(String, Noted)> = ids.map(|(kind, all)| (kind.to_owned(), names(all).into())).collect();
        if !ids.is_empty() {
            keys.push(("ids".to_owned(), apart(Yaml::Map(Style::Block, ids))));
        }
        let unmanaged = Noted {
            above: vec![String::new(), "# Groups that no file names: ignore, report or forbid.".to_owned()],
            ..Yaml::text("report").into()
        };
        keys.push(("unmanaged".to_owned(), unmanaged));
        Yaml::Map(Style::Block, keys).document()
    }

    /// The names that somebody has to fill in, each with where it stands (`rolecall.yaml:9`).
    pub fn to_fill_in(&self) -> Vec<(String, &Alias)> {
        let text = self.text();
        let units = self.units.iter().flat_map(|it| &it.1);
        let all = self.companies.iter().chain(&self.legal_entities).chain(units);
        let all = all.filter(|it| it.is_placeholder);
        let placed = all.map(|alias| {
            let begins = format!("{}: {}", scalar(&alias.name), alias.id);
            let line = text.lines().position(|it| it.trim_start().starts_with(&begins));
            (format!("{WORKSPACE_FILE}:{}", line.map_or(1, |it| it + 1)), alias)
        });
        placed.collect()
    }
}

/// The line by which editors find the schema of a file that is so many folders deep.
pub(super) fn schema_line(depth: usize, schema: &str) -> String {
    let up = if depth == 0 { "./".to_owned() } else { "../".repeat(depth) };
    format!("# yaml-language-server: $schema={up}schemas/{schema}.schema.json")
}

/// What stands behind a name.
pub(crate) fn alias_entry(it: &Alias) -> Noted {
    let beside = it.remark.as_deref().map(|it| format!("# {}", escape::terminal(it)));
    Noted { beside, ..Yaml::text(&it.id).into() }
}

fn names(all: &[Alias]) -> Yaml {
    let entry = |it: &Alias| (scalar(&it.name), alias_entry(it));
    Yaml::Map(Style::Block, all.iter().map(entry).collect())
}
