//! rolecall keeps who may do what, where, in YAML, and makes a Spotnana company match it.
//!
//! ```text
//!  files --load--> Files --check--> Declared ──┐
//!                            └> [Finding]      ├─ bind ─> DesiredState, LiveState, Rules ─ diff ─> Plan
//!  API ──fetch──> Snapshot ────────────────────┘      └─> [Withheld]                                │
//!                                                                                                assess
//!       document ─> plan.json ─┐                               render ─> text | json | markdown <──┤ (order, people, guard)
//!       journal ── rollback ───┴─ the same way again ──────────> Plan      ApprovedPlan, Steps <───┘
//!                                                                              └─ apply ─> Journal, Report
//! ```
//!
//! [`workflow`] is this line as code. Every command is a prefix of it: `validate` ends at the findings, `plan`
//! at the rendering, and `apply` goes through, looks at each group just before its
//! first write and reads back what it wrote. The modules below are in reading
//! order, and each uses only those above it. Values and thoughts are pure: they
//! know no file, no network, no clock and no randomness. Only `load` reads the
//! user's files, only `journal` writes one, only `api` speaks HTTP, only `files`
//! names the YAML crate of the files, and only the program around this library prints.
//!
//! ```
//! use rolecall::{plan::{bind::bind, diff}, files::{check, decode}, report::render, model::{snapshot::Snapshot, source::Sources}};
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
//! let live = Snapshot::default(); // a company without groups
//! let now = "2026-11-21T00:00:00Z".parse().expect("an instant");
//! let plan = diff::plan(&bind(&declared, &live, now).expect("known names"), &live);
//! assert!(render::text::summary(&plan).starts_with("Plan: 1 group to create, 0 to change, 0 to delete;"));
//! ```

pub mod model;
pub mod files;
pub mod live;
pub mod plan;
pub mod apply;
pub mod report;
pub mod doctor;
pub mod sandbox;
pub mod workflow;
