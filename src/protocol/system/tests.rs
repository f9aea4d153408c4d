use tokio_util::sync::CancellationToken;

use super::*;
use crate::system::{CommandSpec, Farewell, Processes, Ready, ServiceSpec};
use crate::value::{Object, Redactor};

const LONG: Duration = Duration::from_secs(600);

fn session() -> Session {
    let dir = std::env::temp_dir();
    Session::new(Redactor::default(), CancellationToken::new(), dir, "0".repeat(32), Processes::default())
}

async fn service(script: Option<&str>, ready: Option<&str>) -> Arc<Service> {
    let command = |script: &str| CommandSpec {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        dir: std::env::temp_dir(),
        env: Vec::new(),
    };
    let spec = ServiceSpec {
        name: "ledger".into(),
        protocol: "grpc".into(),
        start: script.map(command),
        url: "http://127.0.0.1:0".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: 0,
        ready: ready.map_or(Ready::None, |script| Ready::Command(command(script))),
        ready_within: LONG,
        json_log: false,
        stop_grace: LONG,
        farewell: Farewell::default(),
    };
    Service::spawn(spec, &Processes::default(), &Redactor::default()).await.unwrap()
}

fn call(verb: &str, live: Option<Arc<dyn Live>>, options: Object) -> Call {
    Call {
        verb: verb.into(),
        endpoint: None,
        stream: live,
        members: Vec::new(),
        place: None,
        operand: None,
        options,
        span: None,
        reads: crate::protocol::Parts::ALL,
    }
}

async fn tell(verb: &str, service: &Arc<Service>) -> Reply {
    System.perform(&call(verb, Some(service.clone()), Object::new()), &session()).await.unwrap()
}

fn shown(reply: &Reply, name: &str) -> String {
    crate::value::show(reply.record.as_object().unwrap().get(name).unwrap_or(&Value::Absent))
}

#[tokio::test]
async fn verbs_act_on_the_process_and_say_what_came_of_it() {
    let service = service(Some("exec sleep 1000"), None).await;
    let reply = tell("kill", &service).await;
    assert!(reply.succeeded && !service.is_running());
    assert_eq!(shown(&reply, "exit"), r#"{ status: "killed by SIGKILL", code: null, signal: "SIGKILL" }"#);
    assert_eq!(
        (reply.exchange.request.as_str(), reply.exchange.response.as_str()),
        ("kill ledger", "killed by SIGKILL")
    );
    assert_eq!(shown(&reply, "pid"), "absent");

    let again = tell("kill", &service).await;
    assert!(!again.succeeded);
    assert_eq!(shown(&again, "error"), r#"{ kind: "refused", message: "`ledger` is not running" }"#);
    assert!(!tell("pause", &service).await.succeeded);

    assert!(tell("start", &service).await.succeeded && service.is_running());
    assert!(!tell("start", &service).await.succeeded);
    let before = service.pid();
    assert!(tell("restart", &service).await.succeeded);
    assert!(service.pid().is_some() && service.pid() != before);
    assert!(tell("pause", &service).await.succeeded);
    assert!(tell("resume", &service).await.succeeded);
    let reply = tell("stop", &service).await;
    assert_eq!(reply.exchange.response, "killed by SIGTERM");
    assert!(tell("stop", &service).await.succeeded);
}

#[tokio::test]
async fn a_kill_can_have_another_signal() {
    let service = service(Some("exec sleep 1000"), None).await;
    let options = Object::from_iter([("signal".into(), Value::text("SIGINT"))]);
    let reply = System.perform(&call("kill", Some(service.clone()), options), &session()).await.unwrap();
    assert_eq!(reply.exchange.response, "killed by SIGINT");
}

#[tokio::test]
async fn a_restart_that_fails_is_no_success() {
    let marker = tempfile::tempdir().unwrap();
    let file = marker.path().join("once").display().to_string();
    let script = format!("if [ -e {file} ]; then echo broken; exit 7; fi; touch {file}; exec sleep 1000");
    let service = service(Some(&script), Some("false")).await;
    while !std::path::Path::new(&file).exists() {
        tokio::task::yield_now().await;
    }
    let reply = tell("restart", &service).await;
    assert!(!reply.succeeded);
    let error = shown(&reply, "error");
    assert!(
        error.contains("refused") && error.contains("ended before it was ready: exit status 7"),
        "{error}"
    );
    assert!(reply.exchange.response_body.contains("broken"), "{}", reply.exchange.response_body);
    assert!(!service.exits().last().unwrap().expected);
}

#[tokio::test]
async fn wrong_calls_are_refused() {
    let service = service(Some("exec sleep 1000"), None).await;
    let live: Option<Arc<dyn Live>> = Some(service);
    for (verb, live, options, want) in [
        ("kill", None, Object::new(), "`kill` takes a service"),
        (
            "kill",
            live.clone(),
            Object::from_iter([("grace".into(), Value::Duration(1))]),
            "no option `grace`",
        ),
        (
            "kill",
            live.clone(),
            Object::from_iter([("signal".into(), Value::text("KILL"))]),
            "takes the name of a signal",
        ),
        ("restart", live.clone(), Object::from_iter([("grace".into(), Value::int(1))]), "takes a duration"),
        (
            "kill",
            Some(self::service(None, None).await as Arc<dyn Live>),
            Object::new(),
            "was not started by this run",
        ),
    ] {
        let misuse = System.perform(&call(verb, live, options), &session()).await.unwrap_err();
        assert!(misuse.message.contains(want), "{misuse:?}");
    }
}
