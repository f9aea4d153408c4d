//! What is wrong, as the client is told unasked: only what it does not know already.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lsp_server::Message;
use serde_json::{Value, json};

use super::convert::{Client, Convert};
use super::folders::Folders;
use super::transport::notification;
use super::workspace::Workspace;

/// The diagnostics that the client has, by URI.
#[derive(Default)]
pub(super) struct Published(BTreeMap<String, Value>);

impl Published {
    /// What there is to tell now.
    pub(super) fn news(&mut self, folders: &mut Folders, client: Client) -> Vec<Message> {
        if !folders.has_news() {
            return Vec::new();
        }
        let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for index in 0..folders.len() {
            let Some(found) = folders.at(index).map(|workspace| diagnostics(workspace, client)) else {
                continue;
            };
            // Where checking itself is at fault, what was said before stands.
            let Some(found) = found else { return Vec::new() };
            // Of a folder inside another speaks the inner one alone.
            all.extend(found.into_iter().filter(|(uri, _)| folders.owner(uri) == Some(index)));
        }
        for uri in self.0.keys() {
            all.entry(uri.clone()).or_default();
        }
        let mut published = BTreeMap::new();
        let mut news = Vec::new();
        for (uri, diagnostics) in all {
            let is_none = diagnostics.is_empty();
            let diagnostics = Value::Array(diagnostics);
            if self.0.get(&uri) != Some(&diagnostics) {
                let mut params = json!({ "uri": uri, "diagnostics": diagnostics });
                if let Some(version) = folders.version(&uri) {
                    params["version"] = json!(version);
                }
                news.push(notification("textDocument/publishDiagnostics", params));
            }
            if !is_none {
                published.insert(uri, diagnostics);
            }
        }
        self.0 = published;
        news
    }
}

/// What is wrong in a project, and what its last run found, by URI; none where the check fell over.
fn diagnostics(workspace: &mut Workspace, client: Client) -> Option<BTreeMap<String, Vec<Value>>> {
    let snapshot = catch_unwind(AssertUnwindSafe(|| workspace.snapshot())).ok()?;
    let convert = Convert { workspace, snapshot: &snapshot, client };
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for diagnostic in &snapshot.diagnostics {
        if let Some(uri) = workspace.uri(&snapshot, snapshot.whole(diagnostic.at.span).source) {
            all.entry(uri).or_default().push(convert.diagnostic(diagnostic));
        }
    }
    for (uri, diagnostic) in workspace.results.iter().filter_map(|found| found.diagnostic(&convert)) {
        all.entry(uri).or_default().push(diagnostic);
    }
    Some(all)
}
