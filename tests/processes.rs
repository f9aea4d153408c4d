//! No orphan is left, however the runner ends: the promise is tested with a runner that is killed.
//! This test program starts itself again to be that runner.

#![expect(clippy::unwrap_used, reason = "in tests a failure to prepare is a failure")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use scn::system::{GuardCommand, Ports, Process, ProcessSpec, Processes};
use scn::value::Stopwatch;

/// The directory in which a runner works; set for a program that is to be one.
const ROLE: &str = "SCN_TEST_RUNNER_DIR";

fn guard() -> GuardCommand {
    GuardCommand::program(env!("CARGO_BIN_EXE_scn"))
}

fn sh(script: &str, dir: &Path) -> ProcessSpec {
    let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
    ProcessSpec { argv, dir: dir.to_owned(), ..ProcessSpec::default() }
}

/// Starts this program again as the named runner, in a group of its own.
fn runner(role: &str, dir: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", role]).env(ROLE, dir).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn role() -> Option<std::path::PathBuf> {
    std::env::var_os(ROLE).map(Into::into)
}

fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X'])))
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        // Far beyond what any machine needs: only a wait that would never end stops here.
        assert!(began.elapsed().as_secs() < 120, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Every kind of process that is hard to get rid of; each writes its number into a file.
const STUBBORN: [(&str, &str); 5] = [
    ("plain", "echo $$ > pid.plain; exec sleep 1000"),
    ("deaf", "trap '' TERM HUP INT; echo $$ > pid.deaf; while :; do sleep 1; done"),
    ("parent", "sh -c 'echo $$ > pid.grandchild; exec sleep 1000' & echo $$ > pid.parent; wait"),
    ("stopped", "echo $$ > pid.stopped; kill -STOP $$; exec sleep 1000"),
    ("escaped", "setsid sh -c 'echo $$ > pid.escapee; exec sleep 1000' & echo $$ > pid.escaped; wait"),
];

const PIDS: [&str; 7] = ["plain", "deaf", "parent", "grandchild", "stopped", "escaped", "escapee"];

fn pids(dir: &Path) -> Vec<i32> {
    let read = |name| std::fs::read_to_string(dir.join(format!("pid.{name}"))).ok()?.trim().parse().ok();
    PIDS.iter().filter_map(read).collect()
}

fn start_stubborn(processes: &Processes, dir: &Path) -> Vec<Process> {
    STUBBORN.iter().map(|(_, script)| processes.spawn(&sh(script, dir)).unwrap()).collect()
}

#[tokio::test]
#[ignore = "is the runner that the other tests kill"]
async fn runner_with_children() {
    let Some(dir) = role() else { return };
    let processes = Processes::start(&guard(), Stopwatch::start()).unwrap();
    let _children = start_stubborn(&processes, &dir);
    std::future::pending::<()>().await;
}

#[test]
fn a_runner_that_is_killed_leaves_no_process() {
    type Ending = fn(Pid);
    let endings: [(&str, Ending); 4] = [
        ("SIGKILL", |runner| kill(runner, Signal::SIGKILL).unwrap()),
        ("SIGKILL to its whole group", |runner| killpg(runner, Signal::SIGKILL).unwrap()),
        ("Ctrl-C", |runner| killpg(runner, Signal::SIGINT).unwrap()),
        ("a closed terminal", |runner| killpg(runner, Signal::SIGHUP).unwrap()),
    ];
    for (name, end) in endings {
        let dir = tempfile::tempdir().unwrap();
        let mut runner = runner("runner_with_children", dir.path());
        wait_for("the children begin", || pids(dir.path()).len() == PIDS.len());
        let pids = pids(dir.path());
        assert!(pids.iter().all(|pid| is_alive(*pid)), "{name}");
        end(Pid::from_raw(runner.id() as i32));
        runner.wait().unwrap();
        wait_for(name, || !pids.iter().any(|pid| is_alive(*pid)));
    }
}

#[tokio::test]
async fn the_end_of_a_run_waits_until_nothing_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let processes = Processes::start(&guard(), Stopwatch::start()).unwrap();
    let children = start_stubborn(&processes, dir.path());
    wait_for("the children begin", || pids(dir.path()).len() == PIDS.len());
    processes.shutdown().await;
    assert_eq!(
        pids(dir.path()).into_iter().filter(|pid| is_alive(*pid)).collect::<Vec<_>>(),
        Vec::<i32>::new()
    );
    drop(children);
    let error = processes.spawn(&sh("true", dir.path())).unwrap_err();
    assert_eq!(error.message, "`sh` is not started: the run is over");
}

#[tokio::test]
async fn processes_that_ended_are_forgotten_and_failed_starts_too() {
    let dir = tempfile::tempdir().unwrap();
    let processes = Processes::start(&guard(), Stopwatch::start()).unwrap();
    std::fs::write(dir.path().join("garbage"), "\u{1}").unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir.path().join("garbage"), executable).unwrap();
    for _ in 0..20 {
        let process = processes.spawn(&sh("exit 3", dir.path())).unwrap();
        assert_eq!(process.wait().await.to_string(), "exit status 3");
        let garbage = ProcessSpec { argv: vec!["./garbage".into()], ..sh("", dir.path()) };
        assert!(processes.spawn(&garbage).unwrap_err().message.contains("is not a program"));
    }
    processes.shutdown().await;
}

#[test]
fn without_a_runner_the_guard_ends_by_itself() {
    let mut guard = Command::new(env!("CARGO_BIN_EXE_scn"))
        .args(["__guard", "mark"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    drop(guard.stdin.take());
    assert!(guard.wait().unwrap().success());
}

#[test]
#[ignore = "is a runner that takes ports"]
fn runner_with_ports() {
    let Some(_) = role() else { return };
    let ports = Ports::new().unwrap();
    let taken: Vec<_> = (0..60).map(|_| ports.take().unwrap()).collect();
    let numbers: Vec<String> = taken.iter().map(|port| port.number().to_string()).collect();
    println!("ports {}", numbers.join(" "));
    // The ports are held until the other side has seen everybody's.
    std::io::stdin().lines().for_each(drop);
}

#[test]
fn two_runs_at_once_never_get_the_same_port() {
    let dir = tempfile::tempdir().unwrap();
    let mut runners: Vec<Child> = (0..4).map(|_| runner("runner_with_ports", dir.path())).collect();
    let mut seen = BTreeSet::new();
    for runner in &mut runners {
        let lines = BufReader::new(runner.stdout.take().unwrap()).lines().map_while(Result::ok);
        // The harness prints the name of its test on the same line.
        let line = lines.filter_map(|line| line.split_once("ports ").map(|(_, rest)| rest.to_owned())).next();
        for port in line.unwrap().split(' ') {
            assert!(seen.insert(port.to_owned()), "{port} was given twice");
        }
    }
    assert_eq!(seen.len(), 4 * 60);
    for mut runner in runners {
        drop(runner.stdin.take());
        runner.wait().unwrap();
    }
}
