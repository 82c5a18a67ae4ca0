//! What is read and written, and what is refused, by what it is and where it lies.

#![cfg(unix)]

use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _, symlink},
        net::UnixListener,
    },
    process::Command,
};

use super::*;

/// A workspace `in` with a file, and a folder `out` beside it.
fn world() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["in/deep", "out"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    for (name, text) in [("in/rolecall.yaml", ""), ("in/deep/a", "inside"), ("out/a", "outside")] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn what_lies_in_a_folder_is_read_wherever_links_within_it_lead() {
    let world = world();
    let at = |name: &str| world.path().join(name);
    symlink("deep/a", at("in/near")).unwrap();
    symlink("deep", at("in/folder")).unwrap();
    symlink("../in/deep/a", at("in/roundabout")).unwrap();
    for name in ["in/deep/a", "in/near", "in/folder/a", "in/roundabout", "in/deep/../deep/a"] {
        let read = |limit| read(&at(name), Named::In(&at("in")), limit);
        assert_eq!(read(6).unwrap(), b"inside", "{name}");
        assert!(matches!(read(5), Err(Unread::TooLarge(5))), "{name}");
    }
    assert_eq!(beginning(&at("in/deep/a"), Named::In(&at("in")), 3).unwrap(), b"ins");
}

#[test]
fn what_a_link_says_of_elsewhere_is_not_read_and_not_told() {
    let world = world();
    let at = |name: &str| world.path().join(name);
    for (n, to) in [
        "../out/a",
        "../out/missing",
        "nowhere",
        "/proc/self/environ",
        "/proc/self/pagemap",
        "/dev/zero",
        "/dev/stdin",
        "/proc/self/fd/0",
        "itself",
    ]
    .into_iter()
    .enumerate()
    {
        let link = at(&format!("in/{n}"));
        symlink(if to == "itself" { link.to_str().unwrap() } else { to }, &link).unwrap();
        let refused = read(&link, Named::In(&at("in")), 1 << 20).unwrap_err();
        assert!(matches!(refused, Unread::Astray(_)), "{to}: {refused}");
    }
    symlink("../out", at("in/linked")).unwrap();
    for name in ["in/linked/a", "out/a", "in/../out/a"] {
        let refused = read(&at(name), Named::In(&at("in")), 1 << 20).unwrap_err();
        assert!(matches!(refused, Unread::Astray(_)), "{name}: {refused}");
    }
}

#[test]
fn only_regular_files_are_read_and_of_the_caller_pipes() {
    let world = world();
    let at = |name: &str| world.path().join(name);
    fifo(&at("in/pipe"));
    let _socket = UnixListener::bind(at("in/socket")).unwrap();
    for (path, what) in [(at("in/pipe"), "a pipe"), (at("in/deep"), "a folder"), (at("in/socket"), "")] {
        let refused = read(&path, Named::In(&at("in")), 9).unwrap_err();
        assert!(what.is_empty() || matches!(refused, Unread::NotRegular(it) if it == what), "{refused}");
    }
    for device in ["/dev/zero", "/dev/null", "/dev/full"] {
        let refused = read(Path::new(device), Named::ByCaller, 9).unwrap_err();
        assert!(matches!(refused, Unread::NotRegular("a device")), "{device}: {refused}");
    }
    let pipe = at("in/pipe");
    let writer = std::thread::spawn(move || fs::write(pipe, "written later"));
    assert_eq!(text(&at("in/pipe"), Named::ByCaller, 99).unwrap(), "written later");
    writer.join().unwrap().unwrap();
    symlink("../out/a", at("in/link")).unwrap();
    assert_eq!(text(&at("in/link"), Named::ByCaller, 99).unwrap(), "outside", "the caller may mean it");
    // Its size says nothing: it is 0.
    assert!(matches!(read(Path::new("/proc/self/maps"), Named::ByCaller, 99), Err(Unread::TooLarge(99))));
    fs::write(at("in/bytes"), [0xff]).unwrap();
    assert!(matches!(text(&at("in/bytes"), Named::ByCaller, 9), Err(Unread::NotText)));
}

#[test]
fn what_is_written_is_for_its_owner_alone() {
    let world = world();
    let at = |name: &str| world.path().join("in").join(name);
    let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
    let open = |name: &str| {
        fs::write(at(name), "old").unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o644)).unwrap();
    };
    for existing in [Existing::Refused, Existing::Emptied, Existing::Kept] {
        let new = format!("new {existing:?}");
        create(&at(&new), existing).unwrap().write_all(b"x").unwrap();
        assert_eq!((mode(&new), fs::read(at(&new)).unwrap()), (0o600, b"x".to_vec()), "{new}");
        let old = format!("old {existing:?}");
        open(&old);
        let made = create(&at(&old), existing);
        let (expected, mode_then) = match existing {
            Existing::Refused => ("old", 0o644),
            Existing::Emptied => ("", 0o600),
            Existing::Kept => ("old", 0o600),
        };
        assert_eq!(made.is_err(), existing == Existing::Refused);
        assert_eq!((&*fs::read_to_string(at(&old)).unwrap(), mode(&old)), (expected, mode_then), "{old}");
    }
    open("whole");
    replace(&at("whole"), b"new", Readers::Owner).unwrap();
    assert_eq!((fs::read_to_string(at("whole")).unwrap(), mode("whole")), ("new".to_owned(), 0o600));
    fs::write(at("usual"), "").unwrap();
    for (readers, expected) in [(Readers::Others, mode("usual") & 0o644), (Readers::Owner, 0o600)] {
        replace(&at("whole"), b"again", readers).unwrap();
        assert_eq!(mode("whole"), expected, "whoever could read it before");
    }
    fifo(&at("pipe"));
    let pipe = at("pipe");
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    replace(&at("pipe"), b"through it", Readers::Owner).unwrap();
    assert_eq!(reader.join().unwrap(), "through it");
    assert!(fs::metadata(at("pipe")).unwrap().file_type().is_fifo());
    replace(Path::new("/dev/null"), b"x", Readers::Owner).unwrap();
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn nothing_is_written_through_a_link_of_a_workspace() {
    let world = world();
    let at = |name: &str| world.path().join("in").join(name);
    for (link, to) in
        [("file", "../out/a"), ("near", "deep/a"), ("missing", "../out/new"), ("null", "/dev/null")]
    {
        symlink(to, at(link)).unwrap();
    }
    symlink("../out", at(".rolecall")).unwrap();
    assert!(folder(&at(".rolecall")).is_err(), "what is put into it would be elsewhere");
    for name in ["file", "near", "missing", "null", ".rolecall/new", ".rolecall/a", ".rolecall/deep/new"] {
        for existing in [Existing::Refused, Existing::Emptied, Existing::Kept] {
            let refused = create(&at(name), existing).unwrap_err().to_string();
            assert!(refused.contains("is a link"), "{name}: {refused}");
        }
        assert!(replace(&at(name), b"x", Readers::Owner).is_err(), "{name}");
        assert!(folder(&at(name)).is_err(), "{name}");
    }
    let out = world.path().join("out");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(out.join("a")).unwrap(), "outside");
    assert_eq!(fs::read_to_string(at("deep/a")).unwrap(), "inside");
    // Above a workspace links are the machine's own.
    symlink("in", world.path().join("way")).unwrap();
    folder(&world.path().join("way")).unwrap();
    replace(&world.path().join("way/new"), b"x", Readers::Owner).unwrap();
    folder(&world.path().join("way/some/folder")).unwrap();
    assert!(at("some/folder").is_dir() && at("new").is_file());
}

#[test]
fn a_new_text_takes_the_place_of_the_one_that_was_read_and_of_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    fs::write(&path, "theirs, and longer").unwrap();
    for old in ["", "read", "theirs, and shorter", "theirs, and longer than that"] {
        let error = rewrite(&path, Named::In(folder.path()), old, "new").unwrap_err();
        assert!(error.to_string().contains("changed by somebody else"), "{error}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs, and longer");
    rewrite(&path, Named::In(folder.path()), "theirs, and longer", "new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    let outside = tempfile::tempdir().unwrap();
    let error = rewrite(&path, Named::In(outside.path()), "new", "newer").unwrap_err();
    assert!(matches!(error, Unread::Astray(_)), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn new_files_are_made_all_or_none() {
    let world = world();
    let at = |name: &str| world.path().join("in").join(name);
    let files = |names: &[&str]| names.iter().map(|it| (at(it), (*it).to_owned())).collect::<Vec<_>>();
    symlink("../out", at("link")).unwrap();
    for (in_the_way, names) in [
        ("deep/a", &["one", "new/two", "deep/a", "three"][..]),
        ("link/new", &["one", "link/new"]),
        ("deep/a/b", &["one", "deep/a/b"]),
    ] {
        let (path, _) = place(&files(names)).unwrap_err();
        assert_eq!(path, at(in_the_way));
        assert!(!at("one").exists() && !at("new/two").exists(), "{in_the_way}");
    }
    assert_eq!(fs::read_to_string(at("deep/a")).unwrap(), "inside");
    assert_eq!(fs::read_dir(world.path().join("out")).unwrap().count(), 1);
    place(&files(&["one", "new/two"])).unwrap();
    assert_eq!(fs::read_to_string(at("new/two")).unwrap(), "new/two");
}
