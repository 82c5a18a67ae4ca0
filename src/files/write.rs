//! Declarations to YAML: what a workspace and its access files shall say, as values and as text.
//!
//! Writes text, never a file, and decides nothing: how each thing is named was decided by whoever drafted it.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{
    escape,
    ids::{GroupId, PersonRef},
    scope::Scope,
    selector::Attribute,
};

use super::{
    declared::{ProvidedBy, RoleRef},
    yaml::{Noted, Style, Yaml},
};

mod direct;
pub(crate) mod naming;
mod scope;
mod workspace;

pub use direct::{DraftDirect, DraftTraveller};
pub use scope::Known;
pub(crate) use scope::person;
pub use workspace::{Alias, DraftWorkspace};

pub(crate) use workspace::alias_entry;
use workspace::schema_line;

/// From how many things on a scope that several roles have gets a name: what names less is as short without.
const WORTH_A_NAME: usize = 2;

/// An access file to be written.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DraftFile {
    /// Where it belongs: below the folder of the workspace, with `/` between folders.
    pub path: String,
    /// Lines on top, of no more than one line each.
    pub comments: Vec<String>,
    /// The name of the company, where it is not the one of the workspace.
    pub company: Option<Box<str>>,
    pub groups: Vec<DraftGroup>,
    pub users: Vec<DraftUser>,
}

/// A group to be written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DraftGroup {
    /// Lines above it.
    pub comments: Vec<String>,
    /// What stands beside its name.
    pub remark: Option<String>,
    pub name: Box<str>,
    /// Where the name alone would not do.
    pub id: Option<GroupId>,
    /// Left out only where the roles are not managed.
    pub description: Option<Box<str>>,
    /// `None`: unmanaged.
    pub grants: Option<Vec<DraftGrant>>,
    pub members: Vec<DraftPerson>,
    /// Members that no file can name, for people: they stay, by a list that says "at least".
    pub others: Vec<String>,
}

/// A role on a scope, to be written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DraftGrant {
    pub role: RoleRef,
    /// What the role is called.
    pub called: Box<str>,
    pub scope: Arc<Scope>,
}

/// A person to be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DraftPerson {
    /// How a file names the person.
    pub person: PersonRef,
    /// Who that is, where the key does not say.
    pub who: Option<String>,
}

/// A person with what the person is and holds outside groups, to be written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DraftUser {
    pub user: DraftPerson,
    pub external_id: Option<Box<str>>,
    /// What the company says, as keys with ids or their names.
    pub business: Vec<(Attribute, Box<str>)>,
    /// `None`: nothing is said of direct roles.
    pub roles: Option<Vec<DraftDirect>>,
    /// Direct roles that no file can name, for people: they stay, by a list that says "at least".
    pub others: Vec<String>,
}

/// The named scopes of one file: those that several of its roles have.
pub(crate) type Named = BTreeMap<Arc<Scope>, String>;

impl DraftFile {
    /// The lines of the file.
    pub fn text(&self, known: &Known) -> String {
        let named = self.named(known);
        let lines = self.comments.iter().map(|it| comment(it));
        let schema =
            [schema_line(self.path.matches('/').count(), "access")].into_iter().chain(lines).collect();
        let version = Noted { above: schema, ..Yaml::Scalar("1".to_owned()).into() };
        let mut keys = vec![("version".to_owned(), version)];
        if let Some(company) = &self.company {
            keys.push(("company".to_owned(), Yaml::text(company).into()));
        }
        if !named.is_empty() {
            let mut scopes: Vec<(&str, &Scope)> = named.iter().map(|it| (&**it.1, &**it.0)).collect();
            scopes.sort_unstable();
            let scopes = scopes
                .into_iter()
                .filter_map(|(name, scope)| Some((super::yaml::scalar(name), known.scope(scope)?.into())));
            keys.push(("scopes".to_owned(), apart(Yaml::Map(Style::Block, scopes.collect()))));
        }
        if !self.groups.is_empty() {
            let groups = self.groups.iter().map(|it| it.entry(known, &named));
            keys.push(("groups".to_owned(), apart(blocks(groups))));
        }
        if !self.users.is_empty() {
            keys.push(("users".to_owned(), apart(blocks(self.users.iter().map(DraftUser::entry)))));
        }
        Yaml::Map(Style::Block, keys).document()
    }

    /// The scopes that deserve a name in this file.
    pub(crate) fn named(&self, known: &Known) -> Named {
        let mut uses: BTreeMap<&Arc<Scope>, usize> = BTreeMap::new();
        for grant in self.groups.iter().flat_map(|it| it.grants.iter().flatten()) {
            *uses.entry(&grant.scope).or_default() += 1;
        }
        let repeated = uses.into_iter().filter(|it| it.1 > 1 && Known::size(it.0) >= WORTH_A_NAME);
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        let named = repeated.map(|(scope, _)| {
            let title =
                Some(known.title(scope)).filter(|it| !it.is_empty()).unwrap_or_else(|| "scope".to_owned());
            let count = taken.entry(title.clone()).or_default();
            *count += 1;
            let name = if *count == 1 { title } else { format!("{title}-{count}") };
            (scope.clone(), name)
        });
        named.collect()
    }
}

impl DraftGroup {
    /// A group of this name, of which nothing is managed and nobody is a member.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            comments: Vec::new(),
            remark: None,
            name: name.into(),
            id: None,
            description: None,
            grants: None,
            members: Vec::new(),
            others: Vec::new(),
        }
    }

    /// The group as an entry of `groups:`.
    pub(crate) fn entry(&self, known: &Known, named: &Named) -> Noted {
        let name = Noted { beside: self.remark.as_deref().map(comment), ..Yaml::prose(&self.name).into() };
        let mut keys = vec![("name".to_owned(), name)];
        if let Some(id) = self.id {
            keys.push(("id".to_owned(), Yaml::text(&id).into()));
        }
        if let Some(description) = &self.description {
            keys.push(("description".to_owned(), Yaml::prose(description).into()));
        }
        let roles = match &self.grants {
            None => Yaml::text("unmanaged"),
            Some(grants) => {
                let mut grants: Vec<&DraftGrant> = grants.iter().collect();
                grants.sort_by_key(|it| (&it.called, &it.role));
                Yaml::list(Style::Block, grants.into_iter().filter_map(|it| it.entry(known, named)))
            }
        };
        keys.push(("roles".to_owned(), roles.into()));
        let mut members: Vec<&DraftPerson> = self.members.iter().collect();
        members.sort_unstable();
        let members = Yaml::List(Style::Block, members.into_iter().map(DraftPerson::entry).collect());
        keys.push(("members".to_owned(), at_least(members, &self.others)));
        let above = self.comments.iter().map(|it| comment(it)).collect();
        Noted { above, ..Yaml::Map(Style::Block, keys).into() }
    }
}

impl DraftGrant {
    /// The role as an entry of `roles:`; `None` where no file can say its scope.
    pub(crate) fn entry(&self, known: &Known, named: &Named) -> Option<Yaml> {
        let scope = match named.get(&self.scope) {
            Some(name) => Yaml::text(name),
            None => known.scope(&self.scope)?,
        };
        let role = match &self.role {
            RoleRef::Id(id) => Yaml::map(Style::Line, [("id", Yaml::text(id))]),
            RoleRef::Name { name, provided_by: None } => Yaml::text(name),
            RoleRef::Name { name, provided_by: Some(by) } => {
                let by = match by {
                    ProvidedBy::Platform => "platform",
                    ProvidedBy::Company => "company",
                };
                Yaml::map(Style::Line, [("name", Yaml::text(name)), ("providedBy", Yaml::text(by))])
            }
        };
        Some(Yaml::map(Style::Line, [("role", role), ("scope", scope)]))
    }
}

impl DraftPerson {
    /// The person as an entry of a list.
    pub(crate) fn entry(&self) -> Noted {
        Noted { beside: self.who.as_deref().map(comment), ..scope::person(&self.person).into() }
    }
}

impl DraftUser {
    /// A person of whom nothing is said.
    pub(crate) fn new(user: DraftPerson) -> Self {
        Self { user, external_id: None, business: Vec::new(), roles: None, others: Vec::new() }
    }

    /// The person as an entry of `users:`.
    pub(crate) fn entry(&self) -> Noted {
        let mut keys = vec![("user".to_owned(), self.user.entry())];
        if let Some(id) = &self.external_id {
            keys.push((Attribute::ExternalId.as_str().to_owned(), Yaml::text(id).into()));
        }
        if !self.business.is_empty() {
            let business =
                self.business.iter().map(|(attribute, value)| (attribute.as_str(), Yaml::text(value)));
            keys.push(("business".to_owned(), Yaml::map(Style::Line, business).into()));
        }
        if let Some(roles) = &self.roles {
            let roles = Yaml::List(Style::Block, roles.iter().map(|it| it.entry().into()).collect());
            keys.push(("directRoles".to_owned(), at_least(roles, &self.others)));
        }
        Yaml::Map(Style::Block, keys).into()
    }
}

/// A list that is exact, or one that lets others be, who are told.
fn at_least(list: Yaml, others: &[String]) -> Noted {
    if others.is_empty() {
        return list.into();
    }
    let above = others.iter().map(|it| comment(it)).collect();
    let list = Noted { above, ..list.into() };
    Yaml::Map(Style::Block, vec![("atLeast".to_owned(), list)]).into()
}

/// Entries of several lines, with a blank line between them.
fn blocks(entries: impl IntoIterator<Item = Noted>) -> Yaml {
    let mut entries: Vec<Noted> = entries.into_iter().collect();
    entries.iter_mut().skip(1).for_each(|it| it.above.insert(0, String::new()));
    Yaml::List(Style::Block, entries)
}

/// A value with a blank line before it.
fn apart(value: Yaml) -> Noted {
    Noted { above: vec![String::new()], ..value.into() }
}

/// A comment of one line, with nothing in it that acts or hides.
fn comment(text: &str) -> String {
    format!("# {}", escape::terminal(text))
}

#[cfg(test)]
mod tests;
