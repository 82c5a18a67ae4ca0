//! What `plan --check` and `drift` foretell by their exit codes is what `apply` comes to, in every situation.

use serde_json::json;

use crate::support::{NO_CHANGES, World};

const DESK: &str = "  - { name: Desk, description: The desk., roles: unmanaged, members: MEMBERS }\n";
const AS_IT_IS: &str = "[ana@voyager.example, bo@voyager.example]";
const MORE: &str = "[ana@voyager.example, bo@voyager.example, cy@voyager.example]";
const SOMEBODY_UNKNOWN: &str = "[ana@voyager.example, bo@voyager.example, nobody@voyager.example]";
const MORE_AND_UNKNOWN: &str =
    "[ana@voyager.example, bo@voyager.example, cy@voyager.example, nobody@voyager.example]";
/// Night loses its last member.
const EMPTIED: &str = "  - { name: Night, description: The night., roles: unmanaged, members: [] }\n";

fn desk(members: &str) -> World {
    World::new().groups(&DESK.replace("MEMBERS", members))
}

/// A situation with the codes of `plan --check`, the same with `--detailed-exitcode`, that alone, `drift` and `apply`.
type Row = (&'static str, fn() -> World, [i32; 5]);

const SITUATIONS: [Row; 14] = [
    ("settled", || desk(AS_IT_IS), [0, 0, 0, 0, 0]),
    ("changes", || desk(MORE), [0, 2, 2, 2, 0]),
    ("a guard", || World::new().groups(EMPTIED), [6, 6, 2, 6, 6]),
    ("withheld", || desk(SOMEBODY_UNKNOWN), [3, 3, 2, 3, 3]),
    ("withheld beside changes", || desk(MORE_AND_UNKNOWN), [3, 3, 2, 3, 3]),
    (
        "a guard beside what is withheld",
        || World::new().groups(&format!("{EMPTIED}{}", DESK.replace("MEMBERS", SOMEBODY_UNKNOWN))),
        [6, 6, 2, 6, 6],
    ),
    ("a forbidden group", || desk(AS_IT_IS).ruled("unmanaged: forbid\n"), [0, 2, 2, 2, 0]),
    (
        "a forbidden group beside what is withheld",
        || desk(SOMEBODY_UNKNOWN).ruled("unmanaged: forbid\n"),
        [3, 3, 2, 3, 3],
    ),
    (
        "a privileged grant",
        || {
            World::new()
                .groups("  - { name: Desk, description: The desk., roles: [{ role: Trip Manager, scope: { company: globex } }, { role: Agent, scope: { company: globex } }], members: unmanaged }\n")
                .ruled("guards: { privileged: [Trip Manager], holders: 1 }\n")
        },
        [6, 6, 2, 6, 6],
    ),
    (
        "fewer holders than there should be, and nothing to do",
        || desk(AS_IT_IS).ruled("guards: { privileged: [Trip Manager] }\n"),
        [0, 0, 0, 0, 0],
    ),
    ("nothing declared", || World::new().with("access/a.yaml", "version: 1\ngroups: []\n"), [4, 4, 4, 4, 4]),
    ("no file", World::new, [4, 4, 4, 4, 4]),
    ("a broken file", || World::new().with("access/a.yaml", "version: 1\ngruops: []\n"), [4, 4, 4, 4, 4]),
    (
        "an API that lists no group",
        || desk(AS_IT_IS).ruled("").variable("ROLECALL_COMPANY", "initech"),
        [8, 8, 8, 8, 8],
    ),
];

#[test]
fn an_apply_comes_to_what_was_foretold() {
    for (what, world, codes) in SITUATIONS {
        let world = world();
        let lines = [
            "plan --check",
            "plan --check --detailed-exitcode",
            "plan --detailed-exitcode",
            "drift",
            "apply --auto-approve",
        ];
        // The table itself: whatever stops an apply, or leaves something undone, is foretold.
        assert_eq!(codes[0], codes[4], "{what}");
        assert!(codes[3] != 0 || codes[4] == 0, "{what}: drift hides it");
        for (line, code) in lines.into_iter().zip(codes) {
            let run = world.run(line);
            assert_eq!(run.code, code, "{what}: {line}\n{}\n{}", run.stdout, run.stderr);
            let calm = run.stdout.contains(NO_CHANGES) || run.stdout.contains("No drift");
            assert!(!calm || codes == [0; 5], "{what}: {line} is calm\n{}", run.stdout);
        }
    }
}

#[test]
fn why_it_is_red_is_said_beside_the_plan() {
    for line in ["plan --check", "drift"] {
        let run = World::new().groups(EMPTIED).run(line).expect(6);
        run.says(&["an apply would be stopped by a guard: group-emptied"])
            .shows("- member cy@voyager.example");
        desk(SOMEBODY_UNKNOWN).run(line).expect(3).says(&["1 thing is withheld"]).shows("Withheld 1");
        let json = desk(SOMEBODY_UNKNOWN).run(&format!("{line} --format json")).expect(3).json();
        assert_eq!(json["summary"]["withheld"], 1);
    }
}

#[test]
fn the_check_can_be_set_by_a_variable_and_is_no_estimate() {
    let world = desk(SOMEBODY_UNKNOWN).variable("ROLECALL_CHECK", "1");
    world.run("plan").expect(3);
    world.run("drift").expect(3);
    desk(AS_IT_IS).run("plan --check --estimate").expect(4).says(&["--estimate", "--check"]);
}

/// What undoes an apply may be stopped as well.
#[test]
fn a_rollback_foretells_its_apply() {
    let world = World::new()
        .groups("  - { name: Spare, description: Of use., roles: [], members: [ana@voyager.example] }\n");
    world.apply().expect(0);
    let journal = std::fs::read_dir(world.path().join(".rolecall/journal")).unwrap().next().unwrap().unwrap();
    let undo = format!("rollback {}", journal.path().display());
    world.run(&format!("{undo} --check")).expect(0);
    world.run(&format!("{undo} --check --detailed-exitcode")).expect(2);
    world.configure("guards: { protected: { groups: [Spare] } }\n");
    world.run(&undo).expect(0);
    world.run(&format!("{undo} --check --out undo.json")).expect(6);
    world.run("apply undo.json").expect(6);
    // What others make by hand is not for a rollback to tell.
    world.configure("unmanaged: forbid\n");
    let (status, _) = world.call(
        "POST",
        &format!("/v3/companies/{}/user-groups", crate::support::VOYAGER),
        json!({ "name": "By hand", "description": "x" }),
    );
    assert!(status < 300);
    world.run(&format!("{undo} --check")).expect(0);
}
