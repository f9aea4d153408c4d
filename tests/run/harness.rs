//! Projects in temporary directories, runs of them, and servers that answer what a test wants.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A project of some `.scn` files, gone when dropped.
pub(crate) struct Project {
    dir: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a run printed and how it ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A project with one file, `t.scn`.
pub(crate) fn scn(text: &str) -> Project {
    project(&[("t.scn", text)])
}

pub(crate) fn project(files: &[(&str, &str)]) -> Project {
    let project = Project { dir: tempfile::tempdir().unwrap(), variables: Vec::new() };
    for (name, text) in files {
        project.write(name, text);
    }
    project
}

impl Project {
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The text of a file that a run wrote; empty when there is none.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    /// Sets an environment variable of the runs.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Project {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scn"));
        command.current_dir(self.path()).args(args).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// `scn run t.scn` with more arguments.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.scn(&[&["run", "t.scn"], args].concat())
    }

    pub(crate) fn scn(&self, args: &[&str]) -> Ran {
        let output = self.command(args).stdin(Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        ran.never_at_fault();
        ran
    }

    /// Starts `scn run t.scn` and returns while it runs.
    pub(crate) fn begin(&self, args: &[&str]) -> Running {
        let args = [&["run", "t.scn"], args].concat();
        let mut child = self
            .command(&args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running { out: child.stdout.take().unwrap(), child }
    }
}

impl Ran {
    fn never_at_fault(&self) {
        for word in ["panicked", "RUST_BACKTRACE", "scn itself is at fault", "internal error"] {
            assert!(!self.out.contains(word) && !self.err.contains(word), "{word}: {}{}", self.out, self.err);
        }
    }

    /// Demands the exit code and that each text is somewhere in the output.
    #[track_caller]
    pub(crate) fn ends(self, code: i32, parts: &[&str]) -> Ran {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        for part in parts {
            assert!(self.says(part), "`{part}` is missing in\n{}{}", self.out, self.err);
        }
        self
    }

    /// Whether it is printed; lines are joined, since wrapped ones mean the same.
    pub(crate) fn says(&self, part: &str) -> bool {
        let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let part = joined(part);
        joined(&self.out).contains(&part) || joined(&self.err).contains(&part)
    }

    #[track_caller]
    pub(crate) fn never_says(self, parts: &[&str]) -> Ran {
        for part in parts {
            assert!(!self.says(part), "`{part}` is in\n{}{}", self.out, self.err);
        }
        self
    }
}

/// A run that goes on.
pub(crate) struct Running {
    pub(crate) child: Child,
    out: std::process::ChildStdout,
}

impl Running {
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        let mut out = String::new();
        self.out.read_to_string(&mut out).unwrap();
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let ran = Ran { code: self.child.wait().unwrap().code(), out, err };
        ran.never_at_fault();
        ran
    }
}

/// Waits for something that must come; only what would never come ends this.
pub(crate) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process runs; one that nobody has waited for yet does not.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X'])))
}

/// What a test's server was asked.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// A server on a port of its own that answers each request with the bytes it is told to.
pub(crate) fn server(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer: Arc<dyn Fn(&Asked) -> Vec<u8> + Send + Sync> = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || serve(stream, &*answer));
        }
    });
    format!("http://{address}")
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&Asked) -> Vec<u8>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() {
        // No HTTP, such as the first bytes of TLS.
        return stream.write_all(&reply("400 Bad Request", "text/plain", "no HTTP")).ok();
    }
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    stream.write_all(&answer(&Asked { method, path, headers, body })).ok()
}

/// A whole response; the connection ends after it.
pub(crate) fn reply(status: &str, kind: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub(crate) fn json(status: &str, body: &str) -> Vec<u8> {
    reply(status, "application/json", body)
}

/// A port at which nobody listens.
pub(crate) fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
