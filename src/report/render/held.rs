//! What is held of one person, part by part, and what becomes of a part. What may be personal is masked, unless it is asked
//! for: every value is, but for those that files and reports speak of as well. Raw: formats escape and arrange it.

use serde_json::value::{RawValue, to_raw_value};

use super::{
    counted,
    forge::Forge,
    said::{Part as Lines, Said, Sheet},
    users::{called, read, status},
};
use crate::model::{
    ids::CompanyId,
    object::{Difference, Leaf, Object},
    observed::User,
    part::Part,
    person::{Entry, Held},
    plan::Names,
};

/// Whether values that may be personal are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Values {
    Masked,
    Revealed,
}

/// What stands where a value is masked.
const MASK: &str = "•••";

/// What may be shown of each part, by the names on the way to it: who is meant, where somebody belongs, and settings.
const OPEN: [(Part, &[&str]); 8] = [
    (
        Part::Profile,
        &[
            "id",
            "persona",
            "isActive",
            "tier",
            "stealthType",
            "externalId",
            "contractingTmcRef",
            "bookingTmcRef",
        ],
    ),
    (
        Part::BusinessInfo,
        &[
            "organizationRef",
            "legalEntityRef",
            "departmentRef",
            "officeRef",
            "costCenterRef",
            "gradeRef",
            "managerRef.id",
            "designatedApproverRefs.id",
            "designation",
            "email",
            "employeeId",
            "workerType",
            "countryCode",
            "accountingCode",
            "authorizerEmail",
        ],
    ),
    (Part::MembershipInfo, &["membershipInfos.type", "membershipInfos.linked", "isLoyaltyBlocked"]),
    (Part::Roles, &["roles.roleType", "roles.metadata"]),
    (Part::NotificationPreferences, &["preferences.notificationType", "preferences.emailPreference.enabled"]),
    (Part::ExternalId, &["externalId"]),
    (Part::TravelArrangers, &["travelArrangers.userId", "travelArrangers.status"]),
    (Part::ApplicablePolicies, &["policies"]),
];

/// The parts that a profile holds as well, each with its field there.
const INSIDE: [(&str, Part); 6] = [
    ("personalInfo", Part::PersonalInfo),
    ("businessInfo", Part::BusinessInfo),
    ("travelPreferences", Part::TravelPreferences),
    ("membershipInfo", Part::MembershipInfo),
    ("notificationPreferences", Part::NotificationPreferences),
    ("travelArrangers", Part::TravelArrangers),
];

/// Whether a value of a part is one that everybody may see who sees the files.
fn is_open(part: Part, path: &str) -> bool {
    let mut plain = String::with_capacity(path.len());
    let mut in_index = false;
    for c in path.chars() {
        match c {
            '[' => in_index = true,
            ']' => in_index = false,
            c if !in_index => plain.push(c),
            _ => (),
        }
    }
    if part == Part::Profile
        && let Some((field, rest)) = plain.split_once('.')
        && let Some((_, inner)) = INSIDE.iter().find(|it| it.0 == field)
    {
        return is_open(*inner, rest);
    }
    let open = OPEN.iter().find(|it| it.0 == part).map(|it| it.1).unwrap_or_default();
    open.iter().any(|it| plain.strip_prefix(it).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

impl Values {
    /// A value as people see it.
    fn shown(self, part: Part, leaf: &Leaf) -> String {
        let raw = leaf.value.get();
        match self {
            // An empty value tells nothing.
            _ if ["{}", "[]", "null", "\"\""].contains(&raw) => raw.to_owned(),
            Self::Masked if !is_open(part, &leaf.path) => MASK.to_owned(),
            Self::Masked | Self::Revealed => match serde_json::from_str::<String>(raw) {
                // What begins or ends with a space reads like nothing, or like something else.
                Ok(text) if text.trim() != text => raw.to_owned(),
                Ok(text) => text,
                Err(_) => raw.to_owned(),
            },
        }
    }

    /// A part with the values that are masked replaced by the mask.
    pub(crate) fn object(self, part: Part, object: &Object) -> Object {
        match self {
            Self::Revealed => object.clone(),
            Self::Masked => masked(part, "", object),
        }
    }
}

fn masked(part: Part, path: &str, object: &Object) -> Object {
    let mut out = Object::default();
    for (name, value) in object.iter() {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        out.set(name, &masked_value(part, &path, value));
    }
    out
}

fn masked_value(part: Part, path: &str, value: &RawValue) -> Box<RawValue> {
    let raw = value.get();
    let written = match raw.as_bytes().first() {
        Some(b'{') => {
            to_raw_value(&masked(part, path, &serde_json::from_str::<Object>(raw).unwrap_or_default()))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
            to_raw_value(&items.iter().map(|it| masked_value(part, path, it)).collect::<Vec<_>>())
        }
        _ if raw == "null" || is_open(part, path) => Ok(value.to_owned()),
        _ => to_raw_value(MASK),
    };
    // Whatever cannot be written is not shown.
    written.unwrap_or_default()
}

/// What is held of a person, and what else readers of it see.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct HeldView<'a> {
    pub user: &'a User,
    /// The person as the list of users tells, where it does.
    pub entry: Option<&'a Entry>,
    pub company: CompanyId,
    pub parts: &'a [Held],
    pub values: Values,
    /// Names for ids: those of the files.
    pub names: &'a Names,
    /// The host of the API, as shown to people.
    pub endpoint: &'a str,
    /// The URL of the API, or the word `sandbox`; for programs.
    pub url: &'a str,
    pub at: jiff::Timestamp,
    /// When the snapshot was taken that it is made from; `None` where the API was read.
    pub taken: Option<jiff::Timestamp>,
}

/// For a terminal.
pub fn text(view: &HeldView<'_>) -> String {
    view.said().text()
}

/// For a ticket.
pub fn markdown(view: &HeldView<'_>, forge: Forge) -> String {
    view.said().markdown(forge)
}

/// For a spreadsheet.
pub fn csv(view: &HeldView<'_>) -> String {
    view.said().csv()
}

impl HeldView<'_> {
    /// When the account was made and last changed, in the words of the API.
    pub(crate) fn dates(&self) -> [Option<&str>; 2] {
        let of = |it: fn(&Entry) -> &Option<Box<str>>| self.entry.and_then(|entry| it(entry).as_deref());
        [of(|it| &it.created), of(|it| &it.updated)]
    }

    fn said(&self) -> Said {
        let (mut parts, mut rows, mut unseen, mut hidden) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (part, told) in self.parts {
            let leaves = match told {
                Ok(object) => object.leaves(),
                Err(why) => {
                    unseen.push(format!("{}: {why}", part.word()));
                    continue;
                }
            };
            let mut lines = Vec::new();
            for leaf in &leaves {
                let shown = self.values.shown(*part, leaf);
                hidden += usize::from(shown == MASK);
                lines.push(vec![leaf.path.clone(), shown.clone()]);
                rows.push(vec![part.word().to_owned(), leaf.path.clone(), shown]);
            }
            if lines.is_empty() {
                lines.push(vec!["(nothing)".to_owned()]);
            }
            parts.push(Lines { head: Some(part.word().to_owned()), lines });
        }
        let dates = [("createdAt", "created"), ("updatedAt", "last changed")].into_iter().zip(self.dates());
        let mut told = Vec::new();
        for ((field, word), date) in dates.filter_map(|it| Some((it.0, it.1?))) {
            told.push(format!("{word} {date}"));
            rows.push(vec!["account".to_owned(), field.to_owned(), date.to_owned()]);
        }
        let account = (!told.is_empty()).then(|| format!("Account {}", told.join(", ")));
        if account.is_none() {
            unseen
                .push("when the account was created and changed: the list of users does not tell".to_owned());
        }
        let count = counted(parts.len(), "part", "parts");
        let masked = match hidden {
            0 => String::new(),
            n => format!("; {} masked, --reveal shows them", counted(n, "value is", "values are")),
        };
        Said {
            title: format!("{}, {}", called(self.user), status(self.user)),
            facts: [
                Some(format!(
                    "user {} of {} at {}",
                    self.user.id,
                    self.names.company(self.company),
                    self.endpoint
                )),
                account,
                Some(read(self.at, self.taken)),
            ]
            .into_iter()
            .flatten()
            .collect(),
            parts,
            unseen,
            summary: format!("{count}{masked}."),
            sheet: Sheet { columns: vec!["part", "field", "value"], rows },
        }
    }
}

/// What becomes of a part, a line for each value.
pub fn difference(part: Part, differences: &[Difference], values: Values) -> String {
    let lines = differences.iter().map(|it| match it {
        Difference::Added(it) => vec![format!("+ {}", it.path), values.shown(part, it)],
        Difference::Removed(it) => vec![format!("- {}", it.path), values.shown(part, it)],
        Difference::Changed { from, to } => {
            let turn = format!("{} → {}", values.shown(part, from), values.shown(part, to));
            vec![format!("~ {}", to.path), turn]
        }
    });
    Said { parts: vec![Lines { head: None, lines: lines.collect() }], ..Said::default() }.lines()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::model::ids::UserId;

    #[test]
    fn what_is_open_is_where_somebody_belongs_and_nothing_else() {
        for (part, path, open) in [
            (Part::BusinessInfo, "departmentRef.name", true),
            (Part::BusinessInfo, "departmentRefs", false),
            (Part::BusinessInfo, "managerRef.name", false),
            (Part::BusinessInfo, "designatedApproverRefs[3].id", true),
            (Part::BusinessInfo, "phoneNumbers[0].nationalNumber", false),
            (Part::Profile, "businessInfo.email", true),
            (Part::Profile, "personalInfo.email", false),
            (Part::Profile, "personalInfo.persona", false),
            (Part::Profile, "membershipInfo.membershipInfos[0].id", false),
            (Part::PersonalInfo, "email", false),
            (Part::TravelPreferences, "preferences.airPref", false),
            (Part::Roles, "roles[0].metadata.companyRef.id", true),
            (Part::Roles, "roles[0].note", false),
            (Part::ExternalId, "externalId", true),
        ] {
            assert_eq!(is_open(part, path), open, "{part:?} {path}");
        }
    }

    proptest! {
        /// Wherever it stands, in fields that are known and in others.
        #[test]
        fn what_is_personal_is_shown_to_who_asks_for_it_and_to_nobody_else(
            at in 0..Part::ALL.len(),
            names in prop::collection::vec(prop::sample::select(vec![
                "personalInfo", "identityDocs", "passport", "docId", "dob", "iso8601", "new", "phoneNumbers", "membershipInfos", "id2",
                "a.b", "x[0]", "name",
            ]), 1..5),
            in_list in any::<bool>(),
        ) {
            let part = Part::ALL[at];
            prop_assume!(!is_open(part, &names.join(".")));
            let secret = serde_json::json!("K-CANARY-9");
            let value = names.iter().skip(1).rev().fold(secret, |inner, name| {
                let object = serde_json::json!({ (*name): inner });
                if in_list { serde_json::json!([object]) } else { object }
            });
            let object = Object::of(&serde_json::json!({ (names[0]): value }));
            // A name with a dot in it may read like a way that is open.
            prop_assume!(!names.iter().any(|it| it.contains('.')) || part != Part::ApplicablePolicies);
            let user = User::hidden(UserId(Uuid::nil()));
            let parts = [(part, Ok(object.clone()))];
            let view = |values| HeldView {
                user: &user,
                entry: None,
                company: CompanyId(Uuid::nil()),
                parts: &parts,
                values,
                names: &Names::default(),
                endpoint: "",
                url: "",
                at: jiff::Timestamp::UNIX_EPOCH,
                taken: None,
            }
            .said();
            let all = |values| {
                let said = view(values);
                let written = serde_json::to_string(&values.object(part, &object)).unwrap();
                [said.text(), said.csv(), said.markdown(Forge::Github), written]
            };
            prop_assert!(all(Values::Masked).iter().all(|it| !it.contains("CANARY")), "{object:?}");
            prop_assert!(all(Values::Revealed).iter().all(|it| it.contains("CANARY")));
        }
    }
}
