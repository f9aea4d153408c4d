//! The files of a project: those on the disk, and over them those that the client has open.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::Position;
use url::Url;

use super::document::{Document, path_of, real};
use super::drawn::{self, Examples};
use super::position::Encoding;
use super::results::{self, Found};
use crate::check::Memo;
use crate::ide::{Snapshot, lenses};
use crate::lang::Registry;
use crate::load::{Kept, LIBRARY, load_again, scenarios_below};
use crate::report::make_home;
use crate::source::{SourceId, Span};
use crate::syntax::ast::Expr;

/// Where modules of the standard library are written, so that any editor can show them.
const LIBRARY_DIR: &str = ".scn/std";

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
    documents: BTreeMap<PathBuf, Arc<Document>>,
    snapshot: Option<Arc<Snapshot>>,
    /// What is drawn now.
    examples: RefCell<Examples>,
    /// Whether the client was not told yet of what is wrong now.
    has_news: bool,
    /// What its last run found.
    pub(super) results: Vec<Found>,
}

impl Workspace {
    /// The project in a directory.
    pub(super) fn new(dir: &Path, encoding: Encoding) -> Workspace {
        let mut workspace = Workspace {
            root: real(dir),
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
            results: Vec::new(),
        };
        workspace.ran();
        workspace
    }

    /// Its directory, canonical.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Makes its directory the one that relative paths start from, as whoever asks it anything must:
    /// messages then name files as those of `scn check` do.
    pub(super) fn enter(&self) {
        let _ = std::env::set_current_dir(&self.root);
    }

    /// Whether it is the project in a directory.
    pub(super) fn is_in(&self, dir: &Path) -> bool {
        self.named == dir || self.root == dir
    }

    /// How deep a directory it has, where a canonical path lies below that.
    pub(super) fn holds(&self, path: &Path) -> Option<usize> {
        path.starts_with(&self.root).then(|| self.root.components().count())
    }

    /// The URI of its directory, as the client calls it.
    pub(super) fn folder(&self) -> Option<String> {
        Url::from_file_path(&self.named).ok().map(String::from)
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

    /// A run is over, or has come further: what it found is to be shown.
    pub(super) fn ran(&mut self) {
        self.enter();
        self.results = results::last();
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

    /// The files of it that are open, and no others.
    pub(super) fn set_documents(&mut self, documents: BTreeMap<PathBuf, Arc<Document>>) {
        let closed: Vec<PathBuf> =
            self.documents.keys().filter(|path| !documents.contains_key(*path)).cloned().collect();
        closed.iter().for_each(|path| self.close(path));
        documents.into_iter().for_each(|(path, document)| self.put(path, document));
    }

    /// A file was opened or changed.
    pub(super) fn put(&mut self, path: PathBuf, document: Arc<Document>) {
        if !path.starts_with(self.root.join(LIBRARY_DIR)) {
            self.kept.open(&path, Some(document.text.clone()));
        }
        self.documents.insert(path, document);
        self.changed();
    }

    /// A file was closed: what is on the disk counts again.
    pub(super) fn close(&mut self, path: &Path) {
        self.documents.remove(path);
        self.kept.open(path, None);
        self.disk_changed();
    }

    /// Files on the disk may have changed.
    pub(super) fn disk_changed(&mut self) {
        self.kept.forget_the_disk();
        self.files = None;
        self.changed();
    }

    /// The open files of it that say something else than the disk does, which is what a run reads.
    pub(super) fn unsaved(&self) -> Vec<String> {
        let library = self.root.join(LIBRARY_DIR);
        let counts = |path: &Path| path.starts_with(&self.root) && !path.starts_with(&library);
        let open = self.documents.iter().filter(|(path, _)| counts(path));
        let unsaved = open.filter(|(path, document)| !is_saved(path, &document.text));
        unsaved.map(|(path, _)| self.relative(path).display().to_string()).collect()
    }

    /// Whether a scenario of this title is what a run of a target, such as `a.scn:12`, runs.
    pub(super) fn is_at(&mut self, target: &str, title: &str) -> bool {
        let snapshot = self.snapshot();
        let mut lenses = (0..snapshot.program().units.len()).flat_map(|unit| lenses(&snapshot, unit));
        lenses.any(|lens| lens.target == target && lens.title == title)
    }

    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_path_buf()
    }

    /// The module that a URI names.
    pub(super) fn unit(&self, snapshot: &Snapshot, uri: &str) -> Option<usize> {
        let path = path_of(uri)?;
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

    /// The byte at a position of a module.
    pub(super) fn offset(&self, snapshot: &Snapshot, unit: usize, position: Position) -> u32 {
        let program = snapshot.program();
        self.encoding.offset(program.sources.get(program.units[unit].module.source), position)
    }
}

/// Whether a file has a text. Editors take off the mark at its beginning, and write the ends of its lines
/// in a way of their own.
fn is_saved(path: &Path, text: &str) -> bool {
    fn lines(text: &str) -> impl Iterator<Item = &str> {
        text.trim_start_matches('\u{feff}').lines()
    }
    path.is_file() && std::fs::read_to_string(path).is_ok_and(|saved| lines(&saved).eq(lines(text)))
}
