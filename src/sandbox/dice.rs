//! Chance for faults: drawn from a seed and from the request, never from the order in which requests come.
//!
//! The same requests suffer the same in every run, however they interleave.

use std::collections::HashMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::fault::Asked;

/// How many different requests are told apart before the count starts anew.
const MOST_SEEN: usize = 1_000_000;

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Probability(pub(super) f64);

impl TryFrom<f64> for Probability {
    type Error = String;

    fn try_from(raw: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&raw) {
            Ok(Self(raw))
        } else {
            Err(format!("a probability is from 0 to 1, and {raw} is not"))
        }
    }
}

impl Asked<'_> {
    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [self.method.as_bytes(), self.path.as_bytes(), self.body] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

/// A request, and how often it came.
pub(super) type Drawn = ([u8; 32], u64);

/// The dice: what they show depends on the request and on how often it came, never on what came in between.
#[derive(Default)]
pub(super) struct Dice {
    seed: u64,
    /// How often each request came.
    seen: HashMap<[u8; 32], u64>,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the request and its count, from which every rule draws.
    pub(super) fn shake(&mut self, asked: &Asked<'_>) -> Drawn {
        let digest = asked.digest();
        if self.seen.len() >= MOST_SEEN && !self.seen.contains_key(&digest) {
            self.seen.clear();
        }
        let count = self.seen.entry(digest).or_default();
        *count += 1;
        (digest, *count)
    }

    pub(super) fn shows(&self, (digest, count): Drawn, rule: usize, probability: Probability) -> bool {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update((rule as u64).to_be_bytes());
        hash.update(digest);
        hash.update(count.to_be_bytes());
        let drawn = hash.finalize().iter().take(4).fold(0, |drawn, byte| drawn << 8 | u32::from(*byte));
        f64::from(drawn) / 2_f64.powi(32) < probability.0
    }
}
