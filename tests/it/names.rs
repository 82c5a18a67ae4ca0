//! Names that a reader cannot see, cannot tell apart, or that are spelt in two ways: what `validate` says of them, and
//! what a plan does.

use std::{collections::BTreeSet, fs};

use rolecall::{
    files::{
        check::{Files, check},
        decode,
    },
    model::{finding::Finding, source::FileId},
};
use serde_json::{Value, json};

use crate::support::{SEED, VOYAGER, World};

const WORKSPACE: &str = "version: 1
company: 1a6f0000-0000-4000-8000-000000000001
";

/// Every place of the two files that holds a name or a key, `@` being where the character goes; what stands alone
/// above a line with `access` is of the workspace.
const PLACES: &[(&str, &str)] = &[
    ("group", r#"groups: [{ name: "De@sk", description: D., roles: [], members: [] }]"#),
    (
        "renamedFrom",
        r#"groups: [{ name: Desk, renamedFrom: "De@sk", description: D., roles: [], members: [] }]"#,
    ),
    (
        "group id",
        r#"groups: [{ name: Desk, id: "1a6f0000-0000-4000-8000-0000000000@01", description: D., roles: [], members: [] }]"#,
    ),
    ("removed", r#"removed: [{ group: "De@sk", reason: R. }]"#),
    ("removed id", r#"removed: [{ group: Desk, id: "1a6f@0000-0000-4000-8000-000000000001", reason: R. }]"#),
    (
        "role",
        r#"groups: [{ name: Desk, description: D., roles: [{ role: "Ag@ent", scope: { platform: true } }], members: [] }]"#,
    ),
    (
        "role by name",
        r#"groups: [{ name: Desk, description: D., roles: [{ role: { name: "Ag@ent" }, scope: { platform: true } }], members: [] }]"#,
    ),
    (
        "role id",
        r#"groups: [{ name: Desk, description: D., roles: [{ role: { id: "1a6f0000-0000-4000-8000-@000000000001" }, scope: { platform: true } }], members: [] }]"#,
    ),
    (
        "scope in use",
        r#"groups: [{ name: Desk, description: D., roles: [{ role: Agent, scope: "ev@ery" }], members: [] }]"#,
    ),
    ("scope", r#"scopes: { "ev@ery": { platform: true } }"#),
    ("company of a scope", r#"scopes: { every: { company: "vo@yager" } }"#),
    ("address", r#"groups: [{ name: Desk, description: D., roles: [], members: ["a@na\u0040x.example"] }]"#),
    (
        "email",
        r#"groups: [{ name: Desk, description: D., roles: [], members: [{ email: "a@na\u0040x.example" }] }]"#,
    ),
    (
        "externalId",
        r#"groups: [{ name: Desk, description: D., roles: [], members: [{ externalId: "7@7" }] }]"#,
    ),
    (
        "employeeId",
        r#"groups: [{ name: Desk, description: D., roles: [], members: [{ employeeId: "@77" }] }]"#,
    ),
    (
        "userId",
        r#"groups: [{ name: Desk, description: D., roles: [], members: [{ userId: "1a6f0000-0000-4000-8000-000000000001@" }] }]"#,
    ),
    (
        "traveller",
        r#"users: [{ user: ana\u0040x.example, directRoles: [{ type: TRAVEL_ARRANGER, arrangerFor: ["v@ip\u0040x.example"] }] }]"#,
    ),
    ("user", r#"users: [{ user: { externalId: "7@" }, directRoles: unmanaged }]"#),
    ("company of the file", r#"company: "vo@yager""#),
    ("alias", r#"workspace ids: { company: { "vo@yager": 1a6f0000-0000-4000-8000-000000000001 } }"#),
    ("legal entity", r#"workspace ids: { legalEntity: { "u@k": 1a6f0000-0000-4000-8000-000000000001 } }"#),
    ("privileged", r#"workspace guards: { privileged: ["Ag@ent"] }"#),
    ("protected group", r#"workspace guards: { protected: { groups: ["De@sk*"] } }"#),
    ("protected person", r#"workspace guards: { protected: { people: ["a@na*"] } }"#),
    (
        "exception",
        r#"workspace exceptions: [{ guard: removals, group: "De@sk", upTo: 1, until: 2027-01-31, reason: R. }]"#,
    ),
    (
        "excepted person",
        r#"workspace exceptions: [{ guard: removals, of: people, person: "a@na\u0040x.example", upTo: 1, until: 2027-01-31, reason: R. }]"#,
    ),
    (
        "excepted role",
        r#"workspace exceptions: [{ guard: last-holder, role: "Ag@ent", upTo: 1, until: 2027-01-31, reason: R. }]"#,
    ),
    ("lock-out", r#"workspace lockout: [{ externalId: "7@7", since: 2026-11-01, reason: R. }]"#),
    ("identity", r#"workspace api: { identity: { email: "ro@ot\u0040x.example" } }"#),
];

/// Texts that people read: spaces of any kind are layout there.
const TEXTS: &[&str] = &[
    r#"groups: [{ name: Desk, description: "D@.", roles: [], members: [] }]"#,
    r#"groups: [{ name: Desk, description: D., roles: [], members: [{ externalId: "7", reason: "co@ver" }] }]"#,
    r#"groups: [{ name: Desk, description: D., roles: [{ role: Agent, scope: { platform: true }, reason: "co@ver" }], members: [] }]"#,
    r#"removed: [{ group: Desk, reason: "en@ded" }]"#,
    r#"users: [{ user: { externalId: "7" }, directRoles: [{ type: GLOBAL_ADMIN, reason: "co@ver" }] }]"#,
    r#"workspace lockout: [{ externalId: "7", since: 2026-11-01, reason: "le@ft" }]"#,
    r#"workspace exceptions: [{ guard: removals, group: Desk, upTo: 1, until: 2027-01-31, reason: "le@ft" }]"#,
];

/// Characters that stand for nothing that is drawn, or change the direction of what is.
fn ignorable() -> impl Iterator<Item = char> {
    let ranges = [
        0xad..=0xad,
        0x34f..=0x34f,
        0x61c..=0x61c,
        0x115f..=0x1160,
        0x17b4..=0x17b5,
        0x180b..=0x180f,
        0x200b..=0x200f,
        0x202a..=0x202e,
        0x2060..=0x206f,
        0x3164..=0x3164,
        0xfe00..=0xfe0f,
        0xfeff..=0xfeff,
        0xffa0..=0xffa0,
        0x1bca0..=0x1bca3,
        0x1d173..=0x1d17a,
        0xe0001..=0xe0001,
        0xe0020..=0xe007f,
        0xe0100..=0xe01ef,
    ];
    ranges.into_iter().flatten().filter_map(char::from_u32)
}

/// Characters that leave a blank, and controls that YAML takes.
fn blank() -> impl Iterator<Item = char> {
    let ranges = [
        0x1..=0x1f,
        0x7f..=0xa0,
        0x1680..=0x1680,
        0x2000..=0x200a,
        0x2028..=0x2029,
        0x202f..=0x202f,
        0x205f..=0x205f,
        0x2800..=0x2800,
        0x3000..=0x3000,
    ];
    ranges.into_iter().flatten().filter_map(char::from_u32)
}

/// The findings of a workspace with one line.
fn found(line: &str) -> Vec<Finding> {
    let (workspace, access) = match line.strip_prefix("workspace ") {
        Some(line) => (format!("{WORKSPACE}{line}\n"), "version: 1\n".to_owned()),
        None => (WORKSPACE.to_owned(), format!("version: 1\n{line}\n")),
    };
    let mut files = Files::default();
    match decode(&workspace, FileId(0)) {
        Ok(workspace) => files.workspace = Some((FileId(0), workspace)),
        Err(findings) => return findings,
    }
    match decode(&access, FileId(1)) {
        Ok(access) => files.access.push((FileId(1), access)),
        Err(findings) => return findings,
    }
    check(&files).err().unwrap_or_default()
}

fn escaped(template: &str, it: char) -> String {
    template.replace('@', &format!("\\U{:08X}", u32::from(it)))
}

#[test]
fn each_character_that_is_not_seen_is_refused_in_every_name_and_named() {
    for (place, template) in PLACES {
        for it in ignorable().chain(blank()) {
            // Spaces of a common keyboard around a key are not of it.
            let findings = found(&escaped(template, it));
            let point = format!("(U+{:04X})", u32::from(it));
            let trimmed = it.is_ascii_whitespace() && (place.contains("Id") || place.contains("user"));
            assert!(
                trimmed || findings.iter().any(|it| it.message.contains(&point) && it.place.is_some()),
                "{place} {point}: {findings:?}"
            );
        }
    }
    for template in TEXTS {
        for it in ignorable() {
            let findings = found(&escaped(template, it));
            let point = format!("(U+{:04X})", u32::from(it));
            assert!(
                findings.iter().any(|it| it.message.contains(&point)),
                "{template} {point}: {findings:?}"
            );
        }
        assert_eq!(found(&template.replace('@', "\\u00A0: \\u3000")), [], "{template}");
    }
}

#[test]
fn the_binary_says_file_line_column_and_code_point() {
    for (line, at, point) in [
        (
            "groups:\n  - { name: \"De\\u3164sk\", description: D., roles: [], members: [] }\n",
            "access/a.yaml:3:13",
            "U+3164",
        ),
        (
            "groups:\n  - { name: Desk, description: D., roles: [], members: [\"el\\u2800i@x.example\"] }\n",
            "access/a.yaml:3:57",
            "U+2800",
        ),
        ("removed:\n  - { group: \"Desk\\U000E0041\", reason: R. }\n", "access/a.yaml:3:14", "U+E0041"),
        ("scopes:\n  \"a\\u202Eb\": { platform: true }\n", "access/a.yaml:3:15", "U+202E"),
    ] {
        let world = World::new().with("access/a.yaml", &format!("version: 1\n{line}"));
        let text = world.run("validate").expect(4).stdout;
        assert!(text.contains(at) && text.contains(point), "{at} {point}:\n{text}");
        let json = world.run("validate --format json").expect(4).json().to_string();
        assert!(json.contains(point), "{json}");
    }
    let world = World::new().with("access/a\u{200b}b.yaml", "version: 1\n");
    let text = world.run("validate").expect(4).stdout;
    assert!(text.contains("a\\u{200b}b.yaml:1:1") && text.contains("U+200B"), "{text}");
}

#[test]
fn names_of_every_script_and_emoji_are_names() {
    for name in [
        "Agents – Größe",
        "Отдел продаж IT",
        "Ομάδα EU",
        "営業部IT",
        "日本語とEnglish",
        "한국 지원",
        "ทีมIT",
        "فريق الدعم",
        "צוות IT",
        "🛫 Desk",
        "⚠\u{fe0f} Desk",
        "👩\u{200d}💻 Devs",
        "🏳\u{fe0f}\u{200d}🌈",
        "1\u{fe0f}\u{20e3} Desk",
        "می\u{200c}روم",
    ] {
        let groups = format!("  - {{ name: \"{name}\", description: D., roles: [], members: [] }}\n");
        let world = World::new().groups(&groups);
        world.run("validate").expect(0);
        world.apply().expect(0);
        world.settled();
    }
}

/// A world whose API spells names in one form, and files that spell them in another.
fn spelt(in_api: impl Fn(&str) -> String, in_files: impl Fn(&str) -> String) -> World {
    let seed = SEED
        .replace(
            "name: Desk",
            &format!("id: 5e9d0000-0000-4000-8000-000000000001\n    name: \"{}\"", in_api("Jäger")),
        )
        .replace("description: The desk.", &format!("description: \"{}\"", in_api("Für Jäger.")))
        .replace(
            "name: Agent,",
            &format!("id: 6a0e0000-0000-4000-8000-000000000001, name: \"{}\",", in_api("Büro")),
        )
        .replace("role: Agent,", &format!("role: \"{}\",", in_api("Büro")))
        .replace("{ email: ana@voyager", "{ id: 4d0e0000-0000-4000-8000-000000000001, email: ana@voyager")
        .replace("ana@voyager", &in_api("änne@voyager"))
        .replace("employeeId: V-3", &format!("employeeId: \"{}\"", in_api("Größe-3")));
    let groups = in_files(
        "  - name: Jäger
    description: Für Jäger.
    roles: [{ role: Büro, scope: für }]
    members: [Änne@voyager.example, { employeeId: Größe-3 }]
",
    );
    let access = format!("version: 1\nscopes: {{ für: {{ company: größe }} }}\ngroups:\n{groups}");
    let workspace = "version: 1
company: voyager
ids: { company: { voyager: 1a6f0000-0000-4000-8000-000000000001, größe: 2b7e0000-0000-4000-8000-000000000002 } }
guards: { protected: { groups: ['Jä*'], people: ['änne@*'] } }
exceptions: [{ guard: protected, group: Jäger, upTo: 1, until: 2099-12-31, reason: Because. }]
";
    World::seeded(&seed).with("rolecall.yaml", &in_files(workspace)).with("access/a.yaml", &access)
}

/// The decomposed form, as a Mac writes it.
fn apart(text: &str) -> String {
    [("ä", "a\u{308}"), ("Ä", "A\u{308}"), ("ü", "u\u{308}"), ("ö", "o\u{308}")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[test]
fn both_spellings_of_a_name_are_one_name_wherever_they_meet() {
    let whole = str::to_owned;
    let mut ids = BTreeSet::new();
    for (api, files) in [(false, false), (false, true), (true, false), (true, true)] {
        let form = |it: bool| if it { apart as fn(&str) -> String } else { whole };
        let world = spelt(form(api), form(files));
        // Bo goes, which the exception for the protected group allows, and Cy comes; nothing else differs.
        let plan = world.run("plan --format json --now 2026-11-21").expect(0).json();
        let counts = &plan["summary"];
        assert_eq!(plan["groups"].as_array().unwrap().len(), 1, "{plan:#}");
        assert!(counts.is_object(), "{plan:#}");
        assert_eq!(plan["remarks"], json!([]), "{plan:#}");
        ids.insert(plan["id"].as_str().unwrap_or_else(|| panic!("{plan:#}")).to_owned());
        for key in ["änne@voyager.example", &apart("ÄNNE@voyager.example")] {
            world.run(&format!("explain {key}")).expect(0).ends_with("In effect: 1 role through 1 group; 0 roles outside groups; as the files ask, as far as they speak of it.");
        }
        world.run("snapshot --out live.json").expect(0);
        let offline = world.run("plan --live live.json --format json --now 2026-11-21").expect(0).json();
        assert_eq!(offline["id"], plan["id"]);
        world.run("apply --auto-approve").expect(0);
        world.settled();
    }
    assert_eq!(ids.len(), 1, "the id depends on the spelling: {ids:?}");
}

#[test]
fn names_of_the_files_that_cannot_be_told_apart_are_findings() {
    for (what, text, words) in [
        (
            "groups",
            "groups: [{ name: Admins, description: D., roles: [], members: [] }, { name: \u{410}dmins, description: D., roles: [], members: [] }]",
            "U+0410",
        ),
        (
            "whole words",
            "groups: [{ name: OCT, description: D., roles: [], members: [] }, { name: \u{41e}\u{421}\u{422}, description: D., roles: [], members: [] }]",
            "looks like",
        ),
        (
            "emoji",
            "groups: [{ name: \u{26a0} A, description: D., roles: [], members: [] }, { name: \u{26a0}\u{fe0f} A, description: D., roles: [], members: [] }]",
            "looks like",
        ),
        ("scopes", "scopes: { pay: { platform: true }, p\u{430}y: { platform: true } }", "U+0430"),
        (
            "scopes by spelling",
            "scopes: { j\u{e4}ger: { platform: true }, ja\u{308}ger: { platform: true } }",
            "looks like",
        ),
        (
            "aliases",
            "workspace ids: { company: { voyager: 1a6f0000-0000-4000-8000-000000000001, v\u{43e}yager: 1a6f0000-0000-4000-8000-000000000002 } }",
            "U+043E",
        ),
        (
            "one alphabet a word",
            "groups: [{ name: Night Adm\u{456}ns, description: D., roles: [], members: [] }]",
            "U+0456, Cyrillic",
        ),
        (
            "addresses",
            "groups: [{ name: Desk, description: D., roles: [], members: [\"\u{430}na@x.example\"] }]",
            "U+0430, Cyrillic",
        ),
        (
            "people",
            "groups: [{ name: Desk, description: D., roles: [], members: [{ externalId: OCT }, { externalId: \u{41e}\u{421}\u{422} }] }]",
            "looks like",
        ),
    ] {
        let findings = found(text);
        assert!(
            findings.iter().any(|it| it.code.as_str() == "confusable-name" && it.message.contains(words)),
            "{what}: {findings:?}"
        );
    }
    for (what, text) in [
        (
            "a close look tells",
            "groups: [{ name: Team 1, description: D., roles: [], members: [] }, { name: Team l, description: D., roles: [], members: [] }]",
        ),
        (
            "an evil name is put right",
            "groups: [{ name: Admins, renamedFrom: \u{410}dmins, description: D., roles: [], members: [] }]",
        ),
        (
            "and removed",
            "groups: [{ name: Admins, description: D., roles: [], members: [] }]\nremoved: [{ group: \u{410}dmins, reason: R. }]",
        ),
    ] {
        assert_eq!(found(text), [], "{what}");
    }
}

#[test]
fn names_that_look_like_one_that_exists_are_remarked_upon() {
    let role = "{ name: \"\u{410}gent\", description: Evil., permissions: [] }";
    let seed = SEED.replace("name: Night\n", "name: \"De\u{455}k\"\n").replacen(
        "roles:\n",
        &format!("roles:\n  - {role}\n"),
        1,
    );
    let world = World::seeded(&seed).groups(
        "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, bo@voyager.example] }
  - { name: Team 1, description: D., roles: [], members: [] }
  - { name: Team l, description: D., roles: [], members: [] }
",
    );
    world.run("validate").expect(0);
    let plan = world.run("plan --format json").expect(0).json();
    let remarks: Vec<(&str, &str)> = plan["remarks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["code"].as_str().unwrap(), it["message"].as_str().unwrap()))
        .collect();
    assert_eq!(remarks.iter().filter(|it| it.0 == "lookalike-name").count(), 3, "{remarks:?}");
    for words in [
        "U+0073 here, U+0455 there",
        "another role: U+0041 here, U+0410 there",
        "`Team l` looks like `Team 1`",
    ] {
        assert!(remarks.iter().any(|it| it.1.contains(words)), "{words}: {remarks:?}");
    }
    world.apply().expect(0);
}

#[test]
fn a_removal_that_names_nothing_is_said_and_one_that_is_done_stays_calm() {
    let world = World::new().with(
        "access/a.yaml",
        "version: 1
groups:
  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, bo@voyager.example] }
removed:
  - { group: Nihgt, reason: Over. }
  - { group: Desks, reason: Over. }
  - { group: Winter, id: 5e9d0000-0000-4000-8000-000000000099, reason: Over. }
",
    );
    let plan = world.run("plan --format json").expect(0).json();
    let remark = |name: &str| {
        let all = plan["remarks"].as_array().unwrap();
        all.iter()
            .find(|it| it["message"].as_str().unwrap().contains(name))
            .unwrap_or_else(|| panic!("{plan:#}"))
            .clone()
    };
    assert_eq!(
        (&remark("Nihgt")["code"], &remark("Nihgt")["origin"]["line"]),
        (&json!("removed-nothing"), &json!(5))
    );
    assert_eq!(remark("Nihgt")["help"], "did you mean `Night`?");
    // What the files keep is not what is to go.
    assert!(remark("Desks")["help"].as_str().unwrap().contains("delete it"));
    assert!(remark("Winter")["message"].as_str().unwrap().contains("no group has the id 5e9d0000"));
    let removed =
        World::new().with("access/a.yaml", "version: 1\nremoved: [{ group: Night, reason: Over. }]\n");
    removed.write("rolecall.yaml", &format!("version: 1\ncompany: {VOYAGER}\nguards: {{ removals: {{ percent: 100 }} }}\nexceptions: [{{ guard: group-emptied, group: Night, upTo: 1, until: 2099-01-01, reason: Over. }}]\n"));
    removed.apply().expect(0);
    let again = removed.run("plan --detailed-exitcode").expect(0);
    assert!(
        again.stdout.contains("no group is called `Night`") && again.stdout.contains("No changes."),
        "{}",
        again.stdout
    );
    removed.run("apply --auto-approve").expect(0);
}

#[test]
fn two_keys_of_one_person_in_one_group_are_said_with_both_places() {
    for (first, second) in [
        ("bo@voyager.example", "{ externalId: agent-17 }"),
        ("{ externalId: agent-17, until: 2026-01-01 }", "BO@voyager.example"),
    ] {
        let world = World::new().groups(&format!(
            "  - name: Desk
    description: The desk.
    roles: {{ atLeast: [] }}
    members:
      - {first}
      - ana@voyager.example
      - {second}
"
        ));
        let plan = world.run("plan --format json --now 2025-12-01").expect(0).json();
        let remark = &plan["remarks"][0];
        assert_eq!(
            (&remark["code"], &remark["origin"]["line"], &remark["related"][0]["origin"]["line"]),
            (&json!("two-keys"), &json!(9), &json!(7)),
            "{plan:#}"
        );
        assert!(remark["message"].as_str().unwrap().contains("are one person"), "{plan:#}");
        assert_eq!(plan["remarks"].as_array().unwrap().len(), 1, "{plan:#}");
    }
}

#[test]
fn two_keys_of_one_traveller_are_said() {
    let world = World::new().with(
        "access/a.yaml",
        "version: 1
users:
  - user: ana@voyager.example
    directRoles:
      - { type: TRAVEL_ARRANGER, arrangerFor: [bo@voyager.example, { user: { externalId: agent-17 }, sendConfirmationEmail: true }] }
",
    );
    world.plan().expect(4).says(&["duplicate-direct-role", "are one traveller", "access/a.yaml:5:"]);
}

#[test]
fn two_names_of_one_id_are_a_finding_and_a_mistake_is_said_once() {
    for ids in [
        "company: { voyager: 1a6f0000-0000-4000-8000-000000000001, harbor: 1a6f0000-0000-4000-8000-000000000001 }",
        "company: { voyager: 1a6f0000-0000-4000-8000-000000000001 }, legalEntity: { uk: 1a6f0000-0000-4000-8000-000000000001 }",
        "legalEntity: { uk: 1A6F0000-0000-4000-8000-000000000001, gb: 1a6f0000-0000-4000-8000-000000000001 }",
    ] {
        let codes: Vec<&str> =
            found(&format!("workspace ids: {{ {ids} }}")).iter().map(|it| it.code.as_str()).collect();
        assert_eq!(codes, ["duplicate-alias"], "{ids}");
    }
    for scope in [
        "{ company: glbex }",
        "[{ company: glbex }, { platform: true }]",
        "{ platform: false }",
        "other",
        "{}",
    ] {
        let text = format!(
            "scopes: {{ named: {scope} }}\ngroups: [{{ name: A, description: D., roles: [{{ role: Agent, scope: named }}, {{ role: Clerk, scope: [named] }}], members: [] }}]"
        );
        let codes: Vec<&str> = found(&text).iter().map(|it| it.code.as_str()).collect();
        assert_eq!(codes.len(), 1, "{scope}: {codes:?}");
    }
}

#[test]
fn a_file_that_is_no_text_is_named_with_the_place_of_the_byte() {
    for (path, bytes, at, help) in [
        (
            "access/a.yaml",
            &b"version: 1\ngroups: [] # J\xe4ger\n"[..],
            "access/a.yaml:2:15",
            "save the file as UTF-8",
        ),
        ("access/deep/b.yaml", b"version: 1\n# gr\xc3\xbcn \xff\n", "access/deep/b.yaml:2:8", "0xFF"),
        ("access/c.yaml", b"\xff\xfev\0e\0", "access/c.yaml:1:1", "UTF-16"),
        ("rolecall.yaml", b"version: 1\n\x80", "rolecall.yaml:2:1", "save the file as UTF-8"),
    ] {
        let world = World::new().with(path, "").with("access/z.yaml", "version: 1\n");
        fs::write(world.path().join(path), bytes).unwrap();
        let text = world.run("validate").expect(4).stdout;
        assert!(text.contains(at) && text.contains(help) && text.contains("not UTF-8"), "{at}:\n{text}");
        assert!(!text.contains(&world.path().display().to_string()), "{text}");
    }
}

#[test]
fn the_last_day_of_the_calendar_is_a_day() {
    for until in ["9999-12-31", "9999-12-30", "9999-12-31T23:59:59Z"] {
        let world = World::new().groups(&format!(
            "  - {{ name: Desk, description: The desk., roles: [{{ role: Agent, scope: {{ company: globex }} }}], members: [{{ email: ana@voyager.example, until: {until} }}, bo@voyager.example] }}\n"
        ));
        world.settled();
        let explained = world.run("explain ana@voyager.example").expect(0).stdout;
        assert!(explained.contains("until 9999-12-31"), "{explained}");
    }
}

/// What stands under `ids:` for the company of everybody, and whether that is a remark.
#[test]
fn a_name_that_is_not_the_one_the_api_says_is_told() {
    let files = |alias: &str| {
        World::new()
            .with(
                "rolecall.yaml",
                &format!("version: 1\ncompany: {alias}\nids: {{ company: {{ {alias}: {VOYAGER} }} }}\n"),
            )
            .with("access/a.yaml", "version: 1\ngroups: [{ name: Night, description: The night., roles: unmanaged, members: [ana@voyager.example, cy@voyager.example] }]\n")
    };
    for (alias, odd) in
        [("voyager", false), ("voyager-travel", false), ("zz-tiny-test-client", true), ("globex", true)]
    {
        let world = files(alias);
        let remark = format!("`{alias}` stands for {VOYAGER}, which the API calls `voyager`");
        world.run("snapshot --out live.json").expect(0);
        for line in ["plan", "plan --live live.json", "plan --format markdown", "apply --auto-approve"] {
            let run = world.run(line).expect(0);
            assert_eq!(run.stdout.contains("other-name"), odd, "{alias} {line}\n{}", run.stdout);
        }
        let remarks = world.run("plan --format json").expect(0).json()["remarks"].clone();
        let told = |it: &Value| it["code"] == "other-name" && it["message"] == *remark;
        assert_eq!(remarks.as_array().unwrap().iter().any(told), odd, "{remarks:#}");
        assert!(!odd || remarks[0]["origin"]["line"] == 3, "{remarks:#}");
    }
    // Where one of the other names fits better, that is said.
    let swapped = files("globex").with(
        "rolecall.yaml",
        &format!(
            "version: 1\ncompany: globex\nids: {{ company: {{ globex: {VOYAGER}, voyager: 2b7e0000-0000-4000-8000-000000000002 }} }}\n"
        ),
    );
    let plan = swapped.run("plan").expect(0).stdout;
    assert!(plan.contains("is it `voyager` that is meant?"), "{plan}");
}
