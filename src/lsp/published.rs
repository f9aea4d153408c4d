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
pub(super) struct Published(ByUri);

/// Diagnostics by the URI of their file.
type ByUri = BTreeMap<String, Vec<Value>>;

impl Published {
    /// What there is to tell now.
    pub(super) fn news(&mut self, folders: &mut Folders, client: Client) -> Vec<Message> {
        if !folders.has_news() {
            return Vec::new();
        }
        let found: Vec<Option<ByUri>> =
            folders.iter().map(|workspace| guarded(|| diagnostics(workspace, client))).collect();
        self.exchange(found, |uri| folders.owner(uri), |uri| folders.version(uri))
    }

    /// What there is to tell of what was found in each folder; none where the check fell over. `owner` says
    /// which folder speaks of a file, `version` what version of it is open.
    fn exchange(
        &mut self,
        found: Vec<Option<ByUri>>,
        owner: impl Fn(&str) -> Option<usize>,
        version: impl Fn(&str) -> Option<i32>,
    ) -> Vec<Message> {
        let mut all = ByUri::new();
        for (index, found) in found.into_iter().enumerate() {
            // Where checking itself is at fault, what was said before stands.
            let found = found.unwrap_or_else(|| self.0.clone());
            // Of a folder inside another speaks the inner one alone.
            all.extend(found.into_iter().filter(|(uri, _)| owner(uri) == Some(index)));
        }
        for uri in self.0.keys() {
            all.entry(uri.clone()).or_default();
        }
        let mut news = Vec::new();
        for (uri, diagnostics) in &all {
            if self.0.get(uri) != Some(diagnostics) {
                let mut params = json!({ "uri": uri, "diagnostics": diagnostics });
                if let Some(version) = version(uri) {
                    params["version"] = json!(version);
                }
                news.push(notification("textDocument/publishDiagnostics", params));
            }
        }
        all.retain(|_, diagnostics| !diagnostics.is_empty());
        self.0 = all;
        news
    }
}

/// What is found; none where that falls over.
fn guarded<T>(find: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(find)).ok()
}

/// What is wrong in a project, and what its last run found.
fn diagnostics(workspace: &mut Workspace, client: Client) -> ByUri {
    let snapshot = workspace.snapshot();
    let convert = Convert { workspace, snapshot: &snapshot, client };
    let mut all = ByUri::new();
    for diagnostic in &snapshot.diagnostics {
        if let Some(uri) = workspace.uri(&snapshot, snapshot.whole(diagnostic.at.span).source) {
            all.entry(uri).or_default().push(convert.diagnostic(diagnostic));
        }
    }
    for (uri, diagnostic) in workspace.results.iter().filter_map(|found| found.diagnostic(&convert)) {
        let known = all.entry(uri).or_default();
        // Runs at the same time may find the same.
        if !known.contains(&diagnostic) {
            known.push(diagnostic);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files that are told of, and what.
    fn told(published: &mut Published, found: Vec<Option<ByUri>>) -> Vec<(String, Value)> {
        let owner = |uri: &str| ["a", "b"].iter().position(|folder| uri.starts_with(folder));
        let mut told = Vec::new();
        for message in published.exchange(found, owner, |_| None) {
            let Message::Notification(mut message) = message else { continue };
            let uri = message.params["uri"].as_str().unwrap().to_owned();
            told.push((uri, message.params["diagnostics"].take()));
        }
        told
    }

    fn found(uri: &str, what: &str) -> ByUri {
        BTreeMap::from([(uri.to_owned(), vec![json!(what)])])
    }

    #[test]
    fn where_a_check_falls_over_what_was_said_stands_and_other_folders_speak() {
        let mut published = Published::default();
        told(&mut published, vec![Some(found("a/x", "old")), Some(found("b/x", "old"))]);
        let news = told(&mut published, vec![None, Some(found("b/x", "new"))]);
        assert_eq!(news, [("b/x".to_owned(), json!(["new"]))]);
        let news = told(&mut published, vec![Some(ByUri::new()), None]);
        assert_eq!(news, [("a/x".to_owned(), json!([]))]);
        let news = told(&mut published, vec![None, Some(ByUri::new())]);
        assert_eq!(news, [("b/x".to_owned(), json!([]))]);
        assert_eq!(guarded(|| panic!("at fault")), None::<()>);
    }
}
