//! Runs that the client asked for. Their events go to the client as they come; they can be cancelled,
//! and none outlives the server.

use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lsp_server::{Message, Request, RequestId};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::transport::{Outbox, notification};
use crate::system::interrupted_with_this_one;

/// The notification for each event of a run: `{ target, folder, event }`, and at its end
/// `{ target, folder, exit }`.
const EVENT: &str = "scn/event";

/// How long runs may take to stop what they started when the server ends.
const GRACE: Duration = Duration::from_secs(10);

/// How long it may take until one that was killed is gone.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// How often it is looked whether a run is over.
const PAUSE: Duration = Duration::from_millis(20);

/// Those that are going on.
#[derive(Default)]
pub(super) struct Runs {
    going: Vec<Run>,
    /// How many there were.
    count: u32,
}

/// What is to be run, for whom.
pub(super) struct Wanted<'a> {
    /// The request that asked for it.
    pub(super) request: RequestId,
    /// What `scn run` takes: `a.scn:12`.
    pub(super) target: String,
    /// The directory of its project, and that as the client calls it.
    pub(super) dir: &'a Path,
    pub(super) folder: Option<String>,
}

struct Run {
    request: RequestId,
    /// The directory of its project.
    dir: PathBuf,
    /// What its progress is called, where the client shows that.
    token: Option<Value>,
    process: Arc<Mutex<Child>>,
    /// Ends when all is told.
    teller: JoinHandle<()>,
    is_interrupted: bool,
}

impl Runs {
    /// Starts one, and does `over` when it has ended. `shows_progress`: whether the client shows how far
    /// it is.
    pub(super) fn start(
        &mut self,
        wanted: Wanted<'_>,
        shows_progress: bool,
        outbox: Outbox,
        over: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        self.going.retain(Run::goes_on);
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["run", "--report", "json=-", "--", &wanted.target]).current_dir(wanted.dir);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        interrupted_with_this_one(&mut command);
        let mut child = command.spawn()?;
        let output = child.stdout.take();
        self.count += 1;
        let token = shows_progress.then(|| json!(format!("scn.run/{}", self.count)));
        if let Some(token) = &token {
            outbox(Message::Request(Request {
                id: RequestId::from(format!("progress/{}", self.count)),
                method: "window/workDoneProgress/create".to_owned(),
                params: json!({ "token": token }),
            }));
        }
        let process = Arc::new(Mutex::new(child));
        let of = Teller { outbox, target: wanted.target, folder: wanted.folder, token: token.clone() };
        let watched = process.clone();
        let teller = thread::spawn(move || {
            of.tell(output, &watched);
            over();
        });
        let (request, dir) = (wanted.request, wanted.dir.to_path_buf());
        self.going.push(Run { request, dir, token, process, teller, is_interrupted: false });
        Ok(())
    }

    /// Interrupts the run that a request asked for.
    pub(super) fn cancel(&mut self, request: &RequestId) {
        self.going.iter_mut().filter(|run| run.request == *request).for_each(Run::interrupt);
    }

    /// Interrupts the run whose progress the client calls so.
    pub(super) fn cancel_progress(&mut self, token: &Value) {
        self.going.iter_mut().filter(|run| run.token.as_ref() == Some(token)).for_each(Run::interrupt);
    }

    /// Interrupts those of projects that are in none of these directories.
    pub(super) fn keep_in(&mut self, dirs: &[&Path]) {
        self.going.iter_mut().filter(|run| !dirs.contains(&run.dir.as_path())).for_each(Run::interrupt);
    }

    /// Interrupts all.
    pub(super) fn interrupt(&mut self) {
        self.going.iter_mut().for_each(Run::interrupt);
    }

    /// Waits for those that were interrupted; what is left of one that takes too long, its guard ends.
    pub(super) fn end(&mut self) {
        self.wait(GRACE);
        self.going.iter().for_each(|run| drop(lock(&run.process).kill()));
        self.wait(LAST_GRACE);
    }

    fn wait(&mut self, bound: Duration) {
        let last = Instant::now() + bound;
        self.going.retain(Run::goes_on);
        while !self.going.is_empty() && Instant::now() < last {
            thread::sleep(PAUSE);
            self.going.retain(Run::goes_on);
        }
    }
}

impl Run {
    fn goes_on(&self) -> bool {
        !self.teller.is_finished()
    }

    /// As Ctrl-C does: the run cleans up, stops its services and ends.
    fn interrupt(&mut self) {
        // A second one would keep it from cleaning up.
        if std::mem::replace(&mut self.is_interrupted, true) {
            return;
        }
        let mut process = lock(&self.process);
        // A number is another process's only after it was waited for, and that is done under the lock.
        if let (Ok(None), Ok(pid)) = (process.try_wait(), i32::try_from(process.id())) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
        }
    }
}

fn lock(process: &Mutex<Child>) -> MutexGuard<'_, Child> {
    process.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells the client of one run.
struct Teller {
    outbox: Outbox,
    target: String,
    folder: Option<String>,
    token: Option<Value>,
}

impl Teller {
    /// From its beginning to its end.
    fn tell(&self, output: Option<ChildStdout>, process: &Mutex<Child>) {
        let title =
            json!({ "kind": "begin", "title": "scn run", "message": self.target, "cancellable": true });
        self.progress(title);
        for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()).map_while(Result::ok)
        {
            let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
            if event["event"] == "scenario_started" {
                self.progress(json!({ "kind": "report", "message": event["scenario"]["title"] }));
            }
            self.event("event", event);
        }
        let exit = loop {
            match lock(process).try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => break status.code(),
                Err(_) => break None,
            }
            thread::sleep(PAUSE);
        };
        self.progress(json!({ "kind": "end" }));
        self.event("exit", json!(exit));
    }

    fn progress(&self, value: Value) {
        if let Some(token) = &self.token {
            (self.outbox)(notification("$/progress", json!({ "token": token, "value": value })));
        }
    }

    fn event(&self, what: &str, value: Value) {
        let mut params = json!({ "target": self.target, "folder": self.folder });
        params[what] = value;
        (self.outbox)(notification(EVENT, params));
    }
}
