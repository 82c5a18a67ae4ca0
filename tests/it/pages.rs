//! Pages in a browser: nothing is refused or loaded, the search works, nothing is wider than the screen, light and dark.
//!
//! Skipped, and said so, where there is no Chromium.

use std::{fmt::Write as _, fs, path::PathBuf, process::Command};

use serde_json::{Value, json};

use crate::support::{
    SEED, World,
    browser::{Browser, Look},
};

/// The usual seed with a role that lets its holder change who may do what.
fn seed() -> String {
    let role = "  - { name: Access Admin, description: Changes who may do what., permissions: [{ permission: ACCESS_MANAGEMENT, actions: [ALL] }] }";
    SEED.replace("\nroles:\n", &format!("\nroles:\n{role}\n"))
}

/// Names that a page could take for something else.
const HOSTILE: [&str; 8] = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    "\" onmouseover=alert(1) x=\"",
    "{{constructor.constructor('alert(1)')()}}",
    "javascript:alert(1)",
    "<!--<script>",
    "&lt;b&gt; & ]]>",
];

/// A world of many groups, of which each changes: who joins, who leaves, and one who gains what is privileged.
fn many(groups: usize) -> World {
    let mut seed = seed().replace("\ngroups:\n", "\nUSERS\ngroups:\n");
    let mut users = String::new();
    for n in 0..groups {
        writeln!(users, "  - {{ email: person-{n}@voyager.example, company: voyager }}").unwrap();
    }
    seed = seed.replace("\nUSERS", &format!("\n{users}").trim_end().replace("\n\n", "\n"));
    let mut files = String::new();
    for n in 0..groups {
        let (here, next) = (format!("person-{n}"), format!("person-{}", (n + 1) % groups));
        writeln!(
            seed,
            "  - {{ name: \"Team {n:04}\", company: voyager, description: A team., roles: [{{ role: Agent, scope: [{{ COMPANY: [globex] }}] }}], members: [{here}@voyager.example] }}"
        )
        .unwrap();
        let role = if n == groups - 1 { "Access Admin" } else { "Trip Manager" };
        writeln!(
            files,
            "  - {{ name: \"Team {n:04}\", description: A team., roles: [{{ role: Agent, scope: {{ company: [globex, initech] }} }}, {{ role: {role}, scope: {{ company: globex }} }}], members: [{next}@voyager.example] }}"
        )
        .unwrap();
    }
    World::seeded(&seed).groups(&files)
}

fn desk() -> World {
    World::seeded(&seed()).groups(
        "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: [globex, initech] } }], members: [ana@voyager.example, cy@voyager.example] }\n  - { name: Night, description: The night., roles: [{ role: Access Admin, scope: { company: voyager } }], members: [cy@voyager.example] }\n",
    )
}

/// A world in which whatever can have a name has a hostile one.
fn hostile() -> World {
    let mut seed = SEED.to_owned();
    let mut files = String::new();
    for (n, name) in HOSTILE.iter().enumerate() {
        let name = serde_json::to_string(name).unwrap();
        seed = seed.replacen(
            "\nusers:\n",
            &format!("\n  - {{ name: {name}, description: {name}, permissions: [{{ permission: AGENT, actions: [ALL] }}] }}\nusers:\n"),
            1,
        );
        writeln!(files, "  - {{ name: {name}, description: {name}, roles: [{{ role: {name}, scope: {{ predicates: [{{ type: STEALTH_TYPE, values: [{name}] }}] }} }}], members: [ana@voyager.example] }} # {n}").unwrap();
    }
    World::seeded(&seed).groups(&files)
}

/// The page of a plan, as a file.
fn page(world: &World) -> PathBuf {
    world.run("plan --report html=page.html").expect(0);
    world.path().join("page.html")
}

const OVERFLOW: &str = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
/// What is read, without its spaces: a list is laid out in another way where there is room.
const READ: &str = "document.querySelector('main').innerText.replace(/\\s+/g, '')";

#[test]
fn a_page_is_quiet_fits_every_screen_and_reads_the_same_without_its_script() {
    let Some(mut browser) = Browser::start() else { return };
    let blocked = desk().ruled("guards: { protected: { people: [bo@voyager.example] } }\n");
    let broken = World::new().with("access/a.yaml", "version: 1\ngruops: []\n");
    broken.run("plan --report html=page.html").expect(4);
    let failed = desk().variable("ROLECALL_TOKEN", "wrong");
    failed.run("plan --report html=page.html").expect(5);
    let settled = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    let review = World::new();
    review.run("report --report html=page.html").expect(0);
    let worlds = [
        ("a review", review, "ana@voyager.example"),
        ("a plan", desk(), "gains access"),
        ("a plan that a guard stops", blocked, "STOP protected"),
        ("nothing to do", settled, ""),
        ("hostile names", hostile(), "onerror=alert(1)"),
        ("findings", broken, "gruops"),
        ("a failure", failed, "error"),
    ];
    for (what, world, said) in worlds {
        let path = world.path().join("page.html");
        let path = if path.exists() { path } else { page(&world) };
        let mut texts = Vec::new();
        for width in [390, 1440] {
            for (dark, scripted) in [(false, true), (true, true), (false, false)] {
                browser.open(&path, "", Look { width, dark, scripted });
                assert_eq!(browser.said, [""; 0], "{what}");
                assert_eq!(browser.eval(OVERFLOW), json!(0), "{what}: {width}");
                let light =
                    browser.eval("getComputedStyle(document.body).backgroundColor") == "rgb(246, 247, 249)";
                assert_eq!(light, !dark, "{what}");
                let text = browser.eval(READ).as_str().unwrap().to_owned();
                assert!(
                    text.to_lowercase().contains(&said.to_lowercase().replace(' ', "")),
                    "{what}: no `{said}` in {text}"
                );
                // What only a script can do is not there without it.
                texts.push(text.replace("onlywhochanges", ""));
            }
        }
        texts.dedup();
        assert_eq!(texts.len(), 1, "{what}: {texts:#?}");
        // Whatever the names are, there is no element of theirs.
        browser.open(&path, "", Look::DESK);
        let odd = "[...document.querySelectorAll('img, iframe, object, embed, form, link, base, b b, svg svg')].length";
        assert_eq!(browser.eval(odd), json!(0), "{what}");
        assert_eq!(browser.eval("document.scripts.length"), json!(2), "{what}");
    }
}

#[test]
fn the_search_finds_people_groups_roles_and_scopes_and_is_a_link() {
    let Some(mut browser) = Browser::start() else { return };
    let world = many(150);
    let path = page(&world);
    let shown = |browser: &mut Browser, list: &str| -> Value {
        browser.eval(&format!("document.querySelectorAll('#{list} .entry').length"))
    };
    browser.open(&path, "", Look::DESK);
    assert_eq!(shown(&mut browser, "changes"), json!(50), "a page of them");
    browser.eval("document.querySelector('#changes > button').click()");
    assert_eq!(shown(&mut browser, "changes"), json!(100));
    assert_eq!(browser.eval("document.querySelector('#changes .count').textContent"), json!("150"));
    // Its neighbours say who moves to it and from it.
    for (fragment, changes, people) in [
        ("#q=team%200007", 3, 1),
        ("#q=TEAM+0149", 3, 1),
        ("#q=person-7@voyager", 2, 1),
        ("#q=access%20admin", 1, 1),
        ("#q=initech%200003", 3, 1),
        ("#q=nobody-at-all", 0, 0),
    ] {
        browser.open(&path, fragment, Look::DESK);
        assert_eq!(shown(&mut browser, "changes"), json!(changes), "{fragment}");
        let rows = shown(&mut browser, "people");
        assert!(rows.as_u64() >= Some(people), "{fragment}: {rows}");
        assert!(people > 0 || rows == json!(0), "{fragment}: {rows}");
    }
    // What is typed becomes a link, and another link is followed.
    browser.eval("(() => { const q = document.getElementById('q'); q.value = 'team 0042'; q.dispatchEvent(new Event('input')); })()");
    while browser.eval("location.hash") != json!("#q=team%200042") {}
    assert_eq!(shown(&mut browser, "changes"), json!(3));
    browser.eval("location.hash = '#q=team%200043'");
    while browser.eval("document.getElementById('q').value") != json!("team 0043") {}
    let names = browser.eval("[...document.querySelectorAll('#changes .names')].map(it => it.textContent)");
    assert_eq!(names, json!(["Team 0042", "Team 0043", "Team 0044"]));
    // The matrix finds the same, and shows those who do not change where that is asked for.
    browser.open(&path, "#q=root@voyager", Look::DESK);
    let rows = "document.querySelectorAll('#matrix tbody tr').length";
    let before = browser.eval(rows);
    browser.eval("document.getElementById('changing').click()");
    assert!(browser.eval(rows).as_u64() >= before.as_u64());
    assert_eq!(browser.said, [""; 0]);
}

#[test]
fn the_theme_is_chosen_on_the_page_and_print_shows_all() {
    let Some(mut browser) = Browser::start() else { return };
    let world = many(120);
    let path = page(&world);
    browser.open(&path, "", Look::DESK);
    let background = "getComputedStyle(document.body).backgroundColor";
    let (light, click) = (browser.eval(background), "document.getElementById('theme').click()");
    browser.eval(click);
    assert_eq!(browser.eval(background), light, "light was chosen");
    browser.eval(click);
    assert_ne!(browser.eval(background), light, "dark was chosen");
    assert_eq!(browser.eval("document.getElementById('theme').textContent"), json!("Theme: dark"));
    browser.eval("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(browser.eval("document.querySelectorAll('#changes .entry').length"), json!(120));
    assert_eq!(browser.said, [""; 0]);
}

/// Pictures for people to look at: `benches/pages` makes them.
#[test]
#[ignore = "makes pictures where PAGES names a folder"]
fn pictures() {
    let folder = PathBuf::from(std::env::var_os("PAGES").expect("a folder"));
    let mut browser = Browser::start().expect("Chromium");
    let mut taken = |name: &str, world: &World, line: &str| {
        let run = world.run(&format!("{line} --report html=page.html --report md=page.md"));
        assert!([0, 2].contains(&run.code), "{}", run.stderr);
        let html = world.path().join("page.html");
        fs::copy(&html, folder.join(format!("{name}.html"))).unwrap();
        fs::copy(world.path().join("page.md"), folder.join(format!("{name}.md"))).unwrap();
        for (look, whole, kind) in [
            (Look::DESK, false, "light"),
            (Look { dark: true, ..Look::DESK }, false, "dark"),
            (Look::PHONE, false, "phone"),
            (Look::DESK, true, "whole"),
        ] {
            browser.open(&html, "", look);
            browser.picture(&folder.join(format!("{name}-{kind}.png")), whole);
        }
    };
    taken("small", &desk(), "plan");
    taken("300", &many(75), "plan");
    taken("3000", &many(750), "plan");
    taken("review", &many(75), "report");
}

/// The pages of a plan and of a review of 5,000 groups with 100,000 memberships: how large they are, and when a browser shows
/// something of them. `benches/pages` runs it.
#[test]
#[ignore = "takes minutes, and measures"]
fn large_pages_are_measured() {
    let folder = PathBuf::from(std::env::var_os("PAGES").expect("a folder"));
    let mut browser = Browser::start().expect("Chromium");
    let tenant = tempfile::tempdir().unwrap();
    let pair = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pair");
    let written =
        Command::new(pair).args(["--groups", "5000", "--write"]).arg(tenant.path()).status().unwrap();
    assert!(written.success());
    let at = |name: &str| tenant.path().join(name);
    fs::rename(at("seed.yaml"), at("sandbox.yaml")).unwrap();
    // Each name means the next client: every role of every group is on another scope.
    let text = fs::read_to_string(at("rolecall.yaml")).unwrap();
    let next = |n: usize| format!("client{n}: 2b7e0000-0000-4000-8000-0000000000{:02}", (n + 1) % 10);
    let text =
        text.lines().map(|it| match it.trim().strip_prefix("client").and_then(|it| it[..1].parse().ok()) {
            Some(n) => format!("    {}\n", next(n)),
            None => format!("{it}\n"),
        });
    fs::write(at("rolecall.yaml"), text.collect::<String>() + "api: { endpoint: sandbox }\n").unwrap();
    let mut measured = String::new();
    for command in ["plan", "report"] {
        let mut run = crate::support::binary();
        run.args([command, "--report", "html=page.html"]).current_dir(tenant.path());
        let run = crate::support::Run::from(run.output().unwrap()).expect(0);
        drop(run);
        let size = fs::metadata(at("page.html")).unwrap().len();
        browser.open(&at("page.html"), "", Look::DESK);
        assert_eq!(browser.said, [""; 0]);
        let paint = browser.eval("performance.getEntriesByName('first-contentful-paint')[0].startTime");
        let ready = browser.eval("window.performance.getEntriesByName('ready')[0].startTime");
        let took = browser.eval(
            "new Promise(done => { const at = performance.now(); addEventListener('hashchange', () => done(performance.now() - at)); \
             location.hash = '#q=desk 004243'; })",
        );
        let shown = browser.eval("document.querySelectorAll('#people .entry').length");
        writeln!(measured, "{command}: {size} bytes, first paint {paint} ms, ready {ready} ms, search {took} ms, {shown} found").unwrap();
    }
    fs::write(folder.join("large.txt"), &measured).unwrap();
}
