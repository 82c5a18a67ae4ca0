//! Expressions of GitHub Actions, as far as the workflows of this repository have any: `a.b['c'] == 'd' && !cancelled()`.

use serde_json::{Value, json};

/// How a job or a step stands when its condition is asked for.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// Whether all that it needs succeeded.
    pub(super) is_well: bool,
}

/// What an expression comes to.
pub(super) fn evaluate(text: &str, context: &Value, standing: Standing) -> Value {
    let mut reader = Reader { rest: text, context, standing };
    let value = reader.any();
    assert_eq!(reader.rest.trim(), "", "of `{text}`");
    value
}

/// Whether a condition holds; one that asks for no status holds only where all is well.
pub(super) fn holds(text: Option<&str>, context: &Value, standing: Standing) -> bool {
    let text = text.unwrap_or("success()");
    let text = text.trim();
    let text = text.strip_prefix("${{").and_then(|it| it.strip_suffix("}}")).unwrap_or(text);
    let asks = ["success()", "failure()", "always()", "cancelled()"].iter().any(|it| text.contains(it));
    (asks || standing.is_well) && is_true(&evaluate(text, context, standing))
}

/// A text with what stands between `${{` and `}}` put in.
pub(super) fn filled(text: &str, context: &Value) -> String {
    let mut parts = text.split("${{");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once("}}").unwrap_or_else(|| panic!("{text}"));
        out += &shown(&evaluate(expression, context, Standing { is_well: true }));
        out += rest;
    }
    out
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_true(value: &Value) -> bool {
    !matches!(shown(value).as_str(), "" | "false" | "0")
}

struct Reader<'a> {
    rest: &'a str,
    context: &'a Value,
    standing: Standing,
}

impl Reader<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> Value {
        let mut left = self.all();
        while self.takes("||") {
            let right = self.all();
            left = if is_true(&left) { left } else { right };
        }
        left
    }

    fn all(&mut self) -> Value {
        let mut left = self.compared();
        while self.takes("&&") {
            let right = self.compared();
            left = if is_true(&left) { right } else { left };
        }
        left
    }

    fn compared(&mut self) -> Value {
        let left = self.one();
        if self.takes("==") {
            return json!(shown(&left) == shown(&self.one()));
        }
        if self.takes("!=") {
            return json!(shown(&left) != shown(&self.one()));
        }
        left
    }

    fn one(&mut self) -> Value {
        if self.takes("!") {
            return json!(!is_true(&self.one()));
        }
        if self.takes("(") {
            let value = self.any();
            assert!(self.takes(")"), "`{}`", self.rest);
            return value;
        }
        if self.takes("'") {
            let (text, rest) = self.rest.split_once('\'').unwrap();
            self.rest = rest;
            return json!(text);
        }
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|it: char| !(it.is_alphanumeric() || "._-".contains(it)));
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if self.takes("()") {
            return json!(match name {
                "always" => true,
                "cancelled" => false,
                "success" => self.standing.is_well,
                "failure" => !self.standing.is_well,
                other => panic!("{other}()"),
            });
        }
        let path = name.split('.').try_fold(self.context, |value, key| value.get(key));
        assert!(self.context.get(name.split('.').next().unwrap()).is_some(), "an unknown context: `{name}`");
        path.cloned().unwrap_or(Value::Null)
    }
}

#[test]
fn expressions_come_to_what_the_forge_says() {
    let context = json!({ "github": { "repository": "o/r", "n": 7, "yes": true }, "needs": { "a": { "result": "success" } } });
    for (text, expected) in [
        ("github.repository", json!("o/r")),
        ("github.nothing.there", Value::Null),
        ("github.repository == 'o/r' && github.n == '7'", json!(true)),
        ("github.repository != 'o/r' || !github.yes", json!(false)),
        ("!cancelled() && (needs.a.result == 'failure' || success())", json!(false)),
        ("github.nothing || github.repository", json!("o/r")),
        ("always()", json!(true)),
    ] {
        assert_eq!(evaluate(text, &context, Standing { is_well: false }), expected, "{text}");
    }
    for (condition, well, unwell) in [
        (None, true, false),
        (Some("github.yes"), true, false),
        (Some("${{ !cancelled() }}"), true, true),
        (Some("always()"), true, true),
        (Some("failure()"), false, true),
        (Some("github.nothing"), false, false),
    ] {
        let found = [true, false].map(|is_well| holds(condition, &context, Standing { is_well }));
        assert_eq!(found, [well, unwell], "{condition:?}");
    }
    assert_eq!(filled("a-${{ github.n }}-${{ github.nothing }}b", &context), "a-7-b");
}
