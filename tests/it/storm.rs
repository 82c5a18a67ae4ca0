//! A server that asks for less: the plan comes out right, the rate is kept, and no time is wasted.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Instant,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{NO_CHANGES, SEED, World};

/// Requests in flight, at most; the client sends no more than these at once, whatever the rate.
const BURST: usize = 16;

/// A company of so many small groups, declared as they are: one list of groups, and two lists of each.
fn company(groups: usize) -> World {
    let (mut seeded, mut declared) = (SEED.to_owned(), "version: 1\ngroups:\n".to_owned());
    for n in 0..groups {
        let of = "roles: [], members: [ana@voyager.example]";
        seeded += &format!("  - {{ name: Team {n:03}, company: voyager, description: T., {of} }}\n");
        declared += &format!("  - {{ name: Team {n:03}, description: T., {of} }}\n");
    }
    World::seeded(&seeded).with("access/a.yaml", &declared)
}

/// Returns the most requests that came within any second, of the log of a sandbox.
fn most_in_a_second(log: &[Value]) -> usize {
    let at = |it: &Value| it["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let mut times: Vec<Timestamp> = log.iter().map(at).collect();
    times.sort_unstable();
    let from =
        |n: usize| times[n..].iter().take_while(|it| it.duration_since(times[n]).as_secs() < 1).count();
    (0..times.len()).map(from).max().unwrap_or(0)
}

/// Refuses every third request, so many times. Each rule lets all through that no earlier one refuses.
fn every_third(times: u64, kind: &Value) -> Value {
    (1..=times).map(|n| json!({ "skip": 2 * n, "kind": kind })).collect()
}

/// How long it may take is told by tests of the client's throttle, with a clock of their own.
#[test]
fn a_third_of_refusals_at_a_limited_rate_costs_just_their_share() {
    const RATE: f64 = 25.0;
    let world = company(30);
    world.faults(every_third(200, &json!({ "status": { "code": 429, "retryAfter": "1" } })));
    world.forget();
    world.run(&format!("plan --max-rps {RATE}")).expect(0).ends_with(NO_CHANGES);
    let log = world.log();
    let refused = log.iter().filter(|it| it["status"] == 429).count();
    assert!(refused.abs_diff(log.len() / 3) <= 1, "{refused} of {}", log.len());
    let most = most_in_a_second(&log);
    // As they arrive: one burst more where some are held up on the way and others are not.
    assert!(most as f64 <= RATE + 2.0 * BURST as f64, "{most} in a second");
    // Whatever was answered is not asked for again.
    let mut answered = BTreeMap::<String, usize>::new();
    for it in log.iter().filter(|it| it["status"] == 200) {
        *answered.entry(format!("{} {} {}", it["method"], it["path"], it["body"])).or_default() += 1;
    }
    assert!(answered.len() > 60 && answered.values().all(|it| *it == 1), "{answered:#?}");
}

#[test]
fn a_probe_keeps_the_rate_with_all_that_it_sends() {
    const RATE: usize = 20;
    let world = World::new();
    world.forget();
    world
        .run(&format!("doctor --probe --yes --company voyager --user root@voyager.example --max-rps {RATE}"))
        .expect(0);
    let log = world.log();
    let most = most_in_a_second(&log);
    assert!(log.len() > 2 * RATE && most <= 3 * RATE, "{most} of {} in a second", log.len());
}

/// A door before a sandbox: it lets a fixed number in per second and refuses all else until the next.
struct Door {
    url: String,
    /// When a request came, and whether it was let in.
    came: Arc<Mutex<Vec<(f64, bool)>>>,
}

impl Door {
    fn before(world: &World, rate: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inside = world.url().strip_prefix("http://").unwrap().to_owned();
        let came = Arc::<Mutex<Vec<(f64, bool)>>>::default();
        let (seen, opened) = (came.clone(), Instant::now());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (inside, seen) = (inside.clone(), seen.clone());
                thread::spawn(move || serve(stream, &inside, &seen, opened, rate));
            }
        });
        Self { url, came }
    }
}

/// Answers the requests of one connection, until one was let in: the sandbox's answer ends it.
fn serve(
    mut stream: TcpStream,
    inside: &str,
    seen: &Mutex<Vec<(f64, bool)>>,
    opened: Instant,
    rate: usize,
) -> Option<()> {
    loop {
        let request = request(&mut stream)?;
        let let_in = {
            let mut seen = seen.lock().unwrap();
            let now = opened.elapsed().as_secs_f64();
            let this_second = seen.iter().filter(|it| it.1 && it.0.floor() == now.floor()).count();
            seen.push((now, this_second < rate));
            this_second < rate
        };
        if let_in {
            let mut there = TcpStream::connect(inside).ok()?;
            let closing = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
            there.write_all(closing.as_bytes()).ok()?;
            std::io::copy(&mut there, &mut stream).ok()?;
            return None;
        }
        stream
            .write_all(b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n")
            .ok()?;
    }
}

/// Reads one request to the end of its body.
fn request(stream: &mut TcpStream) -> Option<String> {
    let (mut text, mut buffer) = (String::new(), [0; 8192]);
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|it| it.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut buffer).ok()? {
            0 => return None,
            n => text.push_str(std::str::from_utf8(&buffer[..n]).ok()?),
        }
    }
}

#[test]
fn a_server_with_an_allowance_is_exceeded_by_what_is_in_flight_and_soon_left_alone() {
    const RATE: usize = 25;
    let world = company(60);
    let door = Door::before(&world, RATE);
    world.run(&format!("plan --endpoint {}", door.url)).expect(0).ends_with(NO_CHANGES);
    let came = door.came.lock().unwrap().clone();
    let (let_in, refused): (Vec<_>, Vec<_>) = came.into_iter().partition(|it| it.1);
    // Of each second's allowance nobody is refused but who was in flight when it was used up.
    let mut by_second = BTreeMap::<u64, usize>::new();
    refused.iter().for_each(|it| *by_second.entry(it.0 as u64).or_default() += 1);
    assert!(
        by_second.values().all(|it| *it <= BURST),
        "refused in each second: {by_second:?}; {} let in",
        let_in.len()
    );
}
