//! The files of a workspace as they are at a commit: what a change is compared with. Asks `git`, and only reads.
//!
//! The repository is the one that the workspace lies in, as `git` itself finds it. What a change brings along is not
//! obeyed: no hook, filter or `textconv` is run, a bare repository among its files is passed over, links are not followed,
//! and nothing is fetched. The environment is the caller's, and `GIT_DIR` in it is believed.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    MAX_FILE_BYTES,
    git::{self, Answer, MOST},
};

/// A commit of the repository that a workspace lies in.
#[derive(Clone, Debug)]
pub struct Base {
    /// As it was given: a branch, a tag, a commit.
    reference: Box<str>,
    /// All digits of its id.
    commit: Box<str>,
    root: PathBuf,
    /// The folder of the workspace in the repository, with a slash at its end; empty where it is the top.
    prefix: String,
}

/// Why the files of a commit could not be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BaseError {
    #[error("`{0}` is not the name of a commit")]
    Name(String),
    #[error("commits are read with git, and git cannot be run")]
    NoGit(#[source] io::Error),
    #[error("{} is not in a Git repository that can be read{}", .root.display(), in_words(.said))]
    NoRepository { root: PathBuf, said: String },
    #[error("`{reference}` is not a commit of this repository{}", if *.shallow { ", which is a shallow clone" } else { "" })]
    NoCommit { reference: Box<str>, shallow: bool },
    #[error("git cannot read the files of `{reference}`{}", in_words(.said))]
    Unreadable { reference: Box<str>, said: String },
}

fn in_words(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|it| !it.is_empty());
    line.map_or_else(String::new, |it| format!(": {it}"))
}

impl BaseError {
    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Name(_) => "give a branch, a tag or a commit, such as `origin/main`".to_owned(),
            Self::NoGit(_) => "install git where rolecall runs, or do without `--base`".to_owned(),
            Self::NoRepository { .. } => {
                "check out the repository there, or do without `--base`; git says why with `git -C DIR status`".to_owned()
            }
            Self::NoCommit { reference, .. } => {
                let branch = reference.strip_prefix("origin/").unwrap_or("main");
                format!("fetch it first: `git fetch origin {branch}` (in GitHub Actions `fetch-depth: 0` of actions/checkout)")
            }
            Self::Unreadable { .. } => "fetch all of the commit: `git fetch origin` with the name of its branch".to_owned(),
        }
    }
}

impl Base {
    /// Finds the commit that `reference` names in the repository around `root`.
    ///
    /// # Errors
    ///
    /// Where git, the repository or the commit is missing.
    pub fn open(root: &Path, reference: &str) -> Result<Self, BaseError> {
        let odd = |it: char| it.is_whitespace() || it.is_control();
        if reference.is_empty() || reference.starts_with('-') || reference.contains(odd) {
            return Err(BaseError::Name(reference.to_owned()));
        }
        let mut base = Self {
            reference: reference.into(),
            commit: "".into(),
            root: root.to_owned(),
            prefix: String::new(),
        };
        let inside = base.git(["rev-parse", "--is-inside-work-tree", "--show-prefix"])?;
        let told = String::from_utf8_lossy(&inside.out).into_owned();
        base.prefix = match told.split_once('\n') {
            Some(("true", prefix)) if inside.is_ok => prefix.trim_end_matches('\n').to_owned(),
            Some(_) | None => return Err(BaseError::NoRepository { root: base.root, said: inside.said }),
        };
        let object = format!("{reference}^{{commit}}");
        let found = base.git(["rev-parse", "--verify", "--quiet", "--end-of-options", &object])?;
        let commit = String::from_utf8_lossy(&found.out).trim().to_owned();
        if !found.is_ok || commit.is_empty() || !commit.bytes().all(|it| it.is_ascii_hexdigit()) {
            let shallow = base.git(["rev-parse", "--is-shallow-repository"])?.out.starts_with(b"true");
            return Err(BaseError::NoCommit { reference: base.reference, shallow });
        }
        base.commit = commit.into();
        Ok(base)
    }

    /// The same repository at another commit, by its id.
    pub(super) fn at(&self, commit: &str) -> Self {
        Self { commit: commit.into(), ..self.clone() }
    }

    /// Whether commits are missing that others come from.
    pub(super) fn is_shallow(&self) -> Result<bool, BaseError> {
        Ok(self.git(["rev-parse", "--is-shallow-repository"])?.out.starts_with(b"true"))
    }

    /// What git says to a question about commits.
    pub(super) fn told<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<String, BaseError> {
        let answer = self.git(arguments)?;
        match answer.is_ok {
            true => Ok(String::from_utf8_lossy(&answer.out).into_owned()),
            false => Err(self.unreadable(&answer.said)),
        }
    }

    /// What was given to name it.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// All digits of the id of the commit.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The files of the workspace that are `wanted` by their path in it, sorted, with their bytes as they are in the
    /// commit. Links, submodules and what is too large are no files.
    ///
    /// # Errors
    ///
    /// Where git cannot read them.
    pub fn files(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, BaseError> {
        let unreadable = |said: &str| self.unreadable(said);
        let list = ["ls-tree", "-r", "-z", "-l", "--full-tree", &self.commit, "--", &self.prefix];
        let list = self.git(list.iter().copied().filter(|it| !it.is_empty()))?;
        if !list.is_ok {
            return Err(unreadable(&list.said));
        }
        let mut found = Vec::new();
        for entry in list.out.split(|it| *it == 0).filter(|it| !it.is_empty()) {
            let entry = String::from_utf8_lossy(entry);
            let Some((head, path)) = entry.split_once('\t') else { return Err(unreadable("an odd list")) };
            let Some(path) = path.strip_prefix(&self.prefix).filter(|it| wanted(it)) else { continue };
            let mut words = head.split_whitespace();
            let (mode, _, object, size) = (words.next(), words.next(), words.next(), words.next());
            let is_file = mode.is_some_and(|it| it.starts_with("100"));
            let fits = size.and_then(|it| it.parse().ok()).is_some_and(|it: u64| it <= MAX_FILE_BYTES);
            if is_file && fits {
                found.push((path.to_owned(), object.unwrap_or_default().to_owned()));
            }
        }
        found.sort();
        self.contents(found)
    }

    /// Reads objects by their ids.
    fn contents(&self, objects: Vec<(String, String)>) -> Result<Vec<(String, Vec<u8>)>, BaseError> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let asked: String = objects.iter().map(|it| format!("{}\n", it.1)).collect();
        let most = MOST.saturating_add(MAX_FILE_BYTES);
        let answer = self.run(["cat-file", "--batch"], asked, most)?;
        let mut rest = &answer.out[..];
        let mut files = Vec::with_capacity(objects.len());
        for (path, object) in objects {
            let head = rest.iter().position(|it| *it == b'\n').map(|at| rest.split_at(at + 1));
            let (head, body) = head.ok_or_else(|| self.unreadable(&answer.said))?;
            let head = String::from_utf8_lossy(head);
            let size = head.trim().strip_prefix(&format!("{object} blob ")).and_then(|it| it.parse().ok());
            let size: usize = size.ok_or_else(|| self.unreadable(&head))?;
            let bytes = body.get(..size).ok_or_else(|| self.unreadable(&answer.said))?;
            rest = body.get(size + 1..).unwrap_or_default();
            files.push((path, bytes.to_owned()));
        }
        Ok(files)
    }

    fn unreadable(&self, said: &str) -> BaseError {
        BaseError::Unreadable { reference: self.reference.clone(), said: said.to_owned() }
    }

    fn git<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<Answer, BaseError> {
        self.run(arguments, String::new(), MOST)
    }

    fn run<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        input: String,
        most: u64,
    ) -> Result<Answer, BaseError> {
        git::run(&self.root, arguments, input, most).map_err(BaseError::NoGit)
    }
}
