//! Who has to review what reaches a client: `owners` in plans, and the block of CODEOWNERS by which a forge asks for it.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::support::{Run, World};

const TEAM: &str = "@acme/globex-team";
const OWNERS: &str = "guards: { privileged: [] }\npolicies:\n  owners:\n    - { name: globex changes, companies: [globex], approvers: [\"@acme/globex-team\", sam@acme.example] }\n    - { name: initech changes, companies: [initech], approvers: [\"@initech\"] }\n";

/// Ana joins the desk, which reaches Globex, and the night goes on.
const FILES: &str = "  - name: Desk
    description: d
    roles: [{ role: Agent, scope: { company: globex } }]
    members:
      - cy@voyager.example
  - name: Night
    description: d
    roles: unmanaged
    members: [cy@voyager.example]
";

fn world() -> World {
    World::new().ruled(OWNERS).groups(FILES)
}

/// What a plan says of reviews: policy, companies that are reached more, and by whom it is reviewed.
fn reviews(run: &Run) -> BTreeSet<(String, String)> {
    let json = run.json();
    let guards = json["guards"].as_array().unwrap().iter();
    let reviews = guards.filter(|it| it["verdict"] == "review");
    let one = |it: &Value| {
        assert_eq!(it["policy"]["kind"], "owners", "{it}");
        let approvers = it["policy"]["approvers"].as_array().unwrap().iter();
        let approvers: Vec<&str> = approvers.map(|it| it.as_str().unwrap()).collect();
        (it["policy"]["name"].as_str().unwrap().to_owned(), approvers.join(" "))
    };
    reviews.map(one).collect()
}

#[test]
fn a_plan_says_who_has_to_review_it_in_every_form_and_is_not_stopped() {
    let world = world();
    let way = "cy@voyager.example ← Desk ← Agent on company globex (access/a.yaml:7)";
    // On the night shift Cy is already.
    let run = world.run("plan --check").expect(0);
    assert!(
        !run.stdout.contains(" review "),
        "Cy reaches Globex as an agent by the night already: {}",
        run.stdout
    );
    world.write(
        "access/a.yaml",
        &format!("version: 1\ngroups:\n{}", FILES.replace("      - cy@", "      - root@")),
    );
    let way = way.replace("cy@", "root@");
    let sentence = "globex changes: review by @acme/globex-team, sam@acme.example (root@voyager.example reaches globex (2b7e…) more)";
    world.run("plan --check").expect(0).shows(&format!("Guards review policies {sentence}")).shows(&way);
    let markdown = world.run("plan --format markdown").expect(0).stdout;
    assert!(
        markdown.contains("Who has to review this")
            && markdown.contains("root@voyager.example reaches globex"),
        "{markdown}"
    );
    let json = world.run("plan --format json").expect(0);
    assert_eq!(reviews(&json), [("globex changes".to_owned(), format!("{TEAM} sam@acme.example"))].into());
    let review = json.json()["guards"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["verdict"] == "review")
        .unwrap()
        .clone();
    assert_eq!((&review["value"], &review["policy"]["origin"]["line"]), (&1.into(), &10.into()), "{review}");
    for format in ["html", "csv", "sarif", "github", "gitlab", "junit"] {
        let shown = world.run(&format!("plan --format {format}")).expect(0).stdout;
        assert!(shown.contains("reaches globex"), "{format}: {shown}");
    }
    world.run("drift --no-progress").expect(2);
    world.apply().expect(0);
    world.settled();
}

/// Each way by which somebody comes to reach a client, and who is asked.
#[test]
fn each_way_to_a_client_is_reviewed_by_its_owners() {
    let globex = ["globex changes"];
    let both = ["globex changes", "initech changes"];
    let group = |scope: &str| {
        format!(
            "  - {{ name: New, description: d, roles: [{{ role: Trip Manager, scope: {scope} }}], members: [bo@voyager.example] }}\n"
        )
    };
    let unmanaged = |name: &str| {
        format!(
            "  - {{ name: {name}, roles: unmanaged, members: {{ atLeast: [bo@voyager.example, ana@voyager.example] }} }}\n"
        )
    };
    let direct =
        |role: &str| format!("users: [{{ user: ana@voyager.example, directRoles: [{{ {role} }}] }}]\n");
    let cases: Vec<(String, &[&str])> = vec![
        (group("{ company: globex }"), &globex),
        (group("{ company: [initech, globex] }"), &both),
        (group("{ company: voyager }"), &[]),
        (group("{ legalEntity: globex-uk }"), &both),
        (group("{ company: globex, legalEntity: globex-uk }"), &globex),
        (group("{ profile: vip@globex.example }"), &both),
        (group("{ platform: true }"), &both),
        (group("{ bookingTmc: voyager }"), &both),
        (group("[{ company: voyager }, { company: globex }]"), &globex),
        // The one that no file names, and the standard one.
        (unmanaged("Night"), &both),
        (unmanaged("Company Admins"), &both),
        (unmanaged("Desk"), &[]),
        (direct("type: COMPANY_ADMIN, company: globex"), &globex),
        (direct("type: COMPANY_ADMIN, company: voyager"), &[]),
        (direct("type: GLOBAL_AGENT"), &both),
        (direct("type: TMC_AGENT, tmc: voyager"), &both),
        (direct("type: TRAVEL_ARRANGER, arrangerFor: [vip@globex.example]"), &both),
    ];
    for (files, expected) in cases {
        let world = World::new().ruled(OWNERS);
        let files = if files.starts_with("users") { files } else { format!("groups:\n{files}") };
        world.write("access/a.yaml", &format!("version: 1\n{files}"));
        fs::create_dir(world.path().join(".git")).unwrap();
        let told = reviews(&world.run("plan --format json").expect(0));
        let told: Vec<&str> = told.iter().map(|it| &*it.0).collect();
        assert_eq!(told, expected, "{files}");
        // Whoever is told by the plan is asked by the block.
        world.run("codeowners").expect(0);
        let asked = line(&world, "/access/a.yaml");
        for (name, approver) in [("globex changes", TEAM), ("initech changes", "@initech")] {
            let is_asked = asked.iter().any(|it| it == approver);
            assert!(is_asked || !told.contains(&name), "{files}: {asked:?}");
            // And nobody else, but where the roles of a group are only known live.
            assert!(!is_asked || told.contains(&name) || files.contains("unmanaged"), "{files}: {asked:?}");
        }
    }
}

/// The approvers of a path by the list.
fn line(world: &World, path: &str) -> Vec<String> {
    let text = fs::read_to_string(world.path().join(".github/CODEOWNERS")).unwrap();
    let line = text.lines().find_map(|it| it.strip_prefix(path)?.strip_prefix(' '));
    line.into_iter().flat_map(|it| it.split(' ')).map(str::to_owned).collect()
}

/// What a new member, role or file lets the plan ask for, the block of before covers; or the block changes with it, and takes
/// the same owners for that.
#[test]
fn what_the_plan_asks_a_review_for_the_block_asks_for() {
    let role = |scope: &str| format!("{{ role: Trip Manager, scope: {scope} }}");
    let scopes = ["{ company: globex }", "{ company: voyager }", "{ legalEntity: globex-uk }"];
    let roles: Vec<String> = scopes.iter().map(|it| format!("[{}]", role(it))).collect();
    let shapes: Vec<String> = roles
        .iter()
        .flat_map(|it| [it.clone(), format!("{{ atLeast: {it} }}")])
        .chain(["unmanaged".to_owned(), "[]".to_owned()])
        .collect();
    let file = |name: &str, roles: &str, members: &str| {
        format!(
            "version: 1\ngroups: [{{ name: {name}, description: d, roles: {roles}, members: [{members}] }}]\n"
        )
    };
    let rules = OWNERS;
    for shape in &shapes {
        let world = World::new().ruled(rules);
        fs::create_dir(world.path().join(".git")).unwrap();
        let name = if shape == "unmanaged" { "Night" } else { "New" };
        let own = "cy@voyager.example";
        world.write("access/a.yaml", &file(name, shape, own));
        world.write("access/quiet.yaml", &file("Quiet", "[]", "ana@voyager.example"));
        world.run("codeowners").expect(0);
        world.apply().expect(0);
        let edits = [
            ("access/a.yaml", file(name, shape, "cy@voyager.example, bo@voyager.example"), false),
            ("access/quiet.yaml", file("Quiet", "[]", "ana@voyager.example, bo@voyager.example"), false),
            (
                "access/quiet.yaml",
                file("Quiet", &format!("[{}]", role("{ company: globex }")), "ana@voyager.example"),
                true,
            ),
            (
                "access/b.yaml",
                file("Other", &format!("[{}]", role("{ platform: true }")), "ana@voyager.example"),
                true,
            ),
            (
                "access/b.yaml",
                "version: 1\nusers: [{ user: bo@voyager.example, directRoles: [{ type: GLOBAL_AGENT }] }]\n"
                    .to_owned(),
                true,
            ),
        ];
        for (path, text, is_of_roles) in edits {
            let before = fs::read_to_string(world.path().join(path)).ok();
            world.write(path, &text);
            let told = reviews(&world.run("plan --format json").expect(0));
            let check = world.run("codeowners --check");
            for (name, approvers) in &told {
                for approver in approvers.split(' ') {
                    let covered = line(&world, &format!("/{path}")).iter().any(|it| it == approver);
                    let list = line(&world, "/.github/CODEOWNERS").iter().any(|it| it == approver);
                    let changes = check.code == 2 && check.stdout.contains(&format!("+/{path}"));
                    assert!(
                        covered || is_of_roles && list && changes,
                        "{shape} {path} {name}: {}",
                        check.stdout
                    );
                }
            }
            assert!(!told.is_empty() || !is_of_roles, "{shape} {path}: nothing is told");
            match before {
                Some(before) => world.write(path, &before),
                None => fs::remove_file(world.path().join(path)).unwrap(),
            }
        }
        world.run("codeowners --check").expect(0);
    }
}

const BEGIN: &str = "# rolecall codeowners: begin\n# What lets people reach companies that have `owners:`. Written by `rolecall codeowners`; do not edit.\n";
const END: &str = "# rolecall codeowners: end\n";

/// A world in a repository.
fn kept() -> World {
    let world = world();
    fs::create_dir(world.path().join(".git")).unwrap();
    world
}

fn read(world: &World, path: &str) -> String {
    fs::read_to_string(world.path().join(path)).unwrap_or_default()
}

/// The block of the usual files in a list.
fn block(file: &str, prefix: &str) -> String {
    let both = format!("{TEAM} sam@acme.example @initech");
    let mut lines = [
        format!("/{file} {both}\n"),
        format!("/{prefix}access/a.yaml {both}\n"),
        format!("/{prefix}rolecall.yaml {both}\n"),
    ];
    lines.sort();
    format!("{BEGIN}{}{END}", lines.concat())
}

#[test]
fn the_block_is_written_and_checked_in_the_list_that_forges_read() {
    for (there, to) in [
        (&[][..], ".github/CODEOWNERS"),
        (&[".gitlab-ci.yml"], ".gitlab/CODEOWNERS"),
        (&[".gitlab-ci.yml", ".github/workflows/ci.yaml"], ".github/CODEOWNERS"),
        (&["CODEOWNERS"], "CODEOWNERS"),
        (&["docs/CODEOWNERS", ".gitlab/CODEOWNERS"], "docs/CODEOWNERS"),
        (&[".gitlab/CODEOWNERS"], ".gitlab/CODEOWNERS"),
        (&["CODEOWNERS", ".github/CODEOWNERS"], ".github/CODEOWNERS"),
    ] {
        let world = kept();
        there.iter().for_each(|it| world.write(it, "* @all\n"));
        let old = read(&world, to);
        let check = world.run("codeowners --check").expect(2).says(&[to, "run `rolecall codeowners`"]);
        assert!(
            check.stdout.contains("+/access/a.yaml @acme/globex-team sam@acme.example @initech\n"),
            "{}",
            check.stdout
        );
        assert_eq!(read(&world, to), old, "{to}: a check writes nothing");
        assert_eq!(world.run("codeowners --check --format json").expect(2).json()["status"], "changed");
        assert_eq!(world.run("codeowners").expect(0).stdout, format!("{to}\n"));
        assert_eq!(read(&world, to), old + &block(to, ""));
        assert_eq!(
            world.run("codeowners --check").expect(0).says(&["3 files", "Nothing to change"][1..]).stdout,
            ""
        );
        assert_eq!(world.run("codeowners").expect(0).stdout, "");
        let json = world.run("codeowners --format json").expect(0).json();
        assert_eq!(
            (&json["kind"], &json["file"], &json["status"]),
            (&"codeowners".into(), &to.into(), &"unchanged".into())
        );
        assert_eq!(json["owned"][0]["path"], "access/a.yaml");
        assert_eq!(json["owned"][0]["policies"], serde_json::json!(["globex changes", "initech changes"]));
        // Nothing is asked of the API.
        assert!(world.log().is_empty());
    }
}

#[test]
fn the_rest_of_the_list_and_who_may_read_it_stay() {
    let world = kept();
    world.write("CODEOWNERS", "# Ours\r\n*.md @docs\r\n");
    world.run("codeowners").expect(0);
    assert_eq!(
        read(&world, "CODEOWNERS"),
        "# Ours\r\n*.md @docs\r\n".to_owned() + &block("CODEOWNERS", "").replace('\n', "\r\n")
    );
    // A line below that means all files would count in its place.
    world.write("CODEOWNERS", &(read(&world, "CODEOWNERS") + "* @all\r\n"));
    world.run("codeowners --check").expect(2);
    world.run("codeowners").expect(0);
    assert_eq!(
        read(&world, "CODEOWNERS"),
        "# Ours\r\n*.md @docs\r\n* @all\r\n".to_owned() + &block("CODEOWNERS", "").replace('\n', "\r\n")
    );
    // Without owners there is no block.
    world.configure("");
    world.run("codeowners --check").expect(2);
    world.run("codeowners").expect(0).says(&["nothing takes a review"]);
    assert_eq!(read(&world, "CODEOWNERS"), "# Ours\r\n*.md @docs\r\n* @all\r\n");
    world.write("CODEOWNERS", BEGIN);
    world
        .run("codeowners")
        .expect(4)
        .says(&["CODEOWNERS: the block that begins in line 1 has no end", "hint: "]);
    assert_eq!(read(&world, "CODEOWNERS"), BEGIN);
}

#[test]
fn paths_are_those_of_the_repository_and_all_companies_count() {
    let world = world();
    fs::create_dir(world.path().join("../.git")).unwrap();
    world.write(
        "access/a b#c.yaml",
        "version: 1\ncompany: globex\ngroups: [{ name: Own, roles: unmanaged, members: [] }]\n",
    );
    world.write("access/z.yaml", "version: 1\ngroups: [{ name: Own, description: d, roles: [{ role: Agent, scope: { company: voyager } }], members: [] }]\n");
    world.run("codeowners --company voyager").expect(0);
    let list = read(&world, "../.github/CODEOWNERS");
    assert!(list.starts_with("# rolecall codeowners: begin workspace\n"), "{list}");
    for line in [
        "/workspace/access/a.yaml ",
        "/workspace/access/a\\ b\\#c.yaml ",
        "/workspace/rolecall.yaml ",
        "/.github/CODEOWNERS ",
    ] {
        assert!(list.contains(&format!("\n{line}{TEAM} ")), "{line}\n{list}");
    }
    assert!(!list.contains("z.yaml"), "{list}");
    world.run("codeowners --check").expect(0);
    // From elsewhere, and of a part.
    world.run("codeowners --check -C . ../workspace").expect(0);
    world.run("codeowners access/a.yaml").expect(4).says(&["a whole workspace"]);
    // A list of another name, for which a variable stands.
    world.run("codeowners --file OWNERS").expect(0);
    assert!(read(&world, "OWNERS").contains("\n/workspace/OWNERS @acme"));
    world.variable("ROLECALL_CODEOWNERS", "OWNERS").run("codeowners --check").expect(0);
}

#[test]
fn a_group_whose_role_is_left_as_it_is_may_reach_what_it_reaches() {
    let world = kept();
    let group = "  - { name: Desk, description: d, roles: [{ role: Agent, scope: { company: voyager } }], members: [] }\n";
    world.write("access/a.yaml", &format!("version: 1\ngroups:\n{group}"));
    world.run("codeowners").expect(0);
    assert!(!read(&world, ".github/CODEOWNERS").contains("access"));
    for accepted in ["group: Desk", "group: Desk, role: Trip Manager"] {
        world.configure(&format!(
            "{OWNERS}accept: [{{ {accepted}, owner: ana, until: 2027-01-01, reason: r }}]\n"
        ));
        assert!(world.run("codeowners --check").expect(2).stdout.contains("+/access/a.yaml"));
    }
    world.configure(&format!("{OWNERS}accept: [{{ group: Desk, person: ana@voyager.example, owner: ana, until: 2027-01-01, reason: r }}]\n"));
    world.run("codeowners --check").expect(0);
}

#[test]
fn nothing_is_written_outside_the_repository_or_without_one() {
    let world = world();
    world.run("codeowners").expect(4).says(&["is not in a Git repository", "hint: "]);
    fs::create_dir(world.path().join(".git")).unwrap();
    world.write("../CODEOWNERS", "");
    world.run("codeowners --file ../CODEOWNERS").expect(4).says(&["is not in the repository"]);
    world.run("codeowners --file no/such/OWNERS").expect(4);
    world.write("rolecall.yaml", "version: 1\nnonsense: 1\n");
    world.run("codeowners").expect(4);
    fs::remove_file(world.path().join("rolecall.yaml")).unwrap();
    world.run("codeowners").expect(4).says(&["rolecall.yaml"]);
    assert_eq!(read(&world, "../CODEOWNERS"), "");
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_within_the_repository_and_never_out_of_it() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let world = kept();
    world.write("lists/owners", "* @all\n");
    fs::set_permissions(world.path().join("lists/owners"), fs::Permissions::from_mode(0o664)).unwrap();
    symlink("lists/owners", world.path().join("CODEOWNERS")).unwrap();
    world.run("codeowners").expect(0);
    assert!(world.path().join("CODEOWNERS").is_symlink());
    assert_eq!(read(&world, "lists/owners"), "* @all\n".to_owned() + &block("CODEOWNERS", ""));
    let mode = fs::metadata(world.path().join("lists/owners")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o664);
    fs::remove_file(world.path().join("CODEOWNERS")).unwrap();
    for (link, to, at) in [
        ("CODEOWNERS", "../out", "CODEOWNERS"),
        (".github/CODEOWNERS", "../../out", ".github/CODEOWNERS"),
        (".github", "..", ".github/CODEOWNERS"),
        ("CODEOWNERS", "missing", "CODEOWNERS"),
    ] {
        let world = kept();
        world.write("../out", "kept\n");
        fs::create_dir_all(world.path().join(link).parent().unwrap()).unwrap();
        symlink(to, world.path().join(link)).unwrap();
        world.run("codeowners").expect(4).says(&[at]);
        assert_eq!(read(&world, "../out"), "kept\n", "{link}");
        assert!(!world.path().join("../CODEOWNERS").exists());
    }
}

#[test]
fn owners_that_cannot_be_asked_are_told_where_they_stand() {
    let owners = |companies: &str, approvers: &str| {
        format!(
            "policies:\n  owners:\n    - name: o\n      companies: [{companies}]\n      approvers: [{approvers}]\n"
        )
    };
    for (companies, approvers, line, said) in [
        ("globexx", "\"@a\"", 10, "`globexx` is neither"),
        ("globex", "team", 11, "`team` is not a name by which a forge asks"),
        ("globex", "\"@\"", 11, "`@` is not"),
        ("globex", "\"@a/\"", 11, "is not a name"),
        ("globex", "\"@a b\"", 11, "is not a name"),
        ("globex", "\"@a#b\"", 11, "is not a name"),
        ("globex", "\"@-a\"", 11, "is not a name"),
        ("globex", "\"a b@c.example\"", 11, "is not a name"),
        ("globex", "a@b", 11, "is not a name"),
        ("globex", "", 9, "`approvers` of this policy names nothing"),
        ("", "\"@a\"", 9, "`companies` of this policy names nothing"),
    ] {
        let world = World::new().ruled(&owners(companies, approvers)).groups(FILES);
        let run = world.run("validate").expect(4);
        assert!(
            run.stdout.contains(said) && run.stdout.contains(&format!("rolecall.yaml:{line}:")),
            "{approvers}: {}",
            run.stdout
        );
    }
    for approvers in ["\"@a\"", "\"@a/b/c-d.e_f\", sam+x@acme.example", "\"@_bot\", \"@A\", \"@a\""] {
        World::new().ruled(&owners("globex", approvers)).groups(FILES).run("validate").expect(0);
    }
    // Two of one name, whatever their kind; and what stops nothing has nothing to except.
    let twice = "policies:\n  owners: [{ name: o, companies: [globex], approvers: [\"@a\"] }]\n  noDirectRoles: [{ name: o }]\n";
    assert!(
        World::new()
            .ruled(twice)
            .groups(FILES)
            .run("validate")
            .expect(4)
            .stdout
            .contains("two policies are called `o`")
    );
    let strict = OWNERS.replace("sam@acme.example]", "sam@acme.example], severity: deny");
    assert!(World::new().ruled(&strict).groups(FILES).run("validate").expect(4).stdout.contains("severity"));
}

/// A base that asks others asks them still, and the change is told to be weaker.
#[test]
fn the_owners_of_the_base_are_asked_as_well() {
    let world = world();
    crate::bases::commit(&world.path());
    world.configure(&OWNERS.replace("@acme/globex-team", "@mallory"));
    world.write(
        "access/a.yaml",
        &format!("version: 1\ngroups:\n{}", FILES.replace("      - cy@", "      - root@")),
    );
    let run = world.run("plan --base main --format json").expect(0);
    assert_eq!(
        reviews(&run),
        [TEAM, "@mallory"].map(|it| ("globex changes".to_owned(), format!("{it} sam@acme.example"))).into()
    );
    let rows = run.json()["weakened"]["rows"].clone();
    assert_eq!(rows[0]["what"], "policies.owners globex changes, approvers");
    world.run("plan --base main --check").expect(6);
}
