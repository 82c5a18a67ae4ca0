//! What a question over everybody's access is answered, as a JSON document: its form, and how it is written.
//!
//! Fields may be added within version 1; none is renamed, removed or given another meaning. What is absent is left out,
//! never null.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    acting::{Act, act, role},
    review::{Group, Through, group, through},
    writing::compacted,
};
use crate::{
    model::{
        direct::DirectRoles,
        ids::{CompanyId, RoleId},
        json::{self, compact},
        observed::{RoleHead, User},
        permissions::Permissions,
        plan::Names,
        scope::Scope,
    },
    plan::{
        question::{Actors, Question, Side},
        review::{Person, Way},
    },
    report::render::{answer::AnswerView, json::Origin, review::ReviewView},
};

/// What tells the document from the others that rolecall prints.
const KIND: &str = "answer";

/// What `who-can`, `who-has`, `groups`, `roles` or `people` was answered.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall answer")]
pub(crate) struct Document {
    /// The version of this form: 1. Fields may be added to it.
    version: u32,
    /// What this document is: `answer`.
    kind: &'static str,
    /// When it was made: `SOURCE_DATE_EPOCH`, or else the time that the run went by.
    created_at: Timestamp,
    /// What dates were compared with, where `--now` said so; left out where it was the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<Timestamp>,
    /// When the snapshot was taken that it is made from; left out where the API was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Timestamp>,
    /// The version of the rolecall that made it.
    tool: &'static str,
    /// The URL of the API, or the word `sandbox`.
    endpoint: Box<str>,
    question: Asked,
    /// Whether it is about what there is, or about what there will be once the files are applied.
    side: SideWord,
    /// The companies whose groups were looked at.
    companies: Vec<CompanyId>,
    /// Of `who-can` and `who-has`: a row for each person, role and way to it; sorted by company and person.
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<Vec<Access>>,
    /// Of `who-can act-for:PERSON`: a row for each person and way.
    #[serde(skip_serializing_if = "Option::is_none")]
    acting: Option<Vec<Act>>,
    /// Of `groups`: sorted by company, name and id.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group>>,
    /// Of `roles`: sorted by company, name and id.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<Role>>,
    /// Of `people`: sorted by company and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<Vec<Somebody>>,
    /// What was not seen, in whole sentences.
    unseen: Vec<String>,
    /// What it comes to, for people.
    message: String,
    /// Names for the ids of this document.
    names: Names,
}

/// What was asked.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Question")]
struct Asked {
    /// The command, such as `who-can`.
    command: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Box<str>>,
    /// The person that others may act for.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Box<str>>,
    /// The name, id or type of a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Box<str>>,
    /// The pattern of names.
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<Box<str>>,
    /// About which travellers; left out where about all.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Side")]
enum SideWord {
    Live,
    Desired,
}

/// Somebody who holds something, and one way to it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Access {
    /// Whose groups and directory these are; the person may be another's.
    of_company: CompanyId,
    #[serde(flatten)]
    user: User,
    /// Where the files cut the person off everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_out: Option<Origin>,
    /// The role; left out of one outside groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_id: Option<RoleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Box<str>>,
    /// Whether it is privileged.
    privileged: bool,
    /// What of it was asked for: the actions of each permission; left out where the API does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Permissions>,
    /// Where the group gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scope>")]
    scope: Option<Box<RawValue>>,
    /// The membership that gives it; left out of one outside groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<Through>,
    /// The line that asks for the group to have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_origin: Option<Origin>,
    /// Of a role outside groups, as elements of the API's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    direct_role: Option<DirectRoles>,
}

/// A role that a company may assign.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Role {
    company: CompanyId,
    #[serde(flatten)]
    role: RoleHead,
    privileged: bool,
    /// How many groups hold it.
    groups: usize,
    /// How many people have it through groups.
    people: usize,
}

/// Somebody, in a line.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Person")]
struct Somebody {
    of_company: CompanyId,
    #[serde(flatten)]
    user: User,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_out: Option<Origin>,
    privileged: bool,
    /// The roles that groups give.
    role_ids: Vec<RoleId>,
    /// The groups that give them.
    groups: Vec<Box<str>>,
    /// The types of roles held outside groups; left out where that was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    direct_roles: Option<Vec<Box<str>>>,
}

/// Returns the document, with a newline at the end: a row a line.
pub fn write(view: &AnswerView<'_>) -> String {
    let (answer, review) = (view.answer, view.review());
    let is = |wanted: bool| wanted.then_some(());
    let holders = is(answer.question.is_about_holders());
    let roles = is(matches!(answer.question, Question::Roles(_)));
    let people = is(matches!(answer.question, Question::People(_)));
    let groups = is(matches!(answer.question, Question::Groups(_)));
    let all = || answer.review.people.iter();
    let said = view.said();
    json::rows(&Document {
        version: 1,
        kind: KIND,
        created_at: view.now.dated,
        now: view.now.is_given.then_some(view.now.at),
        snapshot: view.taken,
        tool: env!("CARGO_PKG_VERSION"),
        endpoint: view.url.into(),
        question: asked(&answer.question, answer.reach.clone()),
        side: match answer.side {
            Side::Live => SideWord::Live,
            Side::Desired => SideWord::Desired,
        },
        companies: answer.review.companies.iter().map(|it| it.id).collect(),
        access: holders.map(|()| all().flat_map(|it| access(it, view, &review)).collect()),
        acting: answer.actors.as_ref().map(|it| acting(it, view)),
        groups: groups.map(|()| view.shown_groups().map(|it| group(it, &review)).collect()),
        roles: roles.map(|()| {
            let role = |(company, role, groups, people): (CompanyId, &RoleHead, usize, usize)| Role {
                company,
                role: role.clone(),
                privileged: answer.review.privileged.contains(&(company, role.id)),
                groups,
                people,
            };
            view.shown_roles().into_iter().map(role).collect()
        }),
        people: people.map(|()| all().map(|it| somebody(it, &review)).collect()),
        unseen: said.unseen,
        message: said.summary,
        names: answer.review.names.clone(),
    })
}

fn acting(it: &Actors, view: &AnswerView<'_>) -> Vec<Act> {
    let acting = &it.acting;
    let own = acting.others.iter().map(|it| act(it, acting, view.sources));
    own.chain(acting.everybody.iter().map(|(who, it)| role(*who, it, acting, view.sources))).collect()
}

fn asked(question: &Question, scope: Option<Scope>) -> Asked {
    let mut asked =
        Asked { command: "", permission: None, action: None, person: None, role: None, names: None, scope };
    let names =
        |pattern: &Option<crate::files::declared::Pattern>| pattern.as_ref().map(|it| it.text().into());
    match question {
        Question::Can(ability) => {
            asked.command = "who-can";
            asked.permission = Some(ability.permission.clone());
            asked.action.clone_from(&ability.action);
        }
        Question::ActsFor(person) => {
            asked.command = "who-can";
            asked.person = Some(person.to_string().into());
        }
        Question::Has(role) => {
            asked.command = "who-has";
            asked.role = Some(role.clone());
        }
        Question::Groups(pattern) => (asked.command, asked.names) = ("groups", names(pattern)),
        Question::Roles(pattern) => (asked.command, asked.names) = ("roles", names(pattern)),
        Question::People(pattern) => (asked.command, asked.names) = ("people", names(pattern)),
    }
    asked
}

fn access(person: &Person, view: &AnswerView<'_>, review: &ReviewView<'_>) -> Vec<Access> {
    let answer = &view.answer.review;
    let row = || Access {
        of_company: person.company,
        user: person.user.clone(),
        locked_out: person.locked_out.map(|it| Origin::new(it, view.sources)),
        role_id: None,
        role: None,
        privileged: false,
        permissions: None,
        scope: None,
        through: None,
        role_origin: None,
        direct_role: None,
    };
    let way = |role: RoleId, way: &Way| Access {
        role_id: Some(role),
        role: answer.names.roles.get(&role).cloned(),
        privileged: answer.privileged.contains(&(person.company, role)),
        permissions: view.permissions(person.company, role),
        scope: Some(compact(&way.scope.to_wire())),
        through: Some(through(way, review)),
        role_origin: way.granted.map(|it| Origin::new(it, view.sources)),
        ..row()
    };
    let ways = person.effects.iter().flat_map(|it| it.through.iter().map(move |through| (it.role, through)));
    let direct = person.direct.iter().flat_map(DirectRoles::iter).map(|it| Access {
        privileged: answer.privileged_direct.contains(it.kind().role_type()),
        direct_role: Some(compacted(&DirectRoles::new([it.clone()]))),
        ..row()
    });
    ways.map(|(role, through)| way(role, through)).chain(direct).collect()
}

fn somebody(person: &Person, review: &ReviewView<'_>) -> Somebody {
    let through = person.effects.iter().flat_map(|it| &it.through);
    let groups: std::collections::BTreeSet<usize> = through.map(|it| it.group).collect();
    Somebody {
        of_company: person.company,
        user: person.user.clone(),
        locked_out: person.locked_out.map(|it| Origin::new(it, review.sources)),
        privileged: review.is_privileged(person),
        role_ids: person.effects.iter().map(|it| it.role).collect(),
        groups: groups.into_iter().map(|it| review.review.groups[it].name.clone()).collect(),
        direct_roles: person.direct.as_ref().map(DirectRoles::types),
    }
}
