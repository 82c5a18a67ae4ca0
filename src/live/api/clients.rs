//! The clients of a run: one for each endpoint, with credentials, a rate, a clock and a dialect of its own. A company is
//! asked at its own endpoint and at no other: what is said of its people is said to nobody else.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use uuid::Uuid;

use super::{ApiError, Reader, Settings, Skew, Writer, connect};
use crate::model::{ids::CompanyId, observed::User};

/// Both halves of a client of one endpoint.
#[derive(Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Client {
    pub reader: Reader,
    pub writer: Writer,
}

/// Which client a company has. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Clients {
    all: Vec<Client>,
    /// The companies that are not where the rest is.
    apart: BTreeMap<CompanyId, usize>,
    /// The client of every other company, if there is one.
    rest: Option<usize>,
}

/// Which of several endpoints: equal where two companies have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Home(usize);

impl Clients {
    /// Clients of one endpoint for every company but those that have their own, each with those.
    ///
    /// # Errors
    /// When credentials cannot stand in a header, or no TLS client can be built.
    pub fn new(rest: Option<Settings>, own: Vec<(Settings, BTreeSet<CompanyId>)>) -> Result<Self, ApiError> {
        let client = |settings| connect(settings).map(|(reader, writer)| Client { reader, writer });
        let mut all: Vec<Client> = rest.into_iter().map(client).collect::<Result<_, _>>()?;
        let (rest, mut apart) = (all.first().map(|_| 0), BTreeMap::new());
        for (settings, companies) in own {
            apart.extend(companies.into_iter().map(|it| (it, all.len())));
            all.push(client(settings)?);
        }
        Ok(Self { all, apart, rest })
    }

    /// The client of a company.
    ///
    /// # Errors
    /// [`ApiError::Nowhere`] for a company that has no endpoint.
    pub fn of(&self, company: CompanyId) -> Result<&Client, ApiError> {
        let home = self.home(company).ok_or(ApiError::Nowhere { company })?;
        Ok(&self.all[home.0])
    }

    /// Where a company is asked; `None` where it has no endpoint.
    pub fn home(&self, company: CompanyId) -> Option<Home> {
        self.apart.get(&company).copied().or(self.rest).map(Home)
    }

    /// Users that a company was asked for. Where there are several endpoints, of whom no company is told is of the one that was
    /// asked: somebody of the same address at another endpoint is somebody else.
    pub(in crate::live) fn found(&self, company: CompanyId, mut users: Vec<User>) -> Vec<User> {
        if self.all.len() > 1 {
            users.iter_mut().for_each(|it| _ = it.company.get_or_insert(company));
        }
        users
    }

    /// Requests sent so far, to all endpoints, by both halves of each client.
    pub fn requests_made(&self) -> u64 {
        self.all.iter().map(|it| it.reader.requests_made()).sum()
    }

    /// How far the clock of this machine is from that of the endpoint where it is furthest.
    pub fn skew(&self) -> Option<Skew> {
        self.all.iter().filter_map(|it| it.reader.skew()).max_by_key(Skew::apart)
    }

    /// Takes this machine's clock anew: from here on it counts what answers say.
    pub fn restart_clock(&self) {
        self.all.iter().for_each(|it| it.reader.restart_clock());
    }

    /// How long nothing is sent anywhere because the servers asked for that; nothing while one of them is asked.
    pub fn waiting(&self) -> Option<Duration> {
        let all: Option<Vec<Duration>> = self.all.iter().map(|it| it.reader.waiting()).collect();
        all?.into_iter().min()
    }

    pub(crate) fn search_refused(&self) -> BTreeMap<CompanyId, u16> {
        self.all.iter().flat_map(|it| it.reader.search_refused()).collect()
    }

    /// What departments and the like are called, as far as lists of people have said.
    pub fn unit_names(&self) -> BTreeMap<Uuid, Box<str>> {
        self.all.iter().flat_map(|it| it.reader.unit_names()).collect()
    }

    pub(in crate::live) fn names(&self) -> BTreeMap<Uuid, Box<str>> {
        self.all.iter().flat_map(|it| it.reader.names()).collect()
    }
}
