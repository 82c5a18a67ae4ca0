//! `expiring`: whatever of the files begins or ends within a time, with what that gives and takes, and nothing else.

use serde_json::Value;

use crate::support::World;

const NOW: &str = "--now 2026-11-29T12:00:00Z";

/// Entries of every kind: some end or begin within two weeks, some later, some have.
fn world() -> World {
    World::new()
        .ruled(
            "lockout:
  - { email: gone@voyager.example, since: 2026-12-05, until: 2026-12-09, reason: on leave }
exceptions:
  - { guard: removals, group: Desk, company: voyager, upTo: 9, until: 2026-12-01, reason: moved }
accept:
  - { group: Night, person: bo@voyager.example, owner: night desk, until: 2026-12-10, reason: handover }
",
        )
        .groups(
            "  - name: Desk
    description: The desk.
    roles:
      - { role: Agent, scope: { company: globex } }
      - { role: Trip Manager, scope: { company: initech }, from: 2026-12-03, until: 2027-03-31 }
    members:
      - ana@voyager.example
      - { email: bo@voyager.example, until: 2026-12-04 }
      - { email: cy@voyager.example, from: 2026-12-02, until: 2026-12-07 }
      - { email: root@voyager.example, until: 2026-11-28 }
      - { email: nobody@voyager.example, until: 2026-12-11T12:00:00Z }
  - name: Winter
    description: The winter.
    from: 2026-12-06
    until: 2027-02-28
    roles: [{ role: Agent, scope: { company: initech } }]
    members: [ana@voyager.example]
users:
  - { user: ana@voyager.example, directRoles: [{ type: COMPANY_REPORT_ADMIN, company: voyager, until: 2026-12-08 }] }
",
        )
}

fn said(it: &Value) -> String {
    let verb = if it["begins"] == true { "begins" } else { "ends" };
    let text = |key: &str| it[key].as_str().map_or_else(String::new, |it| format!(" {it}"));
    let at = &it["at"].as_str().unwrap()[..10];
    let (people, roles) = (it["userIds"].as_array().unwrap().len(), it["roles"].as_array().unwrap().len());
    format!("{at} {verb}{}{}{}{} {people}x{roles}", text("what"), text("group"), text("person"), text("role"))
}

#[test]
fn every_entry_that_begins_or_ends_in_time_is_told_with_what_it_gives() {
    let world = world();
    let document = world.run(&format!("expiring --within 14d --format json {NOW}")).expect(0).json();
    let all: Vec<String> = document["items"].as_array().unwrap().iter().map(said).collect();
    assert_eq!(
        all,
        [
            "2026-12-02 ends exception 0x0",
            "2026-12-02 begins member Desk cy@voyager.example 1x1",
            "2026-12-03 begins role Desk Trip Manager 3x1",
            "2026-12-05 begins lockout gone@voyager.example 1x0",
            "2026-12-05 ends member Desk bo@voyager.example 1x2",
            "2026-12-06 begins group Winter 1x1",
            "2026-12-08 ends member Desk cy@voyager.example 1x2",
            "2026-12-09 ends directRole ana@voyager.example COMPANY_REPORT_ADMIN 1x0",
            "2026-12-10 ends lockout gone@voyager.example 1x0",
            "2026-12-11 ends accept 0x0",
            "2026-12-11 ends member Desk nobody@voyager.example 0x2",
        ]
    );
    assert!(world.writes().is_empty());
    let lines: Vec<u64> =
        document["items"].as_array().unwrap().iter().filter_map(|it| it["origin"]["line"].as_u64()).collect();
    assert_eq!(lines.len(), all.len());
    // Less far ahead there is less of the same, and farther there is more.
    for (within, n) in [("3d", 2), ("1w", 6), ("4mo", 12), ("1y", 13)] {
        let some = world.run(&format!("expiring --within {within} --format json {NOW}")).expect(0).json();
        let some: Vec<String> = some["items"].as_array().unwrap().iter().map(said).collect();
        assert_eq!(some.len(), n, "{within}: {some:?}");
        assert!(some.iter().zip(&all).all(|(a, b)| a == b));
    }
}

#[test]
fn people_read_who_gets_what_and_who_loses_it_by_which_line() {
    let world = world();
    world
        .run(&format!("expiring {NOW}"))
        .expect(0)
        .shows("from 2026-12-02 (begins in 2 days)")
        .shows("cy@voyager.example in Desk access/a.yaml:11")
        .shows("gives Agent on company globex")
        .shows("from 2026-12-03 (begins in 3 days)")
        .shows("role Trip Manager of Desk access/a.yaml:7")
        .shows("gives Trip Manager on company initech: ana@voyager.example, bo@voyager.example, cy@voyager.example")
        .shows("exception: removals for group Desk, up to 9")
        .shows("accepted: member bo@voyager.example in Night")
        .ends_with("7 things end, 4 begin.");
    let sheet = world.run(&format!("expiring --format csv {NOW}")).expect(0).stdout;
    // A row for each person and role: three get Trip Manager, and two lose two roles.
    assert_eq!(sheet.lines().count(), 1 + 11 + 2 + 1 + 1 + 1, "{sheet}");
    assert!(
        world
            .run(&format!("expiring --format markdown {NOW}"))
            .expect(0)
            .stdout
            .starts_with("### rolecall: ")
    );
    world.run("expiring --within soon").expect(4);
    world.run("expiring --format html").expect(4);
}

#[test]
fn a_snapshot_says_the_same() {
    let world = world();
    world.run("snapshot --out live.json").expect(0);
    let items = |more: &str| {
        let document = world.run(&format!("expiring --format json {NOW} {more}")).expect(0).json();
        document["items"].clone()
    };
    let online = items("");
    world.forget();
    assert_eq!(items("--live live.json"), online);
    assert_eq!(world.log().len(), 0, "nobody is asked");
}
