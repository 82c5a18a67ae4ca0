//! Servers that mean harm: what HTTP itself lets them send, in both versions. Each ends the run with code 8, within the
//! memory and the time that a run has, and nothing is believed.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    thread,
    time::Duration,
};

use crate::{
    support::{Run, World},
    tls::site_before,
};

const DESK: &str = "  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n";

/// What a server does on every connection: says something, and then something else until nobody listens.
#[derive(Clone)]
struct Attack {
    name: &'static str,
    first: Vec<u8>,
    forever: Vec<u8>,
}

fn attack(name: &'static str, first: &[u8], forever: &[u8]) -> Attack {
    Attack { name, first: first.to_vec(), forever: forever.to_vec() }
}

/// Starts such a server and returns its address; it ends with the process.
fn serving(attack: &Attack) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let attack = attack.clone();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let attack = attack.clone();
            thread::spawn(move || run(stream, &attack));
        }
    });
    url
}

/// Attacks whoever said something first. What else is said is not heard.
fn run(mut stream: TcpStream, attack: &Attack) {
    let mut said = [0; 4096];
    if !stream.read(&mut said).is_ok_and(|it| it > 0) || stream.write_all(&attack.first).is_err() {
        return;
    }
    let mut listening = stream.try_clone().unwrap();
    let hearing = thread::spawn(move || while listening.read(&mut said).is_ok_and(|it| it > 0) {});
    while !attack.forever.is_empty() && stream.write_all(&attack.forever).is_ok() {
        // All attacks at once would leave nobody a processor to meet them with.
        thread::sleep(Duration::from_millis(1));
    }
    if attack.forever.is_empty() {
        let _ = stream.shutdown(std::net::Shutdown::Write);
    }
    let _ = hearing.join();
}

/// Plans with 4 GB of memory, the most of which is what a program reserves and never uses.
fn plan(world: &World, endpoint: &str) -> Run {
    let binary = world.command();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 4000000; exec \"$0\" \"$@\""]).arg(binary.get_program());
    command.args(["plan", "--timeout", "1s", "--endpoint", endpoint]).current_dir(world.path()).env_clear();
    command.envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.output().unwrap().into()
}

/// Meets every attack at the same time, as most of it is waiting.
fn met(attacks: &[Attack], plan: impl Fn(&Attack) -> Run + Sync) {
    thread::scope(|scope| {
        let running: Vec<_> = attacks.iter().map(|it| (it.name, scope.spawn(|| plan(it)))).collect();
        for (name, run) in running {
            let run = run.join().unwrap();
            assert_eq!(run.code, 8, "{name}: {}{}", run.stdout, run.stderr);
            assert!(
                !run.stderr.contains("panicked") && run.stderr.contains("hint: "),
                "{name}: {}",
                run.stderr
            );
            assert_eq!(run.stdout, "", "{name}");
        }
    });
}

#[test]
fn no_answer_of_http_1_is_without_end_or_bounds() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let with = |more: &[u8]| [head, more].concat();
    let line = [&b"X-Filler: "[..], &[b'x'; 1000], b"\r\n"].concat();
    let attacks = [
        attack("nothing", b"", b""),
        attack("no HTTP", b"\x00\x01\x02\xff", b"\xff"),
        attack("a status line without end", b"HTTP/1.1 200 ", &[b'O'; 4096]),
        attack("interim answers without end", b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        attack("early hints without end", b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
        attack("headers without end", head, &line),
        attack("a header without end", &with(b"X: "), &[b'x'; 4096]),
        attack("a body without end", &with(b"\r\n"), &[b' '; 65_536]),
        attack("chunks without end", &with(b"Transfer-Encoding: chunked\r\n\r\n"), b"1\r\n \r\n"),
        attack(
            "a chunk of a line without end",
            &with(b"Transfer-Encoding: chunked\r\n\r\n1;"),
            &[b'x'; 4096],
        ),
        attack(
            "a chunk of every byte there is",
            &with(b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
            b" ",
        ),
        attack("trailers without end", &with(b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"), &line),
        attack("two lengths", &with(b"Content-Length: 2\r\nContent-Length: 200\r\n\r\n{}"), b""),
        attack("a length below nothing", &with(b"Content-Length: -1\r\n\r\n{}"), b""),
        attack(
            "a length of every byte there is",
            &with(b"Content-Length: 18446744073709551615\r\n\r\n{}"),
            b"",
        ),
        attack(
            "another protocol",
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
            b"{}",
        ),
    ];
    met(&attacks, |attack| plan(&World::new().groups(DESK), &serving(attack)));
}

/// A frame of HTTP/2: its kind, flags, stream and content.
fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), content].concat()
}

#[test]
fn no_frame_of_http_2_is_without_end_or_bounds() {
    let settings = frame(4, 0, 0, &[]);
    let with = |frames: &[Vec<u8>]| [settings.clone(), frames.concat()].concat();
    // `:status 200`, `:status 103`, and a header that is not to be remembered.
    let (ok, hints) = (&[0x88][..], &[0x08, 3, b'1', b'0', b'3'][..]);
    let filler = [&[0, 1, b'x', 0x7f, 0x81, 0x06][..], &[b'x'; 896]].concat();
    let remembered = [&[0x40, 1, b'x', 0x7f, 0x81, 0x06][..], &[b'x'; 896], &[0xbe; 15_000]].concat();
    let resets = (0..=13_u32).map(|code| frame(3, 0, 1, &code.to_be_bytes()));
    let goodbye = |last: u32, code: u32| frame(7, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat());
    let mut attacks: Vec<Attack> =
        resets.map(|it| attack("a stream that is reset", &with(&[it]), b"")).collect();
    attacks.extend([
        attack("nothing", b"", b""),
        attack("HTTP/1.1", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b""),
        attack("goodbye", &with(&[goodbye(0, 0)]), b""),
        attack("goodbye, in anger", &with(&[goodbye(1, 11)]), b""),
        attack("settings without end", &settings, &settings),
        attack("pings without end", &settings, &frame(6, 0, 0, &[0; 8])),
        attack("resets without end", &settings, &frame(3, 0, 1, &[0; 4])),
        attack("frames of no kind without end", &settings, &frame(0xee, 0, 1, b"x")),
        attack("priorities without end", &settings, &frame(2, 0, 1, &[0, 0, 0, 3, 1])),
        attack("a window that overflows", &with(&[frame(8, 0, 0, &[0x7f, 0xff, 0xff, 0xff])]), b""),
        attack("a frame beyond the limit", &with(&[vec![0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]]), &[0; 4096]),
        attack("headers that go on without end", &with(&[frame(1, 0, 1, ok)]), &frame(9, 0, 1, &filler)),
        attack("headers that go on with nothing", &with(&[frame(1, 0, 1, ok)]), &frame(9, 0, 1, &[])),
        attack("headers that grow when unpacked", &with(&[frame(1, 4, 1, &[ok, &remembered].concat())]), b""),
        attack("headers that mean nothing", &with(&[frame(1, 4, 1, &[0xff; 40])]), b""),
        attack("early hints without end", &settings, &frame(1, 4, 1, hints)),
        attack("empty data without end", &with(&[frame(1, 4, 1, ok)]), &frame(0, 0, 1, &[])),
        attack("data beyond the window", &with(&[frame(1, 4, 1, ok)]), &frame(0, 0, 1, &[b' '; 16_384])),
        attack("an answer to another question", &with(&[frame(1, 4, 3, ok)]), b""),
        attack(
            "answers that nobody asked for",
            &with(&[frame(5, 4, 1, &[&[0, 0, 0, 2][..], ok].concat())]),
            b"",
        ),
    ]);
    met(&attacks, |attack| {
        let site = site_before(World::new().groups(DESK), &serving(attack), b"h2").trusted();
        let run = plan(&site.world, &format!("https://localhost:{}", site.tls_port));
        assert_eq!(site.spoken(), ["PRI"], "{}", attack.name);
        run
    });
}
