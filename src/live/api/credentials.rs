//! What proves to the API who is asking. Cannot be printed or serialised, and is wiped when dropped.
//!
//! What cannot be wiped: the process's environment, the copies that the HTTP crate makes of a header
//! and of a token request's body, and the buffers of TLS and decompression an answer came through.

use secrecy::SecretString;

/// What proves to the API who is asking.
#[derive(Clone, Debug)] // `SecretString` prints as `[REDACTED]`.
#[expect(missing_docs, reason = "the names say it")]
pub enum Credentials {
    /// An access token obtained elsewhere; it cannot be renewed.
    Token(SecretString),
    /// A name and a password with a colon between them, for APIs that take these.
    Login(SecretString),
    /// An API user; its access token is fetched and renewed as needed (contract §2.1).
    Client {
        /// The API user's id; not a secret.
        id: String,
        secret: SecretString,
    },
}

#[cfg(test)]
mod tests {
    use std::{fmt::Display, panic};

    use serde::{Deserialize, Serialize};

    use super::Credentials;

    /// Implemented twice for what is printable or serialisable, so that naming its function without
    /// saying which does not compile.
    trait Neither<Which> {
        fn unambiguous() {}
    }
    struct Printed;
    struct Written;
    struct Read;
    impl<T: ?Sized> Neither<()> for T {}
    impl<T: ?Sized + Display> Neither<Printed> for T {}
    impl<T: ?Sized + Serialize> Neither<Written> for T {}
    impl<T: ?Sized + for<'de> Deserialize<'de>> Neither<Read> for T {}

    #[test]
    fn credentials_have_no_text_of_any_form() {
        <Credentials as Neither<_>>::unambiguous();
        let credentials = Credentials::Client { id: "me".to_owned(), secret: "hush-hush".into() };
        assert!(!format!("{credentials:?}").contains("hush"));
    }

    /// Whatever a panic says of a value, it says with its `Debug`.
    #[test]
    fn a_panic_does_not_say_them() {
        let credentials = [
            Credentials::Client { id: "me".to_owned(), secret: "hush-hush".into() },
            Credentials::Token("hush-hush".into()),
        ];
        for credentials in credentials {
            let panic = panic::catch_unwind(|| panic!("{credentials:?}")).unwrap_err();
            let said = panic.downcast_ref::<String>().unwrap();
            assert!(said.contains("REDACTED") && !said.contains("hush"), "{said}");
        }
    }
}
