//! `from`, `until` and `timeZone:` from the files to the API: on which side of which instant who holds what.

use crate::support::{NO_CHANGES, World};

/// A world whose days are those of a time zone, with one member of the Desk from one day to another.
fn world(zone: &str, term: &str) -> World {
    World::new().ruled(&format!("timeZone: {zone}\n")).groups(&format!(
        "  - {{ name: Desk, description: The desk., roles: unmanaged, members: {{ atLeast: [{{ email: cy@voyager.example, {term} }}] }} }}\n"
    ))
}

/// Whether a plan by this instant puts the member in.
#[track_caller]
fn is_wanted(world: &World, now: &str) -> bool {
    let run = world.run(&format!("plan --now {now}")).expect(0);
    match run.stdout.contains("+ member  cy@voyager.example") {
        true => true,
        false => {
            run.ends_with(NO_CHANGES);
            false
        }
    }
}

/// A day is that of its time zone, whatever the clocks there do: it has 23 or 25 hours, begins at one where midnight is
/// passed over, with the first of two midnights where one comes twice, and a day that never was begins with the next.
#[test]
fn a_day_begins_and_ends_where_its_time_zone_says() {
    for (zone, day, first, over) in [
        ("UTC", "2027-03-28", "2027-03-28T00:00:00Z", "2027-03-29T00:00:00Z"),
        ("Europe/Berlin", "2027-03-28", "2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z"),
        ("Europe/Berlin", "2027-10-31", "2027-10-30T22:00:00Z", "2027-10-31T23:00:00Z"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"),
    ] {
        let world = world(zone, &format!("from: {day}, until: {day}"));
        let second_before = |at: &str| {
            let at: jiff::Timestamp = at.parse().unwrap();
            (at - jiff::SignedDuration::from_secs(1)).to_string()
        };
        for (now, wanted) in [
            (second_before(first), false),
            (first.into(), true),
            (second_before(over), true),
            (over.into(), false),
        ] {
            assert_eq!(is_wanted(&world, &now), wanted, "{zone} {day} at {now}");
        }
    }
}

/// An instant is its own, and what has no time zone counts in UTC.
#[test]
fn an_instant_needs_no_time_zone() {
    let world = world("Asia/Kolkata", "from: 2027-01-04T09:00:00+01:00, until: 2027-01-31T18:00:00Z");
    for (now, wanted) in [
        ("2027-01-04T07:59:59Z", false),
        ("2027-01-04T08:00:00Z", true),
        ("2027-01-31T17:59:59Z", true),
        ("2027-01-31T18:00:00Z", false),
    ] {
        assert_eq!(is_wanted(&world, now), wanted, "{now}");
    }
}

/// A lock-out of a day is one of the time zone as well, and so is the end of an exception.
#[test]
fn a_lock_out_ends_with_its_day() {
    let world = World::new()
        .ruled("timeZone: America/New_York\nlockout:\n  - { email: bo@voyager.example, since: 2026-11-20, until: 2026-11-24, reason: on leave }\n")
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, bo@voyager.example] }\n");
    let members = |now: &str| {
        world.run(&format!("apply --auto-approve --now {now}")).expect(0);
        world.members("Desk")
    };
    let (all, one) = (["ana@voyager.example", "bo@voyager.example"], ["ana@voyager.example"]);
    assert_eq!(members("2026-11-20T04:59:59Z"), all);
    assert_eq!(members("2026-11-20T05:00:00Z"), one);
    assert_eq!(members("2026-11-25T04:59:59Z"), one);
    assert_eq!(members("2026-11-25T05:00:00Z"), all);
}

/// Left alone is not unmanaged: neither under the name that it has nor under the one that it is to get.
#[test]
fn a_group_before_its_time_is_left_as_it_is() {
    let world = World::new().ruled("unmanaged: forbid\n").groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }
  - { name: Winter Night, renamedFrom: Night, from: 2026-12-24, description: Another., roles: [], members: [ana@voyager.example] }\n",
    );
    world.run("drift --now 2026-11-24").expect(0);
    world
        .run("drift --now 2026-12-20")
        .expect(0)
        .shows("from 2026-12-24: the group Winter Night (access/a.yaml:4)");
    let before = (world.group("Night"), world.members("Night"));
    world.run("apply --auto-approve --now 2026-12-23").expect(0);
    assert_eq!((world.group("Night"), world.members("Night")), before);
    world.run("apply --auto-approve --now 2026-12-24").expect(0);
    assert_eq!(world.members("Winter Night"), ["ana@voyager.example"]);
}

/// Whatever it is called by then, and whatever of it is managed.
#[test]
fn a_group_whose_time_is_over_goes_under_any_of_its_names() {
    let desk = |world: &World| world.id("Desk");
    type Entry = fn(&str) -> String;
    let entries: [Entry; 4] = [
        |_| "name: Desk, roles: [], members: []".to_owned(),
        |_| "name: Desk, roles: unmanaged, members: unmanaged".to_owned(),
        |_| "name: Front Desk, renamedFrom: Desk, roles: [], members: []".to_owned(),
        |id| format!("name: Front Desk, id: {id}, roles: unmanaged, members: {{ atLeast: [] }}"),
    ];
    for entry in entries {
        let world = World::new();
        let entry = entry(&desk(&world));
        let world = world.groups(&format!("  - {{ {entry}, description: The desk., until: 2026-11-30 }}\n"));
        world
            .run("apply --only expired --auto-approve --now 2026-12-01")
            .expect(0)
            .shows("Applied: 1 of 1 group.");
        assert_eq!(world.group("Desk"), None, "{entry}");
        world.run("plan --now 2026-12-01").expect(0).ends_with(NO_CHANGES);
    }
}

/// `+30d` is a finding until it is laid out, and then the day that it meant then.
#[test]
fn a_relative_date_is_written_by_fmt_and_by_nothing_else() {
    let world = World::new().groups(
        "  - name: Desk
    description: The desk. # until: +30d
    until: +1y
    roles: unmanaged
    members: { atLeast: [{ email: cy@voyager.example, from: +2w, until: '+30d' }] }\n",
    );
    for command in ["validate", "plan", "drift", "explain cy@voyager.example"] {
        let run = world.run(command).expect(4);
        assert!(
            (run.stdout + &run.stderr).contains("run `rolecall fmt`, which writes the date in its place")
        );
    }
    world.run("fmt --check --now 2026-11-29T12:00:00Z").expect(2);
    world.run("fmt --now 2026-11-29T12:00:00Z").expect(0);
    let text = std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
    assert!(text.contains("The desk. # until: +30d") && text.contains("until: 2027-11-29\n"), "{text}");
    assert!(text.contains("from: 2026-12-13, until: 2026-12-29 }"), "{text}");
    world.run("fmt --check --now 2027-05-01T12:00:00Z").expect(0);
    world.run("validate").expect(0);
}

/// Who is in early leaves where the list is exact, and the plan says why; somebody who begins meanwhile is not taken out
/// by a plan that was made before.
#[test]
fn a_plan_from_before_takes_nobody_who_has_begun_since() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, { email: bo@voyager.example, from: 2026-12-01 }] }\n",
    );
    world
        .run("plan --now 2026-11-30T23:00:00Z --out plan.json")
        .expect(0)
        .shows("- member bo@voyager.example begins later (access/a.yaml:3)");
    world.run("apply plan.json --auto-approve --now 2026-12-01T00:00:00Z").expect(7);
    assert_eq!(world.members("Desk"), ["ana@voyager.example", "bo@voyager.example"]);
    world.run("apply plan.json --auto-approve --now 2026-11-30T23:30:00Z").expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
}
