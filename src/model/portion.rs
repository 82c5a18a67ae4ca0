//! The part of a workspace's companies that a run is about: a shard of them, or those that were named.
//!
//! Which companies a shard holds hangs on their ids alone, so that every process of a job comes to the same answer without
//! asking another one.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ids::CompanyId;

/// One of several runs that share the companies of a workspace between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Which, counted from 0.
    index: u16,
    /// Of how many.
    of: u16,
}

impl Shard {
    /// Shard `index`, counted from 0, of `of`; `None` where there are fewer.
    pub fn new(index: u16, of: u16) -> Option<Self> {
        (index < of).then_some(Self { index, of })
    }

    /// Which, counted from 0.
    pub fn index(self) -> u16 {
        self.index
    }

    /// Of how many.
    pub fn of(self) -> u16 {
        self.of
    }

    /// Whether the company is of this shard: of N shards every company is in exactly one, whatever others there are.
    ///
    /// The first eight hexadecimal digits of the SHA-256 digest of the id, in small letters with its hyphens, as a number,
    /// modulo N.
    pub fn holds(self, company: CompanyId) -> bool {
        let digest = Sha256::digest(company.to_string());
        let number = digest.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        number % u32::from(self.of) == u32::from(self.index)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let parts = raw.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((_, 0)) => Err("there is at least one shard, `0/1`".to_owned()),
            Some((index, of)) => Self::new(index, of)
                .ok_or_else(|| format!("shards are counted from 0: of {of} the last is {}/{of}", of - 1)),
            None => Err("write I/N, counted from 0: `0/4` is the first of four shards".to_owned()),
        }
    }
}

/// What a run is about, where that is not every company of the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Portion {
    /// The shard; left out where companies were only named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// How many companies the files of the workspace are about in all.
    pub companies: usize,
    /// Whether beside that only some of the files were named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_paths: bool,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn shards_are_read_counted_from_0() {
        let table = [
            ("0/1", Some((0, 1))),
            ("0/4", Some((0, 4))),
            ("3/4", Some((3, 4))),
            ("4/4", None),
            ("1/0", None),
            ("0/0", None),
            ("-1/4", None),
            ("1", None),
            ("1/2/3", None),
            ("/4", None),
            ("0/70000", None),
            ("a/b", None),
        ];
        for (raw, expected) in table {
            let read: Result<Shard, String> = raw.parse();
            assert_eq!(read.clone().ok().map(|it| (it.index(), it.of())), expected, "{raw}");
            if let Ok(shard) = read {
                assert_eq!(shard.to_string(), raw);
            }
        }
    }

    /// By `printf %s ID | sha256sum`: whoever splits a job by other means comes to the same.
    #[test]
    fn where_a_company_is_never_changes() {
        for (id, of_4, of_7) in [
            ("1a6f0000-0000-4000-8000-000000000001", 0, 1),
            ("2b7e0000-0000-4000-8000-000000000002", 0, 1),
            ("2b7e0000-0000-4000-8000-000000000003", 0, 5),
        ] {
            let company: CompanyId = id.parse().unwrap();
            let holder = |of: u16| (0..of).find(|it| Shard::new(*it, of).unwrap().holds(company)).unwrap();
            assert_eq!((holder(4), holder(7)), (of_4, of_7), "{id}");
        }
    }

    proptest! {
        #[test]
        fn every_company_is_in_exactly_one_shard(ids in proptest::collection::btree_set(any::<u128>(), 0..60), of in 1_u16..40) {
            let companies: BTreeSet<CompanyId> = ids.into_iter().map(|it| CompanyId(Uuid::from_u128(it))).collect();
            let held: Vec<CompanyId> = (0..of)
                .filter_map(|index| Shard::new(index, of))
                .flat_map(|shard| companies.iter().copied().filter(move |it| shard.holds(*it)))
                .collect();
            let distinct: BTreeSet<CompanyId> = held.iter().copied().collect();
            prop_assert_eq!(held.len(), companies.len());
            prop_assert_eq!(distinct, companies);
        }
    }

    #[test]
    fn shards_are_about_as_large_as_each_other() {
        let holds = |index| {
            let shard = Shard::new(index, 4).unwrap();
            (0..3_000_u128).filter(|it| shard.holds(CompanyId(Uuid::from_u128(*it)))).count()
        };
        let sizes: Vec<usize> = (0..4).map(holds).collect();
        assert!(sizes.iter().all(|it| (650..850).contains(it)), "{sizes:?}");
    }
}
