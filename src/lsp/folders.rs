//! The folders that the client has open, each a project of its own, and the files in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem};

use super::document::{Document, path_of};
use super::position::Encoding;
use super::workspace::Workspace;

/// All that the client has open.
#[derive(Default)]
pub(super) struct Folders {
    encoding: Encoding,
    documents: BTreeMap<PathBuf, Arc<Document>>,
    workspaces: Vec<Workspace>,
    /// Whether some were opened or closed, and the client was not told yet what follows.
    were_exchanged: bool,
}

impl Folders {
    /// Those in these directories.
    pub(super) fn new(dirs: &[PathBuf], encoding: Encoding) -> Folders {
        let mut folders = Folders { encoding, ..Folders::default() };
        folders.exchange(dirs, &[]);
        folders
    }

    /// Opens some and closes others. A file that is open stays so, and may belong elsewhere now.
    pub(super) fn exchange(&mut self, added: &[PathBuf], removed: &[PathBuf]) {
        self.workspaces.retain(|workspace| !removed.iter().any(|dir| workspace.is_in(dir)));
        for dir in added {
            if !self.workspaces.iter().any(|workspace| workspace.is_in(dir)) {
                self.workspaces.push(Workspace::new(dir, self.encoding));
            }
        }
        self.were_exchanged = true;
        for index in 0..self.workspaces.len() {
            let holds = |path: &PathBuf| self.holders(path).contains(&index);
            let documents = self.documents.iter().filter(|(path, _)| holds(path));
            let documents = documents.map(|(path, document)| (path.clone(), document.clone())).collect();
            self.workspaces[index].set_documents(documents);
        }
    }

    /// Every project.
    pub(super) fn iter(&mut self) -> impl Iterator<Item = &mut Workspace> {
        self.workspaces.iter_mut().inspect(|workspace| workspace.enter())
    }

    /// The project that a file belongs to: the innermost that holds it, else the first.
    pub(super) fn of(&mut self, uri: &str) -> Option<&mut Workspace> {
        self.at(self.owner(uri)?)
    }

    /// One of them.
    pub(super) fn at(&mut self, index: usize) -> Option<&mut Workspace> {
        let workspace = self.workspaces.get_mut(index)?;
        workspace.enter();
        Some(workspace)
    }

    /// Whether something changed since this was asked last.
    pub(super) fn has_news(&mut self) -> bool {
        let mut has_news = std::mem::take(&mut self.were_exchanged);
        self.workspaces.iter_mut().for_each(|workspace| has_news |= workspace.has_news());
        has_news
    }

    /// The version of an open file.
    pub(super) fn version(&self, uri: &str) -> Option<i32> {
        self.documents.get(&path_of(uri)?).map(|document| document.version)
    }

    /// The project of a folder that the client names; the first without a name.
    pub(super) fn named(&mut self, uri: Option<&str>) -> Option<&mut Workspace> {
        let Some(uri) = uri else { return self.iter().next() };
        let dir = path_of(uri)?;
        self.iter().find(|workspace| workspace.is_in(&dir))
    }

    /// Which that is.
    pub(super) fn owner(&self, uri: &str) -> Option<usize> {
        self.holders(&path_of(uri)?).first().copied()
    }

    /// The projects that hold a file, the innermost first; the first of all for one that lies in none.
    fn holders(&self, path: &Path) -> Vec<usize> {
        let depth = |index: usize| self.workspaces[index].holds(path);
        let mut holders: Vec<usize> =
            (0..self.workspaces.len()).filter(|&index| depth(index).is_some()).collect();
        holders.sort_by_key(|&index| std::cmp::Reverse(depth(index)));
        if holders.is_empty() && !self.workspaces.is_empty() {
            holders.push(0);
        }
        holders
    }

    /// A file was opened.
    pub(super) fn open(&mut self, item: TextDocumentItem) {
        let Some(path) = path_of(&item.uri.0) else { return };
        self.put(path, Document { uri: item.uri.0, version: item.version, text: item.text.into() });
    }

    /// An open file changed.
    pub(super) fn change(&mut self, uri: &str, version: i32, changes: &[TextDocumentContentChangeEvent]) {
        let Some(path) = path_of(uri) else { return };
        let Some(document) = self.documents.get(&path) else { return };
        let document = document.changed(version, changes, self.encoding);
        self.put(path, document);
    }

    fn put(&mut self, path: PathBuf, document: Document) {
        let document = Arc::new(document);
        for index in self.holders(&path) {
            self.workspaces[index].put(path.clone(), document.clone());
        }
        self.documents.insert(path, document);
    }

    /// A file was closed: what is on the disk counts again.
    pub(super) fn close(&mut self, uri: &str) {
        let Some(path) = path_of(uri) else { return };
        for index in self.holders(&path) {
            self.workspaces[index].close(&path);
        }
        self.documents.remove(&path);
    }
}
