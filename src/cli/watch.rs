//! `scn run --watch`.

mod origin;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::args::{Color, Run};
use super::project::{Project, named};
use super::run::once;
use super::{Exit, terminal};
use crate::load::Stamp;
use origin::Origin;

/// Editors write a file in several steps; changes are taken together until it is quiet this long.
const QUIET: Duration = Duration::from_millis(200);

/// Runs, waits for a change of what was read, and runs again until Ctrl-C.
pub(super) fn watch(args: &Run, color: Color) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return impossible(&error),
    };
    let watch = {
        let _guard = runtime.enter();
        Watch::new(args)
    };
    let mut watch = match watch {
        Ok(watch) => watch,
        Err(error) => return impossible(&error),
    };
    loop {
        let (exit, project) = once(args, color);
        if exit == Exit::Interrupted {
            return exit;
        }
        if let Err(error) = watch.follow(project.as_ref(), args.env_file.as_deref()) {
            return impossible(&error);
        }
        terminal::tell("\nwaiting for a change; Ctrl-C ends\n");
        match runtime.block_on(watch.change()) {
            Some(path) => terminal::tell(&format!("\n{} has changed\n\n", path.display())),
            None => return exit,
        }
    }
}

fn impossible(error: &dyn std::fmt::Display) -> Exit {
    terminal::complain(&format!("watching is not possible: {error}"));
    Exit::Environment
}

/// Watches from before the first run on, so that a change during a run is seen after it.
struct Watch {
    watcher: RecommendedWatcher,
    changes: mpsc::UnboundedReceiver<PathBuf>,
    interrupt: Signal,
    /// Directories that are watched with all below them.
    trees: BTreeSet<PathBuf>,
    /// Directories that are watched alone.
    dirs: BTreeSet<PathBuf>,
    /// What the last run was read from.
    files: BTreeSet<PathBuf>,
    /// What its scenarios read themselves, and may have written themselves, as the run left it.
    data: BTreeMap<PathBuf, Option<Stamp>>,
}

impl Watch {
    /// Needs a tokio runtime.
    fn new(args: &Run) -> notify::Result<Watch> {
        let (sender, changes) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if !event.kind.is_access() {
                for path in event.paths {
                    // The receiver is gone only when nobody waits any more.
                    let _ = sender.send(path);
                }
            }
        })?;
        let interrupt = signal(SignalKind::interrupt()).map_err(notify::Error::io)?;
        let mut watch = Watch {
            watcher,
            changes,
            interrupt,
            trees: BTreeSet::new(),
            dirs: BTreeSet::new(),
            files: BTreeSet::new(),
            data: BTreeMap::new(),
        };
        for named in named(&args.selection.paths) {
            match named.path.canonicalize() {
                Ok(path) if path.is_dir() => {
                    watch.watcher.watch(&path, RecursiveMode::Recursive)?;
                    watch.trees.insert(path);
                }
                Ok(path) => {
                    watch.place_of(&path)?;
                    watch.files.insert(path);
                }
                // The run will tell.
                Err(_) => {}
            }
        }
        Ok(watch)
    }

    /// Watches a file through its directory: editors replace files by renaming new ones over them.
    fn place_of(&mut self, path: &Path) -> notify::Result<()> {
        let dir = path.parent().map(Path::to_owned).unwrap_or_default();
        if !self.trees.iter().any(|tree| dir.starts_with(tree)) && self.dirs.insert(dir.clone()) {
            self.watcher.watch(&dir, RecursiveMode::NonRecursive)?;
        }
        Ok(())
    }

    /// A run has ended: watches what the project was read from, too.
    fn follow(&mut self, project: Option<&Project>, env_file: Option<&Path>) -> notify::Result<()> {
        self.data.iter_mut().for_each(|(path, stamp)| *stamp = Stamp::of(path));
        let Some(project) = project else { return Ok(()) };
        let mut origin = Origin::of(&project.plan.program);
        origin.files.extend(env_file.and_then(origin::real));
        for path in origin.files.iter().chain(&origin.data) {
            self.place_of(path)?;
        }
        self.files.extend(origin.files);
        self.data.extend(origin.data.into_iter().map(|path| {
            let stamp = Stamp::of(&path);
            (path, stamp)
        }));
        Ok(())
    }

    fn matters(&self, path: &Path) -> bool {
        let new = path.extension().is_some_and(|extension| extension == "scn") && path.is_file();
        self.files.contains(path)
            || new && self.trees.iter().any(|tree| path.starts_with(tree))
            // What a run writes must not begin the next.
            || self.data.get(path).is_some_and(|left| *left != Stamp::of(path))
    }

    /// The file that changed; `None` when Ctrl-C came first.
    async fn change(&mut self) -> Option<PathBuf> {
        let mut first = None;
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return None,
                path = self.changes.recv() => {
                    let path = path?;
                    if first.is_none() && self.matters(&path) {
                        first = Some(path);
                    }
                }
                () = tokio::time::sleep(QUIET), if first.is_some() => return first,
            }
        }
    }
}
