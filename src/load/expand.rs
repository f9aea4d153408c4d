//! From a path on the command line to the `.scn` files it stands for.

use std::path::{Path, PathBuf};

use super::file::Trouble;

/// Directories that hold what was built or fetched, never scenarios.
const SKIPPED: &[&str] = &["target", "node_modules", "out"];

/// Every `.scn` file below a directory, in alphabetical order; none where it cannot be read.
pub fn scenarios_below(dir: &Path) -> Vec<PathBuf> {
    if dir.is_dir() { expand(dir).unwrap_or_default() } else { Vec::new() }
}

/// The files of a path: itself, or every `.scn` file below it in alphabetical order. The paths keep
/// the spelling that was given. An error comes with the path it speaks of.
pub(super) fn expand(path: &Path) -> Result<Vec<PathBuf>, (PathBuf, Trouble)> {
    let metadata = std::fs::metadata(path).map_err(|e| (path.to_path_buf(), Trouble::from_io(path, &e)))?;
    if !metadata.is_dir() {
        return if is_scn(path) {
            Ok(vec![path.to_path_buf()])
        } else {
            Err((path.to_path_buf(), Trouble::NotScn))
        };
    }
    let mut found = Vec::new();
    let mut waiting = vec![path.to_path_buf()];
    while let Some(dir) = waiting.pop() {
        read_dir(&dir, &mut found, &mut waiting).map_err(|e| (dir.clone(), Trouble::from_io(&dir, &e)))?;
    }
    if found.is_empty() {
        return Err((path.to_path_buf(), Trouble::NoScenarios));
    }
    found.sort();
    Ok(found)
}

fn read_dir(dir: &Path, files: &mut Vec<PathBuf>, dirs: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type()?;
        // Links to directories are not followed: they could lead in circles.
        if kind.is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&name.as_ref()) {
                dirs.push(child(dir, &entry.file_name()));
            }
        } else if is_scn(Path::new(name.as_ref())) && !name.starts_with('.') && !entry.path().is_dir() {
            files.push(child(dir, &entry.file_name()));
        }
    }
    Ok(())
}

/// The path below a directory; `.` is left out, as people leave it out.
fn child(dir: &Path, name: &std::ffi::OsStr) -> PathBuf {
    if dir == Path::new(".") { PathBuf::from(name) } else { dir.join(name) }
}

fn is_scn(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "scn")
}
