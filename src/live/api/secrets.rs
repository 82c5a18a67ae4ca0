//! What must never be said: the secrets of a connection, and what a server says without them, in whatever form it
//! repeats them.
//!
//! A server may echo a header, a form or a log line. So nothing is searched for as it was sent: each word is decoded in
//! the ways that such texts are encoded, one inside the other, and goes whole where a secret is in it.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// What stands where a secret was.
const REDACTED: &str = "[REDACTED]";
/// How many encodings one inside the other are looked through.
const LAYERS: u8 = 3;
/// Below so many bytes a secret may be a part of words that are none: it is one only where it is a word by itself.
const WORD: usize = 8;

/// The secrets that a connection has had: what it was given, and every token that it fetched.
#[derive(Default)]
pub(super) struct Secrets(Mutex<Vec<Arc<SecretString>>>);

impl Secrets {
    pub(super) fn add(&self, secret: &SecretString) {
        if !secret.expose_secret().is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(secret.clone()));
        }
    }

    fn all(&self) -> Vec<Arc<SecretString>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns a text without any of the secrets.
    pub(super) fn redacted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for secret in self.all() {
            if let Cow::Owned(without) = without(&text, secret.expose_secret()) {
                text = Cow::Owned(without);
            }
        }
        text
    }

    /// Takes the secrets out of the headers of an answer.
    pub(super) fn redact(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            let text = String::from_utf8_lossy(value.as_bytes());
            if let Cow::Owned(without) = self.redacted(&text) {
                *value = HeaderValue::from_str(&without).unwrap_or(HeaderValue::from_static(REDACTED));
            }
        }
    }
}

/// Returns a text without a secret: what holds it in any form goes, from space to space.
fn without<'t>(text: &'t str, secret: &str) -> Cow<'t, str> {
    if secret.len() < WORD {
        return without_word(text, secret);
    }
    let mut out = Cow::Borrowed(text);
    // One with spaces in it is in no single word.
    if secret.contains(char::is_whitespace) && text.contains(secret) {
        out = Cow::Owned(text.replace(secret, REDACTED));
    }
    let words = |text: &str| text.split(char::is_whitespace).any(|it| holds(it.as_bytes(), secret, LAYERS));
    if words(&out) {
        out = Cow::Owned(replaced(&out, |it| holds(it.as_bytes(), secret, LAYERS)));
    }
    // Encoded in lines, it is in none of them; and neither is one with spaces whose other letters are escaped.
    let joined: String = out.split_whitespace().collect();
    let squeezed: String = secret.split_whitespace().collect();
    let hidden = |it: &str| holds(joined.as_bytes(), it, LAYERS);
    if joined.len() < out.len() && (hidden(secret) || (squeezed.len() < secret.len() && hidden(&squeezed))) {
        return Cow::Owned(REDACTED.to_owned());
    }
    out
}

/// Returns a text with every word replaced that `goes`, and its spaces as they are.
fn replaced(text: &str, goes: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(char::is_whitespace) {
        let word = part.trim_end_matches(char::is_whitespace);
        out.push_str(if goes(word) { REDACTED } else { word });
        out.push_str(&part[word.len()..]);
    }
    out
}

/// Returns a text without a secret of a few letters: where it stands between others it is a syllable.
fn without_word<'t>(text: &'t str, secret: &str) -> Cow<'t, str> {
    let alone = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + secret.len()..].chars().next();
        !before.into_iter().chain(after).any(char::is_alphanumeric)
    };
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(secret).filter(|it| alone(it.0)) {
        out.push_str(&text[from..at]);
        out.push_str(REDACTED);
        from = at + secret.len();
    }
    let out = if from == 0 { Cow::Borrowed(text) } else { Cow::Owned(out + &text[from..]) };
    let encoded = |it: &str| it != secret && decoded(it.as_bytes()).iter().any(|it| ends_in(it, secret));
    if out.split(char::is_whitespace).any(encoded) {
        return Cow::Owned(replaced(&out, encoded));
    }
    out
}

/// Whether what was decoded is the secret, alone or behind the id of a client.
fn ends_in(decoded: &[u8], secret: &str) -> bool {
    decoded
        .strip_suffix(secret.as_bytes())
        .is_some_and(|it| matches!(it.last(), None | Some(b':' | b'=' | b' ')))
}

/// Whether bytes hold a secret as it is, or encoded.
fn holds(bytes: &[u8], secret: &str, layers: u8) -> bool {
    let secret_bytes = secret.as_bytes();
    if bytes.len() < secret_bytes.len() {
        return false;
    }
    bytes.windows(secret_bytes.len()).any(|it| it == secret_bytes)
        || (layers > 0 && decoded(bytes).iter().any(|it| holds(it, secret, layers - 1)))
}

/// Returns what bytes decode to in each way in which they say something else.
fn decoded(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    if bytes.contains(&b'%') || bytes.contains(&b'+') {
        all.push(percent(bytes, b'+'));
        all.push(percent(bytes, b' '));
    }
    if bytes.contains(&b'\\') {
        all.push(json(bytes));
    }
    let in_base64 = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'/' | b'-' | b'_');
    for run in bytes.split(|it| !in_base64(it)).filter(|it| it.len() > 1) {
        // Other letters may stand right before it.
        all.extend((0..4.min(run.len())).filter_map(|skip| base64(&run[skip..])));
    }
    all.retain(|it| it != bytes);
    all
}

/// Decodes `%XX`, and `+` as what it stands for.
fn percent(bytes: &[u8], plus: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        let hex = |it: u8| char::from(it).to_digit(16).and_then(|it| u8::try_from(it).ok());
        rest = match (first, tail) {
            (b'%', [a, b, after @ ..]) if hex(*a).is_some() && hex(*b).is_some() => {
                out.push(hex(*a).unwrap_or_default() << 4 | hex(*b).unwrap_or_default());
                after
            }
            (b'+', tail) => {
                out.push(plus);
                tail
            }
            (other, tail) => {
                out.push(*other);
                tail
            }
        };
    }
    out
}

/// Decodes the escapes of a JSON text.
fn json(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'\\', [b'u', a, b, c, d, after @ ..]) => {
                let code = [a, b, c, d]
                    .iter()
                    .try_fold(0, |code, it| Some(code << 4 | char::from(**it).to_digit(16)?));
                let unit = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend(unit.encode_utf8(&mut [0; 4]).as_bytes());
                after
            }
            (b'\\', [escaped, after @ ..]) => {
                out.push(match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'b' => 8,
                    b'f' => 12,
                    other => *other,
                });
                after
            }
            (other, tail) => {
                out.push(*other);
                tail
            }
        };
    }
    out
}

/// Decodes base64 of either alphabet, without regard to what is missing or odd at its end.
fn base64(run: &[u8]) -> Option<Vec<u8>> {
    const LIBERAL: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    // One letter alone at the end stands for nothing.
    let whole = if run.len() % 4 == 1 { &run[..run.len() - 1] } else { run };
    let standard: Vec<u8> = whole
        .iter()
        .map(|it| match it {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    LIBERAL.decode(standard).ok()
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;
    use crate::live::api::settings::form_encoded;

    fn redacted(text: &str, secret: &str) -> String {
        let secrets = Secrets::default();
        secrets.add(&secret.into());
        secrets.redacted(text).into_owned()
    }

    /// Every form in which a careless server may repeat a secret.
    fn forms(secret: &str) -> Vec<String> {
        let form = form_encoded(&[("client_secret", secret)]);
        let every = |upper: bool| -> String {
            let hex = |it: u8| if upper { format!("%{it:02X}") } else { format!("%{it:02x}") };
            secret.bytes().map(hex).collect()
        };
        let points: String = secret.encode_utf16().map(|it| format!("\\u{it:04x}")).collect();
        let json = serde_json::to_string(secret).unwrap();
        let basic = format!("robot:{secret}");
        let mut forms = vec![
            secret.to_owned(),
            form.clone(),
            every(true),
            every(false),
            points,
            json.clone(),
            serde_json::to_string(&json).unwrap(),
            form_encoded(&[("q", &form)]),
            json.replace('/', "\\/"),
        ];
        for text in [secret, &*basic, &*form, &*json] {
            forms.push(BASE64_STANDARD.encode(text));
            forms.push(BASE64_STANDARD_NO_PAD.encode(text));
            forms.push(BASE64_URL_SAFE.encode(text));
            forms.push(BASE64_URL_SAFE_NO_PAD.encode(text));
            forms.push(form_encoded(&[("a", &BASE64_STANDARD.encode(text))]));
            forms.push(BASE64_STANDARD.encode(BASE64_STANDARD.encode(text)));
        }
        forms
    }

    proptest! {
        /// Whatever the secret and however it is repeated, nothing of that form is left, and the words around it are.
        #[test]
        fn no_form_of_a_secret_is_left(secret in "[!-~]{8,40}|[ -~]{6}[!-~]{4,20}", glue in "[ a-zA-Z:=,(\"'/]{0,3}") {
            prop_assume!(secret.trim() == secret);
            for form in forms(&secret) {
                let said = redacted(&format!("before {glue}{form}{glue} after"), &secret);
                prop_assert!(!said.contains(&form), "{} in {}", form, said);
                prop_assert!(said.contains(REDACTED), "{}", said);
                let header = redacted(&format!("Authorization: Basic {form}"), &secret);
                prop_assert!(!header.contains(&form), "{} in {}", form, header);
            }
        }

        /// What is no secret stays as it is.
        #[test]
        fn other_text_is_left_alone(text in "[ -~]{0,80}", secret in "[!-~]{20,30}") {
            prop_assume!(!text.contains(&secret));
            prop_assert_eq!(redacted(&text, &secret), text);
        }
    }

    #[test]
    fn a_word_goes_whole_and_a_syllable_stays() {
        for (text, secret, left) in [
            ("the token t is not the one", "t", "the token [REDACTED] is not the one"),
            ("tt (t) t=t", "t", "tt ([REDACTED]) [REDACTED]=[REDACTED]"),
            ("pier at the piers", "pier", "[REDACTED] at the piers"),
            ("Basic cm9ib3Q6cGllcg==", "pier", "Basic [REDACTED]"),
            ("cGllcg p%69er", "pier", "[REDACTED] [REDACTED]"),
            ("no xhush-hushx, here", "hush-hush", "no [REDACTED] here"),
            ("hush hush hush", "hush hush", "[REDACTED] hush"),
            ("aHVzaC1o\ndXNo", "hush-hush", "[REDACTED]"),
            (r#""hush \"hush""#, r#"hush "hush"#, "[REDACTED]"),
            ("a  b\tc", "hush-hush", "a  b\tc"),
        ] {
            assert_eq!(redacted(text, secret), left, "{text}");
        }
    }

    #[test]
    fn headers_lose_it_too() {
        let secrets = Secrets::default();
        secrets.add(&"hush-hush".into());
        let mut headers: HeaderMap = [
            ("x-ratelimit-owner", "aHVzaC1odXNo"),
            ("content-type", "text/plain"),
            ("location", "https://hush-hush.example/"),
        ]
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
        .into_iter()
        .collect();
        secrets.redact(&mut headers);
        assert_eq!(headers["x-ratelimit-owner"], REDACTED);
        assert_eq!(headers["location"], REDACTED);
        assert_eq!(headers["content-type"], "text/plain");
    }
}
