//! Findings: what is wrong with the user's files, as data.
//!
//! A finding says what and where, and how to mend it; it is collected, sorted
//! and rendered elsewhere. What did not work at run time is an error, not a finding.

use std::fmt;

use crate::model::source::Place;

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where; `None` where the finding is about the whole workspace.
    pub place: Option<Place>,
    /// Which rule was broken.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Other places that matter, each with what it is.
    pub related: Vec<(Place, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Finding {
    pub(crate) fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), code, message: message.into(), related: Vec::new(), help: None }
    }

    /// A finding about the workspace as a whole.
    pub(crate) fn general(code: Code, message: impl Into<String>) -> Self {
        Self { place: None, code, message: message.into(), related: Vec::new(), help: None }
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A `None` keeps the help there is.
    #[must_use]
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    #[must_use]
    pub(crate) fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }
}

/// What a finding does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    /// Stops plan and apply.
    Error,
    /// Is reported, and stops nothing.
    Remark,
}

macro_rules! codes {
    ($($name:ident $severity:ident $code:literal $meaning:literal;)*) => {
        /// The rule that a finding reports; its name is stable across versions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        impl Code {
            /// In the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            fn row(self) -> (Severity, &'static str, &'static str) {
                match self { $(Self::$name => (Severity::$severity, $code, $meaning)),* }
            }
        }
    };
}

codes! {
    Syntax Error "syntax" "The file is not well-formed YAML, or not UTF-8 text.";
    UnknownKey Error "unknown-key" "A key that means nothing here; misspelt keys are never ignored.";
    DuplicateKey Error "duplicate-key" "A key is given twice in one mapping.";
    WrongType Error "wrong-type" "A value has the wrong form, such as text where a list belongs.";
    LimitExceeded Error "limit-exceeded" "A file is too large, too deep or uses too many aliases.";
    UnsupportedVersion Error "unsupported-version" "`version` is missing or not one this rolecall reads.";
    MissingKey Error "missing-key" "A required key is missing; nothing that could revoke has a default.";
    InvalidName Error "invalid-name" "A name is empty, too long, or holds characters that are not seen.";
    ConfusableName Error "confusable-name" "A name passes for another: it mixes alphabets inside a word, or looks like another name of the files.";
    InvalidDescription Error "invalid-description" "A description or reason is empty, longer than 1,000 characters, or holds characters that are not seen.";
    InvalidId Error "invalid-id" "An id is not a UUID.";
    InvalidEmail Error "invalid-email" "A person is named by text that is not an e-mail address.";
    InvalidDate Error "invalid-date" "`from`, `until` or `since` is neither a date nor an instant, or ends before it begins.";
    RelativeDate Error "relative-date" "A date such as `+30d` means another day each day: `rolecall fmt` writes the date.";
    InvalidTimeZone Error "invalid-time-zone" "`timeZone` is not the name of a time zone.";
    InvalidPerson Error "invalid-person" "A person is named by no key, by more than one, or by one that holds characters that are not seen.";
    InvalidScope Error "invalid-scope" "A scope says nothing, or says it in a form that has no meaning.";
    UnknownScope Error "unknown-scope" "A role uses a scope name that no `scopes:` entry defines.";
    DuplicateAlias Error "duplicate-alias" "Two names under `ids:` stand for one id.";
    UnknownAlias Error "unknown-alias" "A name is not an id and not in `ids:` of the workspace.";
    DuplicateGroup Error "duplicate-group" "Two entries declare the same group of one company.";
    DuplicateMember Error "duplicate-member" "A group lists the same person twice.";
    DuplicateGrant Error "duplicate-grant" "A group lists the same role on the same scope twice.";
    DuplicateUser Error "duplicate-user" "Two entries under `users:`, or two rows of CSV files, mean the same person of one company, or one of each says the same of a person.";
    DuplicateDirectRole Error "duplicate-direct-role" "A person lists the same direct role, or the same traveller, twice.";
    InvalidDirectRole Error "invalid-direct-role" "A direct role is of no known type, or has a key that its type does not take.";
    InvalidUser Error "invalid-user" "What a `users:` entry says of a person has no meaning.";
    InvalidUsersFrom Error "invalid-users-from" "An entry of `usersFrom` means no CSV file, or asks for columns that the file does not have or that do not go together.";
    InvalidRow Error "invalid-row" "A row of a CSV file has too few or too many fields, no key, or a field that has no meaning.";
    InvalidRule Error "invalid-rule" "A rule of `membersFrom` asks for nothing, or in a form that has no meaning, or `except` has no rule to be an exception from.";
    RemovedAndDeclared Error "removed-and-declared" "A group is both declared and removed.";
    NoCompany Error "no-company" "Neither the file, the workspace nor a flag says which company is meant.";
    UnknownRole Error "unknown-role" "The company has no role of that name or id.";
    AmbiguousRole Error "ambiguous-role" "Several roles have the name.";
    UnknownGroup Error "unknown-group" "A group that is pinned, renamed or named by a policy does not exist.";
    NameTaken Error "name-taken" "A group would get a name that another group has.";
    NoAccessFiles Error "no-access-files" "A pattern of `access:`, or a folder that is named, holds no access file.";
    PassedOver Error "passed-over" "A file looks like an access file, and no pattern of `access:` matches it.";
    NothingDeclared Error "nothing-declared" "The files have no entry at all: no group, removal, user or lock-out.";
    InvalidGuard Error "invalid-guard" "A limit under `guards:` is out of its range, or a pattern is not valid.";
    InvalidException Error "invalid-exception" "An exception names no guard, or nothing that this guard looks at.";
    InvalidPolicy Error "invalid-policy" "A policy says too little, or has the name of another one.";
    InvalidExpression Error "invalid-expression" "An expression of a rule is not CEL, names what is not there, or compares what does not fit.";
    InvalidAccept Error "invalid-accept" "An accepted difference says neither which group nor whose direct role it is about, or too much of it.";
    InvalidEndpoint Error "invalid-endpoint" "An entry of `api.endpoints` has no name that can stand in a variable, or shares its name or a company with another.";
    UnknownIdentity Error "unknown-identity" "`api.identity` is not exactly one user, so nothing could keep that user from being locked out.";
    EmptyRule Remark "empty-rule" "A rule of `membersFrom` means nobody who is active; where somebody would leave by that, `removals` stops the apply.";
    CreatedAnew Remark "created-anew" "A group is pinned or renamed, and `--create-all` creates it in a new company; stops no plan.";
    ExpiredException Remark "expired-exception" "An exception has ended and allows nothing any more; stops no plan.";
    UnusedException Remark "unused-exception" "An exception is in force and nothing needs it; stops no plan.";
    SmallException Remark "small-exception" "An exception is for less than the plan counts, and so allows nothing; stops no plan.";
    UnknownException Remark "unknown-exception" "An exception names a group, person or role that does not exist, and so allows nothing; stops no plan.";
    ExpiredAccept Remark "expired-accept" "An accepted difference has ended, and is a difference again; stops no plan.";
    LongAccept Remark "long-accept" "A difference is to be accepted for longer than 90 days from now, and so is not; stops no plan.";
    UnusedAccept Remark "unused-accept" "An accepted difference is in force, and accepts nothing; stops no plan.";
    PrivilegedAccept Remark "privileged-accept" "An accepted difference leaves privileged access to somebody that the files do not give; stops no plan.";
    UnmatchedPattern Remark "unmatched-pattern" "A name or pattern under `guards.protected` matches nothing that was read; where it cannot match anything, no apply takes access from anybody.";
    RemovedNothing Remark "removed-nothing" "A group under `removed:` does not exist: it is gone, or its name is misspelt; stops no plan.";
    LookalikeName Remark "lookalike-name" "A name looks like that of another group or role that exists; stops no plan.";
    OtherName Remark "other-name" "A name under `ids:` stands for what the API calls by quite another name; stops no plan.";
    TwoKeys Remark "two-keys" "A group lists one person under two keys; stops no plan.";
    LockedOutMember Remark "locked-out-member" "A group lists a person that `lockout:` cuts off everywhere or who leaves by the files, or such a person is to become manager or approver; stops no plan.";
    ApprovesOwn Remark "approves-own" "Somebody is to approve for themselves, or is managed by themselves, perhaps through others; stops no plan.";
    MisreadText Remark "misread-text" "A text ends at a `#`, or holds the quotes that were meant to be around it; stops no plan.";
    VoidRename Remark "void-rename" "A `renamedFrom` has nothing left to rename, and a group has the old name again; stops no plan.";
}

impl Code {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// The rule in one sentence, for the documentation.
    pub fn meaning(self) -> &'static str {
        self.row().2
    }

    /// Whether what carries it stops neither plan nor apply.
    pub fn is_remark(self) -> bool {
        self.row().0 == Severity::Remark
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The candidate that `word` probably meant, for "did you mean": near is a Jaro-Winkler likeness of at least 0.8: transposed letters and a
/// missing one in a short word pass, other words do not.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    candidates
        .into_iter()
        .map(|it| (strsim::jaro_winkler(&folded, &it.to_lowercase()), it))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, it)| it)
}

/// "did you mean `…`?" where a near candidate exists.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|it| format!("did you mean `{it}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["members", "roles", "description"];
        assert_eq!(nearest("memebrs", known), Some("members"));
        assert_eq!(nearest("Roles", known), Some("roles"));
        assert_eq!(nearest("owners", known), None);
    }

    #[test]
    fn codes_are_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|it| it.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
