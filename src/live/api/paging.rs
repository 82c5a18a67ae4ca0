//! Reading a list whole: pages side by side, and the proof that nothing is missing.
//!
//! A list that does not add up is read once more; if it still does not, there is no list: taking a part for the
//! whole would take access away from the rest.

use std::future::Future;

use futures_util::{StreamExt, stream::FuturesOrdered};
use serde::Serialize;

use super::{
    ApiError, Request,
    connection::Connection,
    page::{Page, Row},
};

/// A list to be read: the request of a page, and what its body says beside `pagination`.
pub(super) struct List<'a> {
    connection: &'a Connection,
    request: Request,
    /// The body's other fields as they follow `pagination`: empty, or from a comma to the last brace.
    rest: String,
}

struct Flaw {
    received: u64,
    total: Option<u64>,
    why: String,
}

enum Sweep<T> {
    Whole(Vec<T>),
    Flawed(Flaw),
}

impl<'a> List<'a> {
    /// Prepares to read a list; `body` is an object with the fields to send beside `pagination`.
    pub(super) fn new(connection: &'a Connection, request: Request, body: &impl Serialize) -> Self {
        let json = serde_json::to_string(body).unwrap_or_default();
        let inner = json.strip_prefix('{').and_then(|json| json.strip_suffix('}')).unwrap_or_default();
        let rest = if inner.is_empty() { String::new() } else { format!(",{inner}") };
        Self { connection, request, rest }
    }

    /// Returns all rows of the list, in the order of the server.
    ///
    /// # Errors
    /// [`ApiError::Incomplete`] if it does not add up twice, [`ApiError::Endless`] if it is longer
    /// than any sensible list, and whatever a request can fail with.
    pub(super) async fn read<T: Row>(&self) -> Result<Vec<T>, ApiError> {
        if let Sweep::Whole(rows) = self.sweep().await? {
            return Ok(rows);
        }
        match self.sweep().await? {
            Sweep::Whole(rows) => Ok(rows),
            Sweep::Flawed(Flaw { received, total, why }) => Err(ApiError::Incomplete {
                request: Box::new(self.request.clone()),
                list: T::LIST,
                received,
                total,
                why: why.into(),
            }),
        }
    }

    /// Returns the first rows of the list, at most so many: a sample, of which nothing is proven.
    ///
    /// # Errors
    /// Whatever a request can fail with.
    pub(super) async fn sample<T: Row>(&self, most: u32) -> Result<Vec<T>, ApiError> {
        let limit = self.connection.dialect.page_limit.max(1).min(most);
        Ok(self.page(0, limit.into()).await?.rows)
    }

    /// Returns how many rows the list has, by what one short page says of it; `None` where that does not.
    ///
    /// # Errors
    /// Whatever a request can fail with.
    pub(super) async fn total<T: Row>(&self) -> Result<Option<u64>, ApiError> {
        Ok(self.page::<T>(0, 1).await?.total)
    }

    /// Reads the list once: the first page alone, the rest side by side, and after a page shorter
    /// than the first one after the other.
    async fn sweep<T: Row>(&self) -> Result<Sweep<T>, ApiError> {
        let limit = u64::from(self.connection.dialect.page_limit.max(1));
        let first = self.page::<T>(0, limit).await?;
        let Some(total) = first.total else {
            return Ok(flawed(first.rows.len(), None, "the answer states no total"));
        };
        // The server may give fewer rows than asked for: what it gave is the size of a page.
        let size = first.rows.len() as u64;
        if size == 0 && total > 0 {
            return Ok(flawed(0, Some(total), "a page is empty before the end"));
        }
        self.bounded::<T>(total, if size == 0 { 0 } else { total.div_ceil(size) })?;
        let mut rows = first.rows;
        let mut pages = 1;
        // Whether the last page had as many rows as were asked for.
        let mut full = size == limit;
        // What comes behind a last page that will be full, asked for beside the others.
        let mut behind = None;
        if size > 0 {
            let look_behind = total.is_multiple_of(size) && (full || size < total);
            let offsets = (1..total.div_ceil(size)).map(|page| page * size);
            let mut offsets = offsets.chain(look_behind.then_some(total));
            let mut ahead = FuturesOrdered::new();
            loop {
                while ahead.len() < self.connection.concurrency
                    && let Some(offset) = offsets.next()
                {
                    let rows = if offset == total { limit } else { size };
                    ahead.push_back(async move { (offset, self.page::<T>(offset, rows).await) });
                }
                let Some((offset, page)) = ahead.next().await else { break };
                if offset == total {
                    behind = Some(page);
                    break;
                }
                let page = page?;
                if page.total != Some(total) {
                    return Ok(moved(rows.len(), total, page.total));
                }
                pages += 1;
                let expected = size.min(total.saturating_sub(rows.len() as u64));
                let short = (page.rows.len() as u64) < expected;
                full = page.rows.len() as u64 == size;
                rows.extend(page.rows);
                if short {
                    break;
                }
            }
        }
        while (rows.len() as u64) < total {
            let page = self.page::<T>(rows.len() as u64, limit).await?;
            if page.total != Some(total) {
                return Ok(moved(rows.len(), total, page.total));
            }
            if page.rows.is_empty() {
                return Ok(flawed(rows.len(), Some(total), "a page is empty before the end"));
            }
            pages += 1;
            self.bounded::<T>(total, pages)?;
            full = page.rows.len() as u64 == limit;
            rows.extend(page.rows);
        }
        if rows.len() as u64 != total {
            return Ok(flawed(rows.len(), Some(total), "there are more rows than announced"));
        }
        let mut keys: Vec<_> = rows.iter().filter_map(Row::key).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Ok(flawed(rows.len(), Some(total), "a row came twice, so another may be missing"));
        }
        // A total that ends with a full page may have been cut off there: then more comes after it.
        if total > 0 && full {
            let beyond = match behind {
                Some(page) => page,
                None => self.page::<T>(total, limit).await,
            };
            let beyond = match beyond {
                // A server may mind being asked for a page that begins at the end: that is an answer too.
                Err(ApiError::Refused { status: 400, .. }) => return Ok(Sweep::Whole(rows)),
                beyond => beyond?,
            };
            if !beyond.rows.is_empty() {
                return Ok(flawed(rows.len(), Some(total), "there are more rows than announced"));
            }
            if beyond.total != Some(total) {
                return Ok(moved(rows.len(), total, beyond.total));
            }
        }
        Ok(Sweep::Whole(rows))
    }

    async fn page<T: Row>(&self, offset: u64, limit: u64) -> Result<Page<T>, ApiError> {
        let body = format!(r#"{{"pagination":{{"offset":{offset},"limit":{limit}}}{}}}"#, self.rest);
        self.connection.decoded(&self.request, "", body.as_bytes()).await
    }

    fn bounded<T: Row>(&self, total: u64, pages: u64) -> Result<(), ApiError> {
        let bounds = self.connection.bounds;
        let why = if total > bounds.rows {
            format!("{total} rows announced, at most {} are read", bounds.rows)
        } else if pages > bounds.pages {
            format!("{pages} pages or more, at most {} are read", bounds.pages)
        } else {
            return Ok(());
        };
        Err(ApiError::Endless { request: Box::new(self.request.clone()), list: T::LIST, why: why.into() })
    }
}

fn flawed<T>(received: usize, total: Option<u64>, why: impl Into<String>) -> Sweep<T> {
    Sweep::Flawed(Flaw { received: received as u64, total, why: why.into() })
}

fn moved<T>(received: usize, total: u64, now: Option<u64>) -> Sweep<T> {
    match now {
        Some(now) => {
            flawed(received, Some(total), format!("it changed while being read, from {total} rows to {now}"))
        }
        None => flawed(received, Some(total), "a later page states no total"),
    }
}

/// Does all of `work`, at most `at_once` side by side, and returns the results in its order.
///
/// # Errors
/// The first failure in that order; what is not done by then is dropped.
pub(super) async fn gather<T, F>(
    at_once: usize,
    mut work: impl Iterator<Item = F>,
) -> Result<Vec<T>, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    let mut ahead = FuturesOrdered::new();
    let mut done = Vec::new();
    loop {
        while ahead.len() < at_once
            && let Some(next) = work.next()
        {
            ahead.push_back(next);
        }
        match ahead.next().await {
            Some(result) => done.push(result?),
            None => return Ok(done),
        }
    }
}
