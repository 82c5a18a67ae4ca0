//! How the replies of a connection came: times, refusals for rates, headers that tell of limits.

use std::time::Duration;

use reqwest::header::HeaderMap;

/// Longest name of a header that is kept, in bytes.
const LONGEST_NAME: usize = 60;
/// Most headers that are kept.
const MOST_LIMITS: usize = 20;

#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    times: Vec<Duration>,
    /// Replies that asked for fewer requests (429).
    pub(crate) throttled: usize,
    /// Headers that tell of limits, each name with the last value seen, cut at 60 characters; sorted.
    pub(crate) limits: Vec<(String, String)>,
}

impl Traffic {
    pub(super) fn note(&mut self, elapsed: Duration, status: u16, headers: &HeaderMap) {
        self.times.push(elapsed);
        self.throttled += usize::from(status == 429);
        let tells = |name: &str| {
            name == "retry-after"
                || name.len() <= LONGEST_NAME && (name.contains("ratelimit") || name.contains("rate-limit"))
        };
        for (name, value) in headers.iter().filter(|it| tells(it.0.as_str())) {
            let Ok(value) = value.to_str() else { continue };
            let value = value.chars().take(60).collect();
            let is_room = self.limits.len() < MOST_LIMITS;
            match self.limits.iter_mut().find(|it| it.0 == *name.as_str()) {
                Some(known) => known.1 = value,
                // A server may call each header of each reply by another name.
                None if is_room => self.limits.push((name.to_string(), value)),
                None => (),
            }
        }
        self.limits.sort();
    }

    pub(crate) fn replies(&self) -> usize {
        self.times.len()
    }

    /// Returns the median and the longest time of a reply.
    pub(crate) fn latency(&self) -> Option<(Duration, Duration)> {
        let mut times = self.times.clone();
        times.sort_unstable();
        Some((*times.get(times.len() / 2)?, *times.last()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_worst_are_told_apart() {
        let mut traffic = Traffic::default();
        assert_eq!(traffic.latency(), None);
        for ms in [9, 1, 5, 100, 2] {
            let headers = [("retry-after", ms.to_string()), ("x-other", "1".to_owned())];
            let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            traffic.note(
                Duration::from_millis(ms),
                if ms == 100 { 429 } else { 200 },
                &headers.into_iter().collect(),
            );
        }
        assert_eq!(traffic.latency(), Some((Duration::from_millis(5), Duration::from_millis(100))));
        assert_eq!((traffic.replies(), traffic.throttled), (5, 1));
        assert_eq!(traffic.limits, [("retry-after".to_owned(), "2".to_owned())]);
    }
}
