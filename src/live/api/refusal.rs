//! What a server says when it refuses: three JSON shapes and anything else, made safe to show.
//!
//! Classification is by status alone (contract §1.2); what is read here is for people.

use serde::Deserialize;

use super::secrets::Secrets;
use crate::model::name;

/// Longest server text shown, in characters.
const LONGEST_TEXT: usize = 300;

/// What a refusal says, each part free of control characters and secrets and at most 300 characters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) code: Option<Box<str>>,
    pub(super) message: Option<Box<str>>,
    pub(super) debug_id: Option<Box<str>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    debug_identifier: Option<String>,
    error_messages: Option<Vec<Entry>>,
    error_code: Option<String>,
    message: Option<String>,
    /// RFC 6749 §5.2 spells its fields with underscores.
    error: Option<serde_json::Value>,
    #[serde(rename = "error_description")]
    error_description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    error_code: Option<String>,
    message: Option<String>,
    error_detail: Option<String>,
}

/// Reads a refusal's body; the secrets go wherever the server repeats them.
pub(super) fn read(body: &[u8], secrets: &Secrets) -> Said {
    let shown = |text: Option<String>| text.and_then(|text| presentable(&secrets.redacted(&text)));
    let Ok(body) = serde_json::from_slice::<Body>(body) else {
        // JSON of another shape and the mark-up of a gateway's page help nobody; plain text might.
        let text = String::from_utf8_lossy(body);
        let of_use = !text.trim_start().starts_with(['<', '{', '[']) && text.trim() != "null";
        let message = if of_use { shown(Some(text.into_owned())) } else { None };
        return Said { message, ..Said::default() };
    };
    let first = body.error_messages.and_then(|entries| entries.into_iter().next()).unwrap_or_default();
    let plain_error = body.error.and_then(|error| error.as_str().map(str::to_owned));
    Said {
        code: shown(first.error_code.or(body.error_code).or(plain_error)),
        message: shown(first.message.or(first.error_detail).or(body.message).or(body.error_description)),
        debug_id: shown(body.debug_identifier),
    }
}

fn presentable(text: &str) -> Option<Box<str>> {
    let clean: String =
        text.trim().chars().map(|c| if is_harmless(c) { c } else { ' ' }).take(LONGEST_TEXT).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.into())
}

/// Control characters drive terminals; those that are not seen make text read as it is not.
fn is_harmless(c: char) -> bool {
    !c.is_control() && !name::is_ignorable(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: Option<&str>, message: Option<&str>, debug_id: Option<&str>) -> Said {
        Said {
            code: code.map(Into::into),
            message: message.map(Into::into),
            debug_id: debug_id.map(Into::into),
        }
    }

    #[test]
    fn every_shape_of_refusal_is_read() {
        for (body, expected) in [
            (
                r#"{"debugIdentifier":"d1","errorMessages":[{"errorCode":"E","message":"m","new":1}]}"#,
                said(Some("E"), Some("m"), Some("d1")),
            ),
            (r#"{"errorMessages":[{"errorCode":"E"}]}"#, said(Some("E"), None, None)),
            (r#"{"errorMessages":[]}"#, Said::default()),
            (r#"{"errorCode":"TOO_MANY_REQUESTS"}"#, said(Some("TOO_MANY_REQUESTS"), None, None)),
            (
                r#"{"error":"invalid_client","error_description":"no"}"#,
                said(Some("invalid_client"), Some("no"), None),
            ),
            ("<html><body>502</body></html>", Said::default()),
            ("upstream is gone\u{1b}[31m", said(None, Some("upstream is gone [31m"), None)),
            ("[1,2]", Said::default()),
            ("null", Said::default()),
            ("", Said::default()),
        ] {
            assert_eq!(read(body.as_bytes(), &Secrets::default()), expected, "{body}");
        }
    }

    #[test]
    fn server_text_is_cut_and_never_repeats_the_secret() {
        let long = format!(r#"{{"message":"token hush-hush {}"}}"#, "x".repeat(1000));
        let secrets = Secrets::default();
        secrets.add(&"hush-hush".into());
        let message = read(long.as_bytes(), &secrets).message.unwrap();
        assert_eq!(message.chars().count(), LONGEST_TEXT);
        assert!(message.starts_with("token [REDACTED] xx"), "{message}");
    }
}
