//! Which files of a workspace can let somebody reach the companies that have `owners`, and who reviews each.
//!
//! Looks at what is declared alone: what is live nobody asks. So whatever may reach a company does, and a group whose live
//! roles the files leave open may have any.

use std::collections::BTreeMap;

use super::{
    WORKSPACE_FILE,
    declared::{
        Declared, DeclaredDifference, DeclaredGroup, DeclaredLaw, DeclaredPolicy, DeclaredScope, Rest,
    },
};
use crate::model::{ids::CompanyId, scope, source::Sources};

mod block;

pub use block::{Misplaced, Place, written};

/// A file that takes a review.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owned {
    /// The names of the policies that say so, in their order.
    pub policies: Vec<Box<str>>,
    /// Who reviews it, each once.
    pub approvers: Vec<Box<str>>,
}

impl Owned {
    fn add(&mut self, policy: &DeclaredPolicy, approvers: &[Box<str>]) {
        if self.policies.iter().all(|it| *it != policy.name) {
            self.policies.push(policy.name.clone());
        }
        for approver in approvers {
            if self.approvers.iter().all(|it| !it.eq_ignore_ascii_case(approver)) {
                self.approvers.push(approver.clone());
            }
        }
    }
}

/// Returns the files, by their path in the workspace: `rolecall.yaml`, which says what names mean and what is asked, and every
/// file with a group or a direct role that may reach a company. None where no policy has `owners`.
pub fn owned(declared: &Declared, sources: &Sources) -> BTreeMap<String, Owned> {
    let mut files: BTreeMap<String, Owned> = BTreeMap::new();
    for policy in declared.rules.all().flat_map(|it| &it.policies) {
        let DeclaredLaw::Owners { companies, approvers } = &policy.law else { continue };
        let mut add = |path: &str| files.entry(path.to_owned()).or_default().add(policy, approvers);
        add(WORKSPACE_FILE);
        for own in &declared.companies {
            let reaches =
                |it: &&DeclaredGroup| companies.iter().any(|to| group_may_reach(declared, own.id, it, *to));
            let groups = own.groups.iter().filter(reaches).map(|it| it.from);
            let users = own.users.iter().filter(|user| {
                let kinds = user.roles.entries.iter().map(|it| it.what.kind().reach());
                let reaches = |it: &scope::Scope| companies.iter().any(|to| !it.reaching(*to).is_empty());
                kinds.into_iter().any(|it| reaches(&it))
            });
            groups.chain(users.map(|it| it.from)).for_each(|it| add(&sources.file(it.file).path));
        }
    }
    files
}

/// Whether members of a group may reach a company: by a role of the files, or by one that the files leave as it is.
fn group_may_reach(declared: &Declared, own: CompanyId, group: &DeclaredGroup, company: CompanyId) -> bool {
    let is_open = match group.grants.rest {
        Rest::Removed => false,
        Rest::Kept | Rest::Unmanaged => true,
    };
    let is_left = declared.accepts.iter().filter(|it| it.company == own).any(|it| match &it.what {
        DeclaredDifference::Group(name) | DeclaredDifference::Role { group: name, .. } => *name == group.name,
        DeclaredDifference::Member { .. } | DeclaredDifference::Direct { .. } => false,
    });
    is_open || is_left || group.grants.entries.iter().any(|it| it.scope.may_reach(company))
}

impl DeclaredScope {
    /// Whether it may reach travellers of a company.
    fn may_reach(&self, company: CompanyId) -> bool {
        let audiences = self.ready.audiences().iter().chain(self.pending.iter().map(|it| &it.rest));
        audiences.into_iter().any(|it| scope::may_reach(it, company))
    }
}
