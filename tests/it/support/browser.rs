//! Chromium without a window, spoken to as its developer tools are: over a pipe, so that nothing listens anywhere.
//!
//! Where it is not installed, tests say so and end. What the page says to its console, what its policy refuses, and what it
//! asks the network for is kept; nothing of it is expected.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser with one page; it ends with this value.
pub(crate) struct Browser {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    sent: u64,
    /// What the page said, what was refused, and what was asked for from anywhere but files.
    pub(crate) said: Vec<String>,
    events: Vec<String>,
    _profile: TempDir,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) dark: bool,
    /// Whether its script runs.
    pub(crate) scripted: bool,
}

impl Look {
    pub(crate) const DESK: Self = Self { width: 1440, dark: false, scripted: true };
    pub(crate) const PHONE: Self = Self { width: 390, ..Self::DESK };
}

impl Browser {
    /// Starts it; where that cannot be, says so even if the output of tests is not shown.
    pub(crate) fn start() -> Option<Self> {
        let found = Command::new("chromium").arg("--version").stderr(Stdio::null()).output();
        if !found.is_ok_and(|it| it.status.success()) {
            let text = "SKIPPED: a test of pages in a browser, as `chromium` is missing (apt-get install chromium)\n";
            io::stderr().write_all(text.as_bytes()).unwrap();
            return None;
        }
        let profile = tempfile::tempdir().unwrap();
        // The tools speak on the descriptors 3 and 4, which only a shell hands over without `unsafe`.
        let line = "exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
                    --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
                    --remote-debugging-pipe --user-data-dir=\"$0\" about:blank 3<&0 4>&1 >/dev/null 2>&1";
        let mut process = Command::new("sh")
            .args(["-c", line])
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut browser = Self {
            process,
            input,
            output,
            session: None,
            sent: 0,
            said: Vec::new(),
            events: Vec::new(),
            _profile: profile,
        };
        let page = browser.ask("Target.createTarget", &json!({ "url": "about:blank" }));
        let to = json!({ "targetId": page["targetId"], "flatten": true });
        let session = browser.ask("Target.attachToTarget", &to);
        browser.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Opens a file and waits until it is ready.
    pub(crate) fn open(&mut self, path: &Path, fragment: &str, look: Look) {
        let Look { width, dark, scripted } = look;
        let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", &screen);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.ask("Emulation.setEmulatedMedia", &features);
        self.ask("Emulation.setScriptExecutionDisabled", &json!({ "value": !scripted }));
        // The same file with another fragment would not be loaded again.
        for url in ["about:blank".to_owned(), format!("file://{}{fragment}", path.display())] {
            self.events.clear();
            self.ask("Page.navigate", &json!({ "url": url }));
            while !self.events.iter().any(|it| it == "Page.loadEventFired") {
                self.receive();
            }
        }
        while scripted && self.eval("document.documentElement.dataset.ready === undefined") == json!(true) {}
    }

    /// The value of an expression in the page.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let answer = self.ask(
            "Runtime.evaluate",
            &json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }),
        );
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Writes what is seen of the page to a file; the whole page, or its first screen.
    pub(crate) fn picture(&mut self, path: &Path, whole: bool) {
        let asked = json!({ "format": "png", "captureBeyondViewport": whole });
        let seen = self.ask("Page.captureScreenshot", &asked);
        std::fs::write(path, BASE64_STANDARD.decode(seen["data"].as_str().unwrap()).unwrap()).unwrap();
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.input.write_all(message.to_string().as_bytes()).unwrap();
        self.input.write_all(b"\0").unwrap();
        self.input.flush().unwrap();
        loop {
            let message = self.receive();
            if message["id"] == json!(self.sent) {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    /// The next message; what tells of something odd is kept.
    fn receive(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.output.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "the browser has ended");
        let message: Value = serde_json::from_slice(&bytes).unwrap();
        let Some(method) = message["method"].as_str() else { return message };
        let told = match method {
            "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded" => {
                Some(&message["params"])
            }
            "Network.requestWillBeSent" => {
                let url = &message["params"]["request"]["url"];
                let is_ours = |it: &str| it.starts_with("file://") || it == "about:blank";
                (!url.as_str().is_some_and(is_ours)).then_some(url)
            }
            _ => None,
        };
        self.said.extend(told.map(ToString::to_string));
        self.events.push(method.to_owned());
        message
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // As its tools would: so its helpers end as well.
        let _ = self.input.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.input.flush();
        let _ = self.process.wait();
    }
}
