//! Something with a name of its own that is made exactly once, whatever becomes of the answer.

use crate::live::api::ApiError;

use super::{ApplyError, Stale, attempt::Attempt, context::StepContext, group::Trouble, settling::Settling};

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Came<T> {
    /// The API said that it made this one.
    Answered(T),
    /// The answer was lost, and this one is there now.
    Found(T),
}

/// Makes it once: looks for its name before, and again if the answer is lost (contract §1.3).
///
/// # Errors
/// Where one of the name is there before, or several afterwards (`appeared`), and where it was refused.
pub(super) async fn make_once<T: Copy>(
    context: StepContext<'_>,
    mut send: impl AsyncFnMut() -> Result<Result<T, ApiError>, ApplyError>,
    look: impl AsyncFn() -> Result<Vec<T>, ApiError>,
    appeared: fn(Vec<T>) -> Stale,
) -> Result<Came<T>, Trouble> {
    let before = look().await?;
    if !before.is_empty() {
        return Err(Trouble::Stale(appeared(before)));
    }
    let mut failed = 0;
    loop {
        let error = match send().await? {
            Ok(made) => return Ok(Came::Answered(made)),
            // Which one was made, if any, is nothing to guess at.
            Err(error @ ApiError::Another { .. }) => return Err(error.into()),
            Err(error) if error.ambiguous() || failed > 0 => error,
            Err(error) => return Err(error.into()),
        };
        failed += 1;
        let hope = context.client.writer.before_look(error, failed).await;
        tracing::debug!("looking whether it was created");
        let mut settling = Settling::new(context.job);
        loop {
            match look().await?[..] {
                [one] => return Ok(Came::Found(one)),
                [] => (),
                ref several => return Err(Trouble::Stale(appeared(several.to_vec()))),
            }
            // As long as it may be sent again a short wait will do: the API refuses a second one of its name, or what follows
            // sees both.
            if hope.is_ok() || !settling.pause().await {
                break;
            }
        }
        Attempt::again(context, hope?)?;
    }
}
