//! People on their way into the files: what they are, and their direct roles.

use uuid::Uuid;

use super::{
    Request, Why,
    drafting::{Drafted, Drafting},
};
use crate::{
    files::{
        declared::{DeclaredDirectRole, DeclaredTrait, DeclaredUser, Rest},
        edit::Change,
        write::{DraftDirect, DraftTraveller, person},
        yaml::{Style, Yaml},
    },
    model::{
        direct::{DirectRole, Kind, Reach, Traveller, known},
        ids::{UserId, parse_uuid},
        name,
        selector::{Attribute, PersonPart, addresses},
        state::{Edit, Owner},
    },
};

pub(super) fn drafted(drafting: &Drafting<'_>, to: &mut Drafted) {
    let company = drafting.company.declared;
    let means = |it: &&DeclaredUser| {
        let found = drafting.naming.directory.anyone(company.id, &it.person);
        found.ok() == drafting.change.user()
    };
    let entries: Vec<&DeclaredUser> = company.users.iter().filter(means).collect();
    // Several files may speak of one person, each of something else.
    let about = |edit: &Edit| {
        let (directory, user) = (&drafting.naming.directory, drafting.change.user());
        let says = |it: &&DeclaredUser| match edit.attribute() {
            Some(attribute) => it.traits.iter().any(|it| it.attribute == attribute),
            None => it.says_roles,
        };
        // Direct roles are only looked at of somebody who is active.
        let is_of = |it: &&DeclaredUser| {
            edit.attribute().is_some() || directory.member(company.id, &it.person).ok() == user
        };
        let all = || entries.iter().copied().filter(is_of);
        all().find(says).or_else(|| all().next())
    };
    let attributes: Vec<&Edit> = drafting.change.edits.iter().filter(|it| it.attribute().is_some()).collect();
    for edit in drafting.change.edits.iter().filter(|it| drafting.asks(it)) {
        let one = std::slice::from_ref(edit);
        let Some(declared) = about(edit) else {
            to.leave(one, &drafting.stays(edit).unwrap_or(Why::NotDeclared));
            continue;
        };
        if let Some(why) = drafting.stays(edit) {
            to.leave(one, &why);
            continue;
        }
        let drafted = match edit.attribute() {
            Some(attribute) => self::attribute(drafting, (declared, &attributes), (attribute, edit)),
            None => role(drafting, declared, edit),
        };
        match drafted {
            Ok(changes) => {
                let kind = edit.kind().map(Kind::role_type).unwrap_or_default();
                let is_privileged = match edit.attribute() {
                    Some(attribute) => {
                        attribute == Attribute::Active
                            && edit.traits()[0] == Some("true")
                            && holds_privileged(drafting)
                    }
                    None => edit.takes() && drafting.request.rules.privileged_direct.contains(kind),
                };
                to.take(&edit.key, declared.from, is_privileged, changes);
            }
            Err(why) => to.leave(one, &why),
        }
    }
}

/// Whether somebody who was to leave, and so to lose everything, holds a privileged role.
fn holds_privileged(drafting: &Drafting<'_>) -> bool {
    let plan = drafting.request.plan;
    let of_group = |edit: &Edit| match (edit.key.owner, edit.member()) {
        (Owner::Group(group), Some(user)) => {
            Some(plan.index.user(user)) == drafting.change.user()
                && plan.live.grants(group).iter().any(|it| drafting.is_privileged(it.0.1))
        }
        _ => false,
    };
    let direct = |edit: &Edit| {
        let kind = edit.kind().map(Kind::role_type).unwrap_or_default();
        drafting.request.rules.privileged_direct.contains(kind)
    };
    plan.edits.iter().filter(|it| it.removes()).any(of_group)
        || drafting.change.edits.iter().filter(|it| it.takes()).any(direct)
}

/// What the files are to say of somebody apart from access: what is live. No more goes than the key, but a mapping that
/// would say nothing without it.
fn attribute(
    drafting: &Drafting<'_>,
    (declared, edits): (&DeclaredUser, &[&Edit]),
    (attribute, edit): (Attribute, &Edit),
) -> Result<Vec<Change>, Why> {
    if drafting.is_additions() {
        return Err(Why::Differs);
    }
    let key = attribute.notification().map_or(attribute.as_str(), |it| it.1);
    let said = declared.traits.iter().find(|it| it.attribute == attribute);
    let is_row =
        |it: &&DeclaredTrait| drafting.request.files.tables.iter().any(|table| table.file == it.from.file);
    if let Some(row) = said.filter(is_row) {
        let live = edit.traits()[0].unwrap_or("(an empty field)");
        let called = if attribute.has_ids() { called(drafting, attribute, live) } else { live };
        let why = "a row of a CSV file is not edited".into();
        return Err(Why::ByHand(row.from, why, vec![format!("{key}: {called}")]));
    }
    let of = match attribute.part() {
        PersonPart::BusinessInfo => declared.business,
        PersonPart::Account | PersonPart::ExternalId => Some(declared.from),
        PersonPart::NotificationPreferences => {
            let of = attribute.notification().map(|it| it.0);
            declared.notifications.iter().find(|it| Some(it.0) == of).map(|it| it.1)
        }
    };
    let Some(of) = of.filter(|_| said.is_some()) else { return Err(Why::NotDeclared) };
    let Some(live) = edit.traits()[0] else {
        let goes = |of: Attribute| edits.iter().any(|it| it.attribute() == Some(of) && it.adds());
        let mut beside =
            declared.traits.iter().map(|it| it.attribute).filter(|it| it.part() == attribute.part());
        let is_whole = attribute.part() == PersonPart::BusinessInfo && beside.all(goes);
        let (of, key) = if is_whole { (declared.from, "business") } else { (of, key) };
        return Ok(vec![Change::Unset { of: of.into(), key }]);
    };
    let value = match attribute {
        it if it.has_addresses() => Yaml::list(Style::Line, addresses(live).map(Yaml::text)),
        // It is `true` or `false`.
        it if it == Attribute::Active || it.notification().is_some() => Yaml::Scalar(live.to_owned()),
        it if it.has_people() => people(drafting, it, live)?,
        it if it.has_ids() => Yaml::text(called(drafting, it, live)),
        _ => Yaml::text(live),
    };
    Ok(vec![Change::Set { of: Some(of.into()), key, value }])
}

/// The managers or approvers of these ids, by keys that lead to nobody else.
fn people(drafting: &Drafting<'_>, attribute: Attribute, ids: &str) -> Result<Yaml, Why> {
    let unsayable = || Why::Unsayable("no key of one of the people leads to nobody else".into());
    let key = |it: &str| {
        let user = it.parse().ok().map(UserId)?;
        drafting.naming.superior(drafting.company.declared.id, user).map(|it| person(&it))
    };
    let mut all: Vec<Yaml> = ids.split(',').map(key).collect::<Option<_>>().ok_or_else(unsayable)?;
    if attribute == Attribute::Manager && all.len() == 1 {
        return Ok(all.remove(0));
    }
    Ok(Yaml::list(Style::Line, all))
}

/// What files call the id of a department or the like: by its name under `ids:`, or else by what the API calls it and nothing
/// else, or by the id itself.
fn called<'a>(drafting: &'a Drafting<'_>, attribute: Attribute, live: &'a str) -> &'a str {
    let Request { declared, observed, .. } = drafting.request;
    let Ok(id) = live.parse::<Uuid>() else { return live };
    let names = declared.attribute_names.get(&attribute);
    let is_own = |it: &&str| names.is_some_and(|all| all.contains(*it));
    let own = declared.aliases.get(&id).map(|it| &**it).filter(is_own);
    let company = observed.companies.iter().find(|it| it.id == drafting.company.declared.id);
    // What is spelt like an id would be taken for one.
    let is_said = |it: &&str| !is_own(it) && name::is_sayable(it) && parse_uuid(it).is_none();
    let told = || company?.units.name(attribute, id).filter(is_said);
    own.or_else(told).unwrap_or(live)
}

fn role(drafting: &Drafting<'_>, declared: &DeclaredUser, edit: &Edit) -> Result<Vec<Change>, Why> {
    let now = drafting.request.now;
    let in_force = |it: &&DeclaredDirectRole| !it.term.is_over(now);
    let entries = declared.roles.entries.iter().filter(in_force);
    let entries: Vec<&DeclaredDirectRole> =
        entries.filter(|it| Some(it.what.kind()) == edit.kind()).collect();
    match edit.direct() {
        // Live, and not in the files.
        [Some(role), None] => {
            let entry = draft(drafting, role, role.travellers())?.entry().into();
            Ok(vec![Change::Insert { of: Some(declared.from.into()), key: "directRoles", entry }])
        }
        [Some(_), Some(_)] if drafting.is_additions() => Err(Why::Differs),
        [None, _] => Ok(entries.iter().map(|it| Change::Remove(it.from.into())).collect()),
        [Some(live), Some(wanted)] => {
            let [entry] = entries[..] else { return Err(Why::NotDeclared) };
            let mut travellers = live.travellers().to_vec();
            if declared.roles.rest != Rest::Removed {
                // Whoever else there is stays unsaid.
                let asked = entry.what.travellers().iter();
                let asked: Vec<_> =
                    asked.filter_map(|it| drafting.naming.directory.anywhere(&it.person).ok()).collect();
                travellers.retain(|it| {
                    asked.contains(&it.user) && wanted.travellers().iter().any(|w| w.user == it.user)
                });
            }
            if travellers.is_empty() {
                return Ok(vec![Change::Remove(entry.from.into())]);
            }
            let Yaml::Map(_, keys) = draft(drafting, live, &travellers)?.entry() else {
                return Err(Why::NotDeclared);
            };
            let value = keys.into_iter().find(|it| it.0 == "arrangerFor").map(|it| it.1.value);
            let value = value.ok_or(Why::NotDeclared)?;
            Ok(vec![Change::Set { of: Some(entry.from.into()), key: "arrangerFor", value }])
        }
    }
}

/// The words for a live role, of these travellers.
fn draft(drafting: &Drafting<'_>, role: &DirectRole, travellers: &[Traveller]) -> Result<DraftDirect, Why> {
    let naming = drafting.naming;
    match role.kind() {
        Kind::Plain(name) => Ok(DraftDirect::Plain(name)),
        Kind::On(name, company) => {
            let called = naming
                .known
                .companies
                .get(&company.0)
                .map_or_else(|| company.to_string(), ToString::to_string);
            Ok(match known(name) {
                Some((_, Reach::Tmc)) => DraftDirect::OnTmc(name, called),
                Some(_) | None => DraftDirect::OnCompany(name, called),
            })
        }
        Kind::Arranger => {
            let traveller = |it: &Traveller| {
                let person = naming.traveller(it.user)?;
                Some(DraftTraveller {
                    person,
                    confirmations: it.confirmations,
                    flight_stats: it.flight_stats,
                })
            };
            let all: Option<Vec<DraftTraveller>> = travellers.iter().map(traveller).collect();
            all.map(DraftDirect::Arranger)
                .ok_or_else(|| Why::Unsayable("no key of one of the travellers leads to nobody else".into()))
        }
        Kind::Verbatim(..) => {
            let unsayable = || Why::Unsayable("a file cannot say this direct role".into());
            let [element] = role.elements() else { return Err(unsayable()) };
            serde_json::from_str(element.get()).map(DraftDirect::Raw).map_err(|_| unsayable())
        }
    }
}
