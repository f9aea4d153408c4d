//! Reading one side of a comparison: a contract file, or a directory of `.proto` files. The only
//! part of the comparison that touches files.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::proto::ProtoSide;
use crate::contract::openapi::{self, Document};
use crate::contract::proto::{self, ProtoError};
use crate::contract::{File, Reader};
use crate::diag::Diagnostic;
use crate::source::{Source, SourceId, Sources, Span, display_path};

/// Directories that hold what was built or fetched, never contracts.
const SKIPPED: &[&str] = &["target", "node_modules", "out"];

/// A larger file is refused: no contract is, but a wrong path may lead to anything.
const MAX_FILE: u64 = 16 << 20;

/// More files than this are refused: a directory that was not meant.
const MAX_FILES: usize = 10_000;

/// A contract, read for a comparison.
#[derive(Debug)]
pub struct Side {
    name: String,
    contents: Contents,
}

/// What it holds.
#[derive(Debug)]
pub(super) enum Contents {
    Proto(ProtoSide),
    OpenApi(Document),
}

/// Why a contract cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in which file; none when the path itself is at fault.
    pub span: Option<Span>,
    /// Lower case, names in backticks, no full stop.
    pub message: String,
    /// Advice.
    pub help: Option<String>,
}

impl Problem {
    fn of_path(message: impl Into<String>) -> Problem {
        Problem { span: None, message: message.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Problem {
        Problem { help: Some(help.into()), ..self }
    }
}

impl Side {
    /// Its path, as it was written.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }
}

impl Contents {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Contents::Proto(_) => "Protocol Buffers",
            Contents::OpenApi(_) => "an OpenAPI document",
        }
    }
}

/// Reads a contract: a `.proto` file, a directory of them, or an OpenAPI document. Imports are
/// looked for up to `root`. The files become sources, in the order of their names. Errors: all
/// that stands against every file.
pub fn read(path: &Path, root: &Path, sources: &mut Sources) -> Result<Side, Vec<Problem>> {
    let name = path.display().to_string();
    let metadata = std::fs::metadata(path).map_err(|error| vec![unreadable(path, &error)])?;
    let contents = if metadata.is_dir() {
        let files = proto_files(path)?;
        Contents::Proto(protobuf(&files, path, root, false, sources)?)
    } else {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("proto") => {
                let base = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
                Contents::Proto(protobuf(&[path.to_owned()], base, root, true, sources)?)
            }
            Some("yaml" | "yml" | "json") => Contents::OpenApi(document(path, root, sources)?),
            _ => {
                return Err(vec![Problem::of_path(format!("`{name}` is no contract that is known")).help(
                    "a contract is a `.proto` file, a directory of them, or an OpenAPI document in `.yaml` or `.json`",
                )]);
            }
        }
    };
    Ok(Side { name, contents })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    let name = path.display();
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            let problem = Problem::of_path(format!("`{name}` does not exist"));
            match neighbour(path) {
                Some(advice) => problem.help(advice),
                None => problem,
            }
        }
        std::io::ErrorKind::PermissionDenied => {
            Problem::of_path(format!("`{name}` may not be read: permission denied"))
        }
        _ => Problem::of_path(format!("`{name}` cannot be read: {error}")),
    }
}

/// A file of the same directory whose name is spelt alike.
fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names = std::fs::read_dir(dir).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    crate::diag::did_you_mean(wanted, names.iter().map(String::as_str))
}

/// Every `.proto` file below a directory, in alphabetical order.
fn proto_files(dir: &Path) -> Result<Vec<PathBuf>, Vec<Problem>> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(dir) = waiting.pop() {
        let entries = std::fs::read_dir(&dir).map_err(|error| vec![unreadable(&dir, &error)])?;
        for entry in entries {
            let entry = entry.map_err(|error| vec![unreadable(&dir, &error)])?;
            let name = entry.file_name();
            let text = name.to_string_lossy();
            if text.starts_with('.') {
                continue;
            }
            let kind = entry.file_type().map_err(|error| vec![unreadable(&entry.path(), &error)])?;
            // Links to directories are not followed: they could lead in circles.
            if kind.is_dir() {
                if !SKIPPED.contains(&text.as_ref()) {
                    waiting.push(dir.join(&name));
                }
            } else if text.ends_with(".proto") {
                found.push(dir.join(&name));
                if found.len() > MAX_FILES {
                    let message = format!("`{}` holds more than {MAX_FILES} `.proto` files", dir.display());
                    return Err(vec![Problem::of_path(message)]);
                }
            }
        }
    }
    if found.is_empty() {
        let message = format!("`{}` holds no `.proto` file, so there is nothing to compare", dir.display());
        return Err(vec![
            Problem::of_path(message).help("an OpenAPI document is named itself, not its directory"),
        ]);
    }
    found.sort();
    Ok(found)
}

fn protobuf(
    files: &[PathBuf],
    base: &Path,
    root: &Path,
    alone: bool,
    sources: &mut Sources,
) -> Result<ProtoSide, Vec<Problem>> {
    let tree = proto::compile_all(files, base, root)
        .map_err(|errors| errors.iter().map(|error| complaint(error, sources)).collect::<Vec<_>>())?;
    let whole: Vec<(PathBuf, &PathBuf)> =
        files.iter().map(|file| (std::path::absolute(file).unwrap_or_else(|_| file.clone()), file)).collect();
    let base = std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
    let here = std::env::current_dir().unwrap_or_default();
    let mut found = BTreeMap::new();
    let mut only = None;
    for (name, path) in &tree.files {
        // People see the path they wrote.
        let written = whole.iter().find(|(whole, _)| whole == path).map(|(_, written)| *written);
        let shown = written.map_or_else(|| PathBuf::from(display_path(path, &here)), PathBuf::clone);
        let source =
            source_as(path, &shown.display().to_string(), sources).map_err(|problem| vec![problem])?;
        let key = path.strip_prefix(&base).map_or_else(|_| name.clone(), |below| below.display().to_string());
        if written.is_some() && alone {
            only = Some(name.clone());
        }
        found.insert(name.clone(), (key, source));
    }
    Ok(ProtoSide::new(tree.pool, found, only, sources))
}

/// Reads the files that a document refers to, and none outside of the root.
struct Below<'a> {
    root: PathBuf,
    sources: &'a mut Sources,
}

impl Reader for Below<'_> {
    fn read(&mut self, from: &Path, path: &str) -> Result<File, String> {
        let path = from.parent().unwrap_or(from).join(path);
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
        let real = path.canonicalize().map_err(|error| unreadable(&path, &error).message)?;
        let shown = display_path(&real, &here);
        if !real.starts_with(&self.root) {
            return Err(format!("`{shown}` lies outside of the project"));
        }
        let source = source_as(&real, &shown, self.sources).map_err(|problem| problem.message)?;
        Ok(File { path: real, source, text: self.sources.get(source).text.clone() })
    }
}

fn document(path: &Path, root: &Path, sources: &mut Sources) -> Result<Document, Vec<Problem>> {
    let source = source(path, sources).map_err(|problem| vec![problem])?;
    let real = path.canonicalize().map_err(|error| vec![unreadable(path, &error)])?;
    let file = File { path: real, source, text: sources.get(source).text.clone() };
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let (document, diagnostics) = openapi::read(&file, false, &mut Below { root, sources });
    let problem = |one: &Diagnostic| Problem {
        span: Some(one.at.span),
        message: one.message.clone(),
        help: one.help.clone(),
    };
    document.ok_or_else(|| diagnostics.iter().filter(|one| one.is_error()).map(problem).collect())
}

/// What the compiler says, at its place.
fn complaint(error: &ProtoError, sources: &mut Sources) -> Problem {
    let here = std::env::current_dir().unwrap_or_default();
    let shown = display_path(&error.file, &here);
    let span = match error.line {
        0 => None,
        line => source_as(&error.file, &shown, sources).ok().map(|id| {
            let source = sources.get(id);
            let before: usize = source.text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
            let text = source.line(line);
            let column = error.column.max(1) as usize - 1;
            let start = before + text.char_indices().nth(column).map_or(text.len(), |(at, _)| at);
            let rest = source.text.get(start..).unwrap_or("");
            let word =
                rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
            Span::new(id, start, (start + word.max(1)).min(source.text.len()))
        }),
    };
    let message = match span {
        Some(_) => format!("the contract does not compile: {}", error.message),
        None => format!("`{shown}` does not compile: {}", error.message),
    };
    Problem { span, message, help: error.help.clone() }
}

fn source(path: &Path, sources: &mut Sources) -> Result<SourceId, Problem> {
    source_as(path, &path.display().to_string(), sources)
}

/// The text of a file among the sources, read once.
fn source_as(path: &Path, shown: &str, sources: &mut Sources) -> Result<SourceId, Problem> {
    if let Some((id, _)) = sources.iter().find(|(_, source)| source.name == shown) {
        return Ok(id);
    }
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(Problem::of_path(format!("`{shown}` is a pipe, socket or device, not a file")));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Problem::of_path(format!("`{shown}` is larger than {} MiB", MAX_FILE >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Problem::of_path(format!("`{shown}` is not UTF-8: byte {at} begins no character"))
    })?;
    let dir = path.parent().map(Path::to_path_buf).unwrap_or_default();
    Ok(sources.add(Source::new(shown, dir, text)))
}
