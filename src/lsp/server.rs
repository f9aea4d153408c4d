//! The loop, and an answer for each request.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use gen_lsp_types::{
    CancelParams, CodeActionParams, CodeLensParams, CompletionParams, DefinitionParams,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DocumentFormattingParams, DocumentRangeFormattingParams, DocumentSymbolParams, ExecuteCommandParams,
    FoldingRangeParams, HoverParams, InlayHintParams, PrepareRenameParams, ReferenceParams, RenameParams,
    SemanticTokensParams, SemanticTokensRangeParams, SignatureHelpParams, TextDocumentIdentifier,
    TextDocumentPositionParams, WorkspaceSymbolParams,
};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::convert::{Client, Convert, fold};
use super::position::Encoding;
use super::results::{self, Found};
use super::transport::{self, Transport, answer};
use super::workspace::Workspace;
use crate::ide::{self, Definition, Snapshot};

/// The command of the lenses: runs the scenario that its one argument names, `file.scn:12`.
const RUN: &str = "scn.run";
/// The notification for each event of such a run: `{ target, event }`, and at its end `{ target, exit }`.
const EVENT: &str = "scn/event";
/// What the server tells itself when a run is over.
const RAN: &str = "scn/ran";

/// An answer, or why there is none.
type Answer = Result<Value, (ErrorCode, String)>;

/// Serves one client over standard input and output until it says `exit`; whether it had said
/// `shutdown` before.
pub fn serve() -> bool {
    let transport = transport::stdio();
    let mut server = Server {
        transport,
        queue: VecDeque::new(),
        state: State::New,
        client: Client::default(),
        watches: false,
        workspace: None,
        published: BTreeMap::new(),
        results: Vec::new(),
    };
    server.serve();
    server.send(Message::Notification(transport::exit()));
    let orderly = server.state == State::Closing;
    let Transport { connection, writer, .. } = server.transport;
    drop(connection);
    let _ = writer.join();
    orderly
}

/// How far the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    /// After `shutdown`.
    Closing,
}

struct Server {
    transport: Transport,
    /// What came and was not answered yet.
    queue: VecDeque<Message>,
    state: State,
    client: Client,
    /// Whether the client tells of files that change on the disk, when asked to.
    watches: bool,
    workspace: Option<Workspace>,
    /// The diagnostics that the client has, by URI.
    published: BTreeMap<String, Value>,
    /// What the last run found.
    results: Vec<Found>,
}

impl Server {
    fn serve(&mut self) {
        loop {
            self.gather();
            let Some(message) = self.queue.pop_front() else {
                // Nobody waits for an answer: there is time to say what is wrong.
                self.publish();
                match self.transport.connection.receiver.recv() {
                    Ok(message) => self.queue.push_back(message),
                    Err(_) => return,
                }
                continue;
            };
            match message {
                Message::Request(request) => self.request(request),
                Message::Notification(Notification { method, .. }) if method == transport::EXIT => return,
                Message::Notification(notification) => self.notified(notification),
                Message::Response(_) => {}
            }
        }
    }

    /// Takes in all that came. A request that was cancelled before its turn is answered at once.
    fn gather(&mut self) {
        let came: Vec<Message> = self.transport.connection.receiver.try_iter().collect();
        for message in came {
            match message {
                Message::Notification(notification) if notification.method == "$/cancelRequest" => {
                    self.cancel(notification.params);
                }
                message => self.queue.push_back(message),
            }
        }
    }

    fn cancel(&mut self, params: Value) {
        let Ok(CancelParams { id }) = serde_json::from_value(params) else { return };
        let Ok(id) = serde_json::to_value(id).and_then(serde_json::from_value::<RequestId>) else { return };
        let waits = |message: &Message| matches!(message, Message::Request(request) if request.id == id);
        if let Some(index) = self.queue.iter().position(waits) {
            self.queue.remove(index);
            self.send(answer(id, Err((ErrorCode::RequestCanceled, "cancelled".to_owned()))));
        }
    }

    fn send(&self, message: Message) {
        // A client that is gone hears nothing.
        let _ = self.transport.connection.sender.send(message);
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        // A mistake of the server's own is one request's, not the session's.
        let result = catch_unwind(AssertUnwindSafe(|| self.answer(&method, params))).unwrap_or_else(|_| {
            Err((ErrorCode::InternalError, format!("scn itself is at fault in `{method}`")))
        });
        self.send(answer(id, result));
        if method == "initialize" && self.state == State::Open {
            self.results = results::last();
        }
    }

    fn answer(&mut self, method: &str, params: Value) -> Answer {
        match (self.state, method) {
            (State::New, "initialize") => return self.initialize(&params),
            (State::New, _) => return Err((ErrorCode::ServerNotInitialized, "not initialized".to_owned())),
            (State::Open, "initialize") => {
                return Err((ErrorCode::InvalidRequest, "initialized already".to_owned()));
            }
            (State::Closing, _) => return Err((ErrorCode::InvalidRequest, "shut down".to_owned())),
            (State::Open, "shutdown") => {
                self.state = State::Closing;
                return Ok(Value::Null);
            }
            (State::Open, _) => {}
        }
        match method {
            "textDocument/completion" => self.completion(&read::<CompletionParams>(params)?),
            "textDocument/hover" => self.hover(&read::<HoverParams>(params)?),
            "textDocument/signatureHelp" => self.signature(&read::<SignatureHelpParams>(params)?),
            "textDocument/definition" => self.definition(&read::<DefinitionParams>(params)?),
            "textDocument/references" => self.references(&read::<ReferenceParams>(params)?),
            "textDocument/prepareRename" => self.prepare_rename(&read::<PrepareRenameParams>(params)?),
            "textDocument/rename" => self.rename(&read::<RenameParams>(params)?),
            "textDocument/documentSymbol" => self.document_symbols(&read::<DocumentSymbolParams>(params)?),
            "workspace/symbol" => self.workspace_symbols(&read::<WorkspaceSymbolParams>(params)?),
            "textDocument/semanticTokens/full" => {
                let SemanticTokensParams { text_document, .. } = read(params)?;
                self.tokens(&text_document, None)
            }
            "textDocument/semanticTokens/range" => {
                let SemanticTokensRangeParams { text_document, range, .. } = read(params)?;
                self.tokens(&text_document, Some(range))
            }
            "textDocument/foldingRange" => self.folds(&read::<FoldingRangeParams>(params)?),
            "textDocument/inlayHint" => self.hints(&read::<InlayHintParams>(params)?),
            "textDocument/formatting" => {
                let DocumentFormattingParams { text_document, .. } = read(params)?;
                self.format(&text_document, None)
            }
            "textDocument/rangeFormatting" => {
                let DocumentRangeFormattingParams { text_document, range, .. } = read(params)?;
                self.format(&text_document, Some(range))
            }
            "textDocument/codeAction" => self.actions(&read::<CodeActionParams>(params)?),
            "textDocument/codeLens" => self.lenses(&read::<CodeLensParams>(params)?),
            "workspace/executeCommand" => self.execute(&read::<ExecuteCommandParams>(params)?),
            _ => Err((ErrorCode::MethodNotFound, format!("`{method}` is not known"))),
        }
    }

    fn initialize(&mut self, params: &Value) -> Answer {
        let Some(capabilities) = params.get("capabilities").filter(|it| it.is_object()) else {
            return Err((ErrorCode::InvalidParams, "`capabilities` is missing".to_owned()));
        };
        let has = |path: &str| capabilities.pointer(path).and_then(Value::as_bool).unwrap_or(false);
        self.client = Client {
            snippets: has("/textDocument/completion/completionItem/snippetSupport"),
            related: has("/textDocument/publishDiagnostics/relatedInformation"),
            nested: has("/textDocument/documentSymbol/hierarchicalDocumentSymbolSupport"),
        };
        self.watches = has("/workspace/didChangeWatchedFiles/dynamicRegistration");
        let encodings = capabilities.pointer("/general/positionEncodings").and_then(Value::as_array);
        let encoding = match encodings.is_some_and(|known| known.iter().any(|name| name == "utf-8")) {
            true => Encoding::Utf8,
            false => Encoding::Utf16,
        };
        self.workspace = Some(Workspace::new(&root(params), encoding));
        self.state = State::Open;
        Ok(json!({
            "serverInfo": { "name": "scn", "version": env!("CARGO_PKG_VERSION") },
            "capabilities": {
                "positionEncoding": encoding.name(),
                "textDocumentSync": { "openClose": true, "change": 2, "save": {} },
                "completionProvider": { "triggerCharacters": [".", "@", "/", "\""] },
                "hoverProvider": true,
                "signatureHelpProvider": { "triggerCharacters": ["(", ","] },
                "definitionProvider": true,
                "referencesProvider": true,
                "renameProvider": { "prepareProvider": true },
                "documentSymbolProvider": true,
                "workspaceSymbolProvider": true,
                "semanticTokensProvider": {
                    "legend": { "tokenTypes": ide::TYPES, "tokenModifiers": ide::MODIFIERS },
                    "full": true,
                    "range": true,
                },
                "foldingRangeProvider": true,
                "inlayHintProvider": true,
                "documentFormattingProvider": true,
                "documentRangeFormattingProvider": true,
                "codeActionProvider": { "codeActionKinds": ["quickfix"] },
                "codeLensProvider": {},
                "executeCommandProvider": { "commands": [RUN] },
            },
        }))
    }

    fn notified(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        if self.state != State::Open {
            return;
        }
        if method == "initialized" && self.watches {
            self.watch();
        }
        let Some(workspace) = &mut self.workspace else { return };
        // A notification has no answer, so one that cannot be read is passed over.
        match method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(DidOpenTextDocumentParams { text_document }) = read(params) {
                    workspace.open(&text_document.uri.0, text_document.version, &text_document.text);
                }
            }
            "textDocument/didChange" => {
                if let Ok(DidChangeTextDocumentParams { text_document, content_changes }) = read(params) {
                    let uri = &text_document.text_document_identifier.uri.0;
                    workspace.change(uri, text_document.version, &content_changes);
                }
            }
            "textDocument/didClose" => {
                if let Ok(DidCloseTextDocumentParams { text_document }) = read(params) {
                    workspace.close(&text_document.uri.0);
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" | RAN => {
                if method == RAN || are_runs(&params) {
                    workspace.tell_again();
                } else {
                    workspace.disk_changed();
                }
                self.results = results::last();
            }
            _ => {}
        }
    }

    /// Asks the client to tell of files that change on the disk.
    fn watch(&self) {
        let watchers = json!([{ "globPattern": "**/*.{scn,rhai,proto,yaml,yml,json,jsonl}" }]);
        let registration = json!({
            "id": "files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": { "watchers": watchers },
        });
        self.send(Message::Request(Request {
            id: RequestId::from("watch".to_owned()),
            method: "client/registerCapability".to_owned(),
            params: json!({ "registrations": [registration] }),
        }));
    }

    /// Tells the client what is wrong, where that is not what it knows already.
    fn publish(&mut self) {
        let Some(workspace) = &mut self.workspace else { return };
        if !workspace.has_news() {
            return;
        }
        let Ok(snapshot) = catch_unwind(AssertUnwindSafe(|| workspace.snapshot())) else { return };
        let convert = Convert { workspace, snapshot: &snapshot, client: self.client };
        let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for diagnostic in &snapshot.diagnostics {
            if let Some(uri) = workspace.uri(&snapshot, snapshot.whole(diagnostic.at.span).source) {
                all.entry(uri).or_default().push(convert.diagnostic(diagnostic));
            }
        }
        for (uri, diagnostic) in self.results.iter().filter_map(|found| found.diagnostic(&convert)) {
            all.entry(uri).or_default().push(diagnostic);
        }
        for uri in self.published.keys() {
            all.entry(uri.clone()).or_default();
        }
        let mut published = BTreeMap::new();
        let mut news = Vec::new();
        for (uri, diagnostics) in all {
            let is_none = diagnostics.is_empty();
            let diagnostics = Value::Array(diagnostics);
            if self.published.get(&uri) != Some(&diagnostics) {
                let mut params = json!({ "uri": uri, "diagnostics": diagnostics });
                if let Some(version) = workspace.version(&uri) {
                    params["version"] = json!(version);
                }
                news.push(notification("textDocument/publishDiagnostics", params));
            }
            if !is_none {
                published.insert(uri, diagnostics);
            }
        }
        self.published = published;
        news.into_iter().for_each(|message| self.send(message));
    }

    /// Answers a request that speaks of a file; `null` when it is none of the project's.
    fn of_file(
        &mut self,
        file: &TextDocumentIdentifier,
        with: impl FnOnce(&Convert<'_>, usize) -> Answer,
    ) -> Answer {
        let Some(workspace) = self.workspace.as_mut() else { return Ok(Value::Null) };
        let snapshot: Arc<Snapshot> = workspace.snapshot();
        let convert = Convert { workspace, snapshot: &snapshot, client: self.client };
        match workspace.unit(&snapshot, &file.uri.0) {
            Some(unit) => with(&convert, unit),
            None => Ok(Value::Null),
        }
    }

    /// The same at a position.
    fn at(
        &mut self,
        place: &TextDocumentPositionParams,
        with: impl FnOnce(&Convert<'_>, usize, u32) -> Answer,
    ) -> Answer {
        let position = place.position;
        self.of_file(&place.text_document, |convert, unit| {
            let offset = convert.workspace.offset(convert.snapshot, unit, position);
            with(convert, unit, offset)
        })
    }

    /// The same of a range; none is the whole file.
    fn of_range(
        &mut self,
        file: &TextDocumentIdentifier,
        range: Option<gen_lsp_types::Range>,
        with: impl FnOnce(&Convert<'_>, usize, (u32, u32)) -> Answer,
    ) -> Answer {
        self.of_file(file, |convert, unit| {
            let offset = |position| convert.workspace.offset(convert.snapshot, unit, position);
            let range = range.map_or((0, u32::MAX), |range| (offset(range.start), offset(range.end)));
            with(convert, unit, range)
        })
    }

    fn completion(&mut self, params: &CompletionParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let (word, found) = ide::complete(convert.snapshot, unit, offset);
            let items: Vec<Value> = found.iter().map(|one| convert.completion(word, one)).collect();
            Ok(json!({ "isIncomplete": false, "items": items }))
        })
    }

    fn hover(&mut self, params: &HoverParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let found = ide::hover(convert.snapshot, unit, offset);
            Ok(found.map_or(Value::Null, |(text, span)| {
                json!({ "contents": { "kind": "markdown", "value": text }, "range": convert.range(span) })
            }))
        })
    }

    fn signature(&mut self, params: &SignatureHelpParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let Some(found) = ide::signature(convert.snapshot, unit, offset) else { return Ok(Value::Null) };
            let params: Vec<Value> = found
                .params
                .iter()
                .map(|(label, about)| json!({ "label": label, "documentation": about }))
                .collect();
            let mut out = json!({
                "signatures": [{
                    "label": found.label,
                    "documentation": { "kind": "markdown", "value": found.doc },
                    "parameters": params,
                }],
                "activeSignature": 0,
            });
            if let Some(active) = found.active {
                out["activeParameter"] = json!(active);
            }
            Ok(out)
        })
    }

    fn definition(&mut self, params: &DefinitionParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let found = match convert.snapshot.definition(unit, offset) {
                Some(Definition::Span(span)) => convert.location(span),
                Some(Definition::File(path)) => convert.workspace.uri_of(&path).map(|uri| {
                    let start = json!({ "line": 0, "character": 0 });
                    json!({ "uri": uri, "range": { "start": start, "end": start } })
                }),
                None => None,
            };
            Ok(json!(found))
        })
    }

    fn references(&mut self, params: &ReferenceParams) -> Answer {
        let declared = params.context.include_declaration;
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let found = convert.snapshot.references(unit, offset, declared);
            Ok(json!(found.into_iter().filter_map(|span| convert.location(span)).collect::<Vec<_>>()))
        })
    }

    fn prepare_rename(&mut self, params: &PrepareRenameParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let span = ide::renamed_at(convert.snapshot, unit, offset).map_err(failed)?;
            let name = convert.snapshot.program().sources.get(span.source).slice(span);
            Ok(json!({ "range": convert.range(span), "placeholder": name }))
        })
    }

    fn rename(&mut self, params: &RenameParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let edits = ide::rename(convert.snapshot, unit, offset, &params.new_name).map_err(failed)?;
            Ok(convert.workspace_edit(&edits))
        })
    }

    fn document_symbols(&mut self, params: &DocumentSymbolParams) -> Answer {
        self.of_file(&params.text_document, |convert, unit| {
            let symbols = ide::symbols(convert.snapshot, unit);
            Ok(if convert.client.nested {
                json!(symbols.iter().map(|symbol| convert.symbol(symbol)).collect::<Vec<_>>())
            } else {
                json!(
                    symbols.iter().filter_map(|symbol| convert.flat_symbol(symbol, None)).collect::<Vec<_>>()
                )
            })
        })
    }

    fn workspace_symbols(&mut self, params: &WorkspaceSymbolParams) -> Answer {
        let Some(workspace) = self.workspace.as_mut() else { return Ok(Value::Null) };
        let snapshot = workspace.snapshot();
        let convert = Convert { workspace, snapshot: &snapshot, client: self.client };
        let wanted = params.query.to_lowercase();
        let mut found = Vec::new();
        for (unit, module) in snapshot.program().units.iter().enumerate() {
            let file = &snapshot.program().sources.get(module.module.source).name;
            let symbols = ide::symbols(&snapshot, unit);
            let like = symbols.iter().filter(|symbol| symbol.name.to_lowercase().contains(&wanted));
            found.extend(like.filter_map(|symbol| convert.flat_symbol(symbol, Some(file))));
        }
        Ok(json!(found))
    }

    fn tokens(&mut self, file: &TextDocumentIdentifier, range: Option<gen_lsp_types::Range>) -> Answer {
        self.of_range(file, range, |convert, unit, (start, end)| {
            Ok(convert.tokens(&ide::tokens(convert.snapshot, unit, start, end)))
        })
    }

    fn folds(&mut self, params: &FoldingRangeParams) -> Answer {
        self.of_file(&params.text_document, |convert, unit| {
            let file = convert.snapshot.program().units[unit].module.source;
            Ok(json!(ide::folds(convert.snapshot, file).iter().map(fold).collect::<Vec<_>>()))
        })
    }

    fn hints(&mut self, params: &InlayHintParams) -> Answer {
        self.of_range(&params.text_document, Some(params.range), |convert, unit, (start, end)| {
            let hints = ide::hints(convert.snapshot, unit, start, end);
            let mut shown: Vec<Value> = hints
                .iter()
                .map(|hint| {
                    let position = convert.range(hint.at)["start"].take();
                    json!({ "position": position, "label": hint.label, "kind": 2, "paddingRight": true })
                })
                .collect();
            for (span, shape) in ide::draws(convert.snapshot, unit, start, end) {
                if let Some(value) = convert.workspace.example(convert.snapshot, unit, span, shape) {
                    let position = convert.range(span)["end"].take();
                    let tooltip = "what seed 0 draws of this shape";
                    shown.push(json!({
                        "position": position, "label": format!("= {value}"), "kind": 1,
                        "paddingLeft": true, "tooltip": tooltip,
                    }));
                }
            }
            Ok(json!(shown))
        })
    }

    fn format(&mut self, file: &TextDocumentIdentifier, range: Option<gen_lsp_types::Range>) -> Answer {
        self.of_range(file, range, |convert, unit, (start, end)| {
            let file = convert.snapshot.program().units[unit].module.source;
            let edits = ide::format_range(convert.snapshot, file, start, end);
            Ok(json!(edits.iter().map(|edit| convert.text_edit(edit)).collect::<Vec<_>>()))
        })
    }

    fn actions(&mut self, params: &CodeActionParams) -> Answer {
        self.of_range(&params.text_document, Some(params.range), |convert, unit, (start, end)| {
            let actions = ide::actions(convert.snapshot, unit, start, end);
            let shown = actions.iter().map(|action| {
                json!({
                    "title": action.title,
                    "kind": "quickfix",
                    "diagnostics": [convert.diagnostic(&convert.snapshot.diagnostics[action.of])],
                    "isPreferred": action.preferred,
                    "edit": convert.workspace_edit(&action.edits),
                })
            });
            Ok(json!(shown.collect::<Vec<_>>()))
        })
    }

    fn lenses(&mut self, params: &CodeLensParams) -> Answer {
        self.of_file(&params.text_document, |convert, unit| {
            let lenses = ide::lenses(convert.snapshot, unit);
            let shown = lenses.iter().map(|lens| {
                let command = json!({ "title": "Run", "command": RUN, "arguments": [lens.target] });
                json!({ "range": convert.range(lens.span), "command": command })
            });
            Ok(json!(shown.collect::<Vec<_>>()))
        })
    }

    /// Runs a scenario. Its events go to the client as they come; what it found is shown when it is
    /// over.
    fn execute(&mut self, params: &ExecuteCommandParams) -> Answer {
        if params.command != RUN {
            return Err((ErrorCode::InvalidParams, format!("there is no command `{}`", params.command)));
        }
        let target =
            params.arguments.as_ref().and_then(|arguments| arguments.first()).and_then(Value::as_str);
        let Some(target) = target.map(str::to_owned) else {
            return Err((ErrorCode::InvalidParams, format!("`{RUN}` takes a target, such as `a.scn:12`")));
        };
        let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
        let mut child = Command::new(program)
            .args(["run", "--report", "json=-", "--", &target])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let sender = self.transport.connection.sender.clone();
        let wake = self.transport.wake.clone();
        thread::spawn(move || {
            let lines = child.stdout.take().map(BufReader::new);
            for line in lines.into_iter().flat_map(|lines| lines.lines()).map_while(Result::ok) {
                if let Ok(event) = serde_json::from_str::<Value>(&line) {
                    let _ = sender.send(notification(EVENT, json!({ "target": target, "event": event })));
                }
            }
            let exit = child.wait().ok().and_then(|status| status.code());
            let _ = sender.send(notification(EVENT, json!({ "target": target, "exit": exit })));
            wake(Notification { method: RAN.to_owned(), params: Value::Null });
        });
        Ok(Value::Null)
    }
}

/// The parameters of a request.
fn read<T: DeserializeOwned>(params: Value) -> Result<T, (ErrorCode, String)> {
    serde_json::from_value(params).map_err(|why| (ErrorCode::InvalidParams, why.to_string()))
}

fn failed(why: String) -> (ErrorCode, String) {
    (ErrorCode::RequestFailed, why)
}

fn notification(method: &str, params: Value) -> Message {
    Message::Notification(Notification { method: method.to_owned(), params })
}

/// Whether nothing but kept runs changed on the disk.
fn are_runs(params: &Value) -> bool {
    let changes = params.get("changes").and_then(Value::as_array);
    let is_run = |change: &Value| change["uri"].as_str().is_some_and(|uri| uri.contains("/.scn/runs/"));
    changes.is_some_and(|changes| changes.iter().all(is_run))
}

/// The project's directory: the first folder of the workspace, else where the server was started.
fn root(params: &Value) -> PathBuf {
    let folder = params.pointer("/workspaceFolders/0/uri").or_else(|| params.get("rootUri"));
    let path = folder.and_then(Value::as_str).and_then(|uri| Url::parse(uri).ok()?.to_file_path().ok());
    path.or_else(|| std::env::current_dir().ok()).unwrap_or_else(|| Path::new(".").to_path_buf())
}
