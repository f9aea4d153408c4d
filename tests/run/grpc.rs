//! gRPC against a real server: health and reflection are service enough.

use crate::harness::{Project, closed_port, json, project, server};

/// A server with the health service and reflection, on a runtime of its own.
pub(crate) fn health() -> (tokio::runtime::Runtime, String) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move {
        let incoming =
            tonic::transport::server::TcpIncoming::from(tokio::net::TcpListener::from_std(listener).unwrap());
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("ledger", tonic_health::ServingStatus::Serving).await;
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()
            .unwrap();
        let server = tonic::transport::Server::builder().add_service(health).add_service(reflection);
        server.serve_with_incoming(incoming).await.unwrap();
    });
    (runtime, url)
}

/// The contract promises a method that the server does not have.
pub(crate) const CONTRACT: &str = r#"
syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
  rpc Forget(HealthCheckRequest) returns (HealthCheckResponse);
}
"#;

fn calling(url: &str, contract: &str, statements: &str) -> Project {
    let text = format!(
        "service ledger {{ speaks grpc {contract}; at \"{url}\" }}\nscenario \"it\" {{\n{statements}\n}}\n"
    );
    project(&[("t.scn", &text), ("health.proto", CONTRACT)])
}

#[test]
fn a_call_that_nobody_checks_must_be_ok() {
    let (_runtime, url) = health();
    let one = |statements: &str| calling(&url, "", statements).run(&[]);
    one("call ledger.Health.Check { service: \"ledger\" }\nexpect body.status == \"SERVING\"").ends(0, &[]);
    one("call ledger.Health.Check { service: \"none\" }")
        .ends(1, &["NOT_FOUND", "nothing here expects that", "t.scn:3:1"]);
    one("call ledger.Health.Check { service: \"none\" }\nexpect status == NOT_FOUND").ends(0, &[]);
    one("call ledger.Health.Check { service: \"none\" }\nexpect status == UNAVAILABLE")
        .ends(1, &["NOT_FOUND"]);
    one("call ledger.Health.Check { service: \"none\" }\nif 1 == 2 { expect status == OK }")
        .ends(1, &["an expectation here reads how it went, but was not reached"]);
}

#[test]
fn an_unknown_method_is_told_before_the_run_or_by_the_server() {
    let (_runtime, url) = health();
    calling(&url, "contract \"./health.proto\"", "call ledger.Chekc { service: \"x\" }")
        .run(&[])
        .ends(2, &["`Chekc`", "did you mean `Check`?", "t.scn:3:"]);
    calling(&url, "", "call ledger.Health.Chekc { service: \"x\" }")
        .run(&[])
        .ends(1, &["Chekc", "did you mean", "t.scn:3:"]);
    calling(&url, "contract \"./health.proto\"", "call ledger.Forget { service: \"x\" }")
        .run(&[])
        .ends(1, &["UNIMPLEMENTED"]);
    calling(&url, "contract \"./health.proto\"", "call ledger.Check { servise: \"x\" }")
        .run(&[])
        .ends(2, &["did you mean `service`?"]);
}

#[test]
fn servers_that_are_not_there_or_speak_something_else_are_told_apart() {
    let contract = "contract \"./health.proto\"";
    let call = "call ledger.Check { service: \"x\" }";
    let gone = format!("http://127.0.0.1:{}", closed_port());
    calling(&gone, contract, call)
        .run(&[])
        .ends(1, &["refused the connection", "write `expect error.kind == \"refused\"`"]);
    calling(&gone, contract, &format!("{call}\nexpect error.kind == \"refused\"")).run(&[]).ends(0, &[]);
    let (_runtime, url) = health();
    calling(&url.replace("http://", "https://"), contract, call).run(&[]).ends(1, &["TLS"]);
    let http1 = server(|_| json("200 OK", "{}"));
    let ran = calling(&http1, contract, &format!("{call} with {{ deadline: 5s }}")).run(&[]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
}

#[test]
fn fields_that_the_contract_does_not_know_are_told_once() {
    let (_runtime, url) = health();
    let older = CONTRACT.replace("  ServingStatus status = 1;\n", "");
    assert_ne!(older, CONTRACT);
    let call = "call ledger.Check { service: \"ledger\" }";
    let text = format!(
        "service ledger {{ speaks grpc contract \"./older.proto\"; at \"{url}\" }}\n\
         scenario \"it\" {{\nfor n in 1..3 {{\n{call}\nexpect status == OK\n}}\n}}\n"
    );
    let said = "answered with fields in `body` that the contract does not know";
    let ran = project(&[("t.scn", &text), ("older.proto", &older)]).run(&[]).ends(0, &[said]);
    let all = format!("{}{}", ran.out, ran.err).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(all.matches(said).count(), 1, "{all}");
    calling(&url, "contract \"./health.proto\"", call).run(&[]).ends(0, &[]).never_says(&[said]);
    // The messages of a stream are looked at as well.
    let watch = |options: &str| {
        let text = format!(
            "service ledger {{ speaks grpc contract \"./older.proto\"; at \"{url}\" }}\n\
             scenario \"it\" {{\nlet feed = open ledger.Watch {{ service: \"ledger\" }}{options}\n\
             expect feed.count >= 1 within 30s\n}}\n"
        );
        let older = older.replace(
            "rpc Check(HealthCheckRequest) returns (",
            "rpc Watch(HealthCheckRequest) returns (stream ",
        );
        project(&[("t.scn", &text), ("older.proto", &older)]).run(&[])
    };
    let said = "`Watch` answered with fields in `items[*]`";
    watch("").ends(0, &[said]);
    watch(" with { contract: ignore }").ends(0, &[]).never_says(&[said]);
}
