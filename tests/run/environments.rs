//! `--env`: services are used where they are, and not disturbed.

use std::sync::{Arc, Mutex};

use crate::harness::{json, project, scn, server};

#[test]
fn an_environment_is_used_and_not_started_and_refuses_what_may_change_something() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = seen.clone();
    let url = server(move |asked| {
        notes.lock().unwrap().push(format!("{} {}", asked.method, asked.path));
        json("200 OK", "{}")
    });
    let text = format!(
        r#"
service s {{ speaks http; start "sh -c 'touch started; exec sleep 1000'"; ready tcp }}
environment staging {{
  allow safe
  s at "{url}"
}}
scenario "reads" {{
  GET s /read
  expect status == 200 and s.url == "{url}"
}}
scenario "writes" {{ POST s /write {{}} }}
scenario "kills" {{
  GET s /before
  kill s
}}
scenario "runs a command" {{ exec "touch ran" }}
"#
    );
    let project = scn(&text);
    project.run(&["--env", "staging", "--jobs", "1"]).ends(
        1,
        &[
            "environment staging",
            "`POST` may change something, and this environment allows only safe requests",
            "it kills, restarts or exchanges `s`, which this environment only uses",
            "--env staging",
            "1 skipped",
        ],
    );
    assert_eq!(*seen.lock().unwrap(), ["GET /read"]);
    assert!(!project.path().join("started").exists());
    project.run(&["--env", "stagign"]).ends(2, &["did you mean `staging`?"]);
    let only = scn(&text);
    only.run(&["--env", "staging", "--only", "\"kills\""]).ends(4, &["which this environment only uses"]);
}

#[test]
fn a_service_at_an_address_is_not_ours_to_kill() {
    let url = server(|_| json("200 OK", "{}"));
    let text =
        format!("service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\nGET s /\nkill s\n}}\n");
    let ran = scn(&text).run(&[]);
    assert!(matches!(ran.code, Some(1..=4)), "{}{}", ran.out, ran.err);
    assert!(ran.says("`s`"), "{}{}", ran.out, ran.err);
}

#[test]
fn what_is_done_to_a_stream_may_change_something_too() {
    let url = crate::histories::sockets();
    let open = "let ws = open s /ws with { websocket: true }";
    scn(&format!(
        r#"
service s {{ speaks http; at "{url}" }}
environment staging {{ allow safe }}
scenario "listens" {{ {open}; next ws; close ws }}
scenario "tells" {{ {open}; send ws {{ hello: "you" }} }}
scenario "posts" {{ let feed = open s /ws with {{ method: "POST" }} }}
"#
    ))
    .run(&["--env", "staging"])
    .ends(1, &["`send` may change something", "`open` may change something", "1 passed", "2 failed"]);
}

#[test]
fn a_stream_of_grpc_is_as_safe_as_its_method() {
    let (_runtime, url) = crate::grpc::health();
    let contract = r#"
syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse { int32 status = 1; }
service Health {
  rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
  rpc Forget(stream HealthCheckRequest) returns (stream HealthCheckResponse);
}
"#;
    let text = format!(
        r#"
service ledger {{ speaks grpc contract "./health.proto"; at "{url}" }}
environment staging {{ allow safe }}
scenario "watches" {{ let feed = open ledger.Watch {{ service: "ledger" }}; next feed; cancel feed }}
scenario "forgets" {{ let feed = open ledger.Forget; send feed {{ service: "ledger" }} }}
"#
    );
    project(&[("t.scn", &text), ("health.proto", contract)])
        .run(&["--env", "staging"])
        .ends(1, &["`open` may change something", "1 passed", "1 failed"]);
}
