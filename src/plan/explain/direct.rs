//! What the files say about the roles that a person holds outside groups.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Asked, Line, Standing,
    standing::{lasting_longest, unlisted},
};
use crate::{
    files::declared::{DeclaredDirect, DeclaredUser, Rest},
    model::direct::{DirectRole, DirectRoles, Kind},
};

/// A role outside groups. For whom an arranger acts is shown and not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectAccess {
    /// Which role.
    pub kind: Kind,
    /// The role as the API says it; `None` where it is asked for and not there.
    pub live: Option<DirectRole>,
    /// Whether the person holds it, and shall.
    pub standing: Standing,
}

/// Returns the roles that the person holds or shall hold outside groups by these entries, sorted by kind.
pub(in crate::plan) fn direct(
    own: &[&DeclaredUser],
    live: &DirectRoles,
    locked: bool,
    now: Timestamp,
) -> Vec<DirectAccess> {
    let mut lines: BTreeMap<Kind, Vec<Line>> = BTreeMap::new();
    for entry in own.iter().flat_map(|it| &it.roles.entries) {
        let kind = match &entry.what {
            DeclaredDirect::Ready(role) => role.kind().clone(),
            DeclaredDirect::Arranger(_) => Kind::Arranger,
        };
        lines.entry(kind).or_default().push(Line { from: entry.from, ends: entry.term.ends });
    }
    let rest = own.first().map_or(Rest::Unmanaged, |it| it.roles.rest);
    let mut all = Vec::new();
    for role in live.iter() {
        let lines = lines.remove(role.kind()).unwrap_or_default();
        let standing = match (lasting_longest(lines.iter().copied(), now), lines.iter().max()) {
            (Some(line), _) => Standing::new(Asked::Declared, [line]),
            (None, Some(line)) => Standing::new(Asked::Ended, [*line]),
            (None, None) => {
                let coming = own.iter().flat_map(|it| &it.roles.coming);
                let coming = coming.filter(|it| it.what.kind() == role.kind()).map(|it| it.from);
                unlisted(rest, coming.min())
            }
        };
        all.push(DirectAccess { kind: role.kind().clone(), live: Some(role.clone()), standing });
    }
    // Nothing is given to who is cut off.
    for (kind, lines) in lines.into_iter().filter(|_| !locked) {
        if let Some(line) = lasting_longest(lines.into_iter(), now) {
            let standing = Standing::new(Asked::Missing, [line]);
            all.push(DirectAccess { kind, live: None, standing });
        }
    }
    all.sort_by(|a, b| a.kind.cmp(&b.kind));
    all
}
