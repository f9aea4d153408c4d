//! Processes that leave nothing behind: each leads a group of its own, and the group goes with it.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::watch;

use super::guard::{Guard, GuardCommand, MARK, Message};
use super::{CommandSpec, Exit, SpawnError, group, spawn};
use crate::value::{Bytes, Stopwatch};

/// Starts processes so that none is left behind. Cheap to clone; all clones are one run.
///
/// Made by `default`, it has no guard: groups end with their [`Process`], but a runner that is
/// killed leaves them. That is for tests.
#[derive(Debug, Clone, Default)]
pub struct Processes {
    run: Arc<Run>,
}

#[derive(Debug)]
struct Run {
    guard: Mutex<Keeper>,
    tickets: AtomicU64,
    stopwatch: Stopwatch,
    mark: String,
}

#[derive(Debug)]
enum Keeper {
    None,
    Guard(Guard),
    Finished,
}

impl Default for Run {
    fn default() -> Run {
        Run::new(Stopwatch::start())
    }
}

impl Run {
    fn new(stopwatch: Stopwatch) -> Run {
        Run { guard: Mutex::new(Keeper::None), tickets: AtomicU64::new(1), stopwatch, mark: mark() }
    }
}

/// What a process is started with.
#[derive(Debug, Clone, Default)]
pub struct ProcessSpec {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it runs; a program with a `/` in its name is looked for from here.
    pub dir: PathBuf,
    /// What its environment has besides the runner's own.
    pub env: Vec<(String, String)>,
    /// What it reads.
    pub stdin: Input,
}

/// What a process reads from its standard input.
#[derive(Debug, Clone, Default)]
pub enum Input {
    /// Nothing.
    #[default]
    Null,
    /// These bytes, then the end.
    Bytes(Bytes),
}

/// Leaves out what cargo told the runner of the package that it is: a cargo below would take it
/// for its own, and build again whatever watches these names.
/// <https://doc.rust-lang.org/cargo/reference/environment-variables.html>
fn forget_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix))
        });
        if own {
            command.env_remove(name);
        }
    }
}

impl From<&CommandSpec> for ProcessSpec {
    fn from(command: &CommandSpec) -> ProcessSpec {
        ProcessSpec {
            argv: command.argv.clone(),
            dir: command.dir.clone(),
            env: command.env.clone(),
            stdin: Input::Null,
        }
    }
}

impl Processes {
    /// With a guard. The times of logs and exits are those of the stopwatch.
    pub fn start(guard: &GuardCommand, stopwatch: Stopwatch) -> io::Result<Processes> {
        let run = Run::new(stopwatch);
        let guard = Guard::start(guard, &run.mark)?;
        Ok(Processes { run: Arc::new(Run { guard: Mutex::new(Keeper::Guard(guard)), ..run }) })
    }

    /// The run's clock.
    pub fn stopwatch(&self) -> Stopwatch {
        self.run.stopwatch
    }

    /// Ends whatever is left and waits until it is gone. Nothing can be started after this.
    pub async fn shutdown(&self) {
        let keeper = std::mem::replace(&mut *lock(&self.run.guard), Keeper::Finished);
        if let Keeper::Guard(guard) = keeper {
            // The guard has its own limits on waiting.
            let _ = tokio::task::spawn_blocking(move || guard.finish()).await;
        }
    }

    /// Starts a process in a group of its own, its output in pipes. Needs a tokio runtime.
    pub fn spawn(&self, spec: &ProcessSpec) -> Result<Process, SpawnError> {
        let Some(program) = spec.argv.first().filter(|program| !program.is_empty()) else {
            return Err(SpawnError::new("the command is empty"));
        };
        let nul = |text: &String| text.contains('\0');
        if spec.argv.iter().any(nul) || spec.env.iter().any(|(name, value)| nul(name) || nul(value)) {
            return Err(SpawnError::new(format!(
                "`{}` cannot be started with a NUL character",
                program.replace('\0', "")
            )));
        }
        let path =
            spec.env.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| OsString::from(value));
        let path = path.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
        // An empty path is the current directory: that of a module named without one.
        let dir = if spec.dir.as_os_str().is_empty() { Path::new(".") } else { &spec.dir };
        let file = spawn::find(program, dir, &path)?;
        spawn::require_program(program, &file)?;
        let file = std::path::absolute(&file).unwrap_or(file);

        let mut command = Command::new(&file);
        command.arg0(program).args(&spec.argv[1..]).current_dir(dir);
        forget_cargo(&mut command);
        command.envs(spec.env.iter().map(|(name, value)| (name, value))).env(MARK, &self.run.mark);
        let stdin = if matches!(spec.stdin, Input::Bytes(_)) { Stdio::piped() } else { Stdio::null() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);

        let (mut child, ticket) = self.launch(&mut command).map_err(|error| match error {
            Launch::Guard => {
                SpawnError::new(format!("`{program}` is not started: the run's guard process is gone"))
            }
            Launch::Over => SpawnError::new(format!("`{program}` is not started: the run is over")),
            Launch::System(error) => spawn::explain(program, &file, &error),
        })?;
        let pipes = Pipes::take(&mut child);
        let shared = Arc::new(Shared::new(child.id()));
        self.reap(child, ticket, &shared);
        // From here on dropping the process ends the group.
        let mut process = Process { shared, stdout: None, stderr: None };
        let pipes = pipes.map_err(|error| {
            SpawnError::new(format!("`{program}` cannot be read: {}", crate::value::words::plain(&error)))
        })?;
        if let (Input::Bytes(bytes), Some(stdin)) = (&spec.stdin, pipes.stdin) {
            feed(stdin, bytes.clone());
        }
        (process.stdout, process.stderr) = (pipes.stdout, pipes.stderr);
        Ok(process)
    }

    /// Forks and executes; the child tells the guard of itself before it becomes the program.
    fn launch(&self, command: &mut Command) -> Result<(Child, u64), Launch> {
        let ticket = self.run.tickets.fetch_add(1, Ordering::Relaxed);
        let mut keeper = lock(&self.run.guard);
        let guard = match &mut *keeper {
            Keeper::None => return command.spawn().map(|child| (child, ticket)).map_err(Launch::System),
            Keeper::Finished => return Err(Launch::Over),
            Keeper::Guard(guard) => guard,
        };
        if !guard.is_alive() {
            return Err(Launch::Guard);
        }
        let mut pipe = guard.pipe.try_clone().map_err(Launch::System)?;
        spawn::in_child(command, move || {
            let pid = nix::unistd::getpid().as_raw().cast_unsigned();
            pipe.write_all(&Message::Began { ticket, pid }.encode())
        });
        // The lock is held, so that a shutdown waits until the child has told the guard.
        command.spawn().map(|child| (child, ticket)).map_err(|error| {
            guard.forget(ticket);
            Launch::System(error)
        })
    }

    /// Waits for the process in a thread of its own, which needs no runtime and outlives the
    /// future that started it.
    fn reap(&self, child: Child, ticket: u64, shared: &Arc<Shared>) {
        let pid = child.id();
        let (of_thread, processes) = (shared.clone(), self.clone());
        let thread = std::thread::Builder::new().name(format!("reap {pid}")).stack_size(128 * 1024);
        let started = thread.spawn(move || {
            let exit = of_thread.reap(child);
            if let Keeper::Guard(guard) = &*lock(&processes.run.guard) {
                guard.forget(ticket);
            }
            of_thread.exit.send_replace(Some(exit));
        });
        if started.is_err() {
            // No thread can be had: nobody could say when it ends, so it must not run.
            group::signal(pid, Signal::SIGKILL);
            shared.exit.send_replace(Some(Exit { code: None, signal: Some(Signal::SIGKILL as i32) }));
        }
    }
}

enum Launch {
    Guard,
    Over,
    System(io::Error),
}

struct Pipes {
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

impl Pipes {
    fn take(child: &mut Child) -> io::Result<Pipes> {
        Ok(Pipes {
            stdin: child.stdin.take().map(ChildStdin::from_std).transpose()?,
            stdout: child.stdout.take().map(ChildStdout::from_std).transpose()?,
            stderr: child.stderr.take().map(ChildStderr::from_std).transpose()?,
        })
    }
}

fn feed(mut stdin: ChildStdin, bytes: Bytes) {
    tokio::spawn(async move {
        // A process need not read what it is given.
        let _ = stdin.write_all(&bytes).await;
    });
}

/// Different for every run on this machine.
fn mark() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), now.as_nanos())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process that was started, with its group. Dropping it kills the group.
#[derive(Debug)]
pub struct Process {
    shared: Arc<Shared>,
    /// Its standard output, until someone takes it.
    pub stdout: Option<ChildStdout>,
    /// Its standard error, until someone takes it.
    pub stderr: Option<ChildStderr>,
}

#[derive(Debug)]
struct Shared {
    pid: u32,
    state: Mutex<State>,
    exit: watch::Sender<Option<Exit>>,
}

#[derive(Debug, Default)]
struct State {
    /// From then on the number may belong to someone else and must not be signalled.
    reaped: bool,
    /// While this lasts, the group may end by itself.
    grace: Option<Instant>,
}

impl Process {
    /// Its number, which is also its group's.
    pub fn pid(&self) -> u32 {
        self.shared.pid
    }

    /// How it ended; `None` while it lives.
    pub fn exit(&self) -> Option<Exit> {
        *self.shared.exit.borrow()
    }

    /// Waits until it has ended and its group is gone. What it left running in its group when it
    /// ended by itself is killed.
    pub fn wait(&self) -> impl Future<Output = Exit> + Send + 'static {
        let mut exit = self.shared.exit.subscribe();
        async move {
            // The sender lives as long as the thread that waits for the process.
            let ended = exit.wait_for(Option::is_some).await.map(|exit| *exit);
            ended.ok().flatten().unwrap_or(Exit { code: None, signal: None })
        }
    }

    /// SIGTERM to the group, SIGKILL to what lives on after the grace; waits until all of it is gone.
    pub async fn terminate(&self, grace: Duration) -> Exit {
        lock(&self.shared.state).grace = Some(Instant::now() + grace);
        self.signal(Signal::SIGTERM);
        // A stopped process gets its SIGTERM only when it runs on.
        self.signal(Signal::SIGCONT);
        match tokio::time::timeout(grace, self.wait()).await {
            Ok(exit) => exit,
            Err(_) => self.kill_now().await,
        }
    }

    /// SIGKILL to the group; waits until all of it is gone.
    pub async fn kill_now(&self) -> Exit {
        self.shared.kill();
        self.wait().await
    }

    /// Signals the group; whether it was still there.
    pub fn signal(&self, signal: Signal) -> bool {
        self.shared.signal(signal)
    }

    /// Stops the group from running.
    pub fn pause(&self) -> bool {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets the group run on.
    pub fn resume(&self) -> bool {
        self.signal(Signal::SIGCONT)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.shared.kill();
    }
}

impl Shared {
    fn new(pid: u32) -> Shared {
        Shared { pid, state: Mutex::default(), exit: watch::Sender::new(None) }
    }

    fn signal(&self, signal: Signal) -> bool {
        let state = lock(&self.state);
        !state.reaped && group::signal(self.pid, signal)
    }

    fn kill(&self) {
        lock(&self.state).grace = None;
        self.signal(Signal::SIGKILL);
    }

    /// Waits for the process, ends what is left of its group, and only then gives its number back.
    fn reap(&self, mut child: Child) -> Exit {
        let early = wait_for_end(&mut child);
        while let Some(grace) = lock(&self.state).grace
            && grace > Instant::now()
            && !group::is_gone(self.pid)
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.signal(Signal::SIGKILL);
        let status = early.map_or_else(|| child.wait(), Ok);
        lock(&self.state).reaped = true;
        group::wait_until_gone(&[self.pid], Instant::now() + group::AFTER_KILL);
        status.map_or(Exit { code: None, signal: None }, Exit::from)
    }
}

/// Ends when the process has ended. Where the system can, it is left a zombie, so that its number
/// stays its own; otherwise its status is returned.
#[cfg(any(target_os = "linux", target_os = "freebsd"))]
fn wait_for_end(child: &mut Child) -> Option<std::process::ExitStatus> {
    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(nix::errno::Errno::EINTR) {
    }
    None
}

/// Ends when the process has ended, and returns its status: nix has no `waitid` here.
#[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
fn wait_for_end(child: &mut Child) -> Option<std::process::ExitStatus> {
    child.wait().ok()
}
