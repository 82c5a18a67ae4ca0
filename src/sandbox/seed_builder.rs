//! Turns a seed into objects: names become ids, and what makes no sense is refused by name. It reads no file.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;
use uuid::Uuid;

use super::{
    clock::Moment,
    error::SandboxError,
    model::{Company, Grant, Group, Member, Reference, Role, Stamps, User, derived_id},
    scope::{Audience, Predicate, Scope, Values},
    seed::{CompanyEntry, GrantEntry, GroupEntry, RoleEntry, Seed, UserEntry},
    store::Objects,
    validation::StrictId,
};
use crate::model::{
    ids::{CompanyId, GroupId, RoleId, UserId, parse_uuid},
    object::Object,
};

/// Builds the objects that `seed`, read from `place`, describes; all of them made at `now`. The first entry that names
/// something unknown or takes an id twice is an error.
pub(super) fn build(seed: &Seed, place: &str, now: Moment) -> Result<Objects, SandboxError> {
    let author = Reference { id: derived_id("client", &["seed"]), name: "seed".into() };
    let mut builder = SeedBuilder {
        stamps: Stamps::new(now, &author),
        objects: Objects::default(),
        taken: HashSet::new(),
        companies: HashMap::new(),
        legal_entities: HashMap::new(),
        units: HashMap::new(),
        users: HashMap::new(),
        users_by_id: HashMap::new(),
    };
    let wrong = |kind: &str, name: &str, problem: String| {
        SandboxError::SeedMeaning(format!("{place}: {kind} `{name}`: {problem}"))
    };
    for it in &seed.companies {
        builder.company(it).map_err(|problem| wrong("company", &it.name, problem))?;
    }
    for it in &seed.roles {
        builder.role(it).map_err(|problem| wrong("role", &it.name, problem))?;
    }
    for it in &seed.users {
        builder.user(it).map_err(|problem| wrong("user", &it.email, problem))?;
    }
    for it in &seed.users {
        builder.superiors(it).map_err(|problem| wrong("user", &it.email, problem))?;
    }
    for it in &seed.groups {
        builder.group(it).map_err(|problem| wrong("group", &it.name, problem))?;
    }
    Ok(builder.objects)
}

/// What has been built so far, and how to find it by name.
struct SeedBuilder {
    stamps: Stamps,
    objects: Objects,
    taken: HashSet<Uuid>,
    companies: HashMap<String, usize>,
    legal_entities: HashMap<String, Uuid>,
    /// Departments, cost centers, offices and grades, by company, kind and name.
    units: HashMap<(String, &'static str, String), Uuid>,
    /// By e-mail in lower case.
    users: HashMap<String, Vec<usize>>,
    users_by_id: HashMap<UserId, usize>,
}

impl SeedBuilder {
    fn id(&mut self, chosen: Option<StrictId>, kind: &str, parts: &[&str]) -> Result<Uuid, String> {
        let id = chosen.map_or_else(|| derived_id(kind, parts), |id| id.0);
        if self.taken.insert(id) {
            Ok(id)
        } else if chosen.is_some() {
            Err(format!("the id {id} is taken by another entry"))
        } else {
            Err("there is another one of this name; give one of them an `id`".to_owned())
        }
    }

    fn find_company(&self, name: &str) -> Result<&Company, String> {
        let at = self.companies.get(name).ok_or_else(|| format!("there is no company `{name}`"))?;
        Ok(&self.objects.companies[*at])
    }

    fn company(&mut self, entry: &CompanyEntry) -> Result<(), String> {
        if self.companies.contains_key(&entry.name) {
            return Err("there is another company of this name".to_owned());
        }
        let id = CompanyId(self.id(entry.id, "company", &[&entry.name])?);
        let mut legal_entities = Vec::with_capacity(entry.legal_entities.len());
        for entity in &entry.legal_entities {
            let id = self.id(entity.id, "legalEntity", &[&entry.name, &entity.name])?;
            self.legal_entities.insert(entity.name.clone(), id);
            legal_entities.push(Reference { id, name: entity.name.as_str().into() });
        }
        let units = [
            ("department", &entry.departments),
            ("costCenter", &entry.cost_centers),
            ("office", &entry.offices),
            ("grade", &entry.grades),
        ];
        let mut named = Vec::new();
        for (kind, all) in units {
            for unit in all {
                let id = self.id(unit.id, kind, &[&entry.name, &unit.name])?;
                self.units.insert((entry.name.clone(), kind, unit.name.clone()), id);
                named.push(Reference { id, name: unit.name.as_str().into() });
            }
        }
        self.companies.insert(entry.name.clone(), self.objects.companies.len());
        self.objects.companies.push(Company {
            id,
            name: entry.name.as_str().into(),
            kind: entry.kind,
            legal_entities,
            units: named,
        });
        Ok(())
    }

    fn role(&mut self, entry: &RoleEntry) -> Result<(), String> {
        let company =
            entry.company.as_deref().map(|name| self.find_company(name)).transpose()?.map(|it| it.id);
        let owner = entry.company.as_deref().unwrap_or_default();
        let id = RoleId(self.id(entry.id, "role", &[owner, &entry.name])?);
        self.objects.roles.push(Role {
            id,
            name: entry.name.as_str().into(),
            description: entry.description.as_str().into(),
            company,
            permissions: entry.permissions.clone(),
            stamps: self.stamps.clone(),
        });
        Ok(())
    }

    fn user(&mut self, entry: &UserEntry) -> Result<(), String> {
        let company = self.find_company(&entry.company)?;
        let entities = company.entities();
        let mut named = company.legal_entities.iter();
        let legal_entity = match &entry.legal_entity {
            Some(name) => named.find(|entity| *entity.name == **name),
            None => entities.first(),
        };
        let legal_entity = legal_entity.cloned().ok_or_else(|| {
            let name = entry.legal_entity.as_deref().unwrap_or_default();
            format!("company `{}` has no legal entity `{name}`", entry.company)
        })?;
        let company = company.id;
        let business = self.business(entry)?;
        let id = UserId(self.id(entry.id, "user", &[&entry.company, &entry.email])?);
        let local_part = entry.email.split('@').next().unwrap_or_default();
        self.users.entry(entry.email.to_lowercase()).or_default().push(self.objects.users.len());
        self.users_by_id.insert(id, self.objects.users.len());
        self.objects.users.push(User {
            id,
            email: entry.email.as_str().into(),
            name: entry.name.as_deref().unwrap_or(local_part).into(),
            company,
            external_id: entry.external_id.as_deref().map(Into::into),
            employee_id: entry.employee_id.as_deref().map(Into::into),
            active: entry.active,
            persona: entry.persona.as_deref().unwrap_or("EMPLOYEE").into(),
            legal_entity,
            legacy_roles: entry.direct_roles.clone(),
            business,
            profile: Object::of(&entry.profile),
            stamps: self.stamps.clone(),
        });
        Ok(())
    }

    /// What the business info of a user holds beside the rest, as the API has it.
    fn business(&self, entry: &UserEntry) -> Result<Object, String> {
        let mut business = Object::default();
        let units = [
            ("department", "departmentRef", &entry.department),
            ("costCenter", "costCenterRef", &entry.cost_center),
            ("office", "officeRef", &entry.office),
            ("grade", "gradeRef", &entry.grade),
        ];
        for (kind, field, name) in units {
            let Some(name) = name else { continue };
            let id = self.units.get(&(entry.company.clone(), kind, name.clone()));
            let id = id.ok_or_else(|| format!("company `{}` has no {kind} `{name}`", entry.company))?;
            business.set(field, &json!({ "id": id, "name": name }));
        }
        for (field, text) in [("designation", &entry.designation), ("workerType", &entry.worker_type)] {
            text.iter().for_each(|it| business.set(field, it));
        }
        Ok(business)
    }

    /// Says who leads a user and who approves: they may stand further down.
    fn superiors(&mut self, entry: &UserEntry) -> Result<(), String> {
        if entry.manager.is_none() && entry.approvers.is_empty() {
            return Ok(());
        }
        let company = self.find_company(&entry.company)?.id;
        let reference = |raw: &String| {
            let id = self.member(raw, company, &entry.company)?;
            let name = self.users_by_id.get(&id).map(|at| &self.objects.users[*at].name);
            Ok(json!({ "id": id, "name": name }))
        };
        let manager = entry.manager.as_ref().map(reference).transpose()?;
        let approvers = entry.approvers.iter().map(reference).collect::<Result<Vec<_>, String>>()?;
        let user = self.member(&entry.email, company, &entry.company)?;
        let Some(at) = self.users_by_id.get(&user) else { return Ok(()) };
        let business = &mut self.objects.users[*at].business;
        manager.iter().for_each(|it| business.set("managerRef", it));
        if !approvers.is_empty() {
            business.set("designatedApproverRefs", &approvers);
        }
        Ok(())
    }

    fn group(&mut self, entry: &GroupEntry) -> Result<(), String> {
        let company = self.find_company(&entry.company)?.id;
        let id = GroupId(self.id(entry.id, "group", &[&entry.company, &entry.name])?);
        let grants = entry.roles.iter().map(|grant| self.grant(grant, company)).collect::<Result<_, _>>()?;
        let mut members = Vec::with_capacity(entry.members.len());
        let mut present = HashSet::with_capacity(entry.members.len());
        for member in &entry.members {
            let user = self.member(member, company, &entry.company)?;
            if !present.insert(user) {
                return Err(format!("member `{member}` is listed twice"));
            }
            members.push(Member { user, added_at: self.stamps.created_at });
        }
        self.objects.groups.push(Group {
            id,
            name: entry.name.as_str().into(),
            description: entry.description.as_str().into(),
            company,
            unmodifiable: entry.unmodifiable,
            stamps: self.stamps.clone(),
            grants,
            members,
        });
        Ok(())
    }

    fn member(&self, raw: &str, company: CompanyId, company_name: &str) -> Result<UserId, String> {
        let places = match parse_uuid(raw) {
            Some(id) => self.users_by_id.get(&UserId(id)).map(std::slice::from_ref),
            None => self.users.get(&raw.to_lowercase()).map(Vec::as_slice),
        };
        let found: Vec<&User> = places.into_iter().flatten().map(|at| &self.objects.users[*at]).collect();
        let mut own = found.iter().filter(|user| user.company == company);
        match (own.next(), own.next(), found.is_empty()) {
            (Some(user), None, _) => Ok(user.id),
            (Some(_), Some(_), _) => Err(format!("member `{raw}` is several users; use the user id")),
            (None, _, true) => Err(format!("there is no user `{raw}`")),
            // By id: somebody who was moved to another company since.
            (None, _, false) if parse_uuid(raw).is_some() => Ok(found[0].id),
            (None, _, false) => Err(format!("member `{raw}` is not of company `{company_name}`")),
        }
    }

    fn grant(&self, entry: &GrantEntry, company: CompanyId) -> Result<Grant, String> {
        let id = parse_uuid(&entry.role).map(RoleId);
        let usable = |role: &&Role| role.company.is_none_or(|owner| owner == company);
        let meant = |role: &&Role| Some(role.id) == id || *role.name == *entry.role;
        let mut found = self.objects.roles.iter().filter(usable).filter(meant);
        match (found.next(), found.next()) {
            (Some(role), None) => Ok(Grant { role: role.id, scope: self.scope(&entry.scope) }),
            (Some(_), Some(_)) => Err(format!("role `{}` is several roles; use the role id", entry.role)),
            (None, _) => Err(format!("there is no role `{}` for this company", entry.role)),
        }
    }

    fn scope(&self, audiences: &[BTreeMap<String, Vec<String>>]) -> Scope {
        let predicate = |(kind, values): (&String, &Vec<String>)| {
            let ids = || Values::Many(values.iter().map(|value| self.value(kind, value)).collect());
            let values = (kind != "PLATFORM" || !values.is_empty()).then(ids);
            let comparator = values.is_some().then(|| "IN".to_owned());
            Predicate { r#type: kind.clone(), comparator, values, id: None }
        };
        let audiences =
            audiences.iter().map(|it| Audience { predicates: it.iter().map(predicate).collect() });
        Scope { audiences: audiences.collect() }
    }

    /// The id behind a name; a value that names nothing known stays as it is.
    fn value(&self, kind: &str, raw: &str) -> String {
        let id = match kind {
            "COMPANY" | "BOOKING_TMC" | "CONTRACTING_TMC" => self.find_company(raw).ok().map(|it| it.id.0),
            "LEGAL_ENTITY" => self.legal_entities.get(raw).copied(),
            "PROFILE" => match self.users.get(&raw.to_lowercase()).map(Vec::as_slice) {
                Some([at]) => Some(self.objects.users[*at].id.0),
                _ => None,
            },
            _ => None,
        };
        id.map_or_else(|| raw.to_owned(), |id| id.to_string())
    }
}
