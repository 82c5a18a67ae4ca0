//! What a look at an API and its settings found: checks, each with a verdict, one fact, and what to do.
//!
//! Only `look` and `probe` ask, through the client that everything uses. Prints nothing, and keeps no bodies, tokens
//! or names of people longer than it takes to see their shape.

use jiff::Timestamp;

use crate::live::api::{ApiError, Class};

mod answer;
pub mod learned;
pub mod look;
pub mod probe;
pub mod settings;
mod shapes;
pub mod text;
mod verdicts;
pub mod workspace;

pub(crate) use answer::{Answer, Came, TokenFacts};

/// What a report is about, and everything that was checked, in the order in which it is shown.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Report {
    pub endpoint: String,
    /// The company, as people call it, if one is set.
    pub company: Option<String>,
    pub at: Timestamp,
    pub checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Check {
    pub area: Area,
    /// Its name, unique within the area.
    pub name: String,
    /// What it came to.
    pub verdict: Verdict,
    pub fact: String,
    pub hint: Option<String>,
    /// The name of the endpoint that it is about, where that has one.
    pub of: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Verdict {
    Ok,
    /// Worth knowing; rolecall works all the same.
    Note,
    /// rolecall cannot work, or not safely.
    Problem(Trouble),
}

/// What kind of problem, for the exit code; the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The settings cannot work, whatever the API says.
    Invalid,
    /// The API, or the way to it, does not do what it should.
    Remote,
    /// Who asks is not accepted, or may not do what rolecall does.
    Auth,
}

/// What checks are shown under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Area {
    Settings,
    Endpoint,
    Clock,
    Token,
    Rights,
    Identity,
    Shapes,
    Rate,
}

impl Area {
    /// Returns the heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Settings => "Settings",
            Self::Endpoint => "Endpoint",
            Self::Clock => "Clock",
            Self::Token => "Token",
            Self::Rights => "Rights",
            Self::Identity => "Identity",
            Self::Shapes => "Shapes",
            Self::Rate => "Rate",
        }
    }
}

#[expect(missing_docs, reason = "the names say it")]
impl Check {
    fn new(area: Area, name: impl Into<String>, verdict: Verdict, fact: impl Into<String>) -> Self {
        Self { area, name: name.into(), verdict, fact: fact.into(), hint: None, of: None }
    }

    pub fn ok(area: Area, name: impl Into<String>, fact: impl Into<String>) -> Self {
        Self::new(area, name, Verdict::Ok, fact)
    }

    pub fn note(area: Area, name: impl Into<String>, fact: impl Into<String>) -> Self {
        Self::new(area, name, Verdict::Note, fact)
    }

    pub fn problem(area: Area, name: impl Into<String>, trouble: Trouble, fact: impl Into<String>) -> Self {
        Self::new(area, name, Verdict::Problem(trouble), fact)
    }

    pub fn failed(area: Area, name: impl Into<String>, error: &ApiError) -> Self {
        let trouble = match error.class() {
            Class::Auth => Trouble::Auth,
            Class::Remote => Trouble::Remote,
            Class::Invalid => Trouble::Invalid,
        };
        let check = Self::problem(area, name, trouble, error.in_one_line());
        Self { hint: error.hint(), ..check }
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl Report {
    /// Returns the worst problem, if there is one.
    pub fn worst(&self) -> Option<Trouble> {
        let trouble = |it: &Check| match it.verdict {
            Verdict::Problem(trouble) => Some(trouble),
            Verdict::Ok | Verdict::Note => None,
        };
        self.checks.iter().filter_map(trouble).max()
    }

    /// Returns how many checks came to nothing, to a note and to a problem.
    pub fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for check in &self.checks {
            counts[match check.verdict {
                Verdict::Ok => 0,
                Verdict::Note => 1,
                Verdict::Problem(_) => 2,
            }] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_problem_decides() {
        let problem = |trouble| Check::problem(Area::Rights, "x", trouble, "no");
        let mut report =
            Report { endpoint: String::new(), company: None, at: Timestamp::UNIX_EPOCH, checks: Vec::new() };
        assert_eq!(report.worst(), None);
        report.checks.push(Check::note(Area::Clock, "skew", "6 s"));
        assert_eq!(report.worst(), None);
        for trouble in [Trouble::Invalid, Trouble::Auth, Trouble::Remote] {
            report.checks.push(problem(trouble));
        }
        assert_eq!((report.worst(), report.counts()), (Some(Trouble::Auth), [0, 1, 3]));
    }
}
