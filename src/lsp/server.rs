//! The session: the loop, what the client may ask when, and what it is told unasked.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gen_lsp_types::{
    CancelParams, CodeActionParams, CodeLensParams, CompletionParams, DefinitionParams,
    DidChangeTextDocumentParams, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DocumentFormattingParams, DocumentRangeFormattingParams, DocumentSymbolParams,
    ExecuteCommandParams, FoldingRangeParams, HoverParams, InlayHintParams, PrepareRenameParams,
    ReferenceParams, RenameParams, SemanticTokensParams, SemanticTokensRangeParams, SignatureHelpParams,
    WorkspaceFolder, WorkspaceSymbolParams,
};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::convert::Client;
use super::folders::Folders;
use super::position::Encoding;
use super::published::Published;
use super::run::{Runs, Wanted};
use super::transport::{self, Transport, answer};
use super::workspace::Workspace;
use crate::ide;

/// The command of the lenses: runs the scenario that its first argument names, `file.scn:12`, in the
/// folder whose URI the second is, else in the first, as long as its title is the third, if that is given.
pub(super) const RUN: &str = "scn.run";
/// What the server tells itself when a run is over.
const RAN: &str = "scn/ran";

/// How long it may take to write what was not written yet when the server ends.
const GRACE: Duration = Duration::from_secs(2);

/// An answer, or why there is none.
pub(super) type Answer = Result<Value, (ErrorCode, String)>;

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
        shows_progress: false,
        folders: Folders::default(),
        published: Published::default(),
        runs: Runs::default(),
    };
    server.serve();
    server.runs.interrupt();
    server.runs.end();
    server.send(Message::Notification(transport::exit()));
    let orderly = server.state == State::Closing;
    // Nobody is waited for who does not read.
    let _ = server.transport.written.recv_timeout(GRACE);
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

pub(super) struct Server {
    transport: Transport,
    /// What came and was not answered yet.
    queue: VecDeque<Message>,
    state: State,
    pub(super) client: Client,
    /// Whether the client tells of files that change on the disk, when asked to.
    watches: bool,
    /// Whether it shows how far a piece of work is that the server began.
    shows_progress: bool,
    pub(super) folders: Folders,
    published: Published,
    runs: Runs,
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
        } else {
            // Such a request is answered when the run has begun; until it is over it can be cancelled.
            self.runs.cancel(&id);
        }
    }

    fn send(&self, message: Message) {
        // A client that is gone hears nothing.
        let _ = self.transport.connection.sender.send(message);
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        // A mistake of the server's own is one request's, not the session's.
        let result =
            catch_unwind(AssertUnwindSafe(|| self.answer(&method, params, &id))).unwrap_or_else(|_| {
                Err((ErrorCode::InternalError, format!("scn itself is at fault in `{method}`")))
            });
        self.send(answer(id, result));
        if method == "initialize" && self.state == State::Open {
            self.folders.iter().for_each(Workspace::ran);
        }
    }

    fn answer(&mut self, method: &str, params: Value, id: &RequestId) -> Answer {
        match (self.state, method) {
            (State::New, "initialize") => return self.initialize(&params),
            (State::New, _) => return Err((ErrorCode::ServerNotInitialized, "not initialized".to_owned())),
            (State::Open, "initialize") => {
                return Err((ErrorCode::InvalidRequest, "initialized already".to_owned()));
            }
            (State::Closing, _) => return Err((ErrorCode::InvalidRequest, "shut down".to_owned())),
            (State::Open, "shutdown") => {
                self.state = State::Closing;
                self.runs.interrupt();
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
            "workspace/executeCommand" => self.execute(&read::<ExecuteCommandParams>(params)?, id),
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
        self.shows_progress = has("/window/workDoneProgress");
        let encodings = capabilities.pointer("/general/positionEncodings").and_then(Value::as_array);
        let encoding = match encodings.is_some_and(|known| known.iter().any(|name| name == "utf-8")) {
            true => Encoding::Utf8,
            false => Encoding::Utf16,
        };
        self.folders = Folders::new(&folders(params), encoding);
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
                "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
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
        // A notification has no answer, so one that cannot be read is passed over.
        match method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(DidOpenTextDocumentParams { text_document }) = read(params) {
                    self.folders.open(text_document);
                }
            }
            "textDocument/didChange" => {
                if let Ok(DidChangeTextDocumentParams { text_document, content_changes }) = read(params) {
                    let uri = &text_document.text_document_identifier.uri.0;
                    self.folders.change(uri, text_document.version, &content_changes);
                }
            }
            "textDocument/didClose" => {
                if let Ok(DidCloseTextDocumentParams { text_document }) = read(params) {
                    self.folders.close(&text_document.uri.0);
                }
            }
            "workspace/didChangeWorkspaceFolders" => {
                if let Ok(DidChangeWorkspaceFoldersParams { event }) = read(params) {
                    let dirs = |folders: &[WorkspaceFolder]| -> Vec<PathBuf> {
                        folders.iter().filter_map(|folder| directory(&folder.uri.0)).collect()
                    };
                    self.folders.exchange(&dirs(&event.added), &dirs(&event.removed));
                    self.folders.iter().for_each(Workspace::ran);
                    let open: Vec<&Path> = self.folders.iter().map(|workspace| workspace.root()).collect();
                    self.runs.keep_in(&open);
                }
            }
            "$/cancelRequest" => self.cancel(params),
            "window/workDoneProgress/cancel" => self.runs.cancel_progress(&params["token"]),
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                if !are_runs(&params) {
                    self.folders.iter().for_each(Workspace::disk_changed);
                }
                self.folders.iter().for_each(Workspace::ran);
            }
            RAN => self.folders.iter().for_each(Workspace::ran),
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

    /// Tells the client what is wrong.
    fn publish(&mut self) {
        let news = self.published.news(&mut self.folders, self.client);
        news.into_iter().for_each(|message| self.send(message));
    }

    /// Runs a scenario. Its events go to the client as they come; what it found is shown when it is
    /// over.
    fn execute(&mut self, params: &ExecuteCommandParams, id: &RequestId) -> Answer {
        if params.command != RUN {
            return Err((ErrorCode::InvalidParams, format!("there is no command `{}`", params.command)));
        }
        let argument = |index: usize| params.arguments.as_ref()?.get(index)?.as_str();
        let Some(target) = argument(0).map(str::to_owned) else {
            return Err((ErrorCode::InvalidParams, format!("`{RUN}` takes a target, such as `a.scn:12`")));
        };
        let Some(workspace) = self.folders.named(argument(1)) else {
            let name = argument(1).unwrap_or("any");
            return Err((ErrorCode::InvalidParams, format!("the folder `{name}` is not open")));
        };
        let unsaved = workspace.unsaved();
        if !unsaved.is_empty() {
            let are = if unsaved.len() == 1 { "is" } else { "are" };
            let names = unsaved.join("` and `");
            return Err(failed(format!("`{names}` {are} not saved, and a run reads the disk: save first")));
        }
        if let Some(title) = argument(2).filter(|title| !workspace.is_at(&target, title)) {
            return Err(failed(format!(
                "\"{title}\" is not at `{target}` any more: run it from where it is now"
            )));
        }
        let (dir, folder) = (workspace.root(), workspace.folder());
        let wanted = Wanted { request: id.clone(), target, dir, folder };
        let wake = self.transport.wake.clone();
        let over = move || wake(Notification { method: RAN.to_owned(), params: Value::Null });
        let started = self.runs.start(wanted, self.shows_progress, self.transport.outbox(), over);
        started.map(|()| Value::Null).map_err(|error| failed(error.to_string()))
    }
}

/// The parameters of a request.
fn read<T: DeserializeOwned>(params: Value) -> Result<T, (ErrorCode, String)> {
    serde_json::from_value(params).map_err(|why| (ErrorCode::InvalidParams, why.to_string()))
}

pub(super) fn failed(why: String) -> (ErrorCode, String) {
    (ErrorCode::RequestFailed, why)
}

/// Whether nothing but kept runs changed on the disk.
fn are_runs(params: &Value) -> bool {
    let changes = params.get("changes").and_then(Value::as_array);
    let is_run = |change: &Value| change["uri"].as_str().is_some_and(|uri| uri.contains("/.scn/runs/"));
    changes.is_some_and(|changes| changes.iter().all(is_run))
}

/// The directories of the folders that are open; without any, where the server was started.
fn folders(params: &Value) -> Vec<PathBuf> {
    let folders = params.get("workspaceFolders").and_then(Value::as_array);
    let named = folders.into_iter().flatten().filter_map(|folder| folder.get("uri"));
    let mut dirs: Vec<PathBuf> = named.filter_map(|uri| directory(uri.as_str()?)).collect();
    if dirs.is_empty() {
        dirs.extend(params.get("rootUri").and_then(|uri| directory(uri.as_str()?)));
    }
    if dirs.is_empty() {
        dirs.push(std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")));
    }
    dirs
}

/// The directory that a URI names.
fn directory(uri: &str) -> Option<PathBuf> {
    Url::parse(uri).ok()?.to_file_path().ok()
}
