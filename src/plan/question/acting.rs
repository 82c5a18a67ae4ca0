//! Who may act for a person: who arranges, approves and leads, each by what, and whose role is over everybody there.
//!
//! Pure: of what was read of these people.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Answer, Question, Side, Unseen};
use crate::{
    files::declared::Declared,
    model::{
        ids::{CompanyId, PersonRef, UserId},
        observed::{Observed, User},
        plan::Unresolved,
        rules::PrivilegedTypes,
    },
    plan::{
        bind::people::Directory,
        explain::{self, Acting},
        review::{Review, Reviewed},
    },
};

/// Who acts for a person.
#[derive(Clone, Debug)]
pub struct Actors {
    /// The person, with every key that was told.
    pub person: User,
    /// Who acts for the person, as it is on the side that is asked about.
    pub acting: Acting,
    /// What is known of them.
    pub users: BTreeMap<UserId, User>,
}

/// Says who may act for a person. `unread` is of whom it was not read what is held outside groups.
///
/// # Errors
///
/// Why there is not exactly one such person.
pub fn acted_for(
    declared: &Declared,
    (observed, unread): (&Observed, Option<Unseen>),
    (person, side): (&PersonRef, Side),
    now: Timestamp,
) -> Result<Answer, Unresolved> {
    let declared = &*declared.at(now);
    let own: BTreeSet<CompanyId> = declared.own_companies().into_iter().collect();
    let directory = Directory::new(&observed.users);
    let id = directory.nearest(&declared.own_companies(), person)?;
    let user = explain::person(id, &observed.users);
    let mut acting = explain::acting(declared, observed, &user, now);
    acting.others.retain(|it| it.standing.is_live());
    acting.everybody.retain(|it| it.1.live.is_some());
    let known =
        |it: &UserId| Some((*it, explain::person(*it, &observed.users))).filter(|it| !it.1.is_hidden());
    let people = acting.others.iter().map(|it| it.act.who).chain(acting.everybody.iter().map(|it| it.0));
    // For which people the person acts is not asked.
    let unsure = acting.unread.iter().filter(|it| it.over == id).map(|it| it.who);
    let unsure = unsure.collect::<BTreeSet<_>>().len();
    let unseen = [
        (!acting.has_arrangers).then_some(Unseen::Arrangers),
        (!acting.has_superiors).then_some(Unseen::Superiors),
        unread,
        (unsure > 0).then_some(Unseen::Entries(unsure)),
        Some(Unseen::ThroughGroups),
    ];
    let review = Review {
        companies: own.into_iter().map(|id| Reviewed { id, is_whole: false }).collect(),
        groups: Vec::new(),
        people: Vec::new(),
        roles: BTreeMap::new(),
        privileged: BTreeSet::new(),
        privileged_direct: PrivilegedTypes::Known,
        soon: Vec::new(),
        led: 0,
        is_sanitized: false,
        names: explain::names(declared, observed),
    };
    Ok(Answer {
        question: Question::ActsFor(person.clone()),
        side,
        reach: None,
        review,
        actors: Some(Actors {
            users: people.collect::<BTreeSet<_>>().iter().filter_map(known).collect(),
            person: user,
            acting,
        }),
        unseen: unseen.into_iter().flatten().collect(),
    })
}
