//! Who vouches for a saved plan: an in-toto statement about its very bytes, signed with Ed25519 in a DSSE envelope.
//!
//! A plan's digest shows damage and its id is of its effects; a signature says that nobody else made the file. Keys are
//! PEM, as `openssl` writes them. Touches no file, and decides nothing about the plan.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    model::{
        json,
        plan::{Digest, ID_DIGITS},
    },
    plan::digest,
};

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// What the predicate is: the parts of a plan by which a person finds it again.
const PREDICATE: &str = "urn:rolecall:plan:2";
/// What an Ed25519 key begins with in a SubjectPublicKeyInfo (RFC 8410); its 32 bytes follow.
const ED25519_INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why a plan is not signed, or cannot be.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum NotSigned {
    #[error("the signing key is not an Ed25519 private key in PEM (PKCS #8)")]
    PrivateKey,
    #[error("there is no Ed25519 public key in PEM")]
    NoPublicKey,
    #[error("a public key is not an Ed25519 key")]
    PublicKey,
    #[error("the signature is not a DSSE envelope of an in-toto statement")]
    Envelope,
    #[error("the signature is of none of the keys that are trusted")]
    OtherKey,
    #[error("the signature is of something else than this plan")]
    OtherPlan,
}

impl NotSigned {
    /// Returns what to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::PrivateKey => "make one with `openssl genpkey -algorithm ed25519 -out key.pem`",
            Self::NoPublicKey | Self::PublicKey => {
                "write it with `openssl pkey -in key.pem -pubout`; a file may hold several"
            }
            Self::Envelope | Self::OtherKey | Self::OtherPlan => {
                "take the plan and its signature from the run that made them: `rolecall plan --out FILE --sign KEY`"
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload_type: Box<str>,
    payload: Box<str>,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
struct Signature {
    keyid: Box<str>,
    sig: Box<str>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(rename = "_type")]
    kind: Box<str>,
    subject: Vec<Subject>,
    predicate_type: Box<str>,
    predicate: Predicate,
}

#[derive(Serialize, Deserialize)]
struct Subject {
    name: Box<str>,
    digest: Digests,
}

#[derive(Serialize, Deserialize)]
struct Digests {
    sha256: Digest,
}

/// Of a plan, to the letter.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Predicate {
    id: Digest,
    created_at: Box<RawValue>,
    tool: Box<RawValue>,
    endpoint: Box<RawValue>,
    summary: Box<RawValue>,
    files: Box<RawValue>,
}

/// Returns the signature of a saved plan, for a file beside it.
///
/// # Errors
///
/// What is wrong with the key.
///
/// # Panics
///
/// Where `plan` is not the text of a plan.
pub fn sign(plan: &str, name: &str, key: &[u8]) -> Result<String, NotSigned> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(key).map_err(|_| NotSigned::PrivateKey)?;
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der())
        .map_err(|_| NotSigned::PrivateKey)?;
    let statement = Statement {
        kind: STATEMENT.into(),
        subject: vec![Subject { name: name.into(), digest: Digests { sha256: digest::file(plan) } }],
        predicate_type: PREDICATE.into(),
        predicate: serde_json::from_str(plan).expect("a saved plan has these fields"),
    };
    let statement = serde_json::to_string(&statement).expect("plain data with text keys is always JSON");
    let sig = key.sign(&signed_bytes(&statement));
    Ok(json::document(&Envelope {
        payload_type: PAYLOAD_TYPE.into(),
        payload: BASE64.encode(&statement).into(),
        signatures: vec![Signature {
            keyid: key_id(key.public_key().as_ref()).into(),
            sig: BASE64.encode(sig).into(),
        }],
    }))
}

/// Makes sure that somebody who is trusted has signed this very text, and returns the id of the key.
///
/// # Errors
///
/// What is wrong with the keys, or with the signature.
pub fn verify(plan: &str, envelope: &str, keys: &[u8]) -> Result<String, NotSigned> {
    let keys = public_keys(keys)?;
    let wrong = |_| NotSigned::Envelope;
    let envelope: Envelope = serde_json::from_str(envelope).map_err(wrong)?;
    if *envelope.payload_type != *PAYLOAD_TYPE {
        return Err(NotSigned::Envelope);
    }
    let payload = BASE64.decode(&*envelope.payload).map_err(|_| NotSigned::Envelope)?;
    let payload = String::from_utf8(payload).map_err(|_| NotSigned::Envelope)?;
    let bytes = signed_bytes(&payload);
    let is_of = |key: &&[u8; 32]| {
        let sigs = envelope.signatures.iter().filter_map(|it| BASE64.decode(&*it.sig).ok());
        sigs.into_iter().any(|it| UnparsedPublicKey::new(&ED25519, *key).verify(&bytes, &it).is_ok())
    };
    let key = keys.iter().find(is_of).ok_or(NotSigned::OtherKey)?;
    let statement: Statement = serde_json::from_str(&payload).map_err(wrong)?;
    if *statement.kind != *STATEMENT || *statement.predicate_type != *PREDICATE {
        return Err(NotSigned::Envelope);
    }
    let found = digest::file(plan);
    if !statement.subject.iter().any(|it| it.digest.sha256 == found) {
        return Err(NotSigned::OtherPlan);
    }
    Ok(key_id(key))
}

fn public_keys(pem: &[u8]) -> Result<Vec<[u8; 32]>, NotSigned> {
    let key = |it: SubjectPublicKeyInfoDer<'_>| {
        it.strip_prefix(&ED25519_INFO).and_then(|it| it.try_into().ok()).ok_or(NotSigned::PublicKey)
    };
    let keys: Vec<[u8; 32]> = SubjectPublicKeyInfoDer::pem_slice_iter(pem)
        .map(|it| it.map_err(|_| NotSigned::PublicKey).and_then(key))
        .collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(NotSigned::NoPublicKey) } else { Ok(keys) }
}

/// Names a key by the digest of its public half, as `openssl pkey -pubin -outform DER | sha256sum` does.
fn key_id(key: &[u8]) -> String {
    let info = [&ED25519_INFO[..], key].concat();
    format!("sha256:{:.ID_DIGITS$}", digest::bytes(&info))
}

/// What is signed: the payload with its type, each with its length (DSSE, "pre-authentication encoding").
fn signed_bytes(payload: &str) -> Vec<u8> {
    format!("DSSEv1 {} {PAYLOAD_TYPE} {} {payload}", PAYLOAD_TYPE.len(), payload.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        document::write,
        render::tests::fixture::{everyday, sources, view},
    };

    /// Made for this test, with `openssl genpkey -algorithm ed25519`; what `openssl pkey -pubout` says of it follows.
    const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIEPQK2N9xR4VduJKGoY1nrxVuPPfA+u/1ilVl4CGjD3R\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &[u8] = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAkVDWjYkCJLUAqJxdA7H4HkEEnfhLWSJjTJ9/lia9wqU=\n-----END PUBLIC KEY-----\n";
    const OTHER: &[u8] = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAssGGxP5cAXcINx6qvNQ9nX5bIKG+Y/CByLh8Hjz3eAE=\n-----END PUBLIC KEY-----\n";
    const RSA: &[u8] = b"-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDEvIrWH8emlzuJEtZBlpHRnI4K\nRwYlkSsnjyuK/7UmK9OSdODq2YuGa+SBqxOtLRTbbMG+pZaRBLpY6kxds+z/zfjj\nMrcmRffeHqOwnYvuAJ2ykpyOILJZjMAFQM67GUpnehR0S2kC4Udjf/omNGBR5JBo\nQeSFl5lifU9ZauHudQIDAQAB\n-----END PUBLIC KEY-----\n";

    #[test]
    fn what_is_signed_is_believed_and_nothing_else() {
        let plan = write(&view(&everyday().judged(), &sources()));
        let envelope = sign(&plan, "plan.json", KEY).unwrap();
        let key = verify(&plan, &envelope, PUBLIC).unwrap();
        assert_eq!(key, "sha256:576e65f0d209c2f188881a52daae39a5");
        assert_eq!(verify(&plan, &envelope, &[OTHER, PUBLIC].concat()).unwrap(), key);
        let refused =
            |plan: &str, envelope: &str, keys: &[u8]| verify(plan, envelope, keys).unwrap_err().to_string();
        let spaced = plan.replacen("  ", " ", 1);
        assert!(refused(&spaced, &envelope, PUBLIC).contains("something else than this plan"));
        assert!(refused(&plan, &envelope, OTHER).contains("none of the keys"));
        assert!(refused(&plan, &envelope, RSA).contains("not an Ed25519 key"));
        assert!(refused(&plan, &envelope, b"").contains("no Ed25519 public key"));
        assert!(refused(&plan, &envelope, KEY).contains("no Ed25519 public key"));
        assert!(refused(&plan, "{}", PUBLIC).contains("not a DSSE envelope"));
        // A statement that somebody made without the key, and a signature of another type of payload.
        let mut parts: Envelope = serde_json::from_str(&envelope).unwrap();
        let statement = String::from_utf8(BASE64.decode(&*parts.payload).unwrap()).unwrap();
        let other = statement.replace(&digest::file(&plan).to_string(), &digest::file(&spaced).to_string());
        parts.payload = BASE64.encode(other).into();
        assert!(refused(&spaced, &json::document(&parts), PUBLIC).contains("none of the keys"));
        assert!(
            refused(&plan, &envelope.replace("in-toto+json", "other+json"), PUBLIC).contains("not a DSSE")
        );
        assert!(matches!(sign(&plan, "plan.json", PUBLIC), Err(NotSigned::PrivateKey)));
    }
}
