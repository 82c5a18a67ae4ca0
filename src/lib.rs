//! rolecall keeps who may do what, where, in YAML, and makes a Spotnana company match it.
//!
//! ```text
//!  files ──load──> Loaded ──check──> Declared ──┐
//!                                               ├─ bind ─> two states, rules ── diff ─┐
//!  API or snapshot file ──fetch──> Observed ────┘                                     │
//!  plan.json ────────────── taken up ─────────────────────────────────────────────────┼─> Plan
//!  journal ──────────────── rolled back ──────────────────────────────────────────────┘     │
//!                                             effective access, order, guards ─> Judged <───┘
//!        text | json | markdown <── render ────────────────────────────────────────┤
//!                                                                              approve
//!                                              Report, journal <── apply ── Approved
//! ```
//!
//! A [state](model::state) is a sorted set of keyed facts, and a [plan](model::plan) the sorted list of edits between
//! two of them. What is exact, `atLeast`, unmanaged or withheld is settled in [`bind`](plan::bind): there both states
//! agree, so that the [difference](plan::diff) has no exceptions.
//!
//! [`workflow`] is this line as code, from top to bottom in one file. Every command is a prefix of it: `validate`
//! ends at the findings, `plan` at the rendering, and `apply` goes through, looks at what it is about to change in a
//! group just before its first write there, and reads back what it wrote. The modules below are in reading order, and
//! each uses only those above it; a test holds them to that. Only `files` reads the user's files, only `apply` writes
//! a journal, only `live` (and the sandbox's server) speaks HTTP, by which [`forge`] posts a report as a comment, and only
//! the program around this library prints.
//!
//! ```
//! use rolecall::{
//!     files::{check, decode},
//!     model::{dialect::ScopeChange, observed::Observed, source::Sources},
//!     plan::{bind::bind, diff, judged::judged},
//!     report::render,
//! };
//!
//! let text = "
//! version: 1
//! company: 1a6f0000-0000-4000-8000-000000000001
//! groups: [{ name: Desk, description: The desk, roles: [], members: [] }]
//! ";
//! let file = Sources::default().add("access.yaml".to_owned(), text.to_owned());
//! let access = decode(text, file).expect("sound YAML");
//! let files = check::Files { access: vec![(file, access)], ..Default::default() };
//! let declared = check::check(&files).expect("sound files");
//!
//! let live = Observed::default(); // a company without groups
//! let now = "2026-11-21T00:00:00Z".parse().expect("an instant");
//! let bound = bind(&declared, &live, now).expect("known names");
//! let judged = judged(diff::plan(&bound, &live), &bound.rules, |_| ScopeChange::default(), now);
//! assert!(render::text::summary(judged.plan(), judged.judgement()).starts_with("Plan: 1 group to create, 0 to change, 0 to delete;"));
//! ```

pub mod model;
pub mod files;
pub mod live;
pub mod plan;
pub mod apply;
pub mod report;
pub mod forge;
pub mod doctor;
pub mod sandbox;
pub mod workflow;
