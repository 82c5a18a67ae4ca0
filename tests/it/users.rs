//! `rolecall users`: who is there, what is held of somebody, all of it as files, and a part replaced, once and to the letter.

use std::{collections::BTreeSet, fs, io::Write as _, process::Stdio};

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use rolecall::model::part::Part;
use serde_json::{Value, json};

use crate::{
    consent::asked_on_a_terminal,
    support::{Run, SEED, World, binary, http, raw, repository, words},
};

/// What nobody sees who does not ask for it.
pub(crate) const CANARIES: [&str; 7] =
    ["K-PASSPORT-77", "1971-03-05", "LOYAL-4711", "Noor Haddad", "Noor", "+49-170-1234567", "VEGAN-ONLY"];

/// People who belong somewhere, and one about which much is held.
pub(crate) fn seed() -> String {
    let profile = json!({
        "personalInfo": {
            "name": { "given": "Noor", "family1": "Haddad", "preferred": "Noor Haddad" },
            "dob": { "iso8601": "1971-03-05" },
            "phoneNumbers": [{ "rawInput": "+49-170-1234567" }],
            "identityDocs": [{ "passport": { "docId": "K-PASSPORT-77", "expiryDate": { "iso8601": "2031-05-01" }, "issueCountry": "NZ", "nationalityCountry": "NZ" } }],
        },
        "travelPreferences": { "preferences": { "airPref": { "mealPref": { "specialMealDescription": "VEGAN-ONLY" } } } },
        "membershipInfo": { "membershipInfos": [{ "id": "LOYAL-4711", "type": "AIR", "issuedBy": "NZ" }] },
    });
    let units = "legalEntities: [{ name: voyager-de }, { name: voyager-fr }], departments: [{ name: Sales }, { name: Agents EU }], offices: [{ name: Berlin }], costCenters: [{ name: '4711' }]";
    let ana = "1a6f0000-0000-4000-8000-00000000a0a0";
    let arranger = json!([{ "roleType": "TRAVEL_ARRANGER", "metadata": { "roleType": "TRAVEL_ARRANGER", "arrangerFor": [{ "userId": ana }] } }]);
    SEED.replacen("legalEntities: [{ name: voyager-de }]", units, 1)
        .replacen("{ email: ana@voyager.example, company: voyager }", &format!("{{ id: {ana}, email: ana@voyager.example, company: voyager, approvers: [root@voyager.example], department: Sales, office: Berlin, costCenter: '4711', designation: Lead, manager: bo@voyager.example, profile: {profile} }}"), 1)
        .replacen("externalId: agent-17 }", &format!("externalId: agent-17, department: Agents EU, legalEntity: voyager-fr, persona: GUEST, directRoles: {arranger} }}"), 1)
}

pub(crate) fn world() -> World {
    World::seeded(&seed())
}

fn people(run: &Run) -> Vec<String> {
    let all = run.json()["people"].as_array().unwrap().clone();
    all.iter().map(|it| it["email"].as_str().unwrap().split('@').next().unwrap().to_owned()).collect()
}

#[test]
fn a_list_is_of_those_who_fit_every_flag() {
    let world = world();
    for (flags, found) in [
        ("", &["ana", "bo", "cy", "gone", "root"][..]),
        ("--status active", &["ana", "bo", "cy", "root"]),
        ("--status inactive", &["gone"]),
        ("--department Sales", &["ana"]),
        ("--department Sales --department \"Agents *\"", &["ana", "bo"]),
        ("--department \"*\" --persona GUEST", &["bo"]),
        ("--legal-entity voyager-fr", &["bo"]),
        ("--office Berlin --cost-center 4711 --designation Lead", &["ana"]),
        ("--search ana@", &["ana"]),
        ("--persona EMPLOYEE --status active --search o", &["cy", "root"]),
    ] {
        let run = world.run(&format!("users list --format json {flags}")).expect(0);
        let mut people = people(&run);
        // What the API's search finds, and in which texts, is not rolecall's to say.
        if flags.contains("--search o") {
            people.retain(|it| it != "ana");
        }
        assert_eq!(people, found, "{flags}");
    }
    let units = world.run("users list --format json --department Sales").expect(0).json();
    let id = units["people"][0]["department"]["id"].as_str().unwrap().to_owned();
    assert_eq!(people(&world.run(&format!("users list --format json --department {id}"))), ["ana"]);
    for (flags, words) in [
        ("--department Slaes", &["nobody is of the department `Slaes`", "did you mean `Sales`?"][..]),
        ("--office \"X*\"", &["nobody is of the office `X*`"]),
        ("--persona CAT", &["nobody is of the persona `CAT`"]),
        ("--status sleeping", &["'sleeping'"]),
    ] {
        world.run(&format!("users list {flags}")).expect(4).says(words);
    }
}

#[test]
fn a_list_has_a_form_for_everybody() {
    let world = world();
    let text = world.run("users list").expect(0);
    assert!(
        text.stdout.contains("PERSON                STATUS    LEGAL ENTITY  DEPARTMENT"),
        "{}",
        text.stdout
    );
    assert!(text.stdout.ends_with("\n5 people, 1 inactive.\n"), "{}", text.stdout);
    let csv = world.run("users list --format csv").expect(0).stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("\"person\",\"company\",\"status\",\"legalEntity\""), "{}", lines[0]);
    assert!(
        lines.iter().any(|it| it
            .contains("\"bo@voyager.example\",\"voyager\",\"active\",\"voyager-fr\",\"Agents EU\"")
            && it.contains("\"agent-17\"")),
        "{csv}"
    );
    let markdown = world.run("users list --format markdown --status inactive").expect(0).stdout;
    assert!(
        markdown.contains("### rolecall: `People`") && markdown.contains("1 person of 5, 1 inactive."),
        "{markdown}"
    );
    for all in [text.stdout, csv, markdown] {
        assert!(CANARIES.iter().all(|it| !all.contains(it)), "{all}");
    }
    // A list that the API refuses does not read as an empty one.
    let refused = json!([{ "path": "/v3/users/list", "times": 0, "kind": { "status": { "code": 403 } } }]);
    world.faults(refused);
    world.run("users list").expect(5).says(&["POST /v3/users/list", "403"]);
    world.faults(json!([{ "path": "/v3/users/list", "times": 0, "kind": { "lieTotal": { "delta": 2 } } }]));
    world.run("users list").expect(8).says(&["incomplete"]);
}

#[test]
fn on_a_narrow_terminal_lines_are_broken_between_words_and_nothing_is_lost() {
    let world = world();
    for line in ["users list", "users show ana@voyager.example --reveal", "people", "groups"] {
        let run = |columns: &str| -> String {
            let output = world.command().env("COLUMNS", columns).args(words(line)).output().unwrap();
            Run::from(output).expect(0).stdout
        };
        let (wide, narrow) = (run("400"), run("64"));
        // But when it was read, which may be a second later.
        let lines =
            |text: &str| text.lines().filter(|it| !it.starts_with("Read ")).collect::<Vec<_>>().join(" ");
        let words = |text: &str| lines(text).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&narrow), words(&wide), "{line}");
        // A name alone stays in one piece, so that it can be copied.
        let several = |it: &&str| it.split_whitespace().nth(1).is_some();
        let longest = |text: &str| text.lines().filter(several).map(|it| it.chars().count()).max();
        assert!(longest(&narrow) <= Some(64), "{line}: {narrow}");
        assert!(longest(&wide) > Some(64) || line != "users list", "{line}: {wide}");
    }
}

/// Each action explains what it takes, and only that, in words for it alone.
#[test]
fn every_action_has_a_help_of_its_own() {
    let help = |line: &str| -> String {
        let output = binary().args(words(line)).output().unwrap();
        Run::from(output).expect(0).stdout
    };
    let flags = |help: &str| -> BTreeSet<String> {
        let lines = help.lines().filter_map(|it| it.strip_prefix("      ")?.split(' ').next());
        let lines = lines.filter(|it| it.starts_with("--"));
        lines.map(str::to_owned).collect()
    };
    let own = |help: &str| flags(help.split("Global options:").next().unwrap());
    let all = own(&help("users --help"));
    let mut shown = BTreeSet::new();
    for (action, csv) in [("list", true), ("show", true), ("export", false), ("put", false)] {
        for flag in ["--help", "-h"] {
            let help = help(&format!("users {action} {flag}"));
            assert!(help.contains(&format!("Usage: rolecall users {action} [OPTIONS]")), "{help}");
            assert!(!help.contains("For `") && !help.contains("<ACTION>"), "{help}");
            let form = if csv { "text, json, markdown or csv" } else { "text, json or markdown" };
            assert!(
                help.contains(&format!("Form of the result: {form}")) && csv == help.contains("csv"),
                "{help}"
            );
            for line in help.lines() {
                assert!(line.chars().count() <= 100, "{line}");
            }
            let example = help.lines().find_map(|it| it.strip_prefix("Example: rolecall ")).unwrap();
            assert!(example.starts_with(&format!("users {action} ")), "{example}");
            let parsed: Run = binary().args(words(example)).arg("--help").output().unwrap().into();
            parsed.expect(0);
            // What it shows is what it takes.
            for flag in &all {
                let value = ["--reveal", "--overwrite", "--auto-approve"].contains(&&**flag);
                let value = if value {
                    ""
                } else if flag == "--status" {
                    "all"
                } else if flag == "--part" {
                    "profile"
                } else {
                    "x"
                };
                let line = format!("users {action} {flag} {value} -C nowhere");
                let run: Run = binary().args(words(&line)).output().unwrap().into();
                let refused = [&format!("takes no `{flag}`"), "which no snapshot has"];
                let refused = refused.iter().any(|it| run.stderr.contains(*it));
                assert_eq!(refused, !own(&help).contains(flag), "{line}: {}", run.stderr);
            }
            shown.extend(own(&help));
        }
        assert_eq!(help(&format!("help users {action}")), help(&format!("users {action} --help")));
    }
    for line in ["help users", "help policy", "help policy test", "help schema access"] {
        assert_eq!(help(line), help(&format!("{} --help", &line[5..])), "{line}");
    }
    for (line, words) in [
        ("help users putt", ["`users` has no action `putt`", "did you mean `put`?"]),
        ("help plan access", ["`plan` has no action `access`", "see `rolecall help plan`"]),
    ] {
        Run::from(binary().args(line.split(' ')).output().unwrap()).expect(4).says(&words);
    }
    assert!(all.is_subset(&shown), "{:?}", all.difference(&shown));
    // The flags of all of them, and another command.
    assert!(help("users -h").contains("<ACTION>") && !help("who-can list --help").contains("users list"));
}

#[test]
fn when_an_account_was_made_and_changed_is_shown_where_it_is_told() {
    let world = world();
    let listed = world.run("users list --format json").expect(0).json();
    let row = |email: &str| {
        listed["people"].as_array().unwrap().iter().find(|it| it["email"] == email).unwrap().clone()
    };
    for (person, email) in [
        ("ana@voyager.example", "ana@voyager.example"),
        ("externalId=agent-17", "bo@voyager.example"),
        ("employeeId=V-3", "cy@voyager.example"),
        ("gone@voyager.example", "gone@voyager.example"),
    ] {
        let row = row(email);
        let [created, updated] = ["createdAt", "updatedAt"].map(|it| row[it].as_str().unwrap().to_owned());
        let show = |format: &str| world.run(&format!("users show {person} --format {format}")).expect(0);
        let json = show("json").json();
        assert_eq!(json["person"]["createdAt"], created);
        assert_eq!(json["person"]["updatedAt"], updated);
        for format in ["text", "markdown"] {
            let said = show(format).stdout;
            assert!(said.contains("Account created ") && said.contains("last changed "), "{said}");
        }
        let csv = show("csv").stdout;
        assert!(csv.contains(&format!("\"account\",\"createdAt\",\"{created}\"")), "{csv}");
    }
    world.faults(json!([{ "path": "/v3/users/list", "times": 0, "kind": { "status": { "code": 403 } } }]));
    let run = world.run("users show ana@voyager.example").expect(0);
    assert!(run.stdout.contains("when the account was created and changed: "), "{}", run.stdout);
    assert!(run.stdout.contains("travel-preferences"), "{}", run.stdout);
}

#[test]
fn a_list_costs_one_request_for_a_hundred_people() {
    let world = world();
    world.forget();
    world.run("users list --department Sales").expect(0);
    assert_eq!(world.log().len(), 1);
}

#[test]
fn what_is_held_is_shown_and_what_is_personal_to_who_asks_for_it() {
    let world = world();
    for format in ["text", "json", "csv", "markdown"] {
        let masked = world.run(&format!("users show ana@voyager.example -vv --format {format}")).expect(0);
        for part in [
            "business-info",
            "personal-info",
            "membership-info",
            "travel-preferences",
            "notification-preferences",
        ] {
            assert!(masked.stdout.contains(part), "{format}: {part}");
        }
        assert!(masked.stdout.contains("Sales") && masked.stdout.contains("•••"), "{}", masked.stdout);
        let said = masked.stdout + &masked.stderr;
        assert!(CANARIES.iter().all(|it| !said.contains(it)), "{format}: {said}");
        let revealed =
            world.run(&format!("users show ana@voyager.example -vv --reveal --format {format}")).expect(0);
        assert!(CANARIES.iter().all(|it| revealed.stdout.contains(it)), "{format}: {}", revealed.stdout);
        assert!(CANARIES.iter().all(|it| !revealed.stderr.contains(it)), "{format}: {}", revealed.stderr);
    }
    let held = world.run("users show ana@voyager.example --format json").expect(0).json();
    let (parts, id) = (&held["parts"], |email: &str| json!(world.user(email)));
    assert_eq!(
        parts["business-info"]["managerRef"],
        json!({ "id": id("bo@voyager.example"), "name": "•••" })
    );
    assert_eq!(parts["business-info"]["designatedApproverRefs"][0]["id"], id("root@voyager.example"));
    assert_eq!(parts["travel-arrangers"]["travelArrangers"][0]["userId"]["id"], id("bo@voyager.example"));
    world.run("users show ana@voyager.example --format html").expect(4).says(&["no result in the form html"]);
}

#[test]
fn the_person_meant_is_one_of_the_company_active_or_not() {
    let world = world();
    for (person, email) in [
        ("ana@voyager.example", "ana"),
        ("externalId=agent-17", "bo"),
        ("employeeId=V-3", "cy"),
        ("gone@voyager.example", "gone"),
        (&*format!("userId={}", world.user("gone@voyager.example")), "gone"),
    ] {
        let shown = world.run(&format!("users show {person} --format json")).expect(0).json();
        assert_eq!(shown["person"]["email"], format!("{email}@voyager.example"), "{person}");
        assert_eq!(shown["person"]["active"], email != "gone");
        assert_eq!(shown["notRead"], json!({}), "{person}");
    }
    for (person, code, words) in [
        ("nobody@voyager.example", 4, "nobody@voyager.example is not a user of voyager"),
        ("vip@globex.example", 4, "vip@globex.example is not a user of voyager"),
        ("nobody", 4, "nobody"),
    ] {
        for line in ["users show", "users export --out x"] {
            world.run(&format!("{line} {person}")).expect(code).says(&[words]);
        }
    }
    for (line, words) in [
        ("users show", "needs a person"),
        ("users export ana@voyager.example", "`--out DIR`"),
        ("users put ana@voyager.example x.json", "`--part travel-preferences`"),
        ("users put ana@voyager.example --part profile", "needs a file"),
        ("users list ana@voyager.example", "takes no person"),
        ("users put ana@voyager.example", "see `rolecall help users put`"),
        ("users show ana@voyager.example --department Sales", "takes no `--department`"),
        ("users put ana@voyager.example x.json --part personal-inf", "did you mean `personal-info`?"),
        ("users put ana@voyager.example x.json --part roles --yes", "declare them as `directRoles`"),
        ("users put ana@voyager.example x.json --part travel-arrangers --yes", "cannot be put"),
        (
            "users put ana@voyager.example x.json --part profile --yes --format csv",
            "no result in the form csv",
        ),
        ("users erase ana@voyager.example", "'erase'"),
    ] {
        world.run(line).expect(4).says(&[words]);
    }
}

/// However few there are, it is said of which company and where.
#[test]
fn a_list_of_nobody_says_where_nobody_was_found() {
    let world = world();
    let run = world.run("users list --search xyzzy").expect(0);
    assert!(run.stdout.starts_with("People\nvoyager at 127.0.0.1"), "{}", run.stdout);
    assert!(run.stdout.ends_with("\nNobody.\n"), "{}", run.stdout);
    let run = world.run("users list --search ana --status inactive").expect(0);
    assert!(
        run.stdout.contains("\nvoyager at") && run.stdout.ends_with("\nNone of 1 person.\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_part_that_is_refused_is_said_and_the_rest_is_shown_and_exported() {
    let world = world();
    let refusing = |code: u16| json!([{ "path": "/personal-info", "times": 0, "kind": { "status": { "code": code, "body": "{\"message\":\"K-PASSPORT-77\"}" } } }]);
    for code in [403, 404, 500] {
        world.faults(refusing(code));
        let run = world.run("users show ana@voyager.example").expect(0);
        assert!(run.stdout.contains(&format!("personal-info: refused ({code})")), "{}", run.stdout);
        let json = world.run("users show ana@voyager.example --format json").expect(0).json();
        assert_eq!(json["notRead"]["personal-info"], format!("refused ({code})"));
        let out = format!("export-{code}");
        let run = world.run(&format!("users export ana@voyager.example --out {out}")).expect(3);
        assert!(
            run.stdout.contains("Wrote 9 parts") && run.stdout.contains("Not read: personal-info"),
            "{}",
            run.stdout
        );
        let manifest: Value =
            serde_json::from_str(&fs::read_to_string(world.path().join(out).join("manifest.json")).unwrap())
                .unwrap();
        assert_eq!(manifest["notRead"]["personal-info"], format!("refused ({code})"));
        assert!(!(run.stdout + &run.stderr).contains("K-PASSPORT"));
    }
    world.faults(json!([{ "path": "/v2/users/", "times": 0, "kind": { "status": { "code": 401 } } }]));
    world.run("users show ana@voyager.example").expect(5);
}

#[test]
pub(crate) fn an_export_is_for_its_owner_and_overwrites_nothing_unasked() {
    let world = world();
    world.run("users export ana@voyager.example --out deep/ana").expect(0);
    let folder = world.path().join("deep/ana");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for entry in fs::read_dir(&folder).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["files"].as_object().unwrap().len(), 10);
    for name in manifest["files"].as_object().unwrap().values() {
        let text = fs::read_to_string(folder.join(name.as_str().unwrap())).unwrap();
        let (_, live) = world.call(
            "GET",
            &format!(
                "/v2/users/{}{}",
                world.user("ana@voyager.example"),
                match name.as_str().unwrap() {
                    "profile.json" => String::new(),
                    it => format!("/{}", it.trim_end_matches(".json")),
                }
            ),
            Value::Null,
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), live, "{name}");
    }
    let before = fs::read_to_string(folder.join("manifest.json")).unwrap();
    world
        .run("users export bo@voyager.example --out deep/ana")
        .expect(4)
        .says(&["there is an export already", "`--overwrite`"]);
    assert_eq!(fs::read_to_string(folder.join("manifest.json")).unwrap(), before);
    world.run("users export bo@voyager.example --out deep/ana --overwrite").expect(0);
    assert!(fs::read_to_string(folder.join("manifest.json")).unwrap().contains("bo@voyager.example"));
    // What somebody else put there is not an earlier export.
    world.write("other/profile.json", "mine");
    world
        .run("users export ana@voyager.example --out other")
        .expect(4)
        .says(&["other is there, and not an earlier export"]);
    assert_eq!(fs::read_to_string(world.path().join("other/profile.json")).unwrap(), "mine");
    assert!(!world.path().join("other/manifest.json").exists(), "all or none");
    assert!(!world.path().join("other/roles.json").exists(), "all or none");
    assert_eq!(fs::read_to_string(folder.join(".gitignore")).unwrap(), "*\n");
}

/// The part as the sandbox holds it, to the letter.
pub(crate) fn letter(world: &World, part: &str) -> Value {
    let path = format!("/v2/users/{}/{part}", world.user("ana@voyager.example"));
    let path = path.trim_end_matches('/');
    http(&world.url(), "full-token", "GET", path, "").1
}

pub(crate) fn writes(world: &World) -> Vec<String> {
    let all = world.log();
    all.iter()
        .filter(|it| it["write"] == true)
        .map(|it| format!("{} {}", it["method"].as_str().unwrap(), it["route"].as_str().unwrap()))
        .collect()
}

const PUT: &str = "users put ana@voyager.example part.json --part travel-preferences --yes";

#[test]
fn a_part_is_replaced_once_read_back_and_can_be_put_back() {
    let world = world();
    let before = letter(&world, "travel-preferences");
    world.write("part.json", r#"{ "preferences": { "preferredCurrency": "EUR-SECRET", "railCards": [] } }"#);
    world.forget();
    let run = world.run(&format!("{PUT} -vv")).expect(0);
    assert_eq!(writes(&world), ["PUT /v2/users/{userId}/travel-preferences"]);
    assert_eq!(
        letter(&world, "travel-preferences"),
        json!({ "preferences": { "preferredCurrency": "EUR-SECRET", "railCards": [] } })
    );
    for line in [
        "- preferences.airPref.mealPref.specialMealDescription  •••",
        "+ preferences.preferredCurrency",
        "3 values to change; what the file leaves out goes.",
    ] {
        assert!(run.stdout.contains(line), "{line}\n{}", run.stdout);
    }
    let said = run.stdout.clone() + &run.stderr;
    assert!(!said.contains("VEGAN") && !said.contains("EUR-SECRET"), "{said}");
    let back =
        run.stdout.lines().find_map(|it| it.split_once("to put it back: rolecall ")).unwrap().1.to_owned();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let kept = world.path().join(back.split(' ').next_back().unwrap());
        assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(kept.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_to_string(world.path().join(".rolecall/.gitignore")).unwrap(), "*\n");
    }
    let again = world.run(PUT).expect(0);
    assert!(again.stdout.starts_with("No changes."), "{}", again.stdout);
    world.run(&format!("{back} --yes")).expect(0);
    assert_eq!(letter(&world, "travel-preferences"), before);
    let shown = world.run(&format!("{PUT} --reveal")).expect(0);
    assert!(shown.stdout.contains("VEGAN-ONLY") && shown.stdout.contains("EUR-SECRET"), "{}", shown.stdout);
    let json = world.run(&format!("{PUT} --format json")).expect(0).json();
    assert_eq!(
        (&json["kind"], &json["part"], &json["changed"]),
        (&json!("users-put"), &json!("travel-preferences"), &json!([]))
    );
}

/// The page says of each part whether it can be put, and so does the program.
#[test]
fn the_page_has_every_part() {
    let page = repository("docs/users.md");
    let said = page.lines().filter_map(|it| {
        let cells: Vec<&str> = it.strip_prefix("| `")?.split('|').map(str::trim).collect();
        let can = ["yes", "no"].iter().position(|it| cells.get(2) == Some(it))?;
        Some((cells[0].trim_end_matches('`').to_owned(), can == 0))
    });
    let parts = Part::ALL.iter().map(|it| (it.word().to_owned(), it.is_writable() && *it != Part::Roles));
    assert_eq!(said.collect::<BTreeSet<_>>(), parts.collect::<BTreeSet<_>>());
    let world = world();
    world.write("part.json", "{}");
    for part in Part::ALL {
        let code =
            world.run(&format!("users put ana@voyager.example part.json --part {}", part.word())).expect(4);
        let refused = !part.is_writable() || *part == Part::Roles;
        assert_eq!(code.stderr.contains("no terminal to confirm on"), !refused, "{}", code.stderr);
    }
}

#[test]
pub(crate) fn every_part_that_can_be_put_is() {
    let world = world();
    world.run("users export ana@voyager.example --out ana").expect(0);
    let user = world.user("ana@voyager.example");
    for (part, field, value) in [
        ("external-id", "externalId", json!("hr-1")),
        ("business-info", "designation", json!("Head")),
        ("personal-info", "nationality", json!("NZ")),
        ("travel-preferences", "preferences", json!({ "preferredCurrency": "EUR" })),
        ("membership-info", "isLoyaltyBlocked", json!(true)),
        (
            "notification-preferences",
            "preferences",
            json!([{ "notificationType": "BOOKING_NOTIFICATION", "emailPreference": { "enabled": false } }]),
        ),
        ("profile", "tier", json!("SEAT1A")),
    ] {
        let path =
            if part == "profile" { format!("/v2/users/{user}") } else { format!("/v2/users/{user}/{part}") };
        let mut wanted = world.call("GET", &path, Value::Null).1;
        wanted[field] = value;
        world.write("part.json", &wanted.to_string());
        world.run(&format!("users put ana@voyager.example part.json --part {part} --yes")).expect(0);
        assert_eq!(world.call("GET", &path, Value::Null).1, wanted, "{part}");
    }
}

#[test]
fn a_part_comes_from_standard_input_as_well_and_what_is_wrong_in_it_is_said_by_its_place() {
    let world = world();
    let piped = |text: &str| -> Run {
        let mut command = world.command();
        let line = "users put ana@voyager.example - --part travel-preferences --yes";
        let mut child = command
            .args(words(line))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap().into()
    };
    piped(r#"{"preferences":{}}"#).expect(0);
    piped("\u{feff}{\"preferences\":{}}").expect(0);
    let deep = "{\"a\":".repeat(3000) + "1" + &"}".repeat(3000);
    world.forget();
    for (text, words) in [
        ("", ": it is empty"),
        (" \n", ": it is empty"),
        ("{\n  \"preferences\": K-PASSPORT-77\n}", ":2:18: not the JSON of a part: expected a value"),
        ("[\"K-PASSPORT-77\"]", ": it does not begin with `{`, and a part is a JSON object"),
        ("\"K-PASSPORT-77\"", ": it does not begin with `{`, and a part is a JSON object"),
        ("{\"preferences\":{}} K-PASSPORT-77", ":1:20: not the JSON of a part: there is more after the end"),
        (
            "{\"preferences\":{\"K-PASSPORT-77",
            ":1:30: not the JSON of a part: the text ends inside quotation marks",
        ),
        (
            "{\"preferences\":{\n \"K-PASSPORT-77\":1,\n \"K-PASSPORT-77\":2}}",
            ":3:2: not the JSON of a part: the same name stands twice in one object",
        ),
        (&deep, ":1:631: not the JSON of a part: nested deeper than 126 levels"),
    ] {
        let run = piped(text).expect(4).says(&[&format!("standard input{words}")]);
        assert!(!(run.stdout + &run.stderr).contains("K-PASSPORT"), "{text}");
        world.write("part.json", text);
        world.run(PUT).expect(4).says(&[&format!("part.json{words}")]);
    }
    world
        .run("users put ana@voyager.example nothing.json --part profile --yes")
        .expect(4)
        .says(&["cannot read the part nothing.json"]);
    assert!(world.log().is_empty(), "nothing is asked for before the file is sound");
    // Nobody can be asked where the part itself comes in.
    let no_terminal = world.run("users put ana@voyager.example - --part travel-preferences").expect(4);
    no_terminal.says(&["no terminal to confirm on", "`--auto-approve`"]);
    assert!(world.log().is_empty());
}

#[test]
fn fields_that_are_not_known_are_remarked_and_values_that_were_hidden_are_not_sent() {
    let world = world();
    world.write("part.json", r#"{"preferences":{},"prefs":1}"#);
    world.run(PUT).expect(0).says(&["warning: travel-preferences has no field `prefs` that is known"]);
    world.run(PUT).expect(0);
    world.forget();
    world.write("part.json", r#"{"gender":"GENDER_REDACTED","name":{"given":"Noor","family1":"Haddad"}}"#);
    let line = "users put ana@voyager.example part.json --part personal-info --yes";
    world.run(line).expect(4).says(&["1 field says only what the API shows instead of a value, at gender"]);
    assert_eq!(writes(&world), [""; 0]);
    let mut wanted = letter(&world, "business-info");
    wanted["legalEntityRef"] = json!({ "id": "1a6f0000-0000-4000-8000-00000000dead" });
    wanted["employeeId"] = json!("K-PASSPORT-77");
    world.write("part.json", &wanted.to_string());
    let line = "users put ana@voyager.example part.json --part business-info --yes";
    let run = world
        .run(line)
        .expect(8)
        .says(&["refused with 400", "legalEntityRef.id: the company has no legal entity [PERSONAL]"]);
    assert!(!run.stderr.contains("K-PASSPORT"), "{}", run.stderr);
}

#[test]
fn on_a_terminal_somebody_is_asked_and_what_changed_meanwhile_is_left_alone() {
    let world = world();
    let before = letter(&world, "travel-preferences");
    world.write("part.json", r#"{"preferences":{"preferredCurrency":"EUR"}}"#);
    let line = PUT.trim_end_matches(" --yes");
    world.run(line).expect(4).says(&["no terminal to confirm on"]);
    asked_on_a_terminal(&world, line, || (), "no\n").expect(4);
    assert_eq!(letter(&world, "travel-preferences"), before);
    let path = format!("/v2/users/{}/travel-preferences", world.user("ana@voyager.example"));
    let other = json!({ "preferences": { "preferredCurrency": "GBP" } });
    let meanwhile = || assert_eq!(world.call("PUT", &path, other.clone()).0, 204);
    asked_on_a_terminal(&world, line, meanwhile, "yes\n").expect(7);
    assert_eq!(letter(&world, "travel-preferences"), other);
    asked_on_a_terminal(&world, line, || (), "yes\n").expect(0);
    assert_eq!(
        letter(&world, "travel-preferences"),
        json!({ "preferences": { "preferredCurrency": "EUR" } })
    );
}

/// Whatever becomes of an answer: the part is what it was or what the file says, and the exit code says which.
#[test]
fn a_lost_answer_is_looked_into_before_anything_is_sent_again() {
    let wanted = json!({ "preferences": { "preferredCurrency": "EUR" } });
    let kinds = [
        (json!({ "status": { "code": 500, "afterWrite": true } }), 0, 1),
        (json!({ "status": { "code": 500 } }), 0, 2),
        (json!({ "drop": { "afterWrite": true } }), 0, 1),
        (json!({ "drop": {} }), 0, 2),
        (json!({ "status": { "code": 429, "retryAfter": "0" } }), 0, 2),
        (json!({ "status": { "code": 403 } }), 5, 1),
        (json!({ "truncate": {} }), 0, 1),
        (json!({ "ignoreWrite": {} }), 3, 1),
        (json!({ "lag": { "reads": 2 } }), 0, 1),
    ];
    for (kind, code, puts) in kinds {
        let world = world();
        let before = letter(&world, "travel-preferences");
        world.write("part.json", &wanted.to_string());
        world.faults(json!([{ "method": "PUT", "path": "/travel-preferences", "times": 1, "kind": kind }]));
        world.forget();
        let run = world.run(PUT).expect(code);
        assert_eq!(writes(&world).len(), puts, "{kind}: {}", run.stderr);
        assert_eq!(
            letter(&world, "travel-preferences"),
            if code == 0 { wanted.clone() } else { before },
            "{kind}"
        );
        // What was is kept wherever something may have been written, and nowhere else.
        let kept = fs::read_dir(world.path().join(".rolecall/users")).unwrap().count();
        assert_eq!(kept, usize::from(code != 5), "{kind}");
    }
    // Without end it is not tried without end, and what became of it is known.
    let world = world();
    world.write("part.json", &wanted.to_string());
    world.faults(json!([{ "method": "PUT", "path": "/travel-preferences", "times": 0, "kind": { "status": { "code": 503 } } }]));
    world.run(PUT).expect(8).says(&["What was is in .rolecall/users/"]);
}

/// Any JSON, with numbers that no type of ours holds and names that nobody knows.
pub(crate) fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[1-9][0-9]{0,30}(\\.[0-9]{1,20})?(e-?[1-9][0-9]?)?".prop_map(|it| it),
        "[a-zé\\\\\" ]{0,8}".prop_map(|it| json!(it).to_string()),
        Just("\"\\u00e9\\/\"".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|it| format!("[{}]", it.join(","))),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4).prop_map(|it| {
                let fields: Vec<String> =
                    it.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

/// What a person changes in a file that was exported changes, and every other field is what it was to the letter.
#[test]
fn an_edit_of_an_exported_part_changes_nothing_else() {
    let world = world();
    let user = world.user("ana@voyager.example");
    let mut runner = TestRunner::deterministic();
    let text = |path: &str| raw(&world.url(), "full-token", "GET", path, "").1;
    for n in 0..12 {
        let fields = prop::collection::btree_map("[a-z]{3,8}", any_json(), 1..6);
        let fields = fields.new_tree(&mut runner).unwrap().current();
        let others: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        let (part, key) = [("travel-preferences", "{}"), ("notification-preferences", "[]")][n % 2];
        let path = format!("/v2/users/{user}/{part}");
        let whole =
            |edited: &str| format!("{{\"preferences\":{key},{},\"edited\":{edited}}}", others.join(","));
        let (status, _) = http(&world.url(), "full-token", "PUT", &path, &whole("1"));
        assert!(status < 300, "{}", whole("1"));
        world.run("users export ana@voyager.example --out export --overwrite").expect(0);
        let exported = fs::read_to_string(world.path().join(format!("export/{part}.json"))).unwrap();
        world.write("edited.json", &exported.replacen("\"edited\": 1", "\"edited\": 2", 1));
        world.run(&format!("users put ana@voyager.example edited.json --part {part} --yes")).expect(0);
        assert_eq!(text(&path), whole("2"), "to the letter");
    }
}
