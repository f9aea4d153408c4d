//! What modules are called in the keys of drawn data: the same from every directory and on every
//! machine, so that a seed repeats a run anywhere.

use std::path::{Component, Path, PathBuf};

use crate::check::{Program, Unit};

/// What marks the top of a project.
const MARKS: &[&str] = &[".git", ".hg", ".jj"];
/// The directory in which projects keep their scenarios; below it names start, when nothing marks
/// the project.
const SCENARIOS: &str = "scenarios";

/// The names of all modules, by unit.
pub(super) fn names(program: &Program, root: &Path) -> Vec<String> {
    let file = |unit: &Unit| {
        let name = &program.sources.get(unit.module.source).name;
        // A module of the standard library has no directory, and its name is its own.
        if unit.dir.as_os_str().is_empty() && name.starts_with("std/") {
            return name.clone();
        }
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let dir = root.join(&unit.dir);
        name_of(&dir.canonicalize().unwrap_or(dir), file, |mark| mark.exists())
    };
    program.units.iter().map(file).collect()
}

/// The name of a file in an absolute directory: its path below the top of the project, which a
/// version control marks; else below the innermost `scenarios`; else the file's name alone.
fn name_of(dir: &Path, file: &str, exists: impl Fn(&Path) -> bool) -> String {
    let marked = dir.ancestors().find(|top| MARKS.iter().any(|mark| exists(&top.join(mark))));
    let scenarios = || {
        let inner = dir.ancestors().find(|top| top.file_name().is_some_and(|name| name == SCENARIOS))?;
        inner.parent()
    };
    let below = match marked.or_else(scenarios).and_then(|top| dir.strip_prefix(top).ok()) {
        Some(below) => below.join(file),
        None => PathBuf::from(file),
    };
    // As it is written everywhere, whatever the system's separator.
    let parts = below.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_start_at_the_project() {
        let marked = |top: &'static str| move |path: &Path| path == Path::new(top);
        let nothing = |_: &Path| false;
        let shop = Path::new("/home/a/shop/scenarios/e2e");
        assert_eq!(name_of(shop, "s.scn", marked("/home/a/shop/.git")), "scenarios/e2e/s.scn");
        assert_eq!(name_of(shop, "s.scn", nothing), "scenarios/e2e/s.scn");
        assert_eq!(name_of(Path::new("/srv/scenarios"), "s.scn", nothing), "scenarios/s.scn");
        assert_eq!(name_of(Path::new("/home/a/shop"), "s.scn", nothing), "s.scn");
        assert_eq!(name_of(Path::new("/home/a/shop"), "s.scn", marked("/home/a/shop/.jj")), "s.scn");
    }
}
