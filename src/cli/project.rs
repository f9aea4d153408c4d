//! What the command line names, read and checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Exit;
use super::args::Color;
use super::terminal::{self, Stream};
use crate::check::{self, Analysis, Memo, Plan};
use crate::diag::{Diagnostic, render_all, to_github};
use crate::lang::Registry;
use crate::lint::{Given, Levels};

/// The scenarios with everything that is to be said of them.
pub(super) struct Project {
    pub(super) plan: Arc<Plan>,
    pub(super) registry: Arc<Registry>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A path of the command line: `dir`, `file.scn`, or `file.scn:12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) path: PathBuf,
    /// The 1-based line, when one scenario of the file is meant.
    pub(super) line: Option<u32>,
}

/// Takes the paths apart; none stand for `scenarios` if it is there, else for the current directory.
pub(super) fn named(paths: &[String]) -> Vec<Named> {
    if paths.is_empty() {
        return vec![Named { path: everything().to_owned(), line: None }];
    }
    paths.iter().map(|path| name(path)).collect()
}

/// Where a project keeps its scenarios.
fn everything() -> &'static Path {
    let scenarios = Path::new("scenarios");
    if scenarios.is_dir() { scenarios } else { Path::new(".") }
}

fn name(text: &str) -> Named {
    let whole = || Named { path: PathBuf::from(text), line: None };
    if Path::new(text).exists() {
        return whole();
    }
    // Editors and reports write `file:line:column`.
    let mut head = text;
    let mut line = None;
    for _ in 0..2 {
        let Some((before, number)) = head.rsplit_once(':') else { break };
        let Ok(number) = number.parse() else { break };
        (head, line) = (before, Some(number));
    }
    match line {
        Some(_) if !head.is_empty() => Named { path: PathBuf::from(head), line },
        _ => whole(),
    }
}

impl Project {
    /// Reads and checks what is named, with the usual levels of lints. Never fails: what is wrong
    /// stands in the diagnostics.
    pub(super) fn open(named: &[Named]) -> Project {
        Project::open_at(named, &Levels::default())
    }

    /// The same with other levels.
    pub(super) fn open_at(named: &[Named], levels: &Levels) -> Project {
        let mut paths: Vec<PathBuf> = Vec::new();
        for named in named {
            if !paths.contains(&named.path) {
                paths.push(named.path.clone());
            }
        }
        let registry = Arc::new(crate::rooms::registry());
        let (program, mut diagnostics) = crate::load::load(&paths, Path::new("."));
        let Analysis { mut plan, diagnostics: more, mentions } =
            check::analyse(program, &registry, &mut Memo::default());
        // Who names a part of the project may leave out others that use it.
        let all = everything().canonicalize();
        let whole = all.is_ok_and(|all| {
            named.iter().filter_map(|named| named.path.canonicalize().ok()).any(|path| all.starts_with(path))
        });
        let given = Given { registry: &registry, mentions: &mentions, whole };
        diagnostics.extend(more);
        crate::lint::lint(&mut plan, given, levels, &mut diagnostics);
        Project { plan: Arc::new(plan), registry, diagnostics }
    }

    /// Whether anything stands against running it.
    pub(super) fn is_wrong(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Tells what is wrong; on GitHub also where the pull request shows it.
    pub(super) fn complain(&self, color: Color) -> Exit {
        let sources = &self.plan.program.sources;
        let look = terminal::look(color, Stream::Err);
        terminal::tell(&render_all(&self.diagnostics, sources, look));
        if super::on_github() {
            let commands: String = self.diagnostics.iter().map(|d| to_github(d, sources)).collect();
            return terminal::print(&commands, Exit::Wrong);
        }
        Exit::Wrong
    }

    /// The file of a scenario, as it was named.
    pub(super) fn file(&self, scenario: usize) -> &str {
        let program = &self.plan.program;
        let unit = &program.units[self.plan.scenarios[scenario].item.unit];
        &program.sources.get(unit.module.source).name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_off_paths() {
        let at = |path: &str, line| Named { path: path.into(), line };
        assert_eq!(name("a.scn:12"), at("a.scn", Some(12)));
        assert_eq!(name("a.scn:12:3"), at("a.scn", Some(12)));
        assert_eq!(name("dir/a.scn"), at("dir/a.scn", None));
        assert_eq!(name("a.scn:"), at("a.scn:", None));
        assert_eq!(name("a.scn:x"), at("a.scn:x", None));
        assert_eq!(name(":3"), at(":3", None));
        assert_eq!(name("a.scn:99999999999"), at("a.scn:99999999999", None));
    }

    #[test]
    fn a_file_whose_name_ends_like_a_line_is_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("odd:7");
        std::fs::write(&path, "").unwrap();
        let text = path.display().to_string();
        assert_eq!(name(&text), Named { path, line: None });
    }
}
