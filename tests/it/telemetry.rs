//! What a build with the feature `otel` sends to the operator's collector, and that nobody else gets anything.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
};

use crate::support::World;

const GROUPS: &str = "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, cy@voyager.example] }\n";

/// Starts a collector that takes everything; returns its address and what it is sent.
fn collector() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, sent) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (mut asked, mut buffer) = (Vec::new(), [0; 65_536]);
            // Closed by the client, or all of it is there.
            while let Ok(n @ 1..) = stream.read(&mut buffer) {
                asked.extend_from_slice(&buffer[..n]);
                let text = String::from_utf8_lossy(&asked);
                let length = text.to_lowercase().find("content-length: ").map(|at| {
                    let digits = text[at + 16..].chars().take_while(char::is_ascii_digit);
                    digits.collect::<String>().parse::<usize>().unwrap()
                });
                let head = asked.windows(4).position(|it| it == b"\r\n\r\n");
                if let (Some(head), Some(length)) = (head, length)
                    && asked.len() >= head + 4 + length
                {
                    break;
                }
            }
            // First: whoever is answered may look at once.
            let _ = sender.send(String::from_utf8_lossy(&asked).into_owned());
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (url, sent)
}

#[test]
fn a_collector_that_is_named_gets_spans_without_secrets_or_people() {
    let (url, sent) = collector();
    let world = World::new().groups(GROUPS).variable("OTEL_EXPORTER_OTLP_ENDPOINT", &url);
    world.apply().expect(0);
    let sent: Vec<String> = sent.try_iter().collect();
    if cfg!(not(feature = "otel")) {
        assert!(sent.is_empty(), "a build without the feature sent {sent:?}");
        return;
    }
    let all = sent.concat();
    assert!(all.starts_with("POST /v1/traces "), "{all}");
    for told in
        ["run", "apply", "request", "/v3/companies/{companyId}/user-groups/{groupId}/members", "PATCH"]
    {
        assert!(all.contains(told), "no {told} in {all}");
    }
    for untold in ["full-token", "voyager.example", &world.id("Desk"), &world.user("cy@voyager.example")] {
        assert!(!all.contains(untold), "{untold} in {all}");
    }
}

#[test]
fn a_collector_that_is_not_there_changes_nothing() {
    let world = World::new().groups(GROUPS);
    let plain = world.plan().expect(0);
    let world = world.variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let plan = world.plan().expect(0);
    let id = |text: &str| text.lines().find(|it| it.starts_with("Plan id: ")).map(str::to_owned);
    assert_eq!((id(&plan.stdout), plan.stderr), (id(&plain.stdout), plain.stderr));
}
