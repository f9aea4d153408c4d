//! The files of a project: those on the disk, and over them those that the client has open.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::{Position, TextDocumentContentChangeEvent};
use url::Url;

use super::drawn::{self, Examples};
use super::position::Encoding;
use crate::check::Memo;
use crate::ide::Snapshot;
use crate::lang::Registry;
use crate::load::{Kept, LIBRARY, load_again, scenarios_below};
use crate::report::make_home;
use crate::source::{Source, SourceId, Span};
use crate::syntax::ast::Expr;

/// Where modules of the standard library are written, so that any editor can show them.
const LIBRARY_DIR: &str = ".scn/std";

/// An open file.
pub(super) struct Document {
    uri: String,
    pub(super) version: i32,
    text: Arc<str>,
}

/// A project.
pub(super) struct Workspace {
    /// Its directory, canonical, and as the client calls it.
    root: PathBuf,
    named: PathBuf,
    pub(super) encoding: Encoding,
    registry: Arc<Registry>,
    kept: Kept,
    memo: Memo,
    /// The modules on the disk, relative to the root.
    files: Option<Vec<PathBuf>>,
    documents: BTreeMap<PathBuf, Document>,
    snapshot: Option<Arc<Snapshot>>,
    /// What is drawn now.
    examples: RefCell<Examples>,
    /// Whether the client was not told yet of what is wrong now.
    has_news: bool,
}

impl Workspace {
    /// The project in a directory, which becomes the one that relative paths start from.
    pub(super) fn new(dir: &Path, encoding: Encoding) -> Workspace {
        let root = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
        // Messages then name files as those of `scn check` do.
        let _ = std::env::set_current_dir(&root);
        Workspace {
            root,
            named: dir.to_path_buf(),
            encoding,
            registry: Arc::new(crate::rooms::registry()),
            kept: Kept::for_editing(),
            memo: Memo::default(),
            files: None,
            documents: BTreeMap::new(),
            snapshot: None,
            examples: RefCell::default(),
            has_news: true,
        }
    }

    /// Everything that is known now.
    pub(super) fn snapshot(&mut self) -> Arc<Snapshot> {
        if let Some(snapshot) = &self.snapshot {
            return snapshot.clone();
        }
        let mut files = self.files.get_or_insert_with(|| scenarios_below(Path::new("."))).clone();
        let open = self.documents.keys().map(|path| self.relative(path));
        files.extend(open.filter(|path| path.extension().is_some_and(|extension| extension == "scn")));
        files.sort();
        files.dedup();
        let (program, found) = load_again(&files, Path::new("."), &mut self.kept);
        let snapshot = Arc::new(Snapshot::new(program, found, self.registry.clone(), &mut self.memo));
        self.snapshot = Some(snapshot.clone());
        snapshot
    }

    /// Whether something changed since this was asked last.
    pub(super) fn has_news(&mut self) -> bool {
        std::mem::take(&mut self.has_news)
    }

    /// What there is to say changed, though no file did.
    pub(super) fn tell_again(&mut self) {
        self.has_news = true;
    }

    /// An example of what a shape at a place draws, worked out once for each state.
    pub(super) fn example(&self, snapshot: &Snapshot, unit: usize, at: Span, shape: &Expr) -> Option<String> {
        let mut examples = self.examples.borrow_mut();
        examples.entry(at).or_insert_with(|| drawn::example(snapshot, unit, shape)).clone()
    }

    fn changed(&mut self) {
        self.examples.borrow_mut().clear();
        self.snapshot = None;
        self.has_news = true;
    }

    /// A file was opened.
    pub(super) fn open(&mut self, uri: &str, version: i32, text: &str) {
        let Some(path) = self.path(uri) else { return };
        self.put(path, Document { uri: uri.to_owned(), version, text: text.into() });
    }

    /// An open file changed.
    pub(super) fn change(&mut self, uri: &str, version: i32, changes: &[TextDocumentContentChangeEvent]) {
        let Some(path) = self.path(uri) else { return };
        let Some(document) = self.documents.get(&path) else { return };
        let mut text = document.text.to_string();
        for change in changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let source = Source::new("", "", text.as_str());
                    let start = self.encoding.offset(&source, part.range.start) as usize;
                    let end = self.encoding.offset(&source, part.range.end) as usize;
                    text.replace_range(start..end.max(start), &part.text);
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    text = whole.text.clone();
                }
            }
        }
        self.put(path, Document { uri: uri.to_owned(), version, text: text.into() });
    }

    /// A file was closed: what is on the disk counts again.
    pub(super) fn close(&mut self, uri: &str) {
        let Some(path) = self.path(uri) else { return };
        self.documents.remove(&path);
        self.kept.open(&path, None);
        self.disk_changed();
    }

    fn put(&mut self, path: PathBuf, document: Document) {
        if !path.starts_with(self.root.join(LIBRARY_DIR)) {
            self.kept.open(&path, Some(document.text.clone()));
        }
        self.documents.insert(path, document);
        self.changed();
    }

    /// Files on the disk may have changed.
    pub(super) fn disk_changed(&mut self) {
        self.kept.forget_the_disk();
        self.files = None;
        self.changed();
    }

    /// The canonical path of a URI; none when it names no file.
    fn path(&self, uri: &str) -> Option<PathBuf> {
        let path = Url::parse(uri).ok()?.to_file_path().ok()?;
        if let Ok(real) = path.canonicalize() {
            return Some(real);
        }
        // A file that is not there yet lies in a directory that is.
        match (path.parent().and_then(|dir| dir.canonicalize().ok()), path.file_name()) {
            (Some(dir), Some(name)) => Some(dir.join(name)),
            _ => Some(path),
        }
    }

    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_path_buf()
    }

    /// The module that a URI names.
    pub(super) fn unit(&self, snapshot: &Snapshot, uri: &str) -> Option<usize> {
        let path = self.path(uri)?;
        let relative = self.relative(&path);
        let name = match relative.strip_prefix(LIBRARY_DIR) {
            Ok(module) => Path::new("std").join(module).with_extension("").display().to_string(),
            Err(_) => relative.display().to_string(),
        };
        let program = snapshot.program();
        program.units.iter().position(|unit| program.sources.get(unit.module.source).name == name)
    }

    /// The URI of a file as the client knows it.
    pub(super) fn uri(&self, snapshot: &Snapshot, file: SourceId) -> Option<String> {
        let source = snapshot.program().sources.get(file);
        match LIBRARY.iter().find(|module| module.name == source.name) {
            Some(module) => self.library(module.name, module.text),
            None => self.uri_of(Path::new(&source.name)),
        }
    }

    /// The URI of a path below the root, or anywhere.
    pub(super) fn uri_of(&self, path: &Path) -> Option<String> {
        let relative = self.relative(path);
        let absolute = self.root.join(&relative);
        if let Some(document) = self.documents.get(&absolute) {
            return Some(document.uri.clone());
        }
        if !absolute.is_file() {
            return None;
        }
        Url::from_file_path(self.named.join(relative)).ok().map(String::from)
    }

    /// A module of the standard library as a file: not every editor shows what is none.
    fn library(&self, name: &str, text: &str) -> Option<String> {
        let dir = self.root.join(".scn");
        let path = dir.join(name).with_extension("scn");
        if std::fs::read_to_string(&path).ok().as_deref() != Some(text) {
            make_home(&dir).ok()?;
            std::fs::create_dir_all(path.parent()?).ok()?;
            std::fs::write(&path, text).ok()?;
        }
        Url::from_file_path(self.named.join(self.relative(&path))).ok().map(String::from)
    }

    /// The version of an open file.
    pub(super) fn version(&self, uri: &str) -> Option<i32> {
        self.documents.get(&self.path(uri)?).map(|document| document.version)
    }

    /// The byte at a position of a module.
    pub(super) fn offset(&self, snapshot: &Snapshot, unit: usize, position: Position) -> u32 {
        let program = snapshot.program();
        self.encoding.offset(program.sources.get(program.units[unit].module.source), position)
    }
}
