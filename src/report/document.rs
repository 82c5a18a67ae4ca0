//! A plan as one JSON document: printed, saved, kept in journals, and read back to be applied.
//!
//! The same plan at the same time gives the same bytes. Nothing here touches a
//! file; what is read back is only believed if its digest covers every byte that means something, and its id is that of its
//! effects.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::{
    model::{
        date::Now,
        json,
        plan::{Digest, ID_DIGITS, Judgement, Overview, Plan},
        portion::Portion,
        source::Sources,
    },
    plan::digest,
    report::render::View,
};

mod acting;
pub mod answer;
pub mod attestation;
pub mod explanation;
pub mod facts;
pub mod history;
pub mod joining;
pub mod moments;
mod reading;
pub mod review;
mod shape;
#[cfg(test)]
mod tests;
pub mod upcoming;
pub mod users;
mod writing;

pub(crate) use shape::Document;

/// The version of the form that is written and read.
const VERSION: u32 = 2;
/// What tells the document from the others that rolecall prints.
const KIND: &str = "plan";

/// A plan that was read back.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The plan.
    pub plan: Plan,
    /// How it was judged when it was made.
    pub judgement: Judgement,
    /// The files that its places point into.
    pub sources: Sources,
    /// Its id; what the document says and what it comes to.
    pub id: Digest,
    /// What the run that made it took for now.
    pub now: Now,
    /// When the snapshot was taken that it was made from; `None` where the API was read.
    pub taken: Option<Timestamp>,
    /// The URL of the API it was made for, or the word `sandbox`.
    pub endpoint: Box<str>,
    /// Whether it was made from a part of the workspace's access files.
    pub partial: bool,
    /// Which of the companies of the workspace it is about, where that is not all of them.
    pub portion: Option<Portion>,
    /// The files it was made from, sorted by path.
    pub files: Vec<(Box<str>, Digest)>,
}

impl Saved {
    /// The URL of the API that a company of it was asked at.
    pub fn url<'a>(&'a self, company: &'a Overview) -> &'a str {
        company.endpoint.as_deref().unwrap_or(&self.endpoint)
    }

    /// Every URL that it was made for, sorted.
    pub fn urls(&self) -> BTreeSet<&str> {
        let apart = self.plan.companies.iter().map(|it| self.url(it));
        if self.plan.companies.is_empty() { [&*self.endpoint].into() } else { apart.collect() }
    }

    /// The plan as it was shown when it was made, at a host of this name; but for what reading took, which no document says.
    pub fn view<'a>(&'a self, host: &'a str, document: Option<&'a str>) -> View<'a> {
        View {
            plan: &self.plan,
            judgement: &self.judgement,
            sources: &self.sources,
            endpoint: host,
            url: &self.endpoint,
            now: self.now,
            partial: self.partial,
            portion: self.portion,
            files: &self.files,
            taken: self.taken,
            document,
            cost: None,
        }
    }
}

/// Why a text is not a plan that can be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum NotAPlan {
    #[error("the plan is empty")]
    Empty,
    #[error("the plan is not JSON: {0}")]
    Syntax(json::Flaw),
    #[error("the file is not a plan of rolecall{}", .0.as_deref().map(|it| format!(": its kind is `{it}`")).unwrap_or_default())]
    Foreign(Option<String>),
    #[error("the plan has version {0} of its form, and this rolecall reads version {VERSION}")]
    Version(u64),
    #[error("the plan is incomplete or damaged: {0}")]
    Field(json::Flaw),
    #[error("the plan (of rolecall {tool}) cannot be understood: {what}")]
    Meaning { tool: Box<str>, what: String },
    #[error("the plan is incomplete or damaged: `digest` is not its last field")]
    Unsealed,
    #[error("the plan was changed after it was made: its content does not come to its `digest`")]
    Changed,
    #[error(
        "the plan was changed after it was made: its id is {said:.ID_DIGITS$}, and its content comes to {found:.ID_DIGITS$}"
    )]
    OtherId { said: Digest, found: Digest },
}

impl From<json::NotOurs> for NotAPlan {
    fn from(why: json::NotOurs) -> Self {
        match why {
            json::NotOurs::Empty => Self::Empty,
            json::NotOurs::Syntax(error) => Self::Syntax(error),
            json::NotOurs::Foreign(kind) => Self::Foreign(kind),
            json::NotOurs::Version(version) => Self::Version(version),
        }
    }
}

impl NotAPlan {
    /// Returns what to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty | Self::Foreign(_) => "save one with `rolecall plan --out FILE` and give that file",
            Self::Syntax(_) | Self::Field(_) | Self::Unsealed => {
                "save it again with `rolecall plan --out FILE`; was the file cut off on its way?"
            }
            Self::Version(_) | Self::Meaning { .. } => {
                "apply it with the version of rolecall that made it, or plan again with this one"
            }
            Self::Changed | Self::OtherId { .. } => {
                "plan again and have the new plan approved; a plan cannot be edited"
            }
        }
    }
}

/// Returns the plan as one JSON document, with a newline at the end.
pub fn write(view: &View<'_>) -> String {
    if let Some(document) = view.document {
        return document.to_owned();
    }
    sealed(json::rows(&Document::new(view)))
}

/// Returns the same document on one line, for a journal.
pub fn line(view: &View<'_>) -> Box<RawValue> {
    let text = serde_json::to_string(&Document::new(view)).expect("plain data with text keys is always JSON");
    RawValue::from_string(sealed(text)).expect("what was just written is JSON")
}

/// Reads back what [`write()`] wrote; fields that are not known are passed over, and covered by the digest all the same.
///
/// `sources` are the files as they are now, where that matters: places point into them, and into further
/// files without text for what is not among them.
///
/// # Errors
///
/// Whatever is not a whole plan of a version that is known, as it was written.
pub fn read(text: &str, sources: Sources) -> Result<Saved, NotAPlan> {
    json::is_a(KIND, VERSION..=VERSION, text)?;
    let document: Document = serde_json::from_str(text).map_err(|it| NotAPlan::Field(it.into()))?;
    let found = seal(text).ok_or(NotAPlan::Unsealed)?;
    if found != document.digest {
        return Err(NotAPlan::Changed);
    }
    let (said, taken) = (document.id, document.taken);
    let (partial, portion) = (document.partial, document.portion);
    let now = document.now();
    let (tool, endpoint) = (document.tool.clone(), document.endpoint.clone());
    let (plan, judgement, files) =
        reading::plan(document, sources).map_err(|what| NotAPlan::Meaning { tool, what })?;
    let found = digest::plan_id(&plan);
    if found != said {
        return Err(NotAPlan::OtherId { said, found });
    }
    let reading::Files { sources, digests, .. } = files;
    Ok(Saved { plan, judgement, sources, id: said, now, taken, endpoint, partial, portion, files: digests })
}

/// The end of a document, up to the digits of its digest.
const SEAL: &str = "\"digest\":\"";

/// Puts the digest of a document in the place of the zeros in its last field.
fn sealed(mut text: String) -> String {
    let digest = seal(&text).expect("the digest is the last field");
    let blank = Digest::default().to_string();
    let at = text.rfind(&blank).expect("a digest of zeros was written");
    text.replace_range(at..at + blank.len(), &digest.to_string());
    text
}

/// Returns the digest that a document should have; `None` where its last field is none.
///
/// It is no secret how: it shows damage and carelessness, and a signature or an approval by the id the rest.
pub fn seal(text: &str) -> Option<Digest> {
    let mut compact: String = json::significant(text).collect();
    let end = compact.strip_suffix("\"}")?.len();
    let digits = end.checked_sub(64).filter(|it| compact.get(..*it).is_some_and(|it| it.ends_with(SEAL)))?;
    compact.replace_range(digits..end, &Digest::default().to_string());
    Some(digest::file(&compact))
}
