//! Files of data that expressions read, such as catalogs.

use std::fs::Metadata;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::file::Trouble;
use super::import::{Astray, inside, join, outside};
use crate::catalog::MAX_BYTES;

/// A file of data below the root.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its path as people would write it.
    pub shown: PathBuf,
    /// Two readings of one stamp are the same, when it [was before](Stamp::is_before) the first.
    pub stamp: Stamp,
}

/// What changes whenever a file does: its number, its length, and when its content or its number was
/// last changed, which unlike the time of its content nobody can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    number: u64,
    length: u64,
    changed: (i64, i64),
}

impl Stamp {
    /// None where there is no file.
    pub fn of(path: &Path) -> Option<Stamp> {
        std::fs::metadata(path).ok().map(|metadata| Stamp::from(&metadata))
    }

    /// Whether the file was last changed before another one was. File systems tell times in ticks:
    /// what changed in the same one may change again and look the same.
    pub fn is_before(&self, other: &Stamp) -> bool {
        self.changed < other.changed
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Stamp {
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Stamp { number: metadata.ino(), length: metadata.len(), changed }
    }
}

/// Why a file of data cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// One line.
    pub message: String,
    /// Advice.
    pub help: Option<String>,
}

impl DataFile {
    /// The file that `written` names from the directory of a module. It must lie below the root,
    /// and links do not lead out of it.
    pub fn find(root: &Path, dir: &Path, written: &str) -> Result<DataFile, Refused> {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let shown = join(dir, Path::new(written));
        let path = inside(&root, &shown).map_err(|astray| match astray {
            Astray::Outside => {
                let (message, help) = outside(&shown, &root);
                Refused { message, help: Some(help) }
            }
            Astray::Trouble(trouble) => refused(&trouble, &shown),
        })?;
        DataFile::at(path, shown)
    }

    /// A file that the command line names: anywhere.
    pub fn named(path: &Path) -> Result<DataFile, Refused> {
        DataFile::at(path.to_path_buf(), path.to_path_buf())
    }

    fn at(path: PathBuf, shown: PathBuf) -> Result<DataFile, Refused> {
        let metadata =
            std::fs::metadata(&path).map_err(|error| refused(&Trouble::from_io(&shown, &error), &shown))?;
        if metadata.is_dir() {
            return Err(refused(&Trouble::Directory, &shown));
        }
        // Opening a pipe that nobody writes to would wait for ever.
        if !metadata.is_file() {
            return Err(refused(&Trouble::Special, &shown));
        }
        Ok(DataFile { path, shown, stamp: Stamp::from(&metadata) })
    }

    /// Its bytes, at most [`MAX_BYTES`].
    pub fn read(&self) -> Result<Vec<u8>, Refused> {
        let say = |error: std::io::Error| refused(&Trouble::from_io(&self.shown, &error), &self.shown);
        let mut bytes = Vec::new();
        let file = std::fs::File::open(&self.path).map_err(say)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(say)?;
        if bytes.len() as u64 > MAX_BYTES {
            let message = format!("`{}` is larger than {} MiB", self.shown.display(), MAX_BYTES >> 20);
            let help = "data is held in memory: take the part of it that is needed".to_owned();
            return Err(Refused { message, help: Some(help) });
        }
        Ok(bytes)
    }
}

fn refused(trouble: &Trouble, shown: &Path) -> Refused {
    Refused { message: trouble.message(shown), help: trouble.help() }
}
