//! From the path of a `use` to what it names.

use std::path::{Component, Path, PathBuf};

use super::file::Trouble;
use super::{Identity, Loader, library};
use crate::check::Import;
use crate::diag::{Code, Diagnostic};
use crate::source::Source;
use crate::syntax::ast::Template;

/// A diagnostic, or nothing when it was already reported.
type Refusal = Option<Box<Diagnostic>>;

/// What the path of a `use` in `unit` names, read when it was not yet.
pub(super) fn resolve(loader: &mut Loader<'_>, unit: usize, path: &Template) -> Result<Import, Refusal> {
    let Some(written) = path.plain() else {
        return Err(refuse(path, Code::WRONG_TYPE, "the path of a `use` is plain text, without `${…}`"));
    };
    if written.starts_with("std/") {
        return resolve_library(loader, path, &written);
    }
    if loader.program.units[unit].dir.as_os_str().is_empty() && is_library(loader, unit) {
        return Err(refuse(path, Code::UNREADABLE, "the standard library imports only itself"));
    }
    let target = join(&loader.program.units[unit].dir, Path::new(&*written));
    match target.extension().and_then(|extension| extension.to_str()) {
        Some("scn" | "rhai" | "proto" | "json" | "yaml" | "yml") => {}
        _ => {
            let message = format!("`{written}` is no module, script or contract");
            let diagnostic = Diagnostic::error(Code::UNREADABLE, path.span, message);
            let with_scn = PathBuf::from(format!("{}.scn", target.display()));
            return Err(Some(Box::new(if with_scn.is_file() {
                diagnostic.help(format!("did you mean `{written}.scn`?"))
            } else {
                diagnostic.help(
                    "files are imported that end in `.scn`, `.rhai`, `.proto`, `.json` or `.yaml`; \
                     modules of the standard library are named `std/…`",
                )
            })));
        }
    }
    let real = inside(&loader.root, &target)
        .map_err(|trouble| Some(Box::new(place(trouble, &target, &loader.root, path.span))))?;
    let extension = target.extension().and_then(|extension| extension.to_str());
    let read = match extension {
        Some("scn") => loader.module(&target).map(Import::Unit),
        Some("rhai") => script(loader, &target, real).map(Import::Script),
        _ => return contract(loader, unit, path),
    };
    read.map_err(|trouble| {
        loader.trouble(&target, trouble, path.span);
        None
    })
}

/// A contract whose types are used by name.
fn contract(loader: &mut Loader<'_>, unit: usize, path: &Template) -> Result<Import, Refusal> {
    let dir = loader.program.units[unit].dir.clone();
    let mut contracts = super::contract::Contracts {
        root: &loader.root,
        sources: &mut loader.program.sources,
        known: &mut loader.kept.contracts,
        told: &mut loader.told,
        schemas: true,
    };
    let read = contracts.read(path, &dir, &mut loader.diagnostics);
    loader.program.contracts.push(read.ok_or(None)?);
    Ok(Import::Contract(loader.program.contracts.len() - 1))
}

fn resolve_library(loader: &mut Loader<'_>, path: &Template, written: &str) -> Result<Import, Refusal> {
    let Some(module) = library::find(written) else {
        let message = format!("`{written}` is not in the standard library");
        let known = library::LIBRARY.iter().map(|module| module.name);
        return Err(Some(Box::new(
            Diagnostic::error(Code::UNKNOWN_IMPORT, path.span, message)
                .help("it has `std/health` and `std/problem`")
                .did_you_mean(written, known),
        )));
    };
    Ok(Import::Unit(module_of_library(loader, module)))
}

/// The module whose profiles are found without a `use`.
pub(super) fn profiles(loader: &mut Loader) -> Option<usize> {
    library::find(library::PROFILES).map(|module| module_of_library(loader, module))
}

fn module_of_library(loader: &mut Loader<'_>, module: &'static library::LibraryModule) -> usize {
    let identity = Identity::Library(module.name);
    match loader.units.get(&identity) {
        Some(&unit) => unit,
        None => loader.unit(identity, module.name.into(), PathBuf::new(), module.text.into()),
    }
}

fn is_library(loader: &Loader<'_>, unit: usize) -> bool {
    loader.units.iter().any(|(id, &of)| of == unit && matches!(id, Identity::Library(_)))
}

fn script(loader: &mut Loader<'_>, path: &Path, real: PathBuf) -> Result<crate::source::SourceId, Trouble> {
    if let Some(&source) = loader.scripts.get(&real) {
        return Ok(source);
    }
    let text = loader.kept.text(path, &real)?;
    let dir = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let source = loader.program.sources.meet(Source::new(path.display().to_string(), dir, text));
    loader.scripts.insert(real, source);
    Ok(source)
}

fn refuse(path: &Template, code: &'static Code, message: impl Into<String>) -> Refusal {
    Some(Box::new(Diagnostic::error(code, path.span, message)))
}

/// Why a path cannot be followed.
pub(super) enum Astray {
    /// It leads out of the root.
    Outside,
    /// It cannot be read.
    Trouble(Trouble),
}

/// The canonical path, when the file is there and lies below the root. A link that leads out of
/// the root is outside, however it is written.
pub(super) fn inside(root: &Path, path: &Path) -> Result<PathBuf, Astray> {
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) => {
            // What is outside must not be explored by way of error messages either.
            let absolute = std::path::absolute(path).map(|p| normal(&p)).unwrap_or_default();
            return Err(if absolute.starts_with(root) || !root.is_absolute() {
                Astray::Trouble(Trouble::from_io(path, &error))
            } else {
                Astray::Outside
            });
        }
    };
    if real.starts_with(root) { Ok(real) } else { Err(Astray::Outside) }
}

/// The diagnostic for a path that cannot be followed.
pub(super) fn place(astray: Astray, path: &Path, root: &Path, span: crate::source::Span) -> Diagnostic {
    match astray {
        Astray::Outside => {
            let (message, help) = outside(path, root);
            Diagnostic::error(Code::UNREADABLE, span, message).help(help)
        }
        Astray::Trouble(trouble) => {
            let diagnostic = Diagnostic::error(Code::UNREADABLE, span, trouble.message(path));
            match trouble.help() {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            }
        }
    }
}

/// What is said of a path that leads out of the root, and the advice.
pub(super) fn outside(path: &Path, root: &Path) -> (String, String) {
    let message = format!("`{}` lies outside of the project", path.display());
    (message, format!("files are read only from below `{}`", root_name(root)))
}

/// The last part of the root: enough for people, and the same on every machine.
fn root_name(root: &Path) -> String {
    root.file_name().map_or_else(|| root.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// A path relative to a directory, with `.` and `..` worked out, as people would write it.
pub(super) fn join(dir: &Path, path: &Path) -> PathBuf {
    normal(&dir.join(path))
}

fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match parts.components().next_back() {
                Some(Component::Normal(_)) => {
                    parts.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => parts.push(".."),
            },
            other => parts.push(other),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_paths_read_as_people_write_them() {
        for (dir, path, want) in [
            ("scenarios", "./shop.scn", "scenarios/shop.scn"),
            ("scenarios/shop", "../std.scn", "scenarios/std.scn"),
            ("", "../x.scn", "../x.scn"),
            ("../a", "../../x.scn", "../../x.scn"),
            ("/a", "../../x.scn", "/x.scn"),
        ] {
            assert_eq!(join(Path::new(dir), Path::new(path)), Path::new(want), "{dir} {path}");
        }
    }
}
