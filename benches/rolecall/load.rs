//! A load generator: keep-alive connections that always have one request under way, on two threads.
//!
//! It knows as little of HTTP as it needs, so that the server and not it is what is measured.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

const THREADS: usize = 2;
const CONNECTIONS: usize = 16;

/// What a run of load found.
pub(crate) struct Load {
    pub(crate) requests: u64,
    pub(crate) wall: f64,
    /// Processor time of the server and of this process, in seconds.
    pub(crate) server: f64,
    pub(crate) generator: f64,
}

/// Asks `request` over and over for so long, of the server with the process id `server`; every answer must be of 200.
pub(crate) fn load(address: &str, request: &str, time: Duration, server: u32) -> Load {
    let (server_before, own_before, start) = (cpu(&server.to_string()), cpu("self"), Instant::now());
    let requests = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| ask(address, request, time))).collect();
        threads.into_iter().map(|it| it.join().expect("a generator to end")).sum()
    });
    Load {
        requests,
        wall: start.elapsed().as_secs_f64(),
        server: cpu(&server.to_string()) - server_before,
        generator: cpu("self") - own_before,
    }
}

/// Sends on all connections, then reads from all, until the time is up; returns how many answers came.
fn ask(address: &str, request: &str, time: Duration) -> u64 {
    let connect = |_| {
        let stream = TcpStream::connect(address).expect("the sandbox to listen");
        stream.set_nodelay(true).expect("a socket");
        stream
    };
    let mut streams: Vec<TcpStream> = (0..CONNECTIONS).map(connect).collect();
    let mut buffer = vec![0; 256 << 10];
    let (start, mut answers) = (Instant::now(), 0);
    while start.elapsed() < time {
        for stream in &mut streams {
            stream.write_all(request.as_bytes()).expect("a request");
        }
        for stream in &mut streams {
            read(stream, &mut buffer);
            answers += 1;
        }
    }
    answers
}

/// Reads one answer to its end.
fn read(stream: &mut TcpStream, buffer: &mut [u8]) {
    let mut length = 0;
    loop {
        let read = stream.read(&mut buffer[length..]).expect("an answer");
        assert!(read > 0, "the server hung up");
        length += read;
        let Some(head) = buffer[..length].windows(4).position(|it| it == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).expect("a head");
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let body = text.lines().find_map(|it| it.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if length >= head + 4 + body.unwrap_or(0) {
            return;
        }
    }
}

/// Returns the processor time that a process took so far, in seconds; the kernel counts in hundredths.
fn cpu(process: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let figures = stat.rsplit_once(')').map_or("", |it| it.1).split_whitespace();
    let ticks: f64 = figures.skip(11).take(2).filter_map(|it| it.parse::<f64>().ok()).sum();
    ticks / 100.0
}
