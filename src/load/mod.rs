//! Loading: from paths to a [`Program`]. The only room before the run that reads files: it expands
//! directories, reads and parses modules, follows `use`, and compiles contracts. It resolves no
//! names; that is what [`crate::check`] does with the result.

mod catalog;
mod contract;
mod cycle;
mod data;
mod expand;
mod file;
mod import;
mod kept;
mod library;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::check::{Import, Program, Unit};
use crate::diag::{Code, Diagnostic};
use crate::source::{Source, SourceId, Span};
use crate::syntax::ast::ItemKind;

pub use data::{DataFile, Refused, Stamp};
pub use expand::scenarios_below;
use file::Trouble;
pub use kept::Kept;
pub use library::{LIBRARY, LibraryModule};

/// Reads what the paths name and everything that imports. Directories stand for all `.scn` files
/// below them. `root` is the directory that imports may not leave. Never fails: what cannot be
/// read is a diagnostic, and the program holds the rest.
pub fn load(paths: &[PathBuf], root: &Path) -> (Program, Vec<Diagnostic>) {
    load_again(paths, root, &mut Kept::default())
}

/// The same, with what the last loading left.
pub fn load_again(paths: &[PathBuf], root: &Path, kept: &mut Kept) -> (Program, Vec<Diagnostic>) {
    let mut loader = Loader::new(root, kept);
    loader.name(paths);
    while let Some(unit) = loader.queue.pop_front() {
        loader.follow(unit);
        loader.contracts(unit);
        catalog::check(&mut loader, unit);
    }
    loader.diagnostics.extend(cycle::find(&loader.program));
    crate::check::sort(&mut loader.diagnostics);
    loader.kept.sources = loader.program.sources.clone();
    loader.kept.is_loading = false;
    (loader.program, loader.diagnostics)
}

/// What makes two paths the same file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    /// The canonical path.
    File(PathBuf),
    /// A module of the standard library.
    Library(&'static str),
}

/// The state of one loading.
struct Loader<'k> {
    /// The canonical root, and how it is written in messages.
    root: PathBuf,
    program: Program,
    diagnostics: Vec<Diagnostic>,
    units: BTreeMap<Identity, usize>,
    scripts: BTreeMap<PathBuf, SourceId>,
    /// The units in which something is judged by a profile.
    profiled: BTreeSet<usize>,
    /// The contracts of which was said what was found in them.
    told: BTreeSet<contract::Key>,
    kept: &'k mut Kept,
    queue: VecDeque<usize>,
}

impl<'k> Loader<'k> {
    fn new(root: &Path, kept: &'k mut Kept) -> Loader<'k> {
        kept.tidy();
        kept.is_loading = true;
        Loader {
            root: root.canonicalize().unwrap_or_else(|_| root.to_path_buf()),
            program: Program {
                sources: std::mem::take(&mut kept.sources),
                numbering: kept.numbering,
                ..Program::default()
            },
            diagnostics: Vec::new(),
            units: BTreeMap::new(),
            scripts: BTreeMap::new(),
            profiled: BTreeSet::new(),
            told: BTreeSet::new(),
            kept,
            queue: VecDeque::new(),
        }
    }

    /// Reads the modules that the command line names. What goes wrong with a path itself is shown
    /// in the command line, which is a source of its own for that purpose.
    fn name(&mut self, paths: &[PathBuf]) {
        let mut wrong = Vec::new();
        for (index, path) in paths.iter().enumerate() {
            match expand::expand(path) {
                Ok(files) => {
                    for file in files {
                        match self.module(&file) {
                            Ok(unit) => self.program.units[unit].named = true,
                            Err(trouble) => wrong.push((index, file, trouble)),
                        }
                    }
                }
                // What an editor has open need not be on the disk.
                Err((path, trouble)) => {
                    if !self.kept.is_open(&path) || self.module(&path).is_err() {
                        wrong.push((index, path, trouble));
                    }
                }
            }
        }
        if wrong.is_empty() {
            return;
        }
        let (text, places) = command_line(paths);
        let source = self.program.sources.meet(Source::new("command line", "", text));
        for (index, path, trouble) in wrong {
            let (start, end) = places[index];
            self.trouble(&path, trouble, Span::new(source, start, end));
        }
    }

    /// The unit of a module file, read and parsed when it is met for the first time.
    fn module(&mut self, path: &Path) -> Result<usize, Trouble> {
        let real = self.kept.real(path).map_err(|e| Trouble::from_io(path, &e))?;
        if let Some(&unit) = self.units.get(&Identity::File(real.clone())) {
            return Ok(unit);
        }
        let text = self.kept.text(path, &real)?;
        let dir = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(self.unit(Identity::File(real), path.display().to_string(), dir, text))
    }

    /// Parses a text that was not met before.
    fn unit(&mut self, identity: Identity, name: String, dir: PathBuf, text: Arc<str>) -> usize {
        let source = Source::new(name, dir.clone(), text);
        let read = self.kept.module(&identity, source, &mut self.program.sources);
        let sources = &self.program.sources;
        let errors = read.errors.iter().filter(|error| error.is_error()).map(|error| error.at.span);
        let broken = errors.map(|span| whole_line(sources.get(span.source), span)).collect();
        self.diagnostics.extend(read.errors);
        let unit = self.program.units.len();
        if read.names_a_profile {
            self.profiled.insert(unit);
        }
        self.program.units.push(Unit {
            module: read.module,
            pieces: read.pieces,
            named: false,
            dir,
            names: BTreeMap::new(),
            contracts: BTreeMap::new(),
            broken,
            imports: BTreeMap::new(),
        });
        self.units.insert(identity, unit);
        self.queue.push_back(unit);
        unit
    }

    /// Reads what a module imports.
    fn follow(&mut self, unit: usize) {
        let uses: Vec<_> = self.program.units[unit]
            .module
            .items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| match &item.kind {
                ItemKind::Use(import) => Some((index, import.path.clone())),
                _ => None,
            })
            .collect();
        if self.program.profiles.is_none() && self.profiled.contains(&unit) {
            self.program.profiles = import::profiles(self);
        }
        for (index, path) in uses {
            let import = match import::resolve(self, unit, &path) {
                Ok(import) => import,
                Err(diagnostic) => {
                    self.diagnostics.extend(diagnostic.map(|boxed| *boxed));
                    Import::Failed
                }
            };
            self.program.units[unit].imports.insert(index, import);
        }
    }

    /// Reads the contracts that a module's services name.
    fn contracts(&mut self, unit: usize) {
        let Program { sources, units, .. } = &mut self.program;
        let known = &mut self.kept.contracts;
        let (root, told) = (&self.root, &mut self.told);
        let mut contracts = contract::Contracts { root, sources, known, told, schemas: false };
        let (found, diagnostics) = contracts.of_services(&units[unit]);
        self.program.units[unit].contracts = found;
        self.diagnostics.extend(diagnostics);
    }

    /// Says why a file could not be read: at `span`, which names it, or inside it when its bytes
    /// are at fault.
    fn trouble(&mut self, path: &Path, trouble: Trouble, span: Span) {
        let diagnostic = match trouble {
            Trouble::NotUtf8 { text, offset } => {
                let dir = path.parent().map(Path::to_path_buf).unwrap_or_default();
                let name = path.display().to_string();
                let message = format!("`{name}` is not UTF-8: byte {offset} begins no character");
                let source = self.program.sources.meet(Source::new(name, dir, text));
                let end = offset + '\u{fffd}'.len_utf8();
                Diagnostic::error(Code::UNREADABLE, Span::new(source, offset, end), message)
                    .label("these bytes are no character")
                    .help("scenario files are UTF-8; convert the file, for example with `iconv -t utf-8`")
            }
            other => {
                let diagnostic =
                    Diagnostic::error(Code::UNREADABLE, span, other.message(path)).label("named here");
                match other.help() {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                }
            }
        };
        self.diagnostics.push(diagnostic);
    }
}

/// The line in which a span begins.
fn whole_line(source: &Source, span: Span) -> Span {
    let start =
        source.text[..(span.start as usize).min(source.text.len())].rfind('\n').map_or(0, |at| at + 1);
    let end = source.text[start..].find('\n').map_or(source.text.len(), |at| start + at);
    Span::new(span.source, start, end)
}

/// The paths as one line, and where in it each stands.
fn command_line(paths: &[PathBuf]) -> (String, Vec<(usize, usize)>) {
    let mut text = String::new();
    let mut places = Vec::new();
    for path in paths {
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(&path.display().to_string());
        places.push((start, text.len()));
    }
    (text, places)
}
