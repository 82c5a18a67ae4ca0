//! People from CSV files, such as an export of human resources: through the binary, against the embedded API.

use std::fs;

use serde_json::Value;

use crate::{
    bases::commit,
    lives::{KNOWN, rules, seed},
    support::{NO_CHANGES, Run, SEED, World},
};

const FROM: &str = "version: 1
groups:
  - name: Desk
    description: The desk.
    roles: [{ role: Agent, scope: { company: globex } }]
    members: []
    membersFrom: [{ department: service }]
usersFrom:
  - csv: people/*.csv
    columns: { email: E-Mail, active: Status, department: Abteilung, legalEntity: Firma, firstName: Vorname, lastName: Nachname, employeeId: Nummer, designation: Titel }
    values: { active: { Aktiv: true, Ausgetreten: false } }
    delimiter: \";\"
    encoding: windows-1252
    create: true
";
const HEAD: &str = "Nummer;E-Mail;Status;Abteilung;Firma;Vorname;Nachname;Titel;Bemerkung";

fn world() -> World {
    World::seeded(&seed()).with("rolecall.yaml", &rules(KNOWN, "")).with("access/a.yaml", FROM)
}

/// Writes the export, as human resources do: Windows-1252, with carriage returns.
fn export(world: &World, rows: &str) {
    let text = format!("{HEAD}\n{rows}").replace('\n', "\r\n");
    let bytes: Vec<u8> = text.chars().map(|it| u8::try_from(u32::from(it)).unwrap()).collect();
    fs::create_dir_all(world.path().join("people")).unwrap();
    fs::write(world.path().join("people/hr.csv"), bytes).unwrap();
}

fn of(world: &World, who: &str, part: &str) -> Value {
    world.call("GET", &format!("/v2/users/{}{part}?includeInactive=true", world.user(who)), Value::Null).1
}

fn members(world: &World) -> Vec<String> {
    let mut all: Vec<String> = world.members("Desk").into_iter().collect();
    all.sort();
    all
}

#[test]
fn who_joins_moves_and_leaves_by_a_file_does_so_in_one_plan() {
    let world = world();
    let stays = "17;cy@voyager.example;Aktiv;service;voyager-de;Cy;Wüst;Büro;\"eine\nBemerkung\"\n";
    export(
        &world,
        &format!(
            "{stays}18;noor@voyager.example;Aktiv;service;voyager-de;Noor;Haddad;;\n19;ana@voyager.example;;service;voyager-de;Ana;Ort;;\n20;bo@voyager.example;Ausgetreten;;;;;;\n;;;;;;;;\n"
        ),
    );
    let plan = world.plan().expect(0);
    plan.shows("+ person account created: EMPLOYEE Noor Haddad people/hr.csv:4")
        .shows("~ person department sales → service people/hr.csv:5")
        .shows("- person account deactivated people/hr.csv:6");
    world.apply().expect(0);
    assert_eq!(members(&world), ["ana@voyager.example", "cy@voyager.example", "noor@voyager.example"]);
    assert_eq!(of(&world, "cy@voyager.example", "/business-info")["designation"], "Büro");
    assert_eq!(of(&world, "noor@voyager.example", "/business-info")["employeeId"], "18");
    assert_eq!(of(&world, "bo@voyager.example", "")["isActive"], false);
    world.plan().expect(0).ends_with(NO_CHANGES);

    // Who has no row any more, or an empty field, is left alone.
    export(&world, "17;cy@voyager.example;;;voyager-de;Cy;W;;\n");
    world.plan().expect(0).ends_with(NO_CHANGES);
    // Rehired.
    export(&world, "20;bo@voyager.example;Aktiv;service;voyager-de;Bo;B;;\n");
    world.apply().expect(0);
    assert_eq!(of(&world, "bo@voyager.example", "")["isActive"], true);
    world.plan().expect(0).ends_with(NO_CHANGES);
}

#[test]
fn rows_say_what_entries_say_and_share_a_person_with_them() {
    let plan = |world: &World| {
        let plan = world.run("plan --format json").expect(0).json();
        let edits = plan["edits"].as_array().unwrap().iter().cloned().map(|mut it| {
            ["origin", "why", "addedAt"].iter().for_each(|key| _ = it.as_object_mut().unwrap().remove(*key));
            it
        });
        (plan["id"].clone(), edits.collect::<Vec<_>>())
    };
    let entries = "version: 1\nusers:\n  - { user: ana@voyager.example, business: { department: service, designation: Lead } }\n  - { user: cy@voyager.example, active: false }\n";
    let by_entries =
        World::seeded(&seed()).with("rolecall.yaml", &rules(KNOWN, "")).with("access/a.yaml", entries);
    let ((id, edits), user) = (plan(&by_entries), by_entries.user("ana@voyager.example"));
    assert_eq!(edits.len(), 4, "{edits:#?}");
    for from in [
        "version: 1\nusersFrom: [{ csv: people/hr.csv, columns: { email: m, department: d, designation: t, active: a } }]\n",
        "version: 1\nusersFrom: [{ csv: people/hr.csv, columns: { email: m, department: d, active: a } }]\nusers: [{ user: ana@voyager.example, business: { designation: Lead } }]\n",
        "version: 1\nusersFrom:\n  - { csv: people/hr.csv, columns: { email: m, department: d, designation: t } }\n  - { csv: more/*.csv, columns: { email: m, active: a } }\n",
    ] {
        let world = World::seeded(&seed())
            .with("rolecall.yaml", &rules(KNOWN, ""))
            .with("access/a.yaml", from)
            .with("people/hr.csv", "m,d,t,a\nana@voyager.example,service,Lead,\ncy@voyager.example,,,false\n")
            .with("more/hr.csv", "m,a\ncy@voyager.example,false\n");
        assert_eq!(world.user("ana@voyager.example"), user);
        let (other, found) = plan(&world);
        assert_eq!((other, found), (id.clone(), edits.clone()), "{from}");
    }
}

#[test]
fn a_plan_is_stale_once_a_file_of_people_says_something_else() {
    let world = world();
    let row = "19;ana@voyager.example;;service;;Ana;Ort;;\n".replace(";;Ana", ";voyager-de;Ana");
    export(&world, &row);
    world.run("plan --out plan.json").expect(0);
    let saved: Value =
        serde_json::from_str(&fs::read_to_string(world.path().join("plan.json")).unwrap()).unwrap();
    let paths: Vec<&str> =
        saved["files"].as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["access/a.yaml", "people/hr.csv", "rolecall.yaml"]);
    export(&world, &row.replace("Ort", "Orth"));
    let run = world.run("apply plan.json").expect(7);
    assert!(run.stderr.contains("people/hr.csv says something else"), "{}", run.stderr);
    fs::rename(world.path().join("people/hr.csv"), world.path().join("people/other.csv")).unwrap();
    let run = world.run("apply plan.json").expect(7);
    assert!(run.stderr.contains("people/hr.csv is gone"), "{}", run.stderr);
    fs::remove_file(world.path().join("people/other.csv")).unwrap();
    export(&world, &row);
    world.run("apply plan.json").expect(0);
    assert_eq!(members(&world), ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"]);
}

#[test]
fn a_file_that_lost_many_rows_since_the_base_stops_and_one_that_lost_few_does_not() {
    let rows = |count: usize| -> String {
        (0..count).map(|it| format!("{it};p{it}@voyager.example;Aktiv;;voyager-de;A;B;;\n")).collect()
    };
    let from = FROM.replace("    create: true\n", "").replace(" firstName: Vorname, lastName: Nachname,", "");
    let from = format!("version: 1\n{}", &from[from.find("usersFrom").unwrap()..]);
    let lost = |run: &Run| run.stdout.contains("usersFrom people/");
    for (before, after, is_told) in
        [(20, 14, false), (20, 13, true), (20, 1, true), (9, 1, false), (20, 40, false), (10, 6, true)]
    {
        let world = world();
        world.write("rolecall.yaml", &rules(KNOWN, "").replace("percent: 100", "percent: 30"));
        world.write("access/a.yaml", &from);
        export(&world, &rows(before));
        commit(&world.path());
        export(&world, &rows(after));
        let plan = world.run("plan --base main");
        assert_eq!(lost(&plan), is_told, "{before} {after}: {} {}", plan.stdout, plan.stderr);
        let run = world.run("apply --base main --auto-approve");
        assert_eq!(run.code == 6, is_told, "{before} {after}: {} {}", run.stdout, run.stderr);
        // Under another name that the pattern means it is the same file.
        fs::rename(world.path().join("people/hr.csv"), world.path().join("people/new.csv")).unwrap();
        assert_eq!(lost(&world.run("plan --base main")), is_told, "{before} {after}");
        // Where less may go in the base than in the files, the base counts.
        world.write("rolecall.yaml", &rules(KNOWN, ""));
        assert_eq!(lost(&world.run("plan --base main")), is_told, "{before} {after}");
    }
    // One that is not read any more has lost all of them; one that is new has lost none.
    let world = world();
    world.write("rolecall.yaml", &rules(KNOWN, "").replace("percent: 100", "percent: 30"));
    world.write("access/a.yaml", &from);
    export(&world, &rows(20));
    commit(&world.path());
    world.write("more/hr.csv", &format!("{HEAD}\n{}", rows(20)));
    world.write("access/a.yaml", &from.replace("people/*", "more/*"));
    let plan = world.run("plan --base main");
    assert!(
        plan.stdout.contains("usersFrom people/*.csv") && !plan.stdout.contains("usersFrom more"),
        "{}",
        plan.stdout
    );
}

#[test]
fn nothing_outside_is_read_and_no_row_is_shown() {
    let world = world();
    let secret = "born 1990-01-01, passport L01X00T47";
    let outside = world.path().join("../outside.csv");
    fs::write(&outside, format!("{HEAD}\n{secret}\n")).unwrap();
    fs::create_dir_all(world.path().join("people")).unwrap();
    let run = world.run("validate").expect(4);
    assert!(run.stdout.contains("no file matches people/*.csv"), "{}", run.stdout);
    for pattern in ["../outside.csv", "/etc/passwd", "people/../../outside.csv", "!people/*.csv", ""] {
        world.write("access/a.yaml", &FROM.replace("people/*.csv", &format!("\"{pattern}\"")));
        let run = world.run("validate").expect(4);
        assert!(run.stdout.contains("error[invalid-users-from]"), "{pattern}: {}", run.stdout);
    }
    world.write("access/a.yaml", FROM);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, world.path().join("people/hr.csv")).unwrap();
        let run = world.run("validate");
        assert_ne!(run.code, 0);
        assert!(run.stderr.contains("link"), "{}", run.stderr);
        assert!(!format!("{}{}", run.stdout, run.stderr).contains("1990"));
        fs::remove_file(world.path().join("people/hr.csv")).unwrap();
    }
    export(
        &world,
        &format!(
            "17;cy@voyager.example;vielleicht;servise;voyager-de;Cy;W;;{secret}\n18;x;;;;;;;{secret};\n"
        ),
    );
    for format in ["text", "json", "markdown", "sarif", "junit", "github", "gitlab", "html"] {
        let run = world.run(&format!("validate --format {format}")).expect(4);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("vielleicht") && !said.contains("servise"), "{format}: {said}");
        assert!(!said.contains("1990") && !said.contains("cy@"), "{format}: {said}");
    }
    let log = world.run("validate --log-level trace");
    assert!(!format!("{}{}", log.stdout, log.stderr).contains("1990"), "{}", log.stderr);
    // Quotation marks that take other rows into a field hide leavers, and give the field of one to another.
    for (rows, said) in [
        (
            format!("17;cy@voyager.example;;;;;;;\"{secret}\n18;bo@voyager.example;nein;;;;;\n"),
            "is never closed",
        ),
        (format!("17;cy@voyager.example;;\"{secret}\n18;bo@voyager.example;nein;;;;;\n"), "is never closed"),
        (format!("17;cy@voyager.example;;\"sales\"{secret};;;;\n"), "follows the quotation mark"),
        (
            format!(
                "17;\"cy;;;;;;;\n18;bo@voyager.example;nein;;;;;;{secret}\n19;ana@voyager.example\";;;;;;;\n"
            ),
            "each looks like a row",
        ),
    ] {
        export(&world, &rows);
        for format in ["text", "json", "sarif", "html"] {
            let run = world.run(&format!("validate --format {format}")).expect(4);
            let all = format!("{}{}", run.stdout, run.stderr);
            assert!(all.contains(said) && !all.contains("1990") && !all.contains("cy@"), "{format}: {all}");
        }
    }
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
fn ten_thousand_rows_cost_the_list_of_users_and_nothing_else() {
    const PEOPLE: usize = 10_000;
    let department = |it: usize| ["sales", "service"][it % 2];
    let mut users = String::new();
    let mut rows = String::from("mail,team,entity,on\n");
    for it in 0..PEOPLE {
        let (who, team) = (format!("p{it}@voyager.example"), department(it));
        users += &format!(
            "  - {{ email: {who}, company: voyager, department: {team}, legalEntity: voyager-de }}\n"
        );
        rows += &format!("{who},{team},voyager-de,true\n");
    }
    let seed = seed().replace("groups:\n", &format!("{users}groups:\n"));
    let world = World::seeded(&seed)
        .with("rolecall.yaml", &rules(KNOWN, ""))
        .with("access/a.yaml", "version: 1\nusersFrom: [{ csv: people/hr.csv, columns: { email: mail, department: team, legalEntity: entity, active: on } }]\n")
        .with("people/hr.csv", &rows);
    world.forget();
    world.plan().expect(0).ends_with(NO_CHANGES);
    let counts = world.stats()["byRoute"].clone();
    assert!(counts["POST /v3/users/list"].as_u64() <= Some(102), "{counts}");
    // The account that runs rolecall, and what else there is in every run.
    let all: u64 = counts.as_object().unwrap().values().map(|it| it.as_u64().unwrap()).sum();
    assert!(all <= 102 + 6, "{counts}");
    // One of them moves: it is found, and it is one edit.
    world.write("people/hr.csv", &rows.replacen("p7@voyager.example,service", "p7@voyager.example,sales", 1));
    let plan = world.run("plan --format json").expect(0).json();
    assert_eq!(plan["edits"].as_array().unwrap().len(), 1);
}

#[test]
fn what_if_import_and_format_leave_the_files_of_people_as_they_are() {
    let world = World::seeded(SEED)
        .with("access/a.yaml", "version: 1\ngroups:\n  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, bo@voyager.example] }\nusersFrom: [{ csv: people/hr.csv, columns: { email: m, designation: t } }]\n")
        .with("people/hr.csv", "m,t\nana@voyager.example, Lead\n");
    let before = fs::read(world.path().join("people/hr.csv")).unwrap();
    let plan = world.plan().expect(0);
    plan.shows("+ person designation Lead people/hr.csv:2");
    let supposed = world.run("what-if --remove member:bo@voyager.example=Desk").expect(0);
    // It is there in the supposed files as well, and so no doing of the change.
    supposed.shows("+ person designation Lead people/hr.csv:2 already drifted");
    world.run("fmt").expect(0);
    let adopted = world.run("drift --adopt");
    let said = format!("{}{}", adopted.stdout, adopted.stderr);
    assert!(said.contains("a row of a CSV file is not edited (people/hr.csv:2)"), "{said}");
    world.run("import --merge --yes");
    assert_eq!(fs::read(world.path().join("people/hr.csv")).unwrap(), before);
    world.plan().shows("+ person designation Lead people/hr.csv:2");
}

#[test]
fn a_history_tells_since_which_row_somebody_is_what() {
    let world = world();
    export(&world, "19;ana@voyager.example;;sales;voyager-de;Ana;Ort;;\n");
    commit(&world.path());
    export(
        &world,
        "17;cy@voyager.example;;;voyager-de;Cy;W;;\n19;ana@voyager.example;;service;voyager-de;Ana;Ort;;\n",
    );
    commit(&world.path());
    let run = world.run("history ana@voyager.example").expect(0);
    for line in ["people/hr.csv:2", "people/hr.csv:3"] {
        assert!(run.stdout.contains(line), "{line} in {}", run.stdout);
    }
}
