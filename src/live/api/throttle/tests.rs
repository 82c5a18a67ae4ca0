//! The throttle under a clock that runs ahead while all wait.

use futures_util::future::join_all;
use proptest::prelude::*;

use super::*;

const MOST: usize = 16;
const SECOND: Duration = Duration::from_secs(1);

/// Sends so many requests through the throttle, each of which takes a while, and returns when each was sent.
async fn sent(throttle: &Throttle, requests: usize, takes: Duration) -> Vec<Duration> {
    let start = throttle.now();
    let each = (0..requests).map(|_| async {
        let slot = throttle.enter(None).await.unwrap();
        let at = throttle.now() - start;
        tokio::time::sleep(takes).await;
        slot.leave(AttemptResult::Answered);
        at
    });
    let mut times = join_all(each).await;
    times.sort_unstable();
    times
}

#[tokio::test(start_paused = true)]
async fn no_window_of_a_rate_holds_more_than_a_burst_and_its_share() {
    for (rate, most, burst) in [(20.0, 16, 16.0), (20.0, 3, 3.0), (2.5, 16, 2.0), (0.5, 16, 1.0)] {
        let throttle = Throttle::new(most, format!("{rate}").parse().ok());
        let times = sent(&throttle, 60, Duration::from_millis(30)).await;
        for (n, first) in times.iter().enumerate() {
            for (m, last) in times.iter().enumerate().skip(n) {
                let most = burst + (*last - *first).as_secs_f64() * rate + 1e-6;
                assert!((m - n + 1) as f64 <= most, "{rate}: {n} to {m} in {:?}", *last - *first);
            }
        }
        // And no slower than it must be; timers have milliseconds.
        assert!(times[59].as_secs_f64() <= 60.0 / rate + 0.1, "{rate}: {:?}", times[59]);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_passes_during_a_pause_and_all_do_after_it() {
    let throttle = Throttle::new(16, None);
    for _ in 0..12 {
        throttle.enter(None).await.unwrap().leave(AttemptResult::RateLimited(Some(7 * SECOND)));
    }
    assert_eq!(throttle.waiting(), Some(7 * SECOND));
    let times = sent(&throttle, 5, Duration::ZERO).await;
    assert!(times.iter().all(|it| *it == times[0] && *it >= 7 * SECOND), "{times:?}");
    assert_eq!(throttle.waiting(), None);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_drawn_out_is_kept_by_those_who_wait_already() {
    let throttle = Throttle::new(16, "50".parse().ok());
    let refused = AttemptResult::RateLimited(Some(2 * SECOND));
    for result in [[refused; 11].as_slice(), &[AttemptResult::Answered; 3]].concat() {
        throttle.enter(None).await.unwrap().leave(result);
    }
    let under_way = throttle.enter(None).await.unwrap();
    throttle.enter(None).await.unwrap().leave(refused);
    let (times, ()) = tokio::join!(sent(&throttle, 3, Duration::ZERO), async {
        tokio::time::sleep(SECOND).await;
        under_way.leave(AttemptResult::RateLimited(Some(9 * SECOND)));
    });
    assert!(times[0] >= 10 * SECOND, "{times:?}");
}

/// What a server with so much allowance per second lets in and refuses in each: let-in requests take `slow`.
async fn counted(requests: usize, allowance: usize, quick: &[u64], slow: &[u64]) -> Vec<(usize, usize)> {
    let throttle = Throttle::new(MOST, None);
    let seen = Mutex::new(Vec::<(usize, usize)>::new());
    let each = (0..requests).map(|number| {
        let (throttle, seen) = (&throttle, &seen);
        async move {
            for attempt in number.. {
                let slot = throttle.enter(None).await.unwrap();
                let ms = |times: &[u64]| Duration::from_millis(times[attempt % times.len()]);
                tokio::time::sleep(ms(quick)).await;
                let let_in = {
                    let (mut seen, second) = (seen.lock().unwrap(), throttle.now().as_secs() as usize);
                    let seconds = seen.len().max(second + 1);
                    seen.resize(seconds, (0, 0));
                    let (let_in, refused) = &mut seen[second];
                    let room = *let_in < allowance;
                    *(if room { let_in } else { refused }) += 1;
                    room
                };
                if let_in {
                    tokio::time::sleep(ms(slow)).await;
                    return slot.leave(AttemptResult::Answered);
                }
                slot.leave(AttemptResult::RateLimited(Some(SECOND)));
                throttle.wait_retry_after(SECOND).await;
            }
        }
    });
    join_all(each).await;
    seen.into_inner().unwrap()
}

proptest! {
    #[test]
    fn an_allowance_that_is_used_up_is_exceeded_by_what_is_in_flight_only(
        requests in 1_usize..200,
        allowance in 10_usize..60,
        quick in proptest::collection::vec(0_u64..5, 1..7),
        slow in proptest::collection::vec(0_u64..400, 1..7),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let seen = runtime.unwrap().block_on(counted(requests, allowance, &quick, &slow));
        prop_assert!(seen.iter().all(|it| it.1 <= MOST), "let in and refused: {seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_close_slots_and_good_answers_open_them() {
    let throttle = Throttle::new(40, None);
    let free = |throttle: &Throttle| throttle.slots.available_permits();
    assert_eq!(free(&throttle), 16);
    let sixteen = join_all((0..16).map(|_| throttle.enter(None))).await;
    assert_eq!(free(&throttle), 0);
    sixteen.into_iter().for_each(|it| it.unwrap().leave(AttemptResult::RateLimited(None)));
    assert_eq!(free(&throttle), 8, "one round");
    sent(&throttle, 50, Duration::from_millis(1)).await;
    assert_eq!(free(&throttle), 40);
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_waiting_leaves_nothing_behind() {
    let throttle = Throttle::new(1, "1".parse().ok());
    throttle.enter(None).await.unwrap().leave(AttemptResult::Answered);
    for _ in 0..3 {
        let entering = tokio::time::timeout(Duration::from_millis(10), throttle.enter(None)).await;
        assert!(entering.is_err(), "the rate is one per second");
        let told =
            tokio::time::timeout(Duration::from_millis(10), throttle.wait_retry_after(9 * SECOND)).await;
        assert!(told.is_err());
    }
    assert_eq!((throttle.waiting(), throttle.state().busy, throttle.slots.available_permits()), (None, 0, 1));
    throttle.enter(None).await.unwrap().leave(AttemptResult::Answered);
    assert_eq!(throttle.now(), SECOND, "nor has anybody else's token been used");
}

#[tokio::test(start_paused = true)]
async fn it_waits_when_all_were_told_to_and_nobody_is_busy() {
    let throttle = Throttle::new(4, None);
    let told = |wait| throttle.wait_retry_after(wait * SECOND);
    let look = async {
        tokio::time::sleep(SECOND).await;
        assert_eq!(throttle.waiting(), Some(4 * SECOND), "the first to come back counts");
        let slot = throttle.enter(None).await.unwrap();
        assert_eq!(throttle.waiting(), None, "one is in flight");
        slot.leave(AttemptResult::Answered);
        let backing_off = throttle.back_off(SECOND);
        tokio::pin!(backing_off);
        _ = tokio::time::timeout(Duration::from_millis(1), &mut backing_off).await;
        assert_eq!(throttle.waiting(), None, "one is about to try again");
        backing_off.await;
        assert!(throttle.waiting().is_some());
    };
    tokio::join!(told(5), told(9), look);
    assert_eq!(throttle.waiting(), None);
}

/// Or once in two where the wait ends a moment before the next.
#[tokio::test(start_paused = true)]
async fn an_allowance_is_used_once_a_second() {
    for allowance in [10, 25, 60] {
        let seen = counted(122, allowance, &[0, 1, 2, 3, 4], &[1]).await;
        assert!(seen.len() <= 2 * 122_usize.div_ceil(allowance) + 2, "let in and refused: {seen:?}");
    }
}
