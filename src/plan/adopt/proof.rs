//! What a plan from changed texts would still do: the same check, bind and difference, against what was read.

use std::collections::{BTreeMap, BTreeSet};

use super::Request;
use crate::{
    files::{
        access::AccessFile,
        check::{Files, check},
        declared::Bare,
        decode,
    },
    model::{
        direct::Kind,
        finding::Finding,
        ids::{CompanyId, GroupId, RoleId, UserId},
        plan::Plan,
        selector::Attribute,
        source::FileId,
        state::{Fact, Key, Owner},
    },
    plan::{bind::bind, diff},
};

/// An edit by what it is about, whatever the numbers of its plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Group(CompanyId, Result<GroupId, Box<str>>, What),
    Person(CompanyId, UserId, What),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Itself,
    Role(RoleId),
    Member(UserId),
    Direct(Box<Kind>),
    Trait(Attribute),
}

impl Name {
    /// The person that it is about, or that is the member.
    pub(super) fn user(&self) -> Option<UserId> {
        match self {
            Self::Group(_, _, What::Member(user)) | Self::Person(_, user, _) => Some(*user),
            Self::Group(..) => None,
        }
    }

    /// The person of whom it says something apart from access.
    pub(super) fn of_person(&self) -> Option<UserId> {
        match self {
            Self::Person(_, user, What::Trait(_)) => Some(*user),
            Self::Person(..) | Self::Group(..) => None,
        }
    }
}

pub(crate) fn name(plan: &Plan, key: &Key) -> Name {
    let what = match &key.fact {
        Fact::Attributes => What::Itself,
        Fact::Grant(role) => What::Role(*role),
        Fact::Member(user) => What::Member(plan.index.user(*user)),
        Fact::Direct(kind) => What::Direct(kind.clone()),
        Fact::Trait(attribute) => What::Trait(*attribute),
    };
    match key.owner {
        Owner::Group(group) => {
            let group = plan.index.group(group);
            Name::Group(group.company, group.id.ok_or_else(|| group.name.clone()), what)
        }
        Owner::Person(person) => {
            let (company, user) = plan.index.person(person);
            Name::Person(company, user, what)
        }
    }
}

/// The edits that are left once files have these texts.
///
/// # Errors
///
/// What would be wrong with the files.
pub(super) fn remaining(
    request: &Request<'_>,
    texts: &BTreeMap<FileId, String>,
) -> Result<BTreeSet<Name>, Vec<Finding>> {
    let mut access = Vec::with_capacity(request.files.access.len());
    for (file, _) in &request.files.access {
        let text = texts.get(file).unwrap_or(&request.sources.file(*file).text);
        access.push((*file, decode::<AccessFile>(text, *file)?));
    }
    let Files { workspace, company, choice, tables, .. } = request.files;
    let files = Files {
        workspace: workspace.clone(),
        access,
        company: company.clone(),
        choice: choice.clone(),
        remarks: Vec::new(),
        tables: tables.clone(),
    };
    let mut declared = check(&files)?;
    declared.rules = request.declared.rules.clone();
    if request.declared.companies.iter().any(|it| it.bare == Bare::New) {
        declared.create_all();
    }
    let bound = bind(&declared, request.observed, request.now)?;
    let plan = diff::plan(&bound, request.observed);
    let left = plan.edits.iter().filter(|it| request.extent.asks(it));
    Ok(left.map(|it| name(&plan, &it.key)).collect())
}
