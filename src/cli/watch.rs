//! `scn run --watch`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::args::{Color, Run};
use super::project::{Project, named};
use super::run::once;
use super::{Exit, terminal};
use crate::syntax::ast::{ExprKind, ItemKind};

/// Editors write a file in several steps; changes are taken together until it is quiet this long.
const QUIET: Duration = Duration::from_millis(200);

/// Runs, waits for a change of what was read, and runs again until Ctrl-C.
pub(super) fn watch(args: &Run, color: Color) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::complain(&format!("watching is not possible: {error}"));
            return Exit::Environment;
        }
    };
    loop {
        let (exit, project) = once(args, color);
        if exit == Exit::Interrupted {
            return exit;
        }
        let files = project.map(|project| files(&project)).unwrap_or_default();
        terminal::tell("\nwaiting for a change; Ctrl-C ends\n");
        match runtime.block_on(change(&files, args)) {
            Ok(Some(path)) => terminal::tell(&format!("\n{} has changed\n\n", path.display())),
            Ok(None) => return exit,
            Err(error) => {
                terminal::complain(&format!("watching is not possible: {error}"));
                return Exit::Environment;
            }
        }
    }
}

/// The file that changed; `None` when Ctrl-C came first.
async fn change(files: &BTreeSet<PathBuf>, args: &Run) -> notify::Result<Option<PathBuf>> {
    let (sender, mut changes) = mpsc::unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if !event.kind.is_access() {
            for path in event.paths {
                // The receiver is gone only when nobody waits any more.
                let _ = sender.send(path);
            }
        }
    })?;
    // Directories, not files: editors replace files by renaming new ones over them.
    let mut dirs: BTreeSet<PathBuf> =
        files.iter().filter_map(|file| file.parent().map(Path::to_owned)).collect();
    let mut trees = BTreeSet::new();
    for named in named(&args.selection.paths) {
        if let Ok(path) = named.path.canonicalize()
            && path.is_dir()
        {
            trees.insert(path);
        }
    }
    dirs.retain(|dir| !trees.iter().any(|tree| dir.starts_with(tree)));
    for tree in &trees {
        watcher.watch(tree, RecursiveMode::Recursive)?;
    }
    for dir in &dirs {
        watcher.watch(dir, RecursiveMode::NonRecursive)?;
    }
    let matters = |path: &Path| {
        let new = path.extension().is_some_and(|extension| extension == "scn");
        files.contains(path) || new && trees.iter().any(|tree| path.starts_with(tree))
    };
    let mut first = None;
    loop {
        tokio::select! {
            signal = tokio::signal::ctrl_c() => return signal.map(|()| None).map_err(notify::Error::io),
            path = changes.recv() => match path {
                Some(path) if matters(&path) => first = first.or(Some(path)),
                Some(_) => {}
                None => return Ok(None),
            },
            () = tokio::time::sleep(QUIET), if first.is_some() => return Ok(first),
        }
    }
}

/// Everything a project was read from: modules, scripts and contracts.
fn files(project: &Project) -> BTreeSet<PathBuf> {
    let program = &project.plan.program;
    let mut files: BTreeSet<PathBuf> = program
        .sources
        .iter()
        .filter_map(|(_, source)| Path::new(&source.name).canonicalize().ok())
        .collect();
    for unit in &program.units {
        for item in &unit.module.items {
            let ItemKind::Service(service) = &item.kind else { continue };
            for phrase in service.settings.iter().flat_map(|setting| &setting.phrases) {
                if &*phrase.word.name != "contract" {
                    continue;
                }
                let Some(ExprKind::Text(template)) = phrase.value.as_ref().map(|value| &value.kind) else {
                    continue;
                };
                if let Some(path) = template.plain() {
                    files.extend(unit.dir.join(&*path).canonicalize());
                }
            }
        }
    }
    files
}
