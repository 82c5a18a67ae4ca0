//! What the places are called where companies are asked, and how each spells what its documentation leaves open.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    live::{
        FetchError,
        api::Clients,
        fetch::{ReadList, record},
        snapshot::Snapshot,
    },
    model::{dialect::Dialect, ids::CompanyId, plan::Overview},
    report::document::Saved,
};

/// An endpoint, as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Site {
    pub host: Box<str>,
    /// Its URL, or the word for the embedded one.
    pub url: Box<str>,
    pub dialect: Dialect,
}

/// Where each company is asked.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Sites {
    /// Where every company is that is not apart.
    pub rest: Site,
    pub apart: BTreeMap<CompanyId, Site>,
}

impl Sites {
    /// One for every company.
    pub fn one(rest: Site) -> Self {
        Self { rest, apart: BTreeMap::new() }
    }

    /// That of a company.
    pub fn of(&self, company: CompanyId) -> &Site {
        self.apart.get(&company).unwrap_or(&self.rest)
    }

    /// The URL of a company that has another than the rest.
    pub fn apart(&self, company: CompanyId) -> Option<&str> {
        self.apart.get(&company).map(|it| &*it.url).filter(|it| *it != &*self.rest.url)
    }

    /// Says of companies that are elsewhere than the rest where that is.
    pub(super) fn tell(&self, companies: &mut [Overview]) {
        companies.iter_mut().for_each(|it| it.endpoint = self.apart(it.company).map(Into::into));
    }

    /// Reads everything that a later plan may ask, with where each company was asked.
    ///
    /// # Errors
    /// The first request that failed.
    pub(super) async fn recorded(
        &self,
        clients: &Clients,
        list: &ReadList<'_>,
        now: Timestamp,
    ) -> Result<Snapshot, FetchError> {
        record(clients, list, (&self.rest.url, &|it| self.apart(it).map(Into::into)), now).await
    }

    /// The hosts of some companies, between commas.
    pub fn hosts(&self, companies: impl Iterator<Item = CompanyId>) -> String {
        let hosts: BTreeSet<&str> = companies.map(|it| &*self.of(it).host).collect();
        if hosts.is_empty() { self.rest.host.to_string() } else { joined(hosts) }
    }

    /// Where a saved plan was made for another API than is asked now, of whichever of its companies: that one, and this.
    pub(super) fn other_than(&self, saved: &Saved) -> Option<(Box<str>, Box<str>)> {
        let now = |it: CompanyId| self.of(it).url.clone();
        let all = saved.plan.companies.iter().map(|it| (saved.url(it), now(it.company)));
        let all =
            all.chain(saved.plan.companies.is_empty().then(|| (&*saved.endpoint, self.rest.url.clone())));
        all.map(|(then, now)| (then.into(), now)).find(|it| it.0 != it.1)
    }
}

fn joined(hosts: BTreeSet<&str>) -> String {
    hosts.into_iter().collect::<Vec<_>>().join(", ")
}
