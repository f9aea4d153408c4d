//! Reading one file, and every way in which that goes wrong.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use crate::diag::did_you_mean;

/// The most bytes a module or script may have. Nobody writes more; something else was named.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Why a file cannot be read.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There is none; advice names a neighbour that is spelt alike.
    Missing(Option<String>),
    /// It may not be read.
    Denied,
    /// It is a directory, where a file is wanted.
    Directory,
    /// It is a pipe, a socket or a device.
    Special,
    /// A directory without a single `.scn` file.
    NoScenarios,
    /// A file of another kind, named where a `.scn` file is wanted.
    NotScn,
    /// More than [`MAX_BYTES`].
    TooLarge,
    /// Bytes that are no UTF-8, with the text as far as it can be shown and the first bad byte.
    NotUtf8 {
        /// The text with a replacement character for each bad stretch.
        text: String,
        /// The offset of the first bad byte.
        offset: usize,
    },
    /// What else the operating system says.
    Other(String),
}

impl Trouble {
    /// What the operating system said of a path.
    pub(super) fn from_io(path: &Path, error: &io::Error) -> Trouble {
        match error.kind() {
            io::ErrorKind::NotFound => Trouble::Missing(neighbour(path)),
            io::ErrorKind::PermissionDenied => Trouble::Denied,
            io::ErrorKind::IsADirectory => Trouble::Directory,
            _ => Trouble::Other(error.to_string()),
        }
    }

    /// One line.
    pub(super) fn message(&self, path: &Path) -> String {
        let name = path.display();
        match self {
            Trouble::Missing(_) => format!("`{name}` does not exist"),
            Trouble::Denied => format!("`{name}` may not be read: permission denied"),
            Trouble::Directory => format!("`{name}` is a directory, not a file"),
            Trouble::Special => format!("`{name}` is a pipe, socket or device, not a file"),
            Trouble::NoScenarios => format!("`{name}` holds no `.scn` file"),
            Trouble::NotScn => format!("`{name}` is not a `.scn` file"),
            Trouble::TooLarge => format!("`{name}` is larger than {} MiB", MAX_BYTES / (1024 * 1024)),
            Trouble::NotUtf8 { offset, .. } => {
                format!("`{name}` is not UTF-8: byte {offset} begins no character")
            }
            Trouble::Other(why) => format!("`{name}` cannot be read: {why}"),
        }
    }

    /// Advice.
    pub(super) fn help(&self) -> Option<String> {
        match self {
            Trouble::Missing(advice) => advice.clone(),
            Trouble::NoScenarios => {
                Some("hidden directories, `target`, `node_modules` and `out` are not searched".into())
            }
            _ => None,
        }
    }
}

/// A file of the same directory whose name is spelt alike.
fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    did_you_mean(wanted, names.iter().map(String::as_str))
}

/// The whole text of a regular file.
pub(super) fn read_text(path: &Path) -> Result<Arc<str>, Trouble> {
    let say = |error: io::Error| Trouble::from_io(path, &error);
    // Asked before opening: opening a pipe that nobody writes to would wait for ever.
    let metadata = std::fs::metadata(path).map_err(say)?;
    if metadata.is_dir() {
        return Err(Trouble::Directory);
    }
    if !metadata.is_file() {
        return Err(Trouble::Special);
    }
    let mut bytes = Vec::new();
    // The limit holds for what is read, not for what the metadata says: files grow, and those
    // under `/proc` have no size.
    std::fs::File::open(path).map_err(say)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(say)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Trouble::TooLarge);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(Trouble::NotUtf8 {
            offset: error.utf8_error().valid_up_to(),
            text: String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }),
    }
}
