//! What a decoder lets pass and two readers could take for two things: a name that stands twice, and nesting without end.

use std::collections::BTreeSet;

use super::Flaw;

/// Looks whether each name stands once in its object, and whether nothing is nested deeper than that.
///
/// # Errors
///
/// Says the first place where it is not so, without a word of the text.
pub fn sound(json: &str, deepest: usize) -> Result<(), Flaw> {
    let flaw = |what: &str, at: usize| {
        let before = &json[..at];
        let line = before.rsplit_once('\n').map_or(before, |it| it.1);
        Flaw {
            what: what.to_owned(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    };
    // The names of each object that is open here; a list has none.
    let mut open: Vec<BTreeSet<String>> = Vec::new();
    let (bytes, mut at) = (json.as_bytes(), 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' if open.len() == deepest => {
                return Err(flaw(&format!("nested deeper than {deepest} levels"), at));
            }
            b'{' | b'[' => open.push(BTreeSet::new()),
            b'}' | b']' => _ = open.pop(),
            b'"' => {
                let text = quoted(&json[at..]);
                let is_name = json[at + text.len()..].trim_start().starts_with(':');
                if let Some(names) = open.last_mut().filter(|_| is_name)
                    && !names.insert(serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()))
                {
                    return Err(flaw("the same name stands twice in one object", at));
                }
                at += text.len() - 1;
            }
            _ => (),
        }
        at += 1;
    }
    Ok(())
}

/// The text in quotation marks that this begins with; where it does not end, all of it.
fn quoted(json: &str) -> &str {
    let mut escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(json, |it| &json[..it + 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stand_twice_are_found_at_any_depth_and_quoted_nowhere() {
        for (json, said) in [
            (r#"{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}"#, None),
            (r#"{"a":"a","b":"a:"}"#, None),
            (r#"{"a":"\"b\":1,\"b\":2","b":"\\"}"#, None),
            (r#"["a","a"]"#, None),
            (r#"{"MARK":1,"MARK":1}"#, Some((1, 11))),
            ("{\n  \"é\": {\"x\": [1, {\"MARK\": 1,\n \"MARK\" : 2}]}}", Some((3, 2))),
            (r#"{"a":1,"\u0061":2}"#, Some((1, 8))),
            (r#"{"é":1,"b":0,"é":2}"#, Some((1, 14))),
            (r#"{"\ud800":1,"\ud800":2}"#, Some((1, 13))),
            (r#"{"a":{},"b":[],"a":{}}"#, Some((1, 16))),
        ] {
            let found = sound(json, 9).err();
            assert_eq!(found.as_ref().and_then(Flaw::place), said, "{json}");
            assert!(found.is_none_or(|it| !it.to_string().contains("MARK")));
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_found_wherever_it_is() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let levels = open.matches(['[', '{']).count();
            for depth in [1, 5, 6, 7, 3000] {
                let json = open.repeat(depth) + "1" + &close.repeat(depth);
                assert_eq!(sound(&json, 6).is_ok(), depth * levels <= 6, "{open} {depth}");
            }
        }
        assert!(sound("{\"a\":\"[[[[[[[[[[\",\"b\":[[]]}", 3).is_ok());
    }

    proptest::proptest! {
        /// Whatever it is, and wherever it is cut off.
        #[test]
        fn no_text_ends_the_process(json in "([{}\\[\\]:,]|\"(a|é|\\\\\"|\\\\\\\\){0,3}\"?|[ \n]){0,16}") {
            let _ = sound(&json, 3);
        }
    }
}
