//! A real server of one test's own, and the calls that tests make.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::protocol::{Call, CallPlace, Endpoint, Misuse, Protocol, Reply, Session};
use crate::system::Processes;
use crate::value::{Live, Object, Piece, Redactor, Value};

/// A server that ends with its test.
pub(in crate::protocol) struct Server {
    process: Child,
    start: Box<dyn Fn() -> Child + Send>,
    pub(in crate::protocol) url: String,
    _dir: tempfile::TempDir,
}

/// The program that a variable names. The tests that ask are ignored without one, so that asking in
/// vain fails.
fn program(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} says which program the server is; see tests/brokers"))
}

/// A port that is free just now.
pub(in crate::protocol) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    /// Starts `variable`'s program with these arguments; `{port}` and `{dir}` stand for its own, and
    /// `{dir}/config` has this content.
    pub(in crate::protocol) async fn start(
        variable: &str,
        scheme: &str,
        config: &str,
        arguments: &[&str],
    ) -> Server {
        let dir = tempfile::tempdir().unwrap();
        Server::write(dir.path(), "config", config);
        let (program, port) = (program(variable), free_port());
        let arguments: Vec<String> = arguments
            .iter()
            .map(|word| {
                word.replace("{port}", &port.to_string()).replace("{dir}", &dir.path().display().to_string())
            })
            .collect();
        let start = move || {
            Command::new(&program)
                .args(&arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        let server = Server {
            process: start(),
            start: Box::new(start),
            url: format!("{scheme}://127.0.0.1:{port}"),
            _dir: dir,
        };
        server.wait(port).await;
        server
    }

    async fn wait(&self, port: u16) {
        for _ in 0..2000 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the server does not start");
    }

    pub(in crate::protocol) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again, in the same place.
    pub(in crate::protocol) async fn again(&mut self) {
        self.kill();
        self.process = (self.start)();
        let port = self.url.rsplit_once(':').unwrap().1.parse().unwrap();
        self.wait(port).await;
    }

    pub(in crate::protocol) fn write(dir: &Path, name: &str, content: &str) -> String {
        let path = dir.join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A protocol, and one service.
pub(in crate::protocol) struct World<P> {
    pub(in crate::protocol) protocol: P,
    pub(in crate::protocol) endpoint: Arc<Endpoint>,
    pub(in crate::protocol) session: Session,
}

impl<P: Protocol> World<P> {
    pub(in crate::protocol) fn new(protocol: P, url: &str) -> World<P> {
        let dir = std::env::temp_dir();
        let endpoint = Arc::new(Endpoint {
            service: "bus".into(),
            protocol: protocol.name().into(),
            url: url.to_owned(),
            contract: None,
            dir: dir.clone(),
        });
        let (redactor, cancel) = (Redactor::default(), CancellationToken::new());
        let session = Session::new(redactor, cancel, dir, "0".repeat(32), Processes::default());
        World { protocol, endpoint, session }
    }

    /// `VERB bus "place" operand with options`.
    pub(in crate::protocol) fn call(
        &self,
        verb: &str,
        place: &str,
        operand: Option<Value>,
        options: Value,
    ) -> Call {
        Call {
            verb: verb.into(),
            endpoint: Some(self.endpoint.clone()),
            stream: None,
            members: Vec::new(),
            place: Some(CallPlace::Text(vec![Piece::Text(place.into())])),
            operand,
            options: options.as_object().cloned().unwrap_or_else(Object::new),
            span: None,
            reads: crate::protocol::Parts::ALL,
        }
    }

    pub(in crate::protocol) async fn send(&self, call: Call) -> Result<Reply, Misuse> {
        self.protocol.perform(&call, &self.session).await
    }

    /// A request with its reply, whatever that is.
    pub(in crate::protocol) async fn ask(
        &self,
        verb: &str,
        place: &str,
        operand: Option<Value>,
        options: Value,
    ) -> Reply {
        let call = self.call(verb, place, operand, options);
        self.send(call).await.unwrap_or_else(|misuse| panic!("`{verb} {place}`: {misuse:?}"))
    }

    /// A request that must work.
    pub(in crate::protocol) async fn done(
        &self,
        verb: &str,
        place: &str,
        operand: Option<Value>,
        options: Value,
    ) -> Value {
        let reply = self.ask(verb, place, operand, options).await;
        assert!(reply.succeeded, "`{verb} {place}`: {:?}", reply.record);
        reply.record
    }

    /// The word and the message of a request that must not work.
    pub(in crate::protocol) async fn fails(
        &self,
        verb: &str,
        place: &str,
        operand: Option<Value>,
        options: Value,
    ) -> (String, String) {
        let reply = self.ask(verb, place, operand, options).await;
        assert!(!reply.succeeded, "`{verb} {place}` works: {:?}", reply.record);
        kind_of(&reply.record)
    }

    /// What `open` gives.
    pub(in crate::protocol) async fn open(&self, place: &str, options: Value) -> Arc<dyn Live> {
        match self.done("open", place, None, options).await {
            Value::Live(live) => live,
            other => panic!("`open {place}` gives {other:?}"),
        }
    }

    /// `VERB stream operand`.
    pub(in crate::protocol) async fn on(
        &self,
        verb: &str,
        live: &Arc<dyn Live>,
        operand: Option<Value>,
        options: Value,
    ) -> Result<Reply, Misuse> {
        let call = Call {
            endpoint: None,
            stream: Some(live.clone()),
            place: None,
            ..self.call(verb, "", operand, options)
        };
        self.send(call).await
    }
}

/// `error.kind` and `error.message` of a record.
pub(in crate::protocol) fn kind_of(record: &Value) -> (String, String) {
    let error = part(record, "error");
    let text = |name: &str| part(&error, name).as_text().unwrap_or_default().to_owned();
    (text("kind"), text("message"))
}

/// A part of a record, or of what is alive.
pub(in crate::protocol) fn part(record: &Value, name: &str) -> Value {
    match record {
        Value::Object(fields) => fields.get(name).cloned().unwrap_or(Value::Absent),
        Value::Live(live) => live.field(name).unwrap_or(Value::Absent),
        _ => Value::Absent,
    }
}

/// Waits, by events, until so many messages have come, or none can come any more.
pub(in crate::protocol) async fn messages(live: &Arc<dyn Live>, count: usize) -> Vec<Value> {
    let all = async {
        loop {
            let seen = live.version();
            let items = live.items().unwrap_or_default();
            if items.len() >= count || live.is_over() {
                return items;
            }
            live.changed(seen).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), all).await.expect("messages")
}

/// Waits until nothing can come any more.
pub(in crate::protocol) async fn over(live: &Arc<dyn Live>) -> (String, String) {
    messages(live, usize::MAX).await;
    let error = live.field("error").unwrap_or(Value::Absent);
    kind_of(&Value::object([("error", error)]))
}
