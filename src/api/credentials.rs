//! What proves to the API who is asking. Cannot be printed.

use secrecy::SecretString;

/// What proves to the API who is asking.
#[derive(Clone, Debug)] // `SecretString` prints as `[REDACTED]`.
pub enum Credentials {
    /// An access token obtained elsewhere; it cannot be renewed.
    Token(SecretString),
    /// An API user; its access token is fetched and renewed as needed (contract §2.1).
    Client {
        /// The API user's id; not a secret.
        id: String,
        /// Its secret.
        secret: SecretString,
    },
}
