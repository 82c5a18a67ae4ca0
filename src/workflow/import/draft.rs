//! From everything that there is to what files say of it: which group can be declared, and what of it. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    Asked, Imported,
    ids::{self, Ids},
    people::People,
};
use crate::{
    files::{
        check::{says_description, says_name},
        write::{
            Alias, DraftDirect, DraftFile, DraftGrant, DraftGroup, DraftTraveller, DraftUser, DraftWorkspace,
            Known, naming::candidates,
        },
    },
    live::{
        fetch::{self, Profiles},
        snapshot::Snapshot,
    },
    model::{
        access::Grant,
        direct::{DirectRole, Kind, Reach, known},
        ids::{CompanyId, GroupId, UserId},
        lookalike::{Lookalikes, is_plain},
        observed::completed,
        scope::Shared,
        selector::Attribute,
    },
    plan::bind::grants::Roles,
    report::render::counted,
};

mod profiles;

/// What stands above everything that cannot be applied.
const SANITIZED: &str =
    "Sanitized: addresses and numbers of people are pseudonyms, so this cannot be applied.";

/// What files say already, beside which others are drafted.
#[derive(Default)]
pub(super) struct There {
    /// The groups that are left aside: files speak of them, or they are not asked for.
    pub(super) aside: BTreeSet<GroupId>,
    /// The names of groups that files speak of.
    pub(super) names: BTreeMap<CompanyId, BTreeSet<Box<str>>>,
    /// Members who are cut off, whatever any file says.
    pub(super) cut_off: BTreeSet<(GroupId, UserId)>,
    /// The names under `ids:`.
    pub(super) known: Known,
    /// The company that files are about if they do not say so.
    pub(super) company: Option<CompanyId>,
    /// The companies where people are looked for anyhow.
    pub(super) searched: BTreeSet<CompanyId>,
    /// The people who are left aside: files say already what they are, or cut them off.
    pub(super) people: BTreeSet<(CompanyId, UserId)>,
    /// Where else people of a company stand, by the path of the file: new ones come there.
    pub(super) homes: BTreeMap<CompanyId, String>,
    /// The names under `ids:` of departments and the like.
    pub(super) units: BTreeMap<Attribute, BTreeSet<Box<str>>>,
}

/// Drafts the files that say what a snapshot holds.
pub(super) fn draft(snapshot: &Snapshot, asked: &Asked<'_>) -> Imported {
    drafted(snapshot, asked, None)
}

/// Drafts the files that say what a snapshot holds and no other says. What is called by no name yet gets one.
pub(super) fn beside(snapshot: &Snapshot, asked: &Asked<'_>, there: &There) -> Imported {
    drafted(snapshot, asked, Some(there))
}

fn drafted(snapshot: &Snapshot, asked: &Asked<'_>, there: Option<&There>) -> Imported {
    let rows = completed(super::taken::rows(snapshot));
    let people = People::new(snapshot, &rows, asked.people);
    let mut scopes = Shared::default();
    let mut held: BTreeMap<GroupId, Vec<Grant>> = BTreeMap::new();
    let mut ids = Ids::default();
    for group in snapshot.companies.iter().flat_map(|it| &it.groups) {
        let grants = fetch::shared(group.roles.clone(), &mut scopes);
        if !group.unmodifiable && there.is_none_or(|it| !it.aside.contains(&group.id)) {
            grants.iter().for_each(|it| ids.scope(&it.scope));
        }
        held.insert(group.id, grants);
    }
    let own: Vec<CompanyId> = snapshot.companies.iter().map(|it| it.id).collect();
    if there.is_none() {
        own.iter().for_each(|it| ids.company(*it));
    }
    // People of scopes are looked for where the workspace has a name for.
    let searched = |it: CompanyId| there.is_some_and(|there| there.searched.contains(&it));
    let directories = snapshot.directories.iter().map(|it| (it.company, !it.users.is_empty()));
    directories.filter(|it| it.1 && !searched(it.0)).for_each(|it| ids.company(it.0));
    if asked.direct_roles {
        let roles = snapshot.people.iter().flat_map(|it| &it.direct_roles).flat_map(|it| it.iter());
        for (role, on) in roles.filter_map(|it| Some((it.kind().role_type(), it.kind().company()?))) {
            match known(role) {
                Some((_, Reach::Tmc)) => ids.tmc(on),
                Some(_) | None => ids.company(on),
            }
        }
    }
    let mut units: BTreeMap<Attribute, BTreeSet<Uuid>> = BTreeMap::new();
    for (attribute, id) in profiles::ids(snapshot, asked.people, there) {
        match attribute {
            Attribute::LegalEntity => ids.legal_entity(id),
            _ => _ = units.entry(attribute).or_default().insert(id),
        }
    }
    let nothing = Known::default();
    let before = there.map_or(&nothing, |it| &it.known);
    let [companies, legal_entities] = ids.named(&snapshot.names, &own, before);
    let by_id = |old: &BTreeMap<Uuid, Box<str>>, all: &[Alias]| {
        old.clone().into_iter().chain(all.iter().map(|it| (it.id, it.name.clone()))).collect()
    };
    let known = Known {
        travellers: people.travellers(held.values().flatten().map(|it| &*it.scope)),
        companies: by_id(&before.companies, &companies),
        legal_entities: by_id(&before.legal_entities, &legal_entities),
    };
    let aliases = known.companies.keys().chain(known.legal_entities.keys()).copied();
    let taken = there.map_or_else(BTreeMap::new, |it| it.units.clone());
    let units = ids::units(units, &snapshot.names, (aliases.collect(), &taken));
    let unit_names = units.iter().flat_map(|it| &it.1).map(|it| (it.id, it.name.clone()));
    let mut drafting = Drafting {
        units: unit_names.collect(),
        snapshot,
        people,
        held,
        known,
        left_out: Vec::new(),
        notes: Vec::new(),
        files: Vec::new(),
        there,
        several: own.len() > 1,
    };
    own.iter().enumerate().for_each(|(at, _)| drafting.company(at, asked));
    let Drafting { mut files, known, left_out, notes, .. } = drafting;
    let company = own.first().filter(|_| own.len() == 1).and_then(|it| known.companies.get(&it.0).cloned());
    let sanitized: Vec<String> = snapshot.sanitized.iter().map(|_| SANITIZED.to_owned()).collect();
    files.iter_mut().for_each(|it| it.comments.clone_from(&sanitized));
    let workspace = DraftWorkspace {
        comments: sanitized,
        endpoint: asked.endpoint.to_owned(),
        company,
        companies,
        legal_entities,
        units: units.into_iter().map(|(attribute, all)| (attribute.as_str(), all)).collect(),
    };
    Imported { workspace, known, files, left_out, notes }
}

struct Drafting<'a> {
    snapshot: &'a Snapshot,
    people: People<'a>,
    held: BTreeMap<GroupId, Vec<Grant>>,
    known: Known,
    left_out: Vec<String>,
    notes: Vec<String>,
    files: Vec<DraftFile>,
    there: Option<&'a There>,
    /// Whether files say which company they are about.
    several: bool,
    /// The names of departments and the like.
    units: BTreeMap<Uuid, Box<str>>,
}

impl Drafting<'_> {
    fn company(&mut self, at: usize, asked: &Asked<'_>) {
        let company = &self.snapshot.companies[at];
        let roles = Roles::new(&company.roles);
        let nothing = BTreeSet::new();
        let declared = self.there.and_then(|it| it.names.get(&company.id)).unwrap_or(&nothing);
        let named = names(company.groups.iter().map(|it| (it.id, &*it.name)), declared);
        let mut groups: Vec<(Uuid, DraftGroup)> = Vec::new();
        let aside = |it: &GroupId| self.there.is_some_and(|there| there.aside.contains(it));
        for group in company.groups.iter().filter(|it| !aside(&it.id)) {
            let id = match named.get(&group.id) {
                Some(Ok(pin)) => pin.then_some(group.id),
                Some(Err(why)) => {
                    self.left_out.push(format!("group {} ({}) is left out: {why}", group.name, group.id));
                    continue;
                }
                None => continue,
            };
            let mut draft = DraftGroup { id, ..DraftGroup::new(&group.name) };
            if group.unmodifiable {
                draft.remark = Some("a standard group: only its members are yours to change".to_owned());
            } else if says_description(&group.description) {
                draft.description = Some(group.description.clone());
                match self.grants(&roles, &self.held[&group.id]) {
                    Ok(grants) => draft.grants = Some(grants),
                    Err(why) => draft.comments.push(format!("Its roles are not managed: {why}.")),
                }
            } else {
                draft.comments.push(
                    "Its roles are not managed: a group with roles needs a description that a file can say."
                        .to_owned(),
                );
            }
            let is_cut_off =
                |it: &&UserId| self.there.is_some_and(|there| there.cut_off.contains(&(group.id, **it)));
            for member in group.members.iter().filter(|it| !is_cut_off(it)) {
                match self.people.member(company.id, *member) {
                    Ok(person) => draft.members.push(person),
                    Err(why) => draft.others.push(format!("Also a member, and stays one: {why}.")),
                }
            }
            draft.others.sort_unstable();
            let told = |it: &String| format!("group {}: {it}", group.name);
            self.notes.extend(draft.comments.iter().map(told));
            if !draft.others.is_empty() {
                let count = counted(draft.others.len(), "member", "members");
                self.notes
                    .push(format!("group {}: no file can name {count}; they stay (`atLeast`)", group.name));
            }
            groups.push((group.id.0, draft));
        }
        groups.sort_by_cached_key(|(id, it)| (it.name.to_lowercase(), it.name.clone(), *id));
        let is_everybody = asked.people == Profiles::Everybody;
        let mut users = if asked.direct_roles { self.users(company.id) } else { Vec::new() };
        if is_everybody {
            users = self.everybody(company.id, users);
        }
        let is_said = match self.there {
            None => self.several,
            Some(there) => there.company != Some(company.id),
        };
        let own = self.known.companies.get(&company.id.0).cloned();
        let folder =
            own.as_deref().map_or_else(|| candidates("", "company", company.id.0).remove(0), str::to_owned);
        let own = own.unwrap_or_else(|| company.id.to_string().into());
        let folder = if is_said { format!("access/{folder}") } else { "access".to_owned() };
        let file = |name: &str, groups, users| DraftFile {
            path: format!("{folder}/{name}.yaml"),
            comments: Vec::new(),
            company: is_said.then(|| own.clone()),
            groups,
            users,
        };
        let files = asked.layout.files(groups);
        self.files.extend(files.into_iter().map(|(name, groups)| file(&name, groups, Vec::new())));
        if !users.is_empty() {
            let name = if is_everybody { "people" } else { "users" };
            let mut file = file(name, Vec::new(), users);
            let home = self.there.and_then(|it| it.homes.get(&company.id));
            home.iter().for_each(|it| file.path.clone_from(it));
            self.files.push(file);
        }
    }

    /// The roles of a group, or why not all of them can be said.
    fn grants(&self, roles: &Roles<'_>, held: &[Grant]) -> Result<Vec<DraftGrant>, String> {
        let grant = |it: &Grant| {
            let called = roles.called(it.role);
            let Some(role) = roles.named(it.role) else {
                return Err(format!("the company cannot assign the role {called}"));
            };
            match self.known.scope(&it.scope) {
                Some(_) if !it.scope.has_unreadable() => {
                    Ok(DraftGrant { role, called, scope: it.scope.clone() })
                }
                _ => Err(format!(
                    "the role {called} holds on a scope in a form that this version does not know"
                )),
            }
        };
        held.iter().map(grant).collect()
    }

    /// Everybody of the company with direct roles.
    fn users(&mut self, company: CompanyId) -> Vec<DraftUser> {
        let mut users = Vec::new();
        for person in &self.snapshot.people {
            let Some(roles) = person.direct_roles.as_ref().filter(|it| !it.is_empty()) else { continue };
            let user = match self.people.member(company, person.user_id) {
                Ok(user) => user,
                Err(why) => {
                    self.notes.push(format!("direct roles are left out: {why}"));
                    continue;
                }
            };
            let (mut said, mut others) = (Vec::new(), Vec::new());
            for role in roles.iter() {
                match self.direct(role) {
                    Some(role) => said.push(role),
                    None => others.push(format!(
                        "Also held, and stays: {}, which no file can say in full.",
                        role.kind().role_type()
                    )),
                }
            }
            users.push(DraftUser { roles: Some(said), others, ..DraftUser::new(user) });
        }
        users.sort_by(|a, b| a.user.cmp(&b.user));
        users
    }

    fn direct(&self, role: &DirectRole) -> Option<DraftDirect> {
        match role.kind() {
            Kind::Plain(name) => Some(DraftDirect::Plain(name)),
            Kind::On(name, on) => {
                let called =
                    self.known.companies.get(&on.0).map_or_else(|| on.to_string(), ToString::to_string);
                Some(match known(name)?.1 {
                    Reach::Tmc => DraftDirect::OnTmc(name, called),
                    Reach::Company | Reach::Travellers | Reach::Everything => {
                        DraftDirect::OnCompany(name, called)
                    }
                })
            }
            Kind::Arranger => {
                let travellers = role.travellers().iter().map(|it| {
                    let person = self.people.traveller(it.user)?;
                    Some(DraftTraveller {
                        person,
                        confirmations: it.confirmations,
                        flight_stats: it.flight_stats,
                    })
                });
                travellers.collect::<Option<_>>().map(DraftDirect::Arranger)
            }
            Kind::Verbatim(..) => {
                let element =
                    serde_json::from_str::<serde_json::Value>(role.elements().first()?.get()).ok()?;
                let named = element["roleType"].as_str().is_some_and(|it| !it.is_empty());
                (element.is_object() && named).then_some(DraftDirect::Raw(element))
            }
        }
    }
}

/// Says of each group whether it needs its id beside its name, or why no file can declare it.
fn names<'a>(
    groups: impl Iterator<Item = (GroupId, &'a str)>,
    taken: &'a BTreeSet<Box<str>>,
) -> BTreeMap<GroupId, Result<bool, &'static str>> {
    let mut groups: Vec<(GroupId, &str)> = groups.collect();
    groups.sort_unstable();
    let mut firsts: HashMap<&str, (GroupId, usize)> = HashMap::new();
    for (id, name) in &groups {
        firsts.entry(name).or_insert((*id, 0)).1 += 1;
    }
    let mut said: BTreeMap<GroupId, Result<bool, &'static str>> = BTreeMap::new();
    let mut declared = Vec::new();
    for (id, name) in groups {
        let (first, count) = firsts[name];
        let how = if !says_name(name) {
            Err("no file can say its name")
        } else if taken.contains(name) {
            Err("the files speak of another group of that name; give it another name")
        } else if first != id {
            Err("another group has the same name, and files name each once; give it another name")
        } else {
            declared.push((name, id));
            Ok(count > 1)
        };
        said.insert(id, how);
    }
    // What files say already stays as it is.
    let ours: Vec<(&str, Option<GroupId>)> =
        declared.into_iter().map(|(name, id)| (name, Some(id))).collect();
    let alike = Lookalikes::new(ours.into_iter().chain(taken.iter().map(|it| (&**it, None))));
    for ((name, id), (other, second)) in alike.pairs() {
        if let Some(id) = id.or(second).filter(|_| !is_plain(name, other)) {
            said.insert(id, Err("its name looks like that of another group; give it another name"));
        }
    }
    said
}
