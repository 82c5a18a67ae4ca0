//! Signed plans: what was signed is applied, and nothing else where that is asked for.

use std::fs;

use rcgen::{KeyPair, PKCS_ED25519};
use serde_json::{Value, json};

use crate::support::{World, forged};

/// A world with a saved plan, signed by the key that `keys.pem` has beside another one.
fn signed() -> World {
    let world = World::new()
        .groups("  - { name: Night, description: By night., roles: unmanaged, members: unmanaged }\n");
    let [ours, others] = [(); 2].map(|()| KeyPair::generate_for(&PKCS_ED25519).unwrap());
    world.write("key.pem", &ours.serialize_pem());
    world.write("keys.pem", &(others.public_key_pem() + &ours.public_key_pem()));
    world.write("others.pem", &others.public_key_pem());
    world.run("plan --out plan.json --sign key.pem").expect(0);
    world.forget();
    world
}

const APPLY: &str = "apply plan.json --require-signed keys.pem";

#[test]
fn a_signed_plan_is_applied_where_one_is_required() {
    for line in [APPLY, "apply --approved-at-most plan.json --require-signed keys.pem"] {
        let world = signed();
        world.run(line).expect(0);
        assert_eq!(world.group("Night").unwrap()["description"], "By night.", "{line}");
    }
    let world = signed().variable("ROLECALL_REQUIRE_SIGNED", "keys.pem");
    world.run("apply plan.json").expect(0).says(&["The plan is signed by the key sha256:"]);
    // The way back is a saved plan as well.
    let journal =
        fs::read_dir(world.path().join(".rolecall/journal")).unwrap().next().unwrap().unwrap().path();
    world.run(&format!("rollback {} --out back.json --sign key.pem", journal.display())).expect(0);
    world.run("apply back.json").expect(0);
}

#[test]
fn the_signature_is_an_in_toto_statement_about_the_bytes_of_the_plan() {
    use sha2::{Digest, Sha256};

    let world = signed();
    let envelope: Value =
        serde_json::from_str(&fs::read_to_string(world.path().join("plan.json.intoto.json")).unwrap())
            .unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    let payload = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        envelope["payload"].as_str().unwrap(),
    );
    let statement: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    let plan = fs::read(world.path().join("plan.json")).unwrap();
    let digest: String = Sha256::digest(&plan).iter().map(|it| format!("{it:02x}")).collect();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["subject"], json!([{ "name": "plan.json", "digest": { "sha256": digest } }]));
    let plan: Value = serde_json::from_slice(&plan).unwrap();
    for field in ["id", "createdAt", "endpoint", "files", "summary", "tool"] {
        assert_eq!(statement["predicate"][field], plan[field], "{field}");
    }
}

#[test]
fn nothing_that_is_not_signed_is_applied_where_that_is_required() {
    let forge = |world: &World| {
        let text = fs::read_to_string(world.path().join("plan.json")).unwrap();
        let mut plan: Value = serde_json::from_str(&text).unwrap();
        plan["names"]["people"] = json!({});
        world.write("plan.json", &forged(&plan));
    };
    let gone = |world: &World| fs::remove_file(world.path().join("plan.json.intoto.json")).unwrap();
    let nothing = |_: &World| ();
    type Case<'a> = (&'a str, &'a dyn Fn(&World), &'a str);
    let cases: [Case<'_>; 9] = [
        (APPLY, &forge, "the signature is of something else than this plan"),
        (APPLY, &gone, "cannot read the signature"),
        (APPLY, &|it| it.write("plan.json.intoto.json", "{}"), "not a DSSE envelope"),
        ("apply plan.json --require-signed others.pem", &nothing, "none of the keys that are trusted"),
        ("apply plan.json --require-signed key.pem", &nothing, "no Ed25519 public key"),
        ("apply plan.json --require-signed no.pem", &nothing, "cannot read the public keys"),
        ("apply --auto-approve --require-signed keys.pem", &nothing, "only a signed plan may be applied"),
        ("apply --only lockout --auto-approve --require-signed keys.pem", &nothing, "only a signed plan"),
        ("apply --approved-at-most plan.json --require-signed others.pem", &nothing, "none of the keys"),
    ];
    for (line, change, says) in cases {
        let world = signed();
        change(&world);
        let run = world.run(line).expect(4).says(&[says]);
        assert!(run.stderr.contains("hint: "), "{line}: {}", run.stderr);
        assert_eq!(world.log().len(), 0, "{line}");
    }
    let world = signed();
    world
        .run("plan --out other.json --sign keys.pem")
        .expect(4)
        .says(&["not an Ed25519 private key", "openssl"]);
    world.run("plan --out other.json --sign no.pem").expect(4).says(&["cannot sign with"]);
    world.run("plan --sign key.pem").expect(4).says(&["--out"]);
    assert!(!world.path().join("other.json").exists());
}
