use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::event::{Detail, Failure};
use crate::value::{Live as _, Redactor, Value, show};
use std::sync::Arc;
use std::time::Duration;

/// Longer than any test takes; a wait that does not end is a failure of its own.
const LONG: Duration = Duration::from_secs(600);

fn sh(text: &str, dir: &Path) -> CommandSpec {
    CommandSpec { argv: ["sh", "-c", text].map(str::to_owned).to_vec(), dir: dir.to_owned(), env: Vec::new() }
}

/// A service on a port that stays free until the test itself listens there.
struct Bench {
    dir: tempfile::TempDir,
    port: Port,
    processes: Processes,
    redactor: Redactor,
}

impl Bench {
    fn new() -> Bench {
        Bench {
            dir: tempfile::tempdir().unwrap(),
            port: Ports::new().unwrap().take().unwrap(),
            processes: Processes::default(),
            redactor: Redactor::default(),
        }
    }

    fn spec(&self, script: &str, ready: Ready) -> ServiceSpec {
        let port = self.port.number();
        ServiceSpec {
            name: "orders".into(),
            protocol: "http".into(),
            start: Some(sh(script, self.dir.path())),
            url: format!("http://127.0.0.1:{port}"),
            host: "127.0.0.1".to_owned(),
            port,
            ready,
            ready_within: LONG,
            json_log: false,
            stop_grace: LONG,
            farewell: Farewell::default(),
        }
    }

    async fn spawn(&self, spec: ServiceSpec) -> Arc<Service> {
        Service::spawn(spec, &self.processes, &self.redactor).await.unwrap()
    }

    async fn start(&self, script: &str) -> Arc<Service> {
        let file = self.dir.path().join("up");
        let ready = Ready::Command(sh("test -f up", self.dir.path()));
        let service =
            Service::start(self.spec(script, ready), &self.processes, &self.redactor).await.unwrap();
        let _ = std::fs::remove_file(file);
        service
    }

    async fn refused(&self, spec: ServiceSpec) -> Failure {
        Service::start(spec, &self.processes, &self.redactor).await.unwrap_err()
    }

    /// Answers each connection with the next of the responses, the last one again and again.
    async fn serve(&self, responses: &'static [&'static str]) {
        let listener = TcpListener::bind(("127.0.0.1", self.port.number())).await.unwrap();
        tokio::spawn(async move {
            for turn in 0.. {
                let (mut connection, _) = listener.accept().await.unwrap();
                let _ = connection.read(&mut [0; 1024]).await;
                let response = responses[turn.min(responses.len() - 1)];
                let _ = connection.write_all(response.as_bytes()).await;
            }
        });
    }
}

fn lines(failure: &Failure) -> Vec<String> {
    failure
        .details
        .iter()
        .flat_map(|detail| match detail {
            Detail::Lines { lines, .. } => lines.clone(),
            Detail::Note { text } => vec![format!("note: {text}")],
            _ => Vec::new(),
        })
        .collect()
}

/// The records of its log.
fn logged(service: &Service) -> Value {
    let Some(Value::Live(log)) = service.field("log") else { panic!("no log") };
    Value::list(log.items().unwrap())
}

fn text(service: &Service, name: &str) -> String {
    show(&service.field(name).unwrap())
}

#[tokio::test]
async fn a_service_that_ends_before_it_is_ready_fails_at_once_with_its_last_words() {
    let bench = Bench::new();
    let failure =
        bench.refused(bench.spec("echo no database; printf 'no newline' >&2; exit 3", Ready::Tcp)).await;
    assert_eq!(failure.code, "service-start");
    assert_eq!(failure.message, "`orders` does not start: it ended before it was ready: exit status 3");
    let mut lines = lines(&failure);
    lines.sort();
    assert_eq!(lines, ["no database", "no newline"]);
}

#[tokio::test]
async fn a_service_that_has_ended_before_anyone_waits_says_how() {
    let bench = Bench::new();
    let service = bench.spawn(bench.spec("echo gone; exit 3", Ready::Tcp)).await;
    service.unexpected_exit().await;
    let failure = service.ready().await.unwrap_err();
    assert_eq!(failure.message, "`orders` does not start: it ended before it was ready: exit status 3");
    assert_eq!(lines(&failure), ["gone"]);
}

#[tokio::test]
async fn a_service_that_is_never_ready_fails_with_its_last_answer_and_is_ended() {
    let bench = Bench::new();
    let http = Ready::Http { path: "/healthz".to_owned() };
    let spec = ServiceSpec {
        ready_within: Duration::from_secs(3),
        ..bench.spec("echo waiting; echo $$ > pid; exec sleep 1000", http)
    };
    let service = bench.spawn(spec).await;
    bench.serve(&["HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"]).await;
    let failure = service.ready().await.unwrap_err();
    assert_eq!(failure.message, "`orders` does not start: it was not ready within 3s");
    assert_eq!(lines(&failure), ["note: the last answer: GET /healthz answered 503", "waiting"]);
    let pid = std::fs::read_to_string(bench.dir.path().join("pid")).unwrap().trim().parse().unwrap();
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn readiness_is_asked_for_until_it_is_there() {
    const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    const MOVED: &str = "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n";
    const GOOD: &str = "HTTP/1.1 204 No Content\r\n\r\n";
    let bench = Bench::new();
    let spec = bench.spec("exec sleep 1000", Ready::Http { path: "/healthz".to_owned() });
    let service = bench.spawn(spec).await;
    bench.serve(&["garbage", BUSY, MOVED, GOOD]).await;
    service.ready().await.unwrap();

    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let health: Health = Arc::new(move || {
        let answer =
            if count.fetch_add(1, Ordering::SeqCst) < 3 { Err("NOT_SERVING".to_owned()) } else { Ok(()) };
        Box::pin(async { answer })
    });
    let other = Bench::new();
    other.spawn(other.spec("exec sleep 1000", Ready::Health(health))).await.ready().await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 4);

    let tcp = Bench::new();
    let service = tcp.spawn(tcp.spec("exec sleep 1000", Ready::Tcp)).await;
    tcp.serve(&[""]).await;
    service.ready().await.unwrap();
}

#[tokio::test]
async fn something_else_on_the_port_is_never_taken_for_the_service() {
    let bench = Bench::new();
    bench.serve(&["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]).await;
    let failure = bench.refused(bench.spec("exec sleep 1000", Ready::Tcp)).await;
    assert!(failure.message.contains("something else already listens on 127.0.0.1:"), "{}", failure.message);
}

#[tokio::test]
async fn a_start_that_is_no_program_says_so() {
    let bench = Bench::new();
    let mut spec = bench.spec("", Ready::None);
    spec.start =
        Some(CommandSpec { argv: vec!["./orders".into()], dir: bench.dir.path().into(), env: Vec::new() });
    let failure = bench.refused(spec).await;
    assert!(
        failure.message.starts_with("`orders` does not start: `./orders` does not exist"),
        "{}",
        failure.message
    );
    assert!(failure.help.unwrap().contains("is it built?"));
}

#[tokio::test]
async fn an_exit_that_nobody_asked_for_is_noticed() {
    let bench = Bench::new();
    let service = bench.start("echo last words; touch up; exec sleep 1000").await;
    let seen = service.version();
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(service.pid().unwrap() as i32),
        nix::sys::signal::SIGKILL,
    )
    .unwrap();
    let exit = service.unexpected_exit().await;
    assert_eq!(exit.to_string(), "killed by SIGKILL");
    service.changed(seen).await;
    assert!(!service.is_running() && service.pid().is_none());
    let exits = text(&service, "exits");
    assert!(
        exits.contains(r#"status: "killed by SIGKILL", code: null, signal: "SIGKILL", expected: false"#),
        "{exits}"
    );
    let failure = service.exit_failure(exit);
    assert_eq!(failure.code, "service-exit");
    assert_eq!(lines(&failure), ["last words"]);
    assert_eq!(service.tail(10).lines, ["last words"]);
}

#[tokio::test]
async fn a_service_can_be_killed_restarted_paused_and_stopped() {
    let bench = Bench::new();
    // A TERM that comes just before the fork does not reach the child, which the shell has to end.
    let bye = "rm -f up; echo bye; kill $! 2>/dev/null; exit 0";
    let service = bench.start(&format!("trap '{bye}' TERM; echo began; touch up; sleep 1000 & wait")).await;
    let first = service.pid().unwrap();
    let exit = service.kill(nix::sys::signal::SIGKILL).await.unwrap();
    assert_eq!(exit.to_string(), "killed by SIGKILL");
    assert!(!service.is_running());
    assert_eq!(service.kill(nix::sys::signal::SIGKILL).await.unwrap_err(), "`orders` is not running");
    service.start_again().await.unwrap();
    assert!(service.start_again().await.unwrap_err().message.contains("already running"));
    let second = service.pid().unwrap();
    assert_ne!(first, second);
    service.restart(None).await.unwrap();
    assert_ne!(service.pid().unwrap(), second);

    service.pause().unwrap();
    let state = || std::fs::read_to_string(format!("/proc/{}/stat", service.pid().unwrap())).unwrap();
    while !state().contains(") T ") {
        tokio::task::yield_now().await;
    }
    service.resume().unwrap();
    while state().contains(") T ") {
        tokio::task::yield_now().await;
    }
    service.pause().unwrap();
    // A paused service can be stopped all the same.
    assert_eq!(service.stop(None).await.unwrap().to_string(), "exit status 0");
    assert_eq!(service.stop(None).await, None);
    assert!(service.exits().iter().all(|exit| exit.expected));
    assert_eq!(service.exits().len(), 3);
    let log = text(&service, "log");
    assert_eq!(log.matches("began").count(), 3, "{log}");
    assert_eq!(log.matches("bye").count(), 2, "{log}");
}

#[tokio::test]
async fn what_ignores_sigterm_is_killed_with_its_grandchildren() {
    let bench = Bench::new();
    let script = "trap '' TERM; sh -c 'echo $$ > pid; while :; do sleep 1; done' & while [ ! -s pid ]; do sleep 0.01; done; touch up; wait";
    let service = bench.start(script).await;
    let exit = service.stop(Some(Duration::from_millis(100))).await.unwrap();
    assert_eq!(exit.to_string(), "killed by SIGKILL");
    let pid = std::fs::read_to_string(bench.dir.path().join("pid")).unwrap().trim().parse().unwrap();
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn dropping_a_service_ends_it() {
    let bench = Bench::new();
    let service = bench.start("touch up; exec sleep 1000").await;
    let pid = service.pid().unwrap() as i32;
    assert!(is_alive(pid));
    drop(service);
    while is_alive(pid) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_flood_of_output_is_read_in_bounded_memory() {
    let bench = Bench::new();
    let line = "x".repeat(999);
    let script = format!("yes {line} | head -c 100000000; head -c 100000000 /dev/zero; echo; echo end");
    let service = bench.spawn(bench.spec(&script, Ready::None)).await;
    service.unexpected_exit().await;
    let log = logged(&service);
    let kept = log.as_list().unwrap().len();
    assert!(kept <= Log::BYTES / 999 + 1, "{kept}");
    assert_eq!(service.log_dropped() + kept as u64, 100_000 + 2);
    let tail = service.tail(2);
    assert!(tail.lines[0].ends_with("more bytes"), "{}", tail.lines[0].len());
    assert!(tail.lines[0].len() < 4 * Log::LINE_BYTES);
    assert_eq!(tail.lines[1], "end");
}

#[tokio::test]
async fn json_logs_are_records_that_expectations_read() {
    let bench = Bench::new();
    let script = r#"echo '{"level":"INFO","msg":"posted","order":7}'; echo plain; touch up; exec sleep 1000"#;
    let ready = Ready::Command(sh("test -f up", bench.dir.path()));
    let spec = ServiceSpec { json_log: true, ..bench.spec(script, ready) };
    let service = Service::start(spec, &bench.processes, &bench.redactor).await.unwrap();
    while logged(&service).as_list().unwrap().len() < 2 {
        service.changed(service.version()).await;
    }
    let log = text(&service, "log");
    assert!(log.contains(r#"level: "INFO", message: "posted", msg: "posted", order: 7 }"#), "{log}");
    assert!(log.contains(r#"text: "plain" }"#), "{log}");
    for name in service.fields() {
        assert!(service.field(name).is_some(), "{name}");
        assert!(SPECS.iter().any(|spec| spec.name == *name), "{name}");
    }
    assert!(service.field("logs").is_none());
    assert_eq!(service.field("addr").unwrap(), Value::text(format!("127.0.0.1:{}", bench.port.number())));
}

#[tokio::test]
async fn a_service_at_an_address_is_not_ours_to_end() {
    let bench = Bench::new();
    bench.serve(&["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]).await;
    let spec = ServiceSpec { start: None, ..bench.spec("", Ready::Http { path: "/".to_owned() }) };
    let service = Service::start(spec, &bench.processes, &bench.redactor).await.unwrap();
    assert!(service.is_running() && service.is_over() && service.pid().is_none());
    assert!(
        service.kill(nix::sys::signal::SIGKILL).await.unwrap_err().contains("was not started by this run")
    );
    assert_eq!(service.stop(None).await, None);
}

#[tokio::test]
async fn a_build_runs_once_a_run_and_shows_its_end_when_it_fails() {
    let bench = Bench::new();
    let builds = Builds::default();
    let count = sh("echo x >> count", bench.dir.path());
    let build = |service, command| {
        let (builds, bench) = (&builds, &bench);
        async move { builds.build(service, command, LONG, &bench.processes, &bench.redactor).await }
    };
    let (a, b) = tokio::join!(build("orders", &count), build("ledger", &count));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(std::fs::read_to_string(bench.dir.path().join("count")).unwrap(), "x\n");

    bench.redactor.register("geheimgeheim");
    let broken = sh(
        "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i; done; echo geheimgeheim; exit 2",
        bench.dir.path(),
    );
    let failure = build("orders", &broken).await.unwrap_err();
    assert_eq!(
        (failure.code.as_str(), failure.message.as_str()),
        ("service-build", "`orders` does not build: exit status 2")
    );
    let lines = lines(&failure);
    assert_eq!((lines.len(), lines[1].as_str(), lines[40].as_str()), (41, "line 22", "•••"));
    assert_eq!(build("ledger", &broken).await.unwrap_err().message, "`ledger` does not build: exit status 2");

    let endless = sh("exec sleep 1000", bench.dir.path());
    let failure =
        builds.build("orders", &endless, Duration::from_millis(50), &bench.processes, &bench.redactor).await;
    assert_eq!(failure.unwrap_err().message, "`orders` does not build: it was still building after 50ms");
}

#[tokio::test]
async fn a_process_has_the_runners_environment_but_for_what_cargo_said_of_its_package() {
    assert!(std::env::var_os("CARGO_PKG_NAME").is_some() && std::env::var_os("CARGO").is_some());
    let bench = Bench::new();
    let text = r#"echo "[$CARGO_PKG_NAME$CARGO_MANIFEST_DIR$CARGO_MANIFEST_LINKS]${CARGO:+ cargo}"; exit 3"#;
    let env = vec![("CARGO_MANIFEST_LINKS".to_owned(), "given".to_owned())];
    let start = Some(CommandSpec { env, ..sh(text, bench.dir.path()) });
    let service = bench.spawn(ServiceSpec { start, ..bench.spec("", Ready::Tcp) }).await;
    assert_eq!(lines(&service.ready().await.unwrap_err()), ["[given] cargo"]);
}
