//! `rolecall.yaml`: which API, whose groups, which files, names for ids, and the rules of a plan; and the policy beside it.

use std::collections::BTreeMap;

use super::{
    At,
    declared::DeclaredRules,
    decode::places,
    entry::{ApiSection, PersonEntry, RoleName, person_keys},
    forms,
    mapping::{Given, mapping},
    policies::PoliciesSection,
    shape::{Entries, Names},
};
use crate::model::{
    rules::{Guard, Level, Rules, Unmanaged},
    source::{FileId, Place},
};

mapping! {
    /// The settings of a workspace: the file `rolecall.yaml` at its top.
    #[schemars(title = "rolecall: a workspace", extend("required" = ["version"]))]
    pub struct WorkspaceFile: "the keys of `rolecall.yaml`", block {
        /// The version of this format. Always 1.
        #[schemars(with = "forms::Version")]
        "version" pub(crate) version: Given<At<u64>>,
        /// Which API to talk to.
        "api" pub api: Given<ApiSection>,
        /// Whose groups these are: a company id, or a name from `ids`.
        #[schemars(with = "forms::Company")]
        "company" pub company: Given<At<String>>,
        /// Glob patterns of the access files, relative to this file; one that begins with `!` leaves files out.
        /// `access/**/*.yaml` where absent.
        #[schemars(with = "Vec<forms::Word>")]
        "access" pub(crate) access: Given<Vec<At<String>>>,
        /// Names for the UUIDs that scopes and `company` point at.
        "ids" pub(crate) ids: Given<Ids>,
        /// The time zone in which a day of `from`, `until` and `since` begins and ends, such as `Europe/Berlin`; UTC where absent.
        #[schemars(with = "forms::Word")]
        "timeZone" pub(crate) time_zone: Given<At<String>>,
        /// What is done about groups that no file names: `ignore`, `report` (where absent) or `forbid`.
        "unmanaged" pub(crate) unmanaged: Given<Unmanaged>,
        /// Limits on what one plan may do.
        "guards" pub(crate) guards: Given<GuardsSection>,
        /// What the access that results from a plan must be like.
        "policies" pub(crate) policies: Given<PoliciesSection>,
        /// What may go beyond a limit: one thing, so far, until then, and why.
        "exceptions" pub(crate) exceptions: Given<Entries<ExceptionEntry>>,
        /// Differences that are known, and left as they are for a while: what, who answers for it, until then, and why.
        "accept" pub(crate) accept: Given<Entries<AcceptEntry>>,
        /// People who are cut off everywhere, ahead of everything else.
        "lockout" pub(crate) lockout: Given<Entries<LockoutEntry>>,
    }
}

mapping! {
    /// A policy: limits and policies that the files of a workspace cannot loosen, and that their exceptions do not lift.
    #[schemars(title = "rolecall: a policy", extend("required" = ["version"]))]
    pub struct PolicyFile: "the keys of a policy, `version`, `guards` and `policies`", block {
        /// The version of this format. Always 1.
        #[schemars(with = "forms::Version")]
        "version" pub(crate) version: Given<At<u64>>,
        /// Whose groups the policies name where they do not say: a company id, or a name from `ids` of this file.
        #[schemars(with = "forms::Company")]
        "company" pub(crate) company: Given<At<String>>,
        /// Names for UUIDs; those of the workspace mean nothing here, as a change could move them.
        "ids" pub(crate) ids: Given<Ids>,
        /// The limits, as in `rolecall.yaml`. What is left out sets nothing.
        "guards" pub(crate) guards: Given<GuardsSection>,
        /// What the access that results from a plan must be like, as in `rolecall.yaml`.
        "policies" pub(crate) policies: Given<PoliciesSection>,
    }
}

/// The guards that have exceptions.
fn excepted() -> Vec<&'static str> {
    Guard::ALL.iter().filter(|it| it.can_be_excepted()).map(|it| it.as_str()).collect()
}

/// The place of each field under `api.dialect`; none of a file that cannot be decoded.
pub fn dialect_lines(text: &str, file: FileId) -> BTreeMap<String, Place> {
    places(text, file, &["api", "dialect"]).into_iter().collect()
}

mapping! {
    /// Names for UUIDs, by what they identify.
    pub(crate) struct Ids: "names for ids: `{ company: { NAME: ID }, legalEntity: { NAME: ID } }`", block {
        /// Companies: client organisations and TMCs.
        #[schemars(with = "forms::Named<forms::Id>")]
        "company" pub(crate) company: Given<Names<String>>,
        /// Legal entities.
        #[schemars(with = "forms::Named<forms::Id>")]
        "legalEntity" pub(crate) legal_entity: Given<Names<String>>,
        /// Departments, for rules of `membersFrom`.
        #[schemars(with = "forms::Named<forms::Id>")]
        "department" pub(crate) department: Given<Names<String>>,
        /// Cost centers, for rules of `membersFrom`.
        #[schemars(with = "forms::Named<forms::Id>")]
        "costCenter" pub(crate) cost_center: Given<Names<String>>,
        /// Offices, for rules of `membersFrom`.
        #[schemars(with = "forms::Named<forms::Id>")]
        "office" pub(crate) office: Given<Names<String>>,
        /// Grades of people.
        #[schemars(with = "forms::Named<forms::Id>")]
        "grade" pub(crate) grade: Given<Names<String>>,
    }
}

mapping! {
    /// Limits on what one plan may do. A limit that is left out has its default.
    pub(crate) struct GuardsSection: "limits, such as `{ removals: { atMost: 50 } }`", block {
        /// How much may go.
        "removals" pub(crate) removals: Given<RemovalsSection>,
        /// How many accounts may be deactivated, activated or created.
        "people" pub(crate) people: Given<PeopleSection>,
        /// How many people may be cut off everywhere.
        "lockouts" pub(crate) lockouts: Given<LockoutsSection>,
        /// What nobody gets without an exception or an approval, and what keeps enough holders, beside the roles that carry
        /// `ACCESS_MANAGEMENT`, which always are: roles, permissions that make a role one of them, and types of direct roles.
        /// `[]` switches it off.
        "privileged" pub(crate) privileged: Given<Vec<At<RoleName>>>,
        /// How many holders each privileged role keeps at least; 2 where absent.
        #[schemars(range(min = 1), extend("examples" = [Rules::default().holders]))]
        "holders" pub(crate) holders: Given<At<u64>>,
        /// Groups and people that lose nothing.
        "protected" pub(crate) protected: Given<ProtectedSection>,
    }
}

mapping! {
    /// How many people may lose access, and how many memberships, roles and groups may go.
    pub(crate) struct RemovalsSection: "limits, such as `{ percent: 30, atMost: 50 }`" {
        /// Most of what exists that may go, in percent, of one group and in all; 30 where absent.
        #[schemars(range(min = 1, max = 100), extend("examples" = [Rules::default().percent]))]
        "percent" pub(crate) percent: Given<At<u64>>,
        /// The percentage is looked at where at least so many exist; 10 where absent.
        #[schemars(range(min = 1), extend("examples" = [Rules::default().from]))]
        "from" pub(crate) from: Given<At<u64>>,
        /// Most that may go in one apply; 50 where absent.
        #[schemars(extend("examples" = [Rules::default().at_most]))]
        "atMost" pub(crate) at_most: Given<At<u64>>,
    }
}

mapping! {
    /// How many accounts may be deactivated, activated or created in one apply. One of each company may always be, up to `atMost`.
    pub(crate) struct PeopleSection: "limits, such as `{ percent: 5, atMost: 20 }`" {
        /// Most accounts of a company, in percent of those that are active; 5 where absent.
        #[schemars(range(min = 1, max = 100), extend("examples" = [Rules::default().people_percent]))]
        "percent" pub(crate) percent: Given<At<u64>>,
        /// The percentage is looked at where at least so many accounts of the company are active; 10 where absent.
        #[schemars(range(min = 1), extend("examples" = [Rules::default().people_from]))]
        "from" pub(crate) from: Given<At<u64>>,
        /// Most accounts in one apply; 20 where absent.
        #[schemars(extend("examples" = [Rules::default().people_at_most]))]
        "atMost" pub(crate) at_most: Given<At<u64>>,
        /// Most people of a company who are asked, each by one request, whether they name somebody who leaves as manager or
        /// approver; 1000 where absent. Where there are more, or it is 0, nobody is asked for that.
        #[schemars(extend("examples" = [DeclaredRules::LOOK_UPS]))]
        "lookUps" pub(crate) look_ups: Given<At<u64>>,
    }
}

mapping! {
    /// How much may go by `lockout:`, which waits for no other limit on removals. More takes an approval of the plan.
    pub(crate) struct LockoutsSection: "limits, such as `{ people: 5, memberships: 100 }`" {
        /// Most people who are cut off in one apply; 5 where absent.
        #[schemars(extend("examples" = [Rules::default().lockout_people]))]
        "people" pub(crate) people: Given<At<u64>>,
        /// Most memberships that go by that in one apply; 100 where absent.
        #[schemars(extend("examples" = [Rules::default().lockout_memberships]))]
        "memberships" pub(crate) memberships: Given<At<u64>>,
    }
}

mapping! {
    /// Groups and people that lose nothing, by name or pattern (`*`, `?`, `[…]`, `{…}`).
    pub(crate) struct ProtectedSection: "`{ groups: […], people: […] }`" {
        /// Names of groups, declared or not.
        #[schemars(with = "Vec<forms::NameOrPattern>")]
        "groups" pub(crate) groups: Given<Vec<At<String>>>,
        /// Business e-mail addresses; upper and lower case are one.
        #[schemars(with = "Vec<forms::NameOrPattern>")]
        "people" pub(crate) people: Given<Vec<At<String>>>,
    }
}

mapping! {
    /// What may go beyond a limit: by `group`, `person`, `role` or `company`; of several all must be so.
    #[schemars(title = "An exception", transform = forms::exception)]
    pub(crate) struct ExceptionEntry: "an exception, `{ guard: …, group: …, upTo: …, until: …, reason: … }`" {
        /// Which guard.
        #[schemars(extend("enum" = excepted()))]
        "guard" pub(crate) guard: Given<At<String>>,
        /// For this group, by the name it has, or will have if it is created.
        #[schemars(with = "forms::ExistingGroup")]
        "group" pub(crate) group: Given<At<String>>,
        /// For this person: an e-mail address, or a mapping such as `{ externalId: … }`.
        "person" pub(crate) person: Given<At<PersonEntry>>,
        /// For this role.
        "role" pub(crate) role: Given<At<RoleName>>,
        /// For this company; beside others: of this company instead of the one of the workspace.
        #[schemars(with = "forms::Company")]
        "company" pub(crate) company: Given<At<String>>,
        /// What `removals` counts here; `members` where absent.
        #[schemars(extend("enum" = Level::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>()))]
        "of" pub(crate) of: Given<At<String>>,
        /// The largest number it allows.
        #[schemars(range(min = 1), extend("examples" = [1]))]
        "upTo" pub(crate) up_to: Given<At<u64>>,
        /// The last day (through its end, in `timeZone` or else UTC) or the instant at which it ends.
        #[schemars(with = "forms::DayOrInstant")]
        "until" pub(crate) until: Given<At<String>>,
        /// Why.
        #[schemars(with = "forms::Text")]
        "reason" pub(crate) reason: Given<At<String>>,
    }
}

mapping! {
    /// A difference that is left as it is: a member (`group` and `person`), a role (`group` and `role`), all of a group
    /// (`group`), or a direct role (`person` and its type as `role`).
    #[schemars(title = "An accepted difference", transform = forms::accept)]
    pub(crate) struct AcceptEntry: "an accepted difference, `{ group: …, person: …, owner: …, until: …, reason: … }`" {
        /// Of this group, by its name; without `person` and `role` whatever differs in it, or that no file names it.
        #[schemars(with = "forms::ExistingGroup")]
        "group" pub(crate) group: Given<At<String>>,
        /// That this person is in the group or is not, or holds the direct role or does not: an e-mail address, or a mapping
        /// such as `{ externalId: … }`.
        "person" pub(crate) person: Given<At<PersonEntry>>,
        /// That the group has this role or has it not, or on another scope; beside `person` alone, the type of a direct role.
        "role" pub(crate) role: Given<At<RoleName>>,
        /// The company, instead of the one of the workspace.
        #[schemars(with = "forms::Company")]
        "company" pub(crate) company: Given<At<String>>,
        /// Who answers for it: a person or a team.
        #[schemars(with = "forms::Text")]
        "owner" pub(crate) owner: Given<At<String>>,
        /// The last day (through its end, in `timeZone` or else UTC) or the instant at which it ends: at most 90 days from now.
        #[schemars(with = "forms::DayOrInstant")]
        "until" pub(crate) until: Given<At<String>>,
        /// Why.
        #[schemars(with = "forms::Text")]
        "reason" pub(crate) reason: Given<At<String>>,
    }
}

person_keys! {
    /// A person who is cut off everywhere, named by exactly one of four keys.
    #[schemars(title = "A lock-out", extend("allOf" = [{ "required": ["since", "reason"] }]))]
    LockoutEntry {
        /// The day (from its start, in `timeZone` or else UTC) or the instant from which it is in force.
        #[schemars(with = "forms::DayOrInstant")]
        "since" pub(crate) since: Given<At<String>>,
        /// The last day (through its end, in `timeZone` or else UTC) or the instant at which it ends: then people get what the files ask for.
        #[schemars(with = "forms::DayOrInstant")]
        "until" pub(crate) until: Given<At<String>>,
        /// Why.
        #[schemars(with = "forms::Text")]
        "reason" pub(crate) reason: Given<At<String>>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_of_a_dialect_knows_its_line() {
        let text =
            "version: 1\napi:\n  endpoint: sandbox\n  dialect:\n    groupRole: flat\n    pageLimit: 50\n";
        let lines = dialect_lines(text, FileId(0));
        let lines: Vec<(&str, u32)> = lines.iter().map(|(name, at)| (&**name, at.line.get())).collect();
        assert_eq!(lines, [("groupRole", 5), ("pageLimit", 6)]);
        assert!(dialect_lines("version: 1\n", FileId(0)).is_empty());
    }
}
