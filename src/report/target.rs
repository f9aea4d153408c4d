//! Where a report goes: standard output, or a file that is there only when it is whole.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `-`
    Stdout,
    /// A file.
    File(PathBuf),
}

impl Target {
    /// `-` or a path.
    pub fn new(text: &str) -> Target {
        if text == "-" { Target::Stdout } else { Target::File(PathBuf::from(text)) }
    }

    /// Opens it, making the directories it needs.
    ///
    /// # Errors
    /// A directory cannot be made or written to, or the path is one.
    pub fn open(&self) -> io::Result<Sheet> {
        let path = match self {
            Target::Stdout => return Ok(Sheet::Straight(Box::new(io::stdout()))),
            Target::File(path) => path,
        };
        if path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        let special = fs::metadata(path).is_ok_and(|data| !data.is_file());
        if special {
            // A pipe or device is written to; a rename would put a file in its place.
            return Ok(Sheet::Straight(Box::new(fs::OpenOptions::new().write(true).open(path)?)));
        }
        Sheet::beside(path)
    }
}

/// An open destination.
pub enum Sheet {
    /// Written through.
    Straight(Box<dyn Write + Send>),
    /// Written beside its place and moved there by [`Sheet::put`].
    Beside(io::BufWriter<NamedTempFile>, PathBuf),
}

impl Sheet {
    fn beside(path: &Path) -> io::Result<Sheet> {
        // A symbolic link stays one: what it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(dir)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".scn-report-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // Reports are read by others; the process's umask still applies.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        Ok(Sheet::Beside(io::BufWriter::new(builder.tempfile_in(dir)?), path))
    }

    /// Moves the whole file to its place.
    ///
    /// # Errors
    /// What could not be flushed or moved.
    pub fn put(self) -> io::Result<()> {
        match self {
            Sheet::Straight(mut out) => out.flush(),
            Sheet::Beside(writer, path) => {
                let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist(path).map(drop).map_err(|error| error.error)
            }
        }
    }
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sheet::Straight(out) => out.write(bytes),
            Sheet::Beside(out, _) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sheet::Straight(out) => out.flush(),
            Sheet::Beside(out, _) => out.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/er/report.xml");
        let mut sheet = Target::File(path.clone()).open().unwrap();
        sheet.write_all(b"half").unwrap();
        assert!(!path.exists());
        sheet.put().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"half");
        drop(Target::File(path.clone()).open().unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"half", "an unfinished report leaves the old one");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "and nothing beside it");
    }

    #[test]
    fn directories_and_files_in_the_way_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Target::File(dir.path().to_owned()).open().is_err());
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(Target::File(dir.path().join("file/report.xml")).open().is_err());
    }

    #[test]
    fn devices_are_written_to_and_not_replaced() {
        let null = Path::new("/dev/null");
        let mut sheet = Target::File(null.to_owned()).open().unwrap();
        sheet.write_all(b"x").unwrap();
        sheet.put().unwrap();
        assert!(!fs::metadata(null).unwrap().is_file());
    }
}
