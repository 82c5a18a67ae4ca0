//! The answers of the API as rolecall keeps them, and how they are decoded.
//!
//! Decoding is liberal (contract §1, evolution): unknown fields and values pass, an id may be a
//! bare string or `{"id": …}`, a time that is none is not told, and a scope stays the very text the server sent,
//! because it may have to be sent back. Names and keys are brought into their one spelling here, as those of
//! files are where these are read, so that nothing further on compares two spellings. What an answer leaves out is
//! not known: it becomes no default here, but what `docs/answers.md` says of each field.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

use super::liberal::{
    FromUuid, Named, Reference, company_if_readable, composed, composed_if_told, id, if_readable, moment,
    or_default, readable,
};
use crate::model::{
    direct::DirectRoles,
    ids::{CompanyId, Email, GroupId, RoleId, UserId},
    name,
    observed::{GroupRole, User},
    permissions::Permissions,
    person::Entry,
    selector::{Attribute, Traits},
    stamp::{Stamp, Stamps},
    units::Unit,
};

/// A user group (contract §3.0).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Group {
    #[serde(deserialize_with = "id")]
    pub id: GroupId,
    /// 1 to 255 characters; not known to be unique.
    #[serde(deserialize_with = "composed")]
    pub name: Box<str>,
    /// Up to 1000 characters; `None` where no answer says.
    #[serde(default, deserialize_with = "composed_if_told")]
    pub description: Option<Box<str>>,
    #[serde(rename = "companyId", deserialize_with = "id")]
    pub company: CompanyId,
    /// Created by the platform: only its members may change. Absent means no.
    #[serde(rename = "isUnmodifiable", default, deserialize_with = "or_default")]
    pub unmodifiable: bool,
    #[serde(default, deserialize_with = "moment")]
    pub created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "if_readable")]
    pub(super) created_by: Option<Named>,
    #[serde(default, deserialize_with = "moment")]
    pub updated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "if_readable")]
    pub(super) updated_by: Option<Named>,
}

impl Group {
    /// Who made it and who touched it last, as far as the answer says.
    pub fn stamps(&self) -> Stamps {
        let stamp = |at, by: &Option<Named>| {
            let mut name = by.as_ref().and_then(|it| it.name.clone());
            name.iter_mut().for_each(name::compose);
            Stamp::new(at, by.as_ref().map(|it| UserId(it.id)), name)
        };
        Stamps {
            created: stamp(self.created_at, &self.created_by),
            updated: stamp(self.updated_at, &self.updated_by),
        }
    }
}

/// A role (contract §5.0).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Role {
    #[serde(deserialize_with = "id")]
    pub id: RoleId,
    /// Its name; not known to be unique.
    #[serde(deserialize_with = "composed")]
    pub name: Box<str>,
    /// Provided by the platform rather than by a company; `None` where the answer does not say.
    #[serde(default)]
    pub is_platform_role: Option<bool>,
    /// The company whose own it is, where the answer says.
    #[serde(rename = "companyId", default, deserialize_with = "company_if_readable")]
    pub company: Option<CompanyId>,
    /// What it permits; `None` where the answer does not say.
    #[serde(default, deserialize_with = "permissions")]
    pub permissions: Option<Permissions>,
}

/// A permission and what it covers (contract §5.2); both are open lists of names.
#[derive(Deserialize)]
struct PermittedActions {
    permission: Box<str>,
    actions: Option<Vec<Box<str>>>,
}

fn permissions<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Permissions>, D::Error> {
    let rows = Option::<Vec<PermittedActions>>::deserialize(input)?;
    // A permission without its actions may be any of them: then what all of it permits is not known.
    Ok(rows.and_then(|it| it.into_iter().map(|it| Some((it.permission, it.actions?))).collect()))
}

/// An entry of the catalogue of permissions (contract §5.1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Permission {
    pub name: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub description: Box<str>,
}

/// What a user may do in effect, without where (contract §6.3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct RbacInfo {
    #[serde(default, deserialize_with = "permissions")]
    pub permissions: Option<Permissions>,
}

/// The roles of a user outside groups (contract §6.1): each element stays what the server sent.
///
/// An answer that does not speak of them is not one of a user without any: the list that is sent back
/// replaces what there is.
#[derive(Deserialize)]
pub(super) struct HeldDirectly {
    #[serde(default)]
    pub(super) roles: Option<DirectRoles>,
}

/// A row of the model as the API spells it.
pub(super) struct Wire<T>(pub(super) T);

impl<'de> Deserialize<'de> for Wire<GroupRole> {
    /// Accepts `{role: {id, name}, scope}`, the role's fields beside `scope`, and `{roleId, scope}`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Row {
            #[serde(default)]
            role: Option<Reference>,
            #[serde(default)]
            role_id: Option<Reference>,
            #[serde(default)]
            id: Option<Reference>,
            #[serde(default)]
            scope: Option<Arc<RawValue>>,
        }
        let Row { role, role_id, id, scope } = Row::deserialize(deserializer)?;
        // The outer `id` last: beside a nested role it could be the assignment's own.
        let found = role.or(role_id).or(id).ok_or_else(|| de::Error::missing_field("roleId"))?;
        Ok(Self(GroupRole { role: RoleId(found.id), scope }))
    }
}

/// A user as one answer tells.
pub(super) struct Told {
    /// Not active until it is known.
    user: User,
    /// `None` where the answer does not say.
    pub(super) active: Option<bool>,
    /// The company and the legal entity with their names, where the answer says them.
    pub(super) names: [Option<(Uuid, Box<str>)>; 2],
    /// What rules for members may look at: in the order of [`IDS`], and the two texts.
    units: [Option<Unit>; 4],
    designation: Option<Box<str>>,
    persona: Option<Box<str>>,
    /// When the account was created and last changed.
    times: [Option<Box<str>>; 2],
}

/// The attributes that are ids.
pub(super) const IDS: [Attribute; 4] =
    [Attribute::LegalEntity, Attribute::Department, Attribute::CostCenter, Attribute::Office];

impl Told {
    pub(super) fn id(&self) -> UserId {
        self.user.id
    }

    pub(super) fn company(&self) -> Option<CompanyId> {
        self.user.company
    }

    /// Whether it does not tell an e-mail, or one of these; without any to compare with, anybody.
    pub(super) fn may_be(&self, emails: &[Email]) -> bool {
        emails.is_empty() || self.user.email.as_ref().is_none_or(|it| emails.contains(it))
    }

    /// What rules for members may look at, as far as the answer tells.
    pub(super) fn traits(&self) -> Traits {
        let mut traits = Traits::default();
        for (attribute, unit) in IDS.into_iter().zip(&self.units) {
            unit.iter().for_each(|it| traits.put(attribute, it.id.to_string()));
        }
        let texts = [(Attribute::Designation, &self.designation), (Attribute::Persona, &self.persona)];
        for (attribute, text) in texts {
            text.iter().for_each(|it| traits.put(attribute, it.clone()));
        }
        traits
    }

    /// What the departments and the like of the row are called.
    pub(super) fn unit_names(&self) -> impl Iterator<Item = (Uuid, &str)> {
        self.units.iter().flatten().filter_map(|it| Some((it.id, &**it.name.as_ref()?)))
    }

    /// The departments and the like of the row, by attribute.
    pub(super) fn units(&self) -> [(Attribute, Option<Unit>); 4] {
        let mut units = self.units.iter().cloned();
        IDS.map(|it| (it, units.next().flatten()))
    }

    /// The whole row.
    pub(super) fn entry(&self) -> Entry {
        let [legal_entity, department, cost_center, office] = self.units.clone();
        let [created, updated] = self.times.clone();
        let (user, persona, designation) =
            (self.user.clone(), self.persona.clone(), self.designation.clone());
        Entry { user, persona, designation, legal_entity, department, cost_center, office, created, updated }
    }

    /// The user; where the answer does not say whether active, `listed` does: whether it is among those whom the API
    /// shows when it is asked for nobody else.
    pub(super) fn settled(self, listed: impl FnOnce(UserId) -> bool) -> User {
        let active = self.active.unwrap_or_else(|| listed(self.user.id));
        User { active, ..self.user }
    }
}

/// Reads a user as any of the three user operations tells (contract §7); a private address is not looked at.
impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Row {
            #[serde(default)]
            user_id: Option<Reference>,
            #[serde(default)]
            id: Option<Reference>,
            #[serde(default)]
            email: Option<Box<str>>,
            #[serde(default)]
            external_id: Option<Box<str>>,
            #[serde(default)]
            is_active: Option<bool>,
            #[serde(default)]
            organization: Option<Named>,
            #[serde(default, deserialize_with = "if_readable")]
            persona: Option<Box<str>>,
            #[serde(default)]
            created_at: Value,
            #[serde(default)]
            last_updated_at: Value,
            #[serde(default)]
            business_detail: Option<Business>,
            #[serde(default)]
            business_info: Option<Business>,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Business {
            #[serde(default)]
            business_email: Option<Box<str>>,
            #[serde(default)]
            email: Option<Box<str>>,
            #[serde(default)]
            employee_id: Option<Box<str>>,
            #[serde(default)]
            organization_ref: Option<Named>,
            /// In any form: only its name is of use, and nothing depends on that.
            #[serde(default, alias = "legalEntityRef")]
            legal_entity: Value,
            #[serde(default)]
            department: Value,
            #[serde(default)]
            cost_center: Value,
            #[serde(default)]
            office: Value,
            #[serde(default, deserialize_with = "if_readable")]
            designation: Option<Box<str>>,
        }
        let wire = Row::deserialize(deserializer)?;
        let id = wire.user_id.or(wire.id).ok_or_else(|| de::Error::missing_field("id"))?;
        let business = wire.business_detail.or(wire.business_info).unwrap_or_default();
        let email = business.business_email.or(business.email).or(wire.email);
        let company = wire.organization.or(business.organization_ref);
        let some = |text: Option<Box<str>>| {
            let mut text = text.filter(|text| !text.is_empty())?;
            name::compose(&mut text);
            Some(text)
        };
        let user = User {
            id: UserId(id.id),
            // An address that is none cannot name anybody: the same as having none.
            email: email.and_then(|email| email.parse().ok()),
            external_id: some(wire.external_id),
            employee_id: some(business.employee_id),
            company: company.as_ref().map(|found| CompanyId(found.id)),
            active: false,
        };
        let [legal_entity, department, cost_center, office] =
            [business.legal_entity, business.department, business.cost_center, business.office]
                .map(|it| Named::deserialize(it).ok());
        let unit = |it: &Option<Named>| {
            let Named { id, name } = it.clone()?;
            Some(Unit { id, name: some(name) })
        };
        let units = [&legal_entity, &department, &cost_center, &office].map(unit);
        let times = [wire.created_at, wire.last_updated_at]
            .map(|it| it["iso8601"].as_str().or_else(|| it.as_str()).map(Into::into));
        let (designation, persona) = (some(business.designation), some(wire.persona));
        let names = [company, legal_entity].map(|it| {
            let Named { id, name } = it?;
            Some((id, some(name)?))
        });
        Ok(Self { user, active: wire.is_active, names, units, designation, persona, times })
    }
}

/// A member of a group.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    #[serde(deserialize_with = "id")]
    pub(super) user_id: UserId,
    #[serde(default, deserialize_with = "moment")]
    pub(super) added_at: Option<Timestamp>,
}

#[derive(Deserialize)]
pub(super) struct Created<T: FromUuid> {
    #[serde(deserialize_with = "id")]
    pub(super) id: T,
}

/// What the answer to a change of a group may say of it: nothing has to be there, and whatever is, may be of any form.
pub(super) struct Echo {
    pub(super) id: Option<Uuid>,
    pub(super) company: Option<Uuid>,
}

impl<'de> Deserialize<'de> for Echo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let answer = Value::deserialize(deserializer)?;
        Ok(Self { id: readable(&answer["id"]), company: readable(&answer["companyId"]) })
    }
}

#[derive(Deserialize)]
pub(super) struct Catalogue {
    pub(super) permissions: Vec<Permission>,
}

/// Who is found by a key (contract §7.1).
#[derive(Deserialize)]
pub(super) struct Elements {
    #[serde(default)]
    length: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    elements: Vec<Told>,
}

impl Elements {
    pub(super) fn rows(&self) -> &[Told] {
        &self.elements
    }

    /// The users; `None` where the answer announces more than it shows.
    pub(super) fn all(self) -> Option<Vec<Told>> {
        let announced = self.length.unwrap_or(0);
        (announced <= self.elements.len() as u64).then_some(self.elements)
    }
}
