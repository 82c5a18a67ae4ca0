//! What is fuzzed: everything that reads what somebody else wrote. Nothing of libFuzzer.
//!
//! No target may panic, hang or take memory without end; beyond that each states a law.

mod answers;
mod files;
mod grammars;

/// What a target is called, as its folder of the corpus is, and what it does with an input.
type Target = (&'static str, fn(&[u8]));

pub(crate) const TARGETS: [Target; 14] = [
    ("access", files::access),
    ("workspace", files::workspace),
    ("layout", files::layout),
    ("plan", files::plan),
    ("journal", files::journal),
    ("snapshot", files::snapshot),
    ("lists", answers::lists),
    ("objects", answers::objects),
    ("scopes", answers::scopes),
    ("refusals", answers::refusals),
    ("patterns", grammars::patterns),
    ("dates", grammars::dates),
    ("people", grammars::people),
    ("specifications", grammars::specifications),
];
