//! The state file: the objects between two runs, written whole, atomically, and by one process only.
//!
//! It holds no secrets and no tokens: clients, tokens, dialect and faults come
//! from the seed at every start.

use std::{
    fs::{File, TryLockError},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError, RwLock},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{
    error::SandboxError,
    store::{Objects, Store},
};
use crate::files::disk::{self, Existing, Named, Unread};

/// How long a starting sandbox waits for another one to let go of the state.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of a state that is read: some millions of memberships.
const SIZE_LIMIT: u64 = 1 << 30;
const LOCK_RETRY: Duration = Duration::from_millis(50);

/// The right to write a state file, held as long as this lives.
pub(super) struct StateFile {
    path: PathBuf,
    _lock: File,
    /// The generation of the store that the file holds; none before the first is written.
    saved: Mutex<Option<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    objects: Objects,
}

impl StateFile {
    /// Locks the state at `path`, which need not exist, and reads it; gives up on the lock after ten seconds.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<Objects>), SandboxError> {
        Self::open_within(path, LOCK_PATIENCE)
    }

    fn open_within(path: &Path, patience: Duration) -> Result<(Self, Option<Objects>), SandboxError> {
        let failed = |source| SandboxError::WriteState(path.to_owned(), source);
        disk::folder(disk::around(path)).map_err(failed)?;
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let lock = disk::create(Path::new(&lock_path), Existing::Kept).map_err(failed)?;
        let since = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if since.elapsed() < patience => thread::sleep(LOCK_RETRY),
                Err(TryLockError::WouldBlock) => return Err(SandboxError::Locked(path.to_owned())),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        // It will be written, so that a link is in its place as little as in that of another.
        disk::through_link(path).map_err(failed)?;
        let objects = match disk::read(path, Named::In(disk::around(path)), SIZE_LIMIT) {
            Ok(bytes) => Some(parse(&bytes, path)?),
            Err(Unread::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(SandboxError::ReadState(path.to_owned(), source)),
        };
        Ok((Self { path: path.to_owned(), _lock: lock, saved: Mutex::new(None) }, objects))
    }

    /// Comes back once `generation` of `store`, or a later one, is in the file.
    ///
    /// The first writes for all that wait behind the lock: a hundred concurrent writers cost a handful of files.
    /// Where the file cannot be written the old one is still there.
    pub(super) fn save(&self, store: &RwLock<Store>, generation: u64) -> io::Result<()> {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        if saved.is_some_and(|saved| saved >= generation) {
            return Ok(());
        }
        let (text, written) = {
            let store = store.read().unwrap_or_else(PoisonError::into_inner);
            (render(&store)?, store.generation())
        };
        disk::replace(&self.path, &text, disk::Readers::Owner)?;
        *saved = Some(written);
        Ok(())
    }
}

fn parse(bytes: &[u8], path: &Path) -> Result<Objects, SandboxError> {
    let form: Form =
        serde_json::from_slice(bytes).map_err(|it| SandboxError::StateForm(path.to_owned(), it.into()))?;
    match form.version {
        1 => Ok(form.objects),
        version => Err(SandboxError::StateVersion { path: path.to_owned(), version }),
    }
}

/// The file's content: JSON with one object a line, so that two states can be compared by eye.
fn render(store: &Store) -> io::Result<Vec<u8>> {
    let mut out = BufWriter::new(Vec::new());
    write!(out, "{{\"version\":1,\"objects\":{{\"created\":{}", store.created())?;
    section(&mut out, "companies", store.companies())?;
    section(&mut out, "roles", store.roles())?;
    section(&mut out, "users", store.users())?;
    section(&mut out, "groups", store.groups())?;
    out.write_all(b"}}\n")?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

fn section<T: Serialize>(
    out: &mut impl Write,
    name: &str,
    rows: impl IntoIterator<Item = T>,
) -> io::Result<()> {
    write!(out, ",\n\"{name}\":[")?;
    for (n, row) in rows.into_iter().enumerate() {
        out.write_all(if n == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &row)?;
    }
    out.write_all(b"]")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{super::seed::Seed, *};
    use crate::sandbox::{clock::Clock, seed_builder::build};

    #[test]
    fn what_was_saved_is_what_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/state.json");
        let objects = build(&Seed::built_in().unwrap(), "test", Clock::System.now()).unwrap();
        let store = RwLock::new(Store::new(objects));
        let (file, nothing) = StateFile::open(&path).unwrap();
        assert!(nothing.is_none());
        file.save(&store, 0).unwrap();
        drop(file);
        let (_file, objects) = StateFile::open(&path).unwrap();
        let again = render(&Store::new(objects.unwrap())).unwrap();
        assert_eq!(again, fs::read(&path).unwrap());
    }

    #[test]
    fn a_state_in_use_is_refused_and_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let _first = StateFile::open(&path).unwrap();
        let second = StateFile::open_within(&path, Duration::from_millis(60)).err().unwrap();
        assert!(matches!(second, SandboxError::Locked(_)), "{second}");
        assert!(second.to_string().contains("state.json"));
    }

    #[test]
    fn a_broken_state_says_how_to_start_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        for broken in [
            "",
            "{}",
            r#"{"version":2,"objects":{"created":0,"companies":[],"roles":[],"users":[],"groups":[]}}"#,
        ] {
            fs::write(&path, broken).unwrap();
            let error = StateFile::open(&path).err().unwrap();
            assert!(error.hint().unwrap().contains("another file"), "{error}");
        }
    }
}
