//! Starting, stopping, and what lasts from one to the next.

use std::path::Path;

use super::*;
use crate::sandbox::SandboxError;

fn start_with(folder: &Path, seed: &str) -> Result<Sandbox, SandboxError> {
    let path = folder.join("sandbox.yaml");
    std::fs::write(&path, seed).unwrap();
    Sandbox::start(Options { from: Some(path), ..Options::default() })
}

#[tokio::test]
async fn a_sandbox_without_options_holds_a_small_company() {
    let site = connect(Sandbox::start(Options::default()).unwrap()).await;
    let reply = site.list(&format!("{}/list", groups())).await;
    assert_eq!(texts(&reply["userGroups"], "/name"), ["Company Admins", "Globex agents"]);
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart_and_the_seed_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { state: Some(folder.path().join("state/sandbox.json")), ..Options::default() };
    let site = connect(Sandbox::start(options.clone()).unwrap()).await;
    let create = |n: u32| {
        let site = &site;
        async move { site.done("POST", &groups(), json!({"name": format!("g{n}"), "description": "d"})).await }
    };
    futures_util::future::join_all((0..20).map(create)).await;
    // A copy made while the server runs: no answer may have been given too early.
    let copy = folder.path().join("copy.json");
    std::fs::copy(options.state.as_ref().unwrap(), &copy).unwrap();
    drop(site);
    for state in [options.state.unwrap(), copy] {
        let again = Sandbox::start(Options { state: Some(state), ..Options::default() }).unwrap();
        let site = connect(again).await;
        let reply = site.list(&format!("{}/list", groups())).await;
        assert_eq!(reply["pagination"]["totalNumResults"], 22);
        let new = site.done("POST", &groups(), json!({"name": "g1", "description": "d"})).await;
        assert!(!texts(&reply["userGroups"], "/id").contains(&new["id"].as_str().unwrap().to_owned()));
    }
}

#[tokio::test]
async fn names_in_the_scopes_of_a_seed_become_ids_and_the_rest_stays() {
    let more = "  - id: 1a6f0000-0000-4000-8000-0000000000c3
    name: Scopes
    company: voyager
    roles:
      - role: 1a6f0000-0000-4000-8000-0000000000a1
        scope:
          - { BOOKING_TMC: [voyager], LEGAL_ENTITY: [voyager-uk, other] }
          - { PROFILE: [ANA@voyager.example], STEALTH_TYPE: [STEALTH_TYPE_1] }
";
    let site = site(more).await;
    assert_eq!(site.scopes(ADMINS).await, [json!({"audiences": [{"predicates": [{"type": "PLATFORM"}]}]})]);
    let is = |kind: &str, values: Value| json!({"type": kind, "comparator": "IN", "values": values});
    let legal_entity = derived_id("legalEntity", &["voyager", "voyager-uk"]);
    let expected = json!({"audiences": [
        {"predicates": [is("BOOKING_TMC", json!([VOYAGER])), is("LEGAL_ENTITY", json!([legal_entity, "other"]))]},
        {"predicates": [is("PROFILE", json!([ANA])), is("STEALTH_TYPE", json!(["STEALTH_TYPE_1"]))]}
    ]});
    assert_eq!(site.scopes("1a6f0000-0000-4000-8000-0000000000c3").await, [expected]);
}

#[test]
fn a_port_in_use_is_refused_with_a_hint() {
    let first = Sandbox::start(Options::default()).unwrap();
    let port = first.url().rsplit(':').next().unwrap().parse().unwrap();
    let error = Sandbox::start(Options { port, ..Options::default() }).unwrap_err();
    assert!(matches!(error, SandboxError::Listen(..)), "{error}");
    assert!(error.hint().unwrap().contains("another port"));
}

#[test]
fn a_second_sandbox_gets_the_state_as_soon_as_the_first_lets_go() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { state: Some(folder.path().join("s.json")), ..Options::default() };
    let first = Sandbox::start(options.clone()).unwrap();
    let second = std::thread::spawn(move || Sandbox::start(options).map(|sandbox| sandbox.url()));
    drop(first);
    assert!(second.join().unwrap().is_ok());
}

#[test]
fn a_seed_that_is_not_one_is_refused_at_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (seed, place, problem) in [
        ("version: 2\n", ":1:", "version"),
        ("companies: []\n", "sandbox.yaml", "version"),
        ("version: 1\ncompanys: []\n", ":2:1", "companys"),
        ("version: 1\ncompanies:\n  - { name: a, kind: firm }\n", ":3:", "firm"),
        ("version: 1\ncompanies:\n  - { name: a, id: 7 }\n", ":3:", "UUID"),
        ("version: 1\nfaults: [{ kind: { boom: {} } }]\n", ":2:", "boom"),
        ("version: 1\nversion: 1\n", ":2:1", "given twice"),
        ("version: [1\n", "sandbox.yaml:", ""),
    ] {
        let error = start_with(folder.path(), seed).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, SandboxError::SeedForm(_)), "{seed}: {text}");
        assert!(text.contains(place) && text.contains(problem) && !text.contains('\n'), "{seed}: {text}");
    }
    let missing =
        Sandbox::start(Options { from: Some("/nowhere/sandbox.yaml".into()), ..Options::default() });
    assert!(missing.unwrap_err().to_string().contains("/nowhere/sandbox.yaml"));
}

#[test]
fn a_seed_that_makes_no_sense_is_refused_by_the_name_of_the_entry() {
    let folder = tempfile::tempdir().unwrap();
    let base =
        "version: 1\ncompanies: [{ name: a }, { name: b }]\nusers:\n  - { email: x@a.example, company: a }\n";
    for (more, entry, problem) in [
        ("  - { email: y@a.example, company: c }\n", "user `y@a.example`", "no company `c`"),
        ("  - { email: x@a.example, company: a }\n", "user `x@a.example`", "another one"),
        (
            "  - { email: y@a.example, company: a, legalEntity: l }\n",
            "user `y@a.example`",
            "legal entity `l`",
        ),
        ("roles: [{ name: r, company: c }]\n", "role `r`", "no company `c`"),
        (
            "roles: [{ name: r }]\ngroups: [{ name: g, company: a, roles: [{ role: s, scope: [] }] }]\n",
            "group `g`",
            "no role `s`",
        ),
        (
            "roles: [{ name: r, company: b }]\ngroups: [{ name: g, company: a, roles: [{ role: r, scope: [] }] }]\n",
            "group `g`",
            "no role `r`",
        ),
        ("groups: [{ name: g, company: a, members: [y@a.example] }]\n", "group `g`", "no user `y@a.example`"),
        ("groups: [{ name: g, company: b, members: [x@a.example] }]\n", "group `g`", "not of company `b`"),
        ("groups: [{ name: g, company: a, members: [x@a.example, X@a.example] }]\n", "group `g`", "twice"),
        ("groups: [{ name: g, company: a }, { name: g, company: a }]\n", "group `g`", "another one"),
    ] {
        let error = start_with(folder.path(), &format!("{base}{more}")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(entry) && text.contains(problem) && error.hint().is_some(), "{more}: {text}");
    }
}
