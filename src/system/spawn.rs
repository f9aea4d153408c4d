//! Starting a program: finding it, and saying why it cannot be started.

use crate::value::words::plain;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, BufRead as _, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, Signal, signal};

use crate::diag::did_you_mean;

/// Why a process could not be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpawnError {
    /// One line.
    pub message: String,
    /// Advice.
    pub help: Option<String>,
}

impl SpawnError {
    pub(super) fn new(message: impl Into<String>) -> SpawnError {
        SpawnError { message: message.into(), help: None }
    }

    #[must_use]
    fn help(self, help: impl Into<String>) -> SpawnError {
        SpawnError { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SpawnError {}

/// Runs `work` in the child between fork and exec; an error there is an error of `spawn`. The child
/// takes SIGINT and SIGQUIT as usual, even where a shell started this program in the background
/// and had them ignored (POSIX.1-2017, Shell 2.11): what is ignored stays so across exec.
#[expect(unsafe_code, reason = "only there is the child's number known and nothing of it has run yet")]
pub(super) fn in_child(
    command: &mut Command,
    mut work: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    // SAFETY: between fork and exec only async-signal-safe work is allowed (signal-safety(7)). The
    // callers are in this folder, and make plain system calls (getpid, getppid, setsid, prctl,
    // sigaction, write) on values that were made before the fork: no allocation, no lock. No handler
    // is installed here, only the default restored.
    unsafe {
        command.pre_exec(move || {
            for usual in [Signal::SIGINT, Signal::SIGQUIT] {
                signal(usual, SigHandler::SigDfl)?;
            }
            work()
        });
    }
}

/// Has a program that is about to be started interrupted, as by Ctrl-C, when the thread that starts it
/// is gone, however that came about (`PR_SET_PDEATHSIG`, which Linux alone has). When this program is
/// killed, Linux may say so once for each thread that it had, and the second interrupt cuts cleanup off.
pub(crate) fn interrupted_with_this_one(command: &mut Command) {
    #[cfg(target_os = "linux")]
    let parent = nix::unistd::getpid();
    in_child(command, move || {
        #[cfg(target_os = "linux")]
        {
            nix::sys::prctl::set_pdeathsig(Signal::SIGINT)?;
            if nix::unistd::getppid() != parent {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        Ok(())
    });
}

/// Finds the program as the child would: a name on `path`, anything with a `/` from `dir`.
pub(super) fn find(program: &str, dir: &Path, path: &OsStr) -> Result<PathBuf, SpawnError> {
    if !dir.is_dir() {
        let there = if dir.exists() { "is not a directory" } else { "does not exist" };
        return Err(SpawnError::new(format!(
            "cannot run `{program}`: the directory `{}` {there}",
            dir.display()
        )));
    }
    if program.contains('/') {
        return at_path(program, &dir.join(program));
    }
    // An empty entry of PATH means the working directory (POSIX, Environment Variables).
    let found = std::env::split_paths(path).map(|entry| dir.join(entry).join(program)).find(|file| {
        file.is_file() && file.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
    });
    found.ok_or_else(|| {
        let error =
            SpawnError::new(format!("`{program}` is not found: no directory of PATH has such a program"));
        if dir.join(program).is_file() {
            return error.help(format!("did you mean `./{program}`?"));
        }
        error.help(format!("install it, or write the way to it, such as `./{program}`"))
    })
}

fn at_path(program: &str, file: &Path) -> Result<PathBuf, SpawnError> {
    let error = match file.metadata() {
        Ok(meta) if meta.is_dir() => SpawnError::new(format!("`{program}` is a directory, not a program")),
        Ok(meta) if meta.permissions().mode() & 0o111 == 0 => {
            SpawnError::new(format!("`{program}` may not be executed")).help(format!("`chmod +x {program}`"))
        }
        Ok(_) => return Ok(file.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let error =
                SpawnError::new(format!("`{program}` does not exist: there is no `{}`", file.display()));
            match near(file) {
                Some(advice) => error.help(advice),
                None => error.help(
                    "is it built? paths to programs start from the directory in which the command runs",
                ),
            }
        }
        Err(error) => SpawnError::new(format!("`{program}` cannot be looked at: {}", plain(&error))),
    };
    Err(error)
}

/// A file beside the missing one with nearly its name.
fn near(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let entries = std::fs::read_dir(file.parent()?).ok()?;
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    did_you_mean(name, names.iter().map(String::as_str))
}

/// Says why the kernel did not start a program that is there.
pub(super) fn explain(program: &str, file: &Path, error: &io::Error) -> SpawnError {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT) => match interpreter(file) {
            Some(interpreter) => SpawnError::new(format!(
                "`{program}` cannot be started: its first line names `{interpreter}`, which does not exist"
            )),
            None => SpawnError::new(format!(
                "`{program}` cannot be started: it is gone, or the system has not the loader it was linked for"
            ))
            .help("a program built for another C library (musl, glibc) says this"),
        },
        Some(Errno::ENOEXEC) => no_program(program),
        Some(Errno::EACCES | Errno::EPERM) => {
            SpawnError::new(format!("`{program}` may not be executed: permission denied"))
                .help("it, its directories or its interpreter lack the right, or it lies on a file system mounted noexec")
        }
        Some(Errno::E2BIG) => {
            SpawnError::new(format!("`{program}` cannot be started: arguments and environment are too long"))
                .help("pass long values by `stdin` or a file")
        }
        Some(Errno::ETXTBSY) => {
            SpawnError::new(format!("`{program}` cannot be started: it is still being written"))
        }
        Some(Errno::EAGAIN | Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM) => {
            SpawnError::new(format!("`{program}` cannot be started: the system has run out of something: {}", plain(error)))
                .help("fewer scenarios at the same time need less: `--jobs 1`")
        }
        _ => SpawnError::new(format!("`{program}` cannot be started: {}", plain(error))),
    }
}

/// What the C library would hand to `sh` when the kernel does not know it: a script without its
/// first line, or garbage. Whether that happens depends on the library, so it is refused always.
pub(super) fn require_program(program: &str, file: &Path) -> Result<(), SpawnError> {
    // Scripts, ELF, Mach-O in its byte orders and fat form, and what Linux can be taught
    // (binfmt_misc): Windows programs and archives.
    const BEGINNINGS: [&[u8]; 9] = [
        b"#!",
        b"\x7fELF",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"MZ",
        b"PK",
    ];
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| io::Read::take(file, 4).read_to_end(&mut bytes));
    // A program may be executable and not readable; then only the kernel can tell.
    if read.is_err() || BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning)) {
        return Ok(());
    }
    Err(no_program(program))
}

fn no_program(program: &str) -> SpawnError {
    SpawnError::new(format!("`{program}` is not a program that this machine can run"))
        .help("a script begins with a line such as `#!/bin/sh`; a program is built for one kind of processor")
}

/// The interpreter that a script's first line names.
fn interpreter(file: &Path) -> Option<String> {
    let mut line = Vec::new();
    io::BufReader::new(io::Read::take(std::fs::File::open(file).ok()?, 256))
        .read_until(b'\n', &mut line)
        .ok()?;
    let line = OsStr::from_bytes(line.strip_prefix(b"#!")?).to_string_lossy().into_owned();
    line.split_ascii_whitespace().next().map(str::to_owned)
}
