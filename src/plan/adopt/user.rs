//! Direct roles of people on their way into the files.

use super::{
    Why,
    drafting::{Drafted, Drafting},
};
use crate::{
    files::{
        declared::{DeclaredDirectRole, DeclaredUser, Rest},
        edit::Change,
        write::{DraftDirect, DraftTraveller},
        yaml::Yaml,
    },
    model::{
        direct::{DirectRole, Kind, Reach, Traveller, known},
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
        match role(drafting, declared, edit) {
            Ok(changes) => {
                let kind = edit.kind().map(Kind::role_type).unwrap_or_default();
                let is_privileged = edit.takes() && drafting.request.rules.privileged_direct.contains(kind);
                to.take(&edit.key, declared.from, is_privileged, changes);
            }
            Err(why) => to.leave(one, &why),
        }
    }
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
