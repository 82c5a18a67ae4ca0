//! Chance for faults: drawn from a seed and from the request, never from the order in which requests come.
//!
//! The same requests suffer the same in every run, however they interleave.

use std::collections::HashMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

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

/// The digest of a request, and how often it came: what every rule draws from.
pub(super) type Draw = ([u8; 32], u64);

#[derive(Default)]
pub(super) struct Random {
    pub(super) seed: u64,
    /// How often each request came, by its digest.
    seen: HashMap<[u8; 32], u64>,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Counts a request, of which `parts` is all that tells it from others.
    pub(super) fn draw(&mut self, parts: [&[u8]; 3]) -> Draw {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize().into();
        if self.seen.len() >= MOST_SEEN && !self.seen.contains_key(&digest) {
            self.seen.clear();
        }
        let count = self.seen.entry(digest).or_default();
        *count += 1;
        (digest, *count)
    }

    /// Whether the rule with the number `rule` fires.
    pub(super) fn hits(&self, (digest, count): Draw, rule: usize, probability: Probability) -> bool {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update((rule as u64).to_be_bytes());
        hash.update(digest);
        hash.update(count.to_be_bytes());
        let drawn = hash.finalize().iter().take(4).fold(0, |drawn, byte| drawn << 8 | u32::from(*byte));
        f64::from(drawn) / 2_f64.powi(32) < probability.0
    }
}
