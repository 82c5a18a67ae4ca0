//! `rolecall users put` writes what a file says of this part of this person, and nothing of access; `users export` writes into
//! a folder of its own.

use std::fs;

use serde_json::{Value, json};

use crate::{
    support::World,
    users::{letter, world, writes},
};

const ANA: &str = "1a6f0000-0000-4000-8000-00000000a0a0";

/// What the API holds, changed at a place, as a file that is put.
fn edited(world: &World, part: &str, at: &str, value: &Value) -> String {
    let mut wanted = letter(world, if part == "profile" { "" } else { part });
    if at == "/" {
        wanted = value.clone();
    } else if let Some(there) = wanted.pointer_mut(at) {
        *there = value.clone();
    } else {
        let (within, name) = at.rsplit_once('/').unwrap();
        wanted.pointer_mut(within).unwrap()[name] = value.clone();
    }
    world.write("part.json", &wanted.to_string());
    format!("users put ana@voyager.example part.json --part {part} --yes")
}

#[test]
fn a_file_changes_no_access_and_nobody_else() {
    let world = world();
    let bo = world.user("bo@voyager.example");
    let reference = json!({ "id": bo });
    for (part, at, value, words) in [
        ("profile", "/id", json!(bo), &["of another person", "users export"][..]),
        ("profile", "/isActive", json!(false), &["`isActive`", "`active:`"]),
        ("profile", "/roles", json!([{ "roleType": "GLOBAL_ADMIN" }]), &["`roles`", "`directRoles:`"]),
        (
            "profile",
            "/travelArrangers",
            json!([{ "userId": reference }]),
            &["`travelArrangers`", "`arrangerFor`"],
        ),
        ("profile", "/bookingTmcRef", reference.clone(), &["`bookingTmcRef`"]),
        (
            "profile",
            "/businessInfo/managerRef",
            json!({ "id": ANA }),
            &["`businessInfo.managerRef`", "`manager:`"],
        ),
        ("profile", "/businessInfo/designatedApproverRefs", json!([]), &["`approvers:`"]),
        ("profile", "/businessInfo/manager_ref", reference.clone(), &["has to be written `managerRef`"]),
        ("profile", "/Roles", json!([]), &["has to be written `roles`"]),
        ("business-info", "/managerRef", json!(null), &["`managerRef`", "`manager:`"]),
        ("business-info", "/designatedApproverRefs/0/id", json!(bo), &["`approvers:`"]),
        ("business-info", "/organizationRef/id", json!(bo), &["another company"]),
        ("business-info", "/roles", json!([]), &["`roles` is a field of roles"]),
        ("business-info", "/userId", json!(bo), &["of another person"]),
        ("travel-preferences", "/", json!({}), &["no field of travel-preferences"]),
        (
            "travel-preferences",
            "/",
            json!({ "version": 1, "kind": "users-export" }),
            &["no field of travel-preferences"],
        ),
        ("travel-preferences", "/", json!({ "preferences": [] }), &["another form"]),
        ("travel-preferences", "/dob", json!({}), &["`dob` is a field of personal-info"]),
        ("external-id", "/personalInfo", json!({}), &["`personalInfo` is a field of profile"]),
    ] {
        let line = edited(&world, part, at, &value);
        world.forget();
        world.run(&line).expect(4).says(words);
        assert_eq!(writes(&world), [""; 0], "{part} {at}");
    }
    // What is so may be said.
    for (part, at, value) in [
        ("profile", "/id", json!(ANA.to_uppercase())),
        ("profile", "/isActive", json!(true)),
        ("profile", "/roles", json!([])),
        ("profile", "/businessInfo/managerRef", reference.clone()),
        ("business-info", "/managerRef/name", json!("Somebody")),
    ] {
        let run = world.run(&edited(&world, part, at, &value)).expect(0);
        assert!(run.stdout.starts_with("No changes."), "{part} {at}: {}", run.stdout);
    }
    world.forget();
    let run = world.run(&edited(&world, "profile", "/persona", &json!("GUEST"))).expect(0);
    let run = run.says(&["warning: `persona` may decide"]);
    assert!(run.stdout.contains("~ persona  EMPLOYEE → GUEST"), "{}", run.stdout);
    let run =
        world.run(&edited(&world, "business-info", "/authorizerEmail", &json!("a@b.example"))).expect(0);
    run.says(&["warning: `authorizerEmail` may decide"]);
    let run = world.run(&edited(&world, "external-id", "/externalId", &json!("hr-1"))).expect(0);
    assert!(run.stdout.contains("~ externalId  \"\" → hr-1"), "{}", run.stdout);
}

/// Whatever part it is: an export of one person is nobody else's, and none of another part.
#[test]
fn the_file_of_one_person_is_put_for_that_person_and_as_that_part() {
    let world = world();
    world.run("users export bo@voyager.example --out bo").expect(0);
    world.run("users export ana@voyager.example --out ana").expect(0);
    let put = |file: &str, part: &str| format!("users put ana@voyager.example {file} --part {part} --yes");
    let parts = [
        "profile",
        "business-info",
        "personal-info",
        "travel-preferences",
        "membership-info",
        "notification-preferences",
        "external-id",
    ];
    world.write("bo/copy.json", "{\"preferences\":{}}");
    world.forget();
    for part in parts {
        world
            .run(&put(&format!("bo/{part}.json"), part))
            .expect(4)
            .says(&["of another person", "manifest.json"]);
        for other in parts.iter().filter(|it| **it != part) {
            world
                .run(&put(&format!("ana/{other}.json"), part))
                .expect(4)
                .says(&[&format!("is the part {other}, and not {part}")]);
            // Nor where nothing says what it was.
            let text = fs::read_to_string(world.path().join(format!("ana/{other}.json"))).unwrap();
            world.write("loose.json", &text);
            world.run(&put("loose.json", part)).expect(4);
        }
        world.run(&put("ana/manifest.json", part)).expect(4).says(&["no field of"]);
        assert!(
            world.run(&put(&format!("ana/{part}.json"), part)).expect(0).stdout.starts_with("No changes.")
        );
    }
    world.run(&put("bo/copy.json", "travel-preferences")).expect(4).says(&["of another person"]);
    // What was kept of one is not another's either.
    world.write("part.json", "{\"preferences\":{\"preferredCurrency\":\"EUR\"}}");
    world.run("users put bo@voyager.example part.json --part travel-preferences --yes").expect(0);
    let kept = fs::read_dir(world.path().join(".rolecall/users")).unwrap().map(|it| it.unwrap().file_name());
    let kept =
        kept.map(|it| it.into_string().unwrap()).find(|it| it.starts_with(&world.user("bo@voyager.example")));
    let kept = format!(".rolecall/users/{}", kept.unwrap());
    world.run(&put(&kept, "travel-preferences")).expect(4).says(&["of another person, as its name says"]);
    let line = format!("users put bo@voyager.example {kept} --part notification-preferences --yes");
    world.run(&line).expect(4).says(&["is the part travel-preferences"]);
    world.run(&format!("users put bo@voyager.example {kept} --part travel-preferences --yes")).expect(0);
}

#[test]
fn an_export_has_a_folder_of_its_own_and_changes_no_other() {
    let world = world();
    let here = |name: &str| world.path().join(name);
    for (folder, file) in
        [("git", ".gitignore"), ("web", "manifest.json"), ("notes", "a.txt"), ("sub", "x/y")]
    {
        world.write(&format!("{folder}/{file}"), "{\"kind\":\"app\"}");
        #[cfg(unix)]
        fs::set_permissions(here(folder), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        for flag in ["", " --overwrite"] {
            world.forget();
            let line = format!("users export ana@voyager.example --out {folder}{flag}");
            world
                .run(&line)
                .expect(4)
                .says(&["is there, and not an earlier export", "is empty or not there yet"]);
            assert!(world.log().is_empty(), "{folder}");
        }
        assert_eq!(fs::read_dir(here(folder)).unwrap().count(), 1, "{folder}");
        #[cfg(unix)]
        assert_eq!(mode(&here(folder)), 0o755, "{folder}");
    }
    world.run("users export ana@voyager.example --out .").expect(4).says(&["not an earlier export"]);
    world
        .run("users export ana@voyager.example --out notes/a.txt")
        .expect(4)
        .says(&["not an earlier export"]);
    fs::create_dir(here("mine")).unwrap();
    #[cfg(unix)]
    fs::set_permissions(here("mine"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = world.run("users export ana@voyager.example --out mine").expect(0);
    #[cfg(unix)]
    {
        run.says(&["Others may look into mine"]);
        assert_eq!(mode(&here("mine")), 0o755);
        assert_eq!(mode(&here("mine/personal-info.json")), 0o600);
    }
    assert_eq!(fs::read_to_string(here("mine/.gitignore")).unwrap(), "*\n");
    // A part of the one before that is not told of the next does not stay.
    let refused = json!([{ "path": "/personal-info", "times": 0, "kind": { "status": { "code": 403 } } }]);
    world.write("mine/notes.txt", "mine");
    world.faults(refused);
    world.run("users export bo@voyager.example --out mine --overwrite").expect(3);
    assert!(!here("mine/personal-info.json").exists() && here("mine/notes.txt").exists());
    // What cannot be written whole is not written.
    world.faults(json!([]));
    let before = fs::read_to_string(here("mine/manifest.json")).unwrap();
    fs::create_dir(here("mine/personal-info.json")).unwrap();
    world
        .run("users export ana@voyager.example --out mine --overwrite")
        .expect(4)
        .says(&["cannot write the export to", "personal-info.json is there and is not a regular file"]);
    assert_eq!(fs::read_to_string(here("mine/manifest.json")).unwrap(), before);
    assert_eq!(
        fs::read_dir(here("mine")).unwrap().filter(|it| it.as_ref().unwrap().path().is_dir()).count(),
        1
    );
}

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
}
