//! The runs that are kept: `.scn/runs/N.jsonl` below the directory in which scn was called.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::json;
use crate::event::Event;
use crate::event::Reporter;

/// Makes the directory `.scn`, whose files git ignores.
pub(crate) fn make_home(home: &Path) -> io::Result<()> {
    fs::create_dir_all(home)?;
    let ignore = home.join(".gitignore");
    if !ignore.exists() {
        fs::write(ignore, "*\n")?;
    }
    Ok(())
}

/// How many runs are kept.
const KEPT: usize = 10;

/// The kept runs of a directory.
#[derive(Debug, Clone)]
pub struct Runs {
    home: PathBuf,
}

impl Runs {
    /// Those below `root`.
    pub fn new(root: &Path) -> Runs {
        Runs { home: root.join(".scn") }
    }

    /// The file of a run.
    pub fn path(&self, number: u64) -> PathBuf {
        self.home.join("runs").join(format!("{number}.jsonl"))
    }

    /// The numbers of the kept runs, oldest first.
    pub fn numbers(&self) -> Vec<u64> {
        let Ok(entries) = fs::read_dir(self.home.join("runs")) else { return Vec::new() };
        let mut numbers: Vec<u64> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".jsonl")?.parse().ok())
            .collect();
        numbers.sort_unstable();
        numbers
    }

    /// The file of the last run.
    pub fn last(&self) -> Option<PathBuf> {
        self.numbers().last().map(|number| self.path(*number))
    }

    /// Begins the next run's file and forgets the oldest ones. Two runs that begin at the same
    /// time get different files.
    ///
    /// # Errors
    /// The directory cannot be made or written to.
    pub fn create(&self) -> io::Result<RunFile> {
        make_home(&self.home)?;
        fs::create_dir_all(self.home.join("runs"))?;
        loop {
            let numbers = self.numbers();
            let next = numbers.last().map_or(1, |last| last + 1);
            match File::options().write(true).create_new(true).open(self.path(next)) {
                Ok(file) => {
                    let surplus = (numbers.len() + 1).saturating_sub(KEPT);
                    for old in &numbers[..surplus] {
                        // Another run may have removed it already.
                        let _ = fs::remove_file(self.path(*old));
                    }
                    return Ok(RunFile { file });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The event file of a run while it is written: a line an event, so that a run that is cut off
/// leaves what it said so far.
#[derive(Debug)]
pub struct RunFile {
    file: File,
}

impl Reporter for RunFile {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        json::write_line(&mut self.file, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_runs_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let runs = Runs::new(dir.path());
        assert_eq!(runs.last(), None);
        for _ in 0..13 {
            runs.create().unwrap();
        }
        assert_eq!(runs.numbers(), (4..=13).collect::<Vec<u64>>());
        assert_eq!(runs.last(), Some(dir.path().join(".scn/runs/13.jsonl")));
        assert_eq!(fs::read_to_string(dir.path().join(".scn/.gitignore")).unwrap(), "*\n");
    }

    #[test]
    fn runs_that_begin_together_do_not_share_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let runs = Runs::new(dir.path());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| runs.create().unwrap());
            }
        });
        assert_eq!(runs.numbers(), (1..=8).collect::<Vec<u64>>());
    }
}
