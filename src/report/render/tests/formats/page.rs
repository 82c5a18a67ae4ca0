//! What every page has to be, whatever stands in it: well-formed, of our elements alone, with one script and one style that
//! its policy names, and with nothing that is loaded, sent or run.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("../../html/page.css");
const SCRIPT: &str = include_str!("../../html/page.js");
/// Every element that a page has, and every attribute.
const ELEMENTS: &str = "a b body button code details div footer g h1 h2 head header html i input label li main meta nav \
                        noscript p path pre rect s script section span style summary svg table tbody td text th thead \
                        title tr ul";
const ATTRIBUTES: &str = "aria-label autocomplete charset checked class content d data-list data-seen data-signed height href \
                          http-equiv id lang name placeholder role rx spellcheck type viewBox width x y";

/// The page without its style, script and policy, which are the same in all.
pub(super) fn without_ours(text: &str) -> String {
    let text = text.replace(STYLE, "").replace(SCRIPT, "");
    let line = |it: &&str| !it.contains("http-equiv");
    text.lines().filter(line).map(|it| format!("{it}\n")).collect()
}

/// Panics unless it is as it should be, and returns its data.
pub(super) fn check(text: &str) -> Value {
    for (ours, tag) in [(STYLE, "style"), (SCRIPT, "script")] {
        let whole = format!("<{tag}>{ours}</{tag}>");
        assert_eq!(text.matches(&whole).count(), 1, "{tag}");
        let digest = BASE64_STANDARD.encode(Sha256::digest(ours.as_bytes()));
        assert!(text.contains(&format!("{tag}-src 'sha256-{digest}'; ")), "the policy names the {tag}");
    }
    assert!(text.contains("content=\"default-src 'none'; "), "nothing is loaded");
    let policy = text.find("Content-Security-Policy").expect("a policy");
    assert!(policy < text.find("<style>").expect("a style"), "the policy stands before what it is about");

    let rest = text
        .strip_prefix("<!DOCTYPE html>\n")
        .expect("a page of today")
        .replace(STYLE, "")
        .replace(SCRIPT, "");
    let page = roxmltree::Document::parse(&rest)
        .unwrap_or_else(|error| panic!("{error}: {:?}", rest.lines().nth(error.pos().row as usize - 1)));
    let mut data = Value::Null;
    for it in page.descendants().filter(roxmltree::Node::is_element) {
        let name = it.tag_name().name();
        assert!(ELEMENTS.split(' ').any(|known| known == name), "<{name}>");
        for attribute in it.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(ATTRIBUTES.split(' ').any(|known| known == name), "{name}=\"{value}\"");
            assert!(name != "href" || value.starts_with('#'), "{value}");
        }
        match (name, it.attribute("type")) {
            ("script", Some("application/json")) => {
                data = serde_json::from_str(it.text().expect("data")).expect("JSON");
            }
            ("script", kind) => assert_eq!((kind, it.text()), (None, None), "one script, and it is ours"),
            _ => (),
        }
    }
    let all = data["s"].as_array().expect("texts");
    assert_eq!(all[0], "");
    let json = &rest[rest.find("id=\"data\">").expect("data")..];
    let json = &json[..json.find("</script>").expect("its end")];
    assert!(!json["id=\"data\">".len()..].contains(['<', '>', '&']), "nothing in the data is markup");
    data
}
