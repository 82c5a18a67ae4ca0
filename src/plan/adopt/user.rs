//! Direct roles of people on their way into the files.

use uuid::Uuid;

use super::{
    Why,
    drafting::{Drafted, Drafting},
};
use crate::{
    files::{
        declared::{DeclaredDirectRole, DeclaredUser, Rest},
        edit::Change,
        write::{DraftDirect, DraftTraveller, person},
        yaml::{Style, Yaml},
    },
    model::{
        direct::{DirectRole, Kind, Reach, Traveller, known},
        ids::UserId,
        selector::{Attribute, PersonPart},
        state::Edit,
    },
};

pub(super) fn drafted(drafting: &Drafting<'_>, to: &mut Drafted) {
    let company = drafting.company.declared;
    let means = |it: &&DeclaredUser| {
        let found = drafting.naming.directory.member(company.id, &it.person);
        found.ok() == drafting.change.user()
    };
    let declared = company.users.iter().find(means);
    for edit in drafting.change.edits.iter().filter(|it| drafting.request.extent.asks(it)) {
        let one = std::slice::from_ref(edit);
        let Some(declared) = declared else {
            to.leave(one, &drafting.stays(edit).unwrap_or(Why::NotDeclared));
            continue;
        };
        if let Some(why) = drafting.stays(edit) {
            to.leave(one, &why);
            continue;
        }
        let drafted = match edit.attribute() {
            Some(attribute) => self::attribute(drafting, declared, (attribute, edit)),
            None => role(drafting, declared, edit),
        };
        match drafted {
            Ok(changes) => {
                let kind = edit.kind().map(Kind::role_type).unwrap_or_default();
                let is_privileged = edit.takes() && drafting.request.rules.privileged_direct.contains(kind);
                to.take(&edit.key, declared.from, is_privileged, changes);
            }
            Err(why) => to.leave(one, &why),
        }
    }
}

/// What the files are to say of somebody apart from access: what is live.
fn attribute(
    drafting: &Drafting<'_>,
    declared: &DeclaredUser,
    (attribute, edit): (Attribute, &Edit),
) -> Result<Vec<Change>, Why> {
    let of = match attribute.part() {
        PersonPart::BusinessInfo => declared.business,
        PersonPart::Account | PersonPart::ExternalId => Some(declared.from),
    };
    let is_said = declared.traits.iter().any(|it| it.attribute == attribute);
    let Some(of) = of.filter(|_| is_said) else { return Err(Why::NotDeclared) };
    let key = attribute.as_str();
    let Some(live) = edit.traits()[0] else { return Ok(vec![Change::Unset { of: of.into(), key }]) };
    let value = match attribute {
        Attribute::Active => Yaml::Scalar(live.to_owned()),
        it if it.has_people() => {
            let ids = live.split(',').filter_map(|it| it.parse().ok().map(UserId));
            let people: Option<Vec<Yaml>> =
                ids.map(|it| drafting.naming.traveller(it).map(|it| person(&it))).collect();
            let unsayable = || Why::Unsayable("no key of one of the people leads to nobody else".into());
            let mut people = people.ok_or_else(unsayable)?;
            match (attribute, people.pop()) {
                (Attribute::Manager, Some(one)) if people.is_empty() => one,
                (_, last) => Yaml::list(Style::Line, people.into_iter().chain(last)),
            }
        }
        it if it.has_ids() => {
            let id = live.parse::<Uuid>().ok();
            let called = id.and_then(|it| drafting.request.declared.aliases.get(&it));
            Yaml::text(called.map_or(live, |it| it))
        }
        _ => Yaml::text(live),
    };
    Ok(vec![Change::Set { of: Some(of.into()), key, value }])
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
