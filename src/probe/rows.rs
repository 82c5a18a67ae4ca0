//! How many rows a page may have (contract §1.1).

use super::{Ground, Halt};
use crate::{
    api::{ApiError, Question},
    doctor::shapes::{Asked, total},
};

/// The limits that are asked for, smallest first.
const LIMITS: [u32; 7] = [10, 25, 50, 100, 250, 500, 1000];
/// The documented default, taken to be fine where nothing shows otherwise.
const USUAL: u32 = 100;

/// Learns the largest page that comes, on the longest list there is. Only reads.
pub(super) async fn learn(ground: &mut Ground<'_>) -> Result<(), Halt> {
    const NAME: &str = "page limit";
    ground.go_on()?;
    let company = ground.company;
    type Of = fn(crate::ids::CompanyId, u32) -> Question;
    let lists: [(&str, Of); 3] = [
        ("userGroups", |company, limit| Question::Groups { company, limit }),
        ("roles", |company, limit| Question::Roles { company, limit }),
        ("users", |company, limit| Question::Users { company, limit }),
    ];
    let mut longest: Option<(u64, &str, Of)> = None;
    for (field, list) in lists {
        let answer = match ground.observer.ask(&list(company, 1)).await {
            Ok(answer) => answer,
            Err(ApiError::Refused { status: 400..=499, .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let rows = total(&answer.body).unwrap_or(0);
        if longest.is_none_or(|it| rows > it.0) {
            longest = Some((rows, field, list));
        }
    }
    let Some((_, field, list)) = longest else {
        ground.unknown(NAME, "no list could be read");
        return Ok(());
    };
    let mut honoured = None;
    let mut end = "";
    for limit in LIMITS {
        ground.go_on()?;
        let asked = match ground.observer.ask(&list(company, limit)).await {
            Ok(answer) => Asked::new(limit, &answer.body, field),
            Err(ApiError::Refused { status: 400, .. }) => {
                end = "; more is refused";
                break;
            }
            Err(error) => return Err(error.into()),
        };
        let Some(asked) = asked else { break };
        if let Some(bound) = asked.bound() {
            honoured = u32::try_from(bound).ok();
            end = "; asked for more, no more came";
            break;
        }
        if asked.rows != asked.limit {
            break;
        }
        honoured = Some(limit);
    }
    match honoured {
        // Fewer rows than the default were there to be asked for, and all came.
        Some(limit) if end.is_empty() && limit < USUAL => {
            ground.unknown(NAME, format!("{limit} rows came at once; no list has {USUAL}"));
        }
        Some(limit) => {
            ground.probed.learned.page_limit = Some(limit);
            ground.found(NAME, limit.to_string(), format!("{limit} rows came at once{end}"));
        }
        None => ground.unknown(NAME, format!("no list has {USUAL} rows")),
    }
    Ok(())
}
