//! What one step has written so far: every write with a line of the journal before it and one after it.

use std::sync::atomic::Ordering;

use jiff::Timestamp;

use crate::{
    apply::record::{Answer, Ending, Intent, Record, Write},
    live::api::{ApiError, Writer},
    model::ids::{GroupId, UserId},
};

use super::{ApplyError, Wrote, context::StepContext};

/// What a write has made, by the id that the API gave it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Made {
    Group(GroupId),
    User(UserId),
}

/// What the current step has written so far.
pub(super) struct Attempt {
    /// Whether it has written something.
    pub(super) wrote: Wrote,
    /// How many writes it has sent.
    sent: u32,
}

impl Default for Attempt {
    fn default() -> Self {
        Self { wrote: Wrote::Nothing, sent: 0 }
    }
}

impl Attempt {
    /// Writes the intent, and returns what to send it with.
    ///
    /// The looks before the first write may have taken long: a step that was interrupted meanwhile writes nothing. By
    /// the answers to them the clock is judged once more.
    pub(super) fn begin(
        &mut self,
        context: StepContext<'_>,
        write: Write,
    ) -> Result<(Writer, Box<str>), ApplyError> {
        let StepContext { job, client, change, step, .. } = context;
        if let Some(skew) = client.reader.skew().filter(|it| job.timed && it.is_far()) {
            return Err(ApplyError::Clock(skew));
        }
        if self.sent == 0 && job.stop.load(Ordering::Relaxed) {
            return Err(ApplyError::Halted);
        }
        self.sent += 1;
        let id = format!("{}-{}-{}", job.label, step + 1, self.sent).into_boxed_str();
        let intent =
            Intent { at: Timestamp::now(), request_id: id.clone(), change, step, attempt: self.sent, write };
        job.journal.write(&Record::Intent(intent))?;
        Ok((client.writer.with_request_id(&id), id))
    }

    /// Writes what became of it, and notes whether it took effect, or may have.
    pub(super) fn end<T>(
        &mut self,
        context: StepContext<'_>,
        id: &str,
        result: Result<T, ApiError>,
        made: Option<Made>,
    ) -> Result<T, ApiError> {
        let outcome = match &result {
            Ok(_) => Answer::Done,
            Err(error) if error.ambiguous() => Answer::Unclear,
            Err(_) => Answer::Refused,
        };
        if outcome != Answer::Refused {
            self.wrote = Wrote::Perhaps;
        }
        let error = result.as_ref().err().map(ToString::to_string);
        let (group, user) = match made {
            Some(Made::Group(group)) => (Some(group), None),
            Some(Made::User(user)) => (None, Some(user)),
            None => (None, None),
        };
        let ending = Ending { at: Timestamp::now(), request_id: id.into(), outcome, group, user, error };
        // Where it cannot be written the run ends: the journal is broken then, and the intent tells enough.
        if let Err(error) = context.job.journal.write(&Record::Ending(ending)) {
            tracing::error!(%error, "stopping");
        }
        result
    }

    /// Returns an error that calls for one more write, unless the run was interrupted meanwhile.
    pub(super) fn again(context: StepContext<'_>, error: ApiError) -> Result<(), ApplyError> {
        if context.job.stop.load(Ordering::Relaxed) { Err(error.into()) } else { Ok(()) }
    }
}
