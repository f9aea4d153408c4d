//! The guard: a second process of the same program that ends what a run left behind.
//!
//! It reads a pipe whose only writer is the runner. Each child announces itself on that pipe
//! between fork and exec, so no process exists that the guard does not know; the runner says when
//! it has ended one. When the runner is gone, however that came about, the kernel closes the pipe,
//! and the guard ends every group that is left, and on Linux also every process that left its
//! group but still carries the run's mark in its environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, PipeWriter, Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use super::{group, spawn};

/// The hidden first argument that makes the program a guard.
pub const ARGUMENT: &str = "__guard";

/// Every process of a run has this variable in its environment, with the run's own value.
pub const MARK: &str = "__SCN_RUN";

/// How long groups may take after SIGTERM when the runner is gone.
const GRACE: Duration = Duration::from_secs(2);

/// The bytes of a message: what, which (counts up), process.
const MESSAGE: usize = 1 + 8 + 4;

/// A message to the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// The process is about to begin; it leads a group of its number.
    Began { ticket: u64, pid: u32 },
    /// Its group is gone, or it never began.
    Ended { ticket: u64 },
}

impl Message {
    /// As it goes through the pipe; short enough to be written whole or not at all (`PIPE_BUF`).
    pub(super) fn encode(self) -> [u8; MESSAGE] {
        let (what, ticket, pid) = match self {
            Message::Began { ticket, pid } => (1, ticket, pid),
            Message::Ended { ticket } => (0, ticket, 0),
        };
        let mut bytes = [what; MESSAGE];
        bytes[1..9].copy_from_slice(&ticket.to_le_bytes());
        bytes[9..].copy_from_slice(&pid.to_le_bytes());
        bytes
    }

    fn decode(bytes: [u8; MESSAGE]) -> Message {
        let [what, ticket @ .., a, b, c, d] = bytes;
        let ticket = u64::from_le_bytes(ticket);
        match what {
            1 => Message::Began { ticket, pid: u32::from_le_bytes([a, b, c, d]) },
            _ => Message::Ended { ticket },
        }
    }
}

/// How to start a guard: the program that becomes one when its first argument is [`ARGUMENT`].
#[derive(Debug, Clone)]
pub struct GuardCommand {
    program: PathBuf,
}

impl GuardCommand {
    /// The program that is running.
    pub fn this_program() -> io::Result<GuardCommand> {
        // The link still leads to the running program when its file was replaced by a new build.
        let link = PathBuf::from("/proc/self/exe");
        let program = if link.exists() { link } else { std::env::current_exe()? };
        Ok(GuardCommand { program })
    }

    /// Another program, for tests.
    pub fn program(program: impl Into<PathBuf>) -> GuardCommand {
        GuardCommand { program: program.into() }
    }
}

/// The runner's end of a guard.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) pipe: PipeWriter,
    child: Child,
}

impl Guard {
    /// Starts one in a session of its own, so that neither Ctrl-C nor a closed terminal reaches it.
    pub(super) fn start(command: &GuardCommand, mark: &str) -> io::Result<Guard> {
        let (reader, pipe) = io::pipe()?;
        let mut command = Command::new(&command.program);
        command.args([ARGUMENT, mark]).env_remove(MARK).current_dir("/");
        command.stdin(reader).stdout(Stdio::null()).stderr(Stdio::null());
        spawn::in_child(&mut command, || nix::unistd::setsid().map(drop).map_err(io::Error::from));
        Ok(Guard { pipe, child: command.spawn()? })
    }

    /// Whether it lives.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Says that a process and its group are gone.
    pub(super) fn forget(&self, ticket: u64) {
        // A guard that is gone cannot be told, and need not be.
        let _ = (&self.pipe).write_all(&Message::Ended { ticket }.encode());
    }

    /// Closes the pipe and waits until everything that was left has ended.
    pub(super) fn finish(self) {
        let Guard { pipe, mut child } = self;
        drop(pipe);
        let _ = child.wait();
    }
}

/// What `main` calls before anything else: when the program was started to be a guard, is one,
/// and returns its exit code when it is done.
pub fn run_if_asked() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    (args.next()? == ARGUMENT).then(|| {
        let mark = args.next().unwrap_or_default();
        watch(io::stdin().lock(), &mark);
        ExitCode::SUCCESS
    })
}

fn watch(pipe: impl Read, mark: &OsString) {
    let left = read_all(pipe);
    group::end(&left.into_values().collect::<Vec<_>>(), GRACE);
    end_marked(mark);
}

/// Reads until the runner is gone; the groups that are left, in the order in which they began.
fn read_all(mut pipe: impl Read) -> BTreeMap<u64, u32> {
    let mut groups = BTreeMap::new();
    let mut bytes = [0; MESSAGE];
    // An error is as good as the end: nobody will say anything more.
    while pipe.read_exact(&mut bytes).is_ok() {
        match Message::decode(bytes) {
            Message::Began { ticket, pid } => groups.insert(ticket, pid),
            Message::Ended { ticket } => groups.remove(&ticket),
        };
    }
    groups
}

/// Kills every process that carries the run's mark: those that left their group by `setsid`.
#[cfg(target_os = "linux")]
fn end_marked(mark: &OsString) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    if mark.is_empty() {
        return;
    }
    let mark = [MARK.as_bytes(), b"=", mark.as_encoded_bytes()].concat();
    // A process that forks while it is looked for can be missed once, not again and again.
    for _ in 0..20 {
        let Ok(entries) = std::fs::read_dir("/proc") else { return };
        let found: Vec<i32> = entries
            .flatten()
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry)))
            .filter(|(_, entry)| {
                std::fs::read(entry.path().join("environ"))
                    .is_ok_and(|vars| vars.split(|byte| *byte == 0).any(|var| var == mark))
            })
            .map(|(pid, _)| pid)
            .collect();
        if found.is_empty() {
            return;
        }
        for pid in found {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(not(target_os = "linux"))]
fn end_marked(_: &OsString) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_remembers_what_began_and_did_not_end() {
        let mut pipe = Vec::new();
        for message in [
            Message::Began { ticket: 1, pid: 100 },
            Message::Began { ticket: 2, pid: 200 },
            Message::Ended { ticket: 1 },
            Message::Ended { ticket: 9 },
            Message::Began { ticket: 3, pid: 70_000 },
        ] {
            assert_eq!(Message::decode(message.encode()), message);
            pipe.extend(message.encode());
        }
        pipe.extend([1, 2, 3]);
        let left = read_all(pipe.as_slice());
        assert_eq!(left.into_values().collect::<Vec<_>>(), [200, 70_000]);
    }
}
