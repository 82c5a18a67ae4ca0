//! Whether an answer is about what was asked for: whatever it tells of whose it is has to be what the request named.
//!
//! Every answer that is decoded passes here. Which ids it tells of itself is for each kind of answer to say.

use uuid::Uuid;

use super::{ApiError, Request};

/// An answer, by the ids that it tells of itself.
pub(super) trait About {
    /// Says each id, and what a request calls it.
    fn say(&self, each: &mut dyn FnMut(&'static str, Uuid));
}

/// Lets an answer pass that is about what was asked for.
///
/// # Errors
/// [`ApiError::Another`] where an id is not the one that the request named.
pub(super) fn compared<T: About>(request: &Request, answer: T) -> Result<T, ApiError> {
    let mut another = None;
    answer.say(&mut |name, answered| {
        let asked = request.asked(name).filter(|it| *it != answered);
        another = another.or(asked.map(|asked| (name, asked, answered)));
    });
    match another {
        None => Ok(answer),
        Some((name, asked, answered)) => {
            let what = format!("{name} is {answered}, and {asked} was asked for");
            Err(ApiError::Another { request: Box::new(request.clone()), what: what.into() })
        }
    }
}
