//! Streams in all three directions.

use super::super::Grpc;
use super::server::Server;
use super::*;

async fn open(grpc: &Grpc, endpoint: &Arc<Endpoint>, method: &str, operand: Option<&str>) -> Reply {
    perform(grpc, request("open", endpoint, method, operand.map(v), Object::new())).await
}

#[tokio::test]
async fn a_server_stream_collects_what_comes() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let reply = open(&grpc, &ledger(server.url()), "Watch", Some(r#"{"count":3}"#)).await;
    assert!(reply.succeeded);
    assert_eq!(reply.exchange.request, "open test.v1.Ledger/Watch");
    let feed = &reply.record;
    over(feed).await;
    assert_eq!(live(feed).items().unwrap().len(), 3);
    let times = live(feed).times().unwrap();
    assert!(times.len() == 3 && times.iter().all(|(start, end)| 0 < *start && *end == Some(*start)));
    assert!(times.is_sorted());
    for (path, shown) in [
        ("count", "3"),
        ("first.id", "\"e1\""),
        ("last.seq", "3"),
        ("items.1.id", "\"e2\""),
        ("closed", "true"),
        ("status", "\"OK\""),
        ("code", "0"),
        ("error", "absent"),
        ("headers.x-request-id", "\"w1\""),
    ] {
        assert_eq!(part(feed, path), shown, "{path}");
    }
    assert_eq!(&*live(feed).name(), "ledger.Watch");
    for field in live(feed).fields() {
        assert!(live(feed).field(field).is_some(), "{field}");
    }
    assert!(live(feed).field("cuont").is_none());
}

#[tokio::test]
async fn a_stream_that_goes_on_is_open_until_it_is_cancelled() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let feed = open(&grpc, &ledger(server.url()), "Watch", Some(r#"{"count":2,"then":"hang"}"#)).await.record;
    until(&feed, |feed| feed.items().unwrap().len() == 2).await;
    assert_eq!((part(&feed, "closed"), part(&feed, "status")), ("false".into(), "absent".into()));
    let reply = perform(&grpc, on_stream("cancel", &feed, None)).await;
    assert!(reply.succeeded);
    assert_eq!(part(&reply.record, "status"), "\"CANCELLED\"");
    assert_eq!((part(&feed, "closed"), part(&feed, "status")), ("true".into(), "\"CANCELLED\"".into()));
    assert_eq!(part(&feed, "error"), "absent", "whoever cancels knows");
}

#[tokio::test]
async fn the_death_of_a_stream_is_seen() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let endpoint = ledger(server.url());
    let feed = open(&grpc, &endpoint, "Watch", Some(r#"{"count":1,"then":"fail"}"#)).await.record;
    over(&feed).await;
    for (path, shown) in [
        ("count", "1"),
        ("status", "\"NOT_FOUND\""),
        ("details.0.reason", "\"ORDER_UNKNOWN\""),
        ("trailers.x-ledger-node", "\"n1\""),
        ("error", "absent"),
    ] {
        assert_eq!(part(&feed, path), shown, "{path}");
    }
    assert!(broke_off(&feed).starts_with("was ended by the server with `NOT_FOUND`"), "{}", broke_off(&feed));
    // A broken answer ends it, too.
    let feed = open(&grpc, &endpoint, "Watch", Some(r#"{"count":1,"then":"invalid"}"#)).await.record;
    over(&feed).await;
    assert_eq!(part(&feed, "error.kind"), "\"protocol\"");
    assert!(part(&feed, "error.message").contains("`.id` of a `test.v1.Entry` is text that is not UTF-8"));
    // And so does a server that dies.
    let feed = open(&grpc, &endpoint, "Watch", Some(r#"{"count":1,"then":"hang"}"#)).await.record;
    until(&feed, |feed| feed.items().unwrap().len() == 1).await;
    drop(server);
    over(&feed).await;
    assert_eq!(part(&feed, "status"), "\"UNAVAILABLE\"", "{}", part(&feed, "error"));
    assert_eq!(part(&feed, "error.kind"), "\"reset\"");
    assert!(broke_off(&feed).starts_with("broke off: "), "{}", broke_off(&feed));
}

/// Why a stream is not all that there was to see.
fn broke_off(feed: &Value) -> String {
    let Value::Live(feed) = feed else { panic!("no stream") };
    match feed.gap() {
        Some(crate::value::Gap::Broken(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn opening_in_vain_says_why() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let reply = open(&grpc, &ledger(server.url()), "Watch", Some(r#"{"then":"refuse"}"#)).await;
    assert!(!reply.succeeded);
    assert_eq!(part(&reply.record, "status"), "\"NOT_FOUND\"");
    assert_eq!(reply.exchange.response, "NOT_FOUND: no such order");
    let reply = open(&grpc, &ledger("http://127.0.0.1:1"), "Watch", None).await;
    assert!(!reply.succeeded);
    assert_eq!(part(&reply.record, "error.kind"), "\"refused\"");
    assert_eq!(part(&reply.record, "closed"), "true");
    let unary = request("open", &ledger(server.url()), "Only", None, Object::new());
    assert_eq!(misuse(&grpc, unary).await.1, "use `call`");
}

#[tokio::test]
async fn a_client_stream_gets_its_answer_on_close() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let endpoint = ledger(server.url());
    let upload = open(&grpc, &endpoint, "Import", None).await.record;
    for id in ["a", "b"] {
        let sent = perform(&grpc, on_stream("send", &upload, Some(v(&format!(r#"{{"id":"{id}"}}"#))))).await;
        assert!(sent.succeeded);
        assert_eq!(sent.exchange.request, "send test.v1.Ledger/Import");
    }
    let wrong = misuse(&grpc, on_stream("send", &upload, Some(v(r#"{"idd":1}"#)))).await;
    assert_eq!(wrong.1, "did you mean `id`?");
    let reply = perform(&grpc, on_stream("close", &upload, None)).await;
    assert!(reply.succeeded);
    assert_eq!(part(&reply.record, "body.total"), "2");
    assert_eq!(part(&upload, "body.total"), "2");
    // Closing twice gives the same; sending is over.
    let again = perform(&grpc, on_stream("close", &upload, None)).await;
    assert_eq!(part(&again.record, "body.total"), "2");
    let late = perform(&grpc, on_stream("send", &upload, Some(v("{}")))).await;
    assert!(!late.succeeded);
    assert_eq!(
        part(&late.record, "error.message"),
        "\"the stream had ended with OK before this message was sent\""
    );
}

#[tokio::test]
async fn a_client_stream_that_is_refused_says_so_on_close() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let upload =
        open(&grpc, &ledger(server.url()), "Import", Some(r#"[{"id":"a"},{"id":"bad"}]"#)).await.record;
    over(&upload).await;
    let sent = perform(&grpc, on_stream("send", &upload, Some(v("{}")))).await;
    assert!(!sent.succeeded);
    assert_eq!(part(&sent.record, "status"), "\"INVALID_ARGUMENT\"");
    let reply = perform(&grpc, on_stream("close", &upload, None)).await;
    assert!(!reply.succeeded);
    assert_eq!(part(&reply.record, "message"), "\"a bad entry\"");
}

#[tokio::test]
async fn a_bidirectional_stream_answers_as_it_goes() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let sync = open(&grpc, &ledger(server.url()), "Sync", Some(r#"{"id":"first"}"#)).await.record;
    until(&sync, |sync| sync.items().unwrap().len() == 1).await;
    perform(&grpc, on_stream("send", &sync, Some(v(r#"{"id":"second"}"#)))).await;
    until(&sync, |sync| sync.items().unwrap().len() == 2).await;
    assert_eq!((part(&sync, "first.id"), part(&sync, "last.id")), ("\"first\"".into(), "\"second\"".into()));
    let closed = perform(&grpc, on_stream("close", &sync, None)).await;
    assert!(closed.succeeded);
    over(&sync).await;
    assert_eq!(part(&sync, "status"), "\"OK\"");
    let (message, _) = {
        let open = open(&grpc, &ledger(server.url()), "Sync", None).await.record;
        perform(&grpc, on_stream("close", &open, None)).await;
        match grpc.perform(&on_stream("send", &open, Some(v("{}"))), &session()).await {
            Err(misuse) => (misuse.message, ()),
            Ok(reply) => (part(&reply.record, "error.message"), ()),
        }
    };
    assert!(message.contains("nothing can be sent") || message.contains("ended with OK"), "{message}");
}

#[tokio::test]
async fn verbs_that_do_not_fit_the_stream_are_misuses() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let feed = open(&grpc, &ledger(server.url()), "Watch", Some(r#"{"then":"hang"}"#)).await.record;
    let (message, _) = misuse(&grpc, on_stream("send", &feed, None)).await;
    assert_eq!(message, "`Watch` takes no more messages: its one was sent by `open`");
    let (_, help) = misuse(&grpc, on_stream("close", &feed, None)).await;
    assert_eq!(help, "`cancel` ends the whole stream");
    let call = Call { stream: None, ..on_stream("send", &feed, None) };
    assert_eq!(misuse(&grpc, call).await.0, "`send` needs a gRPC stream");
    let (message, _) = misuse(&grpc, Call { verb: "GET".into(), ..on_stream("send", &feed, None) }).await;
    assert_eq!(message, "gRPC has no verb `GET`");
}

#[tokio::test]
async fn the_end_of_the_scenario_ends_its_streams() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let session = session();
    let call = request("open", &ledger(server.url()), "Watch", Some(v(r#"{"then":"hang"}"#)), Object::new());
    let feed = grpc.perform(&call, &session).await.unwrap().record;
    session.cancel.cancel();
    over(&feed).await;
    assert_eq!(part(&feed, "error.kind"), "\"cancelled\"");
}

#[tokio::test]
async fn a_deadline_ends_a_stream() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let call =
        request("open", &ledger(server.url()), "Watch", Some(v(r#"{"count":1,"then":"hang"}"#)), within(300));
    let feed = perform(&grpc, call).await.record;
    over(&feed).await;
    assert_eq!((part(&feed, "status"), part(&feed, "count")), ("\"DEADLINE_EXCEEDED\"".into(), "1".into()));
}

#[tokio::test]
async fn a_server_that_does_not_begin_does_not_hold_up_the_scenario() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let reply = open(&grpc, &ledger(server.url()), "Watch", Some(r#"{"then":"never"}"#)).await;
    assert!(reply.succeeded);
    assert_eq!(part(&reply.record, "closed"), "false");
}

#[tokio::test]
async fn letting_go_of_a_stream_cancels_it() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let feed = open(&grpc, &ledger(server.url()), "Watch", Some(r#"{"then":"hang"}"#)).await.record;
    let changed = live(&feed).changed(live(&feed).version());
    drop(feed);
    // The task ends and tells; a leaked one would leave this waiting.
    tokio::time::timeout(std::time::Duration::from_secs(20), changed).await.expect("the stream was leaked");
}

#[tokio::test]
async fn a_stream_that_never_stops_ends_before_the_memory_does() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let feed = open(&grpc, &ledger(server.url()), "Watch", Some(r#"{"then":"flood"}"#)).await.record;
    over(&feed).await;
    assert_eq!(part(&feed, "status"), "\"RESOURCE_EXHAUSTED\"");
    assert!(part(&feed, "error.message").contains("that are kept of a stream"), "{}", part(&feed, "error"));
}
