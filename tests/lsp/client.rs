//! A client: it starts the server in a project, speaks the protocol, and finds places by a `|` in a
//! piece of text.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// How long an answer may take before the test counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Client {
    dir: Arc<tempfile::TempDir>,
    child: Child,
    input: Option<ChildStdin>,
    incoming: Receiver<Value>,
    /// What came and was no answer.
    pub(crate) notifications: Vec<Value>,
    next: i64,
    texts: BTreeMap<String, String>,
    utf8: bool,
}

/// What Neovim and VS Code say of themselves, as far as the server reads it.
pub(crate) fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16", "utf-8"] },
        "textDocument": {
            "synchronization": { "didSave": true },
            "completion": { "completionItem": { "snippetSupport": true, "documentationFormat": ["markdown"] } },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
            "publishDiagnostics": { "relatedInformation": true, "tagSupport": { "valueSet": [1, 2] } },
            "rename": { "prepareSupport": true },
        },
        "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } },
    })
}

impl Client {
    /// In a project of these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Client {
        Client::with(files, capabilities())
    }

    pub(crate) fn with(files: &[(&str, &str)], capabilities: Value) -> Client {
        let client = Client::raw(files);
        let folder = json!([{ "uri": client.uri(""), "name": "project" }]);
        client.begin(folder, capabilities)
    }

    /// With these folders of the project open, each a project of its own.
    pub(crate) fn of_folders(folders: &[&str], files: &[(&str, &str)]) -> Client {
        let client = Client::raw(files);
        let folders = folders.iter().map(|name| json!({ "uri": client.uri(name), "name": name })).collect();
        client.begin(folders, capabilities())
    }

    /// Opens these folders.
    pub(crate) fn begin(self, folders: Value, capabilities: Value) -> Client {
        let mut client = self;
        let encodings = &capabilities["general"]["positionEncodings"];
        client.utf8 = encodings.as_array().is_some_and(|known| known.contains(&json!("utf-8")));
        let params = json!({
            "processId": std::process::id(),
            "rootUri": client.uri(""),
            "capabilities": capabilities,
            "workspaceFolders": folders,
        });
        let answer = client.request("initialize", params);
        let encoding = if client.utf8 { "utf-8" } else { "utf-16" };
        assert_eq!(answer["capabilities"]["positionEncoding"], encoding);
        client.notify("initialized", json!({}));
        client
    }

    /// Before anything is said.
    pub(crate) fn raw(files: &[(&str, &str)]) -> Client {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_scn"))
            .args(["lsp", "--stdio"])
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            loop {
                let mut size = 0;
                let mut line = String::new();
                while output.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
                    if let Some(value) = line.strip_prefix("Content-Length: ") {
                        size = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                let mut body = vec![0; size];
                if size == 0 || output.read_exact(&mut body).is_err() {
                    return;
                }
                if sender.send(serde_json::from_slice(&body).unwrap()).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Client { dir, child, input, incoming, notifications: Vec::new(), next: 0, texts, utf8: true }
    }

    pub(crate) fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display()).trim_end_matches('/').to_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request without waiting for its answer.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    /// The answer to a request, an error included.
    pub(crate) fn answer(&mut self, id: &Value) -> Value {
        loop {
            let message = self.incoming.recv_timeout(PATIENCE).unwrap();
            if message.get("method").is_none() && message["id"] == *id {
                return message;
            }
            self.notifications.push(message);
        }
    }

    /// The answer to a request, whatever else came before it.
    pub(crate) fn answer_in_any_order(&mut self, id: i64) -> Value {
        match self.notifications.iter().position(|message| message["id"] == id) {
            Some(known) => self.notifications.remove(known),
            None => self.answer(&json!(id)),
        }
    }

    /// The result of a request.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let answer = self.response(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub(crate) fn response(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(&json!(id))
    }

    /// The next notification of a method for which this holds.
    pub(crate) fn wait(&mut self, method: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut known = 0;
        loop {
            while known < self.notifications.len() {
                if self.notifications[known]["method"] == method && fits(&self.notifications[known]["params"])
                {
                    return self.notifications.remove(known)["params"].take();
                }
                known += 1;
            }
            let message = self.incoming.recv_timeout(PATIENCE).unwrap();
            self.notifications.push(message);
        }
    }

    /// The diagnostics of a file, the next time that they are published.
    pub(crate) fn diagnostics(&mut self, name: &str) -> Vec<Value> {
        let uri = self.uri(name);
        let params = self.wait("textDocument/publishDiagnostics", |params| params["uri"] == uri);
        params["diagnostics"].as_array().unwrap().clone()
    }

    /// Waits until nothing is wrong with a file.
    pub(crate) fn clean(&mut self, name: &str) {
        while !self.diagnostics(name).is_empty() {}
    }

    pub(crate) fn open(&mut self, name: &str) {
        let text = self.texts[name].clone();
        let item = json!({ "uri": self.uri(name), "languageId": "scn", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
    }

    /// Opens a file with another text.
    pub(crate) fn write(&mut self, name: &str, text: &str) {
        self.texts.insert(name.to_owned(), text.to_owned());
        self.open(name);
    }

    /// Replaces a piece of an open file's text, as a keystroke does.
    pub(crate) fn edit(&mut self, name: &str, old: &str, new: &str) {
        let text = self.texts[name].clone();
        let at = text.find(old).unwrap_or_else(|| panic!("no `{old}` in {name}"));
        let range = json!({ "start": self.position(name, at), "end": self.position(name, at + old.len()) });
        let change = json!({ "range": range, "text": new });
        let document = json!({ "uri": self.uri(name), "version": 2 });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
        self.texts.insert(name.to_owned(), text.replacen(old, new, 1));
    }

    pub(crate) fn position(&self, name: &str, byte: usize) -> Value {
        let before = &self.texts[name][..byte];
        let line = before.matches('\n').count();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = match self.utf8 {
            true => before[start..].len(),
            false => before[start..].encode_utf16().count(),
        };
        json!({ "line": line, "character": column })
    }

    /// The place of the `|` in a piece of text.
    pub(crate) fn place(&self, name: &str, mark: &str) -> Value {
        let at = mark.find('|').unwrap();
        let text = mark.replace('|', "");
        let found = self.texts[name].find(&text).unwrap_or_else(|| panic!("no `{text}` in {name}"));
        json!({ "textDocument": { "uri": self.uri(name) }, "position": self.position(name, found + at) })
    }

    /// A request at the place of a `|`.
    pub(crate) fn at(&mut self, method: &str, name: &str, mark: &str) -> Value {
        let place = self.place(name, mark);
        self.request(method, place)
    }

    pub(crate) fn of(&self, name: &str) -> Value {
        json!({ "textDocument": { "uri": self.uri(name) } })
    }

    /// The text under a range of a file.
    pub(crate) fn slice(&self, name: &str, range: &Value) -> String {
        let text = &self.texts[name];
        let at = |position: &Value| self.byte(text, position);
        text[at(&range["start"])..at(&range["end"])].to_owned()
    }

    fn byte(&self, text: &str, position: &Value) -> usize {
        let line = position["line"].as_u64().unwrap() as usize;
        let column = position["character"].as_u64().unwrap() as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        if self.utf8 {
            return start + column;
        }
        let mut units = 0;
        let inner = text[start..].char_indices().find(|(_, c)| {
            let here = units >= column;
            units += c.len_utf16();
            here
        });
        inner.map_or(text.len(), |(at, _)| start + at)
    }

    /// The text of a file after edits, as a client applies them.
    pub(crate) fn apply(&self, name: &str, edits: &Value) -> String {
        let mut text = self.texts[name].clone();
        let mut edits = edits.as_array().unwrap().clone();
        edits.sort_by_key(|edit| std::cmp::Reverse(self.byte(&self.texts[name], &edit["range"]["start"])));
        for edit in edits {
            let (start, end) = (&edit["range"]["start"], &edit["range"]["end"]);
            let (start, end) = (self.byte(&self.texts[name], start), self.byte(&self.texts[name], end));
            text.replace_range(start..end, edit["newText"].as_str().unwrap());
        }
        text
    }

    /// Says goodbye; the exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        assert_eq!(self.request("shutdown", Value::Null), Value::Null);
        self.notify("exit", Value::Null);
        self.input.take();
        self.child.wait().unwrap().code()
    }

    /// The directory of the project, which then outlives the client.
    pub(crate) fn keep(&self) -> Arc<tempfile::TempDir> {
        self.dir.clone()
    }

    /// Goes away without a word.
    pub(crate) fn leave(mut self) -> Option<i32> {
        self.input.take();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The labels of completions.
pub(crate) fn labels(completions: &Value) -> Vec<String> {
    let items = completions["items"].as_array().unwrap();
    items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
}
