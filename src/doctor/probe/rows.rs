//! How many rows a page may have (contract §1.1).

use super::{Halt, ScratchGroups};
use crate::{
    doctor::shapes::Asked,
    live::api::{ApiError, Question},
};

/// The limits that are asked for, smallest first. A single row is refused for another reason than its size.
const LIMITS: [u32; 8] = [1, 10, 25, 50, 100, 250, 500, 1000];
/// The documented default: up to here every list is asked, long or not, as a refusal shows all the same.
const USUAL: u32 = 100;

/// Learns the largest page that every list accepts which can be asked for at all. Only reads.
pub(super) async fn learn(scratch: &mut ScratchGroups<'_>) -> Result<(), Halt> {
    const NAME: &str = "page limit";
    let company = scratch.company;
    type Of = fn(crate::model::ids::CompanyId, u32) -> Question;
    let mut lists: Vec<(&str, Of)> = vec![
        ("userGroups", |company, limit| Question::Groups { company, limit }),
        ("roles", |company, limit| Question::Roles { company, limit }),
        ("users", |company, limit| Question::Users { company, limit }),
    ];
    // The largest page that came in full, and the largest that no list refused.
    let (mut full, mut accepted) = (0, 0);
    // What shows that no more can be had.
    let mut end = None;
    for limit in LIMITS {
        if limit > USUAL && full < accepted {
            break;
        }
        let mut closed = Vec::new();
        for (field, list) in &lists {
            scratch.go_on()?;
            match scratch.observer.ask(&list(company, limit)).await {
                Ok(answer) => {
                    let Some(asked) = Asked::new(limit, &answer.body, field) else { continue };
                    if asked.rows == asked.limit {
                        full = limit;
                    }
                    if let Some(bound) = asked.bound().and_then(|it| u32::try_from(it).ok()) {
                        let least = end.as_ref().map_or(bound, |it: &(u32, String)| it.0.min(bound));
                        end = Some((least, format!("asked for {limit}, no more came")));
                    }
                }
                Err(ApiError::Refused { status: 400..=499, .. }) if limit == 1 => closed.push(*field),
                Err(ApiError::Refused { status: 400 | 413 | 422, .. }) => {
                    end = Some((accepted, format!("a page of {limit} is refused")));
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        lists.retain(|it| !closed.contains(&it.0));
        if end.is_some() || lists.is_empty() {
            break;
        }
        accepted = limit;
    }
    match end {
        _ if lists.is_empty() => scratch.unknown(NAME, "no list could be read"),
        Some((limit, why)) => {
            scratch.probed.learned.page_limit = Some(limit);
            scratch.found(NAME, limit.to_string(), format!("no list refuses it; {why}"));
        }
        None if full >= USUAL => {
            scratch.probed.learned.page_limit = Some(full);
            scratch.found(NAME, full.to_string(), format!("{full} rows came at once"));
        }
        None => scratch.unknown(NAME, format!("a page of {USUAL} is accepted, and no list has as many rows")),
    }
    Ok(())
}
