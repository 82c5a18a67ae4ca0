//! The YAML plugin of editors, spoken to as an editor does: `yaml-language-server` over standard input and output.
//!
//! It is installed by `npm ci` in `tests/editor`. Where it is not, or there is no Node.js, tests say so and end.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// No answer takes so long: only a server that is stuck.
const STUCK: Duration = Duration::from_secs(120);

/// A running server with the files that are open in it.
pub(crate) struct Editor {
    server: Child,
    input: ChildStdin,
    output: Receiver<Value>,
    folder: TempDir,
    sent: u64,
    opened: u64,
    diagnostics: HashMap<String, Vec<Value>>,
}

/// Something the editor offers at a place.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) label: String,
    /// Whether somebody has to write something into it yet.
    pub(crate) is_open: bool,
    /// Whether it is a single key of something that wants others as well.
    pub(crate) is_key: bool,
    /// The file once it is taken, with what stands in its gaps.
    pub(crate) file: String,
}

/// The server's own program.
fn program() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/editor/node_modules");
    installed.join("yaml-language-server/bin/yaml-language-server")
}

impl Editor {
    /// Starts the server; where that cannot be, says so even if the output of tests is not shown.
    pub(crate) fn start() -> Option<Self> {
        let version = Command::new("node").arg(program()).arg("--version").output();
        if !version.as_ref().is_ok_and(|it| it.status.success()) {
            let why = "Node.js 20, or `npm ci` in tests/editor, is missing";
            // Not by a macro, which tests are not shown the output of.
            let text = format!("SKIPPED: a test of the schemas in an editor, as {why}\n");
            io::stderr().write_all(text.as_bytes()).unwrap();
            return None;
        }
        let mut server = Command::new("node")
            .arg(program())
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = server.stdin.take().unwrap();
        let (sender, output) = mpsc::channel();
        let mut from = BufReader::new(server.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(message) = receive(&mut from) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let diagnostics = HashMap::new();
        let mut editor = Self { server, input, output, folder, sent: 0, opened: 0, diagnostics };
        let completion =
            json!({ "completionItem": { "snippetSupport": true, "documentationFormat": ["markdown"] } });
        editor.ask(
            "initialize",
            &json!({ "processId": null, "rootUri": null, "capabilities": {
                "textDocument": { "completion": completion, "hover": { "contentFormat": ["markdown"] }, "publishDiagnostics": {} },
                "workspace": { "configuration": true },
            } }),
        );
        editor.send(json!({ "method": "initialized", "params": {} }));
        Some(editor)
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    /// The next message, after answering or keeping those that are for the editor.
    fn next(&mut self) -> Value {
        let message = self.output.recv_timeout(STUCK).expect("an answer of the server");
        if message["method"] == "workspace/configuration" {
            let items = message["params"]["items"].as_array().unwrap();
            let settings = |it: &Value| match it["section"].as_str() {
                // No schema from anywhere but the files.
                Some("yaml") => {
                    json!({ "schemaStore": { "enable": false }, "validate": true, "completion": true, "hover": true })
                }
                _ => json!({}),
            };
            let settings: Vec<Value> = items.iter().map(settings).collect();
            self.send(json!({ "id": message["id"], "result": settings }));
        } else if message["method"] == "textDocument/publishDiagnostics" {
            let params = &message["params"];
            let found = params["diagnostics"].as_array().unwrap().clone();
            self.diagnostics.insert(params["uri"].as_str().unwrap().to_owned(), found);
        } else if message["method"].is_string() && !message["id"].is_null() {
            self.send(json!({ "id": message["id"], "result": null }));
        }
        message
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let id = self.sent;
        self.send(json!({ "id": id, "method": method, "params": params }));
        loop {
            let message = self.next();
            if message["id"] == id && message["method"].is_null() {
                assert!(message["error"].is_null(), "{message}");
                return message["result"].clone();
            }
        }
    }

    /// Opens a text as a file with a schema, which its first line names.
    fn open(&mut self, schema: &Path, text: &str) -> String {
        self.opened += 1;
        let path = self.folder.path().join(format!("{}.yaml", self.opened));
        let uri = format!("file://{}", path.display());
        let text = format!("# yaml-language-server: $schema={}\n{text}", schema.display());
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.send(json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }));
        uri
    }

    fn close(&mut self, uri: &str) {
        self.send(json!({ "method": "textDocument/didClose", "params": { "textDocument": { "uri": uri } } }));
    }

    /// Asks for something about the place of `|` in a text.
    fn ask_at(&mut self, method: &str, schema: &Path, text: &str) -> Value {
        let at = text.find('|').unwrap();
        let (before, after) = (&text[..at], &text[at + 1..]);
        let uri = self.open(schema, &format!("{before}{after}"));
        let line = before.matches('\n').count() + 1;
        let character = before.rsplit('\n').next().unwrap().chars().count();
        let position = json!({ "line": line, "character": character });
        let answer = self.ask(method, &json!({ "textDocument": { "uri": uri }, "position": position }));
        self.close(&uri);
        answer
    }

    /// What is offered at `|`, each with the file that it makes.
    pub(crate) fn offers(&mut self, schema: &Path, text: &str) -> Vec<Offer> {
        let answer = self.ask_at("textDocument/completion", schema, text);
        let items = answer["items"].as_array().unwrap_or_else(|| answer.as_array().unwrap());
        items.iter().map(|it| offer(it, text)).collect()
    }

    /// What is shown about `|`.
    pub(crate) fn hover(&mut self, schema: &Path, text: &str) -> String {
        let answer = self.ask_at("textDocument/hover", schema, text);
        answer["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// What is underlined in a text.
    pub(crate) fn problems(&mut self, schema: &Path, text: &str) -> Vec<String> {
        let uri = self.open(schema, text);
        while !self.diagnostics.contains_key(&uri) {
            self.next();
        }
        self.close(&uri);
        let found = self.diagnostics.remove(&uri).unwrap();
        found.iter().map(|it| it["message"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        _ = self.server.kill();
        _ = self.server.wait();
    }
}

fn receive(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            Some(_) => (),
            None => break,
        }
    }
    let mut text = vec![0; length];
    from.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// What a text becomes by taking an offer: with the words that stand in its gaps, indented like the line it goes to.
fn offer(item: &Value, text: &str) -> Offer {
    let (before, after) = text.split_once('|').unwrap();
    let edit = &item["textEdit"];
    let inserted = edit["newText"].as_str().or(item["insertText"].as_str()).unwrap();
    let line = before.rsplit('\n').next().unwrap();
    let from = edit["range"]["start"]["character"].as_u64().map(|it| usize::try_from(it).unwrap());
    let kept = before.len() - line.len() + from.unwrap_or(line.len());
    let indentation: String = line.chars().take_while(|it| *it == ' ').collect();
    let (inserted, is_open) = filled(inserted);
    let inserted = inserted.replace('\n', &format!("\n{indentation}"));
    // A key without its value, or a dash without its entry, waits for more.
    let is_open = is_open || inserted.trim_end().ends_with([':', '-']);
    let label = item["label"].as_str().unwrap().to_owned();
    let is_key = inserted.strip_prefix(&*label).is_some_and(|it| it.starts_with(':'));
    let file = format!("{}{inserted}{after}", &before[..kept]);
    Offer { label, is_open, is_key, file }
}

/// Fills the gaps of a snippet: `${1:word}` with the word, `${1|a,b|}` with the first; whether one is left, `$1`.
fn filled(snippet: &str) -> (String, bool) {
    let (mut text, mut is_open) = (String::new(), false);
    let mut rest = snippet;
    while let Some(at) = rest.find('$') {
        text += &rest[..at];
        rest = &rest[at + 1..];
        let Some(gap) = rest.strip_prefix('{') else {
            rest = rest.trim_start_matches(|it: char| it.is_ascii_digit());
            is_open = true;
            continue;
        };
        let end = gap.find('}').unwrap();
        let inner = gap[..end].trim_start_matches(|it: char| it.is_ascii_digit());
        match inner.chars().next() {
            Some('|') => text += inner[1..].split([',', '|']).next().unwrap(),
            Some(':') => text += &inner[1..],
            _ => is_open = true,
        }
        rest = &gap[end + 1..];
    }
    (text + rest, is_open)
}
