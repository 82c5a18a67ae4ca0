//! Credentials and other secrets: from the environment, or from files that it names, and from nowhere else.

use std::{
    collections::BTreeSet,
    env::{self, VarError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rolecall::{
    files::disk::{self, Readers, Unread},
    live::api::Credentials,
    model::escape,
    report::render,
};
use secrecy::{ExposeSecret, SecretString};

use super::{Exit, Failure};

const TOKEN: &str = "ROLECALL_TOKEN";
const ID: &str = "ROLECALL_CLIENT_ID";
const SECRET: &str = "ROLECALL_CLIENT_SECRET";
/// Most bytes of a file that holds one.
const LONGEST: u64 = 64 << 10;
/// Fewest characters of a token or a secret.
const LEAST: usize = 8;
/// The same for an API on this very machine, such as a sandbox.
const LEAST_ON_LOOPBACK: usize = 4;

/// The variables that hold the credentials of an endpoint; of one that has a name they end with it.
pub(super) struct Variables {
    token: String,
    id: String,
    secret: String,
}

impl Variables {
    pub(super) fn new(suffix: &str) -> Self {
        let named = |it: &str| format!("{it}{suffix}");
        Self { token: named(TOKEN), id: named(ID), secret: named(SECRET) }
    }

    /// Whether the environment says anything of these.
    pub(super) fn are_set(&self) -> bool {
        let names = [&self.token, &self.id, &self.secret].map(|it| [it.clone(), format!("{it}_FILE")]);
        let is_set = |name: &String| env::var_os(name).is_some_and(|it| !it.is_empty());
        names.as_flattened().iter().any(is_set)
    }

    /// How credentials are given.
    pub(super) fn how(&self) -> String {
        let Self { token, id, secret } = self;
        format!("set {id} and {secret}, or {token} (or the same with _FILE)")
    }

    /// Reads credentials from the environment, or from files that it names; never from anywhere else. An API on this very
    /// machine may have made-up ones.
    pub(super) fn credentials(&self, on_loopback: bool) -> Result<Credentials, Failure> {
        let Self { token: of_token, id: of_id, secret: of_secret } = self;
        let least = least(on_loopback);
        match (secret(of_token)?, secret(of_id)?, secret(of_secret)?) {
            (Some(token), None, None) => {
                is_bare(of_token, token.expose_secret())?;
                is_long(of_token, token.expose_secret(), least)?;
                Ok(Credentials::Token(token))
            }
            (None, Some(id), Some(secret)) => {
                is_long(of_secret, secret.expose_secret(), least)?;
                Ok(Credentials::Client { id: id.expose_secret().to_owned(), secret })
            }
            (None, None, None) => Err(Failure::new(Exit::Auth, "no credentials").hint(self.how())),
            (None, Some(_), None) => Err(half(of_id, of_secret, of_token)),
            (None, None, Some(_)) => Err(half(of_secret, of_id, of_token)),
            (Some(_), _, _) => Err(Failure::new(Exit::Auth, "both a token and client credentials are set")
                .hint(format!("keep {of_token}, or {of_id} and {of_secret}"))),
        }
    }
}

/// Fewest characters of a token or a secret.
pub(super) fn least(on_loopback: bool) -> usize {
    if on_loopback { LEAST_ON_LOOPBACK } else { LEAST }
}

/// Refuses a header, or a part of one, in the place of a token: it would be sent in vain.
pub(super) fn is_bare(name: &str, token: &str) -> Result<(), Failure> {
    const WORDS: [&str; 4] = ["authorization", "basic", "bearer", "token"];
    let word = token.trim().split_once([' ', ':', '\t']).map(|it| it.0);
    if let Some(word) = word.filter(|it| WORDS.contains(&&*it.to_ascii_lowercase())) {
        return Err(Failure::invalid(format!("{name} begins with `{word}`, which is not part of a token"))
            .hint("give the token alone: what stands after `Bearer ` in the header"));
    }
    if token.trim().contains([' ', '\t']) {
        return Err(Failure::invalid(format!("{name} holds a space, which no token does"))
            .hint("check for text copied along, and give the token alone"));
    }
    Ok(())
}

/// Refuses what is too short to be a secret: one of a few letters could not be kept out of what is shown.
pub(super) fn is_long(name: &str, given: &str, least: usize) -> Result<(), Failure> {
    let length = given.trim().chars().count();
    if length >= least {
        return Ok(());
    }
    let length = render::counted(length, "character", "characters");
    Err(Failure::invalid(format!("{name} has {length}, too few to be a secret"))
        .hint(format!("give at least {least}: check that the whole of it was copied")))
}

fn half(set: &str, missing: &str, token: &str) -> Failure {
    Failure::new(Exit::Auth, format!("{set} is set, but {missing} is not"))
        .hint(format!("set {missing} as well, or {token} instead of both"))
}

/// A secret from the variable or from the file that the variable with `_FILE` names.
pub(super) fn secret(name: &str) -> Result<Option<SecretString>, Failure> {
    let direct = match env::var(name) {
        Ok(text) => Some(SecretString::from(text)).filter(|it| !it.expose_secret().is_empty()),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(_)) => {
            return Err(Failure::invalid(format!("{name} is not UTF-8 text")).hint("check how it was set"));
        }
    };
    let Some(path) = env::var_os(format!("{name}_FILE")).filter(|it| !it.is_empty()) else {
        return Ok(direct);
    };
    if direct.is_some() {
        return Err(Failure::new(Exit::Auth, format!("{name} and {name}_FILE are both set"))
            .hint("unset one of them"));
    }
    let problem = match secret_file(Path::new(&path)) {
        Ok(text) if !text.expose_secret().trim().is_empty() => {
            return Ok(Some(text.expose_secret().trim().into()));
        }
        Ok(_) => format!("the file that {name}_FILE names is empty"),
        Err(error) => format!("cannot read the file that {name}_FILE names: {error}"),
    };
    Err(Failure::new(Exit::Auth, problem)
        .hint(format!("check the path and its permissions, or set {name} itself")))
}

/// The content of a file that holds a secret; where others may read it, that is said.
pub(super) fn secret_file(path: &Path) -> Result<SecretString, Unread> {
    let (text, readers) = disk::secret(path, LONGEST)?;
    if readers == Readers::Others {
        warn_of_readers(path);
    }
    Ok(text)
}

/// Says once of each file that holds a secret that others on this machine may read it. Nothing is refused: where secrets
/// are mounted, nobody else may be on it.
fn warn_of_readers(path: &Path) {
    static WARNED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if WARNED.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
        let path = escape::terminal(&path.display().to_string()).into_owned();
        let _ = writeln!(io::stderr(), "warning: others may read the secret in {path}: chmod 600 {path}");
    }
}
