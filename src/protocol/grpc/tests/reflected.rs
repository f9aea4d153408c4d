//! Reflection and health.

use super::super::Grpc;
use super::server::{Reflection, Server, Setup};
use super::*;

fn reflecting(reflection: Reflection) -> Server {
    Server::with(Setup { reflection, ..Setup::default() })
}

#[tokio::test]
async fn both_versions_of_reflection_replace_a_contract() {
    for version in [Reflection::V1, Reflection::V1Alpha] {
        let (server, grpc) = (reflecting(version), Grpc::new());
        let endpoint = bare(server.url());
        let reply = get(&grpc, &endpoint, "Only", r#"{"id":"e1","since":"2026-11-22T10:00:00Z"}"#).await;
        assert_eq!(part(&reply.record, "body.seq"), "9007199254740993", "{}", show(&reply.record));
        assert!(!reply.exchange.shell.contains("-proto"), "{}", reply.exchange.shell);
        let reply = get(&grpc, &endpoint, "Ledger.Get", r#"{"id":"missing"}"#).await;
        assert_eq!(part(&reply.record, "details.1.seq"), "9");
        let (message, help) = misuse(&grpc, request("call", &endpoint, "Onyl", None, Object::new())).await;
        assert_eq!(
            (message.as_str(), help.as_str()),
            ("`ledger` has no method `Onyl`", "did you mean `Only`?")
        );
        let call = request("open", &endpoint, "Watch", Some(v(r#"{"count":2}"#)), Object::new());
        let feed = perform(&grpc, call).await.record;
        over(&feed).await;
        assert_eq!(part(&feed, "count"), "2");
    }
}

#[tokio::test]
async fn without_contract_and_reflection_nothing_can_be_called() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let (message, help) =
        misuse(&grpc, request("call", &bare(server.url()), "Get", None, Object::new())).await;
    assert_eq!(message, "`ledger` has no contract, and its server offers no reflection");
    assert!(help.contains("contract \"./ledger.proto\""), "{help}");
    // A server that is not there is a reply, not a misuse.
    let reply = get(&grpc, &bare("http://127.0.0.1:1"), "Get", "{}").await;
    assert_eq!(part(&reply.record, "error.kind"), "\"refused\"");
}

#[tokio::test]
async fn health_is_what_the_server_says() {
    let grpc = Grpc::new();
    let health = |serving| Server::with(Setup { serving, ..Setup::default() });
    let up = health(Some(true));
    assert_eq!(grpc.healthy(&ledger(up.url())).await, Ok(()));
    let down = health(Some(false));
    let why = grpc.healthy(&ledger(down.url())).await.unwrap_err();
    assert_eq!(why, format!("`{}` says that it is NOT_SERVING", down.url()));
    let none = health(None);
    let why = grpc.healthy(&ledger(none.url())).await.unwrap_err();
    assert!(why.contains("UNIMPLEMENTED") && why.contains("use `ready tcp`"), "{why}");
    let why = grpc.healthy(&ledger("http://127.0.0.1:1")).await.unwrap_err();
    assert_eq!(why, "`http://127.0.0.1:1` refused the connection: is the service listening?");
}
