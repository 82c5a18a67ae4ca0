//! Fuzz targets: everything that reads what somebody else wrote. `ROLECALL_FUZZ` says which one.
//!
//! Nothing here may panic, hang or take memory without end; beyond that each target states a law.

#![no_main]

mod answers;
mod files;

use std::{env, sync::OnceLock};

use libfuzzer_sys::fuzz_target;

const TARGETS: [(&str, fn(&[u8])); 9] = [
    ("access", files::access),
    ("workspace", files::workspace),
    ("plan", files::plan),
    ("journal", files::journal),
    ("snapshot", files::snapshot),
    ("lists", answers::lists),
    ("objects", answers::objects),
    ("scopes", answers::scopes),
    ("refusals", answers::refusals),
];

fn target() -> fn(&[u8]) {
    static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();
    *TARGET.get_or_init(|| {
        let wanted = env::var("ROLECALL_FUZZ").unwrap_or_default();
        let found = TARGETS.iter().find(|it| it.0 == wanted);
        found.unwrap_or_else(|| panic!("ROLECALL_FUZZ is none of {:?}", TARGETS.map(|it| it.0))).1
    })
}

fuzz_target!(|input: &[u8]| target()(input));
