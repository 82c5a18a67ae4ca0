//! What a plan takes away, asked for once more before anybody sees the plan. Reads only.
//!
//! By other lists than the first time, of exactly what goes: a row that a page lost, showed twice or
//! took from another group shows here, and nobody is taken out on its word.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};

use super::{AT_ONCE, Failed, FetchError, Read, grants};
use crate::{
    live::source::Source,
    model::{
        access::{Contents, Grant},
        ids::{CompanyId, GroupId, RoleId, UserId},
        observed::{GroupHead, Observed},
        selector::Selector,
    },
};

/// What a plan takes away of one group.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Going {
    pub company: CompanyId,
    pub group: GroupId,
    pub name: Box<str>,
    /// Whether the group itself goes.
    pub deleted: bool,
    /// Members who leave, sorted.
    pub members: Vec<UserId>,
    /// Those of them who leave because none of the rules means them, sorted.
    pub unmeant: Vec<UserId>,
    /// The rules.
    pub rules: Vec<Selector>,
    /// Roles that go or change their scope.
    pub roles: Vec<RoleId>,
}

/// Confirms that what goes is there just as `observed` says. Where nothing goes nothing is asked.
///
/// Returns the companies of which that cannot be confirmed: [`FetchError::Unconfirmed`] for the first group of which two
/// reads say different things.
///
/// # Errors
/// What is wrong with more than a company.
pub async fn confirm(source: &Source, going: &[Going], observed: &Observed) -> Result<Failed, FetchError> {
    let groups = stream::iter(going).map(|it| async { (it.company, group(source, it, observed).await) });
    let groups = groups.buffered(AT_ONCE).collect::<Vec<_>>();
    let companies = stream::iter(&observed.companies)
        .map(|it| async { (it.id, deleted(source, going, it.id, &it.groups).await) })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>();
    let (companies, groups) = futures_util::future::join(companies, groups).await;
    let mut failed = Failed::default();
    for (company, confirmed) in companies.into_iter().chain(groups) {
        failed.note(company, confirmed)?;
    }
    Ok(failed)
}

/// Asks once more for the groups of a company that are deleted.
async fn deleted(source: &Source, going: &[Going], company: CompanyId, heads: &[GroupHead]) -> Read<()> {
    let goes = |it: &&Going| it.company == company && it.deleted;
    let ids: Vec<GroupId> = going.iter().filter(goes).map(|it| it.group).collect();
    let known: Vec<&GroupHead> = heads.iter().filter(|it| ids.contains(&it.id)).collect();
    if known.is_empty() {
        return Ok(());
    }
    let known_ids: Vec<GroupId> = known.iter().map(|it| it.id).collect();
    let again = source.groups_among(company, &known_ids).await?;
    for head in known {
        let found: Vec<&GroupHead> = again.iter().filter(|it| it.id == head.id).collect();
        let why = match found[..] {
            [one] if is_same(one, head) => continue,
            [_] => "asked for alone, the group has another name or description",
            [] => "asked for alone, the group is not there",
            [_, _, ..] => "asked for alone, the group is there more than once",
        };
        return Err(unconfirmed(&head.name, "company's groups", why.to_owned()));
    }
    Ok(())
}

fn is_same(one: &GroupHead, other: &GroupHead) -> bool {
    (&one.name, &one.description, one.unmodifiable) == (&other.name, &other.description, other.unmodifiable)
}

/// Asks once more for what leaves a group.
async fn group(source: &Source, going: &Going, observed: &Observed) -> Read<()> {
    let (company, group) = (going.company, going.group);
    let read = observed.companies.iter().find(|it| it.id == company);
    // What was not looked into is taken out on the word of another list: by person.
    let Some(contents) = read.and_then(|it| it.contents.get(&group)) else { return Ok(()) };
    let Contents { members, grants: held } = contents;

    let leaving: Vec<UserId> =
        going.members.iter().copied().filter(|it| members.binary_search(it).is_ok()).collect();
    if !leaving.is_empty() {
        let mut again = source.members_among(company, group, &leaving).await?;
        again.sort_unstable();
        if again != leaving {
            let why = format!(
                "of {} who would leave, {} are found when asked for alone",
                leaving.len(),
                again.len()
            );
            return Err(unconfirmed(&going.name, "members", why));
        }
    }

    if !going.unmeant.is_empty() {
        let meant = source.meant_among(company, &going.unmeant, &going.rules).await?;
        let meant: BTreeSet<UserId> = meant.into_iter().map(|it| it.0).collect();
        if !meant.is_empty() {
            let why = format!(
                "of {} who would leave as no rule of `membersFrom` means them, {} are meant when asked for alone",
                going.unmeant.len(),
                meant.len()
            );
            return Err(unconfirmed(&going.name, "members by rules", why));
        }
    }

    let then: Vec<&Grant> = held.iter().filter(|it| going.roles.contains(&it.role)).collect();
    if !then.is_empty() {
        let roles: Vec<RoleId> = then.iter().map(|it| it.role).collect();
        let now = grants(source.roles_among(company, group, &roles).await?);
        let same = now.len() == then.len()
            && now.iter().zip(&then).all(|(now, then)| (now.role, &now.scope) == (then.role, &then.scope));
        if !same {
            let why = format!(
                "of {} that would go or change, not all are the same when asked for alone",
                then.len()
            );
            return Err(unconfirmed(&going.name, "roles", why));
        }
    }
    Ok(())
}

fn unconfirmed(group: &str, list: &'static str, why: String) -> FetchError {
    FetchError::Unconfirmed { group: group.into(), list, why }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::*;
    use crate::{
        live::snapshot::{Answers, Attributes, Company, Directory, Reach, Snapshot},
        model::{
            observed::{ObservedCompany, User},
            selector::{Attribute, Traits},
        },
    };

    const COMPANY: CompanyId = CompanyId(Uuid::from_u128(1));

    /// Two people: one in department `a`, one in none.
    fn source() -> Source {
        let user = |n: u128| User {
            id: UserId(Uuid::from_u128(n)),
            email: None,
            external_id: None,
            employee_id: None,
            company: Some(COMPANY),
            active: true,
        };
        let mut traits = Traits::default();
        traits.put(Attribute::Department, "a");
        let attributes =
            Attributes { known: [Attribute::Department].into(), of: [(user(8).id, traits)].into() };
        let directory = Directory {
            company: COMPANY,
            reach: Reach::Whole,
            users: vec![user(8), user(9)],
            asked: Vec::new(),
            attributes: Some(attributes),
            profiles: BTreeMap::new(),
            units: crate::model::units::Units::default(),
        };
        let company = Company { id: COMPANY, endpoint: None, groups: Vec::new(), roles: Vec::new() };
        let at = "2026-11-21T00:00:00Z".parse().unwrap();
        let snapshot =
            Snapshot::new((at, "sandbox", BTreeMap::new()), vec![company], vec![directory], Vec::new());
        Source::Snapshot(Box::new(Answers::new(snapshot, None).unwrap()))
    }

    /// A list that a rule was read by may have lost a row; by a list of those who go it shows.
    #[tokio::test]
    async fn nobody_goes_whom_a_rule_means_when_asked_for_alone() {
        let mut rule = Selector::default();
        rule.put(Attribute::Department, ["a".into()]);
        let group = GroupId(Uuid::from_u128(2));
        let mut company = ObservedCompany::new(COMPANY);
        company.contents.insert(group, Contents::default());
        let observed = Observed { companies: vec![company], ..Observed::default() };
        for (unmeant, lost) in [(vec![], 0), (vec![9], 0), (vec![8], 1), (vec![8, 9], 1)] {
            let unmeant: Vec<UserId> = unmeant.into_iter().map(|it| UserId(Uuid::from_u128(it))).collect();
            let going = Going {
                company: COMPANY,
                group,
                name: "Desk".into(),
                deleted: false,
                members: Vec::new(),
                unmeant: unmeant.clone(),
                rules: vec![rule.clone()],
                roles: Vec::new(),
            };
            let failed = confirm(&source(), &[going], &observed).await.unwrap().none();
            match failed {
                Err(FetchError::Unconfirmed { list: "members by rules", .. }) => {
                    assert_eq!(lost, 1, "{unmeant:?}");
                }
                other => assert!(other.is_ok() && lost == 0, "{unmeant:?} {other:?}"),
            }
        }
    }
}
