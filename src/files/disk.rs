//! The one place that opens, makes and replaces files, so that the rules for all of them stand once.
//!
//! What is read is a regular file, looked at after it was opened, and no more of it than is allowed. What lies in a
//! workspace is read only if it really lies there, and what is written is for its owner alone and never goes through a
//! link: both may come from somebody else's change. Knows nothing of what is in a file.

use std::{
    fs::{self, File, FileType, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use super::WORKSPACE_FILE;

pub mod whole;

/// By what a file came to be read, and so how far that is trusted.
#[derive(Clone, Copy, Debug)]
pub enum Named<'f> {
    /// By what stands in this folder: it has to lie in it, wherever links lead.
    In(&'f Path),
    /// By whoever runs the program, on the command line or in the environment: anywhere, and a pipe as well.
    ByCaller,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Unread {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Which of the two stays unsaid: what exists elsewhere is nobody's business who can only write links.
    #[error("it is, or lies behind, a link that leads nowhere or out of {}", .0.display())]
    Astray(PathBuf),
    #[error("it is not a regular file but {0}")]
    NotRegular(&'static str),
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    #[error("it is not UTF-8 text")]
    NotText,
}

/// Whether a file that exists is emptied, kept as it is, or in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Existing {
    Emptied,
    Kept,
    Refused,
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
///
/// See [`Unread`]. Nothing of the content is in it.
pub fn read(path: &Path, named: Named<'_>, limit: u64) -> Result<Vec<u8>, Unread> {
    up_to(open(path, named)?, limit)
}

/// Opens a regular file of at most `limit` bytes to be read piece by piece; of one that grows meanwhile no more is read.
///
/// # Errors
///
/// See [`Unread`].
pub fn stream(path: &Path, named: Named<'_>, limit: u64) -> Result<impl io::Read, Unread> {
    let file = open(path, named)?;
    if file.metadata()?.len() > limit {
        return Err(Unread::TooLarge(limit));
    }
    Ok(file.take(limit))
}

/// Reads a regular file of text, of at most `limit` bytes.
///
/// # Errors
///
/// See [`Unread`].
pub fn text(path: &Path, named: Named<'_>, limit: u64) -> Result<String, Unread> {
    String::from_utf8(read(path, named, limit)?).map_err(|_| Unread::NotText)
}

/// Reads a regular file, or of a larger one the first `most` bytes.
///
/// # Errors
///
/// See [`Unread`].
pub fn beginning(path: &Path, named: Named<'_>, most: u64) -> Result<Vec<u8>, Unread> {
    from_opened(open(path, named)?, most)
}

/// Reads a secret of at most `limit` bytes, and says whether others than its owner may read the file too.
///
/// # Errors
///
/// See [`Unread`].
pub fn secret(path: &Path, limit: u64) -> Result<(SecretString, Readers), Unread> {
    let file = open(path, Named::ByCaller)?;
    let readers = readers(&file.metadata()?);
    let text = String::from_utf8(up_to(file, limit)?).map_err(|_| Unread::NotText)?;
    Ok((text.into(), readers))
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Readers {
    Owner,
    Others,
}

/// Opens a file for writing that only its owner may read.
///
/// # Errors
///
/// Where it is or lies behind a link (see [`through_link`]), or cannot be opened.
pub fn create(path: &Path, existing: Existing) -> io::Result<File> {
    through_link(path)?;
    let mut options = OpenOptions::new();
    // Appended to: what two processes write to one file does not lie over each other.
    match existing {
        // It may lead to a file that others write to as well.
        _ if is_stream(path) => options.append(true),
        Existing::Refused => options.append(true).create_new(true),
        Existing::Emptied | Existing::Kept => options.write(true).create(true).truncate(false),
    };
    #[cfg(unix)]
    {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        if !is_stream(path) {
            flags(&mut options, rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NOCTTY);
        }
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() && existing != Existing::Refused && !is_stream(path) {
        own(&file);
        if existing == Existing::Emptied {
            file.set_len(0)?;
        }
    }
    Ok(file)
}

/// Puts a file into a place, whole or not at all, for these readers; a pipe or device is written to.
///
/// # Errors
///
/// As of [`create`].
pub fn replace(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    through_link(path)?;
    if is_stream(path) || fs::metadata(path).is_ok_and(|it| !it.is_file()) {
        return create(path, Existing::Emptied)?.write_all(content);
    }
    let mut made = tempfile::Builder::new();
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::from_mode(match readers {
        Readers::Owner => 0o600,
        Readers::Others => 0o644,
    });
    #[cfg(unix)]
    made.permissions(mode);
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = made.tempfile_in(around(path))?;
    file.write_all(content)?;
    file.as_file().sync_data()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Takes a file away that nobody needs; where it stays, nothing is said.
pub fn forget(path: &Path) {
    if through_link(path).is_ok() {
        let _ = fs::remove_file(path);
    }
}

/// Makes sure that a file still holds the text that was read from it.
///
/// # Errors
///
/// Where it does not, cannot be read, or lies behind a link (see [`through_link`]).
pub fn unchanged(path: &Path, text: &str) -> io::Result<()> {
    through_link(path)?;
    let now = read(path, Named::ByCaller, text.len() as u64 + 1);
    if now.is_ok_and(|it| it == text.as_bytes()) {
        return Ok(());
    }
    Err(io::Error::other("it is not what it was when it was read"))
}

/// Puts new files into places where nothing is, all of them or none and each whole, and makes folders as far as they are
/// missing.
///
/// # Errors
///
/// Names the file that cannot be made; those that were made before it are gone again, folders stay.
pub fn place(files: &[(PathBuf, String)]) -> Result<(), (PathBuf, io::Error)> {
    for (done, (path, text)) in files.iter().enumerate() {
        if let Err(error) = folder(around(path)).and_then(|()| put(path, text)) {
            files[..done].iter().for_each(|it| _ = fs::remove_file(&it.0));
            return Err((path.clone(), error));
        }
    }
    Ok(())
}

/// Puts a new file into a place where nothing is. Not waited for until it is on the disk: it can be made again, and there may
/// be thousands.
fn put(path: &Path, text: &str) -> io::Result<()> {
    through_link(path)?;
    let mut file = tempfile::NamedTempFile::new_in(around(path))?;
    file.write_all(text.as_bytes())?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// Puts a file that is for everybody into a place, whole or not at all.
///
/// # Errors
///
/// As of [`create`].
pub fn publish(path: &Path, content: &[u8]) -> io::Result<()> {
    through_link(path)?;
    let mut options = tempfile::Builder::new();
    #[cfg(unix)]
    options.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = options.tempfile_in(around(path))?;
    file.write_all(content)?;
    file.as_file().sync_data()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Puts a new text in the place of one that was read, whole or not at all; who may read and write it stays as it is.
/// A link that leads to it stays a link.
///
/// # Errors
///
/// Where it is not what it was when it was read, or as of [`read`] and [`create`].
pub fn rewrite(path: &Path, named: Named<'_>, old: &str, new: &str) -> Result<(), Unread> {
    let path = match named {
        Named::In(folder) => inside(path, folder)?,
        Named::ByCaller => fs::canonicalize(path)?,
    };
    let limit = old.len() as u64;
    let is_same = match read(&path, Named::ByCaller, limit) {
        Ok(there) => there == old.as_bytes(),
        Err(Unread::TooLarge(_)) => false,
        Err(error) => return Err(error),
    };
    if !is_same {
        return Err(io::Error::other("it was changed by somebody else meanwhile").into());
    }
    let mut file = tempfile::NamedTempFile::new_in(around(&path))?;
    file.write_all(new.as_bytes())?;
    file.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
    file.as_file().sync_data()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Makes a folder and those around it, as far as they are missing.
///
/// # Errors
///
/// Where what is in it would lie behind a link (see [`through_link`]), or it cannot be made.
pub fn folder(path: &Path) -> io::Result<()> {
    through_link(&path.join("any"))?;
    fs::create_dir_all(path)
}

/// The same of a folder that only its owner may enter, whatever it was before.
///
/// # Errors
///
/// As of [`folder`], and where it is somebody else's.
pub fn private_folder(path: &Path) -> io::Result<()> {
    folder(path)?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// The folder that a file is in.
pub fn around(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Refuses what would be written somewhere else than where it is said: a path that is a link, or that goes through one
/// below the current folder or a workspace, whose content may come from a change. Those above are the machine's own.
///
/// # Errors
///
/// Names the link.
pub fn through_link(path: &Path) -> io::Result<()> {
    if is_stream(path) {
        return Ok(());
    }
    let whole = std::path::absolute(path)?;
    let within = |top: &Path| whole.strip_prefix(top).is_ok();
    let here = std::env::current_dir().ok().filter(|it| within(it));
    let top = here.or_else(|| {
        whole.ancestors().skip(1).filter(|it| it.join(WORKSPACE_FILE).is_file()).last().map(Path::to_owned)
    });
    let links = whole.ancestors().take_while(|it| top.as_deref().map_or(*it == whole, |top| *it != top));
    let links = links.filter(|it| fs::symlink_metadata(it).is_ok_and(|it| it.is_symlink()));
    match links.last() {
        None => Ok(()),
        Some(link) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} is a link, and nothing is written through links", link.display()),
        )),
    }
}

/// Whether a path is one of the machine's own names for something that is open already, or for nothing.
pub(super) fn is_stream(path: &Path) -> bool {
    ["/dev", "/dev/fd", "/proc/self/fd"].map(Path::new).contains(&around(path))
}

fn open(path: &Path, named: Named<'_>) -> Result<File, Unread> {
    let (path, pipe) = match named {
        Named::In(folder) => (inside(path, folder)?, false),
        Named::ByCaller => (path.to_owned(), true),
    };
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        // Whatever it is, opening it does not wait, and reading what has nothing to say does not either.
        let link = if pipe { OFlags::empty() } else { OFlags::NOFOLLOW };
        flags(&mut options, link | OFlags::NONBLOCK | OFlags::NOCTTY);
    }
    let file = options.open(&path)?;
    let kind = file.metadata()?.file_type();
    match what_is(kind) {
        None => Ok(file),
        Some("a pipe") if pipe => {
            // Opened once more to wait for who writes to it, which is what a pipe is for.
            let file = File::open(&path)?;
            match what_is(file.metadata()?.file_type()) {
                None | Some("a pipe") => Ok(file),
                Some(what) => Err(Unread::NotRegular(what)),
            }
        }
        Some(what) => Err(Unread::NotRegular(what)),
    }
}

/// Where a path leads, if that is in the folder.
fn inside(path: &Path, folder: &Path) -> Result<PathBuf, Unread> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let astray = || Unread::Astray(folder.to_owned());
    let whole = match fs::canonicalize(path) {
        Ok(whole) => whole,
        Err(_) if fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink()) => return Err(astray()),
        Err(error) => return Err(error.into()),
    };
    if whole.starts_with(fs::canonicalize(folder)?) { Ok(whole) } else { Err(astray()) }
}

/// What it is, unless it is a regular file.
fn what_is(kind: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    if kind.is_dir() {
        return Some("a folder");
    }
    (!kind.is_file()).then_some("something else")
}

fn up_to(file: File, limit: u64) -> Result<Vec<u8>, Unread> {
    let bytes = from_opened(file, limit.saturating_add(1))?;
    if bytes.len() as u64 > limit { Err(Unread::TooLarge(limit)) } else { Ok(bytes) }
}

fn from_opened(file: File, most: u64) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    // A hint, from what was opened: doubled until it fits, a large file would take up to twice its size.
    let size = file.metadata()?.len().min(most);
    bytes.try_reserve_exact(usize::try_from(size).unwrap_or(0)).map_err(io::Error::other)?;
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
fn flags(options: &mut OpenOptions, flags: rustix::fs::OFlags) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.custom_flags(flags.bits().cast_signed());
}

#[cfg(unix)]
fn readers(of: &fs::Metadata) -> Readers {
    let mode = std::os::unix::fs::PermissionsExt::mode(&of.permissions());
    if of.is_file() && mode & 0o044 != 0 { Readers::Others } else { Readers::Owner }
}

#[cfg(not(unix))]
fn readers(_: &fs::Metadata) -> Readers {
    Readers::Owner
}

/// Takes a file from others that could read it so far. Somebody else's stays theirs.
#[cfg(unix)]
fn own(file: &File) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    let _ = file.set_permissions(mode);
}

#[cfg(not(unix))]
fn own(_: &File) {}

#[cfg(test)]
mod tests;
