//! Runs a fuzz target under libFuzzer. `ROLECALL_FUZZ` says which one.

#![no_main]

mod targets;

use std::{env, sync::OnceLock};

use libfuzzer_sys::fuzz_target;
use targets::TARGETS;

fn target() -> fn(&[u8]) {
    static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();
    *TARGET.get_or_init(|| {
        let wanted = env::var("ROLECALL_FUZZ").unwrap_or_default();
        let found = TARGETS.iter().find(|it| it.0 == wanted);
        found.unwrap_or_else(|| panic!("ROLECALL_FUZZ is none of {:?}", TARGETS.map(|it| it.0))).1
    })
}

fuzz_target!(|input: &[u8]| target()(input));
