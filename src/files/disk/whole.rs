//! A folder of files that belong together and are one person's: all of them are put there, or none.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use super::{Existing, around, create, folder, through_link};

/// What there is where a folder of files is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum There {
    Nothing,
    EmptyFolder,
    /// A folder with something in it, or no folder.
    Something,
}

/// Looks what there is.
///
/// # Errors
///
/// Where that cannot be known.
pub fn there(path: &Path) -> io::Result<There> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(There::Nothing),
        Err(error) => Err(error),
        Ok(it) if !it.is_dir() => Ok(There::Something),
        Ok(_) if fs::read_dir(path)?.next().is_none() => Ok(There::EmptyFolder),
        Ok(_) => Ok(There::Something),
    }
}

/// Puts files, each with its name, that only their owner may read into a folder, in the place of those of these names, and
/// takes others away. A folder that is missing is made for its owner alone; who may enter one that is there stays as it is.
///
/// They are written beside first: where one cannot be, nothing is there that was not there before.
///
/// # Errors
///
/// Where one cannot be written, or what is to be replaced is no regular file; and as of [`create`].
pub fn fill(into: &Path, files: &[(String, String)], gone: &[String]) -> io::Result<()> {
    through_link(&into.join("any"))?;
    let is_new = there(into)? == There::Nothing;
    let beside = if is_new { around(into) } else { into };
    folder(beside)?;
    let mut made = tempfile::Builder::new();
    made.prefix(".rolecall-");
    #[cfg(unix)]
    made.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let stage = made.tempdir_in(beside)?;
    for (name, text) in files {
        let mut file = create(&stage.path().join(name), Existing::Refused)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
    }
    if is_new {
        // The folder that was written to is the one that stays; there is nothing to clean up where it went.
        return fs::rename(stage.path(), into);
    }
    let in_the_way = |name: &&str| fs::symlink_metadata(into.join(name)).is_ok_and(|it| !it.is_file());
    if let Some(name) = files.iter().map(|it| &*it.0).find(in_the_way) {
        return Err(io::Error::other(format!("{name} is there and is not a regular file")));
    }
    for (name, _) in files {
        fs::rename(stage.path().join(name), into.join(name))?;
    }
    for name in gone.iter().filter(|it| !files.iter().any(|file| file.0 == **it)) {
        let _ = fs::remove_file(into.join(name));
    }
    Ok(())
}

/// Whether others than its owner may look into a folder.
#[cfg(unix)]
pub fn is_open(folder: &Path) -> bool {
    let mode = |it: fs::Metadata| std::os::unix::fs::PermissionsExt::mode(&it.permissions());
    fs::metadata(folder).is_ok_and(|it| mode(it) & 0o077 != 0)
}

/// The same where files have no such modes.
#[cfg(not(unix))]
pub fn is_open(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<(String, String)> {
        names.iter().map(|it| ((*it).to_owned(), (*it).to_uppercase())).collect()
    }

    fn all(folder: &Path) -> Vec<String> {
        let all = fs::read_dir(folder).into_iter().flatten();
        let mut all: Vec<String> = all.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        all.sort();
        all
    }

    #[test]
    fn all_files_are_put_or_none() {
        let top = tempfile::tempdir().unwrap();
        let (new, old) = (top.path().join("deep/new"), top.path().join("old"));
        fill(&new, &files(&["a", "b"]), &[]).unwrap();
        assert_eq!(
            (all(&new), all(&top.path().join("deep"))),
            (vec!["a".into(), "b".into()], vec!["new".into()])
        );
        fs::create_dir_all(old.join("b")).unwrap();
        fs::write(old.join("a"), "mine").unwrap();
        fs::write(old.join("c"), "mine").unwrap();
        for names in [&["a", "b"][..], &["a", "x/y"], &["a", "a"]] {
            assert!(fill(&old, &files(names), &["c".into()]).is_err(), "{names:?}");
            assert_eq!(all(&old), ["a", "b", "c"], "{names:?}");
            assert_eq!(fs::read_to_string(old.join("a")).unwrap(), "mine", "{names:?}");
        }
        assert!(fill(&top.path().join("other"), &files(&["a", "x/y"]), &[]).is_err());
        assert_eq!(all(top.path()), ["deep", "old"]);
        fill(&old, &files(&["a", "d"]), &["c".into(), "d".into(), "e".into()]).unwrap();
        assert_eq!(all(&old), ["a", "b", "d"]);
        assert_eq!(fs::read_to_string(old.join("a")).unwrap(), "A");
        for (path, is) in [
            ("old", There::Something),
            ("old/a", There::Something),
            ("none", There::Nothing),
            ("old/b", There::EmptyFolder),
        ] {
            assert_eq!(there(&top.path().join(path)).unwrap(), is, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn who_may_enter_a_folder_that_is_there_stays_as_it_is() {
        use std::os::unix::fs::PermissionsExt as _;
        let top = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for (name, before, after) in
            [("a", Some(0o755), 0o755), ("b", Some(0o750), 0o750), ("c", None, 0o700)]
        {
            let folder = top.path().join(name);
            if let Some(before) = before {
                fs::create_dir(&folder).unwrap();
                fs::set_permissions(&folder, fs::Permissions::from_mode(before)).unwrap();
            }
            fill(&folder, &files(&["x"]), &[]).unwrap();
            assert_eq!((mode(&folder), mode(&folder.join("x"))), (after, 0o600), "{name}");
            assert_eq!(is_open(&folder), before.is_some(), "{name}");
        }
    }
}
