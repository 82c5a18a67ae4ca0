//! The corpus of each fuzz target, replayed by an ordinary build; `.ci/nightly` goes on from there.

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use std::{collections::BTreeSet, fs, path::Path};

use targets::TARGETS;

#[test]
fn every_input_that_is_kept_still_meets_the_law_of_its_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let named = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let folders = fs::read_dir(&corpus).unwrap().map(|it| named(&it.unwrap().path()));
    let targets: BTreeSet<String> = TARGETS.iter().map(|it| it.0.to_owned()).collect();
    assert_eq!(folders.collect::<BTreeSet<_>>(), targets, "a folder of the corpus for each target");
    for (name, target) in TARGETS {
        let files = fs::read_dir(corpus.join(name)).unwrap().map(|it| it.unwrap().path());
        let inputs: Vec<Vec<u8>> = files.map(|it| fs::read(it).unwrap()).collect();
        assert!(!inputs.is_empty(), "{name} has no input");
        for input in &inputs {
            target(input);
            // A file that was cut off, as a target may get it as well.
            target(&input[..input.len() / 2]);
        }
    }
}
