use tokio_util::sync::CancellationToken;

use super::*;
use crate::system::Processes;
use crate::value::MASK;
use crate::value::Piece;

fn session(dir: &std::path::Path) -> Session {
    Session::new(
        Redactor::default(),
        CancellationToken::new(),
        dir.to_owned(),
        "0".repeat(32),
        Processes::default(),
    )
}

async fn run(text: &str, options: Object) -> Result<Reply, Misuse> {
    let dir = tempfile::tempdir().unwrap();
    Exec.perform(&command(text, options), &session(dir.path())).await
}

fn options<const N: usize>(fields: [(&str, Value); N]) -> Object {
    fields.into_iter().map(|(name, value)| (Arc::from(name), value)).collect()
}

fn field(reply: &Reply, name: &str) -> Value {
    reply.record.as_object().unwrap().get(name).cloned().unwrap_or(Value::Absent)
}

fn error(reply: &Reply) -> (String, String) {
    let error = field(reply, "error");
    let text = |name: &str| error.as_object().unwrap()[name].as_text().unwrap().to_owned();
    (text("kind"), text("message"))
}

#[tokio::test]
async fn a_command_gives_its_code_and_both_outputs() {
    let reply = run("sh -c 'echo out; echo err >&2; exit 3'", Object::new()).await.unwrap();
    assert!(!reply.succeeded);
    assert_eq!(field(&reply, "exit_code"), Value::int(3));
    assert_eq!(field(&reply, "status"), Value::int(3));
    assert_eq!(field(&reply, "signal"), Value::Null);
    assert_eq!(field(&reply, "stdout"), Value::text("out\n"));
    assert_eq!(field(&reply, "stderr"), Value::text("err\n"));
    assert_eq!(field(&reply, "error"), Value::Absent);
    assert_eq!(reply.exchange.response, "exit status 3");
    assert_eq!(reply.exchange.shell, "sh -c 'echo out; echo err >&2; exit 3'");
    let reply = run("true", Object::new()).await.unwrap();
    assert!(reply.succeeded);
}

#[tokio::test]
async fn a_killed_command_has_a_signal_and_no_code() {
    let reply = run("sh -c 'kill -9 $$'", Object::new()).await.unwrap();
    assert!(!reply.succeeded);
    assert_eq!(field(&reply, "status"), Value::Null);
    assert_eq!(field(&reply, "signal"), Value::text("SIGKILL"));
    assert_eq!(reply.exchange.response, "killed by SIGKILL");
}

#[tokio::test]
async fn options_reach_the_command() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    let env = Value::object([("GREETING", Value::text("hello")), ("N", Value::int(7))]);
    let options = options([
        ("dir", Value::text("sub")),
        ("env", env),
        ("stdin", Value::object([("a", Value::int(1))])),
    ]);
    let call = command("sh -c 'basename $PWD; echo $GREETING $N; cat'", options);
    let reply = Exec.perform(&call, &session(dir.path())).await.unwrap();
    assert_eq!(field(&reply, "stdout"), Value::text("sub\nhello 7\n{\"a\":1}"));
    assert!(reply.exchange.shell.contains("GREETING=hello N=7 sh -c"), "{}", reply.exchange.shell);
}

#[tokio::test]
async fn output_that_is_no_text_comes_as_bytes() {
    let reply = run(r"printf '\377\376'", Object::new()).await.unwrap();
    assert_eq!(field(&reply, "stdout"), Value::bytes(vec![0xff, 0xfe]));
}

#[tokio::test]
async fn too_much_output_is_an_error_and_never_silently_cut() {
    let reply = run("sh -c 'yes'", options([("limit", Value::int(100_000))])).await.unwrap();
    assert!(!reply.succeeded);
    assert_eq!(
        error(&reply),
        ("protocol".into(), "it wrote more than 100000 bytes to stdout; `limit` allows more".into())
    );
    assert_eq!(field(&reply, "status"), Value::Absent);
}

#[tokio::test]
async fn a_timeout_ends_the_whole_group_even_when_it_ignores_sigterm() {
    let dir = tempfile::tempdir().unwrap();
    let call = command(
        "sh -c 'trap \"\" TERM; (trap \"\" TERM; echo grandchild; while :; do sleep 1; done) & echo $! > pid; wait'",
        options([("timeout", Value::Duration(3_000_000_000))]),
    );
    let reply = Exec.perform(&call, &session(dir.path())).await.unwrap();
    assert_eq!(error(&reply), ("timeout".into(), "it was still running after 3s".into()));
    assert_eq!(field(&reply, "stdout"), Value::text("grandchild\n"));
    let pid: i32 = std::fs::read_to_string(dir.path().join("pid")).unwrap().trim().parse().unwrap();
    assert!(!crate::system::is_alive(pid));
}

#[tokio::test]
async fn what_a_command_leaves_behind_in_its_group_is_ended_and_does_not_hold_it_up() {
    let reply = run("sh -c 'sleep 1000 & echo $!'", Object::new()).await.unwrap();
    assert!(reply.succeeded);
    let pid = field(&reply, "stdout").as_text().unwrap().trim().parse().unwrap();
    assert!(!crate::system::is_alive(pid));
}

#[tokio::test]
async fn the_end_of_the_scenario_ends_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    session.cancel.cancel();
    let reply = Exec.perform(&command("sleep 1000", Object::new()), &session).await.unwrap();
    assert_eq!(error(&reply).0, "cancelled");
}

#[tokio::test]
async fn dropping_the_request_ends_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let call = command("sh -c 'echo $$ > tmp; mv tmp pid; exec sleep 1000'", Object::new());
    let file = dir.path().join("pid");
    let started = async {
        while !file.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = Exec.perform(&call, &session) => panic!("it ended"),
        () = started => {}
    }
    let pid: i32 = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    while crate::system::is_alive(pid) {
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("plain"), "text").unwrap();
    std::fs::write(dir.path().join("ctl"), "#!/no/such/interpreter\n").unwrap();
    std::fs::write(dir.path().join("garbage"), "\u{1}\u{2}garbage").unwrap();
    for name in ["ctl", "garbage"] {
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(dir.path().join(name), executable).unwrap();
    }
    let session = session(dir.path());
    let mut messages = Vec::new();
    for text in ["no-such-tool", "ctl", "./clt", "./plain", "./ctl", "./garbage", "./"] {
        let reply = Exec.perform(&command(text, Object::new()), &session).await.unwrap();
        assert!(!reply.succeeded);
        let (kind, message) = error(&reply);
        assert_eq!(kind, "refused");
        messages.push(message.replace(&dir.path().display().to_string(), "DIR"));
    }
    assert_eq!(
        messages,
        [
            "`no-such-tool` is not found: no directory of PATH has such a program; install it, or write the way to it, such as `./no-such-tool`",
            "`ctl` is not found: no directory of PATH has such a program; did you mean `./ctl`?",
            "`./clt` does not exist: there is no `DIR/./clt`; did you mean `ctl`?",
            "`./plain` may not be executed; `chmod +x ./plain`",
            "`./ctl` cannot be started: its first line names `/no/such/interpreter`, which does not exist",
            "`./garbage` is not a program that this machine can run; a script begins with a line such as `#!/bin/sh`; a program is built for one kind of processor",
            "`./` is a directory, not a program",
        ]
    );
    let gone = options([("dir", Value::text("gone"))]);
    let reply = Exec.perform(&command("true", gone), &session).await.unwrap();
    assert!(error(&reply).1.contains("gone` does not exist"), "{:?}", error(&reply));
}

#[tokio::test]
async fn wrong_calls_are_refused_with_the_option_at_fault() {
    for (text, option, want) in [
        ("true", ("timeuot", Value::Null), "no option `timeuot`"),
        ("true", ("timeout", Value::int(3)), "takes a duration"),
        ("true", ("limit", Value::text("x")), "takes a size"),
        ("true", ("env", Value::object([("A", Value::Null)])), "`A` is null"),
        ("true", ("stdin", Value::Null), "takes text, bytes"),
    ] {
        let misuse = run(text, options([option.clone()])).await.unwrap_err();
        assert!(misuse.message.contains(want), "{misuse:?}");
        assert_eq!(misuse.option.as_deref(), Some(option.0));
    }
    let misuse = run("echo 'a", Object::new()).await.unwrap_err();
    assert!(misuse.message.contains("not closed"));
}

#[tokio::test]
async fn secrets_do_not_reach_the_exchange() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    session.redactor.register("geheimgeheim");
    let secret = Value::text_with("geheimgeheim", true);
    let mut call =
        command("", options([("env", Value::object([("KEY", secret.clone())])), ("stdin", secret.clone())]));
    call.place = Some(CallPlace::Text(vec![
        Piece::Text("sh -c 'echo $KEY; cat; echo $0' ".into()),
        Piece::Value(secret),
    ]));
    let reply = Exec.perform(&call, &session).await.unwrap();
    assert_eq!(field(&reply, "stdout"), Value::text("geheimgeheim\ngeheimgeheimgeheimgeheim\n"));
    let shown = format!("{:?}", reply.exchange);
    assert!(!shown.contains("geheim") && shown.contains(MASK), "{shown}");
}
