//! Words for roles outside groups. Raw: formats escape them.

use crate::model::direct::{DirectRole, Kind, Traveller};

use super::scope::Words;
use crate::model::escape;

/// Characters of an element of unknown type: more than any sane one has.
const ELEMENT: usize = 200;
/// Travellers named one by one; the others are counted.
const NAMED: usize = 8;

/// Returns `COMPANY_ADMIN of globex`, `TRAVEL_ARRANGER for vip@globex.example`, or an element as it is.
pub(super) fn role(role: &DirectRole, words: &Words<'_>) -> String {
    match role.kind() {
        plain @ (Kind::Plain(_) | Kind::On(..)) => kind(plain, words),
        Kind::Arranger => format!("{} for {}", role.kind().role_type(), travellers(role.travellers(), words)),
        Kind::Verbatim(name, element) => {
            let element = element.replace('\n', " ");
            format!("{name}, as it is: {}", escape::clip(&element, ELEMENT))
        }
    }
}

/// Returns which role it is, without whom it is for.
pub(super) fn kind(kind: &Kind, words: &Words<'_>) -> String {
    match kind {
        Kind::Plain(name) => (*name).to_owned(),
        Kind::On(name, company) => format!("{name} of {}", words.alias(*company)),
        Kind::Arranger => kind.role_type().to_owned(),
        Kind::Verbatim(name, _) => name.to_string(),
    }
}

/// Returns the travellers with the mails that the arranger gets, in the order of their names.
pub(super) fn travellers(travellers: &[Traveller], words: &Words<'_>) -> String {
    let mut all: Vec<String> = travellers.iter().map(|it| traveller(it, words)).collect();
    all.sort();
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    let named = all.join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

fn traveller(traveller: &Traveller, words: &Words<'_>) -> String {
    let name = words.person(traveller.user);
    match (traveller.confirmations, traveller.flight_stats) {
        (false, false) => name,
        (true, false) => format!("{name} (confirmations)"),
        (false, true) => format!("{name} (flight news)"),
        (true, true) => format!("{name} (confirmations, flight news)"),
    }
}
